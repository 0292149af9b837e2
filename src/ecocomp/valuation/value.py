"""The value table: every service of every parcel priced by the method its rule names.

Which method prices which service is data (`valuation.methods`). A price keeps its year; `valuation.deflator`
moves it to the year of the account when `valuation.price_basis` says so. Amounts of different price years, and of
different systems of valuation, are never added: `total` refuses them. What counts one thing twice is not priced together
(`ecocomp.valuation.guards`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.registry import entry
from ecocomp.rules import Parameters, RuleValue
from ecocomp.terms.faults import Fault, FaultsError, raise_errors
from ecocomp.terms.tables import PPM, SERVICE_VALUE
from ecocomp.terms.text import Text
from ecocomp.valuation.guards import double_counts, mixed_families
from ecocomp.valuation.price import Range, UnitPrice, ranged_fens

_FOLDER = "valuation.methods"


@dataclass(frozen=True, slots=True)
class Total:
    """A sum of values that all stand in prices of one year (fen)."""

    value_fen: int
    low_fen: int
    high_fen: int
    price_year: int


def value_services(service: pa.Table, params: Parameters, year: int) -> pa.Table:
    """Return the `service_value` table of `year`.

    service  the `service` table; rows of other years are left out
    params   rules of the place and day: `valuation.methods`, `valuation.price_basis`, `valuation.deflator` and
             the prices of the methods named
    returns  one row per parcel and priced service, with the share of its ground that was observed.
             A service whose quantity is empty has no row (it is not worth
             0), nor has a service that no method prices (`unpriced` lists those).

    Raises `FaultsError` for services that count one thing twice (`valuation.gep.exclusive`), a stock, a product or unit
    that the method does not take, a quantity that is not a number, or a deflator that lacks a year.
    """
    of_year = service.filter(pc.and_(pc.equal(service["year"], year), pc.is_valid(service["quantity"])))
    methods = pricing(params)
    found = {name: method_of(name, methods) for name in sorted(of_year["service"].unique().to_pylist())}
    priced = {name: method for name, method in found.items() if method is not None}
    raise_errors(double_counts(priced, params))
    parts = []
    for name, method in priced.items():
        rows = of_year.filter(pc.equal(of_year["service"], name))
        for unit in sorted(rows["unit"].unique().to_pylist()):
            with params.read_for(name.partition(".")[0]):
                parts.append(_priced(rows.filter(pc.equal(rows["unit"], unit)), method, name, unit, params, year))
    return SERVICE_VALUE.checked(pa.concat_tables(parts)) if parts else SERVICE_VALUE.empty()


def total(value_table: pa.Table) -> Total:
    """Return the sum of a `service_value` table; refuses amounts of different price years or systems of valuation.

    Priced services (GEP) and equivalents value the same land twice over, and so do two editions of equivalents.

    An empty table has no price year and no total: that too is a fault, because 0 would be a claim.
    """
    years = sorted(value_table["price_year"].unique().to_pylist())
    faults = mixed_families(value_table["method"].unique().to_pylist())
    if len(years) != 1:
        faults.append(_mixed(years))
    raise_errors(faults)
    value, low, high = (sum(value_table[c].to_pylist()) for c in ("value_fen", "low_fen", "high_fen"))
    return Total(value, low, high, years[0])


def pricing(params: Parameters) -> dict[str, str]:
    """Return method by service as `valuation.methods` says; refuses a service named twice or a malformed item.

    A service named without a product stands for all its products that are not named by themselves (`method_of`).
    """
    out: dict[str, str] = {}
    held = params.get("valuation.methods")
    faults = []
    for item in params.items("valuation.methods"):
        if not isinstance(item, dict) or set(item) != {"service", "method"} or item["service"] in out:
            faults.append(
                Fault(
                    "valuation.methods",
                    held.file,
                    f"line {held.line}",
                    Text(
                        "条目 {i} 缺少 service 或 method，或同一服务写了两次。",
                        "Item {i} lacks service or method, or names a service twice.",
                    ).fill(i=item),
                    Text(
                        "每个服务写一条：{{service: …, method: …}}。", "Write one item per service: {{service: …, method: …}}."
                    ).fill(),
                )
            )
            continue
        entry(_FOLDER, item["method"])
        out[item["service"]] = item["method"]
    if faults:
        raise FaultsError(faults)
    return out


def method_of(service: str, methods: Mapping[str, str]) -> str | None:
    """Return the method that prices a service or product; a product is priced as its service unless named itself.

    >>> method_of("air_purification.so2", {"air_purification": "air_treatment"})
    'air_treatment'
    """
    return methods.get(service, methods.get(service.partition(".")[0]))


def unit_price_of(service: str, unit: str, methods: Mapping[str, str], params: Parameters) -> UnitPrice:
    """Return what one `unit` of a service or product is worth under the method that prices it."""
    module = entry(_FOLDER, method_of(service, methods) or "").module
    price: UnitPrice = module.unit_price(unit, params, product=service.partition(".")[2])
    return price


def unpriced(service: pa.Table, params: Parameters) -> list[Fault]:
    """Return a warning for every service that has quantities but no pricing method here."""
    observed = service.filter(pc.is_valid(service["quantity"]))
    methods = pricing(params)
    names = {s for s in observed["service"].unique().to_pylist() if method_of(s, methods) is None}
    return [
        Fault(
            "valuation.unpriced",
            "service",
            name,
            Text(
                "服务 {s} 有数量，但 valuation.methods 没有它的定价方法。",
                "Service {s} has quantities, but valuation.methods names no method for it.",
            ).fill(s=name),
            Text(
                "如需计价，为它写上方法；否则它只列实物量。",
                "Name a method if it is to be priced; otherwise it is shown in physical units only.",
            ),
            "warning",
        )
        for name in sorted(names)
    ]


def undated(params: Parameters) -> list[Fault]:
    """Return a warning for every price in force that a place states without saying in which year's money.

    The price year then comes from a higher place or from what ships, and may be that of another price.
    """
    found = {method for method in pricing(params).values() if params.has(f"valuation.{method}.price_year")}
    faults = []
    for method in sorted(found):
        year = params.get(f"valuation.{method}.price_year")
        keys = sorted(set(entry(_FOLDER, method).module.PRICES.values()))
        faults += [
            _undated(held, year) for key in keys if params.has(key) for held in [params.get(key)] if _nearer(held, year, params)
        ]
    return faults


def _nearer(held: RuleValue, year: RuleValue, params: Parameters) -> bool:
    """Return whether a price stands nearer to the place (or in a later folder) than its price year."""
    if held.place == year.place:
        return held.layer > year.layer
    return params.chain.index(held.place) < params.chain.index(year.place)


def _undated(held: RuleValue, year: RuleValue) -> Fault:
    return Fault(
        "valuation.undated_price",
        held.file,
        f"line {held.line}",
        Text(
            "{p} 给出 {k}，却没有给出 {y}；按 {q} 的 {v} 年计（{f}:{l}）。",
            "{p} states {k} but not {y}; it is taken as money of {v}, as {q} says ({f}:{l}).",
        ).fill(p=held.place, k=held.key, y=year.key, q=year.place, v=year.value, f=year.file, l=year.line),
        Text("也给出 {y}。", "State {y} too.").fill(y=year.key),
        "warning",
    )


def priced_in(unit_price: UnitPrice, params: Parameters, year: int) -> tuple[Range, int]:
    """Return the unit price in the money the rules ask for, and the year of that money.

    `valuation.price_basis` is ``stated`` (keep the price year), ``account`` (move to the year of the account) or a
    year such as ``2020`` (constant prices).
    """
    basis = params.text("valuation.price_basis")
    if basis == "stated":
        return unit_price.yuan, unit_price.price_year
    if basis != "account" and not basis.isdigit():
        held = params.get("valuation.price_basis")
        raise FaultsError(
            [
                Fault(
                    "valuation.price_basis",
                    held.file,
                    f"line {held.line}",
                    Text("valuation.price_basis 是 {b}。", "valuation.price_basis is {b}.").fill(b=basis),
                    Text("只能是 stated、account 或四位年份。", "It must be stated, account or a year."),
                )
            ]
        )
    target = year if basis == "account" else int(basis)
    return unit_price.yuan.scaled(deflator(params, unit_price.price_year, target)), target


def deflator(params: Parameters, from_year: int, to_year: int) -> Fraction:
    """Return how many yuan of `to_year` one yuan of `from_year` is, from the index `valuation.deflator`."""
    if from_year == to_year:
        return Fraction(1)
    index = params.table("valuation.deflator")
    missing = [y for y in (from_year, to_year) if str(y) not in index]
    if missing:
        held = params.get("valuation.deflator")
        raise FaultsError(
            [
                Fault(
                    "valuation.deflator_gap",
                    held.file,
                    f"line {held.line}",
                    Text("价格指数没有 {m} 年；现有 {a}。", "The price index lacks {m}; it has {a}.").fill(
                        m=", ".join(map(str, missing)), a=", ".join(sorted(index))
                    ),
                    Text(
                        "补上这些年的指数，或把 valuation.price_basis 设为 stated。",
                        "Add these years, or set valuation.price_basis to stated.",
                    ),
                )
            ]
        )
    then, now = Fraction(index[str(from_year)]), Fraction(index[str(to_year)])
    if then <= 0 or now <= 0:
        raise FaultsError([_no_index(params, from_year if then <= 0 else to_year)])
    return now / then


def _priced(rows: pa.Table, method: str, service: str, unit: str, params: Parameters, year: int) -> pa.Table:
    found = entry(_FOLDER, method)
    yuan, price_year = priced_in(unit_price_of(service, unit, {service: method}, params), params, year)
    # A quantity without bounds is still priced: the range then shows only what is uncertain about the price.
    quantity = rows["quantity"]
    lows, highs = pc.coalesce(rows["low"], quantity), pc.coalesce(rows["high"], quantity)
    mid, low, high = ranged_fens(quantity.to_pylist(), lows.to_pylist(), highs.to_pylist(), yuan)
    n = len(rows)
    return pa.table(
        [
            rows["parcel_id"],
            rows["year"],
            rows["service"],
            mid,
            low,
            high,
            [price_year] * n,
            [f"{method}@{found.spec.version}"] * n,
            observed_ppm(rows),
        ],
        schema=SERVICE_VALUE.schema(),
    )


def observed_ppm(service: pa.Table) -> pa.Array:
    """Return which share of the ground a service is meant for was observed, in whole ppm, at least 1.

    The value is that of the observed part; whoever needs the whole parcel has this share to scale or to refuse by.
    """
    meant = pc.fill_null(service["applicable"], 1.0)
    share = pc.if_else(pc.greater(meant, 0.0), pc.divide(service["coverage"], pc.max_element_wise(meant, 1e-12)), 1.0)
    whole = pc.cast(pc.round(pc.multiply(share, float(PPM))), pa.int64())
    return pc.min_element_wise(pc.max_element_wise(whole, 1), PPM).combine_chunks()


def _no_index(params: Parameters, year: int) -> Fault:
    held = params.get("valuation.deflator")
    return Fault(
        "valuation.deflator_zero",
        held.file,
        f"line {held.line}",
        Text("{y} 年的价格指数不大于零。", "The price index of {y} is not above zero.").fill(y=year),
        Text("更正这一年的指数。", "Mend the index of that year."),
    )


def _mixed(years: list[int]) -> Fault:
    if not years:
        return Fault(
            "valuation.nothing_to_add",
            "service_value",
            "",
            Text("价值表没有行，无从合计。", "The value table has no rows, so there is no total."),
            Text("先核算并定价至少一项服务。", "Assess and price at least one service first."),
        )
    return Fault(
        "valuation.mixed_price_years",
        "service_value",
        "",
        Text("表中有 {y} 年的价格，不能相加。", "The table holds prices of {y}, which cannot be added.").fill(
            y=", ".join(map(str, years))
        ),
        Text(
            "把 valuation.price_basis 设为 account 或同一年份，再合计。",
            "Set valuation.price_basis to account or to one year before adding.",
        ),
    )
