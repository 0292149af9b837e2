"""The shape of an agreement file: which keys may stand where, and what kind of value each takes.

A shape is a word for one value (``word number whole yuan money day``), a list with one shape for its items, or a
mapping of keys to shapes (``*`` stands for any key). Absent keys are no fault here; `agreement` says what is needed.
Values may be read with their lines (`ecocomp.rules.lines.Line`); a fault then names the line.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple, TypeGuard

from ecocomp.rules.lines import Line
from ecocomp.terms.money import yuan_written
from ecocomp.terms.text import Text

Shape = Any
# Bounds that keep every product of a clause within int64 fen.
_MOST_YUAN = 10**12
_MOST_WHOLE = 9999

_WORDS: dict[str, Text] = {
    "word": Text("一个词或代码", "a word or code"),
    "number": Text("一个数（也可写 85% 或 1/3）", "a number (85% and 1/3 may be written too)"),
    "whole": Text("一个整数（不超过 9999）", "a whole number (up to 9999)"),
    "yuan": Text(
        "一个不小于零的金额（元，不超过一万亿；也可写 2000万元、1亿元）",
        "an amount of yuan, zero or more, up to 10^12 (2000万元 or 2000 wan may be written too)",
    ),
    "money": Text("一个金额（元，可为负；正数表示下游付给上游）", "an amount of yuan, may be negative; positive: downstream pays"),
    "figure": Text("一个金额，或“-”（公布为没有值）", "an amount, or '-' (published as no value)"),
    "day": Text("一个日期（2022-01-01）", "a date (2022-01-01)"),
    "truth": Text("true 或 false", "true or false"),
    "list": Text("一个列表", "a list"),
    "mapping": Text("一组键值", "keys with values"),
    "side": Text("一方的代码、角色，或各方的份额", "a party's code, a role, or shares of several parties"),
}
TEXT: Shape = {"zh": "word", "en": "word"}
INDICATOR: Shape = {"code": "word", "weight": "number", "base": "number"}
DAY_OF_YEAR: Shape = {"month": "whole", "day": "whole", "year": "whole"}
OPEN: Shape = [{"key": "word", "zh": "word", "en": "word"}]
CONDITION: Shape = {
    "section": "word",
    "indicators": [INDICATOR],
    "target_class": "whole",
    "limits": {"*": "number"},
    "class_limits": {"*": ["number"]},
    "judge": "word",
}
AGREEMENT: Shape = {
    "id": "word",
    "name": TEXT,
    "version": "whole",
    "previous": "word",
    "from_record": "truth",
    "parties": [{"code": "word", "name": TEXT, "role": "word"}],
    **dict.fromkeys(("scope", "targets", "duties", "form", "breach", "other"), TEXT),
    "term": {"from": "day", "to": "day"},
    "signed_on": "day",
    "years": ["whole"],
    "year_starts": "whole",
    "section": "word",
    "sections": [
        {"id": "word", "name": TEXT, "river": "word", "bank": "word", "weight": "number", "upstream": "side", "downstream": "side",
         "national_class": "whole", "national_limits": {"*": "number"}}
    ],
    "base_years": ["whole"],
    "indicators": [INDICATOR],
    "data_rules": {
        "censored_factor": "number",
        "months_needed": "whole",
        "missing": "word",
        "exclude_up_to": "whole",
        "force_majeure": "word",
    },
    "caps": [{"party": "word", "most_paid_yuan": "yuan", "most_received_yuan": "yuan", "clauses": ["word"]}],
    "prepay": [{"payer": "word", "payee": "word", "amount_yuan": "yuan", "month": "whole", "day": "whole", "year": "whole"}],
    "clearing": {"mode": "word", "account": {"code": "word", "name": TEXT}},
    "due": DAY_OF_YEAR,
    "late_per_day": "number",
    "deadlines": [{"what": TEXT, "by": "word", "month": "whole", "day": "whole", "year": "whole"}],
    "pass_through": [{"party": "word", "shares": {"*": "number"}, "names": {"*": TEXT}, "of": "word"}],
    "marks": {"*": "word"},
    "sources": ["word"],
    "unknown": OPEN,
    "published": [
        {
            "year": "whole",
            "years": ["whole"],
            "what": TEXT,
            "pays": [{"payer": "word", "payee": "word", "amount_yuan": "yuan"}],
            "nets": {"*": "figure"},
            "total_yuan": "yuan",
            "source": "word",
            "mark": "word",
            "facts": "any",
            "means": {"*": {"*": {"*": "number"}}},
        }
    ],
}  # fmt: skip
#: Keys of the agreement a clause may carry for itself, and what any kind of clause may carry.
CLAUSE: Shape = {
    "kind": "word",
    **{k: AGREEMENT[k] for k in ("section", "base_years", "indicators", "data_rules", "marks", "unknown")},
    "name": TEXT,
    "sections": ["word"],
    "combine": "word",
    "years": ["whole"],
    "only_if": [CONDITION],
    "indexation": {"series": "word", "parties": ["word"], "from": "whole", "weights": {"*": "number"}},
}

_PERCENT = re.compile(r"([+-]?[\d,]+(?:\.\d+)?)\s*%")
_RATIO = re.compile(r"([+-]?\d+)\s*/\s*(\d+)")


class Wrong(NamedTuple):
    """A value that cannot stand where it stands: place, clash, remedy, line (0 if it is not known)."""

    at: str
    clash: Text
    remedy: Text
    line: int = 0


def misshapen(value: object, shape: Shape, at: str = "", line: int = 0) -> list[Wrong]:
    """Return every value that has not the kind its place asks for, and every unknown key."""
    if isinstance(value, Line):
        return misshapen(value.value, shape, at, value.line)
    if shape == "any":
        return []
    if isinstance(shape, Mapping):
        if not isinstance(value, Mapping):
            return [_wrong(at, value, "mapping", line)]
        out: list[Wrong] = []
        for key, item in value.items():
            inner = shape.get(str(key), shape.get("*"))
            if inner is None:
                out.append(_unknown(at, str(key), shape, item.line if isinstance(item, Line) else line))
            elif _bare(item) is not None:
                out += misshapen(item, inner, f"{at}.{key}".lstrip("."), line)
        return out
    if isinstance(shape, list):
        if not isinstance(value, list):
            return [_wrong(at, value, "list", line)]
        return [fault for n, item in enumerate(value, 1) for fault in misshapen(item, shape[0], f"{at} {n}".strip(), line)]
    return [] if _is(value, shape) else [_wrong(at, value, shape, line)]


def normal(value: Any, shape: Shape) -> Any:
    """Return the value with words as text, amounts as numbers, days as dates; absent, unknown or misshapen is left out."""
    if shape == "any":
        return value
    if isinstance(shape, Mapping):
        inner = {k: shape.get(str(k), shape.get("*")) for k in value}
        return {str(k): normal(v, inner[k]) for k, v in value.items() if inner[k] is not None and _fits(v, inner[k])}
    if isinstance(shape, list):
        return [normal(v, shape[0]) for v in value if _fits(v, shape[0])]
    if shape == "word":
        return str(value)
    if shape == "side":
        return {str(k): number_of(v) for k, v in value.items()} if isinstance(value, Mapping) else str(value)
    if shape == "figure" and isinstance(value, str) and value.strip() in ("-", "—"):
        return None
    if shape in ("yuan", "money", "figure"):
        return money_of(value)
    if shape in ("number", "whole"):
        return number_of(value)
    return date.fromisoformat(value) if shape == "day" and isinstance(value, str) else value


def _fits(value: object, shape: Shape) -> bool:
    if shape == "any":
        return True
    if isinstance(shape, (Mapping, list)):
        return isinstance(value, Mapping if isinstance(shape, Mapping) else list)
    return _is(value, shape)


def is_number(value: object) -> TypeGuard[int | Decimal | Fraction]:
    """Return whether `value` is an exact finite number (int, Decimal, Fraction; never float or bool)."""
    if isinstance(value, Decimal):
        return value.is_finite()
    return isinstance(value, (int, Fraction)) and not isinstance(value, bool)


def number_of(value: object) -> Any:
    """Return a number as written: itself, ``85%`` as 17/20, ``1/3`` as a fraction; None for anything else."""
    if is_number(value):
        return value
    if not isinstance(value, str) or len(value) > 40:
        return None
    text = unicodedata.normalize("NFKC", value).strip()
    if found := _PERCENT.fullmatch(text):
        return Fraction(found[1].replace(",", "")) / 100
    found = _RATIO.fullmatch(text)
    return Fraction(int(found[1]), int(found[2])) if found and int(found[2]) else None


def money_of(value: object) -> Any:
    """Return an amount in yuan: a number, or text such as ``2000万元``, ``1.5亿``, ``2000 wan``; None for anything else.

    >>> money_of("2,000万元"), money_of("1.5亿")
    (Fraction(20000000, 1), Fraction(150000000, 1))
    """
    if is_number(value):
        return value
    return yuan_written(value) if isinstance(value, str) else None


def _is(value: object, kind: str) -> bool:
    value = _bare(value)
    if kind == "word":
        return isinstance(value, str) or is_number(value)
    if kind == "truth":
        return isinstance(value, bool)
    if kind == "side":
        if isinstance(value, Mapping):
            return bool(value) and all(is_number(number_of(_bare(v))) for v in value.values())
        return isinstance(value, str) or is_number(value)
    if kind == "day":
        return isinstance(value, date) or (isinstance(value, str) and _reads_as_day(value))
    if kind == "figure":
        if isinstance(value, str) and value.strip() in ("-", "—"):
            return True
        kind = "money"
    read = money_of(value) if kind in ("yuan", "money") else number_of(value)
    return is_number(read) and _in_bounds(read, kind)


def _bare(value: object) -> object:
    return value.value if isinstance(value, Line) else value


def _in_bounds(value: int | Decimal | Fraction, kind: str) -> bool:
    exact = Fraction(value)
    if kind in ("yuan", "money"):
        return (kind == "money" or exact >= 0) and abs(exact) <= _MOST_YUAN
    return kind == "number" or (abs(exact) <= _MOST_WHOLE and exact.denominator == 1)


def _reads_as_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _wrong(at: str, value: object, kind: str, line: int) -> Wrong:
    bare = _plain(value)
    said = str(bare) if len(str(bare)) <= 40 else f"{str(bare)[:40]}…"
    return Wrong(
        at,
        Text("这里写的是“{v}”。", "It says '{v}'.").fill(v=said),
        Text("这里应是{k}。", "This should be {k}.").fill(k=_WORDS[kind]),
        line,
    )


def _plain(value: object) -> object:
    value = _bare(value)
    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items()}
    return [_plain(v) for v in value] if isinstance(value, list) else value


def _unknown(at: str, key: str, shape: Mapping[str, Any], line: int) -> Wrong:
    near = next(iter(difflib.get_close_matches(key, list(shape), 1)), "—")
    return Wrong(
        at,
        Text("不认识的键 {k}。", "Unknown key {k}.").fill(k=key if len(key) <= 40 else f"{key[:40]}…"),
        Text("最相近的键是 {n}；可用：{all}。", "The nearest known key is {n}; known: {all}.").fill(
            n=near, all=", ".join(sorted(shape))
        ),
        line,
    )
