"""A survey edition: the parcels of a place as surveyed once, checked as a whole, in one file that never changes.

From the clean layer that `ecocomp.io.worker` makes. The file is GeoParquet with the columns of `terms.tables.PARCEL`,
the geometry in the survey's own coordinate system, and four bounding-box columns; rows follow a Hilbert curve, so
that a map window touches few row groups. Its fingerprint is the SHA-256 of its bytes.

Reference: GeoParquet 1.1.0.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pyarrow as pa

from ecocomp.io.files import atomic_write, canonical_json, read_json, read_table, sha256_of, write_batches
from ecocomp.land import checks
from ecocomp.land.area import areas_dm2, polygon_areas_m2
from ecocomp.land.order import hilbert_distance
from ecocomp.terms.codes import CROSSWALK
from ecocomp.terms.faults import Fault, FaultsError, capped, errors, raise_errors
from ecocomp.terms.money import half_even
from ecocomp.terms.tables import PARCEL
from ecocomp.terms.text import Text

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROW_GROUP_ROWS = 10_000
NO_CLASS, NO_VILLAGE = "00", "0" * 12
BBOX = ("xmin", "ymin", "xmax", "ymax")
Unit = Literal["m2", "mu", "ha"]
_DM2_PER: Mapping[Unit, tuple[int, int]] = {"m2": (100, 1), "mu": (200_000, 3), "ha": (1_000_000, 1)}


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
    import shapely

    source = Path(layer)
    fields, tolerances = fields or FieldMap(), tolerances or Tolerances()
    facts = read_json(source.with_suffix(".json"))
    table = read_table(source)
    where = str(facts.get("source", source.name))
    raise_errors(_missing_fields(table, fields, where))
    crs = pyproj.CRS.from_wkt(facts["crs_wkt"])
    shapes = np.asarray(shapely.from_wkb(table["geometry"].combine_chunks().to_numpy(zero_copy_only=False)))
    ids = _texts(table[fields.parcel_id])
    classes = _texts(table[fields.land_class]) if fields.land_class else [NO_CLASS] * len(ids)
    villages = _texts(table[fields.village_code]) if fields.village_code else [NO_VILLAGE] * len(ids)
    declared, found = _declared(table, fields, ids, where)
    found += checks.check_ids(ids, where) + checks.check_codes(ids, classes, villages, where, fields.classes or {})
    shape_faults, place_faults = checks.check_shapes(ids, shapes, where), checks.check_place(shapes, crs, where)
    found += shape_faults + place_faults
    if bounds is not None and not place_faults:
        found += checks.check_bounds(ids, shapes, bounds, where)
    if not place_faults:
        found += checks.check_overlaps(ids, shapes, crs, tolerances.sliver_m2, where)
    area = np.zeros(len(ids), np.int64)
    if not shape_faults and not place_faults:
        area = areas_dm2(polygon_areas_m2(shapes, crs))
        found += checks.check_declared(ids, area, declared, tolerances.declared_area, where)
    found = _by_kind(found, where)
    if errors(found):
        raise FaultsError(found)
    columns = _columns(ids, classes, villages, area, declared, shapes, fields.classes or {})
    return _write(columns, Path(path), facts, crs, fields), found


def read_edition(path: Path | str) -> Edition:
    """Open an edition; `FaultsError` if it is missing, broken or no edition."""
    import pyarrow.parquet as pq

    place = Path(path)
    try:
        metadata = pq.read_schema(place).metadata or {}
        said = json.loads(metadata[b"ecocomp"])
        geo = json.loads(metadata[b"geo"])
        rows = int(pq.read_metadata(place).num_rows)
        bounds = tuple(float(v) for v in geo["columns"]["geometry"]["bbox"])
        return Edition(place, sha256_of(place), said["crs_wkt"], said["epsg"], rows, bounds)  # type: ignore[arg-type]
    except (OSError, KeyError, ValueError, pa.ArrowException):
        raise FaultsError([_no_edition(place)]) from None


# ---------------------------------------------------------------- reading the layer
def _texts(column: pa.ChunkedArray) -> list[str]:
    if pa.types.is_floating(column.type):
        return ["" if v is None else f"{v:.0f}" if v == int(v) else repr(v) for v in column.to_pylist()]
    return ["" if v is None else str(v).strip() for v in column.to_pylist()]


def _missing_fields(table: pa.Table, fields: FieldMap, where: str) -> list[Fault]:
    wanted = (fields.parcel_id, fields.land_class, fields.village_code, fields.declared_area)
    missing = [w for w in wanted if w and w not in table.column_names]
    if not missing:
        return []
    have = ", ".join(n for n in table.column_names if n != "geometry")
    clash = Text("缺少字段 {m}；现有字段：{h}。", "the fields {m} are missing; there are: {h}.").fill(m=", ".join(missing), h=have)
    remedy = Text("请在声明中写明各字段的名称。", "Say in the declaration how each field is called.")
    return [Fault("land.missing_field", where, "", clash, remedy)]


def _declared(table: pa.Table, fields: FieldMap, ids: list[str], where: str) -> tuple[list[int | None], list[Fault]]:
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
            found.append(Fault("land.bad_declared_area", where, ids[i] or f"row {i + 1}", clash, remedy))
    return areas, found


def _in_dm2(text: str, factor: tuple[int, int]) -> int:
    number = Decimal(text)
    if not number.is_finite() or number < 0 or number > Decimal(10) ** 13:
        raise ValueError(text)
    above, below = number.as_integer_ratio()
    return half_even(above * factor[0], below * factor[1])


def _by_kind(found: list[Fault], where: str) -> list[Fault]:
    """Order faults by kind, errors first, and cap each kind, so that a report stays readable."""
    kinds: dict[str, list[Fault]] = {}
    for fault in sorted(found, key=lambda f: f.severity == "warning"):
        kinds.setdefault(fault.code, []).append(fault)
    return [f for code, faults in kinds.items() for f in capped(faults, code, where)]


# ---------------------------------------------------------------- writing the edition
def _columns(
    ids: list[str],
    classes: list[str],
    villages: list[str],
    area: NDArray[np.int64],
    declared: list[int | None],
    shapes: Any,
    own: Mapping[str, str],
) -> pa.Table:
    """Return the rows in Hilbert order (ties by parcel code)."""
    import shapely

    inside = shapely.point_on_surface(shapes)
    x, y = shapely.get_x(inside), shapely.get_y(inside)
    box = shapely.bounds(shapes)
    order = np.lexsort((np.asarray(ids), hilbert_distance((box[:, 0] + box[:, 2]) / 2, (box[:, 1] + box[:, 3]) / 2)))
    table = pa.table(
        {
            "parcel_id": ids,
            "village_code": [v[:12] for v in villages],
            "land_class": classes,
            "ecosystem": [checks.ecosystem(c, own) for c in classes],
            "area_dm2": area,
            "declared_area_dm2": pa.array(declared, pa.int64()),
            "x": x,
            "y": y,
            "geometry": pa.array(shapely.to_wkb(shapes, byte_order=1, output_dimension=2), pa.binary()),
            **{name: box[:, i] for i, name in enumerate(BBOX)},
        }
    )
    return table.take(pa.array(order))


def _write(table: pa.Table, path: Path, facts: dict[str, Any], crs: Any, fields: FieldMap) -> Edition:
    bounds = [float(pick(table[name].to_numpy())) for name, pick in zip(BBOX, (np.min, np.min, np.max, np.max), strict=True)]
    column: dict[str, Any] = {"encoding": "WKB", "geometry_types": ["MultiPolygon", "Polygon"], "edges": "planar"}
    column |= {"crs": crs.to_json_dict(), "bbox": bounds}
    geo = {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}
    said = {
        "crs_wkt": facts["crs_wkt"],
        "epsg": facts["epsg"],
        "source": facts.get("source", ""),
        "sha256_source": facts.get("sha256_source", ""),
        "fields": {n: getattr(fields, n) for n in FieldMap.__slots__},
        "crosswalk": CROSSWALK,
        "area_rule": "CGCS2000 ellipsoid, survey rule",
    }
    extra = [pa.field("geometry", pa.binary(), nullable=False), *(pa.field(n, pa.float64(), nullable=False) for n in BBOX)]
    schema = pa.schema([*PARCEL.schema(), *extra], metadata={"geo": canonical_json(geo), "ecocomp": canonical_json(said)})
    with atomic_write(path, table.nbytes) as temp:
        write_batches(schema, [table.cast(schema.remove_metadata())], temp, ROW_GROUP_ROWS)
        if path.exists() and sha256_of(path) != sha256_of(temp):
            raise FaultsError([_other_edition(path)])
        temp.chmod(0o444)
    return read_edition(path)


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
