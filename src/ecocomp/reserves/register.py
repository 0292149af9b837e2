"""The register of reserves of a case: who set which ground aside, by which document, from when, and whether it still stands.

A reserve is a restriction like any other (`zoning.versions`): without an authority, a document and a date it is a wish, and
no payment and no ban can rest on it. Here are only its kinds, and the reading of a case's own table as restrictions.
"""

from __future__ import annotations

from datetime import date

import pyarrow as pa

from ecocomp.terms.clocks import as_of
from ecocomp.terms.faults import Fault
from ecocomp.terms.text import Text
from ecocomp.zoning.versions import dated_faults, version_faults

WHERE = "reserve"

KINDS: dict[str, Text] = {
    "recovery": Text("自然恢复", "natural recovery"),
    "corridor": Text("生态廊道", "ecological corridor"),
    "buffer": Text("缓冲带", "buffer"),
    "future": Text("战略留白", "strategic reserve"),
}
"""Categories of a restriction of the kind ``reserve``."""


def reserves_on(reserve: pa.Table, valid_on: date, known_on: date) -> pa.Table:
    """Return the reserves that stood on `valid_on`, as known on `known_on`."""
    return as_of(reserve, valid_on, known_on)


def check_register(reserve: pa.Table) -> list[Fault]:
    """Return every fault: no authority or document, no or late date of decision, dates the wrong way round, unknown kind,
    versions of one reserve that hold at once."""
    rows = [{**r, "adopted_on": r["decided_on"]} for r in reserve.to_pylist()]
    found = dated_faults(rows, WHERE, "reserve_id", ("authority", "document"))
    found += [_kind(str(r["reserve_id"]), str(r["kind"])) for r in rows if r["kind"] not in KINDS]
    return found + version_faults(rows, WHERE, "reserve_id")


def _kind(name: str, kind: str) -> Fault:
    clash = Text("类型“{k}”不在代码表中。", "the kind “{k}” is not in the code list.").fill(k=kind)
    return Fault("zoning.reserve_kind", WHERE, name, clash, Text("可用：{all}。", "Known: {all}.").fill(all=", ".join(KINDS)))
