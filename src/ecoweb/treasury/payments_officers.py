"""Appointing officers: who acts under which account, with which roles, for which region, on which paper.

The first officer of an office may be registered by anyone. From then on an officer in office registers the others, with a role
for it (`flow.APPOINTERS`), never their own person, whatever the account: nobody gives themselves a role, widens or ends one.
What a command line cannot prove is that who types is who `--actor` says; the log has the login of the machine beside it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow.compute as pc

from ecocomp.payments.flow import APPOINTERS, MONEY_ROLES, ROLES, Officer
from ecocomp.terms.codes import region_holds
from ecocomp.terms.faults import Fault, raise_errors
from ecocomp.terms.text import Text
from ecoweb.office import Office
from ecoweb.records.checks import row_faults
from ecoweb.records.queries import versions
from ecoweb.records.store import Work, delta_tables, writing
from ecoweb.treasury.payments_base import Act, day_of, in_office, officer_of, officers_from


@dataclass(frozen=True, slots=True)
class Appointed:
    """What was registered: the number of the change, and whether it is the first officer of the office."""

    change: int
    first: bool

    def words(self) -> Text:
        """Say that nobody was asked whether the first officer may be registered."""
        return Text(
            "这是本办公室的首位经办人：由谁登记没有核验，请留存任命文件。此后须由在任的{r}登记，且不得登记本人。",
            "This is the first officer of the office: who registered them was not checked, so keep the paper of appointment."
            " From now on officers are registered by a {r} in office, never by themselves.",
        ).fill(r=_appointers())


def appoint(office: Office, officer_id: str, who: Act, values: Mapping[str, Any]) -> Appointed:
    """Register an officer, or what changes of one.

    values  person, roles (comma separated), name, region, delegated_by, kin, since, until
    raises  FaultsError: unknown roles, money and the keeping of the system in one hand, a region outside the office's; once there
            is an officer, who acts is none in office, has no role for it, or would register their own person
    """
    roles = [r for r in str(values["roles"]).replace(",", " ").split() if r]
    person = unicodedata.normalize("NFKC", str(values["person"]))
    region = values.get("region") or office.region_code
    raise_errors(_faults(office, officer_id, person, roles, region))
    with writing(office, act="officer.appoint", actor=who.actor, reason=who.reason, source=who.document, at=who.at) as work:
        standing = officers_from(work.cursor, day_of(work))
        row = {
            "officer_id": officer_id,
            "person_id": person,
            "name": values.get("name") or officer_id,
            "roles": " ".join(dict.fromkeys(roles)),
            "region_code": region,
            "delegated_by": values.get("delegated_by") or None,
            "kin": " ".join(str(values["kin"]).replace(",", " ").split()) if values.get("kin") else None,
            "document": who.document,
            "valid_from": values.get("since") or day_of(work),
            "valid_to": values.get("until"),
        }
        work.facts |= {"officer": officer_id, "first": int(not standing)}
        if standing:
            raise_errors([*_like_another(row, standing), *_may_not(work, who, row, standing)])
        _write(work, row)
    return Appointed(int(work.change.seq), not standing)


def _write(work: Work, row: dict[str, Any]) -> None:
    """End what the register says of the account from the day on, and add the row."""
    table = versions(work.office, "officer", {"officer_id": row["officer_id"]}, known=work.at)
    old = table.filter(pc.is_null(table["known_to"])).to_pylist()
    closed = [r for r in old if r["valid_to"] is None or r["valid_to"] > row["valid_from"]]
    kept = [
        {k: v for k, v in r.items() if k not in ("known_from", "known_to")} | {"valid_to": row["valid_from"]}
        for r in closed
        if r["valid_from"] < row["valid_from"]
    ]
    added = delta_tables({"officer": [*kept, row]})["officer"]
    raise_errors(row_faults("officer", added))
    raise_errors(work.close("officer", closed))
    raise_errors(work.add("officer", added))


# ---------------------------------------------------------------- who may
def _may_not(work: Work, who: Act, row: Mapping[str, Any], standing: Sequence[Mapping[str, Any]]) -> list[Fault]:
    """Return why who acts may not register an officer, where the office has one already."""
    officer = officer_of(work.office, work.cursor, who.actor, work.at, 0)
    work.facts["person"] = officer.person_id
    name, day = row["officer_id"], day_of(work)
    accounts = {name, row["delegated_by"]}
    touched = {row["person_id"], *(r["person_id"] for r in standing if r["officer_id"] in accounts)}
    out = [_own_person(name, officer)] if name == who.actor or touched & officer.persons else []
    money = sorted({x for r in standing if r["person_id"] in officer.persons for x in _roles(r) & set(MONEY_ROLES)})
    if officer.roles & set(APPOINTERS):
        if money:
            out.append(_moves_money(name, officer, money))
        if not region_holds(officer.region_code, row["region_code"]):
            out.append(_other_region(name, officer, row["region_code"]))
    elif any(_fit(r, standing, day, row["region_code"]) for r in standing) or not _roles(row) <= set(APPOINTERS):
        out.append(_no_role(name, officer))
    return out


def _fit(row: Mapping[str, Any], standing: Sequence[Mapping[str, Any]], day: date, region: str) -> bool:
    """Return whether an officer may register others of a region today."""
    own = [r for r in standing if r["person_id"] == row["person_id"]]
    moves_money = any(_roles(r) & set(MONEY_ROLES) for r in own)
    return (
        in_office(row, day) and bool(_roles(row) & set(APPOINTERS)) and region_holds(row["region_code"], region) and not moves_money
    )


def _roles(row: Mapping[str, Any]) -> set[str]:
    return set(str(row["roles"]).split())


def _like_another(row: Mapping[str, Any], standing: Sequence[Mapping[str, Any]]) -> list[Fault]:
    """Return a fault for a person's code that is another's but for capitals, hyphens and points."""
    same = sorted({r["person_id"] for r in standing if _bare(r["person_id"]) == _bare(row["person_id"])} - {row["person_id"]})
    if not same:
        return []
    said = Text(
        "编码“{p}”与已登记的“{o}”只差大小写或符号。", "The code “{p}” is “{o}”, registered already, but for capitals or marks."
    )
    remedy = Text(
        "同一人用同一编码；不是同一人，另取编码。",
        "One person has one code: write it the same, or give another person another code.",
    )
    return [_fault("person_code", row["officer_id"], said.fill(p=row["person_id"], o=same[0]), remedy)]


def _bare(person: str) -> str:
    return re.sub(r"[\W_]", "", person.casefold())


def _appointers() -> Text:
    names = [ROLES[r] for r in APPOINTERS]
    return Text("或".join(n.zh for n in names), " or ".join(n.en for n in names))


def _own_person(name: str, officer: Officer) -> Fault:
    said = Text("{o} 与被登记的 {n} 是同一人，或为其代行。", "{o} is the same person as {n}, or acts for them.")
    remedy = Text("任命、扩大、终止职责由他人登记。", "Someone else must register what a person is given, is given more, or loses.")
    return _fault("own_appointment", name, said.fill(o=officer.officer_id, n=name), remedy)


def _no_role(name: str, officer: Officer) -> Fault:
    said = Text("{o} 没有登记经办人的职责（{r}）。", "{o} has no role that registers officers ({r}).").fill(
        o=officer.officer_id, r=_appointers()
    )
    remedy = Text(
        "由在任的{r}登记；没有这样的人时，任一经办人可先登记一位，但不得是本人。",
        "A {r} in office must; where there is none, any officer may register one first, not themselves.",
    )
    return _fault("appoint_role", name, said, remedy.fill(r=_appointers()))


def _moves_money(name: str, officer: Officer, roles: Sequence[str]) -> Fault:
    words = Text("、".join(ROLES[r].zh for r in roles), ", ".join(ROLES[r].en for r in roles))
    said = Text("{o} 本人经手钱款（{r}）。", "The person of {o} moves money ({r}).").fill(o=officer.officer_id, r=words)
    return _fault("appoint_money", name, said, Text("由不经手钱款的人登记。", "Someone who moves no money must register officers."))


def _other_region(name: str, officer: Officer, region: str) -> Fault:
    said = Text("{o} 管辖 {a}，不含 {b}。", "{o} is appointed for {a}, which does not hold {b}.")
    return _fault(
        "region", name, said.fill(o=officer.officer_id, a=officer.region_code, b=region),
        Text("由该地区的人登记。", "An officer of that region must register it."),
    )  # fmt: skip


# ---------------------------------------------------------------- what is registered
def _faults(office: Office, officer_id: str, person: str, roles: list[str], region: str) -> list[Fault]:
    out = [_unclear(officer_id, n) for n in (officer_id, person) if not n or not n.isprintable() or re.search(r"\s", n)]
    unknown = [r for r in roles if r not in ROLES]
    if unknown or not roles:
        said = Text("职责 {r} 不认识。", "The roles {r} are not known.").fill(r=", ".join(unknown) or "—")
        out.append(_fault("role_unknown", officer_id, said, Text("可用：{a}。", "Known: {a}.").fill(a=", ".join(ROLES))))
    if "sysadmin" in roles and set(roles) & set(MONEY_ROLES):
        said = Text("系统管理员不能兼任经手钱款的职责。", "Who keeps the system cannot have a role that moves money.")
        out.append(_fault("sysadmin", officer_id, said, Text("分给不同的人。", "Give them to different persons.")))
    if not region_holds(office.region_code, region) and not region_holds(region, office.region_code):
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
