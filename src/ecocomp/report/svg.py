"""A sheet of SVG: rectangles, lines, ribbons and text that is escaped, in the fonts of the product.

Plain text out, so the same numbers give the same bytes, the words stay searchable, and paper and screen
stay sharp. Text sizes are in the pixels of the sheet; charts are drawn twice, for page and phone.
"""

from __future__ import annotations

import unicodedata
from xml.sax.saxutils import escape, quoteattr

from ecocomp.report import look
from ecocomp.terms.text import Lang

_HAN = "PingFang SC, HarmonyOS Sans SC, Microsoft YaHei, Noto Sans CJK SC, Noto Sans SC, sans-serif"
FAMILY: dict[Lang, str] = {"zh": _HAN, "en": f"Segoe UI, Roboto, Helvetica Neue, {_HAN}"}
_MINUS = "Noto Serif CJK SC, Segoe UI, Helvetica Neue, Arial, sans-serif"
_FORBIDDEN = {c: None for c in [*range(0x20), 0xFFFE, 0xFFFF] if c not in (9, 10, 13)}


def width_of(said: str, size: float) -> float:
    """Return about how wide a text is at `size`: one em for a Han character, a little over half for others."""
    return sum(1.0 if unicodedata.east_asian_width(c) in "WF" else 0.56 for c in said) * size


def shortened(said: str, size: float, room: float) -> str:
    """Return the text, cut with an ellipsis where it would be wider than `room`."""
    if width_of(said, size) <= room:
        return said
    while said and width_of(said + "…", size) > room:
        said = said[:-1]
    return said.rstrip() + "…"


def two_lines(said: str, size: float, room: float) -> list[str]:
    """Return the text in one line, or in two broken at a space (Han: anywhere), the second shortened if need be."""
    if width_of(said, size) <= room:
        return [said]
    cuts = [i for i in range(1, len(said)) if said[i] == " " or ord(said[i]) > 0x2E80]
    fits = [i for i in cuts if width_of(said[:i], size) <= room]
    at = fits[-1] if fits else len(shortened(said, size, room)) - 1
    return [said[:at].rstrip(), shortened(said[at:].lstrip(), size, room)]


def number(value: float) -> str:
    """Return a coordinate with at most two places, so that files stay small and equal."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


class Sheet:
    """One SVG picture being drawn."""

    def __init__(self, width: float, lang: Lang) -> None:
        self.width, self.lang = width, lang
        self.parts: list[str] = []

    def rect(self, x: float, y: float, width: float, height: float, fill: str, *, stroke: str = "") -> None:
        """Add a rectangle; a width below zero is drawn to the left."""
        if width < 0:
            x, width = x + width, -width
        edge = f' stroke="{stroke}"' if stroke else ""
        self.parts.append(
            f'<rect x="{number(x)}" y="{number(y)}" width="{number(width)}" height="{number(height)}" fill="{fill}"{edge}/>'
        )

    def line(self, x1: float, y1: float, x2: float, y2: float, stroke: str, width: float = 1, dash: str = "") -> None:
        """Add a straight line."""
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        self.parts.append(
            f'<path d="M{number(x1)} {number(y1)}L{number(x2)} {number(y2)}" stroke="{stroke}" '
            f'stroke-width="{number(width)}" fill="none"{dashed}/>'
        )

    def path(self, d: str, fill: str, *, opacity: float = 1.0) -> None:
        """Add a filled outline."""
        self.parts.append(f'<path d="{d}" fill="{fill}" fill-opacity="{number(opacity)}"/>')

    def dot(self, x: float, y: float, radius: float, fill: str, stroke: str = "#FFFFFF") -> None:
        """Add a filled circle."""
        self.parts.append(
            f'<circle cx="{number(x)}" cy="{number(y)}" r="{number(radius)}" fill="{fill}" stroke="{stroke}" stroke-width="1.5"/>'
        )

    def text(
        self,
        x: float,
        y: float,
        said: str,
        size: float = 14,
        *,
        fill: str = look.TEXT,
        anchor: str = "start",
        bold: bool = False,
        halo: bool = False,
    ) -> None:
        """Add a line of text with its baseline at `y`; a halo keeps it readable over colour."""
        look_ = ' font-weight="600"' if bold else ""
        back = ' stroke="#FFFFFF" stroke-width="3.5" stroke-linejoin="round" paint-order="stroke"' if halo else ""
        # the Chinese sans face has a minus as wide as a Han character; the serif's is as wide as a digit
        clean = escape(said.translate(_FORBIDDEN)).replace("−", f'<tspan font-family="{_MINUS}">−</tspan>')
        self.parts.append(
            f'<text x="{number(x)}" y="{number(y)}" font-size="{number(size)}" fill="{fill}" '
            f'text-anchor="{anchor}"{look_}{back}>{clean}</text>'
        )

    def done(self, height: float, title: str) -> bytes:
        """Return the picture as UTF-8 bytes."""
        name = quoteattr(title.translate(_FORBIDDEN))
        return "\n".join(
            [
                f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {number(self.width)} {number(height)}" '
                f'width="{number(self.width)}" '
                f'height="{number(height)}" role="img" aria-label={name} font-family="{FAMILY[self.lang]}" '
                'style="font-variant-numeric:tabular-nums">',
                '<defs><pattern id="h" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
                f'<rect width="6" height="6" fill="#F1F3F1"/><rect width="2" height="6" fill="{look.UNKNOWN}"/></pattern></defs>',
                f'<rect width="{number(self.width)}" height="{number(height)}" fill="#FFFFFF"/>',
                *self.parts,
                "</svg>",
                "",
            ]
        ).encode()


HATCH = "url(#h)"
