"""Slope factors as layers: LS, slope and relief of the whole grid, made once from elevation and kept on disk.

For the pipeline, which adds them to the layers of a case before `engine.assess`. Where water runs can only be told from
the whole ground at once, so these are made before the strips: by tiles, from and into files, so that memory does not
grow with the grid. They are stored as float32 NumPy files under a name that holds the fingerprint of elevation, grid,
method and parameters; a second year, or a second run, maps the files.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

from ecocomp.services.derive import Making, StoredLayer, digest_of
from ecocomp.services.factors.slope import LS_METHODS, ls_csle, ls_hj1173, ls_invest, sine_of
from ecocomp.services.layers._drained import drained, store, ways
from ecocomp.services.site import PASS, StripReader
from ecocomp.terms.faults import Fault, FaultsError
from ecocomp.terms.text import Text, same

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ecocomp.grid.georef import Grid
    from ecocomp.grid.routing import Course
    from ecocomp.grid.terrain import Drainage
    from ecocomp.grid.tiling import Scratch
    from ecocomp.rules import Parameters

    Raster = NDArray[np.float32]
    Kept = Callable[[Scratch, str | None], "Ground"]

CODE_VERSION = "terrain-factors-3"
"""Changes whenever the stored numbers would; part of their fingerprint."""

NAMES = ("ls_factor", "slope_degrees", "relief_m")
GIVES = NAMES
NEEDS = ("elevation",)

METHODS = (*LS_METHODS, "INVEST")
FLOW_METHODS = ("D8", "MFD", "DINF")
CHOICES = {"ls_method": METHODS, "flow_method": FLOW_METHODS}
NUMBERS = ("longest_slope_m", "stream_ha", "slope_break_ratio", "l_max", "ls_limit")


class Ground(NamedTuple):
    """Elevation without depressions [m], D8 directions, and the order of the ways where water is shared."""

    filled_m: Raster
    way: NDArray[np.uint8]
    along: Course | None


@dataclass(frozen=True)
class LsReport:
    """What to know about a layer of LS.

    cells    cells that have a value
    beyond   cells whose value is above `limit`; they keep it
    most     highest value, 0 where there is none
    limit    what is taken as beyond reason (`services.soil.ls_limit`)
    """

    cells: int
    beyond: int
    most: float
    limit: float

    def note(self) -> Text | None:
        """Say how many cells are beyond the limit; None where none is."""
        if not self.beyond:
            return None
        return Text(
            "坡长坡度因子 {n} 个像元（共 {all} 个）超过 {limit}，最高 {most}；数值保留，请核对高程有无错误。",
            "LS is above {limit} in {n} of {all} cells, at most {most}; values are kept: check the elevation for errors.",
        ).fill(n=self.beyond, all=self.cells, limit=f"{self.limit:g}", most=f"{self.most:.4g}")


def ls_report(path: Path | str) -> LsReport | None:
    """Return what was noted when a stored layer of LS was made; None for a file that was not made here."""
    beside = Path(path).with_suffix(".json")
    return LsReport(**json.loads(beside.read_text(encoding="utf-8"))) if beside.exists() else None


def make(making: Making) -> dict[str, StripReader]:
    """Return the three slope layers of the elevation of a case; its own layer `slope` is used where there is one."""
    p, slope = making.params, making.layers.get("slope")

    def kept(scratch: Scratch, flow: str | None) -> Ground:
        if flow is None or flow == "D8":
            filled, way = drained(making)
            return Ground(scratch.adopt(filled), scratch.adopt(way), None)
        along = ways(making, flow, scratch)
        return Ground(along.rule.filled_m, along.rule.way, along)

    digests = [making.digest("elevation"), None if slope is None else making.digest("slope")]
    return {**terrain_layers(making.layers["elevation"], making.grid, making.folder, p, slope, kept, digests)}


def terrain_layers(
    elevation: StripReader,
    grid: Grid,
    folder: Path | str,
    params: Parameters,
    slope: StripReader | None = None,
    kept: Kept | None = None,
    digests: Sequence[str | None] | None = None,
) -> dict[str, StoredLayer]:
    """Return the layers `ls_factor`, `slope_degrees` and `relief_m` of a grid, making those files that are not there yet.

    Parameters
    ----------
    elevation : reader of one band [m], NaN = nodata
    folder : where the files live, such as the cache of a case; files needed on the way lie there too and are gone after
    params : `services.soil.` `ls_method` (CSLE, HJ1173 or INVEST), `flow_method` (D8, MFD or DINF, for INVEST), and the
        numbers of `NUMBERS`
    slope : reader of one band [degrees], taken in place of the slope of the elevation
    kept : gives the filled ground where other layers have made or will want it, by the scratch and the routing (None: D8)
    digests : SHA-256 of elevation and slope where they are known already

    Raises
    ------
    FaultsError
        For a method there is no code for.
    """
    words = {k: _choice(params, f"services.soil.{k}", known) for k, known in CHOICES.items()}
    numbers = {k: params.number(f"services.soil.{k}") for k in NUMBERS}
    digests = [digest_of(elevation, grid), None if slope is None else digest_of(slope, grid)] if digests is None else digests
    key = _key(grid, {**words, **numbers}, digests)
    paths = {name: Path(folder) / f"{name}-{key[:24]}.npy" for name in NAMES}
    if not all(path.exists() for path in (*paths.values(), paths["ls_factor"].with_suffix(".json"))):
        _build(elevation, grid, paths, words, numbers, slope, kept)
    return {name: StoredLayer(path) for name, path in paths.items()}


def terrain_arrays(
    heights_m: Raster,
    grid: Grid,
    method: str,
    *,
    longest_slope_m: float,
    stream_ha: float,
    slope_break_ratio: float,
    flow_method: str = "MFD",
    l_max: float = 122.0,
    slope_degrees: Raster | None = None,
    scratch: Scratch | None = None,
    kept: Kept | None = None,
) -> dict[str, Raster]:
    """Return LS [1], slope [degrees] and relief of the 3×3 cells [m] as float32 (rows, columns).

    CSLE and HJ1173: slope length runs along D8 paths and ends on divides, in streams (drained area from `stream_ha` on; LS
    there is that of the shortest slope, half a cell) and where the slope flattens; see `grid.terrain.slope_length_m`.
    INVEST: L from the number of cells that drain through by `flow_method`, held at `l_max`, and slope of the filled ground, as
    InVEST's code has it; given slopes are taken as they are.

    scratch  where the arrays are kept, in memory where None
    kept     gives the filled ground, made here where None
    """
    from ecocomp.grid import terrain
    from ecocomp.grid.strip import frozen
    from ecocomp.grid.tiling import TILE, Scratch, by_strips

    scratch, heights_m = scratch or Scratch(), frozen(np.asarray(heights_m, np.float32))
    slope = terrain.slope_deg(heights_m, grid, scratch) if slope_degrees is None else slope_degrees
    ground = (kept or _made(heights_m, grid))(scratch, flow_method if method == "INVEST" else None)
    ls, relief = (scratch.empty(grid.shape, np.float32) for _ in range(2))
    by_strips(lambda a, b: _relief_rows(heights_m, a, b, relief), *grid.shape, scratch.release)
    if method == "INVEST":
        cells = _cells(ground, grid, flow_method, scratch)
        invest_ls(ground.filled_m, cells, grid, l_max, ls, scratch, slope_degrees)
    else:
        drainage = terrain.Drainage(grid, ground.filled_m, ground.way, terrain.accumulate(ground.way, None, TILE, scratch))
        _path_ls(drainage, slope, method, (stream_ha, slope_break_ratio, longest_slope_m), scratch, ls)
    return {"ls_factor": ls, "slope_degrees": slope, "relief_m": relief}


def _made(heights_m: Raster, grid: Grid) -> Kept:
    from ecocomp.grid import terrain
    from ecocomp.grid.tiling import TILE

    def make(scratch: Scratch, flow: str | None) -> Ground:
        del flow
        filled = terrain.fill(heights_m, grid, TILE, scratch)
        return Ground(filled, terrain.directions(filled, grid, TILE, scratch), None)

    return make


def _cells(ground: Ground, grid: Grid, flow: str, scratch: Scratch) -> NDArray[np.float64]:
    """Return how many cells drain through each."""
    from ecocomp.grid import routing
    from ecocomp.grid.tiling import TILE

    if ground.along is None:
        return routing.accumulate_split(routing.shares(flow, ground.filled_m, grid, ground.way, scratch), None, TILE, scratch)
    totals = routing.weights(ground.way, None, scratch)
    routing.add_from_above(ground.along, totals, scratch)
    return totals


def invest_ls(
    heights_m: Raster,
    cells: NDArray[np.float64],
    grid: Grid,
    l_max: float,
    ls: Raster,
    scratch: Scratch,
    slope: Raster | None = None,
) -> None:
    """Put InVEST's LS into `ls` from the slope of the heights (or the given one [degrees]) and the cells above."""
    from ecocomp.grid._flow import horn
    from ecocomp.grid.georef import metres_per_cell
    from ecocomp.grid.strip import frozen
    from ecocomp.grid.tiling import by_strips

    across, along = metres_per_cell(grid)
    metres, side, z = (frozen(across), frozen(along)), np.sqrt(across * along), frozen(heights_m)

    def some(first: int, last: int) -> None:
        east, south = (np.empty((last - first, grid.width), np.float32) for _ in range(2))
        if slope is None:
            horn(first, last, z, *metres, east, south)
        else:
            east[:], south[:] = np.tan(np.radians(slope[first:last])), 0.0
        _invest_rows(east, south, cells[first:last], side[first:last], float(l_max), ls[first:last])

    by_strips(some, *grid.shape, scratch.release)


def _path_ls(
    drainage: Drainage, slope: Raster, method: str, numbers: tuple[float, float, float], scratch: Scratch, ls: Raster
) -> None:
    from ecocomp.grid import terrain
    from ecocomp.grid.georef import cell_area_m2_by_row, metres_per_cell
    from ecocomp.grid.tiling import TILE, by_strips

    grid, (stream_ha, ratio, longest_m) = drainage.grid, numbers
    stream_cells = stream_ha * 1e4 / float(np.median(cell_area_m2_by_row(grid)))
    sine = scratch.empty(grid.shape, np.float32)

    def angles(first: int, last: int) -> None:
        _sines(slope[first:last], sine[first:last])

    by_strips(angles, *grid.shape, scratch.release)
    length = terrain.slope_length_m(drainage, sine, stream_cells, ratio, longest_m, TILE, scratch)
    least, form = 0.5 * np.minimum(*metres_per_cell(grid)), LS_METHODS.index(method)
    by_strips(lambda a, b: _ls_rows(slope, length, least, form, a, b, ls), *grid.shape, scratch.release)


def _build(
    elevation: StripReader,
    grid: Grid,
    paths: Mapping[str, Path],
    words: Mapping[str, str],
    numbers: Mapping[str, float],
    slope: StripReader | None,
    kept: Kept | None,
) -> None:
    """Make the files, all of each or nothing; of two runs that write at once the last one stands, with the same bytes."""
    from ecocomp.grid.tiling import Scratch

    folder = paths["ls_factor"].parent
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix="terrain-", suffix=".part") as part:
        scratch = Scratch(part)
        heights = _read(elevation, grid, scratch)
        given = None if slope is None else _read(slope, grid, scratch)
        chosen = {k: numbers[k] for k in ("longest_slope_m", "stream_ha", "slope_break_ratio", "l_max")}
        ways = {"flow_method": words["flow_method"], "slope_degrees": given, "scratch": scratch, "kept": kept}
        made = terrain_arrays(heights, grid, words["ls_method"], **chosen, **ways)  # type: ignore[arg-type]
        for name, array in made.items():
            store(Path(part) / f"{name}.npy", array, scratch.release)
        report = _report(made["ls_factor"], numbers["ls_limit"], scratch)
        beside = Path(part) / "ls_factor.json"
        beside.write_text(json.dumps(asdict(report), sort_keys=True) + "\n", encoding="utf-8")
        beside.replace(paths["ls_factor"].with_suffix(".json"))
        for name in made:
            (Path(part) / f"{name}.npy").replace(paths[name])


def _read(reader: StripReader, grid: Grid, scratch: Scratch) -> Raster:
    """Copy the first band of a layer into an array of the scratch, strip by strip."""
    from ecocomp.grid.georef import STRIP_ROWS

    out: Raster = scratch.empty(grid.shape, np.float32)
    for first, last in grid.strips(STRIP_ROWS):
        out[first:last] = reader.read(first, last)[0]
        scratch.release()
    return out


def _report(ls: Raster, limit: float, scratch: Scratch) -> LsReport:
    cells, beyond, most = 0, 0, 0.0
    for first in range(0, ls.shape[0], 64):
        part = ls[first : first + 64]
        known = part[~np.isnan(part)]
        cells, beyond = cells + known.size, beyond + int(np.count_nonzero(known > limit))
        most = max(most, float(known.max(initial=0.0)))
        scratch.release()
    return LsReport(cells, beyond, most, float(limit))


def fingerprint(elevation: StripReader, grid: Grid, chosen: Mapping[str, str | float], slope: StripReader | None = None) -> str:
    """Return the SHA-256 of everything the stored layers depend on."""
    return _key(grid, chosen, [digest_of(elevation, grid), None if slope is None else digest_of(slope, grid)])


def _key(grid: Grid, chosen: Mapping[str, str | float], digests: Sequence[str | None]) -> str:
    exact = {k: v.hex() if isinstance(v, float) else v for k, v in sorted(chosen.items())}
    return sha256(json.dumps([CODE_VERSION, grid.fingerprint(), exact, list(digests)]).encode()).hexdigest()


def _choice(params: Parameters, key: str, known: tuple[str, ...]) -> str:
    word = params.text(key)
    if word in known:
        return word
    value = params.get(key)
    clash = Text("{k} 是 {m}，可用：{w}。", "{k} is {m}; known: {w}.").fill(k=same(key), m=same(word), w=same(", ".join(known)))
    remedy = Text("更正规则中的 {k}。", "Mend {k} in the rules.").fill(k=same(key))
    raise FaultsError([Fault("services.ls_method", value.file, f"line {value.line}", clash, remedy)])


@njit(**PASS)  # type: ignore[untyped-decorator]
def _sines(slope, out):  # type: ignore[no-untyped-def]
    for r in range(slope.shape[0]):
        for c in range(slope.shape[1]):
            out[r, c] = sine_of(np.float64(slope[r, c]))


@njit(**PASS)  # type: ignore[untyped-decorator]
def _ls_rows(slope, length, least, method, first, last, out):  # type: ignore[no-untyped-def]
    for r in range(first, last):
        degrees, metres, to, floor = slope[r], length[r], out[r], least[r]
        if method == 0:
            for c in range(to.size):
                m = np.float64(metres[c])
                to[c] = ls_csle(np.float64(degrees[c]), floor if m < floor else m)
        else:
            for c in range(to.size):
                m = np.float64(metres[c])
                to[c] = ls_hj1173(np.float64(degrees[c]), floor if m < floor else m)


@njit(**PASS)  # type: ignore[untyped-decorator]
def _invest_rows(east, south, cells, side, l_max, out):  # type: ignore[no-untyped-def]
    for r in range(out.shape[0]):
        x, y, above, to, metres = east[r], south[r], cells[r], out[r], side[r]
        for c in range(to.size):
            a, b = np.float64(x[c]), np.float64(y[c])
            to[c] = ls_invest(100.0 * np.sqrt(a * a + b * b), above[c], metres, l_max)


@njit(**PASS)  # type: ignore[untyped-decorator]
def _relief_rows(heights, first, last, out):  # type: ignore[no-untyped-def]
    """Highest less lowest of the 3×3 cells around each, of those that have a height."""
    rows, columns = heights.shape
    for r in range(first, last):
        for c in range(columns):
            low, high = heights[r, c], heights[r, c]
            for i in range(max(r - 1, 0), min(r + 2, rows)):
                for j in range(max(c - 1, 0), min(c + 2, columns)):
                    v = heights[i, j]
                    low, high = (v if v < low else low), (v if v > high else high)
            out[r, c] = high - low


__all__ = [
    "CODE_VERSION",
    "FLOW_METHODS",
    "GIVES",
    "METHODS",
    "NAMES",
    "NEEDS",
    "LsReport",
    "fingerprint",
    "invest_ls",
    "ls_report",
    "make",
    "terrain_arrays",
    "terrain_layers",
]
