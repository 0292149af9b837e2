"""The transfer for key ecological function zones, from a province to its counties: the allocator, closed to the fen.

For a provincial finance department. ``T = key + forbidden + guiding (+ ranger, 2017) ± reward``, then floors and growth limits:

    raw_c    = max(gap_c, 0) · α_c, or the stacked points of the kinds of area (highest or sum) · α_c
    α_c      = (base + w_red·red_line_c + w_income·max(0, 1 − income_c / mean)) · class_c · sensitivity_c, within bounds
    key_c    = pool_key · raw_c / Σ raw
    forbid_c = pool_forbidden · (w_area · A_c / Σ A + w_number · N_c / Σ N);  A, N tilted sums over the kinds of area
    guiding_c = base_c + projects_c, scaled to the pool of that part
    reward_c = key_c · r(result_c) within the cap; cuts pay rewards first
    T_c      = clamp(λ · (sum of the other parts), low_c, high_c) + reward_c, Σ T = pool

Every division is exact (fractions); whole fen come from Webster's method at the end of each part and of the total. What the
limits changed is a column of its own, so the parts and the limits add up to the total.

References: Caiyu (2022) 59 and its editions; Regulation on Ecological Protection Compensation (Decree 779), art. 11; the
allocator's shape is a design of this project (policy sheet 2.3).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

from ecocomp.funds.limits import fit, weighed
from ecocomp.funds.sheet import Column, checked
from ecocomp.rules import Parameters
from ecocomp.terms.codes import FUNCTION_ZONES
from ecocomp.terms.faults import Fault, FaultsError, raise_errors
from ecocomp.terms.money import apportion, half_even, say_yuan, to_fen
from ecocomp.terms.text import Text

PARTS = ("key", "forbidden", "guiding", "ranger", "reward")
PART_NAMES: dict[str, Text] = {
    "key": Text("重点补助", "key"),
    "forbidden": Text("禁止开发补助", "forbidden"),
    "guiding": Text("引导性补助", "guiding"),
    "ranger": Text("生态护林员补助", "ranger"),
    "reward": Text("考核奖惩", "reward"),
    "limits": Text("上下限调整", "limits"),
    "total": Text("合计", "total"),
    "top_up": Text("省级补充", "province's own money"),
}
RESULTS: dict[str, Text] = {"better": Text("变好", "better"), "same": Text("基本稳定", "same"), "worse": Text("变差", "worse")}
SENSITIVITIES: dict[str, Text] = {
    "extreme": Text("极敏感", "extremely sensitive"),
    "sensitive": Text("敏感", "sensitive"),
    "general": Text("一般", "general"),
}
AREAS: dict[str, Text] = {
    "national_reserve": Text("国家级自然保护区", "national nature reserve"),
    "national_forest_park": Text("国家森林公园", "national forest park"),
    "other": Text("其他禁止开发区", "other forbidden area"),
}
EDITIONS = {"2017": "2017-12-31", "2019": "2020-06-30", "2022": "2022-06-30"}
"""A day on which each edition holds."""


def _words(codes: Mapping[str, Text], **more: str) -> dict[str, str]:
    out = {w.casefold().replace("_", "").replace(" ", ""): c for c, t in codes.items() for w in (c, t.zh, t.en)}
    return out | more


_RESULT_WORDS = _words(
    RESULTS,
    轻微变好="better",
    一般变好="better",
    明显变好="better",
    稳定="same",
    轻微变差="worse",
    一般变差="worse",
    明显变差="worse",
)
_GRADES = {g.casefold(): f"grade:{g}" for g in ("A", "B", "C", "D")} | {
    "notassessed": "grade:not_assessed",
    "未评": "grade:not_assessed",
}
COLUMNS: tuple[Column, ...] = (
    Column("county", ("县", "县（市、区）", "县名", "地区", "region"), "text", needed=True),
    Column("code", ("区划代码", "行政区划代码", "region_code"), "text"),
    Column("gap", ("标准财政收支缺口", "财政缺口", "standard_gap"), "money", least=None),
    Column("red_line", ("红线占比", "生态保护红线占比", "red_line_share"), "share"),
    Column(
        "function_class", ("功能类别", "功能区类型", "function"), "word", words=_words(FUNCTION_ZONES, 生物多样性="biodiversity")
    ),
    Column("sensitivity", ("敏感性",), "word", words=_words(SENSITIVITIES)),
    Column("income", ("农村居民人均可支配收入", "人均收入", "income_per_head"), "money"),
    Column("population", ("人口", "常住人口"), "number"),
    *(
        Column(f"{k}_{what}", (f"{t.zh}{zh}",), kind)
        for k, t in AREAS.items()
        for what, zh, kind in (("area", "面积", "area"), ("number", "个数", "number"))
    ),
    Column("guiding_base", ("引导性补助基数",), "money"),
    Column("projects", ("项目补助", "重大项目"), "money", least=None),
    Column("rangers", ("护林员人数", "生态护林员"), "number"),
    Column("result", ("考核结果", "生态环境质量变化", "grade", "考核等级"), "word", words=_RESULT_WORDS | _GRADES),
    Column("last", ("上年补助", "上年下达", "last_year"), "money"),
    Column("floor", ("最低额", "保底额"), "money"),
)
PREFIXES = {"kind": ("类型", "类别")}


@dataclass(frozen=True)
class County:
    """What came out for one county, in fen; and what went into it.

    parts   by name of the part; `total` = their sum + `limits`
    held    "", "low" or "high": which limit holds the total
    facts   the numbers of the steps, by name
    """

    name: str
    parts: dict[str, int]
    limits: int
    total: int
    top_up: int
    held: str
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Transfer:
    """The allocation: pool and parts in fen, counties in the order of the table, what stayed undistributed, the method."""

    pool: int
    pools: dict[str, int]
    kept: int
    top_up: int
    counties: list[County]
    multiplier: Fraction
    components: tuple[str, ...]
    stacking: str
    basis: str
    sources: list[dict[str, object]]
    warnings: list[Fault] = field(default_factory=list)


def allocate_transfer(
    rows: Sequence[Mapping[str, Any]],
    params: Parameters,
    *,
    pool_fen: int,
    pools_fen: Mapping[str, int] | None = None,
    top_up_fen: int = 0,
    stacking: str = "",
    where: str = "counties",
) -> Transfer:
    """Return the allocation of a pool over the counties.

    rows       from `sheet.read` with `COLUMNS`, or the same as values (`sheet.checked`); money in yuan, areas in km², shares 0..1,
               None where there is no value
    pools_fen  parts of the pool by name; the rest of the pool goes to the key part; without it, rule ``funds.transfer.pool_shares``
    top_up_fen the province's own money, split like the total and kept apart as a source of its own
    stacking   ``max`` or ``sum``, else the rule
    raises     FaultsError with every fault
    """
    components = tuple(str(c) for c in params.items("funds.transfer.components"))
    stacking = stacking or params.text("funds.transfer.stacking")
    read = checked(rows, COLUMNS, where, prefixes=tuple(PREFIXES), key="county")
    rows = read.rows
    kinds = sorted({k for r in rows for k in r if k.startswith("kind:")})
    raise_errors([*read.faults, *_faults(rows, components, stacking, kinds, pool_fen, top_up_fen, where, read.faults)])
    pools = _pools(pool_fen, pools_fen, components, params, where)
    facts: list[dict[str, Any]] = [{} for _ in rows]
    raw = _raw(rows, kinds, stacking, facts, params)
    unasked = _unasked(rows, raw, pools, where)
    raise_errors(unasked)
    exact: dict[str, list[Fraction]] = {"key": _split(pools["key"], raw)}
    exact["forbidden"] = _forbidden(rows, pools.get("forbidden", 0), facts, params)
    exact["guiding"] = _split(pools.get("guiding", 0), [_fen(r, "guiding_base") + _fen(r, "projects") for r in rows])
    exact["ranger"] = _split(pools.get("ranger", 0), [Fraction(r.get("rangers") or 0) for r in rows])
    whole = [sum((x[i] for x in exact.values()), Fraction(0)) for i in range(len(rows))]
    low, high = _limits(rows, params)
    names = [str(r["county"]) for r in rows]
    fitted = fit(pool_fen - pools.get("reward", 0), whole, low, high, names, where)
    rounded = {p: _to_fen(x) for p, x in exact.items()}
    rewards, kept = _rewards(rows, exact["key"], fitted.shares, pools.get("reward", 0), facts, params)
    totals = [a + b for a, b in zip(fitted.shares, rewards, strict=True)]
    if top_up_fen and not sum(totals):
        raise FaultsError([_no_top_up(where, top_up_fen)])
    tops = apportion(top_up_fen, totals)
    counties = []
    for i, name in enumerate(names):
        parts = {p: rounded[p][i] for p in components if p in rounded}
        facts[i] |= {"low_fen": low[i], "high_fen": high[i], "before_limits": whole[i]}
        limits = fitted.shares[i] - sum(parts.values())
        parts |= {"reward": rewards[i]} if "reward" in components else {}
        counties.append(County(name, parts, limits, totals[i], tops[i], fitted.held[i], facts[i]))
    return Transfer(
        pool_fen,
        pools,
        kept,
        top_up_fen,
        counties,
        fitted.multiplier,
        components,
        stacking,
        "kinds" if kinds else "gap",
        params.rows(),
        _unsaid(rows, where),
    )


# ---------------------------------------------------------------- parts
def _pools(
    total: int, given: Mapping[str, int] | None, components: Sequence[str], params: Parameters, where: str
) -> dict[str, int]:
    if given:
        wrong = sorted(set(given) - set(components))
        rest = total - sum(v for k, v in given.items() if k != "key")
        out = {c: given.get(c, 0) for c in components}
        out["key"] = given.get("key", rest)
        faults = [_part(where, p, components) for p in wrong]
        if any(v < 0 for v in out.values()) or sum(out.values()) != total:
            faults.append(_parts_sum(where, out, total))
        raise_errors(faults)
        return out
    shares = params.table("funds.transfer.pool_shares")
    weights = [int(shares.get(c, Decimal(0)) * 1_000_000) for c in components]
    if min(weights, default=0) < 0 or not sum(weights):
        raise FaultsError(
            [_rule("funds.transfer.pool_shares", Text("份额须不小于零且不全为零", "parts of at least zero, not all zero"))]
        )
    return dict(zip(components, apportion(total, weights), strict=True))


def _raw(
    rows: Sequence[Mapping[str, Any]], kinds: Sequence[str], stacking: str, facts: list[dict[str, Any]], params: Parameters
) -> list[Fraction]:
    weights = params.table("funds.transfer.weights")
    classes, sensitive = params.table("funds.transfer.class_factor"), params.table("funds.transfer.sensitivity_factor")
    bounds = params.table("funds.transfer.coefficient_bounds")
    mean = mean_income(rows)
    out = []
    for row, fact in zip(rows, facts, strict=True):
        income_gap = Fraction(0)
        if mean and row.get("income") is not None:
            income_gap = max(Fraction(0), 1 - Fraction(row["income"]) / mean)
        red = Fraction(row.get("red_line") or 0)
        inner = Fraction(weights["base"]) + Fraction(weights["red_line"]) * red + Fraction(weights["income"]) * income_gap
        class_, sense = str(row.get("function_class") or "none"), str(row.get("sensitivity") or "general")
        factor_c, factor_s = Fraction(classes.get(class_, Decimal(1))), Fraction(sensitive.get(sense, Decimal(1)))
        alpha = min(max(inner * factor_c * factor_s, Fraction(bounds["least"])), Fraction(bounds["most"]))
        points = [Fraction(row.get(k) or 0) for k in kinds]
        base = (max(points) if stacking == "max" else sum(points, Fraction(0))) if kinds else max(_fen(row, "gap"), Fraction(0))
        fact |= {
            "red_line": red, "income_gap": income_gap, "class": class_, "class_factor": factor_c, "sensitivity": sense,
            "sensitivity_factor": factor_s, "alpha": alpha, "base": base, "weights": weights, "raw": base * alpha,
            "kinds": {k.partition(":")[2]: row.get(k) for k in kinds if row.get(k)},
        }  # fmt: skip
        out.append(base * alpha)
    return out


def mean_income(rows: Sequence[Mapping[str, Any]]) -> Fraction:
    """Return the mean income per head in yuan: by population where every county with an income has one, else a plain mean."""
    having = [r for r in rows if r.get("income") is not None]
    if not having:
        return Fraction(0)
    weighted = all(r.get("population") for r in having)
    heads = [Fraction(r["population"]) if weighted else Fraction(1) for r in having]
    return sum((Fraction(r["income"]) * h for r, h in zip(having, heads, strict=True)), Fraction(0)) / sum(heads, Fraction(0))


def _forbidden(rows: Sequence[Mapping[str, Any]], pool: int, facts: list[dict[str, Any]], params: Parameters) -> list[Fraction]:
    tilt, weights = params.table("funds.transfer.forbidden_tilt"), params.table("funds.transfer.forbidden_weights")
    tilted = {
        what: [
            sum((Fraction(r.get(f"{k}_{what}") or 0) * Fraction(tilt.get(k, Decimal(1))) for k in AREAS), Fraction(0)) for r in rows
        ]
        for what in ("area", "number")
    }
    sums = {what: sum(values, Fraction(0)) for what, values in tilted.items()}
    live = {w: Fraction(weights.get(w, Decimal(0))) for w in tilted if sums[w]}
    for i, fact in enumerate(facts):
        fact |= {"forbidden_area": tilted["area"][i], "forbidden_number": tilted["number"][i]}
    whole = sum(live.values(), Fraction(0))
    if not whole:
        return [Fraction(0)] * len(rows)
    each = {what: pool * w / whole / sums[what] for what, w in live.items()}
    return [sum((x * tilted[what][i] for what, x in each.items()), Fraction(0)) for i in range(len(rows))]


def _rewards(
    rows: Sequence[Mapping[str, Any]],
    key: Sequence[Fraction],
    before: Sequence[int],
    pool: int,
    facts: list[dict[str, Any]],
    params: Parameters,
) -> tuple[list[int], int]:
    """Return the reward or cut of each county in fen, and what is kept undistributed.

    before  what each county has without it, within its limits; no cut takes more
    Cuts come after the limits, else last year's floor would give back what was cut.
    """
    share, cap = params.table("funds.transfer.reward"), min(Decimal(1), params.decimal("funds.transfer.reward_cap"))
    grades = {str(g["grade"]): str(g["result"]) for g in params.items("funds.transfer.grades")}
    freed_to = params.text("funds.transfer.freed")
    if freed_to not in ("reward", "keep"):
        raise FaultsError([_rule("funds.transfer.freed", Text("reward 或 keep", "reward or keep"))])
    cuts, wanted = [], []
    for row, k, most, fact in zip(rows, key, before, facts, strict=True):
        result = str(row.get("result") or "same")
        result = grades.get(result.partition(":")[2], "same") if result.startswith("grade:") else result
        rate = max(-cap, min(cap, share.get(result, Decimal(0))))
        fact |= {"result": result, "reward_rate": rate}
        change = k * Fraction(rate)
        cuts.append(min(most, half_even(-change.numerator, change.denominator)) if rate < 0 else 0)
        wanted.append(max(change, Fraction(0)))
    freed = sum(cuts)
    money = pool + (freed if freed_to == "reward" else 0)
    asked = sum(wanted, Fraction(0))
    given = weighed(min(money, half_even(asked.numerator, asked.denominator)), wanted)
    rest = pool + freed - sum(given)
    good = [k if not c else Fraction(0) for k, c in zip(key, cuts, strict=True)]
    if freed_to == "reward" and any(good):
        given = [g + s for g, s in zip(given, weighed(rest, good), strict=True)]
        rest = 0
    return [g - c for g, c in zip(given, cuts, strict=True)], rest


def _limits(rows: Sequence[Mapping[str, Any]], params: Parameters) -> tuple[list[int], list[int | None]]:
    floor, growth = to_fen(params.decimal("funds.transfer.floor_yuan")), params.table("funds.transfer.growth")
    low: list[int] = []
    high: list[int | None] = []
    for row in rows:
        own = floor if row.get("floor") is None else to_fen(row["floor"])
        last = None if row.get("last") is None else to_fen(row["last"])
        low.append(own if last is None else max(own, _times(last, growth["least"], up=True)))
        high.append(None if not last else max(_times(last, growth["most"], up=False), own))
    return low, high


def _times(fen: int, factor: Decimal, *, up: bool) -> int:
    exact = fen * Fraction(factor)
    return -(-exact.numerator // exact.denominator) if up else exact.numerator // exact.denominator


def _fen(row: Mapping[str, Any], name: str) -> Fraction:
    return Fraction(row.get(name) or 0) * 100


def _split(pool: int, weights: Sequence[Fraction]) -> list[Fraction]:
    return _split_exact(Fraction(pool), weights)


def _split_exact(pool: Fraction, weights: Sequence[Fraction]) -> list[Fraction]:
    whole = sum(weights, Fraction(0))
    return [pool * w / whole for w in weights] if whole else [Fraction(0)] * len(weights)


def _to_fen(exact: Sequence[Fraction]) -> list[int]:
    """Return shares in whole fen that add up to their own sum, which is whole."""
    whole = sum(exact, Fraction(0))
    return weighed(half_even(whole.numerator, whole.denominator), exact)


# ---------------------------------------------------------------- faults
def _faults(
    rows: Sequence[Mapping[str, Any]],
    components: Sequence[str],
    stacking: str,
    kinds: Sequence[str],
    pool: int,
    top_up: int,
    where: str,
    told: Sequence[Fault] = (),
) -> list[Fault]:
    gaps = {f.record for f in told}
    out = [
        _rule("funds.transfer.components", Text("{p} 中的部分", "parts of {p}").fill(p=", ".join(PARTS)))
        for c in components
        if c not in PARTS
    ]
    if stacking not in ("max", "sum"):
        out.append(_rule("funds.transfer.stacking", Text("max 或 sum", "max or sum")))
    for name, value in (("pool", pool), ("top_up", top_up)):
        if value < 0:
            out.append(_money(where, name, value))
    for row in rows:
        if not kinds and row.get("gap") is None and f"{row['record']} gap" not in gaps:
            out.append(_no_gap(where, row))
    return out


def _unasked(rows: Sequence[Mapping[str, Any]], raw: Sequence[Fraction], pools: Mapping[str, int], where: str) -> list[Fault]:
    """Return a fault for each part that has money and no county that qualifies for it."""
    measure = {
        "key": sum(raw, Fraction(0)),
        "forbidden": sum((Fraction(r.get(f"{k}_{w}") or 0) for r in rows for k in AREAS for w in ("area", "number")), Fraction(0)),
        "guiding": sum((_fen(r, "guiding_base") + _fen(r, "projects") for r in rows), Fraction(0)),
        "ranger": sum((Fraction(r.get("rangers") or 0) for r in rows), Fraction(0)),
    }
    out = [
        Fault(
            "funds.transfer_part",
            where,
            p,
            Text(
                "{n}有 {v} 元，而没有一个县有相应的数。", "The part {n} holds {v} yuan, and no county has the figures it goes by."
            ).fill(n=PART_NAMES[p], v=say_yuan(pools[p])),
            Text(
                "补上各县的数，或把这部分设为 0（--part {p}=0）。",
                "Add the counties' figures, or set the part to 0 (--part {p}=0).",
            ).fill(p=p),
        )
        for p, total in measure.items()
        if pools.get(p) and total <= 0
    ]
    out += [
        Fault(
            "funds.transfer_guiding",
            where,
            f"{r['record']} {r['county']}",
            Text("引导性补助基数加项目为负。", "Base and projects of the guiding part are below zero together."),
            Text("更正项目扣减。", "Mend the project deductions."),
        )
        for r in rows
        if _fen(r, "guiding_base") + _fen(r, "projects") < 0
    ]
    return out


_TAKEN: dict[str, Text] = {
    "red_line": Text("按 0 计", "it is taken as 0"),
    "function_class": Text("按未纳入功能区计", "it is taken as outside function zones"),
    "sensitivity": Text("按一般计", "it is taken as general"),
    "income": Text("不计收入差", "no income gap is counted"),
    "result": Text("按基本稳定计", "it is taken as the same"),
    "last": Text("不限增幅", "its growth has no limit"),
}


def _unsaid(rows: Sequence[Mapping[str, Any]], where: str) -> list[Fault]:
    """Return a warning for each figure that some counties have and others lack, with what is done instead."""
    titles = {c.name: c.title for c in COLUMNS}
    out = []
    for name, taken in _TAKEN.items():
        lacking = [str(r["county"]) for r in rows if r.get(name) is None]
        if lacking and len(lacking) < len(rows):
            said = ", ".join(lacking[:8]) + (" …" if len(lacking) > 8 else "")
            clash = Text("{n} 个县没有{c}：{s}；{t}。", "{n} counties have no {e}: {s}; {t}.")
            out.append(
                Fault(
                    "funds.transfer_unsaid",
                    where,
                    name,
                    clash.fill(n=len(lacking), c=titles[name].zh, e=name, s=said, t=taken),
                    Text("补上，或确认。", "Fill it in, or see that this is meant."),
                    "warning",
                )
            )
    return out


def _no_gap(where: str, row: Mapping[str, Any]) -> Fault:
    return Fault(
        "funds.transfer_gap",
        where,
        f"{row['record']} {row['county']}",
        Text("没有标准财政收支缺口，也没有“类型:…”列。", "There is no standard fiscal gap, nor a column 'kind:…'."),
        Text("补上缺口；没有缺口写 0。", "Fill it in; write 0 where there is no gap."),
    )


def _money(where: str, name: str, value: int) -> Fault:
    return Fault(
        "funds.transfer_pool",
        where,
        name,
        Text("金额是 {v} 元。", "The sum is {v} yuan.").fill(v=say_yuan(value)),
        Text("写不小于零的金额。", "Write zero or more."),
    )


def _no_top_up(where: str, fen: int) -> Fault:
    return Fault(
        "funds.transfer_part",
        where,
        "top_up",
        Text(
            "省级补充 {v} 元按各县合计分，而各县合计都是零。",
            "The province's own {v} yuan go by the counties' totals, which are all zero.",
        ).fill(v=say_yuan(fen)),
        Text("给出可分的资金，或去掉省级补充。", "Give a pool to split, or leave the province's own money out."),
    )


def _part(where: str, name: str, known: Sequence[str]) -> Fault:
    return Fault(
        "funds.transfer_part",
        where,
        name,
        Text("这个版本没有“{p}”部分。", "This edition has no part {p}.").fill(p=name),
        Text("可用：{a}。", "There are: {a}.").fill(a=", ".join(known)),
    )


def _parts_sum(where: str, parts: Mapping[str, int], total: int) -> Fault:
    said = " + ".join(f"{k} {say_yuan(v)}" for k, v in parts.items())
    return Fault(
        "funds.transfer_part",
        where,
        "",
        Text("各部分 {s} 与总额 {t} 元不符。", "The parts {s} do not make the pool of {t} yuan.").fill(s=said, t=say_yuan(total)),
        Text("不写 key，其余归重点补助；或使各部分之和等于总额。", "Leave key out to give it the rest, or make them add up."),
    )


def _rule(key: str, expected: Text) -> Fault:
    return Fault(
        key,
        "ecopolicy",
        key,
        Text("规则的值不成立。", "The value of this rule is impossible."),
        Text("应为{x}。", "It should be {x}.").fill(x=expected),
    )
