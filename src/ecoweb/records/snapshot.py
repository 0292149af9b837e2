"""A whole register as one Arrow file, kept beside the database so that the next reader need not read it again.

The file is named after the last change of its register and that change's entry in the log, so a snapshot of another
history is never taken for this one, and bears a tag made with the key of the office, so that a file someone altered or put
there is not taken either; it holds no sealed value. It can be rebuilt at any time and is never the truth. Where the key is
not here, the database is read each time.
"""

from __future__ import annotations

import hmac
import os
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.io.files import atomic_write
from ecocomp.terms.registers import P3, REGISTERS
from ecoweb.office import Office
from ecoweb.records.cipher import HIDDEN, sealer
from ecoweb.records.tables import read_stored

FOLDER = "cache"
WORTH_ROWS = 20_000
"""A register of fewer rows is read from the database each time."""
FEW_ROWS = 1_000
"""So many rows are laid into an ordered register one by one; more are sorted with the rest."""


def current(office: Office, register: str) -> pa.Table:
    """Return every version in a register, sorted by its key, with the columns `id`, sealed values hidden."""
    with office.reading() as cursor:
        seq, mark = _state(cursor, register)
        for _, _, file in [k for k in _kept(office, register) if k[:2] == (seq, mark)]:
            kept = _opened(office, register, file)
            if kept is not None:
                return kept
        whole = _grown(office, cursor, register, seq) or _whole(office, cursor, register)
    if len(whole) >= WORTH_ROWS:
        _keep(office, whole, register, seq, mark)
    return whole


def _state(cursor: Any, register: str) -> tuple[int, str]:
    """Return the last change of a register and a mark of the log up to it."""
    cursor.execute(f'SELECT coalesce(max(change_id), 0) FROM "{register}"')
    added = int(cursor.fetchone()[0])
    cursor.execute(f'SELECT coalesce(max(ended_by_id), 0) FROM "{register}" WHERE ended_by_id IS NOT NULL')
    seq = max(added, int(cursor.fetchone()[0]))
    return seq, _mark(cursor, seq)


def _mark(cursor: Any, seq: int) -> str:
    cursor.execute("SELECT entry FROM audit_entry WHERE seq = %s", [seq])
    row = cursor.fetchone()
    return sha256(row[0].encode()).hexdigest()[:16] if row else "none"


def _whole(office: Office, cursor: Any, register: str) -> pa.Table:
    parts = [_hidden(register, part) for part in read_stored(office, cursor, register)]
    return _sorted(register, pa.concat_tables(parts) if parts else _schema(register).empty_table())


def _grown(office: Office, cursor: Any, register: str, seq: int) -> pa.Table | None:
    """Return the latest kept snapshot with what changed since, or None if there is none of this history."""
    for old, mark, file in sorted(_kept(office, register), reverse=True):
        if old > seq or _mark(cursor, old) != mark:
            continue
        base = _opened(office, register, file)
        if base is None:
            continue
        fresh = list(read_stored(office, cursor, register, "WHERE change_id > %s OR ended_by_id > %s", [old, old]))
        new = pa.concat_tables([_hidden(register, part) for part in fresh]) if fresh else _schema(register).empty_table()
        stays = base.filter(pc.invert(pc.is_in(base["id"], new["id"].combine_chunks()))) if len(new) else base
        return _sorted(register, pa.concat_tables([stays, new]))
    return None


def _kept(office: Office, register: str) -> list[tuple[int, str, Path]]:
    found = []
    for file in (office.folder / FOLDER).glob(f"{register}-*.arrow"):
        parts = file.stem.rsplit("-", 3)
        if len(parts) == 4 and parts[0] == register and parts[1].isdigit() and file.is_file() and not file.is_symlink():
            found.append((int(parts[1]), parts[2], file))
    return found


def _schema(register: str) -> pa.Schema:
    return pa.schema([pa.field("id", pa.int64()), *REGISTERS[register].schema()])


def _hidden(register: str, stored: pa.Table) -> pa.Table:
    """Return stored rows in the register's schema, each sealed value as `***`."""
    made: dict[str, Any] = {"id": stored["id"]}
    for column in REGISTERS[register].columns:
        values = stored[column.name]
        if column.unit == P3:
            values = pc.if_else(pc.is_valid(values), HIDDEN, pa.scalar(None, pa.string()))
        made[column.name] = values
    return pa.table(made, schema=_schema(register))


def _sorted(register: str, table: pa.Table) -> pa.Table:
    """Return rows in the order of the register's key: as they are, or with a short unordered end laid in, or sorted."""
    key = list(REGISTERS[register].key)
    ordered = _ordered_rows(table, key)
    if ordered == len(table):
        return table
    if len(table) - ordered <= FEW_ROWS < len(table):
        return _laid_in(table.slice(0, ordered), table.slice(ordered).sort_by([(k, "ascending") for k in key]), key)
    return table.sort_by([(k, "ascending") for k in key])


def _ordered_rows(table: pa.Table, key: list[str]) -> int:
    """Return how many rows from the first on are in the order of the key."""
    if len(table) < 2:
        return len(table)
    after: Any = pa.scalar(True)
    for name in reversed(key):
        one, two = table[name].slice(0, len(table) - 1), table[name].slice(1)
        after = pc.or_(pc.less(one, two), pc.and_(pc.equal(one, two), after))
    place = pc.index(after, False).as_py()
    return len(table) if place < 0 else int(place) + 1


def _laid_in(base: pa.Table, few: pa.Table, key: list[str]) -> pa.Table:
    """Return ordered rows with a few ordered ones laid between them."""
    columns = [base[k] for k in key]
    parts, start = [], 0
    for place, row in enumerate(few.select(key).to_pylist()):
        wanted = tuple(row[k] for k in key)
        low, high = start, len(base)
        while low < high:
            middle = (low + high) // 2
            if tuple(c[middle].as_py() for c in columns) < wanted:
                low = middle + 1
            else:
                high = middle
        parts += [base.slice(start, low - start), few.slice(place, 1)]
        start = low
    return pa.concat_tables([*parts, base.slice(start)]).combine_chunks()


# ---------------------------------------------------------------- files
def _opened(office: Office, register: str, file: Path) -> pa.Table | None:
    """Return what a file holds, if it was written here with the key of this office and is as it was written."""
    sealed = sealer(office)
    if sealed is None:
        return None
    name, _, said = file.stem.rpartition("-")
    try:
        source = pa.memory_map(str(file))
        if not hmac.compare_digest(said[16:], sealed.tag(name, bytes.fromhex(said[:16]), source.read_buffer())):
            return None
        source.seek(0)
        found = pa.ipc.open_file(source).read_all()
    except (OSError, ValueError, pa.ArrowInvalid):
        return None
    return found if found.schema.equals(_schema(register)) else None


def _keep(office: Office, whole: pa.Table, register: str, seq: int, mark: str) -> None:
    """Write the snapshot and remove older ones; a disk that is full or read-only only costs the next reader time."""
    from ecocomp.terms.faults import EcocompError

    sealed = sealer(office)
    if sealed is None:
        return
    name, nonce = f"{register}-{seq}-{mark}", os.urandom(8)
    folder = office.folder / FOLDER
    with suppress(OSError, EcocompError):
        with atomic_write(folder / f"{name}.new") as part:
            part.touch(mode=0o600)
            with pa.OSFile(str(part), "wb") as sink, pa.ipc.new_file(sink, whole.schema) as writer:
                writer.write_table(whole, max_chunksize=1 << 20)
            tag = sealed.tag(name, nonce, pa.memory_map(str(part)).read_buffer())
        file = folder / f"{name}-{nonce.hex()}{tag}.arrow"
        (folder / f"{name}.new").replace(file)
        for other in (*folder.glob(f"{register}-*.arrow"), *folder.glob(f"{register}-*.new")):
            if other != file and other.stem.rsplit("-", 3)[0].split("-")[0] == register:
                other.unlink(missing_ok=True)
