"""The values of a case, read with every fault of them: a key that is missing or not known, text where a number or a day belongs.

An operation asks for each value by its name and calls `Given.stop` before it computes, so that whoever wrote the case sees all
that is wrong at once, in words, and never a traceback.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeVar

from ecocomp.terms.faults import Fault, raise_errors
from ecocomp.terms.money import INT64_MAX, half_even
from ecocomp.terms.text import Text, same

T = TypeVar("T")
CODE = "worked.values"
NOTHING: tuple[Any, ...] = (None, "")


#: Bounds of what anybody works by hand; beyond them a number or a list is a slip, and could keep a computer busy for ever.
MOST_VALUES = 20_000
MOST_DEPTH = 12
MOST_TEXT = 200_000
MOST_DIGITS = 60
_HUGE = re.compile(r"\s*[+-]?[0-9._]*[eE][+-]?0*[1-9][0-9]{2,}\s*")


def check_plain(values: Any, where: str) -> None:
    """Refuse values that no file of cases can hold or nobody works by hand.

    Numbers that are none (NaN, infinity) or have more than `MOST_DIGITS` digits before or after the point, things that are no
    plain value, tables in tables without end, more than `MOST_VALUES` values in all.

    where   the operation they are for
    raises  FaultsError with all of them, at most twenty
    """
    faults: list[Fault] = []
    count = 0
    todo: list[tuple[Any, str, int]] = [(values, "", 0)]
    while todo and len(faults) < 20:
        value, at, depth = todo.pop()
        count += 1
        wanted = _not_plain(value, depth) if count <= MOST_VALUES else _FEWER
        if wanted is not None:
            clash = Text("值是“{v}”。", "The value is '{v}'.").fill(v=_short(value))
            faults.append(Fault(CODE, where, at[:200], clash, Text("应为{w}。", "It should be {w}.").fill(w=wanted)))
        elif isinstance(value, Mapping):
            todo += [(v, f"{at}.{k}".lstrip("."), depth + 1) for k, v in reversed(list(value.items()))]
        elif isinstance(value, list | tuple):
            if count + len(todo) + len(value) > MOST_VALUES:
                count = MOST_VALUES
                todo.append((len(value), at, depth))
                continue
            todo += [(v, f"{at}[{i}]", depth + 1) for i, v in reversed(list(enumerate(value, 1)))]
        if count > MOST_VALUES:
            break
    raise_errors(faults)


_FEWER = Text("不超过 {n:,} 个值的案例", "a case of {n:,} values at most").fill(n=MOST_VALUES)
_NUMBER = Text("不超过 {n} 位的数", "a number of at most {n} digits").fill(n=MOST_DIGITS)


def _not_plain(value: Any, depth: int) -> Text | None:
    """Return what a value should be instead, None where it can be read."""
    if isinstance(value, Decimal):
        fits = value.is_finite() and abs(value.adjusted()) <= MOST_DIGITS and len(value.as_tuple().digits) <= 2 * MOST_DIGITS
        return None if fits or (value.is_finite() and not value) else _NUMBER
    if isinstance(value, float):
        return None if abs(value) < 10.0**MOST_DIGITS else _NUMBER
    if isinstance(value, int):
        return None if abs(value) < 10**MOST_DIGITS else _NUMBER
    if isinstance(value, Fraction):
        return None if max(abs(value.numerator), value.denominator) < 10 ** (2 * MOST_DIGITS) else _NUMBER
    if isinstance(value, str):
        if _HUGE.fullmatch(value):
            return _NUMBER
        return None if len(value) <= MOST_TEXT else Text("不超过 {n:,} 字的文字", "a text of at most {n:,} signs").fill(n=MOST_TEXT)
    if isinstance(value, Mapping | list | tuple):
        if isinstance(value, Mapping) and not all(isinstance(k, str | int | Decimal | date) for k in value):
            return Text("键为文字的表", "a table whose keys are words")
        return None if depth <= MOST_DEPTH else Text("不超过 {n} 层的表", "tables in at most {n} levels").fill(n=MOST_DEPTH)
    if value is None or isinstance(value, date):
        return None
    return Text("文字、数、日期、真假、列表或键值表", "a text, a number, a day, true or false, a list or a table")


def _short(value: Any) -> str:
    if isinstance(value, int) and abs(value) >= 10**MOST_DIGITS:
        return f"{'-' if value < 0 else ''}2^{value.bit_length() - 1}…"
    if isinstance(value, Mapping | list | tuple):
        return type(value).__name__
    return str(value)[:60]


class Given:
    """A table of values, with the faults found in it and in the tables within it.

    where  the operation; `at` the place in it, e.g. ``orders[2]``
    Values that cannot be read are told and stand in as 0, the first day or empty text until `stop` is called.
    """

    def __init__(self, values: Any, where: str, at: str = "", faults: list[Fault] | None = None) -> None:
        self.where, self.at = where, at
        self.faults: list[Fault] = [] if faults is None else faults
        self.values: Mapping[str, Any] = {}
        if isinstance(values, Mapping):
            self.values = {str(k): v for k, v in values.items()}
        else:
            self.wrong("", values, Text("键值表", "a table of keys"))

    # ------------------------------------------------------------ faults
    def wrong(self, name: str, value: Any, wanted: Text) -> None:
        """Tell that a value is not what it should be."""
        clash = Text("值是“{v}”。", "The value is '{v}'.").fill(v=str(value)[:60])
        self.tell(name, clash, Text("应为{w}。", "It should be {w}.").fill(w=wanted))

    def tell(self, name: str, clash: Text, remedy: Text) -> None:
        """Add a fault of the value of a name."""
        place = ".".join(p for p in (self.at, name) if p)
        self.faults.append(Fault(CODE, self.where, place, clash, remedy))

    def keys(self, names: str) -> Given:
        """Tell every key that is missing or not known; `names` are those there may be, with ``?`` where one may be left out."""
        listed = names.split()
        known = [n.rstrip("?") for n in listed]
        remedy = Text("可用：{a}。", "Known: {a}.").fill(a=", ".join(listed))
        for key in self.values:
            if key not in known:
                near = next(iter(difflib.get_close_matches(key, known, 1)), "—")
                clash = Text("不认识的键；最相近的是 {n}。", "This key is not known; the nearest is {n}.").fill(n=near)
                self.tell(key, clash, remedy)
        for name in listed:
            if not name.endswith("?") and self.values.get(name) in NOTHING:
                self.tell(name, Text("没有这个值。", "It is missing."), Text("写上它。", "Write it."))
        return self

    def stop(self) -> None:
        """Raise FaultsError with every fault there is."""
        raise_errors(self.faults)

    # ------------------------------------------------------------ values
    def has(self, name: str) -> bool:
        """Return whether there is a value."""
        return self.values.get(name) not in NOTHING

    def text(self, name: str, default: str = "", among: Collection[str] = ()) -> str:
        """Return a text, one of `among` where they are given."""
        found = str(self.values[name]) if self.has(name) else default
        if self.has(name) and among and found not in among:
            self.wrong(name, found, Text("{a} 之一", "one of {a}").fill(a=", ".join(among)))
        return found

    def number(self, name: str, default: Any = 0, *, least: int | None = None, most: int | None = None) -> Fraction:
        """Return an exact number, within bounds."""
        return self._number(name, self.values[name] if self.has(name) else default, least, most)

    def whole(self, name: str, default: Any = 0, *, least: int | None = None, most: int | None = None) -> int:
        """Return a whole number."""
        found = self.number(name, default, least=least, most=most)
        if found.denominator != 1:
            self.wrong(name, self.values.get(name), Text("整数", "a whole number"))
        return int(found)

    def fen(self, name: str, default: Any = 0, *, least: int | None = None) -> int:
        """Return yuan as whole fen, half-even."""
        return self._fen(name, self.values[name] if self.has(name) else default, least)

    def day(self, name: str, default: date | None = None) -> date:
        """Return a day."""
        value = self.values[name] if self.has(name) else default
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            if self.has(name):
                self.wrong(name, value, Text("日期，如 2016-06-01", "a day such as 2016-06-01"))
            return date.min

    # ------------------------------------------------------------ lists and tables
    def items(self, name: str, default: Sequence[Any] = ()) -> list[Any]:
        """Return a list."""
        value = self.values[name] if self.has(name) else list(default)
        if not isinstance(value, list | tuple):
            self.wrong(name, value, Text("列表", "a list"))
            return []
        return list(value)

    def rows(self, name: str, keys: str) -> list[Given]:
        """Return the tables of a list, their keys looked at unless `keys` is ``*``."""
        out = [Given(v, self.where, f"{name}[{i}]", self.faults) for i, v in enumerate(self.items(name), 1)]
        return out if keys == "*" else [r.keys(keys) for r in out]

    def table(self, name: str) -> Given:
        """Return a table within this one; empty where there is none."""
        place = ".".join(p for p in (self.at, name) if p)
        return Given(self.values[name] if self.has(name) else {}, self.where, place, self.faults)

    def numbers(self, name: str, *, least: int | None = None) -> list[Fraction]:
        """Return a list of exact numbers."""
        return [self._number(f"{name}[{i}]", v, least, None) for i, v in enumerate(self.items(name), 1)]

    def fens(self, name: str, *, least: int | None = None) -> list[int]:
        """Return a list of yuan as fen."""
        return [self._fen(f"{name}[{i}]", v, least) for i, v in enumerate(self.items(name), 1)]

    def each(self, read: Callable[[str], T]) -> dict[str, T]:
        """Return what `read` makes of every key of this table."""
        return {k: read(k) for k in self.values}

    # ------------------------------------------------------------ numbers
    def _number(self, name: str, value: Any, least: int | None, most: int | None) -> Fraction:
        try:
            if isinstance(value, bool) or _not_plain(value, 0) is not None:
                raise ValueError
            found = Fraction(value) if isinstance(value, int | Decimal | Fraction) else Fraction(str(value))
        except (ValueError, ArithmeticError):
            self.wrong(name, value, Text("一个数", "a number"))
            return Fraction(0)
        if (least is not None and found < least) or (most is not None and found > most):
            low, high = ("…" if x is None else str(x) for x in (least, most))
            self.wrong(name, value, Text("{a} 到 {b}", "{a} to {b}").fill(a=same(low), b=same(high)))
        return found

    def _fen(self, name: str, value: Any, least: int | None) -> int:
        exact = self._number(name, value, least, None)
        if abs(exact) * 100 > INT64_MAX:
            self.wrong(name, value, Text("能以分计的金额", "a sum that can be kept in fen"))
            return 0
        hundred = exact * 100
        return half_even(hundred.numerator, hundred.denominator)
