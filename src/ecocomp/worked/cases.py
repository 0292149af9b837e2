"""Worked cases as data: read from YAML of any folder, run against the rules, compared value by value.

For whoever must be sure that the rules say what the paper says: the officer who encodes a document works a case by hand
and keeps it beside the rules. A file::

    matter: programmes                    # what the cases are about; any word
    cases:
      - id: gfg2-forest-first-year        # unique in the run
        what: {zh: 新一轮退耕还林第一年, en: "second round, forest, first year"}
        do: programme.owed                # an operation; `ecocomp rules test --operations` lists them
        place: CN                         # default CN
        on: 2016-06-01                    # the day the rules are asked for
        known: 2024-01-01                 # optional: as known on this day
        given: {...}                      # names of the operation
        expect: {...}                     # any of what it finds; or {faults: [code, ...]}
        source: 财农〔2014〕…              # where the figure or the rule stands
        confidence: v                     # mark of that source
        by_hand: "500 × 2.5 = 1250"       # how the expected value was worked out
        printed: {amount: 1250}           # optional: what a paper prints, where it differs from what its own rule gives

Whole numbers, decimals and texts must be equal exactly. A float or a fraction that decimals cannot hold must round to
the digits the case prints. A case whose `printed` differs from what is found is told as a disagreement, never bent.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from numbers import Integral
from pathlib import Path
from typing import Any

from ecocomp.rules import RuleBook
from ecocomp.rules.lines import Line, read_yaml, strip
from ecocomp.terms.confidence import MARKS
from ecocomp.terms.faults import Fault, FaultsError, UsageError
from ecocomp.terms.text import Text
from ecocomp.worked.operation import Operation, Setting, operations

_FILE_KEYS = ("matter", "cases", "note")
_CASE_KEYS = (
    "id", "what", "do", "place", "on", "known", "given", "expect", "source", "confidence", "by_hand", "printed", "note",
)  # fmt: skip
_NEEDED = ("id", "what", "do", "on", "expect", "source", "confidence", "by_hand")
_ALWAYS = date(9999, 1, 1)


@dataclass(frozen=True, slots=True)
class Case:
    """One worked case with the file and line it stands in."""

    id: str
    matter: str
    what: Text
    do: str
    place: str
    on: date
    known: date
    given: Mapping[str, Any]
    expect: Mapping[str, Any]
    printed: Mapping[str, Any]
    source: str
    confidence: str
    by_hand: str
    file: Path
    line: int


@dataclass(frozen=True, slots=True)
class Difference:
    """Where what was found is not what was expected."""

    at: str
    expected: Any
    found: Any


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a case.

    state         ``passed``, ``failed`` or ``stopped`` (the operation could not be done)
    differences   every place where the values differ
    disagreements places where what was found differs from what a paper prints
    faults        what stopped it
    used          keys of the parameters it read
    """

    case: Case
    state: str
    found: Mapping[str, Any]
    differences: tuple[Difference, ...] = ()
    disagreements: tuple[Difference, ...] = ()
    faults: tuple[Fault, ...] = ()
    used: tuple[str, ...] = ()


# ---------------------------------------------------------------- reading
def shipped() -> list[Path]:
    """Return the case files that ship beside the rules."""
    from ecocomp.rules import policy_folder

    return sorted(policy_folder().glob("*/*/cases/*.yaml"))


def case_files(path: Path) -> list[Path]:
    """Return the case files of a path: the file itself, or every YAML file below a folder that holds `cases`."""
    if not path.exists():
        raise UsageError(Text("没有 {p}。", "There is no {p}.").fill(p=path))
    if path.is_file():
        return [path]
    found = sorted(p for p in path.rglob("*") if p.suffix in (".yaml", ".yml") and p.is_file() and _holds_cases(p))
    if not found:
        raise UsageError(
            Text("{p} 下没有案例文件（含 cases 的 YAML）。", "No case file (YAML with `cases`) below {p}.").fill(p=path)
        )
    return found


def _holds_cases(path: Path) -> bool:
    with path.open("rb") as file:
        return any(line.startswith(b"cases:") for line in file)


def read_cases(paths: Iterable[Path]) -> tuple[list[Case], list[Fault]]:
    """Return the cases of the files with every fault of their shape; a case with a fault is left out."""
    cases: list[Case] = []
    faults: list[Fault] = []
    seen: dict[str, Case] = {}
    for path in paths:
        for case in _read_file(path, faults):
            twin = seen.setdefault(case.id, case)
            if twin is not case:
                faults.append(
                    _fault(
                        path,
                        case.line,
                        Text("案例编码 {i} 已在 {f} 第 {n} 行用过。", "Case id {i} is used already in {f}, line {n}.").fill(
                            i=case.id, f=twin.file.name, n=twin.line
                        ),
                        Text("另取一个编码。", "Give it another id."),
                    )
                )
                continue
            cases.append(case)
    return cases, faults


def _read_file(path: Path, faults: list[Fault]) -> Iterator[Case]:
    document, found = read_yaml(path)
    faults += found
    if document is None:
        return
    if not isinstance(document.value, dict) or not isinstance(getattr(document.value.get("cases"), "value", None), list):
        faults.append(
            _fault(
                path,
                document.line,
                Text("最上层没有 cases 列表。", "The top level has no list `cases`."),
                Text("写上 matter 和 cases。", "Write `matter` and `cases`."),
            )
        )
        return
    faults += _strangers(document, _FILE_KEYS, path)
    matter = document.value.get("matter")
    name = str(matter.value) if isinstance(matter, Line) and matter.value else path.stem
    for item in document.value["cases"].value:
        wrong = _case_faults(item, path)
        faults += wrong
        if not wrong:
            yield _case(item, name, path)


def _strangers(item: Line, known: tuple[str, ...], path: Path) -> list[Fault]:
    return [
        _fault(
            path,
            value.line if isinstance(value, Line) else item.line,
            Text("不认识的键 {k}。", "Unknown key {k}.").fill(k=key),
            Text("最相近的是 {n}；可用：{all}。", "The nearest is {n}; known: {all}.").fill(
                n=next(iter(difflib.get_close_matches(key, known, 1)), "—"), all=", ".join(known)
            ),
        )
        for key, value in item.value.items()
        if key not in known
    ]


def _case_faults(item: Line, path: Path) -> list[Fault]:
    if not isinstance(item.value, dict):
        clash = Text("案例不是键值表。", "The case is not a table of keys.")
        return [_fault(path, item.line, clash, Text("按样式书写。", "Write it in the form of the others."))]
    out = _strangers(item, _CASE_KEYS, path)
    data = strip(item)
    for key in _NEEDED:
        if data.get(key) in (None, "", {}):
            out.append(
                _fault(
                    path, item.line, Text("缺少 {k}。", "{k} is missing.").fill(k=key), Text("写上 {k}。", "Write {k}.").fill(k=key)
                )
            )
    for key, kind, zh, en in (
        ("given", dict, "应为键值表", "must be a table"),
        ("expect", dict, "应为键值表", "must be a table"),
        ("printed", dict, "应为键值表", "must be a table"),
        ("on", date, "应为日期，如 2016-06-01", "must be a day such as 2016-06-01"),
        ("known", date, "应为日期，如 2016-06-01", "must be a day such as 2016-06-01"),
    ):
        if data.get(key) not in (None, "") and not isinstance(data[key], kind):
            clash = Text("{k} 是 {v}，{w}。", "{k} is {v}; it {w}.").fill(k=key, v=data[key], w=Text(zh, en))
            out.append(_fault(path, item.line, clash, Text("更正它。", "Mend it.")))
    if data.get("confidence") and data["confidence"] not in MARKS:
        clash = Text("可信标记 {m} 不认识。", "Confidence mark {m} is not known.").fill(m=data["confidence"])
        out.append(_fault(path, item.line, clash, Text("可用：{a}。", "Known: {a}.").fill(a=", ".join(MARKS))))
    return out + _operation_faults(data, item, path)


def _operation_faults(data: Mapping[str, Any], item: Line, path: Path) -> list[Fault]:
    """Return a fault for an operation that does not exist, a name it does not take, and one it needs."""
    known = operations()
    if not data.get("do"):
        return []
    op = known.get(str(data["do"]))
    if op is None:
        near = ", ".join(difflib.get_close_matches(str(data["do"]), known, 3, 0.4)) or ", ".join(known)
        clash = Text("没有操作 {d}。", "There is no operation {d}.").fill(d=data["do"])
        return [_fault(path, item.line, clash, Text("相近的：{n}。", "Nearest: {n}.").fill(n=near))]
    given = data.get("given") or {}
    if not isinstance(given, Mapping):
        return []
    return [*_name_faults(given, op.given, "given", item, path), *_found_faults(data, op, item, path)]


def _found_faults(data: Mapping[str, Any], op: Operation, item: Line, path: Path) -> list[Fault]:
    wanted = {k for part in ("expect", "printed") if isinstance(data.get(part), Mapping) for k in data[part]} - {"faults"}
    stray = sorted(k for k in wanted if "*" not in op.found and k not in op.found)
    return [
        _fault(
            path,
            item.line,
            Text("{d} 的结果里没有 {k}。", "{d} finds no {k}.").fill(d=op.id, k=key),
            Text("它给出：{all}。", "It finds: {all}.").fill(all=", ".join(op.found)),
        )
        for key in stray
    ]


def _name_faults(given: Mapping[str, Any], known: Mapping[str, Text], what: str, item: Line, path: Path) -> list[Fault]:
    names = {k.rstrip("?"): k for k in known}
    out = [
        _fault(
            path,
            item.line,
            Text("{w} 中的 {k} 不认识。", "{k} in {w} is not known.").fill(w=what, k=key),
            Text("可用：{all}。", "Known: {all}.").fill(all=", ".join(known)),
        )
        for key in given
        if key not in names and "*" not in names
    ]
    missing = [n for n, k in names.items() if not k.endswith("?") and n != "*" and n not in given]
    out += [
        _fault(
            path,
            item.line,
            Text("{w} 缺少 {k}（{m}）。", "{w} lacks {k} ({m}).").fill(w=what, k=key, m=known[names[key]]),
            Text("写上它。", "Write it."),
        )
        for key in missing
    ]
    return out


def _case(item: Line, matter: str, path: Path) -> Case:
    data = strip(item)
    what = data["what"]
    name = Text(str(what.get("zh", "")), str(what.get("en", ""))) if isinstance(what, dict) else Text(str(what), str(what))
    return Case(
        str(data["id"]), matter, name, str(data["do"]), str(data.get("place") or "CN"), data["on"], data.get("known") or _ALWAYS,
        data.get("given") or {}, data["expect"], data.get("printed") or {}, str(data["source"]), str(data["confidence"]),
        str(data["by_hand"]), path, item.line,
    )  # fmt: skip


def _fault(path: Path, line: int, clash: Text, remedy: Text) -> Fault:
    return Fault("worked.shape", path.name, f"line {line}", clash, remedy)


# ---------------------------------------------------------------- running
def run_case(case: Case, book: RuleBook) -> Outcome:
    """Run one case and compare; faults the operation tells are an outcome that a case may expect by their codes."""
    setting = Setting(book, case.place, case.on, case.known, case.file.parent)
    expected_codes = case.expect.get("faults")
    try:
        found: Mapping[str, Any] = operations()[case.do].run(case.given, setting)
        stopped: tuple[Fault, ...] = ()
    except FaultsError as stop:
        found, stopped = {"faults": sorted({f.code for f in stop.faults})}, stop.faults
    except UsageError as stop:
        found, stopped = (
            {"faults": ["usage"]},
            (Fault("usage", case.do, case.id, stop.message, Text("更正案例。", "Mend the case.")),),
        )
    used = tuple(sorted(setting.params.used)) if "params" in setting.__dict__ else ()
    if stopped and expected_codes is None:
        return Outcome(case, "stopped", found, faults=stopped, used=used)
    wanted = dict(case.expect)
    if expected_codes is not None:
        codes = expected_codes if isinstance(expected_codes, list) else [expected_codes]
        wanted["faults"] = sorted({str(c) for c in codes})
        found = {"faults": [], **found}
    differences = tuple(compare(wanted, found))
    disagreements = () if stopped else tuple(compare(case.printed, found))
    return Outcome(case, "failed" if differences else "passed", found, differences, disagreements, stopped, used)


def run_cases(cases: Iterable[Case], book: RuleBook) -> list[Outcome]:
    """Run every case, in order."""
    return [run_case(c, book) for c in cases]


_NOTHING = object()


def compare(expected: Any, found: Any, at: str = "") -> Iterator[Difference]:
    """Yield every place where `found` is not what is expected; a table may hold more than is expected of it."""
    if isinstance(expected, Mapping) and isinstance(found, Mapping):
        keys = {str(k): k for k in found}
        for key, value in expected.items():
            other = found[keys[str(key)]] if str(key) in keys else _NOTHING
            where = f"{at}.{key}" if at else str(key)
            if other is _NOTHING:
                yield Difference(where, value, None)
            else:
                yield from compare(value, other, where)
        return
    if isinstance(expected, list) and isinstance(found, list | tuple):
        if len(expected) != len(found):
            yield Difference(f"{at}[]", len(expected), len(found))
        for n, (a, b) in enumerate(zip(expected, found, strict=False)):
            yield from compare(a, b, f"{at}[{n}]")
        return
    if not _same(expected, found):
        yield Difference(at, expected, found)


def _same(expected: Any, found: Any) -> bool:
    if isinstance(expected, bool) or isinstance(found, bool) or expected is None or found is None:
        return expected is found or (expected == found and type(expected) is type(found))
    if isinstance(expected, Decimal):
        return _same_number(expected, found)
    if isinstance(expected, date) or isinstance(found, date):
        return str(expected) == str(found)
    return bool(str(expected) == str(found))


def _same_number(expected: Decimal, found: Any) -> bool:
    if isinstance(found, str):
        try:
            found = Decimal(found)
        except ArithmeticError:
            return False
    if isinstance(found, Integral | Decimal):
        return bool(Fraction(expected) == Fraction(found if isinstance(found, Decimal) else int(found)))
    if isinstance(found, Fraction):
        return found == Fraction(expected) or (not _terminates(found) and _rounds_to(expected, found))
    try:
        number = float(found)
    except (TypeError, ValueError):
        return False
    return number == number and abs(number) != float("inf") and _rounds_to(expected, Fraction(number))


def _terminates(number: Fraction) -> bool:
    rest = number.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    return rest == 1


def _rounds_to(expected: Decimal, number: Fraction) -> bool:
    """Return whether a number lies within half a unit of the last digit that is printed."""
    digits = expected.as_tuple().exponent
    half = Fraction(10) ** int(digits) / 2
    return abs(number - Fraction(expected)) <= half
