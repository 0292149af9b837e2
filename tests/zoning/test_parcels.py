"""Grading of parcels, function zones by dominant importance, ecological grade of importance and sensitivity."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

from ecocomp.grid.coverage import build_coverage
from ecocomp.grid.georef import Grid
from ecocomp.rules import Parameters
from ecocomp.terms.faults import FaultsError
from ecocomp.zoning.importance import cuts_of, grade_units
from ecocomp.zoning.maps import InMemory, Stored, ZoneMap
from ecocomp.zoning.overlay import ecological_grade
from ecocomp.zoning.parcels import (
    ZONES,
    covered_cells,
    function_zone_cells,
    function_zone_of_parcels,
    parcel_classes,
    parcel_grading,
    parcel_importance,
)
from ecocomp.zoning.surface import ZoneMaps

GRID = Grid("EPSG:4543", 452_400, 3_118_800, 10, 10, 4, 2)
Made = Callable[..., Parameters]


@pytest.fixture
def params(given_rules: Made) -> Parameters:
    return given_rules({}, place="science")


def zone_map(
    folder: Path, name: str, classes: list[list[int]], values: Any = None, kind: str = "importance", method: str = "model"
) -> ZoneMap:
    path = folder / f"{kind}-{name}.npy"
    np.save(path, np.array(classes, np.uint8))
    kept = None if values is None else InMemory(np.array(values, np.float32))
    return ZoneMap(kind, name, method, Stored(path), kept, (10.0, 5.0))


def two_parcels() -> Any:
    x, y = 452_400, 3_118_800
    return build_coverage(np.array([shapely.box(x, y - 20, x + 20, y), shapely.box(x + 20, y - 20, x + 40, y)], object), GRID)


def test_every_parcel_is_graded_in_every_map(params: Parameters, tmp_path: Path) -> None:
    maps = [
        zone_map(tmp_path, "water", [[1, 2, 0, 0], [2, 3, 0, 3]]),
        zone_map(tmp_path, "soil_erosion", [[3, 3, 1, 2], [1, 3, 1, 2]], kind="sensitivity", method="geometric_mean"),
    ]
    rows = {(r["parcel_id"], r["map"]): r for r in parcel_grading(maps, two_parcels(), ["A", "B"], GRID, params).to_pylist()}
    assert {k: r["class"] for k, r in rows.items()} == {
        ("A", "water"): "important",
        ("B", "water"): "general",
        ("A", "soil_erosion"): "extreme",
        ("B", "soil_erosion"): "sensitive",
    }
    assert [rows["A", "water"][k] for k in ("high_ppm", "middle_ppm", "low_ppm", "unknown_ppm")] == [250_000, 500_000, 250_000, 0]
    assert rows["B", "water"]["unknown_ppm"] == 750_000 and rows["B", "water"]["method"] == "model"
    with pytest.raises(FaultsError, match="npp_index"):
        other = zone_map(tmp_path, "soil", [[1, 1, 1, 1]] * 2, method="npp_index")
        parcel_grading([maps[0], other], two_parcels(), ["A", "B"], GRID, params)


def test_four_classes_have_the_names_the_rules_give(given_rules: Made, tmp_path: Path) -> None:
    rule = {"zoning.importance_cuts": [0.5, 0.75, 0.9], "zoning.importance_names": ["extreme", "important", "important", "general"]}
    params = given_rules(rule, place="science")
    made = zone_map(tmp_path, "water", [[3, 3, 4, 4], [3, 3, 4, 1]])
    assert parcel_classes(made, two_parcels(), GRID, params)[0] == ["important", "general"]
    for wrong in ({"zoning.importance_cuts": [0.5, 0.75, 0.9]}, {"zoning.importance_cuts": [0.8, 0.5]}):
        with pytest.raises(FaultsError, match="names"):
            cuts_of(given_rules(wrong, place="science"))


def test_basins_are_ranked_by_service_per_area() -> None:
    classes, limits = grade_units(
        np.array([5.0, 9.0, np.nan, 2.0, 0.0]), np.array([100.0, 10.0, 5.0, 205.0, 7.0]), (0.5, 0.75, 0.9)
    )
    assert classes.tolist() == [1, 1, 0, 2, 0], "90 and 500 of 1000 cross the half; the wide poor basin crosses the other two"
    assert limits == [5.0, 2.0, 2.0]


def test_the_ranked_unit_is_a_rule(given_rules: Made, params: Parameters, tmp_path: Path) -> None:
    def by(unit: str) -> Parameters:
        return given_rules({"zoning.importance_unit": unit}, units={"zoning.importance_unit": "text"}, place="science")

    values = [[60, 1, 9, 9], [1, 1, 9, np.nan]]
    made = zone_map(tmp_path, "water", [[1, 3, 2, 2], [3, 3, 2, 0]], values)
    maps = ZoneMaps("model", {"water": made}, {}, made)
    assert parcel_importance(maps, two_parcels(), GRID, params) == ["general", "important"], "three of four cells are poor"
    # 63 of 90 lie on parcel A, at 15.75 per cell; B has 27 on three cells.
    assert parcel_importance(maps, two_parcels(), GRID, by("parcel")) == ["extreme", "important"]
    assert parcel_importance(maps, two_parcels(), GRID, by("basin"), ["one", "one"]) == ["extreme", "extreme"]
    with pytest.raises(FaultsError, match="basin"):
        parcel_importance(maps, two_parcels(), GRID, by("basin"))
    with pytest.raises(FaultsError, match="village"):
        parcel_importance(maps, two_parcels(), GRID, by("village"))
    assert parcel_importance(ZoneMaps("model"), two_parcels(), GRID, params) == ["not_assessed"] * 2
    assert covered_cells(two_parcels(), GRID, tmp_path).array().tolist() == [[1] * 4] * 2


def test_the_function_zone_is_that_of_the_dominant_importance(params: Parameters, tmp_path: Path) -> None:
    maps = [
        zone_map(tmp_path, "sand", [[0, 1, 2, 3], [3, 3, 0, 1]], [[9, 30, 6, 1], [1, 1, 0, 30]]),
        zone_map(tmp_path, "water", [[1, 1, 1, 3], [2, 3, 0, 1]], [[20, 20, 20, 1], [7, 1, 0, 30]]),
    ]
    zones = function_zone_cells(maps, GRID, params, tmp_path)
    water, sand = ZONES.index("water") + 1, ZONES.index("sand") + 1
    # Both extreme: sand stands three times its limit, water twice; both equal: water comes first in the rules.
    assert zones.array().tolist() == [[water, sand, water, 0], [water, 0, 0, water]]
    assert function_zone_cells(maps[::-1], GRID, params, tmp_path / "b").array().tolist() == zones.array().tolist()
    names, ppm = function_zone_of_parcels(zones, two_parcels(), GRID)
    assert names == ["water", "water"] and ppm.tolist() == [500_000, 500_000]


def test_the_grade_is_the_better_of_importance_sensitivity_and_red_line(given_rules: Made, params: Parameters) -> None:
    importance = ["general", "general", "important", "not_assessed", "extreme"]
    sensitivity = ["general", "extreme", "not_assessed", "sensitive", "general"]
    inside = np.array([0, 0, 0, 0, 0])
    assert ecological_grade(importance, inside, params, sensitivity).tolist() == [3, 1, 2, 2, 1]
    assert ecological_grade(importance, inside, params).tolist() == [3, 3, 2, 3, 1]
    assert ecological_grade(importance, inside + 600_000, params, sensitivity).tolist() == [1] * 5
    key = "zoning.grade.of_importance_and_sensitivity"
    short = given_rules({key: {"general/general": 3}}, place="science")
    with pytest.raises(FaultsError, match="extreme/general") as stop:
        ecological_grade(importance, inside, short, sensitivity)
    assert len(stop.value.faults) == 4
