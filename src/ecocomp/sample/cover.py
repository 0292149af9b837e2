"""Land cover of the invented county by year: what grows in every cell, what people and sand change, what is disturbed.

Classes are the two-digit ecosystem codes of HJ 1172-2021. A parcel has one main class; inside it lie patches
of a second one, as in every real map. The disturbances are the truth that monitoring is tested against.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from ecocomp.sample.frame import CELL_M, EAST_M, NORTH_M, Frame
from ecocomp.sample.noise import fractal_at, mix
from ecocomp.sample.survey import Land, Survey
from ecocomp.terms.codes import ecosystem_of

SECOND = {
    11: 21,
    12: 31,
    13: 21,
    14: 33,
    21: 33,
    31: 21,
    32: 34,
    33: 21,
    34: 72,
    41: 33,
    51: 33,
    52: 51,
    61: 51,
    63: 82,
    72: 34,
    82: 34,
}
KINDS = ("clearing", "fire", "overgrazing")
AFFORESTED_PER_YEAR, BUILT_PER_YEAR = 0.018, 0.006
_NONE = np.iinfo(np.int32).max


@dataclass
class Cover:
    """parcel    int32 [n, n]: number of the parcel plus 1, 0 outside
    main, second  uint8 [years, parcels]: ecosystem codes; row 0 is the opening year
    years         calendar years of the rows
    kind, month   per parcel: disturbance (0 none, 1 clearing, 2 fire, 3 overgrazing) and months since January of years[0]
    """

    parcel: NDArray[np.int32]
    main: NDArray[np.uint8]
    second: NDArray[np.uint8]
    years: list[int]
    kind: NDArray[np.uint8]
    month: NDArray[np.int32]
    planted: NDArray[np.int32]  # year of afforestation, 0 never


def make_cover(frame: Frame, land: Land, survey: Survey, years: list[int]) -> Cover:
    """Return the land cover of the opening year and every year, with disturbances on named parcels."""
    main = np.empty((len(years), len(survey)), np.uint8)
    main[0] = opening_ecosystems(survey)
    kind, month = _disturbances(frame, survey, main[0], years)
    planted = _changes(frame, survey, main, years, kind, month)
    lookup = np.arange(100, dtype=np.uint8)
    for code, other in SECOND.items():
        lookup[code] = other
    return Cover(rasterised(frame, survey), main, lookup[main], years, kind, month, planted)


def opening_ecosystems(survey: Survey) -> NDArray[np.uint8]:
    """Return the ecosystem code of every parcel: the class decides the group, height and rain the kind of it."""
    classes, which = np.unique(survey.land_class, return_inverse=True)
    base = np.array([int(ecosystem_of(str(c)) or 0) for c in classes], np.uint8)[which]
    wet = survey.rain_mm > np.median(survey.rain_mm)
    forest = np.char.startswith(survey.land_class, "0301")
    base[forest & (survey.rank < 0.38)] = 11
    base[forest & (survey.rank > 0.66)] = 12
    shrub = base == 21
    base[shrub & ~wet & (survey.rank < 0.3)] = 23
    pasture = np.char.startswith(survey.land_class, "0401")
    base[pasture & (survey.rank > 0.6)] = 31
    other = np.char.startswith(survey.land_class, "0404")
    base[other & ~wet & (survey.rank < 0.5)] = 34
    return base


def _disturbances(frame: Frame, survey: Survey, eco: Any, years: list[int]) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    """Choose parcels of some hectares for each kind, spread over the years."""
    rng, each = frame.rng("disturbances"), max(3, frame.parcels // 400)
    kind, month = np.zeros(len(survey), np.uint8), np.full(len(survey), _NONE, np.int32)
    large = (survey.area_m2 > 2.5e4) & (survey.area_m2 < 60e4)
    forest, grass = np.isin(eco, (11, 12, 13)), np.isin(eco, (31, 32, 33))
    for code, fits, when in ((1, forest, (3, 7)), (2, forest, (1, 4)), (3, grass, (4, 5))):
        free = np.flatnonzero(large & fits & (kind == 0))
        if len(free) < each:
            free = np.flatnonzero(fits & (kind == 0) & (survey.area_m2 > 1e4))
        chosen = rng.permutation(free)[:each]
        kind[chosen] = code
        month[chosen] = 12 * (1 + np.arange(len(chosen)) % (len(years) - 1)) + rng.integers(*when, len(chosen))
    return kind, month


def _changes(frame: Frame, survey: Survey, main: Any, years: list[int], kind: Any, month: Any) -> NDArray[np.int32]:
    """Fill the rows of later years: planted cropland, new houses, cleared woods; return the year of planting."""
    rng = frame.rng("changes")
    planted = np.zeros(len(survey), np.int32)
    steep = survey.above_river_m > np.median(survey.above_river_m[main[0] == 51]) if (main[0] == 51).any() else main[0] > 99
    for y in range(1, len(years)):
        main[y] = main[y - 1]
        farm = (main[y] == 51) & (kind == 0)
        u = rng.uniform(0, 1, len(survey))
        new = farm & steep & (u < 2 * AFFORESTED_PER_YEAR)
        main[y][new] = 14
        planted[new] = years[y]
        main[y][farm & ~steep & (u < 2 * BUILT_PER_YEAR)] = 61
        main[y][(kind == 1) & (month // 12 == y)] = 33
    return planted


def rasterised(frame: Frame, survey: Survey) -> NDArray[np.int32]:
    """Return the parcel of every cell by its centre; cells the county only touches get a neighbour's parcel."""
    import rasterio
    import shapely
    from rasterio.features import rasterize

    parts, owner = shapely.get_parts(survey.geometry, return_index=True)
    ring, of_part = shapely.get_rings(parts, return_index=True)
    coords, of_ring = shapely.get_coordinates(ring, return_index=True)
    ends = np.searchsorted(of_ring, np.arange(len(ring) + 1))
    starts = ends[np.searchsorted(owner[of_part], np.arange(len(survey) + 1))]
    x, y = (coords[:, 0] - EAST_M) / CELL_M, (NORTH_M - coords[:, 1]) / CELL_M
    last = np.zeros(len(coords), bool)
    last[ends[1:] - 1] = True
    out = _burnt(x, y, last, starts, frame.n)
    county = shapely.coverage_union_all(survey.geometry)
    grid = rasterio.Affine(*frame.transform)
    touched = rasterize([(county, 1)], (frame.n, frame.n), transform=grid, all_touched=True, dtype="uint8") > 0
    for _ in range(2):
        best = out.copy()
        for a in (-1, 0, 1):
            for b in (-1, 0, 1):
                np.maximum(best, np.roll(out, (a, b), (0, 1)), out=best)
        out = np.where((out == 0) & touched, best, out)
    return out


@njit(cache=True)
def _burnt(x, y, last, starts, n):  # type: ignore[no-untyped-def]
    """Number the cells whose centre lies in each polygon (even-odd over all its rings), by scan lines.

    Crossings are computed from the edge's upper to its lower end, so both neighbours of a border find the same.
    """
    out = np.zeros((n, n), np.int32)
    cross = np.empty(65536)
    for p in range(len(starts) - 1):
        a, b = starts[p], starts[p + 1]
        low, high = y[a:b].min(), y[a:b].max()
        for row in range(max(0, int(np.floor(low - 0.5))), min(n - 1, int(np.ceil(high))) + 1):
            at, found = row + 0.5, 0
            for i in range(a, b - 1):
                if last[i] or (y[i] <= at) == (y[i + 1] <= at):
                    continue
                u, v = (i, i + 1) if y[i] < y[i + 1] else (i + 1, i)
                cross[found] = x[u] + (at - y[u]) * (x[v] - x[u]) / (y[v] - y[u])
                found += 1
            line = np.sort(cross[:found])
            for k in range(0, found - 1, 2):
                for col in range(max(0, int(np.ceil(line[k] - 0.5))), min(n, int(np.ceil(line[k + 1] - 0.5)))):
                    out[row, col] = p + 1
    return out


@njit(cache=True, parallel=True)
def _cells(parcel, row0, main, second, sandy, year_step, key):  # type: ignore[no-untyped-def]
    """Return the class of every cell of a strip: main class, patches of the second, sand that comes and goes."""
    rows, cols = parcel.shape
    out = np.zeros((rows, cols), np.uint8)
    for r in prange(rows):
        for c in range(cols):
            p = parcel[r, c]
            if p == 0:
                continue
            code = main[p - 1]
            x, y = c + 0.5, r + row0 + 0.5
            patch = fractal_at(x, y, 14.0, 3, 0.6, key)
            edge = 0.80 if (code == 51 or code == 61 or (code >= 41 and code < 44)) else 0.66
            odd = patch > edge or (mix(c, r + row0, key) & np.uint32(255)) < np.uint32(4)
            if odd and not (code >= 42 and code <= 43):
                code = second[p - 1]
            s = sandy[r, c] + 0.10 * fractal_at(x, y, 9.0, 2, 0.5, key + 77)
            if (code == 34 or code == 33 or code == 32 or code == 21 or code == 23) and s > 0.585 - 0.022 * year_step:
                code = np.uint8(72)
            elif code == 72 and s < 0.600 + 0.012 * year_step:
                code = np.uint8(34)
            out[r, c] = code
    return out


def cover_strip(frame: Frame, land: Land, cover: Cover, year_step: int, row0: int, row1: int) -> NDArray[np.uint8]:
    """Return the land cover of the rows row0…row1−1 in year number `year_step` (0: opening)."""
    part = slice(row0, row1)
    made: NDArray[np.uint8] = _cells(
        cover.parcel[part], row0, cover.main[year_step], cover.second[year_step], land.sandy[part], year_step, frame.key("patches")
    )
    return made


RESERVOIR_DEPTH_M = 9.0


def reservoir_rows(frame: Frame, land: Land, made: Cover) -> list[list[object]]:
    """Return the one reservoir, columns of the table `reservoir`: a point on the largest lake parcel and what it holds.

    A county without a lake has no reservoir.
    """
    lakes = np.flatnonzero(made.main[0] == 42)
    if not lakes.size:
        return []
    cells = np.bincount(made.parcel[made.parcel > 0] - 1, minlength=made.main.shape[1])
    largest = int(lakes[np.argmax(cells[lakes])])
    codes = cover_strip(frame, land, made, 0, 0, frame.n)
    rows, cols = np.nonzero((made.parcel == largest + 1) & (codes == 42))
    if not rows.size:
        return []
    middle = int(np.argmin((rows - rows.mean()) ** 2 + (cols - cols.mean()) ** 2))
    x, y = frame.to_crs(np.array(cols[middle] + 0.5), np.array(rows[middle] + 0.5))
    capacity = round(rows.size * CELL_M**2 * RESERVOIR_DEPTH_M, -3)
    return [["QX-R01", round(float(x), 1), round(float(y), 1), capacity]]
