"""A place's price table: read in both languages, written as rules that price alike, every fault told at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from ecocomp.registry import entries
from ecocomp.rules import Parameters, RuleBook, policy_folder
from ecocomp.terms.codes import SERVICES_WORDS
from ecocomp.terms.faults import FaultsError
from ecocomp.valuation.price_file import FILE, price_rules, read_prices, template
from ecocomp.valuation.value import pricing, unit_price_of

Given = Callable[..., Parameters]
HEAD = "service,method,price,low,high,unit,price_year,source,confidence,from,to\n"


@pytest.fixture(scope="module")
def methods(policy_book: RuleBook) -> dict[str, str]:
    return pricing(policy_book.resolve("CN", date(2024, 12, 31), date(2030, 1, 1)))


def overlaid(text: str, methods: dict[str, str], folder: Path, place: str = "990100", on: date = date(2024, 12, 31)) -> Parameters:
    path = folder / place / FILE
    path.parent.mkdir(parents=True)
    path.write_text(price_rules(text, methods), encoding="utf-8")
    return RuleBook.load([policy_folder(), folder]).resolve(place, on, date(2030, 1, 1))


def faults(text: str, methods: dict[str, str]) -> list[str]:
    with pytest.raises(FaultsError) as stop:
        price_rules(text, methods)
    assert all(f.clash.zh != f.clash.en and f.remedy.zh for f in stop.value.faults)
    return [f"{f.record}: {f.clash.en}" for f in stop.value.faults]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_template_is_read_and_becomes_rules(lang: str, methods: dict[str, str], tmp_path: Path) -> None:
    params = overlaid("\ufeff" + template(lang), methods, tmp_path)  # type: ignore[arg-type]
    found = unit_price_of("water_conservation", "m3", methods, params)
    assert (found.yuan.low, found.yuan.value, found.yuan.high) == (Fraction("6.4"), Fraction("7.06"), Fraction("7.8"))
    assert unit_price_of("carbon_sequestration", "t CO2", methods, params).price_year == 2024
    held = params.get("valuation.carbon_price.price")
    assert (held.place, held.confidence, held.layer) == ("990100", "D", 1)


def test_both_languages_say_the_same(methods: dict[str, str]) -> None:
    zh, en = (read_prices(template(lang), methods) for lang in ("zh", "en"))  # type: ignore[arg-type]
    assert [(r.key, r.price, r.unit) for r in zh] == [(r.key, r.price, r.unit) for r in en]


@pytest.mark.parametrize(
    ("service", "price", "unit", "stated"),
    [
        ("water_conservation", "70600", "CNY/10^4 m3", "7.06"),
        ("洪水调蓄（湖泊）", "7.06", "元/立方米", "7.06"),
        ("sand_fixation", "2500", "元/亩", "3.75"),
        ("sand_fixation", "375", "万元/km²", "3.75"),
        ("air_purification.nox", "0.63", "元/千克", "630"),
        ("climate_regulation", "0.53", "元/度", "0.53"),
        ("pest_control.grass", "7.5", "元/亩", "112.5"),
        ("oxygen_release", "1,000", "CNY/t", "1000"),
        ("carbon_sequestration", "70", "CNY/tCO2", "70"),
        ("soil_retention.nitrogen", "875", "CNY/t", "875"),
        ("soil_retention", "15.58", "CNY/m³", "15.58"),
    ],
)
def test_units_are_converted_exactly(service: str, price: str, unit: str, stated: str, methods: dict[str, str]) -> None:
    (row,) = read_prices(HEAD + f'{service},,"{price}",,,{unit},2020,catalogue,D,,\n', methods)
    assert row.price == Decimal(stated)


def test_every_fault_of_every_row_is_told_at_once(methods: dict[str, str]) -> None:
    text = HEAD + "\n".join(
        [
            "pollen,,1,,,CNY/t,2020,a,D,,",
            "water_conservation,,seven,,,CNY/m3,2020,a,D,,",
            "water_conservation,,7,8,9,CNY/m3,2020,a,D,,",
            "oxygen_release,,727,,,CNY/m3,20,,Q,2020-13-01,",
            "carbon_sequestration,,70,,,CNY/tC,2020,a,D,2021-01-01,2020-01-01",
            "habitat_quality,species_conservation,5,,,CNY/ha,2020,a,D,,",
            "habitat_quality,,5,,,CNY/ha,2020,a,D,,",
            "air_purification,,5,,,CNY/t,2020,a,D,,",
            "sand_fixation,sandbox,5,,,CNY/m2,2020,a,D,,",
            "sand_fixation,,-5,,,CNY/m2,2020,a,D,,",
            "pest_control.forest,,1,,,CNY/km2,,a,,,",
        ]
    )
    said = faults(text, methods)
    for part in (
        "row 2: Service pollen is unknown",
        "row 3: price seven is not a number",
        "row 4: Price 7 does not lie between low 8 and high 9",
        "row 5: source is empty",
        "row 5: Unit CNY/m3 cannot be converted to CNY/t",
        "row 5: Price year 20 is no year",
        "row 5: from 2020-13-01 is no date",
        "row 5: Confidence Q is unknown",
        "row 6: Unit CNY/tC cannot be converted",
        "row 6: 'to' 2020-01-01 lies before",
        "row 7: Method species_conservation (habitat_quality) has no single price",
        "row 8: Service habitat_quality has no method here and none in force",
        "row 9: Method air_treatment prices by product",
        "row 10: Method sandbox is unknown",
        "row 11: price -5 is not a number",
        "row 12: price_year is empty",
        "row 12: confidence is empty",
    ):
        assert any(s.startswith(part) for s in said), (part, said)


def test_two_prices_for_one_rule_on_one_day_are_refused(methods: dict[str, str]) -> None:
    row = "water_conservation,,7,,,CNY/m3,2020,a,D,{a},{b}\n"
    apart = row.format(a="2020-01-01", b="2020-12-31") + row.format(a="2021-01-01", b="")
    assert len(read_prices(HEAD + apart, methods)) == 2
    together = row.format(a="2020-01-01", b="2021-06-30") + row.format(a="2021-01-01", b="")
    assert "two values on one day" in faults(HEAD + together, methods)[0]
    assert "two values on one day" in faults(HEAD + row.format(a="", b="") * 2, methods)[0]


def test_two_services_may_share_one_price_but_not_differ(methods: dict[str, str]) -> None:
    row = "{s},reservoir_cost,{p},,,CNY/m3,2020,a,D,,\n"
    shared = row.format(s="water_conservation", p="7") + row.format(s="flood_regulation", p="7.0")
    assert price_rules(HEAD + shared, methods).count("valuation.reservoir_cost.price\n") == 1
    differing = row.format(s="water_conservation", p="7") + row.format(s="flood_regulation", p="8")
    assert "valuation.reservoir_cost.price has two values" in faults(HEAD + differing, methods)[0]


def test_one_method_has_one_price_year_on_a_day(methods: dict[str, str]) -> None:
    row = "air_purification.{p},,5,,,CNY/t,{y},a,D,,\n"
    assert (
        "valuation.air_treatment.price_year has two values"
        in faults(HEAD + row.format(p="so2", y=2020) + row.format(p="nox", y=2021), methods)[0]
    )


def test_dated_prices_hold_on_their_days(methods: dict[str, str], tmp_path: Path) -> None:
    row = "carbon_sequestration,,{p},,,CNY/t,{y},catalogue,D,{a},{b}\n"
    text = HEAD + row.format(p=60, y=2023, a="2023-01-01", b="2023-12-31") + row.format(p=80, y=2024, a="2024-01-01", b="")
    early, late = (overlaid(text, methods, tmp_path / str(d.year), on=d) for d in (date(2023, 12, 31), date(2024, 1, 1)))
    found = [unit_price_of("carbon_sequestration", "t CO2", methods, p) for p in (early, late)]
    assert [(f.yuan.value, f.price_year) for f in found] == [(60, 2023), (80, 2024)]


def test_price_years_of_several_products_become_one_stretch(methods: dict[str, str], tmp_path: Path) -> None:
    row = "air_purification.{p},,5,,,CNY/t,2020,a,D,{a},\n"
    text = HEAD + row.format(p="so2", a="2020-01-01") + row.format(p="nox", a="2021-01-01") + row.format(p="dust", a="2020-01-01")
    params = overlaid(text, methods, tmp_path)
    assert unit_price_of("air_purification.nox", "t", methods, params).price_year == 2020


def test_another_method_changes_the_list_and_keeps_the_rest(methods: dict[str, str], tmp_path: Path) -> None:
    text = HEAD + "water_yield,water_price,0.9,,,CNY/m3,2024,catalogue,D,,\n"
    params = overlaid(text, methods, tmp_path)
    assert pricing(params) == {**methods, "water_yield": "water_price"}
    assert "valuation.methods" not in price_rules(HEAD + "oxygen_release,,700,,,CNY/t,2024,a,D,,\n", methods)


def test_headings_are_checked(methods: dict[str, str]) -> None:
    said = faults("service,cost,price,price\nx,1,1,1\n", methods)
    assert any("Heading cost is unknown" in s for s in said) and any(
        "unit, price_year, source, confidence are missing" in s for s in said
    )
    assert faults("", methods) and "holds no prices" in faults(HEAD, methods)[0]
    assert "no CSV" in faults(HEAD + '"open', methods)[0]


def test_what_a_cell_holds_cannot_become_another_rule(methods: dict[str, str], tmp_path: Path) -> None:
    source = '"a"": }\n  - key: standard.floor.x\n    value: 1 # & *"'
    params = overlaid(HEAD + f"oxygen_release,,7,,,CNY/t,2020,{source},D,,\n", methods, tmp_path)
    assert "standard.floor.x" not in params.book.keys
    assert params.get("valuation.oxygen_price.price").document == 'a": } - key: standard.floor.x value: 1 # & *'


def test_a_place_that_moves_the_price_year_must_state_every_price(methods: dict[str, str], tmp_path: Path) -> None:
    params = overlaid(HEAD + "air_purification.so2,,900,,,CNY/t,2024,a,D,,\n", methods, tmp_path)
    assert unit_price_of("air_purification.so2", "t", methods, params).yuan.value == 900
    with pytest.raises(FaultsError, match=r"nox_price is stated by CN in money of 2010, but 990100 sets .* to 2024"):
        unit_price_of("air_purification.nox", "t", methods, params)


def test_every_method_says_which_prices_a_table_may_set() -> None:
    for id, found in entries("valuation.methods").items():
        keys = {u.name for u in found.spec.parameters}
        assert set(found.module.PRICES.values()) <= keys, id
        assert found.module.PRICE_UNIT.startswith("CNY/") and SERVICES_WORDS
