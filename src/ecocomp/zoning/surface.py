"""Index and sensitivity maps in streams: two passes over the rasters, memory that does not grow with them.

The first pass finds the least and greatest value of every factor that is scaled; the second computes the index of each
cell into a file. Where the rules fix both ends of a factor (``zoning.npp.range.<factor>``: a list of two numbers) the maps
of different years and places compare; otherwise the ends are those of the area that is graded. A factor that has no spread
cannot order anything and is left out, with a note.

References
----------
1. 生态保护红线划定指南 (2017): NPP index method, sensitivity models, grading, function zones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ecocomp.grid.georef import Grid
from ecocomp.rules import Parameters
from ecocomp.terms.codes import FUNCTION_ZONES
from ecocomp.terms.faults import Fault, FaultsError, UsageError
from ecocomp.terms.text import Text, same
from ecocomp.zoning import sensitivity as scores
from ecocomp.zoning.factors import FACTORS, Layers, Work, factor, missing, way_of
from ecocomp.zoning.importance import cuts_of
from ecocomp.zoning.indices import npp
from ecocomp.zoning.maps import IMPORTANCE_METHODS, Stored, StripReader, ZoneMap, graded, joined, new_raster, row_strips

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ranges = dict[str, tuple[float, float]]

SENSITIVITY_METHOD = "geometric_mean"


@dataclass(frozen=True)
class Index:
    """One NPP index: its function, its factors in order, and the value each takes where it has no spread."""

    compute: Callable[..., Any]
    factors: tuple[str, ...]
    neutral: Mapping[str, float]


INDICES: dict[str, Index] = {
    "water": Index(npp.water_index, ("npp", "seepage", "rain", "slope"), {"rain": 1.0, "slope": 0.0, "seepage": 1.0}),
    "soil": Index(npp.soil_index, ("npp", "erodibility", "slope"), {"erodibility": 0.0, "slope": 0.0}),
    "sand": Index(
        npp.sand_index, ("npp", "erodibility", "climatic_erosivity", "roughness"), {"erodibility": 1.0, "climatic_erosivity": 1.0}
    ),
    "biodiversity": Index(
        npp.biodiversity_index,
        ("npp", "rain", "temperature", "elevation"),
        {"rain": 1.0, "temperature": 1.0, "elevation": 0.0},
    ),
}


@dataclass
class ZoneMaps:
    """All maps of one zoning.

    method       method of the importance maps; one for all of them
    importance   map of each function that could be assessed; `function` joins them
    sensitivity  map of each sensitivity that could be assessed; `sensitive` joins them
    notes        what could not be assessed, and why
    """

    method: str
    importance: dict[str, ZoneMap] = field(default_factory=dict)
    sensitivity: dict[str, ZoneMap] = field(default_factory=dict)
    function: ZoneMap | None = None
    sensitive: ZoneMap | None = None
    notes: list[Fault] = field(default_factory=list)


def zone_maps(
    *,
    layers: Layers,
    services: Mapping[str, StripReader],
    grid: Grid,
    params: Parameters,
    folder: Path,
    inside: StripReader | None = None,
    functions: Sequence[str] | None = None,
    sensitivities: Sequence[str] | None = None,
) -> ZoneMaps:
    """Make the importance and sensitivity maps of a place, all importance by the one method of the rules.

    layers         layers of the case by name (`terms.layers`), on `grid`
    services       raster of each service per area (`maps.InMemory` for arrays), for the model method
    folder         where the maps are written
    inside         uint8, 0 for cells outside the area that is graded; None: all cells count
    functions      functions to assess; None: ``zoning.importance_functions``
    sensitivities  sensitivities to assess; None: ``zoning.sensitivity.models``

    What lacks a layer or a service is left out and named in the notes. Parameters read: ``zoning.importance_*``,
    ``zoning.npp.*``, ``zoning.sensitivity.*``.
    """
    method = params.text("zoning.importance_method")
    if method not in IMPORTANCE_METHODS:
        raise FaultsError([_unknown_method(params, method)])
    cuts, _ = cuts_of(params)
    out = ZoneMaps(method)
    sources = _sources(method, functions, layers, services, grid, params, folder, inside, out.notes)
    for name, values in sources:
        out.importance[name] = graded(name, method, values, grid, cuts, folder, inside)
    for model in params.items("zoning.sensitivity.models") if sensitivities is None else sensitivities:
        made = sensitivity_map(str(model), layers, grid, params, folder)
        if isinstance(made, ZoneMap):
            out.sensitivity[str(model)] = made
        else:
            out.notes.append(made)
    if out.importance:
        out.function = joined(list(out.importance.values()), grid, folder)
    if out.sensitivity:
        out.sensitive = joined(list(out.sensitivity.values()), grid, folder)
    return out


def _sources(
    method: str,
    functions: Sequence[str] | None,
    layers: Layers,
    services: Mapping[str, StripReader],
    grid: Grid,
    params: Parameters,
    folder: Path,
    inside: StripReader | None,
    notes: list[Fault],
) -> Iterable[tuple[str, StripReader]]:
    """Yield what is graded for each function by the one method; note what is missing."""
    of_function = dict(str(line).split() for line in params.items("zoning.importance_services"))
    for name in params.items("zoning.importance_functions") if functions is None else functions:
        if name not in INDICES:
            known = Text("没有功能 {n}；可用：{k}", "There is no function {n}; known: {k}")
            raise UsageError(known.fill(n=name, k=", ".join(INDICES)))
        if method == "npp_index":
            made, said = index_map(name, layers, grid, params, folder, inside)
            notes.extend(said)
            if made is not None:
                yield name, made
        elif of_function.get(name) in services:
            yield name, services[of_function[name]]
        else:
            notes.append(_no_service(name, of_function.get(name, "")))


def index_map(
    name: str, layers: Layers, grid: Grid, params: Parameters, folder: Path, inside: StripReader | None = None
) -> tuple[Stored | None, list[Fault]]:
    """Compute one NPP index into a file; return it with the notes, or None where layers are missing (all are named)."""
    index = INDICES[name]
    lacking = lacks(index.factors, layers)
    if lacking:
        return None, [_not_assessed(name, FUNCTION_ZONES[name], lacking)]
    wanted = [f for f in index.factors if f in params.items("zoning.npp.scaled_factors")]
    ranges = factor_ranges(wanted, layers, grid, params, inside)
    flat = [f for f, (low, high) in ranges.items() if low == high]
    path = folder / f"importance-{name}-npp_index-values.npy"
    out = new_raster(path, grid, np.float32)
    for row0, row1 in row_strips(grid):
        work = Work(layers, grid, params, row0, row1)
        out[row0:row1] = index.compute(*(_scaled(f, factor(f, work), ranges, index) for f in index.factors))
    out.flush()
    return Stored(path), [_no_spread(name, f, ranges[f][0]) for f in flat]


def _scaled(name: str, values: NDArray[Any], ranges: Ranges, index: Index) -> NDArray[Any]:
    if name not in ranges:
        return values
    low, high = ranges[name]
    # A factor without spread is neutral, yet a cell that has no value of it has no index either.
    return np.asarray(npp.scaled(values, low, high)) if low < high else index.neutral[name] + 0.0 * values


def factor_ranges(
    names: Sequence[str], layers: Layers, grid: Grid, params: Parameters, inside: StripReader | None = None
) -> Ranges:
    """Return the least and greatest value of factors: those the rules fix, else those of the valid cells (one pass).

    A range of which no cell is valid is (nan, nan).
    """
    fixed = {n: _fixed(n, params) for n in names if params.has(f"zoning.npp.range.{n}")}
    found = {n: (np.inf, -np.inf) for n in names if n not in fixed}
    for row0, row1 in row_strips(grid) if found else []:
        keep = None if inside is None else inside.read(row0, row1)[0] != 0
        work = Work(layers, grid, params, row0, row1)
        for n, (low, high) in found.items():
            values = factor(n, work)
            known = values[np.isfinite(values) if keep is None else np.isfinite(values) & keep]
            if known.size:
                found[n] = (min(low, float(known.min())), max(high, float(known.max())))
    return {n: fixed[n] if n in fixed else _seen(*found[n]) for n in names}


def _seen(low: float, high: float) -> tuple[float, float]:
    return (low, high) if low <= high else (np.nan, np.nan)


def _fixed(name: str, params: Parameters) -> tuple[float, float]:
    key = f"zoning.npp.range.{name}"
    ends = [float(v) for v in params.items(key)]
    if len(ends) == 2 and ends[0] < ends[1]:
        return ends[0], ends[1]
    held = params.get(key)
    clash = Text("{k} 是 {v}。", "{k} is {v}.").fill(k=key, v=ends)
    remedy = Text("写成最小值和最大值两个递增的数。", "Write two ascending numbers, the least and the greatest value.")
    raise FaultsError([Fault("zoning.rule", held.file, f"line {held.line}", clash, remedy)])


def lacks(names: Sequence[str], layers: Layers) -> list[str]:
    """Return every layer that some of the factors lack, each once, in order."""
    found = [word for n in names if way_of(FACTORS[n], layers) is None for word in missing(FACTORS[n], layers)]
    return list(dict.fromkeys(found))


def sensitivity_map(model: str, layers: Layers, grid: Grid, params: Parameters, folder: Path) -> ZoneMap | Fault:
    """Compute one sensitivity into files; a note naming every missing layer where it cannot be assessed."""
    if model not in scores.MODELS:
        known = Text("没有敏感性模型 {n}；可用：{k}", "There is no sensitivity model {n}; known: {k}")
        raise UsageError(known.fill(n=model, k=", ".join(scores.MODELS)))
    names = [f.name for f in scores.MODELS[model].factors]
    lacking = lacks(names, layers)
    if lacking:
        return _not_assessed(model, scores.MODELS[model].name, lacking)
    paths = [folder / f"sensitivity-{model}-{k}.npy" for k in ("values", "classes")]
    values, classes = new_raster(paths[0], grid, np.float32), new_raster(paths[1], grid, np.uint8)
    for row0, row1 in row_strips(grid):
        work = Work(layers, grid, params, row0, row1)
        made = scores.sensitivity(model, {n: factor(n, work) for n in names}, params)
        values[row0:row1], classes[row0:row1] = made
    values.flush()
    classes.flush()
    cuts = tuple(scores.cuts_of(params))
    return ZoneMap("sensitivity", model, SENSITIVITY_METHOD, Stored(paths[1]), Stored(paths[0]), cuts)


# ---------------------------------------------------------------- what is said
def _not_assessed(record: str, name: Text, lacking: Sequence[str]) -> Fault:
    what = same(", ".join(lacking))
    return Fault(
        "zoning.not_assessed",
        "zoning",
        record,
        Text("{n}未评估：缺少图层 {l}。", "{n} is not assessed: the layers {l} are missing.").fill(n=name, l=what),
        Text("在 case.toml 的 layers 中给出它们。", "Give them under layers in case.toml."),
        "warning",
    )


def _no_service(name: str, service: str) -> Fault:
    return Fault(
        "zoning.not_assessed",
        "zoning",
        name,
        Text(
            "{n}的重要性未评估：没有服务 {s} 的结果。", "importance for {n} is not assessed: there is no result of the service {s}."
        ).fill(n=FUNCTION_ZONES[name], s=service or "—"),
        Text(
            "在 case.toml 中加入这项服务，或在 zoning.importance_functions 中去掉这项功能。",
            "Add the service in case.toml, or take the function out of zoning.importance_functions.",
        ),
        "warning",
    )


def _no_spread(record: str, name: str, value: float) -> Fault:
    return Fault(
        "zoning.no_spread",
        "zoning",
        f"{record} {name}",
        Text("全区的值都是 {v}，不能归一，因子不起作用。", "is {v} everywhere and cannot be scaled; the factor has no say.").fill(
            v=f"{value:g}"
        ),
        Text(
            "给出更细的图层，或用 zoning.npp.range.{n} 固定两端。",
            "Give a finer layer, or fix both ends with zoning.npp.range.{n}.",
        ).fill(n=name),
        "warning",
    )


def _unknown_method(params: Parameters, method: str) -> Fault:
    held = params.get("zoning.importance_method")
    clash = Text("zoning.importance_method 是 {m}。", "zoning.importance_method is {m}.").fill(m=method)
    remedy = Text("可用：{k}。", "Known: {k}.").fill(k=", ".join(IMPORTANCE_METHODS))
    return Fault("zoning.method", held.file, f"line {held.line}", clash, remedy)
