"""The standard of a million parcels at once: the same rates, parts and steps as parcel by parcel, in columns.

For simulations, provinces and the year's run. Every number is exact (see `ecocomp.standard.exact`); rows whose numbers
do not fit 64 bits are computed in Python integers. A rule from elsewhere that knows no columns is asked parcel by
parcel. Work goes in pieces of `PIECE` parcels, so that memory does not grow with the county.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from ecocomp.rules import Parameters
from ecocomp.standard.adjust import BoundsColumn
from ecocomp.standard.corners import ranged
from ecocomp.standard.engine import ATTRIBUTES, Rules, Task, prepare_task
from ecocomp.standard.exact import Ints, narrowed, whole
from ecocomp.standard.land import PART_NAMES, say
from ecocomp.standard.lands import Lands
from ecocomp.standard.parts import PartColumn, PartColumns, Words, strings, total
from ecocomp.terms.faults import Fault, FaultsError
from ecocomp.terms.tables import STANDARD, STANDARD_STEP
from ecocomp.terms.text import Text

PIECE = 1 << 17
_SUMS = ("rate", "low", "high", "adjust", *PART_NAMES)


def rates(
    parcel: pa.Table,
    parcel_zone: pa.Table,
    service_value: pa.Table,
    economy: pa.Table,
    region_code: str,
    params: Parameters,
    year: int,
    scorecard_last: pa.Table | None = None,
    standard_last: pa.Table | None = None,
    tenure: Mapping[str, str] | None = None,
    *,
    ranges: bool = True,
) -> pa.Table:
    """Return the `standard` table of `year` without its steps; arguments and faults as `setting.set_standard`.

    ranges  also work out low and high at the ends of the ranges of the rules; without it they hold only the range of
            the services, which is what a comparison of reforms needs
    """
    task = prepare_task(
        parcel,
        parcel_zone,
        service_value,
        economy,
        region_code,
        params,
        year,
        scorecard_last,
        standard_last,
        tenure=tenure,
        named=False,
    )
    return set_columns(task, steps=False, ranges=ranges)[0]


def set_columns(task: Task, *, steps: bool = True, ranges: bool = True) -> tuple[pa.Table, pa.Table | None]:
    """Return the `standard` table of a task and, if asked for, its `standard_step` table."""
    corners: list[Rules] = []
    rules = task.rules()
    made: list[pa.Table] = []
    said: list[pa.Table] = []
    for start in range(0, len(task.lands), PIECE):
        lands = task.lands.slice(start, PIECE) if len(task.lands) > PIECE else task.lands
        pieces = list(_pieces(lands, task.eligible, rules))
        if ranges and ranged(task.params):
            corners = corners or [task.rules(-1), task.rules(+1)]
            for piece in pieces:
                piece.widen(*corners)
        made.append(_standard(task.year, lands, pieces))
        if steps:
            said.append(_steps(task.year, lands, pieces))
    standard = pa.concat_tables(made) if made else STANDARD.empty()
    if not steps:
        return STANDARD.checked(standard), None
    return STANDARD.checked(standard), STANDARD_STEP.checked(pa.concat_tables(said) if said else STANDARD_STEP.empty())


@dataclass(frozen=True)
class Outcome:
    """The rates of all parcels (fen/ha/a) and what each step added or took."""

    rate: Ints
    amounts: dict[str, Ints]


def outcome(task: Task) -> Outcome:
    """Return the rates of a task by step as columns, without tables, texts and ranges."""
    rate, rules = np.zeros(len(task.lands), np.int64), task.rules()
    amounts: dict[str, Ints] = {}
    for start in range(0, len(task.lands), PIECE):
        lands = task.lands.slice(start, PIECE) if len(task.lands) > PIECE else task.lands
        for piece in _pieces(lands, task.eligible, rules):
            at = piece.rows + start
            for name, amount, after, _, _ in piece.steps():
                step = amounts.setdefault(name, np.zeros(len(task.lands), np.int64))
                step[at] = _storable(amount, piece.lands, name)
                rate[at] = _storable(after, piece.lands, name)
    return Outcome(rate, amounts)


@dataclass
class _Piece:
    """The parcels of one rule among those of a table: their rows, their parts and what adjusted them.

    parts  None: such land is not compensated
    """

    rows: Ints
    lands: Lands
    rule: str
    name: str
    parts: PartColumns | None = None
    bounds: tuple[BoundsColumn, ...] = ()
    after: tuple[Ints, ...] = ()
    low: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    high: Ints = field(default_factory=lambda: np.zeros(0, np.int64))

    def set(self, rules: Rules) -> None:
        """Set the rates; `after` holds the rate after the parts and after each adjustment."""
        self.parts = _parts(rules, self.name, self.lands)
        self.bounds = tuple(rules.adjustments.on(self.lands))
        fen, self.low, self.high = (total(self.parts, n) for n in ("fen", "low", "high"))
        after = [fen]
        for bound in self.bounds:
            after.append(bound.apply(after[-1]))
            self.low, self.high = bound.apply(self.low), bound.apply(self.high)
        self.after = tuple(after)
        self._hold_the_rate()

    def widen(self, low: Rules, high: Rules) -> None:
        """Widen low and high to the ends of the ranges of the rules."""
        if self.parts is None:
            return
        self.low, self.high = self._end(low, "low"), self._end(high, "high")
        self._hold_the_rate()

    def _hold_the_rate(self) -> None:
        self.low, self.high = np.minimum(self.low, self.after[-1]), np.maximum(self.high, self.after[-1])

    def _end(self, rules: Rules, end: str) -> Ints:
        fen = total(_parts(rules, self.name, self.lands), end)
        for bound in rules.adjustments.on(self.lands):
            fen = bound.apply(fen)
        return fen

    def sums(self) -> dict[str, Ints]:
        """Return the columns of the `standard` table."""
        if self.parts is None:
            return dict.fromkeys(_SUMS, np.zeros(len(self.rows), np.int64))
        found = {"rate": self.after[-1], "low": self.low, "high": self.high}
        found["adjust"] = narrowed(_minus(self.after[-1], self.after[0]))
        return {**found, **{n: p.fen for n, p in zip(PART_NAMES, self.parts, strict=True)}}

    def steps(self) -> Iterator[tuple[str, Ints, Ints, Words, Words]]:
        """Yield name, amount, rate after it, inputs and parameter keys of each step."""
        if self.parts is None:
            zero = np.zeros(len(self.rows), np.int64)
            kinds, inverse = self.lands.kinds("group")
            yield "ineligible", zero, zero, ([say(ecosystem_group=g) for (g,) in kinds], inverse), "standard.eligible_groups"
            return
        before: Ints | None = None
        for name, part in zip(PART_NAMES, self.parts, strict=True):
            before = part.fen if before is None else narrowed(_minus(before, -part.fen))
            yield name, part.fen, before, part.inputs, part.parameters
        for bound, (then, now) in zip(self.bounds, zip(self.after, self.after[1:], strict=False), strict=True):
            yield bound.step, narrowed(_minus(now, then)), now, bound.inputs, bound.parameters


def _minus(left: Ints, right: Ints) -> Ints:
    if left.dtype == object or right.dtype == object or _far(left) or _far(right):
        return left.astype(object) - right.astype(object)
    return left - right


def _far(column: Ints) -> bool:
    return bool(len(column)) and max(abs(int(column.min())), abs(int(column.max()))) >= 2**61


def _pieces(lands: Lands, eligible: frozenset[str], rules: Rules) -> Iterator[_Piece]:
    """Yield the parcels by the rule that is for them, those that are not compensated apart."""
    kinds, inverse = lands.kinds(*ATTRIBUTES)
    uses = [(rules.name_of(*k), k[0] in eligible) for k in kinds]
    for use in dict.fromkeys(uses):
        chosen = np.array([u == use for u in uses], bool)
        rows = np.flatnonzero(chosen[inverse]) if not chosen.all() else np.arange(len(lands))
        part = lands.take(rows) if len(rows) < len(lands) else lands
        name, paid = use
        piece = _Piece(rows, part, rules.prepared(name)[0], name)
        if paid:
            piece.set(rules)
        yield piece


def _parts(rules: Rules, name: str, lands: Lands) -> PartColumns:
    """Return the four parts; a rule that knows no columns is asked parcel by parcel."""
    rule: Any = rules.prepared(name)[1]
    if hasattr(rule, "on"):
        found: PartColumns = rule.on(lands)
        return found
    rows = [rule(land) for land in lands.rows()]
    at = np.arange(len(rows))
    columns = []
    for parts in zip(*rows, strict=True):
        fen, low, high = (whole([getattr(p, n) for p in parts]) for n in ("fen", "low", "high"))
        columns.append(PartColumn(fen, low, high, ([p.inputs for p in parts], at), ([p.parameters for p in parts], at)))
    return columns[0], columns[1], columns[2], columns[3]


def _standard(year: int, lands: Lands, pieces: list[_Piece]) -> pa.Table:
    columns = {n: np.zeros(len(lands), np.int64) for n in _SUMS}
    rule = np.zeros(len(lands), np.int32)
    for number, piece in enumerate(pieces):
        rule[piece.rows] = number
        for name, found in piece.sums().items():
            columns[name][piece.rows] = _storable(found, piece.lands, name)
    names = pa.DictionaryArray.from_arrays(pa.array(rule), pa.array([p.rule for p in pieces], pa.string()))
    made: dict[str, Any] = {
        "parcel_id": lands.parcel_id,
        "year": pa.array(np.full(len(lands), year, np.int64)),
        "rule": names.cast(pa.string()),
        **{f"{n}_fen_per_ha": pa.array(v) for n, v in columns.items()},
    }
    schema = STANDARD.schema()
    return pa.table([made[n] for n in schema.names], schema=schema)


def _storable(column: Ints, lands: Lands, name: str) -> Ints:
    """Return the column; refuses amounts no table can hold."""
    if column.dtype != object:
        return column
    at = next(i for i, v in enumerate(column.tolist()) if abs(v) >= 2**63)
    raise FaultsError([_too_large(lands.parcel_id[at].as_py(), name, column[at])])


def _too_large(parcel_id: str, name: str, fen: int) -> Fault:
    return Fault(
        "standard.too_large",
        "standard",
        parcel_id,
        Text("{n} 得 {v} 分/公顷，超出可存的范围。", "{n} comes to {v} fen/ha, more than can be stored.").fill(n=name, v=fen),
        Text("核对地块的面积、价值和规则中的金额。", "Check the parcel's area and value, and the amounts of the rules."),
    )


def _steps(year: int, lands: Lands, pieces: list[_Piece]) -> pa.Table:
    """Return the steps of all parcels, in the order of parcels and steps."""
    blocks = [(p, seq, *step) for p in pieces for seq, step in enumerate(p.steps(), 1)]
    counts = np.zeros(len(lands), np.int64)
    for piece, seq, *_ in blocks:
        counts[piece.rows] = seq
    first = np.cumsum(counts) - counts
    size = int(counts.sum())
    order, ints = np.empty(size, np.int64), {n: np.empty(size, np.int64) for n in ("seq", "amount", "after")}
    step, offset, inputs, keys = np.empty(size, np.int32), 0, [], []
    names = list(dict.fromkeys(b[2] for b in blocks))
    for piece, seq, name, amount, after, said, used in blocks:
        at = first[piece.rows] + seq - 1
        order[at] = np.arange(offset, offset + len(at))
        offset += len(at)
        step[at], ints["seq"][at] = names.index(name), seq
        ints["amount"][at] = _storable(amount, piece.lands, name)
        ints["after"][at] = _storable(after, piece.lands, name)
        inputs.append(strings(said, len(at)))
        keys.append(strings(used, len(at)))
    taken = pa.array(order)
    schema = STANDARD_STEP.schema()
    made = {
        "parcel_id": lands.parcel_id.take(pa.array(np.repeat(np.arange(len(lands)), counts))),
        "year": pa.array(np.full(size, year, np.int64)),
        "seq": pa.array(ints["seq"]),
        "step": pa.DictionaryArray.from_arrays(pa.array(step), pa.array(names, pa.string())).cast(pa.string()),
        "amount_fen_per_ha": pa.array(ints["amount"]),
        "after_fen_per_ha": pa.array(ints["after"]),
        "inputs": pa.chunked_array(inputs, pa.string()).combine_chunks().take(taken),
        "parameters": pa.chunked_array(keys, pa.string()).combine_chunks().take(taken),
    }
    return pa.table([made[n] for n in schema.names], schema=schema)
