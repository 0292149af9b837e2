"""The entitlements by columns are those reckoned row by row in whole numbers of any size, to the last field."""

from __future__ import annotations

import sys
from collections import Counter
from datetime import date
from fractions import Fraction
from math import lcm
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))
from payment_tables import CLOCKS, PARAMS, lights, parcels, standards

from ecocomp.payments import entitle as module
from ecocomp.payments.entitle import REASONS, entitle, factor_ppm
from ecocomp.rules import Parameters, RuleBook, policy_folder
from ecocomp.terms.faults import FaultsError
from ecocomp.terms.money import apportion, apportion_groups, half_even
from ecocomp.terms.tables import CONTRACT, ENTITLEMENT, RIGHT

YEAR, PROGRAMME, ONE = 2022, "forest", 10**12
REFUSED = {"no_contract", "no_right", "share_sum", "no_standard", "not_compensated", "no_area"}
Tables = dict[str, pa.Table]


# ---------------------------------------------------------------- row by row
def by_row(tables: Tables, params: Parameters, scope: str) -> pa.Table:
    """Return the entitlements, each parcel and each right on its own."""
    rates = {r["parcel_id"]: r["rate_fen_per_ha"] for r in tables["standard"].to_pylist() if r["year"] == YEAR}
    seen = {r["parcel_id"]: (r["light"], r["verdict"]) for r in tables["compliance"].to_pylist() if r["year"] == YEAR}
    own, any_of = signed(tables["contract"], params)
    rights: dict[str, list[dict[str, Any]]] = {}
    for r in sorted(tables["right"].to_pylist(), key=lambda r: r["right_id"].encode()):
        rights.setdefault(r["parcel_id"], []).append(r)
    out = []
    for parcel in tables["parcel"].to_pylist():
        p = parcel["parcel_id"]
        rate, mine = rates.get(p), rights.get(p, [])
        light, verdict = seen.get(p, ("grey", "none"))
        ppm = factor_ppm(params.table("payments.compliance_factor"), f"{light}.{verdict}")
        area = max(parcel["area_dm2"], 0)
        sums = [half_even((rate or 0) * area * f, ONE) for f in (10**6, ppm)]
        parts = split(mine, sums)
        for k, r in enumerate(mine or [None]):  # type: ignore[list-item]
            contract = "" if r is None else own.get((p, r["holder_id"])) or (any_of.get(p, "") if scope == "parcel" else "")
            reason = why(r, parts, rate, contract, parcel["area_dm2"], light, verdict, ppm)
            gross, entitled = (0, 0) if reason in REFUSED or parts is None else parts[k]
            out.append(
                {
                    "entitlement_id": f"{PROGRAMME}-{YEAR}-{p}-{0 if r is None else k + 1:02d}",
                    "year": YEAR,
                    "programme": PROGRAMME,
                    "parcel_id": p,
                    "holder_id": "" if r is None else r["holder_id"],
                    "right_id": "" if r is None else r["right_id"],
                    "contract_id": contract,
                    "area_dm2": parcel["area_dm2"],
                    "share_num": 0 if r is None else r["share_num"],
                    "share_den": 1 if r is None else r["share_den"],
                    "rate_fen_per_ha": rate or 0,
                    "compliance_ppm": ppm,
                    "gross_fen": gross,
                    "deduction_fen": gross - entitled,
                    "entitled_fen": entitled,
                    "funded_fen": 0,
                    "shortfall_fen": entitled,
                    "state": "excluded" if reason in REFUSED else "escrow" if reason == "disputed" else "payable",
                    "reason": reason,
                    "tranche": None,
                }
            )
    return ENTITLEMENT.table(out)


def signed(contract: pa.Table, params: Parameters) -> tuple[dict[tuple[str, str], str], dict[str, str]]:
    """Return the contract of each holder on each parcel, and of each parcel: of several, the first by its code."""
    own: dict[tuple[str, str], str] = {}
    any_of: dict[str, str] = {}
    for c in sorted(contract.to_pylist(), key=lambda c: c["contract_id"].encode(), reverse=True):
        valid = c["valid_from"] <= params.valid_on and (c["valid_to"] is None or c["valid_to"] > params.valid_on)
        known = c["known_from"] <= params.known_on and (c["known_to"] is None or c["known_to"] > params.known_on)
        if c["programme"] == PROGRAMME and valid and known:
            own[c["parcel_id"], c["holder_id"]] = any_of[c["parcel_id"]] = c["contract_id"]
    return own, any_of


def split(rights: list[dict[str, Any]], sums: list[int]) -> list[tuple[int, int]] | None:
    """Return (gross, entitled) of each right; None if the shares do not add up to one."""
    shares = [(r["share_num"], r["share_den"]) for r in rights]
    if len(shares) == 1:
        return [(sums[0], sums[1])] if shares[0][0] == shares[0][1] else None
    if not shares or any(d <= 0 or n < 0 for n, d in shares) or sum(Fraction(n, d) for n, d in shares) != 1:
        return None
    common = lcm(*(d for _, d in shares))
    weights = [n * (common // d) for n, d in shares]
    return list(zip(apportion(sums[0], weights), apportion(sums[1], weights), strict=True))


def why(right: Any, parts: Any, rate: int | None, contract: str, area: int, light: str, verdict: str, ppm: int) -> str:
    """Return the reason of a row: the first obstacle."""
    obstacles = [
        (right is None, "no_right"),
        (parts is None, "share_sum"),
        (rate == 0, "not_compensated"),
        (not contract, "no_contract"),
        (rate is None, "no_standard"),
        (area <= 0, "no_area"),
        (right is not None and right["state"] == "disputed", "disputed"),
        (ppm < 10**6, "reduced"),
        (verdict == "force_majeure", "force_majeure"),
        (verdict == "none" and light == "grey", "not_observed"),
        (verdict == "none" and light in ("yellow", "red"), "to_be_checked"),
    ]
    return next((reason for holds, reason in obstacles if holds), "")


# ---------------------------------------------------------------- registers of every kind
FULL = [
    [(1, 1)],
    [(1, 2), (1, 2)],
    [(1, 3)] * 3,
    [(1, 2), (1, 3), (1, 6)],
    [(1, 7)] * 7,
    [(2, 4), (3, 6)],
    [(0, 5), (1, 1)],
    [(999, 1000), *[(1, 9000)] * 9],
    [(1, 2**29 - 1), (2**29 - 2, 2**29 - 1)],
    [(1, 2**30), (2**30 - 1, 2**30)],
    [(1, 10**9 + 7), (10**9 + 6, 10**9 + 7)],
    [(1, 2**40), (2**40 - 1, 2**40)],
    [(2**62 - 1, 2**62), (1, 2**62)],
    [(1, 3), (1, 2**31 - 1), (2 * (2**31 - 1) - 3, 3 * (2**31 - 1))],
]
LESS = [
    [(1, 2), (1, 3)],
    [(2, 3), (2, 3)],
    [(1, 0), (1, 1)],
    [(0, 1)],
    [(0, 0)],
    [(-1, 2), (3, 2)],
    [(-3, -3)],
    [(1, -2), (1, 2)],
    [(2**62, 2**61), (2**62, 2**61)],
    [(2**32, 1), (2**32, 1)],
    [(1, 2**61 - 1), (1, 2**62 - 57)],
]


@st.composite
def any_shares(draw: st.DrawFn) -> list[tuple[int, int]]:
    """Shares that add up to one in most cases: of whole weights, each fraction in its lowest terms or not."""
    weights = draw(st.lists(st.integers(0, 12) | st.integers(0, 10**6) | st.integers(0, 2**33), min_size=1, max_size=9))
    total = sum(weights)
    if not total:
        return [(1, 1)]
    shares = [
        (w, total) if draw(st.booleans()) else (Fraction(w, total).numerator, Fraction(w, total).denominator) for w in weights
    ]
    if draw(st.integers(0, 9)) == 0:
        shares[0] = (shares[0][0] + 1, shares[0][1])
    return shares


AMOUNT = st.integers(0, 100) | st.integers(0, 10**6) | st.integers(0, 10**9)
PLACE = st.tuples(
    st.none() | st.just(0) | AMOUNT | st.integers(0, 2**40),  # rate
    st.just(-5) | AMOUNT | st.integers(0, 2**40),  # area
    st.none()
    | st.tuples(
        st.sampled_from(["green", "yellow", "red", "grey"]), st.sampled_from(["none", "confirmed", "partly", "force_majeure"])
    ),
    st.just([]) | st.sampled_from(FULL) | st.sampled_from(FULL) | st.sampled_from(LESS) | any_shares() | any_shares(),
    st.lists(st.integers(0, 3), min_size=9, max_size=9),  # holders, some of them twice on a parcel
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 9), st.integers(0, 7)), max_size=5),  # signer, code, sort of contract
    st.integers(0, 15),  # which rights are disputed
)
SORTS: list[dict[str, Any]] = [
    {}, {}, {}, {}, {"programme": "grassland"}, {"valid_to": date(2022, 12, 31)}, {"known_from": date(2023, 6, 2)},
    {"valid_to": date(2023, 1, 1), "known_to": date(2023, 6, 2)},
]  # fmt: skip
NAMES = ["P", "P-0", "P-01", "P-02", "P0", "Q", "p", "丙", "Q-1", "-"]


def registers(places: list[Any], shuffle: Any) -> Tables:
    """Return the registers of some parcels, each in any order."""
    ids = dict(zip(NAMES, places, strict=False))
    right, contract = [], []
    for p, (_, _, _, shares, holders, deeds, disputed) in ids.items():
        for k, (n, d) in enumerate(shares):
            state = "disputed" if disputed >> k & 1 else "clear"
            code = f"R{(k * 7 + disputed) % 10}{k}{p}"
            right.append(_right(code, p, f"H{holders[k % len(holders)]}", n, d, state))
        for k, (signer, code, sort) in enumerate(deeds):
            contract.append(_contract(f"{code:02d}{p}{k}", p, f"H{signer}", **SORTS[sort]))
    right.append(_right("RX", "elsewhere", "H0", 1, 1, "clear"))
    contract.append(_contract("CX", "elsewhere", "H0"))
    tables = {
        "standard": standards({p: v[0] for p, v in ids.items() if v[0] is not None} | {"elsewhere": 7}),
        "parcel": parcels({p: v[1] for p, v in ids.items()}),
        "right": RIGHT.table(right),
        "contract": CONTRACT.table(contract),
        "compliance": lights({p: v[2] for p, v in ids.items() if v[2] is not None}),
    }
    tables["standard"] = pa.concat_tables([tables["standard"], standards({"P": 3}, 2021)])
    tables["compliance"] = pa.concat_tables([lights({"P": ("red", "confirmed")}, 2023), tables["compliance"]])
    if shuffle.random() < 0.3:
        return tables
    return {n: t.take(pa.array(shuffle.sample(range(len(t)), len(t)), pa.int64())) for n, t in tables.items()}


def _right(code: str, p: str, holder: str, n: int, d: int, state: str) -> dict[str, Any]:
    row = {"right_id": code, "parcel_id": p, "holder_id": holder, "kind": "contract", "share_num": n, "share_den": d}
    return row | {"state": state, "document": "", **CLOCKS}


def _contract(code: str, p: str, holder: str, **change: Any) -> dict[str, Any]:
    row = {"contract_id": code, "parcel_id": p, "holder_id": holder, "programme": PROGRAMME, "duty": ""}
    return row | {"signed_on": date(2020, 1, 1), **CLOCKS, **change}


@pytest.fixture(scope="module")
def by_holder(tmp_path_factory: pytest.TempPathFactory) -> Parameters:
    """The same rules, but that each holder needs a contract of their own."""
    root = tmp_path_factory.mktemp("rules")
    folder = root / "990121" / "payments"
    folder.mkdir(parents=True)
    text = "parameters: [{key: payments.contract_scope, name: {zh: 甲, en: a}, unit: '1', kind: text, "
    (folder / "r.yaml").write_text(text + "values: [{value: holder, document: x, confidence: S}]}]", encoding="utf-8")
    return RuleBook.load([policy_folder(), root], check=False).resolve("990121", date(2022, 12, 31), date(2023, 6, 1))


@given(st.lists(PLACE, max_size=10), st.randoms(use_true_random=False), st.booleans(), st.sampled_from([1, 3, 1 << 22]))
@settings(max_examples=400, deadline=None)
def test_by_columns_as_by_row(by_holder: Parameters, places: list[Any], shuffle: Any, each: bool, piece: int) -> None:
    tables = registers(places, shuffle)
    params, scope = (by_holder, "holder") if each else (PARAMS, "parcel")
    expected = by_row(tables, params, scope)
    whole = module._PIECE, module._SPAN
    module._PIECE, module._SPAN = piece, piece
    try:
        found = entitle(*tables.values(), params, YEAR, PROGRAMME)
    finally:
        module._PIECE, module._SPAN = whole
    assert found.to_pylist() == expected.to_pylist()
    assert found.equals(expected) and found.schema == ENTITLEMENT.schema()
    for reason in set(found["reason"].to_pylist()):
        event(f"reason {reason}")


def test_every_reason_comes_up_in_a_full_register() -> None:
    rng = np.random.default_rng(5)
    seen: Counter[str] = Counter()
    for k in range(60):
        places = [
            (
                [None, 0, 12_345, 2**38][rng.choice(4, p=[0.1, 0.1, 0.6, 0.2])],
                int(rng.choice([-1, 0, 10**6 + 1, 2**40])),
                [None, ("green", "none"), ("red", "none"), ("red", "confirmed"), ("red", "force_majeure")][rng.integers(5)],
                [[], *FULL, *LESS][rng.integers(len(FULL) + len(LESS) + 1)],
                rng.integers(0, 4, 10).tolist(),
                [tuple(x) for x in rng.integers(0, [5, 10, 8], (rng.integers(4), 3)).tolist()],
                int(rng.integers(16)),
            )
            for _ in NAMES
        ]
        tables = registers(places, Random(k))
        found = entitle(*tables.values(), PARAMS, YEAR, PROGRAMME)
        assert found.equals(by_row(tables, PARAMS, "parcel"))
        seen.update(found["reason"].to_pylist())
    assert set(seen) == set(REASONS) - {"stacked"}  # said where programmes meet, not here


# ---------------------------------------------------------------- the split alone
WEIGHTS = st.lists(st.integers(0, 3) | st.integers(0, 10**4) | st.integers(0, 2**25), min_size=1, max_size=25).filter(any)


@given(st.lists(st.tuples(WEIGHTS, AMOUNT | st.integers(0, 2**62)), min_size=1, max_size=12))
@settings(max_examples=500, deadline=None)
def test_many_splits_at_once_are_each_split_unit_for_unit(groups: list[tuple[list[int], int]]) -> None:
    first = np.cumsum([0] + [len(w) for w, _ in groups])[:-1]
    flat = np.array([w for weights, _ in groups for w in weights], np.int64)
    found = apportion_groups(np.array([t for _, t in groups], np.int64), flat, first)
    assert found.tolist() == [part for weights, total in groups for part in apportion(total, weights)]


def test_a_row_that_wins_twice_before_another_wins_once() -> None:
    weights = [10**8, *[1] * 10, *[10**7] * 3]
    for total in [*range(40), *range(10**8, 10**8 + 200), 2**61 + 3]:
        assert apportion_groups(np.array([total]), np.array(weights), np.array([0])).tolist() == apportion(total, weights)


def test_a_thousand_households_of_a_collective() -> None:
    rng = np.random.default_rng(3)
    weights = rng.integers(0, 50, 1000)
    for total in (1, 499, 500, 501, 999, 12_345_678_901):
        assert apportion_groups(np.array([total]), weights, np.array([0])).tolist() == apportion(total, weights.tolist())


def test_sums_too_large_to_count_are_refused_by_name_all_at_once() -> None:
    rest: tuple[Any, ...] = (None, [(1, 1)], [0] * 9, [], 0)
    tables = registers([(2**40, 2**60, *rest), (2**60, 2**60, *rest), (1, 2**62, *rest)], Random(0))
    with pytest.raises(FaultsError) as caught:
        entitle(*tables.values(), PARAMS, YEAR, PROGRAMME)
    assert [(f.code, f.record) for f in caught.value.faults] == [("payments.amount", "P"), ("payments.amount", "P-0")]
