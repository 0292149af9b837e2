"""What the bank answers: posted where it fits exactly one line that was sent, set aside with its reason where it does not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from ecocomp.payments.bank_return import (
    BankMapping,
    Judged,
    Result,
    Sent,
    content_digest,
    encoding_of,
    judge,
    mapping_of,
    read_fixed,
    read_rows,
)
from ecocomp.terms.clocks import start_of_day
from ecocomp.terms.faults import Fault, FaultsError, raise_errors
from ecocomp.terms.text import Text
from ecoweb.office import Office
from ecoweb.records import cipher
from ecoweb.records.fields import to_micros
from ecoweb.records.rules import params_of
from ecoweb.records.store import Work
from ecoweb.treasury.payments_base import Act, acting, add_one, add_rows, day_of, fetch, fill, move, number, picked
from ecoweb.treasury.payments_batch import _step_faults, add_step, find_batch, officer_for, steps_of
from ecoweb.treasury.payments_books import Books


@dataclass
class Posted:
    """What came of a return; `unnamed`: no row of it names a batch, and it was taken for that of the batch it was handed in for."""

    batch_id: str
    rows: int
    paid: int = 0
    failed: int = 0
    unknown: int = 0
    parked: list[tuple[Result, str]] = field(default_factory=list)
    unanswered: int = 0
    unnamed: bool = False
    again: bool = False
    change: int | None = None


# ---------------------------------------------------------------- reading
def read_return(path: Path, work_dir: Path, mapping: BankMapping | None = None) -> tuple[list[Result], int | None]:
    """Return the rows of a return and the sum its total row says; workbooks and texts are opened by the isolated worker.

    raises  FaultsError: the file cannot be read, or no header is found
    """
    said = mapping or BankMapping()
    if said.form == "fixed":
        try:
            return read_fixed(path.read_bytes().decode(encoding_of(said.encoding)), said)
        except (OSError, UnicodeDecodeError) as exc:
            raise FaultsError([_unreadable(path, str(exc))]) from None
    return _sheets(path, work_dir, said)


def _sheets(path: Path, work_dir: Path, mapping: BankMapping) -> tuple[list[Result], int | None]:
    from ecocomp.io.worker import SheetsJob, Worker

    worker = Worker()
    try:
        (answer,) = worker.run([SheetsJob("return", path)], work_dir)
    finally:
        worker.close()
    raise_errors(answer.faults)
    if answer.path is None:
        raise FaultsError([_unreadable(path, "?")])
    return read_rows(_cells(answer.path), mapping, path.name)


def _cells(path: Path) -> Iterable[tuple[int, list[str]]]:
    """Yield the rows of what the worker made of a workbook: number and cells as text."""
    import pyarrow.parquet as pq

    file = pq.ParquetFile(path)
    for batch in file.iter_batches():
        columns = {n: batch.column(n).to_pylist() for n in batch.schema.names}
        names = [n for n in batch.schema.names if re.fullmatch(r"c[0-9]+", n)]
        for i in range(batch.num_rows):
            yield int(columns["row"][i]), [columns[n][i] or "" for n in names]


def read_mapping(path: Path, on: Any) -> BankMapping:
    """Return a mapping file (YAML)."""
    from ecocomp.rules.lines import read_yaml, strip

    said, faults = read_yaml(path)
    raise_errors(faults)
    return mapping_of(strip(said) if said is not None else None, path.name, on)


# ---------------------------------------------------------------- posting
def post_return(
    office: Office, batch_id: str, rows: list[Result], total: int | None, who: Act, *, name: str = "", final: bool = False
) -> Posted:
    """Post a return: what is paid, failed or unknown; what does not fit is set aside. The same content again changes nothing.

    final   the bank answers nothing more: lines without an answer become unknown, and are never sent again by themselves
    """
    content = content_digest(rows, total) + ("+final" if final else "")
    if (before := _before(office, batch_id, content)) is not None:
        return before
    with acting(office, "return", who, batch=batch_id, content=content) as work:
        seq, found = find_batch(work.cursor, batch_id)
        officer = officer_for(work, who)
        taken = {d.step for d in steps_of(work.cursor, seq)}
        step = "archived" if "archived" in taken else "released" if "released" in taken and "cancelled" not in taken else "made"
        faults = _step_faults(work, seq, batch_id, "reconciled", officer, found["region_code"])
        raise_errors([f for f in faults if f.code != "payments.step"])
        judged = judge(rows, total, batch_id, step, _sent(work, seq, rows))
        if step == "released" and "reconciled" not in taken and (judged.post or final):
            add_step(work, seq, "reconciled", officer, found, who)
        posted = _post(work, seq, batch_id, judged, final and step == "released")
        posted.rows, posted.unnamed = len(rows), bool(rows) and not any(r.batch for r in rows)
        n = add_one(
            work, "pay_return", batch=seq, content=content, name=name, rows=len(rows), posted=len(judged.post), parked=len(judged.park),  # noqa: E501
            officer_id=officer.officer_id, person_id=officer.person_id, change=work.seq,
        )  # fmt: skip
        add_rows(
            work,
            "pay_parked",
            ("bank_return", "place", "batch", "no", "amount_fen", "outcome", "why", "change"),
            [(n, r.place, r.batch[:60], r.no, r.amount_fen, r.outcome, why, work.seq) for r, why in judged.park],
        )
        work.facts |= {"paid": posted.paid, "failed": posted.failed, "unknown": posted.unknown, "parked": len(judged.park)}
    posted.change = work.seq
    return posted


def _before(office: Office, batch_id: str, content: str) -> Posted | None:
    with office.reading() as cursor:
        seq, _ = find_batch(cursor, batch_id)
        cursor.execute("SELECT seq, rows, change FROM pay_return WHERE batch = %s AND content = %s", [seq, content])
        row = cursor.fetchone()
        if row is None:
            return None
        posted = Posted(batch_id, int(row[1]), again=True, change=int(row[2]))
        cursor.execute("SELECT outcome, count(*) FROM pay_result WHERE batch = %s AND change = %s GROUP BY outcome", [seq, row[2]])
        for outcome, n in cursor.fetchall():
            setattr(posted, outcome, int(n))
        cursor.execute(
            "SELECT place, batch, no, amount_fen, outcome, why FROM pay_parked WHERE bank_return = %s ORDER BY seq", [row[0]]
        )
        posted.parked = [(Result(p, b, n, f, o), w) for p, b, n, f, o, w in cursor.fetchall()]
        return posted


def _sent(work: Work, seq: int, rows: list[Result]) -> dict[int, Sent]:
    """Return what is known of the lines a return names."""
    with picked(work, "pay_named", "no bigint PRIMARY KEY"):
        fill(work, "pay_named", ("no",), ((n,) for n in sorted({r.no for r in rows if r.no})))
        found = list(
            fetch(
                work.cursor,
                "SELECT l.no, l.amount_fen, min(s.state), l.payee_id, l.party_row FROM pay_named q JOIN pay_line l ON l.no = q.no AND"  # noqa: E501
                " l.batch = %s JOIN pay_slip p ON p.batch = l.batch AND p.line = l.no JOIN pay_state s ON s.row = p.row"
                " GROUP BY l.no, l.amount_fen, l.payee_id, l.party_row",
                [seq],
            )
        )
    accounts = _accounts(work, [(f[3], int(f[4])) for f in found]) if any(r.account for r in rows) else {}
    return {int(no): Sent(int(fen), str(state), accounts.get(int(version), "")) for no, fen, state, _, version in found}


def _accounts(work: Work, versions: list[tuple[str, int]]) -> dict[int, str]:
    out: dict[int, str] = {}
    for start in range(0, len(versions), 500):
        part = versions[start : start + 500]
        marks = ", ".join(["%s"] * len(part))
        work.cursor.execute(f"SELECT id, account FROM party WHERE id IN ({marks}) AND account IS NOT NULL", [v for _, v in part])
        sealed = {int(i): bytes(a) for i, a in work.cursor.fetchall()}
        having = [(p, v) for p, v in part if v in sealed]
        clear = cipher.opened_values(
            work.office,
            work.cursor,
            "party",
            [p for p, _ in having],
            [v for _, v in having],
            {"account": [sealed[v] for _, v in having]},
        )["account"]
        out |= {v: c for (_, v), c in zip(having, clear, strict=True) if c and c != cipher.HIDDEN}
    return out


def _post(work: Work, seq: int, batch_id: str, judged: Judged, final: bool) -> Posted:
    posted = Posted(batch_id, 0, parked=judged.park)
    with picked(work, "pay_said", "no bigint PRIMARY KEY, outcome text"):
        fill(work, "pay_said", ("no", "outcome"), ((r.no, r.outcome) for r in judged.post))
        if final:
            work.cursor.execute(
                "INSERT INTO pay_said SELECT DISTINCT p.line, 'silent' FROM pay_slip p JOIN pay_state s ON s.row = p.row WHERE p.batch = %s"  # noqa: E501
                " AND s.state = 'sent' AND p.line NOT IN (SELECT no FROM pay_said)",
                [seq],
            )
            posted.unanswered = int(work.cursor.rowcount)
        add_rows(
            work,
            "pay_result",
            ("source", "batch", "no", "outcome", "amount_fen", "reason", "reference", "booked_on", "change"),
            [("return", seq, r.no, r.outcome, r.amount_fen, r.reason, r.reference, r.booked_on, work.seq) for r in judged.post],
        )
        chosen = "SELECT p.row FROM pay_slip p JOIN pay_said q ON q.no = p.line WHERE p.batch = %s AND q.outcome = %s"
        for outcome, state, reason in (
            ("paid", "paid", "bank"),
            ("failed", "failed", "bank"),
            ("unknown", "unknown", "bank"),
            ("silent", "unknown", "no_answer"),
        ):
            move(work, chosen, [seq, outcome], state, reason, batch="s.batch")
        books = Books(work, f"return:{batch_id}:{work.seq}", day_of(work), batch_id)
        _book(work, books, seq, "pay_said", batch_id)
        books.flush()
        work.cursor.execute("SELECT outcome, count(*) FROM pay_said GROUP BY outcome")
        counted: Mapping[str, int] = {str(o): int(n) for o, n in work.cursor.fetchall()}
    posted.paid, posted.failed = counted.get("paid", 0), counted.get("failed", 0)
    posted.unknown = counted.get("unknown", 0) + counted.get("silent", 0)
    return posted


def _book(work: Work, books: Books, seq: int, said: str, batch_id: str) -> None:
    """Book what was said of lines: paid moves transit off against what is owed, failed moves it back; unknown stays in transit."""
    rows = fetch(
        work.cursor,
        "SELECT l.no, l.payee_id, q.outcome, x.envelope_id, sum(CASE WHEN x.amount_fen > 0 THEN x.amount_fen ELSE 0 END),"
        f" -sum(CASE WHEN x.amount_fen < 0 THEN x.amount_fen ELSE 0 END) FROM {said} q JOIN pay_line l ON l.batch = %s AND l.no = q.no"  # noqa: E501
        " JOIN pay_slip p ON p.batch = l.batch AND p.line = l.no JOIN pay_source x ON x.row = p.row WHERE q.outcome IN ('paid', 'failed')"  # noqa: E501
        " GROUP BY l.no, l.payee_id, q.outcome, x.envelope_id ORDER BY l.no, x.envelope_id",
        [seq],
    )
    for no, payee, outcome, envelope, owed, back in list(rows):
        reference = f"{batch_id}/{int(no):06d}"
        if outcome == "paid":
            books.confirm(payee, envelope, int(owed), int(back), reference)
        else:
            books.come_back(envelope, int(owed) - int(back), reference)
        books.breathe()


# ---------------------------------------------------------------- no answer, archive
def mark_unknown(office: Office, batch_id: str, who: Act) -> int:
    """Mark the lines of a batch that the bank has not answered in time as unknown; return how many rows."""
    with acting(office, "batch.unknown", who, batch=batch_id) as work:
        seq, found = find_batch(work.cursor, batch_id)
        officer = officer_for(work, who)
        raise_errors(
            [f for f in _step_faults(work, seq, batch_id, "reconciled", officer, found["region_code"]) if f.code != "payments.step"]
        )
        days = number(params_of(office, day_of(work)), "payments.unknown_after_days")
        work.cursor.execute(
            "SELECT c.at FROM pay_step t JOIN change c ON c.seq = t.change WHERE t.batch = %s AND t.step = 'released'", [seq]
        )
        row = work.cursor.fetchone()
        if row is None or int(row[0]) > to_micros(start_of_day(day_of(work) - timedelta(days=days - 1))):
            raise FaultsError([_too_early(batch_id, days)])
        if "reconciled" not in {d.step for d in steps_of(work.cursor, seq)}:
            add_step(work, seq, "reconciled", officer, found, who)
        return move(
            work,
            "SELECT p.row FROM pay_slip p JOIN pay_state t ON t.row = p.row WHERE p.batch = %s AND t.state = 'sent'",
            [seq],
            "unknown",
            "no_answer",
            batch="s.batch",
        )


def archive(office: Office, batch_id: str, who: Act) -> dict[str, Any]:
    """Archive a batch whose every line has a result; nothing of it changes any more.

    raises  FaultsError: lines without a result, or failed ones that were not reissued or given up
    """
    with acting(office, "batch.archived", who, batch=batch_id) as work:
        seq, found = find_batch(work.cursor, batch_id)
        officer = officer_for(work, who)
        raise_errors(_step_faults(work, seq, batch_id, "archived", officer, found["region_code"]))
        work.cursor.execute(
            "SELECT s.state, count(*) FROM pay_slip p JOIN pay_state s ON s.row = p.row WHERE p.batch = %s GROUP BY s.state", [seq]
        )
        states = {str(s): int(n) for s, n in work.cursor.fetchall()}
        waiting = {s: n for s, n in states.items() if s in ("sent", "unknown", "failed", "in_file")}
        if waiting:
            raise FaultsError([_unfinished(batch_id, waiting)])
        add_step(work, seq, "archived", officer, found, who)
        work.facts["states"] = states
    return {"batch": batch_id, "states": states, "change": work.seq}


# ---------------------------------------------------------------- faults
def _unreadable(path: Path, said: str) -> Fault:
    return Fault(
        "payments.return_unreadable",
        str(path),
        "",
        Text("读不懂：{s}", "cannot be read: {s}").fill(s=said),
        Text("取银行的原文件；编码可在映射里写明。", "Take the file as the bank sent it; the mapping may name its encoding."),
    )


def _too_early(batch_id: str, days: int) -> Fault:
    return Fault(
        "payments.too_early",
        "payments",
        batch_id,
        Text("放行未满 {d} 天，或没有放行。", "It was released less than {d} days ago, or was not.").fill(d=days),
        Text("等待银行回单。", "Wait for the bank's return."),
    )


def _unfinished(batch_id: str, waiting: Mapping[str, int]) -> Fault:
    from ecocomp.payments.flow import STATES

    said = Text(
        "、".join(f"{STATES[s].zh} {n}" for s, n in waiting.items()), ", ".join(f"{STATES[s].en} {n}" for s, n in waiting.items())
    )
    return Fault(
        "payments.unfinished",
        "payments",
        batch_id,
        Text("还有未了的行：{s}。", "Rows are not settled: {s}.").fill(s=said),
        Text("先登记回单，重发或了结退回的行。", "Post the returns first; reissue or give up what failed."),
    )
