"""Water-quality readings of the sections: kept as written, evaluated by a stated rule, never guessed.

A laboratory writes ``<0.02`` when a value lies under its detection limit. The text stays in the table; for a
mean it counts as the limit times parameter ``agreements.censored_factor``. An empty cell or ``-`` means that
the month was not available; it is left out of the mean and counted against ``agreements.months_needed``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pyarrow as pa

from ecocomp.rules import Parameters
from ecocomp.terms.faults import Fault, capped
from ecocomp.terms.money import half_even
from ecocomp.terms.text import Text

_NUMBER = re.compile(r"\s*(<)?\s*(\d+(?:\.\d+)?)\s*", re.ASCII)
_UNAVAILABLE = frozenset({"", "-", "--", "—"})


@dataclass(frozen=True, slots=True)
class Row:
    """One result of a clause: payer, payee, amount in fen, evidence as plain JSON values."""

    payer: str
    payee: str
    amount_fen: int
    evidence: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Mean:
    """Annual mean of one indicator [mg/L]; `value` is None when fewer months than needed can be used."""

    value: Fraction | None
    months: int
    censored: int
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Index:
    """A weighted index of the section, or the months that are missing for it."""

    value: Fraction | None
    parts: Mapping[str, Any] = field(default_factory=dict)
    missing: tuple[str, ...] = ()


class Readings:
    """The readings of all sections; `faults` lists values that are no concentration."""

    def __init__(self, reading: pa.Table, params: Parameters) -> None:
        self._factor = Fraction(params.decimal("agreements.censored_factor"))
        self._needed = int(params.decimal("agreements.months_needed"))
        self._values: dict[tuple[str, str, int], list[tuple[str, str]]] = {}
        faults = []
        columns = (reading[c].to_pylist() for c in ("station_id", "month", "indicator", "value"))
        for station, month, indicator, value in zip(*columns, strict=True):
            if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", month) or (
                value.strip() not in _UNAVAILABLE and not _NUMBER.fullmatch(value)
            ):
                faults.append(_unreadable(station, month, indicator, value))
                continue
            self._values.setdefault((station, indicator, int(month[:4])), []).append((month, value))
        self.faults = capped(faults, "agreements.reading", "reading")

    def concentration(self, value: str) -> Fraction | None:
        """Return a reading in mg/L; ``<x`` counts as x times the censored factor; None when not available."""
        found = _NUMBER.fullmatch(value)
        if found is None:
            return None
        return Fraction(found[2]) * (self._factor if found[1] else 1)

    def annual_mean(self, section: str, indicator: str, year: int) -> Mean:
        """Return the plain mean of the months that can be used."""
        pairs = dict(self._values.get((section, indicator, year), ()))
        found = {m: self.concentration(v) for m, v in pairs.items()}
        used = [x for x in found.values() if x is not None]
        months = [f"{year}-{m:02d}" for m in range(1, 13)]
        missing = tuple(f"{section} {indicator} {m}" for m in months if found.get(m) is None)
        censored = sum(v.strip().startswith("<") for v in pairs.values())
        enough = used and len(used) >= self._needed
        return Mean(sum(used, Fraction(0)) / len(used) if enough else None, len(used), censored, missing)

    def base(self, clause: Mapping[str, Any], indicator: Mapping[str, Any]) -> Mean:
        """Return the base of an indicator: as signed, or the mean of the base years."""
        if indicator.get("base") is not None:
            return Mean(Fraction(indicator["base"]), 0, 0)
        means = [self.annual_mean(clause["section"], indicator["code"], int(y)) for y in clause["base_years"]]
        missing = tuple(m for x in means if x.value is None for m in x.missing)
        known = [x.value for x in means if x.value is not None]
        return Mean(None if missing else sum(known, Fraction(0)) / len(known), sum(x.months for x in means), 0, missing)

    def index(self, clause: Mapping[str, Any], year: int, base_year: int | None = None) -> Index:
        """Return sum of w_i * C_i / C_i0 over the clause's indicators, exactly.

        C_i0 is the base of the agreement, or the mean of `base_year` when that is given.
        """
        total, missing, parts = Fraction(0), [], {}
        for indicator in clause["indicators"]:
            code = indicator["code"]
            now = self.annual_mean(clause["section"], code, year)
            base = self.base(clause, indicator) if base_year is None else self.annual_mean(clause["section"], code, base_year)
            if now.value is None or not base.value:
                missing += [*(now.missing if now.value is None else ()), *(base.missing if not base.value else ())]
                continue
            total += Fraction(indicator["weight"]) * now.value / base.value
            parts[code] = {"mean": say(now.value), "base": say(base.value), "months": now.months, "censored": now.censored}
        return Index(None if missing else total, parts, tuple(missing))


def not_settled(missing: Sequence[str], **evidence: Any) -> Row:
    """Return the row of a clause that could not be judged: nobody pays, and the reason is kept."""
    return Row(
        "", "", 0, {"state": "not_settled", "reason": "agreements.months_missing", "missing": sorted(set(missing)), **evidence}
    )


def party_code(name: object, parties: Sequence[Any]) -> str | None:
    """Return the code of the party called by code, or by a role that exactly one party has; None if there is none."""
    codes = [p.code for p in parties if p.code == str(name)] or [p.code for p in parties if p.role == name]
    return codes[0] if len(codes) == 1 else None


def worst_class(
    clause: Mapping[str, Any], readings: Readings, year: int, params: Parameters
) -> tuple[int | None, dict[str, Any], tuple[str, ...]]:
    """Return the class of the annual means, the worst indicator deciding (1 best, one more than the last limit: worse than all).

    Limits are those of the clause (`class_limits`) or parameter ``agreements.class_limits.<code>``; a mean equal
    to a limit is still in that class. The class is None, with the missing months, when a mean is not known.
    """
    classes: dict[str, Any] = {}
    missing: list[str] = []
    for indicator in clause["indicators"]:
        code = indicator["code"]
        mean = readings.annual_mean(clause["section"], code, year)
        if mean.value is None:
            missing += mean.missing
            continue
        own = (clause.get("class_limits") or {}).get(code)
        limits = own if own is not None else params.items(f"agreements.class_limits.{code}")
        classes[code] = 1 + sum(mean.value > Fraction(x) for x in limits)
    return (None if missing else max(classes.values())), classes, tuple(missing)


def missing_keys(clause: Mapping[str, Any], keys: Sequence[str]) -> list[tuple[Text, Text]]:
    """Return (clash, remedy) for each key that a clause needs and does not have, and for indicators without a code."""
    absent = [k for k in keys if clause.get(k) in (None, "", [], {})]
    if "indicators" in keys and any("code" not in i for i in clause.get("indicators") or []):
        absent.append("indicators.code")
    return [(Text("没有 {k}。", "{k} is missing.").fill(k=k), Text("写上 {k}。", "Write {k}.").fill(k=k)) for k in absent]


def to_whole_fen(yuan: Any) -> int:
    """Return a signed amount of yuan (int, Decimal or Fraction) as fen, half-even."""
    fen = Fraction(yuan) * 100
    return half_even(fen.numerator, fen.denominator)


def say(value: Fraction) -> str:
    """Return a fraction as a decimal text: exact when it ends within twelve places, else rounded and marked `~`."""
    scaled = value * 10**12
    whole = round(scaled)
    text = f"{Decimal(whole).scaleb(-12):f}"
    text = text.rstrip("0").rstrip(".")
    return text if scaled == whole else f"~{text}"


def _unreadable(station: str, month: str, indicator: str, value: str) -> Fault:
    return Fault(
        "agreements.reading",
        "reading",
        f"{station} {month} {indicator}",
        Text("“{v}”（月份“{m}”）不是浓度。", "'{v}' (month '{m}') is not a concentration.").fill(v=value, m=month),
        Text(
            "写数字、<检出限，或留空表示未取得；月份写 YYYY-MM。",
            "Write a number, <detection limit, or leave it empty when there is none; months as YYYY-MM.",
        ),
    )
