"""One claim per ground, period and benefit: exact shares, half-open periods, stacking only where both rules say so."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecocomp.credits.claims import Claim, double_claims
from ecocomp.credits.instrument import Instrument, instruments
from ecocomp.rules import RuleBook, policy_folder

DAY = date(2026, 11, 1)
RULES, FAULTS = instruments(RuleBook.load([policy_folder()]).resolve("CN", DAY, date(2026, 11, 22)))


def claim(project: str, instrument: str, share: str = "1", start: int = 2020, end: int | None = 2030, parcel: str = "G") -> Claim:
    day = None if end is None else date(end, 1, 1)
    return Claim(project, instrument, RULES[instrument].benefit, parcel, Fraction(share), date(start, 1, 1), day)


def twice(*claims: Claim, rules: dict[str, Instrument] = RULES) -> list[str]:
    return [f.record for f in double_claims(claims, rules)]


@pytest.mark.parametrize(
    ("claims", "found"),
    [
        ([("a", "carbon_ticket"), ("b", "carbon_ticket")], 1),
        ([("a", "carbon_ticket"), ("b", "ccer")], 1),  # the same benefit under another name
        ([("a", "carbon_ticket", "1", 2020, 2025), ("b", "ccer", "1", 2025, 2030)], 0),  # ends the day the other begins
        ([("a", "carbon_ticket", "1", 2020, None), ("b", "ccer", "1", 2050, 2090)], 1),
        ([("a", "carbon_ticket", "1/3"), ("b", "ccer", "1/3"), ("c", "ccer", "1/3")], 0),
        ([("a", "carbon_ticket", "1/3"), ("b", "ccer", "1/3"), ("c", "ccer", "334/1000")], 1),
        ([("a", "carbon_ticket"), ("b", "forest_cover")], 0),  # both list the other
        ([("a", "carbon_ticket"), ("b", "wetland_quota")], 1),  # another benefit, but neither lists it
        ([("a", "land_ticket"), ("b", "ccer")], 0),  # both list the other
        ([("a", "forest_bank", "1/2"), ("b", "wetland_quota", "1/2")], 0),
        (
            [("a", "wetland_quota", "1/2"), ("b", "carbon_ticket", "1/2"), ("c", "forest_cover", "1/2")],
            0,
        ),  # b and c on the same half
        ([("a", "wetland_quota", "1/2"), ("b", "carbon_ticket", "1/2"), ("c", "land_ticket", "1/2")], 0),  # b and c too
        ([("a", "wetland_quota", "1/2"), ("b", "carbon_ticket", "1/2"), ("c", "land_ticket", "2/3")], 1),
    ],
)
def test_what_excludes_and_what_stacks(claims: list[tuple[str, str]], found: int) -> None:
    assert FAULTS == []
    assert len(twice(*(claim(*c) for c in claims))) == found


def test_a_benefit_that_only_one_lists_does_not_stack() -> None:
    rules = RULES | {"ccer": replace(RULES["ccer"], stacks_with=frozenset())}
    assert len(double_claims([claim("a", "land_ticket"), claim("b", "ccer")], rules)) == 1


def test_every_instrument_that_ships_is_listed_back_by_those_it_lists() -> None:
    for one in RULES.values():
        for other in RULES.values():
            assert (other.benefit in one.stacks_with) == (one.benefit in other.stacks_with), (one.id, other.id)


def test_the_fault_names_both_projects_and_only_where_asked() -> None:
    rows = [claim("a", "ccer"), claim("b", "carbon_ticket", "1/2"), claim("c", "ccer", parcel="H"), claim("d", "ccer", parcel="H")]
    (fault,) = double_claims(rows, RULES, only=["b"])
    assert "3/2" in fault.clash.en
    assert "a (ccer, carbon)" in fault.clash.en
    assert "b (carbon_ticket, carbon)" in fault.clash.zh
    assert len(double_claims(rows, RULES)) == 2


NAMES = ["carbon_ticket", "ccer", "wetland_quota", "forest_cover"]
ROW = st.tuples(st.sampled_from(NAMES), st.integers(1, 4), st.integers(2000, 2006), st.one_of(st.none(), st.integers(1, 5)))


@given(st.lists(ROW, max_size=5))
@settings(max_examples=200, deadline=None)
def test_a_double_claim_is_never_accepted(rows: list[tuple[str, int, int, int | None]]) -> None:
    """Where nothing is found, every claim can be laid on the ground: the shares of each excluding set fit, on every day."""
    claims = [claim(f"p{i}", n, f"{q}/4", a, None if w is None else a + w) for i, (n, q, a, w) in enumerate(rows)]
    bad = False
    for day in (date(2000, 1, 1) + timedelta(days=180 * k) for k in range(30)):
        live = [c for c in claims if c.start <= day and (c.end is None or c.end > day)]
        for size in range(1, len(live) + 1):
            for group in itertools.combinations(live, size):
                excluding = all(
                    a.benefit == b.benefit or {a.benefit, b.benefit} != {"carbon", "forest_cover"}
                    for a, b in itertools.combinations(group, 2)
                )
                bad = bad or (excluding and sum(c.share for c in group) > 1)
    assert bool(twice(*claims)) == bad


def test_stacking_is_a_rule_and_not_code() -> None:
    free = dict(RULES) | {
        "wetland_quota": replace(RULES["wetland_quota"], stacks_with=frozenset({"carbon"})),
        "ccer": replace(RULES["ccer"], stacks_with=frozenset({"wetland"})),
    }
    assert twice(claim("a", "ccer"), claim("b", "wetland_quota"), rules=free) == []
    assert twice(claim("a", "carbon_ticket"), claim("b", "wetland_quota"), rules=free) == ["G"]
