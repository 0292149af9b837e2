"""Entitlements: what each holder of each parcel is owed for a year, exact to the fen, with the reason where it is nothing.

One row per right that is paid on a parcel; parcels nobody can be paid for have a row too, excluded and with the
reason, so that parcels in = parcels cleared + parcels flagged. The sum of a parcel is

    entitled = rate [fen/ha] * area [dm2] / 1,000,000 * compliance [ppm] / 1,000,000

in whole numbers, rounded half-even once, and then split over the holders by their exact shares without loss.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from math import lcm

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.rules import Parameters
from ecocomp.terms.area import DM2_PER_HA
from ecocomp.terms.clocks import as_of
from ecocomp.terms.faults import Fault, FaultsError, capped, raise_errors
from ecocomp.terms.money import apportion, half_even
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
    parcel = parcel.sort_by("parcel_id").combine_chunks()
    ids = parcel["parcel_id"].combine_chunks()
    rate, has_rate = _lookup(standard.filter(pc.equal(standard["year"], year)), "rate_fen_per_ha", ids)
    raise_errors(_negative(ids, rate))
    factor, flag = _compliance(compliance.filter(pc.equal(compliance["year"], year)), ids, params)
    area = parcel["area_dm2"].to_numpy()
    gross = amounts_fen(rate, np.maximum(area, 0), np.full(len(ids), PPM))
    entitled = amounts_fen(rate, np.maximum(area, 0), factor)
    rows = _Rows(ids, right_payable, len(ids))
    parts_gross, parts_entitled, whole = rows.split(gross, entitled)
    enrolled = _contracts(contract, rows, programme, params)
    reason = _reasons(rows, whole, enrolled, has_rate, rate, area, flag)
    return _table(rows, year, programme, parcel, enrolled, reason, rate, factor, parts_gross, parts_entitled)


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
    """The rows to be written: every payable right on a known parcel, then every parcel without one."""

    def __init__(self, ids: pa.Array, right: pa.Table, n: int) -> None:
        right = right.sort_by([("parcel_id", "ascending"), ("right_id", "ascending")]).combine_chunks()
        at = pc.index_in(right["parcel_id"], value_set=ids)
        right = right.filter(at.is_valid()).combine_chunks()
        self.right = right
        self.at = at.drop_null().combine_chunks().to_numpy().astype(np.int64)
        self.count = np.bincount(self.at, minlength=n)
        self.bare = np.flatnonzero(self.count == 0)
        self.parcel = np.concatenate([self.at, self.bare])
        self.first = np.cumsum(self.count) - self.count
        self.number = np.concatenate([np.arange(len(self.at)) - self.first[self.at] + 1, np.zeros(len(self.bare), np.int64)])

    def text(self, column: str) -> pa.Array:
        """Return a text column of the rights, empty for parcels without one."""
        return pa.concat_arrays([self.right[column].combine_chunks(), pa.array([""] * len(self.bare), pa.string())])

    def number_of(self, column: str, empty: int) -> np.ndarray:
        """Return a whole-number column of the rights, `empty` for parcels without one."""
        return np.concatenate([self.right[column].to_numpy(), np.full(len(self.bare), empty)]).astype(np.int64)

    def split(self, gross: np.ndarray, entitled: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return gross and entitled of each row, and whether the shares of its parcel add up to exactly one."""
        num, den = self.number_of("share_num", 0), self.number_of("share_den", 1)
        whole = np.zeros(len(self.parcel), bool)
        single = np.concatenate([self.count[self.at] == 1, np.zeros(len(self.bare), bool)])
        whole[single] = (num == den)[single]
        out = (gross[self.parcel] * whole, entitled[self.parcel] * whole)
        for p in np.flatnonzero(self.count > 1):
            rows = slice(int(self.first[p]), int(self.first[p] + self.count[p]))
            weights = _weights(num[rows].tolist(), den[rows].tolist())
            if weights is None:
                continue
            whole[rows] = True
            for parts, total in zip(out, (gross[p], entitled[p]), strict=True):
                parts[rows] = apportion(int(total), weights)
        return (*out, whole)


def _weights(num: list[int], den: list[int]) -> list[int] | None:
    """Return the shares as whole weights over their common denominator, or None when they do not add up to one."""
    if any(d <= 0 for d in den) or any(n < 0 for n in num):
        return None
    common = lcm(*den)
    weights = [n * (common // d) for n, d in zip(num, den, strict=True)]
    return weights if sum(weights) == common else None


def _lookup(table: pa.Table, column: str, ids: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """Return a whole-number column by parcel (0 where absent) and where it was found."""
    at = pc.index_in(ids, value_set=table["parcel_id"].combine_chunks())
    found = at.is_valid().to_numpy(zero_copy_only=False)
    return pc.fill_null(table[column].take(at), 0).to_numpy().astype(np.int64), found


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


def _compliance(table: pa.Table, ids: pa.Array, params: Parameters) -> tuple[np.ndarray, np.ndarray]:
    """Return the factor [ppm] and the reason code of each parcel from its light and verdict."""
    at = pc.index_in(ids, value_set=table["parcel_id"].combine_chunks())
    light = pc.fill_null(table["light"].take(at), "grey")
    verdict = pc.fill_null(table["verdict"].take(at), "none")
    both = pc.binary_join_element_wise(light, verdict, ".")
    coded = (both.combine_chunks() if isinstance(both, pa.ChunkedArray) else both).dictionary_encode()
    factors = params.table("payments.compliance_factor")
    values = [factor_ppm(factors, pair) for pair in coded.dictionary.to_pylist()]
    flags = [_CODES[_flag(pair, ppm)] for pair, ppm in zip(coded.dictionary.to_pylist(), values, strict=True)]
    index = coded.indices.to_numpy()
    return np.array(values, np.int64)[index], np.array(flags, np.int64)[index]


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


def _contracts(contract: pa.Table, rows: _Rows, programme: str, params: Parameters) -> list[str]:
    """Return the contract of each row, empty where it has none.

    Scope ``parcel``: a contract signed by any holder binds the parcel; the holder's own is cited if there is one.
    Scope ``holder``: each holder needs a contract of their own.
    """
    valid = as_of(contract, params.valid_on, params.known_on)
    valid = valid.filter(pc.equal(valid["programme"], programme)).sort_by([("contract_id", "descending")])
    parcels, holders, ids = (valid[c].to_pylist() for c in ("parcel_id", "holder_id", "contract_id"))
    own = dict(zip(zip(parcels, holders, strict=True), ids, strict=True))
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
    any_of = dict(zip(parcels, ids, strict=True)) if scope == "parcel" else {}
    pairs = zip(rows.right["parcel_id"].to_pylist(), rows.right["holder_id"].to_pylist(), strict=True)
    return [own.get(pair) or any_of.get(pair[0], "") for pair in pairs] + [""] * len(rows.bare)


def _reasons(
    rows: _Rows, whole: np.ndarray, enrolled: list[str], has_rate: np.ndarray, rate: np.ndarray, area: np.ndarray, flag: np.ndarray
) -> np.ndarray:
    """Return the reason code of each row; the first obstacle found is the one that is told."""
    p = rows.parcel
    bare = np.zeros(len(p), bool)
    bare[len(rows.at) :] = True
    unsigned = np.fromiter((not c for c in enrolled), bool, len(enrolled))
    disputed = pc.equal(rows.text("state"), "disputed").to_numpy(zero_copy_only=False)
    tests = [
        (bare, "no_right"),
        (~whole, "share_sum"),
        (has_rate[p] & (rate[p] == 0), "not_compensated"),  # before the contract: signing one would not help
        (unsigned, "no_contract"),
        (~has_rate[p], "no_standard"),
        (area[p] <= 0, "no_area"),
        (disputed, "disputed"),
    ]
    return np.select([t for t, _ in tests], [_CODES[r] for _, r in tests], default=flag[p])


def _table(
    rows: _Rows,
    year: int,
    programme: str,
    parcel: pa.Table,
    enrolled: list[str],
    reason: np.ndarray,
    rate: np.ndarray,
    factor: np.ndarray,
    gross: np.ndarray,
    entitled: np.ndarray,
) -> pa.Table:
    refused = np.isin(reason, _REFUSED)
    gross, entitled = np.where(refused, 0, gross), np.where(refused, 0, entitled)
    p = rows.parcel
    at = pa.array(p)
    parcel_id = parcel["parcel_id"].take(at).combine_chunks()
    number = pa.array([f"{i:02d}" for i in range(int(rows.number.max(initial=0)) + 1)]).take(pa.array(rows.number))
    head = pa.scalar(f"{programme}-{year}")
    state = np.where(refused, 2, np.where(reason == _CODES["disputed"], 1, 0))
    n = len(p)
    return ENTITLEMENT.table(
        {
            "entitlement_id": pc.binary_join_element_wise(head, parcel_id, number, "-"),
            "year": np.full(n, year),
            "programme": [programme] * n,
            "parcel_id": parcel_id,
            "holder_id": rows.text("holder_id"),
            "right_id": rows.text("right_id"),
            "contract_id": enrolled,
            "area_dm2": parcel["area_dm2"].take(at),
            "share_num": rows.number_of("share_num", 0),
            "share_den": rows.number_of("share_den", 1),
            "rate_fen_per_ha": rate[p],
            "compliance_ppm": factor[p],
            "gross_fen": gross,
            "deduction_fen": gross - entitled,
            "entitled_fen": entitled,
            "funded_fen": np.zeros(n, np.int64),
            "shortfall_fen": entitled,
            "state": pa.array(["payable", "escrow", "excluded"]).take(pa.array(state)),
            "reason": pa.array(list(REASONS)).take(pa.array(reason)),
        }
    )


def account_for(entitlement: pa.Table, parcel: pa.Table) -> dict[str, int]:
    """Return how many parcels there are, how many are cleared (a row payable or in escrow) and how many flagged.

    The first number is the sum of the others, or rows were lost.
    """
    cleared = pc.count_distinct(entitlement.filter(pc.not_equal(entitlement["state"], "excluded"))["parcel_id"]).as_py()
    named = pc.count_distinct(entitlement["parcel_id"]).as_py()
    return {"parcels": len(parcel), "cleared": cleared, "flagged": named - cleared}
