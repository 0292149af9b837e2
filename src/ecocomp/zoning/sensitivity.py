"""Ecological sensitivity to soil erosion by water (水土流失敏感性): four factor scores and their geometric mean.

SS = (R · K · LS · C)^(1/4), every factor scored 1 (general), 3 (sensitive) or 5 (extremely sensitive). A cell without one
of the factors has no index: nothing is put in its place.

References
----------
1. 生态保护红线划定指南 (2017), annex on sensitivity; factor classes read in a public implementation of the joint evaluation,
   the cuts of the index remembered. Both are parameters with their marks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ecocomp.rules import Parameters

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Scores = NDArray[np.uint8]

SCORES = (1, 3, 5)
CLASSES = ("not_assessed", "general", "sensitive", "extreme")


def score(values: NDArray[Any], limits: Sequence[float], *, rising: bool = True) -> Scores:
    """Return 1, 3 or 5 for values below, between (both limits included) and above the two limits; 0 where there is none.

    rising  True where more of the factor is more sensitive; False for cover, where less is
    """
    low, high = limits
    with np.errstate(invalid="ignore"):
        first, last = (values < low, values > high) if rising else (values > high, values < low)
    out = np.where(first, 1, np.where(last, 5, 3)).astype(np.uint8)
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
    product = np.prod(np.stack([f.astype(np.float64) for f in factors]), axis=0)
    return np.where(product > 0, product ** (1.0 / len(factors)), np.nan).astype(np.float32)


def classify(value: NDArray[np.float32], cuts: Sequence[float]) -> NDArray[np.uint8]:
    """Return the class number of `CLASSES`: 1 up to the first cut, 2 up to the second, 3 above; 0 where there is no index."""
    out = (1 + np.searchsorted(np.asarray(cuts, np.float32), value, side="left")).astype(np.uint8)
    out[np.isnan(value)] = 0
    return out


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

    Parameters read: ``zoning.sensitivity.soil.*`` (limits, texture scores) and ``zoning.sensitivity.cuts``.
    """
    limits = {k: [float(v) for v in params.items(f"zoning.sensitivity.soil.{k}_limits")] for k in ("erosivity", "relief", "cover")}
    value = index(
        score(erosivity, limits["erosivity"]),
        score_classes(soil_texture, params.table("zoning.sensitivity.soil.texture_score")),
        score(relief_m, limits["relief"]),
        score(cover, limits["cover"], rising=False),
    )
    return value, classify(value, [float(v) for v in params.items("zoning.sensitivity.cuts")])
