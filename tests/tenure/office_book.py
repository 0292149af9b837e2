"""A small office in memory: registers that deeds are recorded in, with the village of `office.yaml` to begin with."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from ecocomp.tenure.deed_file import read_deeds
from ecocomp.tenure.deeds import Deed, applied, deed, gathered, perform
from ecocomp.tenure.gate import gate_tables
from ecocomp.tenure.rights import payable_rights, rights_on
from ecocomp.terms.clocks import as_of
from ecocomp.terms.faults import Fault
from ecocomp.terms.registers import REGISTERS

HERE = Path(__file__).parent
PAPER = {"number": "文 1", "kind": "agreement", "title": "协议", "issuer": "石桥村"}


class Office:
    """Registers in memory; each recording is one transaction at a moment."""

    def __init__(self, file: Path | None = HERE / "office.yaml", moment: datetime = datetime(2020, 1, 2, tzinfo=UTC)) -> None:
        self.clock = datetime(2024, 6, 1, tzinfo=UTC)
        self.rows: dict[str, list[dict[str, Any]]] = {n: [] for n in REGISTERS}
        if file is not None:
            deeds, faults = read_deeds(file)
            assert not faults, faults
            assert not self.record(deeds, moment)

    def fetch(self, register: str, column: str, values: Collection[str]) -> Iterable[dict[str, Any]]:
        """Return the versions known now."""
        return [r for r in self.rows[register] if r["known_to"] is None and r[column] in values]

    def record(self, deeds: list[Deed] | Deed, moment: datetime, *, today: date | None = None) -> list[Fault]:
        """Record deeds; return their faults. What the deeds need is gathered, not the whole register."""
        deeds = [deeds] if isinstance(deeds, Deed) else deeds
        delta, faults = perform(gathered(deeds, self.fetch, today=today), deeds)
        self.rows = applied(self.rows, delta, moment)
        return faults

    def do(self, what: str, on: str = "2024-01-01", /, **values: Any) -> list[str]:
        """Record one deed as written, a second after the one before (from 2024-06-01); return the codes of its faults."""
        self.clock += timedelta(seconds=1)
        return [f.code.removeprefix("tenure.") for f in self.record(deed(what, on=on, source=PAPER, **values), self.clock)]

    def table(self, register: str) -> pa.Table:
        """Return a register as a table."""
        return REGISTERS[register].table(self.rows[register]) if self.rows[register] else REGISTERS[register].empty()

    def tables(self) -> dict[str, pa.Table]:
        """Return all registers as tables."""
        return {n: self.table(n) for n in REGISTERS}

    def now(self, register: str, on: str | date, **equal: Any) -> list[dict[str, Any]]:
        """Return the versions known now that hold on a day."""
        day = date.fromisoformat(on) if isinstance(on, str) else on
        found = [r for r in self.rows[register] if r["known_to"] is None and r["valid_from"] <= day]
        found = [r for r in found if r["valid_to"] is None or r["valid_to"] > day]
        return [r for r in found if all(r[k] == v for k, v in equal.items())]

    def held(self, parcel: str, on: str, kind: str = "contract") -> dict[str, str]:
        """Return who holds what of a parcel on a day, as known now."""
        return {r["holder_id"]: f"{r['share_num']}/{r['share_den']}" for r in self.now("tenure", on, parcel_id=parcel, kind=kind)}

    def paid(self, valid: date, known: date) -> dict[str, list[str]]:
        """Return who is paid for each parcel: ``holder share``, with ``?`` where the money waits."""
        made = gate_tables(self.tables())
        table = payable_rights(rights_on(made["right"], valid, known), contract=as_of(made["contract"], valid, known))
        out: dict[str, list[str]] = {}
        for r in table.to_pylist():
            said = f"{r['holder_id']} {r['share_num']}/{r['share_den']}{'?' if r['state'] == 'disputed' else ''}"
            out.setdefault(r["parcel_id"], []).append(said)
        return {p: sorted(s) for p, s in out.items()}
