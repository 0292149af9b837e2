"""Every model fills as many columns as it is asked for: three by corners, eight by draws."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ecocomp.registry import entries
from ecocomp.services.site import AtValue, Draws, Floats, NotAssessed, Site, StripData, columns
from ecocomp.terms.layers import CLASS_LAYERS, LAYERS
from ecocomp.terms.variables import variable

ROWS, WIDTH = 16, 90
MODELS = entries("services.models")


class EightAtValue(Draws):
    """Eight draws that are all the value itself, so that every column must be the column of the value."""

    def of(self, key: str, low: float, value: float, high: float) -> Floats:
        return np.full(len(self.numbers), value)


def layer(name: str, rng: np.random.Generator) -> np.ndarray:
    """Return a believable layer (bands, cells): monthly where it may be."""
    if name == "land_cover":
        return rng.choice(np.array([11, 12, 21, 32, 41, 43, 51, 52, 61, 82], np.uint8), (1, ROWS * WIDTH))
    if name in CLASS_LAYERS:
        return rng.integers(1, 4, (1, ROWS * WIDTH)).astype(np.uint8)
    kinds = LAYERS.get({"ndvi_filled": "ndvi"}.get(name, name), {"one": ""})
    bands = {"month": 12, "one": 1, "day": 365}[next(k for k in ("month", "one", "day") if k in kinds)]
    low, high = 0.5, 4.0
    known = next((v for k, v in kinds.items() if k == ("month" if bands == 12 else "one")), "")
    if known:
        low, high = variable(known).usual_mean or variable(known).hard
    return rng.uniform(max(low, -50.0), min(high, 5000.0), (bands, ROWS * WIDTH)).astype(np.float32)


def filled(plan: Any, data: StripData, wide: int) -> np.ndarray:
    """Return (products, columns, cells) of a plan."""
    n = max(len(plan.products), 1)
    out = np.full((n * wide, ROWS * WIDTH), -12345.0, np.float32)
    plan.fill(data, 0, 8, out)
    plan.fill(data, 8, ROWS, out)
    return out.reshape(n, wide, -1)


@pytest.mark.parametrize("id", MODELS)
def test_every_column_is_filled(id: str, scene: Any, params: Any) -> None:
    rng = np.random.default_rng(3)
    found, rules = MODELS[id], params()
    layers = {use.name: layer(use.name, rng) for use in found.spec.inputs if use.name != "wind"}
    for array in layers.values():
        array.flags.writeable = False
    covered = np.full(ROWS * WIDTH, 2, np.uint8)
    covered.flags.writeable = False
    data = StripData(0, ROWS, WIDTH, layers, covered)
    site = {wide: Site(made, {n: len(a) for n, a in layers.items()}, scene.grid, 2023, scene.wind)
            for wide, made in ((3, AtValue.of_all(rules)), (8, EightAtValue(rules, tuple(range(8)), 1)))}  # fmt: skip
    try:
        plans = {wide: found.module.prepare(one) for wide, one in site.items()}
    except NotAssessed as reason:
        pytest.skip(f"not assessed with the layers made here: {', '.join(n.record for n in reason.notes)}")
    assert columns(site[8].params) == 8
    three, eight = (filled(plans[wide], data, wide) for wide in (3, 8))
    assert np.any(np.isfinite(three)), "nothing was computed"
    for k in range(8):
        assert np.array_equal(eight[:, k], three[:, 1], equal_nan=True), f"column {k} of eight is not that of the value"
