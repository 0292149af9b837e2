"""What all sections share: the bundle, the map base, and the small sentences around figures."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ecocomp.registry import entries
from ecocomp.report import look, say
from ecocomp.report import words as w
from ecocomp.report.blocks import Absent
from ecocomp.report.bundle import Bundle, Whole, rows_of
from ecocomp.report.charts import say_number
from ecocomp.report.maps import ClassMap, MapBase, MapClass
from ecocomp.terms.codes import PRODUCTS_WORDS, SERVICE_CHAPTERS, service_words
from ecocomp.terms.faults import UsageError
from ecocomp.terms.money import half_even
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


def entry_summary(folder: str, name: str) -> Text:
    """Return the sentence by which a plug-in's spec says what it does; a dash where no such entry is installed."""
    try:
        found = entries(folder).get(name)
    except (ImportError, UsageError):
        found = None
    return found.spec.summary if found is not None else say.NONE


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


def file_safe(name: str) -> str:
    """Return a name with nothing in it but letters, digits and underscores."""
    return "".join(c if c.isalnum() and c.isascii() else "_" for c in name)


def big_money(fen: int | None) -> Text:
    """Return万元in Chinese and millions in English, two places, for a column with the unit in its head.

    >>> big_money(474_769).zh, big_money(474_769).en, big_money(0).en
    ('0.47', '<0.01', '0.00')
    """
    return say.NONE if fen is None else Text(_hundredths(fen, 10**4), _hundredths(fen, 10**6))


def _hundredths(fen: int, unit: int) -> str:
    """Return an amount with two places; a little is not rounded to nothing."""
    found = half_even(fen, unit)
    return "<0.01" if fen > 0 and not found else f"{found / 100:,.2f}".replace("-", "−")


def said_unit(unit: str) -> Text:
    """Return a unit as people write it; one that is not in the list is shown as it stands.

    >>> said_unit("m3/a").zh, said_unit("t CO2/a").en, said_unit("furlong").zh
    ('立方米/年', 't\\xa0CO₂/a', 'furlong')
    """
    return w.UNITS.get(unit) or same(unit.replace("m3", "m³").replace("m2", "m²"))


def service_order(name: str) -> tuple[int, str, int, str]:
    """Return the place of a service or product: in the chapters' order, then in the order of the products' names."""
    order = [id for _, ids in SERVICE_CHAPTERS for id in ids]
    id, _, product = name.partition(".")
    products = list(PRODUCTS_WORDS)
    return (order.index(id) if id in order else len(order), id, products.index(product) if product in products else 0, product)


def breaks_of(b: Bundle, name: str, values: np.ndarray) -> tuple[float, ...]:
    """Return the breaks the bundle fixes for a map over all years, else round ones."""
    given = (b.meta.get("breaks") or {}).get(name)
    return tuple(float(x) for x in given) if given else look.round_breaks(values)


def classed(
    values: np.ndarray, breaks: tuple[float, ...], colours: tuple[str, ...], unknown: Text
) -> tuple[tuple[MapClass, ...], Whole]:
    """Return the legend and each value's class number; NaN is unknown, which the legend names only where there is some."""
    seen = np.isfinite(values)
    if not seen.any():
        return (MapClass("#E9EDEF", unknown, hatched=True),), np.zeros(len(values), np.int64)
    if not breaks:
        low, high = say.quantity(float(values[seen].min())), say.quantity(float(values[seen].max()))
        label = low if low == high else say.between(low, high)
        classes: tuple[MapClass, ...] = (MapClass(look.ramp(colours, 1)[0], label),)
    else:
        classes = _range_classes(breaks, colours)
    number = np.where(seen, np.searchsorted(breaks, values, side="right"), len(classes))
    return (classes if seen.all() else (*classes, MapClass("#E9EDEF", unknown, hatched=True))), number


def _range_classes(breaks: tuple[float, ...], colours: tuple[str, ...]) -> tuple[MapClass, ...]:
    """Return legend classes between breaks."""
    ramp = look.ramp(colours, len(breaks) + 1)
    said = [say_number(x) for x in breaks]
    labels = [
        Text(f"< {said[0].zh}", f"< {said[0].en}"),
        *(say.between(a, z) for a, z in pairwise(said)),
        Text(f"≥ {said[-1].zh}", f"≥ {said[-1].en}"),
    ]
    return tuple(MapClass(c, t) for c, t in zip(ramp, labels, strict=True))
