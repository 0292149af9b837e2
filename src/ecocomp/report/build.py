"""Build the yearly report of a bundle: figures once, then the page and the paper in both languages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ecocomp.report import gep, land, money, results, say, services
from ecocomp.report import words as w
from ecocomp.report.blocks import Section, figure_file, pictures_of
from ecocomp.report.bundle import Bundle
from ecocomp.report.frame import Story
from ecocomp.report.letter import letter_text, write_letter
from ecocomp.report.maps import MapBase
from ecocomp.report.page import html, sections_plain
from ecocomp.report.paper import pdf
from ecocomp.terms.text import LANGS, Lang, Text

Progress = Callable[[int, int, Text], None]


def build_report(bundle: Path, base: MapBase, previous: Path | None = None, progress: Progress | None = None) -> list[Path]:
    """Write `report/` of a bundle and return its files, sorted.

    bundle    folder with `bundle.json` and `tables/`
    base      ground of the maps, from the pipeline
    previous  folder with last year's tables, for what changed; None without one
    progress  called with (done, all, what) after each step

    Raises `FaultsError` when the bundle cannot be read. The same bundle and base give the same bytes.
    """
    story = Story(Bundle(bundle, previous), base)
    sentence, sections = tell(story)
    pictures = pictures_of(sections)
    steps, done = len(pictures) + 2 * len(LANGS), 0

    def tick(what: Text) -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done, steps, what)

    out = bundle / "report"
    (out / "figures").mkdir(parents=True, exist_ok=True)
    drawn: dict[str, bytes] = {}
    for picture in pictures:
        for lang in LANGS:
            drawn[figure_file(picture, lang)] = picture.draw(lang, False)
            if picture.kind == "chart":
                drawn[figure_file(picture, lang, narrow=True)] = picture.draw(lang, True)
        tick(picture.title)
    made = [_write(out / name, data) for name, data in drawn.items()]
    for lang in LANGS:
        head = head_of(story.bundle, sentence, lang)
        made.append(_write(out / f"report.{lang}.html", html(lang, head, sections).encode()))
        tick(Text(f"report.{lang}.html", f"report.{lang}.html"))
        data = {"lang": lang, "head": head, "sections": sections_plain(sections, lang), "words": _paper_words(lang)}
        made.append(_write(out / f"report.{lang}.pdf", pdf("report.typ", data, out, story.bundle.known_on)))
        tick(Text(f"report.{lang}.pdf", f"report.{lang}.pdf"))
    return sorted(made)


def tell(story: Story) -> tuple[Text, list[Section]]:
    """Return the sentence of the first screen and the twelve sections."""
    sentence, first = land.answer(story)
    return sentence, [
        first,
        land.land(story),
        land.zones(story),
        services.services(story),
        gep.gep(story),
        money.standard(story),
        money.money(story),
        money.notice(story),
        results.results(story),
        results.accounts(story),
        results.sure(story),
        results.check(story),
    ]


def head_of(bundle: Bundle, sentence: Text, lang: Lang) -> dict[str, Any]:
    """Return what stands above the sections: title, sentence, date and notices, in one language."""
    notices = [t for t, needed in ((w.INVENTED, bundle.invented), (w.STUDY, bundle.study)) if needed]
    return {
        "title": w.TITLE.fill(name=bundle.name, year=bundle.year).to(lang),
        "place": bundle.name.to(lang),
        "year": bundle.year,
        "sentence": sentence.to(lang),
        "as_of": w.AS_OF.fill(d=say.day(bundle.known_on)).to(lang),
        "day": bundle.known_on.isoformat(),
        "notices": [t.to(lang) for t in notices],
    }


def _paper_words(lang: Lang) -> dict[str, str]:
    names = ("PRODUCT", "CONTENTS", "PAGE_OF", "FIGURE", "TABLE_WORD", "TOTAL", "NOT_HERE", "FOOT", "HOW")
    return {n.lower(): getattr(w, n).to(lang) for n in names}


def _write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


__all__ = ["MapBase", "Progress", "build_report", "letter_text", "write_letter"]
