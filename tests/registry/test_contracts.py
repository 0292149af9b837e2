"""Contracts over every registered plug-in: the spec is whole, the examples hold, the parameters exist."""

from __future__ import annotations

import pytest

from ecocomp.registry import Entry, entries
from ecocomp.registry.folder import FOLDERS
from ecocomp.rules import RuleBook, policy_folder
from ecocomp.terms.faults import UsageError

ALL = [(folder, e) for folder in FOLDERS for e in entries(folder).values()]


@pytest.fixture(scope="module")
def book() -> RuleBook:
    return RuleBook.load([policy_folder()])


def test_every_folder_has_entries() -> None:
    assert {folder for folder, _ in ALL} == set(FOLDERS)


@pytest.mark.parametrize(("folder", "entry"), ALL, ids=lambda x: x.spec.id if isinstance(x, Entry) else x)
def test_the_spec_is_whole(folder: str, entry: Entry) -> None:
    assert entry.spec.faults() == []


@pytest.mark.parametrize(("folder", "entry"), ALL, ids=lambda x: x.spec.id if isinstance(x, Entry) else x)
def test_the_parameters_it_declares_are_in_the_rules(folder: str, entry: Entry, book: RuleBook) -> None:
    missing = [u.name for u in entry.spec.parameters if not u.optional and u.name not in book.keys and not u.name.endswith("*")]
    assert missing == [], f"{entry.spec.id} declares parameters no rule file has"


def test_an_unknown_id_names_the_known_ones() -> None:
    from ecocomp.registry import entry

    with pytest.raises(UsageError, match="soil_retention"):
        entry("services.models", "soil")
