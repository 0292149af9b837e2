"""Factors of the zoning models, computed from the layers of a case strip by strip.

A factor says which layers it can be made from; the first choice that is there is taken. What the choice was is part of the
notes, what is missing is named together. Terrain is computed with as many further rows as its window reaches, so strips
leave no seam.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ecocomp.grid.georef import Grid, metres_per_cell
from ecocomp.rules import Parameters
from ecocomp.zoning.indices import climate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ecocomp.zoning.maps import StripReader

    Floats = NDArray[np.float64]

MONTHS = 12
_ANY = (1, MONTHS)
Layers = Mapping[str, "StripReader"]
Way = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True)
class Work:
    """What a factor is computed from: the layers, the grid, the rules, and the rows wanted."""

    layers: Layers
    grid: Grid
    params: Parameters
    row0: int
    row1: int

    def band(self, name: str, k: int = 0) -> Floats:
        """Return one band of a layer, float64 (rows, columns), NaN where there is none."""
        return np.asarray(self.layers[name].read(self.row0, self.row1)[k], np.float64)

    def bands(self, name: str) -> NDArray[Any]:
        """Return all bands of a layer."""
        return self.layers[name].read(self.row0, self.row1)

    def codes(self, name: str) -> NDArray[np.uint8]:
        """Return a layer of codes, 0 where there is none."""
        return np.asarray(self.layers[name].read(self.row0, self.row1)[0], np.uint8)


@dataclass(frozen=True)
class Factor:
    """A factor: the ways it can be made (layers and their allowed bands), and how, by the number of the way."""

    ways: tuple[Way, ...]
    compute: Callable[[Work, int], NDArray[Any]]


def way_of(factor: Factor, layers: Layers) -> int | None:
    """Return the first way whose layers are all there, or None."""
    for k, way in enumerate(factor.ways):
        if all(name in layers and layers[name].bands in bands for name, bands in way.items()):
            return k
    return None


def missing(factor: Factor, layers: Layers) -> list[str]:
    """Return what the first way of a factor lacks, as ``layer`` or ``layer (12 bands)``."""
    way = factor.ways[0]
    return [
        name if name not in layers and bands in ((1,), _ANY) else f"{name} ({'/'.join(map(str, bands))} bands)"
        for name, bands in way.items()
        if name not in layers or layers[name].bands not in bands
    ]


def factor(name: str, work: Work) -> NDArray[Any]:
    """Return a factor of a strip: float64 with NaN, or uint8 codes with 0, for nodata."""
    made = FACTORS[name]
    way = way_of(made, work.layers)
    if way is None:
        raise KeyError(name)
    return made.compute(work, way)


# ---------------------------------------------------------------- how each is made
def _plain(layer: str) -> Factor:
    return Factor(({layer: (1,)},), lambda work, way: work.band(layer))


def _year_sum(layer: str, work: Work) -> Floats:
    return _summed(work.bands(layer))


def _summed(bands: NDArray[Any]) -> Floats:
    total = np.array(bands[0], np.float64)
    for band in bands[1:]:
        total += band
    return total


def _rain(work: Work, way: int) -> Floats:
    return _year_sum("rain", work)


def _temperature(work: Work, way: int) -> Floats:
    bands = work.bands("temperature")
    return _summed(bands) / len(bands)


def _seepage(work: Work, way: int) -> Floats:
    return _looked_up("zoning.npp.seepage", 13.0, work)


def _erodibility(work: Work, way: int) -> Floats:
    return work.band("erodibility") if way == 0 else _looked_up("services.soil.erodibility_by_texture", 1.0, work)


def _looked_up(key: str, divisor: float, work: Work) -> Floats:
    table = np.full(256, np.nan)
    for code, value in work.params.table(key).items():
        table[int(code)] = float(value) / divisor
    table[0] = np.nan
    return table[work.codes("soil_texture")]


def _slope(work: Work, way: int) -> Floats:
    if way == 0:
        return work.band("slope")
    from ecocomp.grid.terrain import slope_tangent

    height, grid, above = _with_halo(work, 1)
    tangent = np.asarray(slope_tangent(height, grid), np.float64)[above : above + work.row1 - work.row0]
    return np.degrees(np.arctan(tangent))


def _roughness(work: Work, way: int) -> Floats:
    return np.asarray(climate.roughness(_slope(work, way)))


def _relief(work: Work, way: int) -> Floats:
    """Greatest less least height in a square window around each cell; cells without height are left out of it."""
    from scipy import ndimage

    half = work.params.number("zoning.sensitivity.soil.relief_window_m") / 2.0
    across, along = (float(np.median(m)) for m in metres_per_cell(work.grid))
    down, right = max(1, round(half / along)), max(1, round(half / across))
    height, _, above = _with_halo(work, down)
    known = np.isfinite(height)
    size = (2 * down + 1, 2 * right + 1)
    top = ndimage.maximum_filter(np.where(known, height, -np.inf), size, mode="constant", cval=-np.inf)
    bottom = ndimage.minimum_filter(np.where(known, height, np.inf), size, mode="constant", cval=np.inf)
    relief = np.where(known, top.astype(np.float64) - np.where(known, bottom, 0.0), np.nan)
    return relief[above : above + work.row1 - work.row0]


def _with_halo(work: Work, rows: int) -> tuple[NDArray[np.float32], Grid, int]:
    """Return the heights of the strip and some rows beyond, their grid, and how many rows lie above the strip."""
    first, last = max(0, work.row0 - rows), min(work.grid.height, work.row1 + rows)
    height = np.asarray(work.layers["elevation"].read(first, last)[0], np.float32)
    grid = replace(work.grid, y0=work.grid.y0 - first * work.grid.dy, height=last - first)
    return height, grid, work.row0 - first


def _cover(work: Work, way: int) -> Floats:
    """Vegetation cover 0 to 1 from NDVI by the same fixed ends and season as the services."""
    bare, full = (work.params.number(f"services.cover.ndvi_{k}") for k in ("bare", "full"))
    share = (_season(work.bands("ndvi"), work.params) - bare) / (full - bare)
    return np.minimum(np.maximum(share, 0.0), 1.0)


def _season(bands: NDArray[Any], params: Parameters) -> Floats:
    """Return the season's greatest or mean value; NaN where too few months have one."""
    if len(bands) == 1:
        return np.asarray(bands[0], np.float64)
    months = [int(m) - 1 for m in params.items("services.cover.season_months")]
    greatest = params.text("services.cover.season_statistic") == "max"
    total = np.full(bands.shape[1:], -np.inf if greatest else 0.0)
    seen = np.zeros(bands.shape[1:], np.int64)
    for m in months:
        band = np.asarray(bands[m], np.float64)
        known = np.isfinite(band)
        total = np.fmax(total, band) if greatest else total + np.where(known, band, 0.0)
        seen += known
    with np.errstate(invalid="ignore", divide="ignore"):
        value = total if greatest else total / seen
    return np.where(seen >= max(1, int(params.decimal("services.cover.least_months"))), value, np.nan)


def _climatic_erosivity(work: Work, way: int) -> Floats:
    lift = climate.wind_2m_factor(work.params.number("zoning.npp.wind_height_m"))
    wind, warm, damp, rain = (work.bands(n) for n in ("wind_speed", "temperature", "humidity", "rain"))
    total = np.zeros(wind.shape[1:])
    for m, days in enumerate(climate.DAYS):
        u, t, r, p = (np.asarray(b[m], np.float64) for b in (wind, warm, damp, rain))
        total += climate.month_erosivity(u * lift, climate.monthly_evaporation(t, r / 100.0), p, days)
    return total


def _dryness(work: Work, way: int) -> Floats:
    warm, rain = work.bands("temperature"), work.bands("rain")
    heat, wet = np.zeros(warm.shape[1:]), np.zeros(warm.shape[1:])
    for m, days in enumerate(climate.DAYS):
        t, p = np.asarray(warm[m], np.float64), np.asarray(rain[m], np.float64)
        heat += climate.warm_month(t, days)
        # Rain of a cold month does not count, but a month without a value leaves the cell without an index.
        wet += np.where(t >= climate.WARM_C, p, 0.0 * (p + t))
    return np.asarray(climate.dryness(heat, wet))


def _evaporation_ratio(work: Work, way: int) -> Floats:
    above = _year_sum("water_evaporation" if way == 0 else "et0", work)
    rain = _year_sum("rain", work)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(rain > 0, above / rain, np.where(above > 0, np.inf, np.nan) + 0.0 * rain)


_HEIGHTS: tuple[Way, ...] = ({"slope": (1,)}, {"elevation": (1,)})

FACTORS: dict[str, Factor] = {
    "npp": _plain("npp"),
    "rain": Factor(({"rain": _ANY},), _rain),
    "temperature": Factor(({"temperature": _ANY},), _temperature),
    "elevation": _plain("elevation"),
    "slope": Factor(_HEIGHTS, _slope),
    "roughness": Factor(_HEIGHTS, _roughness),
    "seepage": Factor(({"soil_texture": (1,)},), _seepage),
    "erodibility": Factor(({"erodibility": (1,)}, {"soil_texture": (1,)}), _erodibility),
    "climatic_erosivity": Factor(
        ({"wind_speed": (MONTHS,), "temperature": (MONTHS,), "humidity": (MONTHS,), "rain": (MONTHS,)},), _climatic_erosivity
    ),
    "erosivity": Factor(
        ({"erosivity": (1,)}, {"erosivity_of_months": (1,)}),
        lambda work, way: work.band("erosivity" if way == 0 else "erosivity_of_months"),
    ),
    "relief": Factor(({"elevation": (1,)},), _relief),
    "cover": Factor(({"ndvi": _ANY},), _cover),
    "dryness": Factor(({"temperature": (MONTHS,), "rain": (MONTHS,)},), _dryness),
    "windy_days": _plain("windy_days"),
    "carbonate_share": _plain("carbonate_share"),
    "groundwater_depth": _plain("groundwater_depth"),
    "groundwater_salt": _plain("groundwater_salt"),
    "evaporation_ratio": Factor(({"water_evaporation": _ANY, "rain": _ANY}, {"et0": _ANY, "rain": _ANY}), _evaporation_ratio),
    "soil_texture": Factor(({"soil_texture": (1,)},), lambda work, way: work.codes("soil_texture")),
}
