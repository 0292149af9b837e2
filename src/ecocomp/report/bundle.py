"""A bundle opened for reading: its facts, this year's tables, last year's, and exact sums over them.

Tables that are absent stay absent; whoever asks gets None and says so in words.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ecocomp.governance.why import programmes_of
from ecocomp.programmes.programme import Programme
from ecocomp.terms.codes import FUNCTION_ZONES
from ecocomp.terms.faults import Fault, FaultsError
from ecocomp.terms.text import Text

ZONES = tuple(FUNCTION_ZONES)
Whole = NDArray[np.int64]


class Bundle:
    """One year's bundle, and where there is one, the tables of the year before."""

    def __init__(self, folder: Path, previous: Path | None = None) -> None:
        self.folder = folder
        self.meta: dict[str, Any] = _meta(folder)
        self.year = int(self.meta["year"])
        self.known_on = date.fromisoformat(str(self.meta["known_on"])[:10])
        before = self.meta.get("previous") or {}
        self.last_year = int(before.get("year", self.year - 1))
        self._before = previous or (folder / "previous" if (folder / "previous").is_dir() else None)
        self._read: dict[tuple[str, bool], pa.Table | None] = {}

    @cached_property
    def programmes(self) -> dict[str, Programme]:
        """The programme files of the bundle that count at its place, read once."""
        return programmes_of(self.folder, str(self.meta["case"]["place"]))

    @property
    def name(self) -> Text:
        """Name of the case."""
        case = self.meta["case"]
        return Text(str(case["name_zh"]), str(case["name_en"]))

    @property
    def invented(self) -> bool:
        """Whether places and people are invented."""
        return bool(self.meta["case"].get("invented"))

    @property
    def study(self) -> bool:
        """Whether the case is a study, on which nobody is paid."""
        return self.meta["case"].get("purpose") == "study"

    def table(self, name: str, *, last: bool = False) -> pa.Table | None:
        """Return a table of this year (or of the year before), None when absent or without a row of the year."""
        key = (name, last)
        if key not in self._read:
            self._read[key] = self._load(name, last)
        return self._read[key]

    def _load(self, name: str, last: bool) -> pa.Table | None:
        folder = self._before if last else self.folder
        if folder is None:
            return None
        path = next((p for p in (folder / "tables" / f"{name}.parquet", folder / f"{name}.parquet") if p.is_file()), None)
        if path is None:
            return None
        found = pq.read_table(path)
        if "year" in found.schema.names and name not in ("economy",):
            found = found.filter(pc.equal(found["year"], self.last_year if last else self.year))
        return found.combine_chunks() if len(found) else None

    @cached_property
    def parcels(self) -> Parcels:
        """Parcels of this year, with area and zone."""
        return Parcels.of(self.table("parcel"), self.table("parcel_zone"))

    @cached_property
    def parcels_before(self) -> Parcels:
        """Parcels of the year before; empty without one."""
        return Parcels.of(self.table("parcel", last=True), self.table("parcel_zone", last=True))

    @cached_property
    def rules(self) -> dict[str, Any]:
        """Values of the parameters the year rests on, by key."""
        table = self.table("parameter")
        return {} if table is None else {r["key"]: json.loads(r["value"]) for r in table.select(["key", "value"]).to_pylist()}

    def counts(self, service: str) -> bool:
        """Return whether a service (or the product of one) counts in the standard; without a rule every one does."""
        named = self.rules.get("standard.value_services")
        return named is None or service in named or service.partition(".")[0] in named

    @cached_property
    def holders(self) -> dict[str, Whole | pa.Array]:
        """Holder codes and the number of their kind (in the order of `codes.HOLDER_KINDS`)."""
        from ecocomp.terms.codes import HOLDER_KINDS

        table = self.table("holder")
        if table is None:
            return {"ids": pa.array([], pa.string()), "kind": np.zeros(0, np.int64)}
        return {"ids": _one(table["holder_id"]), "kind": codes(table["kind"], tuple(HOLDER_KINDS))}


@dataclass(frozen=True, eq=False)
class Parcels:
    """Parcel codes, areas and the number of their zone in `ZONES` (outside when unknown)."""

    ids: pa.Array
    area_dm2: Whole
    zone: Whole

    @classmethod
    def of(cls, parcel: pa.Table | None, zone: pa.Table | None) -> Parcels:
        if parcel is None:
            return cls(pa.array([], pa.string()), np.zeros(0, np.int64), np.zeros(0, np.int64))
        ids = _one(parcel["parcel_id"])
        numbers = np.full(len(ids), ZONES.index("none"), np.int64)
        if zone is not None:
            at = rows_of(zone["parcel_id"], ids)
            numbers[at[at >= 0]] = codes(zone["function_zone"], ZONES)[at >= 0]
        return cls(ids, parcel["area_dm2"].to_numpy(), numbers)

    def rows(self, column: pa.ChunkedArray | pa.Array) -> Whole:
        """Return the row of each parcel code in `column`, -1 where unknown."""
        return rows_of(column, self.ids)


def rows_of(column: pa.ChunkedArray | pa.Array, ids: pa.Array) -> Whole:
    """Return where each value of `column` stands in `ids`, -1 where it does not."""
    return pc.fill_null(pc.index_in(_one(column), value_set=ids), -1).to_numpy(zero_copy_only=False).astype(np.int64)


def codes(column: pa.ChunkedArray | pa.Array, known: Sequence[str]) -> Whole:
    """Return each code's number in `known`; a code that is not in the list counts as the last."""
    found = rows_of(column, pa.array(list(known), pa.string()))
    return np.where(found < 0, len(known) - 1, found)


def numbers(column: pa.ChunkedArray | pa.Array) -> NDArray[np.float64]:
    """Return a float column with NaN for null."""
    return pc.fill_null(_one(column), float("nan")).to_numpy(zero_copy_only=False)


def whole(column: pa.ChunkedArray | pa.Array) -> Whole:
    """Return a column of whole numbers."""
    return _one(column).to_numpy(zero_copy_only=False).astype(np.int64)


def sums(group: Whole, amount: Whole, groups: int) -> Whole:
    """Return exact whole sums by group number."""
    out = np.zeros(groups, np.int64)
    np.add.at(out, group, amount)
    return out


def weighted_mean(values: Whole, weights: Whole) -> int | None:
    """Return the weighted mean of whole numbers as a whole number (half-even), exact at any size; None without weight."""
    from ecocomp.terms.money import half_even

    total = int(weights.sum())
    if not total:
        return None
    # rate times area passes int64 in a large county, so products are added as Python integers in two halves
    high, low = np.divmod(weights, 1 << 20)
    product = (int((values * high).sum()) << 20) + int((values * low).sum())
    return half_even(product, total)


def _one(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    if isinstance(column, pa.ChunkedArray):
        return (
            column.chunk(0)
            if column.num_chunks == 1
            else pa.concat_arrays(column.chunks)
            if column.num_chunks
            else pa.array([], column.type)
        )
    return column


def _meta(folder: Path) -> dict[str, Any]:
    path = folder / "bundle.json"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FaultsError(
            [
                Fault(
                    "report.no_bundle",
                    folder.name,
                    "bundle.json",
                    Text("读不到：{e}。", "It cannot be read: {e}.").fill(e=type(error).__name__),
                    Text(
                        "指向一个运行完成的成果包，或重新运行该年度。",
                        "Point at the bundle of a finished run, or run the year again.",
                    ),
                )
            ]
        ) from error
    missing = [k for k in ("case", "year", "known_on") if k not in found]
    if missing:
        raise FaultsError(
            [
                Fault(
                    "report.no_bundle",
                    folder.name,
                    "bundle.json",
                    Text("缺少{m}。", "It lacks {m}.").fill(m=", ".join(missing)),
                    Text("重新运行该年度。", "Run the year again."),
                )
            ]
        )
    return found  # type: ignore[no-any-return]


def amount(table: pa.Table | None, column: str) -> int:
    """Return the exact sum of a whole column, 0 for an absent table."""
    return int(pc.sum(table[column]).as_py() or 0) if table is not None else 0
