"""Refusals of foreign files, and what a file really is, told from its first bytes."""

from __future__ import annotations

import errno
import re
from pathlib import Path
from typing import Any

from ecocomp.terms.faults import Fault
from ecocomp.terms.text import Text

_MAGIC: tuple[tuple[bytes, Text], ...] = (
    (b"II*\x00", Text("TIFF", "a TIFF")),
    (b"MM\x00*", Text("TIFF", "a TIFF")),
    (b"II+\x00", Text("BigTIFF", "a BigTIFF")),
    (b"MM\x00+", Text("BigTIFF", "a BigTIFF")),
    (b"<VRTDataset", Text("GDAL 虚拟栅格（VRT），它指向别的文件", "a GDAL virtual raster (VRT), which points at other files")),
    (b"<OGRVRTDataSource", Text("OGR 虚拟矢量（VRT），它指向别的文件", "an OGR virtual layer (VRT), which points at other files")),
    (b"SQLite format 3\x00", Text("SQLite 数据库（GeoPackage 是其中一种）", "an SQLite database (GeoPackage is one kind)")),
    (b"PK\x03\x04", Text("ZIP 压缩包（XLSX 也是其中一种）", "a ZIP archive (XLSX is one kind)")),
    (b"PAR1", Text("Parquet", "Parquet")),
    (b"ARROW1", Text("Arrow/Feather 文件", "an Arrow/Feather file")),
    (b"\x00\x00\x27\x0a", Text("Shapefile", "a Shapefile")),
    (b"\x89HDF", Text("HDF5/NetCDF-4", "HDF5/NetCDF-4")),
    (b"CDF", Text("NetCDF", "NetCDF")),
    (b"\x0e\x03\x13\x01", Text("HDF4", "HDF4")),
    (b"\xd0\xcf\x11\xe0", Text("旧版 Office 文件（XLS/DOC）", "an old Office file (XLS/DOC)")),
    (b"\x89PNG", Text("PNG 图片", "a PNG picture")),
    (b"\xff\xd8\xff", Text("JPEG 图片", "a JPEG picture")),
    (b"EHFA_HEADER_TAG", Text("Erdas IMG", "Erdas IMG")),
    (b"Rar!", Text("RAR 压缩包", "a RAR archive")),
    (b"7z\xbc\xaf", Text("7z 压缩包", "a 7z archive")),
    (b"\x1f\x8b", Text("gzip 压缩文件", "a gzip file")),
    (b"%PDF", Text("PDF", "a PDF")),
)

GDB_TABLE = re.compile(r"a[0-9a-f]{8}\.(gdbtable|gdbtablx|cdf)|gdb")
"""The files of a File Geodatabase that are taken in, in small letters; its indexes and locks are not needed to read a layer."""


class Refuse(Exception):
    """The file is not taken; carries every fault found."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__(faults[0].code)
        self.faults: list[Fault] = list(faults)


def fault(code: str, where: str, clash: Text, remedy: Text, record: str = "", warn: bool = False) -> Fault:
    """Return a fault of `io`."""
    return Fault(f"io.{code}", where, record, clash, remedy, "warning" if warn else "error")


def head_of(path: str, size: int = 512) -> bytes:
    """Return the first bytes of a file."""
    with Path(path).open("rb") as file:
        return file.read(size)


def looks_like(head: bytes) -> Text:
    """Return what a file is, judged by its first bytes."""
    if not head:
        return Text("空文件", "an empty file")
    plain = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    for magic, name in _MAGIC:
        if head.startswith(magic) or (magic.startswith(b"<") and plain.startswith(magic)):
            return name
    if plain.startswith(b"<"):
        return Text("XML 或 HTML 文本", "XML or HTML text")
    if plain.startswith((b"{", b"[")):
        return Text("JSON 文本", "JSON text")
    if b"\x00" not in head:
        return Text("文本", "text")
    return Text("未知的二进制文件", "an unknown binary file")


def not_a(wanted: Text, where: str, head: bytes, remedy: Text) -> Refuse:
    """Return the refusal of a file that is something else than its name says."""
    clash = Text("应为{w}，实际是{f}。", "expected {w}; it really is {f}.").fill(w=wanted, f=looks_like(head))
    return Refuse(fault("wrong_format", where, clash, remedy))


def out_of_memory(where: str, memory_bytes: int) -> Fault:
    """Return the fault of a file that needs more memory than a child may use."""
    return fault(
        "worker_memory",
        where,
        Text("读取它需要的内存超过 {m:,} 字节。", "reading it needs more than {m:,} bytes of memory.").fill(m=memory_bytes),
        Text(
            "请检查文件是否正常，或裁剪、分块后重试。",
            "Check that the file is sound; clip it or rewrite it in tiles and try again.",
        ),
    )


def unreadable(where: str, exc: Exception, limits: dict[str, Any]) -> Fault:
    """Return the fault for what a library said when it could not read a file (or had no room to write)."""
    words = " ".join(_chain(exc))
    if re.search(r"memory|bad_alloc|allocate", words, re.IGNORECASE):
        return out_of_memory(where, limits["memory_bytes"])
    code = getattr(exc, "errno", None)
    if code in (errno.ENOSPC, errno.EDQUOT) or "No space left" in words:
        return fault(
            "disk_full",
            where,
            Text("磁盘空间不足，未能写出清理后的文件。", "the disk is full; the clean file could not be written."),
            Text("请腾出空间或换一个输出目录后重新运行。", "Free some space or choose another output folder and run again."),
        )
    if code == errno.EFBIG or "File too large" in words:
        return fault(
            "output_too_large",
            where,
            Text("清理后的文件会超过 {n:,} 字节。", "the clean file would have more than {n:,} bytes.").fill(
                n=limits["output_bytes"]
            ),
            Text("请裁剪到本县范围，或分幅提供。", "Clip it to the county or hand it in as several sheets."),
        )
    plain = re.sub(r"(GPKG:|GeoJSON:)?\b(in|out/parts)/source\b(?=\.)", "source", words)  # our own names say nothing to anyone
    why = re.sub(r"\s+", " ", re.sub(r"(/[^\s/]+)+/", "", plain))[:200]
    return fault(
        "unreadable",
        where,
        Text("文件读不出来：{w}。", "the file cannot be read: {w}.").fill(w=why),
        Text("文件可能不完整；请重新下载或导出。", "It may be incomplete; download or export it again."),
    )


def _chain(exc: BaseException) -> list[str]:
    words: list[str] = []
    link: BaseException | None = exc
    while link is not None and len(words) < 4:
        words.append(str(link) or type(link).__name__)
        link = link.__cause__ or link.__context__
    return words


def size_of(path: str) -> int:
    """Return the bytes of a file."""
    return Path(path).stat().st_size
