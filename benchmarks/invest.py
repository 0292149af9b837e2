"""Services against InVEST on the same GeoTIFFs in one run: carbon and annual water yield, sediment delivery, habitat quality.

Usage: ``python benchmarks/invest.py PART [--size 2000] [--json FILE]`` with PART one of services, sediment, habitat. The peer
runs in the interpreter that `scripts/peers.sh` made (ECOCOMP_PEERS, else .venv-peers), one model after another, each in a
process of its own; CPU seconds are those of its `execute`. Ours run in a fresh process after a warm-up on a small raster; they
read the same files, compute low, value and high, and give sums for every parcel of 9 × 9 cells. The coverage matrix, which
an edition of the parcels needs once, is built beforehand and timed apart. The peer writes its rasters and sums up
watersheds. What both compute is compared in total, so that neither side can leave out work.
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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from benchmarks import invest_cases as cases  # noqa: E402

YEAR = 2023
BLOCK = 9
"""Rows and columns of a parcel."""
SIX = ("carbon_storage", "water_yield", "storm_retention", "water_conservation", "soil_retention", "carbon_sequestration")
WARM_UP = 270
M3_PER_HA_MM = 10.0

Rules = Callable[[], dict[str, Any]]


# ---------------------------------------------------------------- the parts
@dataclass(frozen=True)
class Run:
    """One run of ours: services, the rules laid over those of the sample county, the titles of the peer's models beside it."""

    services: tuple[str, ...]
    rules: Rules
    beside: tuple[str, ...]


@dataclass(frozen=True)
class Part:
    """One comparison: what makes the rasters, which of them we read, the peer's models and our runs, by title."""

    layers: Callable[[int], dict[str, np.ndarray]]
    read: tuple[str, ...]
    jobs: dict[str, Rules]
    runs: dict[str, Run]


def service_layers(size: int) -> dict[str, np.ndarray]:
    """Return the rasters of the part `services`; slope length and steepness are given, as the peer's models have none."""
    return {
        "land_cover": cases.patches(size), "rain": cases.field(size, 400, 1800, 2), "et0": cases.field(size, 600, 1300, 3),
        "soil_depth": cases.field(size, 200, 2000, 4), "water_capacity": cases.field(size, 0.05, 0.3, 5),
        "aet": cases.field(size, 200, 390, 6), "erosivity": cases.field(size, 500, 8000, 7),
        "erodibility": cases.field(size, 0.01, 0.06, 8), "ls_factor": cases.field(size, 0.1, 12, 9),
        "ndvi": cases.field(size, 0.1, 0.9, 10), "hydrologic_group": (cases.patches(size, 11) % 4 + 1).astype(np.uint8),
    }  # fmt: skip


def sediment_layers(size: int) -> dict[str, np.ndarray]:
    """Return the rasters of the part `sediment`: rough hills with depressions, bare ground."""
    return {
        "land_cover": cases.patches(size), "elevation": cases.hills(size), "erosivity": cases.field(size, 500, 8000, 7),
        "erodibility": cases.field(size, 0.01, 0.06, 8), "ndvi": np.full((size, size), 0.02, np.float32),
    }  # fmt: skip


def habitat_layers(size: int) -> dict[str, np.ndarray]:
    """Return the rasters of the part `habitat`, those of the threats for the peer."""
    codes = cases.patches(size)
    return {"land_cover": codes, **cases.threats(codes)}


CARBON, YIELD = "carbon", "annual water yield"
PARTS = {
    "services": Part(
        service_layers,
        tuple(service_layers(9)),
        {CARBON: cases.carbon_job, YIELD: cases.yield_job},
        {
            "six services": Run(SIX, cases.service_rules, (CARBON, YIELD)),
            "the same two": Run(("carbon_storage", "water_yield"), cases.service_rules, (CARBON, YIELD)),
        },
    ),
    "sediment": Part(
        sediment_layers,
        tuple(sediment_layers(9)),
        {f"SDR, {way}": lambda way=way: cases.sediment_job(way) for way in ("D8", "MFD")},  # type: ignore[misc]
        {
            f"{way}, {draws} draws": Run(
                ("sediment_delivery",),
                lambda way=way, draws=draws: cases.sediment_rules(way, draws),  # type: ignore[misc]
                (f"SDR, {way}",),
            )
            for way in ("D8", "MFD")
            for draws in (8, 64)
        },
    ),
    "habitat": Part(
        habitat_layers,
        ("land_cover",),
        {"habitat quality": cases.habitat_job},
        {
            f"{draws} draws": Run(("habitat_quality",), lambda draws=draws: cases.habitat_rules(draws), ("habitat quality",))  # type: ignore[misc]
            for draws in (8, 64)
        },
    ),
}


def peers_python() -> str | None:
    """Return the interpreter that has InVEST, or None."""
    own = HERE.parent / ".venv-peers" / "bin" / "python"
    named = os.environ.get("ECOCOMP_PEERS") or (str(own) if own.exists() else sys.executable)
    asked = [named, "-c", "import natcap.invest, osgeo"]
    found = Path(named).exists() and not subprocess.run(asked, capture_output=True, check=False).returncode
    return named if found else None


# ---------------------------------------------------------------- our side, in a process of its own
class TiffLayer:
    """A GeoTIFF as the pipeline reads it."""

    def __init__(self, path: Path, size: int) -> None:
        from ecocomp.io.raster import CleanRaster, LayerEncoding
        from ecocomp.terms.layers import CLASS_LAYERS

        self.classes, self.bands = path.stem in CLASS_LAYERS, 1
        place = {"x0": cases.WEST, "y0": cases.NORTH, "dx": cases.CELL_M, "dy": cases.CELL_M, "width": size, "height": size}
        nodata = 255.0 if self.classes else -9999.0
        self.raster = CleanRaster(path, {"crs_wkt": "", "epsg": 4545, **place, "bands": 1, "nodata": nodata}, LayerEncoding(""))

    def read(self, row0: int, row1: int) -> np.ndarray:
        """Return rows row0..row1-1 as (1, rows, columns)."""
        read = self.raster.read_classes if self.classes else self.raster.read_strip
        return np.asarray(read(row0, row1))[None]


def blocks(size: int) -> tuple[Any, Any]:
    """Return the grid and the coverage matrix of parcels of 9 × 9 cells over it."""
    import shapely

    from ecocomp.grid.coverage import build_coverage
    from ecocomp.grid.georef import Grid

    grid = Grid("EPSG:4545", cases.WEST, cases.NORTH, cases.CELL_M, cases.CELL_M, size, size)
    n = -(-size // BLOCK)
    row, column = (v.reshape(-1) for v in np.indices((n, n)))
    edge = np.minimum(np.arange(n + 1) * BLOCK, size) * cases.CELL_M
    west, east = grid.x0 + edge[column], grid.x0 + edge[column + 1]
    return grid, build_coverage(shapely.box(west, grid.y0 - edge[row + 1], east, grid.y0 - edge[row]), grid)


def spent(work: Callable[[], Any]) -> tuple[Any, dict[str, float]]:
    """Return a result and the CPU and wall seconds it took."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    return result, {"cpu_s": time.process_time() - cpu, "wall_s": time.perf_counter() - wall}


def our_runs(part: Part, folder: Path, size: int) -> dict[str, Any]:
    """Run every run of a part on the files in `folder`; return what each took, and the totals of its services."""
    (grid, coverage), matrix = spent(lambda: blocks(size))
    ids = [f"{i:08d}" for i in range(len(coverage))]
    out: dict[str, Any] = {"matrix": matrix, "parcels": len(ids), "runs": {}}
    for title, run in part.runs.items():
        params = cases.rules(run.rules())  # read once for a case, whatever its size
        found, seconds = spent(lambda run=run, params=params: our_table(part, run, params, folder, grid, coverage, ids))  # type: ignore[misc]
        out["runs"][title] = {**seconds, "totals": totals(found)}
    out["peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    out["matrix_mib"] = sum(s.nbytes for s in coverage.strips) / 2**20
    return out


def our_table(part: Part, run: Run, params: Any, folder: Path, grid: Any, coverage: Any, ids: list[str]) -> Any:
    """Return the service table of one run: read, derive, compute, sum per parcel."""
    from ecocomp.services.derive import derived_layers
    from ecocomp.services.engine import assess

    layers = {name: TiffLayer(folder / f"{name}.tif", grid.width) for name in part.read}
    with tempfile.TemporaryDirectory() as made:
        have = derived_layers(run.services, layers, grid, made, params, YEAR)
        return assess(
            models=run.services, layers=have, grid=grid, coverage=coverage, parcel_ids=ids, params=params, year=YEAR
        ).service


def totals(table: Any) -> dict[str, float]:
    """Return the sum over parcels of each service of a table."""
    sums = table.group_by("service").aggregate([("quantity", "sum")]).to_pydict()
    return {k: v or 0.0 for k, v in zip(sums["service"], sums["quantity_sum"], strict=True)}


# ---------------------------------------------------------------- both
def run_part(name: str, size: int, peers: str) -> dict[str, Any]:
    """Run the peer's models, then ours on the files that the peer's process wrote."""
    part = PARTS[name]
    result: dict[str, Any] = {"part": name, "size": size, "peer": {}}
    with tempfile.TemporaryDirectory(prefix="invest") as place:
        for k, (title, job) in enumerate(part.jobs.items()):
            folder = prepared(Path(place) / f"job{k}", part, size, job())
            subprocess.run([peers, str(HERE / "invest_job.py"), str(folder)], check=True, capture_output=True, text=True)
            done = json.loads((folder / "done.json").read_text(encoding="utf-8"))
            with np.load(folder / "taken.npz") as taken:
                done["sums"] = {what: float(np.nansum(taken[what], dtype=np.float64)) for what in taken}
            result["peer"][title] = done
        small = prepared(Path(place) / "small", part, WARM_UP, {**job(), "take": {}})
        subprocess.run([peers, str(HERE / "invest_job.py"), str(small)], check=True, capture_output=True, text=True)
        ours = [sys.executable, str(HERE / "invest.py"), name, "--size", str(size), "--ours", str(folder), "--warm-up", str(small)]
        said = subprocess.run(ours, check=True, stdout=subprocess.PIPE, text=True).stdout
        result["ours"] = json.loads(said.splitlines()[-1])
    return result


def prepared(folder: Path, part: Part, size: int, job: dict[str, Any]) -> Path:
    """Return a folder with rasters and job, ready for the peer."""
    folder.mkdir()
    cases.write_layers(folder, part.layers(size))
    cases.write_job(folder, job)
    return folder


def table(result: dict[str, Any]) -> str:
    """Return the figures of a part as Markdown."""
    part, cells, ours = PARTS[result["part"]], result["size"] ** 2, result["ours"]
    lines = [
        _head(result),
        "",
        "| | services | CPU s | CPU ns per service and cell | wall s | ratio by CPU | ratio by wall | totals differ by |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for title, done in result["peer"].items():
        lines.append(
            f"| InVEST {title} | 1 | {done['cpu_s']:.2f} | {done['cpu_s'] / cells * 1e9:.0f} | {done['wall_s']:.2f} | | | |"
        )
    for title, run in part.runs.items():
        mine, n, m = ours["runs"][title], len(run.services), len(run.beside)
        theirs = {k: sum(result["peer"][t][k] for t in run.beside) for k in ("cpu_s", "wall_s")}
        by_cpu, by_wall = (theirs[k] / m / (mine[k] / n) for k in ("cpu_s", "wall_s"))
        lines.append(
            f"| ours, {title} | {n} | {mine['cpu_s']:.2f} | {mine['cpu_s'] / n / cells * 1e9:.0f} | {mine['wall_s']:.2f}"
            f" | {by_cpu:.1f}× | {by_wall:.1f}× | {_difference(result, title):.0e} |"
        )
    return "\n".join([*lines, "", _foot(result)])


def _difference(result: dict[str, Any], title: str) -> float:
    """Return the largest relative difference between the totals of a run of ours and of the models beside it."""
    found = result["ours"]["runs"][title]["totals"]
    mine = {
        "stock": sum(v for k, v in found.items() if k.startswith("carbon_storage.")),
        "wyield": found.get("water_yield", 0.0) / M3_PER_HA_MM,
        **found,
    }
    sums = [s for t in PARTS[result["part"]].runs[title].beside for s in result["peer"][t]["sums"].items()]
    cell_ha = cases.CELL_M**2 / 1e4
    return max(abs(mine[what] / (total * cell_ha) - 1) for what, total in sums)


def _head(result: dict[str, Any]) -> str:
    versions = next(iter(result["peer"].values()))["versions"]
    said = ", ".join(f"{k} {v}" for k, v in versions.items())
    return (
        f"{result['size']:,} × {result['size']:,} cells, {result['ours']['parcels']:,} parcels of {BLOCK} × {BLOCK} cells; {said}."
    )


def _foot(result: dict[str, Any]) -> str:
    ours, theirs = result["ours"], max(done["peak_mib"] for done in result["peer"].values())
    return (
        f"Matrix of the parcels, built beforehand: {ours['matrix']['cpu_s']:.2f} CPU s, {ours['matrix_mib']:.0f} MiB."
        f" Peak memory: ours {ours['peak_mib']:.0f} MiB with the matrix, the peer {theirs:.0f} MiB."
    )


def main(argv: list[str]) -> int:
    """Run one part and print its table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", choices=sorted(PARTS))
    parser.add_argument("--size", type=int, default=2000, help="rows and columns")
    parser.add_argument("--json", type=Path, help="write the figures here")
    parser.add_argument("--ours", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--warm-up", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args(argv)
    if chosen.ours:
        our_runs(PARTS[chosen.part], chosen.warm_up, WARM_UP)
        print(json.dumps(our_runs(PARTS[chosen.part], chosen.ours, chosen.size)))
        return 0
    peers = peers_python()
    if peers is None:
        print("Not run: there is no interpreter with natcap.invest (`scripts/peers.sh` makes one).")
        return 0
    result = run_part(chosen.part, chosen.size, peers)
    print(table(result))
    if chosen.json:
        chosen.json.write_text(json.dumps(result, indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
