"""What can be wrong with a survey layer, all of it found at once: codes, shapes, overlaps, places, areas.

Each check is a plain function from arrays to faults; a fault names the parcel, what clashes and what to do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from ecocomp.land.area import plane_to_degrees
from ecocomp.land.shapes import REASONS
from ecocomp.terms.area import DM2_PER_M2
from ecocomp.terms.codes import ECOSYSTEMS, ecosystem_of
from ecocomp.terms.faults import Fault, Severity
from ecocomp.terms.text import Text

if TYPE_CHECKING:
    from numpy.typing import NDArray

_VILLAGE = re.compile(r"\d{12}(\d{7})?")
_SURVEY = Text("请按第三次国土调查工作分类改正；若用的是 2023 年用地用海分类或 GB/T 21010，请先换算。",
               "Correct it by the working classes of the Third National Land Survey; codes of the 2023 land-and-sea scheme or"
               " of GB/T 21010 must be converted first.")  # fmt: skip


def ecosystem(code: str, own: Mapping[str, str] | None = None) -> str | None:
    """Return the ecosystem of a class of the layer's own, a survey class or an ecosystem code itself; None if it is none."""
    return (own or {}).get(code) or ecosystem_of(code) or (code if code in ECOSYSTEMS else None)


def check_ids(ids: pa.Array | pa.ChunkedArray, where: str) -> list[Fault]:
    """Every parcel has an id, and no two the same; ids are texts, empty where there is none."""
    found: list[Fault] = []
    for row, name, first in _repeated(ids):
        if not name:
            found.append(_fault("no_id", where, f"row {row}", Text("没有地块编码。", "it has no parcel code."),
                                Text("请补上编码。", "Give it one.")))  # fmt: skip
            continue
        clash = Text("第 {a} 行与第 {b} 行的地块编码相同。", "rows {a} and {b} have the same parcel code.").fill(a=first, b=row)
        remedy = Text("请删除重复的一行，或改正编码。", "Delete one of them or correct its code.")
        found.append(_fault("duplicate_id", where, name, clash, remedy))
    return found


def _repeated(ids: pa.Array | pa.ChunkedArray) -> Iterator[tuple[int, str, int]]:
    """Yield (row, id, row of its first occurrence) of each id that is empty or was there before; rows count from 1."""
    keys = np.concatenate([np.zeros(0, np.int64), *(np.fromiter(map(hash, c), np.int64, len(c)) for c in _lists(ids))])
    order = np.argsort(keys, kind="stable")
    same = keys[order[1:]] == keys[order[:-1]]
    twice = np.zeros(len(keys), bool)
    twice[order[1:]] |= same
    twice[order[:-1]] |= same
    twice |= keys == hash("")
    rows = np.flatnonzero(twice)
    first: dict[str, int] = {}
    for row, name in zip(rows.tolist(), ids.take(pa.array(rows)).to_pylist(), strict=True):
        if not name or name in first:
            yield row + 1, name, first.get(name, row + 1)
        else:
            first[name] = row + 1


def _lists(ids: pa.Array | pa.ChunkedArray, rows: int = 65_536) -> Iterator[list[str]]:
    for start in range(0, len(ids), rows):
        yield ids.slice(start, rows).to_pylist()


def check_codes(
    ids: list[str], classes: list[str], villages: list[str], where: str, own: Mapping[str, str] | None = None, first_row: int = 0
) -> list[Fault]:
    """Land classes are known; village codes have 12 digits (or 19, of which the first 12 count)."""
    known = {c: ecosystem(c, own) is not None for c in set(classes)}
    sound = {v: bool(_VILLAGE.fullmatch(v)) for v in set(villages)}
    found: list[Fault] = []
    for i, (land_class, village) in enumerate(zip(classes, villages, strict=True)):
        if not known[land_class]:
            clash = Text("不认识地类“{c}”。", "the land class “{c}” is not known.").fill(c=land_class)
            found.append(_fault("unknown_class", where, name_of(ids, i, first_row), clash, _SURVEY))
        if not sound[village]:
            clash = Text("村代码“{c}”不是 12 位数字。", "the village code “{c}” is not 12 digits.").fill(c=village)
            remedy = Text(
                "请填写统计用区划代码的前 12 位（坐落单位代码）。", "Enter the first 12 digits of the statistical division code."
            )
            found.append(_fault("bad_village_code", where, name_of(ids, i, first_row), clash, remedy))
    return found


def check_shapes(ids: list[str], shapes: Any, where: str, first_row: int = 0) -> list[Fault]:
    """Every parcel has an area: not empty, a polygon, not crossing itself."""
    import shapely

    kinds = shapely.get_type_id(shapes)
    void = (kinds == -1) | shapely.is_empty(shapes)
    other = ~void & (kinds != 3) & (kinds != 6)
    crossed = ~void & ~other & ~shapely.is_valid(shapes)
    found: list[Fault] = []
    for i in np.flatnonzero(void):
        clash, remedy = (
            Text("没有图形。", "it has no shape."),
            Text("请补上边界或删除该行。", "Draw its boundary or delete the row."),
        )
        found.append(_fault("empty_shape", where, name_of(ids, i, first_row), clash, remedy))
    for i in np.flatnonzero(other):
        kind = shapely.GeometryType(int(kinds[i])).name.lower()
        clash = Text("图形是 {k}，不是面。", "its shape is a {k}, not a polygon.").fill(k=kind)
        remedy = Text("请只导入面图层。", "Import the layer of polygons only.")
        found.append(_fault("not_a_polygon", where, name_of(ids, i, first_row), clash, remedy))
    for i in np.flatnonzero(crossed):
        found.append(_crossed(where, name_of(ids, i, first_row), str(shapely.is_valid_reason(shapes[i]))))
    return found


def _crossed(where: str, record: str, reason: str) -> Fault:
    place = re.search(r"\[([^\]]+)\]", reason)
    at = place.group(1).replace(" ", ", ") if place else "?"
    said = REASONS.get(reason.split("[")[0], Text("图形无效", "the shape is not valid"))
    clash = Text("{k}，位置 ({p})。", "{k} at ({p}).").fill(k=said, p=at)
    return _fault("crossed_shape", where, record, clash, Text("请在该处改正边界。", "Correct the boundary there."))


def check_place(boxes: NDArray[np.float64], crs: Any, where: str) -> list[Fault]:
    """The coordinates suit the coordinate system: not degrees for metres, not swapped, not in another zone.

    boxes  (n, 4) xmin, ymin, xmax, ymax of the shapes, NaN where there is none
    """
    boxes = boxes[~np.isnan(boxes[:, 0])]
    if not len(boxes):
        return []
    x, y = (boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2
    look = f"({float(np.median(x)):,.6g}, {float(np.median(y)):,.6g})"
    small = bool((np.abs(x) <= 360).all() and (np.abs(y) <= 90).all())
    if crs.is_projected and small:
        return [_misplaced(where, crs, look, Text("坐标像是度而不是米", "they look like degrees, not metres"))]
    if crs.is_geographic and not small:
        if (np.abs(x) <= 90).all() and (np.abs(y) <= 180).all():
            return [_misplaced(where, crs, look, Text("横纵坐标可能颠倒了", "x and y are probably swapped"))]
        return [_misplaced(where, crs, look, Text("坐标像是米而不是度", "they look like metres, not degrees"))]
    if crs.area_of_use is None or _fits(x, y, crs):
        return []
    if _fits(y, x, crs):
        return [_misplaced(where, crs, look, Text("横纵坐标可能颠倒了", "x and y are probably swapped"))]
    return [_misplaced(where, crs, look, Text("可能选错了带号或中央经线", "the zone or central meridian is probably another"))]


def _fits(x: NDArray[np.float64], y: NDArray[np.float64], crs: Any, margin_deg: float = 2.0) -> bool:
    """Whether at least nine in ten points fall where the coordinate system is meant to be used."""
    lon, lat = plane_to_degrees(x, y, crs)
    use = crs.area_of_use
    with np.errstate(invalid="ignore"):
        inside = (lon >= use.west - margin_deg) & (lon <= use.east + margin_deg)
        inside &= (lat >= use.south - margin_deg) & (lat <= use.north + margin_deg)
    return bool(inside.mean() >= 0.9)


def _misplaced(where: str, crs: Any, look: str, why: Text) -> Fault:
    clash = Text("坐标 {a} 不在 {c} 的使用范围内：{w}。", "the coordinates {a} do not lie where {c} is used: {w}.").fill(
        a=look, c=crs.name, w=why
    )
    return _fault(
        "misplaced", where, "", clash, Text("请写入正确的坐标系后重新导出。", "Set the right coordinate system and export again.")
    )


def check_bounds(
    names: Callable[[Any], str], box: NDArray[np.float64], bounds: tuple[float, float, float, float], where: str
) -> list[Fault]:
    """Parcels lie inside (xmin, ymin, xmax, ymax) of the rasters: outside is an error, partly outside a warning.

    names  what to call the parcel of a row
    box    (n, 4) bounding boxes of the shapes, NaN where there is none
    """
    with np.errstate(invalid="ignore"):
        outside = (box[:, 2] <= bounds[0]) | (box[:, 0] >= bounds[2]) | (box[:, 3] <= bounds[1]) | (box[:, 1] >= bounds[3])
        partly = (box[:, 0] < bounds[0]) | (box[:, 2] > bounds[2]) | (box[:, 1] < bounds[1]) | (box[:, 3] > bounds[3])
    remedy = Text("请换用覆盖全县的栅格，或核对坐标系。", "Use rasters that cover the county, or check the coordinate systems.")
    found: list[Fault] = []
    for i in np.flatnonzero(outside):
        clash = Text("在栅格范围之外（{b}）。", "it lies outside the rasters ({b}).").fill(b=_box(box[i]))
        found.append(_fault("outside_grid", where, names(i), clash, remedy))
    for i in np.flatnonzero(partly & ~outside):
        clash = Text("一部分在栅格范围之外（{b}）。", "a part of it lies outside the rasters ({b}).").fill(b=_box(box[i]))
        found.append(_fault("partly_outside_grid", where, names(i), clash, remedy, "warning"))
    return found


def _box(box: NDArray[np.float64]) -> str:
    return ", ".join(f"{v:.10g}" for v in box)


def overlap(where: str, one: str, other: str, m2: float) -> Fault:
    """Say that two parcels share ground."""
    clash = Text("与 {b} 重叠 {m:,.2f} m²。", "it overlaps {b} by {m:,.2f} m².").fill(b=other, m=m2)
    remedy = Text("同一块地只能补偿一次：请改正其中一块的边界。", "Ground is paid for once: correct the boundary of one of them.")
    return _fault("overlap", where, one, clash, remedy)


def check_declared(
    ids: Sequence[str],
    area_dm2: NDArray[np.int64],
    declared_dm2: pa.Array,
    tolerance: float,
    where: str,
    first_row: int = 0,
) -> list[Fault]:
    """The registered area is within `tolerance` (share of the measured one) of the area on the ellipsoid; else a warning.

    declared_dm2  int64, null where none is registered
    """
    remedy = Text(
        "补偿按椭球面积计算；请核对登记面积及其单位。",
        "Payment follows the ellipsoidal area; check the registered area and its unit.",
    )
    said = np.asarray(declared_dm2.is_valid())
    declared = np.asarray(declared_dm2.fill_null(0), np.int64)
    found: list[Fault] = []
    for i in np.flatnonzero(said & (np.abs(declared - area_dm2) > tolerance * area_dm2)):
        clash = Text(
            "登记面积 {a:,.2f} m²，椭球面积 {b:,.2f} m²。", "registered are {a:,.2f} m², on the ellipsoid it has {b:,.2f} m²."
        )
        clash = clash.fill(a=int(declared[i]) / DM2_PER_M2, b=int(area_dm2[i]) / DM2_PER_M2)
        found.append(_fault("declared_area", where, name_of(ids, i, first_row), clash, remedy, "warning"))
    return found


def name_of(ids: Sequence[str], i: Any, first_row: int = 0) -> str:
    """Return what to call the parcel in place `i` of a batch that begins with row `first_row`."""
    return ids[i] or f"row {first_row + i + 1}"


def _fault(code: str, where: str, record: str, clash: Text, remedy: Text, severity: Severity = "error") -> Fault:
    return Fault(f"land.{code}", where, record, clash, remedy, severity)
