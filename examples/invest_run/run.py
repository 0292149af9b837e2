"""Reproduce an InVEST run with ecocomp: `python examples/invest_run/run.py OUT`.

For researchers who have InVEST tables. The tables in `tables/` have InVEST's own columns; one more table says which
ecosystem code stands for each lucode. The script turns them into dated rules, makes a small landscape, assesses it as
`ecocomp assess OUT/case --rasters` would, and, where ECOCOMP_PEERS names an interpreter that has natcap.invest, runs
InVEST on the same rasters and tables and prints how far the two differ, cell by cell.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent
JOB = HERE.parents[1] / "benchmarks" / "invest_job.py"
CELL_M, WEST, NORTH, CRS = 30.0, 500_000.0, 3_300_000.0, "EPSG:4545"
SHAPE = (120, 100)
Z, HALF_SATURATION, STREAM_CELLS = 8.0, 0.3, 60
IC0, K, SDR_MAX, L_MAX = 0.5, 2.0, 0.8, 122.0
Rows = dict[str, dict[str, str]]
MODELS = ("carbon", "annual_water_yield", "habitat_quality", "sdr.sdr")

CASE = """# An InVEST run: one box as the only polygon, rasters of an invented landscape.
[case]
name_zh = "重现一次 InVEST 运行（虚构地景）"
name_en = "An InVEST run reproduced (invented landscape)"
place = "INVEST-RUN"
years = [2020]
known_on = "2026-06-30"
purpose = "assess"
invented = true
services = ["carbon_storage", "water_yield", "habitat_quality", "soil_retention", "sediment_delivery"]
[survey]
file = "inputs/box.gpkg"
parcel_id = "name"
[rules]
folders = ["rules"]
"""
UNITS = {"elevation": "m", "rain": "mm", "et0": "mm", "soil_depth": "mm"}


def table(name: str, key: str = "lucode") -> Rows:
    """Return a CSV table of `tables/` by its first column."""
    with (HERE / "tables" / f"{name}.csv").open(encoding="utf-8-sig") as stream:
        return {row[key]: row for row in csv.DictReader(stream)}


# ---------------------------------------------------------------- tables to rules
def rules_of_tables() -> dict[str, tuple[str, str, Any]]:
    """Return key → (unit, table it comes from, value) for everything the InVEST tables and arguments say."""
    code = {lucode: row["ecosystem"] for lucode, row in table("classes").items()}
    growth, habitat, threats = table("biophysical"), table("sensitivity"), table("threats", "threat")

    def column(rows: Rows, name: str) -> dict[str, float]:
        return {code[lucode]: float(row[name]) for lucode, row in rows.items()}

    pools = {
        f"services.carbon.pool_{p}_t_c_per_ha": ("t C/ha", "carbon_pools.csv", column(table("carbon_pools"), f"c_{p}"))
        for p in ("above", "below", "soil", "dead")
    }
    water = {
        "services.water_yield.kc": ("1", "biophysical.csv", column(growth, "kc")),
        "services.water_yield.root_depth_mm": ("mm", "biophysical.csv", column(growth, "root_depth")),
        "services.water_yield.vegetated": ("1", "biophysical.csv", column(growth, "lulc_veg")),
        "services.water_yield.z": ("1", "argument seasonality_constant", Z),
    }
    names = [f"{t} {row['decay']} {' '.join(code[c] for c in row['lucodes'].split())}" for t, row in threats.items()]
    feel = {f"{code[lucode]} {t}": float(row[t]) for lucode, row in habitat.items() for t in threats}
    life = {
        "services.habitat.threats": ("-", "threats.csv", names),
        "services.habitat.weight": ("1", "threats.csv", {t: float(row["weight"]) for t, row in threats.items()}),
        "services.habitat.max_distance_km": ("km", "threats.csv", {t: float(row["max_dist"]) / 1000 for t, row in threats.items()}),
        "services.habitat.suitability": ("1", "sensitivity.csv", column(habitat, "habitat")),
        "services.habitat.sensitivity": ("1", "sensitivity.csv", feel),
        "services.habitat.half_saturation": ("1", "argument half_saturation_constant", HALF_SATURATION),
    }
    # C by class alone, as InVEST has it: a row for each ecosystem that holds from 0 % cover on.
    sediment = {
        "services.soil.method": ("-", "InVEST takes R·K·LS·C·P", "RUSLE"),
        "services.soil.ls_method": ("-", "InVEST's form of LS", "INVEST"),
        "services.soil.flow_method": ("-", "argument flow_dir_algorithm", "D8"),
        "services.soil.l_max": ("1", "argument l_max", L_MAX),
        "services.soil.cover_method": ("-", "InVEST takes C from its table", "class_table"),
        "services.soil.cover_factor": ("1", "biophysical.csv", {f"c{k} 0": v for k, v in column(growth, "usle_c").items()}),
        "services.soil.cover_class_map": ("-", "biophysical.csv", [f"{k} c{k}" for k in code.values()]),
        "services.soil.practice_factor": ("1", "biophysical.csv", column(growth, "usle_p")),
        "services.soil.erosivity_factor": ("1", "no error of R in InVEST", 1),
        "services.soil.erodibility_factor": ("1", "no error of K in InVEST", 1),
        "services.sediment.routing": ("-", "argument flow_dir_algorithm", "D8"),
        "services.sediment.path_form": ("-", "InVEST's form of the path", "invest_steps"),
        # With D8 InVEST's streams begin above the threshold, ours at it.
        "services.sediment.stream_ha": ("ha", "argument threshold_flow_accumulation", (STREAM_CELLS + 0.5) * CELL_M**2 / 1e4),
        "services.sediment.ic0": ("1", "argument ic_0_param", IC0),
        "services.sediment.k": ("1", "argument k_param", K),
        "services.sediment.sdr_max": ("1", "argument sdr_max", SDR_MAX),
    }
    return {**pools, **water, **life, **sediment}


def write_rules(folder: Path) -> None:
    """Write the rules as a place of their own; JSON is YAML too, so values need no other notation."""
    words = "{zh: InVEST 运行, en: an InVEST run}"
    lines = ["# Made from the InVEST tables by examples/invest_run/run.py.", "parameters:"]
    for key, (unit, source, value) in rules_of_tables().items():
        kind = {dict: "table", list: "list", str: "text"}.get(type(value), "number")
        lines += [
            f"  - key: {key}",
            f"    name: {words}",
            f"    unit: {json.dumps(unit, ensure_ascii=False)}",
            f"    kind: {kind}",
            "    values:",
            f"      - value: {json.dumps(value, ensure_ascii=False)}",
            f"        document: {json.dumps(f'InVEST run: {source}', ensure_ascii=False)}",
            "        confidence: D",
        ]
    place = folder / "INVEST-RUN" / "services"
    place.mkdir(parents=True, exist_ok=True)
    (place / "from_invest.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    text = f"places:\n  INVEST-RUN: {{name: {words}, above: science, invented: true}}\n"
    (folder / "places.yaml").write_text(text, encoding="utf-8")


# ---------------------------------------------------------------- the landscape
def landscape() -> dict[str, np.ndarray]:
    """Return an invented landscape on both sides of a divide: lucodes in patches, heights, climate, soil; always the same."""
    rng = np.random.default_rng(2020)
    rows, columns = SHAPE
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float64)
    lucode = rng.choice([1, 1, 1, 2, 3, 4, 5, 6], (rows // 10, columns // 10)).repeat(10, 0).repeat(10, 1).astype(np.uint8)
    off = np.abs(y - rows / 2 + 0.5)  # a divide across the middle: water runs north and south
    heights = 900 - 6.0 * off + 40 * np.cos(2 * np.pi * x / 30) * (0.3 + off / rows) + 1.5 * rng.random(SHAPE)
    fields = {
        "elevation": heights,
        "rain": 1100 + 4 * y,
        "et0": 950 - 2 * y + x,
        "soil_depth": 400 + 900 * rng.random(SHAPE),
        "water_capacity": 0.08 + 0.12 * rng.random(SHAPE),
        "erosivity": 3000 + 10 * x,
        "erodibility": 0.02 + 0.02 * rng.random(SHAPE),
    }
    return {"lucode": lucode, **{name: values.astype(np.float32) for name, values in fields.items()}}


def write_case(folder: Path, land: Mapping[str, np.ndarray]) -> None:
    """Write rasters, the box, the rules and case.toml. The lucodes become ecosystem codes."""
    import rasterio
    from rasterio.transform import from_origin

    inputs = folder / "inputs"
    inputs.mkdir(parents=True, exist_ok=True)
    to_code = np.zeros(256, np.uint8)
    for lucode, row in table("classes").items():
        to_code[int(lucode)] = int(row["ecosystem"])
    layers = {k: v for k, v in land.items() if k != "lucode"} | {"land_cover": to_code[land["lucode"]]}
    layers["ndvi"] = np.full(SHAPE, 0.5, np.float32)  # asked for by our cover factor; a table that starts at 0 % ignores it
    profile = {"driver": "GTiff", "count": 1, "height": SHAPE[0], "width": SHAPE[1], "crs": CRS}
    profile |= {"transform": from_origin(WEST, NORTH, CELL_M, CELL_M)}
    toml = CASE
    for name, values in layers.items():
        nodata = 0 if values.dtype == np.uint8 else float("nan")
        with rasterio.open(inputs / f"{name}.tif", "w", **profile, dtype=values.dtype.name, nodata=nodata) as file:
            file.write(values, 1)
        toml += f'[layers.{name}]\nfile = "inputs/{name}.tif"\n' + (f'unit = "{UNITS[name]}"\n' if name in UNITS else "")
    _write_box(inputs / "box.gpkg")
    write_rules(folder / "rules")
    (folder / "case.toml").write_text(toml, encoding="utf-8")


def _write_box(path: Path) -> None:
    import pyogrio.raw
    import shapely

    box = shapely.box(WEST, NORTH - SHAPE[0] * CELL_M, WEST + SHAPE[1] * CELL_M, NORTH)
    path.unlink(missing_ok=True)
    pyogrio.raw.write(
        path, shapely.to_wkb([box]), [np.array(["box"], object)], ["name"],
        layer="box", driver="GPKG", geometry_type="Polygon", crs=CRS,
    )  # fmt: skip


# ---------------------------------------------------------------- InVEST on the same numbers
def jobs(land: Mapping[str, np.ndarray]) -> dict[str, dict[str, Any]]:
    """Return the four jobs for `benchmarks/invest_job.py`: InVEST's own tables, its arguments, and what to take."""
    text = {p.stem: p.read_text(encoding="utf-8") for p in sorted((HERE / "tables").glob("*.csv"))}
    threats = table("threats", "threat")
    rows = "".join(f"{t},{r['max_dist']},{r['weight']},{r['decay']},@raster {t}\n" for t, r in threats.items())
    where = {t: np.isin(land["lucode"], [int(c) for c in r["lucodes"].split()]).astype(np.uint8) for t, r in threats.items()}
    rows = "threat,max_dist,weight,decay,cur_path\n" + rows
    layers = dict(land)
    made: dict[str, dict[str, Any]] = {
        "carbon": {
            "args": {
                "lulc_bas_path": "@raster lucode", "carbon_pools_path": "@table carbon_pools", "calc_sequestration": False,
                "do_valuation": False,
            },
            "take": {"c_storage_bas": "carbon_storage"},
        },
        "annual_water_yield": {
            "args": {
                "lulc_path": "@raster lucode", "depth_to_root_rest_layer_path": "@raster soil_depth",
                "precipitation_path": "@raster rain", "pawc_path": "@raster water_capacity", "eto_path": "@raster et0",
                "watersheds_path": "@watersheds", "biophysical_table_path": "@table biophysical", "seasonality_constant": Z,
            },
            "take": {"wyield": "water_yield"},
        },
        "habitat_quality": {
            "args": {
                "lulc_cur_path": "@raster lucode", "threats_table_path": "@table threats",
                "sensitivity_table_path": "@table sensitivity", "half_saturation_constant": HALF_SATURATION,
            },
            "take": {"quality_c": "habitat_quality"},
        },
        "sdr.sdr": {
            "args": {
                "dem_path": "@raster elevation", "erosivity_path": "@raster erosivity", "erodibility_path": "@raster erodibility",
                "lulc_path": "@raster lucode", "watersheds_path": "@watersheds", "biophysical_table_path": "@table biophysical",
                "threshold_flow_accumulation": STREAM_CELLS, "k_param": K, "sdr_max": SDR_MAX, "ic_0_param": IC0, "l_max": L_MAX,
                "flow_dir_algorithm": "d8",
            },
            "take": {"avoided_erosion": "soil_retention", "avoided_export": "sediment_delivery", "stream": "stream"},
        },
    }  # fmt: skip
    for model, job in made.items():
        job |= {"model": model, "tables": {**text, "threats": rows}, "cell_m": CELL_M, "watersheds": 1, "nodata": {"lucode": 255}}
        job["layers"] = {**layers, **(where if model == "habitat_quality" else {})}
    return made


def invest(python: str, folder: Path, land: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Run InVEST's models in its own interpreter and return its rasters by the name of our service."""
    found: dict[str, np.ndarray] = {}
    for model, job in jobs(land).items():
        place = folder / model
        place.mkdir(parents=True, exist_ok=True)
        np.savez(place / "layers.npz", **job.pop("layers"))
        (place / "job.json").write_text(json.dumps(job), encoding="utf-8")
        done = subprocess.run([python, str(JOB), str(place)], capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"InVEST {model} failed:\n{done.stderr[-2000:]}")
        found |= dict(np.load(place / "taken.npz"))
    return found


# ---------------------------------------------------------------- side by side
PER_HA = {"water_yield": 10.0}
"""What one unit of InVEST is in ours per hectare: 1 mm of water is 10 m3/ha. The others are per hectare with both."""


def compare(
    ours: Mapping[str, np.ndarray], theirs: Mapping[str, np.ndarray], land: Mapping[str, np.ndarray]
) -> list[dict[str, Any]]:
    """Return for each service: cells compared, sums, the largest difference, and the share of cells within 1e-5 and 1 %.

    Streams are left out for soil and sediment: nothing is delivered there, and each side writes them in its own way. So are
    cells whose water comes from or goes over the outermost ring of cells, where the two take slopes from what is not there.
    """
    inner = away_from_edge(land["elevation"], theirs["stream"] == 1)
    out = []
    for name, mine in ours.items():
        peer = theirs[name] * PER_HA.get(name, 1.0)
        seen = np.isfinite(mine) & np.isfinite(peer)
        if name in ("soil_retention", "sediment_delivery"):
            seen &= inner & (theirs["stream"] != 1)
        apart, size = np.abs(mine - peer)[seen], np.abs(peer[seen])
        within = {k: float(np.mean(apart <= share * size + 1e-6 * size.max())) for k, share in (("same", 1e-5), ("close", 1e-2))}
        sums = {"sum_ours": float(mine[seen].sum()), "sum_invest": float(peer[seen].sum())}
        out.append({"service": name, "cells": int(seen.sum()), **sums, "largest": float(apart.max()), **within})
    return out


def away_from_edge(heights: np.ndarray, stream: np.ndarray) -> np.ndarray:
    """Return which cells, and the cells they drain to, have no water that comes from or goes over the outermost ring (D8)."""
    from ecocomp.grid.georef import Grid
    from ecocomp.grid.routing import accumulate_split, d8_shares, downslope_path
    from ecocomp.grid.terrain import drain

    grid = Grid(CRS, WEST, NORTH, CELL_M, CELL_M, SHAPE[1], SHAPE[0])
    drained = drain(heights, grid)
    shares = d8_shares(drained.filled_m, grid, drained.way)
    ring = np.ones(SHAPE)
    ring[1:-1, 1:-1] = 0.0
    clear = (accumulate_split(shares, ring) == 0.0) & (downslope_path(shares, ring, stream) == 0.0)
    known = np.pad(clear | stream, 1)
    steps = [(0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1), (1, 0), (1, 1)]
    after = [known[1 + r : 1 + r + SHAPE[0], 1 + c : 1 + c + SHAPE[1]] for r, c in steps]
    return np.asarray(clear & np.choose(np.minimum(shares.way, 7), after))


def main(out: Path) -> int:
    """Write the case, assess it, run InVEST if it is there, print the differences."""
    import rasterio

    from ecocomp.pipeline.assess import assess_case

    land = landscape()
    write_case(out / "case", land)
    found, _ = assess_case(out / "case", rasters=True)
    print(f"assessed: {found[0].files[0].parent}")
    ours = {}
    for path in sorted((out / "case" / "assessed" / "2020" / "rasters").glob("*.tif")):
        with rasterio.open(path) as file:
            ours[path.stem] = file.read(1).astype(np.float64)
    python = os.environ.get("ECOCOMP_PEERS", "")
    if not python:
        print("ECOCOMP_PEERS names no interpreter with natcap.invest: InVEST is not run, nothing is compared")
        return 0
    rows = compare(ours, invest(python, out / "invest", land), land)
    heads = f"{'sum ours':>14}{'sum InVEST':>14}{'largest diff.':>15}{'within 1e-5':>13}{'within 1 %':>12}"
    print(f"{'service':<19}{'cells':>7}{heads}")
    for r in rows:
        sums = f"{r['sum_ours']:>14.7g}{r['sum_invest']:>14.7g}"
        print(f"{r['service']:<19}{r['cells']:>7}{sums}{r['largest']:>15.3g}{r['same']:>13.2%}{r['close']:>12.2%}")
    (out / "differences.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: run.py OUT")
    sys.exit(main(Path(sys.argv[1])))
