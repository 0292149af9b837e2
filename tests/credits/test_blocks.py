"""Blocks: split, joined and moved without loss; what has come to rest stays; any history keeps the identity."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecocomp.credits.blocks import MOVES, STATES, TERMINAL, Block, check_blocks, joined, move, ranges, say_ranges, take, totals

MINTED = {"I": (1, 60), "J": (61, 100)}


def serials(blocks: list[Block]) -> list[int]:
    return sorted(n for b in blocks for n in range(b.first, b.last + 1))


ACT = st.tuples(
    st.sampled_from(sorted(MOVES)), st.sampled_from("AB"), st.sampled_from("AB"), st.one_of(st.none(), st.integers(1, 30)), st.integers(0, 3),
    st.lists(st.tuples(st.integers(1, 100), st.integers(0, 9)).map(lambda p: (p[0], p[0] + p[1])), max_size=2),
)  # fmt: skip


@given(st.lists(ACT, max_size=25))
@settings(max_examples=200, deadline=None)
def test_any_history_keeps_every_serial_in_one_block(
    history: list[tuple[str, str, str, int | None, int, list[tuple[int, int]]]],
) -> None:
    open_ = [Block("I", 1, 50, "held", "A", id=1), Block("I", 51, 60, "buffer", "A", id=2), Block("J", 61, 100, "held", "B", id=3)]
    next_id = 4
    for operation, giver, taker, quantity, lien, wanted in history:
        wanted = [r for i, r in enumerate(sorted(wanted)) if i == 0 or r[0] > sorted(wanted)[i - 1][1]]
        found = sorted((b for b in open_ if b.account == giver), key=lambda b: b.first)
        to = taker if operation in ("transfer", "settle") else None
        beside = [b for b in open_ if b.account == (to or giver)]
        step, missing = move(found, operation, quantity, account=to, lien=f"L{lien}" if lien else "", serials=wanted, beside=beside)
        usable = sum(b.quantity for b in found if b.state in MOVES[operation][0])
        if missing:
            assert (step.ended, step.made) == ((), ())
            assert quantity is None or wanted or quantity > usable or not usable
            continue
        assert not [b for b in step.ended if b.state in TERMINAL]
        assert serials(list(step.ended)) == serials(list(step.made))
        ended = {b.id for b in step.ended}
        assert 0 not in ended
        assert len(ended) == len(step.ended)
        open_ = [b for b in open_ if b.id not in ended]
        for b in step.made:
            open_.append(
                Block(
                    *(
                        getattr(b, f)
                        for f in ("issue", "first", "last", "state", "account", "lien", "purpose", "beneficiary", "period")
                    ),
                    id=next_id,
                )
            )
            next_id += 1
        assert serials(open_) == list(range(1, 101))
        assert check_blocks(open_, MINTED) == []
        assert sum(totals(open_).values()) == 100
        if wanted and quantity is None:
            there = [b for b in step.made if b.state == MOVES[operation][1]]
            assert {n for a, z in wanted for n in range(a, z + 1)} <= set(serials(there))


def test_the_oldest_are_taken_first_and_named_ones_if_named() -> None:
    blocks = [Block("I", 11, 20, "held", "A", id=1), Block("J", 61, 70, "held", "A", id=2)]
    parts, cut, missing = take(blocks, 13)
    assert (say_ranges(ranges(parts)), [b.id for b in cut], missing) == ("11-20, 61-63", [1, 2], 0)
    parts, cut, missing = take(blocks, None, [(15, 16), (70, 70)])
    assert (say_ranges(ranges(parts)), missing) == ("15-16, 70", 0)
    assert take(blocks, 3, [(15, 16)])[2] == 1
    assert take(blocks, None, [(19, 22)])[2] == 2


def test_neighbours_are_joined_but_not_what_has_come_to_rest() -> None:
    made = [Block("I", 1, 5, "held", "A"), Block("I", 6, 9, "held", "A")]
    beside = [Block("I", 10, 12, "held", "A", id=7), Block("J", 13, 20, "held", "A", id=8)]
    step = joined(made, beside)
    assert ([(b.first, b.last) for b in step.made], [b.id for b in step.ended]) == ([(1, 12)], [7])
    rest = joined([Block("I", 1, 5, "retired", "A", "R1"), Block("I", 6, 9, "retired", "A", "R1")])
    assert len(rest.made) == 2


@pytest.mark.parametrize("state", sorted(TERMINAL))
def test_what_has_come_to_rest_never_moves(state: str) -> None:
    for operation in MOVES:
        step, missing = move([Block("I", 1, 5, state, "A", id=1)], operation, 5, account="B")
        assert (step.ended, missing > 0) == ((), True), operation
    assert set(STATES) > TERMINAL


@pytest.mark.parametrize(
    ("blocks", "codes"),
    [
        ([Block("I", 1, 60, "held", "A"), Block("J", 61, 100, "held", "A")], []),
        ([Block("I", 1, 59, "held", "A"), Block("J", 61, 100, "held", "A")], ["conservation"]),
        (
            [Block("I", 1, 60, "held", "A"), Block("I", 60, 60, "held", "B"), Block("J", 61, 100, "held", "A")],
            ["overlap", "conservation"],
        ),
        ([Block("I", 1, 60, "held", "A"), Block("J", 61, 101, "held", "A")], ["not_issued", "conservation"]),
        ([Block("I", 1, 60, "held", "A"), Block("J", 61, 100, "held", "A"), Block("K", 200, 210, "held", "A")], ["not_issued"]),
    ],
)
def test_the_check_names_each_fault(blocks: list[Block], codes: list[str]) -> None:
    assert [f.code.removeprefix("credits.") for f in check_blocks(blocks, MINTED)] == codes
