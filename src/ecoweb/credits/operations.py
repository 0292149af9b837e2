"""What can be done with eco-credits: accounts and projects, issue, transfer by two persons, pledge, retire, cancel, reverse.

Each function is one transaction (`desk.run`); all faults are found before anything is written. Reading: `queries`;
orders, deals against money and auctions: `market`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

from ecocomp.credits.blocks import Block, Step, move, ranges, say_ranges
from ecocomp.credits.claims import Claim, double_claims
from ecocomp.credits.instrument import ROLES, Instrument, holidays
from ecocomp.credits.issuing import (
    Event,
    buffer_units,
    crediting_faults,
    evidence_faults,
    match_faults,
    period_faults,
    quality_rank,
    years_after,
)
from ecocomp.credits.surrender import standing, surrender_faults
from ecocomp.terms.codes import PARTY_KINDS
from ecocomp.terms.faults import Fault, FaultsError, UsageError, raise_errors
from ecocomp.terms.registers import REGISTERS
from ecocomp.terms.text import Text
from ecoweb.credits.desk import Desk, Done, Rules, run
from ecoweb.credits.payment import Sale, settle
from ecoweb.credits.queries import claims_on, surrendered
from ecoweb.office import Office
from ecoweb.records import store
from ecoweb.records.queries import rows, versions

SURRENDER = "surrender"
MAKE_GOOD = "make_good"


# ---------------------------------------------------------------- accounts, trust, duties (registers)
def register_row(
    office: Office, register: str, row: dict[str, Any], *, actor: str, reason: str, act: str, source: str = ""
) -> dict[str, Any]:
    """Register a row, or what is changed of it from its first day on; an equal row that stands is left alone."""
    from ecocomp.terms.registers import object_key
    from ecoweb.records.store import record

    key = {k: row[k] for k in object_key(register)}
    stands = [r for r in versions(office, register, key).to_pylist() if r["known_to"] is None]
    live = [r for r in stands if r["valid_to"] is None or r["valid_to"] > row["valid_from"]]
    if any(all(r[k] == v for k, v in row.items() if k != "valid_from") and r["valid_from"] <= row["valid_from"] for r in live):
        return row
    kept = [
        {k: v for k, v in r.items() if k not in ("known_from", "known_to")} | {"valid_to": row["valid_from"]}
        for r in live
        if r["valid_from"] < row["valid_from"]
    ]
    record(
        office, _Delta({register: live}, {register: [*kept, row]}), act=f"credits.{act}", actor=actor, reason=reason, source=source
    )
    return row


class _Delta:
    """Rows to end and rows to add."""

    def __init__(self, closed: dict[str, list[dict[str, Any]]], added: dict[str, list[dict[str, Any]]]) -> None:
        self.closed, self.added = closed, added


def open_account(office: Office, row: dict[str, Any], *, actor: str, reason: str) -> dict[str, Any]:
    """Open an account or change it. `row` has the columns of `credit_account` without the clock of knowledge."""
    faults = [*_word_faults("credit_account", row["account_id"], account_id=row["account_id"], party_id=row["party_id"])]
    for column, known in (("role", ROLES), ("kind", PARTY_KINDS)):
        if row[column] not in known:
            clash = Text("{c}“{v}”不在代码表中。", "{c} “{v}” is not in the code list.").fill(c=column, v=row[column])
            remedy = Text("可用：{a}。", "Known: {a}.").fill(a=", ".join(known))
            faults.append(Fault("credits.code", "credit_account", row["account_id"], clash, remedy))
    raise_errors(faults)
    return register_row(office, "credit_account", row, actor=actor, reason=reason, act="account")


def trust(
    office: Office, account: str, counterparty: str, document: str, *, actor: str, reason: str, day: date | None = None
) -> dict[str, Any]:
    """Put a counterparty on the list of those an account trusts; it may be dealt with when its waiting time is over."""
    on = day or office.today()
    faults = []
    for id in (account, counterparty):
        if not len(rows(office, "credit_account", {"account_id": id}, on=on)):
            faults.append(
                Fault("credits.no_account", "credit_account", id, Text("没有这个账户。", "there is no such account."), _OPEN)
            )
    if account == counterparty:
        faults.append(
            Fault(
                "credits.same_account",
                "credit_trust",
                account,
                Text("对手方是自己。", "the counterparty is the account itself."),
                _OTHER,
            )
        )
    raise_errors(faults)
    row = {"account_id": account, "counterparty_id": counterparty, "document": document, "valid_from": on, "valid_to": None}
    return register_row(office, "credit_trust", row, actor=actor, reason=reason, act="trust")


def set_duty(
    office: Office, rules: Rules, account: str, instrument: str, period: str, due: str, document: str, *, actor: str, reason: str
) -> dict[str, Any]:
    """Register what an account must surrender in a year (verified emission), or needs for itself."""
    day = office.today()
    inst = rules.instrument(instrument, day)
    if not (len(period) == 4 and period.isascii() and period.isdigit()):
        raise UsageError(Text("年度“{p}”应是四位年份。", "The year “{p}” must have four digits.").fill(p=period))
    if not len(rows(office, "credit_account", {"account_id": account})):
        raise FaultsError(
            [Fault("credits.no_account", "credit_account", account, Text("没有这个账户。", "there is no such account."), _OPEN)]
        )
    units = 0 if due.strip() in ("0", "0.0") else inst.parse(due)
    row = {
        "account_id": account,
        "instrument": instrument,
        "period": period,
        "due": units,
        "document": document,
        "valid_from": day,
        "valid_to": None,
    }
    return register_row(office, "credit_duty", row, actor=actor, reason=reason, act="duty")


# ---------------------------------------------------------------- projects and their ground
def register_project(
    office: Office,
    rules: Rules,
    row: dict[str, Any],
    parcels: Sequence[tuple[str, Fraction]],
    *,
    actor: str,
    reason: str,
    ground_to: date | None = None,
) -> dict[str, Any]:
    """Register a project with its crediting period and the ground it claims, checked against every other claim.

    row        columns of `credit_project` but the benefit, with `valid_from` and `valid_to` as the crediting period
    parcels    parcel and the share of it; none for instruments that are tied to no ground
    raises     FaultsError with every fault: limits, unknown account, ground claimed twice
    """
    inst = rules.instrument(row["instrument"], office.today())
    id, start, end = row["project_id"], row["valid_from"], row["valid_to"]
    faults = [*_word_faults("credit_project", id, project_id=id), *crediting_faults(inst, id, start, end)]
    if end is not None and end <= start:
        faults.append(
            _fault(
                "period", id, Text("止日不晚于起日。", "it ends no later than it begins."), Text("改正日期。", "Mend the dates.")
            )
        )
    account = rows(office, "credit_account", {"account_id": row["account_id"]}).to_pylist()
    if not account:
        faults.append(
            Fault(
                "credits.no_account",
                "credit_account",
                row["account_id"],
                Text("没有这个账户。", "there is no such account."),
                _OPEN,
            )
        )
    else:
        faults += holder_faults(office, inst, account[0], office.today())
    if any(r["known_to"] is None for r in versions(office, "credit_project", {"project_id": id}).to_pylist()):
        clash = Text("已有这个项目。", "there is such a project already.")
        faults.append(_fault("project_twice", id, clash, Text("换一个编码。", "Give it another code.")))
    faults += _ground_faults(inst, id, parcels)
    raise_errors(faults)
    ground = [
        {
            "project_id": id,
            "parcel_id": p,
            "share_num": s.numerator,
            "share_den": s.denominator,
            "valid_from": start,
            "valid_to": end,
        }
        for p, s in parcels
    ]
    mine = [Claim(id, inst.id, inst.benefit, p, s, start, end) for p, s in parcels]
    with store.writing(office, act="credits.project", actor=actor, reason=reason, source=row["document"]) as work:
        raise_errors(double_claims([*mine, *claims_on(office, [p for p, _ in parcels])], _all_rules(office, rules), [id]))
        added = store.delta_tables({"credit_project": [row | {"benefit": inst.benefit}], "credit_ground": ground})
        from ecoweb.records.checks import row_faults

        raise_errors([f for r, t in added.items() for f in row_faults(r, t)])
        raise_errors([f for r, t in added.items() for f in work.add(r, t)])
    return row | {"benefit": inst.benefit, "parcels": len(parcels)}


def end_claim(office: Office, project: str, day: date, parcels: Sequence[str] = (), *, actor: str, reason: str) -> int:
    """End a project's claim on its ground from a day on (all parcels if none is named); what was issued stands."""
    stands = [r for r in versions(office, "credit_ground", {"project_id": project}).to_pylist() if r["known_to"] is None]
    live = [r for r in stands if (r["valid_to"] is None or r["valid_to"] > day) and (not parcels or r["parcel_id"] in parcels)]
    if not live:
        raise FaultsError(
            [
                _fault(
                    "no_claim",
                    project,
                    Text("{d} 之后没有主张。", "it claims nothing after {d}.").fill(d=day),
                    Text("核对日期和地块。", "Check day and parcels."),
                )
            ]
        )
    with office.reading() as cursor:
        cursor.execute("SELECT issue_id, period_to FROM credit_issue WHERE project_id = %s AND period_to > %s", [project, day])
        later = cursor.fetchall()
    if later:
        clash = Text("签发 {i} 的期间到 {e}，晚于 {d}。", "issue {i} covers a period until {e}, after {d}.").fill(
            i=later[0][0], e=later[0][1], d=day
        )
        raise FaultsError(
            [
                _fault(
                    "claim_used",
                    project,
                    clash,
                    Text("先作废那一次签发，或改为更晚的日期。", "Cancel that issue first, or take a later day."),
                )
            ]
        )
    kept = [
        {k: v for k, v in r.items() if k not in ("known_from", "known_to")} | {"valid_to": day}
        for r in live
        if r["valid_from"] < day
    ]
    store.record(
        office, _Delta({"credit_ground": live}, {"credit_ground": kept}), act="credits.claim_end", actor=actor, reason=reason
    )
    return len(live)


def _all_rules(office: Office, rules: Rules) -> dict[str, Instrument]:
    from ecocomp.credits.instrument import instruments

    found, _ = instruments(rules.params(office.today()))
    return found


def _ground_faults(inst: Instrument, id: str, parcels: Sequence[tuple[str, Fraction]]) -> list[Fault]:
    faults = []
    if inst.ground == "parcel" and not parcels:
        clash = Text("{i} 产生于地块，而没有写地块。", "{i} arises on parcels, but no parcel is given.").fill(i=inst.name)
        faults.append(
            _fault("no_ground", id, clash, Text("用 --parcel 写明地块和份额。", "Give parcels and shares with --parcel."))
        )
    if inst.ground == "none" and parcels:
        clash = Text("{i} 不依附地块。", "{i} is tied to no parcel.").fill(i=inst.name)
        faults.append(_fault("no_ground", id, clash, Text("去掉 --parcel。", "Leave --parcel away.")))
    seen: set[str] = set()
    for parcel, share in parcels:
        if parcel in seen or not parcel.strip() or not 0 < share <= 1:
            clash = Text(
                "地块“{p}”的份额 {s} 不对，或出现两次。", "parcel “{p}” with share {s}: not between 0 and 1, or twice."
            ).fill(p=parcel, s=share)
            faults.append(
                _fault(
                    "share",
                    id,
                    clash,
                    Text("每个地块写一次，份额大于 0、至多 1。", "Name each parcel once, with a share above 0 and at most 1."),
                )
            )
        seen.add(parcel)
    return faults


# ---------------------------------------------------------------- issue
def issue(
    office: Office,
    rules: Rules,
    project: str,
    period: tuple[date, date],
    quantity: str,
    steps: Sequence[Event],
    *,
    actor: str,
    reason: str,
    key: str = "",
    day: date | None = None,
    account: str = "",
    quality: str = "",
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
        "steps": [[e.step, str(e.on), str(e.until or ""), e.document, e.by] for e in steps],
    }

    def do(desk: Desk) -> dict[str, Any]:
        row = desk.project(project)
        inst = desk.instrument(row["instrument"])
        units = inst.parse(quantity)
        holder = desk.account(account or row["account_id"])
        earlier = desk.ask("SELECT issue_id, period_from, period_to FROM credit_issue WHERE project_id = %s", project)
        earlier = [(i, _as_day(a), _as_day(b)) for i, a, b in earlier] if inst.ground == "parcel" else []
        faults = [
            *operation_faults(inst, "issue", project),
            *holder_faults(office, inst, holder, desk.day),
            *period_faults(inst, project, (row["valid_from"], row["valid_to"]), period, earlier),
            *step_faults(desk, inst, inst.issue_steps, steps, project, owner=row["account_id"]),
            *_issue_ground(desk, inst, project, period),
            *_shortfall_faults(desk, inst, project),
        ]
        if period[1] > desk.day:
            clash = Text("期间到 {e}，还没有结束。", "the period ends on {e}, which has not come.").fill(e=period[1])
            if inst.ground == "parcel":
                faults.append(_fault("period", project, clash, Text("期满后再签发。", "Issue when it is over.")))
        raise_errors(faults)
        back = buffer_units(units, inst.hold_back)
        return _mint(
            desk,
            inst,
            "issued",
            project,
            period,
            units,
            back,
            holder["account_id"],
            quality or row["quality"] or "",
            row["region_code"],
            None,
        )

    with_instrument = _instrument_of(office, project)
    return run(
        office, rules, act="issue", actor=actor, reason=reason, instrument=with_instrument, day=day, asked=asked, do=do, key=key
    )


def import_units(
    office: Office,
    rules: Rules,
    instrument: str,
    account: str,
    quantity: str,
    reference: str,
    period: tuple[date, date],
    *,
    actor: str,
    reason: str,
    key: str = "",
    day: date | None = None,
    region: str = "",
    quality: str = "",
) -> Done:
    """Take units over from another registry; its reference (registry and serials) comes in once."""
    asked = {
        "account": account,
        "quantity": quantity.strip(),
        "reference": reference,
        "from": str(period[0]),
        "to": str(period[1]),
        "region": region,
        "quality": quality,
    }

    def do(desk: Desk) -> dict[str, Any]:
        inst = desk.instrument(instrument)
        units, holder = inst.parse(quantity), desk.account(account)
        faults = [*operation_faults(inst, "import", reference), *holder_faults(office, inst, holder, desk.day)]
        if not reference.strip():
            faults.append(
                _fault(
                    "reference",
                    account,
                    Text("没有原登记号。", "the other registry's reference is missing."),
                    Text("用 --reference 写明。", "Give it with --reference."),
                )
            )
        before = desk.ask("SELECT issue_id FROM credit_issue WHERE foreign_ref = %s", reference)
        if before:
            clash = Text("原登记号已经转入（{i}）。", "the reference has come in already ({i}).").fill(i=before[0][0])
            faults.append(_fault("imported_twice", reference, clash, Text("核对原登记号。", "Check the reference.")))
        if period[1] <= period[0]:
            faults.append(
                _fault(
                    "period",
                    reference,
                    Text("止日不晚于起日。", "it ends no later than it begins."),
                    Text("改正日期。", "Mend the dates."),
                )
            )
        raise_errors(faults)
        return _mint(desk, inst, "imported", "", period, units, 0, account, quality, region, reference)

    return run(office, rules, act="import", actor=actor, reason=reason, instrument=instrument, day=day, asked=asked, do=do, key=key)


def _mint(
    desk: Desk,
    inst: Instrument,
    kind: str,
    project: str,
    period: tuple[date, date],
    units: int,
    back: int,
    account: str,
    quality: str,
    region: str,
    reference: str | None,
) -> dict[str, Any]:
    first = int(desk.ask("SELECT coalesce(max(last), 0) + 1 FROM credit_issue WHERE instrument = %s", inst.id)[0][0])
    last = first + units - 1
    vintage = (period[1] - timedelta(days=1)).year
    expires = years_after(period[0], inst.valid_years) if inst.valid_years else None
    number = int(desk.ask("SELECT count(*) FROM credit_issue WHERE instrument = %s", inst.id)[0][0]) + 1
    name = f"{inst.id}-{number}"
    desk.insert(
        "credit_issue", name, inst.id, kind, project, first, last, vintage, *period, expires, quality, region, reference, desk.event
    )
    made = [Block(name, first, last - back, "held", account)] if units > back else []
    made += [Block(name, last - back + 1, last, "buffer", account)] if back else []
    desk.apply(inst.id, Step((), tuple(made)))
    return {
        "issue": name,
        "instrument": inst.id,
        "account": account,
        "vintage": vintage,
        "serials": f"{first}-{last}",
        "quantity": units,
        "held": units - back,
        "buffer": back,
        "expires_on": str(expires) if expires else None,
    }


def _issue_ground(desk: Desk, inst: Instrument, project: str, period: tuple[date, date]) -> list[Fault]:
    """Find ground of a project that it does not claim for the whole period, or that others claim as well."""
    if inst.ground != "parcel":
        return []
    own = _own_claims(desk.office, project)
    parcels = sorted({c.parcel for c in own if c.start < period[1] and (c.end is None or c.end > period[0])})
    faults = []
    short = [c.parcel for c in own if c.start <= period[0] and (c.end is None or c.end >= period[1])]
    if not parcels or set(parcels) - set(short):
        missing = ", ".join(sorted(set(parcels) - set(short))[:8]) or "—"
        clash = Text("期间 {a} 至 {b} 没有被全程主张的地块：{m}。", "ground that is not claimed for the whole of {a} to {b}: {m}.")
        faults.append(
            _fault(
                "no_ground",
                project,
                clash.fill(a=period[0], b=period[1], m=missing),
                Text("分期签发，或先更正主张。", "Issue in parts, or mend the claim first."),
            )
        )
    others = claims_on(desk.office, parcels) if parcels else []
    live = [c for c in others if c.start < period[1] and (c.end is None or c.end > period[0])]
    return [*faults, *double_claims(live, _all_rules(desk.office, desk.rules), [project])]


def _own_claims(office: Office, project: str) -> list[Claim]:
    found = [r for r in versions(office, "credit_ground", {"project_id": project}).to_pylist() if r["known_to"] is None]
    return [
        Claim(project, "", "", r["parcel_id"], Fraction(r["share_num"], r["share_den"]), r["valid_from"], r["valid_to"])
        for r in found
    ]


def _shortfall_faults(desk: Desk, inst: Instrument, project: str) -> list[Fault]:
    missing = open_shortfall(desk, project)
    if missing <= 0:
        return []
    clash = Text("逆转尚缺 {m}（{u}）没有补足。", "a reversal is still short of {m} ({u}).").fill(m=inst.say(missing), u=inst.unit)
    remedy = Text("先用 credits cancel --purpose make_good 补足。", "Make it good first: credits cancel --purpose make_good.")
    return [_fault("shortfall_open", project, clash, remedy)]


def open_shortfall(desk: Desk, project: str) -> int:
    """Return what reversals of a project took more than the buffer had, less what was made good."""
    import json

    lost = 0
    for (body,) in desk.ask("SELECT body FROM credit_event WHERE act = 'reverse'"):
        found = json.loads(body)["found"]
        lost += found["shortfall"] if found["project"] == project else 0
    made = desk.ask(
        "SELECT coalesce(sum(last - first + 1), 0) FROM credit_block WHERE ended_by_id IS NULL AND state = 'cancelled'"
        " AND purpose = %s AND beneficiary = %s",
        MAKE_GOOD,
        project,
    )
    return lost - int(made[0][0])


# ---------------------------------------------------------------- what every movement is checked against
def operation_faults(inst: Instrument, operation: str, record: str) -> list[Fault]:
    """Return a fault if the instrument does not know an operation."""
    if operation in inst.operations:
        return []
    clash = Text("{i} 不允许“{o}”。", "{i} does not allow “{o}”.").fill(i=inst.name, o=operation)
    remedy = Text("允许的操作：{a}。", "Allowed: {a}.").fill(a=", ".join(sorted(inst.operations)))
    return [_fault("operation", record, clash, remedy)]


def holder_faults(office: Office, inst: Instrument, account: dict[str, Any], day: date) -> list[Fault]:
    """Return the faults of an account as holder: kind of party, role, and officers and their kin."""
    faults = []
    if account["kind"] not in inst.holders:
        clash = Text("{k}不得持有{i}。", "{i} may not be held by a {k}.").fill(
            k=PARTY_KINDS.get(account["kind"], account["kind"]), i=inst.name
        )
        faults.append(
            _fault(
                "holder",
                account["account_id"],
                clash,
                Text("可持有：{a}。", "Holders: {a}.").fill(a=", ".join(sorted(inst.holders))),
            )
        )
    if account["role"] in inst.barred:
        clash = Text("{r}不得持有和交易。", "{r}: may not hold or trade.").fill(r=ROLES[account["role"]])
        faults.append(
            _fault(
                "barred",
                account["account_id"],
                clash,
                Text("由无利害关系的主体持有。", "Let a party without such an office hold them."),
            )
        )
    if inst.barred and account["kind"] in ("person", "household") and "officer" in REGISTERS:
        officers = rows(office, "officer", on=day).to_pylist()
        named = {o["person_id"] for o in officers} | {k for o in officers for k in (o["kin"] or "").split()}
        if account["party_id"] in named:
            clash = Text("权利主体 {p} 是经办人或其亲属。", "party {p} is an officer or an officer's kin.").fill(
                p=account["party_id"]
            )
            faults.append(
                _fault(
                    "barred",
                    account["account_id"],
                    clash,
                    Text("由无利害关系的主体持有。", "Let a party without such an office hold them."),
                )
            )
    return faults


def person_of(office: Office, actor: str, day: date) -> str:
    """Return the person behind an officer's account; the account itself if the register of officers does not know it."""
    if "officer" in REGISTERS:
        found = rows(office, "officer", {"officer_id": [actor, actor.removeprefix("u:")]}, on=day).to_pylist()
        if found:
            return str(found[0]["person_id"])
    return actor


def trust_faults(desk: Desk, inst: Instrument, account: str, counterparty: str, *, waited: bool) -> list[Fault]:
    """Return a fault if a counterparty is not trusted, or (`waited`) not for long enough."""
    found = desk.register("credit_trust", account_id=account, counterparty_id=counterparty)
    if not found:
        clash = Text("{c} 不在 {a} 的可信对手方名单中。", "{c} is not on the list of those {a} trusts.").fill(
            a=account, c=counterparty
        )
        return [
            _fault(
                "not_trusted",
                account,
                clash,
                Text(
                    "先用 ecocomp credits trust 登记，再等候规定时间。",
                    "Register it with ecocomp credits trust and wait the time set.",
                ),
            )
        ]
    since: datetime = min(r["known_from"] for r in found)
    free = since + timedelta(hours=inst.delay_hours)
    if waited and desk.work.at < free:
        clash = Text("{c} 自 {s} 起才可信，须等 {h} 小时。", "{c} has been trusted only since {s}; it waits {h} hours.").fill(
            c=counterparty, s=since.isoformat(timespec="minutes"), h=inst.delay_hours
        )
        return [
            _fault(
                "new_counterparty",
                account,
                clash,
                Text("{t} 之后再批准。", "Approve it after {t}.").fill(t=free.isoformat(timespec="minutes")),
            )
        ]
    return []


def use_faults(desk: Desk, inst: Instrument, blocks: Sequence[Block], record: str, *, retire: bool) -> list[Fault]:
    """Return the faults of units that have expired, or that are used or moved outside their own period."""
    faults = []
    for id, row in sorted(desk.issues(b.issue for b in blocks).items()):
        if row["expires_on"] is not None and row["expires_on"] <= desk.day:
            clash = Text("{i} 已于 {d} 失效。", "{i} ended on {d}.").fill(i=id, d=row["expires_on"])
            faults.append(
                _fault(
                    "expired", record, clash, Text("重新核定后签发，或作废。", "Have it verified and issued anew, or cancel it.")
                )
            )
        outside = desk.day >= row["period_to"] or (retire and desk.day < row["period_from"])
        if inst.within_period and outside:
            clash = Text("{i} 只能在 {a} 至 {b} 之内使用。", "{i} can be used from {a} until {b} only.").fill(
                i=id, a=row["period_from"], b=row["period_to"]
            )
            faults.append(_fault("outside_period", record, clash, Text("过期作废。", "Cancel what is over.")))
    return faults


def surplus_faults(desk: Desk, inst: Instrument, account: str, units: int) -> list[Fault]:
    """Return a fault if a movement would leave an account with less than its own need of the year."""
    if not inst.surplus_only:
        return []
    need = sum(r["due"] for r in desk.register("credit_duty", account_id=account, instrument=inst.id, period=str(desk.day.year)))
    held = sum(b.quantity for b in desk.blocks(inst.id, "b.account = %s AND b.state = 'held'", account))
    if held - units >= need:
        return []
    clash = Text("持有 {h}，自用 {n}，只有 {s} 可转出，而要转出 {u}。", "{h} are held and {n} needed: {s} may move, not {u}.")
    clash = clash.fill(h=inst.say(held), n=inst.say(need), s=inst.say(max(0, held - need)), u=inst.say(units))
    return [
        _fault(
            "surplus",
            account,
            clash,
            Text("只转出富余部分，或更正自用量。", "Move only the surplus, or mend the need (credits duty)."),
        )
    ]


def move_faults(
    desk: Desk, inst: Instrument, operation: str, giver: dict[str, Any], taker: dict[str, Any], steps: Sequence[Event]
) -> list[Fault]:
    """Return every fault of moving units between two accounts that does not depend on which units."""
    faults = [*operation_faults(inst, operation, giver["account_id"])]
    for account in (giver, taker):
        faults += holder_faults(desk.office, inst, account, desk.day)
    if giver["account_id"] == taker["account_id"]:
        faults.append(_fault("same_account", giver["account_id"], Text("转出与转入是同一账户。", "it gives and takes."), _OTHER))
    return [
        *faults,
        *step_faults(
            desk,
            inst,
            inst.transfer_steps,
            steps,
            giver["account_id"],
            cross_region=giver["region_code"][:6] != taker["region_code"][:6],
            other_sector=(giver["sector"] or "") != (taker["sector"] or ""),
        ),
    ]


def step_faults(desk: Desk, inst: Instrument, needed: Any, given: Sequence[Event], record: str, **more: Any) -> list[Fault]:
    years = {e.on.year for e in given} | {e.until.year for e in given if e.until}
    off, worked = holidays(desk.rules.params(desk.day), years)
    return evidence_faults(needed, given, desk.day, record, off=off, worked=worked, **more)


# ---------------------------------------------------------------- taking units
def taken(
    desk: Desk,
    inst: Instrument,
    operation: str,
    account: str,
    units: int | None,
    serials: Sequence[tuple[int, int]] = (),
    *,
    condition: str = "",
    values: Sequence[Any] = (),
    to: str | None = None,
    **place: str,
) -> Step:
    """Return the step that takes units of an account; FaultsError that says what it has if they are not there.

    to     the account they go to; None: they stay with theirs
    place  lien, purpose, beneficiary and period of their new place
    """
    sources = {"release": "pledged", "unlock": "locked", "settle": "locked"}.get(operation, "held")
    found = desk.blocks(inst.id, f"b.account = %s AND b.state = '{sources}'{condition}", account, *values)
    target = to or account
    state = {"pledge": "pledged", "lock": "locked"}.get(operation, "held")
    beside: list[Block] = []
    if operation in ("transfer", "release", "unlock", "settle", "pledge", "lock"):
        lien = place.get("lien", "")
        beside = desk.blocks(inst.id, f"b.account = %s AND b.state = '{state}' AND b.lien = %s", target, lien)
    step, missing = move(found, operation, units, account=to, serials=serials, beside=beside, **place)
    if not missing:
        return step
    there = sum(b.quantity for b in found)
    wanted = (
        Text("编号 {s}", "the serials {s}").fill(s=say_ranges(serials))
        if serials
        else Text("{q}", "{q}").fill(q=inst.say(units or 0))
    )
    clash = Text("要 {w}，而账户可用 {h}（{u}）。", "{w} are wanted, but the account has {h} free ({u}).").fill(
        w=wanted, h=inst.say(there), u=inst.unit
    )
    remedy = Text("减少数量，或先解除质押、撤单。", "Take fewer, or release pledges and cancel orders first.")
    raise FaultsError([_fault("not_enough", account, clash, remedy)])


def _moved(step: Step, **place: str) -> list[Block]:
    return [b for b in step.made if all(getattr(b, k) == v for k, v in place.items())]


# ---------------------------------------------------------------- transfer: asked by one, approved by another
def request_transfer(
    office: Office,
    rules: Rules,
    instrument: str,
    giver: str,
    taker: str,
    quantity: str | None,
    *,
    actor: str,
    reason: str,
    key: str = "",
    day: date | None = None,
    serials: Sequence[tuple[int, int]] = (),
    steps: Sequence[Event] = (),
    amount_fen: int | None = None,
    receipt: str = "",
) -> Done:
    """Ask for a transfer: units are locked until another person approves it.

    amount_fen  what is paid for them (then it is a bilateral deal); None: a transfer without payment
    receipt     the bank receipt of the payment; empty: it is taken from the buyer's deposit
    """
    asked = {
        "from": giver,
        "to": taker,
        "quantity": quantity,
        "serials": [list(s) for s in serials],
        "amount_fen": amount_fen,
        "receipt": receipt,
        "steps": [[e.step, str(e.on), str(e.until or ""), e.document, e.by] for e in steps],
    }
    operation = "transfer" if amount_fen is None else "deal"

    def do(desk: Desk) -> dict[str, Any]:
        inst = desk.instrument(instrument)
        gives, takes = desk.account(giver), desk.account(taker)
        faults = [*move_faults(desk, inst, operation, gives, takes, steps), *trust_faults(desk, inst, giver, taker, waited=False)]
        if amount_fen is not None and amount_fen <= 0:
            faults.append(
                _fault(
                    "amount",
                    giver,
                    Text("成交金额应大于零。", "the amount must be above zero."),
                    Text("改正 --amount。", "Mend --amount."),
                )
            )
        raise_errors(faults)
        units = inst.parse(quantity) if quantity is not None else None
        lien = f"T{desk.event}"
        step = taken(desk, inst, "lock", giver, units, serials, lien=lien)
        locked = _moved(step, lien=lien)
        total = sum(b.quantity for b in locked)
        raise_errors([*use_faults(desk, inst, locked, giver, retire=False), *surplus_faults(desk, inst, giver, total)])
        desk.apply(inst.id, step)
        found = {
            "request": lien,
            "instrument": instrument,
            "from": giver,
            "to": taker,
            "quantity": total,
            "serials": say_ranges(ranges(locked)),
            "amount_fen": amount_fen,
            "receipt": receipt,
            "maker": actor,
            "done": False,
        }
        if inst.persons < 2:
            raise_errors(trust_faults(desk, inst, giver, taker, waited=True))
            found |= _deliver(desk, inst, found)
        return found

    return run(
        office, rules, act="transfer", actor=actor, reason=reason, instrument=instrument, day=day, asked=asked, do=do, key=key
    )


def approve_transfer(office: Office, rules: Rules, request: str, *, actor: str, reason: str, key: str = "") -> Done:
    """Approve a transfer: by another person than asked for it, after the waiting time of a new counterparty."""
    asked, instrument = _pending(office, request)

    def do(desk: Desk) -> dict[str, Any]:
        inst = desk.instrument(instrument)
        found = _request(desk, request)
        faults = []
        if person_of(office, actor, desk.day) == person_of(office, found["maker"], desk.day):
            clash = Text("提出和批准是同一人（{a}）。", "{a} asked for it and approves it.").fill(a=actor)
            faults.append(_fault("one_person", request, clash, Text("由另一人批准。", "Let another person approve it.")))
        gives, takes = desk.account(found["from"]), desk.account(found["to"])
        for account in (gives, takes):
            faults += holder_faults(office, inst, account, desk.day)
        faults += trust_faults(desk, inst, found["from"], found["to"], waited=True)
        faults += use_faults(desk, inst, desk.blocks(inst.id, "b.lien = %s AND b.state = 'locked'", request), request, retire=False)
        raise_errors(faults)
        return found | _deliver(desk, inst, found)

    return run(
        office, rules, act="approve", actor=actor, reason=reason, instrument=instrument, day=None, asked=asked, do=do, key=key
    )


def withdraw_transfer(office: Office, rules: Rules, request: str, *, actor: str, reason: str, key: str = "") -> Done:
    """Withdraw or refuse a transfer that was asked for: its units are free again."""
    asked, instrument = _pending(office, request)

    def do(desk: Desk) -> dict[str, Any]:
        inst, found = desk.instrument(instrument), _request(desk, request)
        desk.apply(inst.id, taken(desk, inst, "unlock", found["from"], None, condition=" AND b.lien = %s", values=[request]))
        return found | {"done": False, "withdrawn": True}

    return run(
        office, rules, act="withdraw", actor=actor, reason=reason, instrument=instrument, day=None, asked=asked, do=do, key=key
    )


def _pending(office: Office, request: str) -> tuple[dict[str, str], str]:
    with office.reading() as cursor:
        number = (
            request[1:] if request[:1] == "T" and request[1:].isascii() and request[1:].isdigit() and len(request) < 16 else "0"
        )
        cursor.execute("SELECT instrument FROM credit_event WHERE seq = %s AND act = 'transfer'", [int(number)])
        found = cursor.fetchone()
    if found is None:
        clash = Text("没有这项转让申请。", "there is no such request.")
        raise FaultsError(
            [_fault("no_request", request, clash, Text("用 credits list --requests 查看。", "See credits list --requests."))]
        )
    return {"request": request}, str(found[0])


def _request(desk: Desk, request: str) -> dict[str, Any]:
    import json

    body = desk.ask("SELECT body FROM credit_event WHERE seq = %s", int(request[1:]))[0][0]
    open_ = desk.ask("SELECT count(*) FROM credit_block WHERE lien = %s AND state = 'locked' AND ended_by_id IS NULL", request)[0][
        0
    ]
    if not open_:
        clash = Text("这项申请已经办结。", "the request is closed.")
        raise FaultsError([_fault("request_closed", request, clash, Text("重新申请。", "Ask anew."))])
    found: dict[str, Any] = json.loads(body)["found"]
    return found


def _deliver(desk: Desk, inst: Instrument, found: dict[str, Any]) -> dict[str, Any]:
    step = taken(desk, inst, "settle", found["from"], None, condition=" AND b.lien = %s", values=[found["request"]], to=found["to"])
    desk.apply(inst.id, step)
    done: dict[str, Any] = {"done": True}
    if found["amount_fen"] is not None:
        seller = desk.account(found["from"])
        trade = Sale(
            found["to"],
            found["from"],
            found["quantity"],
            found["amount_fen"],
            found["serials"],
            found["request"],
            found["request"],
            found["receipt"],
        )
        done |= settle(desk, inst, [trade], "deal", {seller["account_id"]: seller})
    return done


# ---------------------------------------------------------------- pledge, lock
def pledge(
    office: Office,
    rules: Rules,
    instrument: str,
    account: str,
    quantity: str | None,
    creditor: str,
    document: str,
    *,
    actor: str,
    reason: str,
    key: str = "",
    day: date | None = None,
    serials: Sequence[tuple[int, int]] = (),
) -> Done:
    """Pledge units to a creditor; they cannot move until released."""
    asked = {
        "account": account,
        "quantity": quantity,
        "serials": [list(s) for s in serials],
        "creditor": creditor,
        "document": document,
    }

    def do(desk: Desk) -> dict[str, Any]:
        inst = desk.instrument(instrument)
        faults = operation_faults(inst, "pledge", account)
        for value, name in ((creditor, "--creditor"), (document, "--document")):
            if not value.strip():
                faults.append(
                    _fault("missing", account, Text("缺少 {n}。", "{n} is missing.").fill(n=name), Text("写明它。", "Give it."))
                )
        raise_errors(faults)
        desk.account(account)
        lien = f"P{desk.event}"
        step = taken(
            desk,
            inst,
            "pledge",
            account,
            inst.parse(quantity) if quantity is not None else None,
            serials,
            lien=lien,
            beneficiary=creditor,
        )
        raise_errors(use_faults(desk, inst, _moved(step, lien=lien), account, retire=False))
        desk.apply(inst.id, step)
        pledged = _moved(step, lien=lien)
        return {
            "pledge": lien,
            "account": account,
            "creditor": creditor,
            "quantity": sum(b.quantity for b in pledged),
            "serials": say_ranges(ranges(pledged)),
        }

    return run(
        office,
        rules,
        act="pledge",
        actor=actor,
        reason=reason,
        instrument=instrument,
        day=day,
        asked=asked,
        do=do,
        key=key,
        source=document,
    )


def release(
    office: Office, rules: Rules, lien: str, document: str, *, actor: str, reason: str, key: str = "", quantity: str | None = None
) -> Done:
    """Release a pledge (P…) or unlock a freeze (F…), whole or in part, on the creditor's or court's paper."""
    instrument, account, state = _lien_of(office, lien)
    asked = {"lien": lien, "document": document, "quantity": quantity}

    def do(desk: Desk) -> dict[str, Any]:
        inst = desk.instrument(instrument)
        operation = "release" if state == "pledged" else "unlock"
        faults = operation_faults(inst, operation, lien)
        if not document.strip():
            faults.append(
                _fault(
                    "missing",
                    lien,
                    Text("缺少债权人或机关的解除文件。", "the paper that releases it is missing."),
                    Text("用 --document 写明。", "Give it with --document."),
                )
            )
        if lien[:1] not in "PF":
            faults.append(
                _fault(
                    "lien",
                    lien,
                    Text("这不是质押或冻结。", "this is no pledge or freeze."),
                    Text(
                        "转让申请用 withdraw，订单用 order --cancel。", "Withdraw a request; cancel an order with order --cancel."
                    ),
                )
            )
        raise_errors(faults)
        step = taken(
            desk,
            inst,
            operation,
            account,
            inst.parse(quantity) if quantity is not None else None,
            condition=" AND b.lien = %s",
            values=[lien],
        )
        desk.apply(inst.id, step)
        left = desk.ask(
            "SELECT coalesce(sum(last - first + 1), 0) FROM credit_block WHERE lien = %s AND ended_by_id IS NULL AND state = %s",
            lien,
            state,
        )
        return {"lien": lien, "account": account, "still": int(left[0][0])}

    return run(
        office,
        rules,
        act="release",
        actor=actor,
        reason=reason,
        instrument=instrument,
        day=None,
        asked=asked,
        do=do,
        key=key,
        source=document,
    )


def freeze(
    office: Office,
    rules: Rules,
    instrument: str,
    account: str,
    quantity: str | None,
    document: str,
    *,
    actor: str,
    reason: str,
    key: str = "",
    serials: Sequence[tuple[int, int]] = (),
) -> Done:
    """Lock units on the paper of a court or authority."""
    asked = {"account": account, "quantity": quantity, "serials": [list(s) for s in serials], "document": document}

    def do(desk: Desk) -> dict[str, Any]:
        inst = desk.instrument(instrument)
        faults = operation_faults(inst, "lock", account)
        if not document.strip():
            faults.append(
                _fault(
                    "missing",
                    account,
                    Text("缺少冻结文件。", "the paper that freezes them is missing."),
                    Text("用 --document 写明。", "Give it with --document."),
                )
            )
        raise_errors(faults)
        lien = f"F{desk.event}"
        step = taken(desk, inst, "lock", account, inst.parse(quantity) if quantity is not None else None, serials, lien=lien)
        desk.apply(inst.id, step)
        locked = _moved(step, lien=lien)
        return {
            "lock": lien,
            "account": account,
            "quantity": sum(b.quantity for b in locked),
            "serials": say_ranges(ranges(locked)),
        }

    return run(
        office,
        rules,
        act="lock",
        actor=actor,
        reason=reason,
        instrument=instrument,
        day=None,
        asked=asked,
        do=do,
        key=key,
        source=document,
    )


def _lien_of(office: Office, lien: str) -> tuple[str, str, str]:
    with office.reading() as cursor:
        cursor.execute(
            "SELECT instrument, account, state FROM credit_block WHERE lien = %s AND ended_by_id IS NULL"
            " AND state IN ('pledged', 'locked')",
            [lien],
        )
        found = cursor.fetchone()
    if found is None:
        raise FaultsError(
            [
                _fault(
                    "no_lien",
                    lien,
                    Text("没有生效的质押或冻结。", "there is no pledge or freeze of that number."),
                    Text("用 credits list 查看。", "See credits list."),
                )
            ]
        )
    return str(found[0]), str(found[1]), str(found[2])


# ---------------------------------------------------------------- retire, cancel, export, reverse
def retire(
    office: Office,
    rules: Rules,
    instrument: str,
    account: str,
    quantity: str | None,
    purpose: str,
    beneficiary: str,
    *,
    actor: str,
    reason: str,
    key: str = "",
    day: date | None = None,
    serials: Sequence[tuple[int, int]] = (),
    steps: Sequence[Event] = (),
    period: str = "",
    need: str | None = None,
    need_quality: str = "",
) -> Done:
    """Retire units for good, for a purpose and on someone's behalf.

    period  of a surrender: the year it settles; the duty must be registered (`set_duty`)
    need    of a quota that must match: what is taken, and its grade of quality
    """
    asked = {
        "account": account,
        "quantity": quantity,
        "serials": [list(s) for s in serials],
        "purpose": purpose,
        "beneficiary": beneficiary,
        "period": period,
        "need": need,
        "need_quality": need_quality,
        "steps": [[e.step, str(e.on), str(e.until or ""), e.document, e.by] for e in steps],
    }

    def do(desk: Desk) -> dict[str, Any]:
        inst = desk.instrument(instrument)
        desk.account(account)
        faults = [*operation_faults(inst, "retire", account), *step_faults(desk, inst, inst.retire_steps, steps, account)]
        if purpose not in inst.purposes:
            clash = Text("{i} 没有用途“{p}”。", "{i} has no purpose “{p}”.").fill(i=inst.name, p=purpose)
            faults.append(
                _fault("purpose", account, clash, Text("可用：{a}。", "Known: {a}.").fill(a=", ".join(inst.purposes) or "—"))
            )
        if not beneficiary.strip():
            faults.append(
                _fault(
                    "beneficiary",
                    account,
                    Text("没有写明受益人。", "the beneficiary is missing."),
                    Text("用 --beneficiary 写明。", "Give it with --beneficiary."),
                )
            )
        raise_errors(faults)
        units = inst.parse(quantity) if quantity is not None else None
        step = taken(
            desk,
            inst,
            "retire",
            account,
            units,
            serials,
            purpose=purpose,
            beneficiary=beneficiary,
            period=period,
            lien=f"R{desk.event}",
        )
        gone = _moved(step, state="retired")
        total = sum(b.quantity for b in gone)
        faults = use_faults(desk, inst, gone, account, retire=True)
        found: dict[str, Any] = {
            "retirement": f"R{desk.event}",
            "account": account,
            "quantity": total,
            "serials": say_ranges(ranges(gone)),
            "purpose": purpose,
            "beneficiary": beneficiary,
        }
        if purpose == SURRENDER:
            more, left = _surrender(desk, inst, account, period, total)
            faults += more
            found |= {"period": period, "still_due": left}
        if inst.match:
            grades = [row["quality"] or "" for row in desk.issues(b.issue for b in gone).values()]
            wanted = inst.parse(need) if need else 0
            if not need or not need_quality:
                faults.append(
                    _fault(
                        "match_need",
                        account,
                        Text("须写明所占的数量和质量。", "what is taken, and its quality, must be given."),
                        Text("用 --need 和 --need-quality。", "Use --need and --need-quality."),
                    )
                )
            faults += match_faults(inst, account, min(grades, key=quality_rank, default=""), wanted, need_quality, total)
        raise_errors(faults)
        desk.apply(inst.id, step)
        return found

    return run(office, rules, act="retire", actor=actor, reason=reason, instrument=instrument, day=day, asked=asked, do=do, key=key)


def _surrender(desk: Desk, inst: Instrument, account: str, period: str, units: int) -> tuple[list[Fault], int | None]:
    duties = [
        r
        for r in desk.register("credit_duty", account_id=account, period=period)
        if SURRENDER in desk.instrument(r["instrument"]).purposes
    ]
    if len(duties) != 1:
        clash = Text("{p} 年有 {n} 项清缴义务。", "there are {n} duties to surrender for {p}.").fill(p=period or "—", n=len(duties))
        return [
            _fault(
                "no_duty",
                account,
                clash,
                Text(
                    "用 --period 写明年度，并用 credits duty 登记应缴量。",
                    "Give --period, and register what is due with credits duty.",
                ),
            )
        ], None
    duty = desk.instrument(duties[0]["instrument"])
    before = surrendered(desk.office, desk.rules, account, period, duty)
    scaled = Fraction(units * duty.one, inst.one)
    if scaled.denominator != 1:
        return [
            _fault(
                "quantity",
                account,
                Text("数量不能换算为整数。", "the quantity does not convert exactly."),
                Text("取整数。", "Take a whole number."),
            )
        ], None
    names = {*before, inst.id, duty.id}
    known = {n: desk.instrument(n) for n in names}
    old = standing(duties[0]["due"], before, duty, known)
    new = standing(duties[0]["due"], before | {inst.id: before.get(inst.id, 0) + int(scaled)}, duty, known)
    return surrender_faults(old, new, account, duty), new.missing


def cancel(
    office: Office,
    rules: Rules,
    instrument: str,
    account: str,
    quantity: str | None,
    purpose: str,
    *,
    actor: str,
    reason: str,
    key: str = "",
    day: date | None = None,
    serials: Sequence[tuple[int, int]] = (),
    project: str = "",
) -> Done:
    """Cancel units for good; with the purpose `make_good` for the reversal of a project that the buffer did not cover."""
    asked = {
        "account": account,
        "quantity": quantity,
        "serials": [list(s) for s in serials],
        "purpose": purpose,
        "project": project,
    }

    def do(desk: Desk) -> dict[str, Any]:
        inst = desk.instrument(instrument)
        faults = operation_faults(inst, "cancel", account)
        if not purpose.strip():
            faults.append(
                _fault(
                    "purpose",
                    account,
                    Text("没有写明原因。", "the purpose is missing."),
                    Text("用 --purpose 写明。", "Give it with --purpose."),
                )
            )
        if purpose == MAKE_GOOD:
            desk.project(project)
        raise_errors(faults)
        step = taken(
            desk,
            inst,
            "cancel",
            account,
            inst.parse(quantity) if quantity is not None else None,
            serials,
            purpose=purpose,
            beneficiary=project,
            lien=f"C{desk.event}",
        )
        desk.apply(inst.id, step)
        gone = _moved(step, lien=f"C{desk.event}")
        return {
            "cancellation": f"C{desk.event}",
            "account": account,
            "quantity": sum(b.quantity for b in gone),
            "serials": say_ranges(ranges(gone)),
            "purpose": purpose,
        }

    return run(office, rules, act="cancel", actor=actor, reason=reason, instrument=instrument, day=day, asked=asked, do=do, key=key)


def export(
    office: Office,
    rules: Rules,
    instrument: str,
    account: str,
    quantity: str | None,
    registry: str,
    *,
    actor: str,
    reason: str,
    key: str = "",
    serials: Sequence[tuple[int, int]] = (),
) -> Done:
    """Give units over to another registry; here they have come to rest."""
    asked = {"account": account, "quantity": quantity, "serials": [list(s) for s in serials], "registry": registry}

    def do(desk: Desk) -> dict[str, Any]:
        inst = desk.instrument(instrument)
        faults = operation_faults(inst, "export", account)
        if not registry.strip():
            faults.append(
                _fault(
                    "registry",
                    account,
                    Text("没有写明转入的登记机构。", "the other registry is missing."),
                    Text("用 --registry 写明。", "Give it with --registry."),
                )
            )
        raise_errors(faults)
        step = taken(
            desk,
            inst,
            "export",
            account,
            inst.parse(quantity) if quantity is not None else None,
            serials,
            purpose=registry,
            lien=f"X{desk.event}",
        )
        gone = _moved(step, lien=f"X{desk.event}")
        raise_errors(use_faults(desk, inst, gone, account, retire=False))
        desk.apply(inst.id, step)
        return {
            "export": f"X{desk.event}",
            "account": account,
            "quantity": sum(b.quantity for b in gone),
            "serials": say_ranges(ranges(gone)),
            "registry": registry,
        }

    return run(
        office, rules, act="export", actor=actor, reason=reason, instrument=instrument, day=None, asked=asked, do=do, key=key
    )


def reverse(
    office: Office,
    rules: Rules,
    project: str,
    quantity: str,
    event: str,
    document: str,
    *,
    actor: str,
    reason: str,
    key: str = "",
    day: date | None = None,
) -> Done:
    """Take the loss of what a project had stored (fire, felling, pest) from the buffer; what it does not cover is stated."""
    asked = {"project": project, "quantity": quantity.strip(), "event": event, "document": document}

    def do(desk: Desk) -> dict[str, Any]:
        row = desk.project(project)
        inst = desk.instrument(row["instrument"])
        units = inst.parse(quantity)
        faults = operation_faults(inst, "reverse", project)
        issued = int(desk.ask("SELECT coalesce(sum(last - first + 1), 0) FROM credit_issue WHERE project_id = %s", project)[0][0])
        lost = sum(_lost(desk, project))
        if units + lost > issued:
            clash = Text(
                "损失 {q}，加上以前的 {l}，超过签发的 {i}。", "the loss of {q}, with {l} before, exceeds what was issued, {i}."
            ).fill(q=inst.say(units), l=inst.say(lost), i=inst.say(issued))
            faults.append(_fault("loss", project, clash, Text("只逆转已签发的部分。", "Reverse only what was issued.")))
        for value, name in ((event, "--event"), (document, "--document")):
            if not value.strip():
                faults.append(
                    _fault("missing", project, Text("缺少 {n}。", "{n} is missing.").fill(n=name), Text("写明它。", "Give it."))
                )
        raise_errors(faults)
        own = desk.blocks(inst.id, "b.state = 'buffer' AND i.project_id = %s", project)
        others = (
            desk.blocks(inst.id, "b.state = 'buffer' AND i.project_id <> %s", project) if inst.buffer_scope == "instrument" else []
        )
        there = sum(b.quantity for b in (*own, *others))
        gone = 0
        if there:
            step, _ = move(
                [*own, *others], "reverse", min(units, there), purpose="reversal", beneficiary=project, lien=f"L{desk.event}"
            )
            desk.apply(inst.id, step)
            gone = min(units, there)
        return {
            "reversal": f"L{desk.event}",
            "project": project,
            "loss": units,
            "from_buffer": gone,
            "shortfall": units - gone,
            "buffer_left": there - gone,
            "event": event,
        }

    return run(
        office,
        rules,
        act="reverse",
        actor=actor,
        reason=reason,
        instrument=_instrument_of(office, project),
        day=day,
        asked=asked,
        do=do,
        key=key,
        source=document,
    )


def _lost(desk: Desk, project: str) -> list[int]:
    import json

    bodies = [json.loads(b)["found"] for (b,) in desk.ask("SELECT body FROM credit_event WHERE act = 'reverse'")]
    return [f["loss"] for f in bodies if f["project"] == project]


def unbuffer(
    office: Office, rules: Rules, project: str, quantity: str | None, document: str, *, actor: str, reason: str, key: str = ""
) -> Done:
    """Give what is left of a project's buffer back to its owner when the time of permanence is over."""
    asked = {"project": project, "quantity": quantity, "document": document}

    def do(desk: Desk) -> dict[str, Any]:
        row = desk.project(project)
        inst = desk.instrument(row["instrument"])
        faults = operation_faults(inst, "unbuffer", project)
        if row["valid_to"] is None or row["valid_to"] > desk.day:
            clash = Text("计入期还没有结束（{e}）。", "the crediting period has not ended ({e}).").fill(e=row["valid_to"] or "—")
            faults.append(_fault("permanence", project, clash, Text("期满后再返还。", "Give it back when it is over.")))
        if not document.strip():
            faults.append(
                _fault(
                    "missing",
                    project,
                    Text("缺少批准文件。", "the approval is missing."),
                    Text("用 --document 写明。", "Give it with --document."),
                )
            )
        raise_errors([*faults, *_shortfall_faults(desk, inst, project)])
        own = desk.blocks(inst.id, "b.state = 'buffer' AND i.project_id = %s", project)
        step, missing = move(own, "unbuffer", inst.parse(quantity) if quantity else None)
        if missing:
            clash = Text("缓冲只有 {h}。", "the buffer has only {h}.").fill(h=inst.say(sum(b.quantity for b in own)))
            raise FaultsError([_fault("not_enough", project, clash, Text("减少数量。", "Take fewer."))])
        desk.apply(inst.id, step)
        return {"project": project, "quantity": sum(b.quantity for b in _moved(step, state="held"))}

    return run(
        office,
        rules,
        act="unbuffer",
        actor=actor,
        reason=reason,
        instrument=_instrument_of(office, project),
        day=None,
        asked=asked,
        do=do,
        key=key,
        source=document,
    )


# ---------------------------------------------------------------- small things
def _instrument_of(office: Office, project: str) -> str:
    found = [r for r in versions(office, "credit_project", {"project_id": project}).to_pylist() if r["known_to"] is None]
    if not found:
        clash = Text("没有这个项目。", "there is no such project.")
        raise FaultsError(
            [
                Fault(
                    "credits.no_project",
                    "credit_project",
                    project,
                    clash,
                    Text("先用 ecocomp credits project 登记。", "Register it first with ecocomp credits project."),
                )
            ]
        )
    return str(found[0]["instrument"])


def _as_day(value: Any) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value


def _word_faults(where: str, record: str, **words: str) -> list[Fault]:
    """Find codes that are empty, or that the accounts of the ledger cannot carry."""
    return [
        Fault(
            "credits.word",
            where,
            record,
            Text("{n}“{v}”为空或含有空白、冒号。", "{n} “{v}” is empty or holds blanks or colons.").fill(n=n, v=v),
            Text("用字母、数字和连字符。", "Use letters, digits and hyphens."),
        )
        for n, v in words.items()
        if not v or any(c.isspace() or c in ":,|/" or not c.isprintable() for c in v) or len(v) > 64
    ]


def _fault(kind: str, record: str, clash: Text, remedy: Text) -> Fault:
    return Fault(f"credits.{kind}", "credits", record, clash, remedy)


_OPEN = Text("用 ecocomp credits account 开户，或改正编码。", "Open it with ecocomp credits account, or mend the code.")
_OTHER = Text("写另一个账户。", "Name another account.")
