"""Worked cases of horizontal agreements: what a signed text makes of a year, through the engine that serves users."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow as pa

from ecocomp.agreements.agreement import read_agreement
from ecocomp.agreements.data import readings_of
from ecocomp.agreements.facts import read_facts
from ecocomp.agreements.indicators import code_of
from ecocomp.agreements.model import Agreement
from ecocomp.agreements.outcome import Outcome, counted_once, owed_on, settle_year
from ecocomp.agreements.readings import Readings, judge_year, worst_class
from ecocomp.agreements.shipped import find
from ecocomp.terms.faults import FaultsError, UsageError, errors
from ecocomp.terms.tables import READING
from ecocomp.terms.text import Text
from ecocomp.worked.operation import Operation, Setting

_WORDS = {"zh": "案例", "en": "case"}
_GIVEN = {
    "agreement?": Text(
        "协议：文件、随附协议编码或整份内容", "the agreement: a file, the id of one that ships, or its whole content"
    ),
    "clauses?": Text("只给条款时：条款列表", "when only clauses are given: the list of clauses"),
    "parties?": Text(
        "只给条款时：当事方（缺省 U 上游、D 下游）", "when only clauses are given: the parties (default U upstream, D downstream)"
    ),
    "terms?": Text(
        "只给条款时：协议的其他键（section、indicators、data_rules、caps……）",
        "when only clauses are given: other keys of the agreement (section, indicators, data_rules, caps …)",
    ),
    "year": Text("结算年", "year settled"),
    "means?": Text(
        "年 → 断面 → 指标 → 每月同值（mg/L；水量 m3）", "year → section → indicator → the same value every month (mg/L; volumes m3)"
    ),
    "months?": Text(
        "年 → 断面 → 指标 → 十二个月值（文本，保留“<”；空为缺测）",
        "year → section → indicator → twelve values (text, keeps '<'; empty: missing)",
    ),
    "annual?": Text("年 → 断面 → 指标 → 公布的全年值", "year → section → indicator → a value published for the year"),
    "facts?": Text("事实（不可抗力、认定、增长率、决定、已付）", "facts (force majeure, findings, growth, decisions, payments)"),
    "on?": Text("到哪一天的应付", "day on which the dues are asked"),
}
_FOUND = {
    "rows": Text("[付款方, 收款方, 元]，每个已结算的条款一行", "[payer, payee, yuan], a row for each settled clause"),
    "nets": Text("一方 → 净得（元）", "party → received less paid (yuan)"),
    "transfers": Text("[付款方, 收款方, 元]，清算后", "[payer, payee, yuan] after clearing"),
    "settled": Text("是否全部结算", "whether every clause is settled"),
    "missing": Text("没有结算时缺什么", "what is missing when it is not settled"),
    "dues": Text("[类型, 付款方, 收款方, 元, 付款日]", "[kind, payer, payee, yuan, day]"),
    "passed_on": Text("[由, 到, 元]", "[from, to, yuan]"),
    "final": Text(
        "最后得款：一方或下级 → 元（只计一次）", "whom it comes to in the end: party or those below → yuan (counted once)"
    ),
    "open": Text("给了 on 时：[付款方, 收款方, 未付元, 逾期天数, 状态]", "with `on`: [payer, payee, open yuan, days late, state]"),
}


def _agreement(given: Mapping[str, Any], here: Setting) -> Agreement:
    named = given.get("agreement")
    if isinstance(named, str):
        path = here.folder / named
        source: Path | Mapping[str, Any] = path if path.is_file() else find(named)[0]
    elif isinstance(named, Mapping):
        source = named
    else:
        source = _bare(given)
    made, faults = read_agreement(source)
    if made is None:
        raise FaultsError(errors(faults))
    return made


def _bare(given: Mapping[str, Any]) -> dict[str, Any]:
    year = int(given["year"])
    if not given.get("clauses"):
        raise UsageError(Text("写 agreement 或 clauses。", "Give agreement or clauses."))
    parties = given.get("parties") or [{"code": "U", "role": "upstream"}, {"code": "D", "role": "downstream"}]
    words = dict.fromkeys(("name", "scope", "targets", "duties", "form", "breach", "other"), _WORDS)
    terms = {"section": "S", "indicators": [{"code": "tp", "weight": 1}], **(given.get("terms") or {})}
    return {
        "id": "case",
        **words,
        "parties": parties,
        "term": {"from": f"{year - 1}-01-01", "to": f"{year + 2}-12-31"},
        **terms,
        "clauses": given["clauses"],
    }


def _reading(given: Mapping[str, Any]) -> pa.Table:
    rows: list[dict[str, object]] = []
    for year, sections in [*(given.get("means") or {}).items(), *(given.get("months") or {}).items()]:
        for section, codes in sections.items():
            for name, value in codes.items():
                listed = list(value) if isinstance(value, list) else [value] * 12
                code = code_of(str(name)) or str(name)
                rows += [
                    {
                        "station_id": str(section),
                        "month": f"{year}-{m:02d}",
                        "indicator": code,
                        "value": "" if v is None else str(v),
                    }
                    for m, v in enumerate(listed, 1)
                ]
    table = READING.table(rows)
    return pa.concat_tables([table, readings_of(given["annual"])]) if given.get("annual") else table


def _yuan(fen: int) -> Fraction:
    return Fraction(fen, 100)


def _settle(given: Mapping[str, Any], here: Setting) -> dict[str, Any]:
    made = _agreement(given, here)
    facts, faults = read_facts(given.get("facts") or {})
    if errors(faults):
        raise FaultsError(errors(faults))
    outcome = settle_year(made, _reading(given), int(given["year"]), here.params, facts)
    found = _found(outcome)
    if given.get("on") is not None:
        owed, _ = owed_on(outcome, facts.get("paid") or (), given["on"])
        found["open"] = [[o.due.payer, o.due.payee, _yuan(o.open_fen), o.days_late, o.state] for o in owed]
    return found


def _found(outcome: Outcome) -> dict[str, Any]:
    return {
        "rows": [[x.row.payer, x.row.payee, _yuan(x.row.amount_fen)] for x in outcome.lines if x.settled],
        "nets": {c: _yuan(n) for c, n in outcome.nets.items()},
        "transfers": [[a, b, _yuan(n)] for a, b, n in outcome.transfers],
        "settled": bool(outcome.lines) and outcome.complete,
        "missing": [m for x in outcome.lines if not x.settled for m in x.row.evidence.get("missing", ())],
        "dues": [[d.kind, d.payer, d.payee, _yuan(d.amount_fen), d.due] for d in outcome.dues],
        "passed_on": [[p.party, p.to, _yuan(p.amount_fen)] for p in outcome.passed],
        "final": {c: _yuan(n) for c, n in counted_once(outcome).items()},
    }


def _index(given: Mapping[str, Any], here: Setting) -> dict[str, Any]:
    made = _agreement({**given, "clauses": [{"kind": "fixed_sum", "payer": "D", "payee": "U", "amount_yuan": 0}]}, here)
    clause = {**made.data, "section": made.data.get("section", "S")}
    before = int(given["base_year"]) if given.get("base_year") is not None else None
    readings = Readings(_reading(given), here.params)
    index = readings.index(clause, int(given["year"]), before)
    k0 = Fraction(given.get("k0") or 1)
    return {"index": index.value, "P": None if index.value is None else k0 * index.value}


def _class(given: Mapping[str, Any], here: Setting) -> dict[str, Any]:
    made = _agreement({**given, "clauses": [{"kind": "fixed_sum", "payer": "D", "payee": "U", "amount_yuan": 0}]}, here)
    clause = {**made.data, **{k: given[k] for k in ("class_limits", "target_class", "limits") if given.get(k) is not None}}
    readings, year = Readings(_reading(given), here.params), int(given["year"])
    worst, classes, missing = worst_class(clause, readings, year, here.params)
    judged = (
        judge_year(clause, readings, year, here.params) if given.get("target_class") is not None or given.get("limits") else None
    )
    return {"class": worst, "classes": classes, "missing": list(missing), "met": judged.met if judged else None}


_DATA = {k: _GIVEN[k] for k in ("terms?", "parties?", "year", "means?", "months?", "annual?")}
OPERATIONS = (
    Operation("agreement.settle", Text("结算协议的一年", "settle a year of an agreement"), _GIVEN, _FOUND, _settle),
    Operation(
        "agreement.index",
        Text("断面污染指数", "pollution index of a section"),
        {
            **_DATA,
            "k0?": Text("稳定系数，缺省 1", "stability coefficient, default 1"),
            "base_year?": Text("与哪一年比（缺省按协议基准）", "year it is compared with (default the agreement's base)"),
        },
        {"index": Text("指数 Σ w C/C0", "index, sum of w C/C0"), "P": Text("k0 × 指数", "k0 × index")},
        _index,
    ),
    Operation(
        "agreement.class",
        Text("断面年均水质类别", "class of a section by annual means"),
        {
            **_DATA,
            "class_limits?": Text("各类上限（缺省按规则）", "limits of the classes (default the rules)"),
            "target_class?": Text("目标类别", "target class"),
            "limits?": Text("限值", "limits"),
        },
        {
            "class": Text("类别（最差指标）", "class (worst indicator)"),
            "classes": Text("各指标类别", "class of each indicator"),
            "missing": Text("缺测", "missing"),
            "met": Text("是否达标", "whether it is met"),
        },
        _class,
    ),
)
