"""What happens to an envelope within its life: grant notices, payment postponed, reduced, stopped or recovered, interest, returns.

Steps follow the Regulation on Ecological Protection Compensation (Decree 779), art. 31: order to correct; if not corrected in
time, the funds are postponed, reduced, stopped or recovered (缓拨、减拨、停拨、追回). Interest is always an event with an owner
(rule ``funds.interest_owner``): the treasury's is owed to it and never spent, the envelope's is added to it. What is clawed back
from a holder returns to the envelope it came from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from ecocomp.rules import Parameters
from ecocomp.terms.codes import ENVELOPE_EVENTS
from ecocomp.terms.faults import Fault, capped, raise_errors
from ecocomp.terms.money import INT64_MAX, half_even, say_yuan
from ecocomp.terms.text import Text

OWNERS = ("envelope", "treasury", "payer")
RECOVERIES = ("postpone", "reduce", "stop", "recover")


@dataclass(frozen=True)
class Standing:
    """An envelope at the end of a day, fen.

    granted    by notices, after reductions and recoveries
    postponed  of it not to be used until released; a stop postpones all there is
    usable     granted + interest it owns + returns − postponed
    interest_due  interest that belongs to others
    owed_back  what reductions and recoveries exceed all it had by: to be paid back from other money
    stopped_on the day of a stop that is not yet released in full
    """

    envelope_id: str
    granted_fen: int
    postponed_fen: int
    reduced_fen: int
    recovered_fen: int
    interest_fen: int
    interest_due_fen: int
    returned_fen: int
    owed_back_fen: int
    stopped_on: date | None

    @property
    def usable_fen(self) -> int:
        """What may be drawn from it in all, before anything was given out."""
        return self.granted_fen + self.interest_fen + self.returned_fen - self.postponed_fen


def interest_owner(source: str, params: Parameters) -> str:
    """Return whose interest on money of `source` is: envelope, treasury or payer; the treasury's if no rule says."""
    for entry in params.items("funds.interest_owner"):
        if isinstance(entry, dict) and entry.get("source") == source:
            return str(entry.get("owner"))
    return "treasury"


def interest_fen(balance_fen: int, days: int, rate_ppm: int | Fraction, year_days: int = 360) -> int:
    """Return simple interest in whole fen, half-even at the end.

    rate_ppm  rate per year in millionths; a fraction where the rate has more than six decimals

    >>> interest_fen(1_000_000_00, 90, 3_500)
    87500
    """
    exact = Fraction(rate_ppm) * balance_fen * days / (year_days * 1_000_000)
    return half_even(exact.numerator, exact.denominator)


def standing(
    envelope_id: str, source: str, events: Iterable[Mapping[str, Any]], params: Parameters, on: date | None = None
) -> Standing:
    """Return an envelope's standing after its events up to a day, taken in the order of day and number.

    raises  FaultsError where an event is of a kind or has an owner that is not known: it would count as nothing
    """
    events = list(events)
    raise_errors([f for e in events for f in (*_kind_faults(e, "envelope_event"), *_owner_faults(e, "envelope_event"))])
    n = dict.fromkeys(("granted", "postponed", "reduced", "recovered", "interest", "due", "returned", "back"), 0)
    stopped: date | None = None
    for e in sorted(events, key=lambda x: (x["happened_on"], str(x["event_id"]))):
        if on is not None and e["happened_on"] > on:
            continue
        kind, fen = e["kind"], int(e["fen"])
        if kind == "grant":
            n["granted"] += fen
        elif kind == "postpone":
            n["postponed"] += fen
        elif kind == "stop":
            n["postponed"], stopped = n["granted"] + n["interest"] + n["returned"], e["happened_on"]
        elif kind == "release":
            n["postponed"] -= min(fen, n["postponed"])
        elif kind in ("reduce", "recover"):
            _take(n, fen)
            n["reduced" if kind == "reduce" else "recovered"] += fen
        elif kind == "interest":
            own = (e.get("owner") or interest_owner(source, params)) == "envelope"
            n["interest" if own else "due"] += fen
        elif kind == "return":
            n["returned"] += fen
        n["postponed"] = min(n["postponed"], n["granted"] + n["interest"] + n["returned"])
        stopped = stopped if n["postponed"] else None
    return Standing(
        envelope_id,
        n["granted"],
        n["postponed"],
        n["reduced"],
        n["recovered"],
        n["interest"],
        n["due"],
        n["returned"],
        n["back"],
        stopped,
    )


def _take(n: dict[str, int], fen: int) -> None:
    """Take money that waits first, then of grants, returns and interest in turn; what is lacking is owed back."""
    n["postponed"] -= min(fen, n["postponed"])
    for name in ("granted", "returned", "interest"):
        part = min(fen, n[name])
        n[name] -= part
        fen -= part
    n["back"] += fen


def event_faults(
    events: Sequence[Mapping[str, Any]], known: Mapping[str, str], params: Parameters, where: str = "envelope_event"
) -> list[Fault]:
    """Return every fault of events: unknown kind, envelope or owner; not above zero; no document; steps out of order.

    known  source by envelope
    A recovery names the act it answers (rule ``funds.penalties``) and follows what that act allows; what is released was postponed.
    """
    acts = {str(p["act"]): p for p in params.items("funds.penalties") if isinstance(p, dict)}
    out: list[Fault] = []
    for e in events:
        out += _event_faults(e, known, acts, where)
    for i in sorted({e["envelope_id"] for e in events if e["envelope_id"] in known}):
        own = sorted((e for e in events if e["envelope_id"] == i), key=lambda x: (x["happened_on"], str(x["event_id"])))
        for k, e in enumerate(own):
            if e["kind"] not in ("postpone", "release"):
                continue
            earlier = [x for x in own[:k] if not _kind_faults(x, where) and not _owner_faults(x, where)]
            before = standing(i, known[i], earlier, params)
            if e["kind"] == "postpone" and e["fen"] > before.usable_fen:
                out.append(_over(where, e, Text("缓拨", "postponed"), e["fen"], Text("可用", "usable"), before.usable_fen))
            if e["kind"] == "release" and e["fen"] > before.postponed_fen:
                out.append(
                    _over(where, e, Text("恢复拨付", "released"), e["fen"], Text("尚缓拨", "still postponed"), before.postponed_fen)
                )
    return capped(out, "funds.event", where)


def _event_faults(e: Mapping[str, Any], known: Mapping[str, str], acts: Mapping[str, Any], where: str) -> list[Fault]:
    out, record = _kind_faults(e, where), str(e["event_id"])
    if e["envelope_id"] not in known:
        out.append(
            _fault(
                where,
                record,
                Text("没有资金包 {i}。", "There is no envelope {i}.").fill(i=e["envelope_id"]),
                Text("先登记资金包，或更正编码。", "Enter the envelope first, or mend the code."),
            )
        )
    stop = e["kind"] == "stop"
    if not (0 <= e["fen"] <= INT64_MAX) or (e["fen"] == 0 and not stop):
        out.append(
            _fault(
                where,
                record,
                Text("金额是 {v} 元。", "The sum is {v} yuan.").fill(v=say_yuan(e["fen"])),
                Text("写大于零的金额。", "Write a sum above zero."),
            )
        )
    if not str(e.get("document") or "").strip():
        out.append(
            _fault(
                where,
                record,
                Text("没有文号。", "It names no document."),
                Text("写明下达、处理或入账的文件。", "Name the notice, the decision or the statement."),
            )
        )
    out += [*_owner_faults(e, where), *_idle_faults(e, where)]
    if e["kind"] in RECOVERIES:
        act = str(e.get("act") or "")
        if act not in acts:
            out.append(
                _fault(
                    where,
                    record,
                    Text("没有写明针对哪种行为：{a}。", "It does not say which act it answers: {a}.").fill(a=act or "—"),
                    _listed(acts),
                )
            )
        elif e["kind"] not in [str(s) for s in acts[act]["then"]] and e["kind"] != acts[act]["first"]:
            allowed = ", ".join(str(s) for s in (acts[act]["first"], *acts[act]["then"]))
            out.append(
                _fault(
                    where,
                    record,
                    Text("{a} 的处理不含 {k}。", "{k} is no step that follows {a}.").fill(a=act, k=e["kind"]),
                    Text("可用：{s}（条例第三十一条）。", "Steps: {s} (Regulation, art. 31).").fill(s=allowed),
                )
            )
    return out


def _idle_faults(e: Mapping[str, Any], where: str) -> list[Fault]:
    """Return a fault for each thing an event says that its kind would pass over: a stop's sum, another's owner or act."""
    out, record, kind = [], str(e["event_id"]), ENVELOPE_EVENTS.get(str(e["kind"]))
    if kind is None:
        return []
    if e["kind"] == "stop" and e["fen"] > 0:
        clash = Text("停拨停的是全部余额，而写了 {v} 元。", "A stop stops all there is, and it says {v} yuan.")
        remedy = Text("不写金额；只停一部分用 postpone（缓拨）。", "Give no sum; to hold back a part, use postpone.")
        out.append(_fault(where, record, clash.fill(v=say_yuan(e["fen"])), remedy))
    if e.get("owner") and e["kind"] != "interest":
        clash = Text("“{k}”没有利息归属，而写了 {o}。", "“{k}” has no owner of interest, and it says {o}.")
        out.append(_fault(where, record, clash.fill(k=kind, o=e["owner"]), Text("去掉它。", "Leave it out.")))
    if e.get("act") and e["kind"] not in RECOVERIES:
        clash = Text("“{k}”不针对行为，而写了 {a}。", "“{k}” answers no act, and it says {a}.")
        out.append(_fault(where, record, clash.fill(k=kind, a=e["act"]), Text("去掉它。", "Leave it out.")))
    return out


def _kind_faults(e: Mapping[str, Any], where: str) -> list[Fault]:
    if e["kind"] in ENVELOPE_EVENTS:
        return []
    clash = Text("事项 {k} 不认识。", "Event {k} is not known.").fill(k=e["kind"])
    return [_fault(where, str(e["event_id"]), clash, _listed(ENVELOPE_EVENTS))]


def _owner_faults(e: Mapping[str, Any], where: str) -> list[Fault]:
    if e["kind"] != "interest" or (e.get("owner") or "envelope") in OWNERS:
        return []
    clash = Text("利息归属 {o} 不认识。", "Owner {o} of interest is not known.").fill(o=e["owner"])
    return [_fault(where, str(e["event_id"]), clash, _listed(OWNERS))]


def _listed(codes: Iterable[str]) -> Text:
    return Text("可用：{a}。", "Known: {a}.").fill(a=", ".join(codes))


def _over(where: str, e: Mapping[str, Any], one: Text, a: int, two: Text, b: int) -> Fault:
    return _fault(
        where,
        str(e["event_id"]),
        Text("{x} {a} 元，多于{y} {b} 元。", "{a} yuan {x} are more than the {b} {y}.").fill(
            x=one, y=two, a=say_yuan(a), b=say_yuan(b)
        ),
        Text("核对金额和日期。", "Check sums and days."),
    )


def _fault(where: str, record: str, clash: Text, remedy: Text) -> Fault:
    return Fault("funds.event", where, record, clash, remedy)
