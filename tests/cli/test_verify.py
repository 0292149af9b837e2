"""`ecocomp verify`: any byte of any file, any file too many or too few is named."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ecocomp.governance.bundle import verify

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def bundle(county: Any, tmp_path: Path) -> Path:
    """A copy of one year's bundle that may be spoilt."""
    shutil.copytree(county.bundle(2023), tmp_path / "2023")
    return tmp_path / "2023"


def flip(path: Path, at: int) -> bytes:
    """Flip one bit of one byte; return the file as it was."""
    old = path.read_bytes()
    new = bytearray(old)
    new[at] ^= 1 << (at % 8)
    path.write_bytes(bytes(new))
    return old


def kinds(bundle: Path) -> dict[str, list[Path]]:
    """The files of a bundle by folder and ending."""
    out: dict[str, list[Path]] = {}
    for p in sorted(q for q in bundle.rglob("*") if q.is_file()):
        out.setdefault(f"{p.relative_to(bundle).parts[0] if p.parent != bundle else p.name} {p.suffix}", []).append(p)
    return out


def test_a_flipped_bit_anywhere_is_named(bundle: Path) -> None:
    draw = random.Random(20260630)
    found = kinds(bundle)
    assert len(found) >= 12 and not verify(bundle)
    for paths in found.values():
        path = draw.choice(paths)
        for at in {0, path.stat().st_size - 1, draw.randrange(path.stat().st_size)}:
            old = flip(path, at)
            faults = verify(bundle)
            assert faults and any(path.name in f.where for f in faults), (path, at)
            path.write_bytes(old)
    assert not verify(bundle)


@pytest.mark.parametrize(
    "name", ["bundle.json", "manifest.json", "checkpoint", "tables/order.parquet", "report/report.zh.pdf", "public/parameter.csv"]
)
def test_the_command_names_the_file_and_exits_1(name: str, bundle: Path, ecocomp: Run) -> None:
    flip(bundle / name, (bundle / name).stat().st_size // 2)
    done = ecocomp("verify", bundle)
    assert done.returncode == 1 and name in done.stderr and "restore" in done.stderr.lower()


def test_the_first_byte_of_the_facts(bundle: Path, ecocomp: Run) -> None:
    flip(bundle / "bundle.json", 0)
    done = ecocomp("verify", bundle, "--json")
    answer = json.loads(done.stdout)
    assert done.returncode == 1 and not answer["ok"] and answer["faults"][0]["where"] == "bundle.json"


def test_added_and_removed_files_are_named(bundle: Path, ecocomp: Run) -> None:
    (bundle / "public" / "extra.csv").write_text("x\n")
    (bundle / "tables" / "ledger.parquet").unlink()
    (bundle / "report" / "report.en.html").unlink()
    (bundle / "report" / "report.en.html").symlink_to(bundle / "report" / "report.zh.html")
    done = ecocomp("verify", bundle, lang="zh")
    assert done.returncode == 1
    assert all(n in done.stderr for n in ("public/extra.csv", "tables/ledger.parquet", "report/report.en.html"))
    assert "Traceback" not in done.stderr


def test_a_sound_bundle_verifies_wherever_it_is_copied(bundle: Path, ecocomp: Run) -> None:
    for lang, words in (("zh", "每个字节都与封存时一致"), ("en", "Every byte is as it was sealed")):
        done = ecocomp("verify", bundle, lang=lang)
        assert done.returncode == 0 and words in done.stdout


def test_what_is_no_bundle_is_told(tmp_path: Path, ecocomp: Run) -> None:
    done = ecocomp("verify", tmp_path)
    assert done.returncode == 1 and "no bundle here" in done.stderr
    done = ecocomp("verify", tmp_path / "nowhere")
    assert done.returncode == 1 and "no bundle here" in done.stderr


def test_a_rerun_without_last_years_bundle_says_so(county: Any, county_copy: Callable[..., Path], ecocomp: Run) -> None:
    case = county_copy(bundles=True)
    shutil.rmtree(case / "bundles" / "2024")
    done = ecocomp("verify", case / "bundles" / "2025", "--rerun")
    assert done.returncode == 1 and "year before" in done.stderr
