"""The market of an office: money and units move together or not at all; book and calls; nothing is traded with oneself."""

from __future__ import annotations

from datetime import date

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
    with pytest.raises(FaultsError) as caught:
        op.approve_transfer(m.office, m.rules, second.found["request"], **OTHER)
    assert codes(caught) == ["deposit"]
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


def test_fees_of_many_fills_are_those_of_the_whole(trading: Market) -> None:
    """A bid that its deposit just covers is filled unit by unit: rounding each fill up may not leave its seller unpaid."""
    m = trading
    rules_file(m.office, "fees", "parameters:\n" + parameter("credits.carbon_ticket.fee_share", "number", "0.001"))
    m.account("D")
    market.move_money(m.office, m.rules, "D", 15_015, "bank", **WHO)
    m.order("D", "buy", "10", "15")  # 150.00 yuan and 0.15 of fees; 0.015 a unit
    for _ in range(10):
        assert m.order("V", "sell", "1", "15").found["trades"] == 1
    assert ledger.balance(m.office, "liability:settlement:D:CREDITS") == 0
    assert m.ask("SELECT sum(buyer_fee_fen), sum(seller_fee_fen) FROM credit_trade WHERE buyer = 'D'") == [(15, 10 * 2)]
    assert check(m.office) == []
    sound(m)


def test_a_deal_leaves_the_money_of_open_bids_alone(trading: Market) -> None:
    m = trading
    m.order("A", "buy", "100", "14")  # reserves 1,400 of 10,000
    op.trust(m.office, "V", "A", "d", **WHO)
    ask = {"giver": "V", "taker": "A", "quantity": "10"}
    deal = op.request_transfer(m.office, m.rules, "carbon_ticket", **ask, amount_fen=860_001, **WHO)
    with pytest.raises(FaultsError) as caught:
        op.approve_transfer(m.office, m.rules, deal.found["request"], **OTHER)
    assert codes(caught) == ["deposit"]
    assert m.order("V", "sell", "100", "14").found["trades"] == 1
    sound(m)


def test_a_bid_at_any_price_that_no_deposit_covers_leaves_the_call_and_the_others_trade(trading: Market) -> None:
    m = trading
    m.account("D")
    m.deposit("D", 100)
    m.order("V", "sell", "100", "14", call="c")
    bare = m.order("D", "buy", "90", None, call="c").found["order"]
    m.order("A", "buy", "60", "15", call="c")
    m.order("B", "buy", "5", None, call="c")
    done, result = market.run_call(m.office, m.rules, "carbon_ticket", "c", **WHO)
    assert result is not None
    assert (result.price, result.volume, done.found["uncovered"]) == (1400, 65, [bare])
    assert (m.held("A"), m.held("B"), m.held("D"), m.held("V")) == (60, 5, 0, 935)
    assert m.ask("SELECT count(*) FROM credit_order WHERE open > 0") == [(0,)]
    sound(m)


def test_a_file_of_orders_stands_behind_those_that_waited(trading: Market) -> None:
    """The times in a file order its own lines; they do not put it before sealed orders that came first."""
    m = trading
    m.order("A", "buy", "10", "15", call="f")
    late = [Order("1", "B", "buy", 10, 1500, 0), Order("2", "V", "sell", 10, 1500, 0)]
    _, result = market.run_call(m.office, m.rules, "carbon_ticket", "f", orders=late, **WHO)
    assert result is not None
    assert (m.held("A"), m.held("B")) == (10, 0)
    sound(m)


def test_the_rows_of_a_file_may_stand_in_any_order(trading: Market) -> None:
    m = trading
    orders = [
        Order(str(i), a, s, q, p, t)
        for i, (a, s, q, p, t) in enumerate(
            [("V", "sell", 30, 1400, 1), ("A", "buy", 20, 1400, 2), ("B", "buy", 20, 1400, 2), ("C", "buy", 5, 1500, 3)]
        )
    ]
    found = []
    for n, rows in enumerate((orders, orders[::-1], [orders[k] for k in (2, 0, 3, 1)])):
        done, _ = market.run_call(m.office, m.rules, "carbon_ticket", f"call{n}", orders=rows, **WHO)
        found.append({f["order"].partition(":")[2]: f["quantity"] for f in done.found["fills"]})
    assert found == [{"0": 30, "1": 20, "2": 5, "3": 5}] * 3
    sound(m)


def test_what_two_parties_agree_on_does_not_move_the_price_of_a_call(trading: Market) -> None:
    m = trading
    m.order("V", "sell", "10", "14.4")
    m.order("A", "buy", "10", "14.4")
    op.trust(m.office, "V", "A", "d", **WHO)
    deal = op.request_transfer(m.office, m.rules, "carbon_ticket", "V", "A", "1", amount_fen=1, receipt="bank", **WHO)
    op.approve_transfer(m.office, m.rules, deal.found["request"], **OTHER)
    m.order("V", "sell", "10", "14", call="c")
    m.order("B", "buy", "10", "15", call="c")
    _, result = market.run_call(m.office, m.rules, "carbon_ticket", "c", **WHO)
    assert result is not None
    assert result.price == 1440
    sound(m)


def test_offers_whose_units_expire_end_before_anything_is_matched(trading: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    m = trading
    rules_file(m.office, "life", "parameters:\n" + parameter("credits.carbon_ticket.valid_years", "number", "3", "a"))
    m.project("T2", parcels=[("G2", "1")], account="A")
    m.issue("T2", "10", years=(2024, 2025))
    m.order("A", "sell", "10", "15")
    monkeypatch.setattr(type(m.office), "today", lambda self: date(2027, 1, 1))
    done = m.order("B", "buy", "10", "15")
    assert (done.found["trades"], done.found["open"]) == (0, 10)
    assert (m.held("A"), m.held("A", state="locked")) == (10, 0)
    sound(m)


def test_units_that_have_expired_do_not_stand_in_the_way_of_good_ones(trading: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    m = trading
    rules_file(m.office, "life", "parameters:\n" + parameter("credits.carbon_ticket.valid_years", "number", "3", "a"))
    for n, year in enumerate((2024, 2025)):
        m.project(f"T{n + 2}", parcels=[(f"G{n + 2}", "1")], account="A")
        m.issue(f"T{n + 2}", "10", years=(year, year + 1))
    monkeypatch.setattr(type(m.office), "today", lambda self: date(2027, 6, 1))
    assert m.order("A", "sell", "4", "15").found["open"] == 4
    op.retire(m.office, m.rules, "carbon_ticket", "A", "4", "offset", "B", **WHO)
    assert m.ask("SELECT DISTINCT issue_id FROM credit_block WHERE ended_by_id IS NULL AND state IN ('locked', 'retired')") == [
        ("carbon_ticket-3",)
    ]
    with pytest.raises(FaultsError) as caught:
        op.retire(m.office, m.rules, "carbon_ticket", "A", "3", "offset", "B", **WHO)
    assert codes(caught) == ["expired"]
    op.cancel(m.office, m.rules, "carbon_ticket", "A", "10", "expired", **WHO)
    sound(m)
