"""What is owed, as the rules of sharing see it: whole fen by row, whose row it is, its rank and its part of the floor.

A rule of sharing (`funds/rations/*.py`) has ``share(available, unmet, claims) -> given`` with ``0 <= given <= unmet`` and
``sum(given) = min(available, sum(unmet))``. It may use, beside `unmet`, only what does not change while the
envelopes are used one after the other (`Claims`), so that a chain of envelopes stays monotone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Claims:
    """Rows that an envelope may pay, in the order of entitlement_id.

    holder  whose row it is, as a number
    rank    class in which the row stands, 0 first
    floor   fen of the row that come before all else (its part of the holder's minimum), <= what is owed
    due     fen owed before any envelope was used
    """

    holder: np.ndarray
    rank: np.ndarray
    floor: np.ndarray
    due: np.ndarray

    def take(self, rows: np.ndarray) -> Claims:
        """Return the claims of some rows."""
        return Claims(self.holder[rows], self.rank[rows], self.floor[rows], self.due[rows])


def plain(due: list[int], holder: list[int] | None = None, rank: list[int] | None = None, floor_fen: int = 0) -> Claims:
    """Return claims from plain numbers: each row its own holder and all of one rank unless said.

    floor_fen  minimum of each holder, as `floors` splits it over its rows
    """
    owed = np.array(due, np.int64)
    whose = np.arange(len(due)) if holder is None else np.array(holder, np.int64)
    return Claims(
        whose, np.zeros(len(due), np.int64) if rank is None else np.array(rank, np.int64), floors(owed, whose, floor_fen), owed
    )


def floors(due: np.ndarray, holder: np.ndarray, floor_fen: int) -> np.ndarray:
    """Return for each row its part of min(floor_fen, what its holder is owed), split in proportion to what is owed."""
    if floor_fen <= 0 or not len(due):
        return np.zeros(len(due), np.int64)
    order, first = grouped(holder)
    owed = np.add.reduceat(due[order], first)
    out = np.zeros(len(due), np.int64)
    from ecocomp.terms.money import apportion_groups

    out[order] = apportion_groups(np.minimum(owed, floor_fen), due[order], first)
    return out


def grouped(holder: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the order that brings the rows of each holder together (rows in their order), and where each group begins."""
    order = np.argsort(holder, kind="stable")
    sorted_ = holder[order]
    return order, np.flatnonzero(np.concatenate([[True], sorted_[1:] != sorted_[:-1]])) if len(order) else np.zeros(0, np.int64)
