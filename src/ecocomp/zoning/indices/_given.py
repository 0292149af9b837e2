"""What lists and pairs given to a formula must be, said so that a person can mend them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from ecocomp.terms.faults import UsageError
from ecocomp.terms.text import Text


def twelve(**months: Sequence[float]) -> None:
    """Refuse lists that do not have a value for each month, naming each with its length."""
    wrong = ", ".join(f"{name}: {len(values)}" for name, values in months.items() if len(values) != 12)
    if wrong:
        raise UsageError(
            Text("每个月都要有一个数，共 12 个；现有 {w}。", "Give 12 numbers, one for each month; given {w}.").fill(w=wrong)
        )


def ascending(**limits: Sequence[float]) -> None:
    """Refuse lists of limits that do not rise, naming each."""
    wrong = ", ".join(f"{name}={list(v)}" for name, v in limits.items() if not v or not all(a < b for a, b in pairwise(v)))
    if wrong:
        raise UsageError(Text("界限应递增：{w}。", "Limits must rise: {w}.").fill(w=wrong))


def same_length(**lists: Sequence[float]) -> None:
    """Refuse lists of different lengths, naming each with its length."""
    if len({len(v) for v in lists.values()}) > 1:
        said = ", ".join(f"{name}: {len(v)}" for name, v in lists.items())
        raise UsageError(Text("各列的个数不同：{w}。", "The lists differ in length: {w}.").fill(w=said))
