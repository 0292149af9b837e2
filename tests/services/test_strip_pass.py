"""One strip by itself: the same bits however rows are cut, exact sums, draws and their quantiles, empty ground."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from ecocomp.registry import Entry, Example, Reference, Spec, Use, entries
from ecocomp.services.engine import Assessment, assess, cell_area_ha
from ecocomp.services.parcel_sums import add_parts, rounded
from ecocomp.services.site import Draws, Plan, Site, class_map, columns, corners
from ecocomp.services.strip_pass import Interval, Scratch, compute_strip, prepare_work
from ecocomp.services.totals import Totals, quantiles
from ecocomp.terms.faults import FaultsError, UsageError
from ecocomp.terms.text import Text

SERVICES = ("carbon_sequestration", "sand_fixation", "soil_retention", "water_conservation")
KEY = "services.water.aet_factor"
WIDE = Decimal("1.0"), Decimal("0.5"), Decimal("1.9")


def run(fused: Any, scene: Any, **changes: Any) -> Assessment:
    layers = {**scene.layers, **changes.pop("layers", {})}
    given = {
        "models": SERVICES, "layers": {n: fused.InMemory(np.asarray(a)) for n, a in layers.items()}, "grid": scene.grid,
        "coverage": scene.coverage, "params": scene.params, "parcel_ids": [f"{i:04d}" for i in range(len(scene.coverage))],
        "year": 2023, "wind": scene.wind, **changes,
    }  # fmt: skip
    return assess(**given)


def column(found: Assessment, service: str, name: str = "quantity") -> np.ndarray:
    rows = found.service.to_pylist()
    return np.array([np.nan if r[name] is None else r[name] for r in rows if r["service"] == service])


def spec(id: str, outputs: tuple[str, ...]) -> Spec:
    return Spec(
        id, Text("试", "trial"), Text("试", "a trial"), "t/a", (Use("rain", "mm", Text("雨", "rain")),),
        tuple(Use(o, "t/a", Text("试", "trial")) for o in outputs),
        (Reference("made for this test", "D"),), (Example({}, {}, "none"),),
    )  # fmt: skip


def tilting(products: tuple[str, ...] = (), ceiling: float = math.nan, monotone: bool = False) -> ModuleType:
    """A model whose parameter f raises the result where it rains more than 100 mm and lowers it elsewhere: r + f·(r − 100)."""
    module = ModuleType("trial.tilting")
    module.SPEC = spec("tilting", products or ("mass_t",))  # type: ignore[attr-defined]
    module.MONOTONE = monotone  # type: ignore[attr-defined]

    def prepare(site: Site) -> Plan:
        factor = corners(site.params, KEY, 1 if monotone else 0)
        wide, n = columns(site.params), max(len(products), 1)

        def fill(strip: Any, first: int, last: int, out: np.ndarray) -> int:
            a, b = first * strip.width, last * strip.width
            r = strip.layer("rain")[0, a:b].astype(float)
            for p in range(n):
                for k in range(wide):
                    out[p * wide + k, a:b] = (p + 1) * (r + factor[k] * (r - 100.0))
            return 0

        most = None if math.isnan(ceiling) else np.full((n, wide), ceiling)
        return Plan(("rain",), "tilted", fill, products=products, ceiling=most)

    module.prepare = prepare  # type: ignore[attr-defined]
    return module


@pytest.fixture
def plug_in(monkeypatch: pytest.MonkeyPatch) -> Callable[[ModuleType], str]:
    """Register a model for one test."""

    def add(module: Any) -> str:
        monkeypatch.setitem(entries("services.models"), module.SPEC.id, Entry("services.models", module.SPEC, module))
        return str(module.SPEC.id)

    return add


@pytest.fixture
def wide_rules(params: Any) -> Any:
    return params(**{KEY.replace(".", "__"): WIDE})


def sums(scene: Any, rain: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """Return what the tilting model gives per parcel (parcels, factors) in plain NumPy."""
    r = rain.reshape(-1).astype(float)
    per_ha = (r + factors[:, None] * (r - 100.0)).astype(np.float32)
    return np.stack([np.bincount(scene.labels, v * 0.09, scene.parcels) for v in per_ha], axis=1)


# ---------------------------------------------------------------- strips by themselves
def test_strips_computed_in_any_order_and_added_from_north_to_south_give_the_bits_of_the_pass(fused: Any, scene: Any) -> None:
    import shapely

    from ecocomp.grid.coverage import build_coverage

    x = scene.grid.x0 + 30.0 * np.array([3.3, 40.2, 55.0])
    parcels = shapely.box(x, scene.grid.y0 - 2100.0, x + 800.0, scene.grid.y0 - 133.0)
    thin = build_coverage(parcels, scene.grid, rows=11)
    readers = {n: fused.InMemory(a) for n, a in scene.layers.items()}
    work, _ = prepare_work(SERVICES, Site(scene.params, {n: r.bands for n, r in readers.items()}, scene.grid, 2023, scene.wind))
    area = cell_area_ha(scene.grid)
    backwards = {k: compute_strip(work, thin.strips[k], readers, area[thin.strips[k].rows]) for k in range(len(thin.strips))[::-1]}
    totals = Totals(work, thin.strips, len(thin))
    for k, strip in enumerate(thin.strips):
        totals.add(strip, backwards[k])
    [block] = totals.blocks()
    whole = run(fused, scene, coverage=build_coverage(parcels, scene.grid), parcel_ids=["a", "b", "c"])
    for made in work.runs:
        assert np.array_equal(block.low_value_high(made, 0)[:, 1], column(whole, made.id))


def test_a_strip_says_its_parcels_only_and_used_room_leaves_no_trace(fused: Any, scene: Any) -> None:
    readers = {n: fused.InMemory(a) for n, a in scene.layers.items()}
    work, _ = prepare_work(SERVICES, Site(scene.params, {n: r.bands for n, r in readers.items()}, scene.grid, 2023, scene.wind))
    strip, area, scratch = scene.coverage.strips[0], cell_area_ha(scene.grid), Scratch()
    first = compute_strip(work, strip, readers, area[strip.rows], scratch=scratch, keep=SERVICES)
    for room in scratch._room.values():
        room[:] = 0x7E
    again = compute_strip(work, strip, readers, area[strip.rows], scratch=scratch, keep=SERVICES)
    assert first.sums.shape == (strip.parcel.size, work.columns) and first.draws.shape == (strip.parcel.size, 0)
    assert np.array_equal(first.sums, again.sums) and np.array_equal(first.rests, again.rests)
    assert all(np.array_equal(first.kept[id], again.kept[id], equal_nan=True) for id in SERVICES)


def test_a_wide_strip_is_computed_in_pieces_with_the_same_bits(
    fused: Any, scene: Any, monkeypatch: pytest.MonkeyPatch, params: Any, plug_in: Any
) -> None:
    from ecocomp.services import strip_pass

    drawn = params(services__interval__method="monte_carlo", **{KEY.replace(".", "__"): WIDE})
    for changes in ({}, {"models": ["carbon_sequestration", plug_in(tilting())], "params": drawn}):
        whole = run(fused, scene, keep=SERVICES[:1], **changes)
        with monkeypatch.context() as small:
            small.setattr(strip_pass, "PIECE_BYTES", 1)
            pieces = run(fused, scene, keep=SERVICES[:1], **changes)
        assert pieces.service.equals(whole.service) and pieces.notes == whole.notes
        assert np.array_equal(pieces.cells[SERVICES[0]], whole.cells[SERVICES[0]], equal_nan=True)


def test_sums_are_the_exact_sum_rounded_once() -> None:
    rng = np.random.default_rng(4)
    parts = rng.normal(size=(400, 50)) * 10.0 ** rng.integers(-9, 9, (400, 50))
    total, rest = np.zeros((50, 1)), np.zeros((50, 1))
    every = np.arange(50)
    for part in parts:
        add_parts(total, rest, every, part[:, None], np.zeros((50, 1)))
    assert np.array_equal(rounded(total, rest)[:, 0], [math.fsum(column) for column in parts.T])


def test_the_area_seen_of_a_whole_parcel_is_the_whole_parcel_to_the_bit(fused: Any, scene: Any) -> None:
    codes = np.full_like(scene.layers["land_cover"], 11)
    assert np.all(column(run(fused, scene, layers={"land_cover": codes}), "carbon_sequestration", "coverage") == 1.0)


def test_ground_without_any_data_is_not_computed_and_not_observed(fused: Any, scene: Any, plug_in: Any, wide_rules: Any) -> None:
    rain = np.full((1, *scene.grid.shape), 150.0, np.float32)
    rain[:, :48] = np.nan
    seen: list[int] = []
    module: Any = tilting(monotone=True)
    prepare = module.prepare

    def watched(site: Site) -> Plan:
        plan = prepare(site)

        def fill(strip: Any, first: int, last: int, out: np.ndarray) -> int:
            seen.append(strip.first_row + first)
            return int(plan.fill(strip, first, last, out))

        return Plan(plan.layers, plan.method, fill)

    module.prepare = watched
    found = run(fused, scene, models=[plug_in(module)], layers={"rain": rain}, params=wide_rules, keep=["tilting"])
    assert min(seen) == 48
    share = column(found, "tilting", "coverage").reshape(10, 10)
    assert np.all(share[:5] == 0) and np.all(share[6:] == 1)
    assert np.all(np.isnan(found.cells["tilting"][:48])) and not np.any(np.isnan(found.cells["tilting"][48:]))


# ---------------------------------------------------------------- draws
def test_a_model_that_is_not_monotone_gets_quantiles_of_its_draws(fused: Any, scene: Any, plug_in: Any, wide_rules: Any) -> None:
    rain = scene.layers["rain"][:1]
    found = run(fused, scene, models=[plug_in(tilting())], layers={"rain": rain}, params=wide_rules)
    draws = sums(scene, rain, Draws(wide_rules, tuple(range(64)), 20250101).of(KEY, 0.5, 1.0, 1.9))
    value = sums(scene, rain, np.array([1.0]))[:, 0]
    low, high = (np.quantile(draws, q, axis=1) for q in (0.05, 0.95))
    assert column(found, "tilting") == pytest.approx(value, rel=1e-6)
    assert column(found, "tilting", "low") == pytest.approx(np.minimum(low, value), rel=1e-5)
    assert column(found, "tilting", "high") == pytest.approx(np.maximum(high, value), rel=1e-5)
    assert found.service["method"][0].as_py() == "tilting v1: tilted; interval=monte_carlo(64)"
    assert np.any(rain < 100) and np.any(rain > 100) and np.all(column(found, "tilting", "low") < column(found, "tilting", "high"))


def test_a_parameter_without_a_known_sense_is_refused_by_corners(fused: Any, scene: Any, plug_in: Any, wide_rules: Any) -> None:
    module: Any = tilting()
    module.MONOTONE = True
    with pytest.raises(TypeError, match="MONOTONE"):
        run(fused, scene, models=[plug_in(module)], params=wide_rules)


def test_drawing_a_monotone_model_keeps_its_value_and_narrows_the_corners(
    fused: Any, scene: Any, plug_in: Any, params: Any
) -> None:
    rain = np.full((1, *scene.grid.shape), 150.0, np.float32)
    changes = {KEY.replace(".", "__"): WIDE}
    by = {
        method: run(fused, scene, models=[plug_in(tilting(monotone=True))], layers={"rain": rain},
                    params=params(**changes, services__interval__method=method))
        for method in ("corners", "monte_carlo")
    }  # fmt: skip
    one, two = (({n: column(f, "tilting", n) for n in ("low", "quantity", "high")}) for f in by.values())
    assert np.array_equal(one["quantity"], two["quantity"])
    assert np.all(one["low"] < two["low"]) and np.all(two["low"] < two["quantity"])
    assert np.all(two["quantity"] < two["high"]) and np.all(two["high"] < one["high"])
    assert "interval=corners" in by["corners"].service["method"][0].as_py()


def test_draws_do_not_depend_on_threads_strips_or_other_services(fused: Any, scene: Any, plug_in: Any, wide_rules: Any) -> None:
    id = plug_in(tilting(products=("mass_a", "mass_b")))
    alone = run(fused, scene, models=[id], params=wide_rules, threads=1)
    beside = run(fused, scene, models=[id, *SERVICES], params=wide_rules, threads=4)
    for name in ("low", "quantity", "high"):
        assert np.array_equal(column(alone, "tilting.mass_b", name), column(beside, "tilting.mass_b", name))
    assert column(alone, "tilting.mass_b", "low") == pytest.approx(2 * column(alone, "tilting.mass_a", "low"), rel=1e-5)


def test_a_ceiling_holds_in_every_draw(fused: Any, scene: Any, plug_in: Any, wide_rules: Any) -> None:
    rain = np.full((1, *scene.grid.shape), 150.0, np.float32)
    free = run(fused, scene, models=[plug_in(tilting(("mass_a",)))], layers={"rain": rain}, params=wide_rules)
    most = 0.5 * column(free, "tilting.mass_a").sum()
    held = run(fused, scene, models=[plug_in(tilting(("mass_a",), most))], layers={"rain": rain}, params=wide_rules)
    for name in ("low", "quantity", "high"):
        assert column(held, "tilting.mass_a", name).sum() == pytest.approx(most)


def test_the_range_is_widened_to_hold_the_value(fused: Any, scene: Any, plug_in: Any, params: Any) -> None:
    """The value is an end of the range: every draw lies on one side of it."""
    rules = params(**{KEY.replace(".", "__"): (Decimal("0.5"), Decimal("0.5"), Decimal("1.9"))})
    rain = np.full((1, *scene.grid.shape), 150.0, np.float32)
    found = run(fused, scene, models=[plug_in(tilting())], layers={"rain": rain}, params=rules)
    assert np.array_equal(column(found, "tilting", "low"), column(found, "tilting"))
    assert np.all(column(found, "tilting", "high") > column(found, "tilting"))


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("draws", 63, "a multiple of 8"),
        ("draws", 0, "a multiple of 8"),
        ("draws", 4104, "at most 4096"),
        ("method", "guess", "corners, monte_carlo"),
        ("quantiles", {"low": 0.9, "high": 0.1}, "low < high"),
    ],
)
def test_a_rule_of_the_interval_that_cannot_be_is_said(
    fused: Any, scene: Any, plug_in: Any, params: Any, key: str, value: object, said: str
) -> None:
    if isinstance(value, dict):
        value = {k: Decimal(str(v)) for k, v in value.items()}
    rules = params(**{f"services__interval__{key}": Decimal(value) if isinstance(value, int) else value})
    with pytest.raises(FaultsError) as stop:
        run(fused, scene, models=[plug_in(tilting())], params=rules)
    (fault,) = stop.value.faults
    assert (fault.code, fault.severity) == ("rules.interval", "error")
    assert f"services.interval.{key}" in fault.say("en") and said in fault.say("en")


@pytest.mark.parametrize("error", [IndexError, KeyError, ValueError])
def test_a_model_that_breaks_on_a_rule_is_a_note_and_the_others_go_on(
    fused: Any, scene: Any, plug_in: Any, error: type[Exception]
) -> None:
    broken = tilting()

    def prepare(site: Site) -> Plan:
        raise error("999")

    broken.prepare = prepare  # type: ignore[attr-defined]
    found = run(fused, scene, models=[plug_in(broken), "carbon_sequestration"])
    note = next(n for n in found.notes if n.where == "tilting")
    assert note.severity == "warning" and error.__name__ in note.say("en") and "999" in note.say("zh")
    assert np.isfinite(column(found, "carbon_sequestration")).any()


def test_quantiles_are_those_of_numpy() -> None:
    draws = np.random.default_rng(2).normal(size=(70_000, 16))
    low, high = quantiles(draws, Interval(16, 0, 0.1, 0.9))
    assert np.allclose([low, high], np.quantile(draws, [0.1, 0.9], axis=1), rtol=0, atol=1e-12)


# ---------------------------------------------------------------- rasters
def test_kept_rasters_go_to_whole_files_that_equal_the_arrays(
    fused: Any, scene: Any, tmp_path: Any, plug_in: Any, wide_rules: Any
) -> None:
    import rasterio

    ids = [*SERVICES, plug_in(tilting(("mass_a", "mass_b"), monotone=True))]
    arrays = run(fused, scene, models=ids, keep=ids, params=wide_rules)
    files = run(fused, scene, models=ids, keep=ids, params=wide_rules, keep_folder=tmp_path / "rasters")
    assert files.cells == {} and arrays.files == {} and files.service.equals(arrays.service)
    assert sorted(p.name for p in (tmp_path / "rasters").iterdir()) == sorted(f"{id}.tif" for id in ids)
    for id in ids:
        with rasterio.open(files.files[id]) as made:
            assert np.array_equal(made.read(1), arrays.cells[id], equal_nan=True)
            assert made.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG" and np.isnan(made.nodata)
            assert tuple(made.transform)[:6] == scene.grid.transform and made.crs.to_epsg() == 4545
            assert "/ha" in made.units[0]


def test_a_pass_that_fails_leaves_the_old_raster_and_nothing_else(fused: Any, scene: Any, tmp_path: Any) -> None:
    (tmp_path / "soil_retention.tif").write_bytes(b"old")
    with pytest.raises(UsageError):
        bad = {"rain": scene.layers["rain"][:, :, :50]}
        run(fused, scene, models=["soil_retention"], keep=["soil_retention"], keep_folder=tmp_path, layers=bad)
    assert [p.name for p in tmp_path.iterdir()] == ["soil_retention.tif"]
    assert (tmp_path / "soil_retention.tif").read_bytes() == b"old"


# ---------------------------------------------------------------- tables with codes no map can hold
@pytest.mark.parametrize(
    ("service", "key", "entry"),
    [
        ("carbon_storage", "services.carbon.pool_above_t_c_per_ha", "999"),
        ("carbon_sequestration", "services.carbon.rate_t_co2_per_ha_a", "forest"),
    ],
)
def test_a_code_no_map_can_hold_is_a_note_with_key_and_line(
    fused: Any, scene: Any, params: Any, service: str, key: str, entry: str
) -> None:
    old = params().get(key)
    table = {**old.value, entry: Decimal(5)}
    changes = {key.replace(".", "__"): table}
    rules = params(services__carbon__method="rate", **changes) if service == "carbon_sequestration" else params(**changes)
    found = run(fused, scene, models=[service], params=rules)
    (note,) = found.notes
    assert all(w in note.say("en") and w in note.say("zh") for w in (entry, key, f"{old.file}:{old.line}"))


def test_a_class_map_with_an_unknown_code_is_told(params: Any) -> None:
    key = "services.production.class_map"
    held = params().get(key)
    with pytest.raises(FaultsError) as stop:
        class_map(params(services__production__class_map=[*held.value, "999 forest", ""]), key)
    (fault,) = stop.value.faults
    assert all(w in fault.say("en") for w in ("999 forest", key, f"{held.file}:{held.line}"))
