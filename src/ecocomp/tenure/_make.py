"""The rows of the registers, made from the rows of clerks' sheets that are sound. Codes and days: see `tenure.sheets`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import Any

import pyarrow as pa

from ecocomp.tenure._households import Household, People
from ecocomp.tenure._rows import Claim
from ecocomp.terms.registers import CADASTRE

_KIND_LETTER = {"ownership": "O", "contract": "C", "management": "M", "use": "U"}


class Registers:
    """Turns used rows into the rows of the registers."""

    def __init__(
        self, people: People, claims: Sequence[Claim], valid_from: date, parcels: Mapping[str, tuple[int | None, str | None]]
    ) -> None:
        self.people = people
        self.claims = claims
        self.parcels = parcels
        self.day = valid_from
        self.rows: dict[str, list[dict[str, Any]]] = {n: [] for n in ("party", "member", "tenure", "source")}
        self.declared: list[dict[str, Any]] = []
        self.sources: dict[str, dict[str, Any]] = {}
        self.groups: dict[tuple[str, ...], str] = {}
        self.group_number: Counter[str] = Counter()

    def make(self) -> tuple[dict[str, pa.Table], pa.Table]:
        claims = [c for c in self.claims if c.line.state == "used"]
        for claim in claims:
            claim.holder.starts.append(claim.start or self.day)
        households = list(self.people.name_them())
        for household in households:
            self.party(household)
        self.tenure(claims)
        self.rows["source"] = list(self.sources.values())
        tables = {name: _register_table(name, rows) for name, rows in self.rows.items()}
        schema = pa.schema(
            [("right_id", pa.string()), ("parcel_id", pa.string()), ("declared_dm2", pa.int64()), ("edition_dm2", pa.int64())]
        )
        return tables, pa.Table.from_pylist(self.declared, schema=schema).sort_by("right_id")

    def party(self, household: Household) -> None:
        said = household.said
        people = [p for p in household.people if p.line.state == "used"]
        self.rows["party"].append({
            "party_id": household.party_id, "kind": said.kind, "name": said.name, "region_code": household.village,
            "members": household.counted[0][1] if household.counted else (len(people) if len(people) > 1 else None),
            "credit_code": said.credit_code, "id_number": said.id_number, "account": said.account, "phone": said.phone,
            "valid_from": min([*household.starts, self.day]),
        })  # fmt: skip
        for n, person in enumerate(people, start=1):
            code = f"{household.party_id}-{n:02d}"
            self.rows["party"].append({
                "party_id": code, "kind": "person", "name": person.name, "region_code": household.village,
                "id_number": person.id_number, "valid_from": self.day,
            })  # fmt: skip
            self.rows["member"].append(
                {"group_id": household.party_id, "member_id": code, "role": person.role, "valid_from": self.day}
            )

    def tenure(self, claims: Sequence[Claim]) -> None:
        joint: dict[tuple[str, str], list[Claim]] = {}
        for claim in claims:
            if claim.share is None:
                joint.setdefault((claim.parcel, claim.kind), []).append(claim)
            else:
                self.right(claim, claim.holder.party_id, claim.share)
        for found in joint.values():
            together = found[0].holder.party_id if len(found) == 1 else self.group(found)
            self.right(found[0], together, Fraction(1))

    def group(self, found: Sequence[Claim]) -> str:
        """Return the code of a group of joint owners, made once for the same people; nobody in it has a share."""
        members = tuple(sorted(c.holder.party_id for c in found))
        start = min(c.start or self.day for c in found)
        if members in self.groups:
            return self.groups[members]
        village = found[0].holder.village
        self.group_number[village] += 1
        code = self.groups[members] = f"{village}-G{self.group_number[village]:04d}"
        name = "、".join(c.holder.said.name for c in found)
        self.rows["party"].append(
            {"party_id": code, "kind": "group", "name": name, "region_code": village, "members": len(members), "valid_from": start}
        )
        for member in members:
            self.rows["member"].append({"group_id": code, "member_id": member, "role": "co_owner", "valid_from": start})
        return code

    def right(self, claim: Claim, holder_id: str, share: Fraction) -> None:
        source_id, document = self.source(claim)
        right_id = f"{claim.parcel}-{_KIND_LETTER[claim.kind]}-{holder_id}"
        self.rows["tenure"].append({
            "right_id": right_id, "parcel_id": claim.parcel, "unit_code": claim.unit_code, "holder_id": holder_id,
            "kind": claim.kind, "share_num": share.numerator, "share_den": share.denominator, "state": "clear", "basis": None,
            "term_to": claim.end, "document": document, "source_id": source_id, "valid_from": claim.start or self.day,
        })  # fmt: skip
        if claim.area_dm2 is not None:
            edition = self.parcels.get(claim.parcel, (None, None))[0]
            self.declared.append(
                {"right_id": right_id, "parcel_id": claim.parcel, "declared_dm2": claim.area_dm2, "edition_dm2": edition}
            )

    def source(self, claim: Claim) -> tuple[str, str]:
        """Return the source of a right: its certificate, else its contract, else the sheet itself."""
        sheet = claim.line.sheet
        since = claim.start or self.day
        if claim.contract_no:
            self.add_source(f"contract:{claim.contract_no}", "contract", claim.contract_no, "承包合同", None, since)
        if claim.certificate_no:
            self.add_source(f"certificate:{claim.certificate_no}", "certificate", claim.certificate_no, "权属证书", None, since)
            return f"certificate:{claim.certificate_no}", claim.certificate_no
        if claim.contract_no:
            return f"contract:{claim.contract_no}", claim.contract_no
        name = f"sheet:{sheet.digest[:16]}"
        self.add_source(name, "survey", sheet.file, "户表", sheet.digest, since)
        return name, sheet.file

    def add_source(self, source_id: str, kind: str, number: str, title: str, sha256: str | None, since: date) -> None:
        known = self.sources.setdefault(
            source_id,
            {
                "source_id": source_id,
                "kind": kind,
                "number": number,
                "title": title,
                "issuer": "",
                "sha256": sha256,
                "valid_from": since,
            },
        )
        known["valid_from"] = min(known["valid_from"], since)


def _register_table(name: str, rows: list[dict[str, Any]]) -> pa.Table:
    spec = CADASTRE[name]
    schema = pa.schema([f for f in spec.schema() if f.name not in ("known_from", "known_to")])
    return pa.Table.from_pylist(rows, schema=schema).sort_by([(k, "ascending") for k in spec.key if k in schema.names])
