"""A coverage matrix on disk: a folder of NumPy files with their sizes and checksums, written whole or not at all.

For `ecocomp.grid.coverage`. The strips are laid end to end in four long arrays, so any program that reads ``.npy`` can
use the matrix; `matrix.json` says how the arrays belong together. A kill at any moment leaves either the old folder or
the new one, besides a folder named ``….part-…`` that the next writer removes.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from ecocomp.grid.georef import Grid
from ecocomp.grid.strip import Strip, reduce_weights
from ecocomp.terms.faults import Fault, FaultsError
from ecocomp.terms.text import Text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = tuple[Grid, Sequence[Strip], NDArray[np.float64], NDArray[np.float64]]

FORMAT = "ecocomp-coverage-1"
INDEX = "matrix.json"
LONG = {"parcel": np.int32, "ptr": np.int64, "cell": np.int32, "coverage": np.float32}
"""The arrays of a strip; each is one long file."""


def key(*parts: str) -> str:
    """Return a folder name that stands for these fingerprints."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:40]


def write(path: Path, grid: Grid, strips: Iterable[Strip], area_cells: NDArray[np.float64]) -> None:
    """Write a matrix strip by strip; `strips` may be a generator, one strip is held at a time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _sweep(path)
    part = path.with_name(f"{path.name}.part-{platform.node()}-{os.getpid()}")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    try:
        _fill(part, grid, strips, area_cells)
        _swap(part, path)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def read(path: Path, *, verify: bool) -> Matrix:
    """Map a matrix; raise `FaultsError` naming every file that is missing, cut short or altered."""
    index = _index(path)
    _check(path, index, verify)
    files = {name: np.load(path / f"{name}.npy", mmap_mode="r") for name in (*LONG, "area_cells", "inside_cells")}
    grid = Grid(**index["grid"])
    strips = [_cut(files, grid.width, k, line) for k, line in enumerate(index["strips"])]
    return grid, strips, np.array(files["area_cells"]), np.array(files["inside_cells"])


def try_read(path: Path) -> Matrix | None:
    """Return the matrix at `path`, or None where there is none or it is damaged."""
    try:
        return read(path, verify=True)
    except FaultsError:
        return None


def _fill(part: Path, grid: Grid, strips: Iterable[Strip], area_cells: NDArray[np.float64]) -> None:
    inside = np.zeros(area_cells.size)
    lines, entries, cells = [], 0, 0
    writers = {name: _Long(part / f"{name}.npy", dtype) for name, dtype in LONG.items()}
    try:
        for strip in strips:
            reduce_weights(strip, inside)
            lines.append([strip.start, strip.stop, entries, strip.parcel.size, cells, strip.cell.size])
            entries, cells = entries + strip.parcel.size, cells + strip.cell.size
            for name, writer in writers.items():
                writer.append(getattr(strip, name))
    finally:
        for writer in writers.values():
            writer.close()
    np.save(part / "area_cells.npy", area_cells)
    np.save(part / "inside_cells.npy", inside)
    files = {p.name: {"bytes": p.stat().st_size, "sha256": _sha256(p)} for p in sorted(part.glob("*.npy"))}
    text = json.dumps({"format": FORMAT, "grid": asdict(grid), "strips": lines, "files": files}, ensure_ascii=False, indent=1)
    (part / INDEX).write_text(text, encoding="utf-8")


class _Long:
    """A one-dimensional .npy file that grows; its header leaves room for the final length."""

    def __init__(self, path: Path, dtype: type) -> None:
        self.dtype, self.size = np.dtype(dtype), 0
        self.file: BinaryIO = path.open("wb")
        self._header()

    def _header(self) -> None:
        self.file.seek(0)
        head = {"descr": np.lib.format.dtype_to_descr(self.dtype), "fortran_order": False, "shape": (self.size,)}
        np.lib.format.write_array_header_1_0(self.file, head)

    def append(self, array: NDArray[Any]) -> None:
        self.file.write(np.ascontiguousarray(array, self.dtype).data)
        self.size += array.size

    def close(self) -> None:
        self._header()
        self.file.close()


def _cut(files: dict[str, NDArray[Any]], width: int, k: int, line: Sequence[int]) -> Strip:
    """Cut strip `k` out of the long arrays; each strip has one more pointer than parcels, hence the shift by k."""
    start, stop, entry, entries, cell, cells = line
    return Strip(
        start,
        stop,
        width,
        parcel=files["parcel"][entry : entry + entries],
        ptr=files["ptr"][entry + k : entry + k + entries + 1],
        cell=files["cell"][cell : cell + cells],
        coverage=files["coverage"][cell : cell + cells],
    )


def _index(path: Path) -> dict[str, Any]:
    try:
        index = json.loads((path / INDEX).read_text(encoding="utf-8"))
        lines, grid, files = index["strips"], Grid(**index["grid"]), index["files"]
        sound = index["format"] == FORMAT and len(files) == len(LONG) + 2 and all(len(line) == 6 for line in lines)
        if sound and grid.height == (lines[-1][1] if lines else 0):
            return dict(index)
    except (OSError, ValueError, KeyError, TypeError, FaultsError):
        pass
    raise FaultsError([_damaged(path, INDEX, Text("缺失或内容不完整。", "is missing or incomplete."))])


def _check(path: Path, index: dict[str, Any], verify: bool) -> None:
    faults = []
    for name, said in sorted(index["files"].items()):
        file = path / name
        size = file.stat().st_size if file.is_file() else -1
        if size != said["bytes"]:
            clash = Text("应有 {a} 字节，实有 {b}。", "should have {a} bytes and has {b}.").fill(a=said["bytes"], b=max(size, 0))
            faults.append(_damaged(path, name, clash))
        elif verify and _sha256(file) != said["sha256"]:
            faults.append(_damaged(path, name, Text("校验和不符，内容已变。", "does not match its checksum.")))
    if faults:
        raise FaultsError(faults)


def _damaged(path: Path, name: str, clash: Text) -> Fault:
    remedy = Text("删除该文件夹后重新计算即可。", "Delete the folder and compute it again.")
    return Fault("grid.coverage_damaged", str(path), name, clash, remedy)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _swap(part: Path, path: Path) -> None:
    """Put the new folder in the place of the old one; a folder cannot be renamed over a full one, so the old steps aside."""
    try:
        part.replace(path)
    except OSError:
        old = path.with_name(f"{part.name}-old")
        shutil.rmtree(old, ignore_errors=True)
        path.replace(old)
        part.replace(path)
        shutil.rmtree(old, ignore_errors=True)


def _sweep(path: Path) -> None:
    """Remove what writers that no longer run on this machine left behind."""
    head = f"{path.name}.part-{platform.node()}-"
    for left in path.parent.glob(f"{path.name}.part-*"):
        number = left.name.removeprefix(head).removesuffix("-old")
        if left.name.startswith(head) and number.isdigit() and not _runs(int(number)):
            shutil.rmtree(left, ignore_errors=True)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
