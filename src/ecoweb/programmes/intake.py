"""Village sheets (CSV, XLSX) of contracts, inspections and notices on their way into the registers.

Files are opened by the isolated worker and never by this process; what they say is read by `ecocomp.programmes.sheets`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ecocomp.io.files import read_table
from ecocomp.io.worker import SheetsJob, Worker
from ecocomp.programmes.sheets import Sheet, read_sheet
from ecocomp.terms.faults import Fault, FaultsError
from ecocomp.terms.text import Text

MOST_ROWS = 1_000_000


def read_files(paths: Sequence[Path], kind: str, work: Path, signed_off: str = "") -> list[Sheet]:
    """Read every sheet of files; FaultsError for files that cannot be opened, all at once."""
    absent = [p for p in paths if not p.is_file()]
    if absent:
        raise FaultsError([_absent(p) for p in absent])
    jobs = [SheetsJob(f"sheets{i:03d}", p, max_rows=MOST_ROWS) for i, p in enumerate(paths)]
    with Worker() as worker:
        answers = worker.run(jobs, work)
    wrong = [f for a in answers if not a.ok for f in a.faults]
    if wrong:
        raise FaultsError(wrong)
    return [s for path, a in zip(paths, answers, strict=True) for s in _sheets(path, a, kind, signed_off)]


def _sheets(path: Path, answer: Any, kind: str, signed_off: str) -> list[Sheet]:
    table = read_table(answer.path)
    columns = [c for c in table.column_names if c.startswith("c") and c[1:].isdigit()]
    rows: dict[int, list[tuple[int, list[str]]]] = {}
    for row in table.select(["sheet", "row", *columns]).to_pylist():
        rows.setdefault(int(row["sheet"]), []).append((int(row["row"]), [row[c] or "" for c in columns]))
    named = answer.facts.get("sheets") or []
    out = []
    for number, lines in sorted(rows.items()):
        name = str(named[number].get("name") or "") if number < len(named) else ""
        visible = bool(named[number].get("visible", True)) if number < len(named) else True
        if visible and any(any(c.strip() for c in r) for _, r in lines):
            out.append(read_sheet(kind, lines, f"{path.name} {name}".strip(), signed_off))
    return out


def _absent(path: Path) -> Fault:
    return Fault(
        "io.missing_file", str(path), "", Text("文件不存在。", "the file does not exist."), Text("请检查路径。", "Check the path.")
    )
