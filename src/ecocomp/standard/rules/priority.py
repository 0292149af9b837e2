"""Priority: compensate first where much nature stands against little economy.

ECPS = VN/GN, non-market value of the services by gross domestic product, is put into classes, and the class decides
which share of the costs is paid: none for land that is only a candidate, all of it for land that comes first. The
cuts are given, or drawn as geometric intervals: widths that grow by one ratio.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.registry import Example, Reference, Spec, Use
from ecocomp.rules import Parameters
from ecocomp.standard.exact import Ints, greater, parts_of
from ecocomp.standard.land import Land, Part, Parts, Region, say
from ecocomp.standard.lands import Lands
from ecocomp.standard.parts import (
    ByKind,
    Opportunity,
    PartColumn,
    PartColumns,
    Raw,
    as_text,
    joined,
    json_column,
    not_positive,
    nothing,
    protection,
    scaled,
    strings,
    to_fen,
)
from ecocomp.terms.area import DM2_PER_HA
from ecocomp.terms.faults import Fault, FaultsError
from ecocomp.terms.text import Text

_PRIORITY = "standard.priority"
_CUTS, _FACTOR = f"{_PRIORITY}.cuts", f"{_PRIORITY}.factor"

SPEC = Spec(
    id="priority",
    name=Text("优先级标准", "standard by priority (ECPS)"),
    summary=Text(
        "按非市场生态价值与地区生产总值之比分级，成本（机会成本加保护成本）按级付给相应比例。",
        "Opportunity and protection cost, paid in the share of the class that non-market value by GDP falls into.",
    ),
    unit="fen/ha/a",
    inputs=(
        Use("parcel", "table", Text("地块", "parcels")),
        Use("parcel_zone", "table", Text("分区", "zones")),
        Use("service_value", "table", Text("服务价值", "value of services")),
        Use("economy", "table", Text("区域经济（人均生产总值）", "regional economy (GDP per head)")),
    ),
    parameters=(
        Use(f"{_PRIORITY}.unit", "", Text("分级对象：region 或 parcel", "what is graded: region or parcel")),
        Use(f"{_PRIORITY}.population", "persons", Text("区域人口", "people of the region")),
        Use(f"{_PRIORITY}.area_ha", "ha", Text("区域面积（按地块分级时）", "area of the region (to grade parcels)"), optional=True),
        Use(_FACTOR, "1", Text("各级付给比例，由低级到高级", "share paid by class, lowest class first")),
        Use(_CUTS, "1", Text("各级上界（最高级可不写）", "upper end of each class (the highest needs none)"), optional=True),
        Use(f"{_PRIORITY}.highest", "1", Text("几何间隔：最大值", "geometric intervals: highest value"), optional=True),
        Use(f"{_PRIORITY}.ratio", "1", Text("几何间隔：级宽之比", "geometric intervals: ratio of widths"), optional=True),
        Use("standard.protection_cost", "CNY/ha/a", Text("保护成本（按大类）", "protection cost by group")),
        Use("standard.protection_zone_factor", "1", Text("保护成本的功能区系数", "zone factor of protection cost")),
        Use("standard.opportunity_cost", "CNY/ha/a", Text("机会成本（按大类）", "opportunity cost by group"), optional=True),
        Use("standard.restriction.red_line", "1", Text("红线内限制程度", "restriction inside the red line")),
        Use("standard.restriction.reserve", "1", Text("留白内限制程度", "restriction inside reserves")),
        Use("standard.restriction.outside", "1", Text("其余限制程度", "restriction elsewhere")),
    ),
    outputs=(Use("parts", "fen/ha/a", Text("四部分", "four parts")),),
    formula="ECPS = VN / GN\nS = (OC + PC)·f[class(ECPS)]\ncut_i = X·(q^i − 1)/(q^n − 1)",
    holds=Text(
        "高者优先；比例随级不降，故价值增加不会少付。没有评估出服务价值的地块归最低级。",
        "High comes first; the share never falls with the class, so more value never pays less. Land without an assessed "
        "service is of the lowest class.",
    ),
    references=(
        Reference(
            "Sun Yunfeng et al., 新疆重点生态功能区生态补偿的空间选择研究, ChinaXiv-202104.00049V1",
            "V",
            "ECPS = VN/GN; cuts 0.27, 1.41, 6.22",
        ),
    ),
    examples=(
        Example(
            {
                "land": {
                    "group": "1",
                    "function_zone": "water",
                    "grade": 2,
                    "red_line_ppm": 1_000_000,
                    "reserve_ppm": 0,
                    "area_dm2": 1_000_000,
                    "value_fen": 100_000,
                },
                "region": {"engel_ppm": 350_000, "income_fen_per_head": 1_600_000, "gdp_fen_per_head": 5_000_000},
                "parameters": {
                    f"{_PRIORITY}.unit": "parcel",
                    f"{_PRIORITY}.population": "1000",
                    f"{_PRIORITY}.area_ha": "50000",
                    _FACTOR: {"potential": "0", "secondary": "0.5", "priority": "1"},
                    _CUTS: {"potential": "0.27", "secondary": "1.41"},
                    "standard.protection_cost": {"1": "300"},
                    "standard.protection_zone_factor": {"water": "1"},
                    "standard.opportunity_cost": {"1": "900"},
                    "standard.restriction.red_line": "1",
                    "standard.restriction.reserve": "1",
                    "standard.restriction.outside": "1",
                },
            },
            {"protection": 15_000, "opportunity": 45_000, "value": 0, "regional": 0},
            "by hand: GDP 50 million CNY on 50 000 ha is 1000 CNY/ha; 1 lies between 0.27 and 1.41; half of 300 and 900",
            0.0,
        ),
    ),
)

LOWERS = frozenset({_CUTS, f"{_PRIORITY}.highest", f"{_PRIORITY}.population", "standard.opportunity.area_ha"})


def prepare(params: Parameters, economy: Region) -> Priority:
    """Return the function that sets the parts of a parcel by the class of its index, or of its region's."""
    unit, people = params.text(f"{_PRIORITY}.unit"), params.decimal(f"{_PRIORITY}.population")
    if unit not in ("region", "parcel"):
        held = params.get(f"{_PRIORITY}.unit")
        clash = Text("{k} 是 {v}。", "{k} is {v}.").fill(k=held.key, v=unit)
        remedy = Text("写 region 或 parcel。", "Write region or parcel.")
        raise FaultsError([Fault("standard.priority", held.file, f"line {held.line}", clash, remedy)])
    gdp = Fraction(people) * economy.gdp_fen_per_head
    if gdp <= 0:
        raise not_positive(params.get(f"{_PRIORITY}.population"))
    keys = [f"{_PRIORITY}.unit", f"{_PRIORITY}.population", _FACTOR]
    if unit == "parcel":
        area = params.decimal(f"{_PRIORITY}.area_ha")
        if area <= 0:
            raise not_positive(params.get(f"{_PRIORITY}.area_ha"))
        gdp, keys = gdp / Fraction(area), [*keys, f"{_PRIORITY}.area_ha"]
    factors = params.table(_FACTOR)
    cuts, used = _cuts(params, list(factors))
    _never_falling(params, list(factors.values()))
    of_region = None
    if unit == "region":
        worths = {"fen": economy.worth_fen, "low": economy.worth_low_fen, "high": economy.worth_high_fen}
        of_region = {n: next((i for i, c in enumerate(cuts) if w <= c * gdp), len(cuts)) for n, w in worths.items()}
    classes = _Classes(gdp, tuple(cuts), tuple(factors), tuple(factors.values()), of_region, economy.worth_fen)
    return Priority(protection(params), Opportunity(params, economy), classes, " ".join([*keys, *used]))


@dataclass(frozen=True)
class _Classes:
    """GDP (fen, or fen per hectare), upper ends, names and shares of the classes; that of the region if it is graded."""

    gdp: Fraction
    cuts: tuple[Fraction, ...]
    names: tuple[str, ...]
    factors: tuple[Decimal, ...]
    of_region: dict[str, int] | None
    worth_fen: int

    def of(self, land: Land, end: str = "fen") -> int:
        """Return the class of a parcel, 0 is the lowest; by its value, or by the low or high end of that."""
        if self.of_region is not None:
            return self.of_region[end]
        if land.worth is None:
            return 0
        worth = {"fen": land.worth.value_fen, "low": land.worth.low_fen, "high": land.worth.high_fen}[end]
        value = Fraction(max(worth, 0) * DM2_PER_HA, land.area_dm2)
        return next((i for i, c in enumerate(self.cuts) if value <= c * self.gdp), len(self.cuts))

    def on(self, lands: Lands, end: str = "fen") -> Ints:
        """Return the class of many parcels."""
        if self.of_region is not None:
            return np.full(len(lands), self.of_region[end])
        out = np.zeros(len(lands), np.int64)
        worth = {"fen": lands.value_fen, "low": lands.low_fen, "high": lands.high_fen}[end]
        worth = np.where(lands.assessed, np.maximum(worth, 0), 0)
        for cut in self.cuts:
            top = cut * self.gdp
            left: list[Ints | int] = [worth, DM2_PER_HA, top.denominator]
            out += greater(left, [lands.area_dm2, top.numerator], len(lands)) & lands.assessed
        return out

    def numbers(self, index: int) -> dict[str, object]:
        """Return what the steps say of a class."""
        upper = f"{float(self.cuts[index]):.6g}" if index < len(self.cuts) else None
        said: dict[str, object] = {"form": "priority", "priority": self.names[index], "priority_factor": self.factors[index]}
        return {**said, "gdp_fen": to_fen(self.gdp), "upper": upper, "unit": "parcel" if self.of_region is None else "region"}


@dataclass(frozen=True)
class Priority:
    """The rule: the costs of a parcel in the share of its class."""

    protection: ByKind
    opportunity: Opportunity
    classes: _Classes
    keys: str

    def __call__(self, land: Land) -> Parts:
        """Return the four parts of one parcel."""
        at = self.classes.of(land)
        said: dict[str, object] = {"worth_fen": self.classes.worth_fen, "area_dm2": None, **self.classes.numbers(at)}
        if self.classes.of_region is None:
            said |= {"worth_fen": None if land.worth is None else land.worth.value_fen, "area_dm2": land.area_dm2}
        shares = {end: Fraction(self.classes.factors[self.classes.of(land, end)]) for end in _ENDS}
        parts = [self._paid(b.of(land), shares, said) for b in (self.protection, self.opportunity)]
        return parts[0], parts[1], _NOTHING.of(land), _NOTHING.of(land)

    def _paid(self, part: Part, shares: dict[str, Fraction], said: dict[str, object]) -> Part:
        fen, low, high = (to_fen(getattr(part, end) * share) for end, share in shares.items())
        return Part(fen, low, high, say(of=json.loads(part.inputs), **said), f"{part.parameters} {self.keys}")

    def on(self, lands: Lands) -> PartColumns:
        """Return the four parts of many parcels."""
        at = {end: self.classes.on(lands, end) for end in _ENDS}
        made = [self._paid_on(b.on(lands), lands, at) for b in (self.protection, self.opportunity)]
        return made[0], made[1], _NOTHING.on(lands), _NOTHING.on(lands)

    def _paid_on(self, part: PartColumn, lands: Lands, at: dict[str, Ints]) -> PartColumn:
        shares = [Fraction(f) for f in self.classes.factors]
        ends = [scaled(getattr(part, end), *parts_of(shares, at[end])) for end in _ENDS]
        keys = joined(part.parameters, self.keys, len(lands))
        return PartColumn(ends[0], ends[1], ends[2], lambda: self._said(part, lands, at["fen"]), keys)

    def _said(self, part: PartColumn, lands: Lands, at: Ints) -> pa.Array:
        size, kinds = len(lands), [self.classes.numbers(i) for i in range(len(self.classes.names))]
        columns: dict[str, Any] = {n: ([k[n] for k in kinds], at) for n in kinds[0]}
        if self.classes.of_region is None:
            worth = pc.if_else(pa.array(lands.assessed), as_text(lands.value_fen), pa.scalar("null"))
            columns |= {"worth_fen": Raw(worth), "area_dm2": lands.area_dm2}
        else:
            columns |= {"worth_fen": self.classes.worth_fen, "area_dm2": None}
        return json_column(size, of=Raw(strings(part.inputs, size)), **columns)


_ENDS = ("fen", "low", "high")
_NOTHING = nothing()


def geometric_cuts(highest: Fraction, ratio: Fraction, classes: int) -> list[Fraction]:
    """Return the upper ends of all classes but the highest, X·(q^i − 1)/(q^n − 1); equal widths where q is 1.

    >>> [round(float(c), 2) for c in geometric_cuts(Fraction("6.22"), Fraction("4.22"), 3)]
    [0.27, 1.41]
    """
    if ratio == 1:
        return [highest * i / classes for i in range(1, classes)]
    return [highest * (ratio**i - 1) / (ratio**classes - 1) for i in range(1, classes)]


def _cuts(params: Parameters, names: list[str]) -> tuple[list[Fraction], list[str]]:
    """Return the upper ends of all classes but the highest, and the keys used."""
    if params.has(_CUTS):
        table, held = params.table(_CUTS), params.get(_CUTS)
        cuts = [Fraction(table[n]) for n in names[:-1] if n in table]
        if len(cuts) < len(names) - 1 or any(a >= b for a, b in pairwise(cuts)) or any(c <= 0 for c in cuts[:1]):
            shown = ", ".join(f"{n}: {table.get(n, '—')}" for n in names[:-1])
            clash = Text("各级上界是 {c}。", "The upper ends of the classes are {c}.").fill(c=shown)
            remedy = Text(
                "按 factor 的顺序逐级写出递增的上界。", "Give each class of the factors, lowest first, a rising upper end."
            )
            raise FaultsError([Fault("standard.priority_cuts", held.file, f"line {held.line}", clash, remedy)])
        return cuts, [_CUTS]
    keys = [f"{_PRIORITY}.highest", f"{_PRIORITY}.ratio"]
    highest, ratio = (Fraction(params.decimal(k)) for k in keys)
    for key, value in zip(keys, (highest, ratio), strict=True):
        if value <= 0:
            raise not_positive(params.get(key))
    return geometric_cuts(highest, ratio, len(names)), keys


def _never_falling(params: Parameters, factors: list[Decimal]) -> None:
    if all(a <= b for a, b in pairwise(factors)) and (not factors or factors[0] >= 0) and factors:
        return
    held = params.get(_FACTOR)
    clash = Text("付给比例为 {f}，不是随级不降。", "The shares are {f}; they fall, or lie below zero.").fill(
        f=", ".join(map(str, factors))
    )
    remedy = Text(
        "由低级到高级写出不减的比例，否则价值越高付得越少。",
        "Write shares that never fall from the lowest class on; else more value would pay less.",
    )
    raise FaultsError([Fault("standard.priority_factor", held.file, f"line {held.line}", clash, remedy)])
