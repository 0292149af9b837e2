"""What inspections come to: by plot and year the area that was accepted, or the reason why none may be paid on yet."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ecocomp.programmes.words import EVENTS, REASONS
from ecocomp.terms.codes import INSPECTION_LEVELS
from ecocomp.terms.faults import Fault, capped
from ecocomp.terms.text import Text

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]
CODE = {r: i for i, r in enumerate(REASONS)}
_LEVELS = tuple(INSPECTION_LEVELS)
_NONE = frozenset(("", "-", "—", "无", "none"))
_ACTS = {name.casefold(): code for code, text in EVENTS.items() for name in (code, text.zh, text.en)}


@dataclass(frozen=True)
class Judged:
    """One year of inspections over n plots: area accepted, reason (CODE) where none, the inspection that decides (-1: none)."""

    area: Ints
    why: Ints
    decided: Ints
    stop: Mask


@dataclass
class Inspections:
    """All years judged, ascending; `none` is a year in which nobody came."""

    years: dict[int, Judged]
    ids: pa.Array
    n: int

    def in_year(self, year: int) -> Judged:
        """Return a year; all of it not inspected where there is none."""
        return self.years.get(year, self._none())

    def _none(self) -> Judged:
        n = self.n
        return Judged(np.zeros(n, np.int64), np.full(n, CODE["not_inspected"]), np.full(n, -1), np.zeros(n, bool))

    def through(self, since: Ints, until: int) -> Judged:
        """Return what all years from `since` (by plot) to `until` together come to: the largest area accepted, the last reason."""
        at = self._none()
        area, why, decided = at.area, at.why, at.decided
        for year, found in self.years.items():
            if year > until:
                continue
            here = (since <= year) & (found.decided >= 0)
            why = np.where(here, found.why, why)
            more = here & (found.area > area)
            decided = np.where(more | (here & (area == 0)), found.decided, decided)
            area = np.where(more, found.area, area)
        return Judged(area, np.where(area > 0, CODE[""], why), decided, at.stop)

    def stopped(self, until: int) -> Mask:
        """Return the plots whose last inspection found an act that stops the payment."""
        out = np.zeros(self.n, bool)
        for year, found in self.years.items():
            if year <= until:
                out = np.where(found.decided >= 0, found.stop, out)
        return out


def acts(said: str) -> set[str]:
    """Return the codes of the acts an inspection names; words that are none come back as they are.

    >>> sorted(acts("logging, 复耕"))
    ['logging', 'recultivation']
    """
    words = re.split(r"[\s,;|/，；、。]+", said.strip())
    return {_ACTS.get(word.casefold(), word) for word in words if word.casefold() not in _NONE}


def judge(
    inspection: pa.Table, contract_ids: pa.Array, contracted: Ints, rule: Mapping[str, Any], survival: NDArray[Any]
) -> tuple[Inspections, list[Fault]]:
    """Judge the inspections of plots by the rule of a programme.

    inspection    INSPECTED rows as known
    contract_ids  codes of the plots
    contracted    area agreed [dm2]
    rule          section ``inspection`` of the programme
    survival      least rate of survival [ppm] by plot, -1 where none is asked
    """
    n = len(contract_ids)
    at = pc.index_in(inspection["contract_id"], value_set=contract_ids)
    here = np.asarray(pc.is_valid(at).to_numpy(), bool)
    table = inspection.filter(pa.array(here)).combine_chunks()
    row = np.asarray(at.combine_chunks().drop_null().to_numpy() if len(table) else [], np.int64)
    faults = _faults(table, row, contracted)
    level = np.asarray(pc.fill_null(pc.index_in(table["level"], value_set=pa.array(_LEVELS)), 0).to_numpy(), np.int64)
    years = np.asarray(table["year"].to_numpy(), np.int64)
    day = np.asarray(table["inspected_on"].cast(pa.int32()).to_numpy(), np.int64)
    order = np.lexsort((_rank(table["inspection_id"]), day, level, row, years))
    same = (np.diff(row[order]) == 0) & (np.diff(level[order]) == 0) & (np.diff(years[order]) == 0)
    last = order[np.append(~same, True)] if len(order) else order
    judged = _Levels(table, rule, n, contracted, survival)
    found = {}
    for year in np.unique(years).tolist():
        rows = last[years[last] == year]
        has = np.full((len(_LEVELS), n), -1, np.int64)
        has[level[rows], row[rows]] = rows
        found[int(year)] = (has, judged.stops(rows, row))
    ids = table["inspection_id"].combine_chunks() if len(table) else pa.array([], pa.string())
    once = rule.get("each") == "once"
    made = _together(found, judged) if once else {y: judged.judge(has, stop) for y, (has, stop) in found.items()}
    return Inspections(made, ids, n), faults


class _Levels:
    """Judges what the levels found on each plot: `has` holds by level and plot the row of the inspection that counts, -1 none."""

    def __init__(self, table: pa.Table, rule: Mapping[str, Any], n: int, contracted: Ints, survival: NDArray[Any]) -> None:
        self.table, self.rule, self.n, self.contracted, self.survival = table, rule, n, contracted, survival
        self.pay = _LEVELS.index(rule["level"])
        self.area, self.good = _column(table, "accepted_dm2", 0), _good(table)
        self.rate, self.paper = _column(table, "survival_ppm", -1), _has_text(table, "certificate")

    def of(self, values: NDArray[Any], at: Ints, empty: Any) -> NDArray[Any]:
        """Return the value of each plot's inspection, `empty` where it has none."""
        return np.where(at >= 0, values[np.maximum(at, 0)], empty) if len(values) else np.full(self.n, empty)

    def stops(self, rows: Ints, row: Ints) -> Mask:
        """Return the plots on which these inspections found an act that stops the payment."""
        out = np.zeros(self.n, bool)
        acts_of = set(self.rule.get("stops") or ())
        events = self.table["events"].take(pa.array(rows)).to_pylist() if acts_of and len(rows) else []
        for i, said in zip(rows.tolist(), events, strict=True) if events else ():
            if said and acts_of & acts(said):
                out[row[i]] = True
        return out

    def refused(self, has: Ints) -> Mask:
        """Return the plots the level whose acceptance is paid on did not accept."""
        at = has[self.pay]
        return (at >= 0) & ~(self.of(self.good, at, False) & (self.of(self.area, at, 0) > 0))

    def judge(self, has: Ints, stop: Mask) -> Judged:
        """Return what the inspections of a plot come to."""
        pay, rule, survival = self.pay, self.rule, self.survival
        decides = has[pay].copy()
        rate, papers = np.full(self.n, -1, np.int64), np.zeros(self.n, bool)
        for k in range(pay, len(_LEVELS)):
            decides = np.where((has[pay] >= 0) & (has[k] >= 0), has[k], decides)
            known = self.of(self.rate, has[k], -1)
            rate = np.where(known >= 0, known, rate)
            papers |= self.of(self.paper, has[k], False)
        confirmed = np.ones(self.n, bool)
        for name in rule.get("confirm") or ():
            confirmed &= has[_LEVELS.index(name)] >= 0
        area, ok = self.of(self.area, decides, 0), self.of(self.good, decides, False)
        tests = [
            (has[pay] < 0, "not_inspected"),
            (~ok | (area <= 0), "rejected"),
            ((survival >= 0) & (rate < 0), "survival_unknown"),
            ((survival >= 0) & (rate < survival), "survival_low"),
            (~confirmed, "not_confirmed"),
            (~papers if rule.get("certificate") else np.zeros(self.n, bool), "no_certificate"),
        ]
        why = np.select([t for t, _ in tests], [CODE[c] for _, c in tests], default=CODE[""])
        area = np.where(why == CODE[""], np.minimum(area, self.contracted), 0)
        seen = (has >= 0).any(axis=0)
        return Judged(area, why, np.where(decides >= 0, decides, np.where(seen, has.max(axis=0), -1)), stop)


def _together(found: Mapping[int, tuple[Ints, Mask]], judged: _Levels) -> dict[int, Judged]:
    """Judge ground that is inspected once: what was accepted in one year may be confirmed by the levels above in later ones.

    A check counts for an acceptance of its own or an earlier year; an acceptance falls when its level refuses the ground later.
    Each year holds what is known by its end.
    """
    made: dict[int, Judged] = {}
    stop = np.zeros(judged.n, bool)
    years = sorted(found)
    below = np.full((judged.pay, judged.n), -1, np.int64)
    for i, year in enumerate(years):
        here, acts_here = found[year]
        below = np.where(here[: judged.pay] >= 0, here[: judged.pay], below)
        stop = np.where((here >= 0).any(axis=0), acts_here, stop)
        made[year] = _by(judged, [found[y][0] for y in reversed(years[: i + 1])], below, stop)
    return made


def _by(judged: _Levels, newest_first: list[Ints], below: Ints, stop: Mask) -> Judged:
    """Return what the inspections of some years come to: the largest area accepted and confirmed, else the last reason."""
    pay = judged.pay
    later = np.full_like(newest_first[0], -1)
    area, why, decided = np.zeros(judged.n, np.int64), np.full(judged.n, CODE["not_inspected"]), np.full(judged.n, -1)
    came, fallen = np.zeros(judged.n, bool), np.zeros(judged.n, bool)
    for has in newest_first:
        later = np.where(later >= 0, later, has)
        one = judged.judge(np.concatenate([below, has[pay : pay + 1], later[pay + 1 :]]), stop)
        mine = has[pay] >= 0
        take = ~fallen & ((one.area > area) | (mine & ~came) | (decided < 0))
        area, why, decided = (np.where(take, new, old) for new, old in ((one.area, area), (one.why, why), (one.decided, decided)))
        came |= mine
        fallen |= judged.refused(has)
    return Judged(area, why, decided, stop)


def _good(table: pa.Table) -> Mask:
    return np.asarray(pc.not_equal(table["result"], "rejected").to_numpy(), bool)


def _column(table: pa.Table, name: str, empty: int) -> Ints:
    return np.asarray(pc.fill_null(table[name], empty).to_numpy(), np.int64)


def _has_text(table: pa.Table, name: str) -> Mask:
    return np.asarray(pc.not_equal(pc.fill_null(pc.utf8_trim_whitespace(table[name]), ""), "").to_numpy(), bool)


def _rank(column: pa.ChunkedArray) -> Ints:
    """Return the place of each text in their order."""
    order = np.asarray(pc.sort_indices(column), np.int64)
    out = np.empty(len(order), np.int64)
    out[order] = np.arange(len(order))
    return out


def _unknown_acts(table: pa.Table) -> list[Fault]:
    """Return an error for each act no code stands for: it may be one that stops the payment."""
    odd = [said for said in pc.unique(table["events"]).to_pylist() if acts(said or "") - EVENTS.keys()]
    wrong = table.filter(pc.is_in(table["events"], value_set=pa.array(odd, pa.string())))
    out = []
    for id, said in zip(wrong["inspection_id"].to_pylist(), wrong["events"].to_pylist(), strict=True):
        for word in sorted(acts(said or "") - EVENTS.keys()):
            clash = Text(
                "发现的行为“{w}”不认识，是否停付无从判断。", "The act “{w}” is not known, so whether it stops the payment is open."
            )
            fix = Text("写成 {a} 之一，以空格或逗号分隔。", "Write one of {a}, set apart by blanks or commas.").fill(
                a=", ".join(EVENTS)
            )
            out.append(Fault("programmes.unknown_act", "inspection", id, clash.fill(w=word), fix))
    return capped(out, "programmes.unknown_act", "inspection")


def _faults(table: pa.Table, row: Ints, contracted: Ints) -> list[Fault]:
    area = _column(table, "accepted_dm2", 0)
    result = table["result"].combine_chunks()
    ids, levels = table["inspection_id"], table["level"]
    low = np.asarray(pc.fill_null(pc.less(table["survival_ppm"], 0), False).to_numpy(), bool)
    high = np.asarray(pc.fill_null(pc.greater(table["survival_ppm"], 1_000_000), False).to_numpy(), bool)
    out: list[Fault] = _unknown_acts(table)
    fix = Text("对照验收表改正。", "Mend it after the inspection sheet.")
    clashes = [
        (area < 0, "negative_area", Text("合格面积 {a} 平方分米为负。", "the accepted area is {a} dm2, below zero."), "error"),
        (
            area > contracted[row] if len(row) else area < 0,
            "more_than_agreed",
            Text(
                "合格面积 {a} 平方分米大于合同面积 {c}，按合同面积计。",
                "{a} dm2 were accepted, more than the {c} agreed; the area agreed counts.",
            ),
            "warning",
        ),
        (
            (area == 0) & np.asarray(pc.equal(result, "accepted").to_numpy(zero_copy_only=False), bool),
            "accepted_nothing",
            Text("结果是合格，合格面积却是 0。", "it is accepted, yet on an area of 0."),
            "error",
        ),
        (
            (area != 0) & np.asarray(pc.equal(result, "rejected").to_numpy(zero_copy_only=False), bool),
            "rejected_area",
            Text("结果是不合格，合格面积却是 {a} 平方分米。", "it is not accepted, yet on {a} dm2."),
            "warning",
        ),
        (
            low | high,
            "survival_range",
            Text("成活率不在 0 与 1 之间。", "the rate of survival does not lie between 0 and 1."),
            "error",
        ),
    ]
    for mask, code, clash, severity in clashes:
        found = []
        for i in np.flatnonzero(mask).tolist():
            said = clash.fill(a=int(area[i]), c=int(contracted[row[i]]))
            found.append(Fault(f"programmes.{code}", "inspection", f"{ids[i].as_py()} {levels[i].as_py()}", said, fix, severity))  # type: ignore[arg-type]
            if len(found) > 60:
                break
        out += capped(found, f"programmes.{code}", "inspection")
    return out
