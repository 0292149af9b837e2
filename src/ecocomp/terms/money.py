"""Money: whole fen, rounded in one place, split without loss.

1 yuan (CNY) = 100 fen. Amounts are Python or int64 integers of fen; rates are `Decimal`.
"""

from __future__ import annotations

import heapq
import re
import unicodedata
from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from ecocomp.terms.faults import UsageError
from ecocomp.terms.text import Text

if TYPE_CHECKING:
    import numpy as np

INT64_MAX = 2**63 - 1
#: The most that anybody writes as one amount, 100 trillion yuan; sums of some of them still fit into 64 bits.
MOST_WRITTEN_FEN = 10**16
#: What an amount is worth in yuan by the unit written behind it.
YUAN_UNITS: dict[str, int] = {
    **dict.fromkeys(("", "元", "yuan", "cny", "rmb"), 1),
    "千元": 10**3,
    **dict.fromkeys(("万", "万元", "wan"), 10**4),
    "百万元": 10**6,
    **dict.fromkeys(("亿", "亿元", "yi"), 10**8),
}
#: How an amount is written; the remedy wherever one cannot be read.
HOW_WRITTEN = Text(
    "写以元计的数，至多两位小数，如 1234.50、1,234.50、500万、3.2亿元。",
    "Write yuan with at most two decimals, e.g. 1234.50, 1,234.50, 500万 (5 million) or 3.2亿元 (320 million).",
)
_WRITTEN = re.compile(r"([+-]?) *(?:¥|cny|rmb)? *([0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(\.[0-9]+)? *([a-z]+|[元千百万亿]+)?")
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


def yuan_written(text: str, *, units: bool = True) -> Fraction | None:
    """Return an amount of money as people write it, in exact yuan; None for anything else: no rounding, no guess.

    Thousands are grouped by threes or not at all; digits, signs and commas may be of full width; a mark (¥, CNY) may stand
    before it, and behind it a unit of `YUAN_UNITS`. Powers (1e6), NaN and other things that a computer reads as numbers are none.

    units  whether 万元, 亿元 and the like may be written; 元 always may

    >>> yuan_written("1，234.5"), yuan_written("2,000万元"), yuan_written("1.5 亿")
    (Fraction(2469, 2), Fraction(20000000, 1), Fraction(150000000, 1))
    >>> yuan_written("1e6"), yuan_written("12,34"), yuan_written("500万", units=False)
    (None, None, None)
    """
    if len(text) > 60:
        return None
    found = _WRITTEN.fullmatch(unicodedata.normalize("NFKC", text).replace("−", "-").strip().casefold())
    if found is None:
        return None
    worth = YUAN_UNITS.get(found[4] or "")
    if worth is None or (worth != 1 and not units):
        return None
    value = Fraction(found[2].replace(",", "") + (found[3] or "")) * worth
    return -value if found[1] == "-" else value


def fen_written(text: str, *, units: bool = True) -> int | None:
    """Return an amount as people write it in whole fen; None for anything else, and for parts of a fen.

    >>> fen_written("1,234.5"), fen_written("￥３.００"), fen_written("0.3万元"), fen_written("1.005")
    (123450, 300, 300000, None)
    """
    yuan = yuan_written(text, units=units)
    fen = None if yuan is None else yuan * 100
    return int(fen) if fen is not None and fen.denominator == 1 else None


def fen_of_option(text: str, name: str, *, least: int = 0, most: int = MOST_WRITTEN_FEN) -> int:
    """Return an amount that a person wrote under a name (an option of a command, a field), in fen.

    least, most  bounds, in fen
    raises       UsageError: no amount, parts of a fen, or beyond the bounds
    """
    fen = fen_written(text)
    if fen is None:
        said = Text("{n}：“{t}”不是金额。{h}", "{n}: “{t}” is no amount of money. {h}")
        raise UsageError(said.fill(n=name, t=text[:60], h=HOW_WRITTEN))
    if not least <= fen <= most:
        said = Text("{n}：{v} 元不在 {a} 到 {b} 元之间。", "{n}: {v} yuan is not between {a} and {b} yuan.")
        raise UsageError(said.fill(n=name, v=say_yuan(fen), a=say_yuan(least), b=say_yuan(most)))
    return fen


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
_NARROW = 2**30
_NARROW_TOTAL = 2**62


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

    Where no group weighs 2^30 or more, everything is int64 arithmetic over all rows at once, the units that the rounding leaves
    over included; otherwise parts are estimated in float64 as in `apportion_array`, and only heavy groups are settled one by one.

    totals  units of each group; 0 where all its weights are 0
    weights the weights of all rows, group after group
    first   where each group begins (strictly increasing, the first is 0)
    """
    import numpy as np

    weights, totals = weights.astype(np.int64, copy=False), totals.astype(np.int64, copy=False)
    if not len(weights):
        return weights.copy()
    if int(totals.min()) < 0 or int(weights.min()) < 0:
        raise ValueError("total and weights must not be negative")
    size = np.diff(np.append(first, len(weights)))
    heaviest = int(weights.max())
    whole = np.add.reduceat(weights, first)
    if heaviest < _NARROW and int(whole.max()) < _NARROW and int(totals.max()) < _NARROW_TOTAL:  # the first bounds the second
        parts, wrong = _narrow_groups(totals, weights, whole, size, first)
    elif int(totals.max()) >= _EXACT_UNITS or float(np.add.reduceat(weights.astype(np.float64), first).max()) >= _EXACT_WHOLE:
        parts, wrong = np.zeros_like(weights), np.arange(len(first))
    else:
        _no_weight(totals, whole)
        parts = _quotients(weights, np.repeat(totals, size), np.repeat(np.maximum(whole, 1), size))
        missed = np.add.reduceat(parts, first) != totals
        light = missed & (whole < _NARROW)
        if bool(light.any()):
            rows, begin = np.repeat(light, size), np.cumsum(size[light]) - size[light]
            parts[rows] = apportion_groups(totals[light], weights[rows], begin)
        wrong = np.flatnonzero(missed & ~light)
    for g in wrong.tolist():
        lines = slice(int(first[g]), int(first[g] + size[g]))
        parts[lines] = apportion(int(totals[g]), weights[lines].tolist())
    return parts


def _no_weight(totals: np.ndarray, whole: np.ndarray) -> None:
    if bool(((whole == 0) & (totals > 0)).any()):
        raise ValueError("a positive total cannot be split over zero weights")


def _narrow_groups(
    totals: np.ndarray, weights: np.ndarray, whole: np.ndarray, size: np.ndarray, first: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the parts of groups that each weigh less than 2^30, and the few groups that are left to `apportion`."""
    import numpy as np

    _no_weight(totals, whole)
    whole = np.maximum(whole, 1)
    turns, rest = np.divmod(totals, whole)
    each = np.repeat(whole, size)
    parts, left = np.divmod(2 * weights * np.repeat(rest, size) + each, 2 * each)
    parts += weights * np.repeat(turns, size)
    missing = totals - np.add.reduceat(parts, first)
    wrong = np.flatnonzero(missing)
    if not len(wrong):
        return parts, wrong
    rows = np.repeat(missing != 0, size)
    group = np.repeat(np.arange(len(wrong)), size[wrong])
    parts[rows], unsettled = _settle_groups(parts[rows], weights[rows], each[rows], left[rows], group, missing[wrong])
    return parts, wrong[unsettled]


def _settle_groups(
    parts: np.ndarray, weights: np.ndarray, whole: np.ndarray, left: np.ndarray, group: np.ndarray, missing: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Give or take single units in each group where the next rounding threshold of the divisor lies nearest.

    The threshold of a row lies (2W - left)/w above the divisor T/W, or left/w below it, both in units of 1/2W; the |missing|
    nearest of a group win, unless one of them would win twice before another wins once. Those groups are returned as well.
    """
    import numpy as np

    up = missing[group] > 0
    able = np.flatnonzero((weights > 0) & (up | (parts > 0)))
    group, up, w, two = group[able], up[able], weights[able], 2 * whole[able]
    above = np.where(up, two - left[able], left[able])
    near = _quotient(above, w)
    order = np.lexsort((np.where(up, able, -able), near[1], near[0], group))
    count = np.bincount(group, minlength=len(missing))
    begin = np.cumsum(count) - count
    wanted = np.abs(missing)
    won = np.arange(len(order)) - np.repeat(begin, count) < np.repeat(wanted, count)
    unsettled = wanted > count
    last = order[np.minimum(begin + wanted - 1, len(order) - 1)][group]
    winner = order[won]
    twice = winner[wanted[group[winner]] > 1]
    again = _quotient(above[twice] + two[twice], w[twice])
    limit = last[twice]
    soon = (again[0] < near[0][limit]) | ((again[0] == near[0][limit]) & (again[1] <= near[1][limit]))
    unsettled[group[twice[soon]]] = True
    parts[able[winner]] += np.where(up[winner], 1, -1)
    return parts, np.flatnonzero(unsettled)


def _quotient(above: np.ndarray, below: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return a quotient with 62 binary places: exact enough to tell fractions of denominators below 2^30 apart."""
    import numpy as np

    whole, rest = np.divmod(above, below)
    high, rest = np.divmod(rest << 31, below)
    return whole, (high << 31) | ((rest << 31) // below)


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
