"""What money may be used for: general transfers, earmarked money, and the order in which pooled money serves.

Regulation on Ecological Protection Compensation (Decree 779): earmarked money only for its purpose (art. 13); pooled money
first for protection of natural resources, pollution control and restoration (art. 13); horizontal money also for economic
development and livelihood (art. 17). A general transfer has no purpose set from above (Caiyu (2022) 59): it is reported by
purpose, never refused by it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ecocomp.funds.sheet import Column
from ecocomp.rules import Parameters
from ecocomp.terms.codes import FUND_PURPOSES, FUND_SOURCES
from ecocomp.terms.faults import Fault
from ecocomp.terms.money import say_yuan
from ecocomp.terms.text import Text, same


def is_general(source: str, params: Parameters) -> bool:
    """Return whether money of `source` is a general transfer, without a purpose set from above."""
    return not params.table("funds.earmarked").get(source, 1)


def allowed(source: str, params: Parameters) -> tuple[str, ...]:
    """Return the purposes money of `source` may serve by rule ``funds.purposes``; all of them where the rule names none."""
    for entry in params.items("funds.purposes"):
        if isinstance(entry, dict) and entry.get("source") == source:
            return tuple(str(p) for p in entry.get("purposes", ()))
    return tuple(FUND_PURPOSES)


def payment_purpose(programme: str, params: Parameters) -> str:
    """Return the purpose a payment of a programme counts as: that of rule ``funds.programme_purposes``, else the usual one."""
    for entry in params.items("funds.programme_purposes"):
        if isinstance(entry, dict) and entry.get("programme") == programme:
            return str(entry.get("purpose"))
    return params.text("funds.payment_purpose")


def purpose_faults(row: Mapping[str, Any], params: Parameters) -> list[Fault]:
    """Return the faults of the purposes an envelope is tied to."""
    wanted = (row.get("purposes") or "").split()
    if not wanted:
        return []
    source, record = row["source"], row["envelope_id"]
    name = FUND_SOURCES.get(source, same(source))
    out = [
        _fault(record, Text("用途 {p} 不认识。", "Purpose {p} is not known.").fill(p=p), _known(FUND_PURPOSES))
        for p in wanted
        if p not in FUND_PURPOSES
    ]
    may = allowed(source, params)
    out += [
        _fault(
            record,
            Text("用途 {p} 不在{s}可用范围内。", "{s} may not be used for {p}.").fill(p=FUND_PURPOSES[p], s=name),
            _known({p: FUND_PURPOSES[p] for p in may if p in FUND_PURPOSES}),
        )
        for p in wanted
        if p in FUND_PURPOSES and p not in may
    ]
    if is_general(source, params):
        out.append(
            Fault(
                "funds.general_purpose",
                "envelope",
                record,
                Text(
                    "{s}是一般性转移支付，不指定用途；所写用途只作报告，不限制使用。",
                    "{s} is a general transfer without a set purpose; the purposes written are reported and restrict nothing.",
                ).fill(s=name),
                Text("本级方案要限定时，用功能区或项目限定。", "A plan of this level may tie it to zones or programmes instead."),
                "warning",
            )
        )
    return out


def check_uses(uses: Sequence[Mapping[str, Any]], params: Parameters) -> list[Fault]:
    """Return every fault of a spending plan.

    uses  rows of ``record, source, purpose, need_fen, planned_fen, purpose_of`` (what the money is tied to, may be "")

    Errors: unknown source or purpose, more planned than needed, earmarked money outside its purpose, a purpose the source may
    not serve. Warning: pooled money goes to a later purpose while a first one (``funds.purpose_first``) is short.
    """
    out: list[Fault] = []
    first = [str(p) for p in params.items("funds.purpose_first")]
    for use in uses:
        out += _use_faults(use, params)
    short = {}
    for p in first:
        rows = [u for u in uses if u["purpose"] == p]
        lack = sum(u["need_fen"] for u in rows) - sum(u["planned_fen"] for u in rows)
        if lack > 0:
            short[p] = lack
    later = [u for u in uses if u["purpose"] not in first and u["purpose"] in FUND_PURPOSES and u["planned_fen"] > 0]
    for use in later if short else ():
        said = "、".join(f"{FUND_PURPOSES[p].zh} {say_yuan(v)}" for p, v in short.items())
        told = ", ".join(f"{FUND_PURPOSES[p].en} {say_yuan(v)}" for p, v in short.items())
        out.append(
            Fault(
                "funds.purpose_order",
                "plan",
                str(use["record"]),
                Text("{v} 元用于{p}，而优先用途还缺：{s}。", "{v} yuan go to {p} while what comes first is short: {s}.").fill(
                    v=say_yuan(use["planned_fen"]), p=FUND_PURPOSES[use["purpose"]], s=Text(said, told)
                ),
                Text(
                    "统筹资金先用于自然资源保护、污染治理、生态修复（条例第十三条）。",
                    "Pooled money serves protection, pollution control and restoration first (Regulation, art. 13).",
                ),
                "warning",
            )
        )
    return out


def _use_faults(use: Mapping[str, Any], params: Parameters) -> list[Fault]:
    out, record = [], str(use["record"])
    if use["source"] not in FUND_SOURCES:
        out.append(_use(record, Text("来源 {s} 不认识。", "Source {s} is not known.").fill(s=use["source"]), _known(FUND_SOURCES)))
    if use["purpose"] not in FUND_PURPOSES:
        out.append(
            _use(record, Text("用途 {s} 不认识。", "Purpose {s} is not known.").fill(s=use["purpose"]), _known(FUND_PURPOSES))
        )
    for key in ("need_fen", "planned_fen"):
        if use[key] < 0:
            out.append(_use(record, Text("{k} 是 {v} 元。", "{k} is {v} yuan.").fill(k=key, v=say_yuan(use[key])), _ZERO))
    if use["planned_fen"] > use["need_fen"] >= 0:
        out.append(
            _use(
                record,
                Text("安排 {p} 元，多于所需 {n} 元。", "{p} yuan are planned, more than the {n} needed.").fill(
                    p=say_yuan(use["planned_fen"]), n=say_yuan(use["need_fen"])
                ),
                Text("减到所需，或更正所需。", "Plan no more than is needed, or mend the need."),
            )
        )
    if out or is_general(use["source"], params):
        return out
    tied = str(use.get("purpose_of") or "").split()
    if tied and use["purpose"] not in tied:
        out.append(
            _use(
                record,
                Text("专项资金限用于 {t}，却安排用于 {p}。", "Money tied to {t} is planned for {p}.").fill(
                    t=_names(tied), p=FUND_PURPOSES[use["purpose"]]
                ),
                Text(
                    "专款专用（条例第十三条）：换资金或换用途。",
                    "Earmarked money serves its purpose only (art. 13): use other money.",
                ),
            )
        )
    if use["purpose"] not in allowed(use["source"], params):
        out.append(
            _use(
                record,
                Text("{s}不得用于{p}。", "{s} may not be used for {p}.").fill(
                    s=FUND_SOURCES[use["source"]], p=FUND_PURPOSES[use["purpose"]]
                ),
                Text("可用于：{a}。", "It may serve: {a}.").fill(a=_names(allowed(use["source"], params))),
            )
        )
    return out


_ZERO = Text("写不小于零的金额。", "Write zero or more.")


def _names(codes: Sequence[str]) -> Text:
    known = [FUND_PURPOSES.get(c, same(c)) for c in codes]
    return Text("、".join(k.zh for k in known), ", ".join(k.en for k in known))


def _known(codes: Mapping[str, Text]) -> Text:
    return Text("可用：{a}。", "Known: {a}.").fill(a=", ".join(codes))


def _use(record: str, clash: Text, remedy: Text) -> Fault:
    return Fault("funds.use", "plan", record, clash, remedy)


def _fault(record: str, clash: Text, remedy: Text) -> Fault:
    return Fault("funds.purpose", "envelope", record, clash, remedy)


def use_columns() -> tuple[Column, ...]:
    """Return the columns of a plan of use, as `sheet.read` takes them."""

    def words(codes: Mapping[str, Text]) -> dict[str, str]:
        return {
            w.casefold().replace("_", "").replace(" ", "").replace("-", ""): c for c, t in codes.items() for w in (c, t.zh, t.en)
        }

    return (
        Column("item", ("项目", "名称"), "text"),
        Column("source", ("来源", "资金来源"), "word", needed=True, words=words(FUND_SOURCES)),
        Column("purpose", ("用途",), "word", needed=True, words=words(FUND_PURPOSES)),
        Column("need", ("所需", "需要", "所需资金"), "money", needed=True),
        Column("planned", ("安排", "计划", "安排资金"), "money", needed=True),
        Column("tied_to", ("限定用途",), "text"),
    )
