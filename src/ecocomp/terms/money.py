"""Money: whole fen, rounded in one place, split without loss.

1 yuan (CNY) = 100 fen. Amounts are Python or int64 integers of fen; rates are `Decimal`.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

INT64_MAX = 2**63 - 1
_DIGITS = "零壹贰叁肆伍陆柒捌玖"


def half_even(numerator: int, denominator: int) -> int:
    """Return `numerator / denominator` rounded to a whole number, ties to even, in exact integers.

    >>> tuple(half_even(n, 2) for n in (1, 3, 5, -1, -3))
    (0, 2, 2, 0, -2)
    """
    if denominator <= 0:
        raise ValueError("denominator must be positive")
    q, r = divmod(numerator, denominator)
    twice = 2 * r
    return q + (1 if twice > denominator or (twice == denominator and q & 1) else 0)


def to_fen(yuan: Decimal) -> int:
    """Return `yuan` as whole fen, half-even; refuses NaN and infinity.

    >>> to_fen(Decimal("3350.165"))
    335016
    """
    if not yuan.is_finite():
        raise ValueError(f"not an amount of money: {yuan}")
    return int((yuan * 100).quantize(Decimal(1), ROUND_HALF_EVEN))


def to_yuan(fen: int) -> Decimal:
    """Return fen as yuan with two places."""
    return Decimal(fen).scaleb(-2).quantize(Decimal("0.01"))


def say_yuan(fen: int) -> str:
    """Return an amount as people read it, e.g. ``3,350.16`` and ``−62.64`` (true minus sign).

    >>> say_yuan(-6264)
    '−62.64'
    """
    sign = "−" if fen < 0 else ""
    whole, cents = divmod(abs(fen), 100)
    return f"{sign}{whole:,}.{cents:02d}"


def say_capital(fen: int) -> str:
    """Return an amount in Chinese capital numerals (大写), as payment orders require.

    >>> say_capital(73120480)
    '柒拾叁万壹仟贰佰零肆元捌角整'
    """
    if fen == 0:
        return "零元整"
    sign = "负" if fen < 0 else ""
    whole, cents = divmod(abs(fen), 100)
    jiao, fen_digit = divmod(cents, 10)
    out = (_capital_integer(whole) + "元") if whole else ""
    if not cents:
        return sign + out + "整"
    if jiao:
        out += _DIGITS[jiao] + "角"
    elif out:
        out += "零"
    out += _DIGITS[fen_digit] + "分" if fen_digit else "整"
    return sign + out


def _capital_integer(n: int) -> str:
    groups: list[int] = []
    while n:
        n, g = divmod(n, 10_000)
        groups.append(g)
    out = ""
    gap = False
    for i in range(len(groups) - 1, -1, -1):
        g = groups[i]
        if g == 0:
            gap = bool(out)
            if i == 2 and out and not out.endswith("亿"):
                out += "亿"
            continue
        if out and (gap or g < 1000):
            out += "零"
        out += _capital_group(g) + ("", "万", "亿", "万亿")[i]
        gap = False
    return out


def _capital_group(g: int) -> str:
    out = ""
    zero = False
    for power, unit in ((1000, "仟"), (100, "佰"), (10, "拾"), (1, "")):
        d, g = divmod(g, power)
        if d:
            out += ("零" if zero and out else "") + _DIGITS[d] + unit
            zero = False
        else:
            zero = True
    return out


def apportion(total: int, weights: Sequence[int]) -> list[int]:
    """Split `total` whole units over `weights` so that nothing is lost and nothing is gained.

    The divisor method of Webster (Sainte-Laguë): part i is `weights[i]·d` rounded half up for the one
    multiplier d at which the parts add up to `total`; ties go to the earlier position, so callers pass
    rows in the order of a stated key. Unlike the largest-remainder method it is monotone: a larger
    `total` never lowers any part, so a cut in funds can never raise a payment. If `total` is not more
    than the sum of the weights, no part exceeds its weight.

    total    whole units to split, >= 0
    weights  whole, >= 0, at least one positive unless total is 0
    returns  parts in the order of `weights`; their sum is `total`

    Reference: Balinski & Young, Fair Representation (1982), on house monotonicity.

    >>> apportion(100, [1, 1, 1])
    [34, 33, 33]
    """
    if total < 0 or any(w < 0 for w in weights):
        raise ValueError("total and weights must not be negative")
    whole = sum(weights)
    if whole == 0:
        if total:
            raise ValueError("a positive total cannot be split over zero weights")
        return [0] * len(weights)
    parts = [(2 * w * total + whole) // (2 * whole) for w in weights]
    missing = total - sum(parts)
    if missing:
        _settle(parts, weights, missing)
    return parts


def _settle(parts: list[int], weights: Sequence[int], missing: int) -> None:
    """Give or take single units where the next rounding threshold of the divisor lies nearest.

    A part goes from x to x+1 at the divisor (2x+1)/(2w). Thresholds are compared as integers scaled so
    finely that different fractions never collide: weights below 2^bits differ by more than 2^(-2·bits).
    """
    bits = 2 * (max(weights).bit_length() + 2)
    step = 1 if missing > 0 else -1

    def threshold(i: int) -> int:
        x = 2 * parts[i] + (1 if step > 0 else -1)
        return step * ((x << bits) // (2 * weights[i]))

    heap = [(threshold(i), step * i, i) for i, w in enumerate(weights) if w and (step > 0 or parts[i])]
    heapq.heapify(heap)
    for _ in range(abs(missing)):
        _, _, i = heapq.heappop(heap)
        parts[i] += step
        if step > 0 or parts[i]:
            heapq.heappush(heap, (threshold(i), step * i, i))


# ---------------------------------------------------------------- the same over many weights at once
_EXACT_UNITS = 2**50
_EXACT_WHOLE = 2**59


def apportion_array(total: int, weights: np.ndarray) -> np.ndarray:
    """Return `apportion(total, weights)` as an int64 array, unit for unit the same, fast over millions of weights.

    The quotient w·T/W is estimated in float64, which is off by a few units at most while T < 2^50; the remainder
    w·T·2 + W − 2W·q is then taken modulo 2^64, where it is exact because its true size is a few W < 2^61, and mends the
    estimate. Larger sums go through `apportion`. Units that the rounding leaves over are settled among those
    rows alone whose next rounding threshold can be reached (one of the `missing` nearest).

    total    whole units to split, >= 0
    weights  int64, >= 0
    """
    import numpy as np

    weights = np.ascontiguousarray(weights, dtype=np.int64)
    if not len(weights):
        if total:
            raise ValueError("a positive total cannot be split over zero weights")
        return weights.copy()
    whole = sum_array(weights)
    if not 0 < total < _EXACT_UNITS or not 0 < whole < _EXACT_WHOLE or int(weights.min()) < 0:
        return np.array(apportion(total, weights.tolist()), np.int64)
    parts = _quotients(weights, np.array(total, np.int64), np.array(whole, np.int64))
    missing = total - sum_array(parts)
    if missing:
        _settle_array(parts, weights, missing)
    return parts


def apportion_groups(totals: np.ndarray, weights: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Return `apportion` within each of many groups of rows that lie together, unit for unit the same.

    totals  units of each group; 0 where all its weights are 0
    weights the weights of all rows, group after group
    first   where each group begins (strictly increasing, the first is 0)
    """
    import numpy as np

    weights, totals = weights.astype(np.int64), totals.astype(np.int64)
    if not len(weights):
        return weights
    if int(totals.min()) < 0 or int(weights.min()) < 0:
        raise ValueError("total and weights must not be negative")
    size = np.diff(np.append(first, len(weights)))
    whole = np.add.reduceat(weights, first)
    if int(totals.max()) >= _EXACT_UNITS or float(np.add.reduceat(weights.astype(np.float64), first).max()) >= _EXACT_WHOLE:
        parts = np.zeros_like(weights)
        wrong = np.arange(len(first))
    else:
        if bool(((whole == 0) & (totals > 0)).any()):
            raise ValueError("a positive total cannot be split over zero weights")
        parts = _quotients(weights, np.repeat(totals, size), np.repeat(np.maximum(whole, 1), size))
        wrong = np.flatnonzero(np.add.reduceat(parts, first) != totals)
    for g in wrong.tolist():
        rows = slice(int(first[g]), int(first[g] + size[g]))
        parts[rows] = apportion(int(totals[g]), weights[rows].tolist())
    return parts


def sum_array(values: np.ndarray) -> int:
    """Return the exact sum of int64 values as a Python integer (numpy's own could overflow)."""
    return (int((values >> 32).sum()) << 32) + int((values & 0xFFFFFFFF).sum())


def _quotients(weights: np.ndarray, total: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Return w·T/W rounded half up, exactly, for T < 2^50 and W < 2^59 (arrays or single numbers)."""
    import numpy as np

    guess = np.rint(weights.astype(np.float64) * (total.astype(np.float64) / whole.astype(np.float64))).astype(np.int64)
    two = 2 * whole
    with np.errstate(over="ignore"):
        rest = 2 * weights * total + whole - two * guess  # modulo 2^64: exact, see `apportion_array`
    guess += np.floor_divide(rest, two)
    out: np.ndarray = guess
    return out


def _settle_array(parts: np.ndarray, weights: np.ndarray, missing: int) -> None:
    """Give or take `missing` single units as `_settle` does, row by row only where it matters.

    A row that gets a unit has one of the |missing| nearest first thresholds, so the others need no look. Rows of equal
    weight have equal parts and equal thresholds, and are settled together; among rows tied at the last threshold the
    earlier ones gain, and the later ones lose first.
    """
    import numpy as np

    step, count = (1, missing) if missing > 0 else (-1, -missing)
    able = np.flatnonzero(weights if step > 0 else parts)
    near = step * ((2 * parts[able] + step).astype(np.float64) / weights[able].astype(np.float64))
    if count < len(able):
        limit = float(np.partition(near, count - 1)[count - 1])
        able = able[near <= limit + abs(limit) * 1e-14]
    kinds, inverse = np.unique(weights[able], return_inverse=True)
    order = np.argsort(inverse, kind="stable")
    ends = np.cumsum(np.bincount(inverse)).tolist()
    rows = [able[order[a:b]] for a, b in zip([0, *ends[:-1]], ends, strict=True)]
    now = [int(parts[r[0]]) for r in rows]
    bits = 2 * (int(kinds.max()).bit_length() + 2)

    def threshold(k: int) -> int:
        return step * (((2 * now[k] + step) << bits) // (2 * int(kinds[k])))

    heap = [(threshold(k), k) for k in range(len(rows))]
    heapq.heapify(heap)
    while count:
        tied = [heapq.heappop(heap)]
        while heap and heap[0][0] == tied[0][0]:
            tied.append(heapq.heappop(heap))
        picked = rows[tied[0][1]] if len(tied) == 1 else np.sort(np.concatenate([rows[k] for _, k in tied]))
        if len(picked) > count:
            picked = picked[:count] if step > 0 else picked[-count:]
        parts[picked] += step
        count -= len(picked)
        for _, k in tied:
            now[k] += step
            if step > 0 or now[k]:
                heapq.heappush(heap, (threshold(k), k))
