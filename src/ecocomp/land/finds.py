"""What topology finds: a kind, the parcel or the two, the place and the square metres, and how each is said.

For the checks of single shapes and of seams between neighbours, and for whoever shows or mends what they found.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from ecocomp.io.files import atomic_write, canonical_json, write_batches
from ecocomp.terms.faults import Fault, Severity
from ecocomp.terms.text import Text

if TYPE_CHECKING:
    from numpy.typing import NDArray

SCHEMA = pa.schema(
    [
        pa.field("kind", pa.string(), nullable=False),
        pa.field("parcel_id", pa.string(), nullable=False),
        pa.field("other_id", pa.string()),
        pa.field("x", pa.float64()),
        pa.field("y", pa.float64()),
        pa.field("area_m2", pa.float64()),
    ]
)
METRES_PER_DEGREE = 111_320.0


@dataclass(frozen=True, slots=True)
class TopologyLimits:
    """From where on something counts. All values are ours (D, 2026-11-22), to be overruled by the survey's own rules.

    sliver_m2         overlaps and gaps up to this area pass
    touch_m           lines nearer than this are one line where gaps are looked for: the rounding of survey files (1 mm)
    max_gap_m2        a hole in the coverage is a gap up to this area (m²) …
    max_gap_width_m   … or up to this mean width, 2A/P (m); larger ones are lakes, enclaves or unsurveyed ground
    thin_width_m      a parcel is a sliver below this mean width, 2A/P (m) …
    thin_compactness  … if 4πA/P² is below this too (1 is a circle)
    spike_deg, spike_width_m  a vertex is a spike if its angle and the width of the tip at its shorter side are below these
    same_vertex_m     neighbouring vertices nearer than this are one vertex twice
    multi_part, holes whether parcels of several parts, and holes in parcels, are told
    """

    sliver_m2: float = 1.0
    touch_m: float = 0.001
    max_gap_m2: float = 10_000.0
    max_gap_width_m: float = 10.0
    thin_width_m: float = 0.5
    thin_compactness: float = 0.2
    spike_deg: float = 1.0
    spike_width_m: float = 0.1
    same_vertex_m: float = 0.001
    multi_part: bool = True
    holes: bool = False


@dataclass(frozen=True, slots=True)
class Find:
    """One thing found: kind (a key of `KINDS`), parcel, the other one if there is, place, area (m²), and the row of each.

    severity  only where it differs from that of the kind
    note      what only this find has to say
    """

    kind: str
    parcel_id: str
    other_id: str | None = None
    x: float = float("nan")
    y: float = float("nan")
    area_m2: float | None = None
    rows: tuple[int, int] = (-1, -1)
    severity: Severity | None = None
    note: Text | None = None

    def fault(self, where: str) -> Fault:
        """Return it as a sentence."""
        severity, clash, remedy = KINDS[self.kind]
        if self.kind == "gap" and self.other_id is None:
            clash = _INSIDE
        words = clash.fill(
            o=self.other_id or "?",
            m=self.area_m2 or 0.0,
            x=self.x if np.isfinite(self.x) else 0.0,
            y=self.y if np.isfinite(self.y) else 0.0,
            n=self.note or Text("", ""),
        )
        return Fault(f"land.{self.kind}", where, self.parcel_id, words, remedy, self.severity or severity)

    @property
    def place(self) -> tuple[float, float] | None:
        """Where it is, if that is known."""
        return (self.x, self.y) if np.isfinite(self.x) and np.isfinite(self.y) else None


_AT = "（{x:.10g}, {y:.10g}）", " at ({x:.10g}, {y:.10g})"
_INSIDE = Text("内有 {m:,.2f} m² 不属于任何图斑，{n}" + _AT[0] + "。", "{m:,.2f} m² inside it belong to nobody, {n}" + _AT[1] + ".")
_BOUNDARY = Text("请在该处改正边界。", "Correct the boundary there.")
KINDS: dict[str, tuple[Severity, Text, Text]] = {
    "empty_shape": ("error", Text("没有图形。", "it has no shape."),
                    Text("请补上边界或删除该行。", "Draw its boundary or delete the row.")),
    "not_a_polygon": ("error", Text("图形是 {n}，不是面。", "its shape is a {n}, not a polygon."),
                      Text("请只导入面图层。", "Import the layer of polygons only.")),
    "crossed_shape": ("error", Text("{n}，位置 ({x:.10g}, {y:.10g})。", "{n} at ({x:.10g}, {y:.10g})."), _BOUNDARY),
    "no_area": ("error", Text("面积为 {m:,.2f} m²" + _AT[0] + "。", "its area is {m:,.2f} m²" + _AT[1] + "."),
                Text("请删除该行或改正边界。", "Delete the row or correct the boundary.")),
    "same_vertex": ("warning", Text("同一节点重复 {n}" + _AT[0] + "。", "a vertex is there twice, {n}" + _AT[1] + "."),
                    Text("请删除重复的节点，或在导入时要求修复。", "Remove the second one, or ask for the repair when importing.")),
    "spike": ("warning", Text("边界上有尖刺 {n}" + _AT[0] + "。", "the boundary has a spike, {n}" + _AT[1] + "."),
              Text("请删除尖刺的节点，或在导入时要求修复。", "Remove its vertex, or ask for the repair when importing.")),
    "thin": ("warning", Text("狭长碎面：{n}，面积 {m:,.2f} m²" + _AT[0] + "。", "a sliver: {n}, {m:,.2f} m²" + _AT[1] + "."),
             Text("请并入相邻图斑，或确认确有此地。", "Merge it with a neighbour, or confirm that it exists.")),
    "multi_part": ("warning", Text("由 {n} 个部分组成，最小的 {m:,.2f} m²" + _AT[0] + "。",
                                   "it has {n} parts, the smallest of {m:,.2f} m²" + _AT[1] + "."),
                   Text("调查图斑应为单部分：请拆成各自编码的图斑。", "A survey patch has one part: split it, a code for each.")),
    "hole": ("warning", Text("内有洞 {n}，{m:,.2f} m²" + _AT[0] + "。", "it has holes ({n}), {m:,.2f} m² in all" + _AT[1] + "."),
             Text("请确认洞中另有图斑。", "Confirm that other parcels fill them.")),
    "overlap": ("error", Text("与 {o} 重叠 {m:,.2f} m²，位置" + _AT[0] + "。", "it overlaps {o} by {m:,.2f} m²" + _AT[1] + "."),
                Text("同一块地只能补偿一次：请改正其中一块的边界。",
                     "Ground is paid for once: correct the boundary of one of them.")),
    "duplicate_shape": ("error", Text("与 {o} 图形完全相同，{m:,.2f} m²" + _AT[0] + "。",
                                      "its shape is that of {o}, {m:,.2f} m²" + _AT[1] + "."),
                        Text("请删除其中一个。", "Delete one of them.")),
    "gap": ("warning", Text("与 {o} 之间有空隙 {m:,.2f} m²，{n}" + _AT[0] + "。",
                            "between it and {o} is a gap of {m:,.2f} m², {n}" + _AT[1] + "."),
            Text("请把空隙并入相邻图斑，或补上漏掉的图斑。", "Add it to a neighbour, or add the parcel left out.")),
    "outside_region": ("error", Text("全部在辖区界线之外" + _AT[0] + "。", "it lies outside the region" + _AT[1] + "."),
                       Text("请核对界线和坐标系，或删除该行。", "Check the boundary and the coordinate system, or delete it.")),
    "partly_outside_region": ("warning", Text("有 {m:,.2f} m² 在辖区界线之外" + _AT[0] + "。",
                                              "{m:,.2f} m² of it lie outside the region" + _AT[1] + "."),
                              Text("请在界线处切开，或核对界线。", "Cut it at the boundary, or check the boundary.")),
    "swapped": ("error", Text("横纵坐标可能颠倒了" + _AT[0] + "。", "x and y are probably swapped" + _AT[1] + "."),
                Text("请对调坐标。", "Swap the coordinates.")),
    "far_off": ("error", Text("坐标不在坐标系使用范围内" + _AT[0] + "。",
                              "it does not lie where the coordinate system is used" + _AT[1] + "."),
                Text("请核对该图斑的坐标和带号。", "Check its coordinates and the zone.")),
}  # fmt: skip


def table_of(finds: Iterable[Find]) -> pa.Table:
    """Return finds as a table of `SCHEMA`; an unknown place or area is null."""
    every = list(finds)

    def number(value: float | None) -> float | None:
        return None if value is None or not np.isfinite(value) else float(value)

    columns = [
        [f.kind for f in every],
        [f.parcel_id for f in every],
        [f.other_id for f in every],
        [number(f.x) for f in every],
        [number(f.y) for f in every],
        [number(f.area_m2) for f in every],
    ]
    return pa.table([pa.array(c, t.type) for c, t in zip(columns, SCHEMA, strict=True)], schema=SCHEMA)


def write_finds(finds: pa.Table, path: Path | str, crs_wkt: str) -> Path:
    """Write the places as points, GeoPackage or GeoParquet by the suffix, to be opened in any GIS; return the path."""
    import shapely

    place = Path(path)
    x, y = (finds[c].to_numpy() for c in "xy")
    shapes = np.full(len(finds), None, object)
    known = np.isfinite(x) & np.isfinite(y)
    shapes[known] = shapely.points(x[known], y[known])
    if place.suffix.lower() == ".parquet":
        _geoparquet(finds, shapes, place, crs_wkt)
    elif place.suffix.lower() == ".gpkg":
        _geopackage(finds, shapes, place, crs_wkt)
    else:
        raise ValueError(f"{place.suffix}: places are written as .gpkg or .parquet")
    return place


def _geoparquet(finds: pa.Table, shapes: NDArray[np.object_], path: Path, crs_wkt: str) -> None:
    import pyproj
    import shapely

    geo = {"encoding": "WKB", "geometry_types": ["Point"], "crs": pyproj.CRS.from_user_input(crs_wkt).to_json_dict()}
    said = {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": geo}}
    table = finds.append_column("geometry", pa.array(shapely.to_wkb(shapes, byte_order=1), pa.binary()))
    table = table.replace_schema_metadata({"geo": canonical_json(said)})
    with atomic_write(path, table.nbytes) as temp:
        write_batches(table.schema, [table], temp)


def _geopackage(finds: pa.Table, shapes: NDArray[np.object_], path: Path, crs_wkt: str) -> None:
    import pyogrio
    import pyproj
    import shapely

    crs = pyproj.CRS.from_user_input(crs_wkt)
    code = crs.to_epsg()
    texts = [np.asarray(finds[c].to_pylist(), object) for c in ("kind", "parcel_id", "other_id")]
    numbers = [np.asarray(finds[c].to_numpy(), np.float64) for c in ("x", "y", "area_m2")]
    with atomic_write(path) as temp:
        named = temp.with_suffix(".gpkg")  # the library wants the suffix
        try:
            pyogrio.raw.write(
                named, shapely.to_wkb(shapes), [*texts, *numbers], SCHEMA.names, layer="finds", geometry_type="Point",
                crs=f"EPSG:{code}" if code else crs.to_wkt(), driver="GPKG",
            )  # fmt: skip
            named.replace(temp)
        finally:
            named.unlink(missing_ok=True)


def metres(crs: Any, boxes: NDArray[np.float64]) -> tuple[float, float]:
    """Return how many metres one unit of x and one of y are, near the middle of the boxes."""
    if crs is None or not crs.is_geographic:
        factor = 1.0 if crs is None else float(crs.axis_info[0].unit_conversion_factor)
        return factor, factor
    known = boxes[np.isfinite(boxes).all(axis=1)] if len(boxes) else boxes
    middle = float(np.median((known[:, 1] + known[:, 3]) / 2)) if len(known) else 0.0
    return METRES_PER_DEGREE * float(np.cos(np.deg2rad(min(abs(middle), 89.0)))), METRES_PER_DEGREE
