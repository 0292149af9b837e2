"""The stage runner: done stages are kept, unfinished ones are done again, other inputs clear everything."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from ecocomp.pipeline.stages import open_work


def test_a_done_stage_is_not_done_again(tmp_path: Path) -> None:
    calls = []

    def make(folder: Path) -> dict[str, object]:
        calls.append(folder)
        return {"parcel": pa.table({"a": [1]}), "note": 7}

    for _ in range(2):
        work = open_work(tmp_path / "w", "key")
        work.run("survey", make)
        assert work.table("parcel")["a"].to_pylist() == [1]
        assert work.notes("survey") == {"note": 7}
    assert len(calls) == 1


def test_a_stage_that_failed_leaves_nothing(tmp_path: Path) -> None:
    work = open_work(tmp_path / "w", "key")

    def fail(folder: Path) -> dict[str, object]:
        (folder / "half.parquet").write_text("half")
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError):
        work.run("survey", fail)
    again = open_work(tmp_path / "w", "key")
    assert not again.has("half") and not again.has("parcel")
    again.run("survey", lambda folder: {"parcel": pa.table({"a": [2]})})
    assert again.table("parcel")["a"].to_pylist() == [2]
    assert not (tmp_path / "w" / ".survey.part").exists()


def test_other_inputs_clear_the_work(tmp_path: Path) -> None:
    open_work(tmp_path / "w", "one").run("survey", lambda folder: {"parcel": pa.table({"a": [1]})})
    assert not open_work(tmp_path / "w", "two").has("parcel")
