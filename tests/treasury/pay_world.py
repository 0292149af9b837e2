"""A small world for payments: a bundle of a year, parties with accounts, officers, and a clock that moves on."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from ecocomp.governance.bundle import seal
from ecocomp.terms.tables import TABLES
from ecoweb.office import Office
from ecoweb.records.store import load, record
from ecoweb.treasury import payments

YEAR = 2025
START = datetime(2027, 1, 10, 1, 0, tzinfo=UTC)
ROLES = ("maker", "checker", "approver", "releaser", "reconciler")
_NAMES = itertools.count()


@dataclass(frozen=True)
class Claim:
    """One entitlement: holder, parcel, money by envelope, how much more is owed than covered, state."""

    holder: str
    parcel: str
    sources: dict[str, int]
    short: int = 0
    state: str = "payable"


def bundle(
    folder: Path,
    claims: Sequence[Claim],
    *,
    year: int = YEAR,
    grants: dict[str, int] | None = None,
    opening: dict[str, int] | None = None,
    programme: str = "forest",
    region: str = "990121",
) -> Path:
    """Write a sealed bundle with the tables payments read."""
    place = folder / f"bundle{next(_NAMES)}" / str(year)
    (place / "tables").mkdir(parents=True)
    facts = {"year": year, "region_code": region, "case": {"programme": programme}, "reference_day": f"{year}-12-31"}
    (place / "bundle.json").write_text(json.dumps(facts), encoding="utf-8")
    entitlement, allocation = [], []
    for n, c in enumerate(claims):
        eid = f"{programme}-{year}-{c.parcel}-{n:02d}"
        funded = sum(c.sources.values())
        entitlement.append(
            {
                "entitlement_id": eid, "year": year, "programme": programme, "parcel_id": c.parcel, "holder_id": c.holder,
                "right_id": f"R-{c.parcel}", "contract_id": "", "area_dm2": 1_000_000, "share_num": 1, "share_den": 1,
                "rate_fen_per_ha": funded + c.short, "compliance_ppm": 1_000_000, "gross_fen": funded + c.short, "deduction_fen": 0,
                "entitled_fen": funded + c.short, "funded_fen": funded, "shortfall_fen": c.short, "state": c.state, "reason": "",
            }
        )  # fmt: skip
        allocation += [{"entitlement_id": eid, "envelope_id": e, "amount_fen": x} for e, x in sorted(c.sources.items()) if x]
    envelopes = sorted({a["envelope_id"] for a in allocation} | set(grants or {}) | set(opening or {}))
    needed = {e: sum(a["amount_fen"] for a in allocation if a["envelope_id"] == e) for e in envelopes}
    given = grants or {e: needed[e] for e in envelopes}
    carried = opening or {}
    _write(place, "entitlement", entitlement)
    _write(place, "allocation", allocation)
    _write(
        place,
        "envelope_balance",
        [
            {
                "envelope_id": e, "year": year, "source": "central", "opening_fen": carried.get(e, 0), "granted_fen": given.get(e, 0),
                "allocated_fen": needed[e], "paid_fen": 0, "escrow_fen": 0,
                "closing_fen": carried.get(e, 0) + given.get(e, 0) - needed[e], "lapsed_fen": 0,
            }
            for e in envelopes
        ],
    )  # fmt: skip
    _write(place, "envelope", [_envelope(e, year, given.get(e, 0)) for e in envelopes])
    holders = sorted({c.holder for c in claims})
    _write(
        place,
        "holder",
        [{"holder_id": h, "kind": "household", "name": h, "village_code": f"{region}001001", "members": 4} for h in holders],
    )
    seal(place, origin=f"ecocomp/{region}", inputs=[], previous="")
    return place


def _envelope(name: str, year: int, fen: int) -> dict[str, Any]:
    return {
        "envelope_id": name, "year": year, "source": "central", "name_zh": f"资金{name}", "name_en": f"Fund {name}", "granted_fen": fen,
        "floor_fen": 0, "priority": 1, "earmark_zones": "", "earmark_ecosystems": "", "earmark_red_line": False, "carry_over": True,
        "valid_from": date(year, 1, 1), "valid_to": date(year + 1, 12, 31), "document": f"财〔{year}〕{name}号",
    }  # fmt: skip


def _write(place: Path, name: str, rows: list[dict[str, Any]]) -> None:
    spec = TABLES[name]
    blank = {c.name: None for c in spec.columns if c.nullable}
    default = {"income_fen": 0, "members": 1}
    full = [{c.name: r.get(c.name, blank.get(c.name, default.get(c.name, ""))) for c in spec.columns} for r in rows]
    pq.write_table(spec.table(full) if full else spec.empty(), place / "tables" / f"{name}.parquet")


@dataclass(frozen=True)
class Delta:
    """Rows to end and rows to add."""

    closed: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    added: dict[str, list[dict[str, Any]]] = field(default_factory=dict)


def account(n: int) -> str:
    """The account number of a household."""
    return f"62220202001{n:08d}"


def party(party_id: str, n: int, **more: Any) -> dict[str, Any]:
    """A row of the register of parties."""
    base = {
        "party_id": party_id, "kind": "household", "name": f"户主{party_id}", "region_code": "990121001001", "members": 4, "income_fen": None,
        "credit_code": None, "id_number": None, "account": account(n), "phone": None, "valid_from": date(2020, 1, 1), "valid_to": None,
    }  # fmt: skip
    return base | more


def officer(officer_id: str, person_id: str, roles: str, **more: Any) -> dict[str, Any]:
    """A row of the register of officers."""
    base = {
        "officer_id": officer_id, "person_id": person_id, "name": officer_id, "roles": roles, "region_code": "990121", "delegated_by": None,
        "kin": None, "document": "任1", "valid_from": date(2020, 1, 1), "valid_to": None,
    }  # fmt: skip
    return base | more


class World:
    """An office with parties and officers; each act happens an hour after the one before."""

    def __init__(self, office: Office, folder: Path, holders: Iterable[str] = ("H1", "H2", "H3")) -> None:
        self.office, self.folder, self.now = office, folder, START
        rows = [party(h, n) for n, h in enumerate(holders, 1)]
        self.load("party", rows)
        self.load("officer", [officer(f"u:{r}", f"P-{r}", r) for r in ROLES])
        self.wait(days=3)

    def load(self, register: str, rows: list[dict[str, Any]], actor: str = "u:clerk") -> None:
        """Add rows to a register."""
        from ecoweb.records.store import delta_tables

        load(self.office, delta_tables({register: rows}), act="test.load", actor=actor, reason="登记", at=self.tick())

    def change(self, register: str, key: dict[str, Any], actor: str = "u:clerk", **values: Any) -> None:
        """Correct a row of a register."""
        from ecoweb.records.queries import versions

        table = versions(self.office, register, key, known=self.now + timedelta(days=1))
        (row,) = [r for r in table.to_pylist() if r["known_to"] is None]
        new = {k: v for k, v in row.items() if k not in ("known_from", "known_to")} | values
        record(
            self.office, Delta({register: [row]}, {register: [new]}), act="test.change", actor=actor, reason="更正", at=self.tick()
        )

    def tick(self) -> datetime:
        """Move the clock on by an hour."""
        self.now += timedelta(hours=1)
        return self.now

    def wait(self, days: int) -> None:
        """Let days pass."""
        self.now += timedelta(days=days)

    def act(self, role: str, key: str | None = None, document: str = "文1") -> payments.Act:
        """Who acts, by role (or by account, with a colon)."""
        return payments.Act(role if ":" in role else f"u:{role}", "发放", document, key, self.tick())

    # ------------------------------------------------------------ the way of a batch
    def take(self, claims: Sequence[Claim], **more: Any) -> payments.Taken:
        """Take a year in."""
        return payments.take_in(self.office, bundle(self.folder, claims, **more), self.act("maker"))

    def noticed(self, year: int = YEAR) -> None:
        """Give notice and let it run out."""
        payments.give_notice(self.office, year, self.act("maker"))
        self.wait(days=8)

    def made(self, **more: Any) -> payments.Batch:
        """Make a batch."""
        return payments.make_batch(self.office, self.act("maker"), **more)

    def approved(self, **more: Any) -> str:
        """Make, check and approve."""
        name = self.made(**more).batch_id
        payments.check_batch(self.office, name, self.act("checker"))
        payments.approve_batch(self.office, name, self.act("approver"))
        return name

    def compared(self, **more: Any) -> str:
        """And write the file, and compare the bank's copy."""
        name = self.approved(**more)
        written = payments.write_file(self.office, name, self.act("releaser"))
        copy = self.folder / f"copy-{name}.txt"
        copy.write_bytes(written.path.read_bytes())
        payments.compare_copy(self.office, name, copy, self.act("releaser"))
        return name

    def sent(self, **more: Any) -> str:
        """And release it."""
        name = self.compared(**more)
        payments.release(self.office, name, self.act("releaser"))
        return name

    def answer(self, name: str, outcomes: dict[int, str], **more: Any) -> payments.Posted:
        """Post a return that gives lines their outcomes."""
        lines = dict(
            self.sql("SELECT l.no, l.amount_fen FROM pay_line l JOIN pay_batch b ON b.seq = l.batch WHERE b.batch_id = %s", [name])
        )
        rows = [payments.Result(i + 2, name, no, lines.get(no, 1), outcome) for i, (no, outcome) in enumerate(outcomes.items())]
        return payments.post_return(self.office, name, rows, None, self.act("reconciler"), **more)

    def sql(self, statement: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Ask the database."""
        with self.office.reading() as cursor:
            cursor.execute(statement, list(params))
            return [tuple(r) for r in cursor.fetchall()]

    def states(self) -> dict[str, tuple[str, str]]:
        """The state and reason of each row."""
        return {
            i: (s, w) for i, s, w in self.sql("SELECT r.row_id, s.state, s.reason FROM pay_row r JOIN pay_state s ON s.row = r.seq")
        }

    def books(self) -> dict[str, int]:
        """The balances that are not zero, debit positive."""
        from ecoweb.treasury import ledger

        return {a: fen for a, fen in ledger.trial_balance(self.office).items() if fen}
