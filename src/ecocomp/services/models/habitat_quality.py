"""Habitat quality: how fit the land is for wild life, less what towns, fields, mines and roads nearby take from it.

For biodiversity desks. The index of InVEST, so that numbers compare; here the area of each parcel weighted by it. Bands of
`threat_distance` hold how far each threat is, everything that is judgement enters in the pass with its range.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numba import njit

from ecocomp.registry import Argument, Example, Reference, Spec, Use
from ecocomp.services.by_code import by_code, check_codes
from ecocomp.services.factors.habitat import DECAYS, decay_exponential, decay_linear, quality, raised, threat_decay
from ecocomp.services.factors.habitat import degradation as degradation_of
from ecocomp.services.layers.threats import KEY, Threat, threats_of
from ecocomp.services.site import (
    PASS,
    TILE,
    Floats,
    NotAssessed,
    Plan,
    Site,
    classes_left_out,
    corners,
    not_assessed,
    require,
    rule_fault,
    table_corners,
)
from ecocomp.services.tiles import any_covered
from ecocomp.terms.text import Text, same

_H = "services.habitat."
SPEC = Spec(
    id="habitat_quality",
    name=Text("生境质量", "habitat quality"),
    summary=Text(
        "以生境质量指数（0 至 1）加权的面积：生境适宜度减去周边威胁造成的退化。",
        "Area weighted by an index of 0 to 1: suitability as habitat, less what threats nearby degrade.",
    ),
    unit="ha",
    formula="i_r = e^(−2.99·d_r/d_max) or 1 − d_r/d_max\nD = Σ (w_r/Σ w_r)·i_r·S_r\nq = H·(1 − D^z/(D^z + k^z))\nQ = q·A",
    holds=Text(
        "相对指数，用于比较和排序，不是物种数。图外的威胁看不到，边缘像元偏高：栅格宜向外多取一个最大影响距离。威胁由地类或"
        " threat_ 图层给出，没有值的像元不算威胁。可达性取 1。权重一升一降方向因地而异，区间由抽样给出。"
        "缺省的适宜度、敏感度和权重是文献量级，应由当地专家给定。",
        "A relative index to compare and rank, no count of species. Threats beyond the raster are not seen and its edge comes"
        " out high: let the raster reach a greatest distance further. Threats are ecosystems or layers threat_…; a cell without"
        " a value is none. Accessibility is 1. Raising a weight raises quality here and lowers it there, so the range comes"
        " from draws. Default suitabilities, sensitivities and weights are of the order of the literature; local experts should"
        " set them.",
    ),
    differs=Text(
        "表和栅格相同时 q 与 InVEST habitat_quality 的 quality_c 逐像元相等（z = 2.5，k = 0.05，到最近威胁的距离；对 3.20.2"
        " 版实测，最大差 1.5e-7）。InVEST 现行版的最大距离以米填写，这里以千米。InVEST 以像元数量距，要求方形像元；"
        "这里按米量距，经纬度栅格也成立。InVEST 的稀有度不在此。",
        "Given the same tables and rasters q equals InVEST's quality_c cell by cell (z = 2.5, k = 0.05, distance to the nearest"
        " threat). Measured against release 3.20.2: greatest difference 1.5e-7. InVEST today takes greatest distances in"
        " metres, here they are kilometres. InVEST measures in cells and wants square ones; here distances are metres, on grids"
        " in degrees too. Its rarity is not here.",
    ),
    inputs=(
        Use("land_cover", "codes.ECOSYSTEMS", Text("生态系统类型", "ecosystem class")),
        Use("threat_distance", "m", Text("到各威胁的距离（自动生成）", "distance to each threat (made)")),
        *(
            Use(f"threat_{k}", "1", Text(f"{zh}（有威胁的像元大于 0）", f"{en} (above 0 where it is)"), optional=True)
            for k, zh, en in (
                ("road", "道路", "roads"),
                ("mine", "矿山", "mines"),
                ("settlement", "居民点", "settlements"),
                ("other", "其他威胁", "other threats"),
            )
        ),
    ),
    parameters=(
        Use(KEY, "", Text("威胁：名称、衰减形式、来源", "threats: name, form of decay, sources")),
        Use(_H + "weight", "1", Text("威胁权重", "weight of each threat")),
        Use(_H + "max_distance_km", "km", Text("最大影响距离", "greatest distance of each threat")),
        Use(_H + "suitability", "1", Text("生境适宜度", "suitability of each ecosystem")),
        Use(_H + "sensitivity", "1", Text("生态系统对威胁的敏感度", "sensitivity of each ecosystem to each threat")),
        Use(_H + "half_saturation", "1", Text("半饱和常数 k", "half-saturation constant k")),
        Use(_H + "exponent", "1", Text("指数 z", "exponent z")),
    ),
    arguments=(
        Argument("suitability", "1", Text("生境适宜度", "suitability"), "H", least=0.0, most=1.0),
        Argument("degradation", "1", Text("退化度（或给出以下各项）", "degradation, or the lists"), least=0.0, most=1.0),
        Argument("distance_m", "m", Text("到各威胁的距离", "distance to each threat"), "d_r", "list", least=0.0),
        Argument("max_distance_m", "m", Text("各威胁的最大影响距离", "greatest distance of each"), "d_max", "list", least=1e-9),
        Argument("weight", "1", Text("各威胁的权重", "weight of each"), "w_r", "list", least=0.0),
        Argument("sensitivity", "1", Text("对各威胁的敏感度", "sensitivity to each"), "S_r", "list", least=0.0, most=1.0),
        Argument("decay", "", Text("衰减形式", "form of decay"), "", "text", "exponential", choices=DECAYS),
        Argument("half_saturation", "1", Text("半饱和常数", "half-saturation constant"), "k", default=0.05, least=1e-9),
        Argument("exponent", "1", Text("指数", "exponent"), "z", default=2.5, least=0.1),
        Argument("area_ha", "ha", Text("面积", "area"), "A", default=1.0, least=0.0),
    ),
    outputs=(
        Use("impact", "1", Text("各威胁的影响", "impact of each threat"), symbol="i_r"),
        Use("degradation", "1", Text("退化度", "degradation"), symbol="D"),
        Use("quality", "1", Text("生境质量指数", "index of quality"), symbol="q"),
        Use("quality_ha", "ha", Text("质量加权面积", "area weighted by quality"), symbol="Q"),
    ),
    references=(
        Reference("natcap/invest, model habitat_quality, release of 2026", "V", "read in the source"),
        Reference("natcap/invest, ADR-0003 (2023): distance in place of convolution", "V"),
    ),
    examples=(
        Example(
            {"suitability": 0.8, "degradation": 0.05},
            {"degradation": 0.05, "quality": 0.4, "quality_ha": 0.4},
            "computed independently: D = k halves the suitability",
            1e-9,
        ),
        Example(
            {
                "suitability": 1.0, "distance_m": [300.0, 5000.0], "max_distance_m": [1000.0, 4000.0], "weight": [1.0, 1.0],
                "sensitivity": [0.5, 1.0], "area_ha": 10.0,
            },
            {"impact": [0.407791, 0.0], "degradation": 0.10194775, "quality": 0.144168, "quality_ha": 1.44168},
            "e^−0.897 = 0.407791, half weight, half sensitivity; the second threat is out of reach; 1/(1 + 2.038955^2.5)",
            2e-5,
        ),
    ),
)  # fmt: skip
SENSES = {"suitability": 1, "sensitivity": -1, "weight": 0, "max_distance_km": -1, "half_saturation": 1, "exponent": 0}
MONOTONE = False
"""Weights are relative: more of one is less of the others, so its sense depends on the cell."""


def evaluate(
    *,
    suitability: float,
    degradation: float | None = None,
    distance_m: Sequence[float] = (),
    max_distance_m: Sequence[float] = (),
    weight: Sequence[float] = (),
    sensitivity: Sequence[float] = (),
    decay: str = "exponential",
    half_saturation: float = 0.05,
    exponent: float = 2.5,
    area_ha: float = 1.0,
) -> dict[str, float | list[float]]:
    """Return the quality of a piece of land from its suitability and its degradation, or the distances to threats behind it."""
    out: dict[str, Any] = {}
    if degradation is None:
        if not len(distance_m):
            raise TypeError("give degradation, or distance_m, max_distance_m, weight and sensitivity of each threat")
        pairs = zip(distance_m, max_distance_m, strict=True)
        out["impact"] = [threat_decay(distance_m=d, max_distance_m=m, form=decay)["impact"] for d, m in pairs]
        out["degradation"] = degradation_of(impact=out["impact"], weight=weight, sensitivity=sensitivity)["degradation"]
    else:
        out["degradation"] = float(degradation)
    half = float(raised(float(half_saturation), float(exponent)))
    out["quality"] = float(quality(float(suitability), out["degradation"], half, float(exponent)))
    return {**out, "quality_ha": out["quality"] * area_ha}


def prepare(site: Site) -> Plan:
    """Resolve threats, sensitivities and suitabilities and return the pass.

    Raises `NotAssessed` where land cover or the layer of a threat is missing, or a threat lacks a weight or distance.
    """
    p = site.params
    threats = threats_of(p)
    weights, distances = (_by_threat(site, threats, name) for name in ("weight", "max_distance_km"))
    _require_layers(site, threats)
    suitability = by_code(SPEC.id, p, _H + "suitability", SENSES["suitability"], foreign=True)
    load = _load(site, threats, weights, suitability)
    half, exponent = (corners(p, _H + k, SENSES[k]) for k in ("half_saturation", "exponent"))
    forms = np.array([t.form for t in threats], np.int64)
    half_power = np.array([raised(k, z) for k, z in zip(half, exponent, strict=True)])
    tables = suitability, load, 1000.0 * distances, forms, half_power, exponent

    def fill(strip, first, last, out):  # type: ignore[no-untyped-def]
        layers = strip.layer("land_cover")[0], strip.layer("threat_distance")
        _rows(*layers, strip.covered, *tables, first * strip.width, last * strip.width, out)
        return 0

    words = ", ".join(f"{t.name}:{DECAYS[t.form]}" for t in threats)
    what = Text("适宜度或敏感度", "suitability or sensitivity")
    return Plan(("land_cover", "threat_distance"), f"nearest threat; {words}", fill, classes_left_out(SPEC.id, suitability, what))


def _require_layers(site: Site, threats: Sequence[Threat]) -> None:
    """Raise `NotAssessed` naming the layers of threats that are missing, or that distances could not be made."""
    own = {name: (1,) for t in threats for name in t.layers}
    require(SPEC.id, site, {"land_cover": (1,), **own})
    require(SPEC.id, site, {"threat_distance": (len(threats),)})


def _by_threat(site: Site, threats: Sequence[Threat], name: str) -> Floats:
    """Return a table by threat as (columns, threats)."""
    table = table_corners(site.params, _H + name, SENSES[name])
    lacking = [t.name for t in threats if t.name not in table]
    if lacking or not threats:
        why = Text("{k} 没有这些威胁的值：{t}", "{k} has no value for {t}").fill(k=_H + name, t=same(", ".join(lacking) or "-"))
        raise NotAssessed([not_assessed(SPEC.id, _H + name, why)])
    return np.stack([table[t.name] for t in threats], axis=1)


def _load(site: Site, threats: Sequence[Threat], weights: Floats, suitability: Floats) -> Floats:
    """Return weight share times sensitivity (threats, columns, 256).

    A class that may be habitat and lacks a sensitivity is taken out of `suitability`; where it is none at all its
    sensitivities do not matter.
    """
    table = table_corners(site.params, _H + "sensitivity", SENSES["sensitivity"])
    _check_sensitivity(site, table)
    share = weights / weights.sum(axis=1)[:, None]
    load = np.full((len(threats), *suitability.shape), np.nan)
    for key, ends in table.items():
        code, name = key.split(" ", 1)
        for t, threat in enumerate(threats):
            if threat.name == name:
                load[t, :, int(code)] = share[:, t] * ends
    never = (suitability == 0.0).all(axis=0)
    load[:, :, never] = np.where(np.isnan(load[:, :, never]), 0.0, load[:, :, never])
    suitability[:, np.isnan(load).any(axis=(0, 1))] = np.nan
    return load


def _check_sensitivity(site: Site, entries: Iterable[str]) -> None:
    """Raise `NotAssessed` naming entries that are no “code threat”, such as “11 road”, or whose code is unknown."""
    key = _H + "sensitivity"
    wrong = [e for e in entries if len(e.split(" ", 1)) != 2]
    if wrong:
        why = Text("{w} 应写作“代码 威胁”", "{w} should be “code threat”").fill(w=same(", ".join(wrong[:8])))
        raise NotAssessed([not_assessed(SPEC.id, key, rule_fault(site.params, key, why).clash)])
    check_codes(SPEC.id, key, entries, {e: e.split(" ", 1)[0] for e in entries}, site.params, foreign=True)


@njit(**PASS)  # type: ignore[untyped-decorator]
def _rows(  # type: ignore[no-untyped-def]
    land_cover, distance, covered, suitability, load, farthest, forms, half, exponent, start, end, out
):
    """Fill cells start..end-1 of out (columns, cells) with the index, ha of full quality per ha."""
    wide = suitability.shape[0]
    impact, harm = np.empty(TILE), np.empty((wide, TILE))
    for a in range(start, end, TILE):
        n = min(TILE, end - a)
        if not any_covered(covered, a, a + n):
            continue
        code = land_cover[a : a + n]
        harm[:, :n] = 0.0
        for t in range(distance.shape[0]):
            d = distance[t, a : a + n]
            if not _within(d, farthest[:, t].max()):
                continue
            for k in range(wide):
                if k == 0 or farthest[k, t] != farthest[k - 1, t]:
                    _impact(d, n, farthest[k, t], forms[t], impact)
                by_class, row = load[t, k], harm[k]
                for i in range(n):
                    row[i] += by_class[code[i]] * impact[i]
        for k in range(wide):
            fit, row = suitability[k], out[k, a : a + n]
            for i in range(n):
                row[i] = quality(fit[code[i]], harm[k, i], half[k], exponent[k])


@njit(**PASS)  # type: ignore[untyped-decorator]
def _within(distance, farthest):  # type: ignore[no-untyped-def]
    """Return whether a threat reaches any of the cells."""
    for i in range(distance.size):  # noqa: SIM110  (compiled code knows no generators)
        if distance[i] <= farthest:
            return True
    return False


@njit(**PASS)  # type: ignore[untyped-decorator]
def _impact(distance, n, farthest, form, out):  # type: ignore[no-untyped-def]
    """Put the impact of a threat into out[:n]."""
    if form == 0:
        for i in range(n):
            out[i] = decay_linear(np.float64(distance[i]), farthest)
    else:
        for i in range(n):
            out[i] = decay_exponential(np.float64(distance[i]), farthest)
