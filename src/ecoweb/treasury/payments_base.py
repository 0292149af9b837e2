"""What every part of the payment run uses: its rules, its officers, numbers of rows, the words of the database's refusals."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from hashlib import sha256
from typing import Any

from ecocomp.payments.flow import AUTOMATIC, MONEY_ROLES, REASONS, STATES, STEPS, Done, Officer, role_faults
from ecocomp.rules import Parameters
from ecocomp.terms.clocks import OFFICE_ZONE
from ecocomp.terms.faults import Fault, FaultsError, raise_errors
from ecocomp.terms.text import Text
from ecoweb.office import Office
from ecoweb.records.fields import from_micros, to_micros
from ecoweb.records.rules import params_of
from ecoweb.records.store import Work, writing
from ecoweb.records.tables import write_many
from ecoweb.treasury.payments_folder import clear_cancelled, clear_parts

CHUNK = 20_000


# ---------------------------------------------------------------- rules
def number(params: Parameters, key: str) -> int:
    """Return a whole-number parameter."""
    value: Decimal = params.decimal(key)
    return int(value)


# ---------------------------------------------------------------- one act
@dataclass(frozen=True, slots=True)
class Act:
    """Who does something and why: account, reason, document, idempotency key, moment (None: now)."""

    actor: str
    reason: str
    document: str = ""
    key: str | None = None
    at: datetime | None = None


@contextmanager
def acting(office: Office, act: str, who: Act, **more: Any) -> Iterator[Work]:
    """Give one transaction with its entry in the log; what the database refuses is said in words."""
    try:
        with writing(
            office, act=f"payments.{act}", actor=who.actor, reason=who.reason, source=who.document, at=who.at, **more
        ) as work:
            clear_parts(office)  # what a killed act left in the folder of bank files
            clear_cancelled(office, work.cursor)
            before = {t: next_seq(work.cursor, t) for t in TRACED}
            yield work
            traced = {t: trace(work.cursor, t, first) for t, first in before.items() if next_seq(work.cursor, t) > first}
            if traced:
                work.facts["traced"] = traced
    except FaultsError as exc:
        raise FaultsError([_in_words(f) for f in exc.faults]) from exc


TRACED = (
    "pay_event", "pay_claim", "pay_fund", "pay_intake", "pay_notice", "pay_batch", "pay_step", "pay_file", "pay_return",
    "pay_result", "pay_parked", "pay_decision",
)  # fmt: skip
"""Tables whose new rows the log commits to as a set, with a short mark of each; rows and sources have digests of their own, lines
and slips those of their batch."""
MARK_BYTES = 4


def trace(cursor: Any, table: str, first: int) -> list[Any]:
    """Return what the log says of the rows a change added: number of the first, how many, their SHA-256, the mark of each."""
    made, marks, n = sha256(), bytearray(), 0
    for line in lines_of(cursor, table, first):
        made.update(line)
        marks += mark(line)
        n += 1
    return [first, n, made.hexdigest(), b64encode(bytes(marks)).decode()]


def lines_of(cursor: Any, table: str, first: int = 0) -> Iterator[bytes]:
    """Yield the rows of a table from a number on, in order, as the log commits to them."""
    for row in fetch(cursor, f"SELECT {', '.join(columns_of(table))} FROM {table} WHERE seq >= %s ORDER BY seq", [first]):
        yield ("\x1f".join(["\\0" if v is None else str(v) for v in row]) + "\n").encode()


def mark(line: bytes) -> bytes:
    """Return the mark of a row, by which an altered one is found among many."""
    return sha256(line).digest()[:MARK_BYTES]


@lru_cache
def columns_of(table: str) -> tuple[str, ...]:
    """Return the columns of a table, `seq` first."""
    from django.apps import apps

    (model,) = (m for m in apps.get_app_config("treasury").get_models() if m._meta.db_table == table)
    return tuple(str(f.column) for f in model._meta.concrete_fields)


def day_of(work: Work) -> date:
    """Return the day of an act in the zone of the office."""
    day: date = work.at.astimezone(OFFICE_ZONE).date()
    return day


_REFUSED: dict[str, tuple[Text, Text]] = {
    "ecoweb:move": (Text("该行的状态不允许这样变动，或已被他人变动", "the state of a row does not allow this move, or another changed it"), Text("重新读取后再办。", "Read it again, then decide.")),  # noqa: E501
    "ecoweb:batch": (Text("该行不在这个批次中，或批次未到这一步", "a row is not of this batch, or the batch has not come to this step"), Text("按步骤办理。", "Take the steps in their order.")),  # noqa: E501
    "ecoweb:slip": (Text("该行已在别的批次，或来源之和不等于金额", "a row is in another batch, or its sources are not its amount"), Text("重新编制批次。", "Make the batch anew.")),  # noqa: E501
    "ecoweb:step": (Text("批次的步骤不符", "the step of the batch is out of its turn"), Text("按步骤办理，一步不能少。", "Take the steps in their order; none is left out.")),  # noqa: E501
    "ecoweb:person": (Text("同一人不能办理两种职责", "one person cannot act in two roles"), Text("换人办理。", "Someone else must act.")),  # noqa: E501
    "ecoweb:digest": (Text("批次内容与所复核的不同", "the content of the batch is not what was checked"), Text("作废该批次并追查。", "Cancel the batch and find out who changed it.")),  # noqa: E501
    "ecoweb:sums": (Text("批次合计与各行不符", "the sums of the batch are not those of its rows"), Text("作废该批次并追查。", "Cancel the batch and find out who changed it.")),  # noqa: E501
    "pay_event_paid_once": (Text("该行已经支付过", "a row was paid already"), Text("不得再付。", "It must not be paid again.")),
    "pay_event.row": (Text("该行已经变动过", "a row was moved already"), Text("重新读取后再办。", "Read it again, then decide.")),
    "pay_row_key": (Text("同一权利人、地块、项目、年度、期次已有付款行", "a payment of this holder, parcel, programme, year and tranche is there already"), Text("不得重复支付。", "It must not be paid twice.")),  # noqa: E501
}  # fmt: skip


def _in_words(fault: Fault) -> Fault:
    if fault.code != "office.database":
        return fault
    for mark, (clash, remedy) in _REFUSED.items():
        if mark in fault.clash.en:
            return Fault(
                f"payments.refused.{mark.split(':')[-1].replace('.', '_')}",
                "payments",
                fault.record,
                Text(clash.zh + "。", clash.en + "."),
                remedy,
            )
    return fault


# ---------------------------------------------------------------- numbers and rows
def next_seq(cursor: Any, table: str) -> int:
    """Return the number of the next row of a table; the writer holds the office's one lock."""
    cursor.execute(f"SELECT coalesce(max(seq), 0) + 1 FROM {table}")
    return int(cursor.fetchone()[0])


def add_rows(work: Work, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Add rows, numbered on from the last; return the number of the first."""
    first = next_seq(work.cursor, table)
    write_many(work.office, work.cursor, table, ("seq", *columns), ((first + i, *row) for i, row in enumerate(rows)))
    return first


def add_one(work: Work, table: str, **values: Any) -> int:
    """Add one row; return its number."""
    return add_rows(work, table, tuple(values), [tuple(values.values())])


def move(work: Work, chosen: str, params: Sequence[Any], to_state: str, reason: str, *, batch: str = "NULL", note: str = "") -> int:
    """Move rows to a state: one event for each row that `chosen` selects (SQL that yields row numbers); return how many.

    batch  SQL of the batch's number, e.g. ``s.batch`` to keep the one the row is in
    """
    first = next_seq(work.cursor, "pay_event")
    work.cursor.execute(
        "INSERT INTO pay_event (seq, row, n, from_state, to_state, reason, batch, note, change)"
        f" SELECT {first} - 1 + row_number() OVER (ORDER BY s.row), s.row, s.n + 1, s.state, %s, %s, {batch}, %s, %s"
        f" FROM pay_state s WHERE s.row IN ({chosen})",
        [to_state, reason, note, work.seq, *params],
    )
    return int(work.cursor.rowcount)


@contextmanager
def picked(work: Work, name: str, columns: str) -> Iterator[None]:
    """Make a temporary table for the length of a block."""
    work.cursor.execute(f"CREATE TEMPORARY TABLE {name} ({columns})")
    yield
    work.cursor.execute(f"DROP TABLE {name}")  # an error takes it away with the transaction


def fill(work: Work, name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Put rows into a temporary table."""
    if work.office.vendor == "sqlite":
        marks = ", ".join(["%s"] * len(columns))
        work.cursor.executemany(f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({marks})", rows)
        return
    with (
        work.office.connection.wrap_database_errors,
        work.cursor.cursor.copy(f"COPY {name} ({', '.join(columns)}) FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row(row)


def fetch(cursor: Any, sql: str, params: Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield rows a chunk at a time."""
    cursor.execute(sql, list(params))
    while rows := cursor.fetchmany(CHUNK):
        yield from rows


def digest_of(rows: Iterable[Sequence[Any]]) -> str:
    """Return the SHA-256 of rows in the order given: fields joined by the unit separator, rows ended by a line feed."""
    made = sha256()
    block: list[str] = []
    for row in rows:
        block.append("\x1f".join("" if v is None else str(v) for v in row))
        if len(block) >= 4096:
            made.update(("\n".join(block) + "\n").encode())
            block.clear()
    if block:
        made.update(("\n".join(block) + "\n").encode())
    return made.hexdigest()


# ---------------------------------------------------------------- officers
def officer_of(office: Office, cursor: Any, officer_id: str, at: datetime, rest_hours: int) -> Officer:
    """Return an officer as they may act at a moment; FaultsError if the account is in no register.

    A role has rested when the account had it already, in a change recorded `rest_hours` before.
    """
    day = at.astimezone(OFFICE_ZONE).date()
    rows = _versions(cursor, officer_id)
    now = [r for r in rows if r["ended"] is None and _holds(r, day)]
    if not now:
        raise FaultsError([_no_officer(officer_id)])
    row = now[0]
    before = at - timedelta(hours=rest_hours)
    old_day = before.astimezone(OFFICE_ZONE).date()
    roles = frozenset(row["roles"].split())
    rested = roles & _rested(rows, row, before, old_day) if rest_hours else roles
    persons, kin = {row["person_id"]}, set((row["kin"] or "").split())
    if row["delegated_by"]:
        giver = [r for r in _versions(cursor, row["delegated_by"]) if r["ended"] is None and _holds(r, day)]
        if not giver:
            raise FaultsError([_no_officer(row["delegated_by"])])
        if giver[0]["delegated_by"]:
            raise FaultsError([_handed_on(officer_id, row["delegated_by"], giver[0]["delegated_by"])])
        persons.add(giver[0]["person_id"])
        kin |= set((giver[0]["kin"] or "").split())
        roles &= frozenset(giver[0]["roles"].split())
        rested &= roles
        if rest_hours:
            rested &= _rested(_versions(cursor, row["delegated_by"]), giver[0], before, old_day)
    accounts = _accounts_of(cursor, sorted(persons), day)
    kin |= {k for a in accounts for k in (a["kin"] or "").split()}
    kin |= _named_as_kin(cursor, persons, day)
    admin = any("sysadmin" in a["roles"].split() for a in accounts)
    own = frozenset(persons | kin | _households(cursor, sorted(persons | kin), day))
    return Officer(officer_id, row["person_id"], row["region_code"], roles, rested, frozenset(persons), own, admin, rest_hours)


def _rested(rows: list[dict[str, Any]], row: Mapping[str, Any], before: datetime, day: date) -> frozenset[str]:
    """Return the roles an account had already, for the same person and on the same delegation, at a moment before."""
    old = [
        r
        for r in rows
        if r["recorded"] <= before and (r["ended"] is None or r["ended"] > before) and _holds(r, day) and r["person_id"] == row["person_id"]  # noqa: E501
        and (r["delegated_by"] or "") == (row["delegated_by"] or "")
    ]  # fmt: skip
    return frozenset(x for r in old for x in r["roles"].split())


def _named_as_kin(cursor: Any, persons: set[str], day: date) -> set[str]:
    """Return the persons in office who name some persons as their kin: kinship holds both ways, whoever declared it."""
    rows = [r for r in _read(cursor, "o.kin IS NOT NULL", []) if r["ended"] is None and _holds(r, day)]
    return {str(r["person_id"]) for r in rows if persons & set(r["kin"].split())}


_COLUMNS = ("officer_id", "person_id", "roles", "region_code", "delegated_by", "kin", "valid_from", "valid_to")


def _versions(cursor: Any, officer_id: str) -> list[dict[str, Any]]:
    return _read(cursor, "o.officer_id = %s", [officer_id])


def _accounts_of(cursor: Any, persons: list[str], day: date) -> list[dict[str, Any]]:
    marks = ", ".join(["%s"] * len(persons))
    return [r for r in _read(cursor, f"o.person_id IN ({marks})", persons) if r["ended"] is None and _holds(r, day)]


def _read(cursor: Any, where: str, params: list[Any]) -> list[dict[str, Any]]:
    names = ", ".join(f"o.{c}" for c in _COLUMNS)
    cursor.execute(
        f"SELECT {names}, c.at, e.at FROM officer o JOIN change c ON c.seq = o.change_id LEFT JOIN change e ON e.seq = o.ended_by_id"  # noqa: E501
        f" WHERE {where} ORDER BY o.id DESC",
        params,
    )
    out = []
    for *values, at, ended in cursor.fetchall():
        row = dict(zip(_COLUMNS, values, strict=True))
        row["valid_from"], row["valid_to"] = _day(row["valid_from"]), _day(row["valid_to"])
        out.append(row | {"recorded": from_micros(at), "ended": None if ended is None else from_micros(ended)})
    return out


def _day(value: Any) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else value


def _holds(row: Mapping[str, Any], day: date) -> bool:
    return bool(row["valid_from"] <= day and (row["valid_to"] is None or row["valid_to"] > day))


def _households(cursor: Any, persons: list[str], day: date) -> set[str]:
    """Return the households and groups that people belong to."""
    marks = ", ".join(["%s"] * len(persons))
    cursor.execute(
        f"SELECT group_id FROM member WHERE member_id IN ({marks}) AND known_to IS NULL AND valid_from <= %s"
        " AND (valid_to IS NULL OR valid_to > %s)",
        [*persons, day, day],
    )
    return {r[0] for r in cursor.fetchall()}


def officers_from(cursor: Any, day: date) -> list[dict[str, Any]]:
    """Return the officers in office on a day or appointed from a later one, as they are known now."""
    return [r for r in _read(cursor, "o.known_to IS NULL", []) if r["valid_to"] is None or r["valid_to"] > day]


def in_office(row: Mapping[str, Any], day: date) -> bool:
    """Return whether an officer's row holds on a day."""
    return _holds(row, day)


def persons_of(cursor: Any, accounts: Iterable[str]) -> dict[str, frozenset[str]]:
    """Return the persons behind accounts, whenever they held them."""
    out: dict[str, frozenset[str]] = {}
    for account in set(accounts):
        rows = _versions(cursor, account)
        out[account] = frozenset(r["person_id"] for r in rows)
    return out


def acted_for(cursor: Any, account: str, person: str) -> frozenset[str]:
    """Return the persons whose powers a person ever exercised under an account."""
    givers = {r["delegated_by"] for r in _versions(cursor, account) if r["person_id"] == person and r["delegated_by"]}
    return frozenset().union(*persons_of(cursor, givers).values())


def need_role(work: Work, who: Act, *roles: str, record: str = "") -> Officer:
    """Return the officer who acts, if they have one of some roles; else raise why not."""
    rest = number(params_of(work.office, day_of(work)), "payments.role_rest_hours")
    officer = officer_of(work.office, work.cursor, who.actor, work.at, rest)
    found = [role_faults(officer, r, record or who.actor) for r in roles]
    if all(found):
        raise FaultsError(found[0])
    work.facts["person"] = officer.person_id
    return officer


def _no_officer(officer_id: str) -> Fault:
    return Fault(
        "payments.no_officer",
        "officer",
        officer_id,
        Text("经办人登记中没有这个账户，或任期未到、已满。", "the register of officers has no such account in office today."),
        Text("先登记任命：ecocomp payments officer。", "Register the appointment first: ecocomp payments officer."),
    )


def _handed_on(officer_id: str, giver: str, first: str) -> Fault:
    return Fault(
        "payments.delegation",
        "officer",
        officer_id,
        Text(
            "账户 {g} 的职责本身是 {f} 委托的，不能再委托。",
            "the roles of {g} are themselves delegated by {f}, and are not handed on.",
        ).fill(g=giver, f=first),
        Text("由 {f} 直接委托。", "Let {f} delegate them.").fill(f=first),
    )


__all__ = [
    "AUTOMATIC",
    "MONEY_ROLES",
    "REASONS",
    "STATES",
    "STEPS",
    "Act",
    "Done",
    "Officer",
    "acted_for",
    "acting",
    "add_one",
    "add_rows",
    "day_of",
    "digest_of",
    "fetch",
    "fill",
    "in_office",
    "move",
    "need_role",
    "next_seq",
    "number",
    "officer_of",
    "officers_from",
    "persons_of",
    "picked",
    "raise_errors",
    "to_micros",
]  # fmt: skip
