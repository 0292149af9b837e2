"""Worked histories: what was recorded when, and who held and was paid, on any day as known on any other."""

from __future__ import annotations

import sys
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from office_book import Office

from ecocomp.rules.lines import read_yaml, strip
from ecocomp.tenure.deeds import deed_of
from ecocomp.tenure.standing import standing
from ecocomp.terms.clocks import OFFICE_ZONE

FILES = sorted((Path(__file__).parent / "histories").glob("*.yaml"))


@pytest.mark.parametrize("path", FILES, ids=[p.stem for p in FILES])
def test_worked_history(path: Path) -> None:
    document, faults = read_yaml(path)
    assert not faults
    case: dict[str, Any] = strip(document)
    office = Office(None)
    for step in case["steps"]:
        _record(office, step)
    for ask in case["ask"]:
        paid = office.paid(ask["valid"], ask["known"])
        assert {p: paid.get(p, []) for p in ask["paid"]} == ask["paid"], f"{ask['valid']} as known on {ask['known']}"
        for parcel, reasons in ask.get("standing", {}).items():
            table = standing(pa.array([parcel]), office.tables(), ask["valid"], ask["known"])
            assert table["reason"].to_pylist() == reasons


def _record(office: Office, step: dict[str, Any]) -> None:
    """Record one transaction at nine in the morning of its day, and see that it has exactly the faults it says."""
    deeds, found = [], []
    for written in step["deeds"]:
        made, faults = deed_of({k: step[k] for k in ("on", "source") if k in step} | written)
        found += faults
        deeds += [] if made is None else [made]
    recorded: date = step["recorded"]
    moment = datetime(recorded.year, recorded.month, recorded.day, tzinfo=OFFICE_ZONE) + timedelta(hours=9)
    if not found:
        found = office.record(deeds, moment, today=recorded)
    assert sorted(f.code.removeprefix("tenure.") for f in found) == sorted(step.get("faults", [])), [f.say("en") for f in found]
