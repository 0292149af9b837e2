"""Faults: what is wrong with an input, said so that someone at a county desk can mend it.

A fault names the record, the two things that clash, and what to do. Checks return every
fault they find; only the caller that cannot go on raises `FaultsError` with all of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from ecocomp.terms.text import Lang, Text, same

Severity = Literal["error", "warning"]


class EcocompError(Exception):
    """The root of every error a user can cause; its message is a sentence in both languages."""

    def __init__(self, message: Text) -> None:
        super().__init__(str(message))
        self.message = message


class UsageError(EcocompError):
    """The command or function was called in a way that can never work (exit code 2)."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault.

    code     stable dotted id, e.g. ``land.duplicate_id`` (documented, tested, never reused)
    severity ``error`` stops the run, ``warning`` is reported
    where    file, folder or table the fault is in
    record   row, line, id or band; empty when the whole file is meant
    clash    which two things disagree, with both values
    remedy   what to do
    """

    code: str
    where: str
    record: str
    clash: Text
    remedy: Text
    severity: Severity = "error"

    def say(self, lang: Lang) -> str:
        """Return the fault as one line: *which record · what clashes · what to do*."""
        colon = "：" if lang == "zh" else ": "
        place = " ".join(p for p in (self.where, self.record) if p)
        return f"{place}{colon}{self.clash.to(lang)} {self.remedy.to(lang)}"

    def as_json(self) -> dict[str, str]:
        """Return the fault as plain strings, both languages."""
        return {
            "code": self.code,
            "severity": self.severity,
            "where": self.where,
            "record": self.record,
            "clash_zh": self.clash.zh,
            "clash_en": self.clash.en,
            "remedy_zh": self.remedy.zh,
            "remedy_en": self.remedy.en,
        }


class FaultsError(EcocompError):
    """One or more faults that stop the work; carries all of them."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults: tuple[Fault, ...] = tuple(faults)
        if not self.faults:
            raise ValueError("FaultsError needs at least one fault")
        head = Text("{n} 处错误。", "{n} fault(s).").fill(n=len(self.faults))
        body = [Text(f.say("zh"), f.say("en")) for f in self.faults[:20]]
        super().__init__(Text("\n".join([head.zh, *(b.zh for b in body)]), "\n".join([head.en, *(b.en for b in body)])))


def errors(faults: Iterable[Fault]) -> list[Fault]:
    """Return only the faults that stop a run."""
    return [f for f in faults if f.severity == "error"]


def raise_errors(faults: Iterable[Fault]) -> None:
    """Raise `FaultsError` if any fault is an error; warnings pass."""
    found = errors(faults)
    if found:
        raise FaultsError(found)


def capped(faults: list[Fault], code: str, where: str, cap: int = 50) -> list[Fault]:
    """Keep the first `cap` faults of one kind and say how many more there are, so that a report stays readable."""
    if len(faults) <= cap:
        return faults
    more = Fault(
        code,
        where,
        "",
        Text("另有 {n} 处同类问题，共 {t} 处。", "{n} more of the same kind, {t} in all.").fill(n=len(faults) - cap, t=len(faults)),
        Text("先改正所列的；再检查时会列出其余。", "Mend those listed; the next check lists the rest."),
        faults[0].severity,
    )
    return [*faults[:cap], more]


__all__ = ["EcocompError", "Fault", "FaultsError", "Severity", "UsageError", "capped", "errors", "raise_errors", "same"]
