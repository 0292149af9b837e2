"""The letter: amount first, a sum that adds up, every deduction with its evidence, how to object."""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pypdfium2
import pytest

from ecocomp.report.build import letter_text, write_letter
from ecocomp.report.bundle import Bundle
from ecocomp.report.letter import _found, compose
from ecocomp.report.maps import MapBase
from ecocomp.terms.faults import UsageError
from ecocomp.terms.money import say_capital, say_yuan
from ecocomp.terms.text import Text

Built = tuple[Path, MapBase]


def _fen(said: str) -> int:
    return int(said.replace(",", "").replace(".", "").replace("−", "-").replace("+", ""))


def test_every_letter_adds_up_to_its_orders(built: Built) -> None:
    bundle = Bundle(built[0], built[0] / "previous")
    orders = pq.read_table(built[0] / "tables" / "order.parquet").to_pylist()
    holders = sorted(set(pq.read_table(built[0] / "tables" / "entitlement.parquet")["holder_id"].to_pylist()))
    for holder in holders:
        letter = compose(bundle, holder)
        paid = sum(o["amount_fen"] for o in orders if o["holder_id"] == holder and o["state"] == "ready")
        assert letter.total[-1].zh == say_yuan(paid)
        assert sum(_fen(row[-1].zh) for row in letter.rows) == paid
        assert not any("其他" in row[0].zh for row in letter.rows)


def test_what_changed_adds_up(built: Built) -> None:
    bundle = Bundle(built[0], built[0] / "previous")
    seen = 0
    for holder in sorted(set(pq.read_table(built[0] / "tables" / "entitlement.parquet")["holder_id"].to_pylist())):
        said = compose(bundle, holder).change[0].en
        found = re.fullmatch(r"Last year CNY ([\d.,−]+); this year (more|less) by CNY ([\d.,]+): (.*)\.", said)
        if found:
            seen += 1
            parts = [_fen(p) for p in re.findall(r"[+−][\d,]+\.\d\d", found[4])]
            assert sum(parts) == _fen(found[3]) * (1 if found[2] == "more" else -1)
    assert seen > 50


def test_amount_and_date_come_first_then_the_right_to_object(built: Built) -> None:
    zh = letter_text(built[0], "H000001", "zh")
    paid = compose(Bundle(built[0]), "H000001").total[-1].zh
    assert zh.index(f"{paid}元") < zh.index("2026年8月15日前") < zh.index("怎么算出来的") < zh.index("您觉得不对")
    assert say_capital(_fen(paid)) in zh
    assert "2026年7月8日24:00" in zh and "21日内" in zh and "不会减少您的补偿" in zh
    en = letter_text(built[0], "H000001", "en")
    assert f"CNY {paid}" in en and "does not reduce" in en and not re.search("[\u4e00-\u9fff]", en.replace("陈䶮", ""))


def test_a_deduction_has_its_evidence_in_words(built: Built) -> None:
    rows = pq.read_table(built[0] / "tables" / "entitlement.parquet").to_pylist()
    holder = next(r["holder_id"] for r in rows if r["deduction_fen"])
    text = letter_text(built[0], holder, "zh")
    assert "明显低于往年和同类地块" in text and "现场核查：属实" in text
    assert "reason=" not in text


def test_no_codes_of_persons_in_a_letter(built: Built) -> None:
    for lang in ("zh", "en"):
        text = letter_text(built[0], "H000002", lang)
        assert not re.search(r"H0000\d\d|EN\d{7}|R\d{6}|36-\d{6}", text)


def test_the_paper_letter_says_the_same_and_is_the_same_twice(built: Built, tmp_path: Path) -> None:
    for holder, name in (
        ("H000001", "陈䶮"),
        ("H000003", "赵𬒈"),
        ("H000004", "<svg onload=alert(1)>"),
        ("H000005", '#eval("1+1") $x$ *b* \\'),
    ):
        first, second = (write_letter(built[0], holder, "zh", tmp_path / f"{i}.pdf").read_bytes() for i in (1, 2))
        assert first == second
        pages = pypdfium2.PdfDocument(tmp_path / "1.pdf")
        text = "".join(p.get_textpage().get_text_range() for p in pages)
        assert name in text.replace("\r\n", "")
        assert compose(Bundle(built[0]), holder).total[-1].zh in text


def test_an_unknown_holder_is_a_sentence(built: Built) -> None:
    with pytest.raises(UsageError, match="NOBODY"):
        letter_text(built[0], "NOBODY", "en")


def test_without_rules_for_days_the_letter_points_at_the_posted_notice(built: Built, tmp_path: Path) -> None:
    import json
    import shutil

    copy = tmp_path / "b"
    shutil.copytree(built[0], copy)
    meta = json.loads((copy / "bundle.json").read_text(encoding="utf-8"))
    del meta["notice"]
    (copy / "bundle.json").write_text(json.dumps(meta), encoding="utf-8")
    text = letter_text(copy, "H000001", "zh")
    assert "村公示栏写明的截止日" in text and "公示期满" in text


def _first(folder: Path, **wanted: object) -> str:
    rows = pq.read_table(folder / "tables" / "entitlement.parquet").to_pylist()
    return next(r["holder_id"] for r in rows if all(r[k] == v for k, v in wanted.items()))


def test_money_kept_for_a_disputed_title_is_said_before_anything_else(built: Built, tmp_path: Path) -> None:
    import shutil

    copy = tmp_path / "b"
    shutil.copytree(built[0], copy)
    for name, column, value in (
        ("entitlement", "state", "escrow"),
        ("entitlement", "reason", "disputed"),
        ("order", "state", "escrow"),
    ):
        path = copy / "tables" / f"{name}.parquet"
        table = pq.read_table(path)
        mine = [h == "H000001" for h in table["holder_id"].to_pylist()]
        cells = [value if m else v for m, v in zip(mine, table[column].to_pylist(), strict=True)]
        at = table.column_names.index(column)
        pq.write_table(table.set_column(at, table.schema.field(at), pa.array(cells, table.schema.field(at).type)), path)
    letter = compose(Bundle(copy), "H000001")
    assert "先存着" in letter.amount.zh and "kept" in letter.amount.en
    assert letter.total[-1].zh == "0.00"
    assert sum(_fen(row[-1].zh) for row in letter.rows) == 0
    why = "".join(t.zh for t in letter.why)
    assert "权属有争议" in why and "争议解决后付给" in why and "暂存：" not in why


def test_no_nought_of_the_sum_stands_unexplained(built: Built) -> None:
    holder = _first(built[0], state="excluded", gross_fen=0)
    letter = compose(Bundle(built[0]), holder)
    noughts = [row[0].zh.split("号")[0] for row in letter.rows if row[-1].zh == "0.00"]
    said = next(t.zh for t in letter.why if "不计补偿" in t.zh)
    assert noughts and all(n in said for n in noughts)
    assert all(row[2].zh == "—" for row in letter.rows if row[-1].zh == "0.00")


def test_once_the_notice_is_over_the_letter_does_not_ask_to_object_in_the_past(built: Built, tmp_path: Path) -> None:
    import json
    import shutil

    copy = tmp_path / "b"
    shutil.copytree(built[0], copy)
    meta = json.loads((copy / "bundle.json").read_text(encoding="utf-8"))
    meta |= {"known_on": "2026-12-31", "notice": {"opens_on": "2026-05-20", "closes_on": "2026-05-26", "answer_days": 21}}
    (copy / "bundle.json").write_text(json.dumps(meta), encoding="utf-8")
    zh, en = (letter_text(copy, "H000001", lang) for lang in ("zh", "en"))
    assert "公示期从2026年5月20日到2026年5月26日，已经结束" in zh and "前提出异议" not in zh and "21日内" in zh
    assert "is over" in en and "Please object by" not in en


def test_what_the_inspector_found_is_in_the_readers_language() -> None:
    assert _found("现场见新伐桩 / fresh stumps") == Text("，现场见新伐桩", ", fresh stumps")
    assert _found("1/2 of the plot / burnt") == Text("，1/2 of the plot / burnt", ", 1/2 of the plot / burnt")
    assert _found("") == Text("", "")
