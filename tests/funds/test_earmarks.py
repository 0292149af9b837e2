"""Programmes, regions, purposes, own rules of sharing and matches of envelopes; arrays equal the row-by-row form."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.funds.world import PARAMS, PURSES, ROWS, Row, entitlements, envelopes, funded

from ecocomp.funds.allocate import allocate, check_envelopes, open_envelopes, tie_faults
from ecocomp.funds.events import event_faults, interest_fen, interest_owner, standing
from ecocomp.funds.match import matches
from ecocomp.rules import Parameters
from ecocomp.terms.faults import FaultsError
from ecocomp.terms.money import apportion
from ecocomp.terms.tables import CREDIT, HOLDER, SETTLEMENT


def tables(
    rows: dict[str, Any], villages: dict[str, str] | None = None, programmes: dict[str, str] | None = None
) -> list[pa.Table]:
    claims, parcel, zone = entitlements(rows)
    for column, values in (("village_code", villages or {}),):
        made = [values.get(p[1:], "v") for p in parcel["parcel_id"].to_pylist()]
        parcel = parcel.set_column(parcel.schema.get_field_index(column), parcel.schema.field(column), pa.array(made))
    made = [(programmes or {}).get(i, "x") for i in claims["entitlement_id"].to_pylist()]
    return [
        claims.set_column(claims.schema.get_field_index("programme"), claims.schema.field("programme"), pa.array(made)),
        parcel,
        zone,
    ]


def run(given_tables: list[pa.Table], purses: dict[str, Any], params: Parameters = PARAMS, **more: Any) -> dict[str, int]:
    register = envelopes(purses)
    opening = open_envelopes(register, None, SETTLEMENT.empty(), CREDIT.empty(), 2022, params)
    return funded(allocate(*given_tables, register, opening, params, 2022, **more)[0])


TWO = {"a": (100, "water", "11", 0, "payable"), "b": (100, "soil", "31", 0, "payable")}


def test_an_envelope_tied_to_a_region_or_a_programme_pays_there_only() -> None:
    given_ = tables(TWO, {"a": "990121001", "b": "990122001"}, {"a": "forest", "b": "grass"})
    assert run(given_, {"E": {"fen": 500, "earmark_regions": "990121 330"}}) == {"a": 100, "b": 0}
    assert run(given_, {"E": {"fen": 500, "earmark_programmes": "grass wetland"}}) == {"a": 0, "b": 100}


def test_purposes_bind_earmarked_money_and_never_a_general_transfer(given_rules: Callable[..., Parameters]) -> None:
    tied = {"E": {"fen": 500, "source": "bond", "purposes": "pollution_control"}}
    general = {"E": {"fen": 500, "source": "central_transfer", "purposes": "pollution_control"}}
    assert run(tables(TWO), tied) == {"a": 0, "b": 0} and run(tables(TWO), general) == {"a": 100, "b": 100}
    by = [{"programme": "grass", "purpose": "pollution_control"}]
    rules = given_rules({"funds.programme_purposes": by}, place="990121", on=date(2022, 12, 31))
    assert run(tables(TWO, programmes={"b": "grass"}), tied, rules) == {"a": 0, "b": 100}
    said = [(f.code, f.severity) for f in check_envelopes(envelopes(general), PARAMS, 2022)]
    assert said == [("funds.general_purpose", "warning")]
    wrong = {"E": {"fen": 1, "source": "bond", "purposes": "livelihood fun"}}
    assert [f.code for f in check_envelopes(envelopes(wrong), PARAMS, 2022)] == ["funds.purpose"] * 2


def test_each_envelope_may_state_its_own_rule_of_sharing() -> None:
    rows = {"a": (30, "water", "11", 0, "payable"), "b": (170, "soil", "31", 0, "payable")}
    assert run(tables(rows), {"E": {"fen": 100, "ration": "rank"}}) == {"a": 30, "b": 70}
    assert run(tables(rows), {"E": {"fen": 100}}) == {"a": 15, "b": 85}
    # both rows are of holder H: an equal share is one share
    assert run(tables(rows), {"E": {"fen": 100, "ration": "equal"}}) == {"a": 15, "b": 85}
    with pytest.raises(FaultsError, match="lottery"):
        run(tables(rows), {"E": {"fen": 100, "ration": "lottery"}})


def test_the_poor_come_first_when_income_ranks(given_rules: Callable[..., Parameters]) -> None:
    rules = given_rules({"funds.rank_by": ["income"], "funds.ration": "rank"}, place="990121", on=date(2022, 12, 31))
    given_ = tables(TWO)
    claims = given_[0]
    given_[0] = claims.set_column(
        claims.schema.get_field_index("holder_id"), claims.schema.field("holder_id"), pa.array(["rich", "poor"])
    )
    base = {"kind": "household", "name": "", "village_code": "v", "members": 2}
    holder = HOLDER.table(
        [{**base, "holder_id": "rich", "income_fen": 9_000_000}, {**base, "holder_id": "poor", "income_fen": 900_000}]
    )
    assert run(given_, {"E": {"fen": 120}}, rules, holder=holder) == {"a": 20, "b": 100}
    with pytest.raises(FaultsError, match="no holders with their income"):
        run(given_, {"E": {"fen": 120}}, rules)


def test_a_match_that_lacks_lowers_what_may_be_drawn(given_rules: Callable[..., Parameters]) -> None:
    purses = {
        "C": {"fen": 100, "match_ppm": 500_000, "priority": 1},
        "L": {"fen": 25, "matches": "C", "priority": 2, "source": "local_budget"},
    }
    rules = given_rules({"funds.match_effect": "reduce"}, place="990121", on=date(2022, 12, 31))
    assert sum(run(tables(TWO), purses).values()) == 125  # the rule that ships warns only
    assert sum(run(tables(TWO), purses, rules).values()) == 75  # half matched: half of it
    (found,) = check_envelopes(envelopes(purses), rules, 2022)
    assert (found.severity, found.record) == ("warning", "C") and "0.50 yuan of match are needed and 0.25 are there" in found.say(
        "en"
    )
    wrong = {"C": {"fen": 1, "matches": "nobody"}, "D": {"fen": 1, "matches": "D"}, "E": {"fen": 1, "match_ppm": -1}}
    assert sorted(f.record for f in check_envelopes(envelopes(wrong), PARAMS, 2022)) == ["C", "D", "E"]


def test_a_match_is_rounded_so_that_a_fen_short_is_short() -> None:
    rows = [{"envelope_id": "C", "granted_fen": 101, "match_ppm": 500_000}, {"envelope_id": "L", "granted_fen": 50, "matches": "C"}]
    (one,) = matches(rows, {}, "reduce")
    assert (one.required_fen, one.short_fen, one.drawable_fen) == (51, 1, 99)
    with pytest.raises(FaultsError):
        matches(rows, {}, "shrug")


# ---------------------------------------------------------------- arrays and rows
def by_rows(rows: dict[str, Row], purses: dict[str, Any]) -> dict[str, int]:
    """The same rule written row by row, with `apportion` on lists."""
    unmet = {i: r[0] if r[4] != "excluded" else 0 for i, r in sorted(rows.items())}
    owed = dict(unmet)
    for _, e in sorted(purses.items(), key=lambda x: (x[1]["priority"], x[0])):
        fit = [
            i
            for i, r in sorted(rows.items())
            if unmet[i]
            and r[1] in (e["earmark_zones"].split() or [r[1]])
            and r[2][0] in (e["earmark_ecosystems"].split() or [r[2][0]])
            and (not e["earmark_red_line"] or r[3] >= 500_000)
        ]
        parts = apportion(min(e["fen"], sum(unmet[i] for i in fit)), [unmet[i] for i in fit])
        for i, part in zip(fit, parts, strict=True):
            unmet[i] -= part
    return {i: owed[i] - unmet[i] for i in owed}


@given(rows=ROWS, purses=PURSES)
@settings(max_examples=200, deadline=None)
def test_arrays_pay_what_rows_pay(rows: dict[str, Row], purses: dict[str, Any]) -> None:
    assert run(tables(rows), purses) == by_rows(rows, purses)


# ---------------------------------------------------------------- events
def event(n: int, kind: str, fen: int, **more: Any) -> dict[str, Any]:
    return {
        "event_id": f"V{n}",
        "envelope_id": "E",
        "kind": kind,
        "fen": fen,
        "happened_on": date(2026, 1, n),
        "document": "d",
        **more,
    }


def test_an_envelope_stands_where_its_events_leave_it() -> None:
    found = standing(
        "E",
        "central_transfer",
        [event(1, "grant", 100), event(2, "postpone", 60), event(3, "reduce", 70), event(4, "interest", 3)],
        PARAMS,
    )
    assert (found.granted_fen, found.postponed_fen, found.usable_fen, found.interest_due_fen) == (30, 0, 30, 3)
    later = standing(
        "E", "bond", [event(1, "grant", 100), event(2, "interest", 3), event(3, "return", 7), event(4, "recover", 150)], PARAMS
    )
    assert (later.usable_fen, later.owed_back_fen, later.interest_fen) == (0, 40, 0)
    stopped = [event(1, "grant", 100), event(2, "stop", 0)]
    assert (
        standing("E", "bond", stopped, PARAMS).usable_fen == 0
        and standing("E", "bond", stopped, PARAMS, date(2026, 1, 1)).usable_fen == 100
    )
    assert standing("E", "bond", [*stopped, event(3, "release", 1)], PARAMS).usable_fen == 1


def test_interest_has_an_owner_and_is_exact() -> None:
    assert interest_owner("central_transfer", PARAMS) == "treasury" and interest_owner("donation", PARAMS) == "envelope"
    assert interest_owner("unheard", PARAMS) == "treasury"
    assert interest_fen(100_000_000, 90, 3_500) == 87_500 and interest_fen(1, 1, 1) == 0


@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["grant", "postpone", "release", "reduce", "recover", "interest", "return"]), st.integers(1, 50)),
        max_size=12,
    )
)
@settings(max_examples=150, deadline=None)
def test_whatever_happens_no_money_is_made_up(steps: list[tuple[str, int]]) -> None:
    happened = [event(i, k, f) for i, (k, f) in enumerate(steps, 1)]
    for source in ("bond", "central_transfer"):
        s = standing("E", source, happened, PARAMS)
        sums = {k: sum(f for kind, f in steps if kind == k) for k in ("grant", "interest", "return", "reduce", "recover")}
        came = sums["grant"] + sums["return"] + sums["interest"] - s.interest_due_fen
        assert s.granted_fen + s.returned_fen + s.interest_fen - s.owed_back_fen == came - sums["reduce"] - sums["recover"]
        assert s.postponed_fen >= 0 and 0 <= s.usable_fen <= came
        assert (
            (s.interest_due_fen, s.interest_fen) == (sums["interest"], 0)
            if source == "central_transfer"
            else not s.interest_due_fen
        )


def test_steps_of_article_31_name_the_act_they_answer() -> None:
    rows = [
        event(1, "grant", 10),
        event(2, "recover", 5, act="deception"),
        event(3, "stop", 0, act="deception"),
        event(4, "release", 5),
    ]
    found = event_faults(rows, {"E": "bond"}, PARAMS)
    assert [f.record for f in found] == ["V3"] and "no step that follows deception" in found[0].say("en")
    over = event_faults(
        [event(1, "grant", 10), event(2, "postpone", 11, act="delay"), event(3, "release", 12)], {"E": "bond"}, PARAMS
    )
    assert [f.record for f in over] == ["V2", "V3"]


def test_the_rules_name_every_source() -> None:
    from ecocomp.terms.codes import FUND_SOURCES

    for key in ("funds.priority", "funds.may_earmark", "funds.may_carry_over", "funds.earmarked"):
        assert set(PARAMS.table(key)) == set(FUND_SOURCES), key
        assert all(isinstance(v, Decimal) for v in PARAMS.table(key).values())
    assert {e["source"] for e in PARAMS.items("funds.interest_owner")} == set(FUND_SOURCES)


def test_a_tie_to_nothing_of_the_year_is_told() -> None:
    purses = {
        "A": {"fen": 1, "earmark_programmes": "forest gras", "earmark_regions": "990121 990123"},
        "B": {"fen": 1, "earmark_programmes": "grass", "earmark_regions": "990122001"},
    }
    claims, parcel, _ = tables(TWO, {"a": "990121001", "b": "990122001"}, {"a": "forest", "b": "grass"})
    found = tie_faults(envelopes(purses), 2022, claims["programme"].to_pylist(), parcel["village_code"])
    assert [(f.record, f.severity, f.code) for f in found] == [("A", "warning", "funds.tied_to_nothing")] * 2
    assert "programme gras," in found[0].clash.en and "forest, grass" in found[0].remedy.en
    assert "region 990123" in found[1].clash.en and "990121001" in found[1].remedy.en
    assert tie_faults(envelopes(purses), 2021, [], parcel["village_code"]) == []  # another year's row


def test_a_region_that_is_no_code_is_refused() -> None:
    (found,) = check_envelopes(envelopes({"E": {"fen": 1, "earmark_regions": "990121 Qingxi"}}), PARAMS, 2022)
    assert (found.code, found.severity) == ("funds.earmark", "error") and "Qingxi in earmark_regions" in found.clash.en
