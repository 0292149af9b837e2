"""How cost and memory grow: six services with low, value and high, and their sums per parcel, on grids of 1 to 400 million cells.

Usage: ``python benchmarks/growth.py [--sizes 1000 2000 4000 8000] [--rows N] [--all] [--json FILE]``. A size is that of a
square; with ``--rows`` it is the width of a grid of so many rows. ``--all`` computes every service, from twelve bands where
a layer has months. Every size runs in a fresh process after a warm-up. Rasters are not held: a reader repeats a band of
rows as often as it is asked, so what is measured is the pass itself. Parcels are blocks of 20 × 20 cells; their coverage
matrix goes to disk strip by strip and is mapped. Memory is the greatest amount of the process's own (anonymous) pages
during the pass, which leaves out the mapped matrix, and before it.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from datetime import date, timedelta
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


MONTHLY = {
    "rain": (20, 180), "et0": (30, 150), "aet": (20, 60), "temperature": (-5, 28), "radiation": (8, 24), "humidity": (40, 90),
    "wind_speed": (1, 6), "ndvi": (0.1, 0.9), "fpar": (0.1, 0.9),
}  # fmt: skip
MORE = {
    "elevation": (200, 1500), "sand": (20, 50), "silt": (20, 40), "clay": (10, 30), "organic_matter": (0.5, 6), "caco3": (0, 10),
    "npp": (100, 900), "slope_degrees": (0, 35), "connectivity_index": (-8, 2), "sediment_trapped": (0, 2),
    "threat_distance": (0, 9000), "water_evaporation": (600, 1300), "lake_km2": (0.1, 9),
    "reservoir_capacity_m3_per_ha": (100, 900), "storm_rain_year_mm": (50, 400), "practice_factor": (0.2, 1),
}  # fmt: skip


class Repeated:
    """A layer of any height from a band of `ROWS` rows; further bands are the same."""

    def __init__(self, band: np.ndarray, bands: int = 1) -> None:
        self.band, self.bands = band, bands

    def read(self, row0: int, row1: int) -> np.ndarray:
        """Return rows row0..row1-1 as (bands, rows, columns)."""
        out = np.empty((self.bands, row1 - row0, self.band.shape[1]), self.band.dtype)
        out[:] = self.band[np.arange(row0, row1) % ROWS]
        return out


def layers(width: int, every: bool = False) -> dict[str, Repeated]:
    """Return the layers of a grid of that width; all there are, or those of `SERVICES`."""
    rng = np.random.default_rng(3)
    given = {**RANGES, **MORE, **MONTHLY} if every else RANGES
    bands = {name: rng.uniform(*ends, (ROWS, width)).astype(np.float32) for name, ends in given.items()}
    codes = rng.choice(cases.CODES, (ROWS // 4, width // 20 + 1)).astype(np.uint8)
    bands["land_cover"] = codes.repeat(4, 0).repeat(20, 1)[:, :width]
    bands["hydrologic_group"] = rng.integers(1, 5, (ROWS, width)).astype(np.uint8)
    return {name: Repeated(band, bands_of(name) if every else 1) for name, band in bands.items()}


def bands_of(name: str) -> int:
    """Return the bands of a layer where all services are computed."""
    from ecocomp.services.layers.threats import threats_of

    return len(threats_of(every_rule())) if name == "threat_distance" else 12 if name in MONTHLY else 1


def every_rule() -> Any:
    """Return the parameters of the sample county, laid over with those of the six services and emissions."""
    emissions = {
        "services.air.emission_t": dict.fromkeys(("so2", "nox", "dust"), 1e6),
        "services.water_purification.emission_t": dict.fromkeys(("cod", "nh3n", "tn", "tp"), 1e6),
    }
    return cases.rules({**cases.service_rules(), **emissions})


def wind(grid: Any) -> Any:
    """Return daily wind at two stations."""
    import pyarrow as pa

    from ecocomp.terms.tables import WIND

    days = [date(YEAR, 1, 1) + timedelta(d) for d in range(365)]
    rows = [
        {"station_id": f"s{k}", "x": grid.x0 + 3000.0 * k, "y": grid.y0, "date": day, "u10_m_s": 2.0 + (i * 7 + k) % 11,
         "temperature_c": 10.0, "snow_depth_mm": 0.0}
        for k in range(2) for i, day in enumerate(days)
    ]  # fmt: skip
    return WIND.table(pa.Table.from_pylist(rows, WIND.schema()).to_pydict())


def mapped_blocks(folder: Path, size: int, height: int) -> Any:
    """Return the matrix of the parcels, mapped from disk."""
    import shapely

    from ecocomp.grid.coverage import cached_coverage
    from ecocomp.grid.georef import Grid

    grid = Grid("EPSG:4545", cases.WEST, cases.NORTH, cases.CELL_M, cases.CELL_M, size, height)
    step = cases.CELL_M * BLOCK
    row, column = (v.reshape(-1) for v in np.indices((height // BLOCK, size // BLOCK)))
    west, north = grid.x0 + column * step, grid.y0 - row * step
    return cached_coverage(folder, f"blocks-{size}-{height}", shapely.box(west, north - step, west + step, north), grid)


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


def one(size: int, height: int, every: bool = False) -> dict[str, Any]:
    """Run the pass on a grid of `height` rows of `size` cells."""
    from ecocomp.registry import entries
    from ecocomp.services.engine import assess

    params = every_rule() if every else cases.rules(cases.service_rules())
    models = sorted(entries("services.models")) if every else SERVICES
    with tempfile.TemporaryDirectory() as folder:
        coverage = mapped_blocks(Path(folder), size, height)
        ids = [f"{i:08d}" for i in range(len(coverage))]
        given, before = layers(size, every), anonymous_mib()
        other: dict[str, Any] = {"wind": wind(coverage.grid)} if every else {}
        with Watch() as watch:
            wall, cpu = time.perf_counter(), time.process_time()
            found = assess(
                models=models,
                layers=given,
                grid=coverage.grid,
                coverage=coverage,
                parcel_ids=ids,
                params=params,
                year=YEAR,
                **other,
            )
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        matrix = sum(s.nbytes for s in coverage.strips) / 2**20
    first = found.service.slice(0, 1000 * len(found.service) // len(ids)).select(["service", "quantity"]).to_pylist()
    known = {row["service"] for row in first if row["quantity"] is not None}
    return {
        "size": size, "cells": size * height, "parcels": len(ids), "cpu_s": cpu, "wall_s": wall, "before_mib": before,
        "peak_mib": watch.peak, "matrix_mib": matrix, "services": len({name.partition(".")[0] for name in known}),
        "rows": len(found.service), "without": sorted({row["service"] for row in first} - known),
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
            f"| {r['cells'] / 1e6:.0f} | {r['parcels']:,} | {r['cpu_s']:.2f} | {ns:.0f} | {ns / r['services']:.0f}"
            f" | {r['before_mib']:.0f} | {r['peak_mib']:.0f} | {r['matrix_mib']:.0f} |"
        )
    return "\n".join(out)


def main(argv: list[str]) -> int:
    """Run every size in a process of its own and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 2000, 4000, 8000], help="rows and columns")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--rows", type=int, help="rows, where the grid is no square")
    parser.add_argument("--all", action="store_true", help="every service")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    chosen = parser.parse_args(argv)
    if chosen.one:
        one(200, 200, chosen.all)
        print(json.dumps(one(chosen.one, chosen.rows or chosen.one, chosen.all)))
        return 0
    rows = []
    for size in chosen.sizes:
        command = [sys.executable, str(HERE / "growth.py"), "--one", str(size), *(["--all"] if chosen.all else [])]
        command += ["--rows", str(chosen.rows)] if chosen.rows else []
        said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
        rows.append(json.loads(said.splitlines()[-1]))
    print(table(rows))
    if chosen.json:
        chosen.json.write_text(json.dumps(rows, indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
