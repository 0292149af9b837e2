"""A survey edition: the parcels of a place as surveyed once, checked as a whole, in one file that never changes.

From the clean layer that `ecocomp.io.worker` makes. The file is GeoParquet with the columns of `terms.tables.PARCEL`,
the geometry in the survey's own coordinate system, and four bounding-box columns; rows follow a Hilbert curve, so
that a map window touches few row groups. Its fingerprint is the SHA-256 of its bytes. The layer streams through:
memory holds a batch of it, and per row its code, its box and a few numbers.

Reference: GeoParquet 1.1.0.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.io.files import atomic_write, canonical_json, read_json, read_table, sha256_of, write_batches
from ecocomp.land import checks
from ecocomp.land.area import areas_dm2
from ecocomp.land.finds import TopologyLimits
from ecocomp.land.report import FaultLog
from ecocomp.land.seams import Seams
from ecocomp.land.shapes import look
from ecocomp.land.spool import Spool, shapes_of, spool_folder
from ecocomp.terms.codes import CROSSWALK
from ecocomp.terms.faults import Fault, FaultsError, errors, raise_errors
from ecocomp.terms.money import half_even
from ecocomp.terms.tables import PARCEL
from ecocomp.terms.text import Text

if TYPE_CHECKING:
    import pyarrow.parquet as pq
    from numpy.typing import NDArray

BATCH_ROWS = 32_768
ROW_GROUP_ROWS = 10_000
NO_CLASS, NO_VILLAGE = "00", "0" * 12
BBOX = ("xmin", "ymin", "xmax", "ymax")
Unit = Literal["m2", "mu", "ha", "dm2"]
_DM2_PER: Mapping[Unit, tuple[int, int]] = {"m2": (100, 1), "mu": (200_000, 3), "ha": (1_000_000, 1), "dm2": (1, 1)}
STAGES = {"bad_declared_area": 0, "no_id": 1, "duplicate_id": 1, "empty_shape": 3, "not_a_polygon": 4, "crossed_shape": 5}
ATTRIBUTES, PLACE, BOUNDS, OVERLAPS, DECLARED, TOPOLOGY = 2, 6, 7, 8, 9, 10


@dataclass(frozen=True, slots=True)
class FieldMap:
    """Which field of the layer says what; the defaults are those of DLTB, the patch layer of the land survey.

    land_class     survey class (TD/T 1057-2020), or an ecosystem code of HJ 1172 where a case already has them; None where
                   the polygons are no parcels (watersheds, say): their class is then `NO_CLASS`, not identified
    village_code   12 digits, or the 19 of a location unit; None likewise
    declared_area  registered area, None if the layer has none; in `declared_unit`
    classes        ecosystem code of each class of the layer's own, where it uses neither of the two lists
    """

    parcel_id: str = "BSM"
    land_class: str | None = "DLBM"
    village_code: str | None = "ZLDWDM"
    declared_area: str | None = "TBMJ"
    declared_unit: Unit = "m2"
    classes: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Tolerances:
    """What is let pass: overlaps up to `sliver_m2`, registered areas that differ by the share `declared_area`."""

    sliver_m2: float = 1.0
    declared_area: float = 0.05


@dataclass(frozen=True, slots=True)
class Edition:
    """An edition on disk.

    fingerprint  SHA-256 of the file
    crs_wkt      coordinate system of geometry, x, y and bounding boxes; x is east, y is north
    bounds       (xmin, ymin, xmax, ymax) of all parcels
    """

    path: Path
    fingerprint: str
    crs_wkt: str
    epsg: int | None
    parcels: int
    bounds: tuple[float, float, float, float]

    def table(self) -> pa.Table:
        """Return the parcels in the order of the file, columns of `PARCEL`."""
        return read_table(self.path, PARCEL.schema().names, PARCEL.schema()).combine_chunks()

    def gate(self) -> pa.Table:
        """Return the table `parcel` of the gate: the same rows, sorted by parcel code and checked."""
        return PARCEL.checked(self.table())

    def polygons(self) -> NDArray[np.object_]:
        """Return the shapes in the order of the file."""
        import shapely

        column = read_table(self.path, ["geometry"])["geometry"].combine_chunks()
        return np.asarray(shapely.from_wkb(column.to_numpy(zero_copy_only=False)))

    def find(self, parcel_ids: Sequence[str], columns: Sequence[str] | None = None) -> pa.Table:
        """Return the rows of some parcels in the order of the file; codes that are not there are left out.

        columns  those of `PARCEL` and the geometry, unless told otherwise
        Only the codes are read of the whole file, and the rest of those row groups that hold one of them.
        """
        wanted = pa.array(sorted(set(parcel_ids)), pa.string())
        with self._opened() as file:
            groups = [g for g in range(file.num_row_groups) if _may_hold(file, g, wanted)] if len(wanted) else []
            ids = file.read_row_groups(groups, ["parcel_id"])["parcel_id"]
            return self._rows(file, groups, pc.is_in(ids, wanted), columns)

    def window(self, bounds: tuple[float, float, float, float], columns: Sequence[str] | None = None) -> pa.Table:
        """Return the rows whose bounding box meets (xmin, ymin, xmax, ymax), in the order of the file.

        columns  those of `PARCEL` and the geometry, unless told otherwise
        """
        with self._opened() as file:
            groups = [g for g in range(file.num_row_groups) if _may_meet(file, g, bounds)]
            box = file.read_row_groups(groups, list(BBOX))
            east = pc.and_(pc.less_equal(box["xmin"], bounds[2]), pc.greater_equal(box["xmax"], bounds[0]))
            north = pc.and_(pc.less_equal(box["ymin"], bounds[3]), pc.greater_equal(box["ymax"], bounds[1]))
            return self._rows(file, groups, pc.and_(east, north), columns)

    def extras(self) -> list[str]:
        """Return the names of the columns kept beside those of `PARCEL`, the geometry and the boxes."""
        with self._opened() as file:
            return [n for n in file.schema_arrow.names if n not in {*PARCEL.schema().names, "geometry", *BBOX}]

    def _opened(self) -> pq.ParquetFile:
        import pyarrow.parquet as pq

        try:
            return pq.ParquetFile(self.path, page_checksum_verification=True)
        except (OSError, pa.ArrowException):
            raise FaultsError([_no_edition(self.path)]) from None

    def _rows(self, file: pq.ParquetFile, groups: list[int], keep: Any, columns: Sequence[str] | None) -> pa.Table:
        """Return the rows marked, of these row groups; groups without a mark are not read."""
        names = list(columns) if columns else [*PARCEL.schema().names, "geometry"]
        marks = keep.combine_chunks() if isinstance(keep, pa.ChunkedArray) else keep
        found, row = [file.schema_arrow.empty_table().select(names)], 0
        for group in groups:
            rows = file.metadata.row_group(group).num_rows
            here = marks.slice(row, rows)
            row += rows
            if here.true_count:
                found.append(file.read_row_groups([group], names).filter(here))
        return pa.concat_tables(found).replace_schema_metadata(None).combine_chunks()


class Attributes(Protocol):
    """What reads and checks the attributes of a layer, batch by batch."""

    def batch(self, table: pa.Table, first_row: int) -> tuple[dict[str, Any], list[Fault]]:
        """Return columns parcel_id, land_class, village_code, declared_area_dm2, ecosystem (and others to keep), and the faults."""
        ...

    def finish(self) -> list[Fault]:
        """Return the faults that only the whole layer shows."""
        ...


class FieldChecks:
    """The attributes of a layer by a `FieldMap`, each checked for itself."""

    def __init__(self, fields: FieldMap, where: str) -> None:
        self.fields, self.where = fields, where

    def batch(self, table: pa.Table, first_row: int) -> tuple[dict[str, Any], list[Fault]]:
        """Return the columns of an edition's attributes and the faults of these rows."""
        fields, own = self.fields, self.fields.classes or {}
        ids = _texts(table[fields.parcel_id])
        classes = _texts(table[fields.land_class]) if fields.land_class else [NO_CLASS] * len(ids)
        villages = _texts(table[fields.village_code]) if fields.village_code else [NO_VILLAGE] * len(ids)
        declared, found = _declared(table, fields, ids, self.where, first_row)
        found += checks.check_codes(ids, classes, villages, self.where, own, first_row)
        known = {c: checks.ecosystem(c, own) for c in set(classes)}
        columns = {
            "parcel_id": ids,
            "land_class": classes,
            "village_code": villages,
            "declared_area_dm2": declared,
            "ecosystem": [known[c] for c in classes],
        }
        return columns, found

    def finish(self) -> list[Fault]:
        """Nothing more: codes used twice are looked for where all codes are."""
        return []


@dataclass
class Gathered:
    """A layer taken in: number of rows, their codes, their boxes (NaN where there is no shape), and which are polygons."""

    rows: int = 0
    ids: list[pa.Array] = field(default_factory=list)
    boxes: list[NDArray[np.float64]] = field(default_factory=list)
    kept: list[NDArray[np.int64]] = field(default_factory=list)

    def names(self) -> pa.ChunkedArray:
        """Return all codes in the order of the layer."""
        return pa.chunked_array(self.ids, pa.string())

    def all_boxes(self) -> NDArray[np.float64]:
        """Return all boxes in the order of the layer."""
        return np.concatenate(self.boxes) if self.boxes else np.zeros((0, 4))


def make_edition(
    layer: Path | str,
    path: Path | str,
    fields: FieldMap | None = None,
    bounds: tuple[float, float, float, float] | None = None,
    tolerances: Tolerances | None = None,
) -> tuple[Edition, list[Fault]]:
    """Check a clean layer as a whole and write it as an edition; return it with the warnings.

    layer   clean Parquet made by a `VectorJob`, its facts beside it
    path    where the edition goes, usually `edition.parquet`; an edition already there must be the same
    bounds  (xmin, ymin, xmax, ymax) of the rasters, in the layer's coordinate system
    raises  `FaultsError` with every fault found, warnings among them
    """
    import pyproj

    source, target = Path(layer), Path(path)
    fields, tolerances = fields or FieldMap(), tolerances or Tolerances()
    facts = read_json(source.with_suffix(".json"))
    where = str(facts.get("source", source.name))
    raise_errors(_missing_fields(columns_of(source), fields, where))
    crs = pyproj.CRS.from_wkt(facts["crs_wkt"])
    log = FaultLog(whole=False)
    with Spool(spool_folder(target)) as spool:
        take_in(source, FieldChecks(fields, where), crs, where, tolerances, spool, log, bounds)
        found = log.shown(where)
        if errors(found):
            raise FaultsError(found)
        return write_edition(spool, target, facts, crs, {n: getattr(fields, n) for n in FieldMap.__slots__}), found


def take_in(
    source: Path,
    attributes: Attributes,
    crs: Any,
    where: str,
    tolerances: Tolerances,
    spool: Spool,
    log: FaultLog,
    bounds: tuple[float, float, float, float] | None = None,
) -> Gathered:
    """Check a layer as `make_edition` does, faults to the log, its polygons in order to the spool."""
    gathered = Gathered()
    for table in batches(source):
        _take_batch(table, gathered, attributes, crs, where, tolerances, spool, log)
    _add(log, attributes.finish())
    _add(log, checks.check_ids(gathered.names(), where))
    spool.sort()
    misplaced = checks.check_place(gathered.all_boxes(), crs, where)
    log.add(misplaced, PLACE)
    if misplaced or any(STAGES.get(c.removeprefix("land."), 0) in (3, 4, 5) for c in log.by_code("error")):
        log.discard(DECLARED)
    if misplaced:
        return gathered
    if bounds is not None:
        log.add(_outside(gathered, bounds, where), BOUNDS)
    seams = Seams(spool, crs, TopologyLimits(sliver_m2=tolerances.sliver_m2)).matched()
    for find in seams.overlaps():
        log.add([checks.overlap(where, find.parcel_id, find.other_id or "", find.area_m2 or 0.0)], OVERLAPS)
    return gathered


def _outside(gathered: Gathered, bounds: tuple[float, float, float, float], where: str) -> list[Fault]:
    ids = gathered.names()

    def name(row: Any) -> str:
        return ids[int(row)].as_py() or f"row {int(row) + 1}"

    return checks.check_bounds(name, gathered.all_boxes(), bounds, where)


def _take_batch(
    table: pa.Table,
    gathered: Gathered,
    attributes: Attributes,
    crs: Any,
    where: str,
    tolerances: Tolerances,
    spool: Spool,
    log: FaultLog,
) -> None:
    import shapely

    first = gathered.rows
    columns, found = attributes.batch(table, first)
    _add(log, found)
    shapes = shapes_of(table)
    ids = list(columns["parcel_id"])
    _add(log, checks.check_shapes(ids, shapes, where, first))
    with np.errstate(invalid="ignore"):  # coordinates far off have no area; that is told by another check
        looked = look(shapes, crs)
    area = areas_dm2(np.nan_to_num(looked.area_m2, posinf=0.0))
    declared = pa.array(columns["declared_area_dm2"], pa.int64())
    log.add(checks.check_declared(ids, area, declared, tolerances.declared_area, where, first), DECLARED)
    boxes = shapely.bounds(shapes)
    rows = np.flatnonzero(looked.polygon)
    names = [checks.name_of(ids, i, first) for i in rows]
    spool.append(edition_rows({**columns, "parcel_id": ids}, shapes, area, boxes, looked.sound, rows, names), boxes[rows])
    gathered.ids.append(pa.array(ids, pa.string()))
    gathered.boxes.append(boxes)
    gathered.kept.append(first + rows)
    gathered.rows += len(table)


def edition_rows(
    columns: Mapping[str, Any],
    shapes: NDArray[np.object_],
    area: NDArray[np.int64],
    boxes: NDArray[np.float64],
    sound: NDArray[np.bool_],
    rows: NDArray[np.int64],
    names: Sequence[str],
) -> pa.Table:
    """Return some rows of a batch as those of an edition; a point inside is known of valid shapes only."""
    import shapely

    x, y = (boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2
    inside = shapely.point_on_surface(shapes[sound])
    x[sound], y[sound] = shapely.get_x(inside), shapely.get_y(inside)
    some = pa.array(rows)
    main = {c.name: c.type for c in PARCEL.schema()}

    def column(name: str) -> pa.Array:
        value = columns[name]
        if not isinstance(value, pa.Array | pa.ChunkedArray):
            value = pa.array(value, main.get(name))
        return value.take(some)

    villages = pc.utf8_slice_codeunits(column("village_code").cast(pa.string()), 0, 12)
    made: dict[str, Any] = {
        "parcel_id": pa.array(names, pa.string()),
        "village_code": villages,
        "land_class": column("land_class"),
        "ecosystem": column("ecosystem"),
        "area_dm2": area[rows],
        "declared_area_dm2": column("declared_area_dm2"),
        "x": x[rows],
        "y": y[rows],
        "geometry": pa.array(shapely.to_wkb(shapes[rows], byte_order=1, output_dimension=2), pa.binary()),
        **{name: boxes[rows, i] for i, name in enumerate(BBOX)},
    }
    return pa.table(made | {name: column(name) for name in columns if name not in made})


def _add(log: FaultLog, found: list[Fault]) -> None:
    """Put faults under the stage of their kind."""
    for fault in found:
        log.add([fault], STAGES.get(fault.code.removeprefix("land."), ATTRIBUTES))


def read_edition(path: Path | str) -> Edition:
    """Open an edition; `FaultsError` if it is missing, broken or no edition."""
    place = Path(path)
    said, bounds, rows = _head(place)
    try:
        return Edition(place, sha256_of(place), said["crs_wkt"], said["epsg"], rows, bounds)
    except (OSError, KeyError):
        raise FaultsError([_no_edition(place)]) from None


def crs_of(path: Path | str) -> str:
    """Return the coordinate system of an edition without reading the whole of it; `FaultsError` as `read_edition`."""
    said, _, _ = _head(Path(path))
    if "crs_wkt" not in said:
        raise FaultsError([_no_edition(Path(path))])
    return str(said["crs_wkt"])


def _head(place: Path) -> tuple[dict[str, Any], tuple[float, float, float, float], int]:
    """Return what an edition says of itself, its bounds and the number of its rows."""
    import pyarrow.parquet as pq

    try:
        found = pq.read_metadata(place)
        metadata = found.metadata or {}
        geo = json.loads(metadata[b"geo"])
        bounds = tuple(float(v) for v in geo["columns"]["geometry"]["bbox"])
        return json.loads(metadata[b"ecocomp"]), bounds, int(found.num_rows)  # type: ignore[return-value]
    except (OSError, KeyError, ValueError, pa.ArrowException):
        raise FaultsError([_no_edition(place)]) from None


# ---------------------------------------------------------------- reading the layer
def columns_of(source: Path) -> list[str]:
    """Return the names of the columns of a clean layer; `FaultsError` if it cannot be read."""
    import pyarrow.parquet as pq

    try:
        return list(pq.read_schema(source).names)
    except (OSError, pa.ArrowException):
        read_table(source)  # says what is wrong with it
        raise


def batches(source: Path, rows: int = BATCH_ROWS) -> Iterator[pa.Table]:
    """Yield a clean layer batch by batch; `FaultsError` if it is broken."""
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(source, page_checksum_verification=True) as file:
            for batch in file.iter_batches(rows):
                yield pa.Table.from_batches([batch])
    except (OSError, pa.ArrowException):
        read_table(source)  # says what is wrong with it
        raise


def _texts(column: pa.ChunkedArray) -> list[str]:
    if pa.types.is_floating(column.type):
        return ["" if v is None else f"{v:.0f}" if v == int(v) else repr(v) for v in column.to_pylist()]
    return ["" if v is None else str(v).strip() for v in column.to_pylist()]


def _missing_fields(names: list[str], fields: FieldMap, where: str) -> list[Fault]:
    wanted = (fields.parcel_id, fields.land_class, fields.village_code, fields.declared_area)
    missing = [w for w in wanted if w and w not in names]
    if not missing:
        return []
    have = ", ".join(n for n in names if n != "geometry")
    clash = Text("缺少字段 {m}；现有字段：{h}。", "the fields {m} are missing; there are: {h}.").fill(m=", ".join(missing), h=have)
    remedy = Text("请在声明中写明各字段的名称。", "Say in the declaration how each field is called.")
    return [Fault("land.missing_field", where, "", clash, remedy)]


def _declared(
    table: pa.Table, fields: FieldMap, ids: list[str], where: str, first_row: int
) -> tuple[list[int | None], list[Fault]]:
    """Return registered areas in dm², exact from text or number, and the faults of those that are no areas."""
    if fields.declared_area is None:
        return [None] * len(table), []
    factor = _DM2_PER[fields.declared_unit]
    areas: list[int | None] = []
    found: list[Fault] = []
    for i, value in enumerate(table[fields.declared_area].to_pylist()):
        text = "" if value is None else str(value).strip()
        try:
            areas.append(_in_dm2(text, factor) if text else None)
        except (InvalidOperation, ValueError):
            areas.append(None)
            clash = Text("登记面积“{v}”不是面积。", "the registered area “{v}” is no area.").fill(v=text)
            remedy = Text("请填写不小于零的数。", "Enter a number that is not below zero.")
            found.append(Fault("land.bad_declared_area", where, checks.name_of(ids, i, first_row), clash, remedy))
    return areas, found


def _in_dm2(text: str, factor: tuple[int, int]) -> int:
    number = Decimal(text)
    if not number.is_finite() or number < 0 or number > Decimal(10) ** 13:
        raise ValueError(text)
    above, below = number.as_integer_ratio()
    return half_even(above * factor[0], below * factor[1])


# ---------------------------------------------------------------- writing the edition
def write_edition(
    spool: Spool,
    path: Path,
    facts: Mapping[str, Any],
    crs: Any,
    fields: Mapping[str, Any],
    replace: bool = False,
    **said: Any,
) -> Edition:
    """Write the rows of a sorted spool as an edition, whole or not at all; one already there must be the same.

    replace  whether the path is a place of work, where another one may be replaced
    said     what else the file says about itself
    """
    made = {
        "crs_wkt": facts["crs_wkt"],
        "epsg": facts["epsg"],
        "source": facts.get("source", ""),
        "sha256_source": facts.get("sha256_source", ""),
        "fields": dict(fields),
        "crosswalk": CROSSWALK,
        "area_rule": "CGCS2000 ellipsoid, survey rule",
        **said,
    }
    first = spool.table(0)
    extra = [pa.field("geometry", pa.binary(), nullable=False), *(pa.field(n, pa.float64(), nullable=False) for n in BBOX)]
    main = [*PARCEL.schema(), *extra]
    more = [f.with_nullable(True) for f in first.schema if f.name not in {m.name for m in main}]
    schema = pa.schema([*main, *more], metadata={"geo": canonical_json(_geo(spool, crs)), "ecocomp": canonical_json(made)})
    plain = schema.remove_metadata()
    with atomic_write(path) as temp:
        write_batches(schema, (t.select(plain.names).cast(plain) for t in spool.tables()), temp, ROW_GROUP_ROWS)
        if not replace and path.exists() and sha256_of(path) != sha256_of(temp):
            raise FaultsError([_other_edition(path)])
        temp.chmod(0o444)
    return read_edition(path)


def _geo(spool: Spool, crs: Any) -> dict[str, Any]:
    boxes = spool.boxes
    bounds = [float(pick(boxes[:, i])) for i, pick in enumerate((np.min, np.min, np.max, np.max))]
    column: dict[str, Any] = {"encoding": "WKB", "geometry_types": ["MultiPolygon", "Polygon"], "edges": "planar"}
    column |= {"crs": crs.to_json_dict(), "bbox": bounds}
    return {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}


# ---------------------------------------------------------------- asking an edition
def _may_hold(file: pq.ParquetFile, group: int, wanted: pa.Array) -> bool:
    """Whether a row group may hold one of these codes (ascending), by its least and its greatest."""
    said = _statistics(file, group, "parcel_id")
    if said is None:
        return True
    import bisect

    codes = wanted.to_pylist()
    place = bisect.bisect_left(codes, said[0])
    return place < len(codes) and codes[place] <= said[1]


def _may_meet(file: pq.ParquetFile, group: int, bounds: tuple[float, float, float, float]) -> bool:
    said = [_statistics(file, group, n) for n in BBOX]
    if any(s is None for s in said):
        return True
    (x0, _), (y0, _), (_, x1), (_, y1) = said  # type: ignore[misc]
    return bool(x0 <= bounds[2] and x1 >= bounds[0] and y0 <= bounds[3] and y1 >= bounds[1])


def _statistics(file: pq.ParquetFile, group: int, name: str) -> tuple[Any, Any] | None:
    """Return the least and greatest value of a column in a row group, None if the file does not say."""
    column = file.metadata.row_group(group).column(file.schema_arrow.get_field_index(name))
    found = column.statistics
    return (found.min, found.max) if found is not None and found.has_min_max else None


def _other_edition(path: Path) -> Fault:
    return Fault(
        "land.edition_exists",
        str(path),
        "",
        Text("这里已有另一版调查成果，版次一经写成不再改动。", "another edition is already here, and an edition never changes."),
        Text("请把新成果写到新的版次目录。", "Write the new survey to a new edition folder."),
    )


def _no_edition(path: Path) -> Fault:
    return Fault(
        "land.no_edition",
        str(path),
        "",
        Text("文件缺失、损坏，或不是调查版次。", "the file is missing, broken, or no survey edition."),
        Text("请重新导入调查成果。", "Import the survey again."),
    )
