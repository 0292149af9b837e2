"""Land valued by equivalents (当量因子法): area × equivalents of its class × the worth of one standard equivalent.

For studies that need a value of all services from a land-cover map alone, and for whoever checks them. The tables, the
mapping of ecosystems to their classes and the adjustment of each service are rules (`valuation.equivalent_2015.*`,
`valuation.equivalent_2008.*`); the mapping is returned to be printed with the result, because papers differ most there.
Values by equivalents and values of priced services are two systems: they may be compared, never added.

Xie Gaodi et al. 2015, 自然资源学报 30(8):1243-1254; Xie Gaodi et al. 2008, 自然资源学报 23(5):911-919.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.rules import Parameters
from ecocomp.terms.area import DM2_PER_HA
from ecocomp.terms.codes import ECOSYSTEMS
from ecocomp.terms.faults import Fault, FaultsError, capped, raise_errors
from ecocomp.terms.money import half_even
from ecocomp.terms.tables import PPM, SERVICE_VALUE
from ecocomp.terms.text import Text
from ecocomp.valuation.price import FEN_PER_YUAN, Range, UnitPrice, exact, known
from ecocomp.valuation.value import Total, priced_in, total

EDITIONS = ("equivalent_2015", "equivalent_2008")
NOTHING = "none"
"""The class of land that is valued, at nothing: built-up land."""
UNIDENTIFIED = "00"
RATIOS = ("npp", "rain", "soil")
MONTHS = 12
_K = "valuation.equivalent"

Ratio = float | Sequence[float] | Mapping[str, "float | Sequence[float]"]
"""A ratio to the national mean: of a year, of twelve months (their mean counts), or of either by parcel code."""


@dataclass(frozen=True, slots=True)
class Edition:
    """One edition of the table, ready to multiply.

    id        ``equivalent_2015`` or ``equivalent_2008``
    factors   (ecosystem, service) → equivalents per hectare, low ≤ value ≤ high
    services  the items of the rule `<edition>.services`: service, zh, en, group, market, ratio
    mapping   the items of the rule `<edition>.mapping`: ecosystem, class, share
    """

    id: str
    factors: Mapping[tuple[str, str], Range]
    services: tuple[Mapping[str, Any], ...]
    mapping: tuple[Mapping[str, Any], ...]


# ---------------------------------------------------------------- one standard equivalent
def three_crops(shares: Sequence[Fraction], profits: Sequence[Fraction]) -> Fraction:
    """Return the worth of one standard equivalent, Σ share·net profit of the main crops (yuan/ha); may be below zero."""
    return sum((s * f for s, f in zip(shares, profits, strict=True)), Fraction(0))


def seventh_of_grain(grain_yield: Fraction, price: Fraction) -> Fraction:
    """Return one seventh of the worth of a hectare's grain (kg/ha × yuan/kg), the older rule."""
    return grain_yield * price / 7


def adjusted(equivalent: Fraction, amount: Fraction, mean: Fraction) -> Fraction:
    """Return an equivalent scaled by a place's amount over the national mean; the mean is above zero."""
    return equivalent * amount / mean


def worth(area: Fraction, equivalent: Fraction, standard: Fraction) -> Fraction:
    """Return area (ha) × equivalents × worth of one equivalent (yuan/ha), in yuan."""
    return area * equivalent * standard


def standard_equivalent(params: Parameters) -> UnitPrice:
    """Return the worth of one standard equivalent (yuan per ha and year) by the rule `valuation.equivalent.rule`.

    ``given``        `valuation.equivalent.given`
    ``three_crops``  `crop_shares` (sum 1) × `crop_profits` (net profit, yuan/ha)
    ``grain``        `grain_yield` (kg/ha) × `grain_price` (yuan/kg) / 7

    Raises `FaultsError` where the worth (or the low end of its range) is not above zero: net profits of grain have been
    negative, and a negative equivalent would turn every service into a harm.
    """
    rule = params.text(f"{_K}.rule")
    if rule == "three_crops":
        found = _crops(params)
    elif rule == "grain":
        grain_yield, price = known(params, f"{_K}.grain_yield"), known(params, f"{_K}.grain_price")
        found = Range(*(seventh_of_grain(y, p) for y, p in zip(_ends(grain_yield), _ends(price), strict=True)))
    elif rule == "given":
        found = known(params, f"{_K}.given")
    else:
        raise FaultsError([_choice(params, f"{_K}.rule", rule, ("given", "three_crops", "grain"))])
    if found.low <= 0:
        raise FaultsError([_not_above_zero(params, rule, found)])
    return UnitPrice(found, int(params.decimal(f"{_K}.price_year")))


def _ends(r: Range) -> tuple[Fraction, Fraction, Fraction]:
    return r.low, r.value, r.high


def _crops(params: Parameters) -> Range:
    """Return Σ share × net profit with the range of the profits."""
    shares, held = params.table(f"{_K}.crop_shares"), params.get(f"{_K}.crop_profits")
    params.table(f"{_K}.crop_profits")
    crops = sorted(shares)
    parts = [Fraction(shares[c]) for c in crops]
    if set(crops) != set(held.value) or abs(sum(parts, Fraction(0)) - 1) > Fraction(1, 1000) or any(s < 0 for s in parts):
        raise FaultsError(
            [
                Fault(
                    "valuation.crop_shares",
                    held.file,
                    f"line {held.line}",
                    Text(
                        "播种比例 {s} 合计 {t}，净利润有 {p}。",
                        "Sown shares of {s} add up to {t}, and there are net profits of {p}.",
                    ).fill(s=", ".join(crops), t=float(sum(parts)), p=", ".join(sorted(held.value))),
                    Text(
                        "两表作物相同，比例不小于零且合计为 1。",
                        "Name the same crops in both; shares are not below zero and add up to 1.",
                    ),
                )
            ]
        )
    return Range(*(three_crops(parts, [Fraction(end[c]) for c in crops]) for end in (held.low, held.value, held.high)))


# ---------------------------------------------------------------- the table
def edition(params: Parameters, id: str | None = None) -> Edition:
    """Return an edition of the table with the mapping of the place; `id` defaults to `valuation.equivalent.table`.

    Raises `FaultsError` with everything that does not fit: an ecosystem that is no code, shares that do not add up to 1,
    a class without a row, a row without a service.
    """
    name = id or params.text(f"{_K}.table")
    if name not in EDITIONS:
        raise FaultsError([_choice(params, f"{_K}.table", name, EDITIONS)])
    services, mapping = params.items(f"valuation.{name}.services"), params.items(f"valuation.{name}.mapping")
    raise_errors(_mapping_faults(params, name, mapping))
    rows = {
        c: _row(params, f"valuation.{name}.{c}", [s["service"] for s in services]) for c in sorted({m["class"] for m in mapping})
    }
    factors: dict[tuple[str, str], Range] = {}
    for m in mapping:
        for service, factor in rows[m["class"]].items():
            had = factors.get((m["ecosystem"], service), _ZERO)
            factors[m["ecosystem"], service] = had.plus(factor.scaled(Fraction(m["share"])))
    return Edition(name, factors, tuple(services), tuple(mapping))


_ZERO = Range(Fraction(0), Fraction(0), Fraction(0))


def _row(params: Parameters, key: str, services: Iterable[str]) -> dict[str, Range]:
    """Return the equivalents of a class by service; the class of nothing has none."""
    if key.endswith(f".{NOTHING}"):
        return dict.fromkeys(services, _ZERO)
    table, held = params.table(key), params.get(key)
    missing = sorted(set(services) ^ table.keys())
    if missing:
        clash = Text("{k} 的服务与 services 表不一致：{m}。", "The services of {k} differ from the list of services: {m}.")
        remedy = Text("每类每项服务各一个当量。", "Give one equivalent for each class and service.")
        raise FaultsError(
            [Fault("valuation.equivalents", held.file, f"line {held.line}", clash.fill(k=key, m=", ".join(missing)), remedy)]
        )
    return {s: Range(Fraction(held.low[s]), Fraction(table[s]), Fraction(held.high[s])) for s in services}


def _mapping_faults(params: Parameters, name: str, mapping: Sequence[Any]) -> list[Fault]:
    held = params.get(f"valuation.{name}.mapping")
    shares: dict[str, Fraction] = defaultdict(Fraction)
    for m in mapping:
        shares[str(m["ecosystem"])] += Fraction(m["share"])
    wrong = [Text("{e} 不是生态系统代码", "{e} is no ecosystem code").fill(e=e) for e in sorted(shares) if e not in ECOSYSTEMS]
    wrong += [
        Text("{e} 的份额合计 {s}，应为 1", "the shares of {e} add up to {s}, not to 1").fill(e=e, s=float(s))
        for e, s in sorted(shares.items())
        if s != 1
    ]
    wrong += [
        Text("{n} 没有类别 {c}", "{n} has no class {c}").fill(n=name, c=c)
        for c in sorted({m["class"] for m in mapping})
        if c != NOTHING and not params.has(f"valuation.{name}.{c}")
    ]
    remedy = Text("更正对照表 {k}。", "Mend the mapping {k}.").fill(k=held.key)
    return [Fault("valuation.mapping", held.file, f"line {held.line}", Text(f"{w.zh}。", f"{w.en}."), remedy) for w in wrong]


def mapping_table(found: Edition) -> pa.Table:
    """Return which class each ecosystem was valued as: to be printed with every result.

    Columns edition, ecosystem, name_zh, name_en, class, share (of the ecosystem's area).
    """
    rows = sorted(found.mapping, key=lambda m: (m["ecosystem"], m["class"]))
    return pa.table(
        {
            "edition": [found.id] * len(rows),
            "ecosystem": [m["ecosystem"] for m in rows],
            "name_zh": [ECOSYSTEMS[m["ecosystem"]].zh for m in rows],
            "name_en": [ECOSYSTEMS[m["ecosystem"]].en for m in rows],
            "class": [m["class"] for m in rows],
            "share": pa.array([str(m["share"]) for m in rows], pa.string()),
        }
    )


# ---------------------------------------------------------------- values of parcels
def equivalent_values(
    extent: pa.Table, params: Parameters, year: int, ratios: Mapping[str, Ratio] | None = None, table: str | None = None
) -> pa.Table:
    """Return the worth of every service of every parcel by equivalents, as a `service_value` table.

    extent  parcel_id, year, ecosystem (code of `ECOSYSTEMS`), area_dm2; rows of other years are left out, rows of one
            parcel add up
    params  rules of the place and day
    ratios  ``npp``, ``rain`` and ``soil``: each the place's amount over the national mean (see `Ratio`); absent: the
            national equivalents as they stand
    table   an edition other than `valuation.equivalent.table`
    returns one row per parcel and service (``equivalent.food`` …), method ``equivalent_2015@1`` (with ratios
            ``equivalent_2015_dynamic@1``), whole fen rounded once. Land that is not identified is not valued: it lowers
            `observed_ppm`, and a parcel of nothing else has no row.

    Raises `FaultsError` for unknown ecosystems, areas below zero, ratios that are missing or below zero.
    """
    found = edition(params, table)
    yuan, price_year = priced_in(standard_equivalent(params), params, year)
    lands = _lands(extent.filter(pc.equal(extent["year"], year)), found)
    scale = _scales(ratios, sorted(lands), found)
    fen_per_dm2 = yuan.scaled(Fraction(FEN_PER_YUAN, DM2_PER_HA))
    method = f"{found.id}{'' if ratios is None else '_dynamic'}@1"
    parts = []
    for service in found.services:
        name = service["service"]
        ratio = str(service["ratio"])
        factors = {e: found.factors[e, name] for e, s in found.factors if s == name}
        fens = _fens(lands, factors, fen_per_dm2, scale[ratio] if scale else None)
        n = len(fens)
        value, low, high, ppm = zip(*fens.values(), strict=True) if n else ((), (), (), ())
        same_for_all = ([year] * n, [f"equivalent.{name}"] * n)
        columns = [list(fens), *same_for_all, value, low, high, [price_year] * n, [method] * n, ppm]
        parts.append(pa.table(columns, schema=SERVICE_VALUE.schema()))
    return SERVICE_VALUE.checked(pa.concat_tables(parts))


def market_split(values: pa.Table, params: Parameters, table: str | None = None) -> tuple[Total, Total]:
    """Return the totals of services with a market and of those without one (the base of compensation priority)."""
    found = edition(params, table)
    market = [f"equivalent.{s['service']}" for s in found.services if s["market"]]
    inside = pc.is_in(values["service"], pa.array(market, pa.string()))
    return total(values.filter(inside)), total(values.filter(pc.invert(inside)))


def service_names(params: Parameters, table: str | None = None) -> dict[str, Text]:
    """Return the name of every service of an edition, by the name its rows carry."""
    name = table or params.text(f"{_K}.table")
    return {f"equivalent.{s['service']}": Text(s["zh"], s["en"]) for s in params.items(f"valuation.{name}.services")}


def _lands(extent: pa.Table, found: Edition) -> dict[str, dict[str, int]]:
    """Return area by ecosystem by parcel, parcels in order; refuses unknown codes and areas below zero."""
    lands: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    faults = []
    known_codes = {e for e, _ in found.factors} | {UNIDENTIFIED}
    columns = [extent[c].to_pylist() for c in ("parcel_id", "ecosystem", "area_dm2")]
    for parcel_id, ecosystem, area in zip(*columns, strict=True):
        code = ecosystem or UNIDENTIFIED
        if code not in known_codes or area is None or area < 0:
            faults.append(
                Fault(
                    "valuation.extent",
                    "extent",
                    str(parcel_id),
                    Text(
                        "生态系统 {e}、面积 {a} dm²：对照表没有这一类，或面积不是非负数。",
                        "Ecosystem {e} with {a} dm2: the mapping has no such class, or the area is not zero or more.",
                    ).fill(e=code, a=area),
                    Text("更正数据，或在对照表中加上这一类。", "Mend the data, or add the class to the mapping."),
                )
            )
            continue
        lands[parcel_id][code] += area
    raise_errors(capped(faults, "valuation.extent", "extent"))
    return {p: dict(lands[p]) for p in sorted(lands)}


def _fens(
    lands: Mapping[str, Mapping[str, int]], factors: Mapping[str, Range], yuan: Range, scale: Mapping[str, Fraction] | None
) -> dict[str, tuple[int, int, int, int]]:
    """Return (value, low, high, ppm observed) of one service by parcel; `yuan` in fen per dm2 of one equivalent.

    Equivalents are brought to one denominator, so that a parcel costs a few products of whole numbers.
    """
    den = math.lcm(*(f.denominator for r in factors.values() for f in _ends(r)))
    whole = {e: tuple(int(f * den) for f in _ends(r)) for e, r in factors.items()}
    sure_factor = all(low == high for low, _, high in whole.values())
    sure = sure_factor and yuan.low == yuan.high
    low_fen, mid_fen, high_fen = (f.as_integer_ratio() for f in _ends(yuan))
    out = {}
    for parcel_id, areas in lands.items():
        valued = [(a, whole[e]) for e, a in areas.items() if e in whole]
        seen = sum(a for a, _ in valued)
        if not seen:
            continue
        top, bottom = (1, den) if scale is None else _times(scale[parcel_id], den)
        mid = top * sum(a * f[1] for a, f in valued)
        value = low = high = half_even(mid * mid_fen[0], bottom * mid_fen[1])
        if not sure:
            least, most = (mid, mid) if sure_factor else (top * sum(a * f[k] for a, f in valued) for k in (0, 2))
            low = half_even(least * (low_fen if least >= 0 else high_fen)[0], bottom * (low_fen if least >= 0 else high_fen)[1])
            high = half_even(most * (high_fen if most >= 0 else low_fen)[0], bottom * (high_fen if most >= 0 else low_fen)[1])
        out[parcel_id] = (value, low, high, max(1, seen * PPM // sum(areas.values())))
    return out


def _times(ratio: Fraction, den: int) -> tuple[int, int]:
    """Return a ratio over a denominator as (numerator, denominator)."""
    return ratio.numerator, ratio.denominator * den


# ---------------------------------------------------------------- ratios
def _scales(ratios: Mapping[str, Ratio] | None, parcels: Sequence[str], found: Edition) -> dict[str, dict[str, Fraction]] | None:
    """Return each kind of ratio by parcel, or None where the national equivalents stand."""
    if ratios is None:
        return None
    kinds = sorted({str(s["ratio"]) for s in found.services})
    faults = [_no_ratio(k, "") for k in kinds if k not in ratios]
    faults += [_no_ratio(k, "", strange=True) for k in sorted(set(ratios) - set(kinds))]
    out: dict[str, dict[str, Fraction]] = {}
    for kind in kinds:
        given = ratios.get(kind)
        if given is None:
            continue
        by_parcel = given if isinstance(given, Mapping) else None
        common = None if by_parcel is not None else _ratio(given)  # type: ignore[arg-type]
        out[kind] = {}
        for p in parcels:
            r = common if by_parcel is None else _ratio(by_parcel[p]) if p in by_parcel else None
            if r is None:
                faults.append(_no_ratio(kind, p))
            else:
                out[kind][p] = r
            if by_parcel is None and r is None:
                break
    raise_errors(capped(faults, "valuation.ratio", "ratios"))
    return out


def _ratio(given: float | Sequence[float]) -> Fraction | None:
    """Return a ratio, of months their mean; None where it is no number of zero or more."""
    months = list(given) if isinstance(given, Sequence) else [given]
    if len(months) not in (1, MONTHS) or not all(math.isfinite(m) and m >= 0 for m in months):
        return None
    return sum((exact(m) for m in months), Fraction(0)) / len(months)


def _no_ratio(kind: str, parcel_id: str, *, strange: bool = False) -> Fault:
    clash = (
        Text("不认识的调整系数 {k}。", "Unknown ratio {k}.")
        if strange
        else Text(
            "调整系数 {k} 缺失，或不是非负数（全年一个或逐月十二个）。",
            "The ratio {k} is missing, or is not a number of zero or more (one for the year or twelve months).",
        )
    )
    return Fault(
        "valuation.ratio",
        "ratios",
        parcel_id or kind,
        clash.fill(k=kind),
        Text("给出 {a}，或不作调整。", "Give {a}, or adjust nothing.").fill(a=", ".join(RATIOS)),
    )


# ---------------------------------------------------------------- faults
def _choice(params: Parameters, key: str, value: str, known_words: Sequence[str]) -> Fault:
    held = params.get(key)
    return Fault(
        "valuation.choice",
        held.file,
        f"line {held.line}",
        Text("{k} 是 {v}。", "{k} is {v}.").fill(k=key, v=value),
        Text("只能是 {a}。", "It must be one of {a}.").fill(a=", ".join(known_words)),
    )


def _not_above_zero(params: Parameters, rule: str, found: Range) -> Fault:
    held = params.get(f"{_K}.rule")
    return Fault(
        "valuation.equivalent_worth",
        held.file,
        f"line {held.line}",
        Text(
            "按 {r} 算得一个标准当量值 {v} 元/公顷（下界 {l}），不大于零。",
            "By {r} one standard equivalent is worth {v} CNY/ha (low end {l}), which is not above zero.",
        ).fill(r=rule, v=float(found.value), l=float(found.low)),
        Text(
            "粮食净利润为负的年份改用多年平均、历史当量值（given）或 grain 算法。",
            "Where grain made a loss, take a mean of years, a past worth (given) or the rule grain.",
        ),
    )
