"""One claim on one piece of ground, whatever its parcels are called: divided, joined, redrawn by later survey editions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from ecocomp.credits.claims import Claim, double_claims
from ecocomp.credits.instrument import Instrument, instruments
from ecocomp.rules import RuleBook, policy_folder
from ecocomp.terms.faults import FaultsError
from ecoweb.commands.survey import survey
from ecoweb.credits import operations as op

from .conftest import TICKET, WHO, Market
from .test_units import codes, sound

MAPPING = 'scheme = "own"\n[fields]\nparcel_id = "pid"\nland_class = "lc"\nvillage_code = "vc"\ndeclared_area = ""\n[classes]\n"A" = "11"\n'
Strips = dict[str, tuple[float, float]]
BEFORE: Strips = {"G1": (0, 100), "G2": (100, 150), "G3": (150, 200), "G4": (300, 400)}
AFTER: Strips = {"G1a": (0, 60), "G1b": (60, 100), "G23": (100, 200), "G4": (300, 350), "G5": (350, 400)}
"""G1 is divided, G2 and G3 are joined, and G4 keeps its code on half of its ground."""


def edition(m: Market, place: Path, day: str, strips: Strips) -> None:
    """Take in an edition of strips 100 m high, by code: from and to, in m."""
    y0, y1, e = 3_900_000, 3_900_100, 500_000
    features = [
        {
            "type": "Feature",
            "properties": {"pid": p, "lc": "A", "vc": "990121001001"},
            "geometry": {"type": "Polygon", "coordinates": [[[e + a, y0], [e + b, y0], [e + b, y1], [e + a, y1], [e + a, y0]]]},
        }
        for p, (a, b) in strips.items()
    ]
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4545"}}
    place.mkdir(exist_ok=True)
    (place / "map.toml").write_text(MAPPING, encoding="utf-8")
    file = place / f"e{day}.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "crs": crs, "features": features}))
    words = ["import", str(file), "--mapping", str(place / "map.toml"), "--from", day, "--region", "990121"]
    done = CliRunner().invoke(survey, [*words, "--office", str(m.office.folder), "--json"])
    assert done.exit_code == 0, (done.output, done.exception)


@pytest.fixture
def redrawn(desk: Market, tmp_path: Path) -> Market:
    """A county whose parcels were redrawn after project T1 had claimed G1, half of G2 and G4."""
    edition(desk, tmp_path / "s", "2020-01-01", BEFORE)
    desk.project("T1", parcels=[("G1", "1"), ("G2", "1/2"), ("G4", "1")])
    edition(desk, tmp_path / "s", "2024-01-01", AFTER)
    return desk


def refused(m: Market, parcel: str, share: str = "1", instrument: str = "ccer", **more: object) -> list[str]:
    with pytest.raises(FaultsError) as caught:
        m.project("X", instrument, parcels=[(parcel, share)], **more)  # type: ignore[arg-type]
    assert set(codes(caught)) == {"double_claim"}
    return sorted(f.record for f in caught.value.faults)


def test_the_successors_of_a_claimed_parcel_are_claimed(redrawn: Market) -> None:
    m = redrawn
    assert refused(m, "G1a") == ["G1 ∩ G1a"]
    assert refused(m, "G1b", "1/100", "carbon_ticket") == ["G1 ∩ G1b"]
    assert refused(m, "G23", "3/4") == ["G2 ∩ G23"]
    m.project("C1", "ccer", parcels=[("G23", "1/2")])  # beside the half of G2
    assert refused(m, "G3", "2/3") == ["G23 ∩ G3"]  # a parcel of the edition before, claimed through its successor
    sound(m)


def test_a_code_that_goes_on_does_not_give_up_the_ground_it_lost(redrawn: Market) -> None:
    m = redrawn
    assert refused(m, "G5") == ["G4 ∩ G5"]
    assert refused(m, "G4") == ["G4"]
    assert op.end_claim(m.office, "T1", date(2020, 1, 1), ["G4"], **WHO) == 1
    assert refused(m, "G5", start=date(2019, 1, 1), end=date(2039, 1, 1)) == ["G4 ∩ G5"]  # one year of it is claimed
    m.project("C1", "ccer", parcels=[("G5", "1")], start=date(2020, 1, 1), end=date(2040, 1, 1))
    sound(m)


def test_other_benefits_stack_and_exclusive_ones_do_not_on_redrawn_ground(redrawn: Market) -> None:
    m = redrawn
    m.account("S", "state_unit")
    m.project("F1", "forest_cover", account="S", parcels=[("G1a", "1"), ("G23", "1")])
    assert refused(m, "G1b", "1/2", "wetland_quota") == ["G1 ∩ G1b"]
    sound(m)


def test_nothing_is_issued_on_ground_that_another_claims_by_its_new_code(desk: Market, tmp_path: Path) -> None:
    """Projects from before the office had any survey edition: the clash is found at the latest when units are issued."""
    m = desk
    m.project("T1", parcels=[("G1", "1")])
    m.project("T2", "ccer", parcels=[("G1b", "1")])
    edition(m, tmp_path / "s", "2020-01-01", BEFORE)
    edition(m, tmp_path / "s", "2024-01-01", AFTER)
    with pytest.raises(FaultsError) as caught:
        m.issue("T1", "100", TICKET)
    assert codes(caught) == ["double_claim"]
    assert op.end_claim(m.office, "T2", date(2020, 1, 1), **WHO) == 1
    with pytest.raises(FaultsError) as caught:
        m.issue("T1", "100", TICKET)
    assert codes(caught) == ["double_claim"]
    op.end_claim(m.office, "T2", date(2015, 1, 1), **WHO)
    m.issue("T1", "100", TICKET)
    sound(m)


@cache
def national() -> Mapping[str, Instrument]:
    """The instruments of the national rules."""
    rules, faults = instruments(RuleBook.load([policy_folder()]).resolve("CN", date(2026, 1, 1), date(2026, 1, 1)))
    assert faults == []
    return rules


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["ccer", "carbon_ticket", "forest_cover", "wetland_quota", "land_ticket"]),
            st.sampled_from("GH"),
            st.fractions(min_value=Fraction(1, 6), max_value=1, max_denominator=6),
            st.integers(2000, 2010),
            st.integers(1, 8),
        ),
        max_size=6,
    )
)
@settings(max_examples=300, deadline=None)
def test_claims_are_refused_exactly_when_some_ground_would_carry_two(rows: list[tuple[str, str, Fraction, int, int]]) -> None:
    """Against the plain search: on some day, some set of claims that exclude each other comes to more than a parcel."""
    from itertools import combinations

    rules = national()
    claims = [Claim(str(i), k, rules[k].benefit, p, s, date(a, 1, 1), date(a + n, 1, 1)) for i, (k, p, s, a, n) in enumerate(rows)]

    def apart(a: Claim, b: Claim) -> bool:
        one, two = rules[a.instrument], rules[b.instrument]
        return one.benefit == two.benefit or two.benefit not in one.stacks_with or one.benefit not in two.stacks_with

    expected = set()
    for size in range(1, len(claims) + 1):
        for some in combinations(claims, size):
            together = len({c.parcel for c in some}) == 1 and max(c.start for c in some) < min(c.end for c in some if c.end)
            if together and sum(c.share for c in some) > 1 and all(apart(a, b) for a, b in combinations(some, 2)):
                expected.add(some[0].parcel)
    assert {f.record for f in double_claims(claims, rules)} == expected
    assert {f.record for f in double_claims(claims[::-1], rules)} == expected
