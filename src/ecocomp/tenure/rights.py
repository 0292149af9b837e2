"""Rights on parcels: the state of the register on a day, its faults, and who is paid for a parcel.

For the cadastre, the programme office and anyone who asks why a holder is or is not paid. A right is a row of the
`right` table: an exact share of one kind of right on one parcel, with both clocks. Histories are read from the `tenure`
register of an office alike.

Who is paid (design of this project, after the sources below): the holders of the contract right, where there are any; on
state land without contracts the holders of the use right; else the owner, as a rule the collective. A management right
(经营权) that was handed on is paid only where a compensation contract in force names its holder for that parcel.

Dispute: a disputed share is returned with state ``disputed`` so that its money waits in escrow. Rival claims never
swell a parcel beyond one whole: disputed shares that together exceed what the clear shares leave are scaled down to it
exactly, and where clear shares already fill the parcel a rival claim turns them into ``disputed``.

References
----------
1. Decree 367 (2002), Regulation on returning farmland to forest, art. 24 and 35: the contract right holder is paid on
   the verified area.
2. Ziranzifa (2022) 191: the original contract right holder is paid; where the land was transferred, follow the contract.
3. Civil Code of China, art. 297-310 (shares of co-owners), 331-340 (contract and management rights).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import date
from fractions import Fraction
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ecocomp.terms.clocks import as_known, as_of
from ecocomp.terms.codes import RIGHT_KINDS, RIGHT_STATES
from ecocomp.terms.faults import Fault, Severity, capped
from ecocomp.terms.tables import RIGHT
from ecocomp.terms.text import Text

WHERE = "right"
PAYING_KINDS: tuple[str, ...] = ("management", "contract", "use", "ownership")
"""Kinds of right that can be paid, first choice first; management counts only where a contract names its holder."""

_NEVER = len(PAYING_KINDS)
_SPLIT = Text("按凭证更正份额，使同一地块同类权利之和为 1。", "Correct the shares after the documents so that they add up to 1.")


def rights_on(right: pa.Table, valid_on: date, known_on: date) -> pa.Table:
    """Return the rights that held on `valid_on`, as they were known on `known_on`."""
    return as_of(right, valid_on, known_on)


def holder_history(right: pa.Table, holder_id: str, known_on: date | None = None) -> pa.Table:
    """Return every right of one holder in the order of parcel, kind and time; as known on a day, or all versions."""
    return _history(right, "holder_id", holder_id, known_on)


def parcel_history(right: pa.Table, parcel_id: str, known_on: date | None = None) -> pa.Table:
    """Return every right ever on one parcel in the order of kind and time; as known on a day, or all versions."""
    return _history(right, "parcel_id", parcel_id, known_on)


def payable_rights(right_on: pa.Table, parcel: pa.Table | None = None, contract: pa.Table | None = None) -> pa.Table:
    """Return the rights that are paid: rows of `right`, whose shares add up to exactly 1 on every parcel returned.

    right_on  rights in force on the day (see `rights_on`)
    parcel    parcel table; rights on other parcels are left out. None: all
    contract  compensation contracts in force; a management right is paid where one names its holder on its parcel
    returns   `right` rows sorted by parcel and right; ``state`` is ``disputed`` where the money has to wait. Parcels
              whose shares cannot make one whole are left out: `check_rights` names them.
    """
    book = _Book(_on_known_parcels(right_on, parcel), contract)
    keep, state, scaled = book.paid()
    paid = book.table.take(pa.array(keep))
    num, den = scaled
    for name, values in (("share_num", num), ("share_den", den), ("state", state)):
        at = paid.schema.get_field_index(name)
        paid = paid.set_column(at, RIGHT.schema().field(name), pa.array(values, RIGHT.schema().field(name).type))
    return paid.cast(RIGHT.schema()).combine_chunks()


def check_rights(
    right: pa.Table, holder: pa.Table, parcel: pa.Table, valid_on: date, known_on: date, contract: pa.Table | None = None
) -> list[Fault]:
    """Return every fault of the register as it stood on `valid_on` and was known on `known_on`.

    Errors: bad fractions, unknown codes, holders or parcels, dates the wrong way round, versions of one right that hold at
    once, a right entered twice, shares of the paid kind that do not add up to 1, exclusive rights that clash.
    Warnings: disputed rights and rival claims (paid into escrow), parcels on which nobody can be paid.
    """
    now = rights_on(right, valid_on, known_on)
    found = [_wrong_codes(now), _unknown(now, holder, "holder_id"), _unknown(now, parcel, "parcel_id")]
    found += [_wrong_fractions(now), _wrong_dates(right), _versions_at_once(right), _entered_twice(now)]
    sound = _sound(_on_known_parcels(now, parcel))
    book = _Book(sound, contract)
    found += [_wrong_sums(book), _too_much_clear(book), _contract_and_use(book), _disputed(now), _nobody_paid(book, parcel)]
    return [f for group in found if group for f in capped(group, group[0].code, WHERE)]


class _Book:
    """The rights of one day, sorted by parcel and right, with the sums every check and the payment rule need."""

    def __init__(self, table: pa.Table, contract: pa.Table | None, numbered: tuple[NDArray[np.int64], Any] | None = None) -> None:
        """Sort the rights; with `numbered` (the number of each row's parcel, ascending, and all parcels) they are as given."""
        if numbered is None:
            table = table.sort_by([("parcel_id", "ascending"), ("right_id", "ascending")]).combine_chunks()
            numbered = _codes(table["parcel_id"])
        self.table = table
        self.parcel: NDArray[np.int64] = numbered[0]
        self.names: Any = numbered[1]
        self.num, self.den = _ints(self.table, "share_num"), _ints(self.table, "share_den")
        self.clear = _mask(pc.equal(self.table["state"], "clear"))
        self.rank = _ranks(self.table, contract)
        best = np.full(len(self.names), _NEVER)
        np.minimum.at(best, self.parcel, self.rank)
        self.best = best
        self.paying = (self.rank == best[self.parcel]) & (self.rank < _NEVER)
        self.scale = _common_scale(self.den)

    def sums(self, rows: NDArray[np.bool_]) -> NDArray[Any]:
        """Return the sum of shares per parcel over `rows`, times `self.scale`, exact (int64, or Python ints where too large)."""
        part = (
            self.num.astype(object) * (self.scale // self.den.astype(object)) if self._wide else self.num * (self.scale // self.den)
        )
        out = np.zeros(len(self.names), object if self._wide else np.int64)
        np.add.at(out, self.parcel[rows], part[rows])
        return out

    @property
    def _wide(self) -> bool:
        return self.scale * max(1, len(self.num)) >= 2**62 // max(1, int(self.num.max(initial=1)))

    def paid(self) -> tuple[NDArray[np.int64], list[str], tuple[list[int], list[int]]]:
        """Return the paid rows, their states and their shares (numerators, denominators)."""
        clear, all_of_it = self.sums(self.paying & self.clear), self.sums(self.paying)
        has_rival = all_of_it > self.scale
        whole = (all_of_it == self.scale) | (has_rival & (clear <= self.scale))
        full = has_rival & (clear == self.scale)
        keep = self.paying & whole[self.parcel] & ~(full[self.parcel] & ~self.clear)
        rows = np.flatnonzero(keep)
        disputed = ~self.clear[rows] | full[self.parcel[rows]]
        num, den = self.num[rows].tolist(), self.den[rows].tolist()
        for i in np.flatnonzero(has_rival[self.parcel[rows]] & ~self.clear[rows]):
            p = self.parcel[rows[i]]
            left = Fraction(int(self.scale - clear[p]), int(all_of_it[p] - clear[p]))
            share = Fraction(num[i], den[i]) * left
            num[i], den[i] = share.numerator, share.denominator
        return rows, np.where(disputed, "disputed", "clear").tolist(), (num, den)

    def rights_of(self, p: int | np.integer[Any], rows: NDArray[np.bool_]) -> str:
        """Return the rights of parcel number `p` among `rows` as people read them: ``R1 (H1 1/2), R2 (H2 1/3)``."""
        start, stop = np.searchsorted(self.parcel, [int(p), int(p) + 1])
        at = [i for i in range(start, stop) if rows[i]]
        ids, holders = (self.table[c].take(pa.array(at, pa.int64())).to_pylist() for c in ("right_id", "holder_id"))
        return ", ".join(f"{r} ({h} {self.num[i]}/{self.den[i]})" for i, r, h in zip(at, ids, holders, strict=True))

    def say(self, total: int) -> str:
        """Return a scaled sum of shares as a fraction."""
        return str(Fraction(int(total), int(self.scale)))


def _ranks(table: pa.Table, contract: pa.Table | None) -> NDArray[np.int64]:
    """Return the place of each row in the order of payment; `_NEVER` for a right that is not paid."""
    place = pc.index_in(table["kind"], pa.array(PAYING_KINDS))
    rank = np.asarray(pc.fill_null(place, _NEVER).to_numpy(), np.int64).copy()
    named = np.zeros(len(rank), bool)
    if contract is not None and len(contract):
        named = _mask(pc.is_in(_pair(table), _pair(contract).combine_chunks()))
    rank[(rank == 0) & ~named] = _NEVER
    return rank


def _pair(table: pa.Table) -> pa.ChunkedArray:
    return pc.binary_join_element_wise(table["parcel_id"], table["holder_id"], "\x1f")


def _common_scale(den: NDArray[np.int64]) -> int:
    return math.lcm(*(int(d) for d in np.unique(den) if d > 0)) if len(den) else 1


def _codes(column: pa.ChunkedArray) -> tuple[NDArray[np.int64], list[str]]:
    """Return each value's number in order of first appearance, and the values."""
    made = pc.dictionary_encode(column.combine_chunks())
    made = made.combine_chunks() if isinstance(made, pa.ChunkedArray) else made
    return np.asarray(made.indices, np.int64), made.dictionary.to_pylist()


def _ints(table: pa.Table, name: str) -> NDArray[np.int64]:
    return np.asarray(table[name].to_numpy(), np.int64)


def _mask(values: Any) -> NDArray[np.bool_]:
    return np.asarray(values.to_numpy(zero_copy_only=False) if isinstance(values, pa.Array) else values.to_numpy(), bool)


def _on_known_parcels(table: pa.Table, parcel: pa.Table | None) -> pa.Table:
    return table if parcel is None else _kept(table, pc.is_in(table["parcel_id"], parcel["parcel_id"].combine_chunks()))


def _kept(table: pa.Table, mask: Any) -> pa.Table:
    """Return the rows marked; the table itself, not a copy, where all are."""
    return table if pc.all(mask, skip_nulls=False, min_count=0).as_py() else table.filter(mask)


def _sound(table: pa.Table) -> pa.Table:
    """Return the rows whose fraction can be added."""
    return _kept(table, pc.and_(pc.greater(table["share_num"], 0), pc.greater(table["share_den"], 0)))


def _history(right: pa.Table, column: str, value: str, known_on: date | None) -> pa.Table:
    found = right.filter(pc.equal(right[column], value))
    if known_on is not None:
        found = as_known(found, known_on)
    order = ("parcel_id", "kind", "valid_from", "right_id", "known_from")
    return found.sort_by([(c, "ascending") for c in order]).combine_chunks()


# ---------------------------------------------------------------- faults of single rows
def _fault(code: str, record: str, clash: Text, remedy: Text, severity: Severity = "error") -> Fault:
    return Fault(f"tenure.{code}", WHERE, record, clash, remedy, severity)


def _rows(table: pa.Table, mask: Any) -> list[dict[str, Any]]:
    return list(table.filter(mask).to_pylist())


def _wrong_codes(now: pa.Table) -> list[Fault]:
    out = []
    for column, known, word in (
        ("kind", RIGHT_KINDS, Text("权利类型", "kind of right")),
        ("state", RIGHT_STATES, Text("状态", "state")),
    ):
        bad = pc.invert(pc.is_in(now[column], pa.array(list(known))))
        clash = Text("{w}“{v}”不在代码表中。", "the {w} “{v}” is not in the code list.")
        remedy = Text("可用：{all}。", "Known: {all}.").fill(all=", ".join(known))
        out += [_fault("code", r["right_id"], clash.fill(w=word, v=r[column]), remedy) for r in _rows(now, bad)]
    return out


def _unknown(now: pa.Table, register: pa.Table, column: str) -> list[Fault]:
    bad = pc.invert(pc.is_in(now[column], register[column].combine_chunks()))
    word = Text("权利人", "holder") if column == "holder_id" else Text("地块", "parcel")
    clash = Text("写的{w} {v} 不在登记表中。", "names {w} {v}, who or which is not in the register.")
    remedy = Text("补登{w}，或更正编码。", "Register the {w}, or correct the code.").fill(w=word)
    code = "unknown_holder" if column == "holder_id" else "unknown_parcel"
    return [_fault(code, r["right_id"], clash.fill(w=word, v=r[column]), remedy) for r in _rows(now, bad)]


def _wrong_fractions(now: pa.Table) -> list[Fault]:
    num, den = now["share_num"], now["share_den"]
    bad = pc.or_(pc.or_(pc.less_equal(den, 0), pc.less_equal(num, 0)), pc.greater(num, den))
    clash = Text("份额 {n}/{d} 不在 0 与 1 之间（地块 {p}）。", "the share {n}/{d} on parcel {p} does not lie above 0 and up to 1.")
    remedy = Text(
        "分母应为正整数，分子在 1 与分母之间。",
        "The denominator is a positive whole number, the numerator from 1 to the denominator.",
    )
    return [
        _fault("fraction", r["right_id"], clash.fill(n=r["share_num"], d=r["share_den"], p=r["parcel_id"]), remedy)
        for r in _rows(now, bad)
    ]


def _wrong_dates(right: pa.Table) -> list[Fault]:
    valid = pc.fill_null(pc.less_equal(right["valid_to"], right["valid_from"]), False)
    known = pc.fill_null(pc.less(right["known_to"], right["known_from"]), False)
    clash = Text("失效日 {b} 不晚于生效日 {a}。", "it ends on {b}, not after it begins on {a}.")
    out = [
        _fault(
            "dates",
            r["right_id"],
            clash.fill(a=r["valid_from"], b=r["valid_to"]),
            Text(
                "对照凭证更正两个日期；失效日是不再有效的第一天。",
                "Correct the dates after the document; the end is the first day it no longer holds.",
            ),
        )
        for r in _rows(right, valid)
    ]
    clash = Text("更正日 {b} 早于记录日 {a}。", "it was corrected on {b}, before it was recorded on {a}.")
    return out + [
        _fault(
            "dates",
            r["right_id"],
            clash.fill(a=r["known_from"], b=r["known_to"]),
            Text("更正登记日期。", "Correct the recording dates."),
        )
        for r in _rows(right, known)
    ]


def _versions_at_once(right: pa.Table) -> list[Fault]:
    """Return a fault for each pair of versions of one right that hold on a same day and are both taken as known."""
    counts = right.group_by("right_id").aggregate([([], "count_all")])
    many = counts.filter(pc.greater(counts["count_all"], 1))["right_id"].combine_chunks()
    rows = (
        right.filter(pc.is_in(right["right_id"], many))
        .sort_by([("right_id", "ascending"), ("known_from", "ascending")])
        .to_pylist()
    )
    clash = Text(
        "两个版本在同一天都有效：{a} 起与 {b} 起（分别记录于 {k} 与 {l}）。",
        "two versions hold at once: from {a} and from {b} (recorded on {k} and on {l}).",
    )
    remedy = Text("给前一版本写上失效日，或写上更正日。", "Give the earlier version the day it ended, or the day it was corrected.")
    out = []
    for i, a in enumerate(rows):
        for b in rows[i + 1 :]:
            if b["right_id"] != a["right_id"]:
                break
            if _meet(a, b, "valid") and _meet(a, b, "known"):
                text = clash.fill(a=a["valid_from"], b=b["valid_from"], k=a["known_from"], l=b["known_from"])
                out.append(_fault("versions", a["right_id"], text, remedy))
    return out


def _meet(a: dict[str, Any], b: dict[str, Any], clock: str) -> bool:
    (start_a, end_a), (start_b, end_b) = ((r[f"{clock}_from"], r[f"{clock}_to"]) for r in (a, b))
    return bool((end_b is None or start_a < end_b) and (end_a is None or start_b < end_a))


def _entered_twice(now: pa.Table) -> list[Fault]:
    key = ["parcel_id", "holder_id", "kind", "document"]
    counts = now.group_by(key).aggregate([("right_id", "count"), ("right_id", "min"), ("right_id", "max")])
    clash = Text(
        "与 {b} 是同一凭证、同一地块、同一权利人的同类权利。", "is the same as {b}: one document, parcel, holder and kind."
    )
    remedy = Text(
        "只留一条；如确为两份权利，写明各自的凭证。", "Keep one of them; if they are two rights, give each its own document."
    )
    twice = counts.filter(pc.greater(counts["right_id_count"], 1)).sort_by("right_id_min").to_pylist()
    return [
        _fault("entered_twice", r["right_id_min"], clash.fill(b=r["right_id_max"]), remedy)
        for r in twice
        if r["right_id_min"] != r["right_id_max"]
    ]


# ---------------------------------------------------------------- faults of parcels
def _wrong_sums(book: _Book) -> list[Fault]:
    """Return parcels whose paid shares fall short of one; more than one is judged with the clear shares."""
    total = book.sums(book.paying)
    clash = Text("份额之和是 {s}，不是 1：{r}。", "the shares add up to {s}, not 1: {r}.")
    return [
        _fault("shares", book.names[p], clash.fill(s=book.say(total[p]), r=book.rights_of(p, book.paying)), _SPLIT)
        for p in np.flatnonzero((total < book.scale) & (book.best < _NEVER))
    ]


def _too_much_clear(book: _Book) -> list[Fault]:
    """Return parcels where clear shares of one kind exceed one whole, so that two rights exclude each other."""
    kinds = np.asarray(book.table["kind"].to_pylist(), object)
    clash = Text(
        "{k}有两项以上互相排斥且都标为清楚，份额之和是 {s}：{r}。",
        "{k}: rights that exclude each other are all marked clear; the shares add up to {s}: {r}.",
    )
    remedy = Text(
        "核对凭证；有争议的改为“disputed”，其余更正份额。",
        "Check the documents; mark contested ones “disputed” and correct the other shares.",
    )
    out = []
    for kind, word in RIGHT_KINDS.items():
        rows = book.clear & (kinds == kind)
        total = book.sums(rows)
        out += [
            _fault("exclusive", book.names[p], clash.fill(k=word, s=book.say(total[p]), r=book.rights_of(p, rows)), remedy)
            for p in np.flatnonzero(total > book.scale)
        ]
    return out


def _contract_and_use(book: _Book) -> list[Fault]:
    """Return parcels with both a clear contract right (collective land) and a clear use right (state land)."""
    kinds = np.asarray(book.table["kind"].to_pylist(), object)
    held = [book.clear & (kinds == k) for k in ("contract", "use")]
    both = (np.bincount(book.parcel[held[0]], minlength=len(book.names)) > 0) & (
        np.bincount(book.parcel[held[1]], minlength=len(book.names)) > 0
    )
    clash = Text(
        "承包经营权（集体土地）与使用权（国有土地）都标为清楚：{a}；{b}。",
        "a contract right (collective land) and a use right (state land) are both marked clear: {a}; {b}.",
    )
    remedy = Text("核对土地权属，注销其一或改为“disputed”。", "Check who owns the land; close one of them or mark it “disputed”.")
    return [
        _fault("exclusive", book.names[p], clash.fill(a=book.rights_of(p, held[0]), b=book.rights_of(p, held[1])), remedy)
        for p in np.flatnonzero(both)
    ]


def _disputed(now: pa.Table) -> list[Fault]:
    clash = Text("地块 {p} 的权利有争议（权利人 {h}）。", "the right on parcel {p} is disputed (holder {h}).")
    remedy = Text("款项暂存；调处或裁决后更正状态。", "The money waits in escrow; change the state once the dispute is settled.")
    bad = pc.equal(now["state"], "disputed")
    return [
        _fault("disputed", r["right_id"], clash.fill(p=r["parcel_id"], h=r["holder_id"]), remedy, "warning")
        for r in _rows(now, bad)
    ]


def _nobody_paid(book: _Book, parcel: pa.Table) -> list[Fault]:
    paid: Iterable[str] = (book.names[p] for p in np.flatnonzero(book.best < _NEVER))
    without = parcel.filter(pc.invert(pc.is_in(parcel["parcel_id"], pa.array(list(paid), pa.string()))))["parcel_id"].to_pylist()
    clash = Text("没有可受偿的权利。", "carries no right that can be paid.")
    remedy = Text(
        "补登所有权、使用权或承包经营权；少付与多付同样是差错。",
        "Register its owner, user or contract holder; paying too little is an error too.",
    )
    return [_fault("nobody", p, clash, remedy, "warning") for p in without]
