"""Unit prices as exact fractions, and quantities turned into fen without a float in between.

A method says what one unit of a service is worth (yuan per m3, per t) as three fractions low ≤ value ≤
high. A quantity comes as a float; its shortest decimal form (`repr`) is taken as the exact quantity, so that
the amount equals what a person with pencil and the printed quantity gets, and is rounded half-even once.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from ecocomp.rules import Parameters, RuleValue
from ecocomp.terms.faults import Fault, FaultsError
from ecocomp.terms.money import half_even, to_yuan
from ecocomp.terms.text import Text

FEN_PER_YUAN = 100


@dataclass(frozen=True, slots=True)
class Range:
    """An exact number with its range, low ≤ value ≤ high."""

    low: Fraction
    value: Fraction
    high: Fraction

    def times(self, other: Range) -> Range:
        """Return the product of two ranges that are not negative."""
        return Range(self.low * other.low, self.value * other.value, self.high * other.high)

    def over(self, other: Range) -> Range:
        """Return the quotient of two ranges; the divisor is positive."""
        return Range(self.low / other.high, self.value / other.value, self.high / other.low)

    def plus(self, other: Range) -> Range:
        """Return the sum of two ranges."""
        return Range(self.low + other.low, self.value + other.value, self.high + other.high)

    def scaled(self, factor: Fraction) -> Range:
        """Return the range times a factor that is not negative."""
        return Range(self.low * factor, self.value * factor, self.high * factor)


@dataclass(frozen=True, slots=True)
class UnitPrice:
    """What one unit of a service is worth.

    yuan        per unit of the quantity, as stated in `price_year`
    price_year  year of the prices
    """

    yuan: Range
    price_year: int


@dataclass(frozen=True, slots=True)
class Valued:
    """The worth of a quantity in whole fen of `price_year`, low ≤ value ≤ high."""

    value_fen: int
    low_fen: int
    high_fen: int
    price_year: int


def known(params: Parameters, key: str, *, positive: bool = False) -> Range:
    """Return a number with its range as exact fractions; refuses negative (and, if asked, zero) bounds."""
    value = params.decimal(key)
    held = params.get(key)
    low = Decimal(held.low)
    if low < 0 or (positive and low <= 0):
        raise FaultsError(
            [
                Fault(
                    "valuation.bad_price",
                    held.file,
                    f"line {held.line}",
                    Text("{k} 的下界是 {v}。", "The low end of {k} is {v}.").fill(k=key, v=low),
                    Text("它应大于零（价格可为零）。", "It must be above zero (a price may be zero)."),
                )
            ]
        )
    return Range(Fraction(low), Fraction(value), Fraction(Decimal(held.high)))


def price_year(params: Parameters, method: str) -> int:
    """Return the year in whose prices the parameters of `method` are stated."""
    return int(params.decimal(f"valuation.{method}.price_year"))


def stated_price(params: Parameters, key: str, method: str) -> Range:
    """Return a price of `method` with its range; refuses one that a higher place stated in money of another year.

    A place that moves the price year of a method (`valuation.<method>.price_year`) must state every price of it anew:
    else a national price of 2010 would be taken for one of the place's own year.
    """
    found = known(params, key)
    held, year = params.get(key), params.get(f"valuation.{method}.price_year")
    above = params.chain[params.chain.index(held.place) :] if held.place in params.chain else ()
    then = params.book.find(year.key, above, params.valid_on, params.known_on)
    if then is not None and then.value != year.value:
        raise FaultsError([_stale_price(held, then, year)])
    return found


def _stale_price(held: RuleValue, then: RuleValue, year: RuleValue) -> Fault:
    return Fault(
        "valuation.price_of_another_year",
        held.file,
        f"line {held.line}",
        Text(
            "{k} 由 {p} 按 {a} 年价格给出，而 {q} 把 {y} 定为 {b} 年（{f}:{l}）。",
            "{k} is stated by {p} in money of {a}, but {q} sets {y} to {b} ({f}:{l}).",
        ).fill(k=held.key, p=held.place, a=then.value, q=year.place, y=year.key, b=year.value, f=year.file, l=year.line),
        Text("{q} 也给出 {k}，或不改价格年。", "State {k} for {q} too, or leave the price year alone.").fill(
            q=year.place, k=held.key
        ),
    )


def unit_factor(unit: str, accepted: Mapping[str, Fraction], method: str) -> Fraction:
    """Return how many of the method's own units one `unit` is; refuses a unit the method does not price.

    `m3`, `m³`, `m3/a` and `m³/a` are the same unit: every quantity in a `service` table is per year.
    """
    plain = unit.replace("³", "3").replace("²", "2").replace("₂", "2").replace(" ", "")
    plain = plain.removesuffix("/a").removesuffix("/yr")
    if plain not in accepted:
        raise FaultsError(
            [
                Fault(
                    "valuation.unit",
                    "service",
                    method,
                    Text("数量的单位是 {u}，而方法 {m} 只认 {a}。", "The quantity is in {u}, but method {m} takes {a}.").fill(
                        u=unit or "—", m=method, a=", ".join(accepted)
                    ),
                    Text(
                        "换算数量或改用别的定价方法（valuation.methods）。",
                        "Convert the quantity or name another method in valuation.methods.",
                    ),
                )
            ]
        )
    return accepted[plain]


def product_key(products: Mapping[str, str], product: str, method: str) -> str:
    """Return the parameter that prices `product`; refuses a product the method has no price for."""
    if product not in products:
        raise FaultsError(
            [
                Fault(
                    "valuation.product",
                    "service",
                    product or "—",
                    Text(
                        "方法 {m} 没有产品 {p} 的价格；它只认 {a}。",
                        "Method {m} has no price for product {p}; it takes {a}.",
                    ).fill(m=method, p=product or "—", a=", ".join(products)),
                    Text(
                        "把服务写成 服务.产品，或改用别的定价方法（valuation.methods）。",
                        "Write the service as service.product, or name another method in valuation.methods.",
                    ),
                )
            ]
        )
    return products[product]


def exact(number: float | int | str | Decimal | Fraction) -> Fraction:
    """Return a number as the exact fraction of its shortest decimal form: 0.1 is one tenth.

    >>> exact(0.1)
    Fraction(1, 10)
    """
    if isinstance(number, Fraction):
        return number
    if isinstance(number, float):
        digits, places = _digits(number)
        return Fraction(digits, 10**places)
    return Fraction(number)


def point(number: float | int | str | Decimal | Fraction) -> Range:
    """Return a number that has no range."""
    found = exact(number)
    return Range(found, found, found)


def plain_worth(quantity: float | Fraction, yuan: Fraction) -> dict[str, object]:
    """Return the worth of a quantity at an exact unit price, as the calculator shows it.

    value      yuan with two places (`Decimal`)
    value_fen  the same in whole fen, rounded half-even once
    """
    fen = half_even(*(exact(quantity) * yuan * FEN_PER_YUAN).as_integer_ratio())
    return {"value": to_yuan(fen), "value_fen": fen}


def value_of(quantity: float, price: UnitPrice) -> Valued:
    """Return the worth of one quantity (exactly as printed by `repr`) in fen of the price year."""
    mid, low, high = ranged_fens([quantity], [quantity], [quantity], price.yuan)
    return Valued(mid[0], low[0], high[0], price.price_year)


def ranged_fens(
    values: Iterable[float], lows: Iterable[float], highs: Iterable[float], yuan: Range
) -> tuple[list[int], list[int], list[int]]:
    """Return value, low and high in fen of many quantities under one unit price.

    A quantity below zero (a carbon source) is worth least at the high price, so each bound takes the price end
    that makes it widest.
    """
    fen = yuan.scaled(Fraction(FEN_PER_YUAN))
    mid = fens(values, fen.value, fen.value)
    return mid, fens(lows, fen.low, fen.high), fens(highs, fen.high, fen.low)


def fens(quantities: Iterable[float], price: Fraction, price_below_zero: Fraction) -> list[int]:
    """Return quantity × price as whole fen, half-even, exact; `price` in fen per unit."""
    above, below = price.as_integer_ratio(), price_below_zero.as_integer_ratio()
    tens = [10**k for k in range(40)]
    out = []
    for q in quantities:
        digits, places = _digits(q)
        num, den = below if digits < 0 else above
        out.append(half_even(digits * num, den * tens[places]))
    return out


def _digits(quantity: float) -> tuple[int, int]:
    """Return the shortest decimal form of a float as (whole number, decimal places)."""
    text = repr(quantity)
    if "e" not in text and "n" not in text:
        whole, _, tail = text.partition(".")
        return int(whole + tail), len(tail)
    if not math.isfinite(quantity):
        raise FaultsError(
            [
                Fault(
                    "valuation.not_a_quantity",
                    "service",
                    "",
                    Text("数量是 {q}，不是一个数。", "A quantity is {q}, which is not a number.").fill(q=quantity),
                    Text(
                        "没有观测到的数量应为空，而不是 NaN 或无穷。",
                        "A quantity that was not observed must be empty, not NaN or infinite.",
                    ),
                )
            ]
        )
    exact = Fraction(Decimal(text))
    places = 0
    while exact.denominator != 1 and places < 39:
        exact *= 10
        places += 1
    return half_even(exact.numerator, exact.denominator), places
