"""What an officer asks about people: who is this, who belongs to them, who has this number."""

from __future__ import annotations

from datetime import date

import pyarrow as pa

from ecoweb.office import Office
from ecoweb.records.queries import Known, rows


def party(office: Office, party_id: str, *, on: date | None = None, known: Known = None) -> pa.Table:
    """Return the party as it was on a day (no row if there was none)."""
    return rows(office, "party", {"party_id": party_id}, on=on, known=known)


def members(office: Office, party_id: str, *, on: date | None = None, known: Known = None) -> pa.Table:
    """Return the members of a household or group."""
    return rows(office, "member", {"group_id": party_id}, on=on, known=known)


def groups(office: Office, party_id: str, *, on: date | None = None, known: Known = None) -> pa.Table:
    """Return the memberships of a party: the households and groups it belongs to."""
    return rows(office, "member", {"member_id": party_id}, on=on, known=known)


def find(
    office: Office,
    *,
    name: str | None = None,
    credit_code: str | None = None,
    id_number: str | None = None,
    account: str | None = None,
    phone: str | None = None,
    region: str | None = None,
    on: date | None = None,
    known: Known = None,
) -> pa.Table:
    """Return the parties that meet every condition given; identity number, account and telephone are found by their tokens.

    region  code a party's region begins with
    """
    given = {"name": name, "credit_code": credit_code, "id_number": id_number, "account": account, "phone": phone}
    where = {k: v for k, v in given.items() if v is not None}
    return rows(office, "party", where, {"region_code": region} if region else None, on=on, known=known)
