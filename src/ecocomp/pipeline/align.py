"""Bring a layer onto the grid of the case, where `case.toml` asks for it, and say so.

Nothing is resampled unasked: a layer on another grid is a fault until its declaration says how its cells may be joined.
What is read is the clean copy; what is written lies beside it in the cache under a name that holds grid and method.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecocomp.io.files import canonical_json, write_json
from ecocomp.io.raster import GridInfo, LayerEncoding, open_clean
from ecocomp.pipeline.case import LayerInput
from ecocomp.terms.faults import Fault
from ecocomp.terms.layers import CLASS_LAYERS
from ecocomp.terms.text import Text

if TYPE_CHECKING:
    from rasterio.io import DatasetReader

    from ecocomp.grid.georef import Grid

METHODS = ("nearest", "bilinear", "cubic", "average", "mode")
_CLASS_METHODS = ("nearest", "mode")
_ROWS = 256
_FORMAT = 3


def grid_of(info: GridInfo) -> Grid:
    """Return the grid a clean raster lies on."""
    from ecocomp.grid.georef import Grid

    crs = f"EPSG:{info.epsg}" if info.epsg else info.crs_wkt
    return Grid(crs, info.x0, info.y0, info.dx, info.dy, info.width, info.height)


def layer_roles(roles: Iterable[str]) -> list[str]:
    """Return the roles that are layers, the one whose grid is that of the case first: elevation, else the first by name."""
    return sorted((r for r in roles if r.startswith("layer.")), key=lambda r: (not r.startswith("layer.elevation"), r))


def method_fault(layer: LayerInput) -> Fault | None:
    """Return what is wrong with the declared way of resampling, or None."""
    allowed = _CLASS_METHODS if layer.variable in CLASS_LAYERS else METHODS
    if not layer.resample or layer.resample in allowed:
        return None
    return Fault(
        "case.resample",
        "case.toml",
        f"layers.{layer.variable}.resample",
        Text("resample 是 {m}。", "resample is {m}.").fill(m=layer.resample),
        Text("可用：{a}（类别图层不能取平均）。", "Known: {a} (classes cannot be averaged).").fill(a=", ".join(allowed)),
    )


def aligned(clean: Path, facts: dict[str, Any], layer: LayerInput, encoding: LayerEncoding, onto: GridInfo) -> Path:
    """Return the clean copy of a layer on the grid `onto`, made if it is not in the cache yet."""
    key = canonical_json([_FORMAT, clean.parent.name, _words(onto), layer.resample])
    path = clean.parent / f"aligned-{hashlib.sha256(key).hexdigest()[:20]}.tif"
    if path.is_file() and path.with_suffix(".json").is_file():
        return path
    handle, part = tempfile.mkstemp(dir=clean.parent, suffix=".part.tif")
    os.close(handle)
    values = Path(part).with_suffix(".values.tif")
    try:
        _write_values(clean, layer, encoding, values)
        valid = _warp(values, Path(part), layer, onto)
        made = {**facts, **_place(onto), "dtype": _dtype(layer), "nodata": 0 if layer.variable in CLASS_LAYERS else "nan"}
        made["valid"] = valid
        write_json(made, path.with_suffix(".json"))
        Path(part).replace(path)
    finally:
        values.unlink(missing_ok=True)
        Path(part).unlink(missing_ok=True)
    return path


def told(role: str, layer: LayerInput, differences: list[Text]) -> Fault:
    """Return the note that a layer was resampled, with what had been different."""
    why = Text("；".join(d.zh for d in differences), "; ".join(d.en for d in differences))
    return Fault(
        "grid.resampled",
        role,
        layer.resample,
        Text("已按 {m} 重采样到案例网格（原为：{w}）。", "resampled to the grid of the case by {m} (it was: {w}).").fill(
            m=layer.resample, w=why
        ),
        Text("重采样不增加细节；报告中会列出。", "Resampling adds no detail; the report lists it."),
        "warning",
    )


def empty_bands(facts: Mapping[str, Any]) -> list[int]:
    """Return the bands (from 1) of a layer brought onto a grid in which not one cell there has a value."""
    return [band for band, cells in enumerate(facts.get("valid", ()), 1) if not cells]


def overlap_fault(role: str, layer: LayerInput, facts: Mapping[str, Any]) -> Fault | None:
    """Return the fault of a layer that holds nothing on the grid of the case, or None if every band holds something."""
    empty = empty_bands(facts)
    if not empty:
        return None
    return Fault(
        "grid.no_overlap",
        role,
        "" if len(empty) == len(facts["valid"]) else "band " + ", ".join(map(str, empty)),
        Text(
            "用 {m} 重采样到案例网格后，没有一个格有值：它与案例网格不重叠，或重叠处全是无数据。",
            "resampled to the grid of the case by {m}, not one cell has a value: it does not overlap the grid of the case, or is"
            " empty where it does.",
        ).fill(m=layer.resample),
        Text(
            "核对图层的坐标系与范围，换成覆盖本案例的图层。",
            "Check its coordinate system and extent, and give a layer that covers this case.",
        ),
    )


def _words(grid: GridInfo) -> list[Any]:
    return [grid.crs_wkt, *(float(v).hex() for v in (grid.x0, grid.y0, grid.dx, grid.dy)), grid.width, grid.height]


def _place(grid: GridInfo) -> dict[str, Any]:
    return {name: getattr(grid, name) for name in ("crs_wkt", "epsg", "x0", "y0", "dx", "dy", "width", "height")}


def _dtype(layer: LayerInput) -> str:
    return "uint8" if layer.variable in CLASS_LAYERS else "float32"


def _profile(grid: GridInfo, bands: int, layer: LayerInput) -> dict[str, Any]:
    import rasterio
    from rasterio.transform import Affine

    return {
        "driver": "GTiff",
        "width": grid.width,
        "height": grid.height,
        "count": bands,
        "dtype": _dtype(layer),
        "nodata": 0 if layer.variable in CLASS_LAYERS else float("nan"),
        "crs": rasterio.crs.CRS.from_wkt(grid.crs_wkt),
        "transform": Affine(grid.dx, 0.0, grid.x0, 0.0, -grid.dy, grid.y0),
        "tiled": True,
        "blockxsize": 512,
        "blockysize": 64,
        "compress": "zstd",
        "zstd_level": 1,
        "bigtiff": "IF_SAFER",
        "interleave": "band",
    }


def _write_values(clean: Path, layer: LayerInput, encoding: LayerEncoding, out: Path) -> None:
    """Write the stored numbers with one empty value only (NaN, classes 0), which is what the warp can tell apart."""
    import numpy as np
    import rasterio
    from rasterio.windows import Window

    plain = LayerEncoding(encoding.unit, 1.0, 0.0, encoding.nodata)
    with open_clean(clean, plain) as source:
        bands, grid = int(source.facts["bands"]), source.grid
        with rasterio.open(out, "w", **_profile(grid, bands, layer)) as sink:
            for band in range(1, bands + 1):
                for row0, row1 in source.strips(512):
                    window = Window(0, row0, grid.width, row1 - row0)
                    read = source.read_classes if layer.variable in CLASS_LAYERS else source.read_strip
                    sink.write(np.asarray(read(row0, row1, band)), band, window=window)


def _warp(values: Path, out: Path, layer: LayerInput, onto: GridInfo) -> list[int]:
    """Warp by pieces of rows, in one thread, so that the bytes do not depend on the machine.

    Returns how many cells of each band have a value.
    """
    import numpy as np
    import rasterio
    from rasterio.enums import Resampling
    from rasterio.vrt import WarpedVRT
    from rasterio.windows import Window

    source: DatasetReader
    with rasterio.open(values) as source:
        profile = _profile(onto, source.count, layer)
        empty = 0 if layer.variable in CLASS_LAYERS else float("nan")
        shape = {"crs": profile["crs"], "transform": profile["transform"], "width": onto.width, "height": onto.height}
        options = {"resampling": Resampling[layer.resample], "src_nodata": empty, "nodata": empty, "warp_mem_limit": 128}
        valid = [0] * source.count
        with WarpedVRT(source, **shape, **options) as view, rasterio.open(out, "w", **profile) as sink:
            for band in range(1, source.count + 1):
                for row0 in range(0, onto.height, _ROWS):
                    window = Window(0, row0, onto.width, min(_ROWS, onto.height - row0))
                    read = view.read(band, window=window)
                    valid[band - 1] += int(np.count_nonzero(read if empty == 0 else np.isfinite(read)))
                    sink.write(read, band, window=window)
    return valid
