"""Kill -9 at any call of a load, an adoption, a correction, a change of key: the old state or the new one; two processes at once."""

from __future__ import annotations

import os
import random
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from ecocomp.terms.faults import FaultsError
from ecocomp.terms.registers import TENURE
from ecoweb.cadastre.operations import adopt_edition, check_editions
from ecoweb.office import Office, open_office
from ecoweb.people.queries import find
from ecoweb.records import store, tables
from ecoweb.records.log import verify_log
from ecoweb.records.personal import rotate_key
from ecoweb.records.queries import rows
from ecoweb.records.store import load, record
from ecoweb.records.tables import written_schema

from .conftest import WHO, Delta, Offices, edition, person, right

KILLS = 25


def child(work: Callable[[], Any], kill_at: int | None) -> int:
    """Run `work` in a process of its own, killed with SIGKILL at its n-th call; return how many calls it made, -1 if killed."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        made = 0

        def count(frame: Any, event: str, arg: Any) -> None:
            nonlocal made
            made += 1
            if made == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)

        code = 1
        try:
            sys.setprofile(count)
            work()
            sys.setprofile(None)
            os.write(writer, str(made).encode())
            code = 0
        except BaseException as exc:
            sys.setprofile(None)
            os.write(2, repr(exc).encode())
        finally:
            os._exit(code)
    os.close(writer)
    _, status = os.waitpid(pid, 0)
    said = os.read(reader, 100)
    os.close(reader)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return -1
    assert os.WEXITSTATUS(status) == 0
    return int(said)


def killed_anywhere(
    offices: Offices, prepare: Callable[[Office], None], work: Callable[[Office], Any], check: Callable[[Office], bool]
) -> None:
    """Kill `work` at random calls; after each, `check` returns whether it was done, having asserted all is whole."""
    trial, _ = offices.fresh()
    with open_office(trial) as office:
        prepare(office)
    calls = child(lambda: work_at(trial, work), None)
    place, _ = offices.fresh()
    with open_office(place) as office:
        prepare(office)

    def run() -> None:
        work_at(place, work)

    outcomes = set()
    random.seed(4)
    for turn in range(KILLS):
        # half of the kills anywhere, half in the last tenth, where file, row and log meet
        kill_at = random.randint(1, calls) if turn % 2 else random.randint(int(calls * 0.9), calls)
        child(run, kill_at)
        with open_office(place) as office:
            done = check(office)
            outcomes.add(done)
            assert verify_log(office) == []
        if done:
            place, _ = offices.fresh()
            with open_office(place) as office:
                prepare(office)
    assert False in outcomes


def work_at(place: Path, work: Callable[[Office], Any]) -> None:
    with open_office(place) as office:
        work(office)


def nothing(office: Office) -> None:
    """Prepare nothing."""


def test_a_load_is_there_or_not(offices: Offices, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "BATCH_ROWS", 50)
    monkeypatch.setattr(tables, "BATCH_ROWS", 50)
    given = pa.Table.from_pylist([right(f"R{i:04d}") for i in range(400)], schema=written_schema(TENURE))
    people = pa.Table.from_pylist([person(f"H{i}") for i in range(60)])

    def check(office: Office) -> bool:
        found = (len(rows(office, "tenure")), len(rows(office, "party")))
        assert found in ((0, 0), (400, 60))
        assert len(find(office, phone="13800001234")) == found[1]
        return found[0] > 0

    killed_anywhere(offices, nothing, lambda o: load(o, {"tenure": given, "party": people}, **WHO), check)


def test_a_correction_is_there_or_not(offices: Offices) -> None:
    def work(office: Office) -> None:
        (row,) = rows(office, "tenure").to_pylist()
        new = {k: v for k, v in row.items() if not k.startswith("known")} | {"holder_id": "H2"}
        record(office, Delta({"tenure": [row]}, {"tenure": [new], "party": [person("H2")]}), **WHO)

    def check(office: Office) -> bool:
        (row,) = rows(office, "tenure").to_pylist()
        assert len(rows(office, "party")) == (row["holder_id"] == "H2")
        return bool(row["holder_id"] == "H2")

    killed_anywhere(offices, lambda o: record(o, Delta(added={"tenure": [right()]}), **WHO), work, check)  # type: ignore[arg-type,return-value]


def test_an_edition_is_there_with_its_file_or_not(offices: Offices, tmp_path: Path) -> None:
    staged = tmp_path / "staged.parquet"

    def prepare(office: Office) -> None:
        staged.write_text("the file of an edition")

    def check(office: Office) -> bool:
        found = rows(office, "edition")["edition_id"].to_pylist()
        assert check_editions(office) == []
        assert [p.name for p in office.editions.iterdir() if p.is_dir()] == found
        assert staged.exists() or found
        return bool(found)

    killed_anywhere(offices, prepare, lambda o: adopt_edition(o, staged, edition(), actor="u:a", reason="r"), check)


def test_a_key_is_changed_or_not(offices: Offices) -> None:
    place, _ = offices.fresh()
    with open_office(place) as office:
        record(office, Delta(added={"party": [person("H1"), person("H2")]}), **WHO)
    random.seed(5)
    calls = child(lambda: work_at(place, lambda o: rotate_key(o, actor="u:a", reason="r")), None)
    keys = set()
    for _ in range(KILLS):
        child(
            lambda: work_at(place, lambda o: rotate_key(o, actor="u:a", reason="r")),
            random.randint(int(calls * 0.9), int(calls * 1.1)),
        )
        with open_office(place) as office:
            assert len(find(office, phone="13800001234")) == 2
            assert verify_log(office) == []
            keys.add(office.key_file.read_text())
    assert len(keys) > 1
    with open_office(place) as office:
        rotate_key(office, actor="u:a", reason="r")
        assert not office.key_file.with_name("office.key.new").exists()


# ---------------------------------------------------------------- two at once
def test_of_two_corrections_of_one_row_one_wins_and_the_other_is_told(offices: Offices) -> None:
    place, _ = offices.fresh()
    rounds = 15
    with open_office(place) as office:
        record(office, Delta(added={"tenure": [right()]}), **WHO)

    def compete(name: str) -> int:
        won = 0
        with open_office(place) as office:
            for _ in range(rounds):
                (row,) = rows(office, "tenure").to_pylist()
                new = {k: v for k, v in row.items() if not k.startswith("known")} | {"holder_id": name}
                try:
                    record(office, Delta({"tenure": [row]}, {"tenure": [new]}), act="test.race", actor=f"u:{name}", reason="r")
                    won += 1
                except FaultsError as exc:
                    assert [f.code for f in exc.faults] == ["records.conflict"], exc
        return won

    won = sum(together([lambda: compete("a"), lambda: compete("b"), lambda: compete("c")]))
    with open_office(place) as office:
        assert verify_log(office) == []
        with office.reading() as cursor:
            cursor.execute("SELECT count(*), max(seq) FROM change")
            assert cursor.fetchone() == (won + 2, won + 1)
            cursor.execute("SELECT count(*) FROM tenure")
            assert cursor.fetchone() == (won + 1,)
    assert rounds <= won <= 3 * rounds


def test_writers_of_different_rows_wait_and_lose_nothing(offices: Offices) -> None:
    place, _ = offices.fresh()

    def write(name: str) -> int:
        with open_office(place) as office:
            for i in range(15):
                record(office, Delta(added={"tenure": [right(f"{name}{i}")], "party": [person(f"{name}{i}")]}), **WHO)
        return 15

    assert sum(together([lambda: write("a"), lambda: write("b"), lambda: write("c")])) == 45
    with open_office(place) as office:
        assert len(rows(office, "tenure")) == len(rows(office, "party")) == 45
        assert verify_log(office) == []


def together(works: list[Callable[[], int]]) -> list[int]:
    """Run each in a process of its own at the same time; return what each returned."""
    running = []
    for work in works:
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                os.write(writer, str(work()).encode())
                code = 0
            except BaseException as exc:
                os.write(2, repr(exc).encode())
            finally:
                os._exit(code)
        os.close(writer)
        running.append((pid, reader))
    found = []
    for pid, reader in running:
        _, status = os.waitpid(pid, 0)
        assert status == 0
        found.append(int(os.read(reader, 100)))
        os.close(reader)
    return found
