"""Contracts over every registered plug-in: the spec is whole, the examples hold, the parameters exist."""

from __future__ import annotations

import inspect

import pytest

from ecocomp.registry import Entry, entries
from ecocomp.registry.calculate import calculable, calculate
from ecocomp.registry.folder import FOLDERS, FORMULA_FOLDERS
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


# ---------------------------------------------------------------- entries for plain numbers
PLAIN = [
    e
    for folder in ("services.models", "valuation.methods", *FORMULA_FOLDERS)
    for e in entries(folder).values()
] + [e for e in entries("monitoring.signals").values() if e.spec.arguments]  # fmt: skip


def test_ids_are_one_of_a_kind_over_all_folders() -> None:
    calculable()
    ids = [e.spec.id for e in PLAIN]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("entry", PLAIN, ids=lambda e: e.spec.id)
def test_it_declares_what_it_takes_and_gives(entry: Entry) -> None:
    spec = entry.spec
    assert entry.evaluate is not None and spec.faults() == [] and spec.formula
    taken = inspect.signature(entry.evaluate).parameters
    assert [a.name for a in spec.arguments] == list(taken), "arguments are those of evaluate, in its order"
    optional = {n for n, p in taken.items() if p.default is not inspect.Parameter.empty}
    assert {a.name for a in spec.arguments if a.default is not None} <= optional
    symbols = [a.symbol for a in spec.arguments if a.symbol] + [u.symbol for u in spec.outputs if u.symbol]
    assert len(symbols) == len(set(symbols)), "two things share a symbol"
    for symbol in symbols:
        assert symbol in spec.formula, f"{symbol} is declared but the formula does not use it"
    assert all(t.zh and t.en for t in [a.meaning for a in spec.arguments] + [u.meaning for u in spec.outputs])
    assert len(spec.examples) >= 2


@pytest.mark.parametrize("entry", PLAIN, ids=lambda e: e.spec.id)
def test_its_examples_hold_as_typed_on_the_command_line(entry: Entry) -> None:
    for example in entry.spec.examples:
        found = calculate(entry.spec.id, {k: as_typed(v) for k, v in example.inputs.items()})
        assert set(found.outputs) <= {u.name for u in entry.spec.outputs}
        for name, value in example.outputs.items():
            assert found.outputs[name] == close(value, example.tolerance), (entry.spec.id, name)


def as_typed(value: object) -> str:
    """Write a value as a person types it."""
    if isinstance(value, list | tuple):
        if value and isinstance(value[0], list | tuple):
            return ";".join(",".join(map(repr, row)) for row in value)
        return ",".join(map(repr, value))
    return value if isinstance(value, str) else repr(value)


def close(value: object, tolerance: float) -> object:
    if isinstance(value, str | bool):
        return value
    if isinstance(value, list) and value and isinstance(value[0], list):
        return [pytest.approx(row, rel=tolerance, abs=1e-12) for row in value]
    return pytest.approx(value, rel=tolerance, abs=1e-12)


def test_an_unknown_id_names_the_known_ones() -> None:
    from ecocomp.registry import entry

    with pytest.raises(UsageError, match="soil_retention"):
        entry("services.models", "soil")
