"""Fused services: one pass with sums per parcel, against the same formulas in plain NumPy with `bincount`, in one run.

Usage: ``python benchmarks/fused.py [--size 1500] [--repeats 3] [--json FILE]``. Both sides hold all layers in memory, take
the same parameters and give low, value and high of every service for every parcel. The parcels are blocks of whole cells,
so that labels of cells, which is all `bincount` can use, mean the same as the coverage matrix. CPU seconds count all
threads; on a shared machine they are the steadier figure.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

SERVICES = ("carbon_sequestration", "sand_fixation", "soil_retention", "water_conservation")
YEAR = 2023
BLOCK = 9
"""Rows and columns of a parcel."""


class InMemory:
    """A layer held in memory, read by strips."""

    def __init__(self, array: np.ndarray) -> None:
        self.array = array
        self.bands = array.shape[0]

    def read(self, row0: int, row1: int) -> np.ndarray:
        return self.array[:, row0:row1]


@dataclass
class Scene:
    """Everything both sides need."""

    grid: Any
    layers: dict[str, np.ndarray]
    wind: Any
    params: Any
    coverage: Any
    labels: np.ndarray
    parcels: int


def make_scene(size: int, seed: int = 5) -> Scene:
    """Return an invented county of size × size cells of 30 m with blocks of 9 × 9 cells as parcels."""
    import shapely

    from ecocomp.grid.coverage import build_coverage
    from ecocomp.grid.georef import Grid
    from ecocomp.rules import RuleBook, policy_folder

    size -= size % BLOCK
    grid = Grid("EPSG:4545", 500_000.0, 3_300_000.0, 30.0, 30.0, size, size)
    book, _ = RuleBook.read([policy_folder()])
    params = book.resolve("990121", date(YEAR, 12, 31), date(YEAR + 1, 12, 31))
    n = size // BLOCK
    row, column = (v.reshape(-1) for v in np.indices((n, n)))
    step = 30.0 * BLOCK
    west, north = grid.x0 + column * step, grid.y0 - row * step
    coverage = build_coverage(shapely.box(west, north - step, west + step, north), grid)
    labels = (np.arange(size)[:, None] // BLOCK * n + np.arange(size)[None] // BLOCK).reshape(-1)
    return Scene(grid, make_layers(grid, params, seed), make_wind(grid, seed), params, coverage, labels, n * n)


def make_layers(grid: Any, params: Any, seed: int) -> dict[str, np.ndarray]:
    """Return layers with patches and noise, (bands, rows, columns)."""
    from ecocomp.services.layers.terrain import terrain_layers

    rng = np.random.default_rng(seed)
    h, w = grid.shape

    def smooth(low: float, high: float, bands: int = 1) -> np.ndarray:
        coarse = rng.random((bands, h // 50 + 1, w // 50 + 1)).repeat(50, 1).repeat(50, 2)[:, :h, :w]
        return (low + (high - low) * (0.8 * coarse + 0.2 * rng.random((bands, h, w)))).astype(np.float32)

    hills = 900 + 250 * np.sin(np.arange(w) / 97.0)[None] * np.cos(np.arange(h) / 71.0)[:, None]
    layers = {
        "rain": smooth(5, 220, 12), "aet": smooth(10, 95, 12), "ndvi": smooth(0.1, 0.9, 12), "sand": smooth(25, 65),
        "silt": smooth(15, 35), "clay": smooth(8, 30), "organic_matter": smooth(0.5, 4),
        "elevation": (hills[None] + smooth(-3, 3)).astype(np.float32),
        "land_cover": rng.choice([11, 12, 13, 21, 32, 33, 41, 51, 52, 61, 82], (1, h // 20 + 1, w // 20 + 1)).astype(np.uint8)
        .repeat(20, 1).repeat(20, 2)[:, :h, :w].copy(),
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        made = terrain_layers(InMemory(layers["elevation"]), grid, folder, params)
        for name in ("ls_factor", "slope_degrees"):
            layers[name] = made[name].read(0, h).copy()
    return layers


def make_wind(grid: Any, seed: int) -> Any:
    """Return a year of daily wind at four stations."""
    from ecocomp.terms import tables

    rng = np.random.default_rng(seed)
    w, e = grid.bounds[0], grid.bounds[2]
    s, n = grid.bounds[1], grid.bounds[3]
    places = [(w, n), (e, n), (w, s), (0.5 * (w + e), 0.5 * (s + n))]
    rows = [
        {"station_id": f"S{k}", "x": x, "y": y, "date": date(YEAR, 1, 1) + timedelta(day), "u10_m_s": float(rng.gamma(4.0, 1.3)),
         "temperature_c": float(12 - 11 * np.cos(day / 58.0)), "snow_depth_mm": 0.0}
        for k, (x, y) in enumerate(places) for day in range(365)
    ]  # fmt: skip
    return tables.WIND.table(rows)


# ---------------------------------------------------------------- the same formulas in NumPy
def numpy_services(scene: Scene) -> dict[str, np.ndarray]:
    """Return every service per hectare, (3, rows, columns): low, value, high."""
    return {
        "water_conservation": numpy_water(scene), "soil_retention": numpy_soil(scene),
        "sand_fixation": numpy_sand(scene), "carbon_sequestration": numpy_carbon(scene),
    }  # fmt: skip


def numpy_water(scene: Scene) -> np.ndarray:
    from ecocomp.services.site import class_map, corners, lookup, table_corners

    p, x = scene.params, scene.layers
    alpha = lookup(table_corners(p, "services.water.runoff_coefficient", -1), class_map(p, "services.water.class_map"), -1)
    factor = corners(p, "services.water.aet_factor", -1)
    rain, aet, code = x["rain"].sum(0), x["aet"].sum(0), x["land_cover"][0]
    return np.stack([10.0 * (rain - alpha[k][code] * rain - factor[k] * aet) for k in range(3)])


def numpy_cover(scene: Scene, ndvi: np.ndarray, k: int) -> np.ndarray:
    from ecocomp.services.site import corners

    bare, full = (float(corners(scene.params, f"services.cover.{n}", -1)[k]) for n in ("ndvi_bare", "ndvi_full"))
    return np.clip((ndvi - bare) / (full - bare), 0.0, 1.0)


def numpy_soil(scene: Scene) -> np.ndarray:
    from ecocomp.services.site import class_map, corners, table_corners

    p, x = scene.params, scene.layers
    total = x["rain"].sum(0)
    r = 17.02 * (1.735 * 10.0 ** (1.5 * np.log10(x["rain"] ** 2 / total) - 0.8188)).sum(0)
    sand, silt, clay, carbon = x["sand"][0], x["silt"][0], x["clay"][0], x["organic_matter"][0] / 1.724
    sn1 = 1.0 - sand / 100.0
    epic = (
        (0.2 + 0.3 * np.exp(-0.0256 * sand * (1.0 - silt / 100.0))) * (silt / (clay + silt)) ** 0.3
        * (1.0 - 0.25 * carbon / (carbon + np.exp(3.72 - 2.95 * carbon))) * (1.0 - 0.7 * sn1 / (sn1 + np.exp(-5.51 + 22.9 * sn1)))
    )  # fmt: skip
    k_soil = np.maximum((-0.01383 + 0.51575 * epic) * 0.1317, 0.0)
    months = [int(m) - 1 for m in p.items("services.cover.season_months")]
    green, code = x["ndvi"][months].max(0), x["land_cover"][0]
    rows, classes = table_corners(p, "services.soil.cover_factor", -1), class_map(p, "services.soil.cover_class_map")
    scale = corners(p, "services.soil.erosivity_factor", 1) * corners(p, "services.soil.erodibility_factor", 1)
    out = []
    for k in range(3):
        cover = numpy_cover(scene, green, k)
        step = np.digitize(cover * 100.0, [10, 30, 50, 70, 90])
        table = np.full((256, 6), np.nan)
        for c, (name, *_) in classes.items():
            for j, low in enumerate((0, 10, 30, 50, 70, 90)):
                table[c, j] = rows.get(f"{name} {low}", rows.get(f"{name} 0", [-1.0] * 3))[k]
        c_factor = table[code, step]
        crop = np.clip(0.221 - 0.595 * np.log10(np.maximum(cover, 1e-30)), 0.0, 1.0)
        c_factor = np.where(c_factor < 0, crop, c_factor)
        out.append(scale[k] * r * k_soil * x["ls_factor"][0] * (1.0 - c_factor))
    return np.stack(out)


def numpy_sand(scene: Scene) -> np.ndarray:
    from ecocomp.services.factors.wind import air_density_part
    from ecocomp.services.models.sand_fixation import station_weather
    from ecocomp.services.site import Site, class_map, corners, lookup, table_corners

    p, x, grid = scene.params, scene.layers, scene.grid
    site = Site(p, {}, grid, YEAR, scene.wind)
    days = [float(v) for v in p.table("services.sand.rain_day_share").values()]
    radiation = {m: float(v) for m, v in enumerate(p.table("services.sand.radiation_mj_m2_day").values())}
    st = station_weather(site, p.number("services.sand.threshold_m_s"), p.number("services.sand.snow_cover_mm"), radiation)
    a = lookup(table_corners(p, "services.sand.cover_coefficient", 1), class_map(p, "services.sand.cover_class_map"), 1)
    scale, z = corners(p, "services.sand.weather_factor", 1), p.number("services.sand.z_m")
    sand, silt, clay, om = x["sand"][0], x["silt"][0], x["clay"][0], x["organic_matter"][0]
    ef = np.clip((29.09 + 0.31 * sand + 0.17 * silt + 0.33 * sand / clay - 2.59 * om) / 100.0, 0.0, 1.0)
    km = x["elevation"][0] / 1000.0
    base = ef / (1.0 + 0.0066 * clay**2 + 0.021 * om**2) * np.cos(np.radians(x["slope_degrees"][0]))
    base = base * air_density_part.py_func(km)
    east, north = np.arange(grid.width) + 0.5, np.arange(grid.height) + 0.5
    column, row = grid.to_pixels(st.x, st.y)
    d2 = [
        np.maximum(((c - east) * grid.dx)[None] ** 2 + ((r - north) * grid.dy)[:, None] ** 2, 0.25 * grid.dx**2)
        for c, r in zip(column, row, strict=True)
    ]
    near = [(1.0 / d).astype(np.float32) for d in d2]
    whole = np.sum(near, axis=0)
    near = [w / whole for w in near]
    out = np.zeros((3, *grid.shape))
    for m in range(12):
        gust = sum(w * np.float32(v) for w, v in zip(near, st.gust[:, m], strict=True))
        dry = sum(w * np.float32(v) for w, v in zip(near, st.evaporation[:, m], strict=True))
        wet = np.maximum((dry - x["rain"][m] * np.float32(days[m])) / dry, 0.0)
        for k in range(3):
            force = np.float32(scale[k]) * gust * wet * base
            plants = np.exp(-a[k].astype(np.float32)[x["land_cover"][0]] * 100.0 * numpy_cover(scene, x["ndvi"][m], k))
            out[k] += 10.0 * (numpy_loss(force, z) - numpy_loss(force * plants, z))
    return out


def numpy_loss(x: np.ndarray, z: float) -> np.ndarray:
    s = 150.71 * np.maximum(x, 1e-30) ** -0.3711
    return 2.0 * z / s**2 * 109.8 * x * np.exp(-((z / s) ** 2))


def numpy_carbon(scene: Scene) -> np.ndarray:
    from ecocomp.services.site import table_corners

    table = np.full((3, 256), np.nan)
    for code, ends in table_corners(scene.params, "services.carbon.rate_t_co2_per_ha_a", 1).items():
        table[:, int(code)] = ends
    return table[:, scene.layers["land_cover"][0]]


def numpy_sums(scene: Scene) -> dict[str, np.ndarray]:
    """Return (3, parcels) of every service by `bincount`."""
    area_ha = scene.grid.dx * scene.grid.dy / 1e4
    made = numpy_services(scene)
    return {
        id: np.stack([np.bincount(scene.labels, np.nan_to_num(v.reshape(-1)) * area_ha, scene.parcels) for v in made[id]])
        for id in made
    }


def our_table(scene: Scene) -> Any:
    """Return the service table of the fused pass."""
    from ecocomp.services.engine import assess

    layers = {name: InMemory(array) for name, array in scene.layers.items()}
    ids = [f"{i:07d}" for i in range(scene.parcels)]
    return assess(
        models=SERVICES, layers=layers, grid=scene.grid, coverage=scene.coverage, parcel_ids=ids, params=scene.params,
        year=YEAR, wind=scene.wind,
    ).service  # fmt: skip


def worst_difference(ours: Any, theirs: dict[str, np.ndarray]) -> dict[str, float]:
    """Return the largest difference per service, relative to the county's mean quantity of a parcel."""
    names = np.array(ours["service"].to_pylist())
    out = {}
    for id, sums in theirs.items():
        mine = np.array([v or 0.0 for v in ours["quantity"].to_pylist()])[names == id]
        out[id] = float(np.max(np.abs(mine - sums[1])) / np.mean(np.abs(sums[1])))
    return out


def timed(work: Callable[[], Any], repeats: int) -> tuple[float, float, Any]:
    """Return the median wall and CPU seconds after one run to warm up, and the last result."""
    result = work()
    wall, cpu = [], []
    for _ in range(repeats):
        a, b = time.perf_counter(), time.process_time()
        result = work()
        wall.append(time.perf_counter() - a)
        cpu.append(time.process_time() - b)
    return statistics.median(wall), statistics.median(cpu), result


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=1500, help="rows and columns")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(argv)
    scene = make_scene(options.size)
    begin = time.perf_counter()
    our_table(scene)
    first = time.perf_counter() - begin
    ours = timed(lambda: our_table(scene), options.repeats)
    theirs = timed(lambda: numpy_sums(scene), max(1, options.repeats // 2))
    cells = scene.grid.width * scene.grid.height
    report = {
        "cells": cells, "parcels": scene.parcels, "services": len(SERVICES), "first_call_s": first,
        "fused": {"wall_s": ours[0], "cpu_s": ours[1], "ns_cpu_per_cell": ours[1] / cells * 1e9},
        "numpy": {"wall_s": theirs[0], "cpu_s": theirs[1], "ns_cpu_per_cell": theirs[1] / cells * 1e9},
        "ratio": {"wall": theirs[0] / ours[0], "cpu": theirs[1] / ours[1]},
        "worst_relative_difference": worst_difference(ours[2], theirs[2]),
    }  # fmt: skip
    print(markdown(report))
    if options.json:
        options.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return 0


def markdown(report: dict[str, Any]) -> str:
    lines = [
        f"{report['cells']:,} cells, {report['parcels']:,} parcels, {report['services']} services × (low, value, high)",
        "", "| | wall s | CPU s | CPU ns/cell |", "|---|---|---|---|",
    ]  # fmt: skip
    for name in ("fused", "numpy"):
        r = report[name]
        lines.append(f"| {name} | {r['wall_s']:.3f} | {r['cpu_s']:.3f} | {r['ns_cpu_per_cell']:.0f} |")
    lines.append(f"| ratio | {report['ratio']['wall']:.1f}× | {report['ratio']['cpu']:.1f}× | |")
    worst = max(report["worst_relative_difference"].values())
    return "\n".join([*lines, "", f"first call {report['first_call_s']:.1f} s; largest difference {worst:.1e} of a mean parcel"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
