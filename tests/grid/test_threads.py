"""Work shared among threads is done once, in full, and its faults come back to the caller."""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import sys
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecocomp.grid import threads


@given(st.integers(0, 200), st.integers(1, 6))
def test_every_place_is_done_once(n: int, workers: int) -> None:
    done = np.zeros(n, np.int64)

    def work(first: int, last: int) -> None:
        done[first:last] += 1

    with threads.limit(workers):
        threads.spread(work, n, threads.SMALL_LOAD)
    assert (done == 1).all()


def test_small_work_stays_with_the_caller() -> None:
    calls = []
    with threads.limit(4):
        threads.spread(lambda a, b: calls.append((a, b, threading.current_thread())), 100, threads.SMALL_LOAD - 1)
    assert calls == [(0, 100, threading.current_thread())]


@pytest.mark.parametrize("bad", range(16))
def test_a_fault_in_any_piece_is_raised(bad: int) -> None:
    def work(first: int, last: int) -> None:
        if first <= bad < last:
            raise ArithmeticError(bad)

    with threads.limit(2), pytest.raises(ArithmeticError):
        threads.spread(work, 16, threads.SMALL_LOAD)


def test_many_callers_at_once() -> None:
    totals = np.zeros((8, 1000), np.int64)

    def caller(k: int) -> None:
        def work(first: int, last: int) -> None:
            totals[k, first:last] += 1

        for _ in range(20):
            threads.spread(work, 1000, threads.SMALL_LOAD)

    with threads.limit(3):
        callers = [threading.Thread(target=caller, args=(k,)) for k in range(8)]
        for c in callers:
            c.start()
        for c in callers:
            c.join()
    assert (totals == 20).all()


def _in_child(answer: multiprocessing.connection.Connection) -> None:
    done = np.zeros(100, np.int64)

    def work(first: int, last: int) -> None:
        done[first:last] += 1

    threads.spread(work, 100, threads.SMALL_LOAD)
    answer.send(int(done.sum()))


@pytest.mark.skipif(sys.platform == "win32", reason="no fork on Windows")
def test_a_forked_child_finishes_its_work() -> None:
    """The helpers do not exist in a child; the caller then does everything itself."""
    with threads.limit(3):
        threads.spread(lambda a, b: None, 100, threads.SMALL_LOAD)
        context = multiprocessing.get_context("fork")
        ours, theirs = context.Pipe()
        child = context.Process(target=_in_child, args=(theirs,))
        child.start()
        assert ours.poll(30), "the child hangs"
        assert ours.recv() == 100
        child.join()
