"""Text, faults, codes, areas, tables and the two clocks."""

from __future__ import annotations

import doctest
import importlib
from datetime import date

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecocomp.terms import codes, tables
from ecocomp.terms.area import say_ha, say_mu, to_dm2
from ecocomp.terms.clocks import as_of
from ecocomp.terms.faults import Fault, FaultsError, capped, raise_errors
from ecocomp.terms.tables import ALLOCATION, READING, RIGHT, TABLES
from ecocomp.terms.text import Text, same, user_lang


@pytest.mark.parametrize("module", ["text", "money", "area", "codes"])
def test_docstring_examples(module: str) -> None:
    result = doctest.testmod(importlib.import_module(f"ecocomp.terms.{module}"))
    assert result.attempted and not result.failed


@pytest.mark.parametrize(
    ("env", "lang"),
    [
        ({}, "zh"),
        ({"LANG": "C.UTF-8"}, "zh"),
        ({"LANG": "en_GB.UTF-8"}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "en_US", "ECOCOMP_LANG": "zh"}, "zh"),
    ],
)
def test_language_of_the_user(env: dict[str, str], lang: str) -> None:
    assert user_lang(env) == lang


def test_text_fills_each_language_with_its_own_side() -> None:
    assert Text("缺{x}", "no {x}").fill(x=Text("权利", "right")) == Text("缺权利", "no right")


def _fault(n: int, severity: str = "error") -> Fault:
    return Fault("a.b", "file.csv", f"row {n}", same(f"clash {n}"), same("mend it"), severity)  # type: ignore[arg-type]


def test_all_faults_are_raised_together_and_warnings_pass() -> None:
    raise_errors([_fault(1, "warning")])
    with pytest.raises(FaultsError) as caught:
        raise_errors([_fault(1), _fault(2), _fault(3, "warning")])
    assert len(caught.value.faults) == 2
    assert "row 1" in str(caught.value) and "row 2" in str(caught.value)


def test_a_fault_names_record_clash_and_remedy() -> None:
    line = Fault("x.y", "户.csv", "row 3", Text("面积不符。", "The areas differ."), Text("核对。", "Check it."))
    assert line.say("zh") == "户.csv row 3：面积不符。 核对。"
    assert line.say("en") == "户.csv row 3: The areas differ. Check it."


def test_many_faults_of_one_kind_are_counted() -> None:
    shown = capped([_fault(n) for n in range(70)], "a.b", "file.csv", cap=50)
    assert len(shown) == 51 and "20" in shown[-1].clash.en and "70" in shown[-1].clash.en


def test_every_land_class_maps_to_a_known_ecosystem() -> None:
    assert {eco for _, eco in codes.LAND_CLASSES.values()} <= set(codes.ECOSYSTEMS)
    assert {eco[0] for eco in codes.ECOSYSTEMS} <= set(codes.ECOSYSTEM_GROUPS)


@pytest.mark.parametrize(
    ("land_class", "eco"), [("0301", "13"), ("0301K", "13"), ("1104A", "42"), ("05H1", "61"), ("0501", None), ("", None)]
)
def test_survey_classes(land_class: str, eco: str | None) -> None:
    assert codes.ecosystem_of(land_class) == eco


def test_area_in_the_units_people_use() -> None:
    assert to_dm2(18_960.0) == 1_896_000
    assert (say_mu(1_896_000), say_ha(1_896_000)) == ("28.44", "1.896")


def test_tables_refuse_what_does_not_fit() -> None:
    row = {"entitlement_id": "a", "envelope_id": "x", "amount_fen": 1}
    with pytest.raises(ValueError, match="key"):
        ALLOCATION.table([row, row])
    with pytest.raises(ValueError, match="unknown columns"):
        ALLOCATION.table({"entitlement_id": ["a"], "envelope_id": ["x"], "amount_fen": [1], "extra": [1]})
    with pytest.raises(ValueError, match="empty values"):
        ALLOCATION.table([{**row, "amount_fen": None}])


def test_tables_are_sorted_by_their_key() -> None:
    made = ALLOCATION.table([{"entitlement_id": i, "envelope_id": "x", "amount_fen": 1} for i in "cab"])
    assert made["entitlement_id"].to_pylist() == ["a", "b", "c"]


def test_every_column_says_what_it_is_in_both_languages() -> None:
    for spec in TABLES.values():
        assert spec.title.zh and spec.title.en
        assert set(spec.key) <= {c.name for c in spec.columns}
        for column in spec.columns:
            assert column.meaning.zh and column.meaning.en, f"{spec.name}.{column.name}"


def _right(known_from: date, known_to: date | None, holder: str, valid_from: date, valid_to: date | None) -> dict[str, object]:
    return {
        "right_id": "R1",
        "parcel_id": "P1",
        "holder_id": holder,
        "kind": "contract",
        "share_num": 1,
        "share_den": 1,
        "state": "clear",
        "document": "d",
        "valid_from": valid_from,
        "valid_to": valid_to,
        "known_from": known_from,
        "known_to": known_to,
    }


def test_two_clocks_answer_what_was_known_then() -> None:
    # Recorded in 2020 as Li's; corrected on 1 June 2023: it had been Wang's all along.
    table = pa.Table.from_pylist(
        [
            _right(date(2020, 1, 1), date(2023, 6, 1), "Li", date(2020, 1, 1), None),
            _right(date(2023, 6, 1), None, "Wang", date(2020, 1, 1), None),
        ],
        schema=RIGHT.schema(),
    )

    def holder(valid: date, known: date) -> list[str]:
        found: list[str] = as_of(table, valid, known)["holder_id"].to_pylist()
        return found

    assert holder(date(2022, 1, 1), date(2023, 5, 31)) == ["Li"]
    assert holder(date(2022, 1, 1), date(2023, 6, 1)) == ["Wang"]
    assert holder(date(2019, 12, 31), date(2024, 1, 1)) == []


def test_an_interval_includes_its_start_and_excludes_its_end() -> None:
    table = pa.Table.from_pylist([_right(date(2020, 1, 1), None, "Li", date(2021, 1, 1), date(2022, 1, 1))], schema=RIGHT.schema())
    on = [date(2020, 12, 31), date(2021, 1, 1), date(2021, 12, 31), date(2022, 1, 1)]
    assert [len(as_of(table, d, date(2030, 1, 1))) for d in on] == [0, 1, 1, 0]


def _rows(keys: list[tuple[str, int]]) -> pa.Table:
    rows = [{"station_id": k, "month": f"2024-{m:02d}", "indicator": "cod", "value": "1"} for k, m in keys]
    return pa.Table.from_pylist(rows, READING.schema())


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["", "a", "aa", "b", "\u00e9", "z"]), st.integers(1, 3)), max_size=9), st.integers(1, 4))
def test_a_table_is_sorted_and_its_key_is_unique_however_it_comes_in_pieces(keys: list[tuple[str, int]], at_once: int) -> None:
    given_pieces = [_rows(keys[:2]), _rows(keys[2:])]
    before = tables.WHOLE_ROWS
    tables.WHOLE_ROWS = at_once  # more rows than are compared or joined at once
    try:
        if len(set(keys)) < len(keys):
            with pytest.raises(ValueError, match="not unique"):
                READING.checked(pa.concat_tables(given_pieces))
            return
        found = READING.checked(pa.concat_tables(given_pieces))
    finally:
        tables.WHOLE_ROWS = before
    assert found.equals(_rows(sorted(keys, key=lambda k: (k[0].encode(), k[1]))))


def test_a_long_table_in_order_is_not_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "WHOLE_ROWS", 3)
    given_pieces = pa.concat_tables([_rows([("a", 1), ("a", 2)]), _rows([("b", 1), ("c", 1)])])
    found = READING.checked(given_pieces)
    assert found["value"].num_chunks == 2
    assert [c.buffers()[2].address for c in found["value"].chunks] == [c.buffers()[2].address for c in given_pieces["value"].chunks]


@pytest.mark.parametrize(
    ("pattern", "values", "said"),
    [
        ("{n} payment rows", {"n": 1}, "1 payment row"),
        ("{n:,} more rows; --json gives all of them.", {"n": 1}, "1 more row; --json gives all of them."),
        ("{e} errors, {w} warnings.", {"e": 1, "w": 0}, "1 error, 0 warnings."),
        ("{n} parcels are not there and {m} entries lie idle", {"n": 1, "m": "1"}, "1 parcel is not there and 1 entry lies idle"),
        ("{k} of {n} cases", {"k": 1, "n": 2}, "1 of 2 cases"),
        ("{n} or more rows", {"n": 1}, "1 or more rows"),
        ("{n} rows", {"n": 1.0}, "1.0 rows"),
        ("{n} rows", {"n": True}, "True rows"),
        ("{n} rows", {"n": 21}, "21 rows"),
        ("parcel {p} has rows", {"p": 1}, "parcel 1 has rows"),
    ],
)
def test_english_counts_agree(pattern: str, values: dict[str, object], said: str) -> None:
    assert Text("", pattern).fill(**values).en == said
