"""Pro rata: every claim gets the same share of what is unmet."""

from __future__ import annotations

import numpy as np

from ecocomp.funds.claims import Claims
from ecocomp.registry import Example, Reference, Spec, Use
from ecocomp.terms.money import apportion_array, sum_array
from ecocomp.terms.text import Text

SPEC = Spec(
    id="pro_rata",
    name=Text("同比例", "pro rata"),
    summary=Text(
        "按尚未落实的金额同比例分配，不足一分的按韦氏法取整。", "In proportion to what is unmet, whole fen by Webster's method."
    ),
    unit="fen",
    inputs=(Use("unmet", "fen", Text("尚未落实", "unmet")),),
    outputs=(Use("given", "fen", Text("分得", "given")),),
    formula="given_i = unmet_i * available / SUM unmet",
    references=(Reference("Balinski & Young, Fair Representation (1982): divisor methods are house monotone", "v"),),
    examples=(Example({"available": 100, "unmet": [100, 100, 100]}, {"given": [34, 33, 33]}, "100 fen over three equal claims"),),
)


def share(available: int, unmet: np.ndarray, claims: Claims) -> np.ndarray:
    """Return what each row gets."""
    return apportion_array(min(available, sum_array(unmet)), unmet)
