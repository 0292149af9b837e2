"""What adopting another edition of a zone layer would touch: parcels, holders, contracts, mortgages, money, conflicts."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from ecocomp.io.files import write_json, write_table
from ecocomp.rules import RuleBook, policy_folder
from ecocomp.terms.registers import DUTY, EDITION, MORTGAGE, PARTY, RESTRICTION, TENURE
from ecocomp.terms.tables import STANDARD
from ecocomp.zoning.editions import Parcels, ZoneFields, ledger_closes, make_zone_edition
from ecocomp.zoning.impact import Registers, ZoneImpact, zone_impact, zones_impact
from ecocomp.zoning.polygons import Zones

CRS = pyproj.CRS.from_epsg(4546).to_wkt()
X, Y = 500_000.0, 3_400_000.0
A = 1_000_000
ON, KNOWN = date(2024, 6, 1), date(2025, 1, 1)
RULES = RuleBook.load([policy_folder()]).resolve("CN", ON, date(2026, 11, 22))
MOMENT = datetime(2020, 1, 2, tzinfo=UTC)
CLOCKS = {"valid_from": date(2020, 1, 1), "valid_to": None, "known_from": MOMENT, "known_to": None}
PAPERS = {"authority": "县政府", "document": "号", "adopted_on": date(2019, 12, 1)}


def box(x0: float, y0: float, x1: float, y1: float) -> Any:
    return shapely.box(X + x0, Y + y0, X + x1, Y + y1)


def array(*shapes: Any) -> Any:
    out = np.empty(len(shapes), object)
    out[:] = shapes
    return out


def row_of_parcels(n: int, land: str = "0103") -> Parcels:
    shapes = array(*[box(100 * i, 0, 100 * i + 100, 100) for i in range(n)])
    ids = [f"P{i}" for i in range(n)]
    return Parcels.of(pa.table({"parcel_id": ids, "area_dm2": [A] * n, "land_class": [land] * n}), shapes, CRS)


def line(x0: float, x1: float, category: str = "general") -> Zones:
    return Zones(["z"], [f"red_line.{category}"], array(box(x0, 0, x1, 100)))


def right(name: str, parcel: str, holder: str, num: int = 1, den: int = 1, **more: Any) -> dict[str, Any]:
    head = {"right_id": name, "parcel_id": parcel, "holder_id": holder, "kind": "contract", "share_num": num, "share_den": den}
    return {**head, "state": "clear", "document": "d", **CLOCKS, **more}


def registers(**more: Any) -> Registers:
    tenure = [
        right("R0", "P0", "anna"),
        right("R1a", "P1", "anna", 1, 3),
        right("R1b", "P1", "bo", 2, 3),
        right("R2", "P2", "chen"),
        right("R3", "P3", "dai"),
        right("old", "P1", "gone", valid_to=date(2022, 1, 1)),
        right("late", "P1", "later", known_from=datetime(2026, 1, 1, tzinfo=UTC)),
    ]
    duty = {
        "contract_id": "C1",
        "holder_id": "anna",
        "parcel_id": "P1",
        "programme": "eco_zone",
        "duty": "no logging",
        "signed_on": date(2020, 1, 1),
    }
    loan = {"right_id": "R2", "creditor_id": "bank", "amount_fen": 9_000_000, "rank": 1, "document": "d"}
    base: dict[str, Any] = {
        "tenure": TENURE.table(tenure),
        "duty": DUTY.table([{**duty, **CLOCKS}]),
        "mortgage": MORTGAGE.table(
            [{"mortgage_id": "M2", **loan, **CLOCKS}, {"mortgage_id": "M0", **loan, "right_id": "R3", **CLOCKS}]
        ),
        "party": PARTY.empty(),
    }
    return Registers(**{**base, **more})


def rates(**rate: int) -> pa.Table:
    others = [c.name for c in STANDARD.columns if c.name not in ("parcel_id", "year", "rule", "rate_fen_per_ha")]
    head = {"year": 2024, "rule": "r", **dict.fromkeys(others, 0)}
    return STANDARD.table([{**head, "parcel_id": p, "rate_fen_per_ha": r} for p, r in rate.items()])


def totals(found: ZoneImpact) -> dict[str, Any]:
    return {r["item"]: r["amount"] for r in found.total.to_pylist()}


def test_a_worked_change_touches_holders_contracts_mortgages_and_money() -> None:
    """Parcels of 100 by 100; the line moves from 0–150 to 50–250."""
    got = zone_impact(
        line(0, 150), line(50, 250), row_of_parcels(4), registers(), ON, KNOWN, standard=rates(P0=333, P1=200_001, P2=100_000)
    )
    names = ("parcel_id", "gained_dm2", "lost_dm2", "rights", "holders", "contracts", "mortgages", "gained_fen", "lost_fen")
    assert [tuple(r[n] for n in names) for r in got.parcel.to_pylist()] == [
        ("P0", 0, 500_000, 1, 1, 0, 0, 0, 166),
        ("P1", 500_000, 0, 2, 2, 1, 0, 100_000, 0),
        ("P2", 500_000, 0, 1, 1, 0, 1, 50_000, 0),
    ]
    assert got.right["right_id"].to_pylist() == ["R0", "R1a", "R1b", "R2"], "what ended or was not known yet is not told"
    assert {r["right_id"]: r["gained_fen"] for r in got.right.to_pylist()}["R1a"] == 33_333
    total = totals(got)
    assert (total["holders"], total["contracts"], total["mortgages"], total["mortgaged_fen"]) == (3, 1, 1, 9_000_000)
    assert total["gained_fen"] == 150_000 and total["lost_fen"] == 166 and total["entitled_fen"] is None
    assert total["conflicts_arises"] is None, "without rules nothing is said of conflicts"
    assert ledger_closes(got.change) and got.faults == []


def test_money_that_is_not_known_is_not_nought() -> None:
    total = totals(zone_impact(line(0, 150), line(50, 250), row_of_parcels(4), registers(), ON, KNOWN))
    assert total["parcels_without_rate"] == 3
    assert [total[n] for n in ("gained_fen", "lost_fen", "gained_fen_known", "entitled_fen")] == [None] * 4
    some = totals(zone_impact(line(0, 150), line(50, 250), row_of_parcels(4), registers(), ON, KNOWN, standard=rates(P1=200_000)))
    assert (some["gained_fen"], some["gained_fen_known"], some["parcels_without_rate"]) == (None, 100_000, 2)


def test_conflicts_that_would_arise_and_vanish() -> None:
    got = zone_impact(line(0, 100, "core"), line(100, 200, "core"), row_of_parcels(4), registers(), ON, KNOWN, rules=RULES)
    assert [(r["change"], r["parcel_id"], r["kind"], r["a"]) for r in got.conflict.to_pylist()] == [
        ("arises", "P1", "right_restriction", "R1a"),
        ("arises", "P1", "right_restriction", "R1b"),
        ("vanishes", "P0", "right_restriction", "R0"),
    ]
    total = totals(got)
    assert (total["conflicts_arises"], total["conflicts_vanishes"]) == (2, 1) and got.faults == []


def test_a_change_of_category_alone_is_a_change() -> None:
    got = zone_impact(line(0, 100), line(0, 100, "core"), row_of_parcels(2), registers(), ON, KNOWN, rules=RULES)
    assert [(r["parcel_id"], r["gained_dm2"], r["lost_dm2"]) for r in got.parcel.to_pylist()] == [("P0", 0, 0)]
    assert [(r["change"], r["a"]) for r in got.conflict.to_pylist()] == [("arises", "R0")]
    assert got.change.patches["change"].to_pylist() == ["recategorised"]


def test_a_first_layer_takes_all_its_ground_in() -> None:
    got = zone_impact(
        None, Zones(["v"], ["reserve"], array(box(0, 0, 100, 100))), row_of_parcels(2), registers(), ON, KNOWN, rules=RULES
    )
    assert totals(got)["gained_dm2"] == A and totals(got)["before_dm2"] == 0 and len(got.conflict) == 0


def written(tmp_path: Path, name: str, fields: ZoneFields, *shapes: Any, **columns: list[str]) -> Path:
    clean = tmp_path / f"{name}_clean.parquet"
    write_table(pa.table({**columns, "geometry": pa.array(shapely.to_wkb(array(*shapes)), pa.binary())}), clean)
    write_json({"crs_wkt": CRS, "epsg": 4546, "source": name, "sha256_source": "0" * 64}, clean.with_suffix(".json"))
    return make_zone_edition(clean, fields, tmp_path / f"{name}.parquet")[0].path


@pytest.fixture
def survey(tmp_path: Path) -> Path:
    """A survey edition of four parcels in a row."""
    from ecocomp.land.edition import FieldMap, make_edition

    shapes = [box(100 * i, 0, 100 * i + 100, 100) for i in range(4)]
    clean = tmp_path / "survey_clean.parquet"
    columns = {"BSM": [f"P{i}" for i in range(4)], "DLBM": ["0103"] * 4, "ZLDWDM": ["990121001001"] * 4}
    write_table(pa.table({**columns, "geometry": pa.array(shapely.to_wkb(array(*shapes)), pa.binary())}), clean)
    write_json({"crs_wkt": CRS, "epsg": 4546, "source": "survey", "sha256_source": "0" * 64}, clean.with_suffix(".json"))
    make_edition(clean, tmp_path / "parcels.parquet", FieldMap(declared_area=None))
    return tmp_path / "parcels.parquet"


def test_files_and_registers_of_an_office(tmp_path: Path, survey: Path) -> None:
    """The farmland and the line are layers of the office; the line is to grow over the farmland."""
    farm = written(tmp_path, "farm", ZoneFields("permanent_basic_farmland"), box(200, 0, 400, 100))
    old = written(tmp_path, "old", ZoneFields("red_line", category_all="general"), box(0, 0, 100, 100))
    new = written(tmp_path, "new", ZoneFields("red_line", category_all="general"), box(0, 0, 300, 100))
    from ecocomp.zoning.editions import read_zone_edition

    facts = {
        "region_code": "990121",
        "title": "t",
        "path": "p",
        "rows": 1,
        "area_dm2": 1,
        "source_name": "s",
        "source_sha256": "0" * 64,
    }
    layers = [
        {"edition_id": n, "kind": k, "fingerprint": read_zone_edition(p).fingerprint, **facts, **PAPERS, **CLOCKS}
        for n, k, p in (("E-farm", "permanent_basic_farmland", farm), ("E-old", "red_line", old))
    ]
    head = {"name": "n", "category": None, "parcel_id": None, "reason": "r", **PAPERS, **CLOCKS}
    rows = [
        {"restriction_id": "F", "kind": "permanent_basic_farmland", "edition_id": "E-farm", **head},
        {"restriction_id": "L", "kind": "red_line", "edition_id": "E-old", **head},
        {"restriction_id": "draft", "kind": "red_line", "edition_id": "E-farm", **head, "adopted_on": None},
    ]
    books = registers(restriction=RESTRICTION.table(rows), edition=EDITION.table(layers))
    got = zones_impact(old, new, survey, books, ON, KNOWN, rules=RULES, layer_paths={"E-farm": farm})
    assert [(r["change"], r["parcel_id"], r["a"], r["b"]) for r in got.impact.conflict.to_pylist()] == [("arises", "P2", "L", "F")]
    summary = got.summary
    assert summary["closes"] and summary["impact"]["parcels"] == 2 and summary["impact"]["holders"] == 3
    assert summary["impact"]["gained_fen"] is None and summary["faults"] == []
    first = zones_impact(None, new, survey, books, ON, KNOWN)
    assert first.summary["old"] is None and first.summary["impact"]["parcels"] == 3


BOXES = st.lists(st.tuples(st.floats(-20, 380), st.floats(1, 150), st.sampled_from(["core", "general"])), max_size=3)


@settings(max_examples=25, deadline=None)
@given(BOXES, BOXES, st.integers(0, 10**6))
def test_going_back_undoes_land_money_and_conflicts(old: Any, new: Any, rate: int) -> None:
    def layer(boxes: Any) -> Zones:
        shapes = array(*[box(x, 10, x + w, 60) for x, w, _ in boxes])
        return Zones([f"z{i}" for i in range(len(boxes))], [f"red_line.{b[2]}" for b in boxes], shapes)

    more: dict[str, Any] = {"kind": "red_line", "rules": RULES, "standard": rates(**{f"P{i}": rate for i in range(4)})}
    one, back = (
        zone_impact(layer(a), layer(b), row_of_parcels(4), registers(), ON, KNOWN, **more) for a, b in ((old, new), (new, old))
    )
    assert ledger_closes(one.change) and ledger_closes(back.change)
    t, u = totals(one), totals(back)
    assert (t["before_dm2"], t["after_dm2"]) == (u["after_dm2"], u["before_dm2"])
    assert (t["conflicts_arises"], t["conflicts_vanishes"]) == (u["conflicts_vanishes"], u["conflicts_arises"])
    money = [r["gained_fen"] for r in one.right.to_pylist()]
    assert sum(m or 0 for m in money) == sum(r["gained_fen"] for r in one.parcel.to_pylist())
