"""The rule book: every dated value under `ecopolicy/<place>/<matter>/*.yaml`, resolved by place and dates.

A file holds a list under `parameters`; a file of matter `programmes` may hold a `programme` beside it
(`ecocomp.programmes` reads that). Each parameter has key, name (zh, en), unit, kind (number, table,
text, list) and dated `values`; each value has from, to (last day, included; absent: open), value, low,
high or spread, document, article, confidence, last_checked, recorded, note. The county stands over its
prefecture, province, nation and the science defaults (`places.yaml`). Of values that hold on one day the
one recorded last, but not after the known date, is taken.
"""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from ecocomp.rules.audit import audit
from ecocomp.rules.lines import Line, read_yaml, strip
from ecocomp.terms.confidence import MARKS, is_verified
from ecocomp.terms.faults import Fault, FaultsError, UsageError, raise_errors
from ecocomp.terms.text import Text

_FILE_KEYS = frozenset({"parameters", "programme", "note"})
_PARAMETER_KEYS = frozenset({"key", "name", "unit", "kind", "values", "note"})
_VALUE_KEYS = frozenset(
    {"from", "to", "value", "low", "high", "spread", "document", "article", "confidence", "last_checked", "recorded", "note"}
)
_KINDS = frozenset({"number", "table", "text", "list"})
_LONG_AGO = date(1900, 1, 1)


@dataclass(frozen=True, slots=True)
class RuleValue:
    """One dated value of one parameter, with its source and the file and line it stands in."""

    key: str
    name: Text
    unit: str
    kind: str
    place: str
    value: Any
    low: Any
    high: Any
    valid_from: date
    valid_to: date | None
    recorded: date
    document: str
    article: str
    confidence: str
    last_checked: date | None
    note: str
    file: str
    line: int
    sha256: str
    layer: int = 0

    def holds(self, day: date) -> bool:
        """Return whether the value holds on `day` (`valid_to` is the first day it no longer does)."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)

    def as_row(self) -> dict[str, object]:
        """Return the value as a row of the `parameter` table."""
        return {
            "key": self.key,
            "name_zh": self.name.zh,
            "name_en": self.name.en,
            "value": json.dumps(self.value, ensure_ascii=False, sort_keys=True, default=str),
            "unit": self.unit,
            "place": self.place,
            "valid_from": self.valid_from,
            "valid_to": self.valid_to,
            "document": " ".join(x for x in (self.document, self.article) if x),
            "confidence": self.confidence,
            "last_checked": self.last_checked,
            "file": self.file,
            "line": self.line,
            "sha256": self.sha256,
        }


@dataclass(frozen=True)
class Place:
    """A place rules are made for: code, names, the place above it."""

    code: str
    name: Text
    above: str | None
    invented: bool


class RuleBook:
    """All values of all places. Build it with `RuleBook.load`.

    folders  the rule folders it was read from, so that what else lies in them (programme files) is read from the same
    """

    def __init__(self, values: list[RuleValue], places: dict[str, Place], folders: Iterable[Path] = ()) -> None:
        self.places = places
        self.folders: tuple[Path, ...] = tuple(folders)
        self._values: dict[tuple[str, str], list[RuleValue]] = {}
        for v in values:
            self._values.setdefault((v.key, v.place), []).append(v)
        self.keys: tuple[str, ...] = tuple(sorted({v.key for v in values}))

    @classmethod
    def load(cls, folders: Iterable[Path], *, check: bool = True) -> RuleBook:
        """Read rule folders; a later folder is an overlay whose values win over the same key and place.

        Raises `FaultsError` with every fault (unknown key, overlap, missing source, bad date), each with file and line.
        """
        book, faults = cls.read(folders)
        if check:
            raise_errors(faults)
        return book

    @classmethod
    def read(cls, folders: Iterable[Path]) -> tuple[RuleBook, list[Fault]]:
        """Read rule folders and return the book with every fault found, raising nothing."""
        values: list[RuleValue] = []
        places: dict[str, Place] = {}
        faults: list[Fault] = []
        read_from = tuple(folders)
        for layer, folder in enumerate(read_from):
            if (folder / "places.yaml").exists():
                _read_places(folder / "places.yaml", places, faults)
            for path in sorted(folder.glob("*/*/*.yaml")):
                values += _read_file(path, folder, layer, faults)
        faults += [
            _fault(
                v.file,
                v.line,
                Text("地方 {p} 没有登记。", "Place {p} is not registered.").fill(p=v.place),
                Text("在 places.yaml 中登记，或更正目录名。", "Add it to places.yaml or mend the folder name."),
            )
            for v in {v.place: v for v in values}.values()
            if v.place not in places
        ]
        faults += _overlaps(values)
        return cls(values, places, read_from), faults

    def chain(self, place: str) -> list[str]:
        """Return the place and all places above it, nearest first."""
        if place not in self.places:
            known = ", ".join(sorted(self.places))
            raise UsageError(
                Text("没有登记的地方 {p}。已登记：{k}", "Place {p} is not registered. Known: {k}").fill(p=place, k=known)
            )
        out: list[str] = []
        at: str | None = place
        while at is not None and at not in out:
            out.append(at)
            at = self.places[at].above if at in self.places else None
        return out

    def nearest(self, region_code: str) -> str:
        """Return the nearest place with rules for a region: itself, its county, prefecture or province, else the nation."""
        for code in (region_code, region_code[:6], region_code[:4] + "00", region_code[:2] + "0000"):
            if code in self.places:
                return code
        return "CN" if "CN" in self.places else "science"

    def values(self, key: str | None = None, place: str | None = None) -> list[RuleValue]:
        """Return all dated values, of one key or place if given, in a stable order."""
        found = [v for (k, p), vs in self._values.items() if key in (None, k) and place in (None, p) for v in vs]
        return sorted(found, key=lambda v: (v.key, v.place, v.valid_from, v.recorded, v.layer))

    def resolve(self, place: str, valid_on: date, known_on: date) -> Parameters:
        """Return the parameters that hold at `place` on `valid_on` as known on `known_on`."""
        return Parameters(self, tuple(self.chain(place)), valid_on, known_on)

    def find(self, key: str, chain: Iterable[str], valid_on: date, known_on: date) -> RuleValue | None:
        """Return the value of `key` in the nearest place that has one, or None."""
        for place in chain:
            held = [v for v in self._values.get((key, place), ()) if v.holds(valid_on) and v.recorded <= known_on]
            if held:
                return max(held, key=lambda v: (v.layer, v.recorded, v.valid_from))
        return None

    def nearest_key(self, key: str) -> str:
        """Return the known key most like `key`, or an empty string."""
        return next(iter(difflib.get_close_matches(key, self.keys, 1)), "")

    def audit(self, today: date, stale_days: int = 730) -> list[Fault]:
        """Return warnings: days without a value, rules that have run out, unverified marks, checks older than `stale_days`."""
        return audit(self.values(), today, stale_days)


@dataclass
class Parameters:
    """The parameters of one place on one day; remembers which were used, for reports and traces, and by whom.

    used_by  key → readers, while `read_for` names one
    """

    book: RuleBook
    chain: tuple[str, ...]
    valid_on: date
    known_on: date
    used: dict[str, RuleValue] = field(default_factory=dict)
    used_by: dict[str, set[str]] = field(default_factory=dict)
    _reader: str = ""

    @contextmanager
    def read_for(self, reader: str) -> Iterator[None]:
        """Note `reader` beside every value used inside."""
        before, self._reader = self._reader, reader
        try:
            yield
        finally:
            self._reader = before

    def get(self, key: str) -> RuleValue:
        """Return the value of `key` with its source, and remember that it was used.

        Raises `FaultsError` that names the key, the date and the nearest values when there is none.
        """
        if self._reader:
            self.used_by.setdefault(key, set()).add(self._reader)
        if key in self.used:
            return self.used[key]
        found = self.book.find(key, self.chain, self.valid_on, self.known_on)
        if found is None:
            raise FaultsError([self._missing(key)])
        self.used[key] = found
        return found

    def has(self, key: str) -> bool:
        """Return whether a value of `key` holds here on this day."""
        return self.book.find(key, self.chain, self.valid_on, self.known_on) is not None

    def decimal(self, key: str) -> Decimal:
        """Return a number as written."""
        value = self.get(key)
        if not isinstance(value.value, Decimal):
            raise FaultsError([_wrong_kind(value, "number")])
        return value.value

    def number(self, key: str) -> float:
        """Return a number as float, for physical quantities only (money takes `decimal`)."""
        return float(self.decimal(key))

    def interval(self, key: str) -> tuple[float, float, float]:
        """Return (low, value, high) of a number as floats."""
        v = self.get(key)
        self.decimal(key)
        return float(v.low), float(v.value), float(v.high)

    def table(self, key: str) -> dict[str, Decimal]:
        """Return a table of numbers by code."""
        v = self.get(key)
        if v.kind != "table":
            raise FaultsError([_wrong_kind(v, "table")])
        return dict(v.value)

    def table_interval(self, key: str) -> tuple[dict[str, float], dict[str, float], dict[str, float]]:
        """Return (low, value, high) of a table as floats by code."""
        v = self.get(key)
        self.table(key)
        low, mid, high = ({k: float(x) for k, x in t.items()} for t in (v.low, v.value, v.high))
        return low, mid, high

    def text(self, key: str) -> str:
        """Return a text value."""
        v = self.get(key)
        if v.kind != "text":
            raise FaultsError([_wrong_kind(v, "text")])
        return str(v.value)

    def items(self, key: str) -> list[Any]:
        """Return a list value."""
        v = self.get(key)
        if v.kind != "list":
            raise FaultsError([_wrong_kind(v, "list")])
        return list(v.value)

    def rows(self) -> list[dict[str, object]]:
        """Return the used values as rows of the `parameter` table."""
        return [v.as_row() for _, v in sorted(self.used.items())]

    def unaccepted(self, accepted: Iterable[str]) -> list[Fault]:
        """Return a fault for each used value that is unverified and not accepted by name (`key` or `prefix.*`)."""
        names = tuple(accepted)
        out = []
        for key, v in sorted(self.used.items()):
            if is_verified(v.confidence) or any(key == n or (n.endswith(".*") and key.startswith(n[:-1])) for n in names):
                continue
            out.append(
                Fault(
                    "rules.unaccepted",
                    v.file,
                    f"line {v.line}",
                    Text(
                        "参数 {k} 标记为 {m}（{w}），支付却要用它。",
                        "Parameter {k} is marked {m} ({w}), yet a payment would rest on it.",
                    ).fill(k=key, m=v.confidence, w=MARKS[v.confidence]),
                    Text(
                        '核对出处后改标记，或在 case.toml 的 accept_unverified 中写入 "{k}"。',
                        'Verify it and change the mark, or add "{k}" to accept_unverified in case.toml.',
                    ).fill(k=key),
                )
            )
        return out

    def _missing(self, key: str) -> Fault:
        others = [v for p in self.chain for v in self.book.values(key, p)]
        if others:
            spans = "; ".join(f"{v.place} {v.valid_from}–{v.valid_to or ''} ({v.file}:{v.line})" for v in others)
            return Fault(
                "rules.gap",
                others[0].file,
                key,
                Text(
                    "{d} 没有参数 {k} 的值（已知日 {n}）；已有：{s}。",
                    "No value of {k} holds on {d} (as known on {n}); there are: {s}.",
                ).fill(d=self.valid_on, k=key, n=self.known_on, s=spans),
                Text("补上覆盖这一天的值。", "Add a value that covers this day."),
            )
        elsewhere = sorted({v.place for v in self.book.values(key)})
        if elsewhere:
            return Fault(
                "rules.missing",
                "ecopolicy",
                key,
                Text("地方 {p} 没有参数 {k}，别处（{o}）有。", "Place {p} has no parameter {k}; other places ({o}) have it.").fill(
                    p=" < ".join(self.chain), k=key, o=", ".join(elsewhere[:8])
                ),
                Text("在本案的规则目录中为这个地方补上它。", "Add it for this place in a rule folder of the case."),
            )
        near = self.book.nearest_key(key)
        return Fault(
            "rules.missing",
            "ecopolicy",
            key,
            Text("地方 {p} 没有参数 {k}。", "Place {p} has no parameter {k}.").fill(p=" < ".join(self.chain), k=key),
            Text("补上它；最相近的键是 {n}。", "Add it; the nearest known key is {n}.").fill(n=near or "—"),
        )


_A_PLACE = Text(
    '写成 places: 下一行 "990131": {name: {zh: 某县, en: Some County}, above: CN}。',
    'Write, under places:, a line "990131": {name: {zh: 某县, en: Some County}, above: CN}.',
)


def _read_places(path: Path, places: dict[str, Place], faults: list[Fault]) -> None:
    document, found = read_yaml(path)
    faults += found
    if document is None:
        return
    listed = document.value.get("places") if isinstance(document.value, dict) else None
    if not isinstance(listed, Line) or not isinstance(listed.value, dict):
        clash = Text(
            "没有写成 places: 之下的键值表，一个地方也没有读到。", "It holds no mapping under places:, so no place was read."
        )
        line = listed.line if isinstance(listed, Line) else document.line
        faults.append(_fault(path.name, line, clash, _A_PLACE))
        return
    for code, item in listed.value.items():
        row = strip(item)
        if not isinstance(row, dict):
            clash = Text("地方 {p} 没有写成键值表。", "Place {p} is not written as a mapping.").fill(p=code)
            faults.append(_fault(path.name, item.line, clash, _A_PLACE))
            continue
        _unknown_keys(item, {"name", "above", "invented"}, path.name, faults)
        name = row.get("name")
        name = name if isinstance(name, dict) else {}
        above = None if row.get("above") is None else str(row["above"])
        if code in places and places[code].above != above:
            faults.append(_moved(path.name, item.line, code, places[code].above, above))
            continue
        places[code] = Place(code, Text(str(name.get("zh", code)), str(name.get("en", code))), above, bool(row.get("invented")))


def _moved(file: str, line: int, code: str, old: str | None, new: str | None) -> Fault:
    return Fault(
        "rules.place_moved",
        file,
        f"line {line}",
        Text("{p} 从 {a} 之下移到了 {b} 之下。", "{p} was moved from under {a} to under {b}.").fill(
            p=code, a=old or "—", b=new or "—"
        ),
        Text(
            "已登记的地方不能移走，上级的规则会因此失效；另取代码。",
            "A registered place cannot be moved, as the rules above it would cease to count; take another code.",
        ),
    )


def _read_file(path: Path, root: Path, layer: int, faults: list[Fault]) -> list[RuleValue]:
    document, found = read_yaml(path)
    faults += found
    if document is None:
        return []
    file = path.relative_to(root).as_posix()
    if not isinstance(document.value, dict) or "parameters" not in document.value:
        faults.append(
            _fault(
                file,
                document.line,
                Text("最上层缺少 parameters。", "The top level lacks 'parameters'."),
                Text("按 docs 的例子书写。", "Write it as in the docs."),
            )
        )
        return []
    _unknown_keys(document, _FILE_KEYS, file, faults)
    place = path.relative_to(root).parts[0]
    sha = hashlib.sha256(path.read_bytes()).hexdigest()
    out: list[RuleValue] = []
    for item in _listed(document.value["parameters"], "parameters", file, faults):
        out += _read_parameter(item, place, file, sha, layer, faults)
    return out


def _listed(item: Line, key: str, file: str, faults: list[Fault]) -> list[Line]:
    """Return the entries of a list, or none with a fault when it is something else."""
    if isinstance(item.value, list):
        return item.value
    clash = Text("{k} 应是列表。", "{k} should be a list.").fill(k=key)
    faults.append(_fault(file, item.line, clash, Text("每个条目以“- ”开头。", "Begin each entry with '- '.")))
    return []


def _read_parameter(item: Line, place: str, file: str, sha: str, layer: int, faults: list[Fault]) -> list[RuleValue]:
    if not isinstance(item.value, dict):
        faults.append(
            _fault(
                file,
                item.line,
                Text("这里应是一个参数。", "A parameter was expected here."),
                Text("写成带 key 的条目。", "Write it as an entry with 'key'."),
            )
        )
        return []
    _unknown_keys(item, _PARAMETER_KEYS, file, faults)
    row = strip(item)
    name = row.get("name") or {}
    missing = [k for k in ("key", "unit", "kind", "values") if row.get(k) in (None, "")]
    if not isinstance(name, dict) or not (name.get("zh") and name.get("en")):
        missing.append("name.zh/name.en")
    if missing:
        faults.append(
            _fault(
                file,
                item.line,
                Text("参数缺少 {m}。", "The parameter lacks {m}.").fill(m=", ".join(missing)),
                Text("补齐这些键。", "Add these keys."),
            )
        )
        return []
    if not isinstance(row["kind"], str) or row["kind"] not in _KINDS:
        faults.append(
            _fault(
                file,
                item.value["kind"].line,
                Text("kind 是 {k}。", "kind is {k}.").fill(k=row["kind"]),
                Text("只能是 number、table、text、list。", "It must be number, table, text or list."),
            )
        )
        return []
    head = {
        "key": str(row["key"]),
        "name": Text(str(name["zh"]), str(name["en"])),
        "unit": str(row["unit"]),
        "kind": row["kind"],
        "place": place,
        "file": file,
        "sha256": sha,
        "layer": layer,
    }
    made = (_read_value(v, head, faults) for v in _listed(item.value["values"], "values", file, faults))
    return [v for v in made if v is not None]


def _read_value(item: Line, head: dict[str, Any], faults: list[Fault]) -> RuleValue | None:
    file, key = head["file"], head["key"]
    _unknown_keys(item, _VALUE_KEYS, file, faults)
    row = strip(item)
    if not isinstance(row, dict):
        clash = Text("{k} 的值应带 value。", "A value of {k} should be an entry with 'value'.").fill(k=key)
        faults.append(_fault(file, item.line, clash, Text("写成 {value: …, document: …}。", "Write {value: …, document: …}.")))
        return None
    wrong: list[Text] = []
    if row.get("value") is None:
        wrong.append(Text("缺少 value", "value is missing"))
    if str(row.get("confidence")) not in MARKS:
        wrong.append(Text("confidence 是 {c}", "confidence is {c}").fill(c=row.get("confidence")))
    if not row.get("document") and row.get("confidence") != "D":  # a design choice of its own rests on no document
        wrong.append(Text("缺少出处 document", "the source (document) is missing"))
    start, end = row.get("from", _LONG_AGO), row.get("to")
    recorded, checked = row.get("recorded", _LONG_AGO), row.get("last_checked")
    for label, day in (("from", start), ("to", end), ("recorded", recorded), ("last_checked", checked)):
        if day is not None and not isinstance(day, date):
            wrong.append(Text("{l} 不是日期：{d}", "{l} is not a date: {d}").fill(l=label, d=day))
    if isinstance(start, date) and isinstance(end, date) and end < start:
        wrong.append(Text("to {e} 早于 from {s}", "to {e} lies before from {s}").fill(e=end, s=start))
    wrong += _wrong_value(row, head["kind"])
    if wrong:
        for text in wrong:
            faults.append(
                _fault(
                    file,
                    item.line,
                    Text("{k}：{t}。", "{k}: {t}.").fill(k=key, t=text),
                    Text("对照文件改正这一行。", "Mend this entry against its document."),
                )
            )
        return None
    low, high = _bounds(row, head["kind"])
    return RuleValue(
        **head,
        value=row["value"],
        low=low,
        high=high,
        valid_from=start,
        valid_to=end + timedelta(days=1) if end and end < date.max else None,  # 9999-12-31 is written for “open”
        recorded=recorded,
        document=str(row.get("document") or ""),
        article=str(row.get("article") or ""),
        confidence=row["confidence"],
        last_checked=checked,
        note=str(row.get("note") or ""),
        line=item.line,
    )


def _wrong_value(row: Mapping[str, Any], kind: str) -> list[Text]:
    value = row.get("value")
    if value is None:
        return []
    if kind == "number" and not isinstance(value, Decimal):
        return [Text("value 应是数，却是 {v}", "value should be a number, but is {v}").fill(v=value)]
    if kind == "table" and not (isinstance(value, dict) and all(isinstance(x, Decimal) for x in value.values())):
        return [Text("value 应是“代码: 数”的表", "value should be a table of code: number")]
    if kind == "list" and not isinstance(value, list):
        return [Text("value 应是列表", "value should be a list")]
    return _wrong_range(row, kind)


def _wrong_range(row: Mapping[str, Any], kind: str) -> list[Text]:
    """Return what is wrong with low, high and spread: each value must lie between its ends."""
    if kind not in ("number", "table"):
        return []
    spread = row.get("spread", Decimal(0))
    if not isinstance(spread, Decimal) or any(not _is_end(row[k], kind) for k in ("low", "high") if k in row):
        if kind == "number":
            return [Text("low、high、spread 应是数", "low, high and spread should be numbers")]
        return [Text("low、high 应是“代码: 数”的表，spread 应是数", "low, high should be tables of code: number, spread a number")]
    if spread < 0:
        return [Text("spread {s} 为负", "spread {s} is negative").fill(s=spread)]
    low, high = _bounds(row, kind)
    if kind == "number":
        return _outside("", row["value"], low, high)
    wrong = [t for code, x in row["value"].items() for t in _outside(f"{code}: ", x, low[code], high[code])]
    for end in ("low", "high"):
        extra = [str(code) for code in row.get(end, {}) if code not in row["value"]]
        if extra:
            wrong.append(
                Text("{e} 中的 {c} 在 value 中没有", "{e} has {c}, which value has not").fill(e=end, c=", ".join(extra[:8]))
            )
    return wrong


def _is_end(end: Any, kind: str) -> bool:
    if kind == "table":
        return isinstance(end, dict) and all(isinstance(x, Decimal) for x in end.values())
    return isinstance(end, Decimal)


def _outside(code: str, value: Decimal, low: Decimal, high: Decimal) -> list[Text]:
    if low <= value <= high:
        return []
    clash = Text("{c}值 {v} 不在 {a} 与 {b} 之间", "{c}value {v} does not lie between {a} and {b}")
    return [clash.fill(c=code, v=value, a=low, b=high)]


def _bounds(row: Mapping[str, Any], kind: str) -> tuple[Any, Any]:
    """Return low and high: as given, or value ± spread (relative), or the value itself."""
    value, spread = row["value"], row.get("spread", Decimal(0))
    if kind == "number":
        return (row.get("low", value - abs(value) * spread), row.get("high", value + abs(value) * spread))
    if kind == "table":
        low = {k: row.get("low", {}).get(k, x - abs(x) * spread) for k, x in value.items()}
        high = {k: row.get("high", {}).get(k, x + abs(x) * spread) for k, x in value.items()}
        return low, high
    return value, value


def _unknown_keys(item: Line, known: Iterable[str], file: str, faults: list[Fault]) -> None:
    if not isinstance(item.value, dict):
        return
    for key, value in item.value.items():
        if key not in known:
            near = next(iter(difflib.get_close_matches(key, list(known), 1)), "")
            faults.append(
                Fault(
                    "rules.unknown_key",
                    file,
                    f"line {value.line}",
                    Text("不认识的键 {k}。", "Unknown key {k}.").fill(k=key),
                    Text("最相近的键是 {n}；可用：{all}。", "The nearest known key is {n}; known: {all}.").fill(
                        n=near or "—", all=", ".join(sorted(known))
                    ),
                )
            )


def _overlaps(values: list[RuleValue]) -> list[Fault]:
    """Return a fault for two values of one key, place and recording day that hold on the same day."""
    groups: dict[tuple[str, str, date, int], list[RuleValue]] = {}
    for v in values:
        groups.setdefault((v.key, v.place, v.recorded, v.layer), []).append(v)
    out = []
    for found in groups.values():
        reach: RuleValue | None = None
        for v in sorted(found, key=lambda v: (v.valid_from, v.valid_to or date.max)):
            if reach is not None and (reach.valid_to is None or reach.valid_to > v.valid_from):
                out.append(_overlap(reach, v))
            if reach is None or (reach.valid_to is not None and (v.valid_to is None or v.valid_to > reach.valid_to)):
                reach = v
    return out


def _overlap(a: RuleValue, b: RuleValue) -> Fault:
    return Fault(
        "rules.overlap",
        b.file,
        f"line {b.line}",
        Text(
            "{k} 有两个值同时有效：{a}（{fa}:{la}）与 {b}，从 {d} 起。",
            "{k} has two values at once: {a} ({fa}:{la}) and {b}, from {d}.",
        ).fill(k=b.key, a=a.value, fa=a.file, la=a.line, b=b.value, d=b.valid_from),
        Text(
            "给较早的值写上 to，或给更正的值写上 recorded。",
            "Give the earlier value a 'to', or the correction a 'recorded' day.",
        ),
    )


def _fault(file: str, line: int, clash: Text, remedy: Text) -> Fault:
    return Fault("rules.invalid", file, f"line {line}", clash, remedy)


def _wrong_kind(v: RuleValue, kind: str) -> Fault:
    return Fault(
        "rules.kind",
        v.file,
        f"line {v.line}",
        Text("{k} 是 {a}，这里要 {b}。", "{k} is a {a}; a {b} is needed here.").fill(k=v.key, a=v.kind, b=kind),
        Text("更正规则文件里的 kind。", "Mend 'kind' in the rule file."),
    )
