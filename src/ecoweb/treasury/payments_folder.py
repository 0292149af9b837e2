"""The office's folder `bank`: of a batch that was never sent, no account number stays in it.

A bank file holds account numbers in clear. When its batch is cancelled it is removed, with its manifest; its SHA-256, sum and the
codes of its lines stay in the database, so that a copy that turns up is still known. The database is changed first. A process
killed between leaves the files, and the next act of payments, or `payments verify`, removes them. Removing is not wiping: what the
disk keeps of removed files, and what backups took, is the machine's administrator's.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ecocomp.terms.faults import Fault
from ecocomp.terms.text import Text
from ecoweb.office import Office

BANK = "bank"


def file_name(batch_id: str) -> str:
    """Return the name of a batch's bank file."""
    return f"{batch_id}.txt"


def manifest_name(batch_id: str) -> str:
    """Return the name of its manifest."""
    return f"{batch_id}.manifest.json"


def part_name(batch_id: str) -> str:
    """Return the name under which the file is written before it is whole."""
    return f".{file_name(batch_id)}.part"


def clear_parts(office: Office) -> None:
    """Remove what killed runs left half written. Only who holds the writer's lock may: nobody else writes then."""
    for left in (office.folder / BANK).glob(".*.part"):
        _removed(left)


def clear_cancelled(office: Office, cursor: Any) -> list[Fault]:
    """Remove what lies in the folder of cancelled batches; return a fault for each file that cannot be removed."""
    folder = office.folder / BANK
    try:
        there = {p.name for p in folder.iterdir()}
    except FileNotFoundError:
        return []
    except OSError as exc:
        return [_left(folder, exc)]
    if not there:
        return []
    cursor.execute(
        "SELECT b.batch_id FROM pay_step t JOIN pay_batch b ON b.seq = t.batch WHERE t.step = 'cancelled' ORDER BY b.seq"
    )
    cancelled = [str(row[0]) for row in cursor.fetchall()]
    ours = [n for b in cancelled for n in (file_name(b), part_name(b), manifest_name(b)) if n in there]
    return [fault for name in ours if (fault := _removed(folder / name)) is not None]


def _removed(path: Path) -> Fault | None:
    try:
        path.unlink(missing_ok=True)
    except OSError as exc:
        return _left(path, exc)
    return None


def _left(path: Path, exc: OSError) -> Fault:
    return Fault(
        "payments.file_left",
        str(path),
        "",
        Text(
            "批次已作废，含账号的文件却删不掉：{s}。",
            "its batch is cancelled, and this, with account numbers in clear, cannot be removed: {s}.",
        ).fill(s=exc.strerror or str(exc)),
        Text(
            "检查文件夹的权限，或自行删除，再运行 ecocomp payments verify。",
            "See to the permissions of the folder, or remove it yourself, then run ecocomp payments verify.",
        ),
    )
