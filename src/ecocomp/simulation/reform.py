"""A reform: a small file of changed values, laid over the rules of a year that was run.

Two forms. The short one names keys and what becomes of them:

    name: {zh: 提高保护成本, en: Higher protection cost}
    changes:
      standard.value_cap: 900                       # the new value
      standard.protection_cost: "+10%"              # the whole table
      standard.value_share: {water: "*1.2", sand: 0.03}   # two rows of a table
      standard.eligible_groups: {add: ["5"]}        # a list: add, remove, or a new list
    envelopes:
      E-central: {granted_yuan: "-20%"}

A number may be a new value, ``"*1.1"``, ``"/2"``, ``"+10%"``, ``"-10%"``, ``"+= 30"`` or ``"-= 30"`` (in quotes). The long
form is a rule file as in `ecopolicy`, with `parameters`; a folder of rule files will do too. A key nobody knows is a
fault with the nearest one; a statutory floor is lowered only with `floors_note` (in a rule file: `note`) saying why.
"""

from __future__ import annotations

import difflib
import re
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from ecocomp.registry.folder import FOLDERS, FORMULA_FOLDERS, entries
from ecocomp.rules import Parameters, RuleBook, RuleValue, policy_folder
from ecocomp.rules.lines import Line, read_yaml, strip
from ecocomp.rules.overrides import override_faults
from ecocomp.terms.faults import Fault, FaultsError, raise_errors
from ecocomp.terms.text import Text, same

_KEYS = frozenset({"name", "changes", "envelopes", "floors_note", "note"})
_ENVELOPE_KEYS = frozenset({"granted_yuan", "priority", "carry_over", "earmark_zones", "earmark_ecosystems", "earmark_red_line"})
_LAND = ("services.", "zoning.", "monitoring.", "reserves.")
_OPERATION = re.compile(r"^(\*|/|\+=|-=)\s*([0-9]{1,18}(?:\.[0-9]{1,18})?)$|^([+-])\s*([0-9]{1,9}(?:\.[0-9]{1,9})?)\s*%$")
_ROW = re.compile(r"^([^\[\]]+)\[([^\[\]]+)\]$")


@dataclass(frozen=True)
class Reform:
    """A reform that has been read.

    values     rule values that stand over those of the year
    envelopes  envelope id → column → value or operation
    """

    id: str
    name: Text
    values: tuple[RuleValue, ...] = ()
    envelopes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    warnings: tuple[Fault, ...] = ()
    note: str = ""

    @property
    def keys(self) -> frozenset[str]:
        """Return the keys of the rules it changes."""
        return frozenset(v.key for v in self.values)


@dataclass(frozen=True)
class Ground:
    """What a reform is laid over: the rules of the bundle, the place and the days of the year that was run."""

    book: RuleBook
    place: str
    on: date
    known: date
    envelopes: tuple[str, ...] = ()

    @property
    def params(self) -> Parameters:
        """Return the parameters of the year as run."""
        return self.book.resolve(self.place, self.on, self.known)

    def with_values(self, values: Iterable[RuleValue]) -> Parameters:
        """Return the parameters with the values of a reform above them.

        A bundle holds the rules its year has read; a reform may need others (another rule of combining, say), which are
        then those that ship.
        """
        held = self.book.values()
        top = 1 + max((v.layer for v in held), default=0)
        over = [replace(v, layer=top) for v in values]
        have, chain = set(self.book.keys), set(self.book.chain(self.place))
        under = [replace(v, layer=-1) for v in _policy().values() if v.key not in have and v.place in chain]
        return RuleBook([*under, *held, *over], self.book.places).resolve(self.place, self.on, self.known)


def read_reform(path: Path, ground: Ground) -> Reform:
    """Return the reform of a file or folder; raises `FaultsError` with everything that is wrong with it."""
    if path.is_dir():
        return _judged(_from_rules(path, path.name, ground), ground, "")
    if not path.is_file():
        said = Text("没有文件 {p}。", "There is no file {p}.").fill(p=path)
        raise FaultsError([Fault("reform.no_file", str(path), "", said, Text("核对路径。", "Check the path."))])
    document, faults = read_yaml(path)
    if document is None or not isinstance(document.value, dict):
        faults = [*_unquoted(path), *faults]
        shape = Text("最上层应有 changes、envelopes 或 parameters。", "The top level should hold changes, envelopes or parameters.")
        remedy = Text("按文档的例子书写。", "Write it as in the docs.")
        raise FaultsError(faults or [Fault("reform.shape", path.name, "line 1", shape, remedy)])
    if "parameters" in document.value:
        raise_errors(faults)
        with tempfile.TemporaryDirectory(prefix="ecocomp-") as folder:
            place = Path(folder) / ground.place / "reform"
            place.mkdir(parents=True)
            shutil.copyfile(path, place / f"{path.stem}.yaml")
            return _judged(_from_rules(Path(folder), path.stem, ground), ground, "")
    faults += _unknown(document.value, _KEYS, path.name)
    row = strip(document)
    lines = _lines(document)
    reader = _Reader(path.name, ground, lines, faults)
    values = reader.changes(row.get("changes", {}))
    envelopes = reader.envelopes(row.get("envelopes", {}))
    if not values and not envelopes and not faults:
        said = Text("没有改动任何值。", "It changes nothing.")
        faults.append(
            Fault("reform.empty", path.name, "", said, Text("写上 changes 或 envelopes。", "Write changes or envelopes."))
        )
    name = row.get("name")
    raise_errors(faults)
    title = (
        Text(str(name.get("zh", path.stem)), str(name.get("en", path.stem)))
        if isinstance(name, dict)
        else same(str(name or path.stem))
    )
    made = Reform(path.stem, title, tuple(values), envelopes, note=str(row.get("note") or ""))
    return _judged(made, ground, str(row.get("floors_note") or ""))


def reform_of(settings: Sequence[str], ground: Ground, id: str = "set") -> Reform:
    """Return the reform of settings on the command line: ``key=value`` or ``key[row]=value``."""
    changes: dict[str, Any] = {}
    faults: list[Fault] = []
    for text in settings:
        key, eq, value = text.partition("=")
        key, value = key.strip(), value.strip()
        if not eq or not key or not value:
            said = Text("“{t}”不是改动。", "“{t}” is no change.").fill(t=text)
            faults.append(
                Fault(
                    "reform.setting", "--set", text, said, Text("写成 键=值 或 键[行]=值。", "Write KEY=VALUE or KEY[ROW]=VALUE.")
                )
            )
            continue
        found = _ROW.match(key)
        given = _plain(value)
        if found:
            rows = changes.setdefault(found[1].strip(), {})
            if isinstance(rows, dict):
                rows[found[2].strip()] = given
        else:
            changes[key] = given
    reader = _Reader("--set", ground, {}, faults)
    values = reader.changes(changes)
    raise_errors(faults)
    return _judged(Reform(id, same("; ".join(settings)), tuple(values)), ground, "")


def together(reforms: Sequence[Reform]) -> Reform:
    """Return all reforms laid one over the other, later ones above; a key in two of them is a fault."""
    owner: dict[str, str] = {}
    faults = []
    for r in reforms:
        for key in [*sorted(r.keys), *(f"envelopes.{e}" for e in r.envelopes)]:
            if key in owner:
                said = Text("{k} 在 {a} 与 {b} 中都改。", "{k} is changed by {a} and by {b}.").fill(k=key, a=owner[key], b=r.id)
                faults.append(Fault("reform.twice", r.id, key, said, Text("只在一处改。", "Change it in one of them.")))
            owner[key] = r.id
    raise_errors(faults)
    values = tuple(v for r in reforms for v in r.values)
    envelopes = {e: c for r in reforms for e, c in r.envelopes.items()}
    warnings = tuple(w for r in reforms for w in r.warnings)
    name = Text(" + ".join(r.name.zh for r in reforms), " + ".join(r.name.en for r in reforms))
    return Reform("+".join(r.id for r in reforms), name, values, envelopes, warnings)


# ---------------------------------------------------------------- reading
class _Reader:
    """Reads changes and envelopes; what is wrong becomes a fault with file and line."""

    def __init__(self, where: str, ground: Ground, lines: Mapping[str, int], faults: list[Fault]) -> None:
        self.where, self.ground, self.lines, self.faults = where, ground, lines, faults

    def fault(self, code: str, key: str, clash: Text, remedy: Text) -> None:
        line = self.lines.get(key)
        self.faults.append(Fault(f"reform.{code}", self.where, f"line {line} {key}" if line else key, clash, remedy))

    def changes(self, given: Any) -> list[RuleValue]:
        """Return the changed values."""
        if not isinstance(given, dict):
            self.fault(
                "shape",
                "changes",
                Text("changes 应是“键: 值”。", "changes should be 'key: value'."),
                Text("按文档的例子书写。", "Write it as in the docs."),
            )
            return []
        made = (self._change(str(key), value) for key, value in given.items())
        return [v for v in made if v is not None]

    def _change(self, key: str, given: Any) -> RuleValue | None:
        if key.startswith(_LAND):
            self.fault(
                "land_half",
                key,
                Text(
                    "{k} 在评估和分区时用，不在钱的一半里，这里算不出它的作用。",
                    "{k} is used where land is assessed and zoned; its effect cannot be computed from the tables.",
                ).fill(k=key),
                Text(
                    "放进案例的规则目录，用 ecocomp run 重新运行。",
                    "Put it into a rule folder of the case and run it again with ecocomp run.",
                ),
            )
            return None
        old = self.ground.book.find(key, self.ground.book.chain(self.ground.place), self.ground.on, self.ground.known)
        template = old or _shipped(key)
        if template is None:
            self._unknown_key(key)
            return None
        try:
            value = _changed(template, given, old is not None)
        except _Wrong as wrong:
            self.fault("value", key, wrong.clash, wrong.remedy)
            return None
        low, high = _ends(template, value)
        year = self.ground.on.year
        return replace(
            template,
            value=value,
            low=low,
            high=high,
            place=self.ground.place,
            valid_from=date(year, 1, 1),
            valid_to=date(year + 1, 1, 1),
            recorded=date(1900, 1, 1),
            document=self.where,
            article="",
            confidence="S",
            last_checked=None,
            note="",
            file=self.where,
            line=self.lines.get(key, 1),
            sha256="",
            layer=0,
        )

    def _unknown_key(self, key: str) -> None:
        known = sorted({*self.ground.book.keys, *_shipped_keys(), *_declared()})
        near = next(iter(difflib.get_close_matches(key, known, 1)), "—")
        if key in _declared():
            self.fault(
                "no_value",
                key,
                Text("{k} 在这里没有值，不知道它的单位和类型。", "{k} has no value here, so its unit and kind are not known.").fill(
                    k=key
                ),
                Text("用规则文件的形式（parameters）写全它。", "Write it in full, in the form of a rule file (parameters)."),
            )
            return
        self.fault(
            "unknown_key",
            key,
            Text("没有方法读取 {k}。", "Nothing reads {k}.").fill(k=key),
            Text("更正键名，最相近的是 {n}；或删去它。", "Mend the key, the nearest is {n}; or delete it.").fill(n=near),
        )

    def envelopes(self, given: Any) -> dict[str, dict[str, Any]]:
        """Return the changed envelopes."""
        if not isinstance(given, dict) or not all(isinstance(v, dict) for v in given.values()):
            self.fault(
                "shape",
                "envelopes",
                Text("envelopes 应是“编码: {列: 值}”。", "envelopes should be 'id: {column: value}'."),
                Text("按文档的例子书写。", "Write it as in the docs."),
            )
            return {}
        for id, columns in given.items():
            if id not in self.ground.envelopes:
                near = next(iter(difflib.get_close_matches(str(id), self.ground.envelopes, 1)), "—")
                clash = Text("本年没有资金包 {e}；有：{h}。", "The year has no envelope {e}; it has: {h}.").fill(
                    e=id, h=", ".join(self.ground.envelopes)
                )
                self.fault(
                    "envelope", str(id), clash, Text("更正编码，最相近的是 {n}。", "Mend the id, the nearest is {n}.").fill(n=near)
                )
            for column, value in columns.items():
                self._envelope(str(id), str(column), value)
        return {str(i): dict(c) for i, c in given.items()}

    def _envelope(self, id: str, column: str, value: Any) -> None:
        if column not in _ENVELOPE_KEYS:
            near = next(iter(difflib.get_close_matches(column, sorted(_ENVELOPE_KEYS), 1)), "—")
            clash = Text("不认识的列 {c}。", "Unknown column {c}.").fill(c=column)
            self.fault(
                "unknown_key",
                id,
                clash,
                Text("最相近的是 {n}；可用：{a}。", "The nearest is {n}; known: {a}.").fill(
                    n=near, a=", ".join(sorted(_ENVELOPE_KEYS))
                ),
            )
            return
        good = {
            "granted_yuan": lambda: (
                (isinstance(value, Decimal) and 0 <= value <= 10**14) or (isinstance(value, str) and _changes_money(value))
            ),
            "priority": lambda: isinstance(value, Decimal) and value == int(value) and 0 <= value < 10**6,
            "carry_over": lambda: isinstance(value, bool),
            "earmark_red_line": lambda: isinstance(value, bool),
        }.get(column, lambda: isinstance(value, str | list))()
        if not good:
            clash = Text("{c} 是 {v}。", "{c} is {v}.").fill(c=column, v=str(value)[:60])
            remedy = Text(
                "金额写元数或“+10%”“*1.1”，其余按资金包登记表。",
                'Write yuan, or "+10%", "*1.1"; the rest as in the envelope register.',
            )
            self.fault("value", id, clash, remedy)


def _changes_money(text: str) -> bool:
    """Return whether a text is a change of a sum: one that takes away no more than all and divides by no zero."""
    found = _OPERATION.match(text)
    if found is None:
        return False
    amount = Decimal(found[2] or found[4])
    return not (found[1] == "/" and not amount) and not (found[3] == "-" and amount > 100)


class _Wrong(Exception):
    """A value that cannot stand where it stands."""

    def __init__(self, clash: Text, remedy: Text) -> None:
        super().__init__(clash.en)
        self.clash, self.remedy = clash, remedy


def _changed(old: RuleValue, given: Any, held: bool) -> Any:
    """Return the value after a change of the kind the key has."""
    if old.kind == "number":
        return apply_change(old.value if held else None, given, old.key)
    if old.kind == "table":
        if not isinstance(given, dict):
            if isinstance(given, str) and _OPERATION.match(given) and held:
                return {k: apply_change(v, given, old.key) for k, v in old.value.items()}
            raise _Wrong(
                Text("它是一张表。", "It is a table."),
                Text("写 {行: 值}，或对整张表写“*1.1”。", 'Write {row: value}, or "*1.1" for all rows.'),
            )
        base = dict(old.value) if held else {}
        new = [k for k in given if str(k) not in base and isinstance(given[k], str)]
        if new:
            have = ", ".join(base) or "—"
            raise _Wrong(
                Text("表中没有行 {r}；有：{h}。", "The table has no row {r}; it has: {h}.").fill(
                    r=", ".join(map(str, new)), h=have
                ),
                Text("更正行名；新行写数。", "Mend the row; write a number for a new one."),
            )
        return base | {str(k): apply_change(base.get(str(k)), v, old.key) for k, v in given.items()}
    if old.kind == "text":
        if not isinstance(given, str):
            raise _Wrong(
                Text("它是一段文字，给的是 {v}。", "It is a text, given is {v}.").fill(v=given),
                Text("写文字；像数的文字加引号。", "Write a text; put one that looks like a number in quotes."),
            )
        return given
    return _changed_list(list(old.value) if held else [], given)


def _changed_list(base: list[Any], given: Any) -> list[Any]:
    if isinstance(given, list):
        return given
    if (
        not isinstance(given, dict)
        or not set(given) <= {"add", "remove"}
        or not given
        or not all(isinstance(v, list) for v in given.values())
    ):
        raise _Wrong(
            Text("它是一个列表。", "It is a list."),
            Text("写新的列表，或 {add: […], remove: […]}。", "Write a new list, or {add: […], remove: […]}."),
        )
    missing = [x for x in given.get("remove", []) if x not in base]
    if missing:
        raise _Wrong(
            Text("列表中没有 {m}。", "The list has no {m}.").fill(m=", ".join(map(str, missing))),
            Text("更正 remove。", "Mend remove."),
        )
    kept = [x for x in base if x not in given.get("remove", [])]
    return [*kept, *(x for x in given.get("add", []) if x not in kept)]


def apply_change(old: Decimal | None, given: Any, key: str = "") -> Decimal:
    """Return a number after a change: a new value, or an operation on the old one.

    >>> apply_change(Decimal(200), "+10%"), apply_change(Decimal(200), "*1.5"), apply_change(None, Decimal(7))
    (Decimal('220'), Decimal('300.0'), Decimal('7'))
    """
    if isinstance(given, Decimal):
        return given
    found = _OPERATION.match(given) if isinstance(given, str) else None
    if found is None:
        raise _Wrong(
            Text("“{v}”不是数，也不是改法。", "“{v}” is neither a number nor a change.").fill(v=given),
            Text(
                "写数，或“*1.1”“/2”“+10%”“-10%”“+= 30”“-= 30”。",
                'Write a number, or "*1.1", "/2", "+10%", "-10%", "+= 30", "-= 30".',
            ),
        )
    if old is None:
        raise _Wrong(Text("没有旧值可改。", "There is no old value to change."), Text("写新的数。", "Write the new number."))
    sign, amount = found[1] or found[3], Decimal(found[2] or found[4])
    if found[3]:
        return old + old * amount / 100 if sign == "+" else old - old * amount / 100
    if sign == "/":
        if not amount:
            raise _Wrong(Text("除数是零。", "It divides by zero."), Text("更正除数。", "Mend the divisor."))
        return old / amount
    return {"*": lambda: old * amount, "+=": lambda: old + amount, "-=": lambda: old - amount}[sign]()


def _ends(old: RuleValue, value: Any) -> tuple[Any, Any]:
    """Return low and high, as far around the new value as they were around the old one."""

    def around(end: Decimal, before: Decimal, now: Decimal) -> Decimal:
        return now if not before or end == before else now * end / before

    if old.kind == "number":
        low, high = around(old.low, old.value, value), around(old.high, old.value, value)
        return min(low, high, value), max(low, high, value)
    if old.kind == "table":
        ends = {k: [around(e[k], old.value[k], v) if k in old.value else v for e in (old.low, old.high)] for k, v in value.items()}
        return {k: min(*e, value[k]) for k, e in ends.items()}, {k: max(*e, value[k]) for k, e in ends.items()}
    return value, value


def _from_rules(folder: Path, id: str, ground: Ground) -> Reform:
    """Return the reform of rule files `<place>/<matter>/*.yaml`."""
    book, faults = RuleBook.read([folder])
    faults = [f for f in faults if f.code != "rules.invalid" or "places.yaml" not in f.remedy.en]
    values = book.values()
    chain = ground.book.chain(ground.place)
    for v in values:
        if v.place not in chain:
            said = Text("{p} 的规则在 {h} 不适用。", "Rules of {p} do not apply at {h}.").fill(p=v.place, h=" < ".join(chain))
            faults.append(Fault("reform.place", v.file, f"line {v.line}", said, Text("更正目录名。", "Mend the folder name.")))
        elif v.key.startswith(_LAND):
            said = Text(
                "{k} 在评估和分区时用，这里算不出它的作用。",
                "{k} is used where land is assessed and zoned; its effect cannot be computed from the tables.",
            ).fill(k=v.key)
            faults.append(
                Fault(
                    "reform.land_half",
                    v.file,
                    f"line {v.line}",
                    said,
                    Text("用 ecocomp run 重新运行案例。", "Run the case again with ecocomp run."),
                )
            )
        elif not v.holds(ground.on) or v.recorded > ground.known:
            said = Text(
                "{k} 的值在 {d} 不适用（或 {n} 还不知道）。", "The value of {k} does not hold on {d} (or was not known on {n})."
            ).fill(k=v.key, d=ground.on, n=ground.known)
            faults.append(
                Fault(
                    "reform.dates",
                    v.file,
                    f"line {v.line}",
                    said,
                    Text("更正 from、to 或 recorded。", "Mend from, to or recorded."),
                )
            )
    known = {*ground.book.keys, *_shipped_keys(), *_declared()}
    for v in values:
        if v.key not in known and not v.key.startswith(("standard.floor.",)):
            near = next(iter(difflib.get_close_matches(v.key, sorted(known), 1)), "—")
            said = Text("没有方法读取 {k}。", "Nothing reads {k}.").fill(k=v.key)
            faults.append(
                Fault(
                    "reform.unknown_key",
                    v.file,
                    f"line {v.line}",
                    said,
                    Text("最相近的是 {n}。", "The nearest is {n}.").fill(n=near),
                )
            )
    if not values and not faults:
        said = Text("没有规则文件。", "There are no rule files.")
        faults.append(
            Fault(
                "reform.empty",
                str(folder),
                "",
                said,
                Text("按 <地方>/<事项>/*.yaml 放置。", "Put them at <place>/<matter>/*.yaml."),
            )
        )
    raise_errors(faults)
    return Reform(id, same(id), tuple(values))


def _judged(reform: Reform, ground: Ground, floors_note: str) -> Reform:
    """Return the reform with its warnings; raises for what may not stand over the rules of the year (`rules.overrides`)."""
    params = ground.with_values(reform.values)
    files = {v.file for v in reform.values}
    noted = {(v.file, f"line {v.line}") for v in reform.values if v.note or floors_note}
    errors, warnings = [], list(reform.warnings)
    for fault in override_faults(params.book):
        if fault.where not in files or fault.code in ("rules.overridden", "rules.unread"):
            continue
        excused = fault.code == "rules.floor_lowered" and (fault.where, fault.record) in noted
        if fault.severity == "warning" or excused:
            warnings.append(replace(fault, severity="warning"))
        elif fault.code == "rules.floor_lowered":
            why = Text(
                "；确要模拟降低，写明 floors_note（规则文件中写 note）。",
                "; to simulate lowering it all the same, say why in floors_note (in a rule file: note).",
            )
            errors.append(replace(fault, remedy=Text(fault.remedy.zh.rstrip("。") + why.zh, fault.remedy.en.rstrip(".") + why.en)))
        else:
            errors.append(fault)
    raise_errors(errors)
    return replace(reform, warnings=tuple(warnings))


def _unquoted(path: Path) -> list[Fault]:
    """Return a fault for each ``*1.1`` without quotes, which YAML takes for something else."""
    text = path.read_text(encoding="utf-8", errors="replace")[:1_000_000]
    return [
        Fault(
            "reform.quotes",
            path.name,
            f"line {n}",
            Text("“{v}”没有加引号。", "“{v}” stands without quotes.").fill(v=found[1]),
            Text('写成 "{v}"。', 'Write "{v}".').fill(v=found[1]),
        )
        for n, line in enumerate(text.splitlines(), start=1)
        if (found := re.search(r"[:,{]\s*(\*\s*[0-9.]+)", line))
    ]


def _lines(document: Line) -> dict[str, int]:
    out: dict[str, int] = {}
    for part in ("changes", "envelopes"):
        held = document.value.get(part)
        if isinstance(held, Line):
            out[part] = held.line
            if isinstance(held.value, dict):
                out |= {str(k): v.line for k, v in held.value.items() if isinstance(v, Line)}
    return out


def _unknown(row: Mapping[str, Any], known: Iterable[str], where: str) -> list[Fault]:
    names = sorted(known)
    return [
        Fault(
            "reform.unknown_key",
            where,
            f"line {v.line}" if isinstance(v, Line) else str(k),
            Text("不认识的键 {k}。", "Unknown key {k}.").fill(k=k),
            Text("最相近的键是 {n}；可用：{a}。", "The nearest known key is {n}; known: {a}.").fill(
                n=next(iter(difflib.get_close_matches(str(k), [*names, "parameters"], 1)), "—"), a=", ".join([*names, "parameters"])
            ),
        )
        for k, v in row.items()
        if k not in names
    ]


def _plain(text: str) -> Any:
    """Return a value written on the command line: a number where it is one, a list in brackets, else text."""
    if text.startswith("[") and text.endswith("]"):
        return [x.strip().strip("\"'") for x in text[1:-1].split(",") if x.strip()]
    if re.fullmatch(r"-?[0-9]{1,18}(\.[0-9]{1,18})?", text):
        return Decimal(text)
    return text


@cache
def _policy() -> RuleBook:
    return RuleBook.read([policy_folder()])[0]


def _shipped_keys() -> tuple[str, ...]:
    return _policy().keys


def _shipped(key: str) -> RuleValue | None:
    """Return a value of a key that ships anywhere, as the pattern of its unit and kind."""
    found = _policy().values(key)
    return found[-1] if found else None


@cache
def _declared() -> frozenset[str]:
    """Return the keys that registered methods declare."""
    specs = (e.spec for folder in (*FOLDERS, *FORMULA_FOLDERS) for e in entries(folder).values())
    return frozenset(use.name for spec in specs for use in spec.parameters)
