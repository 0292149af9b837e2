"""Every broken file ends in words a clerk can act on or goes in whole; nothing else happens, and nothing happens elsewhere."""

from __future__ import annotations

import re

import pyarrow as pa
import pytest
import shapely

from ecocomp.io.files import read_table

from . import broken
from .conftest import Opened, Session, everything

pytestmark = pytest.mark.xdist_group("hostile")
IDS = [f"{one.id} ({job})" for one in everything() for job in one.jobs]
_HAN = re.compile(r"[\u4e00-\u9fff]")
_LEAK = re.compile(r"Traceback|\.job-|in/source|out/parts|0x[0-9a-f]{8,}|site-packages")
_STEERING = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def words(opened: Opened) -> str:
    """Return everything a person would read."""
    assert opened.answer is not None
    return "\n".join(f.say(lang) for f in opened.answer.faults for lang in ("zh", "en"))


def test_there_are_more_than_two_hundred_kinds_in_every_format() -> None:
    assert len(broken.CATALOGUE) > 400
    assert {b.base for b in broken.CATALOGUE.values()} == {"gpkg", "shp", "geojson", "parquet", "gdb", "csv", "xlsx", "table"}
    assert len(set(IDS)) == len(IDS)


@pytest.mark.parametrize("id", IDS)
def test_it_is_refused_in_words_or_goes_in_whole(session: Session, id: str) -> None:
    opened = session.opened[id]
    assert not opened.error, opened.error
    answer = opened.answer
    assert answer is not None
    for fault in answer.faults:
        assert fault.code.startswith("io."), fault
        assert _HAN.search(fault.clash.zh) and _HAN.search(fault.remedy.zh), fault
        assert re.search("[a-z]{2}", fault.clash.en) and re.search("[a-z]{2}", fault.remedy.en), fault
    assert not _LEAK.search(words(opened)), words(opened)
    assert not _STEERING.search(words(opened)), repr(words(opened))
    assert "io.worker_timeout" not in {f.code for f in answer.faults}, "no file may take longer than the bound"
    if answer.ok:
        assert not [f for f in answer.faults if f.severity == "error"]
        assert opened.broken.must != "refuse", answer.facts
        check_clean(opened)
    else:
        assert [f for f in answer.faults if f.severity == "error"], "a refusal says why"
        assert answer.path is None and opened.broken.must != "accept", (words(opened), answer.trace)


def check_clean(opened: Opened) -> None:
    """Check that what came out is whole: as many rows as went in, plain columns, geometries that can be read."""
    answer = opened.answer
    assert answer is not None and answer.path is not None
    table = read_table(answer.path)
    table.validate(full=True)
    if opened.job == "sheets":
        assert sum(s["rows"] for s in answer.facts["sheets"]) >= len(table)
        return
    said = answer.facts["features" if opened.job == "vector" else "rows"]
    assert len(table) == said
    if opened.broken.rows >= 0:
        assert said == OTHER_ROWS.get(opened.broken.id, opened.broken.rows), answer.facts
    for column in table.schema:
        if column.name == "geometry" and opened.job == "vector":
            shapely.from_wkb(table["geometry"].to_numpy())
        else:
            assert column.type in (pa.string(), pa.int64(), pa.float64()), column


OTHER_ROWS: dict[str, int] = {
    "shp/.dbf rows marked as deleted": broken.PATCHES - 1,  # and that is said
    "xlsx/an error for a value": broken.REGISTER_ROWS,  # a row of nothing but an error, and that is said
    "xlsx/a formula without a value": broken.REGISTER_ROWS,  # a row of nothing
}
"""Harmless ones that rightly come out with another number of rows than went in."""


def test_nothing_around_the_files_is_changed(session: Session) -> None:
    assert session.after == session.before


def test_only_clean_files_and_their_facts_are_left(session: Session) -> None:
    left = {p.name for p in session.out.iterdir()}
    wanted = {f"{o.answer.name}{s}" for o in session.opened.values() if o.answer and o.answer.ok for s in (".parquet", ".json")}
    assert left == wanted
