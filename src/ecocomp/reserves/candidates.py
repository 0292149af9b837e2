"""Candidates for reserves (生态留白): a plain, open ranking of parcels up to a share of the county.

For planners, as a first list to argue about. Every parcel gets one score from its importance and its nearness to the red
line; parcels locked in come first, parcels locked out never; the rest is taken in the order of the score until the share
of the county is used up. It is not an optimum: a parcel that no longer fits is passed over and the next smaller one is
tried. The list says for each parcel why it is on it, or why not.

References
----------
1. Design of this project. Locked-in and locked-out classes as in systematic conservation planning: Margules & Pressey
   (2000), Nature 405:243-253, doi:10.1038/35012251.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.rules import Parameters
from ecocomp.terms.tables import PPM, RESERVE_CANDIDATE
from ecocomp.terms.text import Text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Geometries = NDArray[np.object_]
    Floats = NDArray[np.float64]

REASONS: dict[str, Text] = {
    "locked_in": Text("必须纳入", "locked in"),
    "locked_out": Text("不得纳入", "locked out"),
    "score": Text("按得分入选", "taken by its score"),
    "share_used_up": Text("面积上限已用尽", "the county's share is used up"),
    "below_least": Text("得分低于下限", "score below the least"),
}


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


def _states(parcel: pa.Table, zone: pa.Table, score: Floats, params: Parameters) -> NDArray[Any]:
    ecosystem = np.asarray(parcel["ecosystem"].to_pylist(), object)
    out_of_question = np.isin(ecosystem, params.items("reserves.locked_out_ecosystems"))
    already = np.asarray(zone["reserve_ppm"].to_numpy()) >= int(params.decimal("reserves.locked_in_from_ppm"))
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
