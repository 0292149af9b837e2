"""`ecocomp demo`: the invented county, made and run."""

from __future__ import annotations

from pathlib import Path

from ecocomp.cli.say import Progress
from ecocomp.pipeline.run import Answer, run_case
from ecocomp.terms.faults import UsageError
from ecocomp.terms.text import Text


def run_demo(folder: Path, *, parcels: int, seed: int, progress: Progress) -> Answer:
    """Make the sample county in `folder` (again, if it was made with other options) and run its years."""
    from ecocomp.io.files import read_json, write_json
    from ecocomp.pipeline.software import code_fingerprint
    from ecocomp.sample.county import make_county

    mark = folder / ".ecocomp" / "sample.json"
    wanted = {"parcels": parcels, "seed": seed, "code": code_fingerprint()}
    if folder.exists() and any(folder.iterdir()) and not mark.is_file() and not (folder / ".ecocomp" / "making").is_file():
        raise UsageError(
            Text(
                "{f} 里有别的东西，不覆盖；换一个空文件夹。",
                "{f} holds other things, which are not overwritten; name an empty folder.",
            ).fill(f=folder)
        )
    if not (mark.is_file() and read_json(mark) == wanted):
        mark.parent.mkdir(parents=True, exist_ok=True)
        (folder / ".ecocomp" / "making").touch()
        mark.unlink(missing_ok=True)
        make_county(folder, parcels=parcels, seed=seed, progress=progress)
        write_json(wanted, mark)
        (folder / ".ecocomp" / "making").unlink()
    return run_case(folder, progress=progress)
