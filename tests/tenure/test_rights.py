"""The register of rights: its state on a day, its faults, and who is paid."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ecocomp.tenure.rights import check_rights, holder_history, parcel_history, payable_rights, rights_on
from ecocomp.terms.tables import CONTRACT, HOLDER, PARCEL, RIGHT

DAY, KNOWN = date(2023, 7, 1), date(2024, 3, 1)
CASES = yaml.safe_load((Path(__file__).parent / "cases.yaml").read_text(encoding="utf-8"))


def row(
    right_id: str, parcel: str, holder: str, share: str = "1/1", kind: str = "contract", state: str = "clear", **more: Any
) -> dict[str, Any]:
    num, den = (int(x) for x in share.split("/"))
    base = {
        "valid_from": date(2000, 1, 1),
        "valid_to": None,
        "known_from": date(2000, 1, 1),
        "known_to": None,
        "document": f"D-{right_id}",
    }
    return {
        "right_id": right_id,
        "parcel_id": parcel,
        "holder_id": holder,
        "kind": kind,
        "share_num": num,
        "share_den": den,
        "state": state,
        **base,
        **more,
    }


def parcels(*ids: str) -> pa.Table:
    return PARCEL.table(
        [
            {
                "parcel_id": i,
                "village_code": "990121001001",
                "land_class": "0301",
                "ecosystem": "13",
                "area_dm2": 1_000_000,
                "declared_area_dm2": None,
                "x": 0.0,
                "y": 0.0,
            }
            for i in ids
        ]
    )


def holders(*ids: str) -> pa.Table:
    return HOLDER.table(
        [
            {"holder_id": i, "kind": "household", "name": i, "village_code": "990121001001", "members": 3, "income_fen": None}
            for i in ids
        ]
    )


def faults(
    rows: list[dict[str, Any]], parcel_ids: tuple[str, ...] = ("P1",), holder_ids: tuple[str, ...] = ("H1", "H2", "H3")
) -> list[Any]:
    return check_rights(RIGHT.table(rows), holders(*holder_ids), parcels(*parcel_ids), DAY, KNOWN)


def paid(rows: list[dict[str, Any]], **more: Any) -> list[tuple[str, str, str]]:
    table = payable_rights(rights_on(RIGHT.table(rows), DAY, KNOWN), **more)
    return [(r["right_id"], f"{r['share_num']}/{r['share_den']}", r["state"]) for r in table.to_pylist()]


@pytest.mark.parametrize("case", CASES, ids=lambda c: c["name"])
def test_worked_cases(case: dict[str, Any]) -> None:
    rows = [row(*r["row"], **{k: v for k, v in r.items() if k != "row"}) for r in case["rights"]]
    assert [list(p) for p in paid(rows)] == case["paid"]
    assert sorted({f.code.removeprefix("tenure.") for f in faults(rows)}) == case["faults"]


def test_a_short_sum_names_parcel_sum_and_rights() -> None:
    (fault,) = faults([row("R1", "P1", "H1", "1/2"), row("R2", "P1", "H2", "1/3")])
    assert fault.record == "P1"
    assert "5/6" in fault.clash.en and "R1 (H1 1/2), R2 (H2 1/3)" in fault.clash.en and "5/6" in fault.clash.zh
    assert "1" in fault.remedy.zh and fault.severity == "error"


def test_every_fault_is_reported_at_once() -> None:
    rows = [
        row("R1", "P1", "H9"),
        row("R2", "P9", "H1"),
        row("R3", "P2", "H1", "0/3"),
        row("R4", "P3", "H1", "1/1"),
        row("R5", "P3", "H2", "1/1"),
        row("R6", "P4", "H1", valid_to=date(1999, 1, 1)),
        row("R7", "P5", "H1", state="disputed"),
        row("R8", "P6", "H1"),
        row("R8", "P6", "H2", known_from=date(2001, 1, 1)),
    ]
    found = faults(rows, ("P1", "P2", "P3", "P4", "P5", "P6"))
    codes = defaultdict(set)
    for f in found:
        codes[f.code.removeprefix("tenure.")].add(f.record)
    assert codes["unknown_holder"] == {"R1"} and codes["unknown_parcel"] == {"R2"} and codes["fraction"] == {"R3"}
    assert {"P3"} <= codes["exclusive"] and codes["dates"] == {"R6"} and codes["disputed"] == {"R7"} and codes["versions"] == {"R8"}
    assert codes["nobody"] == {"P2", "P4"}
    assert {f.severity for f in found if f.code == "tenure.disputed"} == {"warning"}


def test_forty_faults_are_forty() -> None:
    found = faults([row(f"R{i:02}", "P1", f"X{i}", "1/40", document=f"D{i}") for i in range(40)])
    assert len([f for f in found if f.code == "tenure.unknown_holder"]) == 40


def test_a_correction_is_seen_only_from_the_day_it_was_recorded() -> None:
    rows = [row("R1", "P1", "H1", known_to=date(2024, 1, 1)), row("R1", "P1", "H2", known_from=date(2024, 1, 1))]
    table = RIGHT.table(rows)
    assert rights_on(table, DAY, date(2023, 12, 31))["holder_id"].to_pylist() == ["H1"]
    assert rights_on(table, DAY, date(2024, 1, 1))["holder_id"].to_pylist() == ["H2"]
    assert faults(rows) == []
    assert holder_history(table, "H1")["right_id"].to_pylist() == ["R1"]
    assert len(holder_history(table, "H1", known_on=KNOWN)) == 0
    assert parcel_history(table, "P1", known_on=KNOWN)["holder_id"].to_pylist() == ["H2"]


def test_a_management_right_is_paid_only_where_a_contract_names_its_holder() -> None:
    rows = [
        row("R1", "P1", "H1"),
        row("R2", "P1", "H2", kind="management"),
        row("R3", "P2", "H1"),
        row("R4", "P2", "H2", kind="management"),
    ]
    contract = CONTRACT.table(
        [
            {
                "contract_id": "C1",
                "holder_id": "H2",
                "parcel_id": "P1",
                "programme": "x",
                "duty": "",
                "signed_on": DAY,
                "valid_from": DAY,
                "valid_to": None,
                "known_from": DAY,
                "known_to": None,
            }
        ]
    )
    assert [r for r, _, _ in paid(rows)] == ["R1", "R3"]
    assert [r for r, _, _ in paid(rows, contract=contract)] == ["R2", "R3"]


def test_rights_on_parcels_outside_the_survey_are_left_out() -> None:
    assert paid([row("R1", "P1", "H1"), row("R2", "P2", "H1")], parcel=parcels("P2")) == [("R2", "1/1", "clear")]


def test_huge_denominators_stay_exact() -> None:
    primes = [999_983, 999_979, 999_961, 999_959]
    rows = [row(f"A{p}", f"P{p}", "H1", f"{p - 1}/{p}") for p in primes] + [row(f"B{p}", f"P{p}", "H2", f"1/{p}") for p in primes]
    assert len(paid(rows)) == 8
    rows[0] = row("A999983", "P999983", "H1", "999981/999983")
    assert len(paid(rows)) == 6


SHARE = st.tuples(st.integers(1, 6), st.integers(1, 6)).map(lambda t: (min(t), max(t)))
CLAIM = st.tuples(
    st.sampled_from(["P1", "P2", "P3"]),
    SHARE,
    st.sampled_from(["contract", "use", "ownership", "management"]),
    st.sampled_from(["clear", "disputed"]),
)


@settings(deadline=None)
@given(st.lists(CLAIM, max_size=12), st.randoms())
def test_what_is_paid_is_always_one_whole_whatever_the_order(claims: list[Any], chance: Any) -> None:
    rows = [row(f"R{i:02}", p, f"H{i}", f"{s[0]}/{s[1]}", k, state) for i, (p, s, k, state) in enumerate(claims)]
    now = RIGHT.table(rows)
    table = payable_rights(now)
    total: dict[str, Fraction] = defaultdict(Fraction)
    for r in table.to_pylist():
        assert r["share_num"] > 0
        total[r["parcel_id"]] += Fraction(r["share_num"], r["share_den"])
    assert set(total.values()) <= {Fraction(1)}
    mixed = now.take(pa.array(chance.sample(range(len(rows)), len(rows)), pa.int64()))
    assert payable_rights(mixed).equals(table)
    # A parcel that is not paid although it has rights that could be is always named in a fault.
    found = check_rights(now, holders(*{r["holder_id"] for r in rows}), parcels("P1", "P2", "P3"), DAY, KNOWN)
    named = {f.record for f in found}
    assert {"P1", "P2", "P3"} - set(total) <= named


def test_two_hundred_thousand_rights() -> None:
    n = 100_000
    ids = np.char.add("P", np.arange(n).astype(str))
    both = np.concatenate([ids, ids])
    k = 2 * n
    start = pa.array(np.full(k, np.datetime64("2000-01-01"), "datetime64[D]"))
    table = pa.table(
        {
            "right_id": np.char.add("R", np.arange(k).astype(str)),
            "parcel_id": both,
            "holder_id": np.char.add("H", (np.arange(k) % 5000).astype(str)),
            "kind": np.full(k, "contract"),
            "share_num": np.where(np.arange(k) < n, 1, 2),
            "share_den": np.full(k, 3),
            "state": np.full(k, "clear"),
            "document": np.char.add("D", np.arange(k).astype(str)),
            "valid_from": start,
            "valid_to": pa.nulls(k, pa.date32()),
            "known_from": start,
            "known_to": pa.nulls(k, pa.date32()),
        }
    ).cast(RIGHT.schema())
    parcel = pa.table({"parcel_id": ids})
    holder = pa.table({"holder_id": np.char.add("H", np.arange(5000).astype(str))})
    assert check_rights(table, holder, parcel, DAY, KNOWN) == []
    assert len(payable_rights(rights_on(table, DAY, KNOWN), parcel)) == k
