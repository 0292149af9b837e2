"""Tables of the ledger and what the database itself refuses, on SQLite and on PostgreSQL, whoever writes.

Rows are added, never changed. A journal is written in this order within one transaction: a row of `ledger_open` says which
journal is begun (it must be the next one, and a deferred reference makes sure that it is finished); then its transfers;
then the row of `ledger_journal`, whose trigger checks the transfers as a set, adds them to the balances and seals the
journal. Balances can be changed at no other time: the guard asks for a journal that is not sealed, and a journal is
unsealed only while its own trigger runs. So every limit holds for the journal as a whole, whatever the order of its rows.

The code of an account is ``envelope << 40 | family << 32 | number``; that money stays within its envelope is therefore a
CHECK on one row. For each envelope the table `ledger_envelope` carries what came in over its border and what went out; it
may never fall below zero: what is promised from an envelope lies in its accounts.

References: sqlite.org/lang_createtrigger.html, sqlite.org/stricttables.html; PostgreSQL 15 manual, CREATE TRIGGER.
"""

from __future__ import annotations

import re
from typing import Any

from django.db.migrations.operations.base import Operation

from ecocomp.ledger.accounts import INTEREST, REALLOCATIONS
from ecocomp.ledger.chain import ZERO_HASH
from ecocomp.terms.money import INT64_MAX
from ecoweb.office import WRITER_LOCK
from ecoweb.records.guards import append_only_sql

ENVELOPE_BITS, FAMILY_BITS = 40, 32
NUMBER_MASK = (1 << FAMILY_BITS) - 1
_KINDS = ", ".join(f"'{k}'" for k in REALLOCATIONS)
_USUAL = ("confirmation", "payment", "allocation", "entitlement", "grant", "return", "reissue", "escrow", "release", "clawback")
"""Words that need no look at their letters: on SQLite matching a pattern costs as much as writing the row."""
_CONTROLS = "\x01-\x1f\x7f"

POSTED, PENDING, SETTLED, VOIDED = 0, 1, 2, 3
"""Phases of a transfer: it moves money; it sets money aside; it moves what was set aside (all or part); it sets it free."""


class Books(Operation):
    """Migration step: make the tables of the ledger; `records.guards.Triggers` of this module makes their guards."""

    reversible = True
    reduces_to_sql = True

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Change nothing in the models; the step this one stands in names them."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Make tables and indexes."""
        for statement in tables_sql(schema_editor.connection.vendor):
            schema_editor.execute(statement, params=None)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Drop them."""
        for table in reversed(TABLES):
            schema_editor.execute(f"DROP TABLE {table}", params=None)

    def describe(self) -> str:
        """Return what the step does."""
        return "Make the tables of the ledger"


TABLES = (
    "ledger_envelope",
    "ledger_account",
    "ledger_balance",
    "ledger_rule",
    "ledger_journal",
    "ledger_open",
    "ledger_transfer",
    "ledger_mark",
    "ledger_close",
    "ledger_opening",
    "ledger_bank",
)
_KEPT = ("ledger_rule", "ledger_transfer", "ledger_mark", "ledger_close", "ledger_opening", "ledger_bank")
"""Tables whose rows never change in any way."""


def _clean(column: str, vendor: str) -> str:
    """Return the condition that a text holds no control character.

    SQLite asks first whether JSON would write it as it is, which is cheap; only other texts are matched with a pattern.
    """
    if vendor == "sqlite":
        plain = f'json_quote("{column}") = \'"\' || "{column}" || \'"\' AND instr("{column}", \'\x7f\') = 0'
        none = f'"{column}" NOT GLOB \'*[{_CONTROLS}]*\' AND instr("{column}", char(0)) = 0'
        return f"({plain} OR {none})"
    return f"\"{column}\" !~ '[\\x01-\\x1f\\x7f]'"


# ---------------------------------------------------------------- tables
def tables_sql(vendor: str) -> list[str]:
    """Return the statements that make the tables and their indexes."""
    lite = vendor == "sqlite"
    whole, text, day, blob = ("INTEGER", "TEXT", "TEXT", "BLOB") if lite else ("bigint", 'text COLLATE "C"', "date", "bytea")
    end = ") STRICT" if lite else ")"
    usual = "".join(f"kind = '{k}' OR " for k in _USUAL)  # IN would build its list anew for every row
    word = f"{usual}kind GLOB '[a-z]*' AND kind NOT GLOB '*[^a-z0-9_.]*'" if lite else "kind ~ '^[a-z][a-z0-9_.]*$'"
    is_day = "{c} IS date({c})" if lite else "{c} IS NOT NULL"
    later = "DEFERRABLE INITIALLY DEFERRED"
    change = f'{whole} NOT NULL REFERENCES "change" (seq) {later}'
    border = f"debit >> {ENVELOPE_BITS}", f"credit >> {ENVELOPE_BITS}"
    natural = "CASE side WHEN 1 THEN debit_posted - credit_posted{a} ELSE credit_posted - debit_posted{b} END"
    lowest = natural.format(a=" - credit_pending", b=" - debit_pending")
    highest = natural.format(a=" + debit_pending", b=" + credit_pending")
    return [
        f"""CREATE TABLE ledger_envelope (
 number {whole} PRIMARY KEY CHECK (number > 0 AND number < 4194304),
 name {text} NOT NULL UNIQUE CHECK (name <> '' AND {_clean("name", vendor)}),
 debits {whole} NOT NULL, credits {whole} NOT NULL,
 CONSTRAINT ledger_envelope_covered CHECK (debits >= credits){end}""",
        f"""CREATE TABLE ledger_account (
 number {whole} PRIMARY KEY CHECK (number > 0 AND number <= {NUMBER_MASK}),
 code {whole} NOT NULL UNIQUE, name {text} NOT NULL UNIQUE,
 family {whole} NOT NULL CHECK (family > 0 AND family < 256),
 envelope_id {whole} REFERENCES ledger_envelope (number),
 side {whole} NOT NULL CHECK (side IN (1, -1)), floor_fen {whole},
 change_id {change}, ready {whole} NOT NULL,
 CONSTRAINT ledger_account_code CHECK (code = (coalesce(envelope_id, 0) << {ENVELOPE_BITS}) + (family << {FAMILY_BITS}) + number),
 CONSTRAINT ledger_account_name CHECK (name LIKE '%:%' AND {_clean("name", vendor)}){end}""",
        f"""CREATE TABLE ledger_balance (
 account {whole} PRIMARY KEY,
 debit_posted {whole} NOT NULL, credit_posted {whole} NOT NULL,
 debit_pending {whole} NOT NULL, credit_pending {whole} NOT NULL,
 side {whole} NOT NULL, floor_fen {whole}, ceiling_fen {whole}, is_open {whole} NOT NULL, last_journal {whole} NOT NULL,
 CONSTRAINT ledger_balance_floor CHECK (floor_fen IS NULL OR {lowest} >= floor_fen),
 CONSTRAINT ledger_balance_ceiling CHECK (ceiling_fen IS NULL OR {highest} <= ceiling_fen),
 CONSTRAINT ledger_balance_signs CHECK (debit_posted >= 0 AND credit_posted >= 0){end}""",
        f"""CREATE TABLE ledger_rule (
 seq {whole} PRIMARY KEY, account {whole} NOT NULL REFERENCES ledger_account (code),
 floor_fen {whole}, ceiling_fen {whole}, is_open {whole} NOT NULL CHECK (is_open IN (0, 1)),
 change_id {change}{end}""",
        f"""CREATE TABLE ledger_journal (
 seq {whole} PRIMARY KEY, key {text} NOT NULL UNIQUE CHECK (key <> '' AND {_clean("key", vendor)}),
 book_on {day} NOT NULL CHECK ({is_day.format(c="book_on")}),
 memo {text} NOT NULL CHECK ({_clean("memo", vendor)}),
 reverses_id {whole} UNIQUE REFERENCES ledger_journal (seq),
 first_id {whole} NOT NULL, lines {whole} NOT NULL CHECK (lines >= 0), amount_fen {whole} NOT NULL CHECK (amount_fen >= 0),
 pending {whole} NOT NULL CHECK (pending >= 0), settling {whole} NOT NULL CHECK (settling >= 0), crossing {whole} NOT NULL,
 content {text} NOT NULL, prev_hash {text} NOT NULL, hash {text} NOT NULL UNIQUE,
 change_id {change}, sealed {whole} NOT NULL,
 CONSTRAINT ledger_journal_order CHECK (reverses_id < seq){end}""",
        f"CREATE TABLE ledger_open (journal {whole} PRIMARY KEY REFERENCES ledger_journal (seq) {later},"
        f" first_id {whole} NOT NULL{end}",
        f"""CREATE TABLE ledger_transfer (
 id {whole} PRIMARY KEY, journal_id {whole} NOT NULL, debit {whole} NOT NULL, credit {whole} NOT NULL,
 amount_fen {whole} NOT NULL, kind {text} NOT NULL, reference {text} NOT NULL,
 phase {whole} NOT NULL DEFAULT 0, settles_id {whole}, released_fen {whole},
 CONSTRAINT ledger_transfer_amount CHECK (amount_fen > 0),
 CONSTRAINT ledger_transfer_sides CHECK (debit <> credit),
 CONSTRAINT ledger_transfer_kind CHECK ({word}),
 CONSTRAINT ledger_transfer_reference CHECK ({_clean("reference", vendor)}),
 CONSTRAINT ledger_transfer_phase CHECK (phase = 0 AND settles_id IS NULL AND released_fen IS NULL
  OR phase = 1 AND settles_id IS NULL AND released_fen IS NULL
  OR phase IN (2, 3) AND settles_id IS NOT NULL AND released_fen >= amount_fen),
 CONSTRAINT ledger_transfer_envelope CHECK ({border[0]} = {border[1]} OR {border[0]} = 0 OR {border[1]} = 0
  OR kind IN ({_KINDS}) AND reference <> ''),
 CONSTRAINT ledger_transfer_interest CHECK (kind <> '{INTEREST}' OR {border[0]} = {border[1]} AND {border[0]} <> 0){end}""",
        f"CREATE TABLE ledger_mark (journal_id {whole} PRIMARY KEY REFERENCES ledger_journal (seq) {later},"
        f" marks {blob} NOT NULL{end}",
        f"""CREATE TABLE ledger_close (
 journal_id {whole} PRIMARY KEY REFERENCES ledger_journal (seq) {later},
 closed_to {day} NOT NULL UNIQUE CHECK ({is_day.format(c="closed_to")}){end}""",
        f"""CREATE TABLE ledger_opening (
 journal_id {whole} NOT NULL, account {whole} NOT NULL, debit_posted {whole} NOT NULL, credit_posted {whole} NOT NULL,
 debit_pending {whole} NOT NULL, credit_pending {whole} NOT NULL, PRIMARY KEY (journal_id, account)
{") STRICT, WITHOUT ROWID" if lite else ")"}""",
        f"""CREATE TABLE ledger_bank (
 seq {whole} PRIMARY KEY, account {whole} NOT NULL REFERENCES ledger_account (code),
 on_day {day} NOT NULL CHECK ({is_day.format(c="on_day")}), said_fen {whole} NOT NULL,
 document {text} NOT NULL CHECK (document <> '' AND {_clean("document", vendor)}), change_id {change}{end}""",
        "CREATE INDEX ledger_journal_day ON ledger_journal (book_on)",
        "CREATE INDEX ledger_journal_change ON ledger_journal (change_id)",
        *(
            f"CREATE INDEX ledger_transfer_{c} ON ledger_transfer ({c}) WHERE (({c} >> {FAMILY_BITS}) & 255) >= 16"
            for c in ("debit", "credit")
        ),
        "CREATE UNIQUE INDEX ledger_transfer_once ON ledger_transfer (settles_id) WHERE settles_id IS NOT NULL",
        "CREATE INDEX ledger_bank_day ON ledger_bank (account, on_day)",
    ]


# ---------------------------------------------------------------- guards
def statements(vendor: str) -> list[str]:
    """Return the statements that make the triggers."""
    return _sqlite_guards() if vendor == "sqlite" else _postgres_guards()


def dropping(vendor: str) -> list[str]:
    """Return the statements that take them away (only a migration does so)."""
    made = statements(vendor)
    if vendor == "sqlite":
        return [f"DROP TRIGGER {m[1]}" for s in made if (m := re.match(r"CREATE TRIGGER (\w+)", s))]
    triggers = [m for s in made if (m := re.match(r"CREATE TRIGGER (\w+) .*? ON (\w+) ", s))]
    functions = [m[1] for s in made if (m := re.match(r"CREATE FUNCTION (\w+)\(", s))]
    return [*(f"DROP TRIGGER {m[1]} ON {m[2]}" for m in triggers), *(f"DROP FUNCTION {name}()" for name in functions)]


_EFFECT = "CASE phase WHEN 0 THEN amount_fen WHEN 2 THEN amount_fen ELSE 0 END"
_ASIDE = "CASE phase WHEN 1 THEN amount_fen WHEN 2 THEN -released_fen WHEN 3 THEN -released_fen ELSE 0 END"
_LINES = (
    f"SELECT debit AS a, {_EFFECT} AS dp, 0 AS cp, {_ASIDE} AS dn, 0 AS cn FROM ledger_transfer WHERE id >= {{first}}"
    f" UNION ALL SELECT credit, 0, {_EFFECT}, 0, {_ASIDE} FROM ledger_transfer WHERE id >= {{first}}"
)
"""What the transfers of the journal under way do to accounts."""
_PLAIN = (
    "SELECT debit AS a, amount_fen AS d, 0 AS c FROM ledger_transfer WHERE id >= {first}"
    " UNION ALL SELECT credit, 0, amount_fen FROM ledger_transfer WHERE id >= {first}"
)
"""The same of a journal in which nothing is pending or settled."""
_CROSS = (
    f"SELECT debit >> 40 AS e, {_EFFECT} AS d, 0 AS c FROM ledger_transfer WHERE id >= {{first}}"
    " AND debit >> 40 <> credit >> 40 AND debit >> 40 <> 0"
    f" UNION ALL SELECT credit >> 40, 0, {_EFFECT} FROM ledger_transfer WHERE id >= {{first}}"
    " AND debit >> 40 <> credit >> 40 AND credit >> 40 <> 0"
)
"""What they carry over the borders of envelopes."""
_MISSETTLED = (
    "SELECT 1 FROM ledger_transfer s LEFT JOIN ledger_transfer p ON p.id = s.settles_id WHERE s.id >= {first} AND s.phase >= 2"
    " AND (p.id IS NULL OR p.id >= {first} OR p.phase <> 1 OR p.debit <> s.debit OR p.credit <> s.credit"
    " OR s.released_fen <> p.amount_fen OR s.phase = 3 AND s.amount_fen <> p.amount_fen)"
)
_MISREVERSED = (
    "SELECT 1 FROM ledger_journal o WHERE o.seq = {reverses} AND (o.lines <> {lines} OR o.reverses_id IS NOT NULL"
    " OR o.book_on > {book_on} OR o.lines = 0 OR EXISTS (SELECT 1 FROM ledger_transfer r LEFT JOIN ledger_transfer t"
    " ON t.id = r.id - {first} + o.first_id AND t.phase IN (0, 2) WHERE r.id >= {first} AND (t.id IS NULL OR t.debit <> r.credit"
    " OR t.credit <> r.debit OR t.amount_fen <> r.amount_fen OR t.kind <> r.kind OR r.phase <> 0)))"
)
_EFFECT_T, _ASIDE_T = (re.sub(r"\b(phase|amount_fen|released_fen)\b", r"t.\1", words) for words in (_EFFECT, _ASIDE))
CARRIED = (
    "SELECT {seq} AS journal, a, sum(dp) AS dp, sum(cp) AS cp, sum(dn) AS dn, sum(cn) AS cn FROM ("
    f"SELECT t.debit AS a, {_EFFECT_T} AS dp, 0 AS cp, {_ASIDE_T} AS dn, 0 AS cn FROM ledger_transfer t"
    " JOIN ledger_journal j ON j.seq = t.journal_id WHERE j.book_on <= {to} AND ({after} IS NULL OR j.book_on > {after})"
    f" UNION ALL SELECT t.credit, 0, {_EFFECT_T}, 0, {_ASIDE_T} FROM ledger_transfer t"
    " JOIN ledger_journal j ON j.seq = t.journal_id WHERE j.book_on <= {to} AND ({after} IS NULL OR j.book_on > {after})"
    " UNION ALL SELECT account, debit_posted, credit_posted, debit_pending, credit_pending FROM ledger_opening"
    " WHERE journal_id = {last}) AS moved GROUP BY a"
)
"""What every account stands at on the last day of a period: what was carried into it and what moved in it."""


LINES_OF = (
    f"SELECT t.debit AS a, {_EFFECT_T} AS dp, 0 AS cp, {_ASIDE_T} AS dn, 0 AS cn FROM ledger_transfer t JOIN ledger_journal j"
    " ON j.seq = t.journal_id JOIN change h ON h.seq = j.change_id WHERE {where}{debit} UNION ALL"
    f" SELECT t.credit, 0, {_EFFECT_T}, 0, {_ASIDE_T} FROM ledger_transfer t JOIN ledger_journal j"
    " ON j.seq = t.journal_id JOIN change h ON h.seq = j.change_id WHERE {where}{credit}"
)
"""What the transfers of chosen journals do to accounts, for readers."""


def _stop(what: str, table: str) -> str:
    return f"SELECT RAISE(ABORT, 'ecoweb:{what} {table}')"


def _sqlite_guards() -> list[str]:
    first = "NEW.first_id"
    lines = _LINES.format(first=first)
    cross = _CROSS.format(first=f"CASE WHEN NEW.crossing > 0 THEN {first} ELSE {INT64_MAX} END")
    missettled = _MISSETTLED.format(first=first)
    misreversed = _MISREVERSED.format(first=first, reverses="NEW.reverses_id", lines="NEW.lines", book_on="NEW.book_on")
    last_close = "(SELECT journal_id FROM ledger_close WHERE journal_id < NEW.seq ORDER BY journal_id DESC LIMIT 1)"
    last_day = "(SELECT closed_to FROM ledger_close WHERE journal_id < NEW.seq ORDER BY journal_id DESC LIMIT 1)"
    carried = CARRIED.format(
        seq="NEW.seq", to="(SELECT closed_to FROM ledger_close WHERE journal_id = NEW.seq)", after=last_day, last=last_close
    )
    next_id = "coalesce((SELECT first_id + lines FROM ledger_journal ORDER BY seq DESC LIMIT 1), 1)"
    unsealed = "(SELECT sealed FROM ledger_journal ORDER BY seq DESC LIMIT 1) IS 0"
    whole = (
        f"{_stop('lines', 'ledger_journal')} FROM (SELECT count(*) AS n, max(id) AS z, sum(amount_fen) AS s,"
        " sum(journal_id <> NEW.seq) AS w, sum(phase = 1) AS p, sum(phase > 1) AS q, sum(debit >> 40 <> credit >> 40) AS x"
        f" FROM ledger_transfer WHERE id >= {first}) WHERE n <> NEW.lines OR z <> {first} + n - 1 OR s <> NEW.amount_fen OR w <> 0"
        " OR p <> NEW.pending OR q <> NEW.settling OR x <> NEW.crossing"
        " OR EXISTS (SELECT 1 FROM ledger_close WHERE journal_id = NEW.seq);"
        f" {_stop('reversal', 'ledger_journal')} WHERE NEW.reverses_id IS NOT NULL AND EXISTS ({misreversed})"
    )
    envelopes = (
        "UPDATE ledger_envelope SET debits = debits + x.d, credits = credits + x.c FROM (SELECT e, sum(d) AS d, sum(c) AS c FROM"
        f" ({cross}) GROUP BY e) AS x WHERE ledger_envelope.number = x.e"
    )
    seal = "DELETE FROM ledger_open WHERE journal = NEW.seq; UPDATE ledger_journal SET sealed = 1 WHERE seq = NEW.seq"
    sealed = f"{envelopes}; {seal}"
    is_open = "EXISTS (SELECT 1 FROM ledger_open WHERE journal = {j})"
    out = [
        f"CREATE TRIGGER {t}_no_{op.lower()} BEFORE {op} ON {t} BEGIN {_stop(op.lower(), t)}; END"
        for t in _KEPT
        for op in ("DELETE", "UPDATE")
    ]
    keys = {
        "ledger_rule": "seq",
        "ledger_bank": "seq",
        "ledger_mark": "journal_id",
        "ledger_close": "journal_id",
        "ledger_account": "number",
        "ledger_envelope": "number",
        "ledger_journal": "seq",
    }
    more = {
        "ledger_journal": " OR key = NEW.key OR hash = NEW.hash OR reverses_id = NEW.reverses_id",
        "ledger_account": " OR name = NEW.name OR code = NEW.code",
        "ledger_envelope": " OR name = NEW.name",
        "ledger_close": " OR closed_to = NEW.closed_to",
    }
    out += [
        f"CREATE TRIGGER {t}_no_replace BEFORE INSERT ON {t} WHEN EXISTS (SELECT 1 FROM {t} WHERE {k} = NEW.{k}{more.get(t, '')})"
        f" BEGIN {_stop('update', t)}; END"
        for t, k in keys.items()
    ]
    out += [
        f"CREATE TRIGGER {t}_no_delete BEFORE DELETE ON {t} BEGIN {_stop('delete', t)}; END"
        for t in ("ledger_envelope", "ledger_account", "ledger_balance", "ledger_journal")
    ]
    out += [
        # accounts and envelopes
        "CREATE TRIGGER ledger_envelope_new AFTER INSERT ON ledger_envelope WHEN NEW.debits <> 0 OR NEW.credits <> 0"
        f" BEGIN {_stop('balance', 'ledger_envelope')}; END",
        f"CREATE TRIGGER ledger_envelope_guard BEFORE UPDATE ON ledger_envelope WHEN NOT {unsealed} OR NEW.number <> OLD.number"
        f" OR NEW.name <> OLD.name BEGIN {_stop('balance', 'ledger_envelope')}; END",
        "CREATE TRIGGER ledger_account_new AFTER INSERT ON ledger_account BEGIN"
        f" {_stop('account', 'ledger_account')} WHERE NEW.ready <> 0 OR (NEW.envelope_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM"
        " ledger_envelope WHERE number = NEW.envelope_id AND substr(NEW.name, -length(name) - 1) = ':' || name));"
        " INSERT INTO ledger_balance VALUES (NEW.code, 0, 0, 0, 0, NEW.side, NEW.floor_fen, NULL, 1, 0);"
        " UPDATE ledger_account SET ready = 1 WHERE number = NEW.number; END",
        "CREATE TRIGGER ledger_account_guard BEFORE UPDATE ON ledger_account WHEN NOT (OLD.ready = 0 AND NEW.ready = 1 AND"
        " NEW.number = OLD.number AND NEW.code = OLD.code AND NEW.name = OLD.name AND NEW.change_id = OLD.change_id AND"
        " NEW.floor_fen IS OLD.floor_fen AND NEW.side = OLD.side AND NEW.family = OLD.family AND NEW.envelope_id IS"
        f" OLD.envelope_id) BEGIN {_stop('update', 'ledger_account')}; END",
        "CREATE TRIGGER ledger_balance_new AFTER INSERT ON ledger_balance WHEN NOT EXISTS (SELECT 1 FROM ledger_account WHERE"
        " code = NEW.account AND ready = 0 AND side = NEW.side AND floor_fen IS NEW.floor_fen) OR NEW.debit_posted <> 0"
        " OR NEW.credit_posted <> 0 OR NEW.debit_pending <> 0 OR NEW.credit_pending <> 0 OR NEW.is_open <> 1"
        f" OR NEW.ceiling_fen IS NOT NULL BEGIN {_stop('account', 'ledger_balance')}; END",
        # balances: only while a journal is being sealed, or a rule being applied
        "CREATE TRIGGER ledger_balance_guard BEFORE UPDATE OF account, debit_posted, credit_posted, debit_pending, credit_pending,"
        f" last_journal ON ledger_balance WHEN NOT {unsealed} OR OLD.is_open = 0 BEGIN"
        f" {_stop('closed_account', 'ledger_balance')} WHERE OLD.is_open = 0; {_stop('balance', 'ledger_balance')}; END",
        "CREATE TRIGGER ledger_balance_rule BEFORE UPDATE OF side, floor_fen, ceiling_fen, is_open ON ledger_balance"
        " WHEN NEW.side <> OLD.side OR NOT EXISTS (SELECT 1 FROM ledger_rule r WHERE r.seq = (SELECT max(seq) FROM ledger_rule)"
        " AND r.account = NEW.account AND r.floor_fen IS NEW.floor_fen AND r.ceiling_fen IS NEW.ceiling_fen"
        f" AND r.is_open = NEW.is_open) BEGIN {_stop('balance', 'ledger_balance')}; END",
        "CREATE TRIGGER ledger_rule_new AFTER INSERT ON ledger_rule BEGIN"
        f" {_stop('order', 'ledger_rule')} WHERE NEW.seq <> 1 + (SELECT count(*) FROM ledger_rule WHERE seq <> NEW.seq);"
        " UPDATE ledger_balance SET floor_fen = NEW.floor_fen, ceiling_fen = NEW.ceiling_fen, is_open = NEW.is_open"
        " WHERE account = NEW.account; END",
        # a journal: begun, written, sealed
        f"CREATE TRIGGER ledger_open_next BEFORE INSERT ON ledger_open BEGIN {_stop('order', 'ledger_open')} WHERE NEW.journal <>"
        f" 1 + (SELECT coalesce(max(seq), 0) FROM ledger_journal) OR NEW.first_id <> {next_id} OR EXISTS (SELECT 1 FROM"
        " ledger_open); END",
        f"CREATE TRIGGER ledger_open_no_update BEFORE UPDATE ON ledger_open BEGIN {_stop('update', 'ledger_open')}; END",
        f"CREATE TRIGGER ledger_open_guard BEFORE DELETE ON ledger_open WHEN NOT {unsealed}"
        f" BEGIN {_stop('delete', 'ledger_open')}; END",
        "CREATE TRIGGER ledger_transfer_open BEFORE INSERT ON ledger_transfer WHEN NOT EXISTS (SELECT 1 FROM ledger_open"
        " WHERE journal = NEW.journal_id AND first_id <= NEW.id) OR NEW.settles_id IS NOT NULL AND EXISTS (SELECT 1 FROM"
        f" ledger_transfer WHERE settles_id = NEW.settles_id) BEGIN {_stop('sealed', 'ledger_transfer')}; END",
        f"CREATE TRIGGER ledger_mark_open BEFORE INSERT ON ledger_mark WHEN NOT {is_open.format(j='NEW.journal_id')}"
        f" BEGIN {_stop('sealed', 'ledger_mark')}; END",
        f"CREATE TRIGGER ledger_close_open BEFORE INSERT ON ledger_close WHEN NOT {is_open.format(j='NEW.journal_id')}"
        " OR NEW.closed_to <= (SELECT max(closed_to) FROM ledger_close)"
        f" BEGIN {_stop('sealed', 'ledger_close')}; END",
        f"CREATE TRIGGER ledger_opening_open BEFORE INSERT ON ledger_opening WHEN NOT {unsealed}"
        f" BEGIN {_stop('sealed', 'ledger_opening')}; END",
        "CREATE TRIGGER ledger_journal_next BEFORE INSERT ON ledger_journal BEGIN"
        f" {_stop('sealed', 'ledger_journal')} WHERE NEW.sealed <> 0 OR NOT {is_open.format(j='NEW.seq')};"
        f" {_stop('order', 'ledger_journal')} WHERE NEW.seq <> 1 + (SELECT coalesce(max(seq), 0) FROM ledger_journal)"
        f" OR NEW.prev_hash <> coalesce((SELECT hash FROM ledger_journal ORDER BY seq DESC LIMIT 1), '{ZERO_HASH}')"
        f" OR NEW.first_id <> {next_id};"
        f" {_stop('period', 'ledger_journal')} WHERE NEW.book_on <= {last_day}; END",
        "CREATE TRIGGER ledger_journal_guard BEFORE UPDATE ON ledger_journal WHEN NOT (OLD.sealed = 0 AND NEW.sealed = 1 AND "
        + " AND ".join(f"NEW.{c} IS OLD.{c}" for c in _JOURNAL)
        + f") BEGIN {_stop('update', 'ledger_journal')}; END",
        "CREATE TRIGGER ledger_journal_seal AFTER INSERT ON ledger_journal WHEN NEW.lines > 0 AND NEW.pending = 0"
        f" AND NEW.settling = 0 BEGIN {whole};"
        " INSERT INTO ledger_balance (account, debit_posted, credit_posted, debit_pending, credit_pending, side, is_open,"
        f" last_journal) SELECT a, sum(d), sum(c), 0, 0, 1, 1, NEW.seq FROM ({_PLAIN.format(first=first)}) WHERE TRUE GROUP BY a"
        " ON CONFLICT (account) DO UPDATE SET debit_posted = debit_posted + excluded.debit_posted,"
        " credit_posted = credit_posted + excluded.credit_posted, last_journal = excluded.last_journal;"
        f" {sealed}; END",
        "CREATE TRIGGER ledger_journal_settle AFTER INSERT ON ledger_journal WHEN NEW.lines > 0 AND NEW.pending + NEW.settling > 0"
        f" BEGIN {whole}; {_stop('settle', 'ledger_journal')} WHERE NEW.settling > 0 AND EXISTS ({missettled});"
        " INSERT INTO ledger_balance (account, debit_posted, credit_posted, debit_pending, credit_pending, side, is_open,"
        f" last_journal) SELECT a, sum(dp), sum(cp), sum(dn), sum(cn), 1, 1, NEW.seq FROM ({lines}) WHERE TRUE GROUP BY a"
        " ON CONFLICT (account) DO UPDATE SET debit_posted = debit_posted + excluded.debit_posted,"
        " credit_posted = credit_posted + excluded.credit_posted, debit_pending = debit_pending + excluded.debit_pending,"
        " credit_pending = credit_pending + excluded.credit_pending, last_journal = excluded.last_journal;"
        f" {sealed}; END",
        "CREATE TRIGGER ledger_journal_carry AFTER INSERT ON ledger_journal WHEN NEW.lines = 0 BEGIN"
        f" {_stop('lines', 'ledger_journal')} WHERE EXISTS (SELECT 1 FROM ledger_transfer WHERE id >= {first}) OR"
        " NEW.amount_fen <> 0 OR NEW.crossing <> 0 OR NEW.pending <> 0 OR NEW.settling <> 0 OR NEW.reverses_id IS NOT NULL"
        " OR NOT EXISTS (SELECT 1 FROM ledger_close WHERE journal_id = NEW.seq AND closed_to = NEW.book_on);"
        f" INSERT INTO ledger_opening {carried}; {seal}; END",
    ]
    return out


_JOURNAL = ("seq", "key", "book_on", "memo", "reverses_id", "first_id", "lines", "amount_fen", "pending", "settling",
            "crossing", "content", "prev_hash", "hash", "change_id")  # fmt: skip


# ---------------------------------------------------------------- PostgreSQL
def _function(name: str, body: str, declare: str = "") -> str:
    declared = f"DECLARE {declare} " if declare else ""
    return f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ {declared}BEGIN {body} END $$"


def _raise(what: str, table: str) -> str:
    return f"RAISE EXCEPTION 'ecoweb:{what} {table}'"


def _trigger(name: str, when: str, table: str, each: str, function: str) -> str:
    return f"CREATE TRIGGER {name} {when} ON {table} FOR EACH {each} EXECUTE FUNCTION {function}()"


def _postgres_guards() -> list[str]:
    out: list[str] = []
    for table in _KEPT:
        out += append_only_sql("postgresql", table)
    for table in ("ledger_envelope", "ledger_account", "ledger_balance", "ledger_journal", "ledger_open"):
        out += [
            append_only_sql("postgresql", table)[0],
            _trigger(f"{table}_no_truncate", "BEFORE TRUNCATE", table, "STATEMENT", f"{table}_refuse"),
        ]
        if table != "ledger_open":
            out.append(_trigger(f"{table}_no_delete", "BEFORE DELETE", table, "ROW", f"{table}_refuse"))
    return [*out, *_postgres_accounts(), *_postgres_journals()]


def _postgres_accounts() -> list[str]:
    unsealed = "(SELECT sealed = 0 FROM ledger_journal ORDER BY seq DESC LIMIT 1) IS TRUE AND pg_trigger_depth() > 1"
    kept = "(to_jsonb(OLD) - 'ready') = (to_jsonb(NEW) - 'ready')"
    zero = " OR ".join(f"f.{c} <> 0" for c in ("debit_posted", "credit_posted", "debit_pending", "credit_pending"))
    return [
        _function(
            "ledger_envelope_new",
            f"IF NEW.debits <> 0 OR NEW.credits <> 0 THEN {_raise('balance', 'ledger_envelope')}; END IF; RETURN NEW;",
        ),
        _trigger("ledger_envelope_new", "BEFORE INSERT", "ledger_envelope", "ROW", "ledger_envelope_new"),
        _function(
            "ledger_envelope_guard",
            f"IF NOT ({unsealed}) OR NEW.number <> OLD.number OR NEW.name <> OLD.name THEN"
            f" {_raise('balance', 'ledger_envelope')}; END IF; RETURN NEW;",
        ),
        _trigger("ledger_envelope_guard", "BEFORE UPDATE", "ledger_envelope", "ROW", "ledger_envelope_guard"),
        _function(
            "ledger_account_new",
            "IF EXISTS (SELECT 1 FROM fresh f LEFT JOIN ledger_envelope e ON e.number = f.envelope_id WHERE f.ready <> 0 OR"
            " f.envelope_id IS NOT NULL AND (e.number IS NULL OR right(f.name, length(e.name) + 1) <> ':' || e.name)) THEN"
            f" {_raise('account', 'ledger_account')}; END IF;"
            " INSERT INTO ledger_balance SELECT code, 0, 0, 0, 0, side, floor_fen, NULL, 1, 0 FROM fresh;"
            " UPDATE ledger_account a SET ready = 1 FROM fresh WHERE a.number = fresh.number; RETURN NULL;",
        ),
        "CREATE TRIGGER ledger_account_new AFTER INSERT ON ledger_account REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT"
        " EXECUTE FUNCTION ledger_account_new()",
        _function(
            "ledger_account_guard",
            f"IF OLD.ready = 0 AND NEW.ready = 1 AND {kept} THEN RETURN NEW; END IF; {_raise('update', 'ledger_account')};",
        ),
        _trigger("ledger_account_guard", "BEFORE UPDATE", "ledger_account", "ROW", "ledger_account_guard"),
        _function(
            "ledger_balance_new",
            "IF EXISTS (SELECT 1 FROM fresh f LEFT JOIN ledger_account a ON a.code = f.account AND a.ready = 0 AND a.side = f.side"
            f" AND a.floor_fen IS NOT DISTINCT FROM f.floor_fen WHERE a.code IS NULL OR f.is_open <> 1 OR {zero}"
            f" OR f.ceiling_fen IS NOT NULL) THEN {_raise('account', 'ledger_balance')}; END IF; RETURN NULL;",
        ),
        "CREATE TRIGGER ledger_balance_new AFTER INSERT ON ledger_balance REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT"
        " EXECUTE FUNCTION ledger_balance_new()",
        _function(
            "ledger_balance_guard",
            f"IF {unsealed} THEN RETURN NULL; END IF;"
            " IF pg_trigger_depth() > 1 AND current_setting('ecoweb.rule', true) = '1' THEN RETURN NULL; END IF;"
            f" {_raise('balance', 'ledger_balance')};",
        ),
        _trigger("ledger_balance_guard", "BEFORE UPDATE", "ledger_balance", "STATEMENT", "ledger_balance_guard"),
        _function(
            "ledger_rule_new",
            f"IF NEW.seq <> 1 + (SELECT count(*) FROM ledger_rule WHERE seq <> NEW.seq) THEN"
            f" {_raise('order', 'ledger_rule')}; END IF;"
            " PERFORM set_config('ecoweb.rule', '1', true);"
            " UPDATE ledger_balance SET floor_fen = NEW.floor_fen, ceiling_fen = NEW.ceiling_fen, is_open = NEW.is_open"
            " WHERE account = NEW.account; PERFORM set_config('ecoweb.rule', '0', true); RETURN NULL;",
        ),
        _trigger("ledger_rule_new", "AFTER INSERT", "ledger_rule", "ROW", "ledger_rule_new"),
    ]


def _postgres_journals() -> list[str]:
    unsealed = "(SELECT sealed = 0 FROM ledger_journal ORDER BY seq DESC LIMIT 1) IS TRUE AND pg_trigger_depth() > 1"
    next_id = "coalesce((SELECT first_id + lines FROM ledger_journal ORDER BY seq DESC LIMIT 1), 1)"
    last_day = "(SELECT closed_to FROM ledger_close WHERE journal_id < NEW.seq ORDER BY journal_id DESC LIMIT 1)"
    last_close = "(SELECT journal_id FROM ledger_close WHERE journal_id < NEW.seq ORDER BY journal_id DESC LIMIT 1)"
    first = "NEW.first_id"
    carried = CARRIED.format(seq="NEW.seq", to="NEW.book_on", after="v_closed", last=last_close)
    misreversed = _MISREVERSED.format(first=first, reverses="NEW.reverses_id", lines="NEW.lines", book_on="NEW.book_on")
    kept = "(to_jsonb(OLD) - 'sealed') = (to_jsonb(NEW) - 'sealed')"
    out = [
        _function(
            "ledger_open_next",
            "IF current_setting('transaction_isolation') <> 'read committed' THEN"
            f" {_raise('isolation', 'ledger_open')}; END IF; PERFORM pg_advisory_xact_lock({WRITER_LOCK});"
            f" IF NEW.journal <> 1 + (SELECT coalesce(max(seq), 0) FROM ledger_journal) OR NEW.first_id <> {next_id}"
            f" OR EXISTS (SELECT 1 FROM ledger_open) THEN {_raise('order', 'ledger_open')}; END IF; RETURN NEW;",
        ),
        _trigger("ledger_open_next", "BEFORE INSERT", "ledger_open", "ROW", "ledger_open_next"),
        _trigger("ledger_open_no_update", "BEFORE UPDATE", "ledger_open", "ROW", "ledger_open_refuse"),
        _function("ledger_open_guard", f"IF {unsealed} THEN RETURN OLD; END IF; {_raise('delete', 'ledger_open')};"),
        _trigger("ledger_open_guard", "BEFORE DELETE", "ledger_open", "ROW", "ledger_open_guard"),
        _function(
            "ledger_transfer_open",
            "IF EXISTS (SELECT 1 FROM fresh f LEFT JOIN ledger_open o ON o.journal = f.journal_id AND o.first_id <= f.id"
            f" WHERE o.journal IS NULL) THEN {_raise('sealed', 'ledger_transfer')}; END IF; RETURN NULL;",
        ),
        "CREATE TRIGGER ledger_transfer_open AFTER INSERT ON ledger_transfer REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT"
        " EXECUTE FUNCTION ledger_transfer_open()",
        _function("ledger_opening_open", f"IF {unsealed} THEN RETURN NULL; END IF; {_raise('sealed', 'ledger_opening')};"),
        _trigger("ledger_opening_open", "BEFORE INSERT", "ledger_opening", "STATEMENT", "ledger_opening_open"),
    ]
    for table, extra in (("ledger_mark", ""), ("ledger_close", " OR NEW.closed_to <= (SELECT max(closed_to) FROM ledger_close)")):
        out += [
            _function(
                f"{table}_open",
                f"IF NOT EXISTS (SELECT 1 FROM ledger_open WHERE journal = NEW.journal_id){extra} THEN"
                f" {_raise('sealed', table)}; END IF; RETURN NEW;",
            ),
            _trigger(f"{table}_open", "BEFORE INSERT", table, "ROW", f"{table}_open"),
        ]
    return [
        *out,
        _function(
            "ledger_journal_next",
            "IF NEW.sealed <> 0 OR NOT EXISTS (SELECT 1 FROM ledger_open WHERE journal = NEW.seq) THEN"
            f" {_raise('sealed', 'ledger_journal')}; END IF;"
            " IF NEW.seq <> 1 + (SELECT coalesce(max(seq), 0) FROM ledger_journal) OR NEW.prev_hash <> coalesce((SELECT hash FROM"
            f" ledger_journal ORDER BY seq DESC LIMIT 1), '{ZERO_HASH}') OR NEW.first_id <> {next_id} THEN"
            f" {_raise('order', 'ledger_journal')}; END IF;"
            f" IF NEW.book_on <= {last_day} THEN {_raise('period', 'ledger_journal')}; END IF; RETURN NEW;",
        ),
        _trigger("ledger_journal_next", "BEFORE INSERT", "ledger_journal", "ROW", "ledger_journal_next"),
        _function(
            "ledger_journal_guard",
            f"IF OLD.sealed = 0 AND NEW.sealed = 1 AND pg_trigger_depth() > 1 AND {kept} THEN RETURN NEW; END IF;"
            f" {_raise('update', 'ledger_journal')};",
        ),
        _trigger("ledger_journal_guard", "BEFORE UPDATE", "ledger_journal", "ROW", "ledger_journal_guard"),
        _function("ledger_journal_seal", _seal(carried, misreversed, last_day), "v_rows record; v_touched bigint; v_closed date;"),
        _trigger("ledger_journal_seal", "AFTER INSERT", "ledger_journal", "ROW", "ledger_journal_seal"),
    ]


def _seal(carried: str, misreversed: str, last_day: str) -> str:
    """Return what seals a journal on PostgreSQL."""
    first = "NEW.first_id"
    closing = "EXISTS (SELECT 1 FROM ledger_close WHERE journal_id = NEW.seq AND closed_to = NEW.book_on)"
    return (
        "SELECT count(*) AS n, max(id) AS z, coalesce(sum(amount_fen), 0) AS s, count(*) FILTER (WHERE journal_id <> NEW.seq) AS w,"
        " count(*) FILTER (WHERE phase = 1) AS p, count(*) FILTER (WHERE phase > 1) AS q,"
        f" count(*) FILTER (WHERE debit >> 40 <> credit >> 40) AS x INTO v_rows FROM"
        f" ledger_transfer WHERE id >= {first};"
        f" IF v_rows.n <> NEW.lines OR v_rows.z <> {first} + v_rows.n - 1 OR v_rows.s <> NEW.amount_fen OR v_rows.w <> 0"
        f" OR v_rows.p <> NEW.pending"
        f" OR v_rows.q <> NEW.settling OR v_rows.x <> NEW.crossing OR (v_rows.n = 0) <> {closing}"
        " OR (v_rows.n = 0 AND NEW.reverses_id IS NOT NULL) THEN"
        f" {_raise('lines', 'ledger_journal')}; END IF;"
        f" IF NEW.settling > 0 AND EXISTS ({_MISSETTLED.format(first=first)}) THEN {_raise('settle', 'ledger_journal')}; END IF;"
        f" IF NEW.reverses_id IS NOT NULL AND EXISTS ({misreversed}) THEN {_raise('reversal', 'ledger_journal')}; END IF;"
        " UPDATE ledger_balance b SET debit_posted = b.debit_posted + x.dp, credit_posted = b.credit_posted + x.cp,"
        " debit_pending = b.debit_pending + x.dn, credit_pending = b.credit_pending + x.cn, last_journal = NEW.seq"
        " FROM (SELECT a, sum(dp)::bigint AS dp, sum(cp)::bigint AS cp, sum(dn)::bigint AS dn, sum(cn)::bigint AS cn"
        f" FROM ({_LINES.format(first=first)}) AS l GROUP BY a) AS x WHERE b.account = x.a AND b.is_open = 1;"
        " GET DIAGNOSTICS v_touched = ROW_COUNT;"
        f" IF v_touched <> (SELECT count(*) FROM (SELECT debit FROM ledger_transfer WHERE id >= {first} UNION SELECT credit FROM"
        f" ledger_transfer WHERE id >= {first}) AS touched) THEN {_raise('closed_account', 'ledger_balance')}; END IF;"
        " UPDATE ledger_envelope e SET debits = e.debits + x.d, credits = e.credits + x.c FROM (SELECT e, sum(d)::bigint AS d,"
        f" sum(c)::bigint AS c FROM ({_CROSS.format(first=first)}) AS l GROUP BY e) AS x WHERE e.number = x.e;"
        f" IF v_rows.n = 0 THEN v_closed := {last_day}; INSERT INTO ledger_opening {carried}; END IF;"
        " DELETE FROM ledger_open WHERE journal = NEW.seq; UPDATE ledger_journal SET sealed = 1 WHERE seq = NEW.seq; RETURN NULL;"
    )
