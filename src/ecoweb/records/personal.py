"""Acts on sensitive personal data that leave a trace: seeing it in full, erasing it, changing the key of the office."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from ecocomp.terms.faults import Fault, FaultsError
from ecocomp.terms.registers import REGISTERS, object_key
from ecocomp.terms.text import Text
from ecoweb.office import Office
from ecoweb.records import cipher
from ecoweb.records.models import Change, sealed_columns
from ecoweb.records.store import writing
from ecoweb.records.tables import object_names, read_stored


def reveal(office: Office, party_id: str, *, actor: str, reason: str, register: str = "party") -> dict[str, str | None]:
    """Return the sealed values of the latest version of an object in clear; who looked and why is in the log.

    raises  FaultsError when there is no such object or no key
    """
    cipher.need_sealer(office)
    with writing(office, act=f"{register}.reveal", actor=actor, reason=reason, seen=party_id) as work:
        found = _latest(office, work.cursor, register, party_id)
    return found


def erase(office: Office, party_id: str, *, actor: str, reason: str, register: str = "party") -> Change:
    """Destroy the key and the tokens of an object's sealed values: no one can read or find them again; every proof stands."""
    with writing(office, act=f"{register}.erase", actor=actor, reason=reason, seen=party_id) as work:
        work.cursor.execute("DELETE FROM seal WHERE register = %s AND object = %s", [register, party_id])
        if not work.cursor.rowcount:
            raise FaultsError([_nothing(register, party_id)])
        work.cursor.execute("DELETE FROM seal_blind WHERE register = %s AND object = %s", [register, party_id])
    _forget(office)
    return work.change


def erase_payload(office: Office, seq: int, *, actor: str, reason: str) -> Change:
    """Destroy what entry `seq` of the log commits to, with its salt; the entry and its place in the tree stay."""
    with writing(office, act="log.erase", actor=actor, reason=reason, erased=[seq]) as work:
        work.cursor.execute("DELETE FROM audit_payload WHERE seq = %s", [seq])
        if not work.cursor.rowcount:
            raise FaultsError([_nothing("audit_payload", str(seq))])
    return work.change


def rotate_key(office: Office, *, actor: str, reason: str) -> Change:
    """Give the office a new key: wraps every object's key anew and makes every token anew, in one transaction.

    The new key lies beside the old until the database holds what it wraps; a process killed between is finished by the next
    opening. Sealed values themselves stay as they are.
    """
    with cipher.key_lock(office):
        office.memory.pop("sealer", None)  # another process may have changed it since it was read
        old = cipher.need_sealer(office)
        with writing(office, act="office.rotate_key", actor=actor, reason=reason) as work:
            new = cipher.stage_key(office)
            cipher.rewrap(office, work.cursor, old, new, list(_tokens(office, work.cursor, new)))
        cipher.put_key(office)
    return work.change


def check_seals(office: Office) -> list[Fault]:
    """Return a fault for each object whose sealed values no longer open or are no longer found, and that nobody erased.

    Where the key of the office is not here nothing can be said, and nothing is.
    """
    from ecoweb.records.log import acted_on

    sealed = cipher.sealer(office)
    if sealed is None:
        return []
    lost: dict[tuple[str, str], Text] = {}
    with office.reading() as cursor:
        for register in REGISTERS:
            columns = sealed_columns(register)
            if not columns:
                continue
            erased = acted_on(cursor, f"{register}.erase")
            cursor.execute('SELECT object, "column", token FROM seal_blind WHERE register = %s', [register])
            tokens = {(o, c, t.encode() if isinstance(t, str) else bytes(t)) for o, c, t in cursor.fetchall()}
            for stored in _readable(office, cursor, register):
                names, ids = object_names(register, stored), stored["id"].to_pylist()
                values = {c: stored[c].to_pylist() for c in columns}
                for place, name in enumerate(names):
                    if name in erased or (register, name) in lost:
                        continue
                    part = {c: [v[place]] for c, v in values.items() if v[place] is not None}
                    if not part:
                        continue
                    try:
                        clear = cipher.opened_values(office, cursor, register, [name], [ids[place]], part)
                    except (FaultsError, ValueError):
                        lost[register, name] = _UNOPENED
                        continue
                    if any(v[0] == cipher.HIDDEN for v in clear.values()):
                        lost[register, name] = _UNOPENED
                    elif any((name, c, sealed.token(register, c, str(v[0]))) not in tokens for c, v in clear.items()):
                        lost[register, name] = _UNFOUND
    return [Fault("records.seal", r, n, what, _RESTORE) for (r, n), what in lost.items()]


def _readable(office: Office, cursor: Any, register: str) -> Iterator[pa.Table]:
    """Yield a register up to where a value is none of its column; `verify_log` names that row."""
    try:
        yield from read_stored(office, cursor, register)
    except (pa.ArrowException, ValueError, OverflowError, TypeError):
        return


_UNOPENED = Text(
    "密封的个人信息打不开，也没有销毁记录。", "its sealed personal data do not open, and no record says they were erased."
)
_UNFOUND = Text("密封的个人信息不能再查到。", "its sealed personal data can no longer be found by value.")
_RESTORE = Text("从备份恢复，并追查。", "Restore a backup and find out by whom.")


def _latest(office: Office, cursor: Any, register: str, name: str) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    where = "WHERE " + " AND ".join(f'"{k}" = %s' for k in object_key(register)) + " AND known_to IS NULL"
    since = None
    for stored in read_stored(office, cursor, register, where, name.split("/", len(object_key(register)) - 1)):
        ids, begun = stored["id"].to_pylist(), stored["valid_from"].to_pylist()
        sealed = {c: stored[c].to_pylist() for c in sealed_columns(register)}
        opened = cipher.opened_values(office, cursor, register, [name] * len(ids), ids, sealed)
        for place, day in enumerate(begun):
            if since is None or day >= since:
                since, found = day, {c: values[place] for c, values in opened.items()}
    if since is None:
        raise FaultsError([_nothing(register, name)])
    return found


def _tokens(office: Office, cursor: Any, new: cipher.Sealer) -> Iterator[tuple[str, str, str, bytes]]:
    """Return the tokens, under a new key, of every sealed value that can still be opened."""
    for register in REGISTERS:
        if not sealed_columns(register):
            continue
        for stored in read_stored(office, cursor, register):
            names = object_names(register, stored)
            sealed = {c: stored[c].to_pylist() for c in sealed_columns(register)}
            opened = cipher.opened_values(office, cursor, register, names, stored["id"].to_pylist(), sealed)
            for column, values in opened.items():
                for name, value in zip(names, values, strict=True):
                    if value and value != cipher.HIDDEN:
                        yield register, name, column, new.token(register, column, value)


def _forget(office: Office) -> None:
    """Let SQLite overwrite what was deleted, in the file and in its write-ahead log."""
    if office.vendor == "sqlite":
        with office.words(), office.connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _nothing(register: str, name: str) -> Fault:
    return Fault(
        "records.nothing",
        register,
        name,
        Text("没有可处理的内容：不存在，或已经销毁。", "there is nothing to act on: it never was, or is destroyed already."),
        Text("检查编码。", "Check the code."),
    )
