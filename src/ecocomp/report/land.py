"""Sections 1 to 3: the answer, land and rights, zones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow.compute as pc

from ecocomp.report import look, say
from ecocomp.report import words as w
from ecocomp.report.blocks import Block, Card, Cards, Chart, Grid, Para, Picture, Section
from ecocomp.report.bundle import ZONES, Bundle, Whole, amount, codes, sums, weighted_mean, whole
from ecocomp.report.frame import Story, cap, hectares, listed
from ecocomp.report.maps import MapClass
from ecocomp.terms.codes import ECOSYSTEM_GROUPS, FUNCTION_ZONES, HOLDER_KINDS, LIGHTS, RIGHT_KINDS
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
