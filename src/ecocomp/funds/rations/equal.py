"""Equal share: every holder gets the same sum, nobody more than is unmet (water-filling)."""

from __future__ import annotations

import numpy as np

from ecocomp.funds.claims import Claims, grouped
from ecocomp.registry import Example, Reference, Spec, Use
from ecocomp.terms.money import apportion_groups, sum_array
from ecocomp.terms.text import Text

SPEC = Spec(
    id="equal",
    name=Text("户均等额", "equal share"),
    summary=Text(
        "每个权利人得同样多，不超过其未落实额；余下的再等额分给其他人；一户之内按比例。",
        "Every holder gets the same, up to what is unmet; the rest is shared alike by the others; within a holder pro rata.",
    ),
    unit="fen",
    inputs=(Use("unmet", "fen", Text("尚未落实", "unmet")), Use("holder", "", Text("权利人", "holder"))),
    outputs=(Use("given", "fen", Text("分得", "given")),),
    formula="given_h = min(unmet_h, L); L so that SUM given = available",
    holds=Text("零头一分一分给排在前面的户。", "Odd fen go one each to the holders that come first."),
    references=(Reference("Constrained equal awards (Maimonides' rule); Thomson, Mathematical Social Sciences 45 (2003)", "R"),),
    examples=(
        Example({"available": 100, "unmet": [10, 60, 90]}, {"given": [10, 45, 45]}, "level 45: the first is content with 10"),
    ),
)


def share(available: int, unmet: np.ndarray, claims: Claims) -> np.ndarray:
    """Return what each row gets; holders in the order of their first row."""
    if not len(unmet) or available <= 0:
        return np.zeros_like(unmet)
    order, first = grouped(claims.holder)
    whole = np.add.reduceat(unmet[order], first)
    seen = order[first]  # a holder's first row: groups are ranked by it, so that numbers of holders do not matter
    given = _level(min(available, sum_array(whole)), whole, np.argsort(seen, kind="stable"))
    out = np.zeros_like(unmet)
    out[order] = apportion_groups(given, unmet[order], first)
    return out


def _level(available: int, whole: np.ndarray, order: np.ndarray) -> np.ndarray:
    low, high = 0, int(whole.max())  # the highest level that the money reaches
    while low < high:
        middle = (low + high + 1) // 2
        if sum_array(np.minimum(whole, middle)) <= available:
            low = middle
        else:
            high = middle - 1
    given = np.minimum(whole, low)
    odd = available - sum_array(given)
    if odd:
        more = order[whole[order] > low][:odd]
        given[more] += 1
    return given
