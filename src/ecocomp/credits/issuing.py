"""What must be proved before units are issued, moved or used: dated events in their order, notices that stood, the buffer.

For the registry officer and the verifier. Evidence is a list of dated events with their papers; rules say which are
needed (`Instrument.issue_steps`, `transfer_steps`, `retire_steps`). A public notice counts working days, both ends
included (a real registry record of 2026: 17 July to 13 August is 20 working days).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from ecocomp.credits.instrument import Instrument, NeededStep
from ecocomp.terms.faults import Fault, UsageError
from ecocomp.terms.money import apportion, half_even
from ecocomp.terms.text import Text


@dataclass(frozen=True, slots=True)
class Event:
    """One dated event of evidence: which step, when (a notice also until when), on what paper, by whom."""

    step: str
    on: date
    document: str = ""
    by: str = ""
    until: date | None = None


def parse_event(text: str) -> Event:
    """Return evidence written ``step=2025-03-01[..2025-03-30],document[,by]``; `UsageError` for anything else.

    >>> parse_event("notice=2026-07-17..2026-08-13,no. 5").until
    datetime.date(2026, 8, 13)
    """
    step, _, rest = text.partition("=")
    days, *more = rest.split(",")
    start, _, end = days.partition("..")
    try:
        on, until = date.fromisoformat(start.strip()), date.fromisoformat(end.strip()) if end else None
        if not step.strip() or len(more) > 2:
            raise ValueError
    except ValueError:
        raise UsageError(
            Text(
                "证据“{t}”看不懂；写成 步骤=2025-03-01,文号,单位，公示写成 notice=2025-03-01..2025-03-30,文号。",
                "The evidence “{t}” is not understood; write step=2025-03-01,document,by; of a notice 2025-03-01..2025-03-30.",
            ).fill(t=text)
        ) from None
    return Event(step.strip(), on, more[0].strip() if more else "", more[1].strip() if len(more) > 1 else "", until)


def working_days(start: date, end: date, off: Collection[date] = (), worked: Collection[date] = ()) -> int:
    """Return the working days from `start` to `end`, both included: Monday to Friday, less days off, plus weekend days worked.

    >>> working_days(date(2026, 7, 17), date(2026, 8, 13))
    20
    """
    if end < start:
        return 0
    whole, rest = divmod((end - start).days + 1, 7)
    count = 5 * whole + sum((start + timedelta(days=i)).weekday() < 5 for i in range(rest))
    count -= sum(start <= d <= end and d.weekday() < 5 for d in set(off))
    return count + sum(start <= d <= end and d.weekday() >= 5 for d in set(worked))


def evidence_faults(
    needed: Sequence[NeededStep],
    given: Sequence[Event],
    on: date,
    record: str,
    *,
    cross_region: bool = False,
    other_sector: bool = False,
    owner: str = "",
    off: Collection[date] = (),
    worked: Collection[date] = (),
) -> list[Fault]:
    """Return every fault of the evidence for an operation on a day.

    owner  who profits: nobody verifies his own result
    """
    faults: list[Fault] = []
    by_step = {e.step: e for e in given}
    names = {s.id for s in needed}
    for e in given:
        if e.step not in names:
            faults.append(
                _fault(
                    "unknown_step",
                    record,
                    Text("没有程序“{s}”。", "there is no step “{s}”.").fill(s=e.step),
                    Text("可用：{a}。", "Known: {a}.").fill(a=", ".join(s.id for s in needed) or "—"),
                )
            )
    before: tuple[NeededStep, Event] | None = None
    for step in needed:
        applies = (
            step.when == "always"
            or (step.when == "cross_region" and cross_region)
            or (step.when == "other_sector" and other_sector)
        )
        event = by_step.get(step.id)
        if event is None:
            faults += [_missing(step, record)] if applies else []
            continue
        faults += _event_faults(step, event, on, record, owner, off, worked)
        if before is not None and event.on < (before[1].until or before[1].on):
            clash = Text("{a}（{x}）早于{b}（{y}）。", "{a} ({x}) lies before {b} ({y}).")
            faults.append(
                _fault(
                    "step_order",
                    record,
                    clash.fill(a=step.name, x=event.on, b=before[0].name, y=before[1].until or before[1].on),
                    Text("核对日期；程序须依次完成。", "Check the dates; the steps follow one another."),
                )
            )
        before = (step, event)
    return faults


def _missing(step: NeededStep, record: str) -> Fault:
    who = Text("（{b}）", " ({b})").fill(b=step.by) if step.by.zh or step.by.en else Text("", "")
    days = f"..{'YYYY-MM-DD'}" if step.working_days else ""
    return _fault(
        "step_missing",
        record,
        Text("缺少“{n}”{w}。", "“{n}”{w} is missing.").fill(n=step.name, w=who),
        Text("完成后用 --step {s} 写明日期和文号。", "When it is done, give its date and paper with --step {s}.").fill(
            s=f"{step.id}=YYYY-MM-DD{days},DOC,BY"
        ),
    )


def _event_faults(
    step: NeededStep, event: Event, on: date, record: str, owner: str, off: Collection[date], worked: Collection[date]
) -> list[Fault]:
    faults: list[Fault] = []
    if not event.document:
        faults.append(
            _fault(
                "step_document",
                record,
                Text("“{n}”没有文号。", "“{n}” has no document.").fill(n=step.name),
                Text("写明报告或文件的编号。", "Give the number of the report or paper."),
            )
        )
    if owner and event.by and event.by == owner:
        faults.append(
            _fault(
                "own_verification",
                record,
                Text("“{n}”由受益人 {o} 自己完成。", "“{n}” was done by {o}, who profits from it.").fill(n=step.name, o=owner),
                Text("由第三方完成。", "Have a third party do it."),
            )
        )
    end = event.until or event.on
    if end > on or (step.working_days and end >= on and event.until is not None and end > on):
        faults.append(
            _fault(
                "step_future",
                record,
                Text("“{n}”到 {e} 才完成，晚于办理日 {d}。", "“{n}” ends on {e}, after the day of the act, {d}.").fill(
                    n=step.name, e=end, d=on
                ),
                Text("完成之后再办理。", "Act when it is done."),
            )
        )
    if step.working_days:
        stood = working_days(event.on, end, off, worked)
        if stood < step.working_days:
            faults.append(
                _fault(
                    "notice_short",
                    record,
                    Text(
                        "公示 {a} 至 {b} 为 {s} 个工作日，少于 {n} 个。",
                        "the notice from {a} to {b} stood {s} working days, fewer than {n}.",
                    ).fill(a=event.on, b=end, s=stood, n=step.working_days),
                    Text("公示满期限后再办理。", "Wait until the notice has stood its time."),
                )
            )
    return faults


def buffer_units(quantity: int, share: Fraction) -> int:
    """Return the smallest units of an issue that are held back, half-even."""
    return half_even(quantity * share.numerator, share.denominator)


def period_faults(
    instrument: Instrument,
    record: str,
    crediting: tuple[date, date | None],
    monitored: tuple[date, date],
    earlier: Iterable[tuple[str, date, date]],
) -> list[Fault]:
    """Return the faults of a monitoring period: outside the crediting period, or overlapping an earlier issue of the project.

    monitored, earlier  half-open
    """
    start, end = monitored
    faults = []
    if end <= start:
        clash = Text("期间 {a} 至 {b} 不含任何一天。", "the period from {a} to {b} holds no day.").fill(a=start, b=end)
        faults.append(
            _fault("period", record, clash, Text("止日（不含）应晚于起日。", "It must end (day not included) after it begins."))
        )
    if start < crediting[0] or (crediting[1] is not None and end > crediting[1]):
        clash = Text("监测期 {a} 至 {b} 超出计入期 {c} 至 {d}。", "the period {a} to {b} leaves the crediting period {c} to {d}.")
        faults.append(
            _fault(
                "outside_crediting",
                record,
                clash.fill(a=start, b=end, c=crediting[0], d=crediting[1] or "—"),
                Text("只签发计入期内的部分。", "Issue only what falls inside the crediting period."),
            )
        )
    for name, a, b in earlier:
        if a < end and start < b:
            clash = Text("与签发 {n} 的期间 {a} 至 {b} 重叠。", "it overlaps issue {n}, from {a} to {b}.").fill(n=name, a=a, b=b)
            faults.append(_fault("double_issue", record, clash, Text("同一期间只签发一次。", "A period is issued once.")))
    return faults


def crediting_faults(instrument: Instrument, record: str, start: date, end: date | None) -> list[Fault]:
    """Return the faults of a crediting period against the limits of the instrument (years; 0 to 0: no limit)."""
    low, high = instrument.crediting_years
    if not high:
        return []
    if end is None:
        return [
            _fault(
                "crediting_years",
                record,
                Text(
                    "计入期没有止日，而 {i} 规定 {a} 至 {b} 年。",
                    "the crediting period has no end, but {i} takes {a} to {b} years.",
                ).fill(i=instrument.name, a=low, b=high),
                Text("写明止日（--until）。", "Give its end (--until)."),
            )
        ]
    shortest, longest = years_after(start, int(low)), years_after(start, int(high))
    if shortest <= end <= longest:
        return []
    return [
        _fault(
            "crediting_years",
            record,
            Text("计入期 {s} 至 {e} 不在 {a} 至 {b} 年之内。", "the crediting period {s} to {e} is not of {a} to {b} years.").fill(
                s=start, e=end, a=low, b=high
            ),
            Text("改正计入期。", "Mend the crediting period."),
        )
    ]


def years_after(day: date, years: int) -> date:
    """Return the same day so many years later; 29 February becomes 1 March where there is none."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


def split_net(gross_fen: int, cost_fen: int, shares: Mapping[str, Fraction]) -> dict[str, int]:
    """Return how the net proceeds of a sale are shared, costs first, to the fen and without loss.

    shares  in the order of the rule as it is written: a fen between two equal claims goes to the one named first

    >>> split_net(100_000, 20_000, {"collective": Fraction(15, 100), "household": Fraction(85, 100)})
    {'cost': 20000, 'collective': 12000, 'household': 68000}

    raises  UsageError when the costs exceed the proceeds or the shares do not make 1
    """
    if gross_fen < 0 or cost_fen < 0 or cost_fen > gross_fen:
        raise UsageError(
            Text(
                "成本 {c} 分大于收入 {g} 分，或有负数。", "The cost, {c} fen, exceeds the proceeds, {g} fen, or one is negative."
            ).fill(c=cost_fen, g=gross_fen)
        )
    if sum(shares.values(), Fraction(0)) != 1 or any(s < 0 for s in shares.values()):
        raise UsageError(Text("分配比例合计不是 1。", "The shares do not make 1."))
    names = list(shares)
    common = 1
    for n in names:
        common = common * shares[n].denominator // _gcd(common, shares[n].denominator)
    parts = apportion(gross_fen - cost_fen, [int(shares[n] * common) for n in names])
    return {"cost": cost_fen, **dict(zip(names, parts, strict=True))}


def _gcd(a: int, b: int) -> int:
    while b:
        a, b = b, a % b
    return a


def match_faults(instrument: Instrument, record: str, quality: str, need: int, need_quality: str, given: int) -> list[Fault]:
    """Return the faults of using a quota against a need: quantity and quality must both match (`Instrument.match`).

    quality       grade of the units used; need_quality the grade of what is taken
    need, given   smallest units needed and used
    """
    faults = []
    if "quantity" in instrument.match and given < need:
        clash = Text("使用 {g}，少于需要的 {n}（{u}）。", "{g} are used, fewer than the {n} needed ({u}).")
        faults.append(
            _fault(
                "match_quantity",
                record,
                clash.fill(g=instrument.say(given), n=instrument.say(need), u=instrument.unit),
                Text("补足数量。", "Use as much as is needed."),
            )
        )
    if "quality" in instrument.match and quality_rank(quality) < quality_rank(need_quality):
        clash = Text("所用指标质量“{g}”低于所占的“{n}”。", "the quality used, “{g}”, is below the one taken, “{n}”.")
        faults.append(
            _fault(
                "match_quality",
                record,
                clash.fill(g=quality or "—", n=need_quality or "—"),
                Text("使用质量不低于所占的指标。", "Use units of at least the quality that is taken."),
            )
        )
    return faults


def quality_rank(grade: str) -> Fraction:
    """Return a grade as a number, the higher the better: grades are written as numbers; none is the lowest.

    >>> quality_rank("3") > quality_rank("2.5") > quality_rank("")
    True
    """
    try:
        return Fraction(grade.strip())
    except (ValueError, ZeroDivisionError):
        return Fraction(-1)


def _fault(kind: str, record: str, clash: Text, remedy: Text) -> Fault:
    return Fault(f"credits.{kind}", "credits", record, clash, remedy)
