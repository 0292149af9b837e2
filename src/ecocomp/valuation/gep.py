"""The gross ecosystem product of a year as a table like a standard's: quantity, unit price and worth of every service.

For the statistician who publishes it and for whoever checks it. It holds what models yield: material products and cultural
services come from statistics and are left out, which `left_out` says. A total refuses prices of several years, two systems
of valuation, and services that count one thing twice; pairs whose common total is debated are told as warnings.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.registry import entry
from ecocomp.rules import Parameters
from ecocomp.terms.codes import service_words
from ecocomp.terms.faults import Fault, raise_errors
from ecocomp.terms.money import half_even
from ecocomp.terms.tables import GEP, PPM
from ecocomp.terms.text import Text, same
from ecocomp.valuation.guards import covers, debated, double_counts, family
from ecocomp.valuation.price import UnitPrice
from ecocomp.valuation.value import Total, priced_in, total

GROUPS, LEFT_OUT = "valuation.gep.groups", "valuation.gep.left_out"
OTHER = "other"
PRICE_PLACES = 6
"""Places of a printed unit price; the worth itself is computed from the exact price."""


@dataclass
class _Line:
    """What adds up to one row: quantities and whole fen of the parcels of a part."""

    unit: str
    quantities: list[float] = field(default_factory=list)
    fens: list[tuple[int, int, int]] = field(default_factory=list)
    method: str = ""
    price_year: int = 0


def gep_account(
    service: pa.Table, service_value: pa.Table, params: Parameters, year: int, parts: Mapping[str, str] | None = None
) -> pa.Table:
    """Return the `GEP` table of `year`: one row per part and service or product.

    service        the `service` table; services without a price have a row of quantity only
    service_value  the `service_value` table of priced services (not of equivalents)
    params         rules of the place and day, by which `service_value` was priced
    parts          parcel → region or ecosystem; absent: one part, named ""

    Quantities are added by `math.fsum`, amounts in whole fen, so that the order of rows does not matter. The worth is the
    sum of parcels, each rounded once: it may differ from quantity × unit price by half a fen for each parcel.

    Raises `FaultsError` for services that count one thing twice, stocks that are priced, values by equivalents, one
    service in several units, methods or price years, and parcels that `parts` lacks.
    """
    of_year = service.filter(pc.and_(pc.equal(service["year"], year), pc.is_valid(service["quantity"])))
    values = service_value.filter(pc.equal(service_value["year"], year))
    faults = double_counts(values["service"].unique().to_pylist(), params)
    faults += [_by_equivalents(m) for m in sorted(values["method"].unique().to_pylist()) if family(m) != "gep"]
    faults += _several(of_year, "unit") + _several(values, "method") + _several(values, "price_year")
    faults += _without_part(of_year, values, parts)
    raise_errors(faults)
    lines = _lines(of_year, values, parts or {})
    whole = _totals_by_part(lines)
    rows = [_row(year, part, name, line, whole.get(part), params) for (part, name), line in sorted(lines.items())]
    return GEP.table(rows)


def gep_total(account: pa.Table, part: str = "") -> Total:
    """Return the total of a part of an account; refuses prices of several years and an account without values."""
    rows = account.filter(pc.and_(pc.equal(account["part"], part), pc.is_valid(account["value_fen"])))
    return total(rows)


def gep_groups(account: pa.Table) -> pa.Table:
    """Return the sums by part and group: part, group, value_fen, low_fen, high_fen, price_year, share_ppm of the part.

    Groups whose rows stand in prices of several years are refused.
    """
    priced = account.filter(pc.is_valid(account["value_fen"]))
    out = []
    for part in sorted(set(priced["part"].to_pylist())):
        rows = priced.filter(pc.equal(priced["part"], part))
        whole = total(rows).value_fen
        for group in sorted(set(rows["group"].to_pylist())):
            t = total(rows.filter(pc.equal(rows["group"], group)))
            out.append((part, group, t.value_fen, t.low_fen, t.high_fen, t.price_year, _share(t.value_fen, whole)))
    names = ("part", "group", "value_fen", "low_fen", "high_fen", "price_year", "share_ppm")
    types = (pa.string(), pa.string(), *[pa.int64()] * 5)
    columns = [list(c) for c in zip(*out, strict=True)] if out else [[] for _ in names]
    return pa.table([pa.array(c, t) for c, t in zip(columns, types, strict=True)], names=names)


def group_names(params: Parameters) -> dict[str, Text]:
    """Return the name of every group of the account."""
    found = {str(g["group"]): Text(str(g["zh"]), str(g["en"])) for g in params.items(GROUPS)}
    return {**found, OTHER: Text("未分组", "not grouped")}


def left_out(params: Parameters) -> list[Text]:
    """Return what the account leaves out, as sentences to print under it."""
    return [Text(str(i["zh"]), str(i["en"])) for i in params.items(LEFT_OUT)]


def notes(account: pa.Table, params: Parameters) -> list[Fault]:
    """Return the warnings to print with an account: pairs of services whose common total is debated."""
    priced = account.filter(pc.is_valid(account["value_fen"]))
    return debated(priced["service"].unique().to_pylist(), params)


def service_name(service: str) -> Text:
    """Return the name of a service or product, or its id where no name is known."""
    return service_words(service) or same(service)


# ---------------------------------------------------------------- rows
def _lines(service: pa.Table, values: pa.Table, parts: Mapping[str, str]) -> dict[tuple[str, str], _Line]:
    lines: dict[tuple[str, str], _Line] = {}
    for parcel_id, name, quantity, unit in _rows(service, "parcel_id", "service", "quantity", "unit"):
        lines.setdefault((parts.get(parcel_id, ""), name), _Line(unit)).quantities.append(quantity)
    columns = ("parcel_id", "service", "value_fen", "low_fen", "high_fen", "method", "price_year")
    for parcel_id, name, value, low, high, method, price_year in _rows(values, *columns):
        line = lines.setdefault((parts.get(parcel_id, ""), name), _Line(""))
        line.fens.append((value, low, high))
        line.method, line.price_year = method, price_year
    return lines


def _totals_by_part(lines: Mapping[tuple[str, str], _Line]) -> dict[str, int]:
    """Return the worth of each part whose rows all stand in prices of one year."""
    years: dict[str, set[int]] = defaultdict(set)
    sums: dict[str, int] = defaultdict(int)
    for (part, _), line in lines.items():
        if line.fens:
            years[part].add(line.price_year)
            sums[part] += sum(f[0] for f in line.fens)
    return {part: sums[part] for part, found in years.items() if len(found) == 1}


def _row(year: int, part: str, name: str, line: _Line, whole: int | None, params: Parameters) -> dict[str, object]:
    row: dict[str, object] = {
        "year": year,
        "part": part,
        "group": _group(name, params),
        "service": name,
        "quantity": math.fsum(line.quantities) if line.quantities else None,
        "unit": line.unit,
    }
    if not line.fens:
        return row
    value, low, high = (sum(f[k] for f in line.fens) for k in range(3))
    method, _, version = line.method.partition("@")
    priced = {"method": method, "method_version": version, "value_fen": value, "low_fen": low, "high_fen": high}
    price = _unit_price(name, method, line, params, year)
    return {**row, **priced, "price_year": line.price_year, "unit_price": price, "share_ppm": _share(value, whole)}


def _unit_price(name: str, method: str, line: _Line, params: Parameters, year: int) -> str | None:
    """Return yuan per unit as printed; None where the quantities are not at hand."""
    if not line.unit:
        return None
    price: UnitPrice = entry("valuation.methods", method).module.unit_price(line.unit, params, product=name.partition(".")[2])
    yuan, _ = priced_in(price, params, year)
    return say_price(yuan.value)


def say_price(yuan: Fraction) -> str:
    """Return a unit price with at most `PRICE_PLACES` places, without closing zeros.

    >>> say_price(Fraction(353, 50)), say_price(Fraction(1, 3)), say_price(Fraction(727))
    ('7.06', '0.333333', '727')
    """
    scale = 10**PRICE_PLACES
    whole, rest = divmod(half_even(*(yuan * scale).as_integer_ratio()), scale)
    tail = f"{rest:0{PRICE_PLACES}d}".rstrip("0")
    return f"{whole}.{tail}" if tail else str(whole)


def _group(service: str, params: Parameters) -> str:
    found = [str(g["group"]) for g in params.items(GROUPS) if any(covers(str(s), service) for s in g["services"])]
    return found[0] if found else OTHER


def _share(value: int, whole: int | None) -> int | None:
    """Return a share of a total in ppm; None where there is no total above zero to have a share of."""
    return half_even(value * PPM, whole) if whole is not None and whole > 0 else None


def _rows(table: pa.Table, *names: str) -> zip[tuple[Any, ...]]:
    return zip(*(table[n].to_pylist() for n in names), strict=True)


# ---------------------------------------------------------------- faults
def _several(table: pa.Table, column: str) -> list[Fault]:
    kinds: dict[str, set[Any]] = defaultdict(set)
    for name, kind in _rows(table, "service", column):
        kinds[name].add(kind)
    return [
        Fault(
            f"valuation.gep_{column}",
            "service" if column == "unit" else "service_value",
            name,
            Text("同一服务的 {c} 有多个：{k}。", "One service comes with several values of {c}: {k}.").fill(
                c=column, k=", ".join(sorted(map(str, found)))
            ),
            Text("统一后再编表。", "Bring them to one before the account is made."),
        )
        for name, found in sorted(kinds.items())
        if len(found) > 1
    ]


def _by_equivalents(method: str) -> Fault:
    return Fault(
        "valuation.mixed_families",
        "service_value",
        method,
        Text(
            "{m} 是当量法的结果，不属于生态产品总值。", "{m} is a value by equivalents; it is no part of a gross ecosystem product."
        ).fill(m=method),
        Text(
            "只给出按服务定价的价值表；当量结果另列比较。",
            "Give the values of priced services only; show equivalents beside them to compare.",
        ),
    )


def _without_part(service: pa.Table, values: pa.Table, parts: Mapping[str, str] | None) -> list[Fault]:
    if parts is None:
        return []
    seen = set(service["parcel_id"].unique().to_pylist()) | set(values["parcel_id"].unique().to_pylist())
    lost = sorted(seen - parts.keys())
    if not lost:
        return []
    return [
        Fault(
            "valuation.gep_part",
            "parts",
            str(lost[0]),
            Text("{n} 个地块没有所属区域。", "{n} parcels belong to no part.").fill(n=len(lost)),
            Text("给每个地块一个区域或生态系统。", "Give every parcel a region or an ecosystem."),
        )
    ]
