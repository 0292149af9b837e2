"""Zone editions, shares of parcels under restrictions, two editions compared."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from ecocomp.io.files import write_json, write_table
from ecocomp.land.edition import FieldMap, make_edition
from ecocomp.terms.faults import FaultsError
from ecocomp.zoning.editions import (
    ALL,
    UNCOVERED,
    Parcels,
    ZoneFields,
    compare_zones,
    fingerprint,
    ledger_closes,
    make_zone_edition,
    overlay_pairs,
    read_zone_edition,
    running_dm2,
    shares,
    zones_diff,
)
from ecocomp.zoning.polygons import Zones

CRS = pyproj.CRS.from_epsg(4546).to_wkt()
X, Y = 500_000.0, 3_400_000.0


def box(x0: float, y0: float, x1: float, y1: float) -> Any:
    return shapely.box(X + x0, Y + y0, X + x1, Y + y1)


def array(*shapes: Any) -> Any:
    out = np.empty(len(shapes), object)
    out[:] = shapes
    return out


@pytest.fixture
def clean(tmp_path: Path) -> Callable[..., Path]:
    """Write a clean layer as the import worker leaves it."""

    def make(shapes: Any, name: str = "layer", **fields: list[Any]) -> Path:
        wkb = pa.array(shapely.to_wkb(array(*shapes)), pa.binary())
        path = tmp_path / f"{name}.parquet"
        write_table(pa.table({**fields, "geometry": wkb}), path)
        write_json({"crs_wkt": CRS, "epsg": 4546, "source": f"{name}.gpkg", "sha256_source": "0" * 64}, path.with_suffix(".json"))
        return path

    return make


def cells(n: int = 3, side: float = 100.0) -> tuple[pa.Table, Any]:
    shapes = array(*[box(i * side, j * side, (i + 1) * side, (j + 1) * side) for j in range(n) for i in range(n)])
    table = pa.table({"parcel_id": [f"P{k}" for k in range(n * n)], "area_dm2": [1_000_000 + k for k in range(n * n)]})
    return table, shapes


def parcels(n: int = 3, block: int = 4) -> Parcels:
    return Parcels.of(*cells(n), CRS, block)


def restrictions(*rows: dict[str, Any]) -> pa.Table:
    base = {"category": None, "parcel_id": None, "edition_id": None}
    columns = ("restriction_id", "kind", "category", "parcel_id", "edition_id")
    return pa.table({c: pa.array([{**base, **r}[c] for r in rows], pa.string()) for c in columns})


# ---------------------------------------------------------------- an edition
def test_an_edition_is_written_once_and_read_back(clean: Callable[..., Path], tmp_path: Path) -> None:
    layer = clean([box(0, 0, 150, 100), box(150, 0, 300, 100)], DM=["A", "B"], LX=["核心", "一般"], MC=["甲", None])
    fields = ZoneFields("red_line", zone_id="DM", category="LX", categories={"核心": "core", "一般": "general"}, name="MC")
    made, faults = make_zone_edition(layer, fields, tmp_path / "e.parquet")
    assert faults == [] and made == read_zone_edition(tmp_path / "e.parquet") and made.rows == 2
    assert made.zones().kind == ["red_line.core", "red_line.general"]
    assert made.table()["name"].to_pylist() == ["甲", None]
    assert made.area_dm2 == sum(made.table()["area_dm2"].to_pylist()) and abs(made.area_dm2 / 3_000_000 - 1) < 1e-3
    again, _ = make_zone_edition(layer, fields, tmp_path / "e.parquet")
    assert again.fingerprint == made.fingerprint
    turned = clean([box(150, 0, 300, 100), box(0, 0, 150, 100)], "turned", DM=["B", "A"], LX=["一般", "核心"], MC=[None, "甲"])
    other, _ = make_zone_edition(turned, fields, tmp_path / "turned_e.parquet")
    assert other.ground_sha256 == made.ground_sha256 == fingerprint(made.zones()), "the order of the polygons does not matter"
    moved = clean([box(0, 0, 150, 101), box(150, 0, 300, 100)], "moved", DM=["A", "B"], LX=["核心", "一般"], MC=["甲", None])
    with pytest.raises(FaultsError) as stop:
        make_zone_edition(moved, fields, tmp_path / "e.parquet")
    assert [f.code for f in stop.value.faults] == ["zoning.edition_exists"]
    assert read_zone_edition(tmp_path / "e.parquet").fingerprint == made.fingerprint


def test_every_fault_of_a_layer_is_named_at_once(clean: Callable[..., Path], tmp_path: Path) -> None:
    bow = shapely.Polygon([(X, Y), (X + 9, Y + 9), (X + 9, Y), (X, Y + 9)])
    layer = clean(
        [box(0, 0, 100, 100), box(200, 0, 300, 100), box(400, 0, 500, 100), bow],
        DM=["A", "A", None, "D"], LX=["core", "kern", None, "general"],
    )  # fmt: skip
    with pytest.raises(FaultsError) as stop:
        make_zone_edition(layer, ZoneFields("red_line", zone_id="DM", category="LX"), tmp_path / "e.parquet")
    assert {(f.code, f.record) for f in stop.value.faults} == {
        ("zoning.zone_duplicate_id", "A"), ("zoning.zone_category", "A"), ("zoning.zone_no_id", "row 3"),
        ("zoning.zone_no_category", "row 3"), ("zoning.invalid_geometry", "D"),
    }  # fmt: skip
    assert not (tmp_path / "e.parquet").exists() and all(f.clash.zh and f.remedy.en for f in stop.value.faults)


def test_overlaps_of_one_layer_are_all_found_and_small_ones_let_pass(clean: Callable[..., Path], tmp_path: Path) -> None:
    row = [box(100 * i, 0, 100 * i + 101, 100) for i in range(70)]
    with pytest.raises(FaultsError) as stop:
        make_zone_edition(clean(row), ZoneFields("reserve"), tmp_path / "e.parquet")
    assert len([f for f in stop.value.faults if f.code == "zoning.overlap"]) == 69, "no cap"
    near = [box(0, 0, 100, 100), box(99.999, 0, 200, 100)]
    assert make_zone_edition(clean(near, "near"), ZoneFields("reserve"), tmp_path / "n.parquet")[1] == []


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        (ZoneFields("parcel"), "zoning.edition_kind"),
        (ZoneFields("park"), "zoning.edition_kind"),
        (ZoneFields("red_line", zone_id="NONE"), "zoning.edition_field"),
    ],
)
def test_a_wrong_kind_or_field_is_named(clean: Callable[..., Path], tmp_path: Path, fields: ZoneFields, code: str) -> None:
    with pytest.raises(FaultsError) as stop:
        make_zone_edition(clean([box(0, 0, 1, 1)]), fields, tmp_path / "e.parquet")
    assert [f.code for f in stop.value.faults] == [code]


def test_degrees_for_metres_and_an_empty_layer_are_refused(clean: Callable[..., Path], tmp_path: Path) -> None:
    with pytest.raises(FaultsError) as stop:
        make_zone_edition(clean([shapely.box(110, 30, 110.1, 30.1)]), ZoneFields("reserve"), tmp_path / "e.parquet")
    assert [f.code.split(".")[0] for f in stop.value.faults] == ["land"]
    with pytest.raises(FaultsError) as stop:
        make_zone_edition(clean([], "none"), ZoneFields("reserve"), tmp_path / "e.parquet")
    assert [f.code for f in stop.value.faults] == ["zoning.edition_empty"]


def test_what_is_no_zone_edition_is_said_so(tmp_path: Path) -> None:
    write_table(pa.table({"a": [1]}), tmp_path / "plain.parquet")
    (tmp_path / "text.parquet").write_text("no")
    for name in ("plain.parquet", "text.parquet", "absent.parquet"):
        with pytest.raises(FaultsError) as stop:
            read_zone_edition(tmp_path / name)
        assert [f.code for f in stop.value.faults] == ["zoning.no_edition"]


# ---------------------------------------------------------------- shares
def test_shares_of_parcels_by_layer_and_by_parcel() -> None:
    line = Zones(["a", "b"], ["red_line.core", "red_line.general"], array(box(0, 0, 50, 300), box(50, 0, 150, 300)))
    rows = restrictions(
        {"restriction_id": "R1", "kind": "red_line", "edition_id": "E1"},
        {"restriction_id": "R2", "kind": "grazing_ban", "parcel_id": "P4"},
        {"restriction_id": "R3", "kind": "grazing_ban", "parcel_id": "P99"},
        {"restriction_id": "R4", "kind": "reserve", "edition_id": "E9"},
    )
    table, faults = shares(parcels(), rows, {"E1": line})
    assert [(f.code, f.record) for f in faults] == [("zoning.restriction_layer", "R4"), ("zoning.restriction_parcel", "R3")]
    got = [(r["parcel_id"], r["restriction_id"], r["zone_id"], r["category"], r["area_dm2"]) for r in table.to_pylist()]
    assert got[:3] == [
        ("P0", "R1", "a", "red_line.core", 500_000),
        ("P0", "R1", "b", "red_line.general", 500_000),
        ("P1", "R1", "b", "red_line.general", 500_000),
    ]
    assert ("P4", "R2", "", "grazing_ban", 1_000_004) in got and len(got) == 10
    assert pc.max(table["share_ppm"]).as_py() == 1_000_000


def test_categories_that_divide_the_ground_close_with_a_rest() -> None:
    plan = Zones(["t", "f"], ["use_control.town", "use_control.agricultural"], array(box(0, 0, 120, 300), box(120, 0, 220, 300)))
    given = parcels()
    table, faults = shares(given, restrictions({"restriction_id": "U", "kind": "use_control", "edition_id": "E"}), {"E": plan})
    assert faults == []
    summed = table.group_by("parcel_id").aggregate([("area_dm2", "sum")]).sort_by("parcel_id")
    assert summed["area_dm2_sum"].to_pylist() == given.area_dm2.tolist()
    rest = table.filter(pc.equal(table["category"], UNCOVERED))
    assert rest["parcel_id"].to_pylist() == ["P2", "P5", "P8"] and rest["zone_id"].to_pylist() == [""] * 3


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(*[st.floats(-50, 300)] * 2, *[st.floats(1, 200)] * 2), min_size=1, max_size=5),
    st.integers(1, 9),
    st.lists(st.integers(0, 10**9), min_size=9, max_size=9),
)
def test_shares_close_whatever_the_block(cuts: Any, block: int, areas: list[int]) -> None:
    taken, zones = shapely.Polygon(), []
    for x, y, w, h in cuts:
        piece = shapely.difference(box(x, y, x + w, y + h), taken)
        taken = shapely.union(taken, piece)
        zones += [g for g in shapely.get_parts(piece) if shapely.get_type_id(g) == 3]
    layer = Zones([str(i) for i in range(len(zones))], ["use_control.town"] * len(zones), array(*zones))
    _, shapes = cells()
    table = pa.table({"parcel_id": [f"P{k}" for k in range(9)], "area_dm2": areas})
    rows = restrictions({"restriction_id": "U", "kind": "use_control", "edition_id": "E"})
    one, faults = shares(Parcels.of(table, shapes, CRS, block), rows, {"E": layer})
    two, _ = shares(Parcels.of(table, shapes, CRS, 9), rows, {"E": layer})
    assert faults == [] and one.equals(two)
    summed = dict(zip(*one.group_by("parcel_id").aggregate([("area_dm2", "sum")]).to_pydict().values(), strict=True))
    assert [summed.get(f"P{k}", 0) for k in range(9)] == areas


def test_running_sums_are_rounded_once() -> None:
    part, first, whole, total = running_dm2(np.array([0, 0, 0, 7]), np.array([1 / 3] * 3 + [0.5]), np.array([10, 10, 10, 3]))
    assert part.tolist() == [3, 4, 3, 2] and first.tolist() == [0, 3] and whole.tolist() == [10, 2]
    assert np.allclose(total, [1.0, 0.5])


def test_degrees_are_measured_on_the_ground() -> None:
    wgs = pyproj.CRS.from_epsg(4490).to_wkt()
    cell = array(shapely.box(110, 60, 112, 62))
    half = array(shapely.box(110, 60, 112, 61))
    _, _, share = overlay_pairs(Parcels.of(pa.table({"parcel_id": ["P"], "area_dm2": [1]}), cell, wgs), half)
    assert 0.5078 < share[0] < 0.5079, "the southern half of two degrees is larger than the northern"


# ---------------------------------------------------------------- two editions compared
def test_a_worked_change_of_a_line() -> None:
    old = Zones(["a", "b"], ["red_line.core", "red_line.general"], array(box(0, 0, 100, 100), box(100, 0, 200, 100)))
    new = Zones(["a", "c"], ["red_line.core", "red_line.general"], array(box(0, 0, 150, 100), box(150, 0, 300, 50)))
    got = compare_zones(old, new, parcels())
    rows = {(r["parcel_id"], r["category"]): r for r in got.ledger.to_pylist()}
    names = ("before_dm2", "kept_dm2", "gained_dm2", "lost_dm2", "after_dm2")
    assert [rows["P1", "red_line.core"][n] for n in names] == [0, 0, 500_000, 0, 500_000]
    assert [rows["P1", "red_line.general"][n] for n in names] == [1_000_001, 250_001, 0, 750_000, 250_001]
    assert [rows["P1", ALL][n] for n in names] == [1_000_001, 750_001, 0, 250_000, 750_001]
    assert [rows["P2", ALL][n] for n in names] == [0, 0, 500_001, 0, 500_001]
    assert ledger_closes(got) and rows["P0", ALL]["kept_dm2"] == 1_000_000
    changes = [(r["change"], r["old_zone"], r["new_zone"]) for r in got.patches.to_pylist()]
    assert changes == [("gained", None, "c"), ("lost", "b", None), ("recategorised", "b", "a")]
    totals = {r["category"]: r for r in got.total.to_pylist()}
    assert totals[ALL]["parcels"] == 2 and totals["red_line.core"]["lost_dm2"] == 0


def test_the_same_edition_changes_nothing() -> None:
    line = Zones(["a", "b"], ["reserve", "reserve"], array(box(5, 5, 140, 120), box(150, 0, 210, 77)))
    got = compare_zones(line, Zones(["b", "a"], ["reserve"] * 2, line.geometry[::-1]), parcels())
    assert len(got.patches) == 0 and pc.sum(got.ledger["gained_dm2"]).as_py() == pc.sum(got.ledger["lost_dm2"]).as_py() == 0


BOXES = st.lists(st.tuples(*[st.floats(-20, 280)] * 2, *[st.floats(1, 150)] * 2, st.sampled_from(["core", "general"])), max_size=4)


@settings(max_examples=60, deadline=None)
@given(BOXES, BOXES, st.lists(st.integers(0, 10_000), min_size=9, max_size=9), st.integers(1, 9))
def test_the_ledger_closes_and_going_back_undoes_it(old: Any, new: Any, areas: list[int], block: int) -> None:
    def layer(boxes: Any) -> Zones:
        shapes = array(*[box(x, y, x + w, y + h) for x, y, w, h, _ in boxes])
        return Zones([f"z{i}" for i in range(len(boxes))], [f"red_line.{b[4]}" for b in boxes], shapes)

    table = pa.table({"parcel_id": [f"P{k}" for k in range(9)], "area_dm2": areas})
    given_ = Parcels.of(table, cells()[1], CRS, block)
    one, back = compare_zones(layer(old), layer(new), given_), compare_zones(layer(new), layer(old), given_)
    assert ledger_closes(one) and ledger_closes(back)
    for row in one.ledger.to_pylist():
        assert 0 <= row["kept_dm2"] <= min(row["before_dm2"], row["after_dm2"])
        assert max(row["before_dm2"], row["after_dm2"]) <= row["area_dm2"]
        assert row["kept_dm2"] + row["gained_dm2"] + row["lost_dm2"] <= row["area_dm2"]
    total, mirrored = ({r["category"]: r for r in c.total.to_pylist()} for c in (one, back))
    for category, row in total.items():
        assert (row["before_dm2"], row["after_dm2"]) == (mirrored[category]["after_dm2"], mirrored[category]["before_dm2"])
        assert abs(row["gained_dm2"] - mirrored[category]["lost_dm2"]) <= 9, "a dm2 a parcel from rounding the parts"
    sums = one.ledger.filter(pc.not_equal(one.ledger["category"], ALL))
    assert pc.sum(sums["before_dm2"]).as_py() in (None, total[ALL]["before_dm2"])


def test_two_files_and_a_survey_compared(clean: Callable[..., Path], tmp_path: Path) -> None:
    _, shapes = cells()
    survey = clean(list(shapes), "survey", BSM=[f"P{k}" for k in range(9)], DLBM=["0301"] * 9, ZLDWDM=["990121001001"] * 9)
    make_edition(survey, tmp_path / "parcels.parquet", FieldMap(declared_area=None))
    make_zone_edition(clean([box(0, 0, 100, 100)], "old"), ZoneFields("reserve"), tmp_path / "old_e.parquet")
    make_zone_edition(clean([box(0, 0, 200, 100)], "new"), ZoneFields("reserve"), tmp_path / "new_e.parquet")
    make_zone_edition(clean([box(0, 0, 200, 100)], "other"), ZoneFields("grazing_ban"), tmp_path / "ban.parquet")
    got = zones_diff(tmp_path / "old_e.parquet", tmp_path / "new_e.parquet", tmp_path / "parcels.parquet")
    assert got.summary["closes"] and got.summary["totals"][ALL]["parcels"] == 1 and not got.summary["same_ground"]
    gained = got.summary["totals"][ALL]["gained_dm2"]
    assert gained == got.summary["patches"]["gained"]["area_dm2"] and abs(gained / 1_000_000 - 1) < 1e-3
    with pytest.raises(FaultsError) as stop:
        zones_diff(tmp_path / "old_e.parquet", tmp_path / "ban.parquet", tmp_path / "parcels.parquet")
    assert [f.code for f in stop.value.faults] == ["zoning.edition_kinds"]
