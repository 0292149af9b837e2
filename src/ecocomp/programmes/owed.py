"""What a programme owes in a year: to whom, for which ground, at which rate, for which tranche; and why where it is nothing.

    owed = rate [yuan per mu or ha] x accepted area x months / 12, in whole fen, rounded half-even once for each
    plot, payment, year and tranche, and then split over the holders by their exact shares without loss.

A tranche that falls due in year d is paid in the first year in which it is due, accepted by inspection and payable at all:
    paid in = max(d, year accepted, first year of payment), moved to the first year on whose reference day the contract pays.
Where part of the area is accepted first and more later, the later year pays amount(all) − amount(first), so that nothing
is rounded away. A row that waits (not inspected, not confirmed ...) is a claim with its amount, never zero and never paid.

Pure: tables and rules in, tables and faults out; exact in int64 where the product fits, in Python integers where not.

References: Decree 367 (2002, amended 2016) art. 15-16, 24, 29-36, 43, 62; Ziranzifa (2022) 191; Forest Law (2019) art. 29,
48; Nongcaifa (2011) 85, Nongbancai (2016) 10, Cainong (2021) 82.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from math import lcm
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ecocomp.programmes import words as w
from ecocomp.programmes.accepted import CODE, Inspections, Judged, judge
from ecocomp.programmes.programme import Payment, Programme
from ecocomp.programmes.rates import FEN_PER_UNIT, Rates, on_day
from ecocomp.rules import Parameters, RuleValue
from ecocomp.terms.clocks import as_of
from ecocomp.terms.faults import Fault
from ecocomp.terms.money import apportion, apportion_groups, half_even
from ecocomp.terms.tables import DUE, DUE_SOURCE, ENROLMENT, INSPECTED, OVERLAY, PAID_BEFORE, PPM
from ecocomp.terms.text import Text

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]
_SAFE = 2**62
_STATES = ("payable", "escrow", "waiting", "excluded", "in_kind")


@dataclass(frozen=True)
class Owed:
    """What one programme owes in one year.

    due     one row for each recipient, plot, payment and tranche (`terms.tables.DUE`)
    source  who bears it (`terms.tables.DUE_SOURCE`): the rows of a due add up to its net amount
    rules   the dated values that were used
    running plots whose tranches are not all due yet or are due this year: the programme holds the ground it accepted in every
            year in between too (parcel_id, contract_id, variant, contracted_dm2, holder_id, accepted_dm2; is_open where
            nothing was judged yet, so that all that was agreed is claimed)
    """

    programme: Programme
    due: pa.Table
    source: pa.Table
    faults: list[Fault]
    rules: list[RuleValue] = field(default_factory=list)
    running: pa.Table | None = None


class Given(NamedTuple):
    """Ground of a plot others pay for in a year [dm2], which they are, and whether a claim that is not decided wants more."""

    cut_dm2: int
    against: str
    is_open: bool = False


def ground_year(payment: Payment, for_year: Any) -> Any:
    """Return the year whose ground a payment rests on: that which it is for; of money announced later, the year it names."""
    return np.maximum(for_year, payment.not_before or 0)


def owed(
    programme: Programme,
    contract: pa.Table,
    inspection: pa.Table | None,
    right_payable: pa.Table,
    parcel: pa.Table,
    params: Parameters,
    year: int,
    *,
    enrolment: pa.Table | None = None,
    holder: pa.Table | None = None,
    parcel_zone: pa.Table | None = None,
    overlay: pa.Table | None = None,
    paid_before: pa.Table | None = None,
    stacked: Mapping[tuple[str, int], Given] | None = None,
    only: pa.Array | None = None,
    seen: int | None = None,
) -> Owed:
    """Return what `programme` owes in `year` on the reference day of `params`, as known.

    contract       compensation contracts (gate table `contract`); a row is one plot
    inspection     inspections (`tables.INSPECTED`) as known; None: none
    right_payable  rights that are paid (`tenure.rights.payable_rights`)
    enrolment      what the contracts say of their plots (`tables.ENROLMENT`); a contract without a row has the plot's whole
                   area, the only variant, and the day it was signed as its start
    overlay        ground of restrictions on parcels (`tables.OVERLAY`)
    paid_before    payments of earlier years; with it, years accepted late are paid, and nothing is paid twice
    stacked        contract and year of its ground (`ground_year`) → what others pay for there
    only           these contracts only
    seen           last year whose inspections count, default `year`; later than it: what is known today of an earlier year
    """
    empty = OVERLAY.empty() if overlay is None else overlay
    plots = _Plots(programme, contract, enrolment, right_payable, parcel, params, year, holder, parcel_zone, empty, only)
    if stacked:
        plots.stack(stacked)
    rates = Rates(programme, params)
    judged, faults = _judged(programme, plots, rates, INSPECTED.empty() if inspection is None else inspection, params)
    faults = [*plots.faults, *faults]
    before = PAID_BEFORE.empty() if paid_before is None else paid_before
    parts, sources = [], []
    for payment in programme.payments:
        lines = _lines(plots, payment, judged, rates, year, params, None if paid_before is None else before, seen or year)
        if lines is None:
            continue
        due, source = _rows(plots, payment, lines, rates, year)
        parts.append(due)
        sources.append(source)
    faults += [*rates.faults.values()]
    made = pa.concat_tables(parts) if parts else DUE.empty()
    split = pa.concat_tables(sources) if sources else DUE_SOURCE.empty()
    running = _running(plots, rates, year, params, judged, seen or year)
    return Owed(programme, DUE.checked(made), DUE_SOURCE.checked(split), faults, list(rates.used.values()), running)


def _running(plots: _Plots, rates: Rates, year: int, params: Parameters, judged: Inspections | None, seen: int) -> pa.Table:
    """Return the plots that are between the first and the last tranche of their term, with the ground that was accepted."""
    held = np.zeros(plots.n, bool)
    first = np.full(plots.n, year)
    for payment in plots.programme.payments:
        if payment.form == "tranches_area" and plots.n:
            since = _first_years(plots, payment, rates, params)
            last = _RateOf(plots, payment, rates, params, plots.codes(payment.by)).last_offset(year)
            held |= (since <= year) & (year < since + last)
            first = np.minimum(first, since)
    rows = np.flatnonzero(held & (plots.why == 0))
    at = pa.array(rows)
    accepted, undecided = _held_ground(plots, judged, first, seen)
    return pa.table(
        {
            "parcel_id": plots.parcel_ids.take(at),
            "contract_id": plots.ids.take(at),
            "variant": plots.variant.take(at),
            "contracted_dm2": pa.array(plots.contracted[rows], pa.int64()),
            "holder_id": plots.rights.holders.take(at),
            "accepted_dm2": pa.array(_free_of(plots, rows, accepted[rows], 0)[0], pa.int64()),
            "is_open": pa.array(undecided[rows], pa.bool_()),
        }
    )


def _held_ground(plots: _Plots, judged: Inspections | None, first: Ints, seen: int) -> tuple[Ints, Mask]:
    """Return the ground plots were accepted on since their first tranche; all that was agreed where nothing is decided."""
    suspended = _mask(pc.equal(plots.state, "suspended"))
    if judged is None or not plots.n:
        return plots.contracted, suspended
    found = judged.through(first, seen)
    undecided = suspended | ((found.area == 0) & ~np.isin(found.why, [CODE[c] for c in w.REFUSED]))
    return np.where(judged.stopped(seen), 0, np.where(undecided, plots.contracted, found.area)), undecided


# ---------------------------------------------------------------- plots
class _Plots:
    """The plots of a programme's contracts on one day: land, term, state, and why one may not be paid at all."""

    def __init__(
        self,
        programme: Programme,
        contract: pa.Table,
        enrolment: pa.Table | None,
        right: pa.Table,
        parcel: pa.Table,
        params: Parameters,
        year: int,
        holder: pa.Table | None,
        zone: pa.Table | None,
        overlay: pa.Table,
        only: pa.Array | None,
    ) -> None:
        self.programme, self.params, self.year = programme, params, year
        self.faults: list[Fault] = []
        day, known = params.valid_on, params.known_on
        contract = as_of(contract, day, known)
        contract = contract.filter(pc.equal(contract["programme"], programme.contracts_of))
        enrolled = ENROLMENT.empty() if enrolment is None else as_of(enrolment, day, known)
        self._history = ENROLMENT.empty() if enrolment is None else enrolment
        if only is not None:
            contract = contract.filter(pc.is_in(contract["contract_id"], value_set=only))
            enrolled = enrolled.filter(pc.is_in(enrolled["contract_id"], value_set=only))
        contract = _with_waiting(contract.select(_READ), enrolled, programme.contracts_of)
        contract = contract.sort_by("contract_id").combine_chunks()
        self.ids = _whole(contract["contract_id"])
        self.n = n = len(self.ids)
        e = pc.index_in(self.ids, value_set=_whole(enrolled["contract_id"]))
        self._enrolled, self._at = enrolled.combine_chunks(), e
        self.parcel_ids = _whole(contract["parcel_id"])
        p = pc.index_in(self.parcel_ids, value_set=_whole(parcel["parcel_id"]))
        self.known_parcel = _mask(pc.is_valid(p))
        self.parcel_area = _ints(pc.fill_null(parcel["area_dm2"].take(p), 0))
        self.land_class = _whole(pc.fill_null(parcel["land_class"].take(p), ""))
        self.ecosystem = _whole(pc.fill_null(parcel["ecosystem"].take(p), ""))
        self.village = _whole(pc.fill_null(parcel["village_code"].take(p), ""))
        agreed = self._of("area_dm2")
        self.contracted = np.where(_mask(pc.is_valid(agreed)), _ints(pc.fill_null(agreed, 0)), self.parcel_area)
        self.variant = self._variant()
        start = pc.coalesce(self._of("term_from"), contract["signed_on"])
        self.start = np.asarray(_whole(start).cast(pa.int32()).to_numpy(zero_copy_only=False), np.int64)
        end = self._of("term_to")
        self.has_end = _mask(pc.is_valid(end))
        self.last_day = _ints(pc.fill_null(end.cast(pa.int32()).cast(pa.int64()), 0)) - 1
        self.state = _whole(pc.fill_null(self._of("state"), "in_force"))
        self.base = pc.fill_null(self._of("base_fen"), -1)
        self.facts = _Facts(self._of("facts"))
        self.agreement = _whole(pc.coalesce(self._of("agreement_id"), self.ids))
        self.rights = _Rights(right, self.parcel_ids, _whole(contract["holder_id"]), holder)
        self.cut = self._overlaid(overlay)
        self.given: dict[tuple[int, int], Given] = {}
        self._was: dict[tuple[str, int], Mask] = {}
        self.has_away = bool(pc.any(pc.is_in(self._history["state"], value_set=pa.array(["suspended", "breached"]))).as_py())
        zone_at = None if zone is None else pc.index_in(self.parcel_ids, value_set=_whole(zone["parcel_id"]))
        self.red = np.zeros(n, np.int64) if zone is None else _ints(pc.fill_null(zone["red_line_ppm"].take(zone_at), 0))
        self.grade = np.zeros(n, np.int64) if zone is None else _ints(pc.fill_null(zone["grade"].take(zone_at), 0))
        self.owner = self._owner()
        self.why = self._why()

    def was(self, state: str, year: int) -> Mask:
        """Return the plots whose contract was in a state on the reference day of a year, as known now."""
        if (state, year) not in self._was:
            mine = self._history.filter(pc.equal(self._history["state"], state))
            then = as_of(mine, on_day(self.params.valid_on, year), self.params.known_on) if len(mine) else mine
            self._was[state, year] = _mask(pc.is_in(self.ids, value_set=_whole(then["contract_id"])))
        return self._was[state, year]

    def away(self, year: int) -> Mask:
        """Return the plots whose contract was suspended or in breach on the reference day of a year, so that nothing was paid."""
        return self.was("suspended", year) | self.was("breached", year)

    def _of(self, name: str) -> Any:
        """Return a column of the enrolment by plot, null where it has none."""
        return _whole(self._enrolled[name].take(self._at))

    def _variant(self) -> pa.Array:
        known = list(self.programme.variants)
        alone = known[0] if len(known) == 1 else ""
        return _whole(pc.fill_null(pc.if_else(pc.equal(self._of("variant"), ""), None, self._of("variant")), alone))

    def _overlaid(self, overlay: pa.Table) -> Ints:
        kinds = list(self.programme.land.get("exclude") or ())
        if not kinds or not len(overlay):
            return np.zeros(self.n, np.int64)
        found = overlay.filter(pc.is_in(overlay["category"], value_set=pa.array(kinds)))
        sums = found.group_by("parcel_id", use_threads=False).aggregate([("area_dm2", "sum")])
        at = pc.index_in(self.parcel_ids, value_set=_whole(sums["parcel_id"]))
        return np.minimum(_ints(pc.fill_null(sums["area_dm2_sum"].take(at), 0)), self.parcel_area)

    def stack(self, stacked: Mapping[tuple[str, int], Given]) -> None:
        """Leave out ground other programmes pay for."""
        places = {id: i for i, id in enumerate(self.ids.to_pylist())}
        self.given = {(places[id], year): found for (id, year), found in stacked.items() if id in places}

    def given_up(self, row: Ints, years: Ints) -> tuple[Ints, NDArray[Any], Mask]:
        """Return of lines the ground given up [dm2], to whom, and whether a claim that is not decided wants more of it."""
        taken, against, undecided = np.zeros(len(row), np.int64), np.full(len(row), "", object), np.zeros(len(row), bool)
        if self.given:
            for i, key in enumerate(zip(row.tolist(), years.tolist(), strict=True)):
                if (found := self.given.get(key)) is not None:
                    taken[i], against[i], undecided[i] = found
        return taken, against, undecided

    def _owner(self) -> pa.Array:
        guessed = np.where(self.rights.state_land, "state", "collective").astype(object)
        for i, said in self.facts.named("owner"):
            guessed[i] = said
        return pa.array(guessed.tolist(), pa.string())

    def _why(self) -> Ints:
        """Return for each plot the first obstacle of its land, contract or term (CODE), 0 where there is none."""
        land, p = self.programme.land, self.programme
        no = np.zeros(self.n, bool)
        states = self.state
        start = self.start
        first, last = p.enrol
        tests: list[tuple[Mask, str]] = [
            (_mask(pc.equal(states, "breached")), "breached"),
            (_mask(pc.invert(pc.is_in(states, value_set=pa.array([*w.PAYING_STATES, "suspended", "breached"])))), "not_in_force"),
            (~self.known_parcel, "unknown_parcel"),
            (_mask(pc.invert(pc.is_in(self.variant, value_set=pa.array(list(p.variants))))), "variant"),
            (start < _day(first) if first else no, "enrolled_outside"),
            (start > _day(last) if last else no, "enrolled_outside"),
            (self.contracted <= 0, "no_area"),
        ]
        tests += self._classes(land) + self._places(land)
        for name, allowed in (land.get("layer") or {}).items():
            tests.append((self.facts.outside(name, allowed, self.n), "layer"))
        if land.get("slope_least") is not None:
            least = Rates(p, self.params).amount(land["slope_least"], "", self.params.valid_on)
            tenths = _ints(pc.fill_null(self._of("slope_tenths"), -1))
            tests += [(tenths < 0, "slope_unknown"), (tenths < float((least or 0) * 10), "slope")]
        free = np.maximum(self.parcel_area - self.cut, 0)
        tests.append(((free == 0) & (self.cut > 0), "overlay"))
        return np.select([t for t, _ in tests], [CODE[c] for _, c in tests], default=0)

    def _classes(self, land: Mapping[str, Any]) -> list[tuple[Mask, str]]:
        out: list[tuple[Mask, str]] = []
        classes, systems = land.get("classes") or (), land.get("ecosystems") or ()
        if classes:
            code = self.land_class
            if land.get("when") == "before":
                code = _whole(pc.fill_null(self._of("class_before"), ""))
                out.append((_mask(pc.equal(code, "")), "class_unknown"))
            out.append((~_begins(code, classes), "land_class"))
        if systems:
            out.append((~_begins(self.ecosystem, systems), "ecosystem"))
        return out

    def _places(self, land: Mapping[str, Any]) -> list[tuple[Mask, str]]:
        out: list[tuple[Mask, str]] = []
        if land.get("owners"):
            out.append((_mask(pc.invert(pc.is_in(self.owner, value_set=pa.array(list(land["owners"]))))), "owner"))
        if land.get("red_line") == "inside":
            out.append((self.red * 2 < PPM, "red_line"))
        if land.get("red_line") == "outside":
            out.append((self.red * 2 >= PPM, "red_line"))
        if land.get("regions"):
            out.append((~_begins(self.village, land["regions"]), "region"))
        return out

    def dimension(self, name: str) -> pa.Array:
        """Return the value of a dimension by plot; a fact of the plot of the same name stands over what is worked out."""
        if name.startswith("facts."):
            out = np.full(self.n, "", object)
            name = name.removeprefix("facts.")
        elif name == "variant":
            return self.variant
        elif name == "owner":
            return self.owner
        elif name == "ecosystem":
            out = np.asarray(pc.utf8_slice_codeunits(self.ecosystem, 0, 1).to_pylist(), object)
        elif name == "land_class":
            out = np.asarray(self.land_class.to_pylist(), object)
        elif name == "red_line":
            out = np.where(self.red * 2 >= PPM, "inside", "outside").astype(object)
        elif name == "grade":
            out = self.grade.astype(str).astype(object)
        elif name == "holder":
            out = self.rights.kinds.astype(object)
        else:
            out = np.full(self.n, "", object)
            for group, starts in self.programme.regions.items():
                out[_begins(self.village, starts)] = group
        for i, said in self.facts.named(name):
            out[i] = said
        return pa.array(out.tolist(), pa.string())

    def codes(self, by: tuple[str, ...]) -> pa.Array:
        """Return the code of each plot in the table of a rate: its dimensions joined by dots."""
        if not by:
            return pa.repeat(pa.scalar(""), self.n)
        return _whole(pc.binary_join_element_wise(*[self.dimension(d) for d in by], "."))


_READ = ["contract_id", "holder_id", "parcel_id", "signed_on"]


def _with_waiting(contract: pa.Table, enrolled: pa.Table, programme: str) -> pa.Table:
    """Add the plots of contracts that bind but do not pay today (suspended, in breach): they are told with the reason."""
    mine = pc.and_(pc.equal(enrolled["programme"], programme), pc.is_in(enrolled["state"], value_set=pa.array(w.KEEPING_STATES)))
    known = pc.and_(pc.is_valid(enrolled["holder_id"]), pc.is_valid(enrolled["parcel_id"]))
    left = enrolled.filter(pc.and_(mine, known))
    left = left.filter(pc.invert(pc.is_in(left["contract_id"], value_set=_whole(contract["contract_id"]))))
    if not len(left):
        return contract
    day = pc.coalesce(left["term_from"], left["valid_from"])
    made = {"contract_id": left["contract_id"], "holder_id": left["holder_id"], "parcel_id": left["parcel_id"], "signed_on": day}
    return pa.concat_tables([contract, pa.table(made, schema=contract.schema)])


class _Facts:
    """Further facts of plots, read from their JSON; a text that is no JSON object says nothing."""

    def __init__(self, column: pa.Array) -> None:
        self.rows: dict[int, dict[str, str]] = {}
        if column.null_count == len(column):
            return
        made: dict[str, dict[str, str]] = {}
        for i, text in enumerate(column.to_pylist()):
            if text:
                if text not in made:
                    made[text] = _fact(text)
                self.rows[i] = made[text]

    def named(self, name: str) -> list[tuple[int, str]]:
        """Return the plots that have a fact, with it."""
        return [(i, row[name]) for i, row in self.rows.items() if name in row]

    def outside(self, name: str, allowed: tuple[str, ...], n: int) -> Mask:
        """Return the plots whose fact is missing or not one of those allowed."""
        out = np.ones(n, bool)
        for i, said in self.named(name):
            out[i] = said not in allowed
        return out


def _fact(text: str) -> dict[str, str]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return {str(k): str(v) for k, v in found.items() if isinstance(v, str | int)} if isinstance(found, dict) else {}


class _Rights:
    """The rights that are paid on the parcels of plots, and the contract holder's own among them."""

    def __init__(self, right: pa.Table, parcels: pa.Array, holders: pa.Array, holder: pa.Table | None) -> None:
        right = right.filter(pc.is_in(right["parcel_id"], value_set=parcels.unique()))
        right = right.sort_by([("parcel_id", "ascending"), ("right_id", "ascending")]).combine_chunks()
        self.right = right
        names = _whole(right["parcel_id"]).unique()
        at = _at(_whole(right["parcel_id"]), names)
        count = np.bincount(at, minlength=len(names)).astype(np.int64)
        first = np.cumsum(count) - count
        own = _at(parcels, names)
        self.count = np.where(own >= 0, count[own] if len(names) else 0, 0)
        self.first = np.where(own >= 0, first[own] if len(names) else 0, 0)
        pair = _whole(pc.binary_join_element_wise(right["parcel_id"], right["holder_id"], "\x1f"))
        asked = _whole(pc.binary_join_element_wise(parcels, holders, "\x1f"))
        self.own = _at(asked, pair)
        self.holders = holders
        self.disputed = _mask(pc.equal(right["state"], "disputed"))
        self._holder_ids = None if holder is None else _whole(holder["holder_id"])
        self._holder_kinds = None if holder is None else holder["kind"]
        uses = _mask(pc.equal(right["kind"], "use"))
        state_unit = self.kind_of(_whole(right["holder_id"])) == "state_unit"
        inside = np.minimum(self.first, max(len(right) - 1, 0))
        self.state_land = (self.count > 0) & ((uses | state_unit)[inside] if len(right) else False)
        self.kinds = self.kind_of(holders)

    def kind_of(self, holders: pa.Array) -> NDArray[Any]:
        """Return the kind of each holder; "?" where the register does not know them, empty where there is no register."""
        if self._holder_ids is None or self._holder_kinds is None:
            return np.full(len(holders), "", object)
        at = pc.index_in(holders, value_set=self._holder_ids)
        return np.asarray(pc.fill_null(self._holder_kinds.take(at), "?").to_pylist(), object)


def _judged(
    programme: Programme, plots: _Plots, rates: Rates, inspection: pa.Table, params: Parameters
) -> tuple[Inspections | None, list[Fault]]:
    """Judge the inspections by the rule of the programme; None where it asks for none."""
    rule = programme.inspection
    if rule is None:
        return None, []
    least = np.full(plots.n, -1, np.int64)
    for variant, ref in (rule.get("survival_least") or {}).items():
        found = rates.amount(ref, variant, params.valid_on)
        if found is not None:
            least[_mask(pc.equal(plots.variant, variant))] = int(found * PPM)
    known = inspection.filter(pc.less_equal(inspection["inspected_on"], pa.scalar(params.known_on, pa.date32())))
    return judge(known, plots.ids, plots.contracted, rule, least)


# ---------------------------------------------------------------- which plots are owed what for which year
@dataclass
class _Lines:
    """Plots and the year or tranche they are owed for, with the area accepted by now and before, and what stands against it."""

    row: Ints
    for_year: Ints
    tranche: Ints
    months: Ints
    accepted: Ints
    before: Ints
    why: Ints
    decided: Ints
    p: list[Fraction | None]
    group: Ints
    judged: Inspections | None


def _lines(
    plots: _Plots,
    payment: Payment,
    judged: Inspections | None,
    rates: Rates,
    year: int,
    params: Parameters,
    paid: pa.Table | None,
    seen: int,
) -> _Lines | None:
    """Return the lines of one payment in a year; None where the payment is none of this year's (optional, without a rate)."""
    since = _first_years(plots, payment, rates, params)
    codes = plots.codes(payment.by)
    table = _RateOf(plots, payment, rates, params, codes)
    if not table.any(year):
        if payment.optional:
            return None
        if plots.n:
            rates.faults["no_rate", payment.id] = _no_rate(plots.programme, payment, year)
    parts = []
    for ordinal, due in _occasions(plots, payment, table, since, year, judged, paid):
        part = _occasion(plots, payment, judged, rates, params, table, since, ordinal, due, year, paid, seen)
        if part is not None:
            parts.append(part)
    if not parts:
        return None
    joined = {
        k: np.concatenate([getattr(p, k) for p in parts])
        for k in ("row", "for_year", "tranche", "months", "accepted", "before", "why", "decided")
    }
    fractions = table.fractions
    group = np.concatenate([p.group for p in parts])
    return _Lines(**joined, p=fractions, group=group, judged=judged)


def _first_years(plots: _Plots, payment: Payment, rates: Rates, params: Parameters) -> Ints:
    """Return the first year for which each plot is owed a payment."""
    started = (np.datetime64("1970-01-01", "D") + plots.start).astype("datetime64[Y]").astype(np.int64) + 1970
    if payment.first_year == "next":
        started = started + 1
    if payment.start_by is not None:
        month, day = (int(x) for x in payment.start_by.split("-"))
        dates = np.datetime64("1970-01-01", "D") + plots.start
        months = dates.astype("datetime64[M]")
        m = months.astype(np.int64) % 12 + 1
        d = (dates - months.astype("datetime64[D]")).astype(np.int64) + 1
        started = started + ((m > month) | ((m == month) & (d > day)))
    if payment.starts_after is not None:
        started = started + _by_variant(plots, payment.starts_after, rates, params, 0)
    return started


def _by_variant(plots: _Plots, ref: Any, rates: Rates, params: Parameters, empty: int) -> Ints:
    out = np.full(plots.n, empty, np.int64)
    for variant in plots.programme.variants:
        found = rates.amount(ref, variant, params.valid_on)
        if found is not None:
            out[_mask(pc.equal(plots.variant, variant))] = int(found)
    return out


class _RateOf:
    """The rate of each plot for each occasion: fractions of a fen by groups of plots with one rate."""

    def __init__(self, plots: _Plots, payment: Payment, rates: Rates, params: Parameters, codes: pa.Array) -> None:
        self.plots, self.payment, self.rates, self.params = plots, payment, rates, params
        coded = codes.dictionary_encode()
        self.code = np.asarray(coded.indices.to_numpy(), np.int64) if len(codes) else np.zeros(0, np.int64)
        self.names = coded.dictionary.to_pylist()
        days, self.day = np.unique(plots.start, return_inverse=True)
        self.days = [date(1970, 1, 1) + timedelta(days=int(d)) for d in days]
        self.fractions: list[Fraction | None] = []
        self._group: dict[Fraction | None, int] = {}
        self._made: dict[tuple[int, int], Ints] = {}

    def any(self, year: int) -> bool:
        """Return whether there is a rate on any day that matters."""
        days = [on_day(self.params.valid_on, year), *(self.days if self.payment.rate_on == "start" else ())]
        return any(self.rates.find(self.payment.rate, d) is not None for d in days)

    def offsets(self) -> list[int]:
        """Return the years of tranches, over all days that matter."""
        days = [self.params.valid_on, *(self.days if self.payment.rate_on == "start" else ())]
        return sorted({o for d in days for o in self.rates.offsets(self.payment, d)})

    def lacking(self, ordinal: int, year: int) -> Mask:
        """Return the plots that have no tranche of this year of their term while they have others (grass has no fifth year)."""
        here = self._has(ordinal, year)
        other = np.zeros(len(here), bool)
        for o in self.offsets():
            other |= self._has(o, year)
        return ~here & other

    def last_offset(self, year: int) -> Ints:
        """Return the year of the term in which the last tranche of each plot falls, 0 for a plot without any."""
        out = np.zeros(len(self.code), np.int64)
        for o in self.offsets():
            out[self._has(o, year)] = o
        return out

    def _has(self, ordinal: int, year: int) -> Mask:
        groups = self.groups(ordinal, year)
        return np.array([f is not None for f in (*self.fractions, None)])[groups]

    def groups(self, ordinal: int, for_year: int) -> Ints:
        """Return for each plot the number of its rate in `fractions`; the ordinal is the year of a tranche, 0 for none."""
        key = (ordinal, 0 if self.payment.rate_on == "start" else for_year)
        if key not in self._made:
            self._made[key] = self._groups(ordinal, for_year)
        return self._made[key]

    def _groups(self, ordinal: int, for_year: int) -> Ints:
        by_start = self.payment.rate_on == "start"
        days = self.days if by_start else [on_day(self.params.valid_on, for_year)]
        grid = np.zeros((max(len(self.names), 1), max(len(days), 1)), np.int64)
        for i, name in enumerate(self.names):
            code = ".".join(x for x in (name, str(ordinal) if ordinal else "") if x)
            for j, day in enumerate(days):
                grid[i, j] = self._number(self.rates.rate(self.payment, code, day))
        return grid[self.code, self.day if by_start else np.zeros(len(self.code), np.int64)]

    def _number(self, rate: Fraction | None) -> int:
        if rate not in self._group:
            self._group[rate] = len(self.fractions)
            self.fractions.append(rate)
        return self._group[rate]


def _occasions(
    plots: _Plots, payment: Payment, table: _RateOf, since: Ints, year: int, judged: Inspections | None, paid: pa.Table | None
) -> list[tuple[int, int | None]]:
    """Return the occasions that may be paid in a year: (year of a tranche, None) or (0, year the payment is for)."""
    if payment.form == "once_area":
        return [(1, None)]
    if payment.form == "tranches_area":
        return [(o, None) for o in table.offsets()]
    late = paid is not None or (judged is not None and _each(plots.programme) != "year")
    first = year
    late |= plots.has_away
    if plots.n and (payment.not_before == year or late):
        first = max(int(since.min()), year - 60)
    return [(0, d) for d in range(min(first, year), year + 1)]


def _first_open(plots: _Plots, payable: Ints, year: int) -> Mask:
    """Return the plots whose contract pays for the first time this year since a payment fell due."""
    out = payable <= year
    for earlier in range(int(payable.min(initial=year)), year):
        out &= (payable > earlier) | plots.away(earlier)
    return out


def _each(programme: Programme) -> str:
    return str((programme.inspection or {}).get("each", ""))


def _occasion(
    plots: _Plots,
    payment: Payment,
    judged: Inspections | None,
    rates: Rates,
    params: Parameters,
    table: _RateOf,
    since: Ints,
    ordinal: int,
    for_year: int | None,
    year: int,
    paid: pa.Table | None,
    seen: int,
) -> _Lines | None:
    """Return the lines of one occasion; None where no plot has any."""
    due = since + ordinal - 1 if for_year is None else np.full(plots.n, for_year)
    number = np.full(plots.n, ordinal) if for_year is None else due - since + 1
    payable = np.maximum(due, payment.not_before or 0)
    held, months = _in_term(plots, payment, rates, params, due, number, for_year)
    here = held & (payable <= year)
    if payment.form == "tranches_area":
        here &= ~table.lacking(ordinal, year)
    known = _paid(plots, payment, paid, due)
    accepted, before, why, decided = _areas(plots, judged, due, payable, max(year, seen))
    if paid is not None:  # what was accepted earlier and never paid is still owed
        before = np.where(known, before, 0)
    fresh = here & ~(known & (before == 0)) & ((accepted > before) | ((accepted == 0) & (before == 0)))
    if for_year is not None and for_year < year:
        fresh &= ~plots.was("breached", for_year)
    if judged is None or _each(plots.programme) == "year":
        current = (payable == year) | (_first_open(plots, payable, year) & (accepted > 0))
        if paid is not None:
            current |= accepted > 0  # accepted after its year was paid
        fresh &= current
    rows = np.flatnonzero(fresh)
    if not len(rows):
        return None
    group = table.groups(ordinal if payment.form == "tranches_area" else 0, int(for_year if for_year is not None else year))
    numbered = payment.form == "tranches_area" or payment.years is not None or payment.not_before is not None
    tranche = number if numbered else np.where(due < year, due, 0)
    if payment.form == "once_area":
        tranche = np.zeros(plots.n, np.int64)
    return _Lines(
        rows,
        due[rows],
        tranche[rows],
        months[rows],
        accepted[rows],
        before[rows],
        why[rows],
        decided[rows],
        [],
        group[rows],
        judged,
    )


def _in_term(
    plots: _Plots, payment: Payment, rates: Rates, params: Parameters, due: Ints, number: Ints, for_year: int | None
) -> tuple[Mask, Ints]:
    """Return which plots are owed the occasion by their term, and for how many months of its year."""
    held = (number >= 1) & (plots.start > -(10**6))
    months = np.full(plots.n, 12, np.int64)
    if for_year is None:
        return held, months
    if payment.years is not None:
        most = _by_variant(plots, payment.years, rates, params, 0)
        held &= number <= most
    start_month = (np.datetime64("1970-01-01", "D") + plots.start).astype("datetime64[M]").astype(np.int64) % 12
    if payment.first_year == "months":
        months = np.where((number == 1), 12 - start_month, 12)
    last = np.datetime64("1970-01-01", "D") + plots.last_day
    last_year = last.astype("datetime64[Y]").astype(np.int64) + 1970
    if payment.last_year == "none":
        held &= ~plots.has_end | (due < last_year)
    held &= ~plots.has_end | (due <= last_year)
    if payment.last_year == "months":
        last_month = last.astype("datetime64[M]").astype(np.int64) % 12
        months = np.where(plots.has_end & (due == last_year), months - (11 - last_month), months)
    return held & (months > 0), np.maximum(months, 0)


def _areas(plots: _Plots, judged: Inspections | None, due: Ints, payable: Ints, year: int) -> tuple[Ints, Ints, Ints, Ints]:
    """Return the area accepted by now and what was paid on in earlier years, with the reason where none is."""
    n, zero = plots.n, np.zeros(plots.n, np.int64)
    if judged is None:
        return plots.contracted, zero, zero, np.full(n, -1)
    each = _each(plots.programme)
    if each == "year":
        found = judged.in_year(int(due[0])) if n and (due == due[0]).all() else _mixed(judged, due, n)
        return found.area, zero, found.why, found.decided
    since = np.full(n, -(10**6)) if each == "once" else due
    now = judged.through(since, year)
    before = zero
    known = {y for y in (*judged.years, *np.unique(payable).tolist()) if y < year}
    if plots.has_away:  # then what was accepted may have been paid in a year without an inspection
        known |= set(range(max(int(payable.min(initial=year)), year - 100), year))
    for last in sorted(known):
        if (open_then := payable <= last).any():  # nothing was paid while an act, a suspension or a breach stood against it
            open_then &= ~judged.stopped(last) & ~plots.away(last)
            before = np.where(open_then, np.maximum(before, judged.through(since, last).area), before)
    return np.maximum(now.area, before), before, now.why, now.decided


def _mixed(judged: Inspections, due: Ints, n: int) -> Judged:
    """Return the inspection of the year each plot is due in."""
    out = judged.in_year(-1)
    area, why, decided = out.area.copy(), out.why.copy(), out.decided.copy()
    for year in np.unique(due).tolist():
        found, here = judged.in_year(int(year)), due == year
        area[here], why[here], decided[here] = found.area[here], found.why[here], found.decided[here]
    return Judged(area, why, decided, out.stop)


def _paid(plots: _Plots, payment: Payment, paid: pa.Table | None, due: Ints) -> Mask:
    """Return the plots that were paid for the year before."""
    out = np.zeros(plots.n, bool)
    if paid is None or not len(paid):
        return out
    mine = paid.filter(pc.and_(pc.equal(paid["programme"], plots.programme.id), pc.equal(paid["payment"], payment.id)))
    at = pc.index_in(mine["contract_id"], value_set=plots.ids)
    for i, year in zip(at.to_pylist(), mine["for_year"].to_pylist(), strict=True):
        if i is not None and due[i] == year:
            out[i] = True
    return out


# ---------------------------------------------------------------- rows with money
def _rows(plots: _Plots, payment: Payment, lines: _Lines, rates: Rates, year: int) -> tuple[pa.Table, pa.Table]:
    """Return the due rows of the lines of one payment, and who bears them."""
    row = lines.row
    stop = lines.judged.stopped(year)[row] if lines.judged is not None else np.zeros(len(row), bool)
    given, against, undecided = plots.given_up(row, ground_year(payment, lines.for_year))
    paid_now, cut, taken = _free_of(plots, row, lines.accepted, given)
    paid_before, _, _ = _free_of(plots, row, lines.before, given)
    agreed, _, _ = _free_of(plots, row, plots.contracted[row], given)
    waits = lines.why > 0
    suspended = _mask(pc.equal(plots.state.take(pa.array(row)), "suspended")) if len(row) else stop
    area = np.where(waits, agreed, paid_now)
    gross, net = _money(plots, payment, lines, rates, area, np.where(waits, 0, paid_before))
    rateless = np.array([f is None for f in lines.p] or [True])[lines.group]
    no_base = (_ints(plots.base)[row] < 0) if payment.form == "yearly_percent" else np.zeros(len(row), bool)
    tests = [
        (plots.why[row] > 0, plots.why[row]),
        (rateless, np.full(len(row), CODE["no_rate"])),
        (no_base, np.full(len(row), CODE["no_base"])),
        (stop, np.full(len(row), CODE["stopped"])),
        (suspended, np.full(len(row), CODE["suspended"])),
        (waits, lines.why),
        ((taken > 0) & (paid_now == 0) & payment.by_area, np.full(len(row), CODE["stacked"])),
        (undecided & payment.by_area, np.full(len(row), CODE["stacked_open"])),
        (taken > 0, np.full(len(row), CODE["stacked_cut"])),
        (cut > 0, np.full(len(row), CODE["overlay_cut"])),
        (lines.before > 0, np.full(len(row), CODE["reinspected"])),
        (lines.for_year < year, np.full(len(row), CODE["back_payment"])),
        (lines.accepted < plots.contracted[row], np.full(len(row), CODE["partly_accepted"])),
        (lines.months < 12, np.full(len(row), CODE["part_of_year"])),
    ]
    why = np.select([t for t, _ in tests], [c for _, c in tests], default=0)
    lacking = why == CODE["no_rate"]
    if lacking.any():
        codes = plots.codes(payment.by).take(pa.array(row[lacking])).unique().to_pylist()
        rates.faults["no_rate", payment.id] = _no_rate(plots.programme, payment, year, codes)
    return _paid_out(plots, payment, lines, rates, year, why, (area, cut, taken), (gross, net), against)


def _free_of(plots: _Plots, row: Ints, accepted: Ints, given: Ints | int) -> tuple[Ints, Ints, Ints]:
    """Return of an accepted area what is paid, what is cut for overlays, and what is given up to other programmes [dm2]."""
    inside = np.minimum(np.minimum(accepted, plots.contracted[row]), plots.parcel_area[row])
    left = np.minimum(inside, np.maximum(plots.parcel_area[row] - plots.cut[row], 0))
    paid = np.maximum(np.minimum(left, plots.contracted[row] - given), 0)
    return paid, inside - left, left - paid


def _money(plots: _Plots, payment: Payment, lines: _Lines, rates: Rates, area: Ints, before: Ints) -> tuple[Ints, Ints]:
    """Return gross and net fen of each line."""
    gross, net = np.zeros(len(lines.row), np.int64), np.zeros(len(lines.row), np.int64)
    per = FEN_PER_UNIT[payment.unit]
    count = area if payment.by_area else np.ones(len(area), np.int64)
    earlier = before if payment.by_area else np.zeros(len(area), np.int64)
    if payment.form == "yearly_percent":
        count = np.maximum(_ints(plots.base)[lines.row], 0)
    deducted = _deduction(plots, payment, lines, rates)
    for number, rate in enumerate(lines.p):
        for less in sorted(set(deducted.values()) if deducted else {Fraction(0)}):
            here = lines.group == number
            if deducted:
                here &= _has_deduction(plots, payment, lines, deducted, less)
            if rate is None or not here.any():
                continue
            for out, value in ((gross, rate), (net, max(rate - less, Fraction(0)))):
                out[here] = times(count[here], value * per, lines.months[here]) - times(
                    earlier[here], value * per, lines.months[here]
                )
    return gross, net


def _deduction(plots: _Plots, payment: Payment, lines: _Lines, rates: Rates) -> dict[tuple[str, int], Fraction]:
    """Return the deduction by code and year; empty where the payment has none."""
    if payment.deduction is None:
        return {}
    codes = set(plots.codes(payment.by).take(pa.array(lines.row)).to_pylist())
    out = {}
    for code in sorted(codes):
        for year in np.unique(lines.for_year).tolist():
            on = on_day(rates.params.valid_on, int(year))
            out[code, int(year)] = rates.number(payment.deduction, code, on) or Fraction(0)
    return out


def _has_deduction(
    plots: _Plots, payment: Payment, lines: _Lines, deducted: dict[tuple[str, int], Fraction], less: Fraction
) -> Mask:
    codes = plots.codes(payment.by).take(pa.array(lines.row))
    out = np.zeros(len(lines.row), bool)
    for (code, year), found in deducted.items():
        if found == less:
            out |= _mask(pc.equal(codes, code)) & (lines.for_year == year)
    return out


def times(count: Ints, per: Fraction, months: Ints) -> Ints:
    """Return count × per × months / 12 in whole numbers, rounded half-even once, exactly.

    >>> times(np.array([200_000]), Fraction(3, 2000) * 1200, np.array([12])).tolist()
    [360000]
    """
    num, den = per.numerator, per.denominator * 12
    most = int(count.max(initial=0)) * num * 12
    if most < _SAFE and den < _SAFE // 2:
        q, r = np.divmod(count * (num * months), den)
        out: Ints = q + ((2 * r > den) | ((2 * r == den) & (q & 1 == 1)))
        return out
    return np.array([half_even(int(c) * num * int(m), den) for c, m in zip(count, months, strict=True)], np.int64)


def _paid_out(
    plots: _Plots,
    payment: Payment,
    lines: _Lines,
    rates: Rates,
    year: int,
    why: Ints,
    areas: tuple[Ints, Ints, Ints],
    money: tuple[Ints, Ints],
    against: NDArray[Any],
) -> tuple[pa.Table, pa.Table]:
    """Give the money of each line to whom it is due and build the tables."""
    line, holders, right_ids, num, den, why, disputed = _recipients(plots, payment, lines, why)
    gross, net = _split(line, num, den, money)
    if payment.form in ("yearly_household", "yearly_person"):
        keep = _one_each(plots, payment, lines, line, holders, why)
        line, holders, right_ids, num, den = (
            line[keep],
            holders.take(pa.array(keep)),
            right_ids.take(pa.array(keep)),
            num[keep],
            den[keep],
        )
        why, disputed = why[keep], disputed[keep]
        gross, net = (m[line] for m in money)
        num, den = np.ones(len(keep), np.int64), np.ones(len(keep), np.int64)
    state = np.select(
        [
            np.isin(why, [CODE[c] for c in w.WAITING]),
            ~np.isin(why, [CODE[c] for c in w.ADDED]) & (why != CODE["disputed"]),
            disputed,
        ],
        [2, 3, 1],
        default=4 if payment.to == "supplier" else 0,
    )
    why = np.where(disputed & np.isin(why, [CODE[c] for c in w.ADDED]), CODE["disputed"], why)
    refused = state == 3
    gross, net = np.where(refused, 0, gross), np.where(refused, 0, net)
    row = lines.row[line]
    at, p = pa.array(row), plots
    area, cut, taken = (a[line] for a in areas)
    tranche = lines.tranche[line]
    number = np.arange(len(line)) - np.searchsorted(line, line) + 1
    head = pa.scalar(f"{p.programme.id}.{payment.id}-{year}")
    tail = pc.if_else(pa.array(tranche > 0), pc.binary_join_element_wise("-t", pa.array(tranche).cast(pa.string()), ""), "")
    first = pc.binary_join_element_wise(head, tail, "")
    numbers = pa.array([f"{i:02d}" for i in range(int(number.max(initial=0)) + 1)]).take(pa.array(number))
    ids = pc.binary_join_element_wise(first, p.ids.take(at), numbers, "-")
    n = len(line)
    rate_text = pa.array(["" if f is None else _say(f) for f in lines.p] or [""]).take(pa.array(lines.group[line]))
    decided = lines.decided[line]
    inspected = _inspected(lines, decided)
    value = rates.params.book.find(payment.rate, rates.params.chain, rates.params.valid_on, rates.params.known_on)
    cited = plots.programme.cited if value is None else " ".join(x for x in (value.document, value.article) if x)
    table = DUE.table(
        {
            "due_id": ids,
            "year": np.full(n, year),
            "programme": [p.programme.id] * n,
            "payment": [payment.id] * n,
            "for_year": lines.for_year[line],
            "tranche": pa.array(tranche, mask=tranche == 0),
            "contract_id": p.ids.take(at),
            "parcel_id": p.parcel_ids.take(at),
            "holder_id": holders,
            "right_id": right_ids,
            "payee": [payment.to] * n,
            "variant": p.variant.take(at),
            "share_num": num,
            "share_den": den,
            "contracted_dm2": p.contracted[row],
            "accepted_dm2": lines.accepted[line],
            "before_dm2": lines.before[line],
            "cut_dm2": cut,
            "stacked_dm2": taken,
            "paid_dm2": np.where(refused, 0, area),
            "rate": rate_text,
            "unit": [payment.unit] * n,
            "months": lines.months[line],
            "gross_fen": gross,
            "deduction_fen": gross - net,
            "net_fen": net,
            "state": pa.array(_STATES).take(pa.array(state)),
            "reason": pa.array(list(w.REASONS)).take(pa.array(why)),
            "rule": [payment.rate] * n,
            "document": [cited] * n,
            "inspection_id": inspected,
            "against": pa.array(against[line].tolist(), pa.string()),
        }
    )
    return table, _sources(plots.programme, payment, table, rates)


def _inspected(lines: _Lines, decided: Ints) -> pa.Array:
    if lines.judged is None or not len(lines.judged.ids):
        return pa.array([""] * len(decided), pa.string())
    return pc.fill_null(lines.judged.ids.take(pa.array(decided, mask=decided < 0)), "")


def _recipients(
    plots: _Plots, payment: Payment, lines: _Lines, why: Ints
) -> tuple[Ints, pa.Array, pa.Array, Ints, Ints, Ints, Mask]:
    """Return one entry for each recipient of each line: line, holder, right, share, reason, whether disputed.

    Money for a supplier reaches no holder: neither the kinds the recipient rule names nor a disputed title stand against it
    (Decree 367 art. 36: land not contracted to households has its seedlings paid).
    """
    rights, row, rule = plots.rights, lines.row, plots.programme.recipient
    n = len(row)
    if rule["who"] == "right_holder":
        count = np.maximum(rights.count[row], 1)
        line = np.repeat(np.arange(n), count)
        place = np.arange(len(line)) - np.repeat(np.cumsum(count) - count, count)
        at = np.where(rights.count[row][line] > 0, rights.first[row][line] + place, -1)
    else:
        line, at = np.arange(n), rights.own[row]
    found = at >= 0
    take = pa.array(np.maximum(at, 0), mask=~found)
    right_ids = _whole(pc.fill_null(rights.right["right_id"].take(take), ""))
    to_holder = payment.to == "holder"
    disputed = np.where(found & to_holder, rights.disputed[np.maximum(at, 0)] if len(rights.right) else False, False)
    if rule["who"] == "right_holder":
        holders = _whole(pc.fill_null(rights.right["holder_id"].take(take), ""))
        num, den = (_ints(pc.fill_null(rights.right[c].take(take), e)) for c, e in (("share_num", 0), ("share_den", 1)))
        lacking = "no_right"
    else:
        holders = rights.holders.take(pa.array(row))
        num, den = np.ones(n, np.int64), np.ones(n, np.int64)
        lacking = "not_the_holder"
    kinds = rights.kind_of(holders)
    ok = np.isin(why[line], [CODE[c] for c in (*w.ADDED, *w.WAITING)])
    never, allowed = (rule.get("never") or (), rule.get("kinds") or ()) if to_holder else ((), ())
    need_right = rule["who"] != "contract_holder"
    tests = [
        (~ok, why[line]),
        (~found & need_right, np.full(len(line), CODE[lacking])),
        (np.isin(kinds, list(never)) if never else ~ok & False, np.full(len(line), CODE["village_body"])),
        (kinds == "?", np.full(len(line), CODE["unknown_holder"])),
        ((~np.isin(kinds, list(allowed)) & (kinds != "")) if allowed else ~ok & False, np.full(len(line), CODE["kind_of_holder"])),
    ]
    made = np.select([t for t, _ in tests], [c for _, c in tests], default=why[line])
    return line, holders, right_ids, num, den, made, disputed


def _split(line: Ints, num: Ints, den: Ints, money: tuple[Ints, Ints]) -> tuple[Ints, Ints]:
    """Split the money of each line over its recipients by their shares, nothing lost; no part of gross is below its net."""
    gross, net = money[0][line], money[1][line]
    count = np.bincount(line, minlength=int(line.max(initial=-1)) + 1)
    rows = np.flatnonzero(count[line] > 1)
    if not len(rows):
        return gross, net
    first = np.flatnonzero(np.append(True, np.diff(line[rows]) != 0))
    weights = _weights_of(num[rows], den[rows], first)
    owner = line[rows][first]
    whole = np.add.reduceat(weights, first) > 0
    parts = apportion_groups(np.where(whole, money[1][owner], 0), weights, first)
    rest = apportion_groups(np.where(whole, money[0][owner] - money[1][owner], 0), weights, first)
    net[rows], gross[rows] = parts, parts + rest
    return gross, net


def _weights_of(num: Ints, den: Ints, first: Ints) -> Ints:
    """Return the shares of each group as whole weights over its common denominator."""
    if int(den.max()) <= 1000:  # the common denominator of few such shares fits
        common = np.lcm.reduceat(den, first)
        if int(common.max()) < 2**40 and int(common.min()) > 0:
            size = np.diff(np.append(first, len(den)))
            return np.asarray(num * (np.repeat(common, size) // den), np.int64)
    out = np.zeros(len(num), np.int64)
    for a, b in zip(first.tolist(), [*first[1:].tolist(), len(num)], strict=True):
        shared = lcm(*den[a:b].tolist())
        weights = [int(n) * (shared // int(d)) for n, d in zip(num[a:b], den[a:b], strict=True)]
        scale = max(1, sum(weights) >> 58)
        out[a:b] = [x // scale for x in weights]
    return out


def _one_each(plots: _Plots, payment: Payment, lines: _Lines, line: Ints, holders: pa.Array, why: Ints) -> Ints:
    """Return the rows that stand for a household or a post: the first that is paid, else the first of each."""
    if payment.form == "yearly_household":
        who = holders
    else:
        who = plots.agreement.take(pa.array(lines.row[line]))
    whose = pc.binary_join_element_wise(who, pa.array(lines.for_year[line]).cast(pa.string()), "\x1f")
    code = np.asarray(_whole(whose).dictionary_encode().indices.to_numpy(), np.int64) if len(whose) else np.zeros(0, np.int64)
    paid = np.isin(why, [CODE[c] for c in w.ADDED])
    order = np.lexsort((np.arange(len(code)), ~paid, code))
    firsts = order[np.append(True, np.diff(code[order]) != 0)] if len(order) else order
    return np.sort(firsts)


def _sources(programme: Programme, payment: Payment, due: pa.Table, rates: Rates) -> pa.Table:
    """Split what is owed over the levels that bear it, by the shares of the year it is for, nothing lost."""
    due = due.filter(pc.is_in(due["state"], value_set=pa.array(["payable", "escrow", "waiting", "in_kind"])))
    own = payment.source or {"national": "central", "province": "province", "city": "city", "county": "county"}[programme.level]
    if payment.shares is None:
        whole = {"due_id": due["due_id"], "level": [own] * len(due), "amount_fen": due["net_fen"]}
        return DUE_SOURCE.table(whole) if len(due) else DUE_SOURCE.empty()
    rows: list[dict[str, object]] = []
    weights: dict[int, tuple[list[str], list[int]]] = {}
    for id, net, year in zip(*(due[c].to_pylist() for c in ("due_id", "net_fen", "for_year")), strict=True):
        if year not in weights:
            weights[year] = _weights(payment, rates, on_day(rates.params.valid_on, year), own)
        levels, parts = weights[year]
        rows += [{"due_id": id, "level": a, "amount_fen": b} for a, b in zip(levels, apportion(net, parts), strict=True)]
    return DUE_SOURCE.table(rows) if rows else DUE_SOURCE.empty()


def _weights(payment: Payment, rates: Rates, on: date, own: str) -> tuple[list[str], list[int]]:
    found = rates.find(payment.shares or "", on)
    if found is None:
        rates.missing(payment.shares or "", on)
        return [own], [1]
    parts = {k: Fraction(v) for k, v in found.value.items()} if found.kind == "table" else {}
    if not parts or any(v < 0 for v in parts.values()) or not sum(parts.values()):
        wrong = Text("{k} 不是各级的份额。", "{k} does not hold shares of levels.").fill(k=payment.shares)
        rates.fault("shares", found, wrong, Text("写成“级: 份”，份不为负。", "Write level: part, none below zero."))
        return [own], [1]
    common = lcm(*(v.denominator for v in parts.values()))
    return list(parts), [int(v * common) for v in parts.values()]


def _no_rate(programme: Programme, payment: Payment, year: int, codes: list[str] | None = None) -> Fault:
    named = ", ".join(sorted(c or "—" for c in codes or [])[:8])
    why = payment.when_none or Text("没有标准（{c}）", "there is no rate ({c})").fill(c=named or "—")
    return Fault(
        "programmes.no_rate",
        programme.file,
        f"line {payment.line}",
        Text("{i} 的“{p}”{y} 年没有标准：{w}。", "{i}, “{p}”: no rate for {y}: {w}.").fill(
            i=programme.id, p=payment.name, y=year, w=why
        ),
        Text(
            "在本地规则目录写入参数 {k}（带文件和日期）后再算。",
            "Write the parameter {k}, with its document and dates, in a rule folder of the place.",
        ).fill(k=payment.rate),
    )


# ---------------------------------------------------------------- small things
def _say(value: Fraction) -> str:
    """Return an exact number as people write it: a decimal where it ends, else a fraction."""
    den = value.denominator
    for prime in (2, 5):
        while den % prime == 0:
            den //= prime
    if den != 1:
        return str(value)
    digits = 0
    while (value * 10**digits).denominator != 1:
        digits += 1
    digits = max(digits, 0)
    whole = int(value * 10**digits)
    text = f"{whole:0{digits + 1}d}"
    return f"{text[:-digits]}.{text[-digits:]}" if digits else text


def _begins(codes: pa.Array, starts: tuple[str, ...]) -> Mask:
    out = np.zeros(len(codes), bool)
    for start in starts:
        out |= _mask(pc.starts_with(codes, pattern=start))
    return out


def _day(day: date) -> int:
    return (day - date(1970, 1, 1)).days


def _whole(column: Any) -> pa.Array:
    if isinstance(column, pa.ChunkedArray):
        return column.combine_chunks() if column.num_chunks else pa.array([], column.type)
    return column


def _mask(values: Any) -> Mask:
    return np.asarray(_whole(values).to_numpy(zero_copy_only=False), bool)


def _ints(values: Any) -> Ints:
    return np.asarray(_whole(values).to_numpy(zero_copy_only=False), np.int64)


def _at(values: pa.Array, ids: pa.Array) -> Ints:
    return np.asarray(pc.fill_null(pc.index_in(values, value_set=ids), -1).to_numpy(zero_copy_only=False), np.int64)
