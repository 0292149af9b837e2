"""Run the benchmarks one after another and write their tables to docs/benchmarks.md.

Figures are ratios against a peer in the same run on the same inputs, because machines differ and are shared.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent / "docs" / "benchmarks.md"
RUNS = (
    ("Zonal means against exactextract, 20,000 parcels", ["zonal.py", "--parcels", "20000"]),
    ("Zonal means against exactextract, 100,000 parcels", ["zonal.py", "--parcels", "100000"]),
    ("Four services with intervals and sums per parcel, fused, against NumPy, 2.2 million cells", ["fused.py", "--size", "1500"]),
    ("Ellipsoidal area and trends", ["pieces.py"]),
    ("The same services, 9 million cells", ["fused.py", "--size", "3000", "--repeats", "2"]),
)
HEAD = """# 基准 Benchmarks

Made by `make bench`: each line against a peer on the same inputs in the same run, as ratios. A ratio under 2 counts as
a tie. Python {python}, {cores} cores; absolute seconds say little, the machine was shared.

Goals of the design: zonal means with the matrix build included at least 15 times exactextract, each further layer at
least 20 times. Where a table shows less, the goal is missed and the table says so.
"""


def main() -> int:
    """Run all benchmarks; returns the first exit status that is not 0."""
    parts = [HEAD.format(python=platform.python_version(), cores=os.cpu_count())]
    for title, command in RUNS:
        print(f"· {title}", file=sys.stderr, flush=True)
        done = subprocess.run([sys.executable, str(HERE / command[0]), *command[1:]], capture_output=True, text=True, check=False)
        if done.returncode:
            print(done.stderr, file=sys.stderr)
            return done.returncode
        parts.append(f"## {title}\n\n{done.stdout.strip()}\n")
    PAGE.write_text("\n".join(parts), encoding="utf-8")
    print(f"wrote {PAGE.relative_to(HERE.parent)}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
