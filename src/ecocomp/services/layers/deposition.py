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

from ecocomp.grid._routes import _DR, _LOWEST, row_of, share
from ecocomp.services.derive import Making, StoredLayer, keep
from ecocomp.services.factors.sediment import delivery_ratio, trapping_share
from ecocomp.services.layers._drained import CODE_VERSION as DRAINED
from ecocomp.services.layers._drained import routing, store_rows, ways
from ecocomp.services.site import PASS, NotAssessed, Site, StripReader
from ecocomp.services.water_erosion import whole_factors
from ecocomp.terms.faults import FaultsError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ecocomp.grid.routing import Course, Shares
    from ecocomp.grid.tiling import Scratch

    Floats = NDArray[np.float64]

CODE_VERSION = "deposition-2"
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
        from ecocomp.grid.tiling import Scratch

        area_ha, scratch = cell_area_m2_by_row(grid) / 1e4, Scratch(making.folder)
        loss, sdr = (scratch.empty(grid.shape, np.float64) for _ in range(2))
        for a, b in grid.strips(ROWS):
            rkls, cover, practice = factors.rows(a, b)
            loss[a:b] = rkls * cover * practice * area_ha[a:b, None]
            _ratios(np.asarray(index.read(a, b)[0], np.float64), *ratio, sdr[a:b])
        along = ways(making, routing(p), scratch)
        trapped = sediment_trapped(along.rule, loss, sdr, None, scratch, along)
        store_rows(path, grid.shape, np.float32, lambda a, b: trapped[a:b] / area_ha[a:b, None], ROWS, scratch.release)

    words = (CODE_VERSION, DRAINED, grid.fingerprint(), making.digest("elevation"), making.digest("connectivity_index"),
             *factors.known(), routing(p), *ratio)  # fmt: skip
    return {"sediment_trapped": StoredLayer(keep(making.folder, "sediment_trapped", words, build))}


def sediment_trapped(
    shared: Shares,
    loss: Floats,
    sdr: Floats,
    tile: tuple[int, int] | None = None,
    scratch: Scratch | None = None,
    along: Course | None = None,
) -> Floats:
    """Return what each cell traps of what comes from above, in the unit of `loss` (rows, columns).

    Parameters
    ----------
    shared : rule of sharing water
    loss : soil loss of each cell, as a mass, NaN where it is not known
    sdr : delivery ratio of each cell, 1 on streams, NaN where it is not known
    tile : rows and columns worked on at once, None for all; the result does not depend on it
    scratch : where the arrays are kept, in memory where None
    along : order of the ways by this rule, found where it is not given
    """
    from ecocomp.grid.routing import blank, course, mean_ahead
    from ecocomp.grid.strip import frozen
    from ecocomp.grid.tiling import Scratch

    scratch = scratch or Scratch()
    along = course(shared, tile, scratch) if along is None else along
    flux, trapped = scratch.empty(shared.way.shape, np.float64), blank(shared.way.shape, scratch)
    lost, ratio = np.ascontiguousarray(loss, np.float64), np.ascontiguousarray(sdr, np.float64)
    flat = [frozen(x.reshape(-1)) for x in (along.into, lost, ratio, mean_ahead(shared, ratio, scratch))]
    args = (*shared.args(), *flat, flux.reshape(-1), trapped.reshape(-1))
    along.run(lambda piece: _deposit(frozen(piece), *args), scratch)
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
def _deposit(order, kind, z, aux, inverse, step, columns, into, loss, sdr, below, flux, trapped):  # type: ignore[no-untyped-def]
    """Fill what is trapped, along the order from the divides down; flat arrays."""
    per = 1.0 / columns
    for k in range(order.size):
        i = np.int64(order[k])
        arrived, r, bits = 0.0, row_of(i, per), into[i]
        while bits:
            d = _LOWEST[bits]
            bits &= bits - 1
            j = i + step[d]
            arrived += share(kind, z, aux, inverse, r + _DR[d], j, i, (d + 4) & 7) * flux[j]
        trapped[i], flux[i] = _settled(arrived, loss[i], sdr[i], below[i])


__all__ = ["CODE_VERSION", "GIVES", "NEEDS", "make", "sediment_trapped"]
