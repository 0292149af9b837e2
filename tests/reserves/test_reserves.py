"""Candidates for reserves and the register of reserves."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from ecocomp.reserves.candidates import REASONS, candidates, distances, selected_ids
from ecocomp.reserves.register import check_register, reserves_on
from ecocomp.rules import Parameters, RuleBook, policy_folder
from ecocomp.terms.tables import PARCEL, PARCEL_ZONE, RESERVE

BOOK = RuleBook.load([policy_folder()])


@pytest.fixture(scope="module")
def params() -> Parameters:
    return BOOK.resolve("science", date(2023, 7, 1), date(2024, 7, 1))


def tables(rows: list[dict[str, Any]]) -> tuple[Any, Any]:
    parcel, zone = [], []
    for i, r in enumerate(rows):
        name = r.get("id", f"P{i:03}")
        parcel.append(
            {
                "parcel_id": name,
                "village_code": "v",
                "land_class": "0301",
                "ecosystem": r.get("ecosystem", "13"),
                "area_dm2": r.get("area", 1_000),
                "declared_area_dm2": None,
                "x": 0.0,
                "y": 0.0,
            }
        )
        zone.append(
            {
                "parcel_id": name,
                "function_zone": "water",
                "zone_share_ppm": 1_000_000,
                "red_line_ppm": r.get("red", 0),
                "reserve_ppm": r.get("reserve", 0),
                "importance": r.get("importance", "general"),
                "grade": 3,
            }
        )
    return PARCEL.table(parcel), PARCEL_ZONE.table(zone)


def test_the_best_come_first_until_the_share_is_used_up(params: Parameters) -> None:
    rows = [{"area": 60_000}] + [{"importance": "extreme", "red": 1_000_000 - 1000 * i} for i in range(8)]
    got = candidates(*tables(rows), params)
    assert selected_ids(got) == ["P001", "P002", "P003"], "5 % of 68,000 dm2 hold three parcels of 1,000"
    reason = {r["parcel_id"]: r["reason"] for r in got.to_pylist()}
    assert reason["P001"] == "score" and reason["P004"] == "share_used_up" and reason["P000"] == "below_least"
    assert set(reason.values()) <= set(REASONS)
    assert "importance=extreme" in got.to_pylist()[1]["evidence"]


def test_a_parcel_that_no_longer_fits_is_passed_over(params: Parameters) -> None:
    rows = [
        {"area": 100_000, "ecosystem": "51"},
        {"area": 6_000, "importance": "extreme", "red": 1_000_000},
        {"area": 900, "importance": "extreme"},
    ]
    assert selected_ids(candidates(*tables(rows), params)) == ["P002"]


def test_locked_in_stays_and_locked_out_never_comes_in(params: Parameters) -> None:
    rows = [
        {"area": 90_000},
        {"area": 9_000, "reserve": 900_000},
        {"ecosystem": "51", "importance": "extreme", "red": 1_000_000},
        {"ecosystem": "51", "reserve": 600_000},
        {"importance": "extreme", "red": 1_000_000},
    ]
    got = {r["parcel_id"]: r for r in candidates(*tables(rows), params).to_pylist()}
    assert got["P001"]["reason"] == "locked_in" and got["P001"]["selected"]
    assert got["P002"]["reason"] == "locked_out" and not got["P002"]["selected"]
    assert got["P003"]["selected"], "what was set aside by a decision stays, even farmland"
    assert not got["P004"]["selected"], "what is locked in has used up the share"


def test_nearness_reaches_as_far_as_the_rule_says(params: Parameters) -> None:
    boxes = np.array([shapely.box(x, 0, x + 10, 10) for x in (0, 510, 2000)], object)
    far = distances(boxes, np.array([shapely.box(-10, 0, 0, 10)], object))
    assert far.tolist() == [0, 510, 2000]
    assert np.isinf(distances(boxes, np.array([], object))).all()
    score = candidates(*tables([{"importance": "extreme"}] * 3), params, far)["score"].to_pylist()
    assert score == pytest.approx([1.0, 0.6 + 0.4 * 0.49, 0.6])


ROW = st.fixed_dictionaries(
    {
        "area": st.integers(1, 50_000),
        "ecosystem": st.sampled_from(["11", "33", "51", "61"]),
        "importance": st.sampled_from(["extreme", "important", "general", "not_assessed"]),
        "red": st.integers(0, 1_000_000),
        "reserve": st.sampled_from([0, 0, 0, 700_000]),
    }
)


@settings(deadline=None, max_examples=60)
@given(st.lists(ROW, min_size=1, max_size=40), st.randoms())
def test_the_share_holds_and_order_does_not_matter(rows: list[dict[str, Any]], chance: Any) -> None:
    params = BOOK.resolve("990121", date(2023, 7, 1), date(2024, 7, 1))
    named = [{**r, "id": f"P{i:03}"} for i, r in enumerate(rows)]
    got = candidates(*tables(named), params)
    chosen = [r for r in got.to_pylist() if r["selected"]]
    free = sum(r["area_dm2"] for r in chosen if r["reason"] != "locked_in")
    locked = sum(r["area_dm2"] for r in chosen if r["reason"] == "locked_in")
    cap = sum(r["area"] for r in rows) * int(params.decimal("reserves.county_share_ppm")) // 1_000_000
    assert free <= max(0, cap - locked)
    assert all(r["reason"] in ("locked_in", "score") for r in chosen)
    assert sorted(got["rank"].to_pylist()) == list(range(1, len(rows) + 1))
    assert candidates(*tables(chance.sample(named, len(named))), params).equals(got)


def deed(**more: Any) -> dict[str, Any]:
    base = {
        "reserve_id": "L1",
        "kind": "recovery",
        "name": "北坡自然恢复区（虚构）",
        "authority": "青溪县人民政府（虚构）",
        "document": "青政（虚构）〔2021〕9号",
        "decided_on": date(2021, 3, 1),
        "valid_from": date(2021, 4, 1),
        "valid_to": None,
        "known_from": date(2021, 3, 2),
        "known_to": None,
    }
    return {**base, **more}


def test_a_sound_register_has_no_faults() -> None:
    later = deed(valid_from=date(2023, 1, 1), decided_on=date(2022, 12, 1), known_from=date(2022, 12, 2))
    table = RESERVE.table([deed(valid_to=date(2023, 1, 1)), later])
    assert check_register(table) == []
    assert reserves_on(table, date(2022, 6, 1), date(2024, 1, 1))["valid_from"].to_pylist() == [date(2021, 4, 1)]
    assert len(reserves_on(table, date(2021, 6, 1), date(2021, 1, 1))) == 0, "nobody knew of it yet"


def test_every_fault_of_the_register_is_named() -> None:
    rows = [
        deed(reserve_id="A", authority=" "),
        deed(reserve_id="B", document=""),
        deed(reserve_id="C", decided_on=None),
        deed(reserve_id="D", decided_on=date(2021, 5, 1)),
        deed(reserve_id="E", valid_to=date(2021, 4, 1)),
        deed(reserve_id="F", kind="park"),
        deed(reserve_id="G"),
        deed(reserve_id="G", known_from=date(2022, 1, 1)),
    ]
    found = {(f.code.removeprefix("zoning.reserve_"), f.record) for f in check_register(RESERVE.table(rows))}
    assert found == {
        ("no_authority", "A"),
        ("no_document", "B"),
        ("no_date", "C"),
        ("late", "D"),
        ("dates", "E"),
        ("kind", "F"),
        ("versions", "G"),
    }
