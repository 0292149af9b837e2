"""Making serial numbers: issued on a project's verified result, or imported from another registry."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Unpack

from ecocomp.credits.blocks import Block, Step
from ecocomp.credits.instrument import Instrument
from ecocomp.credits.issuing import Event, buffer_units, period_faults, years_after
from ecocomp.terms.faults import Fault, raise_errors
from ecocomp.terms.text import Text
from ecoweb.credits.checks import holder_faults, operation_faults, shortfall_faults, step_faults
from ecoweb.credits.desk import DatedAct, Desk, Done, Rules, project_of, run, said_steps
from ecoweb.credits.faults import fault, missing, period_empty
from ecoweb.credits.ground import own_claims, twice_issued
from ecoweb.office import Office

Period = tuple[date, date]
"""First day, and the day on which it is over."""


@dataclass(frozen=True)
class _Minted:
    """What is to be made: so many units, of which some go to the buffer, and what they show of their origin."""

    kind: str
    account: str
    period: Period
    units: int
    back: int = 0
    project: str = ""
    quality: str = ""
    region: str = ""
    reference: str | None = None


def issue(
    office: Office,
    rules: Rules,
    project: str,
    period: Period,
    quantity: str,
    steps: Sequence[Event],
    *,
    account: str = "",
    quality: str = "",
    **act: Unpack[DatedAct],
) -> Done:
    """Issue units of a project for a monitoring period (half-open); the buffer's share goes to the buffer.

    account  who gets them; the project's owner if empty
    """
    asked = {
        "project": project,
        "from": str(period[0]),
        "to": str(period[1]),
        "quantity": quantity.strip(),
        "account": account,
        "quality": quality,
        "steps": said_steps(steps),
    }

    def do(desk: Desk) -> dict[str, Any]:
        row = desk.project(project)
        inst = desk.instrument(row["instrument"])
        units = inst.parse(quantity)
        holder = desk.account(account or row["account_id"])
        raise_errors(_issue_faults(desk, inst, row, holder, period, steps))
        back = buffer_units(units, inst.hold_back)
        grade = quality or row["quality"] or ""
        made = _Minted("issued", holder["account_id"], period, units, back, project, grade, row["region_code"])
        return _mint(desk, inst, made)

    return run(office, rules, do, act="issue", instrument=str(project_of(office, project)["instrument"]), asked=asked, **act)


def _issue_faults(
    desk: Desk, inst: Instrument, row: dict[str, Any], holder: dict[str, Any], period: Period, steps: Sequence[Event]
) -> list[Fault]:
    project, tied = row["project_id"], inst.ground == "parcel"
    sql = "SELECT issue_id, period_from, period_to FROM credit_issue WHERE project_id = %s"
    earlier = [(i, _as_day(a), _as_day(b)) for i, a, b in desk.ask(sql, project)] if tied else []
    faults = [
        *operation_faults(inst, "issue", project),
        *holder_faults(desk.office, inst, holder, desk.day),
        *period_faults(inst, project, (row["valid_from"], row["valid_to"]), period, earlier),
        *step_faults(desk, inst, inst.issue_steps, steps, project, owner=row["account_id"]),
        *(_ground_faults(desk, project, period) if tied else []),
        *shortfall_faults(desk, inst, project),
    ]
    if tied and period[1] > desk.day:
        clash = Text("期间到 {e}，还没有结束。", "the period ends on {e}, which has not come.").fill(e=period[1])
        faults.append(fault("period", project, clash, Text("期满后再签发。", "Issue when it is over.")))
    return faults


def _ground_faults(desk: Desk, project: str, period: Period) -> list[Fault]:
    """Find ground of a project that it does not claim for the whole period, or that others claim as well."""
    own = own_claims(desk.office, project)
    parcels = {c.parcel for c in own if c.start < period[1] and (c.end is None or c.end > period[0])}
    short = parcels - {c.parcel for c in own if c.start <= period[0] and (c.end is None or c.end >= period[1])}
    faults = []
    if short or not parcels:
        clash = Text("期间 {a} 至 {b} 没有被全程主张的地块：{m}。", "ground that is not claimed for the whole of {a} to {b}: {m}.")
        clash = clash.fill(a=period[0], b=period[1], m=", ".join(sorted(short)[:8]) or "—")
        faults.append(
            fault("no_ground", project, clash, Text("分期签发，或先更正主张。", "Issue in parts, or mend the claim first."))
        )
    return [*faults, *twice_issued(desk.office, desk.rules, project, sorted(parcels), period)]


def import_units(
    office: Office,
    rules: Rules,
    instrument: str,
    account: str,
    quantity: str,
    reference: str,
    period: Period,
    *,
    region: str = "",
    quality: str = "",
    **act: Unpack[DatedAct],
) -> Done:
    """Take units over from another registry; its reference (registry and serials) comes in once, however it is spaced."""
    asked = {
        "account": account,
        "quantity": quantity.strip(),
        "reference": reference,
        "from": str(period[0]),
        "to": str(period[1]),
        "region": region,
        "quality": quality,
    }
    origin = " ".join(unicodedata.normalize("NFKC", reference).split())

    def do(desk: Desk) -> dict[str, Any]:
        inst = desk.instrument(instrument)
        units, holder = inst.parse(quantity), desk.account(account)
        faults = [*operation_faults(inst, "import", origin), *holder_faults(office, inst, holder, desk.day)]
        said = Text("没有原登记号。", "the other registry's reference is missing.")
        faults += missing("reference", account, origin, said, "--reference")
        before = desk.ask("SELECT issue_id FROM credit_issue WHERE foreign_ref = %s", origin)
        if before:
            clash = Text("原登记号已经转入（{i}）。", "the reference has come in already ({i}).").fill(i=before[0][0])
            faults.append(fault("imported_twice", origin, clash, Text("核对原登记号。", "Check the reference.")))
        if period[1] <= period[0]:
            faults.append(period_empty(origin))
        raise_errors(faults)
        made = _Minted("imported", account, period, units, quality=quality, region=region, reference=origin)
        return _mint(desk, inst, made)

    return run(office, rules, do, act="import", instrument=instrument, asked=asked, **act)


def _mint(desk: Desk, inst: Instrument, made: _Minted) -> dict[str, Any]:
    """Give the next serials of an instrument, the last of them to the buffer."""
    sql = "SELECT coalesce(max(last), 0) + 1, count(*) + 1 FROM credit_issue WHERE instrument = %s"
    first, number = (int(n) for n in desk.ask(sql, inst.id)[0])
    last, name = first + made.units - 1, f"{inst.id}-{number}"
    vintage = (made.period[1] - timedelta(days=1)).year
    expires = years_after(made.period[0], inst.valid_years) if inst.valid_years else None
    shown = (made.quality, made.region, made.reference)
    desk.insert(
        "credit_issue", name, inst.id, made.kind, made.project, first, last, vintage, *made.period, expires, *shown, desk.event
    )
    split = last - made.back
    blocks = [Block(name, first, split, "held", made.account)] if split >= first else []
    blocks += [Block(name, split + 1, last, "buffer", made.account)] if made.back else []
    desk.apply(inst.id, Step((), tuple(blocks)))
    return {
        "issue": name,
        "instrument": inst.id,
        "account": made.account,
        "vintage": vintage,
        "serials": f"{first}-{last}",
        "quantity": made.units,
        "held": made.units - made.back,
        "buffer": made.back,
        "expires_on": str(expires) if expires else None,
    }


def _as_day(value: Any) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value
