"""Vegetation cover from NDVI, and the cover factor C of water erosion.

For the models and for anyone who wants one number. Every function takes plain numbers, is compiled, and is built into the
loops of the models, so that the worked examples test the very code that runs over the rasters. NaN in gives NaN out: a
cell without a factor has no service, never a service of 0.

References
----------
1. HJ 1173-2021, appendix A.13, table A.1.
2. Cai Chongfa et al. (2000), J. Soil Water Conserv. 14(2):19-24, form and limits as in ChinaXiv-201711.00309.
3. van der Knijff, J. M. et al. (2000), EUR 19044 EN (cover factor from NDVI; as remembered).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from numba import njit

from ecocomp.registry import Example, Formula, Reference
from ecocomp.registry.declare import formula, gives, takes
from ecocomp.services.vector_math import INLINE, exp, log

PERCENT_SLACK = 1e-9
"""Cover this little below a step of a table [%] counts as reaching it: 0.9 made from NDVI may be 0.8999999999999999."""


@njit(**INLINE)  # type: ignore[untyped-decorator]
def vegetation_cover(ndvi, bare, full):  # type: ignore[no-untyped-def]
    """Return the covered share 0..1 = (NDVI − NDVIs)/(NDVIv − NDVIs), cut to the range."""
    f = (ndvi - bare) / (full - bare)
    f = 0.0 if f < 0.0 else f
    return 1.0 if f > 1.0 else f


@njit(**INLINE)  # type: ignore[untyped-decorator]
def cover_factor_cropland(cover):  # type: ignore[no-untyped-def]
    """Return C of dry cropland, 0.221 − 0.595·log10(c), cut to 0..1; c is a share (HJ 1173-2021 A.13)."""
    c = 0.221 - 0.595 * 0.4342944819032518 * log(cover)
    c = 0.0 if c < 0.0 else c
    return 1.0 if c > 1.0 else c


@njit(**INLINE)  # type: ignore[untyped-decorator]
def cover_factor_ndvi(ndvi):  # type: ignore[no-untyped-def]
    """Return C = exp(−2·NDVI/(1 − NDVI)), cut to 0..1, where no land cover is known (van der Knijff)."""
    n = 0.999 if ndvi > 0.999 else ndvi
    c = exp(-2.0 * n / (1.0 - n))
    return 1.0 if c > 1.0 else c


@njit(**INLINE)  # type: ignore[untyped-decorator]
def cover_factor_cai(percent):  # type: ignore[no-untyped-def]
    """Return C = 0.6508 − 0.3436·lg f, f in percent; 1 without plants, 0 from 78.3 % on, cut to 0..1 (Cai Chongfa)."""
    if percent >= 78.3:
        return 0.0
    c = 0.6508 - 0.3436 * 0.4342944819032518 * log(percent)
    c = 0.0 if c < 0.0 else c
    return 1.0 if c > 1.0 else c


# ---------------------------------------------------------------- by name, with plain numbers
def share_from_ndvi(*, ndvi: float, ndvi_bare: float = 0.05, ndvi_full: float = 0.9) -> dict[str, float]:
    """Return the covered share 0..1; `ValueError` where full cover is not above bare soil."""
    if ndvi_full <= ndvi_bare:
        raise ValueError(
            f"NDVI of full cover ({ndvi_full:g}) must exceed that of bare soil ({ndvi_bare:g})"
            f" / 全覆盖 NDVI（{ndvi_full:g}）须大于裸土 NDVI（{ndvi_bare:g}）"
        )
    return {"cover": float(vegetation_cover(ndvi, ndvi_bare, ndvi_full))}


def from_table(
    *, cover_percent: float, factors: Sequence[float], steps_percent: Sequence[float] = (0, 10, 30, 50, 70, 90)
) -> dict[str, float]:
    """Return C of the row of a class: the entry of the last step that the cover reaches.

    A single factor holds for any cover. Raises `ValueError` where factors and steps differ in number, where steps do not rise
    from 0, or where C rises with cover.
    """
    if len(factors) == 1:
        return {"cover_factor": float(factors[0])}
    if len(factors) != len(steps_percent):
        raise ValueError(
            f"{len(factors)} factors for {len(steps_percent)} steps of cover; give one for each step, or a single one"
            f" / {len(factors)} 个 C 对 {len(steps_percent)} 级覆盖度；每级给一个，或只给一个"
        )
    if steps_percent[0] != 0 or any(a >= b for a, b in pairwise(steps_percent)):
        raise ValueError("steps of cover must rise, from 0 on / 各级覆盖度下限应从 0 起递增")
    if any(a < b for a, b in pairwise(factors)):
        raise ValueError("C must not rise with cover / C 不应随覆盖度上升")
    place = sum(cover_percent + PERCENT_SLACK >= step for step in steps_percent[1:])
    return {"cover_factor": float(factors[place])}


def cropland(*, cover: float) -> dict[str, float]:
    """Return C of dry cropland from the covered share."""
    return {"cover_factor": float(cover_factor_cropland(cover))}


def cai(*, cover_percent: float) -> dict[str, float]:
    """Return C of Cai Chongfa from cover in percent."""
    return {"cover_factor": float(cover_factor_cai(cover_percent))}


def from_ndvi(*, ndvi: float) -> dict[str, float]:
    """Return C from NDVI alone."""
    return {"cover_factor": float(cover_factor_ndvi(ndvi))}


_C = gives("cover_factor", "1", ("植被覆盖因子", "cover factor"), "C")
_NDVI = takes("ndvi", "1", ("NDVI", "NDVI"), "NDVI", least=-1.0, most=1.0)

FORMULAS: tuple[Formula, ...] = (
    formula(
        "vegetation_cover",
        share_from_ndvi,
        ("植被覆盖度（像元二分）", "vegetation cover (two end members)"),
        ("由 NDVI 在裸土与全覆盖之间内插，截于 0–1。", "NDVI between that of bare soil and of full cover, cut to 0..1."),
        "f = (NDVI − NDVI_s)/(NDVI_v − NDVI_s)",
        (
            _NDVI,
            takes("ndvi_bare", "1", ("裸土 NDVI", "NDVI of bare soil"), "NDVI_s", 0.05, least=-1.0, most=1.0),
            takes("ndvi_full", "1", ("全覆盖 NDVI", "NDVI of full cover"), "NDVI_v", 0.9, least=-1.0, most=1.0),
        ),
        (gives("cover", "1", ("植被覆盖度", "covered share"), "f"),),
        (Reference("Gutman & Ignatov (1998), Int. J. Remote Sensing 19:1533-1543", "R", "the end points are a choice"),),
        (
            Example({"ndvi": 0.475}, {"cover": 0.5}, "halfway between 0.05 and 0.9"),
            Example({"ndvi": 0.95}, {"cover": 1.0}, "cut to 1"),
            Example({"ndvi": 0.0}, {"cover": 0.0}, "cut to 0"),
        ),
        (
            "端点固定；若取影像的百分位，一块地的覆盖度会随邻地而变。",
            "The end points are fixed: percentiles of a scene would let one parcel depend on its neighbours.",
        ),
    ),
    formula(
        "cover_factor_table",
        from_table,
        ("植被覆盖因子（覆盖度分级表）", "cover factor (table by cover)"),
        (
            "某类植被的 C 表按覆盖度取一级；表随规则而定。",
            "The row of a class of plants, entered by cover; the table comes from the rules.",
        ),
        "C = last C_i with f ≥ f_i",
        (
            takes("cover_percent", "%", ("植被覆盖度", "vegetation cover"), "f", least=0.0, most=100.0),
            takes(
                "factors",
                "1",
                (
                    "该类各级的 C（如森林 0.1 0.08 0.06 0.02 0.004 0.001）",
                    "C of the class by step (forest: 0.1 0.08 0.06 0.02 0.004 0.001)",
                ),
                "C_i",
                kind="list",
                least=0.0,
                most=1.0,
            ),
            takes(
                "steps_percent",
                "%",
                ("各级的覆盖度下限", "cover from which each step holds"),
                "f_i",
                (0, 10, 30, 50, 70, 90),
                kind="list",
                least=0.0,
                most=100.0,
            ),
        ),
        (_C,),
        (Reference("HJ 1173-2021, table A.1", "V2", "also in the public code spj"),),
        (
            Example(
                {"cover_percent": 45.0, "factors": [0.1, 0.08, 0.06, 0.02, 0.004, 0.001]},
                {"cover_factor": 0.06},
                "forest, 30 to 50 %",
            ),
            Example(
                {"cover_percent": 90.0, "factors": [0.45, 0.24, 0.15, 0.09, 0.043, 0.011]},
                {"cover_factor": 0.011},
                "grass, from 90 % on",
            ),
            Example(
                {"cover_percent": 89.99999999999999, "factors": [0.45, 0.24, 0.15, 0.09, 0.043, 0.011]},
                {"cover_factor": 0.011},
                "90 % made from NDVI",
            ),
            Example({"cover_percent": 60.0, "factors": [0.7]}, {"cover_factor": 0.7}, "desert and bare land have one value"),
        ),
        (
            "水田、湿地 0，城镇 0.01，荒漠裸地 0.7；旱地用另式。只给一个 C 时它适用于任何覆盖度；否则每级一个，级从 0 起递增，"
            "C 不随覆盖度上升。恰在下限（差 1e-9 % 以内）归该级。",
            "Paddy and wetland 0, built land 0.01, desert and bare land 0.7; dry cropland has a form of its own. A single C holds"
            " for any cover; else there is one for each step, steps rise from 0 on and C never rises. Cover at a step, or within"
            " 1e-9 % below it, reaches it.",
        ),
    ),
    formula(
        "cover_factor_cropland",
        cropland,
        ("植被覆盖因子（旱地）", "cover factor (dry cropland)"),
        ("旱地 C 随覆盖度的对数下降。", "C of dry cropland falls with the logarithm of cover."),
        "C = 0.221 − 0.595·log10(c)",
        (takes("cover", "1", ("植被覆盖度（小数）", "vegetation cover as a share"), "c", least=0.0, most=1.0),),
        (_C,),
        (Reference("HJ 1173-2021, appendix A.13", "V2", "c is a decimal share"),),
        (
            Example({"cover": 0.1}, {"cover_factor": 0.816}, "computed independently"),
            Example({"cover": 0.6}, {"cover_factor": 0.353}, "computed independently", tolerance=1e-3),
            Example({"cover": 0.02}, {"cover_factor": 1.0}, "1.23, held at 1"),
        ),
        (
            "c 为小数而非百分数；c < 0.05 时式值大于 1，取 1。",
            "c is a share, not a percentage; below 0.05 the form exceeds 1 and is held at 1.",
        ),
    ),
    formula(
        "cover_factor_cai",
        cai,
        ("植被覆盖因子（蔡崇法）", "cover factor (Cai Chongfa)"),
        ("由覆盖度（%）直接求 C，不分类。", "C straight from cover in percent, for any class."),
        "C = 0.6508 − 0.3436·lg(f)",
        (takes("cover_percent", "%", ("植被覆盖度", "vegetation cover"), "f", least=0.0, most=100.0),),
        (_C,),
        (
            Reference("Cai Chongfa et al. (2000), J. Soil Water Conserv. 14(2):19-24", "R", "last digits remembered"),
            Reference("黄骅市土壤保持, ChinaXiv-201711.00309", "V", "form and limits; prints the slope as 0.3464"),
        ),
        (
            Example({"cover_percent": 10.0}, {"cover_factor": 0.3072}, "0.6508 − 0.3436"),
            Example({"cover_percent": 0.0}, {"cover_factor": 1.0}, "no plants"),
            Example({"cover_percent": 78.3}, {"cover_factor": 0.0}, "from 78.3 % on"),
        ),
        ("f = 0 时 C = 1，f ≥ 78.3 % 时 C = 0。", "C = 1 at f = 0 and C = 0 from f = 78.3 % on."),
    ),
    formula(
        "cover_factor_ndvi",
        from_ndvi,
        ("植被覆盖因子（仅 NDVI）", "cover factor (NDVI alone)"),
        ("没有土地覆被时由 NDVI 估计 C。", "C from NDVI where no land cover is known."),
        "C = exp(−2·NDVI/(1 − NDVI))",
        (_NDVI,),
        (_C,),
        (Reference("van der Knijff et al. (2000), EUR 19044 EN", "R"),),
        (
            Example({"ndvi": 0.5}, {"cover_factor": 0.135335283}, "exp(−2)"),
            Example({"ndvi": -0.3}, {"cover_factor": 1.0}, "held at 1"),
        ),
        ("以欧洲资料拟合；NDVI 为负时取 1。", "Fitted for Europe; held at 1 where NDVI is negative."),
    ),
)
