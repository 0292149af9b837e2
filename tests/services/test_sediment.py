"""Sediment delivery: a small hillslope worked by plain Python, what must hold on any ground, the service from the layers."""

from __future__ import annotations

import math
from decimal import Decimal
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecocomp.grid import tiling
from ecocomp.grid.georef import Grid
from ecocomp.grid.routing import shares
from ecocomp.services.derive import derived_layers
from ecocomp.services.engine import assess
from ecocomp.services.factors.sediment import delivery_ratio, trapping_share
from ecocomp.services.layers.connectivity import index_of_connectivity
from ecocomp.services.layers.deposition import sediment_trapped
from ecocomp.services.models import sand_fixation, sediment_delivery, soil_retention
from ecocomp.services.site import NotAssessed, Site

GRID = Grid("EPSG:4545", 500_000.0, 3_300_000.0, 30.0, 30.0, 7, 9)
ENDS = {"slope_least": 0.005, "slope_most": 1.0, "cover_least": 0.001}
STREAM_HA = 12 * 0.09
STEPS = [(0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1), (1, 0), (1, 1)]


def hillslope() -> np.ndarray:
    """A valley that falls southward, with unevenness and no depression."""
    r, c = np.indices(GRID.shape)
    return (100.0 - 4.0 * r + 1.3 * np.abs(c - 3) + 0.37 * np.sin(3.0 * r + 5.0 * c)).astype(np.float32)


HEIGHTS = hillslope()
COVER = np.random.default_rng(4).uniform(0.0005, 0.6, GRID.shape)


class Plain:
    """The same by recursion over cells, from the definitions."""

    def __init__(self, method: str, cover: np.ndarray, path_form: str) -> None:
        self.method, self.form = method, path_form
        self.z, self.c = HEIGHTS.astype(np.float64), cover
        self.slope = np.clip(self._slope(), 0.005, 1.0)
        self.w = np.where(np.isnan(cover), np.nan, np.clip(cover, 0.001, 1.0))

    def _slope(self) -> np.ndarray:
        from ecocomp.grid.terrain import slope_tangent

        return slope_tangent(HEIGHTS, GRID).astype(np.float64)

    @cache  # noqa: B019
    def ways(self, r: int, c: int) -> tuple[tuple[int, int, float, float], ...]:
        """Return (row, column, share, metres) of the cells below."""
        falls = []
        for dr, dc in STEPS:
            y, x = r + dr, c + dc
            if 0 <= y < GRID.height and 0 <= x < GRID.width:
                metres = 30.0 * math.hypot(dr, dc)
                fall = (self.z[r, c] - self.z[y, x]) / metres
                if fall > 0:
                    falls.append((y, x, fall, metres))
        if self.method == "D8" and falls:
            best = max(falls, key=lambda f: f[2])
            return ((best[0], best[1], 1.0, best[3]),)
        whole = sum(f[2] for f in falls)
        return tuple((y, x, f / whole, m) for y, x, f, m in falls)

    @cache  # noqa: B019
    def above(self, name: str, r: int, c: int) -> float:
        """Return the sum of a quantity over what drains through a cell."""
        w = self.w[r, c]
        own = {"n": 1.0, "s": self.slope[r, c], "w": 0.0 if math.isnan(w) else w, "known": 0.0 if math.isnan(w) else 1.0}[name]
        for y in range(GRID.height):
            for x in range(GRID.width):
                own += sum(share * self.above(name, y, x) for a, b, share, _ in self.ways(y, x) if (a, b) == (r, c))
        return float(own)

    def stream(self, r: int, c: int) -> bool:
        return self.above("n", r, c) * 900.0 >= STREAM_HA * 1e4

    def cost(self, r: int, c: int) -> float:
        return float(1.0 / (self.w[r, c] * self.slope[r, c]))

    @cache  # noqa: B019
    def below(self, r: int, c: int) -> float:
        if self.stream(r, c):
            return 0.0
        ways = self.ways(r, c)
        if self.form == "metres":
            if not ways:
                return 30.0 * self.cost(r, c)
            return sum(share * (m * self.cost(r, c) + self.below(y, x)) for y, x, share, m in ways)
        good = [(y, x, share) for y, x, share, _ in ways if not math.isnan(self.below(y, x))]
        if not good:
            return math.nan
        whole = sum(share for *_, share in good)

        # InVEST charges a step with the cell it leaves under D8, with the cell it enters under MFD.
        def step(y: int, x: int) -> float:
            return self.cost(r, c) if self.method == "D8" else float(np.nan_to_num(self.cost(y, x)))

        return sum(share / whole * (step(y, x) + self.below(y, x)) for y, x, share in good)

    def index(self, r: int, c: int) -> float:
        if self.stream(r, c):
            return math.inf
        mean_w = self.above("w", r, c) / self.above("known", r, c) if self.above("known", r, c) else math.nan
        d_up = mean_w * self.above("s", r, c) / self.above("n", r, c) * math.sqrt(self.above("n", r, c) * 900.0)
        return math.log10(d_up / self.below(r, c)) if not math.isnan(self.w[r, c]) else math.nan


@pytest.mark.parametrize("method", ["MFD", "D8"])
@pytest.mark.parametrize("path_form", ["metres", "invest_steps"])
def test_index_of_connectivity_of_a_small_hillslope(method: str, path_form: str) -> None:
    plain, rule = Plain(method, COVER, path_form), shares(method, HEIGHTS, GRID)
    made = index_of_connectivity(rule, COVER, path_form, stream_ha=STREAM_HA, **ENDS)
    expected = np.array([[plain.index(r, c) for c in range(GRID.width)] for r in range(GRID.height)])
    assert np.isinf(expected).any() and np.isfinite(expected).sum() > 20
    assert made == pytest.approx(expected.astype(np.float32), rel=2e-5, nan_ok=True)


def test_unknown_cover_is_unknown_there_and_on_the_way_to_it_and_left_out_of_the_means_below() -> None:
    holed = COVER.copy()
    holed[3, 1] = np.nan
    plain, rule = Plain("D8", holed, "metres"), shares("D8", HEIGHTS, GRID)
    made = index_of_connectivity(rule, holed, "metres", stream_ha=STREAM_HA, **ENDS)
    expected = np.array([[plain.index(r, c) for c in range(GRID.width)] for r in range(GRID.height)])
    assert np.isnan(made[3, 1]) and np.isnan(made).sum() < 20
    assert made == pytest.approx(expected.astype(np.float32), rel=2e-5, nan_ok=True)


def test_intermediate_arrays_in_files_give_the_same_bits(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiling, "HELD_PER_CELL", 0)
    rule = shares("MFD", HEIGHTS, GRID)
    one = index_of_connectivity(rule, COVER, "metres", stream_ha=STREAM_HA, **ENDS)
    two = index_of_connectivity(rule, COVER, "metres", stream_ha=STREAM_HA, folder=tmp_path, **ENDS)
    assert np.array_equal(one, two, equal_nan=True) and not list(tmp_path.iterdir())


def ratios(index: np.ndarray) -> np.ndarray:
    return np.where(np.isinf(index), 1.0, 0.8 / (1.0 + np.exp((0.5 - index) / 2.0)))


def plain_deposition(plain: Plain, loss: np.ndarray, sdr: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return what is trapped and what leaves each cell, cell by cell from the top down."""
    order = sorted(np.ndindex(*GRID.shape), key=lambda rc: -plain.z[rc])
    arrived, trapped, flux = np.zeros(GRID.shape), np.zeros(GRID.shape), np.zeros(GRID.shape)
    for r, c in order:
        if sdr[r, c] == 1.0:
            continue
        below = max(sum(share * sdr[y, x] for y, x, share, _ in plain.ways(r, c)), sdr[r, c])
        part = (below - sdr[r, c]) / (1.0 - sdr[r, c])
        trapped[r, c] = part * arrived[r, c]
        flux[r, c] = arrived[r, c] - trapped[r, c] + loss[r, c] * (1.0 - sdr[r, c])
        for y, x, share, _ in plain.ways(r, c):
            arrived[y, x] += share * flux[r, c]
    return trapped, arrived


def test_what_is_trapped_on_a_small_hillslope_and_where_the_rest_is() -> None:
    plain, rule = Plain("MFD", COVER, "metres"), shares("MFD", HEIGHTS, GRID)
    sdr = ratios(index_of_connectivity(rule, COVER, "metres", stream_ha=STREAM_HA, **ENDS).astype(np.float64))
    loss = np.random.default_rng(5).uniform(0.0, 9.0, GRID.shape)
    made = sediment_trapped(rule, loss, sdr)
    trapped, arrived = plain_deposition(plain, loss, sdr)
    assert made == pytest.approx(trapped, rel=1e-9) and trapped.max() > 0.1
    stream = sdr == 1.0
    leaves = np.array([[not plain.ways(r, c) for c in range(GRID.width)] for r in range(GRID.height)]) & ~stream
    off = (arrived - trapped + loss * (1.0 - sdr))[leaves].sum()
    undelivered = (loss * (1.0 - sdr))[~stream].sum()
    assert undelivered == pytest.approx(made.sum() + arrived[stream].sum() + off, rel=1e-9)
    assert sediment_trapped(rule, 3.0 * loss, sdr) == pytest.approx(3.0 * made, rel=1e-9)
    assert np.array_equal(sediment_trapped(rule, loss, sdr, (4, 4)), made)


def test_unknown_soil_loss_traps_nothing_known_and_adds_nothing_below() -> None:
    rule = shares("MFD", HEIGHTS, GRID)
    sdr = ratios(index_of_connectivity(rule, COVER, "metres", stream_ha=STREAM_HA, **ENDS).astype(np.float64))
    loss = np.full(GRID.shape, 5.0)
    whole = sediment_trapped(rule, loss, sdr)
    loss[2, 2] = np.nan
    holed = sediment_trapped(rule, loss, sdr)
    assert np.isnan(holed[2, 2]) and np.isnan(holed).sum() == 1
    assert np.nanmax(holed - whole) <= 1e-12 and np.nanmin(holed - whole) < -1e-3


def test_ratio_is_bounded_and_rises_with_connectivity() -> None:
    values = np.array([delivery_ratio(x, 0.5, 2.0, 0.8) for x in np.linspace(-12, 8, 200)])
    assert np.all(np.diff(values) > 0) and values[0] > 0 and values[-1] < 0.8
    assert trapping_share(0.4, 0.2) == 0.0 and trapping_share(1.0, 1.0) == 1.0 and trapping_share(0.5, 1.0) == 1.0


positive = st.floats(0.01, 1e4)


@given(positive, st.floats(1e-4, 0.1), st.floats(0.03, 50), st.floats(0, 1), st.floats(-12, 6), st.floats(0.1, 1e3))
def test_kept_and_exported_add_up_to_what_bare_ground_would_deliver(
    r: float, k: float, ls: float, c: float, ic: float, area: float
) -> None:
    found = sediment_delivery.evaluate(erosivity=r, erodibility=k, ls=ls, cover_factor=c, index=ic, area_ha=area)
    bare = sediment_delivery.evaluate(erosivity=r, erodibility=k, ls=ls, cover_factor=1.0, index=ic, area_ha=area)
    assert bare["kept_t"] == pytest.approx(0.0, abs=1e-9)
    assert found["kept_t"] + found["export_t"] == pytest.approx(bare["export_t"], rel=1e-9)
    double = sediment_delivery.evaluate(erosivity=r, erodibility=k, ls=ls, cover_factor=c, index=ic, area_ha=2 * area)
    assert double["kept_t"] == pytest.approx(2 * found["kept_t"], rel=1e-9)
    nearer = sediment_delivery.evaluate(erosivity=r, erodibility=k, ls=ls, cover_factor=c, index=ic + 0.5, area_ha=area)
    assert nearer["export_t"] >= found["export_t"]


def test_k_raises_delivery_far_from_streams_and_lowers_it_near() -> None:
    far, near = (
        [
            sediment_delivery.evaluate(erosivity=4e3, erodibility=0.03, ls=2.0, cover_factor=0.1, index=ic, k=k)["kept_t"]
            for k in (1.5, 2.5)
        ]
        for ic in (-4.0, 3.0)
    )
    assert far[0] < far[1] and near[0] > near[1] and sediment_delivery.MONOTONE is False


def test_nothing_is_kept_on_a_stream() -> None:
    case = {"erosivity": 4e3, "erodibility": 0.03, "ls": 2.0, "cover_factor": 0.1, "trapped_t_ha": 9.0}
    assert sediment_delivery.evaluate(**case, index=math.inf)["kept_t"] == 0.0


@pytest.mark.parametrize("key", ["services.sediment.method", "services.soil.method", "services.sand.method"])
@pytest.mark.parametrize("method", ["GBT46869-2025", "NDRC-2022", "guesswork"])
def test_methods_without_figures_are_refused_by_name(params: Any, key: str, method: str) -> None:
    module = {"sediment": sediment_delivery, "soil": soil_retention, "sand": sand_fixation}[key.split(".")[1]]
    bands = dict.fromkeys(("erosivity", "ls_factor", "ndvi", "erodibility", "connectivity_index", "sediment_trapped"), 1)
    with pytest.raises(NotAssessed) as found:
        module.prepare(Site(params(**{key.replace(".", "__"): method}), bands, GRID, 2023))
    assert [n.record for n in found.value.notes] == [key] and method in found.value.notes[0].say("en")


# ---------------------------------------------------------------- the service
@pytest.fixture(scope="module")
def county(fused: Any, scene: Any, tmp_path_factory: Any, params: Any) -> Any:
    """Return (readers with the made layers, arrays, a function that assesses)."""
    folder = tmp_path_factory.mktemp("layers")
    rules = params(services__sediment__stream_ha=Decimal(20))
    base = {n: fused.InMemory(a) for n, a in scene.layers.items() if n != "slope_degrees"}

    def layers(**changes: np.ndarray) -> dict[str, Any]:
        given = base | {n: fused.InMemory(a) for n, a in changes.items()}
        return derived_layers(["sediment_delivery"], given, scene.grid, folder, rules, 2023)

    def run(readers: dict[str, Any], **changes: Any) -> Any:
        ids = [f"{i:04d}" for i in range(scene.parcels)]
        given = {"models": ["sediment_delivery"], "layers": readers, "grid": scene.grid, "coverage": scene.coverage,
                 "parcel_ids": ids, "params": rules, "year": 2023, "keep": ["sediment_delivery"], **changes}  # fmt: skip
        return assess(**given)

    return layers, run, folder, rules


def test_raster_pass_equals_the_plain_number_function(county: Any, scene: Any, fused: Any) -> None:
    layers, run, *_ = county
    readers = layers()
    found = run(readers)
    kept, soil = found.cells["sediment_delivery"], run(readers, models=["soil_retention"], keep=["soil_retention"])
    height = scene.grid.height
    index, trapped = (readers[n].read(0, height)[0] for n in ("connectivity_index", "sediment_trapped"))
    retained = soil.cells["soil_retention"]
    assert np.isinf(index).any() and np.all(kept[np.isinf(index)] == 0.0)
    seen = 0
    for r, c in np.random.default_rng(2).integers(0, height, (400, 2)):
        if not np.isfinite(index[r, c]) or np.isnan(retained[r, c]):
            assert np.isinf(index[r, c]) or np.isnan(kept[r, c])
            continue
        # With R = retained soil, K = LS = 1 and C = 0 the potential less the actual is what soil retention keeps.
        one = sediment_delivery.evaluate(
            erosivity=float(retained[r, c]), erodibility=1.0, ls=1.0, cover_factor=0.0, index=float(index[r, c]),
            trapped_t_ha=float(trapped[r, c]),
        )["kept_t"]  # fmt: skip
        assert kept[r, c] == pytest.approx(one, rel=2e-5)
        seen += 1
    assert seen > 200
    rows = found.service.to_pylist()
    assert all(v["low"] <= v["quantity"] <= v["high"] for v in rows if v["quantity"] is not None)
    assert any(v["low"] < v["quantity"] < v["high"] for v in rows if v["quantity"] is not None)
    assert "IC=MFD:metres" in rows[0]["method"] and "monte_carlo" in rows[0]["method"]


def test_made_layers_are_found_again_and_another_cover_is_another_file(county: Any, scene: Any) -> None:
    layers, _, folder, _ = county
    layers()
    before = {p.name: p.stat().st_mtime_ns for p in folder.iterdir()}
    layers()
    assert {p.name: p.stat().st_mtime_ns for p in folder.iterdir()} == before
    greener = np.minimum(scene.layers["ndvi"] + np.float32(0.05), np.float32(1))
    layers(ndvi=greener)
    new = {p.name.rsplit("-", 1)[0] for p in folder.iterdir() if p.name not in before}
    assert new == {"connectivity_index", "sediment_trapped"}


def test_without_soil_layers_the_service_says_what_it_lacks(county: Any) -> None:
    layers, run, _, _ = county
    readers = {n: r for n, r in layers().items() if n not in ("clay", "soil_texture", "sediment_trapped")}
    found = run(readers)
    assert {n.record for n in found.notes if n.code == "services.not_assessed"} == {"soil"}
    bare = {n: r for n, r in layers().items() if n not in ("elevation", "connectivity_index", "sediment_trapped")}
    assert {n.record for n in run(bare).notes} == {"elevation", "connectivity_index", "sediment_trapped"}


def test_more_cover_keeps_more_out_of_the_stream(county: Any, scene: Any) -> None:
    layers, run, _, _ = county
    code = np.full_like(scene.layers["land_cover"], 32)
    kept = []
    for ndvi in (0.15, 0.85):
        found = run(layers(land_cover=code, ndvi=np.full_like(scene.layers["ndvi"], ndvi)))
        retained = run(layers(land_cover=code, ndvi=np.full_like(scene.layers["ndvi"], ndvi)), models=["soil_retention"],
                       keep=["soil_retention"]).cells["soil_retention"]  # fmt: skip
        kept.append((np.nansum(found.cells["sediment_delivery"]), np.nansum(retained)))
    assert all(k > 0 for k, _ in kept) and all(k < s for k, s in kept)
    assert soil_retention.METHODS[0] == "HJ1173-2021"


def test_a_missing_rule_is_named_by_the_service_and_not_thrown_by_the_makers(
    county: Any, scene: Any, fused: Any, params: Any, tmp_path: Any
) -> None:
    _, run, *_ = county
    rules = params("science")  # has no table of C
    base = {n: fused.InMemory(a) for n, a in scene.layers.items()}
    readers = derived_layers(["sediment_delivery"], base, scene.grid, tmp_path, rules, 2023)
    assert "connectivity_index" not in readers
    found = run(readers, params=rules)
    assert {n.record for n in found.notes} == {"services.soil.cover_factor"}
