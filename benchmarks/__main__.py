"""Run the benchmarks one after another and write their tables to docs/benchmarks.md.

Usage: ``python -m benchmarks [--only WORD]``. Figures are ratios against a peer in the same run on the same inputs, because
machines differ and are shared. Tables are kept as they come in benchmarks/out, so that one of them can be made anew with
``--only`` (a word of its title or command) without the others. A benchmark that fails is named, and its last table stays.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent / "docs" / "benchmarks.md"
KEPT = HERE / "out"
RUNS: tuple[tuple[str, list[str]], ...] = (
    ("Zonal means against exactextract, 20,000 parcels", ["zonal.py", "--parcels", "20000"]),
    ("Zonal means against exactextract, 100,000 parcels", ["zonal.py", "--parcels", "100000"]),
    ("Services against InVEST carbon and annual water yield, 4 million cells", ["invest.py", "services", "--size", "2000"]),
    ("The same, 16 million cells", ["invest.py", "services", "--size", "4000"]),
    ("Sediment delivery against InVEST SDR, 1 million cells", ["invest.py", "sediment", "--size", "1000"]),
    ("Habitat quality against InVEST, 4 million cells", ["invest.py", "habitat", "--size", "2000"]),
    ("Cost and memory by size", ["growth.py", "--sizes", "1000", "2000", "4000", "8000"]),
    ("Terrain against pyflwdir", ["terrain.py"]),
    ("Four services with intervals and sums per parcel, fused, against NumPy, 2.2 million cells", ["fused.py", "--size", "1500"]),
    ("The same services, 9 million cells", ["fused.py", "--size", "3000", "--repeats", "2"]),
    ("Ellipsoidal area and trends", ["pieces.py"]),
    ("Selection under a budget with regional caps against HiGHS", ["targeting.py"]),
    ("What-if over a million parcels", ["whatif.py"]),
    ("Ledger: a million payments posted with full durability", ["ledger.py"]),
    ("A payment run of a million rows, from the sealed year to the archive", ["payments.py"]),
    ("Amounts due, 10 million rows, and one sum split over a million claims", ["funds.py"]),
    ("Entitlements of a million parcels, from registers to the table of what is owed", ["entitlement.py"]),
    ("The standard of 100,000 and a million parcels, columns against parcel by parcel", ["standard.py"]),
    ("Import of a survey layer with planted faults, 10,000 to a million parcels", ["survey.py", "--million"]),
)
HEAD = """# 基准 Benchmarks

每一行都在同一次运行中用同样的输入与同行比较，只看比值：CPU 秒之比不到 2 记为平手。绝对秒数意义不大，机器是共用的。
与 InVEST 逐像元相等由 tests/peers 检验；这里另比总量。

Made by `make bench`: each line against a peer on the same inputs in the same run, as ratios. A ratio under 2 counts as
a tie. Python {python}, {cores} cores of {machine}; absolute seconds say little, the machine is shared. That figures equal
InVEST's cell by cell is tested in tests/peers; here totals are compared besides. `scripts/peers.sh` installs the peers.

Goals of the design, by CPU: zonal means with the matrix build included at least 15 times exactextract, each further layer at
least 20 times; six services at least 15 times InVEST carbon and annual water yield, per service and cell, ours with low,
value, high and sums per parcel; sediment delivery at least 10 times InVEST SDR; filling, directions, accumulation and LS at
least 5 times pyflwdir and pygeoprocessing; the ledger at least 150,000 payments a second on SQLite with full durability.
Where a table shows less, the goal is missed and the table says so.
"""


def main(argv: list[str]) -> int:
    """Run all benchmarks, or those asked for, and write the page; returns 1 if one failed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Run the benchmarks and write docs/benchmarks.md.")
    parser.add_argument("--only", default="", help="a word of the title or of the command; the page keeps the other tables")
    chosen = parser.parse_args(argv)
    KEPT.mkdir(exist_ok=True)
    failed = [title for title, command in RUNS if _wanted(title, command, chosen.only) and not _run(title, command)]
    parts = [HEAD.format(python=platform.python_version(), cores=os.cpu_count(), machine=platform.machine())]
    for title, command in RUNS:
        if _kept(command).exists():
            parts.append(f"## {title}\n\n{_kept(command).read_text(encoding='utf-8').strip()}\n")
    PAGE.write_text("\n".join(parts), encoding="utf-8")
    print(f"wrote {PAGE.relative_to(HERE.parent)}", file=sys.stderr)
    return int(bool(failed))


def _wanted(title: str, command: list[str], word: str) -> bool:
    return (HERE / command[0]).exists() and word.lower() in f"{title} {' '.join(command)}".lower()


def _kept(command: list[str]) -> Path:
    return KEPT / (re.sub(r"\W+", "-", " ".join(command)).strip("-") + ".md")


def _run(title: str, command: list[str]) -> bool:
    """Run one benchmark and keep its table; returns whether it came through."""
    print(f"· {title}", file=sys.stderr, flush=True)
    done = subprocess.run([sys.executable, str(HERE / command[0]), *command[1:]], capture_output=True, text=True, check=False)
    if done.returncode:
        print(done.stderr, file=sys.stderr)
        return False
    _kept(command).write_text(done.stdout, encoding="utf-8")
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
