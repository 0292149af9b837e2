"""The pieces: fonts, breaks, numbers, words, maps, charts."""

from __future__ import annotations

import doctest
import io
import string
import subprocess
import sys
import xml.etree.ElementTree as ET
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecocomp.report import bundle, charts, look, maps, money, say, svg, words
from ecocomp.report.fonts import SANS_FILE, SERIF_FILE, font_folder
from ecocomp.report.maps import ClassMap, MapBase, MapClass
from ecocomp.terms.text import Text, same


@pytest.mark.parametrize("module", [say, look, svg, bundle])
def test_examples_in_the_words_of_the_code(module: object) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]


def test_both_faces_hold_rare_name_characters_and_the_marks_we_set() -> None:
    from fontTools.ttLib import TTFont

    shown = "".join(t.zh + t.en for t in vars(words).values() if isinstance(t, Text))
    for file in (SANS_FILE, SERIF_FILE):
        held = TTFont(font_folder() / file, lazy=True).getBestCmap()
        assert not {c for c in "䶮㙦𬒈●▲■○−～³✓" + shown if ord(c) not in held and c not in "\n"}


def test_the_font_is_found_without_importing_its_package() -> None:
    code = (
        "import sys; from ecocomp.report.fonts import font_folder; font_folder();"
        "print('mplfonts' in sys.modules, 'matplotlib' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split() == [
        "False",
        "False",
    ]


def test_every_sentence_has_both_languages_and_the_same_places() -> None:
    def places(said: str) -> set[str]:
        return {name.removesuffix("_cap") for _, name, _, _ in string.Formatter().parse(said) if name}

    def texts(value: object) -> list[Text]:
        if isinstance(value, Text):
            return [value]
        if isinstance(value, tuple | list):
            return [t for v in value for t in texts(v)]
        return [t for v in value.values() for t in texts(v)] if isinstance(value, dict) else []

    only_zh = {"L_AMOUNT"}  # the amount in capital numerals is a Chinese form
    for name, value in vars(words).items():
        if name.startswith("_"):
            continue
        for text in texts(value):
            assert text.zh.strip() and text.en.strip(), name
            assert name in only_zh or places(text.zh) == places(text.en), name
            assert "!" not in text.en and "！" not in text.zh


@given(st.lists(st.floats(-1e9, 1e9, allow_nan=False), min_size=2, max_size=60))
@settings(max_examples=150, deadline=None)
def test_breaks_rise_and_are_few(values: list[float]) -> None:
    found = look.round_breaks(np.array(values))
    assert len(found) <= 6
    assert all(a < b for a, b in pairwise(found))


def test_values_too_close_for_a_step_have_no_breaks() -> None:
    assert look.round_breaks(np.array([0.0, 5e-324])) == ()
    assert look.round_breaks(np.array([3.0, 3.0])) == ()


def test_breaks_stay_when_the_data_move_a_little() -> None:
    rng = np.random.default_rng(1)
    rates = rng.normal(100, 15, 5000)
    assert (
        look.round_breaks(rates) == look.round_breaks(rates * 1.002) == (80.0, 100.0, 120.0) or len(look.round_breaks(rates)) >= 3
    )
    assert all(float(b).is_integer() for b in look.round_breaks(rates))


@given(st.lists(st.tuples(st.integers(0, 10**7), st.integers(0, 10**13)), min_size=1, max_size=30))
@settings(max_examples=100, deadline=None)
def test_weighted_means_are_exact(pairs: list[tuple[int, int]]) -> None:
    from fractions import Fraction

    values, weights = (np.array(x, np.int64) for x in zip(*pairs, strict=True))
    found = bundle.weighted_mean(values, weights)
    whole = sum(w for _, w in pairs)
    if not whole:
        assert found is None
    else:
        assert found == round(Fraction(sum(v * w for v, w in pairs), whole))


def test_gini_of_equal_and_of_one_taker() -> None:
    assert money.gini(np.array([5, 5, 5, 5])) == pytest.approx(0.0)
    assert money.gini(np.array([0, 0, 0, 8])) == pytest.approx(0.75)


def test_negative_money_has_a_true_minus() -> None:
    assert say.money(-6264).zh == "−62.64元"
    assert say.budget(-(10**9)).en == "−CNY 10.00 million"
    assert say.percent(float("nan")) == say.UNSEEN


def _base() -> MapBase:
    index = np.repeat(np.repeat(np.array([[0, 1], [2, -1]], np.int32), 30, 0), 30, 1)
    return MapBase(
        index,
        np.add.outer(np.arange(60.0), np.arange(60.0)).astype(np.float32),
        30.0,
        pa.array(["a", "b", "c"]),
        {"red_line": index == 0},
    )


def test_a_map_colours_classes_hatches_the_unknown_and_leaves_the_outside_white() -> None:
    from PIL import Image

    base = _base()
    classes = (MapClass("#2166AC", same("x")), MapClass("#E9EDEF", same("?"), hatched=True))
    png = ClassMap(base, same("T"), classes, np.array([0, 1, 0], np.int16), (same("s"),)).draw("zh")
    picture = np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)
    frame = base.frame
    top = picture.shape[0]
    assert picture.shape[1] == 960 and top > frame.parcel.shape[0]
    at = 28 + 33 + 22
    body = picture[at : at + frame.parcel.shape[0], frame.left : frame.left + frame.parcel.shape[1]]
    h, w = body.shape[:2]
    blue = body[h // 4, w // 4]
    assert blue[2] > blue[0] + 40
    assert len({tuple(c) for c in body[h // 4, w // 2 + 40 : w - 40]}) > 1
    assert (body[h - h // 4, w - w // 4] == 255).all()


def test_a_long_title_of_a_map_is_broken_and_the_map_moves_down() -> None:
    from PIL import Image

    def drawn(title: str) -> np.ndarray:
        classes = (MapClass("#2166AC", same("x")),)
        png = ClassMap(_base(), same(title), classes, np.zeros(3, np.int16), (same("s"),)).draw("en")
        return np.asarray(Image.open(io.BytesIO(png)).convert("L")).astype(int)

    short = drawn("Carbon sequestration, 2025")
    long = drawn("Water purification: chemical oxygen demand, 2025 (t/a per ha)")
    assert long.shape[0] > short.shape[0]
    assert (long[:, -28:] == 255).all()  # nothing runs over the margin
    assert "".join(maps._wrapped("oxygen demand, 2025 (t/a per ha)", 33, 300)).replace(" ", "") == "oxygendemand,2025(t/aperha)"


def test_lowered_digits_are_drawn_small_below_the_line_for_the_font_lacks_them() -> None:
    from fontTools.ttLib import TTFont

    held = TTFont(font_folder() / SANS_FILE, lazy=True).getBestCmap()
    units = "".join(t.zh + t.en for t in words.UNITS.values())
    shown = "".join(run for run, _ in maps._runs(units))
    assert "₂" in units and not {c for c in shown if ord(c) not in held}
    assert maps._runs("t CO₂/a") == [("t CO", False), ("2", True), ("/a", False)]
    assert maps._text_width("CO₂", 33) < maps._text_width("CO2", 33)


def test_a_map_base_of_two_shapes_is_refused() -> None:
    with pytest.raises(ValueError, match="one shape"):
        MapBase(np.zeros((2, 2), np.int32), np.zeros((3, 2), np.float32), 1.0, pa.array(["a"]))


NASTY = '<svg onload="x">&\x0b]]>'


@pytest.mark.parametrize("narrow", [False, True])
def test_charts_are_well_formed_whatever_the_labels(narrow: bool) -> None:
    label = same(NASTY)
    rows = [charts.Bar(label, (3.0, -1.0), label, 1.0, 4.0), charts.Bar(same("甲" * 60), (0.0, 0.0), same("0"))]
    marks = [
        charts.MarkRow(label, (charts.Mark(None, None, None, label),)),
        charts.MarkRow(label, (charts.Mark(3.0, 1.0, 4.0, label),)),
    ]
    nodes = [charts.Node(label, "#111111", lambda v: same(str(v)))]
    series = [charts.Series(label, "#000000"), charts.Series(label, "#FFFFFF")]
    drawn = (
        charts.bars(rows, series, label, charts.say_number, label, net_mark=True),
        charts.dots(marks, series[:1], label, charts.say_number, label),
        charts.histogram([0.0, 1.0, 2.0], [3, 4], 1, 1.2, label, (0.5, 1.5), label, label, charts.say_number, label),
        charts.flow((nodes, nodes, nodes), [{(0, 0): 5}, {(0, 0): 5}], (label, label, label), label),
    )
    for draw in drawn:
        tree = ET.fromstring(draw("zh", narrow))
        tags = {e.tag.rpartition("}")[2] for e in tree.iter()}
        assert "script" not in tags
        assert [e for e in tree.iter() if e.tag.endswith("svg")] == [tree]
        assert not any(k.startswith("on") for e in tree.iter() for k in e.attrib)


def test_stacked_bars_are_as_long_as_their_values() -> None:
    draw = charts.bars(
        [charts.Bar(same("a"), (50.0, 25.0), same("75"))],
        [charts.Series(same("p"), "#AA0000"), charts.Series(same("q"), "#00AA00")],
        same("x"),
        charts.say_number,
        same("t"),
    )
    tree = ET.fromstring(draw("en", False))
    width = {e.get("fill"): float(e.get("width") or 0) for e in tree.iter() if e.tag.endswith("rect") and e.get("height") == "24"}
    assert width["#AA0000"] == pytest.approx(2 * width["#00AA00"], abs=0.05)
