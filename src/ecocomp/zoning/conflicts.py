"""The conflict finder: rights, duties and restrictions that cannot stand together on one ground.

For the office before it pays, adopts a layer or registers a right. Everything that lies on a parcel becomes a *mark* with
its area: each restriction by its category (`control.CATEGORIES`), each right (``right.<kind>.<kind of holder>``), each duty
(``duty.<programme>``), mortgages, and restrictions without papers (``undocumented``). Which marks exclude each other, for
which land, from which day, by which document, lies in dated rules (``zoning.conflict.*``, ``zoning.stacking.*``); no
exclusion is written here.

Two restrictions clash on the same square metres, not because they share a parcel: where the ground of both is given, their
overlap is measured exactly; else only what must overlap, area + area − parcel, is told, so that none is invented. A rule
may also speak of the parcel as such (grazing ban and balance). Borders of layers drawn apart never meet exactly, so overlaps
below the limits of ``zoning.overlap.*`` are let pass.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.rules import Parameters
from ecocomp.terms.codes import RESTRICTION_KINDS, RIGHT_KINDS
from ecocomp.terms.faults import Fault
from ecocomp.terms.tables import PPM, TableSpec
from ecocomp.terms.tables import column as _c
from ecocomp.terms.text import Text
from ecocomp.zoning.control import CATEGORIES, PROGRAMMES, control_keys, entry_fault
from ecocomp.zoning.editions import UNCOVERED, Parcels, overlay_pairs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ecocomp.zoning.editions import ZoneEdition
    from ecocomp.zoning.polygons import Geometries, Zones

    Ints = NDArray[np.int64]

CONFLICT_PREFIX, STACKING_PREFIX = "zoning.conflict.", "zoning.stacking."
UNDOCUMENTED, MORTGAGE = "undocumented", "mortgage"

KINDS: dict[str, Text] = {
    "right_restriction": Text("权利与限制冲突", "right against restriction"),
    "farmland_conversion": Text("永久基本农田与退耕", "permanent basic farmland against conversion"),
    "exclusive": Text("互斥的划定", "designations that exclude each other"),
    "double_designation": Text("重复划定", "the same kind twice"),
    "stacking": Text("项目叠加", "programmes on one parcel"),
    "ground_overlap": Text("项目图斑重叠", "plots of programmes on one ground"),
    "no_document": Text("没有文件的划定", "designation without document"),
    "no_agreement": Text("没有协议的划定", "designation without agreement"),
}
SEVERITIES = ("error", "warning")
STACKING: dict[str, str] = {"excluded": "error", "conditional": "warning", "allowed": ""}
_S, _I = pa.string(), pa.int64()


CONFLICT = TableSpec(
    "conflict",
    Text("冲突", "conflicts"),
    ("parcel_id", "kind", "rule", "a", "b", "a_mark", "b_mark"),
    (
        _c("parcel_id", _S, "", "地块编码（空为地块以外）", "parcel (empty: ground outside parcels)", True),
        _c("kind", _S, "conflicts.KINDS", "冲突类型", "kind of conflict"),
        _c("severity", _S, "error|warning", "轻重", "severity"),
        _c("rule", _S, "", "规则", "rule"),
        _c("a", _S, "", "一方", "one side"),
        _c("b", _S, "", "另一方（空为单方）", "other side (empty: one side alone)", True),
        _c("a_mark", _S, "", "一方的类别", "what the one side is"),
        _c("b_mark", _S, "", "另一方的类别", "what the other side is", True),
        _c("area_dm2", _I, "dm2", "涉及面积", "area in question"),
        _c("document", _S, "", "文件和条款", "document and article"),
        _c("confidence", _S, "confidence.MARKS", "可信度", "confidence"),
        _c("holder_ids", _S, "", "涉及权利人（分号分开）", "holders concerned, by semicolons"),
    ),
    "zone",
)


# ---------------------------------------------------------------- rules
@dataclass(frozen=True, slots=True)
class ConflictRule:
    """One exclusion: marks of both sides, where it counts, what heals it, and its words. `b` empty: one side alone."""

    rule: str
    kind: str
    severity: str
    a: tuple[str, ...]
    b: tuple[str, ...]
    on: str
    land: tuple[str, ...]
    unless: tuple[str, ...]
    same_holder: bool
    says: Text
    fix: Text
    document: str
    confidence: str


def conflict_rules(rules: Parameters) -> tuple[list[ConflictRule], list[Fault]]:
    """Return every exclusion that holds at the place and on the day, stacking of programmes among them, and the faults of
    those that cannot be read. Programmes that may be stacked (severity empty) are among them, so that a pair that no rule
    speaks of can be told."""
    out: list[ConflictRule] = []
    faults: list[Fault] = []
    for prefix in (CONFLICT_PREFIX, STACKING_PREFIX):
        for key in control_keys(rules, prefix):
            held = rules.get(key)
            for row in held.value if held.kind == "list" else []:
                wrong = _wrong(row, prefix)
                faults += [entry_fault(held, w) for w in wrong]
                if not wrong:
                    out += _rules_of(row, key, prefix, held)
    return out, faults


def _wrong(row: Any, prefix: str) -> list[Text]:
    stacking = prefix == STACKING_PREFIX
    if not isinstance(row, dict):
        return [Text("不是键值表", "no mapping")]
    needed = ["verdict", "zh", "en"] if stacking else ["kind", "severity", "zh", "en", "fix_zh", "fix_en"]
    missing = [k for k in needed if not row.get(k)] + ([] if row.get("a") or row.get("each") else ["a"])
    out = [Text("缺少 {m}", "{m} missing").fill(m=", ".join(missing))] if missing else []
    lists = [k for k in ("a", "b", "each", "unless", "land") if k in row and not isinstance(row[k], list)]
    out += [Text("{k} 应是列表", "{k} should be a list").fill(k=k) for k in lists]
    codes = (("verdict", STACKING),) if stacking else (("kind", KINDS), ("severity", SEVERITIES), ("on", ("ground", "parcel")))
    for name, known in codes:
        if row.get(name) and row[name] not in known:
            out.append(Text("{k} 是 {v}", "{k} is {v}").fill(k=name, v=row[name]))
    return out


def _rules_of(row: Mapping[str, Any], key: str, prefix: str, held: Any) -> list[ConflictRule]:
    stacking = prefix == STACKING_PREFIX
    head = "duty." if stacking else ""
    pairs = [((m,), (m,)) for m in row.get("each", ())] or [(tuple(row["a"]), tuple(row.get("b", ())))]
    says, fix = Text(str(row["zh"]), str(row["en"])), Text(str(row.get("fix_zh", "")), str(row.get("fix_en", "")))
    return [
        ConflictRule(
            key.removeprefix("zoning."),
            "stacking" if stacking else str(row["kind"]),
            STACKING[row["verdict"]] if stacking else str(row["severity"]),
            tuple(head + str(m) for m in a),
            tuple(head + str(m) for m in b),
            "parcel" if stacking else str(row.get("on", "ground")),
            tuple(str(v) for v in row.get("land", ())),
            tuple(str(v) for v in row.get("unless", ())),
            row.get("holder") == "same",
            says,
            fix,
            " ".join(x for x in (held.document, held.article) if x),
            held.confidence,
        )
        for a, b in pairs
    ]


_DIVIDED = frozenset(c.partition(".")[0] for c in CATEGORIES if "." in c)


def covers(wanted: Iterable[str], mark: str) -> bool:
    """Return whether a mark is one of those wanted, lies below one of them, or is ground that may be one of them.

    >>> covers(["red_line"], "red_line.core"), covers(["red_line.core"], "red_line"), covers(["right.use.company"], "right.use")
    (True, True, False)
    """
    kind = mark + "." if mark in _DIVIDED else None  # ground whose category nobody recorded: it may be any of them
    return any(mark == w or mark.startswith(w + ".") or (kind is not None and w.startswith(kind)) for w in wanted)


# ---------------------------------------------------------------- marks
@dataclass(frozen=True, eq=False)
class _Marks:
    """All that lies on the parcels, sorted by parcel: arrays of one row each, and the names their numbers stand for."""

    parcel: Ints
    mark: Ints
    source: Ints
    row: Ints
    object: Ints
    area: Ints
    holder: Ints
    names: list[str]
    refs: dict[int, Any]
    holders: pa.Array

    def wanted(self, marks: Iterable[str]) -> NDArray[np.bool_]:
        """Return which rows carry one of the marks."""
        chosen = [k for k, name in enumerate(self.names) if covers(marks, name)]
        known = np.zeros(len(self.names), bool)
        known[chosen] = True
        return known[self.mark]


_SHARES, _RIGHTS, _DUTIES, _MORTGAGES, _PAPERS = range(5)


@dataclass(eq=False)
class _Builder:
    ids: pa.Array
    whole: Ints
    names: dict[str, int] = field(default_factory=dict)
    parts: list[tuple[Ints, ...]] = field(default_factory=list)
    refs: dict[int, Any] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def add(self, source: int, parcel: Any, marks: Any, refs: Any, area: Ints | None, holder: Ints | None) -> None:
        """Add rows of one source; those on unknown parcels are told and left out. `marks` is a column of text."""
        at = pc.fill_null(pc.index_in(parcel, value_set=self.ids), -1)
        at = np.asarray(at.to_numpy(), np.int64)
        rows = np.flatnonzero(at >= 0)
        self._say_lost(source, len(at) - len(rows))
        encoded = pc.dictionary_encode(_whole(marks))
        numbers = np.array([self.names.setdefault(str(v), len(self.names)) for v in encoded.dictionary.to_pylist()], np.int64)
        mark = numbers[np.asarray(encoded.indices.to_numpy(), np.int64)] if len(encoded) else np.zeros(0, np.int64)
        objects = np.asarray(pc.dictionary_encode(_whole(refs)).indices.to_numpy(), np.int64)
        size = self.whole[at[rows]] if area is None else area[rows]
        who = np.full(len(rows), -1) if holder is None else holder[rows]
        self.parts.append((at[rows], mark[rows], np.full(len(rows), source), rows, objects[rows], size, who))
        self.refs[source] = refs

    def _say_lost(self, source: int, lost: int) -> None:
        if lost:
            name = ("restriction_share", "tenure", "duty", "mortgage", "restriction")[source]
            clash = Text(
                "有 {n} 行在不在册的地块上，没有检查。", "{n} rows lie on parcels that are not known and were not checked."
            )
            remedy = Text(
                "更正地块编码，或导入相应的调查版次。", "Correct the parcels, or import the survey edition they belong to."
            )
            self.faults.append(Fault("zoning.conflict_unknown_parcel", name, "", clash.fill(n=lost), remedy, "warning"))

    def done(self, holders: pa.Array) -> _Marks:
        parcel, mark, source, row, object_, area, holder = (np.concatenate(c) for c in zip(*self.parts, strict=True))
        at = np.lexsort((row, source, parcel))
        head = (parcel[at], mark[at], source[at], row[at], object_[at], area[at], holder[at])
        return _Marks(*head, list(self.names), self.refs, holders)


def _whole(column: Any) -> pa.Array:
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    return column.chunk(0) if isinstance(column, pa.ChunkedArray) else column


def _marks(
    parcels: pa.Table,
    rights: pa.Table,
    duties: pa.Table,
    share: pa.Table,
    restriction: pa.Table | None,
    edition: pa.Table | None,
    mortgage: pa.Table | None,
    party: pa.Table | None,
    programmes: Mapping[str, str],
) -> tuple[_Marks, list[Fault]]:
    make = _Builder(_whole(parcels["parcel_id"]), np.asarray(parcels["area_dm2"].to_numpy(), np.int64))
    holders = pc.unique(pa.chunked_array([*rights["holder_id"].chunks, *duties["holder_id"].chunks], _S))
    of = [np.asarray(pc.index_in(t["holder_id"], value_set=holders).to_numpy(), np.int64) for t in (rights, duties)]
    share = share.filter(pc.not_equal(share["category"], UNCOVERED))
    grouped = share.group_by(["parcel_id", "restriction_id", "category"]).aggregate([("area_dm2", "sum")])
    grouped = grouped.sort_by([(c, "ascending") for c in ("parcel_id", "restriction_id", "category")])
    area = np.asarray(grouped["area_dm2_sum"].to_numpy(), np.int64)
    make.add(_SHARES, grouped["parcel_id"], grouped["category"], grouped["restriction_id"], area, None)
    make.add(_RIGHTS, rights["parcel_id"], _right_marks(rights, party), rights["right_id"], None, of[0])
    make.add(_DUTIES, duties["parcel_id"], _duty_marks(duties, programmes), duties["contract_id"], None, of[1])
    if mortgage is not None and len(mortgage):
        at = pc.index_in(mortgage["right_id"], value_set=_whole(rights["right_id"]))
        held = mortgage.filter(pc.is_valid(at))
        rows = pc.drop_null(at)
        where, who = rights["parcel_id"].take(rows), of[0][np.asarray(rows.to_numpy(), np.int64)]
        make.add(_MORTGAGES, where, pa.array([MORTGAGE] * len(held), _S), held["mortgage_id"], None, who)
    if restriction is not None:
        bare = _without_papers(restriction, edition)
        lone = grouped.filter(pc.is_in(grouped["restriction_id"], value_set=bare))
        lone = lone.group_by(["parcel_id", "restriction_id"]).aggregate([("area_dm2_sum", "sum")])
        lone = lone.sort_by([("parcel_id", "ascending"), ("restriction_id", "ascending")])
        size = np.asarray(lone["area_dm2_sum_sum"].to_numpy(), np.int64)
        make.add(_PAPERS, lone["parcel_id"], pa.array([UNDOCUMENTED] * len(lone), _S), lone["restriction_id"], size, None)
    return make.done(_whole(holders)), make.faults


def _right_marks(rights: pa.Table, party: pa.Table | None) -> Any:
    head = pc.binary_join_element_wise("right", rights["kind"], ".")
    if party is None or not len(party):
        return head
    kinds = party["kind"].take(pc.index_in(rights["holder_id"], value_set=_whole(party["party_id"])))
    return pc.if_else(pc.is_valid(kinds), pc.binary_join_element_wise(head, pc.fill_null(kinds, ""), "."), head)


def _duty_marks(duties: pa.Table, programmes: Mapping[str, str]) -> Any:
    encoded = pc.dictionary_encode(_whole(duties["programme"]))
    named = ["duty." + programmes.get(v, v.replace("-", "_")) for v in encoded.dictionary.to_pylist()]
    return pa.array(named, _S).take(encoded.indices)


def _without_papers(restriction: pa.Table, edition: pa.Table | None) -> pa.Array:
    """Return the restrictions that name no authority, document or date of adoption, or whose layer names none."""
    bare = _no_papers(restriction)
    if edition is not None and len(edition):
        layers = edition["edition_id"].filter(_no_papers(edition))
        bare = pc.or_(bare, pc.fill_null(pc.is_in(restriction["edition_id"], value_set=_whole(layers)), False))
    return _whole(restriction["restriction_id"].filter(bare))


def _no_papers(table: pa.Table) -> Any:
    blank = [pc.equal(pc.utf8_trim_whitespace(pc.fill_null(table[c], "")), "") for c in ("authority", "document")]
    return pc.or_(pc.or_(*blank), pc.is_null(table["adopted_on"]))


# ---------------------------------------------------------------- the finder
def conflicts(
    parcels: Parcels | pa.Table,
    rights: pa.Table,
    duties: pa.Table,
    share: pa.Table,
    rules: Parameters,
    *,
    restriction: pa.Table | None = None,
    edition: pa.Table | None = None,
    mortgage: pa.Table | None = None,
    party: pa.Table | None = None,
    layers: Mapping[str, ZoneEdition | Zones] | None = None,
    programmes: Mapping[str, str] | None = None,
) -> tuple[pa.Table, list[Fault]]:
    """Return every conflict on the parcels (CONFLICT) and the faults of the inputs and rules.

    parcels      a survey edition with shapes, or its table: then overlaps of two layers are told only where they must be
    rights       rows of the register of rights that hold on the day
    duties       rows of the register of contracts that hold on the day
    share        shares of parcels under the restrictions (`editions.shares`)
    rules        rules of the place and day, `RuleBook.resolve(place, on, known)`
    restriction  rows of the register, to find those without papers; `edition` the same of layers
    party        kinds of holders; without it what depends on whose land it is cannot be told, and that is said
    layers       zone edition of each restriction_id that has ground of its own
    programmes   programme as the contracts write it → code of `control.PROGRAMMES`
    """
    table = parcels.table if isinstance(parcels, Parcels) else parcels
    asked, faults = conflict_rules(rules)
    marks, lost = _marks(table, rights, duties, share, restriction, edition, mortgage, party, programmes or {})
    faults += lost + _unjudged(asked, party)
    measure = _Overlap(parcels, marks, layers or {})
    area = np.asarray(table["area_dm2"].to_numpy(), np.int64)
    land = [str(v or "") for v in table["land_class"].to_pylist()] if "land_class" in table.column_names else []
    limit_dm2, limit_ppm = (int(rules.decimal(f"zoning.overlap.{k}")) for k in ("least_dm2", "least_ppm"))
    least = np.maximum(np.minimum(limit_dm2, area), -(-area * limit_ppm // PPM))
    found = []
    for number, rule in enumerate(asked):
        if rule.severity:
            a, b = _candidates(rule, marks, _on_land(rule, land, len(area)))
            shared = measure.of(rule, a, b, area)
            keep = (shared >= least[marks.parcel[a]]) & (shared > 0)
            found.append((np.full(int(keep.sum()), number), a[keep], b[keep], shared[keep]))
    faults += _unruled(asked, marks, rules)
    return _conflict_table(table, asked, marks, found), faults


def _on_land(rule: ConflictRule, land: Sequence[str], n: int) -> NDArray[np.bool_] | None:
    if not rule.land:
        return None
    classes = {c: c.startswith(rule.land) for c in set(land)}
    return np.array([classes[c] for c in land], bool) if land else np.zeros(n, bool)


def _candidates(rule: ConflictRule, marks: _Marks, fits: NDArray[np.bool_] | None) -> tuple[Ints, Ints]:
    """Return the rows of both sides that share a parcel; the second is -1 where a rule has one side."""
    usable = np.ones(len(marks.parcel), bool) if fits is None else fits[marks.parcel]
    if rule.unless and len(usable):
        healed = np.zeros(int(marks.parcel.max()) + 1, bool)
        healed[marks.parcel[marks.wanted(rule.unless)]] = True
        usable &= ~healed[marks.parcel]
    first = marks.wanted(rule.a) & usable
    if not rule.b:
        one = np.flatnonzero(first)
        return one, np.full(len(one), -1)
    second = marks.wanted(rule.b) & usable
    a, b = _pairs(marks.parcel, np.flatnonzero(first), np.flatnonzero(second))
    other = (marks.source[a] != marks.source[b]) | (marks.object[a] != marks.object[b])
    keep = other & (~(second[a] & first[b]) | (a < b))  # rows that are on both sides meet twice: once is enough
    if rule.same_holder:
        keep &= marks.holder[a] == marks.holder[b]
    return a[keep], b[keep]


def _pairs(parcel: Ints, one: Ints, two: Ints) -> tuple[Ints, Ints]:
    """Return all pairs of rows of both sets on one parcel; rows are sorted by parcel."""
    first, last = (np.searchsorted(parcel[two], parcel[one], side) for side in ("left", "right"))
    counts = last - first
    a = np.repeat(one, counts)
    within = np.arange(len(a)) - np.repeat(np.cumsum(counts) - counts, counts)
    return a, two[np.repeat(first, counts) + within]


class _Overlap:
    """Areas two marks share on a parcel: measured where both have ground of their own, else what must overlap."""

    def __init__(self, parcels: Parcels | pa.Table, marks: _Marks, layers: Mapping[str, ZoneEdition | Zones]) -> None:
        self.parcels = parcels if isinstance(parcels, Parcels) else None
        self.marks, self.layers = marks, layers
        self._zones: dict[str, Zones] = {}

    def of(self, rule: ConflictRule, a: Ints, b: Ints, whole: Ints) -> Ints:
        """Return the area in question of each pair [dm2]."""
        size = self.marks.area
        if not rule.b:
            return size[a]
        if rule.on == "parcel":
            return np.minimum(size[a], size[b])
        least = np.maximum(size[a] + size[b] - whole[self.marks.parcel[a]], 0)
        # Where one of the two fills the parcel the overlap is certain; only two partial ones have to be measured.
        open_ = np.flatnonzero((least < np.minimum(size[a], size[b])) & (self.marks.source[a] == _SHARES))
        open_ = open_[self.marks.source[b[open_]] == _SHARES]
        if self.parcels is not None and self.layers and len(open_):
            least[open_] = self._measured(a[open_], b[open_], least[open_])
        return np.minimum(least, np.minimum(size[a], size[b]))

    def _measured(self, a: Ints, b: Ints, least: Ints) -> Ints:
        marks = self.marks
        names = [np.asarray(marks.refs[_SHARES].take(pa.array(marks.row[s])).to_pylist(), object) for s in (a, b)]
        sides = list(zip(names[0], marks.mark[a], names[1], marks.mark[b], strict=True))
        ways = {side: k for k, side in enumerate(dict.fromkeys(sides))}
        shapes, owner = [], []
        for (x, x_mark, y, y_mark), k in ways.items():
            if x in self.layers and y in self.layers:
                cut = _intersections(self._ground(x, int(x_mark)), self._ground(y, int(y_mark)))
                shapes.append(cut)
                owner.append(np.full(len(cut), k))
        known = {side for side in ways if side[0] in self.layers and side[2] in self.layers}
        rows = np.unique(marks.parcel[a])
        area = self._laid_over(
            rows, np.concatenate([*shapes, np.zeros(0, object)]), np.concatenate([*owner, np.zeros(0, np.int64)])
        )
        out = least.copy()
        for i, side in enumerate(sides):
            if side in known:
                out[i] = area.get((int(marks.parcel[a[i]]), ways[side]), 0)
        return out

    def _ground(self, name: str, mark: int) -> Geometries:
        """Return the polygons of a restriction in one category."""
        assert self.parcels is not None
        if name not in self._zones:
            self._zones[name] = self.parcels.zones(self.layers[name])
        zones, wanted = self._zones[name], self.marks.names[mark]
        # Polygons that name no category of their own have that of their restriction.
        mine = np.array([k == wanted or "." not in k for k in zones.kind], bool)
        return zones.geometry[mine]

    def _laid_over(self, rows: Ints, shapes: Geometries, owner: Ints) -> dict[tuple[int, int], int]:
        assert self.parcels is not None
        if not len(shapes):
            return {}
        p, z, share = overlay_pairs(self.parcels.take(rows), shapes)
        key = p * (int(owner.max()) + 1) + owner[z]
        names, at = np.unique(key, return_inverse=True)
        total = np.bincount(at, weights=share, minlength=len(names))
        parcel, way = rows[names // (int(owner.max()) + 1)], names % (int(owner.max()) + 1)
        area = np.rint(np.minimum(total, 1.0) * self.parcels.area_dm2[parcel]).astype(np.int64)
        return {(int(i), int(k)): int(v) for i, k, v in zip(parcel, way, area, strict=True)}


def _intersections(one: Geometries, two: Geometries) -> Geometries:
    import shapely

    if not len(one) or not len(two):
        return np.zeros(0, object)
    i, j = shapely.STRtree(two).query(one, predicate="intersects")
    cut = shapely.intersection(one[i], two[j])
    parts = shapely.get_parts(shapely.get_parts(cut))
    return np.asarray(parts[np.isin(shapely.get_type_id(parts), (3, 6)) & ~shapely.is_empty(parts)], object)


# ---------------------------------------------------------------- tables and words
def _conflict_table(
    parcels: pa.Table, asked: Sequence[ConflictRule], marks: _Marks, found: Sequence[tuple[Ints, Ints, Ints, Ints]]
) -> pa.Table:
    if not found:
        return CONFLICT.empty()
    number, a, b, area = (np.concatenate(c) for c in zip(*found, strict=True))
    refs = [_refs(marks, side) for side in (a, b)]
    names = pa.array(marks.names, _S)
    second = pa.array(np.where(b >= 0, marks.mark[b], -1), mask=b < 0)
    rule = {n: pa.array([getattr(r, n) for r in asked], _S) for n in ("kind", "severity", "rule", "document", "confidence")}
    made = pa.table(
        {
            "parcel_id": _whole(parcels["parcel_id"]).take(pa.array(marks.parcel[a])),
            **{n: rule[n].take(pa.array(number)) for n in ("kind", "severity", "rule")},
            "a": refs[0],
            "b": refs[1],
            "a_mark": names.take(pa.array(marks.mark[a])),
            "b_mark": names.take(second),
            "area_dm2": area,
            **{n: rule[n].take(pa.array(number)) for n in ("document", "confidence")},
            "holder_ids": _holder_ids(marks, a, b),
        },
        schema=CONFLICT.schema(),
    )
    return _checked(made)


def _checked(made: pa.Table) -> pa.Table:
    """Return conflicts in order, each once: a row entered twice in a register is one conflict."""
    made = made.sort_by([(k, "ascending") for k in (*CONFLICT.key, "area_dm2")]).combine_chunks()
    rows = np.arange(len(made))
    same = np.ones(max(len(made) - 1, 0), bool)
    for name in CONFLICT.key:
        one, two = made[name].slice(0, max(len(made) - 1, 0)), made[name].slice(1)
        equal = pc.coalesce(pc.equal(one, two), pc.and_(pc.is_null(one), pc.is_null(two)))
        same &= np.asarray(equal.to_numpy(zero_copy_only=False) if isinstance(equal, pa.Array) else equal.to_numpy(), bool)
    return CONFLICT.checked(made.take(pa.array(rows[np.append(~same, True)[: len(made)]])))


def _refs(marks: _Marks, side: Ints) -> pa.Array:
    """Return the codes of the objects of some rows, null for -1."""
    out = np.full(len(side), None, object)
    for source, column in marks.refs.items():
        at = np.flatnonzero((side >= 0) & (marks.source[side] == source))
        if len(at):
            out[at] = column.take(pa.array(marks.row[side[at]])).to_pylist()
    return pa.array(out.tolist(), _S)


def _holder_ids(marks: _Marks, a: Ints, b: Ints) -> pa.Array:
    """Return the holders of the rights and contracts that clash; of a clash of restrictions, all holders of the parcel."""
    names = marks.holders.to_pylist()
    own = [marks.holder[a], np.where(b >= 0, marks.holder[b], -1)]
    rows = np.flatnonzero(marks.source == _RIGHTS)
    first, last = (np.searchsorted(marks.parcel[rows], marks.parcel[a], side) for side in ("left", "right"))
    out = []
    all_of = marks.holder[rows].tolist()
    for x, y, i, j in zip(own[0].tolist(), own[1].tolist(), first.tolist(), last.tolist(), strict=True):
        who = {h for h in (x, y) if h >= 0} or set(all_of[i:j])
        out.append(";".join(sorted(names[h] for h in who)))
    return pa.array(out, _S)


def conflict_faults(table: pa.Table, rules: Parameters) -> list[Fault]:
    """Return one fault for each conflict, in words, all of them."""
    known: dict[tuple[str, str], list[ConflictRule]] = {}
    for rule in conflict_rules(rules)[0]:
        known.setdefault((rule.rule, rule.kind), []).append(rule)
    return [_said(row, known) for row in table.to_pylist()]


def _said(row: Mapping[str, Any], known: Mapping[tuple[str, str], list[ConflictRule]]) -> Fault:
    ways = known.get((row["rule"], row["kind"])) or known.get((row["rule"], "exclusive")) or []
    fitting = [r for r in ways if covers(r.a, row["a_mark"]) and (not r.b or covers(r.b, row["b_mark"] or ""))]
    rule = next(iter(fitting or ways), None)
    says = rule.says if rule else KINDS[row["kind"]]
    fix = rule.fix if rule and rule.fix.zh else Text("核对两方的文件后改正其一。", "Check the papers of both and correct one.")
    one, two = _side(row["a"], row["a_mark"]), None if row["b"] is None else _side(row["b"], row["b_mark"])
    sides = one if two is None else Text(f"{one.zh}与{two.zh}", f"{one.en} and {two.en}")
    clash = Text("{s}：{x}，{m:.2f} 平方米（{d}）。", "{s}: {x}, {m:.2f} m2 ({d}).")
    words = clash.fill(s=says, x=sides, m=row["area_dm2"] / 100, d=row["document"])
    severity = "error" if row["severity"] == "error" else "warning"
    return Fault(f"zoning.conflict_{row['kind']}", "conflict", row["parcel_id"] or row["a"], words, _stop(fix), severity)  # type: ignore[arg-type]


def _side(name: str, mark: str) -> Text:
    words = mark_words(mark)
    return Text(f"{words.zh} {name} ", f"{words.en} {name}")


def mark_words(mark: str) -> Text:
    """Return a mark in words.

    >>> mark_words("right.contract.household").en, mark_words("duty.wetland").en, mark_words("red_line.core").en
    ('contract right', 'wetland compensation', 'ecological red line, core area')
    """
    head, _, rest = mark.partition(".")
    own = {MORTGAGE: Text("抵押", "mortgage"), UNDOCUMENTED: Text("限制", "restriction")}
    if head == "right":
        return RIGHT_KINDS.get(rest.split(".")[0], Text(rest, rest))
    if head == "duty":
        return PROGRAMMES.get(rest, Text(rest, rest))
    return CATEGORIES.get(mark) or own.get(mark) or RESTRICTION_KINDS.get(head, Text(mark, mark))


def _stop(fix: Text) -> Text:
    return Text(
        fix.zh if fix.zh.endswith("。") else fix.zh + "。",
        fix.en if fix.en.endswith(".") else fix.en[:1].upper() + fix.en[1:] + ".",
    )


def _unjudged(asked: Sequence[ConflictRule], party: pa.Table | None) -> list[Fault]:
    """Without kinds of holders, rules about whose land it is cannot be judged: said, not passed over."""
    if party is not None:
        return []
    bound = sorted({r.rule for r in asked for m in (*r.a, *r.b, *r.unless) if m.startswith("right.") and m.count(".") == 2})
    clash = Text("没有权利主体登记，无法判断 {r}。", "without the register of parties {r} cannot be judged.")
    remedy = Text("给出权利主体登记。", "Give the register of parties.")
    return [Fault("zoning.conflict_no_party", "party", "", clash.fill(r=r), remedy, "warning") for r in bound]


def _unruled(asked: Sequence[ConflictRule], marks: _Marks, rules: Parameters) -> list[Fault]:
    """Pairs of programmes that meet on a parcel and of which no stacking rule speaks."""
    duty = np.flatnonzero(marks.source == _DUTIES)
    a, b = _pairs(marks.parcel, duty, duty)
    differ = marks.mark[a] < marks.mark[b]
    pairs, counts = np.unique(np.stack([marks.mark[a[differ]], marks.mark[b[differ]]], 1), axis=0, return_counts=True)
    stacking = [r for r in asked if r.kind == "stacking"]
    out = []
    for (i, j), n in zip(pairs.tolist(), counts.tolist(), strict=True):
        x, y = marks.names[i], marks.names[j]
        if not any((covers(r.a, x) and covers(r.b, y)) or (covers(r.a, y) and covers(r.b, x)) for r in stacking):
            clash = Text(
                "项目 {x} 与 {y} 同在 {n} 处地块上，{d} 没有叠加规则。",
                "programmes {x} and {y} meet {n} times on a parcel, and no stacking rule of {d} speaks of them.",
            ).fill(x=x.removeprefix("duty."), y=y.removeprefix("duty."), n=n, d=rules.valid_on)
            remedy = Text("在 {k}* 中写明能否叠加；已知项目：{p}。", "Say under {k}* whether they may be stacked; known: {p}.")
            said = remedy.fill(k=STACKING_PREFIX, p=", ".join(PROGRAMMES))
            out.append(Fault("zoning.conflict_unruled", "duty", f"{x} + {y}", clash, said, "warning"))
    return out


# ---------------------------------------------------------------- programmes with ground of their own
@dataclass(frozen=True, eq=False)
class GroundLayer:
    """Plots of one programme that have their own ground, such as forest compartments or conversion plots.

    name   as the user knows the layer, e.g. ``退耕2004``; a plot is told as ``name/plot``
    mark   code the rules know it by: a category or ``duty.<programme>``
    zones  the plots, in the reference system given to `ground_conflicts`
    """

    name: str
    mark: str
    zones: Zones


def ground_conflicts(layers: Sequence[GroundLayer], rules: Parameters, crs_wkt: str, parcels: Parcels | None = None) -> pa.Table:
    """Return plots that overlap by more than a stated share of the smaller one (CONFLICT, kind ``ground_overlap``): plots of
    one programme, in one year or of several, and of programmes that exclude each other.

    parcels  with them a row is told for each parcel the overlap lies on, else one row without a parcel

    Parameters read: ``zoning.overlap.share_of_smaller_ppm`` and the rules of `conflict_rules`.
    """
    limit = float(rules.decimal("zoning.overlap.share_of_smaller_ppm")) / PPM
    held = rules.get("zoning.overlap.share_of_smaller_ppm")
    asked = conflict_rules(rules)[0]
    rows: list[dict[str, Any]] = []
    shapes: list[Any] = []
    for i, one in enumerate(layers):
        for two in layers[i:]:
            rule = _ground_rule(one, two, asked)
            if rule is None:
                continue
            own = rule is _SAME
            papers = (held.document, held.confidence, "overlap.share_of_smaller_ppm") if own else _papers_of(rule)
            for a, b, m, shape in _plots_on_each_other(one, two, crs_wkt, limit):
                head = {"kind": "ground_overlap", "severity": "error", "rule": papers[2], "document": papers[0]}
                sides = {"a": f"{one.name}/{one.zones.zone_id[a]}", "b": f"{two.name}/{two.zones.zone_id[b]}"}
                marks = {"a_mark": one.mark, "b_mark": two.mark, "confidence": papers[1], "holder_ids": ""}
                rows.append({**head, **sides, **marks, "parcel_id": None, "area_dm2": m})
                shapes.append(shape)
    return _checked(pa.Table.from_pylist(_on_parcels(rows, shapes, parcels), schema=CONFLICT.schema()))


_SAME = "same"


def _papers_of(rule: Any) -> tuple[str, str, str]:
    return rule.document, rule.confidence, rule.rule


def _ground_rule(one: GroundLayer, two: GroundLayer, asked: Sequence[ConflictRule]) -> Any:
    """Return the rule two layers break where they overlap: the same programme, or the exclusion of both; None if none does."""
    if one.mark == two.mark:
        return _SAME
    ways = [{m, "duty." + m} for m in (one.mark, two.mark)]
    for rule in asked:
        if rule.severity == "error" and rule.b:
            hit = [[any(covers(side, m) for m in way) for way in ways] for side in (rule.a, rule.b)]
            if (hit[0][0] and hit[1][1]) or (hit[0][1] and hit[1][0]):
                return rule
    return None


def _plots_on_each_other(one: GroundLayer, two: GroundLayer, crs_wkt: str, limit: float) -> list[tuple[int, int, int, Any]]:
    import shapely

    from ecocomp.land.area import areas_dm2, polygon_areas_m2

    if not len(one.zones) or not len(two.zones):
        return []
    a, b = shapely.STRtree(two.zones.geometry).query(one.zones.geometry, predicate="intersects")
    if one is two:
        a, b = a[a < b], b[a < b]
    cut = shapely.intersection(one.zones.geometry[a], two.zones.geometry[b])
    parts, at = shapely.get_parts(cut, return_index=True)
    flat = np.isin(shapely.get_type_id(parts), (3, 6))
    area = polygon_areas_m2(parts[flat], crs_wkt) if flat.any() else np.zeros(0)
    shared = np.asarray(np.bincount(at[flat], weights=area, minlength=len(a)), np.float64)
    whole = [polygon_areas_m2(layer.zones.geometry, crs_wkt) for layer in (one, two)]
    smaller = np.minimum(whole[0][a], whole[1][b])
    hit = np.flatnonzero(shared > limit * smaller)
    order = hit[np.lexsort((b[hit], a[hit]))]
    return [(int(a[k]), int(b[k]), int(areas_dm2(shared[k : k + 1])[0]), cut[k]) for k in order]


def _on_parcels(rows: list[dict[str, Any]], shapes: list[Any], parcels: Parcels | None) -> list[dict[str, Any]]:
    if parcels is None or not rows:
        return rows
    geometry = np.empty(len(shapes), object)
    geometry[:] = shapes
    p, z, share = overlay_pairs(parcels, geometry)
    area = np.rint(share * parcels.area_dm2[p]).astype(np.int64)
    ids = parcels.ids.take(pa.array(p)).to_pylist()
    found = [{**rows[k], "parcel_id": i, "area_dm2": int(m)} for k, i, m in zip(z.tolist(), ids, area.tolist(), strict=True) if m]
    seen = set(z.tolist())
    return found + [r for k, r in enumerate(rows) if k not in seen]
