"""Cropland to forest and grass: tranches, the extension with its back-payment, a local top-up, what waits and what stops."""

from __future__ import annotations

from datetime import date

import pytest

from .conftest import World, dm2


def paid(world: World, programme: str, years: range, payment: str = "cash") -> dict[int, int]:
    return {y: s for y in years if (s := sum(r["net_fen"] for r in world.rows(programme, y, payment) if r["state"] == "payable"))}


def test_round_two_forest_is_paid_500_300_400_a_mu(world: World) -> None:
    world.plot("conversion_round2", mu=3, variant="forest", start=date(2015, 5, 1))
    for year in range(2015, 2021):
        world.inspect("K1", year)
    assert paid(world, "conversion_round2", range(2013, 2024)) == {2015: 150_000, 2017: 90_000, 2019: 120_000}
    assert [r["tranche"] for r in world.rows("conversion_round2", 2017, "cash")] == [3]
    seed = world.rows("conversion_round2", 2015, "seedling")
    assert [(r["state"], r["net_fen"], r["payee"]) for r in seed] == [("in_kind", 90_000, "supplier")]


def test_grass_is_paid_850_and_seed_150(world: World) -> None:
    world.plot("conversion_round2", mu=6, variant="grass", start=date(2016, 1, 1))
    for year in (2016, 2018):
        world.inspect("K1", year, survival=None)
    assert paid(world, "conversion_round2", range(2014, 2024)) == {2016: 270_000, 2018: 240_000}
    assert paid(world, "conversion_round2", range(2014, 2024), "seedling") == {}
    assert [r["net_fen"] for r in world.rows("conversion_round2", 2016, "seedling")] == [90_000]


def test_seedling_money_follows_the_day_the_term_began(world: World) -> None:
    world.plot("conversion_round2", mu=3, variant="forest", start=date(2017, 3, 1)).inspect("K1", 2017)
    assert [r["net_fen"] for r in world.rows("conversion_round2", 2017, "seedling")] == [120_000]


def test_a_tranche_waits_for_its_inspection_with_its_amount(world: World) -> None:
    world.plot("conversion_round2", mu=3, variant="forest").inspect("K1", 2015)
    (row,) = world.rows("conversion_round2", 2017, "cash")
    assert (row["state"], row["reason"], row["net_fen"], row["tranche"]) == ("waiting", "not_inspected", 90_000, 3)
    world.inspect("K1", 2018)
    assert paid(world, "conversion_round2", range(2017, 2020)) == {2018: 90_000}
    (late,) = world.rows("conversion_round2", 2018, "cash")
    assert (late["for_year"], late["reason"]) == (2017, "back_payment")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"survival": 800_000}, "survival_low"), ({"survival": None}, "survival_unknown"), ({"certificate": None}, "no_certificate"),
        ({"result": "rejected"}, "rejected"), ({"level": "self"}, "not_inspected"), ({"certificate": " "}, "no_certificate"),
    ],
)  # fmt: skip
def test_what_is_not_accepted_waits_and_says_why(world: World, change: dict[str, object], reason: str) -> None:
    world.plot("conversion_round2", mu=3, variant="forest").inspect("K1", 2015, **change)  # type: ignore[arg-type]
    (row,) = world.rows("conversion_round2", 2015, "cash")
    assert (row["state"], row["reason"], row["net_fen"]) == ("waiting", reason, 150_000)


def test_part_accepted_now_and_the_rest_after_reinspection_add_up(world: World) -> None:
    world.plot("conversion_round2", mu=6, variant="forest").inspect("K1", 2015, mu=3, result="partial").inspect("K1", 2016)
    first, second = (world.rows("conversion_round2", y, "cash") for y in (2015, 2016))
    assert [(r["net_fen"], r["reason"]) for r in first] == [(150_000, "partly_accepted")]
    assert [(r["net_fen"], r["reason"], r["tranche"], r["before_dm2"]) for r in second] == [(150_000, "reinspected", 1, dm2(3))]


def test_a_reinspection_in_the_same_year_stands_over_the_first(world: World) -> None:
    world.plot("conversion_round2", mu=3, variant="forest").inspect("K1", 2015, result="rejected", on=date(2015, 6, 1))
    world.inspect("K1", 2015, on=date(2015, 11, 1))
    assert paid(world, "conversion_round2", range(2015, 2016)) == {2015: 150_000}


def test_the_higher_level_stands_over_the_county(world: World) -> None:
    world.plot("conversion_round2", mu=6, variant="forest").inspect("K1", 2015).inspect(
        "K1", 2015, level="province", mu=3, result="partial"
    )
    assert paid(world, "conversion_round2", range(2015, 2016)) == {2015: 150_000}


@pytest.mark.parametrize("event", ["intercropping", "recultivation extra"])
def test_an_act_that_stops_the_payment_stops_it(world: World, event: str) -> None:
    world.plot("conversion_round2", mu=3, variant="forest").inspect("K1", 2015).inspect("K1", 2017, events=event)
    (row,) = world.rows("conversion_round2", 2017, "cash")
    assert (row["state"], row["reason"], row["net_fen"]) == ("excluded", "stopped", 0)


def test_permanent_basic_farmland_is_left_out_by_its_share(world: World) -> None:
    world.plot("conversion_round2", mu=6, variant="forest").inspect("K1", 2015)
    world.overlays.append({"parcel_id": "P-K1", "category": "permanent_basic_farmland", "area_dm2": dm2(3)})
    (row,) = world.rows("conversion_round2", 2015, "cash")
    assert (row["net_fen"], row["reason"], row["cut_dm2"]) == (150_000, "overlay_cut", dm2(3))
    world.overlays[0]["area_dm2"] = dm2(6)
    (row,) = world.rows("conversion_round2", 2015, "cash")
    assert (row["state"], row["reason"], row["net_fen"]) == ("excluded", "overlay", 0)


def test_the_extension_pays_expired_years_back_once_in_2022(world: World) -> None:
    world.plot("conversion_round2", mu=3, variant="forest", start=date(2014, 10, 1))
    for level in ("county", "province", "state"):
        world.inspect("K1", 2022, level=level)
    rows = world.rows("conversion_extension_2022", 2022)
    assert [(r["for_year"], r["tranche"], r["net_fen"], r["reason"]) for r in rows] == [
        (2019, 1, 30_000, "back_payment"), (2020, 2, 30_000, "back_payment"), (2021, 3, 30_000, "back_payment"), (2022, 4, 30_000, ""),
    ]  # fmt: skip
    total = sum(
        r["net_fen"] for y in range(2015, 2030) for r in world.rows("conversion_extension_2022", y) if r["state"] == "payable"
    )
    assert total == 150_000
    assert world.rows("conversion_extension_2022", 2024) == []


def test_the_extension_needs_province_and_state_to_confirm(world: World) -> None:
    world.plot("conversion_round2", mu=3, variant="grass", start=date(2019, 10, 1)).inspect("K1", 2022)
    (row,) = world.rows("conversion_extension_2022", 2022)
    assert (row["state"], row["reason"], row["net_fen"], row["tranche"]) == ("waiting", "not_confirmed", 30_000, 1)


@pytest.mark.parametrize(
    ("seen", "owes"),
    [
        # a check counts for an acceptance of its own or an earlier year
        ([(2022, "county"), (2022, "province"), (2023, "state")], {2022: 0, 2023: 120_000, 2024: 30_000}),
        ([(2022, "county"), (2023, "province"), (2024, "state")], {2022: 0, 2023: 0, 2024: 150_000}),
        ([(2022, "county"), (2023, "county"), (2022, "province"), (2023, "state")], {2022: 0, 2023: 120_000, 2024: 30_000}),
        ([(2023, "county"), (2022, "province"), (2022, "state")], {2022: 0, 2023: 0, 2024: 0}),
    ],
)
def test_levels_of_an_inspection_made_once_may_come_in_different_years(
    world: World, seen: list[tuple[int, str]], owes: dict[int, int]
) -> None:
    world.plot("conversion_round2", mu=3, variant="forest", start=date(2015, 3, 1))
    for year, level in seen:
        world.inspect("K1", year, level=level)
    assert paid(world, "conversion_extension_2022", range(2022, 2025)) == {y: fen for y, fen in owes.items() if fen}


def test_what_the_county_takes_back_cannot_be_confirmed_and_more_needs_its_own_confirmation(world: World) -> None:
    for id in ("A", "B", "C"):
        world.plot("conversion_round2", id, mu=6, variant="forest", start=date(2015, 3, 1), holder=id)
        world.inspect(id, 2022, mu=3).inspect(id, 2022, level="province", mu=3)
    world.inspect("A", 2023, result="rejected")
    world.inspect("B", 2022, level="state", mu=3).inspect("B", 2023, mu=6)
    world.inspect("C", 2023, level="state", mu=3, events="no_duty").inspect("C", 2024, level="state", mu=3)
    found = {(r["contract_id"], r["state"], r["reason"]) for r in world.rows("conversion_extension_2022", 2023)}
    assert found == {("A", "waiting", "rejected"), ("B", "payable", "partly_accepted"), ("C", "excluded", "stopped")}
    (one,) = (r for r in world.rows("conversion_extension_2022", 2023) if r["contract_id"] == "B")
    assert (one["net_fen"], one["accepted_dm2"]) == (30_000, 200_000)
    later = [r for r in world.rows("conversion_extension_2022", 2024) if r["contract_id"] == "C"]
    assert sum(r["net_fen"] for r in later if r["state"] == "payable") == 150_000


def test_shanxi_adds_to_1500_over_five_years(world: World) -> None:
    world.place = "140000"
    world.plot("conversion_round2", mu=3, variant="forest", start=date(2017, 5, 1), village="140107001001")
    for year in range(2017, 2022):
        world.inspect("K1", year)
    total = dict.fromkeys(range(2017, 2022), 0)
    for programme in ("conversion_round2", "conversion_top_up"):
        for year, fen in paid(world, programme, range(2017, 2022)).items():
            total[year] += fen
    assert [v // 3 for v in total.values()] == [50_000, 15_000, 30_000, 15_000, 40_000]
    assert sum(total.values()) == 3 * 150_000
    (row,) = world.rows("conversion_top_up", 2018)
    assert world.owed("conversion_top_up", 2018).source.to_pylist() == [
        {"due_id": row["due_id"], "level": "province", "amount_fen": 45_000}
    ]


def test_round_one_and_its_extension_go_by_region_and_kind(world: World) -> None:
    world.plot("conversion_round1", mu=3, variant="economic", start=date(2003, 4, 1), village="610926001001")
    for year in range(2003, 2020):
        world.inspect("K1", year)
    assert paid(world, "conversion_round1", range(2003, 2015), "subsidy") == dict.fromkeys(range(2003, 2008), 48_000)
    assert paid(world, "conversion_round1_extension", range(2003, 2020), "subsidy") == dict.fromkeys(range(2008, 2013), 27_000)
    world.enrolments[0]["facts"] = '{"region": "south"}'
    assert paid(world, "conversion_round1_extension", range(2008, 2009), "subsidy") == {2008: 37_500}


def test_transferred_land_pays_the_right_holder_and_shares_lose_nothing(world: World) -> None:
    world.plot("conversion_round2", area=200_001, variant="forest", shares=(("H1", 1, 3), ("H2", 1, 3), ("H3", 1, 3))).inspect(
        "K1", 2015
    )
    rows = world.rows("conversion_round2", 2015, "cash")
    assert sorted(r["net_fen"] for r in rows) == [50_000, 50_000, 50_001]
    assert {r["holder_id"] for r in rows} == {"H1", "H2", "H3"}


def test_a_village_body_is_never_paid_and_disputes_wait_in_escrow(world: World) -> None:
    world.plot("conversion_round2", "K1", variant="forest", holder="V", kind="collective").inspect("K1", 2015)
    world.plot("conversion_round2", "K2", variant="forest", holder="H2", right_state="disputed").inspect("K2", 2015)
    one, two = world.rows("conversion_round2", 2015, "cash")
    assert (one["state"], one["reason"], one["net_fen"]) == ("excluded", "village_body", 0)
    assert (two["state"], two["reason"], two["net_fen"]) == ("escrow", "disputed", 150_000)


def test_seedlings_go_to_the_supplier_whoever_holds_the_land(world: World) -> None:
    world.plot("conversion_round2", "K1", variant="forest", holder="V", kind="collective").inspect("K1", 2015)
    world.plot("conversion_round2", "K2", variant="forest", holder="H2", right_state="disputed").inspect("K2", 2015)
    world.plot("conversion_round2", "K3", variant="forest", holder="H3", state="breached").inspect("K3", 2015)
    rows = world.rows("conversion_round2", 2015, "seedling")
    assert [(r["state"], r["reason"], r["net_fen"]) for r in rows] == [
        ("in_kind", "", 90_000), ("in_kind", "", 90_000), ("excluded", "breached", 0),
    ]  # fmt: skip


def test_suspended_waits_and_breach_is_not_paid(world: World) -> None:
    world.plot("conversion_round2", "K1", variant="forest", state="suspended").inspect("K1", 2015)
    world.plot("conversion_round2", "K2", variant="forest", state="breached").inspect("K2", 2015)
    world.plot("conversion_round2", "K3", variant="forest", state="terminated").inspect("K3", 2015)
    rows = world.rows("conversion_round2", 2015, "cash")
    assert [(r["contract_id"], r["state"], r["reason"]) for r in rows] == [
        ("K1", "waiting", "suspended"),
        ("K2", "excluded", "breached"),
    ]


@pytest.mark.parametrize(
    ("more", "reason"),
    [({"class_before": "0301"}, "land_class"), ({"class_before": None}, "class_unknown"), ({"variant": "vineyard"}, "variant"),
     ({"start": date(2013, 5, 1)}, "enrolled_outside")],
)  # fmt: skip
def test_land_that_may_not_join_is_refused_with_its_reason(world: World, more: dict[str, object], reason: str) -> None:
    world.plot("conversion_round2", **({"variant": "forest"} | more)).inspect("K1", 2015)  # type: ignore[arg-type]
    rows = [r for y in (2013, 2015) for r in world.rows("conversion_round2", y, "cash")]
    assert {(r["state"], r["reason"], r["net_fen"]) for r in rows} == {("excluded", reason, 0)}
