"""Several programmes on one parcel: which may pay beside which, and how much ground the other one gives up.

Rules come from three places, the first that speaks decides: what the programmes' files exclude or allow; the dated rules
``zoning.stacking.*`` of the place; else our own rule that one benefit is not paid twice (programmes of one element exclude
each other on the same ground, others may stand together and are told of). A programme never pays the same ground twice.

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

from ecocomp.programmes.owed import Owed
from ecocomp.programmes.programme import Programme
from ecocomp.rules import Parameters
from ecocomp.terms.faults import Fault, capped
from ecocomp.terms.tables import STACKED
from ecocomp.terms.text import Text

PREFIX = "zoning.stacking."


@dataclass(frozen=True)
class Mark:
    """One plot that is paid on a parcel: its programme, area and the day it was agreed."""

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
    """What every contract gives up, by programme, with the rows that say why."""

    cuts: dict[str, dict[str, tuple[int, str]]] = field(default_factory=dict)
    rows: list[dict[str, object]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    @property
    def table(self) -> pa.Table:
        """The rows as a table (`STACKED`)."""
        return STACKED.table(self.rows) if self.rows else STACKED.empty()


def resolve(
    found: Sequence[Owed],
    signed: Mapping[str, Any],
    parcel: pa.Table,
    params: Parameters,
    beside: Sequence[Mark] = (),
) -> Stacked:
    """Resolve what several programmes would pay on the same parcels.

    signed  contract → day it was agreed
    beside  plots of programmes that are no rule file (the standard-based programme of a case)
    """
    marks = [*_marks(found, signed, {m.parcel_id for m in beside}), *beside]
    area = dict(zip(parcel["parcel_id"].to_pylist(), parcel["area_dm2"].to_pylist(), strict=True)) if marks else {}
    by_parcel: dict[str, list[Mark]] = {}
    for mark in marks:
        by_parcel.setdefault(mark.parcel_id, []).append(mark)
    judge = _Judge({o.programme.id: o.programme for o in found}, params)
    out = Stacked()
    for parcel_id in sorted(by_parcel):
        if len(by_parcel[parcel_id]) > 1:
            _parcel(by_parcel[parcel_id], area.get(parcel_id, 0), judge, out)
    out.faults += capped(judge.unspoken(), "programmes.unspoken", "stacking")
    return out


_MARKED = ["parcel_id", "contract_id", "variant", "contracted_dm2", "holder_id"]


def _marks(found: Sequence[Owed], signed: Mapping[str, Any], shared: set[str]) -> list[Mark]:
    """Return one mark for each plot a programme would pay for by area this year, on parcels where more than one would.

    A plot between two tranches is one too: the subsidy runs, although nothing falls due.
    """
    parts = []
    for number, one in enumerate(found):
        area = {p.id for p in one.programme.payments if p.by_area}
        live = pc.is_in(one.due["state"], value_set=pa.array(["payable", "escrow", "waiting", "in_kind"]))
        due = one.due.filter(pc.and_(live, pc.is_in(one.due["payment"], value_set=pa.array(sorted(area), pa.string()))))
        due = due.select(_MARKED)
        if one.running is not None:
            idle = pc.invert(pc.is_in(one.running["contract_id"], value_set=one.due["contract_id"].combine_chunks()))
            due = pa.concat_tables([due, one.running.filter(idle).select(_MARKED).cast(due.schema)])
        sums = due.group_by(["parcel_id", "contract_id", "variant"], use_threads=False).aggregate(
            [("contracted_dm2", "max"), ("holder_id", "min")]
        )
        parts.append(sums.append_column("n", pa.array([number] * len(sums), pa.int64())))
    if not parts:
        return []
    table = pa.concat_tables(parts)
    counts = table.group_by("parcel_id", use_threads=False).aggregate([([], "count_all")])
    several = counts.filter(pc.greater(counts["count_all"], 1))["parcel_id"].to_pylist()
    table = table.filter(pc.is_in(table["parcel_id"], value_set=pa.array([*several, *shared], pa.string())))
    out = []
    for r in table.to_pylist():
        p = found[r["n"]].programme
        out.append(
            Mark(
                r["parcel_id"],
                r["contract_id"],
                r["holder_id_min"],
                p.id,
                r["variant"],
                p.stacking_code(r["variant"]),
                p.element,
                f"{p.contracts_of}/{r['contract_id']}",
                r["contracted_dm2_max"],
                signed.get(r["contract_id"]),
            )
        )
    return out


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


def _parcel(marks: list[Mark], area: int, judge: _Judge, out: Stacked) -> None:
    """Let the plots of one parcel take their ground one after the other, those that win first."""
    marks = sorted(marks, key=lambda m: (str(m.signed or "9999"), m.contract_id, m.programme))
    verdicts = {(i, j): judge.between(a, b) for i, a in enumerate(marks) for j, b in enumerate(marks) if i < j}
    waits: dict[int, set[int]] = {i: set() for i in range(len(marks))}
    for (i, j), v in verdicts.items():
        if v.verdict in ("excluded", "conditional"):
            loser, winner = (i, j) if v.wins is marks[j] else (j, i)
            waits[loser].add(winner)
    done: dict[int, int] = {}
    while len(done) < len(marks):
        ready = [i for i in waits if i not in done and not waits[i] - done.keys()] or [min(i for i in waits if i not in done)]
        i = ready[0]
        done[i] = _take(i, marks, verdicts, {w: done[w] for w in waits[i] if w in done}, area, out)


def _take(
    i: int, marks: list[Mark], verdicts: Mapping[tuple[int, int], Verdict], winners: dict[int, int], area: int, out: Stacked
) -> int:
    """Return the area a plot keeps beside those that won over it."""
    mark, cut = marks[i], 0
    taken = {j: _beside_one_another(j, winners, marks, verdicts) for j in winners}
    for j in sorted(winners):
        v = verdicts[min(i, j), max(i, j)]
        over = max(0, min(taken[j] + mark.area_dm2 - area, mark.area_dm2))
        gone = mark.area_dm2 if v.on == "parcel" and winners[j] > 0 else over
        if gone <= 0:
            continue
        cut = max(cut, gone)
        out.rows.append(
            {
                "parcel_id": mark.parcel_id,
                "contract_id": mark.contract_id,
                "programme": mark.programme,
                "against": marks[j].contract_id,
                "against_programme": marks[j].programme,
                "verdict": v.verdict,
                "on": v.on,
                "cut_dm2": gone,
                "rule": v.rule,
                "document": v.document,
                "confidence": v.confidence,
                "says_zh": v.says.zh,
                "says_en": v.says.en,
            }
        )
        known = out.cuts.setdefault(mark.programme, {})
        if gone > known.get(mark.contract_id, (0, ""))[0]:
            known[mark.contract_id] = (gone, f"{marks[j].programme} {marks[j].contract_id}")
    return mark.area_dm2 - cut


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
