"""Taking in a year's bundle: grants, entitlements and allocations into the books, and the payable rows with their sources.

A bundle is taken in once, known by its root. A later bundle of the same year brings only what differs: where no envelope gives
less, rows stay and a correction row carries the rest; else rows that are in no batch are cancelled and replaced, and what is then
too much is clawed back (`ecocomp.payments.payable.difference`). Never is anything paid again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.governance.bundle import checkpoint_root, open_bundle, read_bundle_table, verify
from ecocomp.payments.payable import ONE_TRANCHE, Added, Standing, claim_sources, claims, difference
from ecocomp.terms.codes import region_holds
from ecocomp.terms.faults import Fault, FaultsError, capped, raise_errors
from ecocomp.terms.money import say_yuan
from ecocomp.terms.text import Text
from ecoweb.office import Office
from ecoweb.records.rules import params_of
from ecoweb.records.store import Work
from ecoweb.treasury.payments_base import (
    CHUNK,
    Act,
    acting,
    add_one,
    add_rows,
    day_of,
    fill,
    move,
    need_role,
    next_seq,
)
from ecoweb.treasury.payments_books import Books

_KEY = "holder_id, parcel_id, programme, year, tranche"
Key = tuple[str, str, str, int, str]


@dataclass
class Taken:
    """What a bundle brought.

    again     it was taken in before, and nothing was written
    added     payable rows made; cancelled: rows taken back; clawed_back: rows that ask money back
    moved_fen money paid from another envelope than the new calculation says; the past is not rewritten
    """

    intake: int
    root: str
    year: int
    again: bool = False
    added: int = 0
    cancelled: int = 0
    clawed_back: int = 0
    sum_fen: int = 0
    escrow_fen: int = 0
    held_fen: int = 0
    shortfall_fen: int = 0
    moved_fen: int = 0
    transfers: int = 0
    change: int | None = None
    warnings: list[Fault] = field(default_factory=list)


class _Again(Exception):
    pass


def take_in(office: Office, bundle: Path, who: Act) -> Taken:
    """Take a bundle in; taken in before, the first answer again and nothing written.

    raises  FaultsError: the bundle is not what was sealed, of another region, lacks a table, or asks more than its envelopes hold
    """
    raise_errors(verify(bundle))
    root, facts = checkpoint_root(bundle), open_bundle(bundle)
    raise_errors(_place_faults(office, bundle, facts))
    if (before := _known(office, root)) is not None:
        return before
    tables = {n: _table(bundle, n) for n in ("entitlement", "allocation", "envelope", "envelope_balance", "holder")}
    try:
        with acting(office, "take", who, root=root, bundle=bundle.name) as work:
            need_role(work, who, "maker", "programme")
            if _known(office, root, work.cursor) is not None:
                raise _Again
            made = _Intake(work, root, bundle.name, facts, tables, who).write()
    except _Again:
        found = _known(office, root)
        assert found is not None
        return found
    made.change = work.seq
    return made


def _known(office: Office, root: str, cursor: Any = None) -> Taken | None:
    sql = "SELECT seq, year, added, cancelled, sum_fen, change FROM pay_intake WHERE root = %s"
    if cursor is None:
        with office.reading() as cursor:
            return _known(office, root, cursor)
    cursor.execute(sql, [root])
    row = cursor.fetchone()
    if row is None:
        return None
    seq, year, added, cancelled, total, change = row
    return Taken(seq, root, year, True, added, cancelled, sum_fen=total, change=change)


def _table(bundle: Path, name: str) -> pa.Table:
    found: pa.Table | None = read_bundle_table(bundle, name)
    if found is None:
        raise FaultsError([_lacks(bundle, name)])
    return found


class _Intake:
    """One bundle on its way into the office."""

    def __init__(
        self, work: Work, root: str, name: str, facts: Mapping[str, Any], tables: Mapping[str, pa.Table], who: Act
    ) -> None:
        self.work, self.tables, self.who = work, tables, who
        self.made = Taken(next_seq(work.cursor, "pay_intake"), root, int(facts["year"]))
        self.name, self.place = name, str(facts.get("region_code", ""))
        self.books = Books(work, f"take:{root}", day_of(work), f"{name} {root[:16]}")
        month, day = (int(x) for x in params_of(work.office, day_of(work)).text("payments.due").split("-"))
        self.due = date(self.made.year + 1, month, day)
        holder = tables["holder"]
        self.village = dict(zip(holder["holder_id"].to_pylist(), holder["village_code"].to_pylist(), strict=True))
        self.row_first = self.next_row = next_seq(work.cursor, "pay_row")
        self.rows: list[tuple[Any, ...]] = []
        self.sources: list[tuple[Any, ...]] = []
        self.events: list[tuple[Any, ...]] = []
        self.digests: list[bytes] = []
        self.lapsed: list[tuple[str, int]] = []

    def write(self) -> Taken:
        owed = claims(self.tables["entitlement"])
        sources = claim_sources(self.tables["entitlement"], self.tables["allocation"], owed)
        programmes = sorted(set(owed["programme"].to_pylist()))
        self._funds()
        if self._is_first(programmes):
            self._all_new(owed, sources)
        else:
            self._differences(owed, sources, programmes)
        self._flush(0)
        self.books.flush()
        made = self.made
        made.added, made.transfers = self.next_row - self.row_first, self.books.posted
        add_one(
            self.work, "pay_intake", root=made.root, bundle=self.name, year=made.year, programme=" ".join(programmes),
            place=self.place, added=made.added, cancelled=made.cancelled, sum_fen=made.sum_fen, key=self.who.key, change=self.work.seq,  # noqa: E501
        )  # fmt: skip
        self.work.written.added["pay_row"] = (self.row_first, self.digests)
        self.work.facts |= {"rows": made.added, "sum_fen": made.sum_fen, "year": made.year}
        return made

    # -------------------------------------------------------- envelopes
    def _funds(self) -> None:
        from ecoweb.treasury import ledger

        known = {e["envelope_id"]: e for e in sorted(self.tables["envelope"].to_pylist(), key=lambda e: int(e["year"]))}
        rows = []
        for b in self.tables["envelope_balance"].to_pylist():
            envelope, year = b["envelope_id"], b["year"]
            if year != self.made.year:
                continue
            before = self._fund_before(envelope, year)
            if before is None and b["opening_fen"]:
                booked = ledger.balance(self.work.office, f"fund:{envelope}")
                if self._seen(envelope) or booked:
                    if abs(booked) != b["opening_fen"]:
                        self.made.warnings.append(_opening(envelope, abs(booked), b["opening_fen"]))
                else:
                    self.books.fund(envelope, b["opening_fen"], "opening", envelope)
            granted, lapsed = before or (0, 0)
            terms = known.get(envelope, {})
            reference = terms.get("document") or envelope
            self.books.fund(envelope, b["granted_fen"] - granted, "grant", reference)
            if (granted, lapsed) != (b["granted_fen"], b["lapsed_fen"]) or before is None:
                rows.append(
                    (
                        self.made.intake,
                        envelope,
                        year,
                        b["opening_fen"],
                        b["granted_fen"],
                        b["lapsed_fen"],
                        terms.get("name_zh") or envelope,
                        terms.get("name_en") or envelope,
                        reference,
                        self.work.seq,
                    )
                )
                self.lapsed.append((envelope, b["lapsed_fen"] - lapsed))
        names = (
            "intake", "envelope_id", "year", "opening_fen", "granted_fen", "lapsed_fen", "name_zh", "name_en", "document", "change",
        )  # fmt: skip
        add_rows(self.work, "pay_fund", names, rows)

    def _fund_before(self, envelope: str, year: int) -> tuple[int, int] | None:
        self.work.cursor.execute(
            "SELECT granted_fen, lapsed_fen FROM pay_fund WHERE envelope_id = %s AND year = %s ORDER BY seq DESC LIMIT 1",
            [envelope, year],
        )
        row = self.work.cursor.fetchone()
        return None if row is None else (int(row[0]), int(row[1]))

    def _seen(self, envelope: str) -> bool:
        self.work.cursor.execute("SELECT 1 FROM pay_fund WHERE envelope_id = %s LIMIT 1", [envelope])
        return self.work.cursor.fetchone() is not None

    # -------------------------------------------------------- rows
    def _is_first(self, programmes: list[str]) -> bool:
        if not programmes:
            self.work.cursor.execute("SELECT 1 FROM pay_claim WHERE year = %s LIMIT 1", [self.made.year])
            return self.work.cursor.fetchone() is None
        marks = ", ".join(["%s"] * len(programmes))
        self.work.cursor.execute(
            f"SELECT 1 FROM pay_claim WHERE year = %s AND programme IN ({marks}) LIMIT 1", [self.made.year, *programmes]
        )
        return self.work.cursor.fetchone() is None

    def _all_new(self, owed: pa.Table, sources: pa.Table) -> None:
        """Make the rows of a year that was not there before, a piece at a time, each piece as columns."""
        place = sources["claim"].combine_chunks().to_numpy()
        for start in range(0, len(owed), CHUNK):
            part = owed.slice(start, CHUNK).combine_chunks()
            low, high = np.searchsorted(place, [start, start + len(part)])
            self._piece(part, sources.slice(low, high - low).combine_chunks(), place[low:high] - start)
            self.books.breathe()
        self._lapse()

    def _piece(self, owed: pa.Table, sources: pa.Table, claim: np.ndarray) -> None:
        """Make the rows of some claims: `claim` says which one each source is of, in order."""
        made, seq = self.made, self.work.seq
        keys = [owed[k].to_pylist() for k in _KEY.split(", ")]
        rest = [owed[k].to_pylist() for k in ("entitlement_id", "entitled_fen", "funded_fen")]
        n = len(owed)
        columns = [[made.intake] * n, *keys, *rest, [self.due] * n, [seq] * n]
        self._claims(list(zip(*columns, strict=True)))
        self._uncovered(owed)
        funded, first, fen = _amounts(claim, sources["amount_fen"].to_numpy())
        rows = owed.take(pa.array(funded))
        numbers = np.arange(self.next_row, self.next_row + len(rows))
        self.next_row += len(rows)
        ids = _row_ids(rows)
        held = _held(rows["state"])
        self._write_rows(rows, ids, fen, numbers, sources, first)
        self.events += [
            (row, 1, "", "held" if why else "ready", why or "taken_in", None, "", seq)
            for row, why in zip(numbers.tolist(), held, strict=True)
        ]
        self._flush(0)
        self._book_piece(rows, ids, sources, np.repeat(np.arange(len(rows)), np.diff(np.append(first, len(claim)))))
        total = {s: int(fen[np.array([w == s for w in held], bool)].sum()) for s in ("escrow", "objection")}
        made.sum_fen += int(fen.sum())
        made.escrow_fen += total["escrow"]
        made.held_fen += total["objection"]

    def _uncovered(self, owed: pa.Table) -> None:
        """Book what no envelope covers."""
        short = pc.subtract(owed["entitled_fen"], owed["funded_fen"])
        self.made.shortfall_fen += int(pc.sum(short).as_py() or 0)
        some = owed.append_column("short", short).filter(pc.greater(short, 0)).combine_chunks()
        self.books.add_all(
            _path("claim", some["programme"]), _path("liability:owed", some["holder_id"]), _flat(some["short"]), "entitlement",
            _flat(some["entitlement_id"]),
        )  # fmt: skip

    def _write_rows(
        self, rows: pa.Table, ids: pa.Array, fen: np.ndarray, numbers: np.ndarray, sources: pa.Table, first: np.ndarray
    ) -> None:
        n = len(rows)
        holder, parcel, programme, year, tranche = (rows[k].to_pylist() for k in _KEY.split(", "))
        village = [self.village.get(h, "") for h in holder]
        whole = numbers.tolist()
        columns = (
            whole, ids.to_pylist(), ["payment"] * n, holder, holder, parcel, programme, year, tranche, [0] * n, fen.tolist(),
            village, [self.due] * n, [self.made.intake] * n, [None] * n, [self.who.document] * n, [self.work.seq] * n,
        )  # fmt: skip
        self.rows += zip(*columns, strict=True)
        parts = list(zip(*(sources[c].to_pylist() for c in ("entitlement_id", "envelope_id", "amount_fen")), strict=True))
        ends = [*first.tolist()[1:], len(parts)]
        for values, a, z in zip(self.rows, first.tolist(), ends, strict=True):
            self.digests.append(row_digest(values, parts[a:z]))
        self.sources += [
            (row, *part) for row, part in zip(np.repeat(numbers, np.subtract(ends, first)).tolist(), parts, strict=True)
        ]

    def _book_piece(self, rows: pa.Table, ids: pa.Array, sources: pa.Table, row: np.ndarray) -> None:
        """Book what envelopes give: to payees, or to the escrow of the land in dispute."""
        at = pa.array(row)
        envelope, fen, reference = _flat(sources["envelope_id"]), _flat(sources["amount_fen"]), ids.take(at)
        apart = pc.equal(_flat(rows["state"]), "escrow").take(at)
        holder, parcel = _flat(rows["holder_id"]).take(at), _flat(rows["parcel_id"]).take(at)
        for keep, whom, account, kind in (
            (pc.invert(apart), holder, "liability:payable", "allocation"),
            (apart, parcel, "liability:escrow", "escrow"),
        ):
            e, f, r = envelope.filter(keep), fen.filter(keep), reference.filter(keep)
            self.books.add_all(_path("fund", e), _path(account, whom.filter(keep), e), f, kind, r)
            if kind == "escrow":
                self.books.add_all(_path("asset:escrow", e), _path("asset:bank", e), f, kind, r)

    def _recognise(self, key: Key, entitled: int, funded: int, eid: str) -> None:
        self.books.recognise(key[2], key[0], entitled, funded, eid)
        self.made.shortfall_fen += entitled - funded

    def _claims(self, rows: list[tuple[Any, ...]]) -> None:
        names = ("intake", *_KEY.split(", "), "entitlement_id", "entitled_fen", "funded_fen", "due_on", "change")
        add_rows(self.work, "pay_claim", names, rows)

    def _lapse(self) -> None:
        for envelope, fen in self.lapsed:
            self.books.add(f"fund:{envelope}", f"asset:bank:{envelope}", fen, "lapse", envelope)

    def _add(self, key: Key, part: int, added: Added, parts: list[tuple[str, str, int]], eid: str, original: int | None) -> None:
        """Make one payable row: the row, its sources, its first event and its place in the books."""
        holder, parcel, programme, year, tranche = key
        row = self.next_row
        self.next_row += 1
        row_id = "/".join([programme, str(year), parcel, holder, *([tranche] if tranche != "1" else [])]) + (
            f"+{part}" if part else ""
        )
        amount = added.amount_fen
        values = (row, row_id, added.kind, holder, holder, parcel, programme, year, tranche, part, amount, self.village.get(holder, ""), self.due, self.made.intake, original, self.who.document, self.work.seq)  # fmt: skip  # noqa: E501
        self.rows.append(values)
        self.sources += [(row, e, envelope, fen) for e, envelope, fen in parts]
        self.digests.append(row_digest(values, [(e, v, x) for e, v, x in parts]))
        held = {"escrow": "escrow", "objection": "objection", "clawback": "clawback"}.get(added.state)
        self.events.append((row, 1, "", "held" if held else "ready", held or "taken_in", None, "", self.work.seq))
        if added.kind == "clawback":
            self.made.clawed_back += 1
        elif added.state == "escrow":
            self.made.escrow_fen += amount
        elif added.state == "objection":
            self.made.held_fen += amount
        self.made.sum_fen += amount
        for _, envelope, fen in parts:
            if added.kind == "clawback":
                self.books.demand(holder, envelope, -fen, row_id)
            elif added.state == "escrow":
                self.books.keep(parcel, envelope, fen, row_id)
            else:
                self.books.allot(holder, envelope, fen, row_id)

    def _flush(self, most: int) -> None:
        if not self.rows or len(self.rows) < most:
            return
        from ecoweb.records.tables import write_many

        write_many(self.work.office, self.work.cursor, "pay_row", ROW_COLUMNS, self.rows)
        add_rows(self.work, "pay_source", ("row", "entitlement_id", "envelope_id", "amount_fen"), self.sources)
        add_rows(self.work, "pay_event", EVENT_COLUMNS, self.events)
        self.rows.clear()
        self.sources.clear()
        self.events.clear()

    # -------------------------------------------------------- a later bundle of a year
    def _differences(self, owed: pa.Table, sources: pa.Table, programmes: list[str]) -> None:
        cursor = self.work.cursor
        cursor.execute(
            "CREATE TEMPORARY TABLE pay_new (holder_id text, parcel_id text, programme text, year bigint, tranche text,"
            " entitlement_id text, envelope_id text, fen bigint, state text, entitled bigint, funded bigint)"
        )
        names = (
            "holder_id",
            "parcel_id",
            "programme",
            "year",
            "tranche",
            "entitlement_id",
            "envelope_id",
            "fen",
            "state",
            "entitled",
            "funded",
        )
        fill(self.work, "pay_new", names, _wanted(owed, sources))
        cursor.execute(f"CREATE INDEX pay_new_key ON pay_new ({_KEY})")  # each changed key is looked up in it
        if self.work.office.vendor == "postgresql":
            cursor.execute("ANALYZE pay_new")
        for key in self._changed_keys(programmes):
            self._one_key(key)
            self.books.breathe()
        self._flush(0)
        self._holds()
        self._lapse()
        cursor.execute("DROP TABLE pay_new")

    def _changed_keys(self, programmes: list[str]) -> list[Key]:
        """Return the keys whose money, state or claim differs from what stands."""
        scope = " OR ".join(["programme = %s"] * len(programmes)) or "1 = 1"
        cursor = self.work.cursor
        cursor.execute(
            f"SELECT {_KEY} FROM (SELECT {_KEY}, envelope_id, sum(fen) AS fen FROM ("
            f" SELECT {_KEY}, envelope_id, fen FROM pay_new WHERE envelope_id <> ''"
            f" UNION ALL SELECT {_KEY}, x.envelope_id, -x.amount_fen FROM pay_row r JOIN pay_state s ON s.row = r.seq"
            f" JOIN pay_source x ON x.row = r.seq WHERE s.state NOT IN ('cancelled', 'reissued') AND r.year = %s AND ({scope})"
            f") a GROUP BY {_KEY}, envelope_id HAVING sum(fen) <> 0) d"
            f" UNION SELECT r.holder_id, r.parcel_id, r.programme, r.year, r.tranche FROM pay_row r JOIN pay_state s ON s.row = r.seq"  # noqa: E501
            " JOIN pay_new w ON w.holder_id = r.holder_id AND w.parcel_id = r.parcel_id AND w.programme = r.programme"
            " AND w.year = r.year AND w.tranche = r.tranche WHERE s.state IN ('ready', 'held') AND r.kind <> 'clawback'"
            " AND (s.reason = 'escrow') <> (w.state = 'escrow')"
            f" UNION SELECT {_KEY} FROM (SELECT {_KEY}, sum(e) AS e, sum(f) AS f FROM ("
            f" SELECT DISTINCT {_KEY}, entitled AS e, funded AS f FROM pay_new"
            f" UNION ALL SELECT {_KEY}, -entitled_fen, -funded_fen FROM pay_claim c WHERE c.year = %s AND ({scope})"
            f" AND c.intake = (SELECT max(d.intake) FROM pay_claim d WHERE d.holder_id = c.holder_id AND d.parcel_id = c.parcel_id"
            f" AND d.programme = c.programme AND d.year = c.year AND d.tranche = c.tranche)"
            f") b GROUP BY {_KEY} HAVING sum(e) <> 0 OR sum(f) <> 0) g ORDER BY {_KEY}",
            [self.made.year, *programmes, self.made.year, *programmes],
        )
        return [tuple(r) for r in cursor.fetchall()]

    def _one_key(self, key: Key) -> None:
        cursor, where = self.work.cursor, "holder_id = %s AND parcel_id = %s AND programme = %s AND year = %s AND tranche = %s"
        cursor.execute(f"SELECT entitlement_id, envelope_id, fen, state, entitled, funded FROM pay_new WHERE {where}", list(key))
        wanted = cursor.fetchall()
        parts = [(e, v, int(x)) for e, v, x, *_ in wanted if v]
        state = wanted[0][3] if wanted else "ready"
        entitled, funded = (int(wanted[0][4]), int(wanted[0][5])) if wanted else (0, 0)
        cursor.execute(
            f"SELECT entitlement_id, entitled_fen, funded_fen FROM pay_claim WHERE {where} ORDER BY intake DESC LIMIT 1", list(key)
        )
        claim = cursor.fetchone() or ("", 0, 0)
        eid = wanted[0][0] if wanted else claim[0]
        if (entitled, funded) != (int(claim[1]), int(claim[2])):
            self._recognise(key, entitled - int(claim[1]), funded - int(claim[2]), eid)
            self._claims([(self.made.intake, *key, eid, entitled, funded, self.due, self.work.seq)])
        found = difference((s for s, _, _ in self._standing(key)), _by_envelope(parts), state)
        self.made.moved_fen += found.moved
        if found.moved:
            self.made.warnings.append(_moved(key, found.moved))
        self._cancel(key, found.cancel)
        self._put(key, found.add, parts, eid)

    def _standing(self, key: Key) -> list[tuple[Standing, str, int]]:
        cursor = self.work.cursor
        cursor.execute(
            "SELECT r.seq, s.state, s.reason, x.envelope_id, x.amount_fen, r.kind, r.part FROM pay_row r JOIN pay_state s ON s.row = r.seq"  # noqa: E501
            " JOIN pay_source x ON x.row = r.seq WHERE r.holder_id = %s AND r.parcel_id = %s AND r.programme = %s AND r.year = %s"
            " AND r.tranche = %s",  # sorted here: asked for in order, SQLite walks all rows of the year for each key
            list(key),
        )
        rows: dict[int, dict[str, Any]] = {}
        for seq, state, reason, envelope, fen, kind, part in sorted(cursor.fetchall(), key=lambda r: (r[0], r[3])):
            row = rows.setdefault(seq, {"state": state, "reason": reason, "sources": {}, "kind": kind, "part": part})
            row["sources"][envelope] = row["sources"].get(envelope, 0) + fen
        return [
            (Standing(q, r["state"], r["sources"], r["reason"] == "escrow", r["reason"] == "netted"), r["kind"], r["part"])
            for q, r in rows.items()
        ]

    def _cancel(self, key: Key, rows: list[int]) -> None:
        for row in rows:
            cancel_row(self.work, self.books, row, "corrected")
            self.made.cancelled += 1

    def _put(self, key: Key, added: list[Added], parts: list[tuple[str, str, int]], eid: str) -> None:
        if not added:
            return
        self._flush(0)
        self.work.cursor.execute(
            "SELECT max(part), min(seq) FROM pay_row WHERE holder_id = %s AND parcel_id = %s AND programme = %s AND year = %s"
            " AND tranche = %s",
            list(key),
        )
        last, original = self.work.cursor.fetchone()
        of = {v: e for e, v, _ in parts}
        for one in added:
            part = 0 if last is None else int(last) + 1
            own = parts if last is None else [(of.get(v, eid), v, x) for v, x in sorted(one.sources.items())]
            self._add(key, part, one, own, eid, None if last is None else int(original))
            last = part
        self._flush(0)

    def _holds(self) -> None:
        """Hold what the new bundle says an objection is open on, and free what it no longer does."""
        same = (
            "SELECT r.seq FROM pay_row r JOIN pay_state t ON t.row = r.seq JOIN pay_new w ON w.holder_id = r.holder_id AND"
            " w.parcel_id = r.parcel_id AND w.programme = r.programme AND w.year = r.year AND w.tranche = r.tranche WHERE"
        )
        move(self.work, f"{same} t.state = 'ready' AND w.state = 'objection'", [], "held", "objection")
        move(self.work, f"{same} t.state = 'held' AND t.reason = 'objection' AND w.state = 'ready'", [], "ready", "freed")


ROW_COLUMNS = (
    "seq", "row_id", "kind", "holder_id", "payee_id", "parcel_id", "programme", "year", "tranche", "part", "amount_fen",
    "region_code", "due_on", "intake", "original", "document", "change",
)  # fmt: skip
EVENT_COLUMNS = ("row", "n", "from_state", "to_state", "reason", "batch", "note", "change")


def row_digest(values: tuple[Any, ...], sources: list[tuple[str, str, int]]) -> bytes:
    """Return the digest of a row with its sources, as the log commits to it."""
    parts = [str(v) if v is not None else "\\0" for v in values]
    parts += [f"{e}\x1e{v}\x1e{x}" for e, v, x in sorted(sources)]
    return sha256("\x1f".join(parts).encode()).digest()


def cancel_row(work: Work, books: Books, row: int, reason: str, *, undo: bool = True) -> None:
    """Cancel a row that has not gone to the bank, and undo what was booked for it (unless others take its money over)."""
    work.cursor.execute(
        "SELECT r.row_id, r.kind, r.payee_id, r.parcel_id, s.reason FROM pay_row r JOIN pay_state s ON s.row = r.seq WHERE r.seq = %s",  # noqa: E501
        [row],
    )
    row_id, kind, payee, parcel, why = work.cursor.fetchone()
    if undo:
        work.cursor.execute(
            "SELECT envelope_id, sum(amount_fen) FROM pay_source WHERE row = %s GROUP BY envelope_id ORDER BY envelope_id", [row]
        )
        for envelope, fen in work.cursor.fetchall():
            if kind == "clawback":
                books.demand(payee, envelope, int(fen), row_id)
            elif why == "escrow":
                books.keep(parcel, envelope, -int(fen), row_id)
            else:
                books.allot(payee, envelope, -int(fen), row_id)
    move(work, "SELECT %s", [row], "cancelled", reason)


def _amounts(claim: np.ndarray, fen: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the claims that have money, where the sources of each begin, and how much it is; both lists in order of claim."""
    funded, first = np.unique(claim, return_index=True)
    return funded, first, np.add.reduceat(fen, first) if len(first) else np.zeros(0, np.int64)


def _flat(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _path(family: str, *parts: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Return names of accounts of one family."""
    return pc.binary_join_element_wise(family, *(_flat(p) for p in parts), ":")


def _row_ids(rows: pa.Table) -> pa.Array:
    """Return the codes of first rows: programme, year, parcel, holder, and the tranche where there is more than one."""
    names = [_flat(rows[k].cast(pa.string())) for k in ("programme", "year", "parcel_id", "holder_id")]
    tranche = _flat(rows["tranche"])
    plain = pc.binary_join_element_wise(*names, "/")
    return pc.if_else(pc.equal(tranche, ONE_TRANCHE), plain, pc.binary_join_element_wise(plain, tranche, "/"))


def _held(state: pa.ChunkedArray) -> list[str]:
    """Return why rows are held from the start; empty: they are not."""
    return ["" if s == "ready" else s for s in state.to_pylist()]


def _by_envelope(parts: list[tuple[str, str, int]]) -> dict[str, int]:
    out: dict[str, int] = {}
    for _, envelope, fen in parts:
        out[envelope] = out.get(envelope, 0) + fen
    return out


def _joined(owed: pa.Table, sources: pa.Table) -> Iterator[tuple[Key, int, int, str, str, list[tuple[str, str, int]]]]:
    """Yield each claim with its sources; both are sorted by the place of the claim."""
    place, size = 0, len(sources)
    columns: tuple[list[Any], ...] = ([], [], [], [])
    start = 0
    for a in range(0, len(owed), CHUNK):
        part = owed.slice(a, CHUNK)
        keys = zip(*(part[n].to_pylist() for n in _KEY.split(", ")), strict=True)
        rest = (part[n].to_pylist() for n in ("entitled_fen", "funded_fen", "state", "entitlement_id"))
        for i, (key, entitled, funded, state, eid) in enumerate(zip(keys, *rest, strict=True), a):
            parts: list[tuple[str, str, int]] = []
            while place < size:
                if place - start >= len(columns[0]):
                    start = place
                    columns = tuple(
                        sources[n].slice(place, CHUNK).to_pylist() for n in ("claim", "entitlement_id", "envelope_id", "amount_fen")
                    )
                at = place - start
                if columns[0][at] != i:
                    break
                parts.append((columns[1][at], columns[2][at], columns[3][at]))
                place += 1
            yield key, entitled, funded, state, eid, parts


def _wanted(owed: pa.Table, sources: pa.Table) -> Iterator[tuple[Any, ...]]:
    for key, entitled, funded, state, eid, parts in _joined(owed, sources):
        for e, envelope, fen in parts or [(eid, "", 0)]:
            yield (*key, e, envelope, fen, state, entitled, funded)


# ---------------------------------------------------------------- faults
def _place_faults(office: Office, bundle: Path, facts: Mapping[str, Any]) -> list[Fault]:
    code = str(facts.get("region_code", ""))
    if region_holds(office.region_code, code) or region_holds(code, office.region_code):
        return []
    said = Text("成果包属于 {a}，本办公室是 {b}。", "The bundle is of {a}, this office is of {b}.").fill(
        a=code or "—", b=office.region_code
    )
    return [
        Fault(
            "payments.other_region", bundle.name, code, said, Text("交给该地区的办公室。", "Hand it to the office of that region.")
        )
    ]


def _lacks(bundle: Path, name: str) -> Fault:
    return Fault(
        "payments.bundle_table",
        bundle.name,
        name,
        Text("成果包没有这张表。", "The bundle has no such table."),
        Text("用 ecocomp run 重新生成。", "Make it again with ecocomp run."),
    )


def _opening(envelope: str, booked: int, said: int) -> Fault:
    return Fault(
        "payments.opening",
        "envelope_balance",
        envelope,
        Text("账上余额 {a} 元，成果包的上年结转是 {b} 元。", "The books hold CNY {a}, the bundle carries in {b}.").fill(
            a=say_yuan(booked), b=say_yuan(said)
        ),
        Text("以账本为准；查明差额。", "The books stand; find out why they differ."),
        "warning",
    )


def _moved(key: Key, fen: int) -> Fault:
    return capped(
        [
            Fault(
                "payments.sources_moved",
                "allocation",
                "/".join(map(str, key)),
                Text("{x} 元已从别的资金包支付。", "CNY {x} were paid from another envelope already.").fill(x=say_yuan(fen)),
                Text(
                    "已付的来源不改写；如须调整，由资金主管部门办理调剂。",
                    "What was paid stays as it was; a reallocation is decided by who owns the funds.",
                ),
                "warning",
            )
        ],
        "payments.sources_moved",
        "allocation",
    )[0]
