"""What the tests of the ledger share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from ecocomp.terms.faults import Fault, FaultsError
from ecoweb.office import Office
from ecoweb.records.store import Work, writing
from ecoweb.treasury.ledger import Transfer

T = Transfer
ON = date(2025, 1, 5)


def act(office: Office, do: Callable[[Work], Any]) -> Any:
    """Do something in one audited transaction and return what it gives."""
    with writing(office, act="test.post", actor="u:acc01", reason="记账") as work:
        return do(work)


def trouble(office: Office, do: Callable[[Work], Any]) -> list[Fault]:
    """Return the faults of something that must not go through."""
    with pytest.raises(FaultsError) as caught:
        act(office, do)
    return list(caught.value.faults)


def codes(office: Office, do: Callable[[Work], Any]) -> set[str]:
    """Return the codes of those faults."""
    return {f.code for f in trouble(office, do)}


def booked(office: Office, query: str) -> list[tuple[Any, ...]]:
    """Return what a query finds."""
    with office.reading() as cursor:
        cursor.execute(query)
        return [tuple(row) for row in cursor.fetchall()]
