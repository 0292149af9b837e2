"""What happens to a standard after its parts are added: index, reward, yearly limit, statutory floor, cap.

The order is fixed and the same for every rule; law decides it: prices or wages since the base year move the amount,
last year's result moves it, the yearly limit calms the move, and then the floor and the cap have the last word,
because a floor in a programme rule and a cap in a budget rule may not be crossed by a smoothing rule. So the limit
holds wherever last year's rate itself lies between floor and cap. The index is there only where a place has one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.rules import Parameters
from ecocomp.standard.corners import Corner, middle_of
from ecocomp.standard.exact import Ints, add, clip, narrowed, parts_of, ratio, whole
from ecocomp.standard.land import NOT_ASSESSED, Land, money_per_ha, number_per_ha, per_mu, row_of, say
from ecocomp.standard.lands import Lands
from ecocomp.standard.parts import Words, json_column
from ecocomp.terms.faults import Fault, FaultsError
from ecocomp.terms.money import half_even
from ecocomp.terms.tables import PPM
from ecocomp.terms.text import Text

STEPS = ("index", "reward", "limit", "floor", "cap")
LOWERS = frozenset({"standard.limit_down"})
NEEDED = ("standard.limit_up", "standard.limit_down", "standard.cap", "standard.floors")
INDEX, BASE_YEAR = "standard.index", "standard.index_base_year"
_TENURES = frozenset({"state", "collective"})
_OPEN = 2**62


@dataclass(frozen=True, slots=True)
class Bounds:
    """One adjustment: first × factor or × (1 + reward), then not below `low`, not above `high` (fen/ha/a; None is open)."""

    step: str
    reward_ppm: int
    low: int | None
    high: int | None
    inputs: str
    parameters: str
    factor: Fraction = Fraction(1)

    def apply(self, fen: int) -> int:
        """Return the rate after this step."""
        moved = half_even(fen * self.factor.numerator, self.factor.denominator)
        moved += half_even(moved * self.reward_ppm, PPM)
        moved = moved if self.low is None else max(moved, self.low)
        return moved if self.high is None else min(moved, self.high)


@dataclass(frozen=True)
class BoundsColumn:
    """The same of many parcels; a step has the same name on all of them."""

    step: str
    reward_ppm: Ints
    low: Ints | None
    high: Ints | None
    inputs: Words
    parameters: Words
    factor: tuple[Ints, Ints] | None = None

    def apply(self, fen: Ints) -> Ints:
        """Return the rates after this step."""
        if self.factor is not None:
            fen = ratio([[fen, self.factor[0]]], [self.factor[1]], len(fen))
        if self.reward_ppm.any():
            fen = add(fen, ratio([[fen, self.reward_ppm]], [PPM], len(fen)))
        return narrowed(clip(fen, self.low, self.high))


def _columns(bounds: list[Bounds], inverse: Ints) -> BoundsColumn:
    """Spread the bounds of a few kinds of land over the rows; a kind without one is open by a number no rate reaches."""
    first = bounds[0]
    lows = [-_OPEN if b.low is None else b.low for b in bounds]
    highs = [_OPEN if b.high is None else b.high for b in bounds]
    return BoundsColumn(
        first.step,
        whole([b.reward_ppm for b in bounds])[inverse],
        None if all(b.low is None for b in bounds) else whole(lows)[inverse],
        None if all(b.high is None for b in bounds) else whole(highs)[inverse],
        ([b.inputs for b in bounds], inverse),
        ([b.parameters for b in bounds], inverse),
        None if all(b.factor == 1 for b in bounds) else parts_of([b.factor for b in bounds], inverse),
    )


class Adjustments:
    """The adjustments of every parcel of one year.

    year      the year of the standard, for the index
    rewards   reward_ppm and grade by function zone, from last year's scorecard; None: there is no scorecard
    """

    def __init__(
        self,
        params: Parameters,
        year: int,
        rewards: Mapping[str, tuple[int, str]] | None,
    ) -> None:
        self._params, self._year, self._rewards = params, year, rewards
        self._up = Fraction(params.decimal("standard.limit_up"))
        self._down = Fraction(params.decimal("standard.limit_down"))
        self._index = self._index_of_year() if params.has(INDEX) else None
        self._reward = cache(self._reward_of_zone)
        self._ends = cache(self._floor_and_cap)

    def of(self, land: Land) -> tuple[Bounds, ...]:
        """Return index (where there is one), reward, limit, floor and cap of one parcel; refuses a floor above the cap."""
        floor, cap = self._ends(land.group, land.tenure, land.restriction)
        moved = () if self._index is None else (self._index,)
        return *moved, self._reward(land.function_zone), self._limit(land.last_fen), floor, cap

    def on(self, lands: Lands) -> list[BoundsColumn]:
        """Return the same of many parcels; there is at least one."""
        out = []
        if self._index is not None:
            out.append(_columns([self._index], np.zeros(len(lands), np.int64)))
        kinds, inverse = lands.kinds("function_zone")
        out += [_columns([self._reward(*k) for k in kinds], inverse), self._limits(lands)]
        kinds, inverse = lands.kinds("group", "tenure", "restriction")
        ends = [self._ends(*k) for k in kinds]
        return [*out, _columns([e[0] for e in ends], inverse), _columns([e[1] for e in ends], inverse)]

    def _index_of_year(self) -> Bounds:
        """Return index of the year by index of the base year; a year not yet known takes the last one before it."""
        base = str(int(self._params.decimal(BASE_YEAR)))
        table, before = self._params.table(INDEX), middle_of(self._params).table(INDEX)
        known = sorted(int(y) for y in table if y.isdigit() and int(y) <= self._year)
        held = self._params.get(INDEX)
        if base not in before or not known or before[base] <= 0 or table[str(known[-1])] <= 0:
            raise FaultsError(
                [
                    Fault(
                        "standard.index",
                        held.file,
                        f"line {held.line}",
                        Text(
                            "指数表有 {h}，要用基年 {b} 和不晚于 {y} 年的一年。",
                            "The index has {h}; the base year {b} and a year not after {y} are needed.",
                        ).fill(h=", ".join(f"{y}: {v}" for y, v in before.items()) or "—", b=base, y=self._year),
                        Text("补上这一年的指数，每个数都大于零。", "Add the index of that year; every number is above zero."),
                    )
                ]
            )
        now = str(known[-1])
        inputs = say(base_year=base, base=before[base], index_year=now, index=table[now])
        return Bounds("index", 0, None, None, inputs, f"{INDEX} {BASE_YEAR}", Fraction(table[now]) / Fraction(before[base]))

    def _reward_of_zone(self, zone: str) -> Bounds:
        if self._rewards is None:
            return Bounds("reward", 0, None, None, say(scorecard="none"), "")
        ppm, grade = self._rewards.get(zone, (0, NOT_ASSESSED))
        return Bounds("reward", ppm, None, None, say(function_zone=zone, grade=grade, reward_ppm=ppm), "")

    def _limit(self, last: int) -> Bounds:
        if last <= 0:
            return Bounds("limit", 0, None, None, _NO_LAST, "")
        # Whole fen inside the limit, so that the limit holds exactly and not only after rounding.
        high, low = last * (1 + self._up), last * (1 - self._down)
        low_fen, high_fen = -((-low.numerator) // low.denominator), high.numerator // high.denominator
        return Bounds(
            "limit",
            0,
            low_fen,
            high_fen,
            f'{{"high":{high_fen},"last_fen_per_ha":{last},"low":{low_fen}}}',
            _LIMIT_KEYS,
        )

    def _limits(self, lands: Lands) -> BoundsColumn:
        zero, last = np.zeros(len(lands), np.int64), lands.last_fen
        held = last > 0
        if not held.any():
            return BoundsColumn("limit", zero, None, None, _NO_LAST, "")
        shares = [abs(n) for f in (1 + self._up, 1 - self._down) for n in (f.numerator, f.denominator)]
        if int(last.max()) > _OPEN // max(shares):
            last = last.astype(object)
        up, down = 1 + self._up, 1 - self._down
        high = (last * up.numerator) // up.denominator
        low = -((-last * down.numerator) // down.denominator)

        def inputs() -> pa.Array:
            made = json_column(len(lands), high=high, last_fen_per_ha=last, low=low)
            return pc.if_else(pa.array(held), made, pa.scalar(_NO_LAST))

        keys = lambda: pc.if_else(pa.array(held), pa.scalar(_LIMIT_KEYS), pa.scalar(""))  # noqa: E731
        return BoundsColumn("limit", zero, np.where(held, low, -_OPEN), np.where(held, high, _OPEN), inputs, keys)

    def _floor_and_cap(self, group: str, tenure: str, restriction: str) -> tuple[Bounds, Bounds]:
        floor, cap = self._floor_of(group, tenure, restriction), self._cap_of(group)
        if floor.low is None or cap.high is None or floor.low <= cap.high:
            return floor, cap
        if isinstance(self._params, Corner):  # at the end of a range the statutory floor stands over the cap
            return floor, Bounds("cap", 0, None, floor.low, cap.inputs, cap.parameters)
        raise FaultsError([self._clash(group, floor.low, cap.high)])

    def _floor_of(self, group: str, tenure: str, restriction: str) -> Bounds:
        """Return the highest floor that fits; where the owner is unknown every owner's floor fits."""
        if tenure and tenure not in _TENURES:
            raise FaultsError(
                [
                    Fault(
                        "standard.tenure",
                        "tenure",
                        tenure,
                        Text("权属类别是 {t}。", "The kind of owner is {t}.").fill(t=tenure),
                        Text("只能是 state 或 collective。", "It must be state or collective."),
                    )
                ]
            )
        facts = {"ecosystem_group": group, "tenure": tenure, "restriction": restriction}
        amounts = statutory_floors(self._params, **facts)
        low = max(amounts.values(), default=None)
        return Bounds("floor", 0, low, None, say(**facts, floors=amounts), " ".join(["standard.floors", *sorted(amounts)]))

    def _cap_of(self, group: str) -> Bounds:
        cap = row_of(self._params, "standard.cap", group)
        amount = money_per_ha(self._params.get("standard.cap"), cap)
        high = half_even(amount.numerator, amount.denominator)
        return Bounds(
            "cap", 0, None, high, say(ecosystem_group=group, cap=cap, **per_mu(self._params.get("standard.cap"))), "standard.cap"
        )

    def _clash(self, group: str, floor: int, cap: int) -> Fault:
        held = self._params.get("standard.cap")
        return Fault(
            "standard.floor_above_cap",
            held.file,
            f"line {held.line}",
            Text(
                "大类 {g} 的法定下限 {f} 分/公顷高于上限 {c} 分/公顷。",
                "The statutory floor of group {g}, {f} fen/ha, lies above the cap, {c} fen/ha.",
            ).fill(g=group, f=floor, c=cap),
            Text("提高 standard.cap，或核对下限的适用条件。", "Raise standard.cap, or check which land the floor is for."),
        )


def statutory_floors(params: Parameters, ecosystem_group: str, tenure: str = "", restriction: str = "") -> dict[str, int]:
    """Return the floors (fen/ha/a, by key) of `standard.floors` that are for such land; "" fits every condition."""
    facts = {"ecosystem_group": ecosystem_group, "tenure": tenure, "restriction": restriction}
    fits = [
        str(item["floor"])
        for item in params.items("standard.floors")
        if all(not facts[k] or str(v) == facts[k] for k, v in item.items() if k in facts)
    ]
    amounts = {key: number_per_ha(params, key) for key in fits}
    return {key: half_even(a.numerator, a.denominator) for key, a in amounts.items()}


def ban_ppm(params: Parameters) -> int:
    """Return the share inside the red line (ppm) from which land counts as banned."""
    return int(params.decimal("standard.ban_red_line") * PPM)


_NO_LAST = say(last_fen_per_ha="none")
_LIMIT_KEYS = "standard.limit_down standard.limit_up"
