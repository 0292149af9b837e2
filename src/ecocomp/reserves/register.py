"""The register of reserves: who set which ground aside, by which document, from when, and whether it still stands.

A reserve without an authority, a document and a date is a wish, not a reserve: no payment and no ban can rest on it.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import pyarrow as pa

from ecocomp.terms.clocks import as_of
from ecocomp.terms.faults import Fault, capped
from ecocomp.terms.text import Text

WHERE = "reserve"

KINDS: dict[str, Text] = {
    "recovery": Text("自然恢复", "natural recovery"),
    "corridor": Text("生态廊道", "ecological corridor"),
    "buffer": Text("缓冲带", "buffer"),
    "future": Text("战略留白", "strategic reserve"),
}


def reserves_on(reserve: pa.Table, valid_on: date, known_on: date) -> pa.Table:
    """Return the reserves that stood on `valid_on`, as known on `known_on`."""
    return as_of(reserve, valid_on, known_on)


def check_register(reserve: pa.Table) -> list[Fault]:
    """Return every fault: no authority or document, no or late date of decision, dates the wrong way round, unknown kind,
    versions of one reserve that hold at once."""
    rows = reserve.to_pylist()
    groups = [
        [f for r in rows for f in _papers(r)],
        [f for r in rows for f in _dates(r)],
        [f for r in rows if r["kind"] not in KINDS for f in [_kind(r)]],
        _versions(rows),
    ]
    return [f for group in groups if group for f in capped(group, group[0].code, WHERE)]


def _fault(code: str, record: str, clash: Text, remedy: Text) -> Fault:
    return Fault(f"reserves.{code}", WHERE, record, clash, remedy)


def _papers(r: dict[str, Any]) -> list[Fault]:
    words = {"authority": Text("决定机关", "authority"), "document": Text("文号", "document")}
    clash, remedy = Text("没有{w}。", "has no {w}."), Text("补上批准文件上的{w}。", "Add the {w} of the deed that set it aside.")
    return [
        _fault("no_" + k, r["reserve_id"], clash.fill(w=w), remedy.fill(w=w)) for k, w in words.items() if not (r[k] or "").strip()
    ]


def _dates(r: dict[str, Any]) -> list[Fault]:
    out, fix = [], Text("对照批准文件更正日期。", "Correct the dates after the deed.")
    if r["decided_on"] is None:
        out.append(_fault("no_date", r["reserve_id"], Text("没有决定日。", "has no date of decision."), fix))
    elif r["decided_on"] > r["valid_from"]:
        clash = Text("生效日 {a} 早于决定日 {b}。", "holds from {a}, before it was decided on {b}.").fill(
            a=r["valid_from"], b=r["decided_on"]
        )
        out.append(_fault("dates", r["reserve_id"], clash, fix))
    for start, end in (("valid_from", "valid_to"), ("known_from", "known_to")):
        if r[end] is not None and r[end] <= r[start]:
            clash = Text("{e} {b} 不晚于 {s} {a}。", "{e} {b} is not after {s} {a}.").fill(s=start, e=end, a=r[start], b=r[end])
            out.append(_fault("dates", r["reserve_id"], clash, fix))
    return out


def _kind(r: dict[str, Any]) -> Fault:
    clash = Text("类型“{k}”不在代码表中。", "the kind “{k}” is not in the code list.").fill(k=r["kind"])
    return _fault("kind", r["reserve_id"], clash, Text("可用：{all}。", "Known: {all}.").fill(all=", ".join(KINDS)))


def _versions(rows: list[dict[str, Any]]) -> list[Fault]:
    clash = Text("两个版本同时有效：{a} 起与 {b} 起。", "two versions hold at once: from {a} and from {b}.")
    remedy = Text("给前一版本写上失效日或更正日。", "Give the earlier version the day it ended or was corrected.")
    by_id: dict[str, list[dict[str, Any]]] = {}
    for r in sorted(rows, key=lambda r: (r["reserve_id"], r["known_from"])):
        by_id.setdefault(r["reserve_id"], []).append(r)
    return [
        _fault("versions", i, clash.fill(a=a["valid_from"], b=b["valid_from"]), remedy)
        for i, found in by_id.items()
        for k, a in enumerate(found)
        for b in found[k + 1 :]
        if _meet(a, b, "valid") and _meet(a, b, "known")
    ]


def _meet(a: dict[str, Any], b: dict[str, Any], clock: str) -> bool:
    start, end = f"{clock}_from", f"{clock}_to"
    return bool(a[start] < (b[end] or date.max) and b[start] < (a[end] or date.max))
