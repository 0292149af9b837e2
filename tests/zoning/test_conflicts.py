"""The conflict finder: planted conflicts are all found, a clean county has none."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyproj
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from ecocomp.rules import Parameters, RuleBook, policy_folder
from ecocomp.terms.confidence import MARKS
from ecocomp.zoning.conflicts import (
    CONFLICT,
    KINDS,
    GroundLayer,
    conflict_faults,
    conflict_rules,
    conflicts,
    covers,
    ground_conflicts,
)
from ecocomp.zoning.control import CATEGORIES, PROGRAMMES
from ecocomp.zoning.editions import Parcels, shares
from ecocomp.zoning.polygons import Zones

BOOK = RuleBook.load([policy_folder()])
RULES = BOOK.resolve("CN", date(2025, 6, 1), date(2026, 11, 22))
CRS = pyproj.CRS.from_epsg(4546).to_wkt()
X, Y = 500_000.0, 3_400_000.0
A = 1_000_000


def box(x0: float, y0: float, x1: float, y1: float) -> Any:
    return shapely.box(X + x0, Y + y0, X + x1, Y + y1)


def array(*shapes: Any) -> Any:
    out = np.empty(len(shapes), object)
    out[:] = shapes
    return out


def row_of_parcels(n: int, classes: list[str] | None = None) -> Parcels:
    shapes = array(*[box(100 * i, 0, 100 * i + 100, 100) for i in range(n)])
    table = {"parcel_id": [f"P{i:02}" for i in range(n)], "area_dm2": [A] * n, "land_class": classes or ["0301"] * n}
    return Parcels.of(pa.table(table), shapes, CRS)


def text(rows: list[dict[str, Any]], *columns: str) -> pa.Table:
    return pa.table({c: pa.array([r.get(c) for r in rows], pa.string()) for c in columns})


def rights(*rows: tuple[str, str, str, str]) -> pa.Table:
    names = ("right_id", "parcel_id", "holder_id", "kind")
    return text([dict(zip(names, r, strict=True)) for r in rows], *names)


def duties(*rows: tuple[str, str, str, str]) -> pa.Table:
    names = ("contract_id", "parcel_id", "holder_id", "programme")
    return text([dict(zip(names, r, strict=True)) for r in rows], *names)


def restrictions(*rows: dict[str, Any]) -> pa.Table:
    names = ("restriction_id", "kind", "category", "parcel_id", "edition_id", "authority", "document")
    made = text([{"authority": "县政府", "document": "号", **r} for r in rows], *names)
    return made.append_column("adopted_on", pa.array([r.get("adopted_on", date(2020, 1, 1)) for r in rows], pa.date32()))


def find(
    parcels: Parcels, restriction: pa.Table | None = None, layers: dict[str, Zones] | None = None, **more: Any
) -> list[dict[str, Any]]:
    rows = restrictions() if restriction is None else restriction
    share, faults = shares(parcels, rows, layers or {})
    assert faults == []
    by_id = {
        r: (layers or {})[e] for r, e in zip(rows["restriction_id"].to_pylist(), rows["edition_id"].to_pylist(), strict=True) if e
    }
    given_ = {"rights": rights(), "duties": duties(), "party": text([], "party_id", "kind"), **more}
    table, faults = conflicts(parcels, given_.pop("rights"), given_.pop("duties"), share, RULES, layers=by_id, **given_)
    assert faults == [], [f.say("en") for f in faults]
    return table.to_pylist()


def brief(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [(r["parcel_id"], r["kind"], r["a"], r["b"], r["area_dm2"]) for r in rows]


# ---------------------------------------------------------------- the rules
def test_every_rule_can_be_read_and_names_its_source() -> None:
    asked, faults = conflict_rules(RULES)
    assert faults == [] and {r.kind for r in asked} == set(KINDS) - {"ground_overlap"}
    for r in asked:
        assert r.document and r.confidence in MARKS and r.says.zh and r.says.en
        for mark in (*r.a, *r.b, *r.unless):
            head = mark.split(".")[0]
            assert any(c == mark or c.startswith(mark + ".") for c in CATEGORIES) or head in (
                "right",
                "duty",
                "mortgage",
                "undocumented",
            )
            assert head != "duty" or mark.removeprefix("duty.") in PROGRAMMES


def test_every_pair_of_programmes_has_a_stacking_rule() -> None:
    stacking = [r for r in conflict_rules(RULES)[0] if r.kind == "stacking"]

    def spoken(x: str, y: str) -> bool:
        ways = ((f"duty.{x}", f"duty.{y}"), (f"duty.{y}", f"duty.{x}"))
        return any(covers(r.a, p) and covers(r.b, q) for r in stacking for p, q in ways)

    assert [(x, y) for x in PROGRAMMES for y in PROGRAMMES if x <= y and not spoken(x, y)] == []


def test_bad_rules_are_named(given_rules: Callable[..., Parameters]) -> None:
    bad: list[Any] = [
        "x",
        {"kind": "odd", "severity": "error", "a": ["red_line"], "zh": "甲", "en": "a", "fix_zh": "乙", "fix_en": "b"},
        {"kind": "exclusive"},
    ]
    _, faults = conflict_rules(given_rules({"zoning.conflict.own": bad}))
    assert len(faults) == 3 and "odd" in faults[1].clash.en


# ---------------------------------------------------------------- worked cases
def test_cropping_right_in_a_core_area() -> None:
    line = Zones(["c", "g"], ["red_line.core", "red_line.general"], array(box(0, 0, 150, 100), box(150, 0, 300, 100)))
    got = find(
        row_of_parcels(3, ["0103", "0301", "0103"]),
        restrictions({"restriction_id": "L", "kind": "red_line", "edition_id": "E"}),
        {"E": line},
        rights=rights(("R0", "P00", "anna", "contract"), ("R1", "P01", "bo", "contract"), ("R2", "P02", "chen", "contract")),
    )
    assert brief(got) == [("P00", "right_restriction", "R0", "L", A)], "forest in the core and crops outside are no conflict"
    assert got[0]["holder_ids"] == "anna" and got[0]["document"].startswith("厅字")


def test_conversion_on_basic_farmland() -> None:
    farm = Zones(["f"], ["permanent_basic_farmland"], array(box(0, 0, 130, 100)))
    plots = Zones(["t"], ["forest_conversion"], array(box(120, 0, 200, 100)))
    got = find(
        row_of_parcels(3),
        restrictions(
            {"restriction_id": "F", "kind": "permanent_basic_farmland", "edition_id": "E"},
            {"restriction_id": "T", "kind": "forest_conversion", "edition_id": "G"},
        ),
        {"E": farm, "G": plots},
        duties=duties(("C0", "P00", "anna", "forest_conversion"), ("C2", "P02", "bo", "forest_conversion")),
    )
    assert brief(got) == [
        ("P00", "farmland_conversion", "C0", "F", A),
        ("P01", "farmland_conversion", "T", "F", 100_000),
    ], "on P01 the two layers share ten metres, measured, though 30 + 80 < 100 needs no overlap"


def test_without_shapes_only_what_must_overlap_is_told() -> None:
    given_ = row_of_parcels(2)
    rows = restrictions(
        {"restriction_id": "F", "kind": "permanent_basic_farmland", "edition_id": "E"},
        {"restriction_id": "W", "kind": "welfare_forest", "category": "local", "edition_id": "G"},
    )
    layers = {
        "E": Zones(["f"], ["permanent_basic_farmland"], array(box(0, 0, 170, 100))),
        "G": Zones(["w"], ["welfare_forest.local"], array(box(40, 0, 140, 100))),
    }
    share, _ = shares(given_, rows, layers)
    got, _ = conflicts(given_.table, rights(), duties(), share, RULES)
    assert brief(got.to_pylist()) == [
        ("P00", "exclusive", "W", "F", 600_000),
        ("P01", "exclusive", "W", "F", 100_000),
    ], "70 + 40 − 100 = 10 of P01 are certain"
    exact, _ = conflicts(given_, rights(), duties(), share, RULES, layers={"F": layers["E"], "W": layers["G"]})
    assert exact["area_dm2"].to_pylist() == [600_000, 400_000]


def test_grazing_ban_and_balance_on_one_parcel() -> None:
    got = find(
        row_of_parcels(3),
        restrictions(
            {"restriction_id": "B", "kind": "grazing_ban", "edition_id": "E"},
            {"restriction_id": "S", "kind": "grass_livestock_balance", "edition_id": "G"},
        ),
        {
            "E": Zones(["b"], ["grazing_ban"], array(box(0, 0, 130, 100))),
            "G": Zones(["s"], ["grass_livestock_balance"], array(box(130, 0, 300, 100))),
        },
        duties=duties(("C2", "P02", "anna", "grazing_ban")),
    )
    assert brief(got) == [
        ("P01", "exclusive", "B", "S", 300_000),
        ("P02", "exclusive", "C2", "S", A),
    ], "the parcel counts, not the ground: the two lines only meet"


def test_the_same_kind_twice_is_measured_on_the_ground() -> None:
    near = {
        "E": Zones(["1"], ["welfare_forest.national_2"], array(box(0, 0, 50, 100))),
        "G": Zones(["2"], ["welfare_forest.national_2"], array(box(50, 0, 100, 100))),
        "H": Zones(["3"], ["welfare_forest.local"], array(box(90, 0, 160, 100))),
    }
    rows = restrictions(*({"restriction_id": k, "kind": "welfare_forest", "edition_id": k} for k in near))
    assert brief(find(row_of_parcels(2), rows, near)) == [("P00", "double_designation", "G", "H", 100_000)]


def test_a_layer_that_names_categories_only_here_and_there() -> None:
    layers = {
        "E": Zones(["t", "u"], ["red_line.core", "red_line"], array(box(0, 0, 40, 100), box(40, 0, 60, 100))),
        "G": Zones(["f"], ["permanent_basic_farmland"], array(box(50, 0, 90, 100))),
    }
    rows = restrictions(
        {"restriction_id": "L", "kind": "red_line", "category": "general", "edition_id": "E"},
        {"restriction_id": "F", "kind": "permanent_basic_farmland", "edition_id": "G"},
    )
    got = find(row_of_parcels(1), rows, layers)
    assert [(r["a_mark"], r["area_dm2"]) for r in got if r["a_mark"] == "red_line.general"] == [("red_line.general", 100_000)]


def test_three_lines_may_not_overlap() -> None:
    layers = {
        "E": Zones(["t"], ["use_control.town"], array(box(0, 0, 60, 100))),
        "G": Zones(["r"], ["red_line.general"], array(box(50, 0, 100, 100))),
    }
    rows = restrictions(
        {"restriction_id": "U", "kind": "use_control", "edition_id": "E"},
        {"restriction_id": "L", "kind": "red_line", "edition_id": "G"},
    )
    assert brief(find(row_of_parcels(1), rows, layers)) == [("P00", "exclusive", "U", "L", 100_000)]


def test_stacking_of_programmes() -> None:
    got = find(
        row_of_parcels(6),
        duties=duties(
            ("C1", "P00", "anna", "grazing_ban"), ("C2", "P00", "anna", "grass_livestock_balance"),
            ("C3", "P01", "anna", "welfare_forest"), ("C4", "P01", "anna", "welfare_forest"),
            ("C5", "P02", "anna", "welfare_forest"), ("C6", "P02", "bo", "welfare_forest"),
            ("C7", "P03", "anna", "eco-zone"), ("C8", "P03", "anna", "welfare_forest"),
            ("C9", "P04", "bo", "reserve"), ("C10", "P04", "chen", "wetland"),
        ),
    )  # fmt: skip
    told = [(r["parcel_id"], r["kind"], r["severity"], {r["a"], r["b"]}, r["holder_ids"]) for r in got]
    assert told == [
        ("P00", "exclusive", "error", {"C1", "C2"}, "anna"),
        ("P00", "stacking", "error", {"C1", "C2"}, "anna"),
        ("P01", "stacking", "error", {"C3", "C4"}, "anna"),
        ("P04", "stacking", "warning", {"C9", "C10"}, "bo;chen"),
    ], "co-holders each with a contract are no double payment; programmes by area and by element may stand together"


def test_a_pair_of_programmes_without_a_rule_is_said() -> None:
    twice = duties(("C1", "P00", "a", "moonshine"), ("C2", "P00", "b", "wetland"))
    table, faults = conflicts(
        row_of_parcels(1),
        rights(),
        twice,
        shares(row_of_parcels(1), restrictions(), {})[0],
        RULES,
        party=text([], "party_id", "kind"),
    )
    assert len(table) == 0 and [f.code for f in faults] == ["zoning.conflict_unruled"] and "moonshine" in faults[0].record
    named, faults = conflicts(
        row_of_parcels(1), rights(), twice, shares(row_of_parcels(1), restrictions(), {})[0], RULES,
        party=text([], "party_id", "kind"), programmes={"moonshine": "grazing_ban"},
    )  # fmt: skip
    assert faults == [] and named["severity"].to_pylist() == ["warning"]


def test_welfare_forest_needs_an_agreement_where_the_land_is_not_the_states() -> None:
    rows = restrictions(
        *({"restriction_id": f"W{i}", "kind": "welfare_forest", "category": "national_2", "parcel_id": f"P0{i}"} for i in range(4))
    )
    held = rights(
        ("R0", "P00", "village", "ownership"), ("R1", "P01", "village", "ownership"), ("R2", "P02", "farm", "ownership"),
        ("R3", "P03", "anna", "contract"),
    )  # fmt: skip
    party = text(
        [
            {"party_id": "village", "kind": "collective"},
            {"party_id": "farm", "kind": "state_unit"},
            {"party_id": "anna", "kind": "household"},
        ],
        "party_id",
        "kind",
    )
    got = find(row_of_parcels(4), rows, rights=held, duties=duties(("C1", "P01", "village", "welfare_forest")), party=party)
    assert brief(got) == [("P00", "no_agreement", "R0", "W0", A), ("P03", "no_agreement", "R3", "W3", A)]
    share, _ = shares(row_of_parcels(4), rows, {})
    _, faults = conflicts(row_of_parcels(4), held, duties(), share, RULES)
    assert [(f.code, f.severity) for f in faults] == [("zoning.conflict_no_party", "warning")], "who owns it is not known: said"


def test_designations_without_papers_and_rights_that_reserves_touch() -> None:
    rows = restrictions(
        {"restriction_id": "V1", "kind": "reserve", "parcel_id": "P00", "document": " "},
        {"restriction_id": "V2", "kind": "reserve", "parcel_id": "P01", "adopted_on": None},
        {"restriction_id": "V3", "kind": "reserve", "parcel_id": "P02"},
    )
    parcels = row_of_parcels(3, ["0301", "0301", "0601"])
    share, _ = shares(parcels, rows, {})
    table, faults = conflicts(
        parcels, rights(("R2", "P02", "works", "use"), ("R1", "P01", "anna", "contract")), duties(), share, RULES, restriction=rows,
        mortgage=text([{"mortgage_id": "M1", "right_id": "R1"}], "mortgage_id", "right_id"), party=text([], "party_id", "kind"),
    )  # fmt: skip
    assert faults == []
    got = table.to_pylist()
    assert [(r["parcel_id"], r["kind"], r["severity"], r["a"], r["b"]) for r in got] == [
        ("P00", "no_document", "error", "V1", None),
        ("P01", "no_document", "error", "V2", None),
        ("P01", "right_restriction", "warning", "M1", "V2"),
        ("P02", "right_restriction", "error", "R2", "V3"),
    ]


def test_a_layer_without_papers_taints_what_rests_on_it_and_unknown_parcels_are_counted() -> None:
    layer = {"E": Zones(["z"], ["reserve"], array(box(0, 0, 100, 100)))}
    rows = restrictions({"restriction_id": "V", "kind": "reserve", "edition_id": "E"})
    edition = text([{"edition_id": "E", "authority": "", "document": "号"}], "edition_id", "authority", "document")
    edition = edition.append_column("adopted_on", pa.array([date(2020, 1, 1)], pa.date32()))
    share, _ = shares(row_of_parcels(1), rows, layer)
    held = rights(("R", "P99", "anna", "contract"))
    table, faults = conflicts(
        row_of_parcels(1), held, duties(), share, RULES, restriction=rows, edition=edition, party=text([], "party_id", "kind")
    )
    assert [(r["kind"], r["a"]) for r in table.to_pylist()] == [("no_document", "V")]
    assert [(f.code, f.where) for f in faults] == [("zoning.conflict_unknown_parcel", "tenure")]


def test_the_rules_of_the_day_count() -> None:
    rows = restrictions({"restriction_id": "F", "kind": "permanent_basic_farmland", "parcel_id": "P00"})
    share, _ = shares(row_of_parcels(1), rows, {})
    owed = duties(("C", "P00", "anna", "forest_conversion"))
    for day, n in ((date(2002, 6, 1), 0), (date(2003, 1, 20), 1)):
        table, _ = conflicts(row_of_parcels(1), rights(), owed, share, BOOK.resolve("CN", day, date(2026, 11, 22)))
        assert len(table) == n


def test_every_conflict_is_said_in_both_languages() -> None:
    share, _ = shares(
        row_of_parcels(1), restrictions({"restriction_id": "F", "kind": "permanent_basic_farmland", "parcel_id": "P00"}), {}
    )
    table, _ = conflicts(row_of_parcels(1), rights(), duties(("C", "P00", "anna", "forest_conversion")), share, RULES)
    (fault,) = conflict_faults(table, RULES)
    assert fault.code == "zoning.conflict_farmland_conversion" and fault.record == "P00" and fault.severity == "error"
    assert (
        "退耕还林还草补助 C 与永久基本农田 F" in fault.clash.zh
        and "10000.00" in fault.clash.en
        and "367" in fault.clash.en
        and fault.remedy.zh.endswith("。")
    )


# ---------------------------------------------------------------- programmes with their own ground
def test_plots_claimed_again_under_other_ids() -> None:
    first = GroundLayer("2002", "forest_conversion", Zones(["a", "b"], [""] * 2, array(box(0, 0, 100, 100), box(200, 0, 300, 100))))
    again = GroundLayer(
        "2004", "forest_conversion", Zones(["x", "y"], [""] * 2, array(box(30, 0, 110, 100), box(260, 0, 360, 100)))
    )
    forest = GroundLayer("林班", "welfare_forest", Zones(["w"], [""], array(box(0, 0, 50, 100))))
    farm = GroundLayer("基本农田", "permanent_basic_farmland", Zones(["f"], [""], array(box(195, 0, 305, 100))))
    got = ground_conflicts([first, again, forest, farm], RULES, CRS).to_pylist()
    assert {(r["a"], r["b"], r["rule"]) for r in got} == {
        ("2002/a", "2004/x", "overlap.share_of_smaller_ppm"),
        ("2002/a", "林班/w", "stacking.conversion_and_forest"),
        ("2002/b", "基本农田/f", "conflict.farmland_conversion"),
    }, "b and y share 40 of 100: splits are legal"
    assert all(r["parcel_id"] is None and abs(r["area_dm2"] / 100 / 100 - 70) < 60 for r in got)
    here = ground_conflicts([first, again], RULES, CRS, row_of_parcels(2)).to_pylist()
    assert [(r["parcel_id"], r["area_dm2"]) for r in here] == [("P00", 700_000)]


# ---------------------------------------------------------------- a county
def county(n: int, chance: np.random.Generator) -> tuple[Parcels, dict[str, Any]]:
    """A clean county in a row: the first third farmland, the second forest, the last grassland; every layer on its own land."""
    third = n // 3
    classes = ["0103"] * third + ["0301"] * third + ["0401"] * (n - 2 * third)
    given_ = row_of_parcels(n, classes)
    x = [0, 100 * third, 200 * third, 100 * n]
    middle = (x[2] + x[3]) // 200 * 100
    layers = {
        "F": Zones(["f"], ["permanent_basic_farmland"], array(box(x[0], 0, x[1], 100))),
        "W": Zones(["w"], ["welfare_forest.national_2"], array(box(x[1], 0, x[2], 100))),
        "L": Zones(["l"], ["red_line.general"], array(box(x[1], 0, x[2], 100))),
        "B": Zones(["b"], ["grazing_ban"], array(box(x[2], 0, middle, 100))),
        "S": Zones(["s"], ["grass_livestock_balance"], array(box(middle, 0, x[3], 100))),
    }
    kinds = {
        "F": "permanent_basic_farmland",
        "W": "welfare_forest",
        "L": "red_line",
        "B": "grazing_ban",
        "S": "grass_livestock_balance",
    }
    rows = [{"restriction_id": k, "kind": v, "edition_id": k} for k, v in kinds.items()]
    held = [(f"R{i:02}", f"P{i:02}", f"h{chance.integers(9)}", "contract") for i in range(n)]
    owed = [(f"C{i:02}", f"P{i:02}", held[i][2], "welfare_forest") for i in range(third, 2 * third)]
    owed += [
        (f"C{i:02}", f"P{i:02}", held[i][2], "grazing_ban" if 100 * i < middle else "grass_livestock_balance")
        for i in range(2 * third, n)
    ]
    return given_, {"rows": rows, "layers": layers, "held": held, "owed": owed, "third": third}


@settings(max_examples=25, deadline=None)
@given(st.integers(9, 60), st.integers(0, 2**31), st.sets(st.sampled_from(["conversion", "ban", "core", "twice", "town", "paper"])))
def test_planted_conflicts_are_all_found_and_none_invented(n: int, seed: int, planted: set[str]) -> None:
    chance = np.random.default_rng(seed)
    given_, c = county(n, chance)
    rows, layers, owed, third = c["rows"], c["layers"], c["owed"], c["third"]
    expected = set()
    k = int(chance.integers(third))
    if "conversion" in planted:
        owed.append(("X1", f"P{k:02}", "h1", "forest_conversion"))
        expected.add((f"P{k:02}", "farmland_conversion"))
    if "ban" in planted:
        rows.append({"restriction_id": "XB", "kind": "grazing_ban", "parcel_id": f"P{n - 1:02}"})
        expected.add((f"P{n - 1:02}", "exclusive"))
    if "core" in planted:
        rows.append({"restriction_id": "XC", "kind": "protected_area", "category": "core", "edition_id": "XC"})
        layers["XC"] = Zones(["1"], [""], array(box(100 * k + 30, 20, 100 * k + 80, 70)))
        expected.add((f"P{k:02}", "right_restriction"))
    if "twice" in planted:
        m = third + k
        rows.append({"restriction_id": "XW", "kind": "welfare_forest", "category": "local", "edition_id": "XW"})
        layers["XW"] = Zones(["1"], [""], array(box(100 * m + 30, 20, 100 * m + 80, 70)))
        expected.add((f"P{m:02}", "double_designation"))
    if "town" in planted:
        rows.append({"restriction_id": "XT", "kind": "use_control", "category": "town", "edition_id": "XT"})
        layers["XT"] = Zones(["1"], [""], array(box(100 * k + 1, 0, 100 * k + 99, 40)))
        expected.add((f"P{k:02}", "exclusive"))
    if "paper" in planted:
        rows.append({"restriction_id": "XP", "kind": "function_zone", "parcel_id": f"P{k:02}", "document": ""})
        expected.add((f"P{k:02}", "no_document"))
    table = restrictions(*rows)
    share, faults = shares(given_, table, layers)
    assert faults == []
    got, faults = conflicts(
        given_, rights(*c["held"]), duties(*owed), share, RULES, restriction=table, party=text([], "party_id", "kind"),
        layers={r["restriction_id"]: layers[r["edition_id"]] for r in rows if r.get("edition_id")},
    )  # fmt: skip
    assert faults == []
    assert {(r["parcel_id"], r["kind"]) for r in got.to_pylist()} == expected
    assert got.schema.equals(CONFLICT.schema()) and len(conflict_faults(got, RULES)) == len(got)


def test_two_hundred_thousand_parcels_in_seconds() -> None:
    n = 200_000
    ids = [f"P{i:07}" for i in range(n)]
    table = pa.table({"parcel_id": ids, "area_dm2": [A] * n, "land_class": ["0103"] * n})
    share = pa.table({
        "parcel_id": ids, "restriction_id": ["F"] * n, "zone_id": ["z"] * n, "kind": ["permanent_basic_farmland"] * n,
        "category": ["permanent_basic_farmland"] * n, "area_dm2": [A] * n, "share_ppm": [1_000_000] * n,
    })  # fmt: skip
    held = pa.table({"right_id": ids, "parcel_id": ids, "holder_id": ids, "kind": ["contract"] * n})
    owed = pa.table(
        {"contract_id": ids, "parcel_id": ids, "holder_id": ids, "programme": ["eco_zone"] * (n - 1) + ["forest_conversion"]}
    )
    start = time.perf_counter()
    got, _ = conflicts(table, held, owed, share, RULES)
    assert len(got) == 1 and time.perf_counter() - start < 10
