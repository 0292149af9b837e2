"""Are equals treated equally? Same ecosystem, same zone, same grade, other village: is a different rate explained?

For auditors and village meetings. Within each kind of land the rates of villages are compared step by step. A
difference is *explained* when every step whose amount differs also had different numbers put in (another service
value, another share of red line, another rate last year). Where the same numbers gave different amounts it is
*flagged*: no rule can account for that.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pyarrow as pa

from ecocomp.terms.money import half_even
from ecocomp.terms.tables import EQUITY


def equity(parcel: pa.Table, parcel_zone: pa.Table, standard: pa.Table, standard_step: pa.Table) -> pa.Table:
    """Return the `equity` table: one row per (ecosystem, function zone, grade) that occurs in several villages.

    lowest and highest are area-weighted mean rates of villages (fen/ha/a); `steps` names the steps whose amounts
    differ, largest spread first; result is ``equal``, ``explained`` or ``flagged``.
    """
    kinds = _kinds(parcel, parcel_zone, standard)
    kind_of = {p: kind for kind, members in kinds.items() for p, *_ in members}
    spread, unexplained = _differences(standard_step, kind_of)
    rows = []
    for (year, ecosystem, zone, grade), members in sorted(kinds.items()):
        means = _village_means(members)
        if len(means) < 2:
            continue
        kind = (year, ecosystem, zone, grade)
        differing = sorted((s for s in spread[kind] if spread[kind][s]), key=lambda s: (-spread[kind][s], s))
        flagged = sorted(unexplained[kind])
        low, high = min(means.items(), key=lambda m: (m[1], m[0])), max(means.items(), key=lambda m: (m[1], m[0]))
        rows.append(
            {
                "year": year,
                "ecosystem": ecosystem,
                "function_zone": zone,
                "grade": grade,
                "parcels": len(members),
                "villages": len(means),
                "lowest_village": low[0],
                "lowest_fen_per_ha": low[1],
                "highest_village": high[0],
                "highest_fen_per_ha": high[1],
                "steps": " ".join(flagged or differing),
                "result": "flagged" if flagged else "explained" if differing else "equal",
            }
        )
    return EQUITY.table(rows)


def _kinds(parcel: pa.Table, parcel_zone: pa.Table, standard: pa.Table) -> dict[tuple[Any, ...], list[tuple[str, str, int, int]]]:
    """Return members (parcel, village, area_dm2, rate) of each kind of land, by year, ecosystem, zone and grade."""
    zones = {r["parcel_id"]: (r["function_zone"], r["grade"]) for r in parcel_zone.to_pylist()}
    lands = {r["parcel_id"]: r for r in parcel.to_pylist()}
    out: dict[tuple[Any, ...], list[tuple[str, str, int, int]]] = defaultdict(list)
    for row in standard.select(["parcel_id", "year", "rate_fen_per_ha"]).to_pylist():
        land = lands[row["parcel_id"]]
        kind = (row["year"], land["ecosystem"], *zones[row["parcel_id"]])
        out[kind].append((row["parcel_id"], land["village_code"], land["area_dm2"], row["rate_fen_per_ha"]))
    return out


def _village_means(members: list[tuple[str, str, int, int]]) -> dict[str, int]:
    money: dict[str, int] = defaultdict(int)
    area: dict[str, int] = defaultdict(int)
    for _, village, dm2, rate in members:
        money[village] += dm2 * rate
        area[village] += dm2
    return {v: half_even(money[v], area[v]) for v in sorted(money)}


def _differences(step: pa.Table, kind_of: dict[str, tuple[Any, ...]]) -> tuple[dict[Any, dict[str, int]], dict[Any, set[str]]]:
    """Return, by kind of land, the spread of each step's amount, and the steps where equal numbers gave unequal amounts.

    A step that acts on what came before it (reward, limit, floor, cap) also has the rate before it as an input.
    """
    seen: dict[Any, dict[tuple[str, str, int], int]] = defaultdict(dict)
    ends: dict[Any, dict[str, tuple[int, int]]] = defaultdict(dict)
    odd: dict[Any, set[str]] = defaultdict(set)
    columns = ("parcel_id", "step", "amount_fen_per_ha", "after_fen_per_ha", "inputs")
    for parcel_id, name, amount, after, inputs in zip(*(step[c].to_pylist() for c in columns), strict=True):
        kind = kind_of.get(parcel_id)
        if kind is None:
            continue
        before = after - amount if name in _ON_WHAT_CAME_BEFORE else 0
        if seen[kind].setdefault((name, inputs, before), amount) != amount:
            odd[kind].add(name)
        low, high = ends[kind].get(name, (amount, amount))
        ends[kind][name] = (min(low, amount), max(high, amount))
    return defaultdict(dict, {k: {s: high - low for s, (low, high) in v.items()} for k, v in ends.items()}), odd


_ON_WHAT_CAME_BEFORE = frozenset({"index", "reward", "limit", "floor", "cap"})
