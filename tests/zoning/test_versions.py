"""Restrictions and layers as dated objects: which held when, what binds, every fault named."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecocomp.terms.faults import FaultsError
from ecocomp.terms.registers import EDITION, RESTRICTION
from ecocomp.zoning.editions import ZoneEdition
from ecocomp.zoning.versions import (
    binding_on,
    check_editions,
    check_layer,
    check_restrictions,
    edition_on,
    restrictions_on,
)

TODAY = date(2024, 6, 1)
KNOWN = date(2030, 1, 1)


def at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


CLOCKS: dict[str, Any] = {"valid_from": date(2018, 6, 1), "valid_to": None, "known_from": at(date(2018, 6, 2)), "known_to": None}
PAPERS = {"authority": "青溪县人民政府（虚构）", "document": "青政（虚构）〔2018〕3号", "adopted_on": date(2018, 5, 1)}


def layer(name: str = "E1", **more: Any) -> dict[str, Any]:
    facts = {"fingerprint": "f" * 64, "path": "e.parquet", "rows": 1, "area_dm2": 1, "source_name": "s", "source_sha256": "0" * 64}
    head = {"edition_id": name, "kind": "red_line", "region_code": "990121", "title": "红线"}
    return {**head, **facts, **PAPERS, **CLOCKS, **more}


def ban(name: str = "R1", **more: Any) -> dict[str, Any]:
    head = {
        "restriction_id": name,
        "kind": "red_line",
        "name": "红线",
        "category": None,
        "reason": "水源涵养",
        "edition_id": "E1",
        "parcel_id": None,
    }
    return {**head, **PAPERS, **CLOCKS, **more}


def check(rows: list[dict[str, Any]], layers: list[dict[str, Any]] | None = None, on: date = TODAY) -> set[tuple[str, str]]:
    found = check_restrictions(RESTRICTION.table(rows), EDITION.table(layers if layers is not None else [layer()]), on, KNOWN)
    assert all(f.clash.zh and f.clash.en and f.remedy.zh and f.remedy.en for f in found)
    return {(f.code.removeprefix("zoning.restriction_"), f.record) for f in found}


def test_sound_restrictions_have_no_faults() -> None:
    later = ban(valid_from=date(2023, 1, 1), known_from=at(date(2023, 1, 2)), edition_id=None, parcel_id="P1")
    assert check([ban(valid_to=date(2023, 1, 1)), later, ban("R2", edition_id=None, parcel_id="P1")]) == set()


def test_every_fault_of_a_restriction_is_named() -> None:
    rows = [
        ban("A", authority=" "),
        ban("B", document=""),
        ban("C", reason=""),
        ban("D", adopted_on=None),
        ban("E", adopted_on=date(2019, 1, 1)),
        ban("F", adopted_on=date(2025, 1, 1)),
        ban("G", valid_to=date(2018, 6, 1)),
        ban("H", known_to=at(date(2018, 6, 1))),
        ban("I", kind="park"),
        ban("J", parcel_id="P1"),
        ban("K", edition_id=None),
        ban("L", edition_id="E9"),
        ban("M", edition_id="E2"),
        ban("N", edition_id="E3"),
        ban("O", edition_id="E4"),
        ban("P"),
        ban("P", known_from=at(date(2019, 1, 1))),
    ]
    layers = [layer(), layer("E2", kind="reserve"), layer("E3", adopted_on=None), layer("E4", valid_to=date(2020, 1, 1))]
    assert check(rows, layers) == {
        ("no_authority", "A"), ("no_document", "B"), ("no_reason", "C"), ("no_date", "D"), ("late", "E"), ("late", "F"),
        ("proposal", "F"), ("dates", "G"), ("kind", "I"), ("edition", "I"), ("ground", "J"), ("ground", "K"), ("edition", "L"),
        ("edition", "M"), ("edition", "N"), ("edition", "O"), ("versions", "P"),
    }  # fmt: skip


def test_what_was_corrected_is_no_fault_any_more() -> None:
    wrong = ban(document="", known_to=at(date(2019, 1, 1)))
    assert check([wrong, ban(known_from=at(date(2019, 1, 1)))]) == set()


def test_only_what_has_papers_by_the_day_binds() -> None:
    layers = EDITION.table([layer(), layer("E3", adopted_on=None)])
    rows = RESTRICTION.table(
        [
            ban("A"), ban("B", document=" "), ban("C", adopted_on=date(2025, 1, 1)), ban("D", edition_id="E3"),
            ban("E", edition_id=None, parcel_id="P1"), ban("F", valid_from=date(2025, 1, 1)), ban("G", adopted_on=None),
        ]
    )  # fmt: skip
    assert restrictions_on(rows, TODAY, KNOWN)["restriction_id"].to_pylist() == ["A", "B", "C", "D", "E", "G"]
    assert binding_on(rows, layers, TODAY, KNOWN)["restriction_id"].to_pylist() == ["A", "E"]
    assert binding_on(rows, layers, date(2025, 6, 1), KNOWN)["restriction_id"].to_pylist() == ["A", "C", "E", "F"]
    assert len(binding_on(rows, layers, TODAY, date(2018, 1, 1))) == 0, "nobody knew of them"


def test_the_layer_of_a_day_as_known_on_a_day() -> None:
    new = date(2023, 1, 1)
    rows = EDITION.table(
        [layer(valid_to=new), layer("E2", valid_from=new, known_from=at(date(2023, 2, 1))), layer("X", region_code="990122")]
    )
    assert check_editions(rows, TODAY, KNOWN) == []

    def held(on: date, known: date) -> str | None:
        row = edition_on(rows, "red_line", "990121", on, known)
        return row["edition_id"] if row else None

    assert held(date(2020, 1, 1), date(2024, 1, 1)) == "E1"
    assert held(date(2023, 1, 15), date(2023, 1, 20)) is None, "the first had ended, nobody knew of the second"
    assert held(date(2023, 1, 15), date(2023, 3, 1)) == "E2" and held(date(2017, 1, 1), date(2024, 1, 1)) is None
    twice = EDITION.table([layer(), layer("E2")])
    assert [(f.code, f.record) for f in check_editions(twice, TODAY, KNOWN)] == [("zoning.edition_overlap", "E1")]
    with pytest.raises(FaultsError, match="E2"):
        edition_on(twice, "red_line", "990121", TODAY, KNOWN)


def test_a_registered_layer_and_its_file_must_agree() -> None:
    file = ZoneEdition(Path("e"), "f" * 64, "g" * 64, "red_line", "", None, 1, 1, (0, 0, 1, 1))
    assert check_layer(layer(), file) == []
    for row, given_ in ((layer(), None), (layer(fingerprint="0" * 64), file), (layer(kind="reserve"), file)):
        assert [f.code for f in check_layer(row, given_)] == ["zoning.edition_layer"]


SPAN = st.tuples(st.integers(0, 6), st.integers(1, 6) | st.none())


@given(st.tuples(SPAN, SPAN), st.tuples(SPAN, SPAN))
def test_versions_meet_just_when_some_day_sees_both(a: Any, b: Any) -> None:
    """The check agrees with asking for every day as known on every day."""

    def row(spans: Any) -> dict[str, Any]:
        (v, v_len), (k, k_len) = spans
        dates = {"valid_from": date(2020, 1, 1 + v), "valid_to": None if v_len is None else date(2020, 1, 1 + v + v_len)}
        known = {"known_from": at(date(2020, 1, 1 + k)), "known_to": None if k_len is None else at(date(2020, 1, 1 + k + k_len))}
        return {**ban(edition_id=None, parcel_id="P"), **dates, **known}

    one, two = row(a), row(b)
    if (one["valid_from"], one["known_from"]) == (two["valid_from"], two["known_from"]):
        return
    table = RESTRICTION.table([one, two])
    days = [date(2020, 1, d) for d in range(1, 16)]
    both = any(len(restrictions_on(table, v, k)) == 2 for v in days for k in days)
    assert both == (("versions", "R1") in check([one, two], on=date(2020, 1, 1)))
