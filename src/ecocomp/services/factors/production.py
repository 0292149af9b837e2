"""Net primary production: light absorbed, what cold, heat and drought take from its use, and the climate's potential.

For the models and for anyone who wants one number. Every function takes plain numbers, is compiled, and is built into the
loops of the models, so that the worked examples test the very code that runs over the rasters. NaN in gives NaN out: a
cell without a factor has no service, never a service of 0.

References
----------
1. Potter, C. S. et al. (1993), Global Biogeochemical Cycles 7:811-841 (CASA; as remembered).
2. Zhu Wenquan et al. (2006, 2007): greatest light-use efficiency and FPAR from NDVI in China (efficiencies in two public
   scripts; FPAR as remembered).
3. Lieth, H. (1975), Primary Productivity of the Biosphere (Miami model; as remembered).
"""

from __future__ import annotations

from numba import njit

from ecocomp.registry import Example, Formula, Reference
from ecocomp.registry.declare import formula, gives, takes
from ecocomp.services.vector_math import INLINE, exp

FPAR_METHODS = ("mean", "ndvi", "simple_ratio", "layer")
"""Forms of FPAR; the last reads it from a layer."""


@njit(**INLINE)  # type: ignore[untyped-decorator]
def optimum_stress(optimum):  # type: ignore[no-untyped-def]
    """Return Tε1 = 0.8 + 0.02·Topt − 0.0005·Topt², not below 0; Topt [°C]."""
    value = 0.8 + 0.02 * optimum - 0.0005 * optimum * optimum
    return 0.0 if value < 0.0 else value


@njit(**INLINE)  # type: ignore[untyped-decorator]
def warmth_stress(optimum, celsius):  # type: ignore[no-untyped-def]
    """Return Tε2 = 1.184/(1 + e^(0.2(Topt − 10 − T)))/(1 + e^(0.3(−Topt − 10 + T)))."""
    return 1.184 / (1.0 + exp(0.2 * (optimum - 10.0 - celsius))) / (1.0 + exp(0.3 * (-optimum - 10.0 + celsius)))


@njit(**INLINE)  # type: ignore[untyped-decorator]
def water_stress(aet, et0):  # type: ignore[no-untyped-def]
    """Return Wε = 0.5 + 0.5·E/Ep, E/Ep held within 0..1; 0.5 where nothing could evaporate."""
    ratio = aet / et0 if et0 > 0.0 else 0.0 * (aet + et0)
    ratio = 0.0 if ratio < 0.0 else ratio
    return 0.5 + 0.5 * (1.0 if ratio > 1.0 else ratio)


@njit(**INLINE)  # type: ignore[untyped-decorator]
def growth_stress(optimum, celsius, aet, et0, cold):  # type: ignore[no-untyped-def]
    """Return Tε1·Tε2·Wε of a month, 0 in a month not warmer than `cold` [°C]."""
    first = 0.0 * celsius if celsius <= cold else optimum_stress(optimum)
    return first * warmth_stress(optimum, celsius) * water_stress(aet, et0)


@njit(**INLINE)  # type: ignore[untyped-decorator]
def simple_ratio(ndvi):  # type: ignore[no-untyped-def]
    """Return SR = (1 + NDVI)/(1 − NDVI); NDVI from 0.999 on counts as 0.999."""
    n = 0.999 if ndvi > 0.999 else ndvi
    return (1.0 + n) / (1.0 - n)


@njit(**INLINE)  # type: ignore[untyped-decorator]
def fpar_slope(low, high, least, most):  # type: ignore[no-untyped-def]
    """Return (most − least)/(high − low), the FPAR a step of the index is worth."""
    return (most - least) / (high - low)


@njit(**INLINE)  # type: ignore[untyped-decorator]
def fpar_line(index, low, slope, least, most):  # type: ignore[no-untyped-def]
    """Return (index − low)·slope + least, held within least..most."""
    f = (index - low) * slope + least
    f = least if f < least else f
    return most if f > most else f


@njit(**INLINE)  # type: ignore[untyped-decorator]
def fpar_of_ndvi(ndvi, low, high, least, most, form):  # type: ignore[no-untyped-def]
    """Return FPAR by NDVI (form 1), by the simple ratio (2) or the mean of both (0); low, high are ends of NDVI of the class."""
    by_ndvi = fpar_line(ndvi, low, fpar_slope(low, high, least, most), least, most)
    first, last = simple_ratio(low), simple_ratio(high)
    by_ratio = fpar_line(simple_ratio(ndvi), first, fpar_slope(first, last, least, most), least, most)
    return fpar_joined(by_ndvi, by_ratio, form)


@njit(**INLINE)  # type: ignore[untyped-decorator]
def fpar_joined(by_ndvi, by_ratio, form):  # type: ignore[no-untyped-def]
    """Return the one by NDVI (form 1), the one by the simple ratio (2) or their mean (0)."""
    if form == 1:
        return by_ndvi
    return by_ratio if form == 2 else 0.5 * (by_ndvi + by_ratio)


@njit(**INLINE)  # type: ignore[untyped-decorator]
def absorbed_light(sol, fpar, share):  # type: ignore[no-untyped-def]
    """Return APAR = SOL·FPAR·share [MJ/m²] of SOL, the radiation of the month [MJ/m²]."""
    return sol * fpar * share


@njit(**INLINE)  # type: ignore[untyped-decorator]
def miami(celsius, rain_mm):  # type: ignore[no-untyped-def]
    """Return min(3000/(1 + e^(1.315 − 0.119·T)), 3000·(1 − e^(−0.000664·P))) [g dry matter/(m²·a)]."""
    warm = 3000.0 / (1.0 + exp(1.315 - 0.119 * celsius))
    wet = 3000.0 * (1.0 - exp(-0.000664 * rain_mm))
    return wet if wet < warm or wet != wet else warm


# ---------------------------------------------------------------- by name, with plain numbers
def ends_apart(ndvi_min: float, ndvi_max: float) -> None:
    """Refuse ends of NDVI between which no line can be drawn (0.999 and more count as 0.999)."""
    if min(ndvi_max, 0.999) <= ndvi_min:
        raise ValueError(
            f"greatest NDVI of the class ({ndvi_max:g}) must exceed the least ({ndvi_min:g})"
            f" / 该类 NDVI 上限（{ndvi_max:g}）须大于下限（{ndvi_min:g}）"
        )


def fpar(
    *,
    ndvi: float,
    ndvi_max: float,
    ndvi_min: float = 0.023,
    fpar_min: float = 0.001,
    fpar_max: float = 0.95,
) -> dict[str, float]:
    """Return FPAR by NDVI, by the simple ratio, and their mean; `ValueError` where an upper end is not above its lower."""
    ends_apart(ndvi_min, ndvi_max)
    if fpar_max <= fpar_min:
        raise ValueError(
            f"greatest FPAR ({fpar_max:g}) must exceed the least ({fpar_min:g})"
            f" / FPAR 上限（{fpar_max:g}）须大于下限（{fpar_min:g}）"
        )
    numbers = float(ndvi), float(ndvi_min), float(ndvi_max), float(fpar_min), float(fpar_max)
    by_ndvi, by_ratio, mean = (float(fpar_of_ndvi(*numbers, form)) for form in (1, 2, 0))
    return {"simple_ratio": float(simple_ratio(float(ndvi))), "by_ndvi": by_ndvi, "by_simple_ratio": by_ratio, "fpar": mean}


def casa_month(
    *,
    sol_mj_m2: float,
    fpar: float,
    temperature_c: float,
    optimum_c: float,
    aet_mm: float,
    et0_mm: float,
    epsilon_max: float,
    par_share: float = 0.5,
    cold_c: float = -10.0,
) -> dict[str, float]:
    """Return every factor of CASA and the production [g C/m²] of one month."""
    t, optimum = float(temperature_c), float(optimum_c)
    first = 0.0 if t <= cold_c else float(optimum_stress(optimum))
    second, water = float(warmth_stress(optimum, t)), float(water_stress(float(aet_mm), float(et0_mm)))
    light = float(absorbed_light(float(sol_mj_m2), float(fpar), par_share))
    efficiency = first * second * water * epsilon_max
    return {
        "t_stress_1": first, "t_stress_2": second, "water_stress": water, "efficiency": efficiency, "apar_mj_m2": light,
        "npp_g_c_m2": light * efficiency,
    }  # fmt: skip


def npp_miami(*, temperature_c: float, rain_mm: float, dry_matter_per_carbon: float = 2.22) -> dict[str, float]:
    """Return the production of dry matter [g/(m²·a)] and of carbon by the Miami model."""
    matter = float(miami(float(temperature_c), float(rain_mm)))
    return {"dry_matter_g_m2": matter, "npp_g_c_m2": matter / dry_matter_per_carbon}


_ZHU = Reference(
    "朱文泉等 (2006, 2007), 中国典型植被最大光利用率与 NPP 遥感估算", "R", "FPAR; its efficiencies read in two public scripts"
)
_CASA = Reference("Potter et al. (1993), Global Biogeochem. Cycles 7:811-841 (CASA)", "R", "structure seen in two public scripts")
_G = "g C/m²"

FORMULAS: tuple[Formula, ...] = (
    formula(
        "fpar_from_ndvi",
        fpar,
        ("由 NDVI 求 FPAR", "FPAR from NDVI"),
        (
            "植被吸收的光合有效辐射比例：NDVI 与简单比值两式的平均。",
            "Share of photosynthetic light that plants absorb: the mean of a form by NDVI and one by the simple ratio.",
        ),
        "SR = (1 + N)/(1 − N)\nF_N = (N − N_min)/(N_max − N_min)·(F_max − F_min) + F_min\n"
        "F_SR = (SR − SR_min)/(SR_max − SR_min)·(F_max − F_min) + F_min\nFPAR = (F_N + F_SR)/2",
        (
            takes("ndvi", "1", ("NDVI", "NDVI"), "N", least=-1.0, most=1.0),
            takes("ndvi_max", "1", ("该类植被的 NDVI 上限", "greatest NDVI of the class"), "N_max", least=-1.0, most=1.0),
            takes("ndvi_min", "1", ("NDVI 下限", "least NDVI"), "N_min", 0.023, least=-1.0, most=1.0),
            takes("fpar_min", "1", ("FPAR 下限", "least FPAR"), "F_min", 0.001, least=0.0, most=1.0),
            takes("fpar_max", "1", ("FPAR 上限", "greatest FPAR"), "F_max", 0.95, least=0.0, most=1.0),
        ),
        (
            gives("simple_ratio", "1", ("简单比值", "simple ratio"), "SR"),
            gives("by_ndvi", "1", ("按 NDVI", "by NDVI"), "F_N"),
            gives("by_simple_ratio", "1", ("按简单比值", "by the simple ratio"), "F_SR"),
            gives("fpar", "1", ("FPAR", "FPAR"), "FPAR"),
        ),
        (_ZHU,),
        (
            Example(
                {"ndvi": 0.5, "ndvi_max": 0.75, "ndvi_min": 0.0, "fpar_min": 0.0, "fpar_max": 0.9},
                {"simple_ratio": 3.0, "by_ndvi": 0.6, "by_simple_ratio": 0.3, "fpar": 0.45},
                "SR runs from 1 to 7, so 3 is a third of the way",
                1e-9,
            ),
            Example({"ndvi": 0.8, "ndvi_max": 0.747}, {"fpar": 0.95}, "above the end of the class the greatest FPAR holds", 1e-9),
        ),
        (
            "N_max、N_min 按植被类型取（NDVI 的 95 % 与 5 % 分位），SR_max、SR_min 由它们算出。结果限于 F_min 至 F_max。",
            "N_max and N_min belong to the class (its 95 and 5 % quantiles); SR_max and SR_min follow from them. Held in"
            " F_min..F_max.",
        ),
    ),
    formula(
        "casa_month",
        casa_month,
        ("CASA 单月净初级生产力", "CASA, production of one month"),
        (
            "吸收的光合有效辐射乘以经温度、水分折减的光能利用率。",
            "Absorbed photosynthetic light times a light-use efficiency cut back by temperature and water.",
        ),
        "Tε1 = 0.8 + 0.02·Topt − 0.0005·Topt²\n"
        "Tε2 = 1.184/(1 + e^(0.2·(Topt − 10 − T)))/(1 + e^(0.3·(−Topt − 10 + T)))\n"
        "Wε = 0.5 + 0.5·E/Ep\nε = Tε1·Tε2·Wε·εmax\nAPAR = SOL·FPAR·p\nNPP = APAR·ε",
        (
            takes("sol_mj_m2", "MJ/m²", ("该月太阳总辐射", "radiation of the month"), "SOL", least=0.0),
            takes("fpar", "1", ("FPAR", "FPAR"), "FPAR", least=0.0, most=1.0),
            takes("temperature_c", "°C", ("月均温", "mean temperature of the month"), "T", least=-80.0, most=60.0),
            takes("optimum_c", "°C", ("NDVI 最大月的均温", "that of the greenest month"), "Topt", least=-80.0, most=60.0),
            takes("aet_mm", "mm", ("月实际蒸散发", "actual evapotranspiration of the month"), "E", least=0.0),
            takes("et0_mm", "mm", ("月潜在蒸散发", "potential evapotranspiration of the month"), "Ep", least=0.0),
            takes("epsilon_max", "g C/MJ", ("最大光能利用率", "greatest light-use efficiency"), "εmax", least=0.0),
            takes("par_share", "1", ("光合有效辐射占比", "share of photosynthetic light"), "p", 0.5, least=0.0, most=1.0),
            takes("cold_c", "°C", ("月均温不高于此值时 Tε1 = 0", "Tε1 is 0 in a month not warmer than this"), "", -10.0),
        ),
        (
            gives("t_stress_1", "1", ("温度胁迫一", "first temperature stress"), "Tε1"),
            gives("t_stress_2", "1", ("温度胁迫二", "second temperature stress"), "Tε2"),
            gives("water_stress", "1", ("水分胁迫", "water stress"), "Wε"),
            gives("efficiency", "g C/MJ", ("光能利用率", "light-use efficiency"), "ε"),
            gives("apar_mj_m2", "MJ/m²", ("吸收的光合有效辐射", "absorbed light"), "APAR"),
            gives("npp_g_c_m2", _G, ("净初级生产力", "net primary production"), "NPP"),
        ),
        (_CASA, _ZHU),
        (
            Example(
                {
                    "sol_mj_m2": 500.0, "fpar": 0.6, "temperature_c": 20.0, "optimum_c": 20.0, "aet_mm": 80.0, "et0_mm": 100.0,
                    "epsilon_max": 0.692,
                },
                {
                    "t_stress_1": 1.0, "t_stress_2": 0.9934050, "water_stress": 0.9, "efficiency": 0.6186926, "apar_mj_m2": 150.0,
                    "npp_g_c_m2": 92.803897,
                },
                "1.184/(1 + e^−2)/(1 + e^−3), computed apart",
                1e-5,
            ),
            Example(
                {
                    "sol_mj_m2": 300.0, "fpar": 0.2, "temperature_c": -12.0, "optimum_c": 18.0, "aet_mm": 3.0, "et0_mm": 8.0,
                    "epsilon_max": 0.485,
                },
                {"t_stress_1": 0.0, "npp_g_c_m2": 0.0},
                "a month of −12 °C",
            ),
        ),
        (
            "E/Ep 限于 0 至 1；Ep = 0 时 Wε 取 0.5。月均温不高于 −10 °C 时 Tε1 取 0（惯例，未核原文）。",
            "E/Ep is held in 0..1; Wε is 0.5 where Ep is 0. In a month not warmer than −10 °C Tε1 is 0 (customary; not checked).",
        ),
        (
            "有的实现在 T 高出 Topt 10 °C 或低于 13 °C 时把 Tε2 改为 T = Topt 时的一半；这里不改。",
            "Some codes set Tε2 to half its value at Topt where T is 10 °C above or 13 °C below it; this does not.",
        ),
    ),
    formula(
        "npp_miami",
        npp_miami,
        ("Miami 模型净初级生产力", "production by the Miami model"),
        (
            "由年均温和年降水估算的气候潜在净初级生产力，取两者限制的较小者。",
            "Potential production of the climate from mean temperature and yearly rain, whichever limits more.",
        ),
        "M = min(3000/(1 + e^(1.315 − 0.119·T)), 3000·(1 − e^(−0.000664·P)))\nNPP = M/f",
        (
            takes("temperature_c", "°C", ("年均温", "mean temperature of the year"), "T", least=-80.0, most=60.0),
            takes("rain_mm", "mm", ("年降水", "rain of the year"), "P", least=0.0),
            takes("dry_matter_per_carbon", "g/g", ("每克碳合干物质", "dry matter per carbon"), "f", 2.22, least=1.0),
        ),
        (
            gives("dry_matter_g_m2", "g/(m²·a)", ("干物质产量", "dry matter"), "M"),
            gives("npp_g_c_m2", "g C/(m²·a)", ("净初级生产力", "net primary production"), "NPP"),
        ),
        (Reference("Lieth (1975), Primary Productivity of the Biosphere: Miami model", "R", "constants remembered"),),
        (
            Example(
                {"temperature_c": 15.0, "rain_mm": 1000.0},
                {"dry_matter_g_m2": 1455.63582, "npp_g_c_m2": 655.691813},
                "3000·(1 − e^−0.664), rain limits; computed apart",
                1e-5,
            ),
            Example(
                {"temperature_c": -5.0, "rain_mm": 3000.0},
                {"dry_matter_g_m2": 386.942556},
                "3000/(1 + e^1.91), cold limits; computed apart",
                1e-5,
            ),
        ),
        (
            "气候潜力，不看实际植被、土壤和管理；只在没有辐射和植被指数时用作替代，不得与 CASA 混在一个序列。",
            "A potential of the climate, blind to actual plants, soil and use; a stand-in where radiation and NDVI are missing."
            " Never mix it with CASA in one series.",
        ),
    ),
)  # fmt: skip
