"""Files of fixed bytes: GeoTIFF by strips, GeoPackage without clock, CSV and text; equal content, equal bytes."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecocomp.sample.frame import CRS, Frame

STRIP_ROWS = 256
FIXED_DAY = "2026-01-01T00:00:00Z"


def write_raster(
    path: Path, frame: Frame, bands: int, dtype: str, nodata: float, strip: Callable[[int, int], NDArray[Any]]
) -> None:
    """Write a tiled GeoTIFF from `strip(row0, row1) -> [bands, rows, columns]`; memory is one strip."""
    import rasterio
    from rasterio.windows import Window

    path.parent.mkdir(parents=True, exist_ok=True)
    options = {"driver": "GTiff", "width": frame.n, "height": frame.n, "count": bands, "dtype": dtype, "nodata": nodata, "crs": CRS}
    options |= {"tiled": True, "blockxsize": 256, "blockysize": 256, "interleave": "band", "compress": "deflate", "zlevel": 1}
    options |= {"predictor": 3 if dtype == "float32" else 2 if dtype.endswith("16") else 1, "bigtiff": "IF_SAFER"}
    with rasterio.Env(GDAL_CACHEMAX=256), rasterio.open(path, "w", transform=rasterio.Affine(*frame.transform), **options) as sink:
        for row0 in range(0, frame.n, STRIP_ROWS):
            row1 = min(frame.n, row0 + STRIP_ROWS)
            sink.write(strip(row0, row1).astype(dtype, copy=False), window=Window(0, row0, frame.n, row1 - row0))


def write_vector(path: Path, layer: str, geometry: Any, fields: Mapping[str, NDArray[Any]]) -> None:
    """Write a GeoPackage layer of MultiPolygon in the county's CRS; the time stamps in it are fixed."""
    import pyogrio
    import shapely
    from pyogrio.raw import write

    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    fixed = {"OGR_CURRENT_DATE": FIXED_DAY, "OGR_GPKG_ALLOW_THREADED_RTREE": "NO"}
    pyogrio.set_gdal_config_options(fixed)
    try:
        data = [np.asarray(v, object) if np.asarray(v).dtype.kind == "U" else np.asarray(v) for v in fields.values()]
        write(
            path,
            shapely.to_wkb(geometry),
            data,
            list(fields),
            layer=layer,
            driver="GPKG",
            geometry_type="MultiPolygon",
            crs=CRS,
            promote_to_multi=True,
        )
    finally:
        pyogrio.set_gdal_config_options(dict.fromkeys(fixed))


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a register as UTF-8 CSV with a header; None is an empty cell, True and False are lower case."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as sink:
        writer = csv.writer(sink, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(
            [_lower(value) for value in row] if any(value is True or value is False for value in row) else row for row in rows
        )


def _lower(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value
