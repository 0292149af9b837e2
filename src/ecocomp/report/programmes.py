"""What rule-file programmes owe and pay: claim by claim for the letter to a holder, programme by programme for the year's report.

The standard has one rate per parcel; a programme has its own rate, agreed and accepted area, inspection, document and bearers
(tables `programme_due`, `programme_source`), so its money is told apart from that of the standard.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.programmes.borne import apart
from ecocomp.programmes.explain import LEVEL_WORDS
from ecocomp.programmes.programme import Payment, Programme
from ecocomp.programmes.words import REASONS, UNITS
from ecocomp.report import say
from ecocomp.report import words as w
from ecocomp.report.blocks import Block, Grid, Para, sides
from ecocomp.report.bundle import Bundle
from ecocomp.report.frame import cap, hectares
from ecocomp.terms.codes import FUND_SOURCES, INSPECTION_LEVELS
from ecocomp.terms.money import say_yuan
from ecocomp.terms.text import Text, same

Row = dict[str, Any]
LIVE = ("payable", "escrow")
"""States of a due row that is owed."""


# ---------------------------------------------------------------- one holder
@dataclass(frozen=True)
class Claim:
    """One entitlement of a rule-file programme, with what it was worked out from.

    row   the entitlement
    dues  rows of `programme_due` it consists of: mostly one; plots of different measures on one parcel are paid as one
    paid  name, source, document and fen of each envelope that funds it
    """

    row: Row
    dues: tuple[Row, ...]
    programme: Programme | None
    payment: Payment | None
    inspections: tuple[Row, ...]
    paid: tuple[tuple[Text, str, str, int], ...]
    titles: Mapping[str, Text]

    @property
    def state(self) -> str:
        """State of the entitlement; what is refused only for now is `waiting`."""
        waits = self.row["state"] == "excluded" and any(d["state"] == "waiting" for d in self.dues)
        return "waiting" if waits else str(self.row["state"])

    @property
    def name(self) -> Text:
        """Programme, item, and the year with its tranche."""
        due = self.dues[0]
        parts = [self.titles.get(due["programme"], same(due["programme"]))]
        if self.payment is not None and self.payment.name != parts[0]:
            parts.append(self.payment.name)
        year = w.L_C_YEAR if due["tranche"] is None else w.L_C_TRANCHE
        parts.append(year.fill(y=due["for_year"], t=due["tranche"]))
        return Text("，".join(p.zh for p in parts), ", ".join(p.en for p in parts))

    @property
    def by_area(self) -> bool:
        """Whether it is paid on area."""
        return any(d["unit"] in ("CNY/mu", "CNY/ha") for d in self.dues)

    @property
    def area_dm2(self) -> int:
        """Area that this payment counts."""
        return sum(d["paid_dm2"] - d["before_dm2"] for d in self.dues)

    @property
    def rate(self) -> Text:
        """Rate as the table of the letter shows it: yuan per mu as a bare number, any other unit with its name."""
        said = {(d["rate"], d["unit"]) for d in self.dues if d["rate"]}
        if len(said) != 1:
            return say.NONE
        rate, unit = said.pop()
        if unit == "CNY/mu":
            return same(_rate(rate))
        return _with_unit(rate, unit)

    @property
    def reason(self) -> Text:
        """Why it is as it is, with the programme it clashes with."""
        found = REASONS.get(self.row["reason"], same(str(self.row["reason"]).replace("_", " ")))
        against = next((d["against"] for d in self.dues if d["against"]), "")
        if not against:
            return found
        name = self.titles.get(against, same(against))
        return Text(f"{found.zh}（{name.zh}）", f"{found.en} ({name.en})")


def claims_of(b: Bundle, rows: Iterable[Row]) -> dict[str, Claim]:
    """Return the claims among a holder's entitlements, by entitlement code; empty where no programme file owes anything."""
    table = b.table("programme_due")
    mine = {r["entitlement_id"]: r for r in rows}
    if table is None or not mine:
        return {}
    holders = {str(r["holder_id"]) for r in mine.values()}
    dues = [d for d in _picked(table, "holder_id", holders) if d["payee"] != "supplier"]
    own = [d for d in dues if d["due_id"] in mine]
    programmes = b.programmes if own else {}
    titles = titles_of(b, programmes)
    inspections = _picked(b.table("inspection"), "inspection_id", {d["inspection_id"] for d in dues if d["inspection_id"]})
    paid = _paid(b, {d["due_id"] for d in own})
    out: dict[str, Claim] = {}
    for first in own:
        joined = [d for d in dues if d["due_id"] not in mine and _key(d) == _key(first) and first["state"] in LIVE]
        programme = programmes.get(first["programme"])
        payment = next((p for p in programme.payments if p.id == first["payment"]), None) if programme else None
        both = (first, *joined)
        checks = tuple(i for i in inspections if i["inspection_id"] in {d["inspection_id"] for d in both})
        id = first["due_id"]
        out[id] = Claim(mine[id], both, programme, payment, checks, tuple(paid.get(id, ())), titles)
    return out


def _key(due: Row) -> tuple[Any, ...]:
    return tuple(due[k] for k in ("holder_id", "parcel_id", "programme", "payment", "year", "tranche", "state"))


def _picked(table: pa.Table | None, column: str, values: set[str]) -> list[Row]:
    if table is None or not values:
        return []
    return table.filter(pc.is_in(table[column], pa.array(sorted(values), pa.string()))).to_pylist()  # type: ignore[no-any-return]


def _paid(b: Bundle, ids: set[str]) -> dict[str, list[tuple[Text, str, str, int]]]:
    """Return the envelopes that fund entitlements: name, source, document, fen."""
    funds = _funds(b)
    out: dict[str, list[tuple[Text, str, str, int]]] = {}
    for a in _picked(b.table("allocation"), "entitlement_id", ids):
        name, source, document = funds.get(a["envelope_id"], (same(a["envelope_id"]), "", ""))
        out.setdefault(a["entitlement_id"], []).append((name, source, document, a["amount_fen"]))
    return out


def _funds(b: Bundle) -> dict[str, tuple[Text, str, str]]:
    """Return name, source and document of the year's envelopes."""
    table = b.table("envelope")
    rows = table.to_pylist() if table is not None else []
    return {e["envelope_id"]: (Text(e["name_zh"], e["name_en"]), e["source"], e["document"]) for e in rows}


def titles_of(b: Bundle, programmes: Mapping[str, Programme]) -> dict[str, Text]:
    """Return what programmes are called, and compensation by the standard under the case's code and its code for stacking."""
    case = b.meta["case"]
    standard = {str(case[k]): w.BY_STANDARD for k in ("stacks_as", "programme") if case.get(k)}
    return standard | {p.id: p.name for p in programmes.values()}


def told(claim: Claim, plot: Text) -> list[Text]:
    """Return a claim in paragraphs: agreed and accepted area, rate, sum and what is paid of it; by whom; on which papers."""
    lines = [*(_ground(claim, plot, d) for d in claim.dues), _now(claim)]
    first = Text("".join(t.zh for t in lines), " ".join(t.en for t in lines))
    return [first, *([_by_whom(claim)] if claim.paid else []), _papers(claim)]


def _ground(claim: Claim, plot: Text, due: Row) -> Text:
    """Return what it is for, the area agreed and accepted, and what that comes to."""
    variants = claim.programme.variants if claim.programme else {}
    variant = variants.get(due["variant"]) or (same(due["variant"]) if due["variant"] else None)
    parts = [plot, claim.name, *([variant] if variant else [])]
    head = Text("，".join(p.zh for p in parts), ", ".join(p.en for p in parts))
    facts: list[Text] = []
    if claim.by_area:
        facts.append(w.L_C_AREAS.fill(a=say.area(due["contracted_dm2"]), b=say.area(due["accepted_dm2"])))
        facts += [words.fill(a=say.area(due[c])) for c, words in w.L_C_LESS.items() if due[c]]
    if due["rate"] and due["gross_fen"]:
        facts.append(w.L_C_RATE.fill(r=_with_unit(due["rate"], due["unit"])))
        if claim.by_area:
            facts.append(w.L_C_COUNTED.fill(a=say.area(due["paid_dm2"] - due["before_dm2"])))
        if due["share_num"] != due["share_den"]:
            facts.append(w.L_C_SHARE.fill(a=due["share_num"], b=due["share_den"]))
        if due["months"] != 12:
            facts.append(w.L_C_MONTHS.fill(m=due["months"]))
        facts.append(w.L_C_SUM.fill(g=say_yuan(due["gross_fen"])))
    if due["deduction_fen"] and due["state"] in LIVE:
        facts.append(w.L_C_MANAGED.fill(d=say_yuan(due["deduction_fen"]), n=say_yuan(due["net_fen"])))
    if not facts:
        return Text(f"{head.zh}。", f"{head.en}.")
    return Text(f"{head.zh}：{'，'.join(f.zh for f in facts)}。", f"{head.en}: {', '.join(f.en for f in facts)}.")


def _now(claim: Claim) -> Text:
    """Return what is paid of it now."""
    row, state = claim.row, claim.state
    if state in ("waiting", "excluded"):
        return w.L_C_STATES[state].fill(r=claim.reason)
    said = w.L_C_STATES.get(state, w.L_C_STATES["payable"]).fill(f=say_yuan(row["funded_fen"]))
    if row["shortfall_fen"]:
        short = w.L_C_SHORT.fill(s=say_yuan(row["shortfall_fen"]))
        said = Text(said.zh + short.zh, said.en + short.en)
    return Text(f"{said.zh}。", f"{said.en}.")


def _by_whom(claim: Claim) -> Text:
    named = [
        w.L_C_FUND.fill(n=n, s=FUND_SOURCES.get(s, same(s)), d=d or "—", y=say_yuan(fen)) for n, s, d, fen in claim.paid if fen
    ]
    return w.L_C_FUNDS.fill(f=Text("；".join(n.zh for n in named), "; ".join(n.en for n in named)))


def _papers(claim: Claim) -> Text:
    cited = dict.fromkeys(d["document"] for d in claim.dues if d["document"])
    if claim.programme is not None and claim.programme.cited not in cited:
        cited[claim.programme.cited] = None
    papers = [same(c) for c in cited if not any(c != other and other.startswith(c) for other in cited)]
    papers += [w.L_C_CONTRACT.fill(c=c) for c in dict.fromkeys(d["contract_id"] for d in claim.dues) if c]
    for i in claim.inspections:
        paper = w.L_C_CERTIFIED.fill(c=i["certificate"]) if i["certificate"] else same("")
        level = INSPECTION_LEVELS.get(i["level"], same(i["level"]))
        papers.append(w.L_C_INSPECTED.fill(l=level, d=say.day(i["inspected_on"]), c=paper))
    return w.L_C_PAPERS.fill(p=Text("；".join(p.zh for p in papers), "; ".join(p.en for p in papers)))


def not_paid(claim: Claim, plot: Text) -> list[Text]:
    """Return why a claim, or a part of it, is not paid: its state, ground left out, public management."""
    row, name = claim.row, claim.titles.get(claim.dues[0]["programme"], same(claim.dues[0]["programme"]))
    out: list[Text] = []
    if claim.state == "excluded":
        out.append(w.L_C_NOT.fill(n=plot, p=name, r=claim.reason))
    elif claim.state == "waiting":
        words = w.L_C_NOT_YET if row["gross_fen"] else w.L_C_NOT_YET_OPEN
        out.append(words.fill(n=plot, p=name, g=say_yuan(row["gross_fen"]), r=claim.reason))
    elif claim.state == "escrow":
        out.append(w.L_C_KEPT.fill(n=plot, p=name, g=say_yuan(row["funded_fen"]), r=claim.reason))
    if claim.state in ("waiting", "excluded"):
        return out
    for due in claim.dues if claim.by_area else ():
        left = {"": due["contracted_dm2"] - due["accepted_dm2"], **{c: due[c] for c in ("cut_dm2", "stacked_dm2")}}
        why = [w.L_C_LEFT[c].fill(a=say.area(dm2)) for c, dm2 in left.items() if dm2 > 0]
        if why:
            out.append(w.L_C_AREA_LEFT.fill(n=plot, p=name, a=say.area(due["contracted_dm2"]), w=say.joined(why)))
    if row["deduction_fen"]:
        out.append(w.L_C_MANAGEMENT.fill(n=plot, p=name, d=say_yuan(row["deduction_fen"])))
    return out


def in_kind(b: Bundle, holder_id: str) -> list[Text]:
    """Return one sentence for each sum that a programme spends on seedlings and the like for a holder, and pays to no account."""
    dues = [d for d in _picked(b.table("programme_due"), "holder_id", {holder_id}) if d["payee"] == "supplier" and d["net_fen"]]
    if not dues:
        return []
    titles = titles_of(b, b.programmes)
    sums: dict[str, int] = {}
    for d in dues:
        sums[d["programme"]] = sums.get(d["programme"], 0) + d["net_fen"]
    return [w.L_C_IN_KIND.fill(p=titles.get(p, same(p)), g=say_yuan(fen)) for p, fen in sorted(sums.items())]


def _rate(text: str) -> str:
    """Return a rate in yuan with two places where that is exact, else as it is written."""
    fen = Fraction(text) * 100
    return say_yuan(int(fen)) if fen.denominator == 1 else text


def _with_unit(rate: str, unit: str) -> Text:
    word = UNITS[unit][0] if unit in UNITS else same(unit)
    if unit == "percent":
        return Text(f"{rate}%", f"{rate}%")
    return Text(f"{_rate(rate)}{word.zh}", f"{_rate(rate)} {word.en}")


# ---------------------------------------------------------------- the year
def by_programme(b: Bundle) -> list[Block]:
    """Return the tables by programme for a case that has rule-file programmes: what each owes and pays, and from whose money."""
    case, table = b.meta["case"], b.table("entitlement")
    asked = [str(p) for p in case.get("programmes") or ()]
    if not asked or table is None:
        return []
    titles = titles_of(b, b.programmes)
    standard = str(case.get("programme") or "")
    names = [standard, *asked]
    key = {n: n if n == standard else n.partition(".")[0] for n in pc.unique(table["programme"]).to_pylist()}
    names += sorted({k for k in key.values() if k not in names})
    rows = {
        n: table.filter(pc.is_in(table["programme"], pa.array([k for k, v in key.items() if v == n], pa.string()))) for n in names
    }
    waiting = _waiting(b)
    lines = [(cap(titles.get(n, same(n))), *_line(rows[n], waiting.get(n, 0))) for n in names]
    total = (w.TOTAL, *_line(table, sum(waiting.values())))
    grid = Grid(w.PROG_TABLE, w.PROG_HEAD, sides(7), tuple(lines), total, w.PROG_NOTE, (2.4, 0.9, 1.3, 1.5, 1.5, 1.2, 1.2, 1.2))
    return [grid, *_whose_money(b, names, rows, titles)]


def _waiting(b: Bundle) -> dict[str, int]:
    """Return by programme what is not payable yet, at its rate."""
    table = b.table("programme_due")
    out: dict[str, int] = {}
    for d in table.select(["programme", "state", "payee", "gross_fen"]).to_pylist() if table is not None else ():
        if d["state"] == "waiting" and d["payee"] != "supplier":
            out[d["programme"]] = out.get(d["programme"], 0) + d["gross_fen"]
    return out


def _line(rows: pa.Table, waiting: int) -> tuple[Text, ...]:
    """Return recipients, area, owed, and of that paid now, kept or held, not covered; and what is not payable yet."""
    owed = rows.filter(pc.greater(rows["entitled_fen"], 0))
    kept = _sum(owed.filter(pc.is_in(owed["state"], pa.array(["escrow", "held"]))), "funded_fen")
    sums = (_sum(owed, "entitled_fen"), _sum(owed, "funded_fen") - kept, kept, _sum(owed, "shortfall_fen"), waiting)
    return (say.count(len(pc.unique(owed["holder_id"]))), hectares(_sum(owed, "area_dm2")), *(same(say_yuan(v)) for v in sums))


def _sum(table: pa.Table, column: str) -> int:
    return int(pc.sum(table[column]).as_py() or 0)


def _whose_money(b: Bundle, names: Sequence[str], rows: Mapping[str, pa.Table], titles: Mapping[str, Text]) -> list[Block]:
    """Return which level should bear each programme beside the envelopes that fund it, and a note where the two are apart."""
    allocation = b.table("allocation")
    if allocation is None:
        return []
    funds, borne = _funds(b), _borne(b)
    lines: list[tuple[Text, ...]] = []
    marks: list[str] = []
    notes: list[Block] = []
    for n in names:
        given = allocation.filter(pc.is_in(allocation["entitlement_id"], rows[n]["entitlement_id"].combine_chunks()))
        paid = _sums(given, "envelope_id")
        should = borne.get(n, {})
        if not paid and not should:
            continue
        title = cap(titles.get(n, same(n)))
        lines.append((title, _money(sum(should.values())), _money(sum(paid.values()))))
        lines += [(cap(LEVEL_WORDS.get(level, same(level))), _money(fen), say.NONE) for level, fen in should.items()]
        lines += [(_named(funds, e), say.NONE, _money(fen)) for e, fen in paid.items()]
        marks += ["group", *[""] * (len(should) + len(paid))]
        by_source: dict[str, int] = {}
        for e, fen in paid.items():
            source = funds[e][1] if e in funds else e
            by_source[source] = by_source.get(source, 0) + fen
        clash = apart(should, by_source, 1 + len(rows[n]))
        if clash is not None:
            notes.append(Para(w.PROG_APART.fill(p=title, c=clash), "note"))
    if not lines:
        return []
    grid = Grid(w.PROG_MONEY, w.PROG_MONEY_HEAD, sides(2), tuple(lines), None, w.PROG_MONEY_NOTE, (3.2, 1.4, 1.4), tuple(marks))
    return [grid, *notes]


def _money(fen: int) -> Text:
    return same(say_yuan(fen)) if fen else say.NONE


def _named(funds: Mapping[str, tuple[Text, str, str]], id: str) -> Text:
    name, source, _ = funds.get(id, (same(id), "", ""))
    if not source:
        return name
    kind = FUND_SOURCES.get(source, same(source))
    return Text(f"{name.zh}（{kind.zh}）", f"{name.en} ({kind.en})")


def _borne(b: Bundle) -> dict[str, dict[str, int]]:
    """Return programme → level → fen of what is owed, levels from the centre down."""
    due, source = b.table("programme_due"), b.table("programme_source")
    if due is None or source is None:
        return {}
    live = due.filter(pc.is_in(due["state"], pa.array(LIVE)))
    whose = dict(zip(live["due_id"].to_pylist(), live["programme"].to_pylist(), strict=True))
    out: dict[str, dict[str, int]] = {}
    for s in source.to_pylist():
        if s["due_id"] in whose and s["amount_fen"]:
            by = out.setdefault(whose[s["due_id"]], {})
            by[s["level"]] = by.get(s["level"], 0) + s["amount_fen"]
    order = [*LEVEL_WORDS]
    place = {level: i for i, level in enumerate(order)}
    return {p: dict(sorted(by.items(), key=lambda kv: (place.get(kv[0], len(order)), kv[0]))) for p, by in out.items()}


def _sums(table: pa.Table, column: str) -> dict[str, int]:
    made = table.group_by([column], use_threads=False).aggregate([("amount_fen", "sum")])
    return dict(sorted(zip(made[column].to_pylist(), made["amount_fen_sum"].to_pylist(), strict=True)))
