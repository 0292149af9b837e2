"""What the programmes of an office owe in a year, worked out from its registers and the edition of parcels in force."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.programmes.year import ProgrammeYear, entitlements
from ecocomp.terms.faults import Fault, FaultsError, UsageError
from ecocomp.terms.tables import OVERLAY, PARCEL
from ecocomp.terms.text import Text
from ecoweb.cadastre.intake import parcels_of
from ecoweb.office import Office
from ecoweb.programmes.queries import year_tables
from ecoweb.programmes.rules import OfficeRules
from ecoweb.records.queries import history

_DAY = re.compile(r"(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")


def office_year(
    office: Office,
    rules: OfficeRules,
    programmes: Sequence[str],
    year: int,
    reference_day: str = "12-31",
    known: date | None = None,
) -> ProgrammeYear:
    """Return what programmes owe in a year on its reference day, as known.

    Every other programme the office has contracts of takes part in the stacking, so that what is published for one is what
    a year's run of all of them pays; what they owe, and what is wrong with them, is not told.

    raises  FaultsError where no edition of parcels is in force; UsageError for an unknown programme or a day that is none
    """
    from ecocomp.tenure.gate import gate_tables as tenure_tables
    from ecocomp.tenure.rights import payable_rights
    from ecocomp.terms.clocks import as_of

    day, known_on = _reference(year, reference_day), known or office.today()
    found = [rules.get(p) for p in programmes]
    tables, faults = year_tables(office, known_on)
    registers = {n: history(office, n) for n in ("party", "member", "tenure")}
    gate = tenure_tables(registers, on=day)
    right = as_of(gate["right"], day, known_on)
    parcel = _parcels(office, day, known_on, right, as_of(tables["contract"], day, known_on))
    contract = as_of(tables["contract"], day, known_on)
    payable = payable_rights(right, parcel, contract)
    given = {
        **tables,
        "right_payable": payable,
        "parcel": parcel,
        "holder": gate["holder"],
        "overlay": _overlays(office, day, known_on),
    }
    here = rules.programmes.at(rules.book, rules.place)
    held = set(tables["enrolment"]["programme"].to_pylist()) | set(tables["contract"]["programme"].to_pylist())
    others = [here[id] for id in sorted(held - set(programmes)) if id in here]
    made = entitlements(found, given, rules.params(day, known_on), year, others=others)
    made.faults[:0] = faults
    return made


def _reference(year: int, text: str) -> date:
    if not _DAY.fullmatch(text) or not 1900 <= year <= 2200:
        raise UsageError(
            Text(
                "年度 {y} 或基准日 {d} 不对；基准日写成 12-31。", "Year {y} or reference day {d} is wrong; write the day as 12-31."
            ).fill(y=year, d=text)
        )
    try:
        return date(year, int(text[:2]), int(text[3:]))
    except ValueError:
        raise UsageError(Text("{y} 年没有 {d}。", "{y} has no {d}.").fill(y=year, d=text)) from None


def _parcels(office: Office, day: date, known: date, right: pa.Table, contract: pa.Table) -> pa.Table:
    names = ("parcel_id", "village_code", "land_class", "ecosystem", "area_dm2")
    found = parcels_of(office, on=day, known=known, columns=names)
    if found is None:
        found = parcels_of(office, columns=names)
    if found is None:
        raise FaultsError(
            [
                Fault(
                    "programmes.no_edition",
                    "edition",
                    str(day),
                    Text(
                        "没有生效的地块版次，不知道面积和地类。",
                        "no edition of parcels is in force: areas and classes are not known.",
                    ),
                    Text("先用 ecocomp survey import 登记地块。", "Register the parcels first: ecocomp survey import."),
                )
            ]
        )
    n = len(found)
    more = {"declared_area_dm2": pa.nulls(n, pa.int64()), "x": pa.array([0.0] * n), "y": pa.array([0.0] * n)}
    columns = {c: found[c].cast(PARCEL.schema().field(c).type) for c in names}
    columns["ecosystem"] = pc.fill_null(columns["ecosystem"], "00")
    return PARCEL.table({**columns, **more})


def _overlays(office: Office, day: date, known: date) -> pa.Table | None:
    """Return the ground of restrictions on the parcels of a day; None where there are none."""
    from ecoweb.records.queries import rows

    if not len(rows(office, "restriction", {}, on=day, known=known)):
        return None
    from ecoweb.cadastre.control import control

    share = control(office, day, known).share
    kinds = {r["restriction_id"]: r["kind"] for r in rows(office, "restriction", {}, on=day, known=known).to_pylist()}
    names = pa.array([kinds.get(i, "") for i in share["restriction_id"].to_pylist()], pa.string())
    table = pa.table({"parcel_id": share["parcel_id"], "category": names, "area_dm2": share["area_dm2"].cast(pa.int64())})
    sums = table.group_by(["parcel_id", "category"], use_threads=False).aggregate([("area_dm2", "sum")])
    return OVERLAY.table({"parcel_id": sums["parcel_id"], "category": sums["category"], "area_dm2": sums["area_dm2_sum"]})


def due_of_region(office: Office, rules: OfficeRules, programme: str, year: int, reference_day: str, region: str) -> pa.Table:
    """Return the due rows of a programme on parcels whose village code begins with a region's."""
    found = office_year(office, rules, [programme], year, reference_day)
    wrong = [f for f in found.faults if f.severity == "error"]
    if wrong:
        raise FaultsError(wrong)
    parcel = parcels_of(office, columns=("parcel_id", "village_code"))
    assert parcel is not None
    here = parcel.filter(pc.starts_with(parcel["village_code"], pattern=region))["parcel_id"]
    return found.due.filter(pc.is_in(found.due["parcel_id"], value_set=here.combine_chunks()))
