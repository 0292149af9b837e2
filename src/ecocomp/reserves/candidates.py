"""Candidates for reserves (生态留白): an open ranking of parcels up to a share of the county.

For planners, as a first list to argue about. Every parcel gets one score from its importance and its nearness to the red
line; parcels locked in come first, parcels locked out never; the rest is taken until the share of the county, or the money,
is used up. Where the polygons are given the choice also hangs together (`selection`): a parcel that borders on what was
taken before is preferred, and clusters that stay too small are given up. It is no optimum, but the list says how far from
one it can be at most, and for each parcel why it is on it, or why not.

References
----------
1. Design of this project. Locked-in and locked-out classes as in systematic conservation planning: Margules & Pressey
   (2000), Nature 405:243-253, doi:10.1038/35012251.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.reserves.borders import Borders, borders
from ecocomp.reserves.selection import Choice, Problem, choose
from ecocomp.rules import Parameters
from ecocomp.terms.area import DM2_PER_HA
from ecocomp.terms.faults import Fault, capped, raise_errors
from ecocomp.terms.tables import PPM, RESERVE_CANDIDATE
from ecocomp.terms.text import Text

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    Geometries = NDArray[np.object_]
    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

REASONS: dict[str, Text] = {
    "locked_in": Text("必须纳入", "locked in"),
    "locked_out": Text("不得纳入", "locked out"),
    "score": Text("按得分入选", "taken by its score"),
    "joined": Text("与已选地块相连，按得分和相连程度入选", "taken by its score and the border it shares with the selection"),
    "share_used_up": Text("面积上限已用尽", "the county's share is used up"),
    "budget_used_up": Text("资金已用尽", "the money is used up"),
    "below_least": Text("得分低于下限", "score below the least"),
    "small_cluster": Text("所在片区小于下限", "its cluster would stay too small"),
}


@dataclass(frozen=True, eq=False)
class Selection:
    """A choice of reserves that hangs together.

    candidate    every parcel (RESERVE_CANDIDATE)
    clusters     name, area [dm2] and parcels of each cluster of selected parcels, largest first
    area_dm2     area selected, locked in included
    cap_dm2      area the share of the county allows
    target_dm2   area that is aimed at, or None
    cost_fen     cost of what was chosen besides what is locked in, or None
    border       length of the border around the selection [CRS unit]
    value, bound value of the choice and a value no choice can exceed [ha, weighted]
    """

    candidate: pa.Table
    clusters: tuple[tuple[str, int, tuple[str, ...]], ...]
    area_dm2: int
    cap_dm2: int
    target_dm2: int | None
    cost_fen: int | None
    border: float
    value: float
    bound: float

    @property
    def gap(self) -> float:
        """Share of the bound by which the choice may fall short of the best; 0 where it is the best."""
        return max(0.0, 1.0 - self.value / self.bound) if self.bound > 0 else 0.0

    @property
    def reached(self) -> bool | None:
        """Whether the target is reached; None without one."""
        return None if self.target_dm2 is None else self.area_dm2 >= self.target_dm2


def select(
    parcel: pa.Table,
    parcel_zone: pa.Table,
    params: Parameters,
    geometry: Geometries,
    *,
    distance_m: Floats | None = None,
    cost_fen: Ints | None = None,
    locked_in: Collection[str] = (),
    locked_out: Collection[str] = (),
    tolerance: float = 0.0,
) -> Selection:
    """Choose reserves that hang together, within the share of the county and the budget.

    geometry    polygon of each row of `parcel`, in the same order
    distance_m  distance of each parcel from the red line or reserves [m] (`distances`); None: the share inside the line
    cost_fen    cost of setting each parcel aside [fen/a]; counts only where the rules have ``reserves.budget_fen``
    tolerance   distance within which edges count as a shared border [CRS unit], for digitised parcels
    locked_in, locked_out  parcels that must be in, or must not, besides those of the rules; one in both is a fault

    Parameters read: those of `candidates`, ``reserves.weight.contiguity``, ``reserves.least_cluster_ha``, and, where there
    are values, ``reserves.budget_fen`` and ``reserves.target_share_ppm``.
    """
    raise_errors(_contradictions(parcel, locked_in, locked_out))
    turn = np.asarray(pc.sort_indices(parcel["parcel_id"]).to_numpy(), np.int64)
    parcel = parcel.take(pa.array(turn)).combine_chunks()
    shared = borders(np.asarray(geometry, object)[turn], tolerance)
    distance_m = None if distance_m is None else np.asarray(distance_m, np.float64)[turn]
    cost_fen = None if cost_fen is None else np.asarray(cost_fen, np.int64)[turn]
    zone = parcel_zone.take(pc.index_in(parcel["parcel_id"], parcel_zone["parcel_id"].combine_chunks()))
    score, said = _scores(zone, params, distance_m)
    area = np.asarray(parcel["area_dm2"].to_numpy(), np.int64)
    state = _states(parcel, zone, score, params, locked_in, locked_out)
    problem = _problem(area, score, state, shared, params, cost_fen)
    choice = choose(problem)
    table = _table(parcel, area, score, said, state, choice)
    kept = choice.chosen | problem.locked_in
    target = params.decimal("reserves.target_share_ppm") if params.has("reserves.target_share_ppm") else None
    return Selection(
        table,
        _clusters(parcel, area, shared, kept),
        int(area[kept].sum()),
        int(area.sum()) * int(params.decimal("reserves.county_share_ppm")) // PPM,
        None if target is None else int(area.sum()) * int(target) // PPM,
        None if cost_fen is None else int(cost_fen[choice.chosen].sum()),
        shared.around(kept),
        choice.value,
        choice.bound,
    )


def candidates(parcel: pa.Table, parcel_zone: pa.Table, params: Parameters, distance_m: Floats | None = None) -> pa.Table:
    """Return every parcel with its score, order, whether it is selected and why.

    distance_m  distance of each parcel from the red line or the reserves there are [m] (`distances`); 0 where they touch.
                None: nearness is read from the share inside the red line alone

    The selected area never exceeds the share of all parcels' area, unless the locked-in parcels alone do.
    Parameters read: ``reserves.county_share_ppm``, ``reserves.weight.importance``, ``reserves.weight.nearness``,
    ``reserves.importance_score``, ``reserves.reach_m``, ``reserves.least_score``, ``reserves.locked_out_ecosystems``,
    ``reserves.locked_in_from_ppm``.
    """
    zone = parcel_zone.take(pc.index_in(parcel["parcel_id"], parcel_zone["parcel_id"].combine_chunks()))
    score, said = _scores(zone, params, distance_m)
    area = np.asarray(parcel["area_dm2"].to_numpy(), np.int64)
    state = _states(parcel, zone, score, params)
    order = _order(parcel["parcel_id"], area, score, state)
    selected, reason = _fill(area, state, order, int(params.decimal("reserves.county_share_ppm")))
    rank = np.empty(len(parcel), np.int64)
    rank[order] = np.arange(1, len(parcel) + 1)
    columns = {
        "parcel_id": parcel["parcel_id"],
        "rank": rank,
        "selected": selected,
        "score": score,
        "area_dm2": area,
        "reason": reason,
        "evidence": said,
    }
    return RESERVE_CANDIDATE.table(dict(columns))


def selected_ids(candidate: pa.Table) -> list[str]:
    """Return the codes of the selected parcels, first choice first."""
    return candidate.filter(candidate["selected"]).sort_by("rank")["parcel_id"].to_pylist()


def distances(geometry: Geometries, towards: Geometries) -> Floats:
    """Return the distance of each parcel from the nearest of `towards` [CRS unit, metres in a projection]; inf if none."""
    import shapely

    out = np.full(len(geometry), np.inf)
    if len(towards):
        (at, _), found = shapely.STRtree(towards).query_nearest(geometry, return_distance=True, all_matches=False)
        out[at] = found
    return out


def _scores(zone: pa.Table, params: Parameters, distance_m: Floats | None) -> tuple[Floats, list[str]]:
    """Return score = (w1·importance + w2·nearness)/(w1 + w2), each part 0 to 1, and how it came about."""
    of_class = {k: float(v) for k, v in params.table("reserves.importance_score").items()}
    grades = zone["importance"].to_pylist()
    importance = np.array([of_class[g] for g in grades])
    if distance_m is None:
        near = np.asarray(zone["red_line_ppm"].to_numpy(), float) / PPM
    else:
        near = np.maximum(0.0, 1.0 - np.asarray(distance_m, float) / params.number("reserves.reach_m"))
    first, second = (params.number(f"reserves.weight.{k}") for k in ("importance", "nearness"))
    score = (first * importance + second * near) / (first + second)
    said = [f"importance={g};nearness={n:.3f};score={s:.3f}" for g, n, s in zip(grades, near.tolist(), score.tolist(), strict=True)]
    return score, said


def _states(
    parcel: pa.Table,
    zone: pa.Table,
    score: Floats,
    params: Parameters,
    locked_in: Collection[str] = (),
    locked_out: Collection[str] = (),
) -> NDArray[Any]:
    ids, ecosystem = (np.asarray(parcel[c].to_pylist(), object) for c in ("parcel_id", "ecosystem"))
    out_of_question = np.isin(ecosystem, params.items("reserves.locked_out_ecosystems")) | np.isin(ids, list(locked_out))
    already = np.asarray(zone["reserve_ppm"].to_numpy()) >= int(params.decimal("reserves.locked_in_from_ppm"))
    already |= np.isin(ids, list(locked_in))
    low = score < params.number("reserves.least_score")
    # What is a reserve already stays one, whatever grows on it: a decision stands until it is revoked.
    return np.select([already, out_of_question, low], ["locked_in", "locked_out", "below_least"], "score")


def _order(parcel_id: pa.ChunkedArray, area: NDArray[np.int64], score: Floats, state: NDArray[Any]) -> NDArray[np.int64]:
    """Return parcels locked in first, then by score, of equals the larger, then by code."""
    ids = np.asarray(pc.rank(parcel_id, tiebreaker="dense").to_numpy(), np.int64)
    turn = np.select([state == "locked_in", state == "score", state == "below_least"], [0, 1, 2], 3)
    return np.lexsort((ids, -area, -score, turn))


def _fill(area: NDArray[np.int64], state: NDArray[Any], order: NDArray[np.int64], share_ppm: int) -> tuple[list[bool], list[str]]:
    left = int(area.sum()) * share_ppm // PPM
    selected, reason = [False] * len(area), state.tolist()
    for i in order.tolist():
        if state[i] == "locked_in" or (state[i] == "score" and area[i] <= left):
            selected[i] = True
            left -= int(area[i])
        elif state[i] == "score":
            reason[i] = "share_used_up"
    return selected, reason


def _contradictions(parcel: pa.Table, locked_in: Collection[str], locked_out: Collection[str]) -> list[Fault]:
    known = set(parcel["parcel_id"].to_pylist())
    both, strange = sorted(set(locked_in) & set(locked_out)), sorted((set(locked_in) | set(locked_out)) - known)
    clash = Text("既要求纳入又要求排除。", "is locked in and locked out.")
    remedy = Text("只留其中一项。", "Keep one of the two.")
    unknown = Text("不在地块表中。", "is not in the parcel table."), Text("更正地块编码。", "Mend the parcel code.")
    groups = [
        [Fault("reserves.locked_both", "reserve_candidate", i, clash, remedy) for i in both],
        [Fault("reserves.unknown_parcel", "reserve_candidate", i, *unknown) for i in strange],
    ]
    return [f for group in groups if group for f in capped(group, group[0].code, "reserve_candidate")]


def _problem(area: Ints, score: Floats, state: NDArray[Any], shared: Borders, params: Parameters, cost_fen: Ints | None) -> Problem:
    locked_in = state == "locked_in"
    share_ppm = int(params.decimal("reserves.county_share_ppm"))
    cap = max(0, int(area.sum()) * share_ppm // PPM - int(area[locked_in].sum()))
    budget = int(params.decimal("reserves.budget_fen")) if cost_fen is not None and params.has("reserves.budget_fen") else None
    return Problem(
        area,
        score,
        state == "score",
        locked_in,
        shared,
        params.number("reserves.weight.contiguity"),
        cap,
        None if budget is None else cost_fen,
        budget,
        round(params.number("reserves.least_cluster_ha") * DM2_PER_HA),
    )


def _table(parcel: pa.Table, area: Ints, score: Floats, said: list[str], state: NDArray[Any], choice: Choice) -> pa.Table:
    """Return every parcel with its order: locked in, then taken in turn, then the rest by score."""
    reason = np.select(
        [choice.chosen & (choice.joined > 0), choice.chosen, choice.alone, choice.no_area, choice.no_money],
        ["joined", "score", "small_cluster", "share_used_up", "budget_used_up"],
        np.where(state == "score", "small_cluster", state),
    )
    group = np.select([state == "locked_in", choice.chosen, state == "score", state == "below_least"], [0, 1, 2, 3], 4)
    order = np.lexsort((np.arange(area.size), -area, -score, choice.turn, group))
    rank = np.empty(area.size, np.int64)
    rank[order] = np.arange(1, area.size + 1)
    told = [f"{s};joined={j:.3f}" if c else s for s, j, c in zip(said, choice.joined, choice.chosen, strict=True)]
    columns = {
        "parcel_id": parcel["parcel_id"],
        "rank": rank,
        "selected": choice.chosen | (state == "locked_in"),
        "score": score,
        "area_dm2": area,
        "reason": reason.tolist(),
        "evidence": told,
    }
    return RESERVE_CANDIDATE.table(dict(columns))


def _clusters(
    parcel: pa.Table, area: Ints, shared: Borders, kept: NDArray[np.bool_]
) -> tuple[tuple[str, int, tuple[str, ...]], ...]:
    of = shared.clusters(kept)
    ids = parcel["parcel_id"].to_pylist()
    groups = [np.flatnonzero(of == k) for k in range(int(of.max(initial=-1)) + 1)]
    groups.sort(key=lambda rows: (-int(area[rows].sum()), int(rows[0])))
    return tuple((f"C{n + 1}", int(area[rows].sum()), tuple(ids[i] for i in rows)) for n, rows in enumerate(groups))
