"""The parcels of a year that was run, as candidates for payment: what each would cost and what it yields.

Columns (all text, as a table of candidates has them): parcel_id; cost_fen, what the parcel is entitled to in full (before
deductions, or rate × area where nobody is enrolled yet); benefit, the yearly value of the services counted in the standard,
in yuan; further region (village), function_zone, grade, ecosystem_group, red_line, owner, income (group 1 lowest to 5),
light, x, y, area_ha. Parcels that cost nothing (not compensated) are no candidates.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.payments.entitle import amounts_fen
from ecocomp.simulation.base import Base, bundle_of, read_base
from ecocomp.simulation.groups import income_groups, main_holder, parcel_groups
from ecocomp.simulation.outcome import Outcome, column, outcome
from ecocomp.standard.setting import of_services
from ecocomp.terms.tables import PPM


def year_candidates(place: Path, year: int | None = None) -> pa.Table:
    """Return the candidates of the year of a bundle or case."""
    base = read_base(bundle_of(place, year))
    return candidates_of_year(base, outcome(base))


def candidates_of_year(base: Base, found: Outcome) -> pa.Table:
    """Return the candidates of a year that has been computed."""
    parcel = base.table("parcel").sort_by("parcel_id").combine_chunks()
    zone = base.table("parcel_zone")
    ids = parcel["parcel_id"].combine_chunks()
    area = column(parcel, "area_dm2")
    at = pc.index_in(ids, value_set=found.standard["parcel_id"].combine_chunks()).to_numpy().astype(np.int64)
    rate = column(found.standard, "rate_fen_per_ha")[at]
    cost = amounts_fen(rate, np.maximum(area, 0), np.full(len(ids), PPM))
    groups = parcel_groups(parcel, zone)
    in_zone = pc.index_in(ids, value_set=zone["parcel_id"].combine_chunks())
    holder = base.table("holder")
    who = pc.index_in(main_holder(base.table("right_payable"), parcel), value_set=holder["holder_id"].combine_chunks())
    light = _of_year(base.table("compliance"), base.year)
    light_at = pc.index_in(ids, value_set=light["parcel_id"].combine_chunks())
    income = income_groups(holder)

    def of_holder(values: Any) -> pa.Array:
        return pc.fill_null(_flat(values).take(who), "none") if len(holder) else pa.array(["none"] * len(ids))

    table = pa.table(
        {
            "parcel_id": ids,
            "cost_fen": pa.array(cost).cast(pa.string()),
            "benefit": pa.array([f"{v / 100:.2f}" for v in _worth(base, ids).tolist()], pa.string()),
            "region": parcel["village_code"],
            "function_zone": _names(groups["function_zone"]),
            "grade": pc.fill_null(zone["grade"].take(in_zone).cast(pa.string()), ""),
            "ecosystem_group": _names(groups["ecosystem_group"]),
            "red_line": pc.if_else(pc.greater_equal(pc.fill_null(zone["red_line_ppm"].take(in_zone), 0), PPM // 2), "yes", "no"),
            "owner": of_holder(holder["kind"]),
            "income": of_holder(_names(income)),
            "light": pc.fill_null(light["light"].take(light_at), "grey"),
            "x": parcel["x"].cast(pa.string()),
            "y": parcel["y"].cast(pa.string()),
            "area_ha": pa.array([f"{a / 1_000_000:.6f}" for a in area.tolist()], pa.string()),
        }
    )
    return table.filter(pa.array(cost > 0))


def _worth(base: Base, ids: pa.Array) -> np.ndarray:
    """Return the yearly value of the services that the standard counts, in fen."""
    params, value = base.params(), _of_year(base.table("service_value"), base.year)
    if params.has("standard.value_services"):
        value = of_services(value, [str(i) for i in params.items("standard.value_services")])
    at = pc.index_in(value["parcel_id"].combine_chunks(), value_set=ids)
    known = at.is_valid().to_numpy(zero_copy_only=False)
    out = np.zeros(len(ids), np.int64)
    np.add.at(out, pc.fill_null(at, 0).to_numpy().astype(np.int64)[known], column(value, "value_fen")[known])
    return np.maximum(out, 0)


def _of_year(table: pa.Table, year: int) -> pa.Table:
    return table.filter(pc.equal(table["year"], year))


def _flat(values: Any) -> pa.Array:
    return values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values


def _names(codes: Any) -> pa.Array:
    return pa.array(codes.names, pa.string()).take(pa.array(codes.index)) if codes.names else pa.array([], pa.string())
