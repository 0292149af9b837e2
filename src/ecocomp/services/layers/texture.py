"""Soil texture from the shares of its particles, made as it is read; see `soil_and_rain`."""

from __future__ import annotations

from ecocomp.services.derive import Making
from ecocomp.services.layers.soil_and_rain import TextureOfParticles
from ecocomp.services.site import StripReader

GIVES = ("soil_texture",)
NEEDS = ("sand", "silt", "clay")


def make(making: Making) -> dict[str, StripReader]:
    """Return the class of texture of each cell."""
    sand, silt, clay = (making.layers[name] for name in NEEDS)
    return {"soil_texture": TextureOfParticles(sand, silt, clay)}
