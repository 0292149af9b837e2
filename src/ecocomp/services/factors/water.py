"""Water: balance, Budyko curve, curve number, storage of lakes, reservoirs and marsh, capped purification, evaporation.

For the hydrologist of a county and for the models of water. Every scalar function takes plain numbers, is compiled, and is
built into the loops of the models, so that a worked example tests the code that runs over rasters. NaN in gives NaN out.

References
----------
1. Pema Dolkar, Xiao Yi, Ouyang Zhiyun et al. (2017), 生态学报 37(19):6302-6312 (balance, lakes, reservoirs, marsh).
2. HJ 1173-2021 A.1; HJ 1175-2021 B.1.
3. Fu Baopu (1981); Zhang L. et al. (2004), Water Resour. Res. 40:W02502; Donohue et al. (2012), J. Hydrology 436-437:35-50;
   InVEST Annual Water Yield.
4. USDA NRCS (1986), Urban Hydrology for Small Watersheds, TR-55; InVEST Urban Flood Risk Mitigation.
5. 生态保护红线划定指南 (2017), as quoted in ChinaXiv-202204.00111V1 (potential evaporation of a month).
6. Hargreaves, G. H., Samani, Z. A. (1985), Appl. Eng. Agric. 1(2):96-99 (as remembered).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from numba import njit

from ecocomp.registry import Argument, Example, Formula, Reference, Spec, Use
from ecocomp.services.vector_math import INLINE, exp, power
from ecocomp.terms.text import Text

M3_PER_HA_MM = 10.0
"""A millimetre over a hectare [m3]."""
HA_PER_KM2 = 100.0


# ---------------------------------------------------------------- balance
@njit(**INLINE)  # type: ignore[untyped-decorator]
def runoff_mm(rain_mm, coefficient):  # type: ignore[no-untyped-def]
    """Return quick surface runoff α·P [mm]."""
    return coefficient * rain_mm


@njit(**INLINE)  # type: ignore[untyped-decorator]
def balance_mm(rain_mm, runoff, aet_mm):  # type: ignore[no-untyped-def]
    """Return P − R − AET [mm]; below 0 where more evaporates than the rain leaves, and kept so.

    >>> balance_mm(300.0, 14.34, 500.0)
    -214.34
    """
    return rain_mm - runoff - aet_mm


@njit(**INLINE)  # type: ignore[untyped-decorator]
def runoff_saved_mm(rain_mm, share, rate_bare, rate):  # type: ignore[no-untyped-def]
    """Return J0·K·(R_bare − R_ecosystem) [mm]: runoff that bare land would shed and the ecosystem does not."""
    return rain_mm * share * (rate_bare - rate)


# ---------------------------------------------------------------- Budyko, in the form of Fu
@njit(**INLINE)  # type: ignore[untyped-decorator]
def available_water_mm(root_depth_mm, soil_depth_mm, water_capacity):  # type: ignore[no-untyped-def]
    """Return AWC, the lesser of root depth and depth of soil times the plant-available share [mm]."""
    depth = root_depth_mm if root_depth_mm < soil_depth_mm else soil_depth_mm
    return depth * water_capacity


@njit(**INLINE)  # type: ignore[untyped-decorator]
def budyko_shape(z, awc_mm, rain_mm):  # type: ignore[no-untyped-def]
    """Return ω = Z·AWC/P + 1.25, at most 5."""
    shape = z * awc_mm / rain_mm + 1.25
    return 5.0 if shape > 5.0 else shape


@njit(**INLINE)  # type: ignore[untyped-decorator]
def budyko_curve(dryness, shape):  # type: ignore[no-untyped-def]
    """Return 1 + φ − (1 + φ^ω)^(1/ω), the share of rain that evaporates where water can be stored; φ = PET/P."""
    return 1.0 + dryness - power(1.0 + power(dryness, shape), 1.0 / shape)


@njit(**INLINE)  # type: ignore[untyped-decorator]
def evaporated_share(rain_mm, pet_mm, awc_mm, vegetated, z):  # type: ignore[no-untyped-def]
    """Return AET/P between 0 and 1.

    Plants: the lesser of φ and the curve. Other ground: the lesser of PET and P. Without rain there is nothing to share and
    the curve's limit, 1, stands in. `vegetated` is 1 or 0.
    """
    known = 0.0 * (rain_mm + pet_mm + awc_mm + vegetated + z)  # NaN where any of them is
    # Both branches are always computed and one is chosen, so that several cells can be computed at once.
    wet = rain_mm if rain_mm > 0.0 else 1.0
    dryness = pet_mm / wet
    curve = budyko_curve(dryness, budyko_shape(z, awc_mm, wet))
    limit = curve if vegetated > 0.5 else 1.0
    share = dryness if dryness < limit else limit
    share = 1.0 if share > 1.0 else share  # the curve ends at 1 and may miss it by the last digits where it hardly rains
    return (share if rain_mm > 0.0 else 1.0) + known


# ---------------------------------------------------------------- curve number
@njit(**INLINE)  # type: ignore[untyped-decorator]
def potential_retention_mm(curve_number):  # type: ignore[no-untyped-def]
    """Return S = 25400/CN − 254 [mm]."""
    return 25400.0 / curve_number - 254.0


@njit(**INLINE)  # type: ignore[untyped-decorator]
def storm_runoff_mm(rain_mm, retention_mm, initial_share):  # type: ignore[no-untyped-def]
    """Return Q = (P − λ·S)²/(P + (1 − λ)·S) where P exceeds λ·S, else 0 [mm]."""
    excess = rain_mm - initial_share * retention_mm
    if excess <= 0.0:
        return 0.0
    return excess * excess / (excess + retention_mm)


# ---------------------------------------------------------------- storage
@njit(**INLINE)  # type: ignore[untyped-decorator]
def lake_m3(area_km2, a, b, exchanges):  # type: ignore[no-untyped-def]
    """Return what a lake can take up [m3]: e^a·A^b·T in 10⁴ m3."""
    return 1e4 * exp(a) * power(area_km2, b) * exchanges


@njit(**INLINE)  # type: ignore[untyped-decorator]
def marsh_m3(area_ha, depth_m):  # type: ignore[no-untyped-def]
    """Return what a marsh can take up [m3]: area times the depth it is flooded to."""
    return 1e4 * depth_m * area_ha


@njit(**INLINE)  # type: ignore[untyped-decorator]
def purified_t(capacity_t_per_km2, area_km2):  # type: ignore[no-untyped-def]
    """Return what wetland can take out of water [t/a], before the limit of what is let into it."""
    return capacity_t_per_km2 * area_km2


# ---------------------------------------------------------------- evaporation
@njit(**INLINE)  # type: ignore[untyped-decorator]
def etpot_redline_mm(temperature_c, humidity):  # type: ignore[no-untyped-def]
    """Return the potential evaporation of a month, 0.19·max(20 + T, 0)²·(1 − r) [mm]; r is a fraction, not percent."""
    warm = 20.0 + temperature_c
    warm = 0.0 if warm < 0.0 else warm
    return 0.19 * warm * warm * (1.0 - humidity)


@njit(**INLINE)  # type: ignore[untyped-decorator]
def et0_hargreaves_mm(temperature_c, daily_range_c, radiation_top_mj_m2):  # type: ignore[no-untyped-def]
    """Return reference evapotranspiration of a day, 0.0023·(T + 17.8)·ΔT^0.5·Ra/2.45 [mm]."""
    return 0.0023 * (temperature_c + 17.8) * math.sqrt(daily_range_c) * radiation_top_mj_m2 / 2.45


# ---------------------------------------------------------------- for plain numbers
def _runoff(*, rain_mm: float, runoff_coefficient: float) -> dict[str, float]:
    return {"runoff_mm": float(runoff_mm(rain_mm, runoff_coefficient))}


def _balance(*, rain_mm: float, runoff_mm: float, aet_mm: float, area_ha: float) -> dict[str, float]:
    depth = float(balance_mm(rain_mm, runoff_mm, aet_mm))
    return {"balance_mm": depth, "volume_m3": M3_PER_HA_MM * depth * area_ha}


def _runoff_saved(
    *, rain_mm: float, runoff_rain_share: float, rate_bare: float, rate_ecosystem: float, area_ha: float
) -> dict[str, float]:
    depth = float(runoff_saved_mm(rain_mm, runoff_rain_share, rate_bare, rate_ecosystem))
    return {
        "runoff_rain_mm": rain_mm * runoff_rain_share,
        "reduction": rate_bare - rate_ecosystem,
        "volume_m3": M3_PER_HA_MM * depth * area_ha,
    }


def budyko(
    *,
    rain_mm: float,
    et0_mm: float,
    kc: float,
    root_depth_mm: float,
    soil_depth_mm: float,
    water_capacity: float,
    vegetated: float,
    z: float,
) -> dict[str, float]:
    """Return PET, AWC, ω, the curve and AET/P of a year from plain numbers; without rain ω is 5 and the curve 1."""
    pet, awc = kc * et0_mm, float(available_water_mm(root_depth_mm, soil_depth_mm, water_capacity))
    shape = float(budyko_shape(z, awc, rain_mm)) if rain_mm > 0.0 else 5.0
    return {
        "pet_mm": pet,
        "awc_mm": awc,
        "omega": shape,
        "curve": float(budyko_curve(pet / rain_mm, shape)) if rain_mm > 0.0 else 1.0,
        "evaporated_share": float(evaporated_share(float(rain_mm), pet, awc, float(vegetated), float(z))),
    }


def curve_number_steps(*, curve_number: float, rain_mm: float, initial_share: float = 0.2) -> dict[str, float]:
    """Return S and Q [mm] and the share of the storm that is held, R; a storm of 0 mm is held whole."""
    retention = float(potential_retention_mm(curve_number))
    runoff = float(storm_runoff_mm(float(rain_mm), retention, initial_share))
    return {"retention_mm": retention, "runoff_mm": runoff, "held_share": 1.0 - runoff / rain_mm if rain_mm > 0 else 1.0}


def _storm_runoff(*, curve_number: float, rain_mm: float, initial_share: float = 0.2) -> dict[str, float]:
    retention = float(potential_retention_mm(curve_number))
    return {"retention_mm": retention, "runoff_mm": float(storm_runoff_mm(float(rain_mm), retention, initial_share))}


def _storm_kept(*, storm_rain_mm: float, runoff_coefficient: float, area_ha: float) -> dict[str, float]:
    runoff = float(runoff_mm(storm_rain_mm, runoff_coefficient))
    return {"runoff_mm": runoff, "volume_m3": M3_PER_HA_MM * (storm_rain_mm - runoff) * area_ha}


def _lake(*, area_km2: float, a: float, b: float, exchanges: float = 1.0) -> dict[str, float]:
    volume = float(lake_m3(float(area_km2), float(a), float(b), exchanges)) if area_km2 > 0 else 0.0 * area_km2
    return {"storage_10k_m3": volume / 1e4, "storage_m3": volume}


def _reservoir(*, capacity_m3: float, storage_share: float) -> dict[str, float]:
    return {"storage_m3": storage_share * capacity_m3}


def _marsh(*, area_ha: float, depth_m: float) -> dict[str, float]:
    return {"storage_m3": float(marsh_m3(area_ha, depth_m))}


def _purified(*, capacity_t_per_km2: float, area_km2: float, emission_t: float) -> dict[str, float]:
    could = float(purified_t(capacity_t_per_km2, area_km2))
    return {"capacity_t": could, "purified_t": min(could, emission_t)}


def _etpot(*, temperature_c: float, humidity: float) -> dict[str, float]:
    return {"etp_mm": float(etpot_redline_mm(temperature_c, humidity))}


def _hargreaves(*, temperature_c: float, daily_range_c: float, radiation_top_mj_m2: float) -> dict[str, float]:
    return {"et0_mm": float(et0_hargreaves_mm(temperature_c, daily_range_c, radiation_top_mj_m2))}


# ---------------------------------------------------------------- arguments and sources said once
def _of(name: str, unit: str, zh: str, en: str, symbol: str, least: float = 0.0, **more: float) -> Argument:
    return Argument(name, unit, Text(zh, en), symbol, least=least, **more)  # type: ignore[arg-type]


def _gives(name: str, unit: str, zh: str, en: str, symbol: str) -> Use:
    return Use(name, unit, Text(zh, en), symbol=symbol)


AREA = _of("area_ha", "ha", "面积", "area", "A")
RAIN = _of("rain_mm", "mm", "年降水", "rain of the year", "P")
ALPHA = _of("runoff_coefficient", "1", "地表径流系数", "surface-runoff coefficient", "α", most=1.0)
BUDYKO_ARGUMENTS = (
    RAIN,
    _of("et0_mm", "mm", "年参考蒸散发", "reference evapotranspiration of the year", "ET0"),
    _of("kc", "1", "作物（植被）系数", "crop coefficient", "Kc"),
    _of("root_depth_mm", "mm", "根系深度", "root depth", "D_root"),
    _of("soil_depth_mm", "mm", "根系限制层深度", "depth to what stops roots", "D_soil"),
    _of("water_capacity", "1", "植物可利用水比例", "plant-available share of water", "PAWC", most=1.0),
    _of("vegetated", "1", "有植被为 1，否则为 0", "1 with plants, else 0", "v", most=1.0),
    _of("z", "1", "季节系数", "seasonality", "Z"),
)
BUDYKO_OUTPUTS = (
    _gives("pet_mm", "mm", "潜在蒸散发", "potential evapotranspiration", "PET"),
    _gives("awc_mm", "mm", "植物可利用水", "plant-available water", "AWC"),
    _gives("omega", "1", "曲线形状", "shape of the curve", "ω"),
    _gives("curve", "1", "曲线给出的蒸散比", "share by the curve", "F"),
    _gives("evaporated_share", "1", "蒸散发占降水比例", "evaporated share of rain", "f"),
)
BUDYKO_FORMULA = (
    "PET = Kc·ET0\nAWC = min(D_root, D_soil)·PAWC\nω = min(Z·AWC/P + 1.25, 5)\n"
    "F = 1 + PET/P − (1 + (PET/P)^ω)^(1/ω)\nf = v·min(PET/P, F) + (1 − v)·min(PET/P, 1)"
)
CN_ARGUMENTS = (
    _of("curve_number", "1", "径流曲线数", "curve number", "CN", least=1.0, most=100.0),
    _of("rain_mm", "mm", "一次暴雨的雨量", "rain of the storm", "P"),
    Argument("initial_share", "1", Text("初损占 S 的比例", "initial loss as a share of S"), "λ", default=0.2, least=0.0, most=1.0),
)
CN_OUTPUTS = (
    _gives("retention_mm", "mm", "最大可能滞留量", "greatest possible retention", "S"),
    _gives("runoff_mm", "mm", "径流深", "runoff", "Q"),
    _gives("held_share", "1", "滞留比例", "share held", "R"),
)
CN_FORMULA = "S = 25400/CN − 254\nQ = max(P − λ·S, 0)²/(P + (1 − λ)·S)"
PEMA = "Pema Dolkar, Xiao Yi, Ouyang Zhiyun et al. (2017), 生态学报 37(19):6302-6312, doi:10.5846/stxb201607011362"
INVEST_YIELD = Reference(
    "InVEST Annual Water Yield, source code and its tests (Natural Capital Project)", "V", "formula and example"
)
INVEST_FLOOD = Reference("InVEST Urban Flood Risk Mitigation, source code (Natural Capital Project)", "V", "S, Q and R")
TR55 = Reference("USDA NRCS (1986), Urban Hydrology for Small Watersheds, TR-55", "R", "method; not opened")
WORKED_7 = "test of InVEST Annual Water Yield: three cells, Z = 6"


def _budyko_example(kc: float, et0: float, rain: float, root: float, soil: float, pawc: float, plants: int, f: float) -> Example:
    inputs = {"rain_mm": rain, "et0_mm": et0, "kc": kc, "root_depth_mm": root, "soil_depth_mm": soil,
              "water_capacity": pawc, "vegetated": plants, "z": 6}  # fmt: skip
    return Example(inputs, {"evaporated_share": f}, WORKED_7, 1e-6)


BUDYKO_EXAMPLES = (
    _budyko_example(1, 1000, 100, 99, 600, 0.11, 1, 0.9345682),
    _budyko_example(0.1, 900, 1000, 300, 700, 0.11, 1, 0.06896508),
    _budyko_example(0.1, 900, 10, 400, 700, 0.12, 0, 1.0),
)


def _formula(
    id: str,
    names: tuple[str, str],
    summary: tuple[str, str],
    formula: str,
    arguments: tuple[Argument, ...],
    outputs: tuple[Use, ...],
    references: tuple[Reference, ...],
    examples: tuple[Example, ...],
    evaluate: Callable[..., Mapping[str, Any]],
    holds: tuple[str, str] = ("", ""),
) -> Formula:
    spec = Spec(
        id=id,
        name=Text(*names),
        summary=Text(*summary),
        unit=outputs[-1].unit,
        inputs=(),
        outputs=outputs,
        references=references,
        examples=examples,
        formula=formula,
        holds=Text(*holds),
        arguments=arguments,
    )
    return Formula(spec, evaluate)


FORMULAS: tuple[Formula, ...] = (
    _formula(
        "runoff_from_coefficient",
        ("地表径流（径流系数法）", "surface runoff by coefficient"),
        ("年降水乘生态系统的平均地表径流系数。", "Rain of the year times the mean surface-runoff coefficient of the ecosystem."),
        "R = α·P",
        (RAIN, ALPHA),
        (_gives("runoff_mm", "mm", "地表径流", "surface runoff", "R"),),
        (Reference(PEMA, "V", "form"),),
        (
            Example({"rain_mm": 1200, "runoff_coefficient": 0.0302}, {"runoff_mm": 36.24}, "arithmetic: 0.0302 · 1200"),
            Example({"rain_mm": 500, "runoff_coefficient": 0.192}, {"runoff_mm": 96.0}, "arithmetic: 0.192 · 500"),
        ),
        _runoff,
        ("年尺度的快速地表径流；不是一次暴雨的径流。", "Quick surface runoff of a year, not that of a storm."),
    ),
    _formula(
        "water_balance",
        ("水量平衡", "water balance"),
        ("降水扣除地表径流和实际蒸散发。", "Rain less surface runoff and actual evapotranspiration."),
        "q = P − R − AET\nQ = 10·q·A",
        (
            RAIN,
            _of("runoff_mm", "mm", "地表径流", "surface runoff", "R"),
            _of("aet_mm", "mm", "实际蒸散发", "actual evapotranspiration", "AET"),
            AREA,
        ),
        (_gives("balance_mm", "mm", "水量平衡", "balance", "q"), _gives("volume_m3", "m3/a", "水量", "volume", "Q")),
        (Reference(PEMA, "V"), Reference("HJ 1173-2021, A.1", "V", "with runoff-generating rain")),
        (
            Example(
                {"rain_mm": 1200, "runoff_mm": 36.24, "aet_mm": 700, "area_ha": 100},
                {"balance_mm": 463.76, "volume_m3": 463760},
                "arithmetic",
            ),
            Example(
                {"rain_mm": 300, "runoff_mm": 14.34, "aet_mm": 500, "area_ha": 1},
                {"balance_mm": -214.34, "volume_m3": -2143.4},
                "a negative balance keeps its sign",
            ),
        ),
        _balance,
        ("负值照实保留，不取绝对值。", "A negative balance is kept; its absolute value means nothing."),
    ),
    _formula(
        "runoff_against_bare",
        ("减少径流量（与裸地比较）", "runoff saved against bare land"),
        (
            "项目尺度的水源涵养：产流降雨乘裸地与生态系统径流率之差。",
            "Water conservation at project scale: runoff-generating rain times the runoff rate of bare land less that of the"
            " ecosystem.",
        ),
        "J = J0·K\nR = R0 − Rg\nQ = 10·J·R·A",
        (
            _of("rain_mm", "mm", "年降水", "rain of the year", "J0"),
            _of("runoff_rain_share", "1", "产流降雨占比", "share of rain that generates runoff", "K", most=1.0),
            _of("rate_bare", "1", "裸地径流率", "runoff rate of bare land", "R0", most=1.0),
            _of("rate_ecosystem", "1", "生态系统径流率", "runoff rate of the ecosystem", "Rg", most=1.0),
            AREA,
        ),
        (
            _gives("runoff_rain_mm", "mm", "产流降雨", "runoff-generating rain", "J"),
            _gives("reduction", "1", "径流率之差", "difference of rates", "R"),
            _gives("volume_m3", "m3/a", "涵养水量", "water conserved", "Q"),
        ),
        (Reference("HJ 1175-2021, B.1", "V"),),
        (
            Example(
                {"rain_mm": 1000, "runoff_rain_share": 0.6, "rate_bare": 0.5, "rate_ecosystem": 0.14, "area_ha": 100},
                {"runoff_rain_mm": 600, "reduction": 0.36, "volume_m3": 216000},
                "arithmetic",
            ),
            Example(
                {"rain_mm": 400, "runoff_rain_share": 0.4, "rate_bare": 0.5, "rate_ecosystem": 0.5, "area_ha": 10},
                {"volume_m3": 0.0},
                "ground that sheds as much as bare land conserves nothing",
            ),
        ),
        _runoff_saved,
        (
            "是与裸地的差值，不是水量平衡；不得与平衡法列入同一账户。",
            "A difference against bare land, no balance: never in one account with the balance.",
        ),
    ),
    _formula(
        "budyko_fu",
        ("布迪科曲线（傅抱璞式）", "Budyko curve in the form of Fu"),
        (
            "年蒸散发占降水的比例，由干燥度和植物可利用水决定。",
            "Share of the year's rain that evaporates, from dryness and plant-available water.",
        ),
        BUDYKO_FORMULA,
        BUDYKO_ARGUMENTS,
        BUDYKO_OUTPUTS,
        (INVEST_YIELD, Reference("Donohue et al. (2012), J. Hydrology 436-437:35-50", "R", "ω = Z·AWC/P + 1.25")),
        BUDYKO_EXAMPLES,
        budyko,
        ("多年平均；ω 不超过 5；AET/P 不超过 1。", "For means over years; ω is held at 5 and AET/P at 1."),
    ),
    _formula(
        "curve_number_runoff",
        ("曲线数径流", "runoff by curve number"),
        ("一次暴雨的径流深，由径流曲线数决定。", "Runoff of one storm from the curve number of soil and cover."),
        CN_FORMULA,
        CN_ARGUMENTS,
        CN_OUTPUTS[:2],
        (INVEST_FLOOD, TR55),
        (
            Example({"curve_number": 70, "rain_mm": 80}, {"retention_mm": 108.85714, "runoff_mm": 20.29238}, "computed by hand"),
            Example({"curve_number": 50, "rain_mm": 40}, {"retention_mm": 254.0, "runoff_mm": 0.0}, "the storm stays below λ·S"),
        ),
        _storm_runoff,
        ("一次暴雨、前期湿度中等。", "One storm on ground of middling wetness."),
    ),
    _formula(
        "curve_number_retention",
        ("曲线数滞留比例", "share of a storm held, by curve number"),
        ("一次暴雨中未成为径流的比例。", "Share of one storm that does not run off."),
        f"{CN_FORMULA}\nR = 1 − Q/P",
        CN_ARGUMENTS,
        CN_OUTPUTS,
        (INVEST_FLOOD, TR55),
        (
            Example(
                {"curve_number": 70, "rain_mm": 80},
                {"retention_mm": 108.85714, "runoff_mm": 20.29238, "held_share": 0.74635},
                "computed by hand",
            ),
            Example({"curve_number": 100, "rain_mm": 50}, {"runoff_mm": 50.0, "held_share": 0.0}, "sealed ground holds nothing"),
        ),
        curve_number_steps,
        ("一次暴雨、前期湿度中等。", "One storm on ground of middling wetness."),
    ),
    _formula(
        "storm_rain_kept",
        ("植被滞留暴雨", "storm rain kept by vegetation"),
        ("全年暴雨量扣除暴雨径流。", "Storm rain of the year less its runoff."),
        "R = α·P\nV = 10·(P − R)·A",
        (_of("storm_rain_mm", "mm", "全年暴雨量", "storm rain of the year", "P"), ALPHA, AREA),
        (
            _gives("runoff_mm", "mm", "暴雨径流", "storm runoff", "R"),
            _gives("volume_m3", "m3/a", "滞留水量", "water kept", "V"),
        ),
        (Reference("陆地生态系统生产总值核算技术指南 (2020)", "R", "Σ(P − R)·A; text not opened"),),
        (
            Example(
                {"storm_rain_mm": 200, "runoff_coefficient": 0.25, "area_ha": 10},
                {"runoff_mm": 50, "volume_m3": 15000},
                "arithmetic",
            ),
            Example({"storm_rain_mm": 0, "runoff_coefficient": 0.25, "area_ha": 10}, {"volume_m3": 0}, "no storm, nothing kept"),
        ),
        _storm_kept,
    ),
    _formula(
        "lake_storage",
        ("湖泊可调蓄水量", "water a lake can take up"),
        (
            "由湖泊面积推算的可调蓄水量；系数按湖区取值。",
            "Water a lake can take up, from its area; the coefficients are those of its lake zone.",
        ),
        "C = e^a·A^b·T\nV = 10000·C",
        (
            _of("area_km2", "km²", "湖泊面积", "area of the lake", "A"),
            _of("a", "1", "湖区系数", "coefficient of the zone", "a", least=-20.0, most=20.0),
            _of("b", "1", "湖区指数", "exponent of the zone", "b", most=3.0),
            Argument("exchanges", "1/a", Text("年换水次数", "exchanges a year"), "T", default=1.0, least=0.0),
        ),
        (
            _gives("storage_10k_m3", "10⁴ m3/a", "可调蓄水量", "storage", "C"),
            _gives("storage_m3", "m3/a", "可调蓄水量", "storage", "V"),
        ),
        (
            Reference(PEMA, "V", "Tibetan Plateau only: a 6.636, b 0.678, T 1"),
            Reference("陆地生态系统生产总值核算技术指南 (2020)", "R", "a and b of the other lake zones; text not opened"),
        ),
        (
            Example(
                {"area_km2": 1, "a": 6.636, "b": 0.678},
                {"storage_10k_m3": 762.04115, "storage_m3": 7620411.5},
                "e^6.636, Tibetan Plateau",
            ),
            Example({"area_km2": 100, "a": 6.636, "b": 0.678}, {"storage_10k_m3": 17297.2946}, "Tibetan Plateau"),
        ),
        _lake,
        (
            "拟合用的多为 1 km² 以上的湖泊；用于小水面会偏深。",
            "Fitted mostly on lakes of 1 km² and more; small waters come out too deep.",
        ),
    ),
    _formula(
        "reservoir_storage",
        ("水库可调蓄水量", "water a reservoir can take up"),
        ("总库容乘调蓄系数。", "Total capacity times the share that regulates floods."),
        "V = r·C",
        (
            _of("capacity_m3", "m3", "总库容", "total capacity", "C"),
            _of("storage_share", "1", "调蓄系数", "share that regulates floods", "r", most=1.0),
        ),
        (_gives("storage_m3", "m3/a", "可调蓄水量", "storage", "V"),),
        (Reference(PEMA, "V", "0.35 on the Tibetan Plateau"),),
        (
            Example({"capacity_m3": 2e7, "storage_share": 0.35}, {"storage_m3": 7e6}, "arithmetic"),
            Example({"capacity_m3": 0, "storage_share": 0.35}, {"storage_m3": 0}, "an empty register"),
        ),
        _reservoir,
    ),
    _formula(
        "marsh_storage",
        ("沼泽可调蓄水量", "water a marsh can take up"),
        ("沼泽面积乘淹没深度。", "Area of marsh times the depth it can be flooded to."),
        "V = 10000·h·A",
        (AREA, _of("depth_m", "m", "淹没深度", "depth of flooding", "h")),
        (_gives("storage_m3", "m3/a", "可调蓄水量", "storage", "V"),),
        (Reference(PEMA, "V", "0.3 m; the paper labels the product 10⁴ m3, but its own result is in m3"),),
        (
            Example({"area_ha": 200000, "depth_m": 0.3}, {"storage_m3": 6e8}, "2000 km² give 6.00×10⁸ m3, as the paper finds"),
            Example({"area_ha": 1, "depth_m": 0.3}, {"storage_m3": 3000}, "arithmetic"),
        ),
        _marsh,
    ),
    _formula(
        "capped_purification",
        ("污染物净化量（以排放量为限）", "purification, at most what is emitted"),
        (
            "净化能力与排放量中较小者。",
            "The lesser of what ecosystems can take up and what is emitted.",
        ),
        "N = c·A\nQ = min(E, N)",
        (
            _of("capacity_t_per_km2", "t/(km²·a)", "单位面积净化能力", "capacity per area", "c"),
            _of("area_km2", "km²", "面积", "area", "A"),
            _of("emission_t", "t/a", "排放量", "emission", "E"),
        ),
        (_gives("capacity_t", "t/a", "净化能力", "capacity", "N"), _gives("purified_t", "t/a", "净化量", "purified", "Q")),
        (Reference(PEMA, "V", "emissions taken where they are below the capacity"),),
        (
            Example(
                {"capacity_t_per_km2": 100, "area_km2": 5, "emission_t": 300}, {"capacity_t": 500, "purified_t": 300}, "ceiling"
            ),
            Example({"capacity_t_per_km2": 100, "area_km2": 2, "emission_t": 300}, {"purified_t": 200}, "below the ceiling"),
        ),
        _purified,
    ),
    _formula(
        "etpot_redline",
        ("月潜在蒸发（红线指南）", "potential evaporation of a month (red-line guideline)"),
        ("由月平均气温和相对湿度推算的月潜在蒸发。", "From the month's mean temperature and relative humidity."),
        "ETP = 0.19·max(20 + T, 0)²·(1 − r)",
        (
            _of("temperature_c", "°C", "月平均气温", "mean temperature of the month", "T", least=-60.0),
            _of("humidity", "1", "相对湿度（小数）", "relative humidity as a fraction", "r", most=1.0),
        ),
        (_gives("etp_mm", "mm/month", "潜在蒸发", "potential evaporation", "ETP"),),
        (Reference("生态保护红线划定指南 (2017), as quoted in ChinaXiv-202204.00111V1", "v", "r must be a fraction"),),
        (
            Example({"temperature_c": 20, "humidity": 0.6}, {"etp_mm": 121.6}, "0.19 · 1600 · 0.4"),
            Example({"temperature_c": -20, "humidity": 0.5}, {"etp_mm": 0}, "the formula ends at −20 °C"),
            Example({"temperature_c": -35, "humidity": 0.5}, {"etp_mm": 0}, "and does not rise again below it"),
        ),
        _etpot,
        (
            "湿度须用小数；引用它的一篇论文写作百分数，代入会得负值。低于 −20 °C 时取 0：原式会随温度下降而回升。",
            "Humidity is a fraction; a paper that quotes it says percent, which would give negative evaporation. Below −20 °C"
            " nothing evaporates: as printed, the form would rise again as it grows colder.",
        ),
    ),
    _formula(
        "et0_hargreaves",
        ("参考蒸散发（Hargreaves）", "reference evapotranspiration (Hargreaves)"),
        (
            "由气温、日较差和天文辐射推算的日参考蒸散发。",
            "Reference evapotranspiration of a day from temperature, its daily range and radiation above the atmosphere.",
        ),
        "ET0 = 0.0023·(T + 17.8)·ΔT^0.5·Ra/2.45",
        (
            _of("temperature_c", "°C", "日平均气温", "mean temperature", "T", least=-17.8),
            _of("daily_range_c", "°C", "气温日较差", "highest less lowest temperature", "ΔT"),
            _of("radiation_top_mj_m2", "MJ/(m²·d)", "天文辐射", "radiation above the atmosphere", "Ra"),
        ),
        (_gives("et0_mm", "mm/d", "参考蒸散发", "reference evapotranspiration", "ET0"),),
        (Reference("Hargreaves & Samani (1985), Appl. Eng. Agric. 1(2):96-99", "R", "not opened"),),
        (
            Example({"temperature_c": 20, "daily_range_c": 9, "radiation_top_mj_m2": 40}, {"et0_mm": 4.2582857}, "arithmetic"),
            Example({"temperature_c": 10, "daily_range_c": 0, "radiation_top_mj_m2": 30}, {"et0_mm": 0}, "no daily range"),
        ),
        _hargreaves,
        ("不用湿度和风速；多风或很湿的地方有偏差。", "Takes neither humidity nor wind; off in windy or very humid places."),
    ),
)
