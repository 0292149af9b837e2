"""What can befall an act: the process ends at any statement or around the commit, the disk is full, another writer, the clock."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ecocomp.terms.faults import FaultsError
from ecoweb.office import Office, open_office

KINDS = ("before", "after", "commit_before", "commit_after", "interrupt", "disk_full", "locked")


class Killed(BaseException):
    """The process ended here: nothing after this line ran, and no rollback was asked for by us."""


class ViolationError(AssertionError):
    """Something was lost, came twice, or went through that must not."""


@dataclass
class Machine:
    """A machine on which an office runs; it can end the process, fill the disk, and start again.

    folder   of the office
    said     what the last refusal said
    tally    how often each thing happened
    """

    folder: Path
    rng: random.Random
    office: Office = field(init=False)
    said: list[str] = field(default_factory=list)
    dead: bool = False
    tally: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.office = open_office(self.folder, wait_s=0.05)

    def restart(self) -> None:
        """Drop the connection as a dead process does, and open the office again."""
        connection = self.office.connection
        with suppress(Exception):
            connection.connection.rollback()  # the locks of a dead process go, whatever still refers to its statements
        with suppress(Exception):
            connection.connection.close()
        connection.connection = None
        self.office.close()
        self.office = open_office(self.folder, wait_s=0.05)
        self.tally["restarts"] += 1

    def try_to(self, act: Callable[[Office], Any], kind: str | None) -> tuple[str, Any]:
        """Do an act while something of `kind` may befall it; return (``done``, result), (``refused``, faults) or (``killed``, None)."""
        self.tally["acts"] += 1
        if kind == "locked":
            return self._locked(act)
        try:
            with self._befalling(kind):
                answer = act(self.office)
            self.tally["done"] += 1
            return "done", answer
        except (Killed, FaultsError) as exc:
            if self.dead or not isinstance(exc, FaultsError):  # what is tidied up by a process that is gone does not count
                self.dead = False
                self.tally[f"killed.{kind}"] += 1
                self.restart()
                return "killed", None
            self.tally["refused" if kind is None else f"refused.{kind}"] += 1
            self.said = [f.say("en") for f in exc.faults]
            return "refused", {f.code for f in exc.faults}

    def _locked(self, act: Callable[[Office], Any]) -> tuple[str, Any]:
        """Do an act while another process is writing: it must be refused in words and change nothing."""
        other = open_office(self.folder, wait_s=0.05)
        try:
            with suppress(_Undo), other.writing() as cursor:
                cursor.execute("SELECT count(*) FROM change")
                try:
                    answer: tuple[str, Any] = ("done", act(self.office))
                except FaultsError as exc:
                    answer = "refused", {f.code for f in exc.faults}
                raise _Undo
        finally:
            other.close()
        self.tally["locked"] += 1
        return answer

    @contextmanager
    def _befalling(self, kind: str | None) -> Iterator[None]:
        makers = {
            None: self._nothing,
            "before": lambda: self._at_statement(late=False),
            "after": lambda: self._at_statement(late=True),
            "commit_before": lambda: self._at_commit(late=False),
            "commit_after": lambda: self._at_commit(late=True),
            "interrupt": self._interrupt,
            "disk_full": self._disk_full,
        }
        with makers[kind]():
            yield

    def _die(self) -> None:
        self.dead = True
        raise Killed

    @contextmanager
    def _nothing(self) -> Iterator[None]:
        yield

    @contextmanager
    def _at_statement(self, *, late: bool) -> Iterator[None]:
        """End the process at one of the next statements."""
        left = [self.rng.randrange(1, 40)]

        def wrapper(execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
            left[0] -= 1
            if left[0] == 0 and not late:
                self._die()
            result = execute(sql, params, many, context)
            if left[0] == 0:
                self._die()
            return result

        with self.office.connection.execute_wrapper(wrapper):
            yield

    @contextmanager
    def _at_commit(self, *, late: bool) -> Iterator[None]:
        """End the process just before or just after the database has made the act last."""
        connection: Any = self.office.connection
        commit = connection._commit

        def ending() -> None:
            if late:
                commit()
            self._die()

        connection._commit = ending
        try:
            yield
        finally:
            connection.__dict__.pop("_commit", None)

    @contextmanager
    def _interrupt(self) -> Iterator[None]:
        """Break a statement off in the middle of its work (SQLite: at some instruction; else at a statement)."""
        if self.office.vendor != "sqlite":
            with self._at_statement(late=False):
                yield
            return
        raw = self.office.connection.connection
        left = [self.rng.randrange(1, 60)]

        def count() -> int:
            left[0] -= 1
            return int(left[0] == 0)

        raw.set_progress_handler(count, 200)
        try:
            yield
        finally:
            with suppress(Exception):
                raw.set_progress_handler(None, 0)

    @contextmanager
    def _disk_full(self) -> Iterator[None]:
        """Leave the database hardly a page to grow by (SQLite); a server's disk is full at one of its statements."""
        if self.office.vendor != "sqlite":
            with self._server_full():
                yield
            return
        raw = self.office.connection.connection
        pages = raw.execute("PRAGMA page_count").fetchone()[0]
        raw.execute(f"PRAGMA max_page_count = {pages + self.rng.randrange(0, 3)}")
        try:
            yield
        finally:
            with suppress(Exception):
                raw.execute("PRAGMA max_page_count = 1073741823")

    @contextmanager
    def _server_full(self) -> Iterator[None]:
        from psycopg.errors import DiskFull

        left = [self.rng.randrange(1, 30)]

        def wrapper(execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
            left[0] -= not str(sql).startswith(("BEGIN", "ROLLBACK"))  # these need no room
            if left[0] == 0:
                left[0] = -1
                with self.office.connection.wrap_database_errors:
                    raise DiskFull("could not extend file: No space left on device")
            return execute(sql, params, many, context)

        with self.office.connection.execute_wrapper(wrapper):
            yield


class _Undo(Exception):
    """Ends a transaction that was only opened to hold the lock."""
