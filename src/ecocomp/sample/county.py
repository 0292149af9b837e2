"""Make the invented county as a complete case folder; the same arguments give the same bytes of every file.

For demonstrations, tests and teaching: the folder holds what a county would bring, and `truth/` what only the
maker knows. Everything follows from the number of parcels and the seed; no clock and no network is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from ecocomp.sample.frame import frame_of
from ecocomp.terms.faults import UsageError
from ecocomp.terms.text import Text

LEAST_PARCELS, MOST_PARCELS = 100, 500_000
Progress = Callable[[int, int, Text], None]

STAGES = (
    Text("地形与水系", "relief and rivers"),
    Text("地块", "parcels"),
    Text("土地覆被", "land cover"),
    Text("分区与红线", "zones and red line"),
    Text("权利人与权利", "holders and rights"),
    Text("资金与断面", "money and river sections"),
    Text("栅格", "rasters"),
)


def make_county(
    folder: Path | str,
    *,
    parcels: int = 2000,
    seed: int = 2026,
    years: Sequence[int] = (2023, 2024, 2025),
    progress: Progress | None = None,
) -> None:
    """Write the invented county to `folder` (made if absent; files of the same names are replaced).

    parcels   number of survey parcels, 100 to 500,000; the grid grows with it (3,000 × 3,000 cells of 30 m for 100,000)
    seed      seed of everything
    years     compensation years, consecutive; yearly layers also hold the year before the first
    progress  called with (done, total, what) before every stage
    raises    `UsageError` for a number of parcels or years that cannot be made
    """
    wanted = _checked(parcels, years)
    from ecocomp.sample import budgets, cover, people, places, relief, survey, zones
    from ecocomp.sample.folder import CountyFolder

    def say(stage: int) -> None:
        if progress:
            progress(stage, len(STAGES), STAGES[stage])

    frame = frame_of(parcels, seed)
    out = CountyFolder(Path(folder), frame, [wanted[0] - 1, *wanted])
    say(0)
    land = survey.make_land(frame, relief.make_relief(frame))
    say(1)
    made = survey.make_survey(frame, land)
    say(2)
    covered = cover.make_cover(frame, land, made, out.years)
    out.parcels(made, land)
    say(3)
    out.zones(*zones.make_zones(frame, land, made))
    say(4)
    villages = places.make_places(frame, land.village_x, land.village_y)
    folk = people.make_people(frame, made, covered, villages)
    out.people(folk, villages)
    say(5)
    whole = budgets.expected_fen(made, folk)
    out.money(whole, folk, villages)
    out.checks(made, covered, folk)
    out.river(land.relief)
    out.reservoir(land, covered)
    say(6)
    out.rasters(land, covered)
    out.case(wanted)


def _checked(parcels: int, years: Sequence[int]) -> list[int]:
    wanted = sorted(years)
    if not LEAST_PARCELS <= parcels <= MOST_PARCELS:
        raise UsageError(
            Text("地块数为 {n}，应在 {a} 至 {b} 之间。", "{n} parcels were asked for; {a} to {b} can be made.").fill(
                n=parcels, a=LEAST_PARCELS, b=MOST_PARCELS
            )
        )
    if not wanted or wanted != list(range(wanted[0], wanted[-1] + 1)) or wanted[0] < 2021:
        raise UsageError(
            Text("年份为 {y}，应是 2021 年起的连续年份。", "The years are {y}; they must be consecutive, from 2021 on.").fill(
                y=wanted
            )
        )
    return wanted


__all__ = ["STAGES", "make_county"]
