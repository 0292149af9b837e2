"""Cells of a layer made by others, read as codes and as numbers: whole columns at once, nothing guessed in silence.

For the attribute checks. A code keeps its zeros; full-width letters and spaces at its ends are mended and said; a
number is a plain decimal, whatever type its column has; areas become whole dm² exactly as they are written.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.terms.money import half_even

if TYPE_CHECKING:
    from numpy.typing import NDArray

EXACT = 1 << 53
"""From here on a 64-bit float no longer holds every whole number."""
_HIDDEN = r"[\x{200b}-\x{200f}\x{2060}\x{feff}]"
UNSEEN = r"[\x{0000}-\x{001f}\x{007f}-\x{009f}\x{200b}-\x{200f}\x{202a}-\x{202e}\x{2060}\x{2066}-\x{2069}\x{feff}]"
"""Control characters, characters without width, and those that turn the direction of writing, as Arrow writes a pattern."""
_NUMBER = r"^[+-]?\d{1,15}(\.\d{0,18})?$"
_DAMAGED = r"^[+-]?\d(\.\d+)?[eE][+-]?\d+$"


@dataclass(frozen=True, slots=True)
class Codes:
    """A column read as codes.

    values  texts, null where empty
    raw     as written
    mended  rows in which the two differ
    blunt   rows whose digits are lost: a number too large for its type, or written with an exponent
    """

    values: pa.StringArray
    raw: pa.StringArray
    mended: NDArray[np.bool_]
    blunt: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Numbers:
    """A column read as numbers.

    values   NaN where empty or no number
    present  rows that hold anything
    bad      rows that hold something that is no finite number
    raw      as written, for people and for exact arithmetic
    """

    values: NDArray[np.float64]
    present: NDArray[np.bool_]
    bad: NDArray[np.bool_]
    raw: pa.Array
    as_text: bool


def flags(mask: Any) -> NDArray[np.bool_]:
    """Return an Arrow mask as NumPy, null as False."""
    filled = pc.fill_null(mask, False)
    whole = filled.combine_chunks() if isinstance(filled, pa.ChunkedArray) else filled
    return np.asarray(whole.to_numpy(zero_copy_only=False), bool)


def whole(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    """Return a column as one array."""
    made = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return made.cast(made.type.value_type) if pa.types.is_dictionary(made.type) else made


def names(column: pa.ChunkedArray | pa.Array) -> pa.StringArray:
    """Return a column of words: trimmed, null where empty, otherwise as written."""
    text = pc.utf8_trim_whitespace(_as_text(whole(column)))
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)


def codes(column: pa.ChunkedArray | pa.Array) -> Codes:
    """Read a column as codes."""
    array = whole(column)
    raw = _as_text(array)
    blunt = _blunt(array, raw)
    clean = raw
    if not pc.all(pc.string_is_ascii(raw), min_count=0).as_py():
        clean = pc.replace_substring_regex(pc.utf8_normalize(raw, form="NFKC"), _HIDDEN, "")
    clean = pc.utf8_trim_whitespace(clean)
    mended = flags(pc.not_equal(clean, raw)) & flags(pc.not_equal(clean, ""))
    return Codes(pc.if_else(pc.equal(clean, ""), pa.scalar(None, pa.string()), clean), raw, mended, blunt)


def _as_text(array: pa.Array) -> pa.StringArray:
    """Return the cells as text; a whole number in a float column has no point."""
    if not pa.types.is_floating(array.type):
        return array.cast(pa.string())
    values = np.nan_to_num(np.asarray(array.cast(pa.float64()).to_numpy(zero_copy_only=False)), nan=0.5, posinf=0.5, neginf=0.5)
    integral = (values == np.floor(values)) & (np.abs(values) < 2.0**62)
    digits = pa.array(np.where(integral, values, 0).astype(np.int64)).cast(pa.string())
    return pc.if_else(
        pc.is_null(array), pa.scalar(None, pa.string()), pc.if_else(pa.array(integral), digits, array.cast(pa.string()))
    )


def _blunt(array: pa.Array, raw: pa.StringArray) -> NDArray[np.bool_]:
    if pa.types.is_floating(array.type):
        return flags(pc.greater_equal(pc.abs(array), float(EXACT)))
    if pa.types.is_integer(array.type):
        return np.zeros(len(array), bool)
    return flags(pc.match_substring_regex(pc.utf8_trim_whitespace(raw), _DAMAGED))


def numbers(column: pa.ChunkedArray | pa.Array) -> Numbers:
    """Read a column as numbers."""
    array = whole(column)
    if pa.types.is_floating(array.type) or pa.types.is_integer(array.type):
        present = ~flags(pc.is_null(array))
        values = np.asarray(array.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False), np.float64)
        bad = present & ~np.isfinite(values)
        return Numbers(np.where(bad, np.nan, values), present, bad, array, False)
    if pa.types.is_null(array.type):
        nothing = np.zeros(len(array), bool)
        return Numbers(np.full(len(array), np.nan), nothing, nothing, array, False)
    text = codes(array).values
    plain = flags(pc.match_substring_regex(text, _NUMBER))
    values = pc.if_else(pa.array(plain), text, pa.scalar(None, pa.string())).cast(pa.float64())
    present = ~flags(pc.is_null(text))
    return Numbers(np.asarray(values.to_numpy(zero_copy_only=False), np.float64), present, present & ~plain, text,
                   not pa.types.is_decimal(array.type))  # fmt: skip


def exact_dm2(numbers: Numbers, above: int, below: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return areas as whole dm² (half-even, exact in the decimal as written) and the rows that have one.

    above, below  dm² in one unit of the numbers, as a fraction
    """
    sound = np.isfinite(numbers.values) & (numbers.values >= 0) & (numbers.values <= 1e13)
    scaled = np.where(sound, numbers.values, 0.0) * above / below
    close = np.abs(scaled - np.floor(scaled) - 0.5) < 1e-4  # a float cannot decide a tie, nor count beyond 1e10
    result = np.rint(np.where(scaled < 9e18, scaled, 0)).astype(np.int64)
    for i in np.flatnonzero(sound & (close | (scaled > 1e10))):
        top, bottom = Decimal(str(numbers.raw[int(i)].as_py())).as_integer_ratio()
        value = half_even(top * above, bottom * below)
        result[i] = value if value < 1 << 62 else 0
        sound[i] &= value < 1 << 62
    return result, sound
