"""The standard: worked cases, what holds for any numbers, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ecocomp.registry import entries
from ecocomp.rules import Parameters, RuleBook
from ecocomp.rules.lines import read_yaml, strip
from ecocomp.standard.land import Land, Region, ServiceWorth, development_level, restriction_degree
from ecocomp.standard.setting import check_steps, set_standard
from ecocomp.terms.faults import FaultsError
from ecocomp.terms.tables import ECONOMY, PARCEL, PARCEL_ZONE, SCORECARD, SERVICE_VALUE, STANDARD

WORKED = strip(read_yaml(Path(__file__).parent / "cases" / "standard.yaml")[0])
Given = Callable[..., Parameters]
YEAR = 2024
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def _tables(lands: dict[str, dict[str, Any]], **economy: int) -> dict[str, Any]:
    full = {p: {**WORKED["land"], **land} for p, land in lands.items()}
    parcel = PARCEL.table(
        [
            {
                "parcel_id": p,
                "village_code": "v",
                "land_class": "0301",
                "ecosystem": v["ecosystem"],
                "area_dm2": int(v["area_dm2"]),
                "declared_area_dm2": None,
                "x": 0.0,
                "y": 0.0,
            }
            for p, v in full.items()
        ]
    )
    zone = PARCEL_ZONE.table(
        [
            {
                "parcel_id": p,
                "function_zone": v["function_zone"],
                "zone_share_ppm": 1_000_000,
                "red_line_ppm": int(v["red_line_ppm"]),
                "reserve_ppm": int(v["reserve_ppm"]),
                "importance": "general",
                "grade": int(v["grade"]),
            }
            for p, v in full.items()
        ]
    )
    value = SERVICE_VALUE.table(
        [
            {
                "parcel_id": p,
                "year": YEAR,
                "service": "water_conservation",
                "value_fen": int(v["value_fen"]),
                "low_fen": int(v["low_fen"]),
                "high_fen": int(v["high_fen"]),
                "price_year": YEAR,
                "method": "m@1",
            }
            for p, v in full.items()
            if v["value_fen"] is not None
        ]
    )
    any_land = next(iter(full.values()))
    found = {"engel_ppm": int(any_land["engel_ppm"]), "income_fen_per_head": int(any_land["income_fen_per_head"]), **economy}
    return {
        "parcel": parcel,
        "parcel_zone": zone,
        "service_value": value,
        "region_code": "990121",
        "economy": ECONOMY.table([{"region_code": "990121", "year": YEAR - 1, "gdp_fen_per_head": 0, **found}]),
    }


def _scorecard(rewards: dict[str, Any], year: int = YEAR - 1) -> pa.Table:
    return SCORECARD.table(
        [
            {
                "area_code": z,
                "function_zone": z,
                "year": year,
                "score": 80.0,
                "score_low": 70.0,
                "score_high": 90.0,
                "weight_assessed_ppm": 1_000_000,
                "grade": "B",
                "reward_ppm": int(r),
                "parameters": "",
            }
            for z, r in rewards.items()
        ]
    )


def _last(rates: dict[str, int], year: int = YEAR - 1) -> pa.Table:
    zero = {c.name: 0 for c in STANDARD.columns}
    return STANDARD.table(
        [{**zero, "parcel_id": p, "year": year, "rule": "composite@1", "rate_fen_per_ha": r} for p, r in rates.items()]
    )


def _rules(make: Given, change: dict[str, Any] | None = None) -> Parameters:
    return make({**WORKED["rules"], **(change or {})}, units=WORKED["units"])


def _steps(step: pa.Table, parcel_id: str = "a") -> dict[str, dict[str, Any]]:
    return {r["step"]: r for r in step.to_pylist() if r["parcel_id"] == parcel_id}


@pytest.mark.parametrize("case", WORKED["cases"], ids=[c["name"] for c in WORKED["cases"]])
def test_worked_case(case: dict[str, Any], given_rules: Given) -> None:
    standard, step = set_standard(
        **_tables({"a": case.get("land", {})}),
        params=_rules(given_rules, case.get("rules")),
        year=YEAR,
        scorecard_last=_scorecard(case["reward"]) if "reward" in case else None,
        standard_last=_last({"a": int(case["last"])}) if "last" in case else None,
        tenure={"a": case["tenure"]} if "tenure" in case else None,
    )
    row, found = standard.to_pylist()[0], _steps(step)
    assert {k: found[k]["amount_fen_per_ha"] for k in case["expected"]} == {k: int(v) for k, v in case["expected"].items()}
    assert row["rate_fen_per_ha"] == int(case["rate"])
    for end in ("low", "high"):
        if end in case:
            assert row[f"{end}_fen_per_ha"] == int(case[end])
    for name, inputs in case.get("says", {}).items():
        assert inputs.items() <= json.loads(found[name]["inputs"]).items()
    assert check_steps(standard, step) == []


@pytest.mark.parametrize("name", entries("standard.rules"))
def test_the_examples_of_the_spec_hold(name: str, given_rules: Given) -> None:
    found = entries("standard.rules")[name]
    for example in found.spec.examples:
        land, fen = dict(example.inputs["land"]), example.inputs["land"]["value_fen"]
        land.pop("value_fen")
        worth = None if fen is None else ServiceWorth(fen, fen, fen, "")
        rule = found.module.prepare(
            given_rules(example.inputs["parameters"], units=example.inputs.get("units")),
            Region("r", YEAR, **example.inputs["region"]),
        )
        parts = rule(Land("p", worth=worth, **land))
        assert dict(zip(("protection", "opportunity", "value", "regional"), (p.fen for p in parts), strict=True)) == example.outputs


@pytest.mark.parametrize(("engel", "level"), [(500_000, 0.268941), (400_000, 0.377541)])
def test_the_level_of_development_is_the_published_curve(engel: int, level: float) -> None:
    assert float(development_level(engel)) == pytest.approx(level, abs=5e-7)


@given(st.integers(20_000, 999_999), st.integers(1, 100_000))
def test_the_level_rises_as_the_engel_coefficient_falls(engel: int, more: int) -> None:
    poorer = min(engel + more, 1_000_000)
    assert 0 < development_level(poorer) <= development_level(engel) <= 1


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6))
def test_more_red_line_never_restricts_less(red: int, more: int, reserve: int) -> None:
    from decimal import Decimal

    weights = (Decimal(1), Decimal("0.8"), Decimal("0.4"))
    assert restriction_degree(red, reserve, *weights) <= restriction_degree(min(red + more, 10**6), reserve, *weights) <= 1


@QUICK
@given(value=st.integers(0, 10**9), more=st.integers(0, 10**9), cost=st.integers(0, 3000), dearer=st.integers(0, 1000))
def test_the_rate_never_falls_when_value_or_cost_rises(value: int, more: int, cost: int, dearer: int, given_rules: Given) -> None:
    def rate(fen: int, protection: int, opportunity: int) -> int:
        rules = _rules(
            given_rules, {"standard.protection_cost": {"1": protection}, "standard.opportunity_cost": {"1": opportunity}}
        )
        tables = _tables({"a": {"value_fen": fen, "low_fen": fen, "high_fen": fen}})
        return set_standard(**tables, params=rules, year=YEAR)[0]["rate_fen_per_ha"][0].as_py()

    base = rate(value, cost, cost)
    assert base <= rate(value + more, cost, cost)
    assert base <= rate(value, cost + dearer, cost)
    assert base <= rate(value, cost, cost + dearer)


@QUICK
@given(
    worth=st.tuples(*[st.integers(-(10**8), 10**8)] * 3).map(sorted),
    red=st.integers(0, 10**6),
    grade=st.integers(1, 3),
    ecosystem=st.sampled_from(["11", "34"]),
    last=st.integers(0, 300_000),
    reward=st.integers(-50_000, 50_000),
)
def test_floor_cap_limit_and_the_sum_hold_for_any_parcel(
    worth: list[int], red: int, grade: int, ecosystem: str, last: int, reward: int, given_rules: Given
) -> None:
    land = {
        "value_fen": worth[1],
        "low_fen": worth[0],
        "high_fen": worth[2],
        "red_line_ppm": red,
        "grade": grade,
        "ecosystem": ecosystem,
    }
    standard, step = set_standard(
        **_tables({"a": land}),
        params=_rules(given_rules),
        year=YEAR,
        scorecard_last=_scorecard({"water": reward}),
        standard_last=_last({"a": last}),
    )
    row = standard.to_pylist()[0]
    rate, floor, cap = (
        row["rate_fen_per_ha"],
        {"1": 24_000, "3": 11_250 if red >= 500_000 else 3_750}[ecosystem[0]],
        {"1": 200_000, "3": 180_000}[ecosystem[0]],
    )
    assert floor <= row["low_fen_per_ha"] <= rate <= row["high_fen_per_ha"] <= cap
    parts = sum(row[f"{p}_fen_per_ha"] for p in ("value", "opportunity", "protection", "regional", "adjust"))
    assert parts == rate
    if floor <= last <= cap and last:
        assert abs(rate - last) * 10 <= last
    assert check_steps(standard, step) == []


def test_the_order_of_rows_does_not_matter(given_rules: Given) -> None:
    lands = {p: {"red_line_ppm": i * 90_000, "grade": 1 + i % 3} for i, p in enumerate("abcdefgh")}
    tables = _tables(lands)
    turned = {k: t.take(list(range(len(t)))[::-1]) if isinstance(t, pa.Table) else t for k, t in tables.items()}
    rules = _rules(given_rules)
    for forth, back in zip(
        set_standard(**tables, params=rules, year=YEAR), set_standard(**turned, params=rules, year=YEAR), strict=True
    ):
        assert forth.equals(back)


def test_the_last_economy_row_not_after_the_year_counts(given_rules: Given) -> None:
    tables = _tables({"a": {}})
    rows = [
        {"region_code": "990121", "year": y, "engel_ppm": e, "income_fen_per_head": 1_600_000, "gdp_fen_per_head": 0}
        for y, e in ((2020, 500_000), (2023, 350_000), (2025, 400_000))
    ]
    _, step = set_standard(**{**tables, "economy": ECONOMY.table(rows)}, params=_rules(given_rules), year=YEAR)
    assert json.loads(_steps(step)["regional"]["inputs"])["economy_year"] == 2023
    with pytest.raises(FaultsError, match=r"Region 990121 has no economy row for 2024 or before; there are 990121/2025"):
        set_standard(**{**tables, "economy": ECONOMY.table(rows[2:])}, params=_rules(given_rules), year=YEAR)


def test_all_faulty_parcels_are_named_at_once(given_rules: Given) -> None:
    tables = _tables({"a": {}, "b": {"area_dm2": 0}, "c": {"ecosystem": "99"}})
    tables["parcel_zone"] = tables["parcel_zone"].slice(1)
    with pytest.raises(FaultsError) as caught:
        set_standard(**tables, params=_rules(given_rules), year=YEAR)
    assert {(f.code, f.record) for f in caught.value.faults} == {
        ("standard.no_zone", "a"),
        ("standard.no_area", "b"),
        ("standard.ecosystem", "c"),
    }


def test_prices_of_two_years_are_not_added(given_rules: Given) -> None:
    tables = _tables({"a": {}, "b": {}})
    years = pa.array([2010, 2024], pa.int64())
    at = tables["service_value"].schema.get_field_index("price_year")
    tables["service_value"] = tables["service_value"].set_column(at, tables["service_value"].schema.field(at), years)
    with pytest.raises(FaultsError, match="mixes prices of 2010, 2024"):
        set_standard(**tables, params=_rules(given_rules), year=YEAR)


def test_a_floor_above_the_cap_is_a_clash_of_rules(given_rules: Given) -> None:
    with pytest.raises(FaultsError, match=r"floor of group 1, 24000 fen/ha, lies above the cap, 10000 fen/ha"):
        set_standard(**_tables({"a": {}}), params=_rules(given_rules, {"standard.cap": {"1": "100"}}), year=YEAR)


def test_a_row_the_rule_table_lacks_is_named(given_rules: Given) -> None:
    with pytest.raises(FaultsError, match=r"standard\.opportunity_cost has no value for 1; it has 3"):
        set_standard(**_tables({"a": {}}), params=_rules(given_rules, {"standard.opportunity_cost": {"3": "1"}}), year=YEAR)


def test_tables_of_another_year_are_refused(given_rules: Given) -> None:
    with pytest.raises(FaultsError, match="Last year is 2023, but the table given is of 2022"):
        set_standard(**_tables({"a": {}}), params=_rules(given_rules), year=YEAR, standard_last=_last({"a": 1}, 2022))
    with pytest.raises(FaultsError, match="Last year is 2023, but the table given is of 2021"):
        set_standard(**_tables({"a": {}}), params=_rules(given_rules), year=YEAR, scorecard_last=_scorecard({"water": 0}, 2021))


def test_an_amount_in_another_unit_is_refused(given_rules: Given) -> None:
    params = given_rules(WORKED["rules"], units={**WORKED["units"], "standard.protection_cost": "CNY/m2"})
    with pytest.raises(FaultsError, match=r"standard\.protection_cost is in CNY/m2"):
        set_standard(**_tables({"a": {}}), params=params, year=YEAR)


def test_a_tampered_step_is_found(given_rules: Given) -> None:
    standard, step = set_standard(**_tables({"a": {}}), params=_rules(given_rules), year=YEAR)
    rows = step.to_pylist()
    rows[2]["amount_fen_per_ha"] += 1
    assert [f.record for f in check_steps(standard, pa.Table.from_pylist(rows, schema=step.schema))] == ["a"]


@pytest.mark.parametrize("year", [2023, 2024, 2025])
def test_the_sample_county_lands_between_sixty_and_a_hundred_and_sixty_yuan_per_mu(year: int, policy_book: RuleBook) -> None:
    """A believable spread by zone, grade and red line, from shipped rules, none of them unverified."""
    lands = {
        f"{zone}{grade}{red}": {"function_zone": zone, "grade": grade, "red_line_ppm": red, "reserve_ppm": 0}
        for zone in ("water", "soil", "sand", "biodiversity")
        for grade in (1, 2, 3)
        for red in (0, 1_000_000)
    }
    tables = _tables(lands, engel_ppm=310_000, income_fen_per_head=1_850_000)
    at = tables["service_value"].schema.get_field_index("year")
    tables["service_value"] = tables["service_value"].set_column(
        at, tables["service_value"].schema.field(at), pa.array([year] * len(lands), pa.int64())
    )
    tables["economy"] = ECONOMY.table([{**tables["economy"].to_pylist()[0], "year": year - 1}])
    params = policy_book.resolve("990121", date(year, 12, 31), date(2030, 1, 1))
    rates = dict(
        zip(
            *(set_standard(**tables, params=params, year=year)[0][c].to_pylist() for c in ("parcel_id", "rate_fen_per_ha")),
            strict=True,
        )
    )
    assert 90_000 <= min(rates.values()) < max(rates.values()) <= 240_000
    for zone in ("water", "soil", "sand", "biodiversity"):
        assert rates[f"{zone}11000000"] > rates[f"{zone}31000000"] > rates[f"{zone}30"]
    assert params.unaccepted([]) == []


def test_the_study_case_has_all_it_needs(policy_book: RuleBook) -> None:
    params = policy_book.resolve("IN-MM", date(YEAR, 12, 31), date(2030, 1, 1))
    standard, step = set_standard(**_tables({"a": {}}), params=params, year=YEAR)
    assert standard["rate_fen_per_ha"][0].as_py() > 0
    assert check_steps(standard, step) == []


def test_the_rules_change_in_2025(policy_book: RuleBook) -> None:
    before, after = (policy_book.resolve("990121", date(y, 12, 31), date(2030, 1, 1)) for y in (2024, 2025))
    assert before.table("standard.protection_cost") != after.table("standard.protection_cost")
    assert before.table("standard.value_share")["water"] < after.table("standard.value_share")["water"]


def test_ten_thousand_parcels(policy_book: RuleBook) -> None:
    lands = {
        f"P{i:05d}": {"red_line_ppm": i * 97 % 1_000_001, "grade": 1 + i % 3, "value_fen": 4_000_000 + i} for i in range(10_000)
    }
    tables = _tables(lands)
    params = policy_book.resolve("990121", date(YEAR, 12, 31), date(2030, 1, 1))
    assert len(set_standard(**tables, params=params, year=YEAR)[0]) == 10_000


@pytest.mark.parametrize(
    ("observed_ppm", "expected"),
    [(1_000_000, 100_000), (500_000, 200_000), (900_000, 111_111), (499_999, None)],
    ids=["whole", "half: doubled", "nine tenths", "less than half: not counted"],
)
def test_a_gap_in_the_data_is_no_loss_of_nature(observed_ppm: int, expected: int | None, given_rules: Given) -> None:
    tables = _tables({"a": {"value_fen": 100_000}})
    value = tables["service_value"]
    at = value.schema.names.index("observed_ppm")
    tables["service_value"] = value.set_column(at, value.schema.field(at), pa.array([observed_ppm] * len(value), pa.int64()))
    _, step = set_standard(**tables, params=_rules(given_rules), year=YEAR)
    inputs = json.loads(_steps(step)["value"]["inputs"])
    assert inputs.get("service_value_fen") == expected


def test_half_the_observation_gives_the_same_rate(given_rules: Given) -> None:
    """The same land seen whole, and seen half with half the quantity: the rate must not fall."""
    whole, half = _tables({"a": {"value_fen": 200_000}}), _tables({"a": {"value_fen": 100_000}})
    value = half["service_value"]
    at = value.schema.names.index("observed_ppm")
    half["service_value"] = value.set_column(at, value.schema.field(at), pa.array([500_000] * len(value), pa.int64()))
    rates = [set_standard(**t, params=_rules(given_rules), year=YEAR)[0]["rate_fen_per_ha"].to_pylist() for t in (whole, half)]
    assert rates[0] == rates[1]


def test_only_the_services_named_count_and_a_product_counts_with_its_service() -> None:
    from ecocomp.standard.setting import of_services
    from ecocomp.terms.tables import SERVICE_VALUE

    names = ["soil_retention", "water_yield", "air_purification.so2", "air_purification.nox"]
    rows = {"parcel_id": ["a"] * 4, "year": [2023] * 4, "service": names, "price_year": [2023] * 4, "method": ["m"] * 4}
    table = SERVICE_VALUE.table(
        {**rows, **dict.fromkeys(("value_fen", "low_fen", "high_fen"), [1] * 4), "observed_ppm": [None] * 4}
    )
    assert of_services(table, ["soil_retention", "air_purification"])["service"].to_pylist() == [
        names[3],
        names[2],
        names[0],
    ]
    assert of_services(table, ["air_purification.nox"])["service"].to_pylist() == [names[3]]
    assert len(of_services(table, [])) == 0
