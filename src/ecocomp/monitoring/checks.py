"""The register of field checks: faults before a verdict may weigh on anybody's money.

A verdict decides with a red light whether money is held, so a check of an unknown parcel, with an unknown verdict, or that
nobody signed, stops the run.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.terms.codes import VERDICTS
from ecocomp.terms.faults import Fault, capped
from ecocomp.terms.text import Text

WHERE = "field_check"
_PAPERS = {"inspector": Text("核查员", "inspector"), "evidence": Text("证据", "evidence")}


def check_field_checks(field_check: pa.Table, parcel: pa.Table) -> list[Fault]:
    """Return every fault: unknown parcel or verdict, no inspector, no evidence, two verdicts of one parcel on one day."""
    known = parcel["parcel_id"].combine_chunks()
    strangers = field_check.filter(pc.invert(pc.is_in(field_check["parcel_id"], known))).to_pylist()
    rows = field_check.to_pylist()
    # `none` says that nobody looked; a row says that somebody did.
    allowed = [v for v in VERDICTS if v != "none"]
    groups = [
        [_stranger(r) for r in strangers],
        [_verdict(r, allowed) for r in rows if r["verdict"] not in allowed],
        [_paper(r, word) for r in rows for name, word in _PAPERS.items() if not r[name].strip()],
        _at_odds(rows),
    ]
    return [f for group in groups if group for f in capped(group, group[0].code, WHERE)]


def _stranger(r: dict[str, Any]) -> Fault:
    clash = Text("核查的地块 {p} 不在调查成果中。", "checks parcel {p}, which the survey does not have.").fill(p=r["parcel_id"])
    return Fault("monitoring.unknown_parcel", WHERE, r["check_id"], clash, Text("更正地块编码。", "Correct the parcel code."))


def _verdict(r: dict[str, Any], allowed: list[str]) -> Fault:
    clash = Text("判定“{v}”不在代码表中。", "the verdict “{v}” is not in the code list.").fill(v=r["verdict"])
    remedy = Text("可用：{all}。", "Known: {all}.").fill(all=", ".join(allowed))
    return Fault("monitoring.verdict", WHERE, r["check_id"], clash, remedy)


def _paper(r: dict[str, Any], word: Text) -> Fault:
    clash = Text("没有{w}。", "has no {w}.").fill(w=word)
    return Fault("monitoring.unsigned", WHERE, r["check_id"], clash, Text("补上{w}。", "Add the {w}.").fill(w=word))


def _at_odds(rows: list[dict[str, Any]]) -> list[Fault]:
    first: dict[tuple[Any, Any], dict[str, Any]] = {}
    out = []
    clash = Text(
        "与 {o} 同日核查同一地块 {p}，判定却是“{a}”与“{b}”。",
        "and {o} check parcel {p} on one day, with the verdicts “{b}” and “{a}”.",
    )
    remedy = Text("保留复核后的一条，更正另一条。", "Keep the reviewed one and correct the other.")
    for r in sorted(rows, key=lambda r: r["check_id"]):
        other = first.setdefault((r["parcel_id"], r["checked_on"]), r)
        if other["verdict"] != r["verdict"]:
            text = clash.fill(o=other["check_id"], p=r["parcel_id"], a=other["verdict"], b=r["verdict"])
            out.append(Fault("monitoring.at_odds", WHERE, r["check_id"], text, remedy))
    return out
