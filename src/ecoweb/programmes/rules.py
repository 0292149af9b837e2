"""Which programmes and rules count in an office: those of its region and the places above it, and folders of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from ecocomp.programmes.programme import Programme, Programmes, load_programmes
from ecocomp.rules import Parameters, RuleBook, policy_folder
from ecocomp.terms.faults import raise_errors
from ecoweb.office import Office


@dataclass(frozen=True)
class OfficeRules:
    """The rule book, the programme files and the place of an office."""

    book: RuleBook
    programmes: Programmes
    place: str

    def get(self, id: str) -> Programme:
        """Return a programme; `UsageError` that names those there are."""
        return self.programmes.get(self.book, self.place, id)

    def params(self, on: date, known: date) -> Parameters:
        """Return the parameters of a day."""
        return self.book.resolve(self.place, on, known)


def office_rules(office: Office, folders: Sequence[Path] = (), place: str | None = None) -> OfficeRules:
    """Return the rules of an office: of its county if that has any, else of the regions above it, else of the nation.

    folders  rule folders laid over those that ship and over the office's own (``rules/`` in its folder)
    raises   FaultsError with every fault of a programme file or of a rule of those folders
    """
    own = office.folder / "rules"
    folders = [*([own] if own.is_dir() else []), *folders]
    where = [policy_folder(), *folders]
    book, faults = RuleBook.read(where)
    shipped = policy_folder()
    mine = [f for f in faults if not (shipped / f.where).is_file()] if folders else []
    programmes = load_programmes(where)
    raise_errors([*mine, *programmes.faults])
    code = office.region_code
    known = [p for p in (code, code[:4] + "00", code[:2] + "0000", "CN") if p in book.places]
    return OfficeRules(book, programmes, place or known[0])
