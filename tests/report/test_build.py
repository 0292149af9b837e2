"""The report as a whole: same bytes, both languages, nothing typed becomes code, gaps are said."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType

import pypdfium2
import pytest

from ecocomp.report.build import build_report
from ecocomp.report.maps import MapBase
from ecocomp.terms.faults import FaultsError

Built = tuple[Path, MapBase]


def _sums(folder: Path) -> dict[str, str]:
    return {
        p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


def _pdf_text(path: Path) -> str:
    pages = pypdfium2.PdfDocument(path)
    return "\n".join(pages[i].get_textpage().get_text_range() for i in range(len(pages)))


class _Page(HTMLParser):
    """Collects tags, images and text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.images: list[dict[str, str | None]] = []
        self.heads: list[int] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag == "img":
            self.images.append(dict(attrs))
        if re.fullmatch(r"h\d", tag):
            self.heads.append(int(tag[1]))


def test_two_builds_give_the_same_bytes(built: Built, synthetic: ModuleType, tmp_path: Path) -> None:
    folder, _ = built
    again = tmp_path / "elsewhere"
    again.mkdir()
    base = synthetic.make(again, 400)
    build_report(again, base, again / "previous")
    first, second = _sums(folder / "report"), _sums(again / "report")
    assert first == second
    build_report(folder, built[1], folder / "previous")
    assert _sums(folder / "report") == first


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_stands_alone_and_every_picture_is_there_and_described(built: Built, lang: str) -> None:
    report = built[0] / "report"
    text = (report / f"report.{lang}.html").read_text(encoding="utf-8")
    page = _Page(text)
    assert len(page.images) >= 14
    for image in page.images:
        assert (report / str(image["src"])).is_file()
        assert image["alt"] and len(image["alt"]) > 10
    for value in (v for k, v in page.attributes if k == "srcset"):
        assert (report / str(value)).is_file()
    assert "script" not in page.tags
    assert not re.search(r'(src|href)="https?:', text)
    assert all(b - a <= 1 for a, b in zip(page.heads, page.heads[1:], strict=False)), "a heading level is skipped"
    assert f'hreflang="{"en" if lang == "zh" else "zh"}"' in text


def test_user_text_stays_text_on_the_page(built: Built) -> None:
    for lang in ("zh", "en"):
        text = (built[0] / "report" / f"report.{lang}.html").read_text(encoding="utf-8")
        assert "<svg" not in text
        assert "onload" not in {k for k, _ in _Page(text).attributes}
    assert "&lt;svg onload=alert(1)&gt;" in (built[0] / "report" / "report.zh.html").read_text(encoding="utf-8")


def test_user_text_stays_text_on_paper(built: Built) -> None:
    assert "<svg onload=alert(1)>" in _pdf_text(built[0] / "report" / "report.zh.pdf").replace("\r\n", "")
    assert '#eval("1+1")' in _pdf_text(built[0] / "report" / "report.en.pdf")


def test_no_personal_data_in_the_report(built: Built) -> None:
    for path in (built[0] / "report").rglob("*"):
        if path.suffix in (".html", ".svg"):
            text = path.read_text(encoding="utf-8")
            for private in ("陈䶮", "李㙦", "赵𬒈", "H000001", "张*", "K000001"):
                assert private not in text, (path.name, private)


def test_the_answer_is_first_and_exact(built: Built) -> None:
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    from ecocomp.terms.money import say_yuan

    order = pq.read_table(built[0] / "tables" / "order.parquet")
    ready = order.filter(pc.equal(order["state"], "ready"))
    exact = say_yuan(pc.sum(ready["amount_fen"]).as_py())
    for lang in ("zh", "en"):
        text = (built[0] / "report" / f"report.{lang}.html").read_text(encoding="utf-8")
        assert text.index('class="answer"') < text.index('class="cards') < text.index('id="land"')
        assert exact in text
        assert exact in _pdf_text(built[0] / "report" / f"report.{lang}.pdf")


def test_invented_is_said_on_page_and_paper(built: Built) -> None:
    assert "都是虚构的" in (built[0] / "report" / "report.zh.html").read_text(encoding="utf-8")
    assert "are invented" in _pdf_text(built[0] / "report" / "report.en.pdf").replace("\r\n", " ")


def test_what_is_missing_is_said_with_its_reason(built: Built, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    (bare / "tables").mkdir(parents=True)
    for name in ("parcel", "parcel_zone"):
        shutil.copy(built[0] / "tables" / f"{name}.parquet", bare / "tables")
    shutil.copy(built[0] / "bundle.json", bare)
    made = build_report(bare, built[1], None)
    assert {p.name for p in made if p.suffix == ".png"} == {f"{n}.{x}.png" for n in ("land_cover", "zones") for x in ("zh", "en")}
    zh = (bare / "report" / "report.zh.html").read_text(encoding="utf-8")
    en = (bare / "report" / "report.en.html").read_text(encoding="utf-8")
    assert zh.count("未评估 · 这份成果包没有表") >= 8
    assert "Not assessed · This bundle has no table" in en
    assert "没有站点日风速" in zh and "no daily wind" in en
    assert "there are no payment data" in en


def test_without_last_year_the_change_is_not_drawn(synthetic: ModuleType, tmp_path: Path) -> None:
    base = synthetic.make(tmp_path, 60, previous=False)
    made = {p.name for p in build_report(tmp_path, base, None)}
    assert "year_on_year.zh.svg" not in made
    assert "没有上一年度的成果包" in (tmp_path / "report" / "report.zh.html").read_text(encoding="utf-8")


def test_a_study_says_that_nobody_is_paid(built: Built, tmp_path: Path) -> None:
    copy = tmp_path / "study"
    shutil.copytree(built[0], copy)
    meta = json.loads((copy / "bundle.json").read_text(encoding="utf-8"))
    meta["case"] |= {"purpose": "study", "invented": False}
    (copy / "bundle.json").write_text(json.dumps(meta), encoding="utf-8")
    build_report(copy, built[1], None)
    text = (copy / "report" / "report.en.html").read_text(encoding="utf-8")
    assert "nobody pays or is paid" in text
    assert "received" not in text.split('class="answer"')[1][:200]


def test_a_folder_without_a_bundle_is_a_sentence(tmp_path: Path, built: Built) -> None:
    with pytest.raises(FaultsError, match=r"bundle\.json"):
        build_report(tmp_path, built[1])
    (tmp_path / "bundle.json").write_text("{}", encoding="utf-8")
    with pytest.raises(FaultsError, match="case, year, known_on"):
        build_report(tmp_path, built[1])


def test_progress_counts_to_its_end(synthetic: ModuleType, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    base = synthetic.make(tmp_path, 40, previous=False)
    build_report(tmp_path, base, None, lambda done, whole, what: seen.append((done, whole)))
    assert [d for d, _ in seen] == list(range(1, seen[-1][1] + 1))
