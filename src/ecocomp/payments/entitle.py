"""Entitlements: what each holder of each parcel is owed for a year, exact to the fen, with the reason where it is nothing.

One row per right that is paid on a parcel; parcels nobody can be paid for have a row too, excluded and with the
reason, so that parcels in = parcels cleared + parcels flagged. The sum of a parcel is

    entitled = rate [fen/ha] * area [dm2] / 1,000,000 * compliance [ppm] / 1,000,000

in whole numbers, rounded half-even once, and then split over the holders by their exact shares without loss.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from decimal import Decimal
from math import lcm

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.rules import Parameters
from ecocomp.terms.area import DM2_PER_HA
from ecocomp.terms.clocks import as_of
from ecocomp.terms.faults import Fault, FaultsError, capped, raise_errors
from ecocomp.terms.money import INT64_MAX, apportion, apportion_groups, half_even
from ecocomp.terms.tables import ENTITLEMENT, PPM
from ecocomp.terms.text import Text

#: Why a row is as it is; the empty code means that nothing needs to be said.
REASONS: dict[str, Text] = {
    "": Text("足额应付", "owed in full"),
    "not_observed": Text("未观测到，按足额计，列入抽查", "not observed: owed in full, and put on the list for sampling"),
    "to_be_checked": Text("有待核实的信号，核实前按足额计", "a signal is to be checked: owed in full until then"),
    "force_majeure": Text("不可抗力，不扣减", "force majeure: nothing is deducted"),
    "reduced": Text("现场核查属实，按合规系数扣减", "reduced by the compliance factor after a field check"),
    "disputed": Text("权属有争议，暂存", "title is disputed: kept in escrow"),
    "no_contract": Text("没有有效合同", "no valid contract"),
    "no_right": Text("没有可支付的清楚权利", "no clear right that can be paid"),
    "share_sum": Text("份额之和不为一", "the shares do not add up to one"),
    "no_standard": Text("没有补偿标准", "no standard was set"),
    "not_compensated": Text("这类土地不在补偿范围（标准为 0）", "land of this kind is not compensated (its rate is 0)"),
    "no_area": Text("没有面积", "it has no area"),
    "stacked": Text("同一地面由其他项目补偿，让出", "another programme pays for this ground, and this one gives way"),
}
_CODES = {r: i for i, r in enumerate(REASONS)}
_REFUSED = tuple(_CODES[r] for r in ("no_contract", "no_right", "share_sum", "no_standard", "not_compensated", "no_area"))
_SAFE = 2.0**50
_ONE = DM2_PER_HA * PPM
_HALF = _ONE // 2
_BLOCK = 1 << 16
_NARROW = 1 << 30
_PIECE = 1 << 22
_SPAN = 1 << 14


def entitle(
    standard: pa.Table,
    parcel: pa.Table,
    right_payable: pa.Table,
    contract: pa.Table,
    compliance: pa.Table,
    params: Parameters,
    year: int,
    programme: str,
) -> pa.Table:
    """Return the entitlements of `programme` for `year` (ENTITLEMENT): one row per right, or one excluded row per parcel.

    right_payable  rights that are paid (`tenure.rights.payable_rights`), shares as exact fractions
    contract       contract register with both clocks; those in force on the rule date as known then count
    compliance     light and verdict per parcel; a parcel without a row counts as not observed

    Parameters: ``payments.compliance_factor`` (by light or ``light.verdict``), ``payments.contract_scope``.
    raises  FaultsError: negative rate, factor outside 0..1, light without a factor
    """
    parcel = parcel.select(["parcel_id", "area_dm2"])
    parcel = (parcel if _ascends(parcel["parcel_id"], strict=True) else parcel.sort_by("parcel_id")).combine_chunks()
    ids = parcel["parcel_id"].combine_chunks()
    rate, has_rate = _rates(_of_year(standard, year, ["rate_fen_per_ha"]), ids)
    area = parcel["area_dm2"].to_numpy()
    paid_area = np.maximum(area, 0)
    raise_errors([*_negative(ids, rate), *_beyond_count(ids, rate, paid_area)])
    factor, flag = _compliance(_of_year(compliance, year, ["light", "verdict"]), ids, params)
    gross = amounts_fen(rate, paid_area, np.full(len(ids), PPM))
    entitled = amounts_fen(rate, paid_area, factor)
    rows = _Rows(len(ids), right_payable, _positions(right_payable["parcel_id"], ids))
    parts_gross, parts_entitled, whole = rows.split(gross, entitled)
    signed = _contracts(contract, ids, rows, programme, params)
    reason = _reasons(rows, whole, signed, has_rate, rate, area, flag)
    return _table(rows, year, programme, parcel, signed, reason, rate, factor, parts_gross, parts_entitled)


def amounts_fen(rate_fen_per_ha: np.ndarray, area_dm2: np.ndarray, factor_ppm: np.ndarray) -> np.ndarray:
    """Return rate × area × factor in whole fen, rounded half-even once, exactly (all int64, factors 0..1,000,000).

    The product of three int64 does not fit into 64 bits. The quotient by 10^12 is estimated in float64, which is off by less
    than one while it is below 2^50; the remainder is then taken modulo 2^64, where it is exact because its true size is below
    1.5 × 10^12, and mends the estimate. Larger amounts are done in Python integers. Rows go block by block, in the cache.
    """
    out = np.empty(len(rate_fen_per_ha), np.int64)
    for start in range(0, len(out), _BLOCK):
        part = slice(start, start + _BLOCK)
        rate, area, factor = (c[part].astype(np.int64, copy=False) for c in (rate_fen_per_ha, area_dm2, factor_ppm))
        about = rate.astype(np.float64)
        about *= area
        about *= factor
        about /= _ONE
        np.rint(about, out=about)
        large = np.abs(about) >= _SAFE
        about[large] = 0
        whole = out[part]
        whole[:] = about
        rest = rate * area
        rest *= factor
        rest -= whole * _ONE
        odd = (whole & 1).astype(bool)
        whole += (rest > _HALF) | ((rest == _HALF) & odd)
        whole -= (rest < -_HALF) | ((rest == -_HALF) & odd)
        for i in np.flatnonzero(large).tolist():
            whole[i] = half_even(int(rate[i]) * int(area[i]) * int(factor[i]), _ONE)
    return out


class _Rows:
    """The rows to be written, parcel after parcel: every payable right in the order of its code, or one row without a right.

    parcel  position of the parcel of each row;  right  position of its right in the register, -1 for none
    number  1, 2, ... within the parcel, 0 for a row without a right;  count  rights of each parcel
    share   numerator and denominator of each row, 0/1 without a right
    """

    def __init__(self, parcels: int, right: pa.Table, at: np.ndarray) -> None:
        order = np.flatnonzero(at >= 0)
        if bool((np.diff(at[order]) < 0).any()):
            order = order[np.argsort(at[order], kind="stable")]
        at = at[order]
        self.table = right
        self.count = np.bincount(at, minlength=parcels)
        lines = np.maximum(self.count, 1)
        start = np.cumsum(lines) - lines
        self.parcel = np.repeat(np.arange(parcels), lines)
        self.number = np.arange(len(self.parcel)) - start[self.parcel] + (self.count > 0)[self.parcel]
        self.right = np.full(len(self.parcel), -1)
        self.right[self.number > 0] = _by_code(order, at, right["right_id"])
        self.share = self._number("share_num", 0), self._number("share_den", 1)

    def text(self, column: str, rows: slice | np.ndarray) -> pa.Array:
        """Return a text column of the rights at some rows, empty for parcels without a right."""
        return _taken(self.table[column], self.right[rows])

    def _number(self, column: str, empty: int) -> np.ndarray:
        """Return a whole-number column of the rights, `empty` for parcels without one."""
        out = np.full(len(self.right), empty)
        out[self.number > 0] = self.table[column].to_numpy()[self.right[self.number > 0]]
        return out

    def split(self, gross: np.ndarray, entitled: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return gross and entitled of each row, and whether the shares of its parcel add up to exactly one."""
        num, den = self.share
        whole = (self.count == 1)[self.parcel] & (num == den)
        out = (gross[self.parcel] * whole, entitled[self.parcel] * whole)
        rows = np.flatnonzero((self.count > 1)[self.parcel])
        if not len(rows):
            return (*out, whole)
        first = np.flatnonzero(self.number[rows] == 1)
        weights, wide = _weights(num[rows], den[rows], first)
        total = [amount[self.parcel[rows[first]]] for amount in (gross, entitled)]
        adds_up = np.add.reduceat(weights, first) > 0
        parts = apportion_groups(np.where(adds_up, total[0], 0), weights, first)
        other = total[0] != total[1]  # most parcels are paid in full, and their parts need no second split
        less = parts.copy()
        again = np.repeat(other, self.count[self.parcel[rows[first]]])
        if bool(other.any()):
            begin = np.flatnonzero(self.number[rows[again]] == 1)
            less[again] = apportion_groups(np.where(adds_up, total[1], 0)[other], weights[again], begin)
        ends = np.append(first[1:], len(rows))
        for g in wide.tolist():
            lines = slice(int(first[g]), int(ends[g]))
            exact = _exact_weights(num[rows[lines]].tolist(), den[rows[lines]].tolist())
            if exact is not None:
                adds_up[g] = True
                parts[lines], less[lines] = (apportion(int(t[g]), exact) for t in total)
        out[0][rows], out[1][rows] = parts, less
        whole[rows] = np.repeat(adds_up, ends - first)
        return (*out, whole)


def _by_code(order: np.ndarray, at: np.ndarray, code: pa.ChunkedArray) -> np.ndarray:
    """Return the rights `order`, which stand by parcel, in the order of their codes within each parcel."""
    same = np.flatnonzero(np.diff(at) == 0)
    behind = pc.greater(code.take(pa.array(order[same])), code.take(pa.array(order[same + 1])))
    behind = np.asarray(behind.to_numpy(), bool) if len(same) else np.zeros(0, bool)
    if not behind.any():
        return order
    mixed = np.zeros(int(at[-1]) + 1, bool)
    mixed[at[same[behind]]] = True
    rows = np.flatnonzero(mixed[at])
    part = pa.table({"at": at[rows], "code": code.take(pa.array(order[rows]))})
    out = order.copy()
    out[rows] = order[rows][pc.sort_indices(part, sort_keys=[("at", "ascending"), ("code", "ascending")]).to_numpy()]
    return out


# ---------------------------------------------------------------- shares
def _weights(num: np.ndarray, den: np.ndarray, first: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the shares as whole weights over a common denominator of their group, 0 where they do not add up to one.

    A common denominator is the least common multiple modulo 2^64; it is taken if it is below 2^30 and every denominator divides
    it, whether or not it overflowed on the way. Groups without one are named, to be done in Python integers.
    """
    size = np.diff(np.append(first, len(num)))
    sane = np.logical_and.reduceat((num >= 0) & (num <= den) & (den > 0), first)
    each = np.repeat(sane, size)
    num, den = np.where(each, num, 0), np.where(each, den, 1)
    common = np.maximum.reduceat(den, first)
    mixed = common != np.minimum.reduceat(den, first)
    if bool(mixed.any()):
        rows = np.repeat(mixed, size)
        begin = np.cumsum(size[mixed]) - size[mixed]
        common[mixed] = np.lcm.reduceat(den[rows], begin)
    fits = (common > 0) & (common < _NARROW)
    each = np.repeat(np.where(fits, common, 1), size)
    fits &= np.logical_and.reduceat((each % den == 0), first)
    weights = num * (each // den)
    whole = fits & (np.add.reduceat(weights, first) == common)
    weights *= np.repeat(whole, size)
    return weights, np.flatnonzero(sane & ~fits)


def _exact_weights(num: list[int], den: list[int]) -> list[int] | None:
    """Return the shares as whole weights over their least common denominator, or None when they do not add up to one."""
    common = lcm(*den)
    weights = [n * (common // d) for n, d in zip(num, den, strict=True)]
    return weights if sum(weights) == common else None


# ---------------------------------------------------------------- look-ups
def _ascends(column: pa.ChunkedArray, *, strict: bool = False) -> bool:
    """Return whether no value is empty and each comes after the one before it (or is the same, unless `strict`)."""
    if column.null_count or len(column) < 2:
        return not column.null_count
    before, after = column.slice(0, len(column) - 1), column.slice(1)
    return bool(pc.all((pc.less if strict else pc.less_equal)(before, after)).as_py())


def _positions(values: pa.ChunkedArray, ids: pa.Array) -> np.ndarray:
    """Return where each value stands in `ids`, -1 where it does not.

    Both in order, they are matched span by span, whose hash table stays in the cache: several times faster on millions of rows.
    """
    if len(ids) <= _SPAN or not (_ascends(values) and _ascends(pa.chunked_array([ids]))):
        return pc.fill_null(pc.index_in(values, value_set=ids), -1).to_numpy().astype(np.int64)
    out = np.empty(len(values), np.int64)
    starts = range(0, len(ids), _SPAN)
    cuts = [_first_not_before(values, ids[a]) if a else 0 for a in starts] + [len(values)]
    for a, one, two in zip(starts, cuts, cuts[1:], strict=False):
        at = pc.index_in(values.slice(one, two - one), value_set=ids.slice(a, _SPAN))
        out[one:two] = pc.fill_null(pc.add(at.cast(pa.int64()), a), -1).to_numpy()
    return out


def _first_not_before(values: pa.ChunkedArray, value: pa.Scalar) -> int:
    wanted = value.as_py()
    return bisect_left(range(len(values)), wanted, key=lambda i: values[i].as_py())


def _taken(column: pa.ChunkedArray, at: np.ndarray) -> pa.Array:
    """Return a text column at the given positions, empty where the position is -1."""
    none = at < 0
    out = column.take(pa.array(at, mask=none) if none.any() else pa.array(at))
    out = pc.fill_null(out, "") if none.any() else out
    return out.combine_chunks() if isinstance(out, pa.ChunkedArray) else out


def _of_year(table: pa.Table, year: int, columns: list[str]) -> pa.Table:
    """Return the rows of a year, with the parcel and some columns."""
    mask = pc.equal(table["year"], year)
    table = table.select(["parcel_id", *columns])
    return table if pc.all(mask, min_count=0, skip_nulls=False).as_py() else table.filter(mask)


def _where(table: pa.Table, ids: pa.Array) -> pa.Array | None:
    """Return where each parcel stands in a table, null where it does not; None where the table has the parcels as they are."""
    column = table["parcel_id"]
    if len(column) == len(ids) and column.equals(pa.chunked_array([ids])) and _ascends(column, strict=True):
        return None
    return pc.index_in(ids, value_set=column.combine_chunks())


def _rates(standard: pa.Table, ids: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """Return the rate of each parcel (0 where it has none) and whether it has one."""
    at, rate = _where(standard, ids), standard["rate_fen_per_ha"]
    if at is None:
        return rate.to_numpy().astype(np.int64), np.ones(len(ids), bool)
    found = at.is_valid().to_numpy(zero_copy_only=False)
    return pc.fill_null(rate.take(at), 0).to_numpy().astype(np.int64), found


def _negative(ids: pa.Array, rate: np.ndarray) -> list[Fault]:
    return capped(
        [
            Fault(
                "payments.negative_rate",
                "standard",
                ids[int(i)].as_py(),
                Text("标准是 {r} 分/公顷。", "The rate is {r} fen/ha.").fill(r=int(rate[i])),
                Text("标准不能为负，核对定标。", "A rate is never negative; check how it was set."),
            )
            for i in np.flatnonzero(rate < 0)
        ],
        "payments.negative_rate",
        "standard",
    )


def _beyond_count(ids: pa.Array, rate: np.ndarray, area: np.ndarray) -> list[Fault]:
    """Return a fault for each sum too large for a whole number of 64 bits."""
    about = rate.astype(np.float64) * area
    near = np.flatnonzero(about >= 2.0**62 * DM2_PER_HA).tolist()
    found = [i for i in near if half_even(int(rate[i]) * int(area[i]), DM2_PER_HA) > INT64_MAX]
    return capped(
        [
            Fault(
                "payments.amount",
                "parcel",
                ids[i].as_py(),
                Text("标准 {r} 分/公顷，面积 {a} 平方分米，金额过大。", "A rate of {r} fen/ha on {a} dm2 is too large a sum.").fill(
                    r=int(rate[i]), a=int(area[i])
                ),
                Text("核对标准与面积的单位。", "Check the units of the rate and of the area."),
            )
            for i in found
        ],
        "payments.amount",
        "parcel",
    )


def _compliance(table: pa.Table, ids: pa.Array, params: Parameters) -> tuple[np.ndarray, np.ndarray]:
    """Return the factor [ppm] and the reason code of each parcel from its light and verdict."""
    at = _where(table, ids)
    light, verdict = (table[c] if at is None else table[c].take(at) for c in ("light", "verdict"))
    one, two = (pc.fill_null(c, empty).combine_chunks().dictionary_encode() for c, empty in ((light, "grey"), (verdict, "none")))
    lights, verdicts = one.dictionary.to_pylist(), two.dictionary.to_pylist()
    pair = one.indices.to_numpy().astype(np.int64) * len(verdicts) + two.indices.to_numpy()
    factors = params.table("payments.compliance_factor")
    values, flags = np.zeros((2, len(lights) * len(verdicts)), np.int64)
    for k in np.flatnonzero(np.bincount(pair, minlength=len(values))).tolist():
        name = f"{lights[k // len(verdicts)]}.{verdicts[k % len(verdicts)]}"
        values[k] = factor_ppm(factors, name)
        flags[k] = _CODES[_flag(name, int(values[k]))]
    return values[pair], flags[pair]


def factor_ppm(factors: Mapping[str, Decimal], pair: str) -> int:
    """Return the compliance factor of a pair ``light.verdict`` in ppm: that of the pair if the rule has one, else of the light.

    >>> factor_ppm({"red": Decimal(1), "red.confirmed": Decimal("0.4")}, "red.confirmed")
    400000
    """
    light = pair.partition(".")[0]
    value = factors.get(pair, factors.get(light))
    ppm = None if value is None else value * PPM
    if ppm is None or ppm != int(ppm) or not 0 <= ppm <= PPM:
        raise FaultsError(
            [
                Fault(
                    "payments.factor",
                    "ecopolicy",
                    "payments.compliance_factor",
                    Text("灯号与判定 {p} 的系数是 {v}。", "The factor of light and verdict {p} is {v}.").fill(p=pair, v=value),
                    Text("写 0 到 1、最多六位小数的系数。", "Write a factor from 0 to 1 with at most six decimals."),
                )
            ]
        )
    return int(ppm)


def _flag(pair: str, ppm: int) -> str:
    light, _, verdict = pair.partition(".")
    if ppm < PPM:
        return "reduced"
    if verdict == "force_majeure":
        return "force_majeure"
    return {"grey": "not_observed", "yellow": "to_be_checked", "red": "to_be_checked"}.get(light, "") if verdict == "none" else ""


def _contracts(contract: pa.Table, ids: pa.Array, rows: _Rows, programme: str, params: Parameters) -> pa.ChunkedArray:
    """Return the contract of each row, empty where it has none.

    Scope ``parcel``: a contract signed by any holder binds the parcel; the holder's own is cited if there is one.
    Scope ``holder``: each holder needs a contract of their own. Of several, the one with the first code counts.
    """
    valid = as_of(contract, params.valid_on, params.known_on)
    mask = pc.equal(valid["programme"], programme)
    valid = valid.select(["contract_id", "holder_id", "parcel_id"])
    valid = valid if pc.all(mask, min_count=0, skip_nulls=False).as_py() else valid.filter(mask)
    scope = params.text("payments.contract_scope")
    if scope not in ("parcel", "holder"):
        raise FaultsError(
            [
                Fault(
                    "payments.contract_scope",
                    "ecopolicy",
                    "payments.contract_scope",
                    Text("合同范围 {s} 不认识。", "Contract scope {s} is not known.").fill(s=scope),
                    Text("用 parcel 或 holder。", "Use parcel or holder."),
                )
            ]
        )
    at = _positions(valid["parcel_id"], ids)
    known = np.flatnonzero(at >= 0)
    several = np.bincount(at[known], minlength=len(ids)) > 1
    cited = np.full(len(ids), -1)
    cited[at[known]] = known
    many = known[several[at[known]]]
    many = many[pc.sort_indices(valid["contract_id"].take(pa.array(many))).to_numpy()]
    many = many[np.argsort(at[many], kind="stable")]
    bound = at[many]
    head = np.diff(bound, prepend=-1) > 0
    cited[bound[head]] = many[head]
    right = rows.number > 0
    out = np.where(right, cited[rows.parcel], -1)
    if scope == "holder":
        out[~_same(rows, valid["holder_id"], out)] = -1
    own = np.flatnonzero(right & several[rows.parcel])
    parcel = rows.parcel[own]
    for one, two in _side_by_side(parcel, bound):
        signer = _taken(valid["holder_id"], many[two])
        mine = _own(rows.text("holder_id", own[one]), parcel[one], signer, bound[two])
        out[own[one]] = np.where(mine >= 0, many[two][mine], out[own[one]] if scope == "parcel" else -1)
    pieces = range(0, max(len(out), 1), _PIECE)
    return pa.chunked_array([_taken(valid["contract_id"], out[k : k + _PIECE]) for k in pieces], pa.string())


def _same(rows: _Rows, holder: pa.ChunkedArray, contract: np.ndarray) -> np.ndarray:
    """Return whether the holder of each row is the one who signed the contract at that position (never where it is -1)."""
    at = np.flatnonzero(contract >= 0)
    out = np.zeros(len(contract), bool)
    out[at] = pc.equal(rows.text("holder_id", at), _taken(holder, contract[at])).to_numpy(zero_copy_only=False)
    return out


def _side_by_side(one: np.ndarray, two: np.ndarray) -> Iterator[tuple[slice, slice]]:
    """Yield which rows of two ascending columns belong together, some groups at a time, so that the work stays in the cache."""
    cuts = np.unique(one[::_SPAN])
    starts, others = np.searchsorted(one, cuts), np.searchsorted(two, cuts)
    for k in range(len(cuts)):
        last = k + 1 == len(cuts)
        yield slice(starts[k], len(one) if last else starts[k + 1]), slice(others[k], len(two) if last else others[k + 1])


def _own(holder: pa.Array, parcel: np.ndarray, signer: pa.Array, bound: np.ndarray) -> np.ndarray:
    """Return the first contract that each holder signed for the parcel of the row, as a position among the signers; -1 for none."""
    who = pa.chunked_array([signer, holder], pa.string()).combine_chunks().dictionary_encode()
    code, people = who.indices.to_numpy().astype(np.int64), len(who.dictionary)
    keys = bound * people + code[: len(signer)], parcel * people + code[len(signer) :]
    found, first = np.unique(keys[0], return_index=True)
    at = np.minimum(np.searchsorted(found, keys[1]), len(found) - 1)
    return np.where(found[at] == keys[1], first[at], -1)


def _reasons(
    rows: _Rows,
    whole: np.ndarray,
    signed: pa.ChunkedArray,
    has_rate: np.ndarray,
    rate: np.ndarray,
    area: np.ndarray,
    flag: np.ndarray,
) -> np.ndarray:
    """Return the reason code of each row; the first obstacle found is the one that is told."""
    p = rows.parcel
    disputed = np.zeros(len(p), bool)
    marked = pc.equal(rows.table["state"], "disputed").to_numpy()
    disputed[rows.number > 0] = marked[rows.right[rows.number > 0]]
    tests = [
        (rows.number == 0, "no_right"),
        (~whole, "share_sum"),
        ((has_rate & (rate == 0))[p], "not_compensated"),  # before the contract: signing one would not help
        (pc.equal(signed, "").to_numpy(), "no_contract"),
        (~has_rate[p], "no_standard"),
        ((area <= 0)[p], "no_area"),
        (disputed, "disputed"),
    ]
    out = flag[p].astype(np.int8)
    for test, code in reversed(tests):
        out[test] = _CODES[code]
    return out


def _table(
    rows: _Rows,
    year: int,
    programme: str,
    parcel: pa.Table,
    signed: pa.ChunkedArray,
    reason: np.ndarray,
    rate: np.ndarray,
    factor: np.ndarray,
    gross: np.ndarray,
    entitled: np.ndarray,
) -> pa.Table:
    """Return the rows as a table; texts are made piece by piece, and what is the same in all rows is kept once."""
    refused = np.isin(np.arange(len(REASONS)), _REFUSED)
    state = np.where(refused, 2, np.where(np.arange(len(REASONS)) == _CODES["disputed"], 1, 0))
    gross, entitled = np.where(refused[reason], 0, gross), np.where(refused[reason], 0, entitled)
    p, n = rows.parcel, len(rows.parcel)
    numbers = pa.array([f"{i:02d}" for i in range(int(rows.number.max(initial=0)) + 1)])
    head = pa.scalar(f"{programme}-{year}")
    pieces = [slice(k, k + _PIECE) for k in range(0, max(n, 1), _PIECE)]
    parcel_id = [_taken(parcel["parcel_id"], p[k]) for k in pieces]

    def listed(names: list[str], code: np.ndarray) -> pa.ChunkedArray:
        return pa.chunked_array([pa.array(names).take(pa.array(code[k])) for k in pieces])

    return ENTITLEMENT.table(
        {
            "entitlement_id": pa.chunked_array(
                [
                    pc.binary_join_element_wise(head, i, numbers.take(pa.array(rows.number[k])), "-")
                    for i, k in zip(parcel_id, pieces, strict=True)
                ]
            ),
            "year": _same_in_all(pa.array([year], pa.int64()), n),
            "programme": _same_in_all(pa.array([programme]), n),
            "parcel_id": pa.chunked_array(parcel_id),
            "holder_id": pa.chunked_array([rows.text("holder_id", k) for k in pieces]),
            "right_id": pa.chunked_array([rows.text("right_id", k) for k in pieces]),
            "contract_id": signed,
            "area_dm2": parcel["area_dm2"].to_numpy()[p],
            "share_num": rows.share[0],
            "share_den": rows.share[1],
            "rate_fen_per_ha": rate[p],
            "compliance_ppm": factor[p],
            "gross_fen": gross,
            "deduction_fen": gross - entitled,
            "entitled_fen": entitled,
            "funded_fen": _same_in_all(pa.array([0], pa.int64()), n),
            "shortfall_fen": entitled,
            "state": listed(["payable", "escrow", "excluded"], state[reason].astype(np.int8)),
            "reason": listed(list(REASONS), reason),
        }
    )


def _same_in_all(value: pa.Array, rows: int) -> pa.ChunkedArray:
    """Return a column of one value; its pieces share one block of memory."""
    piece = value.take(pa.array(np.zeros(min(rows, _PIECE), np.int8)))
    return pa.chunked_array([piece.slice(0, min(_PIECE, rows - k)) for k in range(0, max(rows, 1), _PIECE)], value.type)


def account_for(entitlement: pa.Table, parcel: pa.Table) -> dict[str, int]:
    """Return how many parcels there are, how many are cleared (a row payable or in escrow) and how many flagged.

    The first number is the sum of the others, or rows were lost.
    """
    cleared = pc.count_distinct(entitlement.filter(pc.not_equal(entitlement["state"], "excluded"))["parcel_id"]).as_py()
    named = pc.count_distinct(entitlement["parcel_id"]).as_py()
    return {"parcels": len(parcel), "cleared": cleared, "flagged": named - cleared}
