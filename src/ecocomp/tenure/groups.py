"""Groups: households with their members, and co-owners with shares that add up exactly.

For the registers of parties and members. A *group* is a party whose members have shares of whatever it holds, and the
shares add up to exactly 1. A *household* holds as one; its members need no shares (joint ownership), and where they have
shares all of them do. A group may be a member of a group. Shares are `fractions.Fraction`, never decimals.

References: Civil Code of China, art. 297-299, 308, 309 (shares of co-owners; joint ownership) and 330 (household contract);
ISO 19152-2:2025, LA_GroupParty and LA_PartyMember.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from ecocomp.tenure.versions import end_of, holds, share_of
from ecocomp.terms.codes import MEMBER_ROLES
from ecocomp.terms.faults import Fault, FaultsError, Severity
from ecocomp.terms.text import Text

Row = dict[str, Any]
WHERE = "member"
_FIX = Text("按凭证更正份额，使各成员份额之和恰为 1。", "Correct the shares after the document so that they add up to exactly 1.")


@dataclass(frozen=True, slots=True)
class Membership:
    """Who belongs to whom on one day: shares by member, by group; a household without shares has None."""

    members: Mapping[str, Mapping[str, Fraction | None]]
    kinds: Mapping[str, str]

    @classmethod
    def on(cls, member: Iterable[Row], party: Iterable[Row], day: date) -> Membership:
        """Return the memberships that hold on a day; `member` and `party` are versions known together."""
        groups: dict[str, dict[str, Fraction | None]] = defaultdict(dict)
        for row in member:
            if holds(row, day):
                groups[row["group_id"]][row["member_id"]] = None if row["share_num"] is None else share_of(row)
        return cls(dict(groups), {r["party_id"]: r["kind"] for r in party if holds(r, day)})

    def expanded(self, party_id: str, share: Fraction = Fraction(1), *, households: bool = False) -> dict[str, Fraction]:
        """Return what each one holds of a share that a party holds; the parts add up to exactly that share.

        Groups are taken apart, groups inside groups too. A household stays whole, unless `households` is set and its
        members have shares. A party without members is itself.

        raises  FaultsError: the group contains itself, or its shares do not add up to 1
        """
        faults = self.faults_of(party_id)
        if faults:
            raise FaultsError(faults)
        out: dict[str, Fraction] = defaultdict(Fraction)
        self._into(out, party_id, share, households)
        return {k: out[k] for k in sorted(out)}

    def _into(self, out: dict[str, Fraction], party_id: str, share: Fraction, households: bool) -> None:
        members = self.members.get(party_id, {})
        whole = self.kinds.get(party_id) == "household" and not households
        if whole or not members or any(s is None for s in members.values()):
            out[party_id] += share
            return
        for member, part in members.items():
            assert part is not None
            self._into(out, member, share * part, households)

    def faults_of(self, party_id: str) -> list[Fault]:
        """Return what keeps one party from being taken apart: wrong sums and circles, in it and in what it contains."""
        out: list[Fault] = []
        self._walk(party_id, (), set(), out)
        return out

    def _walk(self, party_id: str, above: tuple[str, ...], seen: set[str], out: list[Fault]) -> None:
        if party_id in above:
            out.append(_circle((*above[above.index(party_id) :], party_id)))
            return
        if party_id in seen:
            return
        seen.add(party_id)
        out += self._sum(party_id)
        for member in self.members.get(party_id, {}):
            self._walk(member, (*above, party_id), seen, out)

    def _sum(self, group: str) -> list[Fault]:
        shares = self.members.get(group, {})
        kind = self.kinds.get(group)
        if not shares:
            return [_empty(group)] if kind == "group" else []
        without = sorted(m for m, s in shares.items() if s is None)
        if len(without) == len(shares):
            return [] if kind != "group" else [_partial(group, without, len(shares))]
        if without:
            return [_partial(group, without, len(shares))]
        total = sum((s for s in shares.values() if s is not None), Fraction(0))
        return [] if total == 1 else [_not_one(group, shares, total)]


def check_members(member: Iterable[Row], party: Iterable[Row], *, on: date | None = None, where: str = WHERE) -> list[Fault]:
    """Return every fault of the groups: on one day, or on every day on which anything changes.

    Errors: shares of a group that do not add up to exactly 1, shares for some members only, a group that contains itself,
    unknown roles, bad fractions, a person in two households at once. Warnings: members and groups that are no party.
    """
    rows, parties = list(member), list(party)
    found = [*_bad_rows(rows, where), *_strangers(rows, parties, where), *_two_households(rows, parties, where, on)]
    of_group, of_party = _by([r for r in rows if _sound(r)], "group_id"), _by(parties, "party_id")
    of_group = {g: of for g, of in of_group.items() if not _plain_household(of, of_group, of_party.get(g, []))}
    members = {g: [r["member_id"] for r in of] for g, of in of_group.items()}
    for day, groups in _days(of_group, of_party, on).items():
        below = _reach(groups, members)
        standing = Membership.on(
            (r for g in below for r in of_group.get(g, ())), (p for g in below for p in of_party.get(g, ())), day
        )
        for group in sorted(groups):
            found += [_placed(f, where, day) for f in standing.faults_of(group)]
    return _once(found)


def expand_rights(rights: Iterable[Row], membership: Membership, *, households: bool = False) -> list[Row]:
    """Return rights with each group replaced by its members: ids ``right~member``, shares exact, sums kept.

    raises  FaultsError: a group that cannot be taken apart
    """
    out: list[Row] = []
    for row in rights:
        parts = membership.expanded(row["holder_id"], share_of(row), households=households)
        if list(parts) == [row["holder_id"]]:
            out.append(dict(row))
            continue
        out += [
            {**row, "right_id": f"{row['right_id']}~{m}", "holder_id": m, "share_num": s.numerator, "share_den": s.denominator}
            for m, s in parts.items()
        ]
    return out


# ---------------------------------------------------------------- days and rows
def _plain_household(rows: list[Row], of_group: Mapping[str, list[Row]], party: list[Row]) -> bool:
    """Return whether members have no shares and contain nobody, so that there is nothing to add up: most households."""
    plain = all(r["share_num"] is None and r["member_id"] not in of_group for r in rows)
    return plain and not any(p["kind"] == "group" for p in party)


def _by(rows: Iterable[Row], column: str) -> dict[str, list[Row]]:
    out: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        out[row[column]].append(row)
    return dict(out)


def _days(of_group: Mapping[str, list[Row]], of_party: Mapping[str, list[Row]], on: date | None) -> dict[date, set[str]]:
    """Return the groups to look at on each day: those in which something begins or ends then, and what contains them."""
    alone = {id: rows for id, rows in of_party.items() if any(p["kind"] == "group" for p in rows)}
    if on is not None:
        return {on: {g for g in {*of_group, *alone} if g not in alone or any(holds(p, on) for p in alone[g])}}
    above: dict[str, set[str]] = defaultdict(set)
    for group, rows in of_group.items():
        for r in rows:
            above[r["member_id"]].add(group)
    days: dict[date, set[str]] = defaultdict(set)
    for spans in (of_group, alone):
        for group, rows in spans.items():
            upward = _reach([group], above)
            for day in {d for r in rows for d in (r["valid_from"], r["valid_to"]) if d is not None}:
                days[day] |= upward
    return {d: {g for g in days[d] if g not in alone or any(holds(p, d) for p in alone[g])} for d in sorted(days)}


def _reach(start: Iterable[str], to: Mapping[str, Iterable[str]]) -> set[str]:
    """Return all that can be reached from some parties, those included."""
    out: set[str] = set()
    todo = list(start)
    while todo:
        one = todo.pop()
        if one not in out:
            out.add(one)
            todo += to.get(one, ())
    return out


def _sound(row: Row) -> bool:
    num, den = row["share_num"], row["share_den"]
    return (num is None and den is None) or (num is not None and den is not None and 0 < num <= den)


def _bad_rows(rows: list[Row], where: str) -> list[Fault]:
    out = []
    for r in rows:
        record = f"{r['group_id']} {r['member_id']}"
        if r["role"] not in MEMBER_ROLES:
            clash = Text("身份“{v}”不在代码表中。", "the role “{v}” is not in the code list.").fill(v=r["role"])
            remedy = Text("可用：{all}。", "Known: {all}.").fill(all=", ".join(MEMBER_ROLES))
            out.append(_fault("code", record, clash, remedy, where=where))
        if not _sound(r):
            clash = Text("份额 {n}/{d} 不在 0 与 1 之间。", "the share {n}/{d} does not lie above 0 and up to 1.")
            out.append(_fault("fraction", record, clash.fill(n=r["share_num"], d=r["share_den"]), _FIX, where=where))
    return out


def _strangers(rows: list[Row], parties: list[Row], where: str) -> list[Fault]:
    known = {p["party_id"] for p in parties}
    clash = Text("{v} 不在权利主体登记中。", "{v} is not in the register of parties.")
    remedy = Text("补登该主体，或更正编码。", "Register the party, or correct the code.")
    named = sorted({(r["group_id"], r["member_id"], v) for r in rows for v in (r["group_id"], r["member_id"]) if v not in known})
    return [_fault("unknown_party", f"{g} {m}", clash.fill(v=v), remedy, "warning", where) for g, m, v in named]


def _two_households(rows: list[Row], parties: list[Row], where: str, on: date | None) -> list[Fault]:
    homes = {p["party_id"] for p in parties if p["kind"] == "household"}
    of: dict[str, list[Row]] = defaultdict(list)
    for r in rows:
        if r["group_id"] in homes and (on is None or holds(r, on)):
            of[r["member_id"]].append(r)
    out = []
    clash = Text(
        "同时是 {a}（{d} 起）和 {b}（{e} 起）两户的成员。", "belongs to the households {a} (from {d}) and {b} (from {e}) at once."
    )
    remedy = Text(
        "对照户口簿或分户文件，写明离开前一户的日期。",
        "Check the household book or the deed of division and give the day they left the first.",
    )
    for member in sorted(of):
        rows_of = sorted(of[member], key=lambda r: (r["valid_from"], r["group_id"]))
        for i, a in enumerate(rows_of):
            for b in rows_of[i + 1 :]:
                if a["group_id"] != b["group_id"] and b["valid_from"] < end_of(a):
                    text = clash.fill(a=a["group_id"], b=b["group_id"], d=a["valid_from"], e=b["valid_from"])
                    out.append(_fault("two_households", member, text, remedy, where=where))
    return out


# ---------------------------------------------------------------- words
def _fault(code: str, record: str, clash: Text, remedy: Text, severity: Severity = "error", where: str = WHERE) -> Fault:
    return Fault(f"tenure.{code}", where, record, clash, remedy, severity)


def _not_one(group: str, shares: Mapping[str, Fraction | None], total: Fraction) -> Fault:
    said = ", ".join(f"{m} {s}" for m, s in sorted(shares.items()))
    clash = Text("成员份额之和是 {t}，不是 1：{s}。", "the members' shares add up to {t}, not 1: {s}.").fill(t=total, s=said)
    return _fault("group_shares", group, clash, _FIX)


def _partial(group: str, without: list[str], size: int) -> Fault:
    clash = Text("{n} 名成员中有 {k} 名没有份额：{m}。", "{k} of {n} members have no share: {m}.")
    remedy = Text(
        "给每名成员写明份额；共同共有的户则都不写。", "Give every member a share; a household that owns jointly gives none."
    )
    return _fault("group_partial", group, clash.fill(n=size, k=len(without), m=", ".join(without[:10])), remedy)


def _empty(group: str) -> Fault:
    clash = Text("是共有人组，却没有成员。", "is a group of co-owners without members.")
    return _fault("group_empty", group, clash, Text("登记成员及份额。", "Register its members and their shares."))


def _circle(path: tuple[str, ...]) -> Fault:
    loop = path[:-1]
    first = loop.index(min(loop))
    path = (*loop[first:], *loop[: first + 1])
    clash = Text("共有人组绕回自身：{p}。", "the group contains itself: {p}.").fill(p=" > ".join(path))
    return _fault("group_circle", path[0], clash, Text("去掉其中一层成员关系。", "Remove one of these memberships."))


def _placed(fault: Fault, where: str, day: date) -> Fault:
    clash = Text(f"（{day}）{fault.clash.zh}", f"(on {day}) {fault.clash.en}")
    return Fault(fault.code, where, fault.record, clash, fault.remedy, fault.severity)


def _once(found: list[Fault], key: Callable[[Fault], Any] = lambda f: (f.code, f.record)) -> list[Fault]:
    """Keep the first fault of each kind and record: the same circle or sum shows on many days and from many sides."""
    seen: dict[Any, Fault] = {}
    for f in found:
        seen.setdefault(key(f), f)
    return list(seen.values())
