"""The pass: equal to plain NumPy, the same bits on any threads, honest about what was not observed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ecocomp.services.engine import Assessment, assess
from ecocomp.terms.faults import UsageError

SERVICES = ("carbon_sequestration", "sand_fixation", "soil_retention", "water_conservation")


def run(fused: Any, scene: Any, **changes: Any) -> Assessment:
    layers = {**scene.layers, **changes.pop("layers", {})}
    without = changes.pop("without", ())
    readers = {n: fused.InMemory(np.asarray(a)) for n, a in layers.items() if n not in without}
    parcels = len(changes.get("coverage", scene.coverage))
    given = {
        "models": SERVICES, "layers": readers, "grid": scene.grid, "coverage": scene.coverage, "params": scene.params,
        "parcel_ids": [f"{i:04d}" for i in range(parcels)], "year": 2023, "wind": scene.wind, **changes,
    }  # fmt: skip
    return assess(**given)


def column(found: Assessment, service: str, name: str = "quantity") -> np.ndarray:
    rows = found.service.to_pylist()
    return np.array([np.nan if r[name] is None else r[name] for r in rows if r["service"] == service])


def test_equals_plain_numpy_with_low_and_high(fused: Any, scene: Any) -> None:
    found, expected = run(fused, scene), fused.numpy_sums(scene)
    for id in SERVICES:
        seen = column(found, id, "coverage") > 0
        scale = np.abs(expected[id][1]).mean()
        for k, name in enumerate(("low", "quantity", "high")):
            assert np.max(np.abs(column(found, id, name) - expected[id][k])[seen]) < 1e-5 * scale, (id, name)
        low, mid, high = (column(found, id, n)[seen] for n in ("low", "quantity", "high"))
        assert np.all(low <= mid) and np.all(mid <= high) and np.any(low < high)


def test_same_bits_on_one_thread_and_on_four(fused: Any, scene: Any) -> None:
    import numba

    before = numba.get_num_threads()
    try:
        many = run(fused, scene, threads=4).service
        numba.set_num_threads(1)
        assert run(fused, scene, threads=1).service.equals(many)
    finally:
        numba.set_num_threads(before)


def test_same_bits_however_the_rows_are_cut_into_strips(fused: Any, scene: Any) -> None:
    import shapely

    from ecocomp.grid.coverage import build_coverage

    x = scene.grid.x0 + 30.0 * np.array([3.3, 40.2, 55.0])
    parcels = shapely.box(x, scene.grid.y0 - 2100.0, x + 800.0, scene.grid.y0 - 133.0)
    thick, thin = (build_coverage(parcels, scene.grid, rows=rows) for rows in (256, 7))
    assert run(fused, scene, coverage=thick).service.equals(run(fused, scene, coverage=thin).service)


def test_order_of_parcels_does_not_matter(fused: Any, scene: Any) -> None:
    import shapely

    from ecocomp.grid.coverage import build_coverage

    x = scene.grid.x0 + 30.0 * np.arange(0.5, 60, 7.3)
    boxes = shapely.box(x, scene.grid.y0 - 1500.0, x + 333.0, scene.grid.y0 - 50.0)
    ids = [f"{i:02d}" for i in range(len(boxes))]
    order = np.random.default_rng(3).permutation(len(boxes))
    one = run(fused, scene, coverage=build_coverage(boxes, scene.grid), parcel_ids=ids)
    two = run(fused, scene, coverage=build_coverage(boxes[order], scene.grid), parcel_ids=[ids[i] for i in order])
    assert one.service.equals(two.service)


def test_two_halves_of_a_parcel_add_up_to_it(fused: Any, scene: Any) -> None:
    import shapely

    from ecocomp.grid.coverage import build_coverage

    x, y = scene.grid.x0, scene.grid.y0
    ends = [(77, 1233), (77, 500), (500, 1233)]
    parcels = [shapely.box(x + west, y - 900, x + east, y - 11) for west, east in ends]
    found = run(fused, scene, coverage=build_coverage(parcels, scene.grid), parcel_ids=["a", "b", "c"])
    for id in SERVICES:
        a, b, c = np.nan_to_num(column(found, id))
        assert a == pytest.approx(b + c, rel=1e-6)


@pytest.mark.parametrize(
    ("layer", "services"),
    [
        ("rain", {"sand_fixation", "soil_retention", "water_conservation"}),
        ("aet", {"water_conservation"}),
        ("clay", {"sand_fixation", "soil_retention"}),
        ("organic_matter", {"sand_fixation", "soil_retention"}),
        ("ls_factor", {"soil_retention"}),
        ("elevation", {"sand_fixation"}),
        ("slope_degrees", {"sand_fixation"}),
    ],
)
def test_nodata_in_a_factor_is_nodata_and_never_zero(fused: Any, scene: Any, layer: str, services: set[str]) -> None:
    holed = scene.layers[layer].copy()
    holed[-1, :, :45] = np.nan
    whole, found = run(fused, scene, keep=SERVICES), run(fused, scene, layers={layer: holed}, keep=SERVICES)
    for id in SERVICES:
        west = found.cells[id][:, :45]
        assert np.all(np.isnan(west)) == (id in services)
        assert np.array_equal(found.cells[id][:, 45:], whole.cells[id][:, 45:], equal_nan=True)
    for id in services:
        share = column(found, id, "coverage").reshape(10, 10)
        assert np.all(share[:, :5] == 0) and np.all(np.isnan(column(found, id).reshape(10, 10)[:, :5]))


def test_class_nodata_and_unknown_codes_are_not_observed(fused: Any, scene: Any) -> None:
    codes = scene.layers["land_cover"].copy()
    codes[:, :9], codes[:, 9:18] = 0, 99
    found = run(fused, scene, layers={"land_cover": codes})
    for id in SERVICES:
        assert np.all(column(found, id, "coverage")[:20] == 0.0) and np.all(np.isnan(column(found, id)[:20]))


def test_a_month_of_cloud_in_the_season_is_passed_over_but_a_season_of_cloud_is_not(fused: Any, scene: Any) -> None:
    ndvi = scene.layers["ndvi"].copy()
    ndvi[5] = np.nan
    one = run(fused, scene, layers={"ndvi": ndvi}, models=["soil_retention"])
    assert column(one, "soil_retention", "coverage") == pytest.approx(np.ones(100))
    ndvi[4:8] = np.nan
    four = run(fused, scene, layers={"ndvi": ndvi}, models=["soil_retention"])
    assert not np.any(column(four, "soil_retention", "coverage"))


def test_coverage_counts_what_hangs_over_the_edge_and_nothing_is_scaled_up(fused: Any, scene: Any) -> None:
    import shapely

    from ecocomp.grid.coverage import build_coverage

    x, y = scene.grid.x0, scene.grid.y0
    codes = np.full_like(scene.layers["land_cover"], 11)
    boxes = [shapely.box(x + west, y - 300, x + east, y) for west, east in ((-300, 300), (0, 300), (-900, -600))]
    coverage, ids = build_coverage(boxes, scene.grid), ["edge", "in", "out"]
    found = run(fused, scene, layers={"land_cover": codes}, coverage=coverage, parcel_ids=ids)
    shares = column(found, "carbon_sequestration", "coverage")
    assert shares[:2] == pytest.approx([0.5, 1.0], abs=1e-6) and shares[2] == 0.0
    quantity = column(found, "carbon_sequestration")
    assert quantity[0] == pytest.approx(quantity[1], rel=1e-9) and np.isnan(quantity[2])
    assert quantity[1] == pytest.approx(9.0 * 5.1, rel=1e-6)


def test_a_service_without_its_inputs_is_named_and_has_empty_rows(fused: Any, scene: Any) -> None:
    found = run(fused, scene, without=("aet", "ls_factor"), wind=None)
    reasons = {n.where: n for n in found.notes if n.code == "services.not_assessed"}
    assert set(reasons) == {"sand_fixation", "soil_retention", "water_conservation"}
    assert reasons["water_conservation"].record == "aet" and "aet" in reasons["water_conservation"].say("en")
    assert reasons["sand_fixation"].record == "wind" and "站点" in reasons["sand_fixation"].say("zh")
    assert all(n.severity == "warning" for n in found.notes)
    assert np.all(np.isnan(column(found, "water_conservation"))) and not np.any(column(found, "water_conservation", "coverage"))
    assert len(found.service) == 4 * len(scene.coverage)
    assert {r["method"] for r in found.service.to_pylist() if r["service"] == "soil_retention"} == {
        "soil_retention v1: not assessed"
    }


def test_a_declared_method_without_figures_is_refused_by_name(fused: Any, scene: Any, params: Any) -> None:
    found = run(fused, scene, params=params(services__water__method="GBT46869-2025"), models=["water_conservation"])
    assert "GBT46869-2025" in found.notes[0].say("en") and found.notes[0].record == "services.water.method"


def test_a_missing_rule_leaves_the_service_out_and_names_the_key(fused: Any, scene: Any, params: Any) -> None:
    found = run(fused, scene, params=params("CN"), models=["sand_fixation"])
    assert [n.record for n in found.notes] == ["services.sand.rain_day_share"]


def test_negative_balances_are_kept_and_counted(fused: Any, scene: Any) -> None:
    found = run(fused, scene, layers={"rain": np.full_like(scene.layers["rain"], 20.0)}, models=["water_conservation"])
    note = next(n for n in found.notes if n.code == "services.negative")
    assert np.nanmin(column(found, "water_conservation")) < 0 and int(note.clash.en.split()[0]) > 0


def test_calm_air_fixes_nothing_and_missing_months_are_said(fused: Any, scene: Any) -> None:
    import pyarrow as pa

    calm = scene.wind.set_column(4, scene.wind.schema.field(4), pa.array(np.full(len(scene.wind), 5.0)))
    quiet = column(run(fused, scene, wind=calm, models=["sand_fixation"]), "sand_fixation")
    assert np.nanmax(quiet) == 0.0 and np.any(quiet == 0.0)
    half = scene.wind.filter(pa.array([d.month != 7 for d in scene.wind["date"].to_pylist()]))
    found = run(fused, scene, wind=half, models=["sand_fixation"])
    assert any(n.code == "services.months_missing" and n.record == "7" for n in found.notes)
    assert np.all(np.isnan(column(found, "sand_fixation")))


def test_full_cover_keeps_more_than_thin_cover_and_bare_ground_keeps_nothing(fused: Any, scene: Any, params: Any) -> None:
    codes = np.full_like(scene.layers["land_cover"], 32)
    kept = []
    for ndvi in (0.2, 0.85):
        layers = {"land_cover": codes, "ndvi": np.full_like(scene.layers["ndvi"], ndvi)}
        kept.append(column(run(fused, scene, layers=layers), "soil_retention").sum())
    assert 0 < kept[0] < kept[1]
    table = {k: (1.0 if k.startswith("grass") else float(v)) for k, v in params().table("services.soil.cover_factor").items()}
    bare = run(fused, scene, layers={"land_cover": codes}, params=params(services__soil__cover_factor=table), models=SERVICES[2:3])
    assert np.all(column(bare, "soil_retention") == 0.0)
    assert column(bare, "soil_retention", "coverage") == pytest.approx(np.ones(100))


def test_a_layer_in_another_unit_scales_the_result_as_the_formula_says(fused: Any, scene: Any) -> None:
    one = run(fused, scene, models=["soil_retention"])
    two = run(fused, scene, models=["soil_retention"], layers={"ls_factor": 2.0 * scene.layers["ls_factor"]})
    assert column(two, "soil_retention") == pytest.approx(2.0 * column(one, "soil_retention"), rel=1e-6, nan_ok=True)


def test_practice_factor_counts_only_where_the_method_has_one(fused: Any, scene: Any, params: Any) -> None:
    half = {"practice_factor": np.full((1, *scene.grid.shape), 0.5, np.float32)}
    national = run(fused, scene, layers=half, models=["soil_retention"])
    assert "P=none" in national.service["method"][0].as_py()
    with_p = run(fused, scene, layers=half, models=["soil_retention"], params=params(services__soil__method="RUSLE"))
    assert "P=raster" in with_p.service["method"][0].as_py()
    assert np.all(column(with_p, "soil_retention") >= column(national, "soil_retention"))


def test_yearly_rain_texture_and_ndvi_alone_give_soil_retention(fused: Any, scene: Any, params: Any) -> None:
    flat = np.ones((1, *scene.grid.shape), np.float32)
    layers = {"rain": 1000 * flat, "soil_texture": np.full(flat.shape, 4, np.uint8), "ndvi": 0.5 * flat, "ls_factor": 2 * flat}
    gone = ("land_cover", "sand", "silt", "clay", "organic_matter")
    found = run(fused, scene, layers=layers, without=gone, models=["soil_retention"], params=params("IN-MM"))
    t_ha = 442.0 * 0.03951 * 2.0 * (1 - np.exp(-2.0))
    assert column(found, "soil_retention") == pytest.approx(t_ha * 81 * 0.09, rel=1e-6)
    assert found.service["method"][0].as_py().startswith("soil_retention v1: RUSLE; R=singh_1981; K=texture_table")


def test_wrong_calls_are_told_in_words(fused: Any, scene: Any) -> None:
    with pytest.raises(UsageError, match="100 parcels"):
        run(fused, scene, parcel_ids=["a"])
    with pytest.raises(UsageError, match="water_conservation"):
        run(fused, scene, models=["rainmaking"])
    with pytest.raises(UsageError, match="Layer rain"):
        run(fused, scene, layers={"rain": scene.layers["rain"][:, :, :50]})


def test_real_catchment_yearly_rain_composite_ndvi_and_a_raster_of_practices(
    fused: Any, params: Any, shared_data: Any, tmp_path: Any
) -> None:
    """Mula-Mutha 2020: the annual forms, soil texture and P as given; means stay within what the literature of the Deccan has."""
    import rasterio
    import shapely
    from rasterio.windows import Window

    from ecocomp.grid.coverage import build_coverage
    from ecocomp.grid.georef import Grid
    from ecocomp.services.layers.terrain import terrain_layers

    folder, window = shared_data / "region_mula_mutha_in", Window(300, 300, 240, 200)
    files = {"elevation": ("dem_srtm_90m", 1.0), "ndvi": ("ndvi_2020", 1e-4), "rain": ("precip_2020", 0.1),
             "practice_factor": ("p_factor_2020", 0.01), "soil_texture": ("soil_texture_usda_250m", 1.0)}  # fmt: skip
    with rasterio.open(folder / "dem_srtm_90m.tif") as source:
        frame, bounds = source.window_transform(window), source.window_bounds(window)
    layers = {}
    for name, (file, scale) in files.items():
        with rasterio.open(folder / f"{file}.tif") as source:
            raw = source.read(1, window=source.window(*bounds), out_shape=(200, 240), masked=True)
        values = raw.filled(0).astype(np.uint8) if name == "soil_texture" else (raw * scale).astype(np.float32).filled(np.nan)
        layers[name] = values[None]
    grid = Grid.from_transform("EPSG:4326", frame, 240, 200)
    readers = {name: fused.InMemory(a) for name, a in layers.items()}
    rules = params("IN-MM")
    readers |= terrain_layers(readers["elevation"], grid, tmp_path, rules)
    x0, y1 = grid.x0, grid.y0
    boxes = [
        shapely.box(x0 + 0.02 * i, y1 - 0.02 * j - 0.02, x0 + 0.02 * i + 0.02, y1 - 0.02 * j) for j in range(8) for i in range(9)
    ]
    coverage = build_coverage(boxes, grid)
    ids = [f"{i:03d}" for i in range(len(boxes))]
    found = assess(models=["soil_retention"], layers=readers, grid=grid, coverage=coverage, parcel_ids=ids, params=rules, year=2020)
    seen = column(found, "soil_retention", "coverage") > 0.99
    per_ha = column(found, "soil_retention")[seen] / 460.0
    assert seen.sum() > 20 and 1.0 < np.median(per_ha) < 500.0 and np.all(per_ha >= 0)
    assert (
        "R=singh_1981; K=texture_table; LS=HJ1173; C=van_der_knijff_2000:composite; P=raster" in found.service["method"][0].as_py()
    )


def test_a_gap_in_a_layer_lowers_what_was_seen_but_not_what_the_service_is_meant_for(fused: Any, scene: Any) -> None:
    holed = scene.layers["rain"].copy()
    holed[:, :, ::2] = np.nan
    whole, gaps = run(fused, scene), run(fused, scene, layers={"rain": holed})
    for id in ("water_conservation", "soil_retention"):
        meant = column(whole, id, "applicable")
        assert np.array_equal(column(gaps, id, "applicable"), meant)
        seen, less = column(whole, id, "coverage"), column(gaps, id, "coverage")
        assert np.all(seen <= meant + 1e-12) and np.all(less <= seen) and less.sum() < 0.7 * seen.sum()


def test_ground_the_method_has_no_figures_for_is_not_meant(fused: Any, scene: Any) -> None:
    codes = np.full_like(scene.layers["land_cover"], 11)
    codes[..., :45] = 61  # settlements have no runoff coefficient
    found = run(fused, scene, layers={"land_cover": codes})
    meant = column(found, "water_conservation", "applicable").reshape(10, 10)
    seen = column(found, "water_conservation", "coverage").reshape(10, 10)
    assert np.all(meant[:, :5] == 0) and np.allclose(meant[:, 5:], 1)
    assert np.all(seen[:, :5] == 0) and np.allclose(seen[:, 5:], 1)
