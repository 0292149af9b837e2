"""Editions of zone layers: the ground of red lines, farmland, bans, forests and reserves, in files that never change.

For the office that adopts a layer and for everything that asks on which ground a restriction lies. An edition is GeoParquet:
one polygon per row with its category, name and document, in the layer's own coordinate system, checked as a whole (shapes,
ids, categories, place, overlaps inside the layer). Two fingerprints: the SHA-256 of the file, and one of the ground alone,
which the order of the polygons does not change.

Shares of parcels and the comparison of two editions are exact intersections, block by block of parcels, so that memory does
not grow with the county. Areas are whole dm2 of the parcel's surveyed area: the parts of one layer on a parcel are rounded
along their running sum, so that they add up to the rounded whole and, with the uncovered rest, to the parcel.

Reference: GeoParquet 1.1.0.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.io.files import atomic_write, canonical_json, read_json, read_table, sha256_of, write_batches
from ecocomp.terms.codes import EDITION_KINDS
from ecocomp.terms.faults import Fault, FaultsError, errors, raise_errors
from ecocomp.terms.tables import PPM, TableSpec
from ecocomp.terms.tables import column as _c
from ecocomp.terms.text import Text
from ecocomp.zoning.control import CATEGORIES, category_of
from ecocomp.zoning.polygons import NOISE_SHARE, Ground, Zones, apart, equal_area, in_crs, overlapping, shape_faults

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ecocomp.zoning.polygons import Geometries

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

ROW_GROUP_ROWS = 10_000
BLOCK_PARCELS = 50_000
"""Parcels laid over the zones at a time."""
PARTITION_KINDS = frozenset({"use_control", "function_zone"})
"""Kinds whose categories divide the ground among them: what none covers is told as a rest."""
SLIVER_SHARE = 1e-6
"""Zones that overlap by less of the smaller one are taken as neighbours."""
UNCOVERED, ALL = "uncovered", "all"
_BBOX = ("xmin", "ymin", "xmax", "ymax")
_S, _I, _B = pa.string(), pa.int64(), pa.binary()


ZONE = TableSpec(
    "zone",
    Text("分区图斑", "zones of a layer"),
    ("zone_id",),
    (
        _c("zone_id", _S, "", "图斑编码", "zone code"),
        _c("category", _S, "control.CATEGORIES", "类别（空为不分）", "category (empty: none)", True),
        _c("name", _S, "", "名称", "name", True),
        _c("document", _S, "", "文号（与整层不同时）", "document, if another than that of the layer", True),
        _c("area_dm2", _I, "dm2", "椭球面积", "area on the ellipsoid"),
    ),
    "zone",
)
SHARE = TableSpec(
    "restriction_share",
    Text("限制在地块上的占比", "shares of parcels under restrictions"),
    ("parcel_id", "restriction_id", "zone_id"),
    (
        _c("parcel_id", _S, "", "地块编码", "parcel code"),
        _c("restriction_id", _S, "", "限制编码", "restriction code"),
        _c("zone_id", _S, "", "图斑编码（空为整个地块或未覆盖部分）", "zone (empty: the whole parcel, or the rest)"),
        _c("kind", _S, "codes.RESTRICTION_KINDS", "类型", "kind"),
        _c("category", _S, "control.CATEGORIES", "类别", "category"),
        _c("area_dm2", _I, "dm2", "面积", "area"),
        _c("share_ppm", _I, "ppm", "占地块比例", "share of the parcel"),
    ),
    "zone",
)
ZONE_LEDGER = TableSpec(
    "zone_ledger",
    Text("分区调整台账", "ledger of a change of zones"),
    ("parcel_id", "category"),
    (
        _c("parcel_id", _S, "", "地块编码", "parcel code"),
        _c("category", _S, "control.CATEGORIES|all", "类别（all 为整层）", "category (all: the layer as a whole)"),
        _c("area_dm2", _I, "dm2", "地块面积", "area of the parcel"),
        _c("before_dm2", _I, "dm2", "原范围内面积", "area inside before"),
        _c("kept_dm2", _I, "dm2", "两版都在内", "area inside both"),
        _c("gained_dm2", _I, "dm2", "划入面积", "area taken in"),
        _c("lost_dm2", _I, "dm2", "调出面积", "area let out"),
        _c("after_dm2", _I, "dm2", "新范围内面积", "area inside after"),
    ),
    "zone",
)
ZONE_TOTAL = TableSpec(
    "zone_total",
    Text("分区调整合计", "totals of a change of zones"),
    ("category",),
    (
        _c("category", _S, "control.CATEGORIES|all", "类别（all 为整层）", "category (all: the layer as a whole)"),
        _c("parcels", _I, "", "涉及地块数", "parcels touched"),
        *(c for c in ZONE_LEDGER.columns if c.name.endswith("_dm2") and c.name != "area_dm2"),
    ),
    "zone",
)
ZONE_PATCH = TableSpec(
    "zone_patch",
    Text("调整图斑", "patches of ground that change"),
    ("patch_id",),
    (
        _c("patch_id", _S, "", "图斑编号", "patch number"),
        _c("change", _S, "gained|lost|recategorised", "变化", "change"),
        _c("old_category", _S, "control.CATEGORIES", "原类别", "category before", True),
        _c("new_category", _S, "control.CATEGORIES", "新类别", "category after", True),
        _c("old_zone", _S, "", "原图斑", "zone before", True),
        _c("new_zone", _S, "", "新图斑", "zone after", True),
        _c("area_dm2", _I, "dm2", "椭球面积", "area on the ellipsoid"),
        _c("geometry", _B, "WKB", "图形", "shape"),
    ),
    "zone",
)


# ---------------------------------------------------------------- fingerprint
def fingerprint(zones: Zones) -> str:
    """Return the SHA-256 of the ground of a layer; the order of its polygons does not matter."""
    import shapely

    shapes = sorted(shapely.to_wkb(shapely.normalize(np.asarray(zones.geometry, object)), byte_order=1).tolist())
    return hashlib.sha256(b"".join(shapes)).hexdigest()


# ---------------------------------------------------------------- an edition on disk
@dataclass(frozen=True, slots=True)
class ZoneFields:
    """Of which kind a layer is and which of its fields say what.

    kind        `codes.EDITION_KINDS`, not ``parcel``
    zone_id     field with the code of each polygon; None: they are numbered
    category    field with the category; None: the layer has one, `category_all` if given
    categories  what the layer writes → category after the dot of `control.CATEGORIES`; None: it writes these itself
    """

    kind: str
    zone_id: str | None = None
    category: str | None = None
    category_all: str | None = None
    categories: Mapping[str, str] | None = None
    name: str | None = None
    document: str | None = None


@dataclass(frozen=True, slots=True)
class ZoneEdition:
    """A zone edition on disk.

    fingerprint    SHA-256 of the file
    ground_sha256  SHA-256 of the ground alone
    """

    path: Path
    fingerprint: str
    ground_sha256: str
    kind: str
    crs_wkt: str
    epsg: int | None
    rows: int
    area_dm2: int
    bounds: tuple[float, float, float, float]

    def table(self) -> pa.Table:
        """Return the zones (ZONE), sorted by code."""
        return ZONE.checked(read_table(self.path, ZONE.schema().names, ZONE.schema()))

    def zones(self) -> Zones:
        """Return the polygons; their kind is the category code (`control.category_of`)."""
        import shapely

        held = read_table(self.path, ["zone_id", "category", "geometry"]).sort_by("zone_id").combine_chunks()
        shapes = np.asarray(shapely.from_wkb(held["geometry"].to_numpy(zero_copy_only=False)), object)
        kinds = [category_of(self.kind, c) for c in held["category"].to_pylist()]
        return Zones(held["zone_id"].to_pylist(), kinds, shapes)


def make_zone_edition(
    layer: Path | str, fields: ZoneFields, path: Path | str, overlap_m2: float = 1.0
) -> tuple[ZoneEdition, list[Fault]]:
    """Check a clean zone layer as a whole and write it as an edition; return it with the warnings.

    layer       clean Parquet made by a `VectorJob`, its facts beside it
    path        where the edition goes; an edition already there must be the same
    overlap_m2  polygons of one layer may overlap by this much and no more
    raises      `FaultsError` with every fault found (no cap), warnings among them
    """
    import pyproj
    import shapely

    source = Path(layer)
    facts, table = read_json(source.with_suffix(".json")), read_table(source)
    where = str(facts.get("source", source.name))
    raise_errors(_field_faults(table, fields, where))
    crs = pyproj.CRS.from_wkt(facts["crs_wkt"])
    shapes = np.asarray(shapely.from_wkb(table["geometry"].combine_chunks().to_numpy(zero_copy_only=False)), object)
    ids, categories, found = _attributes(table, fields, where)
    zones = Zones(ids, [category_of(fields.kind, c) for c in categories], shapes)
    shaped = shape_faults(zones, where)
    found += shaped + _place_faults(shapes, crs, where)
    if not errors(shaped):
        found += overlap_faults(zones, crs, overlap_m2, where)
    if errors(found):
        raise FaultsError(found)
    rows = pa.table(
        {
            "zone_id": ids,
            "category": pa.array(categories, _S),
            "name": pa.array(_texts(table, fields.name), _S),
            "document": pa.array(_texts(table, fields.document), _S),
        }
    )
    return _write(rows, zones, Path(path), facts, crs, fields), found


def read_zone_edition(path: Path | str) -> ZoneEdition:
    """Open a zone edition; `FaultsError` if it is missing, broken or no zone edition."""
    import pyarrow.parquet as pq

    place = Path(path)
    try:
        metadata = pq.read_schema(place).metadata or {}
        said = json.loads(metadata[b"ecocomp"])
        box = tuple(float(v) for v in json.loads(metadata[b"geo"])["columns"]["geometry"]["bbox"])
        rows, print_ = int(pq.read_metadata(place).num_rows), sha256_of(place)
        head = (said["ground_sha256"], said["kind"], said["crs_wkt"], said["epsg"])
        return ZoneEdition(place, print_, *head, rows, int(said["area_dm2"]), box)  # type: ignore[arg-type]
    except (OSError, KeyError, ValueError, TypeError, pa.ArrowException):
        clash = Text("文件缺失、损坏，或不是分区版次。", "the file is missing, broken, or no zone edition.")
        remedy = Text("请重新导入分区图层。", "Import the zone layer again.")
        raise FaultsError([Fault("zoning.no_edition", str(place), "", clash, remedy)]) from None


def _field_faults(table: pa.Table, fields: ZoneFields, where: str) -> list[Fault]:
    out = []
    if fields.kind not in EDITION_KINDS or fields.kind == "parcel":
        clash = Text("图层类型“{k}”不在代码表中。", "the kind of layer “{k}” is not in the code list.").fill(k=fields.kind)
        known = ", ".join(k for k in EDITION_KINDS if k != "parcel")
        out.append(Fault("zoning.edition_kind", where, "", clash, Text("可用：{a}。", "Known: {a}.").fill(a=known)))
    wanted = (fields.zone_id, fields.category, fields.name, fields.document)
    missing = [w for w in wanted if w and w not in table.column_names]
    if missing:
        have = ", ".join(n for n in table.column_names if n != "geometry")
        clash = Text("缺少字段 {m}；现有字段：{h}。", "the fields {m} are missing; there are: {h}.")
        remedy = Text("请写明各字段的名称。", "Say how each field is called.")
        out.append(Fault("zoning.edition_field", where, "", clash.fill(m=", ".join(missing), h=have), remedy))
    if not len(table):
        clash = Text("图层没有图斑。", "the layer has no polygons.")
        out.append(Fault("zoning.edition_empty", where, "", clash, Text("给出有面的图层。", "Give a layer with polygons.")))
    return out


def _texts(table: pa.Table, field: str | None) -> list[str | None]:
    """Return a field as trimmed text, None where it is empty; whole numbers without a decimal point."""
    if field is None:
        return [None] * len(table)
    values = table[field].to_pylist()
    plain = [str(int(v)) if isinstance(v, float) and v == int(v) else v for v in values]
    return [None if v is None or not str(v).strip() else str(v).strip() for v in plain]


def _attributes(table: pa.Table, fields: ZoneFields, where: str) -> tuple[list[str], list[str | None], list[Fault]]:
    written = _texts(table, fields.zone_id) if fields.zone_id else [f"{i + 1:06}" for i in range(len(table))]
    found = _id_faults(written, where)
    ids = [v or f"row {i + 1}" for i, v in enumerate(written)]
    said = _texts(table, fields.category) if fields.category else [fields.category_all] * len(table)
    turned = [v if v is None or fields.categories is None else fields.categories.get(v, v) for v in said]
    known = [c.split(".", 1)[1] for c in CATEGORIES if c.startswith(fields.kind + ".")]
    if known:
        found += [f for i, v in zip(ids, turned, strict=True) for f in _category_faults(i, v, known, where)]
    return ids, turned, found


def _id_faults(ids: Sequence[str | None], where: str) -> list[Fault]:
    out, first = [], dict[str, int]()
    for row, name in enumerate(ids, 1):
        if name is None:
            clash = Text("图斑没有编码。", "the zone has no code.")
            out.append(Fault("zoning.zone_no_id", where, f"row {row}", clash, Text("补上编码。", "Give it a code.")))
        elif name in first:
            clash = Text("第 {a} 行与第 {b} 行编码相同。", "rows {a} and {b} have the same code.").fill(a=first[name], b=row)
            out.append(Fault("zoning.zone_duplicate_id", where, name, clash, Text("改正其中之一。", "Correct one of the two.")))
        else:
            first[name] = row
    return out


def _category_faults(zone: str, category: str | None, known: list[str], where: str) -> list[Fault]:
    if category is None:
        clash = Text("没有写类别。", "has no category.")
        remedy = Text("写上类别（{a}）；缺了按最严的读。", "Write its category ({a}); without one the strictest is read.")
        return [Fault("zoning.zone_no_category", where, zone, clash, remedy.fill(a=", ".join(known)), "warning")]
    if category in known:
        return []
    clash = Text("类别“{c}”不在代码表中。", "the category “{c}” is not in the code list.").fill(c=category)
    return [Fault("zoning.zone_category", where, zone, clash, Text("可用：{a}。", "Known: {a}.").fill(a=", ".join(known)))]


def _place_faults(shapes: Geometries, crs: Any, where: str) -> list[Fault]:
    import shapely

    from ecocomp.land.checks import check_place

    return check_place(shapely.bounds(shapes).reshape(-1, 4), crs, where)


def overlap_faults(zones: Zones, crs: Any, overlap_m2: float, where: str) -> list[Fault]:
    """Return a fault for every two valid polygons of one layer that overlap by more than `overlap_m2`, all of them."""
    import shapely

    from ecocomp.land.area import polygon_areas_m2

    a, b = overlapping(zones.geometry)
    shared = shapely.intersection(zones.geometry[a], zones.geometry[b])
    area = np.array([polygon_areas_m2(_flat(g), crs).sum() for g in shared])
    clash = Text("与 {b} 重叠 {m:.2f} 平方米（容差 {t:g}）。", "overlaps {b} by {m:.2f} m2 (tolerance {t:g}).")
    remedy = Text("同一图层内一块地只能属一个图斑：裁去一处。", "In one layer ground has one zone: cut the overlap from one.")
    return [
        Fault("zoning.overlap", where, zones.zone_id[i], clash.fill(b=zones.zone_id[j], m=m, t=overlap_m2), remedy)
        for i, j, m in zip(a, b, area, strict=True)
        if m > overlap_m2
    ]


def _flat(shapes: Any) -> Geometries:
    """Return the polygons in shapes of any kind, in one row; points and lines have no ground."""
    import shapely

    parts = shapely.get_parts(shapes)
    while (shapely.get_type_id(parts) == 7).any():
        parts = shapely.get_parts(parts)
    return np.asarray(parts[(shapely.get_type_id(parts) == 3) & ~shapely.is_empty(parts)], object)


def _write(rows: pa.Table, zones: Zones, path: Path, facts: dict[str, Any], crs: Any, fields: ZoneFields) -> ZoneEdition:
    import shapely

    from ecocomp.land.area import areas_dm2, polygon_areas_m2
    from ecocomp.land.order import hilbert_distance

    area, box = areas_dm2(polygon_areas_m2(zones.geometry, crs)), shapely.bounds(zones.geometry)
    middle = hilbert_distance((box[:, 0] + box[:, 2]) / 2, (box[:, 1] + box[:, 3]) / 2)
    order = np.lexsort((np.asarray(zones.zone_id), middle))
    shapes = pa.array(shapely.to_wkb(zones.geometry, byte_order=1, output_dimension=2), _B)
    columns = {n: rows[n] for n in rows.column_names} | {"area_dm2": area, "geometry": shapes}
    table = pa.table(columns | {n: box[:, i] for i, n in enumerate(_BBOX)}).take(pa.array(order))
    bounds = [float(v) for v in (*box[:, :2].min(0), *box[:, 2:].max(0))]
    column: dict[str, Any] = {"encoding": "WKB", "geometry_types": ["MultiPolygon", "Polygon"], "edges": "planar"}
    column |= {"crs": crs.to_json_dict(), "bbox": bounds}
    said = {
        "crs_wkt": facts["crs_wkt"],
        "epsg": facts.get("epsg"),
        "source": facts.get("source", ""),
        "sha256_source": facts.get("sha256_source", ""),
        "kind": fields.kind,
        "ground_sha256": fingerprint(zones),
        "area_dm2": int(area.sum()),
        "area_rule": "CGCS2000 ellipsoid, survey rule",
    }
    geo = {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}
    extra = [pa.field("geometry", _B, nullable=False), *(pa.field(n, pa.float64(), nullable=False) for n in _BBOX)]
    schema = pa.schema([*ZONE.schema(), *extra], metadata={"geo": canonical_json(geo), "ecocomp": canonical_json(said)})
    with atomic_write(path, table.nbytes) as temp:
        write_batches(schema, [table.cast(schema.remove_metadata())], temp, ROW_GROUP_ROWS)
        if path.exists() and sha256_of(path) != sha256_of(temp):
            raise FaultsError([_other_edition(path)])
        temp.chmod(0o444)
    return read_zone_edition(path)


def _other_edition(path: Path) -> Fault:
    clash = Text("这里已有另一版分区，版次一经写成不再改动。", "another edition is already here, and an edition never changes.")
    remedy = Text("请把新图层写到新的版次文件。", "Write the new layer to a new edition file.")
    return Fault("zoning.edition_exists", str(path), "", clash, remedy)


# ---------------------------------------------------------------- parcels, block by block
@dataclass(frozen=True, eq=False)
class Parcels:
    """Parcels with their shapes, given out in blocks.

    table    at least `parcel_id`, `area_dm2`; `land_class` where conflicts ask for it
    blocks   gives (row of the first, shapes) for one block after the other
    """

    table: pa.Table
    crs_wkt: str
    blocks: Callable[[], Iterator[tuple[int, Geometries]]]

    @classmethod
    def of(cls, table: pa.Table, geometry: Geometries, crs_wkt: str, block: int = BLOCK_PARCELS) -> Parcels:
        """Return parcels held in memory; `geometry` has one polygon for each row."""
        if len(table) != len(geometry):
            raise ValueError(f"{len(table)} parcels, {len(geometry)} geometries: one geometry per parcel")
        shapes = np.asarray(geometry, object)
        return cls(table, crs_wkt, lambda: ((i, shapes[i : i + block]) for i in range(0, len(shapes), block)))

    @classmethod
    def read(cls, path: Path | str, block: int = BLOCK_PARCELS, region: str = "") -> Parcels:
        """Return the parcels of a survey edition, their shapes read from the file block by block.

        region  only parcels whose village code begins so; of the shapes only theirs are read
        raises  `FaultsError` if it is missing, broken or no survey edition
        """
        from ecocomp.land.edition import crs_of

        crs, names = crs_of(path), ["parcel_id", "land_class", "area_dm2"]
        if not region:
            return cls(read_table(path, names).combine_chunks(), crs, lambda: _read_blocks(Path(path), block))
        villages = read_table(path, ["village_code"])["village_code"]
        rows = np.flatnonzero(np.asarray(pc.starts_with(villages, region).to_numpy(), bool))
        parts = [t for _, t in _read_rows(Path(path), rows, names)]
        table = pa.concat_tables(parts) if parts else read_table(path, names).slice(0, 0)
        return cls(table.combine_chunks(), crs, lambda: _shapes(_read_rows(Path(path), rows, ["geometry"])))

    def __len__(self) -> int:
        return len(self.table)

    def take(self, rows: Ints) -> Parcels:
        """Return some of the parcels, by ascending row; their shapes still come block by block."""

        def blocks() -> Iterator[tuple[int, Geometries]]:
            for start, shapes in self.blocks():
                low, high = (int(k) for k in np.searchsorted(rows, [start, start + len(shapes)]))
                if high > low:
                    yield low, shapes[rows[low:high] - start]

        return Parcels(self.table.take(pa.array(rows)), self.crs_wkt, blocks)

    @property
    def ids(self) -> pa.Array:
        """Codes of the parcels."""
        column = self.table["parcel_id"].combine_chunks()
        return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column

    @property
    def area_dm2(self) -> Ints:
        """Surveyed areas."""
        return np.asarray(self.table["area_dm2"].to_numpy(), np.int64)

    @property
    def geographic(self) -> bool:
        """Whether coordinates are degrees."""
        import pyproj

        return bool(pyproj.CRS.from_user_input(self.crs_wkt).is_geographic)

    def zones(self, edition: ZoneEdition | Zones) -> Zones:
        """Return a layer in the reference system of the parcels; `Zones` are taken to be in it."""
        if isinstance(edition, Zones):
            return edition
        found = edition.zones()
        return Zones(found.zone_id, found.kind, in_crs(found.geometry, edition.crs_wkt, self.crs_wkt))


def _read_blocks(path: Path, block: int) -> Iterator[tuple[int, Geometries]]:
    import pyarrow.parquet as pq
    import shapely

    start = 0
    with pq.ParquetFile(path, page_checksum_verification=True) as file:
        for batch in file.iter_batches(batch_size=block, columns=["geometry"]):
            shapes = np.asarray(shapely.from_wkb(batch.column(0).to_numpy(zero_copy_only=False)), object)
            yield start, shapes
            start += len(shapes)


def _read_rows(path: Path, rows: Ints, columns: list[str]) -> Iterator[tuple[int, pa.Table]]:
    """Give out some rows (ascending) of a file with the place of the first among them, from the row groups that hold them."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(path, page_checksum_verification=True) as file:
        first = 0
        for group in range(file.num_row_groups):
            size = file.metadata.row_group(group).num_rows
            low, high = (int(k) for k in np.searchsorted(rows, [first, first + size]))
            if high > low:
                yield low, file.read_row_group(group, columns=columns).take(pa.array(rows[low:high] - first))
            first += size


def _shapes(parts: Iterator[tuple[int, pa.Table]]) -> Iterator[tuple[int, Geometries]]:
    import shapely

    for start, table in parts:
        yield start, np.asarray(shapely.from_wkb(table["geometry"].to_numpy()), object)


def overlay_pairs(parcels: Parcels, polygons: Geometries) -> tuple[Ints, Ints, Floats]:
    """Return (row of the parcel, row of the polygon, share of the parcel inside it), sorted, only where they share ground.

    polygons  in the reference system of the parcels; they may overlap
    """
    if not len(polygons):
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)
    degrees = parcels.geographic
    ground = Ground(equal_area(polygons) if degrees else np.asarray(polygons, object))
    found = [_block_pairs(ground, equal_area(s) if degrees else s, start) for start, s in parcels.blocks()]
    if not found:
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)
    p, z, share = (np.concatenate(part) for part in zip(*found, strict=True))
    return p, z, share


def _block_pairs(ground: Ground, shapes: Geometries, start: int) -> tuple[Ints, Ints, Floats]:
    import shapely

    tree, whole = shapely.STRtree(shapes), shapely.area(shapes)
    box = shapely.total_bounds(shapes)
    z_in, p_in = ground.covering(tree, box)
    piece, p = ground.touching(tree, box)
    many = max(len(ground.zones), 1)
    known = np.isin(p * many + ground.owner[piece], p_in * many + z_in)
    piece, p = piece[~known], p[~known]
    key = np.concatenate([p_in * many + z_in, p * many + ground.owner[piece]])
    area = np.concatenate([whole[p_in], ground.clipped(piece, shapes, p)])
    order = np.argsort(key, kind="stable")
    key, area = key[order], area[order]
    first = np.flatnonzero(np.diff(key, prepend=-1) != 0)
    key, area = key[first], np.add.reduceat(area, first) if len(first) else area[:0]
    p, z = key // many, key % many
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(whole[p] > 0, area / whole[p], 0.0)
    share[share > 1 - NOISE_SHARE] = 1.0
    keep = share >= NOISE_SHARE
    return p[keep] + start, z[keep], share[keep]


def running_dm2(group: Ints, share: Floats, area_dm2: Ints) -> tuple[Ints, Ints, Ints, Floats]:
    """Round shares to whole dm2 along their running sum inside each group, so that the parts add up to the rounded whole.

    group     number of the group of each share, ascending
    area_dm2  area of the parcel of each share
    returns   area of each share, first row of each group, sum of areas of each group, sum of shares of each group
    """
    if not len(group):
        none = np.zeros(0, np.int64)
        return none, none, none, np.zeros(0)
    first = np.flatnonzero(np.diff(group, prepend=group[0] - 1) != 0)
    sizes = np.diff(np.append(first, len(group)))
    run = share.astype(np.float64, copy=True)
    # The k-th of every group at once: each group is summed from its own start, so no digits are lost to the others.
    for k in range(1, int(sizes.max())):
        at = first[sizes > k] + k
        run[at] += run[at - 1]
    total = run[first + sizes - 1]
    level = np.rint(np.where(run > 1 - NOISE_SHARE, 1.0, run) * area_dm2).astype(np.int64)
    part = np.diff(level, prepend=0)
    part[first] = level[first]
    return part, first, level[first + sizes - 1], total


# ---------------------------------------------------------------- shares of parcels under restrictions
def shares(
    parcels: Parcels,
    restriction: pa.Table,
    layers: Mapping[str, ZoneEdition | Zones],
    partition: Collection[str] = PARTITION_KINDS,
) -> tuple[pa.Table, list[Fault]]:
    """Return how much of each parcel lies under each restriction and zone (SHARE), and every fault.

    restriction  rows that hold (`versions.restrictions_on`); ground by `edition_id` or one `parcel_id`
    layers       zone edition of each `edition_id`
    partition    kinds whose categories divide the ground: what none of a restriction's zones covers is a row with the
                 category `uncovered`, so that the rows close to the area of the parcel

    The category of a polygon stands over that of its restriction. The zones of one layer do not overlap, so the areas of one
    restriction on one parcel never exceed the parcel.
    """
    rows = restriction.select(["restriction_id", "kind", "category", "parcel_id", "edition_id"]).to_pylist()
    faults = [f for r in rows for f in _ground_faults(r, layers)]
    by_layer = [r for r in rows if r["edition_id"] in layers]
    held = [parcels.zones(layers[r["edition_id"]]) for r in by_layer]
    at = np.repeat(np.arange(len(held)), [len(z) for z in held]).astype(np.int64)
    polygons = np.concatenate([z.geometry for z in held]) if held else np.zeros(0, object)
    names = [n for z in held for n in z.zone_id]
    codes = [_code(by_layer[k], kind) for k, z in enumerate(held) for kind in z.kind]
    p, z, share = overlay_pairs(parcels, polygons)
    area = parcels.area_dm2
    group = p * max(len(held), 1) + at[z]
    order = np.lexsort((z, group))
    p, z, share, group = p[order], z[order], share[order], group[order]
    part, first, whole, total = running_dm2(group, share, area[p])
    faults += _over_faults(parcels, by_layer, p[first], at[z[first]], total)
    found = [(p, at[z], z, part)]
    rest = [k for k, r in enumerate(by_layer) if r["kind"] in partition]
    found += [_rest(k, p[first], at[z[first]], whole, area) for k in rest]
    one, lost = _by_parcel(parcels, [r for r in rows if r["parcel_id"]])
    return _share_table(parcels, by_layer, names, codes, found, one), faults + lost


def _code(row: Mapping[str, Any], kind: str) -> str:
    """Return the category of a polygon: its own if it has one, else that of its restriction."""
    own = kind if "." in kind and kind.split(".")[0] == row["kind"] else ""
    return own or category_of(row["kind"], row["category"])


def _ground_faults(row: Mapping[str, Any], layers: Mapping[str, Any]) -> list[Fault]:
    if row["parcel_id"] or row["edition_id"] in layers:
        return []
    what = row["edition_id"] or "—"
    clash = Text("范围图层 {e} 没有给出。", "the layer {e} that holds its ground is not given.").fill(e=what)
    remedy = Text("导入该图层，或写上地块编码。", "Import the layer, or give a parcel.")
    return [Fault("zoning.restriction_layer", "restriction", row["restriction_id"], clash, remedy)]


def _over_faults(parcels: Parcels, rows: Sequence[Mapping[str, Any]], p: Ints, layer: Ints, total: Floats) -> list[Fault]:
    """Zones of one layer that together cover more than the whole of a parcel by over a thousandth."""
    clash = Text("在地块 {p} 上各图斑合计占 {s:.4f}，超过 1。", "its zones cover {s:.4f} of parcel {p}, more than all of it.")
    remedy = Text("裁去图层内的重叠。", "Cut the overlaps inside the layer.")
    return [
        Fault(
            "zoning.share_over",
            "restriction",
            rows[layer[i]]["restriction_id"],
            clash.fill(p=parcels.ids[int(p[i])], s=total[i]),
            remedy,
        )
        for i in np.flatnonzero(total > 1.001)
    ]


def _rest(k: int, p: Ints, layer: Ints, whole: Ints, area: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    """Return what zones of the k-th restriction leave uncovered of every parcel, as rows without a zone (-1)."""
    covered = np.zeros(len(area), np.int64)
    here = layer == k
    covered[p[here]] = whole[here]
    left = area - covered
    at = np.flatnonzero(left > 0)
    return at, np.full(len(at), k), np.full(len(at), -1), left[at]


def _by_parcel(parcels: Parcels, rows: Sequence[Mapping[str, Any]]) -> tuple[pa.Table, list[Fault]]:
    """Return the shares of restrictions that lie on one parcel: the whole of it."""
    wanted = pa.array([r["parcel_id"] for r in rows], _S)
    at = pc.index_in(wanted, value_set=parcels.ids)
    clash = Text("地块 {p} 不在这一版调查成果中。", "parcel {p} is not in this survey edition.")
    remedy = Text("更正地块编码，或按新地块改登。", "Correct the parcel, or enter it on the new parcels.")
    faults = [
        Fault("zoning.restriction_parcel", "restriction", r["restriction_id"], clash.fill(p=r["parcel_id"]), remedy)
        for r, k in zip(rows, at.to_pylist(), strict=True)
        if k is None
    ]
    good = [r for r, k in zip(rows, at.to_pylist(), strict=True) if k is not None]
    area = parcels.area_dm2[np.asarray(at.drop_null().to_numpy(), np.int64)]
    columns = {
        "parcel_id": pa.array([r["parcel_id"] for r in good], _S),
        "restriction_id": pa.array([r["restriction_id"] for r in good], _S),
        "zone_id": pa.array([""] * len(good), _S),
        "kind": pa.array([r["kind"] for r in good], _S),
        "category": pa.array([category_of(r["kind"], r["category"]) for r in good], _S),
        "area_dm2": area,
        "share_ppm": np.full(len(good), PPM),
    }
    return pa.table(columns, schema=SHARE.schema()), faults


def _share_table(
    parcels: Parcels,
    rows: Sequence[Mapping[str, Any]],
    names: Sequence[str],
    codes: Sequence[str],
    found: Sequence[tuple[Ints, Ints, Ints, Ints]],
    one: pa.Table,
) -> pa.Table:
    p, layer, z, part = (np.concatenate(column) for column in zip(*found, strict=True))
    some = part > 0
    p, layer, z, part = p[some], layer[some], z[some], part[some]
    rank = np.argsort(np.argsort(np.asarray(parcels.ids.to_pylist(), object), kind="stable"), kind="stable")
    ids = np.asarray([r["restriction_id"] for r in rows], object)
    order = np.lexsort((z, np.argsort(np.argsort(ids, kind="stable"))[layer] if len(ids) else layer, rank[p]))
    p, layer, z, part = p[order], layer[order], z[order], part[order]
    zone = np.where(z < 0, len(names), z)
    categories, kinds = [*codes, UNCOVERED], [r["kind"] for r in rows]
    made = pa.table(
        {
            "parcel_id": parcels.ids.take(pa.array(p)),
            "restriction_id": pa.array(ids.tolist(), _S).take(pa.array(layer)),
            "zone_id": pa.array([*names, ""], _S).take(pa.array(zone)),
            "kind": pa.array(kinds, _S).take(pa.array(layer)),
            "category": pa.array(categories, _S).take(pa.array(zone)),
            "area_dm2": part,
            "share_ppm": np.rint(part / np.maximum(parcels.area_dm2[p], 1) * PPM).astype(np.int64),
        },
        schema=SHARE.schema(),
    )
    return SHARE.checked(pa.concat_tables([made, one]) if len(one) else made)


# ---------------------------------------------------------------- two editions compared
@dataclass(frozen=True, eq=False)
class ZoneChange:
    """What two editions of one layer differ in: `ledger` (parcels inside either), `total` by category, `patches`."""

    ledger: pa.Table
    total: pa.Table
    patches: pa.Table


def compare_zones(old: ZoneEdition | Zones, new: ZoneEdition | Zones, parcels: Parcels) -> ZoneChange:
    """Compare two editions of a layer on the parcels: a ledger that closes to the dm2, by category and in all, and patches.

        before + gained − lost = after ,   gained = after − kept ,   lost = before − kept

    Ground that moves from one category to another is lost to one and gained by the other, and kept in the row ``all``.
    """
    was, will = (_laid_out(parcels.zones(e)) for e in (old, new))
    both = _shared_ground(was, will)
    categories = sorted({*was.kind, *will.kind})
    ledger = _zone_ledger(parcels, was, will, both, categories)
    return ZoneChange(ledger, _zone_totals(ledger, categories), _patches(was, will, both, parcels.crs_wkt))


def _laid_out(zones: Zones) -> Zones:
    """Return zones that do not overlap: as they are, or each category as the parts of its union, the first one on top."""
    import shapely

    usable = ~(shapely.is_missing(zones.geometry) | shapely.is_empty(zones.geometry))
    rows = np.flatnonzero(usable).tolist()
    clean = Zones([zones.zone_id[i] for i in rows], [zones.kind[i] for i in rows], zones.geometry[usable])
    if not _lie_on_each_other(clean.geometry):
        return clean
    kinds = np.asarray(clean.kind, object)
    ids, out, shapes, taken = [], [], [], None
    for kind in sorted(set(clean.kind)):
        whole = shapely.union_all(apart(clean.geometry[kinds == kind]))
        whole = whole if taken is None else shapely.difference(whole, taken)
        taken = whole if taken is None else shapely.union(taken, whole)
        parts = _flat([whole])
        ids += [f"{kind}-{i + 1}" for i in range(len(parts))]
        out += [kind] * len(parts)
        shapes.append(parts)
    return Zones(ids, out, np.concatenate(shapes))


def _lie_on_each_other(shapes: Geometries) -> bool:
    """Return whether two polygons share more than a hair of the smaller one (`SLIVER_SHARE`)."""
    import shapely

    a, b = overlapping(shapes)
    shared = shapely.area(shapely.intersection(shapes[a], shapes[b]))
    return bool((shared > SLIVER_SHARE * np.minimum(shapely.area(shapes[a]), shapely.area(shapes[b]))).any())


@dataclass(frozen=True, eq=False)
class _Shared:
    """Ground that lies in a zone before and in one after: shapes, and the rows of both zones.

    same  how many, the first ones, are zones that did not change
    """

    geometry: Geometries
    old: Ints
    new: Ints
    same: int


def _shared_ground(was: Zones, will: Zones) -> _Shared:
    """Return the ground both editions hold; a zone that did not change is taken as it is."""
    import shapely

    same_old, same_new = _same_zones(was, will)
    a, b = _rest_of(len(was), same_old), _rest_of(len(will), same_new)
    if a.size and b.size:
        i, j = shapely.STRtree(will.geometry[b]).query(was.geometry[a], predicate="intersects")
        order = np.lexsort((j, i))
        i, j = a[i[order]], b[j[order]]
        cut = shapely.intersection(was.geometry[i], will.geometry[j])
        parts = [_flat([g]) for g in cut]
        sizes = [len(p) for p in parts]
        shapes = np.concatenate([*parts, np.zeros(0, object)])
        i, j = np.repeat(i, sizes), np.repeat(j, sizes)
    else:
        shapes, i, j = np.zeros(0, object), np.zeros(0, np.int64), np.zeros(0, np.int64)
    geometry = np.concatenate([was.geometry[same_old], shapes])
    return _Shared(geometry, np.concatenate([same_old, i]), np.concatenate([same_new, j]), len(same_old))


def _same_zones(was: Zones, will: Zones) -> tuple[Ints, Ints]:
    """Return the rows of zones whose shape is the same in both."""
    import shapely

    prints = [shapely.to_wkb(shapely.normalize(z.geometry), byte_order=1).tolist() for z in (was, will)]
    at = {print_: j for j, print_ in reversed(list(enumerate(prints[1])))}
    pairs, used = [], set()
    for i, print_ in enumerate(prints[0]):
        j = at.get(print_)
        if j is not None and j not in used:
            used.add(j)
            pairs.append((i, j))
    both = np.array(pairs, np.int64).reshape(-1, 2)
    return both[:, 0], both[:, 1]


def _rest_of(n: int, taken: Ints) -> Ints:
    return np.setdiff1d(np.arange(n), taken)


def _zone_ledger(parcels: Parcels, was: Zones, will: Zones, both: _Shared, categories: Sequence[str]) -> pa.Table:
    number = {c: k for k, c in enumerate(categories)}
    n, area = len(categories), parcels.area_dm2
    of_old, of_new = (np.array([number[k] for k in z.kind], np.int64) for z in (was, will))
    moved = _rest_of(len(will), both.new[: both.same])
    # Ground that did not change is laid over the parcels once, whichever of the three sums it counts in.
    pairs = overlay_pairs(parcels, np.concatenate([was.geometry, will.geometry[moved], both.geometry[both.same :]]))
    at = np.full((3, len(was) + len(moved) + len(both.geometry) - both.same), -1)
    at[0, : len(was)] = of_old
    at[1, both.old[: both.same]] = of_new[both.new[: both.same]]
    at[1, len(was) : len(was) + len(moved)] = of_new[moved]
    held = np.where(of_old[both.old] == of_new[both.new], of_old[both.old], n)
    at[2, both.old[: both.same]], at[2, len(was) + len(moved) :] = held[: both.same], held[both.same :]
    before, after, kept = (_by_category(area, pairs, row, n + 1) for row in at)
    before, after = before[:, :n], after[:, :n]
    out = {}
    sums: list[Ints] = []
    for k, category in enumerate(categories):
        stayed = _bounded(kept[:, k], before[:, k], after[:, k], area)
        sums.append(stayed)
        out[category] = (before[:, k], stayed, after[:, k])
    whole = [t.sum(axis=1) if n else np.zeros(len(area), np.int64) for t in (before, after)]
    every = _bounded(kept.sum(axis=1), whole[0], whole[1], area)
    out[ALL] = (whole[0], np.maximum(every, np.sum(sums, axis=0)) if sums else every, whole[1])
    return _ledger_table(parcels, out, area)


def _bounded(kept: Ints, before: Ints, after: Ints, area: Ints) -> Ints:
    """Return what is kept within what rounding allows: not more than either, not less than what cannot be elsewhere."""
    return np.maximum(np.minimum(kept, np.minimum(before, after)), before + after - area)


def _by_category(area: Ints, pairs: tuple[Ints, Ints, Floats], category: Ints, n: int) -> Ints:
    """Return the area of each parcel in each category [dm2] (parcels, n); each row adds up to the rounded whole.

    category  of each polygon of the pairs; -1: it does not count here
    """
    p, z, share = pairs
    here = category[z] >= 0
    p, held, share = p[here], category[z[here]], share[here]
    order = np.argsort(p * n + held, kind="stable")
    part, _, _, _ = running_dm2(p[order], share[order], area[p[order]])
    out = np.zeros((len(area), n), np.int64)
    np.add.at(out, (p[order], held[order]), part)
    return out


def _ledger_table(parcels: Parcels, out: Mapping[str, tuple[Ints, Ints, Ints]], area: Ints) -> pa.Table:
    made = []
    for category, (before, kept, after) in out.items():
        rows = np.flatnonzero((before > 0) | (after > 0))
        columns = {
            "parcel_id": parcels.ids.take(pa.array(rows)),
            "category": pa.array([category] * len(rows), _S),
            "area_dm2": area[rows],
            "before_dm2": before[rows],
            "kept_dm2": kept[rows],
            "gained_dm2": (after - kept)[rows],
            "lost_dm2": (before - kept)[rows],
            "after_dm2": after[rows],
        }
        made.append(pa.table(columns, schema=ZONE_LEDGER.schema()))
    return ZONE_LEDGER.checked(pa.concat_tables(made))


def _zone_totals(ledger: pa.Table, categories: Sequence[str]) -> pa.Table:
    rows = []
    for category in [*categories, ALL]:
        here = ledger.filter(pc.equal(ledger["category"], category))
        moved = pc.or_(pc.greater(here["gained_dm2"], 0), pc.greater(here["lost_dm2"], 0))
        sums = {n: int(pc.sum(here[n]).as_py() or 0) for n in ("before_dm2", "kept_dm2", "gained_dm2", "lost_dm2", "after_dm2")}
        rows.append({"category": category, "parcels": int(pc.sum(moved).as_py() or 0), **sums})
    return ZONE_TOTAL.table(rows)


def _patches(was: Zones, will: Zones, both: _Shared, crs_wkt: str) -> pa.Table:
    """Return the ground that is taken in, let out or changes category, one row per piece."""
    import shapely

    from ecocomp.land.area import areas_dm2, polygon_areas_m2

    found: list[tuple[str, int | None, int | None, Any]] = []
    found += [("lost", i, None, g) for i, g in _outside(was, will, both.old)]
    found += [("gained", None, j, g) for j, g in _outside(will, was, both.new)]
    for i, j, g in zip(both.old, both.new, both.geometry, strict=True):
        if was.kind[i] != will.kind[j]:
            found.append(("recategorised", int(i), int(j), g))
    shapes = np.empty(len(found), object)
    shapes[:] = [f[3] for f in found]
    area = areas_dm2(polygon_areas_m2(shapes, crs_wkt)) if len(found) else np.zeros(0, np.int64)
    rows = [
        {
            "change": change,
            "old_category": None if i is None else was.kind[i],
            "new_category": None if j is None else will.kind[j],
            "old_zone": None if i is None else was.zone_id[i],
            "new_zone": None if j is None else will.zone_id[j],
            "area_dm2": int(m),
            "geometry": shapely.to_wkb(g, byte_order=1),
        }
        for (change, i, j, g), m in zip(found, area, strict=True)
        if m > 0
    ]
    rows.sort(key=lambda r: (str(r["change"]), -int(r["area_dm2"]), r["geometry"]))  # type: ignore[arg-type,return-value,call-overload]
    return ZONE_PATCH.table([{"patch_id": f"{i:06}", **r} for i, r in enumerate(rows, 1)])


def _outside(one: Zones, other: Zones, shared: Ints) -> Iterator[tuple[int, Any]]:
    """Return the pieces of each zone of one layer that lie in no zone of the other."""
    import shapely

    if not len(one):
        return
    near: dict[int, list[int]] = {}
    if len(other):
        a, b = shapely.STRtree(other.geometry).query(one.geometry, predicate="intersects")
        for i, j in sorted(zip(a.tolist(), b.tolist(), strict=True)):
            near.setdefault(i, []).append(j)
    for i in range(len(one)):
        there = other.geometry[near[i]] if i in near else np.zeros(0, object)
        if len(there) and any(shapely.equals_exact(one.geometry[i], g) for g in there):
            continue
        left = one.geometry[i] if not len(there) else shapely.difference(one.geometry[i], shapely.union_all(there))
        for piece in _flat([left]):
            yield i, piece


# ---------------------------------------------------------------- for the office
@dataclass(frozen=True, eq=False)
class ZonesDiff:
    """Two editions compared: the tables, the facts of both, and a summary of plain numbers for the command line."""

    old: ZoneEdition
    new: ZoneEdition
    change: ZoneChange
    summary: dict[str, Any]


def zones_diff(old_path: Path | str, new_path: Path | str, parcel_edition_path: Path | str) -> ZonesDiff:
    """Compare two zone editions on the parcels of a survey edition.

    raises  `FaultsError` if a file is missing or broken, or the two are of different kinds
    """
    old, new = read_zone_edition(old_path), read_zone_edition(new_path)
    same_kind(old, new)
    change = compare_zones(old, new, Parcels.read(parcel_edition_path))
    return ZonesDiff(old, new, change, diff_summary(old, new, change))


def same_kind(old: ZoneEdition, new: ZoneEdition) -> None:
    """Raise `FaultsError` where two editions are not of one kind and cannot be compared."""
    if old.kind != new.kind:
        clash = Text("旧版是 {a}，新版是 {b}。", "the old one is {a}, the new one {b}.").fill(
            a=EDITION_KINDS.get(old.kind, Text(old.kind, old.kind)), b=EDITION_KINDS.get(new.kind, Text(new.kind, new.kind))
        )
        remedy = Text("比较同一类图层的两个版次。", "Compare two editions of one kind of layer.")
        raise FaultsError([Fault("zoning.edition_kinds", str(new.path), "", clash, remedy)])


def diff_summary(old: ZoneEdition | None, new: ZoneEdition, change: ZoneChange) -> dict[str, Any]:
    """Return the comparison as plain numbers and texts."""
    totals = {r.pop("category"): r for r in change.total.to_pylist()}
    kinds = ("gained", "lost", "recategorised")
    counted = {k: change.patches.filter(pc.equal(change.patches["change"], k)) for k in kinds}
    return {
        "kind": new.kind,
        "old": None if old is None else _facts(old),
        "new": _facts(new),
        "same_ground": old is not None and old.ground_sha256 == new.ground_sha256,
        "closes": ledger_closes(change),
        "totals": totals,
        "patches": {k: {"count": len(t), "area_dm2": int(pc.sum(t["area_dm2"]).as_py() or 0)} for k, t in counted.items()},
    }


def _facts(edition: ZoneEdition) -> dict[str, Any]:
    names = ("fingerprint", "ground_sha256", "rows", "area_dm2")
    return {"file": edition.path.name, **{n: getattr(edition, n) for n in names}}


def ledger_closes(change: ZoneChange) -> bool:
    """Return whether before + gained − lost = after holds for every row and in the totals, to the dm2."""
    tables = (change.ledger, change.total)
    names = ("before_dm2", "gained_dm2", "lost_dm2", "after_dm2")
    for table in tables:
        b, g, m, a = (np.asarray(table[n].to_numpy(), np.int64) for n in names)
        if not (b + g - m == a).all():
            return False
    every = change.total.filter(pc.equal(change.total["category"], ALL)).to_pylist()[0]
    rows = change.ledger.filter(pc.equal(change.ledger["category"], ALL))
    return all(every[n] == int(pc.sum(rows[n]).as_py() or 0) for n in names)


__all__ = [
    "ALL",
    "SHARE",
    "UNCOVERED",
    "ZONE",
    "ZONE_LEDGER",
    "ZONE_PATCH",
    "ZONE_TOTAL",
    "Parcels",
    "ZoneChange",
    "ZoneEdition",
    "ZoneFields",
    "ZonesDiff",
    "compare_zones",
    "diff_summary",
    "fingerprint",
    "ledger_closes",
    "make_zone_edition",
    "overlap_faults",
    "overlay_pairs",
    "read_zone_edition",
    "running_dm2",
    "same_kind",
    "shares",
    "zones_diff",
]
