"""Climate regulation as energy: heat taken up by transpiring plants and by water surfaces, as electricity it would cost.

For models of climate regulation. Scalar functions are compiled and built into the loops of the model.

References
----------
1. Pema Dolkar, Xiao Yi, Ouyang Zhiyun et al. (2017), 生态学报 37(19):6302-6312 (both formulas).
2. 陆地生态系统生产总值核算技术指南 (2020) (constants, as remembered).
"""

from __future__ import annotations

from numba import njit

from ecocomp.registry import Argument, Example, Formula, Reference, Spec, Use
from ecocomp.services.vector_math import INLINE
from ecocomp.terms.text import Text

M2_PER_HA = 10_000.0
KJ_PER_KWH = 3600.0
WATER_KG_PER_M3 = 1000.0


@njit(**INLINE)  # type: ignore[untyped-decorator]
def transpiration_kwh_per_ha(heat_kj_m2_d, days, efficiency_ratio):  # type: ignore[no-untyped-def]
    """Return GPP·d/(3600·R) of a hectare [kWh/ha].

    >>> round(float(transpiration_kwh_per_ha(2837.27, 90.0, 3.0)), 2)
    236439.17
    """
    return M2_PER_HA * heat_kj_m2_d * days / (KJ_PER_KWH * efficiency_ratio)


@njit(**INLINE)  # type: ignore[untyped-decorator]
def water_surface_kwh(volume_m3, latent_heat_kj_kg, humidifier_kwh_m3):  # type: ignore[no-untyped-def]
    """Return V·ρ·q/3600 + V·γ [kWh]: the heat that evaporates the water, and a humidifier that would put it into the air."""
    return volume_m3 * WATER_KG_PER_M3 * latent_heat_kj_kg / KJ_PER_KWH + volume_m3 * humidifier_kwh_m3


def transpiration(*, heat_kj_m2_d: float, area_ha: float, days: float, efficiency_ratio: float = 3.0) -> dict[str, float]:
    """Return the electricity [kWh/a] that air conditioners would need for the same cooling."""
    return {"transpiration_kwh": area_ha * float(transpiration_kwh_per_ha(heat_kj_m2_d, days, efficiency_ratio))}


def water_surface(
    *, evaporation_mm: float, area_ha: float, latent_heat_kj_kg: float = 2450.0, humidifier_kwh_m3: float = 125.0
) -> dict[str, float]:
    """Return the water [m3] that evaporates on days of use and the electricity [kWh/a] for the same cooling and moisture."""
    volume = 10.0 * evaporation_mm * area_ha
    return {
        "evaporated_m3": volume,
        "water_surface_kwh": float(water_surface_kwh(volume, latent_heat_kj_kg, humidifier_kwh_m3)),
    }


PEMA = "Pema Dolkar, Xiao Yi, Ouyang Zhiyun et al. (2017), 生态学报 37(19):6302-6312, doi:10.5846/stxb201607011362"
AREA = Argument("area_ha", "ha", Text("面积", "area"), "S", least=0.0)
HEAT = Argument("heat_kj_m2_d", "kJ/(m²·d)", Text("单位面积日蒸腾吸热", "heat taken up per area and day"), "G", least=0.0)
DAYS = Argument("days", "d/a", Text("空调开放天数", "days of use a year"), "d", least=0.0, most=366.0)
RATIO = Argument("efficiency_ratio", "1", Text("空调能效比", "efficiency ratio"), "R", default=3.0, least=0.1)
TRANSPIRATION_FORMULA = "E = 10000·G·S·d/(3600·R)"
TRANSPIRATION_OUTPUT = Use("transpiration_kwh", "kWh/a", Text("植被蒸腾降温节电量", "cooling by transpiration"), symbol="E")

FORMULAS: tuple[Formula, ...] = (
    Formula(
        Spec(
            id="transpiration_cooling",
            name=Text("植被蒸腾降温", "cooling by transpiration"),
            summary=Text(
                "开放期内植被蒸腾吸收的热量，折算为空调用电。",
                "Heat that plants take up on days of use, as electricity of air conditioners.",
            ),
            unit="kWh/a",
            inputs=(),
            outputs=(TRANSPIRATION_OUTPUT,),
            references=(
                Reference(PEMA, "V", "formula"),
                Reference("constants by ecosystem", "D", "reproduce the values per area that the paper prints"),
            ),
            examples=(
                Example({"heat_kj_m2_d": 2837.27, "area_ha": 1, "days": 90}, {"transpiration_kwh": 236439.1667}, "arithmetic"),
                Example({"heat_kj_m2_d": 969.83, "area_ha": 10, "days": 0}, {"transpiration_kwh": 0}, "no day of use"),
            ),
            formula=TRANSPIRATION_FORMULA,
            holds=Text("只计空调开放期。", "Days on which cooling is used only."),
            arguments=(HEAT, AREA, DAYS, RATIO),
        ),
        transpiration,
    ),
    Formula(
        Spec(
            id="water_surface_cooling",
            name=Text("水面蒸发降温增湿", "cooling and moistening by open water"),
            summary=Text(
                "开放期内水面蒸发吸热与增湿折算的用电。",
                "Electricity for the cooling and the moisture of water that evaporates on days of use.",
            ),
            unit="kWh/a",
            inputs=(),
            outputs=(
                Use("evaporated_m3", "m3/a", Text("蒸发水量", "water evaporated"), symbol="V"),
                Use("water_surface_kwh", "kWh/a", Text("水面蒸发降温增湿节电量", "cooling by open water"), symbol="W"),
            ),
            references=(
                Reference(PEMA, "V", "formula"),
                Reference("陆地生态系统生产总值核算技术指南 (2020)", "R", "125 kWh per m3 of a humidifier; not opened"),
            ),
            examples=(
                Example(
                    {"evaporation_mm": 300, "area_ha": 1},
                    {"evaporated_m3": 3000, "water_surface_kwh": 2416666.667},
                    "3000 · (1000 · 2450/3600 + 125)",
                ),
                Example({"evaporation_mm": 0, "area_ha": 5}, {"water_surface_kwh": 0}, "nothing evaporates"),
            ),
            formula="V = 10·e·S\nW = V·1000·q/3600 + V·γ",
            holds=Text(
                "蒸发吸热不除以能效比，与原文一致；只计空调开放期的蒸发。",
                "The heat is not divided by the efficiency ratio, as in the source; evaporation on days of use only.",
            ),
            arguments=(
                Argument("evaporation_mm", "mm", Text("开放期水面蒸发", "evaporation on days of use"), "e", least=0.0),
                AREA,
                Argument("latent_heat_kj_kg", "kJ/kg", Text("汽化潜热", "latent heat"), "q", default=2450.0, least=0.0),
                Argument(
                    "humidifier_kwh_m3", "kWh/m3", Text("加湿器单位水量耗电", "electricity of a humidifier"), "γ", default=125.0,
                    least=0.0,
                ),
            ),
        ),
        water_surface,
    ),
)  # fmt: skip
