"""What the places share: writing rasters, polygons, tables and rules of a case folder, the same bytes each time."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent


def read(path: Path) -> tuple[np.ndarray, dict[str, Any]]:
    """Return band 1 of a raster and what is needed to write another on the same grid."""
    import rasterio

    with rasterio.open(path) as file:
        keep = {k: file.profile[k] for k in ("crs", "transform", "width", "height")}
        return file.read(1), keep


def write_raster(path: Path, values: np.ndarray, grid: Mapping[str, Any], nodata: float | None) -> None:
    """Write (rows, columns) or (bands, rows, columns) as a GeoTIFF on `grid`."""
    import rasterio

    bands = values if values.ndim == 3 else values[None]
    profile = {**grid, "driver": "GTiff", "dtype": bands.dtype.name, "count": len(bands), "nodata": nodata, "compress": "deflate"}
    path.parent.mkdir(parents=True, exist_ok=True)
    with rasterio.open(path, "w", **profile) as file:
        file.write(bands)


def recoded(codes: np.ndarray, to: Mapping[int, int]) -> np.ndarray:
    """Return ecosystem codes (uint8, 0 = nodata) of class codes; a class that is not in the table is an error, not a guess."""
    strange = sorted(set(np.unique(codes).tolist()) - set(to))
    if strange:
        raise SystemExit(f"the raster holds classes {strange}, for which no ecosystem is stated")
    table = np.zeros(256, np.uint8)
    for code, ecosystem in to.items():
        table[code] = ecosystem
    return np.asarray(table[codes])


def write_polygons(path: Path, shapes: Any, names: Sequence[str], crs: str) -> None:
    """Write polygons with the field `name`."""
    import pyogrio
    import pyogrio.raw
    import shapely

    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": "2026-06-30T00:00:00.000Z"})
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    many = [_multi(s) for s in shapes]
    pyogrio.raw.write(
        path, shapely.to_wkb(many), [np.array(names, object)], ["name"],
        layer="polygons", driver="GPKG", geometry_type="MultiPolygon", crs=crs,
    )  # fmt: skip


def _multi(shape: Any) -> Any:
    """Return a polygon as a multipolygon, so that the layer is of one kind."""
    import shapely

    return shape if shape.geom_type == "MultiPolygon" else shapely.multipolygons([shape])


def write_table(path: Path, heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Write a CSV file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(heads)
        writer.writerows(rows)


def write_case(folder: Path, toml: str, rules: str) -> None:
    """Write case.toml and put the rules of the place beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "case.toml").write_text(toml, encoding="utf-8")
    shutil.copytree(HERE / "rules" / rules, folder / "rules", dirs_exist_ok=True)
