"""Many parcels as columns: what `Land` says of one, for all of them at once; read from the tables of the gate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.standard.exact import Ints, narrowed, ratio
from ecocomp.standard.land import Land, ServiceWorth
from ecocomp.terms.codes import ECOSYSTEM_GROUPS
from ecocomp.terms.faults import Fault, FaultsError, capped, raise_errors
from ecocomp.terms.money import INT64_MAX
from ecocomp.terms.tables import PPM
from ecocomp.terms.text import Text

_MOST_KINDS = 1 << 20


@dataclass(frozen=True)
class Codes:
    """A column of few words: the words, and which of them each row has."""

    names: tuple[Any, ...]
    index: Ints

    @classmethod
    def of(cls, values: pa.Array | pa.ChunkedArray) -> Codes:
        """Return the codes of a column."""
        found = pc.dictionary_encode(values)
        found = found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found
        if isinstance(found, pa.ChunkedArray):  # no rows at all, or an old Arrow
            found = found.chunk(0) if found.num_chunks else pa.array([], values.type).dictionary_encode()
        return cls(tuple(found.dictionary.to_pylist()), found.indices.to_numpy(zero_copy_only=False).astype(np.int64))

    def take(self, rows: Ints) -> Codes:
        """Return the rows asked for."""
        return Codes(self.names, self.index[rows])

    def values(self) -> list[Any]:
        """Return the words row by row."""
        return [self.names[i] for i in self.index.tolist()]


def combinations(columns: list[Codes], size: int) -> tuple[list[tuple[Any, ...]], Ints]:
    """Return the combinations of columns that occur, and which of them each row has."""
    if not size:
        return [], np.zeros(0, np.int64)
    code, room = np.zeros(size, np.int64), 1
    for c in columns:
        code, room = code * len(c.names) + c.index, room * len(c.names)
        if room > _MOST_KINDS:  # too many that might occur: sort what does
            return _rare(columns)
    seen = np.flatnonzero(np.bincount(code, minlength=room))
    number = np.zeros(room, np.int64)
    number[seen] = np.arange(len(seen))
    kinds = []
    for value in seen.tolist():
        words = []
        for c in reversed(columns):
            value, i = divmod(value, len(c.names))
            words.append(c.names[i])
        kinds.append(tuple(reversed(words)))
    return kinds, number[code]


def _rare(columns: list[Codes]) -> tuple[list[tuple[Any, ...]], Ints]:
    rows, inverse = np.unique(np.stack([c.index for c in columns], 1), axis=0, return_inverse=True)
    kinds = [tuple(c.names[i] for c, i in zip(columns, row, strict=True)) for row in rows.tolist()]
    return kinds, inverse.reshape(-1)


@dataclass(frozen=True)
class Lands:
    """Parcels in the order of their codes; every attribute has a row for each.

    services  names of the assessed services as text, null where there is none
    """

    parcel_id: pa.Array
    group: Codes
    function_zone: Codes
    grade: Codes
    village_code: Codes
    tenure: Codes
    restriction: Codes
    red_line_ppm: Ints
    reserve_ppm: Ints
    area_dm2: Ints
    last_fen: Ints
    assessed: Ints
    value_fen: Ints
    low_fen: Ints
    high_fen: Ints
    services: pa.Array
    _kinds: dict[tuple[str, ...], tuple[list[tuple[Any, ...]], Ints]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.parcel_id)

    def kinds(self, *names: str) -> tuple[list[tuple[Any, ...]], Ints]:
        """Return the combinations of some coded attributes that occur, and which of them each row has."""
        if names not in self._kinds:
            self._kinds[names] = combinations([getattr(self, n) for n in names], len(self))
        return self._kinds[names]

    def take(self, rows: Ints) -> Lands:
        """Return the rows asked for."""
        arrow = pa.array(rows)
        made: dict[str, Any] = {
            n: v.take(arrow) if isinstance(v, pa.Array) else v.take(rows) if isinstance(v, Codes) else v[rows]
            for n, v in self.__dict__.items()
            if n != "_kinds"
        }
        return Lands(**made)

    def slice(self, start: int, size: int) -> Lands:
        """Return `size` rows from `start`."""
        return self.take(np.arange(start, min(start + size, len(self))))

    def rows(self) -> Iterator[Land]:
        """Yield the parcels one by one."""
        coded = (self.group, self.function_zone, self.grade)
        numbers = (self.red_line_ppm, self.reserve_ppm, self.area_dm2)
        worth = zip(
            self.assessed.tolist(),
            self.value_fen.tolist(),
            self.low_fen.tolist(),
            self.high_fen.tolist(),
            self.services.to_pylist(),
            strict=True,
        )
        words = (self.village_code.values(), self.tenure.values(), self.restriction.values())
        ends = zip(*words, self.last_fen.tolist(), strict=True)
        starts = zip(self.parcel_id.to_pylist(), *(c.values() for c in coded), *(n.tolist() for n in numbers), strict=True)
        for start, (assessed, value, low, high, services), end in zip(starts, worth, ends, strict=True):
            row: tuple[Any, ...] = (*start, ServiceWorth(value, low, high, services or "") if assessed else None, *end)
            yield Land(*row)


def read_lands(
    parcel: pa.Table,
    parcel_zone: pa.Table,
    service_value: pa.Table,
    year: int,
    *,
    least_ppm: int,
    ban_ppm: int,
    tenure: Mapping[str, str] | None = None,
    last: pa.Table | None = None,
    named: bool = True,
) -> Lands:
    """Return the parcels of the tables, sorted by code; `service_value` holds only what counts.

    least_ppm  a service observed on less of its ground does not count
    ban_ppm    share inside the red line from which grassland counts as banned
    last       last year's standard, if there is one
    named      also say which services were counted (only the steps need it)

    Raises `FaultsError` with every parcel that has no zone, no area or an unknown ecosystem, and for prices of two years.
    """
    parcel = sorted_by_parcel(parcel)
    ids = _array(parcel["parcel_id"])
    at = _rows_of(parcel_zone["parcel_id"], ids)
    ecosystem = Codes.of(parcel["ecosystem"])
    area = _numbers(parcel["area_dm2"])
    raise_errors(_faults(ids, at, ecosystem, area))
    zone = parcel_zone if at is None else parcel_zone.take(pa.array(at))
    group = Codes(tuple(n[:1] for n in ecosystem.names), ecosystem.index)
    red = _numbers(zone["red_line_ppm"])
    return Lands(
        ids,
        _merged(group),
        Codes.of(zone["function_zone"]),
        Codes.of(zone["grade"]),
        Codes.of(parcel["village_code"]),
        _tenure(ids, tenure),
        Codes(("balance", "ban"), (red >= ban_ppm).astype(np.int64)),
        red,
        _numbers(zone["reserve_ppm"]),
        area,
        _last_rates(ids, last),
        *_worth(ids, service_value, year, least_ppm, named),
    )


def sorted_by_parcel(table: pa.Table) -> pa.Table:
    """Return a table in the order of parcel codes; one that is in order already as it is."""
    ids = table["parcel_id"]
    if len(ids) < 2 or pc.all(pc.less(ids.slice(0, len(ids) - 1), ids.slice(1))).as_py():
        return table
    return table.sort_by("parcel_id")


def zones_of(parcel: pa.Table, parcel_zone: pa.Table) -> pa.Table:
    """Return the zones of parcels row by row; each must have one."""
    at = _rows_of(parcel_zone["parcel_id"], _array(parcel["parcel_id"]))
    return parcel_zone if at is None else parcel_zone.take(pa.array(at))


def of_services(service_value: pa.Table, ids: Sequence[str]) -> pa.Table:
    """Return the rows of the services named; a service id stands for all its products.

    Not every value that can be shown may be added: water kept and water yielded are the same rain, a stock is no flow.
    """
    wanted = set(ids)
    services = Codes.of(service_value["service"])
    keep = np.array([n in wanted or n.partition(".")[0] in wanted for n in services.names], bool)
    return service_value.filter(pa.array(keep[services.index] if len(keep) else np.zeros(len(service_value), bool)))


def _array(values: pa.Array | pa.ChunkedArray) -> pa.Array:
    if not isinstance(values, pa.ChunkedArray):
        return values
    return (
        values.chunk(0)
        if values.num_chunks == 1
        else pa.concat_arrays(values.chunks)
        if values.num_chunks
        else values.combine_chunks()
    )


def _numbers(values: pa.Array | pa.ChunkedArray) -> Ints:
    return _array(values).to_numpy(zero_copy_only=False).astype(np.int64, copy=False)


def _rows_of(keys: pa.ChunkedArray, ids: pa.Array) -> Ints | None:
    """Return the row each id has among `keys`, −1 for none; None where the two are the same column."""
    if len(keys) == len(ids) and _array(keys).equals(ids):
        return None
    found = pc.index_in(ids, value_set=_array(keys))
    return _numbers(pc.fill_null(found, -1))


def _merged(codes: Codes) -> Codes:
    """Return codes in which each word occurs once."""
    names = tuple(dict.fromkeys(codes.names))
    number = np.array([names.index(n) for n in codes.names], np.int64)
    return Codes(names, number[codes.index] if len(codes.names) else codes.index)


def _tenure(ids: pa.Array, tenure: Mapping[str, str] | None) -> Codes:
    if not tenure:
        return Codes(("",), np.zeros(len(ids), np.int64))
    keys, values = pa.array(list(tenure), pa.string()), pa.array(list(tenure.values()), pa.string())
    found = pc.index_in(ids, value_set=keys)
    return Codes.of(pc.fill_null(values.take(found), ""))


def _last_rates(ids: pa.Array, last: pa.Table | None) -> Ints:
    if last is None or not len(last):
        return np.zeros(len(ids), np.int64)
    at, rates = _rows_of(last["parcel_id"], ids), _numbers(last["rate_fen_per_ha"])
    return rates if at is None else np.where(at >= 0, rates[np.maximum(at, 0)], 0)


def _faults(ids: pa.Array, at: Ints | None, ecosystem: Codes, area: Ints) -> list[Fault]:
    unknown = np.array([str(n)[:1] not in ECOSYSTEM_GROUPS for n in ecosystem.names], bool)
    odd = unknown[ecosystem.index] if len(ecosystem.names) else np.zeros(0, bool)
    nowhere = np.zeros(len(ids), bool) if at is None else at < 0
    out: list[Fault] = []
    for rows, make in ((nowhere, _no_zone), (area <= 0, _no_area), (odd, _no_group)):
        found = [
            make(ids[i].as_py(), int(area[i]), str(ecosystem.names[ecosystem.index[i]])) for i in np.flatnonzero(rows).tolist()
        ]
        out += capped(found, found[0].code if found else "", "parcel")
    return out


def _no_zone(parcel_id: str, _area: int, _ecosystem: str) -> Fault:
    clash = Text("地块没有分区结果。", "The parcel has no row in parcel_zone.")
    return Fault("standard.no_zone", "parcel", parcel_id, clash, Text("先对它分区。", "Zone it first."))


def _no_area(parcel_id: str, area: int, _ecosystem: str) -> Fault:
    clash = Text("地块面积是 {a}。", "The parcel's area is {a}.").fill(a=area)
    return Fault("standard.no_area", "parcel", parcel_id, clash, Text("核对调查面积。", "Check the surveyed area."))


def _no_group(parcel_id: str, _area: int, ecosystem: str) -> Fault:
    clash = Text("生态系统代码是 {e}。", "The ecosystem code is {e}.").fill(e=ecosystem or "—")
    remedy = Text("应为两位代码，首位 1–8。", "It must be a two-digit code whose first digit is 1–8.")
    return Fault("standard.ecosystem", "parcel", parcel_id, clash, remedy)


def _worth(
    ids: pa.Array, service_value: pa.Table, year: int, least_ppm: int, named: bool
) -> tuple[Ints, Ints, Ints, Ints, pa.Array]:
    """Return assessed, value, low, high (fen/a) and the names of the services of each parcel.

    Ground that was not observed is taken to do what the observed ground of the same parcel does, because a gap in a
    satellite image is no loss of nature. A service observed on less than `least_ppm` of the ground it is meant for
    counts as not assessed. How much was observed stays in the names of the services: ``water@943210`` was scaled
    from 94.3 %, ``sand!120000`` was left out.
    """
    table = service_value.filter(pc.equal(service_value["year"], year))
    if not len(ids):
        table = table.slice(0, 0)
    _one_price_year(table)
    size = len(ids)
    at = _rows_of_values(ids, table["parcel_id"])
    ppm = _numbers(pc.fill_null(table["observed_ppm"], PPM))
    kept = (ppm >= max(least_ppm, 1)) & (at >= 0)
    assessed = np.zeros(size, bool)
    assessed[at[kept]] = True
    ends = [_summed(table[n], at, kept, ppm, size) for n in ("value_fen", "low_fen", "high_fen")]
    words = _names(table["service"], at, kept, ppm, assessed) if named else pa.nulls(size, pa.string())
    return assessed, ends[0], ends[1], ends[2], words


def _one_price_year(table: pa.Table) -> None:
    years = sorted(table["price_year"].unique().to_pylist())
    if len(years) > 1:
        raise FaultsError(
            [
                Fault(
                    "standard.mixed_price_years",
                    "service_value",
                    "",
                    Text("价值表混有 {y} 年价格，不能相加。", "The value table mixes prices of {y}, which cannot be added.").fill(
                        y=", ".join(map(str, years))
                    ),
                    Text("把 valuation.price_basis 设为 account。", "Set valuation.price_basis to account."),
                )
            ]
        )


def _rows_of_values(ids: pa.Array, keys: pa.ChunkedArray) -> Ints:
    """Return the parcel each value belongs to, −1 for one that is not there; runs of one parcel are looked up once."""
    if not len(keys):
        return np.zeros(0, np.int64)
    runs = _array(pc.run_end_encode(_array(keys)))
    found = _numbers(pc.fill_null(pc.index_in(runs.values, value_set=ids), -1))
    ends = _numbers(runs.run_ends)
    return np.repeat(found, np.diff(ends, prepend=0))


def _summed(values: pa.ChunkedArray, at: Ints, kept: Ints, ppm: Ints, size: int) -> Ints:
    """Return the sum of the kept values of each parcel, each scaled to the whole of its ground."""
    rows = at[kept]
    fen: Ints = _numbers(values)[kept]
    seen = ppm[kept]
    part = np.flatnonzero(seen < PPM)
    if len(part):
        scaled = ratio([[fen[part], PPM]], [seen[part]], len(part))
        if scaled.dtype == object:
            fen = fen.astype(object)
        fen[part] = scaled
    most = max((abs(int(v)) for v in (fen.min(), fen.max())), default=0) if len(fen) else 0
    count = int(np.bincount(rows, minlength=1).max()) if len(rows) else 0
    out = np.zeros(size, object if most * count > INT64_MAX else np.int64)
    if out.dtype == object and fen.dtype != object:
        fen = fen.astype(object)
    np.add.at(out, rows, fen)
    return narrowed(out)


def _names(services: pa.ChunkedArray, at: Ints, kept: Ints, ppm: Ints, assessed: Ints) -> pa.Array:
    """Return the services of each parcel in the order of their codes, those left out last; null where none counts."""
    plain = _array(services)
    mark = pa.array(np.where(~kept, "!", "@"))
    noted = pc.binary_join_element_wise(plain, mark, pc.cast(pa.array(ppm), pa.string()), "")
    words = pc.if_else(pa.array(kept & (ppm == PPM)), plain, noted)
    rows = np.flatnonzero((at >= 0) & assessed[np.maximum(at, 0)]) if len(at) else np.zeros(0, np.int64)
    rank = np.argsort(np.argsort(np.array(_dictionary(plain), object).astype(str))) if len(plain) else np.zeros(0, np.int64)
    code = rank[Codes.of(plain).index[rows]] if len(rows) else rows
    rows = rows[np.lexsort((code, ~kept[rows], at[rows]))]
    size = len(assessed)
    counts = np.bincount(at[rows], minlength=size)
    offsets = pa.array(np.concatenate([[0], np.cumsum(counts)]).astype(np.int32))
    joined = pc.binary_join(pa.ListArray.from_arrays(offsets, words.take(pa.array(rows))), " ")
    return pc.if_else(pa.array(assessed), joined, pa.scalar(None, pa.string()))


def _dictionary(values: pa.Array) -> list[str]:
    return list(Codes.of(values).names)
