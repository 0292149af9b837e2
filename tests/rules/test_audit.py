"""The audit and the comparison of rule books: gaps, rules that ran out, checks, two days, two places, two states of knowledge."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from ecocomp.rules import RuleBook
from ecocomp.rules.difference import differences, side
from ecocomp.terms.faults import Fault

HEAD = """parameters:
  - key: pay.rate
    name: {zh: 标准, en: rate}
    unit: CNY/ha
    kind: number
    values:
"""
TABLE = """parameters:
  - key: pay.table
    name: {zh: 表, en: table}
    unit: CNY/ha
    kind: table
    values:
"""
FAR = date(9999, 1, 1)


def book(tmp_path: Path, **values: str) -> tuple[RuleBook, list[Fault]]:
    (tmp_path / "places.yaml").write_text(
        "places:\n  top: {name: {zh: 顶, en: top}}\n  low: {name: {zh: 低, en: low}, above: top}\n", encoding="utf-8"
    )
    for place, text in values.items():
        name, _, place = place.rpartition("_")
        path = tmp_path / place / "pay" / f"{name or 'rate'}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text((TABLE if name else HEAD) + "".join(f"      - {{{v}}}\n" for v in text.splitlines()), encoding="utf-8")
    return RuleBook.read([tmp_path])


def codes(found: RuleBook, today: date = date(2026, 6, 30)) -> list[str]:
    return [f.code for f in found.audit(today)]


SOURCED = "document: d, confidence: V, last_checked: 2026-01-01"


def test_a_longer_value_recorded_before_a_correction_leaves_no_gap(tmp_path: Path) -> None:
    text = f"""from: 2020-01-01, to: 2025-12-31, value: 1, {SOURCED}
from: 2020-01-01, to: 2021-12-31, value: 2, recorded: 2023-05-01, {SOURCED}
from: 2026-01-01, value: 3, {SOURCED}"""
    found, faults = book(tmp_path, top=text)
    assert faults == [] and codes(found) == []


def test_a_gap_and_a_rule_that_ran_out_are_told(tmp_path: Path) -> None:
    text = f"from: 2020-01-01, to: 2020-12-31, value: 1, {SOURCED}\nfrom: 2022-01-01, to: 2025-12-31, value: 2, {SOURCED}"
    found, _ = book(tmp_path, top=text)
    gap, ended = found.audit(date(2026, 6, 30))
    assert (gap.code, ended.code) == ("rules.gap", "rules.ended")
    assert "2021-01-01" in gap.say("en") and "2022-01-01" in gap.say("en") and "line 8" in gap.say("en")
    assert "2026-01-01" in ended.say("en") and ended.severity == "warning"
    assert "rules.ended" not in codes(found, date(2025, 12, 31))


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("value: 1, document: d, confidence: V", ["rules.unchecked"]),
        ("value: 1, document: d, confidence: V, last_checked: 2020-01-01", ["rules.stale"]),
        ("value: 1, document: d, confidence: V, last_checked: 2030-01-01", ["rules.checked_later"]),
        ("value: 1, document: d, confidence: M, last_checked: 2026-01-01", ["rules.unverified"]),
        ("value: 1, confidence: D", []),
        (f"value: 1, {SOURCED}", []),
    ],
)
def test_marks_and_checks(value: str, found: list[str], tmp_path: Path) -> None:
    made, faults = book(tmp_path, top=value)
    assert faults == [] and codes(made) == found


@pytest.mark.parametrize("mark", ["V", "v", "C", "M", "L", "R", "S"])
def test_only_a_choice_of_design_may_do_without_a_document(mark: str, tmp_path: Path) -> None:
    _, faults = book(tmp_path, top=f"value: 1, confidence: {mark}")
    assert [f.say("en") for f in faults if "document" in f.say("en") and "line 7" in f.say("en")]


def test_every_overlap_is_told_also_under_a_long_value(tmp_path: Path) -> None:
    text = f"""from: 2020-01-01, to: 2029-12-31, value: 1, {SOURCED}
from: 2021-01-01, to: 2021-12-31, value: 2, {SOURCED}
from: 2024-01-01, to: 2024-12-31, value: 3, {SOURCED}"""
    _, faults = book(tmp_path, top=text)
    assert [(f.code, f.record) for f in faults] == [("rules.overlap", "line 8"), ("rules.overlap", "line 9")]


def test_two_places_differ_in_value_bounds_unit_source_and_mark(tmp_path: Path) -> None:
    found, _ = book(
        tmp_path,
        top=f"value: 1, spread: 0.5, {SOURCED}",
        low="value: 1, low: 0.5, high: 2, document: e, confidence: v",
        table_top=f'value: {{"1": 5, "2": 6}}, {SOURCED}',
        table_low=f'value: {{"1": 5, "2": 7, "3": 8}}, {SOURCED}',
    )
    day = date(2026, 1, 1)
    rate, table = differences(side(found, "top", day, FAR), side(found, "low", day, FAR))
    assert (rate.key, rate.changed, rate.only_source) == ("pay.rate", ("high", "document", "confidence"), False)
    assert (table.codes, table.changed) == (("2", "3"), ("value", "low", "high"))
    assert differences(side(found, "low", day, FAR), side(found, "low", day, FAR)) == []


def test_only_the_source_differs(tmp_path: Path) -> None:
    found, _ = book(tmp_path, top=f"value: 1, {SOURCED}", low="value: 1, document: e, article: '3', confidence: V")
    day = date(2026, 1, 1)
    (one,) = differences(side(found, "top", day, FAR), side(found, "low", day, FAR))
    assert one.changed == ("document",) and one.only_source


def test_what_was_not_yet_recorded_is_not_seen(tmp_path: Path) -> None:
    text = f"value: 1, {SOURCED}\nfrom: 2024-01-01, value: 2, recorded: 2025-03-01, {SOURCED}"
    found, _ = book(tmp_path, top=text)
    day = date(2024, 6, 30)
    before, after = (side(found, "top", day, known) for known in (date(2025, 2, 28), date(2025, 3, 1)))
    assert (before["pay.rate"].value, after["pay.rate"].value) == (1, 2)
    assert [d.changed for d in differences(before, after)] == [("value", "low", "high")]


# ---------------------------------------------------------------- the commands
Run = Any


def test_the_known_day_counts_in_list_show_and_diff(ecocomp: Run) -> None:
    def values(*args: str) -> list[Any]:
        done: CompletedProcess[str] = ecocomp("rules", *args, "--json")
        assert done.returncode == 0, done.stderr
        return list(json.loads(done.stdout))

    key = "standard.protection_cost"
    assert len(values("show", key)) == 2 and len(values("show", key, "--known", "2024-12-19")) == 1
    listed = ("list", "--on", "2025-06-30", "--match", key)
    assert len(values(*listed)) == 1 and len(values(*listed, "--known", "2024-12-19")) == 0
    both = values("diff", "2024-06-30", "2025-06-30")
    row = next(r for r in both if r["key"] == key)
    assert {"value", "document"} <= set(row["changed"]) and row["codes"] == ["1", "2", "3", "4", "7"]
    assert row["first"]["low"]["1"] == "285" and row["second"]["high"]["1"] == "315"
    early = next(r for r in values("diff", "2024-06-30", "2025-06-30", "--known", "2024-12-01") if r["key"] == key)
    assert early["changed"] == ["absent"] and early["second"] is None


def test_days_and_places_may_be_named_together(ecocomp: Run) -> None:
    done = ecocomp("rules", "diff", "990121@2024-06-30", "990121@2025-06-30", "--json")
    assert done.stdout == ecocomp("rules", "diff", "2024-06-30", "2025-06-30", "--json").stdout
    assert ecocomp("rules", "diff", "990121@soon", "CN").returncode == 2
    assert ecocomp("rules", "diff", "CN", "990121", "--lang", "en").returncode == 0
