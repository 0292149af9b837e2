"""What importing a survey layer costs: an invented DLTB layer with planted faults, made and imported in sizes that grow tenfold.

Usage: ``python benchmarks/survey.py [--sizes 10000 100000] [--million] [--format gpkg] [--json FILE]``. Every size runs in a
fresh process after a small warm-up. Stages: making the layer, reading the foreign file in its own process, checking row by
row, checking between the parcels. A second import of the same layer without faults writes the edition. Memory is the greatest
resident size of the importing process and of the process that reads the foreign file. CPU counts both. What is asked of the
import: cost per parcel that does not grow, every planted fault found and none invented.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
MILLION = 1_000_000


def cpu_s() -> float:
    """Return CPU seconds of this process and of the children that ended."""
    return sum(u.ru_utime + u.ru_stime for u in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))


def peak_mib(who: int) -> float:
    """Return the greatest resident size [MiB]."""
    most = resource.getrusage(who).ru_maxrss
    return most / (1 << 20 if sys.platform == "darwin" else 1 << 10)


class Stages:
    """Wall and CPU seconds between the words of progress: the stage a word begins lasts until the next one."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}
        self._stage, self._since = "read", time.perf_counter()

    def __call__(self, done: int, total: int, what: Any) -> None:
        self._end(what.en)

    def _end(self, stage: str) -> None:
        now = time.perf_counter()
        self.spent[self._stage] = self.spent.get(self._stage, 0.0) + now - self._since
        self._stage, self._since = stage, now

    def finished(self) -> dict[str, float]:
        """Return the seconds of each stage."""
        self._end("")
        return {k: round(v, 2) for k, v in self.spent.items()}


def imported(planted: Any, work: Path) -> tuple[Any, dict[str, Any]]:
    """Import a layer with its control areas and outline; return the result and what it cost."""
    import shapely

    from ecocomp.land.mapping import detect
    from ecocomp.land.survey import SurveyOptions, survey_edition
    from ecocomp.sample.dltb import FIELDS

    mapping, _ = detect(FIELDS)
    assert mapping is not None
    mapping = replace(mapping, totals_dm2={unit: round(m2 * 100) for unit, m2 in planted.units.items()})
    options = SurveyOptions(region=shapely.from_wkb(planted.region))
    stages, wall, cpu = Stages(), time.perf_counter(), cpu_s()
    result = survey_edition(planted.path, work, mapping, options, stages)
    cost = {"wall_s": time.perf_counter() - wall, "cpu_s": cpu_s() - cpu, "stages": stages.finished()}
    return result, cost


def one(parcels: int, form: Any) -> dict[str, Any]:
    """Make and import a layer of this size, with faults and without."""
    from ecocomp.sample.dltb import compare, make_dltb

    with tempfile.TemporaryDirectory(prefix="ecocomp-survey-") as folder:
        began = time.perf_counter()
        faulty = make_dltb(Path(folder) / "faulty", parcels, 2026, format=form)
        made_s = time.perf_counter() - began
        before = peak_mib(resource.RUSAGE_SELF)
        result, cost = imported(faulty, Path(folder) / "work")
        found = compare(faulty, ((fault.code, fault.record) for fault, _ in result.faults.rows()))
        clean = make_dltb(Path(folder) / "clean", parcels, 2027, faults={}, format=form)
        whole, again = imported(clean, Path(folder) / "work2")
        assert whole.edition is not None and whole.counts["rows_out"] == clean.rows and not whole.counts["errors_total"]
        planted = sum(1 for f in faulty.faults if f.must == "must")
        return {
            "parcels": parcels, "made_s": made_s, **cost, "before_mib": before, "clean": again, "planted": planted,
            "missed": len(found.missed), "invented": len(found.invented), "file_mib": size_mib(faulty.path),
            "peak_mib": peak_mib(resource.RUSAGE_SELF), "reader_mib": peak_mib(resource.RUSAGE_CHILDREN),
        }  # fmt: skip


def size_mib(path: Path) -> float:
    """Return the size of a file or folder [MiB]."""
    parts = list(path.iterdir()) if path.is_dir() else list(path.parent.glob(f"{path.stem}.*"))
    return sum(p.stat().st_size for p in parts if p.is_file()) / 2**20


def table(rows: list[dict[str, Any]]) -> str:
    """Return the figures as Markdown, with the growth of cost per parcel against the size before."""
    out = [
        "| parcels | file, MiB | layer made, s | import, wall s | CPU s | CPU µs per parcel | against the size before | import that"
        " writes the edition, wall s | most memory, MiB | reader, MiB | planted | missed | invented |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    last = 0.0
    for r in rows:
        each = r["cpu_s"] / r["parcels"] * 1e6
        grown = f"{each / last:.2f}" if last else "—"
        out.append(
            f"| {r['parcels']:,} | {r['file_mib']:.0f} | {r['made_s']:.1f} | {r['wall_s']:.1f} | {r['cpu_s']:.1f} | {each:.0f}"
            f" | {grown} | {r['clean']['wall_s']:.1f} | {r['peak_mib']:.0f} | {r['reader_mib']:.0f} | {r['planted']}"
            f" | {r['missed']} | {r['invented']} |"
        )
        last = each
    most = rows[-1]
    stages = "; ".join(f"{name} {s:.1f} s" for name, s in {**most["stages"], **_added(most)}.items())
    return "\n".join([*out, "", f"Stages of the largest (wall): {stages}."])


def _added(row: dict[str, Any]) -> dict[str, float]:
    """Return stages that only the import that writes an edition has."""
    return {k: v for k, v in row["clean"]["stages"].items() if k not in row["stages"]}


def main(argv: list[str]) -> int:
    """Run every size in a process of its own and print the table; 1 if a fault was missed or invented."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000], help="numbers of parcels")
    parser.add_argument("--million", action="store_true", help="a million parcels besides")
    parser.add_argument("--format", choices=["gpkg", "shp", "gdb", "parquet"], default="gpkg")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    chosen = parser.parse_args(argv)
    if chosen.one:
        one(2_000, chosen.format)
        print(json.dumps(one(chosen.one, chosen.format)))
        return 0
    rows = []
    for size in [*chosen.sizes, *([MILLION] if chosen.million else [])]:
        command = [sys.executable, str(HERE / "survey.py"), "--one", str(size), "--format", chosen.format]
        rows.append(json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()[-1]))
    print(table(rows))
    if chosen.json:
        chosen.json.write_text(json.dumps(rows, indent=1), encoding="utf-8")
    return int(any(r["missed"] or r["invented"] for r in rows))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
