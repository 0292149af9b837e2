"""`ecocomp new`: a commented case folder with empty registers that have the right headers."""

from __future__ import annotations

from pathlib import Path

from ecocomp.pipeline.case import REGISTERS
from ecocomp.terms.faults import UsageError
from ecocomp.terms.tables import TABLES
from ecocomp.terms.text import Text

CASE_TOML = """# ecocomp 案例 / case.  ecocomp check . 会一次指出所有问题 / names every problem at once.

[case]
name_zh = "新案例"
name_en = "New case"
place = "CN"                  # 规则适用地，见 ecocomp rules list / place whose rules apply
years = [2025]
base_year = 2024              # 评价基准年 / year the results are compared with
reference_day = "06-30"       # 权利基准日 / day on which rights count
known_on = "2026-06-30"       # 已知日：之后记录的事不用 / nothing recorded later is used
purpose = "study"             # payment 支付 | study 研究
programme = "eco-zone"
services = ["water_conservation", "soil_retention", "sand_fixation", "carbon_sequestration"]
accept_unverified = []        # 支付要依据未核实参数时，逐个写明 / name each unverified parameter a payment may rest on
# invented = false            # 地名与人名是否虚构 / places and people are invented
# map_approval = ""           # 审图号 / map approval number
# allow_outside = ["/data/rasters"]  # 案例文件夹之外允许读取的目录 / folders outside the case from which files may be read

[survey]                      # 地块 / parcels: GeoPackage, Shapefile (.cpg or GB18030), GeoJSON, GeoParquet
file = "inputs/parcels.gpkg"
parcel_id = "parcel_id"
land_class = "land_class"     # 三调地类编码 / code of the land survey
village_code = "village_code"
# declared_area = "area"      # 登记面积 / registered area
# declared_unit = "m2"        # m2, mu, ha
# classes = { P30 = "51" }    # 本案地类 → 生态系统编码 / this case's classes to ecosystem codes

[registers]                   # CSV 或 XLSX，表头见文件 / CSV or XLSX, headers as in the files
@REGISTERS@

[zones]
# function_zones = "inputs/zones.gpkg"
# zone_field = "zone"         # water | soil | sand | biodiversity
# whole = "soil"              # 整个案例同属一类时 / when the whole case is one zone
# red_line = "inputs/red_line.gpkg"   # 或 / or "derive"
# reserves = "inputs/reserves.gpkg"
# importance_service = "soil_retention"

# 图层：同一网格、同一坐标系的 GeoTIFF；{year} 代表年 / GeoTIFF on one grid and CRS; {year} stands for the year
# [layers.elevation]
# file = "inputs/dem.tif"
# unit = "m"
# [layers.land_cover]
# file = "inputs/land_cover_{year}.tif"
# [layers.rain]
# file = "inputs/rain_{year}.tif"
# unit = "mm"
# scale = 0.1
# bands = "month"
# [layers.ndvi]
# file = "inputs/ndvi_{year}.tif"
# scale = 0.0001
# nodata = [-32768]
# bands = "month"

[agreements]
files = []

[rules]
folders = []                  # 本案自己的规则 / this case's own rules
"""


def new_case(folder: Path) -> list[str]:
    """Write the template; refuses a folder that already holds a case. Returns the files written."""
    if (folder / "case.toml").exists():
        raise UsageError(Text("{f} 已有案例，未改动。", "{f} already holds a case; nothing was changed.").fill(f=folder))
    inputs = folder / "inputs"
    inputs.mkdir(parents=True, exist_ok=True)
    written = []
    lines = []
    for name in REGISTERS:
        path = inputs / f"{name}.csv"
        lines.append(f'{name} = "inputs/{name}.csv"   # {TABLES[name].title}')
        if not path.exists():
            path.write_text(",".join(c.name for c in TABLES[name].columns) + "\n", encoding="utf-8")
            written.append(f"inputs/{name}.csv")
    (folder / "case.toml").write_text(CASE_TOML.replace("@REGISTERS@", "\n".join(lines)), encoding="utf-8")
    return ["case.toml", *written]
