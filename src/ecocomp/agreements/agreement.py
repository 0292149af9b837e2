"""Horizontal agreements: what two or more governments signed, and what it makes them pay in a year.

For the officers who sign and settle them. The contents follow article 17 of the Regulation on Ecological
Protection Compensation (2024): seven items, all needed before an agreement may be settled.

An agreement is one YAML file (or the same mapping)::

    id: qingxi-lower-2022                  # code, unique in the case
    name: {zh: 青溪河协议, en: Qingxi River agreement}
    parties:                               # two or more
      - {code: "990121", name: {zh: 青溪县, en: Qingxi County}, role: upstream}
      - {code: "990122", name: {zh: 下游县, en: Lower County}, role: downstream}
    scope:   {zh: ..., en: ...}            # item 1: exact area or section
    targets: {zh: ..., en: ...}            # item 2: target, with `indicators` below
    duties:  {zh: ..., en: ...}            # item 3: duties of the protecting side
    form:    {zh: ..., en: ...}            # item 4: form of compensation and how it is delivered
    term:    {from: 2022-01-01, to: 2024-12-31}   # item 5
    breach:  {zh: ..., en: ...}            # item 6
    other:   {zh: "", en: ""}              # item 7: may be empty, but must stand there
    section: QX-OUT                        # station_id in the `reading` table
    base_years: [2019, 2020, 2021]         # mean of these years is the base, unless `base` is given
    indicators:
      - {code: codmn, weight: 0.25, base: 2.0}    # mg/L; base optional when base_years stands above
    clauses:                               # one or more; `kind` names a file of agreements/clauses
      - kind: index_bands
        k0: 0.90
        bands:                             # most favourable to upstream first; `up_to` is included
          - {up_to: 0.95, payer: downstream, payee: upstream, amount_yuan: 2000000}
          - {up_to: 1, payer: downstream, payee: upstream, amount_yuan: 1000000}
          - {payer: upstream, payee: downstream, amount_yuan: 1000000}
      - kind: class_and_change
        target_class: 3                    # annual mean class that costs nobody anything
        per_class_yuan: 60000000           # for each class better (downstream pays) or worse
        per_point_yuan: 1000000            # for each percentage point of change on the previous year
        change_cap_yuan: 40000000          # limit of the change part, both ways
        class_limits: {codmn: [2, 4, 6, 10, 15]}   # optional; else parameter agreements.class_limits.<code>
      - kind: pool_shares
        pool_yuan: 200000000
        contributions: {"990121": 1, "990122": 4}
        distribution: {"990121": 3, "990122": 2}
        deductions:                        # optional
          - {section: QX-OUT, target_class: 2, from: "990121", cut: 0.5, to: {"990122": 1}}

A clause may carry its own `section` or `indicators`; else those of the agreement count. Payer and payee are
party codes, or a role that exactly one party has. Indicator codes are those of the readings, e.g.
``codmn nh3n tp tn cod``. Amounts belong to the signed text, so they stand here and not in the rule book.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow as pa

from ecocomp.agreements.readings import Readings
from ecocomp.agreements.shape import AGREEMENT, CLAUSE, is_number, misshapen, normal
from ecocomp.registry import entries
from ecocomp.rules import Parameters
from ecocomp.rules.lines import read_yaml, strip
from ecocomp.terms.faults import Fault, raise_errors
from ecocomp.terms.tables import SETTLEMENT
from ecocomp.terms.text import Text

ROLES: dict[str, Text] = {"upstream": Text("上游", "upstream"), "downstream": Text("下游", "downstream")}

#: The seven items of article 17, in its order, with the keys that carry them.
ITEMS: tuple[tuple[tuple[str, ...], Text], ...] = (
    (("scope",), Text("补偿的具体范围", "the exact scope of compensation")),
    (("targets", "indicators"), Text("预期保护目标及监测、评价指标", "the target with its monitoring and evaluation indicators")),
    (("duties",), Text("保护责任", "the duties of protection")),
    (("form", "clauses"), Text("补偿方式及落实保障", "the form of compensation and how it is delivered")),
    (("term",), Text("协议期限", "the term")),
    (("breach",), Text("违约处理", "the handling of breach")),
    (("other",), Text("其他事项（可空，须写明）", "other items (may be empty, but must stand there)")),
)


@dataclass(frozen=True, slots=True)
class Party:
    """A government that signed: administrative code, names, role on the river."""

    code: str
    name: Text
    role: str


@dataclass(frozen=True, slots=True)
class Agreement:
    """One signed agreement; a renewal is a new agreement, never an edit of this one (article 19)."""

    id: str
    name: Text
    parties: tuple[Party, ...]
    words: Mapping[str, Text]
    valid_from: date
    valid_to: date
    clauses: tuple[Mapping[str, Any], ...]
    file: str

    def in_force(self, year: int) -> bool:
        """Return whether the agreement covers the whole of `year`."""
        return self.valid_from <= date(year, 1, 1) and date(year, 12, 31) <= self.valid_to


def read_agreement(source: Path | Mapping[str, Any]) -> tuple[Agreement | None, list[Fault]]:
    """Read an agreement from YAML (or the same mapping) and return it with every fault found.

    The agreement is None when an error was found: an incomplete agreement is never settled (AGR-17).
    """
    faults: list[Fault] = []
    if isinstance(source, Path):
        document, faults = read_yaml(source)
        where, data = source.name, strip(document) if document is not None else {}
    else:
        where, data = str(source.get("id", "agreement")), dict(source)
    if not isinstance(data, Mapping):
        return None, [
            *faults,
            _fault(
                where,
                "",
                "agreements.unreadable",
                Text("最上层不是键值表。", "The top level is not a mapping."),
                Text("按 agreements.agreement 的样式书写。", "Write it as shown in agreements.agreement."),
            ),
        ]
    faults = [*faults, *check_agreement(data, where)]
    if any(f.severity == "error" for f in faults):
        return None, faults
    return _build(_normal(data), where), faults


def check_agreement(data: Mapping[str, Any], where: str) -> list[Fault]:
    """Return every fault of an agreement's data: shape, rule AGR-17 (seven items), parties, term, indicators, clauses."""
    checks = (_missing_items, _shape_faults)
    sound = (_party_faults, _term_faults, _indicator_faults, _clause_faults)
    found = [fault for check in checks for fault in check(data, where)]
    return [*found, *(fault for check in sound for fault in check(_normal(data), where))]


def _shape_faults(data: Mapping[str, Any], where: str) -> list[Fault]:
    """Return a fault for each unknown key, clause kind or value of the wrong kind."""
    found = misshapen({k: v for k, v in data.items() if k != "clauses"}, AGREEMENT)
    clauses = data.get("clauses")
    if clauses is not None and not isinstance(clauses, list):
        found += misshapen(clauses, [CLAUSE], "clauses")
    for n, clause in enumerate(clauses if isinstance(clauses, list) else [], 1):
        shape = _clause_shape(clause)
        if shape is None:
            known = ", ".join(entries("agreements.clauses"))
            kind = clause.get("kind") if isinstance(clause, Mapping) else clause
            clash = Text("没有条款类型 {k}。", "There is no clause kind {k}.").fill(k=kind)
            found.append((f"clauses {n}", clash, Text("可用：{all}。", "Known: {all}.").fill(all=known)))
        else:
            found += misshapen(clause, shape, f"clauses {n}")
    return [_fault(where, at, "agreements.shape", clash, remedy) for at, clash, remedy in found]


def _clause_shape(clause: Any) -> Any:
    """Return the shape of a clause by its kind; None when there is no such kind."""
    known = entries("agreements.clauses")
    kind = clause.get("kind") if isinstance(clause, Mapping) else None
    return {**CLAUSE, **known[kind].module.SHAPE} if isinstance(kind, str) and kind in known else None


def _normal(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the well-shaped part of the data, words as text; faults of the rest are told by `_shape_faults`."""
    clauses = data.get("clauses")
    shaped = [(c, _clause_shape(c)) for c in clauses] if isinstance(clauses, list) else []
    rest = normal({k: v for k, v in data.items() if k != "clauses"}, AGREEMENT)
    return {**rest, "clauses": [normal(c, shape) for c, shape in shaped if shape is not None]}


def settle(agreement: Agreement, reading: pa.Table, year: int, params: Parameters) -> pa.Table:
    """Return who pays whom under `agreement` for `year`, with the evidence, as a SETTLEMENT table.

    A month without a usable value is never counted as met: when fewer months than parameter
    ``agreements.months_needed`` can be used, the clause is *not settled*. It then has one row without payer,
    payee and amount whose evidence says ``"state": "not_settled"`` and why. A year outside the term has no rows.

    Example: a Xin'an-form clause at P = 1 exactly makes downstream pay the lower amount.
    """
    if not agreement.in_force(year):
        return SETTLEMENT.empty()
    readings = Readings(reading, params)
    raise_errors(readings.faults)
    known = entries("agreements.clauses")
    rows = []
    for label, clause in zip(_labels(agreement.clauses), agreement.clauses, strict=True):
        for row in known[clause["kind"]].module.settle(clause, readings, year, agreement.parties, params):
            evidence = json.dumps({"section": clause.get("section", ""), **row.evidence}, ensure_ascii=False, sort_keys=True)
            rows.append(
                {
                    "agreement_id": agreement.id,
                    "year": year,
                    "clause": label,
                    "payer": row.payer,
                    "payee": row.payee,
                    "amount_fen": row.amount_fen,
                    "evidence": evidence,
                }
            )
    return SETTLEMENT.table(rows)


def unsettled(settlement: pa.Table) -> list[Fault]:
    """Return a warning for each clause that could not be settled, with its reason."""
    out = []
    for row in settlement.to_pylist():
        evidence = json.loads(row["evidence"])
        if evidence.get("state") == "not_settled":
            missing = "; ".join(evidence.get("missing", []))
            out.append(
                Fault(
                    "agreements.not_settled",
                    row["agreement_id"],
                    f"{row['year']} {row['clause']}",
                    Text("没有结算：可用月份不足（{m}）。", "Not settled: too few usable months ({m}).").fill(m=missing),
                    Text(
                        "补齐读数，或按协议由双方认定后重新结算。",
                        "Add the readings, or let the parties agree on them, then settle again.",
                    ),
                    "warning",
                )
            )
    return out


def net_received(settlement: pa.Table, party: str, year: int) -> int:
    """Return what `party` receives less what it pays in `year`, in fen."""
    return sum(
        (r["amount_fen"] if r["payee"] == party else 0) - (r["amount_fen"] if r["payer"] == party else 0)
        for r in settlement.to_pylist()
        if r["year"] == year
    )


def _labels(clauses: tuple[Mapping[str, Any], ...]) -> list[str]:
    """Return the label of each clause: its kind, numbered when a kind stands twice."""
    kinds = [str(c["kind"]) for c in clauses]
    times, seen, out = Counter(kinds), Counter[str](), []
    for kind in kinds:
        seen[kind] += 1
        out.append(kind if times[kind] == 1 else f"{kind}#{seen[kind]}")
    return out


def _build(data: Mapping[str, Any], where: str) -> Agreement:
    shared = {k: data[k] for k in ("section", "indicators", "base_years") if k in data}
    return Agreement(
        id=str(data["id"]),
        name=_text(data["name"]),
        parties=tuple(_party(p) for p in data["parties"]),
        words={k: _text(data.get(k)) for k in ("scope", "targets", "duties", "form", "breach", "other")},
        valid_from=data["term"]["from"],
        valid_to=data["term"]["to"],
        clauses=tuple({**shared, **c} for c in data["clauses"]),
        file=where,
    )


def _party(item: Mapping[str, Any]) -> Party:
    """Return a party; one without a name is called by its code."""
    code = str(item.get("code"))
    return Party(code, _text(item["name"]) if item.get("name") else Text(code, code), str(item.get("role")))


def _text(value: Any) -> Text:
    return Text(str(value.get("zh") or ""), str(value.get("en") or "")) if isinstance(value, Mapping) else Text("", "")


def _fault(where: str, record: str, code: str, clash: Text, remedy: Text) -> Fault:
    return Fault(code, where, record, clash, remedy)


def _missing_items(data: Mapping[str, Any], where: str) -> list[Fault]:
    """Return a fault for each of the seven items that is absent or, except the last, empty."""
    out = []
    for number, (keys, name) in enumerate(ITEMS, 1):
        for key in keys:
            value = data.get(key)
            empty = key not in data or (key != "other" and not _filled(key, value))
            if empty:
                out.append(
                    _fault(
                        where,
                        key,
                        "agreements.agr17",
                        Text("第十七条第{n}项“{w}”没有写（键 {k}）。", "Item {n} of article 17, {w}, is not there (key {k}).").fill(
                            n=number, w=name, k=key
                        ),
                        Text("写上 {k} 后才能结算。", "Write {k}; without it the agreement cannot be settled.").fill(k=key),
                    )
                )
    for key in ("id", "name"):
        if not data.get(key):
            out.append(
                _fault(
                    where,
                    key,
                    "agreements.agr17",
                    Text("没有 {k}。", "{k} is missing.").fill(k=key),
                    Text("写上 {k}。", "Write {k}.").fill(k=key),
                )
            )
    return out


def _filled(key: str, value: Any) -> bool:
    if key in ("scope", "targets", "duties", "form", "breach"):
        return isinstance(value, Mapping) and bool(value.get("zh")) and bool(value.get("en"))
    return bool(value)


def _party_faults(data: Mapping[str, Any], where: str) -> list[Fault]:
    parties = data.get("parties", [])
    out = []
    codes = [str(p.get("code", "")) for p in parties]
    if len(set(codes)) < 2:
        out.append(
            _fault(
                where,
                "parties",
                "agreements.parties",
                Text("只有 {n} 个不同的当事方。", "There are {n} different parties.").fill(n=len(set(codes))),
                Text("协议至少要有两方。", "An agreement needs two or more."),
            )
        )
    for code in sorted(c for c, times in Counter(codes).items() if times > 1 or not c):
        out.append(
            _fault(
                where,
                code or "parties",
                "agreements.parties",
                Text("当事方代码“{c}”为空或重复。", "Party code '{c}' is empty or twice there.").fill(c=code),
                Text("每一方用自己的行政区划代码。", "Give each party its own administrative code."),
            )
        )
    for p in parties:
        if p.get("role") not in ROLES:
            out.append(
                _fault(
                    where,
                    str(p.get("code")),
                    "agreements.parties",
                    Text("角色 {r} 不认识。", "Role {r} is not known.").fill(r=p.get("role")),
                    Text("用 upstream 或 downstream。", "Use upstream or downstream."),
                )
            )
    return out


def _term_faults(data: Mapping[str, Any], where: str) -> list[Fault]:
    term = data.get("term")
    if not term:
        return []
    first, last = term.get("from"), term.get("to")
    if first is None or last is None:
        return [
            _fault(
                where,
                "term",
                "agreements.term",
                Text("期限没有可读的 from 和 to。", "The term has no readable 'from' and 'to'."),
                Text("写成 {from: 2022-01-01, to: 2024-12-31}。", "Write {from: 2022-01-01, to: 2024-12-31}."),
            )
        ]
    if last <= first:
        return [
            _fault(
                where,
                "term",
                "agreements.term",
                Text("期限止于 {b}，早于起始 {a}。", "The term ends on {b}, not after its start {a}.").fill(a=first, b=last),
                Text("更正 from 或 to。", "Mend 'from' or 'to'."),
            )
        ]
    return []


def _indicator_faults(data: Mapping[str, Any], where: str) -> list[Fault]:
    """Return faults of the indicators of the agreement, and of those a clause has for itself."""
    sets = [data.get("indicators", []), *(c["indicators"] for c in data["clauses"] if "indicators" in c)]
    return [fault for found in sets for fault in _weight_faults(found, where)]


def _weight_faults(found: list[Mapping[str, Any]], where: str) -> list[Fault]:
    out = []
    for i in found:
        weight, base = i.get("weight"), i.get("base")
        if not _positive(weight):
            out.append(
                _fault(
                    where,
                    str(i.get("code")),
                    "agreements.weight",
                    Text("权重 {w} 不是正数。", "Weight {w} is not positive.").fill(w=weight),
                    Text("写一个正的权重。", "Write a positive weight."),
                )
            )
        if base is not None and not _positive(base):
            out.append(
                _fault(
                    where,
                    str(i.get("code")),
                    "agreements.base",
                    Text("基准 {b} 不是正数。", "Base {b} is not positive.").fill(b=base),
                    Text("写正的基准浓度（mg/L）或用 base_years。", "Write a positive concentration (mg/L) or use base_years."),
                )
            )
    whole = sum((Fraction(i["weight"]) for i in found if _positive(i.get("weight"))), Fraction(0))
    if found and whole != 1:
        out.append(
            _fault(
                where,
                "indicators",
                "agreements.weight",
                Text("权重之和是 {s}，应为 1。", "The weights add up to {s}, not 1.").fill(s=float(whole)),
                Text("更正权重。", "Mend the weights."),
            )
        )
    return out


def _positive(value: Any) -> bool:
    return is_number(value) and value > 0


def _clause_faults(data: Mapping[str, Any], where: str) -> list[Fault]:
    known = entries("agreements.clauses")
    parties = tuple(_party(p) for p in data.get("parties", []))
    shared = {k: data[k] for k in ("section", "indicators", "base_years") if k in data}
    return [
        _fault(where, f"clauses {n} {clause['kind']}", "agreements.clause", clash, remedy)
        for n, clause in enumerate(data["clauses"], 1)
        for clash, remedy in known[clause["kind"]].module.check({**shared, **clause}, parties)
    ]
