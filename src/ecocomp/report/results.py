"""Sections 9 to 12: results, accounts and checks, how sure, how to check this."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pyarrow.compute as pc

from ecocomp.performance.area import REASONS
from ecocomp.report import look, say
from ecocomp.report import words as w
from ecocomp.report.blocks import Block, Chart, Commands, Grid, Listing, Para, Picture, Section, Sub, sides
from ecocomp.report.bundle import Bundle, amount, codes, numbers, sums, whole
from ecocomp.report.charts import Bar, Mark, MarkRow, Series, bars, dots, say_number
from ecocomp.report.frame import Story, cap, entry_name, entry_unit, fixed, hectares, listed, service_name, service_order
from ecocomp.report.land import GROUPS, _area_of, light_areas
from ecocomp.report.maps import MapClass
from ecocomp.report.services import gap_reason, observed
from ecocomp.terms.codes import ECOSYSTEM_GROUPS, ECOSYSTEMS, FUNCTION_ZONES, LIGHTS
from ecocomp.terms.confidence import MARKS, UNVERIFIED
from ecocomp.terms.money import say_yuan
from ecocomp.terms.tables import TABLES
from ecocomp.terms.text import Lang, Text, same

_MAX_ROWS = 40


# ---------------------------------------------------------------- 9 results
def results(story: Story) -> Section:
    """Return the section on compliance, scorecards and indicators."""
    return Section("results", w.S_RESULTS, (*_lights(story), *_scores(story), *_indicators(story), Para(w.NO_EFFECT, "note")))


def _lights(story: Story) -> list[Block]:
    b = story.bundle
    table = b.table("compliance")
    if table is None:
        return [story.absent(w.LIGHT_TABLE, "compliance")]
    names = tuple(LIGHTS)
    light = codes(table["light"], names)
    number = np.full(len(b.parcels.ids) + 1, names.index("grey"), np.int64)
    number[b.parcels.rows(table["parcel_id"])] = light
    classes = tuple(MapClass(look.LIGHTS[n] if n != "grey" else "#DDE2E5", _shaped(n), n == "grey") for n in names)
    area, total = light_areas(b), max(1, sum(light_areas(b).values()))
    seen = total - area["grey"]
    drawn = story.map(w.LIGHT_MAP_IN.fill(year=b.year), classes, number[:-1], "compliance")
    parts = listed([(LIGHTS[n], say.percent(area[n] / total)) for n in names])
    title = w.LIGHT_MAP.fill(p=say.percent(area["green"] / seen if seen else float("nan")), u=say.percent(area["grey"] / total))
    picture = Picture("lights", "map", title, w.LIGHT_MAP_ALT.fill(parts=parts), story.map_source("compliance"), drawn.draw)
    count = sums(light, np.ones(len(light), np.int64), len(names))
    rows = tuple(
        (_shaped(n), say.count(int(count[i])), hectares(area[n]), say.percent(area[n] / total)) for i, n in enumerate(names)
    )
    grid = Grid(
        w.LIGHT_TABLE, w.LIGHT_HEAD, ("l", "r", "r", "r"), rows, (w.TOTAL, say.count(len(light)), hectares(total), say.percent(1.0))
    )
    return [Chart(picture, grid)]


def _shaped(light: str) -> Text:
    return Text(f"{look.SHAPES[light]} {LIGHTS[light].zh}", f"{look.SHAPES[light]} {LIGHTS[light].en}")


def _unit_names(b: Bundle, rows: list[dict[str, object]]) -> list[Text]:
    """Return a name per scorecard: the zone, with the area's code where a zone has several."""
    zones = [str(r["function_zone"]) for r in rows]
    out = []
    for row, zone in zip(rows, zones, strict=True):
        code = str(row["area_code"])
        name = w.WHOLE_AREA if code == "all" else FUNCTION_ZONES.get(zone) or same(zone)
        several = sum(z == zone and str(r["area_code"]) != "all" for z, r in zip(zones, rows, strict=True)) > 1
        out.append(Text(f"{name.zh} {code}", f"{name.en} {code}") if code != "all" and several else name)
    return out


def _scores(story: Story) -> list[Block]:
    b = story.bundle
    table = b.table("scorecard")
    if table is None:
        return [story.absent(w.SCORE_TABLE, "scorecard")]
    rows = table.to_pylist()[:_MAX_ROWS]
    names = _unit_names(b, rows)
    before = b.table("scorecard", last=True)
    last = {r["area_code"]: r["score"] for r in before.to_pylist()} if before is not None else {}
    marks = [MarkRow(n, (_score_mark(r["score"], r["score_low"], r["score_high"]),)) for n, r in zip(names, rows, strict=True)]
    scored = [(r["score"], n) for r, n in zip(rows, names, strict=True) if r["score"] is not None and r["area_code"] != "all"]
    best = max(scored, key=lambda p: p[0]) if scored else None
    said = w.SCORE_TITLE if len(scored) > 1 else w.SCORE_ONLY
    title = said.fill(zone=best[1], zone_cap=cap(best[1]), v=fixed(best[0], 1)) if best else w.SCORE_NONE
    drawer = dots(marks, [Series(w.SCORE_AXIS, look.BRAND)], w.SCORE_AXIS, say_number, title, domain=(0.0, 100.0))
    picture = Picture(
        "scorecards",
        "chart",
        title,
        w.SCORE_ALT.fill(parts=listed([(m.label, m.marks[0].says) for m in marks])),
        story.chart_source("scorecard"),
        drawer,
    )
    lines = tuple(
        (
            n,
            _score(r["score"]),
            _range(r["score_low"], r["score_high"]),
            w.NOT_HERE if r["grade"] == "not_assessed" else same(str(r["grade"])),
            say.percent(r["weight_assessed_ppm"] / 1e6, 0),
            _score(last.get(r["area_code"])),
            say.signed_percent(r["reward_ppm"] / 1e6, 2),
        )
        for n, r in zip(names, rows, strict=True)
    )
    grid = Grid(
        w.SCORE_TABLE, w.SCORE_HEAD, ("l", "r", "r", "l", "r", "r", "r"), lines, None, w.SCORE_HOW, (2, 1, 1.5, 0.9, 1.2, 1.1, 1.4)
    )
    return [Chart(picture, grid)]


def _unscored(reason: str) -> Text:
    why = REASONS.get(reason) or same(reason.replace("_", " "))
    return Text(f"未评估：{why.zh}", f"not assessed: {why.en}")


def _score(value: float | None) -> Text:
    return w.NOT_HERE if value is None else fixed(value, 1)


def _range(low: float | None, high: float | None) -> Text:
    return say.NONE if low is None or high is None else say.between(fixed(low, 1), fixed(high, 1))


def _score_mark(value: float | None, low: float | None, high: float | None) -> Mark:
    if value is None:
        return Mark(None, None, None, w.NOT_HERE)
    span = _range(low, high)
    says = fixed(value, 1) if low is None or value == low == high else Text(f"{value:.1f}({span.zh})", f"{value:.1f} ({span.en})")
    return Mark(value, low, high, says)


def _indicator_value(indicator: str, value: float | None) -> Text:
    """Return the value of an indicator in the unit of its spec: shares and relative changes in per cent."""
    if value is None:
        return say.NONE
    unit = entry_unit("performance.indicators", indicator)
    if unit == "1":
        return say.percent(value)
    said = say.quantity(value)
    return Text(f"{said.zh}{unit}", f"{said.en} {unit}".strip())


def _indicator_base(indicator: str, base: float | None) -> Text:
    """Return the value of the base year; a relative change is against a quantity per hectare, which is no share."""
    if indicator == "service_change" and base is not None:
        said = say.quantity(base)
        return Text(f"{said.zh}/公顷", f"{said.en} per ha")
    return _indicator_value(indicator, base)


def _indicators(story: Story) -> list[Block]:
    b = story.bundle
    table = b.table("indicator")
    if table is None:
        return [story.absent(w.INDICATOR_TABLE, "indicator")]
    rows = table.to_pylist()
    names = _unit_names(b, list({r["area_code"]: r for r in rows}.values()))
    unit = dict(zip({r["area_code"]: r for r in rows}, names, strict=True))
    rows.sort(key=lambda r: (101.0 if r["score"] is None else r["score"], r["area_code"], r["indicator"]))
    lines = []
    for r in rows[:_MAX_ROWS]:
        name = entry_name("performance.indicators", str(r["indicator"]))
        label = Text(f"{unit[r['area_code']].zh}：{name.zh}", f"{unit[r['area_code']].en}: {name.en}")
        score = (
            _score_mark(r["score"], r["score_low"], r["score_high"]).says if r["score"] is not None else _unscored(str(r["reason"]))
        )
        lines.append(
            (
                label,
                _indicator_value(str(r["indicator"]), r["value"]),
                _indicator_base(str(r["indicator"]), r["base"]),
                score,
                say.percent(r["weight_ppm"] / 1e6, 0),
                say.percent(r["coverage"]),
            )
        )
    more = w.MORE_ROWS.fill(n=len(rows) - _MAX_ROWS, t="indicator") if len(rows) > _MAX_ROWS else None
    return [
        Grid(
            w.INDICATOR_TABLE,
            w.INDICATOR_HEAD,
            ("l", "r", "r", "r", "r", "r"),
            tuple(lines),
            None,
            more,
            (2.6, 1, 1, 1.8, 0.8, 1.1),
        )
    ]


# ---------------------------------------------------------------- 10 accounts
def accounts(story: Story) -> Section:
    """Return the section on the land account, the fund statement and the checks."""
    return Section("accounts", w.S_ACCOUNTS, (*_land_account(story), *_fund_statement(story), *_checks(story)))


def _land_account(story: Story) -> list[Block]:
    b = story.bundle
    table = b.table("land_account")
    if table is None:
        return [story.absent(w.ACCOUNT_TABLE, "land_account")]
    group = codes(pc.utf8_slice_codeunits(table["ecosystem"], 0, 1), GROUPS)
    by = {c: sums(group, whole(table[c]), len(GROUPS)) for c in ("additions_dm2", "reductions_dm2")}
    shown = [i for i in range(len(GROUPS)) if (group == i).any()]
    net = by["additions_dm2"] - by["reductions_dm2"]
    rows = [
        Bar(
            ECOSYSTEM_GROUPS[GROUPS[i]],
            (int(by["additions_dm2"][i]) / 1e6, -int(by["reductions_dm2"][i]) / 1e6),
            _signed_ha(int(net[i])),
        )
        for i in shown
    ]
    most = max(shown, key=lambda i: abs(int(net[i])))
    word = ECOSYSTEM_GROUPS[GROUPS[most]]
    title = w.ACCOUNT_TITLE.fill(what=word, what_cap=cap(word), v=_signed_ha(int(net[most]))) if net.any() else w.ACCOUNT_TITLE_SAME
    alt = w.ACCOUNT_ALT.fill(parts=listed([(r.label, r.says) for r in rows]))
    drawer = bars(
        rows, [Series(w.ADDED, look.GAIN), Series(w.REDUCED, look.LOSS)], w.ACCOUNT_AXIS, say_number, title, net_mark=True
    )
    columns = ("opening_dm2", "additions_dm2", "reductions_dm2", "closing_dm2")
    lines = tuple(
        (ECOSYSTEMS.get(r["ecosystem"]) or same(r["ecosystem"]), *(hectares(r[c]) for c in columns)) for r in table.to_pylist()
    )
    grid = Grid(
        w.ACCOUNT_TABLE, w.ACCOUNT_HEAD, ("l", "r", "r", "r", "r"), lines, (w.TOTAL, *(hectares(amount(table, c)) for c in columns))
    )
    return [Chart(Picture("land_account", "chart", title, alt, story.chart_source("land_account"), drawer), grid)]


def _signed_ha(dm2: int) -> Text:
    said = hectares(dm2)
    return Text("+" + said.zh, "+" + said.en) if dm2 > 0 else said


def _fund_statement(story: Story) -> list[Block]:
    b = story.bundle
    balance, envelope = b.table("envelope_balance"), b.table("envelope")
    if balance is None:
        return [story.absent(w.FUND_TABLE, "envelope_balance")]
    names = {r["envelope_id"]: Text(r["name_zh"], r["name_en"]) for r in envelope.to_pylist()} if envelope is not None else {}
    columns = ("opening_fen", "granted_fen", "paid_fen", "escrow_fen", "closing_fen", "lapsed_fen")
    lines = tuple(
        (names.get(r["envelope_id"]) or same(r["envelope_id"]), *(same(say_yuan(r[c])) for c in columns))
        for r in balance.to_pylist()
    )
    return [
        Grid(
            w.FUND_TABLE,
            w.FUND_HEAD,
            sides(6),
            lines,
            (w.TOTAL, *(same(say_yuan(amount(balance, c))) for c in columns)),
            None,
            (2.5, 1.4, 1.6, 1.6, 1.2, 1.4, 1.2),
        )
    ]


def _checks(story: Story) -> list[Block]:
    table = story.bundle.table("check")
    if table is None:
        return [story.absent(w.CHECK_TABLE, "check")]
    rows = table.to_pylist()
    order = {"fail": 0, "not_run": 1, "pass": 2}
    rows.sort(key=lambda r: (order.get(r["result"], 3), r["check"]))
    outcome = [r["result"] for r in rows]
    lead = w.CHECK_LEAD.fill(n=len(rows), p=outcome.count("pass"), f=outcome.count("fail"), r=outcome.count("not_run"))
    lines = tuple(
        (
            w.CHECKS.get(r["check"]) or same(r["check"]),
            w.RESULTS.get(r["result"]) or same(r["result"]),
            _said_detail(Text(r["detail_zh"], r["detail_en"]), r["result"] == "not_run"),
        )
        for r in rows
    )
    return [
        Sub(w.CHECK_TABLE),
        Para(lead, "warn" if "fail" in outcome else "plain"),
        Grid(w.CHECK_TABLE, w.CHECK_HEAD, ("l", "l", "l"), lines, None, None, (3.4, 1, 3)),
    ]


def _said_detail(detail: Text, names_tables: bool) -> Text:
    """Return the detail of a check as people read it: fen as yuan, dm2 as hectares, tables by their titles."""
    return Text(*(_detail_in(lang, detail.to(lang), names_tables) for lang in ("zh", "en")))


def _detail_in(lang: Lang, said: str, names_tables: bool) -> str:
    said = re.sub(r"([\d,]+) fen\b", lambda m: say.money(_whole(m[1])).to(lang), said)
    said = re.sub(r"([\d,]+) dm2\b", lambda m: hectares(_whole(m[1])).to(lang) + _HA.to(lang), said)
    said = re.sub(r"(?<![\d.,])\d{4,}(?= (?:行|步|个|rows|steps|parcels|envelopes))", lambda m: f"{int(m[0]):,}", said)
    if names_tables:
        said = re.sub(r"[a-z]+(?:_[a-z]+)*", lambda m: _table_title(m[0]).to(lang), said).replace("表 ", "表")
        said = said.replace(", ", "、") if lang == "zh" else said
    return re.sub(r"(?<=\d) (?=[\u4e00-\u9fff])", "", said) if lang == "zh" else said


_HA = Text("公顷", " ha")


def _whole(said: str) -> int:
    return int(said.replace(",", ""))


def _table_title(word: str) -> Text:
    if word in TABLES:
        return TABLES[word].title
    if word.removesuffix("_last") in TABLES:
        return w.CHECK_LAST.fill(t=TABLES[word.removesuffix("_last")].title)
    return same(word)


# ---------------------------------------------------------------- 11 how sure
def sure(story: Story) -> Section:
    """Return the section on confidence: marks, unverified parameters, gaps, shares observed, sources."""
    b = story.bundle
    blocks: list[Block] = [*_parameters(story), Sub(w.ABSENT_TITLE)]
    gaps = [w.ABSENT_ONE.fill(what=service_name(str(n["service"])), why=gap_reason(n)) for n in b.meta.get("not_assessed", [])]
    gaps += _in_part(b)
    blocks.append(Listing(tuple(gaps)) if gaps else Para(w.ABSENT_NONE))
    blocks += _observed(story)
    given = b.meta.get("sources", [])
    sources = [
        *(same(f) for f in _years_joined([s for s in given if isinstance(s, str)])),
        *(_source(s) for s in given if not isinstance(s, str)),
    ]
    if sources:
        blocks += [Sub(w.SOURCES_LIST), Listing(tuple(sources), dense=True)]
    return Section("sure", w.S_SURE, tuple(blocks))


def _in_part(b: Bundle) -> list[Text]:
    """Return why products of a service were left out whose other products were assessed."""
    whole = {str(n["service"]) for n in b.meta.get("not_assessed", [])}
    notes = [n for n in b.meta.get("warnings", []) if n["code"] == "services.not_assessed" and n["where"] not in whole]
    said = [
        w.ABSENT_PART.fill(
            what=service_name(str(n["where"])), why=gap_reason({"reason_zh": n["clash_zh"], "reason_en": n["clash_en"]})
        )
        for n in notes
    ]
    return list(dict.fromkeys(said))


def _years_joined(files: list[str]) -> list[str]:
    """Return file names with runs of years put together.

    >>> _years_joined(["ndvi_2023.tif", "ndvi_2024.tif", "red_line.gpkg"])
    ['ndvi_2023–2024.tif', 'red_line.gpkg']
    """
    runs: list[tuple[str, int, int, str]] = []
    for name in sorted(files):
        found = re.fullmatch(r"(.*?)((?:19|20)\d\d)(\D*)", name)
        stem, year, end = (found[1], int(found[2]), found[3]) if found else (name, -1, "")
        if found and runs and (runs[-1][0], runs[-1][2] + 1, runs[-1][3]) == (stem, year, end):
            runs[-1] = (stem, runs[-1][1], year, end)
        else:
            runs.append((stem, year, year, end))
    return [stem if a < 0 else f"{stem}{a}{end}" if a == z else f"{stem}{a}–{z}{end}" for stem, a, z, end in runs]


def _source(item: object) -> Text:
    """Return a source of data as a sentence; it may be a string or a record with names in both languages."""
    if isinstance(item, dict):
        zh = str(item.get("zh") or item.get("name_zh") or item.get("name") or item.get("path") or "")
        en = str(item.get("en") or item.get("name_en") or item.get("name") or item.get("path") or "")
        return Text(zh, en or zh)
    return same(str(item))


def _parameters(story: Story) -> list[Block]:
    b = story.bundle
    table = b.table("parameter")
    if table is None:
        return [story.absent(w.MARK_TABLE, "parameter")]
    rows = table.to_pylist()
    keys = set(b.meta.get("unverified", []))
    loose = [r for r in rows if r["confidence"] in UNVERIFIED or r["key"] in keys]
    marks = [
        (same(m), MARKS[m], say.count(sum(r["confidence"] == m for r in rows)))
        for m in MARKS
        if any(r["confidence"] == m for r in rows)
    ]
    blocks: list[Block] = [
        Para(w.SURE_LEAD.fill(n=len(rows), u=len(loose))),
        Grid(w.MARK_TABLE, w.MARK_HEAD, ("l", "l", "r"), tuple(marks), None, None, (0.8, 4, 1)),
    ]
    if not loose:
        return [*blocks, Para(w.UNVERIFIED_NONE)]
    shown = set(b.meta.get("unverified_shown", []))
    paid, published = [r for r in loose if r["key"] not in shown], [r for r in loose if r["key"] in shown]
    blocks.append(Para(w.SURE_SPLIT.fill(p=len(paid), s=len(published))))
    note = w.UNVERIFIED_PAID_NOTE if b.meta["case"].get("purpose") == "payment" else None
    blocks.append(_loose(w.UNVERIFIED_PAID, paid, note) if paid else Para(w.UNVERIFIED_PAID_NONE))
    return [*blocks, *([_loose(w.UNVERIFIED_SHOWN, published, w.UNVERIFIED_SHOWN_NOTE)] if published else [])]


def _loose(title: Text, rows: list[dict[str, Any]], note: Text | None) -> Grid:
    """Return a table of unverified parameters: name, mark, document."""
    lines = tuple((Text(r["name_zh"], r["name_en"]), _marked(r["confidence"]), same(r["document"])) for r in rows[:_MAX_ROWS])
    more = w.MORE_ROWS.fill(n=len(rows) - _MAX_ROWS, t="parameter") if len(rows) > _MAX_ROWS else None
    said = [t for t in (note, more) if t is not None]
    under = Text("".join(t.zh for t in said), " ".join(t.en for t in said)) if said else None
    return Grid(title, w.UNVERIFIED_HEAD, ("l", "l", "l"), lines, None, under, (2.4, 2, 3.2))


def _marked(confidence: str) -> Text:
    return (
        Text(f"{confidence} {MARKS[confidence].zh}", f"{confidence} {MARKS[confidence].en}")
        if confidence in MARKS
        else same(confidence)
    )


def _observed(story: Story) -> list[Block]:
    b = story.bundle
    lines = []
    for table, column in (("service", "service"), ("observation", "signal")):
        found = b.table(table)
        if found is None:
            continue
        for name in sorted(pc.unique(found[column]).to_pylist(), key=service_order):
            rows = found.filter(pc.equal(found[column], name))
            value = numbers(rows["quantity" if table == "service" else "value"])
            label = service_name(name) if table == "service" else entry_name("monitoring.signals", name)
            lines.append(
                (
                    label,
                    say.count(int(np.isfinite(value).sum())),
                    say.percent(observed(rows, _area_of(b, rows["parcel_id"]))),
                )
            )
    return [Grid(w.OBSERVED_TABLE, w.OBSERVED_HEAD, ("l", "r", "r"), tuple(lines))] if lines else []


# ---------------------------------------------------------------- 12 check
def check(story: Story) -> Section:
    """Return the section that says how to check the bundle oneself."""
    folder = "BUNDLE"  # the folder is staged under another name, and a rerun must give the same bytes
    example = "ID"
    entitled = story.bundle.table("entitlement")
    if entitled is not None:
        example = str(entitled["entitlement_id"][0].as_py())
    lines = (
        (f"ecocomp verify {folder}", w.CMD_VERIFY),
        (f"ecocomp verify {folder} --rerun", w.CMD_RERUN),
        (f"ecocomp explain {folder} {example} --lang", w.CMD_EXPLAIN),
    )
    return Section("check", w.S_CHECK, (Para(w.CHECK_SELF), Commands(lines)))
