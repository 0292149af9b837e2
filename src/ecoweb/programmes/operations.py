"""Deeds of a programme office: contracts drafted, signed, moved from state to state, renewed; inspections, notices, objections.

Each is one transaction with its entry in the audit log. What may not be is told in full before anything is written. States
change from a day on: the version until that day stays as it was.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.governance.objections import check_objections, window
from ecocomp.programmes.contracts import check_contract, move_fault, read_items
from ecocomp.programmes.programme import Programme
from ecocomp.programmes.year import own_areas
from ecocomp.tenure.standing import standing
from ecocomp.terms.codes import CONTRACT_STATES
from ecocomp.terms.faults import Fault, FaultsError, errors, raise_errors
from ecocomp.terms.registers import DUTY
from ecocomp.terms.tables import CONTRACT, OBJECTION
from ecocomp.terms.text import Text
from ecoweb.cadastre.intake import parcels_of
from ecoweb.cadastre.queries import edition_in_force, parcel_row
from ecoweb.office import Office
from ecoweb.programmes import queries
from ecoweb.programmes.rules import OfficeRules
from ecoweb.records.models import Change
from ecoweb.records.queries import rows
from ecoweb.records.store import record

FEW_PARCELS = 300
"""Up to so many parcels the ground of restrictions is laid over each of them; above, only those named by parcel count."""


@dataclass(frozen=True)
class Done:
    """What came of a deed: the change, and what there is to be told that did not stand against it."""

    change: Change
    warnings: list[Fault] = field(default_factory=list)


@dataclass(frozen=True)
class _Delta:
    closed: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)
    added: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)


@dataclass(frozen=True)
class By:
    """Who acts, why, on which paper, at which moment (None: now)."""

    actor: str
    reason: str
    source: str = ""
    at: datetime | None = None


# ---------------------------------------------------------------- contracts
def draft(
    office: Office, rules: OfficeRules, contracts: Sequence[Mapping[str, Any]], plots: Sequence[Mapping[str, Any]], by: By
) -> Done:
    """Enter contracts with their plots as drafts; many at once, all of them or none.

    contracts  rows of register ``contract`` without state and clocks; `drafted_on` the day (default: today)
    plots      rows of register ``plot`` without clocks
    """
    heads, parts, faults = _drafts(office, rules, contracts, plots)
    _stop(faults)
    change = record(
        office,
        _Delta(added={"contract": heads, "plot": parts}),
        act="contract.draft",
        actor=by.actor,
        reason=by.reason,
        source=by.source,
        at=by.at,
    )
    return Done(change, faults)


def _drafts(
    office: Office, rules: OfficeRules, contracts: Sequence[Mapping[str, Any]], plots: Sequence[Mapping[str, Any]]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[Fault]]:
    faults: list[Fault] = []
    ids = [str(c["contract_id"]) for c in contracts]
    there = {c["contract_id"] for c in queries.last(office, "contract", {"contract_id": ids})} if ids else set()
    faults += [_exists("contract", i) for i in sorted(there)]
    faults += [_exists("contract", i) for i in sorted({i for i in ids if ids.count(i) > 1} - there)]
    known = rules.programmes.at(rules.book, rules.place)
    today = office.today()
    heads, days = [], {}
    for c in contracts:
        day = c.get("drafted_on") or today
        days[str(c["contract_id"])] = day
        if c["programme"] not in known:
            faults.append(_no_programme(c, known))
        faults += read_items(str(c["contract_id"]), str(c.get("items") or ""))[1]
        own = {k: v for k, v in c.items() if k != "drafted_on"}
        heads.append(
            {"signed_on": None, "term_to": None, "renews": None, "source_id": None, "items": "{}"}
            | own
            | {"state": "draft", "valid_from": day, "valid_to": None}
        )
    stray = sorted({str(p["contract_id"]) for p in plots} - set(ids))
    faults += [
        _fault(
            "plot_without_contract",
            "plot",
            i,
            Text("地块的合同 {i} 不在其中。", "its plots are here, contract {i} is not.").fill(i=i),
            Text("补上合同。", "Add the contract."),
        )
        for i in stray
    ]
    parts = [
        {"class_before": None, "slope_tenths": None, "base_fen": None, "facts": None}
        | dict(p)
        | {"valid_from": days.get(str(p["contract_id"]), today), "valid_to": None}
        for p in plots
    ]
    return heads, parts, faults


def sign(office: Office, rules: OfficeRules, contract_ids: Sequence[str], on: date, by: By, *, activate: bool = False) -> Done:
    """Sign drafts: each is checked whole, its duties are registered. With `activate` they are in force from that day.

    raises  FaultsError with everything that keeps any of them from being signed; nothing is written then
    """
    heads = [queries.one(office, "contract", "contract_id", i) for i in contract_ids]
    plots = queries.last(office, "plot", {"contract_id": list(contract_ids)})
    faults = [f for h in heads if (f := move_fault(h["contract_id"], h["state"], "signed"))]
    faults += [f for h in heads if (f := _early(h, on))]
    faults += [_over(h, on) for h in heads if h["term_to"] is not None and h["term_to"] <= on]
    if not errors(faults):
        faults += _checked(office, rules, [h | {"signed_on": on} for h in heads], plots, on)
    _stop(faults)
    closed: dict[str, list[dict[str, Any]]] = {"contract": []}
    added: dict[str, list[dict[str, Any]]] = {"contract": [], "duty": []}
    for head in heads:
        old, new = _changed(head, on, state="in_force" if activate else "signed", signed_on=on)
        closed["contract"] += old
        added["contract"] += new
        for p in plots:
            if p["contract_id"] == head["contract_id"]:
                start = max(head["term_from"], on)
                added["duty"].append(
                    {
                        "contract_id": p["plot_id"],
                        "holder_id": p["holder_id"],
                        "parcel_id": p["parcel_id"],
                        "programme": head["programme"],
                        "duty": _duty_of(head, p),
                        "signed_on": on,
                        "source_id": head["source_id"],
                        "valid_from": start,
                        "valid_to": head["term_to"],
                    }
                )
    change = record(
        office, _Delta(closed, added), act="contract.sign", actor=by.actor, reason=by.reason, source=by.source, at=by.at
    )
    return Done(change, faults)


def _duty_of(head: Mapping[str, Any], plot: Mapping[str, Any]) -> str:
    items, _ = read_items(str(head["contract_id"]), str(head["items"]))
    return items.get("tending") or items.get("duty") or str(plot["variant"])


def _checked(
    office: Office, rules: OfficeRules, heads: Sequence[Mapping[str, Any]], plots: Sequence[dict[str, Any]], on: date
) -> list[Fault]:
    """Check contracts against everything the office knows of their ground and their people."""
    parcel_ids = sorted({str(p["parcel_id"]) for p in plots})
    parties = {
        p["party_id"]: p
        for p in rows(
            office,
            "party",
            {"party_id": sorted({str(h["holder_id"]) for h in heads} | {str(p["holder_id"]) for p in plots})},
            on=on,
        ).to_pylist()
    }
    ground = _parcels(office, parcel_ids, on)
    overlays = _overlays(office, parcel_ids, on)
    duties = CONTRACT.table(
        [
            {
                "contract_id": p["plot_id"],
                "holder_id": p["holder_id"],
                "parcel_id": p["parcel_id"],
                "programme": "",
                "duty": "",
                "signed_on": on,
                "valid_from": on,
                "valid_to": None,
                "known_from": on,
                "known_to": None,
            }
            for p in plots
        ]
    )
    right, registers = queries.payable(office, parcel_ids, on, duties)
    ids = pa.array(parcel_ids, pa.string())
    as_duty = {
        "duty": DUTY.table(
            [{**d, "source_id": None, "known_from": office_moment(on), "known_to": None} for d in _open(duties.to_pylist())]
        )
    }
    blocked = standing(ids, {**registers, **as_duty}, on, office.today()).to_pylist() if parcel_ids else []
    holders: dict[str, list[str]] = {}
    for r in right.select(["parcel_id", "holder_id"]).to_pylist():
        holders.setdefault(r["parcel_id"], []).append(r["holder_id"])
    state = _state_land(right, parties)
    faults: list[Fault] = []
    for head in heads:
        own = [p for p in plots if p["contract_id"] == head["contract_id"]]
        where = {p["parcel_id"] for p in own}
        owners = {("state" if p in state else "collective") for p in where}
        others = queries.elsewhere(office, sorted(where), str(head["contract_id"]))
        others += [
            {
                "contract_id": p["contract_id"],
                "programme": h["programme"],
                "variant": p["variant"],
                "parcel_id": p["parcel_id"],
                "area_dm2": p["area_dm2"],
            }
            for h in heads
            if h["contract_id"] < head["contract_id"]
            for p in plots
            if p["contract_id"] == h["contract_id"] and p["parcel_id"] in where
        ]
        faults += check_contract(
            rules.get(str(head["programme"])),
            head,
            own,
            holder=parties.get(head["holder_id"]),
            parcels=ground,
            overlays=overlays,
            standing=[b for b in blocked if b["parcel_id"] in where],
            holders_of=holders,
            elsewhere=others,
            owner=owners.pop() if len(owners) == 1 else "",
        )
    return faults


def _open(contracts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{k: v for k, v in c.items() if k not in ("known_from", "known_to")} for c in contracts]


def office_moment(day: date) -> datetime:
    """Return the first moment of a day of the office."""
    from ecocomp.terms.clocks import start_of_day

    return start_of_day(day)


def _state_land(right: pa.Table, parties: Mapping[str, Mapping[str, Any]]) -> set[str]:
    found = right.select(["parcel_id", "holder_id", "kind"]).to_pylist()
    return {r["parcel_id"] for r in found if r["kind"] == "use" or parties.get(r["holder_id"], {}).get("kind") == "state_unit"}


def _parcels(office: Office, parcel_ids: Sequence[str], on: date) -> dict[str, dict[str, Any]] | None:
    """Return the parcels of the edition in force on a day; None where there is no edition."""
    names = ("parcel_id", "area_dm2", "village_code", "land_class", "ecosystem")
    table = parcels_of(office, on=on, columns=names)
    if table is None:
        table = parcels_of(office, columns=names)
    if table is None:
        return None
    found = table.filter(pc.is_in(table["parcel_id"], value_set=pa.array(list(parcel_ids), pa.string())))
    return {r["parcel_id"]: r for r in found.to_pylist()}


def _overlays(office: Office, parcel_ids: Sequence[str], on: date) -> dict[str, dict[str, int]]:
    """Return what lies on parcels: restrictions by ground where they are few, and those named by parcel."""
    out: dict[str, dict[str, int]] = {}
    for r in rows(office, "restriction", {"parcel_id": list(parcel_ids)}, on=on).to_pylist() if parcel_ids else []:
        out.setdefault(r["parcel_id"], {})[r["kind"]] = 2**40
    editions = edition_in_force(office, "parcel", on=on).to_pylist()
    if not editions or len(parcel_ids) > FEW_PARCELS or not len(rows(office, "restriction", {"parcel_id": None}, on=on)):
        return out
    from ecoweb.cadastre.control import on_parcel

    kinds = {r["restriction_id"]: r["kind"] for r in rows(office, "restriction", {}, on=on).to_pylist()}
    for parcel_id in parcel_ids:
        for edition in editions:
            row = parcel_row(office, edition, parcel_id)
            if len(row):
                for share in on_parcel(office, row, edition, on, office.today()).to_pylist():
                    kind = kinds.get(share["restriction_id"], "")
                    have = out.setdefault(parcel_id, {})
                    have[kind] = have.get(kind, 0) + int(share["area_dm2"])
                break
    return out


ACTS = {
    "in_force": "contract.activate",
    "suspended": "contract.suspend",
    "breached": "contract.breach",
    "ended": "contract.end",
    "terminated": "contract.terminate",
    "signed": "contract.sign",
}


def move(office: Office, contract_ids: Sequence[str], to: str, on: date, by: By) -> Done:
    """Move contracts to another state from a day on; one that ends also ends its duties.

    to  in_force (also: resumes after a suspension, or a breach made good), suspended, breached, ended, terminated
    """
    heads = [queries.one(office, "contract", "contract_id", i) for i in contract_ids]
    faults = [f for h in heads if (f := move_fault(h["contract_id"], h["state"], to))]
    faults += [f for h in heads if (f := _early(h, on))]
    if to in ("signed", "renewed"):
        faults += [
            _fault(
                "way",
                "contract",
                h["contract_id"],
                Text("用 {w} 办理。", "use {w} for this.").fill(w="sign" if to == "signed" else "renew"),
                Text("见帮助。", "See its help."),
            )
            for h in heads
        ]
    raise_errors(faults)
    closed: dict[str, list[dict[str, Any]]] = {"contract": [], "duty": []}
    added: dict[str, list[dict[str, Any]]] = {"contract": [], "duty": []}
    for head in heads:
        old, new = _changed(head, on, state=to)
        closed["contract"] += old
        added["contract"] += new
    if to in ("ended", "terminated"):
        _end_duties(office, contract_ids, on, closed, added)
    change = record(office, _Delta(closed, added), act=ACTS[to], actor=by.actor, reason=by.reason, source=by.source, at=by.at)
    return Done(change)


def _end_duties(
    office: Office,
    contract_ids: Sequence[str],
    on: date,
    closed: dict[str, list[dict[str, Any]]],
    added: dict[str, list[dict[str, Any]]],
) -> None:
    plots = [p["plot_id"] for p in queries.last(office, "plot", {"contract_id": list(contract_ids)})]
    if not plots:
        return
    from ecoweb.records.queries import versions

    known = versions(office, "duty", {"contract_id": plots})
    for d in known.filter(pc.is_null(known["known_to"])).to_pylist():
        if d["valid_to"] is None or d["valid_to"] > on:
            closed["duty"].append(d)
            if d["valid_from"] < on:
                added["duty"].append(_bare(d) | {"valid_to": on})


def renew(
    office: Office,
    rules: OfficeRules,
    contract_id: str,
    new: Mapping[str, Any],
    plots: Sequence[Mapping[str, Any]],
    on: date,
    by: By,
) -> Done:
    """Renew a contract: the old one is renewed and its duties end, a new one of its own code begins as a draft.

    new    row of register ``contract``; what it leaves out is taken from the old one
    plots  plots of the new contract; none: those of the old one, with new codes
    """
    old = queries.one(office, "contract", "contract_id", contract_id)
    fault = move_fault(contract_id, old["state"], "renewed") or _early(old, on)
    raise_errors([fault] if fault else [])
    head = (
        {k: old[k] for k in ("programme", "holder_id", "region_code", "items", "area_dm2")}
        | dict(new)
        | {"renews": contract_id, "drafted_on": on}
    )
    parts = [dict(p) for p in plots] or [
        {k: p[k] for k in ("parcel_id", "holder_id", "variant", "area_dm2", "class_before", "slope_tenths", "base_fen", "facts")}
        | {"plot_id": f"{head['contract_id']}/{i}", "contract_id": head["contract_id"]}
        for i, p in enumerate(queries.last(office, "plot", {"contract_id": contract_id}), 1)
    ]
    heads, made, faults = _drafts(office, rules, [head], parts)
    raise_errors(faults)
    closed, again = _changed(old, on, state="renewed")
    ended: dict[str, list[dict[str, Any]]] = {"contract": closed, "duty": []}
    added: dict[str, list[dict[str, Any]]] = {"contract": [*again, *heads], "plot": made, "duty": []}
    _end_duties(office, [contract_id], on, ended, added)
    change = record(
        office, _Delta(ended, added), act="contract.renew", actor=by.actor, reason=by.reason, source=by.source, at=by.at
    )
    return Done(change, faults)


# ---------------------------------------------------------------- inspections
def inspect(office: Office, rules: OfficeRules, inspections: Sequence[Mapping[str, Any]], by: By) -> Done:
    """Record inspections; who entered or signed a contract may not accept its ground, nor may one person judge at two levels.

    inspections  rows of register ``inspection`` without clocks
    """
    found = [dict(i) for i in inspections]
    faults = _inspection_faults(office, found)
    _stop(faults)
    made = [
        {"plot_id": None, "survival_ppm": None, "certificate": None, "events": None, "evidence": "", "source_id": None}
        | i
        | {"valid_from": i["inspected_on"], "valid_to": None}
        for i in found
    ]
    change = record(
        office,
        _Delta(added={"inspection": made}),
        act="inspection.record",
        actor=by.actor,
        reason=by.reason,
        source=by.source,
        at=by.at,
    )
    return Done(change, faults)


def _inspection_faults(office: Office, found: list[dict[str, Any]]) -> list[Fault]:
    ids = [str(i["inspection_id"]) for i in found]
    there = {i["inspection_id"] for i in queries.last(office, "inspection", {"inspection_id": ids})} if ids else set()
    faults = [_exists("inspection", i) for i in sorted(there | {i for i in ids if ids.count(i) > 1})]
    names = sorted({str(i["contract_id"]) for i in found})
    heads = {c["contract_id"]: c for c in queries.last(office, "contract", {"contract_id": names})} if names else {}
    plots: dict[str, dict[str, int]] = {}
    for p in queries.last(office, "plot", {"contract_id": names}) if names else []:
        plots.setdefault(p["contract_id"], {})[p["plot_id"]] = p["area_dm2"]
    before = queries.last(office, "inspection", {"contract_id": names}) if names else []
    actors = {i: queries.signers(office, i) for i in heads}
    today = office.today()
    for i in found:
        faults += _one_inspection(
            i,
            heads.get(i["contract_id"]),
            plots.get(i["contract_id"], {}),
            actors.get(i["contract_id"], frozenset()),
            [*before, *found],
            today,
        )
    return faults


def _one_inspection(
    i: Mapping[str, Any],
    head: Mapping[str, Any] | None,
    plots: Mapping[str, int],
    actors: Iterable[str],
    others: Sequence[Mapping[str, Any]],
    today: date,
) -> list[Fault]:
    id = str(i["inspection_id"])

    def bad(code: str, zh: str, en: str, fix_zh: str, fix_en: str, severity: Any = "error", **values: object) -> Fault:
        return Fault(f"programmes.{code}", "inspection", id, Text(zh, en).fill(**values), Text(fix_zh, fix_en), severity)

    if head is None:
        return [
            bad(
                "no_contract",
                "合同 {c} 不在登记中。",
                "contract {c} is not registered.",
                "核对合同编码。",
                "Check the code.",
                c=i["contract_id"],
            )
        ]
    out = []
    if head["state"] in ("draft", "terminated", "renewed"):
        out.append(
            bad(
                "contract_state",
                "合同{s}，不能验收。",
                "its contract is {s}: nothing is accepted on it.",
                "先签订合同。",
                "Sign the contract first.",
                s=CONTRACT_STATES[head["state"]],
            )
        )
    plot = i.get("plot_id")
    if plot is not None and plot not in plots:
        out.append(
            bad(
                "no_plot",
                "合同 {c} 没有地块 {p}；有：{a}。",
                "contract {c} has no plot {p}; it has: {a}.",
                "核对地块。",
                "Check the plot.",
                c=i["contract_id"],
                p=plot,
                a=", ".join(sorted(plots)) or "—",
            )
        )
    agreed = plots.get(str(plot), sum(plots.values())) if plot is not None else sum(plots.values())
    area = int(i["accepted_dm2"])
    if area > agreed > 0:
        out.append(
            bad(
                "more_than_agreed",
                "合格 {a} 平方分米，合同只有 {b}。",
                "{a} dm2 were accepted, only {b} were agreed.",
                "核对面积和单位。",
                "Check the area and its unit.",
                a=area,
                b=agreed,
            )
        )
    if (i["result"] == "rejected" and area) or (i["result"] != "rejected" and area <= 0):
        out.append(
            bad(
                "result_area",
                "结果是 {r}，合格面积却是 {a}。",
                "the result is {r}, the area accepted {a}.",
                "改正其一。",
                "Mend one of them.",
                r=i["result"],
                a=area,
            )
        )
    if i["result"] == "accepted" and 0 < area < agreed:
        out.append(
            bad(
                "result_part",
                "结果是合格，面积只有 {a}/{b}。",
                "it is accepted, on {a} of {b} dm2.",
                "写 partial。",
                "Write partial.",
                "warning",
                a=area,
                b=agreed,
            )
        )
    rate = i.get("survival_ppm")
    if rate is not None and not 0 <= rate <= 1_000_000:
        out.append(
            bad(
                "survival_range",
                "成活率 {r} 不在 0 与 1 之间。",
                "the rate of survival {r} does not lie between 0 and 1.",
                "改正。",
                "Mend it.",
                r=rate / 1_000_000,
            )
        )
    if i["inspected_on"] > today:
        out.append(
            bad(
                "future",
                "检查日 {d} 在今天之后。",
                "it was inspected on {d}, which is to come.",
                "改正日期。",
                "Mend the day.",
                d=i["inspected_on"],
            )
        )
    if i["inspector"] in actors or i["inspector"] == head["holder_id"]:
        out.append(
            bad(
                "same_person",
                "检查人 {p} 经办过合同 {c}。",
                "inspector {p} entered, signed or holds contract {c}.",
                "由另一人验收。",
                "Another person accepts it.",
                p=i["inspector"],
                c=i["contract_id"],
            )
        )
    twice = {
        str(o["judged_by"])
        for o in others
        if o["contract_id"] == i["contract_id"]
        and o["year"] == i["year"]
        and o["inspector"] == i["inspector"]
        and o["judged_by"] != i["judged_by"]
    }
    if twice:
        out.append(
            bad(
                "two_levels",
                "检查人 {p} 同年已在 {l} 级验收。",
                "inspector {p} judged it at level {l} in the same year.",
                "各级由不同的人检查。",
                "Each level sends another person.",
                p=i["inspector"],
                l=", ".join(sorted(twice)),
            )
        )
    return out


# ---------------------------------------------------------------- notices and objections
def digest_of(due: pa.Table) -> str:
    """Return the fingerprint of the rows of a notice: code, holder, parcel, area and fen of each, in order of code."""
    names = ("due_id", "holder_id", "parcel_id", "paid_dm2", "net_fen", "state")
    lines = sorted(zip(*(due[n].to_pylist() for n in names), strict=True))
    return hashlib.sha256(json.dumps(lines, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


_PUBLISHED = ("payable", "escrow")
"""States of the rows whose area and money a notice adds up."""


def open_notice(
    office: Office,
    rules: OfficeRules,
    notice_id: str,
    programme: str,
    year: int,
    region_code: str,
    due: pa.Table,
    opens_on: date,
    by: By,
) -> Done:
    """Open a public notice of what a programme owes in a region: its days, totals and the fingerprint of its rows.

    due  rows of `programmes.tables.DUE`; those of the programme and year are taken whole. Totals are worked out from them.
    """
    there = queries.last(office, "notice", {"notice_id": notice_id})
    faults = [_exists("notice", notice_id)] if there else []
    open_now = [
        n
        for n in queries.last(office, "notice", {"region_code": region_code})
        if n["programme"] == programme and n["year"] == year and n["state"] == "open"
    ]
    faults += [
        _fault(
            "notice_open",
            "notice",
            n["notice_id"],
            Text("同一项目、年度、地区的公示还在进行。", "a notice of this programme, year and region is still open."),
            Text("先结束或撤回它。", "Close or withdraw it first."),
        )
        for n in open_now
    ]
    mine = due.filter(pc.and_(pc.equal(due["programme"], programme), pc.equal(due["year"], year)))
    if not len(mine):
        faults.append(
            _fault(
                "notice_empty",
                "notice",
                notice_id,
                Text("没有可公示的行。", "there is nothing to publish."),
                Text("先核算。", "Work out what is owed first."),
            )
        )
    raise_errors(faults)
    span = window(opens_on, rules.params(opens_on, office.today()))
    live = mine.filter(pc.is_in(mine["state"], value_set=pa.array(_PUBLISHED)))
    row = {
        "notice_id": notice_id,
        "programme": programme,
        "year": year,
        "region_code": region_code,
        "state": "open",
        "opens_on": span.opens,
        "closes_on": span.closes,
        "rows": len(mine),
        "published_dm2": sum(a for a, s in zip(own_areas(mine), mine["state"].to_pylist(), strict=True) if s in _PUBLISHED),
        "published_fen": pc.sum(live["net_fen"]).as_py() or 0,
        "digest": digest_of(mine),
        "source_id": None,
        "valid_from": span.opens,
        "valid_to": None,
    }
    return Done(
        record(
            office, _Delta(added={"notice": [row]}), act="notice.open", actor=by.actor, reason=by.reason, source=by.source, at=by.at
        )
    )


def close_notice(
    office: Office, rules: OfficeRules, notice_id: str, on: date, by: By, *, due: pa.Table | None = None, withdraw: bool = False
) -> Done:
    """Close a notice after its last day, or withdraw it; open objections and rows changed meanwhile are told or refused.

    due  the rows to be paid: they must be those published, or the notice can only be withdrawn
    """
    notice = queries.one(office, "notice", "notice_id", notice_id)
    faults = []
    if notice["state"] != "open":
        faults.append(
            _fault(
                "notice_state",
                "notice",
                notice_id,
                Text("公示已不在进行。", "it is not open."),
                Text("无须再办。", "There is nothing to do."),
            )
        )
    if not withdraw and on <= notice["closes_on"]:
        faults.append(
            _fault(
                "notice_early",
                "notice",
                notice_id,
                Text("公示到 {d} 为止。", "it runs until {d}.").fill(d=notice["closes_on"]),
                Text("次日起办理。", "Close it from the next day on."),
            )
        )
    if due is not None and not withdraw:
        mine = due.filter(pc.and_(pc.equal(due["programme"], notice["programme"]), pc.equal(due["year"], notice["year"])))
        if digest_of(mine) != notice["digest"]:
            faults.append(
                _fault(
                    "notice_changed",
                    "notice",
                    notice_id,
                    Text("要支付的行不是公示的行。", "the rows to be paid are not those that were published."),
                    Text("撤回后重新公示。", "Withdraw it and publish again."),
                )
            )
    waiting = [o for o in queries.last(office, "objection", {"notice_id": notice_id}) if o["outcome"] == "open"]
    told = [
        _fault(
            "objection_open",
            "objection",
            o["objection_id"],
            Text("异议未答复，相应款项暂缓。", "it is not answered; its money is held."),
            Text("尽快答复。", "Answer it."),
            "warning",
        )
        for o in waiting
    ]
    raise_errors(faults)
    old, new = _changed(notice, on, state="withdrawn" if withdraw else "closed")
    change = record(
        office,
        _Delta({"notice": old}, {"notice": new}),
        act="notice.withdraw" if withdraw else "notice.close",
        actor=by.actor,
        reason=by.reason,
        source=by.source,
        at=by.at,
    )
    return Done(change, told)


def receive_objection(office: Office, rules: OfficeRules, row: Mapping[str, Any], by: By) -> Done:
    """Register an objection to a notice; one that comes late is registered all the same and told."""
    notice = queries.one(office, "notice", "notice_id", str(row["notice_id"]))
    if queries.last(office, "objection", {"objection_id": str(row["objection_id"])}):
        raise FaultsError([_exists("objection", str(row["objection_id"]))])
    made = (
        {"parcel_id": "", "said": ""} | dict(row) | {"year": notice["year"], "outcome": "open", "answered_on": None, "answer": None}
    )
    made |= {"valid_from": made["received_on"], "valid_to": None}
    faults = _objection_faults(office, rules, made, notice)
    raise_errors(faults)
    return Done(
        record(
            office,
            _Delta(added={"objection": [made]}),
            act="objection.receive",
            actor=by.actor,
            reason=by.reason,
            source=by.source,
            at=by.at,
        ),
        faults,
    )


def answer_objection(office: Office, rules: OfficeRules, objection_id: str, outcome: str, answer: str, on: date, by: By) -> Done:
    """Answer an objection: upheld or rejected, with its reason. Who handled the claim may not decide it."""
    row = queries.one(office, "objection", "objection_id", objection_id)
    notice = queries.one(office, "notice", "notice_id", row["notice_id"])
    faults = []
    if row["outcome"] != "open":
        faults.append(
            _fault(
                "answered",
                "objection",
                objection_id,
                Text("已答复（{o}）。", "it was answered ({o}).").fill(o=row["outcome"]),
                Text("另有新理由的，登记新的异议。", "Register a new objection if there are new reasons."),
            )
        )
    if outcome not in ("upheld", "rejected"):
        faults.append(
            _fault(
                "outcome",
                "objection",
                objection_id,
                Text("结果是 {o}。", "the outcome is {o}.").fill(o=outcome),
                Text("写 upheld 或 rejected。", "Write upheld or rejected."),
            )
        )
    if not answer.strip():
        faults.append(
            _fault(
                "answer_empty",
                "objection",
                objection_id,
                Text("没有答复理由。", "the answer gives no reason."),
                Text("写明理由。", "Say why."),
            )
        )
    raise_errors(faults)
    old, new = _changed(row, on, outcome=outcome, answered_on=on, answer=answer)
    faults = _objection_faults(office, rules, new[-1], notice)
    raise_errors(faults)
    return Done(
        record(
            office,
            _Delta({"objection": old}, {"objection": new}),
            act="objection.answer",
            actor=by.actor,
            reason=by.reason,
            source=by.source,
            at=by.at,
        ),
        faults,
    )


def _objection_faults(office: Office, rules: OfficeRules, row: Mapping[str, Any], notice: Mapping[str, Any]) -> list[Fault]:
    table = OBJECTION.table([{n: row[n] for n in OBJECTION.schema().names}])
    return check_objections(
        table, notice["opens_on"], row["year"], office.today(), rules.params(notice["opens_on"], office.today())
    )


# ---------------------------------------------------------------- versions
def _stop(faults: list[Fault]) -> None:
    """Raise everything that was found, warnings too, if any of it is an error."""
    if errors(faults):
        raise FaultsError(faults)


def _changed(row: dict[str, Any], on: date, **new: Any) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return what a change from a day on closes and adds: until that day the version stays as it was."""
    until = [_bare(row) | {"valid_to": on}] if row["valid_from"] < on else []
    return [row], [*until, _bare(row) | new | {"valid_from": max(on, row["valid_from"])}]


def _bare(row: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in row.items() if k not in ("known_from", "known_to")}


def _early(head: Mapping[str, Any], on: date) -> Fault | None:
    if on >= head["valid_from"]:
        return None
    return _fault(
        "early",
        "contract",
        head["contract_id"],
        Text("现状自 {d} 起，早于它不能变动。", "it has been as it is since {d}; nothing changes before that.").fill(
            d=head["valid_from"]
        ),
        Text("写 {d} 或以后的日期。", "Give that day or a later one.").fill(d=head["valid_from"]),
    )


def _over(head: Mapping[str, Any], on: date) -> Fault:
    return _fault(
        "term_over",
        "contract",
        head["contract_id"],
        Text("期限到 {t} 为止，{d} 签订已过期。", "its term ends on {t}; signed on {d} it would be over.").fill(
            t=head["term_to"], d=on
        ),
        Text("改正期限或签订日。", "Mend the term or the day."),
    )


def _exists(register: str, id: str) -> Fault:
    return _fault(
        "exists",
        register,
        id,
        Text("编码 {i} 已用过，或写了两次。", "code {i} is used already, or is there twice.").fill(i=id),
        Text("另取编码。", "Take another code."),
    )


def _no_programme(c: Mapping[str, Any], known: Mapping[str, Programme]) -> Fault:
    return _fault(
        "unknown_programme",
        "contract",
        str(c["contract_id"]),
        Text("没有项目 {p}；有：{a}。", "there is no programme {p}; there are: {a}.").fill(p=c["programme"], a=", ".join(known)),
        Text("核对项目代码。", "Check its code."),
    )


def _fault(code: str, where: str, record: str, clash: Text, remedy: Text, severity: Any = "error") -> Fault:
    return Fault(f"programmes.{code}", where, record, clash, remedy, severity)


__all__ = [
    "By",
    "Done",
    "answer_objection",
    "close_notice",
    "digest_of",
    "draft",
    "inspect",
    "move",
    "open_notice",
    "receive_objection",
    "renew",
    "sign",
]
