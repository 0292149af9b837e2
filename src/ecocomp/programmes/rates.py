"""Rates of a programme as exact fractions: which dated value counts for which row, and whether a place may have its own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from ecocomp.programmes.programme import Amount, Payment, Programme
from ecocomp.rules import Parameters, RuleValue
from ecocomp.terms.faults import Fault, FaultsError
from ecocomp.terms.text import Text

FEN_PER_UNIT = {
    "CNY/mu": Fraction(3, 2000),  # fen per dm2: 100 fen over 200,000/3 dm2
    "CNY/ha": Fraction(100, 1_000_000),
    "CNY/household": Fraction(100),
    "CNY/person": Fraction(100),
    "percent": Fraction(1, 100),
}
"""Fen per unit of what is counted (dm2, households, persons, fen of the base) at a rate of 1."""


def on_day(day: date, year: int) -> date:
    """Return the same day of another year; 29 February becomes the 28th where there is none."""
    try:
        return day.replace(year=year)
    except ValueError:
        return day.replace(year=year, day=28)


class Rates:
    """The dated values one programme reads at one place; keeps which were used and what is wrong with them."""

    def __init__(self, programme: Programme, params: Parameters) -> None:
        self.programme, self.params = programme, params
        self.used: dict[tuple[str, str, date], RuleValue] = {}
        self.faults: dict[tuple[str, str], Fault] = {}
        self._found: dict[tuple[str, date], RuleValue | None] = {}

    def find(self, key: str, on: date) -> RuleValue | None:
        """Return the value of a key on a day as known, or None; a local one only where the programme lets places differ."""
        if (key, on) not in self._found:
            p = self.params
            found = p.book.find(key, p.chain, on, p.known_on)
            if found is not None:
                self.used[key, found.place, found.valid_from] = found
                if on == p.valid_on:
                    p.get(key)
                self._local(found, on)
            self._found[key, on] = found
        return self._found[key, on]

    def _local(self, found: RuleValue, on: date) -> None:
        home = self.programme.place
        if found.place not in self._below(home):
            return
        rule = self.programme.local
        p = self.params
        above = p.book.find(found.key, p.chain[p.chain.index(home) :], on, p.known_on)
        if rule is None or not rule["allowed"]:
            clash = Text("{p} 另定了 {k}，而项目 {i} 不许地方另定。", "{p} sets {k} of its own; programme {i} lets no place do so.")
            self.fault("local", found, clash.fill(p=found.place, k=found.key, i=self.programme.id), _ASK)
        elif above is not None:
            for code, value in _codes(found.value).items():
                base = _codes(above.value).get(code)
                if base:
                    self._bounds(found, code, value, base, rule)

    def _bounds(self, found: RuleValue, code: str, value: Decimal, base: Decimal, rule: Mapping[str, Any]) -> None:
        least, most = rule.get("least"), rule.get("most")
        if (least is not None and value < base * least) or (most is not None and value > base * most):
            clash = Text(
                "{p} 的 {k}{c} 是 {v}，上级标准是 {b}，只可在其 {l} 至 {m} 倍之间。",
                "{k}{c} at {p} is {v}; the rate above it is {b}, and only {l} to {m} times that is allowed.",
            )
            name = f"[{code}]" if code else ""
            said = clash.fill(p=found.place, k=found.key, c=name, v=value, b=base, l=_or(least), m=_or(most))
            self.fault("local_rate", found, said, _ASK)

    def _below(self, home: str) -> tuple[str, ...]:
        chain = self.params.chain
        return chain[: chain.index(home)] if home in chain else ()

    def fault(self, code: str, found: RuleValue, clash: Text, remedy: Text) -> None:
        """Keep a fault of a value, once."""
        self.faults[code, f"{found.file}:{found.line}:{clash.en}"] = Fault(
            f"programmes.{code}", found.file, f"line {found.line}", clash, remedy
        )

    def rate(self, payment: Payment, code: str, on: date) -> Fraction | None:
        """Return the rate of a payment for a code of dimensions, in yuan (or percent), or None where there is none."""
        return self.number(payment.rate, code, on)

    def number(self, key: str, code: str, on: date) -> Fraction | None:
        """Return a number of a key, by code where it is a table; None where there is none. Never below zero."""
        found = self.find(key, on)
        if found is None:
            return None
        if found.kind not in ("number", "table"):
            wrong = Text("{k} 应是数或表。", "{k} should be a number or a table.").fill(k=key)
            self.fault("kind", found, wrong, Text("改正 kind。", "Mend 'kind'."))
            return None
        value = found.value if found.kind == "number" else found.value.get(code, found.value.get("all"))
        if value is None:
            return None
        if value < 0:
            wrong = Text("{k} 是负数 {v}。", "{k} is {v}, below zero.").fill(k=key, v=value)
            self.fault("negative", found, wrong, Text("写不小于零的数。", "Write zero or more."))
            return None
        return Fraction(value)

    def offsets(self, payment: Payment, on: date) -> list[int]:
        """Return the years after the start in which tranches of a payment fall, as its table names them."""
        found = self.find(payment.rate, on)
        if found is None or found.kind != "table":
            return []
        out = set()
        for code in found.value:
            last = code.rpartition(".")[2]
            if last.isascii() and last.isdigit() and 1 <= int(last) <= 100:
                out.add(int(last))
            else:
                wrong = Text("{k} 的“{c}”不以年次结尾。", "“{c}” of {k} does not end in a year.").fill(k=payment.rate, c=code)
                self.fault("tranche", found, wrong, Text("写成“措施.年次”，如 forest.3。", "Write variant.year, such as forest.3."))
        return sorted(out)

    def amount(self, ref: Amount | Mapping[str, Amount] | None, variant: str, on: date) -> Fraction | None:
        """Return what a number, a key, or either of them by variant comes to; None where nothing is said."""
        one = ref.get(variant) if isinstance(ref, Mapping) else ref
        if one is None:
            return None
        if not isinstance(one, str):
            return Fraction(one)
        found = self.number(one, variant, on)
        if found is None:
            self.missing(one, on)
        return found

    def missing(self, key: str, on: date) -> None:
        """Keep the fault that a value is needed and not there."""
        try:
            at = self.params.book.resolve(self.params.chain[0], on, self.params.known_on)
            at.get(key)
        except FaultsError as stop:
            for f in stop.faults:
                self.faults[f.code, f"{key}{on.year}"] = f


def unaccepted(rules: list[RuleValue], params: Parameters, accepted: tuple[str, ...] = ()) -> list[Fault]:
    """Return a fault for each unverified value used that was not accepted by name."""
    out = []
    for v in rules:
        probe = Parameters(params.book, params.chain, params.valid_on, params.known_on, used={v.key: v})
        out += probe.unaccepted(accepted)
    return out


def _codes(value: Any) -> dict[str, Decimal]:
    return dict(value) if isinstance(value, Mapping) else {"": value} if isinstance(value, Decimal) else {}


def _or(value: Any) -> Any:
    return "—" if value is None else value


_ASK = Text(
    "核对上级文件；或在项目文件的 local 中写明范围。",
    "Check the documents above it, or say in `local` of the programme what is allowed.",
)
