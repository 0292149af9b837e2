"""The plan of a selection: budget, what counts as benefit, limits of groups, exclusions, neighbours, as a short file says it.

A plan is YAML (numbers exact, every wrong or unknown key a fault with its line and the nearest known key):

    budget_yuan: 500000
    benefit: {water: 0.6, habitat: 0.4}      # or the name of one column; default column: benefit
    loss_probability: risk                   # or {by: zone, values: {water: 0.3}}, or one number
    limits:
      - {by: town, at_most_share: 0.15}                    # each town: at most 15 % of the budget
      - {by: income_group, value: poor, at_least_share: 0.3}
      - {at_most_count: 200}
    must: [P017]           exclude: {by: state, value: disputed}
    exclusive: ground      # of the candidates on one ground at most one
    divisible: false       minimum_yuan: 500
    neighbours: {radius_m: 300, bonus: 0.1, least_count: 3}
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from ecocomp.rules.lines import Line, read_yaml, strip
from ecocomp.terms.faults import Fault, FaultsError, raise_errors
from ecocomp.terms.money import HOW_WRITTEN, MOST_WRITTEN_FEN, fen_written, say_yuan, yuan_written
from ecocomp.terms.text import Text, same

MEASURES = ("yuan", "share", "share_of_spent", "count", "ha")
_KEYS = frozenset(
    {
        "budget_yuan",
        "benefit",
        "loss_probability",
        "id",
        "cost",
        "limits",
        "must",
        "exclude",
        "exclusive",
        "divisible",
        "minimum_yuan",
        "neighbours",
        "area_ha",
        "note",
    }
)
_LIMIT_KEYS = frozenset({"by", "value", "note", *(f"at_{w}_{m}" for w in ("most", "least") for m in MEASURES)})
_NEIGHBOUR_KEYS = frozenset({"radius_m", "edges", "bonus", "least_count", "least_ha", "x", "y"})


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit: of all candidates (`by` empty), of one group value, or of each value of a column.

    side     ``most`` or ``least``
    measure  ``yuan``, ``share`` (of the budget), ``share_of_spent``, ``count``, ``ha``
    amount   the number, or one for each value
    """

    by: str
    value: tuple[str, ...]
    side: str
    measure: str
    amount: Decimal | Mapping[str, Decimal]
    where: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """Candidates named by id, or by the value of a column."""

    ids: tuple[str, ...] = ()
    by: str = ""
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Which candidates lie beside each other, and what that is worth or asks.

    radius_m     those nearer than this are neighbours (columns `x`, `y` in metres)
    edges        or a table of pairs (its first two columns are ids)
    bonus        added for each pair of neighbours chosen together, as a share of the smaller benefit of the two
    least_count  a chosen patch of neighbours has at least so many members
    least_ha     and at least this area (column `area_ha`)
    """

    radius_m: Decimal | None = None
    edges: str = ""
    bonus: Decimal = Decimal(0)
    least_count: int = 1
    least_ha: Decimal = Decimal(0)
    x: str = "x"
    y: str = "y"


@dataclass(frozen=True)
class Plan:
    """What a selection has to keep to."""

    budget_fen: int
    benefit: Mapping[str, float] | None = None
    loss_probability: str | float | Mapping[str, Any] | None = None
    id_column: str = ""
    cost_column: str = ""
    limits: tuple[Limit, ...] = ()
    must: Choice = Choice()
    exclude: Choice = Choice()
    exclusive: str = ""
    divisible: bool = False
    minimum_fen: int = 0
    neighbours: Neighbours | None = None
    area_column: str = "area_ha"
    folder: Path = field(default_factory=Path)


def read_plan(path: Path | None, budget: Decimal | None, extra: Iterable[Limit] = ()) -> Plan:
    """Return the plan of a file with the budget of the command, which stands over the file's; all faults at once."""
    faults: list[Fault] = []
    row: dict[str, Any] = {}
    lines: dict[str, int] = {}
    if path is not None:
        row, lines = _read(path, faults)
    if budget is not None:
        row = row | {"budget_yuan": budget}
    where, folder = ("plan", Path()) if path is None else (path.name, path.parent)
    return plan_of(row, where, folder, lines=lines, faults=faults, extra=extra)


def plan_of(
    row: Mapping[str, Any],
    where: str,
    folder: Path,
    *,
    lines: Mapping[str, int] | None = None,
    faults: list[Fault] | None = None,
    extra: Iterable[Limit] = (),
) -> Plan:
    """Return the plan that the values of a plan file say (numbers as `Decimal`); raises `FaultsError` with all faults.

    lines   line of each key, for faults
    faults  those found while reading the file
    extra   further limits
    """
    faults = [] if faults is None else faults
    if lines is None:
        faults += unknown_keys(row, _KEYS, where)
    made = _Reader(where, lines or {}, faults)
    fen = made.yuan("budget_yuan", row.get("budget_yuan"))
    if fen is None and not faults:
        remedy = Text("写明预算：--budget 或 budget_yuan。", "State it: --budget or budget_yuan.")
        faults.append(made.fault("budget_yuan", same("—"), remedy))
    plan = Plan(
        budget_fen=fen or 0,
        benefit=made.benefit(row.get("benefit")),
        loss_probability=made.chance(row.get("loss_probability")),
        id_column=made.word("id", row.get("id", "")),
        cost_column=made.word("cost", row.get("cost", "")),
        limits=(*made.limits(row.get("limits", [])), *extra),
        must=made.choice("must", row.get("must")),
        exclude=made.choice("exclude", row.get("exclude")),
        exclusive=made.word("exclusive", row.get("exclusive", "")),
        divisible=made.flag("divisible", row.get("divisible", False)),
        minimum_fen=made.yuan("minimum_yuan", row.get("minimum_yuan")) or 0,
        neighbours=made.neighbours(row.get("neighbours")),
        area_column=made.word("area_ha", row.get("area_ha", "area_ha")),
        folder=folder,
    )
    raise_errors(faults)
    return plan


def limit_of(text: str, side: str) -> Limit:
    """Return a limit of the command line: ``COLUMN=AMOUNT`` or ``COLUMN:VALUE=AMOUNT``, in yuan or as ``15%`` of the budget."""
    head, eq, amount = text.partition("=")
    by, _, value = head.partition(":")
    share = amount.strip().endswith("%")
    given = yuan_written(amount.strip().removesuffix("%"), units=not share)
    most = 100 if share else MOST_WRITTEN_FEN // 100
    whole = given is not None and (share or (given * 100).denominator == 1)
    if not eq or not by.strip() or given is None or not whole or not 0 <= given <= most:
        said = Text("“{t}”不是限额。", "“{t}” is no limit.").fill(t=text)
        remedy = Text("写成 列=金额、列:值=金额，或 列=15%。", "Write COLUMN=YUAN, COLUMN:VALUE=YUAN or COLUMN=15%.")
        raise FaultsError([Fault("target.limit", "--cap" if side == "most" else "--floor", text, said, remedy)])
    exact = Decimal(given.numerator) / Decimal(given.denominator * (100 if share else 1))
    return Limit(by.strip(), (value.strip(),) if value else (), side, "share" if share else "yuan", exact, text)


def _read(path: Path, faults: list[Fault]) -> tuple[dict[str, Any], dict[str, int]]:
    if not path.is_file():
        said = Text("没有文件 {p}。", "There is no file {p}.").fill(p=path)
        raise FaultsError([Fault("target.no_file", str(path), "", said, Text("核对路径。", "Check the path."))])
    document, found = read_yaml(path)
    faults += found
    if document is None or not isinstance(document.value, dict):
        if not found:
            said = Text("最上层应是“键: 值”。", "The top level should be 'key: value'.")
            faults.append(Fault("target.plan", path.name, "line 1", said, Text("按文档的例子书写。", "Write it as in the docs.")))
        return {}, {}
    faults += unknown_keys(document.value, _KEYS, path.name)
    return strip(document), {k: v.line for k, v in document.value.items() if isinstance(v, Line)}


def unknown_keys(row: Mapping[str, Any], known: Iterable[str], where: str, code: str = "target.unknown_key") -> list[Fault]:
    """Return a fault for each key that nobody reads, with its line and the nearest known key."""
    known = sorted(known)
    return [
        Fault(
            code,
            where,
            f"line {v.line}" if isinstance(v, Line) else "",
            Text("不认识的键 {k}。", "Unknown key {k}.").fill(k=k),
            Text("最相近的键是 {n}；可用：{a}。", "The nearest known key is {n}; known: {a}.").fill(
                n=next(iter(difflib.get_close_matches(str(k), known, 1)), "—"), a=", ".join(known)
            ),
        )
        for k, v in row.items()
        if k not in known
    ]


class _Reader:
    """Reads the values of a plan; what is wrong becomes a fault with file and line."""

    def __init__(self, where: str, lines: Mapping[str, int], faults: list[Fault]) -> None:
        self.where, self.lines, self.faults = where, lines, faults

    def fault(self, key: str, found: Text, remedy: Text) -> Fault:
        line = self.lines.get(key.split(".")[0].split("[")[0])
        clash = Text("{k} 是 {v}。", "{k} is {v}.").fill(k=key, v=found)
        return Fault("target.plan", self.where, f"line {line}" if line else key, clash, remedy)

    def wrong(self, key: str, value: Any, remedy: Text) -> None:
        self.faults.append(self.fault(key, same(str(value)[:80]), remedy))

    def yuan(self, key: str, value: Any) -> int | None:
        if value is None:
            return None
        fen = fen_written(f"{value:f}" if isinstance(value, Decimal) else value) if isinstance(value, Decimal | str) else None
        if fen is None or not 0 <= fen <= MOST_WRITTEN_FEN:
            self.wrong(key, value, HOW_WRITTEN)
            return None
        return fen

    def word(self, key: str, value: Any) -> str:
        if not isinstance(value, str):
            self.wrong(key, value, Text("写列名。", "Write the name of a column."))
            return ""
        return value

    def flag(self, key: str, value: Any) -> bool:
        if not isinstance(value, bool):
            self.wrong(key, value, Text("写 true 或 false。", "Write true or false."))
            return False
        return value

    def benefit(self, value: Any) -> dict[str, float] | None:
        if value is None:
            return None
        if isinstance(value, str):
            return {value: 1.0}
        if isinstance(value, dict) and value and all(isinstance(x, Decimal) and 0 <= x < 10**9 for x in value.values()):
            return {str(k): float(x) for k, x in value.items()}
        self.wrong("benefit", value, Text("写列名，或“列: 不小于零的权重”。", "Write a column, or column: weight of zero or more."))
        return None

    def chance(self, value: Any) -> str | float | Mapping[str, Any] | None:
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, Decimal) and 0 <= value <= 1:
            return float(value)
        table = value.get("values") if isinstance(value, dict) and set(value) == {"by", "values"} else None
        if isinstance(table, dict) and all(isinstance(x, Decimal) and 0 <= x <= 1 for x in table.values()):
            return dict(value)
        remedy = Text(
            "写列名、0 到 1 的数，或 {by: 列, values: {值: 概率}}。", "Write a column, a number 0..1 or {by: column, values: {…}}."
        )
        self.wrong("loss_probability", value, remedy)
        return None

    def choice(self, key: str, value: Any) -> Choice:
        if value is None:
            return Choice()
        if isinstance(value, list) and not any(isinstance(x, dict | list) or x is None for x in value):
            return Choice(ids=tuple(str(x) for x in value))
        if isinstance(value, dict) and set(value) == {"by", "value"} and isinstance(value["by"], str):
            return Choice(by=value["by"], values=_values(value["value"]))
        if isinstance(value, str) and value:
            return Choice(by=value)
        remedy = Text(
            "写编码的列表、{by: 列, value: 值}，或是否列的名。", "Write a list of ids, {by: column, value: …}, or a yes/no column."
        )
        self.wrong(key, value, remedy)
        return Choice()

    def limits(self, value: Any) -> list[Limit]:
        if not isinstance(value, list):
            self.wrong("limits", value, Text("写成列表。", "Write a list."))
            return []
        out: list[Limit] = []
        for n, item in enumerate(value):
            key = f"limits[{n + 1}]"
            if not isinstance(item, dict):
                self.wrong(key, item, Text("写成 {by: …, at_most_yuan: …}。", "Write {by: …, at_most_yuan: …}."))
                continue
            for fault in unknown_keys(item, _LIMIT_KEYS, self.where):
                self.faults.append(
                    Fault(fault.code, self.where, f"line {self.lines.get('limits', 1)} {key}", fault.clash, fault.remedy)
                )
            sides = [k for k in item if k.startswith("at_")]
            if not sides:
                self.wrong(key, item, Text("写明 at_most_… 或 at_least_…。", "State at_most_… or at_least_…."))
            for side in sides:
                out += self._limit(f"{key}.{side}", item, side)
        return out

    def _limit(self, key: str, item: Mapping[str, Any], side: str) -> list[Limit]:
        amount = item[side]
        _, which, measure = side.split("_", 2)
        if measure not in MEASURES:
            return []
        if measure == "yuan":
            amount = {k: _yuan(v) for k, v in amount.items()} if isinstance(amount, dict) else _yuan(amount)
        given = amount.values() if isinstance(amount, dict) else [amount]
        top = 1 if measure.startswith("share") else Decimal(10) ** 14
        if not given or not all(isinstance(x, Decimal) and x.is_finite() and 0 <= x <= top for x in given):
            self.wrong(key, amount, Text("写 0 到 {t} 的数。", "Write a number from 0 to {t}.").fill(t=top))
            return []
        by = str(item.get("by", ""))
        values = _values(item["value"]) if "value" in item else ()
        if isinstance(amount, dict) and (values or not by):
            self.wrong(key, amount, Text("按值给数时写 by，不写 value。", "Amounts for each value need 'by' and no 'value'."))
            return []
        held = {str(k): v for k, v in amount.items()} if isinstance(amount, dict) else amount
        return [Limit(by, values, which, measure, held, f"{self.where} {key}")]

    def neighbours(self, value: Any) -> Neighbours | None:
        if value is None:
            return None
        if not isinstance(value, dict):
            self.wrong("neighbours", value, Text("写成 {radius_m: …, bonus: …}。", "Write {radius_m: …, bonus: …}."))
            return None
        before = len(self.faults)
        for fault in unknown_keys(value, _NEIGHBOUR_KEYS, self.where):
            self.faults.append(Fault(fault.code, self.where, f"line {self.lines.get('neighbours', 1)}", fault.clash, fault.remedy))
        if ("radius_m" in value) == ("edges" in value):
            self.wrong("neighbours", value, Text("写 radius_m 或 edges 之一。", "Write one of radius_m and edges."))
        for name in ("radius_m", "bonus", "least_count", "least_ha"):
            x = value.get(name, Decimal(0))
            if not isinstance(x, Decimal) or not 0 <= x <= 10**9 or (name == "least_count" and x != int(x)):
                self.wrong(f"neighbours.{name}", x, Text("写不小于零的数。", "Write a number of zero or more."))
        if len(self.faults) > before:
            return None
        return Neighbours(
            radius_m=value.get("radius_m"),
            edges=str(value.get("edges", "")),
            bonus=value.get("bonus", Decimal(0)),
            least_count=max(int(value.get("least_count", 1)), 1),
            least_ha=value.get("least_ha", Decimal(0)),
            x=str(value.get("x", "x")),
            y=str(value.get("y", "y")),
        )


def _yuan(value: Any) -> Any:
    """Return an amount written with its unit (``5万元``) as a number; anything else as it is."""
    exact = yuan_written(value) if isinstance(value, str) else None
    return value if exact is None else Decimal(exact.numerator) / Decimal(exact.denominator)


def _values(value: Any) -> tuple[str, ...]:
    return tuple(str(x) for x in value) if isinstance(value, list) else (str(value),)


def share_of(budget_fen: int, share: Decimal, side: str) -> int:
    """Return a share of the budget in whole fen: rounded down for a cap, up for a floor, so that neither is broken."""
    exact = Fraction(share) * budget_fen
    return exact.numerator // exact.denominator if side == "most" else -((-exact.numerator) // exact.denominator)


def say_amount(measure: str, amount: Decimal | int) -> Text:
    """Return an amount of a limit as people read it; money comes in fen."""
    if measure in ("yuan", "share"):
        return Text(f"{say_yuan(int(amount))} 元", f"{say_yuan(int(amount))} yuan")
    if measure == "share_of_spent":
        share = f"{(Decimal(amount) * 100).normalize():f}"
        return Text(f"支出的 {share}%", f"{share} % of what is spent")
    return Text(f"{amount} 个", f"{amount}") if measure == "count" else Text(f"{amount} 公顷", f"{amount} ha")
