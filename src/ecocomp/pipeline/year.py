"""One compensation year: the thirteen stages, each from tables to tables.

The first four stages read land (rasters, polygons); everything after reads tables only. What a stage cannot
do because an input is missing is noted and reported as not assessed, never guessed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.governance.bundle import read_bundle_table
from ecocomp.governance.recompute import tenure_of
from ecocomp.pipeline.case import Case
from ecocomp.pipeline.ground import Ground
from ecocomp.pipeline.stages import STAGES, Work
from ecocomp.rules import Parameters, RuleBook, policy_folder
from ecocomp.terms.clocks import as_of
from ecocomp.terms.faults import Fault, FaultsError, raise_errors
from ecocomp.terms.tables import TABLES
from ecocomp.terms.text import Text


@dataclass
class Year:
    """Everything one year is computed from."""

    case: Case
    year: int
    known_on: date
    ground: Ground
    book: RuleBook
    work: Work
    previous: Path | None
    agreements: list[Any] = field(default_factory=list)
    scheduler: str | None = None

    def params(self) -> Parameters:
        """Return the parameters of the place on this year's reference day, with nothing used yet."""
        return self.book.resolve(self.case.place, self.case.reference_date(self.year), self.known_on)

    def register(self, name: str) -> pa.Table:
        """Return a register of the case as far as it was known on the known date; empty if the case brings none."""
        found = self.ground.inputs.tables.get(name)
        return TABLES[name].empty() if found is None else as_known(name, found, self.known_on)

    def current(self, name: str) -> pa.Table:
        """Return the rows of a register that hold on the reference day as known on the known date."""
        return as_of(self.register(name), self.case.reference_date(self.year), self.known_on)

    def last(self, name: str) -> pa.Table | None:
        """Return a table of last year's bundle, or None."""
        return None if self.previous is None else read_bundle_table(self.previous, name)

    def say(self, done: int, total: int, what: Text) -> None:
        """Report progress."""
        if self.work.progress:
            self.work.progress(done, total, what)


def as_known(name: str, table: pa.Table, known_on: date) -> pa.Table:
    """Return the rows of an event register that had happened by `known_on`; registers with both clocks pass whole.

    A field check is known on its day, an objection when it was received (an answer given later is still open), a
    reading once its month is over.
    """
    day = pa.scalar(known_on, pa.date32())
    if name == "field_check":
        return table.filter(pc.less_equal(table["checked_on"], day))
    if name == "reading":
        return table.filter(pc.less(table["month"], pa.scalar(known_on.strftime("%Y-%m"))))
    if name != "objection":
        return table
    table = table.filter(pc.less_equal(table["received_on"], day))
    later = pc.fill_null(pc.greater(table["answered_on"], day), False)
    names = table.schema.names
    table = table.set_column(names.index("outcome"), table.schema.field("outcome"), pc.if_else(later, "open", table["outcome"]))
    blank = pa.scalar(None, pa.date32())
    return table.set_column(
        names.index("answered_on"), table.schema.field("answered_on"), pc.if_else(later, blank, table["answered_on"])
    )


def run_stages(y: Year) -> None:
    """Run every stage but `publish`, in order."""
    makers: dict[str, Callable[[Year, Path], dict[str, Any]]] = {
        "survey": survey,
        "zone": zone,
        "observe": observe,
        "assess": assess,
        "value": value,
        "set": set_rates,
        "enrol": enrol,
        "fund": fund,
        "disclose": disclose,
        "pay": pay,
        "judge": judge,
        "account": account,
    }
    for n, (stage, title) in enumerate(STAGES):
        if stage in makers:
            y.say(n, len(STAGES), Text("{y} 年", "{y}").fill(y=y.year))
            y.say(0, 1, Text("{y} {t}", "{y} {t}").fill(y=y.year, t=title))
            y.work.run(stage, lambda folder, make=makers[stage]: make(y, folder))  # type: ignore[misc]
            y.say(1, 1, Text("{y} {t}", "{y} {t}").fill(y=y.year, t=title))
        if stage in ("enrol", "account"):
            raise_errors(unaccepted(y))


def _noted(params: Parameters, faults: list[Fault] = (), **tables: Any) -> dict[str, Any]:  # type: ignore[assignment]
    """Return tables with the keys of the parameters used and the warnings, as a stage hands them on."""
    return {**tables, "used": sorted(params.used), "warnings": [f.as_json() for f in faults]}


# ---------------------------------------------------------------- land
def survey(y: Year, folder: Path) -> dict[str, Any]:
    """Parcels of the edition; rights, holders, villages and contracts as they hold and are known."""
    from ecocomp.tenure.rights import check_rights, payable_rights, rights_on

    params, day = y.params(), y.case.reference_date(y.year)
    parcel, holder, contract = y.ground.parcel, y.register("holder"), y.current("contract")
    faults = check_rights(y.register("right"), holder, parcel, day, y.known_on, contract)
    raise_errors(faults)
    right = rights_on(y.register("right"), day, y.known_on)
    return _noted(
        params,
        faults,
        parcel=parcel,
        holder=holder,
        village=y.register("village"),
        right=right,
        contract=contract,
        right_payable=payable_rights(right, parcel, contract),
    )


def zone(y: Year, folder: Path) -> dict[str, Any]:
    """Function zones, red line, reserves, importance and grade of each parcel."""
    from ecocomp.pipeline.zones import zone_year
    from ecocomp.reserves.candidates import candidates

    params = y.params()
    found, notes = zone_year(y, params, folder / "maps", partial(assess_layers, y))
    extra = {"parcel_grading": found.parcel_grading, "red_line_member": found.members}
    return _noted(
        params,
        notes,
        parcel_zone=found.parcel_zone,
        reserve_candidate=candidates(y.ground.parcel, found.parcel_zone, params),
        red_line=_outline(found.red_line),
        red_line_cells=found.red_cells,
        **{name: table for name, table in extra.items() if len(table)},
    )


def _outline(zones: Any) -> pa.Table:
    """Return the polygons of the red line as a table of codes and WKB, kept for maps and later versions."""
    import shapely

    shapes = shapely.to_wkb(zones.geometry, byte_order=1)
    return pa.table(
        {"zone_id": pa.array([str(i) for i in zones.zone_id], pa.string()), "geometry": pa.array(list(shapes), pa.binary())}
    )


def observe(y: Year, folder: Path) -> dict[str, Any]:
    """Vegetation signals and compliance of this year and, where the layers reach back, of the base year."""
    from ecocomp.monitoring.observe import observe as look

    params = y.params()
    years = [n for n in (y.case.years_of("ndvi") or []) if n <= y.year]
    readers = {n: y.ground.reader("ndvi", n) for n in years}

    def seen(year: int) -> tuple[pa.Table, pa.Table]:
        return look(
            layers={n: r for n, r in readers.items() if r},
            grid=y.ground.grid,
            coverage=y.ground.coverage,
            parcel=y.ground.parcel,
            parcel_zone=y.work.table("parcel_zone"),
            field_check=y.register("field_check"),
            params=params,
            year=year,
            years_available=[n for n in years if n <= year],
        )

    observation, compliance = seen(y.year)
    base = _base_year(y, "ndvi")
    before = seen(base)[0] if base is not None else None
    if before is None:
        before = y.last("observation")
    return _noted(
        params,
        observation=observation,
        compliance=compliance,
        field_check=y.register("field_check"),
        reading=y.register("reading"),
        **({} if before is None else {"observation_base": before}),
    )


def _base_year(y: Year, variable: str) -> int | None:
    """Return the base year of the case if it has its own layer of a variable, else None."""
    return y.case.base_year if y.case.base_year < y.year and y.case.base_year in y.case.years_of(variable) else None


def assess_layers(
    y: Year, params: Parameters, models: list[str], year: int, keep: list[str] | None = None, keep_folder: Path | None = None
) -> Any:
    """Return what the pass over the layers of a year found, see `services.engine.assess`."""
    from ecocomp.services.consistency import layer_notes
    from ecocomp.services.derive import derived_layers
    from ecocomp.services.engine import assess as engine

    layers = y.ground.readers(year)
    for variable in [v for v in layers if y.case.layers[v].yearly and year not in y.case.years_of(v)]:
        layers.pop(variable)
    tables = {"reservoir": y.register("reservoir")}
    layers = derived_layers(models, layers, y.ground.grid, y.case.scratch / "layers", params, year, tables)
    wind = y.register("wind")
    label = Text("{y} 年服务评估", "assess services of {y}").fill(y=year)
    found = engine(
        models=models,
        layers=layers,
        grid=y.ground.grid,
        coverage=y.ground.coverage,
        parcel_ids=y.ground.ids,
        params=params,
        year=year,
        wind=wind if len(wind) else None,
        keep=keep or [],
        keep_folder=keep_folder,
        scheduler=y.scheduler,
        matrix=y.ground.matrix,
        progress=lambda done, total: y.say(done, total, label),
    )
    said = [note for reader in layers.values() for note in getattr(reader, "notes", ())]
    return replace(found, notes=[*found.notes, *said, *layer_notes(models, layers, y.ground.grid)])


def assess(y: Year, folder: Path) -> dict[str, Any]:
    """Ecosystem services in physical units, this year and the year it is compared with; land transitions."""
    params = y.params()
    models = list(y.case.services)
    found = assess_layers(y, params, models, y.year)
    base = _base_year(y, "rain") or _base_year(y, "ndvi")
    judged = {str(i["service"]) for i in params.items("performance.dominant_service")} & set(models)
    before = assess_layers(y, params, sorted(judged), base).service if base is not None and judged else y.last("service")
    extra = {} if before is None else {"service_base": before}
    transition = _transition(y)
    if transition is not None:
        from ecocomp.accounts.transition import land_transition

        extra |= {"parcel_transition": transition, "land_transition": land_transition(transition)}
    return _parted(y, params, _noted(params, found.notes, service=found.service, **extra))


def _parted(y: Year, params: Parameters, made: dict[str, Any]) -> dict[str, Any]:
    """Set apart the parameters that only services read on which no payment rests: published and priced, but not paid on.

    A payment rests on the services that count in the standard, that judge a zone, or that draw its lines.
    """
    shown = _only_shown(y, params)
    return made | {"used": [k for k in made["used"] if k not in shown], "shown": sorted(shown)}


def _only_shown(y: Year, params: Parameters) -> set[str]:
    rules = y.params()
    pays = (
        {str(i) for i in rules.items("standard.value_services")} if rules.has("standard.value_services") else set(y.case.services)
    )
    pays |= {str(i["service"]) for i in rules.items("performance.dominant_service")}
    pays.add(str(y.case.zones.get("importance_service", "")))
    counted = {i.partition(".")[0] for i in pays}
    services = set(y.case.services)
    return {key for key, readers in params.used_by.items() if readers & services and not readers & services & counted}


def _transition(y: Year) -> pa.Table | None:
    """Return how each ecosystem became another on each parcel between last year and this one; None without both layers."""
    import numpy as np

    from ecocomp.accounts.transition import parcel_transitions
    from ecocomp.grid.georef import cell_area_m2_by_row
    from ecocomp.terms.codes import ECOSYSTEMS

    have = y.case.years_of("land_cover")
    if y.year not in have or y.year - 1 not in have:
        return None
    before, after = y.ground.reader("land_cover", y.year - 1), y.ground.reader("land_cover", y.year)
    assert before is not None and after is not None
    known = np.zeros(256, bool)
    known[[int(c) for c in ECOSYSTEMS if c != "00"]] = True

    def pair_codes(strip: Any) -> Any:
        """Return from · 256 + to of each cell of a strip; 0 where either year has no known class."""
        a, b = (r.read(strip.start, strip.stop)[0].reshape(-1) for r in (before, after))
        return np.where(known[a] & known[b], a.astype(np.int64) * 256 + b, 0)

    # Few of all pairs occur, so they are counted first; a column for each then stays small at any number of parcels.
    seen = np.zeros(65_536, np.int64)
    for strip in y.ground.coverage.strips:
        seen += np.bincount(pair_codes(strip), minlength=65_536)
    pairs = [int(c) for c in np.flatnonzero(seen) if c]
    areas = cell_area_m2_by_row(y.ground.grid)
    parts = [_pair_weights(y, pairs[n : n + _PAIRS], pair_codes, areas) for n in range(0, len(pairs), _PAIRS)]
    joint = np.concatenate(parts, axis=1) if parts else np.zeros((len(y.ground.ids), 0))
    return parcel_transitions(y.ground.parcel, _sparse(y.ground.ids, joint, pairs), y.year, y.last("parcel_transition"))


_PAIRS = 250


def _pair_weights(y: Year, pairs: list[int], pair_codes: Callable[[Any], Any], areas: Any) -> Any:
    """Return the area of each pair of classes in each parcel (parcels, pairs)."""
    import numpy as np

    from ecocomp.grid.strip import reduce_classes

    place = np.zeros(65_536, np.uint8)
    place[pairs] = np.arange(1, len(pairs) + 1)
    out = np.zeros((len(y.ground.coverage), len(pairs) + 1))
    for strip in y.ground.coverage.strips:
        reduce_classes(strip, place[pair_codes(strip)], out, areas[strip.rows])
    return out[:, 1:]


def _sparse(ids: list[str], joint: Any, pairs: list[int]) -> pa.Table:
    """Return the joint shares of parcels as rows: parcel_id, from_ecosystem, to_ecosystem, share."""
    import numpy as np

    total = joint.sum(axis=1)
    parcel, pair = np.nonzero(joint)
    names = pa.array(ids, pa.string())
    starts = pa.array([f"{p // 256:02d}" for p in pairs], pa.string())
    ends = pa.array([f"{p % 256:02d}" for p in pairs], pa.string())
    return pa.table(
        {
            "parcel_id": names.take(pa.array(parcel)),
            "from_ecosystem": starts.take(pa.array(pair)),
            "to_ecosystem": ends.take(pa.array(pair)),
            "share": joint[parcel, pair] / total[parcel],
        }
    )


# ---------------------------------------------------------------- money
def value(y: Year, folder: Path) -> dict[str, Any]:
    """Money value of the services, price year kept."""
    from ecocomp.valuation.gep import gep_account, left_out
    from ecocomp.valuation.gep import notes as gep_notes
    from ecocomp.valuation.value import undated, value_services

    params, service = y.params(), y.work.table("service")
    found = value_services(service, params, y.year)
    account = gep_account(service, found, params, y.year)
    left_out(params)  # read here, so that the bundle holds what the account must say of itself
    made = _noted(params, [*undated(params), *gep_notes(account, params)], service_value=found, gep=account)
    return _parted(y, params, made)


def set_rates(y: Year, folder: Path) -> dict[str, Any]:
    """The standard of each parcel, step by step; last year's scorecard and standard are input values."""
    from ecocomp.standard.equity import equity
    from ecocomp.standard.setting import set_standard

    params = y.params()
    economy = y.register("economy")
    standard, steps = set_standard(
        y.work.table("parcel"),
        y.work.table("parcel_zone"),
        y.work.table("service_value"),
        economy,
        region_of(y),
        params,
        y.year,
        y.last("scorecard"),
        y.last("standard"),
        tenure=tenure_of(y.work.table("holder"), y.work.table("right_payable")),
    )
    fair = equity(y.work.table("parcel"), y.work.table("parcel_zone"), standard, steps)
    return _noted(params, standard=standard, standard_step=steps, economy=economy, equity=fair)


def region_of(y: Year) -> str:
    """Return the region whose economy counts: the case's place if it is in the table, else the first one."""
    codes = sorted(set(y.register("economy")["region_code"].to_pylist()))
    return y.case.place if y.case.place in codes or not codes else str(codes[0])


def enrol(y: Year, folder: Path) -> dict[str, Any]:
    """Contracts, rights and compliance give the entitlement of each holder on each parcel, programme by programme."""
    from ecocomp.payments.enrol import GIVEN, Adopted, enrolled, paid_before
    from ecocomp.payments.entitle import entitle

    params = y.params()
    claims = entitle(
        y.work.table("standard"),
        y.work.table("parcel"),
        y.work.table("right_payable"),
        y.work.table("contract"),
        y.work.table("compliance"),
        params,
        y.year,
        y.case.programme,
    )
    case = y.case
    adopted = Adopted(case.programme, case.stacks_as, case.programmes, case.accept_unverified, case.purpose == "payment")
    brought = {n: y.register(n) for n in ("enrolment", "inspection", "overlay")}
    earlier = paid_before(y.register("paid_before"), y.last("programme_due"), y.last("paid_before"))
    tables = {n: y.work.table(n) for n in GIVEN if n not in brought and n != "paid_before"} | brought | {"paid_before": earlier}
    claims, made = enrolled(claims, adopted, [policy_folder(), *case.rule_folders], tables, params, y.year)
    if made is None:
        return _noted(params, entitlement_claimed=claims)
    if earlier is not None:
        brought["paid_before"] = earlier
    full = {"programme_due": made.due, "programme_source": made.source, "programme_stacking": made.stacking}
    return _noted(params, made.faults, entitlement_claimed=claims, **brought, **full)


def fund(y: Year, folder: Path) -> dict[str, Any]:
    """Settle agreements, take in credits, open the envelopes and share them over the entitlements."""
    from ecocomp.agreements.agreement import settle, unsettled
    from ecocomp.credits.lots import check_lots
    from ecocomp.funds.allocate import allocate, check_envelopes, open_envelopes, tie_faults

    params = y.params()
    credit, envelope, last = y.register("credit"), y.register("envelope"), y.last("envelope_balance")
    settled = [settle(a, y.register("reading"), y.year, params) for a in y.agreements]
    settlement = pa.concat_tables(settled) if settled else TABLES["settlement"].empty()
    faults = [*check_lots(credit), *unsettled(settlement)]
    opening = open_envelopes(envelope, last, settlement, credit, y.year, params)
    faults += check_envelopes(envelope, params, y.year, opening, settlement)
    raise_errors(faults)
    running = pc.unique(y.work.table("entitlement_claimed")["programme"]).to_pylist()
    faults += tie_faults(envelope, y.year, running, y.work.table("parcel")["village_code"])
    claims, allocation, balance = allocate(
        y.work.table("entitlement_claimed"),
        y.work.table("parcel"),
        y.work.table("parcel_zone"),
        envelope,
        opening,
        params,
        y.year,
        y.work.table("holder"),
    )
    if y.work.has("programme_due"):
        from ecocomp.programmes.borne import borne_faults

        owed = (y.work.table("programme_due"), y.work.table("programme_source"))
        faults += borne_faults(*owed, claims, allocation, envelope.filter(pc.less_equal(envelope["year"], y.year)))
    return _noted(
        params,
        faults,
        entitlement_disclosed=claims,
        allocation=allocation,
        envelope_allocated=balance,
        envelope_opening=opening,
        envelope=envelope,
        settlement=settlement,
        credit=credit,
    )


def disclose(y: Year, folder: Path) -> dict[str, Any]:
    """The public notice: masked names, recipient codes; objections of the year."""
    from ecocomp.governance.disclose import disclosure
    from ecocomp.governance.objections import in_window, window

    params = y.params()
    notice = disclosure(
        y.work.table("entitlement_disclosed"), y.work.table("holder"), y.work.table("village"), params, secret=case_secret(y.case)
    )
    opens = notice_opens(y.case, y.year, params)
    found = in_window(y.register("objection"), opens, y.year, params)
    span = window(opens, params)
    days = {
        "opens_on": span.opens.isoformat(),
        "closes_on": span.closes.isoformat(),
        "answer_days": int(params.decimal("governance.answer_days")),
    }
    return _noted(params, disclosure=notice, objection=found, notice=days)


def notice_opens(case: Case, year: int, params: Parameters) -> date:
    """Return the first day of the public notice: a dated rule, in the year after the one judged."""
    month, day = params.text("governance.notice_opens").split("-")
    return date(year + 1, int(month), int(day))


def case_secret(case: Case) -> bytes:
    """Return the secret that recipient codes are keyed with: 32 random bytes kept in the case, made once.

    An invented or study case uses a fixed text instead, so that its bundles are the same everywhere.
    """
    if case.invented or case.purpose == "study":
        return f"ecocomp public example {case.place}".encode()
    import secrets

    from ecocomp.io.files import write_bytes

    path = case.folder / ".ecocomp" / "recipient.key"
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(secrets.token_bytes(32), path)
        path.chmod(0o600)
    return path.read_bytes()


def pay(y: Year, folder: Path) -> dict[str, Any]:
    """Payment orders with their sources, and the ledger; the books must balance or nothing goes on."""
    from ecocomp.ledger.book import check_ledger, post
    from ecocomp.payments.orders import hold, orders, settle_balances
    from ecocomp.payments.postings import postings

    params = y.params()
    claims = hold(y.work.table("entitlement_disclosed"), y.work.table("objection"))
    order, source = orders(claims, y.work.table("allocation"), y.work.table("objection"))
    balance = settle_balances(y.work.table("envelope_allocated"), order, source)
    before = y.last("ledger")
    moves = postings(balance, claims, y.work.table("allocation"), order, source, y.year, before)
    rows = post(moves, y.year, before)
    ledger = rows if before is None else pa.concat_tables([before, rows])
    raise_errors(check_ledger(ledger))
    return _noted(params, entitlement=claims, envelope_balance=balance, order=order, order_source=source, ledger=ledger)


# ---------------------------------------------------------------- results
def judge(y: Year, folder: Path) -> dict[str, Any]:
    """Indicators by zone type and the scorecard that moves next year's standard."""
    from ecocomp.performance.judge import judge as score

    params = y.params()

    def maybe(name: str) -> pa.Table | None:
        return y.work.table(name) if y.work.has(name) else None

    base_year = y.case.base_year if _base_year(y, "ndvi") is not None else y.year - 1
    indicator, scorecard = score(
        parcel=y.work.table("parcel"),
        parcel_zone=y.work.table("parcel_zone"),
        observation=y.work.table("observation"),
        observation_base=maybe("observation_base"),
        service=y.work.table("service"),
        service_base=maybe("service_base"),
        compliance=y.work.table("compliance"),
        reading=y.register("reading"),
        parcel_transition=_transitions(y),
        params=params,
        year=y.year,
        base_year=base_year,
    )
    return _noted(params, indicator=indicator, scorecard=scorecard)


def _transitions(y: Year) -> pa.Table | None:
    """Return the parcel transitions of this year and, where there is one, of the last."""
    found = [
        t
        for t in (y.last("parcel_transition"), y.work.table("parcel_transition") if y.work.has("parcel_transition") else None)
        if t is not None
    ]
    return pa.concat_tables(found) if found else None


def account(y: Year, folder: Path) -> dict[str, Any]:
    """Land, service and fund accounts, and the checks that everything closes."""
    from ecocomp.accounts.checks import CHECKED, checks
    from ecocomp.accounts.land import land_account
    from ecocomp.accounts.money import fund_account
    from ecocomp.accounts.services import service_account

    params = y.params()
    made: dict[str, Any] = {"fund_account": fund_account(y.work.table("envelope_balance"))}
    if y.work.has("land_transition"):
        made["land_account"] = land_account(y.work.table("land_transition"))
    made["service_account"] = service_account(
        y.work.table("service"), y.work.table("service_value"), y.work.table("parcel"), y.year
    )
    tables = {n: y.work.table(n) for n in CHECKED if y.work.has(n)} | {n: made[n] for n in CHECKED if n in made}
    made["check"] = checks(tables | {"land_account_last": y.last("land_account")}, y.year)
    failed = made["check"].filter(pc.equal(made["check"]["result"], "fail"))
    if len(failed):
        raise FaultsError(
            [
                Fault(
                    "accounts.check",
                    "check",
                    r["check"],
                    Text(r["detail_zh"], r["detail_en"]),
                    Text(
                        "这是程序的错误，账目未封存；请报告。",
                        "This is an error of the program; nothing was sealed. Please report it.",
                    ),
                )
                for r in failed.to_pylist()
            ]
        )
    return _noted(params, **made)


def parameters_used(y: Year) -> Parameters:
    """Return the parameters every stage said it used, resolved once more."""
    params = y.params()
    for key in [*_noted_keys(y, "used"), *_noted_keys(y, "shown")]:
        params.get(key)
    return params


def paid_on(y: Year) -> set[str]:
    """Return the keys of the parameters a payment rests on; the others stand behind published figures only."""
    return set(_noted_keys(y, "used"))


def _noted_keys(y: Year, kind: str) -> list[str]:
    done = [stage for stage, _ in STAGES if (y.work.folder / stage / "done.json").is_file()]
    return [key for stage in done for key in y.work.notes(stage).get(kind, [])]


def unaccepted(y: Year) -> list[Fault]:
    """Return a fault for each unverified parameter a payment would rest on without having been accepted by name."""
    if y.case.purpose != "payment":
        return []
    params = y.params()
    for key in sorted(paid_on(y)):
        params.get(key)
    return params.unaccepted(y.case.accept_unverified)
