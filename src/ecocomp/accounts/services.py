"""The service account: what each ecosystem supplied in a year, in physical units and in money of one price year."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.terms.faults import Fault, raise_errors
from ecocomp.terms.tables import SERVICE_ACCOUNT
from ecocomp.terms.text import Text


def service_account(service: pa.Table, service_value: pa.Table, parcel: pa.Table, year: int) -> pa.Table:
    """Return the `service_account` of `year`: one row per service and supplying ecosystem.

    quantity   sum over parcels (unit of the service); empty where no parcel was observed
    value_fen  sum of `service_value`; empty where nothing was priced
    coverage   share of the ecosystem's parcel area that was observed; parcels that have no row count as unseen

    Raises `FaultsError` where one service comes in several units or its values in several price years, and for
    parcels that the parcel table lacks.
    """
    lands = {p: (eco, dm2) for p, eco, dm2 in _rows(parcel, "parcel_id", "ecosystem", "area_dm2")}
    of_year = service.filter(pc.equal(service["year"], year))
    values = service_value.filter(pc.equal(service_value["year"], year))
    raise_errors(_faults(of_year, values, lands))
    quantities, seen, units = _physical(of_year, lands)
    money, price_years = _money(values, lands)
    whole: dict[str, int] = defaultdict(int)
    for ecosystem, dm2 in lands.values():
        whole[ecosystem] += dm2
    return SERVICE_ACCOUNT.table(
        [
            {
                "year": year,
                "service": name,
                "ecosystem": ecosystem,
                "quantity": math.fsum(found) if found else None,
                "unit": units[name],
                "value_fen": money.get((name, ecosystem)),
                "price_year": price_years.get(name) if (name, ecosystem) in money else None,
                "coverage": min(math.fsum(seen[name, ecosystem]) / whole[ecosystem], 1.0) if whole[ecosystem] else 0.0,
            }
            for (name, ecosystem), found in sorted(quantities.items())
        ]
    )


def _physical(
    service: pa.Table, lands: Mapping[str, tuple[str, int]]
) -> tuple[dict[tuple[str, str], list[float]], dict[tuple[str, str], list[float]], dict[str, str]]:
    """Return quantities and observed areas by service and ecosystem, and the unit of each service."""
    quantities: dict[tuple[str, str], list[float]] = defaultdict(list)
    seen: dict[tuple[str, str], list[float]] = defaultdict(list)
    units: dict[str, str] = {}
    for parcel_id, name, quantity, unit, coverage in _rows(service, "parcel_id", "service", "quantity", "unit", "coverage"):
        ecosystem, dm2 = lands[parcel_id]
        found = quantities[name, ecosystem]
        units[name] = unit
        if quantity is not None:
            found.append(quantity)
            seen[name, ecosystem].append(coverage * dm2)
    return quantities, seen, units


def _money(values: pa.Table, lands: Mapping[str, tuple[str, int]]) -> tuple[dict[tuple[str, str], int], dict[str, int]]:
    money: dict[tuple[str, str], int] = defaultdict(int)
    price_years: dict[str, int] = {}
    for parcel_id, name, fen, price_year in _rows(values, "parcel_id", "service", "value_fen", "price_year"):
        money[name, lands[parcel_id][0]] += fen
        price_years[name] = price_year
    return dict(money), price_years


def _faults(service: pa.Table, values: pa.Table, lands: Mapping[str, Any]) -> list[Fault]:
    faults = []
    for table, where, column in ((service, "service", "unit"), (values, "service_value", "price_year")):
        kinds: dict[str, set[str]] = defaultdict(set)
        for name, kind in _rows(table, "service", column):
            kinds[name].add(str(kind))
        faults += [
            Fault(
                f"accounts.mixed_{column}",
                where,
                name,
                Text("同一服务有多种 {c}：{k}。", "One service comes with several values of {c}: {k}.").fill(
                    c=column, k=", ".join(sorted(found))
                ),
                Text("统一后再入账。", "Bring them to one before accounting."),
            )
            for name, found in sorted(kinds.items())
            if len(found) > 1
        ]
        strange = sorted(set(table["parcel_id"].unique().to_pylist()) - lands.keys())
        if strange:
            faults.append(
                Fault(
                    "accounts.unknown_parcel",
                    where,
                    strange[0],
                    Text("{n} 个地块不在地块表中。", "{n} parcels are not in the parcel table.").fill(n=len(strange)),
                    Text("用同一测量版次的表。", "Use tables of one survey edition."),
                )
            )
    return faults


def _rows(table: pa.Table, *names: str) -> Iterable[tuple[Any, ...]]:
    return zip(*(table[n].to_pylist() for n in names), strict=True)
