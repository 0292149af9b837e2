"""Set the standard of every parcel for one year, with every step written down.

The rule named by `standard.rule` gives four parts; the adjustments of `ecocomp.standard.adjust` follow. The rate is
the sum of the steps to the fen, and each step keeps the numbers put in and the keys of the rules used, so that a
holder, an auditor or a court can redo it by hand.
"""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from ecocomp.rules import Parameters
from ecocomp.standard.engine import prepare_task, rows_of
from ecocomp.standard.land import PART_NAMES
from ecocomp.standard.lands import of_services
from ecocomp.standard.vector import set_columns
from ecocomp.terms.faults import Fault, capped
from ecocomp.terms.tables import STANDARD_STEP
from ecocomp.terms.text import Text

__all__ = ["check_steps", "of_services", "set_standard"]


def set_standard(
    parcel: pa.Table,
    parcel_zone: pa.Table,
    service_value: pa.Table,
    economy: pa.Table,
    region_code: str,
    params: Parameters,
    year: int,
    scorecard_last: pa.Table | None = None,
    standard_last: pa.Table | None = None,
    *,
    tenure: Mapping[str, str] | None = None,
) -> tuple[pa.Table, pa.Table]:
    """Return the `standard` and `standard_step` tables of `year`.

    parcel, parcel_zone, service_value, economy   tables of those names; order of rows does not matter
    region_code      region whose economy row (of this year, else the last before it) counts
    params           rules of the place and day
    scorecard_last   last year's scorecard; its area_code is a function zone. None: no reward and no cut
    standard_last    last year's standard. None: the yearly limit does not bind
    tenure           ``state`` or ``collective`` by parcel, for floors that differ by owner; unknown owners get the
                     higher floor

    A parcel whose ecosystem group is not in `standard.eligible_groups` gets rate 0 and one step that says so. A parcel
    without an assessed service has value part 0 and its step says "not assessed".

    Raises `FaultsError` with all faults: a parcel without zone or area, no economy row, prices of several years,
    a code that a rule table lacks, a floor above its cap.
    """
    task = prepare_task(
        parcel,
        parcel_zone,
        service_value,
        economy,
        region_code,
        params,
        year,
        scorecard_last,
        standard_last,
        tenure=tenure,
    )
    standard, steps = set_columns(task)
    return standard, STANDARD_STEP.empty() if steps is None else steps


def check_steps(standard: pa.Table, step: pa.Table) -> list[Fault]:
    """Return a fault for each parcel whose steps do not add up to its rate, or whose parts do not."""
    after: dict[tuple[str, int], int] = {}
    faults = []
    for row in rows_of(STANDARD_STEP.checked(step), "parcel_id", "year", "step", "amount_fen_per_ha", "after_fen_per_ha"):
        parcel_id, year, name, amount, then = row
        before = after.get((parcel_id, year), 0)
        if before + amount != then:
            faults.append(_broken(parcel_id, f"{name}: {before} + {amount}", then))
        after[parcel_id, year] = then
    parts = [f"{p}_fen_per_ha" for p in (*PART_NAMES, "adjust")]
    for parcel_id, year, rate, *found in rows_of(standard, "parcel_id", "year", "rate_fen_per_ha", *parts):
        if sum(found) != rate:
            faults.append(_broken(parcel_id, "+".join(map(str, found)), rate))
        if after.get((parcel_id, year)) != rate:
            faults.append(_broken(parcel_id, f"steps → {after.get((parcel_id, year))}", rate))
    return capped(faults, "standard.steps", "standard_step")


def _broken(parcel_id: str, steps: str, rate: int) -> Fault:
    return Fault(
        "standard.steps",
        "standard_step",
        parcel_id,
        Text("步骤得 {s}，标准是 {r} 分/公顷。", "The steps give {s}, the standard says {r} fen/ha.").fill(s=steps, r=rate),
        Text("重新定标；这两张表应一起产生。", "Set the standard again; the two tables are made together."),
    )
