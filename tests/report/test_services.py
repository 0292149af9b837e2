"""What the report says of services, their products and the gross ecosystem product: grouped, summed once, named, not keyed."""

from __future__ import annotations

import doctest
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from ecocomp.report import frame, gep, results, say, services
from ecocomp.report import words as w
from ecocomp.report.blocks import Absent, Gallery, Grid, Listing, Para, Section, Sub
from ecocomp.report.bundle import Bundle
from ecocomp.report.frame import Story
from ecocomp.report.maps import MapBase, MapClass
from ecocomp.terms import codes
from ecocomp.terms.codes import SERVICE_CHAPTERS, service_words
from ecocomp.terms.text import Text, same
from ecocomp.valuation.gep import gep_groups, gep_total

Built = tuple[Path, MapBase]
RAW_ID = re.compile(r"\b[a-z]+(?:_[a-z]+)+\b|\b[a-z_]+\.[a-z0-9_]+\b")


@pytest.fixture(scope="module")
def story(built: Built) -> Story:
    return Story(Bundle(built[0], built[0] / "previous"), built[1])


@pytest.fixture(scope="module")
def section(story: Story) -> Section:
    return services.services(story)


def _grid(section: Section, title: Text) -> Grid:
    return next(b for b in section.blocks if isinstance(b, Grid) and b.title == title)


def _copy(built: Built, to: Path, **facts: object) -> Path:
    shutil.copytree(built[0], to)
    meta = json.loads((to / "bundle.json").read_text(encoding="utf-8")) | facts
    (to / "bundle.json").write_text(json.dumps(meta, ensure_ascii=False), encoding="utf-8")
    return to


@pytest.mark.parametrize("module", [frame, gep, codes])
def test_examples_in_the_words_of_the_code(module: object) -> None:
    found = doctest.testmod(module)  # type: ignore[arg-type]
    assert found.failed == 0 and found.attempted > 0


# ---------------------------------------------------------------- table
def test_services_stand_by_chapter_with_their_products_under_them(section: Section) -> None:
    grid = _grid(section, w.SERVICE_TABLE)
    assert len(grid.marks) == len(grid.rows)
    heads = [row[0].zh for row, mark in zip(grid.rows, grid.marks, strict=True) if mark == "group"]
    assert heads == [t.zh for t, _ in SERVICE_CHAPTERS if t.zh in heads] and len(heads) == 4
    names = [row[0].zh for row in grid.rows]
    at = names.index("空气净化")
    assert names[at + 1 : at + 3] == ["二氧化硫", "粉尘"] and grid.marks[at : at + 3] == ("", "part", "part")


def test_products_are_summed_only_where_a_sum_means_something(section: Section, built: Built) -> None:
    rows = {row[0].en: row for row in _grid(section, w.SERVICE_TABLE).rows}
    assert rows["air purification"][1].zh == "" and rows["air purification"][2].zh == ""
    table = pq.read_table(built[0] / "tables" / "service.parquet")
    both = table.filter(pc.starts_with(table["service"], "carbon_storage"))
    low, mid, high = (pc.sum(both[c]).as_py() for c in ("low", "quantity", "high"))
    assert rows["carbon storage"][1] == say.ranged(mid, low, high)
    worth = pq.read_table(built[0] / "tables" / "service_value.parquet")
    air = pc.sum(worth.filter(pc.starts_with(worth["service"], "air_purification"))["value_fen"]).as_py()
    assert rows["air purification"][4] == frame.big_money(air)


def test_what_counts_in_the_standard_is_told_from_what_is_only_published(section: Section) -> None:
    grid = _grid(section, w.SERVICE_TABLE)
    use = {row[0].zh: row[-1] for row in grid.rows}
    assert use["水源涵养"] == use["固碳"] == w.USE_COUNTS and use["空气净化"] == use["碳储量"] == w.USE_SHOWN
    lead = next(b for b in section.blocks if isinstance(b, Para)).text
    assert "进入补偿标准的有3项：水源涵养、土壤保持、固碳" in lead.zh and "其余2项" in lead.zh
    assert "3 count in the standard: water conservation, soil retention" in lead.en


def test_a_service_without_a_price_is_not_worth_nothing(section: Section) -> None:
    rows = {row[0].zh: row for row in _grid(section, w.SERVICE_TABLE).rows}
    assert rows["碳储量"][4] == rows["土壤碳"][4] == w.NOT_PRICED


def test_without_a_rule_every_service_counts(built: Built, tmp_path: Path) -> None:
    folder = _copy(built, tmp_path / "b")
    path = folder / "tables" / "parameter.parquet"
    found = pq.read_table(path)
    pq.write_table(found.filter(pc.not_equal(found["key"], "standard.value_services")), path)
    made = services.services(Story(Bundle(folder), built[1]))
    assert w.USE_SHOWN not in [row[-1] for row in _grid(made, w.SERVICE_TABLE).rows]


# ---------------------------------------------------------------- maps
def test_each_service_has_one_map_under_its_chapter(section: Section) -> None:
    maps = [p.name for b in section.blocks if isinstance(b, Gallery) for p in b.pictures]
    assert maps == [
        "service_water_conservation",
        "service_soil_retention",
        "service_carbon_sequestration",
        "service_carbon_storage",
        "service_air_purification_so2",
    ]
    chapters = [b.text.zh for b in section.blocks if isinstance(b, Sub)]
    assert chapters[:4] == ["水", "土壤与风沙", "碳、氧与生产", "空气与气候"]


def test_a_sum_is_known_only_where_every_product_meant_for_the_parcel_is() -> None:
    def figure(name: str, values: list[float], meant: list[bool]) -> services.Figure:
        got = np.array(values)
        known = float(np.nansum(got))
        return services.Figure(name, "m3/a", known, known, known, np.nan, None, 1.0, got, np.array(meant))

    nan = np.nan
    lake = figure("flood_regulation.lake", [2.0, nan, nan, nan], [True, False, True, False])
    trees = figure("flood_regulation.vegetation", [1.0, 4.0, 5.0, nan], [True, True, True, False])
    whole = services._sum("flood_regulation", [lake, trees])
    assert whole is not None and whole.total == 12.0 and whole.meant.tolist() == [True, True, True, False]
    np.testing.assert_equal(whole.per_parcel, [3.0, 4.0, nan, nan])
    assert services._sum("water_purification", [lake, trees]) is None


def test_land_a_service_is_not_meant_for_is_not_called_not_assessed() -> None:
    unknown = MapClass("#E9EDEF", w.UNASSESSED_CLASS, hatched=True)
    classes = (MapClass("#111111", same("a")), unknown)
    only, number = services._beside_the_point(classes, np.array([0, 1, 1]), np.array([False, True, True]))
    assert [c.label for c in only] == [same("a"), w.NOT_MEANT_CLASS] and number.tolist() == [0, 1, 1]
    both, number = services._beside_the_point(classes, np.array([0, 1, 1]), np.array([False, True, False]))
    assert [c.label for c in both][-2:] == [w.UNASSESSED_CLASS, w.NOT_MEANT_CLASS] and number.tolist() == [0, 2, 1]
    assert services._beside_the_point(classes, np.array([0, 1]), np.zeros(2, bool))[0] == classes


# ---------------------------------------------------------------- methods, ground left out
def test_methods_are_said_in_words_and_priced_by_name(section: Section) -> None:
    rows = {row[0].en: row for row in _grid(section, w.METHOD_TABLE).rows}
    assert rows["soil retention"][1].en.startswith("Soil that does not wash away") and rows["soil retention"][2].zh == "清淤费用法"
    assert rows["carbon storage"][2] == w.QUANTITY_ONLY
    assert all(row[3].en == "v1" for row in rows.values()), "the id of the service is not repeated"


def test_ecosystems_left_out_take_one_line_a_service(section: Section) -> None:
    grid = _grid(section, w.NOT_MEANT_TABLE)
    assert [(r[0].zh, r[1].zh) for r in grid.rows] == [("固碳", "农田、居住地、冰川和永久积雪")]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_no_raw_ids_in_services_and_account(section: Section, story: Story, lang: str) -> None:
    for block in (*section.blocks, *gep.gep(story).blocks):
        if isinstance(block, Grid):
            columns = slice(None, 3) if block.title == w.METHOD_TABLE else slice(None)
            said = [c.to(lang) for row in block.rows for c in row[columns]]  # type: ignore[arg-type]
        else:
            said = [t.to(lang) for t in (block.items if isinstance(block, Listing) else [getattr(block, "text", same(""))])]  # type: ignore[union-attr]
        assert not [s for s in said if RAW_ID.search(s)]


# ---------------------------------------------------------------- gross ecosystem product
def test_the_account_states_the_sums_of_the_account(story: Story) -> None:
    account = story.bundle.table("gep")
    assert account is not None
    total, groups = gep_total(account), gep_groups(account).to_pylist()
    grid = _grid(gep.gep(story), w.GEP_TABLE)
    assert grid.total is not None and grid.total[5] == frame.big_money(total.value_fen) and grid.total[4].zh == "2024"
    heads = [row for row, mark in zip(grid.rows, grid.marks, strict=True) if mark == "group"]
    assert heads[0][0].en == "Regulating services" and heads[0][5] == frame.big_money(groups[0]["value_fen"])
    assert heads[0][7].zh == "100.0%" and heads[-1][0] == w.GEP_BARE
    lead = next(b for b in gep.gep(story).blocks if isinstance(b, Para)).text
    assert say.budget(total.value_fen).zh in lead.zh and "2024年价格" in lead.zh and "not a payment" in lead.en


def test_what_is_not_priced_stands_apart_with_its_quantity(story: Story) -> None:
    grid = _grid(gep.gep(story), w.GEP_TABLE)
    at = [r[0] for r in grid.rows].index(w.GEP_BARE)
    below = grid.rows[at + 1 :]
    assert [r[0] for r in below] == [service_words("carbon_storage.above"), service_words("carbon_storage.soil")]
    assert all(r[1] != say.NONE and r[3] == w.NOT_PRICED and r[5] == say.NONE for r in below)


def test_what_is_left_out_and_what_is_debated_is_said(story: Story) -> None:
    lists = [t for b in gep.gep(story).blocks if isinstance(b, Listing) for t in b.items]
    assert lists == [
        Text("文化服务不在其中", "cultural services are left out"),
        Text("水源涵养与土壤保持：虚构的争议。", "water conservation and soil retention – an invented debate."),
    ]


def test_prices_of_two_years_give_no_total(built: Built, tmp_path: Path) -> None:
    folder = _copy(built, tmp_path / "b")
    path = folder / "tables" / "gep.parquet"
    found = pq.read_table(path)
    years = [2023 if i == 0 else y for i, y in enumerate(found["price_year"].to_pylist())]
    at = found.column_names.index("price_year")
    pq.write_table(found.set_column(at, found.schema.field(at), pa.array(years, found.schema.field(at).type)), path)
    blocks = gep.gep(Story(Bundle(folder), built[1])).blocks
    assert isinstance(blocks[0], Absent) and "2023" in blocks[0].reason.zh
    assert isinstance(blocks[1], Grid) and blocks[1].total is None


def test_a_bundle_without_an_account_says_so(built: Built, tmp_path: Path) -> None:
    folder = _copy(built, tmp_path / "b")
    (folder / "tables" / "gep.parquet").unlink()
    [gap] = gep.gep(Story(Bundle(folder), built[1])).blocks
    assert isinstance(gap, Absent) and "gep" in gap.reason.en


# ---------------------------------------------------------------- parameters
def test_parameters_amounts_rest_on_are_apart_from_those_only_published(story: Story) -> None:
    section = results.sure(story)
    paid, shown = (_grid(section, t) for t in (w.UNVERIFIED_PAID, w.UNVERIFIED_SHOWN))
    assert "地表径流系数" in [r[0].zh for r in paid.rows] and "净化能力" not in [r[0].zh for r in paid.rows]
    assert [r[0].zh for r in shown.rows] == ["净化能力"]
    said = [b.text.zh for b in section.blocks if isinstance(b, Para)]
    assert w.SURE_SPLIT.fill(p=len(paid.rows), s=1).zh in said


def test_a_payment_says_that_each_is_accepted_and_a_study_does_not(built: Built, tmp_path: Path, story: Story) -> None:
    note = _grid(results.sure(story), w.UNVERIFIED_PAID).note
    assert note == w.UNVERIFIED_PAID_NOTE
    folder = _copy(built, tmp_path / "b", case={"name_zh": "甲", "name_en": "A", "purpose": "study"})
    assert _grid(results.sure(Story(Bundle(folder), built[1])), w.UNVERIFIED_PAID).note is None
    quiet = _copy(
        built, tmp_path / "c", unverified_shown=["services.water.runoff", "services.air.capacity", "valuation.water.price"]
    )
    blocks = results.sure(Story(Bundle(quiet), built[1])).blocks
    assert w.UNVERIFIED_PAID_NONE in [b.text for b in blocks if isinstance(b, Para)]


def test_a_product_left_out_is_said_beside_its_service(built: Built, tmp_path: Path) -> None:
    note = {"code": "services.not_assessed", "where": "air_purification", "record": "x"}
    note |= {"clash_zh": "未评估：没有氮氧化物的排放量。", "clash_en": "not assessed: no emission of nitrogen oxides."}
    folder = _copy(built, tmp_path / "b", not_assessed=[], warnings=[note, note])
    lists = [t for b in results.sure(Story(Bundle(folder), built[1])).blocks if isinstance(b, Listing) for t in b.items]
    assert lists[0] == Text(
        "空气净化（部分）：没有氮氧化物的排放量。", "air purification, in part: No emission of nitrogen oxides."
    )
    assert [t.zh for t in lists].count(lists[0].zh) == 1


# ---------------------------------------------------------------- page and paper
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_chapters_and_products_are_marked_on_the_page(built: Built, lang: str) -> None:
    text = (built[0] / "report" / f"report.{lang}.html").read_text(encoding="utf-8")
    assert text.count('<tr class="group">') == 4 + 2 and text.count('<tr class="part">') == 4
    assert text.index('id="services"') < text.index('id="gep"') < text.index('id="standard"')
