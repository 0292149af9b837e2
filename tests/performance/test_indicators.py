"""Indicators and scores: worked cases, the examples of the specs, and what holds for any numbers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecocomp.performance.area import REASONS, Area, Measure, Reading, Seen, area_mean, bounds, not_assessed, score
from ecocomp.registry import entries
from ecocomp.rules import Parameters
from ecocomp.rules.lines import read_yaml, strip
from ecocomp.terms.faults import FaultsError

INDICATORS = entries("performance.indicators")
WORKED = strip(read_yaml(Path(__file__).parent / "cases" / "indicators.yaml")[0])
Given = Callable[..., Parameters]
DOMINANT = [{"function_zone": "water", "service": "water_conservation"}]


def _reading(station: str, month: str, indicator: str, text: str) -> Reading:
    return Reading(station, month, indicator, float(text.lstrip("<")), text.startswith("<"))


def _check(found: Measure, case: dict[str, Any]) -> None:
    assert found.reason == case.get("reason", "")
    for name, value in case.get("expected", {}).items():
        assert getattr(found, name) == pytest.approx(float(value), abs=1e-8), name


def _names(cases: list[dict[str, Any]]) -> list[str]:
    return [c["name"] for c in cases]


@pytest.mark.parametrize("case", WORKED["water"], ids=_names(WORKED["water"]))
def test_water_quality_worked_case(case: dict[str, Any], given_rules: Given) -> None:
    params = given_rules(
        {
            "performance.water_quality_compliance.limits": WORKED["limits"],
            "performance.water_quality_compliance.below_detection": "0.5",
        }
    )
    area = Area("water", {"a": 100}, readings=tuple(_reading(*r) for r in case["readings"]))
    _check(INDICATORS["water_quality_compliance"].module.measure(area, params), case)


@pytest.mark.parametrize("case", WORKED["duty"], ids=_names(WORKED["duty"]))
def test_duty_worked_case(case: dict[str, Any], given_rules: Given) -> None:
    area = Area("water", {k: int(v) for k, v in case["area_dm2"].items()}, lights={k: tuple(v) for k, v in case["lights"].items()})
    _check(INDICATORS["duty_compliance"].module.measure(area, given_rules({})), case)


@pytest.mark.parametrize("case", WORKED["score"], ids=_names(WORKED["score"]))
def test_score_worked_case(case: dict[str, Any]) -> None:
    value, low, high, coverage, worst, best = (float(case[k]) for k in ("value", "low", "high", "coverage", "worst", "best"))
    found = score(Measure(value, low, high, None, coverage), worst, best)
    assert [found.score, found.low, found.high] == pytest.approx([float(x) for x in case["expected"]])


def _seen(values: dict[str, float]) -> dict[str, Seen]:
    return {p: Seen(v, v, v, 1.0, "m") for p, v in values.items()}


def _area_of(example: dict[str, Any]) -> Area:
    """Build an area from the plain inputs of a spec's example."""
    return Area(
        "water",
        example.get("area_dm2", {"a": 1}),
        signals={"fvc": _seen(example.get("cover", {}))},
        signals_base={"fvc": _seen(example["base"])} if "base" in example else {},
        services={"water_conservation": _seen(example.get("quantity", {}))},
        services_base={"water_conservation": _seen(example.get("base", {}))},
        lights={p: (light, "none") for p, light in example.get("lights", {}).items()},
        extent_dm2=example.get("extent_dm2", {}),
        readings=tuple(_reading(*r) for r in example.get("readings", [])),
    )


@pytest.mark.parametrize("name", INDICATORS)
def test_the_examples_of_the_spec_hold(name: str, given_rules: Given) -> None:
    for example in INDICATORS[name].spec.examples:
        given_values = {
            f"performance.{name}.{k}": v for k, v in example.inputs.items() if k in ("error", "limits", "below_detection")
        }
        params = given_rules({**given_values, "performance.dominant_service": DOMINANT})
        found = INDICATORS[name].module.measure(_area_of(dict(example.inputs)), params)
        for column, value in example.outputs.items():
            assert getattr(found, column) == pytest.approx(value), column


@pytest.mark.parametrize("name", INDICATORS)
def test_an_area_where_nothing_was_seen_is_not_assessed(name: str, policy_book: Any) -> None:
    from datetime import date

    params = policy_book.resolve("990121", date(2024, 12, 31), date(2030, 1, 1))
    found = INDICATORS[name].module.measure(Area("water", {"a": 100}), params)
    assert found.value is None
    assert found.reason in REASONS


def test_a_change_of_method_is_not_a_change_of_nature(given_rules: Given) -> None:
    now, then = {"a": Seen(2.0, 1.0, 3.0, 1.0, "v2")}, {"a": Seen(1.0, 1.0, 1.0, 1.0, "v1")}
    area = Area("water", {"a": 100}, services={"water_conservation": now}, services_base={"water_conservation": then})
    measure = INDICATORS["service_change"].module.measure
    assert measure(area, given_rules({"performance.dominant_service": DOMINANT})).reason == "method_changed"
    assert measure(area, given_rules({"performance.dominant_service": []})).reason == "no_service"


def test_parcels_seen_in_one_year_only_do_not_count_as_change(given_rules: Given) -> None:
    now = {"a": Seen(110.0, 105.0, 115.0, 1.0, "m"), "b": Seen(900.0, 900.0, 900.0, 1.0, "m")}
    then = {"a": Seen(100.0, 100.0, 100.0, 1.0, "m")}
    area = Area("water", {"a": 300, "b": 100}, services={"water_conservation": now}, services_base={"water_conservation": then})
    found = INDICATORS["service_change"].module.measure(area, given_rules({"performance.dominant_service": DOMINANT}))
    assert (found.value, found.low, found.high) == pytest.approx((0.10, 0.05, 0.15))
    assert found.coverage == 0.75


def test_a_part_that_was_not_seen_is_not_in_the_mean() -> None:
    seen = {"a": Seen(0.9, 0.9, 0.9, 0.5), "b": Seen(0.3, 0.3, 0.3, 1.0)}
    found = area_mean(seen, {"a": 200, "b": 100, "c": 100})
    assert found.value == pytest.approx(0.6)
    assert found.coverage == pytest.approx(0.5)


@given(
    ends=st.tuples(*[st.floats(-1, 2)] * 3).map(sorted),
    coverage=st.floats(0, 1),
    worst=st.floats(-0.5, 0.4),
    span=st.floats(0.01, 1),
    turned=st.booleans(),
)
def test_a_score_lies_in_its_range_and_in_0_to_100(
    ends: list[float], coverage: float, worst: float, span: float, turned: bool
) -> None:
    low, value, high = ends
    pair = (worst + span, worst) if turned else (worst, worst + span)
    found = score(Measure(value, low, high, None, coverage), *pair)
    assert -1e-9 <= found.low <= found.score + 1e-9 and found.score <= found.high + 1e-9 <= 100 + 1e-6


def test_bounds_are_those_of_the_zone_where_it_has_its_own(given_rules: Given) -> None:
    params = given_rules(
        {
            "performance.x.bounds": {"worst": "0.2", "best": "0.8", "sand.worst": "0.1", "sand.best": "0.5"},
            "performance.y.bounds": {"worst": "0.2", "best": "0.2"},
        }
    )
    assert bounds(params, "x", "water") == (0.2, 0.8)
    assert bounds(params, "x", "sand") == (0.1, 0.5)
    with pytest.raises(FaultsError, match=r"performance\.y\.bounds has worst 0\.2 and best 0\.2"):
        bounds(params, "y", "water")


def test_a_reason_must_have_a_sentence() -> None:
    with pytest.raises(ValueError, match="unknown reason"):
        not_assessed("because")
