"""Zones of parcels: dominant function zone, shares in the red line and in reserves, importance and ecological grade.

For the standard and the funds, which read the `parcel_zone` table and no map. Shares are whole parts per million of the
parcel's area. The dominant zone is the one with the largest share; ground outside every zone counts as one more, so a
parcel that lies mostly outside is outside. Of equal shares the zone that stands first in the code list is taken.

References
----------
1. 全国生态功能区划（修编版）(2015): dominant function of a zone.
2. 生态保护红线划定指南 (2017), overlay and importance grades. The rule that turns importance and red-line share into a
   grade 1-3 is a design of this project and lies in the parameters.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from ecocomp.rules import Parameters
from ecocomp.terms.codes import FUNCTION_ZONES
from ecocomp.terms.faults import Fault, raise_errors
from ecocomp.terms.tables import PARCEL_ZONE, PPM
from ecocomp.terms.text import Text
from ecocomp.zoning.polygons import Zones, check_zones, share_matrix

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ecocomp.zoning.polygons import Geometries

IMPORTANCE = ("not_assessed", "extreme", "important", "general")
"""Importance by class number, as in the raster of `importance.grade_cells`."""

_OUTSIDE = "none"


def check_layers(zones: Zones, red_line: Zones, reserves: Zones, params: Parameters) -> list[Fault]:
    """Return the faults of all three layers: only function zones may not overlap."""
    overlap_m2 = params.number("zoning.overlap_tolerance_m2")
    return [
        *check_zones(zones, "function_zones", FUNCTION_ZONES, overlap_m2),
        *check_zones(red_line, "red_line"),
        *check_zones(reserves, "reserves"),
    ]


def parcel_zone(
    parcel: pa.Table,
    geometry: Geometries,
    *,
    zones: Zones,
    red_line: Zones,
    reserves: Zones,
    importance: Sequence[str] | None,
    params: Parameters,
    geographic: bool = False,
    sensitivity: Sequence[str] | None = None,
    function: tuple[Sequence[str], NDArray[np.int64]] | None = None,
) -> pa.Table:
    """Return the `parcel_zone` table.

    parcel      parcel table
    geometry    polygon of each row of `parcel`, in the same order and in the reference system of the layers
    importance  class of each row (`importance.importance_of_parcels`), or None: not assessed
    geographic  True where coordinates are degrees
    sensitivity class of each row (`parcels.parcel_classes`), or None: the grade is read from importance alone
    function    dominant function zone of each row and its share [ppm] where it is derived from importance
                (`parcels.function_zone_of_parcels`), or None: it is read from the polygons in `zones`

    Raises `FaultsError` with every fault of the three layers.
    """
    raise_errors(check_layers(zones, red_line, reserves, params))
    if len(geometry) != len(parcel) or (importance is not None and len(importance) != len(parcel)):
        raise ValueError(f"{len(parcel)} parcels, {len(geometry)} geometries: one geometry and one importance per parcel")
    kinds = [k for k in FUNCTION_ZONES if k in set(zones.kind)]
    of_kind = np.asarray(zones.kind, object)
    layers = [zones.geometry[of_kind == k] for k in kinds] + [red_line.geometry, reserves.geometry]
    share = share_matrix(np.asarray(geometry, object), layers, geographic)
    zone, zone_ppm = function if function is not None else dominant_zone(kinds, share[:, : len(kinds)])
    red_ppm, reserve_ppm = (to_ppm(share[:, len(kinds) + i]) for i in (0, 1))
    grades = list(importance) if importance is not None else [IMPORTANCE[0]] * len(parcel)
    columns = {
        "parcel_id": parcel["parcel_id"],
        "function_zone": zone,
        "zone_share_ppm": zone_ppm,
        "red_line_ppm": red_ppm,
        "reserve_ppm": reserve_ppm,
        "importance": grades,
        "grade": ecological_grade(grades, red_ppm, params, sensitivity),
    }
    return PARCEL_ZONE.table(dict(columns))


def dominant_zone(kinds: Sequence[str], share: NDArray[np.float64]) -> tuple[list[str], NDArray[np.int64]]:
    """Return the dominant zone of each parcel and its share [ppm]; `share` is (parcels, kinds)."""
    # Polygons outside every zone are made one more column, behind the others, so that it loses ties.
    names = [*[k for k in kinds if k != _OUTSIDE], _OUTSIDE]
    columns = [share[:, list(kinds).index(k)] for k in names[:-1]]
    inside = np.sum(columns, axis=0) if columns else np.zeros(share.shape[0])
    ppm = np.stack([to_ppm(c) for c in [*columns, np.maximum(0.0, 1.0 - inside)]], axis=1)
    best = np.argmax(ppm, axis=1)
    return [names[i] for i in best], ppm[np.arange(len(ppm)), best]


def ecological_grade(
    importance: Sequence[str], red_line_ppm: NDArray[np.int64], params: Parameters, sensitivity: Sequence[str] | None = None
) -> NDArray[np.int64]:
    """Return the ecological grade 1 to 3 of each parcel (1 highest): the better of its classes and of the red line.

    Parameters read: ``zoning.grade.of_importance`` (class: grade) or, with a sensitivity of each parcel,
    ``zoning.grade.of_importance_and_sensitivity`` (``importance/sensitivity``: grade); ``zoning.grade.red_line_from_ppm``
    (share from which the red line counts), ``zoning.grade.in_red_line`` (grade it then gives).
    """
    if sensitivity is None:
        key, words = "zoning.grade.of_importance", list(importance)
    else:
        key, words = (
            "zoning.grade.of_importance_and_sensitivity",
            [f"{i}/{s}" for i, s in zip(importance, sensitivity, strict=True)],
        )
    table = {k: int(v) for k, v in params.table(key).items()}
    raise_errors(_ungraded(params, key, sorted(set(words) - set(table))))
    from_ppm, in_red_line = (int(params.decimal(f"zoning.grade.{k}")) for k in ("red_line_from_ppm", "in_red_line"))
    by_class = np.array([table[w] for w in words], np.int64)
    return np.where(np.asarray(red_line_ppm) >= from_ppm, np.minimum(by_class, in_red_line), by_class)


def _ungraded(params: Parameters, key: str, words: Sequence[str]) -> list[Fault]:
    held = params.get(key)
    clash = Text("{k} 没有“{w}”的等级。", "{k} has no grade for “{w}”.")
    remedy = Text("在这张表中补上它。", "Add it to this table.")
    return [Fault("zoning.grade", held.file, f"line {held.line}", clash.fill(k=key, w=w), remedy) for w in words]


def to_ppm(share: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return shares of 0 to 1 as whole parts per million, half-even."""
    return np.rint(np.clip(share, 0.0, 1.0) * PPM).astype(np.int64)
