"""Who is who in the sheets of a township: households and their members, told apart by code, then identity number, then name.

Two people are taken for one only where a household code or an identity number says so, or where neither carries a number
and village, group and name agree. What is unclear is a fault, never a merge.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from ecocomp.terms.text import Text, same

Report = Callable[..., None]
"""`report(code, line, field, clash, remedy, severity="error")`: writes a fault and, if it is an error, holds the line back."""


@dataclass(slots=True)
class Person:
    """A member of a household."""

    name: str
    role: str
    id_number: str | None
    line: Any


@dataclass(slots=True)
class Said:
    """What one row says of its holder."""

    name: str
    kind: str
    code: str | None = None
    id_number: str | None = None
    credit_code: str | None = None
    group: str = ""
    members: int | None = None
    account: str | None = None
    phone: str | None = None


@dataclass(slots=True)
class Household:
    """A holder of rights as the sheets tell of it; `lines` are all rows that speak of it."""

    said: Said
    village: str
    lines: list[Any] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    counted: list[tuple[Any, int]] = field(default_factory=list)
    held_back: Any = None
    party_id: str = ""
    starts: list[date] = field(default_factory=list)

    @property
    def used(self) -> bool:
        """Whether any row that speaks of it goes into the registers."""
        return any(line.state == "used" for line in self.lines)


class _Unclear(Exception):
    """It cannot be told which household a row speaks of; the fault is written."""


class People:
    """All households of all sheets."""

    def __init__(self, report: Report, mask: Callable[[str], str]) -> None:
        self.report = report
        self.mask = mask
        self.all: list[Household] = []
        self._by_code: dict[str, Household] = {}
        self._by_id: dict[str, tuple[Household, str, Any]] = {}
        self._by_name: dict[tuple[str, str], list[Household]] = {}
        self._by_account: dict[str, list[tuple[Household, Any]]] = {}

    # ------------------------------------------------------------ holders
    def by_code(self, code: str) -> Household | None:
        """Return the household with a code, if there is one already."""
        return self._by_code.get(code)

    def add_contact(self, household: Household, line: Any, key: str, value: str) -> None:
        """Add an account or a telephone that stands on a further row of a household."""
        self._keep(household, line, key, value)
        if key == "account":
            self._uses(household, line, value)

    def _uses(self, household: Household, line: Any, account: str) -> None:
        uses = self._by_account.setdefault(account, [])
        if all(h is not household for h, _ in uses):
            uses.append((household, line))

    def holder(self, line: Any, village: str, said: Said) -> Household | None:
        """Return the household a row speaks of, new or known; None (with a fault) where it cannot be told."""
        try:
            found = self._known(line, village, said)
        except _Unclear:
            return None
        if found is None:
            found = Household(said, village)
            self.all.append(found)
            self._by_name.setdefault((village, said.name), []).append(found)
        if not self._agrees(found, line, said):
            return None
        self._learn(found, line, said)
        return found

    def _known(self, line: Any, village: str, said: Said) -> Household | None:
        if said.code is not None and said.code in self._by_code:
            return self._by_code[said.code]
        head = self._head(line, said)
        if head is not None:
            if said.code is not None and head.said.code is not None and head.said.name == said.name:
                self._person_twice(line, "household_code", said.id_number or "", said.name, head, head.lines[0])
                raise _Unclear
            return head
        if said.code is not None:
            return None
        namesakes = self._namesakes(village, said)
        bare = [h for h in namesakes if h.said.id_number is None and h.said.code is None]
        if said.id_number is not None:
            if bare:
                self._unclear(line, bare[0], said)
            return None
        if len(namesakes) > len(bare):
            self._unclear(line, next(h for h in namesakes if h not in bare), said)
        if bare:
            self._merged_by_name(line, bare[0], said)
        return bare[0] if bare else None

    def _head(self, line: Any, said: Said) -> Household | None:
        """Return the household whose head carries the identity number of this row."""
        if said.id_number is None or said.id_number not in self._by_id:
            return None
        other, name, where = self._by_id[said.id_number]
        if other.said.id_number == said.id_number:
            return other
        if name == said.name:
            self._person_twice(line, "id_number", said.id_number, name, other, where)
        else:
            self._clash("id_two_names", line, "id_number", self.mask(said.id_number), (name, said.name), where)
        raise _Unclear

    def _namesakes(self, village: str, said: Said) -> list[Household]:
        found = self._by_name.get((village, said.name), [])
        return [h for h in found if not said.group or not h.said.group or h.said.group == said.group]

    def _unclear(self, line: Any, other: Household, said: Said) -> None:
        self.report(
            "unclear_person", line, "holder",
            Text(
                "“{n}”在本行与 {o} 同名，只有一处写了身份证号或户编码，无法判断是否同一户。",
                "'{n}' has the same name here and at {o}, but only one carries an identity number or household code: it cannot be"
                " told whether they are one household.",
            ).fill(n=said.name, o=other.lines[0].place("holder")),
            Text("在两处都写上户编码或身份证号。", "Write the household code or identity number in both places."),
        )  # fmt: skip
        raise _Unclear

    def _merged_by_name(self, line: Any, other: Household, said: Said) -> None:
        last = other.lines[-1]
        if last.sheet is line.sheet and line.number - last.number <= 1:
            return
        self.report(
            "merged_by_name", line, "holder",
            Text(
                "“{n}”与 {o} 同村同名、都没有证号，按同一户处理。",
                "'{n}' has the village and name of {o} and neither has a number; they are taken for one household.",
            ).fill(n=said.name, o=last.place("holder")),
            Text("若是两户，请分别写上户编码或身份证号。", "If they are two households, write their codes or identity numbers."),
            "warning",
        )  # fmt: skip

    def _agrees(self, found: Household, line: Any, said: Said) -> bool:
        if not found.lines:
            return self._id_is_free(found, line, said)
        first = found.lines[0]
        if said.name != found.said.name:
            by_code = said.code is not None and said.code == found.said.code
            key = "code_two_names" if by_code else "id_two_names"
            value = said.code if by_code else self.mask(said.id_number or "")
            self._clash(key, line, "holder", value or "", (found.said.name, said.name), first)
            return False
        known = found.said.id_number
        if said.id_number is not None and known is not None and said.id_number != known:
            pair = (self.mask(known), self.mask(said.id_number))
            self._clash("code_two_ids", line, "id_number", said.code or said.name, pair, first)
            return False
        return self._id_is_free(found, line, said)

    def _id_is_free(self, found: Household, line: Any, said: Said) -> bool:
        """Say so where an identity number already belongs to somebody of another household."""
        if said.id_number is None or said.id_number not in self._by_id:
            return True
        other, name, where = self._by_id[said.id_number]
        if other is found:
            return True
        if name != said.name:
            self._clash("id_two_names", line, "id_number", self.mask(said.id_number), (name, said.name), where)
        else:
            self._person_twice(line, "id_number", said.id_number, name, other, where)
        return False

    def _clash(self, code: str, line: Any, column: str, key: str, pair: tuple[str, str], other: Any) -> None:
        whats = {
            "code_two_names": Text("户编码 {k}", "household code {k}"),
            "code_two_ids": Text("户“{k}”", "household '{k}'"),
            "id_two_names": Text("身份证号 {k}", "identity number {k}"),
        }
        self.report(
            code, line, column,
            Text("{w}在 {o} 是“{a}”，在本行是“{b}”。", "{w} is '{a}' at {o} and '{b}' here.").fill(
                w=whats[code].fill(k=key), o=other.place(column), a=pair[0], b=pair[1]
            ),
            Text("核对户口簿和身份证，改正其一。", "Check the household register and the card, and correct one of them."),
        )  # fmt: skip

    def _person_twice(self, line: Any, column: str, number: str, name: str, other: Household, where: Any) -> None:
        self.report(
            "person_twice", line, column,
            Text(
                "{n}（{k}）已在 {o} 属于另一户（{h}）。",
                "{n} ({k}) already belongs to another household ({h}) at {o}.",
            ).fill(n=name, k=self.mask(number), o=where.place(column), h=other.said.code or other.said.name),
            Text("一人只能在一户；查明分户或迁出的日期后改正。", "One person, one household: find out when it split, and correct."),
        )  # fmt: skip

    def _learn(self, found: Household, line: Any, said: Said) -> None:
        found.lines.append(line)
        if said.code is not None:
            found.said.code = said.code
            self._by_code.setdefault(said.code, found)
        if said.id_number is not None:
            found.said.id_number = said.id_number
            self._by_id.setdefault(said.id_number, (found, said.name, line))
        for key in ("credit_code", "account", "phone"):
            self._keep(found, line, key, getattr(said, key))
        if said.members is not None:
            found.counted.append((line, said.members))
        if said.account is not None:
            self._uses(found, line, said.account)

    def _keep(self, found: Household, line: Any, key: str, value: str | None) -> None:
        known = getattr(found.said, key)
        if value is None or known == value:
            return
        if known is None or found.lines[0] is line:
            setattr(found.said, key, value)
            return
        if key == "phone":
            return
        self.report(
            "two_accounts" if key == "account" else "two_codes", line, key if key == "account" else "id_number",
            Text("户“{n}”在 {o} 写的是 {a}，本行写的是 {b}。", "household '{n}' has {a} at {o} and {b} here.").fill(
                n=found.said.name, o=found.lines[0].place(key), a=self.mask(known), b=self.mask(value)
            ),
            Text("一户只写一个；核对后改正。", "Write one for each household; check and correct."),
        )  # fmt: skip

    # ------------------------------------------------------------ members
    def member(self, line: Any, household: Household, person: Person) -> bool:
        """Add a member to a household; False (with a fault) where the person is someone else or elsewhere."""
        if person.id_number is not None and person.id_number in self._by_id:
            other, name, where = self._by_id[person.id_number]
            if name != person.name:
                self._clash("id_two_names", line, "member_id", self.mask(person.id_number), (name, person.name), where)
                return False
            if other is not household:
                self._person_twice(line, "member_id", person.id_number, name, other, where)
                return False
        twin = next((p for p in household.people if p.name == person.name), None)
        if twin is not None and (twin.id_number is None or person.id_number is None or twin.id_number == person.id_number):
            twin.id_number = twin.id_number or person.id_number
            if twin.role in ("other", "co_owner"):
                twin.role = person.role
        else:
            household.people.append(person)
        if person.id_number is not None:
            self._by_id.setdefault(person.id_number, (household, person.name, line))
        return True

    # ------------------------------------------------------------ at the end
    def finish(self) -> None:
        """Say what only the whole shows: namesakes, shared accounts, counts of members that disagree."""
        for (_, name), found in self._by_name.items():
            if len(found) > 1:
                self._same_name(name, found)
        for account, uses in self._by_account.items():
            if len(uses) > 1:
                self._shared_account(account, uses)
        for household in self.all:
            self._count(household)

    def _same_name(self, name: str, found: list[Household]) -> None:
        places = [h.lines[0].place("holder") for h in found if h.lines]
        if len(places) < 2:
            return
        line = next(h.lines[0] for h in reversed(found) if h.lines)
        self.report(
            "same_name", line, "holder",
            Text("同村有 {k} 户户主都叫“{n}”：{p}。", "{k} households of the village have the name '{n}': {p}.").fill(
                k=len(places), n=name, p=_joined(places)
            ),
            Text("没有合并；请确认确是不同的人。", "They were not merged; confirm that they are different people."),
            "warning",
        )  # fmt: skip

    def _shared_account(self, account: str, uses: list[tuple[Household, Any]]) -> None:
        self.report(
            "shared_account", uses[-1][1], "account",
            Text("账号 {a} 由 {k} 户共用：{p}。", "account {a} is used by {k} households: {p}.").fill(
                a=self.mask(account), k=len(uses), p=_joined([line.place("account") for _, line in uses])
            ),
            Text(
                "每户写自己的账号；有委托的，随附委托书，付款前逐户核对。",
                "Give each household its own; where there is a mandate, hand it in; payment waits until each is checked.",
            ),
            "warning",
        )  # fmt: skip

    def _count(self, household: Household) -> None:
        listed = len(household.people)
        for line, count in household.counted:
            if count != household.counted[0][1]:
                self._two_counts(line, household, household.counted[0][1], count)
                return
        if listed > 1 and household.counted and household.counted[0][1] != listed:
            line, count = household.counted[0]
            self.report(
                "member_count", line, "members",
                Text("户“{n}”写的是 {a} 人，列出 {b} 人。", "household '{n}' says {a} persons and lists {b}.").fill(
                    n=household.said.name, a=count, b=listed
                ),
                Text("核对家庭成员，改正人数或补列成员。", "Check the members; correct the count or list those missing."),
                "warning",
            )  # fmt: skip

    def _two_counts(self, line: Any, household: Household, one: int, two: int) -> None:
        self.report(
            "member_count", line, "members",
            Text("户“{n}”一处写 {a} 人，本行写 {b} 人。", "household '{n}' says {a} persons once and {b} here.").fill(
                n=household.said.name, a=one, b=two
            ),
            Text("核对后改成一致。", "Check and make them agree."),
            "warning",
        )  # fmt: skip

    def name_them(self) -> Iterator[Household]:
        """Give every used household its code (its own, or village and sequence) and return them in the order of appearance."""
        sequence: dict[str, int] = {}
        for household in self.all:
            if not household.used:
                continue
            if household.said.code is None:
                number = sequence[household.village] = sequence.get(household.village, 0) + 1
                household.party_id = f"{household.village}-H{number:04d}"
            else:
                household.party_id = household.said.code
            yield household


def _joined(places: list[str]) -> Text:
    head = ", ".join(places[:8])
    more = len(places) - 8
    return same(head) if more <= 0 else Text(f"{head} 等 {len(places)} 处", f"{head} and {more} more")
