"""The market of an office: money and units move together or not at all; book and calls; nothing is traded with oneself."""

from __future__ import annotations

import pytest

from ecocomp.credits.auction import Order
from ecocomp.terms.faults import FaultsError
from ecoweb.credits import market, queries
from ecoweb.credits import operations as op
from ecoweb.treasury import ledger
from ecoweb.treasury.ledger_check import check

from .conftest import WHO, Market, parameter, rules_file
from .test_units import OTHER, codes, sound


def money(m: Market) -> dict[str, int]:
    """What accounts have deposited, and what the village's envelope got, in yuan."""
    named = {a: f"liability:settlement:{a}:CREDITS" for a in "VABC"} | {"fund": "fund:QX-CARBON", "bank": "asset:bank:QX-CARBON"}
    found = {a: ledger.balance(m.office, name) for a, name in named.items()}
    return {a: abs(fen) // 100 for a, fen in found.items() if fen}


@pytest.fixture
def trading(desk: Market) -> Market:
    """A thousand tickets of the village; A, B and C have 10,000 yuan each."""
    desk.project("T1")
    desk.issue("T1", "1000")
    for account in "ABC":
        desk.deposit(account, 10_000)
    return desk


def test_the_book_trades_price_then_time_and_pays_the_envelope(trading: Market) -> None:
    m = trading
    assert m.order("V", "sell", "100", "15.02").found["open"] == 100
    assert m.order("V", "sell", "100", "15").found["open"] == 100
    done = m.order("A", "buy", "150", "16")
    assert [(f["price"], f["quantity"]) for f in done.found["fills"]] == [(1500, 100), (1502, 50)]
    assert (m.held("A"), m.held("V"), m.held("V", state="locked")) == (150, 800, 50)
    assert money(m) == {"A": 7749, "B": 10_000, "C": 10_000, "fund": 2251, "bank": 2251}
    assert queries.depth(m.office, "carbon_ticket") == {"buy": [], "sell": [{"price_fen": 1502, "quantity": 50, "orders": 1}]}
    rest = m.order("B", "buy", "80", "15.02")
    assert (rest.found["trades"], rest.found["open"]) == (1, 30)
    market.cancel_order(m.office, m.rules, rest.found["order"], **WHO)
    with pytest.raises(FaultsError) as caught:
        market.cancel_order(m.office, m.rules, rest.found["order"], **WHO)
    assert codes(caught) == ["order_closed"]
    market_order = m.order("C", "buy", "5", None)
    assert (market_order.found["ended"], market_order.found["why"]["en"]) == (5, "there is no order on the other side.")
    assert [t["amount_fen"] for t in queries.trades(m.office)] == [150_000, 75_100, 75_100]
    sound(m)


def test_money_that_is_not_there_moves_nothing(trading: Market) -> None:
    m = trading
    m.order("V", "sell", "1000", "15")
    with pytest.raises(FaultsError) as caught:
        m.order("A", "buy", "667", "15")
    assert codes(caught) == ["deposit"]
    m.order("A", "buy", "100", "14")  # reserves 1,400
    with pytest.raises(FaultsError) as caught:
        m.order("A", "buy", "600", None)
    assert codes(caught) == ["deposit"]
    with pytest.raises(FaultsError) as caught:
        market.move_money(m.office, m.rules, "A", -8_600_01, "bank", **WHO)
    assert codes(caught) == ["deposit"]
    market.move_money(m.office, m.rules, "A", -8_600_00, "bank", **WHO)
    op.trust(m.office, "V", "A", "d", **WHO)
    with pytest.raises(FaultsError) as caught:
        op.request_transfer(m.office, m.rules, "carbon_ticket", "V", "A", "10", amount_fen=100, **WHO)
    assert codes(caught) == ["not_enough"]  # all units are offered
    assert (m.held("A"), m.held("V", state="locked"), money(m)["A"]) == (0, 1000, 1400)
    sound(m)


def test_a_deal_takes_units_against_the_deposit_in_one_step(trading: Market) -> None:
    m = trading
    op.trust(m.office, "V", "A", "d", **WHO)
    ask = {"giver": "V", "taker": "A", "quantity": "10"}
    first = op.request_transfer(m.office, m.rules, "carbon_ticket", **ask, amount_fen=900_000, **WHO)
    second = op.request_transfer(m.office, m.rules, "carbon_ticket", **ask, amount_fen=200_000, **WHO)
    op.approve_transfer(m.office, m.rules, first.found["request"], **OTHER)
    with pytest.raises(FaultsError, match="settlement:A"):
        op.approve_transfer(m.office, m.rules, second.found["request"], **OTHER)
    assert (m.held("A"), money(m)["A"], money(m)["fund"]) == (10, 1000, 9000)
    assert [r["request"] for r in queries.requests(m.office)] == [second.found["request"]]
    sound(m)


def test_fees_are_paid_by_both_sides_and_stay_with_the_market(trading: Market) -> None:
    m = trading
    rules_file(m.office, "fees", "parameters:\n" + parameter("credits.carbon_ticket.fee_share", "number", "0.001"))
    m.order("V", "sell", "100", "15")
    done = m.order("A", "buy", "100", "15")
    assert (done.found["fees_fen"], money(m)["fund"], -ledger.balance(m.office, "fund:fees:CREDITS")) == (300, 1498, 300)
    assert check(m.office) == []
    table, _ = queries.proceeds(m.office, m.rules, m.office.today().year)
    assert sum(table["proceeds_fen"].to_pylist()) == 149_850
    sound(m)


def test_nobody_trades_with_himself_whatever_accounts_he_uses(trading: Market) -> None:
    m = trading
    m.account("V2", "collective", party_id="P-V")
    m.deposit("V2", 1000)
    m.order("V", "sell", "100", "15")
    done = m.order("V2", "buy", "10", "15")
    assert (done.found["trades"], done.found["ended"]) == (0, 10)
    m.order("V", "sell", "10", "14", call="one")
    with pytest.raises(FaultsError) as caught:
        m.order("V2", "buy", "10", "15", call="one")
    assert codes(caught) == ["self_trade"]
    sound(m)


def test_a_sealed_call_clears_at_one_price(trading: Market) -> None:
    m = trading
    for side, account, quantity, price in (
        ("sell", "V", "100", "14"),
        ("buy", "A", "80", "15"),
        ("buy", "B", "60", "14.5"),
        ("buy", "C", "60", "13"),
    ):
        m.order(account, side, quantity, price, call="2026-1")
    assert queries.depth(m.office, "carbon_ticket") == {"buy": [], "sell": []}
    assert queries.calls(m.office, "carbon_ticket") == [{"call": "2026-1", "orders": 4}]
    done, result = market.run_call(m.office, m.rules, "carbon_ticket", "2026-1", **WHO, key="call")
    assert result is not None
    assert (result.price, result.volume, done.found["amount_fen"]) == (1450, 100, 145_000)
    assert (m.held("A"), m.held("B"), m.held("C"), m.held("V"), m.held("V", state="locked")) == (80, 20, 0, 900, 0)
    assert money(m) == {"A": 8840, "B": 9710, "C": 10_000, "fund": 1450, "bank": 1450}
    again, nothing = market.run_call(m.office, m.rules, "carbon_ticket", "2026-1", **WHO, key="call")
    assert (again.again, again.found["price_fen"], nothing) == (True, 1450, None)
    with pytest.raises(FaultsError) as caught:
        market.run_call(m.office, m.rules, "carbon_ticket", "2026-1", **WHO)
    assert codes(caught) == ["no_orders"]
    sound(m)


def test_a_call_from_a_file_is_entered_whole_or_not_at_all(trading: Market) -> None:
    m = trading
    orders = [
        Order("1", "V", "sell", 100, 1400, 1),
        Order("2", "A", "buy", 100, 1500, 2),
        Order("3", "X", "buy", 10, 1500, 3),
        Order("4", "B", "buy", 900, 1500, 4),
    ]
    with pytest.raises(FaultsError) as caught:
        market.run_call(m.office, m.rules, "carbon_ticket", "f", orders=orders, **WHO)
    assert codes(caught) == ["no_account", "deposit"]
    assert (m.held("V"), m.ask("SELECT count(*) FROM credit_order")) == (1000, [(0,)])
    _, result = market.run_call(m.office, m.rules, "carbon_ticket", "f", orders=orders[:2], **WHO)
    assert result is not None
    assert (result.price, m.held("A")) == (1450, 100)
    sound(m)


def test_a_trader_waits_and_offers_bring_their_evidence(trading: Market) -> None:
    m = trading
    (m.office.folder / "rules" / "CN" / "credits" / "no_wait.yaml").unlink()
    with pytest.raises(FaultsError) as caught:
        m.order("A", "buy", "1", "15")
    assert codes(caught) == ["new_counterparty"]
    with pytest.raises(FaultsError) as caught:
        m.order("A", "sell", "1", "15", "water_right")
    assert [c for c in codes(caught) if c == "step_missing"] == ["step_missing"] * 3
    with pytest.raises(FaultsError) as caught:
        m.order("A", "buy", "1", "150.5", "land_ticket", call="x")
    assert "tick" in codes(caught)
