"""Sections 1 to 4: the answer, land and rights, zones, and what the land does."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.report import look, say
from ecocomp.report import words as w
from ecocomp.report.blocks import Absent, Block, Card, Cards, Chart, Gallery, Grid, Para, Picture, Section, sides
from ecocomp.report.bundle import ZONES, Bundle, Whole, amount, codes, numbers, sums, weighted_mean, whole
from ecocomp.report.charts import Mark, MarkRow, Series, dots, say_number
from ecocomp.report.frame import Story, cap, entry_name, entry_unit, fixed, hectares, listed, service_name
from ecocomp.report.maps import MapClass
from ecocomp.terms.codes import ECOSYSTEM_GROUPS, FUNCTION_ZONES, HOLDER_KINDS, LIGHTS, RIGHT_KINDS, SERVICE_CHAPTERS
from ecocomp.terms.money import half_even
from ecocomp.terms.text import Text, same

GROUPS = tuple(ECOSYSTEM_GROUPS)
KINDS = tuple(HOLDER_KINDS)


# ---------------------------------------------------------------- 1 the answer
@dataclass(frozen=True, slots=True)
class Headline:
    """The figures of the first screen."""

    paid_fen: int | None
    orders: int
    households: int
    others: int
    parcels: int
    area_dm2: int
    per_household: Whole


def headline(bundle: Bundle) -> Headline:
    """Return who was paid how much for how much land; the amount is None without payment orders."""
    order = bundle.table("order")
    parcels, area = _paid_area(bundle)
    if order is None:
        return Headline(None, 0, 0, 0, parcels, area, np.zeros(0, np.int64))
    ready = order.filter(pc.and_(pc.equal(order["state"], "ready"), pc.greater(order["amount_fen"], 0)))
    kind, ids = bundle.holders["kind"], bundle.holders["ids"]
    at = pc.fill_null(pc.index_in(ready["holder_id"].combine_chunks(), value_set=ids), -1).to_numpy(zero_copy_only=False)
    is_household = np.append(np.asarray(kind) == KINDS.index("household"), False)[at] if len(at) else np.zeros(0, bool)
    per_holder: dict[int, int] = {}
    for row, fen in zip(at[is_household].tolist(), whole(ready["amount_fen"])[is_household].tolist(), strict=True):
        per_holder[row] = per_holder.get(row, 0) + fen
    others = len(set(ready["holder_id"].to_pylist())) - len(per_holder)
    return Headline(
        amount(ready, "amount_fen"),
        len(ready),
        len(per_holder),
        others,
        parcels,
        area,
        np.array(sorted(per_holder.values()), np.int64),
    )


def _paid_area(bundle: Bundle) -> tuple[int, int]:
    """Return the number and whole area of parcels on which something is payable; all parcels without entitlements."""
    entitled = bundle.table("entitlement")
    land = bundle.parcels
    if entitled is None:
        return len(land.ids), int(land.area_dm2.sum())
    rows = land.rows(entitled.filter(pc.equal(entitled["state"], "payable"))["parcel_id"])
    rows = np.unique(rows[rows >= 0])
    return len(rows), int(land.area_dm2[rows].sum())


def answer_text(bundle: Bundle, head: Headline) -> Text:
    """Return the year in one sentence."""
    area = say.area_short(head.area_dm2)
    if head.paid_fen is None:
        return w.ANSWER_NO_MONEY.fill(year=bundle.year, area=area)
    if head.households and head.others:
        people = (w.OTHER_ONE if head.others == 1 else w.OTHERS).fill(n=f"{head.households:,}", m=f"{head.others:,}")
    elif head.households:
        people = w.HOUSEHOLDS.fill(n=f"{head.households:,}")
    else:
        people = w.ONLY_OTHERS.fill(m=f"{head.others:,}")
    sentence = w.ANSWER_STUDY if bundle.study else w.ANSWER_PAID
    return sentence.fill(year=bundle.year, people=people, area=area, amount=say.budget(head.paid_fen))


def answer(story: Story) -> tuple[Text, Section]:
    """Return the sentence of the first screen and its section of key figures."""
    b = story.bundle
    head = headline(b)
    blocks: list[Block] = [Cards(tuple(_cards(b, head)))]
    return answer_text(b, head), Section("answer", w.S_ANSWER, tuple(blocks))


def _cards(b: Bundle, head: Headline) -> list[Card]:
    as_of = w.AS_OF.fill(d=say.day(b.known_on))
    out = []
    if head.paid_fen is not None:
        out.append(
            Card(
                w.K_STUDY if b.study else w.K_PAID,
                *say.budget_parts(head.paid_fen),
                (w.N_EXACT.fill(v=say.money(head.paid_fen)), w.N_ORDERS.fill(n=f"{head.orders:,}"), as_of),
                "money",
            )
        )
        if head.households:
            median = int(np.sort(head.per_household)[(len(head.per_household) - 1) // 2])
            notes = [w.N_MEDIAN.fill(v=say.money(median))]
            notes += [w.N_OTHERS.fill(n=f"{head.others:,}")] if head.others else []
            out.append(
                Card(
                    w.K_PEOPLE_STUDY if b.study else w.K_PEOPLE, say.count(head.households), w.U_HOUSEHOLD, (*notes, as_of), "money"
                )
            )
    total = int(b.meta.get("parcels_total") or len(b.parcels.ids))
    share = say.percent(head.parcels / total if total else float("nan"))
    out.append(
        Card(
            w.K_AREA,
            *say.area_parts(head.area_dm2),
            (w.N_OF_PARCELS.fill(n=f"{head.parcels:,}", t=f"{total:,}", p=share), as_of),
            "land",
        )
    )
    out += [*_rate_card(b, as_of), *_light_card(b, as_of)]
    return out[:5]


def _rate_card(b: Bundle, as_of: Text) -> list[Card]:
    standard = b.table("standard")
    if standard is None:
        return []
    area = _area_of(b, standard["parcel_id"])
    mid, low, high = (weighted_mean(whole(standard[c]), area) for c in ("rate_fen_per_ha", "low_fen_per_ha", "high_fen_per_ha"))
    if mid is None or low is None or high is None:
        return []
    notes = [w.N_RANGE.fill(v=say.between(say.rate_mu(low), say.rate_mu(high)))]
    before = b.table("standard", last=True)
    if before is not None:
        last = weighted_mean(whole(before["rate_fen_per_ha"]), _area_of(b, before["parcel_id"], last=True))
        notes += [w.N_LAST.fill(v=say.rate_mu(last))] if last is not None else []
    return [Card(w.K_RATE, same(say.rate_mu(mid)), w.U_RATE, (*notes, as_of), "standard")]


def _light_card(b: Bundle, as_of: Text) -> list[Card]:
    lights = b.table("compliance")
    if lights is None:
        return []
    by = light_areas(b)
    seen = sum(v for k, v in by.items() if k != "grey")
    return [
        Card(
            w.K_COMPLY,
            say.percent(by["green"] / seen if seen else float("nan")),
            w.U_OBSERVED,
            (w.N_OBSERVED.fill(p=say.percent(seen / max(1, sum(by.values())))), w.N_RED.fill(v=say.area_short(by["red"])), as_of),
            "results",
        )
    ]


def light_areas(b: Bundle) -> dict[str, int]:
    """Return the area of each compliance light [dm2]."""
    table = b.table("compliance")
    names = tuple(LIGHTS)
    if table is None:
        return dict.fromkeys(names, 0)
    found = sums(codes(table["light"], names), _area_of(b, table["parcel_id"]), len(names))
    return {k: int(v) for k, v in zip(names, found, strict=True)}


def _area_of(b: Bundle, column: object, *, last: bool = False) -> Whole:
    """Return the parcel area of each row, 0 where the parcel is unknown."""
    land = b.parcels_before if last and len(b.parcels_before.ids) else b.parcels
    return np.append(land.area_dm2, 0)[land.rows(column)]


# ---------------------------------------------------------------- 2 land and rights
def land(story: Story) -> Section:
    """Return the section on land cover and rights."""
    b = story.bundle
    parcel = b.table("parcel")
    if parcel is None:
        return Section("land", w.S_LAND, (story.absent(w.S_LAND, "parcel"),))
    group = codes(pc.utf8_slice_codeunits(parcel["ecosystem"], 0, 1), GROUPS)
    area = sums(group, b.parcels.area_dm2, len(GROUPS))
    count = sums(group, np.ones(len(group), np.int64), len(GROUPS))
    total = int(area.sum())
    shown = [i for i in range(len(GROUPS)) if count[i]]
    lead, title, inside = _land_words(b, area, len(group))
    names = {i: w.LAND_NO_CLASS if i == _UNNAMED else ECOSYSTEM_GROUPS[GROUPS[i]] for i in shown}
    classes = tuple(MapClass(look.GROUPS[GROUPS[i]], names[i], hatched=i == _UNNAMED) for i in shown)
    number = np.full(len(GROUPS), -1, np.int64)
    number[shown] = np.arange(len(shown))
    drawn = story.map(inside, classes, number[group], "parcel")
    parts = listed([(names[i], say.percent(int(area[i]) / max(1, total))) for i in shown])
    picture = Picture(
        "land_cover",
        "map",
        title,
        w.LAND_MAP_ALT.fill(parts=parts),
        story.map_source("parcel"),
        drawn.draw,
    )
    rows = tuple(
        (names[i], say.count(int(count[i])), hectares(int(area[i])), say.percent(int(area[i]) / max(1, total)))
        for i in sorted(shown, key=lambda i: -int(area[i]))
    )
    grid = Grid(
        inside,
        w.GROUP_HEAD,
        ("l", "r", "r", "r"),
        rows,
        (w.TOTAL, say.count(len(group)), hectares(total), say.percent(1.0)),
    )
    return Section("land", w.S_LAND, (Para(lead), Chart(picture, grid), *_rights(story)))


_UNNAMED = GROUPS.index("0")


def _land_words(b: Bundle, area: Whole, parcels: int) -> tuple[Text, Text, Text]:
    """Return lead, title and the title inside the map; land without a class in the source is never called a class."""
    total = max(1, int(area.sum()))
    n, said = f"{parcels:,}", say.area(int(area.sum()))
    named = [int(a) if i != _UNNAMED else 0 for i, a in enumerate(area)]
    if not any(named):
        return w.LAND_LEAD_NONE.fill(n=n, area=said), w.LAND_MAP_NONE, w.LAND_MAP_IN_NONE.fill(year=b.year)
    top = named.index(max(named))
    main, share = ECOSYSTEM_GROUPS[GROUPS[top]], say.percent(named[top] / total)
    title = w.LAND_MAP_PART if area[_UNNAMED] else w.LAND_MAP
    return (
        w.LAND_LEAD.fill(n=n, area=said, main=main, p=share),
        title.fill(
            main=main, main_cap=cap(main), p=share, **({"q": say.percent(int(area[_UNNAMED]) / total)} if area[_UNNAMED] else {})
        ),
        w.LAND_MAP_IN.fill(year=b.year),
    )


def _rights(story: Story) -> list[Block]:
    right = story.bundle.table("right")
    if right is None:
        return [story.absent(w.RIGHTS_TABLE, "right")]
    live = right.filter(pc.is_null(right["known_to"]))
    rows, disputed_all = [], 0
    for code, name in RIGHT_KINDS.items():
        found = live.filter(pc.equal(live["kind"], code))
        if not len(found):
            continue
        disputed = amount_of(found, "state", "disputed")
        disputed_all += disputed
        rows.append((name, say.count(len(found)), say.count(len(pc.unique(found["parcel_id"]))), say.count(disputed)))
    grid = Grid(w.RIGHTS_TABLE, w.RIGHTS_HEAD, ("l", "r", "r", "r"), tuple(rows))
    return [grid, *([Para(w.DISPUTED.fill(n=f"{disputed_all:,}"), "note")] if disputed_all else [])]


def amount_of(table: object, column: str, value: str) -> int:
    """Return how many rows have `value`."""
    return int(pc.sum(pc.equal(table[column], value)).as_py() or 0)  # type: ignore[index]


# ---------------------------------------------------------------- 3 zones
def zones(story: Story) -> Section:
    """Return the section on function zones, red line and reserves."""
    b = story.bundle
    table = b.table("parcel_zone")
    if table is None:
        return Section("zones", w.S_ZONES, (story.absent(w.S_ZONES, "parcel_zone"),))
    land_of = b.parcels
    area = sums(land_of.zone, land_of.area_dm2, len(ZONES))
    count = sums(land_of.zone, np.ones(len(land_of.zone), np.int64), len(ZONES))
    at = land_of.rows(table["parcel_id"])
    red, reserve = (_part(land_of.area_dm2, at, whole(table[c])) for c in ("red_line_ppm", "reserve_ppm"))
    zone_of_row = codes(table["function_zone"], ZONES)
    red_by, reserve_by = sums(zone_of_row, red, len(ZONES)), sums(zone_of_row, reserve, len(ZONES))
    total = max(1, int(area.sum()))
    shown = [i for i in range(len(ZONES)) if count[i]]
    top = max((i for i in shown if ZONES[i] != "none"), key=lambda i: int(area[i]), default=shown[0])
    classes = tuple(MapClass(look.ZONES[ZONES[i]], FUNCTION_ZONES[ZONES[i]], pattern=look.ZONE_PATTERNS[ZONES[i]]) for i in shown)
    number = np.full(len(ZONES), -1, np.int64)
    number[shown] = np.arange(len(shown))
    drawn = story.map(w.ZONES_MAP_IN.fill(year=b.year), classes, number[land_of.zone], "parcel_zone", ("red_line", "reserve"))
    name = FUNCTION_ZONES[ZONES[top]]
    title = w.ZONES_MAP.fill(zone=name, zone_cap=cap(name), p=say.percent(int(area[top]) / total))
    title = title if len(shown) > 1 else w.ZONES_MAP_ONE.fill(zone=name)
    parts = listed([(FUNCTION_ZONES[ZONES[i]], say.percent(int(area[i]) / total)) for i in shown])
    picture = Picture("zones", "map", title, w.ZONES_MAP_ALT.fill(parts=parts), story.map_source("parcel_zone"), drawn.draw)
    rows = tuple(
        (
            FUNCTION_ZONES[ZONES[i]],
            say.count(int(count[i])),
            hectares(int(area[i])),
            hectares(int(red_by[i])),
            hectares(int(reserve_by[i])),
        )
        for i in shown
    )
    grid = Grid(
        w.ZONES_TABLE,
        w.ZONES_HEAD,
        ("l", "r", "r", "r", "r"),
        rows,
        (w.TOTAL, say.count(len(land_of.ids)), hectares(total), hectares(int(red.sum())), hectares(int(reserve.sum()))),
    )
    inside = total - int(area[ZONES.index("none")])
    lead = w.ZONES_LEAD.fill(
        p=say.percent(inside / total), r=say.percent(int(red.sum()) / total), q=say.percent(int(reserve.sum()) / total)
    )
    return Section("zones", w.S_ZONES, (Para(lead), Chart(picture, grid)))


def _part(area_dm2: Whole, at: Whole, ppm: Whole) -> Whole:
    """Return each row's area times its share, whole dm2 (shares are parts per million)."""
    area = np.append(area_dm2, 0)[at]
    high, low = np.divmod(area, 1_000_000)
    return high * ppm + (low * ppm + 500_000) // 1_000_000


# ---------------------------------------------------------------- 4 services
def services(story: Story) -> Section:
    """Return the section on ecosystem services: a map for each, the table, and vegetation."""
    b = story.bundle
    table = b.table("service")
    gaps = tuple(
        Absent(
            cap(service_name(str(n["service"]))),
            gap_reason(n),
        )
        for n in b.meta.get("not_assessed", [])
    )
    if table is None:
        return Section("services", w.S_SERVICES, (story.absent(w.S_SERVICES, "service"), *gaps, *_vegetation(story)))
    names = sorted(pc.unique(table["service"]).to_pylist(), key=_service_order)
    maps: list[Picture] = []
    assessed: list[Text] = []
    rows, mapped = [], _drawn(names)
    for name in names:
        picture, row = _one_service(story, name)
        if picture is not None:
            assessed.append(service_name(name))
            maps += [picture] if name in mapped else []
        rows.append(row)
    lead = (
        w.SERVICES_LEAD.fill(year=b.year, n=len(names), k=len(assessed), names=say.joined(assessed))
        if assessed
        else w.SERVICES_NONE.fill(year=b.year)
    )
    grid = Grid(
        w.SERVICE_TABLE,
        w.SERVICE_HEAD,
        ("l", "r", "l", "r", "r", "r"),
        tuple(rows),
        None,
        w.SERVICE_NOTE,
        (2.2, 3.4, 1.2, 1.2, 1.6, 1.4),
    )
    return Section("services", w.S_SERVICES, (Para(lead), Gallery(tuple(maps), gaps), grid, *_vegetation(story)))


def gap_reason(gap: dict[str, object]) -> Text:
    """Return why a service was not assessed, without the words 'not assessed', which stand before it already."""
    zh, en = str(gap.get("reason_zh", "")), str(gap.get("reason_en", ""))
    return cap(Text(zh.removeprefix("未评估：").strip(), en.removeprefix("not assessed:").strip()))


def _service_order(name: str) -> tuple[int, str]:
    """Return the place of a service or product in the order of the standard's chapters."""
    order = [id for _, ids in SERVICE_CHAPTERS for id in ids]
    id = name.partition(".")[0]
    return (order.index(id) if id in order else len(order), name)


def _drawn(names: list[str]) -> set[str]:
    """Return the rows that get a map: every service, and of a service with products the first one."""
    first: dict[str, str] = {}
    for name in names:
        first.setdefault(name.partition(".")[0], name)
    return set(first.values())


def _one_service(story: Story, name: str) -> tuple[Picture | None, tuple[Text, ...]]:
    """Return the map of a service (None where no parcel was assessed) and its row of the table."""
    b = story.bundle
    table = b.table("service")
    assert table is not None
    rows = table.filter(pc.equal(table["service"], name))
    at, land_of = b.parcels.rows(rows["parcel_id"]), b.parcels
    value, low, high = (numbers(rows[c]) for c in ("quantity", "low", "high"))
    unit = _said_unit(str(rows["unit"][0].as_py()))
    area = np.append(land_of.area_dm2, 0)[at]
    per_ha = np.full(len(land_of.ids) + 1, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        per_ha[at] = np.where(area > 0, value / (area / 1_000_000), np.nan)
    breaks = _breaks(b, name, per_ha[:-1])
    classes, number = classed(per_ha[:-1], breaks, look.SERVICES, w.UNASSESSED_CLASS)
    title = service_name(name)
    total, a, z = (float(np.nansum(v)) if np.isfinite(v).any() else float("nan") for v in (value, low, high))
    drawn = story.map(
        w.SERVICE_MAP_IN.fill(service=title, service_cap=cap(title), year=b.year, unit=unit), classes, number, "service"
    )
    said = say.ranged(total, a, z) if math.isfinite(total) else say.NOT_ASSESSED
    picture = Picture(
        f"service_{_safe(name)}",
        "map",
        w.SERVICE_MAP.fill(service=title, service_cap=cap(title), v=said, unit=unit),
        w.SERVICE_MAP_ALT.fill(service=title, unit=unit, v=said),
        story.map_source("service"),
        drawn.draw,
    )
    worth = b.table("service_value")
    fen = amount(worth.filter(pc.equal(worth["service"], name)), "value_fen") if worth is not None else None
    row = (
        title,
        said,
        same(unit),
        _service_change(b, name, total),
        _big_money(fen) if fen is not None and math.isfinite(total) else say.NONE,
        say.percent(observed(rows, area)),
    )
    return (picture if np.isfinite(value).any() else None), row


def _said_unit(unit: str) -> str:
    return unit.replace("m3", "m³").replace("m2", "m²")


def _safe(name: str) -> str:
    return "".join(c if c.isalnum() and c.isascii() else "_" for c in name)


def _big_money(fen: int) -> Text:
    """Return万元in Chinese and millions in English, two places, for a column with the unit in its head."""
    return Text(f"{half_even(fen, 10**4) / 100:,.2f}".replace("-", "−"), f"{half_even(fen, 10**6) / 100:,.2f}".replace("-", "−"))


def _service_change(b: Bundle, name: str, total: float) -> Text:
    before = b.table("service", last=True)
    if before is None:
        return say.NONE
    last = numbers(before.filter(pc.equal(before["service"], name))["quantity"])
    known = float(np.nansum(last)) if np.isfinite(last).any() else float("nan")
    return say.signed_percent(total / known - 1 if known else float("nan"))


def observed(rows: pa.Table, area: Whole) -> float:
    """Return the share observed, by area; of a service only the ground it is meant for counts."""
    share = np.nan_to_num(numbers(rows["coverage"]))
    meant = np.ones(len(rows)) if "applicable" not in rows.schema.names else numbers(rows["applicable"])
    total = float((np.where(np.isfinite(meant), meant, 1.0) * area).sum())
    return min(1.0, float((share * area).sum() / total)) if total > 0 else float("nan")


def _breaks(b: Bundle, name: str, values: np.ndarray) -> tuple[float, ...]:
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


_NOT_CHARTED = ("ndvi_drop",)
"""Signals that serve the yearly judgement: a mean over a zone says nothing, parcel by parcel they are in the compliance map."""
_SHARES = ("fvc",)
"""Signals of unit 1 that are shares of the ground, said in per cent; an index such as NDVI is not one."""


def _vegetation(story: Story) -> list[Block]:
    """Return a chart of each vegetation signal by zone: levels this year and last, trends this year."""
    table = story.bundle.table("observation")
    if table is None:
        return [story.absent(Text("植被观测", "Vegetation"), "observation")]
    found = sorted(pc.unique(table["signal"]).to_pylist())
    charts = [_signal_chart(story, s) for s in found if s not in _NOT_CHARTED]
    return [c for c in charts if c is not None]


@dataclass(frozen=True, slots=True)
class Scale:
    """How a signal's values are said: factor, places after the point, the unit said after a value."""

    unit: str
    factor: float
    places: int
    trend: bool

    @classmethod
    def of(cls, signal: str, unit: str, values: np.ndarray) -> Scale:
        """Return the scale of a signal: per cent for shares, else enough places to tell its values apart."""
        if signal in _SHARES and unit == "1":
            return cls("%", 100.0, 1, False)
        seen = np.abs(values[np.isfinite(values)])
        most = float(seen.max()) if seen.size and seen.max() > 0 else 1.0
        return cls(unit, 1.0, max(0, min(6, (1 if unit.endswith("/a") else 2) - math.floor(math.log10(most)))), unit.endswith("/a"))

    def say(self, value: float, *, signed: bool = False) -> Text:
        """Return a value as people read it."""
        if not math.isfinite(value):
            return say.UNSEEN
        said = fixed(value * self.factor, self.places).zh
        plus = "+" if signed and value > 0 and any(c in "123456789" for c in said) else ""
        return same(plus + said + ("%" if self.unit == "%" else ""))

    def moved(self, change: float) -> Text:
        """Return a difference of two values in words."""
        return w.POINTS.fill(v=say.points(change)) if self.unit == "%" else self.say(change, signed=True)

    def axis(self, word: Text) -> Text:
        """Return the title of the axis: what, how averaged, in which unit."""
        unit = w.SIGNAL_UNITS.get(self.unit) or same(self.unit)
        if self.unit in ("", "1"):
            return w.SIGNAL_AXIS_PLAIN.fill(signal=word, signal_cap=cap(word))
        return w.SIGNAL_AXIS.fill(signal=word, signal_cap=cap(word), unit=unit)


def _signal_chart(story: Story, signal: str) -> Chart | None:
    """Return the chart of a signal with its table; None where nothing was observed in any zone."""
    b = story.bundle
    now, last = _zone_means(b, signal, last=False), _zone_means(b, signal, last=True)
    shown = [i for i in range(len(ZONES)) if np.isfinite(now[0][i])]
    if not shown:
        return None
    word = entry_name("monitoring.signals", signal)
    scale = Scale.of(signal, now[2] or entry_unit("monitoring.signals", signal), np.concatenate([now[0], last[0]]))
    has_last = not scale.trend and any(np.isfinite(last[0][i]) for i in shown)
    series = [
        *([Series(w.THIS_YEAR.fill(y=b.last_year), look.SERIES[4])] if has_last else []),
        Series(w.THIS_YEAR.fill(y=b.year), look.SERIES[0]),
    ]
    rows = [
        MarkRow(FUNCTION_ZONES[ZONES[i]], tuple(_mark(float(v), scale) for v in ([last[0][i]] if has_last else []) + [now[0][i]]))
        for i in shown
    ]
    title, axis = _signal_title(b, scale, word, shown, now[0], last[0] if has_last else None), scale.axis(word)
    seen = [m.value for r in rows for m in r.marks if m.value is not None]
    domain = (0.0, 100.0) if scale.unit == "%" else (min(0.0, *seen), max(0.0, *seen))
    drawer = dots(rows, series, axis, say_number, title, domain=domain)
    alt = listed([(r.label, r.marks[-1].says) for r in rows])
    picture = Picture(f"signal_{_safe(signal)}", "chart", title, alt, story.chart_source("observation"), drawer)
    lines = tuple(
        (
            r.label,
            *(m.says for m in r.marks),
            *([_moved(scale, float(now[0][i] - last[0][i]))] if has_last else []),
            say.percent(float(now[1][i])),
        )
        for i, r in zip(shown, rows, strict=True)
    )
    change = w.CHANGE_POINTS if scale.unit == "%" else w.CHANGE
    head = (w.DATA_HEAD_ZONE, *(s.label for s in series), *([change] if has_last else []), w.SHARE_OBSERVED)
    return Chart(picture, Grid(axis, head, sides(len(head) - 1), lines))


def _signal_title(b: Bundle, scale: Scale, word: Text, shown: list[int], now: np.ndarray, last: np.ndarray | None) -> Text:
    """Return the finding: what a trend does fastest, where a level changed most, else what is shown."""
    named = {"signal": word, "signal_cap": cap(word)}
    if scale.trend:
        most = max(shown, key=lambda i: abs(now[i]))
        title = w.TREND_DOWN if now[most] < 0 else w.TREND_UP
        per = w.SIGNAL_UNITS.get(scale.unit) or same(scale.unit)
        said = scale.say(float(now[most]), signed=True)
        if not any(c in "123456789" for c in said.en):
            return w.TREND_STILL.fill(**named)
        title = title if len(shown) > 1 else w.TREND_ONE
        return title.fill(zone=FUNCTION_ZONES[ZONES[most]], v=Text(f"{per.zh}{said.zh}", f"{said.en} {per.en}"), **named)
    if last is not None:
        most = max(shown, key=lambda i: abs(now[i] - last[i]) if np.isfinite(last[i]) else -1.0)
        return w.SIGNAL_MOVED.fill(zone=FUNCTION_ZONES[ZONES[most]], v=scale.moved(float(now[most] - last[most])), **named)
    if len(shown) == 1:
        return w.SIGNAL_SINGLE.fill(zone=FUNCTION_ZONES[ZONES[shown[0]]], v=scale.say(float(now[shown[0]])), **named)
    return w.SIGNAL_ONE.fill(year=b.year, **named)


def _moved(scale: Scale, change: float) -> Text:
    if not math.isfinite(change):
        return say.NONE
    return say.points(change) if scale.unit == "%" else scale.say(change, signed=True)


def _mark(value: float, scale: Scale) -> Mark:
    return Mark(value * scale.factor if math.isfinite(value) else None, None, None, scale.say(value))


def _zone_means(b: Bundle, signal: str, *, last: bool) -> tuple[np.ndarray, np.ndarray, str]:
    """Return area-weighted mean and share observed by zone, and the unit."""
    table = b.table("observation", last=last)
    nothing = np.full(len(ZONES), np.nan)
    rows = table.filter(pc.equal(table["signal"], signal)) if table is not None else None
    if rows is None or not len(rows):
        return nothing, nothing, ""
    land_of = b.parcels_before if last and len(b.parcels_before.ids) else b.parcels
    at = land_of.rows(rows["parcel_id"])
    zone, area = np.append(land_of.zone, ZONES.index("none"))[at], np.append(land_of.area_dm2, 0)[at].astype(float)
    value, share = numbers(rows["value"]), numbers(rows["coverage"])
    seen = np.where(np.isfinite(value), area, 0.0)
    weight = np.bincount(zone, seen, len(ZONES))
    whole_area = np.bincount(zone, area, len(ZONES))
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.bincount(zone, np.nan_to_num(value) * seen, len(ZONES)) / weight
        covered = np.bincount(zone, np.nan_to_num(share) * area, len(ZONES)) / whole_area
    return np.where(weight > 0, mean, np.nan), covered, str(rows["unit"][0].as_py())
