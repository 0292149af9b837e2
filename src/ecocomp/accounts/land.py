"""The land account: opening, additions, reductions and closing of every ecosystem, from transitions alone.

The transition matrix is the only source of changes, so the account closes without a rounding row. Identities
(SEEA EA extent account): closing_k = opening_k + Σ_j a(j→k) − Σ_j a(k→j), and Σ opening = Σ closing = territory.
"""

from __future__ import annotations

from collections import defaultdict

import pyarrow as pa

from ecocomp.terms.tables import LAND_ACCOUNT


def land_account(transition: pa.Table) -> pa.Table:
    """Return the `land_account` table of every year in a `land_transition` table (areas in dm2)."""
    cells: dict[tuple[int, str], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    columns = (transition[n].to_pylist() for n in ("year", "from_ecosystem", "to_ecosystem", "area_dm2"))
    for year, source, target, dm2 in zip(*columns, strict=True):
        cells[year, source][0] += dm2
        cells[year, target][3] += dm2
        if source != target:
            cells[year, target][1] += dm2
            cells[year, source][2] += dm2
    names = ("opening_dm2", "additions_dm2", "reductions_dm2", "closing_dm2")
    return LAND_ACCOUNT.table(
        [
            {"year": year, "ecosystem": ecosystem, **dict(zip(names, row, strict=True))}
            for (year, ecosystem), row in sorted(cells.items())
        ]
    )
