"""Slope and LS of a case, which no service prints by itself: `python examples/real_places/terrain.py CASE`.

For those who check the relief before they add rain and soil. The layers are the ones soil retention would use: the form of LS
that the rules of the place name, from elevation, or from elevation and the case's own slope.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np


def terrain(folder: Path) -> dict[str, np.ndarray]:
    """Return `slope_degrees`, `ls_factor` and `relief_m` of a case, float32 (rows, columns), NaN where not known."""
    from ecocomp.pipeline.case import load_case
    from ecocomp.pipeline.check import rule_book
    from ecocomp.pipeline.ground import common_grid
    from ecocomp.pipeline.inputs import LayerReader, take_in
    from ecocomp.services.layers.terrain import terrain_layers
    from ecocomp.terms.faults import raise_errors

    case, faults = load_case(folder)
    raise_errors(faults)
    assert case is not None
    inputs, (book, _) = take_in(case), rule_book(case)
    raise_errors(inputs.faults)
    grid, wrong = common_grid(inputs)
    raise_errors(wrong)
    assert grid is not None
    year = case.years[0]
    params = book.resolve(case.place, case.reference_date(year), case.known_on)
    given = {name: inputs.raster(name, year) for name in ("elevation", "slope")}
    read = {name: LayerReader(inputs.clean[role], case.layers[name]) for name, role in given.items() if role}
    found = terrain_layers(read["elevation"], grid, case.scratch / "terrain", params, read.get("slope"))
    return {name: np.asarray(layer.read(0, grid.height))[0] for name, layer in found.items()}


def main(folder: Path) -> int:
    """Print what the relief is like."""
    print(f"{'':<15}{'cells':>9}{'median':>9}{'mean':>9}{'95 %':>9}{'most':>9}")
    for name, values in terrain(folder).items():
        seen = values[np.isfinite(values)].astype(np.float64)
        print(
            f"{name:<15}{seen.size:>9}{np.median(seen):>9.2f}{seen.mean():>9.2f}{np.quantile(seen, 0.95):>9.2f}{seen.max():>9.2f}"
        )
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: terrain.py CASE")
    sys.exit(main(Path(sys.argv[1])))
