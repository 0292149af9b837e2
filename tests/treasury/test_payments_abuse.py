"""Abuse cases 3 to 12, 26 and 30 of the supervision sheet, and what the database refuses by itself, on both databases."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecocomp.terms.faults import FaultsError
from ecoweb.office import Office
from ecoweb.treasury import payments
from ecoweb.treasury.payments_queries import check

from .pay_world import Claim, World, officer

CLAIMS = [Claim("H1", "p1", {"E1": 1000}), Claim("H2", "p2", {"E1": 1000}), Claim("H3", "p3", {"E1": 300, "E2": 200})]


@pytest.fixture
def w(office: Office, tmp_path: Path) -> World:
    world = World(office, tmp_path)
    world.take(CLAIMS)
    world.noticed()
    return world


def codes(caught: pytest.ExceptionInfo[FaultsError]) -> set[str]:
    return {f.code for f in caught.value.faults}


def test_case_4_no_step_is_left_out(w: World) -> None:
    name = w.made().batch_id
    before = w.states()
    for step in (
        lambda: payments.approve_batch(w.office, name, w.act("approver")),
        lambda: payments.write_file(w.office, name, w.act("releaser")),
        lambda: payments.release(w.office, name, w.act("releaser")),
        lambda: payments.archive(w.office, name, w.act("reconciler")),
    ):
        with pytest.raises(FaultsError) as caught:
            step()
        assert codes(caught) == {"payments.step"}
    assert w.states() == before
    assert [s for (s,) in w.sql("SELECT step FROM pay_step")] == ["made"]


def test_case_5_two_accounts_of_one_person_are_one(w: World) -> None:
    w.load("officer", [officer("u:second", "P-maker", "checker")])
    w.wait(days=2)
    name = w.made().batch_id
    with pytest.raises(FaultsError) as caught:
        payments.check_batch(w.office, name, w.act("u:second"))
    assert codes(caught) == {"payments.same_person"}


def test_case_6_delegation_makes_no_conflict_lawful(w: World) -> None:
    w.load(
        "officer",
        [
            officer("u:acting", "P-maker", "approver", delegated_by="u:approver"),
            officer("u:for", "P-x", "approver", delegated_by="u:gave"),
        ],
    )
    w.load("officer", [officer("u:gave", "P-checker", "approver")])
    w.wait(days=2)
    name = w.made().batch_id
    payments.check_batch(w.office, name, w.act("checker"))
    for account in ("u:acting", "u:for"):
        with pytest.raises(FaultsError) as caught:
            payments.approve_batch(w.office, name, w.act(account))
        assert codes(caught) == {"payments.same_person"}, account


def test_case_7_and_8_approved_twice_is_approved_once(w: World) -> None:
    batch = w.made()
    payments.check_batch(w.office, batch.batch_id, w.act("checker"), digest=batch.digest)
    first = payments.approve_batch(w.office, batch.batch_id, w.act("approver", key="k1"))
    again = payments.approve_batch(w.office, batch.batch_id, w.act("approver", key="k1"))
    assert (first.again, again.again, again.change) == (False, True, first.change)
    with pytest.raises(FaultsError) as caught:
        payments.approve_batch(w.office, batch.batch_id, w.act("approver", key="k1"), digest="0" * 64)
    assert codes(caught) == {"payments.digest"}
    with pytest.raises(FaultsError) as caught:
        payments.check_batch(w.office, batch.batch_id, w.act("checker", key="k1"))
    assert codes(caught) == {"payments.key_reused"}
    assert w.sql("SELECT count(*) FROM pay_step WHERE step = 'approved'") == [(1,)]


def test_case_9_exchanged_accounts_are_found_and_named(w: World) -> None:
    name = w.approved()
    written = payments.write_file(w.office, name, w.act("releaser"))
    assert written.path.stat().st_mode & 0o777 == 0o600
    lines = written.path.read_text().splitlines(keepends=True)
    parts = [x.split("|") for x in lines]
    parts[1][3], parts[2][3] = parts[2][3], parts[1][3]
    copy = w.folder / "copy.txt"
    copy.write_text("".join("|".join(p) for p in parts))
    with pytest.raises(FaultsError) as caught:
        payments.compare_copy(w.office, name, copy, w.act("releaser"))
    assert [(f.code, f.record) for f in caught.value.faults] == [("payments.copy_differs", f"{name}/{n:06d}") for n in (1, 2)]
    assert "account of line 000002" in caught.value.faults[0].clash.en
    with pytest.raises(FaultsError) as caught:
        payments.release(w.office, name, w.act("releaser"))
    assert codes(caught) == {"payments.step"}
    with pytest.raises(FaultsError) as caught:
        payments.compare_copy(w.office, name, written.path, w.act("releaser"))
    assert codes(caught) == {"payments.own_file"}


def test_a_file_changed_after_the_comparison_is_not_released(w: World) -> None:
    name = w.compared()
    path = w.office.folder / "bank" / f"{name}.txt"
    path.write_bytes(path.read_bytes().replace(b"1000", b"9000", 1))
    with pytest.raises(FaultsError) as caught:
        payments.release(w.office, name, w.act("releaser"))
    assert codes(caught) == {"payments.file_changed"}
    assert {s for s, _ in w.states().values()} == {"in_file"}


def test_case_10_last_months_file_is_spent(w: World) -> None:
    first = w.sent()
    old = (w.office.folder / "bank" / f"{first}.txt").read_bytes()
    w.answer(first, {1: "paid", 2: "paid", 3: "paid"})
    w.take([Claim("H1", "p9", {"E1": 1})], year=2026)
    w.noticed(2026)
    second = w.approved()
    payments.write_file(w.office, second, w.act("releaser"))
    copy = w.folder / "old.txt"
    copy.write_bytes(old)
    with pytest.raises(FaultsError) as caught:
        payments.compare_copy(w.office, second, copy, w.act("releaser"))
    assert codes(caught) == {"payments.file_spent"}
    assert payments.release(w.office, first, w.act("releaser"))["again"] is True
    assert w.sql("SELECT count(*) FROM pay_event WHERE to_state = 'sent'") == [(3,)]


def test_case_11_what_does_not_fit_is_parked_and_posts_nothing(w: World) -> None:
    name = w.sent()
    r = payments.Result
    rows = [
        r(2, name, 1, 1000, "paid"), r(3, name, 1, 1000, "failed"), r(4, name, 2, 999, "paid"), r(5, name, 77, 5, "paid"),
        r(6, "other", 3, 500, "paid"), r(7, name, 0, 0, "", trouble="unreadable"),
    ]  # fmt: skip
    posted = payments.post_return(w.office, name, rows, None, w.act("reconciler"))
    assert [why for _, why in posted.parked] == ["both", "both", "wrong_amount", "no_line", "wrong_batch", "unreadable"]
    assert {s for s, _ in w.states().values()} == {"sent"}
    again = payments.post_return(w.office, name, rows[::-1], None, w.act("reconciler"))
    assert again.again and len(again.parked) == 6
    wrong_sum = payments.post_return(w.office, name, [r(2, name, 1, 1000, "paid")], 5000, w.act("reconciler"))
    assert [why for _, why in wrong_sum.parked] == ["wrong_total"]
    part = w.answer(name, {1: "paid", 2: "unknown"})
    assert (part.paid, part.unknown, part.parked) == (1, 1, [])
    late = w.answer(name, {1: "failed", 2: "paid", 3: "paid"})
    assert (late.paid, [why for _, why in late.parked]) == (2, ["bounced"])
    twice = w.answer(name, {1: "paid"})
    assert [why for _, why in twice.parked] == ["already"]
    payments.archive(w.office, name, w.act("reconciler"))
    assert [why for _, why in w.answer(name, {3: "failed"}).parked] == ["closed"]
    assert w.books() == {}


def test_case_12_a_changed_account_rests_ten_days(w: World) -> None:
    w.change("party", {"party_id": "H2"}, account="6222020200199999999")
    batch = w.made()
    assert batch.lines == 2 and batch.left_out == {"account_changed": 1}
    assert w.states()["forest/2025/p2/H2"] == ("held", "account_changed")
    w.wait(days=9)
    with pytest.raises(FaultsError) as caught:
        w.made()
    assert codes(caught) == {"payments.nothing_to_pay"}
    w.wait(days=2)
    assert w.made().lines == 1


def test_who_changed_an_account_takes_no_money_step(w: World) -> None:
    w.load("officer", [officer("u:two", "P-two", "checker township")])
    w.change("party", {"party_id": "H2"}, actor="u:two", account="6222020200199999999")
    w.wait(days=12)
    name = w.made().batch_id
    with pytest.raises(FaultsError) as caught:
        payments.check_batch(w.office, name, w.act("u:two"))
    assert codes(caught) == {"payments.changed_account"}
    payments.check_batch(w.office, name, w.act("checker"))


def test_a_later_correction_does_not_hide_who_changed_an_account(w: World) -> None:
    w.load("officer", [officer("u:two", "P-two", "checker township")])
    w.change("party", {"party_id": "H2"}, actor="u:two", account="6222020200199999999")
    w.change("party", {"party_id": "H2"}, actor="u:clerk", members=5)
    w.wait(days=12)
    name = w.made().batch_id
    with pytest.raises(FaultsError) as caught:
        payments.check_batch(w.office, name, w.act("u:two"))
    assert codes(caught) == {"payments.changed_account"}
    payments.check_batch(w.office, name, w.act("checker"))


def test_a_waiver_holds_for_the_account_it_was_given_for(w: World) -> None:
    w.change("party", {"party_id": "H2"}, account="6222020200199999999")
    payments.confirm(w.office, payments.propose(w.office, "waive", "H2", "account_changed", w.act("maker")), w.act("checker"))
    batch = w.made()
    assert (batch.lines, batch.left_out) == (3, {})
    payments.cancel_batch(w.office, batch.batch_id, w.act("maker"))
    w.change("party", {"party_id": "H2"}, account="6222020200188888888")
    assert w.made().left_out == {"account_changed": 1}


def test_delegated_roles_rest_with_the_giver_and_are_not_handed_on(w: World) -> None:
    w.load("officer", [officer("u:gave", "P-gave", "village"), officer("u:for", "P-for", "checker", delegated_by="u:gave")])
    w.load("officer", [officer("u:third", "P-third", "checker", delegated_by="u:for")])
    w.wait(days=2)
    name = w.made().batch_id
    w.change("officer", {"officer_id": "u:gave"}, roles="checker")
    with pytest.raises(FaultsError) as caught:
        payments.check_batch(w.office, name, w.act("u:for"))
    assert codes(caught) == {"payments.role_new"}
    assert "24" in caught.value.faults[0].remedy.zh
    assert "24 hours" in caught.value.faults[0].remedy.en
    with pytest.raises(FaultsError) as caught:
        payments.check_batch(w.office, name, w.act("u:third"))
    assert codes(caught) == {"payments.delegation"}
    w.wait(days=2)
    payments.check_batch(w.office, name, w.act("u:for"))


def test_kinship_holds_both_ways(w: World) -> None:
    w.load("officer", [officer("u:kin", "P-kin", "checker"), officer("u:village", "H2", "village", kin="P-kin")])
    w.wait(days=2)
    name = w.made().batch_id
    with pytest.raises(FaultsError) as caught:
        payments.check_batch(w.office, name, w.act("u:kin"))
    assert codes(caught) == {"payments.own_claim"}


def test_one_person_is_not_two_by_a_blank(w: World) -> None:
    from ecoweb.treasury.payments_officers import appoint

    w.load("officer", [officer("u:keeper", "P-keeper", "sysadmin")])
    for person in ("P-maker ", "P-\u200bmaker", "", "p-Maker", "P.maker"):
        with pytest.raises(FaultsError) as caught:
            appoint(w.office, "u:second", w.act("u:keeper"), {"person": person, "roles": "checker"})
        assert codes(caught) == {"payments.person_code"}
    appoint(w.office, "u:second", w.act("u:keeper"), {"person": "\uff30-maker", "roles": "checker"})
    assert w.sql("SELECT person_id FROM officer WHERE officer_id = 'u:second'") == [("P-maker",)]


def test_an_account_changed_after_the_batch_was_made_stops_the_file(w: World) -> None:
    name = w.approved()
    w.change("party", {"party_id": "H2"}, account="6222020200199999999")
    with pytest.raises(FaultsError) as caught:
        payments.write_file(w.office, name, w.act("releaser"))
    assert [(f.code, f.record) for f in caught.value.faults] == [("payments.account", "H2")]
    assert not list((w.office.folder / "bank").glob("*.txt"))
    payments.cancel_batch(w.office, name, w.act("releaser"))
    assert {s for s, _ in w.states().values()} == {"ready"}


def test_own_and_kins_claims_new_roles_and_keepers_of_the_system(w: World) -> None:
    w.load(
        "officer",
        [
            officer("u:kin", "P-kin", "checker", kin="H3"),
            officer("u:root", "P-root", "checker"),
            officer("u:far", "P-far", "checker", region_code="990999"),
        ],
    )
    w.load("officer", [officer("u:root2", "P-root", "sysadmin")])
    w.wait(days=2)
    w.load("officer", [officer("u:new", "P-new", "checker")])
    name = w.made().batch_id
    for account, code in (
        ("u:kin", "own_claim"),
        ("u:root", "sysadmin"),
        ("u:new", "role_new"),
        ("u:far", "region"),
        ("u:maker", "role"),
        ("u:nobody", "no_officer"),
    ):
        with pytest.raises(FaultsError) as caught:
            payments.check_batch(w.office, name, w.act(account))
        assert f"payments.{code}" in codes(caught), account


def test_case_30_a_revoked_role_stops_at_once(w: World) -> None:
    name = w.made().batch_id
    w.change("officer", {"officer_id": "u:checker"}, roles="village")
    with pytest.raises(FaultsError) as caught:
        payments.check_batch(w.office, name, w.act("checker"))
    assert codes(caught) == {"payments.role"}


def test_one_account_of_two_payees_holds_both_until_two_persons_waive(w: World) -> None:
    w.change("party", {"party_id": "H2"}, account="62220202001" + "00000001")
    w.wait(days=12)
    assert w.made().left_out == {"account_shared": 2}
    payments.cancel_batch(w.office, w.sql("SELECT batch_id FROM pay_batch")[0][0], w.act("maker"))
    for payee in ("H1", "H2"):
        n = payments.propose(w.office, "waive", payee, "account_shared", w.act("maker"))
        with pytest.raises(FaultsError):
            payments.confirm(w.office, n, w.act("maker"))
        payments.confirm(w.office, n, w.act("checker"))
    assert w.made().lines == 3


STATEMENTS = (
    "UPDATE pay_state SET state = 'paid' WHERE row = 1",
    "DELETE FROM pay_state",
    "UPDATE pay_row SET amount_fen = 9",
    "DELETE FROM pay_event",
    "INSERT INTO pay_event (seq, row, n, from_state, to_state, reason, note, change) VALUES (99, 1, 2, 'ready', 'paid', '', '', 1)",
    "INSERT INTO pay_event (seq, row, n, from_state, to_state, reason, note, change) VALUES (99, 1, 2, 'ready', 'in_file', '', '', 1)",
    "INSERT INTO pay_source (seq, row, entitlement_id, envelope_id, amount_fen) VALUES (99, 1, 'x', 'E9', 5)",
    "INSERT INTO pay_step (seq, batch, step, role, officer_id, person_id, for_person, digest, note, change) VALUES (99, 1, 'approved', 'approver', 'x', 'x', '', 'd', '', 1)",
    "INSERT INTO pay_step (seq, batch, step, role, officer_id, person_id, for_person, digest, note, change) SELECT 99, 1, 'checked', 'checker', 'x', 'P-maker', '', digest, '', 1 FROM pay_batch",
    "INSERT INTO pay_step (seq, batch, step, role, officer_id, person_id, for_person, digest, note, change) VALUES (99, 1, 'checked', 'checker', 'x', 'x', '', 'd', '', 1)",
    "INSERT INTO pay_line (seq, batch, no, payee_id, party_row, amount_fen, purpose) VALUES (99, 1, 99, 'x', 1, 1, '')",
)


@pytest.mark.parametrize("statement", STATEMENTS)
def test_the_database_refuses_by_itself(w: World, statement: str) -> None:
    payments.cancel_batch(w.office, w.made(limit=1).batch_id, w.act("maker")) if "pay_event" in statement else w.made()
    before = w.states()
    with pytest.raises(FaultsError), w.office.writing() as cursor:
        cursor.execute(statement)
    assert w.states() == before


def test_case_26_a_row_altered_behind_the_triggers_is_named(office: Office, tmp_path: Path) -> None:
    if office.vendor != "sqlite":
        pytest.skip("triggers are dropped by hand on SQLite")
    w = World(office, tmp_path)
    w.take(CLAIMS)
    assert check(office) == []
    with office.writing() as cursor:
        cursor.execute("DROP TRIGGER pay_row_no_update")
        cursor.execute("UPDATE pay_row SET payee_id = 'H3' WHERE seq = 2")
    assert {(f.code, f.record) for f in check(office)} == {("payments.altered", "forest/2025/p2/H2")}


TAMPERED = (
    ("pay_event", "UPDATE pay_event SET reason = 'freed' WHERE seq = 2", "pay_event #2 (2, >ready)"),
    ("pay_event", "UPDATE pay_event SET change = 1 WHERE seq = 3", "pay_event #3 (3, >ready)"),
    ("pay_claim", "UPDATE pay_claim SET entitled_fen = 9999 WHERE seq = 1", "pay_claim #1"),
    ("pay_notice", "UPDATE pay_notice SET through = 99", "pay_notice #1"),
    ("pay_state", "UPDATE pay_state SET n = 7 WHERE row = 1", "forest/2025/p1/H1"),
    ("pay_line", "UPDATE pay_line SET purpose = '奖金' WHERE no = 1", "{name}/1"),
    ("pay_code", "UPDATE pay_code SET code = x'00' WHERE no = 1", "{file}"),
    ("pay_code", "UPDATE pay_code SET no = no + 10 WHERE no = 1", "{file}"),
    ("pay_step", "UPDATE pay_step SET person_id = 'P-x' WHERE step = 'made'", "pay_step #1"),
)


@pytest.mark.parametrize(("table", "statement", "record"), TAMPERED)
def test_case_26_an_altered_move_claim_or_step_is_named(
    office: Office, tmp_path: Path, table: str, statement: str, record: str
) -> None:
    if office.vendor != "sqlite":
        pytest.skip("triggers are dropped by hand on SQLite")
    w = World(office, tmp_path)
    w.take(CLAIMS)
    w.noticed()
    name = w.compared()
    assert check(office) == []
    with office.writing() as cursor:
        cursor.execute(f"DROP TRIGGER {table}_{'follows' if table == 'pay_state' else 'no_update'}")
        cursor.execute(statement)
    assert record.format(file=f"{name}.txt", name=name) in {f.record for f in check(office)}


def test_what_a_killed_run_left_of_a_bank_file_goes_with_the_next(w: World) -> None:
    bank = w.office.folder / "bank"
    bank.mkdir(exist_ok=True)
    (bank / ".old.txt.part").write_text("6222020200100000001")
    payments.write_file(w.office, w.approved(), w.act("releaser"))
    assert not list(bank.glob(".*.part"))


def test_case_26_a_move_that_was_taken_away_is_named(office: Office, tmp_path: Path) -> None:
    if office.vendor != "sqlite":
        pytest.skip("triggers are dropped by hand on SQLite")
    w = World(office, tmp_path)
    w.take(CLAIMS)
    w.noticed()
    w.approved()
    with office.writing() as cursor:
        cursor.execute("DROP TRIGGER pay_event_no_delete")
        cursor.execute("DELETE FROM pay_event WHERE seq = 6")
    assert "pay_event #6" in {f.record for f in check(office)}


def test_case_7_fifty_approvals_at_once_are_one(office: Office, tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    w = World(office, tmp_path)
    w.take(CLAIMS)
    w.noticed()
    name = w.made().batch_id
    payments.check_batch(office, name, w.act("checker"))
    who = w.act("approver", key="once")

    def press(_: int) -> bool:
        try:
            return payments.approve_batch(office, name, who).again
        finally:
            office.connection.close()

    with ThreadPoolExecutor(8) as pool:
        again = list(pool.map(press, range(50)))
    assert again.count(False) == 1 and len(again) == 50
    assert w.sql("SELECT count(*) FROM pay_step WHERE step = 'approved'") == [(1,)]
    assert w.sql("SELECT count(*) FROM change WHERE act = 'payments.batch.approved'") == [(1,)]
