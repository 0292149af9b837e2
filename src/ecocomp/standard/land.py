"""What a rule of the standard sees of a parcel and its region, and what it answers: four parts in fen per hectare.

A rule is a file in `standard/rules` with `SPEC` and `prepare(params, economy)`, which returns a function from
`Land` to `Parts`. Parts are whole fen per hectare and year, each rounded half-even once. A function that also has
`on(lands)` (see `ecocomp.standard.parts`) is set for millions of parcels at once; one that has not is asked parcel by
parcel. `LOWERS` names the keys whose rise lowers a rate; every other number may only raise it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction

from ecocomp.rules import Parameters, RuleValue
from ecocomp.terms.area import DM2_PER_HA, MU_PER_HA
from ecocomp.terms.faults import Fault, FaultsError
from ecocomp.terms.tables import PPM
from ecocomp.terms.text import Text

NOT_ASSESSED = "not assessed"
PART_NAMES = ("protection", "opportunity", "value", "regional")
_MONEY_UNITS = {"CNY/ha/a": 1, "CNY/mu/a": MU_PER_HA}


@dataclass(frozen=True, slots=True)
class ServiceWorth:
    """Worth of all assessed services of a parcel (fen/a), and which services those are."""

    value_fen: int
    low_fen: int
    high_fen: int
    services: str


@dataclass(frozen=True, slots=True)
class Land:
    """One parcel as a rule sees it.

    worth        None where no service of it was assessed
    tenure       ``state`` or ``collective``, "" where the owner is not known
    restriction  ``ban`` or ``balance``, by the share inside the red line
    last_fen     rate of the year before (fen/ha/a), 0 where there is none
    """

    parcel_id: str
    group: str
    function_zone: str
    grade: int
    red_line_ppm: int
    reserve_ppm: int
    area_dm2: int
    worth: ServiceWorth | None
    village_code: str = ""
    tenure: str = ""
    restriction: str = "balance"
    last_fen: int = 0


@dataclass(frozen=True, slots=True)
class Region:
    """The economy of a region in the last year known.

    worth_fen   worth of the counted services of all its parcels (fen/a), where a rule needs the whole; and its range
    area_dm2    area of all its parcels
    """

    region_code: str
    year: int
    engel_ppm: int
    income_fen_per_head: int
    gdp_fen_per_head: int = 0
    worth_fen: int = 0
    worth_low_fen: int = 0
    worth_high_fen: int = 0
    area_dm2: int = 0


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a standard.

    fen, low, high   fen/ha/a
    inputs           the numbers put in, as JSON
    parameters       keys of the rules used, space separated
    """

    fen: int
    low: int
    high: int
    inputs: str
    parameters: str


Parts = tuple[Part, Part, Part, Part]
Rule = Callable[[Land], Parts]


def certain(fen: int, inputs: str, parameters: str) -> Part:
    """Return a part without a range of its own."""
    return Part(fen, fen, fen, inputs, parameters)


def say(**numbers: object) -> str:
    """Return the numbers put into a step as compact JSON with sorted names; decimals keep their written form."""
    return json.dumps(numbers, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)


def money_per_ha(held: RuleValue, value: Decimal) -> Fraction:
    """Return an amount of a rule as fen per hectare and year; the rule's unit is CNY per hectare or per mu."""
    if held.unit not in _MONEY_UNITS:
        raise FaultsError(
            [
                Fault(
                    "standard.unit",
                    held.file,
                    f"line {held.line}",
                    Text("{k} 的单位是 {u}。", "{k} is in {u}.").fill(k=held.key, u=held.unit),
                    Text("写成 CNY/ha/a 或 CNY/mu/a。", "State it in CNY/ha/a or CNY/mu/a."),
                )
            ]
        )
    return Fraction(not_negative(held, value)) * 100 * _MONEY_UNITS[held.unit]


def not_negative(held: RuleValue, value: Decimal, code: str = "") -> Decimal:
    """Return a value that may not lie below zero; `FaultsError` names file and line of one that does."""
    if value >= 0:
        return value
    raise FaultsError(
        [
            Fault(
                "standard.negative",
                held.file,
                f"line {held.line}",
                Text("{k} 是 {v}，小于零。", "{k} is {v}, below zero.").fill(
                    k=f"{held.key}[{code}]" if code else held.key, v=value
                ),
                Text(
                    "金额、系数和比例不小于零；更正规则文件。", "Amounts, factors and shares are at least zero; mend the rule file."
                ),
            )
        ]
    )


def per_mu(held: RuleValue) -> dict[str, str]:
    """Return what a step adds where an amount is said per mu, so that its sentence names the right unit."""
    return {"per": "mu"} if held.unit.startswith("CNY/mu") else {}


def number_per_ha(params: Parameters, key: str) -> Fraction:
    """Return a single amount as fen per hectare and year."""
    value = params.decimal(key)
    return money_per_ha(params.get(key), value)


def row_of(params: Parameters, key: str, code: str) -> Decimal:
    """Return one row of a table rule; a code it lacks is a fault that names both."""
    table = params.table(key)
    if code not in table:
        held = params.get(key)
        raise FaultsError(
            [
                Fault(
                    "standard.no_row",
                    held.file,
                    f"line {held.line}",
                    Text("{k} 没有 {c} 的值；现有 {a}。", "{k} has no value for {c}; it has {a}.").fill(
                        k=key, c=code, a=", ".join(table)
                    ),
                    Text("为它补上一行。", "Add a row for it."),
                )
            ]
        )
    return not_negative(params.get(key), table[code], code)


def worth_per_ha(fen: int, area_dm2: int) -> Fraction:
    """Return fen per hectare of an amount that stands on `area_dm2`."""
    return Fraction(fen * DM2_PER_HA, area_dm2)


def restriction_degree(red_line_ppm: int, reserve_ppm: int, red: Decimal, reserve: Decimal, outside: Decimal) -> Fraction:
    """Return the share of other uses that the zones forbid, 0..1.

    Land inside the red line counts at `red`, reserves (留白) at `reserve`, the rest at `outside`. A reserve inside
    the red line adds nothing; how far the two overlap inside one parcel is not known, so reserves are taken to lie
    outside the red line as far as there is room.
    """
    red_ppm = min(red_line_ppm, PPM)
    reserved = min(reserve_ppm, PPM - red_ppm)
    rest = PPM - red_ppm - reserved
    return (red_ppm * Fraction(red) + reserved * Fraction(reserve) + rest * Fraction(outside)) / PPM


def development_level(engel_ppm: int) -> Decimal:
    """Return L = 1/(1 + e^(3 − 1/En)) with ten places: how far a society has come to value nature, 0..1.

    En is the Engel coefficient. L rises as En falls. The variant t = En found in print is not used: it makes poorer
    areas higher. Reference: form printed in the Bailong River study, doi 10.5846/stxb201509231959.

    >>> development_level(500_000), development_level(400_000)
    (Decimal('0.2689414214'), Decimal('0.3775406688'))
    """
    if not 0 < engel_ppm <= PPM:
        raise FaultsError(
            [
                Fault(
                    "standard.engel",
                    "economy",
                    "",
                    Text("恩格尔系数是 {e} ppm。", "The Engel coefficient is {e} ppm.").fill(e=engel_ppm),
                    Text("它应在 1 与 1000000 之间；核对登记表。", "It must lie between 1 and 1000000; check the register."),
                )
            ]
        )
    with localcontext() as context:
        context.prec = 34
        en = Decimal(engel_ppm) / PPM
        return (1 / (1 + (3 - 1 / en).exp())).quantize(Decimal("1e-10"))
