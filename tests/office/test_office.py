"""An office is made, opened, refused with a sentence, upgraded with a copy."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from django.db.utils import OperationalError

from ecocomp.terms.faults import FaultsError, UsageError
from ecoweb.office import Office, create_office, open_office, upgrade_office
from ecoweb.records.queries import rows
from ecoweb.records.store import record

from .conftest import WHO, Delta, Offices, Server, right

NEW = {"name": "县局", "region_code": "990121"}


def fault(call: object, /, *args: object, **more: object) -> tuple[str, str]:
    with pytest.raises(FaultsError) as caught:
        call(*args, **more)  # type: ignore[operator]
    assert len(caught.value.faults) == 1
    return caught.value.faults[0].code, str(caught.value)


def test_a_new_office_opens_again_with_what_was_written(offices: Offices, tmp_path: Path) -> None:
    url = offices.empty_database()
    with create_office(tmp_path / "new", url, name='“县” "局"\\', region_code="990121") as office:
        record(office, Delta(added={"tenure": [right()]}), **WHO)
    with open_office(tmp_path / "new") as office:
        assert (office.name, office.region_code, office.vendor) == ('“县” "局"\\', "990121", offices.vendor)
        assert len(rows(office, "tenure")) == 1
    assert fault(create_office, tmp_path / "new", url, **NEW)[0] == "office.exists"
    if url:
        assert (tmp_path / "new" / "office.toml").stat().st_mode & 0o077 == 0
        assert fault(create_office, tmp_path / "other", url, **NEW)[0] == "office.database_used"
        assert "a-secret" not in fault(create_office, tmp_path / "other", url, **NEW)[1]


def test_several_offices_in_one_process_do_not_mix(offices: Offices) -> None:
    one, two = offices.new(), offices.new()
    record(one, Delta(added={"tenure": [right("A")]}), **WHO)
    record(two, Delta(added={"tenure": [right("B")]}), **WHO)
    assert [rows(o, "tenure")["right_id"].to_pylist() for o in (one, two)] == [["A"], ["B"]]


def test_no_office_there(tmp_path: Path) -> None:
    assert fault(open_office, tmp_path / "none")[0] == "office.missing"
    (tmp_path / "office.toml").write_text('name = "a"\nregion_code = "1"\n')
    assert fault(open_office, tmp_path)[0] == "office.missing"
    (tmp_path / "office.toml").write_text("name = ")
    assert fault(open_office, tmp_path)[0] == "office.config"
    (tmp_path / "office.toml").write_text('name = "a"\n')
    assert fault(open_office, tmp_path)[0] == "office.config"
    (tmp_path / "office.toml").write_bytes(b"\xff\xfe")
    assert fault(open_office, tmp_path)[0] == "office.config"
    file = tmp_path / "a_file"
    file.write_text("")
    assert fault(open_office, file)[0] == "office.missing"
    with pytest.raises(UsageError):
        create_office(tmp_path / "x", name="", region_code="1")


@pytest.mark.parametrize("url", ["mysql://a@b/c", "postgresql://", "not a url", "postgresql://h/?bad"])
def test_an_address_that_is_none(tmp_path: Path, url: str) -> None:
    assert fault(create_office, tmp_path / "x", url, **NEW)[0] == "office.url"


def test_a_server_that_does_not_let_us_in(postgres: Server, tmp_path: Path) -> None:
    def said(url: str) -> str:
        code, words = fault(create_office, tmp_path / "x", url, **NEW)
        assert "wrong-one" not in words
        return code

    assert said(postgres.url("postgres", password="wrong-one")) == "office.password"
    assert said(postgres.url("nowhere")) == "office.no_database"
    assert said(f"postgresql://a:wrong-one@/x?host={tmp_path}") == "office.unreachable"
    assert said("postgresql://a:wrong-one@127.0.0.1:9/x") == "office.unreachable"


def test_a_damaged_file(tmp_path: Path) -> None:
    create_office(tmp_path / "o", **NEW).close()
    file = tmp_path / "o" / "office.sqlite3"
    whole = file.read_bytes()
    file.write_bytes(b"this is no database" * 1000)
    assert fault(open_office, tmp_path / "o")[0] == "office.damaged"
    file.write_bytes(whole[:4096])
    assert fault(open_office, tmp_path / "o")[0] in ("office.damaged", "office.older_schema")


def test_a_newer_schema_is_refused(offices: Offices) -> None:
    place, _ = offices.fresh()
    office = offices.open(place)
    office.connection.cursor().execute(
        "INSERT INTO django_migrations (app, name, applied) VALUES ('records', '9999_later', '2030-01-01')"
    )
    office.close()
    assert fault(offices.open, place)[0] == "office.newer_schema"
    assert fault(upgrade_office, place)[0] == "office.newer_schema"


def test_an_older_schema_is_refused_until_it_is_upgraded(offices: Offices) -> None:
    from django.db.migrations.executor import MigrationExecutor

    place, _ = offices.fresh()
    office = offices.open(place)
    MigrationExecutor(office.connection).migrate([("people", None)])
    office.close()
    assert fault(offices.open, place)[0] == "office.older_schema"
    copy = upgrade_office(place)
    assert (copy is not None and copy.stat().st_size > 10_000) is (offices.vendor == "sqlite")
    assert len(rows(offices.open(place), "party")) == 0
    assert upgrade_office(place) is None


@pytest.fixture
def anyones() -> Iterator[Path]:
    """A folder that a process of another user can reach (pytest's own are closed to others)."""
    folder = Path(tempfile.mkdtemp(prefix="ecooffice-"))
    folder.chmod(0o755)
    yield folder
    for path in [folder, *folder.rglob("*")]:
        if path.is_dir():
            path.chmod(0o755)
    shutil.rmtree(folder)


def test_a_file_that_cannot_be_written(anyones: Path) -> None:
    """In a process that is not root: it reads, or is told why not; it never sees a traceback."""
    create_office(anyones / "o", **NEW).close()
    for path in [*(anyones / "o").rglob("*"), anyones / "o"]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    program = (
        "import os, sys\n"
        "from ecoweb.office import create_office, open_office\n"
        "from ecoweb.records.store import record\n"
        "from ecocomp.terms.faults import FaultsError\n"
        "class D: closed = {}; added = {'region_change': []}\n"
        "WHO = dict(act='a', actor='b', reason='c')\n"
        f"record(create_office({str(anyones / 'warm')!r}, name='n', region_code='r'), D, **WHO)\n"
        "if os.geteuid() == 0: os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "try:\n"
        f"    office = open_office({str(anyones / 'o')!r})\n"
        "    record(office, D, **WHO)\n"
        "except FaultsError as e: print(e.faults[0].code)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() in ("office.read_only", "office.cannot_open")


def test_another_writer_is_waited_for_and_then_named(offices: Offices) -> None:
    place, _ = offices.fresh()
    one, two = offices.open(place), offices.open(place, wait_s=0.3)
    with one.writing():
        assert fault(record, two, Delta(added={"tenure": [right()]}), **WHO)[0] == "office.locked"
        assert len(rows(two, "tenure")) == 0  # readers are not held up
    record(two, Delta(added={"tenure": [right()]}), **WHO)


def test_a_reader_sees_one_state(offices: Offices) -> None:
    place, _ = offices.fresh()
    one, two = offices.open(place), offices.open(place)
    with two.reading():
        assert len(rows(two, "tenure")) == 0
        record(one, Delta(added={"tenure": [right()]}), **WHO)
        assert len(rows(two, "tenure")) == 0
    assert len(rows(two, "tenure")) == 1


def test_an_error_inside_a_write_leaves_nothing(office: Office) -> None:
    with pytest.raises(RuntimeError), office.writing() as cursor:
        cursor.execute("INSERT INTO seal (register, object, wrapped) VALUES ('a', 'b', %s)", [b"c"])
        raise RuntimeError
    with office.reading() as cursor:
        cursor.execute("SELECT count(*) FROM seal")
        assert cursor.fetchone()[0] == 0


def test_a_reading_that_cannot_end_does_not_stop_the_next(office: Office) -> None:
    def fail(execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
        if str(sql) == "ROLLBACK":
            raise OperationalError("interrupted")
        return execute(sql, params, many, context)

    with pytest.raises(FaultsError), office.connection.execute_wrapper(fail), office.reading() as cursor:
        cursor.execute("SELECT 1")
    with office.reading() as cursor:
        cursor.execute("SELECT count(*) FROM change")
        assert cursor.fetchone()[0] == 1


def test_a_transaction_whose_beginning_is_broken_off_does_not_stop_the_next(office: Office) -> None:
    def fail(execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
        result = execute(sql, params, many, context)
        if str(sql).startswith("BEGIN"):
            raise OperationalError("interrupted")
        return result

    with pytest.raises(FaultsError), office.connection.execute_wrapper(fail), office.reading():
        pass
    if office.vendor == "sqlite":  # elsewhere the driver begins, without a statement of ours
        with pytest.raises(FaultsError), office.connection.execute_wrapper(fail), office.writing():
            pass
    with office.writing() as cursor:
        cursor.execute("INSERT INTO seal (register, object, wrapped) VALUES ('a', 'b', %s)", [b"c"])
    with office.reading() as cursor:
        cursor.execute("SELECT count(*) FROM seal")
        assert cursor.fetchone()[0] == 1


def test_a_write_broken_off_at_any_moment_of_its_beginning_keeps_no_lock(tmp_path: Path) -> None:
    from ecoweb.office import DATABASE, create_office

    kept = []  # who still holds what was raised holds the statements it came from
    with create_office(tmp_path / "o", name="某县", region_code="990121") as office:
        for at in range(1, 40):
            with office.reading() as cursor:
                cursor.execute("SELECT 1")
            left = [at]

            def count(left: list[int] = left) -> int:
                left[0] -= 1
                return int(left[0] == 0)

            raw: Any = office.connection.connection
            raw.set_progress_handler(count, 1)
            try:
                with office.writing():
                    pass
            except FaultsError as exc:
                kept.append(exc)
            with suppress(sqlite3.ProgrammingError):  # closed
                raw.set_progress_handler(None, 0)
            other = sqlite3.connect(tmp_path / "o" / DATABASE, timeout=0, isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
            other.close()
    assert kept
