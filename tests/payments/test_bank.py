"""The bank file byte for byte, its comparison, and the reading and judging of returns."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from datetime import date
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecocomp.payments.bank_file import Line, account_fits, compare, file_bytes, line_word, name_fits, read_file
from ecocomp.payments.bank_return import BankMapping, Result, Sent, content_digest, judge, mapping_of, read_fixed, read_rows
from ecocomp.terms.faults import FaultsError

LINES = [
    Line(1, "王建国", "6222020200112233445", 100_000, "2025 生态补偿"),
    Line(2, "李秀英", "6222020200112233446", 23_456, "2025 生态补偿"),
]


def code(word: str) -> bytes:
    return hmac.new(b"k" * 32, word.encode(), sha256).digest()


def expected(lines: list[Line]) -> list[tuple[int, int, bytes]]:
    return [(x.no, x.amount_fen, code(line_word("B1", x))) for x in lines]


def written(lines: list[Line], encoding: str = "utf-8") -> bytes:
    return b"".join(file_bytes("B1", lines, len(lines), sum(x.amount_fen for x in lines), encoding))


def test_the_bytes_are_those_of_the_page() -> None:
    text = (
        "ECOPAY|1|B1|2|1234.56\n"
        "B1|000001|王建国|6222020200112233445|1000.00|2025 生态补偿\n"
        "B1|000002|李秀英|6222020200112233446|234.56|2025 生态补偿\n"
    )
    assert written(LINES) == text.encode()
    assert written(LINES, "gb18030") == text.encode("gb18030")


@given(
    st.lists(st.tuples(st.text(min_size=1, max_size=8).filter(name_fits), st.integers(1, 10**12)), min_size=1, max_size=20),
    st.sampled_from(["utf-8", "gb18030"]),
)
def test_what_is_written_is_read_back(rows: list[tuple[str, int]], encoding: str) -> None:
    lines = [Line(i, name, f"62220202{i:06d}", fen, "p") for i, (name, fen) in enumerate(rows, 1)]
    read = read_file(written(lines, encoding), encoding)
    assert read.lines == lines
    assert compare(read, "B1", expected(lines), code, read.sum_fen) == []


@pytest.mark.parametrize("name", ["=HYPERLINK(1)", "+1", "-1", "@x", "a|b", "a\nb", "", " a", "a\u202eb", "\x00"])
def test_names_no_file_may_carry(name: str) -> None:
    assert not name_fits(name)


@pytest.mark.parametrize(
    ("account", "fits"),
    [("6222020200112233445", True), ("12345", False), ("6222 0202", False), ("６２２２０２", False), ("a" * 10, False)],
)
def test_accounts(account: str, fits: bool) -> None:
    assert account_fits(account) is fits


def change(how: Callable[[list[Line]], list[Line]]) -> list[tuple[str, str]]:
    lines = how(list(LINES))
    read = read_file(written(lines))
    return [(f.record, f.clash.en) for f in compare(read, "B1", expected(LINES), code, 123_456)]


def test_every_change_of_the_copy_is_named() -> None:
    a, b = LINES
    swapped = change(
        lambda _: [Line(1, a.name, b.account, a.amount_fen, a.purpose), Line(2, b.name, a.account, b.amount_fen, b.purpose)]
    )
    assert swapped == [("B1/000001", "it bears the account of line 000002."), ("B1/000002", "it bears the account of line 000001.")]
    moved = change(lambda _: [Line(1, a.name, a.account, a.amount_fen - 1, ""), Line(2, b.name, b.account, b.amount_fen + 1, "")])
    assert [r for r, _ in moved] == ["B1/000001", "B1/000002"]
    assert change(lambda x: x[:1]) == [("B1/000002", "is missing from the copy.")]
    assert change(lambda x: [*x, Line(3, "甲", "622202020011", 5, "")]) == [("B1/000003", "is not of the batch.")]
    assert change(lambda x: [*x, x[0]]) == [("B1/000001", "stands there twice.")]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"ECOPAY|1|B|1|1.00",
        b"\xff\xfe",
        b"ECOPAY|2|B1|0|0.00\n",
        b"ECOPAY|1|B1|2|1.00\nB1|000001|n|622202|1.00|p\n",
        b"ECOPAY|1|B1|1|1.00\nB2|000001|n|622202|1.00|p\n",
    ],
)
def test_a_file_of_another_form_is_refused(data: bytes) -> None:
    with pytest.raises(FaultsError) as caught:
        read_file(data)
    assert {f.code for f in caught.value.faults} == {"payments.file_form"}


# ---------------------------------------------------------------- returns
SENT = {1: Sent(1000, "sent", "6222020200112233445"), 2: Sent(2000, "paid"), 3: Sent(3000, "unknown")}


def test_a_sheet_as_banks_write_it() -> None:
    rows = [
        ["某行代发回盘", "", ""],
        ["序号", "收款账号", "金额（元）".replace("（元）", ""), "处理结果", "失败原因"],
        ["1", "6222****3445", "1,000.00", "成功", ""],
        ["2", "", "¥20.5", "退汇", "户名不符"],
        ["3", "", "1.005", "成功", ""],
        ["4", "", "5", "也许", ""],
        ["合计", "", "1025.505", "", ""],
    ]
    found, total = read_rows(enumerate(rows, 1), BankMapping(), "f")
    assert [(r.no, r.amount_fen, r.outcome, r.trouble) for r in found] == [
        (1, 100_000, "paid", ""),
        (2, 2050, "failed", ""),
        (3, 0, "paid", "unreadable"),
        (4, 500, "", "outcome"),
    ]
    assert total is None


def test_fixed_widths_by_a_mapping() -> None:
    said = {
        "form": "fixed",
        "unit": "fen",
        "columns": {"row": [1, 6], "amount": [7, 10], "outcome": [17, 2]},
        "outcomes": {"00": "paid", "99": "failed"},
        "from": date(2025, 1, 1),
    }
    mapping = mapping_of(said, "m", date(2026, 1, 1))
    found, _ = read_fixed("000001000000100000\n000002000000200099\n", mapping)
    assert [(r.no, r.amount_fen, r.outcome) for r in found] == [(1, 1000, "paid"), (2, 2000, "failed")]
    with pytest.raises(FaultsError):
        mapping_of(said, "m", date(2024, 1, 1))
    with pytest.raises(FaultsError) as caught:
        mapping_of({"form": "x", "unit": "y", "colums": 1, "columns": {"z": 1}, "outcomes": {"a": "b"}}, "m", date(2026, 1, 1))
    assert len(caught.value.faults) == 5


def test_each_row_is_judged_alone() -> None:
    rows = [
        Result(2, "", 1, 1000, "paid", "6222***3445"),
        Result(3, "", 2, 2000, "failed"),
        Result(4, "", 3, 3000, "paid"),
        Result(5, "", 9, 1, "paid"),
    ]
    judged = judge(rows, None, "B1", "released", SENT)
    assert [r.no for r in judged.post] == [1, 3]
    assert [w for _, w in judged.park] == ["bounced", "no_line"]
    assert [w for _, w in judge(rows[:1], None, "B1", "made", SENT).park] == ["not_sent"]
    assert [w for _, w in judge([Result(2, "", 1, 1000, "paid", "999")], None, "B1", "released", SENT).park] == ["wrong_account"]


@given(st.permutations([Result(i, "B", i, i * 100, "paid") for i in range(1, 7)]))
def test_the_order_of_a_return_changes_nothing(rows: list[Result]) -> None:
    assert content_digest(rows, None) == content_digest(sorted(rows, key=lambda r: r.no), None)


HEADS = ["批次号", "序号", "账号", "金额", "处理结果"]


@pytest.mark.parametrize(
    ("said", "fen"),
    [
        ("1,000.00", 100_000), ("１，０００", 100_000), ("12", 1200), ("1.000,00", None), ("1,23", None), ("1,0,0", None), ("1e3", None),
        ("-5", None), ("0.001", None), ("0", None), ("=1+1", None),
    ],
)  # fmt: skip
def test_an_amount_is_whole_or_it_is_none(said: str, fen: int | None) -> None:
    (found,), _ = read_rows([(1, HEADS), (2, ["B", "1", "", said, "成功"])], BankMapping(), "f")
    assert (found.amount_fen, found.trouble) == ((fen, "") if fen is not None else (0, "unreadable"))


@pytest.mark.parametrize(
    "heads",
    [["批次号", "序号", "金额", "金额", "处理结果"], ["批次号", "序号", "金额", "处理结果", "状态"], ["批次号", "序号", "金额", "实付金额", "结果"]],
)  # fmt: skip
def test_a_heading_that_could_be_two_is_not_guessed(heads: list[str]) -> None:
    with pytest.raises(FaultsError) as caught:
        read_rows([(1, heads), (2, ["B", "1", "10", "失败", "成功"])], BankMapping(), "f")
    assert "more than one column" in caught.value.faults[0].clash.en
    if heads.count("金额") == 1 and "实付金额" in heads:
        read_rows([(1, heads), (2, ["B", "1", "10", "9", "成功"])], BankMapping(columns={"amount": "实付金额"}), "f")


def test_a_numbered_row_that_begins_like_a_total_is_a_result() -> None:
    heads = ["姓名", "序号", "金额", "处理结果"]
    rows = [(1, heads), (2, ["合计家", "1", "10", "成功"]), (3, ["合计", "", "10", ""])]
    found, total = read_rows(rows, BankMapping(), "f")
    assert ([r.no for r in found], total) == ([1], 1000)


def test_an_empty_batch_is_not_taken_for_this_one_where_others_name_theirs() -> None:
    rows = [(1, HEADS), (2, ["B", "1", "", "10", "成功"]), (3, ["", "2", "", "10", "成功"]), (4, ["B", "", "", "x", ""])]
    found, _ = read_rows(rows, BankMapping(), "f")
    assert [(r.place, r.trouble) for r in found] == [(2, ""), (3, "no_batch"), (4, "unreadable")]
    lines = {1: Sent(1000, "sent"), 2: Sent(1000, "sent")}
    judged = judge(found[:2], None, "B", "released", lines)
    assert [r.no for r in judged.post] == [1]
    assert [(r.place, why) for r, why in judged.park] == [(3, "no_batch")]
    none, _ = read_rows([(1, HEADS), (2, ["", "1", "", "10", "成功"]), (3, [" ", "2", "", "10", "成功"])], BankMapping(), "f")
    assert [r.no for r in judge(none, None, "B", "released", lines).post] == [1, 2]
    fixed = BankMapping(form="fixed", columns={"batch": [1, 2], "row": [3, 2], "amount": [5, 4], "outcome": [9, 4]})
    found, _ = read_fixed("B  1  10成功\n   2  10成功\n", fixed)
    assert [(r.no, r.trouble) for r in found] == [(1, ""), (2, "no_batch")]


def test_a_row_said_twice_is_parked_even_if_one_of_them_cannot_be_read() -> None:
    rows = [Result(2, "B", 1, 1000, "paid"), Result(3, "B", 1, 1000, "", trouble="outcome")]
    judged = judge(rows, None, "B", "released", {1: Sent(1000, "sent")})
    assert (judged.post, [why for _, why in judged.park]) == ([], ["twice", "outcome"])


def test_a_mask_longer_than_the_account_is_another_account() -> None:
    own = "6222020200112233445"
    for said, why in (("6222***3445", None), (f"{own}*{own}", "wrong_account"), ("6222***9999", "wrong_account")):
        judged = judge([Result(2, "B", 1, 1000, "paid", said)], None, "B", "released", {1: Sent(1000, "sent", own)})
        assert [w for _, w in judged.park] == ([why] if why else [])


def test_a_mapping_with_an_hour_in_its_days_is_told() -> None:
    from datetime import datetime

    with pytest.raises(FaultsError):
        mapping_of({"from": datetime(2025, 1, 1, 8)}, "m", date(2025, 6, 1))
