"""The rule book: what a wrong rule file is told, and which value is taken."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from ecocomp.rules import RuleBook, policy_folder
from ecocomp.terms.faults import FaultsError, UsageError

PLACES = """places:
  top: {name: {zh: 顶, en: top}}
  low: {name: {zh: 低, en: low}, above: top}
"""
GOOD = """parameters:
  - key: pay.rate
    name: {zh: 标准, en: rate}
    unit: CNY/ha
    kind: number
    values:
      - {from: 2020-01-01, to: 2022-12-31, value: 10.10, document: "甲〔2020〕1号", confidence: V}
      - {from: 2023-01-01, value: 12, spread: 0.1, document: "甲〔2023〕1号", confidence: M}
"""


def book_of(tmp_path: Path, *files: tuple[str, str], check: bool = True) -> RuleBook:
    (tmp_path / "places.yaml").write_text(PLACES, encoding="utf-8")
    for name, text in files:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return RuleBook.load([tmp_path], check=check)


def faults_of(tmp_path: Path, text: str, place: str = "top") -> list[str]:
    book_of(tmp_path, (f"{place}/pay/rate.yaml", text), check=False)
    _, faults = RuleBook.read([tmp_path])
    return [f.say("en") for f in faults]


def test_the_value_of_the_day_with_file_and_line(tmp_path: Path) -> None:
    params = book_of(tmp_path, ("top/pay/rate.yaml", GOOD)).resolve("low", date(2022, 12, 31), date(2030, 1, 1))
    assert params.decimal("pay.rate") == Decimal("10.10")
    used = params.get("pay.rate")
    assert (used.file, used.line) == ("top/pay/rate.yaml", 7)
    assert params.rows()[0]["document"] == "甲〔2020〕1号"


def test_decimals_stay_as_written(tmp_path: Path) -> None:
    params = book_of(tmp_path, ("top/pay/rate.yaml", GOOD)).resolve("low", date(2021, 1, 1), date(2030, 1, 1))
    assert str(params.decimal("pay.rate")) == "10.10"


def test_the_nearer_place_stands_over_the_higher(tmp_path: Path) -> None:
    near = GOOD.replace("10.10", "99")
    book = book_of(tmp_path, ("top/pay/rate.yaml", GOOD), ("low/pay/rate.yaml", near))
    assert book.resolve("low", date(2021, 1, 1), date(2030, 1, 1)).decimal("pay.rate") == 99
    assert book.resolve("top", date(2021, 1, 1), date(2030, 1, 1)).decimal("pay.rate") == Decimal("10.10")


def test_the_interval_of_a_value(tmp_path: Path) -> None:
    params = book_of(tmp_path, ("top/pay/rate.yaml", GOOD)).resolve("low", date(2024, 1, 1), date(2030, 1, 1))
    assert params.interval("pay.rate") == pytest.approx((10.8, 12.0, 13.2))


def test_a_correction_is_used_only_from_the_day_it_was_recorded(tmp_path: Path) -> None:
    text = GOOD + '      - {from: 2023-01-01, value: 15, document: "更正", confidence: V, recorded: 2024-05-01}\n'
    book = book_of(tmp_path, ("top/pay/rate.yaml", text))
    assert book.resolve("top", date(2023, 7, 1), date(2024, 4, 30)).decimal("pay.rate") == 12
    assert book.resolve("top", date(2023, 7, 1), date(2024, 5, 1)).decimal("pay.rate") == 15


def test_a_gap_is_an_error_that_names_the_neighbours(tmp_path: Path) -> None:
    gap = GOOD.replace("to: 2022-12-31", "to: 2021-12-31")
    params = book_of(tmp_path, ("top/pay/rate.yaml", gap)).resolve("low", date(2022, 6, 30), date(2030, 1, 1))
    with pytest.raises(FaultsError) as caught:
        params.decimal("pay.rate")
    said = caught.value.faults[0].say("en")
    assert "2022-06-30" in said and "2020-01-01–2022-01-01" in said and "rate.yaml:7" in said


def test_a_missing_key_names_the_nearest(tmp_path: Path) -> None:
    params = book_of(tmp_path, ("top/pay/rate.yaml", GOOD)).resolve("low", date(2022, 6, 30), date(2030, 1, 1))
    with pytest.raises(FaultsError, match=r"pay\.rate"):
        params.decimal("pay.rates")


@pytest.mark.parametrize(
    ("wrong", "right", "words"),
    [
        ("unit:", "unitt:", ["Unknown key unitt", "nearest known key is unit"]),
        ("confidence: V}", "confidance: V}", ["confidance", "confidence"]),
        ("confidence: V}", "confidence: Z}", ["confidence is Z"]),
        ('document: "甲〔2020〕1号", ', "", ["source (document) is missing"]),
        ("value: 10.10", "value: ten", ["should be a number", "ten"]),
        ("to: 2022-12-31", "to: 2019-12-31", ["2019-12-31 lies before"]),
        ("to: 2022-12-31", "to: 2023-12-31", ["two values at once", "rate.yaml:7", "2023-01-01"]),
        ("from: 2020-01-01", "from: 2020-13-01", ["not a date"]),
        ("kind: number", "kind: numbers", ["kind is numbers"]),
        ("parameters:", "paramters:", ["lacks 'parameters'"]),
        ("  - key", " - - key", []),
    ],
)
def test_a_wrong_file_is_told_what_and_where(tmp_path: Path, wrong: str, right: str, words: list[str]) -> None:
    assert wrong in GOOD
    said = faults_of(tmp_path, GOOD.replace(wrong, right, 1))
    assert said and all("rate.yaml" in line for line in said)
    assert all(any(word in line for line in said) for word in words), said


def test_all_faults_of_a_file_come_at_once(tmp_path: Path) -> None:
    bad = GOOD.replace("unit:", "unitt:").replace("confidence: V}", "confidence: Z}")
    text = bad + GOOD.replace("parameters:\n", "").replace("to: 2022", "too: 2022")
    assert len(faults_of(tmp_path, text)) >= 3


def test_a_key_written_twice_is_a_fault(tmp_path: Path) -> None:
    assert any(
        "twice" in s for s in faults_of(tmp_path, GOOD.replace("    unit: CNY/ha\n", "    unit: CNY/ha\n    unit: CNY/mu\n"))
    )


def test_an_unregistered_place_is_a_fault(tmp_path: Path) -> None:
    assert any("not registered" in s for s in faults_of(tmp_path, GOOD, place="nowhere"))


def test_gb18030_rules_are_refused_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "places.yaml").write_text(PLACES, encoding="utf-8")
    path = tmp_path / "top" / "pay" / "rate.yaml"
    path.parent.mkdir(parents=True)
    path.write_bytes(GOOD.encode("gb18030"))
    _, faults = RuleBook.read([tmp_path])
    assert "UTF-8" in faults[0].say("en")


def test_unverified_values_are_refused_unless_accepted_by_name(tmp_path: Path) -> None:
    params = book_of(tmp_path, ("top/pay/rate.yaml", GOOD)).resolve("low", date(2024, 1, 1), date(2030, 1, 1))
    assert params.unaccepted([]) == []  # nothing used yet
    params.decimal("pay.rate")
    assert "accept_unverified" in params.unaccepted([])[0].say("en")
    assert params.unaccepted(["pay.rate"]) == params.unaccepted(["pay.*"]) == []
    assert params.unaccepted(["pa.*"])


def test_an_unknown_place_says_which_are_known(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="low"):
        book_of(tmp_path, ("top/pay/rate.yaml", GOOD)).resolve("lo", date(2024, 1, 1), date(2024, 1, 1))


def test_the_rules_that_ship_are_sound() -> None:
    book, faults = RuleBook.read([policy_folder()])
    assert [f.say("en") for f in faults if f.severity == "error"] == []
    gaps = [f.say("en") for f in book.audit(date(2026, 11, 22)) if f.code == "rules.gap"]
    assert gaps == []


def test_sample_places_are_marked_invented() -> None:
    book = RuleBook.load([policy_folder()])
    assert book.places["990121"].invented and not book.places["CN"].invented
    sample = [v for v in book.values() if v.confidence == "S"]
    assert sample and all(book.places[v.place].invented for v in sample)


TABLE = """parameters:
  - key: pay.table
    name: {zh: 表, en: table}
    unit: CNY/ha
    kind: table
    values:
      - {value: {"11": 5, "12": 7}, RANGE, document: d, confidence: V}
"""


@pytest.mark.parametrize(
    ("ends", "said"),
    [
        ('low: {"11": 4, "12": 7}, high: {"11": 6}', ()),
        ('low: {"11": 6}', ("11: value 5", "6")),
        ('low: {"11": 4}, high: {"11": 4.5, "12": 9}', ("11: value 5", "4 and 4.5")),
        ('high: {"12": 6.5}', ("12: value 7", "6.5")),
        ('low: {"13": 1}', ("low has 13",)),
        ("low: 4", ("tables of code: number",)),
        ("spread: -0.1", ("spread -0.1",)),
    ],
)
def test_each_entry_of_a_table_lies_between_its_ends(tmp_path: Path, ends: str, said: tuple[str, ...]) -> None:
    found = faults_of(tmp_path, TABLE.replace("RANGE", ends))
    assert len(found) == bool(said)
    assert all(w in found[0] for w in (*said, "top/pay/rate.yaml", "line 7", "pay.table")) if said else True


def test_one_end_alone_is_checked_too(tmp_path: Path) -> None:
    (fault,) = faults_of(tmp_path, GOOD.replace("spread: 0.1", "low: 13"))
    assert "value 12 does not lie between 13 and 12" in fault
