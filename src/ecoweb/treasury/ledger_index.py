"""Account names and their codes in memory: a million in some 60 MB, a hundred thousand found in hundredths of a second.

The names lie in one Arrow array. They are found by a 64-bit fingerprint, computed for whole columns, in a sorted array; what
is found is then compared with the name itself, so two names with one fingerprint cannot be taken for each other; such
twins are kept by name.

The fingerprint takes eight bytes at a time: exclusive or, a multiplication, a shift (as Fowler, Noll and Vo do with bytes).
It protects nothing and is never stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_ROWS = 1 << 16
"""Names at a time, so that they stay in the processor's cache."""


@dataclass
class NameIndex:
    """The codes of accounts that were committed.

    last  number of the last account in it; those of all lower numbers are in it too
    """

    last: int = 0
    names: pa.LargeStringArray = field(default_factory=lambda: pa.array([], pa.large_string()))
    codes: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    _prints: np.ndarray = field(default_factory=lambda: np.zeros(0, np.uint64))
    _order: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    _sorted: np.ndarray = field(default_factory=lambda: np.zeros(0, np.uint64))
    _twins: dict[str, int] = field(default_factory=dict)

    def add(self, names: Sequence[pa.LargeStringArray], codes: Sequence[np.ndarray], last: int) -> None:
        """Add accounts whose numbers end with `last`."""
        self.names = pa.concat_arrays([self.names, *names])
        self.codes = np.concatenate([self.codes, *codes])
        self._prints = np.concatenate([self._prints, *map(fingerprints, names)])
        self._order = np.argsort(self._prints)
        self._sorted = self._prints[self._order]
        pairs = np.flatnonzero(self._sorted[1:] == self._sorted[:-1])
        rows = self._order[np.union1d(pairs, pairs + 1)]
        self._twins = dict(zip(self.names.take(pa.array(rows)).to_pylist(), self.codes[rows].tolist(), strict=True))
        self.last = last

    def find(self, names: pa.Array) -> np.ndarray:
        """Return the code of each name, 0 for one that is not here."""
        if not len(self.codes) or not len(names):
            return np.zeros(len(names), np.int64)
        asked = fingerprints(names)
        order = np.argsort(asked)  # neighbours are then found in neighbouring memory
        place = np.empty(len(names), np.int64)
        place[order] = np.searchsorted(self._sorted, asked[order])
        place = self._order[np.minimum(place, len(self._order) - 1)]
        same = pc.equal(self.names.take(pa.array(place)), names.cast(pa.large_string()))
        codes = np.where(same.to_numpy(zero_copy_only=False), self.codes[place], 0)
        if self._twins:
            missing = np.flatnonzero(codes == 0)
            codes[missing] = [self._twins.get(n, 0) for n in names.take(pa.array(missing)).to_pylist()]
        return codes


def fingerprints(names: pa.Array) -> np.ndarray:
    """Return 64 bits for each text of an array without nulls."""
    names = names.cast(pa.large_string())
    return np.concatenate([np.zeros(0, np.uint64), *(_few(names.slice(i, _ROWS)) for i in range(0, len(names), _ROWS))])


def _few(names: pa.LargeStringArray) -> np.ndarray:
    offsets = np.frombuffer(names.buffers()[1], np.int64)[names.offset : names.offset + len(names) + 1]
    data = np.frombuffer(names.buffers()[2] or b"", np.uint8)[offsets[0] : offsets[-1]]
    padded = np.concatenate([data, np.zeros(8, np.uint8)])
    words = np.ndarray(len(padded) - 7, "<u8", padded, strides=(1,))  # the eight bytes from each byte on
    starts, lengths = offsets[:-1] - offsets[0], np.diff(offsets)
    found = lengths.astype(np.uint64) * _FACTOR
    for at in range(0, int(lengths.max()), 8):
        left = lengths - at
        word = words[np.minimum(starts + at, len(data))]
        spare = (np.clip(8 - left, 0, 7) * 8).astype(np.uint64)
        mixed = (found ^ ((word << spare) >> spare)) * _FACTOR  # of the last word only the name's own bytes
        found = np.where(left > 0, mixed ^ (mixed >> np.uint64(29)), found)
    return found


__all__ = ["NameIndex", "fingerprints"]
