"""The way of a payment from bundle to bank and back, on both databases."""

from __future__ import annotations

from pathlib import Path

from ecoweb.office import Office

from .pay_world import Claim, World


def test_a_year_goes_all_the_way(office: Office, tmp_path: Path) -> None:
    w = World(office, tmp_path)
    taken = w.take(
        [Claim("H1", "p1", {"E1": 1000, "E2": 500}), Claim("H1", "p2", {"E2": 250}, short=100), Claim("H2", "p3", {"E1": 777})]
    )
    assert (taken.added, taken.sum_fen, taken.shortfall_fen, taken.again) == (3, 2527, 100, False)
    assert w.books() == {
        "asset:bank:E1": 1777, "asset:bank:E2": 750, "claim:forest": 100, "liability:owed:H1": -100,
        "liability:payable:H1:E1": -1000, "liability:payable:H1:E2": -750, "liability:payable:H2:E1": -777,
    }  # fmt: skip
    w.noticed()
    name = w.sent()
    books = w.books()
    assert (books["asset:transit:E1"], books["asset:transit:E2"]) == (1777, 750)
    assert "asset:bank:E1" not in books
    posted = w.answer(name, {1: "paid", 2: "failed"})
    assert (posted.paid, posted.failed, posted.parked) == (1, 1, [])
    assert w.books() == {"asset:bank:E1": 777, "claim:forest": 100, "liability:owed:H1": -100, "liability:payable:H2:E1": -777}
    assert sorted(s for s, _ in w.states().values()) == ["failed", "paid", "paid"]
