"""A worker for all tests of `io`, and small files in the forms people bring."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ecocomp.io.worker import Answer, Job, Limits, Worker


@pytest.fixture(scope="session")
def worker() -> Iterator[Worker]:
    """One forking process for the session; children are new for every file anyway."""
    with Worker(Limits(memory_bytes=1 << 30, cpu_s=60, wall_s=60, parallel=2)) as made:
        yield made


@pytest.fixture
def opened(worker: Worker, tmp_path: Path) -> Callable[[Job], Answer]:
    """Open one foreign file and return the answer."""
    return lambda job: worker.run([job], tmp_path / "clean")[0]


@pytest.fixture
def write_tiff(tmp_path: Path) -> Callable[..., Path]:
    """Write a GeoTIFF from an array (rows, columns) or (bands, rows, columns)."""

    def write(cells: np.ndarray[Any, Any], name: str = "layer.tif", **more: Any) -> Path:
        import rasterio
        from rasterio.transform import from_origin

        cells = cells if cells.ndim == 3 else cells[None]
        profile: dict[str, Any] = {"crs": "EPSG:4545", "transform": from_origin(400_000, 3_400_000, 30, 30)} | more
        path = tmp_path / name
        with rasterio.open(
            path, "w", driver="GTiff", width=cells.shape[2], height=cells.shape[1], count=cells.shape[0],
            dtype=cells.dtype, **profile,
        ) as sink:  # fmt: skip
            sink.write(cells)
        return path

    return write


@pytest.fixture
def write_layer(tmp_path: Path) -> Callable[..., Path]:
    """Write squares of 100 m with fields 名称, BSM and TBMJ."""

    def write(name: str, driver: str, count: int = 3, crs: str | None = "EPSG:4545", encoding: str | None = None) -> Path:
        import pyogrio
        import shapely

        x = 400_000 + 100.0 * np.arange(count)
        fields = [[f"地块{i}" for i in range(count)], [f"{i:06d}" for i in range(count)], [10_000.0] * count]
        data = [np.array(fields[0], object), np.array(fields[1], object), np.array(fields[2])]
        shapes = shapely.to_wkb(shapely.box(x, 3_400_000, x + 100, 3_400_100))
        path = tmp_path / name
        pyogrio.raw.write(
            path, shapes, data, ["名称", "BSM", "TBMJ"], geometry_type="Polygon", crs=crs, driver=driver, encoding=encoding
        )
        return path

    return write
