"""The table of rates people know from programme documents: by ecosystem, zone and grade, with lowest, highest and range."""

from __future__ import annotations

import pyarrow as pa

from ecocomp.standard.lands import Codes, combinations, sorted_by_parcel, zones_of
from ecocomp.standard.sensitivity import Kinds
from ecocomp.terms.tables import STANDARD_RATE


def rate_table(parcel: pa.Table, parcel_zone: pa.Table, standard: pa.Table) -> pa.Table:
    """Return the `standard_rate` table: one row for each kind of land.

    mean, low and high are means by area (fen/ha/a) of the rate and of the ends of its range; lowest and highest are
    those of single parcels.
    """
    if not len(standard):
        return STANDARD_RATE.empty()
    parcel, standard = sorted_by_parcel(parcel), sorted_by_parcel(standard)
    zone = zones_of(parcel, parcel_zone)
    columns = [Codes.of(parcel["ecosystem"]), Codes.of(zone["function_zone"]), Codes.of(zone["grade"])]
    names, inverse = combinations(columns, len(parcel))
    area = parcel["area_dm2"].to_numpy()
    kinds = Kinds([(str(e), str(z), int(g)) for e, z, g in names], inverse, area)
    rate, low, high = (standard[f"{n}_fen_per_ha"].to_numpy() for n in ("rate", "low", "high"))
    means = zip(*(kinds.means(c) for c in (rate, low, high)), strict=True)
    rows = []
    for n, (kind, (mean, least, most)) in enumerate(zip(kinds.names, means, strict=True)):
        chosen = inverse == n
        rows.append(
            {
                "year": standard["year"][0].as_py(),
                "ecosystem": kind[0],
                "function_zone": kind[1],
                "grade": kind[2],
                "parcels": int(chosen.sum()),
                "area_dm2": int(area[chosen].sum()),
                "mean_fen_per_ha": mean,
                "lowest_fen_per_ha": int(rate[chosen].min()),
                "highest_fen_per_ha": int(rate[chosen].max()),
                "low_fen_per_ha": least,
                "high_fen_per_ha": most,
            }
        )
    return STANDARD_RATE.table(rows)
