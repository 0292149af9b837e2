"""Topology of a survey layer: everything that is wrong with its shapes and between them, with the place and the square metres.

For the desk that checks a layer before import, and for `survey topology` on an edition. A find that follows from another is
not told twice: parcels whose shape is not valid are left out between neighbours until they are mended.

    found = topology("edition.parquet")
    write_finds(found.finds, "places.gpkg", found.crs_wkt)

Reference: ISO 19157-1:2023, topological consistency.
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from ecocomp.io.files import read_json
from ecocomp.land.area import plane_to_degrees, polygon_areas_m2
from ecocomp.land.checks import overlap
from ecocomp.land.finds import KINDS, Find, TopologyLimits, table_of, write_finds
from ecocomp.land.repair import without_spikes
from ecocomp.land.seams import Progress, Seams
from ecocomp.land.shapes import Looked, broken_finds, form_finds, ground_of, look
from ecocomp.land.spool import FileTiles, Spool, Tiles, shapes_of
from ecocomp.terms.faults import Fault, FaultsError
from ecocomp.terms.text import Text

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["KINDS", "Find", "Topology", "TopologyLimits", "between", "check_overlaps", "single", "topology", "write_finds"]

BATCH_ROWS = 32_768


@dataclass(frozen=True, slots=True)
class Topology:
    """What was found.

    faults   every find as a sentence
    finds    the same as a table (`finds.SCHEMA`): kind, parcel, other, x, y, area in m²
    facts    parcels looked at and finds by kind
    """

    faults: list[Fault]
    finds: pa.Table
    facts: dict[str, Any]
    crs_wkt: str

    def write_finds(self, path: Path | str) -> Path:
        """Write the places as points, GeoPackage or GeoParquet by the suffix."""
        return write_finds(self.finds, path, self.crs_wkt)


class MemoryTiles:
    """Parcels held in memory as one tile, whatever their order."""

    def __init__(self, ids: Sequence[str], shapes: NDArray[np.object_]) -> None:
        import shapely

        self.starts: NDArray[np.int64] = np.array([0, len(shapes)], np.int64)
        self.boxes: NDArray[np.float64] = np.asarray(shapely.bounds(shapes), np.float64)
        self.source_rows: NDArray[np.int64] = np.arange(len(shapes))
        self._table = pa.table({"parcel_id": list(ids), "geometry": pa.array(shapely.to_wkb(shapes), pa.binary())})

    def table(self, tile: int) -> pa.Table:
        """Return all rows."""
        return self._table


def topology(
    source: Path | str | tuple[Sequence[str], NDArray[np.object_]],
    crs: Any = None,
    limits: TopologyLimits | None = None,
    region: Any = None,
    id_field: str = "parcel_id",
    progress: Progress | None = None,
) -> Topology:
    """Look at a whole layer: an edition, a clean Parquet file of the worker with its facts beside it, or (ids, shapes).

    crs       anything pyproj takes; needed for (ids, shapes) only
    region    polygon in the same coordinates outside which no parcel may lie
    id_field  field of a clean file that holds the parcel code
    progress  called with (tiles done, tiles in all)
    raises    `FaultsError` if the file is missing, broken or has no such field
    """
    import pyproj

    limits = limits or TopologyLimits()
    if isinstance(source, tuple):
        system = pyproj.CRS.from_user_input(crs)
        return _of_memory(source[0], np.asarray(source[1], object), system, limits, region, progress)
    path = Path(source)
    said = _edition_facts(path)
    if said is not None:
        system = pyproj.CRS.from_wkt(said["crs_wkt"])
        tiles = FileTiles(path, ["parcel_id", "geometry"])
        finds = _singles(tiles, system, limits)
        finds += between(tiles, system, limits, region, progress)
        return _result(finds, len(tiles.boxes), path.name, said["crs_wkt"])
    facts = read_json(path.with_suffix(".json"))
    system = pyproj.CRS.from_wkt(facts["crs_wkt"])
    where = str(facts.get("source", path.name))
    with tempfile.TemporaryDirectory(prefix="ecocomp-topology-") as folder, Spool(Path(folder) / "rows") as spool:
        finds, rows = _spooled(path, id_field, where, spool, system, limits)
        finds += between(spool, system, limits, region, progress)
    return _result(finds, rows, where, facts["crs_wkt"])


def single(
    ids: Sequence[str],
    shapes: NDArray[np.object_],
    crs: Any,
    limits: TopologyLimits,
    first_row: int = 0,
    looked: Looked | None = None,
) -> list[Find]:
    """Return what is wrong with each shape by itself; a crossing that is but a spike is told as the spike."""
    looked = looked or look(shapes, crs)
    forms = form_finds(ids, shapes, looked, crs, limits, first_row)
    tips = {f.rows[0] for f in forms if f.kind == "spike"}
    spikes = {r for r in tips if not looked.sound[r - first_row] and _sound_without_spikes(shapes[r - first_row], crs, limits)}
    broken = [f for f in broken_finds(ids, shapes, looked, crs, first_row) if f.rows[0] not in spikes]
    return broken + [replace(f, severity="error") if f.kind == "spike" and f.rows[0] in spikes else f for f in forms]


def between(tiles: Tiles, crs: Any, limits: TopologyLimits, region: Any = None, progress: Progress | None = None) -> list[Find]:
    """Return what is wrong between shapes: overlaps, the same shape twice, gaps; and single ones far off or out of the region."""
    seams = Seams(tiles, crs, limits, progress).matched()
    return lone(tiles, crs, limits, region) + seams.overlaps() + seams.gaps()


def lone(tiles: Tiles, crs: Any, limits: TopologyLimits, region: Any = None) -> list[Find]:
    """Return single parcels that lie where the coordinate system is not used, or out of the region."""
    found = _far_off(tiles, crs)
    return found if region is None else found + _outside(tiles, crs, region, limits)


def check_overlaps(ids: Sequence[str], shapes: Any, crs: Any, sliver_m2: float, where: str) -> list[Fault]:
    """Return a fault for every two parcels that share more than `sliver_m2` of ground."""
    import shapely

    sound = np.flatnonzero(shapely.is_valid(shapes) & ~shapely.is_empty(shapes) & np.isin(shapely.get_type_id(shapes), (3, 6)))
    tiles = MemoryTiles([ids[i] for i in sound.tolist()], np.asarray(shapes, object)[sound])
    found = Seams(tiles, crs, TopologyLimits(sliver_m2=sliver_m2)).matched().overlaps()
    return [overlap(where, f.parcel_id, f.other_id or "", f.area_m2 or 0.0) for f in found]


# ---------------------------------------------------------------- where parcels come from
def _edition_facts(path: Path) -> dict[str, Any] | None:
    import pyarrow.parquet as pq

    try:
        metadata = pq.read_schema(path).metadata or {}
    except (OSError, pa.ArrowException):
        raise FaultsError([_unreadable(path)]) from None
    said = metadata.get(b"ecocomp")
    return None if said is None else dict(json.loads(said))


def _of_memory(
    ids: Sequence[str], shapes: NDArray[np.object_], crs: Any, limits: TopologyLimits, region: Any, progress: Progress | None
) -> Topology:
    finds = single(ids, shapes, crs, limits)
    kept = np.flatnonzero(look(shapes, crs).polygon)
    tiles = MemoryTiles([ids[i] for i in kept.tolist()], shapes[kept])
    finds += between(tiles, crs, limits, region, progress)
    return _result(finds, len(shapes), "", crs.to_wkt())


def _singles(tiles: FileTiles, crs: Any, limits: TopologyLimits) -> list[Find]:
    found: list[Find] = []
    for tile in range(len(tiles.starts) - 1):
        table = tiles.table(tile)
        found += single(table["parcel_id"].to_pylist(), shapes_of(table), crs, limits, int(tiles.starts[tile]))
    return found


def _spooled(path: Path, id_field: str, where: str, spool: Spool, crs: Any, limits: TopologyLimits) -> tuple[list[Find], int]:
    """Put the polygons of a clean file in order; return what is wrong with single shapes, and the number of rows."""
    import pyarrow.parquet as pq
    import shapely

    file = pq.ParquetFile(path, page_checksum_verification=True)
    if id_field not in file.schema_arrow.names:
        raise FaultsError([_no_field(where, id_field, file.schema_arrow.names)])
    found: list[Find] = []
    row = 0
    for batch in file.iter_batches(BATCH_ROWS, columns=[id_field, "geometry"]):
        table = pa.Table.from_batches([batch])
        shapes = shapes_of(table)
        ids = ["" if v is None else str(v).strip() for v in table[id_field].to_pylist()]
        ids = [name or f"row {row + i + 1}" for i, name in enumerate(ids)]
        found += single(ids, shapes, crs, limits, row)
        kept = np.isin(shapely.get_type_id(shapes), (3, 6)) & ~shapely.is_empty(shapes)
        rows = pa.table({"parcel_id": ids, "geometry": table["geometry"]}).filter(pa.array(kept))
        spool.append(rows, shapely.bounds(shapes[kept]))
        row += len(table)
    spool.sort()
    return found, row


def _result(finds: list[Find], parcels: int, where: str, crs_wkt: str) -> Topology:
    kinds = Counter(f.kind for f in finds)
    facts = {"parcels": parcels, "finds": {k: kinds[k] for k in KINDS if kinds[k]}}
    return Topology([f.fault(where) for f in finds], table_of(finds), facts, crs_wkt)


# ---------------------------------------------------------------- single parcels, wherever they lie
def _sound_without_spikes(shape: Any, crs: Any, limits: TopologyLimits) -> bool:
    import shapely

    mended = without_spikes(shape, crs, limits)
    return mended is not None and bool(shapely.is_valid(mended))


def _far_off(tiles: Tiles, crs: Any, margin_deg: float = 2.0) -> list[Find]:
    """Return parcels that lie where the coordinate system is not used; the layer as a whole is another check's."""
    use = crs.area_of_use
    if use is None or not len(tiles.boxes):
        return []
    x, y = (tiles.boxes[:, 0] + tiles.boxes[:, 2]) / 2, (tiles.boxes[:, 1] + tiles.boxes[:, 3]) / 2

    def fits(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.bool_]:
        lon, lat = plane_to_degrees(x, y, crs)
        with np.errstate(invalid="ignore"):
            inside = (lon >= use.west - margin_deg) & (lon <= use.east + margin_deg)
            return np.asarray(inside & (lat >= use.south - margin_deg) & (lat <= use.north + margin_deg), bool)

    off = np.flatnonzero(~fits(x, y))
    if not len(off) or len(off) > 0.1 * len(x):
        return []
    turned = fits(y[off], x[off])
    names = Seams(tiles, crs, TopologyLimits()).names(off)
    return [
        Find("swapped" if t else "far_off", names[int(r)], None, float(x[r]), float(y[r]), None, (int(r), -1))
        for r, t in zip(off, turned, strict=True)
    ]


def _outside(tiles: Tiles, crs: Any, region: Any, limits: TopologyLimits) -> list[Find]:
    """Return parcels of which more than `sliver_m2` lie outside the region."""
    import shapely

    shapely.prepare(region)
    found: list[Find] = []
    for tile in range(len(tiles.starts) - 1):
        table = tiles.table(tile)
        boxes = tiles.boxes[tiles.starts[tile] : tiles.starts[tile + 1]]
        asked = np.flatnonzero(~shapely.covers(region, shapely.box(*boxes.T)))
        if not len(asked):
            continue
        some = table.take(pa.array(asked))
        shapes = shapes_of(some)
        asked_sound = shapely.is_valid(shapes) & ~shapely.covers(region, shapes)
        beyond = shapely.difference(shapes[asked_sound], region)
        areas = polygon_areas_m2(shapes[asked_sound], crs)
        out = polygon_areas_m2(np.array([ground_of(g) for g in beyond], object), crs) if len(beyond) else areas
        names = some.filter(pa.array(asked_sound))["parcel_id"].to_pylist()
        for k in np.flatnonzero(out > limits.sliver_m2):
            kind = "outside_region" if out[k] > areas[k] - limits.sliver_m2 else "partly_outside_region"
            point = shapely.point_on_surface(beyond[k])
            row = int(tiles.starts[tile] + asked[asked_sound][k])
            found.append(Find(kind, names[k], None, float(point.x), float(point.y), float(out[k]), (row, -1)))
    return found


# ---------------------------------------------------------------- sentences
def _unreadable(path: Path) -> Fault:
    return Fault(
        "land.no_layer",
        str(path),
        "",
        Text("文件缺失或损坏。", "the file is missing or broken."),
        Text("请给出调查版次，或重新导入图层。", "Give a survey edition, or import the layer again."),
    )


def _no_field(where: str, field: str, names: Sequence[str]) -> Fault:
    have = ", ".join(n for n in names if n != "geometry")
    clash = Text("缺少字段 {m}；现有字段：{h}。", "the field {m} is missing; there are: {h}.").fill(m=field, h=have)
    return Fault("land.missing_field", where, "", clash, Text("请写明地块编码字段。", "Name the field of the parcel code."))
