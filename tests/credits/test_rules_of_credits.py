"""Instruments as data, evidence, limits, fines and the sharing of proceeds, with the figures of the papers."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecocomp.credits import postings
from ecocomp.credits.instrument import FIELDS, Instrument, instrument, instruments, parse_quantity, say_quantity
from ecocomp.credits.issuing import Event, buffer_units, evidence_faults, parse_event, split_net, working_days, years_after
from ecocomp.credits.lots import check_lots
from ecocomp.credits.orders import parse_orders, parse_price, read_orders
from ecocomp.credits.surrender import mean_price, month_before, offset_limit, penalty, standing
from ecocomp.rules import Parameters, RuleBook, policy_folder
from ecocomp.terms.faults import FaultsError, UsageError
from ecocomp.terms.tables import CREDIT

TODAY = date(2026, 11, 22)


def params(*folders: Path) -> Parameters:
    return RuleBook.load([policy_folder(), *folders], check=False).resolve("CN", TODAY, TODAY)


def inst(id: str) -> Instrument:
    return instrument(id, params())


def test_every_instrument_of_the_sheet_is_there_and_sound() -> None:
    found, faults = instruments(params())
    assert faults == []
    assert set(found) == {
        "allowance", "carbon_ticket", "ccer", "forest_bank", "forest_cover", "land_ticket", "pollution_right", "water_right", "wetland_quota",
    }  # fmt: skip
    assert (found["ccer"].hold_back, found["ccer"].surrender_share, found["pollution_right"].valid_years) == (
        Fraction(1, 10),
        Fraction(1, 20),
        5,
    )
    assert found["wetland_quota"].match == ("quantity", "quality")
    assert "export" not in found["carbon_ticket"].operations
    assert all({"regulator", "registry", "exchange", "verifier"} <= i.barred for i in found.values())
    marks = {v.confidence for v in params().book.values("credits.ccer.crediting_years")} | {
        v.confidence for v in params().book.values("credits.land_ticket.split")
    }
    assert marks == {"M"}


def test_a_rule_file_that_cannot_be_is_named_with_its_line(tmp_path: Path) -> None:
    folder = tmp_path / "CN" / "credits"
    folder.mkdir(parents=True)
    rows = {
        "credits.odd.instrument": ("text", "odd"), "credits.odd.operations": ("list", "[isue]"), "credits.odd.hold_back": ("number", "1.5"),
        "credits.odd.decimals": ("number", "2.5"), "credits.odd.holders": ("list", "[martian]"), "credits.odd.split": ("table", "{a: 0.5, b: 0.4}"),
        "credits.odd.issue_steps": ("list", "[{step: x}]"), "credits.odd.crediting_years": ("table", "{min: 5, max: 2}"), "credits.odd.ground": ("text", "sea"),
        "credits.odd.colour": ("text", "red"), "credits.ghost.lot": ("number", "1"), "credits.odd.match": ("list", "[colour]"),
        "credits.odd.persons": ("number", "3"),
    }  # fmt: skip
    text = "parameters:\n" + "".join(
        f"  - key: {k}\n    name: {{zh: x, en: x}}\n    unit: '1'\n    kind: {kind}\n    values:\n      - {{value: {v}, document: d, confidence: D}}\n"
        for k, (kind, v) in rows.items()
    )
    (folder / "odd.yaml").write_text(text)
    found, faults = instruments(params(tmp_path))
    assert "odd" not in found
    assert "ccer" in found
    said = "\n".join(f.say("en") for f in faults)
    for word in (
        "colour",
        "ghost",
        "isue",
        "1.5",
        "2.5",
        "martian",
        "0.9",
        "sea",
        "min and max",
        "written step",
        "neither 1 nor 2",
    ):
        assert word in said, word
    assert all(f.where.endswith("odd.yaml") and f.record.startswith("line ") for f in faults)
    with pytest.raises(FaultsError):
        instrument("odd", params(tmp_path))
    with pytest.raises(UsageError, match="carbon_ticket"):
        instrument("carbon_tikcet", params())


def test_the_notice_of_a_real_registry_record_is_twenty_working_days() -> None:
    assert working_days(date(2026, 7, 17), date(2026, 8, 13)) == 20
    assert working_days(date(2026, 10, 1), date(2026, 10, 11), {date(2026, 10, d) for d in range(1, 8)}, {date(2026, 10, 10)}) == 3
    assert working_days(date(2026, 8, 14), date(2026, 8, 13)) == 0


@given(st.dates(date(2000, 1, 1), date(2040, 1, 1)), st.integers(0, 400))
def test_working_days_are_counted_one_by_one(start: date, length: int) -> None:
    days = [date.fromordinal(start.toordinal() + k) for k in range(length + 1)]
    assert working_days(start, days[-1]) == sum(d.weekday() < 5 for d in days)


def test_evidence_of_conditional_steps() -> None:
    needed = inst("pollution_right").transfer_steps
    given_ = [Event("surplus_check", date(2026, 1, 5), "d", "env")]
    assert evidence_faults(needed, given_, TODAY, "x") == []
    assert [f.code for f in evidence_faults(needed, given_, TODAY, "x", cross_region=True)] == ["credits.step_missing"]
    with pytest.raises(UsageError):
        parse_event("notice=2026-13-01,d")
    with pytest.raises(UsageError):
        parse_event("=2026-01-01,d")


def test_the_figures_of_the_papers() -> None:
    assert mean_price([(16_500, 24_780_000)], 0) == Fraction(24_780_000, 16_500)
    assert round(mean_price([(16_500, 24_780_000)], 0)) == 1502  # Jiangle: 15.02 yuan a tonne
    assert round(mean_price([(139_000, 5_900_000)], 0)) == 42  # Yunnan water: 0.42 yuan a cubic metre
    assert round(mean_price([(381_700, 62_230_000)], 0)) == 163
    assert buffer_units(150_600, inst("ccer").hold_back) == 15_060
    assert offset_limit(1_000_000, inst("ccer").surrender_share) == 50_000
    assert split_net(30_000_000, 10_000_000, {k: Fraction(v) for k, v in inst("land_ticket").split.items()}) == {
        "cost": 10_000_000, "collective": 3_000_000, "household": 17_000_000,
    }  # fmt: skip
    assert mean_price([], 0) is None


def test_fine_and_cut_for_what_is_not_surrendered() -> None:
    found = penalty(1_000, Fraction(9_000), inst("allowance"))
    assert (found.low_fen, found.high_fen, found.cut) == (45_000_000, 90_000_000, 1_000)
    assert month_before(date(2026, 3, 31)) == (date(2026, 2, 1), date(2026, 3, 1))
    assert month_before(date(2026, 1, 1)) == (date(2025, 12, 1), date(2026, 1, 1))
    rules = {"allowance": inst("allowance"), "ccer": inst("ccer")}
    stands = standing(1_000, {"allowance": 900, "ccer": 80}, rules["allowance"], rules)
    assert (stands.missing, dict(stands.offsets), dict(stands.not_counted)) == (50, {"ccer": 50}, {"ccer": 30})


@given(st.integers(1, 10**6), st.integers(0, 10**9))
def test_lots_are_exact_and_pass_the_gate(quantity: int, amount: int) -> None:
    rows = postings.lots([{"id": "a", "year": 2023, "origin": "x 1-9", "quantity": quantity, "net_fen": amount, "buyer": "b"}])
    assert (sum(r["sold_t"] for r in rows), sum(r["proceeds_fen"] for r in rows)) == (quantity, amount)
    assert check_lots(CREDIT.table(rows)) == []
    assert len(rows) <= 2
    assert max(r["price_fen_per_t"] for r in rows) - min(r["price_fen_per_t"] for r in rows) <= 1


@given(st.integers(0, 10**9), st.integers(0, 10**6), st.integers(0, 10**6))
def test_postings_of_a_sale_lose_nothing(amount: int, buyer_fee: int, seller_fee: int) -> None:
    amount = max(amount, seller_fee)
    for envelope in ("", "E1"):
        sums: dict[str, int] = {}
        for m in postings.sale("B", "S", amount, buyer_fee, seller_fee, envelope, "", "r"):
            assert m.amount_fen > 0
            sums[m.debit] = sums.get(m.debit, 0) + m.amount_fen
            sums[m.credit] = sums.get(m.credit, 0) - m.amount_fen
        assert sum(sums.values()) == 0
        assert sums.get(postings.deposit_of("B"), 0) == amount + buyer_fee
        if envelope:
            assert sums.get("fund:E1", 0) == -(amount - seller_fee)
            assert sums.get(postings.deposit_of("S"), 0) == 0
            by_end: dict[str, int] = {}
            for name, fen in sums.items():
                by_end[name.split(":")[-1]] = by_end.get(name.split(":")[-1], 0) + fen
            assert not any(by_end.values())


def test_split_and_years_and_quantities() -> None:
    with pytest.raises(UsageError):
        split_net(5, 6, {"a": Fraction(1)})
    with pytest.raises(UsageError):
        split_net(6, 5, {"a": Fraction(1, 2)})
    assert years_after(date(2024, 2, 29), 1) == date(2025, 3, 1)
    assert (parse_quantity("1,250.50", 2), say_quantity(125_050, 2)) == (125_050, "1,250.50")
    for bad in ("", "0", "-1", "1.001", "1e2", "∞", "１２", "9" * 20):
        with pytest.raises(UsageError):
            parse_quantity(bad, 2)
    for bad in ("0", "-1", "1.001", "abc", ""):
        with pytest.raises(UsageError):
            parse_price(bad)
    assert params().book.nearest("990121001") == "990121"
    assert params().book.nearest("350428") == "CN"
    assert all(kind in ("text", "number", "list", "table") for kind, _ in FIELDS.values())


def test_files_of_orders_are_read_whole_with_every_fault(tmp_path: Path) -> None:
    text = "订单,账户,方向,数量,价格,时间,类型\n1,A,买,10,15.02,2025-01-02T10:00:00,\n2,B,sell,5,,2025-01-02T09:00:00,\n3,C,卖,5,14,,撤单\n"
    messages, faults = parse_orders(text, "f")
    assert faults == []
    assert [m.id for m in messages] == ["3", "2", "1"]
    assert messages[0].order is None
    assert messages[1].order is not None
    assert messages[1].order.price is None
    bad = "order,account,side,quantity,price\n,A,buy,1,1\n2,,lend,-1,abc\n3,A,buy,1.5,0\n\n=cmd,A,buy,1,1\n"
    messages, faults = parse_orders(bad, "f")
    assert [m.id for m in messages] == ["=cmd"]
    assert len(faults) == 7
    assert all(f.where.startswith("f:") for f in faults)
    for content in (b"order,account\n1,2\n", b"\xff\xfe\x00", b"a\x00b", b'order,account,side,quantity,price\n"1,A,buy,1,1\n'):
        (tmp_path / "x.csv").write_bytes(content)
        assert read_orders(tmp_path / "x.csv")[1], content
    assert read_orders(tmp_path / "none.csv")[1]
    (tmp_path / "g.csv").write_bytes(text.encode("gb18030"))
    assert read_orders(tmp_path / "g.csv")[1] == []
