"""Grades of soil erosion, the same for water and wind but for what is tolerated.

References
----------
1. SL 190-2007, as table A.1 of HJ 1174-2021.
"""

from __future__ import annotations

TOLERABLE_T_KM2 = {
    "loess_plateau": 1000.0,
    "northeast_black_soil": 200.0,
    "north_rocky": 200.0,
    "south_red_soil": 500.0,
    "southwest_rocky": 500.0,
}
"""Tolerable soil loss [t/(km²·a)] of the regions of SL 190-2007."""
GRADE_LIMITS_T_KM2 = (2500.0, 5000.0, 8000.0, 15000.0)
"""Upper ends of grades 2 to 5 [t/(km²·a)], the same for water and wind."""
MERGED = {1: "none", 2: "light", 3: "moderate", 4: "strong", 5: "strong", 6: "extreme"}
"""HJ 1174-2021 merges the six grades of SL 190 into five."""


def erosion_grade(loss_t_km2: float, tolerable_t_km2: float) -> int:
    """Return the grade 1 (slight) to 6 (severe) of a soil loss [t/(km²·a)] of water or wind."""
    if loss_t_km2 < tolerable_t_km2:
        return 1
    return 2 + sum(loss_t_km2 > limit for limit in GRADE_LIMITS_T_KM2)
