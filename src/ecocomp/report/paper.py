"""The report and the letter on A4: set by Typst from plain values, PDF/UA, the same bytes on every run.

The templates are fixed files that read `data.json`. A value is always text to Typst, never markup, so a
name such as ``#eval(...)`` is printed as it stands.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from importlib.resources import files
from typing import Any

from ecocomp.report.fonts import SANS, SERIF, font_folder


def pdf(template: str, data: dict[str, Any], pictures: dict[str, bytes], day: date) -> bytes:
    """Return a PDF of `templates/<template>` filled with `data`.

    pictures  bytes by the name the template asks for
    day       written as the document's date; the clock is never asked
    """
    import typst

    source = (files("ecocomp.report") / "templates" / template).read_bytes()
    data = {**data, "sans": SANS, "serif": SERIF, "date": [day.year, day.month, day.day]}
    held = {"main": source, "data.json": json.dumps(data, ensure_ascii=False, sort_keys=True).encode(), **pictures}
    noon = int(datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp())
    made = typst.compile(held, font_paths=[str(font_folder())], ignore_system_fonts=True, pdf_standards="ua-1", timestamp=noon)
    assert isinstance(made, bytes)
    return made
