"""What every test may use: the shared real data where present, and a small sample county made once."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ecocomp.rules import Parameters, RuleBook, RuleValue, policy_folder
from ecocomp.terms.text import same

ROOT = Path(__file__).resolve().parent.parent


def _shared() -> Path | None:
    named = os.environ.get("ECOCOMP_SHARED_DATA")
    for place in (Path(named) if named else None, ROOT.parent / "shared" / "data"):
        if place and place.is_dir():
            return place
    return None


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data; tests that need it are skipped where it is absent."""
    place = _shared()
    if place is None:
        pytest.skip("the real data folder is not here (set ECOCOMP_SHARED_DATA to its path)")
    return place


@pytest.fixture
def repo() -> Path:
    """The root of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def policy_book() -> RuleBook:
    """The dated rules that ship with ecocomp."""
    return RuleBook.load([policy_folder()], check=False)


@pytest.fixture(scope="session")
def given_rules(policy_book: RuleBook) -> Callable[..., Parameters]:
    """Make parameters from values written in a test: `given_rules({key: value}, units={key: unit}, place=None, on=date)`.

    With a place, the values stand over the rules that ship; without one they are all there is. A number may be a
    string, or a (low, value, high) of strings; the unit "text" keeps a string that looks like a number a text.
    """

    def make(
        values: dict[str, Any], *, units: dict[str, str] | None = None, place: str | None = None, on: date = date(2024, 12, 31)
    ) -> Parameters:
        made = [_value(key, value, (units or {}).get(key, "CNY/ha/a"), place or "here") for key, value in values.items()]
        book = RuleBook([*(policy_book.values() if place else ()), *made], policy_book.places)
        return Parameters(book, tuple(policy_book.chain(place)) if place else ("here",), on, date(2030, 1, 1))

    return make


def _value(key: str, value: Any, unit: str, place: str) -> RuleValue:
    low, mid, high = value if isinstance(value, tuple) else (value, value, value)
    kind = "table" if isinstance(mid, dict) else "list" if isinstance(mid, list) else "number"
    if kind == "table":
        low, mid, high = ({str(k): Decimal(str(x)) for k, x in t.items()} for t in (low, mid, high))
    elif unit == "text":
        kind = "text"
    elif kind == "number":
        try:
            low, mid, high = (Decimal(str(x)) for x in (low, mid, high))
        except ArithmeticError:
            kind = "text"
    return RuleValue(
        key,
        same(key),
        unit,
        kind,
        place,
        mid,
        low,
        high,
        date(1900, 1, 1),
        None,
        date(1900, 1, 1),
        "given in the test",
        "",
        "S",
        None,
        "",
        "given",
        0,
        "",
        layer=9,
    )
