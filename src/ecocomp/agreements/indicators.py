"""Indicators of section data: codes, the names laboratories write, units, plausible ranges, and which way is better.

For whoever writes an agreement or hands in readings: `高锰酸盐指数`, ``CODMn`` and ``codmn`` are one indicator, while
``CODMn`` and ``CODCr`` are two that are often swapped. Concentrations are in mg/L, water volumes in m3 per month or year,
pH without unit. The ranges only catch a wrong unit (µg/L read as mg/L) or a slipped decimal point; they are no standard.

Reference: GB 3838-2002, table 1 (names of the indicators).
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from ecocomp.terms.text import Text


@dataclass(frozen=True, slots=True)
class Indicator:
    """One indicator.

    unit    in which values count here
    most    largest value that is no slip of unit or point
    better  ``lower``, ``higher`` or ``range`` (pH)
    summed  whether a year is the sum of its months (volumes, loads) and not their mean
    """

    code: str
    name: Text
    unit: str
    most: int
    better: str = "lower"
    summed: bool = False
    aliases: tuple[str, ...] = ()


_ALL = (
    Indicator("codmn", Text("高锰酸盐指数", "permanganate index"), "mg/L", 200, aliases=("高锰酸盐", "imn", "高指")),
    Indicator("cod", Text("化学需氧量", "chemical oxygen demand"), "mg/L", 5000, aliases=("codcr", "化学需氧量cod")),
    Indicator("bod5", Text("五日生化需氧量", "five-day biochemical oxygen demand"), "mg/L", 2000, aliases=("bod", "生化需氧量")),
    Indicator("nh3n", Text("氨氮", "ammonia nitrogen"), "mg/L", 300, aliases=("nh3", "nh4n", "nh3-n", "ammonia", "an")),
    Indicator("tp", Text("总磷", "total phosphorus"), "mg/L", 100, aliases=("p", "总磷以p计", "phosphorus")),
    Indicator("tn", Text("总氮", "total nitrogen"), "mg/L", 500, aliases=("n", "总氮以n计", "nitrogen")),
    Indicator("do", Text("溶解氧", "dissolved oxygen"), "mg/L", 30, "higher", aliases=("oxygen",)),
    Indicator("ph", Text("pH 值", "pH"), "1", 14, "range", aliases=("ph值", "酸碱度")),
    Indicator("fluoride", Text("氟化物", "fluoride"), "mg/L", 100, aliases=("f", "氟化物以f计")),
    Indicator("petroleum", Text("石油类", "petroleum"), "mg/L", 500, aliases=("oil",)),
    Indicator("phenol", Text("挥发酚", "volatile phenols"), "mg/L", 100),
    Indicator("cyanide", Text("氰化物", "cyanide"), "mg/L", 100),
    Indicator("mercury", Text("汞", "mercury"), "mg/L", 1, aliases=("hg",)),
    Indicator("arsenic", Text("砷", "arsenic"), "mg/L", 10, aliases=("as",)),
    Indicator("lead", Text("铅", "lead"), "mg/L", 10, aliases=("pb",)),
    Indicator("cadmium", Text("镉", "cadmium"), "mg/L", 10, aliases=("cd",)),
    Indicator("zinc", Text("锌", "zinc"), "mg/L", 100, aliases=("zn",)),
    Indicator("copper", Text("铜", "copper"), "mg/L", 100, aliases=("cu",)),
    Indicator("chromium6", Text("六价铬", "hexavalent chromium"), "mg/L", 10, aliases=("cr6", "cr6+", "铬六价")),
    Indicator("sediment", Text("含沙量", "sediment concentration"), "kg/m3", 1500, aliases=("泥沙", "sand", "悬移质")),
    Indicator("ss", Text("悬浮物", "suspended solids"), "mg/L", 100_000, aliases=("tss",)),
    Indicator(
        "volume",
        Text("水量", "water volume"),
        "m3",
        2 * 10**12,
        "higher",
        True,
        ("径流量", "来水量", "入库水量", "出境水量", "下泄水量", "inflow", "runoff", "water", "q"),
    ),
    Indicator("flow", Text("流量", "discharge"), "m3/s", 200_000, "higher", aliases=("平均流量", "discharge", "生态流量")),
)
INDICATORS: dict[str, Indicator] = {i.code: i for i in _ALL}
"""Every indicator by code. A code that is not here may be used too; it is then a concentration in mg/L, lower is better."""


def squeezed(text: str) -> str:
    """Return a name without spaces, brackets, hyphens and case, so that spellings of one thing meet.

    >>> squeezed(" NH₃－N（氨氮） ")
    'nh3n氨氮'
    """
    return re.sub(r"[\s\-_()\[\]【】,，、/·.*#]+", "", unicodedata.normalize("NFKC", text)).casefold()


def _names() -> dict[str, str]:
    out: dict[str, str] = {}
    for i in _ALL:
        for name in (i.code, i.name.zh, i.name.en, *i.aliases):
            out[squeezed(name)] = i.code
    return out


_NAMES = _names()
#: Conversion of units a sheet may state to the unit that counts here.
UNITS: Mapping[str, Mapping[str, Fraction]] = {
    "mg/L": {
        "mg/l": Fraction(1),
        "毫克/升": Fraction(1),
        "g/m3": Fraction(1),
        "ug/l": Fraction(1, 1000),
        "微克/升": Fraction(1, 1000),
        "g/l": Fraction(1000),
    },
    "kg/m3": {"kg/m3": Fraction(1), "g/l": Fraction(1), "mg/l": Fraction(1, 1000), "千克/立方米": Fraction(1)},
    "m3": {
        "m3": Fraction(1),
        "立方米": Fraction(1),
        "方": Fraction(1),
        "万m3": Fraction(10_000),
        "万立方米": Fraction(10_000),
        "万方": Fraction(10_000),
        "10^4m3": Fraction(10_000),
        "10000m3": Fraction(10_000),
        "wanm3": Fraction(10_000),
        "10km3": Fraction(10**10),
        "亿m3": Fraction(10**8),
        "亿立方米": Fraction(10**8),
        "亿方": Fraction(10**8),
        "10^8m3": Fraction(10**8),
        "millionm3": Fraction(10**6),
        "mm3": Fraction(10**6),
        "百万立方米": Fraction(10**6),
        "km3": Fraction(10**9),
    },
    "m3/s": {"m3/s": Fraction(1), "立方米/秒": Fraction(1), "l/s": Fraction(1, 1000)},
    "1": {"1": Fraction(1), "": Fraction(1), "-": Fraction(1), "无量纲": Fraction(1), "none": Fraction(1)},
}


def code_of(name: str) -> str | None:
    """Return the code of an indicator from any of its usual names; None if it is none of them.

    >>> code_of("高锰酸盐指数(CODMn)"), code_of("NH3-N"), code_of("CODCr"), code_of("磷")
    ('codmn', 'nh3n', 'cod', None)
    """
    text = squeezed(name)
    if text in _NAMES:
        return _NAMES[text]
    # "氨氮(NH3-N)" names one indicator twice; what names two different ones is not understood.
    found = {code for known, code in _NAMES.items() if len(known) > 1 and (text.startswith(known) or text.endswith(known))}
    whole = {code for code in found if any(_both(text, a, code) for a in _NAMES)}
    return next(iter(whole)) if len(whole) == 1 else None


def _both(text: str, first: str, code: str) -> bool:
    """Whether a name is two names of one indicator written together."""
    return _NAMES[first] == code and text.startswith(first) and _NAMES.get(text[len(first) :]) == code


def nearest(name: str) -> str:
    """Return the known indicator spelled most like a name; ``—`` if none is."""
    return next(iter(difflib.get_close_matches(squeezed(name), sorted(_NAMES), 1, 0.6)), "—")


def indicator(code: str) -> Indicator:
    """Return the indicator of a code; an unknown one is a concentration of which less is better."""
    return INDICATORS.get(code) or Indicator(code, Text(code, code), "mg/L", 10**6)


def factor(unit: str, to: str) -> Fraction | None:
    """Return by what a value in `unit` is multiplied to be in `to`; None if the units do not meet.

    >>> factor("μg/L", "mg/L"), factor("万m³", "m3"), factor("m3/s", "mg/L")
    (Fraction(1, 1000), Fraction(10000, 1), None)
    """
    text = unicodedata.normalize("NFKC", unit).replace("μ", "u").replace("µ", "u").replace(" ", "").casefold()
    return UNITS[to].get(text)
