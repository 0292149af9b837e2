"""The ledger of an office, on SQLite and on PostgreSQL: worked by hand, refused where it must be, kept by the database."""

from __future__ import annotations

import sqlite3
from datetime import date
from fractions import Fraction

import pyarrow as pa
import pytest

from ecocomp.terms.faults import FaultsError, UsageError
from ecocomp.terms.money import INT64_MAX
from ecoweb.office import Office
from ecoweb.records.store import Work, writing
from ecoweb.treasury import ledger
from ecoweb.treasury.ledger import Journal, Transfer

from .books import ON, T, act, booked, codes, trouble

BANK, FUND, CLAIM, OWED, PAY = "asset:bank:E1", "fund:E1", "claim:forest", "liability:owed:H7", "liability:payable:H7:E1"


def grant(work: Work, fen: int = 1000, key: str = "grant", envelope: str = "E1") -> Journal:
    rows = [T(f"asset:bank:{envelope}", f"fund:{envelope}", fen, "grant", "文1")]
    return ledger.post(work, rows, key=key, book_on=ON)


def allot(work: Work, fen: int = 300, key: str = "allot") -> Journal:
    rows = [
        T(CLAIM, OWED, fen, "entitlement", "R1"),
        T(FUND, CLAIM, fen, "allocation", "R1"),
        T(OWED, PAY, fen, "allocation", "R1"),
    ]
    return ledger.post(work, rows, key=key, book_on=date(2025, 2, 1))


@pytest.fixture
def books(office: Office) -> Office:
    """An office with 10 yuan granted and 3 yuan owed to H7."""
    act(office, grant)
    act(office, allot)
    return office


# ---------------------------------------------------------------- worked by hand
def test_a_year_by_hand(books: Office) -> None:
    act(books, lambda w: ledger.post(w, [T("asset:transit:E1", BANK, 300, "payment", "P1")], key="sent", book_on=date(2025, 6, 1)))
    act(
        books, lambda w: ledger.post(w, [T(PAY, "asset:transit:E1", 300, "confirmation", "P1")], key="ok", book_on=date(2025, 6, 5))
    )
    expected = {"asset:bank:E1": 700, "asset:transit:E1": 0, CLAIM: 0, FUND: -700, OWED: 0, PAY: 0}
    assert ledger.trial_balance(books) == expected
    assert sum(expected.values()) == 0
    assert ledger.balance(books, BANK) == 700
    assert ledger.balance(books, BANK, date(2025, 5, 31)) == 1000
    assert ledger.balance(books, PAY, date(2025, 6, 4)) == -300
    assert ledger.balance(books, "asset:transit:E1", date(2025, 6, 4)) == 300
    assert ledger.balance(books, "fund:nobody") == 0
    fund = ledger.fund_statement(books).to_pylist()[0]
    assert {k: v for k, v in fund.items() if v} == {
        "envelope": "E1", "granted_fen": 1000, "allocated_fen": 300, "paid_fen": 300, "left_fen": 700, "at_bank_fen": 700
    }  # fmt: skip
    rows = ledger.statement(books, PAY).to_pylist()
    assert [(r["journal"], r["debit_fen"], r["credit_fen"], r["balance_fen"]) for r in rows] == [
        ("allot", 0, 300, -300),
        ("ok", 300, 0, 0),
    ]
    assert rows[1]["other_account"] == "asset:transit:E1"


def test_one_key_books_once(books: Office) -> None:
    first, second = act(books, grant), act(books, grant)
    assert first == second
    assert ledger.balance(books, BANK) == 1000
    assert codes(books, lambda w: grant(w, 1001)) == {"ledger.key_reused"}
    assert codes(books, lambda w: ledger.post(w, [T(BANK, FUND, 1000, "grant", "文1")], key="grant", book_on=date(2025, 1, 2))) == {
        "ledger.key_reused"
    }
    assert len(ledger.journals(books)) == 2


def test_known_then(office: Office) -> None:
    from datetime import UTC, datetime

    with writing(office, act="test.post", actor="u:a", reason="r", at=datetime(2026, 12, 1, tzinfo=UTC)) as work:
        grant(work)
    with writing(office, act="test.post", actor="u:a", reason="r", at=datetime(2026, 12, 3, tzinfo=UTC)) as work:
        grant(work, 50, "late")
    assert ledger.balance(office, BANK, known=date(2026, 12, 2)) == 1000
    assert ledger.balance(office, BANK, known=date(2026, 11, 30)) == 0
    assert ledger.balance(office, BANK, date(2025, 12, 31), known=date(2026, 12, 4)) == 1050
    assert len(ledger.statement(office, BANK, known=datetime(2026, 12, 1, tzinfo=UTC))) == 1


def test_rows_of_one_journal_may_come_in_any_order(office: Office) -> None:
    rows = [T(FUND, PAY, 400, "allocation", "R1"), T(BANK, FUND, 400, "grant", "文1")]
    act(office, lambda w: ledger.post(w, rows, key="a", book_on=ON))
    act(
        office,
        lambda w: ledger.post(
            w, [T("asset:bank:E2", "fund:E2", 5, "grant", ""), T("fund:E2", "claim:x", 5, "allocation", "")], key="b", book_on=ON
        ),
    )
    assert ledger.balance(office, PAY) == -400


def test_a_table_is_as_good_as_rows(office: Office) -> None:
    rows = [T(BANK, FUND, 7, "grant", "文1"), T(FUND, PAY, 2, "allocation", "R'\\1")]
    table = pa.table({n: pa.array([r[i] for r in rows]) for i, n in enumerate(Transfer._fields)})
    one = act(office, lambda w: ledger.post(w, table, key="t", book_on=ON))
    assert act(office, lambda w: ledger.post(w, rows, key="t", book_on=ON)) == one
    assert ledger.statement(office, PAY).to_pylist()[0]["reference"] == "R'\\1"


# ---------------------------------------------------------------- setting aside
def test_pending_money_counts_against_the_limit(books: Office) -> None:
    act(books, lambda w: ledger.post(w, [T(PAY, BANK, 200, "payment", "P1")], key="p", book_on=ON, pending=True))
    row = ledger.balances(books, PAY).to_pylist()[0]
    assert (row["balance_fen"], row["available_fen"], row["debit_pending_fen"]) == (-300, 100, 200)
    assert codes(books, lambda w: ledger.post(w, [T(PAY, BANK, 101, "payment", "P2")], key="q", book_on=ON)) == {"ledger.limit"}
    act(books, lambda w: ledger.settle_pending(w, "p"))
    assert ledger.balance(books, PAY) == -100
    assert codes(books, lambda w: ledger.settle_pending(w, "p", new_key="again")) == {"ledger.nothing_pending"}
    first = act(books, lambda w: ledger.settle_pending(w, "p"))
    assert first.key == "p/posted"
    assert ledger.balance(books, PAY) == -100


def test_part_of_it_moves_and_the_rest_stays_or_is_free(books: Office) -> None:
    rows = [T(PAY, BANK, 100, "payment", "P1"), T(PAY, BANK, 101, "payment", "P2")]
    act(books, lambda w: ledger.post(w, rows, key="p", book_on=ON, pending=True))
    act(books, lambda w: ledger.settle_pending(w, "p", amounts={"P1": 60}, only=["P1"], keep_rest=True, new_key="one"))
    assert ledger.balances(books, PAY)["available_fen"].to_pylist() == [300 - 60 - 40 - 101]
    act(books, lambda w: ledger.settle_pending(w, "p", fraction=Fraction(1, 2), new_key="two"))
    assert ledger.balance(books, PAY) == -(300 - 60 - 50)
    act(books, lambda w: ledger.settle_pending(w, "one", post=False))
    row = ledger.balances(books, PAY).to_pylist()[0]
    assert (row["balance_fen"], row["debit_pending_fen"]) == (-190, 0)
    assert codes(books, lambda w: ledger.settle_pending(w, "p", amounts={"P9": 1}, new_key="x")) == {"ledger.nothing_pending"}


def test_no_more_moves_than_was_set_aside(books: Office) -> None:
    act(books, lambda w: ledger.post(w, [T(PAY, BANK, 100, "payment", "P1")], key="p", book_on=ON, pending=True))
    assert codes(books, lambda w: ledger.settle_pending(w, "p", amounts={"P1": 101})) == {"ledger.beyond_pending"}
    assert codes(books, lambda w: ledger.settle_pending(w, "p", amounts={"P1": -1})) == {"ledger.beyond_pending"}
    with pytest.raises(UsageError):
        act(books, lambda w: ledger.settle_pending(w, "p", fraction=Fraction(3, 2)))


# ---------------------------------------------------------------- reversal, periods, limits
def test_a_journal_is_undone_once_by_its_mirror(books: Office) -> None:
    undone = act(books, lambda w: ledger.reverse(w, "allot", new_key="back", book_on=date(2025, 3, 1), reason="记错"))
    assert (undone.reverses, undone.memo) == ("allot", "记错")
    assert ledger.balance(books, PAY) == 0
    assert act(books, lambda w: ledger.reverse(w, "allot", new_key="back", book_on=date(2025, 3, 1), reason="记错")) == undone
    for key in ("allot", "back"):
        assert codes(books, lambda w, k=key: ledger.reverse(w, k, new_key="x", book_on=date(2025, 4, 1), reason="r")) == {
            "ledger.reversal"
        }
    assert codes(books, lambda w: ledger.reverse(w, "none", new_key="x", book_on=ON, reason="r")) == {"ledger.unknown_key"}
    assert codes(books, lambda w: ledger.reverse(w, "grant", new_key="x", book_on=date(2024, 1, 1), reason="r")) == {
        "ledger.reversal"
    }


def test_money_that_is_gone_cannot_be_called_back(books: Office) -> None:
    assert codes(books, lambda w: ledger.reverse(w, "grant", new_key="x", book_on=date(2025, 5, 1), reason="r")) == {"ledger.limit"}


def test_a_reversal_that_is_no_mirror_is_refused(books: Office) -> None:
    wrong = [T(FUND, BANK, 5, "grant", "文1")]
    assert codes(books, lambda w: ledger.post(w, wrong, key="x", book_on=ON, reverses="grant")) == {"ledger.reversal"}


def test_nothing_is_booked_in_a_closed_period(books: Office) -> None:
    closed = ledger.close_period(books, date(2025, 6, 30), actor="u:a")
    assert ledger.close_period(books, date(2025, 6, 30), actor="u:a") == closed
    assert codes(books, lambda w: grant(w, 1, "late")) == {"ledger.period"}
    for day in (date(2025, 6, 29), date(2025, 3, 1)):
        with pytest.raises(FaultsError):
            ledger.close_period(books, day, actor="u:a")
    with pytest.raises(FaultsError):
        ledger.close_period(books, books.today(), actor="u:a")
    later = [T(BANK, FUND, 5, "grant", "")]
    act(books, lambda w: ledger.post(w, later, key="july", book_on=date(2025, 7, 1)))
    ledger.close_period(books, date(2025, 12, 31), actor="u:a")
    assert ledger.balance(books, BANK, date(2025, 6, 30)) == 1000
    assert ledger.balance(books, BANK, date(2026, 1, 1)) == 1005
    assert ledger.trial_balance(books, date(2026, 1, 1)) == ledger.trial_balance(books)


def test_limits_of_an_account(books: Office) -> None:
    act(books, lambda w: ledger.set_account(w, BANK, floor_fen=900, ceiling_fen=1100))
    assert codes(books, lambda w: ledger.post(w, [T(PAY, BANK, 101, "payment", "")], key="x", book_on=ON)) == {"ledger.limit"}
    assert codes(books, lambda w: grant(w, 101, "more")) == {"ledger.limit"}
    assert codes(books, lambda w: ledger.set_account(w, BANK, floor_fen=1001)) == {"ledger.limit"}
    act(books, lambda w: ledger.set_account(w, BANK, floor_fen=0, is_open=False))
    assert codes(books, lambda w: grant(w, 1, "more")) == {"ledger.account_closed"}
    act(books, lambda w: ledger.set_account(w, BANK, floor_fen=0))
    act(books, lambda w: grant(w, 1, "more"))


# ---------------------------------------------------------------- the ring around an envelope
def test_money_stays_in_its_envelope(books: Office) -> None:
    act(books, lambda w: grant(w, 50, "other", "E2"))
    move = [T("asset:bank:E2", "asset:bank:E1", 10, "payment", "文2"), T("fund:E1", "fund:E2", 10, "payment", "文2")]
    assert codes(books, lambda w: ledger.post(w, move, key="m", book_on=ON)) == {"ledger.ring_fence"}
    bare = [r._replace(kind="reallocation", reference="") for r in move]
    assert codes(books, lambda w: ledger.post(w, bare, key="m", book_on=ON)) == {"ledger.ring_fence"}
    act(books, lambda w: ledger.post(w, [r._replace(kind="reallocation") for r in move], key="m", book_on=ON))
    rows = {r["envelope"]: r for r in ledger.fund_statement(books).to_pylist()}
    assert (rows["E1"]["moved_out_fen"], rows["E2"]["moved_in_fen"], rows["E2"]["left_fen"]) == (10, 10, 60)


def test_no_way_round_by_an_account_of_no_envelope(books: Office) -> None:
    act(books, lambda w: grant(w, 50, "other", "E2"))
    round_about = [T(FUND, CLAIM, 10, "allocation", "x"), T(CLAIM, "fund:E2", 10, "allocation", "x")]
    assert codes(books, lambda w: ledger.post(w, round_about, key="m", book_on=ON)) == {"ledger.uncovered"}
    assert codes(books, lambda w: ledger.post(w, [T(CLAIM, PAY, 10, "entitlement", "x")], key="m", book_on=ON)) == {
        "ledger.uncovered"
    }


def test_interest_stays_with_the_money_that_earned_it(books: Office) -> None:
    gone = [T(BANK, "liability:interest:treasury", 3, "interest", "2025Q1")]
    assert codes(books, lambda w: ledger.post(w, gone, key="i", book_on=ON)) == {"ledger.interest"}
    act(books, lambda w: ledger.post(w, [T(BANK, "liability:interest:treasury:E1", 3, "interest", "2025Q1")], key="i", book_on=ON))
    assert ledger.balance(books, "liability:interest:treasury:E1") == -3


def test_a_debt_to_the_treasury_is_no_payment_to_holders(books: Office) -> None:
    debt = "liability:interest:treasury:E1"
    act(books, lambda w: ledger.post(w, [T(BANK, debt, 3, "interest", "2025Q1")], key="i", book_on=ON))
    fund = ledger.fund_statement(books).to_pylist()[0]
    assert (fund["paid_fen"], fund["owed_fen"], fund["at_bank_fen"], fund["interest_fen"]) == (0, 303, 1003, 0)
    act(books, lambda w: ledger.post(w, [T(debt, BANK, 3, "payment", "2025Q1")], key="h", book_on=ON))
    assert ledger.fund_statement(books).to_pylist()[0]["paid_fen"] == 0


def test_what_goes_back_is_taken_from_the_column_it_came_in(books: Office) -> None:
    back = [T(FUND, BANK, 100, "grant", "文1"), T(FUND, BANK, 50, "lapse", "文2"), T(BANK, FUND, 20, "lapse", "文3")]
    act(books, lambda w: ledger.post(w, back, key="back", book_on=ON))
    fund = ledger.fund_statement(books).to_pylist()[0]
    names = ("granted_fen", "lapsed_fen", "allocated_fen", "left_fen")
    assert [fund[n] for n in names] == [900, 30, 300, 570]


# ---------------------------------------------------------------- hostile and dirty
@pytest.mark.parametrize(
    ("row", "code"),
    [
        (T(BANK, FUND, 0, "grant", ""), "ledger.amount"),
        (T(BANK, FUND, -5, "grant", ""), "ledger.amount"),
        (T(BANK, FUND, INT64_MAX + 1, "grant", ""), "ledger.amount"),
        (T(BANK, FUND, 1.5, "grant", ""), "ledger.type"),
        (T(BANK, FUND, True, "grant", ""), "ledger.type"),
        (T(BANK, BANK, 1, "grant", ""), "ledger.same_account"),
        (T("bank:E1", FUND, 1, "grant", ""), "ledger.account"),
        (T("asset:bank:", FUND, 1, "grant", ""), "ledger.account"),
        (T("asset:bank:E1\n", FUND, 1, "grant", ""), "ledger.account"),
        (T("asset:a:b:c:d", FUND, 1, "grant", ""), "ledger.account"),
        (T(BANK, FUND, 1, "Grant", ""), "ledger.kind"),
        (T(BANK, FUND, 1, "grant'); --", ""), "ledger.kind"),
        (T(BANK, FUND, 1, "grant", "a\tb"), "ledger.control"),
        (T(BANK, FUND, 1, "grant", "a\x00b"), "ledger.control"),
        (T(BANK, FUND, 1, "grant", "\ud800"), "ledger.control"),
        (T(None, FUND, 1, "grant", ""), "ledger.type"),
        ((BANK, FUND), "ledger.type"),
    ],
)
def test_rows_that_cannot_be_booked(office: Office, row: Transfer, code: str) -> None:
    assert codes(office, lambda w: ledger.post(w, [row], key="k", book_on=ON)) == {code}
    assert ledger.journals(office) == []


def test_every_fault_at_once(office: Office) -> None:
    rows = [T("x", FUND, 1, "Grant", "\x01"), T(BANK, BANK, 1, "grant", "")]
    assert codes(office, lambda w: ledger.post(w, rows, key="k", book_on=ON)) == {
        "ledger.account", "ledger.kind", "ledger.control", "ledger.same_account"
    }  # fmt: skip
    assert codes(office, lambda w: ledger.post(w, [], key="k", book_on=ON)) == {"ledger.empty"}


@pytest.mark.parametrize("key", ["", " ", "x" * 201])
def test_a_journal_needs_a_key(office: Office, key: str) -> None:
    with pytest.raises(UsageError):
        act(office, lambda w: ledger.post(w, [T(BANK, FUND, 1, "grant", "")], key=key, book_on=ON))


def test_sums_beyond_int64_are_refused(office: Office) -> None:
    rows = [T(BANK, FUND, INT64_MAX, "grant", "")]
    act(office, lambda w: ledger.post(w, rows, key="a", book_on=ON))
    assert codes(office, lambda w: ledger.post(w, [T(BANK, FUND, 1, "grant", "")], key="b", book_on=ON)) == {"ledger.overflow"}
    assert codes(office, lambda w: ledger.post(w, rows * 2, key="b", book_on=ON)) == {"ledger.overflow"}
    assert ledger.balance(office, BANK) == INT64_MAX


def test_what_is_refused_leaves_nothing_and_the_act_may_go_on(books: Office) -> None:
    def both(work: Work) -> None:
        with pytest.raises(FaultsError):
            ledger.post(
                work, [T(PAY, BANK, 9999, "payment", ""), T("asset:bank:E9", "fund:E9", 1, "grant", "")], key="x", book_on=ON
            )
        ledger.post(work, [T("asset:bank:E8", "fund:E8", 1, "grant", "")], key="y", book_on=ON)

    act(books, both)
    assert [j.key for j in ledger.journals(books)] == ["grant", "allot", "y"]
    assert "asset:bank:E9" not in ledger.trial_balance(books)


def test_an_act_that_fails_books_nothing(office: Office) -> None:
    class Stop(Exception):
        pass

    def half(work: Work) -> None:
        grant(work)
        raise Stop

    with pytest.raises(Stop):
        act(office, half)
    assert ledger.journals(office) == []
    act(office, grant)
    assert ledger.balance(office, BANK) == 1000


# ---------------------------------------------------------------- what the database refuses by itself
@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM ledger_transfer",
        "UPDATE ledger_transfer SET amount_fen = 1",
        "DELETE FROM ledger_journal",
        "UPDATE ledger_journal SET memo = 'x'",
        "UPDATE ledger_journal SET sealed = 0",
        "DELETE FROM ledger_balance",
        "UPDATE ledger_balance SET debit_posted = debit_posted + 1",
        "UPDATE ledger_balance SET floor_fen = -100000",
        "UPDATE ledger_balance SET last_journal = 3",
        "UPDATE ledger_envelope SET debits = debits + 1",
        "UPDATE ledger_account SET name = 'asset:bank:E7' WHERE number = 1",
        "DELETE FROM ledger_account",
        "DELETE FROM ledger_mark",
        "DELETE FROM ledger_envelope",
        "INSERT INTO ledger_transfer (id, journal_id, debit, credit, amount_fen, kind, reference) SELECT max(id) + 1, 2, max(debit), min(credit), 5, 'grant', '' FROM ledger_transfer",
        "INSERT INTO ledger_transfer (id, journal_id, debit, credit, amount_fen, kind, reference) SELECT max(id) + 1, 3, max(debit), min(credit), 5, 'grant', '' FROM ledger_transfer",
        "INSERT INTO ledger_journal SELECT seq + 1, key || 'x', book_on, memo, NULL, first_id + lines, 0, 0, 0, 0, 0, content, hash, key, change_id, 0 FROM ledger_journal WHERE seq = 2",
        "INSERT INTO ledger_journal SELECT seq + 1, key || 'x', book_on, memo, NULL, first_id + lines, 0, 0, 0, 0, 0, content, hash, key, change_id, 1 FROM ledger_journal WHERE seq = 2",
        "INSERT INTO ledger_balance SELECT account + 77, 5, 0, 0, 0, 1, NULL, NULL, 1, 0 FROM ledger_balance WHERE last_journal = 1",
        "INSERT INTO ledger_open (journal, first_id) VALUES (3, 5)",
        "INSERT INTO ledger_opening VALUES (2, 1, 1, 1, 0, 0)",
        "INSERT INTO ledger_close VALUES (2, '2025-12-31')",
        "INSERT INTO ledger_mark SELECT 9, marks FROM ledger_mark WHERE journal_id = 1",
    ],
)  # fmt: skip
def test_no_statement_passes_the_guards(books: Office, statement: str) -> None:
    before = ledger.balances(books).to_pylist()
    with pytest.raises(FaultsError), books.writing() as cursor:
        cursor.execute(statement)
    assert ledger.balances(books).to_pylist() == before
    act(books, lambda w: grant(w, 1, "goes on"))


RAW = (
    "INSERT INTO ledger_open VALUES (3, 5)",
    "INSERT INTO ledger_transfer (id, journal_id, debit, credit, amount_fen, kind, reference) VALUES {rows}",
    "INSERT INTO ledger_journal VALUES (3, 'raw', '{day}', '', {reverses}, 5, {lines}, {sum}, 0, 0, {crossing}, 'c', (SELECT hash FROM ledger_journal WHERE seq = 2), 'h', 1, 0)",
)  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "more", "passes"),
    [
        ([(BANK, FUND, 5, "grant", "")], {}, True),
        ([(PAY, BANK, 301, "payment", "")], {}, False),
        ([(BANK, FUND, 5, "grant", "")], {"sum": 6}, False),
        ([(BANK, FUND, 5, "grant", "")], {"lines": 2}, False),
        ([(BANK, FUND, 0, "grant", "")], {}, False),
        ([(BANK, FUND, 5, "grant", "a\tb")], {}, False),
        ([(BANK, BANK, 5, "grant", "")], {}, False),
        ([(BANK, "fund:E2", 5, "grant", "")], {}, False),
        ([(BANK, "fund:E2", 5, "reallocation", "")], {}, False),
        ([(CLAIM, PAY, 5, "entitlement", "")], {}, False),
        ([(BANK, OWED, 5, "interest", "")], {}, False),
        ([(FUND, BANK, 999, "grant", "")], {"reverses": 1}, False),
        ([(FUND, BANK, 700, "grant", "")], {"reverses": 1}, False),
        ([], {"lines": 0, "sum": 0}, False),
    ],
)
def test_no_raw_journal_passes_the_rules(
    books: Office, rows: list[tuple[str, str, int, str, str]], more: dict[str, int], passes: bool
) -> None:
    act(books, lambda w: ledger.set_account(w, "fund:E2", floor_fen=None))
    code = dict(booked(books, "SELECT name, code FROM ledger_account"))
    values = ", ".join(f"({5 + i}, 3, {code[a]}, {code[b]}, {x}, '{k}', '{r}')" for i, (a, b, x, k, r) in enumerate(rows))
    given = {
        "lines": len(rows),
        "sum": sum(r[2] for r in rows),
        "day": "2025-03-01",
        "reverses": "NULL",
        "crossing": sum((code[a] ^ code[b]) >> 40 != 0 for a, b, *_ in rows),
    } | more

    def raw() -> None:
        with books.writing() as cursor:
            for statement in RAW:
                if rows or "ledger_transfer" not in statement:
                    cursor.execute(statement.format(rows=values, **given))

    if passes:
        raw()
        assert ledger.balance(books, BANK) == 1005
    else:
        before = ledger.trial_balance(books)
        with pytest.raises(FaultsError):
            raw()
        assert ledger.trial_balance(books) == before


def test_a_connection_of_ones_own_is_no_way_in(offices) -> None:
    if offices.vendor != "sqlite":
        pytest.skip("a file that anyone may open is SQLite's")
    office = offices.new()
    act(office, grant)
    raw = sqlite3.connect(office.folder / "office.sqlite3", isolation_level=None)
    for statement in (
        "UPDATE ledger_balance SET debit_posted = 0",
        "INSERT OR REPLACE INTO ledger_balance SELECT account, 0, 0, 0, 0, side, floor_fen, NULL, 1, 0 FROM ledger_balance",
        "INSERT OR REPLACE INTO ledger_journal SELECT * FROM ledger_journal",
        "REPLACE INTO ledger_transfer SELECT * FROM ledger_transfer",
        "REPLACE INTO ledger_account SELECT * FROM ledger_account",
        "INSERT INTO ledger_transfer (id, journal_id, debit, credit, amount_fen, kind, reference) SELECT 2, 2, debit, credit, 5, 'grant', '' FROM ledger_transfer",
    ):
        with pytest.raises(sqlite3.Error):
            raw.execute(statement)
    raw.close()
    assert ledger.balance(office, BANK) == 1000


def test_trouble_names_the_account(books: Office) -> None:
    found = trouble(books, lambda w: ledger.post(w, [T(PAY, BANK, 301, "payment", "")], key="x", book_on=ON))
    assert [(f.record, "3.00" in f.clash.en, f.remedy.zh != "") for f in found] == [(PAY, True, True)]
