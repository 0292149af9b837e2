"""What an officer asks about agreements: their text and state, years settled, payments, disputes, who owes whom on a day."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa

from ecocomp.agreements.agreement import read_agreement
from ecocomp.agreements.model import Agreement
from ecocomp.terms.faults import FaultsError, UsageError, errors
from ecocomp.terms.text import Text
from ecoweb.office import Office
from ecoweb.records.queries import Known, rows


def agreements(office: Office, *, on: date | None = None, known: Known = None) -> pa.Table:
    """Return every agreement as it stood on a day."""
    return rows(office, "agreement", on=on, known=known)


def row_of(office: Office, agreement_id: str, *, on: date | None = None) -> dict[str, Any]:
    """Return the row of an agreement; UsageError when there is none."""
    found = rows(office, "agreement", {"agreement_id": agreement_id}, on=on).to_pylist()
    if not found:
        known = ", ".join(sorted(set(rows(office, "agreement", on=on)["agreement_id"].to_pylist()))) or "—"
        raise UsageError(
            Text("没有协议 {i}；有：{k}。", "There is no agreement {i}; there are: {k}.").fill(i=agreement_id, k=known)
        )
    return found[0]  # type: ignore[no-any-return]


def parsed(row: Mapping[str, Any]) -> Agreement:
    """Return the agreement of a stored text."""
    return parse(str(row["body"]), f"{row['agreement_id']}.yaml")


def parse(text: str, name: str) -> Agreement:
    """Return an agreement from its text; FaultsError with everything wrong with it."""
    with tempfile.TemporaryDirectory(prefix="ecocomp-agreement-") as folder:
        path = Path(folder) / "agreement.yaml"
        path.write_text(text, encoding="utf-8", newline="")
        made, faults = read_agreement(path, name)
    if made is None:
        raise FaultsError(errors(faults))
    return made


def years(office: Office, agreement_id: str, *, on: date | None = None, known: Known = None) -> pa.Table:
    """Return the years settled of an agreement."""
    return rows(office, "agreement_year", {"agreement_id": agreement_id}, on=on, known=known)


def disputes(office: Office, agreement_id: str, *, on: date | None = None, known: Known = None) -> pa.Table:
    """Return the disputes over an agreement."""
    return rows(office, "agreement_dispute", {"agreement_id": agreement_id}, on=on, known=known)


def payments(office: Office, agreement_id: str, *, on: date | None = None, known: Known = None) -> pa.Table:
    """Return the payments recorded under an agreement."""
    return rows(office, "agreement_payment", {"agreement_id": agreement_id}, on=on, known=known)


def paid_facts(office: Office, agreement_id: str, *, on: date | None = None) -> list[dict[str, Any]]:
    """Return the payments as facts of a settlement."""
    from fractions import Fraction

    return [
        {
            "payer": p["payer"],
            "payee": p["payee"],
            "year": int(p["year"]),
            "amount_yuan": Fraction(p["amount_fen"], 100),
            "on": p["paid_on"],
            "document": p["document"],
        }
        for p in payments(office, agreement_id, on=on).to_pylist()
    ]


def decided_facts(office: Office, agreement_id: str, *, on: date | None = None) -> list[dict[str, Any]]:
    """Return what disputes ended in (decisions, deals of the parties) as facts of a settlement."""
    import json
    from fractions import Fraction

    out = []
    for d in disputes(office, agreement_id, on=on).to_pylist():
        if d["state"] in ("decided", "agreed") and d["decision"]:
            sums = json.loads(d["decision"])
            out.append(
                {
                    "clause": d["clause"],
                    "year": int(d["year"]),
                    "payer": sums["payer"],
                    "payee": sums["payee"],
                    "amount_yuan": Fraction(sums["amount_fen"], 100),
                    "by": d["decided_by"] or "",
                    "document": d["document"],
                }
            )
    return out
