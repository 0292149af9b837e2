"""Slope factors as layers: LS, slope and relief of the whole grid, made once from elevation and kept on disk.

For the pipeline, which adds them to the layers of a case before `engine.assess`. Where water runs can only be told from
the whole ground at once, so these are made before the strips. They are stored as float32 NumPy files under a name that
holds the fingerprint of elevation, grid, method and parameters; a second year, or a second run, maps the files.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from ecocomp.services.derive import Making, StoredLayer
from ecocomp.services.factors.slope import LS_METHODS, ls_factor
from ecocomp.services.site import PASS, StripReader
from ecocomp.terms.faults import Fault, FaultsError
from ecocomp.terms.text import Text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ecocomp.grid.georef import Grid
    from ecocomp.rules import Parameters

    Raster = NDArray[np.float32]

CODE_VERSION = "terrain-factors-1"
"""Changes whenever the stored numbers would; part of their fingerprint."""

NAMES = ("ls_factor", "slope_degrees", "relief_m")


GIVES = NAMES
NEEDS = ("elevation",)


def make(making: Making) -> dict[str, StripReader]:
    """Return the three slope layers of the elevation of a case."""
    return {**terrain_layers(making.layers["elevation"], making.grid, making.folder, making.params)}


def terrain_layers(elevation: StripReader, grid: Grid, folder: Path | str, params: Parameters) -> dict[str, StoredLayer]:
    """Return the layers `ls_factor`, `slope_degrees` and `relief_m` of a grid, making those files that are not there yet.

    Parameters
    ----------
    elevation : reader of one band [m], NaN = nodata
    folder : where the files live, such as the cache of a case
    params : `services.soil.ls_method` (CSLE or HJ1173), `services.soil.longest_slope_m`, `services.soil.stream_ha`,
        `services.soil.slope_break_ratio`

    Raises
    ------
    FaultsError
        For an LS method there is no code for.
    """
    from ecocomp.grid.georef import STRIP_ROWS

    method = _ls_method(params)
    numbers = {k: params.number(f"services.soil.{k}") for k in ("longest_slope_m", "stream_ha", "slope_break_ratio")}
    parts = [elevation.read(a, b)[0] for a, b in grid.strips(STRIP_ROWS)]
    heights = np.ascontiguousarray(np.concatenate(parts), np.float32)
    key = fingerprint(heights, grid, method, numbers)
    paths = {name: Path(folder) / f"{name}-{key[:24]}.npy" for name in NAMES}
    if not all(path.exists() for path in paths.values()):
        made = terrain_arrays(heights, grid, method, **numbers)
        for name, array in made.items():
            _write(paths[name], array)
    return {name: StoredLayer(path) for name, path in paths.items()}


def terrain_arrays(
    heights_m: Raster, grid: Grid, method: str, *, longest_slope_m: float, stream_ha: float, slope_break_ratio: float
) -> dict[str, Raster]:
    """Return LS [1], slope [degrees] and relief of the 3×3 cells [m] as float32 (rows, columns).

    Slope length runs along D8 paths and ends on divides, in streams (drained area from `stream_ha` on; LS there is that of
    the shortest slope, half a cell) and where the slope flattens; see `grid.terrain.slope_length_m`.
    """
    from ecocomp.grid import terrain
    from ecocomp.grid.georef import cell_area_m2_by_row, metres_per_cell

    slope = terrain.slope_deg(heights_m, grid)
    drainage = terrain.drain(heights_m, grid)
    stream_cells = stream_ha * 1e4 / float(np.median(cell_area_m2_by_row(grid)))
    length = terrain.slope_length_m(drainage, np.sin(np.radians(slope)), stream_cells, slope_break_ratio, longest_slope_m)
    least = 0.5 * np.minimum(*metres_per_cell(grid))
    ls, relief = np.empty(grid.shape, np.float32), np.empty(grid.shape, np.float32)
    _ls_rows(slope, length, least, LS_METHODS.index(method), ls)
    _relief_rows(heights_m, relief)
    return {"ls_factor": ls, "slope_degrees": slope.astype(np.float32, copy=False), "relief_m": relief}


def fingerprint(heights_m: Raster, grid: Grid, method: str, numbers: dict[str, float]) -> str:
    """Return the SHA-256 of everything the stored layers depend on."""
    words = json.dumps([CODE_VERSION, grid.fingerprint(), method, {k: float(v).hex() for k, v in sorted(numbers.items())}])
    digest = hashlib.sha256(words.encode())
    digest.update(heights_m.tobytes())
    return digest.hexdigest()


def _ls_method(params: Parameters) -> str:
    method = params.text("services.soil.ls_method")
    if method in LS_METHODS:
        return method
    value = params.get("services.soil.ls_method")
    clash = Text("坡长坡度方法是 {m}，可用：{k}。", "The LS method is {m}; known: {k}.").fill(m=method, k=", ".join(LS_METHODS))
    remedy = Text("更正规则中的 services.soil.ls_method。", "Mend services.soil.ls_method in the rules.")
    raise FaultsError([Fault("services.ls_method", value.file, f"line {value.line}", clash, remedy)])


def _write(path: Path, array: Raster) -> None:
    """Write the file, all of it or nothing; of two runs that write at once the last one stands, with the same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as out:
            np.save(out, array)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


@njit(**PASS)  # type: ignore[untyped-decorator]
def _ls_rows(slope, length, least, method, out):  # type: ignore[no-untyped-def]
    for r in range(slope.shape[0]):
        for c in range(slope.shape[1]):
            metres = np.float64(length[r, c])
            metres = least[r] if metres < least[r] else metres
            out[r, c] = ls_factor(np.float64(slope[r, c]), metres, method)


@njit(**PASS)  # type: ignore[untyped-decorator]
def _relief_rows(heights, out):  # type: ignore[no-untyped-def]
    """Highest less lowest of the 3×3 cells around each, of those that have a height."""
    rows, columns = heights.shape
    for r in range(rows):
        for c in range(columns):
            low, high = heights[r, c], heights[r, c]
            for i in range(max(r - 1, 0), min(r + 2, rows)):
                for j in range(max(c - 1, 0), min(c + 2, columns)):
                    v = heights[i, j]
                    low, high = (v if v < low else low), (v if v > high else high)
            out[r, c] = high - low


__all__ = ["CODE_VERSION", "GIVES", "NAMES", "NEEDS", "fingerprint", "make", "terrain_arrays", "terrain_layers"]
