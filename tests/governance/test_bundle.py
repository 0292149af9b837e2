"""A sealed bundle: any changed byte anywhere is found, and where."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ecocomp.governance.bundle import CHECKPOINT, MANIFEST, PIECE_BYTES, checkpoint_root, open_bundle, seal, verify
from ecocomp.terms.faults import FaultsError

FILES = {
    "bundle.json": b'{"year": 2023}',
    "tables/a.parquet": b"x" * (2 * PIECE_BYTES + 10),
    "report/报告.html": "公示".encode(),
    "empty": b"",
}


def make(folder: Path, files: dict[str, bytes] | None = None) -> Path:
    for name, data in (files or FILES).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    seal(folder, origin="ecocomp/990121", inputs=[{"role": "survey", "sha256": "0" * 64}], previous="")
    return folder


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("bundle"))


def test_an_untouched_bundle_verifies(sealed: Path) -> None:
    assert verify(sealed) == []


def test_the_same_files_seal_to_the_same_bytes(sealed: Path, tmp_path: Path) -> None:
    other = make(tmp_path)
    assert (other / MANIFEST).read_bytes() == (sealed / MANIFEST).read_bytes()
    assert checkpoint_root(other) == checkpoint_root(sealed)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_single_changed_byte_is_found_and_named(sealed: Path, tmp_path: Path, data: st.DataObject) -> None:
    folder = tmp_path / "copy"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(sealed, folder)
    names = [n for n in (*FILES, MANIFEST, CHECKPOINT) if (folder / n).stat().st_size]
    name = data.draw(st.sampled_from(names))
    content = bytearray((folder / name).read_bytes())
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] ^= data.draw(st.integers(1, 255))
    (folder / name).write_bytes(bytes(content))
    faults = verify(folder)
    assert faults
    if name not in (MANIFEST, CHECKPOINT):
        first, last = (at // PIECE_BYTES) * PIECE_BYTES, min((at // PIECE_BYTES + 1) * PIECE_BYTES, len(content)) - 1
        assert [(f.where, f.record) for f in faults] == [(name, f"bytes {first}–{last}")]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda f: (f / "empty").unlink(), "the bundle lacks it"),
        (lambda f: (f / "extra").write_text("x"), "does not list it"),
        (lambda f: (f / "tables/a.parquet").write_bytes(b"short"), "should have"),
        (lambda f: ((f / "empty").unlink(), (f / "empty").symlink_to("bundle.json")), "not a regular file"),
        (lambda f: (f / MANIFEST).unlink(), "not a whole bundle"),
        (lambda f: (f / MANIFEST).write_text("{"), "cannot be read"),
    ],
)
def test_other_changes_are_named(sealed: Path, tmp_path: Path, change: object, words: str) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(sealed, folder)
    change(folder)  # type: ignore[operator]
    assert any(words in f.say("en") for f in verify(folder)), [f.say("en") for f in verify(folder)]


def test_a_manifest_rewritten_to_fit_breaks_the_checkpoint(sealed: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(sealed, folder)
    (folder / "bundle.json").write_bytes(b'{"year": 2024}')
    other = make(tmp_path / "other", FILES | {"bundle.json": b'{"year": 2024}'})
    shutil.copy(other / MANIFEST, folder / MANIFEST)
    assert any("disagree" in f.say("en") for f in verify(folder))


def test_the_manifest_says_what_it_seals(sealed: Path) -> None:
    manifest = json.loads((sealed / MANIFEST).read_text())
    assert [e["path"] for e in manifest["files"]] == sorted(FILES)
    assert manifest["inputs"] and manifest["previous_root"] == ""


def test_a_folder_that_is_no_bundle_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(FaultsError, match=r"bundle\.json"):
        open_bundle(tmp_path)
