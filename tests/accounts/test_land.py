"""Land transitions close to the dm2, years join without a seam, and the account follows from them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecocomp.accounts.land import land_account
from ecocomp.accounts.transition import JOINT_COLUMNS, land_transition, parcel_transitions, transitions_from_shares, unobserved
from ecocomp.rules.lines import read_yaml, strip
from ecocomp.terms.faults import FaultsError
from ecocomp.terms.tables import PARCEL, PARCEL_TRANSITION

WORKED = strip(read_yaml(Path(__file__).parent / "cases" / "transitions.yaml")[0])["cases"]
CODES = ["12", "32", "43", "51", "61"]


def _parcel(areas: dict[str, int]) -> pa.Table:
    return PARCEL.table(
        [
            {
                "parcel_id": p,
                "village_code": "v",
                "land_class": "0301",
                "ecosystem": "13",
                "area_dm2": dm2,
                "declared_area_dm2": None,
                "x": 0.0,
                "y": 0.0,
            }
            for p, dm2 in areas.items()
        ]
    )


def _joint(rows: list[tuple[str, str, str, float]]) -> pa.Table:
    schema = pa.schema(
        [("parcel_id", pa.string()), ("from_ecosystem", pa.string()), ("to_ecosystem", pa.string()), ("share", pa.float64())]
    )
    return pa.table([list(c) for c in zip(*rows, strict=True)] if rows else [[]] * 4, schema=schema)


def _last(opening: dict[str, Any], year: int = 2022) -> pa.Table:
    return PARCEL_TRANSITION.table(
        [
            {"parcel_id": "a", "year": year, "from_ecosystem": e, "to_ecosystem": e, "area_dm2": int(dm2)}
            for e, dm2 in opening.items()
        ]
    )


@pytest.mark.parametrize("case", WORKED, ids=[c["name"] for c in WORKED])
def test_worked_case(case: dict[str, Any]) -> None:
    joint = _joint([("a", f, t, float(s)) for f, t, s in case["shares"]])
    last = _last(case["opening"]) if "opening" in case else None
    found = parcel_transitions(_parcel({"a": int(case["area_dm2"])}), joint, 2023, last)
    assert {f"{r['from_ecosystem']}>{r['to_ecosystem']}": r["area_dm2"] for r in found.to_pylist()} == {
        k: int(v) for k, v in case["expected"].items()
    }


_SHARES = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(CODES), st.sampled_from(CODES), st.floats(0, 1)), max_size=25)


@settings(max_examples=150, deadline=None)
@given(areas=st.tuples(*[st.integers(1, 10**9)] * 3), first=_SHARES, second=_SHARES)
def test_every_parcel_closes_and_the_next_year_opens_where_the_last_closed(
    areas: tuple[int, int, int], first: list[Any], second: list[Any]
) -> None:
    parcel = _parcel(dict(zip("abc", areas, strict=True)))
    one = parcel_transitions(parcel, _joint(first), 2023)
    two = parcel_transitions(parcel, _joint(second), 2024, one)
    for table in (one, two):
        sums = dict(zip("abc", [0, 0, 0], strict=True))
        for row in table.to_pylist():
            assert row["area_dm2"] > 0
            sums[row["parcel_id"]] += row["area_dm2"]
        assert tuple(sums.values()) == areas
    before, after = (land_account(land_transition(t)).to_pylist() for t in (one, two))
    closing = {r["ecosystem"]: r["closing_dm2"] for r in before if r["closing_dm2"]}
    assert closing == {r["ecosystem"]: r["opening_dm2"] for r in after if r["opening_dm2"]}
    for row in before + after:
        assert row["opening_dm2"] + row["additions_dm2"] - row["reductions_dm2"] == row["closing_dm2"]
    assert sum(r["opening_dm2"] for r in after) == sum(r["closing_dm2"] for r in after) == sum(areas)


def test_the_order_of_shares_does_not_matter() -> None:
    rows = [("a", f, t, 0.04) for f in CODES for t in CODES]
    parcel = _parcel({"a": 1_000_003})
    assert transitions_from_shares(parcel, _joint(rows), 2023).equals(transitions_from_shares(parcel, _joint(rows[::-1]), 2023))


def test_the_account_by_hand() -> None:
    joint = _joint([("a", "12", "12", 0.5), ("a", "12", "51", 0.2), ("a", "32", "32", 0.2), ("a", "32", "12", 0.1)])
    account = land_account(transitions_from_shares(_parcel({"a": 1000}), joint, 2023)).to_pylist()
    found = {r["ecosystem"]: (r["opening_dm2"], r["additions_dm2"], r["reductions_dm2"], r["closing_dm2"]) for r in account}
    assert found == {"12": (700, 100, 200, 600), "32": (300, 0, 100, 200), "51": (0, 200, 0, 200)}


def test_parcels_nobody_saw_are_listed() -> None:
    assert unobserved(_parcel({"a": 1, "b": 1, "c": 1}), _joint([("b", "12", "12", 0.5), ("c", "12", "12", 0.0)])) == ["a", "c"]


def test_all_bad_shares_are_named_at_once() -> None:
    joint = _joint([("x", "12", "12", 0.5), ("a", "12", "99", 0.5), ("a", "12", "12", -0.1), ("a", "12", "12", float("nan"))])
    with pytest.raises(FaultsError) as caught:
        transitions_from_shares(_parcel({"a": 1}), joint, 2023)
    assert [f.clash.en for f in caught.value.faults] == [
        "The parcel is not in the parcel table.",
        "Ecosystem code 99 is not in the code list.",
        "The share is -0.1.",
        "The share is nan.",
    ]
    assert tuple(joint.column_names) == JOINT_COLUMNS
