"""A foreign GeoTIFF made clean: one plain tiled GeoTIFF without tags, and the facts about it.

Only GeoTIFF is opened, judged by its first bytes and by the driver; sizes are checked before a cell is read;
sidecars, overviews and metadata are left behind; cells stream through in pieces of fixed size.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ecocomp.io.foreign.words import Refuse, fault, head_of, not_a
from ecocomp.terms.faults import Fault
from ecocomp.terms.text import Text

TILE = 512
TILE_ROWS = 64
"""Rows of a tile of the clean copy: the engines read bands of rows, as few as 64 of a wide grid, and decode no tile twice."""
PIECE_BYTES = 64 << 20
BLOCK_BYTES = 1 << 30
KEPT = frozenset({"uint8", "int16", "uint16", "int32", "uint32", "float32"})
_TIFF = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")


def clean(spec: dict[str, Any]) -> tuple[dict[str, Any], list[Fault], str]:
    """Make the raster clean; return facts, warnings and the name of the file made."""
    import rasterio

    where = spec["where"]
    path = next(iter(spec["files"].values()))
    head = head_of(path)
    if not head.startswith(_TIFF):
        raise not_a(
            Text("GeoTIFF", "a GeoTIFF"), where, head,
            Text("请用原软件另存为 GeoTIFF。", "Save it as GeoTIFF with the software it came from."),
        )  # fmt: skip
    with rasterio.open(path, driver="GTiff", sharing=False) as source:
        faults = _check(source, spec)
        if any(f.severity == "error" for f in faults):
            raise Refuse(*faults)
        facts = _facts(source)
        facts |= _stream(source, facts, spec)
    return facts, faults, "clean.tif"


# ---------------------------------------------------------------- before a cell is read
def _check(source: Any, spec: dict[str, Any]) -> list[Fault]:
    return [*_check_size(source, spec), *_check_type(source, spec), *_check_place(source, spec)]


def _check_size(source: Any, spec: dict[str, Any]) -> list[Fault]:
    where = spec["where"]
    found: list[Fault] = []
    cells = source.width * source.height * source.count
    if cells > spec["max_cells"]:
        clash = Text("有 {w:,}×{h:,}×{b} 个格，上限为 {c:,}。", "it has {w:,}×{h:,}×{b} cells; {c:,} are allowed.")
        found.append(fault(
            "too_many_cells", where, clash.fill(w=source.width, h=source.height, b=source.count, c=spec["max_cells"]),
            Text("请裁剪到本县范围，或降低分辨率。", "Clip it to the county or lower its resolution."),
        ))  # fmt: skip
    if source.count != spec["bands"]:
        found.append(fault(
            "other_bands", where,
            Text("有 {a} 个波段，声明为 {b} 个。", "it has {a} bands, declared are {b}.").fill(a=source.count, b=spec["bands"]),
            Text("请改正声明，或只导出需要的波段。", "Correct the declaration, or export only the bands needed."),
        ))  # fmt: skip
    rows, columns = source.block_shapes[0]
    block = rows * columns * np.dtype(_numpy_type(source)).itemsize
    if not found and block > BLOCK_BYTES:
        found.append(fault(
            "block_too_large", where,
            Text("一个内部块有 {b:,} 字节，无法分块读取。", "one inner block has {b:,} bytes; too large to read in pieces.")
            .fill(b=block),
            Text("请重新保存为分块（tiled）的 GeoTIFF。", "Save it again as a tiled GeoTIFF."),
        ))  # fmt: skip
    return found


def _check_type(source: Any, spec: dict[str, Any]) -> list[Fault]:
    kinds = set(source.dtypes)
    allowed = KEPT | {"int8"} | ({"float64"} if spec["accept_float64"] else set())
    if len(kinds) == 1 and kinds <= allowed:
        return []
    if kinds == {"float64"}:
        remedy = Text(
            "若 7 位有效数字已够，请声明 accept_float64；否则转换单位后存为 Float32。",
            "If 7 digits are enough, declare accept_float64; else store it as Float32 in another unit.",
        )
    else:
        remedy = Text("请存为 Byte、Int16、UInt16、Int32 或 Float32。", "Store it as Byte, Int16, UInt16, Int32 or Float32.")
    clash = Text("数据类型 {t} 不接受。", "the data type {t} is not taken.").fill(t=", ".join(sorted(kinds)))
    return [fault("other_type", spec["where"], clash, remedy)]


def _check_place(source: Any, spec: dict[str, Any]) -> list[Fault]:
    where = spec["where"]
    t = source.transform
    found: list[Fault] = []
    if source.crs is None:
        found.append(fault(
            "no_crs", where, Text("没有坐标系。", "it has no coordinate system."),
            Text("请在 GeoTIFF 内写入坐标系（旁边的 .prj/.tfw/.aux.xml 不读）。",
                 "Write the coordinate system into the GeoTIFF (files beside it such as .prj, .tfw, .aux.xml are not read)."),
        ))  # fmt: skip
    if t.b or t.d or t.a <= 0 or t.e >= 0 or t.is_identity:
        found.append(fault(
            "rotated", where,
            Text("栅格没有定位，或是旋转、上下颠倒的（变换 {t}）。", "it is unplaced, turned or upside down (transform {t}).")
            .fill(t=", ".join(f"{v:g}" for v in tuple(t)[:6])),
            Text("请重采样为正北向上的栅格并写入定位。", "Resample it north-up and write its position into the file."),
        ))  # fmt: skip
    elif source.crs is not None and source.crs.is_geographic and (abs(t.c) > 360.5 or abs(t.f) > 90.5):
        found.append(fault(
            "metres_as_degrees", where,
            Text("坐标系是经纬度，左上角却是 ({x:,.0f}, {y:,.0f})。", 
                 "the CRS is in degrees, but the upper-left corner is ({x:,.0f}, {y:,.0f}).")
            .fill(x=t.c, y=t.f),
            Text("坐标像是米；请写入正确的投影坐标系。", "The coordinates look like metres; write the right projected CRS."),
        ))  # fmt: skip
    elif source.crs is not None and source.crs.is_projected and t.a < 0.01:
        found.append(fault(
            "degrees_as_metres", where,
            Text("坐标系是投影坐标，格宽却只有 {d:g}。", "the CRS is projected, but a cell is only {d:g} wide.").fill(d=t.a),
            Text("坐标像是度；请写入经纬度坐标系（如 EPSG:4490）。", 
                 "The coordinates look like degrees; write a geographic CRS (such as EPSG:4490)."),
        ))  # fmt: skip
    return found


def _facts(source: Any) -> dict[str, Any]:
    t = source.transform
    dtype = _numpy_type(source)
    stored = {"int8": "int16", "float64": "float32"}.get(dtype, dtype)
    nodata = None if dtype == "float64" else source.nodata
    return {
        "crs_wkt": source.crs.to_wkt(),
        "epsg": _epsg(source.crs),
        "x0": t.c,
        "y0": t.f,
        "dx": t.a,
        "dy": -t.e,
        "width": source.width,
        "height": source.height,
        "bands": source.count,
        "dtype": stored,
        "dtype_source": dtype,
        "nodata": None if nodata is None else _number(float(nodata)),
        "file_scales": [_number(float(s)) for s in source.scales],
        "file_offsets": [_number(float(o)) for o in source.offsets],
    }


def _epsg(crs: Any) -> int | None:
    code = crs.to_epsg(confidence_threshold=70)
    return None if code is None else int(code)


def _numpy_type(source: Any) -> str:
    return str(source.dtypes[0])


def _number(value: float) -> float | str:
    """JSON has no NaN and no infinity: they are kept as words."""
    return value if np.isfinite(value) else str(value)


# ---------------------------------------------------------------- cell by cell
def _stream(source: Any, facts: dict[str, Any], spec: dict[str, Any]) -> dict[str, Any]:
    import rasterio
    from rasterio.enums import MaskFlags
    from rasterio.windows import Window

    encoding = spec["encoding"] or {}
    nodata = None if facts["dtype_source"] == "float64" else source.nodata
    tally = [_Tally(nodata, encoding) for _ in range(source.count)]
    masked = [MaskFlags.per_dataset in flags and MaskFlags.alpha not in flags for flags in source.mask_flag_enums]
    if any(masked) and source.nodata is None and facts["dtype"] != "float32":
        raise Refuse(_mask_without_value(spec["where"]))
    profile = {
        "driver": "GTiff", "width": source.width, "height": source.height, "count": source.count, "dtype": facts["dtype"],
        "crs": source.crs, "transform": source.transform, "tiled": True, "blockxsize": TILE, "blockysize": TILE_ROWS,
        "compress": "zstd", "zstd_level": 1, "bigtiff": "IF_SAFER", "interleave": "band",
    }  # fmt: skip
    with rasterio.open("out/clean.tif", "w", **profile) as sink:
        for band in range(1, source.count + 1):
            for left, top, width, height in _pieces(source.width, source.height, np.dtype(facts["dtype"]).itemsize):
                window = Window(left, top, width, height)
                cells = source.read(band, window=window)
                if masked[band - 1]:
                    void = source.nodata if source.nodata is not None else np.nan
                    cells = np.where(source.read_masks(band, window=window) == 0, void, cells).astype(cells.dtype)
                if cells.dtype == np.float64:
                    cells[cells == source.nodata] = np.nan  # a fill such as -1.8e308 has no 32-bit form
                cells = cells.astype(facts["dtype"], copy=False)
                sink.write(cells, band, window=window)
                tally[band - 1].add(cells)
    return {"statistics": [t.result() for t in tally]}


def _pieces(width: int, height: int, item_bytes: int) -> list[tuple[int, int, int, int]]:
    """Cut a raster into strips of 512 rows, and these into columns, so that a piece stays below 64 MiB."""
    wide = max(TILE, PIECE_BYTES // (TILE * item_bytes) // TILE * TILE)
    return [
        (left, top, min(wide, width - left), min(TILE, height - top))
        for top in range(0, height, TILE)
        for left in range(0, width, wide)
    ]


class _Tally:
    """Lowest, highest and mean stored value of one band without its fills, and the share of cells that count."""

    def __init__(self, nodata: float | None, encoding: dict[str, Any]) -> None:
        fills = [] if nodata is None else [float(nodata)]
        self.fills = sorted({*fills, *(float(v) for v in encoding.get("nodata", ()))} - {float("nan")})
        self.low, self.high = encoding.get("valid_min"), encoding.get("valid_max")
        self.min, self.max, self.sum = np.inf, -np.inf, 0.0
        self.valid = self.cells = self.infinite = 0

    def add(self, cells: np.ndarray[Any, Any]) -> None:
        good = np.ones(cells.shape, bool)
        if cells.dtype.kind == "f":
            good = np.isfinite(cells)
            self.infinite += int(np.isinf(cells).sum())
        for fill in self.fills:
            good &= cells != (np.float32(fill) if cells.dtype.kind == "f" else fill)
        if self.low is not None:
            good &= cells >= self.low
        if self.high is not None:
            good &= cells <= self.high
        self.cells += cells.size
        kept = cells[good]
        if kept.size:
            self.valid += int(kept.size)
            self.min = min(self.min, float(kept.min()))
            self.max = max(self.max, float(kept.max()))
            self.sum += float(kept.sum(dtype=np.float64))

    def result(self) -> dict[str, Any]:
        empty = self.valid == 0
        return {
            "min": None if empty else self.min,
            "max": None if empty else self.max,
            "mean": None if empty else self.sum / self.valid,
            "valid_share": self.valid / self.cells,
            "infinite": self.infinite,
        }


def _mask_without_value(where: str) -> Fault:
    return fault(
        "mask_without_value",
        where,
        Text("无效格由内部掩膜给出，却没有填充值。", "empty cells are given by an inner mask, but no fill value is set."),
        Text("请导出时设定填充值（nodata）。", "Set a fill value (nodata) when exporting."),
    )
