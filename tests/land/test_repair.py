"""Repairs: only what was asked for, only within the limits, each on record."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from ecocomp.land.area import areas_dm2, polygon_areas_m2
from ecocomp.land.finds import TopologyLimits
from ecocomp.land.repair import (
    REPAIRS,
    SCHEMA,
    SINGLE,
    Copies,
    Repair,
    RepairOptions,
    repair_seams,
    repair_shapes,
    table_of,
    without_crossings,
    without_spikes,
)
from ecocomp.land.seams import Seams
from ecocomp.land.topology import MemoryTiles, topology
from ecocomp.terms.faults import UsageError

CRS = pyproj.CRS.from_epsg(4545)
X0, Y0 = 400_000.0, 3_400_000.0


def poly(*xy: tuple[float, float]) -> Any:
    return shapely.Polygon([(X0 + x, Y0 + y) for x, y in xy])


def dm2(shape: Any) -> int:
    return int(areas_dm2(polygon_areas_m2(np.array([shape], object), CRS))[0])


def mend(shapes: list[Any], *kinds: str, **more: Any) -> tuple[list[Any], list[Repair]]:
    ids = [f"P{i}" for i in range(len(shapes))]
    out, done = repair_shapes(ids, np.array(shapes, object), CRS, RepairOptions(frozenset(kinds), **more))
    return list(out), done


SQUARE = poly((0, 0), (50, 0), (50, 50), (0, 50))
SPIKED = poly((0, 0), (50, 0), (50, 50), (60, 50), (50, 50), (0, 50))
TWICE = poly((0, 0), (50, 0), (50, 0), (50, 50), (50, 50.0002), (0, 50))
TINY_BOW = poly((0, 0), (50, 0), (50, 50), (0, 49.7), (0.3, 50), (0, 0))
BOW = poly((0, 0), (50, 50), (50, 0), (0, 50))


def test_nothing_is_repaired_unless_asked_for() -> None:
    out, done = mend([SPIKED, TWICE, TINY_BOW, BOW])
    assert done == [] and out == [SPIKED, TWICE, TINY_BOW, BOW]


@pytest.mark.parametrize(
    ("shape", "kind", "vertices"), [(SPIKED, "spikes", 5), (TWICE, "duplicate_vertices", 5), (TINY_BOW, "bow_ties", 5)]
)
def test_each_repair_makes_the_shape_sound_and_is_on_record(shape: Any, kind: str, vertices: int) -> None:
    (out, same), (one,) = mend([shape, SQUARE], kind)
    assert shapely.is_valid(out) and same == SQUARE
    assert shapely.get_num_coordinates(out) == vertices
    assert (one.parcel_id, one.kind, one.other_id) == ("P0", kind, None)
    assert one.area_after_dm2 == dm2(out) and abs(one.area_after_dm2 - dm2(SQUARE)) < 2_000
    assert (one.vertices_before, one.vertices_after) == (shapely.get_num_coordinates(shape), vertices)
    assert one.sha256_after == hashlib.sha256(shapely.to_wkb(out, byte_order=1)).hexdigest() != one.sha256_before
    assert table_of([one]).schema == SCHEMA and table_of([]).num_rows == 0


def test_a_large_bow_tie_is_left_for_a_person() -> None:
    assert mend([BOW], "bow_ties") == ([BOW], [])
    assert without_crossings(BOW, CRS, 0.6) is not None


def test_a_shape_that_would_vanish_is_left() -> None:
    sliver = poly((0, 0), (10, 0), (0, 0))
    assert mend([sliver], *SINGLE) == ([sliver], [])


def test_a_hole_that_vanishes_goes_and_parts_stay() -> None:
    holed = shapely.Polygon(SQUARE.exterior, [[(X0 + 10, Y0 + 10), (X0 + 20, Y0 + 10), (X0 + 10, Y0 + 10.0001)]])
    both = shapely.MultiPolygon([holed, poly((100, 0), (110, 0), (120, 0), (110, 0), (110, 10), (100, 10))])
    out = without_spikes(both, CRS, TopologyLimits())
    assert shapely.get_num_geometries(out) == 2 and not list(out.geoms[0].interiors) and shapely.is_valid(out)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(3, 9), st.integers(1, 4))
def test_spikes_and_doubled_vertices_put_in_come_out_again(seed: int, corners: int, extra: int) -> None:
    rng = np.random.default_rng(seed)
    turn = 2 * np.pi * (np.arange(corners) + rng.uniform(0, 0.4, corners)) / corners
    xy = np.round(np.column_stack([X0 + 40 * np.cos(turn), Y0 + 40 * np.sin(turn)]), 3)
    bad = [list(p) for p in xy]
    for _ in range(extra):
        at = int(rng.integers(0, len(bad)))
        if rng.random() < 0.5:
            bad.insert(at, list(bad[at]))
        else:
            here = np.array(bad[at])
            bad[at : at + 1] = [list(here), list(here + (here - [X0, Y0]) / 4), list(here)]
    (out,), done = mend([shapely.Polygon(bad)], "duplicate_vertices", "spikes")
    assert shapely.equals(out, shapely.Polygon(xy)) and done
    again = topology((["P0"], np.array([out], object)), CRS)
    assert {f["kind"] for f in again.finds.to_pylist()} <= {"thin"}


def seams(ids: list[str], shapes: list[Any]) -> tuple[Seams, list[Any]]:
    made = Seams(MemoryTiles(ids, np.array(shapes, object)), CRS, TopologyLimits()).matched()
    return made, made.overlaps() + made.gaps()


LEFT, RIGHT = poly((0, 0), (50, 0), (50, 50), (0, 50)), poly((49.5, 0), (120, 0), (120, 50), (49.5, 50))


@pytest.mark.parametrize(("ids", "loser", "rule"), [(["A", "B"], 1, "larger_code"), (["B", "A"], 0, "larger_code"),
                                                    (["B", "A"], 1, "larger_area")])  # fmt: skip
def test_a_sliver_of_overlap_is_taken_from_one_by_the_rule(ids: list[str], loser: int, rule: Any) -> None:
    made, finds = seams(ids, [LEFT, RIGHT])
    assert [f.kind for f in finds] == ["overlap"]
    new, (one,) = repair_seams(made, finds, RepairOptions(frozenset(["overlap_slivers"]), loser=rule))
    assert list(new) == [loser] and one.parcel_id == ids[loser] and one.other_id == ids[1 - loser]
    assert one.area_before_dm2 - one.area_after_dm2 == pytest.approx(2500, rel=0.01)
    shapes = [LEFT, RIGHT]
    shapes[loser] = new[loser]
    assert seams(ids, shapes)[1] == []


def test_a_wide_overlap_stays_an_error() -> None:
    made, finds = seams(["A", "B"], [LEFT, RIGHT])
    assert repair_seams(made, finds, RepairOptions(frozenset(["overlap_slivers"]), overlap_m2=10)) == ({}, [])
    assert repair_seams(made, finds, RepairOptions()) == ({}, [])


def test_a_small_gap_goes_to_the_neighbour_with_the_longest_line() -> None:
    frame = [poly((0, 0), (50, 0), (50, 50), (0, 50)), poly((50.5, 0), (100, 0), (100, 50), (50.5, 50), (50.5, 20)),
             poly((0, 50), (100, 50), (100, 60), (0, 60)), poly((0, -10), (100, -10), (100, 0), (0, 0))]  # fmt: skip
    made, finds = seams(list("ABCD"), frame)
    assert [f.kind for f in finds] == ["gap"]
    new, (one,) = repair_seams(made, finds, RepairOptions(frozenset(["small_gaps"])))
    (row,) = new
    assert row in (0, 1) and one.area_after_dm2 - one.area_before_dm2 == pytest.approx(2500, rel=0.01)
    frame[row] = new[row]
    assert seams(list("ABCD"), frame)[1] == []


def test_copies_are_told_by_code_and_bytes() -> None:
    seen = Copies()
    assert seen.found(["A", "A", "B", ""], [b"1", b"1", b"1", b"1"]).tolist() == [False, True, False, False]
    assert seen.found(["A", "", "B"], [b"2", b"1", b"1"]).tolist() == [False, False, True]
    assert seen.found(["A"], [None]).tolist() == [False]


def test_an_unknown_repair_is_refused_with_the_list() -> None:
    with pytest.raises(UsageError) as caught:
        RepairOptions(frozenset(["everything"]))
    assert "everything" in caught.value.message.en and all(k in caught.value.message.zh for k in REPAIRS)
