"""The report as one HTML page per language: no script, no network, readable on a phone and on paper.

Every value passes through autoescape, so a name is text whatever it holds; the page also forbids scripts
to the browser by policy.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ecocomp.report import words as w
from ecocomp.report.blocks import Section, plain
from ecocomp.terms.text import Lang, Text

if TYPE_CHECKING:
    from markupsafe import Markup


def html(lang: Lang, head: dict[str, Any], sections: list[Section]) -> str:
    """Return the page.

    head      plain values made by `build.head_of` (title, sentence, dates, notices)
    sections  the numbered sections in order
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("ecocomp.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["kept"] = kept
    style = environment.loader.get_source(environment, "report.css")[0]  # type: ignore[union-attr]
    words = {name.lower(): value.to(lang) for name, value in vars(w).items() if isinstance(value, Text)}
    return environment.get_template("report.html.j2").render(
        lang=lang,
        other="en" if lang == "zh" else "zh",
        head=head,
        sections=sections_plain(sections, lang),
        words=words,
        style=style,
    )


_FIGURE = re.compile(r"CNY [\d.,]+(?: (?:million|billion))?|[\d.,]*\d(?:万元|亿元|万亩|元|亩|户|%)")


def kept(said: str) -> Markup:
    """Return the text as HTML in which no line breaks between an amount and its unit; everything else is escaped."""
    from markupsafe import Markup, escape

    out, at = Markup(""), 0
    for found in _FIGURE.finditer(said):
        out += escape(said[at : found.start()]) + Markup('<span class="nb">{}</span>').format(found[0])
        at = found.end()
    return out + escape(said[at:])


def sections_plain(sections: list[Section], lang: Lang) -> list[dict[str, Any]]:
    """Return the sections as plain values in one language."""
    return [
        {"n": n, "anchor": s.anchor, "title": s.title.to(lang), "blocks": [plain(b, lang) for b in s.blocks]}
        for n, s in enumerate(sections, 1)
    ]
