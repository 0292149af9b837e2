"""Money: whole fen, rounded in one place, split without loss.

1 yuan (CNY) = 100 fen. Amounts are Python or int64 integers of fen; rates are `Decimal`.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal

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
