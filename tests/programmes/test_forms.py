"""Other forms: forest by owner, grassland by round, households, rangers, percentages, months, what has no rate."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from .conftest import Programmes, RuleBook, World, dm2

FOREST: dict[str, Any] = {"land": "0301", "ecosystem": "13", "start": date(2004, 1, 1)}
GRASS: dict[str, Any] = {"land": "0401", "ecosystem": "32", "start": date(2011, 1, 1)}


@pytest.mark.parametrize(
    ("year", "state", "collective"),
    [
        (2004, 475, 475),
        (2011, 475, 975),
        (2013, 500, 1475),
        (2015, 600, 1475),
        (2016, 800, 1475),
        (2017, 1000, 1475),
        (2019, 1000, 1575),
        (2025, 1000, 1575),
    ],
)
def test_welfare_forest_by_owner_and_date_net_of_public_management(world: World, year: int, state: int, collective: int) -> None:
    world.plot("welfare_forest", "S", mu=3, holder="U", kind="state_unit", right_kind="use", **FOREST).inspect("S", year)
    world.plot("welfare_forest", "C", mu=3, holder="H1", **FOREST).inspect("C", year)
    found = {r["contract_id"]: (r["net_fen"], r["gross_fen"] - r["deduction_fen"]) for r in world.rows("welfare_forest", year)}
    assert found == {"S": (3 * state, 3 * state), "C": (3 * collective, 3 * collective)}


@pytest.mark.parametrize(("year", "ban", "balance"), [(2011, 600, 150), (2015, 600, 150), (2016, 750, 250), (2025, 750, 250)])
def test_grassland_by_round(world: World, year: int, ban: int, balance: int) -> None:
    for id, variant in (("A", "ban"), ("B", "balance")):
        world.plot("grassland", id, mu=3, variant=variant, holder=f"H{id}", **GRASS).inspect(id, year)
    found = {r["contract_id"]: r["net_fen"] for r in world.rows("grassland", year, "subsidy")}
    assert found == {"A": 3 * ban, "B": 3 * balance}


def test_a_household_gets_its_subsidy_once_however_many_plots(world: World) -> None:
    for n in (1, 2, 3):
        world.plot("grassland", f"K{n}", mu=3, variant="ban", holder="H1", **GRASS).inspect(
            f"K{n}", 2012, result="rejected" if n == 1 else "accepted"
        )
    world.plot("grassland", "K9", mu=3, variant="ban", holder="H2", **GRASS)
    rows = world.rows("grassland", 2012, "household")
    assert [(r["holder_id"], r["contract_id"], r["state"], r["net_fen"]) for r in rows] == [
        ("H1", "K2", "payable", 50_000),
        ("H2", "K9", "waiting", 50_000),
    ]
    assert world.rows("grassland", 2016, "household") == []


def test_round_four_refuses_with_its_reason(world: World) -> None:
    world.plot("grassland", "A", mu=3, variant="ban", **GRASS).inspect("A", 2026)
    found = world.owed("grassland", 2026)
    assert [(r["state"], r["reason"], r["net_fen"]) for r in found.due.to_pylist()] == [("excluded", "no_rate", 0)]
    (fault,) = found.faults
    assert (fault.code, fault.severity) == ("programmes.no_rate", "error")
    assert "round 4 (2026-30) is announced" in fault.clash.en


@pytest.mark.parametrize("id", ["wetland", "soil", "desert", "protected_area", "aquatic"])
def test_what_has_no_national_rate_refuses_until_the_place_states_one(
    world: World, id: str, written: Callable[..., tuple[RuleBook, Programmes]]
) -> None:
    p = world.programmes.get(world.book, world.place, id)
    variant = next(iter(p.variants))
    system = {"wetland": "41", "desert": "71"}.get(id, "32")
    world.plot(id, "A", mu=3, variant=variant, land="1108", ecosystem=system, start=date(2020, 1, 1)).inspect("A", 2025)
    assert [f.code for f in world.owed(id, 2025).faults] == ["programmes.no_rate"]
    unit = "CNY/household/a" if id == "aquatic" else "CNY/mu/a"
    value, kind = ("100", "number") if id == "aquatic" else (f"{{{variant}: 100}}", "table")
    world.book, world.programmes = written(
        f"parameters:\n  - key: programmes.{id}.rate\n    name: {{zh: 标准, en: rate}}\n    unit: {unit}\n    kind: {kind}\n"
        f"    values: [{{value: {value}, document: 县文, confidence: S}}]\n"
    )
    found = world.owed(id, 2025)
    assert found.faults == []
    assert [r["net_fen"] for r in found.due.to_pylist()] == [10_000 if id == "aquatic" else 30_000]


def test_feed_grain_of_round_zero_is_exact_below_a_fen_per_hectare(world: World) -> None:
    world.plot(
        "pasture_retirement", "A", area=1_000_000, variant="rest", land="0401", ecosystem="32", start=date(2005, 1, 1)
    ).inspect("A", 2006)
    world.plot(
        "pasture_retirement", "B", area=2_000_000, variant="ban", holder="H2", land="0401", ecosystem="32", start=date(2005, 1, 1)
    ).inspect("B", 2006)
    found = {r["contract_id"]: (r["net_fen"], r["rate"]) for r in world.rows("pasture_retirement", 2006, "feed")}
    assert found == {"A": (1856, "18.5625"), "B": (14850, "74.25")}


def test_a_herder_who_holds_no_right_is_not_paid_and_a_village_never(world: World) -> None:
    world.plot("grassland", "A", mu=3, variant="ban", holder="H9", shares=(("H1", 1, 1),), **GRASS).inspect("A", 2018)
    world.plot("grassland", "B", mu=3, variant="ban", holder="V", kind="collective", **GRASS).inspect("B", 2018)
    found = {r["contract_id"]: (r["state"], r["reason"]) for r in world.rows("grassland", 2018, "subsidy")}
    assert found == {"A": ("excluded", "not_the_holder"), "B": ("excluded", "village_body")}


def test_a_county_may_set_its_own_unit_rate_where_the_programme_lets_it(world: World) -> None:
    world.plot("grassland", "A", mu=3, variant="ban", village="513434001001", **GRASS).inspect("A", 2025)
    world.place = "513434"
    found = world.owed("grassland", 2025)
    assert ([r["net_fen"] for r in found.due.to_pylist()], found.faults) == ([2295], [])


def test_a_local_rate_is_refused_where_it_is_not_allowed_or_too_low(
    world: World, written: Callable[..., tuple[RuleBook, Programmes]]
) -> None:
    own = "parameters:\n  - key: {k}\n    name: {{zh: 标准, en: rate}}\n    unit: CNY/mu\n    kind: table\n    values: [{{value: {v}, document: 县文, confidence: S}}]\n"
    world.plot("conversion_round2", "A", mu=3, variant="forest").inspect("A", 2015)
    world.plot("welfare_forest", "W", mu=3, **FOREST).inspect("W", 2015)
    world.book, _ = written(own.format(k="programmes.conversion_round2.cash", v="{forest.1: 400, grass.1: 450}"))
    assert [f.code for f in world.owed("conversion_round2", 2015).faults] == ["programmes.local"]
    world.book, _ = written(own.format(k="programmes.welfare_forest.rate", v="{state: 6, collective: 11}"))
    assert [f.code for f in world.owed("welfare_forest", 2015).faults] == ["programmes.local_rate"]


def test_rangers_are_paid_by_months_and_once_for_a_post(world: World) -> None:
    for n in (1, 2):
        world.plot(
            "ranger",
            f"K{n}",
            mu=3,
            variant="post",
            holder="H1",
            kind="person",
            start=date(2020, 7, 15),
            agreement_id="POST",
            term_to=date(2022, 4, 1),
            **{k: v for k, v in FOREST.items() if k != "start"},
        )
        for year in (2020, 2021, 2022, 2023):
            world.inspect(f"K{n}", year)
    found = {y: [(r["net_fen"], r["months"]) for r in world.rows("ranger", y)] for y in range(2019, 2024)}
    assert found == {2019: [], 2020: [(500_000, 6)], 2021: [(1_000_000, 12)], 2022: [(250_000, 3)], 2023: []}


MINE = """
programme:
  id: mine
  name: {zh: 保费补贴, en: premium subsidy}
  document: 县文
  confidence: S
  level: county
  element: other
  variants: {insured: {zh: 投保, en: insured}, other: {zh: 其他, en: other}}
  land: {slope_least: 25, layer: {GJGYL_BHDJ: ["1", "2"]}}
  recipient: {who: right_holder}
  payments:
    - {id: premium, name: {zh: 保费, en: premium}, form: yearly_percent, unit: percent, rate: programmes.mine.share, first_year: next}
    - {id: extra, name: {zh: 另补, en: extra}, form: yearly_area, unit: CNY/ha, rate: programmes.mine.extra, by: [facts.GJGYL_BHDJ, red_line], start_by: "06-30", last_year: none, source: township}
parameters:
  - key: programmes.mine.share
    name: {zh: 比例, en: share}
    unit: percent
    kind: number
    values: [{value: 33.3, document: 县文, confidence: S}]
  - key: programmes.mine.extra
    name: {zh: 另补, en: extra}
    unit: CNY/ha
    kind: table
    values: [{value: {1.outside: 30, 2.outside: 15, 1.inside: 60, 2.inside: 40}, document: 县文, confidence: S}]
"""


def test_a_new_programme_needs_no_code(world: World, written: Callable[..., tuple[RuleBook, Programmes]]) -> None:
    world.book, world.programmes = written(MINE)
    assert world.programmes.faults == ()
    more: dict[str, Any] = {"base_fen": 100_050, "slope_tenths": 251, "facts": '{"GJGYL_BHDJ": "2"}', "term_to": date(2024, 3, 1)}
    world.plot("mine", "A", mu=15, variant="insured", start=date(2020, 7, 1), **more)
    world.plot("mine", "B", mu=15, variant="insured", start=date(2020, 6, 30), **(more | {"facts": '{"GJGYL_BHDJ": "3"}'}))
    world.plot("mine", "C", mu=15, variant="insured", start=date(2020, 6, 30), **(more | {"slope_tenths": 249}))
    world.plot("mine", "D", mu=15, variant="insured", start=date(2020, 6, 30), **(more | {"slope_tenths": None, "base_fen": None}))
    rows = {y: world.rows("mine", y) for y in range(2020, 2025)}
    a = {(y, r["payment"]): r["net_fen"] for y, found in rows.items() for r in found if r["contract_id"] == "A"}
    assert a == {(y, p): f for y in (2021, 2022, 2023) for p, f in (("premium", 33_317), ("extra", 1500))} | {
        (2024, "premium"): 33_317
    }
    assert {r["contract_id"]: r["reason"] for r in rows[2022] if r["payment"] == "extra"} == {
        "A": "",
        "B": "layer",
        "C": "slope",
        "D": "slope_unknown",
    }
    found = world.owed("mine", 2022)
    assert {s["level"] for s in found.source.to_pylist()} == {"township", "county"}


def test_late_acceptance_is_paid_when_it_is_known_what_was_paid(world: World) -> None:
    from ecocomp.terms.tables import PAID_BEFORE

    world.plot("welfare_forest", "W", mu=3, land="0301", ecosystem="13", start=date(2018, 1, 1))
    for year in (2018, 2019, 2020):
        world.inspect("W", year)
    paid = PAID_BEFORE.table(
        [{"contract_id": "W", "programme": "welfare_forest", "payment": "compensation", "for_year": 2018, "tranche": None}]
    )
    rows = sorted(world.rows("welfare_forest", 2020, paid_before=paid), key=lambda r: r["for_year"])
    assert [(r["for_year"], r["net_fen"], r["reason"], r["tranche"]) for r in rows] == [
        (2019, 4725, "back_payment", 2019),
        (2020, 4725, "", None),
    ]
    both = PAID_BEFORE.table(
        [
            {"contract_id": "W", "programme": "welfare_forest", "payment": "compensation", "for_year": y, "tranche": None}
            for y in (2018, 2019, 2020)
        ]
    )
    assert world.rows("welfare_forest", 2020, paid_before=both) == []


def test_unverified_rates_are_named_before_anything_rests_on_them(world: World) -> None:
    from ecocomp.programmes.rates import unaccepted

    world.plot("conversion_round2", "K", mu=3, variant="forest", start=date(2018, 1, 1)).inspect("K", 2018)
    found = world.owed("conversion_round2", 2018)
    wrong = unaccepted(found.rules, world.params(2018))
    assert {f.clash.en.split()[1] for f in wrong} == {
        "programmes.conversion_round2.seedling",
        "programmes.conversion_round2.survival_least",
    }
    assert unaccepted(found.rules, world.params(2018), ("programmes.conversion_round2.*",)) == []


def test_more_was_accepted_than_agreed_is_told_and_not_paid(world: World) -> None:
    world.plot("welfare_forest", "W", mu=3, land="0301", ecosystem="13", start=date(2018, 1, 1)).inspect("W", 2020, mu=6)
    found = world.owed("welfare_forest", 2020)
    assert [r["accepted_dm2"] for r in found.due.to_pylist()] == [dm2(3)]
    assert [(f.code, f.severity) for f in found.faults] == [("programmes.more_than_agreed", "warning")]
