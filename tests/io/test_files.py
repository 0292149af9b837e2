"""Whole or absent, the same bytes for the same content, one run at a time."""

from __future__ import annotations

import hashlib
import os
import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecocomp.io import files
from ecocomp.io.files import DiskError
from ecocomp.terms.faults import FaultsError

SRC = str(Path(files.__file__).parents[2])


def run_python(code: str, *args: str) -> subprocess.Popen[bytes]:
    env = {**os.environ, "PYTHONPATH": SRC}
    return subprocess.Popen([sys.executable, "-c", code, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env)


def test_sha256_is_that_of_the_bytes(tmp_path: Path) -> None:
    data = bytes(range(256)) * 100_000
    (tmp_path / "a").write_bytes(data)
    assert files.sha256_of(tmp_path / "a") == hashlib.sha256(data).hexdigest()


def test_atomic_write_keeps_the_old_file_on_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    files.write_bytes(b"old", path)
    with pytest.raises(RuntimeError), files.atomic_write(path) as temp:
        temp.write_bytes(b"half")
        raise RuntimeError
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


PUBLISH = """
import sys, time
from pathlib import Path
from ecocomp.io import files
if sys.argv[2] == "two renames":
    files._exchange = lambda one, two: False
root = Path(sys.argv[1])
print("ready", flush=True)
n = 1
while True:
    files.recover_folder(root / "bundle")
    staged = root / f"staged{n}"
    staged.mkdir()
    for i in range(5):
        (staged / f"{i}.txt").write_text(str(n))
    files.publish_folder(staged, root / "bundle")
    n += 1
"""


@pytest.mark.parametrize("how", ["exchange", "two renames"])
def test_a_kill_leaves_the_old_folder_or_the_new_one(tmp_path: Path, how: str) -> None:
    rng = random.Random(7)
    for attempt in range(8):
        root = tmp_path / str(attempt)
        (root / "bundle").mkdir(parents=True)
        for i in range(5):
            (root / "bundle" / f"{i}.txt").write_text("0")
        child = run_python(PUBLISH, str(root), how)
        assert child.stdout is not None and child.stdout.readline() == b"ready\n"
        time.sleep(rng.uniform(0.0, 0.08))
        child.send_signal(signal.SIGKILL)
        child.wait()
        if how == "exchange":
            assert (root / "bundle").is_dir(), "the folder must be there at every moment, without any recovery"
        files.recover_folder(root / "bundle")
        found = {p.name: p.read_text() for p in (root / "bundle").iterdir()}
        assert sorted(found) == [f"{i}.txt" for i in range(5)]
        assert len(set(found.values())) == 1, "files of two versions in one folder"
        assert not (root / ".bundle.before").exists()


def test_publish_removes_what_was_before(tmp_path: Path) -> None:
    for text in ("one", "two"):
        staged = tmp_path / "staged"
        staged.mkdir()
        (staged / "a").write_text(text)
        files.publish_folder(staged, tmp_path / "final")
        assert (tmp_path / "final" / "a").read_text() == text
        assert [p.name for p in tmp_path.iterdir()] == ["final"]


HOLD = """
import sys
from ecocomp.io.files import exclusive_lock
with exclusive_lock(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
    __import__("time").sleep(60)
"""


def test_the_second_process_hears_who_holds_the_lock_and_a_kill_frees_it(tmp_path: Path) -> None:
    lock = tmp_path / "case.lock"
    child = run_python(HOLD, str(lock))
    assert child.stdout is not None and child.stdout.readline() == b"held\n"
    with pytest.raises(FaultsError) as caught, files.exclusive_lock(lock):
        pass
    assert caught.value.faults[0].code == "io.locked"
    assert str(child.pid) in caught.value.faults[0].say("zh")
    child.kill()
    child.wait()
    with files.exclusive_lock(lock):
        assert lock.read_text().strip() == str(os.getpid())


def test_a_full_disk_is_a_sentence_with_the_bytes_needed(tmp_path: Path) -> None:
    path = tmp_path / "big.bin"
    files.write_bytes(b"old", path)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(DiskError) as caught:
            files.write_bytes(b"x" * 1_000_000, path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "1,000,000" in caught.value.message.zh and "1,000,000" in caught.value.message.en
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["big.bin"]


def test_space_is_asked_for_before_writing(tmp_path: Path) -> None:
    files.require_space(tmp_path / "not" / "there", 1)
    with pytest.raises(DiskError, match="bytes were needed"):
        files.require_space(tmp_path, 1 << 60)


@settings(deadline=None)
@given(st.lists(st.integers(1, 40), min_size=1, max_size=8), st.integers(1, 50))
def test_one_table_has_one_parquet_image_however_it_is_chunked(sizes: list[int], group: int) -> None:
    import tempfile

    whole = pa.table({"n": range(sum(sizes)), "t": [None if i % 3 else f"码{i}" for i in range(sum(sizes))]})
    parts, at = [], 0
    for size in sizes:
        parts.append(whole.slice(at, size))
        at += size
    with tempfile.TemporaryDirectory() as folder:
        one, two, three = (Path(folder, n) for n in "abc")
        files.write_table(whole, one, group)
        files.write_table(pa.concat_tables(parts), two, group)
        files.write_batches(whole.schema, parts, three, group)
        assert one.read_bytes() == two.read_bytes() == three.read_bytes()
        assert files.read_table(one).equals(whole)


def test_schema_metadata_stays_and_that_of_pandas_goes(tmp_path: Path) -> None:
    table = pa.table({"a": [1]}).replace_schema_metadata({"unit": "fen", "pandas": "{}"})
    files.write_table(table, tmp_path / "a.parquet")
    assert files.read_table(tmp_path / "a.parquet").schema.metadata == {b"unit": b"fen"}


def test_an_empty_table_keeps_its_columns(tmp_path: Path) -> None:
    schema = pa.schema([("a", pa.int64())])
    files.write_table(schema.empty_table(), tmp_path / "a.parquet")
    assert files.read_table(tmp_path / "a.parquet", schema=schema).num_rows == 0


def test_missing_broken_and_other_tables_are_faults(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    with pytest.raises(FaultsError, match="does not exist"):
        files.read_table(path)
    files.write_table(pa.table({"a": list(range(100_000))}), path)
    with pytest.raises(FaultsError, match=r"a int64, expected b int64"):
        files.read_table(path, schema=pa.schema([("b", pa.int64())]))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(FaultsError, match="broken"):
        files.read_table(path)


def test_canonical_json_depends_on_the_value_alone() -> None:
    assert files.canonical_json({"b": [1.5, None], "a": "补"}) == files.canonical_json({"a": "补", "b": [1.5, None]})
    with pytest.raises(ValueError, match="JSON"):
        files.canonical_json(float("nan"))


def test_json_comes_back(tmp_path: Path) -> None:
    files.write_json({"甲": [1, 2]}, tmp_path / "a.json")
    assert files.read_json(tmp_path / "a.json") == {"甲": [1, 2]}
    (tmp_path / "a.json").write_text("{")
    with pytest.raises(FaultsError, match="broken"):
        files.read_json(tmp_path / "a.json")
