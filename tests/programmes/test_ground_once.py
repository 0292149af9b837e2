"""Over random years of inspections, in time or late: no ground is paid twice for a year, and none goes unpaid for good."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecocomp.programmes.programme import Programmes, load_programmes
from ecocomp.programmes.year import ProgrammeYear, entitlements
from ecocomp.rules import RuleBook, policy_folder
from ecocomp.terms.tables import PAID_BEFORE

from .conftest import World, dm2
from .test_stacking import net

GROUND = 1_000_000
"""Area of the one parcel [dm2]. Areas are compared, not money: a dm2 comes to no whole fen."""
FILE = """programme:
  id: {id}
  name: {{zh: 项目, en: programme}}
  document: 县发〔2015〕1号
  confidence: D
  level: county
  element: {element}
  variants: {{all: {{zh: 全部, en: all}}}}
  recipient: {{who: right_holder}}
  inspection: {{level: county, each: {each}}}
  payments:
    - {{id: money, name: {{zh: 补助, en: money}}, form: {form}, unit: CNY/mu, rate: programmes.{id}.rate}}
{excludes}parameters:
  - key: programmes.{id}.rate
    name: {{zh: 标准, en: rate}}
    unit: CNY/mu
    kind: {kind}
    values: [{{from: 2015-01-01, value: {value}, document: 县发〔2015〕1号, confidence: D, last_checked: 2015-01-01}}]
"""
OVER = "  excludes: [{with: [other], keep: this, document: 县发〔2015〕1号, confidence: D}]\n"


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> tuple[RuleBook, Programmes]:
    """Programme ``first`` (yearly) and ``works`` (tranches in years 1 and 3) go before ``other`` on the same ground."""
    folder: Path = tmp_path_factory.mktemp("rules") / "990121" / "programmes"
    folder.mkdir(parents=True)
    for id, each, form, over, kind, value in (
        ("first", "year", "yearly_area", OVER, "number", "10"),
        ("works", "due", "tranches_area", OVER, "table", '{"1": 500, "3": 300}'),
        ("other", "year", "yearly_area", "", "number", "10"),
    ):
        made = FILE.format(id=id, each=each, form=form, excludes=over, kind=kind, value=value, element="forest")
        (folder / f"{id}.yaml").write_text(made, encoding="utf-8")
    folders = [policy_folder(), folder.parent.parent]
    return RuleBook.load(folders, check=False), load_programmes(folders)


def years_of(world: World, ids: Iterable[str], years: Iterable[int]) -> dict[int, ProgrammeYear]:
    """Run the years one after the other, each by what was known in March after it and with what was paid before."""
    found, paid = [world.programmes.get(world.book, world.place, i) for i in ids], list[dict[str, Any]]()
    out = {}
    for year in years:
        params = world.book.resolve(world.place, date(year, 12, 31), date(year + 1, 3, 1))
        tables = world.tables() | {"paid_before": PAID_BEFORE.table(paid) if paid else PAID_BEFORE.empty()}
        out[year] = entitlements(found, tables, params, year)
        assert not [f for f in out[year].faults if f.severity == "error"]
        rows = out[year].due.to_pylist()
        new = [{k: r[k] for k in PAID_BEFORE.schema().names} for r in rows if r["state"] == "payable"]
        paid += [p for p in new if p not in paid]  # more accepted later is paid for the same tranche
    return out


def paid_ground(found: dict[int, ProgrammeYear], programme: str) -> dict[int, int]:
    """Return the ground paid for, by the year it was for."""
    out: dict[int, int] = {}
    for one in found.values():
        for r in one.due.to_pylist():
            if r["state"] == "payable" and r["programme"] == programme:
                out[r["for_year"]] = out.get(r["for_year"], 0) + r["paid_dm2"]
    return out


YEARS = range(2015, 2019)
VISIT = st.none() | st.tuples(st.integers(0, 2), st.integers(1, GROUND), st.booleans())
"""When the ground of a year was accepted (years late), on how much, and whether it had been refused in time before; or never."""
PLOT = st.fixed_dictionaries({"agreed": st.integers(1, GROUND), "seen": st.lists(VISIT, min_size=len(YEARS), max_size=len(YEARS))})


def enter(world: World, programme: str, plot: dict[str, Any], start: int = 2015) -> dict[int, int]:
    """Add a contract with its inspections; return what is accepted in the end, by year."""
    id = programme[0].upper()
    world.plot(programme, id, area=GROUND, parcel="P", start=date(start, 1, 1), variant="all")
    world.enrolments[-1]["area_dm2"] = plot["agreed"]
    out = {}
    for year, seen in zip(YEARS, plot["seen"], strict=True):
        if seen is None:
            continue
        late, area, refused = seen
        if refused and late:
            world.inspect(id, year, area=0, result="rejected", on=date(year, 9, 1))
        out[year] = min(area, plot["agreed"])
        world.inspect(id, year, area=out[year], result="partial", on=date(year + late, 10, 1))
    return out


@settings(max_examples=25, deadline=None)
@given(PLOT, PLOT)
def test_two_yearly_programmes_pay_all_accepted_ground_once(rules: tuple[RuleBook, Programmes], a: Any, b: Any) -> None:
    world = World(*rules)
    first, other = enter(world, "first", a), enter(world, "other", b)
    found = years_of(world, ("first", "other"), range(2015, 2023))
    by_first, by_other = paid_ground(found, "first"), paid_ground(found, "other")
    for year in YEARS:
        accepted = first.get(year, 0), other.get(year, 0)
        paid = by_first.get(year, 0), by_other.get(year, 0)
        assert sum(paid) == min(sum(accepted), GROUND), (year, accepted, paid)
        assert paid[0] <= accepted[0] and paid[1] <= accepted[1]
    assert not [r for r in found[2022].due.to_pylist() if r["state"] == "waiting" and r["for_year"] < 2022]


@settings(max_examples=25, deadline=None)
@given(PLOT, PLOT)
def test_ground_beside_tranches_is_paid_once_and_waits_no_longer_than_they_do(
    rules: tuple[RuleBook, Programmes], t: Any, b: Any
) -> None:
    plain = t | {"seen": [None if v is None else (v[0], v[1], False) for v in t["seen"]]}
    world = World(*rules)
    enter(world, "works", plain)
    other = enter(world, "other", b)
    for rows in (world.contracts, world.enrolments):  # what was never accepted by then falls away
        next(r for r in rows if r["contract_id"] == "W")["valid_to"] = date(2022, 1, 1)
    found = years_of(world, ("works", "other"), range(2015, 2024))
    by_works, by_other = paid_ground(found, "works"), paid_ground(found, "other")
    for year in (2015, 2017):  # years of tranches
        assert by_works.get(year, 0) + by_other.get(year, 0) <= GROUND
    held = 0
    for year in YEARS:
        held = max([held, *(g for y, g in by_works.items() if y <= year)]) if year <= 2017 else 0
        least = min(other.get(year, 0), GROUND - held)
        assert by_other.get(year, 0) >= least, (year, by_works, by_other)
    assert not [r for r in found[2023].due.to_pylist() if r["state"] == "waiting" and r["for_year"] < 2022]


def pair(rules: tuple[RuleBook, Programmes]) -> World:
    """Both agreed on all of one parcel of 6 mu; ``other`` was accepted in full in 2016."""
    world = World(*rules)
    for id, programme in (("F", "first"), ("O", "other")):
        world.plot(programme, id, mu=6, parcel="P", start=date(2016, 1, 1), variant="all")
    return world.inspect("O", 2016)


@pytest.mark.parametrize(("result", "mu", "first", "other"), [("accepted", 6, 6, 0), ("partial", 3, 3, 3), ("rejected", 0, 0, 6)])
def test_the_winner_takes_what_was_accepted_and_no_more(
    rules: tuple[RuleBook, Programmes], result: str, mu: int, first: int, other: int
) -> None:
    found = years_of(pair(rules).inspect("F", 2016, mu=mu, result=result), ("first", "other"), [2016])[2016]
    payable = {r["contract_id"]: r["net_fen"] for r in found.due.to_pylist() if r["state"] == "payable"}
    assert payable == {k: v * 1000 for k, v in (("F", first), ("O", other)) if v}
    assert [r["cut_dm2"] for r in found.stacking.to_pylist()] == ([dm2(first)] if first else [])


def test_what_is_not_decided_waits_and_is_paid_when_it_is(rules: tuple[RuleBook, Programmes]) -> None:
    world = pair(rules)
    found = years_of(world, ("first", "other"), [2016])[2016]
    waits = next(r for r in found.due.to_pylist() if r["contract_id"] == "O")
    assert (waits["state"], waits["reason"], waits["net_fen"], waits["against"]) == ("waiting", "stacked_open", 6000, "first F")
    world.inspect("F", 2016, mu=3, result="partial", on=date(2017, 5, 1))
    again = years_of(world, ("first", "other"), [2016, 2017])[2017]
    assert {(r["contract_id"], r["for_year"]): r["net_fen"] for r in again.due.to_pylist() if r["state"] == "payable"} == {
        ("F", 2016): 3000,
        ("O", 2016): 3000,
    }


def test_forest_compensation_is_not_paid_back_for_years_of_the_conversion_subsidy(world: World) -> None:
    world.plot("welfare_forest", "W", mu=3, start=date(2010, 1, 1), land="0301", ecosystem="13", parcel="P")
    world.plot("conversion_round2", "K", mu=3, variant="forest", start=date(2015, 5, 1), parcel="P")
    for year in range(2015, 2022):
        world.inspect("W", year).inspect("K", year)
    found = years_of(world, ("conversion_round2", "welfare_forest"), range(2015, 2022))
    assert [net(one, "W") for one in found.values()] == [0, 0, 0, 0, 0, 3 * 1575, 3 * 1575]
