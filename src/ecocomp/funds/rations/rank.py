"""By rank: the first class is paid in full before the next gets anything; inside a class pro rata."""

from __future__ import annotations

import numpy as np

from ecocomp.funds.claims import Claims
from ecocomp.registry import Example, Reference, Spec, Use
from ecocomp.terms.money import apportion_array, sum_array
from ecocomp.terms.text import Text

SPEC = Spec(
    id="rank",
    name=Text("按次序", "by rank"),
    summary=Text(
        "按规则 funds.rank_by 所定的次序（功能区、等级、红线、收入），前一档付足才轮到下一档；同档同比例。",
        "In the order of funds.rank_by (zone, grade, red line, income): a class in full before the next, inside it pro rata.",
    ),
    unit="fen",
    inputs=(Use("unmet", "fen", Text("尚未落实", "unmet")), Use("rank", "", Text("次序", "rank"))),
    outputs=(Use("given", "fen", Text("分得", "given")),),
    parameters=(
        Use("funds.rank_by", "1", Text("次序依据", "what ranks")),
        Use("funds.rank_zones", "1", Text("功能区次序", "order of zones")),
        Use("funds.rank_income_yuan", "CNY/a", Text("收入分档", "income classes")),
    ),
    formula="e_0 = available; given over class c = apportion(min(e_c, U_c)); e_(c+1) = e_c - U_c",
    references=(Reference("Regulation on Ecological Protection Compensation, Decree 779, arts. 11-12: graded support", "V"),),
    examples=(
        Example(
            {"available": 100, "unmet": [80, 60, 60], "rank": [0, 1, 1]},
            {"given": [80, 10, 10]},
            "20 are left for the second class",
        ),
    ),
)


def share(available: int, unmet: np.ndarray, claims: Claims) -> np.ndarray:
    """Return what each row gets."""
    out = np.zeros_like(unmet)
    left = available
    order = np.argsort(claims.rank, kind="stable")
    ends = np.flatnonzero(np.diff(claims.rank[order])) + 1
    for rows in np.split(order, ends):
        if left <= 0 or not len(rows):
            break
        need = sum_array(unmet[rows])
        out[rows] = apportion_array(min(left, need), unmet[rows])
        left -= need
    return out
