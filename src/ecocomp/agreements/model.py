"""The agreement as an object: parties, sections with their own upstream and downstream, term, clauses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from ecocomp.terms.text import Text

ROLES: dict[str, Text] = {
    "upstream": Text("上游", "upstream"),
    "downstream": Text("下游", "downstream"),
    "both": Text("既是上游也是下游", "both upstream and downstream"),
    "center": Text("中央或共同上级", "centre or common superior"),
    "other": Text("其他", "other"),
}
"""What a party is on the river; with several of one role, clauses name codes, or sections say who is upstream there."""


@dataclass(frozen=True, slots=True)
class Party:
    """A government that signed: administrative code, names, role on the river."""

    code: str
    name: Text
    role: str


@dataclass(frozen=True, slots=True)
class Agreement:
    """One signed agreement; a renewal is a new agreement, never an edit of this one (article 19).

    data  everything the file says, in normal form (amounts as exact numbers of yuan)
    """

    id: str
    name: Text
    parties: tuple[Party, ...]
    words: Mapping[str, Text]
    valid_from: date
    valid_to: date
    clauses: tuple[Mapping[str, Any], ...]
    file: str
    data: Mapping[str, Any] = field(default_factory=dict)

    def in_force(self, year: int) -> bool:
        """Return whether `year` is settled under the agreement: one of its `years`, or a year its term covers wholly."""
        years = self.data.get("years")
        if years:
            return year in {int(y) for y in years}
        if not date.min.year <= year < date.max.year:
            return False
        first = date(year, int(self.data.get("year_starts") or 1), 1)
        last = date(year + 1, first.month, 1) - timedelta(days=1)
        return self.valid_from <= first and last <= self.valid_to

    def years(self) -> list[int]:
        """Return every year that is settled under the agreement."""
        if self.data.get("years"):
            return sorted({int(y) for y in self.data["years"]})
        return [y for y in range(self.valid_from.year, self.valid_to.year + 1) if self.in_force(y)]

    def sections(self) -> list[str]:
        """Return every section the agreement looks at."""
        found = [s["id"] for s in self.data.get("sections") or ()]
        for clause in self.clauses:
            found += [clause["section"]] if clause.get("section") else []
            found += clause.get("sections") or []
            found += [c["section"] for k in ("deductions", "only_if") for c in clause.get(k) or () if c.get("section")]
            for reach in clause.get("reaches") or ():
                found += [s for s in (reach.get("entry"), reach.get("exit"), *(reach.get("sections") or ())) if s]
        return list(dict.fromkeys(map(str, found)))

    def labels(self) -> list[str]:
        """Return the label of each clause: its kind, numbered when a kind stands twice."""
        kinds = [str(c["kind"]) for c in self.clauses]
        times, seen, out = Counter(kinds), Counter[str](), []
        for kind in kinds:
            seen[kind] += 1
            out.append(kind if times[kind] == 1 else f"{kind}#{seen[kind]}")
        return out

    def parties_at(self, section: str | None) -> tuple[Party, ...]:
        """Return the parties with their roles at a section, where the section says who is upstream and downstream."""
        return bound(self.parties, self.data.get("sections") or (), section)

    def party_name(self, code: str) -> Text:
        """Return the name of a party or of the account; the code itself for anyone else."""
        for p in self.parties:
            if p.code == code:
                return p.name
        account = (self.data.get("clearing") or {}).get("account") or {}
        if account.get("code") == code and account.get("name"):
            return text_of(account["name"])
        for rule in self.data.get("pass_through") or ():
            if code in (rule.get("names") or {}):
                return text_of(rule["names"][code])
        return Text(code, code)


def bound(parties: tuple[Party, ...], sections: Sequence[Mapping[str, Any]], section: str | None) -> tuple[Party, ...]:
    """Return the parties with the roles they have at a section."""
    here = next((s for s in sections if s.get("id") == section), None)
    if here is None or not (here.get("upstream") or here.get("downstream")):
        return parties
    roles = {str(here[r]): r for r in ("upstream", "downstream") if isinstance(here.get(r), str)}
    return tuple(replace(p, role=roles.get(p.code, "other")) for p in parties)


def text_of(value: Any) -> Text:
    """Return the two-language text of a mapping; one language stands for both when the other is empty."""
    if not isinstance(value, Mapping):
        return Text("", "")
    zh, en = str(value.get("zh") or ""), str(value.get("en") or "")
    return Text(zh or en, en or zh)
