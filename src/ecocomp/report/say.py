"""Numbers as people read them, in both languages: money, areas, ranges, shares, dates.

The formats are one table for the whole product: paid money is never shortened, budgets are in万元or
millions, areas name mu first in Chinese and hectares first in English, a range follows its value in
brackets, and what was not observed is said, never shown as zero.
"""

from __future__ import annotations

import math
from datetime import date

from ecocomp.terms.area import DM2_PER_HA, MU_PER_HA, say_ha, say_mu
from ecocomp.terms.money import half_even, say_yuan
from ecocomp.terms.text import Text, same

NONE = same("—")
UNSEEN = Text("未观测", "not observed")
NOT_ASSESSED = Text("未评估", "not assessed")
_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December")


def money(fen: int) -> Text:
    """Return an amount to the fen.

    >>> money(335016).zh, money(335016).en
    ('3,350.16元', 'CNY 3,350.16')
    """
    said = say_yuan(fen)
    return Text(f"{said}元", f"CNY {said}" if fen >= 0 else f"−CNY {said[1:]}")


def budget(fen: int) -> Text:
    """Return a large amount shortened to two places: 万元and亿元, or millions and billions.

    >>> budget(461_238_000).zh, budget(461_238_000).en
    ('461.24万元', 'CNY 4.61 million')
    """
    if abs(fen) < 1_000_000:
        return money(fen)
    sign = "−" if fen < 0 else ""
    n = abs(fen)
    zh = f"{_scaled(n, 10**10)}亿元" if n >= 10**10 else f"{_scaled(n, 10**6)}万元"
    en = f"{_scaled(n, 10**11)} billion" if n >= 10**11 else f"{_scaled(n, 10**8)} million" if n >= 10**8 else say_yuan(n)
    return Text(sign + zh, f"{sign}CNY {en}")


def budget_parts(fen: int) -> tuple[Text, Text]:
    """Return `budget` as value and unit apart, for a large figure with its unit set small beside it.

    >>> budget_parts(461_238_000)[0].zh, budget_parts(461_238_000)[1].en
    ('461.24', 'CNY million')
    """
    said = budget(fen)
    zh = next((u for u in ("亿元", "万元", "元") if said.zh.endswith(u)), "")
    en = next((u for u in ("billion", "million") if said.en.endswith(u)), "")
    return (Text(said.zh.removesuffix(zh), said.en.removesuffix(en).replace("CNY ", "").strip()), Text(zh, f"CNY {en}".strip()))


def area_parts(dm2: int) -> tuple[Text, Text]:
    """Return `area_short` as value and unit apart."""
    said = area_short(dm2)
    zh = "万亩" if said.zh.endswith("万亩") else "亩"
    return Text(said.zh.removesuffix(zh), said.en.removesuffix(" ha")), Text(zh, "ha")


def _scaled(n: int, unit: int) -> str:
    hundredths = half_even(n * 100, unit)
    return f"{hundredths // 100:,}.{hundredths % 100:02d}"


def count(n: int) -> Text:
    """Return a whole number with thousands separators."""
    return same(f"{n:,}".replace("-", "−"))


def area(dm2: int) -> Text:
    """Return an area, mu first in Chinese, hectares first in English; large areas are shortened.

    >>> area(1_896_000).zh, area(1_896_000).en
    ('28.44亩（1.896公顷）', '1.896 ha (28.44 mu)')
    """
    if dm2 < 700 * DM2_PER_HA:
        return Text(f"{say_mu(dm2)}亩（{say_ha(dm2)}公顷）", f"{say_ha(dm2)} ha ({say_mu(dm2)} mu)")
    mu, ha = half_even(dm2 * MU_PER_HA, DM2_PER_HA), half_even(dm2, DM2_PER_HA)
    return Text(f"{_scaled(mu, 10_000)}万亩（{ha:,}公顷）", f"{ha:,} ha ({mu:,} mu)")


def area_short(dm2: int) -> Text:
    """Return an area in one unit: 万亩or亩in Chinese, hectares in English."""
    if dm2 < 700 * DM2_PER_HA:
        return Text(f"{say_mu(dm2)}亩", f"{say_ha(dm2)} ha")
    return Text(f"{_scaled(half_even(dm2 * MU_PER_HA, DM2_PER_HA), 10_000)}万亩", f"{half_even(dm2, DM2_PER_HA):,} ha")


def rate_mu(fen_per_ha: int) -> str:
    """Return a yearly rate in yuan per mu, two places, from fen per hectare.

    >>> rate_mu(180000)
    '120.00'
    """
    sign, n = (-1, -fen_per_ha) if fen_per_ha < 0 else (1, fen_per_ha)
    return say_yuan(sign * half_even(n, MU_PER_HA))


def signless_zero(said: str) -> str:
    """Return a number with a true minus, and without any sign where every digit is nought.

    >>> signless_zero("-0.000"), signless_zero("-0.005")
    ('0.000', '−0.005')
    """
    return said.replace("-", "−" if any(c in "123456789" for c in said) else "")


def percent(part: float, places: int = 1) -> Text:
    """Return a share as per cent; NaN is 'not observed', and a little is not rounded to nothing.

    >>> percent(0.283).zh, percent(-0.466).zh, percent(0.0001).zh, percent(0.99999).zh
    ('28.3%', '−46.6%', '<0.1%', '>99.9%')
    """
    if not math.isfinite(part):
        return UNSEEN
    least = 10.0**-places
    if 0 < part * 100 < least / 2:
        return same(f"<{least:.{places}f}%")
    if 100 - least / 2 < part * 100 < 100:
        return same(f">{100 - least:.{places}f}%")
    return same(signless_zero(f"{part * 100:.{places}f}%"))


def points(change: float, places: int = 1) -> Text:
    """Return a difference of two shares in percentage points, with its sign and without the unit.

    >>> points(-0.0053).zh, points(0.01).zh
    ('−0.5', '+1.0')
    """
    said = signless_zero(f"{change * 100:.{places}f}")
    return same(f"+{said}" if change > 0 and any(c in "123456789" for c in said) else said)


def signed_percent(part: float, places: int = 1) -> Text:
    """Return a change as per cent with its sign; zero has none."""
    if not math.isfinite(part):
        return NONE
    said = f"{abs(part) * 100:.{places}f}%"
    zero = float(f"{abs(part) * 100:.{places}f}") == 0
    return same(said if zero else ("+" if part > 0 else "−") + said)


def signed_money(fen: int) -> str:
    """Return an amount with its sign, without the unit."""
    return ("+" if fen > 0 else "") + say_yuan(fen)


def quantity(value: float | None) -> Text:
    """Return a physical quantity with three significant digits, shortened in万, 亿or million, billion.

    >>> quantity(12345678.0).zh, quantity(12345678.0).en, quantity(0.05).zh, quantity(899918.0).en
    ('1,230万', '12.3 million', '0.0500', '900,000')
    """
    if value is None or not math.isfinite(value):
        return UNSEEN
    sign, v = ("−" if value < 0 else ""), abs(value)
    zh = _digits(v / 1e8) + "亿" if v >= 1e8 else _digits(v / 1e4) + "万" if v >= 1e5 else _digits(v)
    en = _digits(v / 1e9) + " billion" if v >= 1e9 else _digits(v / 1e6) + " million" if v >= 1e6 else _digits(v)
    return Text(sign + zh, sign + en)


def _digits(v: float, significant: int = 3) -> str:
    if v == 0:
        return "0"
    if v >= 10 ** (significant - 1):
        step = 10 ** max(0, math.floor(math.log10(v)) + 1 - significant)
        return f"{round(v / step) * step:,}"
    places = min(6, significant - 1 - math.floor(math.log10(v)))
    return f"{v:.{places}f}"


def ranged(value: float | None, low: float | None, high: float | None) -> Text:
    """Return a quantity followed by its range in brackets; a scale word common to all three is said once, at the end.

    >>> ranged(12.4, 9.8, 15.1).zh, ranged(1.83e7, 1.52e7, 2.14e7).zh, ranged(1.83e7, 1.52e7, 2.14e7).en
    ('12.4(9.80～15.1)', '1,830(1,520～2,140)万', '18.3 (15.2–21.4) million')
    """
    mid = quantity(value)
    if mid == UNSEEN or low is None or high is None or not (math.isfinite(low) and math.isfinite(high)):
        return mid
    a, b = quantity(low), quantity(high)
    if value == low == high:  # known without a range: the bracket would only repeat it
        return mid
    zh = next((u for u in ("亿", "万") if all(t.zh.endswith(u) for t in (mid, a, b))), "")
    en = next((u for u in (" billion", " million") if all(t.en.endswith(u) for t in (mid, a, b))), "")
    z, e = ([t.zh.removesuffix(zh) for t in (mid, a, b)], [t.en.removesuffix(en) for t in (mid, a, b)])
    return Text(f"{z[0]}({z[1]}～{z[2]}){zh}", f"{e[0]} ({e[1]}–{e[2]}){en}")


def between(low: Text | str, high: Text | str) -> Text:
    """Return `low～high` or `low–high`."""
    a, b = (t if isinstance(t, Text) else same(t) for t in (low, high))
    return Text(f"{a.zh}～{b.zh}", f"{a.en}–{b.en}")


def day(d: date) -> Text:
    """Return a date for running text."""
    return Text(f"{d.year}年{d.month}月{d.day}日", f"{d.day} {_MONTHS[d.month - 1]} {d.year}")


def deadline(d: date) -> Text:
    """Return a deadline: the end of a named day.

    >>> deadline(date(2026, 6, 10)).zh
    '2026年6月10日24:00'
    """
    return Text(f"{day(d).zh}24:00", f"{day(d).en}, midnight")


def joined(parts: list[Text]) -> Text:
    """Join names as a sentence does: 、 in Chinese, commas in English."""
    return Text("、".join(p.zh for p in parts), ", ".join(p.en for p in parts))
