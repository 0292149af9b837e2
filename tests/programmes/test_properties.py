"""Over random worlds: the same as row by row in Decimal, whatever the order of rows; nothing lost, nobody twice, never below zero."""

from __future__ import annotations

import random
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecocomp.programmes.owed import owed, times
from ecocomp.programmes.programme import load_programmes
from ecocomp.programmes.year import entitlements
from ecocomp.rules import RuleBook, policy_folder

from .conftest import World

BOOK, ALL = RuleBook.load([policy_folder()], check=False), load_programmes()
TRANCHES = {"forest": {1: 500, 3: 300, 5: 400}, "grass": {1: 450, 3: 400}}
PLOT = st.fixed_dictionaries(
    {
        "area": st.integers(1, 9_000_000), "variant": st.sampled_from(["forest", "grass"]), "start": st.integers(2014, 2019),
        "accepted": st.dictionaries(st.integers(2014, 2024), st.integers(0, 9_000_000), max_size=5), "farmland": st.sampled_from([0, 0, 1000, 5_000_000]),
        "shares": st.sampled_from([(("A", 1, 1),), (("A", 1, 2), ("B", 1, 2)), (("A", 1, 3), ("B", 1, 3), ("C", 1, 3)), (("A", 2, 7), ("B", 5, 7))]),
    }
)  # fmt: skip


def world_of(plots: list[dict[str, Any]]) -> World:
    world = World(BOOK, ALL)
    for n, p in enumerate(plots):
        id = f"K{n:03d}"
        world.plot(
            "conversion_round2",
            id,
            area=p["area"],
            variant=p["variant"],
            start=date(p["start"], 5, 1),
            holder="A",
            shares=p["shares"],
        )
        for year, area in p["accepted"].items():
            world.inspect(id, year, area=min(area, p["area"]), result="partial" if area else "rejected")
        if p["farmland"]:
            world.overlays.append({"parcel_id": f"P-{id}", "category": "permanent_basic_farmland", "area_dm2": p["farmland"]})
    return world


def fen(rate: int, area: int) -> int:
    exact = Decimal(rate) * 100 * Decimal(area) * 3 / Decimal(200_000)
    return int(exact.quantize(Decimal(1), ROUND_HALF_EVEN))


def by_hand(p: dict[str, Any], year: int) -> int:
    """The cash of one plot in a year, one row after the other in Decimal."""
    free = max(p["area"] - min(p["farmland"], p["area"]), 0)
    total = 0
    for offset, rate in TRANCHES[p["variant"]].items():
        due = p["start"] + offset - 1

        def best(until: int, due: int = due) -> int:
            return max([min(a, p["area"]) for y, a in p["accepted"].items() if due <= y <= until], default=0)

        if due <= year:
            total += fen(rate, min(best(year), free)) - fen(rate, min(best(year - 1), free))
    return total


@settings(max_examples=60, deadline=None)
@given(st.lists(PLOT, min_size=1, max_size=6), st.integers(2014, 2025), st.randoms(use_true_random=False))
def test_vector_equals_row_by_row_and_order_does_not_matter(plots: list[dict[str, Any]], year: int, shuffle: random.Random) -> None:
    world = world_of(plots)
    found = world.owed("conversion_round2", year)
    cash = [r for r in found.due.to_pylist() if r["payment"] == "cash"]
    sums: dict[str, int] = {}
    for r in cash:
        assert r["net_fen"] >= 0
        if r["state"] == "payable":
            sums[r["contract_id"]] = sums.get(r["contract_id"], 0) + r["net_fen"]
    assert sums == {f"K{n:03d}": s for n, p in enumerate(plots) if (s := by_hand(p, year)) or f"K{n:03d}" in sums}
    borne: dict[str, int] = {}
    for s in found.source.to_pylist():
        borne[s["due_id"]] = borne.get(s["due_id"], 0) + s["amount_fen"]
    assert borne == {r["due_id"]: r["net_fen"] for r in found.due.to_pylist() if r["state"] != "excluded"}
    for rows in (world.parcels, world.rights, world.contracts, world.enrolments, world.inspections, world.overlays):
        shuffle.shuffle(rows)
    assert world.owed("conversion_round2", year).due.equals(found.due)


@settings(max_examples=25, deadline=None)
@given(st.lists(PLOT, min_size=1, max_size=4))
def test_over_the_years_nobody_is_paid_more_than_the_rate_and_no_key_twice(plots: list[dict[str, Any]]) -> None:
    world = world_of(plots)
    p = world.programmes.get(world.book, world.place, "conversion_round2")
    paid: dict[str, int] = {}
    for year in range(2014, 2026):
        found = entitlements([p], world.tables(), world.params(year), year).entitlement.to_pylist()
        live = [r for r in found if r["state"] != "excluded"]
        keys = [(r["holder_id"], r["parcel_id"], r["programme"], r["year"], r["tranche"]) for r in live]
        assert len(keys) == len(set(keys))
        for r in live:
            assert r["gross_fen"] - r["deduction_fen"] == r["entitled_fen"] == r["shortfall_fen"] >= 0
            paid[r["contract_id"]] = paid.get(r["contract_id"], 0) + r["entitled_fen"]
    for n, plot in enumerate(plots):
        most = sum(fen(rate, plot["area"]) for rate in TRANCHES[plot["variant"]].values())
        assert paid.get(f"K{n:03d}", 0) <= most


@settings(max_examples=10, deadline=None)
@given(st.lists(PLOT, min_size=1, max_size=2), st.integers(2014, 2024), st.integers(1, 10**6))
def test_more_accepted_area_never_lowers_what_is_paid_in_all(plots: list[dict[str, Any]], year: int, more: int) -> None:
    def total(given: list[dict[str, Any]]) -> int:
        world = world_of(given)
        return sum(
            r["net_fen"] for y in range(2014, 2026) for r in world.rows("conversion_round2", y, "cash") if r["state"] == "payable"
        )

    better = [p | {"accepted": p["accepted"] | {year: p["accepted"].get(year, 0) + more}} for p in plots]
    assert total(better) >= total(plots)


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=5), st.fractions(0, 10**6, max_denominator=10**9), st.integers(0, 12))
def test_money_is_exact_whatever_the_size(counts: list[int], per: Fraction, months: int) -> None:
    found = times(np.array(counts, np.int64), per, np.full(len(counts), months)).tolist() if max(counts) * per < 2**60 else []
    for count, value in zip(counts, found, strict=bool(found)):
        exact = count * per * months / 12
        low = exact.numerator // exact.denominator
        rest = exact - low
        assert value == low + (rest > Fraction(1, 2) or (rest == Fraction(1, 2) and low % 2 == 1))


def test_twenty_thousand_plots_are_those_of_one_plot_each() -> None:
    n = 20_000
    one = world_of(
        [
            {
                "area": 1_234_567,
                "variant": "forest",
                "start": 2016,
                "accepted": {2016: 1_000_001, 2018: 1_234_567},
                "farmland": 0,
                "shares": (("A", 1, 2), ("B", 1, 2)),
            }
        ]
    )
    tables = one.tables()
    ids = pa.array([f"K{i:06d}" for i in range(n)])
    parcels = pa.array([f"P{i:06d}" for i in range(n)])

    def many(table: pa.Table, **columns: pa.Array) -> pa.Table:
        each = len(table)
        made = table.take(pa.array(np.tile(np.arange(each), n)))
        for name, values in columns.items():
            repeated = values.take(pa.array(np.repeat(np.arange(n), each)))
            made = made.set_column(made.schema.get_field_index(name), made.schema.field(name), repeated)
        return made

    rights = many(tables["right_payable"], parcel_id=parcels)
    numbered = pa.array([f"R{i:07d}" for i in range(len(rights))])
    rights = rights.set_column(0, rights.schema.field("right_id"), numbered)
    seen = many(tables["inspection"], contract_id=ids)
    seen = seen.set_column(0, seen.schema.field("inspection_id"), pa.array([f"I{i:07d}" for i in range(len(seen))]))
    p = ALL.get(BOOK, "990121", "conversion_round2")
    found = owed(
        p, many(tables["contract"], contract_id=ids, parcel_id=parcels), seen, rights, many(tables["parcel"], parcel_id=parcels), one.params(2018), 2018,
        enrolment=many(tables["enrolment"], contract_id=ids), holder=tables["holder"],
    )  # fmt: skip
    single = list(one.owed("conversion_round2", 2018).due.to_pylist())
    assert len(found.due) == n * len(single)
    assert found.due["net_fen"].to_numpy().sum() == n * sum(r["net_fen"] for r in single)
    assert sorted(set(found.due["net_fen"].to_pylist())) == sorted({r["net_fen"] for r in single})


pytestmark = pytest.mark.filterwarnings("ignore")
