"""Whether the layers of a case agree with one another: particle sizes that do not add up, slopes beyond reason.

For the pipeline, before the pass. A layer alone may be believable while two together are not. Nothing is changed; each
disagreement is a warning that says in how many cells.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

import numpy as np

from ecocomp.registry import entry
from ecocomp.services.site import StripReader
from ecocomp.terms.faults import Fault
from ecocomp.terms.text import Text

if TYPE_CHECKING:
    from ecocomp.grid.georef import Grid

PARTICLES = ("sand", "silt", "clay")
TOLERANCE_PERCENT = 5.0
"""Sand, silt and clay are rounded and mapped each for itself; further from 100 % than this they are of different soils or units."""
ROWS = 256


def layer_notes(models: Collection[str], layers: Mapping[str, StripReader], grid: Grid) -> list[Fault]:
    """Return a warning for each disagreement among the layers that the chosen services read.

    models  ids of `services/models`
    layers  those of the case and those made from them
    """
    read = {use.name for id in models for use in entry("services.models", id).spec.inputs}
    notes = particle_notes(layers, grid) if {*PARTICLES} <= read else []
    return notes + (slope_notes(layers) if "ls_factor" in read else [])


def particle_notes(layers: Mapping[str, StripReader], grid: Grid) -> list[Fault]:
    """Return a warning where sand, silt and clay do not add up to about 100 %, with the number of cells and the worst sum."""
    if not {*PARTICLES} <= set(layers):
        return []
    seen, off, worst = 0, 0, 100.0
    for first, last in grid.strips(ROWS):
        whole = sum(np.asarray(layers[name].read(first, last)[0], np.float64) for name in PARTICLES)
        known = np.asarray(whole)[np.isfinite(whole)]
        apart = np.abs(known - 100.0)
        seen, off = seen + known.size, off + int((apart > TOLERANCE_PERCENT).sum())
        if known.size and apart.max() > abs(worst - 100.0):
            worst = float(known[apart.argmax()])
    if not off:
        return []
    clash = Text(
        "{n} 个像元（共 {all} 个）的砂粒、粉粒、黏粒之和不在 {a}–{b} % 内，偏得最多的是 {w} %；数值保留。",
        "sand, silt and clay add up to less than {a} or more than {b} % in {n} of {all} cells, at worst to {w} %; values are kept.",
    )
    ends = {"a": f"{100.0 - TOLERANCE_PERCENT:g}", "b": f"{100.0 + TOLERANCE_PERCENT:g}"}
    remedy = Text(
        "核对三个图层是否同一来源、同一深度、同以百分数计（g/kg 须乘 0.1）。",
        "Check that the three layers are of one source and depth and all in percent (g/kg times 0.1).",
    )
    return [
        Fault(
            "services.particles", "soil", "sand silt clay", clash.fill(n=off, all=seen, w=f"{worst:.4g}", **ends), remedy, "warning"
        )
    ]


def slope_notes(layers: Mapping[str, StripReader]) -> list[Fault]:
    """Return a warning where the made layer of LS has values beyond reason."""
    from ecocomp.services.layers.terrain import ls_report

    path = getattr(layers.get("ls_factor"), "path", None)
    report = ls_report(path) if path is not None else None
    note = report.note() if report is not None else None
    if note is None:
        return []
    remedy = Text("核对高程的单位、水平分辨率和异常值。", "Check unit, resolution and outliers of the elevation.")
    return [Fault("services.slope", "ls_factor", "elevation", note, remedy, "warning")]
