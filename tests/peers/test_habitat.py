"""Habitat quality against InVEST: degradation by the nearest threat, and quality, in both forms of decay."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

CODES = (11, 12, 13, 21, 32, 33, 41, 51, 52, 61, 82)
FLOAT32 = 1e-6
THREATS = {
    "field": ("linear", (51,), 0.9, 0.6), "town": ("exponential", (61,), 1.3, 1.0), "orchard": ("exponential", (52,), 0.4, 0.25),
}  # fmt: skip
"""Form of decay, ecosystems, greatest distance [km], weight."""
HALF, EXPONENT = 0.05, 2.5


def with_255(codes: np.ndarray) -> np.ndarray:
    return np.where(codes == 0, 255, codes).astype(np.uint8)


@pytest.fixture(scope="module")
def tables() -> tuple[dict[str, float], dict[str, float]]:
    """Suitability by ecosystem; sensitivity by ecosystem and threat."""
    suitability = {str(c): round((c % 17) / 16, 4) for c in CODES}
    sensitivity = {f"{c} {t}": round(((c * (k + 3)) % 19) / 18, 4) for c in CODES for k, t in enumerate(THREATS)}
    return suitability, sensitivity


@pytest.fixture(scope="module")
def given(given_rules: Any, tables: Any) -> Any:
    values = {
        "services.habitat.threats": [f"{t} {form} {' '.join(map(str, codes))}" for t, (form, codes, _, _) in THREATS.items()],
        "services.habitat.weight": {t: v[3] for t, v in THREATS.items()},
        "services.habitat.max_distance_km": {t: v[2] for t, v in THREATS.items()},
        "services.habitat.suitability": tables[0],
        "services.habitat.sensitivity": tables[1],
        "services.habitat.half_saturation": HALF,
        "services.habitat.exponent": EXPONENT,
    }
    return given_rules(values, units=dict.fromkeys(values, "1"), place="990121")


@pytest.fixture(scope="module")
def theirs(invest: Any, land_cover: np.ndarray, tables: Any) -> dict[str, np.ndarray]:
    suitability, sensitivity = tables
    where = {t: np.where(land_cover == 0, 255, np.isin(land_cover, v[1])).astype(np.uint8) for t, v in THREATS.items()}
    rows = "".join(f"{t},{far * 1000},{w},{form},@raster {t}\n" for t, (form, _, far, w) in THREATS.items())
    sens = "".join(f"{c},{suitability[str(c)]}," + ",".join(str(sensitivity[f"{c} {t}"]) for t in THREATS) + "\n" for c in CODES)
    found: dict[str, np.ndarray] = invest(
        "habitat_quality",
        {"lulc": with_255(land_cover), **where},
        {"threats": "threat,max_dist,weight,decay,cur_path\n" + rows, "sens": f"lucode,habitat,{','.join(THREATS)}\n" + sens},
        {
            "lulc_cur_path": "@raster lulc", "threats_table_path": "@table threats", "sensitivity_table_path": "@table sens",
            "half_saturation_constant": HALF,
        },
        {"quality_c": "quality", "deg_sum_c": "degradation"},
    )  # fmt: skip
    return found


def test_quality(
    ours: Any, land_cover: np.ndarray, given: Any, theirs: Any, tmp_path: Any, same_cells: Callable[..., float]
) -> None:
    mine = ours("habitat_quality", {"land_cover": land_cover}, given, tmp_path)["habitat_quality"]
    # 1 − D^z/(D^z + k^z) is a difference from 1 in float32 with the peer.
    same_cells(mine, theirs["quality"], FLOAT32, absolute=2.0**-22)


def test_degradation(land_cover: np.ndarray, given: Any, theirs: Any, tables: Any, tmp_path: Any, same_cells: Any) -> None:
    """The sum over threats, from our distances by the functions the pass uses."""
    from ecocomp.grid.georef import Grid
    from ecocomp.services.factors.habitat import decay_exponential, decay_linear
    from ecocomp.services.layers.threats import threats_of, write_distances

    class Codes:
        bands = 1

        def read(self, row0: int, row1: int) -> np.ndarray:
            return land_cover[None, row0:row1]

    grid = Grid("EPSG:4545", 500_000.0, 3_300_000.0, 30.0, 30.0, land_cover.shape[1], land_cover.shape[0])
    write_distances(tmp_path / "distance.npy", threats_of(given), {"land_cover": Codes()}, grid)
    distances = np.load(tmp_path / "distance.npy")
    weights = sum(v[3] for v in THREATS.values())
    out = np.zeros(land_cover.shape)
    for k, (name, (form, _, far_km, weight)) in enumerate(THREATS.items()):
        decay = decay_linear if form == "linear" else decay_exponential
        impact = np.array([decay(float(d), 1000.0 * far_km) for d in distances[k].ravel()]).reshape(out.shape)
        sensitivity = np.zeros(256)
        sensitivity[list(CODES)] = [tables[1][f"{c} {name}"] for c in CODES]
        out += impact * sensitivity[land_cover] * weight / weights
    # A cell just within the greatest distance: the linear decay there is a difference from 1.
    same_cells(np.where(land_cover == 0, np.nan, out), theirs["degradation"], FLOAT32, absolute=2.0**-23)
