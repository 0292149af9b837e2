"""Carbon against InVEST carbon: every pool, their sum, and the present value of a change."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

CODES = (11, 12, 13, 21, 32, 33, 41, 51, 52, 61, 82)
POOLS = ("above", "below", "soil", "dead")
DENSITY = {pool: {str(c): round(0.37 * c * (p + 1) ** 2 + 0.1 * p, 3) for c in CODES} for p, pool in enumerate(POOLS)}
TABLE = "lucode," + ",".join(f"c_{p}" for p in POOLS) + "\n" + "".join(
    f"{c}," + ",".join(str(DENSITY[p][str(c)]) for p in POOLS) + "\n" for c in CODES
)  # fmt: skip
RELATIVE = 2e-7
"""Two roundings to float32: the peer adds rounded pools, we round the sum."""


def with_255(codes: np.ndarray) -> np.ndarray:
    return np.where(codes == 0, 255, codes).astype(np.uint8)


@pytest.fixture(scope="module")
def stock(invest: Any, ours: Any, land_cover: np.ndarray, given_rules: Any, tmp_path_factory: Any) -> tuple[Any, Any]:
    keys = {f"services.carbon.pool_{p}_t_c_per_ha": DENSITY[p] for p in POOLS}
    params = given_rules(keys, units=dict.fromkeys(keys, "t C/ha"), place="990121")
    mine = ours("carbon_storage", {"land_cover": land_cover}, params, tmp_path_factory.mktemp("carbon"))
    theirs = invest(
        "carbon",
        {"lulc": with_255(land_cover)},
        {"pools": TABLE},
        {"lulc_bas_path": "@raster lulc", "carbon_pools_path": "@table pools", "calc_sequestration": False, "do_valuation": False},
        {"c_storage_bas": "stock", **{f"c_{p}_bas": p for p in POOLS}},
    )
    return mine, theirs


@pytest.mark.parametrize("pool", POOLS)
def test_each_pool_is_the_peers_to_the_bit(stock: Any, pool: str) -> None:
    assert np.array_equal(stock[0][pool], stock[1][pool], equal_nan=True)


def test_the_pools_add_up_to_the_peers_stock(stock: Any, same_cells: Callable[..., float]) -> None:
    mine, theirs = stock
    same_cells(sum(mine[p].astype(np.float64) for p in POOLS), theirs["stock"], RELATIVE)


@pytest.mark.parametrize(("discount", "change"), [(0.0, 0.0), (7.0, 0.0), (3.0, 2.5), (5.0, -3.0)])
def test_present_value_of_a_change(invest: Any, land_cover: np.ndarray, discount: float, change: float, tmp_path: Path) -> None:
    from ecocomp.services.factors.carbon import npv

    later = np.where(land_cover == 0, 0, np.roll(land_cover, 17, axis=1))
    later = np.where(later == 0, land_cover, later)
    price, years = 43.0, 14
    theirs = invest(
        "carbon",
        {"before": with_255(land_cover), "after": with_255(later)},
        {"pools": TABLE},
        {
            "lulc_bas_path": "@raster before", "lulc_alt_path": "@raster after", "carbon_pools_path": "@table pools",
            "calc_sequestration": True, "do_valuation": True, "lulc_bas_year": 2010, "lulc_alt_year": 2010 + years,
            "price_per_metric_ton_of_c": price, "discount_rate": discount, "rate_change": change,
        },
        {"c_change_bas_alt": "change", "npv_alt": "npv"},
    )  # fmt: skip
    seen = np.isfinite(theirs["npv"]) & (theirs["change"] != 0)
    assert seen.sum() > 1000
    given = {"price_per_t_c": price, "years": years, "discount_percent": discount, "price_change_percent": change}
    for gained, worth in zip(theirs["change"][seen][::37], theirs["npv"][seen][::37], strict=True):
        assert npv(change_t_c=float(gained), **given)["value"] == pytest.approx(float(worth), rel=2e-7)
