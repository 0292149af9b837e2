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
party codes, a role that exactly one party has, or shares of several. Indicator codes are those of the readings, e.g.
``codmn nh3n tp tn cod``. Amounts belong to the signed text, so they stand here and not in the rule book. The page
"agreements" of the documentation has every key and every kind of clause.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from ecocomp.agreements.checks import ITEMS, SHARED, Place, check_all, normal_of, party_of
from ecocomp.agreements.model import ROLES, Agreement, Party, text_of
from ecocomp.agreements.outcome import net_received, settle_year, unsettled
from ecocomp.rules import Parameters
from ecocomp.rules.lines import read_yaml, strip
from ecocomp.terms.faults import Fault, errors
from ecocomp.terms.text import Text

__all__ = [
    "ITEMS",
    "ROLES",
    "Agreement",
    "Party",
    "check_agreement",
    "net_received",
    "read_agreement",
    "settle",
    "unsettled",
]


def read_agreement(source: Path | Mapping[str, Any], name: str = "") -> tuple[Agreement | None, list[Fault]]:
    """Read an agreement from YAML (or the same mapping) and return it with every fault found, each with its line.

    The agreement is None when an error was found: an incomplete agreement is never settled (AGR-17). Warnings (what is
    left open, national guidance) do not stop it.

    name  how the file is called in faults, default its own name
    """
    faults: list[Fault] = []
    tree: Any = None
    if isinstance(source, Path):
        if not source.is_file():
            clash = Text("没有文件 {p}。", "There is no file {p}.").fill(p=source)
            return None, [Fault("agreements.unreadable", name or source.name, "", clash, Text("核对路径。", "Look at the path."))]
        tree, faults = read_yaml(source)
        where = name or source.name
        data = strip(tree) if tree is not None else None
        if tree is None:
            return None, faults
    else:
        where, data = name or str(source.get("id", "agreement")), dict(source)
    if not isinstance(data, Mapping):
        clash = Text("最上层不是键值表。", "The top level is not a mapping.")
        remedy = Text("按 agreements.agreement 的样式书写。", "Write it as shown in agreements.agreement.")
        return None, [*faults, Fault("agreements.unreadable", where, "", clash, remedy)]
    faults = [*faults, *check_all(data, Place(where, tree))]
    if errors(faults):
        return None, faults
    return _build(normal_of(data), where), faults


def check_agreement(data: Mapping[str, Any], where: str) -> list[Fault]:
    """Return every fault of an agreement's data: shape, rule AGR-17 (seven items), parties, term, indicators, clauses."""
    return check_all(data, Place(where))


def settle(
    agreement: Agreement, reading: pa.Table, year: int, params: Parameters, facts: Mapping[str, Any] | None = None
) -> pa.Table:
    """Return who pays whom under `agreement` for `year`, with the evidence, as a SETTLEMENT table.

    A month without a usable value is never counted as met: when fewer months than parameter
    ``agreements.months_needed`` can be used, the clause is *not settled*. It then has one row without payer,
    payee and amount whose evidence says ``"state": "not_settled"`` and why. A year outside the term has no rows.

    Example: a Xin'an-form clause at P = 1 exactly makes downstream pay the lower amount.
    """
    return settle_year(agreement, reading, year, params, facts).table()


def _build(data: Mapping[str, Any], where: str) -> Agreement:
    shared = {k: data[k] for k in SHARED if k in data}
    listed = list(data.get("unknown") or ())
    clauses = tuple({**shared, **c, "unknown": [*_inherited(listed, c), *(c.get("unknown") or ())]} for c in data["clauses"])
    return Agreement(
        id=str(data["id"]),
        name=text_of(data["name"]),
        parties=tuple(party_of(p) for p in data["parties"]),
        words={k: text_of(data.get(k)) for k in ("scope", "targets", "duties", "form", "breach", "other")},
        valid_from=data["term"]["from"],
        valid_to=data["term"]["to"],
        clauses=clauses,
        file=where,
        data=data,
    )


def _inherited(listed: list[Mapping[str, Any]], clause: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return what is open in the agreement and needed by a clause."""
    from ecocomp.registry import entries

    needs = getattr(entries("agreements.clauses")[clause["kind"]].module, "NEEDS", ())
    return [u for u in listed if str(u.get("key")) in needs and u.get("key") in SHARED]
