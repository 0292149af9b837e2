"""Foreign files are opened here, and only here: each in a child process of its own that lives as long as the file takes.

For the command line, the platform and the jobs alike. The child has no network, an empty environment, limits on
time, memory and size, and sees the input only under a name of ours; what comes back is a verdict, facts and a
clean file. A child that dies, hangs or grows too large is a fault of the file, never of the run.

    with Worker() as worker:
        answers = worker.run([RasterJob("rain", Path("降水.tif"))], out_dir)

Reference: GDAL documentation, "Security considerations".
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import select
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from ecocomp.io.files import CHUNK_BYTES, canonical_json, disk_words, remove_folder, require_space, sha256_of_open, write_json
from ecocomp.io.foreign.words import GDB_TABLE
from ecocomp.io.raster import LayerEncoding
from ecocomp.io.zygote import environment
from ecocomp.terms.faults import EcocompError, Fault, Severity, UsageError
from ecocomp.terms.text import Text, same

GIB = 1 << 30
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")
_TRICK = re.compile(r"[<>\x00-\x1f]|/vsi|://|^[A-Za-z][A-Za-z0-9_ ]+:", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_ANSWER_BYTES = 16 << 20
_START = "import sys,json;sys.path[:]=json.loads(sys.argv[1]);from ecocomp.io.zygote import main;main()"
_SUFFIXES = frozenset(
    (".tif", ".tiff", ".gpkg", ".shp", ".zip", ".json", ".geojson", ".parquet", ".csv", ".txt", ".tsv", ".xlsx", ".xlsm", ".xls")
)
_GDB_FILES = 4096
_SIDECARS = {".shp": (".shx", ".dbf", ".prj", ".cpg")}


@dataclass(frozen=True, slots=True)
class Limits:
    """What one child may use.

    memory_bytes  address space on top of the loaded libraries
    cpu_s, wall_s seconds of computing, seconds on the clock
    input_bytes   largest file taken in
    output_bytes  largest file a child may write
    parallel      children at once
    """

    memory_bytes: int = 3 * GIB
    cpu_s: int = 3600
    wall_s: float = 3600.0
    input_bytes: int = 256 * GIB
    output_bytes: int = 256 * GIB
    open_files: int = 64
    parallel: int = field(default_factory=lambda: os.cpu_count() or 1)


@dataclass(frozen=True, slots=True)
class RasterJob:
    """A GeoTIFF.

    name         our own name of the output (letters, digits, `_.-`)
    path         the foreign file
    bands        how many bands it should have
    max_cells    refused before reading if width × height × bands is more
    encoding     declared fills and valid range, so that min, max and mean in the facts leave them out
    accept_float64  take 64-bit floats and store them as 32-bit
    """

    name: str
    path: Path | str
    bands: int = 1
    max_cells: int = 4_000_000_000
    encoding: LayerEncoding | None = None
    accept_float64: bool = False

    def spec(self) -> dict[str, Any]:
        """Return what the child is told."""
        encoding = self.encoding.as_json() if self.encoding else None
        return {"bands": self.bands, "max_cells": self.max_cells, "accept_float64": self.accept_float64, "encoding": encoding}


@dataclass(frozen=True, slots=True)
class VectorJob:
    """A layer of polygons, lines or points: GeoPackage, Shapefile, File Geodatabase (or a ZIP of one), GeoJSON, GeoParquet.

    path      the file; of a File Geodatabase the folder `NAME.gdb`
    layer     name of the layer, needed where a GeoPackage or File Geodatabase holds several
    encoding  of a Shapefile's texts, where the owner knows it; found out otherwise
    """

    name: str
    path: Path | str
    layer: str | None = None
    encoding: str | None = None
    max_features: int = 20_000_000
    max_fields: int = 255
    max_vertices: int = 2_000_000

    def spec(self) -> dict[str, Any]:
        """Return what the child is told."""
        caps = {"max_features": self.max_features, "max_fields": self.max_fields, "max_vertices": self.max_vertices}
        return {"layer": self.layer, "encoding": self.encoding, **caps}


@dataclass(frozen=True, slots=True)
class TableJob:
    """A table: CSV, XLSX or Parquet. Every cell comes out as text, so that codes keep their zeros.

    sheet       name of the sheet, needed where a workbook holds several that are not empty
    header_row  row that holds the column names, counted from 1
    """

    name: str
    path: Path | str
    sheet: str | None = None
    header_row: int = 1
    max_rows: int = 50_000_000
    max_columns: int = 512
    max_cells: int = 1_000_000_000

    def spec(self) -> dict[str, Any]:
        """Return what the child is told."""
        caps = {"max_rows": self.max_rows, "max_columns": self.max_columns, "max_cells": self.max_cells}
        return {"sheet": self.sheet, "header_row": self.header_row, **caps}


@dataclass(frozen=True, slots=True)
class SheetsJob:
    """All sheets of a workbook, or a CSV, as they lie there: every row with what each cell was (`io.foreign.sheets`)."""

    name: str
    path: Path | str
    max_rows: int = 5_000_000
    max_columns: int = 256
    max_cells: int = 200_000_000

    def spec(self) -> dict[str, Any]:
        """Return what the child is told."""
        return {"max_rows": self.max_rows, "max_columns": self.max_columns, "max_cells": self.max_cells}


Job = RasterJob | VectorJob | TableJob | SheetsJob
_KINDS = {RasterJob: "raster", VectorJob: "vector", TableJob: "table", SheetsJob: "sheets"}
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one job.

    ok         a clean file lies at `path`, its facts beside it (`NAME.json`)
    isolation  which guards really stood: {"network": …, "files": …}
    trace      for the programmer, when a library raised something
    """

    name: str
    ok: bool
    facts: dict[str, Any]
    faults: list[Fault]
    path: Path | None
    isolation: dict[str, bool]
    trace: str = ""


@dataclass(slots=True)
class _Running:
    job: Job
    folder: Path
    sha256: str
    source_bytes: int


class Worker:
    """Opens foreign files in children, several at once; use it in a `with` statement.

    `pid` is the process that forks them; it starts on the first job and again if something ended it.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self._zygote: subprocess.Popen[bytes] | None = None
        self._log: IO[bytes] | None = None
        self._waiting = b""

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        """The forking process, None before the first job."""
        return self._zygote.pid if self._zygote else None

    def run(self, jobs: Sequence[Job], out_dir: Path | str, progress: Progress | None = None) -> list[Answer]:
        """Open every file, write clean files to `out_dir`, return the answers in the order of the jobs.

        progress  called after each file with (files done, files in all, name of this one)
        raises    `UsageError` for names that cannot be ours, `DiskError` when the disk is full
        """
        _check_names(jobs)
        out = Path(out_dir).resolve()
        out.mkdir(parents=True, exist_ok=True)
        answers: dict[int, Answer] = {}
        running: dict[int, _Running] = {}
        try:
            for n, job in enumerate(jobs):
                while len(running) >= self.limits.parallel:
                    self._collect(running, answers, out, progress, len(jobs))
                self._admit(n, job, out, running, answers)
                if n in answers and progress:
                    progress(len(answers), len(jobs), job.name)
            while running:
                self._collect(running, answers, out, progress, len(jobs))
        finally:
            if running:
                self.close()
            for left in running.values():
                remove_folder(left.folder)
        return [answers[n] for n in range(len(jobs))]

    def close(self) -> None:
        """End the forking process and, with it, every child."""
        if self._zygote is None:
            return
        zygote, self._zygote, self._waiting = self._zygote, None, b""
        for pipe in (zygote.stdin, zygote.stdout):
            with suppress(OSError):
                pipe.close()  # type: ignore[union-attr]
        try:
            zygote.wait(5)
        except subprocess.TimeoutExpired:
            zygote.kill()
            zygote.wait()
        if self._log:
            self._log.close()

    # ------------------------------------------------------------ taking a file in
    def _admit(self, n: int, job: Job, out: Path, running: dict[int, _Running], answers: dict[int, Answer]) -> None:
        folder = Path(tempfile.mkdtemp(prefix=".job-", dir=out))
        try:
            zygote = self._started()
            digest, size, names = _take_in(job.path, folder, self.limits.input_bytes, isinstance(job, VectorJob))
            spec = {**job.spec(), "where": _said(job.path), "files": names}
            order = {"n": n, "kind": _KINDS[type(job)], "folder": str(folder), "spec": spec, "limits": _as_limits(self.limits)}
            running[n] = _Running(job, folder, digest, size)
            with suppress(BrokenPipeError):
                zygote.stdin.write(json.dumps(order).encode() + b"\n")  # type: ignore[union-attr]
                zygote.stdin.flush()  # type: ignore[union-attr]
        except _NotTaken as exc:
            answers[n] = Answer(job.name, False, {}, [exc.fault], None, {})
            remove_folder(folder)
        except BaseException:
            running.pop(n, None)
            remove_folder(folder)
            raise

    def _started(self) -> subprocess.Popen[bytes]:
        if self._zygote is not None and self._zygote.poll() is None:
            return self._zygote
        if self._zygote is not None:
            self.close()
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        places = json.dumps([str(Path(p).resolve()) for p in sys.path if p])
        self._zygote = subprocess.Popen(
            [sys.executable, "-I", "-X", "utf8", "-c", _START, places],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log,
            env=environment(), cwd=tempfile.gettempdir(), start_new_session=True,
        )  # fmt: skip
        hello = self._line(120.0)
        if not hello or not hello.get("ready"):
            raise EcocompError(self._no_start())
        return self._zygote

    def _no_start(self) -> Text:
        assert self._log is not None
        self._log.seek(0)
        said = self._log.read()[-400:].decode("utf-8", "replace").strip()
        self.close()
        return Text(
            "无法启动读取外来文件的子进程：{s}。请重新安装 ecocomp 的依赖后再试。",
            "the process that reads foreign files did not start: {s}. Install the dependencies of ecocomp again.",
        ).fill(s=_clean(said))

    # ------------------------------------------------------------ getting an answer
    def _collect(
        self, running: dict[int, _Running], answers: dict[int, Answer], out: Path, progress: Progress | None, total: int
    ) -> None:
        message = self._line(self.limits.wall_s + 30.0)
        if message is None:
            self._abandon(running, answers)
            done = "—"
        else:
            one = running.pop(message["n"])
            try:
                answers[message["n"]] = _judge(one, message, out, self.limits)
            finally:
                remove_folder(one.folder)
            done = one.job.name
        if progress:
            progress(len(answers), total, done)

    def _abandon(self, running: dict[int, _Running], answers: dict[int, Answer]) -> None:
        """The forking process itself is gone: every file under way is a fault; the next file starts it anew."""
        if self._zygote is not None and self._zygote.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self._zygote.pid, signal.SIGKILL)
        for n, one in running.items():
            answers[n] = Answer(one.job.name, False, {}, [_died(one.job, "SIGKILL")], None, {})
            remove_folder(one.folder)
        running.clear()
        self.close()

    def _line(self, timeout_s: float) -> dict[str, Any] | None:
        """Return the next message of the forking process, None if it ended or said nothing for `timeout_s`."""
        zygote = self._zygote
        if zygote is None or zygote.stdout is None:
            return None
        until = time.monotonic() + timeout_s
        while b"\n" not in self._waiting:
            ready, _, _ = select.select([zygote.stdout], [], [], max(0.0, until - time.monotonic()))
            piece = os.read(zygote.stdout.fileno(), 1 << 16) if ready else b""
            if not piece:
                return None
            self._waiting += piece
        line, self._waiting = self._waiting.split(b"\n", 1)
        message: dict[str, Any] = json.loads(line)
        return message


# ---------------------------------------------------------------- the file at the door
class _NotTaken(Exception):
    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.code)
        self.fault = fault


def _check_names(jobs: Sequence[Job]) -> None:
    seen: set[str] = set()
    for job in jobs:
        if not _NAME.fullmatch(job.name) or job.name in seen:
            raise UsageError(
                Text(
                    "输入名 {n!r} 重复或含有不允许的字符；只用字母、数字、_ . -。",
                    "the input name {n!r} is used twice or holds a forbidden character; use letters, digits, _ . - only.",
                ).fill(n=job.name)
            )
        seen.add(job.name)


def _take_in(path: Path | str, folder: Path, limit_bytes: int, folders: bool = False) -> tuple[str, int, dict[str, str]]:
    """Copy or link a foreign file (a Shapefile with its parts, a File Geodatabase) into `folder/in` under our own name.

    folders  whether a folder `NAME.gdb` may be given
    Returns its SHA-256 (of several parts: that of the JSON of their hashes by suffix), its size, and
    {suffix: path relative to the job folder}.
    """
    (folder / "in").mkdir()
    (folder / "out").mkdir()
    real = _real(path, folders)
    database = real.is_dir()
    if database:
        (folder / "in" / "source.gdb").mkdir()
    names: dict[str, str] = {}
    digests: dict[str, str] = {}
    size = 0
    for suffix, part in _tables(real) if database else _parts(real):
        with _opened(part) as file:
            length = os.fstat(file.fileno()).st_size
            size += length
            if (size if database else length) > limit_bytes:
                raise _NotTaken(_too_large(real if database else part, size if database else length, limit_bytes))
            if suffix in digests:
                raise _NotTaken(_twice(part))
            digests[suffix] = _hash_of(file, part)
            file.seek(0)
            names[suffix] = f"in/source.gdb/{suffix}" if database else f"in/source{suffix}"
            _place(file, folder / names[suffix], length)
    if database:
        names = {".gdb": "in/source.gdb"}
        (folder / "in" / "source.gdb").chmod(0o500)
    (folder / "in").chmod(0o500)
    whole = next(iter(digests.values())) if len(digests) == 1 else hashlib.sha256(canonical_json(digests)).hexdigest()
    return whole, size, names


def _hash_of(file: IO[bytes], part: Path) -> str:
    """Return the SHA-256 of an open file; some files of the system are plain and still cannot be read."""
    try:
        return sha256_of_open(file)
    except OSError:
        raise _NotTaken(_not_plain(part)) from None


def _tables(real: Path) -> Iterator[tuple[str, Path]]:
    """Yield the tables of a File Geodatabase by their name in small letters; locks and indexes stay behind, links are refused."""
    found: dict[str, Path] = {}
    with os.scandir(real) as entries:
        for entry in entries:
            name = entry.name.lower()
            if entry.is_symlink() or (GDB_TABLE.fullmatch(name) and name in found):
                raise _NotTaken(_not_plain(Path(entry.path)))
            if GDB_TABLE.fullmatch(name):
                found[name] = Path(entry.path)
            if len(found) > _GDB_FILES:
                raise _NotTaken(_too_many_tables(real))
    yield from sorted(found.items())


def _real(path: Path | str, folders: bool = False) -> Path:
    text = os.fspath(path)
    if _TRICK.search(text):
        raise _NotTaken(_fault(
            "io.bad_name", _said(path), Text("路径含有不允许的写法（网址、/vsi、< > 或控制字符）。",
            "the path holds something that is not a plain file name (an address, /vsi, < > or a control character)."),
            Text("请给出本机上普通文件的路径。", "Give the path of an ordinary file on this machine."),
        ))  # fmt: skip
    try:
        real = Path(text).resolve(strict=True)
    except (OSError, RuntimeError, ValueError):
        raise _NotTaken(_fault(
            "io.missing_file", text, Text("文件不存在。", "the file does not exist."),
            Text("请检查路径与文件名的写法。", "Check the path and the spelling of the name."),
        )) from None  # fmt: skip
    if not real.is_file() and not (folders and real.is_dir() and real.suffix.lower() == ".gdb"):
        raise _NotTaken(_not_plain(real))
    return real


def _parts(real: Path) -> Iterator[tuple[str, Path]]:
    """Yield the file and, for a Shapefile, its parts in the same folder, found by stem whatever the case of the suffix."""
    suffix = real.suffix.lower() if real.suffix.lower() in _SUFFIXES else ".bin"
    yield suffix, real
    wanted = _SIDECARS.get(suffix, ())
    if not wanted:
        return
    for other in sorted(real.parent.iterdir()):
        if other.stem == real.stem and other.suffix.lower() in wanted:
            yield other.suffix.lower(), other


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    """Open a regular file that is not a link, without waiting on a pipe or device."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except PermissionError:
        raise _NotTaken(_fault(
            "io.no_permission", path.name, Text("没有读取权限。", "there is no permission to read it."),
            Text("请为当前用户开放读取权限。", "Allow the current user to read it."),
        )) from None  # fmt: skip
    except OSError:
        raise _NotTaken(_not_plain(path)) from None
    if not stat.S_ISREG(os.fstat(fd).st_mode):  # a folder cannot even be wrapped as a file
        os.close(fd)
        raise _NotTaken(_not_plain(path))
    with os.fdopen(fd, "rb") as file:
        yield file


def _place(source: IO[bytes], target: Path, size: int) -> None:
    """Copy an open file to `target`, read-only: by reference where the file system can share blocks."""
    require_space(target, size)
    with disk_words(target, size), target.open("xb") as sink:
        try:
            import fcntl

            fcntl.ioctl(sink.fileno(), 0x40049409, source.fileno())  # FICLONE
        except OSError:
            shutil.copyfileobj(source, sink, CHUNK_BYTES)
    target.chmod(0o400)


# ---------------------------------------------------------------- the answer at the door
def _judge(one: _Running, message: dict[str, Any], out: Path, limits: Limits) -> Answer:
    job = one.job
    if message["why"] == "timeout":
        return Answer(job.name, False, {}, [_slow(job, limits.wall_s)], None, {})
    said = _read_answer(one.folder / "out" / "answer.json")
    if message["status"] != 0 or said is None:
        return Answer(job.name, False, {}, [_dead(job, message["status"], one.folder, limits)], None, {})
    faults = [_as_fault(f) for f in said.get("faults", [])[:1000]]
    isolation = {k: said.get("isolation", {}).get(k) is True for k in ("network", "files")}
    output = said.get("output")
    trace = str(said.get("trace", ""))
    if output not in ("clean.tif", "clean.parquet") or any(f.severity == "error" for f in faults):
        return Answer(job.name, False, {}, faults, None, isolation, trace)
    facts = {**said["facts"], "sha256_source": one.sha256, "bytes_source": one.source_bytes, "source": _said(job.path)}
    made = one.folder / "out" / output
    if not stat.S_ISREG(os.lstat(made).st_mode):
        return Answer(job.name, False, {}, [_died(job, "?")], None, isolation, trace)
    final = out / f"{job.name}{made.suffix}"
    write_json(facts, out / f"{job.name}.json")
    made.replace(final)
    return Answer(job.name, True, facts, faults, final, isolation, trace)


def _read_answer(path: Path) -> dict[str, Any] | None:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(fd, "rb") as file:
            data = file.read(_ANSWER_BYTES + 1)
        said = json.loads(data) if len(data) <= _ANSWER_BYTES else None
    except (OSError, ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) and isinstance(said.get("facts"), dict) else None


def _as_fault(raw: dict[str, Any]) -> Fault:
    def word(key: str) -> str:
        return _clean(str(raw.get(key, "")))[:2000]

    severity: Severity = "warning" if raw.get("severity") == "warning" else "error"
    clash, remedy = Text(word("clash_zh"), word("clash_en")), Text(word("remedy_zh"), word("remedy_en"))
    return Fault(word("code"), word("where"), word("record"), clash, remedy, severity)


def _said(path: Path | str) -> str:
    """Return the file name as people may see it."""
    return _clean(Path(os.fspath(path)).name)


def _clean(text: str) -> str:
    """Return text without control and direction characters, so that a name cannot play with a terminal."""
    return _CONTROL.sub("?", text)


def _as_limits(limits: Limits) -> dict[str, Any]:
    return {
        "memory_bytes": limits.memory_bytes,
        "cpu_s": limits.cpu_s,
        "wall_s": limits.wall_s,
        "output_bytes": limits.output_bytes,
        "open_files": limits.open_files,
    }


# ---------------------------------------------------------------- sentences
def _fault(code: str, where: str, clash: Text, remedy: Text) -> Fault:
    return Fault(code, _clean(where), "", clash, remedy)


def _not_plain(path: Path) -> Fault:
    return _fault(
        "io.not_a_file",
        path.name,
        Text("不是普通文件（可能是文件夹、链接、管道或设备）。", "it is not an ordinary file (a folder, link, pipe or device)."),
        Text("请给出数据文件本身的路径。", "Give the path of the data file itself."),
    )


def _too_large(path: Path, size: int, limit: int) -> Fault:
    return _fault(
        "io.file_too_large",
        path.name,
        Text("文件有 {a:,} 字节，上限为 {b:,}。", "the file has {a:,} bytes; {b:,} are allowed.").fill(a=size, b=limit),
        Text("请裁剪到本县范围或分幅提供。", "Clip it to the county or hand it in as several sheets."),
    )


def _twice(path: Path) -> Fault:
    return _fault(
        "io.double_part",
        path.name,
        Text("同名的 {s} 有两个（大小写不同）。", "there are two {s} of this name (in small and in capital letters).").fill(
            s=path.suffix.lower()
        ),
        Text("请只留下属于本图层的一个。", "Keep only the one that belongs to the layer."),
    )


def _too_many_tables(path: Path) -> Fault:
    return _fault(
        "io.too_many_tables",
        path.name,
        Text("地理数据库有 {b:,} 个以上的表文件。", "the geodatabase holds more than {b:,} files of tables.").fill(b=_GDB_FILES),
        Text("请只导出需要的图层。", "Export the layer needed only."),
    )


def _slow(job: Job, wall_s: float) -> Fault:
    return _fault(
        "io.worker_timeout",
        _said(job.path),
        Text("读取超过 {s:g} 秒，已停止。", "reading it took more than {s:g} seconds and was stopped.").fill(s=wall_s),
        Text(
            "文件可能损坏或过大；请裁剪或转换格式后重试。", "The file may be broken or too large; clip or convert it and try again."
        ),
    )


def _dead(job: Job, status: int, folder: Path, limits: Limits) -> Fault:
    number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    if number == signal.SIGXCPU:
        return _slow(job, limits.cpu_s)
    with suppress(OSError):
        said = (folder / "out" / "log").read_bytes()[-4000:]
        if b"bad_alloc" in said or b"MemoryError" in said or b"Cannot allocate memory" in said:
            return _grown(job, limits.memory_bytes)
    return _died(job, signal.Signals(number).name if number else f"exit {os.waitstatus_to_exitcode(status)}")


def _died(job: Job, why: str) -> Fault:
    return _fault(
        "io.worker_died",
        _said(job.path),
        Text("读取它的子进程中途终止（{w}）。", "the process that read it ended halfway ({w}).").fill(w=same(why)),
        Text(
            "文件很可能已损坏或是恶意构造的；请用其他软件重新导出后再试。",
            "The file is probably broken or built to do harm; export it anew with other software and try again.",
        ),
    )


def _grown(job: Job, memory_bytes: int) -> Fault:
    return _fault(
        "io.worker_memory",
        _said(job.path),
        Text("读取它需要的内存超过 {m:,} 字节。", "reading it needs more than {m:,} bytes of memory.").fill(m=memory_bytes),
        Text(
            "请检查文件是否正常，或裁剪、分块后重试。",
            "Check that the file is sound; clip it or rewrite it in tiles and try again.",
        ),
    )
