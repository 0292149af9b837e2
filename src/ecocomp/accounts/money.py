"""The fund account: what came in, was allocated, was paid and is left, by source of funds."""

from __future__ import annotations

from collections import defaultdict

import pyarrow as pa

from ecocomp.terms.money import apportion
from ecocomp.terms.tables import FUND_ACCOUNT, PPM

_SUMMED = ("opening_fen", "granted_fen", "allocated_fen", "paid_fen", "escrow_fen", "closing_fen", "lapsed_fen")


def fund_account(envelope_balance: pa.Table) -> pa.Table:
    """Return the `fund_account` table: envelopes summed by year and source (fen).

    unpaid_fen is what was allocated but neither paid nor put in escrow; share_ppm are the shares of all that was
    allocated in the year and add up to one million exactly.
    """
    sums: dict[tuple[int, str], dict[str, int]] = defaultdict(lambda: dict.fromkeys(("envelopes", *_SUMMED), 0))
    for row in envelope_balance.to_pylist():
        found = sums[row["year"], row["source"]]
        found["envelopes"] += 1
        for name in _SUMMED:
            found[name] += row[name]
    shares = _shares({key: found["allocated_fen"] for key, found in sums.items()})
    return FUND_ACCOUNT.table(
        [
            {
                "year": key[0],
                "source": key[1],
                **found,
                "share_ppm": shares[key],
                "unpaid_fen": found["allocated_fen"] - found["paid_fen"] - found["escrow_fen"],
            }
            for key, found in sorted(sums.items())
        ]
    )


def _shares(allocated: dict[tuple[int, str], int]) -> dict[tuple[int, str], int]:
    out: dict[tuple[int, str], int] = {}
    for year in {y for y, _ in allocated}:
        keys = sorted(k for k in allocated if k[0] == year)
        weights = [max(allocated[k], 0) for k in keys]
        out |= zip(keys, apportion(PPM if sum(weights) else 0, weights), strict=True)
    return out
