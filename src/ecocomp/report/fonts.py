"""The font every picture and PDF is set in: Noto Sans CJK SC (letters: Noto Serif CJK SC), brought by `mplfonts`.

A machine without Chinese fonts prints the same pages as any other. The package is only located, never
imported (importing it loads pyplot). The faces hold the rare name characters 䶮 㙦 𬒈; a test reads them.
"""

from __future__ import annotations

import importlib.util
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from ecocomp.terms.faults import UsageError
from ecocomp.terms.text import Text

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

SANS = "Noto Sans CJK SC"
SERIF = "Noto Serif CJK SC"
SANS_FILE = "NotoSansCJKsc-Regular.otf"
SERIF_FILE = "NotoSerifCJKsc-Regular.otf"


def font_folder() -> Path:
    """Return the folder of the shipped fonts; raises `UsageError` when the package or the font is missing."""
    spec = importlib.util.find_spec("mplfonts")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        folder = Path(place) / "fonts"
        if (folder / SANS_FILE).is_file() and (folder / SERIF_FILE).is_file():
            return folder
    raise UsageError(
        Text(
            "找不到中文字体包mplfonts，报告无法排版。重新安装ecocomp的依赖。",
            "The font package mplfonts is missing, so the report cannot be set. Install ecocomp's requirements again.",
        )
    )


@lru_cache(maxsize=32)
def drawing_font(size_px: int) -> FreeTypeFont:
    """Return the sans face for drawing text into a picture, `size_px` high."""
    from PIL import ImageFont

    return ImageFont.truetype(str(font_folder() / SANS_FILE), size_px, layout_engine=ImageFont.Layout.BASIC)
