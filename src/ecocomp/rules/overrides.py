"""What a case's own rules, or a lower place, may not do to the rules that stand above them.

For those who check a case and those who audit it. A statutory floor (`standard.floor.*`) may be raised below but
never lowered; the list of which floor is for which land (`standard.floors`) may grow but never lose an entry; a
place that ships may not be moved under another (`rules.place_moved`, told as the book is read). A value keeps the
unit and the sign of the one that ships, and the rules of the intervals stay within what can be computed. Any other
value that ships and that a case replaces is told as a warning, so that no one has to find it by comparing files; so
is a key that nothing reads.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Any

from ecocomp.registry.folder import FOLDERS, FORMULA_FOLDERS, entries
from ecocomp.rules.book import RuleBook, RuleValue
from ecocomp.terms.area import MU_PER_HA
from ecocomp.terms.codes import ECOSYSTEMS
from ecocomp.terms.faults import Fault, capped
from ecocomp.terms.text import Text, same

FLOOR = "standard.floor."
FLOORS = "standard.floors"
_MANY = 300
_END = date.max
_PER_HA = {"CNY/ha/a": 1, "CNY/mu/a": MU_PER_HA}
_STRICT = ("services.", "zoning.", "monitoring.")
"""Physical quantities: a model takes the number as it stands, in the unit of its formula."""
_OPEN = (FLOOR, "agreements.class_limits.", "performance.weights.", "zoning.npp.range.")
"""Beginnings of keys whose ends are names of the case's own choosing."""
INTERVAL = "services.interval."
DRAWS_AT_ONCE, MOST_DRAWS = 8, 4096
INTERVAL_METHODS = ("corners", "monte_carlo")


@dataclass(frozen=True, slots=True)
class _Pair:
    """A value and one that stands above it, with the first day on which both are in force."""

    low: RuleValue
    high: RuleValue
    day: date


def override_faults(book: RuleBook) -> list[Fault]:
    """Return an error for each value that may not stand over what ships, a warning for each other one that is replaced.

    Codes: ``rules.floor_lowered``, ``rules.too_many``, ``rules.unit`` (a warning where no model takes the number as it
    stands), ``rules.sign``, ``rules.interval``; warnings: ``rules.code`` (no known ecosystem), ``rules.overridden`` and
    ``rules.unread`` (the first 50, then their number).
    """
    out: list[Fault] = []
    replaced: list[Fault] = []
    out += _beside_shipped(book)
    for key in book.keys:
        found = book.values(key)
        statutory = key.startswith(FLOOR) or key == FLOORS
        if statutory and len(found) > _MANY:
            out.append(_too_many(key, found))
        elif statutory:
            out += _lowered(book, found)
        elif any(v.layer for v in found):
            replaced += [_overridden(p) for p in _replaced(book, found)]
    unread = capped(_unread(book), "rules.unread", "ecopolicy")
    return [*out, *capped(replaced, "rules.overridden", "ecopolicy"), *unread]


# ---------------------------------------------------------------- floors
def _lowered(book: RuleBook, found: list[RuleValue]) -> list[Fault]:
    """Return one fault for each value that undercuts one above it, against the highest it undercuts."""
    out = []
    for low in found:
        pairs = [p for p in _above(book, low, found) if _undercuts(low, p.high)]
        if pairs:
            out.append(_floor_fault(max(pairs, key=lambda p: (_amount(p.high), p.high.place, p.high.valid_from))))
    return out


def _undercuts(low: RuleValue, high: RuleValue) -> bool:
    if high.key == FLOORS:
        return not _entries(high) <= _entries(low)
    if high.unit not in _PER_HA or low.unit not in _PER_HA:
        return low.unit != high.unit or _plain(low) < _plain(high)
    return _amount(low) < _amount(high)


def _amount(v: RuleValue) -> Decimal:
    return _plain(v) * _PER_HA.get(v.unit, 1)


def _plain(v: RuleValue) -> Decimal:
    """Return the number of a floor; what is no number holds nothing up and counts as lower than any."""
    return v.value if isinstance(v.value, Decimal) else Decimal("-Infinity")


def _entries(v: RuleValue) -> set[str]:
    items = v.value if isinstance(v.value, list) else []
    return {json.dumps(item, sort_keys=True, default=str, ensure_ascii=False) for item in items}


def _above(book: RuleBook, low: RuleValue, found: list[RuleValue]) -> Iterator[_Pair]:
    """Yield the values above `low` — of a higher place, or of the same place in a folder below — that share a day with it."""
    higher = set(book.chain(low.place)[1:]) if low.place in book.places else set()
    for high in found:
        if high.place in higher or (high.place == low.place and high.layer < low.layer):
            day = _common_day(low, high, found)
            if day is not None:
                yield _Pair(low, high, day)


def _common_day(low: RuleValue, high: RuleValue, found: Iterable[RuleValue]) -> date | None:
    """Return the first day on which both are in force as known when the later of them was recorded, or None.

    The earliest such state of knowledge is the one with the fewest corrections, so no later one has to be looked at.
    """
    start, end = max(low.valid_from, high.valid_from), min(low.valid_to or _END, high.valid_to or _END)
    known = max(low.recorded, high.recorded)
    later = [v for v in found if v.recorded <= known and (_corrects(v, low, across=True) or _corrects(v, high, across=False))]
    for v in sorted(later, key=lambda v: v.valid_from):
        if v.valid_from > start:
            break
        start = max(start, v.valid_to or _END)
    return start if start < end else None


def _corrects(v: RuleValue, old: RuleValue, *, across: bool) -> bool:
    """Return whether `v` stands in for `old` at its place: recorded later, or (`across`) in a folder laid over it."""
    if v.place != old.place or v is old:
        return False
    if v.layer == old.layer:
        return (v.recorded, v.valid_from) > (old.recorded, old.valid_from)
    return across and v.layer > old.layer


def _floor_fault(pair: _Pair) -> Fault:
    low, high = pair.low, pair.high
    if high.key == FLOORS:
        held = "; ".join(sorted(_entries(high) - _entries(low)))[:300]
        clash = Text(
            "{d} 起，{p} 的 {k}（{fa}）少了 {q} 的条目 {b}（{fb}）。",
            "From {d}, {k} at {p} ({fa}) lacks entries that {q} holds: {b} ({fb}).",
        )
    else:
        held = _told(high)
        clash = Text(
            "{d} 起，{p} 的 {k} 是 {a}（{fa}），低于 {q} 的法定下限 {b}（{fb}）。",
            "From {d}, {k} at {p} is {a} ({fa}), below the statutory floor of {q}, {b} ({fb}).",
        )
    return Fault(
        "rules.floor_lowered",
        low.file,
        f"line {low.line}",
        clash.fill(k=low.key, p=low.place, a=_told(low), fa=_from(low), q=high.place, b=held, fb=_from(high), d=pair.day),
        Text(
            "下限只能提高，不能降低或去掉：更正或删去这个值。",
            "A floor may be raised, never lowered or dropped: mend or delete this value.",
        ),
    )


def _too_many(key: str, found: list[RuleValue]) -> Fault:
    last = found[-1]
    return Fault(
        "rules.too_many",
        last.file,
        f"line {last.line}",
        Text("{k} 有 {n} 个值，上限为 {m}。", "{k} has {n} values; {m} are allowed.").fill(k=key, n=len(found), m=_MANY),
        Text("删去多余的值。", "Delete those that are not needed."),
    )


# ---------------------------------------------------------------- other values
def _replaced(book: RuleBook, found: list[RuleValue]) -> Iterator[_Pair]:
    """Yield for each own value the shipped ones of the nearest place it stands over, where anything differs."""
    shipped: dict[str, list[RuleValue]] = {}
    for v in found:
        if not v.layer:
            shipped.setdefault(v.place, []).append(v)
    for own in found:
        if not own.layer or own.place not in book.places:
            continue
        for place in book.chain(own.place):
            shared = [_Pair(own, v, max(own.valid_from, v.valid_from)) for v in shipped.get(place, ()) if _meet(own, v)]
            if shared:
                yield from (p for p in shared if _differ(p))
                break


def _meet(a: RuleValue, b: RuleValue) -> bool:
    return max(a.valid_from, b.valid_from) < min(a.valid_to or _END, b.valid_to or _END)


def _differ(pair: _Pair) -> bool:
    a, b = pair.low, pair.high
    return (a.kind, a.unit, a.value, a.low, a.high) != (b.kind, b.unit, b.value, b.low, b.high)


def _overridden(pair: _Pair) -> Fault:
    own, old = pair.low, pair.high
    return Fault(
        "rules.overridden",
        own.file,
        f"line {own.line}",
        Text(
            "{k}：随附的值 {b}（{fb}）被本案的值 {a}（{fa}）取代。",
            "{k}: the shipped value {b} ({fb}) is replaced by the case's own {a} ({fa}).",
        ).fill(k=own.key, a=_told(own), fa=_from(own), b=_told(old), fb=_from(old)),
        Text("核对这是有意的。", "Check that this is meant."),
        "warning",
    )


# ---------------------------------------------------------------- units, signs, intervals
def _beside_shipped(book: RuleBook) -> list[Fault]:
    """Return the faults of own values that have another unit or sign than the shipped ones of the key at any place."""
    out: list[Fault] = []
    for key in book.keys:
        found = book.values(key)
        shipped = [v for v in found if not v.layer]
        for own in (v for v in found if v.layer):
            told = (_unit_fault(own, shipped), _sign_fault(own, shipped), _code_fault(own, shipped), interval_fault(own))
            out += [f for f in told if f is not None]
    return out


def _unit_fault(own: RuleValue, shipped: list[RuleValue]) -> Fault | None:
    """Return a fault where no shipped value of the key has the unit; floors are compared in money (`_lowered`)."""
    known = {_unit(v.unit) for v in shipped}
    statutory = own.key.startswith(FLOOR) or own.key == FLOORS
    if not shipped or statutory or _unit(own.unit) in known:
        return None
    strict = own.key.startswith(_STRICT)
    if not strict and own.unit in _PER_HA and known <= {_unit(u) for u in _PER_HA}:
        return None  # both are read as they are written
    old = shipped[0]
    return Fault(
        "rules.unit",
        own.file,
        f"line {own.line}",
        Text(
            "{k} 的单位写作 {a}（{fa}），随附的值是 {b}（{fb}）。",
            "{k} is given in {a} ({fa}); the shipped value is in {b} ({fb}).",
        ).fill(k=own.key, a=own.unit or "—", fa=_from(own), b=old.unit or "—", fb=_from(old)),
        Text("把值换算成 {b}，并把 unit 写作 {b}。", "Convert the value to {b} and write {b} as its unit.").fill(b=old.unit),
        "error" if strict else "warning",
    )


def _unit(word: str) -> str:
    """Return a unit as it is compared: no blanks, plain digits, and one word for “no unit”."""
    plain = re.sub(r"\s", "", word).replace("²", "2").replace("³", "3").replace("hm2", "ha")
    return "1" if plain in ("", "-") else plain


def _sign_fault(own: RuleValue, shipped: list[RuleValue]) -> Fault | None:
    """Return a fault for a negative value where everything that ships under the key is positive."""
    if not shipped or own.kind not in ("number", "table") or own.key.startswith(FLOOR) or not all(_positive(v) for v in shipped):
        return None
    below = [(code, min(ends)) for code, ends in _ends(own).items() if min(ends) < 0]
    if not below:
        return None
    told = ", ".join(f"{code}: {low}" if code else str(low) for code, low in below[:8])
    old = shipped[0]
    return Fault(
        "rules.sign",
        own.file,
        f"line {own.line}",
        Text(
            "{k} 的值或下限为负：{a}（{fa}）；随附的值都为正：{b}（{fb}）。",
            "{k} or its low is negative: {a} ({fa}); what ships is positive: {b} ({fb}).",
        ).fill(k=own.key, a=told, fa=_from(own), b=_told(old), fb=_from(old)),
        Text("更正这个值及其 low、spread。", "Mend the value and its low or spread."),
    )


def _positive(v: RuleValue) -> bool:
    """Return whether a number and its range are above 0; of a table entries may be 0, but not all."""
    if v.kind not in ("number", "table"):
        return False
    ends = list(_ends(v).values())
    if v.kind == "number":
        return all(min(e) > 0 for e in ends)
    return all(min(e) >= 0 for e in ends) and any(max(e) > 0 for e in ends)


def _ends(v: RuleValue) -> dict[str, tuple[Decimal, ...]]:
    """Return low, value and high by code; of a number under the empty code."""
    if v.kind == "number":
        return {"": (v.low, v.value, v.high)}
    return {str(code): (v.low[code], x, v.high[code]) for code, x in v.value.items()}


def _code_fault(own: RuleValue, shipped: list[RuleValue]) -> Fault | None:
    """Return a warning for entries that are no ecosystem code where every entry that ships is one.

    A map may bring a code list of its own, so this is for a person to judge; models refuse what no map can hold.
    """
    tables = [v for v in shipped if v.kind == "table"]
    if own.kind != "table" or not tables or not all(_ecosystem(c) for v in tables for c in v.value):
        return None
    unknown = [str(code) for code in own.value if not _ecosystem(code)]
    if not unknown:
        return None
    return Fault(
        "rules.code",
        own.file,
        f"line {own.line}",
        Text("{k} 中的 {c} 不是生态系统代码。", "{c} in {k} is no ecosystem code.").fill(k=own.key, c=", ".join(unknown[:8])),
        Text("更正代码；土地覆盖图另有代码表时可以保留。", "Mend the code; keep it where the land cover has its own code list."),
        "warning",
    )


def _ecosystem(entry: Any) -> bool:
    """Return whether the first word of an entry, such as “11” or “11 road”, is an ecosystem code."""
    return next(iter(str(entry).split()), "") in ECOSYSTEMS


def interval_fault(v: RuleValue) -> Fault | None:
    """Return an error for a rule `services.interval.*` by which no interval can be computed, or None."""
    name, needed = v.key.removeprefix(INTERVAL), None
    if not v.key.startswith(INTERVAL):
        return None
    if name == "method" and v.value not in INTERVAL_METHODS:
        needed = same(", ".join(INTERVAL_METHODS))
    elif name == "draws" and not _is_draws(v.value):
        needed = Text("{a} 到 {m} 之间 {a} 的倍数", "a multiple of {a} of at most {m}").fill(a=DRAWS_AT_ONCE, m=MOST_DRAWS)
    elif name == "seed" and not (isinstance(v.value, Decimal) and v.value == int(v.value)):
        needed = Text("整数", "a whole number")
    elif name == "quantiles" and not _is_quantiles(v.value):
        needed = Text("{low: 下, high: 上}，0 ≤ 下 < 上 ≤ 1", "{low: …, high: …} with 0 ≤ low < high ≤ 1")
    if needed is None:
        return None
    return Fault(
        "rules.interval",
        v.file,
        f"line {v.line}",
        Text("{k} 为 {v}，应为 {n}。", "{k} is {v}; it must be {n}.").fill(k=v.key, v=_short(v.value), n=needed),
        Text("改正这条规则。", "Mend this rule."),
    )


def _is_draws(value: Any) -> bool:
    return isinstance(value, Decimal) and DRAWS_AT_ONCE <= value <= MOST_DRAWS and value % DRAWS_AT_ONCE == 0


def _is_quantiles(value: Any) -> bool:
    low, high = (value.get("low"), value.get("high")) if isinstance(value, dict) else (None, None)
    return isinstance(low, Decimal) and isinstance(high, Decimal) and 0 <= low < high <= 1


# ---------------------------------------------------------------- keys nothing reads
def _unread(book: RuleBook) -> list[Fault]:
    """Return a warning for each own key that no shipped rule has, no method declares and no other rule names."""
    shipped = {v.key for v in book.values() if not v.layer}
    own = [key for key in book.keys if key not in shipped and not key.startswith(_OPEN)]
    if not own:
        return []
    named = _words(v.value for v in book.values() if v.kind in ("text", "list"))
    known = shipped | _declared()
    out = []
    for key in own:
        if key in named or any(fnmatchcase(key, k) for k in known) or (key.startswith("valuation.") and key.split(".")[1] in named):
            continue
        v = next(v for v in book.values(key) if v.layer)
        near = next(iter(difflib.get_close_matches(key, sorted(known), 1)), "—")
        clash = Text("没有方法读取 {k}。", "Nothing reads {k}.").fill(k=key)
        remedy = Text("更正键名，最相近的是 {n}；或删去它。", "Mend the key, the nearest is {n}; or delete it.").fill(n=near)
        out.append(Fault("rules.unread", v.file, f"line {v.line}", clash, remedy, "warning"))
    return out


def _words(value: Any) -> set[str]:
    """Return every word of texts, however deep they lie: a rule may name others, or a table of others."""
    if isinstance(value, str):
        return {value}
    if isinstance(value, dict):
        return set().union(*(_words(x) for x in value.values()))
    if isinstance(value, Decimal | int | float | date) or value is None:
        return set()
    return set().union(*(_words(x) for x in value))


def _declared() -> set[str]:
    """Return the keys that registered methods declare; loaded only when a key is not one that ships."""
    specs = (e.spec for folder in (*FOLDERS, *FORMULA_FOLDERS) for e in entries(folder).values())
    return {use.name for spec in specs for use in spec.parameters}


def _told(v: RuleValue) -> str:
    text = _short(v.value)
    return f"{text} {v.unit}" if v.kind == "number" and v.unit not in ("", "1", "-") else text


def _short(value: Any) -> str:
    text = str(value) if isinstance(value, Decimal | str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 80 else text[:79] + "…"


def _from(v: RuleValue) -> Text:
    layer = Text("本案 ", "case ") if v.layer else Text("随附 ", "shipped ")
    return Text(f"{layer.zh}{v.file}:{v.line}", f"{layer.en}{v.file}:{v.line}")
