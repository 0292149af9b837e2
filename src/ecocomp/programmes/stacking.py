"""Several programmes on one parcel: which may pay beside which, and how much ground the other one gives up.

Rules come from three places, the first that speaks decides: what the programmes' files exclude or allow; the dated rules
``zoning.stacking.*`` of the place; else our own rule that one benefit is not paid twice (programmes of one element exclude
each other on the same ground, others may stand together and are told of). A programme never pays the same ground twice.

What counts is ground of one year. A programme takes what was accepted for it there; where nothing is judged yet it claims what
was agreed, and the money of the other waits until that is decided; ground that was judged and not accepted stands against
nobody. A yearly payment made for a year stays: a claim to the same ground of that year that comes later gives way to it.

Plots share a parcel by area. On ``ground`` only what must overlap is given up, area + area − parcel, so that no overlap is
invented; on ``parcel`` all of it. Contracts that one rests on the other (a top-up, an extension) are one bargain.

References: Regulation on Ecological Protection Compensation (2024) art. 9; supervision sheet rows 16 and 32.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.programmes.owed import Given, Owed, ground_year
from ecocomp.programmes.programme import Payment, Programme
from ecocomp.programmes.words import REFUSED
from ecocomp.rules import Parameters
from ecocomp.terms.faults import Fault, capped
from ecocomp.terms.tables import STACKED
from ecocomp.terms.text import Text

PREFIX = "zoning.stacking."


@dataclass(frozen=True)
class Mark:
    """One plot that is paid on a parcel in a year: its programme, area and the day it was agreed.

    area_dm2   agreed
    takes_dm2  accepted, or claimed while nothing is decided; firm_dm2 of it accepted
    yearly     whether it is paid by the year; settled: it was paid for this year before
    """

    parcel_id: str
    contract_id: str
    holder_id: str
    programme: str
    variant: str
    code: str
    element: str
    bargain: str
    area_dm2: int
    signed: Any
    takes_dm2: int
    firm_dm2: int
    yearly: bool = True
    settled: bool = False

    @property
    def names(self) -> frozenset[str]:
        """Every name a rule may mean it by."""
        return frozenset(n for n in (self.programme, self.code, f"{self.programme}.{self.variant}") if n)


@dataclass(frozen=True)
class Verdict:
    """What a rule says of two marks; `wins` is the one kept, None for whoever came first."""

    verdict: str
    on: str
    wins: Mark | None
    rule: str
    document: str
    confidence: str
    says: Text


@dataclass
class Stacked:
    """What every contract gives up in a year, by programme, with the rows that say why."""

    cuts: dict[str, dict[tuple[str, int], Given]] = field(default_factory=dict)
    rows: dict[tuple[str, str, str], dict[str, object]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    @property
    def table(self) -> pa.Table:
        """The rows as a table (`STACKED`)."""
        return STACKED.table(list(self.rows.values())) if self.rows else STACKED.empty()


def resolve(
    programmes: Mapping[str, Programme], marks: Mapping[int, Sequence[Mark]], parcel: pa.Table, params: Mapping[int, Parameters]
) -> Stacked:
    """Resolve what several programmes would pay on the same parcels, year by year, the latest first.

    marks, params  of each year
    """
    area = dict(zip(parcel["parcel_id"].to_pylist(), parcel["area_dm2"].to_pylist(), strict=True)) if any(marks.values()) else {}
    out = Stacked()
    unspoken: dict[str, Fault] = {}
    for year in sorted(marks, reverse=True):
        judge = _Judge(programmes, params[year])
        by_parcel: dict[str, list[Mark]] = {}
        for mark in marks[year]:
            by_parcel.setdefault(mark.parcel_id, []).append(mark)
        for parcel_id in sorted(by_parcel):
            if len(by_parcel[parcel_id]) > 1:
                _parcel(by_parcel[parcel_id], area.get(parcel_id, 0), year, judge, out)
        unspoken |= {f.record: f for f in judge.unspoken()}
    out.faults += capped(list(unspoken.values()), "programmes.unspoken", "stacking")
    return out


LIVE = ("payable", "escrow", "waiting", "in_kind")
"""States of rows that are paid or claimed."""
_BY = ["parcel_id", "contract_id", "variant"]
_MEASURED = ["contracted_dm2", "takes_dm2", "firm_dm2"]


def ground_of(one: Owed, year: int, *, running: bool = True) -> pa.Table:
    """Return the ground a programme pays for or claims by area in a year, one row for each plot.

    A plot between two tranches is one too: the subsidy runs, although nothing falls due (`running`; it is that of the year
    `one` was worked out for). Columns: parcel_id, contract_id, variant, contracted_dm2, takes_dm2, firm_dm2 (see `Mark`),
    holder_id, yearly.
    """
    parts = [_due_ground(one.due, p, year) for p in one.programme.payments if p.by_area]
    if not parts:
        return _GROUND.empty_table()
    told = pa.concat_tables(parts)
    if running and one.running is not None:
        idle = one.running.filter(pc.invert(pc.is_in(one.running["contract_id"], value_set=told["contract_id"].combine_chunks())))
        firm = pc.if_else(idle["is_open"], pa.scalar(0, pa.int64()), idle["accepted_dm2"])
        live = pa.array([True] * len(idle), pa.bool_())
        told = pa.concat_tables([told, _ground(idle, idle["accepted_dm2"], firm, live, yearly=False)])
    sums = told.filter(told["live"]).group_by(_BY, use_threads=False)
    made = sums.aggregate([*((c, "max") for c in _MEASURED), ("holder_id", "min"), ("yearly", "min")])
    return made.rename_columns(_GROUND.names).cast(_GROUND)


_GROUND = pa.schema(
    [
        *((c, pa.string()) for c in _BY),
        *((c, pa.int64()) for c in _MEASURED),
        ("holder_id", pa.string()),
        ("yearly", pa.bool_()),
    ]
)


def _due_ground(due: pa.Table, payment: Payment, year: int) -> pa.Table:
    """Return the ground of the due rows of one payment that rest on a year."""
    mine = due.filter(pc.equal(due["payment"], payment.id))
    mine = mine.filter(pa.array(ground_year(payment, mine["for_year"].to_numpy()) == year))
    waits, zero = pc.equal(mine["state"], "waiting"), pa.scalar(0, pa.int64())
    refused = pc.and_(waits, pc.is_in(mine["reason"], value_set=pa.array(sorted(REFUSED))))
    takes = pc.if_else(refused, zero, mine["paid_dm2"])
    live = pc.is_in(mine["state"], value_set=pa.array(LIVE))
    return _ground(mine, takes, pc.if_else(waits, zero, takes), live, yearly=payment.form == "yearly_area")


def _ground(rows: pa.Table, takes: Any, firm: Any, live: Any, *, yearly: bool) -> pa.Table:
    of = {c: rows[c] for c in (*_BY, "contracted_dm2", "holder_id")}
    kind = pa.array([yearly] * len(rows), pa.bool_())
    return pa.table(of | {"takes_dm2": takes, "firm_dm2": firm, "live": live, "yearly": kind})


def marks_of(
    grounds: Sequence[tuple[Programme, pa.Table]],
    signed: Mapping[str, Any],
    year: int,
    shared: set[str],
    paid: frozenset[tuple[str, str, int]] = frozenset(),
) -> list[Mark]:
    """Return one mark for each plot on parcels where more than one pays.

    grounds  each programme with its ground (`ground_of`)
    signed   contract → day it was agreed
    shared   parcels on which a programme that is no rule file pays
    paid     (programme, contract, year) of what was paid before
    """
    if not grounds:
        return []
    numbered = [t.append_column("n", pa.array([i] * len(t), pa.int64())) for i, (_, t) in enumerate(grounds)]
    table = pa.concat_tables(numbered)
    counts = table.group_by("parcel_id", use_threads=False).aggregate([([], "count_all")])
    several = counts.filter(pc.greater(counts["count_all"], 1))["parcel_id"].to_pylist()
    table = table.filter(pc.is_in(table["parcel_id"], value_set=pa.array([*several, *shared], pa.string())))
    return [_mark(grounds[r["n"]][0], r, signed, year, paid) for r in table.to_pylist()]


def _mark(
    p: Programme, row: Mapping[str, Any], signed: Mapping[str, Any], year: int, paid: frozenset[tuple[str, str, int]]
) -> Mark:
    contract = row["contract_id"]
    return Mark(
        row["parcel_id"],
        contract,
        row["holder_id"],
        p.id,
        row["variant"],
        p.stacking_code(row["variant"]),
        p.element,
        f"{p.contracts_of}/{contract}",
        row["contracted_dm2"],
        signed.get(contract),
        row["takes_dm2"],
        row["firm_dm2"],
        row["yearly"],
        (p.id, contract, year) in paid,
    )


class _Judge:
    """Finds the rule that decides between two marks."""

    def __init__(self, programmes: Mapping[str, Programme], params: Parameters) -> None:
        self.programmes, self.params = programmes, params
        self.rules = [(k, v, row) for k, v in _rules(params) for row in v.value if isinstance(row, dict)]
        self.seen: set[tuple[str, str]] = set()

    def between(self, a: Mark, b: Mark) -> Verdict:
        """Return what decides between two marks."""
        if a.bargain == b.bargain:
            return Verdict("allowed", "ground", None, "contract.of", "", "D", Text("同一份合同", "one bargain"))
        for one, other in ((a, b), (b, a)):
            if (found := self._excluded(one, other)) is not None:
                return found
        if a.programme == b.programme:
            says = Text("同一项目对同一地面只付一次", "a programme pays the same ground once")
            return Verdict("excluded", "ground", None, "programmes.once", "监督清单第16、32行（本项目的设计）", "D", says)
        for one, other in ((a, b), (b, a)):
            p = self.programmes.get(one.programme)
            if p is not None and other.names & set(p.allows):
                return Verdict(
                    "allowed",
                    "ground",
                    None,
                    f"{p.id}.allows",
                    p.cited,
                    p.confidence,
                    Text("项目文件允许并存", "the programme's file allows it"),
                )
        return self._by_place(a, b)

    def _excluded(self, one: Mark, other: Mark) -> Verdict | None:
        p = self.programmes.get(one.programme)
        for rule in p.excludes if p is not None else ():
            if other.names & set(rule["with"]) and (not rule["own"] or one.variant in rule["own"]):
                if one.programme == other.programme and one.variant == other.variant:
                    continue
                wins = {"this": one, "other": other}.get(rule["keep"])
                cited = " ".join(x for x in (rule["document"], rule["article"]) if x)
                says = Text(f"{p.name.zh}与其互斥" if p else "", f"{p.name.en} excludes it" if p else "")
                return Verdict("excluded", rule["on"], wins, f"{one.programme}.excludes", cited, rule["confidence"], says)
        return None

    def _by_place(self, a: Mark, b: Mark) -> Verdict:
        for key, value, row in self.rules:
            if row.get("holder") == "same" and a.holder_id != b.holder_id:
                continue
            pairs = [([c], [c]) for c in row.get("each", ())] or [(row.get("a", ()), row.get("b", ()))]
            for x, y in pairs:
                if (a.code in x and b.code in y) or (a.code in y and b.code in x):
                    cited = " ".join(t for t in (value.document, value.article) if t)
                    self.params.get(key)
                    last = row.get("gives_way", ())  # which of the two gives way, whoever came first
                    return Verdict(
                        str(row.get("verdict")),
                        "ground",
                        b if a.code in last else a if b.code in last else None,
                        key,
                        cited,
                        value.confidence,
                        Text(str(row.get("zh")), str(row.get("en"))),
                    )
        if a.element == b.element and a.element != "other":
            says = Text("同一要素不重复补偿", "one element is not compensated twice")
            return Verdict("excluded", "ground", None, "programmes.one_benefit", "本项目的设计选择", "D", says)
        self.seen.add((min(a.programme, b.programme), max(a.programme, b.programme)))
        return Verdict(
            "unspoken", "ground", None, "", "", "D", Text("没有规则，按并存处理", "no rule speaks of them: both are paid")
        )

    def unspoken(self) -> list[Fault]:
        """Return a warning for each pair that no rule speaks of."""
        return [
            Fault(
                "programmes.unspoken",
                "stacking",
                f"{x} {y}",
                Text(
                    "项目 {x} 与 {y} 在同一地块，没有规则说明能否并存，按并存处理。",
                    "{x} and {y} meet on a parcel; no rule says whether both may pay, so both do.",
                ).fill(x=x, y=y),
                Text(
                    "在项目文件写 excludes 或 allows，或补 zoning.stacking 规则。",
                    "Write excludes or allows in a programme's file, or a rule zoning.stacking.",
                ),
                "warning",
            )
            for x, y in sorted(self.seen)
        ]


def _rules(params: Parameters) -> list[tuple[str, Any]]:
    keys = [k for k in params.book.keys if k.startswith(PREFIX)]
    found = [(k, params.book.find(k, params.chain, params.valid_on, params.known_on)) for k in keys]
    return [(k, v) for k, v in found if v is not None and v.kind == "list"]


def _parcel(marks: list[Mark], area: int, year: int, judge: _Judge, out: Stacked) -> None:
    """Let the plots of one parcel take their ground one after the other, those that win first."""
    marks = sorted(marks, key=lambda m: (str(m.signed or "9999"), m.contract_id, m.programme))
    verdicts = {(i, j): judge.between(a, b) for i, a in enumerate(marks) for j, b in enumerate(marks) if i < j}
    waits: dict[int, set[int]] = {i: set() for i in range(len(marks))}
    for (i, j), v in verdicts.items():
        if v.verdict in ("excluded", "conditional"):
            loser, winner = (i, j) if _wins(marks[j], marks[i], v) else (j, i)
            waits[loser].add(winner)
    wanted = _given(marks, [m.takes_dm2 for m in marks], waits, verdicts, area)
    decided = _given(marks, [m.firm_dm2 for m in marks], waits, verdicts, area)
    for i, mark in enumerate(marks):
        cut = max((g for _, g in wanted[i]), default=0)
        if not cut:
            continue
        firm = max((g for _, g in decided[i]), default=0)
        j = next(j for j, g in wanted[i] if g == cut)
        known = out.cuts.setdefault(mark.programme, {})
        known[mark.contract_id, year] = Given(firm, f"{marks[j].programme} {marks[j].contract_id}", cut > firm)
        for k, gone in wanted[i]:
            _tell(mark, marks[k], verdicts[min(i, k), max(i, k)], gone, out)


def _wins(later: Mark, earlier: Mark, verdict: Verdict) -> bool:
    """Return whether the later of two plots keeps its ground: what was paid for the year stays, then as the rule says."""
    if later.yearly and earlier.yearly and later.settled != earlier.settled:
        return later.settled
    return verdict.wins is later


def _given(
    marks: list[Mark], takes: list[int], waits: Mapping[int, set[int]], verdicts: Mapping[tuple[int, int], Verdict], area: int
) -> list[list[tuple[int, int]]]:
    """Return of each plot to which others it gives up ground, and how much, where each takes so much [dm2]."""
    out: list[list[tuple[int, int]]] = [[] for _ in marks]
    kept: dict[int, int] = {}
    while len(kept) < len(marks):
        ready = [i for i in waits if i not in kept and not waits[i] - kept.keys()] or [min(i for i in waits if i not in kept)]
        i = ready[0]
        winners = {k: kept[k] for k in sorted(waits[i]) if kept.get(k, 0) > 0}
        own = marks[i].area_dm2
        for j in winners:
            over = max(0, min(_beside_one_another(j, winners, marks, verdicts) + own - area, own))
            gone = own if verdicts[min(i, j), max(i, j)].on == "parcel" else over
            if gone:
                out[i].append((j, gone))
        kept[i] = max(0, min(takes[i], own - max((g for _, g in out[i]), default=0)))
    return out


def _tell(mark: Mark, other: Mark, v: Verdict, gone: int, out: Stacked) -> None:
    """Keep the row that says what a plot gives up to another; of several years the largest."""
    key = (mark.parcel_id, mark.contract_id, other.contract_id)
    if key in out.rows and int(str(out.rows[key]["cut_dm2"])) >= gone:
        return
    out.rows[key] = {
        "parcel_id": mark.parcel_id,
        "contract_id": mark.contract_id,
        "programme": mark.programme,
        "against": other.contract_id,
        "against_programme": other.programme,
        "verdict": v.verdict,
        "on": v.on,
        "cut_dm2": gone,
        "rule": v.rule,
        "document": v.document,
        "confidence": v.confidence,
        "says_zh": v.says.zh,
        "says_en": v.says.en,
    }


def _beside_one_another(j: int, winners: Mapping[int, int], marks: list[Mark], verdicts: Mapping[tuple[int, int], Verdict]) -> int:
    """Return how much ground winner `j` and others that share no ground with it, nor with one another, take together at most.

    Two winners that exclude each other stand on different ground, so their areas add up; two that may stand together may lie
    on the same ground and do not.
    """

    def apart(a: int, b: int) -> bool:
        if marks[a].programme == marks[b].programme:
            return True
        return verdicts[min(a, b), max(a, b)].verdict in ("excluded", "conditional")

    def most(kept: int, left: list[int]) -> int:
        best = kept
        for n, k in enumerate(left):
            best = max(best, most(kept + winners[k], [m for m in left[n + 1 :] if apart(k, m)]))
        return best

    others = [k for k in sorted(winners) if k != j and winners[k] > 0 and apart(j, k)]
    if all(apart(a, b) for n, a in enumerate(others) for b in others[n + 1 :]):
        return winners[j] + sum(winners[k] for k in others)
    return most(winners[j], others[:16])
