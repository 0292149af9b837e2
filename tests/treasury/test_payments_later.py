"""What a later bundle of a year does to the rows that are there, as the page on payments says."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecoweb.office import Office

from .pay_world import Claim, World


def rows(w: World) -> list[tuple[str, str, int, str]]:
    """The rows of the key by part: kind, state, fen, why."""
    found = w.sql("SELECT r.kind, s.state, r.amount_fen, s.reason FROM pay_row r JOIN pay_state s ON s.row = r.seq ORDER BY r.seq")
    return [(str(k), str(s), int(x), str(y)) for k, s, x, y in found]


def test_where_nothing_is_taken_away_the_rows_stay_and_a_correction_carries_the_difference(office: Office, tmp_path: Path) -> None:
    w = World(office, tmp_path)
    w.take([Claim("H1", "p1", {"E1": 1000})])
    made = w.take([Claim("H1", "p1", {"E1": 1100, "E2": 50})])
    assert (made.added, made.cancelled) == (1, 0)
    assert rows(w) == [("payment", "ready", 1000, "taken_in"), ("correction", "ready", 150, "taken_in")]
    w.noticed()
    batch = w.made()
    assert (batch.rows, batch.lines, batch.sum_fen) == (2, 1, 1150)


def test_where_something_is_taken_away_rows_in_no_batch_are_replaced(office: Office, tmp_path: Path) -> None:
    w = World(office, tmp_path)
    w.take([Claim("H1", "p1", {"E1": 1000, "E2": 100})])
    made = w.take([Claim("H1", "p1", {"E1": 900, "E2": 300})])
    assert (made.added, made.cancelled, made.clawed_back) == (1, 1, 0)
    assert rows(w) == [("payment", "cancelled", 1100, "corrected"), ("correction", "ready", 1200, "taken_in")]


def test_what_is_in_a_batch_stays_whether_it_was_released_or_not(office: Office, tmp_path: Path) -> None:
    w = World(office, tmp_path)
    w.take([Claim("H1", "p1", {"E1": 1000})])
    w.noticed()
    w.made()
    made = w.take([Claim("H1", "p1", {"E1": 900})], grants={"E1": 1000})
    assert (made.cancelled, made.clawed_back) == (0, 1)
    assert rows(w) == [("payment", "in_file", 1000, "batched"), ("clawback", "held", -100, "clawback")]


def test_escrow_replaces_and_what_is_the_same_changes_nothing(office: Office, tmp_path: Path) -> None:
    w = World(office, tmp_path)
    w.take([Claim("H1", "p1", {"E1": 1000})])
    w.take([Claim("H1", "p1", {"E1": 1000}), Claim("H2", "p2", {"E1": 5})])
    assert rows(w) == [("payment", "ready", 1000, "taken_in"), ("payment", "ready", 5, "taken_in")]
    w.take([Claim("H1", "p1", {"E1": 1000}, state="escrow"), Claim("H2", "p2", {"E1": 5})])
    assert rows(w)[0][1:] == ("cancelled", 1000, "corrected")
    assert rows(w)[2][1:] == ("held", 1000, "escrow")


def test_the_work_of_a_changed_key_does_not_grow_with_the_year(office: Office, tmp_path: Path) -> None:
    """A key that changed is looked up, not searched for among all rows: else a later bundle of a million never ends."""
    if office.vendor != "sqlite":
        pytest.skip("steps of the machine of SQLite are counted")
    w = World(office, tmp_path)
    n, few, many = 1500, 5, 55
    claims = [Claim("H1", f"p{i:04d}", {"E1": 1000}) for i in range(n)]
    w.take(claims)
    steps = {}
    for changed in (few, many):
        claims = [Claim(c.holder, c.parcel, {"E1": c.sources["E1"] + (i < changed)}) for i, c in enumerate(claims)]
        counted = [0]

        def count(counted: list[int] = counted) -> int:
            counted[0] += 1
            return 0

        office.connection.ensure_connection()
        office.connection.connection.set_progress_handler(count, 100)
        assert w.take(claims).added == changed
        office.connection.connection.set_progress_handler(None, 0)
        steps[changed] = counted[0] * 100
    each = (steps[many] - steps[few]) / (many - few)
    assert each < 4 * n, each
