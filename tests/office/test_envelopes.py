"""Envelopes of an office: terms, events and their bookings are one; what is stopped or postponed cannot be given out."""

from __future__ import annotations

import random
from contextlib import suppress
from datetime import date
from typing import Any

import pytest

from ecocomp.rules import Parameters, RuleBook, policy_folder
from ecocomp.terms.faults import FaultsError
from ecoweb.office import Office
from ecoweb.records.log import verify_log
from ecoweb.treasury.envelopes import (
    envelope_table,
    envelopes,
    events,
    ledger_faults,
    record_envelopes,
    record_events,
    standings,
)
from ecoweb.treasury.ledger_read import balance

WHO = {"actor": "u:fin", "reason": "test", "source": "文1"}


@pytest.fixture(scope="module")
def params() -> Parameters:
    return RuleBook.load([policy_folder()], check=False).resolve("990121", date(2026, 12, 31), date(2027, 1, 1))


def terms(i: str = "E1", **more: Any) -> dict[str, Any]:
    return {
        "envelope_id": i, "source": "central_transfer", "name_zh": "转移支付", "name_en": "transfer", "payer": "省财政厅", "floor_fen": 0, "priority": 0,
        "earmark_zones": None, "earmark_ecosystems": None, "earmark_red_line": 0, "earmark_programmes": None, "earmark_regions": None, "purposes": None,
        "ration": None, "carry_over": 1, "usable_from": date(2026, 1, 1), "usable_to": date(2027, 12, 31), "match_ppm": None, "matches": None,
        "interest_owner": None, "document": "财预〔2026〕1号",
    } | more  # fmt: skip


def event(n: int, kind: str, fen: int, i: str = "E1", **more: Any) -> dict[str, Any]:
    return {
        "event_id": f"V{n:03d}", "envelope_id": i, "kind": kind, "year": 2026, "fen": fen, "happened_on": date(2026, 3, n),
        "act": None, "owner": None, "document": f"文{n}",
    } | more  # fmt: skip


def test_terms_and_events_are_kept_and_booked_together(office: Office, params: Parameters) -> None:
    record_envelopes(office, [terms(), terms("E2", source="bond")], params, on=date(2026, 1, 1), **WHO)
    done = record_events(
        office,
        [event(1, "grant", 1_000_000), event(2, "interest", 700), event(3, "interest", 500, "E2"), event(4, "return", 40)],
        params,
        **WHO,
    )
    assert done is not None and [e["event_id"] for e in events(office)] == ["V001", "V002", "V003", "V004"]
    assert (balance(office, "fund:E1"), balance(office, "asset:bank:E1")) == (-1_000_040, 1_000_740)
    assert balance(office, "liability:interest:treasury:E1") == -700  # interest on the transfer is the treasury's
    assert balance(office, "fund:E2") == -500  # interest on a bond stays with it
    one, two = standings(office, params, date(2026, 12, 31))
    assert (one.usable_fen, one.interest_due_fen, two.usable_fen) == (1_000_040, 700, 500)
    assert ledger_faults(office, params) == [] and verify_log(office) == []


def test_the_same_events_again_change_nothing_and_other_content_is_refused(office: Office, params: Parameters) -> None:
    record_envelopes(office, [terms()], params, on=date(2026, 1, 1), **WHO)
    record_events(office, [event(1, "grant", 100)], params, **WHO)
    assert record_events(office, [event(1, "grant", 100)], params, **WHO) is None
    assert record_envelopes(office, [terms()], params, on=date(2026, 1, 1), **WHO) is None
    with pytest.raises(FaultsError, match="something else"):
        record_events(office, [event(1, "grant", 101)], params, **WHO)
    assert balance(office, "fund:E1") == -100


def test_steps_of_article_31_take_money_out_of_use(office: Office, params: Parameters) -> None:
    record_envelopes(office, [terms()], params, on=date(2026, 1, 1), **WHO)
    steps = [
        event(1, "grant", 1000),
        event(2, "postpone", 300, act="delay"),
        event(3, "release", 100),
        event(4, "reduce", 150, act="divert"),
    ]
    record_events(office, steps, params, **WHO)
    assert balance(office, "fund:postponed:E1") + balance(office, "fund:E1") == -850
    (now,) = standings(office, params, date(2026, 12, 31))
    assert (now.granted_fen, now.postponed_fen, now.usable_fen) == (850, 50, 800)
    assert (balance(office, "fund:E1"), balance(office, "fund:postponed:E1")) == (-800, -50)
    record_events(office, [event(5, "recover", 5_000, act="deception"), event(6, "stop", 0, act="divert")], params, **WHO)
    (now,) = standings(office, params, date(2026, 12, 31))
    assert (now.granted_fen, now.owed_back_fen, now.usable_fen, now.stopped_on) == (0, 4150, 0, None)
    assert balance(office, "asset:bank:E1") == 0 and balance(office, "liability:recovery:省财政厅") == -4150
    assert envelope_table(office, 2026, params)["granted_fen"].to_pylist() == [0]


def test_all_faults_of_events_come_at_once_and_nothing_is_written(office: Office, params: Parameters) -> None:
    record_envelopes(office, [terms()], params, on=date(2026, 1, 1), **WHO)
    wrong = [
        event(1, "grant", 0),
        event(2, "gift", 5),
        event(3, "grant", 5, "nobody"),
        event(4, "recover", 5, act="weather"),
        event(5, "grant", 5, document=" "),
        event(6, "postpone", 50, act="delay"),
        event(7, "interest", 5, owner="mayor"),
    ]
    with pytest.raises(FaultsError) as caught:
        record_events(office, wrong, params, **WHO)
    assert {f.record for f in caught.value.faults} == {f"V00{i}" for i in range(1, 8)}
    assert events(office) == [] and balance(office, "fund:E1") == 0


@pytest.mark.parametrize(
    ("kind", "fen", "more", "said"),
    [
        ("stop", 10_000_00, {"act": "occupy"}, "10,000.00"),
        ("grant", 100, {"owner": "treasury"}, "treasury"),
        ("release", 100, {"act": "divert"}, "divert"),
        ("interest", 100, {"act": "divert"}, "divert"),
    ],
)
def test_nothing_that_an_event_says_is_passed_over(
    office: Office, params: Parameters, kind: str, fen: int, more: dict[str, Any], said: str
) -> None:
    record_envelopes(office, [terms()], params, on=date(2026, 1, 1), **WHO)
    record_events(office, [event(1, "grant", 5_000_000), event(2, "postpone", 5_000, act="delay")], params, **WHO)
    with pytest.raises(FaultsError) as stop:
        record_events(office, [event(3, kind, fen, **more)], params, **WHO)
    (fault,) = stop.value.faults
    assert said in fault.clash.zh
    assert said in fault.clash.en
    assert len(events(office)) == 2


def test_new_terms_keep_the_old_ones_for_the_days_before(office: Office, params: Parameters) -> None:
    record_envelopes(office, [terms()], params, on=date(2026, 1, 1), **WHO)
    record_envelopes(office, [terms(priority=3)], params, on=date(2026, 6, 1), **WHO)
    assert [envelopes(office, day)[0]["priority"] for day in (date(2026, 5, 31), date(2026, 6, 1))] == [0, 3]


def test_faulty_terms_are_refused(office: Office, params: Parameters) -> None:
    wrong = [
        terms("A", source="bond", purposes="livelihood"),
        terms("B", earmark_zones="moon"),
        terms("C", ration="lottery"),
        terms("D", matches="nobody"),
    ]
    with pytest.raises(FaultsError) as caught:
        record_envelopes(office, wrong, params, on=date(2026, 1, 1), **WHO)
    assert {f.record for f in caught.value.faults} == {"A", "B", "C", "D"}
    assert envelopes(office, date(2026, 1, 1)) == []


def test_the_year_run_gets_its_register(office: Office, params: Parameters) -> None:
    record_envelopes(office, [terms(earmark_regions="990121", ration="equal")], params, on=date(2026, 1, 1), **WHO)
    record_events(office, [event(1, "grant", 900), event(2, "grant", 50, year=2027)], params, **WHO)
    row = envelope_table(office, 2026, params).to_pylist()[0]
    assert (row["granted_fen"], row["year"], row["ration"], row["earmark_regions"], row["carry_over"]) == (
        900,
        2026,
        "equal",
        "990121",
        True,
    )


@pytest.mark.parametrize("seed", range(6))
def test_after_any_events_the_books_say_what_the_register_says(office: Office, params: Parameters, seed: int) -> None:
    """Random histories, one event or a few at a time; refused ones leave both as they were."""
    chance = random.Random(seed)
    record_envelopes(office, [terms(), terms("E2", source="bond")], params, on=date(2026, 1, 1), **WHO)
    kinds = ("grant", "grant", "interest", "return", "postpone", "release", "reduce", "recover", "stop")
    day = 1
    for n in range(14):
        day = min(28, day + chance.randint(0, 2))
        some = []
        for k in range(chance.randint(1, 2)):
            kind = chance.choice(kinds)
            act = {"postpone": "delay", "reduce": "divert", "recover": "deception", "stop": "occupy"}.get(kind)
            fen = 0 if kind == "stop" else chance.randint(1, 40)
            i = chance.choice(["E1", "E2"])
            some.append(event(1, kind, fen, i, act=act) | {"event_id": f"V{n:02d}{k}", "happened_on": date(2026, 3, day)})
        with suppress(FaultsError):
            record_events(office, some, params, **WHO)
        for s in standings(office, params, date(2026, 12, 31)):
            i = s.envelope_id
            assert (-balance(office, f"fund:{i}"), -balance(office, f"fund:postponed:{i}")) == (s.usable_fen, s.postponed_fen)
            assert -balance(office, f"liability:interest:treasury:{i}") == s.interest_due_fen
            assert balance(office, f"asset:bank:{i}") == s.usable_fen + s.postponed_fen + s.interest_due_fen
        owed = sum(s.owed_back_fen for s in standings(office, params, date(2026, 12, 31)))
        assert -balance(office, "liability:recovery:省财政厅") == balance(office, "claim:recovery") == owed
    assert ledger_faults(office, params) == []
