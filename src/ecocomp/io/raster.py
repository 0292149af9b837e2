"""Clean rasters: what our declaration says the numbers mean, and reading them strip by strip.

Our declaration of unit, scale, offset and fills overrides what a file or a catalogue says. A cell without a value
is NaN, never 0. Files come from `ecocomp.io.worker`; the facts lie beside them as JSON.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from ecocomp.io.files import read_json
from ecocomp.terms.faults import Fault, FaultsError
from ecocomp.terms.text import Text
from ecocomp.terms.variables import Variable

if TYPE_CHECKING:
    import numpy as np

STRIP_ROWS = 512


@dataclass(frozen=True, slots=True)
class LayerEncoding:
    """What the stored numbers of a layer mean: value = stored · scale + offset, in `unit`.

    nodata     every stored value that means "no value"; NaN always does
    valid_min, valid_max  stored values outside mean "no value" too
    time       instant | mean | sum, and over what; for people and for the year
    """

    unit: str
    scale: float = 1.0
    offset: float = 0.0
    nodata: tuple[float, ...] = ()
    valid_min: float | None = None
    valid_max: float | None = None
    time: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the encoding as plain values (NaN fills left out: NaN is a fill in any case)."""
        return asdict(self) | {"nodata": [v for v in self.nodata if not math.isnan(v)]}


@dataclass(frozen=True, slots=True)
class GridInfo:
    """Where the cells of a raster lie: upper-left corner, size of a cell (both positive, CRS units), columns, rows."""

    crs_wkt: str
    epsg: int | None
    x0: float
    y0: float
    dx: float
    dy: float
    width: int
    height: int

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> GridInfo:
        """Return the grid that the facts of a clean raster describe."""
        return cls(*(facts[k] for k in ("crs_wkt", "epsg", "x0", "y0", "dx", "dy", "width", "height")))


class CleanRaster:
    """An open clean raster. Use `open_clean`, in a `with` statement.

    grid   where the cells lie
    facts  what the worker found: dtype, nodata, statistics, hash of the source
    """

    def __init__(self, path: Path, facts: dict[str, Any], encoding: LayerEncoding) -> None:
        import rasterio

        self.path, self.facts, self.encoding = path, facts, encoding
        self.grid = GridInfo.of(facts)
        with rasterio.Env(GDAL_PAM_ENABLED="NO", GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR"):
            try:
                self._file = rasterio.open(path, driver="GTiff", sharing=False)
            except rasterio.errors.RasterioIOError:
                raise FaultsError([_gone(path)]) from None
        if (self._file.width, self._file.height, self._file.count) != (self.grid.width, self.grid.height, facts["bands"]):
            self._file.close()
            raise FaultsError([_gone(path)])
        nodata = facts["nodata"]
        declared = () if nodata is None else (float(nodata),)
        self._fills = tuple(sorted({float(v) for v in (*declared, *encoding.nodata) if not math.isnan(float(v))}))

    def __enter__(self) -> CleanRaster:
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def strips(self, rows: int = STRIP_ROWS) -> Iterator[tuple[int, int]]:
        """Yield (first row, row after the last) from north to south; multiples of 512 read each tile once."""
        for row in range(0, self.grid.height, rows):
            yield row, min(row + rows, self.grid.height)

    def read_stored(self, row0: int, row1: int, band: int = 1) -> np.ndarray[Any, Any]:
        """Return the stored numbers of rows `row0`..`row1`-1, shape (rows, width), untouched."""
        from rasterio.windows import Window

        return self._file.read(band, window=Window(0, row0, self.grid.width, row1 - row0))  # type: ignore[no-any-return]

    def read_strip(self, row0: int, row1: int, band: int = 1) -> np.ndarray[Any, np.dtype[np.float32]]:
        """Return rows `row0`..`row1`-1 as float32 in the declared unit, shape (rows, width), NaN where there is no value."""
        return self.decode(self.read_stored(row0, row1, band))

    def decode(self, stored: np.ndarray[Any, Any]) -> np.ndarray[Any, np.dtype[np.float32]]:
        """Return stored numbers as float32 values: fills to NaN, then scale and offset."""
        import numpy as np

        void = self._void(stored)
        exact = np.float64 if stored.dtype.itemsize >= 4 and stored.dtype.kind != "f" else np.float32
        values: np.ndarray[Any, Any] = stored.astype(exact)
        if self.encoding.scale != 1.0:
            values = values * exact(self.encoding.scale)
        if self.encoding.offset != 0.0:
            values = values + exact(self.encoding.offset)
        values[void] = np.nan
        return values.astype(np.float32, copy=False)

    def read_classes(self, row0: int, row1: int, band: int = 1, empty: int = 0) -> np.ndarray[Any, np.dtype[np.uint8]]:
        """Return rows `row0`..`row1`-1 as class codes, shape (rows, width); `empty` where there is no value.

        Raises `FaultsError` if a code does not fit 0..255 or equals `empty` without being a declared fill.
        """
        import numpy as np

        stored = self.read_stored(row0, row1, band)
        void = self._void(stored)
        inside = stored[~void]
        if inside.size and (inside.min() < 0 or inside.max() > 255 or (inside == empty).any() or (inside % 1).any()):
            raise FaultsError([self._no_classes(float(inside.min()), float(inside.max()), empty)])
        return np.where(void, empty, np.where(void, 0, stored)).astype(np.uint8)

    def judge(self, variable: Variable) -> list[Fault]:
        """Return what speaks against this layer being `variable`: unit, range and mean of every band, from the facts."""
        return judge(self.facts, self.encoding, variable, self.facts.get("source", self.path.name))

    def _void(self, stored: np.ndarray[Any, Any]) -> np.ndarray[Any, np.dtype[np.bool_]]:
        import numpy as np

        floats = stored.dtype.kind == "f"
        void = ~np.isfinite(stored) if floats else np.zeros(stored.shape, bool)
        for fill in self._fills:
            void |= stored == (stored.dtype.type(fill) if floats else fill)
        if self.encoding.valid_min is not None:
            void |= stored < self.encoding.valid_min
        if self.encoding.valid_max is not None:
            void |= stored > self.encoding.valid_max
        return void

    def _no_classes(self, low: float, high: float, empty: int) -> Fault:
        return Fault(
            "io.not_classes",
            self.facts.get("source", self.path.name),
            "",
            Text(
                "类别码为 {a:g} 至 {b:g}，应为 0 至 255 的整数，且 {e} 只表示无值。",
                "class codes run from {a:g} to {b:g}; they must be whole numbers from 0 to 255, and {e} only means empty.",
            ).fill(a=low, b=high, e=empty),
            Text("请把填充值列入声明，或重新编码。", "Declare the fill values, or recode the layer."),
        )


def open_clean(path: Path | str, encoding: LayerEncoding | None = None) -> CleanRaster:
    """Open a clean raster and its facts (`NAME.json` beside it); `FaultsError` if either is missing or broken."""
    place = Path(path)
    return CleanRaster(place, read_json(place.with_suffix(".json")), encoding or LayerEncoding(""))


def judge(facts: Mapping[str, Any], encoding: LayerEncoding, variable: Variable, where: str) -> list[Fault]:
    """Return what speaks against a layer being `variable`, from the statistics the worker took.

    The facts must have been taken with the same declared fills (`RasterJob.encoding`).
    """
    found: list[Fault] = []
    if encoding.unit != variable.unit:
        found.append(_other_unit(encoding.unit, variable, where))
    for band, s in enumerate(facts["statistics"], start=1):
        record = f"band {band}" if facts["bands"] > 1 else ""
        if s["min"] is None:
            found.append(_all_empty(where, record))
            continue
        values = [s[k] * encoding.scale + encoding.offset for k in ("min", "max", "mean")]
        found += variable.judge(min(values[:2]), max(values[:2]), None if variable.kind == "class" else values[2], where, record)
    return found


def _other_unit(unit: str, variable: Variable, where: str) -> Fault:
    return Fault(
        "io.other_unit",
        where,
        "",
        Text("{v}声明的单位是 {a}，规定为 {b}。", "{v} is declared in {a}; it must be {b}.").fill(
            v=variable.name, a=unit or "—", b=variable.unit
        ),
        Text("请用 scale 与 offset 换算到规定单位，并改正声明。", "Convert with scale and offset, and correct the declaration."),
    )


def _all_empty(where: str, record: str) -> Fault:
    return Fault(
        "io.all_empty",
        where,
        record,
        Text("没有一个格有值。", "not one cell has a value."),
        Text("请检查填充值与有效范围的声明，以及裁剪范围。", "Check the declared fills and valid range, and how it was clipped."),
    )


def _gone(path: Path) -> Fault:
    return Fault(
        "io.broken_file",
        str(path),
        "",
        Text("清理后的栅格缺失、损坏，或与其说明不符。", "the clean raster is missing, broken, or does not match its facts."),
        Text("请重新导入原始文件。", "Import the original file again."),
    )
