"""Attribute checks: what is planted is found and named, what is sound is let pass, batches change nothing."""

from __future__ import annotations

import dataclasses
import resource
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecocomp.land import cells
from ecocomp.land.attributes import COLUMNS, AttributeChecks, check_declared_unit, declared_unit_guess
from ecocomp.land.edition import FieldMap
from ecocomp.land.mapping import Mapping, detect
from ecocomp.terms.faults import Fault, FaultsError

COUNTY = "990121"
SOUND: dict[str, Any] = {
    "BSM": "990121200000000001", "TBBH": "00001", "DLBM": "0103", "DLMC": "旱地", "QSXZ": "32", "QSDWDM": "9901210010010000000",
    "QSDWMC": "青石村", "ZLDWDM": "9901210010010000000", "ZLDWMC": "青石村", "TBMJ": 1000.0, "KCDLBM": "1203", "KCXS": 0.1234,
    "KCMJ": 123.4, "TBDLMJ": 876.6, "GDLX": "TT", "GDPDJB": "3", "ZZSXDM": "LS", "XZDWKD": None, "CZCSXM": None, "SJNF": 2025,
}  # fmt: skip
FOREST: dict[str, Any] = {
    "DLBM": "0301", "DLMC": "乔木林地", "KCDLBM": None, "KCXS": None, "KCMJ": 0.0, "TBDLMJ": 1000.0, "GDLX": None, "GDPDJB": None,
    "ZZSXDM": None,
}  # fmt: skip
ROAD: dict[str, Any] = {**FOREST, "DLBM": "1006", "DLMC": "农村道路", "XZDWKD": 4.0}
TYPES = {"SJNF": pa.int64(), **dict.fromkeys(("TBMJ", "KCXS", "KCMJ", "TBDLMJ", "XZDWKD"), pa.float64())}


def layer(*changes: dict[str, Any], **types: pa.DataType) -> pa.Table:
    """A layer of sound rows, each with its own codes, changed as told."""
    rows = [{**SOUND, "BSM": f"9901212{n:011d}", "TBBH": f"{n:05d}", **c} for n, c in enumerate(changes, 1)]
    kinds = {**TYPES, **types}
    return pa.table({name: pa.array([r[name] for r in rows], kinds.get(name, pa.string())) for name in SOUND})


def mapping_of(table: pa.Table, **more: Any) -> Mapping:
    found, faults = detect(table.column_names)
    assert found is not None and faults == []
    return dataclasses.replace(found, scheme="dltb-2020", **more)


def run(table: pa.Table, mapping: Mapping | None = None, batch: int = 1_000_000) -> tuple[pa.Table, list[Fault]]:
    checks = AttributeChecks(mapping or mapping_of(table), "DLTB")
    found: list[Fault] = []
    parts: list[pa.Table] = []
    for start in range(0, len(table), batch):
        out, faults = checks.batch(table.slice(start, batch), start)
        parts.append(pa.table(out))
        found += faults
    return pa.concat_tables(parts), found + checks.finish()


def kinds(faults: list[Fault]) -> dict[tuple[str, str], str]:
    return {(f.code.removeprefix("land."), f.record): f.severity for f in faults}


def test_sound_rows_give_their_columns_and_no_fault() -> None:
    out, faults = run(layer({}, FOREST, ROAD, {**FOREST, "DLBM": "0201K", "DLMC": "可调整果园"}))
    assert faults == []
    assert out.select(list(COLUMNS)).to_pylist() == [
        {
            "parcel_id": f"9901212{n:011d}",
            "land_class": c,
            "village_code": "990121001001",
            "ecosystem": e,
            "declared_area_dm2": 100_000,
        }
        for n, (c, e) in enumerate([("0103", "51"), ("0301", "13"), ("1006", "63"), ("0201K", "52")], 1)
    ]
    assert out["KCXS"].to_pylist() == [0.1234, None, None, None] and out["SJNF"].to_pylist() == ["2025"] * 4


# one planted mistake, the faults that must name it (and nothing else may be said)
PLANTED: list[tuple[dict[str, Any], dict[str, str]]] = [
    ({"BSM": None}, {"no_id": "error"}),
    ({"BSM": "9.90121E+17"}, {"code_precision_lost": "error"}),
    ({"BSM": "990121\u202e000000000001"}, {"unseen_in_id": "error"}),
    ({"DLBM": "0501", "DLMC": "森林沼泽"}, {"unknown_class": "error"}),
    ({"DLBM": "0103K"}, {"bad_class_letter": "error"}),
    ({"DLBM": "103"}, {"zeros_lost": "error"}),
    ({"DLBM": None}, {"no_class": "error"}),
    ({**FOREST, "DLBM": "1208", "DLMC": "后备耕地"}, {"open_class": "error"}),
    ({"DLMC": "果园"}, {"class_name": "error"}),
    ({"DLBM": "０１０３"}, {"mended_code": "warning"}),
    ({"DLBM": " 0103"}, {"mended_code": "warning"}),
    ({"ZLDWDM": "99012100100100"}, {"bad_village_code": "error"}),
    ({"ZLDWDM": None}, {"bad_village_code": "error"}),
    ({"ZLDWDM": "9.901210010E+18"}, {"code_precision_lost": "error"}),
    ({"TBMJ": -1000.0, "KCMJ": -123.4, "TBDLMJ": -876.6}, {"bad_declared_area": "error"}),
    ({"TBMJ": float("nan")}, {"bad_declared_area": "error"}),
    ({"TBMJ": float("inf")}, {"bad_declared_area": "error"}),
    ({"TBMJ": None}, {"no_declared_area": "warning"}),
    ({"KCMJ": 123.43}, {"deducted_area": "error", "net_area": "error"}),
    ({"KCMJ": 123.43, "TBDLMJ": 876.57}, {"deducted_area": "error"}),
    ({"TBDLMJ": 876.62}, {"net_area": "error"}),
    ({"TBDLMJ": None}, {"net_area": "error"}),
    ({"KCXS": 1.5, "KCMJ": 1500.0, "TBDLMJ": -500.0}, {"deduction_range": "error"}),
    ({"KCXS": None, "KCMJ": 0.0, "TBDLMJ": 1000.0}, {"deducted_class": "warning"}),
    ({"KCDLBM": None}, {"deducted_class": "warning"}),
    ({"KCDLBM": "1202"}, {"deducted_class": "warning"}),
    ({**FOREST, "KCXS": 0.1, "KCDLBM": "1203", "KCMJ": 100.0, "TBDLMJ": 900.0}, {"deduction_off_cropland": "error"}),
    ({"GDPDJB": None}, {"cropland_attribute": "warning"}),
    ({"ZZSXDM": ""}, {"cropland_attribute": "warning"}),
    ({**FOREST, "GDPDJB": "2"}, {"attribute_off_cropland": "warning"}),
    ({**ROAD, "XZDWKD": 8.1}, {"road_width": "warning"}),
    ({**FOREST, "XZDWKD": 3.0}, {"width_off_strip": "warning"}),
    ({**ROAD, "XZDWKD": -3.0}, {"width_negative": "warning"}),
    ({"CZCSXM": "206"}, {"unknown_code": "warning"}),
    ({"QSXZ": "99"}, {"unknown_code": "warning"}),
    ({"SJNF": 25}, {"bad_year": "warning"}),
    ({"TBBH": None}, {"no_patch_number": "warning"}),
    ({"ZLDWMC": "青石\u202e村"}, {"unseen_character": "warning"}),
]


@pytest.mark.parametrize(("change", "expected"), PLANTED, ids=[str(sorted(e)) + str(i) for i, (_, e) in enumerate(PLANTED)])
def test_a_planted_mistake_is_found_and_nothing_else(change: dict[str, Any], expected: dict[str, str]) -> None:
    _, faults = run(layer({}, change, FOREST, *[{}] * 40))
    record = change.get("BSM", "99012120000000000" + "2") or "row 2"
    record = "990121200000000002" if "BSM" not in change else record
    assert kinds(faults) == {(kind, record): severity for kind, severity in expected.items()}
    for fault in faults:
        assert fault.where == "DLTB" and fault.say("zh") and fault.say("en") and "{" not in fault.say("zh") + fault.say("en")


def test_the_limits_are_let_pass() -> None:
    """One unit of the last printed digit, 8 m of road, the whole list of village attributes."""
    _, faults = run(
        layer({"KCMJ": 123.41, "TBDLMJ": 876.6}, {**ROAD, "XZDWKD": 8.0}, {"CZCSXM": "203A"}, {"KCMJ": 123.39, "TBDLMJ": 876.61})
    )
    assert faults == []


def test_the_printed_digit_can_be_set() -> None:
    table = layer({"KCMJ": 123.3, "TBDLMJ": 876.7})
    assert {f.code for f in run(table)[1]} == {"land.deducted_area"}
    assert run(table, mapping_of(table, printed_digit=Decimal("0.1")))[1] == []


@pytest.mark.parametrize("batch", [1, 2, 1000])
def test_codes_used_twice_are_found_across_batches(batch: int) -> None:
    table = layer({}, {"BSM": "990121200000000001"}, {"BSM": "x"}, {"BSM": "990121200000000001"}, {"BSM": "x "}, {"TBBH": "00001"})
    faults = [f for f in run(table, batch=batch)[1] if f.code != "land.mended_code"]
    assert [(f.code, f.record) for f in faults] == [
        ("land.duplicate_id", "990121200000000001"),
        ("land.duplicate_id", "990121200000000001"),
        ("land.duplicate_id", "x"),
        ("land.duplicate_patch", "990121200000000006"),
    ]
    assert "rows 1 and 4" in faults[1].say("en") and "rows 3 and 5" in faults[2].say("en")


def test_the_same_patch_number_in_another_unit_is_lawful() -> None:
    assert run(layer({"TBBH": "1"}, {"TBBH": "1", "ZLDWDM": "9901210010020000000"}))[1] == []


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from(["a", "b", "c", "", "长" * 30, "0" * 18, "1" * 18]), max_size=25), st.integers(1, 7))
def test_duplicates_agree_with_a_plain_count(ids: list[str], batch: int) -> None:
    table = pa.table({"BSM": pa.array(ids, pa.string())})
    checks = AttributeChecks(Mapping(FieldMap("BSM", None, None, None), constants={"village_code": "9" * 12}), "f")
    found: list[Fault] = []
    for start in range(0, len(ids), batch):
        found += checks.batch(table.slice(start, batch), start)[1]
    found += checks.finish()
    doubles = sum(1 for i, x in enumerate(ids) if x and x in ids[:i])
    assert len([f for f in found if f.code == "land.duplicate_id"]) == doubles
    assert len([f for f in found if f.code == "land.no_id"]) == ids.count("")


def test_units_that_do_not_add_up() -> None:
    table = layer({}, {}, {"ZLDWDM": "9901210010020000000"}, {"ZLDWDM": "9901210020010000000"})
    totals = {
        "990121": 400_000, "990121001": 300_000, "990121001001": 200_001, "990121001002": 100_300, "990121002001": 99_900,
        "990121003": 5,
    }  # fmt: skip
    _, faults = run(table, mapping_of(table, totals_dm2=totals))
    assert kinds(faults) == {
        ("unit_sum", "990121001002"): "error",
        ("unit_sum", "990121002001"): "error",
        ("unit_sum", "990121003"): "error",
    }
    assert "1,000.00" in faults[0].say("en") and "1,003.00" in faults[0].say("zh") and "-3.00" in faults[0].say("en")


def test_rounding_alone_is_a_warning() -> None:
    table = layer(*[{} for _ in range(10)])
    _, faults = run(table, mapping_of(table, totals_dm2={"990121": 1_000_004}))
    assert kinds(faults) == {("unit_sum", "990121"): "warning"}


def test_one_year_per_file() -> None:
    _, faults = run(layer({}, {"SJNF": 2024}, {}), batch=2)
    assert [(f.code, f.severity) for f in faults] == [("land.mixed_years", "error")]
    assert "2024 (1), 2025 (2)" in faults[0].say("zh")


def test_swapped_codes_of_ownership_are_suspected_from_the_names() -> None:
    swapped = [{"QSXZ": "31", "QSDWMC": "青石村"}] * 5 + [{"QSXZ": "32", "QSDWMC": "青石村第三村民小组"}] * 5
    right = [{"QSXZ": "32", "QSDWMC": "青石村"}] * 5 + [{"QSXZ": "31", "QSDWMC": "青石村三组"}] * 5
    assert [f.code for f in run(layer(*swapped))[1]] == ["land.owner_codes_swapped"]
    assert run(layer(*right))[1] == []


def test_parcels_of_another_county() -> None:
    table = layer({}, {"ZLDWDM": "9901220010010000000"})
    assert kinds(run(table, mapping_of(table, region_code=COUNTY))[1]) == {("other_region", "990121200000000002"): "error"}


def test_areas_written_as_text_are_exact() -> None:
    table = layer(
        {"TBMJ": "1000.005", "KCXS": None, "KCDLBM": None, "KCMJ": None},
        {"TBMJ": "１０００．００"},
        {"TBMJ": "1,000.00"},
        {"TBMJ": "1E+3"},
        {"TBMJ": "1000 m2"},
        {"TBMJ": " 1000.0 "},
        TBMJ=pa.string(),
    )
    table = table.set_column(table.column_names.index("TBDLMJ"), "TBDLMJ", pa.array(["1000.005", *["876.60"] * 5]))
    out, faults = run(table)
    assert out["declared_area_dm2"].to_pylist() == [100_000, 100_000, None, None, None, 100_000], "half-even"
    bad = [f.record for f in faults if f.code == "land.bad_declared_area"]
    assert bad == ["990121200000000003", "990121200000000004", "990121200000000005"]
    assert sorted(f.record for f in faults if f.code == "land.number_as_text") == ["TBDLMJ", "TBMJ"]


@given(
    st.decimals(min_value=0, max_value=10**11, places=4), st.sampled_from([("m2", 100, 1), ("mu", 200_000, 3), ("ha", 10**6, 1)])
)
def test_areas_are_exact_in_the_decimal_as_written(value: Decimal, unit: tuple[str, int, int]) -> None:
    from fractions import Fraction

    _, above, below = unit
    want = round(Fraction(value) * above / below)
    for column in (pa.array([str(value)]), pa.array([value]), pa.array([float(value)])):
        if pa.types.is_floating(column.type) and Decimal(repr(float(value))) != value:
            continue
        made, sound = cells.exact_dm2(cells.numbers(column), above, below)
        assert sound[0] and made[0] == want


def test_codes_that_came_as_numbers() -> None:
    table = layer({}, FOREST)
    table = table.set_column(table.column_names.index("DLBM"), "DLBM", pa.array([103, 301]))
    _, faults = run(table)
    assert [(f.code, f.severity) for f in faults] == [("land.zeros_lost", "error")] * 2 and "0103" in faults[0].say("en")
    table = layer({}, {}).set_column(0, "BSM", pa.array([9.901212e17, 9.901213e17]))
    assert {f.code for f in run(table)[1]} == {"land.code_precision_lost"}
    table = layer({}, {}).set_column(0, "BSM", pa.array([1.0, 2.0]))
    out, faults = run(table)
    assert faults == [] and out["parcel_id"].to_pylist() == ["1", "2"]


def test_codes_a_spreadsheet_has_rounded() -> None:
    table = layer(*[{"BSM": f"990121{n:09d}000"} for n in range(1, 30)])
    assert [f.code for f in run(table)[1]] == ["land.id_digits_lost"]


def test_the_scheme_is_told_from_the_codes_where_the_mapping_names_none() -> None:
    table = layer({"DLBM": "0501", "DLMC": "森林沼泽", **{k: v for k, v in FOREST.items() if k[:2] != "DL"}}, {"DLMC": "旱地"})
    out, faults = run(table, dataclasses.replace(mapping_of(table), scheme=None))
    assert out["land_class"].to_pylist() == ["0304", "0103"] and out["ecosystem"].to_pylist() == ["41", "51"] and faults == []


def test_a_scheme_that_cannot_be_told_is_said_once() -> None:
    table = layer(*[{"DLBM": "0501", "DLMC": None}, {"DLBM": "0103", "DLMC": None}] * 20).drop(["KCXS", "GDPDJB", "ZZSXDM"])
    mapping = mapping_of(table)
    _, faults = run(table, dataclasses.replace(mapping, scheme=None), batch=10)
    assert [f.code for f in faults] == ["land.ambiguous_scheme"]


def test_a_scheme_the_codes_speak_against() -> None:
    rows = [{**FOREST, "DLBM": "0501", "DLMC": "森林沼泽"}, {**FOREST, "DLBM": "060102", "DLMC": "田间道"}] * 10
    _, faults = run(layer(*rows))
    assert [f.code for f in faults if f.record == ""] == ["land.other_scheme"]
    assert "mnr-2023" in next(f for f in faults if f.code == "land.other_scheme").say("en")


def test_own_classes_go_before_the_table() -> None:
    table = layer({**FOREST, "DLBM": "1208", "DLMC": "后备耕地"}, {**FOREST, "DLBM": "X1", "DLMC": "试验地"})
    out, faults = run(table, mapping_of(table, classes={"1208": "34", "X1": "51"}))
    assert faults == [] and out["ecosystem"].to_pylist() == ["34", "51"]


def test_a_column_the_layer_lacks_stops_it() -> None:
    with pytest.raises(FaultsError, match="ZLDWDM"):
        run(layer({}).drop(["ZLDWDM"]), Mapping(scheme="dltb-2020"))


def test_attributes_quality_control_asks_for_are_missed_once() -> None:
    table = layer({}, {}).drop(["ZZSXDM"])
    assert kinds(run(table)[1]) == {("no_attribute", "ZZSXDM"): "warning"}


def test_an_empty_batch() -> None:
    checks = AttributeChecks(mapping_of(layer({})), "f")
    out, faults = checks.batch(layer({}).slice(0, 0), 0)
    assert faults == [] and all(len(c) == 0 for c in out.values()) and checks.finish() == []


@pytest.mark.parametrize(("unit", "size"), [("m2", 1.0), ("mu", 10_000 / 15), ("ha", 10_000.0)])
def test_the_unit_of_declared_areas_is_guessed(unit: str, size: float) -> None:
    rng = np.random.default_rng(1)
    measured = rng.uniform(100, 1e5, 200)
    declared = measured / size * rng.normal(1, 0.003, 200)
    declared[:20] = np.nan
    declared[20:40] *= 3
    guess, share = declared_unit_guess(declared, measured)
    assert guess == unit and 0.85 < share < 0.95
    assert declared_unit_guess(rng.uniform(1, 9, 50), measured[:50])[0] is None
    faults = check_declared_unit(Mapping(), np.nan_to_num(declared * 100), measured * 100, "f")
    assert [f.code for f in faults] == ([] if unit == "m2" else ["land.declared_unit"])
    assert unit == "m2" or f'"{unit}"' in faults[0].remedy.en


def test_ten_times_the_rows_need_neither_ten_times_the_memory_nor_long() -> None:
    """400,000 rows in batches: some seconds at most, and less than 100 MB more than the first batch needed."""
    size, batches = 40_000, 10
    base = layer(*[{} for _ in range(size)])
    mapping = mapping_of(base)
    checks = AttributeChecks(mapping, "f")
    started, peaks = time.perf_counter(), []
    for n in range(batches):
        ids = pa.array([f"9901213{i:011d}" for i in range(n * size, (n + 1) * size)])
        table = base.set_column(0, "BSM", ids).set_column(1, "TBBH", ids)
        assert checks.batch(table, n * size)[1] == []
        peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    assert checks.finish() == []
    assert time.perf_counter() - started < 30
    assert (peaks[-1] - peaks[0]) / 1024 < 100


# what a planted mistake of the invented county must be called here
NAMES = {
    "duplicate_bsm": "duplicate_id", "missing_bsm": "no_id", "duplicate_tbbh": "duplicate_patch", "unknown_class": "unknown_class",
    "other_scheme": "unknown_class", "suffix_not_allowed": "bad_class_letter", "name_mismatch": "class_name",
    "bad_qsxz": "unknown_code", "bad_zldwdm": "bad_village_code", "kcmj_broken": "deducted_area", "tbdlmj_broken": "net_area",
    "kcxs_on_non_crop": "deduction_off_cropland", "missing_slope": "cropland_attribute", "negative_area": "bad_declared_area",
    "missing_area": "no_declared_area", "unseen_character": "unseen_character", "full_width_digits": "mended_code",
    "wrong_unit_total": "unit_sum",
}  # fmt: skip


@pytest.mark.parametrize("form", ["gdb", "shp"])
def test_an_invented_county_with_planted_mistakes(tmp_path: Path, form: Any) -> None:
    """Through the worker, as a geodatabase and as a Shapefile in GB18030: every planted mistake is found, no other record named."""
    from ecocomp.io.files import read_table
    from ecocomp.io.worker import VectorJob, Worker
    from ecocomp.sample.dltb import make_dltb

    wanted = dict.fromkeys((k for k in NAMES if k != "wrong_unit_total"), 2) | {"wrong_unit_total": 1}
    planted = make_dltb(tmp_path, 4000, faults=wanted, format=form)
    with Worker() as worker:
        answer = worker.run([VectorJob("layer", planted.path)], tmp_path / "clean")[0]
    assert answer.ok and answer.path is not None, answer.faults
    table = read_table(answer.path)
    mapping, faults = detect(table.column_names, table.drop(["geometry"]).slice(0, 500).to_pylist())
    assert mapping is not None and faults == []
    totals = {unit: round(100 * area) for unit, area in planted.units.items()}
    _, found = run(table, dataclasses.replace(mapping, totals_dm2=totals, region_code=COUNTY), batch=1500)
    said = {(f.code.removeprefix("land."), f.record) for f in found}
    for fault in planted.faults:
        if fault.must == "must":
            records = {fault.record, fault.other, f"row {fault.row}"}
            assert any((NAMES[fault.kind], r) in said for r in records), (fault, said)
    assert {r for _, r in said} <= planted.records()
