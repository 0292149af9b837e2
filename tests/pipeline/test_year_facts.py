"""What must be true of a whole run, read from the sealed bundles of the sample county and from nothing else."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

import pytest

from ecocomp.terms.money import half_even

YEARS = (2023, 2024, 2025)
PARTS = ("value_fen_per_ha", "opportunity_fen_per_ha", "protection_fen_per_ha", "regional_fen_per_ha", "adjust_fen_per_ha")


def total(rows: list[dict[str, Any]], column: str) -> int:
    return sum(int(r[column]) for r in rows)


def grouped(rows: list[dict[str, Any]], by: str, column: str) -> dict[str, int]:
    out: dict[str, int] = defaultdict(int)
    for r in rows:
        out[r[by]] += r[column]
    return dict(out)


@pytest.mark.parametrize("year", YEARS)
def test_no_fen_is_lost_between_envelope_and_account(county: Any, year: int) -> None:
    claims, allocation = county.rows(year, "entitlement"), county.rows(year, "allocation")
    orders, sources, balances = (county.rows(year, n) for n in ("order", "order_source", "envelope_balance"))
    assert total(claims, "funded_fen") > 0
    assert (
        total(allocation, "amount_fen")
        == total(claims, "funded_fen")
        == total(orders, "amount_fen")
        == total(sources, "amount_fen")
    )
    assert grouped(allocation, "entitlement_id", "amount_fen") == {
        c["entitlement_id"]: c["funded_fen"] for c in claims if c["funded_fen"]
    }
    assert grouped(sources, "order_id", "amount_fen") == {o["order_id"]: o["amount_fen"] for o in orders}
    assert all(c["entitled_fen"] == c["gross_fen"] - c["deduction_fen"] == c["funded_fen"] + c["shortfall_fen"] for c in claims)
    states = {o["order_id"]: o["state"] for o in orders}
    for b in balances:
        given = [s for s in sources if s["envelope_id"] == b["envelope_id"]]
        assert b["allocated_fen"] == total(given, "amount_fen") <= b["opening_fen"] + b["granted_fen"]
        assert b["paid_fen"] == sum(s["amount_fen"] for s in given if states[s["order_id"]] == "ready")
        assert b["closing_fen"] + b["lapsed_fen"] == b["opening_fen"] + b["granted_fen"] - b["allocated_fen"]


@pytest.mark.parametrize("year", YEARS)
def test_an_entitlement_is_rate_times_area_times_share_times_compliance(county: Any, year: int) -> None:
    area = {p["parcel_id"]: p["area_dm2"] for p in county.rows(year, "parcel")}
    rate = {s["parcel_id"]: s["rate_fen_per_ha"] for s in county.rows(year, "standard")}
    whole: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for c in county.rows(year, "entitlement"):
        if c["state"] != "excluded":
            assert c["rate_fen_per_ha"] == rate[c["parcel_id"]] and c["area_dm2"] == area[c["parcel_id"]]
            whole[(c["parcel_id"], c["state"])].append(c)
    full = 0
    for (parcel, _), claims in whole.items():
        if sum(c["share_num"] / c["share_den"] for c in claims) == 1.0:
            full += 1
            assert total(claims, "gross_fen") == half_even(rate[parcel] * area[parcel], 1_000_000)
    assert full > 50


@pytest.mark.parametrize("year", YEARS[1:])
def test_this_year_opens_with_what_last_year_closed_with(county: Any, year: int) -> None:
    closed = {b["envelope_id"]: b["closing_fen"] for b in county.rows(year - 1, "envelope_balance")}
    opened = {b["envelope_id"]: b["opening_fen"] for b in county.rows(year, "envelope_balance")}
    assert opened == closed
    assert {e: v for e, v in county.rows(year, "ledger")[0].items() if e in ("seq", "hash")} == {
        e: v for e, v in county.rows(year - 1, "ledger")[0].items() if e in ("seq", "hash")
    }
    assert len(county.rows(year, "ledger")) > len(county.rows(year - 1, "ledger"))
    land = {r["ecosystem"]: r for r in county.rows(year, "land_account")}
    last = {r["ecosystem"]: r for r in county.rows(year - 1, "land_account")}
    assert {e: r["opening_dm2"] for e, r in land.items() if r["opening_dm2"]} == {
        e: r["closing_dm2"] for e, r in last.items() if r["closing_dm2"]
    }


@pytest.mark.parametrize("year", YEARS)
def test_the_land_account_closes_over_the_whole_survey(county: Any, year: int) -> None:
    land = county.rows(year, "land_account")
    assert all(r["opening_dm2"] + r["additions_dm2"] - r["reductions_dm2"] == r["closing_dm2"] for r in land)
    whole = total(county.rows(year, "parcel"), "area_dm2")
    assert total(land, "opening_dm2") == total(land, "closing_dm2") == whole
    assert total(land, "additions_dm2") == total(land, "reductions_dm2") > 0


@pytest.mark.parametrize("year", YEARS)
def test_the_books_balance_and_every_check_passes(county: Any, year: int) -> None:
    assert sum(r["amount_fen"] for r in county.rows(year, "ledger")) == 0
    checks = county.rows(year, "check")
    assert len(checks) > 10 and not [c for c in checks if c["result"] == "fail"]


@pytest.mark.parametrize("year", YEARS)
def test_four_parts_and_the_adjustment_make_the_rate_and_every_step_is_written(county: Any, year: int) -> None:
    steps: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for s in county.rows(year, "standard_step"):
        steps[s["parcel_id"]].append(s)
    rated = [s for s in county.rows(year, "standard") if s["rate_fen_per_ha"] > 0]
    assert len(rated) > 100
    for s in rated:
        assert s["rate_fen_per_ha"] == sum(s[p] for p in PARTS)
        assert s["low_fen_per_ha"] <= s["rate_fen_per_ha"] <= s["high_fen_per_ha"]
        after = 0
        for step in sorted(steps[s["parcel_id"]], key=lambda r: r["seq"]):
            after += step["amount_fen_per_ha"]
            assert step["after_fen_per_ha"] == after
            json.loads(step["inputs"])
        assert after == s["rate_fen_per_ha"]


@pytest.mark.parametrize("year", YEARS[1:])
def test_last_years_scorecard_moves_this_years_rate(county: Any, year: int) -> None:
    card = {s["function_zone"]: s for s in county.rows(year - 1, "scorecard") if s["area_code"] == s["function_zone"]}
    card = card or {s["area_code"]: s for s in county.rows(year - 1, "scorecard")}
    zone = {z["parcel_id"]: z["function_zone"] for z in county.rows(year, "parcel_zone")}
    rewards = [s for s in county.rows(year, "standard_step") if s["step"] == "reward"]
    moved = set()
    assert rewards
    for r in rewards:
        ppm = card[zone[r["parcel_id"]]]["reward_ppm"] if zone[r["parcel_id"]] in card else 0
        before = r["after_fen_per_ha"] - r["amount_fen_per_ha"]
        assert r["amount_fen_per_ha"] == half_even(before * ppm, 1_000_000), r
        moved.add(ppm)
    assert max(moved) > 0 or min(moved) < 0


def test_the_first_year_has_no_reward(county: Any) -> None:
    assert all(s["amount_fen_per_ha"] == 0 for s in county.rows(2023, "standard_step") if s["step"] == "reward")


@pytest.mark.parametrize("year", YEARS)
def test_nobody_is_left_out_without_a_reason(county: Any, year: int) -> None:
    claims = county.rows(year, "entitlement")
    seen = {c["parcel_id"] for c in claims}
    rated = {s["parcel_id"] for s in county.rows(year, "standard") if s["rate_fen_per_ha"] > 0}
    assert rated <= seen
    assert len({s["parcel_id"] for s in county.rows(year, "standard")}) == len(county.rows(year, "parcel")) == 200
    odd = [c for c in claims if c["state"] in ("excluded", "escrow")]
    assert odd and all(c["reason"] for c in odd)
    assert all(c["entitled_fen"] == 0 for c in claims if c["state"] == "excluded")
    assert len({c["entitlement_id"] for c in claims}) == len(claims)


def test_disputed_rights_wait_in_escrow_and_open_objections_hold_the_money(county: Any) -> None:
    found = set()
    for year in YEARS:
        claims = county.rows(year, "entitlement")
        paid = {o["order_id"]: o["state"] for o in county.rows(year, "order")}
        disputed = {r["parcel_id"] for r in county.rows(year, "right") if r["state"] == "disputed"}
        for c in claims:
            if c["parcel_id"] in disputed and c["funded_fen"]:
                assert c["state"] == "escrow", c
                found.add("escrow")
        for o in county.rows(year, "objection"):
            if o["outcome"] == "open":
                mine = [c for c in claims if c["parcel_id"] == o["parcel_id"] and c["holder_id"] == o["holder_id"]]
                assert mine and all(c["state"] in ("held", "excluded", "escrow") for c in mine)
                found.add("held")
        assert set(paid.values()) <= {"ready", "escrow", "held"}
        ready = sum(c["funded_fen"] for c in claims if c["state"] == "payable")
        assert ready == sum(o["amount_fen"] for o in county.rows(year, "order") if o["state"] == "ready")
    assert found == {"escrow", "held"}


@pytest.mark.parametrize("year", YEARS)
def test_a_parcel_that_lost_its_cover_is_paid_less(county: Any, year: int) -> None:
    verdict = {c["parcel_id"]: c for c in county.rows(year, "compliance")}
    cut = [c for c in county.rows(year, "entitlement") if c["deduction_fen"]]
    assert cut
    for c in cut:
        assert verdict[c["parcel_id"]]["verdict"] in ("confirmed", "partly") and c["compliance_ppm"] < 1_000_000


@pytest.mark.parametrize("year", YEARS)
def test_no_personal_data_where_the_public_looks(county: Any, year: int) -> None:
    people = [h for h in county.rows(year, "holder") if h["kind"] == "household"]
    assert len(people) > 20
    words = {h["name"] for h in people} | {h["holder_id"] for h in people}
    bundle = county.bundle(year)
    open_files = [*(bundle / "public").iterdir(), *(bundle / "report").glob("*.html"), *(bundle / "report").rglob("*.svg")]
    assert len(open_files) > 15
    for path in open_files:
        text = path.read_text(encoding="utf-8")
        assert not [w for w in words if w in text], path.name
    paid = {c["holder_id"] for c in county.rows(year, "entitlement") if c["entitled_fen"]}
    notice = county.rows(year, "disclosure")
    assert len(notice) >= len(paid)
    household = {h["name"] for h in people}
    assert not {n["masked_name"] for n in notice} & household
    assert len({n["recipient_code"] for n in notice}) == len(notice)
    assert total(notice, "entitled_fen") == total(county.rows(year, "entitlement"), "entitled_fen")


@pytest.mark.parametrize("year", YEARS)
def test_the_bundle_says_what_it_is(county: Any, year: int) -> None:
    facts = json.loads((county.bundle(year) / "bundle.json").read_text(encoding="utf-8"))
    assert facts["year"] == year and facts["parcels_total"] == 200 and facts["case"]["invented"] is True
    assert facts["not_assessed"] == []
    assert set(facts["unverified"]) - set(facts["unverified_shown"]) <= set(facts["accepted_unverified"])
    manifest = json.loads((county.bundle(year) / "manifest.json").read_text(encoding="utf-8"))
    assert str(county.folder) not in json.dumps([facts, manifest])
    assert all(len(i["sha256"]) == 64 for i in manifest["inputs"])
