"""Evaluate any registered entry on plain numbers, and write its formula with the numbers put in.

For people who check: an auditor with a printed table, a student, a villager's grandson. Nothing is read but the spec and
its `evaluate`; values come as text (``0.85``, ``1/3``, ``25,40,15``, ``1,3;1/3,1``) and every fault is told at once.
"""

from __future__ import annotations

import difflib
import inspect
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ecocomp.registry.folder import FOLDERS, FORMULA_FOLDERS, Entry, entries
from ecocomp.registry.spec import Argument
from ecocomp.terms.confidence import MARKS, UNVERIFIED
from ecocomp.terms.faults import Fault, FaultsError, UsageError
from ecocomp.terms.text import Text

MOST_NUMBERS = 100_000
"""Numbers one list or matrix may have."""
_SHOWN = 12
"""Numbers of a list shown in a formula."""
_TURN = str.maketrans(
    {"−": "-", "–": "-", "＝": "=", "，": ",", "；": ";", "．": ".", "　": " ", "\u00a0": " "}
    | {chr(0xFF10 + i): str(i) for i in range(10)}
)
_LETTER = "A-Za-zα-ωΑ-Ωεϑφ_₀-₉ₐ-ₜ'′"


@dataclass(frozen=True)
class Step:
    """One line of a formula: as written, with the numbers put in, and its result where the line yields an output."""

    formula: str
    numbers: str
    result: Any = None


@dataclass(frozen=True)
class Answer:
    """What came out.

    values  the arguments used, defaults included
    given   the names that were given
    outputs name → number, in the order of the spec
    steps   the formula line by line
    """

    entry: Entry
    values: dict[str, Any]
    given: tuple[str, ...]
    outputs: dict[str, Any]
    steps: tuple[Step, ...]

    @property
    def confidence(self) -> str:
        """The weakest mark of the references of the entry."""
        return weakest(self.entry)


def calculable() -> dict[str, Entry]:
    """Return every entry of every folder that can be evaluated, by id."""
    found: dict[str, Entry] = {}
    for folder in (*FOLDERS, *FORMULA_FOLDERS):
        for id, e in entries(folder).items():
            if e.evaluate is not None:
                if id in found:
                    raise TypeError(f"two entries are called {id!r}: {found[id].folder} and {folder}")
                found[id] = e
    return found


def registered() -> dict[str, Entry]:
    """Return every entry of every folder by id; where two folders share an id, the one that can be evaluated."""
    found: dict[str, Entry] = {}
    for folder in (*FOLDERS, *FORMULA_FOLDERS):
        for id, e in entries(folder).items():
            if id not in found or found[id].evaluate is None:
                found[id] = e
    return found


def find(id: str) -> Entry:
    """Return an entry by id, or say which are nearest."""
    known = registered()
    if id in known:
        return known[id]
    near = difflib.get_close_matches(id, known, 5, 0.4) or [k for k in known if id.split("_")[0] in k][:5]
    raise UsageError(
        Text(
            "没有编码为 {i} 的模型、因子、指数、定价方法或权重法。最相近：{n}。用 ecocomp list 查看全部。",
            "No model, factor, index, price or weighting is called {i}. Nearest: {n}. ecocomp list shows all.",
        ).fill(i=id, n=", ".join(near) or "—")
    )


def weakest(e: Entry) -> str:
    """Return the weakest confidence mark among the references of an entry."""
    order = [*(m for m in MARKS if m not in UNVERIFIED), *(m for m in MARKS if m in UNVERIFIED)]
    return max((r.confidence for r in e.spec.references), key=order.index, default="")


def calculate(id: str, given: Mapping[str, str | float | Sequence[Any]], where: str = "", record: str = "") -> Answer:
    """Evaluate the entry `id` on arguments given by name or by symbol, as text or as numbers.

    where, record  named in faults (a file and its row)

    Raises `UsageError` for an unknown id, `FaultsError` with every argument that is unknown, missing or impossible.
    """
    e = find(id)
    if e.evaluate is None or not e.spec.arguments:
        raise UsageError(
            Text(
                "{i} 只在整年运行中计算，没有按单个数计算的形式。",
                "{i} is computed within a run only; it has no form for plain numbers.",
            ).fill(i=id)
        )
    values, faults = _read(e, given, where or id, record)
    if faults:
        raise FaultsError(faults)
    try:
        found = e.evaluate(**values)
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise FaultsError([_impossible(where or id, record, error)]) from None
    outputs = {k: _plain(v) for k, v in found.items()}
    endless = sorted(k for k, v in outputs.items() if not _finite(v))
    if endless:
        raise FaultsError(
            [_impossible(where or id, record, ValueError(f"{', '.join(endless)}: not a finite number / 结果不是有限的数"))]
        )
    shown = {**_defaults(e), **values}
    return Answer(e, shown, tuple(n for n in shown if n in values), outputs, steps(e, shown, outputs))


def _defaults(e: Entry) -> dict[str, Any]:
    return {a.name: a.default for a in e.spec.arguments if a.default is not None}


def _finite(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(_finite(v) for v in value.values())
    if isinstance(value, list):
        return all(_finite(v) for v in value)
    return not isinstance(value, float) or math.isfinite(value)


def _plain(value: Any) -> Any:
    """Return numbers of any library as Python's own."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, Fraction):
        return float(value)
    if isinstance(value, float | int | str | bool) or value is None:
        return value
    return float(value)


# ---------------------------------------------------------------- reading what was given
def _read(e: Entry, given: Mapping[str, Any], where: str, record: str) -> tuple[dict[str, Any], list[Fault]]:
    by_name = {a.name: a for a in e.spec.arguments}
    by_symbol = {a.symbol: a.name for a in e.spec.arguments if a.symbol and a.symbol not in by_name}
    values: dict[str, Any] = {}
    faults: list[Fault] = []
    seen: set[str] = set()
    for word, value in given.items():
        name = word if word in by_name else by_symbol.get(word, "")
        if not name:
            faults.append(_unknown(where, record, word, e.spec.arguments))
        elif name in seen:
            faults.append(_twice(where, record, word, name))
        else:
            seen.add(name)
            try:
                values[name] = _value(by_name[name], value)
            except ValueError as error:
                faults.append(_bad(where, record, by_name[name], value, str(error)))
    missing = [a for a in e.spec.arguments if a.name not in seen and _needed(e, a)]
    faults += [_missing(where, record, a) for a in missing]
    return values, faults


def _needed(e: Entry, a: Argument) -> bool:
    if a.default is not None or e.evaluate is None:
        return False
    found = inspect.signature(e.evaluate).parameters.get(a.name)
    return found is not None and found.default is inspect.Parameter.empty


def _value(a: Argument, value: Any) -> Any:
    if a.kind == "text":
        text = str(value).strip()
        if a.choices and text not in a.choices:
            raise ValueError("choices")
        return text
    if a.kind == "number":
        return _bounded(a, _number(value))
    rows = _rows(value)
    if sum(len(r) for r in rows) > MOST_NUMBERS:
        raise ValueError("many")
    if a.kind == "list":
        flat = [_bounded(a, _number(x)) for row in rows for x in row]
        if not flat:
            raise ValueError("number")
        return flat
    return [[_bounded(a, _number(x)) for x in row] for row in rows]


def _rows(value: Any) -> list[list[Any]]:
    """Return rows of a list or matrix: JSON, or ``1,2;3,4`` (a list may also be parted by semicolons or blanks)."""
    if isinstance(value, str):
        text = value.translate(_TURN).strip()
        if text.startswith("["):
            try:
                value = json.loads(text)
            except (json.JSONDecodeError, RecursionError):
                raise ValueError("number") from None
        else:
            return [[x for x in re.split(r"[,\s]+", row.strip()) if x] for row in text.split(";") if row.strip()]
    if not isinstance(value, Sequence):
        return [[value]]
    return [list(row) if isinstance(row, Sequence) and not isinstance(row, str) else [row] for row in value]


_PLAIN = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")


def _number(value: Any) -> float:
    if isinstance(value, bool):
        raise ValueError("number")
    if isinstance(value, str):
        text = value.translate(_TURN).strip().replace("_", "")
        top, slash, bottom = text.partition("/")
        if not _PLAIN.fullmatch(top) or len(text) > 60 or (slash and not _PLAIN.fullmatch(bottom)):
            raise ValueError("number")
        if slash and float(bottom) == 0.0:
            raise ValueError("number")
        value = float(top) / float(bottom) if slash else float(top)
    number = float(value)
    if not math.isfinite(number):
        raise ValueError("number")
    return number


def _bounded(a: Argument, number: float) -> float:
    if not a.least <= number <= a.most:
        raise ValueError("bounds")
    return number


# ---------------------------------------------------------------- the formula with the numbers put in
def steps(e: Entry, values: Mapping[str, Any], outputs: Mapping[str, Any]) -> tuple[Step, ...]:
    """Return each line of the formula with its symbols replaced by the numbers given and found."""
    numbers = {a.symbol: values[a.name] for a in e.spec.arguments if a.symbol and a.name in values}
    found = {u.symbol: outputs[u.name] for u in e.spec.outputs if u.symbol and u.name in outputs}
    both = {**numbers, **found}
    return tuple(_step(line.strip(), both, found) for line in e.spec.formula.splitlines() if line.strip())


def _step(line: str, numbers: Mapping[str, Any], found: Mapping[str, Any]) -> Step:
    left, equals, right = line.partition(" = ")
    if not equals:
        return Step(line, _put(line, numbers))
    name = re.sub(r"\(.*\)$", "", left).strip()
    return Step(line, f"{left} = {_put(right, numbers)}", found.get(name))


def _put(text: str, numbers: Mapping[str, Any]) -> str:
    known = sorted((s for s in numbers if numbers[s] is not None), key=len, reverse=True)
    if not known:
        return text
    pattern = "|".join(re.escape(s) for s in known)
    return re.sub(rf"(?<![{_LETTER}])({pattern})(?![{_LETTER}0-9])", lambda m: say_number(numbers[m.group(1)], bracket=True), text)


def say_number(value: Any, *, bracket: bool = False) -> str:
    """Return a number as a person writes it: as typed up to ten digits, lists cut short, negatives in brackets if asked."""
    if isinstance(value, bool) or value is None:
        return str(value)
    if isinstance(value, int):
        return f"({value})" if bracket and value < 0 else str(value)
    if isinstance(value, float):
        text = f"{value:.10g}"
        return f"({text})" if bracket and value < 0 else text
    if isinstance(value, Mapping):
        return ", ".join(f"{k} {say_number(v)}" for k, v in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        head = ", ".join(say_number(v) for v in value[:_SHOWN])
        return f"[{head}{', …' if len(value) > _SHOWN else ''}]"
    return str(value)


# ---------------------------------------------------------------- faults
def _unknown(where: str, record: str, word: str, arguments: Sequence[Argument]) -> Fault:
    names = ", ".join(f"{a.name} ({a.symbol})" if a.symbol and a.symbol != a.name else a.name for a in arguments)
    return Fault(
        "calculate.unknown",
        where,
        record,
        Text("不认识的量 {w}。", "Unknown name {w}.").fill(w=word),
        Text("可用：{n}。", "Known: {n}.").fill(n=names),
    )


def _twice(where: str, record: str, word: str, name: str) -> Fault:
    clash = Text("{n} 给了两次（又写作 {w}）。", "{n} is given twice (also as {w}).").fill(n=name, w=word)
    return Fault("calculate.twice", where, record, clash, Text("只给一次。", "Give it once."))


def _missing(where: str, record: str, a: Argument) -> Fault:
    return Fault(
        "calculate.missing",
        where,
        record,
        Text("缺少 {n}：{m}，{u}。", "{n} is missing: {m}, {u}.").fill(n=a.name, m=a.meaning, u=a.unit or "—"),
        Text("写上 {n}=数值。", "Add {n}=value.").fill(n=a.name),
    )


def _bad(where: str, record: str, a: Argument, value: Any, why: str) -> Fault:
    shown = str(value) if len(str(value)) <= 60 else str(value)[:59] + "…"
    if why == "choices":
        remedy = Text("可用：{c}。", "One of: {c}.").fill(c=", ".join(a.choices))
    elif why == "bounds":
        remedy = Text("它应在 {a} 与 {b} 之间（{u}）；看看单位对不对。", "It lies between {a} and {b} ({u}); check the unit.").fill(
            a=say_number(float(a.least)), b=say_number(float(a.most)), u=a.unit or "—"
        )
    elif why == "many":
        remedy = Text("最多 {n} 个数。", "At most {n} numbers.").fill(n=MOST_NUMBERS)
    else:
        form = {
            "number": Text("写一个数，如 0.85 或 1/3", "write a number such as 0.85 or 1/3"),
            "list": Text("写成 25,40,15", "write it as 25,40,15"),
            "matrix": Text("一行一段、以分号相隔，如 1,3;1/3,1", "rows parted by semicolons, such as 1,3;1/3,1"),
        }[a.kind]
        remedy = Text("{f}（{u}）。", "{f} ({u}).").fill(f=form, u=a.unit or "—")
    clash = Text("{n} 的值是 {v}。", "{n} is {v}.").fill(n=a.name, v=shown)
    return Fault("calculate.value", where, record, clash, remedy)


def _impossible(where: str, record: str, error: Exception) -> Fault:
    said = getattr(error, "message", None)
    why = said if isinstance(said, Text) else Text(str(error), str(error))
    return Fault(
        "calculate.impossible",
        where,
        record,
        Text("这些数算不出结果：{e}。", "There is no result for these numbers: {e}.").fill(e=why),
        Text("核对各量的取值和单位。", "Check the values and their units."),
    )
