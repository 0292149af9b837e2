"""Money and water of the invented county: envelopes, economy, carbon lots, river readings, agreements, checks, objections.

Sizes follow the enrolled area, so that a county of any size is short of money in about the same way.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ecocomp.sample.cover import KINDS, Cover
from ecocomp.sample.frame import COUNTY, Frame
from ecocomp.sample.people import FOREST_FARM, People, Row
from ecocomp.sample.places import Places
from ecocomp.sample.survey import Survey

EXPECTED_YUAN_PER_HA = 1650  # what a hectare is expected to be owed; tune here when the standard changes
FUNDED = {2023: 0.95, 2024: 0.99, 2025: 0.93}  # share of it granted, by year
DOWNSTREAM, UPSTREAM = "990122", "990123"
SECTION_OUT, SECTION_IN = "QX-OUT", "QX-IN"
FIRST_READING = 2020
CARBON_YUAN_PER_T = 52
# envelope, source, names, share of the grant, floor share, priority, zones, ecosystems, red line only, carry over
ENVELOPES = (
    (
        "QX-CENTRAL",
        "central_transfer",
        "重点生态功能区转移支付",
        "Key ecological function zone transfer",
        0.56,
        0.0,
        60,
        "",
        "",
        False,
        True,
    ),
    ("QX-LOCAL", "local_budget", "县级生态补偿预算", "County eco-compensation budget", 0.15, 0.14, 50, "", "", False, False),
    (
        "QX-LAND",
        "land_revenue",
        "土地出让收入计提",
        "Share of land-transfer revenue",
        0.11,
        0.0,
        40,
        "water soil sand biodiversity",
        "",
        False,
        True,
    ),
    (
        "QX-RIVER",
        "horizontal_agreement",
        "青溪河横向补偿资金",
        "Qingxi River agreement money",
        0.0,
        0.0,
        30,
        "water soil",
        "",
        False,
        True,
    ),
    ("QX-CARBON", "carbon_credit", "碳汇交易收入", "Carbon credit proceeds", 0.0, 0.0, 20, "", "1", False, True),
    ("QX-GREEN", "green_fund", "青溪绿色发展基金", "Qingxi green fund", 0.06, 0.0, 10, "", "", True, True),
)
RIVER_SHARE, CARBON_SHARE = 0.08, 0.03
# indicator: mean mg/L, spread of months, decimals, detection limit
WATER = {"codmn": (2.6, 0.16, 1, 0.5), "nh3n": (0.13, 0.65, 3, 0.05), "tp": (0.058, 0.30, 3, 0.01), "tn": (1.05, 0.18, 2, 0.05)}
RAINY_RISE = {"codmn": 0.35, "nh3n": -0.15, "tp": 0.45, "tn": 0.10}
BETTER_PER_YEAR = 0.035


def expected_fen(survey: Survey, people: People) -> int:
    """Return the expected yearly entitlement of the enrolled land (fen)."""
    return round(float(survey.area_m2[people.enrolled].sum()) / 1e4 * EXPECTED_YUAN_PER_HA) * 100


def envelope_rows(years: list[int], whole_fen: int) -> list[Row]:
    """Return the envelopes of every year; river and carbon money is not granted but comes from its own tables."""
    out: list[Row] = []
    for year in years:
        total = whole_fen * FUNDED.get(year, 0.95)
        for k, (name, source, zh, en, share, floor, order, zones, ecosystems, red, carry) in enumerate(ENVELOPES):
            granted = round(total * share / 100_000) * 100_000
            until = f"{year + 1}-12-31" if carry else f"{year}-12-31"
            out.append(
                [
                    name,
                    year,
                    source,
                    zh,
                    en,
                    granted,
                    round(whole_fen * floor * 0.9 / 100_000) * 100_000,
                    order,
                    zones,
                    ecosystems,
                    red,
                    carry,
                    f"{year}-01-01",
                    until,
                    f"虚构〔{year}〕{k + 1}号",
                ]
            )
    return out


def economy_rows(frame: Frame, places: Places, years: list[int]) -> list[Row]:
    """Return Engel coefficient, rural income and product per head, for the county and every town and year."""
    rng, out = frame.rng("economy"), []
    for region in [COUNTY, *places.towns()]:
        level = 1.0 if region == COUNTY else float(rng.normal(1.0, 0.09))
        for year in years:
            t = year - 2022
            engel = round((0.335 - 0.004 * t - 0.05 * (level - 1)) * 1_000_000)
            out.append([region, year, engel, round(17_400 * level * 1.062**t) * 100, round(46_500 * level * 1.051**t) * 100])
    return out


def credit_rows(years: list[int], whole_fen: int) -> list[Row]:
    """Return one carbon lot per year: issued = held back + sold + held."""
    out: list[Row] = []
    for k, year in enumerate(years):
        price = (CARBON_YUAN_PER_T + 4 * k) * 100
        sold = max(1, round(whole_fen * CARBON_SHARE / price))
        back, held = max(1, round(sold * 0.15)), max(1, round(sold * 0.2))
        out.append(
            [
                f"QX-LOT-{year}",
                year,
                "青溪县造林碳汇（虚构）",
                sold + back + held,
                back,
                sold,
                held,
                price,
                sold * price,
                "云岭碳资产管理公司（虚构）",
            ]
        )
    return out


def reading_rows(frame: Frame, last_year: int) -> list[Row]:
    """Return monthly readings of both sections; values under the detection limit are written with '<'."""
    rng = frame.rng("readings")
    out: list[Row] = []
    for section, worse in ((SECTION_IN, 0.93), (SECTION_OUT, 1.0)):
        for year in range(FIRST_READING, last_year + 1):
            trend = 1 - BETTER_PER_YEAR * max(0, year - 2021)
            for month in range(1, 13):
                rainy = np.exp(-(((month - 7.5) / 2.2) ** 2))
                for code, (mean, spread, digits, limit) in WATER.items():
                    factor = worse * trend * (1 + RAINY_RISE[code] * rainy) * np.exp(rng.normal(0, spread) - spread**2 / 2)
                    value = round(float(mean * factor), digits)
                    lost = section == SECTION_IN and year == 2021 and month == 2
                    text = "" if lost else f"<{limit}" if value < limit else f"{value:.{digits}f}"
                    out.append([section, f"{year}-{month:02d}", code, text])
    return out


def agreement_texts(whole_fen: int, last_year: int) -> dict[str, str]:
    """Return the YAML of the two river agreements: with the county downstream and with the county upstream."""
    unit = max(1000, round(whole_fen * RIVER_SHARE / 100 / 1000) * 1000)
    lower = _agreement(
        "qingxi-xiayuan-2023",
        ("青溪河流域横向生态保护补偿协议", "Qingxi River horizontal compensation agreement"),
        (COUNTY, "青溪县", "Qingxi County"),
        (DOWNSTREAM, "下源县（虚构）", "Xiayuan County (invented)"),
        SECTION_OUT,
        last_year,
        (unit, round(unit * 0.6 / 1000) * 1000, round(unit * 0.5 / 1000) * 1000),
    )
    small = round(unit * 0.25 / 1000) * 1000
    upper = _agreement(
        "shangyuan-qingxi-2023",
        ("上源—青溪河段横向生态保护补偿协议", "Shangyuan-Qingxi reach agreement"),
        (UPSTREAM, "上源县（虚构）", "Shangyuan County (invented)"),
        (COUNTY, "青溪县", "Qingxi County"),
        SECTION_IN,
        last_year,
        (small, round(small * 0.6 / 1000) * 1000, round(small * 0.5 / 1000) * 1000),
    )
    return {"agreement.yaml": lower, "agreement_upper.yaml": upper}


def _agreement(
    id: str, name: tuple[str, str], up: Any, down: Any, section: str, last_year: int, amounts: tuple[int, int, int]
) -> str:
    full, part, back = amounts
    return f"""# 虚构的横向生态保护补偿协议，内容按条例第十七条七项书写 / invented agreement, with the seven items of article 17
id: {id}
name: {{zh: {name[0]}, en: {name[1]}}}
parties:
  - {{code: "{up[0]}", name: {{zh: {up[1]}, en: {up[2]}}}, role: upstream}}
  - {{code: "{down[0]}", name: {{zh: {down[1]}, en: {down[2]}}}, role: downstream}}
scope:                                  # 一、补偿范围 / exact scope
  zh: 青溪河干流{up[1]}境内全段，考核断面 {section}。
  en: The main stem of the Qingxi River within {up[2]}, judged at section {section}.
targets:                                # 二、保护目标 / target
  zh: 断面水质只能更好、不能变差，四项指标的加权指数不高于 1。
  en: The water may only get better; the weighted index of four indicators stays at or below 1.
duties:                                 # 三、保护责任 / duties
  zh: 上游保持水源涵养林和河岸带，治理农业面源污染，按月监测并公开结果。
  en: The upstream county keeps headwater forests and banks, curbs farm runoff, and publishes monthly readings.
form:                                   # 四、补偿方式 / form
  zh: 资金补偿，按年度指数分档，次年六月底前拨付到县级财政专户。
  en: Money by bands of the yearly index, paid into the county's account by the end of June of the next year.
term: {{from: 2023-01-01, to: {max(2027, last_year)}-12-31}}   # 五、期限 / term
breach:                                 # 六、违约处理 / breach
  zh: 逾期拨付按日计息；有争议的先协商，协商不成报澜川市人民政府（虚构）决定。
  en: Late money bears daily interest; disputes are negotiated, then decided by the government of Lanchuan City (invented).
other: {{zh: 不可抗力由双方共同认定。, en: Force majeure is established by both sides together.}}   # 七、其他 / other
section: {section}
base_years: [2020, 2021, 2022]
indicators:
  - {{code: codmn, weight: 0.25}}
  - {{code: nh3n, weight: 0.25}}
  - {{code: tp, weight: 0.25}}
  - {{code: tn, weight: 0.25}}
clauses:
  - kind: index_bands
    k0: 0.95
    bands:                              # 先看对上游最有利的一档 / most favourable to upstream first
      - {{up_to: 0.90, payer: downstream, payee: upstream, amount_yuan: {full}}}
      - {{up_to: 1, payer: downstream, payee: upstream, amount_yuan: {part}}}
      - {{payer: upstream, payee: downstream, amount_yuan: {back}}}
"""


def station_rows(inlet: tuple[float, float], outlet: tuple[float, float]) -> list[Row]:
    """Return the two river sections: code, names, river, where, which side."""
    return [
        [SECTION_IN, "上源入境断面", "Entry from Shangyuan", "青溪河", round(inlet[0], 1), round(inlet[1], 1), "entry"],
        [SECTION_OUT, "下源出境断面", "Exit to Xiayuan", "青溪河", round(outlet[0], 1), round(outlet[1], 1), "exit"],
    ]


def check_rows(frame: Frame, survey: Survey, cover: Cover, people: People) -> list[Row]:
    """Return field checks: most true disturbances confirmed, one fire found to be force majeure, one alarm refuted."""
    rng, out = frame.rng("field checks"), []
    hit = np.flatnonzero(cover.kind)
    fires = [i for i in hit if cover.kind[i] == 2]
    for i in hit:
        if rng.uniform() < 0.2 and i != fires[0]:
            continue
        year = cover.years[0] + int(cover.month[i]) // 12
        verdict = "force_majeure" if i == fires[0] else "partly" if cover.kind[i] == 3 and rng.uniform() < 0.4 else "confirmed"
        note = {1: "现场见新伐桩 / fresh stumps", 2: "火烧迹地 / burnt ground", 3: "草层低矮、践踏严重 / sward short and trampled"}[
            int(cover.kind[i])
        ]
        note = "雷击火，县林草局认定 / lightning, as established by the forest office" if verdict == "force_majeure" else note
        out.append([str(survey.parcel_id[i]), f"{year}-{int(rng.integers(10, 12))}-{int(rng.integers(1, 28)):02d}", verdict, note])
    calm = rng.choice(np.flatnonzero(people.enrolled & (cover.kind == 0)))
    out.append(
        [str(survey.parcel_id[calm]), f"{cover.years[1]}-10-18", "refuted", "植被完好，云影误判 / vegetation intact, cloud shadow"]
    )
    out.sort(key=lambda r: (str(r[1]), str(r[0])))
    return [[f"QX-FC-{k + 1:04d}", row[0], row[1], row[2], row[3], f"I{1 + k % 6:02d}"] for k, row in enumerate(out)]


def objection_rows(frame: Frame, people: People, years: list[int]) -> list[Row]:
    """Return a handful of objections per year; those of the last year are partly open."""
    rng, out = frame.rng("objections"), []
    open_to = [c for c in people.contract if c[1] != FOREST_FARM and str(c[1]).startswith("H")]
    each = max(3, frame.parcels // 700)
    for year in years:
        for k in range(each):
            row = open_to[int(rng.integers(len(open_to)))]
            kind = ("area", "amount", "name", "missing", "excess")[int(rng.choice(5, p=[0.4, 0.25, 0.15, 0.15, 0.05]))]
            outcome = "open" if year == years[-1] and k == 0 else str(rng.choice(["upheld", "rejected"], p=[0.4, 0.6]))
            day = int(rng.integers(20, 27))  # in the week of the notice, in May of the next year
            answered = None if outcome == "open" else f"{year + 1}-06-{day - 12:02d}"
            out.append([f"QX-OB-{year}-{k + 1:03d}", year, row[1], row[2], kind, f"{year + 1}-05-{day}", outcome, answered])
    return out


def truth_rows(survey: Survey, cover: Cover) -> list[Row]:
    """Return the true disturbances: parcel, year, month of the year, kind, area in ha."""
    rows = [
        [
            str(survey.parcel_id[i]),
            cover.years[0] + int(cover.month[i]) // 12,
            int(cover.month[i]) % 12 + 1,
            KINDS[cover.kind[i] - 1],
            f"{survey.area_m2[i] / 1e4:.3f}",
        ]
        for i in np.flatnonzero(cover.kind)
    ]
    return sorted(rows, key=lambda r: (r[1], str(r[0])))
