"""The import of a survey layer: all faults, an edition whole or none, and a kill at any moment changes nothing."""

from __future__ import annotations

import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pyogrio
import pytest
import shapely

from ecocomp.land import survey
from ecocomp.land.edition import read_edition
from ecocomp.land.finds import TopologyLimits
from ecocomp.land.mapping import Mapping
from ecocomp.land.repair import RepairOptions
from ecocomp.land.report import write_report
from ecocomp.land.survey import SurveyOptions, SurveyResult, survey_edition
from ecocomp.terms.faults import FaultsError
from ecocomp.terms.tables import PARCEL

X0, Y0, CELL, SIDE = 400_000.0, 3_400_000.0, 60.0, 8
Put = Callable[..., Path]


def squares(side: int = SIDE) -> list[Any]:
    return [
        shapely.box(X0 + CELL * i, Y0 + CELL * j, X0 + CELL * (i + 1), Y0 + CELL * (j + 1))
        for j in range(side)
        for i in range(side)
    ]


@pytest.fixture
def put(tmp_path: Path) -> Put:
    """Write a DLTB layer as a GeoPackage; columns may be given anew."""

    def write(shapes: list[Any] | None = None, name: str = "图斑.gpkg", **columns: Any) -> Path:
        shapes = squares() if shapes is None else shapes
        n = len(shapes)
        base: dict[str, Any] = {
            "BSM": [f"51018200{i:010d}" for i in range(n)],
            "TBBH": [str(i + 1) for i in range(n)],
            "DLBM": ["0301"] * n,
            "DLMC": ["乔木林地"] * n,
            "QSXZ": ["30"] * n,
            "ZLDWDM": ["5101820010010000000"] * n,
            "TBMJ": [round(g.area, 2) if g is not None else 1.0 for g in shapes],
        }
        base |= columns
        data = [np.array(v, object if isinstance(v[0], str) else None) for v in base.values()]
        path = tmp_path / name
        path.unlink(missing_ok=True)
        pyogrio.raw.write(
            path, shapely.to_wkb(np.array(shapes, object)), data, list(base), layer="DLTB", geometry_type="Polygon",
            crs="EPSG:4545", driver="GPKG",
        )  # fmt: skip
        return path

    return write


@pytest.fixture
def work(tmp_path: Path) -> Path:
    return tmp_path / "work"


def closed(result: SurveyResult) -> None:
    """What every import keeps: rows in are rows out and refused; the faults are as many as counted."""
    c = result.counts
    assert c["rows_in"] == c["rows_out"] + c["rows_refused"]
    assert len(list(result.faults)) == len(result.faults) == c["errors_total"] + c["warnings_total"]
    assert (result.edition is None) or not c["errors"]
    assert result.edition is None or result.edition.parcels == c["rows_out"]


def test_a_sound_layer_becomes_an_edition_with_its_other_columns(put: Put, work: Path) -> None:
    steps: list[tuple[int, int, str]] = []
    result = survey_edition(put(), work, progress=lambda done, total, what: steps.append((done, total, what.en)))
    closed(result)
    assert result.counts["rows_out"] == 64 and not result.counts["errors"] and result.edition is not None
    edition = read_edition(work / "edition.parquet")
    assert edition == result.edition and edition.gate().schema.equals(PARCEL.schema())
    assert {"QSXZ", "TBBH", "source_row"} <= set(edition.extras())
    row = edition.find(["510182000000000009"], ["parcel_id", "QSXZ", "TBBH", "source_row"]).to_pylist()
    assert row == [{"parcel_id": "510182000000000009", "QSXZ": "30", "TBBH": "10", "source_row": 10}]
    assert result.facts["area_dm2"] == sum(edition.table()["area_dm2"].to_pylist()) and result.facts["parcels"] == 64
    assert {what for _, _, what in steps} == {t.en for t in (survey.READ, survey.CHECK, survey.SEAMS, survey.WRITE)}


def test_all_faults_at_once_and_no_edition(put: Put, work: Path, tmp_path: Path) -> None:
    shapes = squares()
    shapes[9] = shapely.Polygon([(X0, Y0 + 600), (X0 + 50, Y0 + 650), (X0 + 50, Y0 + 600), (X0, Y0 + 650)])
    shapes[20] = shapely.union(shapes[20], shapely.box(X0 + 300, Y0 + 130, X0 + 310, Y0 + 170))
    codes, classes = [f"51018200{i:010d}" for i in range(64)], ["0301"] * 64
    codes[5], classes[30] = codes[4], "9999"
    result = survey_edition(put(shapes, BSM=codes, DLBM=classes, TBMJ=[3600.0] * 64), work)
    closed(result)
    assert result.edition is None and not (work / "edition.parquet").exists() and result.counts["rows_refused"] == 64
    errors = result.counts["errors"]
    assert errors["land.crossed_shape"] == errors["land.overlap"] == errors["land.duplicate_id"] == 1
    assert errors["land.unknown_class"] == 1
    found = {r["kind"]: r for r in result.finds.to_pylist()}
    assert found["overlap"]["area_m2"] == pytest.approx(400, rel=1e-3) and found["crossed_shape"]["parcel_id"].endswith("9")
    path = write_report(result.faults, tmp_path / "faults.csv")
    assert len(path.read_text(encoding="utf-8-sig").splitlines()) == len(result.faults) + 1
    assert pyogrio.read_info(result.write_finds(tmp_path / "places.gpkg"))["features"] == len(result.finds)


def test_a_dry_run_writes_nothing(put: Put, work: Path) -> None:
    source = put()
    result = survey_edition(source, work, options=SurveyOptions(dry_run=True))
    closed(result)
    assert result.edition is None and result.counts["rows_out"] == 64 and not (work / "edition.parquet").exists()
    assert survey_edition(source, work).facts["resumed"], "the clean layer of the dry run is used"


def test_the_clean_layer_is_believed_only_if_it_is_whole_and_of_this_file(put: Put, work: Path) -> None:
    source = put()
    first = survey_edition(source, work)
    assert not first.facts["resumed"] and survey_edition(source, work).facts["resumed"]
    (clean,) = work.glob("clean/*/layer.parquet")
    clean.write_bytes(clean.read_bytes()[:-100])
    again = survey_edition(source, work)
    assert not again.facts["resumed"] and again.edition == first.edition
    (clean.parent / "done.json").unlink()
    assert not survey_edition(source, work).facts["resumed"]
    other = survey_edition(put(DLBM=["0101"] * 64, DLMC=["水田"] * 64), work)
    assert not other.facts["resumed"] and other.edition is not None and first.edition is not None
    assert other.edition.fingerprint != first.edition.fingerprint


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04rubbish", b"SQLite format 3\x00" + b"\x00" * 2000, b"PAR1xxxx"])
def test_a_file_that_is_none_is_a_fault_and_the_last_edition_stays(content: bytes, put: Put, work: Path, tmp_path: Path) -> None:
    first = survey_edition(put(), work)
    bad = tmp_path / "bad.gpkg"
    bad.write_bytes(content)
    result = survey_edition(bad, work)
    closed(result)
    assert result.edition is None and result.faults.count("error") >= 1 and result.counts["rows_in"] == 0
    assert read_edition(work / "edition.parquet") == first.edition
    for missing in (tmp_path / "none.gpkg", "https://example.org/a.gpkg", "/vsizip/a.zip"):
        assert survey_edition(missing, work).faults.count("error") == 1  # type: ignore[arg-type]


def test_a_layer_of_other_columns_is_told_once(put: Put, work: Path) -> None:
    from ecocomp.land.edition import FieldMap

    result = survey_edition(put(), work, Mapping(fields=FieldMap("地块号", None, None, None)))
    closed(result)
    assert [f.code for f in result.faults] == ["land.missing_field"] and result.counts["rows_in"] == 64


def test_areas_in_another_unit_are_one_fault(put: Put, work: Path) -> None:
    result = survey_edition(put(TBMJ=[round(g.area * 0.0015, 2) for g in squares()]), work)
    closed(result)
    assert result.counts["errors"].get("land.declared_unit") == 1 and "land.declared_area" not in result.counts["warnings"]


def test_coordinates_of_another_system_stop_early(put: Put, work: Path) -> None:
    result = survey_edition(put([shapely.affinity.translate(g, 36_000_000) for g in squares()]), work)
    assert result.counts["errors"]["land.misplaced"] == 1 and result.edition is None


def test_bounds_and_region(put: Put, work: Path) -> None:
    end = X0 + CELL * 7.5
    options = SurveyOptions(bounds=(X0, Y0, end, Y0 + 1e4), region=shapely.box(X0, Y0, X0 + CELL * 7, Y0 + 1e4))
    result = survey_edition(put(), work, options=options)
    assert result.counts["warnings"]["land.partly_outside_grid"] == 8 and result.counts["errors"] == {"land.outside_region": 8}


def broken() -> tuple[list[Any], list[str]]:
    """A layer with one fault of each kind that can be mended; the last row repeats the first."""
    shapes = squares()
    xy = shapely.get_coordinates(shapes[0])
    shapes[0] = shapely.Polygon(np.insert(xy, 2, xy[1], axis=0))
    corner = shapely.get_coordinates(shapes[63])  # the outer corner: nobody else's
    shapes[63] = shapely.Polygon([*corner[:1], (X0 + 480, Y0 + 480), (X0 + 490, Y0 + 490), (X0 + 480, Y0 + 480), *corner[2:4]])
    shapes[18] = shapely.union(shapes[18], shapely.box(X0 + 180, Y0 + 130, X0 + 180.3, Y0 + 170))
    shapes[44] = shapely.difference(shapes[44], shapely.box(X0 + 299.8, Y0 + 310, X0 + 300, Y0 + 350))
    return [*shapes, shapes[5]], [f"51018200{i:010d}" for i in [*range(64), 5]]


def test_repairs_only_on_request_and_each_on_record(put: Put, work: Path) -> None:
    shapes, codes = broken()
    source = put(shapes, BSM=codes, TBBH=[str(i) for i in range(65)])
    plain = survey_edition(source, work)
    closed(plain)
    assert plain.edition is None and plain.repairs.num_rows == 0
    assert {"land.duplicate_id", "land.duplicate_shape", "land.overlap", "land.spike"} <= set(plain.counts["errors"])
    assert {"land.same_vertex", "land.gap"} <= set(plain.counts["warnings"])
    kinds = ("duplicates", "duplicate_vertices", "spikes", "overlap_slivers", "small_gaps")
    mended = survey_edition(source, work, options=SurveyOptions(repairs=RepairOptions(frozenset(kinds))))
    closed(mended)
    assert mended.counts["errors"] == {} and mended.counts["warnings"] == {} and mended.edition is not None
    assert mended.counts["repairs"] == dict.fromkeys(sorted(kinds), 1)
    assert mended.counts["rows_in"] == 65 and mended.counts["rows_out"] == 64 and mended.counts["rows_dropped"] == 1
    rows = {r["kind"]: r for r in mended.repairs.to_pylist()}
    assert rows["duplicates"]["sha256_after"] is None and rows["duplicates"]["parcel_id"] == codes[5]
    area = dict(zip(*(mended.edition.table()[c].to_pylist() for c in ("parcel_id", "area_dm2")), strict=True))
    assert all(area[r["parcel_id"]] == r["area_after_dm2"] for k, r in rows.items() if k != "duplicates")
    assert sum(area.values()) == pytest.approx(64 * 360_000, rel=1e-3)
    box = pq.read_table(mended.edition.path, columns=["xmin", "ymin", "xmax", "ymax"])
    assert np.array_equal(np.column_stack([c.to_numpy() for c in box.columns]), shapely.bounds(mended.edition.polygons()))


def test_only_one_import_at_a_time_in_a_folder(put: Put, work: Path) -> None:
    from ecocomp.io.files import exclusive_lock

    with exclusive_lock(work / ".lock"), pytest.raises(FaultsError):
        survey_edition(put(), work)


_CHILD = """
import sys
from pathlib import Path
from ecocomp.land.survey import survey_edition
survey_edition(Path(sys.argv[1]), Path(sys.argv[2]))
"""


def child(source: Path, work: Path, **more: Any) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", _CHILD, str(source), str(work)], stderr=subprocess.PIPE, **more)


def leftovers(work: Path) -> list[str]:
    return sorted(p.name for p in work.rglob("*") if p.name.startswith(".") and p.name != ".lock")


def test_a_kill_at_any_moment_leaves_the_old_edition_or_the_new(put: Put, work: Path, tmp_path: Path) -> None:
    old = survey_edition(put(name="old.gpkg"), work).edition
    source = put(squares(40), name="new.gpkg")
    new = survey_edition(source, tmp_path / "calm").edition
    assert old is not None and new is not None
    start = time.monotonic()
    assert child(source, tmp_path / "timed").wait() == 0
    whole_s = time.monotonic() - start
    seen, draw = set(), random.Random(7)
    for n in range(12):
        process = child(source, work)
        try:
            process.wait(whole_s * (0.25 + 0.75 * (n + draw.random()) / 12))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
        print_ = read_edition(work / "edition.parquet").fingerprint
        assert print_ in (old.fingerprint, new.fingerprint)
        seen.add(print_)
    assert survey_edition(source, work).edition is not None
    assert read_edition(work / "edition.parquet").fingerprint == new.fingerprint
    assert old.fingerprint in seen
    assert leftovers(work) == []


@pytest.mark.parametrize("clean_before", [False, True])
def test_a_full_disk_is_a_sentence_and_leaves_nothing_half(clean_before: bool, put: Put, work: Path) -> None:
    old = survey_edition(put(name="old.gpkg"), work).edition
    source = put(squares(30), name="new.gpkg")
    if clean_before:
        assert survey_edition(source, work, options=SurveyOptions(dry_run=True)).faults.count("error") == 0

    def small() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))

    process = child(source, work, preexec_fn=small)
    said = process.communicate()[1].decode()
    assert process.returncode != 0 and ("DiskError" in said or "大小受限" in said), said[-500:]
    assert read_edition(work / "edition.parquet") == old
    assert survey_edition(source, work).edition is not None and leftovers(work) == []


def test_limits_are_those_of_the_caller(put: Put, work: Path) -> None:
    shapes = squares()
    shapes[44] = shapely.difference(shapes[44], shapely.box(X0 + 299.8, Y0 + 310, X0 + 300, Y0 + 350))
    gaps = [survey_edition(put(shapes), work, options=SurveyOptions(topology=TopologyLimits(sliver_m2=s))).counts["warnings"]
            for s in (1.0, 10.0)]  # fmt: skip
    assert [g.get("land.gap") for g in gaps] == [1, None]
