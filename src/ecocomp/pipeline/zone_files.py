"""Files of zoning for other programs: palette GeoTIFFs of classes, polygons, tables, and what they rest on.

A raster is a cloud-optimised GeoTIFF: classes in uint8 with their colours and 0 for what was not assessed, values in
float32 with NaN. Polygons go to one GeoPackage in the reference system of the survey. Tables are Parquet and CSV.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from ecocomp.governance.open_data import guarded_cell
from ecocomp.io.files import write_json, write_table
from ecocomp.pipeline.ground import moved
from ecocomp.pipeline.zones import every_map

if TYPE_CHECKING:
    from ecocomp.grid.georef import Grid
    from ecocomp.rules import Parameters
    from ecocomp.zoning.maps import StripReader

DATED = "1970-01-01T00:00:00.000Z"
"""Day written into a GeoPackage, so that equal polygons give equal bytes."""

RGB = tuple[int, int, int]
COLOURS: Mapping[str, RGB] = {
    "not_assessed": (255, 255, 255),
    "extreme": (140, 32, 24),
    "important": (222, 135, 64),
    "sensitive": (222, 135, 64),
    "general": (228, 222, 190),
    "none": (255, 255, 255),
    "water": (51, 110, 170),
    "soil": (150, 105, 60),
    "sand": (214, 178, 88),
    "biodiversity": (62, 130, 78),
    "outside": (255, 255, 255),
    "red_line": (190, 30, 45),
}
COG = {"compress": "DEFLATE", "blocksize": 512, "bigtiff": "IF_SAFER"}


def write_drawn(drawn: Any, y: Any, params: Parameters, out: Path) -> list[Path]:
    """Write everything of a drawing under `out`; return the files. Files of an earlier drawing are replaced or removed."""
    for old in (*sorted((out / "maps").glob("*.tif")), *(out / f"red_line_member.{e}" for e in ("parquet", "csv"))):
        old.unlink(missing_ok=True)
    files = [*_maps(drawn, y, params, out / "maps"), _polygons(drawn, y, out / "zones.gpkg")]
    tables = {
        "parcel_zone": drawn.zoned.parcel_zone,
        "parcel_grading": drawn.zoned.parcel_grading,
        "reserve_candidate": drawn.reserves.candidate,
    } | ({"red_line_member": drawn.snapped.members} if drawn.snapped is not None else {})
    files += [path for name, table in tables.items() for path in write_both(table, out / name)]
    write_json(facts(drawn, y, params), out / "facts.json")
    return [*files, out / "facts.json"]


def write_both(table: pa.Table, stem: Path) -> list[Path]:
    """Write a table as Parquet and as CSV whose cells no spreadsheet takes for formulas."""
    paths = [stem.with_suffix(".parquet"), stem.with_suffix(".csv")]
    paths[0].parent.mkdir(parents=True, exist_ok=True)
    write_table(table, paths[0])
    with paths[1].open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(table.schema.names)
        for batch in table.to_batches(max_chunksize=50_000):
            columns = [[guarded_cell(v) for v in column.to_pylist()] for column in batch.columns]
            writer.writerows(zip(*columns, strict=True))
    return paths


# ---------------------------------------------------------------- rasters
def _maps(drawn: Any, y: Any, params: Parameters, folder: Path) -> list[Path]:
    from ecocomp.zoning.maps import InMemory, Stored
    from ecocomp.zoning.parcels import ZONES, class_names

    folder.mkdir(parents=True, exist_ok=True)
    grid, made = y.ground.grid, []
    for m in every_map(drawn.zoned):
        stem = folder / f"{m.kind}-{m.name}"
        made.append(write_classes(m.classes, grid, stem.with_suffix(".tif"), class_names(m, params), m.method))
        if m.values is not None:
            made.append(write_raster(m.values, grid, stem.with_name(stem.name + "-values.tif"), "float32", method=m.method))
    zones = [p for p in [y.case.scratch / "maps" / f"function-zones-{drawn.asked.method}.npy"] if p.is_file()]
    made += [write_classes(Stored(p), grid, folder / "function_zones.tif", ["none", *ZONES], drawn.asked.method) for p in zones]
    if drawn.line is not None:
        cells = InMemory(drawn.line.cells)
        made.append(write_classes(cells, grid, folder / "red_line.tif", ["outside", "red_line"], drawn.asked.method))
    return made


def write_classes(source: StripReader, grid: Grid, path: Path, names: Sequence[str], method: str) -> Path:
    """Write a raster of class numbers with a colour and a name for each, 0 for nodata."""
    colours = {i: (*COLOURS[n], 0 if i == 0 else 255) for i, n in enumerate(names)}
    words = ", ".join(f"{i} {n}" for i, n in enumerate(names))
    return write_raster(source, grid, path, "uint8", colours=colours, method=method, classes=words)


def write_raster(
    source: StripReader,
    grid: Grid,
    path: Path,
    dtype: str,
    *,
    colours: Mapping[int, tuple[int, int, int, int]] | None = None,
    **tags: str,
) -> Path:
    """Write the first band of a raster as a cloud-optimised GeoTIFF, strip by strip; the file stands only when it is whole."""
    import tempfile

    import numpy as np
    import rasterio
    import rasterio.shutil
    from rasterio.transform import Affine
    from rasterio.windows import Window

    nodata = 0 if dtype == "uint8" else np.nan
    tiles = {"tiled": True, "blockxsize": 256, "blockysize": 256} if min(grid.shape) >= 256 else {}
    more = {} if dtype == "uint8" else {"predictor": "FLOATING_POINT"}
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".part-") as part:
        rows, whole = Path(part) / "rows.tif", Path(part) / "whole.tif"
        with rasterio.open(
            rows, "w", driver="GTiff", width=grid.width, height=grid.height, count=1, dtype=dtype, nodata=nodata,
            crs=grid.crs, transform=Affine(*grid.transform), bigtiff="IF_SAFER", **tiles,
        ) as file:  # fmt: skip
            if colours:
                file.write_colormap(1, dict(colours))
            file.update_tags(**tags)
            for row0, row1 in grid.strips(256):
                band = np.asarray(source.read(row0, row1)[0], dtype)
                file.write(band, 1, window=Window(0, row0, grid.width, row1 - row0))
        kind = "NEAREST" if dtype == "uint8" else "AVERAGE"
        rasterio.shutil.copy(rows, whole, driver="COG", **COG, **more, overview_resampling=kind)
        whole.replace(path)
    return path


# ---------------------------------------------------------------- polygons
def _polygons(drawn: Any, y: Any, path: Path) -> Path:
    """Write parcels with their zones, both lines and the chosen reserves as layers of one GeoPackage."""
    import numpy as np

    crs = y.ground.edition.crs_wkt
    parcel, zone, pick = y.ground.parcel, drawn.zoned.parcel_zone, drawn.reserves.candidate
    at = pa.array(np.asarray(_places(pick, parcel)))
    fields = {n: zone[n] for n in zone.schema.names} | {
        "area_dm2": parcel["area_dm2"],
        "reserve_rank": pick["rank"].take(at),
        "reserve_selected": pick["selected"].take(at),
        "reserve_reason": pick["reason"].take(at),
    }
    path.unlink(missing_ok=True)
    write_layer(path, "parcel", y.ground.shapes, fields, crs)
    if drawn.line is not None:
        cells = drawn.line.zones
        shapes = np.asarray(moved(cells.geometry, y.ground.grid.crs, crs), object)
        line = {"patch": pa.array(list(cells.zone_id), pa.string()), "area_dm2": pa.array(drawn.line.area_dm2.tolist(), pa.int64())}
        write_layer(path, "red_line_cells", shapes, line, crs)
    if drawn.snapped is not None:
        own = drawn.snapped
        line = {"patch": pa.array(list(own.zones.zone_id), pa.string()), "area_dm2": pa.array(own.area_dm2.tolist(), pa.int64())}
        write_layer(path, "red_line_parcels", own.zones.geometry, line, crs)
    return path


def _places(table: pa.Table, parcel: pa.Table) -> Any:
    import pyarrow.compute as pc

    return pc.index_in(parcel["parcel_id"].combine_chunks(), value_set=table["parcel_id"].combine_chunks())


def write_layer(path: Path, layer: str, shapes: Any, fields: Mapping[str, Any], crs: str) -> None:
    """Add a layer of polygons to a GeoPackage, which is made if there is none."""
    import numpy as np
    import pyogrio
    import pyogrio.raw
    import shapely

    path.parent.mkdir(parents=True, exist_ok=True)
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": DATED})
    try:
        pyogrio.raw.write(
            path,
            np.asarray(shapely.to_wkb(np.asarray(shapes, object)), object),
            [_column(c) for c in fields.values()],
            list(fields),
            driver="GPKG",
            layer=layer,
            geometry_type="MultiPolygon",
            promote_to_multi=True,
            crs=crs,
            append=path.is_file(),
        )
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})


def _column(column: Any) -> Any:
    import numpy as np

    kind = column.type
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind) or pa.types.is_floating(kind):
        return np.asarray(column.to_pylist(), {"b": np.int32, "f": np.float64}.get(_kind(kind), np.int64))
    return np.array(column.to_pylist(), object)


def _kind(kind: pa.DataType) -> str:
    return "b" if pa.types.is_boolean(kind) else "f" if pa.types.is_floating(kind) else "i"


# ---------------------------------------------------------------- facts
def facts(drawn: Any, y: Any, params: Parameters) -> dict[str, Any]:
    """Return what was drawn and what it rests on, as JSON values."""
    return summary(drawn, y.ground.grid) | {
        "place": y.case.place,
        "reference_day": y.case.reference_date(y.year).isoformat(),
        "known_on": y.known_on.isoformat(),
        "parameters": json.loads(json.dumps(params.rows(), default=str)),
        "inputs": y.ground.inputs.fingerprints,
    }


def summary(drawn: Any, grid: Grid | None = None) -> dict[str, Any]:
    """Return the figures of a drawing as JSON values."""
    made, asked = drawn.zoned, drawn.asked
    limits = {m.name: [_number(v) for v in m.limits] for m in made.maps.importance.values()}
    return {
        "year": drawn.year,
        "method": asked.method,
        "functions": list(made.maps.importance),
        "sensitivities": list(made.maps.sensitivity),
        "asked": {
            "functions": list(asked.functions),
            "services": dict(asked.services),
            "sensitivities": list(asked.sensitivities),
            "from_rules": list(asked.widened),
        },
        "least_values": limits,
        "maps_km2": [{"kind": k, "map": n, **sums} for (k, n), sums in drawn.cells_km2.items()],
        "grades": [{"grade": g, "parcels": n, "area_dm2": a} for g, n, a in drawn.grades],
        "red_line": _line_facts(drawn),
        "reserves": _reserve_facts(drawn),
        "notes": [f.as_json() for f in drawn.notes],
        "unverified": drawn.unverified,
    }


def _number(value: float) -> float | None:
    return value if abs(value) < float("inf") else None


def _line_facts(drawn: Any) -> dict[str, Any] | None:
    line, own = drawn.line, drawn.snapped
    if line is None or own is None:
        return None
    inside = [r for r in own.members.to_pylist() if r["patch"]]
    return {
        "patches": len(line.zones),
        "area_dm2": int(line.area_dm2.sum()),
        "filled_cells": line.filled_cells,
        "joined_cells": line.joined_cells,
        "dropped_patches": line.dropped_patches,
        "dropped_area_m2": line.dropped_area_m2,
        "kept_small": line.kept_small,
        "parcel_patches": len(own.zones),
        "parcel_area_dm2": int(own.area_dm2.sum()),
        "parcels": len(inside),
        "parcel_patches_dropped": own.dropped,
        "reasons": _counts(r["reason"] for r in own.members.to_pylist()),
    }


def _reserve_facts(drawn: Any) -> dict[str, Any]:
    found = drawn.reserves
    return {
        "parcels": int(sum(found.candidate["selected"].to_pylist())),
        "area_dm2": found.area_dm2,
        "most_dm2": found.cap_dm2,
        "clusters": len(found.clusters),
        "gap": found.gap,
        "reasons": _counts(found.candidate["reason"].to_pylist()),
    }


def _counts(words: Iterable[str]) -> dict[str, int]:
    out: dict[str, int] = {}
    for word in sorted(words):
        out[word] = out.get(word, 0) + 1
    return out
