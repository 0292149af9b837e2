"""The ground without depressions and its ways down, kept on disk for the layers that route something over it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

from ecocomp.grid._routes import _DC, _DR, NONE, PENDING, _share
from ecocomp.services.derive import Making, digest_of, keep
from ecocomp.services.site import PASS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ecocomp.grid.routing import Shares
    from ecocomp.grid.tiling import Scratch
    from ecocomp.rules import Parameters

CODE_VERSION = "drained-1"
"""Changes whenever the stored numbers would; part of their fingerprint."""
ROUTING = ("MFD", "D8", "DINF")
WHERE_ROUTED = "services.sediment.routing"


def drained(making: Making) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Return the filled elevation [m] and the D8 ways as mapped files (rows, columns), making them once."""
    elevation, grid, folder = making.layers["elevation"], making.grid, making.folder
    words = (CODE_VERSION, grid.fingerprint(), digest_of(elevation, grid))

    def fill_it(path: Path) -> None:
        from ecocomp.grid.terrain import fill
        from ecocomp.grid.tiling import TILE, Scratch

        scratch = Scratch(folder)
        heights = scratch.empty(grid.shape, np.float32)
        for first, last in grid.strips():
            heights[first:last] = elevation.read(first, last)[0]
        store(path, fill(heights, grid, TILE, scratch))

    filled = np.load(keep(folder, "filled_m", words, fill_it), mmap_mode="r")

    def lead(path: Path) -> None:
        from ecocomp.grid.terrain import directions
        from ecocomp.grid.tiling import TILE, Scratch

        store(path, directions(filled, grid, TILE, Scratch(folder)))

    return filled, np.load(keep(folder, "flow_way", words, lead), mmap_mode="r")


def rule(making: Making, scratch: Scratch) -> Shares:
    """Return how water is shared on the way down, by the routing the rules choose."""
    from ecocomp.grid.routing import shares

    filled, way = drained(making)
    return shares(routing(making.params), scratch.adopt(filled), making.grid, scratch.adopt(way), scratch)


def store(path: Path, array: NDArray[Any], rows: int = 1024) -> None:
    """Write an array to a NumPy file by strips."""
    out = np.lib.format.open_memmap(path, mode="w+", dtype=array.dtype, shape=array.shape)
    for first in range(0, len(array), rows):
        out[first : first + rows] = array[first : first + rows]
    out.flush()


def routing(params: Parameters) -> str:
    """Return the routing the rules choose; raise `FaultsError` for one there is no code for."""
    return chosen(params, WHERE_ROUTED, ROUTING)


def chosen(params: Parameters, key: str, known: tuple[str, ...]) -> str:
    """Return a word of the rules; raise `FaultsError` that names the file where it is none of the known ones."""
    from ecocomp.terms.faults import Fault, FaultsError
    from ecocomp.terms.text import Text, same

    word = params.text(key)
    if word in known:
        return word
    value = params.get(key)
    clash = Text("{k} 是 {m}，可用：{w}。", "{k} is {m}; known: {w}.").fill(k=same(key), m=same(word), w=same(", ".join(known)))
    remedy = Text("更正规则中的 {k}。", "Mend {k} in the rules.").fill(k=same(key))
    raise FaultsError([Fault("services.unknown_choice", value.file, f"line {value.line}", clash, remedy)])


@njit(**PASS)  # type: ignore[untyped-decorator]
def room_for(stack, n):  # type: ignore[no-untyped-def]
    """Return the stack, or one twice as long with the same entries where eight more would not fit."""
    if n + 8 < stack.size:
        return stack
    out = np.empty(2 * stack.size, stack.dtype)
    out[: stack.size] = stack
    return out


@njit(**PASS)  # type: ignore[untyped-decorator]
def arriving(kind, z, way, aux, across, along, flux, r, c):  # type: ignore[no-untyped-def]
    """Sum of what the cells above give to (r, c), in the order of the directions; `PENDING` if one of them is not done."""
    rows, columns = way.shape
    s = 0.0
    for d in range(8):
        y, x = r + _DR[d], c + _DC[d]
        if y < 0 or x < 0 or y >= rows or x >= columns or way[y, x] == NONE:
            continue
        part = _share(kind, z, way, aux, across, along, y, x, (d + 4) & 7)
        if part > 0.0:
            if flux[y, x] == PENDING:
                return PENDING
            s += part * flux[y, x]
    return s
