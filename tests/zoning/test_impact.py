"""What a change of the red line, or of any zone, touches, to the dm2 and the fen."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from ecocomp.terms.tables import CONTRACT, PARCEL, RIGHT, STANDARD
from ecocomp.zoning.impact import Impact, red_line_areas, red_line_difference, red_line_impact

DAY = date(2024, 1, 1)
CLOCKS = {"valid_from": DAY, "valid_to": None, "known_from": DAY, "known_to": None}


def parcels(*areas: int) -> pa.Table:
    base = {"village_code": "v", "land_class": "0301", "ecosystem": "13", "declared_area_dm2": None, "x": 0.0, "y": 0.0}
    return PARCEL.table([{**base, "parcel_id": f"P{i}", "area_dm2": a} for i, a in enumerate(areas)])


def right(name: str, parcel: str, holder: str, num: int = 1, den: int = 1, kind: str = "contract") -> dict[str, Any]:
    share = {"share_num": num, "share_den": den}
    return {
        "right_id": name,
        "parcel_id": parcel,
        "holder_id": holder,
        "kind": kind,
        **share,
        "state": "clear",
        "document": "d",
        **CLOCKS,
    }


def contract(name: str, parcel: str, holder: str) -> dict[str, Any]:
    head = {"contract_id": name, "holder_id": holder, "parcel_id": parcel}
    return {**head, "programme": "p", "duty": "no logging", "signed_on": DAY, **CLOCKS}


def rates(**rate: int) -> pa.Table:
    others = [c.name for c in STANDARD.columns if c.name not in ("parcel_id", "year", "rule", "rate_fen_per_ha")]
    head = {"year": 2024, "rule": "r", **dict.fromkeys(others, 0)}
    return STANDARD.table([{**head, "parcel_id": p, "rate_fen_per_ha": r} for p, r in rate.items()])


def strips(*xs: tuple[float, float]) -> Any:
    return np.array([shapely.box(a, 0, b, 10) for a, b in xs], object)


def totals(impact: Impact) -> dict[str, int]:
    return dict(zip(impact.total["item"].to_pylist(), impact.total["amount"].to_pylist(), strict=True))


def test_land_rights_contracts_and_money_of_a_small_change() -> None:
    """Four parcels of 10 by 10; the line moves from 0–15 to 5–25."""
    parcel, shapes = parcels(1_000_000, 2_000_000, 3_000_001, 500_000), strips((0, 10), (10, 20), (20, 30), (30, 40))
    rights = RIGHT.table(
        [
            right("R0", "P0", "anna"),
            right("R0o", "P0", "village", kind="ownership"),
            right("R1a", "P1", "anna", 1, 3),
            right("R1b", "P1", "bo", 2, 3),
            right("R2", "P2", "bo", 1, 2),
            right("R3", "P3", "chen"),
        ]
    )
    payable = rights.filter(pc.not_equal(rights["kind"], "ownership"))
    got = red_line_impact(
        strips((0, 15)), strips((5, 25)), parcel, shapes, right=rights, right_payable=payable,
        contract=CONTRACT.table([contract("C1", "P1", "anna"), contract("C3", "P3", "chen")]),
        standard=rates(P0=333, P1=200_001, P2=100_000),
    )  # fmt: skip
    columns = ("parcel_id", "before_dm2", "kept_dm2", "gained_dm2", "lost_dm2", "after_dm2", "rights", "holders", "contracts")
    assert [tuple(r[c] for c in columns) for r in got.ledger.to_pylist()] == [
        ("P0", 1_000_000, 500_000, 0, 500_000, 500_000, 2, 2, 0),
        ("P1", 1_000_000, 1_000_000, 1_000_000, 0, 2_000_000, 2, 2, 1),
        ("P2", 0, 0, 1_500_000, 0, 1_500_000, 1, 1, 0),
    ]
    money = {r["parcel_id"]: (r["gained_fen"], r["lost_fen"]) for r in got.ledger.to_pylist()}
    assert money == {"P0": (0, 166), "P1": (200_001, 0), "P2": (150_000, 0)}, "333 fen/ha · 0.5 ha = 166.5, half to even"
    parts = {r["right_id"]: (r["gained_fen"], r["lost_fen"]) for r in got.right.to_pylist()}
    assert parts == {"R0": (0, 166), "R0o": (None, None), "R1a": (66_667, 0), "R1b": (133_334, 0), "R2": (None, None)}
    assert got.contract["contract_id"].to_pylist() == ["C1"]
    total = totals(got)
    assert (total["parcels"], total["rights"], total["holders"], total["contracts"]) == (3, 5, 3, 1)
    assert total["gained_fen_not_assigned"] == 150_000, "half of a parcel's shares is nobody's"
    assert total["before_dm2"] + total["gained_dm2"] - total["lost_dm2"] == total["after_dm2"] == 4_000_000


def test_without_rates_no_money_is_said_and_several_years_are_refused() -> None:
    parcel, shapes, none = parcels(100), strips((0, 10)), RIGHT.empty()
    got = red_line_impact(strips(), strips((0, 5)), parcel, shapes, right=none, contract=CONTRACT.empty())
    assert got.ledger["gained_fen"].to_pylist() == [None] and totals(got)["parcels_without_rate"] == 1
    two = pa.concat_tables([rates(P0=1), rates(P0=2)])
    with pytest.raises(ValueError, match="one year"):
        red_line_impact(strips(), strips((0, 5)), parcel, shapes, right=none, contract=CONTRACT.empty(), standard=two)


BOXES = st.lists(st.tuples(*[st.floats(0, 30)] * 2, *[st.floats(0.1, 20)] * 2), max_size=4)


@settings(max_examples=80, deadline=None)
@given(BOXES, BOXES, st.lists(st.integers(0, 10_000), min_size=9, max_size=9), st.integers(0, 10**7), st.randoms())
def test_the_ledger_closes_to_the_dm2_and_the_fen(old: Any, new: Any, areas: list[int], rate: int, chance: Any) -> None:
    shapes = np.array([shapely.box(x, y, x + 10, y + 10) for x in (0, 10, 20) for y in (0, 10, 20)], object)
    old, new = (np.array([shapely.box(x, y, x + w, y + h) for x, y, w, h in b], object) for b in (old, new))
    parcel = parcels(*areas)
    found = red_line_areas(old, new, np.array(areas), shapes)
    for low, high in ((found.kept, found.before), (found.kept, found.after), (found.before, areas), (found.after, areas)):
        assert (np.asarray(low) <= np.asarray(high)).all()
    assert (found.before + found.gained - found.lost == found.after).all() and (found.kept >= 0).all()
    assert (found.kept + found.gained + found.lost <= areas).all()
    rights = RIGHT.table([right(f"R{i}{k}", f"P{i}", f"h{k}", k, 3) for i in range(9) for k in (1, 2)])
    more = {
        "right": rights,
        "right_payable": rights,
        "contract": CONTRACT.empty(),
        "standard": rates(**{f"P{i}": rate for i in range(9)}),
    }
    one = red_line_impact(old, new, parcel, shapes, **more)
    total = totals(one)
    for way in ("gained", "lost"):
        assert (
            total[f"{way}_fen"] == sum(v or 0 for v in one.right[f"{way}_fen"].to_pylist())
            and total[f"{way}_fen_not_assigned"] == 0
        )
    back = totals(red_line_impact(new, old, parcel, shapes, **more))
    assert (back["gained_dm2"], back["lost_dm2"]) == (total["lost_dm2"], total["gained_dm2"]), "going back undoes it"
    order = chance.sample(range(9), 9)
    two = red_line_impact(old, new, parcel.take(order), shapes[order], **more)
    assert one.ledger.equals(two.ledger) and one.total.equals(two.total)
    changed = red_line_difference(old, new, parcel, shapes)
    assert changed["gained_dm2"].to_pylist() == [g for g, m in zip(found.gained, found.lost, strict=True) if g or m]
    assert len(red_line_difference(new, new, parcel, shapes)) == 0
