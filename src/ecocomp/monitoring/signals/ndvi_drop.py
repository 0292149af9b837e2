"""Change of this season's NDVI against the parcel's own past and against parcels like it (NDVI 异常下降).

For compliance. A parcel is compared with itself, month by month, and then with the median of parcels of the same ecosystem
and function zone: what drought or a late spring does to all of them is taken off, so that weather is never punished. The
rest is measured in standard deviations of the same difference in earlier years.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ecocomp.monitoring.season import Season, mean_seen
from ecocomp.registry import Example, Reference, Spec, Use
from ecocomp.rules import Parameters
from ecocomp.terms.text import Text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

MAD_TO_SD = 1.4826
"""Median absolute deviation of a normal distribution, as a standard deviation."""

SPEC = Spec(
    id="ndvi_drop",
    name=Text("NDVI 异常变化", "departure of NDVI"),
    summary=Text(
        "本年生长季 NDVI 相对自身往年的变化，减去同类地块的变化。",
        "This season's NDVI against the parcel's own past years, less what parcels like it did.",
    ),
    unit="1",
    formula="d = mean_m(x_m − median_past(x_m)); e = d − median_ref(d); z = e / max(sd_past(e), 1.4826·MAD_ref(d), floor)",
    holds=Text(
        "只比较两边都晴空的月份；没有往年则不评；参照不足时只作提示。面积小于一个像元的地块可信度低。",
        "Only months clear on both sides are compared; without a past there is no value; without enough references it is a"
        " hint only. Parcels smaller than a cell are poorly known.",
    ),
    inputs=(Use("ndvi", "1", Text("各年月或年 NDVI", "NDVI by month or year, for several years")),),
    parameters=(
        Use("monitoring.past_years_least", "a", Text("所需往年数", "past years needed")),
        Use("monitoring.spread_floor", "1", Text("离散度下限", "least spread")),
        Use(
            "monitoring.own_spread_most",
            "1",
            Text("自身离散度上限（同类中位数的倍数）", "own spread, at most this many times that of its likes"),
        ),
        Use("monitoring.reference_least", "parcels", Text("参照地块最少数", "least number of reference parcels")),
    ),
    outputs=(
        Use("effect", "1", Text("净变化", "net change")),
        Use("z", "1", Text("标准化净变化", "net change, standardised")),
    ),
    references=(
        Reference(
            "Area monitoring with two thresholds and matched reference parcels",
            "D",
            "a common pattern; formula of this project",
        ),
        Reference(
            "Rousseeuw & Croux (1993), J. Am. Stat. Assoc. 88:1273-1283, doi:10.1080/01621459.1993.10476408",
            "M",
            "MAD as a robust scale",
        ),
    ),
    examples=(
        Example(
            {"this": [0.5, 0.6], "past": [[0.7, 0.8], [0.72, 0.82]], "reference": [-0.02, -0.02, -0.02], "spread_floor": 0.02},
            {"drop": -0.21, "effect": -0.19, "z": -9.5},
            "own median 0.71 and 0.81; own spread 0.01·√2 and the references' 0 lie under the floor of 0.02",
        ),
        Example(
            {"this": [0.5, float("nan")], "past": [[0.7, 0.2]], "reference": [-0.2, -0.2], "spread_floor": 0.05},
            {"drop": -0.2, "effect": 0.0, "z": 0.0},
            "a drop that the references share is no effect; the month not seen does not count",
        ),
    ),
)


@dataclass(frozen=True, eq=False)
class Departure:
    """Change of each parcel; arrays are (parcels,), NaN where it cannot be said.

    drop        change against its own past
    effect      drop less the references' median; the drop itself where there are no references
    z           effect over its spread
    reference   median drop of the references, NaN where there are too few
    references  number of references
    months      months compared
    past        past years with a value
    """

    drop: Floats
    effect: Floats
    z: Floats
    reference: Floats
    references: NDArray[np.int64]
    months: NDArray[np.int64]
    past: NDArray[np.int64]


def departure(season: Season, groups: Sequence[NDArray[np.int64]], params: Parameters) -> Departure:
    """Return the change of every parcel.

    groups  for each parcel the number of its group of likes, from the closest likeness to the widest (parcels,); a
            parcel is compared within the first that is large enough

    Parameters read: ``monitoring.past_years_least``, ``monitoring.spread_floor``, ``monitoring.own_spread_most``,
    ``monitoring.reference_least``.
    """
    drop, before, months, past = own_change(season.this, season.past)
    wanting = (months < season.needed) | (past < int(params.decimal("monitoring.past_years_least")))
    drop[wanting] = np.nan
    least = int(params.decimal("monitoring.reference_least"))
    reference, spread, references = _compared(drop, groups, least)
    rest = [b - np.nan_to_num(_compared(b, groups, least)[0]) for b in before]
    effect = drop - np.nan_to_num(reference)
    own = own_spread(np.stack(rest)) if rest else np.zeros_like(drop)
    # A felled year in its own past must not excuse a parcel: its spread counts only as far as that of parcels like it.
    usual, _, likes = _compared(np.where(np.isfinite(drop), own, np.nan), groups, least)
    own = np.where(likes > 0, np.minimum(own, params.number("monitoring.own_spread_most") * usual), own)
    scale = np.maximum(np.maximum(own, np.nan_to_num(spread)), params.number("monitoring.spread_floor"))
    return Departure(drop, effect, effect / scale, reference, references, months, past)


def own_change(this: NDArray[Any], past: NDArray[Any]) -> tuple[Floats, Floats, NDArray[np.int64], NDArray[np.int64]]:
    """Return the change against the own past, the same for each past year, months compared and past years with a value.

    this  (months, parcels); past (years, months, parcels); NaN is not seen
    """
    normal = middle_seen(past)
    both = np.isfinite(this) & np.isfinite(normal)
    drop = mean_seen(np.where(both, this - normal, np.nan), axis=0)
    before = mean_seen(np.where(both[None], past - normal[None], np.nan), axis=1) if len(past) else np.zeros((0, drop.size))
    return drop, before, both.sum(axis=0), np.isfinite(before).sum(axis=0)


def middle_seen(values: NDArray[Any]) -> Floats:
    """Return the median of the finite values along the first axis, NaN where there is none.

    The median, so that one felled or clouded year among the past does not become the measure of the next.
    """
    if not len(values):
        return np.full(values.shape[1:], np.nan)
    ranked = np.sort(values.astype(np.float64), axis=0)  # what is missing goes last
    count = np.isfinite(ranked).sum(axis=0)
    low, high = (
        np.take_along_axis(ranked, at[None], axis=0)[0]
        for at in (np.maximum(count - 1, 0) // 2, np.minimum(count // 2, len(ranked) - 1))
    )
    return np.where(count > 0, (low + high) / 2.0, np.nan)


def own_spread(rest: Floats) -> Floats:
    """Return the standard deviation of the past years' departures (years, parcels) about zero, one degree of freedom taken."""
    n = np.isfinite(rest).sum(axis=0)
    total = np.where(np.isfinite(rest), rest, 0.0)
    return np.where(n > 1, np.sqrt((total**2).sum(axis=0) / np.maximum(n - 1, 1)), 0.0)


def _compared(values: Floats, groups: Sequence[NDArray[np.int64]], least: int) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """Return median, spread and number of the references of each parcel, from its first group that is large enough."""
    middle, spread = np.full(values.size, np.nan), np.full(values.size, np.nan)
    number = np.zeros(values.size, np.int64)
    for group in groups:
        m, n = group_median(values, group)
        mad, _ = group_median(np.abs(values - m), group)
        take = (number == 0) & (n >= least)
        middle[take], spread[take], number[take] = m[take], MAD_TO_SD * mad[take], n[take]
    return middle, spread, number


def group_median(values: Floats, group: NDArray[np.int64]) -> tuple[Floats, NDArray[np.int64]]:
    """Return for each element the median and number of the finite values of its group."""
    size = int(group.max(initial=-1)) + 1
    seen = np.flatnonzero(np.isfinite(values))
    order = seen[np.lexsort((values[seen], group[seen]))]
    count = np.bincount(group[order], minlength=size)
    first = np.concatenate([np.zeros(1, np.int64), np.cumsum(count)[:-1]]) if size else np.zeros(0, np.int64)
    ranked = np.append(values[order], np.nan)
    low, high = first + np.maximum(count - 1, 0) // 2, first + count // 2
    last = ranked.size - 1
    median = np.where(count > 0, (ranked[np.minimum(low, last)] + ranked[np.minimum(high, last)]) / 2.0, np.nan)
    return median[group], count[group]


def evaluate(
    *, this: Sequence[float], past: Sequence[Sequence[float]], reference: Sequence[float], spread_floor: float
) -> dict[str, float]:
    """Return drop, effect and z of one parcel, given the drops of its references this year (none in past years)."""
    drop, before, _, _ = own_change(np.asarray(this, float)[:, None], np.asarray(past, float)[:, :, None])
    likes = np.asarray(reference, float)
    effect = float(drop[0] - np.median(likes))
    mad = MAD_TO_SD * float(np.median(np.abs(likes - np.median(likes))))
    return {"drop": float(drop[0]), "effect": effect, "z": effect / max(float(own_spread(before)[0]), mad, spread_floor)}
