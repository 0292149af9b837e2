"""The invented patch layer: sound where nothing was planted, wrong exactly where something was, the same in every format."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import shapely

from ecocomp.land.area import polygon_areas_m2
from ecocomp.sample import dltb
from ecocomp.sample.dltb import HARMLESS, KINDS, Planted, default_mix, expected, make_dltb, tolerated


def read(planted: Planted) -> dict[str, Any]:
    table = pq.read_table(planted.path)
    return {name: np.array(table[name].to_pylist(), object) for name in table.column_names}


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> tuple[Planted, dict[str, Any]]:
    made = make_dltb(tmp_path_factory.mktemp("clean"), 6_000, 7, faults={}, format="parquet")
    return made, read(made)


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> tuple[Planted, dict[str, Any]]:
    made = make_dltb(tmp_path_factory.mktemp("faulty"), 6_000, 7, format="parquet")
    return made, read(made)


def numbers(column: Any) -> Any:
    return np.array([np.nan if v is None else v for v in column], float)


def test_without_faults_the_patches_cover_the_county_exactly_once(clean: tuple[Planted, dict[str, Any]]) -> None:
    planted, rows = clean
    shapes = shapely.from_wkb(rows["geometry"])
    assert planted.rows == len(shapes) == 6_000 and not planted.faults
    assert shapely.is_valid(shapes).all() and shapely.coverage_is_valid(shapes)
    assert shapely.coverage_union_all(shapes).equals(shapely.from_wkb(planted.region))
    assert np.median(shapely.get_num_coordinates(shapes)) >= 15
    assert (4 * np.pi * shapely.area(shapes) / shapely.length(shapes) ** 2).min() > 0.3, "no thin patch by accident"


def test_without_faults_every_identity_of_the_survey_holds(clean: tuple[Planted, dict[str, Any]]) -> None:
    planted, rows = clean
    area, cut, net, share = (numbers(rows[n]) for n in ("TBMJ", "KCMJ", "TBDLMJ", "KCXS"))
    assert np.abs(area - polygon_areas_m2(shapely.from_wkb(rows["geometry"]), planted.crs)).max() < 0.00501
    assert np.abs(cut - area * np.nan_to_num(share)).max() < 0.00501
    assert np.abs(net - (area - cut)).max() < 1e-6
    crop = np.array([c.startswith("01") for c in rows["DLBM"]])
    assert (np.isfinite(share) == crop).all() and ((rows["GDPDJB"] != "") == crop).all() and ((rows["ZZSXDM"] != "") == crop).all()
    assert ((rows["KCDLBM"] == "1203") == (np.nan_to_num(share) > 0)).all()
    assert len(set(rows["BSM"])) == 6_000 == len(set(zip(rows["ZLDWDM"], rows["TBBH"], strict=True)))
    totals: Counter[str] = Counter()
    for code, m2 in zip(rows["ZLDWDM"], area, strict=True):
        totals[code] += round(m2 * 100)
    assert {k: v / 100 for k, v in totals.items()} == planted.units
    lengths = {"BSM": 18, "YSDM": 10, "ZLDWDM": 19, "QSDWDM": 19}
    assert all({len(v) for v in rows[n]} == {size} for n, size in lengths.items())
    assert {c[:6] for c in rows["ZLDWDM"]} == {"990121"}


def test_the_same_seed_gives_the_same_layer_and_another_seed_another(tmp_path: Path) -> None:
    one, two, other = (make_dltb(tmp_path / n, 1_500, s, faults={"overlap": 1}, format="parquet")
                       for n, s in (("a", 3), ("b", 3), ("c", 4)))  # fmt: skip
    assert one.path.read_bytes() == two.path.read_bytes() != other.path.read_bytes()


def test_how_rows_are_cut_into_strips_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = make_dltb(tmp_path / "a", 1_500, 3, format="parquet", faults={"gap": 2})
    monkeypatch.setattr(dltb, "STRIP_PARCELS", 97)
    cut = make_dltb(tmp_path / "b", 1_500, 3, format="parquet", faults={"gap": 2})
    assert pq.read_table(whole.path).equals(pq.read_table(cut.path)) and whole.faults == cut.faults


def test_every_kind_is_planted_as_often_as_asked_and_written_down(faulty: tuple[Planted, dict[str, Any]]) -> None:
    planted, rows = faulty
    counts = Counter(f.kind for f in planted.faults if f.must != "may")
    assert counts == default_mix(6_000) and set(counts) == set(KINDS)
    with (planted.path.parent / "planted.csv").open(encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) == len(planted.faults)
    for f in planted.faults:
        if f.row and f.record != f"row {f.row}":
            assert rows["BSM"][f.row - 1] == f.record, f
    assert expected(planted) <= tolerated(planted)
    assert not {kind for kind, _ in expected(planted)} & HARMLESS


def test_each_planted_fault_is_really_in_the_file_and_nowhere_else(faulty: tuple[Planted, dict[str, Any]]) -> None:
    planted, rows = faulty
    at = {kind: sorted(f.row - 1 for f in planted.faults if f.kind == kind and f.row) for kind in KINDS}
    codes = Counter(rows["BSM"])
    assert sorted(np.flatnonzero(rows["BSM"] == "")) == at["missing_bsm"]
    assert sum(n - 1 for code, n in codes.items() if code) == len(at["duplicate_bsm"])
    assert sorted(np.flatnonzero(np.isin(rows["DLBM"], ["9999"]))) == at["unknown_class"]
    assert sorted(np.flatnonzero([len(v) != 19 for v in rows["ZLDWDM"]])) == at["bad_zldwdm"]
    area = numbers(rows["TBMJ"])
    assert sorted(np.flatnonzero(np.isnan(area))) == at["missing_area"] and sorted(np.flatnonzero(area < 0)) == at["negative_area"]
    shapes = shapely.from_wkb(rows["geometry"])
    assert sorted(np.flatnonzero(shapely.is_missing(shapes))) == at["null_geometry"]
    assert sorted(np.flatnonzero(shapely.is_empty(shapes))) == at["empty_geometry"]
    invalid = ~shapely.is_missing(shapes) & ~shapely.is_valid(shapes)
    assert sorted(np.flatnonzero(invalid)) == sorted(at["bow_tie"] + at["tiny_bow_tie"] + at["zero_area"])
    assert sorted(np.flatnonzero(shapely.get_type_id(shapes) == 6)) == at["multi_part"]
    real = polygon_areas_m2(np.where(invalid, None, shapes), planted.crs)
    sound = (real > 0) & np.isfinite(area)
    off = sound & (np.abs(area - real) > 0.01)
    assert sorted(np.flatnonzero(off)) == sorted(at["area_off"] + at["area_in_mu"] + at["negative_area"])


def test_overlaps_and_gaps_lie_only_where_they_were_planted(faulty: tuple[Planted, dict[str, Any]]) -> None:
    planted, rows = faulty
    shapes = shapely.from_wkb(rows["geometry"])
    sound = np.flatnonzero(shapely.is_valid(shapes) & (shapely.area(shapes) > 0))
    tree = shapely.STRtree(shapes[sound])
    a, b = sound[tree.query(shapes[sound], predicate="intersects")]
    a, b = a[a < b], b[a < b]
    shared = shapely.area(shapely.intersection(shapes[a], shapes[b]))
    pairs = {frozenset((int(x) + 1, int(y) + 1)) for x, y, m2 in zip(a, b, shared, strict=True) if m2 > 0.01}
    wanted = {frozenset((f.row, f.other_row)) for f in planted.faults
              if f.kind in ("overlap", "thin_overlap", "duplicate_geometry") and f.other_row}  # fmt: skip
    east = {f.row for f in planted.faults if f.kind in ("overlap", "thin_overlap")}
    assert {p for p in pairs if not p & east} == {p for p in wanted if not p & east}
    assert {next(iter(p & east)) for p in pairs if p & east} == east
    whole = shapely.union_all(shapes[sound], grid_size=0.001)
    left = shapely.get_parts(shapely.difference(shapely.from_wkb(planted.region), whole))
    places = [f for f in planted.faults if f.kind in ("gap", "thin_gap", "hole", "spike", "bow_tie", "tiny_bow_tie") and f.row]
    near = shapely.STRtree([shapes[f.row - 1].envelope for f in places])
    for piece in left[shapely.area(left) > 0.05]:
        assert len(near.query(piece, predicate="intersects")), piece.wkt


def test_faults_keep_their_distance(faulty: tuple[Planted, dict[str, Any]]) -> None:
    planted, rows = faulty
    shapes = shapely.from_wkb(rows["geometry"])
    centre = {}
    for f in planted.faults:
        if f.row and f.must != "may" and f.kind not in ("out_of_region", "null_geometry", "empty_geometry"):
            centre[f] = shapely.get_coordinates(shapes[f.row - 1]).mean(axis=0)
    points = np.array(list(centre.values()))
    apart = np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1)) + np.eye(len(points)) * 1e9
    assert apart.min() > 200.0


@pytest.mark.parametrize("form", ["gpkg", "shp", "gdb"])
def test_every_format_says_the_same(tmp_path: Path, form: Any) -> None:
    import pyogrio

    here = make_dltb(tmp_path / "p", 1_200, 5, faults={"overlap": 1, "null_geometry": 1, "unknown_class": 1}, format="parquet")
    there = make_dltb(tmp_path / form, 1_200, 5, faults={"overlap": 1, "null_geometry": 1, "unknown_class": 1}, format=form)
    one, (meta, _, shapes, columns) = read(here), pyogrio.raw.read(there.path)
    names = list(meta["fields"])
    assert there.faults == here.faults and len(shapes) == there.rows
    for name in ("BSM", "DLBM", "ZLDWMC"):
        assert list(columns[names.index(name)]) == list(one[name]), name
    assert np.allclose(columns[names.index("TBMJ")].astype(float), numbers(one["TBMJ"]), atol=0.006)
    ours, theirs = shapely.area(shapely.from_wkb(one["geometry"])), shapely.area(shapely.from_wkb(shapes))
    assert np.allclose(np.nan_to_num(ours), np.nan_to_num(theirs), atol=0.1)


def test_text_areas_make_the_column_text(tmp_path: Path) -> None:
    made = make_dltb(tmp_path, 1_200, 5, faults={"text_area": 2}, format="parquet")
    rows = read(made)
    assert [r + 1 for r, v in enumerate(rows["TBMJ"]) if v == "约三亩"] == sorted(
        f.row for f in made.faults if f.kind == "text_area"
    )
    assert all(isinstance(v, str) for v in rows["TBMJ"])


def test_unknown_kinds_and_too_many_faults_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="nonsense"):
        make_dltb(tmp_path, 1_000, faults={"nonsense": 1})
    with pytest.raises(ValueError, match="places"):
        make_dltb(tmp_path, 1_000, faults={"gap": 1_000})
