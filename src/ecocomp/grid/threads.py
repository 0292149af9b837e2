"""Sharing compiled work among threads, without a say in the result.

For the kernels of this package, which release the interpreter lock and take a range (first, last) of parcels, batches or
rows, each writing places of its own. Pieces are taken from a common pile by whichever thread is free, the caller's
included. A helper that gets no processor is not waited for: on a machine that others use, the parallel loops of the
compiler's own runtime took four times as long as one thread, because both sides of each loop wait for the slower
one. Nothing here survives or disturbs a fork, and any number of callers may run at once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import lru_cache
from itertools import pairwise

PIECES_PER_THREAD = 8

SMALL_LOAD = 100_000
"""Work on fewer cells than this is not worth the handing out."""

_chosen: list[int] = []


def count() -> int:
    """Return the number of threads in use: what `limit` says, else NUMBA_NUM_THREADS or the number of processors."""
    import numba

    return _chosen[-1] if _chosen else int(numba.config.NUMBA_NUM_THREADS)


@contextmanager
def limit(threads: int) -> Iterator[None]:
    """Use this many threads inside the block (all callers in the process)."""
    _chosen.append(max(1, threads))
    try:
        yield
    finally:
        _chosen.pop()


def spread(work: Callable[[int, int], object], n: int, load: int) -> None:
    """Call work(first, last) on ranges that make up 0..n−1, `load` cells in all; an exception in any piece is raised."""
    threads = min(count(), n)
    if threads <= 1 or load < SMALL_LOAD:
        work(0, n)
        return
    pieces = min(n, threads * PIECES_PER_THREAD)
    pile = iter(list(pairwise(n * k // pieces for k in range(pieces + 1))))
    lock = threading.Lock()

    def take() -> None:
        while True:
            with lock:
                piece = next(pile, None)
            if piece is None:
                return
            work(*piece)

    helpers = [_pool(threads - 1).submit(take) for _ in range(threads - 1)]
    take()
    for helper in helpers:
        if not helper.cancel():
            helper.result()


@lru_cache(maxsize=4)
def _pool(helpers: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(helpers, thread_name_prefix="grid")
