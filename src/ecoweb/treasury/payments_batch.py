"""Public notice, holds, and the batch: made, checked, approved, cancelled, each step by a person of its own.

What is put into a batch is decided by sets of rows in the database, so that a million rows take the memory of a few
thousand; account numbers are opened a piece at a time only to see that they can be used, and are not kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import pyarrow as pa

from ecocomp.payments.bank_file import account_fits, name_fits
from ecocomp.payments.flow import AUTOMATIC, STEPS, WAIVABLE, Done, Officer, step_faults
from ecocomp.terms.clocks import start_of_day
from ecocomp.terms.codes import region_holds, region_stem
from ecocomp.terms.faults import Fault, FaultsError, UsageError, capped, raise_errors
from ecocomp.terms.money import say_yuan
from ecocomp.terms.text import Text
from ecoweb.office import Office
from ecoweb.records import cipher
from ecoweb.records.checks import row_faults
from ecoweb.records.fields import to_micros
from ecoweb.records.queries import versions
from ecoweb.records.rules import params_of
from ecoweb.records.store import Work, delta_tables
from ecoweb.treasury.payments_base import (
    CHUNK,
    Act,
    acting,
    add_one,
    day_of,
    digest_of,
    fetch,
    fill,
    move,
    need_role,
    next_seq,
    number,
    officer_of,
    persons_of,
    picked,
)
from ecoweb.treasury.payments_folder import clear_cancelled


# ---------------------------------------------------------------- notice
@dataclass(frozen=True, slots=True)
class Notice:
    """A public notice: its days, how many rows it showed, their sum, and the digest of what was shown.

    notice_id  its code in the register of notices; one for each programme, a blank between them
    """

    notice_id: str
    opens: date
    closes: date
    rows: int
    sum_fen: int
    digest: str
    again: bool = False


class _Given(Exception):
    """The very same was given before."""

    def __init__(self, notice: Notice) -> None:
        super().__init__(notice.notice_id)
        self.notice = notice


def give_notice(
    office: Office,
    year: int,
    who: Act,
    *,
    programme: str = "",
    region: str = "",
    opens: date | None = None,
    days: int | None = None,
    notice_id: str = "",
) -> Notice:
    """Put the payable rows of a year (of a programme, in a region) on public notice; they are paid after it is over.

    Each programme has a notice of its own in the office's register of notices, where objections to it are entered.

    days       how long; the rules' `governance.notice_days` if None, never less
    notice_id  a notice of the register that showed these rows already: they are bound to it, and its days count
    returns    the first answer again, where the notice that runs shows the very same
    raises     FaultsError: nothing to show, a shorter notice than the rules ask, one that still runs, or one that showed less
    """
    try:
        return _give_notice(office, year, who, programme, region, opens, days, notice_id)
    except _Given as found:
        return found.notice


def _give_notice(
    office: Office, year: int, who: Act, programme: str, region: str, opens: date | None, days: int | None, notice_id: str
) -> Notice:
    with acting(office, "notice", who, year=year, programme=programme) as work:
        need_role(work, who, "maker", "programme")
        if notice_id:
            return _bind(work, year, programme, notice_id, who)
        least = number(params_of(office, day_of(work)), "governance.notice_days")
        first = opens or day_of(work)
        if days is not None and days < least:
            raise FaultsError([_short(days, least)])
        if first < day_of(work):
            raise FaultsError([_past(first)])
        closes = first + timedelta(days=(days or least) - 1)
        names = [programme] if programme else _programmes_of(work, year, region)
        shown = [(p, *_shown(work, year, p, region)) for p in names]
        if not sum(t.rows for _, t, _ in shown):
            raise FaultsError([_nothing_to("notice", Text("没有可公示的付款行", "there are no payable rows to show"))])
        place = region or office.region_code
        same = [_same_notice(work, p, year, region, t, d, (first, closes)) for p, t, d in shown]
        if all(same):
            raise _Given(replace(_together([m for m in same if m]), again=True))
        raise_errors([f for p, _, _ in shown for f in _running(work, p, year, place)])
        n = next_seq(work.cursor, "pay_notice")
        made = [
            Notice(f"N-{office.region_code}-{year}-{n + i:04d}", first, closes, t.rows, t.sum_fen, d)
            for i, (_, t, d) in enumerate(shown)
        ]
        _register(work, [_notice_row(m, p, year, place, who) for m, (p, _, _) in zip(made, shown, strict=True)])
        for m, (p, _, _) in zip(made, shown, strict=True):
            _note(work, m, p, year, region, who)
    return _together(made)


def _together(made: list[Notice]) -> Notice:
    digest = made[0].digest if len(made) == 1 else digest_of((m.notice_id, m.digest) for m in made)
    rows, fen = sum(m.rows for m in made), sum(m.sum_fen for m in made)
    return Notice(" ".join(m.notice_id for m in made), made[0].opens, made[0].closes, rows, fen, digest)


def _bind(work: Work, year: int, programme: str, notice_id: str, who: Act) -> Notice:
    """Bind the rows to a notice that stands in the register: of this programme and year, not withdrawn, and it showed no less."""
    found = _noticed_now(work, {"notice_id": notice_id})
    if not found:
        raise FaultsError([_no_notice(notice_id)])
    said = found[0]
    if said["year"] != year or programme not in ("", said["programme"]) or said["state"] == "withdrawn":
        raise FaultsError([_other_notice(notice_id, said)])
    work.cursor.execute("SELECT 1 FROM pay_notice WHERE notice_id = %s", [notice_id])
    if work.cursor.fetchone() is not None:
        raise FaultsError([_bound(notice_id)])
    region = "" if region_holds(said["region_code"], work.office.region_code) else said["region_code"]
    totals, digest = _shown(work, year, said["programme"], region)
    if not totals.rows:
        raise FaultsError([_nothing_to("notice", Text("没有可公示的付款行", "there are no payable rows to show"))])
    if totals.sum_fen > said["published_fen"]:
        raise FaultsError([_showed_less(notice_id, totals.sum_fen, said["published_fen"])])
    made = Notice(notice_id, said["opens_on"], said["closes_on"], totals.rows, totals.sum_fen, digest)
    _note(work, made, said["programme"], year, region, who)
    return made


def _noticed_now(work: Work, where: dict[str, Any]) -> list[dict[str, Any]]:
    """Return notices of the register as they stand at the moment of the act."""
    found = versions(work.office, "notice", where, known=work.at).to_pylist()
    return [r for r in found if r["known_to"] is None and r["valid_to"] is None]


def _programmes_of(work: Work, year: int, region: str) -> list[str]:
    where, params = _scope(year, "", region)
    work.cursor.execute(
        f"SELECT DISTINCT r.programme FROM pay_row r JOIN pay_state s ON s.row = r.seq WHERE {where}"
        " AND s.state IN ('ready', 'held') ORDER BY r.programme",
        params,
    )
    return [str(r[0]) for r in work.cursor.fetchall()]


def _shown(work: Work, year: int, programme: str, region: str) -> tuple[_Totals, str]:
    where, params = _scope(year, programme, region)
    rows = fetch(
        work.cursor,
        "SELECT r.row_id, r.holder_id, r.parcel_id, r.amount_fen FROM pay_row r JOIN pay_state s ON s.row = r.seq"
        f" WHERE {where} AND s.state IN ('ready', 'held') ORDER BY r.seq",
        params,
    )
    totals = _Totals()
    return totals, digest_of(totals.over(rows))


def _running(work: Work, programme: str, year: int, place: str) -> list[Fault]:
    """Return a fault for each notice of the programme, year and place that still runs."""
    found = _noticed_now(work, {"region_code": place})
    return [
        _still(n["notice_id"], n["closes_on"])
        for n in found
        if (n["programme"], n["year"], n["state"]) == (programme, year, "open") and n["closes_on"] >= day_of(work)
    ]


def _same_notice(
    work: Work, programme: str, year: int, region: str, totals: _Totals, digest: str, days: tuple[date, date]
) -> Notice | None:
    """Return the notice that was given of exactly these rows for exactly these days."""
    work.cursor.execute(
        "SELECT n.notice_id FROM pay_notice n JOIN notice q ON q.notice_id = n.notice_id AND q.known_to IS NULL"
        " AND q.valid_to IS NULL WHERE n.programme = %s AND n.year = %s AND n.region_code = %s AND n.digest = %s"
        " AND n.opens = %s AND n.closes = %s"
        " AND q.state = 'open' ORDER BY n.seq DESC LIMIT 1",
        [programme, year, region_stem(region), digest, *days],
    )
    row = work.cursor.fetchone()
    return None if row is None else Notice(str(row[0]), *days, totals.rows, totals.sum_fen, digest)


def _notice_row(m: Notice, programme: str, year: int, place: str, who: Act) -> dict[str, Any]:
    return {
        "notice_id": m.notice_id, "programme": programme, "year": year, "region_code": place, "state": "open", "opens_on": m.opens,
        "closes_on": m.closes, "rows": m.rows, "published_dm2": 0, "published_fen": m.sum_fen, "digest": m.digest,
        "source_id": None, "valid_from": m.opens, "valid_to": None,
    }  # fmt: skip


def _register(work: Work, rows: list[dict[str, Any]]) -> None:
    """Enter notices in the register, and close there those of the same programme, year and place whose days are over."""
    day = day_of(work)
    ended, closed = [], []
    for new in rows:
        for old in _noticed_now(work, {"region_code": new["region_code"]}):
            if (old["programme"], old["year"], old["state"]) == (new["programme"], new["year"], "open") and old["closes_on"] < day:
                bare = {k: v for k, v in old.items() if k not in ("known_from", "known_to")}
                ended.append(old)
                closed += [bare | {"valid_to": day}, bare | {"state": "closed", "valid_from": day}]
    table = delta_tables({"notice": [*closed, *rows]})["notice"]
    raise_errors(row_faults("notice", table))
    raise_errors(work.close("notice", ended))
    raise_errors(work.add("notice", table))


def _note(work: Work, m: Notice, programme: str, year: int, region: str, who: Act) -> None:
    """Write down which rows a notice showed: all of its scope up to the last one there is."""
    add_one(
        work, "pay_notice", notice_id=m.notice_id, year=year, programme=programme, region_code=region_stem(region), opens=m.opens,
        closes=m.closes, through=next_seq(work.cursor, "pay_row") - 1, rows=m.rows, sum_fen=m.sum_fen, digest=m.digest,
        document=who.document, change=work.seq,
    )  # fmt: skip
    work.facts.setdefault("notices", []).append([m.notice_id, m.rows, m.sum_fen, m.digest])


@dataclass
class _Totals:
    rows: int = 0
    sum_fen: int = 0

    def over(self, rows: Iterator[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
        for row in rows:
            self.rows += 1
            self.sum_fen += row[3]
            yield row


def _scope(year: int | None, programme: str, region: str) -> tuple[str, list[Any]]:
    where: list[str] = ["1 = 1"]
    params: list[Any] = []
    if year is not None:
        where.append("r.year = %s")
        params.append(year)
    if programme:
        where.append("r.programme = %s")
        params.append(programme)
    if region:
        where.append("r.region_code >= %s AND r.region_code < %s")
        stem = region_stem(region)
        params += [stem, stem[:-1] + chr(ord(stem[-1]) + 1)]
    return " AND ".join(where), params


_NOTICED = (
    "EXISTS (SELECT 1 FROM pay_notice n JOIN notice q ON q.notice_id = n.notice_id AND q.known_to IS NULL AND q.valid_to IS NULL"
    " WHERE n.year = r.year AND n.programme IN ('', r.programme) AND r.seq <= n.through"
    " AND (n.region_code = '' OR substr(r.region_code, 1, length(n.region_code)) = n.region_code)"
    " AND q.state <> 'withdrawn' AND q.closes_on < %s)"
)
"""A row has been on notice, and the notice is over and was not withdrawn, as the register says; what follows from a row that
was (a reissue, an heir) needs none of its own."""


# ---------------------------------------------------------------- make
@dataclass
class Batch:
    """A batch as it stands: content, step, what was left out when it was made, and files of it that could not be removed."""

    batch_id: str
    rows: int
    lines: int
    sum_fen: int
    digest: str
    step: str = "made"
    again: bool = False
    change: int | None = None
    left_out: dict[str, int] = field(default_factory=dict)
    warnings: list[Fault] = field(default_factory=list)


def make_batch(
    office: Office,
    who: Act,
    *,
    year: int | None = None,
    programme: str = "",
    region: str = "",
    purpose: str = "",
    limit: int | None = None,
) -> Batch:
    """Make a batch of every row that can be paid: noticed, ready, nothing in its way, at least the least amount for its payee.

    limit   at most so many rows
    raises  FaultsError: no row can be paid (with how many wait and why), or the officer may not make it
    """
    if limit is not None and limit < 1:
        raise UsageError(Text("行数上限应大于 0。", "The limit must be more than 0."))
    if (again := _by_key(office, who.key, "made")) is not None:
        return again
    with acting(office, "batch.make", who, year=year, programme=programme, region=region) as work:
        params = params_of(office, day_of(work))
        officer = need_role(work, who, "maker")
        refresh_holds(work, params)
        made = _Making(work, params, officer, who, region or office.region_code).make(year, programme, region, purpose, limit)
    made.change = work.seq
    return made


class _Making:
    """One batch being made."""

    def __init__(self, work: Work, params: Any, officer: Officer, who: Act, region: str) -> None:
        self.work, self.params, self.officer, self.who, self.region = work, params, officer, who, region

    def make(self, year: int | None, programme: str, region: str, purpose: str, limit: int | None) -> Batch:
        work, cursor = self.work, self.work.cursor
        where, values = _scope(year, programme, region)
        with picked(work, "pay_pick", "seq bigint PRIMARY KEY, payee_id text, amount_fen bigint, region_code text"):
            cursor.execute(
                "INSERT INTO pay_pick SELECT r.seq, r.payee_id, r.amount_fen, r.region_code FROM pay_state s JOIN pay_row r"
                f" ON r.seq = s.row WHERE s.state = 'ready' AND {where} AND (r.kind IN ('reissue', 'heir', 'release', 'clawback') OR"  # noqa: E501
                f" {_NOTICED}) ORDER BY r.seq" + (f" LIMIT {int(limit)}" if limit else ""),
                [*values, day_of(work)],
            )
            left = self._left(where, values)
            self._uncovered()
            cursor.execute("SELECT count(*) FROM pay_pick")
            if not cursor.fetchone()[0]:
                raise FaultsError([_empty(left)])
            return self._write(left, purpose or self._purpose(year), year)

    def _purpose(self, year: int | None) -> str:
        return f"{year} 生态补偿" if year else "生态补偿"

    def _uncovered(self) -> None:
        """Leave out claw-backs their payee's payments do not cover envelope by envelope, and payees below the least amount."""
        cursor = self.work.cursor
        short = (
            "SELECT p.payee_id FROM pay_pick p JOIN pay_source x ON x.row = p.seq GROUP BY p.payee_id, x.envelope_id"
            " HAVING sum(x.amount_fen) < 0"
        )
        cursor.execute(f"DELETE FROM pay_pick WHERE amount_fen < 0 AND payee_id IN ({short})")
        least = max(1, number(self.params, "payments.minimum_fen"))
        cursor.execute(
            "DELETE FROM pay_pick WHERE payee_id IN (SELECT payee_id FROM pay_pick GROUP BY payee_id HAVING sum(amount_fen) < %s)",
            [least],
        )
        self.small = int(cursor.rowcount)

    def _left(self, where: str, values: list[Any]) -> dict[str, int]:
        """Return how many rows wait, by reason."""
        self.work.cursor.execute(
            "SELECT CASE WHEN s.state = 'ready' THEN 'not_noticed' ELSE s.reason END, count(*) FROM pay_state s JOIN pay_row r"
            f" ON r.seq = s.row WHERE s.state IN ('ready', 'held') AND {where} AND r.seq NOT IN (SELECT seq FROM pay_pick) GROUP BY 1",  # noqa: E501
            values,
        )
        return {str(k): int(n) for k, n in sorted(self.work.cursor.fetchall())}

    def _write(self, left: dict[str, int], purpose: str, year: int | None) -> Batch:
        work, cursor = self.work, self.work.cursor
        seq = next_seq(cursor, "pay_batch")
        day = day_of(work)
        name = f"{work.office.region_code}-{day.year}-{seq:04d}"
        cursor.execute("SELECT count(*), sum(amount_fen), count(DISTINCT payee_id) FROM pay_pick")
        rows, total, lines = (int(v) for v in cursor.fetchone())
        with picked(work, "pay_put", "payee_id text PRIMARY KEY, no bigint, party_row bigint, fen bigint"):
            cursor.execute(
                "INSERT INTO pay_put SELECT g.payee_id, row_number() OVER (ORDER BY g.region, g.payee_id), t.id, g.fen FROM"
                " (SELECT payee_id, min(region_code) AS region, sum(amount_fen) AS fen FROM pay_pick GROUP BY payee_id) g"
                " JOIN party t ON t.party_id = g.payee_id AND t.known_to IS NULL AND t.valid_from <= %s"
                " AND (t.valid_to IS NULL OR t.valid_to > %s)",
                [day, day],
            )
            digest = digest_of(_content_of_pick(cursor))
            add_one(
                work, "pay_batch", batch_id=name, region_code=self.region, purpose=purpose, made_on=day, rows=rows, lines=lines,
                sum_fen=total, digest=digest, change=work.seq,
            )  # fmt: skip
            first = next_seq(cursor, "pay_line") - 1
            cursor.execute(
                f"INSERT INTO pay_line (seq, batch, no, payee_id, party_row, amount_fen, purpose) SELECT {first} + no, %s, no, payee_id,"  # noqa: E501
                " party_row, fen, %s FROM pay_put ORDER BY no",
                [seq, purpose],
            )
            first = next_seq(cursor, "pay_slip") - 1
            cursor.execute(
                f"INSERT INTO pay_slip (seq, batch, line, row) SELECT {first} + row_number() OVER (ORDER BY u.no, p.seq), %s, u.no, p.seq"  # noqa: E501
                " FROM pay_pick p JOIN pay_put u ON u.payee_id = p.payee_id ORDER BY u.no, p.seq",
                [seq],
            )
        move(work, "SELECT seq FROM pay_pick", [], "in_file", "batched", batch=str(seq))
        raise_errors(_step_faults(work, seq, name, "made", self.officer, self.region))
        _add_step(work, seq, "made", self.officer, digest, self.who)
        if self.small:
            left["below_minimum"] = self.small
        work.facts |= {"batch": name, "rows": rows, "lines": lines, "sum_fen": total, "digest": digest}
        return Batch(name, rows, lines, total, digest, left_out=left)


def _content_of_pick(cursor: Any) -> Iterator[tuple[Any, ...]]:
    return fetch(
        cursor,
        "SELECT u.no, u.payee_id, u.party_row, u.fen, p.seq, p.amount_fen FROM pay_put u JOIN pay_pick p ON p.payee_id = u.payee_id"
        " ORDER BY u.no, p.seq",
    )


def content_digest(cursor: Any, batch: int) -> str:
    """Return the digest of a batch as it lies in the database now."""
    return digest_of(
        fetch(
            cursor,
            "SELECT l.no, l.payee_id, l.party_row, l.amount_fen, r.seq, r.amount_fen FROM pay_slip p JOIN pay_line l ON l.batch = p.batch"  # noqa: E501
            " AND l.no = p.line JOIN pay_row r ON r.seq = p.row WHERE p.batch = %s ORDER BY p.line, p.row",
            [batch],
        )
    )


# ---------------------------------------------------------------- steps
def check_batch(office: Office, batch_id: str, who: Act, *, digest: str = "") -> Batch:
    """Check a batch: its content is computed again and compared with what was made."""
    return take_step(office, batch_id, "checked", who, digest=digest)


def approve_batch(office: Office, batch_id: str, who: Act, *, digest: str = "") -> Batch:
    """Approve a batch; pressed twice by the same person it is approved once."""
    return take_step(office, batch_id, "approved", who, digest=digest)


def cancel_batch(office: Office, batch_id: str, who: Act) -> Batch:
    """Cancel a batch that was not released: its rows are ready again, its bank file is removed; cancelled before, once more.

    The answer's `warnings` name a file that cannot be removed.
    """
    made = take_step(office, batch_id, "cancelled", who)
    with office.reading() as cursor:
        made.warnings = clear_cancelled(office, cursor)
    return made


def take_step(office: Office, batch_id: str, step: str, who: Act, *, digest: str = "") -> Batch:
    """Take one step of a batch.

    digest  the digest the officer saw; another than the batch's is refused
    raises  FaultsError: out of its turn, not this officer's to take, the content is not what was made
    """
    if (again := _repeated(office, batch_id, step, who, digest)) is not None:
        return again
    try:
        with acting(office, f"batch.{step}", who, batch=batch_id) as work:
            seq, found = find_batch(work.cursor, batch_id)
            if _same_step(work.cursor, seq, step, who) is not None:
                raise _Again
            officer = officer_for(work, who)
            raise_errors(
                [*_step_faults(work, seq, batch_id, step, officer, found["region_code"]), *_digest_faults(work, seq, found, digest)]
            )
            _add_step(work, seq, step, officer, found["digest"], who)
            if step == "cancelled":
                move(work, "SELECT p.row FROM pay_slip p WHERE p.batch = %s", [seq], "ready", "batch_cancelled")
            work.facts["digest"] = found["digest"]
    except _Again:
        repeated = _repeated(office, batch_id, step, who, digest)
        assert repeated is not None
        return repeated
    return Batch(batch_id, found["rows"], found["lines"], found["sum_fen"], found["digest"], step, change=work.seq)


class _Again(Exception):
    pass


def officer_for(work: Work, who: Act) -> Officer:
    """Return the officer of an act at its moment."""
    rest = number(params_of(work.office, day_of(work)), "payments.role_rest_hours")
    officer = officer_of(work.office, work.cursor, who.actor, work.at, rest)
    work.facts["person"] = officer.person_id
    return officer


def find_batch(cursor: Any, batch_id: str) -> tuple[int, dict[str, Any]]:
    """Return the number of a batch and its content; FaultsError if there is none."""
    names = ("seq", "batch_id", "region_code", "purpose", "made_on", "rows", "lines", "sum_fen", "digest", "change")
    cursor.execute(f"SELECT {', '.join(names)} FROM pay_batch WHERE batch_id = %s", [batch_id])
    row = cursor.fetchone()
    if row is None:
        raise FaultsError([_no_batch(batch_id)])
    found = dict(zip(names, row, strict=True))
    return int(found["seq"]), found


def steps_of(cursor: Any, batch: int) -> list[Done]:
    """Return the steps of a batch in the order they were taken."""
    cursor.execute("SELECT step, role, officer_id, person_id, for_person FROM pay_step WHERE batch = %s ORDER BY seq", [batch])
    return [Done(s, r, o, frozenset(x for x in (p, f) if x)) for s, r, o, p, f in cursor.fetchall()]


def last_step(cursor: Any, batch: int) -> str:
    """Return the step a batch has come to."""
    return steps_of(cursor, batch)[-1].step


def step_checked(work: Work, seq: int, found: dict[str, Any], step: str, who: Act) -> Officer:
    """Return the officer who takes a step that does more than be taken (file, comparison, release), or raise why they may not."""
    officer = officer_for(work, who)
    faults = [
        *_step_faults(work, seq, found["batch_id"], step, officer, found["region_code"]),
        *_digest_faults(work, seq, found, ""),
    ]
    raise_errors(faults)
    return officer


def add_step(work: Work, seq: int, step: str, officer: Officer, found: dict[str, Any], who: Act, note: str = "") -> None:
    """Write down that a step was taken."""
    _add_step(work, seq, step, officer, found["digest"], who, note)


def _add_step(work: Work, seq: int, step: str, officer: Officer, digest: str, who: Act, note: str = "") -> None:
    others = sorted(officer.persons - {officer.person_id})
    add_one(
        work, "pay_step", batch=seq, step=step, role=STEPS[step][1], officer_id=officer.officer_id, person_id=officer.person_id,
        for_person=others[0] if others else "", digest=digest, key=who.key, note=note, change=work.seq,
    )  # fmt: skip


def _step_faults(work: Work, seq: int, batch_id: str, step: str, officer: Officer, region: str) -> list[Fault]:
    cursor = work.cursor
    own = sorted(officer.own)
    marks = ", ".join(["%s"] * len(own))
    cursor.execute(f"SELECT payee_id FROM pay_line WHERE batch = %s AND payee_id IN ({marks})", [seq, *own])
    payees = {r[0] for r in cursor.fetchall()}
    about = [_objected(batch_id, row) for row in objected(cursor, seq)] if step in _LOOKS_AT_OBJECTIONS else []
    return [
        *step_faults(
            batch_id, step, officer, steps_of(cursor, seq), region=region, payees=payees, touched=_touched(work, seq, officer)
        ),
        *capped(about, "payments.objected", "payments"),
    ]


_LOOKS_AT_OBJECTIONS = ("checked", "approved", "released")


def _touched(work: Work, seq: int, officer: Officer) -> set[str]:
    """Return the payees of a batch whose account now in use was brought, in place of another, by a person of the officer's.

    Later corrections that left the account as it was do not hide who brought it.
    """
    cursor = work.cursor
    cursor.execute(
        "SELECT l.payee_id, l.party_row, t.id, c.actor FROM pay_line l"
        " JOIN party t ON t.party_id = l.payee_id AND t.id <= l.party_row JOIN change c ON c.seq = t.change_id"
        " WHERE l.batch = %s AND EXISTS (SELECT 1 FROM party b WHERE b.party_id = t.party_id AND b.id < t.id)",
        [seq],
    )
    changed = cursor.fetchall()
    persons = persons_of(cursor, (c for *_, c in changed))
    suspects: dict[tuple[str, int], set[int]] = {}
    for payee, used, version, actor in changed:
        if persons[actor] & officer.persons or actor == officer.officer_id:
            suspects.setdefault((str(payee), int(used)), set()).add(int(version))
    return {p for (p, used), versions in suspects.items() if _brought_in(work.office, cursor, p, used) in versions}


def _brought_in(office: Office, cursor: Any, party: str, used: int) -> int:
    """Return the version of a party that brought the account a later one uses in place of another; 0 if it is their first."""
    cursor.execute(
        "SELECT id, account FROM party WHERE party_id = %s AND id <= %s AND account IS NOT NULL ORDER BY id DESC", [party, used]
    )
    rows = [(int(i), bytes(a)) for i, a in cursor.fetchall()]
    if not rows:
        return 0
    ids = [i for i, _ in rows]
    clear = cipher.opened_values(office, cursor, "party", [party] * len(ids), ids, {"account": [a for _, a in rows]})["account"]
    other = next((n for n, value in enumerate(clear) if value != clear[0]), None)
    return 0 if other is None else ids[other - 1]


def _digest_faults(work: Work, seq: int, found: dict[str, Any], said: str) -> list[Fault]:
    if said and said != found["digest"]:
        return [_other_digest(found["batch_id"], said, found["digest"], Text("所看到的", "the one seen"))]
    now = content_digest(work.cursor, seq)
    return (
        []
        if now == found["digest"]
        else [_other_digest(found["batch_id"], now, found["digest"], Text("数据库里现在的", "the one in the database now"))]
    )


def _same_step(cursor: Any, seq: int, step: str, who: Act) -> tuple[Any, ...] | None:
    cursor.execute("SELECT officer_id, digest, key, change FROM pay_step WHERE batch = %s AND step = %s", [seq, step])
    row: tuple[Any, ...] | None = cursor.fetchone()
    return row if row is not None and row[0] == who.actor else None


def _repeated(office: Office, batch_id: str, step: str, who: Act, digest: str) -> Batch | None:
    """Return the first answer where the same officer takes the same step again; refuse a key used for something else."""
    with office.reading() as cursor:
        if who.key is not None:
            cursor.execute(
                "SELECT b.batch_id, t.step FROM pay_step t JOIN pay_batch b ON b.seq = t.batch WHERE t.key = %s", [who.key]
            )
            used = cursor.fetchone()
            if used is not None and used != (batch_id, step):
                raise FaultsError([key_reused(who.key, f"{used[0]}/{used[1]}")])
        seq, found = find_batch(cursor, batch_id)
        row = _same_step(cursor, seq, step, who)
        if row is None:
            return None
        if digest and digest != found["digest"]:
            raise FaultsError([_other_digest(batch_id, digest, found["digest"], Text("所看到的", "the one seen"))])
        return Batch(batch_id, found["rows"], found["lines"], found["sum_fen"], found["digest"], step, again=True, change=row[3])


def _by_key(office: Office, key: str | None, step: str) -> Batch | None:
    if key is None:
        return None
    with office.reading() as cursor:
        cursor.execute("SELECT b.batch_id, t.step FROM pay_step t JOIN pay_batch b ON b.seq = t.batch WHERE t.key = %s", [key])
        used = cursor.fetchone()
        if used is None:
            return None
        if used[1] != step:
            raise FaultsError([key_reused(key, f"{used[0]}/{used[1]}")])
        _, found = find_batch(cursor, used[0])
        return Batch(
            used[0], found["rows"], found["lines"], found["sum_fen"], found["digest"], step, again=True, change=found["change"]
        )


# ---------------------------------------------------------------- holds
def refresh_holds(work: Work, params: Any) -> dict[str, int]:
    """Look anew at what stands in the way of every row that waits; hold and free accordingly. Return rows held by reason."""
    _answered(work)
    with picked(work, "pay_stop", "row bigint PRIMARY KEY, reason text"):
        for reason, rows in (
            ("no_party", _no_party(work)),
            ("payee_ended", _ended(work)),
            ("objection", _objections(work)),
            ("title", _titles(work)),
            ("accounts", _accounts(work, params)),
        ):
            del reason
            fill_new(work, rows)
        automatic = ", ".join(f"'{r}'" for r in sorted(AUTOMATIC))
        counted: dict[str, int] = {}
        for reason in sorted(AUTOMATIC):
            chosen = "SELECT o.row FROM pay_stop o JOIN pay_state t ON t.row = o.row WHERE o.reason = %s AND (t.state = 'ready'"
            moved = move(
                work,
                f"{chosen} OR t.state = 'held' AND t.reason IN ({automatic}) AND t.reason <> o.reason)",
                [reason],
                "held",
                reason,
            )
            if moved:
                counted[reason] = moved
        move(
            work,
            f"SELECT t.row FROM pay_state t WHERE t.state = 'held' AND t.reason IN ({automatic}) AND t.row NOT IN (SELECT row FROM pay_stop)",  # noqa: E501
            [],
            "ready",
            "freed",
        )
    return counted


def fill_new(work: Work, rows: Iterator[tuple[int, str]]) -> None:
    """Note obstacles; the first one found of a row stands."""
    with picked(work, "pay_found", "row bigint, reason text"):
        fill(work, "pay_found", ("row", "reason"), list(rows))  # what gives the rows asks on the same connection
        work.cursor.execute(
            "INSERT INTO pay_stop SELECT row, min(reason) FROM pay_found WHERE row NOT IN (SELECT row FROM pay_stop) GROUP BY row"
        )


_WAITING = "pay_state s JOIN pay_row r ON r.seq = s.row WHERE s.state IN ('ready', 'held') AND s.reason <> 'escrow'"


def _no_party(work: Work) -> Iterator[tuple[int, str]]:
    return (
        (int(r[0]), "no_party")
        for r in fetch(
            work.cursor,
            f"SELECT r.seq FROM {_WAITING} AND NOT EXISTS (SELECT 1 FROM party t WHERE t.party_id = r.payee_id AND t.known_to IS NULL)",  # noqa: E501
        )
    )


def _ended(work: Work) -> Iterator[tuple[int, str]]:
    day = day_of(work)
    return (
        (int(r[0]), "payee_ended")
        for r in fetch(
            work.cursor,
            f"SELECT r.seq FROM {_WAITING} AND EXISTS (SELECT 1 FROM party t WHERE t.party_id = r.payee_id AND t.known_to IS NULL)"
            " AND NOT EXISTS (SELECT 1 FROM party t WHERE t.party_id = r.payee_id AND t.known_to IS NULL AND t.valid_from <= %s"
            " AND (t.valid_to IS NULL OR t.valid_to > %s))",
            [day, day],
        )
    )


_OBJECTED = (
    "EXISTS (SELECT 1 FROM objection o JOIN notice q ON q.notice_id = o.notice_id AND q.known_to IS NULL AND q.valid_to IS NULL"
    " WHERE o.known_to IS NULL AND o.valid_to IS NULL AND o.holder_id = r.holder_id AND o.parcel_id IN ('', r.parcel_id)"
    " AND o.year = r.year AND q.programme = r.programme AND {which})"
)
"""The register has an objection to a row: to the notice of its programme and year, by its holder, on its parcel or on all."""
_OPEN = "o.outcome = 'open' AND o.received_on BETWEEN q.opens_on AND q.closes_on"
"""Only what came in within the notice holds money while it is open (`ecocomp.governance.objections.in_window`)."""
_UPHELD = (
    "o.outcome = 'upheld' AND NOT EXISTS (SELECT 1 FROM pay_row c WHERE c.holder_id = r.holder_id AND c.parcel_id = r.parcel_id"
    " AND c.programme = r.programme AND c.year = r.year AND c.tranche = r.tranche AND c.change > o.change_id"
    " AND c.kind IN ('payment', 'correction', 'clawback')) AND NOT EXISTS (SELECT 1 FROM pay_decision d JOIN pay_decision e"
    " ON e.confirms = d.seq WHERE d.kind = 'waive' AND d.outcome = 'objection_upheld' AND d.subject = r.payee_id"
    " AND e.change > o.change_id)"
)
"""What was upheld holds a row until a later calculation corrected its key, or two persons said that no money changes."""


def _objections(work: Work) -> Iterator[tuple[int, str]]:
    """Objections of the office's register hold the rows they are about: while open, and upheld until they are corrected."""
    for reason, which in (("objection_open", _OPEN), ("objection_upheld", _UPHELD)):
        for (row,) in fetch(work.cursor, f"SELECT r.seq FROM {_WAITING} AND {_OBJECTED.format(which=which)}"):
            yield int(row), reason


def _answered(work: Work) -> None:
    """Free rows that came in held by an objection, where the register has it and every one of them was rejected."""
    rejected, other = (_OBJECTED.format(which=w) for w in ("o.outcome = 'rejected'", "o.outcome <> 'rejected'"))
    move(
        work,
        "SELECT r.seq FROM pay_state t JOIN pay_row r ON r.seq = t.row WHERE t.state = 'held' AND t.reason = 'objection'"
        f" AND {rejected} AND NOT {other}",
        [],
        "ready",
        "freed",
    )


def objected(cursor: Any, batch: int) -> list[str]:
    """Return the rows of a batch that an objection of the register concerns, open or upheld."""
    cursor.execute(
        "SELECT r.row_id FROM pay_slip p JOIN pay_row r ON r.seq = p.row WHERE p.batch = %s AND r.holder_id IN"
        f" (SELECT holder_id FROM objection WHERE known_to IS NULL) AND ({_OBJECTED.format(which=_OPEN)}"
        f" OR {_OBJECTED.format(which=_UPHELD)}) ORDER BY r.seq",
        [batch],
    )
    return [str(r[0]) for r in cursor.fetchall()]


def _titles(work: Work) -> Iterator[tuple[int, str]]:
    """Rows whose right the register now says is disputed, or which an open dispute of the parcel concerns."""
    day = day_of(work)
    live = "{t}.known_to IS NULL AND {t}.valid_from <= %s AND ({t}.valid_to IS NULL OR {t}.valid_to > %s)"
    sql = (
        f"SELECT r.seq FROM {_WAITING} AND r.kind <> 'release' AND (EXISTS (SELECT 1 FROM tenure q WHERE q.parcel_id = r.parcel_id AND"  # noqa: E501
        f" q.holder_id = r.holder_id AND q.state = 'disputed' AND {live.format(t='q')})"
        f" OR EXISTS (SELECT 1 FROM dispute d WHERE d.parcel_id = r.parcel_id AND d.state IN ({{open}}) AND {live.format(t='d')}))"
    )
    from ecocomp.terms.codes import DISPUTE_STATES

    still = ", ".join(f"'{s}'" for s in DISPUTE_STATES if s not in ("settled", "withdrawn", "closed", "dismissed", "decided"))
    rows = fetch(work.cursor, sql.replace("{open}", still or "''"), [day] * 4)
    yield from ((int(r[0]), "title_disputed") for r in rows)
    yield from _standing(work)


def _standing(work: Work) -> Iterator[tuple[int, str]]:
    """Rows on parcels whose title blocks payment by `ecocomp.tenure.standing`, of those the office's register speaks of."""
    from ecocomp.tenure.standing import standing
    from ecoweb.records.queries import history

    cursor = work.cursor
    cursor.execute("SELECT count(*) FROM (SELECT 1 FROM tenure LIMIT 1) t")
    if not cursor.fetchone()[0]:
        return
    parcels = sorted(
        {
            r[0]
            for r in fetch(
                cursor,
                f"SELECT DISTINCT r.parcel_id FROM {_WAITING} AND EXISTS (SELECT 1 FROM tenure q WHERE q.parcel_id = r.parcel_id)",
            )
        }
    )
    if not parcels:
        return
    day = day_of(work)
    tenure = history(work.office, "tenure")
    stopped = standing(pa.array(parcels), {"tenure": tenure, "duty": history(work.office, "duty")}, day, day)
    wrong = {r["parcel_id"] for r in stopped.to_pylist() if r["severity"] == "block" and r["reason"] in _BLOCKS}
    if not wrong:
        return
    with picked(work, "pay_wrong", "parcel_id text PRIMARY KEY"):
        fill(work, "pay_wrong", ("parcel_id",), ((p,) for p in sorted(wrong)))
        rows = list(
            fetch(
                cursor,
                f"SELECT r.seq FROM {_WAITING} AND r.kind NOT IN ('release', 'heir') AND r.parcel_id IN (SELECT parcel_id FROM pay_wrong)",  # noqa: E501
            )
        )
    yield from ((int(r[0]), "title_blocked") for r in rows)


_BLOCKS = ("shares_exceed", "no_document", "term_expired")
"""What of `standing` blocks what was owed already: shares beyond one, rights on no paper or run out."""


def _accounts(work: Work, params: Any) -> Iterator[tuple[int, str]]:
    """Rows whose payee has no account, or one that cannot be used, was changed lately, or is used by others too."""
    waived = _waived(work)
    bad: dict[str, str] = {}
    shared = _shared(work)
    for names, ids, people, accounts in _payees(work):
        for party, name, account in zip(names, people, accounts, strict=True):
            if not account or account == cipher.HIDDEN:
                bad[party] = "no_account"
            elif not account_fits(account):
                bad[party] = "account_unfit"
            elif not name_fits(name):
                bad[party] = "name_unfit"
            elif party in shared and (party, "account_shared") not in waived:
                bad[party] = "account_shared"
        del ids
    for party in _changed_lately(work, number(params, "payments.account_rest_days")):
        if (party, "account_changed") not in waived:
            bad.setdefault(party, "account_changed")
    with picked(work, "pay_bad", "party_id text PRIMARY KEY, reason text"):
        fill(work, "pay_bad", ("party_id", "reason"), sorted(bad.items()))
        rows = list(
            fetch(
                work.cursor,
                "SELECT r.seq, b.reason FROM pay_bad b JOIN pay_row r ON r.payee_id = b.party_id JOIN pay_state s ON s.row = r.seq WHERE s.state IN ('ready', 'held') AND s.reason <> 'escrow'",  # noqa: E501
            )
        )
    yield from ((int(r), str(w)) for r, w in rows)


def _payees(work: Work) -> Iterator[tuple[list[str], list[int], list[str], list[str | None]]]:
    """Yield the payees that wait with their names and accounts in clear, a piece at a time; nothing of it is kept."""
    day = day_of(work)
    last = ""
    while True:
        work.cursor.execute(
            "SELECT t.party_id, t.id, t.name, t.account FROM party t WHERE t.known_to IS NULL AND t.valid_from <= %s"
            " AND (t.valid_to IS NULL OR t.valid_to > %s) AND t.party_id > %s AND EXISTS (SELECT 1 FROM pay_row r JOIN pay_state s"
            " ON s.row = r.seq WHERE r.payee_id = t.party_id AND s.state IN ('ready', 'held') AND s.reason <> 'escrow')"
            f" ORDER BY t.party_id LIMIT {CHUNK}",
            [day, day, last],
        )
        rows = work.cursor.fetchall()
        if not rows:
            return
        names, ids, people = [r[0] for r in rows], [int(r[1]) for r in rows], [r[2] for r in rows]
        sealed = [None if r[3] is None else bytes(r[3]) for r in rows]
        having = [i for i, v in enumerate(sealed) if v is not None]
        clear: list[str | None] = [None] * len(rows)
        if having:
            opened = cipher.opened_values(
                work.office,
                work.cursor,
                "party",
                [names[i] for i in having],
                [ids[i] for i in having],
                {"account": [sealed[i] for i in having]},
            )["account"]
            for place, value in zip(having, opened, strict=True):
                clear[place] = value
        yield names, ids, people, clear
        last = names[-1]


def _shared(work: Work) -> set[str]:
    """Return the parties whose account now in use is that of another party too, found by their tokens and then opened."""
    cursor = work.cursor
    cursor.execute(
        "SELECT object FROM seal_blind WHERE register = 'party' AND \"column\" = 'account' AND token IN (SELECT token FROM seal_blind"  # noqa: E501
        " WHERE register = 'party' AND \"column\" = 'account' GROUP BY token HAVING count(DISTINCT object) > 1)"
    )
    several = sorted({r[0] for r in cursor.fetchall()})
    now: dict[str, set[str]] = {}
    day = day_of(work)
    for start in range(0, len(several), 500):
        part = several[start : start + 500]
        marks = ", ".join(["%s"] * len(part))
        cursor.execute(
            f"SELECT party_id, id, account FROM party WHERE party_id IN ({marks}) AND known_to IS NULL AND valid_from <= %s"
            " AND (valid_to IS NULL OR valid_to > %s) AND account IS NOT NULL",
            [*part, day, day],
        )
        rows = cursor.fetchall()
        names, ids = [r[0] for r in rows], [int(r[1]) for r in rows]
        opened = (
            cipher.opened_values(work.office, cursor, "party", names, ids, {"account": [bytes(r[2]) for r in rows]}) if rows else {}
        )
        for name, value in zip(names, opened.get("account", []), strict=True):
            if value and value != cipher.HIDDEN:
                now.setdefault(value, set()).add(name)
    return {n for names in now.values() if len(names) > 1 for n in names}


def _changed_lately(work: Work, days: int) -> list[str]:
    """Return the payees whose account now in use took the place of another within so many days."""
    since = to_micros(start_of_day(day_of(work) - timedelta(days=days - 1))) if days else to_micros(work.at) + 1
    work.cursor.execute(
        "SELECT t.party_id, t.id FROM party t JOIN change c ON c.seq = t.change_id WHERE t.known_to IS NULL AND c.at >= %s"
        " AND t.account IS NOT NULL AND EXISTS (SELECT 1 FROM party b WHERE b.party_id = t.party_id AND b.id < t.id)",
        [since],
    )
    return [p for p, i in work.cursor.fetchall() if _changed_since(work, p, int(i), since)]


def _changed_since(work: Work, party: str, version: int, since: int) -> bool:
    """Return whether the account now in use came within the time: any version of the time differs from the last before it."""
    cursor = work.cursor
    cursor.execute(
        "SELECT p.id, p.account, c.at FROM party p JOIN change c ON c.seq = p.change_id WHERE p.party_id = %s AND p.id <= %s"
        " AND p.account IS NOT NULL ORDER BY p.id",
        [party, version],
    )
    rows = [(int(i), bytes(a), int(at)) for i, a, at in cursor.fetchall()]
    clear = cipher.opened_values(
        work.office, cursor, "party", [party] * len(rows), [r[0] for r in rows], {"account": [r[1] for r in rows]}
    )["account"]
    return any(rows[i][2] >= since and clear[i] != clear[i - 1] for i in range(1, len(rows)))


def _waived(work: Work) -> set[tuple[str, str]]:
    """Return (payee, reason) that two persons waived, on a document, for the account now in use: another account ends a waiver."""
    work.cursor.execute(
        "SELECT d.subject, d.outcome, d.change FROM pay_decision d WHERE d.kind = 'waive' AND d.confirms IS NULL"
        " AND EXISTS (SELECT 1 FROM pay_decision e WHERE e.confirms = d.seq) ORDER BY d.seq"
    )
    last = {(str(s), str(o)): int(c) for s, o, c in work.cursor.fetchall() if o in WAIVABLE}
    return {(s, o) for (s, o), change in last.items() if o not in _OF_ACCOUNTS or _account_came(work, s) <= change}


_OF_ACCOUNTS = ("account_shared", "account_changed")


def _account_came(work: Work, party: str) -> int:
    """Return the change that brought a party the account it has now in place of another; 0 if it is their first."""
    work.cursor.execute("SELECT max(id) FROM party WHERE party_id = %s AND known_to IS NULL AND account IS NOT NULL", [party])
    used = work.cursor.fetchone()[0]
    version = 0 if used is None else _brought_in(work.office, work.cursor, party, int(used))
    if not version:
        return 0
    work.cursor.execute("SELECT change_id FROM party WHERE id = %s", [version])
    return int(work.cursor.fetchone()[0])


# ---------------------------------------------------------------- faults
def _empty(left: dict[str, int]) -> Fault:
    from ecocomp.payments.flow import REASONS

    words = REASONS | {
        "not_noticed": Text("公示未满", "its public notice is not over"),
        "below_minimum": Text("低于最低额，结转", "below the least amount, carried forward"),
    }
    said = Text(
        "；".join(f"{words[k].zh} {n} 行" for k, n in left.items()), "; ".join(f"{words[k].en}: {n}" for k, n in left.items())
    )
    if left:
        said = Text(f"{said.zh}。", f"Why not: {said.en}.")
    return Fault(
        "payments.nothing_to_pay",
        "payments",
        "",
        Text("没有可以支付的行。{s}", "No row can be paid. {s}").fill(s=said),
        Text("先公示期满、消除暂缓原因。", "Let the notice run out and mend what holds the rows."),
    )


def _nothing_to(what: str, clash: Text) -> Fault:
    return Fault(
        f"payments.nothing_to_{what}",
        "payments",
        "",
        Text(clash.zh + "。", clash.en + "."),
        Text("先收入成果包。", "Take a bundle in first."),
    )


def _short(days: int, least: int) -> Fault:
    return Fault(
        "payments.notice_short",
        "payments",
        "",
        Text("公示 {d} 天，规定不少于 {l} 天。", "The notice is of {d} days, the rules ask for {l}.").fill(d=days, l=least),
        Text("延长公示期。", "Make it longer."),
    )


def _still(notice_id: str, closes: date) -> Fault:
    return Fault(
        "payments.notice_runs",
        "notice",
        notice_id,
        Text(
            "同一项目、年度、地区的公示还在进行，到 {d} 为止。",
            "A notice of this programme, year and region still runs, until {d}.",
        ).fill(d=closes),
        Text("等它期满，或先撤回它再公示。", "Wait until it is over, or withdraw it first."),
    )


def _no_notice(notice_id: str) -> Fault:
    return Fault(
        "payments.no_notice",
        "notice",
        notice_id,
        Text("登记簿没有这份公示。", "The register has no such notice."),
        Text("核对公示编码。", "Check the code of the notice."),
    )


def _other_notice(notice_id: str, said: Any) -> Fault:
    return Fault(
        "payments.notice_other",
        "notice",
        notice_id,
        Text("它是 {p} {y} 年的公示，状态为 {s}。", "It is a notice of {p} {y}, and it is {s}.").fill(
            p=said["programme"], y=said["year"], s=said["state"]
        ),
        Text("写明本项目、本年度、未撤回的公示。", "Name a notice of this programme and year that was not withdrawn."),
    )


def _bound(notice_id: str) -> Fault:
    return Fault(
        "payments.notice_bound",
        "notice",
        notice_id,
        Text("已有付款行用过这份公示。", "Payable rows were bound to this notice already."),
        Text("新增的行另行公示。", "Rows that came later need a notice of their own."),
    )


def _showed_less(notice_id: str, fen: int, shown: int) -> Fault:
    return Fault(
        "payments.notice_less",
        "notice",
        notice_id,
        Text("付款行共 {a} 元，公示的是 {b} 元。", "The payable rows come to CNY {a}, the notice showed CNY {b}.").fill(
            a=say_yuan(fen), b=say_yuan(shown)
        ),
        Text("把要支付的行重新公示。", "Publish the rows that are to be paid."),
    )


def _objected(batch_id: str, row: str) -> Fault:
    return Fault(
        "payments.objected",
        "payments",
        row,
        Text(
            "批次 {b} 中的这一行有未决或已支持的异议。", "This row of batch {b} has an objection that is open or was upheld."
        ).fill(b=batch_id),
        Text("作废批次后重新编制；该行会暂缓。", "Cancel the batch and make it anew; the row will be held."),
    )


def _past(first: date) -> Fault:
    return Fault(
        "payments.notice_past",
        "payments",
        "",
        Text("公示首日 {d} 已经过去。", "The first day of the notice, {d}, is past.").fill(d=first),
        Text("公示从登记之日或以后开始。", "A notice begins on the day it is recorded, or later."),
    )


def _no_batch(batch_id: str) -> Fault:
    return Fault(
        "payments.no_batch",
        "payments",
        batch_id,
        Text("没有这个批次。", "There is no such batch."),
        Text("用 ecocomp payments list 查看批次。", "See the batches with ecocomp payments list."),
    )


def _other_digest(batch_id: str, said: str, own: str, whose: Text) -> Fault:
    return Fault(
        "payments.digest",
        "payments",
        batch_id,
        Text("{w}摘要是 {a}…，编制时是 {b}…。", "The digest ({w}) is {a}…, when it was made it was {b}….").fill(
            w=whose, a=said[:12], b=own[:12]
        ),
        Text("内容已变，不得办理；作废并追查。", "The content changed: do not go on; cancel it and find out who changed it."),
    )


def key_reused(key: str, used: str) -> Fault:
    """Return the fault of an idempotency key that was used for something else."""
    return Fault(
        "payments.key_reused",
        "payments",
        key,
        Text("这个请求编号已用于 {u}。", "This key was used for {u} already.").fill(u=used),
        Text("为新的请求换一个编号。", "Give a new request a key of its own."),
    )
