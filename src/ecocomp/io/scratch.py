"""Folders to work in that do not stay behind: removed at the end, or, after a kill, by the next one who makes or sweeps one.

For every import that lays clear copies of foreign files aside. Such a folder is locked while its process lives; the kernel
frees the lock when the process ends in any way, so that a folder nobody holds is a dead one's.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ecocomp.io.files import disk_words, exclusive_lock
from ecocomp.terms.faults import FaultsError

LOCK = ".lock"
FRESH_S = 60.0
"""A folder without a lock file is left alone for so long: its maker may be about to lock it."""


@contextmanager
def scratch_folder(prefix: str, base: Path | None = None) -> Iterator[Path]:
    """Give a new folder that only this user can read, under `base` (default: that of the system); it is removed at the end.

    prefix  first part of its name; dead folders of the same prefix are removed first
    """
    place = Path(tempfile.gettempdir()) if base is None else base
    with disk_words(place):
        place.mkdir(parents=True, exist_ok=True)
        sweep_folders(place, prefix)
        made = Path(tempfile.mkdtemp(prefix=prefix, dir=place))
    try:
        with exclusive_lock(made / LOCK):
            yield made
    finally:
        _remove(made)


def sweep_folders(base: Path, prefix: str, unused_s: float = 0.0) -> None:
    """Remove the folders of a prefix that nobody holds and that are this user's.

    unused_s  only those not locked for so many seconds
    """
    with suppress(OSError):
        for place in base.glob(f"{prefix}*"):
            info = place.lstat()
            if not place.is_dir() or place.is_symlink() or info.st_uid != os.geteuid():
                continue
            lock = place / LOCK
            old = time.time() - (lock.stat() if lock.is_file() else info).st_mtime
            if old < (unused_s if lock.is_file() else max(unused_s, FRESH_S)):
                continue
            with suppress(FaultsError), exclusive_lock(lock):
                _remove(place)


def _remove(folder: Path) -> None:
    """Remove a folder whatever the modes of the folders in it."""
    for place, names, _ in os.walk(folder):
        for name in names:
            with suppress(OSError):
                Path(place, name).chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)
