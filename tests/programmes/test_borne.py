"""The levels that should bear a programme beside the envelopes that paid it."""

from __future__ import annotations

import pyarrow as pa
import pytest

from ecocomp.programmes.borne import apart, borne_faults, explain_paid
from ecocomp.terms.tables import ALLOCATION
from ecocomp.terms.text import Text

SHARES = {"central": 80_000, "county": 20_000}
CENTRAL, COUNTY = Text("中央包", "central envelope"), Text("县包", "county envelope")


@pytest.mark.parametrize(
    ("paid", "says"),
    [
        ({"central_transfer": 80_000, "local_budget": 20_000}, None),
        ({"central_transfer": 40_000, "land_revenue": 10_000}, None),  # half the money, in the same parts
        ({"central_transfer": 79_999, "local_budget": 20_001}, None),  # one fen of rounding
        ({}, None),
        (
            {"local_budget": 100_000},
            "the central budget should bear 800.00 yuan and paid 0.00; local budgets should bear 200.00 yuan and paid 1,000.00",
        ),
        (
            {"central_transfer": 80_000, "donation": 20_000},
            "the central budget should bear 800.00 yuan and paid 800.00; local budgets should bear 200.00 yuan and paid 0.00; "
            "other money should bear 0.00 yuan and paid 200.00",
        ),
    ],
)
def test_what_was_paid_is_set_beside_what_should_bear_it(paid: dict[str, int], says: str | None) -> None:
    found = apart(SHARES, paid)
    assert (None if found is None else found.en) == says


def test_recipient_and_auditor_see_both_and_the_difference() -> None:
    sources = [{"level": k, "amount_fen": v} for k, v in SHARES.items()]
    lines = explain_paid(sources, [(COUNTY, "local_budget", 100_000)])
    assert [x.en for x in lines] == [
        "Paid from: county envelope (local budget match) 1,000.00 yuan.",
        "This differs from what the programme says: the central budget should bear 800.00 yuan and paid 0.00; "
        "local budgets should bear 200.00 yuan and paid 1,000.00.",
    ]
    assert lines[1].zh.startswith("与项目规定的承担不一致：中央财政应担 800.00 元、实付 0.00 元")
    agree = [(CENTRAL, "central_transfer", 80_000), (COUNTY, "local_budget", 20_000)]
    assert len(explain_paid(sources, agree)) == 1


def test_the_check_of_a_year_tells_each_programme_that_others_paid() -> None:
    names = ["a-1", "a-2", "b-1", "w-1"]
    due = pa.table({"due_id": names, "programme": ["a", "a", "b", "w"], "state": ["payable", "escrow", "payable", "waiting"]})
    source = pa.table({"due_id": names, "level": ["central", "central", "county", "central"], "amount_fen": [500, 500, 900, 700]})
    claims = pa.table({"entitlement_id": names, "programme": ["a", "a.seedling", "b", "w"]})
    given = [("a-1", "C", 500), ("a-2", "L", 500), ("b-1", "L", 900)]
    allocation = ALLOCATION.table([dict(zip(("entitlement_id", "envelope_id", "amount_fen"), g, strict=True)) for g in given])
    envelope = pa.table({"envelope_id": ["C", "L"], "source": ["central_transfer", "local_budget"]})
    (fault,) = borne_faults(due, source, claims, allocation, envelope)
    assert (fault.code, fault.record, fault.severity) == ("programmes.borne_elsewhere", "a", "warning")
    assert "the central budget should bear 10.00 yuan and paid 5.00" in fault.clash.en
