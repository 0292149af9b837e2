"""Ecological environment index EI of HJ 192-2015, its sub-indices and grades; county form; function-zone coefficients.

For evaluators and for anyone who checks a published EI. Sub-indices are rounded to one decimal before they are joined, as
practice has it. The version of 2006 has other weights and must not be mixed with this one.

References
----------
1. HJ 192-2015, coefficients as read in a public implementation that carries them in full.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ecocomp.registry import Argument, Example, Formula, Reference
from ecocomp.registry.declare import formula, gives, takes
from ecocomp.terms.limits import exceeds, reaches
from ecocomp.terms.money import half_even

HJ192 = Reference("HJ 192-2015 生态环境状况评价技术规范", "v", "coefficients read in public code that implements it in full")
COUNTY = Reference("国家重点生态功能区县域考核", "R", "weights 0.6 / 0.4")
WEIGHTS = (0.35, 0.25, 0.15, 0.15, 0.10)
A_BIO, A_VEGETATION = 511.2642131067, 0.0121165124
A_RIVER, A_WATER, A_RESOURCE = 84.3704083981, 591.7908642005, 86.3869548281
A_STRESS = 236.0435677948
A_LOAD = (4.3937397289, 40.1764754986, 0.0648660287, 4.0904459321, 0.5103049278, 0.0749894283)
LOAD_WEIGHTS = (0.2, 0.2, 0.2, 0.1, 0.2, 0.1)
HABITAT = {
    "forest": 0.35, "shrub": 0.35, "sparse": 0.35, "grass_high": 0.21, "grass_medium": 0.21, "grass_low": 0.21,
    "river": 0.28, "lake": 0.28, "wetland": 0.28, "glacier": 0.28, "paddy": 0.11, "dry": 0.11,
    "urban": 0.04, "rural": 0.04, "other_built": 0.04,
    "sandy": 0.01, "saline": 0.01, "bare_soil": 0.01, "bare_rock": 0.01, "other_unused": 0.01,
}  # fmt: skip
"""Weight of the group each kind of land belongs to."""
INSIDE = {
    "forest": 0.60, "shrub": 0.25, "sparse": 0.15, "grass_high": 0.60, "grass_medium": 0.30, "grass_low": 0.10,
    "river": 0.10, "lake": 0.30, "wetland": 0.50, "glacier": 0.10, "paddy": 0.60, "dry": 0.40,
    "urban": 0.30, "rural": 0.40, "other_built": 0.30,
    "sandy": 0.20, "saline": 0.30, "bare_soil": 0.20, "bare_rock": 0.20, "other_unused": 0.10,
}  # fmt: skip
"""Weight of each kind of land inside its group."""
GRADES = ((75.0, "优 excellent"), (55.0, "良 good"), (35.0, "一般 fair"), (20.0, "较差 poor"))
WORST = "差 bad"
CAPS = (74.9, 54.9, 34.9, 19.9)


def grade_of(index: float) -> str:
    """Return the grade of an EI of 0 to 100."""
    return next((name for least, name in GRADES if reaches(index, least)), WORST)


def one_decimal(value: float) -> float:
    """Return a sub-index as it is printed."""
    return half_even(round(value * 1e9), 10**8) / 10


def habitat_index_192(
    *,
    area: float,
    forest: float = 0.0,
    shrub: float = 0.0,
    sparse: float = 0.0,
    grass_high: float = 0.0,
    grass_medium: float = 0.0,
    grass_low: float = 0.0,
    river: float = 0.0,
    lake: float = 0.0,
    wetland: float = 0.0,
    glacier: float = 0.0,
    paddy: float = 0.0,
    dry: float = 0.0,
    urban: float = 0.0,
    rural: float = 0.0,
    other_built: float = 0.0,
    sandy: float = 0.0,
    saline: float = 0.0,
    bare_soil: float = 0.0,
    bare_rock: float = 0.0,
    other_unused: float = 0.0,
) -> dict[str, float]:
    """Return HQ from the areas [km2] of the second-level kinds of land: each weighted in its group, each group in the whole."""
    given = dict(locals())
    whole = given.pop("area")
    if exceeds(sum(given.values()), whole * (1.0 + 1e-6)):
        raise ValueError("the kinds of land add up to more than the area / 各地类之和超过总面积")
    parts = sum(HABITAT[name] * INSIDE[name] * km2 for name, km2 in given.items())
    return {"weighted": parts, "habitat": A_BIO * parts / whole}


def biological_richness(*, species: float, habitat: float) -> dict[str, float]:
    """Return the biological richness sub-index, the mean of the species index BI and of habitat quality HQ."""
    return {"richness": (species + habitat) / 2.0}


def vegetation_index(*, ndvi_monthly_max: Sequence[float]) -> dict[str, float]:
    """Return A·mean of the monthly maxima of NDVI·10⁴, May to September."""
    mean = sum(ndvi_monthly_max) / len(ndvi_monthly_max)
    return {"mean": mean, "vegetation": A_VEGETATION * mean * 1e4}


def water_network_index(
    *, river_km: float, water_km2: float, resource: float, mean_resource: float, area: float
) -> dict[str, float]:
    """Return the water network sub-index; the water resource of a very wet year is cut back (a > 1.4)."""
    a = resource / mean_resource
    used = resource if not exceeds(a, 1.4) else mean_resource * (2.4 - a) if not exceeds(a, 2.4) else 0.0
    return {
        "ratio": a,
        "resource_used": used,
        "water_network": (A_RIVER * river_km + A_WATER * water_km2 + A_RESOURCE * used) / (3.0 * area),
    }


def land_stress_index(*, heavy: float, medium: float, built: float, other: float, area: float) -> dict[str, float]:
    """Return A·(0.4 heavy + 0.2 medium erosion + 0.2 built + 0.2 other stress)/area."""
    return {"land_stress": A_STRESS * (0.4 * heavy + 0.2 * medium + 0.2 * built + 0.2 * other) / area}


def pollution_load_index(
    *, cod_t: float, nh3_t: float, so2: float, dust: float, nox: float, waste_t: float, rain_mm: float, area: float
) -> dict[str, float]:
    """Return the pollution load sub-index; COD and NH3-N by rain volume, the others by area."""
    volume = rain_mm * area
    by = (volume, volume, area, area, area, area)
    loads = (cod_t, nh3_t, so2, dust, nox, waste_t)
    whole = sum(w * a * x / d for w, a, x, d in zip(LOAD_WEIGHTS, A_LOAD, loads, by, strict=True))
    return {"rain_volume": volume, "pollution_load": whole}


def ei(
    *,
    biological: float,
    vegetation: float,
    water: float,
    land_stress: float,
    pollution: float,
    constraint: str = "none",
) -> dict[str, object]:
    """Return EI from its five sub-indices (each rounded to 0.1), the grade, and EI after an environmental constraint.

    constraint  none; large (较大) holds the index below its grade's bound by one grade; serious (重大) by two from the top
    """
    found = [one_decimal(v) for v in (biological, vegetation, water, land_stress, pollution)]
    b, v, w, s, p = found
    index = WEIGHTS[0] * b + WEIGHTS[1] * v + WEIGHTS[2] * w + WEIGHTS[3] * (100 - s) + WEIGHTS[4] * (100 - p)
    held = _held(index, constraint)
    return {"index": index, "grade": grade_of(index), "constrained": held, "constrained_grade": grade_of(held)}


def _held(index: float, constraint: str) -> float:
    if constraint == "none":
        return index
    steps = [least for least, _ in GRADES]
    if constraint == "large":
        cap = next((c for least, c in zip(steps, CAPS, strict=True) if reaches(index, least)), index)
    else:
        caps = (CAPS[1], CAPS[1], CAPS[2], CAPS[3])
        cap = next((c for least, c in zip(steps, caps, strict=True) if reaches(index, least)), index)
    return min(index, cap)


def ei_change(*, before: float, after: float) -> dict[str, object]:
    """Return the change of EI between two years and its class."""
    change = after - before
    size = abs(change)
    steps = ((8.0, "显著 marked"), (3.0, "明显 clear"), (1.0, "略微 slight"))
    grade = next((name for least, name in steps if reaches(size, least)), "无明显变化 none")
    return {"change": change, "grade": grade}


def county_ei(*, ecology: float, environment: float, ecology_weight: float = 0.6) -> dict[str, float]:
    """Return EI' = w·EI_eco + (1 − w)·EI_env of the county assessment."""
    return {"index": ecology_weight * ecology + (1.0 - ecology_weight) * environment}


ZONES: Mapping[str, Mapping[str, float]] = {
    "sand": {"forest_grass": 105.4407423028, "water": 824.4023083265, "cropland_built": 165.0437365902},
    "soil": {"forest_grass": 104.5696957022, "water": 1418.4397163121, "cropland_built": 150.6477854776},
    "water": {
        "forest": 104.4277360067, "grass": 120.5836247438, "water": 321.4400514304, "cropland_built": 102.7221366204,
    },
    "biodiversity": {
        "forest": 113.3915409910, "grass": 130.9414691633, "water": 329.9241174530, "cropland_built": 116.2115049390,
    },
}  # fmt: skip
A_CONSERVATION = 526.7925984400


def zone_share_index(*, zone: str, cover: str, share: float) -> dict[str, float]:
    """Return a land-cover share of a function zone made comparable, A·share; refuses a cover the zone does not use."""
    if cover not in ZONES[zone]:
        raise ValueError(f"{zone} has no {cover}; it has {', '.join(ZONES[zone])} / 该类功能区没有此项")
    return {"coefficient": ZONES[zone][cover], "index": ZONES[zone][cover] * share}


def water_conservation_index(*, water: float, forest: float, grass: float, area: float) -> dict[str, float]:
    """Return A·(0.45 water and wetland + 0.35 forest + 0.20 grass)/area of water-conservation zones."""
    return {"index": A_CONSERVATION * (0.45 * water + 0.35 * forest + 0.20 * grass) / area}


def _km2(name: str, zh: str, en: str, symbol: str) -> Argument:
    return takes(name, "km²", (zh, en), symbol, least=0)


_AREA = takes("area", "km²", ("评价区面积", "area of the place"), "S", least=1e-9)
_KINDS = {
    "forest": ("有林地", "forest"), "shrub": ("灌木林地", "shrub"), "sparse": ("疏林地和其他林地", "sparse and other woodland"),
    "grass_high": ("高覆盖草地", "dense grassland"), "grass_medium": ("中覆盖草地", "medium grassland"),
    "grass_low": ("低覆盖草地", "sparse grassland"), "river": ("河流", "river"), "lake": ("湖库", "lake and reservoir"),
    "wetland": ("滩涂湿地", "flats and wetland"), "glacier": ("永久冰川雪地", "glacier"), "paddy": ("水田", "paddy"),
    "dry": ("旱地", "dry cropland"), "urban": ("城镇建设用地", "urban"), "rural": ("农村居民点", "rural settlement"),
    "other_built": ("其他建设用地", "other built-up"), "sandy": ("沙地", "sandy land"), "saline": ("盐碱地", "saline land"),
    "bare_soil": ("裸土地", "bare soil"), "bare_rock": ("裸岩石砾", "bare rock"), "other_unused": ("其他未利用地", "other unused"),
}  # fmt: skip


def _kind(name: str) -> Argument:
    return takes(name, "km²", _KINDS[name], f"A_{list(_KINDS).index(name) + 1}", default=0.0, least=0)


def _habitat_lines() -> str:
    """Return the formula with its weights, from the tables."""
    parts = [f"{HABITAT[n] * INSIDE[n]:.10g}·A_{k}" for k, n in enumerate(_KINDS, 1)]
    return f"W = {' + '.join(parts)}\nHQ = {A_BIO}·W / S"


_FOREST, _GRASS, _WATER = (
    _km2("forest", "林地", "forest", "F"),
    _km2("grass", "草地", "grassland", "G"),
    _km2("water", "水域湿地", "water and wetland", "W"),
)


def _sub(name: str, zh: str, en: str, symbol: str) -> Argument:
    return takes(name, "0–100", (zh, en), symbol, least=0)


FORMULAS: tuple[Formula, ...] = (
    formula(
        "habitat_index_192",
        habitat_index_192,
        ("生境质量指数（HJ 192）", "habitat quality sub-index (HJ 192)"),
        ("由二级地类面积，按类内权重和类间权重得到生境质量。", "Habitat quality from the areas of second-level kinds of land."),
        _habitat_lines(),
        (_AREA, *(_kind(name) for name in _KINDS)),
        (
            gives("weighted", "km²", ("加权面积", "weighted area"), "W"),
            gives("habitat", "0–100", ("生境质量指数", "sub-index"), "HQ"),
        ),
        (HJ192, Reference("HJ 192-2015, weight of glaciers", "R")),
        (
            Example({"area": 100.0, "forest": 100.0}, {"weighted": 21.0, "habitat": 107.365484792}, "all closed forest", 1e-9),
            Example({"area": 100.0, "bare_rock": 100.0}, {"weighted": 0.2, "habitat": 1.0225284262134}, "all bare rock", 1e-9),
            Example(
                {"area": 100.0, "forest": 40.0, "shrub": 20.0, "grass_high": 20.0, "lake": 5.0, "dry": 15.0},
                {"weighted": 13.75, "habitat": 70.2988293},
                "by hand: 8.4 + 1.75 + 2.52 + 0.42 + 0.66",
                1e-8,
            ),
        ),
        ("指数可能略高于 100。", "The index may come out somewhat above 100."),
    ),
    formula(
        "biological_richness_192",
        biological_richness,
        ("生物丰度指数（HJ 192）", "biological richness sub-index (HJ 192)"),
        ("生物多样性指数与生境质量指数的平均。", "Mean of the biodiversity index and of habitat quality."),
        "B = (BI + HQ) / 2",
        (_sub("species", "生物多样性指数", "biodiversity index", "BI"), _sub("habitat", "生境质量指数", "habitat quality", "HQ")),
        (gives("richness", "0–100", ("生物丰度指数", "sub-index"), "B"),),
        (Reference("HJ 192-2015", "R"),),
        (
            Example({"species": 60.0, "habitat": 80.0}, {"richness": 70.0}, "arithmetic"),
            Example({"species": 0.0, "habitat": 50.0}, {"richness": 25.0}, "arithmetic"),
        ),
        ("没有新的物种数据时，标准以 HQ 的变化代替。", "Without new data on species the standard takes the change of HQ instead."),
    ),
    formula(
        "vegetation_index_192",
        vegetation_index,
        ("植被覆盖指数（HJ 192）", "vegetation sub-index (HJ 192)"),
        ("5–9 月 NDVI 月最大值的均值。", "Mean of the monthly maxima of NDVI, May to September."),
        "NDVI = mean(M)\nV = 0.0121165124·NDVI·10000",
        (
            takes(
                "ndvi_monthly_max",
                "1",
                ("5–9 月区域 NDVI 月最大值", "regional monthly maxima, May to September"),
                "M",
                kind="list",
                least=-1,
                most=1,
            ),
        ),
        (gives("mean", "1", ("均值", "mean"), "NDVI"), gives("vegetation", "0–100", ("植被覆盖指数", "sub-index"), "V")),
        (Reference("HJ 192-2015", "R", "scale of NDVI ×10⁴ as remembered"),),
        (
            Example({"ndvi_monthly_max": [0.6, 0.7, 0.8, 0.8, 0.6]}, {"mean": 0.7, "vegetation": 84.8155868}, "arithmetic", 1e-9),
            Example({"ndvi_monthly_max": [0.0]}, {"vegetation": 0.0}, "bare"),
        ),
    ),
    formula(
        "water_network_index_192",
        water_network_index,
        ("水网密度指数（HJ 192）", "water network sub-index (HJ 192)"),
        (
            "河长、水面和水资源量的密度；特丰年的水资源量要折减。",
            "Density of rivers, water surface and water resource; that of a very wet year is cut back.",
        ),
        "a = Q / Q̄\nq = Q (a ≤ 1.4), Q̄·(2.4 − a) (1.4 < a ≤ 2.4), 0 (a > 2.4)\n"
        "N = (84.3704083981·L + 591.7908642005·A_w + 86.3869548281·q) / (3·S)",
        (
            takes("river_km", "km", ("河流长度", "river length"), "L", least=0),
            takes("water_km2", "km²", ("水域面积", "water surface"), "A_w", least=0),
            takes("resource", "10⁶ m³", ("当年水资源量", "water resource of the year"), "Q", least=0),
            takes("mean_resource", "10⁶ m³", ("多年平均水资源量", "mean water resource"), "Q̄", least=1e-9),
            _AREA,
        ),
        (
            gives("ratio", "1", ("当年与多年平均之比", "ratio to the mean"), "a"),
            gives("resource_used", "10⁶ m³", ("计入的水资源量", "resource counted"), "q"),
            gives("water_network", "0–100", ("水网密度指数", "sub-index"), "N"),
        ),
        (HJ192,),
        (
            Example(
                {"river_km": 30.0, "water_km2": 2.0, "resource": 70.0, "mean_resource": 50.0, "area": 100.0},
                {"ratio": 1.4, "resource_used": 70.0, "water_network": 32.539265},
                "arithmetic; 1.4 is not cut yet",
                1e-6,
            ),
            Example(
                {"river_km": 0.0, "water_km2": 0.0, "resource": 125.0, "mean_resource": 50.0, "area": 100.0},
                {"resource_used": 0.0, "water_network": 0.0},
                "above 2.4 times the mean nothing counts",
            ),
        ),
    ),
    formula(
        "land_stress_index_192",
        land_stress_index,
        ("土地胁迫指数（HJ 192）", "land stress sub-index (HJ 192)"),
        ("侵蚀、建设和其他胁迫面积占比。", "Share of land under erosion, building and other stress."),
        "T = 236.0435677948·(0.4·E_h + 0.2·E_m + 0.2·B + 0.2·O) / S",
        (
            _km2("heavy", "重度侵蚀", "heavy erosion", "E_h"),
            _km2("medium", "中度侵蚀", "medium erosion", "E_m"),
            _km2("built", "建设用地", "built-up", "B"),
            _km2("other", "其他胁迫", "other stress", "O"),
            _AREA,
        ),
        (gives("land_stress", "0–100", ("土地胁迫指数", "sub-index"), "T"),),
        (HJ192,),
        (
            Example(
                {"heavy": 5.0, "medium": 10.0, "built": 4.0, "other": 1.0, "area": 100.0},
                {"land_stress": 11.80217839},
                "arithmetic",
                1e-8,
            ),
            Example({"heavy": 0.0, "medium": 0.0, "built": 0.0, "other": 0.0, "area": 1.0}, {"land_stress": 0.0}, "no stress"),
        ),
    ),
    formula(
        "pollution_load_index_192",
        pollution_load_index,
        ("污染负荷指数（HJ 192）", "pollution load sub-index (HJ 192)"),
        ("六类排放按降水量或面积折算。", "Six kinds of emission by rain volume or by area."),
        "P_v = P·S\nL = 0.2·4.3937397289·COD/P_v + 0.2·40.1764754986·NH/P_v + 0.2·0.0648660287·SO/S"
        " + 0.1·4.0904459321·YFC/S + 0.2·0.5103049278·NO/S + 0.1·0.0749894283·SOL/S",
        (
            takes("cod_t", "t", ("COD 排放", "COD"), "COD", least=0),
            takes("nh3_t", "t", ("氨氮排放", "NH3-N"), "NH", least=0),
            takes("so2", "kg ?", ("二氧化硫排放", "SO2"), "SO", least=0),
            takes("dust", "kg ?", ("烟粉尘排放", "dust"), "YFC", least=0),
            takes("nox", "kg ?", ("氮氧化物排放", "NOx"), "NO", least=0),
            takes("waste_t", "t", ("固体废物丢弃", "solid waste"), "SOL", least=0),
            takes("rain_mm", "mm", ("年降水量", "yearly rain"), "P", least=1e-9),
            _AREA,
        ),
        (
            gives("rain_volume", "mm·km²", ("降水总量", "rain volume"), "P_v"),
            gives("pollution_load", "0–100", ("污染负荷指数", "sub-index"), "L"),
        ),
        (HJ192,),
        (
            Example(
                {
                    "cod_t": 0.0,
                    "nh3_t": 0.0,
                    "so2": 1000.0,
                    "dust": 0.0,
                    "nox": 0.0,
                    "waste_t": 0.0,
                    "rain_mm": 800.0,
                    "area": 100.0,
                },
                {"pollution_load": 0.129732057},
                "arithmetic",
                1e-8,
            ),
            Example(
                {
                    "cod_t": 1000.0,
                    "nh3_t": 0.0,
                    "so2": 0.0,
                    "dust": 0.0,
                    "nox": 0.0,
                    "waste_t": 0.0,
                    "rain_mm": 1000.0,
                    "area": 1.0,
                },
                {"rain_volume": 1000.0, "pollution_load": 0.87874794578},
                "arithmetic",
                1e-9,
            ),
        ),
        (
            "各排放量的单位随所用代码，须与归一化系数一致；原文未能核对。",
            "The units of the emissions follow the code read and have to fit the coefficients; the standard itself was not opened.",
        ),
    ),
    formula(
        "ei",
        ei,
        ("生态环境状况指数 EI（HJ 192-2015）", "ecological environment index EI (HJ 192-2015)"),
        ("五个分指数加权，按环境限制降级。", "Five sub-indices weighted, held down by an environmental constraint."),
        "EI = 0.35·B + 0.25·V + 0.15·W + 0.15·(100 − T) + 0.10·(100 − L)",
        (
            _sub("biological", "生物丰度指数", "biological richness", "B"),
            _sub("vegetation", "植被覆盖指数", "vegetation", "V"),
            _sub("water", "水网密度指数", "water network", "W"),
            _sub("land_stress", "土地胁迫指数", "land stress", "T"),
            _sub("pollution", "污染负荷指数", "pollution load", "L"),
            takes(
                "constraint",
                "",
                ("环境限制：none 无，large 较大，serious 重大", "constraint: none, large or serious"),
                default="none",
                kind="text",
                choices=("none", "large", "serious"),
            ),
        ),
        (
            gives("grade", "", ("等级", "grade")),
            gives("constrained", "0–100", ("受限后的指数", "index after the constraint")),
            gives("constrained_grade", "", ("受限后的等级", "grade after the constraint")),
            gives("index", "0–100", ("EI", "EI"), "EI"),
        ),
        (HJ192,),
        (
            Example(
                {"biological": 62.4, "vegetation": 80.1, "water": 35.5, "land_stress": 12.3, "pollution": 8.0},
                {"index": 69.545, "grade": "良 good", "constrained": 69.545},
                "computed independently",
                1e-9,
            ),
            Example(
                {
                    "biological": 100.0,
                    "vegetation": 100.0,
                    "water": 100.0,
                    "land_stress": 0.0,
                    "pollution": 0.0,
                    "constraint": "serious",
                },
                {"index": 100.0, "constrained": 54.9, "constrained_grade": "一般 fair"},
                "the best, under a serious constraint",
                1e-9,
            ),
        ),
        (
            "分指数先取一位小数。2006 版权重不同，不可混用。",
            "Sub-indices are rounded to one decimal first. The version of 2006 has other weights and must not be mixed in.",
        ),
    ),
    formula(
        "ei_change",
        ei_change,
        ("EI 变化幅度", "change of EI"),
        ("两年 EI 之差及其等级。", "Difference of EI between two years, and its class."),
        "ΔEI = E2 − E1",
        (
            takes("before", "0–100", ("前一年", "before"), "E1", least=0),
            takes("after", "0–100", ("后一年", "after"), "E2", least=0),
        ),
        (gives("grade", "", ("等级", "class")), gives("change", "0–100", ("变化", "change"), "ΔEI")),
        (Reference("HJ 192-2015", "R", "breaks 1 and 3 read in a paper, 8 as remembered"),),
        (
            Example({"before": 60.0, "after": 63.0}, {"change": 3.0, "grade": "明显 clear"}, "the break itself"),
            Example({"before": 60.0, "after": 59.5}, {"change": -0.5, "grade": "无明显变化 none"}, "arithmetic"),
        ),
    ),
    formula(
        "county_ei",
        county_ei,
        ("县域生态环境质量指数", "county index EI'"),
        ("生态与环境两部分加权。", "The ecological and the environmental part, weighted."),
        "EI' = w·E_e + (1 − w)·E_n",
        (
            takes("ecology", "0–100", ("自然生态指数", "ecological part"), "E_e", least=0),
            takes("environment", "0–100", ("环境状况指数", "environmental part"), "E_n", least=0),
            takes("ecology_weight", "1", ("自然生态的权重", "weight of the ecological part"), "w", default=0.6, least=0, most=1),
        ),
        (gives("index", "0–100", ("县域指数", "county index"), "EI'"),),
        (COUNTY,),
        (
            Example({"ecology": 70.0, "environment": 80.0}, {"index": 74.0}, "arithmetic"),
            Example({"ecology": 70.0, "environment": 80.0, "ecology_weight": 1.0}, {"index": 70.0}, "arithmetic"),
        ),
    ),
    formula(
        "zone_share_index_192",
        zone_share_index,
        ("功能区覆盖率指数（HJ 192）", "land-cover share of a function zone, scaled (HJ 192)"),
        ("功能区各类覆盖率乘归一化系数。", "A land-cover share times the coefficient of its function zone."),
        "I = A·s",
        (
            takes("zone", "", ("功能区类型", "function zone"), kind="text", choices=tuple(ZONES)),
            takes(
                "cover",
                "",
                ("覆盖类别", "cover"),
                kind="text",
                choices=("forest", "grass", "forest_grass", "water", "cropland_built"),
            ),
            takes("share", "1", ("面积占比 0–1", "share of the area, 0..1"), "s", least=0, most=1),
        ),
        (gives("coefficient", "1", ("归一化系数", "coefficient"), "A"), gives("index", "0–100", ("指数", "index"), "I")),
        (HJ192,),
        (
            Example({"zone": "water", "cover": "forest", "share": 0.5}, {"index": 52.21386800335}, "arithmetic", 1e-9),
            Example({"zone": "sand", "cover": "forest_grass", "share": 0.0}, {"index": 0.0}, "nothing grows"),
        ),
        (
            "功能区指数 FEI 的分区权重未能核实，不提供。",
            "The weights that join these to the function-zone index FEI were not found and are not offered.",
        ),
    ),
    formula(
        "water_conservation_index_192",
        water_conservation_index,
        ("水源涵养指数（HJ 192）", "water conservation index (HJ 192)"),
        ("水源涵养功能区的水湿、林、草面积加权。", "Water, forest and grass of a water-conservation zone, weighted."),
        "I = 526.79259844·(0.45·W + 0.35·F + 0.20·G) / S",
        (_WATER, _FOREST, _GRASS, _AREA),
        (gives("index", "0–100", ("水源涵养指数", "index"), "I"),),
        (HJ192,),
        (
            Example({"water": 10.0, "forest": 40.0, "grass": 30.0, "area": 100.0}, {"index": 129.0641866178}, "arithmetic", 1e-9),
            Example({"water": 0.0, "forest": 0.0, "grass": 0.0, "area": 100.0}, {"index": 0.0}, "none"),
        ),
    ),
)
