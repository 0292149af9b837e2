"""The invented land on which InVEST and ecocomp run side by side: rasters, tables, rules, and InVEST's jobs.

The same numbers go to both: InVEST gets them as CSV tables, we as rules. Rasters are written once, as GeoTIFF, by the
peer's process (`invest_job.py`), and read from there by both.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

CELL_M = 30.0
WEST, NORTH = 500_000.0, 3_300_000.0
CODES = (11, 12, 13, 21, 32, 33, 41, 51, 52, 61, 82)
POOLS = ("above", "below", "soil", "dead")
Z, STORM_MM = 6.0, 80.0
PATCH = 20
"""Rows and columns of a patch of one ecosystem."""
GAP = {"land_cover": 255}

DENSITY = {pool: {str(c): round(0.37 * c * (p + 1) + 0.1 * p, 3) for c in CODES} for p, pool in enumerate(POOLS)}
KC = {str(c): round(0.2 + 0.011 * c, 4) for c in CODES}
ROOT_MM = {str(c): 120.0 + 37.0 * c for c in CODES}
PLANTS = {str(c): int(c < 50) for c in CODES}
NUMBERS = {f"{c} {g}": min(100, 28 + c % 30 + 11 * k) for c in CODES for k, g in enumerate("ABCD")}


def patches(size: int, seed: int = 1) -> np.ndarray:
    """Return land cover in patches, uint8 (size, size)."""
    n = -(-size // PATCH)
    codes = np.random.default_rng(seed).choice(CODES, (n, n)).astype(np.uint8)
    return codes.repeat(PATCH, 0).repeat(PATCH, 1)[:size, :size]


def field(size: int, least: float, most: float, seed: int) -> np.ndarray:
    """Return coarse patches with some noise, float32 (size, size)."""
    rng = np.random.default_rng(seed)
    n = -(-size // 50)
    coarse = rng.random((n, n), np.float32).repeat(50, 0).repeat(50, 1)[:size, :size]
    coarse *= np.float32(0.8)
    coarse += np.float32(0.2) * rng.random((size, size), np.float32)
    coarse *= np.float32(most - least)
    coarse += np.float32(least)
    return coarse


def hills(size: int, seed: int = 7) -> np.ndarray:
    """Return valleys and side valleys on tilted, rough land with shallow depressions, float32 (size, size) [m]."""
    y, x = np.arange(size, dtype=np.float32)[:, None], np.arange(size, dtype=np.float32)[None]
    waves = 120 * np.sin(x / 40) + 40 * np.sin((x + y / 3) / 9)
    rough = np.random.default_rng(seed).random((size, size), np.float32)
    return (1500 + 3 * y + waves + 3.5 * rough).astype(np.float32)


def rules(values: Mapping[str, Any]) -> Any:
    """Return parameters of the sample county with `values` (number, table or text; or (low, value, high)) laid over them."""
    from ecocomp.rules import Parameters, RuleBook, RuleValue, policy_folder
    from ecocomp.terms.text import same

    book = RuleBook.load([policy_folder()], check=False)
    place, first = "990121", date(1900, 1, 1)

    def one(key: str, given: Any) -> RuleValue:
        ends = given if isinstance(given, tuple) else (given, given, given)
        kind = {dict: "table", str: "text", list: "list"}.get(type(ends[1]), "number")
        low, value, high = (_exact(v) for v in ends)
        return RuleValue(
            key, same(key), "-", kind, place, value, low, high, first, None, first, "benchmark", "", "S", None, "", "benchmark",
            0, "", layer=9,
        )  # fmt: skip

    laid_over = RuleBook([*book.values(), *(one(k, v) for k, v in values.items())], book.places)
    return Parameters(laid_over, tuple(book.chain(place)), date(2024, 12, 31), date(2030, 1, 1))


def _exact(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: Decimal(str(v)) for k, v in value.items()}
    return value if isinstance(value, str | list) else Decimal(str(value))


def wide(value: Any, share: float = 0.1) -> tuple[Any, Any, Any]:
    """Return a number or table with a range around it, so that low, value and high have to be worked out one by one."""
    if isinstance(value, dict):
        ends = [{k: round(v * f, 6) for k, v in value.items()} for f in (1 - share, 1 + share)]
        return ends[0], value, ends[1]
    return round(value * (1 - share), 6), value, round(value * (1 + share), 6)


def service_rules() -> dict[str, Any]:
    """Return the rules of the services that both sides compute, with ranges."""
    out: dict[str, Any] = {f"services.carbon.pool_{p}_t_c_per_ha": wide(DENSITY[p]) for p in POOLS}
    out |= {
        "services.water_yield.kc": wide(KC), "services.water_yield.root_depth_mm": wide(ROOT_MM),
        "services.water_yield.vegetated": PLANTS, "services.water_yield.z": wide(Z),
        "services.storm.curve_number": NUMBERS, "services.storm.depth_mm": wide(STORM_MM),
        "services.storm.initial_share": 0.2,
    }  # fmt: skip
    return out


def carbon_job() -> dict[str, Any]:
    """InVEST carbon."""
    rows = "".join(f"{c}," + ",".join(str(DENSITY[p][str(c)]) for p in POOLS) + "\n" for c in CODES)
    return {
        "model": "carbon",
        "tables": {"pools": "lucode," + ",".join(f"c_{p}" for p in POOLS) + "\n" + rows},
        "args": {
            "lulc_bas_path": "@raster land_cover", "carbon_pools_path": "@table pools", "calc_sequestration": False,
            "do_valuation": False,
        },
        "take": {"c_storage_bas": "stock"},
    }  # fmt: skip


def yield_job() -> dict[str, Any]:
    """InVEST annual water yield."""
    rows = "".join(f"{c},{KC[c]},{ROOT_MM[c]},{PLANTS[c]}\n" for c in map(str, CODES))
    return {
        "model": "annual_water_yield",
        "tables": {"growth": "lucode,kc,root_depth,lulc_veg\n" + rows},
        "args": {
            "lulc_path": "@raster land_cover", "depth_to_root_rest_layer_path": "@raster soil_depth",
            "precipitation_path": "@raster rain", "pawc_path": "@raster water_capacity", "eto_path": "@raster et0",
            "watersheds_path": "@watersheds", "biophysical_table_path": "@table growth", "seasonality_constant": Z,
        },
        "take": {"wyield": "wyield"},
        "watersheds": 4,
    }  # fmt: skip


STREAM_CELLS, IC0, K, SDR_MAX, L_MAX = 1000, 0.5, 2.0, 0.8, 122.0
PRACTICE = {str(c): round(1.0 - 0.004 * c, 3) for c in CODES}
THREATS = {
    "field": ("linear", (51,), 2.0, 0.5),
    "town": ("exponential", (61,), 5.0, 0.9),
    "orchard": ("exponential", (52,), 3.0, 0.4),
}
"""Form of decay, ecosystems, greatest distance [km], weight."""
SUITABILITY = {str(c): round((c % 17) / 16, 4) for c in CODES}
SENSITIVITY = {f"{c} {t}": round(((c * (k + 3)) % 19) / 18, 4) for c in CODES for k, t in enumerate(THREATS)}


def sediment_rules(routing: str = "MFD", draws: int = 64) -> dict[str, Any]:
    """Return the rules of sediment delivery in the form of the peer."""
    return {
        "services.soil.method": "RUSLE", "services.soil.ls_method": "INVEST",
        "services.soil.flow_method": routing, "services.soil.cover_method": "class_table",
        "services.sediment.path_form": "invest_steps", "services.sediment.routing": routing,
        "services.sediment.ic0": wide(IC0), "services.sediment.k": wide(K), "services.sediment.sdr_max": wide(SDR_MAX),
        "services.sediment.stream_ha": (STREAM_CELLS + 0.5) * CELL_M**2 / 1e4, "services.soil.practice_factor": PRACTICE,
        "services.interval.draws": draws,
    }  # fmt: skip


def sediment_job(routing: str = "MFD") -> dict[str, Any]:
    """InVEST SDR, with C as our own table has it for bare ground."""
    cover = bare_cover()
    return {
        "model": "sdr.sdr",
        "tables": {"growth": "lucode,usle_c,usle_p\n" + "".join(f"{c},{cover[c]},{PRACTICE[c]}\n" for c in map(str, CODES))},
        "args": {
            "dem_path": "@raster elevation", "erosivity_path": "@raster erosivity", "erodibility_path": "@raster erodibility",
            "lulc_path": "@raster land_cover", "watersheds_path": "@watersheds", "biophysical_table_path": "@table growth",
            "threshold_flow_accumulation": STREAM_CELLS, "k_param": K, "sdr_max": SDR_MAX, "ic_0_param": IC0, "l_max": L_MAX,
            "flow_dir_algorithm": routing.lower(),
        },
        "take": {"avoided_export": "sediment_delivery"},
        "watersheds": 4,
    }  # fmt: skip


def bare_cover() -> dict[str, float]:
    """Return C of each ecosystem on bare ground by the rules."""
    from ecocomp.services.site import class_map

    params = rules({})
    rows = {k: float(v) for k, v in params.table("services.soil.cover_factor").items()}
    names = class_map(params, "services.soil.cover_class_map")
    return {str(c): rows.get(f"{names[c][0]} 0", 1.0) for c in CODES}


def habitat_rules(draws: int = 64) -> dict[str, Any]:
    """Return the rules of habitat quality."""
    return {
        "services.habitat.threats": [f"{t} {form} {' '.join(map(str, codes))}" for t, (form, codes, _, _) in THREATS.items()],
        "services.habitat.weight": wide({t: v[3] for t, v in THREATS.items()}),
        "services.habitat.max_distance_km": wide({t: v[2] for t, v in THREATS.items()}),
        "services.habitat.suitability": SUITABILITY, "services.habitat.sensitivity": SENSITIVITY,
        "services.habitat.half_saturation": 0.05, "services.habitat.exponent": 2.5, "services.interval.draws": draws,
    }  # fmt: skip


def habitat_job() -> dict[str, Any]:
    """InVEST habitat quality; the rasters of the threats are among the layers (`threats`)."""
    rows = "".join(f"{t},{far * 1000},{w},{form},@raster {t}\n" for t, (form, _, far, w) in THREATS.items())
    sens = f"lucode,habitat,{','.join(THREATS)}\n"
    sens += "".join(f"{c},{SUITABILITY[str(c)]}," + ",".join(str(SENSITIVITY[f"{c} {t}"]) for t in THREATS) + "\n" for c in CODES)
    return {
        "model": "habitat_quality",
        "tables": {"threats": "threat,max_dist,weight,decay,cur_path\n" + rows, "sens": sens},
        "args": {
            "lulc_cur_path": "@raster land_cover", "threats_table_path": "@table threats", "sensitivity_table_path": "@table sens",
            "half_saturation_constant": 0.05,
        },
        "take": {"quality_c": "habitat_quality"},
    }  # fmt: skip


def threats(codes: np.ndarray) -> dict[str, np.ndarray]:
    """Return a raster of 0 and 1 for each threat."""
    return {t: np.isin(codes, v[1]).astype(np.uint8) for t, v in THREATS.items()}


def write_layers(folder: Path, layers: Mapping[str, np.ndarray]) -> None:
    """Put the rasters where the job finds them."""
    for name, array in layers.items():
        np.save(folder / f"{name}.npy", array)


def write_job(folder: Path, job: Mapping[str, Any]) -> None:
    """Put the job where the peer finds it."""
    (folder / "job.json").write_text(json.dumps({**job, "cell_m": CELL_M, "nodata": GAP}), encoding="utf-8")
