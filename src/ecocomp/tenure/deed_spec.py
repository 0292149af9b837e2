"""What a deed may say: its fields, their kinds, and how a written value is read.

For the deeds of `ecocomp.tenure.deeds`, their files, their reference page and their tests. Values may be written as YAML
or TOML has them, or all as short text (a cell of a CSV table): shares as ``H1 1/2; H2 1/2``, names as ``R1; R2``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

from ecocomp.tenure.versions import SHARE_LIMIT
from ecocomp.terms.codes import SOURCE_KINDS
from ecocomp.terms.text import Text, same
from ecocomp.terms.unseen import first_unseen

MAX_TEXT = 500
MAX_PARTS = 10_000


class Wrong(Exception):
    """A value that cannot be read: what is wrong and what to do."""

    def __init__(self, clash: Text, remedy: Text) -> None:
        super().__init__(clash.en)
        self.clash, self.remedy = clash, remedy


_NO_NOTE = same("")


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a deed: name, kind (a key of `READERS`), title, whether it must be there, what more there is to say."""

    name: str
    kind: str
    title: Text
    required: bool = False
    note: Text = _NO_NOTE
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Deed:
    """One deed as it was written: kind (a key of `DEEDS`), the day it takes effect, its values, and where it stands."""

    kind: str
    on: date
    values: Mapping[str, Any] = field(default_factory=dict)
    where: str = "deed"
    line: int = 0

    @property
    def record(self) -> str:
        """Return line and kind, as faults name them."""
        return f"line {self.line} {self.kind}" if self.line else self.kind


@dataclass(frozen=True, slots=True)
class DeedSpec:
    """One kind of deed: id, title, meaning, fields, the act that writes it, and an example.

    sources  kinds of document it may rest on (`codes.SOURCE_KINDS`); empty: any
    past     whether it may take effect in the past without saying so, since the law makes it (a death) or it mends the past
    """

    id: str
    title: Text
    says: Text
    fields: tuple[Field, ...]
    act: Callable[[Any], None]
    example: Mapping[str, Any]
    sources: tuple[str, ...] = ()
    past: bool = False


def f(name: str, kind: str, zh: str, en: str, *, must: bool = False, note: tuple[str, str] = ("", ""), of: Any = ()) -> Field:
    """Return a field; short, so that a deed can be read as a table."""
    return Field(name, kind, Text(zh, en), must, Text(*note), tuple(of))


COMMON: tuple[Field, ...] = (
    f("on", "day", "生效日", "day it takes effect", must=True),
    f(
        "source",
        "source",
        "凭证",
        "document it rests on",
        must=True,
        note=(
            "已登记文件的编码或文号；新文件写 number、kind、title、issuer、dated（可加 id、sha256）",
            "code or number of a registered source; a new one gives number, kind, title, issuer, dated (and id, sha256)",
        ),
    ),
    f(
        "retroactive",
        "flag",
        "追溯生效",
        "takes effect in the past",
        note=("生效日早于今天时写 true", "true where it takes effect before today"),
    ),
)


# ---------------------------------------------------------------- reading values
def read_value(spec: Field, raw: Any) -> Any:
    """Return the value of a field as its kind has it. raises Wrong"""
    value = READERS[spec.kind](raw)
    if spec.choices and value not in spec.choices:
        clash = Text("“{v}”不在可用值中。", "“{v}” is not among the values it may have.").fill(v=value)
        raise Wrong(clash, Text("可用：{all}。", "It may be: {all}.").fill(all=", ".join(spec.choices)))
    return value


def _text(raw: Any) -> str:
    if isinstance(raw, bool | int | float | Decimal | date):
        raise Wrong(
            Text(
                "编码或文字写成了数或日期，开头的零会丢失。",
                "A code or text is written as a number or date; leading zeros would be lost.",
            ),
            Text("给它加上引号。", "Put it in quotes."),
        )
    if not isinstance(raw, str):
        raise _not(Text("文字", "a text"))
    value = raw.strip()
    if not value or len(value) > MAX_TEXT:
        raise Wrong(
            Text("长 {n} 个字符，应为 1 至 {m} 个。", "It has {n} characters; 1 to {m} are allowed.").fill(
                n=len(value), m=MAX_TEXT
            ),
            Text("更正这个值。", "Mend this value."),
        )
    unseen = first_unseen(value)
    if unseen or "\n" in value or "\t" in value:
        clash = Text("含有不可见的字符 {c}。", "It holds the unseen character {c}.").fill(c=unseen or "U+000A")
        raise Wrong(clash, Text("删去它。", "Delete it."))
    return value


def _day(raw: Any) -> date:
    if isinstance(raw, datetime):
        raise _not(Text("不带时刻的日期", "a date without a time"))
    if isinstance(raw, date):
        return raw
    try:
        return date.fromisoformat(str(raw).strip())
    except ValueError:
        raise _not(Text("日期 YYYY-MM-DD", "a date YYYY-MM-DD"), raw) from None


_FLAGS = {"true": True, "yes": True, "是": True, "1": True, "false": False, "no": False, "否": False, "0": False}


def _flag(raw: Any) -> bool:
    value = _FLAGS.get(str(raw).strip().lower())
    if value is None:
        raise _not(Text("是或否", "true or false"), raw)
    return value


def _number(raw: Any) -> Decimal:
    if isinstance(raw, bool | float):
        raw = repr(raw)
    try:
        value = Decimal(str(raw).strip().replace(",", ""))
    except InvalidOperation:
        raise _not(Text("数", "a number"), raw) from None
    if not value.is_finite() or abs(value) >= Decimal(10) ** 15:
        raise _not(Text("合理大小的数", "a number of sensible size"), raw)
    return value


def _count(raw: Any) -> int:
    value = _number(raw)
    if value != value.to_integral_value() or value < 0:
        raise _not(Text("不小于 0 的整数", "a whole number not below 0"), raw)
    return int(value)


def _fen(raw: Any) -> int:
    value = _number(raw) * 100
    if value != value.to_integral_value() or value < 0:
        raise _not(Text("元（至多两位小数，不小于 0）", "yuan with at most two decimals, not below 0"), raw)
    return int(value)


def _share(raw: Any) -> Fraction:
    said = str(raw).strip()
    try:
        value = Fraction(int(said[:-1]), 100) if re.fullmatch(r"\d{1,3}%", said) else Fraction(said)
    except (ValueError, ZeroDivisionError):
        raise _not(Text("份额，如 1/3", "a share such as 1/3"), raw) from None
    if not 0 < value <= 1 or value.denominator >= SHARE_LIMIT:
        raise Wrong(
            Text("份额 {v} 不在 0 与 1 之间。", "the share {v} does not lie above 0 and up to 1.").fill(v=said[:40]),
            Text("写成分数，如 1/3。", "Write it as a fraction such as 1/3."),
        )
    return value


def _shares(raw: Any) -> dict[str, Fraction]:
    """Return shares by name: a mapping, or ``H1 1/2; H2 1/2``; a name alone has the whole."""
    if isinstance(raw, Mapping):
        return _unique([(_text(k), _share(v)) for k, v in raw.items()])
    out = []
    for part in _parts(raw, "[;；,，、]"):
        name, _, said = part.partition(" ")
        out.append((_text(name), _share(said) if said.strip() else Fraction(1)))
    return _unique(out)


def _names(raw: Any) -> list[str]:
    items = [_text(x) for x in raw] if isinstance(raw, list) else _parts(raw, r"[;；,，、\s]")
    return list(_unique([(x, None) for x in items]))


def _places(raw: Any) -> dict[str, str]:
    """Return a name by name: a mapping, or ``P1 H2; P2 H3``."""
    if isinstance(raw, Mapping):
        return _unique([(_text(k), _text(v)) for k, v in raw.items()])
    pairs = [p.split() for p in _parts(raw, "[;；,，、]")]
    if any(len(p) != 2 for p in pairs):
        raise _not(Text("成对的编码，如 P1 H2; P2 H3", "pairs of codes such as P1 H2; P2 H3"), raw)
    return _unique([(a, b) for a, b in pairs])


def _members(raw: Any) -> dict[str, tuple[str, Fraction | None]]:
    """Return role and share by member: a mapping, or ``P1 head; P2 spouse 1/2``."""
    if isinstance(raw, Mapping):
        raw = "; ".join(f"{_text(k)} {_text(v)}" for k, v in raw.items())
    out = []
    for part in _parts(raw, "[;；,，、]"):
        words = part.split()
        if len(words) not in (2, 3):
            raise _not(Text("成员、身份和份额，如 P1 head 1/2", "member, role and share such as P1 head 1/2"), part)
        out.append((words[0], (words[1], _share(words[2]) if len(words) == 3 else None)))
    return _unique(out)


def _allocation(raw: Any) -> dict[str, dict[str, Fraction]]:
    """Return shares by name, by object: a mapping of mappings, or ``R1: H1 1/2, H2 1/2; R2: H1``."""
    if isinstance(raw, Mapping):
        return _unique([(_text(k), _shares(v)) for k, v in raw.items()])
    out = []
    for part in _parts(raw, "[;；]"):
        name, colon, said = part.replace("：", ":").partition(":")
        if not colon:
            raise _not(Text("如 R1: H1 1/2, H2 1/2; R2: H1", "such as R1: H1 1/2, H2 1/2; R2: H1"), part)
        out.append((_text(name), _shares(said)))
    return _unique(out)


def _pieces(raw: Any) -> list[tuple[str, str, int]]:
    """Return (old parcel, new parcel, area in dm2): rows, or ``P1 P1a 500; P1 P1b 300``; "-" for ground of no parcel."""
    if isinstance(raw, str):
        raw = [p.split() for p in _parts(raw, "[;；,，、]")]
    if not isinstance(raw, list):
        raise _not(Text("成片的清单", "a list of pieces"), raw)
    out = []
    for row in raw:
        cells = [row.get("old_id"), row.get("new_id"), row.get("area_dm2")] if isinstance(row, Mapping) else row
        if not isinstance(cells, list) or len(cells) != 3:
            raise _not(
                Text("原地块、新地块、面积（dm2），如 P1 P1a 500", "old parcel, new parcel, area in dm2 such as P1 P1a 500"), row
            )
        old, new = ("" if c in (None, "", "-") else _text(c) for c in cells[:2])
        out.append((old, new, _count(cells[2])))
    return out


SOURCE_FIELDS: tuple[Field, ...] = (
    f("number", "text", "文号或证号", "number", must=True),
    f("kind", "text", "类型", "kind", must=True, of=SOURCE_KINDS),
    f("title", "text", "标题", "title"),
    f("issuer", "text", "出具单位", "issuer"),
    f("dated", "day", "落款日", "dated"),
    f("id", "text", "文件编码", "source code"),
    f("sha256", "text", "扫描件指纹", "fingerprint of the scan"),
)


def _source(raw: Any) -> str | dict[str, Any]:
    if not isinstance(raw, Mapping):
        return _text(raw)
    out: dict[str, Any] = {}
    known = {s.name: s for s in SOURCE_FIELDS}
    for name, value in raw.items():
        if name not in known:
            raise Wrong(
                Text("凭证没有“{k}”这一项。", "a document has no field “{k}”.").fill(k=name),
                Text("可用：{all}。", "It may have: {all}.").fill(all=", ".join(known)),
            )
        if value not in (None, ""):
            out[name] = read_value(known[name], value)
    missing = [s.name for s in SOURCE_FIELDS if s.required and s.name not in out]
    if missing:
        raise Wrong(
            Text("凭证缺少 {m}。", "the document lacks {m}.").fill(m=", ".join(missing)),
            Text("补上文号和类型。", "Give its number and kind."),
        )
    return out


def _content(raw: Any) -> dict[str, Any]:
    if isinstance(raw, Mapping):
        return {_text(k): v for k, v in raw.items()}
    out = []
    for part in _parts(raw, "[;；]"):
        name, sign, value = part.partition("=")
        if not sign:
            raise _not(Text("如 share_num=1; share_den=2", "such as share_num=1; share_den=2"), part)
        out.append((name.strip(), value.strip()))
    return _unique(out)


READERS: dict[str, Callable[[Any], Any]] = {
    "text": _text,
    "secret": _text,
    "day": _day,
    "flag": _flag,
    "count": _count,
    "yuan": _fen,
    "share": _share,
    "shares": _shares,
    "names": _names,
    "places": _places,
    "members": _members,
    "allocation": _allocation,
    "pieces": _pieces,
    "source": _source,
    "content": _content,
}
KINDS: dict[str, Text] = {
    "text": Text("文字", "text"),
    "secret": Text("文字（敏感）", "text (sensitive)"),
    "day": Text("日期", "date"),
    "flag": Text("是或否", "true or false"),
    "count": Text("整数", "whole number"),
    "yuan": Text("元", "yuan"),
    "share": Text("份额", "share"),
    "shares": Text("各方份额", "shares by party"),
    "names": Text("编码清单", "list of codes"),
    "places": Text("编码对照", "codes by code"),
    "members": Text("成员、身份、份额", "members with role and share"),
    "allocation": Text("逐项的各方份额", "shares by party, for each"),
    "pieces": Text("原地块、新地块、面积（dm2）", "old parcel, new parcel, area (dm2)"),
    "source": Text("文件", "document"),
    "content": Text("各列的新值", "new values by column"),
}


def _parts(raw: Any, between: str) -> list[str]:
    if not isinstance(raw, str):
        raise _not(Text("文字", "a text"))
    parts = [p.strip() for p in re.split(between, raw) if p.strip()]
    if not 0 < len(parts) <= MAX_PARTS:
        raise _not(Text("1 至 {m} 项", "1 to {m} items").fill(m=MAX_PARTS))
    return parts


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out = dict(pairs)
    if len(out) != len(pairs):
        twice = next(k for i, (k, _) in enumerate(pairs) if k in {p for p, _ in pairs[:i]})
        raise Wrong(Text("{k} 写了两次。", "{k} is written twice.").fill(k=twice), Text("只留一处。", "Keep one of them."))
    if not out:
        raise _not(Text("至少一项", "at least one item"))
    return out


def _not(wanted: Text, raw: Any = "") -> Wrong:
    said = str(raw)[:40] if isinstance(raw, str | int | float | Decimal) else ""
    clash = (
        Text("应为{w}，写的是“{v}”。", "It should be {w}, but “{v}” is written.")
        if said
        else Text("应为{w}。", "It should be {w}.")
    )
    return Wrong(clash.fill(w=wanted, v=said), Text("更正这个值。", "Mend this value."))
