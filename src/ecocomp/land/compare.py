"""Two survey editions compared: what became of each parcel, and a ledger of areas that closes to the dm².

For the desk that must know whom a boundary change touches before rights, contracts and payments are carried on.

Method
------
1. *Shared ground.* Parcels whose WKB is equal to the byte share all of it. All others are cut with each other in the
   coordinate system of the old edition (`ecocomp.land.overlay`); the new one is brought there first if it has another
   system on the same datum. Each piece is measured on the ellipsoid by the survey's rule, and so is the ground of a
   parcel that lies in no parcel of the other edition: *gone* for an old parcel, *appeared* for a new one.
2. *Registered areas are what is paid on, so they are what is booked.* The registered area of each old parcel is split
   over its pieces and what is gone in proportion to the measured areas (`money.apportion`: nothing lost). The registered
   area of each new parcel is split likewise over the same pieces and what appeared. So a piece has two areas: `area_dm2`,
   as it stood in the old register, and `new_area_dm2`, as it stands in the new one. Their difference is *resurvey*: the
   same ground, another registered area, because vertices put on a line move the survey's sum a little.
3. *Ledger.* Flows are booked at their old area. For each land class, village and unit, and in total,

       opening + in − out + appeared − gone + resurvey = closing

   holds in whole dm², because opening is the sum of the old areas of pieces and what is gone, and closing the sum of the
   new areas of pieces and what appeared. The margins of the transition matrix are the totals of the two editions: the
   column `none` is what is gone, the row `none` what appeared, the row `resurvey` the differences of step 2.
4. *Misfit* of a parcel is its registered area less all that was measured in it. Vertices explain a few millionths; more
   than the tolerance is a fault, mostly parcels that overlap within one edition.
5. *Relations.* A piece below the sliver tolerance stays in the ledger and decides nothing. A piece of at least half of
   one of its two parcels, or between parcels of the same code, says that one came from the other; the sets so joined
   give the relation by how many they join: one and one (`same`, `reclassed`, `recoded`, `moved`), one and several
   (`split`), several and one (`merged`), else `rearranged`. A set in which every code goes on is `moved`. What was joined
   to nothing is `rearranged` if it took ground from others, else `new` or `gone`.

Comparing in the other direction gives the mirrored result.

Reference: Third National Land Survey, technical rule on ellipsoidal patch areas (see `ecocomp.land.area`). The sliver
and misfit tolerances are defaults of this library, not of a standard.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.io.files import disk_words, publish_folder, write_json, write_table
from ecocomp.land.overlay import MM2_PER_DM2, MM2_PER_M2, Progress, Shared, Side, read_side, shared_ground
from ecocomp.terms.area import DM2_PER_M2
from ecocomp.terms.faults import Fault
from ecocomp.terms.money import apportion
from ecocomp.terms.tables import TableSpec
from ecocomp.terms.tables import column as _c
from ecocomp.terms.text import Text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ecocomp.land.edition import Edition

RELATIONS: dict[str, Text] = {
    "same": Text("未变", "same"),
    "reclassed": Text("地类或村变更", "other land class or village"),
    "recoded": Text("仅编码变更", "other code, same ground"),
    "moved": Text("界线变更", "boundary changed"),
    "split": Text("分割", "split"),
    "merged": Text("合并", "merged"),
    "rearranged": Text("重划", "rearranged"),
    "new": Text("新增", "new"),
    "gone": Text("消失", "gone"),
}
PARTS: dict[str, Text] = {
    "main": Text("主要来源", "came from"),
    "strip": Text("带状交换", "strip exchanged"),
    "sliver": Text("碎屑", "sliver"),
}
DIMENSIONS: dict[str, Text] = {
    "total": Text("合计", "total"),
    "land_class": Text("地类", "land class"),
    "village": Text("村", "village"),
    "unit": Text("单位", "unit"),
}
ALL, NONE, RESURVEY = "all", "none", "resurvey"
_S, _I = pa.string(), pa.int64()


PIECES = TableSpec(
    "edition_piece",
    Text("两版地块的共有地块片", "ground shared by parcels of two editions"),
    ("old_id", "new_id"),
    (
        _c("old_id", _S, "", "旧地块编码", "old parcel"),
        _c("new_id", _S, "", "新地块编码", "new parcel"),
        _c("part", _S, "compare.PARTS", "作用", "what it is"),
        _c("area_dm2", _I, "dm2", "旧登记面积中的份额", "its share of the old registered area"),
        _c("new_area_dm2", _I, "dm2", "新登记面积中的份额", "its share of the new registered area"),
    ),
    "survey",
)
PARCELS = TableSpec(
    "edition_parcel",
    Text("地块的来去", "what became of parcels"),
    ("side", "parcel_id"),
    (
        _c("side", _S, "old|new", "版次", "edition"),
        _c("parcel_id", _S, "", "地块编码", "parcel code"),
        _c("relation", _S, "compare.RELATIONS", "关系", "relation"),
        _c("partners", _I, "parcels", "相关地块数（碎屑除外）", "parcels it shares ground with, slivers left out"),
        _c("slivers", _I, "parcels", "碎屑数", "slivers"),
        _c("main_id", _S, "", "共有最多的地块", "parcel it shares most with", True),
        _c("land_class", _S, "", "地类", "land class"),
        _c("main_land_class", _S, "", "对方地类", "land class of that parcel", True),
        _c("village_code", _S, "", "村代码", "village code"),
        _c("main_village_code", _S, "", "对方村代码", "village code of that parcel", True),
        _c("area_dm2", _I, "dm2", "登记面积", "registered area"),
        _c("shared_dm2", _I, "dm2", "与对方版次共有", "shared with the other edition"),
        _c("alone_dm2", _I, "dm2", "对方版次中没有", "in no parcel of the other edition"),
        _c("misfit_dm2", _I, "dm2", "登记面积减量得面积", "registered less measured"),
    ),
    "survey",
)
LEDGER = TableSpec(
    "edition_ledger",
    Text("面积增减平衡表", "ledger of areas"),
    ("dimension", "code"),
    (
        _c("dimension", _S, "compare.DIMENSIONS", "分项", "by"),
        _c("code", _S, "", "代码", "code"),
        _c("opening_dm2", _I, "dm2", "期初", "opening"),
        _c("in_dm2", _I, "dm2", "转入", "in from others"),
        _c("out_dm2", _I, "dm2", "转出", "out to others"),
        _c("appeared_dm2", _I, "dm2", "新出现", "appeared"),
        _c("gone_dm2", _I, "dm2", "消失", "gone"),
        _c("resurvey_dm2", _I, "dm2", "重测差", "resurvey difference"),
        _c("closing_dm2", _I, "dm2", "期末", "closing"),
    ),
    "survey",
)
TRANSITIONS = TableSpec(
    "edition_transition",
    Text("转移矩阵", "transition matrix"),
    ("dimension", "old_code", "new_code"),
    (
        _c("dimension", _S, "compare.DIMENSIONS", "分项", "by"),
        _c("old_code", _S, "", "旧代码（none 新出现，resurvey 重测差）", "old code (none: appeared, resurvey: difference)"),
        _c("new_code", _S, "", "新代码（none 消失）", "new code (none: gone)"),
        _c("area_dm2", _I, "dm2", "面积", "area"),
    ),
    "survey",
)


@dataclass(frozen=True, slots=True)
class Tolerances:
    """What is let pass.

    sliver_m2, sliver_share  a piece decides nothing below the larger of the two: an area, and a share of the smaller parcel
                             (but never more than half of it)
    misfit_m2, misfit_share  registered and measured area of a parcel may differ by the larger of the two
    unit_digits              first digits of the village code that name the unit of the ledger: 9 town, 6 county
    """

    sliver_m2: float = 1.0
    sliver_share: float = 0.001
    misfit_m2: float = 2.0
    misfit_share: float = 1e-4
    unit_digits: int = 9


@dataclass(frozen=True, slots=True)
class Comparison:
    """What came of comparing two editions.

    pieces, parcels, ledger, transitions  tables `PIECES`, `PARCELS`, `LEDGER`, `TRANSITIONS`
    faults   misfits beyond tolerance (errors), codes that stand for other ground now (warnings); all of them
    summary  counts and totals, plain values
    """

    pieces: pa.Table
    parcels: pa.Table
    ledger: pa.Table
    transitions: pa.Table
    faults: tuple[Fault, ...]
    summary: dict[str, Any]


def compare(old: Edition, new: Edition, tolerances: Tolerances | None = None, progress: Progress | None = None) -> Comparison:
    """Compare two survey editions of one place; the method is told at the head of this module.

    progress  called with blocks of parcels done, of how many, and a word
    raises    `FaultsError` if an edition cannot be read or the two stand on different datums
    """
    limits = tolerances or Tolerances()
    one, two = read_side(old), read_side(new)
    books = _Books(one, two, shared_ground(one, two, progress), limits)
    relation_old, relation_new = _relations(books)
    parcels = [_parcels(books, 0, relation_old), _parcels(books, 1, relation_new)]
    ledger, transitions = _ledger(books, limits.unit_digits)
    faults = (*_misfits(books, limits), *_reused(books, relation_new))
    table = PARCELS.checked(pa.concat_tables(parcels[::-1]))
    return Comparison(
        _pieces(books), table, ledger, transitions, faults, _summary(books, relation_old, relation_new, ledger, faults, limits)
    )


# ---------------------------------------------------------------- areas: measured, then booked
class _Books:
    """Pieces with their two areas, and what each parcel has alone, in whole dm²; arrays (old, new) of two.

    at[s]     row of each piece in edition s; mm2: its measured area; part: 0 main, 1 strip, 2 sliver
    booked[s] share of each piece in the registered area of edition s; alone[s], measured[s] per parcel
    """

    def __init__(self, old: Side, new: Side, shared: Shared, limits: Tolerances) -> None:
        self.sides = (old, new)
        twins, cut = shared.twins, shared.cut
        self.twin = np.repeat([True, False], [len(twins.old), len(cut.old)])
        self.at = (np.concatenate([twins.old, cut.old]), np.concatenate([twins.new, cut.new]))
        self.mm2 = np.concatenate([twins.mm2, cut.mm2])
        self.booked: list[NDArray[np.int64]] = []
        self.alone: list[NDArray[np.int64]] = []
        self.measured: list[NDArray[np.int64]] = []
        for s, alone in enumerate((shared.alone_old, shared.alone_new)):
            booked, left = _booked(self.sides[s].area_dm2, self.at[s], self.mm2, alone)
            self.booked.append(booked)
            self.alone.append(left)
            self.measured.append(_summed(self.at[s], self.mm2, len(alone)) + alone)
        self._drop_empty()
        self.same_code = pc.equal(old.ids.take(pa.array(self.at[0])), new.ids.take(pa.array(self.at[1]))).to_numpy(
            zero_copy_only=False
        )
        self.limit = _sliver_mm2(np.minimum(old.area_dm2[self.at[0]], new.area_dm2[self.at[1]]), limits)
        self.part = self._parts()

    def _drop_empty(self) -> None:
        """Leave out pieces that hold less than half a dm² in both registers."""
        keep = (self.booked[0] > 0) | (self.booked[1] > 0) | self.twin
        self.at = (self.at[0][keep], self.at[1][keep])
        self.mm2, self.twin = self.mm2[keep], self.twin[keep]
        self.booked = [b[keep] for b in self.booked]

    def _parts(self) -> NDArray[np.int8]:
        whole = [s.area_dm2[a] * MM2_PER_DM2 for s, a in zip(self.sides, self.at, strict=True)]
        twice = 2 * self.mm2 + self.limit  # a half missed by a sliver is a half
        main = self.same_code | (twice >= whole[0]) | (twice >= whole[1])
        part = np.where(main, 0, 1)
        part[(self.mm2 < self.limit) & ~self.twin] = 2
        return part.astype(np.int8)


def _sliver_mm2(area_dm2: NDArray[np.int64], limits: Tolerances) -> NDArray[np.int64]:
    """Return the least area, in mm², of a piece that counts."""
    flat = np.minimum(int(limits.sliver_m2 * MM2_PER_M2), area_dm2 * (MM2_PER_DM2 // 2))
    return np.asarray(np.maximum(flat, (area_dm2 * (MM2_PER_DM2 * limits.sliver_share)).astype(np.int64)), np.int64)


def _booked(
    area: NDArray[np.int64], at: NDArray[np.int64], mm2: NDArray[np.int64], alone: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Split registered areas over pieces and what is alone; return the share of each piece, and of each parcel alone."""
    booked, left = np.zeros(len(at), np.int64), np.zeros(len(area), np.int64)
    pieces = np.bincount(at, minlength=len(area))
    only = (pieces[at] == 1) & (alone[at] == 0)
    booked[only] = area[at[only]]
    left[pieces == 0] = area[pieces == 0]
    rest = np.flatnonzero(~only)
    rest = rest[np.argsort(at[rest], kind="stable")]
    owners, first = np.unique(at[rest], return_index=True)
    for owner, a, b in zip(owners.tolist(), first.tolist(), [*first[1:].tolist(), len(rest)][: len(first)], strict=True):
        here = rest[a:b]
        parts = apportion(int(area[owner]), [*mm2[here].tolist(), int(alone[owner])])
        booked[here], left[owner] = parts[:-1], parts[-1]
    return booked, left


def _summed(at: NDArray[np.int64], values: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    out = np.zeros(n, np.int64)
    np.add.at(out, at, values)
    return out


# ---------------------------------------------------------------- relations
_NAMES = list(RELATIONS)
_R = {name: i for i, name in enumerate(_NAMES)}


def _relations(books: _Books) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
    """Return the relation of each old and each new parcel, as places in `RELATIONS`."""
    group = _joined(books)
    size = 1 + int(max(g.max(initial=-1) for g in group))
    m, n = (np.bincount(g, minlength=size) for g in group)
    kind = np.full(size, _R["rearranged"], np.int8)
    kind[(m == 1) & (n > 1)] = _R["split"]
    kind[(m > 1) & (n == 1)] = _R["merged"]
    kind[_codes_go_on(books, group, m, n)] = _R["moved"]
    _one_and_one(books, group, (m == 1) & (n == 1), kind)
    out = (kind[group[0]], kind[group[1]])
    for s, word in ((0, "gone"), (1, "new")):
        single = (n if s == 0 else m)[group[s]] == 0
        touched = _summed(books.at[s], (books.part < 2).astype(np.int64), len(books.sides[s])) > 0
        out[s][single & ~touched] = _R[word]
    return out


def _joined(books: _Books) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Number the sets of parcels that are joined by main pieces; return the set of each old and each new parcel."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n_old, n_new = (len(s) for s in books.sides)
    main = books.part == 0
    links = coo_array(
        (np.ones(int(main.sum()), np.int8), (books.at[0][main], books.at[1][main] + n_old)), shape=(n_old + n_new, n_old + n_new)
    )
    _, label = connected_components(links, directed=False)
    return label[:n_old].astype(np.int64), label[n_old:].astype(np.int64)


def _codes_go_on(books: _Books, group: tuple[Any, Any], m: NDArray[np.int64], n: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return the sets in which every old code is a new code that has some of its ground."""
    kept = np.bincount(group[0][books.at[0][(books.part == 0) & books.same_code]], minlength=len(m))
    return (kept == m) & (kept == n) & (m > 0)


def _one_and_one(books: _Books, group: tuple[Any, Any], single: NDArray[np.bool_], kind: NDArray[np.int8]) -> None:
    """Tell apart the sets of one old and one new parcel: is it the same ground, the same code, the same class?"""
    old, new = books.sides
    pair = np.flatnonzero((books.part == 0) & single[group[0][books.at[0]]])
    a, b = books.at[0][pair], books.at[1][pair]
    ground = _same_ground(books, pair)
    classed = _equal(old.classes, a, new.classes, b) & _equal(old.villages, a, new.villages, b)
    code = books.same_code[pair]
    found = np.where(
        ground,
        np.where(code, np.where(classed, _R["same"], _R["reclassed"]), _R["recoded"]),
        np.where(code, _R["moved"], _R["rearranged"]),
    )
    kind[group[0][a]] = found


def _same_ground(books: _Books, pair: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether the two parcels of a piece share all but slivers, and exchange no strip with others."""
    ground = np.ones(len(pair), bool)
    for s in (0, 1):
        at = books.at[s][pair]
        strips = _summed(books.at[s], (books.part == 1).astype(np.int64), len(books.sides[s]))
        alone = books.alone[s][at] * MM2_PER_DM2
        ground &= (strips[at] == 0) & (alone < np.maximum(books.limit[pair], 1))
    return ground


def _equal(one: pa.Array, a: NDArray[np.int64], two: pa.Array, b: NDArray[np.int64]) -> NDArray[np.bool_]:
    return np.asarray(pc.equal(one.take(pa.array(a)), two.take(pa.array(b))).to_numpy(zero_copy_only=False))


# ---------------------------------------------------------------- tables
def _words(places: NDArray[Any], names: list[str]) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(places.astype(np.int8)), names).cast(_S)


def _pieces(books: _Books) -> pa.Table:
    old, new = books.sides
    return PIECES.table(
        {
            "old_id": old.ids.take(pa.array(books.at[0])),
            "new_id": new.ids.take(pa.array(books.at[1])),
            "part": _words(books.part, list(PARTS)),
            "area_dm2": books.booked[0],
            "new_area_dm2": books.booked[1],
        }
    )


def _parcels(books: _Books, s: int, relation: NDArray[np.int8]) -> pa.Table:
    """Return the rows of one edition, in the order of their codes."""
    side, other, at, n = books.sides[s], books.sides[1 - s], books.at[s], len(relation)
    main = _largest(at, books.mm2, books.at[1 - s], n)
    partner = pa.array(main, mask=main < 0)
    booked = _summed(at, books.booked[s], n)
    table = pa.table(
        {
            "side": _words(np.full(n, s), ["old", "new"]),
            "parcel_id": side.ids,
            "relation": _words(relation, _NAMES),
            "partners": _summed(at, (books.part < 2).astype(np.int64), n),
            "slivers": _summed(at, (books.part == 2).astype(np.int64), n),
            "main_id": other.ids.take(partner),
            "land_class": side.classes,
            "main_land_class": other.classes.take(partner),
            "village_code": side.villages,
            "main_village_code": other.villages.take(partner),
            "area_dm2": side.area_dm2,
            "shared_dm2": booked,
            "alone_dm2": books.alone[s],
            "misfit_dm2": side.area_dm2 - _whole_dm2(books.measured[s]),
        },
        schema=PARCELS.schema(),
    )
    return table.take(pc.sort_indices(side.ids))


def _whole_dm2(mm2: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.asarray((mm2 + MM2_PER_DM2 // 2) // MM2_PER_DM2, np.int64)


def _largest(at: NDArray[np.int64], mm2: NDArray[np.int64], others: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """Return the row of the other edition with which each parcel shares most (the earlier of equals), −1 for none."""
    order = np.lexsort((-others, mm2, at))
    out = np.full(n, -1, np.int64)
    out[at[order]] = others[order]  # the last one written stays
    return out


def _ledger(books: _Books, unit_digits: int) -> tuple[pa.Table, pa.Table]:
    """Return the ledger and the transition matrix, by land class, village, unit and in total."""
    rows: list[dict[str, object]] = []
    moves: list[dict[str, object]] = []
    for dimension in DIMENSIONS:
        codes, at = _coded(books, dimension, unit_digits)
        flow = _flows(books, at, len(codes))
        moves += _moves(dimension, codes, flow)
        rows += [{"dimension": dimension, "code": code} | _row(flow, i) for i, code in enumerate(codes)]
    return LEDGER.table(rows), TRANSITIONS.table(moves)


def _coded(books: _Books, dimension: str, unit_digits: int) -> tuple[list[str], list[NDArray[np.int64]]]:
    """Return the codes of a dimension in order, and the place of each parcel's code among them, for both editions."""
    if dimension == "total":
        return [ALL], [np.zeros(len(s), np.int64) for s in books.sides]
    columns = [s.classes if dimension == "land_class" else s.villages for s in books.sides]
    if dimension == "unit":
        columns = [pc.utf8_slice_codeunits(c, 0, unit_digits) for c in columns]
    codes = sorted(set(pc.unique(columns[0]).to_pylist()) | set(pc.unique(columns[1]).to_pylist()))
    known = pa.array(codes, _S)
    return codes, [pc.index_in(c, value_set=known).to_numpy().astype(np.int64) for c in columns]


def _flows(books: _Books, at: list[NDArray[np.int64]], n: int) -> Mapping[str, Any]:
    """Return sums by code: pieces (sparse: pair → dm²), gone, appeared, resurvey, opening, closing."""
    one, two = at[0][books.at[0]], at[1][books.at[1]]
    keys, place = np.unique(one * n + two, return_inverse=True)
    a, b, dm2 = keys // n, keys % n, _summed(place, books.booked[0], len(keys))
    return {
        "pairs": (a, b, dm2),
        "in": _summed(b[a != b], dm2[a != b], n),
        "out": _summed(a[a != b], dm2[a != b], n),
        "gone": _summed(at[0], books.alone[0], n),
        "appeared": _summed(at[1], books.alone[1], n),
        "resurvey": _summed(two, books.booked[1] - books.booked[0], n),
        "opening": _summed(at[0], books.sides[0].area_dm2, n),
        "closing": _summed(at[1], books.sides[1].area_dm2, n),
    }


def _row(flow: Mapping[str, Any], i: int) -> dict[str, object]:
    return {f"{name}_dm2": int(flow[name][i]) for name in ("opening", "in", "out", "appeared", "gone", "resurvey", "closing")}


def _moves(dimension: str, codes: list[str], flow: Mapping[str, Any]) -> list[dict[str, object]]:
    found = [(codes[a], codes[b], v) for a, b, v in zip(*(x.tolist() for x in flow["pairs"]), strict=True)]
    for i, code in enumerate(codes):
        found += [
            (code, NONE, int(flow["gone"][i])),
            (NONE, code, int(flow["appeared"][i])),
            (RESURVEY, code, int(flow["resurvey"][i])),
        ]
    return [{"dimension": dimension, "old_code": a, "new_code": b, "area_dm2": v} for a, b, v in found if v]


# ---------------------------------------------------------------- faults and summary
def _misfits(books: _Books, limits: Tolerances) -> list[Fault]:
    """Registered and measured areas agree within the tolerance."""
    found: list[Fault] = []
    for side, measured in zip(books.sides, books.measured, strict=True):
        beyond = np.abs(side.area_dm2 * MM2_PER_DM2 - measured)
        limit = np.maximum(limits.misfit_m2 * MM2_PER_M2, limits.misfit_share * MM2_PER_DM2 * side.area_dm2)
        for i in np.flatnonzero(beyond > limit):
            clash = Text(
                "登记面积 {a:,.2f} m²，与另一版次比对量得 {b:,.2f} m²。",
                "registered are {a:,.2f} m², measured against the other edition {b:,.2f} m².",
            ).fill(a=side.area_dm2[i] / DM2_PER_M2, b=measured[i] / MM2_PER_M2)
            remedy = Text(
                "多半是同一版次内地块重叠：请先运行拓扑检查并改正。",
                "Mostly parcels overlap within one edition: run the topology check and mend it first.",
            )
            found.append(Fault("land.misfit", str(side.edition.path), str(side.ids[i]), clash, remedy))
    return found


def _reused(books: _Books, relation_new: NDArray[np.int8]) -> list[Fault]:
    """A code that both editions have, but for ground that has nothing in common."""
    old, new = books.sides
    at = pc.fill_null(pc.index_in(new.ids, value_set=old.ids), -1).to_numpy()
    shares = np.zeros(len(new), bool)
    shares[books.at[1][books.same_code & (books.part < 2)]] = True
    clash = Text(
        "编码在两版中都有，但新旧两块地没有共有的土地。", "both editions have this code, but for ground that has nothing in common."
    )
    remedy = Text(
        "编码不得重复使用：请给新地块另编新码，或核对编码。",
        "A code is never used again: give the new parcel one of its own, or check it.",
    )
    return [
        Fault("land.code_reused", str(new.edition.path), str(new.ids[i]), clash, remedy, "warning")
        for i in np.flatnonzero((at >= 0) & ~shares)
    ]


def _summary(
    books: _Books,
    relation_old: NDArray[np.int8],
    relation_new: NDArray[np.int8],
    ledger: pa.Table,
    faults: tuple[Fault, ...],
    limits: Tolerances,
) -> dict[str, Any]:
    total = next(r for r in ledger.to_pylist() if r["dimension"] == "total")
    said: dict[str, Any] = {}
    for word, side, relation in zip(("old", "new"), books.sides, (relation_old, relation_new), strict=True):
        counts = np.bincount(relation, minlength=len(_NAMES))
        said[word] = {
            "fingerprint": side.edition.fingerprint,
            "parcels": len(side),
            "area_dm2": int(side.area_dm2.sum()),
            "relations": {name: int(k) for name, k in zip(_NAMES, counts, strict=True) if k},
        }
    return said | {
        "pieces": len(books.mm2),
        "slivers": int((books.part == 2).sum()),
        "total": {k: v for k, v in total.items() if k.endswith("_dm2")},
        "faults": {severity: sum(f.severity == severity for f in faults) for severity in ("error", "warning")},
        "tolerances": asdict(limits),
    }


# ---------------------------------------------------------------- writing
def write_comparison(made: Comparison, folder: Path | str) -> Path:
    """Write tables, faults and summary to a folder, whole or not at all; what was in the folder before is replaced.

    Parquet for all tables, CSV as well for the ledger and the transitions, `faults.json`, `summary.json`.
    """
    from pyarrow.csv import write_csv

    final = Path(folder)
    staged = final.with_name(f".{final.name}.{os.getpid()}.part")
    with disk_words(final):
        shutil.rmtree(staged, ignore_errors=True)
        staged.mkdir(parents=True)
        try:
            for name in ("pieces", "parcels", "ledger", "transitions"):
                write_table(getattr(made, name), staged / f"{name}.parquet")
            for name in ("ledger", "transitions"):
                write_csv(getattr(made, name), staged / f"{name}.csv")
            write_json([f.as_json() for f in made.faults], staged / "faults.json")
            write_json(made.summary, staged / "summary.json")
            publish_folder(staged, final)
        except BaseException:
            shutil.rmtree(staged, ignore_errors=True)
            raise
    return final
