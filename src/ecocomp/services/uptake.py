"""What a place takes up in carbon dioxide, as carbon sequestration and (by its method `net`) oxygen release reckon it.

For those two models, so that oxygen never rests on another carbon than the carbon that is reported.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from ecocomp.rules import Parameters
from ecocomp.services.by_code import by_code
from ecocomp.services.factors.carbon import net_ecosystem_production, respiration_month, uptake_rate
from ecocomp.services.layers.production import require_production
from ecocomp.services.site import (
    IN_PARCEL,
    PASS,
    TILE,
    Draws,
    Floats,
    Site,
    classes_left_out,
    columns,
    corners,
    require,
    require_method,
)
from ecocomp.services.tiles import any_covered, sum_bands
from ecocomp.terms.faults import Fault
from ecocomp.terms.text import Text

METHODS = ("rate", "nep", "nep_soil")
SENSES = {"rate_t_co2_per_ha_a": 1, "nep_share_of_npp": 1, "npp_factor": 1, "microbe_share": -1}
RESPIRED_MORE = Text("土壤异养呼吸大于净初级生产力", "the soil breathes out more than plants produce")
_LAYERS: dict[str, dict[str, tuple[int, ...]]] = {
    "rate": {"land_cover": (1,)},
    "nep": {"land_cover": (1,), "npp": (1, 12)},
    "nep_soil": {"npp": (1, 12), "temperature": (12,), "rain": (12,)},
}


@dataclass(frozen=True)
class Uptake:
    """The tables of one method.

    form    place in `METHODS`
    layers  layers it reads
    words   its method, as the column says it
    factor  rate [t CO2/(ha·a)] or NEP/NPP (columns, 256); ones where neither is asked for
    scale   factor on net primary production (columns,)
    soil    a·D·h, b, k, m of the respiration of the soil (columns, 4)
    notes   warnings
    """

    form: int
    layers: tuple[str, ...]
    words: str
    factor: Floats
    scale: Floats
    soil: Floats
    notes: tuple[Fault, ...]


def layers_wanted(params: Parameters | Draws) -> set[str]:
    """Return the layers the method of the rules reads: production is not made for the rate method."""
    return set(_LAYERS.get(params.text("services.carbon.method"), ()))


def uptake_of(service: str, site: Site) -> Uptake:
    """Resolve the method of carbon sequestration.

    Raises `NotAssessed` in the name of `service` where layers or figures are missing.
    """
    p = site.params
    method = require_method(service, "services.carbon.method", p, METHODS)
    if method == "rate":
        require(service, site, _LAYERS[method])
    else:
        require_production(service, site, _LAYERS[method])
    wide = columns(p)
    factor, scale, soil = np.ones((wide, 256)), np.ones(wide), np.zeros((wide, 4))
    words = [method]
    notes: tuple[Fault, ...] = ()
    if method != "nep_soil":
        key = "rate_t_co2_per_ha_a" if method == "rate" else "nep_share_of_npp"
        factor[:] = by_code(service, p, f"services.carbon.{key}", SENSES[key], foreign=True)
        what = Text("固碳速率", "sequestration rate") if method == "rate" else Text("NEP 比例", "share of NEP")
        notes = classes_left_out(service, factor, what)
    if method != "rate":
        scale = corners(p, "services.production.npp_factor", SENSES["npp_factor"])
        words.append("Q = 44/12·NEP")
    if method == "nep_soil":
        soil = _soil(site)
        words.append("Rh=pei_2009")
    return Uptake(METHODS.index(method), tuple(_LAYERS[method]), "; ".join(words), factor, scale, soil, notes)


def _soil(site: Site) -> Floats:
    """Return a·D·h, b, k, m (columns, 4)."""
    p = site.params
    t = {k: float(v) for k, v in p.table("services.carbon.soil_respiration").items()}
    share = corners(p, "services.carbon.microbe_share", SENSES["microbe_share"])
    same = (np.full(columns(p), t[k]) for k in ("warmth", "wetness", "offset"))
    return np.stack([t["coefficient"] * t["days"] * share, *same], axis=1)


@njit(**PASS)  # type: ignore[untyped-decorator]
def uptake_rows(  # type: ignore[no-untyped-def]
    land_cover, npp, temperature, rain, covered, form, factor, scale, soil, times, start, end, out
):
    """Fill cells start..end-1 of out (columns, cells) with `times` t CO2/ha; return the negatives in parcels."""
    production, breathed = np.empty(TILE), np.zeros(TILE)
    negative, wide, central = 0, factor.shape[0], min(1, factor.shape[0] - 1)
    for a in range(start, end, TILE):
        n = min(TILE, end - a)
        if not any_covered(covered, a, a + n):
            continue
        if form > 0:
            sum_bands(npp, a, n, production)
        for k in range(wide):
            rate, row = factor[k], out[k, a : a + n]
            if form == 0:
                for i in range(n):
                    row[i] = times * rate[land_cover[a + i]]
                continue
            if form == 2:
                breathed[:n] = 0.0
                for m in range(12):
                    for i in range(n):
                        t, p = np.float64(temperature[m, a + i]), np.float64(rain[m, a + i])
                        breathed[i] += respiration_month(t, p, soil[k, 0], soil[k, 1], soil[k, 2], soil[k, 3])
            for i in range(n):
                share = rate[land_cover[a + i]] if form == 1 else 1.0
                row[i] = times * uptake_rate(net_ecosystem_production(scale[k] * production[i], share, breathed[i]))
        middle = out[central, a : a + n]
        for i in range(n):
            negative += 1 if middle[i] < 0.0 and covered[a + i] == IN_PARCEL else 0
    return negative
