"""What the report says of real bundles: signals by their specs, shares in per cent, checks by name, gaps without repetition."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from types import ModuleType

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pypdfium2
import pytest

from ecocomp.accounts import checks
from ecocomp.registry import entries
from ecocomp.report import frame, land, look, results, say, services
from ecocomp.report import words as w
from ecocomp.report.blocks import Chart, Grid, Para
from ecocomp.report.build import build_report
from ecocomp.report.bundle import Bundle
from ecocomp.report.frame import Story
from ecocomp.report.maps import ClassMap, MapBase, MapClass
from ecocomp.report.page import kept
from ecocomp.terms.text import Text, same

Built = tuple[Path, MapBase]


def _changed(built: Built, to: Path, table: str, **columns: object) -> Path:
    """Copy the bundle and replace whole columns of one table."""
    shutil.copytree(built[0], to)
    path = to / "tables" / f"{table}.parquet"
    found = pq.read_table(path)
    for name, value in columns.items():
        at = found.column_names.index(name)
        filled = value if isinstance(value, list) else [value] * len(found)
        found = found.set_column(at, found.schema.field(at), pa.array(filled, found.schema.field(at).type))
    pq.write_table(found, path)
    return to


def _chart(story: Story, name: str) -> Chart:
    return next(b for b in services.services(story).blocks if isinstance(b, Chart) and b.picture.name == name)


# ---------------------------------------------------------------- signals
def test_each_signal_is_named_and_scaled_by_its_spec(built: Built) -> None:
    story = Story(Bundle(built[0], built[0] / "previous"), built[1])
    cover, trend = _chart(story, "signal_fvc"), _chart(story, "signal_ndvi_trend")
    spec = {k: e.spec.name for k, e in entries("monitoring.signals").items()}
    assert cover.picture.title.zh.startswith(spec["fvc"].zh) and "百分点" in cover.picture.title.zh
    assert trend.picture.title.zh.startswith(spec["ndvi_trend"].zh)
    assert cover.table is not None and trend.table is not None
    assert all(re.fullmatch(r"\d+\.\d%", row[1].zh) for row in cover.table.rows)
    assert "每年" in trend.table.title.zh and len(trend.table.head) == 3
    drawn = trend.picture.draw("zh", False).decode()
    assert spec["ndvi_trend"].zh in drawn and ">0.2<" not in drawn, "the scale must fit the values of the trend"


def test_the_departure_that_serves_the_judgement_is_only_in_the_table_of_shares_observed(built: Built, tmp_path: Path) -> None:
    signals = pq.read_table(built[0] / "tables" / "observation.parquet")["signal"].to_pylist()
    folder = _changed(built, tmp_path / "b", "observation", signal=["ndvi_drop" if s == "ndvi_trend" else s for s in signals])
    story = Story(Bundle(folder, built[0] / "previous"), built[1])
    names = [b.picture.name for b in services.services(story).blocks if isinstance(b, Chart)]
    assert names == ["signal_fvc"]
    said = [row[0] for b in results.sure(story).blocks if isinstance(b, Grid) for row in b.rows]
    assert entries("monitoring.signals")["ndvi_drop"].spec.name in said


def test_a_value_that_rounds_to_nought_has_no_sign_and_a_little_is_not_nought() -> None:
    assert frame.fixed(-0.0001, 3).zh == "0.000"
    assert frame.fixed(-0.005, 3).zh == "−0.005"
    assert say.percent(-0.466).zh == "−46.6%" and say.percent(0.283).en == "28.3%"
    assert say.percent(94 / 583_429).en == "<0.1%" and say.percent(0.0).en == "0.0%" and say.percent(1.0).en == "100.0%"


# ---------------------------------------------------------------- scorecards, indicators, checks
def _card(code: str, zone: str) -> dict[str, object]:
    return {"area_code": code, "function_zone": zone}


def test_an_area_bears_its_code_only_where_a_zone_has_several(built: Built) -> None:
    rows = [_card("all", "none"), _card("none", "none"), _card("water", "water"), _card("a1", "soil"), _card("a2", "soil")]
    names = [t.zh for t in results._unit_names(Bundle(built[0]), rows)]
    assert names == ["全部功能区", "未纳入功能区", "水源涵养", "水土保持 a1", "水土保持 a2"]


@pytest.mark.parametrize(
    ("indicator", "value", "said"),
    [("forest_grass_share", 0.2831, "28.3%"), ("service_change", -0.466, "−46.6%"), ("vegetation_cover", None, "—")],
)
def test_shares_and_changes_are_in_per_cent(indicator: str, value: float | None, said: str) -> None:
    assert results._indicator_value(indicator, value).zh == said


def test_the_base_of_a_change_is_a_quantity_not_a_share() -> None:
    assert results._indicator_base("service_change", 3730.0).en == "3,730 per ha"
    assert results._indicator_base("vegetation_cover", 0.637).zh == "63.7%"


def test_every_check_has_a_name_in_both_languages() -> None:
    known = {c.name for c in checks._CHECKS}
    assert known and known <= set(w.CHECKS)


def test_a_check_speaks_of_yuan_hectares_and_tables_by_their_titles() -> None:
    money = results._said_detail(Text("3334 行，合计 866,914,000 fen", "3334 rows, 866,914,000 fen in all"), False)
    assert money == Text("3,334行，合计 8,669,140.00元", "3,334 rows, CNY 8,669,140.00 in all")
    area = results._said_detail(Text("19 行，合计 9,875,098,474 dm2", "19 rows, 9,875,098,474 dm2 in all"), False)
    assert area.en == "19 rows, 9,875.1 ha in all"
    gap = results._said_detail(Text("未运行：没有表 land_account", "not run: table land_account is missing"), True)
    assert "land_account" not in gap.zh + gap.en
    assert results._said_detail(Text("价格年 2025", "price year 2025"), False).en == "price year 2025"


def test_sources_of_many_years_take_one_line() -> None:
    files = ["ndvi_2016.tif", "ndvi_2017.tif", "ndvi_2019.tif", "parcels.gpkg", "rain_2017.tif"]
    assert results._years_joined(files) == ["ndvi_2016–2017.tif", "ndvi_2019.tif", "parcels.gpkg", "rain_2017.tif"]


# ---------------------------------------------------------------- land without classes, gaps
def test_land_without_classes_is_not_called_a_class(built: Built, tmp_path: Path) -> None:
    story = Story(Bundle(_changed(built, tmp_path / "b", "parcel", ecosystem="00")), built[1])
    section = land.land(story)
    chart = next(b for b in section.blocks if isinstance(b, Chart))
    lead = next(b for b in section.blocks if isinstance(b, Para))
    assert chart.picture.title == w.LAND_MAP_NONE and "100.0%" not in chart.picture.title.en
    assert "没有给出土地覆被类别" in lead.text.zh
    assert chart.table is not None and chart.table.rows[0][0] == w.LAND_NO_CLASS


def test_land_partly_without_classes_says_how_much(built: Built, tmp_path: Path) -> None:
    codes = pq.read_table(built[0] / "tables" / "parcel.parquet")["ecosystem"].to_pylist()
    half = ["00" if i % 4 else code for i, code in enumerate(codes)]
    story = Story(Bundle(_changed(built, tmp_path / "b", "parcel", ecosystem=half)), built[1])
    title = next(b for b in land.land(story).blocks if isinstance(b, Chart)).picture.title
    assert "来源未给出类别" in title.zh and not title.en.startswith("Not identified")


def test_a_gap_says_its_reason_once() -> None:
    reason = services.gap_reason({"reason_zh": "未评估：缺少图层。", "reason_en": "not assessed: a layer is missing."})
    assert reason == Text("缺少图层。", "A layer is missing.")


# ---------------------------------------------------------------- legends and overlays
def test_a_legend_names_the_unknown_only_where_there_is_some() -> None:
    unknown, colours = Text("未评估", "not assessed"), ("#FFFFFF", "#888888", "#000000")
    nothing, number = frame.classed(np.full(3, np.nan), (), colours, unknown)
    assert [c.label for c in nothing] == [unknown] and number.tolist() == [0, 0, 0]
    full, _ = frame.classed(np.array([1.0, 5.0]), (3.0,), colours, unknown)
    assert unknown not in [c.label for c in full] and len(full) == 2
    some, number = frame.classed(np.array([1.0, np.nan]), (3.0,), colours, unknown)
    assert some[-1].label == unknown and number.tolist() == [0, 2]
    one, _ = frame.classed(np.array([7.0, 7.0]), (), colours, unknown)
    assert [c.label.zh for c in one] == ["7.00"]
    few, _ = frame.classed(np.array([0.0, 0.0, 9.0]), (), colours, unknown)
    assert [c.label.en for c in few] == ["0–9.00"], "a legend with one class says the span of what it holds"


def _map(overlays: dict[str, np.ndarray], pattern: str = "") -> np.ndarray:
    import io

    from PIL import Image

    index = np.zeros((60, 60), np.int32)
    base = MapBase(index, np.zeros((60, 60), np.float32), 30.0, pa.array(["a"]), overlays)
    item = MapClass("#2166AC", same("x"), pattern=pattern)
    png = ClassMap(base, same("T"), (item,), np.array([0], np.int16), (same("s"),), tuple(overlays)).draw("zh")
    return np.asarray(Image.open(io.BytesIO(png)).convert("L")).astype(int)


def test_the_red_line_has_a_light_casing_so_a_grey_print_still_shows_it() -> None:
    mask = np.zeros((60, 60), bool)
    mask[20:40, 20:40] = True
    plain, lined = _map({}), _map({"red_line": mask})
    row = lined[83 + (lined.shape[0] - 83) // 3]
    ground = plain[83 + (plain.shape[0] - 83) // 3]
    assert (ground[100:860] < 200).all()
    assert (row[100:860] > 240).any(), "no casing"


def test_an_overlay_that_is_nowhere_is_not_in_the_legend() -> None:
    nowhere = np.zeros((60, 60), bool)
    assert _map({"reserve": nowhere}).shape == _map({}).shape
    assert (_map({"reserve": nowhere}) == _map({})).all()


def test_a_pattern_tells_zones_apart_without_colour() -> None:
    assert len({look.ZONE_PATTERNS[z] for z in ("water", "soil", "biodiversity")}) == 3
    assert len(set(_map({}, "lines")[396:404, 480].tolist())) > 1
    assert len(set(_map({})[396:404, 480].tolist())) == 1


# ---------------------------------------------------------------- setting
def test_amounts_do_not_part_from_their_units_and_names_stay_text() -> None:
    said = str(kept("2025年，<b>甲</b>得到865.63万元。"))
    assert '<span class="nb">865.63万元</span>' in said and "&lt;b&gt;" in said and "<b>" not in said


def test_numbers_below_zero_have_a_true_minus_on_paper(built: Built) -> None:
    pages = pypdfium2.PdfDocument(built[0] / "report" / "report.zh.pdf")
    text = "".join(p.get_textpage().get_text_range() for p in pages)
    assert "−" in text and not re.search(r"(?<![\w-])-\d+\.\d", text)


def test_a_bundle_where_little_was_assessed_builds_and_says_why(synthetic: ModuleType, tmp_path: Path) -> None:
    base = synthetic.make(tmp_path, 60, previous=False)
    path = tmp_path / "tables" / "parcel.parquet"
    parcel = pq.read_table(path)
    at = parcel.column_names.index("ecosystem")
    pq.write_table(parcel.set_column(at, parcel.schema.field(at), pa.array(["00"] * len(parcel))), path)
    meta = json.loads((tmp_path / "bundle.json").read_text(encoding="utf-8"))
    meta["sources"] = [f"ndvi_{y}.tif" for y in range(2016, 2026)]
    (tmp_path / "bundle.json").write_text(json.dumps(meta), encoding="utf-8")
    build_report(tmp_path, base, None)
    page = (tmp_path / "report" / "report.en.html").read_text(encoding="utf-8")
    assert "names no classes of land cover" in page and "ndvi_2016–2025.tif" in page
