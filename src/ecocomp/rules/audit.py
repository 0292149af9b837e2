"""The audit of a rule book: days without a value, rules that have run out, marks not verified, checks old or never made.

What is plainly wrong (unknown keys, overlaps, values without a source) is a fault when the files are read; the audit
adds what a careful office looks after before it becomes wrong.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Protocol

from ecocomp.terms.confidence import MARKS, is_verified
from ecocomp.terms.faults import Fault
from ecocomp.terms.text import Text


class Held(Protocol):
    """What the audit reads of a value of a rule book."""

    @property
    def key(self) -> str: ...
    @property
    def place(self) -> str: ...
    @property
    def valid_from(self) -> date: ...
    @property
    def valid_to(self) -> date | None: ...
    @property
    def recorded(self) -> date: ...
    @property
    def confidence(self) -> str: ...
    @property
    def last_checked(self) -> date | None: ...
    @property
    def file(self) -> str: ...
    @property
    def line(self) -> int: ...


OWN_CHOICES = frozenset("DSC")
"""Marks that rest on no document of others: a choice of design, an invented value, a calculation."""


def audit(values: Iterable[Held], today: date, stale_days: int = 730) -> list[Fault]:
    """Return the warnings of the values of a book, by key and place."""
    by_key: dict[tuple[str, str], list[Held]] = defaultdict(list)
    for v in values:
        by_key[v.key, v.place].append(v)
    out: list[Fault] = []
    for _, found in sorted(by_key.items()):
        ordered = sorted(found, key=lambda v: (v.valid_from, v.recorded))
        out += [*_gaps(ordered), *_ended(ordered, today)]
        for v in ordered:
            out += _checks(v, today, stale_days)
    return out


def _gaps(ordered: list[Held]) -> Iterator[Fault]:
    """Yield the spans between values on which none holds, whatever the days they were recorded on."""
    reach = ordered[0].valid_to
    for v in ordered[1:]:
        if reach is not None and reach < v.valid_from:
            clash = Text("{k} 在 {p} 从 {a} 到 {b} 没有值。", "{k} at {p} has no value from {a} to {b}.")
            remedy = Text("补上这段日期的值。", "Add the value for these dates.")
            yield _warn(v, "rules.gap", clash.fill(k=v.key, p=v.place, a=reach, b=v.valid_from), remedy)
        reach = None if reach is None or v.valid_to is None else max(reach, v.valid_to)


def _ended(ordered: list[Held], today: date) -> Iterator[Fault]:
    """Yield the rule whose last value no longer holds today: the next year cannot be set with it."""
    if any(v.valid_to is None or v.valid_to > today for v in ordered):
        return
    last = max(ordered, key=lambda v: v.valid_to or date.max)
    clash = Text("{k} 在 {p} 只到 {a}，今天（{t}）没有值。", "{k} at {p} ends on {a}; it has no value today ({t}).")
    remedy = Text(
        "查有无新文件，补上以后的值；确已停止的不必改。",
        "Look for a newer document and add its value; leave it if the rule has ceased.",
    )
    yield _warn(last, "rules.ended", clash.fill(k=last.key, p=last.place, a=last.valid_to, t=today), remedy)


def _checks(v: Held, today: date, stale_days: int) -> Iterator[Fault]:
    if not is_verified(v.confidence):
        clash = Text("{k} 标记为 {m}（{w}）。", "{k} is marked {m} ({w}).").fill(k=v.key, m=v.confidence, w=MARKS[v.confidence])
        yield _warn(v, "rules.unverified", clash, Text("对照原文后改标记。", "Check it against the document and change the mark."))
    if v.last_checked is None:
        if v.confidence not in OWN_CHOICES:
            clash = Text("{k} 没有写明何时核对过。", "{k} does not say when it was checked.").fill(k=v.key)
            yield _warn(
                v, "rules.unchecked", clash, Text("核对出处后写上 last_checked。", "Check its source and write last_checked.")
            )
        return
    if v.last_checked > today:
        clash = Text("{k} 的核对日 {d} 在将来。", "{k} was checked on {d}, which is still to come.").fill(k=v.key, d=v.last_checked)
        yield _warn(v, "rules.checked_later", clash, Text("更正 last_checked。", "Mend last_checked."))
    elif (today - v.last_checked).days > stale_days:
        clash = Text("{k} 上次核对是 {d}。", "{k} was last checked on {d}.").fill(k=v.key, d=v.last_checked)
        yield _warn(v, "rules.stale", clash, Text("重新核对出处。", "Check the source again."))


def _warn(v: Held, code: str, clash: Text, remedy: Text) -> Fault:
    return Fault(code, v.file, f"line {v.line}", clash, remedy, "warning")
