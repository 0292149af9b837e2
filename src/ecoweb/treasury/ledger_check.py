"""Is the ledger as it was written? Every row, link, balance and checkpoint, compared with each other and with the audit log.

Nothing is taken on trust from the database: hashes are made anew from the stored rows, balances are added up anew, and the
rules that triggers and constraints keep are tested once more, since someone may have dropped them. A fault names the journal
and the row.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.ledger import journal as rules
from ecocomp.ledger.accounts import read_name
from ecocomp.ledger.chain import MARK_BYTES, ZERO_HASH
from ecocomp.ledger.journal import COLUMNS, PENDING, PHASES, SETTLED
from ecocomp.terms.faults import Fault, capped
from ecocomp.terms.money import say_yuan
from ecocomp.terms.text import Text
from ecoweb.office import Office
from ecoweb.records.tables import read_table
from ecoweb.treasury.ledger import journal_hash, opening_lines
from ecoweb.treasury.ledger_read import JOURNAL_SQL, Journal, read_journal
from ecoweb.treasury.ledger_tables import GONE, changed_tables
from ecoweb.treasury.schema import CARRIED, ENVELOPE_BITS, FAMILY_BITS, TABLES

_ROWS = pa.schema(
    [
        pa.field("id", pa.int64()),
        pa.field("journal_id", pa.int64()),
        pa.field("debit", pa.int64()),
        pa.field("credit", pa.int64()),
        pa.field("amount_fen", pa.int64()),
        pa.field("kind", pa.string()),
        pa.field("reference", pa.string()),
        pa.field("phase", pa.int64()),
        pa.field("settles_id", pa.int64()),
        pa.field("released_fen", pa.int64()),
    ]
)


def check(office: Office) -> list[Fault]:
    """Return every fault of the ledger; an empty list means that every row is as it was written and every sum is right."""
    with office.reading() as cursor:
        tables = [_altered(name, what) for name, what in changed_tables(office.vendor, cursor)]
        if {f.record for f in tables if f.clash.en == f"{GONE.en}."} & set(TABLES):
            return tables
        walk = _Walk(office, cursor)
        walk.read()
        return [*walk.faults(), *tables]


# ---------------------------------------------------------------- one pass over everything
@dataclass
class _Walk:
    """What one reading of the ledger finds."""

    office: Office
    cursor: Any
    found: list[Fault] = field(default_factory=list)

    def read(self) -> None:
        """Read accounts and journals, then every transfer once."""
        self.cursor.execute(JOURNAL_SQL + " ORDER BY j.seq")
        self.journals = [read_journal(row) for row in self.cursor.fetchall()]
        self.cursor.execute("SELECT code, name FROM ledger_account ORDER BY code")
        pairs = self.cursor.fetchall()
        self.codes = np.array([c for c, _ in pairs], np.int64)
        self.names = pa.array([*(n for _, n in pairs), "?"], pa.string())
        self.sums = np.zeros((4, len(pairs) + 1, 2), np.int64)
        self.firsts = np.array([j.first_id for j in self.journals], np.int64)
        self.ends = self.firsts + np.array([j.lines for j in self.journals], np.int64)
        self.digests: dict[int, Any] = {}
        self.counts = np.zeros(len(self.journals), np.int64)
        self.waiting: dict[int, tuple[int, int, int]] = {}
        for batch in read_table(self.office, self.cursor, "ledger_transfer", _ROWS):
            self._batch(batch)

    def faults(self) -> list[Fault]:
        """Return what is wrong, the chain first."""
        parts = {
            "ledger.chain": [*self._chain(), *self._contents()],
            "ledger.log": [*self._log(), *self._logged_rows()],
            "ledger.row": self.found,
            "ledger.account": self._accounts(),
            "ledger.balance": self._balances(),
            "ledger.rule": self._rules(),
            "ledger.period": self._periods(),
        }
        return [f for code, faults in parts.items() for f in capped(faults, code, "ledger")]

    # ------------------------------------------------------------ transfers
    def _batch(self, batch: pa.Table) -> None:
        ids = batch["id"].to_numpy()
        if not len(self.journals):
            self.found += [_altered(f"#{i}", _OUTSIDE) for i in ids[:50]]
            return
        at = np.searchsorted(self.firsts, ids, "right") - 1
        at = self._skip_empty(at, ids)
        self._strays(batch, ids, at)
        table, phases = self._named(batch)
        numbers = ids - self.firsts[at] + 1
        lines = rules.lines_of(table, phases, numbers)
        data = rules.body(lines)
        offsets = np.frombuffer(lines.buffers()[1], np.int64)[lines.offset : lines.offset + len(lines) + 1]
        offsets = offsets - offsets[0]
        inside = (
            (at >= 0) & (ids < self.ends[at]) & (batch["journal_id"].to_numpy() == np.array([j.seq for j in self.journals])[at])
        )
        edges = np.flatnonzero(np.r_[True, at[1:] != at[:-1]])
        for start, stop in zip(edges, [*edges[1:], len(ids)], strict=True):
            n = int(at[start])
            part = inside[start:stop]
            self.counts[n] += int(part.sum())
            if n not in self.digests:
                j = self.journals[n]
                self.digests[n] = rules.content_start(j.key, j.book_on, j.memo, j.reverses or "", j.lines)
            if part.all():
                self.digests[n].update(data[offsets[start] : offsets[stop]])
            else:
                for i in np.flatnonzero(part) + start:
                    self.digests[n].update(data[offsets[i] : offsets[i + 1]])
        self._add_up(batch)
        self._row_rules(batch, table, at)

    def _skip_empty(self, at: np.ndarray, ids: np.ndarray) -> np.ndarray:
        """Point rows at the journal that has rows: a closing journal begins where the next one does."""
        empty = self.ends == self.firsts
        while True:
            wrong = (at > 0) & empty[at] & (ids >= self.ends[at]) & (self.ends[at - 1] > ids)
            if not wrong.any():
                return np.maximum(at, 0)
            at = np.where(wrong, at - 1, at)

    def _strays(self, batch: pa.Table, ids: np.ndarray, at: np.ndarray) -> None:
        seqs = np.array([j.seq for j in self.journals])
        outside = (ids >= self.ends[at]) | (ids < self.firsts[at])
        for i in np.flatnonzero(outside)[:50]:
            said = batch["journal_id"][int(i)].as_py()
            self.found.append(_altered(f"{self._key(said)} #{ids[i]}", _OUTSIDE))
        for i in np.flatnonzero(~outside & (batch["journal_id"].to_numpy() != seqs[at]))[:50]:
            journal = self.journals[int(at[i])]
            self.found.append(_altered(f"{journal.key} #{ids[i] - journal.first_id + 1}", _ELSEWHERE))

    def _key(self, seq: int) -> str:
        known = {j.seq: j.key for j in self.journals}
        return known.get(seq, f"{seq}?")

    def _named(self, batch: pa.Table) -> tuple[pa.Table, pa.Table]:
        sides = [self.names.take(pa.array(self._place(batch[s].to_numpy()))) for s in ("debit", "credit")]
        table = pa.table([*sides, batch["amount_fen"], batch["kind"], batch["reference"]], schema=COLUMNS)
        phase = batch["phase"].cast(pa.int8(), safe=False)
        return table, pa.table([phase, batch["settles_id"], batch["released_fen"]], schema=PHASES)

    def _place(self, codes: np.ndarray) -> np.ndarray:
        """Return where each code stands among the accounts; the place after the last for one that is none."""
        if not len(self.codes):
            return np.zeros(len(codes), np.int64)
        place = np.minimum(np.searchsorted(self.codes, codes), len(self.codes) - 1)
        return np.where(self.codes[place] == codes, place, len(self.codes))

    def _add_up(self, batch: pa.Table) -> None:
        phase, fen = batch["phase"].to_numpy(), batch["amount_fen"].to_numpy()
        free = pc.fill_null(batch["released_fen"], 0).to_numpy()
        moved = np.where((phase == 0) | (phase == SETTLED), fen, 0)
        aside = np.where(phase == PENDING, fen, -free)
        for n, (side, amounts) in enumerate((("debit", moved), ("credit", moved), ("debit", aside), ("credit", aside))):
            some = np.flatnonzero(amounts)
            place = self._place(batch[side].to_numpy()[some])
            for half, part in enumerate((amounts[some] >> 32, amounts[some] & 0xFFFFFFFF)):
                np.add.at(self.sums[n, :, half], place, part)

    def _row_rules(self, batch: pa.Table, table: pa.Table, at: np.ndarray) -> None:
        """Test once more what the constraints of a row keep."""
        sides = (batch["debit"].to_numpy() >> ENVELOPE_BITS, batch["credit"].to_numpy() >> ENVELOPE_BITS)
        for fault in rules.journal_faults(table, [], sides):
            n = int(fault.record[1:]) - 1 if fault.record.startswith("#") else 0
            journal = self.journals[int(at[n])]
            line = int(batch["id"][n].as_py()) - journal.first_id + 1
            self.found.append(Fault(fault.code, "ledger", f"{journal.key} #{line}", fault.clash, fault.remedy))
        self._settled(batch)

    def _settled(self, batch: pa.Table) -> None:
        phase = batch["phase"].to_numpy()
        if not phase.any():
            return
        names = ("id", "phase", "debit", "credit", "amount_fen", "settles_id", "released_fen")
        some = batch.filter(pc.not_equal(batch["phase"], 0)).select(names)
        for row in some.to_pylist():
            if row["phase"] == PENDING:
                self.waiting[row["id"]] = (row["debit"], row["credit"], row["amount_fen"])
                continue
            before = self.waiting.pop(row["settles_id"], None)
            if before is None or before != (row["debit"], row["credit"], row["released_fen"]) or row["amount_fen"] > before[2]:
                self.found.append(_altered(f"#{row['id']}", _MISSETTLED))

    # ------------------------------------------------------------ journals
    def _chain(self) -> list[Fault]:
        out, prev, first = [], ZERO_HASH, 1
        for place, j in enumerate(self.journals, 1):
            hash = journal_hash(prev, j.seq, j.key, j.book_on, j.memo, j.reverses or "", j.first_id, j.lines, j.amount_fen,
                                j.pending, j.settling, j.crossing, j.content, j.change)  # fmt: skip
            if j.seq != place or j.first_id != first:
                out.append(_altered(j.key, _GAP.fill(n=j.seq)))
            elif j.prev_hash != prev:
                out.append(_altered(j.key, _LINK))
            elif j.hash != hash:
                out.append(_altered(j.key, _HEAD))
            prev, first = j.hash, j.first_id + j.lines
            if j.seq != place:
                break
        return out

    def _contents(self) -> list[Fault]:
        out = []
        marks = self._marks()
        for n, j in enumerate(self.journals):
            if not j.lines:
                continue
            digest = self.digests.get(n) or rules.content_start(j.key, j.book_on, j.memo, j.reverses or "", j.lines)
            if self.counts[n] == j.lines and digest.hexdigest() == j.content and len(marks.get(j.seq, b"")) == j.lines * MARK_BYTES:
                continue
            out += self._which(j, marks.get(j.seq, b""))
        return out

    def _marks(self) -> dict[int, bytes]:
        self.cursor.execute("SELECT journal_id, marks FROM ledger_mark ORDER BY journal_id")
        return {int(s): bytes(m) for s, m in self.cursor.fetchall()}

    def _which(self, j: Journal, marks: bytes) -> list[Fault]:
        """Name the rows of a journal that are not as they were written."""
        want = [marks[i : i + MARK_BYTES] for i in range(0, len(marks), MARK_BYTES)]
        have = dict(self._stored_marks(j))
        if len(want) != j.lines:
            return [_altered(j.key, _MARKS)]
        out = []
        places = {m: i + 1 for i, m in enumerate(want)}
        for line in range(1, j.lines + 1):
            if line not in have:
                out.append(_altered(f"{j.key} #{line}", _MISSING))
            elif have[line] != want[line - 1]:
                came = places.get(self._unnumbered(j, line, want))
                out.append(_altered(f"{j.key} #{line}", _MOVED.fill(n=came) if came else _CHANGED))
        return out or [_altered(j.key, _CONTENT)]

    def _stored_marks(self, j: Journal) -> Iterator[tuple[int, bytes]]:
        rows = self._stored(j)
        table, phases = self._named(rows)
        numbers = rows["id"].to_numpy() - j.first_id + 1
        made = rules.marks(rules.lines_of(table, phases, numbers))
        for i, line in enumerate(numbers.tolist()):
            yield line, made[i * MARK_BYTES : (i + 1) * MARK_BYTES]

    def _stored(self, j: Journal) -> pa.Table:
        self.cursor.execute(
            f"SELECT {', '.join(_ROWS.names)} FROM ledger_transfer WHERE id >= %s AND id < %s ORDER BY id",
            [j.first_id, j.first_id + j.lines],
        )
        rows = self.cursor.fetchall()
        columns = list(zip(*rows, strict=True)) or [()] * len(_ROWS)
        return pa.table([pa.array(list(c), f.type) for c, f in zip(columns, _ROWS, strict=True)], schema=_ROWS)

    def _unnumbered(self, j: Journal, line: int, want: list[bytes]) -> bytes:
        """Return the mark under which a row now at `line` was written at another line of its journal, if it was."""
        if j.lines > 5_000:
            return b""
        rows = self._stored(j)
        one = rows.filter(pc.equal(rows["id"], j.first_id + line - 1))
        if not len(one):
            return b""
        repeated = pa.concat_tables([one] * j.lines)
        table, phases = self._named(repeated)
        made = rules.marks(rules.lines_of(table, phases, np.arange(1, j.lines + 1)))
        for i in range(j.lines):
            mark = made[i * MARK_BYTES : (i + 1) * MARK_BYTES]
            if i + 1 != line and mark == want[i]:
                return mark
        return b""

    # ------------------------------------------------------------ the audit log
    def _log(self) -> list[Fault]:
        """Compare journals with what the audited changes say they wrote."""
        word = b'"ledger":['
        test = "instr(payload, %s) > 0" if self.office.vendor == "sqlite" else "position(%s::bytea in payload) > 0"
        self.cursor.execute(f"SELECT seq, payload FROM audit_payload WHERE {test} ORDER BY seq", [word])
        said: dict[int, dict[int, tuple[str, str]]] = {}
        for seq, payload in self.cursor.fetchall():
            try:
                facts = json.loads(bytes(payload).partition(b"\n")[0]).get("ledger", [])
                said[int(seq)] = {int(n): (str(k), str(h)) for n, k, h in facts}
            except (ValueError, TypeError):
                continue
        self.cursor.execute("SELECT seq FROM audit_payload")
        kept = {int(row[0]) for row in self.cursor.fetchall()}
        out = []
        for j in self.journals:
            if j.change in kept and said.get(j.change, {}).get(j.seq) != (j.key, j.hash):
                out.append(_altered(j.key, _LOG.fill(c=j.change)))
        here = {j.seq for j in self.journals}
        for change, journals in said.items():
            out += [_altered(key, _LOST.fill(n=n, c=change)) for n, (key, _) in journals.items() if n not in here]
        return out

    def _logged_rows(self) -> list[Fault]:
        """Compare limits and bank days, row by row, with what the audited changes say they wrote."""
        out = []
        for word, query, what in (("ledger_rules", _RULES_SQL, _RULE_ROW), ("ledger_bank", _BANK_SQL, _BANK_ROW)):
            said = self._said(word)
            self.cursor.execute(query)
            for change, seq, *row in self.cursor.fetchall():
                told = said.pop((int(change), int(seq)), None)
                here = [str(v) for v in row]
                if told != here and (told is not None or self._is_kept(int(change))):
                    out.append(_altered(here[0], what.fill(n=seq, c=change)))
            out += [_altered(row[0], what.fill(n=seq, c=change)) for (change, seq), row in said.items()]
        return out

    def _said(self, word: str) -> dict[tuple[int, int], list[str]]:
        """Return what the audited changes say under a word: (change, number) → row."""
        test = "instr(payload, %s) > 0" if self.office.vendor == "sqlite" else "position(%s::bytea in payload) > 0"
        self.cursor.execute(f"SELECT seq, payload FROM audit_payload WHERE {test} ORDER BY seq", [f'"{word}":['.encode()])
        out = {}
        for change, payload in self.cursor.fetchall():
            try:
                for seq, *row in json.loads(bytes(payload).partition(b"\n")[0]).get(word, []):
                    out[int(change), int(seq)] = [str(v) for v in row]
            except (ValueError, TypeError):
                continue
        return out

    def _is_kept(self, change: int) -> bool:
        """Return whether the log still holds what a change wrote."""
        self.cursor.execute("SELECT 1 FROM audit_payload WHERE seq = %s", [change])
        return self.cursor.fetchone() is not None

    # ------------------------------------------------------------ accounts and balances
    def _accounts(self) -> list[Fault]:
        self.cursor.execute(
            "SELECT a.number, a.code, a.name, a.family, a.side, a.floor_fen, a.ready, e.number, e.name FROM ledger_account a"
            " LEFT JOIN ledger_envelope e ON e.number = a.envelope_id ORDER BY a.number"
        )
        out = []
        for number, code, name, family, side, floor, ready, envelope, called in self.cursor.fetchall():
            account = read_name(name)
            whole = ((envelope or 0) << ENVELOPE_BITS) + (family << FAMILY_BITS) + number
            if (
                account is None
                or (account.family.number, account.family.side, account.envelope) != (family, side, called or "")
                or (account.family.floor, 1) != (floor, ready)
                or code != whole
            ):
                out.append(_altered(name, _ACCOUNT))
        return out

    def _balances(self) -> list[Fault]:
        self.cursor.execute(
            "SELECT account, debit_posted, credit_posted, debit_pending, credit_pending, side, floor_fen, ceiling_fen"
            " FROM ledger_balance ORDER BY account"
        )
        names = dict(zip(self.codes.tolist(), self.names.to_pylist(), strict=False))
        place = {int(c): i for i, c in enumerate(self.codes)}
        out, seen = [], set()
        sums = self.sums.tolist()
        envelopes: dict[int, int] = {}
        for code, dp, cp, dn, cn, side, floor, ceiling in self.cursor.fetchall():
            seen.add(code)
            i = place.get(code, len(self.codes))
            real = [(sums[n][i][0] << 32) + sums[n][i][1] for n in range(4)]
            envelopes[code >> ENVELOPE_BITS] = envelopes.get(code >> ENVELOPE_BITS, 0) + real[0] - real[1]
            name = names.get(code, f"{code}?")
            if [dp, cp, dn, cn] != real:
                out.append(_altered(name, _BALANCE.fill(a=say_yuan(dp - cp), b=say_yuan(real[0] - real[1]))))
            low, high = (dp - cp - cn, dp - cp + dn) if side == 1 else (cp - dp - dn, cp - dp + cn)
            if (floor is not None and low < floor) or (ceiling is not None and high > ceiling):
                out.append(_altered(name, _LIMIT.fill(b=say_yuan(dp - cp))))
        out += [_altered(names[c], _NO_BALANCE) for c in place if c not in seen]
        if any(any(sums[n][len(self.codes)]) for n in range(4)):
            out.append(_altered("?", _NO_ACCOUNT))
        return [*out, *self._envelopes(envelopes)]

    def _envelopes(self, real: dict[int, int]) -> list[Fault]:
        self.cursor.execute("SELECT number, name, debits - credits FROM ledger_envelope ORDER BY number")
        out = []
        for number, name, net in self.cursor.fetchall():
            if net != real.get(number, 0) or net < 0:
                out.append(_altered(name, _ENVELOPE.fill(a=say_yuan(net), b=say_yuan(real.get(number, 0)))))
        return out

    def _rules(self) -> list[Fault]:
        """Compare the limits in force with the last rule of each account."""
        self.cursor.execute(
            "SELECT a.name, a.side = b.side, b.floor_fen, b.ceiling_fen, b.is_open, a.floor_fen, r.seq, r.floor_fen,"
            " r.ceiling_fen, r.is_open FROM ledger_account a JOIN ledger_balance b ON b.account = a.code"
            " LEFT JOIN ledger_rule r ON r.seq ="
            " (SELECT max(seq) FROM ledger_rule WHERE account = a.code) ORDER BY a.name"
        )
        return [
            _altered(name, _RULE)
            for name, sided, low, high, is_open, own, seq, floor, ceiling, still in self.cursor.fetchall()
            if not sided or (low, high, is_open) != ((floor, ceiling, still) if seq is not None else (own, None, 1))
        ]

    # ------------------------------------------------------------ periods and reversals
    def _periods(self) -> list[Fault]:
        self.cursor.execute("SELECT journal_id, CAST(closed_to AS TEXT) FROM ledger_close ORDER BY journal_id")
        closes = [(int(s), date.fromisoformat(d)) for s, d in self.cursor.fetchall()]
        by_seq = {j.seq: j for j in self.journals}
        out = []
        done: date | None = None
        ends = dict(closes)
        for j in self.journals:
            if done is not None and j.book_on <= done:
                out.append(_altered(j.key, _CLOSED.fill(d=done)))
            done = ends.get(j.seq, done)
        before: tuple[int | None, date | None] = (None, None)
        for seq, day in closes:
            if seq in by_seq:
                out += self._carried(by_seq[seq], day, *before)
            before = (seq, day)
        return [*out, *self._reversals(by_seq)]

    def _carried(self, j: Journal, day: date, last: int | None, after: date | None) -> list[Fault]:
        """Compare a checkpoint with what moved until its day, and with the hash of its journal."""
        self.cursor.execute(
            "SELECT n.name, o.debit_posted, o.credit_posted, o.debit_pending, o.credit_pending FROM ledger_opening o"
            " JOIN ledger_account n ON n.code = o.account WHERE o.journal_id = %s ORDER BY n.name",
            [j.seq],
        )
        rows = [(str(n), int(a), int(b), int(c), int(d)) for n, a, b, c, d in self.cursor.fetchall()]
        quoted = _quoted(self.office, day, after, last)
        self.cursor.execute(
            f"SELECT n.name, x.dp, x.cp, x.dn, x.cn FROM ({CARRIED.format(**quoted)}) AS x"
            " JOIN ledger_account n ON n.code = x.a ORDER BY n.name"
        )
        real = {str(n): (int(a), int(b), int(c), int(d)) for n, a, b, c, d in self.cursor.fetchall()}
        out = [_altered(f"{j.key} {row[0]}", _CARRIED) for row in rows if real.pop(row[0], None) != row[1:]]
        out += [_altered(f"{j.key} {name}", _CARRIED) for name in real]
        lines = opening_lines(rows)
        if not out and rules.content_hash(lines, j.key, j.book_on, j.memo, "") != j.content:
            out.append(_altered(j.key, _CONTENT))
        return out

    def _reversals(self, by_seq: dict[int, Journal]) -> list[Fault]:
        by_key = {j.key: j for j in self.journals}
        out = []
        for j in self.journals:
            if j.reverses is None:
                continue
            o = by_key[j.reverses]
            a, b = self._stored(j), self._stored(o)
            mirror = (a["credit"].to_pylist(), a["debit"].to_pylist(), a["amount_fen"].to_pylist())
            if mirror != (b["debit"].to_pylist(), b["credit"].to_pylist(), b["amount_fen"].to_pylist()):
                out.append(_altered(j.key, _MIRROR.fill(k=o.key)))
        return out


def _quoted(office: Office, day: date, after: date | None, last: int | None) -> dict[str, str]:
    typed = "DATE " if office.vendor == "postgresql" else ""
    none = "NULL::date" if office.vendor == "postgresql" else "NULL"
    return {
        "seq": "0",
        "to": f"{typed}'{day.isoformat()}'",
        "after": f"{typed}'{after.isoformat()}'" if after else none,
        "last": str(last) if last else "NULL",
    }


_GAP = Text(
    "序号 {n} 处账不连续（有缺失、插入或移动）", "at number {n} the journals are not continuous (missing, inserted or moved)"
)
_LINK = Text(
    "与前一笔账不相连（前一笔缺失或被改动）", "does not follow from the journal before it, which is missing or was changed"
)
_HEAD = Text("编号、日期、摘要或合计被改动", "its key, day, memo or totals were changed")
_CONTENT = Text("内容与其指纹不符", "its rows are not what its hash says")
_MARKS = Text("行标记缺失或不全，不能指明哪一行", "its marks are missing, so that no row can be named")
_MISSING = Text("这一行缺失", "this row is missing")
_CHANGED = Text("这一行被改动", "this row was changed")
_MOVED = Text("这一行原是第 {n} 行", "this row stood at line {n}")
_OUTSIDE = Text("这一行不属于任何一笔账（插入）", "this row belongs to no journal (inserted)")
_ELSEWHERE = Text("这一行被移到另一笔账", "this row was moved to another journal")
_MISSETTLED = Text(
    "它结清的预留不存在、已结清或金额不同", "what it settles does not exist, was settled before, or had another amount"
)
_LOG = Text("审计日志（变更 {c}）中不是这笔账", "the audit log (change {c}) does not say this journal")
_LOST = Text("审计日志（变更 {c}）有第 {n} 笔账，账本里没有", "the audit log (change {c}) has journal {n}, the ledger has not")
_RULES_SQL = (
    "SELECT r.change_id, r.seq, a.name, coalesce(CAST(r.floor_fen AS TEXT), 'None'), coalesce(CAST(r.ceiling_fen AS TEXT), 'None'),"
    " r.is_open FROM ledger_rule r LEFT JOIN ledger_account a ON a.code = r.account ORDER BY r.seq"
)
_BANK_SQL = (
    "SELECT b.change_id, b.seq, a.name, CAST(b.on_day AS TEXT), b.said_fen, b.document FROM ledger_bank b"
    " LEFT JOIN ledger_account a ON a.code = b.account ORDER BY b.seq"
)
_RULE_ROW = Text("第 {n} 条限额与审计日志（变更 {c}）不符", "rule {n} of its limits is not what the audit log (change {c}) says")
_BANK_ROW = Text(
    "第 {n} 条银行余额与审计日志（变更 {c}）不符", "number {n} of the bank's balances is not what the audit log (change {c}) says"
)
_ACCOUNT = Text("科目的名称、代码或资金包被改动", "the name, code or envelope of the account was changed")
_BALANCE = Text("余额记为 {a} 元，各行合计 {b} 元", "its balance says {a} yuan, its rows add up to {b} yuan")
_LIMIT = Text("余额 {b} 元超出限额", "its balance of {b} yuan lies beyond its limits")
_NO_BALANCE = Text("余额行缺失", "its balance is missing")
_NO_ACCOUNT = Text("有的行记在不存在的科目上", "rows are booked on an account that does not exist")
_ENVELOPE = Text("账户里的钱与承诺之差记为 {a} 元，实为 {b} 元", "its money over what is promised says {a} yuan and is {b} yuan")
_RULE = Text("限额与登记的不符", "its limits are not those that were recorded")
_CLOSED = Text("记在已结账（到 {d}）的期间", "it was booked in a period closed to {d}")
_CARRIED = Text("结转余额与各行合计不符", "what was carried over is not what its rows add up to")
_MIRROR = Text("不是 {k} 的镜像", "it is not the mirror of {k}")


def _altered(record: str, what: Text) -> Fault:
    return Fault(
        "ledger.altered",
        "ledger",
        record,
        Text(what.zh + "。", what.en + "."),
        Text(
            "数据库被绕过程序改动：从备份恢复，并追查。",
            "The database was changed behind the program: restore a backup and find out by whom.",
        ),
    )
