"""What both engines of the standard share: which rule is for which land, the region, last year's tables."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.registry import Spec, entry
from ecocomp.rules import Parameters
from ecocomp.standard import adjust
from ecocomp.standard.adjust import Adjustments, ban_ppm
from ecocomp.standard.corners import corner
from ecocomp.standard.exact import total_of
from ecocomp.standard.land import Land, Region, Rule
from ecocomp.standard.lands import Lands, of_services, read_lands
from ecocomp.terms.faults import Fault, FaultsError, UsageError
from ecocomp.terms.tables import PPM
from ecocomp.terms.text import Text

FOLDER = "standard.rules"
CONDITIONS = ("ecosystem_group", "function_zone", "grade", "tenure", "restriction")
"""What an entry of `standard.rules_by` or of `standard.floors` may ask of the land."""
ATTRIBUTES = ("group", "function_zone", "grade", "tenure", "restriction")


@dataclass(frozen=True)
class Task:
    """One year's standard to be set: the parcels, the region, the rules of the day and last year's result.

    lands     every parcel, compensated or not
    eligible  ecosystem groups that are compensated
    """

    params: Parameters
    year: int
    lands: Lands
    region: Region
    eligible: frozenset[str]
    rewards: Mapping[str, tuple[int, str]] | None

    def rules(self, towards: int = 0) -> Rules:
        """Return the rules as they hold (0), or at the end of their ranges that lowers (−1) or raises (+1) the standard."""
        return Rules(self, towards)


class Rules:
    """The rules and adjustments of a task, made when the first land asks for them."""

    def __init__(self, task: Task, towards: int) -> None:
        self._task, self._towards = task, towards
        self.prepared = cache(self._prepare)
        self.name_of = chooser(task.params)
        if not task.params.has("standard.rules_by"):
            self.prepared(task.params.text("standard.rule"))
        self.adjustments = Adjustments(self.params(adjust.LOWERS), task.year, task.rewards)

    def params(self, lowers: Collection[str]) -> Parameters:
        """Return the parameters at this corner."""
        return corner(self._task.params, self._towards, lowers) if self._towards else self._task.params

    def rule_of(self, land: Land) -> tuple[str, Rule]:
        """Return name@version and the function of the rule that is for a parcel."""
        return self.prepared(self.name_of(*(getattr(land, a) for a in ATTRIBUTES)))

    def _prepare(self, name: str) -> tuple[str, Rule]:
        found = rule_entry(self._task.params, name)
        if not self._towards:
            _all_there(self._task.params, found.spec)
        lowers = adjust.LOWERS | frozenset(getattr(found.module, "LOWERS", ()))
        rule: Rule = found.module.prepare(self.params(lowers), self._task.region)
        return f"{name}@{found.spec.version}", rule


def prepare_task(
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
    named: bool = True,
) -> Task:
    """Return the task of `ecocomp.standard.setting.set_standard` with its tables read; same faults, same arguments.

    named  also read which services were counted; only the steps need it
    """
    chosen = "standard.value_services"
    counted = of_services(service_value, [str(i) for i in params.items(chosen)]) if params.has(chosen) else service_value
    least = int(params.decimal("standard.least_observed") * PPM)
    lands = read_lands(
        parcel,
        parcel_zone,
        counted,
        year,
        least_ppm=least,
        ban_ppm=ban_ppm(params),
        tenure=tenure,
        last=None if standard_last is None else _of_last_year(standard_last, "standard", year),
        named=named,
    )
    region = _whole_region(_region(economy, region_code, year), lands)
    return Task(
        params,
        year,
        lands,
        region,
        frozenset(str(g) for g in params.items("standard.eligible_groups")),
        _rewards(scorecard_last, year),
    )


def _all_there(params: Parameters, spec: Spec) -> None:
    """Refuse a rule some of whose numbers are missing; all of them are named at once."""
    faults: list[Fault] = []
    for key in (*(u.name for u in spec.parameters if not u.optional), *adjust.NEEDED):
        if not params.has(key):
            try:
                params.get(key)
            except FaultsError as stop:
                faults += stop.faults
    if faults:
        raise FaultsError(faults)


def rule_entry(params: Parameters, name: str) -> Any:
    """Return the registered rule `name`; refuses one that is not known or does not hold on the day."""
    held = params.get("standard.rules_by" if params.has("standard.rules_by") else "standard.rule")
    try:
        found = entry(FOLDER, name)
    except UsageError as wrong:
        clash = Text("没有定标规则 {r}。", "There is no rule {r} of the standard.").fill(r=name)
        raise FaultsError([Fault("standard.rule", held.file, f"line {held.line}", clash, wrong.message)]) from None
    if not found.spec.holds_on(params.valid_on):
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
    return found


def chooser(params: Parameters) -> Any:
    """Return the function (group, zone, grade, tenure, restriction) → name of the rule that is for such land.

    `standard.rules_by` is a list of conditions with a rule, of which the first that fits counts; land that fits none
    takes `standard.rule`.
    """
    default = params.text("standard.rule")
    entries = _listed_rules(params) if params.has("standard.rules_by") else []

    @cache
    def name(*facts: Any) -> str:
        known = dict(zip(CONDITIONS, map(str, facts), strict=True))
        for item in entries:
            if all(known[k] == str(v) for k, v in item.items() if k != "rule"):
                return str(item["rule"])
        return default

    return name


def _listed_rules(params: Parameters) -> list[dict[str, Any]]:
    held = params.get("standard.rules_by")
    faults = []
    for n, item in enumerate(params.items("standard.rules_by"), 1):
        odd = sorted(set(item) - {"rule", *CONDITIONS}) if isinstance(item, dict) else ["?"]
        if odd or "rule" not in item:
            clash = Text("第 {n} 条写着 {o}，或没有 rule。", "Entry {n} has {o}, or no rule.").fill(n=n, o=", ".join(odd) or "—")
            remedy = Text("写 rule，条件可用 {c}。", "Write rule; conditions are {c}.").fill(c=", ".join(CONDITIONS))
            faults.append(Fault("standard.rules_by", held.file, f"line {held.line}", clash, remedy))
    if faults:
        raise FaultsError(faults)
    return [dict(item) for item in params.items("standard.rules_by")]


def _whole_region(region: Region, lands: Lands) -> Region:
    if not len(lands):
        return region
    worth, low, high = (total_of(c) for c in (lands.value_fen, lands.low_fen, lands.high_fen))
    return replace(region, worth_fen=worth, worth_low_fen=low, worth_high_fen=high, area_dm2=total_of(lands.area_dm2))


def _region(economy: pa.Table, region_code: str, year: int) -> Region:
    names = ("region_code", "year", "engel_ppm", "income_fen_per_head", "gdp_fen_per_head")
    rows = [Region(*r) for r in rows_of(economy, *names)]
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
    return {zone: (ppm, grade) for zone, ppm, grade in rows_of(table, "area_code", "reward_ppm", "grade")}


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


def rows_of(table: pa.Table, *names: str) -> Iterator[tuple[Any, ...]]:
    """Return the rows of some columns of a table."""
    return zip(*(table[n].to_pylist() for n in names), strict=True)
