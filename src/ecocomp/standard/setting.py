"""Set the standard of every parcel for one year, with every step written down.

The rule named by `standard.rule` gives four parts; the adjustments of `ecocomp.standard.adjust` follow. The rate is
the sum of the steps to the fen, and each step keeps the numbers put in and the keys of the rules used, so that a
holder, an auditor or a court can redo it by hand.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.registry import entry
from ecocomp.rules import Parameters
from ecocomp.standard.adjust import Adjustments
from ecocomp.standard.land import PART_NAMES, Land, Parts, Region, Rule, ServiceWorth, say
from ecocomp.terms.codes import ECOSYSTEM_GROUPS
from ecocomp.terms.faults import Fault, FaultsError, capped, raise_errors
from ecocomp.terms.money import half_even
from ecocomp.terms.tables import PPM, STANDARD, STANDARD_STEP
from ecocomp.terms.text import Text

_FOLDER = "standard.rules"


def set_standard(
    parcel: pa.Table,
    parcel_zone: pa.Table,
    service_value: pa.Table,
    economy: pa.Table,
    region_code: str,
    params: Parameters,
    year: int,
    scorecard_last: pa.Table | None = None,
    standard_last: pa.Table | None = None,
    *,
    tenure: Mapping[str, str] | None = None,
) -> tuple[pa.Table, pa.Table]:
    """Return the `standard` and `standard_step` tables of `year`.

    parcel, parcel_zone, service_value, economy   tables of those names; order of rows does not matter
    region_code      region whose economy row (of this year, else the last before it) counts
    params           rules of the place and day
    scorecard_last   last year's scorecard; its area_code is a function zone. None: no reward and no cut
    standard_last    last year's standard. None: the yearly limit does not bind
    tenure           ``state`` or ``collective`` by parcel, for floors that differ by owner; unknown owners get the
                     higher floor

    A parcel whose ecosystem group is not in `standard.eligible_groups` gets rate 0 and one step that says so. A parcel
    without an assessed service has value part 0 and its step says "not assessed".

    Raises `FaultsError` with all faults: a parcel without zone or area, no economy row, prices of several years,
    a code that a rule table lacks, a floor above its cap.
    """
    chosen = "standard.value_services"
    counted = of_services(service_value, [str(i) for i in params.items(chosen)]) if params.has(chosen) else service_value
    lands = list(_lands(parcel, parcel_zone, counted, year, int(params.decimal("standard.least_observed") * PPM)))
    rule = _rule(params, _region(economy, region_code, year))
    eligible = {str(g) for g in params.items("standard.eligible_groups")}
    adjustments = Adjustments(params, _rewards(scorecard_last, year), _last_rates(standard_last, year), tenure)
    name = params.text("standard.rule")
    out = _Columns(year, f"{name}@{entry(_FOLDER, name).spec.version}")
    for land in lands:
        if land.group in eligible:
            out.add(land.parcel_id, rule(land), adjustments.of(land))
        else:
            out.add_ineligible(land)
    return STANDARD.table(out.standard), STANDARD_STEP.table(out.steps)


def check_steps(standard: pa.Table, step: pa.Table) -> list[Fault]:
    """Return a fault for each parcel whose steps do not add up to its rate, or whose parts do not."""
    after: dict[tuple[str, int], int] = {}
    faults = []
    for row in _rows(STANDARD_STEP.checked(step), "parcel_id", "year", "step", "amount_fen_per_ha", "after_fen_per_ha"):
        parcel_id, year, name, amount, then = row
        before = after.get((parcel_id, year), 0)
        if before + amount != then:
            faults.append(_broken(parcel_id, f"{name}: {before} + {amount}", then))
        after[parcel_id, year] = then
    parts = [f"{p}_fen_per_ha" for p in (*PART_NAMES, "adjust")]
    for parcel_id, year, rate, *found in _rows(standard, "parcel_id", "year", "rate_fen_per_ha", *parts):
        if sum(found) != rate:
            faults.append(_broken(parcel_id, "+".join(map(str, found)), rate))
        if after.get((parcel_id, year)) != rate:
            faults.append(_broken(parcel_id, f"steps → {after.get((parcel_id, year))}", rate))
    return capped(faults, "standard.steps", "standard_step")


class _Columns:
    """Collects both tables as columns."""

    def __init__(self, year: int, rule: str) -> None:
        self._year, self._rule = year, rule
        self.standard: dict[str, Any] = {c.name: [] for c in STANDARD.columns}
        self.steps: dict[str, Any] = {c.name: [] for c in STANDARD_STEP.columns}

    def add(self, parcel_id: str, parts: Parts, bounds: tuple[Any, ...]) -> None:
        rate = low = high = 0
        for seq, (name, part) in enumerate(zip(PART_NAMES, parts, strict=True), start=1):
            rate, low, high = rate + part.fen, low + part.low, high + part.high
            self._step(parcel_id, seq, name, part.fen, rate, part.inputs, part.parameters)
        whole = rate
        for seq, bound in enumerate(bounds, start=1 + len(parts)):
            before, rate = rate, bound.apply(rate)
            low, high = bound.apply(low), bound.apply(high)
            self._step(parcel_id, seq, bound.step, rate - before, rate, bound.inputs, bound.parameters)
        self._row(parcel_id, rate, [p.fen for p in parts], rate - whole, low, high)

    def add_ineligible(self, land: Land) -> None:
        inputs = say(ecosystem_group=land.group)
        self._step(land.parcel_id, 1, "ineligible", 0, 0, inputs, "standard.eligible_groups")
        self._row(land.parcel_id, 0, [0] * len(PART_NAMES), 0, 0, 0)

    def _row(self, parcel_id: str, rate: int, parts: list[int], adjust: int, low: int, high: int) -> None:
        values = {
            "parcel_id": parcel_id,
            "year": self._year,
            "rule": self._rule,
            "rate_fen_per_ha": rate,
            "adjust_fen_per_ha": adjust,
            "low_fen_per_ha": low,
            "high_fen_per_ha": high,
        }
        values |= {f"{name}_fen_per_ha": fen for name, fen in zip(PART_NAMES, parts, strict=True)}
        for name, value in values.items():
            self.standard[name].append(value)

    def _step(self, parcel_id: str, seq: int, step: str, amount: int, after: int, inputs: str, parameters: str) -> None:
        c = self.steps
        c["parcel_id"].append(parcel_id)
        c["year"].append(self._year)
        c["seq"].append(seq)
        c["step"].append(step)
        c["amount_fen_per_ha"].append(amount)
        c["after_fen_per_ha"].append(after)
        c["inputs"].append(inputs)
        c["parameters"].append(parameters)


def _rule(params: Parameters, economy: Region) -> Rule:
    found = entry(_FOLDER, params.text("standard.rule"))
    if not found.spec.holds_on(params.valid_on):
        held = params.get("standard.rule")
        raise FaultsError(
            [
                Fault(
                    "standard.rule_dates",
                    held.file,
                    f"line {held.line}",
                    Text("规则 {r} 在 {d} 不适用（{a} 至 {b}）。", "Rule {r} does not hold on {d} ({a} to {b}).").fill(
                        r=found.spec.id, d=params.valid_on, a=found.spec.valid_from or "", b=found.spec.valid_to or ""
                    ),
                    Text("换用这一天适用的规则。", "Name a rule that holds on this day."),
                )
            ]
        )
    rule: Rule = found.module.prepare(params, economy)
    return rule


def _lands(parcel: pa.Table, parcel_zone: pa.Table, service_value: pa.Table, year: int, least_ppm: int) -> Iterator[Land]:
    zones = {r[0]: r[1:] for r in _rows(parcel_zone, "parcel_id", "function_zone", "grade", "red_line_ppm", "reserve_ppm")}
    worth = _worth(service_value, year, least_ppm)
    rows = list(_rows(parcel, "parcel_id", "ecosystem", "area_dm2"))
    raise_errors(_land_faults(rows, zones))
    for parcel_id, ecosystem, area_dm2 in rows:
        zone, grade, red, reserve = zones[parcel_id]
        yield Land(parcel_id, ecosystem[:1], zone, grade, red, reserve, area_dm2, worth.get(parcel_id))


def _land_faults(rows: list[tuple[Any, ...]], zones: Mapping[str, tuple[Any, ...]]) -> list[Fault]:
    def fault(code: str, parcel_id: str, clash: Text, remedy: Text) -> Fault:
        return Fault(code, "parcel", parcel_id, clash, remedy)

    unzoned = [
        fault(
            "standard.no_zone",
            p,
            Text("地块没有分区结果。", "The parcel has no row in parcel_zone."),
            Text("先对它分区。", "Zone it first."),
        )
        for p, _, _ in rows
        if p not in zones
    ]
    flat = [
        fault(
            "standard.no_area",
            p,
            Text("地块面积是 {a}。", "The parcel's area is {a}.").fill(a=a),
            Text("核对调查面积。", "Check the surveyed area."),
        )
        for p, _, a in rows
        if a <= 0
    ]
    odd = [
        fault(
            "standard.ecosystem",
            p,
            Text("生态系统代码是 {e}。", "The ecosystem code is {e}.").fill(e=e or "—"),
            Text("应为两位代码，首位 1–8。", "It must be a two-digit code whose first digit is 1–8."),
        )
        for p, e, _ in rows
        if e[:1] not in ECOSYSTEM_GROUPS
    ]
    return [f for kind in (unzoned, flat, odd) for f in capped(kind, kind[0].code if kind else "", "parcel")]


def of_services(service_value: pa.Table, ids: Sequence[str]) -> pa.Table:
    """Return the rows of the services named; a service id stands for all its products.

    Not every value that can be shown may be added: water kept and water yielded are the same rain, a stock is no flow.
    """
    id_of = pc.list_element(pc.split_pattern(service_value["service"], ".", max_splits=1), 0)
    wanted = pa.array(list(ids), pa.string())
    return service_value.filter(pc.or_(pc.is_in(id_of, value_set=wanted), pc.is_in(service_value["service"], value_set=wanted)))


def _worth(service_value: pa.Table, year: int, least_ppm: int) -> dict[str, ServiceWorth]:
    """Return the worth of each parcel's services; refuses prices of several years.

    Ground that was not observed is taken to do what the observed ground of the same parcel does, because a gap in a
    satellite image is no loss of nature. A service observed on less than `least_ppm` of the ground it is meant for
    counts as not assessed. How much was observed stays in the names of the services: ``water@943210`` was scaled
    from 94.3 %, ``sand!120000`` was left out.
    """
    table = service_value.filter(pc.equal(service_value["year"], year))
    years = sorted(table["price_year"].unique().to_pylist())
    if len(years) > 1:
        raise FaultsError(
            [
                Fault(
                    "standard.mixed_price_years",
                    "service_value",
                    "",
                    Text("价值表混有 {y} 年价格，不能相加。", "The value table mixes prices of {y}, which cannot be added.").fill(
                        y=", ".join(map(str, years))
                    ),
                    Text("把 valuation.price_basis 设为 account。", "Set valuation.price_basis to account."),
                )
            ]
        )
    table = table.sort_by([("parcel_id", "ascending"), ("service", "ascending")])
    out: dict[str, ServiceWorth] = {}
    names = ("parcel_id", "service", "value_fen", "low_fen", "high_fen", "observed_ppm")
    left_out: dict[str, str] = {}
    for parcel_id, service, *fens, seen in _rows(table, *names):
        ppm = PPM if seen is None else int(seen)
        if ppm < least_ppm:
            left_out[parcel_id] = f"{left_out.get(parcel_id, '')} {service}!{ppm}"
            continue
        value, low, high = (half_even(f * PPM, ppm) for f in fens) if ppm < PPM else fens
        if ppm < PPM:
            service = f"{service}@{ppm}"
        had = out.get(parcel_id)
        out[parcel_id] = (
            ServiceWorth(value, low, high, service)
            if had is None
            else ServiceWorth(had.value_fen + value, had.low_fen + low, had.high_fen + high, f"{had.services} {service}")
        )
    for parcel_id, names_left in left_out.items():
        if parcel_id in out:
            out[parcel_id] = replace(out[parcel_id], services=out[parcel_id].services + names_left)
    return out


def _region(economy: pa.Table, region_code: str, year: int) -> Region:
    rows = [Region(*r) for r in _rows(economy, "region_code", "year", "engel_ppm", "income_fen_per_head")]
    held = [r for r in rows if r.region_code == region_code and r.year <= year]
    if not held:
        have = ", ".join(sorted({f"{r.region_code}/{r.year}" for r in rows})) or "—"
        raise FaultsError(
            [
                Fault(
                    "standard.no_economy",
                    "economy",
                    region_code,
                    Text(
                        "区域 {c} 没有 {y} 年或更早的经济数据；现有 {h}。",
                        "Region {c} has no economy row for {y} or before; there are {h}.",
                    ).fill(c=region_code, y=year, h=have),
                    Text("在 economy 登记表补上一行。", "Add a row to the economy register."),
                )
            ]
        )
    return max(held, key=lambda r: r.year)


def _rewards(scorecard: pa.Table | None, year: int) -> dict[str, tuple[int, str]] | None:
    if scorecard is None:
        return None
    table = _of_last_year(scorecard, "scorecard", year)
    return {zone: (ppm, grade) for zone, ppm, grade in _rows(table, "area_code", "reward_ppm", "grade")}


def _last_rates(standard: pa.Table | None, year: int) -> dict[str, int] | None:
    if standard is None:
        return None
    return dict(_rows(_of_last_year(standard, "standard", year), "parcel_id", "rate_fen_per_ha"))


def _of_last_year(table: pa.Table, name: str, year: int) -> pa.Table:
    found = table.filter(pc.equal(table["year"], year - 1))
    if len(table) and not len(found):
        years = ", ".join(map(str, sorted(table["year"].unique().to_pylist())))
        raise FaultsError(
            [
                Fault(
                    "standard.not_last_year",
                    name,
                    "",
                    Text("去年是 {a} 年，给出的却是 {b} 年。", "Last year is {a}, but the table given is of {b}.").fill(
                        a=year - 1, b=years
                    ),
                    Text("给出上一年的表，或不给。", "Give last year's table, or none."),
                )
            ]
        )
    return found


def _rows(table: pa.Table, *names: str) -> Iterator[tuple[Any, ...]]:
    return zip(*(table[n].to_pylist() for n in names), strict=True)


def _broken(parcel_id: str, steps: str, rate: int) -> Fault:
    return Fault(
        "standard.steps",
        "standard_step",
        parcel_id,
        Text("步骤得 {s}，标准是 {r} 分/公顷。", "The steps give {s}, the standard says {r} fen/ha.").fill(s=steps, r=rate),
        Text("重新定标；这两张表应一起产生。", "Set the standard again; the two tables are made together."),
    )
