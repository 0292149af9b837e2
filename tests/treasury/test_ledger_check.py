"""Whoever changes the ledger behind the program, with every guard dropped, is found; the journal and the row are named."""

from __future__ import annotations

from datetime import date

import pytest

from ecoweb.office import Office
from ecoweb.records.guards import check_guards
from ecoweb.records.log import verify_log
from ecoweb.treasury import ledger
from ecoweb.treasury.ledger_check import check
from ecoweb.treasury.ledger_tables import OTHER

from .books import ON, T, act

ROWS = [T("asset:bank:E1", "fund:E1", 500 + i, "grant", f"文{i}") for i in range(5)]


@pytest.fixture
def sound(office: Office) -> Office:
    """A ledger with every kind of journal, and nothing wrong with it."""
    act(office, lambda w: ledger.post(w, ROWS, key="first", book_on=ON))
    act(
        office,
        lambda w: ledger.post(
            w, [T("fund:E1", "liability:payable:H1:E1", 300, "allocation", "R1")], key="owe", book_on=date(2025, 2, 1)
        ),
    )
    ledger.close_period(office, date(2025, 2, 28), actor="u:a")
    pay = [
        T("liability:payable:H1:E1", "asset:bank:E1", 100, "payment", "P1"),
        T("liability:payable:H1:E1", "asset:bank:E1", 50, "payment", "P2"),
    ]
    act(office, lambda w: ledger.post(w, pay, key="aside", book_on=date(2025, 3, 1), pending=True))
    act(office, lambda w: ledger.settle_pending(w, "aside", amounts={"P1": 60, "P2": 50}))
    act(
        office,
        lambda w: ledger.post(w, [T("asset:bank:E1", "fund:E1", 7, "interest", "Q1")], key="interest", book_on=date(2025, 3, 31)),
    )
    act(office, lambda w: ledger.reverse(w, "interest", new_key="no interest", book_on=date(2025, 4, 1), reason="错"))
    act(office, lambda w: ledger.set_account(w, "asset:bank:E1", floor_fen=5))
    act(office, lambda w: ledger.record_bank_day(w, "asset:bank:E1", ON, 2510, "对账单1"))
    assert check(office) == []
    assert verify_log(office) == []
    assert not [f for f in check_guards(office) if f.record.startswith("ledger")]
    return office


def tamper(office: Office, *statements: str) -> None:
    """Change rows with all guards out of the way, as someone with the file or the server could."""
    with office.writing() as cursor:
        if office.vendor == "sqlite":
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'ledger%'")
            for (name,) in cursor.fetchall():
                cursor.execute(f"DROP TRIGGER {name}")
            cursor.execute("PRAGMA ignore_check_constraints = ON")
            cursor.execute("PRAGMA defer_foreign_keys = ON")
        else:
            cursor.execute(
                "SELECT c.relname, t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE t.tgname LIKE 'ledger%' AND NOT t.tgisinternal"
            )
            for table, name in cursor.fetchall():
                cursor.execute(f"DROP TRIGGER {name} ON {table}")
            cursor.execute("SELECT conrelid::regclass, conname FROM pg_constraint WHERE conname LIKE 'ledger%' AND contype = 'c'")
            for table, name in cursor.fetchall():
                cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        for statement in statements:
            cursor.execute(statement)


@pytest.mark.parametrize(
    ("statement", "record", "said"),
    [
        ("UPDATE ledger_transfer SET amount_fen = amount_fen + 1 WHERE id = 3", "first #3", "changed"),
        ("UPDATE ledger_transfer SET reference = '文x' WHERE id = 2", "first #2", "changed"),
        ("UPDATE ledger_transfer SET kind = 'opening' WHERE id = 2", "first #2", "changed"),
        ("UPDATE ledger_transfer SET debit = credit, credit = debit WHERE id = 2", "first #2", "changed"),
        ("DELETE FROM ledger_transfer WHERE id = 4", "first #4", "missing"),
        ("UPDATE ledger_transfer SET journal_id = 2 WHERE id = 5", "first #5", "moved to another"),
        ("INSERT INTO ledger_transfer (id, journal_id, debit, credit, amount_fen, kind, reference) SELECT 900, 9, debit, credit, 5, 'grant', '' FROM ledger_transfer WHERE id = 1", "9? #900", "inserted"),
        ("INSERT INTO ledger_transfer (id, journal_id, debit, credit, amount_fen, kind, reference) SELECT 901, 1, debit, credit, 5, 'grant', '' FROM ledger_transfer WHERE id = 1", "first #901", "inserted"),
        ("UPDATE ledger_journal SET memo = 'x' WHERE key = 'owe'", "owe", "changed"),
        ("UPDATE ledger_journal SET book_on = '2025-01-31' WHERE key = 'owe'", "owe", "changed"),
        ("UPDATE ledger_journal SET key = 'OWE' WHERE key = 'owe'", "OWE", "changed"),
        ("UPDATE ledger_balance SET debit_posted = debit_posted + 1 WHERE account = (SELECT min(debit) FROM ledger_transfer WHERE id = 1)", "asset:bank:E1", "balance"),
        ("UPDATE ledger_balance SET floor_fen = -9 WHERE account = (SELECT code FROM ledger_account WHERE name = 'asset:bank:E1')", "asset:bank:E1", "limits"),
        ("UPDATE ledger_balance SET side = -side WHERE account = (SELECT code FROM ledger_account WHERE name = 'fund:E1')", "fund:E1", "limits"),
        ("UPDATE ledger_account SET floor_fen = -9 WHERE name = 'fund:E1'", "fund:E1", "account"),
        ("UPDATE ledger_account SET ready = 0 WHERE name = 'fund:E1'", "fund:E1", "account"),
        ("DELETE FROM ledger_balance WHERE account = (SELECT code FROM ledger_account WHERE name = 'fund:E1')", "fund:E1", "missing"),
        ("UPDATE ledger_account SET name = 'asset:bank:E9' WHERE name = 'asset:bank:E1'", "asset:bank:E9", "account"),
        ("UPDATE ledger_envelope SET debits = debits + 4", "E1", "money over"),
        ("UPDATE ledger_opening SET debit_posted = debit_posted + 1", "close/2025-02-28 asset:bank:E1", "carried"),
        ("UPDATE ledger_mark SET marks = marks WHERE FALSE", "", ""),
        ("DELETE FROM ledger_mark WHERE journal_id = 1", "first", "marks"),
        ("UPDATE ledger_bank SET said_fen = said_fen - 1", "asset:bank:E1", "bank's balances"),
        ("DELETE FROM ledger_bank", "asset:bank:E1", "bank's balances"),
        ("INSERT INTO ledger_bank SELECT seq + 1, account, on_day, said_fen, document, change_id FROM ledger_bank", "asset:bank:E1", "bank's balances"),
        ("DELETE FROM ledger_rule", "asset:bank:E1", "rule 1"),
        ("DROP INDEX ledger_transfer_once", "ledger_transfer_once", "missing"),
        ("ALTER TABLE ledger_mark RENAME TO ledger_marks", "ledger_mark", "missing"),
        ("UPDATE ledger_transfer SET amount_fen = 101, released_fen = 101 WHERE phase = 2 AND reference = 'P1'", "aside/posted #1", "changed"),
    ],
)  # fmt: skip
def test_one_change_is_named(sound: Office, statement: str, record: str, said: str) -> None:
    if sound.vendor == "postgresql":
        statement = statement.replace("book_on = '2025-01-31'", "book_on = DATE '2025-01-31'")
    tamper(sound, statement)
    found = check(sound)
    if not record:  # on PostgreSQL the constraints were dropped, and that is all
        assert {f.clash.en for f in found} == ({OTHER.en + "."} if sound.vendor == "postgresql" else set())
        return
    assert [f for f in found if f.record == record and said in f.clash.en], [(f.record, f.clash.en) for f in found]
    assert all(f.clash.zh and f.remedy.zh and f.remedy.en for f in found)


CHECKS = [
    ("ledger_transfer", "ledger_transfer_amount", "amount_fen > 0", "amount_fen > -1"),
    ("ledger_balance", "ledger_balance_floor", "floor_fen IS NULL OR", "TRUE OR floor_fen IS NULL OR"),
    ("ledger_envelope", "ledger_envelope_covered", "debits >= credits", "TRUE"),
]


@pytest.mark.parametrize(("table", "name", "was", "becomes"), CHECKS)
def test_a_weaker_constraint_is_named(sound: Office, table: str, name: str, was: str, becomes: str) -> None:
    with sound.writing() as cursor:
        if sound.vendor == "sqlite":
            cursor.execute("PRAGMA writable_schema = ON")
            cursor.execute("UPDATE sqlite_master SET sql = replace(sql, %s, %s) WHERE name = %s", [was, becomes, table])
            cursor.execute("PRAGMA writable_schema = OFF")
        else:
            cursor.execute("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s", [name])
            text = cursor.fetchone()[0]
            weaker = {"amount_fen > 0": "CHECK (amount_fen > -1)", "debits >= credits": "CHECK (TRUE)"}.get(
                was, text.replace("CHECK (", "CHECK (TRUE OR ", 1)
            )
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}, ADD CONSTRAINT {name} {weaker}")
    assert [(f.record, f.clash.en) for f in check(sound)] == [(table, OTHER.en + ".")]


def test_two_rows_changed_places(sound: Office) -> None:
    tamper(
        sound,
        "UPDATE ledger_transfer SET id = -1 WHERE id = 1",
        "UPDATE ledger_transfer SET id = 1 WHERE id = 3",
        "UPDATE ledger_transfer SET id = 3 WHERE id = -1",
    )
    said = {(f.record, f.clash.en) for f in check(sound)}
    assert ("first #1", "this row stood at line 3.") in said
    assert ("first #3", "this row stood at line 1.") in said


def test_a_journal_taken_out_is_named_by_the_log(sound: Office) -> None:
    tamper(
        sound,
        "DELETE FROM ledger_transfer WHERE journal_id = 2",
        "DELETE FROM ledger_mark WHERE journal_id = 2",
        "DELETE FROM ledger_journal WHERE seq = 2",
    )
    said = [(f.record, f.clash.en) for f in check(sound)]
    assert any(r == "owe" and "the ledger has not" in c for r, c in said), said
    assert any("not continuous" in c for _, c in said)


def test_a_chain_made_anew_does_not_agree_with_the_log(sound: Office) -> None:
    """Someone changes a row and makes every hash and balance anew; the audit log still says another hash."""
    from ecocomp.ledger import journal as rules
    from ecoweb.treasury.ledger import journal_hash
    from ecoweb.treasury.ledger_read import rows_of_journal

    last = ledger.journals(sound)[-1]
    with sound.reading() as cursor:
        rows = rows_of_journal(sound, cursor, last)
    forged = [T(r["debit"], r["credit"], r["amount_fen"] - 1, r["kind"], r["reference"]) for r in rows]
    lines = rules.lines_of(rules.as_table(forged))
    content = rules.content_hash(lines, last.key, last.book_on, last.memo, last.reverses or "")
    hash = journal_hash(last.prev_hash, last.seq, last.key, last.book_on, last.memo, last.reverses or "", last.first_id, last.lines,
                        last.amount_fen - 1, last.pending, last.settling, last.crossing, content, last.change)  # fmt: skip
    tamper(
        sound,
        f"UPDATE ledger_transfer SET amount_fen = amount_fen - 1 WHERE journal_id = {last.seq}",
        f"UPDATE ledger_journal SET amount_fen = amount_fen - 1, content = '{content}', hash = '{hash}' WHERE seq = {last.seq}",
        f"UPDATE ledger_mark SET marks = {_blob(sound, rules.marks(lines))} WHERE journal_id = {last.seq}",
        "UPDATE ledger_balance SET debit_posted = debit_posted - 1 WHERE account = (SELECT code FROM ledger_account WHERE name = 'fund:E1')",
        "UPDATE ledger_balance SET credit_posted = credit_posted - 1 WHERE account = (SELECT code FROM ledger_account WHERE name = 'asset:bank:E1')",
    )
    found = [(f.record, f.clash.en) for f in check(sound)]
    assert any(r == last.key and "audit log" in c for r, c in found), found


def _blob(office: Office, data: bytes) -> str:
    return f"x'{data.hex()}'" if office.vendor == "sqlite" else f"'\\x{data.hex()}'::bytea"


def test_an_empty_ledger_is_sound(office: Office) -> None:
    assert check(office) == []


def test_rows_without_a_journal_are_named_in_an_empty_ledger(office: Office) -> None:
    tamper(
        office,
        "INSERT INTO ledger_transfer (id, journal_id, debit, credit, amount_fen, kind, reference) VALUES (1, 1, 1, 2, 5, 'grant', '')",
    )
    assert check(office)


def test_many_journals_and_batches(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Journals that end and begin within a batch of the reader, closings between them."""
    import ecoweb.records.tables as tables

    monkeypatch.setattr(tables, "BATCH_ROWS", 7)
    for n in range(1, 12):
        act(office, lambda w, n=n: ledger.post(w, ROWS[: n % 5 + 1] * n, key=f"k{n}", book_on=date(2025, n, 1)))
        if n % 3 == 0:
            ledger.close_period(office, date(2025, n, 15), actor="u:a")
    assert check(office) == []
    tamper(office, "UPDATE ledger_transfer SET amount_fen = amount_fen + 1 WHERE id = 40")
    assert len([f for f in check(office) if "changed" in f.clash.en and "#" in f.record]) == 1
