"""Grading by cumulative share of a service (重要性分级), on a list: for small tables and for checking a map.

References
----------
1. 生态保护红线划定指南 (2017), cuts 50 % and 80 % (remembered).
2. Gong Shihan et al. (2017), doi:10.5846/stxb201512012406: basins ranked, four classes cut at 50, 75 and 90 %.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ecocomp.registry import Argument, Example, Formula, Reference, Spec, Use
from ecocomp.terms.text import Text
from ecocomp.zoning.importance import grade_units
from ecocomp.zoning.indices._given import ascending, same_length


def _grade(values: Sequence[float], areas: Sequence[float] = (), cuts: Sequence[float] = (0.5, 0.8)) -> dict[str, Any]:
    if len(areas):
        same_length(values=values, areas=areas)
    ascending(cuts=(0.0, *cuts))
    per_area = np.asarray(values, np.float64)
    area = np.asarray(areas, np.float64) if len(areas) else np.ones(per_area.size)
    classes, limits = grade_units(per_area, area, cuts)
    counted = classes > 0
    total = math.fsum((per_area * area)[counted].tolist())
    return {"total": total, "wanted": [c * total for c in cuts], "classes": classes.tolist(), "limits": limits}


FORMULAS: tuple[Formula, ...] = (
    Formula(
        Spec(
            id="importance_by_cumulative_share",
            name=Text("按累计占比的重要性分级", "importance by cumulative share"),
            summary=Text(
                "从单位面积服务量最高者起累计，达到各界限为一级；1 极重要、2 重要、3 一般重要、0 未评估。",
                "Units are taken from the richest per area downward; each cut of the whole service closes a class: 1 extreme,"
                " 2 important, 3 general, 0 not assessed.",
            ),
            unit="class",
            formula="Q = Σ v·a\nq = c·Q",
            holds=Text(
                "累计的是服务量，不是面积。无数据和不大于 0 的不参加；跨过界限者归较高一级；相等者同级，与行序无关。"
                "排序单位可以是像元、地块或流域，界限数目不限，都是规则。",
                "What counts is the share of the service, not of the ground. Nodata and values of 0 or less are left out; the unit"
                " that crosses a cut belongs to the higher class; equal ones share it in any order. Unit and cuts are rules.",
            ),
            differs=Text(
                "分位数分级（按像元数）给出别的结果。", "Grading by quantiles of the number of cells gives other classes."
            ),
            inputs=(),
            outputs=(
                Use("total", "any", Text("服务总量", "the whole service"), symbol="Q"),
                Use("wanted", "any", Text("各界限对应的累计量", "amount at which each class closes"), symbol="q"),
                Use("classes", "class", Text("各单位的等级", "class of each unit")),
                Use("limits", "any", Text("各级（末级除外）的最低值", "least value of each class but the last")),
            ),
            arguments=(
                Argument("values", "any", Text("单位面积服务量", "service per area of each unit"), "v", kind="list"),
                Argument(
                    "areas",
                    "any",
                    Text("各单位面积；空为相等", "area of each unit; empty: all equal"),
                    "a",
                    kind="list",
                    default=[],
                    least=0,
                ),
                Argument(
                    "cuts",
                    "1",
                    Text("累计占比界限", "cuts of the cumulative share"),
                    "c",
                    kind="list",
                    default=[0.5, 0.8],
                    least=0,
                    most=1,
                ),
            ),
            references=(
                Reference("生态保护红线划定指南 (2017): method v, cuts 0.5 and 0.8", "M"),
                Reference("Gong Shihan et al. (2017), 生态学报 37(7), doi:10.5846/stxb201512012406", "v"),
                Reference("crossing unit, ties, zeros: design of ecocomp", "D"),
            ),
            examples=(
                Example(
                    {"values": [40.0, 20.0, 20.0, 10.0, 10.0, 0.0]},
                    {"classes": [1, 1, 1, 3, 3, 0], "limits": [20.0, 20.0]},
                    "40 of 100 leave the cut 50 open: both 20s cross it together and reach 80",
                ),
                Example(
                    {"values": [9.0, 5.0, 1.0], "areas": [1.0, 2.0, 81.0]},
                    {"classes": [1, 1, 1], "limits": [1.0, 1.0]},
                    "19 of 100 lie on the two rich units: the wide poor one crosses both cuts",
                ),
                Example(
                    {"values": [50.0, 25.0, 15.0, 10.0], "cuts": [0.5, 0.75, 0.9]},
                    {"classes": [1, 2, 3, 4], "limits": [50.0, 25.0, 15.0]},
                    "four classes as in the national study of basins",
                ),
            ),
        ),
        _grade,
    ),
)
