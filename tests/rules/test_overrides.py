"""What a case's own rules may not do: lower a floor, drop one from the list, move a place from under the nation."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecocomp.rules import RuleBook, policy_folder
from ecocomp.rules.overrides import override_faults
from ecocomp.terms.faults import Fault

LAND = """          - {ecosystem_group: "1", tenure: state, floor: standard.floor.forest_state}
          - {ecosystem_group: "1", tenure: collective, floor: standard.floor.forest_collective}
          - {ecosystem_group: "3", restriction: ban, floor: standard.floor.grassland_ban}
"""
LAST = '          - {floor: standard.floor.grassland_balance, ecosystem_group: "3", restriction: balance}\n'


def parameter(key: str, *values: str, unit: str = "CNY/mu/a", kind: str = "number") -> str:
    rows = "".join(f"      - {{{v}, document: d, confidence: V}}\n" for v in values)
    return f"  - key: {key}\n    name: {{zh: a, en: a}}\n    unit: {unit}\n    kind: {kind}\n    values:\n{rows}"


def floors(entries: str) -> str:
    return (
        "  - key: standard.floors\n    name: {zh: a, en: a}\n    unit: standard.floor.*\n    kind: list\n    values:\n"
        f"      - value:\n{entries}        document: d\n        confidence: D\n"
    )


def overlay(tmp_path: Path, *texts: str, place: str = "990121") -> list[Fault]:
    path = tmp_path / place / "own" / "own.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("parameters:\n" + "".join(texts), encoding="utf-8")
    book, faults = RuleBook.read([policy_folder(), tmp_path])
    assert [f for f in faults if f.severity == "error"] == []
    return override_faults(book)


def test_what_ships_lowers_nothing(policy_book: RuleBook) -> None:
    assert override_faults(policy_book) == []


@pytest.mark.parametrize("place", ["CN", "990000", "990121"])
def test_a_lowered_floor_is_an_error_with_both_lines_and_values(tmp_path: Path, place: str) -> None:
    (fault,) = overlay(tmp_path, parameter("standard.floor.forest_collective", "value: 15.99"), place=place)
    assert (fault.code, fault.severity, fault.where) == ("rules.floor_lowered", "error", f"{place}/own/own.yaml")
    told = fault.say("en")
    assert all(
        w in told for w in ("15.99 CNY/mu/a", "16 CNY/mu/a", f"{place}/own/own.yaml:7", "CN/standard/floors.yaml:14", "2023-01-01")
    )


@pytest.mark.parametrize(
    ("values", "unit", "wrong"),
    [
        (["value: 16"], "CNY/mu/a", 0),
        (["value: 20"], "CNY/mu/a", 0),
        (["value: 240"], "CNY/ha/a", 0),
        (["value: 239.99"], "CNY/ha/a", 1),
        (["value: 16"], "CNY/ha/a", 1),
        (["value: 99"], "CNY/km2/a", 1),
        (["to: 2022-12-31, value: 1"], "CNY/mu/a", 0),
        (["to: 2023-01-01, value: 1"], "CNY/mu/a", 1),
        (["value: 1", "value: 30, recorded: 2024-01-01"], "CNY/mu/a", 1),
        (["from: 2020-01-01, to: 2022-12-31, value: 1", "from: 2023-01-01, value: 17"], "CNY/mu/a", 0),
        (["value: -5"], "CNY/mu/a", 1),
    ],
)
def test_days_units_and_corrections_count(tmp_path: Path, values: list[str], unit: str, wrong: int) -> None:
    found = [
        f for f in overlay(tmp_path, parameter("standard.floor.forest_collective", *values, unit=unit)) if f.severity == "error"
    ]
    assert [f.code for f in found] == ["rules.floor_lowered"] * wrong


def test_a_floor_raised_afterwards_asks_nothing_of_a_value_corrected_with_it(tmp_path: Path) -> None:
    key = "standard.floor.own"
    nation = tmp_path / "CN" / "own" / "nation.yaml"
    nation.parent.mkdir(parents=True)
    nation.write_text("parameters:\n" + parameter(key, "value: 16", "value: 20, recorded: 2026-01-01"), encoding="utf-8")
    assert overlay(tmp_path, parameter(key, "value: 18", "value: 20, recorded: 2026-01-01")) == []
    assert [f.code for f in overlay(tmp_path, parameter(key, "value: 18"))] == ["rules.floor_lowered"]


def test_a_floor_that_is_no_number_is_an_error(tmp_path: Path) -> None:
    found = overlay(tmp_path, parameter("standard.floor.forest_state", "value: none", kind="text"))
    assert [f.code for f in found] == ["rules.floor_lowered"]


@pytest.mark.parametrize(
    ("entries", "wrong"), [(LAND, 1), (LAND + LAST, 0), (LAND + LAST + "          - {floor: standard.floor.own}\n", 0), (LAST, 1)]
)
def test_the_list_of_floors_keeps_every_national_entry(tmp_path: Path, entries: str, wrong: int) -> None:
    found = overlay(tmp_path, floors(entries))
    assert [f.code for f in found] == ["rules.floor_lowered"] * wrong
    if wrong:
        assert "CN/standard/floors.yaml" in found[0].say("en") and "standard.floor." in found[0].say("en")


def test_an_emptied_list_is_an_error(tmp_path: Path) -> None:
    assert [f.code for f in overlay(tmp_path, parameter("standard.floors", "value: []", kind="list", unit="x"))] == [
        "rules.floor_lowered"
    ]


def test_any_other_shipped_value_replaced_is_a_warning_with_both_values(tmp_path: Path, policy_book: RuleBook) -> None:
    old = policy_book.values("standard.regional_base", "990121")
    (fault, *_) = found = overlay(tmp_path, parameter("standard.regional_base", "value: 181.5", unit="CNY/ha/a"))
    assert {f.code for f in found} == {"rules.overridden"} and {f.severity for f in found} == {"warning"}
    assert len(found) == len(old)
    assert f"{old[0].file}:{old[0].line}" in fault.say("en") and "181.5" in fault.say("en") and str(old[0].value) in fault.say("en")


def test_a_new_key_and_an_equal_value_are_not_told(tmp_path: Path) -> None:
    assert (
        overlay(
            tmp_path, parameter("standard.floor.own_new_key", "value: 1"), parameter("standard.floor.forest_state", "value: 10")
        )
        == []
    )


def test_at_most_fifty_are_listed_and_the_rest_counted(tmp_path: Path, policy_book: RuleBook) -> None:
    numbers = [v for v in policy_book.values(place="science") if v.kind == "number"]
    keys = [v for v in numbers if not v.key.startswith(("standard.floor", "services.interval"))][:60]
    found = overlay(tmp_path, *(parameter(v.key, f"value: {v.value + 1}", unit=f'"{v.unit}"') for v in keys), place="science")
    assert len(found) == 51 and "10 more" in found[-1].say("en")


def test_a_place_that_ships_cannot_be_moved(tmp_path: Path) -> None:
    (tmp_path / "places.yaml").write_text('places:\n  "990121": {name: {zh: a, en: a}, above: science}\n', encoding="utf-8")
    book, faults = RuleBook.read([policy_folder(), tmp_path])
    assert [(f.code, f.record) for f in faults] == [("rules.place_moved", "line 2")]
    assert "CN" in book.chain("990121")


def test_thousands_of_floors_end_at_once(tmp_path: Path) -> None:
    many = [
        f"from: {1900 + i // 360}-{1 + i // 30 % 12:02d}-{1 + i % 28:02d}, value: 1, recorded: {1950 + i // 28}-01-{1 + i % 28:02d}"
        for i in range(1200)
    ]
    assert "rules.too_many" in {f.code for f in overlay(tmp_path, parameter("standard.floor.forest_state", *many))}


# ---------------------------------------------------------------- units, signs, intervals, keys nothing reads
ABOVE = "services.carbon.pool_above_t_c_per_ha"


def told(found: list[Fault], code: str) -> list[Fault]:
    return [f for f in found if f.code == code]


@pytest.mark.parametrize(
    ("key", "kind", "value", "unit", "severity"),
    [
        (ABOVE, "table", 'value: {"11": 5}', "kg/m2", "error"),
        (ABOVE, "table", 'value: {"11": 5}', '"1"', "error"),
        (ABOVE, "table", 'value: {"11": 5}', "tC/ha", None),
        ("services.interval.method", "text", "value: corners", '"1"', None),
        ("services.interval.draws", "number", "value: 64", '"-"', None),
        ("standard.regional_base", "number", "value: 12", "CNY/mu/a", None),
        ("standard.regional_base", "number", "value: 12", "CNY/km2/a", "warning"),
    ],
)
def test_a_value_keeps_the_unit_of_the_one_that_ships(
    tmp_path: Path, key: str, kind: str, value: str, unit: str, severity: str | None
) -> None:
    found = told(overlay(tmp_path, parameter(key, value, unit=unit, kind=kind)), "rules.unit")
    assert [f.severity for f in found] == ([severity] if severity else [])
    for fault in found:
        assert unit.strip('"') in fault.say("en") and key in fault.say("zh") and "990121/own/own.yaml:7" in fault.say("en")


def test_the_unit_told_is_that_of_a_value_at_any_place(tmp_path: Path, policy_book: RuleBook) -> None:
    (fault,) = told(overlay(tmp_path, parameter(ABOVE, 'value: {"11": 5}', unit="kg/m2", kind="table")), "rules.unit")
    old = policy_book.values(ABOVE)[0]
    assert "t C/ha" in fault.say("en") and f"{old.file}:{old.line}" in fault.say("en") and "t C/ha" in fault.remedy.zh


@pytest.mark.parametrize(
    ("value", "wrong"),
    [
        ('value: {"11": -5}', 1),
        ('value: {"11": 5}, low: {"11": -1}', 1),
        ('value: {"11": 5}, spread: 1.5', 1),
        ('value: {"11": 0}', 0),
    ],
)
def test_a_pool_is_not_negative(tmp_path: Path, value: str, wrong: int) -> None:
    found = told(overlay(tmp_path, parameter(ABOVE, value, unit="t C/ha", kind="table")), "rules.sign")
    assert [f.severity for f in found] == ["error"] * wrong
    assert all("11: -" in f.say("en") and "990121/own/own.yaml:7" in f.say("en") for f in found)


def test_every_positive_number_that_ships_stays_so(tmp_path: Path, policy_book: RuleBook) -> None:
    v = next(v for v in policy_book.values() if v.kind == "number" and v.key.startswith("services.") and v.low > 0)
    (fault,) = told(overlay(tmp_path, parameter(v.key, "value: -1", unit=f'"{v.unit}"')), "rules.sign")
    assert str(v.value) in fault.say("en") and "-1" in fault.say("zh")


@pytest.mark.parametrize(
    ("name", "kind", "value", "wrong"),
    [
        ("draws", "number", "4096", 0),
        ("draws", "number", "4104", 1),
        ("draws", "number", "60", 1),
        ("draws", "number", "0", 1),
        ("draws", "text", "many", 1),
        ("method", "text", "monte_carlo", 0),
        ("method", "text", "montecarlo", 1),
        ("quantiles", "table", "{low: 0.9, high: 0.1}", 1),
        ("quantiles", "table", "{low: 0.1}", 1),
        ("quantiles", "table", "{low: 0.1, high: 0.9}", 0),
        ("seed", "number", "1.5", 1),
    ],
)
def test_an_interval_that_cannot_be_computed_is_an_error(tmp_path: Path, name: str, kind: str, value: str, wrong: int) -> None:
    key = f"services.interval.{name}"
    found = told(overlay(tmp_path, parameter(key, f"value: {value}", unit='"1"', kind=kind)), "rules.interval")
    assert [f.severity for f in found] == ["error"] * wrong
    assert all(key in f.say("en") and f.where == "990121/own/own.yaml" for f in found)


def test_a_misspelt_key_is_told_with_the_nearest(tmp_path: Path) -> None:
    (fault,) = overlay(tmp_path, parameter("services.carbon.pool_abov", 'value: {"11": 5}', unit="t C/ha", kind="table"))
    assert (fault.code, fault.severity) == ("rules.unread", "warning") and ABOVE in fault.say("en") and ABOVE in fault.say("zh")


def test_a_key_that_only_a_method_declares_is_read(tmp_path: Path, policy_book: RuleBook) -> None:
    assert "services.soil.erosive_year_mm" not in policy_book.keys
    assert overlay(tmp_path, parameter("services.soil.erosive_year_mm", "value: 500", unit="mm")) == []
    assert overlay(tmp_path, parameter("agreements.class_limits.own", "value: 5", unit="mg/L")) == []


def test_an_unknown_ecosystem_is_a_warning(tmp_path: Path) -> None:
    (fault,) = told(overlay(tmp_path, parameter(ABOVE, 'value: {"11": 5, "999": 5}', unit="t C/ha", kind="table")), "rules.code")
    assert fault.severity == "warning" and "999" in fault.say("en") and "999" in fault.say("zh") and "11," not in fault.clash.en
