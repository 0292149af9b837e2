"""Amounts due and the sharing of envelopes against columnar engines: exact fen here, float64 or exact decimals there.

Usage: ``python benchmarks/funds.py [--rows N]``. Polars and DuckDB are timed where they are installed; the row-by-row Python
form is timed on a sample and scaled. All figures of one table come from one run on the same arrays.
"""

from __future__ import annotations

import argparse
import importlib.util
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from ecocomp.payments.entitle import amounts_fen
from ecocomp.terms.money import apportion, apportion_array, half_even

ONE = 10**12
REPEATS = 5


def main() -> None:
    """Print the tables in Markdown."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=10_000_000)
    n = parser.parse_args().rows
    rng = np.random.default_rng(1)
    rate, area = rng.integers(1, 500_000, n), rng.integers(1, 10_000_000, n)
    factor = rng.choice([1_000_000, 950_000, 500_000, 333_333], n)
    ours = best(lambda: amounts_fen(rate, area, factor))
    exact = amounts_fen(rate, area, factor)
    some = slice(0, 50_000)
    row_s = best(lambda: rows(rate[some], area[some], factor[some]), 1) * n / 50_000
    assert rows(rate[some], area[some], factor[some]) == exact[some].tolist()
    print(f"Amounts due: rate × area × factor rounded half-even to the fen, {n:,} rows.\n")
    print("| engine | seconds | ours is faster by | rows that differ from the exact fen |")
    print("|---|---:|---:|---:|")
    print(f"| ecocomp, exact | {ours:.3f} | 1 | 0 |")
    print(f"| Python integers, row by row | {row_s:.1f} | {row_s / ours:.0f} | 0 |")
    line("NumPy float64", lambda: np.rint(rate.astype(float) * area * factor / ONE).astype(np.int64), exact, ours)
    for name, make in (("polars", polars_run), ("duckdb", duckdb_run)):
        if importlib.util.find_spec(name) is None:
            print(f"| {name} | not installed | — | — |")
        else:
            for label, run in make(rate, area, factor):
                line(label, run, exact, ours)
    weights = rng.lognormal(10, 1, n // 10).astype(np.int64)
    total = int(weights.sum()) * 7 // 9
    vector, listed = best(lambda: apportion_array(total, weights)), best(lambda: apportion(total, weights.tolist()), 1)
    assert apportion(total, weights.tolist()) == apportion_array(total, weights).tolist()
    print(f"\nOne sum split over {n // 10:,} claims by Webster's method, unit for unit equal: ", end="")
    print(f"{vector:.3f} s, row by row {listed:.2f} s, {listed / vector:.0f} times.")


def line(label: str, run: Callable[[], np.ndarray], exact: np.ndarray, ours: float) -> None:
    """Print one peer."""
    took = best(run)
    print(f"| {label} | {took:.3f} | {took / ours:.1f} | {int((run() != exact).sum()):,} |")


def best(run: Callable[[], Any], repeats: int = REPEATS) -> float:
    """Return the shortest of some runs in seconds."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times)


def rows(rate: np.ndarray, area: np.ndarray, factor: np.ndarray) -> list[int]:
    """Return the amounts in Python integers."""
    columns = (rate.tolist(), area.tolist(), factor.tolist())
    return [half_even(r * a * f, ONE) for r, a, f in zip(*columns, strict=True)]


def polars_run(rate: np.ndarray, area: np.ndarray, factor: np.ndarray) -> list[tuple[str, Callable[[], np.ndarray]]]:
    """Return what polars does in float64, and in 128-bit integers (exact, half-even by hand)."""
    import polars as pl

    frame = pl.DataFrame({"r": rate, "a": area, "f": factor})
    quick = (pl.col("r").cast(pl.Float64) * pl.col("a") * pl.col("f") / ONE).round(0, mode="half_to_even").cast(pl.Int64)
    product = pl.col("r").cast(pl.Int128) * pl.col("a").cast(pl.Int128) * pl.col("f").cast(pl.Int128)
    whole, rest = product // ONE, product % ONE
    up = (rest * 2 > ONE) | ((rest * 2 == ONE) & (whole % 2 == 1))
    return [
        ("polars, float64", lambda: frame.select(quick.alias("x"))["x"].to_numpy()),
        ("polars, Int128, exact", lambda: frame.select((whole + up.cast(pl.Int128)).cast(pl.Int64).alias("x"))["x"].to_numpy()),
    ]


def duckdb_run(rate: np.ndarray, area: np.ndarray, factor: np.ndarray) -> list[tuple[str, Callable[[], np.ndarray]]]:
    """Return what DuckDB does in double precision, and in HUGEINT (exact, half-even by hand)."""
    import duckdb
    import pyarrow as pa

    base = duckdb.connect()
    base.register("given", pa.table({"r": rate, "a": area, "f": factor}))
    base.execute("CREATE TABLE t AS SELECT * FROM given")
    half = f"2 * (p % {ONE})"
    exact = f"p // {ONE} + CASE WHEN {half} > {ONE} OR ({half} = {ONE} AND (p // {ONE}) % 2 = 1) THEN 1 ELSE 0 END"
    inner = "SELECT r::HUGEINT * a * f AS p FROM t"
    quick = f"SELECT round_even(r::DOUBLE * a * f / {ONE}, 0)::BIGINT AS x FROM t"
    return [
        ("duckdb, double", lambda: base.execute(quick).fetchnumpy()["x"]),
        ("duckdb, HUGEINT, exact", lambda: base.execute(f"SELECT ({exact})::BIGINT AS x FROM ({inner})").fetchnumpy()["x"]),
    ]


if __name__ == "__main__":
    main()
