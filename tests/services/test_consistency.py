"""Layers that disagree with one another are said, with how many cells."""

from __future__ import annotations

from typing import Any

import numpy as np

from ecocomp.grid.georef import Grid
from ecocomp.services.consistency import layer_notes

GRID = Grid("EPSG:4545", 0.0, 300.0, 30.0, 30.0, 10, 10)


def layers(fused: Any, **given: float) -> dict[str, Any]:
    return {n: fused.InMemory(np.full((1, 10, 10), v, np.float32)) for n, v in given.items()}


def test_particles_that_add_up_say_nothing(fused: Any) -> None:
    assert layer_notes(["soil_retention"], layers(fused, sand=40, silt=38, clay=20), GRID) == []
    assert layer_notes(["water_conservation"], layers(fused, sand=400, silt=380, clay=200), GRID) == []


def test_particles_in_another_unit_or_of_another_soil_are_counted(fused: Any) -> None:
    found = layers(fused, sand=40, silt=40, clay=20)
    found["clay"].array[0, 2, :3] = 200.0
    found["clay"].array[0, 3, 3] = np.nan
    note = layer_notes(["soil_retention", "sand_fixation"], found, GRID)[0]
    assert note.severity == "warning" and "3 of 99 cells" in note.say("en") and "280" in note.say("zh")


def test_slopes_beyond_reason_are_said_where_the_layer_was_made_here(params: Any, tmp_path: Any, fused: Any) -> None:
    from ecocomp.services.layers.terrain import terrain_layers

    heights = np.zeros((1, 10, 10), np.float32)
    heights[0] = np.arange(10)[:, None] ** 2 * 400.0
    made = terrain_layers(fused.InMemory(heights), GRID, tmp_path, params(services__soil__ls_method="CSLE"))
    found = layer_notes(["soil_retention"], made, GRID)
    limit = params().number("services.soil.ls_limit")
    most = np.nanmax(made["ls_factor"].read(0, 10))
    assert bool(found) == bool(most > limit)
    assert layer_notes(["soil_retention"], {"ls_factor": fused.InMemory(heights)}, GRID) == []
