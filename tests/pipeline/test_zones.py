"""Zoning through the pipeline: the year grades what the case names, drawing needs no money, a change of the line closes."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import rasterio
import shapely

from ecocomp.io.files import read_table
from ecocomp.pipeline.case import load_case
from ecocomp.pipeline.line_change import closes, line_impact
from ecocomp.pipeline.year import assess_layers
from ecocomp.pipeline.zone_draw import draw_case, opened, plain_year
from ecocomp.pipeline.zones import asked_of, asked_to_draw, zone_year
from ecocomp.sample.county import make_county
from ecocomp.terms.faults import FaultsError, UsageError

Rules = Callable[..., Any]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A county whose line is derived and whose sensitivities are named, before it is run."""
    folder = tmp_path_factory.mktemp("zones") / "case"
    make_county(folder, parcels=150, seed=5, years=(2023,))
    return folder


def edited(folder: Path, target: Path, *changes: tuple[str, str]) -> Path:
    """Copy the case file alone, with lines replaced."""
    target.mkdir(parents=True)
    text = (folder / "case.toml").read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    (target / "case.toml").write_text(text, encoding="utf-8")
    return target


def with_inputs(folder: Path, target: Path, *changes: tuple[str, str]) -> Path:
    """Copy a case whole, with lines of its file replaced."""
    shutil.copytree(folder / "inputs", target / "inputs")
    text = (folder / "case.toml").read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    (target / "case.toml").write_text(text, encoding="utf-8")
    return target


DERIVE = ('red_line = "inputs/red_line.gpkg"', 'red_line = "derive"')
SINGLE = 'importance_service = "soil_retention"'


def zones_of(folder: Path, scratch: Path) -> tuple[Any, list[Any]]:
    """Zone the last year of a case as its run would."""
    case, faults = load_case(folder)
    assert case is not None and not [f for f in faults if f.severity == "error"], [f.say("en") for f in faults]
    with opened(case, folder, None) as (ground, book, _):
        y = plain_year(case, case.years[-1], ground, book, None)
        return zone_year(y, y.params(), scratch / "maps", partial(assess_layers, y))


# ---------------------------------------------------------------- the case file
@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('importance_service = "soil_retentoin"', ["soil_retentoin", "soil_retention"]),
        ('importance_services = "soil_retention"', ["wrong type"]),
        ('importance_services = ["soil_retention", 4]', ["is no text"]),
        ('importance_services = ["soil_retention", "soil_retention"]', ["stands 2 times"]),
        ('sensitivities = ["soil_erosion", "frost"]', ["names frost", "desertification"]),
        ("protected = 7", ["wrong type"]),
        ('special = ["a"]', ["wrong type"]),
        ('derive_functions = "yes"', ["wrong type"]),
        ("derive_functions = true", ["both given", "function_zones"]),
    ],
)
def test_a_wrong_key_of_zones_is_told(made: Path, tmp_path: Path, line: str, words: list[str]) -> None:
    case = edited(made, tmp_path / "case", (SINGLE, line))
    said = [f.say("en") for f in load_case(case)[1]]
    assert said and all(any(w in s for s in said) for w in words), said
    assert all(re.search("[一-鿿]", f.say("zh")) for f in load_case(case)[1])


def test_all_wrong_keys_of_zones_come_at_once(made: Path, tmp_path: Path) -> None:
    lines = 'importance_services = ["x", "y"]\nsensitivities = ["z"]\nprotected = 1\nderive_functions = true'
    faults = load_case(edited(made, tmp_path / "case", (SINGLE, lines)))[1]
    assert len(faults) == 5 and {f.code for f in faults} == {"case.zones", "case.type"}


def test_protected_ground_is_an_input_like_every_other(made: Path, tmp_path: Path) -> None:
    from ecocomp.pipeline.inputs import sources_of

    case, _ = load_case(
        with_inputs(made, tmp_path / "a", (SINGLE, 'protected = "inputs/none.gpkg"\nspecial = "inputs/reserves.gpkg"'))
    )
    assert case is not None
    _, faults = sources_of(case)
    assert [f.record for f in faults if f.code == "input.missing"] == ["zones.protected"]
    outside, _ = load_case(edited(made, tmp_path / "b", (SINGLE, 'special = "../../secret.gpkg"')))
    assert outside is not None and "case.outside" in {f.code for f in sources_of(outside)[1]}


# ---------------------------------------------------------------- what is asked for
def test_a_year_grades_what_the_case_names_and_drawing_all_that_is_left(made: Path, tmp_path: Path, given_rules: Rules) -> None:
    params = given_rules({}, place="science")

    def case(line: str, name: str) -> Any:
        return load_case(edited(made, tmp_path / name, (SINGLE, line)))[0]

    one = asked_of(case(SINGLE, "one"), params)
    assert one.functions == ("soil",) and one.wanted == ["soil_retention"] and one.sensitivities == ()
    both = 'importance_services = ["water_conservation", "soil_retention"]'
    assert asked_of(case(both, "both"), params).functions == ("water", "soil"), "in the order of the rules"
    nothing = case("# none", "nothing")
    assert asked_of(nothing, params).functions == ()
    drawn = asked_to_draw(nothing, params)
    assert drawn.functions == ("water", "soil", "sand", "biodiversity") and drawn.widened == ("functions", "sensitivities")
    assert asked_to_draw(nothing, params, ["sand"], ["salinisation"]).sensitivities == ("salinisation",)
    with pytest.raises(UsageError, match="forest"):
        asked_to_draw(nothing, params, ["forest"])
    with pytest.raises(FaultsError, match="storm_retention") as stop:
        asked_of(case('importance_service = "storm_retention"', "storm"), params)
    assert "zoning.importance_services" in str(stop.value.faults[0].say("en"))


def test_by_the_index_method_no_service_is_assessed(made: Path, tmp_path: Path, given_rules: Rules) -> None:
    params = given_rules({"zoning.importance_method": "npp_index"}, units={"zoning.importance_method": "text"}, place="science")
    case, _ = load_case(edited(made, tmp_path / "case", (SINGLE, "")))
    assert case is not None
    asked = asked_of(case, params)
    assert asked.functions == ("water", "soil", "sand", "biodiversity") and asked.wanted == []


# ---------------------------------------------------------------- the year
def test_several_services_sensitivities_and_law_draw_one_line(made: Path, tmp_path: Path) -> None:
    single = with_inputs(made, tmp_path / "single", DERIVE)
    more = with_inputs(
        made,
        tmp_path / "more",
        DERIVE,
        (
            SINGLE,
            'importance_services = ["soil_retention", "water_conservation"]\nsensitivities = ["rocky_desertification", "salinisation"]\n'
            'protected = "inputs/reserves.gpkg"\nspecial = "inputs/reserves.gpkg"',
        ),
    )
    one, _ = zones_of(single, tmp_path)
    two, notes = zones_of(more, tmp_path)
    assert set(one.parcel_grading["map"].to_pylist()) == {"soil", "all"}
    maps = {(r["kind"], r["map"]) for r in two.parcel_grading.to_pylist()}
    assert maps == {
        ("importance", "water"), ("importance", "soil"), ("importance", "all"),
        ("sensitivity", "rocky_desertification"), ("sensitivity", "all"),
    }  # fmt: skip
    assert [n.record for n in notes if n.code == "zoning.not_assessed"] == ["salinisation"]
    assert two.red_cells > one.red_cells, "more ground inside never makes the line smaller"
    before, after = (np.array(z.parcel_zone["red_line_ppm"].to_pylist()) for z in (one, two))
    assert after.sum() > before.sum() and not (tmp_path / "maps").exists()


def test_functions_may_follow_importance(made: Path, tmp_path: Path) -> None:
    lines = 'importance_services = ["soil_retention", "habitat_quality"]\nderive_functions = true'
    case = with_inputs(
        made, tmp_path / "case", (SINGLE, lines), ('function_zones = "inputs/zones.gpkg"', ""), ('zone_field = "zone"', "")
    )
    found, _ = zones_of(case, tmp_path)
    assert {"soil", "biodiversity"} <= set(found.parcel_zone["function_zone"].to_pylist()) <= {"soil", "biodiversity", "none"}


def test_a_case_that_names_nothing_is_graded_by_nothing_and_asks_for_no_rule(made: Path, tmp_path: Path) -> None:
    case, _ = load_case(with_inputs(made, tmp_path / "case", (SINGLE, "")))
    assert case is not None
    with opened(case, tmp_path / "case", None) as (ground, book, _):
        y = plain_year(case, 2023, ground, book, None)
        params = y.params()
        found, notes = zone_year(y, params, tmp_path / "maps", partial(assess_layers, y))
    assert set(found.parcel_zone["importance"].to_pylist()) == {"not_assessed"} and notes == []
    assert "zoning.importance_cuts" not in params.used and len(found.red_line) > 0


def test_the_bundle_keeps_the_grading_and_verifies(county: Any) -> None:
    rows = county.rows(2023, "parcel_grading")
    zone = {r["parcel_id"]: r["importance"] for r in county.rows(2023, "parcel_zone")}
    joined = [r for r in rows if r["map"] == "all"]
    assert len(joined) == 200 and all(zone[r["parcel_id"]] == r["class"] for r in joined)
    parts = ("high_ppm", "middle_ppm", "low_ppm", "unknown_ppm")
    assert all(abs(sum(r[p] for p in parts) - 1_000_000) <= 2 for r in rows)


# ---------------------------------------------------------------- drawing
@pytest.fixture(scope="module")
def basins(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case of squares without any register: purpose assess."""
    from pyogrio.raw import write

    folder = with_inputs(made, tmp_path_factory.mktemp("assess") / "case")
    with rasterio.open(folder / "inputs" / "elevation.tif") as dem:
        (west, south, east, north), crs = dem.bounds, dem.crs.to_wkt()
    x, y = np.linspace(west, east, 7), np.linspace(south, north, 7)
    boxes = [shapely.box(x[i], y[j], x[i + 1], y[j + 1]) for i in range(6) for j in range(6)]
    names = np.array([f"=B{n:02}" if n == 0 else f"B{n:02}" for n in range(36)], object)
    write(folder / "inputs" / "basins.gpkg", shapely.to_wkb(boxes), [names], ["name"],
          layer="basins", driver="GPKG", geometry_type="Polygon", crs=crs)  # fmt: skip
    text = (folder / "case.toml").read_text(encoding="utf-8")
    text = re.sub(
        r"\[survey\].*?(?=\[layers\.elevation\])", '[survey]\nfile = "inputs/basins.gpkg"\nparcel_id = "name"\n\n', text, flags=re.S
    )
    text = re.sub(r"\[agreements\].*", "", text, flags=re.S).replace('purpose = "payment"', 'purpose = "assess"')
    (folder / "case.toml").write_text(text, encoding="utf-8")
    return folder


def test_a_case_without_registers_is_drawn_whole(basins: Path, tmp_path: Path) -> None:
    drawn, _ = draw_case(
        basins, out=tmp_path, functions=["soil", "biodiversity"], sensitivities=["rocky_desertification", "salinisation"]
    )
    facts = json.loads((tmp_path / "facts.json").read_text(encoding="utf-8"))
    assert facts["method"] == "model" and facts["functions"] == ["soil", "biodiversity"]
    assert facts["sensitivities"] == ["rocky_desertification"] and "zoning.sensitivity.cuts" in facts["unverified"]
    assert {n["record"] for n in facts["notes"] if n["code"] == "zoning.not_assessed"} == {"salinisation"}
    assert {p["key"] for p in facts["parameters"]} >= {"zoning.importance_method", "zoning.red_line.least_patch_km2"}
    assert not [n for n in facts["notes"] if n["severity"] == "error"]
    for m in facts["maps_km2"]:
        with rasterio.open(tmp_path / "maps" / f"{m['kind']}-{m['map']}.tif") as raster:
            cells, cell_km2 = raster.read(1), abs(raster.transform.a * raster.transform.e) / 1e6
            assert raster.dtypes == ("uint8",) and raster.colormap(1)[1][:3] != raster.colormap(1)[3][:3] and raster.nodata == 0
            assert raster.tags()["method"] in ("model", "geometric_mean")
        top = 1 if m["kind"] == "importance" else 3
        assert m["extreme"] == pytest.approx((cells == top).sum() * cell_km2, rel=1e-3)
        assert m["not_assessed"] == pytest.approx((cells == 0).sum() * cell_km2, rel=1e-3)
    with rasterio.open(tmp_path / "maps" / "red_line.tif") as raster:
        assert int(raster.read(1).sum()) == int(drawn.line.cells.sum()) > 0
    assert (tmp_path / "maps" / "function_zones.tif").is_file(), "a case without zones has them derived"
    grades = {g["grade"]: g for g in facts["grades"]}
    zone = read_table(tmp_path / "parcel_zone.parquet")["grade"].to_pylist()
    assert {g: v["parcels"] for g, v in grades.items()} == {g: zone.count(g) for g in (1, 2, 3)}
    assert "'=B00" in (tmp_path / "parcel_zone.csv").read_text(encoding="utf-8-sig"), "no cell acts as a formula"


def test_polygons_and_tables_of_a_drawing_agree(basins: Path, tmp_path: Path) -> None:
    import pyogrio
    from pyogrio.raw import read

    drawn, _ = draw_case(basins, out=tmp_path, functions=["soil"], sensitivities=["rocky_desertification"])
    layers = {name for name, _ in pyogrio.list_layers(tmp_path / "zones.gpkg")}
    assert layers == {"parcel", "red_line_cells", "red_line_parcels"}
    meta, _, shapes, fields = read(tmp_path / "zones.gpkg", layer="red_line_cells")
    assert shapely.is_valid(shapely.from_wkb(shapes)).all()
    area = dict(zip(meta["fields"], fields, strict=True))["area_dm2"]
    assert area.sum() == drawn.line.area_dm2.sum() > 0
    meta, _, _, fields = read(tmp_path / "zones.gpkg", layer="parcel")
    parcel = dict(zip(meta["fields"], fields, strict=True))
    picks = {r["parcel_id"]: r["selected"] for r in pq.ParquetFile(tmp_path / "reserve_candidate.parquet").read().to_pylist()}
    assert {p: bool(s) for p, s in zip(parcel["parcel_id"], parcel["reserve_selected"], strict=True)} == picks
    first = {p: p.read_bytes() for p in sorted(tmp_path.rglob("*")) if p.is_file()}
    draw_case(basins, out=tmp_path, functions=["soil"], sensitivities=["rocky_desertification"])
    changed = [p.name for p, data in first.items() if p.read_bytes() != data]
    assert changed == [], "the same inputs give the same bytes"


# ---------------------------------------------------------------- a new line
def line_file(path: Path, shapes: list[Any], crs: str) -> Path:
    from pyogrio.raw import write

    write(path, shapely.to_wkb(shapes), [], [], layer="line", driver="GPKG", geometry_type="Polygon", crs=crs)
    return path


def bundle_line(county: Any, year: int) -> tuple[Any, str]:
    table = read_table(county.bundle(year) / "red_line.parquet")
    geo = json.loads(table.schema.metadata[b"geo"])["columns"]["geometry"]["crs"]
    return np.asarray(shapely.from_wkb(table["geometry"].to_pylist()), object), json.dumps(geo)


def test_what_a_line_touches_closes_and_says_money_of_the_bundle(county: Any, county_copy: Any, tmp_path: Path) -> None:
    case = county_copy(bundles=True)
    old, crs = bundle_line(county, 2024)
    new = shapely.get_parts(shapely.transform(shapely.union_all(old), lambda xy: xy + np.array([300.0, 200.0])))
    made = line_impact(case, line_file(tmp_path / "new.gpkg", list(new), crs), year=2024, out=tmp_path / "out")
    assert made.source == "bundle" and made.money and closes(made.impact)
    ledger, totals = made.impact.ledger.to_pylist(), made.totals()
    assert totals["gained_dm2"] > 0 and totals["lost_dm2"] > 0 and totals["holders"] > 0 and totals["contracts"] > 0
    rate = {s["parcel_id"]: s["rate_fen_per_ha"] for s in county.rows(2024, "standard")}
    assert all(r["rate_fen_per_ha"] == rate[r["parcel_id"]] for r in ledger)
    assert sum(r["gained_fen"] for r in ledger) == totals["gained_fen"] > 0
    zone = {r["parcel_id"]: r["red_line_ppm"] for r in county.rows(2024, "parcel_zone")}
    assert all(abs(r["before_dm2"] / r["area_dm2"] * 1e6 - zone[r["parcel_id"]]) <= 2 for r in ledger if r["area_dm2"] > 10_000)
    same = line_impact(case, line_file(tmp_path / "same.gpkg", list(shapely.get_parts(old)), crs), year=2024, out=tmp_path / "same")
    assert same.totals()["parcels"] == 0 and same.totals()["gained_fen"] == same.totals()["lost_fen"] == 0
    stored = json.loads((tmp_path / "out" / "facts.json").read_text(encoding="utf-8"))
    assert stored["closes"] and stored["totals"] == totals and stored["old_line"] == "bundle"


def test_without_a_bundle_money_is_not_known_and_that_is_said(county: Any, county_copy: Any, tmp_path: Path) -> None:
    case = county_copy()
    old, crs = bundle_line(county, 2024)
    grown = shapely.get_parts(shapely.union_all(shapely.buffer(old, 100.0)))
    file = line_file(tmp_path / "new.gpkg", list(grown), crs)
    made = line_impact(case, file, year=2024, out=tmp_path / "out")
    assert made.source == "case" and not made.money and "zones.no_money" in {n.code for n in made.notes}
    assert made.totals()["gained_dm2"] > 0 == made.totals()["lost_dm2"] and made.totals()["rights"] > 0
    assert set(made.impact.ledger["rate_fen_per_ha"].to_pylist()) == {None}
    text = (case / "case.toml").read_text(encoding="utf-8")
    (case / "case.toml").write_text(text.replace('red_line = "inputs/red_line.gpkg"\n', ""), encoding="utf-8")
    bare = line_impact(case, file, year=2024, out=tmp_path / "bare")
    assert bare.source == "none" and bare.totals()["before_dm2"] == 0 and "zones.no_line" in {n.code for n in bare.notes}


def test_a_derived_line_is_compared_too_and_may_follow_parcels(made: Path, tmp_path: Path) -> None:
    rules = tmp_path / "case" / "rules" / "990121" / "own"
    rules.mkdir(parents=True)
    (rules / "own.yaml").write_text(
        "parameters:\n  - key: zoning.red_line.follow\n    name: {zh: a, en: a}\n    unit: '-'\n    kind: text\n"
        "    values: [{value: parcels, document: d, confidence: S}]\n",
        encoding="utf-8",
    )
    lines = 'importance_services = ["soil_retention", "habitat_quality"]\n\n[rules]\nfolders = ["rules"]\n'
    case = with_inputs(made, tmp_path / "case", DERIVE, (SINGLE, lines))
    zoned, _ = zones_of(case, tmp_path)
    inside = {r["parcel_id"] for r in zoned.members.to_pylist() if r["patch"]}
    assert inside and inside == {r["parcel_id"] for r in zoned.parcel_zone.to_pylist() if r["red_line_ppm"] == 1_000_000}
    with rasterio.open(case / "inputs" / "elevation.tif") as dem:
        whole, crs = shapely.box(*dem.bounds), dem.crs.to_wkt()
    found = line_impact(case, line_file(tmp_path / "all.gpkg", [whole], crs), out=tmp_path / "out")
    assert found.source == "derived" and found.totals()["lost_dm2"] == 0 and closes(found.impact)
    assert {r["parcel_id"] for r in found.impact.ledger.to_pylist() if not r["gained_dm2"]} == inside


def test_a_line_that_is_no_line_is_told(county_copy: Any, county: Any, tmp_path: Path) -> None:
    case = county_copy(bundles=True)
    _, crs = bundle_line(county, 2024)
    crossed = shapely.Polygon([(452_500, 3_117_000), (453_500, 3_118_000), (453_500, 3_117_000), (452_500, 3_118_000)])
    with pytest.raises(FaultsError):
        line_impact(case, line_file(tmp_path / "crossed.gpkg", [crossed], crs), out=tmp_path / "out")
    with pytest.raises(UsageError, match="nowhere"):
        line_impact(case, tmp_path / "nowhere.gpkg")
    (case / "bundles" / "2025" / "tables" / "right.parquet").write_bytes(b"x")
    whole = line_file(tmp_path / "whole.gpkg", [shapely.box(452_500, 3_117_000, 453_500, 3_118_000)], crs)
    with pytest.raises(FaultsError):
        line_impact(case, whole, year=2025, out=tmp_path / "out")
