"""Make the Mula-Mutha case folder: parcels from the practice-factor patches, invented rights, declared layers.

For anyone who has the source rasters. Nothing is guessed: the patches carry the value of the raster as
their class (P000, P030, P050, P060, P100), because its legend is not documented. The same input gives the same bytes.
"""

from __future__ import annotations

import csv
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np

YEARS = range(2016, 2026)
VILLAGE_DEG = 0.06  # invented villages are squares of about 6.5 km
SEED = 20162025

CASE_TOML = """# Mula-Mutha catchment, study case: real rasters; rights, people and money are invented.
[case]
name_zh = "穆拉–穆塔流域（研究案例，权利与资金为虚构）"
name_en = "Mula-Mutha catchment (study case; rights and money invented)"
place = "IN-MM"
years = [2025]
base_year = 2016
reference_day = "06-30"
known_on = "2026-06-30"
purpose = "study"
invented = false
programme = "eco-zone"
services = ["water_conservation", "soil_retention", "sand_fixation", "carbon_sequestration"]

[survey]
file = "inputs/parcels.gpkg"
parcel_id = "parcel_id"
land_class = "land_class"
village_code = "village_code"
overlap_tolerance_m2 = 1.0
classes = { P000 = "00", P030 = "00", P050 = "00", P060 = "00", P100 = "00" }

[registers]
village = "inputs/village.csv"
holder = "inputs/holder.csv"
right = "inputs/right.csv"
contract = "inputs/contract.csv"
envelope = "inputs/envelope.csv"
economy = "inputs/economy.csv"

[zones]
whole = "soil"
red_line = "derive"
importance_service = "soil_retention"

[layers.elevation]
file = "inputs/dem_srtm_90m.tif"
unit = "m"
[layers.rain]
file = "inputs/precip_{year}.tif"
unit = "mm"
scale = 0.1
[layers.ndvi]
file = "inputs/ndvi_{year}.tif"
scale = 0.0001
nodata = [-32768]
[layers.soil_texture]
file = "inputs/soil_texture_usda_250m.tif"
nodata = [0]
[layers.practice_factor]
file = "inputs/p_factor_{year}.tif"
scale = 0.01
nodata = [255]
"""


def main(source: Path, folder: Path) -> None:
    """Write the case folder `folder` from the source rasters in `source`."""
    inputs = folder / "inputs"
    inputs.mkdir(parents=True, exist_ok=True)
    for name in ["dem_srtm_90m", *(f"{v}_{y}" for v in ("ndvi", "precip", "p_factor") for y in YEARS)]:
        shutil.copyfile(source / f"{name}.tif", inputs / f"{name}.tif")
    _align(source / "soil_texture_usda_250m.tif", source / "dem_srtm_90m.tif", inputs / "soil_texture_usda_250m.tif")
    parcels = _patches(source)
    _write_parcels(parcels, inputs / "parcels.gpkg")
    _write_registers(parcels, inputs)
    (folder / "case.toml").write_text(CASE_TOML, encoding="utf-8")
    print(f"{len(parcels['id'])} parcels -> {folder}")


def _align(source: Path, like: Path, target: Path) -> None:
    """Bring a raster of classes onto the grid of another by nearest neighbour (the texture comes on 250 m cells)."""
    import rasterio
    from rasterio.warp import Resampling, reproject

    with rasterio.open(source) as file, rasterio.open(like) as grid:
        out = np.zeros(grid.shape, np.uint8)
        reproject(
            rasterio.band(file, 1), out, dst_transform=grid.transform, dst_crs=grid.crs, dst_nodata=0, resampling=Resampling.nearest
        )
        profile = {
            "driver": "GTiff",
            "dtype": "uint8",
            "count": 1,
            "width": grid.width,
            "height": grid.height,
            "crs": grid.crs,
            "transform": grid.transform,
            "nodata": 0,
            "compress": "deflate",
        }
    with rasterio.open(target, "w", **profile) as file:
        file.write(out, 1)


def _patches(source: Path) -> dict[str, Any]:
    """Return the patches of equal practice factor in 2016 whose middle lies in the catchment."""
    import pyogrio.raw
    import rasterio
    import rasterio.features
    import shapely

    with rasterio.open(source / "p_factor_2016.tif") as file:
        values, transform = file.read(1), file.transform
    _, _, wkb, _ = pyogrio.raw.read(source / "catchment.gpkg")
    catchment = shapely.union_all(shapely.make_valid(shapely.from_wkb(wkb)))
    inside = rasterio.features.geometry_mask([catchment], values.shape, transform, invert=True)
    found = list(rasterio.features.shapes(values, mask=inside & (values != 255), connectivity=4, transform=transform))
    shapes = shapely.from_geojson([_geojson(s) for s, _ in found])
    classes = np.array([int(v) for _, v in found])
    middle = shapely.point_on_surface(shapes)
    order = np.lexsort((shapely.get_x(middle), -shapely.get_y(middle)))
    x, y = shapely.get_x(middle)[order], shapely.get_y(middle)[order]
    village = [f"99{int((20 - b) / VILLAGE_DEG):05d}{int((a - 70) / VILLAGE_DEG):05d}" for a, b in zip(x, y, strict=True)]
    return {
        "geometry": shapes[order],
        "class": [f"P{c:03d}" for c in classes[order]],
        "id": [f"MM{n:06d}" for n in range(1, len(order) + 1)],
        "village": village,
        "area": shapely.area(shapes[order]),
    }


def _geojson(shape: dict[str, Any]) -> str:
    import json

    return json.dumps(shape)


def _write_parcels(parcels: dict[str, Any], path: Path) -> None:
    import pyogrio
    import pyogrio.raw
    import shapely

    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": "2026-06-30T00:00:00.000Z"})
    path.unlink(missing_ok=True)
    fields = [np.array(parcels[k], dtype=object) for k in ("id", "class", "village")]
    pyogrio.raw.write(
        path,
        shapely.to_wkb(parcels["geometry"]),
        fields,
        ["parcel_id", "land_class", "village_code"],
        layer="parcels",
        driver="GPKG",
        geometry_type="Polygon",
        crs="EPSG:4326",
    )


def _write_registers(parcels: dict[str, Any], folder: Path) -> None:
    """Invent villages, holders, rights, contracts and money; small patches belong to households, large ones to collectives."""
    rng = np.random.default_rng(SEED)
    villages = sorted(set(parcels["village"]))
    _csv(
        folder / "village.csv",
        ["village_code", "region_code", "name_zh", "name_en"],
        [[v, "IN-MM", f"虚构村{n:03d}", f"Invented village {n:03d}"] for n, v in enumerate(villages, 1)],
    )
    holders, homes = [], {}
    for n, v in enumerate(villages, 1):
        holders.append([f"C{n:03d}", "collective", f"虚构村{n:03d}集体", v, 120, ""])
        homes[v] = [f"H{n:03d}{k:02d}" for k in range(20)]
        holders += [
            [h, "household", f"虚构户{h[1:]}", v, int(rng.integers(2, 7)), int(rng.integers(20_000, 90_000)) * 100]
            for h in homes[v]
        ]
    _csv(folder / "holder.csv", ["holder_id", "kind", "name", "village_code", "members", "income_fen"], holders)
    large = float(np.quantile(parcels["area"], 0.98))
    rights, contracts = [], []
    for n, (pid, v, area) in enumerate(zip(parcels["id"], parcels["village"], parcels["area"], strict=True), 1):
        collective = f"C{villages.index(v) + 1:03d}"
        holder = collective if area >= large else homes[v][int(rng.integers(0, 20))]
        kind = "ownership" if holder == collective else "contract"
        rights.append([f"R{n:06d}", pid, holder, kind, 1, 1, "clear", "虚构 invented", "2010-01-01", "", "2010-01-01", ""])
        contracts.append(
            [f"K{n:06d}", holder, pid, "eco-zone", "keep cover 保持植被", "2016-01-01", "2016-01-01", "", "2016-01-01", ""]
        )
    clocks = ["valid_from", "valid_to", "known_from", "known_to"]
    _csv(
        folder / "right.csv",
        ["right_id", "parcel_id", "holder_id", "kind", "share_num", "share_den", "state", "document", *clocks],
        rights,
    )
    _csv(folder / "contract.csv", ["contract_id", "holder_id", "parcel_id", "programme", "duty", "signed_on", *clocks], contracts)
    _csv(
        folder / "envelope.csv",
        [
            "envelope_id",
            "year",
            "source",
            "name_zh",
            "name_en",
            "granted_fen",
            "floor_fen",
            "priority",
            "earmark_zones",
            "earmark_ecosystems",
            "earmark_red_line",
            "carry_over",
            "valid_from",
            "valid_to",
            "document",
        ],
        [
            [
                "E1",
                2025,
                "local_budget",
                "研究预算（虚构）",
                "study budget (invented)",
                39_000_000_000,
                0,
                2,
                "",
                "",
                "false",
                "false",
                "2025-01-01",
                "2025-12-31",
                "虚构 invented 1",
            ],
            [
                "E2",
                2025,
                "green_fund",
                "红线专项（虚构）",
                "red-line fund (invented)",
                12_000_000_000,
                0,
                1,
                "soil",
                "",
                "true",
                "true",
                "2025-01-01",
                "2026-12-31",
                "虚构 invented 2",
            ],
        ],
    )
    _csv(
        folder / "economy.csv",
        ["region_code", "year", "engel_ppm", "income_fen_per_head", "gdp_fen_per_head"],
        [["IN-MM", 2025, 420_000, 1_200_000, 1_900_000]],
    )


def _csv(path: Path, heads: list[str], rows: list[list[Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(heads)
        writer.writerows(rows)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: prepare.py SOURCE_FOLDER CASE_FOLDER")
    main(Path(sys.argv[1]), Path(sys.argv[2]))
