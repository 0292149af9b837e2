"""What is asked of the registers of programmes: a contract with its plots, who signed, what a year's run reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.programmes.gate import gate_tables
from ecocomp.terms.clocks import as_of
from ecocomp.terms.faults import Fault, FaultsError
from ecocomp.terms.tables import RIGHT
from ecocomp.terms.text import Text
from ecoweb.office import Office
from ecoweb.records.queries import Known, history, rows, versions

BINDING = ("signed", "in_force", "suspended", "breached")
"""States in which a contract keeps its ground from others."""


def last(office: Office, register: str, where: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the latest version of each object as known now, whatever the day."""
    found = versions(office, register, where)
    found = found.filter(pc.and_(pc.is_null(found["known_to"]), pc.is_null(found["valid_to"])))
    out: list[dict[str, Any]] = found.to_pylist()
    return out


def one(office: Office, register: str, key: str, id: str) -> dict[str, Any]:
    """Return the latest version of one object; `FaultsError` where there is none."""
    found = last(office, register, {key: id})
    if not found:
        word = _WORDS[register]
        raise FaultsError(
            [
                Fault(
                    f"programmes.no_{register}",
                    register,
                    id,
                    Text("没有{w} {i}。", "there is no {w} {i}.").fill(w=word, i=id),
                    Text("核对编码。", "Check the code."),
                )
            ]
        )
    return found[0]


_WORDS = {
    "contract": Text("合同", "contract"),
    "plot": Text("合同地块", "plot"),
    "inspection": Text("验收", "inspection"),
    "notice": Text("公示", "notice"),
    "objection": Text("异议", "objection"),
}


def contract(office: Office, contract_id: str, *, on: date | None = None, known: Known = None) -> dict[str, pa.Table]:
    """Return what the registers know of a contract: itself, its plots, duties and inspections, and every state it was in."""
    plots = rows(office, "plot", {"contract_id": contract_id}, on=on, known=known)
    return {
        "contract": rows(office, "contract", {"contract_id": contract_id}, on=on, known=known),
        "plot": plots,
        "duty": rows(office, "duty", {"contract_id": plots["plot_id"].to_pylist()}, on=on, known=known),
        "inspection": rows(office, "inspection", {"contract_id": contract_id}, on=on, known=known),
        "history": versions(office, "contract", {"contract_id": contract_id}, known=known),
    }


def signers(office: Office, contract_id: str) -> frozenset[str]:
    """Return who entered, signed or changed a contract: none of them may accept its ground."""
    with office.reading() as cursor:
        cursor.execute(
            'SELECT DISTINCT c.actor FROM "contract" k JOIN change c ON c.seq = k.change_id WHERE k.contract_id = %s', [contract_id]
        )
        return frozenset(str(row[0]) for row in cursor.fetchall())


def elsewhere(office: Office, parcel_ids: Sequence[str], but: str) -> list[dict[str, Any]]:
    """Return the plots of other binding contracts on parcels, and duties there that belong to no contract of a programme."""
    if not parcel_ids:
        return []
    plots = [p for p in last(office, "plot", {"parcel_id": list(parcel_ids)}) if p["contract_id"] != but]
    heads = (
        {c["contract_id"]: c for c in last(office, "contract", {"contract_id": sorted({p["contract_id"] for p in plots})})}
        if plots
        else {}
    )
    out = []
    for p in plots:
        head = heads.get(p["contract_id"])
        if head is not None and head["state"] in BINDING:
            out.append(
                {
                    "contract_id": p["contract_id"],
                    "programme": head["programme"],
                    "variant": p["variant"],
                    "parcel_id": p["parcel_id"],
                    "area_dm2": p["area_dm2"],
                }
            )
    known = {p["plot_id"] for p in last(office, "plot", {"contract_id": but})} | {p["plot_id"] for p in plots}
    for d in last(office, "duty", {"parcel_id": list(parcel_ids)}):
        if d["contract_id"] not in known:
            out.append(
                {
                    "contract_id": d["contract_id"],
                    "programme": d["programme"],
                    "variant": "",
                    "parcel_id": d["parcel_id"],
                    "area_dm2": 2**62,
                }
            )
    return out


def year_tables(office: Office, known: date | None = None) -> tuple[dict[str, pa.Table], list[Fault]]:
    """Return the gate tables of programmes for a year's run: contract, enrolment, inspection, objection."""
    registers = {n: history(office, n) for n in ("duty", "contract", "plot", "inspection", "objection")}
    return gate_tables(registers, known)


def payable(office: Office, parcel_ids: Sequence[str], on: date, contract: pa.Table) -> tuple[pa.Table, dict[str, pa.Table]]:
    """Return the rights that are paid on parcels on a day, and the registers they were read from."""
    from ecocomp.tenure.gate import gate_tables as tenure_tables
    from ecocomp.tenure.rights import payable_rights

    tenure = versions(office, "tenure", {"parcel_id": list(parcel_ids)})
    holders = sorted(set(tenure["holder_id"].to_pylist()))
    registers = {"tenure": tenure, "party": versions(office, "party", {"party_id": holders})}
    today = office.today()
    right = as_of(tenure_tables(registers)["right"], on, today) if len(tenure) else RIGHT.empty()
    return payable_rights(right, None, contract), registers
