"""Projects and the ground they claim: registered once for all instruments, ended only after what was issued."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from typing import Any

from ecocomp.credits.claims import Claim
from ecocomp.credits.instrument import Instrument
from ecocomp.credits.issuing import crediting_faults
from ecocomp.tenure.versions import Delta
from ecocomp.terms.faults import Fault, FaultsError, raise_errors
from ecocomp.terms.text import Text
from ecoweb.credits.accounts import ended_on
from ecoweb.credits.checks import holder_faults
from ecoweb.credits.desk import Rules
from ecoweb.credits.faults import fault, no_account, period_empty, word_faults
from ecoweb.credits.ground import twice_claimed
from ecoweb.office import Office
from ecoweb.records import store
from ecoweb.records.checks import row_faults
from ecoweb.records.queries import rows, versions


def register_project(
    office: Office,
    rules: Rules,
    row: dict[str, Any],
    parcels: Sequence[tuple[str, Fraction]],
    *,
    actor: str,
    reason: str,
) -> dict[str, Any]:
    """Register a project with its crediting period and the ground it claims, checked against every other claim.

    row        columns of `credit_project` but the benefit, with `valid_from` and `valid_to` as the crediting period
    parcels    parcel and the share of it; none for instruments that are tied to no ground
    raises     FaultsError with every fault: limits, unknown account, ground claimed twice
    """
    inst = rules.instrument(row["instrument"], office.today())
    id, start, end = row["project_id"], row["valid_from"], row["valid_to"]
    raise_errors([*_project_faults(office, inst, row), *_share_faults(inst, id, parcels)])
    whole = row | {"benefit": inst.benefit}
    shares = [{"project_id": id, "parcel_id": p, "share_num": s.numerator, "share_den": s.denominator} for p, s in parcels]
    ground = [s | {"valid_from": start, "valid_to": end} for s in shares]
    mine = [Claim(id, inst.id, inst.benefit, p, s, start, end) for p, s in parcels]
    with store.writing(office, act="credits.project", actor=actor, reason=reason, source=row["document"]) as work:
        raise_errors(twice_claimed(office, rules, id, mine, work.at))
        added = store.delta_tables({"credit_project": [whole], "credit_ground": ground})
        raise_errors([f for r, t in added.items() for f in row_faults(r, t)])
        raise_errors([f for r, t in added.items() for f in work.add(r, t)])
    return whole | {"parcels": len(parcels)}


def _project_faults(office: Office, inst: Instrument, row: dict[str, Any]) -> list[Fault]:
    id, start, end = row["project_id"], row["valid_from"], row["valid_to"]
    faults = [*word_faults("credit_project", id, project_id=id), *crediting_faults(inst, id, start, end)]
    if end is not None and end <= start:
        faults.append(period_empty(id))
    account = rows(office, "credit_account", {"account_id": row["account_id"]}).to_pylist()
    faults += holder_faults(office, inst, account[0], office.today()) if account else [no_account(row["account_id"])]
    if any(r["known_to"] is None for r in versions(office, "credit_project", {"project_id": id}).to_pylist()):
        clash = Text("已有这个项目。", "there is such a project already.")
        faults.append(fault("project_twice", id, clash, Text("换一个编码。", "Give it another code.")))
    return faults


def _share_faults(inst: Instrument, id: str, parcels: Sequence[tuple[str, Fraction]]) -> list[Fault]:
    faults = []
    if inst.ground == "parcel" and not parcels:
        clash = Text("{i} 产生于地块，而没有写地块。", "{i} arises on parcels, but no parcel is given.").fill(i=inst.name)
        remedy = Text("用 --parcel 写明地块和份额。", "Give parcels and shares with --parcel.")
        faults.append(fault("no_ground", id, clash, remedy))
    if inst.ground == "none" and parcels:
        clash = Text("{i} 不依附地块。", "{i} is tied to no parcel.").fill(i=inst.name)
        faults.append(fault("no_ground", id, clash, Text("去掉 --parcel。", "Leave --parcel away.")))
    seen: set[str] = set()
    for parcel, share in parcels:
        if parcel in seen or not parcel.strip() or not 0 < share <= 1:
            clash = Text(
                "地块“{p}”的份额 {s} 不对，或出现两次。", "parcel “{p}” with share {s}: not between 0 and 1, or twice."
            ).fill(p=parcel, s=share)
            remedy = Text("每个地块写一次，份额大于 0、至多 1。", "Name each parcel once, with a share above 0 and at most 1.")
            faults.append(fault("share", id, clash, remedy))
        seen.add(parcel)
    return faults


def end_claim(office: Office, project: str, day: date, parcels: Sequence[str] = (), *, actor: str, reason: str) -> int:
    """End a project's claim on its ground from a day on (all parcels if none is named); what was issued stands."""
    stands = [r for r in versions(office, "credit_ground", {"project_id": project}).to_pylist() if r["known_to"] is None]
    live = [r for r in stands if (r["valid_to"] is None or r["valid_to"] > day) and (not parcels or r["parcel_id"] in parcels)]
    if not live:
        clash = Text("{d} 之后没有主张。", "it claims nothing after {d}.").fill(d=day)
        raise FaultsError([fault("no_claim", project, clash, Text("核对日期和地块。", "Check day and parcels."))])
    with office.reading() as cursor:
        sql = "SELECT issue_id, period_to FROM credit_issue WHERE project_id = %s AND period_to > %s ORDER BY period_to DESC"
        cursor.execute(sql, [project, day])
        later = cursor.fetchone()
    if later:
        clash = Text("签发 {i} 的期间到 {e}，晚于 {d}。", "issue {i} covers a period until {e}, after {d}.")
        remedy = Text("已签发的期间不能放弃；日期不早于 {e}。", "What was issued keeps its ground; take {e} or a later day.")
        raise FaultsError([fault("claim_used", project, clash.fill(i=later[0], e=later[1], d=day), remedy.fill(e=later[1]))])
    delta = Delta({"credit_ground": live}, {"credit_ground": ended_on(live, day)})
    store.record(office, delta, act="credits.claim_end", actor=actor, reason=reason)
    return len(live)
