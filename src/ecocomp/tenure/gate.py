"""The gate: what the money half reads of the registers of an office, and a case's registers as an office keeps them.

Case tables know days, registers know moments; what was recorded in the course of a day of the office (UTC+8) is known on
that day. A version recorded and corrected on one day was never known at the end of a day, so it is not in the case. Who is
paid, on any day as known on any other, is the same on both sides of the gate.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ecocomp.terms.clocks import OFFICE_ZONE
from ecocomp.terms.codes import HOLDER_KINDS
from ecocomp.terms.registers import DUTY, MEMBER, PARTY, TENURE
from ecocomp.terms.tables import CONTRACT, HOLDER, RIGHT, TableSpec

_DAY_US = 86_400_000_000
_OFFSET_US = (OFFICE_ZONE.utcoffset(None) or timedelta(0)) // timedelta(microseconds=1)
_FIRST_DAY = date(1970, 1, 1)


# ---------------------------------------------------------------- from the office to the case
def gate_tables(
    registers: Mapping[str, pa.Table], valid: tuple[date, date] | None = None, on: date | None = None
) -> dict[str, pa.Table]:
    """Return ``holder``, ``right`` and ``contract`` as a case has them (`terms.tables`), cut from the registers of an office.

    registers  party, member, tenure and duty with all their versions; a register left out counts as empty
    valid      keep rights and contracts that hold on a day of [first, second). None: all
    on         holders as they are on this day (name, village, members, income), as known now. None: as they are last

    A holder is there for every party ever registered that can hold rights (not for banks). Its members are those of the
    register of parties, else the members counted, else 1 for a person and 0 where nothing is known.
    A right whose holder has ended is disputed from that day on, as known since that was recorded: its money waits for the heirs.
    """
    tables = {s.name: registers.get(s.name, s.empty()) for s in (PARTY, MEMBER, TENURE, DUTY)}
    return {
        "holder": _holders(tables["party"], tables["member"], on),
        "right": _in_days(_waiting_for_heirs(tables["tenure"], tables["party"]), RIGHT, valid),
        "contract": _in_days(tables["duty"], CONTRACT, valid),
    }


def _waiting_for_heirs(tenure: pa.Table, party: pa.Table) -> pa.Table:
    """Return the rights with those of parties that have ended (died, dissolved) in dispute from that day on."""
    ended = _ended(party)
    if not ended or not len(tenure):
        return tenure
    at = pc.fill_null(pc.index_in(tenure["holder_id"], value_set=pa.array(list(ended), pa.string())), -1)
    hers = pc.greater_equal(at, 0)
    made = [part for row in tenure.filter(hers).to_pylist() for part in _parts(row, *ended[row["holder_id"]])]
    return pa.concat_tables([tenure.filter(pc.invert(hers)), pa.Table.from_pylist(made, schema=tenure.schema)])


def _ended(party: pa.Table) -> dict[str, tuple[date, datetime]]:
    """Return by party the day it ended and the moment that was recorded, of what is known now."""
    now = party.filter(pc.is_null(party["known_to"]))
    going_on = pa.array(pc.unique(now.filter(pc.is_null(now["valid_to"]))["party_id"]).to_pylist(), pa.string())
    open_ = pc.is_in(now["party_id"], value_set=going_on)
    last: dict[str, tuple[date, datetime]] = {}
    for row in now.filter(pc.invert(open_)).select(["party_id", "valid_to", "known_from"]).to_pylist():
        found = (row["valid_to"], row["known_from"])
        last[row["party_id"]] = max(last.get(row["party_id"], found), found)
    return last


def _parts(row: dict[str, Any], end: date, told: datetime) -> list[dict[str, Any]]:
    """Divide a right at the end of its holder and at the moment that was recorded."""
    if (row["valid_to"] is not None and row["valid_to"] <= end) or (row["known_to"] is not None and row["known_to"] <= told):
        return [row]
    out = [{**row, "known_to": told}] if row["known_from"] < told else []
    since = {"known_from": max(row["known_from"], told)}
    if row["valid_from"] < end:
        out.append({**row, **since, "valid_to": end})
    return [*out, {**row, **since, "valid_from": max(row["valid_from"], end), "state": "disputed"}]


def _in_days(table: pa.Table, spec: TableSpec, valid: tuple[date, date] | None) -> pa.Table:
    if valid is not None:
        first, after = (pa.scalar(d, pa.date32()) for d in valid)
        over = pc.fill_null(pc.less_equal(table["valid_to"], first), False)
        table = table.filter(pc.and_not(pc.less(table["valid_from"], after), over))
    for name in ("known_from", "known_to"):
        table = table.set_column(table.schema.get_field_index(name), name, office_days(table[name]))
    stood = pc.invert(pc.fill_null(pc.equal(table["known_from"], table["known_to"]), False))
    return spec.checked(table.filter(stood).select(spec.schema().names).cast(spec.schema()))


def office_days(moments: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return the day of the office on which each moment lies (date32)."""
    return _mapped(moments, pa.date32(), lambda us: (us + _OFFSET_US) // _DAY_US)


def office_moments(days: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return the first moment of each day of the office, in UTC."""
    return _mapped(days, pa.timestamp("us", tz="UTC"), lambda d: d * _DAY_US - _OFFSET_US)


def _mapped(column: pa.ChunkedArray, type: pa.DataType, change: Any) -> pa.ChunkedArray:
    array = pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
    whole = array.cast(pa.int32()).cast(pa.int64()) if pa.types.is_date(array.type) else array.cast(pa.int64())
    none = np.asarray(pc.is_null(whole).to_numpy(zero_copy_only=False), bool)
    values = change(np.asarray(pc.fill_null(whole, 0).to_numpy(zero_copy_only=False), np.int64))
    made = pa.array(values, pa.int64(), mask=none)
    made = made.cast(pa.int32()).cast(type) if pa.types.is_date(type) else made.cast(type)
    return pa.chunked_array([made])


def _holders(party: pa.Table, member: pa.Table, on: date | None) -> pa.Table:
    party = party.filter(pc.is_in(party["kind"], pa.array(list(HOLDER_KINDS))))
    party = party.take(pa.array(_last_of(party, on)))
    counted = pc.fill_null(_counts(member, party["party_id"], on), 0)
    alone = pc.if_else(pc.equal(party["kind"], "person"), 1, counted)
    columns = {
        "holder_id": party["party_id"],
        "kind": party["kind"],
        "name": party["name"],
        "village_code": party["region_code"],
        "members": pc.coalesce(party["members"], alone),
        "income_fen": party["income_fen"],
    }
    return HOLDER.checked(pa.table(columns, schema=HOLDER.schema()))


def _last_of(party: pa.Table, on: date | None) -> NDArray[np.int64]:
    """Return one row per party: of what is known now the version that holds on the day, else the last; sorted by party."""
    if not len(party):
        return np.zeros(0, np.int64)
    codes, names = _codes(party["party_id"])
    place = np.empty(len(names), np.int64)
    place[np.asarray(pc.sort_indices(names))] = np.arange(len(names))
    known = np.asarray(pc.is_null(party["known_to"]).to_numpy(), bool)
    day = pa.scalar(on or date.max, pa.date32())
    begun = np.asarray(pc.less_equal(party["valid_from"], day).to_numpy(), bool)
    since = np.asarray(party["valid_from"].cast(pa.int32()).to_numpy(), np.int64)
    recorded = np.asarray(party["known_from"].cast(pa.int64()).to_numpy(), np.int64)
    order = np.lexsort((recorded, np.where(begun, since, -since), begun, known, place[codes]))
    ends = np.append(np.flatnonzero(np.diff(place[codes][order])), len(order) - 1)
    return np.asarray(order[ends], np.int64)


def _codes(column: pa.ChunkedArray) -> tuple[NDArray[np.int64], pa.Array]:
    made = pa.concat_arrays(column.chunks).dictionary_encode()
    return np.asarray(made.indices, np.int64), made.dictionary


def _counts(member: pa.Table, ids: pa.ChunkedArray, on: date | None) -> pa.Array:
    """Return how many members each party has on the day, or where their membership is open; null where none is registered."""
    now = member.filter(pc.is_null(member["known_to"]))
    if on is None:
        now = now.filter(pc.is_null(now["valid_to"]))
    else:
        day = pa.scalar(on, pa.date32())
        over = pc.fill_null(pc.less_equal(now["valid_to"], day), False)
        now = now.filter(pc.and_not(pc.less_equal(now["valid_from"], day), over))
    counts = now.group_by("group_id").aggregate([([], "count_all")])
    at = pc.index_in(ids, pa.concat_arrays(counts["group_id"].chunks) if len(counts) else pa.array([], pa.string()))
    return counts["count_all"].take(at) if len(counts) else pa.chunked_array([pa.nulls(len(ids), pa.int64())])


# ---------------------------------------------------------------- from the case to the office
def from_gate(
    holder: pa.Table, right: pa.Table, contract: pa.Table | None = None, since: date | None = None
) -> dict[str, pa.Table]:
    """Return the registers party, tenure and duty of a case: days become the first moments of those days.

    since  day from which the parties are registered. None: the first day on which any right or contract holds

    What a case does not say stays empty: numbers of people and accounts, unit codes, terms, what a management right rests on.
    """
    contract = CONTRACT.empty() if contract is None else contract
    first = since or _first(right, contract, "valid_from")
    recorded = pa.scalar(_first(right, contract, "known_from"), pa.date32())
    n = len(holder)
    party = {
        "party_id": holder["holder_id"],
        "kind": holder["kind"],
        "name": holder["name"],
        "region_code": holder["village_code"],
        "members": holder["members"],
        "income_fen": holder["income_fen"],
        "valid_from": pa.chunked_array([pa.repeat(pa.scalar(first, pa.date32()), n)]),
        "known_from": office_moments(pa.chunked_array([pa.repeat(recorded, n)])),
    }
    return {"party": PARTY.table(party), "tenure": _in_moments(right, TENURE), "duty": _in_moments(contract, DUTY)}


def _first(right: pa.Table, contract: pa.Table, column: str) -> date:
    found = [d for t in (right, contract) if len(t) and (d := pc.min(t[column]).as_py()) is not None]
    return min(found, default=_FIRST_DAY)


def _in_moments(table: pa.Table, spec: TableSpec) -> pa.Table:
    columns = {n: table[n] for n in table.schema.names}
    columns |= {n: office_moments(table[n]) for n in ("known_from", "known_to")}
    return spec.table(columns)
