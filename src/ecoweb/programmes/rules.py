"""Which programmes and rules count in an office: those of its region and the places above it, and folders of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from ecocomp.programmes.programme import Programme, Programmes, load_programmes
from ecocomp.rules import Parameters, RuleBook
from ecocomp.terms.faults import raise_errors
from ecoweb.office import Office
from ecoweb.records.rules import rule_book, rule_folders


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
    book, programmes = rule_book(office, folders), load_programmes(rule_folders(office, folders))
    raise_errors(programmes.faults)
    return OfficeRules(book, programmes, place or book.nearest(office.region_code))
