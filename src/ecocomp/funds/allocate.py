"""Envelopes are opened, checked and shared over what is owed; nothing is lost and no cut ever helps anyone.

For the finance officer. Envelopes are used one after the other in the order of their priority (ties by id). Each
gives the smaller of what it holds and what is still unmet on the rows it may be used for, shared by a stated rule
(`funds/rations/*.py`; the envelope's own, else rule ``funds.ration``), rows in the order of entitlement_id.

What is proved of this, in whole fen and for any earmarks and any number of envelopes:

*A cut in any one envelope never raises what any entitlement gets.* Let u be the unmet sums before a step and
U their total over the eligible rows. The step leaves r = u − apportion(e, u), which is Webster's split of
U − e over u with the ties the other way round. (1) Less e leaves every r_i as high or higher: the split is
house monotone. (2) A higher u_j with e unchanged leaves every r_i as high or higher: U − e grows with u_j by
one unit; would the divisor fall, all i ≠ j could only lose and j could win at most one, since the multiplier is
at most 1; so j takes exactly that unit and nobody else moves; would it rise, nobody loses. So a step is
monotone in u and e, and so is any chain of steps. The other rules of sharing are monotone in u and e too: *rank* is a
chain of such steps over classes that do not change. *Floor first* splits u into v = max(0, u − c) and min(u, c) with c
fixed before the first envelope, and gives pro rata over v, then over min(u, c): one more u_j is one more of either. *Equal*
leaves max(u_h − L, 0): a higher u_j cannot raise the level L. A *match* that lacks lowers what its envelope may give, so less
money never means more here either. What is *not* true: that a cut hits only its own purpose. Money that
is no longer met by a tied envelope is met from the general ones, which then give less to everybody else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.funds.claims import Claims, floors
from ecocomp.funds.match import match_faults, match_limits
from ecocomp.funds.purpose import is_general, payment_purpose, purpose_faults
from ecocomp.funds.rank import ranks
from ecocomp.funds.source import may_carry_over, may_earmark, priority
from ecocomp.registry import entries
from ecocomp.rules import Parameters
from ecocomp.terms.codes import ECOSYSTEM_GROUPS, FUNCTION_ZONES, FUND_SOURCES
from ecocomp.terms.faults import Fault, FaultsError, Severity, raise_errors
from ecocomp.terms.money import say_yuan, sum_array, to_fen
from ecocomp.terms.tables import ALLOCATION, ENTITLEMENT, ENVELOPE_BALANCE, PPM
from ecocomp.terms.text import Text

FUNDED_STATES = ("payable", "escrow", "held")
_TIES = ("earmark_zones", "earmark_ecosystems", "earmark_red_line", "earmark_programmes", "earmark_regions")
_REGION = re.compile(r"[0-9]{2,12}")
_PIECE = 1 << 18


def open_envelopes(
    envelope: pa.Table, balance_last: pa.Table | None, settlement: pa.Table, credit: pa.Table, year: int, params: Parameters
) -> pa.Table:
    """Return the envelopes of `year` at its start: carried in and granted, nothing yet allocated (ENVELOPE_BALANCE).

    Grants of derived sources (agreements, carbon) come from `settlement` and `credit`, not from the register.
    Money left over last year whose envelope has no row this year keeps that envelope's terms until its last day;
    if the register no longer knows the envelope, it is brought in all the same and lapses when the year is closed.
    """
    known = entries("funds.sources")
    left = {} if balance_last is None else {r["envelope_id"]: r for r in balance_last.to_pylist() if r["closing_fen"]}
    rows = []
    for env in in_force(envelope, balance_last, year):
        source = known[env["source"]].module if env["source"] in known else None
        this_year = env["year"] == year
        granted = env["granted_fen"] if source is None else source.grant_fen(env, settlement, credit, year, params)
        opening = left.get(env["envelope_id"], {}).get("closing_fen", 0)
        rows.append(
            {
                "envelope_id": env["envelope_id"],
                "year": year,
                "source": env["source"],
                "opening_fen": opening,
                "granted_fen": granted if this_year else 0,
                "allocated_fen": 0,
                "paid_fen": 0,
                "escrow_fen": 0,
                "closing_fen": opening + (granted if this_year else 0),
                "lapsed_fen": 0,
            }
        )
    seen = {r["envelope_id"] for r in rows}
    rows += [
        {
            **r,
            "year": year,
            "opening_fen": r["closing_fen"],
            **dict.fromkeys(("granted_fen", "allocated_fen", "paid_fen", "escrow_fen", "lapsed_fen"), 0),
        }
        for i, r in left.items()
        if i not in seen
    ]
    return ENVELOPE_BALANCE.table(rows)


def in_force(envelope: pa.Table, balance_last: pa.Table | None, year: int) -> list[dict[str, Any]]:
    """Return the register rows that matter in `year`: this year's, and the latest older one of each envelope with money left."""
    rows = envelope.to_pylist()
    now = [r for r in rows if r["year"] == year]
    have = {r["envelope_id"] for r in now}
    left = set() if balance_last is None else {r["envelope_id"] for r in balance_last.to_pylist() if r["closing_fen"]} - have
    older = [
        max((r for r in rows if r["envelope_id"] == i and r["year"] < year), key=lambda r: int(r["year"]), default=None)
        for i in sorted(left)
    ]
    return [*now, *(r for r in older if r is not None)]


# ---------------------------------------------------------------- checks
def check_envelopes(
    envelope: pa.Table, params: Parameters, year: int, opening: pa.Table | None = None, settlement: pa.Table | None = None
) -> list[Fault]:
    """Return every fault of the envelopes of `year`.

    opening     the result of `open_envelopes`; with it the statutory floor is compared with derived grants too
    settlement  the settled agreements; with it a document that names none of them is known to draw on all of them

    Errors: negative amount, grant below the statutory floor (both numbers named), unknown source, not usable in the
    year, entered twice, earmark that names no known zone or ecosystem group, carry-over or earmark the source does not allow,
    derived money (an agreement's, the carbon lots') that two envelopes would both be granted.
    """
    rows = [r for r in envelope.to_pylist() if r["year"] == year]
    granted = {} if opening is None else {r["envelope_id"]: r["granted_fen"] for r in opening.to_pylist()}
    out: list[Fault] = []
    ids = [r["envelope_id"] for r in rows]
    for row in rows:
        out += _amount_faults(row, granted) + _date_faults(row, year) + _source_faults(row, params) + _earmark_faults(row)
        out += purpose_faults(row, params) + _ration_faults(row)
    out += match_faults(rows, granted, params)
    out += _derived_twice(rows, settlement)
    for i in sorted({i for i in ids if ids.count(i) > 1}):
        out.append(
            _fault(
                i,
                "duplicate",
                Text("{y} 年登记了 {n} 次。", "It is entered {n} times for {y}.").fill(y=year, n=ids.count(i)),
                Text("一个资金包一年一行。", "One row for an envelope and year."),
            )
        )
    return out


def _amount_faults(row: dict[str, Any], granted: Mapping[str, int]) -> list[Fault]:
    out = [
        _fault(
            row["envelope_id"],
            "negative",
            Text("{k} 是 {v} 元。", "{k} is {v} yuan.").fill(k=k, v=say_yuan(row[k])),
            Text("写不小于零的金额。", "Write zero or more."),
        )
        for k in ("granted_fen", "floor_fen")
        if row[k] < 0
    ]
    derived = is_derived(row["source"])
    got = granted.get(row["envelope_id"], row["granted_fen"])
    if derived and row["granted_fen"] not in (0, got):
        out.append(
            _fault(
                row["envelope_id"],
                "derived",
                Text(
                    "登记下达 {a} 元，而结算或成交得出 {b} 元。", "The register grants {a} yuan; settlement or sale gives {b} yuan."
                ).fill(a=say_yuan(row["granted_fen"]), b=say_yuan(got)),
                Text("登记为 0，由计算得出；或核对结算。", "Enter 0 and let it be derived, or check the settlement."),
            )
        )
    if got < row["floor_fen"] and not (derived and row["envelope_id"] not in granted):
        out.append(
            _fault(
                row["envelope_id"],
                "floor",
                Text(
                    "下达 {g} 元，低于法定最低额 {f} 元，少 {d} 元。",
                    "{g} yuan are granted, below the statutory floor of {f} yuan: {d} short.",
                ).fill(g=say_yuan(got), f=say_yuan(row["floor_fen"]), d=say_yuan(row["floor_fen"] - got)),
                Text("补足预算，或核对最低额的文件。", "Add to the budget, or check the document of the floor."),
            )
        )
    return out


def _derived_twice(rows: Sequence[dict[str, Any]], settlement: pa.Table | None) -> list[Fault]:
    """Return a fault for each envelope that draws on derived money another one of its source draws on too.

    A derived grant is the whole of what its source brought, so two envelopes that draw on the same would hold the money twice.
    """
    known = entries("funds.sources")
    derived = {r["envelope_id"]: r for r in rows if is_derived(r["source"])}
    drawn = {i: getattr(known[r["source"]].module, "drawn", _all)(r, settlement) for i, r in derived.items()}
    out = []
    for i, row in derived.items():
        others = sorted(
            j
            for j, other in derived.items()
            if j != i and other["source"] == row["source"] and (not drawn[i] or not drawn[j] or drawn[i] == drawn[j])
        )
        if not others:
            continue
        name = FUND_SOURCES.get(row["source"], Text(row["source"], row["source"]))
        what = Text(drawn[i], drawn[i]) if drawn[i] else Text("全部", "all of it")
        out.append(
            _fault(
                i,
                "derived_twice",
                Text(
                    "{s}由结算或成交得出（{w}），{o} 也据此下达，同一笔钱会计两次。",
                    "{s} is derived from settlement or sale ({w}), and {o} is granted from the same: the money would count twice.",
                ).fill(s=name, w=what, o=", ".join(others)),
                Text(
                    "只留一个资金包；横向补偿也可各写一个协议的编号（document）。",
                    "Keep one envelope; of agreement money, each may name its own agreement in document.",
                ),
            )
        )
    return out


def _all(row: Mapping[str, Any], settlement: pa.Table | None) -> str:
    return ""


def is_derived(source: str) -> bool:
    """Return whether grants of a source come from settlement or sale, not from the register."""
    known = entries("funds.sources")
    return source in known and bool(known[source].module.DERIVED)


def _date_faults(row: dict[str, Any], year: int) -> list[Fault]:
    if row["valid_from"] <= date(year, 12, 31) and date(year, 1, 1) <= row["valid_to"] and row["valid_from"] <= row["valid_to"]:
        return []
    return [
        _fault(
            row["envelope_id"],
            "expired",
            Text("可用期 {a} 至 {b} 不含 {y} 年。", "It may be used from {a} to {b}, which is not in {y}.").fill(
                a=row["valid_from"], b=row["valid_to"], y=year
            ),
            Text("更正可用期，或改用别的资金包。", "Mend the dates or use another envelope."),
        )
    ]


def _source_faults(row: dict[str, Any], params: Parameters) -> list[Fault]:
    source = row["source"]
    if source not in entries("funds.sources"):
        return [
            _fault(
                row["envelope_id"],
                "source",
                Text("来源 {s} 不认识。", "Source {s} is not known.").fill(s=source),
                Text("可用：{all}。", "Known: {all}.").fill(all=", ".join(entries("funds.sources"))),
            )
        ]
    name = FUND_SOURCES.get(source, Text(source, source))
    out = []
    if row["carry_over"] and not may_carry_over(source, params):
        out.append(
            _fault(
                row["envelope_id"],
                "carry_over",
                Text("登记为可结转，而{s}不可结转。", "It says it may be carried over, which {s} may not.").fill(s=name),
                Text("改为不可结转，或在规则 funds.may_carry_over 中更正。", "Say no, or mend rule funds.may_carry_over."),
            )
        )
    tied = any(row.get(k) for k in _TIES)
    if tied and not may_earmark(source, params):
        out.append(
            _fault(
                row["envelope_id"],
                "earmark",
                Text("限定了用途，而{s}不可限定。", "It is tied to a purpose, which {s} may not be.").fill(s=name),
                Text("去掉限定，或在规则 funds.may_earmark 中更正。", "Drop the tie, or mend rule funds.may_earmark."),
            )
        )
    return out


def _earmark_faults(row: dict[str, Any]) -> list[Fault]:
    out = []
    for key, known in (("earmark_zones", FUNCTION_ZONES), ("earmark_ecosystems", ECOSYSTEM_GROUPS)):
        out += [
            _fault(
                row["envelope_id"],
                "earmark",
                Text("{k} 中的 {c} 不认识。", "{c} in {k} is not known.").fill(k=key, c=code),
                Text("可用：{all}。", "Known: {all}.").fill(all=", ".join(known)),
            )
            for code in row[key].split()
            if code not in known
        ]
    out += [
        _fault(
            row["envelope_id"],
            "earmark",
            Text("earmark_regions 中的 {c} 不是区划代码。", "{c} in earmark_regions is no code of a region.").fill(c=code[:20]),
            Text("写村代码或其开头的数字，如 990121。", "Write a village's code or the digits it begins with, such as 990121."),
        )
        for code in (row.get("earmark_regions") or "").split()
        if not _REGION.fullmatch(code)
    ]
    return out


def tie_faults(envelope: pa.Table, year: int, programmes: Iterable[str], villages: pa.ChunkedArray) -> list[Fault]:
    """Return a warning for each programme or region an envelope of `year` is tied to and nothing of the year belongs to.

    programmes  those anything is owed under
    villages    code of the village of each parcel
    A mistyped code would otherwise leave money unused without a word.
    """
    running = sorted(set(programmes))
    there = pc.unique(villages)
    out = []
    for row in envelope.to_pylist():
        if row["year"] != year:
            continue
        for code in (row.get("earmark_programmes") or "").split():
            if code not in running:
                said = Text("限定于项目 {c}，而 {y} 年没有这个项目。", "It is tied to programme {c}, which does not run in {y}.")
                remedy = Text("核对代码；{y} 年有：{a}。", "Look at the code; in {y} there are: {a}.")
                said, remedy = said.fill(c=code, y=year), remedy.fill(y=year, a=", ".join(running) or "—")
                out.append(_fault(row["envelope_id"], "tied_to_nothing", said, remedy, "warning"))
        for code in (row.get("earmark_regions") or "").split():
            if not pc.any(pc.starts_with(there, code)).as_py():
                said = Text("限定于地区 {c}，而没有一个地块在那里。", "It is tied to region {c}, in which no parcel lies.").fill(
                    c=code
                )
                found = ", ".join(sorted({str(v)[:9] for v in there.to_pylist() if v})[:8]) or "—"
                remedy = Text("核对代码；地块在：{a}。", "Look at the code; parcels lie in: {a}.").fill(a=found)
                out.append(_fault(row["envelope_id"], "tied_to_nothing", said, remedy, "warning"))
    return out


def _ration_faults(row: dict[str, Any]) -> list[Fault]:
    rule = row.get("ration")
    return [] if not rule or rule in entries("funds.rations") else [_unknown_ration(row["envelope_id"], rule)]


def _unknown_ration(record: str, rule: str) -> Fault:
    return Fault(
        "funds.ration",
        "envelope" if record != "funds.ration" else "ecopolicy",
        record,
        Text("分配办法 {r} 不认识。", "Sharing rule {r} is not known.").fill(r=rule),
        Text("可用：{a}。", "Known: {a}.").fill(a=", ".join(entries("funds.rations"))),
    )


def _fault(record: str, kind: str, clash: Text, remedy: Text, severity: Severity = "error") -> Fault:
    return Fault(f"funds.{kind}", "envelope", record, clash, remedy, severity)


# ---------------------------------------------------------------- sharing
def allocate(
    entitlement: pa.Table,
    parcel: pa.Table,
    parcel_zone: pa.Table,
    envelope: pa.Table,
    opening: pa.Table,
    params: Parameters,
    year: int,
    holder: pa.Table | None = None,
) -> tuple[pa.Table, pa.Table, pa.Table]:
    """Share the envelopes over the entitlements; see the module for the rule and its theorem.

    opening  ENVELOPE_BALANCE at the start of the year, from `open_envelopes`
    holder   holders with income and members, where the rule ``funds.rank_by`` asks for income
    returns  (entitlement with funded and shortfall, allocation, envelope_balance at year end)

    Rows in escrow or held are funded too, so that the money is there when title or objection is settled;
    excluded rows get nothing. What is left is carried over where the envelope says so and its dates allow, else it lapses.
    """
    rule = params.text("funds.ration")
    if rule not in entries("funds.rations"):
        raise FaultsError([_unknown_ration("funds.ration", rule)])
    table = ENTITLEMENT.checked(entitlement)
    unmet = np.where(
        pc.is_in(table["state"], value_set=pa.array(FUNDED_STATES)).to_numpy(zero_copy_only=False),
        table["entitled_fen"].to_numpy(),
        0,
    )
    balances = {r["envelope_id"]: dict(r) for r in opening.to_pylist()}
    known = _in_order(in_force_rows(envelope, balances, year), params)
    rules = {e["envelope_id"]: e.get("ration") or rule for e in known}
    raise_errors([_unknown_ration(i, r) for i, r in rules.items() if r not in entries("funds.rations")])
    traits = _Traits(table, parcel, parcel_zone, params)
    claims = _claims(table, unmet, parcel_zone, holder, set(rules.values()), params)
    limits = match_limits(known, {i: b["granted_fen"] for i, b in balances.items()}, params)
    taken: dict[str, np.ndarray] = {}
    for balance in balances.values():
        balance.update(closing_fen=0, lapsed_fen=balance["opening_fen"] + balance["granted_fen"])
    for env in known:
        i = env["envelope_id"]
        balance = balances[i]
        usable = env["valid_from"] <= date(year, 12, 31) and date(year, 1, 1) <= env["valid_to"]
        available = balance["opening_fen"] + min(balance["granted_fen"], limits.get(i, balance["granted_fen"])) if usable else 0
        given = _share(rules[i], available, np.where(traits.eligible(env), unmet, 0), claims)
        unmet = unmet - given
        taken[i] = given
        _close(balance, env, given, table, year)
    funded = table["entitled_fen"].to_numpy() - unmet
    return _funded(table, funded), _allocation(table, taken), ENVELOPE_BALANCE.table(list(balances.values()))


def in_force_rows(envelope: pa.Table, balances: Mapping[str, Any], year: int) -> list[dict[str, Any]]:
    """Return for each opened envelope its register row: this year's, else the latest older one."""
    latest: dict[str, dict[str, Any]] = {}
    for row in sorted(envelope.to_pylist(), key=lambda r: int(r["year"])):
        if row["year"] <= year and row["envelope_id"] in balances:
            latest[row["envelope_id"]] = row
    return list(latest.values())


def _in_order(rows: Sequence[dict[str, Any]], params: Parameters) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda r: (r["priority"] or priority(r["source"], params), r["envelope_id"]))


def _claims(
    table: pa.Table, unmet: np.ndarray, parcel_zone: pa.Table, holder: pa.Table | None, used: set[str], params: Parameters
) -> Claims:
    """Return what the rules of sharing in use need to know of the rows; nothing is worked out that none of them asks for."""
    n = len(table)
    zeros = np.zeros(n, np.int64)
    whose = zeros
    if used & {"equal", "floor_first"} or used - {"pro_rata", "rank", "equal", "floor_first"}:
        whose = pc.rank(table["holder_id"], tiebreaker="dense").to_numpy().astype(np.int64)
    floor = zeros
    if used - {"pro_rata", "rank", "equal"}:
        floor = floors(unmet, whose, to_fen(params.decimal("funds.household_floor_yuan")))
    rank = ranks(table, parcel_zone, holder, params) if used - {"pro_rata", "equal", "floor_first"} else zeros
    return Claims(whose, rank, floor, unmet)


class _Traits:
    """Zone, ecosystem group, red line, village and programme of each entitlement row, for earmarks and purposes."""

    def __init__(self, entitlement: pa.Table, parcel: pa.Table, parcel_zone: pa.Table, params: Parameters) -> None:
        ids = entitlement["parcel_id"]
        at = pc.index_in(ids, value_set=parcel["parcel_id"].combine_chunks())
        self._group = pc.utf8_slice_codeunits(pc.fill_null(parcel["ecosystem"].take(at), ""), 0, 1)
        self._village = pc.fill_null(parcel["village_code"].take(at), "")
        at = pc.index_in(ids, value_set=parcel_zone["parcel_id"].combine_chunks())
        self._zone = pc.fill_null(parcel_zone["function_zone"].take(at), "none")
        line = pc.fill_null(parcel_zone["red_line_ppm"].take(at), 0).to_numpy()
        self._red = line >= int(params.decimal("funds.red_line_share") * PPM)
        self._programme = entitlement["programme"]
        self._params = params

    def eligible(self, env: Mapping[str, Any]) -> np.ndarray:
        """Return which rows `env` may pay: every earmark it has must hold, and its purpose unless it is general money."""
        out = np.ones(len(self._red), bool)
        for name, have in (
            ("earmark_zones", self._zone),
            ("earmark_ecosystems", self._group),
            ("earmark_programmes", self._programme),
        ):
            if wanted := (env.get(name) or "").split():
                out &= pc.is_in(have, value_set=pa.array(wanted)).to_numpy(zero_copy_only=False)
        if regions := (env.get("earmark_regions") or "").split():
            out &= np.logical_or.reduce([pc.starts_with(self._village, r).to_numpy(zero_copy_only=False) for r in regions])
        purposes = (env.get("purposes") or "").split()
        if purposes and not is_general(env["source"], self._params):
            fit = [p for p in pc.unique(self._programme).to_pylist() if payment_purpose(p, self._params) in purposes]
            out &= pc.is_in(self._programme, value_set=pa.array(fit, pa.string())).to_numpy(zero_copy_only=False)
        if env["earmark_red_line"]:
            out &= self._red
        return out


def _share(rule: str, available: int, unmet: np.ndarray, claims: Claims) -> np.ndarray:
    """Return what each row gets of `available`, at most what is unmet."""
    some = np.flatnonzero(unmet)
    given = np.zeros_like(unmet)
    if available > 0 and len(some):
        open_ = unmet[some]
        whole = available >= sum_array(open_)
        given[some] = open_ if whole else entries("funds.rations")[rule].module.share(available, open_, claims.take(some))
    return given


def _close(balance: dict[str, Any], env: Mapping[str, Any], given: np.ndarray, table: pa.Table, year: int) -> None:
    """Write the year's end of an envelope: allocated, of it in escrow, left or lapsed."""
    allocated = sum_array(given)
    escrow = sum_array(given[pc.equal(table["state"], "escrow").to_numpy(zero_copy_only=False)])
    left = balance["opening_fen"] + balance["granted_fen"] - allocated
    stays = bool(env["carry_over"]) and env["valid_to"] > date(year, 12, 31)
    balance.update(allocated_fen=allocated, escrow_fen=escrow, closing_fen=left if stays else 0, lapsed_fen=0 if stays else left)


def _funded(table: pa.Table, funded: np.ndarray) -> pa.Table:
    entitled = table["entitled_fen"].to_numpy()
    paid = np.where(pc.is_in(table["state"], value_set=pa.array(FUNDED_STATES)).to_numpy(zero_copy_only=False), funded, 0)
    for name, values in (("funded_fen", paid), ("shortfall_fen", entitled - paid)):
        table = table.set_column(table.schema.get_field_index(name), table.schema.field(name), pa.array(values, pa.int64()))
    return table


def _allocation(table: pa.Table, taken: Mapping[str, np.ndarray]) -> pa.Table:
    """Return the rows that got something, in the order of the key: a piece of the entitlements at a time, by row, then envelope."""
    names = sorted(taken)
    pieces = []
    for start in range(0, len(table) if names else 0, _PIECE):
        given = np.column_stack([taken[n][start : start + _PIECE] for n in names])
        row, column = np.nonzero(given)
        ids = table["entitlement_id"].slice(start, _PIECE).combine_chunks().take(pa.array(row))
        envelopes = pa.array(names).take(pa.array(column))
        pieces.append(pa.table([ids, envelopes, given[row, column]], schema=ALLOCATION.schema()))
    return ALLOCATION.checked(pa.concat_tables(pieces)) if pieces else ALLOCATION.empty()


__all__ = [
    "FUNDED_STATES",
    "allocate",
    "check_envelopes",
    "in_force",
    "in_force_rows",
    "is_derived",
    "open_envelopes",
    "tie_faults",
]
