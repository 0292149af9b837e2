"""Distance of every cell to the nearest cell of each threat to habitats: one band a threat, in metres, made before the pass.

For the model `habitat_quality`. Distances are kept rather than degradation: they follow from the map alone, so weights,
sensitivities and greatest distances, with their ranges and draws, stay with the pass and a changed parameter makes nothing
anew. Two passes over the rows, down and up, find the nearest threat of each column; then the lower envelope of the
parabolas of a row gives the exact Euclidean distance. Memory holds some rows of the raster, never all, and the work does
not grow with the distance.

On grids in degrees a step north has its own length in metres and a step east that of the row the distance is asked for;
over 10 km at 45° this is off by less than 0.2 %.

References
----------
1. P. F. Felzenszwalb and D. P. Huttenlocher (2012), Distance transforms of sampled functions, Theory of Computing 8:415-428.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ecocomp.rules import Parameters
from ecocomp.services.derive import Making, StoredLayer, digest_of, keep
from ecocomp.services.factors.habitat import DECAYS
from ecocomp.services.site import PASS, Draws, StripReader
from ecocomp.terms.codes import ECOSYSTEMS
from ecocomp.terms.faults import Fault, FaultsError
from ecocomp.terms.text import Text

if TYPE_CHECKING:
    from ecocomp.grid.georef import Grid

GIVES = ("threat_distance",)
NEEDS = ("land_cover",)
CODE_VERSION = "threat-distance-1"
"""Changes whenever the stored numbers would; part of the name of the file."""
KEY = "services.habitat.threats"
ROWS = 128
"""Rows held at a time."""


@dataclass(frozen=True)
class Threat:
    """One threat: its name, the form of its decay, the ecosystems that are it, and layers whose cells above 0 are it."""

    name: str
    form: int
    codes: tuple[int, ...]
    layers: tuple[str, ...] = ()


def threats_of(params: Parameters | Draws) -> tuple[Threat, ...]:
    """Return the threats of the rules, from lines such as ``"road exponential 63 threat_road"``.

    Raises `FaultsError` naming every line that has no decay of `DECAYS`, no source, or a source that is neither an
    ecosystem nor a layer ``threat_…``.
    """
    value = params.get(KEY)
    made, faults = [], []
    for line in params.items(KEY):
        name, form, *sources = [*str(line).split(), "", ""][: max(len(str(line).split()), 2)]
        known = [s for s in sources if s in ECOSYSTEMS or s.startswith("threat_")]
        if form not in DECAYS or not sources or known != sources:
            faults.append(_bad_line(value.file, value.line, str(line)))
            continue
        codes = tuple(int(s) for s in sources if s in ECOSYSTEMS)
        made.append(Threat(name, DECAYS.index(form), codes, tuple(s for s in sources if s not in ECOSYSTEMS)))
    if faults:
        raise FaultsError(faults)
    return tuple(made)


def _bad_line(file: str, number: int, line: str) -> Fault:
    return Fault(
        "services.threat",
        file,
        f"{KEY} (line {number})",
        Text("威胁“{t}”看不懂。", "The threat “{t}” is not understood.").fill(t=line),
        Text(
            "写成“名称 linear|exponential 生态系统代码或 threat_ 图层”，如 “road exponential 63 threat_road”。",
            'Write "name linear|exponential codes of ecosystems or threat_ layers", such as "road exponential 63 threat_road".',
        ),
    )


def make(making: Making) -> dict[str, StripReader]:
    """Return the layer `threat_distance`, or nothing where the rules are wrong or a threat's own layer is missing."""
    try:
        threats = threats_of(making.params)
    except FaultsError:
        return {}  # the model says what is wrong
    own = sorted({name for t in threats for name in t.layers})
    if not threats or any(name not in making.layers for name in own):
        return {}
    read = {name: making.layers[name] for name in ("land_cover", *own)}
    words = [[t.name, list(t.codes), list(t.layers)] for t in threats]
    depends = [CODE_VERSION, making.grid.fingerprint(), words, *(digest_of(r, making.grid) for r in read.values())]
    path = keep(making.folder, GIVES[0], depends, lambda file: write_distances(file, threats, read, making.grid))
    return {GIVES[0]: StoredLayer(path, len(threats))}


def write_distances(path: Path, threats: Sequence[Threat], layers: dict[str, StripReader], grid: Grid, rows: int = ROWS) -> None:
    """Write the distances [m] (threats, rows, columns) float32 to `path`; infinite where the raster has no such threat."""
    from ecocomp.grid.georef import metres_per_cell

    across, along = metres_per_cell(grid)
    north = np.cumsum(along) - 0.5 * along
    whole = np.lib.format.open_memmap(path, "w+", np.float32, (len(threats), *grid.shape))
    del whole  # each strip maps the file for itself, so that pages of others need not stay
    strips = [(a, min(a + rows, grid.height)) for a in range(0, grid.height, rows)]
    last = np.full((len(threats), grid.width), -np.inf)
    for a, b in strips:
        here = _sources(threats, layers, a, b)
        out = np.load(path, mmap_mode="r+")
        for k in range(len(threats)):
            _down(here[k], north[a:b], last[k], out[k, a:b])
        del out
    last[:] = np.inf
    for a, b in reversed(strips):
        here = _sources(threats, layers, a, b)
        out = np.load(path, mmap_mode="r+")
        for k in range(len(threats)):
            _up(here[k], north[a:b], across[a:b], last[k], out[k, a:b])
        del out


def _sources(threats: Sequence[Threat], layers: dict[str, StripReader], a: int, b: int) -> NDArray[np.uint8]:
    """Return (threats, rows, columns): 1 on the cells of a threat; a cell without a value is none."""
    codes = np.asarray(layers["land_cover"].read(a, b))[0]
    found = np.zeros((len(threats), *codes.shape), np.uint8)
    for k, threat in enumerate(threats):
        is_threat = np.zeros(256, np.uint8)
        is_threat[list(threat.codes)] = 1
        found[k] = is_threat[codes.astype(np.uint8, copy=False)]
        for name in threat.layers:
            found[k] |= np.asarray(layers[name].read(a, b))[0] > 0.0
    return found


@njit(**PASS)  # type: ignore[untyped-decorator]
def _down(source, north, last, out):  # type: ignore[no-untyped-def]
    """Put the distance to the nearest threat above, or here, into out; `last` is where it was, column by column."""
    for r in range(source.shape[0]):
        for c in range(source.shape[1]):
            if source[r, c] != 0:
                last[c] = north[r]
            out[r, c] = north[r] - last[c]


@njit(**PASS)  # type: ignore[untyped-decorator]
def _up(source, north, across, last, out):  # type: ignore[no-untyped-def]
    """Turn the distances above into those to the nearest threat of all; rows run upwards, `last` is the nearest below."""
    rows, width = source.shape
    height2, place, start = np.empty(width), np.empty(width, np.int64), np.empty(width + 1)
    for r in range(rows - 1, -1, -1):
        for c in range(width):
            if source[r, c] != 0:
                last[c] = north[r]
            below = np.float32(last[c] - north[r])
            g = np.float64(below if below < out[r, c] else out[r, c])
            height2[c] = g * g
        _nearest(height2, across[r] * across[r], place, start, out[r])


@njit(**PASS)  # type: ignore[untyped-decorator]
def _nearest(height2, step2, place, start, out):  # type: ignore[no-untyped-def]
    """Put √min((c − j)²·step² + g_j²) over j into out: the lower envelope of parabolas along a row."""
    width, n = height2.size, 0
    for j in range(width):
        if height2[j] == np.inf:
            continue
        begin = -np.inf
        while n > 0:
            i = place[n - 1]
            begin = ((height2[j] + step2 * j * j) - (height2[i] + step2 * i * i)) / (2.0 * step2 * (j - i))
            if begin > start[n - 1]:
                break
            n -= 1
            begin = -np.inf
        place[n], start[n] = j, begin
        n += 1
    if n == 0:
        out[:] = np.inf
        return
    at = 0
    for c in range(width):
        while at + 1 < n and start[at + 1] < c:
            at += 1
        d = c - place[at]
        out[c] = np.sqrt(step2 * d * d + height2[place[at]])


__all__ = ["CODE_VERSION", "GIVES", "KEY", "NEEDS", "Threat", "make", "threats_of", "write_distances"]
