"""The last look before anything is published: every byte is searched for identity numbers, bank cards and mobile numbers.

Searched as text: the file itself, the members of ZIP containers (XLSX, ODS), compressed streams of PDF, gzip, and the
text columns and metadata of Parquet. What could not be opened is reported as *not tested*, never as clean. Text that a
PDF writes as glyph numbers and text inside pictures cannot be seen by this scan.

A hit is the kind and the place, never the number itself: the report of a leak must not be a second leak.
"""

from __future__ import annotations

import gzip
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from ecocomp.terms.faults import Fault
from ecocomp.terms.text import Text

KINDS: dict[str, Text] = {
    "id18": Text("18 位身份证号", "an 18-digit identity number"),
    "id15": Text("15 位身份证号", "a 15-digit identity number"),
    "card": Text("银行卡号", "a bank card number"),
    "mobile": Text("手机号", "a mobile number"),
}
MAX_BYTES = 512 * 2**20
_DEPTH = 3
# A candidate stands alone: no digit, letter or decimal point touches it (hashes and decimals are no numbers of people).
_ALONE = rb"(?<![0-9A-Za-z.])(%s)(?![0-9A-Za-z]|\.[0-9])"
_ID18 = re.compile(_ALONE % rb"[1-9]\d{16}[\dXx]")
_ID15 = re.compile(_ALONE % rb"[1-9]\d{14}")
_CARD = re.compile(_ALONE % rb"[3-69]\d{15,18}|[3-69]\d{3}(?:[ -]\d{4}){3}(?:[ -]\d{1,3})?")
_MOBILE = re.compile(rb"(?<![0-9A-Za-z.])((?:(?:\+|00)?86[ -]?)?1[3-9]\d(?:[ -]?\d{4}){2})(?![0-9A-Za-z]|\.[0-9])")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_STREAM = re.compile(rb"stream\r?\n")


@dataclass(frozen=True, slots=True)
class Hit:
    """One number found: kind, part of the file, byte offset within that part."""

    kind: str
    part: str
    offset: int


@dataclass(frozen=True, slots=True)
class Scan:
    """What a scan found, and the parts it could not test."""

    hits: tuple[Hit, ...]
    not_tested: tuple[str, ...] = ()

    def faults(self, where: str) -> list[Fault]:
        """Return an error for each hit and a warning for each part that was not tested."""
        out = [
            Fault(
                "governance.personal_data",
                where,
                f"{h.part} @{h.offset}".strip(),
                Text("含有{k}。", "It holds {k}.").fill(k=KINDS[h.kind]),
                Text(
                    "去掉个人信息后再发布；若是无关数字，请改写其格式。",
                    "Remove it before publishing; if it is another number, write it another way.",
                ),
            )
            for h in self.hits
        ]
        out += [
            Fault(
                "governance.not_tested",
                where,
                part,
                Text("这一部分没有检查到。", "This part could not be tested."),
                Text("用可读取的格式发布，或人工检查。", "Publish it in a readable format, or check it by hand."),
                "warning",
            )
            for part in self.not_tested
        ]
        return out


def scan(data: bytes, name: str = "") -> Scan:
    """Return what is found in the bytes of one file, containers opened; `name` is only used to name parts."""
    hits: list[Hit] = []
    missed: list[str] = []
    for part, content in _parts(data, name, missed, _DEPTH):
        hits += [Hit(kind, part, at) for kind, at in find(content)]
    return Scan(tuple(hits), tuple(missed))


def scan_files(root: Path, paths: list[Path]) -> list[Fault]:
    """Return the faults of all `paths`, named relative to `root`; a file over 512 MiB is reported as not tested."""
    out: list[Fault] = []
    for path in sorted(paths):
        where = path.relative_to(root).as_posix()
        found = Scan((), ("",)) if path.stat().st_size > MAX_BYTES else scan(path.read_bytes(), where)
        out += found.faults(where)
    return out


def find(content: bytes) -> list[tuple[str, int]]:
    """Return (kind, offset) of every number of a person in plain bytes.

    >>> find(b"tel 13800138000, sha 0a13800138000")
    [('mobile', 4)]
    """
    out = [("id18", m.start(1)) for m in _ID18.finditer(content) if is_id18(m[1].decode())]
    out += [("id15", m.start(1)) for m in _ID15.finditer(content) if _is_day(f"19{m[1][6:12].decode()}")]
    seen = {at for _, at in out}
    out += [
        ("card", m.start(1)) for m in _CARD.finditer(content) if m.start(1) not in seen and luhn(re.sub(rb"\D", b"", m[1]).decode())
    ]
    out += [("mobile", m.start(1)) for m in _MOBILE.finditer(content)]
    return sorted(out, key=lambda x: (x[1], x[0]))


def is_id18(text: str) -> bool:
    """Return whether an 18-character text has a real date and the check character of GB 11643 (ISO 7064 mod 11-2)."""
    check = "10X98765432"[sum(int(c) * w for c, w in zip(text[:17], _WEIGHTS, strict=True)) % 11]
    return check == text[17].upper() and _is_day(text[6:14])


def luhn(digits: str) -> bool:
    """Return whether the digits pass the Luhn check of ISO/IEC 7812.

    >>> luhn("4539578763621486"), luhn("4539578763621487")
    (True, False)
    """
    total = 0
    for i, c in enumerate(reversed(digits)):
        d = int(c) * (2 if i % 2 else 1)
        total += d - 9 if d > 9 else d
    return total % 10 == 0


def _is_day(text: str) -> bool:
    try:
        return date(1850, 1, 1) <= date(int(text[:4]), int(text[4:6]), int(text[6:8])) <= date(2150, 1, 1)
    except ValueError:
        return False


def _parts(data: bytes, name: str, missed: list[str], depth: int) -> Iterator[tuple[str, bytes]]:
    """Yield the file and everything readable inside it."""
    yield name, data
    if depth == 0:
        return
    if data[:4] == b"PK\x03\x04":
        yield from _zip_parts(data, name, missed, depth)
    elif data[:2] == b"\x1f\x8b":
        content = _inflate(data, missed, name, gzipped=True)
        if content:
            yield from _parts(content, f"{name}!", missed, depth - 1)
    elif data[:5] == b"%PDF-":
        for n, match in enumerate(_STREAM.finditer(data)):
            content = _inflate(data[match.end() :], [], name)
            if content:
                yield f"{name}!stream {n}", content
    elif data[:4] == b"PAR1":
        yield from _parquet_parts(data, name, missed)


def _zip_parts(data: bytes, name: str, missed: list[str], depth: int) -> Iterator[tuple[str, bytes]]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            if sum(m.file_size for m in members) > MAX_BYTES:
                missed.append(f"{name}!")
                return
            for m in members:
                yield from _parts(archive.read(m), f"{name}!{m.filename}", missed, depth - 1)
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError):
        missed.append(f"{name}!")


def _inflate(data: bytes, missed: list[str], name: str, gzipped: bool = False) -> bytes:
    """Return the decompressed start of `data`, at most MAX_BYTES; empty when it is not compressed this way."""
    try:
        if gzipped:
            with gzip.open(io.BytesIO(data)) as stream:
                content = stream.read(MAX_BYTES + 1)
        else:
            content = zlib.decompressobj().decompress(data, MAX_BYTES + 1)
    except (OSError, EOFError, zlib.error):
        missed.append(f"{name}!")
        return b""
    if len(content) > MAX_BYTES:
        missed.append(f"{name}!")
    return content[:MAX_BYTES]


def _parquet_parts(data: bytes, name: str, missed: list[str]) -> Iterator[tuple[str, bytes]]:
    """Yield the text columns of a Parquet file and its metadata, one value a line.

    Number columns are left out: eleven digits of fen are no telephone, and personal numbers are text by rule.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(io.BytesIO(data))
    except (pa.ArrowException, OSError, ValueError):
        missed.append(f"{name}!")
        return
    yield f"{name}!metadata", b"\n".join(x for pair in (table.schema.metadata or {}).items() for x in pair)
    for column in table.schema:
        values = table[column.name]
        if pa.types.is_dictionary(column.type):
            values = values.cast(column.type.value_type)
        if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
            yield f"{name}!{column.name}", "\n".join(x for x in values.to_pylist() if x).encode()
