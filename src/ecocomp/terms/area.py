"""Area: whole dm2 (0.01 m2) in every store; mu and hectares only where people read them."""

from __future__ import annotations

from ecocomp.terms.money import half_even

DM2_PER_M2 = 100
DM2_PER_HA = 1_000_000
MU_PER_HA = 15


def to_dm2(area_m2: float) -> int:
    """Return an area in m2 as whole dm2 (half-even)."""
    return round(area_m2 * DM2_PER_M2)


def say_mu(area_dm2: int) -> str:
    """Return an area in mu with two places, rounded half-even in whole numbers; 1 mu = 2000/3 m2.

    >>> say_mu(1_896_000)
    '28.44'
    """
    hundredths = half_even(area_dm2 * 15 * 100, DM2_PER_HA)
    return f"{'−' if hundredths < 0 else ''}{abs(hundredths) // 100:,}.{abs(hundredths) % 100:02d}"


def say_ha(area_dm2: int) -> str:
    """Return an area in hectares with three places.

    >>> say_ha(1_896_000)
    '1.896'
    """
    thousandths = half_even(area_dm2 * 1000, DM2_PER_HA)
    return f"{'−' if thousandths < 0 else ''}{abs(thousandths) // 1000:,}.{abs(thousandths) % 1000:03d}"
