"""The standard of many parcels: columns against parcel by parcel, every rule, in one run.

    python benchmarks/standard.py [--parcels 100000] [--most 1000000]

Both engines start from the same read task and make the same tables; the comparison is refused if a row differs. Prints
a Markdown table of CPU seconds and ratios.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from ecocomp.rules import Parameters, RuleBook, policy_folder
from ecocomp.standard.engine import prepare_task
from ecocomp.standard.rowwise import set_rows
from ecocomp.standard.sensitivity import sensitivity
from ecocomp.standard.vector import rates, set_columns
from ecocomp.terms.tables import ECONOMY, PARCEL, PARCEL_ZONE, SERVICE_VALUE, STANDARD

YEAR = 2024
SERVICES = ("carbon_sequestration", "sand_fixation", "soil_retention", "water_conservation")


def county(size: int) -> dict[str, Any]:
    """Return the tables of an invented county: parcels with four valued services each, and last year's rates."""
    rng = np.random.default_rng(7)
    ids = pa.array([f"P{i:07d}" for i in range(size)])

    def one_of(*words: str) -> pa.Array:
        return pa.array(np.array(words)[rng.integers(0, len(words), size)])

    zero, no_area = pa.array(np.zeros(size)), pa.nulls(size, pa.int64())
    area, ecosystem = pa.array(rng.integers(1000, 10**8, size)), one_of("11", "12", "21", "31", "34", "41", "71")
    village, land_class = one_of(*(f"V{n:04d}" for n in range(500))), pa.array(["0301"] * size)
    zone, whole = one_of("water", "soil", "sand", "biodiversity", "none"), pa.array(np.full(size, 10**6))
    red, kept = pa.array(rng.integers(0, 10**6 + 1, size)), pa.array(rng.integers(0, 400_000, size))
    general, grade = pa.array(["general"] * size), pa.array(rng.integers(1, 4, size))
    worth = rng.integers(0, 10**8, 4 * size)
    year = pa.array(np.full(4 * size, YEAR))
    value = [
        ids.take(pa.array(np.repeat(np.arange(size), 4))),
        year,
        pa.array(np.tile(np.array(SERVICES), size)),
        *(pa.array((worth * share).astype(np.int64)) for share in (1, 0.7, 1.3)),
        year,
        pa.array(["m@1"] * (4 * size)),
        pa.nulls(4 * size, pa.int64()),
    ]
    rate = pa.array(rng.integers(80_000, 200_000, size))
    last = [ids, pa.array(np.full(size, YEAR - 1)), pa.array(["composite@1"] * size), *[rate] * 8]
    economy = {"region_code": "990121", "year": YEAR - 1, "engel_ppm": 310_000}
    return {
        "parcel": pa.table([ids, village, land_class, ecosystem, area, no_area, zero, zero], schema=PARCEL.schema()),
        "parcel_zone": pa.table([ids, zone, whole, red, kept, general, grade], schema=PARCEL_ZONE.schema()),
        "service_value": pa.table(value, schema=SERVICE_VALUE.schema()),
        "economy": ECONOMY.table([{**economy, "income_fen_per_head": 1_850_000, "gdp_fen_per_head": 5_000_000}]),
        "region_code": "990121",
        "year": YEAR,
        "standard_last": pa.table(last, schema=STANDARD.schema()),
    }


def parameters() -> Parameters:
    """Return the rules of the invented county that ships."""
    return RuleBook.load([policy_folder()]).resolve("990121", date(YEAR, 12, 31), date(2030, 1, 1))


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return CPU seconds and the result."""
    began = time.process_time()
    found = work()
    return time.process_time() - began, found


def main(argv: list[str]) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else Path(__file__).name)
    parser.add_argument("--parcels", type=int, default=100_000, help="parcels of the comparison with steps")
    parser.add_argument("--most", type=int, default=1_000_000, help="parcels of the figures for columns alone")
    chosen = parser.parse_args(argv)
    print("| what | parcels | parcel by parcel, CPU s | columns, CPU s | ratio |\n|---|---|---|---|---|")
    made = county(chosen.parcels)
    rates(params=parameters(), **county(1000))
    task = prepare_task(params=parameters(), **made)
    rows_s, rows = timed(lambda: set_rows(task))
    columns_s, columns = timed(lambda: set_columns(task))
    if not all(a.equals(b) for a, b in zip(rows, columns, strict=True)):
        raise SystemExit("the two engines differ")
    _line("rates, parts and steps with their texts", chosen.parcels, rows_s, columns_s)
    fast_s, _ = timed(lambda: set_columns(task, steps=False))
    _line("rates and parts, against the same rows with steps", chosen.parcels, rows_s, fast_s)
    made = county(chosen.most)
    whole_s, _ = timed(lambda: rates(params=parameters(), **made))
    _line("rates and parts from the tables, reading included", chosen.most, None, whole_s)
    task = prepare_task(params=parameters(), **made)
    _line(
        "the same once the parcels are read, as a what-if does", chosen.most, None, timed(lambda: set_columns(task, steps=False))[0]
    )
    _line("with steps and their texts", chosen.most, None, timed(lambda: set_columns(task))[0])
    sensitive, _ = timed(lambda: sensitivity(task, made["parcel"]))
    _line("sensitivity: every number at both ends", chosen.most, None, sensitive)
    return 0


def _line(what: str, size: int, theirs: float | None, ours: float) -> None:
    before, ratio = ("—", "—") if theirs is None else (f"{theirs:.2f}", f"{theirs / ours:.0f}")
    print(f"| {what} | {size:,} | {before} | {ours:.2f} | {ratio} |", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
