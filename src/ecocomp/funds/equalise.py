"""The equalisation transfer of Caiyu (2022) 58: standard gap, hardship by z-scores, coefficient, growth control, effort reward.

    gap          = std_expenditure − std_revenue                 (only gap > 0 takes part)
    hardship     = 0.55·z(must_pay / local_std_revenue) + 0.45·z(gap / std_expenditure)
    coef         = (pool / Σ gap)·w1 + hardship·w2
    equalisation = gap·coef, closed to the pool under growth control, + effort reward
    std_expenditure = Σ_i population_i · standard_i · cost_factor
    cost_factor  = (0.85·size + 0.15·area) · (remote·staff + winter·heating + summer·cooling + altitude·distance·fuel
                   + road·repair + other) · staffing · ethnic · municipality · ex_poverty

w1 and w2 are not in the text that was read: the user must give them. Standard deviations are irrational, so z-scores and coef
are float64; the money is then split in exact fractions by ``gap·max(coef, 0)``, so nothing is lost. What does not follow from the
text is a rule with its mark (which deviation, growth limits).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from ecocomp.funds.limits import fit, weighed
from ecocomp.funds.sheet import Column, checked
from ecocomp.rules import Parameters
from ecocomp.terms.faults import Fault, FaultsError, raise_errors
from ecocomp.terms.money import say_yuan, to_fen
from ecocomp.terms.text import Text

COST_TERMS = (
    ("remote", "staff_share"),
    ("winter", "heating_share"),
    ("summer", "cooling_share"),
    ("altitude", "distance", "fuel_share"),
    ("road", "vehicle_repair_share"),
)
COST_FACTORS = ("staffing_factor", "ethnic_factor", "municipality_factor", "ex_poverty_factor")
_HEADS = {
    "population_size_factor": "人口规模系数",
    "area_factor": "面积系数",
    "remote": "偏远系数",
    "staff_share": "人员占比",
    "winter": "冬季系数",
    "heating_share": "取暖占比",
    "summer": "夏季系数",
    "cooling_share": "降温占比",
    "altitude": "海拔系数",
    "distance": "运距系数",
    "fuel_share": "燃油占比",
    "road": "路况系数",
    "vehicle_repair_share": "车辆维修占比",
    "other_cost": "其他成本",
    "staffing_factor": "供养系数",
    "ethnic_factor": "民族系数",
    "municipality_factor": "直辖市系数",
    "ex_poverty_factor": "脱贫系数",
}
COLUMNS: tuple[Column, ...] = (
    Column("region", ("地区", "省", "省份", "县", "province", "county"), "text", needed=True),
    Column("std_revenue", ("标准财政收入", "standard_revenue"), "money", needed=True),
    Column("std_expenditure", ("标准财政支出", "standard_expenditure"), "money"),
    Column("must_pay", ("基本公共服务必保支出", "必保支出", "basic_services"), "money", needed=True),
    Column("local_std_revenue", ("地方标准财政收入", "本级标准收入"), "money", needed=True),
    Column("effort", ("努力程度", "努力分值", "effort_points"), "number"),
    Column("last", ("上年补助", "上年", "last_year"), "money"),
    *(Column(name, (zh,), "number") for name, zh in _HEADS.items()),
)
PREFIXES = {"population": ("人口",), "standard": ("标准", "人均标准")}


@dataclass(frozen=True)
class Region:
    """What came out for one region: money in fen, ratios as floats (None where it takes no part)."""

    name: str
    std_expenditure_fen: int
    gap_fen: int
    hardship: float | None
    coef: float | None
    formula_fen: int
    equalisation_fen: int
    effort_fen: int
    held: str

    @property
    def total_fen(self) -> int:
        """Equalisation and effort reward."""
        return self.equalisation_fen + self.effort_fen


@dataclass(frozen=True)
class Equalised:
    """The result: regions in the order of the table, Σ gap, multiplier that closed the pool, weights used."""

    regions: list[Region]
    gaps_fen: int
    multiplier: float
    w1: Decimal
    w2: Decimal


def cost_factor(row: Mapping[str, Any], params: Parameters) -> Fraction:
    """Return the cost factor of a region; 1 where none of its parts is given."""
    size = params.table("funds.equalise.size")
    given = {k: Fraction(row[k]) for k in _HEADS if row.get(k) is not None}
    people = given.get("population_size_factor", Fraction(1)) * Fraction(size["population"])
    area = given.get("area_factor", Fraction(1)) * Fraction(size["area"])
    terms = [math.prod((given[n] for n in names), start=Fraction(1)) for names in COST_TERMS if all(n in given for n in names)]
    if "other_cost" in given:
        terms.append(given["other_cost"])
    inner = sum(terms, Fraction(0)) if terms else Fraction(1)
    return (people + area) * inner * math.prod((given.get(n, Fraction(1)) for n in COST_FACTORS), start=Fraction(1))


def factors_of(given: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Return the parts of a cost factor for `cost_factor`; FaultsError with every part not known, not a number or half given."""
    columns = [c for c in COLUMNS if c.name in _HEADS]
    read = checked([given], columns, where)
    raise_errors([*read.faults, *(f for r in read.rows for f in _cost_faults(r, where, r["record"]))])
    return read.rows[0]


def std_expenditure_yuan(row: Mapping[str, Any], params: Parameters) -> Fraction | None:
    """Return the standard expenditure: as given, else from populations, standards per head and the cost factor."""
    if row.get("std_expenditure") is not None:
        return Fraction(row["std_expenditure"])
    pairs = _services(row)
    if not pairs or any(s is None or p is None for p, s in pairs):
        return None
    return sum((Fraction(p) * Fraction(s) for p, s in pairs), Fraction(0)) * cost_factor(row, params)


def _services(row: Mapping[str, Any]) -> list[tuple[Any, Any]]:
    names = sorted({k.partition(":")[2] for k in row if k.startswith(("population:", "standard:"))})
    pairs = [(row.get(f"population:{n}"), row.get(f"standard:{n}")) for n in names]
    return [p for p in pairs if p != (None, None)]


def equalise(
    rows: Sequence[Mapping[str, Any]],
    params: Parameters,
    *,
    pool_fen: int,
    w1: Decimal | None,
    w2: Decimal | None,
    effort_pool_fen: int = 0,
    where: str = "regions",
) -> Equalised:
    """Return the equalisation of a pool over the regions.

    rows   from `sheet.read` with `COLUMNS`, or the same as values (`sheet.checked`): money in yuan
    w1, w2 weights of the coefficient; refused when not given
    raises FaultsError with every fault
    """
    read = checked(rows, COLUMNS, where, prefixes=tuple(PREFIXES), key="region")
    rows = read.rows
    spent = [std_expenditure_yuan(r, params) for r in rows]
    raise_errors([*read.faults, *_faults(rows, spent, pool_fen, effort_pool_fen, w1, w2, where)])
    expenditure = [s if s is not None else Fraction(0) for s in spent]
    gaps = [e - Fraction(r["std_revenue"]) for e, r in zip(expenditure, rows, strict=True)]
    takes = [i for i, g in enumerate(gaps) if g > 0]
    if not takes:
        raise FaultsError([_nobody(where)])
    hardship = _hardship([rows[i] for i in takes], [gaps[i] for i in takes], [expenditure[i] for i in takes], params)
    whole = sum((gaps[i] for i in takes), Fraction(0))
    weights = (w1 or Decimal(0), w2 or Decimal(0))
    common = float(Fraction(pool_fen) / (whole * 100)) * float(weights[0])
    coef = {i: common + h * float(weights[1]) for i, h in zip(takes, hardship, strict=True)}
    wanted = [gaps[i] * 100 * Fraction(max(coef[i], 0.0)) if i in coef else Fraction(0) for i in range(len(rows))]
    growth = params.table("funds.equalise.growth")
    low, high = _growth(rows, coef, growth)
    raise_errors(_unwanted(pool_fen, wanted, weights, where))
    fitted = fit(pool_fen, wanted, low, high, [str(r["region"]) for r in rows], where)
    efforts = weighed(effort_pool_fen, [Fraction(r.get("effort") or 0) for r in rows])
    found = dict(zip(takes, hardship, strict=True))
    regions = [
        Region(
            str(r["region"]),
            _whole(expenditure[i] * 100),
            _whole(gaps[i] * 100),
            found.get(i),
            coef.get(i),
            _whole(wanted[i]),
            fitted.shares[i],
            efforts[i],
            fitted.held[i] if i in coef else "",
        )
        for i, r in enumerate(rows)
    ]
    return Equalised(regions, _whole(whole * 100), float(fitted.multiplier), *weights)


def _growth(
    rows: Sequence[Mapping[str, Any]], coef: Mapping[int, float], growth: Mapping[str, Decimal]
) -> tuple[list[int], list[int | None]]:
    low: list[int] = []
    high: list[int | None] = []
    for i, row in enumerate(rows):
        last = to_fen(row["last"]) if row.get("last") is not None and i in coef else 0
        least, most = last * Fraction(growth["least"]), last * Fraction(growth["most"])
        low.append(-(-least.numerator // least.denominator))
        high.append(most.numerator // most.denominator if last else None if i in coef else 0)
    return low, high


def _hardship(
    rows: Sequence[Mapping[str, Any]], gaps: Sequence[Fraction], expenditure: Sequence[Fraction], params: Parameters
) -> list[float]:
    weights = params.table("funds.equalise.hardship")
    kind = params.text("funds.equalise.deviation")
    need = z_scores([float(Fraction(r["must_pay"]) / Fraction(r["local_std_revenue"])) for r in rows], kind)
    gap = z_scores([float(g / e) for g, e in zip(gaps, expenditure, strict=True)], kind)
    return [float(weights["basic_services"]) * a + float(weights["gap"]) * b for a, b in zip(need, gap, strict=True)]


def z_scores(values: Sequence[float], deviation: str = "population") -> list[float]:
    """Return (x − mean) / standard deviation; all 0 where the values do not differ.

    >>> z_scores([1.0, 3.0])
    [-1.0, 1.0]
    """
    if deviation not in ("population", "sample"):
        raise FaultsError([_deviation(deviation)])
    # Exact up to the root: a mean in floats may miss equal values by a bit and make scores of 1 out of no difference at all.
    exact = [Fraction(v) for v in values]
    mean = sum(exact, Fraction(0)) / len(exact)
    square = sum(((v - mean) ** 2 for v in exact), Fraction(0))
    n = len(values) - (deviation == "sample")
    spread = math.sqrt(square / n) if n else 0.0
    return [float(v - mean) / spread if spread else 0.0 for v in exact]


def _whole(x: Fraction) -> int:
    return round(x)


# ---------------------------------------------------------------- faults
def _faults(
    rows: Sequence[Mapping[str, Any]],
    spent: Sequence[Fraction | None],
    pool: int,
    effort: int,
    w1: Decimal | None,
    w2: Decimal | None,
    where: str,
) -> list[Fault]:
    out = [
        Fault(
            "funds.equalise_weight",
            "",
            name,
            Text(
                "没有给出 {n}；所读的财预〔2022〕58号文本没有写明它。",
                "{n} was not given; the text of Caiyu (2022) 58 that was read does not state it.",
            ).fill(n=name),
            Text(
                "按本省文件写明 --{n}；w1=1、w2=0 即按缺口同比例。",
                "Give --{n} from your document; w1=1 and w2=0 is plain proportion to the gap.",
            ).fill(n=name),
        )
        for name, value in (("w1", w1), ("w2", w2))
        if value is None
    ]
    for n, w in (("w1", w1), ("w2", w2)):
        if w is not None and not w.is_finite():
            clash = Text("{n} 是 {v}。", "{n} is {v}.").fill(n=n, v=w)
            out.append(_row("funds.equalise_weight", where, n, clash, Text("写数。", "Write a number.")))
    for name, value in (("pool", pool), ("effort-pool", effort)):
        if value < 0:
            out.append(
                _row(
                    "funds.equalise_pool",
                    where,
                    name,
                    Text("金额是 {v} 元。", "The sum is {v} yuan.").fill(v=say_yuan(value)),
                    _ZERO,
                )
            )
    for row, e in zip(rows, spent, strict=True):
        record = f"{row['record']} {row['region']}"
        if e is None:
            out.append(_row("funds.equalise_expenditure", where, record, _NO_EXPENDITURE, _GIVE_EXPENDITURE))
        elif e <= 0:
            out.append(
                _row(
                    "funds.equalise_expenditure",
                    where,
                    record,
                    Text("标准支出不大于零。", "Standard expenditure is not above zero."),
                    _GIVE_EXPENDITURE,
                )
            )
        if row.get("local_std_revenue") is not None and row["local_std_revenue"] <= 0:
            out.append(
                _row("funds.equalise_revenue", where, record, _NO_REVENUE, Text("写大于零的数。", "Write a number above zero."))
            )
        out += _cost_faults(row, where, record)
    if effort and not any(r.get("effort") for r in rows):
        out.append(
            _row(
                "funds.equalise_effort",
                where,
                "effort",
                Text("有努力奖励资金，而没有努力分值。", "There is money for effort and no effort points."),
                Text("补上“努力程度”列。", "Add the column effort."),
            )
        )
    return out


def _cost_faults(row: Mapping[str, Any], where: str, record: str) -> list[Fault]:
    """Return a fault for each term of the cost factor of which only a part is given."""
    return [
        _row(
            "funds.equalise_cost",
            where,
            record,
            Text("成本项 {t} 只给出一部分。", "Only a part of the cost term {t} is given.").fill(t=" × ".join(names)),
            Text("补齐，或整项留空。", "Give all of it, or none."),
        )
        for names in COST_TERMS
        if 0 < sum(row.get(n) is not None for n in names) < len(names)
    ]


_ZERO = Text("写不小于零的金额。", "Write zero or more.")
_NO_EXPENDITURE = Text(
    "没有标准支出，也没有成对的“人口:…”“标准:…”列。",
    "There is no standard expenditure, nor pairs of columns 'population:…' and 'standard:…'.",
)
_GIVE_EXPENDITURE = Text(
    "补上标准财政支出，或各项人口与人均标准。", "Give std_expenditure, or a population and a standard for each service."
)
_NO_REVENUE = Text("地方标准财政收入不大于零，无法求比。", "local_std_revenue is not above zero, so no ratio can be taken.")


def _row(code: str, where: str, record: str, clash: Text, remedy: Text) -> Fault:
    return Fault(code, where, record, clash, remedy)


def _unwanted(pool: int, wanted: Sequence[Fraction], weights: tuple[Decimal, Decimal], where: str) -> list[Fault]:
    """Return a fault where there is money and no coefficient above zero to split it by."""
    if not pool or any(wanted):
        return []
    return [
        _row(
            "funds.equalise_coef",
            where,
            "",
            Text(
                "w1={a}、w2={b} 时没有一个地区的系数大于零，{p} 元无从分配。",
                "With w1={a} and w2={b} no region's coefficient is above zero: {p} yuan cannot be split.",
            ).fill(a=weights[0], b=weights[1], p=say_yuan(pool)),
            Text("提高 w1；各地区困难程度相同时标准分都是零。", "Raise w1; where hardship does not differ, every score is zero."),
        )
    ]


def _nobody(where: str) -> Fault:
    return Fault(
        "funds.equalise_gap",
        where,
        "",
        Text("没有一个地区的缺口大于零。", "No region has a gap above zero."),
        Text("核对标准收支。", "Check the standard figures."),
    )


def _deviation(kind: str) -> Fault:
    return Fault(
        "funds.equalise.deviation",
        "ecopolicy",
        "funds.equalise.deviation",
        Text("标准差算法 {k} 不认识。", "Deviation {k} is not known.").fill(k=kind),
        Text("用 population 或 sample。", "Use population or sample."),
    )
