"""What is put right after the fact: failed rows issued again, escrow released, claw-backs, successors, decisions of two persons.

Nothing is overwritten: the row that was wrong ends, and rows that take its place name it. Money never appears: what a row
held by envelope is exactly what the rows that take its place hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from ecocomp.payments.flow import WAIVABLE
from ecocomp.payments.payable import divide, share
from ecocomp.terms.faults import Fault, FaultsError, UsageError, raise_errors
from ecocomp.terms.money import say_yuan
from ecocomp.terms.text import Text
from ecoweb.office import Office
from ecoweb.records.store import Work
from ecoweb.records.tables import write_many
from ecoweb.treasury.payments_base import Act, acted_for, acting, add_one, add_rows, day_of, move, need_role, next_seq
from ecoweb.treasury.payments_batch import _step_faults, find_batch
from ecoweb.treasury.payments_books import Books
from ecoweb.treasury.payments_take import EVENT_COLUMNS, ROW_COLUMNS, cancel_row, row_digest

_ROW = "r.seq, r.row_id, r.kind, r.holder_id, r.payee_id, r.parcel_id, r.programme, r.year, r.tranche, r.amount_fen, r.region_code, r.due_on, r.intake, s.state, s.reason, s.batch"  # noqa: E501
_NAMES = tuple(n.split(".")[1] for n in _ROW.split(", "))
Row = dict[str, Any]


@dataclass
class Mended:
    """What was done: rows that ended, rows that were made, their sum."""

    ended: int = 0
    made: list[str] = field(default_factory=list)
    sum_fen: int = 0
    change: int | None = None


class _New:
    """Rows being made in one act, each in the place of another."""

    def __init__(self, work: Work, document: str) -> None:
        self.work, self.document = work, document
        self.first = self.next = next_seq(work.cursor, "pay_row")
        self.rows: list[tuple[Any, ...]] = []
        self.sources: list[tuple[Any, ...]] = []
        self.events: list[tuple[Any, ...]] = []
        self.digests: list[bytes] = []
        self.parts: dict[tuple[Any, ...], int] = {}
        self.made = Mended()

    def add(
        self, old: Row, kind: str, parts: Sequence[tuple[str, str, int]], *, holder: str = "", payee: str = "", held: str = ""
    ) -> str:
        """Make a row in the place of an old one, with its sources (entitlement, envelope, fen)."""
        holder, payee = holder or old["holder_id"], payee or old["payee_id"]
        key = (holder, old["parcel_id"], old["programme"], old["year"], old["tranche"])
        part = self._part(key)
        tail = [old["tranche"]] if old["tranche"] != "1" else []
        row_id = "/".join([old["programme"], str(old["year"]), old["parcel_id"], holder, *tail]) + f"+{part}"
        amount = sum(x for _, _, x in parts)
        values = (self.next, row_id, kind, holder, payee, *key[1:], part, amount, old["region_code"], old["due_on"], old["intake"], old["seq"], self.document, self.work.seq)  # fmt: skip  # noqa: E501
        self.rows.append(values)
        self.sources += [(self.next, e, v, x) for e, v, x in parts]
        self.digests.append(row_digest(values, list(parts)))
        self.events.append(
            (self.next, 1, "", "held" if held else "ready", held or _BEGINS.get(kind, "taken_in"), None, "", self.work.seq)
        )
        self.next += 1
        self.made.made.append(row_id)
        self.made.sum_fen += amount
        return row_id

    def _part(self, key: tuple[Any, ...]) -> int:
        if key not in self.parts:
            self.work.cursor.execute(
                "SELECT coalesce(max(part), 0) FROM pay_row WHERE holder_id = %s AND parcel_id = %s AND programme = %s AND year = %s"  # noqa: E501
                " AND tranche = %s",
                list(key),
            )
            self.parts[key] = int(self.work.cursor.fetchone()[0])
        self.parts[key] += 1
        return self.parts[key]

    def write(self) -> Mended:
        """Write the rows."""
        write_many(self.work.office, self.work.cursor, "pay_row", ROW_COLUMNS, self.rows)
        add_rows(self.work, "pay_source", ("row", "entitlement_id", "envelope_id", "amount_fen"), self.sources)
        add_rows(self.work, "pay_event", EVENT_COLUMNS, self.events)
        if self.digests:
            self.work.written.added["pay_row"] = (self.first, self.digests)
        self.made.change = self.work.seq
        self.work.facts |= {"made": self.made.made[:1000], "sum_fen": self.made.sum_fen}
        return self.made


_BEGINS = {"reissue": "mended", "release": "settled", "heir": "succeeded"}


def rows_where(cursor: Any, where: str, params: Sequence[Any]) -> list[Row]:
    """Return payable rows with their states."""
    cursor.execute(f"SELECT {_ROW} FROM pay_row r JOIN pay_state s ON s.row = r.seq WHERE {where} ORDER BY r.seq", list(params))
    return [dict(zip(_NAMES, r, strict=True)) for r in cursor.fetchall()]


def sources_of(cursor: Any, rows: Iterable[int]) -> dict[int, list[tuple[str, str, int]]]:
    """Return the sources of rows: (entitlement, envelope, fen)."""
    out: dict[int, list[tuple[str, str, int]]] = {}
    listed = list(rows)
    for start in range(0, len(listed), 900):
        part = listed[start : start + 900]
        marks = ", ".join(["%s"] * len(part))
        cursor.execute(
            f"SELECT row, entitlement_id, envelope_id, amount_fen FROM pay_source WHERE row IN ({marks}) ORDER BY seq", part
        )
        for row, e, v, x in cursor.fetchall():
            out.setdefault(int(row), []).append((str(e), str(v), int(x)))
    return out


# ---------------------------------------------------------------- reissue
def reissue(office: Office, batch_id: str, who: Act, *, lines: Sequence[int] = ()) -> Mended:
    """Issue failed rows of a batch again, once each, after their cause was mended; they go through a new batch like all others.

    lines   only these lines of the batch
    raises  FaultsError: nothing failed, or the payee's account and name are still those that failed and no document says why
    """
    with acting(office, "reissue", who, batch=batch_id) as work:
        need_role(work, who, "maker", record=batch_id)
        seq, _ = find_batch(work.cursor, batch_id)
        only = f" AND p.line IN ({', '.join(str(int(n)) for n in lines)})" if lines else ""
        rows = rows_where(
            work.cursor, f"s.state = 'failed' AND r.seq IN (SELECT p.row FROM pay_slip p WHERE p.batch = %s{only})", [seq]
        )
        if not rows:
            raise FaultsError([_nothing(batch_id, Text("批次中没有待重发的退回行。", "No row of the batch failed and waits."))])
        if not who.document.strip():
            raise_errors(_unmended(work, seq, rows))
        sources = sources_of(work.cursor, (r["seq"] for r in rows))
        new = _New(work, who.document)
        for row in rows:
            back = row["kind"] == "clawback"
            new.add(row, "clawback" if back else "reissue", sources[row["seq"]], held="clawback" if back else "")
        made = new.write()
        made.ended = move(work, _among(rows), [], "reissued", "mended")
    return made


def _among(rows: Iterable[Row]) -> str:
    return ", ".join(str(int(r["seq"])) for r in rows)


def _unmended(work: Work, seq: int, rows: list[Row]) -> list[Fault]:
    """Name the payees of failed rows whose account and name are still what the bank refused."""
    work.cursor.execute("SELECT payee_id, party_row FROM pay_line WHERE batch = %s", [seq])
    used = {str(p): int(v) for p, v in work.cursor.fetchall()}
    day = day_of(work)
    faults = []
    for payee in sorted({r["payee_id"] for r in rows}):
        work.cursor.execute(
            "SELECT id FROM party WHERE party_id = %s AND known_to IS NULL AND valid_from <= %s AND (valid_to IS NULL OR valid_to > %s)",  # noqa: E501
            [payee, day, day],
        )
        now = work.cursor.fetchone()
        if now is not None and int(now[0]) == used.get(payee):
            said = Text(
                "账号和户名没有改动，银行还会退回。", "Account and name are what the bank refused; it would refuse them again."
            )
            remedy = Text(
                "先改正登记，或用 --document 写明已消除的原因。",
                "Correct the register first, or say with --document what was mended.",
            )
            faults.append(Fault("payments.cause", "party", payee, said, remedy))
    return faults


# ---------------------------------------------------------------- escrow
def release_escrow(office: Office, parcel_id: str, who: Act, *, shares: Mapping[str, Fraction] | None = None) -> Mended:
    """Release what is kept for a disputed parcel, of all years, to whom the register now says it belongs, in exact shares.

    shares  party → share by a judgment or agreement; then the document is needed
    raises  FaultsError: nothing is kept, the dispute is still open, the register does not say who holds the parcel whole
    """
    with acting(office, "escrow.release", who, parcel=parcel_id) as work:
        need_role(work, who, "maker", record=parcel_id)
        rows = rows_where(work.cursor, "s.state = 'held' AND s.reason = 'escrow' AND r.parcel_id = %s", [parcel_id])
        if not rows:
            raise FaultsError([_nothing(parcel_id, Text("这个地块没有暂存款。", "Nothing is kept for this parcel."))])
        raise_errors(_open_disputes(work, parcel_id))
        if shares is not None:
            _need_document(who, parcel_id)
        due = _checked(shares, parcel_id) if shares is not None else holders_of(work, parcel_id, day_of(work))
        made = _shared_out(work, who, rows, due, "release")
        made.ended = move(work, _among(rows), [], "cancelled", "settled")
    return made


def _shared_out(work: Work, who: Act, rows: list[Row], shares: Mapping[str, Fraction], kind: str) -> Mended:
    """Make the rows of those who get the money of others, and book it."""
    new = _New(work, who.document)
    books = Books(work, f"{kind}:{work.seq}:{rows[0]['row_id']}", day_of(work), rows[0]["row_id"])
    sources = sources_of(work.cursor, (r["seq"] for r in rows))
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        key = (row["programme"], row["year"], row["tranche"], *((row["holder_id"],) if kind == "heir" else ()))
        groups.setdefault(key, []).append(row)
    for group in groups.values():
        total: dict[str, int] = {}
        of: dict[str, str] = {}
        for row in group:
            for e, v, x in sources[row["seq"]]:
                total[v] = total.get(v, 0) + x
                of.setdefault(v, e)
        for person, parts in divide(total, shares).items():
            if not parts:
                continue
            holder = group[0]["holder_id"] if kind == "heir" else person
            row_id = new.add(group[0], kind, [(of[v], v, x) for v, x in sorted(parts.items())], holder=holder, payee=person)
            for envelope, fen in sorted(parts.items()):
                if kind == "release":
                    books.set_free(group[0]["parcel_id"], person, envelope, fen, row_id)
                else:
                    books.hand_over(group[0]["payee_id"], person, envelope, fen, row_id)
    made = new.write()
    books.flush()
    return made


def holders_of(work: Work, parcel_id: str, day: date) -> dict[str, Fraction]:
    """Return who is paid for a parcel by the register of rights on a day, in exact shares; FaultsError where it does not say so."""
    from ecocomp.tenure.gate import gate_tables
    from ecocomp.tenure.rights import payable_rights
    from ecoweb.records.queries import rows

    registers = {n: rows(work.office, n, {"parcel_id": parcel_id}, on=day, known=work.at) for n in ("tenure", "duty")}
    tables = gate_tables(registers)
    held = payable_rights(tables["right"], None, tables["contract"])
    shares: dict[str, Fraction] = {}
    disputed = False
    for r in held.to_pylist():
        disputed |= r["state"] != "clear"
        shares[r["holder_id"]] = shares.get(r["holder_id"], Fraction(0)) + Fraction(r["share_num"], r["share_den"])
    if disputed or sum(shares.values()) != 1:
        said = Text("登记簿上该地块可付的份额合计 {s}{d}。", "By the register the shares to be paid add up to {s}{d}.").fill(
            s=sum(shares.values()), d=Text("，且仍有争议", ", and some are disputed") if disputed else Text("", "")
        )
        remedy = Text(
            "先登记定案后的权利，或用 --to 写明份额并附文书。",
            "Register the rights as settled, or give the shares with --to and the document.",
        )
        raise FaultsError([Fault("payments.shares", "tenure", parcel_id, said, remedy)])
    return shares


def _open_disputes(work: Work, parcel_id: str) -> list[Fault]:
    day = day_of(work)
    work.cursor.execute(
        "SELECT dispute_id, state FROM dispute WHERE parcel_id = %s AND state <> 'settled' AND known_to IS NULL AND valid_from <= %s"  # noqa: E501
        " AND (valid_to IS NULL OR valid_to > %s) ORDER BY dispute_id",
        [parcel_id, day, day],
    )
    remedy = Text("争议解决并登记后再发还。", "Release it when the dispute is settled and registered so.")
    return [
        Fault(
            "payments.still_disputed",
            "dispute",
            d,
            Text("地块 {p} 的争议处于 {s}。", "The dispute over {p} is {s}.").fill(p=parcel_id, s=s),
            remedy,
        )
        for d, s in work.cursor.fetchall()
    ]


def _checked(shares: Mapping[str, Fraction], record: str) -> dict[str, Fraction]:
    if not shares or sum(shares.values()) != 1 or any(s <= 0 for s in shares.values()):
        raise UsageError(
            Text("{r} 的份额合计 {s}，应为 1。", "The shares for {r} add up to {s}; they must be 1.").fill(
                r=record, s=sum(shares.values())
            )
        )
    return dict(shares)


# ---------------------------------------------------------------- successors
def settle_succession(office: Office, payee_id: str, who: Act, *, shares: Mapping[str, Fraction] | None = None) -> Mended:
    """Pass what a deceased person or a household that has ended was still owed to the successors.

    By the register: who took over the right on each parcel, and in what share. Accrued before the end, it belongs to them.

    shares  party → share by a notary's or court's document, for all parcels
    raises  FaultsError: the payee lives, nothing is owed, or the register names no successor of some parcel
    """
    with acting(office, "succession", who, payee=payee_id) as work:
        need_role(work, who, "maker", record=payee_id)
        raise_errors(_still_there(work, payee_id))
        rows = rows_where(
            work.cursor,
            "r.payee_id = %s AND r.kind <> 'clawback' AND (s.state = 'ready' OR s.state = 'held' AND s.reason <> 'escrow')",
            [payee_id],
        )
        if not rows:
            raise FaultsError([_nothing(payee_id, Text("没有应转付的款项。", "Nothing is owed that could be passed on."))])
        if shares is not None:
            _need_document(who, payee_id)
            due = {r["parcel_id"]: _checked(shares, payee_id) for r in rows}
        else:
            due = _successors(work, payee_id, sorted({r["parcel_id"] for r in rows}))
        made = Mended()
        for parcel in sorted(due):
            part = (
                _shared_out(work, who, [r for r in rows if r["parcel_id"] == parcel], due[parcel], "heir") if parcel else Mended()
            )
            made.made += part.made
            made.sum_fen += part.sum_fen
        made.ended, made.change = move(work, _among(rows), [], "cancelled", "succeeded"), work.seq
    return made


def _successors(work: Work, payee: str, parcels: list[str]) -> dict[str, dict[str, Fraction]]:
    from ecoweb.records.queries import versions

    out, faults = {}, []
    for parcel in parcels:
        table = versions(work.office, "tenure", {"parcel_id": parcel}, known=work.at)
        rows = [r for r in table.to_pylist() if r["known_to"] is None]
        own = [r for r in rows if r["holder_id"] == payee]
        ended = [r["valid_to"] for r in own if r["valid_to"] is not None]
        if not own or len(ended) < len(own):
            faults.append(_no_successor(parcel, payee))
            continue
        day = max(ended)
        before, after = _shares_on(rows, day - timedelta(days=1)), _shares_on(rows, day)
        gained = {h: s - before.get(h, Fraction(0)) for h, s in after.items() if s > before.get(h, Fraction(0)) and h != payee}
        if not gained or sum(gained.values()) != before.get(payee, Fraction(0)):
            faults.append(_no_successor(parcel, payee))
            continue
        whole = sum(gained.values())
        out[parcel] = {h: s / whole for h, s in gained.items()}
    raise_errors(faults)
    return out


def _shares_on(rows: list[Row], day: date) -> dict[str, Fraction]:
    out: dict[str, Fraction] = {}
    for r in rows:
        if r["valid_from"] <= day and (r["valid_to"] is None or r["valid_to"] > day):
            out[r["holder_id"]] = out.get(r["holder_id"], Fraction(0)) + Fraction(r["share_num"], r["share_den"])
    return out


def _still_there(work: Work, payee: str) -> list[Fault]:
    day = day_of(work)
    work.cursor.execute(
        "SELECT 1 FROM party WHERE party_id = %s AND known_to IS NULL AND valid_from <= %s AND (valid_to IS NULL OR valid_to > %s)",
        [payee, day, day],
    )
    if work.cursor.fetchone() is None:
        return []
    said = Text("登记中仍在。", "The register has them still.")
    return [
        Fault(
            "payments.still_there",
            "party",
            payee,
            said,
            Text("先登记死亡、分户或合并。", "Register the death, division or merger first."),
        )
    ]


def _no_successor(parcel: str, payee: str) -> Fault:
    said = Text("登记簿没有载明谁继受 {h} 在此地块的份额。", "The register does not say who took over the share of {h} in it.")
    remedy = Text(
        "先登记继承、合并，或用 --to 写明份额并附文书。",
        "Register the inheritance or merger, or give the shares with --to and the document.",
    )
    return Fault("payments.successor", "tenure", parcel, said.fill(h=payee), remedy)


# ---------------------------------------------------------------- what two persons decide
DECISIONS: dict[str, tuple[Text, tuple[str, ...], tuple[str, ...]]] = {
    "resolve": (Text("认定银行结果", "say what became of a line"), ("reconciler",), ("reconciler", "supervisor")),
    "net": (Text("抵扣扣回款", "net a claw-back"), ("maker", "programme"), ("approver",)),
    "repaid": (Text("扣回款已缴回", "a claw-back was paid back"), ("reconciler",), ("approver", "supervisor")),
    "waive": (Text("免除暂缓", "waive a hold on a payee"), ("maker", "township"), ("checker", "approver")),
    "give_up": (Text("不再重付", "give a failed payment up"), ("maker", "programme"), ("approver",)),
}
"""Kind → what is decided, the roles that may propose it, the roles that may confirm it."""


def propose(office: Office, kind: str, subject: str, outcome: str, who: Act, *, amount_fen: int = 0) -> int:
    """Propose a decision on a document; another person confirms it. Return its number.

    kind, subject, outcome
        resolve   BATCH/LINE       paid or failed, by a row of the bank's statement
        net       row              (amount_fen: only so much of it)
        repaid    row
        waive     party            account_shared, account_changed or objection_upheld
        give_up   row
    """
    if kind not in DECISIONS:
        raise UsageError(
            Text("没有决定“{k}”；可用 {a}。", "There is no decision “{k}”; known: {a}.").fill(k=kind, a=", ".join(DECISIONS))
        )
    _need_document(who, subject)
    with acting(office, f"decide.{kind}", who, subject=subject, outcome=outcome) as work:
        officer = need_role(work, who, *DECISIONS[kind][1], record=subject)
        raise_errors(_decision_faults(work, kind, subject, outcome, amount_fen))
        if kind == "resolve":
            raise_errors(_batch_conflict(work, subject, officer))
        return add_one(
            work, "pay_decision", kind=kind, subject=subject, outcome=outcome, amount_fen=amount_fen, document=who.document,
            officer_id=officer.officer_id, person_id=officer.person_id, confirms=None, change=work.seq,
        )  # fmt: skip


def confirm(office: Office, decision: int, who: Act) -> dict[str, Any]:
    """Confirm what another person proposed, and carry it out; confirmed before, the first answer again."""
    with office.reading() as cursor:
        first = _decision(cursor, decision)
        cursor.execute("SELECT officer_id, change FROM pay_decision WHERE confirms = %s", [decision])
        done = cursor.fetchone()
    if done is not None and done[0] == who.actor:
        return {**first, "change": int(done[1]), "again": True}
    with acting(office, f"confirm.{first['kind']}", who, decision=decision) as work:
        officer = need_role(work, who, *DECISIONS[first["kind"]][2], record=first["subject"])
        if done is not None:
            raise FaultsError([_decided(decision)])
        if {first["person_id"], *acted_for(work.cursor, first["officer_id"], first["person_id"])} & officer.persons:
            said = Text(
                "提出人与确认人是同一人，或为其代行。", "Who proposed it and who confirms it are one person, or act for one."
            )
            raise FaultsError(
                [
                    Fault(
                        "payments.same_person",
                        "payments",
                        str(decision),
                        said,
                        Text("由另一人确认。", "Another person must confirm it."),
                    )
                ]
            )
        raise_errors(_decision_faults(work, first["kind"], first["subject"], first["outcome"], first["amount_fen"]))
        if first["kind"] == "resolve":
            raise_errors(_batch_conflict(work, first["subject"], officer))
        add_one(
            work, "pay_decision", kind=first["kind"], subject=first["subject"], outcome=first["outcome"], amount_fen=first["amount_fen"],  # noqa: E501
            document=who.document or first["document"], officer_id=officer.officer_id, person_id=officer.person_id, confirms=decision,  # noqa: E501
            change=work.seq,
        )  # fmt: skip
        _carry_out(work, first, who)
    return {**first, "change": work.seq, "again": False}


def _decision(cursor: Any, decision: int) -> dict[str, Any]:
    names = ("seq", "kind", "subject", "outcome", "amount_fen", "document", "officer_id", "person_id")
    cursor.execute(f"SELECT {', '.join(names)} FROM pay_decision WHERE seq = %s AND confirms IS NULL", [decision])
    row = cursor.fetchone()
    if row is None:
        said = Text("没有这个待确认的决定。", "There is no such proposal.")
        raise FaultsError(
            [
                Fault(
                    "payments.no_decision",
                    "payments",
                    str(decision),
                    said,
                    Text("用 payments list --decisions 查看。", "See payments list --decisions."),
                )
            ]
        )
    return dict(zip(names, row, strict=True))


def _decision_faults(work: Work, kind: str, subject: str, outcome: str, amount: int) -> list[Fault]:
    if kind == "resolve":
        rows = _line_rows(work, subject)
        allowed = {"unknown": ("paid", "failed"), "paid": ("failed",)}
        bad = [r for r in rows if outcome not in allowed.get(r["state"], ())]
        if rows and not bad:
            return []
        state = bad[0]["state"] if bad else "—"
        return [
            _cannot(subject, Text("不能认定为 {o}：现为 {s}。", "It cannot be said to be {o}: it is {s}.").fill(o=outcome, s=state))
        ]
    if kind == "waive":
        if outcome in WAIVABLE:
            return []
        return [
            _cannot(
                subject,
                Text("{o} 不能免除；可免除 {a}。", "{o} cannot be waived; {a} can.").fill(o=outcome, a=", ".join(sorted(WAIVABLE))),
            )
        ]
    (row,) = _one_row(work, subject)
    if kind == "give_up":
        return (
            []
            if row["state"] == "failed"
            else [_cannot(subject, Text("只有退回的行可以了结。", "Only a failed row can be given up."))]
        )
    if row["kind"] != "clawback" or row["state"] != "held" or row["reason"] != "clawback":
        return [_cannot(subject, Text("不是待决定的扣回行。", "It is no claw-back that waits for a decision."))]
    if amount and not 0 < amount <= -row["amount_fen"]:
        return [
            _cannot(
                subject,
                Text("金额 {a} 元不在 0 与 {b} 元之间。", "CNY {a} is not between 0 and {b}.").fill(
                    a=say_yuan(amount), b=say_yuan(-row["amount_fen"])
                ),
            )
        ]
    return []


def _batch_conflict(work: Work, subject: str, officer: Any) -> list[Fault]:
    seq, found = find_batch(work.cursor, subject.rpartition("/")[0])
    faults = _step_faults(work, seq, found["batch_id"], "reconciled", officer, found["region_code"])
    return [
        f
        for f in faults
        if f.code in ("payments.same_person", "payments.own_claim", "payments.changed_account", "payments.sysadmin")
    ]


def _line_rows(work: Work, subject: str) -> list[Row]:
    batch, _, line = subject.rpartition("/")
    if not line.isdecimal() or len(line) > 9:
        raise UsageError(Text("写成 批次/行号，例如 990121-2026-0001/000012。", "Write BATCH/LINE, e.g. 990121-2026-0001/000012."))
    seq, _ = find_batch(work.cursor, batch)
    return rows_where(work.cursor, "r.seq IN (SELECT p.row FROM pay_slip p WHERE p.batch = %s AND p.line = %s)", [seq, int(line)])


def _one_row(work: Work, row_id: str) -> list[Row]:
    rows = rows_where(work.cursor, "r.row_id = %s", [row_id])
    if not rows:
        raise FaultsError([_nothing(row_id, Text("没有这一付款行。", "There is no such payment row."))])
    return rows


def _carry_out(work: Work, first: Mapping[str, Any], who: Act) -> None:
    kind, subject = first["kind"], first["subject"]
    books = Books(work, f"decision:{first['seq']}", day_of(work), f"{kind} {subject}")
    if kind == "resolve":
        _resolve(work, books, subject, first["outcome"], first["document"])
    elif kind == "net":
        _net(work, subject, first["amount_fen"], who)
    elif kind == "repaid":
        (row,) = _one_row(work, subject)
        for _, envelope, fen in sources_of(work.cursor, [row["seq"]])[row["seq"]]:
            books.repaid(row["payee_id"], envelope, -fen, subject)
        move(work, "SELECT %s", [row["seq"]], "cancelled", "repaid")
    elif kind == "give_up":
        (row,) = _one_row(work, subject)
        cancel_row(work, books, row["seq"], "given_up")
    books.flush()


def _resolve(work: Work, books: Books, subject: str, outcome: str, document: str) -> None:
    rows = _line_rows(work, subject)
    bounced = rows[0]["state"] == "paid"
    batch, no = rows[0]["batch"], int(subject.rpartition("/")[2])
    sums: dict[str, list[int]] = {}
    for parts in sources_of(work.cursor, (r["seq"] for r in rows)).values():
        for _, envelope, fen in parts:
            both = sums.setdefault(envelope, [0, 0])
            both[0 if fen > 0 else 1] += abs(fen)
    for envelope, (owed, back) in sorted(sums.items()):
        if outcome == "paid":
            books.confirm(rows[0]["payee_id"], envelope, owed, back, subject)
        elif bounced:
            books.bounce(rows[0]["payee_id"], envelope, owed, back, subject)
        else:
            books.come_back(envelope, owed - back, subject)
    add_one(
        work, "pay_result", source="statement", batch=batch, no=no, outcome=outcome, amount_fen=sum(r["amount_fen"] for r in rows),
        reason="", reference=document, booked_on=day_of(work).isoformat(), change=work.seq,
    )  # fmt: skip
    move(work, _among(rows), [], outcome, "bounced" if bounced else "statement", batch="s.batch", note=document)


def _net(work: Work, subject: str, amount: int, who: Act) -> None:
    """Let a claw-back be netted; of a part, the row is divided in two and the rest waits on."""
    (row,) = _one_row(work, subject)
    if not amount or amount == -row["amount_fen"]:
        move(work, "SELECT %s", [row["seq"]], "ready", "netted")
        return
    parts = sources_of(work.cursor, [row["seq"]])[row["seq"]]
    by = {f"{e}\x1f{v}": -x for e, v, x in parts}
    taken = share(amount, by)
    new = _New(work, who.document)
    now = [(*k.split("\x1f"), -x) for k, x in sorted(taken.items())]
    rest = [(*k.split("\x1f"), -(x - taken.get(k, 0))) for k, x in sorted(by.items()) if x != taken.get(k, 0)]
    first = new.next
    new.add(row, "clawback", now, held="clawback")  # type: ignore[arg-type]
    new.add(row, "clawback", rest, held="clawback")  # type: ignore[arg-type]
    new.write()
    move(work, "SELECT %s", [row["seq"]], "cancelled", "divided")
    move(work, "SELECT %s", [first], "ready", "netted")


# ---------------------------------------------------------------- hold and free by hand
def hold_rows(office: Office, subject: str, who: Act, *, free: bool = False) -> int:
    """Hold the ready rows of a payee, parcel or row by hand, or free what was held by hand or for an objection; return how many."""
    with acting(office, "free" if free else "hold", who, subject=subject) as work:
        need_role(work, who, "maker", "checker", "approver", "programme", "supervisor", record=subject)
        where = "t.state = 'held' AND t.reason IN ('by_officer', 'objection')" if free else "t.state = 'ready'"
        moved = move(
            work,
            f"SELECT r.seq FROM pay_row r JOIN pay_state t ON t.row = r.seq WHERE {where} AND %s IN (r.payee_id, r.parcel_id, r.row_id)",  # noqa: E501
            [subject],
            "ready" if free else "held",
            "freed" if free else "by_officer",
            note=who.reason[:500],
        )
        if not moved:
            raise FaultsError([_nothing(subject, Text("没有可变动的付款行。", "No payment row of it can be moved so."))])
        work.facts["rows"] = moved
    return moved


# ---------------------------------------------------------------- faults
def _nothing(record: str, clash: Text) -> Fault:
    return Fault(
        "payments.nothing",
        "payments",
        record,
        clash,
        Text("核对编码，用 payments list 查看。", "Check the code; see payments list."),
    )


def _cannot(record: str, clash: Text) -> Fault:
    return Fault("payments.cannot", "payments", record, clash, Text("核对后再提出。", "Check it and propose again."))


def _decided(decision: int) -> Fault:
    said = Text("已由他人确认。", "Another person confirmed it already.")
    return Fault("payments.decided", "payments", str(decision), said, Text("不必再办。", "There is nothing to do."))


def _need_document(who: Act, record: str) -> None:
    if not who.document.strip():
        said = Text("没有写明依据文件。", "No document is named.")
        raise FaultsError(
            [
                Fault(
                    "payments.document",
                    "payments",
                    record,
                    said,
                    Text("用 --document 写明文号或对账单行。", "Name it with --document."),
                )
            ]
        )
