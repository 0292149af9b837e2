"""Units of an office: issued once with evidence and buffer, moved by two persons, retired for good, conserved always."""

from __future__ import annotations

from datetime import date

import pytest

from ecocomp.terms.faults import FaultsError, UsageError
from ecoweb.credits import operations as op
from ecoweb.credits import queries
from ecoweb.credits.desk import Rules
from ecoweb.records.log import verify_log

from .conftest import REDUCTION, TICKET, WHO, Market, events, parameter, rules_file

OTHER = {"actor": "u:checker", "reason": "checked"}


def codes(caught: pytest.ExceptionInfo[FaultsError]) -> list[str]:
    return [f.code.removeprefix("credits.") for f in caught.value.faults]


def sound(m: Market) -> None:
    """Nothing is wrong with the whole."""
    assert queries.check_credits(m.office, m.rules) == []
    assert verify_log(m.office) == []


def test_a_life_of_units(desk: Market) -> None:
    m = desk
    m.project("PJ")
    done = m.issue("PJ", "150,600", key="one")
    assert (done.found["held"], done.found["buffer"], done.found["vintage"], done.again) == (150_600, 0, 2019, False)
    again = m.issue("PJ", "150,600", key="one")
    assert (again.event, again.again, again.found["serials"]) == (done.event, True, "1-150600")
    with pytest.raises(FaultsError) as caught:
        m.issue("PJ", "150,601", key="one")
    assert codes(caught) == ["key_reused"]
    op.trust(m.office, "V", "A", "d", **WHO)
    asked = op.request_transfer(
        m.office, m.rules, "carbon_ticket", "V", "A", "16500", amount_fen=24_780_000, receipt="bank 7", **WHO
    )
    assert (m.held("V"), m.held("A"), m.held("V", state="locked")) == (134_100, 0, 16_500)
    with pytest.raises(FaultsError) as caught:
        op.approve_transfer(m.office, m.rules, "T2", **WHO)
    assert codes(caught) == ["one_person"]
    assert [r["request"] for r in queries.requests(m.office)] == [asked.found["request"]] == ["T2"]
    op.approve_transfer(m.office, m.rules, "T2", **OTHER)
    assert (m.held("V"), m.held("A"), queries.requests(m.office)) == (134_100, 16_500, [])
    with pytest.raises(FaultsError) as caught:
        op.approve_transfer(m.office, m.rules, "T2", **OTHER)
    assert codes(caught) == ["request_closed"]
    op.pledge(m.office, m.rules, "carbon_ticket", "A", "10000", "Rural Bank", "pledge 1", **WHO)
    with pytest.raises(FaultsError) as caught:
        op.retire(m.office, m.rules, "carbon_ticket", "A", "6501", "offset", "Meeting", **WHO)
    assert codes(caught) == ["not_enough"]
    op.retire(m.office, m.rules, "carbon_ticket", "A", "6500", "offset", "Meeting", **WHO)
    (pledged,) = queries.liens(m.office)
    left = op.release(m.office, m.rules, pledged["lien"], "release 1", quantity="4000", **WHO)
    assert left.found["still"] == 6000
    op.cancel(m.office, m.rules, "carbon_ticket", "A", "4000", "error", **WHO)
    (sums,) = queries.balances(m.office)
    assert sums == {
        "instrument": "carbon_ticket", "minted": 150_600, "held": 134_100, "pledged": 6_000, "locked": 0, "retired": 6_500,
        "cancelled": 4_000, "exported": 0, "buffer": 0,
    }  # fmt: skip
    table, summary = queries.proceeds(m.office, m.rules, m.office.today().year)
    assert [(r["sold_t"], r["price_fen_per_t"], r["proceeds_fen"]) for r in table.to_pylist()] == [
        (3000, 1501, 4_503_000),
        (13_500, 1502, 20_277_000),
    ]
    assert [(s["envelope"], s["net_fen"]) for s in summary] == [("QX-CARBON", 24_780_000)]
    assert [h["state"] for h in queries.history(m.office, "carbon_ticket", 1)] == [
        "held",
        "locked",
        "held",
        "pledged",
        "held",
        "cancelled",
    ]
    assert queries.statement(m.office, "V")[-1]["balance"] in (0, 134_100)
    sound(m)


def test_ground_is_claimed_once_across_instruments(desk: Market) -> None:
    m = desk
    m.project("T1", parcels=[("G1", "1/2"), ("G2", "1")])
    with pytest.raises(FaultsError) as caught:
        m.project("C1", "ccer", parcels=[("G1", "2/3"), ("G2", "1/100")])
    assert codes(caught) == ["double_claim", "double_claim"]
    m.project("C2", "ccer", parcels=[("G1", "1/2")])  # the other half
    m.project("C3", "ccer", parcels=[("G2", "1")], start=date(2035, 1, 1), end=date(2060, 1, 1))  # the day the other ends
    m.project("F1", "forest_cover", account=_state(m), parcels=[("G1", "1")])  # another benefit, and both rules say so
    with pytest.raises(FaultsError) as caught:
        m.project("W1", "wetland_quota", parcels=[("G1", "1")])
    assert codes(caught) == ["double_claim"]
    assert op.end_claim(m.office, "T1", date(2025, 1, 1), ["G2"], **WHO) == 1
    m.project("L1", "land_ticket", parcels=[("G2", "1/2")], start=date(2025, 1, 1), end=date(2035, 1, 1))
    sound(m)


def _state(m: Market) -> str:
    m.account("S", "state_unit")
    return "S"


def test_a_claim_that_was_used_is_not_taken_back(desk: Market) -> None:
    m = desk
    m.project("T1")
    m.issue("T1", "100")
    with pytest.raises(FaultsError) as caught:
        op.end_claim(m.office, "T1", date(2019, 1, 1), **WHO)
    assert codes(caught) == ["claim_used"]
    op.end_claim(m.office, "T1", date(2020, 1, 1), **WHO)
    m.project("C1", "ccer", start=date(2020, 1, 1), end=date(2040, 1, 1))
    with pytest.raises(FaultsError) as caught:
        m.issue("T1", "100", years=(2020, 2024))
    assert "no_ground" in codes(caught)
    sound(m)


def test_issue_needs_every_step_in_order_and_each_period_once(desk: Market) -> None:
    m = desk
    m.project("T1")
    m.issue("T1", "100")
    late = ["measurement=2024-03-01,r1,V", "review=2024-02-01,,x", "environment_approval=2199-01-01,r,x", "blessing=2024-01-01,d"]
    with pytest.raises(FaultsError) as caught:
        m.issue("T1", "10", late, years=(2019, 2036))
    found = codes(caught)
    for code in (
        "own_verification",
        "step_order",
        "step_document",
        "step_future",
        "step_missing",
        "unknown_step",
        "outside_crediting",
        "double_issue",
        "period",
        "no_ground",
    ):
        assert code in found, code
    m.project("C1", "ccer", parcels=[("G2", "1")], start=date(2020, 1, 1), end=date(2040, 1, 1))
    short = [s.replace("2024-03-15", "2024-02-20") for s in REDUCTION]
    with pytest.raises(FaultsError) as caught:
        m.issue("C1", "1000", short, years=(2020, 2023))
    assert codes(caught) == ["notice_short"]
    done = m.issue("C1", "1005", REDUCTION, years=(2020, 2023))
    assert (done.found["held"], done.found["buffer"]) == (905, 100)  # 100.5, half to even
    with pytest.raises(FaultsError) as caught:
        m.project("C5", "ccer", parcels=[("G3", "1")], start=date(2020, 1, 1), end=date(2039, 12, 31))
    assert codes(caught) == ["crediting_years"]
    sound(m)


def test_a_reversal_is_paid_from_the_buffer_and_what_it_lacks_is_stated(desk: Market) -> None:
    m = desk
    m.project("C1", "ccer", start=date(2020, 1, 1), end=date(2040, 1, 1))
    m.issue("C1", "1000", REDUCTION, years=(2020, 2022))
    lost = op.reverse(m.office, m.rules, "C1", "60", "fire", "report 1", **WHO)
    assert (lost.found["from_buffer"], lost.found["shortfall"], lost.found["buffer_left"]) == (60, 0, 40)
    lost = op.reverse(m.office, m.rules, "C1", "50", "fire", "report 2", **WHO)
    assert (lost.found["from_buffer"], lost.found["shortfall"]) == (40, 10)
    with pytest.raises(FaultsError) as caught:
        m.issue("C1", "10", REDUCTION, years=(2022, 2023))
    assert codes(caught) == ["shortfall_open"]
    with pytest.raises(FaultsError) as caught:
        op.reverse(m.office, m.rules, "C1", "900", "fire", "", **WHO)
    assert codes(caught) == ["loss", "missing"]
    op.cancel(m.office, m.rules, "ccer", "V", "10", "make_good", project="C1", **WHO)
    m.issue("C1", "10", REDUCTION, years=(2022, 2023))
    sound(m)


def test_surrender_counts_offsets_to_their_limit_only(desk: Market) -> None:
    m = desk
    m.project("PLAN", "allowance", "A", [], date(2024, 1, 1), date(2027, 1, 1))
    m.issue("PLAN", "1000", ["plan=2024-05-02,p,env", "grant=2024-06-01,g,env"], (2024, 2025))
    m.issue("PLAN", "50", ["plan=2024-05-02,p,env", "grant=2024-06-01,g,env"], (2024, 2025))  # allowances may be granted again
    m.project("C1", "ccer", "A", start=date(2020, 1, 1), end=date(2040, 1, 1))
    m.issue("C1", "1000", REDUCTION, years=(2020, 2022))
    with pytest.raises(FaultsError) as caught:
        op.retire(m.office, m.rules, "allowance", "A", "10", "surrender", "A", period="2024", **WHO)
    assert codes(caught) == ["no_duty"]
    op.set_duty(m.office, m.rules, "A", "allowance", "2024", "1010", "verified", **WHO)
    with pytest.raises(FaultsError) as caught:
        op.retire(m.office, m.rules, "ccer", "A", "51", "surrender", "A", period="2024", **WHO)
    assert codes(caught) == ["offset_limit"]
    assert op.retire(m.office, m.rules, "ccer", "A", "50", "surrender", "A", period="2024", **WHO).found["still_due"] == 960
    assert op.retire(m.office, m.rules, "allowance", "A", "900", "surrender", "A", period="2024", **WHO).found["still_due"] == 60
    with pytest.raises(FaultsError) as caught:
        op.retire(m.office, m.rules, "allowance", "A", "61", "surrender", "A", period="2024", **WHO)
    assert codes(caught) == ["over_surrender"]
    sound(m)


def test_quotas_match_in_area_and_quality(desk: Market) -> None:
    m = desk
    m.project("W1", "wetland_quota", parcels=[("G1", "1")], quality="2")
    m.issue("W1", "1.5", ["restoration=2021-01-01,d,x", "acceptance=2021-02-01,d,x", "registration=2021-03-01,d,x"])
    use = {"purpose": "wetland_use", "beneficiary": "A"}
    for need, quality, code in (
        ("1.5001", "2", ["match_quantity"]),
        ("1", "2.5", ["match_quality"]),
        (None, "", ["match_need", "match_need"]),
    ):
        with pytest.raises(FaultsError) as caught:
            op.retire(m.office, m.rules, "wetland_quota", "V", "1.5", **use, need=need, need_quality=quality, **WHO)
        assert set(codes(caught)) == set(code)
    op.retire(m.office, m.rules, "wetland_quota", "V", "1.5", **use, need="1.5", need_quality="2", **WHO)
    assert m.held("V", "wetland_quota", "retired") == 15_000
    sound(m)


def test_only_surplus_moves_and_across_regions_with_the_upper_authority(desk: Market) -> None:
    m = desk
    m.account("N", region_code="990122", sector="industry")
    m.project("CAP", "pollution_right", "A", [], date(2024, 1, 1), None)
    m.issue("CAP", "10", ["verification=2024-02-01,v,env", "permit=2024-03-01,p,env"], (2024, 2025))
    year = str(m.office.today().year)
    op.set_duty(m.office, m.rules, "A", "pollution_right", year, "7.5", "permit", **WHO)
    op.trust(m.office, "A", "N", "d", **WHO)
    move = dict(steps=events(["surplus_check=2024-05-01,s,env"]), **WHO)
    with pytest.raises(FaultsError) as caught:
        op.request_transfer(m.office, m.rules, "pollution_right", "A", "N", "2", **move)
    assert codes(caught) == ["step_missing"]
    move["steps"] = events(["surplus_check=2024-05-01,s,env", "cap_adjustment=2024-06-01,c,upper"])
    with pytest.raises(FaultsError) as caught:
        op.request_transfer(m.office, m.rules, "pollution_right", "A", "N", "2.501", **move)
    assert codes(caught) == ["surplus"]
    op.request_transfer(m.office, m.rules, "pollution_right", "A", "N", "2.5", **move)
    assert m.held("A", "pollution_right", "locked") == 2_500
    sound(m)


def test_a_right_bound_to_its_period_is_used_in_it(desk: Market) -> None:
    m = desk
    m.project("WR", "water_right", "A", [], date(2024, 1, 1), None)
    m.issue("WR", "139,000", ["certificate=2024-01-05,c,water", "metering=2024-01-10,m,water"], (2024, 2025))
    with pytest.raises(FaultsError) as caught:
        op.retire(m.office, m.rules, "water_right", "A", "1000", "use", "A", **WHO)
    assert codes(caught) == ["outside_period"]
    op.cancel(m.office, m.rules, "water_right", "A", "139000", "period over", **WHO)
    sound(m)


def test_regulators_and_strangers_may_not_hold(desk: Market) -> None:
    m = desk
    m.account("REG", role="regulator")
    m.account("H", "household")
    m.project("T1")
    m.issue("T1", "100")
    op.trust(m.office, "V", "REG", "d", **WHO)
    with pytest.raises(FaultsError) as caught:
        op.request_transfer(m.office, m.rules, "carbon_ticket", "V", "REG", "1", **WHO)
    assert codes(caught) == ["barred"]
    with pytest.raises(FaultsError) as caught:
        op.request_transfer(m.office, m.rules, "carbon_ticket", "V", "A", "1", **WHO)
    assert codes(caught) == ["not_trusted"]
    with pytest.raises(FaultsError) as caught:
        m.project("F1", "forest_cover", account="H", parcels=[("G1", "1")])
    assert codes(caught) == ["holder"]


def test_a_new_counterparty_waits_a_day(desk: Market) -> None:
    m = desk
    (m.office.folder / "rules" / "CN" / "credits" / "no_wait.yaml").unlink()
    m.project("T1")
    m.issue("T1", "100")
    op.trust(m.office, "V", "A", "d", **WHO)
    asked = op.request_transfer(m.office, m.rules, "carbon_ticket", "V", "A", "10", **WHO)
    with pytest.raises(FaultsError) as caught:
        op.approve_transfer(m.office, m.rules, asked.found["request"], **OTHER)
    assert codes(caught) == ["new_counterparty"]
    op.withdraw_transfer(m.office, m.rules, asked.found["request"], **OTHER)
    assert (m.held("V"), m.held("V", state="locked")) == (100, 0)
    sound(m)


def test_imports_come_in_once_and_exports_have_gone(desk: Market) -> None:
    m = desk
    period = (date(2021, 1, 1), date(2022, 1, 1))
    op.import_units(m.office, m.rules, "ccer", "A", "500", "CETS 1-500", period, **WHO)
    with pytest.raises(FaultsError) as caught:
        op.import_units(m.office, m.rules, "ccer", "B", "500", "CETS 1-500", period, **WHO)
    assert codes(caught) == ["imported_twice"]
    op.export(m.office, m.rules, "ccer", "A", None, "CETS", serials=[(101, 200)], **WHO)
    for serials in ([(150, 150)], [(600, 601)]):
        with pytest.raises(FaultsError) as caught:
            op.cancel(m.office, m.rules, "ccer", "A", None, "x", serials=serials, **WHO)
        assert codes(caught) == ["not_enough"]
    with pytest.raises(FaultsError) as caught:
        op.export(m.office, m.rules, "carbon_ticket", "A", "1", "", **WHO)
    assert codes(caught) == ["operation", "registry"]
    assert queries.balances(m.office)[0]["exported"] == 100
    sound(m)


def test_an_instrument_of_ones_own_needs_no_code(desk: Market) -> None:
    m = desk
    rules_file(
        m.office,
        "bamboo",
        "parameters:\n"
        + parameter("credits.bamboo.instrument", "text", "bamboo_carbon", "t")
        + parameter("credits.bamboo.decimals", "number", "1")
        + parameter("credits.bamboo.operations", "list", "[issue, retire]")
        + parameter("credits.bamboo.issue_steps", "list", "[{step: survey, zh: 调查, en: survey, working_days: 5}]"),
    )
    m.project("B1", "bamboo", "A", [])
    with pytest.raises(FaultsError) as caught:
        m.issue("B1", "1.5", ["survey=2024-03-04..2024-03-07,d"])
    assert codes(caught) == ["notice_short"]
    m.issue("B1", "1.5", ["survey=2024-03-04..2024-03-08,d"])
    op.retire(m.office, m.rules, "bamboo", "A", "0.5", "voluntary", "A", **WHO)
    with pytest.raises(FaultsError) as caught:
        op.pledge(m.office, m.rules, "bamboo", "A", "0.5", "Bank", "d", **WHO)
    assert codes(caught) == ["operation"]
    sound(m)


def test_wrong_words_are_refused_with_a_remedy(desk: Market) -> None:
    m = desk
    m.project("T1")
    for quantity in ("0", "-1", "1.5", "1e3", "nan", "", "9" * 30, "１"):
        with pytest.raises(UsageError):
            m.issue("T1", quantity)
    for id in ("", "a b", "a:b", "x" * 65, "a\nb"):
        with pytest.raises(FaultsError):
            m.account(id)
    with pytest.raises(UsageError, match="did you mean carbon_ticket"):
        m.project("T2", "carbon_tickets")
    with pytest.raises(FaultsError, match="there is no such project"):
        m.issue("T9", "1")
    with pytest.raises(UsageError, match="has not come"):
        m.issue("T1", "1", day=date(2199, 1, 1))
    with pytest.raises(FaultsError):
        op.approve_transfer(m.office, m.rules, "T99", **OTHER)
    for lien in ("P1", "O1", "", "'; DROP TABLE credit_block; --"):
        with pytest.raises(FaultsError):
            op.release(m.office, m.rules, lien, "d", **WHO)
    assert isinstance(m.rules, Rules)
    assert TICKET


def test_a_reversal_is_made_good_in_its_own_units(desk: Market) -> None:
    m = desk
    m.project("C1", "ccer", parcels=[("G1", "1")], start=date(2015, 1, 1), end=date(2040, 1, 1))
    m.issue("C1", "100", REDUCTION)
    assert op.reverse(m.office, m.rules, "C1", "15", "fire", "d", **WHO).found["shortfall"] == 5
    m.project("T1", parcels=[("G2", "1")])
    m.issue("T1", "100")
    with pytest.raises(FaultsError) as caught:
        op.cancel(m.office, m.rules, "carbon_ticket", "V", "5", "make_good", project="C1", **WHO)
    assert codes(caught) == ["make_good"]
    with pytest.raises(FaultsError) as caught:
        m.issue("C1", "10", REDUCTION, years=(2020, 2022))
    assert codes(caught) == ["shortfall_open"]
    op.cancel(m.office, m.rules, "ccer", "V", "5", "make_good", project="C1", **WHO)
    m.issue("C1", "10", REDUCTION, years=(2020, 2022))
    sound(m)


def test_an_act_dated_back_does_not_use_units_before_they_were_issued(desk: Market) -> None:
    m = desk
    m.project("T1")
    m.issue("T1", "100", day=date(2025, 3, 1))
    for act in (
        lambda day: op.retire(m.office, m.rules, "carbon_ticket", "V", "1", "offset", "B", day=day, **WHO),
        lambda day: op.pledge(m.office, m.rules, "carbon_ticket", "V", "1", "Bank", "d", day=day, **WHO),
        lambda day: op.cancel(m.office, m.rules, "carbon_ticket", "V", "1", "x", day=day, **WHO),
    ):
        with pytest.raises(FaultsError, match="2025-03-01") as caught:
            act(date(2025, 2, 28))
        assert codes(caught) == ["before_issue"]
        act(date(2025, 3, 1))
    sound(m)


def test_an_import_comes_in_once_however_it_is_spaced(desk: Market) -> None:
    m = desk
    period = (date(2021, 1, 1), date(2022, 1, 1))
    op.import_units(m.office, m.rules, "ccer", "A", "5", "CETS 1-5", period, **WHO)
    for same in (" CETS  1-5 ", "ＣＥＴＳ\u30001-5", "CETS 1-5\n"):
        with pytest.raises(FaultsError) as caught:
            op.import_units(m.office, m.rules, "ccer", "B", "5", same, period, **WHO)
        assert codes(caught) == ["imported_twice"]


def test_a_claim_of_an_instrument_that_holds_no_more_still_counts(desk: Market) -> None:
    m = desk
    own = parameter("credits.moss.instrument", "text", "carbon", "t")
    operations = parameter("credits.moss.ground", "text", "parcel")
    rules_file(m.office, "moss", "parameters:\n" + own + operations)
    m.project("M1", "moss", parcels=[("G1", "1")], start=date(2020, 1, 1), end=date(2030, 1, 1))
    ended = own.replace("confidence: S\n", "confidence: S\n        from: 2000-01-01\n        to: 2025-01-01\n")
    rules_file(m.office, "moss", "parameters:\n" + ended + operations)
    with pytest.raises(FaultsError) as caught:
        m.project("C1", "ccer", parcels=[("G1", "1")], start=date(2022, 1, 1), end=date(2045, 1, 1))
    assert codes(caught) == ["double_claim"]
    (m.office.folder / "rules" / "CN" / "credits" / "moss.yaml").unlink()
    with pytest.raises(FaultsError) as caught:
        m.project("C1", "ccer", parcels=[("G1", "1")], start=date(2022, 1, 1), end=date(2045, 1, 1))
    assert codes(caught) == ["undeclared"]
    assert [f.code for f in queries.check_credits(m.office, m.rules)] == ["credits.undeclared"]
