"""What must be true of the registers after every deed, day by day.

Checked on the parcels and objects a deed has touched. A fault that stood before the deed and is no worse after it is not
the deed's; it is found by `ecocomp.tenure.rights.check_rights`.

1. On every day the clear shares of one kind of right on one parcel add up to at most 1, exactly. Disputed shares may exceed
   it: rival claims wait in escrow.
2. A management right rests on a contract or use right of the same parcel, never on more than that right's share, never
   outside the days it holds, and its term does not exceed that right's term.
3. Two versions of one object never hold on the same day.
4. A contract right stands on registered ownership (warning).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from fractions import Fraction
from itertools import pairwise
from typing import Any

from ecocomp.tenure.desk import Desk
from ecocomp.tenure.versions import FOREVER, Row, end_of, object_of, share_of
from ecocomp.terms.codes import RIGHT_KINDS
from ecocomp.terms.registers import CADASTRE, object_key
from ecocomp.terms.text import Text

Excess = dict[tuple[str, str], list[tuple[date, date, Fraction]]]
"""By parcel or right and kind: from, until, and by how much a sum goes beyond what it may be."""


def check(desk: Desk, mark: int) -> None:
    """Note every fault that the steps since a mark brought about."""
    parcels = sorted({r["parcel_id"] for r in desk.work.touched("tenure", mark)})
    for parcel in parcels:
        before, after = desk.work.before("tenure", mark, parcel_id=parcel), desk.work.find("tenure", parcel_id=parcel)
        _shares(desk, parcel, before, after)
        _leases(desk, before, after)
        _ownership(desk, parcel, before, after)
    for register in CADASTRE:
        _one_at_a_time(desk, register, mark)


# ---------------------------------------------------------------- shares
def over_one(rows: Iterable[Row]) -> dict[str, list[tuple[date, date, Fraction]]]:
    """Return by kind the spans on which the clear shares of one parcel exceed 1, with their sum.

    Management rights with a basis are left out: `over_basis` holds them to less.
    """
    events: dict[str, dict[date, Fraction]] = defaultdict(lambda: defaultdict(Fraction))
    for r in rows:
        if r["state"] == "clear" and r["basis"] is None:
            events[r["kind"]][r["valid_from"]] += share_of(r)
            events[r["kind"]][end_of(r)] -= share_of(r)
    return {k: found for k, e in events.items() if (found := _above(e, Fraction(1)))}


def over_basis(rows: Iterable[Row]) -> dict[str, list[tuple[date, date, Fraction]]]:
    """Return by basis the spans on which management rights exceed the contract or use right they rest on, and by how much.

    Management rights without any basis are left out: those a case brought do not name it.
    """
    events: dict[str, dict[date, Fraction]] = defaultdict(lambda: defaultdict(Fraction))
    rows = list(rows)
    for r in rows:
        lease = r["kind"] == "management"
        if lease and r["basis"] is None:
            continue
        if lease or r["kind"] in ("contract", "use"):
            sign = 1 if lease else -1
            of = r["basis"] if lease else r["right_id"]
            events[of][r["valid_from"]] += sign * share_of(r)
            events[of][end_of(r)] -= sign * share_of(r)
    return {k: found for k, e in events.items() if (found := _above(e, Fraction(0)))}


def _above(events: dict[date, Fraction], limit: Fraction) -> list[tuple[date, date, Fraction]]:
    out, total = [], Fraction(0)
    days = sorted(events)
    for day, after in zip(days, [*days[1:], FOREVER], strict=True):
        total += events[day]
        if total > limit and day < after:
            out.append((day, after, total))
    return out


def _worse(
    before: list[tuple[date, date, Fraction]], after: list[tuple[date, date, Fraction]]
) -> list[tuple[date, date, Fraction]]:
    """Return the spans of `after` that no span of `before` covers with at least as large a sum."""
    return [(a, b, s) for a, b, s in after if not any(c <= a and b <= d and t >= s for c, d, t in before)]


def _until(day: date) -> str:
    return "" if day == FOREVER else str(day)


def _shares(desk: Desk, parcel: str, before: list[Row], after: list[Row]) -> None:
    old = over_one(before)
    clash = Text(
        "{k}的份额在 {a} 至 {b} 之和是 {s}，超过 1：{r}。",
        "the shares of the {k} add up to {s} from {a} until {b}, more than 1: {r}.",
    )
    remedy = Text("核对凭证和日期；有争议的先提出争议。", "Check the documents and days; open a dispute for what is contested.")
    for kind, spans in over_one(after).items():
        for a, b, total in _worse(old.get(kind, []), spans)[:1]:
            rights = [r for r in after if r["kind"] == kind and r["valid_from"] <= a < end_of(r)]
            said = ", ".join(f"{r['right_id']} ({r['holder_id']} {share_of(r)})" for r in rights[:20])
            desk.note("exceeds_one", parcel, clash.fill(k=RIGHT_KINDS.get(kind, kind), a=a, b=_until(b), s=total, r=said), remedy)


def _leases(desk: Desk, before: list[Row], after: list[Row]) -> None:
    old = over_basis(before)
    clash = Text(
        "自 {a} 至 {b}，由它派生的经营权超出它 {s}。", "management rights out of it go beyond it by {s} from {a} until {b}."
    )
    remedy = Text("先缩短或注销经营权，或更正份额、期限。", "Shorten or end the management right first, or correct share or term.")
    for basis, spans in over_basis(after).items():
        for a, b, much in _worse(old.get(basis, []), spans)[:1]:
            desk.note("beyond_basis", basis, clash.fill(a=a, b=_until(b), s=much), remedy)
    terms = {r["right_id"]: r["term_to"] for r in after if r["term_to"] is not None}
    seen = {(r["right_id"], r["term_to"]) for r in before}
    clash = Text(
        "经营权期限 {a} 晚于承包经营权 {r} 的期限 {b}。", "its term ends on {a}, after that of the contract right {r} on {b}."
    )
    for r in after:
        base = terms.get(r["basis"])
        if r["kind"] == "management" and base and (r["term_to"] or FOREVER) > base and (r["right_id"], r["term_to"]) not in seen:
            desk.note(
                "term", r["right_id"], clash.fill(a=r["term_to"], r=r["basis"], b=base), Text("更正期限。", "Correct the term.")
            )


def _ownership(desk: Desk, parcel: str, before: list[Row], after: list[Row]) -> None:
    on = desk.on
    held = {r["kind"] for r in after if r["valid_from"] <= on < end_of(r)}
    had = {r["kind"] for r in before if r["valid_from"] <= on < end_of(r)}
    if "ownership" not in held and "contract" in held and not ("contract" in had and "ownership" not in had):
        clash = Text("有承包经营权，却没有登记所有权。", "carries a contract right but no registered ownership.")
        remedy = Text("补登集体或国家所有权。", "Register the ownership of the collective or the state.")
        desk.note("no_ownership", parcel, clash, remedy, "warning")


# ---------------------------------------------------------------- versions
def _one_at_a_time(desk: Desk, register: str, mark: int) -> None:
    """Note objects of which two versions hold on the same day."""
    touched: dict[tuple[Any, ...], Row] = {object_of(register, r): r for r in desk.work.touched(register, mark)}
    clash = Text("两个版本同时生效：{a} 起与 {b} 起。", "two versions hold at once: from {a} and from {b}.")
    for row in touched.values():
        key = {k: row[k] for k in object_key(register)}
        rows = sorted(desk.work.find(register, **key), key=lambda r: r["valid_from"])
        for one, two in pairwise(rows):
            if two["valid_from"] < end_of(one):
                text = clash.fill(a=one["valid_from"], b=two["valid_from"])
                desk.note("versions", " ".join(key.values()), text, Text("更正生效日。", "Correct the days it holds."))
