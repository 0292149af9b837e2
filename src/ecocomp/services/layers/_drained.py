"""The ground without depressions and its ways down, kept on disk for the layers that route something over it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ecocomp.services.derive import Making, keep

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from ecocomp.grid.routing import Course, Shares
    from ecocomp.grid.tiling import Scratch
    from ecocomp.rules import Parameters

CODE_VERSION = "drained-2"
"""Changes whenever the stored numbers would; part of their fingerprint."""
ROUTING = ("MFD", "D8", "DINF")
WHERE_ROUTED = "services.sediment.routing"


def drained(making: Making) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Return the filled elevation [m] and the D8 ways as mapped files (rows, columns), making them once."""
    elevation, grid, folder = making.layers["elevation"], making.grid, making.folder
    words = (CODE_VERSION, grid.fingerprint(), making.digest("elevation"))

    def fill_it(path: Path) -> None:
        from ecocomp.grid.terrain import fill
        from ecocomp.grid.tiling import TILE, Scratch

        scratch = Scratch(folder)
        heights = scratch.empty(grid.shape, np.float32)
        for first, last in grid.strips():
            heights[first:last] = elevation.read(first, last)[0]
        store(path, fill(heights, grid, TILE, scratch), scratch.release)

    filled = np.load(keep(folder, "filled_m", words, fill_it), mmap_mode="r")

    def lead(path: Path) -> None:
        from ecocomp.grid.terrain import directions
        from ecocomp.grid.tiling import TILE, Scratch

        scratch = Scratch(folder)
        store(path, directions(scratch.adopt(filled), grid, TILE, scratch), scratch.release)

    return filled, np.load(keep(folder, "flow_way", words, lead), mmap_mode="r")


def rule(making: Making, method: str, scratch: Scratch) -> Shares:
    """Return how water is shared on the way down by a method of `ROUTING`."""
    from ecocomp.grid.routing import shares

    filled, way = drained(making)
    return shares(method, scratch.adopt(filled), making.grid, scratch.adopt(way), scratch)


def ways(making: Making, method: str, scratch: Scratch) -> Course:
    """Return the order of the ways by a method of `ROUTING`, found once for all layers that route something along it."""
    from ecocomp.grid.routing import course, follow
    from ecocomp.grid.tiling import TILE, Scratch

    shared = rule(making, method, scratch)
    words = (CODE_VERSION, making.grid.fingerprint(), making.digest("elevation"), method, *TILE)
    found: list[Course] = []

    def order(path: Path) -> None:
        own = Scratch(making.folder)
        found[:] = [course(shared, TILE, own)]
        store(path, found[0].order, own.release)

    def stages(path: Path) -> None:
        made = found or [course(shared, TILE, Scratch(making.folder))]
        np.save(path, made[0].stages)

    in_order = scratch.adopt(np.load(keep(making.folder, f"flow_order_{method}", words, order), mmap_mode="r"))
    return follow(shared, in_order, np.load(keep(making.folder, f"flow_stages_{method}", words, stages)), scratch)


def store(path: Path, array: NDArray[Any], release: Callable[[], None] | None = None) -> None:
    """Write an array to a NumPy file by strips; written, not mapped, since a page mapped for writing costs more.

    release  called after each strip, to give back memory
    """
    wide = max(1, array[:1].size)
    store_rows(path, array.shape, array.dtype, lambda first, last: array[first:last], max(1, (1 << 20) // wide), release)


def store_rows(
    path: Path,
    shape: tuple[int, ...],
    dtype: Any,
    rows_of: Callable[[int, int], NDArray[Any]],
    rows: int,
    release: Callable[[], None] | None = None,
) -> None:
    """Write a NumPy file from what rows_of(first, last + 1) gives, so many rows at once."""
    with path.open("wb") as file:
        head = {"descr": np.lib.format.dtype_to_descr(np.dtype(dtype)), "fortran_order": False, "shape": tuple(shape)}
        np.lib.format.write_array_header_1_0(file, head)
        for first in range(0, shape[0], rows):
            np.ascontiguousarray(rows_of(first, min(first + rows, shape[0])), dtype).tofile(file)
            if release is not None:
                release()


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
