"""Files that are whole or absent, and the same bytes for the same content.

For every part of ecocomp that writes to disk. A kill at any moment leaves the old file (or folder) or the
new one; a full disk is a sentence, not a traceback; one table has one Parquet image.

References: rename(2), renameat2(2), flock(2) of the Linux manual; Apache Parquet format 2.6.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from ecocomp.terms.faults import EcocompError, Fault, FaultsError
from ecocomp.terms.text import Text

if TYPE_CHECKING:
    import pyarrow as pa

CHUNK_BYTES = 8 * 1024 * 1024
ROW_GROUP_ROWS = 65_536
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class DiskError(EcocompError):
    """The disk, a quota or a file-size limit left no room for a write."""


# ---------------------------------------------------------------- hashes
def sha256_of(path: Path | str) -> str:
    """Return the SHA-256 of a file as 64 hexadecimal digits, read in pieces of 8 MiB."""
    with Path(path).open("rb") as file:
        return sha256_of_open(file)


def sha256_of_open(file: IO[bytes]) -> str:
    """Return the SHA-256 of what is left to read in an open file."""
    digest = hashlib.sha256()
    while piece := file.read(CHUNK_BYTES):
        digest.update(piece)
    return digest.hexdigest()


# ---------------------------------------------------------------- room on the disk
def space_left_bytes(path: Path | str) -> int:
    """Return the bytes an ordinary user may still write on the disk that holds `path` (or its nearest parent)."""
    place = Path(path).absolute()
    while not place.exists():
        place = place.parent
    return shutil.disk_usage(place).free


def require_space(path: Path | str, needed_bytes: int) -> None:
    """Raise `DiskError` if fewer than `needed_bytes` are free where `path` lies."""
    left = space_left_bytes(path)
    if left < needed_bytes:
        raise _disk_full(Path(path), needed_bytes, left)


@contextmanager
def disk_words(path: Path | str, needed_bytes: int | None = None) -> Iterator[None]:
    """Turn 'no space left', 'quota exceeded' and 'file too large' into a `DiskError` that says how much was needed."""
    try:
        yield
    except OSError as exc:
        if exc.errno not in _FULL:
            raise
        raise _disk_full(Path(path), needed_bytes, space_left_bytes(path), exc.errno) from exc


def _disk_full(path: Path, needed: int | None, left: int, code: int | None = None) -> DiskError:
    if code == errno.EFBIG:
        why = Text("文件大小受限", "the size of files is limited here")
    elif code == errno.EDQUOT:
        why = Text("磁盘配额已用完", "the disk quota is used up")
    else:
        why = Text("磁盘空间不足", "the disk is full")
    need = Text("", "") if needed is None else Text("需要 {n:,} 字节，", "{n:,} bytes were needed, ").fill(n=needed)
    return DiskError(
        Text(
            "{why}：写 {p} 时，{need}剩余 {left:,} 字节。请腾出空间或换一个输出目录后重新运行；原有结果未受影响。",
            "{why}: writing {p}, {need}{left:,} bytes are left. Free some space or choose another output folder"
            " and run again; what was there before is untouched.",
        ).fill(why=why, p=path, need=need, left=left)
    )


# ---------------------------------------------------------------- one file, whole or not at all
@contextmanager
def atomic_write(path: Path | str, needed_bytes: int | None = None) -> Iterator[Path]:
    """Give a temporary path beside `path`; on leaving without an error it is synced and takes the place of `path`.

    On an error the temporary file is removed and `path` stays as it was.
    """
    final = Path(path)
    temp = final.with_name(f".{final.name}.{os.getpid()}.part")
    with disk_words(final, needed_bytes):
        final.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield temp
            _sync(temp)
            temp.replace(final)
            _sync(final.parent)
        except BaseException:
            temp.unlink(missing_ok=True)
            raise


def write_bytes(data: bytes, path: Path | str) -> None:
    """Write `data` to `path`, whole or not at all."""
    with atomic_write(path, len(data)) as temp:
        temp.write_bytes(data)


def _sync(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


# ---------------------------------------------------------------- one folder, whole or not at all
def publish_folder(staged: Path | str, final: Path | str) -> None:
    """Put the folder `staged` in the place of `final`; a kill at any moment leaves the old folder or the new one.

    Both must lie on one file system. Where the kernel can exchange two names in one step (Linux, renameat2)
    `final` exists at every moment; elsewhere two renames are needed and `recover_folder(final)`, run at the next
    start, mends what a kill between them left. What was in `final` before is removed at the end.
    """
    new, old = Path(staged), Path(final)
    with disk_words(old):
        _sync_tree(new)
        old.parent.mkdir(parents=True, exist_ok=True)
        if not old.exists():
            new.rename(old)
            _sync(old.parent)
        elif _exchange(new, old):
            _sync(old.parent)
            shutil.rmtree(new)
        else:
            _publish_by_two_renames(new, old)


def recover_folder(final: Path | str) -> bool:
    """Finish or undo a `publish_folder` that was killed on a system without exchange; return whether there was one."""
    old = Path(final)
    aside = _aside(old)
    if not aside.exists():
        return False
    if old.exists():
        shutil.rmtree(aside)
    else:
        aside.rename(old)
        _sync(old.parent)
    return True


def _publish_by_two_renames(new: Path, old: Path) -> None:
    recover_folder(old)
    aside = _aside(old)
    old.rename(aside)
    new.rename(old)
    _sync(old.parent)
    shutil.rmtree(aside)


def _aside(final: Path) -> Path:
    return final.with_name(f".{final.name}.before")


def _sync_tree(folder: Path) -> None:
    for place, _, names in os.walk(folder):
        for name in names:
            file = Path(place, name)
            if file.is_file() and not file.is_symlink():
                _sync(file)
        _sync(Path(place))


def _exchange(one: Path, two: Path) -> bool:
    """Swap two names in one step; False where the kernel or the file system cannot."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError):
        return False
    at_cwd, swap = -100, 2
    if renameat2(at_cwd, os.fsencode(one), at_cwd, os.fsencode(two), ctypes.c_uint(swap)) == 0:
        return True
    code = ctypes.get_errno()
    if code in (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP):
        return False
    raise OSError(code, os.strerror(code), str(one), None, str(two))


# ---------------------------------------------------------------- one run at a time
@contextmanager
def exclusive_lock(path: Path | str) -> Iterator[None]:
    """Hold the lock file `path` for one process; a second one gets a `FaultsError` that names the first.

    The kernel frees the lock when the process ends in any way, so no stale lock can remain; the file itself stays.
    """
    place = Path(path)
    place.parent.mkdir(parents=True, exist_ok=True)
    fd = os.open(place, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FaultsError([_locked(place, os.read(fd, 32))]) from None
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(fd)


def _locked(place: Path, said: bytes) -> Fault:
    pid = said.decode("ascii", "replace").strip() or "?"
    return Fault(
        "io.locked",
        str(place.parent),
        "",
        Text("进程 {pid} 正在使用此目录。", "process {pid} is working in this folder.").fill(pid=pid),
        Text(
            "请等它结束再运行，或结束该进程；进程结束后锁自动释放。",
            "Wait until it ends, or end it; the lock goes with the process.",
        ),
    )


# ---------------------------------------------------------------- JSON
def canonical_json(value: Any) -> bytes:
    """Return a value as JSON bytes that depend on nothing but the value: keys sorted, no blanks, UTF-8.

    NaN and infinity are refused with `ValueError`, because JSON has no such numbers.

    >>> canonical_json({"b": 1, "a": "补偿"}).decode()
    '{"a":"补偿","b":1}'
    """
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.encode("utf-8")


def write_json(value: Any, path: Path | str) -> None:
    """Write a value as sorted, indented JSON with a newline at the end, whole or not at all."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, indent=1, allow_nan=False)
    write_bytes(text.encode("utf-8") + b"\n", path)


def read_json(path: Path | str) -> Any:
    """Read a JSON file of ours; `FaultsError` if it is missing or broken."""
    try:
        return json.loads(Path(path).read_bytes())
    except FileNotFoundError:
        raise FaultsError([_missing(Path(path))]) from None
    except (OSError, ValueError) as exc:
        raise FaultsError([_broken(Path(path), exc)]) from None


# ---------------------------------------------------------------- Parquet
def write_table(table: pa.Table, path: Path | str, row_group_rows: int = ROW_GROUP_ROWS) -> None:
    """Write a table as Parquet, whole or not at all; equal tables give equal bytes, however they are chunked.

    zstd, fixed row groups, page checksums, the Arrow schema with its metadata; metadata of pandas is dropped.
    The bytes also depend on the version of Arrow, which writes its name into the file.
    """
    with atomic_write(path, table.nbytes) as temp:
        write_batches(table.schema, [table], temp, row_group_rows)


def write_batches(schema: pa.Schema, tables: Iterable[pa.Table], path: Path | str, row_group_rows: int = ROW_GROUP_ROWS) -> int:
    """Write a stream of tables of one schema in the manner of `write_table` (but straight to `path`); return the rows."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = without_pandas(schema)
    waiting = schema.empty_table()
    rows = 0
    with (
        Path(path).open("wb") as sink,
        pq.ParquetWriter(sink, schema, compression="zstd", compression_level=3, write_page_checksum=True, version="2.6") as writer,
    ):
        for table in tables:
            waiting = pa.concat_tables([waiting, table.replace_schema_metadata(schema.metadata).cast(schema)])
            rows += len(table)
            whole = len(waiting) - len(waiting) % row_group_rows
            for start in range(0, whole, row_group_rows):
                writer.write_table(waiting.slice(start, row_group_rows).combine_chunks(), row_group_rows)
            waiting = waiting.slice(whole)
        if len(waiting) or not rows:
            writer.write_table(waiting.combine_chunks(), row_group_rows)
    return rows


def without_pandas(schema: pa.Schema) -> pa.Schema:
    """Return the schema without the metadata that pandas leaves behind (it names versions and an index)."""
    kept = {k: v for k, v in (schema.metadata or {}).items() if k != b"pandas"}
    return schema.with_metadata(kept or None)


def read_table(path: Path | str, columns: list[str] | None = None, schema: pa.Schema | None = None) -> pa.Table:
    """Read a Parquet file of ours, checking the page checksums; `FaultsError` if it is missing, broken or of other columns.

    columns  only these, in this order
    schema   expected columns and types (metadata aside)
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path, columns=columns, page_checksum_verification=True)
    except FileNotFoundError:
        raise FaultsError([_missing(Path(path))]) from None
    except (OSError, pa.ArrowException) as exc:
        raise FaultsError([_broken(Path(path), exc)]) from None
    if schema is not None and not table.schema.equals(schema, check_metadata=False):
        raise FaultsError([_other_columns(Path(path), table.schema, schema)])
    return table


def _missing(path: Path) -> Fault:
    return Fault(
        "io.missing_file",
        str(path),
        "",
        Text("文件不存在。", "the file does not exist."),
        Text("请检查路径，或重新运行产生它的步骤。", "Check the path, or run the step again that makes it."),
    )


def _broken(path: Path, exc: Exception) -> Fault:
    why = (str(exc).splitlines() or [""])[0][:200]
    return Fault(
        "io.broken_file",
        str(path),
        "",
        Text("文件已损坏或不是本系统写出的：{why}。", "the file is broken or was not written here: {why}.").fill(why=why),
        Text("请从备份恢复，或重新运行产生它的步骤。", "Restore it from a copy, or run the step again that makes it."),
    )


def _other_columns(path: Path, found: pa.Schema, wanted: pa.Schema) -> Fault:
    def words(schema: pa.Schema) -> str:
        return ", ".join(f"{f.name} {f.type}" for f in schema)

    return Fault(
        "io.other_columns",
        str(path),
        "",
        Text("列为 {a}，应为 {b}。", "the columns are {a}, expected {b}.").fill(a=words(found), b=words(wanted)),
        Text("请用同一版本的 ecocomp 重新生成。", "Make it again with this version of ecocomp."),
    )


def remove_folder(path: Path | str) -> None:
    """Remove a folder of ours if it is there."""
    with suppress(FileNotFoundError):
        shutil.rmtree(path)
