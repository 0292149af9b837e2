"""Four real parcel layers of other countries go in with the mapping files that ship as examples."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyogrio
import pyproj
import pytest
import shapely

from ecocomp.io.files import read_table
from ecocomp.io.worker import Limits, VectorJob, Worker
from ecocomp.land.area import areas_dm2, polygon_areas_m2
from ecocomp.land.attributes import AttributeChecks, check_declared_unit, declared_unit_guess
from ecocomp.land.mapping import Mapping, detect, missing_columns, read_mapping, template
from ecocomp.terms.faults import Fault

FILES = {"nl": "nl_brp_2023", "at": "at_invekos_2025", "si": "si_gerk_2021", "ch": "ch_subsidy_parcels"}
EPSG = {"nl": 28992, "at": 31287, "si": 3794, "ch": 2056}
# ecosystem -> parcels, counted by hand from the class columns of the files
ECOSYSTEMS = {
    "nl": {"43": 43, "31": 24, "51": 25, "52": 4, "11": 4},
    "at": {"51": 37, "31": 43, "21": 16, "14": 2, "33": 2},
    "si": {"51": 59, "31": 41},
    "ch": {"51": 100},
}


@dataclass
class Layer:
    mapping: Mapping
    table: pa.Table
    facts: dict[str, Any]
    out: dict[str, pa.Array]
    faults: list[Fault]
    area_dm2: np.ndarray[Any, Any]


@pytest.fixture(scope="module")
def layers(shared_data: Path, repo_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Layer]]:
    made: dict[str, Layer] = {}
    with Worker(Limits(memory_bytes=1 << 30, cpu_s=60, wall_s=60, parallel=2)) as worker:
        jobs = [VectorJob(k, shared_data / "parcels" / f"{n}.parquet") for k, n in FILES.items()]
        for answer in worker.run(jobs, tmp_path_factory.mktemp("clean")):
            assert answer.ok and answer.path is not None, answer.faults
            mapping = read_mapping(repo_root / "examples" / "parcels" / f"{answer.name}.toml")
            table = read_table(answer.path)
            checks = AttributeChecks(mapping, answer.name)
            out, faults = checks.batch(table, 0)
            shapes = np.asarray(shapely.from_wkb(table["geometry"].combine_chunks().to_numpy(zero_copy_only=False)))
            area = areas_dm2(polygon_areas_m2(shapes, pyproj.CRS.from_wkt(answer.facts["crs_wkt"])))
            made[answer.name] = Layer(mapping, table, answer.facts, out, faults + checks.finish(), area)
    yield made


@pytest.fixture(scope="module")
def repo_root() -> Path:
    return Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("place", FILES)
def test_every_parcel_has_a_code_a_class_and_a_village(layers: dict[str, Layer], place: str) -> None:
    layer = layers[place]
    assert layer.faults == []
    assert layer.facts["epsg"] == EPSG[place] and layer.facts["features"] == 100
    assert len(set(layer.out["parcel_id"].to_pylist())) == 100
    assert dict(Counter(layer.out["ecosystem"].to_pylist())) == ECOSYSTEMS[place]
    assert set(layer.out["village_code"].to_pylist()) == {layer.mapping.constants["village_code"]}


@pytest.mark.parametrize(("place", "unit", "share"), [("at", "ha", -7.4e-4), ("si", "m2", -1.4e-4), ("ch", "m2", -0.7e-4)])
def test_declared_areas_agree_with_the_ellipsoid(layers: dict[str, Layer], place: str, unit: str, share: float) -> None:
    """These offices declare areas on the plane: smaller than on the ellipsoid by the scale of their projection, no more."""
    layer = layers[place]
    declared = layer.out["declared_area_dm2"].to_numpy()
    assert declared.sum() / layer.area_dm2.sum() - 1 == pytest.approx(share, abs=0.1e-4)
    assert np.abs(declared / layer.area_dm2 - 1).max() < 1e-3
    shapes = shapely.from_wkb(layer.table["geometry"].combine_chunks().to_numpy(zero_copy_only=False))
    assert np.abs(declared / 100 / shapely.area(shapes) - 1).max() < 5e-4, "what they declare is the plane"
    numbers = np.asarray(layer.table[layer.mapping.fields.declared_area].to_numpy(), float)
    assert declared_unit_guess(numbers, layer.area_dm2 / 100) == (unit, 1.0)
    assert check_declared_unit(layer.mapping, declared, layer.area_dm2, place) == []


def test_a_layer_without_declared_areas_has_none(layers: dict[str, Layer]) -> None:
    assert layers["nl"].out["declared_area_dm2"].null_count == 100
    assert layers["nl"].out["parcel_id"][0].as_py() == "NL-0000001"


def test_hectares_read_as_square_metres_are_noticed(layers: dict[str, Layer]) -> None:
    layer = layers["at"]
    wrong = Mapping()  # m2
    as_if = np.asarray(layer.table["SL_FLAECHE_BRUTTO_HA"].to_numpy(), float) * 100
    found = check_declared_unit(wrong, as_if, layer.area_dm2, "at")
    assert [f.code for f in found] == ["land.declared_unit"] and '"ha"' in found[0].remedy.en


def test_the_parts_of_a_block_are_told_by_their_own_code(layers: dict[str, Layer]) -> None:
    """GERK_PID would be the wrong code: five blocks have several crops."""
    layer = layers["si"]
    assert layer.table["GERK_PID"].combine_chunks().value_counts().field("counts").to_numpy().max() > 1


FORMS = {"gdb": "OpenFileGDB", "gpkg": "GPKG", "geojson": "GeoJSON", "shp": "ESRI Shapefile"}


@pytest.mark.parametrize("place", FILES)
def test_the_same_parcels_from_every_form(layers: dict[str, Layer], place: str, tmp_path: Path) -> None:
    """Saved as a geodatabase, GeoPackage, GeoJSON or Shapefile, a layer says the same; a Shapefile cuts its names and says so."""
    layer = layers[place]
    with Worker(Limits(memory_bytes=1 << 30, cpu_s=60, wall_s=60, parallel=2)) as worker:
        jobs = [VectorJob(k, _saved(layer, tmp_path / f"{place}.{k}", d)) for k, d in FORMS.items()]
        for answer in worker.run(jobs, tmp_path / "clean"):
            assert answer.ok and answer.path is not None, (answer.name, answer.faults, answer.trace)
            assert answer.facts["epsg"] == EPSG[place] and answer.facts["features"] == 100
            table, mapping = read_table(answer.path), layer.mapping
            long = [c for c in mapping.columns() if len(c) > 10]
            if answer.name == "shp" and long:
                assert [f.record for f in missing_columns(mapping, table.column_names, "f")] == long
                table = table.rename_columns([next((c for c in long if c.startswith(n)), n) for n in table.column_names])
            out, faults = AttributeChecks(mapping, place).batch(table, 0)
            assert [f for f in faults if f.severity == "error"] == []
            for name in ("parcel_id", "land_class", "village_code", "ecosystem"):
                assert out[name].to_pylist() == layer.out[name].to_pylist(), (answer.name, name)
            declared = out["declared_area_dm2"].to_pylist()
            assert all(a == b or abs(a - b) <= 1 for a, b in zip(declared, layer.out["declared_area_dm2"].to_pylist(), strict=True))


def _saved(layer: Layer, path: Path, driver: str) -> Path:
    names = list(layer.mapping.columns())
    data = [layer.table[c].to_numpy(zero_copy_only=False) for c in names]
    data = [d.astype(object) if d.dtype.kind in "OUS" else d for d in data]
    shapes = shapely.from_wkb(layer.table["geometry"].combine_chunks().to_numpy(zero_copy_only=False))
    wkb = shapely.to_wkb([shapely.MultiPolygon([s]) if s.geom_type == "Polygon" else s for s in shapes])
    crs = f"EPSG:{layer.facts['epsg']}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a Shapefile says that it cuts names
        pyogrio.raw.write(path, wkb, data, names, geometry_type="MultiPolygon", crs=crs, driver=driver)
    return path


@pytest.mark.parametrize("place", FILES)
def test_such_layers_are_not_taken_for_the_survey(layers: dict[str, Layer], place: str, tmp_path: Path) -> None:
    layer = layers[place]
    rows = layer.table.drop(["geometry"]).slice(0, 20).to_pylist()
    mapping, faults = detect(layer.table.column_names, rows, place)
    assert mapping is None and [f.code for f in faults] == ["land.needs_mapping"]
    assert "gewascode" in faults[0].say("en") or place != "nl"
    (tmp_path / "m.toml").write_text(template(layer.table.column_names, rows), encoding="utf-8")
