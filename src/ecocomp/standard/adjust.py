"""What happens to a standard after its parts are added: reward, yearly limit, statutory floor, cap.

The order is fixed and law decides it: last year's result moves the rate, the yearly limit calms the move, and then
the floor and the cap have the last word, because a floor in a programme rule and a cap in a budget rule may not be
crossed by a smoothing rule. So the limit holds wherever last year's rate itself lies between floor and cap.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from ecocomp.rules import Parameters
from ecocomp.standard.land import NOT_ASSESSED, Land, money_per_ha, number_per_ha, row_of, say
from ecocomp.terms.faults import Fault, FaultsError
from ecocomp.terms.money import half_even
from ecocomp.terms.tables import PPM
from ecocomp.terms.text import Text

STEPS = ("reward", "limit", "floor", "cap")
_TENURES = frozenset({"state", "collective"})


@dataclass(frozen=True, slots=True)
class Bounds:
    """One adjustment: first × (1 + reward), then not below `low`, not above `high` (fen/ha/a; None is open)."""

    step: str
    reward_ppm: int
    low: int | None
    high: int | None
    inputs: str
    parameters: str

    def apply(self, fen: int) -> int:
        """Return the rate after this step."""
        moved = fen + half_even(fen * self.reward_ppm, PPM)
        moved = moved if self.low is None else max(moved, self.low)
        return moved if self.high is None else min(moved, self.high)


class Adjustments:
    """The four adjustments of every parcel of one year.

    rewards   reward_ppm and grade by function zone, from last year's scorecard; None: there is no scorecard
    last      last year's rate by parcel (fen/ha/a); None: this is the first year
    tenure    ``state`` or ``collective`` by parcel, where known: some floors differ by owner
    """

    def __init__(
        self,
        params: Parameters,
        rewards: Mapping[str, tuple[int, str]] | None,
        last: Mapping[str, int] | None,
        tenure: Mapping[str, str] | None,
    ) -> None:
        self._params, self._rewards, self._last, self._tenure = params, rewards, last, tenure or {}
        self._up = Fraction(params.decimal("standard.limit_up"))
        self._down = Fraction(params.decimal("standard.limit_down"))
        self._ban = int(params.decimal("standard.ban_red_line") * PPM)
        self._reward = cache(self._reward_of_zone)
        self._floor = cache(self._floor_of)
        self._cap = cache(self._cap_of)

    def of(self, land: Land) -> tuple[Bounds, Bounds, Bounds, Bounds]:
        """Return reward, limit, floor and cap of one parcel; refuses a floor above the cap."""
        restriction = "ban" if land.red_line_ppm >= self._ban else "balance"
        floor = self._floor(land.group, self._tenure.get(land.parcel_id, ""), restriction)
        cap = self._cap(land.group)
        if floor.low is not None and cap.high is not None and floor.low > cap.high:
            raise FaultsError([self._clash(land.group, floor.low, cap.high)])
        return self._reward(land.function_zone), self._limit(land.parcel_id), floor, cap

    def _reward_of_zone(self, zone: str) -> Bounds:
        if self._rewards is None:
            return Bounds("reward", 0, None, None, say(scorecard="none"), "")
        ppm, grade = self._rewards.get(zone, (0, NOT_ASSESSED))
        return Bounds("reward", ppm, None, None, say(function_zone=zone, grade=grade, reward_ppm=ppm), "")

    def _limit(self, parcel_id: str) -> Bounds:
        last = self._last.get(parcel_id, 0) if self._last is not None else 0
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
            "standard.limit_down standard.limit_up",
        )

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
        fits = [
            str(item["floor"])
            for item in self._params.items("standard.floors")
            if all(not facts[k] or str(v) == facts[k] for k, v in item.items() if k in facts)
        ]
        amounts = {key: self._fen(key) for key in fits}
        low = max(amounts.values(), default=None)
        return Bounds("floor", 0, low, None, say(**facts, floors=amounts), " ".join(["standard.floors", *sorted(fits)]))

    def _cap_of(self, group: str) -> Bounds:
        cap = row_of(self._params, "standard.cap", group)
        high = self._fen("standard.cap", group)
        return Bounds("cap", 0, None, high, say(ecosystem_group=group, cap=cap), "standard.cap")

    def _fen(self, key: str, row: str | None = None) -> int:
        amount = (
            number_per_ha(self._params, key) if row is None else money_per_ha(self._params.get(key), row_of(self._params, key, row))
        )
        return half_even(amount.numerator, amount.denominator)

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


_NO_LAST = say(last_fen_per_ha="none")
