"""The public notice of a village: who is owed what, without saying who they are to those who do not know them.

For village boards and for everyone who wants to compare. Names keep their first character; the recipient code is a
keyed hash that only the office and the holder's own letter can connect to a person; villages with very few
recipients are merged with neighbours, because a sum of one is a person.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from math import lcm
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.rules import Parameters
from ecocomp.terms.faults import Fault, FaultsError
from ecocomp.terms.money import half_even
from ecocomp.terms.tables import DISCLOSURE
from ecocomp.terms.text import Text

#: Stands for the village when groups of several towns had to be merged.
MERGED = "merged"
_SUMS = ("parcels", "area_dm2", "gross_fen", "deduction_fen", "entitled_fen", "funded_fen")
_SECRET_BYTES = 16


def disclosure(entitlement: pa.Table, holder: pa.Table, village: pa.Table, params: Parameters, *, secret: bytes) -> pa.Table:
    """Return the public notice (DISCLOSURE): one line per village and recipient, excluded rows left out.

    secret  key of the case, 16 bytes or more, kept by the office; without it codes cannot be traced back or joined over years
    raises  FaultsError when the key is too short or a recipient is not in the holder register

    Parameters: ``governance.small_cell`` (fewest recipients a group may have), ``governance.masked_kinds``.
    """
    if len(secret) < _SECRET_BYTES:
        raise FaultsError(
            [
                Fault(
                    "governance.secret",
                    "case",
                    "secret",
                    Text("密钥只有 {n} 字节。", "The key has {n} bytes.").fill(n=len(secret)),
                    Text("用不少于 {m} 字节的随机密钥。", "Use {m} random bytes or more.").fill(m=_SECRET_BYTES),
                )
            ]
        )
    holders = {h["holder_id"]: h for h in holder.to_pylist()}
    lines = _lines(entitlement, holders)
    hidden = {str(k) for k in params.items("governance.masked_kinds")}
    groups = merge_small(
        {h: holders[h]["village_code"] for h, _ in lines},
        dict(zip(village["village_code"].to_pylist(), village["region_code"].to_pylist(), strict=True)),
        int(params.decimal("governance.small_cell")),
    )
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for (hid, year), sums in sorted(lines.items()):
        person = holders[hid]
        code, name = recipient_code(secret, hid, year), mask(person["name"]) if person["kind"] in hidden else person["name"]
        if groups[hid] is None:
            code, name = "*", "*"
        key = (groups[hid] or MERGED, code)
        old = rows.get(key)
        row = {"village_code": key[0], "recipient_code": code, "masked_name": name, **sums}
        rows[key] = row if old is None else {**row, **{k: old[k] + row[k] for k in _SUMS}}
    return DISCLOSURE.table(list(rows.values()))


def mask(name: str) -> str:
    """Return a name with only its first character, whatever its length.

    >>> mask("欧阳明"), mask("")
    ('欧*', '*')
    """
    return f"{name.strip()[:1]}*"


def recipient_code(secret: bytes, holder_id: str, year: int) -> str:
    """Return the code by which a holder finds their own line: 80 bits of HMAC-SHA256 over year and holder, in base32."""
    digest = hmac.new(secret, f"{year}\t{holder_id}".encode(), sha256).digest()
    return base64.b32encode(digest[:10]).decode()


def merge_small(village_of: Mapping[str, str], town_of: Mapping[str, str], fewest: int) -> dict[str, str | None]:
    """Return the group under which each recipient is published, so that no group has fewer than `fewest`.

    A village with enough recipients stands alone; smaller ones are joined by town, small towns are joined to
    ``merged``, and if even that is too small the smallest other group joins it. With fewer than `fewest` recipients
    in all the group is None: one line without codes or names.
    """
    if len(village_of) < fewest:
        return dict.fromkeys(village_of)
    group: dict[str, str] = dict(village_of)
    for upper in (town_of, {}):
        small = _small(group.values(), fewest)
        group = {h: upper.get(g, MERGED) if g in small else g for h, g in group.items()}
    while MERGED in _small(group.values(), fewest):
        others = sorted((n, g) for g, n in _counts(group.values()).items() if g != MERGED)
        group = {h: MERGED if g == others[0][1] else g for h, g in group.items()}
    return dict(group)


def _counts(groups: Iterable[str]) -> dict[str, int]:
    out: dict[str, int] = {}
    for g in groups:
        out[g] = out.get(g, 0) + 1
    return out


def _small(groups: Iterable[str], fewest: int) -> set[str]:
    return {g for g, n in _counts(groups).items() if n < fewest}


def _lines(entitlement: pa.Table, holders: Mapping[str, Any]) -> dict[tuple[str, int], dict[str, int]]:
    """Return the sums of each (holder, year); the area is the holder's share of it, rounded half-even once per recipient."""
    shown = entitlement.filter(pc.not_equal(entitlement["state"], "excluded"))
    unknown = sorted(set(shown["holder_id"].to_pylist()) - set(holders))
    if unknown:
        raise FaultsError(
            [
                Fault(
                    "governance.holder",
                    "entitlement",
                    h,
                    Text("权利人 {h} 不在登记册中。", "Holder {h} is not in the register.").fill(h=h),
                    Text("补登记后再公示。", "Register the holder before the notice."),
                )
                for h in unknown[:50]
            ]
        )
    by_holder: dict[tuple[str, int], list[dict[str, Any]]] = {}
    columns = ["holder_id", "year", "parcel_id", "area_dm2", "share_num", "share_den", *_SUMS[2:]]
    for row in shown.select(columns).to_pylist():
        by_holder.setdefault((row["holder_id"], row["year"]), []).append(row)
    return {k: _sums(rows) for k, rows in by_holder.items()}


def _sums(rows: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    common = lcm(*(r["share_den"] for r in rows))
    area = sum(r["area_dm2"] * r["share_num"] * (common // r["share_den"]) for r in rows)
    sums = {k: sum(r[k] for r in rows) for k in _SUMS[2:]}
    return {"parcels": len({r["parcel_id"] for r in rows}), "area_dm2": half_even(area, common), **sums}
