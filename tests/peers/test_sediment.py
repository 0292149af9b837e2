"""Sediment against InVEST SDR, step by step: LS, soil loss, connectivity, delivery, what is trapped, what is kept out of streams."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

CODES = (11, 12, 13, 21, 32, 33, 41, 51, 52, 61, 82)
STREAM_CELLS = 100
JUST_ABOVE = 100.5
"""With D8 the peer's streams begin above the threshold, ours at it."""
CELL_M, CELL_HA = 30.0, 0.09
BARE_NDVI = 0.02
PRACTICE = {str(c): round(1.0 - 0.004 * c, 3) for c in CODES}
IC0, K, SDR_MAX, L_MAX = 0.5, 2.0, 0.8, 122.0
FLOAT32 = 1e-6
"""Relative: the peer keeps every step as a float32 raster."""
TAKE = (
    "pit_filled_dem", "flow_direction", "flow_accumulation", "stream", "slope", "ls", "rkls", "usle", "ic", "sdr_factor", "sed_export",
    "avoided_erosion", "avoided_export", "sed_deposition",
)  # fmt: skip


def with_255(codes: np.ndarray) -> np.ndarray:
    return np.where(codes == 0, 255, codes).astype(np.uint8)


@pytest.fixture(scope="module")
def dem() -> np.ndarray:
    """Ridges and valleys that all drain south: no depressions and no level ground, so that the ways down are not in doubt."""
    y, x = np.mgrid[0:110, 0:90].astype(np.float64)
    z = 900 - 6.0 * y + 40 * np.cos(2 * np.pi * x / 30) * (0.3 + y / 110) + 1.5 * np.random.default_rng(5).random(y.shape)
    return z.astype(np.float32)


@pytest.fixture(scope="module")
def given(given_rules: Any) -> Any:
    words = {
        "services.soil.method": "RUSLE", "services.soil.cover_method": "class_table", "services.sediment.path_form": "invest_steps",
        "services.sediment.routing": "D8", "services.interval.method": "corners",
    }  # fmt: skip
    numbers = {
        "services.sediment.ic0": IC0, "services.sediment.k": K, "services.sediment.sdr_max": SDR_MAX,
        "services.sediment.stream_ha": JUST_ABOVE * CELL_HA, "services.sediment.slope_least": 0.005,
        "services.sediment.slope_most": 1, "services.sediment.cover_least": 0.001,
        "services.soil.erosivity_factor": 1, "services.soil.erodibility_factor": 1,
        "services.soil.practice_factor": PRACTICE,
    }  # fmt: skip
    return given_rules({**words, **numbers}, units={**dict.fromkeys(words, "text"), **dict.fromkeys(numbers, "1")}, place="990121")


@pytest.fixture(scope="module")
def rasters(land_cover: np.ndarray, noise: Any, dem: np.ndarray) -> dict[str, np.ndarray]:
    ground = np.where(land_cover == 0, 11, land_cover).astype(np.uint8)
    return {
        "land_cover": ground, "elevation": dem, "erosivity": noise(500, 8000, 21), "erodibility": noise(0.01, 0.06, 22),
        "ndvi": np.full(dem.shape, BARE_NDVI, np.float32),
    }  # fmt: skip


@pytest.fixture(scope="module")
def cover_factor(given: Any, rasters: dict[str, np.ndarray]) -> dict[str, float]:
    """C of each ecosystem on bare ground, as our own table has it."""
    from ecocomp.services.site import class_map

    rows = {k: float(v) for k, v in given.table("services.soil.cover_factor").items()}
    names = class_map(given, "services.soil.cover_class_map")
    return {str(c): rows.get(f"{names[c][0]} 0", 1.0) for c in CODES}


def run_invest(invest: Any, rasters: dict[str, np.ndarray], cover: dict[str, float], routing: str) -> dict[str, np.ndarray]:
    table = "lucode,usle_c,usle_p\n" + "".join(f"{c},{cover[c]},{PRACTICE[c]}\n" for c in map(str, CODES))
    layers = {k: v for k, v in rasters.items() if k != "ndvi"} | {"land_cover": with_255(rasters["land_cover"])}
    args = {
        "dem_path": "@raster elevation", "erosivity_path": "@raster erosivity", "erodibility_path": "@raster erodibility",
        "lulc_path": "@raster land_cover", "watersheds_path": "@watersheds", "biophysical_table_path": "@table growth",
        "threshold_flow_accumulation": STREAM_CELLS, "k_param": K, "sdr_max": SDR_MAX, "ic_0_param": IC0, "l_max": L_MAX,
        "flow_dir_algorithm": routing,
    }  # fmt: skip
    found: dict[str, np.ndarray] = invest("sdr.sdr", layers, {"growth": table}, args, {k: k for k in TAKE})
    return found


@pytest.fixture(scope="module")
def theirs(invest: Any, rasters: dict[str, np.ndarray], cover_factor: dict[str, float]) -> dict[str, np.ndarray]:
    return run_invest(invest, rasters, cover_factor, "d8")


@pytest.fixture(scope="module")
def shared(dem: np.ndarray) -> Any:
    from ecocomp.grid.georef import Grid
    from ecocomp.grid.routing import d8_shares
    from ecocomp.grid.terrain import drain

    grid = Grid("EPSG:4545", 500_000.0, 3_300_000.0, CELL_M, CELL_M, dem.shape[1], dem.shape[0])
    drained = drain(dem, grid)
    return d8_shares(drained.filled_m, grid, drained.way)


@pytest.fixture(scope="module")
def inner(shared: Any, theirs: dict[str, np.ndarray]) -> np.ndarray:
    """Cells to which, and from which, no water runs over the outermost ring: there the two take slopes from what is missing in other ways."""
    from ecocomp.grid.routing import accumulate_split, downslope_path

    ring = np.ones(shared.way.shape)
    ring[1:-1, 1:-1] = 0.0
    stream = theirs["stream"] == 1
    return np.asarray((accumulate_split(shared, ring) == 0.0) & (downslope_path(shared, ring, stream) == 0.0))


@pytest.fixture(scope="module")
def inner_next(shared: Any, theirs: dict[str, np.ndarray], inner: np.ndarray) -> np.ndarray:
    """Such cells whose next cell is one too, or a stream: what a cell traps hangs on the delivery from the next."""
    known = np.pad(inner | (theirs["stream"] == 1), 1)
    steps = [(0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1), (1, 0), (1, 1)]
    rows, columns = inner.shape
    after = [known[1 + dr : 1 + dr + rows, 1 + dc : 1 + dc + columns] for dr, dc in steps]
    return np.asarray(inner & np.choose(np.minimum(shared.way, 7), after))


@pytest.fixture(scope="module")
def layers(rasters: dict[str, np.ndarray], theirs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The same rasters for us, with the peer's LS."""
    return {**rasters, "ls_factor": theirs["ls"].astype(np.float32)}


def off_streams(values: np.ndarray, theirs: dict[str, np.ndarray]) -> np.ndarray:
    return np.where(theirs["stream"] == 1, np.nan, values)


def test_ways_of_water(shared: Any, theirs: dict[str, np.ndarray]) -> None:
    from ecocomp.grid.routing import accumulate_split

    assert np.array_equal(shared.filled_m, theirs["pit_filled_dem"])
    assert np.array_equal(shared.way[1:-1, 1:-1], theirs["flow_direction"][1:-1, 1:-1])
    assert np.array_equal(accumulate_split(shared), theirs["flow_accumulation"])


def test_slope(shared: Any, theirs: dict[str, np.ndarray], same_cells: Callable[..., float]) -> None:
    from ecocomp.grid.terrain import slope_tangent

    slope = 100.0 * slope_tangent(shared.filled_m, shared.grid)
    same_cells(slope[1:-1, 1:-1], theirs["slope"][1:-1, 1:-1], FLOAT32)


def test_slope_length_and_steepness(theirs: dict[str, np.ndarray], same_cells: Callable[..., float]) -> None:
    from ecocomp.services.factors.slope import ls_invest

    pairs = zip(theirs["slope"].ravel(), theirs["flow_accumulation"].ravel(), strict=True)
    ls = np.array([ls_invest(float(s), float(f), CELL_M, L_MAX) for s, f in pairs]).reshape(theirs["ls"].shape)
    same_cells(ls, theirs["ls"], FLOAT32)


def test_soil_retention_is_avoided_erosion(ours: Any, layers: Any, theirs: Any, given: Any, tmp_path: Any, same_cells: Any) -> None:
    kept = ours("soil_retention", layers, given, tmp_path)["soil_retention"]
    # A difference of two float32 rasters with the peer.
    same_cells(off_streams(kept, theirs), theirs["avoided_erosion"], FLOAT32, absolute=2.0**-24 * np.nanmax(theirs["rkls"]))


def test_soil_loss(layers: Any, theirs: Any, cover_factor: dict[str, float], same_cells: Any) -> None:
    """R·K·LS and R·K·LS·C·P cell by cell, by the function of plain numbers that the raster pass shares."""
    from ecocomp.services.models.sediment_delivery import evaluate

    seen = np.flatnonzero(theirs["stream"].ravel() != 1)
    keys = [str(c) for c in layers["land_cover"].ravel()[seen]]
    names = ("erosivity", "erodibility", "ls_factor")
    columns = [[float(v) for v in layers[name].ravel()[seen]] for name in names]
    found = [
        evaluate(erosivity=r, erodibility=k, ls=ls, cover_factor=cover_factor[c], practice_factor=PRACTICE[c], index=0.0)
        for r, k, ls, c in zip(*columns, keys, strict=True)
    ]
    same_cells(np.array([f["potential_t_ha"] for f in found]), theirs["rkls"].ravel()[seen], FLOAT32)
    same_cells(np.array([f["actual_t_ha"] for f in found]), theirs["usle"].ravel()[seen], FLOAT32)


def test_delivery_ratio_and_export(theirs: Any, same_cells: Any) -> None:
    from ecocomp.services.factors.sediment import delivery_ratio

    sdr = np.array([delivery_ratio(float(i), IC0, K, SDR_MAX) for i in theirs["ic"].ravel()]).reshape(theirs["ic"].shape)
    same_cells(sdr, off_streams(theirs["sdr_factor"], theirs), FLOAT32)
    same_cells(sdr * theirs["usle"], theirs["sed_export"], FLOAT32)


def test_what_is_trapped_on_the_way(shared: Any, theirs: Any, same_cells: Any) -> None:
    """Given the peer's soil loss and delivery; on streams, where it does not count, the peer writes some and we none."""
    from ecocomp.services.layers.deposition import sediment_trapped

    trapped = sediment_trapped(shared, theirs["usle"].astype(np.float64), theirs["sdr_factor"].astype(np.float64))
    # What passes adds up over the whole way in float32 with the peer.
    most = float(np.nanmax(theirs["sed_deposition"]))
    same_cells(off_streams(trapped, theirs), off_streams(theirs["sed_deposition"], theirs), 5e-6, absolute=2.0**-24 * most)


@pytest.fixture(scope="module")
def chain(layers: Any, given: Any, ours: Any, tmp_path_factory: Any) -> dict[str, np.ndarray]:
    """The whole chain of ours from elevation to the service: the two layers made on the way, and the service."""
    folder = tmp_path_factory.mktemp("sediment")
    kept = ours("sediment_delivery", layers, given, folder)
    made = {name: np.load(next(folder.glob(f"{name}-*.npy"))) for name in ("connectivity_index", "sediment_trapped")}
    return {**kept, **made}


def test_index_of_connectivity(chain: Any, theirs: Any, inner: np.ndarray, same_cells: Any) -> None:
    assert np.array_equal(np.isinf(chain["connectivity_index"]), theirs["stream"] == 1)
    index = np.where(inner, off_streams(chain["connectivity_index"], theirs), np.nan)
    # A logarithm of a ratio of float32 rasters: its rounding is absolute.
    same_cells(index, np.where(inner, theirs["ic"], np.nan), FLOAT32, absolute=1e-6)


def test_what_is_kept_out_of_streams(chain: Any, theirs: Any, inner_next: np.ndarray, same_cells: Any) -> None:
    kept = np.where(inner_next, off_streams(chain["sediment_delivery"], theirs), np.nan)
    same_cells(
        kept, np.where(inner_next, theirs["avoided_export"], np.nan), 5e-6, absolute=2.0**-24 * np.nanmax(theirs["avoided_export"])
    )
