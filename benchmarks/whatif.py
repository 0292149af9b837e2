"""What-if over many parcels: the time from a reform to winners, losers, budget and equity.

    python benchmarks/whatif.py BUNDLE [--parcels 1000000] [--set standard.value_cap=*1.1]

The tables of a small bundle (of ``ecocomp demo``) are laid side by side until there are as many parcels as asked for, each
copy with codes of its own. Without a bundle a county of 200 parcels is made first. Prints a Markdown table of wall and CPU
seconds; the year itself is computed once, each reform after it.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.simulation.base import Base, bundle_of, read_base
from ecocomp.simulation.compare import compare, people_of
from ecocomp.simulation.outcome import outcome
from ecocomp.simulation.reform import reform_of
from ecocomp.standard.setting import of_services

CODES = ("parcel_id", "holder_id", "right_id", "contract_id", "village_code", "entitlement_id")
REFORMS = (
    ("higher protection cost", "standard.protection_cost=+10%"),
    ("lower cap on the value part", "standard.value_cap=*0.8"),
    ("a group less", "standard.eligible_groups=[1, 2, 3]"),
)


def tiled(base: Base, parcels: int) -> Base:
    """Return the year with at least `parcels` parcels: its tables repeated, codes made different."""
    times = -(-parcels // len(base.table("parcel")))
    alone = ("economy", "envelope", "settlement", "credit", "objection")
    tables = {n: t if n in alone else _repeated(t, times) for n, t in base.tables.items()}
    value = of_services(base.table("service_value"), [str(i) for i in base.params().items("standard.value_services")])
    tables["service_value"] = _repeated(value, times)
    money = base.table("envelope")
    at = money.schema.get_field_index("granted_fen")
    tables["envelope"] = money.set_column(at, money.schema.field(at), pc.multiply(money["granted_fen"], times))
    tables["objection"] = tables["objection"].slice(0, 0)
    last = {n: _repeated(t, times) if n == "standard" else t for n, t in base.last.items()}
    return replace(base, tables=tables, last=last, kept={}, load=None)


def _repeated(table: pa.Table, times: int) -> pa.Table:
    rows = len(table)
    at = pa.array(np.tile(np.arange(rows), times))
    head = pa.array([f"{k:05d}" for k in range(times)]).take(pa.array(np.repeat(np.arange(times), rows)))
    out = table.combine_chunks().take(at)
    for name in table.schema.names:
        if name in CODES:
            i = table.schema.get_field_index(name)
            column = out[name].combine_chunks()
            made = pc.if_else(pc.equal(column, ""), "", pc.binary_join_element_wise(head, column, "-"))
            out = out.set_column(i, table.schema.field(i), made)
    return out.combine_chunks()


def timed(work: Callable[[], Any]) -> tuple[Any, float, float]:
    """Return what `work` returns with wall and CPU seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    found = work()
    return found, time.perf_counter() - wall, time.process_time() - cpu


def main(argv: list[str]) -> int:
    """Run the reforms and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bundle", type=Path, nargs="?")
    parser.add_argument("--parcels", type=int, default=1_000_000)
    parser.add_argument("--set", dest="settings", action="append", default=[])
    chosen = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        place = chosen.bundle
        if place is None:
            place = Path(folder) / "county"
            subprocess.run(
                [sys.executable, "-m", "ecocomp", "demo", str(place), "--parcels", "200"], check=True, stdout=subprocess.DEVNULL
            )
        base = tiled(read_base(bundle_of(place)), chosen.parcels)
    reforms = [*REFORMS, *((s, s) for s in chosen.settings)]
    print(f"| {len(base.table('parcel')):,} parcels, {len(base.table('holder')):,} holders | wall s | CPU s | winners | losers |")
    print("|---|---|---|---|---|")
    before, wall, cpu = timed(lambda: outcome(base))
    people, more, cpu_more = timed(lambda: people_of(base, before.claims))
    print(f"| the year as run, once | {wall + more:.2f} | {cpu + cpu_more:.2f} | | |")
    for name, setting in reforms:
        reform = reform_of([setting], base.ground)
        found, wall, cpu = timed(lambda r=reform: compare(base, before, outcome(base, r), people))
        print(f"| {name} | {wall:.2f} | {cpu:.2f} | {found.totals['winners']:,} | {found.totals['losers']:,} |")
    print(f"\nMost memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
