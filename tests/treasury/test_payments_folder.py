"""What lies in the folder of bank files, of batches that are cancelled."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from ecoweb.commands import ledger as ledger_commands
from ecoweb.commands import payments as commands
from ecoweb.office import Office
from ecoweb.treasury import payments
from ecoweb.treasury import payments_queries as ask

from .pay_world import Claim, World


@pytest.fixture
def w(office: Office, tmp_path: Path) -> World:
    world = World(office, tmp_path)
    world.take([Claim("H1", "p1", {"E1": 1000}), Claim("H2", "p2", {"E1": 700})])
    world.noticed()
    return world


def there(w: World) -> set[str]:
    return {p.name for p in (w.office.folder / "bank").iterdir()}


def test_a_cancelled_batch_leaves_no_account_number(w: World) -> None:
    name = w.compared()
    assert there(w) == {f"{name}.txt", f"{name}.manifest.json"}
    sent = w.sent  # a batch that was sent keeps its file
    payments.cancel_batch(w.office, name, w.act("releaser"))
    assert there(w) == set()
    assert w.sql("SELECT length(sha256) FROM pay_file") == [(64,)]
    other = sent()
    assert there(w) == {f"{other}.txt", f"{other}.manifest.json"}
    assert ask.check(w.office) == []


@pytest.mark.parametrize("healer", ["act", "verify", "cancel"])
def test_what_a_process_killed_after_the_commit_left_is_removed(w: World, healer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name = w.compared()
    with monkeypatch.context() as killed:

        def die(*_: object) -> None:
            raise KeyboardInterrupt

        killed.setattr("ecoweb.treasury.payments_batch.clear_cancelled", die)
        with pytest.raises(KeyboardInterrupt):
            payments.cancel_batch(w.office, name, w.act("releaser"))
    (w.office.folder / "bank" / f".{name}.txt.part").write_text("6222")
    assert len(there(w)) == 3
    if healer == "act":
        payments.hold_rows(w.office, "H1", w.act("maker"))
    elif healer == "verify":
        assert ask.check(w.office) == []
    else:
        assert payments.cancel_batch(w.office, name, w.act("releaser")).again
    assert there(w) == set()


def test_a_half_written_file_goes_with_the_next_act(w: World) -> None:
    name = w.approved()
    folder = w.office.folder / "bank"
    folder.mkdir()
    (folder / f".{name}.txt.part").write_text("6222")
    (folder / "bank-copy.txt").write_text("of the clerk's own")
    payments.propose(w.office, "waive", "H1", "account_shared", w.act("maker"))
    assert there(w) == {"bank-copy.txt"}


def test_a_file_that_cannot_be_removed_is_told(w: World) -> None:
    name = w.compared()
    file = w.office.folder / "bank" / f"{name}.txt"
    file.unlink()
    file.mkdir()  # no file any more: it cannot be unlinked
    made = payments.cancel_batch(w.office, name, w.act("releaser"))
    assert [(f.code, f.where) for f in made.warnings] == [("payments.file_left", str(file))]
    assert [f.code for f in ask.check(w.office)] == ["payments.file_left"]
    file.rmdir()
    assert ask.check(w.office) == []


def test_the_checks_name_a_dropped_trigger_and_index_of_payments(w: World) -> None:
    on = "" if w.office.vendor == "sqlite" else " ON pay_slip"
    with w.office.writing() as cursor:
        cursor.execute(f"DROP TRIGGER pay_slip_fits{on}")
        cursor.execute("DROP INDEX pay_event_paid_once")
    for command, args in ((commands.payments, ("verify",)), (ledger_commands.ledger, ("check",))):
        made = CliRunner().invoke(command, [*args, "--office", str(w.office.folder), "--json"])
        assert made.exit_code == 1, made.output
        assert [f["record"] for f in json.loads(made.stdout)["faults"]] == ["pay_slip_fits", "pay_event_paid_once"]
