"""Maps of a bundle: classes per parcel over shaded relief, with legend, scale, north, year and source.

Drawn from the index raster the pipeline hands over (which parcel covers most of a display cell), so the
cost does not grow with the number of parcel corners. Pictures are palette PNGs: one byte a pixel, the
same bytes on every run. What was not observed is hatched, never coloured.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ecocomp.report import look
from ecocomp.report import words as w
from ecocomp.report.fonts import drawing_font
from ecocomp.terms.text import Lang, Text

WIDTH, MARGIN, BODY_MAX_HEIGHT = 960, 28, 940
SHADES, INKS = 12, 16
_SIZE_TITLE, _SIZE_LEGEND, _SIZE_SMALL = 33, 30, 25
_TITLE_LINE = 44
_LOWERED = {chr(0x2080 + n): str(n) for n in range(10)}
"""Lowered digits (CO₂), which the drawing font lacks: they are drawn as small digits below the line."""
_LOWERED_SIZE, _LOWERED_BY = 0.62, 0.14


@dataclass(frozen=True, eq=False)
class MapBase:
    """The ground every map is drawn on.

    index       int32 [rows, columns], row of `parcel_ids` that covers most of a display cell, -1 outside
    relief      float32, same shape, elevation [m], NaN outside; used for shading only
    cell_m      size of a display cell [m]
    parcel_ids  parcel codes in the order `index` counts them
    overlays    further masks of the same shape: ``red_line``, ``reserve``, ``river``
    """

    index: NDArray[np.int32]
    relief: NDArray[np.float32]
    cell_m: float
    parcel_ids: pa.Array
    overlays: dict[str, NDArray[np.bool_]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not isinstance(self.parcel_ids, pa.Array):
            object.__setattr__(self, "parcel_ids", pa.array(self.parcel_ids, pa.string()))
        shapes = {self.index.shape, self.relief.shape, *(m.shape for m in self.overlays.values())}
        if len(shapes) != 1 or self.index.size == 0:
            raise ValueError(f"index, relief and overlays must have one shape, not {sorted(shapes)}")

    @cached_property
    def frame(self) -> Frame:
        """The base resampled to the picture, shared by all maps."""
        return Frame.of(self)


@dataclass(frozen=True, eq=False)
class Frame:
    """The base at picture size: parcel rows, shade level 0..SHADES-1, parcel lines, masks, metres per pixel."""

    parcel: NDArray[np.int32]
    shade: NDArray[np.uint8]
    lines: NDArray[np.bool_]
    masks: dict[str, NDArray[np.bool_]]
    pixel_m: float
    left: int

    @classmethod
    def of(cls, base: MapBase) -> Frame:
        """Resample by nearest cell, keeping the shape of the land; shade from the north-west."""
        rows, columns = base.index.shape
        scale = min((WIDTH - 2 * MARGIN) / columns, BODY_MAX_HEIGHT / rows)
        height, width = max(1, round(rows * scale)), max(1, round(columns * scale))
        r = np.minimum((np.arange(height) * (rows / height)).astype(np.intp), rows - 1)[:, None]
        c = np.minimum((np.arange(width) * (columns / width)).astype(np.intp), columns - 1)[None, :]
        parcel = base.index[r, c]
        return cls(
            parcel,
            _shade(base, height, width),
            _lines(parcel),
            {k: m[r, c] for k, m in base.overlays.items()},
            base.cell_m * columns / width,
            (WIDTH - width) // 2,
        )


def _shade(base: MapBase, height: int, width: int) -> NDArray[np.uint8]:
    """Return the hillshade (sun in the north-west, 45° high) as levels, smooth at picture size."""
    from PIL import Image

    relief = np.where(np.isfinite(base.relief), base.relief, np.nanmean(base.relief) if np.isfinite(base.relief).any() else 0.0)
    if min(relief.shape) < 2:
        return np.full((height, width), SHADES - 1, np.uint8)
    dy, dx = np.gradient(relief.astype(np.float64), base.cell_m)
    spread = float(np.percentile(np.hypot(dx, dy), 95))
    boost = 0.9 / spread if spread > 0 else 1.0
    dx, dy = dx * boost, dy * boost
    # the light vector (-x, +y up, z) over the surface normal; rows run south, so dy is turned
    lit = (dx + dy + np.sqrt(2.0)) / (2.0 * np.sqrt(1.0 + dx**2 + dy**2))
    smooth = np.asarray(Image.fromarray(lit.astype(np.float32)).resize((width, height), Image.Resampling.BILINEAR))
    return np.clip((smooth - 0.1) / 0.85 * SHADES, 0, SHADES - 1).astype(np.uint8)


def _lines(parcel: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Return thin lines between parcels, or none where parcels are too small on the picture to bear them."""
    edge = np.zeros(parcel.shape, bool)
    shown = len(np.unique(parcel))
    if shown and parcel.size / shown >= 260:
        edge[:, 1:] |= parcel[:, 1:] != parcel[:, :-1]
        edge[1:, :] |= parcel[1:, :] != parcel[:-1, :]
        edge &= parcel >= 0
    return edge


@dataclass(frozen=True, slots=True)
class MapClass:
    """One legend entry: colour, words, whether hatched (unknown), and a quiet pattern that survives a grey print."""

    colour: str
    label: Text
    hatched: bool = False
    pattern: str = ""


@dataclass(frozen=True, eq=False)
class ClassMap:
    """A map of classes.

    of_parcel  class number per row of the base's parcels; -1: parcel not drawn
    masks      overlays to draw, by name in `MapBase.overlays`
    """

    base: MapBase
    title: Text
    classes: tuple[MapClass, ...]
    of_parcel: NDArray[np.int16]
    footer: tuple[Text, ...]
    masks: tuple[str, ...] = ()

    def draw(self, lang: Lang, narrow: bool = False) -> bytes:
        """Return the picture as PNG bytes."""
        canvas = _Canvas(self.classes)
        return canvas.compose(self, lang)


class _Canvas:
    """Palette: shaded classes first, then ink from white to text colour, then the line colours."""

    def __init__(self, classes: tuple[MapClass, ...]) -> None:
        self.palette: list[tuple[int, int, int]] = []
        for item in classes:
            self.palette += [_lit(item.colour, level) for level in range(SHADES)]
        self.pattern = [len(self.palette) + i for i in range(len(classes))]
        self.palette += [_pattern_ink(item.colour) for item in classes]
        self.ink = len(self.palette)
        for i in range(INKS):
            t = i / (INKS - 1)
            self.palette.append(tuple(round(255 + (c - 255) * t) for c in look.rgb(look.TEXT)))  # type: ignore[arg-type]
        self.solid = {}
        for name, colour in (
            ("white", "#FFFFFF"),
            ("muted", look.MUTED),
            ("hair", "#B9C2BC"),
            ("red_line", look.RED_LINE),
            ("reserve", "#14352A"),
            ("river", "#6F9FC4"),
            ("hatch", "#7C8790"),
            ("frame", "#7A868E"),
        ):
            self.solid[name] = len(self.palette)
            self.palette.append(look.rgb(colour))
        if len(self.palette) > 256:
            raise ValueError(f"too many classes for one map: {len(classes)}")

    def compose(self, m: ClassMap, lang: Lang) -> bytes:
        from PIL import Image

        frame = m.base.frame
        body = self.body(m, frame)
        legend = self.legend_rows(m, lang)
        title = _wrapped(m.title.to(lang), _SIZE_TITLE, WIDTH - 2 * MARGIN)
        top = MARGIN + _TITLE_LINE * len(title) + 11
        base_line = top + body.shape[0] + 26
        foot = base_line + 46 * len(legend) + 12
        footer = [line for text in m.footer for line in _wrapped(text.to(lang), _SIZE_SMALL, WIDTH - 2 * MARGIN)]
        height = foot + 66 + 34 * len(footer) + 14
        sheet = np.full((height, WIDTH), self.solid["white"], np.uint8)
        sheet[top : top + body.shape[0], frame.left : frame.left + body.shape[1]] = body
        pen = _Pen(height)
        for i, line in enumerate(title):
            pen.text(MARGIN, MARGIN - 6 + _TITLE_LINE * i, line, _SIZE_TITLE)
        for row, entries in enumerate(legend):
            for x, entry in entries:
                self.swatch(sheet, pen, x, base_line + 46 * row, entry, lang)
        self.scale_bar(sheet, pen, foot, frame, lang)
        for i, line in enumerate(footer):
            pen.text(MARGIN, foot + 62 + 34 * i, line, _SIZE_SMALL)
        drawn = pen.levels()
        sheet = np.where(drawn > 0, self.ink + drawn, sheet).astype(np.uint8)
        picture = Image.fromarray(sheet)
        picture.putpalette([c for entry in self.palette for c in entry])
        out = io.BytesIO()
        picture.save(out, "PNG", compress_level=6)
        return out.getvalue()

    def body(self, m: ClassMap, frame: Frame) -> NDArray[np.uint8]:
        """Return palette numbers of the map itself."""
        lookup = np.append(m.of_parcel, np.int16(-1))
        kind = lookup[np.where(frame.parcel < 0, len(m.of_parcel), frame.parcel)]
        body = (np.maximum(kind, 0).astype(np.uint8) * SHADES + frame.shade).astype(np.uint8)
        body[kind < 0] = self.solid["white"]
        hatched = np.zeros(len(m.classes) + 1, bool)
        hatched[:-1] = [c.hatched for c in m.classes]
        y, x = np.ogrid[: kind.shape[0], : kind.shape[1]]
        body[hatched[kind] & ((x + y) % 9 < 2)] = self.solid["hatch"]
        for n, item in enumerate(m.classes):
            if item.pattern:
                body[(kind == n) & _pattern(item.pattern, x, y)] = self.pattern[n]
        body[frame.lines & (kind >= 0)] = self.solid["white"]
        if "river" in frame.masks:
            body[frame.masks["river"] & (frame.parcel >= 0)] = self.solid["river"]
        if "reserve" in m.masks and "reserve" in frame.masks:
            mask = frame.masks["reserve"]
            body[mask & ((x - y) % 11 < 5)] = self.solid["white"]  # dark on white, so it reads on every ground and in grey
            body[mask & ((x - y + 10) % 11 < 3)] = self.solid["reserve"]
            body[_outline(mask, 2)] = self.solid["white"]
            body[_outline(mask, 1)] = self.solid["reserve"]
        if "red_line" in m.masks and "red_line" in frame.masks:
            line = frame.masks["red_line"]
            body[_outline(line, 5)] = self.solid["white"]  # a white casing carries the line where print is grey
            body[_outline(line, 3)] = self.solid["red_line"]
        body[_outline(frame.parcel >= 0, 1)] = self.solid["frame"]
        return body

    def legend_rows(self, m: ClassMap, lang: Lang) -> list[list[tuple[int, MapClass | str]]]:
        """Flow the legend entries into rows, as many columns as fit."""
        entries: list[MapClass | str] = [*m.classes, *(k for k in m.masks if k in m.base.overlays and m.base.overlays[k].any())]
        labels = [w.OVERLAYS[e].to(lang) if isinstance(e, str) else e.label.to(lang) for e in entries]
        starts = _column_starts([54 + round(_text_width(s, _SIZE_LEGEND)) + 20 for s in labels])
        rows: list[list[tuple[int, MapClass | str]]] = []
        for i, entry in enumerate(entries):
            if i % len(starts) == 0:
                rows.append([])
            rows[-1].append((starts[i % len(starts)], entry))
        return rows

    def swatch(self, sheet: NDArray[np.uint8], pen: _Pen, x: int, y: int, entry: MapClass | str, lang: Lang) -> None:
        """Draw one legend entry; overlays show their own line or hatch."""
        box = sheet[y : y + 32, x : x + 42]
        yy, xx = np.ogrid[: box.shape[0], : box.shape[1]]
        if isinstance(entry, str):
            if entry == "red_line":
                box[13:19, :] = self.solid["red_line"]
            elif entry == "reserve":
                box[(xx - yy + 10) % 11 < 3] = self.solid["reserve"]
            else:
                box[12:18, :] = self.solid["river"]
            label = w.OVERLAYS[entry]
        else:
            first = int(np.flatnonzero([_lit(entry.colour, SHADES - 3) == p for p in self.palette])[0])
            box[:, :] = first
            if entry.hatched:
                box[(xx + yy) % 9 < 2] = self.solid["hatch"]
            if entry.pattern:
                box[_pattern(entry.pattern, xx, yy)] = self.pattern[first // SHADES]
            label = entry.label
        if not isinstance(entry, str) or entry == "reserve":
            box[0, :] = box[-1, :] = self.solid["frame"]
            box[:, 0] = box[:, -1] = self.solid["frame"]
        pen.text(x + 54, y - 5, label.to(lang), _SIZE_LEGEND)

    def scale_bar(self, sheet: NDArray[np.uint8], pen: _Pen, y: int, frame: Frame, lang: Lang) -> None:
        """Draw a round length at the left and the north arrow at the right."""
        length_m = _round_length(frame.pixel_m * 260)
        pixels = max(2, round(length_m / frame.pixel_m))
        ink = self.ink + INKS - 1
        sheet[y + 20 : y + 26, MARGIN : MARGIN + pixels] = ink
        sheet[y + 21 : y + 25, MARGIN + pixels // 2 : MARGIN + pixels - 1] = self.solid["white"]
        said = f"{length_m / 1000:g}" if length_m >= 1000 else f"{length_m:g}"
        unit = (Text("千米", " km") if length_m >= 1000 else Text("米", " m")).to(lang)
        pen.text(MARGIN + pixels + 14, y + 2, said + unit, _SIZE_SMALL + 2)
        pen.arrow(WIDTH - MARGIN - 34, y - 2, Text("北", "N").to(lang))


class _Pen:
    """Smooth ink on a sheet of its own, laid over the map at the end."""

    def __init__(self, height: int) -> None:
        from PIL import Image, ImageDraw

        self.sheet = Image.new("L", (WIDTH, height), 0)
        self._draw = ImageDraw.Draw(self.sheet)

    def text(self, x: float, y: float, said: str, size: int) -> None:
        for run, lowered in _runs(said):
            font = drawing_font(round(size * _LOWERED_SIZE) if lowered else size)
            drop = round(size * _LOWERED_BY) + drawing_font(size).getmetrics()[0] - font.getmetrics()[0] if lowered else 0
            self._draw.text((x, y + drop), run, fill=255, font=font)
            x += font.getlength(run)

    def arrow(self, x: int, y: int, letter: str) -> None:
        self._draw.polygon([(x + 9, y), (x + 20, y + 44), (x + 9, y + 35), (x - 2, y + 44)], fill=255)
        self.text(x - 34, y + 4, letter, _SIZE_SMALL + 2)

    def levels(self) -> NDArray[np.uint8]:
        return ((np.asarray(self.sheet).astype(np.uint16) * (INKS - 1) + 127) // 255).astype(np.uint8)


def _lit(colour: str, level: int) -> tuple[int, int, int]:
    """Return a class colour at one shade level: darkened in the shade, lifted a little in the light."""
    t = level / (SHADES - 1)
    factor = 0.74 + 0.26 * min(1.0, t * 1.25)
    lift = max(0.0, t - 0.8) * 60
    r, g, b = (min(255, round(c * factor + lift * (255 - c) / 255)) for c in look.rgb(colour))
    return r, g, b


def _column_starts(widths: list[int]) -> list[int]:
    """Return where the legend's columns start: as many as fit, at most four, each as wide as its widest entry and a share."""
    room = WIDTH - 2 * MARGIN
    for columns in range(min(4, len(widths)), 1, -1):
        needed = [max(widths[c::columns]) for c in range(columns)]
        if sum(needed) <= room:
            spare = (room - sum(needed)) // columns
            return [MARGIN + sum(needed[:c]) + spare * c for c in range(columns)]
    return [MARGIN]


def _pattern_ink(colour: str) -> tuple[int, int, int]:
    """Return the ink of a class's pattern: lighter on a dark colour, darker on a light one."""
    toward, share = (255, 0.5) if look.is_dark(colour) else (0, 0.42)
    r, g, b = (round(c + (toward - c) * share) for c in look.rgb(colour))
    return r, g, b


def _pattern(name: str, x: NDArray[np.intp], y: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Return where the ink of a pattern lies: level lines, dots, or small crosses."""
    if name == "lines":
        return (y % 8 < 1) & (x >= 0)
    shifted = (x + 6 * ((y // 12) % 2)) % 12
    if name == "dots":
        return (shifted < 2) & (y % 12 < 2)
    return ((shifted < 5) & (y % 12 == 2)) | ((shifted == 2) & (y % 12 < 5))


def _outline(mask: NDArray[np.bool_], reach: int) -> NDArray[np.bool_]:
    """Return the cells within `reach` of the border of a mask."""
    edge = np.zeros(mask.shape, bool)
    edge[:, 1:] |= mask[:, 1:] != mask[:, :-1]
    edge[1:, :] |= mask[1:, :] != mask[:-1, :]
    for _ in range(reach - 1):
        grown = edge.copy()
        grown[1:] |= edge[:-1]
        grown[:-1] |= edge[1:]
        grown[:, 1:] |= edge[:, :-1]
        grown[:, :-1] |= edge[:, 1:]
        edge = grown
    return edge


def _text_width(said: str, size: int) -> float:
    return sum(drawing_font(round(size * _LOWERED_SIZE) if low else size).getlength(run) for run, low in _runs(said))


def _runs(said: str) -> list[tuple[str, bool]]:
    """Return the text in runs that stand on the line, or below it (as plain digits)."""
    out: list[tuple[str, bool]] = []
    for lowered, letters in groupby(said, _LOWERED.__contains__):
        out.append(("".join(_LOWERED[c] if lowered else c for c in letters), lowered))
    return out


def _wrapped(said: str, size: int, width: int) -> list[str]:
    """Break a line where it gets too long: at spaces, or anywhere between Han characters."""
    lines, line = [], ""
    for piece in _pieces(said):
        if line and _text_width(line + piece, size) > width:
            lines.append(line.rstrip())
            line = piece.lstrip()
        else:
            line += piece
    return [*lines, line] if line else lines


def _pieces(said: str) -> list[str]:
    out: list[str] = []
    for ch in said:
        if out and (ch in "，。；：、）》”" or (out[-1][-1] != " " and ord(ch) < 0x2E80 and ord(out[-1][-1]) < 0x2E80)):
            out[-1] += ch
        else:
            out.append(ch)
    return out


def _round_length(metres: float) -> float:
    return look.nice_step(metres / 2.5) if metres > 0 else 1.0
