"""Models of water and climate: the raster pass is `evaluate`, cell by cell; products, ceilings, nodata, what is missing."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ecocomp.grid.georef import Grid
from ecocomp.registry import entries
from ecocomp.rules import Parameters
from ecocomp.services.models import (
    climate_regulation,
    flood_regulation,
    storm_retention,
    water_conservation,
    water_purification,
    water_yield,
)
from ecocomp.services.site import IN_PARCEL, Draws, NotAssessed, Plan, Site, StripData

MODELS = (water_conservation, water_yield, flood_regulation, storm_retention, water_purification, climate_regulation)
IDS = tuple(m.SPEC.id for m in MODELS)
GRID = Grid("EPSG:4545", 500_000.0, 3_300_000.0, 30.0, 30.0, 60, 24)
EMISSION = {"cod": 500.0, "nh3n": 60.0, "tn": 90.0, "tp": 9.0}
LOCAL: dict[str, Any] = {
    "services.flood.lake_zone": "eastern_plain",
    "services.flood.storm_rain_mm": ("220", "260", "320"),
    "services.storm.depth_mm": "80",
    "services.water_purification.emission_t": EMISSION,
}
TEXTS = {"services.flood.lake_zone": "text", "services.water.method": "text"}
CODES = (11, 12, 13, 14, 21, 22, 23, 31, 32, 33, 34, 41, 42, 43, 51, 52, 61, 62, 63, 71, 82)


@pytest.fixture(scope="module")
def layers() -> dict[str, np.ndarray]:
    """Noise over every ecosystem; one cell of each has no land cover."""
    rng = np.random.default_rng(11)
    shape = GRID.shape
    codes = rng.choice(CODES, (1, *shape)).astype(np.uint8)
    codes[0, 0, 0] = 0
    lake = np.where(codes == 42, rng.choice([0.0, 0.01, 0.5, 30.0], codes.shape), 0.0)
    reservoir = np.where((codes == 42) & (lake == 0.0), 12_000.0, 0.0)

    def noise(low: float, high: float, bands: int = 1) -> np.ndarray:
        return rng.uniform(low, high, (bands, *shape)).astype(np.float32)

    return {
        "land_cover": codes, "rain": noise(20, 160, 12), "aet": noise(20, 70, 12), "et0": noise(30, 130, 12),
        "soil_depth": noise(200, 1500), "water_capacity": noise(0.05, 0.2), "storm_rain": noise(0, 200),
        "hydrologic_group": rng.integers(1, 5, (1, *shape)).astype(np.uint8), "water_evaporation": noise(700, 1100),
        "storm_rain_year_mm": noise(0, 400), "lake_km2": np.where(codes == 0, np.nan, lake).astype(np.float32),
        "reservoir_capacity_m3_per_ha": np.where(codes == 0, np.nan, reservoir).astype(np.float32),
    }  # fmt: skip


@pytest.fixture
def rules(given_rules: Callable[..., Parameters]) -> Callable[..., Parameters]:
    def make(without: tuple[str, ...] = (), **changes: Any) -> Parameters:
        values = {k: v for k, v in LOCAL.items() if k not in without} | {k.replace("__", "."): v for k, v in changes.items()}
        return given_rules(values, units=TEXTS, place="CN")

    return make


def site_of(layers: dict[str, np.ndarray], params: Any) -> Site:
    return Site(params, {k: v.shape[0] for k, v in layers.items()}, GRID, 2023)


def fill(plan: Plan, layers: dict[str, np.ndarray], columns: int = 3) -> np.ndarray:
    """Return (products, columns, cells) of the whole grid, computed in two goes."""
    read = {name: np.ascontiguousarray(layers[name].reshape(layers[name].shape[0], -1)) for name in plan.layers}
    cells = GRID.height * GRID.width
    strip = StripData(0, GRID.height, GRID.width, read, np.full(cells, IN_PARCEL, np.uint8))
    out = np.full((max(len(plan.products), 1) * columns, cells), -99.0, np.float32)
    plan.fill(strip, 0, 7, out)
    plan.fill(strip, 7, GRID.height, out)
    return out.reshape(-1, columns, cells)


def flat(layers: dict[str, np.ndarray], name: str) -> np.ndarray:
    return layers[name].astype(np.float64).sum(axis=0).reshape(-1)


# ---------------------------------------------------------------- specifications
@pytest.mark.parametrize("model", MODELS, ids=IDS)
def test_arguments_and_outputs_are_those_of_evaluate(model: Any) -> None:
    spec = model.SPEC
    assert [a.name for a in spec.arguments] == list(inspect.signature(model.evaluate).parameters)
    assert len(spec.examples) >= 2 and spec.differs.zh and spec.differs.en and spec.id in entries("services.models")
    for line in spec.formula.splitlines():
        assert line.split(" = ")[0] in {u.symbol for u in spec.outputs}, line
    for example in spec.examples:
        found = model.evaluate(**example.inputs)
        assert set(found) == {u.name for u in spec.outputs}
        for name, value in example.outputs.items():
            assert found[name] == pytest.approx(value, rel=example.tolerance, abs=1e-9), name


@pytest.mark.parametrize("model", MODELS, ids=IDS)
def test_low_value_high_in_order_and_every_cell_written(model: Any, layers: Any, rules: Any) -> None:
    plan = model.prepare(site_of(layers, rules()))
    found = fill(plan, layers)
    assert not np.any(found == -99.0) and np.isnan(found[:, :, 0]).all()
    seen = ~np.isnan(found[:, 1])
    assert seen.any(axis=1).all()
    low, value, high = (np.where(seen, found[:, k], 0.0) for k in range(3))
    assert np.all(low <= value) and np.all(value <= high) and np.any(low < high)
    assert np.array_equal(np.isnan(found[:, 0]), ~seen) and np.array_equal(np.isnan(found[:, 2]), ~seen)


@pytest.mark.parametrize("model", MODELS, ids=IDS)
def test_nodata_in_any_layer_is_nodata(model: Any, layers: Any, rules: Any) -> None:
    plan = model.prepare(site_of(layers, rules()))
    whole = fill(plan, layers)
    for name in plan.layers:
        holed = layers[name].copy()
        holed[-1, :5] = 0 if holed.dtype == np.uint8 else np.nan
        found = fill(plan, {**layers, name: holed})
        north = np.arange(found.shape[2]) < 5 * GRID.width
        assert np.array_equal(found[:, :, ~north], whole[:, :, ~north], equal_nan=True)
        if name == "water_evaporation":  # which has values over water alone
            north &= np.isin(layers["land_cover"].reshape(-1), (42, 43))
        assert np.isnan(found[:, :, north]).all(axis=2).any(), name


@pytest.mark.parametrize("model", MODELS, ids=IDS)
def test_draws_scatter_about_the_value(model: Any, layers: Any, rules: Any) -> None:
    params = rules()
    value = fill(model.prepare(site_of(layers, params)), layers)
    drawn = fill(model.prepare(site_of(layers, Draws(params, tuple(range(8)), 1))), layers, 8)
    seen = ~np.isnan(value[:, 1])
    assert drawn.shape[1] == 8 and np.array_equal(~np.isnan(drawn[:, 3]), seen)
    for p in range(len(value)):
        low, high = value[p, 0][seen[p]], value[p, 2][seen[p]]
        slack = 1e-3 * (1.0 + np.abs(high))
        assert np.all(drawn[p][:, seen[p]] >= low - slack) and np.all(drawn[p][:, seen[p]] <= high + slack)


@pytest.mark.parametrize("model", MODELS, ids=IDS)
def test_what_is_missing_is_named_at_once(model: Any, layers: Any, rules: Any) -> None:
    with pytest.raises(NotAssessed) as reason:
        model.prepare(Site(rules(), {}, GRID, 2023))
    needed = {u.name for u in model.SPEC.inputs if not u.optional}
    named = {n.record for n in reason.value.notes}
    assert named == needed and all(n.say("zh") != n.say("en") and n.severity == "warning" for n in reason.value.notes)


# ---------------------------------------------------------------- the pass is evaluate
def test_conservation_is_evaluate(layers: Any, rules: Any) -> None:
    rain, aet, code = (flat(layers, n) for n in ("rain", "aet", "land_cover"))
    found = fill(water_conservation.prepare(site_of(layers, rules(services__water__method="HJ1173-2021"))), layers)[0, 1]
    for i in np.flatnonzero(code == 33)[:5]:
        one = water_conservation.evaluate(
            rain_mm=rain[i], aet_mm=aet[i], runoff_coefficient=0.0937, area_m2=1e4, runoff_rain_share=0.5
        )
        assert found[i] == pytest.approx(one["volume_m3"], rel=1e-5)
    plain = fill(water_conservation.prepare(site_of(layers, rules())), layers)[0, 1]
    i = np.flatnonzero(code == 33)[0]
    assert plain[i] == pytest.approx(10 * (rain[i] * (1 - 0.0937) - aet[i]), rel=1e-5) and plain[i] > found[i]


def test_difference_against_bare_land_is_a_method_of_its_own_that_reads_no_evapotranspiration(layers: Any, rules: Any) -> None:
    plan = water_conservation.prepare(site_of(layers, rules(services__water__method="HJ1175-2021")))
    assert plan.layers == ("rain", "land_cover") and "no balance" in plan.method
    code, found = flat(layers, "land_cover"), fill(plan, layers)[0, 1]
    i = np.flatnonzero(code == 11)[0]
    assert found[i] == pytest.approx(10 * flat(layers, "rain")[i] * 0.5 * (0.60 - 0.24), rel=1e-5)


def test_negative_balances_are_counted_in_parcels(layers: Any, rules: Any) -> None:
    plan = water_conservation.prepare(site_of(layers, rules()))
    dry = {**layers, "rain": layers["rain"] * 0.1}
    strip = StripData(
        0, GRID.height, GRID.width, {n: dry[n].reshape(dry[n].shape[0], -1) for n in plan.layers},
        np.where(np.arange(1440) < 720, IN_PARCEL, 1).astype(np.uint8),
    )  # fmt: skip
    out = np.empty((3, 1440), np.float32)
    counted = plan.fill(strip, 0, GRID.height, out)
    assert counted == np.sum(out[1, :720] < 0) > 100 and np.sum(out[1] < 0) > counted


def numpy_yield(layers: dict[str, np.ndarray], kc: Any, root: Any, plants: Any, z: float) -> np.ndarray:
    """Return P·(1 − AET/P) [mm] as the equations of InVEST's guide say, in NumPy."""
    rain, et0, soil, pawc = (flat(layers, n) for n in ("rain", "et0", "soil_depth", "water_capacity"))
    code = layers["land_cover"].reshape(-1)
    pet = kc[code] * et0
    awc = np.minimum(root[code], soil) * pawc
    w = np.minimum(z * awc / rain + 1.25, 5.0)
    curve = 1.0 + pet / rain - (1.0 + (pet / rain) ** w) ** (1.0 / w)
    share = np.where(plants[code] == 1, np.minimum(pet / rain, curve), np.minimum(pet, rain) / rain)
    return np.asarray(rain * (1.0 - share))


def test_yield_is_the_equation_of_invest_in_every_cell(layers: Any, rules: Any) -> None:
    params = rules()
    kc, root, plants = (np.full(256, np.nan) for _ in range(3))
    for table, key in ((kc, "kc"), (root, "root_depth_mm"), (plants, "vegetated")):
        for code, value in params.table(f"services.water_yield.{key}").items():
            table[int(code)] = float(value)
    root[plants == 0] = 0.0
    wanted = 10.0 * numpy_yield(layers, kc, root, plants, 6.0)
    found = fill(water_yield.prepare(site_of(layers, params)), layers)[0, 1]
    assert np.array_equal(np.isnan(found), np.isnan(wanted)) and np.sum(~np.isnan(found)) > 1400
    np.testing.assert_allclose(found, wanted.astype(np.float32), rtol=2e-7, atol=1e-3)


def test_yield_without_rain_is_zero_and_more_roots_mean_less_water(layers: Any, rules: Any) -> None:
    code = layers["land_cover"].reshape(-1)
    dry = fill(water_yield.prepare(site_of(layers, rules())), {**layers, "rain": 0.0 * layers["rain"]})[0, 1]
    assert np.all(dry[code != 0] == 0.0) and np.isnan(dry[0])
    roots = {k: float(v) for k, v in rules().table("services.water_yield.root_depth_mm").items()}
    base, deep = (
        fill(water_yield.prepare(site_of(layers, rules(services__water_yield__root_depth_mm=r))), layers)[0, 1]
        for r in (roots, {k: 0.3 * v for k, v in roots.items()})
    )
    seen = ~np.isnan(base)
    assert np.all(deep[seen] >= base[seen]) and np.any(deep[seen] > base[seen])


@pytest.mark.parametrize("by", ["raster", "rule"])
def test_storm_retention_is_evaluate(by: str, layers: Any, rules: Any) -> None:
    given = {k: v for k, v in layers.items() if by == "raster" or k != "storm_rain"}
    plan = storm_retention.prepare(site_of(given, rules()))
    assert f"storm={by}" in plan.method and plan.notes[0].record == "41 42 43 81"
    found = fill(plan, given)[0, 1]
    code, group = (layers[n].reshape(-1) for n in ("land_cover", "hydrologic_group"))
    for i in np.flatnonzero((code == 51) & (group == 2))[:4]:
        depth = float(layers["storm_rain"].reshape(-1)[i]) if by == "raster" else 80.0
        one = storm_retention.evaluate(curve_number=78.0, rain_mm=depth, area_ha=1.0)
        assert found[i] == pytest.approx(one["volume_m3"], rel=1e-5)


def test_curve_numbers_that_cannot_be_read_are_named(layers: Any, rules: Any) -> None:
    for table in ({"11": 50, "12 A": 40}, {"11 E": 50}, {"11 A": 0}, {"99 A": 50}):
        with pytest.raises(NotAssessed) as reason:
            storm_retention.prepare(site_of(layers, rules(services__storm__curve_number=table)))
        wrong = next(k for k in table if k != "12 A")
        assert wrong in reason.value.notes[0].say("en")


# ---------------------------------------------------------------- flood regulation
def test_flood_products_are_evaluate(layers: Any, rules: Any) -> None:
    plan = flood_regulation.prepare(site_of(layers, rules()))
    assert plan.products == ("vegetation", "lake", "reservoir", "marsh")
    found = dict(zip(plan.products, fill(plan, layers)[:, 1], strict=True))
    code, lake = layers["land_cover"].reshape(-1), layers["lake_km2"].reshape(-1).astype(float)
    storm = layers["storm_rain_year_mm"].reshape(-1).astype(float)
    forest, marsh = np.flatnonzero(code == 11)[0], np.flatnonzero(code == 41)[0]
    one = flood_regulation.evaluate(storm_rain_mm=storm[forest], runoff_coefficient=0.25, vegetation_ha=1.0)
    assert found["vegetation"][forest] == pytest.approx(one["vegetation"], rel=1e-5)
    for i in (np.flatnonzero(lake == 30.0)[0], np.flatnonzero(lake == 0.5)[0]):
        one = flood_regulation.evaluate(lake_km2=lake[i], lake_a=4.924, lake_b=1.128, exchanges=3.19)
        assert found["lake"][i] == pytest.approx(one["lake"] / (100.0 * lake[i]), rel=1e-5)
    pond = np.float32(lake) == np.float32(0.01)
    assert np.isnan(found["lake"][pond]).all() and pond.any()  # too small for the equation
    held = (layers["reservoir_capacity_m3_per_ha"].reshape(-1) > 0) & (code == 42)
    assert np.allclose(found["reservoir"][held], 0.3 * 12_000.0) and np.all(found["lake"][held] == 0.0)
    assert found["marsh"][marsh] == pytest.approx(flood_regulation.evaluate(marsh_ha=1.0, marsh_depth_m=0.3)["marsh"])
    assert found["marsh"][forest] == found["lake"][forest] == found["reservoir"][forest] == 0.0
    assert found["vegetation"][marsh] == 0.0 and np.isnan(found["vegetation"][code == 51]).all()


def test_a_product_without_its_input_is_left_out_and_named_while_the_others_stand(layers: Any, rules: Any) -> None:
    bare = {"land_cover": layers["land_cover"]}
    plan = flood_regulation.prepare(site_of(bare, rules(without=("services.flood.storm_rain_mm",))))
    assert plan.products == ("marsh",) and plan.layers == ("land_cover",)
    reasons = {n.where: n for n in plan.notes}
    assert set(reasons) == {f"flood_regulation.{p}" for p in ("vegetation", "lake", "reservoir")}
    assert "rain_daily" in reasons["flood_regulation.vegetation"].say("en")
    assert "lake_km2" in reasons["flood_regulation.lake"].say("en")
    assert "reservoir" in reasons["flood_regulation.reservoir"].say("en")
    assert not np.isnan(fill(plan, bare)[0, 1][1:]).any()
    no_zone = flood_regulation.prepare(site_of(layers, rules(without=("services.flood.lake_zone",))))
    assert no_zone.products == ("vegetation", "marsh")
    assert {n.record for n in no_zone.notes if n.code == "services.not_assessed"} == {"services.flood.lake_zone"}
    wrong = flood_regulation.prepare(site_of(layers, rules(services__flood__lake_zone="moon")))
    assert any("moon" in n.say("en") and "northeast" in n.say("en") for n in wrong.notes)


def test_daily_rain_its_yearly_layer_and_a_rule_give_the_same(layers: Any, rules: Any, tmp_path: Any) -> None:
    from ecocomp.services.derive import Making
    from ecocomp.services.layers import storm_rain

    rng = np.random.default_rng(2)
    daily = (rng.gamma(0.2, 20.0, (365, *GRID.shape))).astype(np.float32)
    daily[17, 3, 4] = np.nan
    wanted = np.where(daily >= 50.0, daily, 0.0).astype(np.float64).sum(axis=0)
    wanted[3, 4] = np.nan
    making = Making({"rain_daily": Rows(daily)}, GRID, tmp_path, rules(), 2023, {})
    made = storm_rain.make(making)["storm_rain_year_mm"].read(0, GRID.height)
    np.testing.assert_allclose(made[0], wanted, rtol=1e-6)
    cover = {"land_cover": layers["land_cover"]}
    results = []
    for more in ({"rain_daily": daily}, {"storm_rain_year_mm": made, "rain_daily": daily}):
        plan = flood_regulation.prepare(site_of({**cover, **more}, rules()))
        assert plan.layers[1] == next(iter(more))
        results.append(fill(plan, {**cover, **more})[0])
    np.testing.assert_allclose(*results, rtol=1e-6)
    by_rule = fill(flood_regulation.prepare(site_of(cover, rules())), cover)[0]
    forest = np.flatnonzero(layers["land_cover"].reshape(-1) == 11)[0]
    assert by_rule[1][forest] == pytest.approx(10 * 260 * 0.75) and by_rule[0][forest] < by_rule[1][forest] < by_rule[2][forest]


class Rows:
    """A layer held in memory, read by rows."""

    def __init__(self, array: np.ndarray) -> None:
        self.array, self.bands = array, array.shape[0]

    def read(self, row0: int, row1: int) -> np.ndarray:
        return self.array[:, row0:row1]


# ---------------------------------------------------------------- purification
def test_purification_by_wetland_with_the_emission_as_ceiling(layers: Any, rules: Any) -> None:
    plan = water_purification.prepare(site_of(layers, rules()))
    assert plan.products == ("cod", "nh3n", "tn", "tp") and plan.ceiling is not None
    assert plan.ceiling.tolist() == [[v] * 3 for v in EMISSION.values()]
    found, code = fill(plan, layers), layers["land_cover"].reshape(-1)
    assert np.allclose(found[0, 1][code == 41], 1.1) and np.isnan(found[0, 1][code == 11]).all()
    note = next(n for n in plan.notes if n.code == "services.class_not_assessed")
    assert "11" in note.record.split() and not {"41", "42", "43"} & set(note.record.split())


def test_a_pollutant_of_unknown_emission_is_not_assessed(layers: Any, rules: Any) -> None:
    some = {"services__water_purification__emission_t": {"cod": 500.0}}
    plan = water_purification.prepare(site_of(layers, rules(**some)))
    assert plan.products == ("cod",) and len([n for n in plan.notes if "emission" in n.say("en")]) == 3
    with pytest.raises(NotAssessed) as reason:
        water_purification.prepare(site_of(layers, rules(without=("services.water_purification.emission_t",))))
    assert len(reason.value.notes) == 4 and "overstate" in reason.value.notes[0].say("en")


# ---------------------------------------------------------------- climate
@pytest.mark.parametrize("source", ["water_evaporation", "et0"])
def test_climate_is_evaluate(source: str, layers: Any, rules: Any) -> None:
    given = {k: v for k, v in layers.items() if source == "water_evaporation" or k != "water_evaporation"}
    plan = climate_regulation.prepare(site_of(given, rules()))
    assert plan.products == ("transpiration", "water_surface") and source in plan.layers
    found, code = fill(plan, given)[:, 1], layers["land_cover"].reshape(-1)
    forest, lake, crop = (np.flatnonzero(code == c)[0] for c in (11, 42, 51))
    if source == "et0":
        mm = 1.05 * layers["et0"].reshape(12, -1).astype(float)[5:8, lake].sum() * 60 / 92
    else:
        mm = float(layers[source].reshape(-1)[lake]) * 60 / 365
    one = climate_regulation.evaluate(heat_kj_m2_d=2837.27, vegetation_ha=1.0, days=60.0, evaporation_mm=mm, water_ha=1.0)
    assert found[0][forest] == pytest.approx(one["transpiration"], rel=1e-5)
    assert found[1][lake] == pytest.approx(one["water_surface"], rel=1e-5)
    assert found[0][lake] == 0.0 and found[1][forest] == 0.0 and np.isnan(found[:, crop]).all()


def test_climate_without_evaporation_still_transpires(layers: Any, rules: Any) -> None:
    plan = climate_regulation.prepare(site_of({"land_cover": layers["land_cover"]}, rules()))
    assert plan.products == ("transpiration",)
    assert any(n.where == "climate_regulation.water_surface" and "et0" in n.say("zh") for n in plan.notes)


# ---------------------------------------------------------------- all of them through the pass over parcels
def assess_boxes(layers: dict[str, np.ndarray], params: Any, ends: list[tuple[float, float]], rows: int = 256) -> Any:
    """Return (service, column) → one number for each parcel; parcels are bands of the grid from west to east [m]."""
    import shapely

    from ecocomp.grid.coverage import build_coverage
    from ecocomp.services.engine import assess

    boxes = [shapely.box(GRID.x0 + west, GRID.y0 - 700.0, GRID.x0 + east, GRID.y0 - 13.0) for west, east in ends]
    found = assess(
        models=IDS, layers={k: Rows(v) for k, v in layers.items()}, grid=GRID, coverage=build_coverage(boxes, GRID, rows=rows),
        parcel_ids=[f"{i:02d}" for i in range(len(boxes))], params=params, year=2023,
    ).service.to_pylist()  # fmt: skip
    services = sorted({r["service"] for r in found})

    def column(service: str, name: str = "quantity") -> np.ndarray:
        return np.array([np.nan if r[name] is None else r[name] for r in found if r["service"] == service])

    return services, column


def test_parcels_add_up_and_what_is_seen_lies_within_what_is_meant(layers: Any, rules: Any) -> None:
    services, found = assess_boxes(layers, rules(), [(40, 1700), (40, 777), (777, 1700)])
    assert len(services) == 3 + 4 + 4 + 2
    for service in services:
        seen, meant = found(service, "coverage"), found(service, "applicable")
        assert np.all(seen > 0) and np.all(seen <= meant + 1e-9), service
        low, value, high = (found(service, n) for n in ("low", "quantity", "high"))
        assert np.all(low <= value) and np.all(value <= high)
        if not service.startswith("water_purification"):
            assert value[0] == pytest.approx(value[1] + value[2], rel=1e-6), service


def test_the_rows_of_a_strip_do_not_matter(layers: Any, rules: Any) -> None:
    ends = [(40.0, 777.0), (777.0, 1700.0)]
    services, one = assess_boxes(layers, rules(), ends)
    _, two = assess_boxes(layers, rules(), ends, rows=5)
    for service in services:
        assert np.array_equal(one(service), two(service), equal_nan=True)


def test_together_wetlands_take_out_no_more_than_is_emitted(layers: Any, rules: Any) -> None:
    ends = [(300.0 * i, 300.0 * i + 300.0) for i in range(6)]
    little = {"services__water_purification__emission_t": {"cod": 1.5, "nh3n": 1e6}}
    _, found = assess_boxes(layers, rules(**little), ends)
    _, free = assess_boxes(layers, rules(services__water_purification__emission_t={"cod": 1e6, "nh3n": 1e6}), ends)
    cod, could = found("water_purification.cod"), free("water_purification.cod")
    assert could.sum() > 1.5 == pytest.approx(cod.sum(), rel=1e-6)
    np.testing.assert_allclose(cod / cod.sum(), could / could.sum(), rtol=1e-6)
    assert np.array_equal(found("water_purification.nh3n"), free("water_purification.nh3n"))


def test_a_table_with_a_code_that_is_no_ecosystem_is_named_and_is_no_traceback(layers: Any, rules: Any) -> None:
    for table in ({"11": 1.0, "99": 1.0}, {"forest": 1.0}, {"00": 1.0}):
        with pytest.raises(NotAssessed) as reason:
            water_yield.prepare(site_of(layers, rules(services__water_yield__kc=table)))
        (note,) = reason.value.notes
        assert note.record == "services.water_yield.kc" and max(table) in note.say("zh")
