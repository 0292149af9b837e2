"""What moves a rate: each number alone, exactly, ranked; which step binds; the table of rates."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecocomp.rules import Parameters
from ecocomp.standard.engine import prepare_task
from ecocomp.standard.rate_table import rate_table
from ecocomp.standard.sensitivity import Kinds, sensitivity
from ecocomp.standard.setting import set_standard
from ecocomp.terms.faults import UsageError
from ecocomp.terms.money import half_even

from .worlds import RULES, land, rules, tables

Given = Callable[..., Parameters]


def moved(params: Parameters, lands: list[dict[str, Any]], **more: Any) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    made = tables(lands)
    found, bounds = sensitivity(prepare_task(params=params, **made), made["parcel"], **more)
    return found.to_pylist(), bounds.to_pylist()


def row(rows: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return next(r for r in rows if r["input"] == name)


def test_a_cost_moves_the_rate_by_its_share(given_rules: Given) -> None:
    """900 CNY × degree 0.5 + 0.08 + 0.14 = 0.72: ten percent of 648 is 64.80 each way; the rate is 1528.00."""
    rows, _ = moved(rules(given_rules, "composite"), [land()])
    cost = row(rows, "standard.opportunity_cost")
    assert (cost["code"], cost["value"], cost["low"], cost["high"], cost["range"]) == ("1", "900", "810", "990", "assumed")
    assert cost["at_high_fen_per_ha"] - cost["rate_fen_per_ha"] == 6_480 == cost["rate_fen_per_ha"] - cost["at_low_fen_per_ha"]
    assert cost["swing_fen_per_ha"] == 12_960
    # (12 960 / rate) / (180 / 900)
    assert cost["elasticity_ppm"] == half_even(12_960 * 5 * 10**6, cost["rate_fen_per_ha"])


def test_a_stated_range_is_used_as_it_stands(given_rules: Given) -> None:
    rows, _ = moved(rules(given_rules, "composite", ("ranges",)), [land()])
    cost = row(rows, "standard.protection_cost")
    assert (cost["low"], cost["high"], cost["range"]) == ("250", "310", "stated")
    assert cost["at_low_fen_per_ha"] == cost["rate_fen_per_ha"] - 5_500  # 50 CNY × 1.10
    assert row(rows, "service_value")["range"] == "stated"


def test_inputs_are_ranked_and_the_bound_that_binds_is_named(given_rules: Given) -> None:
    capped = rules(given_rules, "composite", standard__cap={"1": "1000", "3": "1000"})
    rows, bounds = moved(capped, [land(), land(red_line_ppm=900_000)])
    assert sorted(r["rank"] for r in rows) == list(range(1, len(rows) + 1))
    assert row(rows, "standard.cap")["rank"] == 1 and row(rows, "standard.cap")["elasticity_ppm"] == 1_000_000
    assert row(rows, "standard.protection_cost")["swing_fen_per_ha"] == 0
    cap = next(b for b in bounds if b["step"] == "cap")
    assert (cap["parcels"], cap["lowered_parcels"], cap["raised_parcels"]) == (2, 2, 0)


def test_an_end_the_rules_forbid_is_left_empty(given_rules: Given) -> None:
    """A floor of 150 CNY/ha moved up by half lies above a cap of 160: that end is empty, the others are not."""
    params = rules(given_rules, "composite", standard__cap={"1": "160", "3": "1000"})
    rows, _ = moved(params, [land()], spread=Decimal("0.5"))
    floor = row(rows, "standard.floor.forest_state")
    assert floor["at_high_fen_per_ha"] is None and floor["elasticity_ppm"] is None
    assert floor["at_low_fen_per_ha"] is not None


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_says_what_moves_it(rule: str, given_rules: Given) -> None:
    lands = [land(grade=g, ecosystem=e, red_line_ppm=r) for g in (1, 3) for e in ("11", "34", "51") for r in (0, 700_000)]
    params = rules(given_rules, rule)
    rows, bounds = moved(params, lands)
    assert {(r["ecosystem"], r["grade"]) for r in rows} == {(e, g) for e in ("11", "34") for g in (1, 3)}
    assert max(r["swing_fen_per_ha"] for r in rows) > 0 and bounds
    again = set_standard(params=params, **tables(lands))[0]
    made = tables(lands)
    table = rate_table(made["parcel"], made["parcel_zone"], again).to_pylist()
    means = {(r["ecosystem"], r["grade"]): r["mean_fen_per_ha"] for r in table}
    assert all(r["rate_fen_per_ha"] == means[r["ecosystem"], r["grade"]] for r in rows)


def test_an_odd_spread_is_refused(given_rules: Given) -> None:
    for spread in ("0", "1", "-0.1", "7"):
        with pytest.raises(UsageError, match="between 0 and 1"):
            moved(rules(given_rules, "composite"), [land()], spread=Decimal(spread))


def test_no_parcels_give_no_rows(given_rules: Given) -> None:
    made = tables([land()])
    none = {**made, "parcel": made["parcel"].slice(1), "parcel_zone": made["parcel_zone"].slice(1)}
    found, bounds = sensitivity(prepare_task(params=rules(given_rules, "composite"), **none), none["parcel"])
    assert len(found) == len(bounds) == 0
    assert len(rate_table(none["parcel"], none["parcel_zone"], made["standard_last"].slice(1))) == 0


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 2**62), st.integers(-(2**62), 2**62)), min_size=1, max_size=20))
def test_means_by_area_are_exact_for_any_numbers(rows: list[tuple[int, int, int]]) -> None:
    inverse, area, _ = (np.array(c, np.int64) for c in zip(*rows, strict=True))
    kinds = Kinds([("a", "b", n) for n in range(3)], inverse, area)
    for n in set(inverse.tolist()):
        chosen = [(a, r) for i, a, r in rows if i == n]
        expected = half_even(sum(a * r for a, r in chosen), sum(a for a, _ in chosen))
        present = Kinds([("a", "b", 0)], np.zeros(len(chosen), np.int64), np.array([a for a, _ in chosen]))
        assert present.means(np.array([r for _, r in chosen])) == [expected]
    assert sum(kinds.counts(np.ones(len(rows), bool))) == len(rows)


def test_the_table_of_rates_has_mean_lowest_highest_and_range(given_rules: Given) -> None:
    lands = [land(area_dm2=1_000_000), land(area_dm2=3_000_000, red_line_ppm=0, worth=None), land(ecosystem="51")]
    made = tables(lands)
    standard = set_standard(params=rules(given_rules, "composite", ("ranges",)), **made)[0]
    rate = dict(zip(standard["parcel_id"].to_pylist(), standard["rate_fen_per_ha"].to_pylist(), strict=True))
    forest, farm = rate_table(made["parcel"], made["parcel_zone"].take(pa.array([2, 1, 0])), standard).to_pylist()
    assert forest["mean_fen_per_ha"] == half_even(rate["p000"] + 3 * rate["p001"], 4)
    assert (forest["lowest_fen_per_ha"], forest["highest_fen_per_ha"]) == (rate["p001"], rate["p000"])
    assert forest["low_fen_per_ha"] < forest["mean_fen_per_ha"] < forest["high_fen_per_ha"]
    assert (farm["ecosystem"], farm["mean_fen_per_ha"], farm["parcels"]) == ("51", 0, 1)
