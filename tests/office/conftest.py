"""Offices for tests, each on SQLite and on a PostgreSQL server of the tests' own; every test gets a fresh one by copying."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.office.server import NoServerError, Server, running

from ecoweb.office import Office, create_office, open_office

NAMES = itertools.count()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A server for the session, or skip with the reason why there is none."""
    try:
        with running() as server:
            yield server
    except NoServerError as none:
        pytest.skip(str(none))


# ---------------------------------------------------------------- offices
@dataclass
class Offices:
    """Makes offices of one kind."""

    vendor: str
    folder: Path
    template: Path
    server: Server | None
    opened: list[Office] = field(default_factory=list)
    made: list[str] = field(default_factory=list)

    def fresh(self) -> tuple[Path, str | None]:
        """A new office's folder and URL, not opened."""
        place = self.folder / f"office{next(NAMES)}"
        shutil.copytree(self.template, place)
        if self.server is None:
            return place, None
        name = f"t{os.getpid()}_{next(NAMES)}"
        self.made.append(name)
        url = self.server.copy(name, "tmpl")
        config = (place / "office.toml").read_text().replace(self.server.url("tmpl"), url)
        (place / "office.toml").write_text(config)
        return place, url

    def new(self, **options: Any) -> Office:
        """A new office, open."""
        return self.open(self.fresh()[0], **options)

    def open(self, place: Path, **options: Any) -> Office:
        """Open one; it is closed after the test."""
        office = open_office(place, **options)
        self.opened.append(office)
        return office

    def close(self) -> None:
        """Close the offices and remove their databases."""
        for office in self.opened:
            office.close()
        while self.server is not None and self.made:
            self.server.drop(self.made.pop())

    def empty_database(self) -> str | None:
        """The URL of an empty database (None: SQLite needs none)."""
        if self.server is None:
            return None
        name = f"e{os.getpid()}_{next(NAMES)}"
        self.made.append(name)
        self.server.sql(f"CREATE DATABASE {name}")
        return self.server.url(name)


def template(place: Path, server: Server | None) -> Path:
    """Make the office that the others are copies of."""
    if server is not None:
        server.sql("CREATE DATABASE tmpl")
    create_office(place, server.url("tmpl") if server else None, name="试点县自然资源局", region_code="990121").close()
    return place


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The template office of each kind, made at first use."""
    return {}


@pytest.fixture(params=["sqlite", "postgresql"])
def offices(
    request: pytest.FixtureRequest, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, templates: dict[str, Path]
) -> Iterator[Offices]:
    """A maker of offices on each of the two databases."""
    vendor = request.param
    server: Server | None = request.getfixturevalue("postgres") if vendor == "postgresql" else None
    if vendor not in templates:
        templates[vendor] = template(tmp_path_factory.mktemp(f"template-{vendor}") / "office", server)
    made = Offices(vendor, tmp_path, templates[vendor], server)
    yield made
    made.close()


@pytest.fixture
def office(offices: Offices) -> Office:
    """A fresh office, on SQLite and on PostgreSQL."""
    return offices.new()


# ---------------------------------------------------------------- rows
@dataclass(frozen=True)
class Delta:
    """Rows to end and rows to add."""

    closed: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    added: dict[str, list[dict[str, Any]]] = field(default_factory=dict)


def right(right_id: str = "R1", **more: Any) -> dict[str, Any]:
    """A row of the register of rights."""
    base = {
        "right_id": right_id, "parcel_id": "990121001001GB00001", "unit_code": None, "holder_id": "H1", "kind": "contract",
        "share_num": 1, "share_den": 1, "state": "clear", "basis": None, "term_to": None, "document": "证1", "source_id": None,
        "valid_from": date(2020, 1, 1), "valid_to": None,
    }  # fmt: skip
    return base | more


def person(party_id: str = "H1", **more: Any) -> dict[str, Any]:
    """A row of the register of parties."""
    base = {
        "party_id": party_id, "kind": "household", "name": "张三", "region_code": "990121001001", "members": 4, "income_fen": None,
        "credit_code": None, "id_number": "11010519491231002X", "account": "6222020200112233445", "phone": "13800001234",
        "valid_from": date(2020, 1, 1), "valid_to": None,
    }  # fmt: skip
    return base | more


def edition(edition_id: str = "parcel-2024", **more: Any) -> dict[str, Any]:
    """A row of the register of editions, without place and fingerprint."""
    base = {
        "edition_id": edition_id, "kind": "parcel", "region_code": "990121", "title": "地块", "authority": "县局", "document": "文1",
        "adopted_on": date(2024, 1, 1), "rows": 1, "area_dm2": 100, "source_name": "a.gpkg", "source_sha256": "0" * 64,
        "valid_from": date(2024, 1, 1), "valid_to": None,
    }  # fmt: skip
    return base | more


@pytest.fixture
def make() -> Callable[..., Delta]:
    """Make a delta from keywords `added=` and `closed=`."""

    def delta(added: dict[str, Any] | None = None, closed: dict[str, Any] | None = None) -> Delta:
        return Delta(closed or {}, added or {})

    return delta


WHO = {"act": "test.write", "actor": "u:clerk01", "reason": "登记"}
