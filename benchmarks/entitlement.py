"""The entitlements of a year, from registers to the table of what is owed, against Arrow's own joins and row by row.

Usage: ``python benchmarks/entitlement.py [--rows N]``. One run on the same registers: parcels with one or several holders,
shares of unlike denominators, contracts by holder, title in dispute, parcels nobody can be paid for. The peer joins the same
registers by hash (Acero, all cores), gives the same reasons, and reckons in float64 with each part rounded on its own; how
many fen it makes or loses is told. The row-by-row form uses the same exact split and is timed on a sample and scaled.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable
from datetime import date
from math import lcm
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.payments.entitle import entitle, factor_ppm
from ecocomp.rules import RuleBook, policy_folder
from ecocomp.terms.money import apportion, half_even

YEAR = 2022
PROGRAMME = "forest"
ONE = 10**12
SHARES = (((1, 2), (1, 2)), ((1, 3), (1, 3), (1, 3)), ((1, 2), (1, 3), (1, 6)), ((3, 10), (7, 10)), ((1, 7),) * 7)
SAMPLE = 20_000
Tables = dict[str, pa.Table]


def registers(rows: int, seed: int = 0) -> Tables:
    """Return the five registers of `entitle` with about `rows` rights on 5/6 as many parcels."""
    rng = np.random.default_rng(seed)
    n = rows * 5 // 6
    ids = pa.array(np.arange(n)).cast(pa.string())
    ids = pc.binary_join_element_wise("990121", pc.utf8_lpad(ids, 9, "0"), "-")
    kind = rng.choice(np.array([-2, -1, 0, 1, 2, 3, 4]), n, p=[0.02, 0.83, 0.07, 0.03, 0.03, 0.015, 0.005])
    size = np.array([len(s) for s in SHARES] + [0, 1])[kind]
    owner = np.repeat(np.arange(n), size)
    number = np.arange(len(owner)) - np.repeat(np.cumsum(size) - size, size)
    flat = np.array([p for s in SHARES for p in s] + [(1, 1)], np.int64)
    base = np.cumsum([0] + [len(s) for s in SHARES])
    share = flat[np.where(kind[owner] < 0, len(flat) - 1, base[kind[owner]] + number)]
    person = pc.binary_join_element_wise("H", pa.array(rng.integers(0, max(n // 3, 1), len(owner))).cast(pa.string()), "")
    right_id = pc.binary_join_element_wise(ids.take(pa.array(owner)), pa.array(number).cast(pa.string()), "/")
    signed = np.flatnonzero(rng.random(len(owner)) < 0.9)
    start = pa.array([date(2020, 1, 1)] * 1)
    clocks = {c: start.take(pa.array(np.zeros(len(signed), np.int64))) for c in ("valid_from", "known_from")}
    clocks |= {c: pa.nulls(len(signed), pa.date32()) for c in ("valid_to", "known_to")}
    light = pa.array(["green", "yellow", "red", "grey"]).take(pa.array(rng.integers(0, 4, n)))
    verdict = pa.array(["none", "none", "confirmed"]).take(pa.array(rng.integers(0, 3, n)))
    state = pa.array(["clear", "disputed"]).take(pa.array((rng.random(len(owner)) < 0.01).astype(np.int64)))
    year = pa.array(np.full(n, YEAR))
    return {
        "standard": pa.table({"parcel_id": ids, "year": year, "rate_fen_per_ha": rng.integers(0, 500_000, n)}),
        "parcel": pa.table({"parcel_id": ids, "area_dm2": rng.integers(0, 10_000_000, n)}),
        "right_payable": pa.table(
            {
                "right_id": right_id,
                "parcel_id": ids.take(pa.array(owner)),
                "holder_id": person,
                "share_num": share[:, 0],
                "share_den": share[:, 1],
                "state": state,
            }
        ),
        "contract": pa.table(
            {
                "contract_id": pc.binary_join_element_wise("C", right_id.take(pa.array(signed)), "-"),
                "holder_id": person.take(pa.array(signed)),
                "parcel_id": ids.take(pa.array(owner[signed])),
                "programme": pa.array([PROGRAMME]).take(pa.array(np.zeros(len(signed), np.int64))),
                **clocks,
            }
        ),
        "compliance": pa.table({"parcel_id": ids, "year": year, "light": light, "verdict": verdict}),
    }


def by_joins(tables: Tables, factors: dict[str, float]) -> pa.Table:
    """Return parcel, right, reason and amount by hash joins, in float64."""
    deed = tables["contract"].filter(pc.equal(tables["contract"]["programme"], PROGRAMME))
    any_of = deed.group_by("parcel_id").aggregate([("contract_id", "min")]).rename_columns(["parcel_id", "any"])
    pair = ["parcel_id", "holder_id"]
    own = deed.group_by(pair).aggregate([("contract_id", "min")]).rename_columns([*pair, "own"])
    right = tables["right_payable"]
    right = right.append_column("share", pc.divide(right["share_num"].cast("double"), right["share_den"]))
    sums = right.group_by("parcel_id").aggregate([("share", "sum")]).rename_columns(["parcel_id", "sum"])
    out = tables["parcel"]
    for name in ("standard", "compliance"):
        table = tables[name]
        out = out.join(table.filter(pc.equal(table["year"], YEAR)).drop_columns(["year"]), "parcel_id")
    out = out.join(right, "parcel_id").join(sums, "parcel_id").join(any_of, "parcel_id").join(own, pair)
    light = pc.binary_join_element_wise(out["light"], out["verdict"], ".").combine_chunks().dictionary_encode()
    factor = pa.array([factors[v] for v in light.dictionary.to_pylist()], pa.float64()).take(light.indices)
    gross = pc.round(pc.divide(pc.multiply(out["rate_fen_per_ha"].cast("double"), out["area_dm2"]), ONE / 10**6), 0, "half_to_even")
    gross = pc.round(pc.multiply(gross, out["share"]), 0, "half_to_even")
    owed = pc.divide(pc.multiply(pc.multiply(out["rate_fen_per_ha"].cast("double"), out["area_dm2"]), factor), ONE / 10**6)
    owed = pc.round(pc.multiply(owed, out["share"]), 0, "half_to_even")
    deed_id = pc.coalesce(out["own"], out["any"])
    tests = [
        pc.is_null(out["right_id"]),
        pc.greater(pc.abs(pc.subtract(pc.fill_null(out["sum"], 1.0), 1.0)), 1e-9),
        pc.equal(out["rate_fen_per_ha"], 0),
        pc.is_null(deed_id),
        pc.less_equal(out["area_dm2"], 0),
    ]
    names = ["no_right", "share_sum", "not_compensated", "no_contract", "no_area"]
    reason = pc.case_when(pc.make_struct(*tests), *names, "")
    ok = pc.equal(reason, "")
    head = pc.binary_join_element_wise(pa.scalar(f"{PROGRAMME}-{YEAR}"), out["parcel_id"], pc.fill_null(out["right_id"], ""), "-")
    columns = {"entitlement_id": head, "reason": reason, "contract_id": deed_id}
    columns |= {n: out[n] for n in ("parcel_id", "right_id", "holder_id", "area_dm2", "rate_fen_per_ha", "state")}
    columns |= {"gross_fen": pc.if_else(ok, gross, 0.0).cast("int64"), "entitled_fen": pc.if_else(ok, owed, 0.0).cast("int64")}
    return pa.table(columns).sort_by([("parcel_id", "ascending"), ("right_id", "ascending")])


def by_row(tables: Tables, factors: dict[str, int]) -> list[tuple[str, str, int]]:
    """Return parcel, holder and amount of each right, one parcel after the other, exactly."""
    rate = {r["parcel_id"]: r["rate_fen_per_ha"] for r in tables["standard"].to_pylist()}
    seen = {r["parcel_id"]: factors[f"{r['light']}.{r['verdict']}"] for r in tables["compliance"].to_pylist()}
    signed = set(tables["contract"]["parcel_id"].to_pylist())
    rights: dict[str, list[dict[str, Any]]] = {}
    for r in tables["right_payable"].to_pylist():
        rights.setdefault(r["parcel_id"], []).append(r)
    out = []
    for p, area in zip(tables["parcel"]["parcel_id"].to_pylist(), tables["parcel"]["area_dm2"].to_pylist(), strict=True):
        mine = rights.get(p, [])
        common = lcm(*(r["share_den"] for r in mine))
        weights = [r["share_num"] * (common // r["share_den"]) for r in mine]
        if mine and p in signed and sum(weights) == common:
            parts = apportion(half_even(rate[p] * area * seen[p], ONE), weights)
            out += [(p, r["holder_id"], part) for r, part in zip(mine, parts, strict=True)]
    return out


def timed(work: Callable[[], Any], repeats: int = 3) -> tuple[Any, float, float]:
    """Return what `work` returns, and its shortest wall and CPU seconds."""
    times = []
    for _ in range(repeats):
        wall, cpu = time.perf_counter(), time.process_time()
        found = work()
        times.append((time.perf_counter() - wall, time.process_time() - cpu))
    return found, min(w for w, _ in times), min(c for _, c in times)


def peak_gib() -> float:
    """Return the most memory this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def main() -> None:
    """Print the table in Markdown."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_200_000)
    parser.add_argument("--repeats", type=int, default=3)
    chosen = parser.parse_args()
    tables = registers(chosen.rows)
    params = RuleBook.load([policy_folder()], check=False).resolve("990121", date(YEAR, 12, 31), date(YEAR + 1, 6, 1))
    rule = params.table("payments.compliance_factor")
    ppm = {f"{a}.{b}": factor_ppm(rule, f"{a}.{b}") for a in ("green", "yellow", "red", "grey") for b in ("none", "confirmed")}
    given = peak_gib()
    exact, wall, cpu = timed(lambda: entitle(*tables.values(), params, YEAR, PROGRAMME), chosen.repeats)
    held = peak_gib()
    peer, peer_wall, peer_cpu = timed(lambda: by_joins(tables, {k: v / 10**6 for k, v in ppm.items()}), chosen.repeats)
    named = pc.not_equal(exact["right_id"], "")
    mine = exact.filter(named).sort_by("right_id")["entitled_fen"].to_numpy()
    theirs = peer.filter(pc.is_valid(peer["right_id"])).sort_by("right_id")["entitled_fen"].to_numpy()
    some = registers(SAMPLE, seed=1)
    listed, _, row_cpu = timed(lambda: by_row(some, ppm), 1)
    found = entitle(*some.values(), params, YEAR, PROGRAMME)
    assert sum(x[2] for x in listed) == pc.sum(found["entitled_fen"]).as_py()
    row_cpu *= len(exact) / len(found)
    print(f"{len(tables['parcel']):,} parcels, {len(tables['right_payable']):,} rights, {len(tables['contract']):,} contracts.\n")
    print("| engine | wall s | CPU s | ours is faster by CPU | rows that differ from the exact fen | fen made or lost |")
    print("|---|---:|---:|---:|---:|---:|")
    print(f"| ecocomp, exact, all columns and checks | {wall:.2f} | {cpu:.2f} | 1 | 0 | 0 |")
    off = theirs - mine
    wrong = int((off != 0).sum())
    ratio = peer_cpu / cpu
    print(f"| Arrow joins, float64 | {peer_wall:.2f} | {peer_cpu:.2f} | {ratio:.1f} | {wrong:,} | {int(off.sum()):,} |")
    print(f"| row by row, exact, amounts alone | {row_cpu:.1f} | {row_cpu:.1f} | {row_cpu / cpu:.1f} | 0 | 0 |")
    print(f"\nMost memory: {held:.2f} GiB, of which the registers {given:.2f} and the table made {exact.nbytes / 2**30:.2f}.")


if __name__ == "__main__":
    main()
