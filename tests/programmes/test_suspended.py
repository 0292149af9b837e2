"""A contract suspended when money falls due and resumed later: over random histories nothing is lost and nothing paid twice."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecocomp.programmes.programme import load_programmes
from ecocomp.rules import RuleBook, policy_folder
from ecocomp.terms.tables import PAID_BEFORE

from .conftest import World

BOOK, ALL = RuleBook.load([policy_folder()], check=False), load_programmes()
FIRST, LAST = 2015, 2024
STATES = st.lists(st.sampled_from(["in_force", "in_force", "suspended", "breached"]), min_size=3, max_size=LAST - FIRST + 1)
"""The state on the reference day of each year from the first on; after the last of them the contract is terminated."""


def states(world: World, found: list[str]) -> World:
    """Give the one contract of a world these states, each from 1 July of its year."""
    head, duty = world.enrolments.pop(), world.contracts.pop()
    for n, state in enumerate(found):
        span = {"valid_from": date(FIRST + n, 7, 1) if n else date(FIRST, 1, 1), "valid_to": date(FIRST + n + 1, 7, 1)}
        world.enrolments.append(head | span | {"state": state})
        if state == "in_force":
            world.contracts.append(duty | span)
    return world


def paid(world: World, programme: str, payment: str, *, known: bool) -> dict[int, list[tuple[int, int]]]:
    """Return what is paid by the year it is for: (year of payment, fen). `known`: with a register of what was paid."""
    out: dict[int, list[tuple[int, int]]] = {}
    before: list[dict[str, Any]] = []
    for year in range(FIRST, LAST + 1):
        more = {"paid_before": PAID_BEFORE.table(before) if before else PAID_BEFORE.empty()} if known else {}
        for r in world.rows(programme, year, payment, **more):
            if r["state"] == "payable":
                out.setdefault(r["for_year"], []).append((year, r["net_fen"]))
                row = {k: r[k] for k in PAID_BEFORE.schema().names}
                before += [row] if row not in before else []
    return out


def in_force(found: list[str], since: int) -> int | None:
    """Return the first year from `since` on whose reference day the contract is in force."""
    return next((FIRST + n for n, s in enumerate(found) if s == "in_force" and FIRST + n >= since), None)


@settings(max_examples=40, deadline=None)
@given(STATES, st.dictionaries(st.sampled_from([2015, 2017, 2019]), st.integers(0, 2), max_size=3), st.booleans())
def test_each_tranche_is_paid_once_in_the_first_year_that_pays(found: list[str], seen: dict[int, int], known: bool) -> None:
    world = World(BOOK, ALL).plot("conversion_round2", variant="forest", start=date(FIRST, 1, 1))
    for due, late in seen.items():
        world.inspect("K1", due + late)
    wanted = {}
    for due, yuan in ((2015, 500), (2017, 300), (2019, 400)):
        accepted = min((d + late for d, late in seen.items() if d + late >= due), default=None)
        if accepted is not None and (year := in_force(found, accepted)) is not None:
            wanted[due] = [(year, 3 * yuan * 100)]
    assert paid(states(world, found), "conversion_round2", "cash", known=known) == wanted


@settings(max_examples=40, deadline=None)
@given(STATES, st.booleans())
def test_each_year_is_paid_once_but_not_one_in_breach(found: list[str], known: bool) -> None:
    world = World(BOOK, ALL).plot("welfare_forest", variant="forest", start=date(FIRST, 1, 1), land="0301", ecosystem="13")
    for n in range(len(found)):
        world.inspect("K1", FIRST + n)
    years = {FIRST + n for n, s in enumerate(found) if s != "breached"}
    wanted = {y: [paying] for y in years if (paying := in_force(found, y)) is not None}
    made = paid(states(world, found), "welfare_forest", "compensation", known=known)
    assert {y: [p for p, _ in rows] for y, rows in made.items()} == wanted


@pytest.mark.parametrize("known", [True, False])
def test_while_it_is_suspended_the_money_waits_with_its_amount(known: bool) -> None:
    world = World(BOOK, ALL).plot("conversion_round2", variant="forest", start=date(FIRST, 1, 1)).inspect("K1", 2015)
    states(world, ["suspended", "suspended", "in_force"])
    more = {"paid_before": PAID_BEFORE.empty()} if known else {}
    for year in (2015, 2016):
        (row,) = world.rows("conversion_round2", year, "cash", **more)
        assert (row["state"], row["reason"], row["net_fen"], row["for_year"]) == ("waiting", "suspended", 150_000, 2015)
