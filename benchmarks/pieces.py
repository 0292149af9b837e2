"""Small kernels against peers in the same run: ellipsoidal area, Theil-Sen with Mann-Kendall.

    python benchmarks/pieces.py

Prints a Markdown table of CPU seconds and ratios.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pyproj
import shapely

from ecocomp.land.area import polygon_areas_m2
from ecocomp.monitoring.trend import trends

CGCS2000 = {"a": 6378137.0, "rf": 298.257222101}


def cpu_s(work: Callable[[], object], repeats: int = 3) -> float:
    """Return the least CPU seconds of several runs, after one that is not counted."""
    work()
    spent = []
    for _ in range(repeats):
        began = time.process_time()
        work()
        spent.append(time.process_time() - began)
    return min(spent)


def area() -> tuple[str, int, float, float]:
    """Ellipsoidal area of parcels against one geodesic call per polygon."""
    rng = np.random.default_rng(1)
    angle = np.linspace(0, 2 * np.pi, 15)[:-1]
    radius = 0.0005 * (1 + 0.3 * rng.random((20_000, 14)))
    centre = rng.uniform((100, 28), (104, 34), (20_000, 2))
    shapes = shapely.polygons(centre[:, None] + radius[..., None] * np.stack([np.cos(angle), np.sin(angle)], 1))
    geod = pyproj.Geod(**CGCS2000)
    ours = cpu_s(lambda: polygon_areas_m2(shapes))
    theirs = cpu_s(lambda: [geod.geometry_area_perimeter(s)[0] for s in shapes[:4000]], 1) * 5
    return "ellipsoidal area, 20,000 parcels, against pyproj", 20_000, ours, theirs


def trend() -> tuple[str, int, float, float]:
    """Slope and test statistic of 40,000 series of 24 years against all pairs in NumPy."""
    x = (np.random.default_rng(0).standard_normal((24, 40_000)) + np.arange(24)[:, None] * 0.05).astype(np.float32)
    i, j = np.triu_indices(24, 1)

    def pairs() -> object:
        y = np.ascontiguousarray(x.T)
        d = y[:, j] - y[:, i]
        return np.median(d / (j - i).astype(np.float32), axis=1), np.sign(d).sum(axis=1)

    return (
        "Theil-Sen + Mann-Kendall, 40,000 series of 24 years, against NumPy",
        40_000,
        cpu_s(lambda: trends(x, range(24))),
        cpu_s(pairs),
    )


def main() -> None:
    """Print the table."""
    print("| job | ecocomp, CPU s | peer, CPU s | ratio |")
    print("|---|---|---|---|")
    for title, _, ours, theirs in (area(), trend()):
        print(f"| {title} | {ours:.3f} | {theirs:.3f} | {theirs / ours:.1f} |")


if __name__ == "__main__":
    main()
