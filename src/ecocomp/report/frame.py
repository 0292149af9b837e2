"""What all sections share: the bundle, the map base, and the small sentences around figures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecocomp.registry import entries
from ecocomp.report import say
from ecocomp.report import words as w
from ecocomp.report.blocks import Absent
from ecocomp.report.bundle import Bundle, Whole, rows_of
from ecocomp.report.maps import ClassMap, MapBase, MapClass
from ecocomp.terms.codes import service_words
from ecocomp.terms.faults import UsageError
from ecocomp.terms.tables import TABLES
from ecocomp.terms.text import Text, same


@dataclass(frozen=True, eq=False)
class Story:
    """The bundle being told and the ground its maps are drawn on."""

    bundle: Bundle
    base: MapBase

    def title_of(self, table: str) -> Text:
        """Return the name of a table."""
        return TABLES[table].title

    def absent(self, what: Text, table: str) -> Absent:
        """Return the words that stand where a figure of a missing table would have been."""
        return Absent(what, w.NO_TABLE.fill(t=self.title_of(table), k=table))

    def map_source(self, table: str) -> Text:
        """Return the source line of a map."""
        return w.MAP_SOURCE.fill(year=self.bundle.year, t=self.title_of(table), d=say.day(self.bundle.known_on))

    def chart_source(self, table: str) -> Text:
        """Return the source line of a chart."""
        return w.CHART_SOURCE.fill(year=self.bundle.year, t=self.title_of(table), d=say.day(self.bundle.known_on))

    def review(self) -> Text:
        """Return what must be said about the right to show a map: invented, approved, or internal."""
        approval = str(self.bundle.meta["case"].get("map_approval") or "")
        if self.bundle.invented:
            return w.MAP_INVENTED
        return w.MAP_APPROVED.fill(n=approval) if approval else w.MAP_INTERNAL

    def map(
        self, title: Text, classes: tuple[MapClass, ...], of_parcel: Whole, table: str, masks: tuple[str, ...] = ()
    ) -> ClassMap:
        """Return a map of class numbers given per row of the bundle's parcels."""
        at = rows_of(self.base.parcel_ids, self.bundle.parcels.ids)
        on_base = np.where(at >= 0, np.append(of_parcel, -1)[at], -1).astype(np.int16)
        source = self.map_source(table)
        footer = Text(f"{self.review().zh}。{source.zh}", f"{self.review().en}. {source.en}")
        return ClassMap(self.base, title, classes, on_base, (footer,), masks)


def cap(text: Text) -> Text:
    """Return the text with a capital at the start of the English sentence."""
    return Text(text.zh, text.en[:1].upper() + text.en[1:])


def service_name(service: str) -> Text:
    """Return the name of a service: from the code list, else from its own spec, else its code."""
    return service_words(service) or entry_name("services.models", service)


def entry_name(folder: str, name: str) -> Text:
    """Return the name a plug-in's spec gives itself; its id in words where no such entry is installed."""
    try:
        found = entries(folder).get(name)
    except (ImportError, UsageError):
        found = None
    return found.spec.name if found is not None else same(name.replace("_", " "))


def entry_unit(folder: str, name: str) -> str:
    """Return the unit a plug-in's spec declares; empty where no such entry is installed."""
    try:
        found = entries(folder).get(name)
    except (ImportError, UsageError):
        found = None
    return found.spec.unit if found is not None else ""


def listed(pairs: list[tuple[Text, Text]]) -> Text:
    """Return `name value, name value` for an alternative text."""
    return say.joined([Text(f"{a.zh}{b.zh}", f"{a.en} {b.en}") for a, b in pairs])


def fixed(value: float, places: int) -> Text:
    """Return a number with fixed places, thousands separated, with a true minus."""
    return same(say.signless_zero(f"{value:,.{places}f}"))


def hectares(dm2: int) -> Text:
    """Return hectares with one place for a table."""
    return fixed(dm2 / 1_000_000, 1)
