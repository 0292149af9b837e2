"""Versions of the red line: which line held on a day, by whose decision, as known on a day.

A line without an authority, a document and a date is a proposal: no restriction and no payment can rest on it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from ecocomp.terms.faults import Fault, FaultsError, capped
from ecocomp.terms.tables import RED_LINE_VERSION
from ecocomp.terms.text import Text

if TYPE_CHECKING:
    from ecocomp.zoning.polygons import Zones

WHERE = "red_line_version"


@dataclass(frozen=True, eq=False)
class RedLineVersion:
    """One version of the line: its id, two clocks (ends excluded, None open), who adopted it by which document, and its ground."""

    version_id: str
    valid_from: date
    valid_to: date | None
    known_from: date
    known_to: date | None
    authority: str
    document: str
    zones: Zones
    adopted_on: date | None = None

    def holds(self, valid_on: date, known_on: date) -> bool:
        """Return whether the version held on `valid_on` as known on `known_on`."""
        return _within(valid_on, self.valid_from, self.valid_to) and _within(known_on, self.known_from, self.known_to)


def _within(day: date, start: date, end: date | None) -> bool:
    return start <= day and (end is None or day < end)


def version_on(versions: Sequence[RedLineVersion], valid_on: date, known_on: date) -> RedLineVersion | None:
    """Return the version that held on `valid_on` as known on `known_on`, or None; a fault where several did."""
    held = [v for v in versions if v.holds(valid_on, known_on)]
    if len(held) > 1:
        raise FaultsError([_at_once(a, b) for a, b in pairwise(held)])
    return held[0] if held else None


def version_table(versions: Sequence[RedLineVersion]) -> pa.Table:
    """Return the register of the versions (RED_LINE_VERSION), with a fingerprint of the ground of each."""
    fields = ("version_id", "authority", "document", "adopted_on", "valid_from", "valid_to", "known_from", "known_to")
    return RED_LINE_VERSION.table([{**{f: getattr(v, f) for f in fields}, "layer_sha256": fingerprint(v.zones)} for v in versions])


def versions_of(register: pa.Table, zones: Mapping[str, Zones]) -> list[RedLineVersion]:
    """Return the versions of a register with their ground; a fault for each layer that is missing or was altered.

    zones  ground of each version by its id
    """
    faults, out = [], []
    for row in register.to_pylist():
        name, print_ = row["version_id"], row.pop("layer_sha256")
        found = zones.get(name)
        if found is None:
            faults.append(_layer(name, Text("没有图层。", "has no layer.")))
        elif print_ and fingerprint(found) != print_:
            said = Text("图层指纹与登记的 {s}… 不符。", "the fingerprint of its layer is not the registered {s}….")
            faults.append(_layer(name, said.fill(s=print_[:12])))
        else:
            out.append(RedLineVersion(zones=found, **row))
    if faults:
        raise FaultsError(faults)
    return out


def _layer(name: str, clash: Text) -> Fault:
    remedy = Text("给出批准时的图层。", "Give the layer that was adopted.")
    return Fault("zoning.version_layer", WHERE, name, clash, remedy)


def fingerprint(zones: Zones) -> str:
    """Return the SHA-256 of the ground of a line; the order of its polygons does not matter."""
    import shapely

    shapes = sorted(shapely.to_wkb(shapely.normalize(np.asarray(zones.geometry, object)), byte_order=1).tolist())
    return hashlib.sha256(b"".join(shapes)).hexdigest()


def check_versions(versions: Sequence[RedLineVersion]) -> list[Fault]:
    """Return every fault: no authority or document, adopted late or never, dates the wrong way round, versions that meet."""
    groups: list[list[Fault]] = [
        [f for v in versions for f in _papers(v)],
        [f for v in versions for f in _dates(v)],
        [_at_once(a, b) for i, a in enumerate(versions) for b in versions[i + 1 :] if _meet(a, b)],
    ]
    return [f for group in groups if group for f in capped(group, group[0].code, WHERE)]


def _fault(code: str, version: RedLineVersion, clash: Text, remedy: Text) -> Fault:
    return Fault(f"zoning.{code}", WHERE, version.version_id, clash, remedy)


def _papers(v: RedLineVersion) -> list[Fault]:
    words = {"authority": Text("批准机关", "authority"), "document": Text("文号", "document")}
    clash, remedy = Text("没有{w}。", "has no {w}."), Text("补上批准文件上的{w}。", "Add the {w} of the decision.")
    return [_fault(f"version_no_{k}", v, clash.fill(w=w), remedy.fill(w=w)) for k, w in words.items() if not getattr(v, k).strip()]


def _dates(v: RedLineVersion) -> list[Fault]:
    fix = Text("对照批准文件更正日期。", "Correct the dates after the decision.")
    out = []
    if v.adopted_on is None:
        out.append(_fault("version_no_date", v, Text("没有批准日。", "has no date of adoption."), fix))
    elif v.adopted_on > v.valid_from:
        clash = Text("生效日 {a} 早于批准日 {b}。", "holds from {a}, before it was adopted on {b}.")
        out.append(_fault("version_dates", v, clash.fill(a=v.valid_from, b=v.adopted_on), fix))
    for start, end in (("valid_from", "valid_to"), ("known_from", "known_to")):
        a, b = getattr(v, start), getattr(v, end)
        if b is not None and b <= a:
            clash = Text("{e} {b} 不晚于 {s} {a}。", "{e} {b} is not after {s} {a}.").fill(s=start, e=end, a=a, b=b)
            out.append(_fault("version_dates", v, clash, fix))
    return out


def _meet(a: RedLineVersion, b: RedLineVersion) -> bool:
    def overlap(clock: str) -> bool:
        (a0, a1), (b0, b1) = ((getattr(v, f"{clock}_from"), getattr(v, f"{clock}_to") or date.max) for v in (a, b))
        return bool(a0 < b1 and b0 < a1)

    return overlap("valid") and overlap("known")


def _at_once(a: RedLineVersion, b: RedLineVersion) -> Fault:
    clash = Text("与版本 {o} 同时有效（{x} 起与 {y} 起）。", "holds at once with {o} (from {x} and from {y}).")
    remedy = Text("给前一版本写上失效日或更正日。", "Give the earlier version the day it ended or was corrected.")
    return _fault("version_overlap", a, clash.fill(o=b.version_id, x=a.valid_from, y=b.valid_from), remedy)
