"""Section 4: what the land does. A table of all services by chapter, a map of each, how they were computed, what they leave out."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.report import look, say
from ecocomp.report import words as w
from ecocomp.report.blocks import Absent, Block, Gallery, Grid, Para, Picture, Section, Sub
from ecocomp.report.bundle import Bundle, Whole, numbers
from ecocomp.report.frame import (
    Story,
    big_money,
    breaks_of,
    cap,
    classed,
    entry_name,
    entry_summary,
    file_safe,
    said_unit,
    service_name,
    service_order,
)
from ecocomp.report.maps import MapClass
from ecocomp.report.vegetation import vegetation
from ecocomp.terms.codes import PRODUCTS_WORDS, SERVICE_CHAPTERS, ecosystem_words
from ecocomp.terms.text import Text, same

NEVER_ADDED = ("air_purification", "water_purification")
"""Services whose products share a unit and yet make no sum: tonnes of one pollutant are not tonnes of another."""


def services(story: Story) -> Section:
    """Return the section on ecosystem services: the table, a map for each, methods, ground left out, vegetation."""
    b = story.bundle
    gaps = {str(n["service"]): Absent(cap(service_name(str(n["service"]))), gap_reason(n)) for n in b.meta.get("not_assessed", [])}
    table = b.table("service")
    if table is None:
        return Section("services", w.S_SERVICES, (story.absent(w.S_SERVICES, "service"), *gaps.values(), *vegetation(story)))
    found = found_services(b, table)
    blocks: list[Block] = [Para(_lead(b, found, gaps)), _table(b, found)]
    for chapter, ids in _chapters([*found, *gaps]):
        maps = [_map(story, found[id]) for id in ids if id in found and found[id].assessed]
        absent = [gaps[id] for id in ids if id in gaps]
        blocks += [Sub(cap(chapter)), Gallery(tuple(maps), tuple(absent))] if maps or absent else []
    return Section("services", w.S_SERVICES, (*blocks, *_methods(b, found), *_not_meant(b, found), *vegetation(story)))


def gap_reason(gap: dict[str, object]) -> Text:
    """Return why a service was not assessed, without the words 'not assessed', which stand before it already."""
    zh, en = str(gap.get("reason_zh", "")), str(gap.get("reason_en", ""))
    return cap(Text(zh.removeprefix("未评估：").strip(), en.removeprefix("not assessed:").strip()))


# ---------------------------------------------------------------- what was found
@dataclass(frozen=True, eq=False)
class Figure:
    """One row of the table: a service, a product, or the sum of a service's products.

    per_parcel  quantity by row of the bundle's parcels, NaN where unknown
    meant       whether it is meant for any ground of the parcel
    """

    name: str
    unit: str
    total: float
    low: float
    high: float
    last: float
    worth_fen: int | None
    observed: float
    per_parcel: np.ndarray
    meant: np.ndarray

    @property
    def assessed(self) -> bool:
        """Whether any parcel has a quantity."""
        return math.isfinite(self.total)

    @property
    def said(self) -> Text:
        """The quantity with its range."""
        return say.ranged(self.total, self.low, self.high) if self.assessed else say.NOT_ASSESSED


@dataclass(frozen=True, eq=False)
class Service:
    """A service with its products; `whole` is their sum where they add up, else None."""

    id: str
    products: tuple[Figure, ...]
    whole: Figure | None
    options: tuple[str, ...]
    pricing: tuple[str, ...]

    @property
    def assessed(self) -> bool:
        """Whether any product was assessed."""
        return any(p.assessed for p in self.products)

    @property
    def mapped(self) -> Figure:
        """The figure its map shows: the whole where there is one, else the first product that was assessed."""
        return self.whole or next((p for p in self.products if p.assessed), self.products[0])


def found_services(b: Bundle, table: pa.Table) -> dict[str, Service]:
    """Return the services of the `service` table by id, in the order of the chapters."""
    names = sorted(pc.unique(table["service"]).to_pylist(), key=service_order)
    worth = _worth(b)
    before = b.table("service", last=True)
    last = _sums(before) if before is not None else {}
    out: dict[str, Service] = {}
    for id in dict.fromkeys(n.partition(".")[0] for n in names):
        products: list[Figure] = []
        options: list[str] = []
        for name in (n for n in names if n.partition(".")[0] == id):
            rows = table.filter(pc.equal(table["service"], name))
            products.append(_figure(b, name, rows, worth.get(name, (None, ""))[0], last.get(name, math.nan)))
            options += [m.removeprefix(f"{id} ") for m in pc.unique(rows["method"]).to_pylist()]
        pricing = dict.fromkeys(worth[p.name][1] for p in products if p.name in worth)
        whole = products[0] if len(products) == 1 else _sum(id, products)
        out[id] = Service(id, tuple(products), whole, tuple(dict.fromkeys(options)), tuple(pricing))
    return out


def _figure(b: Bundle, name: str, rows: pa.Table, worth: int | None, last: float) -> Figure:
    at = b.parcels.rows(rows["parcel_id"])
    value = numbers(rows["quantity"])
    per_parcel = np.full(len(b.parcels.ids) + 1, np.nan)
    per_parcel[at] = value
    total, low, high = (_total(numbers(rows[c])) for c in ("quantity", "low", "high"))
    area = np.append(b.parcels.area_dm2, 0)[at]
    unit = str(rows["unit"][0].as_py())
    return Figure(name, unit, total, low, high, last, worth, observed(rows, area), per_parcel[:-1], _meant(b, rows))


def _meant(b: Bundle, rows: pa.Table) -> np.ndarray:
    """Return by row of the bundle's parcels whether the product is meant for any of its ground."""
    out = np.ones(len(b.parcels.ids) + 1, bool)
    if "applicable" in rows.schema.names:
        share = numbers(rows["applicable"])
        out[b.parcels.rows(rows["parcel_id"])] = ~(share == 0)
    return out[:-1]


def _sum(id: str, products: list[Figure]) -> Figure | None:
    """Return the sum of products in one unit. A parcel is known where every product meant for it is."""
    if len({p.unit for p in products}) > 1 or id in NEVER_ADDED:
        return None
    meant = np.any([p.meant for p in products], axis=0)
    values = np.sum([np.where(p.meant, p.per_parcel, 0.0) for p in products], axis=0)
    seen = [p for p in products if p.assessed]
    total, low, high, last = (
        math.fsum(getattr(p, c) for p in seen) if seen else math.nan for c in ("total", "low", "high", "last")
    )
    worth = [p.worth_fen for p in products if p.worth_fen is not None]
    per_parcel = np.where(meant, values, np.nan)
    return Figure(id, products[0].unit, total, low, high, last, sum(worth) if worth else None, math.nan, per_parcel, meant)


def _total(values: np.ndarray) -> float:
    """Return the sum of what is known, correctly rounded; NaN where nothing is."""
    known = values[np.isfinite(values)]
    return math.fsum(known.tolist()) if known.size else math.nan


def _sums(table: pa.Table) -> dict[str, float]:
    found = table.select(["service", "quantity"]).group_by("service").aggregate([("quantity", "list")])
    return {r["service"]: _total(np.array([q for q in r["quantity_list"] if q is not None], float)) for r in found.to_pylist()}


def _worth(b: Bundle) -> dict[str, tuple[int, str]]:
    """Return the value [fen] and the pricing method of each priced service or product."""
    table = b.table("service_value")
    if table is None:
        return {}
    rows = table.group_by("service", use_threads=False).aggregate([("value_fen", "sum"), ("method", "first")]).to_pylist()
    return {r["service"]: (int(r["value_fen_sum"] or 0), str(r["method_first"]).partition("@")[0]) for r in rows}


def observed(rows: pa.Table, area: Whole) -> float:
    """Return the share observed, by area; of a service only the ground it is meant for counts."""
    share = np.nan_to_num(numbers(rows["coverage"]))
    meant = np.ones(len(rows)) if "applicable" not in rows.schema.names else numbers(rows["applicable"])
    total = float((np.where(np.isfinite(meant), meant, 1.0) * area).sum())
    return min(1.0, float((share * area).sum() / total)) if total > 0 else float("nan")


def _chapters(ids: Iterable[str]) -> list[tuple[Text, list[str]]]:
    """Return each chapter with those of `ids` that stand in it; services of no chapter come last."""
    wanted = list(dict.fromkeys(ids))
    out = [(title, [id for id in members if id in wanted]) for title, members in SERVICE_CHAPTERS]
    placed = {id for _, members in SERVICE_CHAPTERS for id in members}
    out.append((w.OTHER_CHAPTER, [id for id in wanted if id not in placed]))
    return [(title, members) for title, members in out if members]


# ---------------------------------------------------------------- sentence and table
def _lead(b: Bundle, found: dict[str, Service], gaps: dict[str, Absent]) -> Text:
    assessed = [id for id, s in found.items() if s.assessed]
    planned = {*b.meta.get("services", []), *found, *gaps}
    if not assessed:
        return w.SERVICES_NONE.fill(year=b.year)
    counted = [id for id in assessed if _counts(b, found[id])]
    if len(counted) == len(assessed):
        names = say.joined([service_name(id) for id in assessed])
        return w.SERVICES_LEAD.fill(year=b.year, n=len(planned), k=len(assessed), names=names)
    return (w.SERVICES_LEAD_COUNTED if counted else w.SERVICES_LEAD_PUBLISHED).fill(
        year=b.year,
        n=len(planned),
        k=len(assessed),
        c=len(counted),
        names=say.joined([service_name(id) for id in counted]),
        rest=len(assessed) - len(counted),
    )


def _counts(b: Bundle, service: Service) -> bool:
    return any(b.counts(p.name) for p in service.products)


def _table(b: Bundle, found: dict[str, Service]) -> Grid:
    rows: list[tuple[Text, ...]] = []
    marks: list[str] = []
    for chapter, ids in _chapters(found):
        rows.append((cap(chapter), *[same("")] * 6))
        marks.append("group")
        for id in ids:
            service = found[id]
            use = w.USE_COUNTS if _counts(b, service) else w.USE_SHOWN
            if len(service.products) == 1:
                rows.append(_row(service_name(service.products[0].name), service.products[0], use))
                marks.append("")
                continue
            rows.append(_head_row(service, use))
            marks.append("")
            rows += [_row(_product(p.name), p, same("")) for p in service.products]
            marks += ["part"] * len(service.products)
    widths = (2.3, 3.2, 1.2, 1.1, 1.4, 1.2, 1.4)
    return Grid(
        w.SERVICE_TABLE,
        w.SERVICE_HEAD,
        ("l", "r", "l", "r", "r", "r", "l"),
        tuple(rows),
        None,
        w.SERVICE_NOTE,
        widths,
        tuple(marks),
    )


def _row(label: Text, f: Figure, use: Text) -> tuple[Text, ...]:
    worth = big_money(f.worth_fen) if f.worth_fen is not None and f.assessed else w.NOT_PRICED if f.assessed else say.NONE
    return (label, f.said, said_unit(f.unit), _change(f), worth, say.percent(f.observed), use)


def _head_row(service: Service, use: Text) -> tuple[Text, ...]:
    """Return the row above a service's products: their sum where they make one, else its value alone."""
    worth = [p.worth_fen for p in service.products if p.worth_fen is not None]
    value = big_money(sum(worth)) if worth else w.NOT_PRICED
    f = service.whole
    if f is None:
        return (service_name(service.id), same(""), same(""), same(""), value, same(""), use)
    return (service_name(service.id), f.said, said_unit(f.unit), _change(f), value, same(""), use)


def _product(name: str) -> Text:
    product = name.partition(".")[2]
    return PRODUCTS_WORDS.get(product) or same(product.replace("_", " "))


def _change(f: Figure) -> Text:
    return say.signed_percent(f.total / f.last - 1 if f.last else math.nan)


# ---------------------------------------------------------------- maps
def _map(story: Story, service: Service) -> Picture:
    b, f = story.bundle, service.mapped
    area = b.parcels.area_dm2
    with np.errstate(divide="ignore", invalid="ignore"):
        per_ha = np.where(area > 0, f.per_parcel / (area / 1_000_000), np.nan)
    classes, number = classed(per_ha, breaks_of(b, f.name, per_ha), look.SERVICES, w.UNASSESSED_CLASS)
    classes, number = _beside_the_point(classes, number, ~f.meant & np.isnan(per_ha))
    title, unit = service_name(f.name), said_unit(f.unit)
    drawn = story.map(
        w.SERVICE_MAP_IN.fill(service=title, service_cap=cap(title), year=b.year, unit=unit), classes, number, "service"
    )
    return Picture(
        f"service_{file_safe(f.name)}",
        "map",
        w.SERVICE_MAP.fill(service=title, service_cap=cap(title), v=f.said, unit=unit),
        w.SERVICE_MAP_ALT.fill(service=title, unit=unit, v=f.said),
        story.map_source("service"),
        drawn.draw,
    )


def _beside_the_point(classes: tuple[MapClass, ...], number: Whole, where: np.ndarray) -> tuple[tuple[MapClass, ...], Whole]:
    """Return the legend and class numbers with parcels the service is not meant for apart from those not assessed."""
    if not where.any():
        return classes, number
    number = np.where(where, len(classes), number)
    unknown = next((i for i, c in enumerate(classes) if c.hatched), None)
    classes = (*classes, MapClass("#C3C9CD", w.NOT_MEANT_CLASS))
    if unknown is None or (number == unknown).any():
        return classes, number
    return tuple(c for i, c in enumerate(classes) if i != unknown), np.where(number > unknown, number - 1, number)


# ---------------------------------------------------------------- methods, and what they leave out
def _methods(b: Bundle, found: dict[str, Service]) -> list[Block]:
    rows = tuple(
        (
            service_name(s.id),
            entry_summary("services.models", s.id),
            say.joined([entry_name("valuation.methods", m) for m in s.pricing]) if s.pricing else w.QUANTITY_ONLY,
            same("; ".join(s.options)),
        )
        for s in found.values()
        if s.assessed
    )
    if not rows:
        return []
    return [Grid(w.METHOD_TABLE, w.METHOD_HEAD, ("l", "l", "l", "l"), rows, None, w.METHOD_NOTE, (1.2, 2.9, 1.3, 3.6))]


def _not_meant(b: Bundle, found: dict[str, Service]) -> list[Block]:
    """Return the ecosystems each method has no coefficient for, one line a service."""
    codes: dict[str, set[str]] = {}
    for note in b.meta.get("warnings", []):
        if note.get("code") == "services.class_not_assessed" and note.get("where") in found:
            codes.setdefault(note["where"], set()).update(str(note["record"]).split())
    if not codes:
        return []
    rows = tuple((service_name(id), ecosystem_words(codes[id])) for id in found if id in codes)
    return [Grid(w.NOT_MEANT_TABLE, w.NOT_MEANT_HEAD, ("l", "l"), rows, None, w.NOT_MEANT_NOTE, (1.0, 3.4))]
