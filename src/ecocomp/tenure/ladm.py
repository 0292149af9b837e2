"""The exchange form of the registers after LADM (ISO 19152-1): one object a line, streamed both ways, the same bytes again.

For offices that hand their registers to another office, an archive or an auditor. A `.ladm.jsonl` file is JSON Lines in
UTF-8: a header (model, profile, coordinate system, code lists, whether sensitive data is in it), the objects, and a trailer
with the count of each class and the SHA-256 of all bytes before it. ISO 19152 defines classes and attributes but no file;
the form is this project's profile `ecocomp-ladm/1` (classes and attributes as data: `_ladm_schema`; table: docs/*/ladm.md).

Objects stand in this order, each register sorted by its key: sources, levels, parties, members, spatial units, basic
administrative units, rights, responsibilities, restrictions, mortgages, disputes, regions. LA_BAUnit and LA_Level follow
from the registers; they are written for readers of the standard and checked, not stored, on the way back. Sensitive personal
data (columns of unit `registers.P3`) leaves only with `personal=True`, and the header says so.

Known time is `beginLifespanVersion` / `endLifespanVersion` (class VersionedObject), valid time is `timeSpec`.

Reference: ISO 19152:2012, classes and attributes as seen in extracts (policy sheet 7.8, mark v); RFC 8259; RFC 3339.
"""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq

from ecocomp.io.files import atomic_write, publish_folder, read_table
from ecocomp.tenure import _ladm_checks as checks
from ecocomp.tenure import _ladm_schema as form
from ecocomp.tenure._ladm_schema import CLASSES, MODEL, PROFILE, SPATIAL_UNIT, Attribute, LadmClass, json_schema
from ecocomp.terms import codes
from ecocomp.terms.faults import Fault, errors
from ecocomp.terms.registers import CADASTRE
from ecocomp.terms.text import Text
from ecocomp.terms.unseen import escape_unseen

BATCH_ROWS = 16_384
LINE_BYTES = 64 << 20
MOST_FAULTS = 100_000
CRS = "EPSG:4490"
SPATIAL_SCHEMA = pa.schema(
    [("parcel_id", pa.string()), ("edition_id", pa.string()), ("village_code", pa.string()), ("land_class", pa.string()),
     ("area_dm2", pa.int64()), ("geometry", pa.binary())]
)  # fmt: skip
Rows: TypeAlias = pa.Table | Path
"""A table, or the Parquet file of one in the order of its key, which is then streamed."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ORDER = ("source", "edition", "party", "member", "spatial_unit", "tenure", "duty", "restriction", "mortgage", "dispute", "region",
          "region_change")  # fmt: skip


@dataclass(frozen=True, slots=True)
class LadmSummary:
    """What a file holds: objects of each class, and the SHA-256 its trailer states."""

    counts: dict[str, int]
    sha256: str


@dataclass(frozen=True, slots=True)
class LadmImport:
    """What a file says.

    header   its first line
    counts   objects of each class
    paths    register (and ``spatial_unit``) -> Parquet file; empty if there are errors
    faults   all of them, with line numbers
    """

    header: dict[str, Any]
    counts: dict[str, int]
    paths: dict[str, Path]
    faults: list[Fault]

    @property
    def ok(self) -> bool:
        """Whether the file is whole and sound."""
        return not errors(self.faults)

    def table(self, register: str) -> pa.Table:
        """Return one register as a table of its spec, sorted by its key; empty if the file has no rows of it."""
        if register == SPATIAL_UNIT.register:
            return read_table(self.paths[register]) if register in self.paths else SPATIAL_SCHEMA.empty_table()
        spec = CADASTRE[register]
        return spec.checked(read_table(self.paths[register])) if register in self.paths else spec.empty()


# ---------------------------------------------------------------- out
def export_ladm(
    path: Path | str,
    registers: Mapping[str, Rows],
    made_on: date,
    crs: str = CRS,
    personal: bool = False,
    spatial_units: Rows | None = None,
) -> LadmSummary:
    """Write registers as one `.ladm.jsonl` file, whole or not at all; the same registers give the same bytes.

    registers      name -> rows of `terms.registers` (all versions); a Path is a Parquet file sorted by the key, streamed
    made_on        day the file is made, for the header (no clock is read)
    crs            coordinate system of the geometry of spatial units
    personal       also write the columns of unit P3 (identity number, account, telephone)
    spatial_units  parcels of an edition: parcel_id, edition_id, area_dm2, and where known village_code, land_class and
                   geometry (WKB)
    raises         `ValueError` for a register that does not fit its spec, `DiskError` when the disk is full
    """
    sources = {n: _sorted(n, rows) for n, rows in registers.items()}
    with atomic_write(path) as temp, temp.open("wb") as sink:
        out = _Lines(sink)
        out.put(_header(made_on, crs, personal))
        for name in _ORDER:
            if name == SPATIAL_UNIT.register and spatial_units is not None:
                _put_units(out, spatial_units)
            if name == "tenure":
                out.put_all(checks.ba_units(sources))
            if name in sources:
                _put_register(out, name, sources[name], personal)
            if name == "edition" and name in sources:
                out.put_all(checks.levels(sources[name]))
        return out.close()


class _Lines:
    """Writes objects as lines and keeps count and hash."""

    def __init__(self, sink: Any) -> None:
        self.sink = sink
        self.digest = hashlib.sha256()
        self.counts: Counter[str] = Counter()

    def put_all(self, objects: Iterable[dict[str, Any]]) -> None:
        waiting: list[bytes] = []
        for one in objects:
            self.counts[one["class"]] += 1
            waiting.append(encode(one))
            if len(waiting) == 4096:
                self._write(b"".join(waiting))
                waiting = []
        self._write(b"".join(waiting))

    def put(self, one: dict[str, Any]) -> None:
        self._write(encode(one))

    def close(self) -> LadmSummary:
        summary = LadmSummary(dict(sorted(self.counts.items())), self.digest.hexdigest())
        self.sink.write(encode({"class": "trailer", "counts": summary.counts, "sha256": summary.sha256}))
        return summary

    def _write(self, data: bytes) -> None:
        self.digest.update(data)
        self.sink.write(data)


def encode(one: dict[str, Any]) -> bytes:
    """Return an object as one line: UTF-8, no blanks, unseen characters escaped, keys in the order given."""
    return (escape_unseen(json.dumps(one, ensure_ascii=False, separators=(",", ":"), allow_nan=False)) + "\n").encode()


def _header(made_on: date, crs: str, personal: bool) -> dict[str, Any]:
    lists = {n: {k: f"{t.zh} / {t.en}" for k, t in getattr(codes, n).items()} for n in form.CODE_LISTS}
    return {"class": "header", "model": MODEL, "profile": PROFILE, "crs": crs, "madeOn": made_on.isoformat(), "personal": personal,
            "codeLists": lists}  # fmt: skip


def _sorted(name: str, rows: Rows) -> Rows:
    return rows if isinstance(rows, Path) else CADASTRE[name].checked(rows)


def _batches(rows: Rows) -> Iterator[pa.RecordBatch]:
    if isinstance(rows, Path):
        yield from pq.ParquetFile(rows).iter_batches(BATCH_ROWS, use_threads=False)
    else:
        yield from rows.to_batches(max_chunksize=BATCH_ROWS)


def _put_register(out: _Lines, name: str, rows: Rows, personal: bool) -> None:
    writers = {k: _Writer(c, personal) for c in CLASSES if c.register == name for k in (c.only or ("",))}
    alone = writers.get("")
    for batch in _batches(rows):
        records = _pylist(batch)
        out.put_all((alone or writers[r["kind"]]).object(r) for r in records)


def _put_units(out: _Lines, rows: Rows) -> None:
    writer = _Writer(SPATIAL_UNIT, True)
    for batch in _batches(rows if isinstance(rows, Path) else rows.sort_by("parcel_id")):
        known = batch.select([n for n in SPATIAL_SCHEMA.names if n in batch.schema.names])
        out.put_all(writer.object(r) for r in _pylist(known))


def _pylist(batch: pa.RecordBatch) -> list[dict[str, Any]]:
    """Return rows with dates as text and moments as microseconds since 1970: faster than objects, and exact."""
    columns = []
    for f, column in zip(batch.schema, batch.columns, strict=True):
        if pa.types.is_date(f.type):
            column = column.cast(pa.string())
        elif pa.types.is_timestamp(f.type):
            column = column.cast(pa.int64())
        columns.append(column.to_pylist())
    names = batch.schema.names
    return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]


class _Writer:
    """Turns rows of a register into objects of one class."""

    def __init__(self, spec: LadmClass, personal: bool) -> None:
        self.spec = spec
        self.plan = [
            (*a.name.partition(".")[::2], a.column, _TO_JSON.get(a.type)) for a in spec.attributes if personal or not a.personal
        ]
        self.derive = _DERIVE.get(spec.name)

    def object(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return the object of a row (dates as text, moments as microseconds)."""
        out: dict[str, Any] = {"class": self.spec.name}
        for name, part, column, convert in self.plan:
            value = row.get(column)
            if value is None:
                continue
            if convert is not None:
                value = convert(value)
            if part:
                out.setdefault(name, {})[part] = value
            else:
                out[name] = value
        if self.derive is not None:
            self.derive(out, row)
        if self.spec.versioned:
            out["timeSpec"] = f"{row['valid_from']}/{row['valid_to'] or '..'}"
            out["beginLifespanVersion"] = _moment(row["known_from"])
            if row["known_to"] is not None:
                out["endLifespanVersion"] = _moment(row["known_to"])
        return out


def _hundredths(value: int) -> str:
    sign, value = ("-", -value) if value < 0 else ("", value)
    return f"{sign}{value // 100}.{value % 100:02d}"


def _moment(us: int) -> str:
    return (_EPOCH + timedelta(microseconds=us)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _to_us(text: str) -> int:
    return (datetime.fromisoformat(text) - _EPOCH) // timedelta(microseconds=1)


_TO_JSON: dict[str, Callable[[Any], Any]] = {"fen": _hundredths, "area": _hundredths, "hex": bytes.hex}


# ---------------------------------------------------------------- attributes that follow
def _party(out: dict[str, Any], row: Mapping[str, Any]) -> None:
    kind = row["kind"]
    out["type"] = form.PARTY_TYPE.get(kind, "nonNaturalPerson")
    if kind in form.PARTY_ROLE:
        out["role"] = form.PARTY_ROLE[kind]
    if kind in form.GROUP_TYPE:
        out["groupType"] = form.GROUP_TYPE[kind]


def _unit(out: dict[str, Any], row: Mapping[str, Any]) -> None:
    unit = row.get("unit_code") or row["parcel_id"]
    if unit is not None:
        out["unit"] = unit


def _recordation(out: dict[str, Any], row: Mapping[str, Any]) -> None:
    out["recordation"] = _moment(row["known_from"])[:10]


def _responsibility(out: dict[str, Any], row: Mapping[str, Any]) -> None:
    out["type"] = "tending"
    _unit(out, row)


def _restriction(out: dict[str, Any], row: Mapping[str, Any]) -> None:
    out["partyRequired"] = False
    _unit(out, row)


def _mortgage(out: dict[str, Any], row: Mapping[str, Any]) -> None:
    out["amountCurrency"] = "CNY"


def _spatial_unit(out: dict[str, Any], row: Mapping[str, Any]) -> None:
    out["areaType"] = "calculatedArea"


_DERIVE: dict[str, Callable[[dict[str, Any], Mapping[str, Any]], None]] = {
    "LA_Party": _party, "LA_GroupParty": _party, "LA_AdministrativeSource": _recordation, "LA_SpatialSource": _recordation,
    "LA_Right": _unit, "LA_Responsibility": _responsibility, "LA_Restriction": _restriction, "LA_Mortgage": _mortgage,
    "LA_SpatialUnit": _spatial_unit,
}  # fmt: skip


# ---------------------------------------------------------------- in
def import_ladm(path: Path | str, out_dir: Path | str) -> LadmImport:
    """Read and check a `.ladm.jsonl` file; write each register as Parquet, all of them or none.

    out_dir  folder of this import alone: what was in it before is replaced, whole or not at all

    Every line is checked against the schema, then references, keys, shares, units, counts and hash; all faults are
    returned, with line numbers. A file that is cut short or was changed is refused as a whole.
    """
    final = Path(out_dir)
    final.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".ladm-", dir=final.parent) as folder:
        reading = _Reading(Path(path), Path(folder))
        reading.read()
        files = reading.close()
        if reading.whole:
            reading.faults += checks.check_whole(files, reading.where, reading.unread)
        if errors(reading.faults):
            return LadmImport(reading.header, dict(reading.counts), {}, reading.faults)
        staged = Path(folder) / "staged"
        staged.mkdir()
        paths = {name: _without_line(file, staged / f"{name}.parquet") for name, file in files.items() if name in _KEPT}
        publish_folder(staged, final)
    return LadmImport(reading.header, dict(reading.counts), {n: final / p.name for n, p in paths.items()}, reading.faults)


_KEPT = frozenset((*CADASTRE, SPATIAL_UNIT.register))


def _without_line(file: Path, target: Path) -> Path:
    source = pq.ParquetFile(file)
    schema = pa.schema([f for f in source.schema_arrow if f.name != checks.LINE])
    with pq.ParquetWriter(target, schema, compression="zstd", write_page_checksum=True) as writer:
        for batch in source.iter_batches(65_536, columns=schema.names, use_threads=False):
            writer.write_batch(batch.cast(schema))
    return target


class _Reading:
    """One file on its way in: faults, counts, and a Parquet file for each register."""

    def __init__(self, path: Path, folder: Path) -> None:
        self.path, self.folder, self.where = path, folder, path.name
        self.faults: list[Fault] = []
        self.counts: Counter[str] = Counter()
        self.header: dict[str, Any] = {}
        self.trailer: dict[str, Any] | None = None
        self.readers: dict[str, _Reader] = {}
        self.sinks: dict[str, _Sink] = {}
        self.unread: dict[str, list[str]] = {}

    @property
    def whole(self) -> bool:
        """Whether the file is the one that was made, so that its objects can be judged together."""
        return bool(self.header) and all(f.code in ("ladm.value", "ladm.class") for f in self.faults)

    def add(self, code: str, number: int, clash: Text, remedy: Text) -> None:
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(Fault(f"ladm.{code}", self.where, f"line {number}" if number else "", clash, remedy))

    # ------------------------------------------------------------ lines
    def read(self) -> None:
        try:
            with self.path.open("rb") as file:
                self.lines(file)
        except OSError:
            self.add("unreadable", 0, Text("读不到文件。", "the file cannot be read."), Text("请检查路径。", "Check the path."))

    def lines(self, file: Any) -> None:
        digest = hashlib.sha256()
        number = 0
        while line := file.readline(LINE_BYTES):
            number += 1
            if self.trailer is not None:
                self.add("altered", number, Text("尾行之后还有内容。", "there is more after the trailer."), _AGAIN)
                return
            if not line.endswith(b"\n"):
                self.add("truncated", number, Text("这一行不完整。", "the line is cut short or too long."), _AGAIN)
                return
            if len(self.faults) >= MOST_FAULTS:
                self.add_more(number)
                return
            self.line(number, line)
            if number == 1 and not self.header:
                return
            if self.trailer is None:
                digest.update(line)
        self.end(number, digest.hexdigest())

    def add_more(self, number: int) -> None:
        clash = Text("错误超过 {n:,} 处，从这里起不再读。", "more than {n:,} faults; reading stopped here.").fill(n=MOST_FAULTS)
        self.faults.append(Fault("ladm.too_many", self.where, f"line {number}", clash, _AGAIN))

    def line(self, number: int, line: bytes) -> None:
        try:
            one = json.loads(line)
        except (ValueError, RecursionError) as exc:
            why = re.sub(r"\s+", " ", str(exc))[:120]
            self.add("json", number, Text("不是 JSON：{w}。", "it is not JSON: {w}.").fill(w=why), _AGAIN)
            return
        if not isinstance(one, dict) or not isinstance(one.get("class"), str):
            self.add("json", number, Text("不是带 class 的对象。", "it is not an object with a class."), _AGAIN)
        elif number == 1 or one["class"] == "header":
            self.take_header(number, one)
        elif one["class"] == "trailer":
            self.trailer = one
        else:
            self.object(number, one, line)

    def take_header(self, number: int, one: dict[str, Any]) -> None:
        wanted = {"model": MODEL, "profile": PROFILE}
        wrong = [k for k, v in wanted.items() if one.get(k) != v]
        known = {"class", "model", "profile", "crs", "madeOn", "personal", "codeLists"}
        sound = isinstance(one.get("personal"), bool) and isinstance(one.get("crs"), str) and isinstance(one.get("codeLists"), dict)
        if number != 1 or one["class"] != "header" or wrong or set(one) != known or not sound or not _is("date", one.get("madeOn")):
            self.add(
                "header", number,
                Text("首行应是 {m}、{p} 的头，且只有一个。", "the first line should be the one header of {m}, {p}.").fill(
                    m=MODEL, p=PROFILE
                ),
                _AGAIN,
            )  # fmt: skip
            return
        self.header = one

    def object(self, number: int, one: dict[str, Any], line: bytes) -> None:
        name = one["class"]
        self.counts[name] += 1
        if name in form.DERIVED_CLASSES:
            self.derived(number, one, line)
            return
        reader = self.reader(name)
        if reader is None:
            self.add("class", number, Text("没有类 {c}。", "there is no class {c}.").fill(c=name[:60]), _AGAIN)
            return
        row, problems = reader.row(one, line)
        for what in problems:
            self.add(
                "value",
                number,
                what,
                Text("对照字段表改正，重新生成文件。", "Correct it after the table of attributes and make the file anew."),
            )
        if row is not None and not problems:
            self.sink(reader.spec.register).add(number, row)
            return
        key = one.get(reader.spec.attributes[0].name)  # others may point at it: that it could not be read is said once
        self.unread.setdefault(reader.spec.register, []).append(key if isinstance(key, str) else "")

    def reader(self, name: str) -> _Reader | None:
        if name not in self.readers:
            spec = next((c for c in (*CLASSES, SPATIAL_UNIT) if c.name == name), None)
            if spec is None:
                return None
            self.readers[name] = _Reader(spec, bool(self.header.get("personal")))
        return self.readers[name]

    def derived(self, number: int, one: dict[str, Any], line: bytes) -> None:
        rows = checks.derived_rows(one)
        if rows is None:
            clash = Text("{c} 的写法不对。", "the {c} is not written as it should be.").fill(c=one["class"])
            self.add("value", number, clash, _AGAIN)
            return
        for row in rows:
            self.sink(one["class"]).add(number, row)

    def sink(self, name: str) -> _Sink:
        if name not in self.sinks:
            self.sinks[name] = _Sink(self.folder / f"{name}.parquet", _schema(name))
        return self.sinks[name]

    # ------------------------------------------------------------ the end
    def end(self, number: int, digest: str) -> None:
        if number == 0:
            self.add("header", 1, Text("没有头。", "there is no header."), _AGAIN)
        if self.trailer is None:
            self.add("truncated", number, Text("没有尾行，文件不完整。", "there is no trailer; the file is cut short."), _AGAIN)
            return
        said = self.trailer.get("counts")
        if set(self.trailer) != {"class", "counts", "sha256"} or not isinstance(said, dict):
            self.add("altered", number, Text("尾行的写法不对。", "the trailer is not written as it should be."), _AGAIN)
            return
        for name in sorted(set(said) | set(self.counts)):
            if said.get(name, 0) != self.counts.get(name, 0):
                self.add(
                    "altered", number,
                    Text("尾行说有 {a} 个 {c}，实际 {b} 个。", "the trailer says {a} of {c}, there are {b}.").fill(
                        a=said.get(name, 0), c=name[:60], b=self.counts.get(name, 0)
                    ), _AGAIN,
                )  # fmt: skip
        if self.trailer.get("sha256") != digest:
            self.add(
                "altered", number,
                Text("内容与尾行的指纹不符：文件被改动过。", "the content does not match the hash in the trailer: it was changed."),
                _AGAIN,
            )  # fmt: skip

    def close(self) -> dict[str, Path]:
        return {name: sink.close() for name, sink in self.sinks.items()}


_AGAIN = Text("请从来源重新导出。", "Export it again where it came from.")


def _schema(name: str) -> pa.Schema:
    if name in form.DERIVED_CLASSES:
        return checks.DERIVED_SCHEMA
    schema = SPATIAL_SCHEMA if name == SPATIAL_UNIT.register else CADASTRE[name].schema()
    return schema.append(pa.field(checks.LINE, pa.int64()))


@dataclass(slots=True)
class _Sink:
    """Gathers rows and writes them to Parquet by batches."""

    path: Path
    schema: pa.Schema
    rows: list[dict[str, Any]] = field(default_factory=list)
    writer: Any = None

    def add(self, number: int, row: dict[str, Any]) -> None:
        row[checks.LINE] = number
        self.rows.append(row)
        if len(self.rows) >= BATCH_ROWS:
            self.flush()

    def flush(self) -> None:
        if self.writer is None:
            self.writer = pq.ParquetWriter(self.path, self.schema, compression="lz4")
        columns = [pa.array([r.get(f.name) for r in self.rows], _stored(f.type)).cast(f.type) for f in self.schema]
        self.writer.write_table(pa.Table.from_arrays(columns, schema=self.schema))
        self.rows = []

    def close(self) -> Path:
        self.flush()
        self.writer.close()
        return self.path


def _stored(kind: pa.DataType) -> pa.DataType:
    """Return the type in which rows hold a column: moments are microseconds until they are written."""
    return pa.int64() if pa.types.is_timestamp(kind) else kind


# ---------------------------------------------------------------- one line
class _Reader:
    """Turns objects of one class into rows, and says all that is wrong with each."""

    def __init__(self, spec: LadmClass, personal: bool) -> None:
        self.spec = spec
        self.writer = _Writer(spec, True)
        self.personal = personal
        self.names = {a.name.partition(".")[0] for a in spec.attributes} | set(spec.derived) | {"class"}
        if spec.versioned:
            self.names |= {"timeSpec", "beginLifespanVersion", "endLifespanVersion"}

    def row(self, one: dict[str, Any], line: bytes) -> tuple[dict[str, Any] | None, list[Text]]:
        """Return the row (dates as `date`, moments as microseconds) and what is wrong."""
        wrong: list[Text] = []
        row: dict[str, Any] = {}
        for attribute in self.spec.attributes:
            self.attribute(attribute, one, row, wrong)
        if self.spec.versioned:
            self.clocks(one, row, wrong)
        for name in one.keys() - self.names:
            wrong.append(Text("不认识的属性 {n}。", "unknown attribute {n}.").fill(n=name[:60]))
        if not wrong:
            self.meaning(row, wrong)
        if not wrong:
            self.follows(one, row, line, wrong)
        return (None if wrong else row), wrong

    def attribute(self, attribute: Attribute, one: dict[str, Any], row: dict[str, Any], wrong: list[Text]) -> None:
        head, _, part = attribute.name.partition(".")
        value = one.get(head)
        row[attribute.column] = None
        if part and value is not None:
            value = value.get(part) if isinstance(value, dict) and value.keys() == {"numerator", "denominator"} else value
        if value is None:
            if not attribute.optional or head in one:
                wrong.append(Text("缺少 {n}。", "{n} is missing.").fill(n=attribute.name))
            return
        if attribute.personal and not self.personal:
            wrong.append(
                Text("头说没有个人敏感信息，却有 {n}。", "the header says no sensitive data, yet there is {n}.").fill(n=head)
            )
            return
        kind, _, name = attribute.type.partition(":")
        if not (_is(kind, value) if kind != "code" else isinstance(value, str) and self.known(name, attribute, value)):
            shown = "…" if attribute.personal else str(value)[:60]
            wrong.append(
                Text("{n} 是 {v}，应为 {t}。", "{n} is {v}; it should be of {t}.").fill(n=attribute.name, v=shown, t=attribute.type)
            )
            return
        row[attribute.column] = _FROM_JSON[kind](value) if kind in _FROM_JSON else value

    def known(self, name: str, attribute: Attribute, value: str) -> bool:
        return value in (self.spec.only if self.spec.only and attribute.column == "kind" else getattr(codes, name))

    def clocks(self, one: dict[str, Any], row: dict[str, Any], wrong: list[Text]) -> None:
        span, begin, end = one.get("timeSpec"), one.get("beginLifespanVersion"), one.get("endLifespanVersion")
        row["valid_to"] = row["known_to"] = None
        if not _is("interval", span):
            wrong.append(Text("timeSpec 应如 2019-03-01/..。", "timeSpec should read like 2019-03-01/..."))
            return
        if not _is("moment", begin) or ("endLifespanVersion" in one and not _is("moment", end)):
            wrong.append(Text("版本起止应为 UTC 时刻。", "the lifespan of the version should be moments in UTC."))
            return
        first, _, last = str(span).partition("/")
        row["valid_from"], row["known_from"] = date.fromisoformat(first), _to_us(str(begin))
        if last != "..":
            row["valid_to"] = date.fromisoformat(last)
        if end is not None:
            row["known_to"] = _to_us(str(end))

    def meaning(self, row: dict[str, Any], wrong: list[Text]) -> None:
        """Intervals run forward, shares are fractions of one."""
        for start, stop in (("valid_from", "valid_to"), ("known_from", "known_to")) if self.spec.versioned else ():
            if row[stop] is not None and row[stop] < row[start]:
                wrong.append(Text("{a} 早于 {b}。", "{a} is before {b}.").fill(a=stop, b=start))
        num, den = row.get("share_num"), row.get("share_den")
        if (num is None) != (den is None) or (num is not None and den is not None and not 0 < num <= den):
            wrong.append(Text("份额 {a}/{b} 不成立。", "the share {a}/{b} cannot be.").fill(a=num, b=den))

    def follows(self, one: dict[str, Any], row: dict[str, Any], line: bytes, wrong: list[Text]) -> None:
        """What can be told from the other attributes must say the same; an object says a thing once."""
        again = self.writer.object(_as_text(row, self.spec))
        if again != one:
            names = sorted(k for k in again.keys() | one.keys() if again.get(k) != one.get(k))
            wrong.append(Text("{n} 与其他属性不一致。", "{n} does not agree with the other attributes.").fill(n=", ".join(names)))
        elif encode(again) != line and _has_twice(line):
            wrong.append(Text("同一属性写了两次。", "an attribute stands twice."))


def _as_text(row: dict[str, Any], spec: LadmClass) -> dict[str, Any]:
    return {k: v.isoformat() if isinstance(v, date) else v for k, v in row.items()}


def _has_twice(line: bytes) -> bool:
    found = False

    def look(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal found
        found |= len({k for k, _ in pairs}) != len(pairs)
        return dict(pairs)

    json.loads(line, object_pairs_hook=look)
    return found


_MATCH = {k: re.compile(p) for k, p in form.PATTERNS.items() if p}


def _is(kind: str, value: object) -> bool:
    """Return whether a JSON value is of a type of the form."""
    if kind == "int":
        return type(value) is int and -(2**63) < value < 2**63
    if not isinstance(value, str):
        return False
    if kind == "text":
        return True
    if not _MATCH[kind].match(value) or value.endswith("\n"):
        return False
    try:
        if kind == "date":
            date.fromisoformat(value)
        elif kind == "moment":
            datetime.fromisoformat(value)
        elif kind == "interval":
            [date.fromisoformat(d) for d in value.split("/") if d != ".."]
    except ValueError:
        return False
    return True


def _from_hundredths(text: str) -> int:
    return int(text.replace(".", ""))


_FROM_JSON: dict[str, Callable[[str], Any]] = {
    "date": date.fromisoformat, "fen": _from_hundredths, "area": _from_hundredths, "hex": bytes.fromhex,
}  # fmt: skip


__all__ = ["LadmImport", "LadmSummary", "encode", "export_ladm", "import_ladm", "json_schema"]
