"""The audit log: one entry for each change, in the same transaction, chained and committed to, without personal data.

Format of supervision sheet, section 6: an entry is JSON with sorted keys, no blanks, only texts and integers (`act, actor,
obj, pc, prev, seq, time, v`); `prev` is the SHA-256 of the entry before, `pc` commits with a salt to the payload, which lies
in a table of its own and can be destroyed without breaking a proof. The payload of a change says what the change was and
carries the digest of every row it wrote, so that `verify_log` can name a row that someone altered by SQL.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

import pyarrow as pa

from ecocomp.governance.merkle import checkpoint_body, leaf_hash, merkle_root
from ecocomp.io.files import canonical_json
from ecocomp.terms.faults import Fault
from ecocomp.terms.registers import REGISTERS
from ecocomp.terms.text import Text
from ecoweb.office import Office
from ecoweb.records.fields import from_micros, to_micros
from ecoweb.records.tables import object_names, read_stored, row_digests, stored_schema

NO_ENTRY = "0" * 64
ENTRY_MAX_BYTES = 65_535
DIGEST_BYTES = 32


def entry_bytes(seq: int, time: datetime, act: str, actor: str, obj: str, commitment: str, prev: str) -> bytes:
    """Return one entry byte for byte; ValueError if it is longer than 65,535 bytes."""
    entry = canonical_json(
        {"act": act, "actor": actor, "obj": obj, "pc": commitment, "prev": prev, "seq": seq, "time": stamp(time), "v": 1}
    )
    if len(entry) > ENTRY_MAX_BYTES:
        raise ValueError(f"an entry of {len(entry)} bytes")
    return entry


def stamp(time: datetime) -> str:
    """Return a moment (UTC) as the log writes it.

    >>> stamp(from_micros(0))
    '1970-01-01T00:00:00.000000Z'
    """
    return from_micros(to_micros(time)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def commitment(salt: bytes, payload: bytes) -> str:
    """Return the salted commitment to a payload."""
    return sha256(salt + payload).hexdigest()


# ---------------------------------------------------------------- what a change wrote
@dataclass
class Written:
    """What one change did to the registers.

    added   register -> (first id, digests of its rows in the order of their ids, without a gap)
    closed  register -> ids of the rows it ended
    """

    added: dict[str, tuple[int, list[bytes]]] = field(default_factory=dict)
    closed: dict[str, list[int]] = field(default_factory=dict)

    def payload(self, facts: dict[str, Any]) -> bytes:
        """Return the payload: one line of JSON, then the digests of the added rows, register by register."""
        head = {
            **facts,
            "added": {r: [first, len(digests)] for r, (first, digests) in sorted(self.added.items())},
            "closed": {r: _ranges(ids) for r, ids in sorted(self.closed.items())},
        }
        return b"".join([canonical_json(head), b"\n", *(b"".join(self.added[r][1]) for r in sorted(self.added))])


def _ranges(ids: Iterable[int]) -> list[list[int]]:
    """Return whole numbers as ranges, both ends included."""
    found: list[list[int]] = []
    for id in sorted(ids):
        if found and found[-1][1] == id - 1:
            found[-1][1] = id
        else:
            found.append([id, id])
    return found


def append(cursor: Any, seq: int, at: datetime, facts: dict[str, Any], written: Written, obj: str) -> str:
    """Write entry `seq` and its payload inside the caller's transaction; return the SHA-256 of the payload."""
    payload, salt = written.payload(facts), os.urandom(32)
    cursor.execute("SELECT entry FROM audit_entry WHERE seq = %s", [seq - 1])
    before = cursor.fetchone()
    prev = sha256(before[0].encode()).hexdigest() if before else NO_ENTRY
    entry = entry_bytes(seq, at, facts["act"], facts["actor"], obj, commitment(salt, payload), prev)
    cursor.execute("INSERT INTO audit_entry (seq, entry) VALUES (%s, %s)", [seq, entry.decode()])
    cursor.execute("INSERT INTO audit_payload (seq, salt, payload) VALUES (%s, %s, %s)", [seq, salt, payload])
    return sha256(payload).hexdigest()


def acted_on(cursor: Any, act: str) -> set[str]:
    """Return the objects that changes of an act name as seen."""
    cursor.execute("SELECT p.payload FROM audit_payload p JOIN change c ON c.seq = p.seq WHERE c.act = %s", [act])
    return {str(json.loads(bytes(row[0]).partition(b"\n")[0]).get("seen")) for row in cursor.fetchall()}


# ---------------------------------------------------------------- the tree
def leaves(office: Office) -> list[bytes]:
    """Return the leaf hashes of the log in order, for `ecocomp.governance.merkle`."""
    with office.reading() as cursor:
        cursor.execute("SELECT entry FROM audit_entry ORDER BY seq")
        return [leaf_hash(row[0].encode()) for row in cursor.fetchall()]


def checkpoint(office: Office, origin: str) -> str:
    """Return the body of a checkpoint of the log as it is now, to be signed and given to witnesses."""
    found = leaves(office)
    return checkpoint_body(origin, len(found), merkle_root(found))


# ---------------------------------------------------------------- verification
def verify_log(office: Office, size: int | None = None, root: bytes | None = None) -> list[Fault]:
    """Check the whole log and every row of every register against it; an empty list means nothing was altered.

    size, root  a checkpoint kept elsewhere: the log must begin with exactly those entries
    """
    with office.reading() as cursor:
        cursor.execute("SELECT seq, entry FROM audit_entry ORDER BY seq")
        entries = [(int(s), str(e)) for s, e in cursor.fetchall()]
        faults = [*_chain_faults(entries), *_kept_faults([e for _, e in entries], size, root)]
        heads, erased, found = _payload_faults(cursor, dict(entries))
        faults += found
        for register in REGISTERS:
            faults += _register_faults(office, cursor, register, heads, erased)
    return faults


def _chain_faults(entries: Sequence[tuple[int, str]]) -> list[Fault]:
    faults, prev = [], NO_ENTRY
    for place, (seq, entry) in enumerate(entries):
        try:
            said = json.loads(entry)
            sound = said["seq"] == seq == place and said["prev"] == prev and canonical_json(said).decode() == entry
        except (ValueError, KeyError, TypeError):
            sound = False
        if not sound:
            faults.append(_altered("audit_entry", str(seq), Text("与前一条不相连", "does not follow from the entry before it")))
        prev = sha256(entry.encode()).hexdigest()
    return faults


def _kept_faults(entries: Sequence[str], size: int | None, root: bytes | None) -> list[Fault]:
    if size is None or root is None:
        return []
    if len(entries) >= size and merkle_root([leaf_hash(e.encode()) for e in entries[:size]]) == root:
        return []
    what = Text(
        "前 {n} 条与所存校验点不符（现有 {m} 条）", "its first {n} entries are not those of the kept checkpoint ({m} are here)"
    )
    return [_altered("audit_entry", "", what.fill(n=size, m=len(entries)))]


@dataclass(frozen=True)
class _Head:
    """What the payload of one change says, and where its digests lie."""

    facts: dict[str, Any]
    digests: bytes

    def of(self, register: str) -> tuple[int, list[bytes]]:
        """Return the first id and the digests of the rows it added to a register."""
        start = 0
        for name, (first, count) in sorted(self.facts["added"].items()):
            if name == register:
                part = self.digests[start : start + count * DIGEST_BYTES]
                return first, [part[i : i + DIGEST_BYTES] for i in range(0, len(part), DIGEST_BYTES)]
            start += count * DIGEST_BYTES
        return 0, []


def _payload_faults(cursor: Any, entries: dict[int, str]) -> tuple[dict[int, _Head], set[int], list[Fault]]:
    """Check payloads and the rows of `change` against the entries; return what the sound payloads say, and which were erased."""
    heads: dict[int, _Head] = {}
    faults = []
    cursor.execute("SELECT seq, salt, payload FROM audit_payload ORDER BY seq")
    for seq, salt, payload in cursor.fetchall():
        body = bytes(payload)
        committed = _field(entries.get(seq, ""), "pc")
        if commitment(bytes(salt), body) != committed:
            faults.append(_altered("audit_payload", str(seq), Text("与日志中的承诺不符", "is not what the log committed to")))
            continue
        line, _, digests = body.partition(b"\n")
        heads[seq] = _Head(json.loads(line), digests)
    erased = {int(n) for h in heads.values() for n in h.facts.get("erased", [])}
    for seq in sorted(set(entries) - set(heads) - erased):
        faults.append(
            _altered("audit_payload", str(seq), Text("缺失，且没有销毁记录", "is missing, and no record says it was destroyed"))
        )
    return heads, erased, [*faults, *_change_faults(cursor, entries, heads)]


def _field(entry: str, name: str) -> str:
    try:
        return str(json.loads(entry)[name])
    except (ValueError, KeyError, TypeError):
        return ""


def _change_faults(cursor: Any, entries: dict[int, str], heads: dict[int, _Head]) -> list[Fault]:
    cursor.execute("SELECT seq, at, act, actor, reason, source, tool FROM change ORDER BY seq")
    names = ("act", "actor", "reason", "source", "tool")
    faults, seen = [], set()
    for seq, at, *values in cursor.fetchall():
        seen.add(seq)
        entry = entries.get(seq, "")
        same = _field(entry, "time") == stamp(from_micros(at)) and _field(entry, "act") == values[0]
        if seq in heads:
            same &= {"at": at, **dict(zip(names, values, strict=True))} == {k: heads[seq].facts[k] for k in ("at", *names)}
        if not same:
            faults.append(_altered("change", str(seq), Text("与日志不符", "is not what the log says")))
    for seq in sorted(set(entries) - seen):
        faults.append(_altered("change", str(seq), Text("缺失", "is missing")))
    return faults


def _register_faults(office: Office, cursor: Any, register: str, heads: dict[int, _Head], erased: set[int]) -> list[Fault]:
    """Compare every row of a register with the digest its change committed to, and its end with the change that ended it.

    What a change with an erased payload wrote can no longer be checked; the row of its erasure says who gave that up.
    """
    expected = {seq: head.of(register) for seq, head in heads.items() if register in head.facts["added"]}
    ended = {id: seq for seq, head in heads.items() for a, b in head.facts["closed"].get(register, []) for id in range(a, b + 1)}
    owner = {first + i: (seq, digest) for seq, (first, digests) in expected.items() for i, digest in enumerate(digests)}
    moments = {seq: head.facts["at"] for seq, head in heads.items()}
    faults: list[Fault] = []
    try:
        for stored in read_stored(office, cursor, register):
            faults += _batch_faults(register, stored, owner, ended, moments, erased)
    except (pa.ArrowException, ValueError, OverflowError, TypeError):  # SQLite keeps a text in a column of numbers
        return [*faults, *_untyped(cursor, register)]
    for id, (seq, _) in sorted(owner.items()):
        faults.append(
            _altered(
                register, f"#{id}", Text("这一行缺失（变更 {s} 写入）", "this row is missing (change {s} wrote it)").fill(s=seq)
            )
        )
    return faults


def _batch_faults(
    register: str,
    stored: pa.Table,
    owner: dict[int, tuple[int, bytes]],
    ended: dict[int, int],
    moments: dict[int, int],
    erased: set[int],
) -> list[Fault]:
    faults = []
    names = object_names(register, stored)
    columns = (stored["id"], stored["change_id"], stored["ended_by_id"], stored["known_to"].cast(pa.int64()))
    rows = zip(names, *(c.to_pylist() for c in columns), row_digests(register, stored), strict=True)
    for name, id, change, ender, known_to, digest in rows:
        seq, committed = owner.pop(id, (None, b""))
        what = None
        if seq is None:
            what = None if change in erased else _STRAY
        elif digest != committed or seq != change:
            what = _CONTENT
        if what is None and ender not in erased:
            by_another = ender if ender != change else None
            if ended.get(id) != by_another or (by_another is not None and known_to != moments.get(by_another)):
                what = _END
        if what is not None:
            faults.append(_altered(register, f"{name} #{id}", what))
    return faults


def _untyped(cursor: Any, register: str) -> list[Fault]:
    """Name the rows of a register in SQLite that hold a value of another kind than their column."""
    kinds = {"known_from": "integer", "known_to": "integer"}
    wrong = []
    for f in stored_schema(register):
        plain = "text" if pa.types.is_string(f.type) or pa.types.is_date(f.type) else "integer"
        kind = kinds.get(f.name, "blob" if pa.types.is_binary(f.type) else plain)
        wrong.append(f"typeof(\"{f.name}\") NOT IN ('{kind}', 'null')")
        if pa.types.is_date(f.type):
            wrong.append(f'"{f.name}" IS NOT date("{f.name}")')
    cursor.execute(f'SELECT id FROM "{register}" WHERE {" OR ".join(wrong)} ORDER BY id LIMIT 50')
    rows = [str(row[0]) for row in cursor.fetchall()]
    return [_altered(register, f"#{id}" if id else "", _UNTYPED) for id in rows or [""]]


_UNTYPED = Text(
    "有不属于其列的值；改回之前，登记簿的其余各行无法核对",
    "holds a value of another kind than its column; until it is put back the rest of the register cannot be checked",
)
_STRAY = Text("日志中没有这一行", "the log knows no such row")
_CONTENT = Text("内容与日志不符", "its content is not what the log committed to")
_END = Text("其更正时刻与日志不符", "when it was corrected is not what the log says")


def _altered(table: str, record: str, what: Text) -> Fault:
    return Fault(
        "records.altered",
        table,
        record,
        what.fill(),
        Text(
            "数据库被绕过程序改动：从备份恢复，并追查。",
            "The database was changed behind the program: restore a backup and find out by whom.",
        ),
    )
