"""Filling, D8, accumulation and LS against pyflwdir in one run, and what a cell costs from 1 million cells on.

Both get the same float32 heights in memory and give filled heights, directions, cells above and LS (InVEST's form, which
needs nothing but slope and cells above; pyflwdir has no LS, so NumPy does that part on its slope and accumulation). The
peer runs in the interpreter that `scripts/peers.sh` made (ECOCOMP_PEERS, else .venv-peers), after a small run that compiles.
CPU seconds count the whole process. Filled heights are compared, and accumulation along one and the same directions.

The second table is the whole layer job of the pipeline, from files to files, each size in a process of its own.

    python benchmarks/terrain.py --side 2000 --growth 1000 2000 4000 --json terrain.json
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent
CELL_M, L_MAX = 30.0, 122.0
CODES = np.array([1, 128, 64, 32, 16, 8, 4, 2, 0], np.uint8)
"""The peer's code of each of our directions."""


def ground(side: int, seed: int = 0) -> np.ndarray:
    """Hills with pits: a random field whose spectrum falls with the wave number to the power of 1.9, on a slope."""
    rng = np.random.default_rng(seed)
    field = np.fft.rfft2(rng.standard_normal((side, side), dtype=np.float32))
    wave = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None])
    wave[0, 0] = 1.0
    field *= (wave**-1.9).astype(np.float32)
    field[0, 0] = 0
    z = np.fft.irfft2(field, s=(side, side)).astype(np.float32)
    z = (z - z.min()) / (z.max() - z.min())
    return (z * 2500 + np.linspace(0, 1500, side, dtype=np.float32)[:, None]).astype(np.float32)


def timed(work: Callable[[], Any], repeat: int) -> tuple[Any, dict[str, float]]:
    """Return the last result and the least CPU and wall seconds."""
    runs, result = [], None
    for _ in range(repeat):
        wall, cpu = time.perf_counter(), time.process_time()
        result = work()
        runs.append((time.process_time() - cpu, time.perf_counter() - wall))
    return result, {"cpu_s": min(r[0] for r in runs), "wall_s": min(r[1] for r in runs)}


def numpy_ls(slope: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """LS in InVEST's form from slope [m/m] and cells above, by arrays."""
    angle, pct = np.arctan(slope), slope * 100.0
    sine, cosine = np.sin(angle), np.cos(angle)
    beta = (sine / 0.0896) / (3.0 * sine**0.8 + 0.56)
    m = np.select([pct <= 1, pct <= 3.5, pct <= 5, pct <= 9], [0.2, 0.3, 0.4, 0.5], beta / (1.0 + beta))
    area = CELL_M**2
    up = np.sqrt((cells - 1.0) * area)
    long = ((up + area) ** (m + 1) - up ** (m + 1)) / (CELL_M ** (m + 2) * (sine + cosine) ** m * 22.13**m)
    return np.minimum(long, L_MAX) * np.where(pct < 9, 10.8 * sine + 0.03, 16.8 * sine - 0.5)


def peer_job(folder: Path, repeat: int) -> int:
    """The peer's half: z.npy and way.npy (its codes) in; its times, filled heights and two accumulations out."""
    import pyflwdir
    from pyflwdir import dem

    transform = (CELL_M, 0.0, 0.0, 0.0, -CELL_M, 0.0)

    def fill(z: np.ndarray) -> Any:
        return dem.fill_depressions(z, nodata=-9999.0)

    def drain(d8: np.ndarray) -> np.ndarray:
        return pyflwdir.from_array(d8, ftype="d8", check_ftype=False).upstream_area("cell")

    def ls(z: np.ndarray, cells: np.ndarray) -> np.ndarray:
        return numpy_ls(dem.slope(z, nodata=-9999.0, transform=transform), cells)

    z = np.load(folder / "z.npy")
    small = np.ascontiguousarray(z[:64, :64])
    ls(small, drain(fill(small)[1]))
    (filled, d8), a = timed(lambda: fill(z), repeat)
    cells, b = timed(lambda: drain(d8), repeat)
    _, c = timed(lambda: ls(z, cells), repeat)
    np.save(folder / "filled.npy", filled)
    np.save(folder / "along.npy", drain(np.load(folder / "way.npy")))
    done = {"fill and directions": a, "accumulation": b, "LS": c, "version": pyflwdir.__version__}
    done["peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    (folder / "done.json").write_text(json.dumps(done), encoding="utf-8")
    return 0


def our_times(z: np.ndarray, repeat: int) -> tuple[dict[str, Any], Any]:
    """Seconds of our steps and the drainage."""
    from ecocomp.grid import terrain
    from ecocomp.grid.georef import Grid
    from ecocomp.grid.tiling import Scratch
    from ecocomp.services.layers.terrain import invest_ls

    def steps(z: np.ndarray, repeat: int) -> tuple[dict[str, Any], Any]:
        grid = Grid("EPSG:4545", 400_000.0, 3_500_000.0, CELL_M, CELL_M, z.shape[1], z.shape[0])
        out: dict[str, Any] = {}
        filled, a = timed(lambda: terrain.fill(z, grid), repeat)
        way, b = timed(lambda: terrain.directions(filled, grid), repeat)
        cells, out["accumulation"] = timed(lambda: terrain.accumulate(way), repeat)

        def ls() -> np.ndarray:
            made = np.empty(z.shape, np.float32)
            invest_ls(z, cells, grid, L_MAX, made, Scratch())
            return made

        out["LS"] = timed(ls, repeat)[1]
        out["fill and directions"] = {k: a[k] + b[k] for k in a}
        return out, terrain.Drainage(grid, filled, way, cells)

    steps(np.ascontiguousarray(z[:64, :64]), 1)
    return steps(z, repeat)


def against_peer(side: int, repeat: int, peers: str) -> dict[str, Any]:
    """Time both on one ground and compare what they give."""
    z = ground(side)
    ours, water = our_times(z, repeat)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        np.save(folder / "z.npy", z)
        np.save(folder / "way.npy", CODES[water.way])
        subprocess.run([peers, __file__, "--peer-job", name, "--repeats", str(repeat)], check=True)
        theirs = json.loads((folder / "done.json").read_text(encoding="utf-8"))
        filled, along = np.load(folder / "filled.npy"), np.load(folder / "along.npy")
    # The peer adds the depth to the height in float32, so its filled heights may be off by one rounding.
    equal = np.abs(filled - water.filled_m) <= np.spacing(np.abs(water.filled_m))
    return {
        "side": side, "ours": ours, "peer": theirs, "filled_equal": float(equal.mean()),
        "cells_equal": float((along == water.cells).mean()), "raised": float((water.filled_m > z).mean()),
    }  # fmt: skip


def growth_job(rows: int, columns: int) -> int:
    """The whole layer job from a reader to files; print its cost and the peak memory."""
    from ecocomp.grid.georef import Grid
    from ecocomp.services.layers.terrain import terrain_layers

    class Mirrored:
        bands = 1

        def __init__(self) -> None:
            self.base = ground(1024)

        def read(self, row0: int, row1: int) -> np.ndarray:
            r, c = (np.abs((k + 1024) % 2048 - 1024).clip(0, 1023) for k in (np.arange(row0, row1), np.arange(columns)))
            return (self.base[np.ix_(r, c)] - 0.05 * np.arange(row0, row1, dtype=np.float32)[:, None])[None]

    class Fixed:
        words = {"ls_method": "HJ1173", "flow_method": "D8"}  # noqa: RUF012
        numbers = {"longest_slope_m": 300, "stream_ha": 10, "slope_break_ratio": 0.5, "l_max": L_MAX, "ls_limit": 100}  # noqa: RUF012

        def text(self, key: str) -> str:
            return self.words[key.rpartition(".")[2]]

        def number(self, key: str) -> float:
            return float(self.numbers[key.rpartition(".")[2]])

    elevation, params = Mirrored(), Fixed()

    def work(rows: int) -> None:
        grid = Grid("EPSG:4545", 400_000.0, 9_000_000.0, CELL_M, CELL_M, columns, rows)
        with tempfile.TemporaryDirectory() as folder:
            terrain_layers(elevation, grid, folder, params)  # type: ignore[arg-type]

    work(8)
    spent = timed(lambda: work(rows), 1)[1]
    spent["peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"cells": rows * columns, **spent}))
    return 0


def table(result: dict[str, Any]) -> str:
    """The results as Markdown."""
    lines: list[str] = []
    if "side" in result:
        ours, peer = result["ours"], result["peer"]
        lines += [
            f"{result['side']:,} × {result['side']:,} cells, {100 * result['raised']:.0f} % of them in depressions;"
            f" pyflwdir {peer['version']}; filled heights equal in {100 * result['filled_equal']:.4f} % of cells,"
            f" accumulation along the same directions in {100 * result['cells_equal']:.4f} %.", "",
            "| job | ours, CPU s | peer, CPU s | ratio | ours, wall s | peer, wall s | ratio |", "|---|---|---|---|---|---|---|",
        ]  # fmt: skip
        jobs = ("fill and directions", "accumulation", "LS")
        rows = {k: (ours[k], peer[k]) for k in jobs}
        rows["all"] = tuple({t: sum(x[k][t] for k in jobs) for t in ("cpu_s", "wall_s")} for x in (ours, peer))  # type: ignore[assignment]
        for name, (a, b) in rows.items():
            cells = [f"{a[t]:.3f} | {b[t]:.3f} | {b[t] / max(a[t], 1e-9):.1f}×" for t in ("cpu_s", "wall_s")]
            lines.append(f"| {name} | {cells[0]} | {cells[1]} |")
    if result["growth"]:
        lines += ["", "| cells, million | CPU ns/cell | wall ns/cell | peak memory, MiB |", "|---|---|---|---|"]
        for g in result["growth"]:
            n = g["cells"]
            each = [f"{g[t] / n * 1e9:.0f}" for t in ("cpu_s", "wall_s")]
            lines.append(f"| {n / 1e6:.0f} | {each[0]} | {each[1]} | {g['peak_mib']:.0f} |")
    return "\n".join(lines)


def peer_python() -> str | None:
    """Return the interpreter that has the peer; None where there is none."""
    own = HERE.parent / ".venv-peers" / "bin" / "python"
    named = os.environ.get("ECOCOMP_PEERS") or (str(own) if own.exists() else sys.executable)
    asked = [named, "-c", "import pyflwdir"]
    return named if not subprocess.run(asked, capture_output=True, check=False).returncode else None


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int, default=2000, help="rows and columns of the comparison")
    parser.add_argument("--growth", type=int, nargs="*", default=[1000, 2000, 4000], help="sides of the whole job")
    parser.add_argument("--repeats", type=int, default=4)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--peer-job", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--growth-job", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    if options.peer_job:
        return peer_job(options.peer_job, options.repeats)
    if options.growth_job:
        return growth_job(options.growth_job, options.growth_job)
    peers = peer_python()
    if peers is None:
        print("pyflwdir is not installed; see scripts/peers.sh", file=sys.stderr)
    result: dict[str, Any] = against_peer(options.side, options.repeats, peers) if peers else {}
    result["growth"] = []
    for side in options.growth:
        job = [sys.executable, __file__, "--growth-job", str(side)]
        result["growth"].append(json.loads(subprocess.run(job, check=True, stdout=subprocess.PIPE, text=True).stdout))
    print(table(result))
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
