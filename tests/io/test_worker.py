"""Hostile and broken files: refused in words, nothing outside the job folder touched, the run goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ecocomp.io import worker as worker_module
from ecocomp.io.files import sha256_of
from ecocomp.io.worker import Answer, Job, Limits, RasterJob, TableJob, VectorJob, Worker
from ecocomp.io.zygote import ALLOWED, environment
from ecocomp.terms.faults import UsageError

Open = Callable[[Job], Answer]


def codes(answer: Answer) -> list[str]:
    return [f.code for f in answer.faults]


def test_a_sound_raster_comes_out_clean_with_its_facts(opened: Open, write_tiff: Callable[..., Path]) -> None:
    cells = np.arange(600 * 700, dtype=np.int16).reshape(600, 700) % 1000
    cells[0, 0] = -9999
    path = write_tiff(cells, nodata=-9999)
    answer = opened(RasterJob("dem", path))
    assert answer.ok and answer.path is not None and not answer.faults
    facts = answer.facts
    assert (facts["epsg"], facts["x0"], facts["dy"], facts["dtype"], facts["nodata"]) == (4545, 400_000, 30, "int16", -9999)
    (band,) = facts["statistics"]
    assert (band["min"], band["max"]) == (0, 999)
    assert band["mean"] == cells[cells >= 0].mean(dtype=np.float64)
    assert band["valid_share"] == 1 - 1 / cells.size
    assert facts["sha256_source"] == sha256_of(path)


def test_the_same_file_gives_the_same_bytes(worker: Worker, write_tiff: Callable[..., Path], tmp_path: Path) -> None:
    path = write_tiff(np.random.default_rng(1).random((700, 900), np.float32))
    one, two = (worker.run([RasterJob("a", path)], tmp_path / n)[0] for n in ("one", "two"))
    assert one.path and two.path and one.path.read_bytes() == two.path.read_bytes()
    assert one.path.with_suffix(".json").read_bytes() == two.path.with_suffix(".json").read_bytes()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<VRTDataset rasterXSize='9' rasterYSize='9'><SRS>EPSG:4545</SRS></VRTDataset>", "VRT"),
        (b"this is only text, whatever its name says", "a GeoTIFF; it really is text"),
        (b"", "an empty file"),
        (b"\x89HDF\r\n\x1a\n" + bytes(100), "HDF5"),
        (b"SQLite format 3\x00" + bytes(100), "SQLite"),
    ],
)
def test_a_tif_that_is_something_else_is_refused_by_its_bytes(opened: Open, tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "降水.tif"
    path.write_bytes(content)
    answer = opened(RasterJob("rain", path))
    assert codes(answer) == ["io.wrong_format"]
    assert words in answer.faults[0].say("en")
    assert answer.faults[0].where == "降水.tif"


def test_an_ogr_vrt_named_geojson_is_refused(opened: Open, tmp_path: Path) -> None:
    path = tmp_path / "a.geojson"
    path.write_text(
        "<OGRVRTDataSource><OGRVRTLayer name='x'><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>"
    )
    answer = opened(VectorJob("a", path))
    assert codes(answer) == ["io.wrong_format"] and "VRT" in answer.faults[0].say("zh")


def test_a_sidecar_that_names_another_file_is_not_followed(opened: Open, write_tiff: Callable[..., Path]) -> None:
    secret = write_tiff(np.full((64, 64), 77, np.uint8), "secret.tif")
    host = write_tiff(np.full((512, 512), 5, np.uint8), "host.tif")
    Path(f"{host}.aux.xml").write_text(
        f'<PAMDataset><Metadata domain="OVERVIEWS"><MDI key="OVERVIEW_FILE">{secret}</MDI></Metadata></PAMDataset>'
    )
    Path(f"{host}.ovr").write_bytes(secret.read_bytes())
    answer = opened(RasterJob("host", host))
    assert answer.ok and answer.facts["statistics"][0]["max"] == 5
    assert answer.facts["statistics"][0]["min"] == 5


def test_a_header_bomb_is_refused_before_a_cell_is_read(opened: Open, tmp_path: Path) -> None:
    import rasterio
    from rasterio.transform import from_origin

    path = tmp_path / "bomb.tif"
    with rasterio.open(
        path, "w", driver="GTiff", width=1_000_000, height=1_000_000, count=1, dtype="uint8", crs="EPSG:4545",
        transform=from_origin(4e5, 3.4e6, 1, 1), tiled=True, blockxsize=16384, blockysize=16384, sparse_ok=True, bigtiff="YES",
    ):  # fmt: skip
        pass
    assert path.stat().st_size < 1_000_000
    answer = opened(RasterJob("bomb", path))
    assert codes(answer) == ["io.too_many_cells"] and "1,000,000×1,000,000" in answer.faults[0].say("zh")


def test_faults_of_a_raster_are_told_together(opened: Open, tmp_path: Path) -> None:
    import rasterio

    path = tmp_path / "a.tif"
    with rasterio.open(path, "w", driver="GTiff", width=9, height=9, count=2, dtype="complex64") as sink:
        sink.write(np.zeros((2, 9, 9), np.complex64))
    assert sorted(codes(opened(RasterJob("a", path)))) == ["io.no_crs", "io.other_bands", "io.other_type", "io.rotated"]


def test_a_turned_raster_and_degrees_for_metres_are_refused(opened: Open, write_tiff: Callable[..., Path]) -> None:
    from affine import Affine

    turned = write_tiff(np.zeros((9, 9), np.uint8), "t.tif", transform=Affine(30, 1, 4e5, 1, -30, 3.4e6))
    degrees = write_tiff(np.zeros((9, 9), np.uint8), "d.tif", transform=Affine(0.001, 0, 105, 0, -0.001, 31))
    metres = write_tiff(np.zeros((9, 9), np.uint8), "m.tif", crs="EPSG:4490")
    assert codes(opened(RasterJob("a", turned))) == ["io.rotated"]
    assert codes(opened(RasterJob("a", degrees))) == ["io.degrees_as_metres"]
    assert codes(opened(RasterJob("a", metres))) == ["io.metres_as_degrees"]


def test_64_bit_floats_are_taken_only_when_declared(opened: Open, write_tiff: Callable[..., Path]) -> None:
    path = write_tiff(np.array([[1.5, -1.7976931348623157e308]]), nodata=-1.7976931348623157e308)
    assert codes(opened(RasterJob("a", path))) == ["io.other_type"]
    answer = opened(RasterJob("a", path, accept_float64=True))
    assert answer.ok and answer.facts["dtype"] == "float32" and answer.facts["statistics"][0]["valid_share"] == 0.5


def test_a_truncated_tiff_is_a_fault(opened: Open, write_tiff: Callable[..., Path]) -> None:
    path = write_tiff(np.random.default_rng(0).integers(0, 9, (900, 900), np.uint8), compress="deflate")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    answer = opened(RasterJob("a", path))
    assert codes(answer) == ["io.unreadable"]
    assert "/in/source" not in answer.faults[0].say("zh")


@pytest.mark.parametrize(
    "name",
    ["/vsicurl/http://169.254.169.254/a.tif", "http://example.org/a.tif", "GPKG:/etc/passwd", "<VRTDataset/>", "a\x00.tif",
     "/vsizip/a.zip/a.tif", "file:///etc/passwd"],
)  # fmt: skip
def test_names_that_are_no_plain_files_are_refused_at_the_door(opened: Open, name: str) -> None:
    for path in (name, Path(name)):
        assert codes(opened(RasterJob("a", path))) == ["io.bad_name"]


def test_folders_pipes_devices_and_missing_files_are_refused(opened: Open, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.tif")
    assert codes(opened(RasterJob("a", tmp_path / "pipe.tif"))) == ["io.not_a_file"]
    assert codes(opened(RasterJob("a", Path("/dev/zero")))) == ["io.not_a_file"]
    assert codes(opened(RasterJob("a", tmp_path))) == ["io.not_a_file"]
    assert codes(opened(RasterJob("a", tmp_path / "none.tif"))) == ["io.missing_file"]
    (tmp_path / "loop.tif").symlink_to(tmp_path / "loop.tif")
    assert codes(opened(RasterJob("a", tmp_path / "loop.tif"))) == ["io.missing_file"]


def test_a_link_is_resolved_and_the_original_is_never_touched(opened: Open, write_tiff: Callable[..., Path]) -> None:
    path = write_tiff(np.ones((9, 9), np.uint8))
    before = (path.read_bytes(), path.stat().st_mode, path.stat().st_mtime_ns)
    link = path.with_name("link.tif")
    link.symlink_to(path)
    assert opened(RasterJob("a", link)).ok
    assert (path.read_bytes(), path.stat().st_mode, path.stat().st_mtime_ns) == before


def test_output_names_are_ours(worker: Worker, tmp_path: Path) -> None:
    for names in (["../a"], ["a/b"], [""], ["a", "a"]):
        with pytest.raises(UsageError):
            worker.run([TableJob(n, tmp_path / "x.csv") for n in names], tmp_path / "out")


def test_only_clean_files_are_left_behind(worker: Worker, write_tiff: Callable[..., Path], tmp_path: Path) -> None:
    good, bad = write_tiff(np.ones((9, 9), np.uint8)), tmp_path / "bad.tif"
    bad.write_bytes(b"II*\x00" + bytes(50))
    before = sorted(p.name for p in tmp_path.iterdir())
    seen: list[tuple[int, int, str]] = []
    answers = worker.run([RasterJob("a", bad), RasterJob("b", good)], tmp_path / "out", lambda *now: seen.append(now))
    assert [a.ok for a in answers] == [False, True]
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["b.json", "b.tif"]
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([*before, "out"])
    assert [s[:2] for s in seen] == [(1, 2), (2, 2)]


def test_isolation_is_reported_as_it_is(opened: Open, write_tiff: Callable[..., Path]) -> None:
    answer = opened(RasterJob("a", write_tiff(np.ones((9, 9), np.uint8))))
    assert set(answer.isolation) == {"network", "files"}
    if sys.platform == "linux":
        from ecocomp.io.isolation import landlock_abi

        assert answer.isolation["files"] == (landlock_abi() > 0)


def slow_raster(write_tiff: Callable[..., Path]) -> Path:
    return write_tiff(np.random.default_rng(0).integers(0, 250, (12_000, 12_000), np.uint8), "slow.tif", compress="deflate")


def test_a_killed_process_is_a_fault_and_the_next_run_works(write_tiff: Callable[..., Path], tmp_path: Path) -> None:
    slow, quick = slow_raster(write_tiff), write_tiff(np.ones((9, 9), np.uint8), "quick.tif")
    with Worker(Limits(parallel=1)) as worker:
        assert worker.run([RasterJob("warm", quick)], tmp_path / "out")[0].ok
        assert worker.pid is not None
        first = worker.pid
        threading.Timer(0.4, os.kill, (first, signal.SIGKILL)).start()
        answers = worker.run([RasterJob("a", slow), RasterJob("b", quick)], tmp_path / "out")
        assert codes(answers[0]) == ["io.worker_died"] and answers[1].ok
        assert worker.pid != first
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["b.json", "b.tif", "warm.json", "warm.tif"]


def test_a_killed_child_is_a_fault_of_its_file_only(write_tiff: Callable[..., Path], tmp_path: Path) -> None:
    slow, quick = slow_raster(write_tiff), write_tiff(np.ones((9, 9), np.uint8), "quick.tif")
    with Worker(Limits(parallel=2)) as worker:
        worker.run([RasterJob("warm", quick)], tmp_path / "out")
        threading.Thread(target=kill_first_child, args=(worker.pid,), daemon=True).start()
        answers = worker.run([RasterJob("a", slow), RasterJob("b", quick)], tmp_path / "out")
    assert codes(answers[0]) == ["io.worker_died"] and "SIGKILL" in answers[0].faults[0].say("en")
    assert answers[1].ok


def kill_first_child(pid: int | None) -> None:
    while not (found := children(pid)):
        time.sleep(0.005)
    time.sleep(0.1)
    os.kill(found[0], signal.SIGKILL)


def children(pid: int | None) -> list[int]:
    return [int(c) for c in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_too_slow_is_a_fault(write_tiff: Callable[..., Path], tmp_path: Path) -> None:
    with Worker(Limits(wall_s=0.3)) as worker:
        answer = worker.run([RasterJob("a", slow_raster(write_tiff))], tmp_path / "out")[0]
        assert codes(answer) == ["io.worker_timeout"] and "0.3" in answer.faults[0].say("zh")
        assert not any(children(worker.pid))


def test_too_much_memory_is_a_fault(write_tiff: Callable[..., Path], tmp_path: Path) -> None:
    path = write_tiff(np.zeros((16_000, 16_000), np.uint8), compress="deflate", blockysize=16_000)
    with Worker(Limits(memory_bytes=100 << 20)) as worker:
        answer = worker.run([RasterJob("a", path)], tmp_path / "out")[0]
    assert codes(answer) == ["io.worker_memory"] and f"{100 << 20:,}" in answer.faults[0].say("zh")


def test_an_output_over_the_limit_is_a_fault(write_tiff: Callable[..., Path], tmp_path: Path) -> None:
    path = write_tiff(np.random.default_rng(0).integers(0, 250, (1500, 1500), np.uint8))
    with Worker(Limits(output_bytes=100_000)) as worker:
        answer = worker.run([RasterJob("a", path)], tmp_path / "out")[0]
    assert not answer.ok and codes(answer)[0] in ("io.output_too_large", "io.unreadable")
    assert not list((tmp_path / "out").iterdir())


def test_the_process_carries_nothing_of_our_environment() -> None:
    env = environment()
    assert not set(env) & {"HOME", "PATH", "USER", "LD_LIBRARY_PATH", "http_proxy"}
    assert not ALLOWED & set(env["GDAL_SKIP"].split(","))
    assert "VRT" in env["GDAL_SKIP"].split(",") and "OGR_VRT" in env["GDAL_SKIP"].split(",")


def test_only_the_allowed_drivers_are_left(tmp_path: Path) -> None:
    code = (
        "import pyogrio, rasterio, json\nwith rasterio.Env() as e: found = set(e.drivers())\n"
        "print(json.dumps(sorted(found | set(pyogrio.list_drivers()))))"
    )
    import json

    done = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, check=True, cwd=tmp_path)
    assert set(json.loads(done.stdout)) <= ALLOWED


def test_a_driver_nobody_listed_is_switched_off_at_a_second_start(
    write_tiff: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = environment() | {"GDAL_SKIP": "HTTP,PNG"}
    monkeypatch.setattr(worker_module, "environment", lambda: short)
    with Worker() as worker:
        assert worker.run([RasterJob("a", write_tiff(np.ones((9, 9), np.uint8)))], tmp_path / "out")[0].ok
        assert worker.pid is not None
        told = Path(f"/proc/{worker.pid}/environ").read_bytes().split(b"\x00")
    assert any(t == b"ECOCOMP_SECOND_START=1" for t in told)


def test_the_calling_process_loads_no_geospatial_library(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    code = """
import sys
from ecocomp.io.worker import *
with Worker() as w:
    a, b = w.run([TableJob("a", sys.argv[1]), RasterJob("b", sys.argv[1])], sys.argv[2])
assert a.ok and not b.ok, (a, b)
print([m for m in ("rasterio", "pyogrio", "shapely", "pyproj", "python_calamine", "pyarrow.csv") if m in sys.modules])
"""
    env: dict[str, Any] = {**os.environ, "PYTHONPATH": str(Path(worker_module.__file__).parents[2])}
    args = [sys.executable, "-c", code, str(tmp_path / "a.csv"), str(tmp_path / "out")]
    done = subprocess.run(args, env=env, capture_output=True, check=True)
    assert done.stdout.strip() == b"[]"
