"""Envelopes of an office: their terms, grant notices, steps of art. 31, interest and returns; each written once, with its booking.

A row of register `envelope` holds the terms; what happened is in `envelope_event`, and every event that moves money is booked in
the ledger within the same transaction (key ``envelope_event:<event>``), so that register and books cannot part:

    grant, return          asset:bank:E   ← fund:E
    interest               asset:bank:E   ← fund:E, or ← liability:interest:<owner>:E when it is not the envelope's
    reduce, recover        fund:E         ← asset:bank:E; what the fund no longer holds: claim:recovery ← liability:recovery:<payer>
    postpone, stop         fund:E         ← fund:postponed:E (what stands there cannot be given out)
    release                fund:postponed:E ← fund:E
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import pyarrow as pa

from ecocomp.funds.allocate import check_envelopes
from ecocomp.funds.events import OWNERS, Standing, event_faults, interest_owner, standing
from ecocomp.ledger.journal import Transfer
from ecocomp.rules import Parameters
from ecocomp.terms.faults import Fault, FaultsError, raise_errors
from ecocomp.terms.tables import ENVELOPE
from ecocomp.terms.text import Text
from ecoweb.office import Office
from ecoweb.records import queries
from ecoweb.records.models import Change
from ecoweb.records.store import Work, delta_tables, writing
from ecoweb.treasury import ledger
from ecoweb.treasury.ledger_read import balance, fund_statement

Known = date | datetime | None
_SAME = ("envelope_id", "source", "name_zh", "name_en", "floor_fen", "priority", "earmark_programmes", "earmark_regions",
         "earmark_zones", "earmark_ecosystems", "purposes", "ration", "match_ppm", "matches", "document")  # fmt: skip
_LAST = date(9999, 12, 31)


# ---------------------------------------------------------------- reading
def envelopes(office: Office, on: date | None = None, known: Known = None) -> list[dict[str, Any]]:
    """Return the envelopes whose terms hold on a day, by code."""
    return sorted(queries.rows(office, "envelope", on=on, known=known).to_pylist(), key=lambda r: str(r["envelope_id"]))


def events(office: Office, envelope_id: str | None = None, known: Known = None) -> list[dict[str, Any]]:
    """Return the events as they stand, of one envelope or all, by day and code."""
    where = {"envelope_id": envelope_id} if envelope_id else None
    found = queries.rows(office, "envelope_event", where, on=_LAST, known=known).to_pylist()
    return sorted(found, key=lambda r: (r["happened_on"], str(r["event_id"])))


def standings(office: Office, params: Parameters, on: date | None = None, known: Known = None) -> list[Standing]:
    """Return where each envelope stands at the end of a day."""
    day = on or office.today()
    happened: dict[str, list[dict[str, Any]]] = {}
    for e in events(office, known=known):
        happened.setdefault(e["envelope_id"], []).append(e)
    return [
        standing(r["envelope_id"], r["source"], _owned(happened.get(r["envelope_id"], []), r), params, day)
        for r in envelopes(office, day, known)
    ]


def envelope_table(office: Office, year: int, params: Parameters, on: date | None = None, known: Known = None) -> pa.Table:
    """Return the envelopes of a budget year as the year run reads them (ENVELOPE): granted is what its events leave usable.

    Postponed money and that of a stopped envelope is not in `granted_fen`; interest the envelope owns and returns are.
    """
    day = min(on or office.today(), date(year, 12, 31))
    happened = [e for e in events(office, known=known) if e["year"] == year]
    rows = []
    for r in envelopes(office, day, known):
        own = _owned([e for e in happened if e["envelope_id"] == r["envelope_id"]], r)
        if r["usable_from"].year > year or r["usable_to"].year < year:
            continue
        found = standing(r["envelope_id"], r["source"], own, params, date(year, 12, 31) if on is None else on)
        rows.append(_gate_row(r, year, found.usable_fen))
    return ENVELOPE.table(rows)


def _gate_row(r: Mapping[str, Any], year: int, granted: int) -> dict[str, Any]:
    return {
        **{k: r[k] for k in _SAME},
        "year": year,
        "granted_fen": granted,
        "earmark_zones": r["earmark_zones"] or "",
        "earmark_ecosystems": r["earmark_ecosystems"] or "",
        "earmark_red_line": bool(r["earmark_red_line"]),
        "carry_over": bool(r["carry_over"]),
        "valid_from": r["usable_from"],
        "valid_to": r["usable_to"],
    }


def _owned(happened: Sequence[Mapping[str, Any]], envelope: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return events in which interest without an owner has the envelope's own, where its terms name one."""
    own = envelope.get("interest_owner")
    return [{**e, "owner": e.get("owner") or own} if e["kind"] == "interest" else dict(e) for e in happened]


# ---------------------------------------------------------------- writing
def record_envelopes(
    office: Office,
    rows: Sequence[Mapping[str, Any]],
    params: Parameters,
    *,
    actor: str,
    reason: str,
    source: str = "",
    on: date | None = None,
) -> Change | None:
    """Enter envelopes, or new terms of those there are from `on` on; None when all of it is entered already.

    rows    with the columns of register `envelope` but its clocks
    raises  FaultsError with every fault of the terms (`funds.allocate.check_envelopes`)
    """
    day = on or office.today()
    there = {r["envelope_id"]: r for r in envelopes(office, day)}
    fresh = [dict(r) for r in rows if not _same(there.get(r["envelope_id"]), r)]
    raise_errors(_term_faults(rows, list(there.values()), params))
    if not fresh:
        return None
    with writing(office, act="envelope.enter", actor=actor, reason=reason, source=source) as work:
        old = [there[r["envelope_id"]] for r in fresh if r["envelope_id"] in there]
        raise_errors(work.close("envelope", old))
        added = [{**r, "valid_from": day, "valid_to": None} for r in fresh]
        # What held before stays so: the old terms up to the day, the new ones from it on.
        added += [_without_known(r) | {"valid_to": day} for r in old if r["valid_from"] < day]
        raise_errors([f for name, table in delta_tables({"envelope": added}).items() for f in work.add(name, table)])
    return work.change


def _same(old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> bool:
    return old is not None and all(old[k] == v for k, v in new.items())


def _without_known(row: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in row.items() if k not in ("known_from", "known_to")}


def _term_faults(rows: Sequence[Mapping[str, Any]], there: Sequence[Mapping[str, Any]], params: Parameters) -> list[Fault]:
    out: list[Fault] = []
    ids = [r["envelope_id"] for r in rows]
    kept = [r for r in there if r["envelope_id"] not in ids]
    for r in rows:
        if r["usable_to"] < r["usable_from"]:
            clash = Text("止用日 {a} 早于起用日 {b}。", "It is usable until {a}, before {b}, from which it is usable.")
            out.append(_fault("funds.expired", r["envelope_id"], clash.fill(a=r["usable_to"], b=r["usable_from"]), _DATES))
        if r.get("interest_owner") and r["interest_owner"] not in OWNERS:
            clash = Text("利息归属 {o} 不认识。", "Owner {o} of interest is not known.").fill(o=r["interest_owner"])
            out.append(
                _fault("funds.interest", r["envelope_id"], clash, Text("可用：{a}。", "Known: {a}.").fill(a=", ".join(OWNERS)))
            )
    if out:
        return out
    for year in sorted({r["usable_from"].year for r in rows}):
        some = [r for r in [*rows, *kept] if r["usable_from"].year <= year <= r["usable_to"].year]
        unique = {str(r["envelope_id"]): r for r in some}
        table = ENVELOPE.table([_gate_row(r, year, max(0, r["floor_fen"])) for r in unique.values()])
        out += [f for f in check_envelopes(table, params, year) if f.record in ids]
    out += [
        _fault(
            "funds.duplicate",
            i,
            Text("写了 {n} 次。", "It is written {n} times.").fill(n=ids.count(i)),
            Text("只留一行。", "Keep one row."),
        )
        for i in sorted({i for i in ids if ids.count(i) > 1})
    ]
    return list(dict.fromkeys(out))


def record_events(
    office: Office,
    rows: Sequence[Mapping[str, Any]],
    params: Parameters,
    *,
    actor: str,
    reason: str,
    source: str = "",
    book: bool = True,
) -> Change | None:
    """Enter events and book what they move, all in one transaction; events already entered with the same content are passed over.

    rows    ``event_id, envelope_id, kind, year, fen, happened_on, act, owner, document``
    book    False where the ledger is kept elsewhere
    raises  FaultsError with every fault: of the events among themselves and with those entered, an event entered with other
            content, a ledger that cannot give what is taken
    """
    there = {e["event_id"]: e for e in events(office)}
    terms = {r["envelope_id"]: r for r in envelopes(office, _LAST)}
    clashing = [_reused(str(r["event_id"])) for r in rows if r["event_id"] in there and not _same(there[r["event_id"]], r)]
    ids = [str(r["event_id"]) for r in rows]
    clashing += [_reused(i) for i in sorted({i for i in ids if ids.count(i) > 1})]
    fresh = [dict(r) for r in rows if r["event_id"] not in there]
    known = {i: str(r["source"]) for i, r in terms.items()}
    found = event_faults([*there.values(), *fresh], known, params)
    raise_errors([*clashing, *(f for f in found if f.record in ids or not f.record)])
    if not fresh:
        return None
    fresh.sort(key=lambda r: (r["happened_on"], str(r["event_id"])))
    with writing(office, act="envelope.event", actor=actor, reason=reason, source=source) as work:
        added = [{**r, "valid_from": r["happened_on"], "valid_to": None} for r in fresh]
        raise_errors([f for name, table in delta_tables({"envelope_event": added}).items() for f in work.add(name, table)])
        for r in fresh if book else ():
            _book(work, office, r, terms[r["envelope_id"]], params)
    return work.change


def _book(work: Work, office: Office, event: Mapping[str, Any], envelope: Mapping[str, Any], params: Parameters) -> None:
    lines = _lines(office, event, envelope, params)
    if lines:
        memo = f"{event['kind']} {event['document']}"
        ledger.post(work, lines, key=f"envelope_event:{event['event_id']}", book_on=event["happened_on"], memo=memo)


def _lines(office: Office, event: Mapping[str, Any], envelope: Mapping[str, Any], params: Parameters) -> list[Transfer]:
    e, fen, id, kind = event["envelope_id"], int(event["fen"]), str(event["event_id"]), event["kind"]
    bank, fund, waiting = f"asset:bank:{e}", f"fund:{e}", f"fund:postponed:{e}"
    if kind in ("grant", "return"):
        return [Transfer(bank, fund, fen, "grant" if kind == "grant" else "clawback", id)]
    if kind == "interest":
        owner = event.get("owner") or envelope.get("interest_owner") or interest_owner(envelope["source"], params)
        return [Transfer(bank, fund if owner == "envelope" else f"liability:interest:{owner}:{e}", fen, "interest", id)]
    if kind in ("postpone", "stop"):
        held = -balance(office, fund)
        moved = min(fen, held) if kind == "postpone" else held
        return [Transfer(fund, waiting, moved, kind, id)] if moved > 0 else []
    if kind == "release":
        moved = min(fen or _ALL, -balance(office, waiting))
        return [Transfer(waiting, fund, moved, kind, id)] if moved > 0 else []
    out, left = [], fen
    for account in (waiting, fund):  # what waits goes first: it was not to be used anyway
        part = min(left, -balance(office, account), balance(office, bank))
        if part > 0:
            out.append(Transfer(account, bank, part, "recovery", id))
            left -= part
    if left:
        out.append(Transfer("claim:recovery", f"liability:recovery:{_path(envelope['payer'])}", left, "recovery", id))
    return out


_ALL = 1 << 62


def _path(name: str) -> str:
    """Return a name as a part of an account may be written."""
    return "".join(c if c not in ":\t\n\r " else "_" for c in name.strip())[:80] or "payer"


def in_books(office: Office, on: date | None = None, known: Known = None) -> list[dict[str, Any]]:
    """Return the envelopes that have or had money by the ledger, by code, with what lies where in fen.

    Envelopes come into the books by events of the register and by the bundles that payments take in; `registered` says whether
    the register has terms of one, whatever the day. Names are the register's, else the bundle's, else the code.

    on     at the end of this day; None counts every day
    known  by what had been booked by then
    """
    names = _bundle_names(office)
    terms = {str(r["envelope_id"]): r for r in queries.versions(office, "envelope").to_pylist()}
    out = []
    for row in fund_statement(office, on, known).to_pylist():
        code = str(row.pop("envelope"))
        if not any(row.values()):
            continue
        named = terms.get(code) or names.get(code) or {"name_zh": code, "name_en": code}
        both = {k: named[k] for k in ("name_zh", "name_en")}
        out.append({"envelope_id": code, **both, "registered": code in terms, **row})
    return out


def _bundle_names(office: Office) -> dict[str, dict[str, str]]:
    """Return what the last bundle called each envelope."""
    with office.reading() as cursor:
        cursor.execute("SELECT envelope_id, name_zh, name_en FROM pay_fund ORDER BY seq")
        return {str(e): {"name_zh": str(zh), "name_en": str(en)} for e, zh, en in cursor.fetchall()}


def ledger_faults(office: Office, params: Parameters) -> list[Fault]:
    """Return a fault for each event that moves money and is not in the books."""
    from ecoweb.treasury.ledger_read import find_journal

    out = []
    with office.reading() as cursor:
        for e in events(office):
            if (
                e["kind"] in ("grant", "return", "interest", "reduce", "recover")
                and find_journal(office, cursor, f"envelope_event:{e['event_id']}") is None
            ):
                clash = Text("登记了，账上没有。", "It is entered, and the books do not have it.")
                out.append(
                    _fault(
                        "funds.not_booked",
                        str(e["event_id"]),
                        clash,
                        Text("补记，或更正登记。", "Book it, or correct the register."),
                    )
                )
    return out


# ---------------------------------------------------------------- faults
_DATES = Text("更正日期。", "Mend the days.")


def _fault(code: str, record: str, clash: Text, remedy: Text) -> Fault:
    return Fault(code, "envelope", record, clash, remedy)


def _reused(id: str) -> Fault:
    return _fault(
        "funds.event_reused",
        id,
        Text("这个事项编码已用于另一内容。", "This event code stands for something else already."),
        Text("另取编码；更正旧事项须用更正。", "Take another code; an old event is mended by a correction."),
    )


__all__ = [
    "FaultsError",
    "envelope_table",
    "envelopes",
    "events",
    "in_books",
    "ledger_faults",
    "record_envelopes",
    "record_events",
    "standings",
]
