"""Whose title blocks payment: for every parcel of an edition, on a day as known on a day, why it cannot simply be paid.

For the desk that mends titles before a payment run. It looks at the rights that are paid by the rule of
`ecocomp.tenure.rights` and at nothing else: a fault of a right that pays nobody holds up nothing. A check whose register is
missing is not run, and `not_run` says so; an empty answer then does not mean a clean title.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ecocomp.tenure.rights import _NEVER, _Book, _mask
from ecocomp.terms.clocks import as_known, as_of
from ecocomp.terms.tables import Column, TableSpec
from ecocomp.terms.text import Text

REASONS: dict[str, tuple[Text, str]] = {
    "no_right": (Text("没有可受偿的权利", "no right that can be paid"), "block"),
    "shares_incomplete": (Text("份额之和不足 1", "shares add up to less than 1"), "block"),
    "shares_exceed": (Text("清楚的份额之和超过 1", "clear shares add up to more than 1"), "block"),
    "disputed": (Text("有争议，款项暂存", "disputed: the money waits in escrow"), "hold"),
    "holder_unknown": (Text("权利人不在登记中", "its holder is not registered"), "block"),
    "holder_dead": (Text("权利人已故，未办继承", "its holder is dead and nobody has inherited"), "block"),
    "holder_ended": (Text("权利人已终止", "its holder has ended"), "block"),
    "term_expired": (Text("期限已届满", "its term has run out"), "block"),
    "no_document": (Text("没有凭证", "no document"), "block"),
    "no_ground": (Text("地块不在生效的调查版次中", "its parcel is in no survey edition in force"), "block"),
    "mortgage_consent": (Text("已抵押，转让须抵押权人同意", "mortgaged: a transfer needs the creditor's consent"), "info"),
    "restriction_conflict": (Text("与用途管制冲突", "clashes with a restriction"), "info"),
}
"""Reason, and how it weighs: ``block`` nobody can be paid, ``hold`` the money waits in escrow, ``info`` it is paid."""

STANDING = TableSpec(
    "standing",
    Text("权属能否付款", "titles that block payment"),
    ("parcel_id", "reason"),
    (
        Column("parcel_id", pa.string(), "", Text("地块编码", "parcel code")),
        Column("reason", pa.string(), "standing.REASONS", Text("原因", "reason")),
        Column("severity", pa.string(), "block|hold|info", Text("后果", "consequence")),
        Column("holder_ids", pa.string(), "", Text("权利人（空格分隔）", "holders (space separated)")),
        Column("detail", pa.string(), "", Text("份额之和、权利或抵押编码", "sum of shares, codes of rights or mortgages")),
    ),
    "survey",
)
_READ = ("right_id", "parcel_id", "holder_id", "kind", "share_num", "share_den", "state", "document", "term_to")
_NEEDS = {"holder_unknown": "party", "holder_dead": "party", "holder_ended": "party", "mortgage_consent": "mortgage"}


def not_run(registers: Mapping[str, pa.Table], conflicts: pa.Table | None = None) -> tuple[str, ...]:
    """Return the reasons that cannot be told because their register or column is missing."""
    out = [r for r, name in _NEEDS.items() if name not in registers]
    if "term_to" not in registers["tenure"].schema.names:
        out.append("term_expired")
    return (*out, *(() if conflicts is not None else ("restriction_conflict",)))


def standing(
    parcel_ids: pa.Array | pa.ChunkedArray,
    registers: Mapping[str, pa.Table],
    valid_on: date,
    known_on: date,
    conflicts: pa.Table | None = None,
) -> pa.Table:
    """Return why parcels cannot simply be paid (STANDING): one row per parcel and reason; a parcel without a row is fine.

    parcel_ids  parcels of the edition; rights on others are left out
    registers   ``tenure`` (or a case's `right` table under that name), and where they are kept ``party``, ``mortgage``, ``duty``
    conflicts   columns ``parcel_id`` and ``detail`` from a finder of conflicts, taken in as ``restriction_conflict``
    """
    ids = _whole(parcel_ids)
    if not _ascends(ids):
        ids = ids.unique()
    duty = as_of(registers["duty"], valid_on, known_on) if "duty" in registers else None
    book = _book(registers["tenure"], duty, ids, valid_on, known_on)
    found = [_without(book, ids), *_sums(book, ids), *_rights(book, registers, valid_on, known_on)]
    if conflicts is not None:
        found.append(_conflicts(conflicts, ids))
    return STANDING.checked(pa.concat_tables([t.cast(STANDING.schema()) for t in found]))


def groundless(tenure: pa.Table, parcel_ids: pa.Array | pa.ChunkedArray, valid_on: date, known_on: date) -> pa.Table:
    """Return the rights (STANDING, one row per parcel) that lie on ground no edition in force has: nobody can be paid for them."""
    held = as_of(tenure, valid_on, known_on)
    lost = held.filter(pc.invert(pc.is_in(held["parcel_id"], value_set=_whole(parcel_ids))))
    rows: dict[str, tuple[set[str], list[str]]] = {}
    for r in lost.select(["parcel_id", "holder_id", "right_id"]).to_pylist():
        holders, rights = rows.setdefault(r["parcel_id"], (set(), []))
        holders.add(r["holder_id"])
        rights.append(r["right_id"])
    return STANDING.table(
        [
            {
                "parcel_id": p,
                "reason": "no_ground",
                "severity": "block",
                "holder_ids": " ".join(sorted(h)),
                "detail": " ".join(sorted(r)),
            }
            for p, (h, r) in sorted(rows.items())
        ]
    )


def _book(tenure: pa.Table, duty: pa.Table | None, ids: pa.Array, valid_on: date, known_on: date) -> _Book:
    """Return the rights of the day on the parcels given, in the order of the parcels; only the columns that are read."""
    clocks = tenure.select(["valid_from", "valid_to", "known_from", "known_to"])
    rows = as_of(clocks.append_column("row", pa.array(np.arange(len(tenure)))), valid_on, known_on)["row"].to_numpy()
    at = _place(_whole(tenure["parcel_id"]), ids)
    sound = _mask(pc.and_(pc.greater(tenure["share_num"], 0), pc.greater(tenure["share_den"], 0)))
    rows = rows[(at[rows] >= 0) & sound[rows]]
    if (np.diff(at[rows]) < 0).any():
        rows = rows[np.argsort(at[rows], kind="stable")]
    names = [n for n in _READ if n in tenure.schema.names]
    table = tenure.select(names).combine_chunks()
    if len(rows) != len(tenure) or (np.diff(rows) != 1).any():
        table = table.take(pa.array(rows))
    return _Book(table, duty, (at[rows], ids))


def _ascends(ids: pa.Array) -> bool:
    """Return whether ids are sorted, none twice; cheaper to see than to look for doubles."""
    return bool(pc.all(pc.less(ids[:-1], ids[1:])).as_py()) if len(ids) > 1 else True


def _place(values: pa.Array, ids: pa.Array) -> NDArray[np.int64]:
    return np.asarray(pc.fill_null(pc.index_in(values, ids), -1).to_numpy(zero_copy_only=False), np.int64)


# ---------------------------------------------------------------- parcels
def _without(book: _Book, ids: pa.Array) -> pa.Table:
    left = ids.take(pa.array(np.flatnonzero(book.best == _NEVER)))
    nothing = pa.repeat(pa.scalar(""), len(left))
    return _table("no_right", left, nothing, nothing)


def _sums(book: _Book, ids: pa.Array) -> list[pa.Table]:
    total, clear = book.sums(book.paying), book.sums(book.paying & book.clear)
    short = (total < book.scale) & (book.best < _NEVER)
    return [
        _parcels(book, ids, "shares_incomplete", np.flatnonzero(short), total),
        _parcels(book, ids, "shares_exceed", np.flatnonzero(clear > book.scale), clear),
    ]


def _parcels(book: _Book, ids: pa.Array, reason: str, parcels: NDArray[np.int64], total: NDArray[Any]) -> pa.Table:
    rows = np.flatnonzero(book.paying & np.isin(book.parcel, parcels))
    made = _joined(book, reason, rows, book.table["right_id"])
    said = dict(zip(ids.take(pa.array(parcels)).to_pylist(), (book.say(total[p]) for p in parcels), strict=True))
    detail = pa.array([said[p] for p in made["parcel_id"].to_pylist()], pa.string())
    return made.set_column(made.schema.get_field_index("detail"), "detail", detail)


# ---------------------------------------------------------------- rights
def _rights(book: _Book, registers: Mapping[str, pa.Table], valid_on: date, known_on: date) -> list[pa.Table]:
    table, rights = book.table, book.table["right_id"]
    empty = _mask(pc.equal(pc.utf8_trim_whitespace(table["document"]), ""))
    found = [("disputed", ~book.clear, rights), ("no_document", empty, rights)]
    if "term_to" in table.schema.names:
        over = _mask(pc.fill_null(pc.less_equal(table["term_to"], pa.scalar(valid_on, pa.date32())), False))
        found.append(("term_expired", over, rights))
    if "party" in registers:
        found += [(reason, mask, rights) for reason, mask in _holders(book, registers["party"], valid_on, known_on)]
    out = [_joined(book, reason, np.flatnonzero(mask & book.paying), detail) for reason, mask, detail in found]
    if "mortgage" in registers:
        out.append(_mortgaged(book, as_of(registers["mortgage"], valid_on, known_on)))
    return out


def _holders(book: _Book, party: pa.Table, valid_on: date, known_on: date) -> list[tuple[str, NDArray[np.bool_]]]:
    """Return which rights have a holder who is unknown, dead, or ended otherwise on the day."""
    holder = _whole(book.table["holder_id"])
    now = as_of(party, valid_on, known_on)
    missing = np.flatnonzero(_place(holder, _whole(now["party_id"])) < 0)
    names = holder.take(pa.array(missing))
    known = as_known(party, known_on)
    is_known = _mask(pc.is_in(names, _whole(known["party_id"])))
    person = _mask(pc.is_in(names, _whole(known.filter(pc.equal(known["kind"], "person"))["party_id"])))
    kinds = (("holder_unknown", ~is_known), ("holder_dead", is_known & person), ("holder_ended", is_known & ~person))
    out = []
    for reason, found in kinds:
        mask = np.zeros(len(holder), bool)
        mask[missing[found]] = True
        out.append((reason, mask))
    return out


def _mortgaged(book: _Book, mortgage: pa.Table) -> pa.Table:
    on = mortgage.group_by("right_id", use_threads=False).aggregate([("mortgage_id", "list")])
    keys = _whole(on["right_id"])
    at = pc.index_in(book.table["right_id"], keys)
    rows = np.flatnonzero(_mask(pc.is_valid(at)) & book.paying)
    said = pc.binary_join(_whole(on["mortgage_id_list"]), " ").take(_whole(at))
    return _joined(book, "mortgage_consent", rows, pa.chunked_array([said]))


def _conflicts(conflicts: pa.Table, ids: pa.Array) -> pa.Table:
    here = conflicts.filter(pc.is_in(conflicts["parcel_id"], ids))
    parts = here.group_by("parcel_id", use_threads=False).aggregate([("detail", "list")])
    said = pc.binary_join(_whole(parts["detail_list"]), " ")
    return _table("restriction_conflict", parts["parcel_id"], pa.array([""] * len(parts), pa.string()), said)


def _joined(book: _Book, reason: str, rows: NDArray[np.int64], detail: Any) -> pa.Table:
    """Return one row per parcel of some rights, with their holders and details side by side."""
    at = pa.array(rows, pa.int64())
    columns = {"p": book.table["parcel_id"], "r": book.table["right_id"], "h": book.table["holder_id"], "d": detail}
    part = pa.table({n: c.take(at) for n, c in columns.items()}).sort_by([("p", "ascending"), ("r", "ascending")])
    sums = part.group_by("p", use_threads=False).aggregate([("h", "list"), ("d", "list")])
    holders, details = (pc.binary_join(_whole(sums[c]), " ") for c in ("h_list", "d_list"))
    return _table(reason, sums["p"], holders, details)


def _table(reason: str, parcels: Any, holders: Any, details: Any) -> pa.Table:
    n = len(parcels)
    severity = REASONS[reason][1]
    columns = [
        _whole(parcels),
        pa.repeat(pa.scalar(reason), n),
        pa.repeat(pa.scalar(severity), n),
        _whole(holders),
        _whole(details),
    ]
    return pa.table(columns, names=STANDING.schema().names)


def _whole(column: Any) -> pa.Array:
    if isinstance(column, pa.ChunkedArray):
        return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
    return column
