"""Sensitive personal data (class P3: identity number, account, telephone): sealed in the database, masked on the screen.

Each object (a party) has a key of its own, kept only wrapped with the key of the office; its values are sealed with
AES-256-GCM under that key, bound to table, row and column, so that a value moved elsewhere does not open. A keyed token
(HMAC) finds the objects that have a value without opening any. Destroying the object's key and tokens erases its values
while every row, digest and proof stands. Supervision sheet, sections 5 and 6.

References: NIST SP 800-38D (GCM); RFC 5869 (the office key is split by HKDF into one that wraps and one that makes tokens).
"""

from __future__ import annotations

import hmac
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from ecocomp.io.files import exclusive_lock
from ecocomp.terms.faults import Fault, FaultsError
from ecocomp.terms.text import Text
from ecoweb.office import Office, write_key
from ecoweb.records.tables import write_many

MASK = "*"
HIDDEN = "***"
"""What is shown of a sealed value that cannot be opened here: its key is kept elsewhere, or was destroyed."""
_KEPT = {"id_number": (3, 4), "account": (0, 4), "phone": (3, 4)}
_NONCE = 12
_IN_ONE = 500
NEW_KEY = ".new"


def mask(column: str, value: str) -> str:
    """Return what may be shown of a value: identity number and telephone 3 + 4 characters, account the last 4.

    >>> mask("phone", "13800001234")
    '138****1234'
    """
    head, tail = _KEPT.get(column, (0, 0))
    if len(value) < head + tail + 4:
        head, tail = 0, min(2, len(value) // 3)
    hidden = len(value) - head - tail
    return value[:head] + MASK * hidden + value[len(value) - tail :]


class Sealer:
    """Seals and opens the values of one office; holds its key in memory only."""

    def __init__(self, key: bytes) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self._cipher = AESGCM
        self._wrap = AESGCM(_derived(key, b"ecocomp wrap v1"))
        self._token = _derived(key, b"ecocomp token v1")
        self.check = hmac.new(_derived(key, b"ecocomp check v1"), b"key check", sha256).hexdigest()

    def new_key(self, register: str, name: str) -> tuple[bytes, bytes]:
        """Return a fresh key for an object, and the same wrapped."""
        key = os.urandom(32)
        return key, self.wrap(register, name, key)

    def wrap(self, register: str, name: str, key: bytes) -> bytes:
        """Return an object's key wrapped with the key of the office."""
        nonce = os.urandom(_NONCE)
        return nonce + self._wrap.encrypt(nonce, key, f"{register}\x1f{name}".encode())

    def unwrap(self, register: str, name: str, wrapped: bytes) -> bytes:
        """Return an object's key; raises `cryptography.exceptions.InvalidTag` if it is not this object's."""
        return self._wrap.decrypt(wrapped[:_NONCE], wrapped[_NONCE:], f"{register}\x1f{name}".encode())

    def seal(self, key: bytes, register: str, row: int, column: str, value: str) -> bytes:
        """Return a value sealed for one place: table, row, column."""
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher(key).encrypt(nonce, value.encode(), f"{register}\x1f{row}\x1f{column}".encode())

    def open(self, key: bytes, register: str, row: int, column: str, sealed: bytes) -> str:
        """Return the value; raises `cryptography.exceptions.InvalidTag` if it was sealed for another place."""
        clear = self._cipher(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], f"{register}\x1f{row}\x1f{column}".encode())
        return str(clear, "utf-8")

    def token(self, register: str, column: str, value: str) -> bytes:
        """Return the keyed token by which equal values are found."""
        return hmac.new(self._token, f"{register}\x1f{column}\x1f{value}".encode(), sha256).digest()


def _derived(key: bytes, what: bytes) -> bytes:
    """Return HKDF-SHA256 of a key that is uniform already: expand only, one block."""
    return hmac.new(hmac.new(b"\x00" * 32, key, sha256).digest(), what + b"\x01", sha256).digest()


# ---------------------------------------------------------------- the key of an office
def read_key(file: Path) -> bytes | None:
    """Return the key in a file, or None if there is none; FaultsError if it is no key."""
    try:
        said = file.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as exc:
        raise FaultsError([_no_key(file, str(exc))]) from None
    try:
        key = bytes.fromhex(said)
    except ValueError:
        key = b""
    if len(key) != 32:
        raise FaultsError([_no_key(file, "64 hexadecimal digits are expected")])
    return key


def sealer(office: Office) -> Sealer | None:
    """Return what opens the sealed values of an office, or None where its key is not here."""
    if "sealer" not in office.memory:
        key = read_key(office.key_file)
        office.memory["sealer"] = None if key is None else Sealer(key)
    found: Sealer | None = office.memory["sealer"]
    return found


def need_sealer(office: Office) -> Sealer:
    """Return the same, or raise a fault that says the key is needed."""
    found = sealer(office)
    if found is None:
        raise FaultsError([_missing_key(office)])
    return found


def check_key(office: Office) -> None:
    """Refuse a key that is not this office's; finish a change of key that was interrupted after its commit."""
    with office.words(), office.connection.cursor() as cursor:
        cursor.execute("SELECT key_check FROM office")
        row = cursor.fetchone()
    if row is None:
        return
    waiting = _waiting(office)
    if waiting.exists():
        with key_lock(office):  # waits for a change of key that is under way
            new = read_key(waiting)
            if new is not None and Sealer(new).check == row[0]:
                waiting.replace(office.key_file)
                office.memory.pop("sealer", None)
    found = sealer(office)
    if found is not None and found.check != row[0]:
        raise FaultsError([wrong_key(office)])


# ---------------------------------------------------------------- keys of objects
def object_keys(office: Office, cursor: Any, register: str, names: Sequence[str], make: bool) -> dict[str, bytes]:
    """Return the keys of objects; with `make`, an object without one gets it (inside the caller's transaction)."""
    from cryptography.exceptions import InvalidTag

    found: dict[str, bytes] = {}
    sealed = need_sealer(office)
    if make:
        cursor.execute("SELECT key_check FROM office")
        if (known := cursor.fetchone()) and known[0] != sealed.check:
            raise FaultsError([wrong_key(office)])
    wanted = list(dict.fromkeys(names))
    for start in range(0, len(wanted), 10_000):
        part = wanted[start : start + 10_000]
        marks = ", ".join(["%s"] * len(part))
        cursor.execute(f"SELECT object, wrapped FROM seal WHERE register = %s AND object IN ({marks})", [register, *part])
        for name, wrapped in cursor.fetchall():
            try:
                found[name] = sealed.unwrap(register, name, bytes(wrapped))
            except InvalidTag:  # the key of the office was changed after this process read it, or the row was altered
                raise FaultsError([wrong_key(office)]) from None
    if make:
        rows = []
        for name in wanted:
            if name not in found:
                found[name], wrapped = sealed.new_key(register, name)
                rows.append((register, name, wrapped))
        if rows:
            write_many(office, cursor, "seal", ("register", "object", "wrapped"), rows)
    return found


def add_tokens(office: Office, cursor: Any, rows: Sequence[tuple[str, str, str, bytes]]) -> None:
    """Keep the tokens (register, object, column, token) of values just sealed."""
    if rows:
        write_many(office, cursor, "seal_blind", ("register", "object", "column", "token"), rows, if_new=True)


def find(office: Office, cursor: Any, register: str, column: str, values: Iterable[str]) -> list[str]:
    """Return the objects that have, or once had, one of some sealed values."""
    sealed = need_sealer(office)
    tokens = sorted({sealed.token(register, column, v) for v in values})
    found: set[str] = set()
    for start in range(0, len(tokens), _IN_ONE):
        part = tokens[start : start + _IN_ONE]
        marks = ", ".join(["%s"] * len(part))
        sql = f'SELECT object FROM seal_blind WHERE register = %s AND "column" = %s AND token IN ({marks})'
        cursor.execute(sql, [register, column, *part])
        found.update(row[0] for row in cursor.fetchall())
    return sorted(found)


def opened_values(
    office: Office,
    cursor: Any,
    register: str,
    names: Sequence[str],
    ids: Sequence[int],
    columns: Mapping[str, Sequence[bytes | None]],
) -> dict[str, list[str | None]]:
    """Return sealed columns in clear; `HIDDEN` where the key of the object was destroyed.

    raises  FaultsError `records.moved_seal` when a sealed value was put where it does not belong
    """
    from cryptography.exceptions import InvalidTag

    sealed = need_sealer(office)
    keys = object_keys(office, cursor, register, names, make=False)
    found: dict[str, list[str | None]] = {}
    for column, values in columns.items():
        clear: list[str | None] = []
        for name, row, value in zip(names, ids, values, strict=True):
            key = keys.get(name)
            try:
                clear.append(None if value is None else HIDDEN if key is None else sealed.open(key, register, row, column, value))
            except InvalidTag:
                raise FaultsError([_moved(register, name, row, column)]) from None
        found[column] = clear
    return found


# ---------------------------------------------------------------- rotation
def rewrap(office: Office, cursor: Any, old: Sealer, new: Sealer, tokens: Sequence[tuple[str, str, str, bytes]]) -> int:
    """Wrap every object's key with the new key of the office and replace all tokens; return how many objects."""
    cursor.execute("SELECT key_check FROM office")
    if cursor.fetchone()[0] != old.check:
        raise FaultsError([wrong_key(office)])
    cursor.execute("SELECT id, register, object, wrapped FROM seal ORDER BY id")
    rows = cursor.fetchall()
    fresh = [(new.wrap(r, o, old.unwrap(r, o, bytes(w))), id) for id, r, o, w in rows]
    cursor.executemany("UPDATE seal SET wrapped = %s WHERE id = %s", fresh)
    cursor.execute("DELETE FROM seal_blind")
    add_tokens(office, cursor, tokens)
    cursor.execute("UPDATE office SET key_check = %s", [new.check])
    return len(rows)


def stage_key(office: Office) -> Sealer:
    """Write a new key beside the old one; `put_key` puts it in its place once the database holds what it wraps."""
    key = os.urandom(32)
    write_key(_waiting(office), key)
    return Sealer(key)


def put_key(office: Office) -> None:
    """Put the new key in the place of the old."""
    _waiting(office).replace(office.key_file)
    office.memory.pop("sealer", None)


@contextmanager
def key_lock(office: Office) -> Iterator[None]:
    """Hold the key file against others who would change it; FaultsError if another does not finish in time."""
    until = time.monotonic() + office.wait_s
    while True:
        lock = exclusive_lock(office.key_file.with_name(office.key_file.name + ".lock"))
        try:
            lock.__enter__()
            break
        except FaultsError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)
    try:
        yield
    finally:
        lock.__exit__(None, None, None)


def _waiting(office: Office) -> Path:
    return office.key_file.with_name(office.key_file.name + NEW_KEY)


def _no_key(file: Path, said: str) -> Fault:
    return Fault(
        "office.key",
        str(file),
        "",
        Text("密钥文件读不懂：{s}", "the key file cannot be read: {s}").fill(s=said),
        Text("从备份恢复密钥文件。", "Restore the key file from its backup."),
    )


def _missing_key(office: Office) -> Fault:
    return Fault(
        "office.key_missing",
        str(office.key_file),
        "",
        Text(
            "没有密钥，不能保存或查找身份证号、账号、电话。",
            "without the key, identity numbers, accounts and telephones cannot be kept or found.",
        ),
        Text("把密钥文件放回，或用环境变量 ECOCOMP_OFFICE_KEY 指出。", "Put the key file back, or name it in ECOCOMP_OFFICE_KEY."),
    )


def wrong_key(office: Office) -> Fault:
    return Fault(
        "office.key_wrong",
        str(office.key_file),
        "",
        Text("这不是本办公室的密钥。", "this is not the key of this office."),
        Text(
            "放回本办公室自己的密钥文件；刚更换过密钥的，重新打开办公室。",
            "Put this office's own key file there; if the key was just changed, open the office again.",
        ),
    )


def _moved(register: str, name: str, row: int, column: str) -> Fault:
    return Fault(
        "records.moved_seal",
        register,
        f"{name} #{row}",
        Text(
            "{c} 的密文不属于这一行：被改动或挪动过。", "the sealed {c} does not belong to this row: it was altered or moved."
        ).fill(c=column),
        Text("运行日志核验，并从备份恢复。", "Verify the log and restore from a backup."),
    )
