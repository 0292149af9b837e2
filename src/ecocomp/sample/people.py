"""Villages, holders and rights of the invented county."""
from __future__ import annotations
from ecocomp.sample.frame import COUNTY, Frame


def village_codes(frame: Frame) -> list[str]:
    return [f"{COUNTY}100{200+i:03d}" for i in range(60)]
