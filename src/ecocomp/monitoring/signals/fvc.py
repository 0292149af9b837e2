"""Fractional vegetation cover (植被覆盖度) by the two-end-member pixel model.

For soil and vegetation desks. The two ends are fixed parameters: percentiles of a scene would move with every scene, so
that a parcel's cover changed because its neighbours did, which no compliance check may do.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ecocomp.monitoring.season import Season, mean_seen
from ecocomp.registry import Argument, Example, Reference, Spec, Use
from ecocomp.rules import Parameters
from ecocomp.terms.text import Text

if TYPE_CHECKING:
    from numpy.typing import NDArray

SPEC = Spec(
    id="fvc",
    name=Text("植被覆盖度", "vegetation cover"),
    summary=Text("生长季内植被垂直投影占地面的比例。", "Share of the ground under green vegetation during the growing season."),
    unit="1",
    formula="FVC = mean(clip((NDVI − NDVI_s)/(NDVI_v − NDVI_s), 0, 1))",
    arguments=(
        Argument("ndvi", "1", Text("晴空各月 NDVI", "NDVI of the clear months"), "NDVI", "list", least=-1.0, most=1.0),
        Argument("ndvi_soil", "1", Text("裸土 NDVI", "NDVI of bare soil"), "NDVI_s", least=-1.0, most=1.0),
        Argument("ndvi_vegetation", "1", Text("全植被 NDVI", "NDVI of full cover"), "NDVI_v", least=-1.0, most=1.0),
    ),
    holds=Text(
        "端元固定，年际可比；雪、水面与浓密林冠（NDVI 饱和）处偏差大。",
        "Ends are fixed, so years compare; poor over snow, water and dense canopies, where NDVI saturates.",
    ),
    inputs=(Use("ndvi", "1", Text("月或年 NDVI", "NDVI by month or year")),),
    parameters=(
        Use("monitoring.fvc.ndvi_soil", "1", Text("裸土 NDVI", "NDVI of bare soil")),
        Use("monitoring.fvc.ndvi_vegetation", "1", Text("全植被 NDVI", "NDVI of full cover")),
    ),
    outputs=(Use("fvc", "1", Text("植被覆盖度", "vegetation cover"), symbol="FVC"),),
    references=(
        Reference("Gutman & Ignatov (1998), Int. J. Remote Sens. 19:1533-1543, doi:10.1080/014311698215333", "M", "pixel model"),
        Reference(
            "fixed pair of NDVI_s and NDVI_v, 0.05 and 0.90: design of ecocomp", "D", "within published 0.02-0.08, 0.80-0.95"
        ),
    ),
    examples=(
        Example({"ndvi": [0.475], "ndvi_soil": 0.05, "ndvi_vegetation": 0.9}, {"fvc": 0.5}, "halfway between the two ends"),
        Example({"ndvi": [0.02, 0.95], "ndvi_soil": 0.05, "ndvi_vegetation": 0.9}, {"fvc": 0.5}, "clipped to 0 and 1"),
    ),
)


def cover(ndvi: NDArray[Any], ndvi_soil: float, ndvi_vegetation: float) -> NDArray[Any]:
    """Return the cover of each cell, 0 to 1; NaN stays NaN."""
    return np.clip((ndvi - ndvi_soil) / (ndvi_vegetation - ndvi_soil), 0.0, 1.0).astype(ndvi.dtype)


def cells(ndvi: NDArray[np.float32], params: Parameters) -> NDArray[np.float32]:
    """Return the cover of every cell and month, before parcels are averaged: clipping and averaging do not commute."""
    return cover(ndvi, params.number("monitoring.fvc.ndvi_soil"), params.number("monitoring.fvc.ndvi_vegetation"))


def observe(season: Season, params: Parameters) -> NDArray[np.float64]:
    """Return the season's cover of each parcel, NaN below the months needed."""
    out = mean_seen(season.cells[SPEC.id], axis=0)
    out[season.months < season.needed] = np.nan
    return out


def evaluate(*, ndvi: Sequence[float], ndvi_soil: float, ndvi_vegetation: float) -> dict[str, float]:
    """Return the mean cover of one cell over months; `ValueError` where full cover is not above bare soil."""
    if ndvi_vegetation <= ndvi_soil:
        raise ValueError(
            f"NDVI of full cover ({ndvi_vegetation:g}) must exceed that of bare soil ({ndvi_soil:g})"
            f" / 全植被 NDVI（{ndvi_vegetation:g}）须大于裸土 NDVI（{ndvi_soil:g}）"
        )
    return {"fvc": float(mean_seen(cover(np.asarray(ndvi, float), ndvi_soil, ndvi_vegetation), axis=0))}
