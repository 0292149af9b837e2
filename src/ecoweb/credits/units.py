"""Taking units of an account: which serials an act moves, and the faults if they are not there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any, Literal

from ecocomp.credits.blocks import MOVES, Block, Step, move, ranges, say_ranges
from ecocomp.credits.instrument import Instrument
from ecocomp.terms.faults import Fault, FaultsError, UsageError, raise_errors
from ecocomp.terms.text import Text
from ecoweb.credits.checks import use_faults
from ecoweb.credits.desk import Desk, marks
from ecoweb.credits.faults import fault

Serials = Sequence[tuple[int, int]]
Use = Literal["", "move", "retire"]


@dataclass(frozen=True)
class Taken:
    """Units taken under a number of their own (P7: pledge by event 7), and the step that takes them."""

    number: str
    step: Step

    @property
    def blocks(self) -> list[Block]:
        """Where they lie then."""
        return [b for b in self.step.made if b.lien == self.number]

    @property
    def quantity(self) -> int:
        """Smallest units."""
        return sum(b.quantity for b in self.blocks)

    def found(self, name: str, account: str, **more: Any) -> dict[str, Any]:
        """Return what the event remembers: the number under a name, the account, how many and which."""
        return {name: self.number, "account": account, **self.units(), **more}

    def units(self) -> dict[str, Any]:
        """Return how many and which."""
        return {"quantity": self.quantity, "serials": say_ranges(ranges(self.blocks))}


def numbered(
    desk: Desk,
    inst: Instrument,
    operation: str,
    letter: str,
    account: str,
    quantity: str | None,
    serials: Serials = (),
    *,
    use: Use = "",
    **place: str,
) -> Taken:
    """Take units under the event's number; nothing is written yet. FaultsError if they are not there.

    quantity  as written, in units of the instrument; None: all that `serials` name
    place     purpose, beneficiary and period of their new place
    """
    number = f"{letter}{desk.event}"
    units = inst.parse(quantity) if quantity is not None else None
    return Taken(number, taken(desk, inst, operation, account, units, serials, use=use, lien=number, **place))


def bound(desk: Desk, inst: Instrument, operation: str, account: str, lien: str, units: int | None = None, **more: Any) -> Step:
    """Return the step that frees or delivers units which a lien binds: all of them, or so many smallest units."""
    return taken(desk, inst, operation, account, units, condition=" AND b.lien = %s", values=[lien], **more)


def taken(
    desk: Desk,
    inst: Instrument,
    operation: str,
    account: str,
    units: int | None,
    serials: Serials = (),
    *,
    condition: str = "",
    values: Sequence[Any] = (),
    to: str | None = None,
    use: Use = "",
    **place: str,
) -> Step:
    """Return the step that takes units of an account; FaultsError that says what it has if they are not there.

    to     the account they go to; None: they stay with theirs
    use    where units must still be good to move or to retire: by quantity those that are not are passed over
    place  lien, purpose, beneficiary and period of their new place
    """
    (source,), state = MOVES[operation]
    found = desk.blocks(inst.id, f"b.account = %s AND b.state = '{source}'{condition}", account, *values)
    if use and not serials and units is not None:
        good = _good(desk, inst, found, use)
        found = good if sum(b.quantity for b in good) >= units else found
    beside: list[Block] = []
    if state in ("held", "pledged", "locked"):
        lien = place.get("lien", "")
        beside = desk.blocks(inst.id, f"b.account = %s AND b.state = '{state}' AND b.lien = %s", to or account, lien)
    step, missing = move(found, operation, units, account=to, serials=serials, beside=beside, **place)
    if missing:
        raise FaultsError([_not_enough(inst, account, units, serials, sum(b.quantity for b in found))])
    ended = {b.id for b in step.ended}
    cut = [b for b in found if b.id in ended]
    raise_errors(_early_faults(desk, cut, account))
    return step


def _good(desk: Desk, inst: Instrument, blocks: Sequence[Block], use: Use) -> list[Block]:
    """Return the blocks whose units have not expired, nor left the period in which they may be used."""
    issues = {b.issue: b for b in blocks}
    bad = {i for i, b in issues.items() if use_faults(desk, inst, [b], "", retire=use == "retire")}
    return [b for b in blocks if b.issue not in bad]


def parse_serials(texts: Sequence[str]) -> list[tuple[int, int]]:
    """Return ranges written 1-20 or 31; `UsageError` for anything else, or ranges that overlap.

    >>> parse_serials(["1-20", "31"])
    [(1, 20), (31, 31)]
    """
    found = []
    for text in texts:
        first, _, last = text.replace(" ", "").partition("-")
        if not (first.isascii() and first.isdigit() and len(first) < 18) or (
            last and not (last.isascii() and last.isdigit() and len(last) < 18)
        ):
            raise UsageError(Text("编号“{t}”应写成 1-20 或 31。", "The serials “{t}” must be written 1-20 or 31.").fill(t=text))
        a, b = int(first), int(last or first)
        if a < 1 or b < a:
            raise UsageError(Text("编号“{t}”应从小到大。", "The serials “{t}” must go up.").fill(t=text))
        found.append((a, b))
    found.sort()
    for (_, b), (c, _) in pairwise(found):
        if c <= b:
            raise UsageError(Text("编号 {c} 写了两次。", "The serial {c} stands twice.").fill(c=c))
    return found


def _not_enough(inst: Instrument, account: str, units: int | None, serials: Serials, there: int) -> Fault:
    wanted = Text("{q}", "{q}").fill(q=inst.say(units or 0))
    if serials:
        wanted = Text("编号 {s}", "the serials {s}").fill(s=say_ranges(serials))
    clash = Text("要 {w}，而账户可用 {h}（{u}）。", "{w} are wanted, but the account has {h} free ({u}).")
    remedy = Text("减少数量，或先解除质押、撤单。", "Take fewer, or release pledges and cancel orders first.")
    return fault("not_enough", account, clash.fill(w=wanted, h=inst.say(there), u=inst.unit), remedy)


def _early_faults(desk: Desk, blocks: Sequence[Block], account: str) -> list[Fault]:
    """Find units that an act dated back would move before the day on which they were issued."""
    issues = sorted({b.issue for b in blocks})
    if desk.day >= desk.office.today() or not issues:
        return []
    sql = "SELECT i.issue_id, e.day FROM credit_issue i JOIN credit_event e ON e.seq = i.event_id WHERE i.issue_id IN ({m})"
    found = desk.ask(sql.format(m=marks(len(issues))), *issues)
    days = {str(i): d if isinstance(d, date) else date.fromisoformat(d) for i, d in found}
    clash = Text("{i} 于 {d} 才签发，晚于办理日 {n}。", "{i} was issued on {d}, after the day of the act, {n}.")
    remedy = Text("改正办理日（--on）。", "Mend the day of the act (--on).")
    return [
        fault("before_issue", account, clash.fill(i=i, d=d, n=desk.day), remedy) for i, d in sorted(days.items()) if d > desk.day
    ]
