"""Entitlements: worked parcels, exactness against row-by-row Decimal, and every parcel accounted for."""

from __future__ import annotations

import sys
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))
from payment_tables import PARAMS, contracts, lights, parcels, rights, standards

from ecocomp.payments.entitle import REASONS, account_for, amounts_fen, entitle, factor_ppm
from ecocomp.rules import RuleBook, policy_folder
from ecocomp.rules.lines import read_yaml, strip
from ecocomp.terms.faults import FaultsError
from ecocomp.terms.tables import ENTITLEMENT

WORKED = strip(read_yaml(Path(__file__).parent / "cases" / "entitlements.yaml")[0])


@pytest.mark.parametrize("case", WORKED, ids=[c["name"] for c in WORKED])
def test_worked_case(case: dict[str, Any]) -> None:
    table = entitle(
        standards({"P": int(case["rate"])} if "rate" in case else {}),
        parcels({"P": int(case["area"])}),
        rights([("P", h, int(n), int(d), s) for h, (n, d, s) in case["rights"].items()]),
        contracts([("P", h) for h in case["contracts"]]),
        lights({"P": (case["light"], case["verdict"])} if "light" in case else {}),
        PARAMS,
        2022,
        "forest",
    )
    got = {
        r["holder_id"]: [r["gross_fen"], r["deduction_fen"], r["entitled_fen"], r["state"], r["reason"]] for r in table.to_pylist()
    }
    assert got == {h: [int(x) if isinstance(x, Decimal) else x for x in v] for h, v in case["expect"].items()}
    assert sum(account_for(table, parcels({"P": 1})).values()) == 2


NUMBERS = st.integers(0, 100) | st.integers(0, 10**6) | st.integers(0, 10**9) | st.integers(0, 10**12)


@given(st.lists(st.tuples(NUMBERS, NUMBERS, st.sampled_from([0, 10**6, 500_000]) | st.integers(0, 10**6)), min_size=1, max_size=50))
@settings(max_examples=300, deadline=None)
def test_the_vectorised_amount_is_that_of_decimal_on_every_row(rows: list[tuple[int, int, int]]) -> None:
    with localcontext() as context:
        context.prec = 60
        expected = [int((Decimal(r) * a * f / 10**12).quantize(Decimal(1), ROUND_HALF_EVEN)) for r, a, f in rows]
    rows = [r for r, e in zip(rows, expected, strict=True) if e < 2**63]
    expected = [e for e in expected if e < 2**63]
    columns = [np.array(x, np.int64) for x in zip(*rows, strict=True)] if rows else [np.zeros(0, np.int64)] * 3
    assert amounts_fen(*columns).tolist() == expected


@pytest.mark.parametrize(
    ("rate", "area", "factor", "expected"),
    [
        (1, 500_000, 10**6, 0),
        (3, 500_000, 10**6, 2),
        (1, 1_000_000, 500_000, 0),
        (3, 1_000_000, 500_000, 2),
        (5, 1_000_000, 500_000, 2),
        (1, 500_001, 10**6, 1),
        (2**31, 2**31, 10**6, 4611686018427),
        (10**9, 10**12, 999_999, 999_999_000_000_000),
    ],
)
def test_ties_and_large_rows(rate: int, area: int, factor: int, expected: int) -> None:
    assert amounts_fen(np.array([rate]), np.array([area]), np.array([factor])).tolist() == [expected]


PARCEL = st.tuples(
    st.integers(0, 10**7),
    st.integers(0, 10**9),
    st.sampled_from(["green", "yellow", "red", "grey"]),
    st.sampled_from(["none", "confirmed", "partly"]),
    st.lists(st.integers(0, 7), min_size=0, max_size=4),
    st.booleans(),
    st.booleans(),
)


@given(st.lists(PARCEL, min_size=1, max_size=8), st.randoms(use_true_random=False))
@settings(max_examples=120, deadline=None)
def test_every_parcel_is_accounted_for_and_split_without_loss(rows: list[Any], random: Any) -> None:
    ids = [f"P{i}" for i in range(len(rows))]
    shares = [
        (p, f"H{k}", w, sum(r[4]), "disputed" if r[5] and k == 0 else "clear")
        for p, r in zip(ids, rows, strict=True)
        for k, w in enumerate(r[4])
        if sum(r[4])
    ]
    inputs = [
        standards({p: r[0] for p, r in zip(ids, rows, strict=True)}),
        parcels({p: r[1] for p, r in zip(ids, rows, strict=True)}),
        rights(shares),
        contracts([(p, "H0") for p, r in zip(ids, rows, strict=True) if r[6]]),
        lights({p: (r[2], r[3]) for p, r in zip(ids, rows, strict=True)}),
    ]
    table = entitle(*inputs, PARAMS, 2022, "forest")
    assert table.schema == ENTITLEMENT.schema()
    counted = account_for(table, inputs[1])
    assert counted["parcels"] == counted["cleared"] + counted["flagged"] == len(ids)
    factors = PARAMS.table("payments.compliance_factor")
    for p, r in zip(ids, rows, strict=True):
        mine = [e for e in table.to_pylist() if e["parcel_id"] == p]
        paid = sum(r[4]) > 0 and r[6] and r[1] > 0 and r[0] > 0  # land without a rate is not compensated and says so
        ppm = factor_ppm(factors, f"{r[2]}.{r[3]}")
        exact = int((Decimal(r[0]) * r[1] * ppm / 10**12).quantize(Decimal(1), ROUND_HALF_EVEN)) if paid else 0
        assert sum(e["entitled_fen"] for e in mine) == exact
        for e in mine:
            assert e["gross_fen"] - e["deduction_fen"] == e["entitled_fen"] == e["shortfall_fen"] >= 0 <= e["deduction_fen"]
            assert e["reason"] in REASONS and (e["state"] == "excluded") == (not paid)
            if paid:
                share = Decimal(exact) * e["share_num"] / e["share_den"]
                assert abs(e["entitled_fen"] - share) <= 1
    mixed = [t.take(pa.array(random.sample(range(len(t)), len(t)), pa.int64())) for t in inputs]
    assert entitle(*mixed, PARAMS, 2022, "forest").equals(table)


def test_only_a_contract_in_force_and_known_counts() -> None:
    def state(**change: Any) -> str:
        table = entitle(
            standards({"P": 100}),
            parcels({"P": 10**6}),
            rights([("P", "H", 1, 1, "clear")]),
            contracts([("P", "H")], **change),
            lights({}),
            PARAMS,
            2022,
            "forest",
        )
        return str(table["reason"][0].as_py())

    assert state() == "not_observed"
    assert state(valid_to=date(2022, 12, 31)) == "no_contract"  # the day it ends is no longer in it
    assert state(valid_from=date(2023, 1, 1)) == "no_contract"
    assert state(known_from=date(2023, 6, 2)) == "no_contract"  # recorded after the known date
    assert state(known_to=date(2023, 1, 1)) == "no_contract"  # corrected away
    assert state(programme="grassland") == "no_contract"


def test_each_holder_signs_where_the_rule_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "990121" / "payments"
    folder.mkdir(parents=True)
    text = (
        "parameters: [{key: payments.contract_scope, name: {zh: 甲, en: a}, "
        "unit: '1', kind: text, values: [{value: holder, document: x, confidence: S}]}]"
    )
    (folder / "r.yaml").write_text(text, encoding="utf-8")
    params = RuleBook.load([policy_folder(), tmp_path], check=False).resolve("990121", date(2022, 12, 31), date(2023, 6, 1))
    table = entitle(
        standards({"P": 100}),
        parcels({"P": 10**6}),
        rights([("P", "A", 1, 2, "clear"), ("P", "B", 1, 2, "clear")]),
        contracts([("P", "B")]),
        lights({"P": ("green", "none")}),
        params,
        2022,
        "forest",
    )
    assert [(r["holder_id"], r["entitled_fen"], r["reason"], r["contract_id"]) for r in table.to_pylist()] == [
        ("A", 0, "no_contract", ""),
        ("B", 50, "", "C-P-B"),
    ]


def test_a_holders_own_contract_is_cited() -> None:
    table = entitle(
        standards({"P": 100}),
        parcels({"P": 10**6}),
        rights([("P", "A", 1, 2, "clear"), ("P", "B", 1, 2, "clear")]),
        contracts([("P", "A"), ("P", "B")]),
        lights({}),
        PARAMS,
        2022,
        "forest",
    )
    assert table["contract_id"].to_pylist() == ["C-P-A", "C-P-B"]
    assert table["entitlement_id"].to_pylist() == ["forest-2022-P-01", "forest-2022-P-02"]


def test_rows_of_another_year_do_not_count() -> None:
    table = entitle(
        standards({"P": 100}, 2021),
        parcels({"P": 10**6}),
        rights([("P", "A", 1, 1, "clear")]),
        contracts([("P", "A")]),
        lights({"P": ("green", "none")}, 2021),
        PARAMS,
        2022,
        "forest",
    )
    assert table["reason"].to_pylist() == ["no_standard"]


def test_what_cannot_be_computed_is_refused_by_name() -> None:
    with pytest.raises(FaultsError, match="P7") as caught:
        entitle(
            standards({"P7": -1, "P8": -2}),
            parcels({"P7": 1, "P8": 1}),
            rights([]),
            contracts([]),
            lights({}),
            PARAMS,
            2022,
            "forest",
        )
    assert len(caught.value.faults) == 2
    for factors in ({}, {"red": Decimal(2)}, {"red": Decimal("-0.1")}, {"red": Decimal("0.1234567")}):
        with pytest.raises(FaultsError, match=r"red\.none"):
            factor_ppm(factors, "red.none")


def test_land_that_is_not_compensated_says_so_and_not_that_a_contract_is_missing() -> None:
    table = entitle(
        standards({"P0": 0}), parcels({"P0": 10**6}), rights([("P0", "H0", 1, 1, "clear")]), contracts([]), lights({}),
        PARAMS, 2022, "forest",
    )  # fmt: skip
    assert table["reason"].to_pylist() == ["not_compensated"] and table["state"].to_pylist() == ["excluded"]
