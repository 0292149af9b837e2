"""Groups of co-owners and households: shares add up exactly, circles and double members are found, rights come apart."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecocomp.tenure.groups import Membership, check_members, expand_rights
from ecocomp.terms.faults import FaultsError

SINCE = date(2020, 1, 1)


def party(party_id: str, kind: str = "person", **more: Any) -> dict[str, Any]:
    return {"party_id": party_id, "kind": kind, "valid_from": SINCE, "valid_to": None, **more}


def member(group: str, of: str, share: str | None = None, role: str = "co_owner", **more: Any) -> dict[str, Any]:
    num, den = (None, None) if share is None else (int(x) for x in share.split("/"))
    row = {
        "group_id": group,
        "member_id": of,
        "role": role,
        "share_num": num,
        "share_den": den,
        "valid_from": SINCE,
        "valid_to": None,
    }
    return row | more


PARTIES = [party("G", "group"), party("K", "group"), party("H", "household"), *(party(p) for p in "abcd")]


def codes(rows: list[dict[str, Any]], parties: list[dict[str, Any]] | None = None, **more: Any) -> set[tuple[str, str]]:
    return {(f.code.removeprefix("tenure."), f.record) for f in check_members(rows, parties or PARTIES, **more)}


def group_free(*kinds: str) -> list[dict[str, Any]]:
    return [p for p in PARTIES if p["party_id"] not in kinds]


def test_a_group_inside_a_group_comes_apart_exactly() -> None:
    rows = [
        member("G", "a", "1/3"),
        member("G", "K", "2/3"),
        member("K", "b", "1/7"),
        member("K", "H", "6/7"),
        member("H", "c", role="head"),
    ]
    standing = Membership.on(rows, PARTIES, SINCE)
    assert standing.expanded("G", Fraction(1, 2)) == {"a": Fraction(1, 6), "b": Fraction(1, 21), "H": Fraction(2, 7)}
    assert standing.expanded("a") == {"a": 1} and codes(rows) == set()


def test_a_household_stays_whole_unless_it_is_asked_for_its_members() -> None:
    rows = [member("H", "a", "1/4", "head"), member("H", "b", "3/4", "spouse")]
    standing = Membership.on(rows, PARTIES, SINCE)
    assert standing.expanded("H") == {"H": 1}
    assert standing.expanded("H", households=True) == {"a": Fraction(1, 4), "b": Fraction(3, 4)}


def test_a_right_of_a_group_becomes_rights_of_its_members() -> None:
    rows = [member("G", "a", "1/3"), member("G", "b", "2/3")]
    right = {"right_id": "R1", "holder_id": "G", "share_num": 1, "share_den": 2}
    other = {"right_id": "R2", "holder_id": "c", "share_num": 1, "share_den": 2}
    made = expand_rights([right, other], Membership.on(rows, PARTIES, SINCE))
    assert [(r["right_id"], r["holder_id"], f"{r['share_num']}/{r['share_den']}") for r in made] == [
        ("R1~a", "a", "1/6"), ("R1~b", "b", "1/3"), ("R2", "c", "1/2"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "wanted"),
    [
        ([member("G", "a", "1/3"), member("G", "b", "1/3")], {("group_shares", "G")}),
        ([member("G", "a", "1/2"), member("G", "b")], {("group_partial", "G")}),
        ([member("G", "a", "1/2"), member("G", "b", "0/2")], {("fraction", "G b"), ("group_shares", "G")}),
        ([member("G", "K", "1/1"), member("K", "G", "1/1")], {("group_circle", "G")}),
        ([member("G", "a", "1/1", role="lord")], {("code", "G a")}),
        ([member("G", "x", "1/1")], {("unknown_party", "G x")}),
        ([member("H", "a", role="head"), member("J", "a", role="head")], {("two_households", "a")}),
        (
            [member("H", "a", role="head", valid_to=date(2021, 1, 1)), member("J", "a", role="head", valid_from=date(2021, 1, 1))],
            set(),
        ),
    ],
)
def test_planted_mistakes(rows: list[dict[str, Any]], wanted: set[tuple[str, str]]) -> None:
    named = {r[c] for r in rows for c in ("group_id", "member_id")}
    parties = [p for p in [*PARTIES, party("J", "household")] if p["kind"] != "group" or p["party_id"] in named]
    assert codes(rows, parties) == wanted


def test_a_sum_that_breaks_later_is_found_on_its_day() -> None:
    rows = [
        member("G", "a", "1/2"),
        member("G", "b", "1/2", valid_to=date(2022, 5, 1)),
        member("G", "c", "1/3", valid_from=date(2022, 5, 1)),
    ]
    parties = group_free("K")
    (fault,) = check_members(rows, parties)
    assert "2022-05-01" in fault.clash.en and "5/6" in fault.clash.en and fault.record == "G"
    assert check_members(rows, parties, on=date(2021, 1, 1)) == []
    assert codes([], parties) == {("group_empty", "G")}


def test_a_wrong_group_cannot_be_taken_apart() -> None:
    with pytest.raises(FaultsError, match="2/3"):
        Membership.on([member("G", "a", "2/3")], PARTIES, SINCE).expanded("G")


@given(
    st.lists(st.integers(1, 50), min_size=1, max_size=6), st.lists(st.integers(1, 50), min_size=1, max_size=6), st.integers(1, 40)
)
@settings(max_examples=100, deadline=None)
def test_no_part_is_lost_however_deep(outer: list[int], inner: list[int], den: int) -> None:
    rows = [member("G", f"o{i}", f"{w}/{sum(outer) + 1}") for i, w in enumerate(outer)]
    rows += [member("G", "K", f"1/{sum(outer) + 1}")]
    rows += [member("K", f"i{i}", f"{w}/{sum(inner)}") for i, w in enumerate(inner)]
    share = Fraction(1, den)
    parts = Membership.on(rows, PARTIES, SINCE).expanded("G", share)
    assert sum(parts.values()) == share and len(parts) == len(outer) + len(inner)
