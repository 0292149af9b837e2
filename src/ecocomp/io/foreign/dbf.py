"""The texts of a Shapefile's table (DBF): in which encoding they are, found out strictly.

In order: what the owner declares, the `.cpg` file, the language byte of the header, then UTF-8 and GB18030 tried on
every text of the table. A language byte that names a Western code comes last, because such a code fits any text.
A text cut in the middle of a character where it fills its field to the last byte is a known
habit of old software, and no reason to refuse the encoding.
"""

from __future__ import annotations

import codecs
import re
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ecocomp.io.files import CHUNK_BYTES
from ecocomp.io.foreign.words import Refuse, fault
from ecocomp.terms.text import Text

MAX_FIELDS = 2048
_LANGUAGE_BYTES = {0x4D: "gb18030", 0x7A: "gb18030", 0x57: "latin-1", 0x03: "cp1252", 0x58: "cp1252", 0x78: "big5", 0x4F: "big5"}
# A single-byte code fits any bytes, so it proves nothing; and 0x57 ("ANSI") is what much software writes over GBK texts.
_ANY_BYTES = frozenset({"latin-1", "cp1252"})
_CPG = {"936": "gb18030", "cp936": "gb18030", "gbk": "gb18030", "gb2312": "gb18030", "ansi 936": "gb18030", "65001": "utf-8",
        "utf8": "utf-8", "oem 936": "gb18030", "950": "big5",
        "1252": "cp1252", "88591": "latin-1", "iso88591": "latin-1"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Header:
    """The layout of a DBF: records, bytes of header and record, and the (offset, width) of each text field."""

    records: int
    header_bytes: int
    record_bytes: int
    language: int
    fields: int
    texts: tuple[tuple[int, int], ...]
    names: tuple[bytes, ...]


def read_header(path: str, where: str) -> Header:
    """Read the layout of a DBF; refuse one that contradicts itself."""
    with Path(path).open("rb") as file:
        head = file.read(32 + 32 * MAX_FIELDS + 1)
    if len(head) < 33:
        raise _broken(where)
    records, header_bytes, record_bytes = struct.unpack("<IHH", head[4:12])
    texts, names, at, place = [], [], 1, 32
    while place + 32 <= min(len(head), header_bytes) and head[place] != 0x0D:
        width = head[place + 16]
        if head[place + 11 : place + 12] == b"C":
            width += head[place + 17] << 8
            texts.append((at, width))
        names.append(head[place : place + 11].split(b"\x00")[0])
        at += width
        place += 32
    if not names or at > record_bytes or header_bytes < place + 1:
        raise _broken(where)
    return Header(records, header_bytes, record_bytes, head[29], len(names), tuple(texts), tuple(names))


def encoding_of(path: str, cpg: str | None, declared: str | None, where: str) -> tuple[str, str]:
    """Return (Python codec, how it was known: declared | cpg | header | found)."""
    header = read_header(path, where)
    if declared:
        return _codec(declared, where), "declared"
    tried: list[str] = []
    hints = [(_from_cpg(cpg), "cpg"), (_LANGUAGE_BYTES.get(header.language), "header"), ("utf-8", "found"), ("gb18030", "found")]
    hints = [h for h in hints if h[1] != "header" or h[0] not in _ANY_BYTES] + [h for h in hints if h[1] == "header"]
    for name, how in hints:
        if name is None or name in tried:
            continue
        if fits(path, header, name):
            return name, how
        tried.append(name)
    clash = Text("属性表的文字不符合任何一种：{t}。", "the texts of the table fit none of: {t}.").fill(t=", ".join(tried))
    raise Refuse(
        fault("other_encoding", where, clash, Text("请声明编码，或另存为 UTF-8。", "Declare the encoding, or save it as UTF-8."))
    )


def fits(path: str, header: Header, name: str) -> bool:
    """Return whether every text of the table, and every field name, is strictly of this encoding."""
    if not all(_decodes(n, name) for n in header.names):
        return False
    rows = max(1, CHUNK_BYTES // header.record_bytes)
    with Path(path).open("rb") as file:
        file.seek(header.header_bytes)
        while piece := file.read(rows * header.record_bytes):
            whole = len(piece) // header.record_bytes
            table = np.frombuffer(piece, np.uint8, whole * header.record_bytes).reshape(whole, header.record_bytes)
            if not all(_column_fits(table[:, at : at + width], name) for at, width in header.texts):
                return False
    return True


def _column_fits(cells: np.ndarray[Any, Any], name: str) -> bool:
    foreign = np.nonzero((cells >= 0x80).any(axis=1))[0]
    return all(_decodes(text, name, cut_ok=True) for text in {cells[i].tobytes() for i in foreign})


def _decodes(text: bytes, name: str, cut_ok: bool = False) -> bool:
    try:
        codecs.getincrementaldecoder(name)("strict").decode(text, final=not cut_ok)
    except UnicodeDecodeError:
        return False
    return True


def decode(text: bytes, name: str) -> str:
    """Decode one text; an incomplete character at its very end is left out."""
    return codecs.getincrementaldecoder(name)("strict").decode(text, final=False)


def _from_cpg(text: str | None) -> str | None:
    if not text:
        return None
    key = text.strip().lower()
    if key in _CPG or key.replace("-", "") in _CPG:
        return _CPG.get(key) or _CPG[key.replace("-", "")]
    try:
        return codecs.lookup(key).name if re.fullmatch(r"[a-z0-9_ .-]{2,20}", key) else None
    except LookupError:
        return None


def _codec(declared: str, where: str) -> str:
    found = _from_cpg(declared)
    if found is None:
        clash = Text("不认识编码“{e}”。", "the encoding “{e}” is not known.").fill(e=declared)
        raise Refuse(fault("other_encoding", where, clash, Text("请写 utf-8 或 gb18030。", "Write utf-8 or gb18030.")))
    return found


def _broken(where: str) -> Refuse:
    clash = Text("属性表（.dbf）的表头自相矛盾。", "the header of the table (.dbf) contradicts itself.")
    return Refuse(fault("unreadable", where, clash, Text("请重新导出 Shapefile。", "Export the Shapefile again.")))
