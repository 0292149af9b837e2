"""Trend of the season's NDVI over years (NDVI变化趋势): Theil–Sen slope with the Mann–Kendall test.

For judging slow recovery or decline, which no single year shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ecocomp.monitoring.season import Season, season_means
from ecocomp.monitoring.trend import trends
from ecocomp.registry import Argument, Example, Reference, Spec, Use
from ecocomp.rules import Parameters
from ecocomp.terms.text import Text

if TYPE_CHECKING:
    from numpy.typing import NDArray

SPEC = Spec(
    id="ndvi_trend",
    name=Text("NDVI 变化趋势", "trend of NDVI"),
    summary=Text("生长季 NDVI 逐年变化的稳健斜率。", "Robust slope of the growing season's NDVI over years."),
    unit="1/a",
    formula="β = median((x_j − x_i)/(t_j − t_i))\nS = Σ sgn(x_j − x_i)\n"
    "Var = [n(n − 1)(2n + 5) − Σ τ(τ − 1)(2τ + 5)]/18   (τ: size of a tie)\nZ = (S ∓ 1)/√Var",
    arguments=(
        Argument("values", "1", Text("逐年的值", "value of each year"), kind="list"),
        Argument("years", "a", Text("年份，缺省为连续", "years, consecutive by default"), kind="list"),
    ),
    holds=Text(
        "至少三年；不假定分布，缺年不补。年际自相关会使检验偏于显著。",
        "From three years on; no distribution assumed, gaps are not filled. Autocorrelated years make the test too sure.",
    ),
    inputs=(Use("ndvi", "1", Text("各年月或年 NDVI", "NDVI by month or year, for several years")),),
    outputs=(
        Use("slope", "1/a", Text("斜率", "slope"), symbol="β"),
        Use("s", "1", Text("符号和", "sum of signs"), symbol="S"),
        Use("var", "1", Text("方差", "variance"), symbol="Var"),
        Use("z", "1", Text("检验量", "test statistic"), symbol="Z"),
        Use("p", "1", Text("双侧概率", "two-sided probability")),
    ),
    references=(
        Reference("Sen (1968), J. Am. Stat. Assoc. 63:1379-1389, doi:10.1080/01621459.1968.10480934", "V"),
        Reference("Mann (1945), Econometrica 13:245-259, doi:10.2307/1907187; tie correction Kendall (1975)", "V"),
    ),
    examples=(
        Example(
            {"values": [0.42, 0.45, 0.44, 0.47, 0.50, 0.49, 0.53, 0.52, 0.56, 0.58]},
            {"s": 39, "var": 125.0, "z": 3.398823, "p": 0.000677, "slope": 0.016667},
            "computed independently",
            1e-3,
        ),
        Example(
            {"values": [3.0, 2.0, 2.0, 1.0]},
            {"s": -5, "var": 23 / 3, "slope": -0.5833333},
            "one tie of two; slopes of six pairs",
            1e-6,
        ),
    ),
)


def observe(season: Season, params: Parameters) -> NDArray[np.float64]:
    """Return the slope of each parcel [1/a], NaN with fewer than three seasons."""
    return trends(season_means(season.ndvi, season.needed), season.years).slope


def evaluate(*, values: Sequence[float], years: Sequence[int] | None = None) -> dict[str, float]:
    """Return slope, S, its variance, Z and p of one series."""
    t = trends(np.asarray(values, float)[:, None], years if years is not None else range(len(values)))
    return {"slope": float(t.slope[0]), "s": int(t.s[0]), "var": float(t.var[0]), "z": float(t.z[0]), "p": float(t.p[0])}
