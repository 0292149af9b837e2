"""The gate of programmes: what a year's run reads of the registers contract, plot, inspection and objection of an office.

A duty (`tenure.gate`) whose code is that of a plot belongs to a contract of a programme: it is in the ``contract`` table of
a case only while that contract is in a state that pays. A duty without a plot counts as it always did.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.programmes.words import KEEPING_STATES, PAYING_STATES
from ecocomp.tenure.gate import gate_tables as tenure_tables
from ecocomp.tenure.gate import office_days
from ecocomp.terms.clocks import end_of_day
from ecocomp.terms.faults import Fault
from ecocomp.terms.registers import REGISTERS
from ecocomp.terms.tables import CONTRACT, ENROLMENT, INSPECTED, OBJECTION
from ecocomp.terms.text import Text

_CLOCKS = ("valid_from", "valid_to", "known_from", "known_to")


def gate_tables(registers: Mapping[str, pa.Table], known: Any = None) -> tuple[dict[str, pa.Table], list[Fault]]:
    """Return ``contract``, ``enrolment``, ``inspection`` and ``objection`` of a case, cut from the registers of an office.

    registers  duty, contract, plot, inspection, objection with all their versions; one left out counts as empty
    known      day whose knowledge counts for inspections and objections, which have one clock in a case; None: now
    """
    tables = {n: registers.get(n, REGISTERS[n].empty()) for n in ("duty", "contract", "plot", "inspection", "objection")}
    duty = tables["duty"]
    mine = pc.is_in(duty["contract_id"], value_set=_whole(tables["plot"]["plot_id"]).unique())
    plain = duty.filter(pc.invert(mine))
    joined = _joined(duty.filter(mine), tables["plot"], tables["contract"])
    paying = joined.filter(pc.is_in(joined["state"], value_set=pa.array(PAYING_STATES)))
    made = tenure_tables({"duty": pa.concat_tables([plain, _named(paying, duty.schema)])})["contract"]
    binding = joined.filter(pc.is_in(joined["state"], value_set=pa.array(KEEPING_STATES)))
    enrolment = _in_days(_named(binding, _moments(ENROLMENT.schema())), ENROLMENT)
    inspected, faults = _inspections(tables["inspection"], tables["plot"], known)
    return {
        "contract": CONTRACT.checked(made),
        "enrolment": enrolment,
        "inspection": inspected,
        "objection": _objections(tables["objection"], known),
    }, faults


def _joined(duty: pa.Table, plot: pa.Table, contract: pa.Table) -> pa.Table:
    """Return duties with their plot and contract for the time in which all three hold and are known."""
    parts = _renamed(plot, {"plot_id": "contract_id", "contract_id": "agreement_id"}, "plot_")
    parts = parts.drop_columns(["parcel_id", "holder_id"])  # as agreed; the duty says who owes it today
    heads = _renamed(contract, {"contract_id": "agreement_id"}, "head_")
    heads = heads.drop_columns(
        [c for c in ("holder_id", "signed_on", "area_dm2", "programme", "source_id") if c in heads.column_names]
    )
    both = duty.join(parts, "contract_id", join_type="inner").join(heads, "agreement_id", join_type="inner")
    for low, high in (("valid_from", "valid_to"), ("known_from", "known_to")):
        both = _narrowed(both, low, high)
    if not len(both):
        return both
    live = pc.and_(_before(both["valid_from"], both["valid_to"]), _before(both["known_from"], both["known_to"]))
    return both.filter(live)


def _renamed(table: pa.Table, names: Mapping[str, str], prefix: str) -> pa.Table:
    return table.rename_columns([names.get(n, prefix + n if n in _CLOCKS else n) for n in table.column_names])


def _narrowed(table: pa.Table, low: str, high: str) -> pa.Table:
    starts = pc.max_element_wise(*(_count(table[f"{p}{low}"]) for p in ("", "plot_", "head_")))
    ends = pc.min_element_wise(*(_count(table[f"{p}{high}"]) for p in ("", "plot_", "head_")), skip_nulls=True)
    for name, values in ((low, starts), (high, ends)):
        type = table.schema.field(name).type
        values = values.cast(pa.int32()).cast(type) if pa.types.is_date(type) else values.cast(type)
        table = table.set_column(table.schema.get_field_index(name), name, values)
    return table


def _count(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return days or moments as whole numbers."""
    return column.cast(pa.int32()).cast(pa.int64()) if pa.types.is_date(column.type) else column.cast(pa.int64())


def _before(start: Any, end: Any) -> Any:
    return pc.fill_null(pc.less(start, end), True)


def _named(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return the columns of a schema; those a join has not are null."""
    return pa.table(
        {f.name: table[f.name].cast(f.type) if f.name in table.column_names else pa.nulls(len(table), f.type) for f in schema},
        schema=schema,
    )


def _moments(schema: pa.Schema) -> pa.Schema:
    moment = REGISTERS["duty"].schema().field("known_from").type
    return pa.schema([f.with_type(moment) if f.name.startswith("known_") else f for f in schema])


def _in_days(table: pa.Table, spec: Any) -> pa.Table:
    for name in ("known_from", "known_to"):
        table = table.set_column(table.schema.get_field_index(name), name, office_days(table[name]))
    stood = pc.invert(pc.fill_null(pc.equal(table["known_from"], table["known_to"]), False))
    return spec.checked(table.filter(stood).cast(spec.schema()))


def _now(table: pa.Table, known: Any) -> pa.Table:
    if known is None:
        return table.filter(pc.is_null(table["known_to"]))
    moment = pa.scalar(end_of_day(known), table["known_from"].type)
    gone = pc.fill_null(pc.less(table["known_to"], moment), False)
    return table.filter(pc.and_not(pc.less(table["known_from"], moment), gone))


def _inspections(inspection: pa.Table, plot: pa.Table, known: Any) -> tuple[pa.Table, list[Fault]]:
    """Return inspections by plot; one of a whole contract counts for each plot if it accepts all or nothing."""
    now = _now(inspection, known).rename_columns({"judged_by": "level"})
    whole = pc.is_null(now["plot_id"])
    single = now.filter(pc.invert(whole))
    rows = single.set_column(single.schema.get_field_index("contract_id"), "contract_id", single["plot_id"])
    made = _named(rows, INSPECTED.schema())
    spread, faults = _spread(now.filter(whole), _now(plot, known))
    return INSPECTED.checked(pa.concat_tables([made, spread])), faults


def _spread(whole: pa.Table, plot: pa.Table) -> tuple[pa.Table, list[Fault]]:
    by: dict[str, list[tuple[str, int]]] = {}
    seen: set[str] = set()
    for id, contract, area in zip(*(plot[c].to_pylist() for c in ("plot_id", "contract_id", "area_dm2")), strict=True):
        if id not in seen:
            seen.add(id)
            by.setdefault(contract, []).append((id, area))
    out, faults = [], []
    names = [n for n in INSPECTED.schema().names if n != "contract_id"]
    for row in whole.to_pylist():
        plots = by.get(row["contract_id"], [])
        total = sum(a for _, a in plots)
        if len(plots) > 1 and row["result"] != "rejected" and row["accepted_dm2"] < total:
            faults.append(_which(row, len(plots), total))
            continue
        for i, (id, area) in enumerate(sorted(plots), 1):
            area = 0 if row["result"] == "rejected" else area if len(plots) > 1 else row["accepted_dm2"]
            kept = {n: row[n] for n in names}
            kept["inspection_id"] = row["inspection_id"] if len(plots) == 1 else f"{row['inspection_id']}/{i}"
            out.append({**kept, "contract_id": id, "accepted_dm2": area})
    return pa.Table.from_pylist(out, schema=INSPECTED.schema()), faults


def _which(row: Mapping[str, Any], plots: int, total: int) -> Fault:
    from ecocomp.terms.area import say_mu

    return Fault(
        "programmes.which_plot",
        "inspection",
        str(row["inspection_id"]),
        Text(
            "合同 {c} 有 {n} 个地块共 {t} 亩，只合格 {a} 亩，没有写明哪些地块。",
            "contract {c} has {n} plots of {t} mu; {a} mu were accepted, and it does not say which.",
        ).fill(c=row["contract_id"], n=plots, t=say_mu(total), a=say_mu(row["accepted_dm2"])),
        Text("按地块逐块登记验收。", "Record the inspection plot by plot."),
    )


def _objections(objection: pa.Table, known: Any) -> pa.Table:
    now = _now(objection, known)
    last = now.filter(pc.is_null(now["valid_to"]))
    return OBJECTION.checked(_named(last, OBJECTION.schema()))


def _whole(column: Any) -> Any:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


__all__ = ["gate_tables"]
