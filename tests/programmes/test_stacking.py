"""Several programmes on one parcel: by what rule one gives way, and how much ground it gives up."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from ecocomp.programmes.year import ProgrammeYear, entitlements
from ecocomp.terms.tables import ENTITLEMENT

from .conftest import World, dm2


def year_of(world: World, year: int, *ids: str, **more: Any) -> ProgrammeYear:
    found = [world.programmes.get(world.book, world.place, i) for i in ids]
    return entitlements(found, world.tables(), world.params(year), year, **more)


def net(found: ProgrammeYear, contract: str) -> int:
    return sum(r["net_fen"] for r in found.due.to_pylist() if r["contract_id"] == contract and r["payee"] == "holder")


def grass(world: World, a: int = 6, b: int = 6) -> World:
    world.plot("grassland", "A", mu=6, area=None, variant="ban", start=date(2016, 1, 1), land="0401", ecosystem="32", parcel="P")
    world.plot("grassland", "B", mu=b, variant="balance", start=date(2017, 1, 1), land="0401", ecosystem="32", parcel="P")
    world.enrolments[0]["area_dm2"] = dm2(a)
    return world.inspect("A", 2018).inspect("B", 2018)


def test_ban_and_balance_exclude_each_other_on_one_parcel_even_side_by_side(world: World) -> None:
    found = year_of(grass(world, 3, 3), 2018, "grassland")
    assert (net(found, "A"), net(found, "B")) == (3 * 750, 0)
    (row,) = found.stacking.to_pylist()
    assert (row["contract_id"], row["against"], row["on"], row["rule"], row["document"]) == (
        "B", "A", "parcel", "grassland.excludes", "财农〔2021〕82号及历轮补奖政策",
    )  # fmt: skip
    gone = [r for r in found.entitlement.to_pylist() if r["contract_id"] == "B"]
    assert [(r["state"], r["reason"], r["entitled_fen"]) for r in gone] == [("excluded", "stacked", 0)]


@pytest.mark.parametrize(("a", "b", "cut"), [(3, 3, 0), (6, 3, 3), (3, 6, 3), (6, 6, 6)])
def test_two_contracts_of_one_programme_share_the_parcel_by_area(world: World, a: int, b: int, cut: int) -> None:
    for id, mu, start in (("A", a, 5), ("B", b, 6)):
        shares = (("HA", 1, 2), ("HB", 1, 2))
        world.plot(
            "conversion_round2", id, mu=6, variant="forest", start=date(2015, start, 1), parcel="P", holder=f"H{id}", shares=shares
        )
        world.enrolments[-1]["area_dm2"] = dm2(mu)
        world.inspect(id, 2015)
    found = year_of(world, 2015, "conversion_round2")
    assert (net(found, "A"), net(found, "B")) == (50_000 * a, 50_000 * (b - cut))
    assert [r["cut_dm2"] for r in found.stacking.to_pylist()] == ([dm2(cut)] if cut else [])
    live = [r for r in found.entitlement.to_pylist() if r["state"] == "payable"]
    keys = [(r["holder_id"], r["parcel_id"], r["programme"], r["year"], r["tranche"]) for r in live]
    assert len(keys) == len(set(keys))
    assert sum(r["entitled_fen"] for r in live) == 50_000 * (a + b - cut)


def test_no_forest_compensation_while_the_conversion_subsidy_runs(world: World) -> None:
    world.plot("welfare_forest", "W", mu=3, start=date(2010, 1, 1), land="0301", ecosystem="13", parcel="P")
    world.plot("conversion_round2", "K", mu=3, variant="forest", start=date(2015, 5, 1), parcel="P")
    for year in range(2015, 2026):
        world.inspect("W", year).inspect("K", year)
    ids = ("conversion_round2", "welfare_forest")
    during, after = year_of(world, 2017, *ids), year_of(world, 2025, *ids)
    assert (net(during, "K"), net(during, "W")) == (90_000, 0)
    assert net(after, "W") == 3 * 1575
    (row,) = during.stacking.to_pylist()
    assert (row["contract_id"], row["rule"]) == ("W", "conversion_round2.excludes")


def test_an_extension_and_a_top_up_stand_beside_the_contract_they_rest_on(world: World) -> None:
    world.place = "140000"
    world.plot("conversion_round2", "K", mu=3, variant="forest", start=date(2018, 5, 1), village="140107001001")
    for year in range(2018, 2024):
        for level in ("county", "province", "state"):
            world.inspect("K", year, level=level)
    found = year_of(world, 2022, "conversion_round2", "conversion_top_up", "conversion_extension_2022")
    assert {r["programme"]: r["net_fen"] for r in found.due.to_pylist()} == {"conversion_round2": 120_000}
    assert len(found.stacking) == 0
    assert year_of(world, 2023, "conversion_round2", "conversion_extension_2022").due["net_fen"].to_pylist() == [30_000]


def test_the_rules_of_the_place_speak_where_the_files_are_silent(world: World) -> None:
    world.plot("welfare_forest", "W", mu=3, start=date(2010, 1, 1), land="0305", ecosystem="31", parcel="P")
    world.plot("grassland", "G", mu=3, variant="ban", start=date(2016, 1, 1), parcel="P")
    world.parcels[0]["ecosystem"] = "13"
    world.inspect("W", 2018).inspect("G", 2018)
    found = [r["reason"] for r in year_of(world, 2018, "grassland").due.to_pylist()]
    assert found == ["ecosystem"]


def test_the_standard_programme_of_a_case_may_stand_beside(world: World) -> None:
    world.plot("welfare_forest", "W", mu=3, start=date(2010, 1, 1), land="0301", ecosystem="13", parcel="P").inspect("W", 2025)
    row = {"entitlement_id": "E", "year": 2025, "programme": "eco", "parcel_id": "P", "holder_id": "H1", "right_id": "R", "contract_id": "C",
           "area_dm2": dm2(3), "share_num": 1, "share_den": 1, "rate_fen_per_ha": 1, "compliance_ppm": 1, "gross_fen": 1, "deduction_fen": 0,
           "entitled_fen": 1, "funded_fen": 0, "shortfall_fen": 1, "state": "payable", "reason": ""}  # fmt: skip
    found = year_of(world, 2025, "welfare_forest", beside={"eco": (ENTITLEMENT.table([row]), "eco_zone")})
    assert net(found, "W") == 3 * 1575
    assert not [f for f in found.faults if f.code == "programmes.unspoken"]
    odd = year_of(world, 2025, "welfare_forest", beside={"eco": (ENTITLEMENT.table([row]), "nobody_knows")})
    assert [f.severity for f in odd.faults if f.code == "programmes.unspoken"] == ["warning"]


@pytest.mark.parametrize(
    ("result", "mu", "kept"), [("accepted", 3, 0), ("partial", "1.5", 150), ("rejected", 0, 300), (None, 0, 0)]
)
def test_the_standards_own_programme_gives_up_what_was_accepted_and_no_more(
    world: World, result: str | None, mu: Any, kept: int
) -> None:
    from ecocomp.payments.enrol import given_way

    world.plot("welfare_forest", "W", mu=3, start=date(2010, 1, 1), land="0301", ecosystem="13", parcel="P")
    if result is not None:
        world.inspect("W", 2025, mu=mu, result=result)
    row = {"entitlement_id": "E", "year": 2025, "programme": "eco", "parcel_id": "P", "holder_id": "H1", "right_id": "R", "contract_id": "C",
           "area_dm2": dm2(3), "share_num": 1, "share_den": 1, "rate_fen_per_ha": 1, "compliance_ppm": 1, "gross_fen": 300, "deduction_fen": 0,
           "entitled_fen": 300, "funded_fen": 0, "shortfall_fen": 300, "state": "payable", "reason": ""}  # fmt: skip
    claims = ENTITLEMENT.table([row])
    found = year_of(world, 2025, "welfare_forest", beside={"eco": (claims, "welfare_forest_local")})
    assert given_way(claims, found.stacking, "eco")["entitled_fen"].to_pylist() == [kept]
