"""The public notice: names masked, codes that cannot be traced, no group of fewer than three, sums kept."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecocomp.governance.disclose import MERGED, disclosure, mask, merge_small, recipient_code
from ecocomp.governance.objections import check_objections, corrections, in_window, window
from ecocomp.rules import RuleBook, policy_folder
from ecocomp.rules.lines import read_yaml, strip
from ecocomp.terms.faults import FaultsError
from ecocomp.terms.tables import DISCLOSURE, ENTITLEMENT, HOLDER, OBJECTION, VILLAGE

PARAMS = RuleBook.load([policy_folder()], check=False).resolve("990121", date(2022, 12, 31), date(2023, 6, 1))
WORKED = strip(read_yaml(Path(__file__).parent / "cases" / "groups.yaml")[0])
TOWNS = {"a": "T", "b": "T", "c": "T", "d": "S"}
SECRET = b"0123456789abcdef"


def _entitlement(rows: list[tuple[str, str, int, int, int, str]]) -> pa.Table:
    """Rows of (holder, parcel, area, numerator, denominator, state), 10 fen a dm2."""
    return ENTITLEMENT.table(
        [
            {
                "entitlement_id": f"{p}-{h}-{i}",
                "year": 2022,
                "programme": "x",
                "parcel_id": p,
                "holder_id": h,
                "right_id": f"R{i}",
                "contract_id": "C",
                "area_dm2": a,
                "share_num": n,
                "share_den": d,
                "rate_fen_per_ha": 1,
                "compliance_ppm": 10**6,
                "gross_fen": 10 * a,
                "deduction_fen": a,
                "entitled_fen": 9 * a,
                "funded_fen": 5 * a,
                "shortfall_fen": 4 * a,
                "state": s,
                "reason": "",
            }
            for i, (h, p, a, n, d, s) in enumerate(rows)
        ]
    )


def _holders(villages: dict[str, str], kind: str = "household") -> pa.Table:
    return HOLDER.table(
        [
            {"holder_id": h, "kind": kind, "name": f"王{h}", "village_code": v, "members": 3, "income_fen": None}
            for h, v in villages.items()
        ]
    )


VILLAGES = VILLAGE.table([{"village_code": v, "region_code": t, "name_zh": v, "name_en": v} for v, t in TOWNS.items()])


@pytest.mark.parametrize("case", WORKED, ids=[c["name"] for c in WORKED])
def test_worked_groups(case: dict[str, Any]) -> None:
    assert merge_small(case["holders"], TOWNS, 3) == case["groups"]


@given(st.dictionaries(st.text("hijk123456789", min_size=1, max_size=3), st.sampled_from("abcd"), max_size=20), st.integers(1, 6))
def test_no_published_group_is_ever_too_small(village_of: dict[str, str], fewest: int) -> None:
    groups = merge_small(village_of, TOWNS, fewest)
    assert set(groups) == set(village_of)
    for g in set(groups.values()) - {None}:
        assert list(groups.values()).count(g) >= fewest
    assert (None in groups.values()) == (0 < len(village_of) < fewest)


def test_the_notice_masks_names_keeps_sums_and_leaves_out_refused_rows() -> None:
    rows = [
        ("h1", "p1", 100, 1, 3, "payable"),
        ("h1", "p2", 100, 1, 3, "escrow"),
        ("h1", "p2", 50, 1, 2, "payable"),
        ("h2", "p1", 100, 1, 3, "held"),
        ("h3", "p3", 7, 1, 1, "payable"),
        ("h4", "p4", 7, 1, 1, "excluded"),
    ]
    table = disclosure(_entitlement(rows), _holders({"h1": "a", "h2": "a", "h3": "a"}), VILLAGES, PARAMS, secret=SECRET)
    assert table.schema == DISCLOSURE.schema()
    mine = next(r for r in table.to_pylist() if r["recipient_code"] == recipient_code(SECRET, "h1", 2022))
    assert mine == {
        "village_code": "a",
        "recipient_code": mine["recipient_code"],
        "masked_name": "王*",
        "parcels": 2,
        "area_dm2": 92,
        "gross_fen": 2500,
        "deduction_fen": 250,
        "entitled_fen": 2250,
        "funded_fen": 1250,
    }
    assert sum(table["entitled_fen"].to_pylist()) == 9 * (100 + 100 + 50 + 100 + 7)
    text = str(table.to_pylist())
    assert not any(word in text for word in ("h1", "h2", "h3", "王h"))


def test_codes_need_the_key_and_change_with_year_and_key() -> None:
    codes = {recipient_code(k, h, y) for k in (SECRET, SECRET[::-1]) for h in ("h1", "h2") for y in (2022, 2023)}
    assert len(codes) == 8 and all(len(c) == 16 and c.isalnum() for c in codes)
    with pytest.raises(FaultsError, match="16"):
        disclosure(ENTITLEMENT.empty(), HOLDER.empty(), VILLAGES, PARAMS, secret=b"short")


def test_two_recipients_in_all_become_one_line_and_collectives_keep_their_name() -> None:
    two = _entitlement([("h1", "p1", 5, 1, 1, "payable"), ("h2", "p2", 6, 1, 1, "payable")])
    [only] = disclosure(two, _holders({"h1": "a", "h2": "d"}), VILLAGES, PARAMS, secret=SECRET).to_pylist()
    assert (only["village_code"], only["recipient_code"], only["masked_name"], only["area_dm2"], only["parcels"]) == (
        MERGED,
        "*",
        "*",
        11,
        2,
    )
    three = _entitlement([(f"h{i}", f"p{i}", 5, 1, 1, "payable") for i in (1, 2, 3)])
    named = disclosure(three, _holders(dict.fromkeys(("h1", "h2", "h3"), "a"), "collective"), VILLAGES, PARAMS, secret=SECRET)
    assert sorted(named["masked_name"].to_pylist()) == ["王h1", "王h2", "王h3"]


def test_an_unregistered_recipient_is_named() -> None:
    with pytest.raises(FaultsError, match="h9"):
        disclosure(_entitlement([("h9", "p1", 5, 1, 1, "payable")]), _holders({"h1": "a"}), VILLAGES, PARAMS, secret=SECRET)


def test_masking() -> None:
    assert [mask(n) for n in ("王小明", " Zhang Wei", "李", "")] == ["王*", "Z*", "李*", "*"]


# ---------------------------------------------------------------- objections
def _objections(*rows: tuple[str, str, str, date, date | None]) -> pa.Table:
    return OBJECTION.table(
        [
            {
                "objection_id": i,
                "year": 2022,
                "holder_id": "h1",
                "parcel_id": "p1",
                "kind": k,
                "received_on": r,
                "outcome": o,
                "answered_on": a,
            }
            for i, k, o, r, a in rows
        ]
    )


def test_the_window_includes_both_ends() -> None:
    span = window(date(2023, 3, 1), PARAMS)
    assert (span.opens, span.closes, span.answers_by) == (date(2023, 3, 1), date(2023, 3, 7), date(2023, 3, 28))


def test_each_clash_is_named() -> None:
    table = _objections(
        ("1", "area", "upheld", date(2023, 3, 1), date(2023, 3, 9)),
        ("2", "area", "open", date(2023, 3, 7), None),
        ("3", "area", "open", date(2023, 3, 8), None),
        ("4", "colour", "open", date(2023, 3, 2), None),
        ("5", "area", "perhaps", date(2023, 3, 2), None),
        ("6", "name", "rejected", date(2023, 3, 5), date(2023, 3, 4)),
        ("7", "amount", "upheld", date(2023, 3, 2), None),
        ("8", "excess", "rejected", date(2023, 3, 2), date(2023, 3, 24)),
    )
    found = check_objections(table, date(2023, 3, 1), 2022, date(2023, 3, 20), PARAMS)
    assert [(f.record, f.code.rpartition("_")[2], f.severity) for f in found] == [
        ("3", "window", "warning"),
        ("4", "kind", "error"),
        ("5", "outcome", "error"),
        ("5", "answer", "error"),
        ("6", "answer", "error"),
        ("7", "answer", "error"),
        ("8", "overdue", "warning"),
    ]
    later = check_objections(table, date(2023, 3, 1), 2022, date(2023, 3, 29), PARAMS)
    assert {f.record for f in later if f.code.endswith("overdue")} == {"2", "4", "5", "7", "8"}
    assert check_objections(table, date(2023, 3, 1), 2021, date(2023, 3, 20), PARAMS) == []
    assert in_window(table, date(2023, 3, 1), 2022, PARAMS)["objection_id"].to_pylist() == ["1", "2", "4", "5", "6", "7", "8"]


def test_an_upheld_objection_obliges_to_a_correction() -> None:
    table = _objections(
        ("1", "area", "upheld", date(2023, 3, 1), date(2023, 3, 9)), ("2", "area", "rejected", date(2023, 3, 1), date(2023, 3, 9))
    )
    [duty] = corrections(table, 2022)
    assert (duty.objection_id, duty.parcel_id, duty.kind) == ("1", "p1", "area") and "新版本" in duty.duty.zh
