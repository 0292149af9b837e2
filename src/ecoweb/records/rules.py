"""The rules of an office: those that ship, its own folder `rules` over them, at the nearest place to its region that has any.

For every app of the office, so that a county's rule counts the same for a contract, an envelope, a payment and a credit.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path

from ecocomp.rules import Parameters, RuleBook, policy_folder
from ecocomp.terms.faults import Fault, raise_errors
from ecoweb.office import Office

FOLDER = "rules"


def rule_folders(office: Office, more: Sequence[Path] = ()) -> tuple[Path, ...]:
    """Return the rule folders of an office, each standing over those before it.

    more  folders laid over the office's own
    """
    own = office.folder / FOLDER
    return (policy_folder(), *((own,) if own.is_dir() else ()), *more)


def rule_book(office: Office, more: Sequence[Path] = ()) -> RuleBook:
    """Return the rules of an office; FaultsError with every fault of its own files and of those folders."""
    folders = rule_folders(office, more)
    book, faults = _read(folders, tuple(_state(f) for f in folders))
    raise_errors(faults)
    return book


def params_of(office: Office, on: date, known: date | None = None, more: Sequence[Path] = ()) -> Parameters:
    """Return the parameters of an office on a day, as known on another (None: on the same)."""
    book = rule_book(office, more)
    return book.resolve(book.nearest(office.region_code), on, known or on)


@lru_cache(maxsize=4)
def _read(folders: tuple[Path, ...], state: tuple[object, ...]) -> tuple[RuleBook, list[Fault]]:
    """Read the folders, again when a file of them has changed; faults of what ships are for `ecocomp rules audit`."""
    book, faults = RuleBook.read(folders)
    return book, [f for f in faults if not (folders[0] / f.where).is_file()]


def _state(folder: Path) -> tuple[tuple[str, int, int], ...]:
    found = sorted(folder.glob("*/*/*.yaml")) + sorted(folder.glob("places.yaml"))
    return tuple((str(f), s.st_mtime_ns, s.st_size) for f in found for s in [f.stat()])
