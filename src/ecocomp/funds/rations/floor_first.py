"""Floor first: every household's minimum comes before the rest, which is shared pro rata."""

from __future__ import annotations

import numpy as np

from ecocomp.funds.claims import Claims
from ecocomp.registry import Example, Reference, Spec, Use
from ecocomp.terms.money import apportion_array, sum_array
from ecocomp.terms.text import Text

SPEC = Spec(
    id="floor_first",
    name=Text("先保底", "floor first"),
    summary=Text(
        "先付到每户的最低额（不超过其应付额），余下按未落实额同比例；不够保底时保底额同比例。",
        "Each holder's minimum first (never over what is owed), the rest pro rata; too little for the minima: these pro rata.",
    ),
    unit="fen",
    inputs=(Use("unmet", "fen", Text("尚未落实", "unmet")), Use("floor", "fen", Text("保底部分", "part of the floor"))),
    outputs=(Use("given", "fen", Text("分得", "given")),),
    parameters=(Use("funds.household_floor_yuan", "CNY/a", Text("每户最低额", "minimum per holder")),),
    formula="v_i = max(0, unmet_i - (due_i - floor_i)); first apportion(min(e, SUM v), v), then the rest over unmet - v",
    holds=Text(
        "最低额按各行应付额分到一户的各行，与先用哪个资金包无关。",
        "A holder's minimum is split over its rows by what is owed, whatever envelope comes first.",
    ),
    references=(Reference("Design of this project", "D"),),
    examples=(
        Example(
            {"available": 100, "unmet": [30, 200], "floor_fen": 40},
            {"given": [30, 70]},
            "floors 30 and 40, then 30 more for the second",
        ),
    ),
)


def share(available: int, unmet: np.ndarray, claims: Claims) -> np.ndarray:
    """Return what each row gets."""
    first = np.maximum(0, unmet - (claims.due - claims.floor))
    need = sum_array(first)
    if available <= need:
        return apportion_array(available, first)
    rest = unmet - first
    out: np.ndarray = first + apportion_array(min(available - need, sum_array(rest)), rest)
    return out
