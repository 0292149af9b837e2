"""Run one InVEST model on given arrays: the peer's half of the comparisons, in the peer's own interpreter.

Usage: ``PEERS/bin/python benchmarks/invest_job.py FOLDER`` where `scripts/peers.sh` made the interpreter. FOLDER holds

    job.json    model    module under natcap.invest with an `execute`
                args     its arguments; "@raster NAME", "@table NAME" and "@watersheds" stand for files made here
                tables   NAME: text of a CSV file, in which "@raster NAME" is replaced too
                take     output id: name of the array it becomes; watersheds: how many boxes a side
                cell_m, nodata (NAME: value)
    layers.npz  rasters by name (rows, columns); a name may come as NAME.npy instead

and gets taken.npz (nodata is NaN; float64 where the peer wrote float64) and done.json with the versions, the CPU and wall
seconds of `execute` alone (files written, nothing imported or prepared) and the peak memory of the process [MiB].

Only what the peer itself depends on is imported here, nothing of ecocomp.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import resource
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from osgeo import gdal, ogr, osr

gdal.UseExceptions()

KINDS = {"uint8": gdal.GDT_Byte, "int16": gdal.GDT_Int16, "int32": gdal.GDT_Int32, "float32": gdal.GDT_Float32}
KINDS["float64"] = gdal.GDT_Float64
WEST, NORTH, EPSG = 500_000.0, 3_300_000.0, 4545
NODATA = -9999.0


def main(folder: Path) -> int:
    """Run the job in `folder`."""
    job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    shape = write_rasters(folder, job)
    if "@watersheds" in job["args"].values():
        write_watersheds(folder / "watersheds.gpkg", shape, job["cell_m"], job.get("watersheds", 1))
    for name, text in job["tables"].items():
        (folder / f"{name}.csv").write_text(_with_paths(text, folder), encoding="utf-8")
    args = {k: _with_paths(v, folder) if isinstance(v, str) else v for k, v in job["args"].items()}
    logging.disable(logging.CRITICAL)
    model = importlib.import_module(f"natcap.invest.{job['model']}")
    before, began = _cpu_s(), time.perf_counter()
    registry = model.execute({"workspace_dir": str(folder / "out"), "results_suffix": "", "n_workers": -1, **args})
    spent = {"cpu_s": _cpu_s() - before, "wall_s": time.perf_counter() - began}
    np.savez(folder / "taken.npz", **{name: read_raster(_found(registry, id)) for id, name in job["take"].items()})
    spent["peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    spent["versions"] = {p: version(p) for p in ("natcap.invest", "pygeoprocessing", "gdal", "numpy")}
    (folder / "done.json").write_text(json.dumps(spent), encoding="utf-8")
    return 0


def _cpu_s() -> float:
    """CPU seconds of this process and of the workers it has waited for."""
    return sum(sum(os.times()[k : k + 2]) for k in (0, 2))


def _found(registry: dict[str, Any], id: str) -> str:
    """Return the path of an output; "id/part" names one of several, such as one per threat."""
    name, *part = id.split("/")
    return str(registry[name][part[0]] if part else registry[name])


def _with_paths(text: str, folder: Path) -> str:
    if text == "@watersheds":
        return str(folder / "watersheds.gpkg")
    for kind, end in (("raster", "tif"), ("table", "csv")):
        while (at := text.find(f"@{kind} ")) >= 0:
            word = text[at:].split(",")[0].split("\n")[0]
            text = text.replace(word, str(folder / f"{word.split()[1]}.{end}"), 1)
    return text


def write_rasters(folder: Path, job: dict[str, Any]) -> tuple[int, int]:
    """Write every layer as a tiled GeoTIFF and return the shape."""
    given: dict[str, Any] = {p.stem: p for p in sorted(folder.glob("*.npy"))}
    if (folder / "layers.npz").exists():
        given |= dict(np.load(folder / "layers.npz"))
    shape = (0, 0)
    for name, array in given.items():
        array = np.load(array, mmap_mode="r") if isinstance(array, Path) else array
        nodata = job.get("nodata", {}).get(name, 255 if array.dtype == np.uint8 else NODATA)
        write_raster(folder / f"{name}.tif", array, job["cell_m"], nodata)
        shape = array.shape
    return shape


def write_raster(path: Path, array: np.ndarray, cell_m: float, nodata: float) -> None:
    """Write one band in square tiles, which is how the peer writes its own."""
    rows, columns = array.shape
    how = ["TILED=YES", "BLOCKXSIZE=256", "BLOCKYSIZE=256"]
    file = gdal.GetDriverByName("GTiff").Create(str(path), columns, rows, 1, KINDS[str(array.dtype)], how)
    file.SetGeoTransform((WEST, cell_m, 0.0, NORTH, 0.0, -cell_m))
    file.SetProjection(_system().ExportToWkt())
    band = file.GetRasterBand(1)
    band.SetNoDataValue(nodata)
    for top in range(0, rows, 1024):
        block = np.array(array[top : top + 1024])
        if block.dtype.kind == "f":
            block[np.isnan(block)] = nodata
        band.WriteArray(block, 0, top)
    file.FlushCache()


def write_watersheds(path: Path, shape: tuple[int, int], cell_m: float, side: int) -> None:
    """Write side × side boxes over the whole raster, numbered in `ws_id`."""
    file = ogr.GetDriverByName("GPKG").CreateDataSource(str(path))
    layer = file.CreateLayer("watersheds", _system(), ogr.wkbPolygon)
    layer.CreateField(ogr.FieldDefn("ws_id", ogr.OFTInteger))
    high, wide = shape[0] * cell_m / side, shape[1] * cell_m / side
    for k in range(side * side):
        west, north = WEST + k % side * wide, NORTH - k // side * high
        corners = ((west, north), (west + wide, north), (west + wide, north - high), (west, north - high), (west, north))
        feature = ogr.Feature(layer.GetLayerDefn())
        feature.SetField("ws_id", k + 1)
        feature.SetGeometry(ogr.CreateGeometryFromWkt("POLYGON((" + ",".join(f"{x} {y}" for x, y in corners) + "))"))
        layer.CreateFeature(feature)


def read_raster(path: str) -> np.ndarray:
    """Return band 1 with NaN for nodata; bytes stay bytes."""
    file = gdal.Open(path)  # a band does not outlive its file
    band = file.GetRasterBand(1)
    array, nodata = band.ReadAsArray(), band.GetNoDataValue()
    if array.dtype.kind == "f" and nodata is not None:
        array[np.isclose(array, nodata)] = np.nan
    return array


def _system() -> osr.SpatialReference:
    system = osr.SpatialReference()
    system.ImportFromEPSG(EPSG)
    return system


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
