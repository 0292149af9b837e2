"""`ecocomp check` on real, wrong inputs: one process each, exit status 1, and a sentence that names file, record, clash and remedy."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

Run = Callable[..., "subprocess.CompletedProcess[str]"]
Copy = Callable[..., Path]


# ---------------------------------------------------------------- ways to spoil a case
def edit(path: Path, old: str, new: str, count: int = 1) -> None:
    """Replace text in a file; the text must be there."""
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{old!r} is not in {path.name}"
    path.write_text(text.replace(old, new, count), encoding="utf-8")


def raster(path: Path, change: Callable[[Any, dict[str, Any]], Any]) -> None:
    """Write a raster again after `change(bands, profile)`, which returns the bands to write."""
    import rasterio

    with rasterio.open(path) as source:
        data, profile = source.read(), dict(source.profile)
    data = change(data, profile)
    path.unlink()
    with rasterio.open(path, "w", **(profile | {"height": data.shape[1], "width": data.shape[2]})) as target:
        target.write(data)


def parcels(case: Path, change: Callable[[Any, dict[str, Any]], Any], **more: Any) -> None:
    """Write the parcel layer again after `change(shapes, fields)`; a returned pair replaces shapes and fields."""
    import shapely
    from pyogrio.raw import read, write

    path = case / "inputs" / "parcels.gpkg"
    meta, _, geometry, values = read(path)
    shapes, fields = shapely.from_wkb(geometry), dict(zip(meta["fields"], values, strict=True))
    shapes, fields = change(shapes, fields) or (shapes, fields)
    path.unlink()
    more = {"driver": "GPKG", "layer": "parcels", "crs": meta["crs"], "geometry_type": "Unknown"} | more
    target = more.pop("path", path)
    wkb = np.array([None if s is None else shapely.to_wkb(s) for s in shapes], object)
    write(target, wkb, list(fields.values()), list(fields), **more)


def other_crs(data: Any, profile: dict[str, Any]) -> Any:
    profile["crs"] = "EPSG:32648"
    return data


def coarser(data: Any, profile: dict[str, Any]) -> Any:
    from affine import Affine

    profile["transform"] = profile["transform"] * Affine.scale(2)
    return np.ascontiguousarray(data[:, ::2, ::2])


def half_a_cell(data: Any, profile: dict[str, Any]) -> Any:
    from affine import Affine

    profile["transform"] = profile["transform"] * Affine.translation(0.5, 0.5)
    return data


def unknown_class(data: Any, profile: dict[str, Any]) -> Any:
    data[0, 3:5, 3:5] = 99
    return data


def degrees(shapes: Any, fields: dict[str, Any]) -> Any:
    import pyproj
    import shapely

    turn = pyproj.Transformer.from_crs("EPSG:4543", "EPSG:4490", always_xy=True)
    return shapely.transform(shapes, lambda xy: np.column_stack(turn.transform(xy[:, 0], xy[:, 1]))), fields


def swapped(shapes: Any, fields: dict[str, Any]) -> Any:
    import shapely

    return shapely.transform(shapes, lambda xy: xy[:, ::-1]), fields


def outside(shapes: Any, fields: dict[str, Any]) -> None:
    import shapely

    shapes[4] = shapely.transform(shapes[4], lambda xy: xy + 50_000.0)


def overlapping(shapes: Any, fields: dict[str, Any]) -> None:
    import shapely

    shapes[7] = shapely.box(*shapes[8].buffer(5.0).bounds)


def crossing(shapes: Any, fields: dict[str, Any]) -> None:
    import shapely

    x, y = shapes[5].centroid.coords[0]
    shapes[5] = shapely.Polygon([(x, y), (x + 60, y + 60), (x + 60, y), (x, y + 60)])


def twice(shapes: Any, fields: dict[str, Any]) -> None:
    fields["parcel_id"][9] = fields["parcel_id"][10]


def empty(shapes: Any, fields: dict[str, Any]) -> None:
    shapes[11] = None


def no_village(shapes: Any, fields: dict[str, Any]) -> None:
    fields["village_code"][12] = "990121999999"


def rows_of(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines(keepends=True)


def half_share(case: Path) -> None:
    path = case / "inputs" / "right.csv"
    lines = rows_of(path)
    at = next(i for i, line in enumerate(lines) if ",contract,1,1,clear," in line and line.rstrip().endswith(","))
    lines[at] = lines[at].replace(",contract,1,1,", ",contract,1,2,")
    path.write_text("".join(lines), encoding="utf-8")


def stranger(case: Path) -> None:
    path = case / "inputs" / "right.csv"
    lines = rows_of(path)
    fields = lines[1].split(",")
    lines[1] = lines[1].replace(fields[2], "H999", 1)
    path.write_text("".join(lines), encoding="utf-8")


def rules_with(case: Path, text: str) -> None:
    folder = case / "rules" / "990121" / "own"
    folder.mkdir(parents=True)
    (folder / "own.yaml").write_text(text, encoding="utf-8")
    with (case / "case.toml").open("a", encoding="utf-8") as file:
        file.write('\n[rules]\nfolders = ["rules"]\n')


GAP = """parameters:
  - key: standard.regional_base
    name: {zh: 区域部分基数, en: base of the regional part}
    unit: CNY/ha/a
    kind: number
    values:
      - {from: 2020-01-01, to: 2023-12-31, value: 180, document: 测试, article: "1", confidence: S, last_checked: 2026-01-01}
      - {from: 2024-07-01, value: 190, document: 测试, article: "2", confidence: S, last_checked: 2026-01-01}
"""
WRONG_KEY = GAP.replace('document: 测试, article: "1"', 'documant: 测试, article: "1"').replace("2024-07-01", "2024-01-01")

FAULTS: dict[str, tuple[Callable[[Path], None], list[str]]] = {
    "missing raster": (lambda c: (c / "inputs/aet_2024.tif").unlink(), ["aet_2024.tif", "does not exist", "aet_2023.tif"]),
    "text named tif": (lambda c: (c / "inputs/elevation.tif").write_text("not a raster\n"), ["elevation.tif"]),
    "truncated tif": (
        lambda c: (c / "inputs/rain_2024.tif").write_bytes((c / "inputs/rain_2024.tif").read_bytes()[:4000]),
        ["rain_2024.tif"],
    ),
    "VRT in tif": (
        lambda c: (c / "inputs/sand.tif").write_text(
            '<VRTDataset rasterXSize="1" rasterYSize="1"><VRTRasterBand dataType="Byte" band="1"><SimpleSource>'
            "<SourceFilename>/etc/hostname</SourceFilename></SimpleSource></VRTRasterBand></VRTDataset>"
        ),
        ["sand.tif"],
    ),
    "raster in another CRS": (lambda c: raster(c / "inputs/ndvi_2024.tif", other_crs), ["ndvi.2024", "grid", "gdalwarp"]),
    "other cell size": (lambda c: raster(c / "inputs/ndvi_2024.tif", coarser), ["ndvi.2024", "60", "30"]),
    "half a cell off": (lambda c: raster(c / "inputs/rain_2024.tif", half_a_cell), ["rain.2024", "0.5"]),
    "rain scale forgotten": (
        lambda c: edit(
            c / "case.toml",
            'file = "inputs/rain_{year}.tif"\nunit = "mm"\nscale = 0.1',
            'file = "inputs/rain_{year}.tif"\nunit = "mm"',
        ),
        ["rain_2024.tif", "scale"],
    ),
    "NDVI times 10000": (
        lambda c: edit(c / "case.toml", 'file = "inputs/ndvi_{year}.tif"\nscale = 0.0001', 'file = "inputs/ndvi_{year}.tif"'),
        ["ndvi_2024.tif", "scale", "0.0001"],
    ),
    "degrees under a metre CRS": (lambda c: parcels(c, degrees), ["parcels.gpkg"]),
    "swapped axes": (lambda c: parcels(c, swapped), ["parcels.gpkg"]),
    "parcel outside the grid": (lambda c: parcels(c, outside), ["parcels.gpkg", "990121"]),
    "overlapping parcels": (lambda c: parcels(c, overlapping), ["parcels.gpkg", "990121", "overlap"]),
    "self-crossing": (lambda c: parcels(c, crossing), ["parcels.gpkg", "990121"]),
    "duplicate ids": (lambda c: parcels(c, twice), ["parcels.gpkg", "990121"]),
    "empty geometry": (lambda c: parcels(c, empty), ["parcels.gpkg", "990121"]),
    "unknown village": (lambda c: parcels(c, no_village), ["990121999999", "village"]),
    "shares below one": (half_share, ["1/2", "990121"]),
    "unknown holder": (stranger, ["H999", "R9901210000001"]),
    "budget below the floor": (
        lambda c: edit(
            c / "inputs/envelope.csv",
            "QX-LOCAL,2024,local_budget,县级生态补偿预算,County eco-compensation budget,12400000",
            "QX-LOCAL,2024,local_budget,县级生态补偿预算,County eco-compensation budget,10400000",
        ),
        ["QX-LOCAL", "2024", "104,000.00", "105,000.00"],
    ),
    "unknown key in case.toml": (lambda c: edit(c / "case.toml", "base_year", "base_yaer"), ["base_yaer", "base_year", "line"]),
    "unknown key in a rule": (lambda c: rules_with(c, WRONG_KEY), ["own.yaml", "documant", "document"]),
    "gap in a parameter": (lambda c: rules_with(c, GAP), ["standard.regional_base", "2024-06-30"]),
    "unknown class of land cover": (
        lambda c: raster(c / "inputs/land_cover_2024.tif", unknown_class),
        ["land_cover.2024", "99 (4)"],
    ),
    "wrong type in case.toml": (lambda c: edit(c / "case.toml", "scale = 0.0001", 'scale = "tenth"'), ["ndvi", "scale", "tenth"]),
    "wrong verdict": (
        lambda c: edit(c / "inputs/field_check.csv", ",refuted,", ",perhaps,"),
        ["field_check.csv", "row 3 verdict", "perhaps"],
    ),
    "broken agreement": (lambda c: (c / "inputs/agreement.yaml").write_text("a: [1,\n"), ["agreement.yaml"]),
    "agreement not there": (lambda c: (c / "inputs/agreement.yaml").unlink(), ["agreement.yaml", "does not exist"]),
}


def check(ecocomp: Run, case: Path) -> tuple[int, list[dict[str, str]]]:
    """Run `ecocomp check --json`; return the exit status and the errors it told."""
    done = ecocomp("check", case, "--json")
    return done.returncode, [f for f in json.loads(done.stdout)["faults"] if f["severity"] == "error"]


def well_said(fault: dict[str, str]) -> None:
    """Every fault names where, what clashes and what to do, in both languages."""
    assert fault["where"] and fault["code"]
    for key in ("clash", "remedy"):
        assert fault[f"{key}_zh"].strip() and fault[f"{key}_en"].strip()
        assert "{" not in fault[f"{key}_en"] and "{" not in fault[f"{key}_zh"], fault
    assert re.search("[一-鿿]", fault["clash_zh"] + fault["remedy_zh"]), fault
    assert not re.search("[一-鿿]", re.sub("测试|虚构", "", fault["remedy_en"])), fault


@pytest.mark.parametrize("name", FAULTS)
def test_a_wrong_input_is_told(name: str, county_copy: Copy, ecocomp: Run) -> None:
    spoil, words = FAULTS[name]
    case = county_copy()
    before = {p for p in case.rglob("*") if ".ecocomp" not in p.parts}
    spoil(case)
    status, faults = check(ecocomp, case)
    assert status == 1 and faults
    for fault in faults:
        well_said(fault)
    said = " ".join(f"{f['where']} {f['record']} {f['clash_en']} {f['remedy_en']}" for f in faults)
    assert all(w in said for w in words), said
    assert {p for p in case.rglob("*") if ".ecocomp" not in p.parts} <= before | set((case / "rules").rglob("*")) | {case / "rules"}


def test_many_faults_are_told_at_once(county_copy: Copy, ecocomp: Run) -> None:
    case = county_copy()
    chosen = [
        "missing raster", "text named tif", "half a cell off", "unknown class of land cover", "overlapping parcels", "unknown village",
        "unknown holder", "shares below one", "budget below the floor", "gap in a parameter", "wrong verdict", "broken agreement",
    ]  # fmt: skip
    for name in chosen:
        FAULTS[name][0](case)
    edit(case / "case.toml", "base_year", "base_yaer")
    edit(case / "case.toml", 'reserves = "inputs/reserves.gpkg"', 'reserves = "inputs/nowhere.gpkg"')
    status, faults = check(ecocomp, case)
    assert status == 1
    said = " ".join(f"{f['where']} {f['record']} {f['clash_en']} {f['remedy_en']}" for f in faults)
    words = [
        "aet_2024.tif", "elevation.tif", "rain.2024", "99 (4)", "overlap", "990121999999", "H999", "1/2", "104,000.00",
        "standard.regional_base", "perhaps", "agreement.yaml", "base_yaer", "nowhere.gpkg",
    ]  # fmt: skip
    assert not [w for w in words if w not in said], said
    done = ecocomp("run", case, "--year", 2023)
    assert done.returncode == 1 and not (case / "bundles").exists()


def test_the_sentence_for_people_is_in_their_language(county_copy: Copy, ecocomp: Run) -> None:
    case = county_copy()
    FAULTS["missing raster"][0](case)
    zh, en = ecocomp("check", case, lang="zh"), ecocomp("check", case, lang="en")
    assert zh.returncode == en.returncode == 1
    assert "错误" in zh.stderr and "文件不存在" in zh.stderr and "1 处错误" in zh.stdout
    assert "error: " in en.stderr and "does not exist" in en.stderr and "1 error," in en.stdout


# ---------------------------------------------------------------- inputs as offices save them are accepted
def test_gb18030_tables_and_shapefiles_are_read_as_they_were_written(county_copy: Copy, ecocomp: Run) -> None:
    import pyarrow.parquet as pq

    case = county_copy()
    for path in (case / "inputs").glob("*.csv"):
        path.write_bytes(path.read_text(encoding="utf-8").encode("gb18030"))

    def named(shapes: Any, fields: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        short = {"parcel_id": "PARCEL", "land_class": "DLBM", "village_code": "ZLDWDM", "declared_area_m2": "TBMJ"}
        kept = {short[k]: v for k, v in fields.items() if k in short}
        return shapes, kept | {"ZLDWMC": np.array(["青溪县石桥村" for _ in shapes], object)}

    shp = case / "inputs" / "parcels.shp"
    parcels(case, named, path=shp, driver="ESRI Shapefile", layer="parcels", geometry_type="Polygon", encoding="GB18030")
    shp.with_suffix(".cpg").unlink()
    toml = case / "case.toml"
    edit(toml, "parcels.gpkg", "parcels.shp")
    edit(toml, 'layer = "parcels"\n', "")
    for old, new in (("parcel_id", "PARCEL"), ("land_class", "DLBM"), ("village_code", "ZLDWDM"), ("declared_area_m2", "TBMJ")):
        edit(toml, f'{old} = "{old}"', f'{old} = "{new}"')
    status, faults = check(ecocomp, case)
    assert status == 0, faults
    names = [
        t.column("ZLDWMC")[0].as_py()
        for p in (case / ".ecocomp" / "inputs").rglob("*.parquet")
        if "ZLDWMC" in (t := pq.ParquetFile(p).read()).column_names
    ]
    assert names == ["青溪县石桥村"]
    villages = [
        t.column("name_zh")[0].as_py()
        for p in (case / ".ecocomp" / "inputs").rglob("*.parquet")
        if {"village_code", "name_zh"} <= set((t := pq.ParquetFile(p).read()).column_names)
    ]
    assert set(villages) == {"石桥村"} and len(villages) == 2
