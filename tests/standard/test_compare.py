"""Across borders: equal land with unequal pay is explained by numbers and documents, or flagged."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest

from ecocomp.rules import Parameters
from ecocomp.standard.compare import Side, compare, compare_within, say_reason
from ecocomp.standard.setting import set_standard
from ecocomp.terms.faults import FaultsError, UsageError
from ecocomp.terms.tables import PARAMETER

from .worlds import YEAR, land, rules, tables

Given = Callable[..., Parameters]


def side(name: str, params: Parameters, lands: list[dict[str, Any]], document: str = "doc", **economy: int) -> Side:
    made = tables(lands, **economy)
    standard, steps = set_standard(params=params, **made)
    rows = [{**r, "document": document} for r in params.rows()]
    holders = {f"p{n:03d}": "household" for n in range(len(lands))}
    parameter = PARAMETER.table([r | {"last_checked": None} for r in rows])
    return Side(name, YEAR, made["parcel"], made["parcel_zone"], standard, steps, parameter, holders)


def reasons(row: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {r["step"]: r for r in json.loads(row["reasons"])}


def test_equal_pay_is_equal(given_rules: Given) -> None:
    a, b = (side(n, rules(given_rules, "composite"), [land()]) for n in ("A", "B"))
    (row,) = compare(a, b).to_pylist()
    assert (row["result"], row["reasons"], row["red_line"], row["holder_kind"]) == ("equal", "[]", "inside", "household")


def test_another_rule_value_is_explained_with_both_documents(given_rules: Given) -> None:
    a = side("A", rules(given_rules, "composite"), [land()], "甲发〔2023〕1号")
    dearer = rules(given_rules, "composite", standard__protection_cost={"1": "350", "3": "200"})
    b = side("B", dearer, [land()], "乙发〔2024〕2号")
    (row,) = compare(a, b).to_pylist()
    assert (row["lower_place"], row["higher_place"], row["result"]) == ("A", "B", "explained")
    found = reasons(row)["protection"]
    assert found["difference_fen_per_ha"] == 5_500
    assert found["numbers"] == [{"name": "cost", "lower": ["300"], "higher": ["350"]}]
    assert [(r["key"], r["lower_document"], r["higher_document"]) for r in found["rules"]] == [
        ("standard.protection_cost", "甲发〔2023〕1号", "乙发〔2024〕2号")
    ]
    said = say_reason(found)
    assert "amount 300 against 350" in said.en and "金额 300 对 350" in said.zh and "甲发〔2023〕1号" in said.zh


def test_a_difference_no_document_stands_for_is_flagged(given_rules: Given) -> None:
    a = side("A", rules(given_rules, "composite"), [land()])
    b = side("B", rules(given_rules, "composite", standard__protection_cost={"1": "350", "3": "200"}), [land()], "")
    (row,) = compare(a, b).to_pylist()
    assert row["result"] == "flagged" and reasons(row)["protection"]["flag"] == "no_document"
    assert "names no document" in say_reason(reasons(row)["protection"]).en


def test_the_same_numbers_with_other_amounts_are_flagged(given_rules: Given) -> None:
    a, b = (side(n, rules(given_rules, "composite"), [land()]) for n in ("A", "B"))
    rows, rates = b.standard_step.to_pylist(), b.standard.to_pylist()
    for row in rows:
        row["amount_fen_per_ha"] += 700 if row["step"] == "protection" else 0
        row["after_fen_per_ha"] += 700
    rates[0]["rate_fen_per_ha"] += 700
    tampered = replace(
        b,
        standard_step=pa.Table.from_pylist(rows, schema=b.standard_step.schema),
        standard=pa.Table.from_pylist(rates, schema=b.standard.schema),
    )
    (row,) = compare(a, tampered).to_pylist()
    assert row["result"] == "flagged" and reasons(row)["protection"]["flag"] == "same_numbers"


def test_another_economy_and_another_rule_are_explanations(given_rules: Given) -> None:
    a = side("A", rules(given_rules, "composite"), [land()])
    poorer = side("B", rules(given_rules, "composite"), [land()], income_fen_per_head=1_400_000)
    (row,) = compare(a, poorer).to_pylist()
    assert row["result"] == "explained"
    assert {n["name"] for n in reasons(row)["regional"]["numbers"]} == {"income_fen_per_head"}
    other = side("C", rules(given_rules, "bounded"), [land()])
    (row,) = compare(a, other).to_pylist()
    assert row["result"] == "explained" and reasons(row)["rule"]["numbers"][0]["higher"] == ["bounded@1"]


def test_only_equal_duty_is_compared(given_rules: Given) -> None:
    """Another grade, red-line class or kind of holder is another duty and has no row."""
    a = side("A", rules(given_rules, "composite"), [land(), land(grade=1), land(red_line_ppm=0), land(ecosystem="34")])
    b = side("B", rules(given_rules, "composite"), [land(grade=1, red_line_ppm=100_000), land(red_line_ppm=499_999)])
    assert len(compare(a, b)) == 0
    same = side("B", rules(given_rules, "composite"), [land()])
    assert len(compare(a, same)) == 1
    assert len(compare(a, replace(same, holders={"p000": "company"}))) == 0


@pytest.mark.parametrize("level", ["province", "city", "county", "town", "village"])
def test_places_of_one_side_are_compared_at_each_level(level: str, given_rules: Given) -> None:
    """Two villages that differ in the last digits of every level; a share of red line explains the difference."""
    lands = [land(red_line_ppm=600_000), land(red_line_ppm=900_000)]
    one = side("A", rules(given_rules, "composite"), lands)
    codes = pa.array(["990121100201", "980232200302"], pa.string())
    at = one.parcel.schema.get_field_index("village_code")
    one = replace(one, parcel=one.parcel.set_column(at, one.parcel.schema.field(at), codes))
    (row,) = compare_within(one, level).to_pylist()
    size = {"province": 2, "city": 4, "county": 6, "town": 9, "village": 12}[level]
    assert (row["lower_place"], row["higher_place"]) == ("990121100201"[:size], "980232200302"[:size])
    assert row["result"] == "explained" and {n["name"] for n in reasons(row)["opportunity"]["numbers"]} == {"red_line_ppm"}
    towns = replace(one, towns={"990121100201": "T1", "980232200302": "T1"})
    assert len(compare_within(towns, level)) == (0 if level == "town" else 1)


def test_a_level_nobody_knows_and_tables_of_two_bundles_are_refused(given_rules: Given) -> None:
    a = side("A", rules(given_rules, "composite"), [land()])
    with pytest.raises(UsageError, match="There is no level hamlet"):
        compare_within(a, "hamlet")
    with pytest.raises(FaultsError, match="Take the tables of one bundle"):
        compare(replace(a, parcel=a.parcel.slice(1)), a)


def test_the_order_of_sides_only_changes_names(given_rules: Given) -> None:
    a = side("A", rules(given_rules, "composite"), [land(), land(grade=1)])
    b = side("B", rules(given_rules, "composite", standard__value_cap="100"), [land(), land(grade=1)])
    assert compare(a, b).equals(compare(b, a))
