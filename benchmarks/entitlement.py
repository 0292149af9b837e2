"""The entitlements of a year, from registers to the table of what is owed, against columnar engines and row by row.

Usage: ``python benchmarks/entitlement.py [--rows N]``. One run on the same registers: parcels with one or several holders,
shares of unlike denominators, contracts by holder, title in dispute, parcels nobody can be paid for. Polars and DuckDB are
timed where they are installed: joins, reasons and amounts alike, but their split of a sum over its holders rounds each
part on its own, so the parts need not add up to the sum; what they lose or make is told in fen. The row-by-row form is
timed on a sample and scaled.
"""

from __future__ import annotations

import argparse
import importlib.util
import math
import resource
import sys
import time
from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.payments.entitle import entitle
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


if __name__ == "__main__":
    pass
