"""The ground of a case: grid, survey edition, coverage matrix and layer readers, made once and shared by its years."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from ecocomp.io.files import read_json
from ecocomp.io.raster import GridInfo
from ecocomp.pipeline.align import grid_of, layer_roles
from ecocomp.pipeline.case import Case
from ecocomp.pipeline.inputs import Inputs, LayerReader
from ecocomp.terms.faults import Fault, FaultsError
from ecocomp.terms.layers import CLASS_LAYERS
from ecocomp.terms.text import Text

if TYPE_CHECKING:
    from ecocomp.grid.coverage import Coverage
    from ecocomp.grid.georef import Grid
    from ecocomp.land.edition import Edition
    from ecocomp.zoning.polygons import Zones

Progress = Callable[[int, int, Text], None]


def common_grid(inputs: Inputs) -> tuple[Grid | None, list[Fault]]:
    """Return the one grid all layers lie on (elevation leads), and a fault for each layer that lies elsewhere."""
    roles = layer_roles(inputs.clean)
    if not roles:
        return None, []
    first = grid_of(GridInfo.of(inputs.facts[roles[0]]))
    faults = []
    for role in roles[1:]:
        other = grid_of(GridInfo.of(inputs.facts[role]))
        for words in first.difference(other):
            faults.append(
                Fault(
                    "grid.difference",
                    role,
                    "",
                    Text("与 {a} 的网格不一致：{w}", "it does not lie on the grid of {a}: {w}").fill(a=roles[0], w=words),
                    Text(
                        '在 case.toml 的 [layers.{n}] 中写 resample = "{m}"，由系统重采样；或自行用 gdalwarp 处理。',
                        'Write resample = "{m}" under [layers.{n}] in case.toml to have it resampled, or do it with gdalwarp.',
                    ).fill(n=role.split(".")[1], m="nearest" if role.split(".")[1] in CLASS_LAYERS else "bilinear"),
                )
            )
    return first, faults


@dataclass
class Ground:
    """Grid, edition, coverage and readers of a case; parcels stand in the order of their code everywhere."""

    case: Case
    inputs: Inputs
    grid: Grid
    edition: Edition
    progress: Progress | None = None
    _readers: dict[str, LayerReader] = field(default_factory=dict)

    @cached_property
    def parcel(self) -> pa.Table:
        """The `parcel` table, sorted by parcel code."""
        return self.edition.gate()

    @cached_property
    def ids(self) -> list[str]:
        """Parcel codes in order."""
        codes: list[str] = self.parcel["parcel_id"].to_pylist()
        return codes

    @cached_property
    def shapes(self) -> Any:
        """The polygons, in the order of `parcel`."""
        import numpy as np

        codes = np.asarray(self.edition.table()["parcel_id"].to_pylist(), object)
        return self.edition.polygons()[np.argsort(codes, kind="stable")]

    @cached_property
    def coverage(self) -> Coverage:
        """The coverage matrix, from the cache of the case."""
        from ecocomp.grid.coverage import cached_coverage

        label = Text("构建覆盖矩阵", "Build the coverage matrix")

        def show(done: int, total: int) -> None:
            if self.progress:
                self.progress(done, total, label)

        shapes = moved(self.shapes, self.edition.crs_wkt, self.grid.crs)
        return cached_coverage(self.case.scratch / "coverage", self.edition.fingerprint, shapes, self.grid, show)

    @property
    def matrix(self) -> Path:
        """The folder `coverage` is stored in."""
        from ecocomp.grid import coverage, store

        key = store.key(self.edition.fingerprint, self.grid.fingerprint(), coverage.CODE_VERSION)
        return self.case.scratch / "coverage" / key

    def reader(self, variable: str, year: int) -> LayerReader | None:
        """Return the reader of a layer in a year, or None if the case has no such layer."""
        role = self.inputs.raster(variable, year)
        if role is None:
            return None
        if role not in self._readers:
            self._readers[role] = LayerReader(self.inputs.clean[role], self.case.layers[variable])
        return self._readers[role]

    def readers(self, year: int) -> dict[str, Any]:
        """Return the readers of every layer the case has for a year."""
        found = ((v, self.reader(v, year)) for v in self.case.layers)
        return {v: r for v, r in found if r is not None}

    def close(self) -> None:
        """Close every file."""
        for reader in self._readers.values():
            reader.close()
        self._readers.clear()

    def zone_layer(self, name: str, kind_field: str | None = None) -> Zones:
        """Return a zone layer of the case in the reference system of the survey; empty if the case has none."""
        from ecocomp.zoning.polygons import no_zones

        clean = self.inputs.clean.get(f"zones.{name}")
        if clean is None:
            return no_zones()
        return read_zones(clean, self.edition.crs_wkt, kind_field or "", name)


def read_zones(clean: Path, crs_wkt: str, kind_field: str, name: str) -> Zones:
    """Return the polygons of a clean vector file, brought to `crs_wkt`; faults name a missing field."""
    import numpy as np
    import shapely

    from ecocomp.io.files import read_table
    from ecocomp.zoning.polygons import Zones

    table, facts = read_table(clean), read_json(clean.with_suffix(".json"))
    where = str(facts.get("source", name))
    if kind_field and kind_field not in table.column_names:
        names = ", ".join(c for c in table.column_names if c != "geometry")
        raise FaultsError(
            [
                Fault(
                    "zones.field",
                    where,
                    kind_field,
                    Text("没有字段 {f}；有：{n}。", "There is no field {f}; there are: {n}.").fill(f=kind_field, n=names),
                    Text("更正 case.toml 的 zones.zone_field。", "Mend zones.zone_field in case.toml."),
                )
            ]
        )
    shapes = np.asarray(shapely.from_wkb(table["geometry"].combine_chunks().to_numpy(zero_copy_only=False)), object)
    shapes = moved(shapes, facts["crs_wkt"], crs_wkt)
    kinds = [str(k) for k in table[kind_field].to_pylist()] if kind_field else [name] * len(shapes)
    return Zones([f"{name}-{n}" for n in range(1, len(shapes) + 1)], kinds, shapes)


def moved(shapes: Any, here: str, there: str) -> Any:
    """Return the shapes in another reference system; unchanged where both are the same."""
    import numpy as np
    import pyproj
    import shapely

    one, two = pyproj.CRS.from_user_input(here), pyproj.CRS.from_user_input(there)
    if one.equals(two, ignore_axis_order=True):
        return shapes
    turn = pyproj.Transformer.from_crs(one, two, always_xy=True)
    return np.asarray(shapely.transform(shapes, lambda xy: np.column_stack(turn.transform(xy[:, 0], xy[:, 1]))), object)


def make_ground(case: Case, inputs: Inputs, place: Path, progress: Progress | None = None) -> tuple[Ground, list[Fault]]:
    """Check the survey layer as a whole and write the edition to `place`; return the ground and the warnings.

    Raises `FaultsError` with every fault of the layer.
    """
    from ecocomp.land.edition import FieldMap, Tolerances, make_edition

    grid, faults = common_grid(inputs)
    if grid is None or "survey" not in inputs.clean:
        raise FaultsError(
            [
                Fault(
                    "case.no_ground",
                    "case.toml",
                    "",
                    Text("没有可用的图层或地块。", "There is no usable layer or no parcels."),
                    Text("至少给出一个栅格图层和地块文件。", "Give at least one raster layer and the parcel file."),
                )
            ]
        )
    survey = case.survey
    fields = FieldMap(
        str(survey["parcel_id"]),
        survey.get("land_class"),
        survey.get("village_code"),
        survey.get("declared_area_m2") or survey.get("declared_area"),
        "m2" if survey.get("declared_area_m2") else survey.get("declared_unit", "m2"),
        classes=dict(survey.get("classes", {})) or None,
    )
    bounds = _bounds_in(grid, inputs.facts["survey"]["crs_wkt"])
    tolerances = Tolerances(sliver_m2=float(survey.get("overlap_tolerance_m2", 1.0)))
    try:
        edition, warnings = make_edition(inputs.clean["survey"], place, fields, bounds, tolerances)
    except FaultsError as stop:
        raise FaultsError([*faults, *stop.faults]) from None
    if faults:
        raise FaultsError([*faults, *warnings])
    return Ground(case, inputs, grid, edition, progress), warnings


def _bounds_in(grid: Grid, crs_wkt: str) -> tuple[float, float, float, float]:
    """Return the bounds of the grid in the reference system of the survey layer."""
    import pyproj

    here, there = pyproj.CRS.from_user_input(grid.crs), pyproj.CRS.from_wkt(crs_wkt)
    if here.equals(there, ignore_axis_order=True):
        return grid.bounds
    turn = pyproj.Transformer.from_crs(here, there, always_xy=True)
    west, south, east, north = turn.transform_bounds(*grid.bounds)
    return (float(west), float(south), float(east), float(north))
