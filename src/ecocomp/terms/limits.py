"""Comparing a computed number with a limit of a class: what is printed as 55 counts as 55.

Sums of decimals such as 0.35·62.4 miss their last binary digit, and a grade must not hang on it.
"""

from __future__ import annotations

PLACES = 9


def reaches(value: float, limit: float) -> bool:
    """Return whether `value` is at least `limit`, both taken to nine places.

    >>> reaches(54.99999999999999, 55.0)
    True
    """
    return round(float(value), PLACES) >= round(float(limit), PLACES)


def exceeds(value: float, limit: float) -> bool:
    """Return whether `value` is above `limit`, both taken to nine places.

    >>> exceeds(1.4000000000000001, 1.4)
    False
    """
    return round(float(value), PLACES) > round(float(limit), PLACES)
