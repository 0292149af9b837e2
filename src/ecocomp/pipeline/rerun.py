"""Compute a bundle again from its inputs and compare every byte."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

from ecocomp.governance.bundle import CHECKPOINT, MANIFEST, files_of, open_bundle
from ecocomp.io.files import read_json, sha256_of
from ecocomp.pipeline.case import load_case
from ecocomp.pipeline.inputs import sources_of
from ecocomp.pipeline.run import run_case
from ecocomp.pipeline.software import software
from ecocomp.terms.faults import Fault, FaultsError, raise_errors
from ecocomp.terms.text import Text

Progress = Callable[[int, int, Text], None]


def rerun_bundle(bundle: Path, case_folder: Path | None, progress: Progress | None = None) -> list[Fault]:
    """Return every file that came out differently when the year was computed again; empty means the same bytes.

    The case folder must still hold the inputs of the run; a changed input is named before anything is computed.
    """
    facts, manifest = open_bundle(bundle), read_json(bundle / MANIFEST)
    folder = case_folder or bundle.resolve().parent.parent
    case, faults = load_case(folder)
    raise_errors(faults)
    assert case is not None
    changed = _changed_inputs(folder, manifest["inputs"])
    if changed:
        return changed
    year = int(facts["year"])
    with tempfile.TemporaryDirectory(prefix=".rerun-", dir=folder) as place:
        again = Path(place) / "bundles"
        again.mkdir()
        earlier = [n for n in case.years if n < year]
        if earlier:
            last = bundle.parent / str(max(earlier))
            if not last.is_dir():
                raise FaultsError(
                    [
                        Fault(
                            "rerun.previous",
                            str(last),
                            "",
                            Text(
                                "重算要用上一年的成果包，它不在旁边。",
                                "The bundle of the year before is needed and is not beside this one.",
                            ),
                            Text("把它放回原处。", "Put it back."),
                        )
                    ]
                )
            shutil.copytree(last, again / last.name)
        run_case(
            folder,
            years=[year],
            out=again,
            known_on=date.fromisoformat(str(facts["known_on"])),
            scratch=Path(place) / "scratch",
            progress=progress,
        )
        return _differences(bundle, again / str(year), facts)


def _changed_inputs(folder: Path, inputs: list[dict[str, object]]) -> list[Fault]:
    """Name each input whose content differs from what the manifest recorded."""
    case, _ = load_case(folder)
    assert case is not None
    paths = {s.role: s.path for s in sources_of(case)[0]} | {"case": folder / "case.toml"}
    out = []
    for item in inputs:
        path = folder / str(item["file"]) if item["role"] == "agreement" else paths.get(str(item["role"]))
        if path is None or not path.is_file():
            out.append(_fault(str(item["file"]), Text("这份输入不见了。", "This input is gone.")))
        elif sha256_of(path) != item["sha256"]:
            out.append(_fault(str(item["file"]), Text("这份输入与当时不同。", "This input differs from what it was.")))
    return out


def _differences(old: Path, new: Path, facts: dict[str, object]) -> list[Fault]:
    if (old / CHECKPOINT).read_bytes() == (new / CHECKPOINT).read_bytes():
        return []
    now, before = dict(files_of(new)), dict(files_of(old))
    out = [
        _fault(n, Text("重算的内容不同。", "It came out differently."))
        for n in sorted(set(now) & set(before))
        if sha256_of(now[n]) != sha256_of(before[n])
    ]
    out += [_fault(n, Text("只在一边有。", "Only one side has it.")) for n in sorted(set(now) ^ set(before))]
    if facts.get("software") != software():
        out.insert(
            0,
            Fault(
                "rerun.software",
                "bundle.json",
                "software",
                Text("软件或依赖的版本与当时不同。", "The software or a library differs from what it was."),
                Text("用 bundle.json 里写的版本重算。", "Compute it with the versions named in bundle.json."),
            ),
        )
    return out


def _fault(where: str, clash: Text) -> Fault:
    return Fault(
        "rerun.different",
        where,
        "",
        clash,
        Text(
            "找出哪一边可信：核对来源文件和软件版本。",
            "Find out which side to trust: compare the sources and the software version.",
        ),
    )
