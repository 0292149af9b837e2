"""What cannot be computed is told in words by the operation itself, every fault at once, never as a traceback."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from ecocomp.rules import RuleBook, policy_folder
from ecocomp.terms.faults import EcocompError, FaultsError
from ecocomp.worked.cases import Case, read_cases, shipped
from ecocomp.worked.operation import Setting, operations
from ecocomp.worked.values import check_plain

AT = Setting(RuleBook.load([policy_folder()], check=False), "CN", date(2026, 12, 31), date(2027, 1, 1), Path())
SHIPPED = read_cases(shipped())[0]


def told(operation: str, /, **given: Any) -> list[str]:
    with pytest.raises(FaultsError) as stop:
        operations()[operation].run(given, AT)
    return [f"{f.record}: {f.clash.en} {f.remedy.en}" for f in stop.value.faults]


@pytest.mark.parametrize(
    ("operation", "given", "place", "said"),
    [
        ("payments.divided", {"sources": {"E1": 1}, "shares": {"H1": "1/2", "H2": "1/3"}}, "shares", "5/6"),
        ("funds.apportion", {"total": 1, "weights": [0, 0]}, "weights", "above zero"),
        ("funds.apportion", {"total": "a lot", "weights": [1]}, "total", "a lot"),
        ("funds.ration", {"rule": "nosuch", "available": 1, "owed": [1, 2]}, "rule", "pro_rata"),
        ("funds.ration", {"rule": "rank", "available": 1, "owed": [1, 2], "ranks": [1]}, "ranks", "2 values"),
        ("funds.match", {"granted": 1, "matched": 1, "share": 0}, "share", "above zero"),
        ("funds.interest", {"balance": 1, "days": "ten", "rate": 1}, "days", "ten"),
        ("funds.plan", {"plan": []}, "plan", "table of keys"),
        ("funds.standing", {"source": "bond", "events": [{"kind": "grant", "yuan": 1, "day": 3}]}, "events[1].day", "not known"),
        ("credits.notice", {"from": "tomorrow", "to": date(2026, 7, 1)}, "from", "tomorrow"),
        ("credits.auction", {"orders": [{"order": "a", "side": "buy", "quantity": "5x"}]}, "orders[1].quantity", "5x"),
        ("credits.book", {"orders": [{"order": "a", "kind": "cancle"}]}, "orders[1].kind", "cancel"),
        ("credits.evidence", {"instrument": "ccer", "operation": "burn"}, "operation", "retire"),
        ("credits.mean_price", {"trades": [{"quantity": 1}]}, "trades[1].amount", "missing"),
        ("ledger.arrears", {"moves": [{"owed": 5}], "days": 3}, "moves[1].on", "missing"),
        ("ledger.post", {"transfers": [], "reverse": [2]}, "reverse", "1 to 0"),
        ("payments.returned", {"batch": "B", "sent": [{"row": "x", "amount": 1}], "rows": []}, "sent[1].row", "x"),
        ("payments.arrears", {"due": 1, "due_on": "soon", "until": date(2026, 1, 1)}, "due_on", "soon"),
        ("simulate.change", {"old": 1, "change": "*x"}, "change", "neither a number nor a change"),
        ("simulate.inequality", {"payments": [1, 2], "groups": ["a"]}, "groups", "2 values"),
        ("target.auction", {"bids": "none"}, "bids", "a list"),
        ("standard.annuity", {"capital": 1, "rate": 0, "years": "ten"}, "years", "ten"),
    ],
)  # fmt: skip
def test_what_cannot_be_computed_is_told_where_it_stands(operation: str, given: dict[str, Any], place: str, said: str) -> None:
    lines = told(operation, **given)
    assert any(line.startswith(f"{place}: ") and said in line for line in lines), lines


def test_every_fault_is_told_at_once() -> None:
    lines = told("credits.auction", orders=[{"ordr": "a", "side": "buy", "quantity": "many"}, {"order": "b", "side": "buy"}], lot=0)
    assert [line.partition(":")[0] for line in lines] == [
        "lot",
        "orders[1].ordr",
        "orders[1].order",
        "orders[2].quantity",
        "orders[1].quantity",
    ]


@pytest.mark.parametrize(
    ("operation", "given"),
    [
        ("standard.development", {"engel": "high"}),
        ("standard.development", {"urban": Decimal("0.3")}),
        ("credits.conservation", {"issued": "ten"}),
        ("credits.lots", {"quantity": 0, "amount": 1}),
        ("funds.transfer", {"counties": [1], "pool": 1}),
        ("funds.equalise", {"regions": [{"region": "a", "std_revenue": "x"}], "pool": 1, "w1": 1, "w2": 0}),
        ("funds.cost_factor", {"factors": {"remot": 1}}),
    ],
)
def test_other_impossible_values_are_refused_in_words(operation: str, given: dict[str, Any]) -> None:
    with pytest.raises(EcocompError):
        operations()[operation].run(given, AT)


JUNK: tuple[Any, ...] = (
    None, "", "x", "NaN", "1e999999999", "1/0", -1, 10**400, float("nan"), Decimal("NaN"), Decimal("1e400"), Decimal("-1e-30"), True,
    [], {}, [[]], {"a": {"b": [1]}}, ["x", None, {"y": 1}], date(1, 1, 1), "9999-99-99", b"x", object(), {None: 1},
)  # fmt: skip


def changed(value: Any, path: tuple[Any, ...], junk: Any) -> Any:
    """Return nested values with the one at a path changed."""
    if not path:
        return junk
    out = dict(value) if isinstance(value, dict) else list(value)
    out[path[0]] = changed(value[path[0]], path[1:], junk)
    return out


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of each value, of a list of its first one only, three levels deep."""
    inside = value.items() if isinstance(value, dict) else list(enumerate(value))[:1] if isinstance(value, list) else ()
    for key, held in inside:
        yield (*path, key)
        if len(path) < 2:
            yield from places(held, (*path, key))


def refused_or_done(operation: str, given: Any, case: Case) -> None:
    """Run; anything but an answer or a fault in words fails the test."""
    at = Setting(AT.book, case.place, case.on, case.known, case.file.parent)
    try:
        operations()[operation].run(given, at)
    except EcocompError as told:
        assert told.message.zh and told.message.en


@pytest.mark.parametrize("operation", sorted(operations()))
def test_whatever_is_given_only_words_come_out(operation: str) -> None:
    case = next((c for c in SHIPPED if c.do == operation), None)
    if case is None:
        case = dataclasses.replace(SHIPPED[0], given={})
    for given in (None, [], "x", {"zz": 1}, {"zz": [1] * 100_000}):
        with pytest.raises(FaultsError):
            operations()[operation].run(given, AT)
    for n, path in enumerate(list(places(dict(case.given)))[:12]):
        for junk in JUNK[n % 2 :: 2]:
            refused_or_done(operation, changed(case.given, path, junk), case)
        gone = {k: v for k, v in case.given.items() if k != path[0]}
        refused_or_done(operation, gone, case)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"a": [1] * 100_000}, "20,000 values"),
        ({"a": "1e999999999"}, "at most 60 digits"),
        ({"a": Decimal("1e400")}, "at most 60 digits"),
        ({"a": [{"b": float("inf")}]}, "a[1].b"),
        ({"a": 10**5000}, "at most 60 digits"),
        ({"a": object()}, "true or false"),
        ({"a": {None: 1}}, "whose keys are words"),
        ({"a": "x" * 10**6}, "200,000 signs"),
        (json.loads("[" * 40 + "]" * 40), "12 levels"),
    ],
)
def test_values_nobody_works_by_hand_are_refused_at_the_door(value: Any, said: str) -> None:
    with pytest.raises(FaultsError) as stop:
        check_plain(value, "op")
    assert any(said in f.say("en") for f in stop.value.faults), [f.say("en") for f in stop.value.faults]


def test_sensible_values_pass_the_door() -> None:
    check_plain(
        {"a": [Decimal("0.0000001"), Decimal(0), 10**20, "1e5", date(2026, 1, 1), None, True, 1.5, Fraction(1, 3)], 2026: {}}, "op"
    )
