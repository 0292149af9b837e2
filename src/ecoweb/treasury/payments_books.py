"""What payments book: the transfers of each event, gathered and posted a piece at a time within one transaction.

Every transfer stays within the ring of one envelope, or outside of all of them (what is owed and not yet covered).

    grant        asset:bank:E                  from  fund:E
    entitlement  claim:P                       from  liability:owed:H       (what no envelope covers)
    allocation   fund:E                        to    liability:payable:H:E  (or liability:escrow:LAND:E, and bank to escrow)
                 liability:owed:H              to    claim:P                (covered by a later calculation)
    payment      asset:transit:E               from  asset:bank:E           (released to the bank)
    confirmation liability:payable:H:E         from  asset:transit:E        (the bank has paid)
    return       asset:bank:E                  from  asset:transit:E        (the bank could not pay)
    clawback     asset:receivable:H:E          from  fund:due:E             (too much was paid), undone when it is netted
"""

from __future__ import annotations

from datetime import date
from typing import Any

import pyarrow as pa

from ecoweb.records.store import Work

PIECE = 100_000
_COLUMNS = ("debit", "credit", "amount_fen", "kind", "reference")
_SCHEMA = pa.schema([pa.field(c, pa.int64() if c == "amount_fen" else pa.string()) for c in _COLUMNS])


class Books:
    """Gathers transfers of one act and posts them under keys that are never used again."""

    def __init__(self, work: Work, key: str, on: date, memo: str) -> None:
        self.work, self.key, self.on, self.memo = work, key, on, memo
        self.posted = 0
        self._pieces = 0
        self._columns: tuple[list[Any], ...] = ([], [], [], [], [])
        self._tables: list[pa.Table] = []
        self._gathered = 0

    def add(self, debit: str, credit: str, fen: int, kind: str, reference: str) -> None:
        """Move fen to `debit` from `credit`; a negative amount moves it back, nothing moves nothing."""
        if not fen:
            return
        if fen < 0:
            debit, credit, fen = credit, debit, -fen
        for column, value in zip(self._columns, (debit, credit, fen, kind, reference), strict=True):
            column.append(value)

    def add_all(self, debit: pa.Array, credit: pa.Array, fen: pa.Array, kind: str, reference: pa.Array) -> None:
        """Move fen, all of them more than nothing, for a whole table of rows at once."""
        if not len(fen):
            return
        self._close_columns()
        columns = [debit, credit, fen, pa.repeat(pa.scalar(kind), len(fen)), reference]
        self._tables.append(pa.table(columns, schema=_SCHEMA))
        self._gathered += len(fen)

    def _close_columns(self) -> None:
        """Put what was added one by one behind what was added before it."""
        if not self._columns[0]:
            return
        made = [pa.array(c, f.type) for c, f in zip(self._columns, _SCHEMA, strict=True)]
        self._tables.append(pa.table(made, schema=_SCHEMA))
        self._gathered += len(self._columns[0])
        for column in self._columns:
            column.clear()

    def breathe(self) -> None:
        """Post what has gathered if it is much; called between events, never within one."""
        if self._gathered + len(self._columns[0]) >= PIECE:
            self.flush()

    def flush(self) -> None:
        """Post what has gathered."""
        from ecoweb.treasury import ledger

        self._close_columns()
        if not self._tables:
            return
        table = pa.concat_tables(self._tables).combine_chunks()
        ledger.post(self.work, table, key=f"{self.key}/{self._pieces}", book_on=self.on, memo=self.memo)
        self.posted += len(table)
        self._pieces += 1
        self._tables.clear()
        self._gathered = 0

    # ------------------------------------------------------------ events
    def fund(self, envelope: str, fen: int, kind: str, reference: str) -> None:
        """Money of an envelope arrives (or, negative, goes back)."""
        self.add(f"asset:bank:{envelope}", f"fund:{envelope}", fen, kind, reference)

    def recognise(self, programme: str, holder: str, entitled: int, funded: int, reference: str) -> None:
        """A claim arises and money covers it, all or part: the books carry what is owed and not covered (or no longer)."""
        short = entitled - funded
        self.add(f"claim:{programme}", f"liability:owed:{holder}", short, "entitlement" if short > 0 else "allocation", reference)

    def allot(self, payee: str, envelope: str, fen: int, reference: str) -> None:
        """Money of an envelope is owed to a payee (or, negative, no longer)."""
        self.add(f"fund:{envelope}", f"liability:payable:{payee}:{envelope}", fen, "allocation", reference)

    def keep(self, parcel: str, envelope: str, fen: int, reference: str) -> None:
        """Money of an envelope is set apart for a disputed parcel (or, negative, no longer)."""
        self.add(f"fund:{envelope}", f"liability:escrow:{parcel}:{envelope}", fen, "escrow", reference)
        self.add(f"asset:escrow:{envelope}", f"asset:bank:{envelope}", fen, "escrow", reference)

    def set_free(self, parcel: str, payee: str, envelope: str, fen: int, reference: str) -> None:
        """Money set apart is owed to a payee."""
        self.add(f"liability:escrow:{parcel}:{envelope}", f"liability:payable:{payee}:{envelope}", fen, "release", reference)
        self.add(f"asset:bank:{envelope}", f"asset:escrow:{envelope}", fen, "release", reference)

    def hand_over(self, payee: str, heir: str, envelope: str, fen: int, reference: str) -> None:
        """What was owed to one is owed to another."""
        self.add(f"liability:payable:{payee}:{envelope}", f"liability:payable:{heir}:{envelope}", fen, "release", reference)

    def demand(self, payee: str, envelope: str, fen: int, reference: str) -> None:
        """A payee owes money of an envelope back (or, negative, no longer)."""
        self.add(f"asset:receivable:{payee}:{envelope}", f"fund:due:{envelope}", fen, "clawback", reference)

    def send(self, envelope: str, fen: int, reference: str) -> None:
        """Money goes to the bank's payment run."""
        self.add(f"asset:transit:{envelope}", f"asset:bank:{envelope}", fen, "payment", reference)

    def confirm(self, payee: str, envelope: str, owed: int, back: int, reference: str) -> None:
        """The bank has paid what was owed less what was netted."""
        self.add(f"liability:payable:{payee}:{envelope}", f"asset:transit:{envelope}", owed - back, "confirmation", reference)
        if back:
            self.add(f"liability:payable:{payee}:{envelope}", f"asset:receivable:{payee}:{envelope}", back, "clawback", reference)
            self.add(f"fund:due:{envelope}", f"fund:{envelope}", back, "clawback", reference)

    def come_back(self, envelope: str, fen: int, reference: str) -> None:
        """The bank could not pay."""
        self.add(f"asset:bank:{envelope}", f"asset:transit:{envelope}", fen, "return", reference)

    def bounce(self, payee: str, envelope: str, owed: int, back: int, reference: str) -> None:
        """Money came back after it had arrived: it is owed again, and what was netted is due again."""
        self.add(f"asset:bank:{envelope}", f"liability:payable:{payee}:{envelope}", owed - back, "return", reference)
        if back:
            self.add(f"asset:receivable:{payee}:{envelope}", f"liability:payable:{payee}:{envelope}", back, "return", reference)
            self.add(f"fund:{envelope}", f"fund:due:{envelope}", back, "return", reference)

    def repaid(self, payee: str, envelope: str, fen: int, reference: str) -> None:
        """A payee has paid money back to the bank account of the envelope."""
        self.add(f"asset:bank:{envelope}", f"asset:receivable:{payee}:{envelope}", fen, "recovery", reference)
        self.add(f"fund:due:{envelope}", f"fund:{envelope}", fen, "recovery", reference)
