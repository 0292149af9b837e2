"""Ecological sensitivity: soil erosion, desertification, rocky desertification, salinisation (四类生态敏感性).

Each factor is scored 1 (general), 3 (sensitive) or 5 (extremely sensitive), and the index is the geometric mean of the
scores. It is a product: a cell without one of the factors has no index, and nothing is put in its place. Limits, score
tables and the cuts of the index are parameters, for the sources differ and some were only remembered. A list of four
limits gives the five scores 1 to 9 of the older interim rules.

References
----------
1. 生态保护红线划定指南 (2017), annex on sensitivity; factor classes read in a public implementation of the joint evaluation,
   the cuts of the index remembered. Both are parameters with their marks.
2. 生态功能区划暂行规程 (2003): five classes, scores 1, 3, 5, 7, 9.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from ecocomp.rules import Parameters
from ecocomp.terms.faults import Fault, FaultsError
from ecocomp.terms.text import Text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Scores = NDArray[np.uint8]

SCORES = (1, 3, 5)
CLASSES = ("not_assessed", "general", "sensitive", "extreme")
_TOP_SCORE = 9


@dataclass(frozen=True, slots=True)
class Factor:
    """One factor of a model: its name, the rule with its limits or scores, and whether more of it is more sensitive.

    rising  True, False (cover: less is more sensitive), or None where the factor is a class with a table of scores
    """

    name: str
    rule: str
    symbol: str
    rising: bool | None = True


@dataclass(frozen=True, slots=True)
class Model:
    """One sensitivity model: its place in the rules, its name, its factors."""

    rules: str
    name: Text
    factors: tuple[Factor, ...]


MODELS: dict[str, Model] = {
    "soil_erosion": Model(
        "soil",
        Text("水土流失敏感性", "sensitivity to soil erosion"),
        (
            Factor("erosivity", "erosivity_limits", "R"),
            Factor("soil_texture", "texture_score", "K", None),
            Factor("relief", "relief_limits", "LS"),
            Factor("cover", "cover_limits", "C", False),
        ),
    ),
    "desertification": Model(
        "desert",
        Text("土地沙化敏感性", "sensitivity to desertification"),
        (
            Factor("dryness", "dryness_limits", "I"),
            Factor("windy_days", "windy_days_limits", "W"),
            Factor("soil_texture", "texture_score", "K", None),
            Factor("cover", "cover_limits", "C", False),
        ),
    ),
    "rocky_desertification": Model(
        "rock",
        Text("石漠化敏感性", "sensitivity to rocky desertification"),
        (
            Factor("carbonate_share", "carbonate_limits", "D"),
            Factor("slope", "slope_limits", "P"),
            Factor("cover", "cover_limits", "C", False),
        ),
    ),
    "salinisation": Model(
        "salt",
        Text("盐渍化敏感性", "sensitivity to salinisation"),
        (
            Factor("evaporation_ratio", "evaporation_limits", "I"),
            Factor("groundwater_salt", "salt_limits", "M"),
            Factor("groundwater_depth", "depth_limits", "D", False),
            Factor("soil_texture", "texture_score", "K", None),
        ),
    ),
}


def score(values: NDArray[Any], limits: Sequence[float], *, rising: bool = True, outer: bool = False) -> Scores:
    """Return 1, 3 or 5 for values below, between and above two ascending limits; 0 where there is none.

    limits  two for the scores 1, 3, 5; four for 1, 3, 5, 7, 9
    rising  True where more of the factor is more sensitive; False for cover, where less is
    outer   True where a value on a limit belongs to the outer class, False where it belongs to the middle one
    """
    passed = np.zeros(values.shape, np.uint8)
    with np.errstate(invalid="ignore"):
        for k, limit in enumerate(limits):
            reaches = (k < len(limits) / 2) != outer
            passed += values >= limit if reaches else values > limit
    steps = passed if rising else len(limits) - passed
    out = (2 * steps + 1).astype(np.uint8)
    out[np.isnan(values)] = 0
    return out


def score_classes(codes: NDArray[np.uint8], table: Mapping[str, Any]) -> Scores:
    """Return the score of each class code by a table; 0 for codes the table does not know."""
    lookup = np.zeros(256, np.uint8)
    for code, value in table.items():
        lookup[int(code)] = int(value)
    return lookup[codes]


def index(*factors: Scores) -> NDArray[np.float32]:
    """Return the geometric mean of the factor scores, NaN where one is missing (0)."""
    product = np.ones(np.shape(factors[0]), np.uint16)
    for factor in factors:
        product *= factor
    return _roots(len(factors))[product]


@lru_cache
def _roots(n: int) -> NDArray[np.float32]:
    """Return the n-th root of every product of n scores, NaN of 0; few values occur, so none is computed twice."""
    whole = [np.nan, *(float(p) ** (1.0 / n) for p in range(1, _TOP_SCORE**n + 1))]
    return np.array(whole, np.float64).astype(np.float32)


def classify(value: NDArray[np.float32], cuts: Sequence[float]) -> NDArray[np.uint8]:
    """Return the class number of `CLASSES`: 1 up to the first cut, 2 up to the second, 3 above; 0 where there is no index."""
    out = (1 + np.searchsorted(np.asarray(cuts, np.float32), value, side="left")).astype(np.uint8)
    out[np.isnan(value)] = 0
    return out


def cuts_of(params: Parameters) -> list[float]:
    """Return the two ascending cuts of the index; a fault where the rule holds anything else."""
    cuts = [float(v) for v in params.items("zoning.sensitivity.cuts")]
    if len(cuts) == len(CLASSES) - 2 and all(a < b for a, b in pairwise(cuts)):
        return cuts
    raise FaultsError([_wrong(params, "zoning.sensitivity.cuts", cuts, Text("写成两个递增的数", "Write two ascending numbers"))])


def limits_of(model: str, factor: Factor, params: Parameters) -> list[float]:
    """Return the ascending limits of a factor; a fault where the rule holds anything else."""
    key = f"zoning.sensitivity.{MODELS[model].rules}.{factor.rule}"
    limits = [float(v) for v in params.items(key)]
    if len(limits) in (2, 4) and all(a < b for a, b in pairwise(limits)):
        return limits
    raise FaultsError([_wrong(params, key, limits, Text("写成两个或四个递增的数", "Write two or four ascending numbers"))])


def outer_limits(model: str, params: Parameters) -> bool:
    """Return whether values on a limit belong to the outer class (rule ``limits_belong``: outer or middle)."""
    key = f"zoning.sensitivity.{MODELS[model].rules}.limits_belong"
    word = params.text(key)
    if word not in ("outer", "middle"):
        raise FaultsError([_wrong(params, key, word, Text("写 outer 或 middle", "Write outer or middle"))])
    return word == "outer"


def _wrong(params: Parameters, key: str, got: object, remedy: Text) -> Fault:
    held = params.get(key)
    clash = Text("{k} 是 {v}。", "{k} is {v}.").fill(k=key, v=got)
    return Fault("zoning.rule", held.file, f"line {held.line}", clash, Text(remedy.zh + "。", remedy.en + "."))


def factor_scores(model: str, values: Mapping[str, NDArray[Any]], params: Parameters) -> list[Scores]:
    """Return the scores of the factors of a model, in its order.

    values  array of each factor by name: numbers with NaN, or USDA texture codes with 0, for nodata
    """
    outer = outer_limits(model, params)
    rules = f"zoning.sensitivity.{MODELS[model].rules}"
    return [
        score_classes(values[f.name], params.table(f"{rules}.{f.rule}"))
        if f.rising is None
        else score(values[f.name], limits_of(model, f, params), rising=f.rising, outer=outer)
        for f in MODELS[model].factors
    ]


def sensitivity(
    model: str, values: Mapping[str, NDArray[Any]], params: Parameters
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Return the index and the class of each cell by one of `MODELS`.

    Parameters read: ``zoning.sensitivity.<soil|desert|rock|salt>.*`` and ``zoning.sensitivity.cuts``.
    """
    value = index(*factor_scores(model, values, params))
    return value, classify(value, cuts_of(params))


def soil_erosion(
    erosivity: NDArray[np.float32],
    soil_texture: NDArray[np.uint8],
    relief_m: NDArray[np.float32],
    cover: NDArray[np.float32],
    params: Parameters,
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Return the index SS and the class of each cell.

    erosivity     R [MJ·mm/(ha·h·a)]
    soil_texture  USDA texture class, 0 nodata
    relief_m      difference of height in the neighbourhood [m]
    cover         vegetation cover, 0 to 1
    """
    values: dict[str, NDArray[Any]] = {"erosivity": erosivity, "soil_texture": soil_texture, "relief": relief_m, "cover": cover}
    return sensitivity("soil_erosion", values, params)
