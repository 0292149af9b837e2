"""Real files of other people pass the gate, or are refused in words."""

from __future__ import annotations

from pathlib import Path

from ecocomp.io.worker import RasterJob, TableJob, VectorJob, Worker


def test_real_parcel_layers_come_through(worker: Worker, shared_data: Path, tmp_path: Path) -> None:
    paths = sorted((shared_data / "parcels").glob("*.parquet"))
    answers = worker.run([VectorJob(p.stem, p) for p in paths], tmp_path / "clean")
    for answer in answers:
        assert answer.ok, (answer.name, answer.faults, answer.trace)
        assert answer.facts["features"] >= 90 and answer.facts["epsg"] in (28992, 31287, 3794, 2056)


def test_real_rasters_come_through_or_say_why_not(worker: Worker, shared_data: Path, tmp_path: Path) -> None:
    paths = sorted(shared_data.glob("*/**/*.tif"))[:40]
    answers = worker.run([RasterJob(f"r{i}", p, accept_float64=True) for i, p in enumerate(paths)], tmp_path / "clean")
    assert sum(a.ok for a in answers) >= len(paths) // 2
    for answer in answers:
        assert answer.ok or answer.faults[0].code not in ("io.unreadable", "io.worker_died"), (answer.faults, answer.trace)


def test_real_tables_come_through(worker: Worker, shared_data: Path, tmp_path: Path) -> None:
    paths = sorted((shared_data / "china_fact_tables").glob("*.csv"))
    answers = worker.run([TableJob(p.stem, p) for p in paths], tmp_path / "clean")
    refused = {a.name: [f.code for f in a.faults] for a in answers if not a.ok}
    assert refused == {"xinjiang_transfer_2019_by_priority_zone": ["io.double_column_name"]}, "it really has one name twice"
