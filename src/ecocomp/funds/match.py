"""Local match: money that must be joined by others before it may be drawn in full.

An envelope states the share others must add (``match_ppm``); envelopes that add it name it in ``matches``. What happens when
they add less is rule ``funds.match_effect``: ``warn`` reports it, ``reduce`` lets the envelope be drawn only in the
proportion in which it is matched (rounded down to the fen); the rest of the grant stays undrawn.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ecocomp.rules import Parameters
from ecocomp.terms.faults import Fault, FaultsError
from ecocomp.terms.money import say_yuan
from ecocomp.terms.tables import PPM
from ecocomp.terms.text import Text

EFFECTS = ("warn", "reduce")


@dataclass(frozen=True)
class Match:
    """How one envelope is matched: what it was granted, what others must add, what they do add, what it may give."""

    envelope_id: str
    granted_fen: int
    required_fen: int
    matched_fen: int
    drawable_fen: int

    @property
    def short_fen(self) -> int:
        """What the match lacks."""
        return max(0, self.required_fen - self.matched_fen)


def matches(rows: Iterable[Mapping[str, Any]], granted: Mapping[str, int], effect: str) -> list[Match]:
    """Return how each envelope that needs a match is matched, in the order of its id.

    granted  fen by envelope
    required = granted × match_ppm, rounded up: what must at least be added is reached or it is not, so half a fen counts as one
    match_ppm may be a fraction, so that a share of more than six decimals stays exact
    """
    if effect not in EFFECTS:
        raise FaultsError([_unknown(effect)])
    listed = list(rows)
    out = []
    for row in sorted(listed, key=lambda r: str(r["envelope_id"])):
        ppm = row.get("match_ppm") or 0
        if ppm <= 0:
            continue
        i = row["envelope_id"]
        got = granted.get(i, row["granted_fen"])
        added = sum(granted.get(r["envelope_id"], r["granted_fen"]) for r in listed if r.get("matches") == i)
        required = -(-got * ppm // PPM)
        enough = added >= required or effect == "warn"
        out.append(Match(i, got, required, added, got if enough else got * added // required))
    return out


def match_limits(rows: Iterable[Mapping[str, Any]], granted: Mapping[str, int], params: Parameters) -> dict[str, int]:
    """Return how many fen of the year's grant may be drawn, for each envelope that needs a match."""
    listed = list(rows)
    if not any(r.get("match_ppm") for r in listed):
        return {}
    return {m.envelope_id: m.drawable_fen for m in matches(listed, granted, params.text("funds.match_effect"))}


def match_faults(rows: list[dict[str, Any]], granted: Mapping[str, int], params: Parameters) -> list[Fault]:
    """Return a warning for each match that falls short, an error for each that names nothing or itself or is negative."""
    ids = {r["envelope_id"] for r in rows}
    out = [
        Fault(
            "funds.match",
            "envelope",
            r["envelope_id"],
            Text("为 {m} 配套，而本年没有这个资金包。", "It matches {m}, and there is no such envelope this year.").fill(
                m=r["matches"]
            ),
            Text("写明另一个资金包的编码。", "Name the code of another envelope."),
        )
        for r in rows
        if r.get("matches") and (r["matches"] not in ids or r["matches"] == r["envelope_id"])
    ]
    out += [
        Fault(
            "funds.match",
            "envelope",
            r["envelope_id"],
            Text("配套比例是 {v} ppm。", "The share of the match is {v} ppm.").fill(v=r["match_ppm"]),
            Text("写不小于零的比例。", "Write zero or more."),
        )
        for r in rows
        if (r.get("match_ppm") or 0) < 0
    ]
    if not any(r.get("match_ppm") for r in rows):
        return out
    try:
        found = matches(rows, granted, params.text("funds.match_effect"))
    except FaultsError as stop:
        return [*out, *stop.faults]
    return out + [_short(m) for m in found if m.short_fen]


def _short(m: Match) -> Fault:
    return Fault(
        "funds.match_short",
        "envelope",
        m.envelope_id,
        Text(
            "须配套 {r} 元，实际 {a} 元，少 {d} 元；本年可用 {u} 元（下达 {g} 元）。",
            "{r} yuan of match are needed and {a} are there, {d} short; {u} of the {g} yuan granted may be drawn.",
        ).fill(
            r=say_yuan(m.required_fen),
            a=say_yuan(m.matched_fen),
            d=say_yuan(m.short_fen),
            u=say_yuan(m.drawable_fen),
            g=say_yuan(m.granted_fen),
        ),
        Text("补足配套，或按规则 funds.match_effect 处理。", "Add to the match, or see rule funds.match_effect."),
        "warning",
    )


def _unknown(effect: str) -> Fault:
    return Fault(
        "funds.match_effect",
        "ecopolicy",
        "funds.match_effect",
        Text("配套不足的处理 {e} 不认识。", "Effect {e} of a short match is not known.").fill(e=effect),
        Text("可用：{a}。", "Known: {a}.").fill(a=", ".join(EFFECTS)),
    )
