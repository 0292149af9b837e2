"""What maps and map exports need: the display raster of parcels, relief, overlays, and parcels with their figures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from ecocomp.governance.bundle import read_bundle_table
from ecocomp.io.files import read_table
from ecocomp.pipeline.year import Year

if TYPE_CHECKING:
    from ecocomp.grid.georef import Grid
    from ecocomp.report.maps import MapBase

MAP_PX = 1400


def map_base(y: Year) -> MapBase:
    """Return the ground the report draws its maps on."""
    import numpy as np

    from ecocomp.grid.coverage import decimation, dominant_parcel
    from ecocomp.grid.georef import metres_per_cell
    from ecocomp.report.maps import MapBase

    grid = y.ground.grid
    step = decimation(grid, MAP_PX)
    index = dominant_parcel(y.ground.coverage, grid, MAP_PX)
    relief = np.full(index.shape, np.nan, np.float32)
    reader = y.ground.reader("elevation", y.year)
    if reader is not None:
        rows = np.arange(index.shape[0]) * step + step // 2
        for n, row in enumerate(np.minimum(rows, grid.height - 1)):
            line = reader.read(int(row), int(row) + 1)[0, 0]
            relief[n] = line[np.minimum(np.arange(index.shape[1]) * step + step // 2, grid.width - 1)]
    cell_m = float(np.median(metres_per_cell(grid)[1])) * step
    return MapBase(index, relief, cell_m, pa.array(y.ground.ids), _overlays(y, grid.decimated(step)))


def _overlays(y: Year, grid: Grid) -> dict[str, Any]:
    """Return the red line and the reserves as masks of the display raster `grid`."""
    import numpy as np
    import shapely
    from rasterio import Affine
    from rasterio.features import geometry_mask

    from ecocomp.pipeline.ground import moved

    red_line = shapely.from_wkb(y.work.table("red_line")["geometry"].to_pylist())
    out = {}
    for name, shapes in (
        ("red_line", np.asarray(red_line, object)),
        ("reserve", np.asarray(y.ground.zone_layer("reserves").geometry, object)),
    ):
        if len(shapes):
            shapes = moved(shapes, y.ground.edition.crs_wkt, grid.crs)
            out[name] = geometry_mask(list(shapes), grid.shape, Affine(*grid.transform), invert=True)
        else:
            out[name] = np.zeros(grid.shape, bool)
    return out


def parcel_layer(bundle: Path) -> pa.Table:
    """Return parcels with geometry, zone, rate, light and paid amount; metadata of the edition kept."""
    edition = read_table(bundle / "edition.parquet")
    metadata = edition.schema.metadata
    table = edition.select(["parcel_id", "village_code", "land_class", "ecosystem", "area_dm2", "geometry"])
    for name, columns in (
        ("parcel_zone", ["function_zone", "red_line_ppm", "reserve_ppm", "importance", "grade"]),
        ("standard", ["rate_fen_per_ha"]),
        ("compliance", ["light", "verdict"]),
    ):
        other = read_bundle_table(bundle, name)
        if other is not None:
            table = _joined(table, other.select(["parcel_id", *columns]))
    claims = read_bundle_table(bundle, "entitlement")
    if claims is not None:
        sums = claims.group_by("parcel_id").aggregate([("funded_fen", "sum")]).rename_columns(["parcel_id", "funded_fen"])
        table = _joined(table, sums)
    return table.sort_by("parcel_id").replace_schema_metadata(metadata)


def _joined(left: pa.Table, right: pa.Table) -> pa.Table:
    """Left join on parcel_id that keeps binary geometry (which Arrow's join may not carry)."""
    import pyarrow.compute as pc

    where = pc.index_in(left["parcel_id"], value_set=right["parcel_id"].combine_chunks())
    for name in right.column_names:
        if name != "parcel_id":
            left = left.append_column(
                name, pc.take(right[name].combine_chunks(), where.combine_chunks() if hasattr(where, "combine_chunks") else where)
            )
    return left


def write_parcel_layer(table: pa.Table, path: Path, form: str) -> Path:
    """Write the layer as GeoPackage or GeoParquet."""
    import json

    from ecocomp.io.files import write_table

    path.parent.mkdir(parents=True, exist_ok=True)
    if form == "geoparquet":
        write_table(table, path)
        return path
    import numpy as np
    import pyogrio.raw

    crs = json.loads(table.schema.metadata[b"geo"])["columns"]["geometry"]["crs"]
    names = [n for n in table.column_names if n != "geometry"]
    fields = [_field(table[n]) for n in names]
    path.unlink(missing_ok=True)
    pyogrio.raw.write(
        path,
        np.array(table["geometry"].to_pylist(), dtype=object),
        fields,
        names,
        driver="GPKG",
        layer="parcel",
        geometry_type="Unknown",
        crs=json.dumps(crs),
    )
    return path


def _field(column: pa.ChunkedArray) -> Any:
    import numpy as np

    if pa.types.is_integer(column.type) and column.null_count == 0:
        return column.to_numpy()
    if pa.types.is_integer(column.type):
        return column.cast(pa.float64()).to_numpy()
    return np.array([v if v is None or isinstance(v, str) else str(v) for v in column.to_pylist()], dtype=object)
