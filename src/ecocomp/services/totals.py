"""The sums of all parcels as they grow: full precision for parcels under way, rounded sums and quantiles for those done.

For the engine. Strips arrive from north to south, so it is known which strip touches a parcel last. Until then its sums,
their remainders and its draws are held; after it the sums are rounded once, the draws become quantiles, and their room
goes to the next parcel. So room is taken by the parcels of a strip and not by all of them, but for the rounded sums. Those
are kept in blocks of parcels, which are given back one by one while the table is written from them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from ecocomp.services.parcel_sums import add_parts, rounded
from ecocomp.services.strip_pass import CORNERS, Interval, Run, StripResult, Work

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ecocomp.grid.strip import Strip
    from ecocomp.services.site import Floats, Plan

BLOCK = 16_384
"""Parcels of a block."""

PARCELS_AT_ONCE = 65_536
"""Parcels whose draws are put in order at a time."""


class Totals:
    """The sums of all parcels, strip by strip from north to south.

    Parameters
    ----------
    strips : all strips that may be added
    parcels : how many parcels there are
    place : where each parcel stands in the blocks (parcels,); without it as in the matrix
    """

    def __init__(self, work: Work, strips: Sequence[Strip], parcels: int, place: NDArray[np.int64] | None = None) -> None:
        self.negative = [0] * len(work.runs)
        self._work = work
        self._place = np.arange(parcels) if place is None else place
        self._last = np.full(parcels, -1, np.int64)
        for strip in strips:
            self._last[strip.parcel] = strip.start
        self._live = _Live(work, parcels)
        self._columns = _Columns(work)
        self._blocks = [Block(self._columns, first, min(BLOCK, parcels - first)) for first in range(0, parcels, BLOCK)]

    def add(self, strip: Strip, result: StripResult) -> None:
        """Add what a strip gives to the parcels it touches; those that no later strip touches are complete."""
        slot = self._live.slots(strip.parcel)
        add_parts(self._live.total, self._live.rest, slot, result.sums, result.rests)
        if result.draws.shape[1]:
            self._live.draws[slot] += result.draws
        self.negative = [a + b for a, b in zip(self.negative, result.negative, strict=True)]
        done = self._last[strip.parcel] == strip.start
        self._complete(strip.parcel[done], slot[done])

    def _complete(self, parcels: NDArray[np.int32], slot: NDArray[np.int32]) -> None:
        sums, draws = rounded(self._live.total[slot], self._live.rest[slot]), self._live.draws[slot]
        self._live.give_back(parcels, slot)
        ends, kept = self._columns.ends_of(draws), draws[:, self._columns.kept]
        block, row = np.divmod(self._place[parcels], BLOCK)
        for b in np.unique(block):
            mine = block == b
            self._blocks[b].put(row[mine], sums[mine], ends[mine], kept[mine])

    def blocks(self) -> Iterator[Block]:
        """Yield the blocks in order, once all strips are in; each is given back when the next one is asked for."""
        self._live = _Live(self._work, 0)
        for run in self._work.runs:
            for product in range(run.products):
                self._columns.limit(run, product, self._blocks)
        self._blocks.reverse()
        while self._blocks:
            yield self._blocks.pop()


class Block:
    """The sums of parcels first..first + n − 1 in the order of their places.

    sums   rounded sums (n, `Work.columns`)
    ends   low and high of the draws of each product that is drawn (n, 2 · products)
    draws  sums of the draws that a ceiling may cut back (n, columns)
    """

    def __init__(self, columns: _Columns, first: int, n: int) -> None:
        self.first, self.n, self._columns = first, n, columns
        self.sums = np.zeros((n, columns.work.columns))
        self.ends, self.draws = np.zeros((n, columns.ends)), np.zeros((n, columns.kept.size))

    def put(self, rows: NDArray[np.int64], sums: Floats, ends: Floats, draws: Floats) -> None:
        """Put complete parcels into their rows."""
        self.sums[rows], self.ends[rows], self.draws[rows] = sums, ends, draws

    def low_value_high(self, run: Run, product: int) -> Floats:
        """Return low, value and high of a product (n, 3), after what the place can supply."""
        columns = self._columns
        three = _cut_back(self.sums[:, columns.three(run, product)], columns.shares.get((run.id, product)))
        if not run.drawn:
            one, value, two = three.T
            return np.stack([np.minimum(np.minimum(one, two), value), value, np.maximum(np.maximum(one, two), value)], axis=1)
        value = three[:, 1]
        if is_limited(run):
            draws = _cut_back(self.draws[:, columns.of_kept(run, product)], columns.shares_drawn.get((run.id, product)))
            low, high = quantiles(draws, run.interval)
        else:
            low, high = self.ends[:, columns.first_end[run.id] + 2 * product : columns.first_end[run.id] + 2 * product + 2].T
        return np.stack([np.fmin(low, value), value, np.fmax(high, value)], axis=1)

    def weight_ha(self, run: Run, product: int) -> Floats:
        """Return the area where a product was observed [ha] (n,)."""
        return self.sums[:, self._columns.work.weights + run.first // CORNERS + product]

    def area_ha(self) -> Floats:
        """Return the area on the grid [ha] (n,)."""
        return self.sums[:, self._columns.work.area]

    def left_out_ha(self, run: Run) -> Floats:
        """Return the area of ecosystems a service has no figures for [ha] (n,): ground it is not meant for."""
        return self.sums[:, self._columns.work.area + 1 + run.flagged] if run.flagged >= 0 else np.zeros(self.n)


def is_limited(run: Run) -> bool:
    """Return whether there is a most that the place can supply."""
    return any(plan.ceiling is not None for plan in (run.plan, *run.drawn))


class _Columns:
    """Which columns of a block are whose, and the shares that ceilings leave.

    ends       how many columns quantiles take; those of a run begin at first_end[its id]
    kept       columns of the sums of draws that are kept, ascending
    shares     by service and product what is left of low, value, high (3,); none where nothing is cut back
    """

    def __init__(self, work: Work) -> None:
        self.work, self.ends, self.first_end = work, 0, dict[str, int]()
        for run in work.runs:
            if run.drawn and not is_limited(run):
                self.first_end[run.id] = self.ends
                self.ends += 2 * run.products
        kept = [np.arange(run.at, run.at + run.columns_drawn) for run in work.runs if run.drawn and is_limited(run)]
        self.kept = np.concatenate([np.zeros(0, np.int64), *kept])
        self.shares: dict[tuple[str, int], Floats] = {}
        self.shares_drawn: dict[tuple[str, int], Floats] = {}

    def three(self, run: Run, product: int) -> slice:
        """Return the columns of low, value and high among the sums."""
        return slice(run.first + CORNERS * product, run.first + CORNERS * (product + 1))

    def of_kept(self, run: Run, product: int) -> NDArray[np.int64]:
        """Return the columns of a product among the draws kept, in the order of the draws."""
        return np.searchsorted(self.kept, run.draws_of(product))

    def ends_of(self, draws: Floats) -> Floats:
        """Return the quantiles of the draws of parcels (parcels, `Work.columns_drawn`) as (parcels, ends)."""
        out = np.empty((len(draws), self.ends))
        for run in self.work.runs:
            for product in range(run.products if run.id in self.first_end else 0):
                at = self.first_end[run.id] + 2 * product
                out[:, at], out[:, at + 1] = quantiles(draws[:, run.draws_of(product)], run.interval)
        return out

    def limit(self, run: Run, product: int, blocks: Sequence[Block]) -> None:
        """Find what is left of a product where all parcels together exceed what the place can supply."""
        ceiling = _ceiling([run.plan], product)
        if ceiling is not None:
            at = self.three(run, product)
            self.shares[run.id, product] = _shares([block.sums[:, at] for block in blocks], ceiling)
        drawn = _ceiling(run.drawn, product)
        if drawn is not None:
            # One column of all parcels at a time: the draws are many.
            columns = self.of_kept(run, product)
            parts = [_shares([b.draws[:, c : c + 1] for b in blocks], drawn[k : k + 1]) for k, c in enumerate(columns)]
            self.shares_drawn[run.id, product] = np.concatenate(parts)


class _Live:
    """Sums, remainders and draws of the parcels under way; a parcel has a slot from its first strip to its last.

    total, rest  (slots, `Work.columns`)
    draws        (slots, `Work.columns_drawn`)
    """

    def __init__(self, work: Work, parcels: int) -> None:
        self._slot = np.full(parcels, -1, np.int32)
        self._free = np.zeros(0, np.int32)
        self.total, self.rest = np.zeros((0, work.columns)), np.zeros((0, work.columns))
        self.draws = np.zeros((0, work.columns_drawn))

    def slots(self, parcels: NDArray[np.int32]) -> NDArray[np.int32]:
        """Return the slot of each parcel; one that has none gets an empty one."""
        new = parcels[self._slot[parcels] < 0]
        if new.size > self._free.size:
            self._grow(new.size - self._free.size)
        slots, self._free = self._free[: new.size], self._free[new.size :]
        self._slot[new] = slots
        self.total[slots], self.rest[slots], self.draws[slots] = 0.0, 0.0, 0.0
        return self._slot[parcels]

    def give_back(self, parcels: NDArray[np.int32], slots: NDArray[np.int32]) -> None:
        """Let others have the slots of these parcels."""
        self._slot[parcels] = -1
        self._free = np.concatenate([slots, self._free])

    def _grow(self, lacking: int) -> None:
        n = len(self.total)
        more = max(lacking, n // 4)
        self.total, self.rest, self.draws = (
            np.concatenate([a, np.zeros((more, a.shape[1]))]) for a in (self.total, self.rest, self.draws)
        )
        self._free = np.concatenate([self._free, np.arange(n, n + more, dtype=np.int32)])


def quantiles(draws: Floats, interval: Interval) -> tuple[Floats, Floats]:
    """Return the lower and upper quantile of each parcel's draws (parcels, draws), linear between neighbours in order."""
    ends = np.empty((2, len(draws)))
    for a in range(0, len(draws), PARCELS_AT_ONCE):
        ordered = np.sort(draws[a : a + PARCELS_AT_ONCE], axis=1)
        for k, share in enumerate((interval.low, interval.high)):
            place = share * (draws.shape[1] - 1)
            i = min(int(place), draws.shape[1] - 2)
            ends[k, a : a + PARCELS_AT_ONCE] = ordered[:, i] + (place - i) * (ordered[:, i + 1] - ordered[:, i])
    return ends[0], ends[1]


def _ceiling(plans: Sequence[Plan], product: int) -> Floats | None:
    """Return the most of a product that the place can supply in each column, or None where nothing is said."""
    found = [plan.ceiling[product] for plan in plans if plan.ceiling is not None]
    return np.concatenate(found) if found else None


def _shares(parts: Sequence[Floats], ceiling: Floats) -> Floats:
    """Return what is left of each column (columns,) where all rows of all parts together exceed its ceiling."""
    every = np.array([math.fsum(chain.from_iterable(part[:, k] for part in parts)) for k in range(ceiling.size)])
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(every > ceiling, ceiling / every, 1.0))


def _cut_back(sums: Floats, share: Floats | None) -> Floats:
    return sums if share is None else np.asarray(sums * share)
