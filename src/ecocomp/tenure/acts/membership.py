"""Who belongs to a household or group, when a party comes and goes. For the deeds on parties and on inheritance."""

from __future__ import annotations

from collections.abc import Iterable

from ecocomp.tenure.desk import Desk
from ecocomp.tenure.groups import Membership
from ecocomp.terms.codes import HOLDER_KINDS
from ecocomp.terms.faults import Severity
from ecocomp.terms.registers import object_key


def can_hold(desk: Desk, party_id: str) -> None:
    """Note a fault unless a party exists on the day and can hold a right: no bank, and no group whose shares do not add up."""
    party = desk.party(party_id, HOLDER_KINDS)
    if party is not None and party["kind"] == "group":
        check_group(desk, party_id)


def leave(desk: Desk, group: str, members: Iterable[str]) -> None:
    """Let members leave a group on the day."""
    for member in dict.fromkeys(members):
        desk.change("member", {"group_id": group, "member_id": member}, None)


def end_party(desk: Desk, party_id: str) -> None:
    """End a party on the day, and its memberships; warn of each group whose shares no longer add up without it."""
    groups = list(dict.fromkeys(r["group_id"] for r in desk.work.since("member", desk.on, member_id=party_id)))
    desk.change("party", {"party_id": party_id}, None)
    for row in [*desk.work.since("member", desk.on, member_id=party_id), *desk.work.since("member", desk.on, group_id=party_id)]:
        desk.change("member", {k: row[k] for k in object_key("member")}, None)
    for group in groups:
        check_group(desk, group, "warning")


def check_group(desk: Desk, group: str, severity: Severity = "error") -> None:
    """Note what is wrong with a group on the day, and with the groups it contains."""
    members, parties, todo, seen = [], [], [group], set()
    while todo:
        g = todo.pop()
        if g not in seen:
            seen.add(g)
            found = desk.work.on("member", desk.on, group_id=g)
            members += found
            parties += desk.work.on("party", desk.on, party_id=g)
            todo += [r["member_id"] for r in found]
    for fault in Membership.on(members, parties, desk.on).faults_of(group):
        desk.note(fault.code.removeprefix("tenure."), fault.record, fault.clash, fault.remedy, severity)
