"""The case folder of the invented county: which file holds what, and the `case.toml` that declares it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecocomp.sample import budgets, climate, cover, greenness, soil
from ecocomp.sample.frame import CELL_M, COUNTY, INLET_ANGLE, OUTLET_ANGLE, Frame
from ecocomp.sample.people import PROGRAMME, People
from ecocomp.sample.places import Places
from ecocomp.sample.relief import Relief
from ecocomp.sample.store import write_csv, write_raster, write_vector
from ecocomp.sample.survey import Land, Survey
from ecocomp.sample.zones import TITLES
from ecocomp.terms.layers import CLASS_LAYERS
from ecocomp.terms.tables import TABLES

OUTSIDE_M = -9999.0


class CountyFolder:
    """Writes the files of one county; `years` begins with the opening year."""

    def __init__(self, folder: Path, frame: Frame, years: list[int]) -> None:
        self.root, self.frame, self.years = folder, frame, years
        self.inputs = folder / "inputs"

    def register(self, name: str, rows: list[list[object]]) -> None:
        """Write a register with the columns of `terms.tables`."""
        names = [c.name for c in TABLES[name].columns]  # columns that may be empty stand last and are left out
        write_csv(self.inputs / f"{name}.csv", names[: len(rows[0])] if rows else names, rows)

    def parcels(self, survey: Survey, land: Land) -> None:
        """Write the survey parcels."""
        from ecocomp.sample.places import make_places

        codes = np.array(make_places(self.frame, land.village_x, land.village_y).code)
        fields = {
            "parcel_id": survey.parcel_id,
            "land_class": survey.land_class,
            "village_code": codes[survey.village],
            "declared_area_m2": survey.declared_m2,
        }
        write_vector(self.inputs / "parcels.gpkg", "parcels", survey.geometry, fields)

    def zones(self, zones: dict[str, Any], red_line: Any, reserves: Any) -> None:
        """Write function zones, red line and reserves."""
        names = list(zones)
        shapes = np.array([zones[k] for k in names], object)
        fields = {
            "zone": np.array(names),
            "name_zh": np.array([TITLES[k][0] for k in names]),
            "name_en": np.array([TITLES[k][1] for k in names]),
        }
        write_vector(self.inputs / "zones.gpkg", "function_zones", shapes, fields)
        for name, parts in (("red_line", red_line), ("reserves", reserves)):
            label = np.array([f"QX-{name[:3].upper()}-{k + 1:02d}" for k in range(len(parts))])
            write_vector(self.inputs / f"{name}.gpkg", name, parts, {"code": label})

    def people(self, people: People, places: Places) -> None:
        """Write villages, holders, rights and contracts."""
        self.register("village", [list(r) for r in zip(places.code, places.town, places.name_zh, places.name_en, strict=True)])
        self.register("holder", people.holder)
        self.register("right", people.right)
        self.register("contract", people.contract)

    def money(self, whole_fen: int, people: People, places: Places) -> None:
        """Write envelopes, economy, carbon lots, objections and agreements."""
        self.register("envelope", budgets.envelope_rows(self.years[1:], whole_fen))
        self.register("economy", budgets.economy_rows(self.frame, places, self.years))
        self.register("credit", budgets.credit_rows(self.years[1:], whole_fen))
        self.register("objection", budgets.objection_rows(self.frame, people, self.years[1:]))
        for name, text in budgets.agreement_texts(whole_fen, self.years[-1]).items():
            (self.inputs / name).write_text(text, encoding="utf-8", newline="\n")

    def checks(self, survey: Survey, made: cover.Cover, people: People) -> None:
        """Write field checks, and the truth about disturbances outside the inputs."""
        self.register("field_check", budgets.check_rows(self.frame, survey, made, people))
        write_csv(
            self.root / "truth" / "disturbances.csv",
            ["parcel_id", "year", "month", "kind", "area_ha"],
            budgets.truth_rows(survey, made),
        )

    def river(self, relief: Relief) -> None:
        """Write river sections and their readings."""
        ends = [
            self.frame.to_crs(*(np.array(v * self.frame.n) for v in self.frame.at_angle(a, 0.97)))
            for a in (INLET_ANGLE, OUTLET_ANGLE)
        ]
        (ix, iy), (ox, oy) = ends
        rows = budgets.station_rows((float(ix), float(iy)), (float(ox), float(oy)))
        write_csv(self.inputs / "river_stations.csv", ["station_id", "name_zh", "name_en", "river", "x", "y", "position"], rows)
        self.register("reading", budgets.reading_rows(self.frame, max(2025, self.years[-1])))

    def reservoir(self, land: Land, made: cover.Cover) -> None:
        """Write the reservoir: the largest water of the county, dammed."""
        self.register("reservoir", cover.reservoir_rows(self.frame, land, made))

    def rasters(self, land: Land, made: cover.Cover) -> None:
        """Write elevation, soil, and per year land cover, rain, evapotranspiration and NDVI; one strip in memory at a time."""
        frame, parcel = self.frame, made.parcel
        self.register("wind", climate.wind_rows(frame, land, self.years))

        def height(row0: int, row1: int) -> NDArray[Any]:
            return np.where(parcel[row0:row1] > 0, land.relief.elevation[row0:row1], np.float32(OUTSIDE_M))[None]

        write_raster(self.inputs / "elevation.tif", frame, 1, "float32", OUTSIDE_M, height)
        for name, whole in soil.make_soil(frame, land, parcel).items():
            if name in CLASS_LAYERS:
                codes = np.where(whole == soil.OUTSIDE, 0, whole).astype(np.uint8)
                write_raster(self.inputs / f"{name}.tif", frame, 1, "uint8", 0, _strips_of(codes))
            else:
                write_raster(self.inputs / f"{name}.tif", frame, 1, "uint16", soil.OUTSIDE, _strips_of(whole))
        for name in climate.NORMALS:

            def normal(row0: int, row1: int, name: str = name) -> NDArray[Any]:
                return climate.normals_strip(land, parcel, row0, row1)[name]

            bands = 1 if name in ("storm_rain", "windy_days") else 12
            write_raster(self.inputs / f"{name}.tif", frame, bands, "uint16", 65535, normal)
        for step, year in enumerate(self.years):
            self._year(land, made, step, year)

    def _year(self, land: Land, made: cover.Cover, step: int, year: int) -> None:
        frame, parcel, put = self.frame, made.parcel, self.inputs

        every = cover.cover_strip(frame, land, made, step, 0, frame.n)

        def classes(row0: int, row1: int) -> NDArray[np.uint8]:
            return every[row0:row1]

        def rain(row0: int, row1: int) -> NDArray[np.uint16]:
            return climate.rain_strip(frame, land, parcel, year, row0, row1)

        def aet(row0: int, row1: int) -> NDArray[np.uint16]:
            return climate.aet_strip(rain(row0, row1), classes(row0, row1), land.relief.elevation[row0:row1])

        def ndvi(row0: int, row1: int) -> NDArray[np.int16]:
            return greenness.ndvi_strip(frame, land, made, classes(row0, row1), step, row0, row1)

        write_raster(put / f"land_cover_{year}.tif", frame, 1, "uint8", 0, lambda a, b: classes(a, b)[None])
        write_raster(put / f"rain_{year}.tif", frame, 12, "uint16", 65535, rain)
        write_raster(put / f"aet_{year}.tif", frame, 12, "uint16", 65535, aet)
        write_raster(put / f"ndvi_{year}.tif", frame, 12, "int16", greenness.CLOUD, ndvi)

    def case(self, years: list[int]) -> None:
        """Write `case.toml`."""
        registers = "\n".join(
            f'{name} = "inputs/{name}.csv"{" " * (14 - len(name))}# {TABLES[name].title}'
            for name in (
                "village",
                "holder",
                "right",
                "contract",
                "economy",
                "envelope",
                "field_check",
                "reading",
                "wind",
                "objection",
                "credit",
                "reservoir",
            )
        )
        values = {
            "years": years,
            "base": years[0] - 1,
            "programme": PROGRAMME,
            "registers": registers,
            "parcels": self.frame.parcels,
            "seed": self.frame.seed,
            "place": COUNTY,
            "n": self.frame.n,
            "cell": int(CELL_M),
        }
        (self.root / "case.toml").write_text(CASE_TOML.format(**values), encoding="utf-8", newline="\n")


def _strips_of(whole: NDArray[Any]) -> Callable[[int, int], NDArray[Any]]:
    return lambda row0, row1: whole[None, row0:row1]


CASE_TOML = """# 青溪县：虚构的样例，不对应任何真实地方或个人 / Qingxi County: invented, no real place or person
# 由种子 {seed} 与 {parcels} 个地块生成，{n} × {n} 格，每格 {cell} 米 / grown from seed {seed} with {parcels} parcels

[case]
name_zh = "青溪县（虚构）"
name_en = "Qingxi County (invented)"
place = "{place}"              # 规则适用地 / place whose rules apply
years = {years}
base_year = {base}               # 评价基准年 / year the results are compared with
reference_day = "06-30"        # 权利基准日 / day on which rights count
known_on = "2026-06-30"        # 已知日：之后记录的事不用 / nothing recorded later is used
purpose = "payment"
invented = true
programme = "{programme}"
# 前四项进入补偿标准（standard.value_services），其余核算并公布 / the first four count in the standard, the others are published
services = [
    "water_conservation", "soil_retention", "sand_fixation", "carbon_sequestration",
    "water_yield", "water_purification", "flood_regulation", "storm_retention", "sediment_delivery", "oxygen_release",
    "carbon_storage", "net_primary_production", "air_purification", "climate_regulation", "habitat_quality",
]
# 支付所依据的未核实参数，逐个写明 / unverified parameters a payment may rest on, each by name
accept_unverified = [
    "services.soil.erosivity_monthly_method",
    "services.sand.soil_wetness_method",
    "services.sand.evaporation_method",
]

[survey]                       # 三调地块，CGCS2000 / 3度带 102°E / land survey parcels
file = "inputs/parcels.gpkg"
layer = "parcels"
parcel_id = "parcel_id"
land_class = "land_class"
village_code = "village_code"
declared_area_m2 = "declared_area_m2"

[registers]
{registers}

[zones]
function_zones = "inputs/zones.gpkg"
zone_field = "zone"            # water | soil | sand | biodiversity
red_line = "inputs/red_line.gpkg"
reserves = "inputs/reserves.gpkg"
importance_service = "soil_retention"

[layers.elevation]
file = "inputs/elevation.tif"
unit = "m"
nodata = [-9999]

[layers.land_cover]            # HJ 1172-2021 生态系统编码 / ecosystem codes
file = "inputs/land_cover_{{year}}.tif"
nodata = [0]

[layers.rain]                  # 十二个月，0.1 毫米 / twelve months, tenths of mm
file = "inputs/rain_{{year}}.tif"
unit = "mm"
scale = 0.1
nodata = [65535]
bands = "month"

[layers.aet]                   # 实际蒸散 / actual evapotranspiration
file = "inputs/aet_{{year}}.tif"
unit = "mm"
scale = 0.1
nodata = [65535]
bands = "month"

[layers.ndvi]
file = "inputs/ndvi_{{year}}.tif"
scale = 0.0001
nodata = [-32768]
bands = "month"

[layers.sand]                  # 0.1 % ；砂、粉、黏之和为 100 % / sand, silt and clay add up to 100 %
file = "inputs/sand.tif"
unit = "%"
scale = 0.1
nodata = [65535]

[layers.silt]
file = "inputs/silt.tif"
unit = "%"
scale = 0.1
nodata = [65535]

[layers.clay]
file = "inputs/clay.tif"
unit = "%"
scale = 0.1
nodata = [65535]

[layers.organic_matter]
file = "inputs/organic_matter.tif"
unit = "%"
scale = 0.01
nodata = [65535]

[layers.soil_depth]            # 到基岩的深度 / down to rock
file = "inputs/soil_depth.tif"
unit = "mm"
nodata = [65535]

[layers.water_capacity]        # 植物可利用水 / plant-available water
file = "inputs/water_capacity.tif"
scale = 0.001
nodata = [65535]

[layers.hydrologic_group]      # 土壤水文组 A–D 记作 1–4 / hydrologic soil groups A to D as 1 to 4
file = "inputs/hydrologic_group.tif"
nodata = [0]

[layers.carbonate_share]       # 碳酸盐岩裸露占比 / share of bare limestone
file = "inputs/carbonate_share.tif"
unit = "%"
scale = 0.1
nodata = [65535]

[layers.temperature]           # 多年月平均气温 / monthly temperature of many years
file = "inputs/temperature.tif"
unit = "°C"
scale = 0.1
offset = -100.0
nodata = [65535]
bands = "month"

[layers.radiation]             # 日太阳辐射 / daily solar radiation
file = "inputs/radiation.tif"
unit = "MJ/m²"
scale = 0.01
nodata = [65535]
bands = "month"

[layers.et0]                   # 潜在蒸散 / reference evapotranspiration
file = "inputs/et0.tif"
unit = "mm"
scale = 0.1
nodata = [65535]
bands = "month"

[layers.storm_rain]            # 十年一遇日雨量 / rain of the wettest day in ten years
file = "inputs/storm_rain.tif"
unit = "mm"
scale = 0.1
nodata = [65535]

[layers.windy_days]            # 12–5 月起沙风日数 / days of sand-moving wind, December to May
file = "inputs/windy_days.tif"
unit = "d"
nodata = [65535]

[agreements]                   # 与下游、上游邻县 / with the neighbours downstream and upstream
files = ["inputs/agreement.yaml", "inputs/agreement_upper.yaml"]
"""
