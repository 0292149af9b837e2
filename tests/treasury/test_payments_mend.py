"""Later bundles, reissue, escrow, claw-back, successors, unknown results, arrears, explanation; failure at any point."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ecocomp.terms.faults import FaultsError
from ecoweb.office import Office
from ecoweb.treasury import payments
from ecoweb.treasury.payments_queries import arrears, check, explain, letter

from .pay_world import YEAR, Claim, World, account, bundle

CLAIMS = [Claim("H1", "p1", {"E1": 1000}), Claim("H2", "p2", {"E1": 700, "E2": 300}), Claim("H3", "p3", {"E2": 500})]


@pytest.fixture
def w(office: Office, tmp_path: Path) -> World:
    return World(office, tmp_path)


def right(right_id: str, parcel: str, holder: str, num: int = 1, den: int = 1, **more: Any) -> dict[str, Any]:
    base = {
        "right_id": right_id, "parcel_id": parcel, "unit_code": None, "holder_id": holder, "kind": "contract", "share_num": num,
        "share_den": den, "state": "clear", "basis": None, "term_to": None, "document": "证", "source_id": None,
        "valid_from": date(2020, 1, 1), "valid_to": None,
    }  # fmt: skip
    return base | more


def codes(caught: pytest.ExceptionInfo[FaultsError]) -> set[str]:
    return {f.code for f in caught.value.faults}


# ---------------------------------------------------------------- later bundles
def test_the_same_bundle_again_writes_nothing(w: World) -> None:
    place = bundle(w.folder, CLAIMS)
    first = payments.take_in(w.office, place, w.act("maker"))
    before = w.sql("SELECT max(seq) FROM change")
    again = payments.take_in(w.office, place, w.act("maker"))
    assert (again.again, again.change, w.sql("SELECT max(seq) FROM change")) == (True, first.change, before)


def test_a_rerun_before_payment_replaces_and_after_payment_corrects(w: World) -> None:
    w.take(CLAIMS)
    again = w.take(
        [Claim("H1", "p1", {"E1": 900}), Claim("H2", "p2", {"E1": 700, "E2": 350}), Claim("H3", "p3", {"E2": 500})],
        grants={"E1": 1600, "E2": 850},
    )
    assert (again.added, again.cancelled, again.clawed_back) == (2, 1, 0)
    w.noticed()
    name = w.sent()
    w.answer(name, {1: "paid", 2: "paid", 3: "paid"})
    assert w.books() == {}
    third = w.take([Claim("H1", "p1", {"E1": 950}), Claim("H2", "p2", {"E1": 650, "E2": 350})], grants={"E1": 1650, "E2": 850})
    assert (third.added, third.cancelled, third.clawed_back) == (3, 0, 2)
    states = w.states()
    assert states["forest/2025/p1/H1+2"] == ("ready", "taken_in")
    assert states["forest/2025/p2/H2+2"] == ("held", "clawback")
    assert states["forest/2025/p3/H3+1"] == ("held", "clawback")
    assert w.books()["asset:receivable:H3:E2"] == 500
    assert check(w.office) == []


def test_a_bundle_that_is_not_what_was_sealed_or_of_elsewhere_is_refused(w: World) -> None:
    place = bundle(w.folder, CLAIMS)
    (place / "bundle.json").write_text((place / "bundle.json").read_text().replace("2025", "2026"))
    with pytest.raises(FaultsError):
        payments.take_in(w.office, place, w.act("maker"))
    with pytest.raises(FaultsError) as caught:
        w.take(CLAIMS, region="990200")
    assert codes(caught) == {"payments.other_region"}
    with pytest.raises(FaultsError):
        w.take(CLAIMS, grants={"E1": 10, "E2": 10})
    assert w.sql("SELECT count(*) FROM pay_row") == [(0,)]
    assert w.books() == {}


# ---------------------------------------------------------------- clawback
def test_a_clawback_is_netted_by_two_persons_within_its_envelope_and_never_below_zero(w: World) -> None:
    w.take(CLAIMS)
    w.noticed()
    w.answer(w.sent(), {1: "paid", 2: "paid", 3: "paid"})
    w.take([*CLAIMS[:2], Claim("H3", "p3", {"E2": 100})], grants={"E1": 1700, "E2": 800})
    row = "forest/2025/p3/H3+1"
    n = payments.propose(w.office, "net", row, "", w.act("maker"), amount_fen=150)
    with pytest.raises(FaultsError):
        payments.confirm(w.office, n, w.act("maker"))
    payments.confirm(w.office, n, w.act("approver"))
    assert payments.confirm(w.office, n, w.act("approver"))["again"] is True
    w.take([Claim("H3", "q3", {"E1": 900})], year=2026)
    w.noticed(2026)
    name = w.made(year=None).batch_id
    assert w.sql("SELECT amount_fen FROM pay_line l JOIN pay_batch b ON b.seq = l.batch WHERE b.batch_id = %s", [name]) == [(900,)]
    payments.cancel_batch(w.office, name, w.act("maker"))
    w.take([Claim("H3", "q4", {"E2": 160})], year=2027)
    w.noticed(2027)
    name = w.sent()
    assert w.sql("SELECT sum(amount_fen) FROM pay_line l JOIN pay_batch b ON b.seq = l.batch WHERE b.batch_id = %s", [name]) == [
        (900 + 160 - 150,)
    ]
    w.answer(name, {1: "paid"})
    books = w.books()
    assert (books["asset:receivable:H3:E2"], books["fund:due:E2"], books["fund:E2"], books["asset:bank:E2"]) == (
        250,
        -250,
        -150,
        150,
    )
    n = payments.propose(w.office, "repaid", row.replace("+1", "+3"), "", w.act("reconciler"))
    payments.confirm(w.office, n, w.act("approver"))
    assert "asset:receivable:H3:E2" not in w.books()
    assert check(w.office) == []


# ---------------------------------------------------------------- reissue, unknown, bounced
def test_a_failed_row_is_issued_again_once_its_cause_is_mended(w: World) -> None:
    w.take(CLAIMS)
    w.noticed()
    name = w.sent()
    w.answer(name, {1: "paid", 2: "failed", 3: "paid"})
    with pytest.raises(FaultsError) as caught:
        payments.reissue(w.office, name, w.act("maker", document=""))
    assert codes(caught) == {"payments.cause"}
    with pytest.raises(FaultsError) as caught:
        payments.archive(w.office, name, w.act("reconciler"))
    assert codes(caught) == {"payments.unfinished"}
    w.change("party", {"party_id": "H2"}, account=account(77))
    made = payments.reissue(w.office, name, w.act("maker", document=""))
    assert (made.ended, made.made, made.sum_fen) == (1, ["forest/2025/p2/H2+1"], 1000)
    with pytest.raises(FaultsError) as caught:
        payments.reissue(w.office, name, w.act("maker"))
    assert codes(caught) == {"payments.nothing"}
    w.wait(days=12)
    w.answer(w.sent(), {1: "paid"})
    assert w.books() == {}
    payments.archive(w.office, name, w.act("reconciler"))
    assert [s for s, _ in w.states().values()].count("paid") == 3


def test_unknown_is_never_sent_again_and_needs_a_statement_and_two_persons(w: World) -> None:
    w.take(CLAIMS)
    w.noticed()
    name = w.sent()
    assert w.answer(name, {1: "paid", 2: "paid"}, final=True).unanswered == 1
    assert w.books() == {"asset:transit:E2": 500, "liability:payable:H3:E2": -500}
    w.wait(days=30)
    with pytest.raises(FaultsError) as caught:
        w.made()
    assert codes(caught) == {"payments.nothing_to_pay"}
    with pytest.raises(FaultsError):
        payments.reissue(w.office, name, w.act("maker"))
    n = payments.propose(w.office, "resolve", f"{name}/3", "failed", w.act("reconciler", document="对账单 2027-03-01 第 8 行"))
    for role in ("reconciler", "maker"):
        with pytest.raises(FaultsError):
            payments.confirm(w.office, n, w.act(role))
    from .pay_world import officer

    w.load("officer", [officer("u:sup", "P-sup", "supervisor")])
    w.wait(days=2)
    payments.confirm(w.office, n, w.act("u:sup"))
    assert w.books() == {"asset:bank:E2": 500, "liability:payable:H3:E2": -500}
    n = payments.propose(w.office, "resolve", f"{name}/1", "failed", w.act("reconciler", document="退汇 9"))
    payments.confirm(w.office, n, w.act("u:sup"))
    assert w.states()["forest/2025/p1/H1"] == ("failed", "bounced")
    assert w.books()["liability:payable:H1:E1"] == -1000


# ---------------------------------------------------------------- escrow and successors
def test_escrow_goes_to_whom_the_register_now_says_in_exact_shares(w: World) -> None:
    w.take([Claim("H1", "p1", {"E1": 100, "E2": 1}, state="escrow"), CLAIMS[1]])
    assert w.books()["asset:escrow:E1"] == 100
    w.load("tenure", [right("R1", "p1", "H1", state="disputed")])
    w.load(
        "dispute",
        [
            {
                "dispute_id": "D1",
                "parcel_id": "p1",
                "claimant_id": "H3",
                "state": "court",
                "claim": "一半",
                "document": "d",
                "valid_from": date(2020, 1, 1),
                "valid_to": None,
            }
        ],
    )
    with pytest.raises(FaultsError) as caught:
        payments.release_escrow(w.office, "p1", w.act("maker"))
    assert codes(caught) == {"payments.still_disputed"}
    w.change("dispute", {"dispute_id": "D1"}, state="settled")
    with pytest.raises(FaultsError) as caught:
        payments.release_escrow(w.office, "p1", w.act("maker"))
    assert codes(caught) == {"payments.shares"}
    w.change("tenure", {"right_id": "R1"}, state="clear", share_num=1, share_den=3)
    w.load("tenure", [right("R2", "p1", "H3", 2, 3)])
    made = payments.release_escrow(w.office, "p1", w.act("maker"))
    assert made.sum_fen == 101 and len(made.made) == 2
    books = w.books()
    assert "asset:escrow:E1" not in books
    assert (books["liability:payable:H1:E1"], books["liability:payable:H3:E1"]) == (-33, -67)
    w.noticed()
    w.answer(w.sent(), {1: "paid", 2: "paid", 3: "paid"})
    assert w.books() == {}
    with pytest.raises(FaultsError):
        payments.release_escrow(w.office, "p1", w.act("maker"))


def test_what_a_dead_holder_was_owed_goes_to_the_heirs_the_register_names(w: World) -> None:
    w.load(
        "tenure", [right("R1", "p1", "H1", valid_to=date(2026, 6, 1)), right("R2", "p1", "H2", 1, 4, valid_from=date(2026, 6, 1))]
    )
    w.take(CLAIMS)
    w.change("party", {"party_id": "H1"}, valid_to=date(2026, 6, 1))
    w.noticed()
    assert w.made().left_out == {"payee_ended": 1}
    payments.cancel_batch(w.office, w.sql("SELECT batch_id FROM pay_batch")[0][0], w.act("maker"))
    with pytest.raises(FaultsError) as caught:
        payments.settle_succession(w.office, "H1", w.act("maker"))
    assert codes(caught) == {"payments.successor"}
    w.load("tenure", [right("R3", "p1", "H3", 3, 4, valid_from=date(2026, 6, 1))])
    made = payments.settle_succession(w.office, "H1", w.act("maker"))
    assert (made.ended, made.sum_fen) == (1, 1000)
    assert w.sql("SELECT payee_id, amount_fen FROM pay_row WHERE kind = 'heir' ORDER BY 1") == [("H2", 250), ("H3", 750)]
    with pytest.raises(FaultsError) as caught:
        payments.settle_succession(w.office, "H2", w.act("maker"), shares={"H3": Fraction(1)})
    assert codes(caught) == {"payments.still_there"}
    w.answer(w.sent(), {1: "paid", 2: "paid"})
    assert w.books() == {}


def test_an_objection_of_the_bundle_holds_until_a_new_bundle_frees_it(w: World) -> None:
    held = [Claim("H1", "p1", {"E1": 1000}, state="held"), *CLAIMS[1:]]
    w.take(held)
    w.noticed()
    batch = w.made()
    assert batch.left_out == {"objection": 1} and batch.lines == 2
    w.take(CLAIMS)
    assert w.states()["forest/2025/p1/H1"] == ("ready", "freed")


def test_nothing_is_paid_before_its_notice_is_over(w: World) -> None:
    w.take(CLAIMS)
    payments.give_notice(w.office, YEAR, w.act("maker"))
    with pytest.raises(FaultsError) as caught:
        w.made()
    assert codes(caught) == {"payments.nothing_to_pay"}
    with pytest.raises(FaultsError) as caught:
        payments.give_notice(w.office, YEAR, w.act("maker"), days=1)
    assert codes(caught) == {"payments.notice_short"}


def test_a_clawback_that_nets_to_exactly_nothing_waits_and_is_settled_with_the_next_payment(w: World) -> None:
    w.take(CLAIMS)
    w.noticed()
    w.answer(w.sent(), {1: "paid", 2: "paid", 3: "paid"})
    w.take([*CLAIMS[:2], Claim("H3", "p3", {"E2": 100})], grants={"E1": 1700, "E2": 800})
    payments.confirm(w.office, payments.propose(w.office, "net", "forest/2025/p3/H3+1", "", w.act("maker")), w.act("approver"))
    w.take([Claim("H3", "q3", {"E2": 400})], year=2026)
    w.noticed(2026)
    before = w.books()
    with pytest.raises(FaultsError) as caught:
        w.made()
    assert codes(caught) == {"payments.nothing_to_pay"} and w.books() == before
    w.take([Claim("H3", "q4", {"E2": 30})], year=2027)
    w.noticed(2027)
    name = w.sent()
    assert w.sql("SELECT amount_fen FROM pay_line WHERE payee_id = 'H3' AND amount_fen = 30") == [(30,)]
    w.answer(name, {1: "paid"})
    assert {s for r, (s, _) in w.states().items() if r.endswith(("H3", "H3+1"))} == {"paid"}
    assert not any("H3" in a for a in w.books()) and check(w.office) == []


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(st.integers(1, 500), st.integers(0, 500), st.integers(-20, 20)), min_size=1, max_size=5))
def test_no_envelope_ever_gives_more_than_it_was_given(
    offices: Any, tmp_path_factory: pytest.TempPathFactory, found: list[tuple[int, int, int]]
) -> None:
    w = World(offices.new(), tmp_path_factory.mktemp("w"))
    claims = [Claim("H1", f"p{i}", {k: v for k, v in (("E1", a), ("E2", b)) if v}) for i, (a, b, _) in enumerate(found)]
    needed = {e: sum(c.sources.get(e, 0) for c in claims) for e in ("E1", "E2")}
    given_ = {e: x + sum(d for _, _, d in found) for e, x in needed.items() if x}
    fits = all(given_[e] >= needed[e] for e in given_)
    if any(x < 0 for x in given_.values()):
        return
    if not fits:
        with pytest.raises(FaultsError):
            w.take(claims, grants=given_)
        assert w.books() == {}
        return
    w.take(claims, grants=given_)
    for e, x in given_.items():
        assert sum(f for (f,) in w.sql("SELECT amount_fen FROM pay_source WHERE envelope_id = %s", [e])) <= x
        assert w.books().get(f"fund:{e}", 0) == -(x - needed[e])


# ---------------------------------------------------------------- told
def test_a_payment_is_told_from_the_money_back_to_the_documents(w: World) -> None:
    w.take(CLAIMS)
    w.noticed()
    name = w.sent()
    w.answer(name, {1: "paid", 2: "paid", 3: "paid"})
    for id in ("forest/2025/p2/H2", "H2", "p2", "forest-2025-p2-01", f"{name}/2"):
        for lang in ("zh", "en"):
            text = "\n".join(explain(w.office, id).lines(lang))  # type: ignore[arg-type]
            assert "财〔2025〕E1号" in text and "7.00" in text and "3.00" in text and "u:releaser" in text and name in text
    said = letter(w.office, "H2")
    assert "壹拾元整" in said.zh and "CNY 10.00" in said.en and "户主H2" in said.zh
    everything = "\n".join([said.zh, *explain(w.office, "H2").lines("zh")])
    assert account(2) not in everything


def test_what_happened_names_the_notice_the_objection_and_the_inspection(w: World) -> None:
    """The events of a payment: its notice with its days, what was objected with the answer, who accepted the area."""
    w.take(CLAIMS)
    given_ = payments.give_notice(w.office, YEAR, w.act("maker"))
    day = given_.opens
    objected = {
        "objection_id": "O1", "notice_id": given_.notice_id, "year": YEAR, "holder_id": "H2", "parcel_id": "p2", "kind": "area",
        "received_on": day, "outcome": "open", "answered_on": None, "said": "少算一亩", "answer": None, "valid_from": day, "valid_to": None,
    }  # fmt: skip
    w.load("objection", [objected])
    days = (given_.closes - given_.opens).days + 1
    row = "forest/2025/p2/H2"

    def told(lang: str, id: str = row) -> str:
        return "\n".join(explain(w.office, id).lines(lang))  # type: ignore[arg-type]

    assert f"公示 {given_.notice_id}：{given_.opens} 至 {given_.closes}（{days} 天）" in told("zh")
    assert f"public notice {given_.notice_id}: {given_.opens} to {given_.closes} ({days} days)" in told("en")
    assert "异议 O1（面积，" in told("zh") and "少算一亩" in told("zh") and "尚未答复（办理中）" in told("zh")
    assert "O1" not in told("zh", "forest/2025/p1/H1")
    w.change("objection", {"objection_id": "O1"}, outcome="rejected", answered_on=day, answer="已复测")
    assert f"{day} 答复：不成立，已复测" in told("zh") and f"answered on {day}: rejected, 已复测" in told("en")
    assert "验收" not in told("zh")  # the entitlement of the standard names no plot
    plot = {
        "plot_id": "p2", "contract_id": "K1", "parcel_id": "p2", "holder_id": "H2", "variant": "forest", "area_dm2": 1_500_000,
        "class_before": None, "slope_tenths": None, "base_fen": None, "facts": None, "valid_from": day, "valid_to": None,
    }  # fmt: skip
    check_ = {
        "inspection_id": "I7", "contract_id": "K1", "plot_id": None, "year": YEAR, "judged_by": "county", "inspected_on": day,
        "inspector": "N1", "result": "partial", "accepted_dm2": 1_000_000, "survival_ppm": None, "certificate": "Z9", "events": None,
        "evidence": "", "source_id": None, "valid_from": day, "valid_to": None,
    }  # fmt: skip
    w.load("plot", [plot])
    w.load("inspection", [check_])
    assert f"验收 I7（县级验收，{day}）：部分合格，合格 15.00 亩（1.000 公顷），检查人 N1，合格证 Z9" in told("zh")
    assert (
        f"inspection I7 (county acceptance, {day}): accepted in part, 1.000 ha (15.00 mu) accepted, by N1, certificate Z9"
        in told("en")
    )
    assert "I7" not in told("zh", "forest/2025/p1/H1")


def test_the_bank_is_told_without_loose_commas_and_the_letter_is_signed_on_a_line_of_its_own(w: World) -> None:
    w.take(CLAIMS)
    w.noticed()
    name = w.sent()
    w.answer(name, {1: "paid", 2: "paid", 3: "paid"})
    for lang in ("zh", "en"):
        lines = [x.strip() for x in explain(w.office, "H2").lines(lang)]  # type: ignore[arg-type]
        bank = [x for x in lines if x.startswith(("银行：", "bank: "))]
        assert bank and not any(x.endswith((",", "，", " ")) or "  " in x for x in bank)
    said = letter(w.office, "H2")
    assert said.zh.splitlines()[-2:] == ["如有异议，请在公示期内向本办公室提出。", w.office.name]
    assert said.en.splitlines()[-2:] == ["If you disagree, object to this office within the notice period.", w.office.name]


def test_a_row_issued_again_tells_the_notice_of_the_first(w: World) -> None:
    w.take(CLAIMS)
    w.noticed()
    name = w.sent()
    w.answer(name, {1: "paid", 2: "failed", 3: "paid"})
    (made,) = payments.reissue(w.office, name, w.act("maker", document="户名已更正")).made
    text = "\n".join(explain(w.office, made).lines("zh"))
    assert "公示 N-" in text


def test_arrears_are_counted_by_day_and_source(w: World) -> None:
    w.take([Claim("H1", "p1", {"E1": 100}, short=40)])
    assert arrears(w.office, date(2026, 6, 30)) == [
        {"year": 2025, "envelope_id": "", "owed_fen": 40, "fen_days": 0},
        {"year": 2025, "envelope_id": "E1", "owed_fen": 100, "fen_days": 0},
    ]
    assert [r["fen_days"] for r in arrears(w.office, date(2026, 7, 10))] == [400, 1000]
    w.noticed()
    w.answer(w.sent(), {1: "paid"})
    assert [r["owed_fen"] for r in arrears(w.office, date(2027, 12, 31))] == [40, 0]


# ---------------------------------------------------------------- failures
@pytest.mark.parametrize("step", ["take", "batch", "file", "release", "return", "reissue"])
@pytest.mark.parametrize("place", ["finish", "move", "post"])
def test_an_error_at_any_point_leaves_everything_as_it_was(
    w: World, monkeypatch: pytest.MonkeyPatch, step: str, place: str
) -> None:
    from ecoweb.records.store import Work
    from ecoweb.treasury import ledger, payments_base

    if step != "take":
        w.take(CLAIMS)
        w.noticed()
    name = {"file": w.approved, "release": w.compared, "return": w.sent, "reissue": w.sent}.get(step, lambda: "")()
    if step == "reissue":
        w.answer(name, {1: "failed", 2: "failed", 3: "failed"})
    acts = {
        "take": lambda: w.take(CLAIMS),
        "batch": w.made,
        "file": lambda: payments.write_file(w.office, name, w.act("releaser")),
        "release": lambda: payments.release(w.office, name, w.act("releaser")),
        "return": lambda: w.answer(name, {1: "paid", 2: "failed", 3: "paid"}),
        "reissue": lambda: payments.reissue(w.office, name, w.act("maker")),
    }
    before = (w.states(), w.books(), w.sql("SELECT max(seq) FROM change"), w.sql("SELECT count(*) FROM pay_step"))

    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("the power went")

    target = {"finish": (Work, "finish"), "move": (payments_base, "next_seq"), "post": (ledger, "post")}[place]
    with monkeypatch.context() as patch:
        patch.setattr(*target, fail)
        if (step, place) in {("batch", "post"), ("file", "post"), ("reissue", "post")}:
            pytest.skip("the step books nothing")
        with pytest.raises(RuntimeError):
            acts[step]()
    assert (w.states(), w.books(), w.sql("SELECT max(seq) FROM change"), w.sql("SELECT count(*) FROM pay_step")) == before
    acts[step]()
    assert check(w.office) == []


_KILLED = """
import os, signal, sys
from datetime import datetime
from pathlib import Path
from ecoweb.office import open_office
from ecoweb.records.store import Work
from ecoweb.treasury import payments
folder, what, name, at = sys.argv[1:]
with open_office(Path(folder)) as office:
    Work.finish = lambda self: os.kill(os.getpid(), signal.SIGKILL)
    moment = datetime.fromisoformat(at)
    if what == "release":
        payments.release(office, name, payments.Act("u:releaser", "r", "d", None, moment))
    else:
        rows = [payments.Result(2, name, 1, 1000, "paid"), payments.Result(3, name, 2, 1000, "failed")]
        payments.post_return(office, name, rows, None, payments.Act("u:reconciler", "r", "d", None, moment))
"""


@pytest.mark.parametrize("what", ["release", "return"])
def test_a_killed_process_leaves_nothing_half_done(w: World, what: str) -> None:
    w.take(CLAIMS)
    w.noticed()
    name = w.compared() if what == "release" else w.sent()
    before = (w.states(), w.books())
    ended = subprocess.run(
        [sys.executable, "-c", _KILLED, str(w.office.folder), what, name, w.tick().isoformat()], check=False, env=dict(os.environ)
    )
    assert ended.returncode == -signal.SIGKILL
    assert (w.states(), w.books()) == before
    if what == "release":
        payments.release(w.office, name, w.act("releaser"))
    assert w.answer(name, {1: "paid", 2: "failed"}).paid == 1
    assert check(w.office) == []
