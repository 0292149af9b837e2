"""Account names found in memory are those of the database, whatever their fingerprints."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecoweb.office import Office
from ecoweb.treasury import ledger, ledger_index, ledger_names
from ecoweb.treasury.ledger_check import check
from ecoweb.treasury.ledger_index import NameIndex, fingerprints

from .books import ON, T, act, booked


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(max_size=40), unique=True, max_size=30), st.lists(st.text(max_size=40), max_size=10), st.integers(0, 30))
def test_what_is_added_is_found_and_nothing_else(names: list[str], others: list[str], cut: int) -> None:
    index = NameIndex()
    for part in (names[:cut], names[cut:]):
        index.add([pa.array(part, pa.large_string())], [np.array([names.index(n) + 1 for n in part], np.int64)], len(names))
    asked = [*names[::-1], *others]
    found = index.find(pa.array(asked, pa.string())).tolist()
    assert found == [names.index(n) + 1 if n in names else 0 for n in asked]


def test_a_slice_has_the_fingerprints_of_its_names() -> None:
    names = pa.array([f"liability:payable:H{i}:E{i % 7}" for i in range(300)])
    assert fingerprints(names.slice(7, 90)).tolist() == fingerprints(names).tolist()[7:97]
    assert len(set(fingerprints(names).tolist())) == 300


@pytest.mark.parametrize("clash", [False, True])
def test_many_accounts_are_read_at_once(office: Office, monkeypatch: pytest.MonkeyPatch, clash: bool) -> None:
    for name, value in (("_BY_NAME", 10), ("_LOAD_ALL", 20), ("_READ", 7)):
        monkeypatch.setattr(ledger_names, name, value)
    if clash:
        monkeypatch.setattr(ledger_index, "fingerprints", lambda names: np.zeros(len(names), np.uint64))
    holders = [f"liability:payable:户{i}:E{i % 3}" for i in range(60)]
    money = [T(f"asset:bank:E{e}", f"fund:E{e}", 10_000, "grant", "") for e in range(3)]
    act(office, lambda w: ledger.post(w, money, key="grant", book_on=ON))
    owed = [T(f"fund:E{i % 3}", h, 100 + i, "allocation", "") for i, h in enumerate(holders)]
    act(office, lambda w: ledger.post(w, owed[:50], key="owe 1", book_on=ON))
    office.memory.clear()  # as in a process that begins
    both = [*owed[50:], *(T(h, f"asset:bank:E{i % 3}", 40 + i, "payment", "") for i, h in enumerate(holders[:50]))]

    def twice(work: ledger.Work) -> None:
        ledger.post(work, both, key="pay", book_on=ON)
        ledger.post(work, [T(h, f"asset:bank:E{i % 3}", 1, "payment", "") for i, h in enumerate(holders)], key="more", book_on=ON)

    act(office, twice)
    found = dict(
        booked(office, "SELECT name, credit_posted - debit_posted FROM ledger_account JOIN ledger_balance ON account = code")
    )
    assert [found[h] for h in holders] == [59] * 50 + [99 + i for i in range(50, 60)]
    assert check(office) == []
