"""Writes of the cadastre: an edition is adopted with its file, or neither is.

The file is laid under `editions/<edition id>/` and synced before the row is committed; a process killed between the two
leaves a folder that no row names and that still bears the mark of an adoption, which the next opening removes. Nothing else
is ever removed: a folder without the mark was registered once, in a database that is not here, and `check_editions` tells.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from ecocomp.io.files import disk_words, exclusive_lock, sha256_of
from ecocomp.io.scratch import sweep_folders
from ecocomp.terms.faults import Fault, FaultsError, UsageError, raise_errors
from ecocomp.terms.text import Text
from ecoweb.office import EDITIONS, Office
from ecoweb.records.checks import row_faults
from ecoweb.records.models import Change
from ecoweb.records.store import SupportsDelta, delta_tables, writing

FILE = "edition.parquet"
MARK = ".unregistered"
"""Lies in the folder of an edition until its row is committed."""
RESUME_S = 7 * 86_400.0
"""So long a survey import that did not become an edition may go on from its clean layer."""
_LOCK = ".lock"
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,120}")


@dataclass(frozen=True)
class _Delta:
    closed: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)
    added: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)


def adopt_edition(
    office: Office,
    staged_file: Path | str,
    row: Mapping[str, Any],
    *,
    actor: str,
    reason: str,
    act: str = "edition.adopt",
    source: str = "",
    delta: SupportsDelta | None = None,
    at: datetime | None = None,
) -> Change:
    """Publish the file of an edition and register it, with what else goes with it, in one transaction.

    staged_file  the finished file; it is removed once it is published
    row          its row of register `edition`; `path` and `fingerprint` are filled in (a fingerprint given must fit)
    delta        further rows to end or add in the same change, e.g. the edition it takes the place of
    raises       FaultsError: the edition is there already with another file, or a fault of the rows (nothing is left behind)
    """
    staged = Path(staged_file)
    more: SupportsDelta = delta if delta is not None else _Delta()
    edition_id = str(row.get("edition_id", ""))
    if not _ID.fullmatch(edition_id):
        raise UsageError(Text("版次编码“{e}”不能作文件夹名。", "The edition code “{e}” cannot name a folder.").fill(e=edition_id))
    with disk_words(office.folder):
        fingerprint = _fingerprint(staged, row)
    whole = {**row, "path": f"{EDITIONS}/{edition_id}/{FILE}", "fingerprint": fingerprint}
    added = {**more.added, "edition": [*more.added.get("edition", []), whole]}
    tables = delta_tables(added)
    raise_errors([f for register, table in tables.items() for f in row_faults(register, table, masked=True)])
    with _editions_lock(office), writing(office, act=act, actor=actor, reason=reason, source=source, at=at) as work:
        place = office.editions / edition_id
        raise_errors(_there_already(office, work.cursor, edition_id, fingerprint))
        raise_errors([f for register, rows in more.closed.items() if rows for f in work.close(register, rows)])
        raise_errors([f for register, table in tables.items() for f in work.add(register, table)])
        _publish(staged, place, fingerprint)
    (place / MARK).unlink(missing_ok=True)
    staged.unlink(missing_ok=True)
    return work.change


def sweep(office: Office) -> None:
    """Remove what killed adoptions left in `editions` and dead work in `staging`; never waits for one that is under way."""
    for prefix in ("zones-", "tenure-"):
        sweep_folders(office.staging, prefix)
    sweep_folders(office.staging, "survey-", RESUME_S)
    with suppress(FaultsError, OSError):
        if not _marked(office):
            return
        with exclusive_lock(office.editions / _LOCK):
            named = _named(office)
            for place in _marked(office):
                if place.name in named:  # killed after its row was committed
                    (place / MARK).unlink(missing_ok=True)
                else:
                    shutil.rmtree(place, ignore_errors=True)


def check_editions(office: Office) -> list[Fault]:
    """Return a fault for each registered edition whose file is missing or is not what was registered."""
    with office.reading() as cursor:
        cursor.execute("SELECT DISTINCT edition_id, path, fingerprint FROM edition ORDER BY edition_id")
        found = cursor.fetchall()
    faults = []
    for edition_id, path, fingerprint in found:
        file = office.folder / path
        if not file.is_file() or sha256_of(file) != fingerprint:
            faults.append(_not_the_file(edition_id, file))
    return [*faults, *(_unnamed(p) for p in _folders(office) if not _half(p) and p.name not in {f[0] for f in found})]


def _fingerprint(staged: Path, row: Mapping[str, Any]) -> str:
    try:
        found = sha256_of(staged)
    except FileNotFoundError:
        raise FaultsError([_no_staged(staged)]) from None
    if row.get("fingerprint") not in (None, "", found):
        raise FaultsError([_not_the_file(str(row["edition_id"]), staged)])
    return found


def _there_already(office: Office, cursor: Any, edition_id: str, fingerprint: str) -> list[Fault]:
    cursor.execute("SELECT fingerprint FROM edition WHERE edition_id = %s", [edition_id])
    found = cursor.fetchone()
    if found is None:
        return []
    same = found[0] == fingerprint
    what = Text("同一版次、同一文件已经登记。", "this edition is registered already, with this very file.")
    other = Text("同一编码的版次已经登记，文件不同。", "an edition of this code is registered already, with another file.")
    remedy = (
        Text("不必再登记。", "There is nothing to do.")
        if same
        else Text("给新版次一个新编码。", "Give the new edition a code of its own.")
    )
    return [Fault("cadastre.edition_exists", "edition", edition_id, what if same else other, remedy)]


def _publish(staged: Path, place: Path, fingerprint: str) -> None:
    """Lay the file in its place and sync it and its folders, by a link where one disk holds both, else by a copy.

    What is laid there is what was fingerprinted, whoever wrote to the staged file meanwhile.
    """
    part = place.with_name(f".{place.name}.part")
    with disk_words(place):
        if place.exists() and not _half(place):  # registered once, in a database that is not here
            if not (place / FILE).is_file() or sha256_of(place / FILE) != fingerprint:
                raise FaultsError([_unnamed(place)])
            return
        for left in (part, place):  # no row names them: a process was killed here before
            if left.exists():
                shutil.rmtree(left)
        part.mkdir()
        (part / MARK).touch()
        try:
            os.link(staged, part / FILE)
        except OSError:
            shutil.copyfile(staged, part / FILE)
        if sha256_of(part / FILE) != fingerprint:
            shutil.rmtree(part)
            raise FaultsError([_changed_meanwhile(staged)])
        _sync(part / FILE)
        _sync(part)
        part.rename(place)
        _sync(place.parent)


def _sync(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


@contextmanager
def _editions_lock(office: Office) -> Iterator[None]:
    """Hold the folder against a sweep, which takes it only for a moment."""
    until = time.monotonic() + office.wait_s
    while True:
        lock = exclusive_lock(office.editions / _LOCK)
        try:
            lock.__enter__()
            break
        except FaultsError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)
    try:
        yield
    finally:
        lock.__exit__(None, None, None)


def _folders(office: Office) -> list[Path]:
    return sorted(p for p in office.editions.iterdir() if p.is_dir() and not p.is_symlink()) if office.editions.is_dir() else []


def _half(place: Path) -> bool:
    """Whether an adoption has not finished with a folder: it is on its way there, or no row was committed yet."""
    return (place.name.startswith(".") and place.name.endswith(".part")) or (place / MARK).exists()


def _marked(office: Office) -> list[Path]:
    return [p for p in _folders(office) if _half(p)]


def _named(office: Office) -> set[str]:
    with office.reading() as cursor:
        cursor.execute("SELECT DISTINCT edition_id FROM edition")
        return {row[0] for row in cursor.fetchall()}


def _unnamed(place: Path) -> Fault:
    return Fault(
        "cadastre.edition_unregistered",
        str(place),
        place.name,
        Text("数据库里没有登记这个版次文件夹。", "the database registers no edition of this folder."),
        Text(
            "核对数据库是否是本办公室的、是否由较旧的备份恢复；确为无用的，自行移走。",
            "See whether the database is this office's, or an older backup; if the folder is of no use, move it away yourself.",
        ),
    )


def _changed_meanwhile(staged: Path) -> Fault:
    return Fault(
        "cadastre.staged_changed",
        str(staged),
        "",
        Text("待登记的文件被另一次导入改写。", "the file to be adopted was rewritten by another import."),
        Text("没有写入任何内容；重新导入。", "Nothing was written; import it again."),
    )


def _no_staged(staged: Path) -> Fault:
    return Fault(
        "cadastre.no_file",
        str(staged),
        "",
        Text("待登记的文件不在。", "the file to be adopted is not there."),
        Text("重新导入。", "Import it again."),
    )


def _not_the_file(edition_id: str, file: Path) -> Fault:
    return Fault(
        "cadastre.edition_altered",
        str(file),
        edition_id,
        Text("文件缺失，或与登记的指纹不符。", "the file is missing or is not the one whose fingerprint is registered."),
        Text("从备份恢复这个文件。", "Restore the file from a backup."),
    )
