"""Net primary production as a layer, where a case does not bring one: by CASA or by the Miami model, as the rules choose.

For carbon sequestration, oxygen release and the zoning of importance. Nothing is stored: a strip is computed when it is
read, by the very pass of the model `net_primary_production` with the values of the parameters, so a layer nobody reads
costs nothing and one that is read costs less than reading its months back from disk would.
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ecocomp.rules import Parameters
from ecocomp.services.derive import Making
from ecocomp.services.factors.production import (
    FPAR_METHODS,
    absorbed_light,
    fpar_joined,
    fpar_line,
    fpar_slope,
    growth_stress,
    miami,
    simple_ratio,
)
from ecocomp.services.site import (
    NO_CODES,
    NO_VALUES,
    PASS,
    TILE,
    Draws,
    Floats,
    NotAssessed,
    Site,
    StripReader,
    class_map,
    columns,
    corners,
    lookup,
    require_method,
    table_corners,
)
from ecocomp.services.tiles import any_covered, sum_bands
from ecocomp.terms.faults import FaultsError
from ecocomp.terms.layers import CLASS_LAYERS

GIVES = ("npp",)
NEEDS = ()
USES = ("ndvi_filled",)
"""What is needed depends on the method; `make` looks for itself and gives nothing where it is not there."""

METHODS = ("casa", "miami", "layer")
SENSES = {
    "epsilon_max": 1,
    "ndvi_max": -1,
    "ndvi_min": -1,
    "fpar_min": 1,
    "fpar_max": 1,
    "par_share": 1,
    "dry_matter_per_carbon": -1,
    "miami_factor": 1,
    "npp_factor": 1,
}
MONTHS = (12,)
CASA_LAYERS = ("land_cover", "radiation", "temperature", "ndvi", "aet", "et0", "fpar")
MIAMI_LAYERS = ("land_cover", "temperature", "rain")


def layers_needed(params: Parameters | Draws, method: str, bands: Mapping[str, int]) -> dict[str, tuple[int, ...]]:
    """Return layer → allowed numbers of bands of a method; FPAR counts only where the case has it."""
    if method == "layer":
        return {"npp": (1, 12)}
    if method == "miami":
        return {"land_cover": (1,), "temperature": (1, 12), "rain": (1, 12)}
    wanted = ["radiation", "temperature", "ndvi_filled" if bands.get("ndvi_filled") == 12 else "ndvi", "aet", "et0"]
    if "fpar" in bands or params.text("services.production.fpar_method") == "layer":
        wanted.append("fpar")
    return {"land_cover": (1,), **dict.fromkeys(wanted, MONTHS)}


def require_production(service: str, site: Site, others: Mapping[str, tuple[int, ...]]) -> None:
    """Raise `NotAssessed` where net primary production is not there, naming what its method lacks, or another layer is not."""
    needed = dict(others)
    if "npp" not in site.bands:
        method = require_method(service, "services.production.method", site.params, METHODS)
        if method == "casa":
            require_method(service, "services.production.fpar_method", site.params, FPAR_METHODS)
        needed |= layers_needed(site.params, method, site.bands)
    lacking = site.lacking(service, {"npp": (1, 12), **needed})
    if lacking:
        raise NotAssessed(lacking)


@dataclass(frozen=True)
class Tables:
    """What a pass over rows is told.

    method   casa or miami
    form     place in `FPAR_METHODS`
    epsilon  εmax [g C/MJ] (columns, 256); for Miami 1/f, the carbon of dry matter
    highest  NDVI from which FPAR is greatest (columns, 256)
    ends     least NDVI, least and greatest FPAR, share of photosynthetic light (columns, 4)
    cold     no growth in a month not warmer than this [°C]
    days     days of each month (12,)
    """

    method: str
    form: int
    epsilon: Floats
    highest: Floats
    ends: Floats
    cold: float
    days: Floats

    def central(self) -> Tables:
        """Return the tables with the values alone, one column."""
        one = slice(1, 2)
        return Tables(self.method, self.form, self.epsilon[one], self.highest[one], self.ends[one], self.cold, self.days)

    def fill(
        self, layers: Mapping[str, NDArray[np.generic]], covered: NDArray[np.uint8], times: float, start: int, end: int, out: Floats
    ) -> None:
        """Put `times` g C/(m²·a) of cells start..end-1 into out (columns, cells)."""
        names = MIAMI_LAYERS if self.method == "miami" else CASA_LAYERS
        seen = {"ndvi": layers["ndvi_filled"], **layers} if "ndvi_filled" in layers else layers
        codes, *values = (seen.get(n, NO_CODES if n in CLASS_LAYERS else NO_VALUES) for n in names)
        if self.method == "miami":
            miami_rows(codes[0], *values, covered, self.epsilon, times, start, end, out)
        else:
            tables = self.form, self.epsilon, self.highest, self.ends, self.cold, self.days
            casa_rows(codes[0], *values, covered, *tables, times, start, end, out)


def tables_of(params: Parameters | Draws, method: str, year: int, has_fpar: bool) -> Tables:
    """Resolve the parameters of `casa` or `miami`."""
    wide = columns(params)
    days = np.array([calendar.monthrange(year, m)[1] for m in range(1, 13)], np.float64)
    classes = class_map(params, "services.production.class_map")
    highest, ends = np.full((wide, 256), np.nan), np.zeros((wide, 4))
    if method == "miami":
        factor = _ends(params, "miami_factor") / _ends(params, "dry_matter_per_carbon")
        epsilon = np.full((wide, 256), np.nan)
        epsilon[:, list(classes)] = factor[:, None]
        return Tables(method, 0, epsilon, highest, ends, 0.0, days)
    form = FPAR_METHODS.index("layer" if has_fpar else params.text("services.production.fpar_method"))
    epsilon = lookup(table_corners(params, "services.production.epsilon_max", SENSES["epsilon_max"]), classes, 1)
    if form != FPAR_METHODS.index("layer"):
        highest = lookup(table_corners(params, "services.production.ndvi_max", SENSES["ndvi_max"]), classes, -1)
    names = ("ndvi_min", "fpar_min", "fpar_max", "par_share")
    ends = np.stack([_ends(params, name) for name in names], axis=1)
    return Tables(method, form, epsilon, highest, ends, params.number("services.production.cold_month_c"), days)


def _ends(params: Parameters | Draws, name: str) -> Floats:
    return corners(params, f"services.production.{name}", SENSES[name])


# ---------------------------------------------------------------- the layer
@dataclass(frozen=True)
class ProductionLayer:
    """Net primary production [g C/(m²·a)], computed strip by strip as it is read.

    readers  the layers it is computed from
    tables   of the method, one column
    """

    readers: Mapping[str, StripReader]
    tables: Tables
    bands: int = 1

    def read(self, row0: int, row1: int) -> NDArray[np.float32]:
        """Return rows row0..row1-1 as (1, rows, columns) float32, NaN where any factor is missing."""
        read = {name: np.asarray(reader.read(row0, row1)) for name, reader in self.readers.items()}
        rows, width = next(iter(read.values())).shape[1:]
        flat = {n: a.astype(np.uint8 if n in CLASS_LAYERS else np.float32, copy=False).reshape(len(a), -1) for n, a in read.items()}
        out = np.empty((1, rows * width), np.float32)
        self.tables.fill(flat, np.ones(rows * width, np.uint8), 1.0, 0, rows * width, out)
        return out.reshape(1, rows, width)


def make(making: Making) -> dict[str, StripReader]:
    """Return the layer `npp` by the method of the rules, or nothing where the rules or the layers do not give it."""
    bands = {name: reader.bands for name, reader in making.layers.items()}
    try:
        method = making.params.text("services.production.method")
        if method not in METHODS[:2] or making.params.text("services.production.fpar_method") not in FPAR_METHODS:
            return {}
        needed = layers_needed(making.params, method, bands)
        if any(bands.get(name) not in allowed for name, allowed in needed.items()):
            return {}
        tables = tables_of(making.params, method, making.year, "fpar" in needed).central()
    except FaultsError:
        return {}  # the services that read it say which rule is missing
    return {"npp": ProductionLayer({name: making.layers[name] for name in needed}, tables)}


# ---------------------------------------------------------------- compiled
@njit(**PASS)  # type: ignore[untyped-decorator]
def casa_rows(  # type: ignore[no-untyped-def]
    land_cover, radiation, temperature, ndvi, aet, et0, fpar, covered,
    form, epsilon, highest, ends, cold, days, times, start, end, out,
):  # fmt: skip
    """Fill cells start..end-1 of out (columns, cells) with `times` g C/(m²·a)."""
    light, ratio, best, optimum = np.empty((12, TILE)), np.empty((12, TILE)), np.empty(TILE), np.empty(TILE)
    total, steep, steep_ratio = np.empty(TILE), np.empty(TILE), np.empty(TILE)
    for a in range(start, end, TILE):
        n = min(TILE, end - a)
        if not any_covered(covered, a, a + n):
            continue
        _optimum(ndvi, temperature, a, n, best, optimum)
        for m in range(12):
            row, row_ratio = light[m], ratio[m]
            for i in range(n):
                t, e, p = np.float64(temperature[m, a + i]), np.float64(aet[m, a + i]), np.float64(et0[m, a + i])
                row[i] = days[m] * np.float64(radiation[m, a + i]) * growth_stress(optimum[i], t, e, p, cold)
            if form != 3:
                for i in range(n):
                    row_ratio[i] = simple_ratio(np.float64(ndvi[m, a + i]))
        code = land_cover[a : a + n]
        for k in range(epsilon.shape[0]):
            least, low, most, share = ends[k, 1], ends[k, 0], ends[k, 2], ends[k, 3]
            by_class, out_row = epsilon[k], out[k, a : a + n]
            first = simple_ratio(low)
            for i in range(n):
                top = highest[k, code[i]]
                steep[i] = fpar_slope(low, top, least, most)
                steep_ratio[i] = fpar_slope(first, simple_ratio(top), least, most)
            total[:n] = 0.0
            for m in range(12):
                row, row_ratio = light[m], ratio[m]
                if form == 3:
                    for i in range(n):
                        total[i] += absorbed_light(row[i], np.float64(fpar[m, a + i]), share)
                else:
                    for i in range(n):
                        by_ndvi = fpar_line(np.float64(ndvi[m, a + i]), low, steep[i], least, most)
                        by_ratio = fpar_line(row_ratio[i], first, steep_ratio[i], least, most)
                        total[i] += absorbed_light(row[i], fpar_joined(by_ndvi, by_ratio, form), share)
            for i in range(n):
                out_row[i] = times * (by_class[code[i]] * total[i])


@njit(**PASS)  # type: ignore[untyped-decorator]
def _optimum(ndvi, temperature, a, n, best, optimum):  # type: ignore[no-untyped-def]
    """Put the temperature of the month of greatest NDVI (the first of equals) into optimum[:n]; NaN if a month has no NDVI."""
    best[:n] = -np.inf
    optimum[:n] = 0.0
    for m in range(12):
        for i in range(n):
            v = np.float64(ndvi[m, a + i])
            more = v > best[i] or v != v
            optimum[i] = np.float64(temperature[m, a + i]) + (v - v) if more else optimum[i]
            best[i] = v if v > best[i] else (np.inf if v != v else best[i])


@njit(**PASS)  # type: ignore[untyped-decorator]
def miami_rows(land_cover, temperature, rain, covered, carbon, times, start, end, out):  # type: ignore[no-untyped-def]
    """Fill cells start..end-1 of out (columns, cells) with `times` g C/(m²·a); twelve temperatures are averaged."""
    warm, wet = np.empty(TILE), np.empty(TILE)
    for a in range(start, end, TILE):
        n = min(TILE, end - a)
        if not any_covered(covered, a, a + n):
            continue
        sum_bands(temperature, a, n, warm)
        sum_bands(rain, a, n, wet)
        for i in range(n):
            warm[i] = miami(warm[i] / temperature.shape[0], wet[i])
        for k in range(carbon.shape[0]):
            by_class, row = carbon[k], out[k, a : a + n]
            for i in range(n):
                row[i] = times * (by_class[land_cover[a + i]] * warm[i])


__all__ = [
    "CASA_LAYERS", "GIVES", "METHODS", "MIAMI_LAYERS", "NEEDS", "SENSES", "ProductionLayer", "Tables", "casa_rows", "layers_needed",
    "make", "miami_rows", "require_production", "tables_of",
]  # fmt: skip
