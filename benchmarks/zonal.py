"""Zonal means over many irregular parcels: the coverage matrix against exactextract, side by side in one run.

Both start from the same shapely geometries and the same arrays in memory. exactextract runs in each of its strategies
and the cheapest counts. Figures are CPU seconds of the whole process and wall seconds; the ratio is the peer's CPU
over ours. Compilation is shown on a line of its own.

    python benchmarks/zonal.py --parcels 20000 --json zonal.json
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from exactextract import exact_extract
from exactextract.feature import Feature, FeatureSource
from exactextract.raster import NumPyRasterSource

from ecocomp.grid import threads
from ecocomp.grid.coverage import Coverage, build_coverage, reduce_sums
from ecocomp.grid.georef import Grid

CELL_M = 30.0
STRATEGIES = ("feature-sequential", "raster-sequential")


def timed(work: Callable[[], Any], repeat: int = 1) -> tuple[Any, dict[str, float]]:
    """Return the last result and the least CPU and wall seconds of `repeat` runs."""
    runs, result = [], None
    for _ in range(repeat):
        wall, cpu = time.perf_counter(), time.process_time()
        result = work()
        runs.append((time.process_time() - cpu, time.perf_counter() - wall))
    return result, {"cpu_s": min(r[0] for r in runs), "wall_s": min(r[1] for r in runs)}


def parcels_and_grid(parcels: int, cells_per_parcel: float, seed: int) -> tuple[np.ndarray, Grid]:
    """Voronoi parcels, wholly on a grid, of about `cells_per_parcel` cells each, in the order of a curve as editions are."""
    side = int(np.sqrt(parcels * cells_per_parcel))
    grid = Grid("EPSG:4545", 400_000.0, 3_500_000.0, CELL_M, CELL_M, side, side)
    left, bottom, right, top = grid.bounds
    frame = shapely.box(left, bottom, right, top)
    points = np.random.default_rng(seed).uniform((left, bottom), (right, top), (parcels, 2))
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(points), extend_to=frame))
    cells = cells[shapely.contains_properly(frame, cells)]
    cells = cells[np.argsort(z_order(shapely.centroid(cells), grid), kind="stable")]
    # Decoded afresh, so that they lie in memory in their order, as a reader of an edition leaves them; both sides gain by it.
    return shapely.from_wkb(shapely.to_wkb(cells)), grid


def z_order(points: np.ndarray, grid: Grid) -> np.ndarray:
    """Place of each point on a Z-curve over the grid (a stand-in for the Hilbert order in which editions are stored)."""
    column, row = grid.to_pixels(shapely.get_x(points), shapely.get_y(points))
    bits = np.arange(16, dtype=np.int64)
    east, south = (v.astype(np.int64)[:, None] >> bits & 1 for v in (column, row))
    return ((east << 2 * bits) + (south << 2 * bits + 1)).sum(axis=1)


def layer(grid: Grid, k: int) -> np.ndarray:
    """A smooth field with some noise, float32 (rows, columns)."""
    rng = np.random.default_rng(k)
    waves = np.add.outer(np.sin(np.arange(grid.height) / 97 + k), np.cos(np.arange(grid.width) / 131))
    return (waves * 100 + 300 + rng.random(grid.shape) * 20).astype(np.float32)


def our_means(coverage: Coverage, layers: list[np.ndarray]) -> np.ndarray:
    """Means (parcels, layers) from a matrix that stands."""
    total, weight = (np.zeros((len(coverage), len(layers))) for _ in range(2))
    for strip in coverage.strips:
        values = np.stack([a[strip.rows] for a in layers]) if len(layers) > 1 else layers[0][strip.rows]
        reduce_sums(strip, values, total, weight)
    return total / weight


class WkbFeature(Feature):  # type: ignore[misc]
    """One parcel handed over as WKB, the peer's quickest way in."""

    def __init__(self, wkb: bytes | None = None) -> None:
        super().__init__()
        self.wkb, self.found = wkb, {}

    def geometry(self) -> bytes | None:
        return self.wkb

    def set(self, name: str, value: Any) -> None:
        self.found[name] = value

    def get(self, name: str) -> Any:
        return self.found[name]

    def fields(self) -> list[str]:
        return list(self.found)


class WkbSource(FeatureSource):  # type: ignore[misc]
    """Parcels from shapely geometries."""

    def __init__(self, geometries: np.ndarray) -> None:
        super().__init__()
        self.wkb = shapely.to_wkb(geometries)

    def count(self) -> int:
        return len(self.wkb)

    def __iter__(self) -> Iterator[WkbFeature]:
        return map(WkbFeature, self.wkb)

    def srs_wkt(self) -> None:
        return None


def peer_means(geometries: np.ndarray, grid: Grid, layers: list[np.ndarray], strategy: str) -> np.ndarray:
    """Means (parcels, layers) from exactextract in one call."""
    left, bottom, right, top = grid.bounds
    rasters = [NumPyRasterSource(a, left, bottom, right, top, name=f"b{k}") for k, a in enumerate(layers)]
    found = exact_extract(rasters, WkbSource(geometries), ["mean"], strategy=strategy)
    names = ["mean"] if len(layers) == 1 else [f"b{k}_mean" for k in range(len(layers))]
    return np.array([[f["properties"][name] for name in names] for f in found])


def warm_up() -> dict[str, float]:
    """Compile (or load) everything on a handful of parcels."""
    geometries, grid = parcels_and_grid(50, 100, 0)

    def work() -> None:
        our_means(build_coverage(geometries, grid), [layer(grid, 0)])

    return timed(work)[1]


def run(parcels: int, cells_per_parcel: float, further: int, seed: int) -> dict[str, Any]:
    """Time both on the same parcels and layers and compare the means."""
    first_call = warm_up()
    geometries, grid = parcels_and_grid(parcels, cells_per_parcel, seed)
    layers = [layer(grid, k) for k in range(1 + further)]
    coverage, build = timed(lambda: build_coverage(geometries, grid), 2)
    ours, one = timed(lambda: our_means(coverage, layers[:1]), 3)
    many_ours, many = timed(lambda: our_means(coverage, layers), 2)
    peers = {s: timed(lambda s=s: peer_means(geometries, grid, layers[:1], s)) for s in STRATEGIES}
    best = min(STRATEGIES, key=lambda s: peers[s][1]["cpu_s"])
    theirs, peer_one = peers[best]
    many_theirs, peer_many = timed(lambda: peer_means(geometries, grid, layers, best))
    rows = [
        line("build and first layer", {k: build[k] + one[k] for k in build}, peer_one),
        line("each further layer", each(many, one, further), each(peer_many, peer_one, further)),
        line(f"build and {1 + further} layers", {k: build[k] + many[k] for k in build}, peer_many),
    ]
    difference = max(np.max(np.abs(a / b - 1)) for a, b in ((ours, theirs), (many_ours, many_theirs)))
    return {
        "parcels": len(geometries),
        "grid": list(grid.shape),
        "entries": coverage.entries,
        "matrix_mib": sum(s.nbytes for s in coverage.strips) / 2**20,
        "threads": threads.count(),
        "load_average": os.getloadavg()[0],
        "machine": f"{platform.machine()} {os.cpu_count()} cores, Python {platform.python_version()}",
        "first_call": first_call,
        "build": build,
        "product": one,
        "peer_strategy": best,
        "peer": {s: peers[s][1] for s in STRATEGIES},
        "largest_relative_difference": float(difference),
        "rows": rows,
    }


def each(many: dict[str, float], one: dict[str, float], further: int) -> dict[str, float]:
    """Seconds of one layer more."""
    return {k: (many[k] - one[k]) / further for k in many}


def line(name: str, ours: dict[str, float], peer: dict[str, float]) -> dict[str, Any]:
    """One line of the table, with the ratio peer / ours."""
    ratio = {f"ratio_{k[:-2]}": peer[k] / max(ours[k], 1e-9) for k in ours}
    return {"job": name, "ours": ours, "peer": peer, **ratio}


def table(result: dict[str, Any]) -> str:
    """The result as a Markdown table."""
    head = [
        f"{result['parcels']:,} parcels, grid {result['grid'][0]} × {result['grid'][1]}, {result['entries'] / 1e6:.1f} M entries"
        f" ({result['matrix_mib']:.0f} MiB), {result['threads']} threads, {result['machine']},"
        f" load {result['load_average']:.1f}; exactextract: {result['peer_strategy']};"
        f" means within {result['largest_relative_difference']:.1e}; first call {result['first_call']['wall_s']:.1f} s.",
        "",
        "| job | ours, CPU s | peer, CPU s | ratio | ours, wall s | peer, wall s | ratio |",
        "|---|---|---|---|---|---|---|",
    ]
    return "\n".join([*head, *(_row(row) for row in result["rows"])])


def _row(row: dict[str, Any]) -> str:
    ours, peer = row["ours"], row["peer"]
    cpu = f"{ours['cpu_s']:.3f} | {peer['cpu_s']:.2f} | {row['ratio_cpu']:.1f}×"
    wall = f"{ours['wall_s']:.3f} | {peer['wall_s']:.2f} | {row['ratio_wall']:.1f}×"
    return f"| {row['job']} | {cpu} | {wall} |"


def main() -> None:
    """Run, print the table, and write the figures where asked."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--parcels", type=int, default=20_000)
    options.add_argument("--cells-per-parcel", type=float, default=100.0)
    options.add_argument("--layers", type=int, default=7, help="further layers")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--json", type=Path, help="write the figures here")
    chosen = options.parse_args()
    result = run(chosen.parcels, chosen.cells_per_parcel, chosen.layers, chosen.seed)
    print(table(result))
    if chosen.json:
        chosen.json.write_text(json.dumps(result, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
