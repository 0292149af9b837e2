"""Tranches between which nothing falls due, that an act stopped, or that a variant does not have; ground of three programmes."""

from __future__ import annotations

from datetime import date

import pytest

from ecocomp.terms.tables import PAID_BEFORE

from .conftest import World
from .test_stacking import net, year_of


def test_grass_has_no_fifth_year_and_its_absence_stops_nobody(world: World) -> None:
    world.plot("conversion_round2", "G", variant="grass", start=date(2015, 5, 1)).inspect("G", 2015).inspect("G", 2019)
    found = world.owed("conversion_round2", 2019)
    assert not found.faults
    assert not [r for r in found.due.to_pylist() if r["payment"] == "cash" and r["tranche"] == 5]


def test_a_tranche_an_act_stopped_is_paid_once_when_an_inspection_finds_none(world: World) -> None:
    world.plot("conversion_round2", "K", variant="forest", start=date(2015, 5, 1))
    world.inspect("K", 2015).inspect("K", 2017, events="logging").inspect("K", 2018)
    paid = {y: [(r["tranche"], r["state"], r["net_fen"]) for r in world.rows("conversion_round2", y, "cash")] for y in (2017, 2018)}
    assert paid == {2017: [(3, "excluded", 0)], 2018: [(3, "payable", 90_000)]}
    assert not [r for r in world.rows("conversion_round2", 2020, "cash") if r["tranche"] == 3]


def test_the_register_of_payments_stands_over_the_guess_from_inspections(world: World) -> None:
    world.plot("conversion_round2", "K", variant="forest", start=date(2015, 5, 1)).inspect("K", 2015).inspect("K", 2017)
    row = {"contract_id": "K", "programme": "conversion_round2", "payment": "cash", "for_year": 2015, "tranche": 1}
    first = PAID_BEFORE.table([row])
    both = PAID_BEFORE.table([row, row | {"for_year": 2017, "tranche": 3}])
    assert [r["tranche"] for r in world.rows("conversion_round2", 2018, "cash", paid_before=first)] == [3]
    assert world.rows("conversion_round2", 2018, "cash", paid_before=both) == []


@pytest.mark.parametrize("said", ["logging,recultivation", "logging；recultivation", "复耕", "Logging"])
def test_acts_stop_a_payment_however_the_sheet_sets_them_apart(world: World, said: str) -> None:
    world.plot("conversion_round2", "K", variant="forest", start=date(2015, 5, 1)).inspect("K", 2015, events=said)
    assert [r["reason"] for r in world.rows("conversion_round2", 2015, "cash")] == ["stopped"]


def test_an_act_nobody_knows_is_told_and_none_is_none(world: World) -> None:
    world.plot("conversion_round2", "K", variant="forest", start=date(2015, 5, 1)).inspect("K", 2015, events="砍树")
    assert [(f.code, f.severity) for f in world.owed("conversion_round2", 2015).faults] == [("programmes.unknown_act", "error")]
    world.inspections.clear()
    assert not world.inspect("K", 2015, events="无").owed("conversion_round2", 2015).faults


def test_between_two_tranches_the_subsidy_still_holds_its_ground(world: World) -> None:
    world.plot("welfare_forest", "W", mu=3, start=date(2010, 1, 1), land="0301", ecosystem="13", parcel="P")
    world.plot("conversion_round2", "K", mu=3, variant="forest", start=date(2015, 5, 1), parcel="P")
    for year in range(2015, 2021):
        world.inspect("W", year).inspect("K", year)
    ids = ("conversion_round2", "welfare_forest")
    assert [net(year_of(world, y, *ids), "W") for y in range(2015, 2020)] == [0] * 5
    assert net(year_of(world, 2020, *ids), "W") == 3 * 1575


def test_winners_on_different_ground_take_it_together(world: World) -> None:
    ids = ("conversion_round2", "welfare_forest", "welfare_forest_local")
    for n, (id, programme, area) in enumerate((("K", ids[0], 500_000), ("W", ids[1], 500_000), ("L", ids[2], 1_000_000))):
        world.plot(programme, id, area=1_000_000, parcel="P", ecosystem="11", land="0301", start=date(2015, 5 + n, 1),
                   variant="forest" if id == "K" else None)  # fmt: skip
        world.enrolments[-1]["area_dm2"] = area
        world.inspect(id, 2015)
    found = year_of(world, 2015, *ids)
    assert sum(r["paid_dm2"] for r in found.due.to_pylist() if r["payment"] != "seedling") == 1_000_000
    assert net(found, "L") == 0
