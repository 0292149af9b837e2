"""Appointing officers: who acts under which account, with which roles, for which region, on which paper."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow.compute as pc

from ecocomp.payments.flow import MONEY_ROLES, ROLES
from ecocomp.terms.faults import Fault, raise_errors
from ecocomp.terms.text import Text
from ecoweb.office import Office
from ecoweb.records.queries import versions
from ecoweb.records.store import record
from ecoweb.treasury.payments_base import Act


@dataclass(frozen=True)
class _Delta:
    closed: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)
    added: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)


def appoint(office: Office, officer_id: str, who: Act, values: Mapping[str, Any]) -> int:
    """Register an officer, or what changes of one; return the number of the change.

    values  person, roles (comma separated), name, region, delegated_by, kin, since, until
    raises  FaultsError: unknown roles, money and the keeping of the system in one hand, a region outside the office's
    """
    roles = [r for r in str(values["roles"]).replace(",", " ").split() if r]
    person = unicodedata.normalize("NFKC", str(values["person"]))
    region = values.get("region") or office.region_code
    raise_errors(_faults(office, officer_id, person, roles, region))
    row = {
        "officer_id": officer_id,
        "person_id": person,
        "name": values.get("name") or officer_id,
        "roles": " ".join(dict.fromkeys(roles)),
        "region_code": region,
        "delegated_by": values.get("delegated_by") or None,
        "kin": " ".join(str(values["kin"]).replace(",", " ").split()) if values.get("kin") else None,
        "document": who.document,
        "valid_from": values.get("since") or office.today(),
        "valid_to": values.get("until"),
    }
    table = versions(office, "officer", {"officer_id": officer_id})
    old = table.filter(pc.is_null(table["known_to"])).to_pylist()
    closed = [r for r in old if r["valid_to"] is None or r["valid_to"] > row["valid_from"]]
    kept = [
        {k: v for k, v in r.items() if k not in ("known_from", "known_to")} | {"valid_to": row["valid_from"]}
        for r in closed
        if r["valid_from"] < row["valid_from"]
    ]
    delta = _Delta({"officer": closed}, {"officer": [*kept, row]})
    change = record(office, delta, act="officer.appoint", actor=who.actor, reason=who.reason, source=who.document, at=who.at)
    return int(change.seq)


def _faults(office: Office, officer_id: str, person: str, roles: list[str], region: str) -> list[Fault]:
    out = [_unclear(officer_id, n) for n in (officer_id, person) if not n or not n.isprintable() or re.search(r"\s", n)]
    unknown = [r for r in roles if r not in ROLES]
    if unknown or not roles:
        said = Text("职责 {r} 不认识。", "The roles {r} are not known.").fill(r=", ".join(unknown) or "—")
        out.append(_fault("role_unknown", officer_id, said, Text("可用：{a}。", "Known: {a}.").fill(a=", ".join(ROLES))))
    if "sysadmin" in roles and set(roles) & set(MONEY_ROLES):
        said = Text("系统管理员不能兼任经手钱款的职责。", "Who keeps the system cannot have a role that moves money.")
        out.append(_fault("sysadmin", officer_id, said, Text("分给不同的人。", "Give them to different persons.")))
    if not region.startswith(office.region_code) and not office.region_code.startswith(region):
        said = Text("辖区 {a} 不在本办公室 {b} 之内。", "The region {a} does not belong to this office, {b}.").fill(
            a=region, b=office.region_code
        )
        out.append(_fault("region", officer_id, said, Text("改正辖区。", "Correct the region.")))
    return out


def _unclear(officer_id: str, name: str) -> Fault:
    said = Text(
        "编码“{n}”是空的，或有空白、看不见的字符：同一个人会被当作两个人。",
        "The code “{n}” is empty, or has blanks or unseen characters: one person would count as two.",
    ).fill(n=ascii(name)[1:-1])
    return _fault("person_code", officer_id, said, Text("去掉它们。", "Leave them out."))


def _fault(code: str, record_id: str, clash: Text, remedy: Text) -> Fault:
    return Fault(f"payments.{code}", "officer", record_id, clash, remedy)
