"""The column engine equals the engine that goes parcel by parcel, for every rule and for numbers of any size."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ecocomp.registry import entries
from ecocomp.rules import Parameters
from ecocomp.standard import vector
from ecocomp.standard.engine import prepare_task
from ecocomp.standard.exact import add, greater, ratio, total_of, whole
from ecocomp.standard.rowwise import set_rows
from ecocomp.standard.setting import check_steps, set_standard
from ecocomp.terms.faults import FaultsError
from ecocomp.terms.money import half_even

from .worlds import LANDS, OPTIONS, RULES, land, rules, tables

Given = Callable[..., Parameters]
MANY = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
_big = st.one_of(st.integers(-(2**63) + 1, 2**63 - 1), st.integers(-50, 50), st.integers(-(10**80), 10**80))
_den = st.one_of(st.integers(1, 2**63 - 1), st.integers(1, 8), st.integers(1, 10**40))


def test_every_rule_is_among_the_worlds() -> None:
    assert set(RULES) == set(entries("standard.rules"))


@settings(max_examples=400, deadline=None)
@given(st.lists(st.tuples(_big, _big, _big, _den, _den), min_size=1, max_size=6), st.integers(-(10**20), 10**20))
def test_a_column_is_rounded_as_each_of_its_numbers(rows: list[tuple[int, ...]], factor: int) -> None:
    a, b, c, d, e = (whole(list(column)) for column in zip(*rows, strict=True))
    found = ratio([[a, b, factor], [c, 3]], [d, e], len(rows)).tolist()
    assert found == [half_even(x * y * factor + 3 * z, p * q) for x, y, z, p, q in rows]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(_big, _big, _big, _big), min_size=1, max_size=6))
def test_products_are_compared_and_columns_added_exactly(rows: list[tuple[int, ...]]) -> None:
    a, b, c, d = (whole(list(column)) for column in zip(*rows, strict=True))
    assert greater([a, b], [c, d], len(rows)).tolist() == [w * x > y * z for w, x, y, z in rows]
    assert greater([a, b], [b, a], len(rows)).tolist() == [False] * len(rows)
    assert [int(v) for v in add(a, b, c)] == [x + y + z for x, y, z, _ in rows]
    assert total_of(a) == sum(r[0] for r in rows)


def _both(params: Parameters, given_tables: dict[str, Any]) -> tuple[Any, Any]:
    """Return the tables of both engines, or the codes of the faults where they refuse."""
    task = prepare_task(params=params, **given_tables)

    def outcome(make: Callable[[Any], Any]) -> Any:
        try:
            return make(task)
        except (FaultsError, pa.ArrowException, OverflowError) as stop:
            return {f.code for f in stop.faults} if isinstance(stop, FaultsError) else {"standard.too_large"}

    return outcome(set_rows), outcome(vector.set_columns)


@pytest.mark.parametrize("rule", RULES)
@MANY
@given(
    lands=LANDS,
    options=st.sets(st.sampled_from(sorted(OPTIONS))).map(sorted).map(tuple),
    reward=st.one_of(st.none(), st.integers(-200_000, 200_000)),
    engel=st.integers(200_000, 900_000),
)
def test_columns_equal_parcel_by_parcel(
    rule: str, lands: list[dict[str, Any]], options: tuple[str, ...], reward: int | None, engel: int, given_rules: Given
) -> None:
    made = tables(lands, reward, engel_ppm=engel)
    one, two = _both(rules(given_rules, rule, options), made)
    assert isinstance(one, set) == isinstance(two, set)
    if isinstance(one, set):
        assert one == two
        return
    for a, b in zip(one, two, strict=True):
        assert a.equals(b), next((x, y) for x, y in zip(a.to_pylist(), b.to_pylist(), strict=True) if x != y)
    assert check_steps(*two) == []
    for row in two[0].to_pylist():
        assert row["low_fen_per_ha"] <= row["rate_fen_per_ha"] <= row["high_fen_per_ha"]
    fast = vector.rates(params=rules(given_rules, rule, options), **made)
    assert fast.equals(two[0])


def test_the_same_keys_are_read_by_both(given_rules: Given) -> None:
    lands = [land(ecosystem=e, tenure=t, red_line_ppm=r) for e in ("11", "34", "51") for t in ("", "state") for r in (0, 10**6)]
    for rule in RULES:
        used = []
        for make in (set_rows, vector.set_columns):
            params = rules(given_rules, rule)
            make(prepare_task(params=params, **tables(lands)))
            used.append(set(params.used))
        assert used[0] == used[1]


def test_a_rule_from_elsewhere_is_asked_parcel_by_parcel(given_rules: Given, monkeypatch: pytest.MonkeyPatch) -> None:
    module = entries("standard.rules")["composite"].module
    prepare = module.prepare
    lands = [land(grade=1 + n % 3, red_line_ppm=n * 90_000) for n in range(11)]
    params = rules(given_rules, "composite")
    ours = set_standard(params=params, **tables(lands))

    def without_columns(params: Parameters, economy: Any) -> Callable[[Any], Any]:
        rule = prepare(params, economy)
        return lambda one: rule(one)

    monkeypatch.setattr(module, "prepare", without_columns)
    theirs = set_standard(params=params, **tables(lands))
    assert all(a.equals(b) for a, b in zip(ours, theirs, strict=True))


def test_pieces_join_without_a_seam(given_rules: Given, monkeypatch: pytest.MonkeyPatch) -> None:
    lands = [land(grade=1 + n % 3, red_line_ppm=n * 30_000, ecosystem=("12", "31", "51")[n % 3], last=n * 5000) for n in range(30)]
    params = rules(given_rules, "bounded", ("ranges", "mixed rules"))
    whole_run = set_standard(params=params, **tables(lands, 20_000))
    monkeypatch.setattr(vector, "PIECE", 7)
    pieces = set_standard(params=params, **tables(lands, 20_000))
    assert all(a.equals(b) for a, b in zip(whole_run, pieces, strict=True))


def test_no_parcels_give_empty_tables(given_rules: Given) -> None:
    made = tables([land()])
    none = {**made, "parcel": made["parcel"].slice(1), "parcel_zone": made["parcel_zone"].slice(1)}
    for rule in RULES:
        standard, steps = set_standard(params=rules(given_rules, rule), **none)
        assert (len(standard), len(steps)) == (0, 0)


def test_an_amount_no_table_can_hold_is_a_fault(given_rules: Given) -> None:
    params = rules(
        given_rules, "composite", standard__protection_cost={"1": "9e27", "3": "1"}, standard__cap={"1": "1e28", "3": "1"}
    )
    with pytest.raises(FaultsError, match="more than can be stored"):
        set_standard(params=params, **tables([land()]))


def test_a_tie_goes_to_even_in_both(given_rules: Given) -> None:
    """0.5 and 1.5 fen per hectare: the value part of 50 and 150 fen on one hectare at a share of 0.01."""
    lands = [land(worth=(v - 7, v - 7, v - 7), area_dm2=1_000_000, grade=2, function_zone="none") for v in (50, 150, 250)]
    standard, _ = set_standard(params=rules(given_rules, "composite"), **tables(lands))
    assert standard["value_fen_per_ha"].to_pylist() == [0, 2, 2]
    assert np.array_equal(whole([half_even(n, 2) for n in (1, 3, 5)]), [0, 2, 2]) and Fraction(1, 2) == 0.5
