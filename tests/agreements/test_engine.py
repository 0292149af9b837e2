"""The engine over clauses: sections, conditions, caps, clearing, prepayment, passing on, indexation, decisions, days."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecocomp.agreements.agreement import read_agreement
from ecocomp.agreements.model import Agreement
from ecocomp.agreements.outcome import Outcome, counted_once, owed_on, settle_year, unsettled
from ecocomp.rules import RuleBook, policy_folder
from ecocomp.terms.faults import errors
from ecocomp.terms.tables import READING

PARAMS = RuleBook.load([policy_folder()], check=False).resolve("990121", date(2022, 12, 31), date(2023, 6, 1))
TWO = [{"code": "U", "role": "upstream"}, {"code": "D", "role": "downstream"}]
WORDS = {"zh": "有", "en": "yes"}


def signed(*clauses: dict[str, Any], parties: Any = TWO, **more: Any) -> Agreement:
    data = {
        "id": "case", "name": WORDS, "parties": parties, "section": "S", "indicators": [{"code": "tp", "weight": 1, "base": Decimal("0.1")}],
        "clauses": list(clauses), "term": {"from": date(2020, 1, 1), "to": date(2025, 12, 31)}, "other": {"zh": "", "en": ""},
        **dict.fromkeys(("scope", "targets", "duties", "form", "breach"), WORDS), **more,
    }  # fmt: skip
    agreement, faults = read_agreement(data)
    assert agreement is not None, [f.say("en") for f in errors(faults)]
    return agreement


def reading(by_section: dict[str, dict[int, dict[str, Any]]]) -> pa.Table:
    rows = []
    for section, years in by_section.items():
        for year, codes in years.items():
            for code, value in codes.items():
                values = value if isinstance(value, list) else [str(value)] * 12
                rows += [
                    {"station_id": section, "month": f"{year}-{m:02d}", "indicator": code, "value": v}
                    for m, v in enumerate(values, 1)
                ]
    return READING.table(rows)


def out(agreement: Agreement, table: pa.Table, year: int = 2022, **facts: Any) -> Outcome:
    return settle_year(agreement, table, year, PARAMS, facts)


LIMIT = {"kind": "threshold", "limits": {"tp": Decimal("0.1")}, "judge": "year", "met_yuan": 100, "missed_yuan": 60}
GOOD, BAD = {2022: {"tp": "0.1"}}, {2022: {"tp": "0.2"}}


# ---------------------------------------------------------------- sections
def test_sections_settle_each_worst_or_mean() -> None:
    sections = [{"id": "L", "bank": "left", "weight": 3}, {"id": "R", "bank": "right", "weight": 1}]
    table = reading({"L": GOOD, "R": BAD})
    each = out(signed({**LIMIT, "sections": ["L", "R"], "combine": "each"}, sections=sections, section="L"), table)
    assert [(x.clause, x.row.payee, x.row.amount_fen) for x in each.lines] == [
        ("threshold@L", "U", 10000),
        ("threshold@R", "D", 6000),
    ]
    assert each.transfers == (("D", "U", 4000),)
    worst = out(signed({**LIMIT, "sections": ["L", "R"], "combine": "worst"}, sections=sections, section="L"), table)
    assert worst.nets == {"U": -6000, "D": 6000}
    mean = out(
        signed(
            {**LIMIT, "limits": {"tp": Decimal("0.125")}, "sections": ["L", "R"], "combine": "mean"}, sections=sections, section="L"
        ),
        table,
    )
    assert mean.nets["U"] == 10000  # (3 x 0.1 + 1 x 0.2) / 4 = 0.125 exactly


def test_each_section_has_its_own_upstream_and_downstream() -> None:
    parties = [{"code": c, "role": "both"} for c in ("A", "B", "C")]
    sections = [{"id": "AB", "upstream": "A", "downstream": "B"}, {"id": "BC", "upstream": "B", "downstream": "C"}]
    agreement = signed({**LIMIT, "sections": ["AB", "BC"], "combine": "each"}, parties=parties, sections=sections, section="AB")
    found = out(agreement, reading({"AB": GOOD, "BC": BAD}))
    assert found.nets == {"A": 10000, "B": -10000 - 6000, "C": 6000}
    assert sum(found.nets.values()) == 0


# ---------------------------------------------------------------- data that is not there
def test_missing_months_are_never_met_unless_the_agreement_leaves_them_out() -> None:
    gap = reading({"S": {2022: {"tp": ["0.05"] * 11 + ["-"]}}})
    for rules in (None, {"missing": "exclude", "exclude_up_to": 1}, {"missing": "as_missed"}):
        monthly = {**LIMIT, "judge": "month", "met_yuan": 10, "missed_yuan": 10}
        found = out(signed(monthly, **({"data_rules": rules} if rules else {})), gap)
        expected = {None: None, "exclude": 11_000, "as_missed": 10_000}[rules["missing"] if rules else None]
        assert (found.nets["U"] if found.complete else None) == expected
    two = reading({"S": {2022: {"tp": ["0.05"] * 10 + ["-", ""]}}})
    assert not out(signed(LIMIT, data_rules={"missing": "exclude", "exclude_up_to": 1}), two).complete


def test_force_majeure_counts_as_the_agreement_says() -> None:
    flood = {"force_majeure": [{"section": "S", "months": ["2022-07"], "document": "纪要"}]}
    table = reading({"S": {2022: {"tp": ["0.05"] * 6 + ["5"] + ["0.05"] * 5}}})
    measured = {"force_majeure": "as_measured"}
    assert out(signed(LIMIT, data_rules=measured), table, **flood).nets["U"] == -6000
    assert out(signed(LIMIT, data_rules={"force_majeure": "exclude"}), table, **flood).nets["U"] == 10000
    assert not out(signed(LIMIT), table, **flood).complete


def test_a_detection_limit_above_the_limit_shows_nothing() -> None:
    table = reading({"S": {2022: {"tp": ["0.05"] * 11 + ["<0.5"]}}})
    monthly = {**LIMIT, "judge": "month"}
    assert not out(signed(monthly), table).complete
    assert out(signed(monthly), reading({"S": {2022: {"tp": ["0.05"] * 11 + ["0.04L"]}}})).nets["U"] == 12 * 10000


MONTHLY = {"kind": "class_months", "by_class_yuan": {"1": 50, "2": 50, "3": 10, "4": 0, "5": -20, "6": -70}}
OVER = {"kind": "exceedance", "limits": {"tp": Decimal("0.1")}, "judge": "month", "step": Decimal("0.5"), "per_step_yuan": 20}


@pytest.mark.parametrize("clause", [MONTHLY, OVER], ids=["class_months", "exceedance"])
def test_a_detection_limit_that_leaves_the_sum_of_a_month_open_is_not_settled(clause: dict[str, Any]) -> None:
    blind = reading({"S": {2022: {"tp": ["0.05"] * 11 + ["<0.18"]}}})  # half of it, 0.09, would be class II and within the limit
    left = out(signed(clause), blind)
    assert not left.complete and "S tp 2022-12" in left.lines[0].row.evidence["missing"]
    assert not out(signed(clause, data_rules={"missing": "exclude", "exclude_up_to": 3}), blind).complete
    # what the parties have signed counts: half the limit
    half = out(signed(clause, data_rules={"censored_factor": Decimal("0.5")}), blind)
    assert half.complete and half.nets.get("U", 0) == out(signed(clause), reading({"S": {2022: {"tp": "0.05"}}})).nets.get("U", 0)
    seen = out(signed(clause), reading({"S": {2022: {"tp": ["0.05"] * 11 + ["0.09L"]}}}))
    assert seen.complete and seen.nets.get("U", 0) == half.nets.get("U", 0)  # classes I and II bring the same: nothing is open


def test_a_month_left_open_counts_as_the_worst_it_may_be_where_missing_counts_as_missed() -> None:
    blind = reading({"S": {2022: {"tp": ["0.05"] * 11 + ["<0.18"]}}})
    found = out(signed(MONTHLY, data_rules={"missing": "as_missed"}), blind)
    assert found.nets["U"] == 100 * (11 * 50 + 10)  # below 0.18: class III at worst
    assert found.lines[0].row.evidence["undetected"] == ["2022-12"]
    assert any("2022-12" in s.en and "detection limit" in s.en for s in found.lines[0].row.steps)


def test_a_mean_in_its_class_only_by_detection_limits_above_it_shows_nothing() -> None:
    clause = {"kind": "class_and_change", "target_class": 3, "per_class_yuan": 600, "per_point_yuan": 10, "change_cap_yuan": 400}
    clear, blind = ["0.04"] * 12, ["0.04"] * 11 + ["<0.5"]
    before = {2021: {"tp": "0.04"}}
    assert out(signed(clause), reading({"S": {**before, 2022: {"tp": clear}}})).complete
    assert not out(signed(clause), reading({"S": {**before, 2022: {"tp": blind}}})).complete
    own = signed(clause, data_rules={"censored_factor": 1})
    assert out(own, reading({"S": {**before, 2022: {"tp": blind}}})).complete


def test_a_detection_limit_is_seen_through_joined_sections() -> None:
    sections = [{"id": "L", "weight": 1}, {"id": "R", "weight": 1}]
    joined = {**LIMIT, "judge": "month", "sections": ["L", "R"], "combine": "mean"}
    high, low = ({"L": {2022: {"tp": "0.02"}}, "R": {2022: {"tp": ["0.02"] * 11 + [x]}}} for x in ("<0.3", "<0.1"))
    assert not out(signed(joined, sections=sections, section="L"), reading(high)).complete
    assert out(signed(joined, sections=sections, section="L"), reading(low)).complete


def test_a_yearly_value_stands_for_the_year_where_there_are_no_months() -> None:
    table = READING.table([{"station_id": "S", "month": "2022", "indicator": "tp", "value": "0.1"}])
    assert out(signed(LIMIT), table).nets["U"] == 10000
    assert not out(signed({**LIMIT, "judge": "both"}), table).complete


def test_an_accounting_year_may_begin_in_july() -> None:
    table = reading({"S": {2022: {"tp": ["9"] * 6 + ["0.1"] * 6}, 2023: {"tp": ["0.1"] * 6 + ["9"] * 6}}})
    assert out(signed(LIMIT, year_starts=7), table, 2022).nets["U"] == 10000


# ---------------------------------------------------------------- conditions, unknown, decisions
def test_a_condition_stops_what_upstream_receives_only() -> None:
    fixed = {
        "kind": "fixed_sum",
        "payer": "downstream",
        "payee": "upstream",
        "amount_yuan": 50,
        "only_if": [{"limits": {"tp": Decimal("0.1")}}],
    }
    assert out(signed(fixed), reading({"S": GOOD})).nets["U"] == 5000
    assert out(signed(fixed), reading({"S": BAD})).nets["U"] == 0
    back = {**fixed, "payer": "upstream", "payee": "downstream"}
    assert out(signed(back), reading({"S": BAD})).nets["U"] == -5000
    assert not out(signed(fixed), reading({"S": {2022: {"tp": [""] * 12}}})).complete


def test_what_is_open_is_not_settled_and_says_what() -> None:
    clause = {k: v for k, v in LIMIT.items() if k != "met_yuan"} | {
        "unknown": [{"key": "met_yuan", "zh": "每月金额未公布", "en": "the amount per month is not published"}]
    }
    found = out(signed(clause, from_record=True), reading({"S": GOOD}))
    assert not found.complete and found.dues == ()
    (fault,) = unsettled(found.table())
    assert (
        fault.severity == "warning"
        and "the amount per month is not published" in fault.say("en")
        and "每月金额未公布" in fault.say("zh")
    )


def test_a_cut_of_unknown_size_only_matters_when_it_is_due() -> None:
    pool = {
        "kind": "pool_shares", "pool_yuan": 100, "contributions": {"U": 1, "D": 3}, "distribution": {"U": 3, "D": 1},
        "deductions": [{"section": "S", "limits": {"tp": Decimal("0.1")}, "from": "U", "to": {"D": 1}, "unknown": [{"key": "cut", "zh": "比例未公布", "en": "the size is not published"}]}],
    }  # fmt: skip
    assert out(signed(pool), reading({"S": GOOD})).nets["U"] == 5000
    assert not out(signed(pool), reading({"S": BAD})).complete
    assert out(signed(pool), reading({}), determined=[{"section": "S", "year": 2022, "met": True}]).nets["U"] == 5000


def test_deductions_by_months_take_their_part() -> None:
    pool = {
        "kind": "pool_shares", "pool_yuan": 1200, "contributions": {"D": 1}, "distribution": {"U": 1},
        "deductions": [{"section": "S", "limits": {"tp": Decimal("0.1")}, "measure": "months", "from": "U", "cut": Fraction(1, 2), "to": {"D": 1}}],
    }  # fmt: skip
    three = reading({"S": {2022: {"tp": ["0.1"] * 9 + ["0.2"] * 3}}})
    assert out(signed(pool), three).nets["U"] == 120_000 - 15_000  # half of it times 3/12


def test_a_decision_replaces_what_the_clause_gives() -> None:
    found = out(
        signed(LIMIT),
        reading({"S": BAD}),
        decided=[{"clause": "threshold", "year": 2022, "payer": "downstream", "payee": "U", "amount_yuan": 7, "by": "上级"}],
    )
    assert found.nets == {"U": 700, "D": -700}
    assert json.loads(found.table()["evidence"][0].as_py())["state"] == "decided"


def test_sums_grow_with_what_they_are_indexed_to() -> None:
    clause = {**LIMIT, "indexation": {"series": "gdp", "parties": ["U", "D"], "from": 2021}}
    growth = [
        {"series": "gdp", "party": p, "year": y, "rate": Fraction(r, 100)}
        for p, y, r in (("U", 2021, 5), ("D", 2021, 7), ("U", 2022, 10), ("D", 2022, 10))
    ]
    assert out(signed(clause), reading({"S": GOOD}), growth=growth).nets["U"] == 11660  # 100 x 1.06 x 1.10
    assert not out(signed(clause), reading({"S": GOOD}), growth=growth[:3]).complete


# ---------------------------------------------------------------- caps, clearing, prepayment, days
def test_a_cap_cuts_in_proportion_and_says_so() -> None:
    clauses = [{"kind": "fixed_sum", "payer": "D", "payee": "U", "amount_yuan": y} for y in (100, 200)]
    found = out(signed(*clauses, caps=[{"party": "downstream", "most_paid_yuan": 150}]), reading({}))
    assert [x.row.amount_fen for x in found.lines] == [5000, 10000] and found.nets["D"] == -15000
    assert "cut to the cap" in found.steps[0].en
    only = out(signed(*clauses, caps=[{"party": "U", "most_received_yuan": 50, "clauses": ["fixed_sum#2"]}]), reading({}))
    assert [x.row.amount_fen for x in only.lines] == [10000, 5000]


def test_an_account_clears_and_a_party_without_data_has_no_value() -> None:
    parties = [{"code": c, "role": "both"} for c in ("A", "B", "C")]
    clause = {
        "kind": "space_time", "account": "ACC", "per_space_point_yuan": 10, "per_time_point_yuan": 1,
        "reaches": [{"party": p, "entry": f"{p}1", "exit": f"{p}2", "sections": [f"{p}2"]} for p in "ABC"],
    }  # fmt: skip
    table = reading(
        {
            "A1": {2022: {"tp": "0.1"}}, "A2": {2022: {"tp": "0.09"}, 2021: {"tp": "0.09"}},
            "B1": {2022: {"tp": "0.1"}}, "B2": {2022: {"tp": "0.12"}, 2021: {"tp": "0.1"}}, "C1": {2022: {"tp": "0.1"}},
        }
    )  # fmt: skip
    account = {"mode": "account", "account": {"code": "ACC", "name": WORDS}}
    found = out(signed(clause, parties=parties, clearing=account, due={"month": 6, "day": 30}), table)
    assert [(x.row.payer, x.row.payee, x.row.amount_fen, x.settled) for x in found.lines] == [
        ("ACC", "A", 10000, True), ("B", "ACC", 22000, True), ("C", "", 0, False),
    ]  # fmt: skip
    assert set(found.transfers) == {("B", "ACC", 22000), ("ACC", "A", 10000)}
    assert {(d.kind, d.payer, d.due) for d in found.dues} == {
        ("settle", "B", date(2023, 6, 30)),
        ("settle", "ACC", date(2023, 6, 30)),
    }
    assert sum(found.nets.values()) == 0 and "C" in found.nets and not found.complete


def test_a_prepayment_is_set_off_and_clawed_back() -> None:
    more = {
        "prepay": [{"payer": "downstream", "payee": "upstream", "amount_yuan": 80, "month": 3, "day": 31}],
        "due": {"month": 6, "day": 30},
    }
    good = out(signed(LIMIT, **more), reading({"S": GOOD}))
    assert [(d.kind, d.payer, d.amount_fen, str(d.due)) for d in good.dues] == [
        ("prepay", "D", 8000, "2022-03-31"),
        ("settle", "D", 2000, "2023-06-30"),
    ]
    bad = out(signed(LIMIT, **more), reading({"S": BAD}))
    assert [(d.kind, d.payer, d.amount_fen) for d in bad.dues] == [
        ("prepay", "D", 8000),
        ("settle", "U", 6000),
        ("clawback", "U", 8000),
    ]
    less = out(signed({**LIMIT, "met_yuan": 50}, **more), reading({"S": GOOD}))
    assert [(d.kind, d.payer, d.amount_fen) for d in less.dues] == [("prepay", "D", 8000), ("clawback", "U", 3000)]
    none = out(signed(LIMIT, **more), reading({}))
    assert [d.kind for d in none.dues] == ["prepay"]  # nothing is clawed back while the year has no value


def test_arrears_by_day() -> None:
    agreement = signed(
        {"kind": "fixed_sum", "payer": "D", "payee": "U", "amount_yuan": 1000},
        due={"month": 6, "day": 30},
        late_per_day=Decimal("0.0005"),
    )
    found = out(agreement, reading({}))
    paid = [{"payer": "D", "payee": "U", "year": 2022, "amount_yuan": 400, "on": date(2023, 7, 10)}]
    assert [o.state for o in owed_on(found, paid, date(2023, 6, 30))[0]] == ["not_due"]
    (o,), faults = owed_on(found, paid, date(2023, 7, 20))
    # 400 yuan ten days late, 600 yuan twenty days late, at 0.05 % a day
    assert (o.paid_fen, o.open_fen, o.days_late, o.late_fen, o.state) == (40_000, 60_000, 20, 200 + 600, "arrears") and faults == []
    whole = [*paid, {"payer": "D", "payee": "U", "year": 2022, "amount_yuan": 700, "on": date(2023, 7, 20)}]
    (o,), faults = owed_on(found, whole, date(2023, 8, 1))
    assert (o.open_fen, o.state, o.late_fen) == (0, "paid_late", 800) and "100.00 yuan were paid" in faults[0].say("en")


def test_money_is_passed_on_to_the_fen_and_counted_once() -> None:
    shares = {"U1": Fraction(1, 3), "U2": Fraction(1, 3), "U3": Fraction(1, 3)}
    found = out(
        signed({**LIMIT, "met_yuan": Decimal("100.01")}, pass_through=[{"party": "upstream", "shares": shares}]),
        reading({"S": GOOD}),
    )
    assert sorted(p.amount_fen for p in found.passed) == [3333, 3334, 3334]
    final = counted_once(found)
    assert "U" not in final and sum(final.values()) == 0 and sum(v for v in final.values() if v > 0) == 10001
    paying = out(signed(LIMIT, pass_through=[{"party": "upstream", "shares": shares}]), reading({"S": BAD}))
    assert paying.passed == ()


# ---------------------------------------------------------------- properties
CLAUSES: list[dict[str, Any]] = [
    LIMIT,
    {**LIMIT, "judge": "month"},
    {**LIMIT, "judge": "both"},
    {"kind": "index_bands", "k0": 1, "bands": [{"up_to": Decimal("0.95"), "payer": "D", "payee": "U", "amount_yuan": 200}, {"up_to": 1, "payer": "D", "payee": "U", "amount_yuan": 100}, {"payer": "U", "payee": "D", "amount_yuan": 100}]},
    {"kind": "class_and_change", "target_class": 3, "per_class_yuan": 600, "per_point_yuan": 10, "change_cap_yuan": 400},
    {"kind": "class_months", "by_class_yuan": {"1": 50, "2": 40, "3": 10, "4": 0, "5": -20, "6": -70}},
    {"kind": "change_rate", "against": "base", "per_point_yuan": 7, "better_cap_yuan": 300, "worse_cap_yuan": 200, "free_points": 2},
    {"kind": "compliance_share", "limits": {"tp": Decimal("0.1")}, "count": "months", "bands": [{"at_least": 1, "payer": "D", "payee": "U", "amount_yuan": 90}, {"at_least": Decimal("0.5"), "payer": "D", "payee": "U", "amount_yuan": 30}, {"payer": "U", "payee": "D", "amount_yuan": 80}]},
    {"kind": "exceedance", "limits": {"tp": Decimal("0.1")}, "judge": "month", "step": Decimal("0.5"), "per_step_yuan": 20, "cap_yuan": 900},
    {"kind": "load", "targets": {"tp": Decimal("0.1")}, "per_tonne_yuan": {"tp": 1000}, "two_way": True},
    {"kind": "pool_shares", "pool_yuan": 100, "contributions": {"U": 1, "D": 3}, "distribution": {"U": 3, "D": 1}, "deductions": [{"section": "S", "target_class": 2, "measure": "months", "from": "U", "cut": Fraction(1, 2), "to": {"D": 1}}]},
    {"kind": "fixed_sum", "payer": "D", "payee": "U", "amount_yuan": 50, "only_if": [{"target_class": 3}]},
]  # fmt: skip
MONTHS = st.lists(st.integers(1, 600), min_size=12, max_size=12)


def _year(tp: list[int], lost: frozenset[int] = frozenset()) -> pa.Table:
    values = ["" if n in lost else f"{v / 1000:.3f}" for n, v in enumerate(tp)]
    return reading({"S": {2021: {"tp": "0.1"}, 2022: {"tp": values, "volume": "1000000"}}})


@pytest.mark.parametrize("clause", CLAUSES, ids=[f"{c['kind']}-{n}" for n, c in enumerate(CLAUSES)])
@given(tp=MONTHS, month=st.integers(0, 11), more=st.integers(1, 400))
@settings(max_examples=60, deadline=None)
def test_more_pollution_never_raises_what_upstream_receives(clause: dict[str, Any], tp: list[int], month: int, more: int) -> None:
    agreement = signed(clause)
    before = out(agreement, _year(tp))
    worse = out(agreement, _year([v + more * (n == month) for n, v in enumerate(tp)]))
    assert before.complete and worse.complete
    assert worse.nets["U"] <= before.nets["U"]
    assert sum(before.nets.values()) == 0


@pytest.mark.parametrize("clause", CLAUSES, ids=[f"{c['kind']}-{n}" for n, c in enumerate(CLAUSES)])
@given(tp=MONTHS, lost=st.frozensets(st.integers(0, 11), min_size=1, max_size=4))
@settings(max_examples=40, deadline=None)
def test_a_missing_month_is_never_counted_as_met(clause: dict[str, Any], tp: list[int], lost: frozenset[int]) -> None:
    """By default nothing has a value; where the agreement counts it as missed, upstream never gains by it."""
    assert not out(signed(clause), _year(tp, lost)).complete
    strict = out(signed(clause, data_rules={"missing": "as_missed"}), _year(tp, lost))
    if strict.complete:
        assert strict.nets["U"] <= out(signed(clause), _year(tp)).nets["U"]


@given(tp=MONTHS, order=st.permutations(range(24)), clauses=st.permutations(range(len(CLAUSES))), parts=st.integers(2, 9))
@settings(max_examples=40, deadline=None)
def test_order_of_rows_and_clauses_does_not_matter_and_money_scales(
    tp: list[int], order: list[int], clauses: list[int], parts: int
) -> None:
    table = _year(tp)
    shuffled = table.take(pa.array([*order, *range(24, len(table))]))
    one, two = out(signed(*CLAUSES), table), out(signed(*(CLAUSES[n] for n in clauses)), shuffled)
    assert one.nets == two.nets and sum(one.nets.values()) == 0
    assert sorted(one.transfers) == sorted(two.transfers)


@given(
    weights=st.lists(st.integers(0, 9), min_size=2, max_size=6),
    nets=st.lists(st.integers(-(10**9), 10**9), min_size=3, max_size=6),
)
@settings(max_examples=100, deadline=None)
def test_multilateral_netting_meets_every_net(weights: list[int], nets: list[int]) -> None:
    codes = [f"P{n}" for n in range(len(nets))]
    parties = [{"code": c, "role": "both"} for c in codes]
    clauses = [
        {
            "kind": "fixed_sum",
            "payer": codes[n] if v < 0 else codes[n - 1],
            "payee": codes[n - 1] if v < 0 else codes[n],
            "amount_yuan": Fraction(abs(v), 100),
        }
        for n, v in enumerate(nets)
    ]
    found = out(signed(*clauses, parties=parties, clearing={"mode": "multilateral"}), reading({}))
    moved = dict.fromkeys(codes, 0)
    for a, b, fen in found.transfers:
        moved[a] -= fen
        moved[b] += fen
    assert moved == found.nets and sum(found.nets.values()) == 0
    assert not {a for a, _, _ in found.transfers} & {b for _, b, _ in found.transfers}


def test_ratios_may_mix_fractions_percent_and_decimals() -> None:
    pool = {
        "kind": "pool_shares", "pool_yuan": 100, "contributions": {"U": Fraction(1, 3), "D": Decimal("0.5")}, "distribution": {"U": "50%", "D": 1},
    }  # fmt: skip
    found = out(signed(pool, pass_through=[{"party": "D", "shares": {"T": Fraction(1, 3), "V": Decimal("0.25")}}]), reading({}))
    assert found.nets == {"U": 3333 - 4000, "D": 6667 - 6000} and [p.amount_fen for p in found.passed] == [381, 286]


def test_a_base_of_nil_settles_nothing_and_stops_nothing() -> None:
    clause = {"kind": "change_rate", "against": "previous_year", "per_point_yuan": 10}
    found = out(signed(clause), reading({"S": {2021: {"tp": "0"}, 2022: {"tp": "0.1"}}}))
    assert not found.complete and "base 0" in found.lines[0].row.evidence["missing"][0]
