"""Soil erodibility K [t·ha·h/(ha·MJ·mm)] of EPIC, with the Chinese correction; grades of water erosion.

For the models and for anyone who wants one number. Every function takes plain numbers, is compiled, and is built into the
loops of the models, so that the worked examples test the very code that runs over the rasters. NaN in gives NaN out: a
cell without a factor has no service, never a service of 0.

References
----------
1. HJ 1173-2021, appendix A.7, A.8.
2. SL 190-2007 and HJ 1174-2021, table A.1 (grades of erosion).
3. Williams, J. R. (1990), EPIC; Zhang Keli et al. (2008), Soil Sci. Soc. China correction of K.
"""

from __future__ import annotations

from numba import njit

from ecocomp.registry import Example, Formula, Reference
from ecocomp.registry.declare import formula, gives, takes
from ecocomp.services.factors._grades import MERGED, TOLERABLE_T_KM2, erosion_grade
from ecocomp.services.vector_math import INLINE, exp, power

US_TO_SI_ERODIBILITY = 0.1317
CARBON_OF_ORGANIC_MATTER = 1.0 / 1.724


@njit(**INLINE)  # type: ignore[untyped-decorator]
def erodibility_epic(sand, silt, clay, organic_carbon):  # type: ignore[no-untyped-def]
    """Return K of EPIC in US units; sand, silt, clay and organic carbon in percent (HJ 1173-2021 A.8)."""
    sn1 = 1.0 - sand / 100.0
    fines = clay + silt
    texture = 0.2 + 0.3 * exp(-0.0256 * sand * (1.0 - silt / 100.0))
    shape = power(silt / (fines if fines > 0.0 else 1.0), 0.3) + 0.0 * fines
    carbon = 1.0 - 0.25 * organic_carbon / (organic_carbon + exp(3.72 - 2.95 * organic_carbon))
    coarse = 1.0 - 0.7 * sn1 / (sn1 + exp(-5.51 + 22.9 * sn1))
    return texture * shape * carbon * coarse


@njit(**INLINE)  # type: ignore[untyped-decorator]
def erodibility_corrected(epic):  # type: ignore[no-untyped-def]
    """Return K in SI units with the Chinese correction, (−0.01383 + 0.51575·K_EPIC)·0.1317, never below 0 (A.7)."""
    k = (-0.01383 + 0.51575 * epic) * US_TO_SI_ERODIBILITY
    return 0.0 if k < 0.0 else k


# ---------------------------------------------------------------- by name, with plain numbers
def _whole_soil(sand: float, silt: float, clay: float) -> None:
    """Refuse particle sizes [%] that do not add up to 95 to 105."""
    whole = sand + silt + clay
    if not 95.0 <= whole <= 105.0:
        raise ValueError(
            f"sand, silt and clay add up to {whole:g} %, not to about 100 / 砂、粉、黏粒合计 {whole:g} %，应接近 100 %（95–105）"
        )


def epic(*, sand: float, silt: float, clay: float, organic_carbon: float) -> dict[str, float]:
    """Return SN1, K_EPIC in US units and K_EPIC·0.1317 in SI units; all arguments in percent."""
    _whole_soil(sand, silt, clay)
    k = float(erodibility_epic(sand, silt, clay, organic_carbon))
    return {"sn1": 1.0 - sand / 100.0, "k_epic": k, "erodibility": US_TO_SI_ERODIBILITY * k}


def corrected(*, sand: float, silt: float, clay: float, organic_carbon: float) -> dict[str, float]:
    """Return SN1, K_EPIC and K with the Chinese correction, in SI units."""
    _whole_soil(sand, silt, clay)
    k = float(erodibility_epic(sand, silt, clay, organic_carbon))
    return {"sn1": 1.0 - sand / 100.0, "k_epic": k, "erodibility": float(erodibility_corrected(k))}


def water_grade(*, loss_t_km2: float, region: str) -> dict[str, object]:
    """Return the tolerable loss, the grade of SL 190-2007 (1 to 6) and the merged one of HJ 1174-2021."""
    tolerable = TOLERABLE_T_KM2[region]
    grade = erosion_grade(loss_t_km2, tolerable)
    return {"tolerable_t_km2": tolerable, "merged": MERGED[grade], "grade": float(grade)}


_PARTICLES = (
    takes("sand", "%", ("砂粒 0.05–2 mm", "sand, 0.05 to 2 mm"), "SAN", least=0.0, most=100.0),
    takes("silt", "%", ("粉粒 0.002–0.05 mm", "silt, 0.002 to 0.05 mm"), "SIL", least=0.0, most=100.0),
    takes("clay", "%", ("黏粒 <0.002 mm", "clay, below 0.002 mm"), "CLA", least=0.0, most=100.0),
    takes("organic_carbon", "%", ("有机碳（有机质/1.724）", "organic carbon (organic matter/1.724)"), "C", least=0.0, most=60.0),
)
_EPIC_LINES = (
    "SN1 = 1 − SAN/100\n"
    "K_EPIC = {0.2 + 0.3·exp[−0.0256·SAN·(1 − SIL/100)]}·[SIL/(CLA + SIL)]^0.3·{1 − 0.25·C/[C + exp(3.72 − 2.95·C)]}"
    "·{1 − 0.7·SN1/[SN1 + exp(−5.51 + 22.9·SN1)]}"
)
_EPIC_OUT = (
    gives("sn1", "1", ("砂粒以外的份额", "share that is no sand"), "SN1"),
    gives("k_epic", "US", ("EPIC 可蚀性（美制）", "erodibility of EPIC (US units)"), "K_EPIC"),
    gives("erodibility", "t·ha·h/(ha·MJ·mm)", ("土壤可蚀性", "soil erodibility"), "K"),
)
_K_LOAM = {"sand": 40.0, "silt": 40.0, "clay": 20.0, "organic_carbon": 1.5}
_EPIC_SOURCE = (
    Reference("HJ 1173-2021, appendix A.7, A.8", "V2", "also in the public code spj"),
    Reference("Williams, J. R. (1990), EPIC", "R"),
)

TEXTURES = (
    ("黏土", "clay"), ("粉黏土", "silty clay"), ("砂黏土", "sandy clay"), ("黏壤土", "clay loam"), ("粉黏壤土", "silty clay loam"),
    ("砂黏壤土", "sandy clay loam"), ("壤土", "loam"), ("粉壤土", "silt loam"), ("砂壤土", "sandy loam"), ("粉土", "silt"),
    ("壤砂土", "loamy sand"), ("砂土", "sand"),
)  # fmt: skip
"""USDA classes in the order of their codes, 1 to 12."""


@njit(**INLINE)  # type: ignore[untyped-decorator]
def texture_class(sand, silt, clay):  # type: ignore[no-untyped-def]
    """Return the USDA class of texture, 1 to 12 in the order of `TEXTURES`; 0 where a share is unknown or none adds up.

    Shares [%] of sand (0.05–2 mm), silt (0.002–0.05) and clay are taken relative to their sum.
    """
    whole = sand + silt + clay
    if not whole > 0.0:
        return 0
    sand, silt, clay = 100.0 * sand / whole, 100.0 * silt / whole, 100.0 * clay / whole
    if silt + 1.5 * clay < 15.0:
        return 12
    if silt + 2.0 * clay < 30.0:
        return 11
    if clay >= 40.0:
        if silt >= 40.0:
            return 2
        return 3 if sand > 45.0 else 1
    if clay >= 35.0 and sand > 45.0:
        return 3
    if clay >= 27.0:
        if sand <= 20.0:
            return 5
        if sand <= 45.0:
            return 4
        return 6 if silt < 28.0 else 7
    if silt >= 80.0 and clay < 12.0:
        return 10
    if silt >= 50.0:
        return 8
    if clay >= 20.0 and silt < 28.0 and sand > 45.0:
        return 6
    return 9 if sand > 52.0 or (clay < 7.0 and silt < 50.0) else 7


def texture_of(*, sand: float, silt: float, clay: float) -> dict[str, object]:
    """Return the USDA class of texture and its name."""
    code = int(texture_class(float(sand), float(silt), float(clay)))
    if code == 0:
        raise ValueError("the shares add up to nothing / 各粒级之和为零")
    zh, en = TEXTURES[code - 1]
    return {"code": code, "texture": f"{zh} {en}"}


FORMULAS: tuple[Formula, ...] = (
    formula(
        "soil_texture_usda",
        texture_of,
        ("土壤质地（美国制）", "soil texture (USDA)"),
        ("由砂、粉、黏粒含量按质地三角图定名。", "Named from sand, silt and clay by the textural triangle."),
        "code = triangle(sand, silt, clay)",
        (
            takes("sand", "%", ("砂粒 0.05–2 mm", "sand 0.05–2 mm"), "sand", least=0.0, most=100.0),
            takes("silt", "%", ("粉粒 0.002–0.05 mm", "silt 0.002–0.05 mm"), "silt", least=0.0, most=100.0),
            takes("clay", "%", ("黏粒", "clay"), "clay", least=0.0, most=100.0),
        ),
        (gives("texture", "", ("质地名称", "name")), gives("code", "1–12", ("质地编码", "code"), "code")),
        (Reference("USDA Handbook 18, Soil Survey Manual (2017), textural triangle", "R"),),
        (
            Example({"sand": 40.0, "silt": 40.0, "clay": 20.0}, {"code": 7, "texture": "壤土 loam"}, "the middle of the triangle"),
            Example({"sand": 92.0, "silt": 5.0, "clay": 3.0}, {"code": 12}, "silt + 1.5·clay is below 15"),
            Example({"sand": 20.0, "silt": 20.0, "clay": 60.0}, {"code": 1}, "clay above 40, neither sandy nor silty"),
            Example({"sand": 10.0, "silt": 85.0, "clay": 5.0}, {"code": 10}, "silt from 80 on with little clay"),
        ),
        ("三个含量先化为合计 100 %。", "The three shares are first brought to a sum of 100 %."),
    ),
    formula(
        "erodibility_epic",
        epic,
        ("土壤可蚀性（EPIC）", "soil erodibility (EPIC)"),
        (
            "由粒径和有机碳估计可蚀性，乘 0.1317 换成国际单位。",
            "Erodibility from particle sizes and organic carbon, times 0.1317 for SI units.",
        ),
        _EPIC_LINES + "\nK = 0.1317·K_EPIC",
        _PARTICLES,
        _EPIC_OUT,
        _EPIC_SOURCE,
        (
            Example(_K_LOAM, {"k_epic": 0.26044, "erodibility": 0.034300}, "computed independently", tolerance=2e-5),
            Example({"sand": 0.0, "silt": 0.0, "clay": 100.0, "organic_carbon": 1.5}, {"k_epic": 0.0}, "pure clay: no silt"),
        ),
        (
            "C 是有机碳而不是有机质；粒径之和须在 95–105 %。K 未经中国修正，偏大。",
            "C is organic carbon, not organic matter; the particle sizes must add up to 95 to 105 %. Without the Chinese"
            " correction K is too large.",
        ),
    ),
    formula(
        "erodibility_corrected",
        corrected,
        ("土壤可蚀性（EPIC，中国修正）", "soil erodibility (EPIC, Chinese correction)"),
        ("EPIC 可蚀性按中国小区实测修正。", "Erodibility of EPIC, corrected by plots in China."),
        _EPIC_LINES + "\nK = (−0.01383 + 0.51575·K_EPIC)·0.1317",
        _PARTICLES,
        _EPIC_OUT,
        (*_EPIC_SOURCE, Reference("Zhang Keli et al. (2008), Geoderma 145:165-175", "R", "source of the correction")),
        (
            Example(_K_LOAM, {"k_epic": 0.26044, "erodibility": 0.015869}, "computed independently", tolerance=2e-5),
            Example(
                {"sand": 0.0, "silt": 0.0, "clay": 100.0, "organic_carbon": 1.5}, {"erodibility": 0.0}, "negative, so held at 0"
            ),
        ),
        (
            "修正后为负时取 0。粒径之和须在 95–105 %。",
            "Where the correction gives less than 0, K is 0. The particle sizes must add up to 95 to 105 %.",
        ),
        ("InVEST 直接读 K 图层；比较时须给它同一图层。", "InVEST reads K as a layer; give it the same one to compare."),
    ),
    formula(
        "soil_erosion_grade",
        water_grade,
        ("水力侵蚀强度分级", "grade of water erosion"),
        (
            "SL 190-2007 六级，以及 HJ 1174-2021 归并的五级。",
            "Six grades of SL 190-2007, and the five HJ 1174-2021 merges them into.",
        ),
        "grade = 1 + [A ≥ T] + [A > 2500] + [A > 5000] + [A > 8000] + [A > 15000]",
        (
            takes("loss_t_km2", "t/(km²·a)", ("土壤侵蚀模数", "soil loss"), "A", least=0.0),
            takes("region", "", ("水蚀类型区", "region of water erosion"), kind="text", choices=tuple(TOLERABLE_T_KM2)),
        ),
        (
            gives("tolerable_t_km2", "t/(km²·a)", ("容许土壤流失量", "tolerable soil loss"), "T"),
            gives("merged", "", ("HJ 1174 的五级", "one of the five of HJ 1174")),
            gives(
                "grade",
                "1",
                ("1 微度 2 轻度 3 中度 4 强烈 5 极强烈 6 剧烈", "1 slight 2 light 3 moderate 4 strong 5 very strong 6 severe"),
                "grade",
            ),
        ),
        (Reference("SL 190-2007, as table A.1 of HJ 1174-2021", "V"),),
        (
            Example(
                {"loss_t_km2": 900.0, "region": "loess_plateau"}, {"grade": 1.0, "merged": "none"}, "below the 1000 tolerated there"
            ),
            Example(
                {"loss_t_km2": 900.0, "region": "south_red_soil"},
                {"grade": 2.0, "merged": "light"},
                "above the 500 tolerated there",
            ),
            Example(
                {"loss_t_km2": 9000.0, "region": "north_rocky"},
                {"grade": 5.0, "merged": "strong"},
                "HJ 1174 merges strong and very strong",
            ),
        ),
        ("1 t/hm² 等于 100 t/km²。", "1 t/ha is 100 t/km²."),
    ),
)
