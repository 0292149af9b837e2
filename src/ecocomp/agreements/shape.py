"""The shape of an agreement file: which keys may stand where, and what kind of value each takes.

A shape is a word for one value (``word number whole yuan day``), a list with one shape for its items, or a
mapping of keys to shapes (``*`` stands for any key). Absent keys are no fault here; `agreement` says what is needed.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeGuard

from ecocomp.terms.text import Text

Shape = Any
# Bounds that keep every product of a clause within int64 fen.
_MOST_YUAN = 10**12
_MOST_WHOLE = 9999

_WORDS: dict[str, Text] = {
    "word": Text("一个词或代码", "a word or code"),
    "number": Text("一个数", "a number"),
    "whole": Text("一个整数（不超过 9999）", "a whole number (up to 9999)"),
    "yuan": Text("一个不小于零的金额（元，不超过一万亿）", "an amount of yuan, zero or more, up to 10^12"),
    "day": Text("一个日期（2022-01-01）", "a date (2022-01-01)"),
    "list": Text("一个列表", "a list"),
    "mapping": Text("一组键值", "keys with values"),
}
TEXT: Shape = {"zh": "word", "en": "word"}
AGREEMENT: Shape = {
    "id": "word",
    "name": TEXT,
    "parties": [{"code": "word", "name": TEXT, "role": "word"}],
    **dict.fromkeys(("scope", "targets", "duties", "form", "breach", "other"), TEXT),
    "term": {"from": "day", "to": "day"},
    "section": "word",
    "base_years": ["whole"],
    "indicators": [{"code": "word", "weight": "number", "base": "number"}],
}
#: Keys of the agreement a clause may carry for itself.
CLAUSE: Shape = {"kind": "word", **{k: AGREEMENT[k] for k in ("section", "base_years", "indicators")}}


def misshapen(value: object, shape: Shape, at: str = "") -> list[tuple[str, Text, Text]]:
    """Return (place, clash, remedy) for every value that has not the kind its place asks for, and every unknown key."""
    if isinstance(shape, Mapping):
        if not isinstance(value, Mapping):
            return [_wrong(at, value, "mapping")]
        out: list[tuple[str, Text, Text]] = []
        for key, item in value.items():
            inner = shape.get(str(key), shape.get("*"))
            if inner is None:
                out.append(_unknown(at, str(key), shape))
            elif item is not None:
                out += misshapen(item, inner, f"{at}.{key}".lstrip("."))
        return out
    if isinstance(shape, list):
        if not isinstance(value, list):
            return [_wrong(at, value, "list")]
        return [fault for n, item in enumerate(value, 1) for fault in misshapen(item, shape[0], f"{at} {n}".strip())]
    return [] if _is(value, shape) else [_wrong(at, value, shape)]


def normal(value: Any, shape: Shape) -> Any:
    """Return the value with words as text and days as dates; what is absent (null), unknown or misshapen is left out."""
    if isinstance(shape, Mapping):
        inner = {k: shape.get(str(k), shape.get("*")) for k in value}
        return {str(k): normal(v, inner[k]) for k, v in value.items() if inner[k] is not None and _fits(v, inner[k])}
    if isinstance(shape, list):
        return [normal(v, shape[0]) for v in value if _fits(v, shape[0])]
    if shape == "word":
        return str(value)
    return date.fromisoformat(value) if shape == "day" and isinstance(value, str) else value


def _fits(value: object, shape: Shape) -> bool:
    if isinstance(shape, (Mapping, list)):
        return isinstance(value, Mapping if isinstance(shape, Mapping) else list)
    return _is(value, shape)


def is_number(value: object) -> TypeGuard[int | Decimal | Fraction]:
    """Return whether `value` is an exact finite number (int, Decimal, Fraction; never float or bool)."""
    if isinstance(value, Decimal):
        return value.is_finite()
    return isinstance(value, (int, Fraction)) and not isinstance(value, bool)


def _is(value: object, kind: str) -> bool:
    if kind == "word":
        return isinstance(value, str) or is_number(value)
    if kind == "day":
        return isinstance(value, date) or (isinstance(value, str) and _reads_as_day(value))
    return is_number(value) and _in_bounds(value, kind)


def _in_bounds(value: int | Decimal | Fraction, kind: str) -> bool:
    exact = Fraction(value)
    if kind == "yuan":
        return 0 <= exact <= _MOST_YUAN
    return kind == "number" or (abs(exact) <= _MOST_WHOLE and exact.denominator == 1)


def _reads_as_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _wrong(at: str, value: object, kind: str) -> tuple[str, Text, Text]:
    said = str(value) if len(str(value)) <= 40 else f"{str(value)[:40]}…"
    return (
        at,
        Text("这里写的是“{v}”。", "It says '{v}'.").fill(v=said),
        Text("这里应是{k}。", "This should be {k}.").fill(k=_WORDS[kind]),
    )


def _unknown(at: str, key: str, shape: Mapping[str, Any]) -> tuple[str, Text, Text]:
    near = next(iter(difflib.get_close_matches(key, list(shape), 1)), "—")
    return (
        at,
        Text("不认识的键 {k}。", "Unknown key {k}.").fill(k=key),
        Text("最相近的键是 {n}；可用：{all}。", "The nearest known key is {n}; known: {all}.").fill(
            n=near, all=", ".join(sorted(shape))
        ),
    )
