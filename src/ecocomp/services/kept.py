"""Rasters of services that are wanted besides the sums: whole arrays, or files written strip by strip.

For the engine. A raster file is a cloud-optimised GeoTIFF in float32, per hectare of the service's unit, NaN where not
observed. Strips go to a plain tiled file first, so memory does not grow with the raster; a file stands at its place only
when it is whole.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from ecocomp.registry import entry

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ecocomp.grid.georef import Grid
    from ecocomp.grid.strip import Strip

TILE_CELLS = 256
"""Side of a tile of the file that is written first: as high as a strip, so that each tile is written once."""
_FINAL = {"compress": "DEFLATE", "predictor": "FLOATING_POINT", "blocksize": 512, "bigtiff": "IF_SAFER",
          "overview_resampling": "AVERAGE"}  # fmt: skip


class Kept(Protocol):
    """Where rasters are put, strip by strip, in a `with` statement."""

    cells: dict[str, NDArray[np.float32]]
    files: dict[str, Path]

    def put(self, strip: Strip, rasters: dict[str, NDArray[np.float32]]) -> None: ...
    def __enter__(self) -> Kept: ...
    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None) -> None: ...


class KeptArrays:
    """Rasters held in memory."""

    def __init__(self, services: Sequence[str], grid: Grid) -> None:
        self.cells = {id: np.full(grid.shape, np.nan, np.float32) for id in services}
        self.files: dict[str, Path] = {}

    def put(self, strip: Strip, rasters: dict[str, NDArray[np.float32]]) -> None:
        """Put the rows of a strip in place."""
        for id, raster in rasters.items():
            self.cells[id][strip.rows] = raster

    def __enter__(self) -> KeptArrays:
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None) -> None:
        pass


class KeptFiles:
    """Rasters written to ``FOLDER/SERVICE.tif``; files that stood there are replaced once the new ones are whole."""

    def __init__(self, services: Sequence[str], grid: Grid, folder: Path) -> None:
        self.cells: dict[str, NDArray[np.float32]] = {}
        self.files = {id: folder / f"{id}.tif" for id in services}
        self._grid, self._folder, self._stack = grid, folder, ExitStack()
        self._open: dict[str, Any] = {}

    def __enter__(self) -> KeptFiles:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._parts = Path(self._stack.enter_context(tempfile.TemporaryDirectory(dir=self._folder, prefix=".part-")))
        try:
            for id in self.files:
                self._open[id] = self._stack.enter_context(self._new(id))
        except BaseException:
            self._stack.close()
            raise
        return self

    def put(self, strip: Strip, rasters: dict[str, NDArray[np.float32]]) -> None:
        """Write the rows of a strip."""
        from rasterio.windows import Window

        for id, raster in rasters.items():
            self._open[id].write(raster, 1, window=Window(0, strip.start, strip.width, strip.stop - strip.start))

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None) -> None:
        with self._stack:
            for file in self._open.values():
                file.close()
            if kind is None:
                for id, place in self.files.items():
                    self._finish(id, place)

    def _new(self, id: str) -> Any:
        import rasterio
        from rasterio.transform import Affine

        grid = self._grid
        tiles = {"tiled": True, "blockxsize": TILE_CELLS, "blockysize": TILE_CELLS} if min(grid.shape) >= TILE_CELLS else {}
        file = rasterio.open(
            self._parts / f"{id}.rows.tif", "w", driver="GTiff", width=grid.width, height=grid.height, count=1, dtype="float32",
            crs=grid.crs, transform=Affine(*grid.transform), nodata=np.nan, bigtiff="IF_SAFER", **tiles,
        )  # fmt: skip
        spec = entry("services.models", id).spec
        with suppress(ValueError):
            file.set_band_description(1, f"{spec.name.en} [{_per_ha(spec.unit)}]")
            file.units = (_per_ha(spec.unit),)
        return file

    def _finish(self, id: str, place: Path) -> None:
        import rasterio.shutil

        rows, whole = self._parts / f"{id}.rows.tif", self._parts / f"{id}.tif"
        rasterio.shutil.copy(rows, whole, driver="COG", **_FINAL)
        rows.unlink()
        whole.replace(place)


def _per_ha(unit: str) -> str:
    """Return the unit of a hectare: m3/a becomes m3/ha/a."""
    first, slash, rest = unit.partition("/")
    return f"{first}/ha{slash}{rest}"


def kept(services: Sequence[str], grid: Grid, folder: Path | None) -> Kept:
    """Return where rasters of these services are put: files in a folder, or memory."""
    return KeptFiles(services, grid, folder) if folder is not None else KeptArrays(services, grid)
