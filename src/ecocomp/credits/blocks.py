"""Blocks of serial numbers: who has them and in which state; splitting, joining and moving them without loss.

Pure: open blocks go in, the blocks that end and the blocks that begin come out; `ecoweb.credits` keeps them. One unit
(smallest unit) has one serial number in its instrument, and a serial lies in one open block. Always true:
issued + imported = held + pledged + locked + retired + cancelled + exported + buffer.
What is retired, cancelled or exported never moves again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from ecocomp.terms.faults import Fault
from ecocomp.terms.text import Text

STATES: dict[str, Text] = {
    "held": Text("持有", "held"),
    "pledged": Text("质押", "pledged"),
    "locked": Text("冻结", "locked"),
    "retired": Text("已注销使用", "retired"),
    "cancelled": Text("已作废", "cancelled"),
    "exported": Text("已转出", "exported"),
    "buffer": Text("缓冲", "buffer"),
}
TERMINAL = frozenset({"retired", "cancelled", "exported"})
"""States no unit ever leaves."""
MOVES: dict[str, tuple[tuple[str, ...], str]] = {
    "transfer": (("held",), "held"),
    "pledge": (("held",), "pledged"),
    "release": (("pledged",), "held"),
    "lock": (("held",), "locked"),
    "unlock": (("locked",), "held"),
    "settle": (("locked",), "held"),
    "retire": (("held",), "retired"),
    "cancel": (("held",), "cancelled"),
    "export": (("held",), "exported"),
    "reverse": (("buffer",), "cancelled"),
    "unbuffer": (("buffer",), "held"),
}
"""Operation → the states it takes from and the state it leads to; `settle` delivers locked units to a buyer."""


@dataclass(frozen=True, slots=True)
class Block:
    """Serials `first` to `last` (both included) of one issue, in one state.

    issue        the issue they come from
    account      whose they are (the buffer's and terminal units': whose they were)
    lien         the pledge, order or request that binds them; of retired units the retirement
    purpose      of retired, cancelled or exported units: what for
    beneficiary  on whose behalf, or the creditor of a pledge
    period       of a surrender: the year it settles
    id           of the stored row; 0 for a new one
    """

    issue: str
    first: int
    last: int
    state: str
    account: str
    lien: str = ""
    purpose: str = ""
    beneficiary: str = ""
    period: str = ""
    id: int = 0

    @property
    def quantity(self) -> int:
        """Smallest units in the block."""
        return self.last - self.first + 1

    @property
    def place(self) -> tuple[str, ...]:
        """What blocks must share to be joined."""
        return (self.issue, self.state, self.account, self.lien, self.purpose, self.beneficiary, self.period)


@dataclass(frozen=True, slots=True)
class Step:
    """What an operation does to the blocks: those that end, those that begin; the same serials in both."""

    ended: tuple[Block, ...]
    made: tuple[Block, ...]

    @property
    def moved(self) -> int:
        """Smallest units that stand in the step at all."""
        return sum(b.quantity for b in self.made)


def ranges(blocks: Iterable[Block]) -> list[tuple[int, int]]:
    """Return the serials of blocks as ranges in order, neighbours joined."""
    found: list[tuple[int, int]] = []
    for first, last in sorted((b.first, b.last) for b in blocks):
        if found and found[-1][1] + 1 == first:
            found[-1] = (found[-1][0], last)
        else:
            found.append((first, last))
    return found


def say_ranges(found: Iterable[tuple[int, int]]) -> str:
    """Return ranges as people write them.

    >>> say_ranges([(1, 20), (31, 31)])
    '1-20, 31'
    """
    return ", ".join(f"{a}-{b}" if a != b else str(a) for a, b in found)


def take(
    blocks: Sequence[Block], quantity: int | None, serials: Sequence[tuple[int, int]] = ()
) -> tuple[list[Block], list[Block], int]:
    """Return the parts taken, the blocks they were cut from, and how much is missing.

    blocks    open blocks to take from, in the order in which they are used up
    quantity  smallest units; None: everything named by `serials`, or everything
    serials   ranges to take, instead of the first that come
    """
    parts: list[Block] = []
    cut: list[Block] = []
    if serials:
        missing = 0
        for first, last in serials:
            found = [(max(b.first, first), min(b.last, last), b) for b in blocks if b.first <= last and b.last >= first]
            missing += last - first + 1 - sum(z - a + 1 for a, z, _ in found)
            parts += [replace(b, first=a, last=z, id=0) for a, z, b in found]
            cut += [b for _, _, b in found if b not in cut]
        if quantity is not None and not missing:
            missing = quantity - sum(p.quantity for p in parts)
        return sorted(parts, key=lambda p: p.first), cut, missing
    left = sum(b.quantity for b in blocks) if quantity is None else quantity
    for block in blocks:
        if left <= 0:
            break
        last = min(block.last, block.first + left - 1)
        parts.append(replace(block, last=last, id=0))
        cut.append(block)
        left -= last - block.first + 1
    return parts, cut, left


def rest_of(cut: Iterable[Block], parts: Iterable[Block]) -> list[Block]:
    """Return what is left of the blocks that parts were cut from, as new blocks."""
    taken = sorted((p.first, p.last) for p in parts)
    out: list[Block] = []
    for block in cut:
        at = block.first
        for first, last in taken:
            if last < at or first > block.last:
                continue
            if first > at:
                out.append(replace(block, first=at, last=first - 1, id=0))
            at = last + 1
        if at <= block.last:
            out.append(replace(block, first=at, id=0))
    return out


def joined(made: Sequence[Block], beside: Sequence[Block] = ()) -> Step:
    """Join new blocks with each other and with open blocks of the same place that lie next to them.

    Units that have come to rest (`TERMINAL`) stay apart, as each retirement is an act of its own.
    """
    ended: list[Block] = []
    out: list[Block] = []
    for block in sorted([*made, *beside], key=lambda b: (b.place, b.first)):
        last = out[-1] if out else None
        if last is not None and last.place == block.place and last.last + 1 == block.first and block.state not in TERMINAL:
            if last.id and last in beside:
                ended.append(last)
            if block.id and block in beside:
                ended.append(block)
            out[-1] = replace(last, last=block.last, id=0)
        else:
            out.append(block)
    return Step(tuple(ended), tuple(b for b in out if not b.id))


def move(
    blocks: Sequence[Block],
    operation: str,
    quantity: int | None,
    *,
    account: str | None = None,
    lien: str = "",
    purpose: str = "",
    beneficiary: str = "",
    period: str = "",
    serials: Sequence[tuple[int, int]] = (),
    beside: Sequence[Block] = (),
) -> tuple[Step, int]:
    """Return the step that moves so many units, and how many are missing (then the step is empty).

    blocks      open blocks that may be taken, first to be used first; their state must fit the operation
    account     whose they become; None: nobody else's
    beside      open blocks of the new place, to be joined with
    """
    sources, state = MOVES[operation]
    usable = [b for b in blocks if b.state in sources]
    parts, cut, missing = take(usable, quantity, serials)
    if missing or not parts:
        return Step((), ()), max(missing, 0 if parts else 1)
    there = [
        replace(
            p, state=state, account=account or p.account, lien=lien, purpose=purpose, beneficiary=beneficiary, period=period, id=0
        )
        for p in parts
    ]
    outside = [b for b in beside if b not in cut]
    merged = joined([*there, *rest_of(cut, parts)], outside)
    return Step((*cut, *merged.ended), merged.made), 0


def totals(blocks: Iterable[Block]) -> dict[str, int]:
    """Return the smallest units in each state."""
    out = dict.fromkeys(STATES, 0)
    for b in blocks:
        out[b.state] += b.quantity
    return out


def check_blocks(blocks: Iterable[Block], minted: Mapping[str, tuple[int, int]]) -> list[Fault]:
    """Return every fault of open blocks of one instrument: overlap, gaps, serials nobody issued, broken conservation.

    minted  issue → (first, last) serial it made
    """
    ordered = sorted(blocks, key=lambda b: (b.first, b.last))
    faults = []
    for a, b in pairwise(ordered):
        if b.first <= a.last:
            faults.append(
                _fault(
                    "overlap",
                    f"{b.first}",
                    Text("编号 {s} 同时在两个区段（{x} 与 {y}）。", "serial {s} lies in two blocks ({x} and {y}).").fill(
                        s=b.first, x=_say(a), y=_say(b)
                    ),
                )
            )
    by_issue: dict[str, int] = {}
    for b in ordered:
        by_issue[b.issue] = by_issue.get(b.issue, 0) + b.quantity
        low, high = minted.get(b.issue, (0, -1))
        if b.first < low or b.last > high or b.first > b.last:
            faults.append(
                _fault(
                    "not_issued", _say(b), Text("区段超出签发 {i} 的编号。", "the block lies outside issue {i}.").fill(i=b.issue)
                )
            )
    for issue, (low, high) in sorted(minted.items()):
        there = by_issue.get(issue, 0)
        if there != high - low + 1:
            faults.append(
                _fault(
                    "conservation",
                    issue,
                    Text(
                        "签发 {n} 个最小单位，而各状态合计 {m}，相差 {d}。",
                        "{n} smallest units were issued, but the states make {m}: {d} apart.",
                    ).fill(n=high - low + 1, m=there, d=there - (high - low + 1)),
                )
            )
    return faults


def _say(b: Block) -> str:
    return f"{b.issue}:{b.first}-{b.last}"


def _fault(kind: str, record: str, clash: Text) -> Fault:
    return Fault(
        f"credits.{kind}",
        "credit_block",
        record,
        clash,
        Text(
            "数据库被绕过程序改动：从备份恢复，并追查。",
            "The database was changed behind the program: restore a backup and find out by whom.",
        ),
    )
