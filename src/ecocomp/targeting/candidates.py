"""Candidates for payment: plots, contracts or bids with what each costs and yields, read from a table and checked.

For a bureau that has less money than applications. Money is whole fen; benefits are plain numbers of any unit, larger is
better. Every cell that cannot be used (not a number, negative, endless, a cost of nothing, an id twice) is a fault that
names its row; nothing is repaired in silence.
"""

from __future__ import annotations

import difflib
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.terms.faults import Fault, FaultsError, capped, raise_errors
from ecocomp.terms.text import Text

MOST_FEN = 10**15
MOST_BENEFIT = 1e18
_SUM = 2**62
_NUMBER = r"^[+-]?([0-9]{1,30}(\.[0-9]{0,30})?|\.[0-9]{1,30})([eE][+-]?[0-9]{1,3})?$"
_YUAN = r"^[+-]?[0-9]{1,14}(\.[0-9]{1,2})?$"
_FEN = r"^[+-]?[0-9]{1,16}$"
_YES = ("1", "true", "yes", "y", "是", "√")
_NO = ("", "0", "false", "no", "n", "否")


@dataclass(frozen=True)
class Candidates:
    """The candidates, sorted by id.

    ids       one text per candidate, no two alike
    cost_fen  int64, above 0
    benefit   float64, 0 or more: what is gained if the candidate is paid (already times the probability of loss)
    columns   every other column as text, for groups, grounds and coordinates
    where     name of the table, for faults
    """

    ids: pa.Array
    cost_fen: np.ndarray
    benefit: np.ndarray
    columns: Mapping[str, pa.Array] = field(default_factory=dict)
    where: str = "candidates"

    def __len__(self) -> int:
        return len(self.ids)

    def text(self, name: str) -> pa.Array:
        """Return a column as text; one that is missing is a fault with the nearest name."""
        if name not in self.columns:
            raise FaultsError([missing_column(self.where, name, self.columns)])
        return self.columns[name]

    def codes(self, name: str) -> tuple[np.ndarray, list[str]]:
        """Return a group column as numbers and the names they stand for, sorted."""
        coded = self.text(name).dictionary_encode()
        names = coded.dictionary.to_pylist()
        order = sorted(range(len(names)), key=lambda i: names[i])
        place = np.empty(len(names), np.int64)
        place[order] = np.arange(len(names))
        return place[coded.indices.to_numpy()], [names[i] for i in order]

    def number(self, name: str) -> np.ndarray:
        """Return a column of numbers."""
        values, faults = numbers(self.text(name), name, self.ids, self.where, negative=True)
        raise_errors(faults)
        return values


def read_columns(path: Path) -> pa.Table:
    """Return a CSV, XLSX or Parquet table as text columns, opened in a process of its own as every foreign file is."""
    from ecocomp.io.files import read_table
    from ecocomp.io.worker import TableJob, Worker

    if not path.is_file():
        said = Text("没有文件 {p}。", "There is no file {p}.").fill(p=path)
        raise FaultsError([Fault("target.no_file", str(path), "", said, Text("核对路径。", "Check the path."))])
    with tempfile.TemporaryDirectory(prefix="ecocomp-") as folder, Worker() as worker:
        answer = worker.run([TableJob("table", path)], Path(folder))[0]
        raise_errors(answer.faults)
        if not answer.ok or answer.path is None:
            said = Text("表读不通。", "The table cannot be read.")
            raise FaultsError([Fault("target.unreadable", str(path), "", said, Text("另存为 CSV。", "Save it as CSV."))])
        table = read_table(answer.path)
    blank = [pc.utf8_trim_whitespace(pc.fill_null(table[n].cast(pa.string()), "")) for n in table.column_names]
    return pa.table(dict(zip(table.column_names, blank, strict=True))).combine_chunks()


def candidates_of(
    table: pa.Table,
    where: str,
    *,
    id_column: str = "id",
    cost_column: str | None = None,
    benefit: Mapping[str, float] | None = None,
    loss_probability: str | float | Mapping[str, Any] | None = None,
) -> Candidates:
    """Return the candidates of a table of text columns; raises `FaultsError` with every wrong cell.

    cost_column       ``…_yuan`` or ``…_fen``; default ``cost_yuan``, else ``cost_fen``
    benefit           column → weight; default the column ``benefit``
    loss_probability  chance (0..1) that the benefit is lost without payment: a column, a number for all, or
                      ``{by: column, values: {code: chance}}``; the benefit that counts is benefit × chance
    """
    benefit = {"benefit": 1.0} if benefit is None else benefit
    cost_column = cost_column or (
        "cost_yuan" if "cost_yuan" in table.column_names or "cost_fen" not in table.column_names else "cost_fen"
    )
    needed = [id_column, cost_column, *benefit, *([loss_probability] if isinstance(loss_probability, str) else [])]
    raise_errors([missing_column(where, n, table.column_names) for n in needed if n not in table.column_names])
    ids = _flat(table[id_column])
    faults = _id_faults(ids, where)
    cost, found = fens(_flat(table[cost_column]), cost_column, ids, where)
    faults += found
    total = np.zeros(len(ids))
    for name, weight in benefit.items():
        values, found = numbers(_flat(table[name]), name, ids, where)
        faults += found
        total = total + weight * values
    chance, found = _chance(table, loss_probability, ids, where)
    raise_errors(faults + found)
    if _exact_sum(cost) >= _SUM:
        said = Text("成本合计超出可算范围。", "The costs add up to more than can be computed.")
        raise FaultsError([Fault("target.too_much", where, cost_column, said, Text("核对单位。", "Check the unit."))])
    order = pc.sort_indices(ids)
    at = order.to_numpy()
    columns = {n: _flat(table[n]).take(order) for n in table.column_names}
    return Candidates(ids.take(order), cost[at], (total * chance)[at], columns, where)


def fens(cells: pa.Array, name: str, ids: pa.Array, where: str) -> tuple[np.ndarray, list[Fault]]:
    """Return amounts as whole fen, and a fault for each that is no amount, below or at zero, or larger than any."""
    yuan = not name.endswith("_fen")
    good = pc.match_substring_regex(cells, _YUAN if yuan else _FEN).to_numpy(zero_copy_only=False)
    plain = pc.if_else(pa.array(good), cells, "1")
    if yuan:
        value = pc.multiply(plain.cast(pa.decimal128(20, 2)), pa.scalar(100, pa.decimal128(3, 0))).cast(pa.int64())
    else:
        value = plain.cast(pa.int64())
    out = value.to_numpy(zero_copy_only=False)
    faults = _cell_faults(
        cells, ~good, name, ids, where, Text("不是最多两位小数的金额", "is not an amount with at most two decimals")
    )
    faults += _cell_faults(cells, good & (out <= 0), name, ids, where, Text("应大于零", "must be above zero"))
    faults += _cell_faults(cells, good & (out > MOST_FEN), name, ids, where, Text("过大", "is too large"))
    return out, faults


def numbers(
    cells: pa.Array, name: str, ids: pa.Array, where: str, *, negative: bool = False, top: float = MOST_BENEFIT
) -> tuple[np.ndarray, list[Fault]]:
    """Return plain finite numbers, and a fault for each cell that is none (empty, NaN, infinite, text) or below zero."""
    good = pc.match_substring_regex(cells, _NUMBER).to_numpy(zero_copy_only=False)
    out = pc.if_else(pa.array(good), cells, "0").cast(pa.float64()).to_numpy(zero_copy_only=False)
    faults = _cell_faults(cells, ~good, name, ids, where, Text("不是有限的数", "is not a finite number"))
    if not negative:
        faults += _cell_faults(cells, good & (out < 0), name, ids, where, Text("不能为负", "must not be negative"))
    faults += _cell_faults(cells, good & (np.abs(out) > top), name, ids, where, Text("过大", "is too large"))
    return out, faults


def flags(cells: pa.Array, name: str, ids: pa.Array, where: str) -> tuple[np.ndarray, list[Fault]]:
    """Return a yes/no column; anything else is a fault."""
    low = pc.utf8_lower(cells)
    yes = pc.is_in(low, value_set=pa.array(_YES)).to_numpy(zero_copy_only=False)
    no = pc.is_in(low, value_set=pa.array(_NO)).to_numpy(zero_copy_only=False)
    return yes, _cell_faults(cells, ~(yes | no), name, ids, where, Text("应为是或否", "must be yes or no"))


def missing_column(where: str, name: str, known: Any) -> Fault:
    """Return the fault of a column that a table lacks."""
    near = next(iter(difflib.get_close_matches(str(name), list(known), 1)), "—")
    return Fault(
        "target.column",
        where,
        str(name),
        Text("缺少列 {c}；有：{h}。", "Column {c} is missing; there are: {h}.").fill(c=name, h=", ".join(list(known)[:20])),
        Text("补上它，或改正列名；最相近的是 {n}。", "Add it or mend its name; the nearest is {n}.").fill(n=near),
    )


def _chance(table: pa.Table, given: Any, ids: pa.Array, where: str) -> tuple[np.ndarray, list[Fault]]:
    if given is None:
        return np.ones(len(ids)), []
    if isinstance(given, str):
        values, faults = numbers(_flat(table[given]), given, ids, where, negative=True)
        name, cells = given, _flat(table[given])
        known = np.ones(len(ids), bool)
    elif isinstance(given, Mapping):
        name = str(given.get("by", ""))
        if name not in table.column_names:
            return np.ones(len(ids)), [missing_column(where, name, table.column_names)]
        cells = _flat(table[name])
        chances = {str(k): float(v) for k, v in dict(given.get("values", {})).items()}
        found = cells.dictionary_encode()
        per = np.array([chances.get(c, np.nan) for c in found.dictionary.to_pylist()], float)
        values = per[found.indices.to_numpy()] if len(per) else np.zeros(0)
        known = ~np.isnan(values)
        faults = _cell_faults(cells, ~known, name, ids, where, Text("没有给出损失概率", "has no probability of loss"))
        values = np.where(known, values, 0)
    else:
        name, cells, faults = "loss_probability", pa.array([str(given)] * len(ids), pa.string()), []
        values, known = np.full(len(ids), float(given)), np.ones(len(ids), bool)
    off = known & ((values < 0) | (values > 1))
    return values, faults + _cell_faults(cells, off, name, ids, where, Text("应在 0 与 1 之间", "must lie between 0 and 1"))


def _id_faults(ids: pa.Array, where: str) -> list[Fault]:
    empty = pc.equal(ids, "").to_numpy(zero_copy_only=False)
    faults = _cell_faults(ids, empty, "id", ids, where, Text("编码是空的", "the id is empty"))
    counted = ids.value_counts()
    many = counted.filter(pc.greater(counted.field("counts"), 1))
    twice = [r["values"] for r in many.to_pylist() if r["values"]]
    if twice:
        rows = np.flatnonzero(pc.is_in(ids, value_set=pa.array(twice)).to_numpy(zero_copy_only=False))
        places: dict[str, list[int]] = {}
        for i in rows.tolist():
            places.setdefault(ids[i].as_py(), []).append(i + 1)
        faults += capped(
            [
                Fault(
                    "target.duplicate",
                    where,
                    id_,
                    Text("编码出现在第 {r} 行。", "The id stands in rows {r}.").fill(r=", ".join(map(str, at[:10]))),
                    Text("每个候选一行一个编码。", "One row and one id for each candidate."),
                )
                for id_, at in sorted(places.items())
            ],
            "target.duplicate",
            where,
        )
    return faults


def _cell_faults(cells: pa.Array, bad: np.ndarray, name: str, ids: pa.Array, where: str, why: Text) -> list[Fault]:
    rows = np.flatnonzero(bad)
    out = [
        Fault(
            "target.cell",
            where,
            f"row {i + 1} {ids[i].as_py()}".strip(),
            Text("{c} 是“{v}”，{w}。", "{c} is “{v}”: it {w}.").fill(c=name, v=str(cells[i].as_py())[:40], w=why),
            Text("改正这一格，或删去这一行。", "Mend the cell or delete the row."),
        )
        for i in rows[:50].tolist()
    ]
    if len(rows) > 50:
        last = out[-1]
        more = Text("另有 {n} 行同样如此。", "{n} more rows are like it.").fill(n=len(rows) - 50)
        out.append(Fault(last.code, where, name, more, last.remedy))
    return out


def _flat(column: Any) -> pa.Array:
    found = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return found if pa.types.is_string(found.type) else found.cast(pa.string())


def _exact_sum(values: np.ndarray) -> int:
    """Return the sum in Python integers, where int64 could overflow."""
    return (int((values >> 32).sum()) << 32) + int((values & 0xFFFFFFFF).sum())


def exact_dot(a: np.ndarray, x: np.ndarray) -> int:
    """Return the sum of whole coefficients where `x` is true, exactly."""
    return _exact_sum(a[x])


def texts(values: Sequence[str]) -> pa.Array:
    """Return texts as an Arrow array."""
    return pa.array(list(values), pa.string())
