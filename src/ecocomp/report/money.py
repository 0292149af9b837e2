"""Sections 6 to 8: the standard, the money, the public notice."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.payments.enrol import REASONS
from ecocomp.report import look, say
from ecocomp.report import words as w
from ecocomp.report.blocks import Absent, Block, Chart, Grid, Para, Picture, Section, sides
from ecocomp.report.bundle import ZONES, Bundle, Whole, amount, codes, rows_of, sums, weighted_mean, whole
from ecocomp.report.charts import Bar, Mark, MarkRow, Node, Series, bars, dots, flow, histogram, say_number
from ecocomp.report.frame import Story, breaks_of, cap, classed, hectares, listed
from ecocomp.report.land import KINDS, _area_of, headline
from ecocomp.report.programmes import by_programme
from ecocomp.report.svg import HATCH
from ecocomp.terms.area import MU_PER_HA
from ecocomp.terms.codes import ENTITLEMENT_STATES, FUNCTION_ZONES, FUND_SOURCES, HOLDER_KINDS, PARTS
from ecocomp.terms.money import say_yuan
from ecocomp.terms.text import Text, same

SOURCES = tuple(FUND_SOURCES)
_PART_COLUMNS = ("value", "opportunity", "protection", "regional", "adjust")
_FEN_PER_MU = 100 * MU_PER_HA


# ---------------------------------------------------------------- 6 standard
def standard(story: Story) -> Section:
    """Return the section on the standard: map, parts by zone, change from last year."""
    b = story.bundle
    table = b.table("standard")
    if table is None:
        return Section("standard", w.S_STANDARD, (story.absent(w.S_STANDARD, "standard"),))
    area = _area_of(b, table["parcel_id"])
    mean = weighted_mean(whole(table["rate_fen_per_ha"]), area) or 0
    lead = Para(w.STANDARD_LEAD.fill(v=say.rate_mu(mean)))
    return Section("standard", w.S_STANDARD, (lead, _rate_map(story, table, mean), _parts(story, table), *_year_on_year(story)))


def _rate_map(story: Story, table: pa.Table, mean: int) -> Chart:
    b = story.bundle
    rate = np.full(len(b.parcels.ids) + 1, np.nan)
    rate[b.parcels.rows(table["parcel_id"])] = whole(table["rate_fen_per_ha"]) / _FEN_PER_MU
    shown = rate[:-1]
    positive = np.where(shown > 0, shown, np.nan)
    breaks = breaks_of(b, "rate", positive)
    classes, number = classed(positive, breaks, look.MONEY, w.NO_STANDARD)
    drawn = story.map(w.RATE_MAP_IN.fill(year=b.year), classes, number, "standard")
    seen = positive[np.isfinite(positive)]
    low, high, a, z = (
        (float(seen.min()), float(seen.max()), *(float(v) for v in np.percentile(seen, (10, 90)))) if seen.size else (0.0,) * 4
    )
    said = {k: f"{v:,.2f}" for k, v in (("low", low), ("high", high), ("a", a), ("z", z))}
    area, count = sums(number, b.parcels.area_dm2, len(classes)), sums(number, np.ones(len(number), np.int64), len(classes))
    lines = tuple((c.label, say.count(int(count[i])), hectares(int(area[i]))) for i, c in enumerate(classes) if count[i])
    grid = Grid(w.RATE_TABLE, w.RATE_HEAD, ("l", "r", "r"), lines, (w.TOTAL, say.count(len(number)), hectares(int(area.sum()))))
    picture = Picture(
        "rate",
        "map",
        w.RATE_MAP.fill(a=said["low"], b=said["high"], v=say.rate_mu(mean)),
        w.RATE_MAP_ALT.fill(a=said["a"], b=said["z"]),
        story.map_source("standard"),
        drawn.draw,
    )
    return Chart(picture, grid)


def _zone_rates(b: Bundle, table: pa.Table, columns: tuple[str, ...], *, last: bool = False) -> dict[int, list[int]]:
    """Return area-weighted means of rate columns by zone number, whole fen per hectare."""
    land = b.parcels_before if last and len(b.parcels_before.ids) else b.parcels
    at = land.rows(table["parcel_id"])
    zone, area = np.append(land.zone, ZONES.index("none"))[at], np.append(land.area_dm2, 0)[at]
    out: dict[int, list[int]] = {}
    for z in range(len(ZONES)):
        inside = zone == z
        means = [weighted_mean(whole(table[c])[inside], area[inside]) for c in columns]
        if all(m is not None for m in means):
            out[z] = [int(m) for m in means if m is not None]
    return out


def _parts(story: Story, table: pa.Table) -> Chart:
    """Return the parts of the average standard by zone, with its range."""
    b = story.bundle
    found = _zone_rates(
        b, table, (*(f"{p}_fen_per_ha" for p in _PART_COLUMNS), "rate_fen_per_ha", "low_fen_per_ha", "high_fen_per_ha")
    )
    found = {z: v for z, v in found.items() if any(v)}
    words = [*(PARTS[p] for p in _PART_COLUMNS[:4]), w.ADJUST]
    colours = (look.SERIES[2], look.SERIES[0], look.SERIES[1], look.SERIES[4], look.SERIES[5])
    rows = [
        Bar(
            FUNCTION_ZONES[ZONES[z]],
            tuple(x / _FEN_PER_MU for x in v[:5]),
            same(say.rate_mu(v[5])),
            v[6] / _FEN_PER_MU,
            v[7] / _FEN_PER_MU,
        )
        for z, v in found.items()
    ]
    area = _area_of(b, table["parcel_id"])
    whole_parts = [weighted_mean(whole(table[f"{p}_fen_per_ha"]), area) or 0 for p in _PART_COLUMNS[:4]]
    top = max(range(4), key=lambda i: whole_parts[i])
    title = w.PARTS_TITLE.fill(
        part=words[top], part_cap=cap(words[top]), p=say.percent(whole_parts[top] / max(1, sum(whole_parts)), 0)
    )
    alt = w.PARTS_ALT.fill(parts=listed([(r.label, r.says) for r in rows]))
    drawer = bars(rows, [Series(t, c) for t, c in zip(words, colours, strict=True)], w.RATE_AXIS, say_number, title)
    lines = tuple(
        (FUNCTION_ZONES[ZONES[z]], *(same(say.rate_mu(x)) for x in v[:6]), say.between(say.rate_mu(v[6]), say.rate_mu(v[7])))
        for z, v in found.items()
    )
    grid = Grid(w.PARTS_TABLE, w.PARTS_HEAD, sides(7), lines, None, None, (1.6, 1, 1, 1, 1, 1, 1, 1.7))
    return Chart(Picture("rate_parts", "chart", title, alt, story.chart_source("standard"), drawer), grid)


def _year_on_year(story: Story) -> list[Block]:
    b = story.bundle
    now, before = b.table("standard"), b.table("standard", last=True)
    what = w.YOY_TABLE
    if before is None or now is None:
        return [Absent(what, w.YOY_NONE)]
    this = {z: v[0] for z, v in _zone_rates(b, now, ("rate_fen_per_ha",)).items()}
    last = {z: v[0] for z, v in _zone_rates(b, before, ("rate_fen_per_ha",), last=True).items()}
    both = [z for z in this if z in last and (this[z] or last[z])]
    if not both:
        return [Absent(what, w.YOY_NONE)]
    reward = _rewards(b)
    series = [Series(w.THIS_YEAR.fill(y=b.last_year), look.SERIES[4]), Series(w.THIS_YEAR.fill(y=b.year), look.SERIES[0])]
    rows = [
        MarkRow(
            FUNCTION_ZONES[ZONES[z]], tuple(Mark(x / _FEN_PER_MU, None, None, same(say.rate_mu(x))) for x in (last[z], this[z]))
        )
        for z in both
    ]
    most = max(both, key=lambda z: abs(this[z] - last[z]))
    title = w.YOY_TITLE_UP.fill(zone=FUNCTION_ZONES[ZONES[most]], v=_signed_rate(this[most] - last[most]))
    top = max(max(this[z], last[z]) for z in both) / _FEN_PER_MU
    drawer = dots(rows, series, w.RATE_AXIS, say_number, title, domain=(0.0, top))
    alt = w.YOY_ALT.fill(
        parts=listed(
            [
                (r.label, Text(f"{r.marks[0].says.zh}→{r.marks[1].says.zh}", f"{r.marks[0].says.en} to {r.marks[1].says.en}"))
                for r in rows
            ]
        )
    )
    lines = tuple(
        (
            FUNCTION_ZONES[ZONES[z]],
            same(say.rate_mu(last[z])),
            same(say.rate_mu(this[z])),
            same(_signed_rate(this[z] - last[z])),
            say.signed_percent((this[z] - last[z]) / last[z] if last[z] else float("nan")),
            reward.get(ZONES[z], say.NONE),
        )
        for z in both
    )
    grid = Grid(w.YOY_TABLE, w.YOY_HEAD, sides(5), lines)
    return [Chart(Picture("year_on_year", "chart", title, alt, story.chart_source("standard"), drawer), grid)]


def _signed_rate(fen_per_ha: int) -> str:
    return ("+" if fen_per_ha > 0 else "") + say.rate_mu(fen_per_ha)


def _rewards(b: Bundle) -> dict[str, Text]:
    """Return last year's reward by zone as words; several areas of one zone give their span."""
    table = b.table("scorecard", last=True)
    found: dict[str, list[int]] = {}
    for row in table.to_pylist() if table is not None else []:
        found.setdefault(row["function_zone"], []).append(row["reward_ppm"])
    return {
        z: say.signed_percent(min(v) / 1e6, 2)
        if min(v) == max(v)
        else say.between(say.signed_percent(min(v) / 1e6, 2), say.signed_percent(max(v) / 1e6, 2))
        for z, v in found.items()
    }


# ---------------------------------------------------------------- 7 money
def money(story: Story) -> Section:
    """Return the section on money: sources, programmes, flow, households, states, reasons."""
    b = story.bundle
    if b.table("entitlement") is None and b.table("envelope_balance") is None:
        return Section("money", w.S_MONEY, (story.absent(w.S_MONEY, "entitlement"),))
    blocks: list[Block] = [*_leads(b), *_sources(story), *by_programme(b), *_flow(story), *_households(story)]
    blocks += [*_states(story), *_reasons(story)]
    return Section("money", w.S_MONEY, tuple(blocks))


def _leads(b: Bundle) -> list[Block]:
    out: list[Block] = []
    balance, due = b.table("envelope_balance"), b.table("entitlement")
    if balance is not None:
        have = amount(balance, "opening_fen") + amount(balance, "granted_fen")
        out.append(
            Para(
                w.MONEY_LEAD.fill(
                    n=len(pc.unique(balance["source"])),
                    have=say.budget(have),
                    used=say.budget(amount(balance, "allocated_fen")),
                    left=say.budget(amount(balance, "closing_fen")),
                )
            )
        )
    if due is not None:
        entitled, gap = amount(due, "entitled_fen"), amount(due, "shortfall_fen")
        text = (
            w.SHORT_LEAD.fill(due=say.money(entitled), gap=say.money(gap), p=say.percent(gap / entitled if entitled else 0.0, 2))
            if gap
            else w.SHORT_NONE.fill(due=say.money(entitled))
        )
        out.append(Para(text))
    return out


def _streams(b: Bundle) -> dict[str, Whole] | None:
    """Return source, zone, recipient kind and amount of every allocation row; None when a table is missing."""
    allocation, due, balance = b.table("allocation"), b.table("entitlement"), b.table("envelope_balance")
    envelope = balance if balance is not None else b.table("envelope")
    if allocation is None or due is None or envelope is None:
        return None
    row = rows_of(allocation["entitlement_id"], due["entitlement_id"].combine_chunks())
    at = b.parcels.rows(due["parcel_id"])[row]
    holder = rows_of(due["holder_id"], b.holders["ids"])[row]
    source = codes(envelope["source"], SOURCES)[rows_of(allocation["envelope_id"], envelope["envelope_id"].combine_chunks())]
    return {
        "source": source,
        "zone": np.append(b.parcels.zone, ZONES.index("none"))[at],
        "kind": np.append(b.holders["kind"], len(KINDS) - 1)[holder],
        "fen": whole(allocation["amount_fen"]),
    }


def _sources(story: Story) -> list[Block]:
    b = story.bundle
    balance, streams = b.table("envelope_balance"), _streams(b)
    if balance is None:
        return [story.absent(w.SOURCES_TABLE, "envelope_balance")]
    number = codes(balance["source"], SOURCES)
    by = {
        c: sums(number, whole(balance[c]), len(SOURCES))
        for c in ("opening_fen", "granted_fen", "allocated_fen", "lapsed_fen", "closing_fen")
    }
    shown = sorted(
        (i for i in range(len(SOURCES)) if by["opening_fen"][i] or by["granted_fen"][i]),
        key=lambda i: -int(by["granted_fen"][i] + by["opening_fen"][i]),
    )
    lines = tuple((FUND_SOURCES[SOURCES[i]], *(same(say_yuan(int(v[i]))) for v in by.values())) for i in shown)
    grid = Grid(
        w.SOURCES_TABLE,
        w.SOURCES_HEAD,
        sides(5),
        lines,
        (w.TOTAL, *(same(say_yuan(int(v.sum()))) for v in by.values())),
        None,
        (2.6, 1.5, 1.7, 1.7, 1.3, 1.5),
    )
    if streams is None or not shown:
        return [grid]
    kinds = sums(streams["source"] * len(KINDS) + streams["kind"], streams["fen"], len(SOURCES) * len(KINDS)).reshape(
        len(SOURCES), len(KINDS)
    )
    used = [k for k in range(len(KINDS)) if kinds[:, k].any()]
    left = by["closing_fen"] + by["lapsed_fen"]
    rows = [
        Bar(
            FUND_SOURCES[SOURCES[i]],
            (*(int(kinds[i, k]) / 1e6 for k in used), max(0, int(left[i])) / 1e6),
            say.budget(int(by["granted_fen"][i] + by["opening_fen"][i])),
        )
        for i in shown
    ]
    series = [*(Series(HOLDER_KINDS[KINDS[k]], look.SERIES[k]) for k in used), Series(w.LEFT, HATCH)]
    top = max(shown, key=lambda i: int(kinds[i].sum()))
    title = w.SOURCES_TITLE.fill(source=FUND_SOURCES[SOURCES[top]], p=say.percent(int(kinds[top].sum()) / max(1, int(kinds.sum()))))
    alt = w.SOURCES_ALT.fill(parts=listed([(r.label, r.says) for r in rows]))
    drawer = bars(rows, series, w.SOURCES_AXIS, _say_million, title)
    return [Chart(Picture("money_sources", "chart", title, alt, story.chart_source("envelope_balance"), drawer), grid)]


def _say_million(wan: float) -> Text:
    """Return a tick of万元as itself in Chinese and as millions in English."""
    return Text(f"{wan:,.10g}", f"{wan / 100:,.10g}")


def _flow(story: Story) -> list[Block]:
    b = story.bundle
    streams = _streams(b)
    if streams is None or not int(streams["fen"].sum()):
        return [story.absent(Text("资金流向", "Flow of money"), "allocation")]
    first = sums(streams["source"] * len(ZONES) + streams["zone"], streams["fen"], len(SOURCES) * len(ZONES)).reshape(
        len(SOURCES), len(ZONES)
    )
    second = sums(streams["zone"] * len(KINDS) + streams["kind"], streams["fen"], len(ZONES) * len(KINDS)).reshape(
        len(ZONES), len(KINDS)
    )
    a = sorted((i for i in range(len(SOURCES)) if first[i].any()), key=lambda i: -int(first[i].sum()))
    z = [i for i in range(len(ZONES)) if second[i].any()]
    k = [i for i in range(len(KINDS)) if second[:, i].any()]
    sepia = ("#C9742F", "#E6A850", "#9A4620", "#F2C14E", "#5F2412", "#B58A5A")
    said = lambda v: say.budget(int(v))  # noqa: E731 - a formatter handed to three columns
    columns = (
        [Node(FUND_SOURCES[SOURCES[i]], sepia[n % 6], said) for n, i in enumerate(a)],
        [Node(FUNCTION_ZONES[ZONES[i]], look.ZONES[ZONES[i]] if ZONES[i] != "none" else look.UNKNOWN, said) for i in z],
        [Node(HOLDER_KINDS[KINDS[i]], look.SERIES[i], said) for i in k],
    )
    links = [
        {(m, n): int(first[i, j]) for m, i in enumerate(a) for n, j in enumerate(z) if first[i, j]},
        {(m, n): int(second[i, j]) for m, i in enumerate(z) for n, j in enumerate(k) if second[i, j]},
    ]
    most = max(links[0], key=lambda key: links[0][key])
    title = w.FLOW_TITLE.fill(source=columns[0][most[0]].label, zone=columns[1][most[1]].label)
    alt = w.FLOW_ALT.fill(
        parts=listed(
            [
                (
                    Text(
                        f"{columns[0][m].label.zh}→{columns[1][n].label.zh}",
                        f"{columns[0][m].label.en} to {columns[1][n].label.en}",
                    ),
                    say.budget(v),
                )
                for (m, n), v in sorted(links[0].items())
            ]
        )
    )
    lines = tuple(
        (FUNCTION_ZONES[ZONES[i]], *(same(say_yuan(int(second[i, j]))) for j in k), same(say_yuan(int(second[i].sum())))) for i in z
    )
    grid = Grid(
        w.FLOW_TABLE,
        (w.DATA_HEAD_ZONE, *(cap(HOLDER_KINDS[KINDS[j]]) for j in k), w.TOTAL),
        sides(len(k) + 1),
        lines,
        (w.TOTAL, *(same(say_yuan(int(second[:, j].sum()))) for j in k), same(say_yuan(int(second.sum())))),
    )
    return [
        Chart(
            Picture("money_flow", "chart", title, alt, story.chart_source("allocation"), flow(columns, links, w.FLOW_HEADS, title)),
            grid,
        )
    ]


def _households(story: Story) -> list[Block]:
    paid = headline(story.bundle).per_household
    if not len(paid):
        return [story.absent(w.HIST_TABLE, "order")]
    at = {p: int(np.sort(paid)[min(len(paid) - 1, int(np.ceil(p / 100 * len(paid))) - 1)]) for p in w.HIST_ROWS}
    yuan = paid / 100
    high = max(float(np.percentile(yuan, 98)), at[50] / 50)
    step = look.nice_step(high / 24)
    edges = [round(i * step, 9) for i in range(int(np.ceil(high / step)) + 1)]
    counts = [int(n) for n in np.histogram(yuan[yuan <= edges[-1]], edges)[0]]
    median = say.money(at[50])
    title = w.HIST_TITLE.fill(m=median)
    alt = w.HIST_ALT.fill(m=median, a=say.money(at[10]), b=say.money(at[90]))
    drawer = histogram(
        edges,
        counts,
        int((yuan > edges[-1]).sum()),
        at[50] / 100,
        w.HIST_MEDIAN.fill(m=median),
        (at[10] / 100, at[90] / 100),
        w.HIST_AXIS,
        w.HIST_UNIT,
        say_number,
        title,
    )
    lines = tuple((w.HIST_ROWS[p], same(say_yuan(v))) for p, v in at.items())
    return [
        Chart(
            Picture("households", "chart", title, alt, story.chart_source("order"), drawer),
            Grid(w.HIST_TABLE, w.HIST_HEAD, ("l", "r"), lines),
        ),
        Para(w.GINI.fill(g=f"{gini(paid):.3f}"), "note"),
    ]


def gini(amounts: Whole) -> float:
    """Return the Gini coefficient of amounts >= 0, 0 for all equal.

    Formula: G = 2·Σ i·x_i / (n·Σ x) - (n + 1)/n with x in rising order, i from 1; exact whole sums.
    """
    x = [int(v) for v in np.sort(amounts)]
    total, n = sum(x), len(x)
    if not total:
        return 0.0
    return 2 * sum(i * v for i, v in enumerate(x, 1)) / (n * total) - (n + 1) / n


def _states(story: Story) -> list[Block]:
    table = story.bundle.table("entitlement")
    if table is None:
        return [story.absent(w.STATE_TABLE, "entitlement")]
    columns = ("gross_fen", "deduction_fen", "entitled_fen", "funded_fen", "shortfall_fen")
    lines = []
    for state, name in ENTITLEMENT_STATES.items():
        rows = table.filter(pc.equal(table["state"], state))
        if len(rows):
            lines.append((name, say.count(len(rows)), *(same(say_yuan(amount(rows, c))) for c in columns)))
    total = (w.TOTAL, say.count(len(table)), *(same(say_yuan(amount(table, c))) for c in columns))
    return [Grid(w.STATE_TABLE, w.STATE_HEAD, sides(6), tuple(lines), total, None, (1.9, 0.9, 1.6, 1.3, 1.6, 1.6, 1.3))]


def _reasons(story: Story) -> list[Block]:
    table = story.bundle.table("entitlement")
    if table is None:
        return []
    out = table.filter(pc.invert(pc.equal(table["state"], "payable")))
    if not len(out):
        return [Para(w.REASON_NONE)]
    # an open objection holds a row whatever else is said of it, and no reason at all leaves the word of the state
    by_state = pc.or_(pc.equal(out["state"], "held"), pc.equal(out["reason"], ""))
    why = pc.if_else(by_state, out["state"], out["reason"])
    names = sorted(pc.unique(why).to_pylist())
    number = codes(why, tuple(names))
    count, area = sums(number, np.ones(len(out), np.int64), len(names)), sums(number, whole(out["area_dm2"]), len(names))
    order = sorted(range(len(names)), key=lambda i: (-int(count[i]), names[i]))
    said = ENTITLEMENT_STATES | REASONS
    word = lambda i: said.get(names[i]) or same(names[i].replace("_", " "))  # noqa: E731 - used three times below
    rows = [Bar(word(i), (float(count[i]),), say.count(int(count[i]))) for i in order[:10]]
    title = w.REASON_TITLE.fill(r=word(order[0]))
    alt = w.REASON_ALT.fill(parts=listed([(r.label, r.says) for r in rows]))
    lines = tuple((word(i), say.count(int(count[i])), hectares(int(area[i]))) for i in order)
    picture = Picture(
        "reasons",
        "chart",
        title,
        alt,
        story.chart_source("entitlement"),
        bars(rows, [Series(w.REASON_AXIS, look.SERIES[0])], w.REASON_AXIS, say_number, title),
    )
    grid = Grid(w.REASON_TABLE, w.REASON_HEAD, ("l", "r", "r"), lines, (w.TOTAL, say.count(len(out)), hectares(int(area.sum()))))
    return [Chart(picture, grid)]


# ---------------------------------------------------------------- 8 notice
def notice(story: Story) -> Section:
    """Return the section on the public notice: counts only, no personal data."""
    b = story.bundle
    table, objections = b.table("disclosure"), b.table("objection")
    if table is None:
        return Section("notice", w.S_NOTICE, (story.absent(w.S_NOTICE, "disclosure"),))
    outcomes = objections["outcome"].to_pylist() if objections is not None else []
    lead = w.NOTICE_LEAD.fill(
        v=f"{len(pc.unique(table['village_code'])):,}",
        n=f"{len(table):,}",
        amount=say.money(amount(table, "entitled_fen")),
        o=len(outcomes),
        u=outcomes.count("upheld"),
        p=outcomes.count("open"),
    )
    blocks: list[Block] = [Para(lead), Para(w.NOTICE_PRIVATE, "note"), _towns(b, table)]
    if objections is not None:
        blocks.append(_objections(objections))
    return Section("notice", w.S_NOTICE, tuple(blocks))


def _towns(b: Bundle, table: pa.Table) -> Grid:
    """Return the notice by town (by village code where villages are not on the register)."""
    village = b.table("village")
    towns = (
        dict(zip(village["village_code"].to_pylist(), village["region_code"].to_pylist(), strict=True))
        if village is not None
        else {}
    )
    code = [towns.get(v, v) for v in table["village_code"].to_pylist()]
    names = sorted(set(code))
    number = codes(pa.array(code, pa.string()), tuple(names))
    by = {c: sums(number, whole(table[c]), len(names)) for c in ("area_dm2", "entitled_fen", "funded_fen")}
    count = sums(number, np.ones(len(table), np.int64), len(names))
    villages = {n: len({v for v, c in zip(table["village_code"].to_pylist(), code, strict=True) if c == n}) for n in names[:40]}
    lines = tuple(
        (
            same(n),
            say.count(villages[n]),
            say.count(int(count[i])),
            hectares(int(by["area_dm2"][i])),
            same(say_yuan(int(by["entitled_fen"][i]))),
            same(say_yuan(int(by["funded_fen"][i]))),
        )
        for i, n in enumerate(names[:40])
    )
    total = (
        w.TOTAL,
        say.count(len(pc.unique(table["village_code"]))),
        say.count(len(table)),
        hectares(int(by["area_dm2"].sum())),
        same(say_yuan(int(by["entitled_fen"].sum()))),
        same(say_yuan(int(by["funded_fen"].sum()))),
    )
    more = w.MORE_ROWS.fill(n=len(names) - 40, t="disclosure") if len(names) > 40 else None
    return Grid(w.NOTICE_TABLE, w.NOTICE_HEAD, sides(5), lines, total, more)


def _objections(table: pa.Table) -> Grid:
    lines, pairs = [], list(zip(table["kind"].to_pylist(), table["outcome"].to_pylist(), strict=True))
    for kind in [
        *(k for k in w.OBJECTION_KINDS if any(p[0] == k for p in pairs)),
        *sorted({p[0] for p in pairs} - set(w.OBJECTION_KINDS)),
    ]:
        of = [o for k, o in pairs if k == kind]
        lines.append(
            (
                w.OBJECTION_KINDS.get(kind) or same(kind),
                *(say.count(of.count(o)) for o in ("upheld", "rejected", "open")),
                say.count(len(of)),
            )
        )
    every = [o for _, o in pairs]
    return Grid(
        w.OBJECTION_TABLE,
        w.OBJECTION_HEAD,
        ("l", "r", "r", "r", "r"),
        tuple(lines),
        (w.TOTAL, *(say.count(every.count(o)) for o in ("upheld", "rejected", "open")), say.count(len(every))),
    )
