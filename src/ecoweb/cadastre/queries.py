"""What a desk officer asks: the rights of a holder, the holders of a parcel, which edition is in force, on any date as known."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ecocomp.terms.codes import region_holds
from ecocomp.terms.faults import Fault, FaultsError
from ecocomp.terms.registers import REGISTERS
from ecocomp.terms.text import Text
from ecoweb.office import Office
from ecoweb.people import queries as people
from ecoweb.records.queries import Known, changes, rows, versions


def holder(office: Office, party_id: str, *, on: date | None = None, known: Known = None) -> dict[str, pa.Table]:
    """Return what the registers know of a party, by register.

    party     itself
    member    its members, and its memberships in households and groups
    tenure    rights it holds itself or through a group it belongs to
    duty      contracts it owes, itself or through such a group
    mortgage  mortgages on those rights, and those it holds as creditor
    dispute   disputes on those parcels, and those it claims
    """
    with office.reading():
        party = people.party(office, party_id, on=on, known=known)
        own = people.members(office, party_id, on=on, known=known)
        groups = people.groups(office, party_id, on=on, known=known)
        selves = [party_id, *sorted(set(groups["group_id"].to_pylist()))]
        tenure = rows(office, "tenure", {"holder_id": selves}, on=on, known=known)
        duty = rows(office, "duty", {"holder_id": selves}, on=on, known=known)
        parcels = sorted({*tenure["parcel_id"].to_pylist(), *duty["parcel_id"].to_pylist()})
        on_rights = rows(office, "mortgage", {"right_id": _values(tenure, "right_id")}, on=on, known=known)
        as_creditor = rows(office, "mortgage", {"creditor_id": party_id}, on=on, known=known)
        on_parcels = rows(office, "dispute", {"parcel_id": parcels}, on=on, known=known)
        claimed = rows(office, "dispute", {"claimant_id": party_id}, on=on, known=known)
    return {
        "party": party,
        "member": _union("member", own, groups),
        "tenure": tenure,
        "duty": duty,
        "mortgage": _union("mortgage", on_rights, as_creditor),
        "dispute": _union("dispute", on_parcels, claimed),
    }


def parcel(office: Office, parcel_id: str, *, on: date | None = None, known: Known = None) -> dict[str, pa.Table]:
    """Return what the registers know of a parcel.

    parcel       its row in the edition of parcels in force (no row, and no columns, if no edition has it)
    edition      that edition
    tenure       rights on it
    party        their holders, creditors and claimants, and the members of groups among them
    member       members of those groups and households
    restriction  restrictions on this parcel alone
    duty, mortgage, dispute   contracts, mortgages and disputes on it
    history      every version of its rights that was known by then
    """
    with office.reading():
        edition, row = _edition_row(office, parcel_id, on, known)
        by_parcel = {
            r: rows(office, r, {"parcel_id": parcel_id}, on=on, known=known) for r in ("tenure", "restriction", "duty", "dispute")
        }
        tenure = by_parcel["tenure"]
        mortgage = rows(office, "mortgage", {"right_id": _values(tenure, "right_id")}, on=on, known=known)
        named = {*_values(tenure, "holder_id"), *_values(by_parcel["duty"], "holder_id")}
        member = rows(office, "member", {"group_id": sorted(named)}, on=on, known=known)
        named |= {*_values(member, "member_id"), *_values(mortgage, "creditor_id"), *_values(by_parcel["dispute"], "claimant_id")}
        party = rows(office, "party", {"party_id": sorted(named)}, on=on, known=known)
        history = versions(office, "tenure", {"parcel_id": parcel_id}, known=known)
    return {
        "parcel": row,
        "edition": edition,
        **by_parcel,
        "mortgage": mortgage,
        "member": member,
        "party": party,
        "history": history,
    }


def edition_in_force(
    office: Office, kind: str = "parcel", *, region_code: str | None = None, on: date | None = None, known: Known = None
) -> pa.Table:
    """Return the editions of a kind of layer in force on a day, one or more where regions have their own.

    region_code  only editions of this region, of one inside it, or of one it lies in
    """
    found = rows(office, "edition", {"kind": kind}, on=on, known=known)
    if region_code is None:
        return found
    kept = [region_holds(region_code, c) or region_holds(c, region_code) for c in found["region_code"].to_pylist()]
    return found.filter(pa.array(kept, pa.bool_()))


def edition_file(office: Office, edition: dict[str, object]) -> Path:
    """Return the file of an edition (a row of the register); FaultsError if it is not there."""
    file = office.folder / str(edition["path"])
    if not file.is_file():
        raise FaultsError([_no_file(str(edition["edition_id"]), file)])
    return file


def parcel_row(office: Office, edition: dict[str, object], parcel_id: str) -> pa.Table:
    """Return the row of a parcel in an edition's file, every column; no row if it is not in it."""
    file = pq.ParquetFile(edition_file(office, edition))
    for group in range(file.num_row_groups):
        ids = file.read_row_group(group, columns=["parcel_id"])["parcel_id"]
        place = pc.index(ids, parcel_id).as_py()
        if place >= 0:
            return file.read_row_group(group).slice(place, 1)
    return file.schema_arrow.empty_table()


def _edition_row(office: Office, parcel_id: str, on: date | None, known: Known) -> tuple[pa.Table, pa.Table]:
    found = edition_in_force(office, "parcel", on=on, known=known)
    for place, edition in enumerate(found.to_pylist()):
        row = parcel_row(office, edition, parcel_id)
        if len(row):
            return found.slice(place, 1), row
    return found.slice(0, 0), pa.table({})


def _values(table: pa.Table, column: str) -> list[str]:
    return sorted(set(table[column].to_pylist()))


def _union(register: str, *tables: pa.Table) -> pa.Table:
    """Return the rows of several tables of one register, each once."""
    spec = REGISTERS[register]
    seen: dict[tuple[object, ...], dict[str, object]] = {}
    for table in tables:
        for row in table.to_pylist():
            seen[tuple(row[k] for k in spec.key)] = row
    return spec.table(list(seen.values()))


def _no_file(edition_id: str, file: Path) -> Fault:
    return Fault(
        "cadastre.edition_file",
        str(file),
        edition_id,
        Text("版次已登记，但文件不在。", "the edition is registered, but its file is not there."),
        Text("从备份恢复这个文件。", "Restore the file from a backup."),
    )


__all__ = ["changes", "edition_file", "edition_in_force", "holder", "parcel", "parcel_row", "rows", "versions"]
