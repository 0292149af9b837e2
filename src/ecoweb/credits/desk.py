"""One operation on units as one transaction: its event with an idempotency key, the blocks it ends and makes, its log entry.

`run` opens `records.store.writing`, hands a `Desk` to the operation, and writes the event. The digest of everything an
event wrote goes into its entry of the audit log, so that `queries.check_credits` can name what someone altered by SQL.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, NotRequired, TypedDict

from ecocomp.credits.blocks import Block, Step
from ecocomp.credits.instrument import Instrument, instrument
from ecocomp.credits.issuing import Event
from ecocomp.io.files import canonical_json
from ecocomp.rules import Parameters
from ecocomp.terms.faults import Fault, FaultsError, UsageError
from ecocomp.terms.text import Text
from ecoweb.credits.faults import no_account, no_project
from ecoweb.office import Office
from ecoweb.records import store
from ecoweb.records.fields import to_micros
from ecoweb.records.queries import rows, versions
from ecoweb.records.rules import rule_book
from ecoweb.records.tables import quoted

BLOCK = ("issue_id", "first", "last", "state", "account", "lien", "purpose", "beneficiary", "period", "seq")
"""Columns of a block in the order of the fields of `Block`."""
WRITTEN = {
    "credit_issue": (
        "seq",
        "issue_id",
        "instrument",
        "kind",
        "project_id",
        "first",
        "last",
        "vintage",
        "period_from",
        "period_to",
        "expires_on",
        "quality",
        "region_code",
        "foreign_ref",
        "event_id",
    ),
    "credit_block": ("seq", "instrument", *BLOCK[:-1], "made_by_id"),
    "credit_order": ("seq", "order_id", "market", "instrument", "account", "side", "quantity", "price", "event_id"),
    "credit_trade": (
        "seq",
        "event_id",
        "place",
        "instrument",
        "day",
        "buyer",
        "seller",
        "quantity",
        "amount_fen",
        "buyer_fee_fen",
        "seller_fee_fen",
        "serials",
        "buy_order",
        "sell_order",
        "envelope",
        "receipt",
    ),
}
"""Columns of the tables an event writes, in the order in which their digest is taken."""


class Rules:
    """The instruments of an office: the rules that ship, the office's own folder `rules`, and folders named beside."""

    def __init__(self, office: Office, folders: Sequence[Path] = ()) -> None:
        self.book = rule_book(office, folders)
        self.place, self.today = self.book.nearest(office.region_code), office.today()
        self._made: dict[tuple[str, date], Instrument] = {}

    def params(self, day: date) -> Parameters:
        """Return the parameters that hold on a day, as known today."""
        return self.book.resolve(self.place, day, self.today)

    def instrument(self, id: str, day: date) -> Instrument:
        """Return an instrument as it holds on a day."""
        if (id, day) not in self._made:
            self._made[id, day] = instrument(id, self.params(day))
        return self._made[id, day]


@dataclass(frozen=True)
class Done:
    """What an operation did: its event, the change in the log, what it found; `again` if it had been done before.

    instrument  whose units it was about; empty if none
    """

    event: int
    change: int
    found: dict[str, Any]
    again: bool = False
    instrument: str = ""


class _Again(Exception):
    """The key has been used for the same request: nothing is to be written."""

    def __init__(self, done: Done) -> None:
        super().__init__()
        self.done = done


class Act(TypedDict):
    """Who acts and why, and the key under which it is done once (empty: none)."""

    actor: str
    reason: str
    key: NotRequired[str]


class DatedAct(Act):
    """An act that may count for a day before today (None: today)."""

    day: NotRequired[date | None]


def run(
    office: Office,
    rules: Rules,
    do: Callable[[Desk], dict[str, Any]],
    *,
    act: str,
    actor: str,
    reason: str,
    instrument: str,
    asked: Mapping[str, Any],
    day: date | None = None,
    key: str = "",
    source: str = "",
) -> Done:
    """Do an operation once.

    do    reads and writes through the desk; returns what is to be remembered and shown
    act   e.g. ``issue``; the change is called ``credits.issue``
    asked what was asked, as JSON has it: the same key with the same request answers what was done and writes nothing; with
          another request it is refused
    day   the day it counts for; today if None, never later
    """
    on = day or office.today()
    if on > office.today():
        raise UsageError(Text("办理日 {d} 还没有到。", "The day {d} has not come yet.").fill(d=on))
    if any(ord(c) < 32 for c in key) or len(key) > 200:
        raise UsageError(Text("--key 应是不超过 200 字的一行。", "--key must be one line of at most 200 characters."))
    digest = sha256(canonical_json({"act": act, "instrument": instrument, "asked": asked})).hexdigest()
    try:
        with store.writing(office, act=f"credits.{act}", actor=actor, reason=reason, source=source) as work:
            desk = Desk(office, rules, work, on, actor)
            desk.refuse_used(key, digest)
            found = do(desk)
            desk.write(act, key, digest, instrument, {"asked": dict(asked), "found": found})
        return Done(desk.event, work.change.seq, found, instrument=instrument)
    except _Again as exc:
        return exc.done


def marks(n: int) -> str:
    """Return so many places for values in SQL."""
    return ", ".join(["%s"] * n)


def said_steps(steps: Sequence[Event]) -> list[list[str]]:
    """Return evidence as an event remembers it."""
    return [[e.step, str(e.on), str(e.until or ""), e.document, e.by] for e in steps]


class Desk:
    """What an operation reads and writes within its transaction."""

    def __init__(self, office: Office, rules: Rules, work: store.Work, day: date, actor: str) -> None:
        self.office, self.rules, self.work, self.day, self.actor = office, rules, work, day, actor
        self.cursor = work.cursor
        self.event = self._next("credit_event")
        self._seqs: dict[str, int] = {}
        self._rows: dict[str, list[tuple[Any, ...]]] = {}
        self._ended: list[int] = []

    # ------------------------------------------------------------ reading
    def instrument(self, id: str) -> Instrument:
        """Return an instrument as it holds on the day of the operation."""
        return self.rules.instrument(id, self.day)

    def ask(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        self.cursor.execute(sql, [*values] or None)
        return list(self.cursor.fetchall())

    def register(self, name: str, **where: Any) -> list[dict[str, Any]]:
        """Return the rows of a register that hold on the day, as known now."""
        found: list[dict[str, Any]] = rows(self.office, name, where, on=self.day, known=self.work.at).to_pylist()
        return found

    def account(self, id: str) -> dict[str, Any]:
        """Return an account; FaultsError if there is none."""
        found = self.register("credit_account", account_id=id)
        if not found:
            clash = Text("{d} 没有这个账户。", "there is no such account on {d}.").fill(d=self.day)
            raise FaultsError([no_account(id, clash)])
        return found[0]

    def project(self, id: str) -> dict[str, Any]:
        """Return a project as it was last registered, whenever its crediting period is; FaultsError if there is none."""
        return project_of(self.office, id)

    def blocks(self, instrument: str, condition: str, *values: Any) -> list[Block]:
        """Return open blocks of an instrument, the oldest vintage first, then by serial."""
        names = ", ".join(f"b.{n}" for n in BLOCK)
        found = self.ask(
            f"SELECT {names} FROM credit_block b JOIN credit_issue i ON i.issue_id = b.issue_id"
            f" WHERE b.ended_by_id IS NULL AND b.instrument = %s AND {condition} ORDER BY i.vintage, b.first",
            instrument,
            *values,
        )
        return [Block(*row) for row in found]

    def issues(self, ids: Iterable[str]) -> dict[str, dict[str, Any]]:
        """Return issues by id."""
        wanted = sorted(set(ids))
        names = ("issue_id", "kind", "project_id", "vintage", "period_from", "period_to", "expires_on", "quality", "region_code")
        if not wanted:
            return {}
        found = self.ask(f"SELECT {quoted(names)} FROM credit_issue WHERE issue_id IN ({marks(len(wanted))})", *wanted)
        return {row[0]: dict(zip(names, (_day(v) for v in row), strict=True)) for row in found}

    # ------------------------------------------------------------ writing
    def apply(self, instrument: str, step: Step) -> None:
        """End and make blocks."""
        ids = [b.id for b in step.ended if b.id]
        for start in range(0, len(ids), 500):
            part = ids[start : start + 500]
            self.cursor.execute(f"UPDATE credit_block SET ended_by_id = %s WHERE seq IN ({marks(len(part))})", [self.event, *part])
        self._ended += ids
        for b in step.made:
            place = (b.issue, b.first, b.last, b.state, b.account, b.lien, b.purpose, b.beneficiary, b.period)
            self.insert("credit_block", instrument, *place, self.event)

    def insert(self, table: str, *values: Any) -> int:
        """Add a row (without its number) to a table of `WRITTEN`; return its number."""
        seq = self._seqs.get(table) or self._next(table)
        self._seqs[table] = seq + 1
        row = (seq, *values)
        names = WRITTEN[table]
        extra = (
            (", ended_by_id", ", NULL") if table == "credit_block" else (", open", ", %s") if table == "credit_order" else ("", "")
        )
        more = [row[names.index("quantity")]] if table == "credit_order" else []
        values_sql = marks(len(names)) + extra[1]
        self.cursor.execute(f"INSERT INTO {table} ({quoted(names)}{extra[0]}) VALUES ({values_sql})", [*row, *more])
        self._rows.setdefault(table, []).append(row)
        return seq

    def refuse_used(self, key: str, digest: str) -> None:
        """Stop if the key was used: with the same request answer as then, with another raise `credits.key_reused`."""
        if not key:
            return
        found = self.ask("SELECT seq, digest, change_id, body, instrument FROM credit_event WHERE key = %s", key)
        if not found:
            return
        seq, before, change, body, instrument = found[0]
        if before == digest:
            raise _Again(Done(int(seq), int(change), json.loads(body)["found"], again=True, instrument=str(instrument)))
        clash = Text("这个键已用于另一项操作（事件 {n}）。", "the key was used for another operation (event {n}).").fill(n=seq)
        raise FaultsError(
            [
                Fault(
                    "credits.key_reused",
                    "credit_event",
                    key,
                    clash,
                    Text("换一个键，或原样重发。", "Take another key, or send the same again."),
                )
            ]
        )

    def write(self, act: str, key: str, digest: str, instrument: str, body: Mapping[str, Any]) -> None:
        """Write the event itself, and its digest into the log."""
        text = canonical_json(body).decode()
        values = (
            self.event,
            key or f"change:{self.work.seq}",
            digest,
            self.work.seq,
            to_micros(self.work.at),
            self.day,
            act,
            self.actor,
        )
        names = ("seq", "key", "digest", "change_id", "at", "day", "act", "actor", "instrument", "body")
        self.cursor.execute(f"INSERT INTO credit_event ({quoted(names)}) VALUES ({marks(len(names))})", [*values, instrument, text])
        event = (*values, instrument, text)
        self.work.facts["credits"] = {"event": self.event, "digest": event_digest(event, self._rows, self._ended)}

    def _next(self, table: str) -> int:
        return int(self.ask(f"SELECT coalesce(max(seq), 0) + 1 FROM {table}")[0][0])


def project_of(office: Office, id: str) -> dict[str, Any]:
    """Return a project as it was last registered, whenever its crediting period is; FaultsError if there is none."""
    found = [r for r in versions(office, "credit_project", {"project_id": id}).to_pylist() if r["known_to"] is None]
    if not found:
        raise FaultsError([no_project(id)])
    return max(found, key=lambda r: r["valid_from"])


def event_digest(event: Sequence[Any], written: Mapping[str, Sequence[Sequence[Any]]], ended: Iterable[int]) -> str:
    """Return the SHA-256 over an event, the rows it wrote and the blocks it ended."""
    whole = {
        "event": [plain(v) for v in event],
        "ended": sorted(ended),
        **{table: sorted([plain(v) for v in row] for row in found) for table, found in written.items() if found},
    }
    return sha256(canonical_json(whole)).hexdigest()


def plain(value: Any) -> Any:
    """Return a value as JSON holds it."""
    return value.isoformat() if isinstance(value, date | datetime) else value


def _day(value: Any) -> Any:
    """Return a day that SQLite gives as text as a day."""
    if isinstance(value, str) and len(value) == 10 and value[4:5] == "-" and value[7:8] == "-":
        try:
            return date.fromisoformat(value)
        except ValueError:
            return value
    return value
