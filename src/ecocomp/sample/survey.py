"""Survey parcels of the invented county: dense small plots in the valleys, wide forest and grassland above.

Seeds are strewn by what the land can bear, their Voronoi cells get a survey class from relief, water, rain and
villages, and cells of one class, village and owner grow together to parcels with a lognormal spread of areas.
Ditches, paths and roads are slit in along parcel borders; a few parcels consist of two parts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ecocomp.sample.frame import CELL_M, COUNTY, EAST_M, NORTH_M, SAND_ANGLE, Frame
from ecocomp.sample.noise import fractal, fractal_at
from ecocomp.sample.places import make_places
from ecocomp.sample.relief import INFLOW_SHARE, Relief
from ecocomp.sample.tessellation import Edges, rings, slit, sound_rings, union_by, unsound, voronoi

CELLS_PER_PARCEL = 3.0
MEDIAN_HA = {"01": 0.5, "02": 0.6, "03": 3.5, "04": 4.0, "05": 0.3, "06": 1.5, "07": 0.25, "08": 0.4, "11": 2.5, "12": 7.0}
SPREAD = {"01": 0.7, "02": 0.7, "03": 1.35, "04": 1.3, "07": 0.7, "11": 0.9, "12": 1.2}
EARTH_M = 6_378_000.0
FARM_HEIGHT_M, FARM_SLOPE, FARM_REACH_M = 75.0, 0.34, 2300.0


@dataclass
class Land:
    """Fields of the grid that decide what grows where (float32, rows × columns)."""

    relief: Relief
    rank: NDArray[np.float32]  # share of the county lying lower, 0…1
    rain_mm: NDArray[np.float32]
    sandy: NDArray[np.float32]
    village_x: NDArray[np.float64]
    village_y: NDArray[np.float64]


@dataclass
class Survey:
    """Parcels: geometry (shapely), survey class, number of the village, owner (state or not), ecosystem in the
    opening year, mean height rank and rain; `villages` in the order of their codes."""

    geometry: Any
    land_class: NDArray[np.str_]
    village: NDArray[np.intp]
    state: NDArray[np.bool_]
    rank: NDArray[np.float64]
    rain_mm: NDArray[np.float64]
    above_river_m: NDArray[np.float64]
    area_m2: NDArray[np.float64]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    parcel_id: NDArray[np.str_] = field(default_factory=lambda: np.empty(0, "U19"))
    declared_m2: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))

    def __len__(self) -> int:
        return len(self.land_class)


# ---------------------------------------------------------------- fields
def make_land(frame: Frame, relief: Relief) -> Land:
    """Return rain, sand and height rank, and choose where the villages stand."""
    n = frame.n
    heights = np.sort(relief.elevation[relief.mask][:: max(1, n * n // 200_000)])
    rank = np.interp(relief.elevation, heights, np.linspace(0, 1, len(heights))).astype(np.float32)
    at = ((np.arange(n) + 0.5) / n).astype(np.float32)
    rise = np.nan_to_num(relief.elevation, nan=1900.0) - np.float32(1900)
    rain = 690 + 0.16 * rise + 190 * (at[:, None] - at[None, :]) + 55 * fractal(0, n, n, n * 0.4, 3, 0.5, frame.key("rain"))
    bx, by = frame.at_angle(SAND_ANGLE, 0.70)
    far = ((at[None, :] - bx) / 0.15) ** 2 + ((at[:, None] - by) / 0.13) ** 2
    sandy = 1.25 * np.exp(-far) + 0.30 * fractal(0, n, n, n * 0.09, 5, 0.6, frame.key("sand")) - 1.2 * relief.slope
    x, y = _villages(frame, relief)
    return Land(relief, rank, rain.astype(np.float32), sandy.astype(np.float32), x, y)


def village_count(parcels: int) -> int:
    """Return how many villages a county of this many parcels has: 15 to 60."""
    return int(np.clip(round(15 * (parcels / 2000) ** 0.35), 15, 60))


def _villages(frame: Frame, relief: Relief) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return village centres: low, flat, near a stream, apart from each other; sorted from north to south."""
    rng, wanted = frame.rng("villages"), village_count(frame.parcels)
    rows, cols = np.nonzero(relief.mask)
    pick = rng.choice(len(rows), min(len(rows), 40_000), replace=False)
    rows, cols = rows[pick], cols[pick]
    x, y = frame.to_crs(cols.astype(np.float64) + 0.5, rows.astype(np.float64) + 0.5)
    cost = relief.above_river_m[rows, cols] / 40 + relief.slope[rows, cols] * 5 + rng.exponential(0.5, len(rows))
    cost[~frame.inside(x, y, 0.93)] = np.inf
    cost[relief.area_cells[rows * frame.n + cols] > frame.n**2 * INFLOW_SHARE] = np.inf
    order = np.argsort(cost, kind="stable")
    apart = 0.85 * np.sqrt(relief.mask.sum() * CELL_M**2 / wanted)
    chosen: list[int] = []
    while len(chosen) < wanted:
        chosen, left = [], order[np.isfinite(cost[order])]
        while len(left) and len(chosen) < wanted:
            best = left[0]
            chosen.append(int(best))
            left = left[(x[left] - x[best]) ** 2 + (y[left] - y[best]) ** 2 > apart**2]
        apart *= 0.88
    chosen.sort(key=lambda i: -y[i])
    return x[chosen], y[chosen]


# ---------------------------------------------------------------- seeds
def _weights(land: Land, frame: Frame) -> NDArray[np.float32]:
    """Return how densely seeds lie, per cell: valleys and village surroundings many, mountains few."""
    r = land.relief
    farm = np.clip(1.25 - r.above_river_m / FARM_HEIGHT_M, 0, 1) * np.clip(1.3 - r.slope / FARM_SLOPE, 0, 1)
    out = (0.75 + 7.0 * farm).astype(np.float32)
    out[land.sandy > 0.5] = 0.5
    reach = max(1, int(420 / CELL_M))
    rows, cols = frame.cells_of(land.village_x, land.village_y)
    for row, col in zip(rows, cols, strict=True):
        out[max(0, row - reach) : row + reach + 1, max(0, col - reach) : col + reach + 1] *= 2.2
    out[~r.mask] = 0
    return out


def _strewn(frame: Frame, weights: NDArray[np.float32], count: int) -> NDArray[np.float64]:
    """Return `count` seeds in proportion to the weights, evenly within blocks (columns, rows in cells)."""
    rng, n, block = frame.rng("seeds"), frame.n, 12
    side = -(-n // block) * block
    padded = np.zeros((side, side), np.float32)
    padded[:n, :n] = weights
    tiles = padded.reshape(side // block, block, side // block, block).transpose(0, 2, 1, 3)
    total = np.cumsum(tiles.ravel(), dtype=np.float64)
    at = np.searchsorted(total, (np.arange(count) + rng.uniform(0, 1, count)) / count * total[-1])
    tile, cell = np.divmod(np.minimum(at, len(total) - 1), block * block)
    row = tile // (side // block) * block + cell // block + rng.uniform(0, 1, count)
    col = tile % (side // block) * block + cell % block + rng.uniform(0, 1, count)
    return np.column_stack(frame.to_crs(col, row))


def river_lines(frame: Frame, relief: Relief) -> list[tuple[NDArray[np.float64], float]]:
    """Return the trunk river and its large tributaries as smooth lines (CRS) with their widths (m)."""
    n, area = frame.n, relief.area_cells
    lines = [(_smooth_line(frame, _downhill(relief, relief.inlet, np.zeros(n * n, bool))), 38.0)]
    seen = np.zeros(n * n, bool)
    seen[_downhill(relief, relief.inlet, seen)] = True
    least = 60e6 / CELL_M**2
    inflow = np.zeros(n * n, bool)
    inflow[relief.receiver[relief.order[(area[relief.order] >= least) & (relief.receiver[relief.order] >= 0)]]] = True
    heads = np.flatnonzero((area >= least) & ~inflow & ~seen)
    for head in heads[np.argsort(-area[heads], kind="stable")]:
        way = _downhill(relief, int(head), seen)
        if len(way) > 40:
            lines.append((_smooth_line(frame, way[:-4]), 16.0))
        seen[way] = True
    return lines


def _downhill(relief: Relief, cell: int, stop: NDArray[np.bool_]) -> list[int]:
    way = []
    while cell >= 0 and not stop[cell]:
        way.append(cell)
        cell = int(relief.receiver[cell])
    return way


def _smooth_line(frame: Frame, way: list[int]) -> NDArray[np.float64]:
    """Return the way as a smoothed line through cell centres, one point per 60 m."""
    row, col = np.divmod(np.array(way), frame.n)
    xy = np.column_stack(frame.to_crs(col + 0.5, row + 0.5))
    for _ in range(3):
        inner = (xy[:-4] + 2 * xy[1:-3] + 3 * xy[2:-2] + 2 * xy[3:-1] + xy[4:]) / 9
        xy = np.concatenate([xy[:2], inner, xy[-2:]])
    along = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(xy, axis=0).T))])
    at = np.arange(0, along[-1], 60.0)
    return np.column_stack([np.interp(at, along, xy[:, k]) for k in (0, 1)])


def _all_seeds(frame: Frame, land: Land) -> tuple[NDArray[np.float64], NDArray[np.int8]]:
    """Return seeds and their role: 0 land, 1 river, 2 bank, 3 guard around the county."""
    river, bank = [], []
    for line, width in river_lines(frame, land.relief):
        step = np.gradient(line, axis=0)
        normal = np.column_stack([-step[:, 1], step[:, 0]]) / np.maximum(np.hypot(*step.T), 1e-9)[:, None]
        river.append(line)
        bank += [line + normal * width, line - normal * width]
    free = _strewn(frame, _weights(land, frame), round(CELLS_PER_PARCEL * frame.parcels))
    wet = np.concatenate(river)
    blocked = _near(free, wet, 95.0)
    free = free[~blocked]
    angle = np.linspace(-np.pi, np.pi, max(64, int(2.7 * frame.side_m / 55)), endpoint=False)
    guard = [np.column_stack(_ring(frame, angle, grow)) for grow in (1.05, 1.30)]
    free = free[frame.inside(free[:, 0], free[:, 1], 1.04)]
    parts = [free, wet, np.concatenate(bank), *guard]
    roles = [0, 1, 2, 3, 3]
    return np.concatenate(parts), np.concatenate([np.full(len(p), k, np.int8) for p, k in zip(parts, roles, strict=True)])


def _ring(frame: Frame, angle: NDArray[np.float64], grow: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    reach = frame.radius(angle) * grow * frame.side_m
    half = frame.side_m / 2
    return EAST_M + half + reach * np.cos(angle), NORTH_M - half + reach * np.sin(angle)


def _near(points: NDArray[np.float64], line: NDArray[np.float64], reach: float) -> NDArray[np.bool_]:
    from scipy.spatial import cKDTree

    far, _ = cKDTree(line).query(points, distance_upper_bound=reach)
    return np.isfinite(far)


# ---------------------------------------------------------------- classes
@njit(cache=True)
def _noise_points(x, y, wave, octaves, gain, key):  # type: ignore[no-untyped-def]
    out = np.empty(len(x))
    for i in range(len(x)):
        out[i] = fractal_at(x[i], y[i], wave, octaves, gain, key)
    return out


def _village_of(frame: Frame, land: Land, xy: NDArray[np.float64]) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return the number of the village each point belongs to (crooked borders) and the distance to its centre (m)."""
    from scipy.spatial import cKDTree

    wave = 0.25 * frame.side_m
    shift = [0.05 * frame.side_m * _noise_points(xy[:, 0], xy[:, 1], wave, 4, 0.6, frame.key(f"bounds{k}")) for k in "xy"]
    centres = np.column_stack([land.village_x, land.village_y])
    _, nearest = cKDTree(centres).query(xy + np.column_stack(shift))
    return nearest.astype(np.intp), np.hypot(*(xy - centres[nearest]).T)


def _classes(frame: Frame, land: Land, xy: Any, role: Any, far: Any) -> NDArray[np.str_]:
    """Return the survey class of every seed; the first rule that holds decides."""
    row, col = frame.cells_of(xy[:, 0], xy[:, 1])
    r, rng = land.relief, frame.rng("classes")
    above, slope, rank = r.above_river_m[row, col], r.slope[row, col], land.rank[row, col]
    rain, sandy = land.rain_mm[row, col], land.sandy[row, col]
    patch = _noise_points(xy[:, 0], xy[:, 1], 1600.0, 4, 0.6, frame.key("patch"))
    other = _noise_points(xy[:, 0], xy[:, 1], 2600.0, 4, 0.6, frame.key("other"))
    u = rng.uniform(0, 1, len(xy))
    dry = (rain - np.median(rain)) / max(1.0, float(np.std(rain))) + 0.55 * other
    apart = float(np.sqrt(r.mask.sum() * CELL_M**2 / len(land.village_x)))
    reach = max(FARM_REACH_M, 0.45 * apart)  # fewer villages to the area in a large county
    farm = (
        (above < FARM_HEIGHT_M * (1 + 0.6 * patch)) & (slope < FARM_SLOPE * (1 + 0.4 * patch)) & (far < reach * (1 + 0.5 * other))
    )
    farm &= rank < 0.72
    lake = _lake(frame, land, xy)
    home = far < 170 * (1 + 0.9 * patch) + 90 * (u > 0.5)
    rules = [
        (role == 1, "1101"),
        (lake, "1102"),
        (sandy > 0.62, np.where(u > 0.97, "1201", "1205")),
        (sandy > 0.47, np.where(u > 0.75, "0305", "0404")),
        ((role == 2) & (patch > 0.25), "1106"),
        (home & (slope < 0.45) & (u < 0.86), np.where(u < 0.03, "08H2", "0702")),
        ((above < 6) & (slope < 0.10) & (other > 0.42), np.where(rank > 0.6, "0402", "1108")),
        (farm & (other > 0.50) & (u < 0.8), np.where(u < 0.45, "0201", "0204")),
        (farm & (u > 0.985), "1104"),
        (farm & (above < 18) & (slope < 0.13), np.where((rank < 0.15) & (patch > 0.2), "0101", "0102")),
        (farm & (u < 0.93), "0103"),
        ((far < 1500) & (u > 0.9975), "0602"),
        ((rank > 0.972 + 0.04 * patch) | (slope > 1.15), "1207"),
        ((rank > 0.80 + 0.12 * patch) & (other > -0.55), "0401"),
        (dry < -1.05, np.where(u < 0.55, "0401", "0404")),
        ((dry < -0.45) & (patch > -0.1), np.where(u < 0.35, "0404", "0305")),
        (patch < -0.48, "0305"),
        ((patch > 0.62) & (rank < 0.7), "0307"),
        ((other > 0.55) & (rank > 0.35), "0404"),
    ]
    return np.select([np.asarray(w) for w, _ in rules], [np.asarray(c, dtype="U5") for _, c in rules], "0301")


def _lake(frame: Frame, land: Land, xy: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which points lie in the lake: beside the trunk, where its valley is flattest."""
    line = river_lines(frame, land.relief)[0][0]
    part = line[len(line) // 4 : 3 * len(line) // 4]
    row, col = frame.cells_of(part[:, 0], part[:, 1])
    reach = max(3, frame.n // 60)
    flat = [
        land.relief.above_river_m[max(0, a - reach) : a + reach, max(0, b - reach) : b + reach].mean()
        for a, b in zip(row, col, strict=True)
    ]
    x, y = part[int(np.argmin(flat))]
    wobble = _noise_points(xy[:, 0], xy[:, 1], 900.0, 3, 0.6, frame.key("lake"))
    inside: NDArray[np.bool_] = np.hypot((xy[:, 0] - x) / 1.5, xy[:, 1] - y) < 0.020 * frame.side_m * (1 + 0.5 * wobble)
    return inside


# ---------------------------------------------------------------- growing parcels
@njit(cache=True)
def _grow(starts, to, key, area, goal, order):  # type: ignore[no-untyped-def]
    """Let parcels grow over neighbours of the same key until their goal is reached; return their numbers and count."""
    group = np.full(len(key), -1, np.int64)
    count = 0
    queue = np.empty(len(key), np.int64)
    for s in order:
        if group[s] >= 0:
            continue
        group[s] = count
        total, head, tail = area[s], 0, 1
        queue[0] = s
        while head < tail and total < goal[s]:
            i = queue[head]
            head += 1
            for t in range(starts[i], starts[i + 1]):
                j = to[t]
                if group[j] < 0 and key[j] == key[s] and total + 0.5 * area[j] < goal[s]:
                    group[j] = count
                    total += area[j]
                    queue[tail] = j
                    tail += 1
        count += 1
    return group, count


@njit(cache=True)
def _release(group, count, order, wanted):  # type: ignore[no-untyped-def]
    """Take single cells out of parcels of several until there are `wanted` parcels."""
    size = np.zeros(len(group) + 1, np.int64)
    for g in group:
        size[g] += 1
    for i in order:
        if count >= wanted:
            break
        if size[group[i]] > 1:
            size[group[i]] -= 1
            group[i] = count
            size[count] = 1
            count += 1
    return count


@njit(cache=True)
def _join(starts, to, key, group, count, order, wanted):  # type: ignore[no-untyped-def]
    """Join parcels with a neighbour of the same key, in the given order of cells, until `wanted` are left."""
    name = np.arange(group.max() + 1)
    for i in order:
        if count <= wanted:
            break
        for t in range(starts[i], starts[i + 1]):
            j = to[t]
            if key[j] != key[i]:
                continue
            a, b = group[i], group[j]
            while name[a] != a:
                a = name[a]
            while name[b] != b:
                b = name[b]
            if a != b:
                name[max(a, b)] = min(a, b)
                count -= 1
                break
    for i in range(len(group)):
        g = group[i]
        while name[g] != g:
            g = name[g]
        group[i] = g
    return count


def _neighbours(cells: NDArray[np.intp], count: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    a = np.concatenate([cells[:, 0], cells[:, 1]])
    b = np.concatenate([cells[:, 1], cells[:, 0]])
    order = np.lexsort((b, a))
    return np.searchsorted(a[order], np.arange(count + 1)).astype(np.int64), b[order].astype(np.int64)


def _grouped(frame: Frame, cells: Any, key: Any, kind: Any, area: Any, wanted: int) -> NDArray[np.int64]:
    """Return exactly `wanted` groups of cells of one key; goals of area are scaled until the number fits."""
    rng, count = frame.rng("grow"), len(key)
    starts, to = _neighbours(cells, count)
    first = np.array([k[:2] for k in kind])
    median = np.array([MEDIAN_HA.get(f, 1.0) for f in first]) * 1e4
    goal = median * np.exp(rng.normal(0, 1, count) * np.array([SPREAD.get(f, 0.8) for f in first]))
    goal[np.char.startswith(kind, "1102")] = 4e7
    order = rng.permutation(count)
    low, high = 0.02, 30.0
    for _ in range(18):
        scale = (low * high) ** 0.5
        group, found = _grow(starts, to, key, area, goal * scale, order)
        low, high = (scale, high) if found > wanted else (low, scale)
    found = _release(group, found, order, wanted)
    small = np.argsort(area, kind="stable")
    for alike in (key, key % 2000, key % 2, key * 0):  # a very small county must join unlike neighbours
        found = _join(starts, to, alike, group, found, small, wanted)
    return np.unique(group, return_inverse=True)[1].astype(np.int64)


# ---------------------------------------------------------------- ditches and paths
def _paths(frame: Frame, edges: Edges, inside: Any, group: Any, kind: Any, wanted: int) -> tuple[Any, Any, Any]:
    """Return the path number of every edge (−1 none), the width and class of each path, along parcel borders."""
    rng = frame.rng("paths")
    both = inside[edges.cells].all(axis=1)
    a, b = edges.cells.T
    border = both & (group[a] != group[b]) & (edges.lengths() > 26)
    water = np.isin(kind, ("1101", "1102"))
    border &= ~(water[a] | water[b])
    farm = np.char.startswith(kind, "01") | np.char.startswith(kind, "07") | np.char.startswith(kind, "02")
    begin = np.flatnonzero(border & farm[a] & farm[b])
    at_vertex: dict[int, list[int]] = {}
    for e in np.flatnonzero(border):
        for v in edges.vertices[e]:
            at_vertex.setdefault(int(v), []).append(int(e))
    path = np.full(len(edges.cells), -1, np.intp)
    used: set[int] = set()
    width, sort, number = [], [], 0
    short = _short_spokes(edges)
    for e in begin[rng.permutation(len(begin))]:
        if number == wanted:
            break
        way, seen = _walk(edges, int(e), at_vertex, used, short, int(rng.integers(8, 26)))
        if len(way) < 5:
            continue
        path[way] = number
        used.update(seen)
        for v in seen:
            used.update(int(w) for e2 in at_vertex.get(v, ()) for w in edges.vertices[e2])
        ditch = rng.uniform() < 0.45
        width.append(round(float(rng.uniform(2.0, 3.5) if ditch else rng.uniform(3.5, 6.5)), 1))
        sort.append("1107" if ditch else "1006")
        number += 1
    return path, np.array(width), np.array(sort, dtype="U5")


def _short_spokes(edges: Edges) -> NDArray[np.bool_]:
    """Return which vertices have an edge too short to be moved safely."""
    out = np.zeros(len(edges.corner), bool)
    out[edges.vertices[edges.lengths() < 22].ravel()] = True
    return out


def _walk(edges: Edges, e: int, at_vertex: Any, used: set[int], short: Any, most: int) -> tuple[list[int], list[int]]:
    """Walk from edge to edge as straight as borders allow."""
    way, seen = [], [int(v) for v in edges.vertices[e]]
    if used.intersection(seen) or short[seen].any():
        return [], []
    way.append(e)
    while len(way) < most:
        tip, before = seen[-1], seen[-2]
        ahead = edges.corner[tip] - edges.corner[before]
        best, goes = -0.2, None
        for f in at_vertex.get(tip, ()):
            end = int(edges.vertices[f][0] if edges.vertices[f][1] == tip else edges.vertices[f][1])
            if f in way or end in seen or end in used or short[end]:
                continue
            step = edges.corner[end] - edges.corner[tip]
            cos = float(step @ ahead) / max(float(np.hypot(*step) * np.hypot(*ahead)), 1e-9)
            if cos > best:
                best, goes = cos, (f, end)
        if goes is None:
            break
        way.append(goes[0])
        seen.append(goes[1])
    return way, seen


# ---------------------------------------------------------------- the whole
def make_survey(frame: Frame, land: Land) -> Survey:
    """Return exactly `frame.parcels` parcels that tile the county."""
    import shapely

    seeds, role = _all_seeds(frame, land)
    edges = voronoi(seeds, frame.rng("edges"))
    inside = frame.inside(seeds[:, 0], seeds[:, 1]) & (role < 3)
    village, far = _village_of(frame, land, seeds)
    kind = _classes(frame, land, seeds, role, far)
    row, col = frame.cells_of(seeds[:, 0], seeds[:, 1])
    state = _state_land(frame, land, seeds, kind, land.rank[row, col])
    area = np.zeros(len(seeds))
    area[inside] = shapely.area(sound_rings(edges, inside))
    inner = np.flatnonzero(inside)
    number = np.cumsum(inside) - 1
    both = inside[edges.cells].all(axis=1)
    _, code = np.unique(kind[inner], return_inverse=True)
    key = (code * 1000 + village[inner]) * 2 + state[inner]
    wanted = max(3, round(0.015 * frame.parcels))
    group = np.full(len(seeds), -1, np.int64)
    while True:
        group[inner] = _grouped(frame, number[edges.cells[both]], key, kind[inner], area[inner], frame.parcels - wanted)
        path, width, sort = _sound_paths(
            edges, inside, *_paths(frame, edges, inside, group, kind, wanted + wanted // 3 + 2), wanted
        )
        if len(width) == wanted:
            break
        wanted = len(width)
    left, right, rims = slit(edges, path, width)
    strips = shapely.polygons([shapely.linearrings(rim) for rim in rims]) if rims else np.empty(0, object)
    cells = rings(edges, inside, left, right)
    return _assembled(frame, land, cells, strips, group[inner], kind[inner], village[inner], state[inner], sort)


def _sound_paths(edges: Edges, inside: Any, path: Any, width: Any, sort: Any, wanted: int) -> tuple[Any, Any, Any]:
    """Keep the first `wanted` paths that leave every cell and strip a sound polygon."""
    import shapely

    if not len(width):
        return path, width, sort
    left, right, rims = slit(edges, path, width)
    moved = np.isin(edges.vertices, edges.vertices[path >= 0]).any(axis=1)
    about = np.zeros(len(inside), bool)
    about[edges.cells[moved]] = True
    about &= inside
    cells = rings(edges, about, left, right)
    fault = unsound(np.concatenate([cells, shapely.polygons([shapely.linearrings(rim) for rim in rims])]))
    bad_cell, bad = np.flatnonzero(about)[fault[: len(cells)]], fault[len(cells) :]
    near = np.isin(edges.vertices, edges.vertices[np.isin(edges.cells, bad_cell).any(axis=1)]).any(axis=1)
    bad[np.unique(path[near & (path >= 0)])] = True
    keep = np.flatnonzero(~bad)[:wanted]
    name = np.full(len(width) + 1, -1, np.intp)
    name[keep] = np.arange(len(keep))
    return name[path], width[keep], sort[keep]


def _state_land(frame: Frame, land: Land, xy: Any, kind: Any, rank: Any) -> NDArray[np.bool_]:
    """Return which cells are state land: waters, and the forest farm's blocks in the mountains."""
    blocks = _noise_points(xy[:, 0], xy[:, 1], 0.33 * frame.side_m, 3, 0.5, frame.key("state"))
    wild = np.isin(kind, ("0301", "0305", "0307", "0401", "1207")) & (rank > 0.45) & (blocks > 0.28)
    out: NDArray[np.bool_] = wild | np.isin(kind, ("1101", "1102", "1106"))
    return out


def _assembled(
    frame: Frame, land: Land, cells: Any, strip: Any, group: Any, kind: Any, village: Any, state: Any, sort: Any
) -> Survey:
    """Join cells to parcels, add the strips, give codes in the order of villages, and read the fields off the grid."""
    import shapely

    count = int(group.max()) + 1
    first = np.zeros(count, np.intp)
    by_size = np.argsort(shapely.area(cells), kind="stable")
    first[group[by_size]] = by_size  # the largest cell names the parcel
    geometry = np.concatenate([union_by(cells, group, count), strip])
    middle = shapely.point_on_surface(geometry)
    x, y = shapely.get_x(middle), shapely.get_y(middle)
    kinds = np.concatenate([kind[first], sort]).astype("U5")
    strip_village, _ = _village_of(frame, land, np.column_stack([x[count:], y[count:]]))
    villages = np.concatenate([village[first], strip_village])
    states = np.concatenate([state[first], np.zeros(len(sort), bool)])
    order = np.lexsort((x, -y, villages))
    row, col = frame.cells_of(x[order], y[order])
    plane = shapely.area(geometry[order])
    survey = Survey(
        geometry[order],
        kinds[order],
        villages[order],
        states[order],
        land.rank[row, col].astype(float),
        land.rain_mm[row, col].astype(float),
        land.relief.above_river_m[row, col].astype(float),
        plane / (1 + ((x[order] - 500_000) / EARTH_M) ** 2),
        x[order],
        y[order],
    )
    codes = make_places(frame, land.village_x, land.village_y).code
    return _with_codes(frame, _with_suffix(frame, survey), codes)


def _with_suffix(frame: Frame, survey: Survey) -> Survey:
    """Give K (may return to cropland) to some gardens and woods that stand near the valley floor."""
    u = frame.rng("suffix").uniform(0, 1, len(survey))
    may = np.isin(survey.land_class, ("0201", "0204", "0301", "0307")) & (survey.above_river_m < 130) & ~survey.state
    survey.land_class = np.where(may & (u < 0.12), np.char.add(survey.land_class, "K"), survey.land_class).astype("U5")
    return survey


def feature_code(land_class: str, state: bool) -> str:
    """Return the two letters of a parcel code (GB/T 37346: owner, then kind of right) for a class.

    >>> feature_code("0103", False), feature_code("0301", True)
    ('JD', 'GE')
    """
    kinds = {"01": "D", "02": "D", "03": "E", "04": "F", "07": "C"}
    kind = kinds.get(land_class[:2], "Y")
    return ("G" if state else "J") + ("B" if kind == "C" and state else kind)


def _with_codes(frame: Frame, survey: Survey, codes: list[str]) -> Survey:
    """Give parcel codes (19 characters) and registered areas: near the measured ones, a few off by more than 5 %."""
    features = [feature_code(str(c), bool(s)) for c, s in zip(survey.land_class, survey.state, strict=True)]
    seen: dict[str, int] = {}
    out = []
    for v, f in zip(survey.village, features, strict=True):
        head = codes[int(v)] + f
        seen[head] = seen.get(head, 0) + 1
        out.append(f"{head}{seen[head]:05d}")
    survey.parcel_id = np.array(out, "U19")
    assert all(code.startswith(COUNTY) for code in out)
    rng = frame.rng("declared")
    off = rng.normal(0, 0.004, len(survey))
    wrong = rng.uniform(0, 1, len(survey)) < 0.012
    off[wrong] = rng.choice([-1, 1], int(wrong.sum())) * rng.uniform(0.06, 0.25, int(wrong.sum()))
    survey.declared_m2 = np.round(survey.area_m2 * (1 + np.clip(off, -0.3, 0.3)), 2)
    return survey
