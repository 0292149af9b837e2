"""Sediment that is trapped on its way down [t/(ha·a)] as a layer, made once for a year and kept on disk.

For sediment delivery. What erodes on a cell and is not delivered moves on to the cells below, by the shares of water. Where
delivery rises downhill, a cell keeps the share (SDR_dn − SDR)/(1 − SDR) of what passes. Everything is at the values of the
parameters. Soil loss or delivery that is not known adds nothing to what lies below, so the layer is then a lower bound
there. Streams keep nothing.

References
----------
1. natcap/invest source 54ff9ca, sediment_deposition.h (the scheme; steps A and B of its guide).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from ecocomp.grid._routes import _DC, _DR, NONE, PENDING, _gives, _linked, _share
from ecocomp.services.derive import Making, StoredLayer, digest_of, keep
from ecocomp.services.factors.sediment import delivery_ratio, trapping_share
from ecocomp.services.layers._drained import CODE_VERSION as DRAINED
from ecocomp.services.layers._drained import routing, rule
from ecocomp.services.site import PASS, NotAssessed, Site, StripReader
from ecocomp.services.water_erosion import whole_factors
from ecocomp.terms.faults import FaultsError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ecocomp.grid.routing import Shares
    from ecocomp.grid.tiling import Scratch

    Floats = NDArray[np.float64]

CODE_VERSION = "deposition-1"
"""Changes whenever the stored numbers would; part of their fingerprint."""
GIVES = ("sediment_trapped",)
NEEDS = ("elevation", "ndvi", "ls_factor", "connectivity_index")
RATIO = ("ic0", "k", "sdr_max")
ROWS = 256


def make(making: Making) -> dict[str, StripReader]:
    """Return what is trapped in the year; nothing where soil loss cannot be told, which the service then says itself."""
    p, grid = making.params, making.grid
    site = Site(p, {name: reader.bands for name, reader in making.layers.items()}, grid, making.year)
    try:
        factors = whole_factors("sediment_delivery", site, making.layers)
    except (NotAssessed, FaultsError):  # a layer, method or rule is missing; the service names it when it is prepared
        return {}
    ratio = [p.number(f"services.sediment.{k}") for k in RATIO]
    index = making.layers["connectivity_index"]

    def build(path: Path) -> None:
        from ecocomp.grid.georef import cell_area_m2_by_row
        from ecocomp.grid.tiling import TILE, Scratch

        area_ha, scratch = cell_area_m2_by_row(grid) / 1e4, Scratch(making.folder)
        loss, sdr = (scratch.empty(grid.shape, np.float64) for _ in range(2))
        for a, b in grid.strips(ROWS):
            rkls, cover, practice = factors.rows(a, b)
            loss[a:b] = rkls * cover * practice * area_ha[a:b, None]
            _ratios(np.asarray(index.read(a, b)[0], np.float64), *ratio, sdr[a:b])
        trapped = sediment_trapped(rule(making, scratch), loss, sdr, TILE, scratch)
        out = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=grid.shape)
        for a, b in grid.strips(ROWS):
            out[a:b] = trapped[a:b] / area_ha[a:b, None]
        out.flush()

    words = (CODE_VERSION, DRAINED, grid.fingerprint(), digest_of(making.layers["elevation"], grid), digest_of(index, grid),
             *factors.known(), routing(p), *ratio)  # fmt: skip
    return {"sediment_trapped": StoredLayer(keep(making.folder, "sediment_trapped", words, build))}


def sediment_trapped(
    shared: Shares, loss: Floats, sdr: Floats, tile: tuple[int, int] | None = None, scratch: Scratch | None = None
) -> Floats:
    """Return what each cell traps of what comes from above, in the unit of `loss` (rows, columns).

    Parameters
    ----------
    shared : rule of sharing water
    loss : soil loss of each cell, as a mass, NaN where it is not known
    sdr : delivery ratio of each cell, 1 on streams, NaN where it is not known
    tile : rows and columns worked on at once, None for all; the result does not depend on it
    scratch : where the arrays are kept, in memory where None
    """
    from ecocomp.grid.terrain import unknown
    from ecocomp.grid.tiling import Scratch, settle

    scratch = scratch or Scratch()
    flux: Floats = unknown(shared.way, np.float64, scratch)
    trapped: Floats = unknown(shared.way, np.float64, scratch)
    args = (*shared._args(), np.ascontiguousarray(loss, np.float64), np.ascontiguousarray(sdr, np.float64), flux, trapped)
    settle(shared.way.shape, tile, lambda *window: _deposit(*window, *args), scratch.release)
    return trapped


@njit(**PASS)  # type: ignore[untyped-decorator]
def _ratios(index, ic0, k, sdr_max, out):  # type: ignore[no-untyped-def]
    """Put the delivery ratio into out; 1 on streams, where the index is infinite."""
    for r in range(index.shape[0]):
        for c in range(index.shape[1]):
            out[r, c] = 1.0 if index[r, c] == np.inf else delivery_ratio(index[r, c], ic0, k, sdr_max)


@njit(**PASS)  # type: ignore[untyped-decorator]
def _settled(arrived, loss, sdr, below):  # type: ignore[no-untyped-def]
    """Return (trapped, moving on) of a cell."""
    if sdr != sdr or loss != loss:
        if sdr >= 1.0:  # a stream without soil loss
            return 0.0, 0.0
        return np.nan, 0.0
    if sdr >= 1.0:
        return 0.0, 0.0
    share = trapping_share(sdr, below)
    return share * arrived, (1.0 - share) * arrived + loss * (1.0 - sdr)


@njit(**PASS)  # type: ignore[untyped-decorator]
def _deposit(r0, r1, c0, c1, size, corner, touched, kind, z, way, aux, across, along, loss, sdr, flux, trapped):  # type: ignore[no-untyped-def]
    """Do every cell of the window that can be done, from the divides down."""
    rows, columns = way.shape
    bits, waiting = np.empty((r1 - r0, c1 - c0), np.uint8), np.empty((r1 - r0, c1 - c0), np.uint8)
    _linked(r0, r1, c0, c1, kind, z, way, aux, flux, True, bits, waiting)
    stack = np.empty(bits.size + 1, np.int64)
    for r in range(r0, r1):
        for c in range(c0, c1):
            if flux[r, c] != PENDING or waiting[r - r0, c - c0] != 0:
                continue
            stack[0], n = r * columns + c, 1
            while n > 0:
                n -= 1
                i, j = stack[n] // columns, stack[n] % columns
                s, m = 0.0, bits[i - r0, j - c0]
                for d in range(8):
                    if m >> d & 1:
                        y, x = i + _DR[d], j + _DC[d]
                        s += _share(kind, z, way, aux, across, along, y, x, (d + 4) & 7) * flux[y, x]
                below = 0.0
                for d in range(8):
                    y, x = i + _DR[d], j + _DC[d]
                    if y < 0 or x < 0 or y >= rows or x >= columns or way[y, x] == NONE:
                        continue
                    if not _gives(kind, z, way, aux, i, j, d):
                        continue
                    if sdr[y, x] == sdr[y, x]:
                        below += _share(kind, z, way, aux, across, along, i, j, d) * sdr[y, x]
                    if r0 <= y < r1 and c0 <= x < c1:
                        waiting[y - r0, x - c0] -= 1
                        if waiting[y - r0, x - c0] == 0:
                            stack[n] = y * columns + x
                            n += 1
                    else:
                        touched[y // size[0] - corner[0] + 1, x // size[1] - corner[1] + 1] = 1
                trapped[i, j], flux[i, j] = _settled(s, loss[i, j], sdr[i, j], below)


__all__ = ["CODE_VERSION", "GIVES", "NEEDS", "make", "sediment_trapped"]
