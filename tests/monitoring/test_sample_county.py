"""The invented county from survey to light: its register is sound, its zones overlay, its planted disturbances are found."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from ecocomp.grid.coverage import Coverage, build_coverage
from ecocomp.grid.georef import Grid
from ecocomp.land.area import areas_dm2, polygon_areas_m2
from ecocomp.monitoring.observe import observe, read_evidence
from ecocomp.rules import Parameters, RuleBook, policy_folder
from ecocomp.tenure.rights import check_rights, payable_rights, rights_on
from ecocomp.terms.clocks import as_of
from ecocomp.terms.codes import ecosystem_of
from ecocomp.terms.tables import CONTRACT, FIELD_CHECK, HOLDER, PARCEL, RIGHT, TableSpec
from ecocomp.zoning.overlay import parcel_zone
from ecocomp.zoning.polygons import Zones

YEARS = (2022, 2023, 2024, 2025)
KNOWN = date(2026, 6, 30)


@dataclass
class Layer:
    """Twelve bands of a GeoTIFF, read by rows with the scale and fill the case declares."""

    path: Path
    bands: int = 12

    def read(self, row0: int, row1: int) -> Any:
        import rasterio
        from rasterio.windows import Window

        with rasterio.open(self.path) as source:
            raw = source.read(window=Window(0, row0, source.width, row1 - row0))
        return np.where(raw == -32768, np.nan, raw * 0.0001).astype(np.float32)


@dataclass
class County:
    folder: Path
    parcel: pa.Table
    geometry: Any
    grid: Grid
    coverage: Coverage
    params: Parameters

    def register(self, spec: TableSpec) -> pa.Table:
        return spec.table(
            [{c.name: _cell(r[c.name], c.type) for c in spec.columns} for r in _rows(self.folder / "inputs" / f"{spec.name}.csv")]
        )

    def zones(self, name: str, field: str | None = None) -> Zones:
        geometry, fields = _layer(self.folder / "inputs" / name, [field] if field else [])
        kind = fields[field].tolist() if field else [name] * len(geometry)
        return Zones([f"{name}:{i}" for i in range(len(geometry))], kind, geometry)


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as f:
        yield from csv.DictReader(f)


def _cell(text: str, kind: pa.DataType) -> Any:
    if text == "" and not pa.types.is_string(kind):
        return None
    return int(text) if pa.types.is_integer(kind) else date.fromisoformat(text) if pa.types.is_date(kind) else text


def _layer(path: Path, names: list[str]) -> tuple[Any, dict[str, Any]]:
    import shapely
    from pyogrio.raw import read

    meta, _, wkb, values = read(path, columns=names)
    return np.asarray(shapely.from_wkb(wkb), object), dict(zip(meta["fields"].tolist(), values, strict=True))


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> County:
    import rasterio

    from ecocomp.sample.county import make_county

    folder = tmp_path_factory.mktemp("qingxi")
    make_county(folder, parcels=2000, years=YEARS[1:])
    geometry, fields = _layer(folder / "inputs" / "parcels.gpkg", ["parcel_id", "village_code", "land_class"])
    with rasterio.open(folder / "inputs" / "ndvi_2023.tif") as source:
        grid = Grid.from_transform("EPSG:4543", source.transform, source.width, source.height)
    order = np.argsort(fields["parcel_id"].astype(str), kind="stable")
    geometry, fields = geometry[order], {k: v[order] for k, v in fields.items()}
    n = len(order)
    columns = {
        **{k: v.tolist() for k, v in fields.items()},
        "ecosystem": [ecosystem_of(c) for c in fields["land_class"]],
        "area_dm2": areas_dm2(polygon_areas_m2(geometry, "EPSG:4543")),
        "declared_area_dm2": pa.nulls(n, pa.int64()),
        "x": np.zeros(n),
        "y": np.zeros(n),
    }
    params = RuleBook.load([policy_folder()]).resolve("990121", date(2023, 6, 30), KNOWN)
    return County(folder, PARCEL.table(columns), geometry, grid, build_coverage(geometry, grid), params)


@pytest.fixture(scope="module")
def zone(county: County) -> pa.Table:
    return parcel_zone(
        county.parcel,
        county.geometry,
        zones=county.zones("zones.gpkg", "zone"),
        red_line=county.zones("red_line.gpkg"),
        reserves=county.zones("reserves.gpkg"),
        importance=None,
        params=county.params,
    )


def test_the_zones_of_the_county(county: County, zone: pa.Table) -> None:
    area = county.parcel["area_dm2"].to_numpy().astype(float)
    red = (zone["red_line_ppm"].to_numpy() / 1e6 * area).sum() / area.sum()
    kept = (zone["reserve_ppm"].to_numpy() / 1e6 * area).sum() / area.sum()
    assert 0.25 < red < 0.45 and 0.01 < kept < 0.06
    assert {"water", "soil", "sand"} <= set(zone["function_zone"].to_pylist())
    assert set(zone["grade"].to_pylist()) == {1, 3}


@pytest.mark.parametrize("year", YEARS[1:])
def test_the_register_pays_every_parcel_once(county: County, year: int) -> None:
    day = date(year, 6, 30)
    right, contract = county.register(RIGHT), as_of(county.register(CONTRACT), day, KNOWN)
    found = check_rights(right, county.register(HOLDER), county.parcel, day, KNOWN, contract)
    assert [f.say("en") for f in found if f.severity == "error"] == []
    paid = payable_rights(rights_on(right, day, KNOWN), county.parcel, contract)
    assert set(paid["parcel_id"].to_pylist()) == set(county.parcel["parcel_id"].to_pylist())
    named = set(zip(contract["parcel_id"].to_pylist(), contract["holder_id"].to_pylist(), strict=True))
    assert named <= set(zip(paid["parcel_id"].to_pylist(), paid["holder_id"].to_pylist(), strict=True))


def test_planted_disturbances_are_found_without_false_alarms(county: County, zone: pa.Table) -> None:
    truth = {r["parcel_id"]: r for r in _rows(county.folder / "truth" / "disturbances.csv")}
    checks, layers = county.register(FIELD_CHECK), {y: Layer(county.folder / "inputs" / f"ndvi_{y}.tif") for y in YEARS}
    ids = county.parcel["parcel_id"].to_pylist()
    found = missed = alarms = seen = 0
    for year in YEARS[1:]:
        _, compliance = observe(
            layers=layers,
            grid=county.grid,
            coverage=county.coverage,
            parcel=county.parcel,
            parcel_zone=zone,
            field_check=checks,
            params=county.params,
            year=year,
            years_available=YEARS,
        )
        rows = {r["parcel_id"]: r for r in compliance.to_pylist()}
        changed = _changed(county, year)
        for k, i in enumerate(ids):
            light = rows[i]["light"]
            if int(truth.get(i, {"year": 0})["year"]) == year:
                observed = light != "grey" or read_evidence(rows[i]["evidence"])["reason"] != "insufficient"
                found, missed = found + (light in ("red", "yellow")), missed + (observed and light == "green")
            elif i not in truth and changed[k] < 0.1 and light != "grey":
                alarms, seen = alarms + (light == "red"), seen + 1
    print(f"disturbances found {found}, missed {missed}; false red lights {alarms} of {seen} parcel years")
    assert found >= 12 and missed <= 1
    assert alarms <= 0.001 * seen


def _changed(county: County, year: int) -> Any:
    """Share of each parcel whose true land cover is another than in the opening year: what NDVI is right to notice."""
    import rasterio

    from ecocomp.grid.coverage import zonal

    cover = []
    for y in (YEARS[0], year):
        with rasterio.open(county.folder / "inputs" / f"land_cover_{y}.tif") as source:
            cover.append(source.read(1))
    return zonal(county.coverage, [(cover[0] != cover[1]).astype(np.float32)]).mean[:, 0]
