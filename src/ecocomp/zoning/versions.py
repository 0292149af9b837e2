"""Restrictions and the layers they lie on, as dated objects: which held on a day, by whose decision, as known on a day.

One truth for red lines, farmland, bans, forests and reserves: the registers `restriction` and `edition` of
`terms.registers`. A restriction lies on one parcel or on an edition of a layer. Without an authority, a document and a date
it is a proposal: no ban and no payment can rest on it (`binding_on`), and neither on one that is adopted only later or whose
layer is. Every fault is told, all at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.terms.clocks import as_of
from ecocomp.terms.codes import EDITION_KINDS, RESTRICTION_KINDS
from ecocomp.terms.faults import Fault, FaultsError
from ecocomp.terms.text import Text

if TYPE_CHECKING:
    from ecocomp.zoning.editions import ZoneEdition

Row = Mapping[str, Any]
RESTRICTION, EDITION = "restriction", "edition"
_WORDS = {
    "reason": Text("理由", "reason"),
    "authority": Text("批准机关", "authority"),
    "document": Text("文号", "document"),
}
_FIX_DATES = Text("对照批准文件更正日期。", "Correct the dates after the decision.")


def restrictions_on(restriction: pa.Table, on: date, known: date) -> pa.Table:
    """Return the restrictions that held on a day, as known on a day, whether or not they bind."""
    return as_of(restriction, on, known)


def binding_on(restriction: pa.Table, edition: pa.Table, on: date, known: date) -> pa.Table:
    """Return the restrictions that held on a day and bind: with papers, adopted by then, on a layer that is too.

    What is left out is named by `check_restrictions`.
    """
    held, layers = as_of(restriction, on, known), as_of(edition, on, known)
    good = layers.filter(_binds(layers, on))["edition_id"]
    grounded = pc.or_(
        pc.is_null(held["edition_id"]), pc.is_in(held["edition_id"], value_set=pa.array(good.to_pylist(), pa.string()))
    )
    return held.filter(pc.and_(_binds(held, on), grounded))


def _binds(table: pa.Table, on: date) -> Any:
    said = [pc.not_equal(pc.utf8_trim_whitespace(pc.fill_null(table[c], "")), "") for c in ("authority", "document")]
    adopted = pc.fill_null(pc.less_equal(table["adopted_on"], pa.scalar(on, pa.date32())), False)
    return pc.and_(pc.and_(*said), adopted)


def edition_on(edition: pa.Table, kind: str, region_code: str, on: date, known: date) -> dict[str, Any] | None:
    """Return the edition of a layer that held on a day as known on a day, or None.

    raises  `FaultsError` where several held at once
    """
    held = [r for r in as_of(edition, on, known).to_pylist() if r["kind"] == kind and r["region_code"] == region_code]
    if len(held) > 1:
        raise FaultsError([_two_layers(a, b) for a, b in pairwise(held)])
    return held[0] if held else None


def check_layer(row: Row, layer: ZoneEdition | None) -> list[Fault]:
    """Return a fault where the file of a registered edition is missing, was altered or is of another kind."""
    if layer is None:
        return [_layer_fault(row, Text("没有图层文件。", "has no layer file."))]
    out = []
    if row["fingerprint"] != layer.fingerprint:
        said = Text("文件指纹与登记的 {s}… 不符。", "the fingerprint of its file is not the registered {s}….")
        out.append(_layer_fault(row, said.fill(s=str(row["fingerprint"])[:12])))
    if row["kind"] != layer.kind:
        clash = Text("登记为 {a}，文件是 {b}。", "is registered as {a}, the file is {b}.").fill(a=row["kind"], b=layer.kind)
        out.append(_layer_fault(row, clash))
    return out


def _layer_fault(row: Row, clash: Text) -> Fault:
    remedy = Text("给出批准时的图层。", "Give the layer that was adopted.")
    return Fault("zoning.edition_layer", EDITION, str(row["edition_id"]), clash, remedy)


# ---------------------------------------------------------------- checks
def check_restrictions(restriction: pa.Table, edition: pa.Table, on: date, known: date) -> list[Fault]:
    """Return every fault of the restrictions, all of them: no reason, authority, document or date; not yet adopted on the day
    (a proposal binds nobody); adopted after they began to hold; dates the wrong way round; unknown kinds; ground that is
    missing, double, of another kind or itself a proposal; versions that meet.

    on, known  the day for which it is asked; papers and dates are checked on every row that is not corrected by `known`
    """
    stands = _standing(restriction, known)
    layers = {r["edition_id"]: r for r in as_of(edition, on, known).to_pylist()}
    ever = set(edition["edition_id"].to_pylist())
    held = {id(r) for r in stands if r["valid_from"] <= on and (r["valid_to"] is None or on < r["valid_to"])}
    out = dated_faults(stands, RESTRICTION, "restriction_id", ("reason", "authority", "document"))
    out += [f for r in stands for f in _kind(r, RESTRICTION_KINDS, RESTRICTION, "restriction_id")]
    out += [f for r in stands if id(r) in held for f in _proposal(r, on)]
    out += [f for r in stands for f in _ground(r, ever)]
    out += [f for r in stands if id(r) in held and r["edition_id"] in ever for f in _layer(r, layers.get(r["edition_id"]), on)]
    return out + version_faults(restriction.to_pylist(), RESTRICTION, "restriction_id")


def check_editions(edition: pa.Table, on: date, known: date) -> list[Fault]:
    """Return every fault of the editions: papers and dates as of restrictions, and two editions of one layer of one region
    that hold at once."""
    stands = _standing(edition, known)
    out = dated_faults(stands, EDITION, "edition_id", ("authority", "document"))
    out += [f for r in stands for f in _kind(r, EDITION_KINDS, EDITION, "edition_id")]
    rows = sorted(edition.to_pylist(), key=lambda r: (r["kind"], r["region_code"], r["valid_from"], r["edition_id"]))
    out += version_faults(rows, EDITION, "edition_id")
    return out + _meeting(rows, lambda r: (r["kind"], r["region_code"]), _two_layers, "edition_id")


def dated_faults(rows: Sequence[Row], where: str, key: str, papers: Iterable[str]) -> list[Fault]:
    """Return the faults of the papers and dates of some rows of a register that knows `adopted_on`.

    key     column with the code of the object
    papers  columns that must not be empty
    """
    return [f for r in rows for f in (*_papers(r, where, key, papers), *_dates(r, where, key))]


def version_faults(rows: Sequence[Row], where: str, key: str) -> list[Fault]:
    """Return a fault for every two rows of one object that hold at once on both clocks."""

    def said(a: Row, b: Row) -> Fault:
        clash = Text("两个版本同时有效：{x} 起与 {y} 起。", "two versions hold at once: from {x} and from {y}.")
        remedy = Text("给前一版本写上失效日或更正日。", "Give the earlier version the day it ended or was corrected.")
        return Fault(f"zoning.{where}_versions", where, str(a[key]), clash.fill(x=a["valid_from"], y=b["valid_from"]), remedy)

    return _meeting(sorted(rows, key=lambda r: (r[key], r["known_from"], r["valid_from"])), lambda r: r[key], said, None)


def _standing(table: pa.Table, known: date) -> list[dict[str, Any]]:
    """Return the rows known on a day, whenever they hold."""
    from ecocomp.terms.clocks import end_of_day

    if not pa.types.is_timestamp(table["known_from"].type):
        return [r for r in table.to_pylist() if r["known_from"] <= known and (r["known_to"] is None or known < r["known_to"])]
    moment = end_of_day(known)
    return [r for r in table.to_pylist() if r["known_from"] < moment and (r["known_to"] is None or moment <= r["known_to"])]


def _papers(r: Row, where: str, key: str, papers: Iterable[str]) -> list[Fault]:
    clash, remedy = Text("没有{w}。", "has no {w}."), Text("补上批准文件上的{w}。", "Add the {w} of the decision.")
    return [
        Fault(f"zoning.{where}_no_{k}", where, str(r[key]), clash.fill(w=_WORDS[k]), remedy.fill(w=_WORDS[k]))
        for k in papers
        if not (r[k] or "").strip()
    ]


def _dates(r: Row, where: str, key: str) -> list[Fault]:
    out, name = [], str(r[key])
    if r["adopted_on"] is None:
        clash = Text("没有批准日。", "has no date of adoption.")
        out.append(Fault(f"zoning.{where}_no_date", where, name, clash, _FIX_DATES))
    elif r["adopted_on"] > r["valid_from"]:
        clash = Text("生效日 {a} 早于批准日 {b}。", "holds from {a}, before it was adopted on {b}.")
        filled = clash.fill(a=r["valid_from"], b=r["adopted_on"])
        out.append(Fault(f"zoning.{where}_late", where, name, filled, _FIX_DATES))
    for start, end in (("valid_from", "valid_to"), ("known_from", "known_to")):
        if r[end] is not None and r[end] <= r[start]:
            clash = Text("{e} {b} 不晚于 {s} {a}。", "{e} {b} is not after {s} {a}.").fill(s=start, e=end, a=r[start], b=r[end])
            out.append(Fault(f"zoning.{where}_dates", where, name, clash, _FIX_DATES))
    return out


def _proposal(r: Row, on: date) -> list[Fault]:
    """A restriction said to hold on a day before it is adopted binds nobody."""
    if r["adopted_on"] is None or r["adopted_on"] <= on:
        return []
    clash = Text(
        "{d} 尚未批准（批准日 {a}），只是方案，不能据此限制。", "on {d} it is not adopted ({a}): a proposal, it binds nobody."
    )
    remedy = Text("批准后再生效，或更正日期。", "Let it hold from its adoption, or correct the dates.")
    return [
        Fault("zoning.restriction_proposal", RESTRICTION, str(r["restriction_id"]), clash.fill(d=on, a=r["adopted_on"]), remedy)
    ]


def _kind(r: Row, known: Mapping[str, Text], where: str, key: str) -> list[Fault]:
    if r["kind"] in known:
        return []
    clash = Text("类型“{k}”不在代码表中。", "the kind “{k}” is not in the code list.").fill(k=r["kind"])
    remedy = Text("可用：{a}。", "Known: {a}.").fill(a=", ".join(known))
    return [Fault(f"zoning.{where}_kind", where, str(r[key]), clash, remedy)]


def _ground(r: Row, ever: set[str]) -> list[Fault]:
    name = str(r["restriction_id"])
    if bool(r["parcel_id"]) == bool(r["edition_id"]):
        clash = (
            Text("既写了地块又写了图层。", "names a parcel and a layer.")
            if r["parcel_id"]
            else Text("没有范围：既无地块又无图层。", "has no ground: neither a parcel nor a layer.")
        )
        remedy = Text("写上地块编码或图层版次，只写一项。", "Give a parcel or an edition of a layer, one of them.")
        return [Fault("zoning.restriction_ground", RESTRICTION, name, clash, remedy)]
    if r["edition_id"] and r["edition_id"] not in ever:
        clash = Text("图层版次 {e} 没有登记。", "the edition {e} is not registered.").fill(e=r["edition_id"])
        remedy = Text("先导入该图层。", "Import the layer first.")
        return [Fault("zoning.restriction_edition", RESTRICTION, name, clash, remedy)]
    return []


def _layer(r: Row, layer: Row | None, on: date) -> list[Fault]:
    """A restriction that holds must lie on a layer that holds, is adopted and of its kind."""
    name, remedy = (
        str(r["restriction_id"]),
        Text("改用当日有效、已批准的同类图层版次。", "Use an adopted edition of its kind of that day."),
    )
    if layer is None:
        clash = Text("图层版次 {e} 在 {d} 无效。", "the edition {e} does not hold on {d}.").fill(e=r["edition_id"], d=on)
    elif layer["kind"] != r["kind"]:
        clash = Text("限制是 {a}，图层是 {b}。", "the restriction is {a}, its layer {b}.").fill(a=r["kind"], b=layer["kind"])
    elif layer["adopted_on"] is None or layer["adopted_on"] > on:
        clash = Text("图层版次 {e} 在 {d} 还只是方案。", "the edition {e} is only a proposal on {d}.").fill(e=r["edition_id"], d=on)
    else:
        return []
    return [Fault("zoning.restriction_edition", RESTRICTION, name, clash, remedy)]


def _two_layers(a: Row, b: Row) -> Fault:
    clash = Text("与版次 {o} 同时有效（{x} 起与 {y} 起）。", "holds at once with {o} (from {x} and from {y}).")
    remedy = Text("给前一版次写上失效日或更正日。", "Give the earlier edition the day it ended or was corrected.")
    said = clash.fill(o=b["edition_id"], x=a["valid_from"], y=b["valid_from"])
    return Fault("zoning.edition_overlap", EDITION, str(a["edition_id"]), said, remedy)


def _meeting(
    rows: Sequence[Row], group: Callable[[Row], Any], said: Callable[[Row, Row], Fault], unlike: str | None
) -> list[Fault]:
    """Return a fault for every two rows of one group that meet on both clocks.

    unlike  column in which the two must differ, None: any two
    """
    groups: dict[Any, list[Row]] = {}
    for r in rows:
        groups.setdefault(group(r), []).append(r)
    return [
        said(a, b)
        for found in groups.values()
        for k, a in enumerate(found)
        for b in found[k + 1 :]
        if _meet(a, b, "valid") and _meet(a, b, "known") and (unlike is None or a[unlike] != b[unlike])
    ]


def _meet(a: Row, b: Row, clock: str) -> bool:
    start, end = f"{clock}_from", f"{clock}_to"
    return (b[end] is None or a[start] < b[end]) and (a[end] is None or b[start] < a[end])
