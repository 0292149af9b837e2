"""Section 5: the gross ecosystem product as a table like a standard's, with what it leaves out and what is debated.

Sums are those of `valuation.gep`; nothing is added up here.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.report import say
from ecocomp.report import words as w
from ecocomp.report.blocks import Absent, Block, Grid, Listing, Para, Section, Sub
from ecocomp.report.bundle import Bundle
from ecocomp.report.frame import Story, big_money, cap, entry_name, said_unit, service_name, service_order
from ecocomp.terms.faults import FaultsError
from ecocomp.terms.tables import PPM
from ecocomp.terms.text import Text, same
from ecocomp.valuation.gep import GROUPS, LEFT_OUT, gep_groups, gep_total
from ecocomp.valuation.guards import DEBATED, covers
from ecocomp.valuation.value import Total

_ALIGN = ("l", "r", "l", "r", "r", "r", "r", "r")
_WIDTHS = (2.4, 1.2, 1.4, 1.1, 0.8, 1.5, 2.3, 0.9)
Row = dict[str, Any]


def gep(story: Story) -> Section:
    """Return the section on the gross ecosystem product."""
    b = story.bundle
    account = b.table("gep")
    account = account.filter(pc.equal(account["part"], "")) if account is not None else None
    if account is None or not len(account):
        return Section("gep", w.S_GEP, (story.absent(w.S_GEP, "gep"),))
    try:
        total, groups = gep_total(account), gep_groups(account)
    except FaultsError as stop:  # without one price year there is no sum to state
        why = [f.clash for f in stop.faults]
        gap = Absent(w.S_GEP, Text("".join(t.zh for t in why), " ".join(t.en for t in why)))
        return Section("gep", w.S_GEP, (gap, _quantities(account)))
    lead = w.GEP_LEAD.fill(
        year=b.year,
        v=say.budget(total.value_fen),
        range=say.between(say.budget(total.low_fen), say.budget(total.high_fen)),
        p=total.price_year,
    )
    return Section("gep", w.S_GEP, (Para(lead), _table(b, account, total, groups), *_beside(b, account)))


def _table(b: Bundle, account: pa.Table, total: Total, groups: pa.Table) -> Grid:
    rows: list[tuple[Text, ...]] = []
    marks: list[str] = []
    order = [str(g["group"]) for g in b.rules.get(GROUPS) or []]
    lines = sorted(account.to_pylist(), key=lambda r: service_order(r["service"]))
    for g in sorted(groups.to_pylist(), key=lambda g: order.index(g["group"]) if g["group"] in order else len(order)):
        rows.append(_sum_row(cap(_group_name(b, g["group"])), g, g["share_ppm"]))
        marks.append("group")
        members = [r for r in lines if r["group"] == g["group"] and r["value_fen"] is not None]
        rows += [_priced(r) for r in members]
        marks += [""] * len(members)
    bare = [r for r in lines if r["value_fen"] is None]
    if bare:
        rows.append((w.GEP_BARE, *[same("")] * 7))
        marks.append("group")
        rows += [_bare(r) for r in bare]
        marks += [""] * len(bare)
    whole = _sum_row(w.TOTAL, {c: getattr(total, c) for c in ("value_fen", "low_fen", "high_fen", "price_year")}, PPM)
    return Grid(w.GEP_TABLE, w.GEP_HEAD, _ALIGN, tuple(rows), whole, w.GEP_NOTE, _WIDTHS, tuple(marks))  # type: ignore[arg-type]


def _quantities(account: pa.Table) -> Grid:
    """Return the quantities alone, where no sum of values can be stated."""
    lines = sorted(account.to_pylist(), key=lambda r: service_order(r["service"]))
    return Grid(w.GEP_TABLE, w.GEP_HEAD, _ALIGN, tuple(_bare(r) for r in lines), None, None, _WIDTHS)  # type: ignore[arg-type]


def _sum_row(name: Text, found: Row, share_ppm: int | None) -> tuple[Text, ...]:
    blank = same("")
    return (name, blank, blank, blank, same(str(found["price_year"])), *_money(found), _share(share_ppm))


def _priced(r: Row) -> tuple[Text, ...]:
    price = same(_grouped(r["unit_price"])) if r["unit_price"] is not None else say.NONE
    return (*_quantity(r), price, same(str(r["price_year"])), *_money(r), _share(r["share_ppm"]))


def _bare(r: Row) -> tuple[Text, ...]:
    return (*_quantity(r), w.NOT_PRICED, *[say.NONE] * 4)


def _quantity(r: Row) -> tuple[Text, Text, Text]:
    return (service_name(r["service"]), say.quantity(r["quantity"]), said_unit(r["unit"]))


def _money(r: Row) -> tuple[Text, Text]:
    return big_money(r["value_fen"]), say.between(big_money(r["low_fen"]), big_money(r["high_fen"]))


def _share(ppm: int | None) -> Text:
    return say.NONE if ppm is None else say.percent(ppm / PPM)


def _grouped(price: str) -> str:
    """Return a price as it is printed in the account, its whole part in groups of three.

    >>> _grouped("1500"), _grouped("7.479825")
    ('1,500', '7.479825')
    """
    whole, point, rest = price.partition(".")
    return f"{int(whole):,}{point}{rest}"


def _group_name(b: Bundle, group: str) -> Text:
    for g in b.rules.get(GROUPS) or []:
        if g["group"] == group:
            return Text(str(g["zh"]), str(g["en"]))
    return w.GEP_UNGROUPED


# ---------------------------------------------------------------- what stands beside the account
def _beside(b: Bundle, account: pa.Table) -> list[Block]:
    methods = dict.fromkeys(m for m in account["method"].to_pylist() if m)
    blocks: list[Block] = [
        Para(w.GEP_METHODS.fill(names=say.joined([entry_name("valuation.methods", m) for m in methods])), "note")
    ]
    left_out = [Text(str(i["zh"]), str(i["en"])) for i in b.rules.get(LEFT_OUT) or []]
    if left_out:
        blocks += [Sub(w.GEP_LEFT_OUT), Listing(tuple(left_out))]
    pairs = debated_pairs(b, account)
    if pairs:
        blocks += [Sub(w.GEP_DEBATED), Listing(tuple(pairs))]
    return blocks


def debated_pairs(b: Bundle, account: pa.Table) -> list[Text]:
    """Return a sentence for each pair of priced services whose common total is debated."""
    priced = sorted(set(account.filter(pc.is_valid(account["value_fen"]))["service"].to_pylist()), key=service_order)
    out = []
    for item in b.rules.get(DEBATED) or []:
        met = [[s for s in priced if covers(str(m), s)] for m in item["services"]]
        if sum(bool(m) for m in met) > 1:
            names = [service_name(s) for m in met for s in m]
            out.append(w.GEP_PAIR.fill(names=_and(names), why=Text(str(item["zh"]), str(item["en"]))))
    return out


def _and(names: list[Text]) -> Text:
    return Text("与".join(n.zh for n in names), " and ".join(n.en for n in names))
