"""The scorecard: weights, what happens to what could not be assessed, grades, and the bound of reward and cut."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from ecocomp.performance.judge import grade_of, judge, reward_ppm, weights_of
from ecocomp.rules import Parameters, RuleBook
from ecocomp.terms.faults import FaultsError
from ecocomp.terms.tables import COMPLIANCE, OBSERVATION, PARCEL, PARCEL_TRANSITION, PARCEL_ZONE, READING, SERVICE

Given = Callable[..., Parameters]
YEAR, BASE = 2024, 2023
RULES: dict[str, Any] = {
    "performance.weights.water": {"vegetation_cover": "0.5", "duty_compliance": "0.5"},
    "performance.weights.soil": {"vegetation_cover": "1"},
    "performance.vegetation_cover.bounds": {"worst": "0.2", "best": "0.8"},
    "performance.vegetation_cover.error": "0",
    "performance.duty_compliance.bounds": {"worst": "0.6", "best": "0.98"},
    "performance.min_coverage": "0.3",
    "performance.min_assessed_weight": "0.6",
    "performance.grade": {"A": "85", "B": "70", "C": "60", "D": "0"},
    "performance.reward": {"A": "0.08", "B": "0.02", "C": "0", "D": "-0.04"},
    "performance.reward_bound": "0.05",
}
# a 2 ha, b 1 ha in the water zone; c 1 ha in the soil zone; d 6 ha outside the zones
LANDS = {"a": ("water", 2_000_000), "b": ("water", 1_000_000), "c": ("soil", 1_000_000), "d": ("none", 6_000_000)}


def _tables(cover: dict[str, float], lights: dict[str, str], year: int = YEAR) -> dict[str, Any]:
    return {
        "parcel": PARCEL.table(
            [
                {
                    "parcel_id": p,
                    "village_code": "v",
                    "land_class": "0301",
                    "ecosystem": "12",
                    "area_dm2": dm2,
                    "declared_area_dm2": None,
                    "x": 0.0,
                    "y": 0.0,
                }
                for p, (_, dm2) in LANDS.items()
            ]
        ),
        "parcel_zone": PARCEL_ZONE.table(
            [
                {
                    "parcel_id": p,
                    "function_zone": z,
                    "zone_share_ppm": 1_000_000,
                    "red_line_ppm": 0,
                    "reserve_ppm": 0,
                    "importance": "general",
                    "grade": 2,
                }
                for p, (z, _) in LANDS.items()
            ]
        ),
        "observation": OBSERVATION.table(
            [{"parcel_id": p, "year": year, "signal": "fvc", "value": v, "unit": "1", "coverage": 1.0} for p, v in cover.items()]
        ),
        "compliance": COMPLIANCE.table(
            [
                {"parcel_id": p, "year": year, "light": light, "evidence": "", "confidence": None, "verdict": "none"}
                for p, light in lights.items()
            ]
        ),
    }


def _judge(tables: dict[str, Any], params: Parameters, **more: Any) -> tuple[dict[Any, Any], dict[str, Any]]:
    indicator, card = judge(**tables, **more, params=params, year=YEAR, base_year=BASE)
    return {(r["area_code"], r["indicator"]): r for r in indicator.to_pylist()}, {r["area_code"]: r for r in card.to_pylist()}


def test_scores_by_hand(given_rules: Given) -> None:
    tables = _tables({"a": 0.8, "b": 0.5, "c": 0.8}, {"a": "green", "b": "red", "c": "green"})
    rows, cards = _judge(tables, given_rules(RULES))
    # cover (2·0.8+1·0.5)/3 = 0.7 → 0.5/0.6; duty 2/3 → (0.6667−0.6)/0.38
    assert rows["water", "vegetation_cover"]["score"] == pytest.approx(83.3333333)
    assert rows["water", "duty_compliance"]["score"] == pytest.approx(17.5438596)
    assert cards["water"]["score"] == pytest.approx(50.4385965)
    assert (cards["water"]["grade"], cards["water"]["reward_ppm"]) == ("D", -40_000)
    # 0.08 is cut to the bound of 5 %
    assert (cards["soil"]["score"], cards["soil"]["grade"], cards["soil"]["reward_ppm"]) == (100.0, "A", 50_000)
    # the county: (1.5·83.3333 + 1.5·17.5439 + 1·100)/4 ha; land outside the zones does not count
    assert cards["all"]["score"] == pytest.approx(62.8289474)
    assert (cards["all"]["grade"], cards["all"]["weight_assessed_ppm"]) == ("C", 1_000_000)
    assert cards["none"]["grade"] == "not_assessed"


def test_the_county_is_the_sum_of_its_indicator_rows(given_rules: Given) -> None:
    rows, cards = _judge(_tables({"a": 0.8, "b": 0.5, "c": 0.8}, {"a": "green", "b": "red", "c": "green"}), given_rules(RULES))
    county = [r for (area, _), r in rows.items() if area == "all"]
    assert sum(r["weight_ppm"] for r in county) == 1_000_000
    assert sum(r["weight_ppm"] * r["score"] for r in county) / 1_000_000 == pytest.approx(cards["all"]["score"])


def test_what_was_not_assessed_says_why_and_the_rest_shares_its_weight(given_rules: Given) -> None:
    rules = {**RULES, "performance.weights.water": {"vegetation_cover": "0.6", "duty_compliance": "0.2", "snow_leopards": "0.2"}}
    rows, cards = _judge(_tables({"a": 0.8, "b": 0.5, "c": 0.8}, {}), given_rules(rules))
    assert (rows["water", "duty_compliance"]["reason"], rows["water", "snow_leopards"]["reason"]) == ("no_data", "no_indicator")
    assert rows["water", "duty_compliance"]["score"] is None
    assert cards["water"]["score"] == pytest.approx(83.3333333)
    assert (cards["water"]["weight_assessed_ppm"], cards["water"]["grade"]) == (600_000, "B")


def test_too_little_assessed_weight_moves_nothing(given_rules: Given) -> None:
    _rows, cards = _judge(_tables({"a": 0.8, "b": 0.5, "c": 0.8}, {}), given_rules(RULES))
    assert cards["water"]["weight_assessed_ppm"] == 500_000
    assert (cards["water"]["grade"], cards["water"]["reward_ppm"]) == ("not_assessed", 0)


def test_too_little_seen_is_not_assessed(given_rules: Given) -> None:
    rules = {**RULES, "performance.min_coverage": "0.5"}
    rows, _ = _judge(_tables({"b": 0.5, "c": 0.8}, {"a": "green"}), given_rules(rules))
    assert rows["water", "vegetation_cover"]["reason"] == "low_coverage"
    assert rows["water", "vegetation_cover"]["coverage"] == pytest.approx(1 / 3)


def test_another_area_never_moves_a_score(given_rules: Given) -> None:
    lights = {"a": "green", "b": "red", "c": "green"}
    one, two = (_judge(_tables({"a": 0.8, "b": 0.5, "c": c}, lights), given_rules(RULES))[1]["water"] for c in (0.8, 0.1))
    assert one == two


def test_the_order_of_rows_changes_no_digit(given_rules: Given) -> None:
    tables = _tables({"a": 0.81, "b": 0.53, "c": 0.77}, {"a": "green", "b": "yellow", "c": "red"})
    turned = {k: t.take(list(range(len(t)))[::-1]) for k, t in tables.items()}
    params = given_rules(RULES)
    for forth, back in zip(
        judge(**tables, params=params, year=YEAR, base_year=BASE),
        judge(**turned, params=params, year=YEAR, base_year=BASE),
        strict=True,
    ):
        assert forth.equals(back)


def test_no_parcels_no_cards(given_rules: Given) -> None:
    indicator, card = judge(
        parcel=PARCEL.empty(), parcel_zone=PARCEL_ZONE.empty(), params=given_rules(RULES), year=YEAR, base_year=BASE
    )
    assert len(indicator) == len(card) == 0


def test_closing_extents_stand_over_the_survey(given_rules: Given) -> None:
    rules = {
        **RULES,
        "performance.weights.water": {"cropland_built_share": "1"},
        "performance.cropland_built_share.bounds": {"worst": "0.6", "best": "0.1"},
    }
    transition = PARCEL_TRANSITION.table(
        [
            {"parcel_id": "a", "year": YEAR, "from_ecosystem": "12", "to_ecosystem": to, "area_dm2": dm2}
            for to, dm2 in (("12", 1_250_000), ("51", 750_000))
        ]
        + [{"parcel_id": "b", "year": YEAR, "from_ecosystem": "12", "to_ecosystem": "12", "area_dm2": 1_000_000}]
    )
    rows, _ = _judge(_tables({}, {}), given_rules(rules), parcel_transition=transition)
    found = rows["water", "cropland_built_share"]
    # 0.75 of 3 ha is 0.25: (0.6 − 0.25)/0.5 = 70
    assert (found["value"], found["score"], found["base"]) == (0.25, pytest.approx(70.0), None)


def test_weights_that_do_not_add_up_are_refused(given_rules: Given) -> None:
    with pytest.raises(FaultsError, match=r"weights of performance\.weights\.water add up to 0\.9, not 1"):
        weights_of(given_rules({"performance.weights.water": {"a": "0.5", "b": "0.4"}}), "water")


@pytest.mark.parametrize(("points", "grade"), [(100, "A"), (85, "A"), (84.999, "B"), (70, "B"), (60, "C"), (59.9, "D"), (0, "D")])
def test_grades(points: float, grade: str, given_rules: Given) -> None:
    assert grade_of(points, given_rules(RULES)) == grade


def test_a_cut_is_bounded_too(given_rules: Given) -> None:
    assert reward_ppm("D", given_rules({**RULES, "performance.reward": {"D": "-0.30"}})) == -50_000


def test_readings_that_are_no_numbers_are_all_named(given_rules: Given) -> None:
    reading = READING.table(
        [{"station_id": "S1", "month": f"2024-0{m}", "indicator": "TP", "value": v} for m, v in ((1, "0.1"), (2, "—"), (3, "n.d."))]
    )
    with pytest.raises(FaultsError) as caught:
        _judge(_tables({}, {}), given_rules(RULES), reading=reading)
    assert [f.record for f in caught.value.faults] == ["S1 2024-02 TP", "S1 2024-03 TP"]


def test_a_parcel_without_a_zone_is_named(given_rules: Given) -> None:
    tables = _tables({}, {})
    with pytest.raises(FaultsError, match="a: The parcel has no row in parcel_zone"):
        judge(**{**tables, "parcel_zone": tables["parcel_zone"].slice(1)}, params=given_rules(RULES), year=YEAR, base_year=BASE)


@pytest.mark.parametrize(("place", "accepted"), [("990121", []), ("IN-MM", []), ("CN", ["performance.weights.*"])])
def test_the_shipped_places_judge_a_year(place: str, accepted: list[str], policy_book: RuleBook) -> None:
    """Qingxi judges by its own table; the nation's template is of low confidence and must be accepted by name."""
    params = policy_book.resolve(place, date(YEAR, 12, 31), date(2030, 1, 1))
    cover = dict.fromkeys(LANDS, 0.7)
    tables = _tables(cover, dict.fromkeys(LANDS, "green"))
    tables["observation_base"] = _tables(dict.fromkeys(LANDS, 0.68), {}, BASE)["observation"]
    service = [
        {
            "parcel_id": p,
            "year": y,
            "service": s,
            "quantity": q,
            "low": q * 0.9,
            "high": q * 1.1,
            "unit": "u",
            "method": "m@1",
            "coverage": 1.0,
        }
        for p in LANDS
        for s in ("water_conservation", "soil_retention")
        for y, q in ((YEAR, 103.0), (BASE, 100.0))
    ]
    both = SERVICE.table(service)
    readings = READING.table(
        [
            {"station_id": "S1", "month": f"2024-{m:02d}", "indicator": i, "value": v}
            for m in range(1, 13)
            for i, v in (("CODMn", "2.1"), ("NH3-N", "<0.025"), ("TP", "0.05"))
        ]
    )
    rows, cards = _judge(tables, params, service=both, service_base=both, reading=readings)
    if accepted:
        assert params.unaccepted([]) != []
    else:
        assert {r["reason"] for r in rows.values()} == {""}
        assert cards["water"]["weight_assessed_ppm"] == 1_000_000
    assert params.unaccepted(accepted) == []
    assert "performance.grade" in cards["water"]["parameters"]


@pytest.mark.parametrize("place", ["990121", "IN-MM", "CN"])
def test_shipped_weights_add_up(place: str, policy_book: RuleBook) -> None:
    params = policy_book.resolve(place, date(YEAR, 12, 31), date(2030, 1, 1))
    for zone in ("water", "soil", "sand", "biodiversity"):
        assert sum(weights_of(params, zone).values()) == 1_000_000


def test_tables_of_another_year_are_left_out(given_rules: Given) -> None:
    rows, _ = _judge(_tables({"a": 0.8, "c": 0.8}, {"a": "green"}, year=2020), given_rules(RULES))
    assert {r["reason"] for r in rows.values()} == {"no_data"}
