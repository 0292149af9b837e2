"""How cost and memory grow: six services with low, value and high, and their sums per parcel, on grids of 1 to 400 million cells.

Usage: ``python benchmarks/growth.py [--sizes 1000 2000 4000 8000] [--json FILE]``. Every size runs in a fresh process after a
warm-up. Rasters are not held: a reader repeats a band of rows as often as it is asked, so what is measured is the pass
itself. Parcels are blocks of 20 × 20 cells; their coverage matrix goes to disk strip by strip and is mapped. Memory is the
greatest amount of the process's own (anonymous) pages during the pass, which leaves out the mapped matrix, and before it.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from benchmarks import invest_cases as cases  # noqa: E402

YEAR = 2023
BLOCK = 20
ROWS = 64
"""Rows that a reader repeats."""
SERVICES = ("carbon_storage", "water_yield", "storm_retention", "water_conservation", "soil_retention", "carbon_sequestration")
RANGES = {
    "rain": (400, 1800), "et0": (600, 1300), "soil_depth": (200, 2000), "water_capacity": (0.05, 0.3), "aet": (200, 390),
    "erosivity": (500, 8000), "erodibility": (0.01, 0.06), "ls_factor": (0.1, 12), "ndvi": (0.1, 0.9),
}  # fmt: skip


class Repeated:
    """A layer of any height from a band of `ROWS` rows."""

    bands = 1

    def __init__(self, band: np.ndarray) -> None:
        self.band = band

    def read(self, row0: int, row1: int) -> np.ndarray:
        """Return rows row0..row1-1 as (1, rows, columns)."""
        return np.ascontiguousarray(self.band[np.arange(row0, row1) % ROWS])[None]


def layers(width: int) -> dict[str, Repeated]:
    """Return the layers of a grid of that width."""
    rng = np.random.default_rng(3)
    bands = {name: rng.uniform(*ends, (ROWS, width)).astype(np.float32) for name, ends in RANGES.items()}
    codes = rng.choice(cases.CODES, (ROWS // 4, width // 20 + 1)).astype(np.uint8)
    bands["land_cover"] = codes.repeat(4, 0).repeat(20, 1)[:, :width]
    bands["hydrologic_group"] = rng.integers(1, 5, (ROWS, width)).astype(np.uint8)
    return {name: Repeated(band) for name, band in bands.items()}


def mapped_blocks(folder: Path, size: int) -> Any:
    """Return the matrix of the parcels, mapped from disk."""
    import shapely

    from ecocomp.grid.coverage import cached_coverage
    from ecocomp.grid.georef import Grid

    grid = Grid("EPSG:4545", cases.WEST, cases.NORTH, cases.CELL_M, cases.CELL_M, size, size)
    n = size // BLOCK
    step = cases.CELL_M * BLOCK
    row, column = (v.reshape(-1) for v in np.indices((n, n)))
    west, north = grid.x0 + column * step, grid.y0 - row * step
    return cached_coverage(folder, f"blocks-{size}", shapely.box(west, north - step, west + step, north), grid)


class Watch:
    """The greatest amount of anonymous memory while a block runs [MiB]."""

    def __enter__(self) -> Watch:
        self.peak, self._going = anonymous_mib(), True
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()
        return self

    def _look(self) -> None:
        while self._going:
            self.peak = max(self.peak, anonymous_mib())
            time.sleep(0.02)

    def __exit__(self, *_: object) -> None:
        self._going = False
        self._thread.join()


def anonymous_mib() -> float:
    """Return the memory of the process's own pages [MiB]; 0 where the system does not say."""
    status = Path("/proc/self/status")
    found = [line.split()[1] for line in status.read_text().splitlines() if line.startswith("RssAnon")] if status.exists() else []
    return int(found[0]) / 1024 if found else 0.0


def one(size: int) -> dict[str, Any]:
    """Run the pass on a grid of size × size cells."""
    from ecocomp.services.engine import assess

    params = cases.rules(cases.service_rules())
    with tempfile.TemporaryDirectory() as folder:
        coverage = mapped_blocks(Path(folder), size)
        ids = [f"{i:08d}" for i in range(len(coverage))]
        given, before = layers(size), anonymous_mib()
        with Watch() as watch:
            wall, cpu = time.perf_counter(), time.process_time()
            assess(models=SERVICES, layers=given, grid=coverage.grid, coverage=coverage, parcel_ids=ids, params=params, year=YEAR)
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        matrix = sum(s.nbytes for s in coverage.strips) / 2**20
    return {
        "size": size, "cells": size * size, "parcels": len(ids), "cpu_s": cpu, "wall_s": wall, "before_mib": before,
        "peak_mib": watch.peak, "matrix_mib": matrix,
    }  # fmt: skip


def table(rows: list[dict[str, Any]]) -> str:
    """Return the figures as Markdown."""
    out = [
        "| million cells | parcels | CPU s | CPU ns per cell | per service and cell | own memory before, MiB | at most during, MiB"
        " | matrix on disk, MiB |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for r in rows:
        ns = r["cpu_s"] / r["cells"] * 1e9
        out.append(
            f"| {r['cells'] / 1e6:.0f} | {r['parcels']:,} | {r['cpu_s']:.2f} | {ns:.0f} | {ns / len(SERVICES):.0f}"
            f" | {r['before_mib']:.0f} | {r['peak_mib']:.0f} | {r['matrix_mib']:.0f} |"
        )
    return "\n".join(out)


def main(argv: list[str]) -> int:
    """Run every size in a process of its own and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 2000, 4000, 8000], help="rows and columns")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    chosen = parser.parse_args(argv)
    if chosen.one:
        one(200)
        print(json.dumps(one(chosen.one)))
        return 0
    rows = []
    for size in chosen.sizes:
        command = [sys.executable, str(HERE / "growth.py"), "--one", str(size)]
        said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
        rows.append(json.loads(said.splitlines()[-1]))
    print(table(rows))
    if chosen.json:
        chosen.json.write_text(json.dumps(rows, indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
