"""The letter: amount first, a sum that adds up, every deduction with its evidence, how to object."""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow.parquet as pq
import pypdfium2
import pytest

from ecocomp.report.build import letter_text, write_letter
from ecocomp.report.bundle import Bundle
from ecocomp.report.letter import compose
from ecocomp.report.maps import MapBase
from ecocomp.terms.faults import UsageError
from ecocomp.terms.money import say_capital, say_yuan

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
