"""The report and the letter on A4: set by Typst from plain values, PDF/UA, the same bytes on every run.

The templates are fixed files that read one JSON text. A value is always text to Typst, never markup, so a
name such as ``#eval(...)`` is printed as it stands.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ecocomp.report.fonts import SANS, SERIF, font_folder


def pdf(template: str, data: dict[str, Any], pictures: Path | None, day: date) -> bytes:
    """Return a PDF of `templates/<template>` filled with `data`.

    pictures  folder the template may read pictures from; None for a template without any
    day       written as the document's date; the clock is never asked
    """
    import typst

    source = (files("ecocomp.report") / "templates" / template).read_bytes()
    data = {**data, "sans": SANS, "serif": SERIF, "date": [day.year, day.month, day.day]}
    inputs = {"data": json.dumps(data, ensure_ascii=False, sort_keys=True)}
    noon = int(datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp())
    with TemporaryDirectory() as empty:
        root = str(pictures.resolve()) if pictures is not None else empty
        made = typst.compile(  # type: ignore[call-overload]  # its stubs want one type for all three paths
            source,
            root=root,
            sys_inputs=inputs,
            font_paths=[str(font_folder())],
            ignore_system_fonts=True,
            pdf_standards="ua-1",
            timestamp=noon,
        )
    assert isinstance(made, bytes)
    return made
