"""What only the whole of an exchange file shows: references, keys, shares, and the classes that follow from the registers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import groupby, zip_longest
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ecocomp.tenure._ladm_schema import DERIVED_CLASSES, LEVEL_TYPE, REFERENCES, SPATIAL_UNIT
from ecocomp.terms.faults import Fault, Severity
from ecocomp.terms.registers import CADASTRE
from ecocomp.terms.text import Text

LINE = "_line"
DERIVED_SCHEMA = pa.schema([("a", pa.string()), ("b", pa.string()), (LINE, pa.int64())])
_ONE_WHOLE = ("ownership", "contract", "use")
_AGAIN = Text("在来源处改正后重新导出。", "Correct it where it came from and export it again.")


# ---------------------------------------------------------------- classes that follow
def ba_units(registers: Mapping[str, pa.Table | Path]) -> Iterator[dict[str, Any]]:
    """Yield the basic administrative units: one for each unit code, one for each parcel that has rights without a code."""
    pairs = _unit_pairs(registers)
    order = pc.sort_indices(pairs, [("a", "ascending"), ("b", "ascending")])
    parts = (pairs.take(order.slice(at, 65_536)) for at in range(0, len(order), 65_536))
    rows = (row for part in parts for row in zip(*(c.to_pylist() for c in part.columns), strict=True))
    for unit, found in groupby(rows, lambda r: r[0]):
        parcels = list(dict.fromkeys(b for _, b in found))
        yield {"class": "LA_BAUnit", "uID": unit, "type": "basicPropertyUnit", "spatialUnits": parcels}


def levels(edition: pa.Table | Path) -> Iterator[dict[str, Any]]:
    """Yield a level for each edition of a layer."""
    for name, kind in _level_pairs(edition):
        yield {"class": "LA_Level", "lID": name, "type": kind, "structure": "polygon"}


def derived_rows(one: dict[str, Any]) -> list[dict[str, Any]] | None:
    """Return the (a, b) pairs a derived object stands for, None if it is not written as it should be."""
    if one["class"] == "LA_Level":
        sound = set(one) == {"class", "lID", "type", "structure"} and one["structure"] == "polygon"
        if not sound or not all(isinstance(one[k], str) for k in ("lID", "type")):
            return None
        return [{"a": one["lID"], "b": one["type"]}]
    parcels = one.get("spatialUnits")
    if set(one) != {"class", "uID", "type", "spatialUnits"} or one["type"] != "basicPropertyUnit" or not isinstance(parcels, list):
        return None
    if not parcels or not isinstance(one["uID"], str) or not all(isinstance(p, str) for p in parcels):
        return None
    return [{"a": one["uID"], "b": p} for p in parcels]


def _unit_pairs(registers: Mapping[str, pa.Table | Path]) -> pa.Table:
    """Return (unit, parcel) of every row that stands on a unit, in one piece; pairs repeat."""
    names = [n for n in ("tenure", "duty", "restriction") if n in registers]
    parts = [_units_of(batch, n) for n in names for batch in _batches_of(registers[n], n)]
    return pa.concat_tables([DERIVED_SCHEMA.remove(2).empty_table(), *parts]).combine_chunks()


def _units_of(batch: pa.RecordBatch, name: str) -> pa.Table:
    table = pa.Table.from_batches([batch])
    table = table.filter(pc.is_valid(table["parcel_id"]))
    parcel = unit = table["parcel_id"]
    if name == "tenure":
        unit = pc.if_else(pc.equal(pc.fill_null(table["unit_code"], ""), ""), parcel, table["unit_code"])
    return pa.table({"a": unit, "b": parcel}, schema=DERIVED_SCHEMA.remove(2))


def _batches_of(rows: pa.Table | Path, name: str) -> Iterator[pa.RecordBatch]:
    columns = ["parcel_id", "unit_code"] if name == "tenure" else ["parcel_id"]
    if isinstance(rows, Path):
        yield from pq.ParquetFile(rows).iter_batches(131_072, columns=columns, use_threads=False)
    else:
        yield from rows.select(columns).to_batches(max_chunksize=131_072)


def _level_pairs(edition: pa.Table | Path) -> list[tuple[str, str]]:
    table = _columns(edition, ["edition_id", "kind"])
    pairs = zip(table["edition_id"].to_pylist(), table["kind"].to_pylist(), strict=True)
    return sorted({n: LEVEL_TYPE.get(k, "restriction") for n, k in pairs}.items())


def _columns(rows: pa.Table | Path, names: list[str]) -> pa.Table:
    return pq.read_table(rows, columns=names) if isinstance(rows, Path) else rows.select(names)


# ---------------------------------------------------------------- the whole
def check_whole(files: dict[str, Path], where: str, unread: Mapping[str, list[str]]) -> list[Fault]:
    """Return every fault of the registers of a file taken together.

    unread  register -> codes of objects with faults of their own. What points at them is not called lost, and shares and
            units are not added up without them: one mistake is said once
    """
    found: list[Fault] = []
    for name in files:
        if name in CADASTRE:
            found += _twice(name, files[name], where)
    pa.default_memory_pool().release_unused()
    found += _dangling(files, where, unread)
    if "tenure" in files and "tenure" not in unread:
        found += _shares(files["tenure"], where)
    pa.default_memory_pool().release_unused()
    if "member" in files and "member" not in unread:
        found += _member_shares(files["member"], where)
    if not unread:
        found += _derived(files, where)
    return sorted(found, key=lambda f: (int(f.record.split()[-1]) if f.record else 0, f.code))


def _fault(code: str, where: str, line: int | None, clash: Text, severity: Severity = "error") -> Fault:
    return Fault(f"ladm.{code}", where, "" if line is None else f"line {line}", clash, _AGAIN, severity)


def _twice(name: str, file: Path, where: str) -> Iterator[Fault]:
    """Name versions that stand twice; a file in the order of its key, as exports are, needs no table for that."""
    key = list(CADASTRE[name].key)
    if _ascends(file, key):
        return
    counted = pq.read_table(file, columns=[*key, LINE]).group_by(key).aggregate([(LINE, "count"), (LINE, "min"), (LINE, "max")])
    for row in counted.filter(pc.greater(counted[f"{LINE}_count"], 1)).to_pylist():
        clash = Text("与第 {a} 行是同一版本（{k}）。", "it is the same version as line {a} ({k}).")
        yield _fault("twice", where, row[f"{LINE}_max"], clash.fill(a=row[f"{LINE}_min"], k=" ".join(str(row[k]) for k in key)))


def _ascends(file: Path, key: list[str]) -> bool:
    before: tuple[Any, ...] | None = None
    for row in _stream(file, key):
        if before is not None and row <= before:
            return False
        before = row
    return True


def _stream(file: Path, columns: list[str]) -> Iterator[tuple[Any, ...]]:
    for batch in pq.ParquetFile(file).iter_batches(65_536, columns=columns, use_threads=False):
        found = [c.cast(pa.int64()) if pa.types.is_timestamp(c.type) else c for c in (batch.column(n) for n in columns)]
        yield from zip(*(c.to_pylist() for c in found), strict=True)


def _dangling(files: dict[str, Path], where: str, unread: Mapping[str, list[str]]) -> Iterator[Fault]:
    links = [r for r in REFERENCES if r[0] in files]
    if SPATIAL_UNIT.register in files:
        links += [
            (n, "parcel_id", SPATIAL_UNIT.register, "parcel_id") for n in ("tenure", "duty", "restriction", "dispute") if n in files
        ]
        if "edition" in files:
            links.append((SPATIAL_UNIT.register, "edition_id", "edition", "edition_id"))
    for name, column, target, key in links:
        table = pq.read_table(files[name], columns=[column, LINE])
        table = table.filter(pc.is_valid(table[column]))
        if not len(table):
            continue
        known = pq.read_table(files[target], columns=[key])[key] if target in files else pa.chunked_array([[]], pa.string())
        known = pa.chunked_array([*known.chunks, pa.array(unread.get(target, []), pa.string())])
        lost = table.filter(pc.invert(pc.is_in(table[column], value_set=known.combine_chunks())))
        for row in lost.to_pylist():
            clash = Text("{c} 指向的 {v} 不在文件中。", "{c} points at {v}, which is not in the file.")
            # A register knows rights on ground that no edition in force has; a party or source that is absent is a broken file.
            told: Severity = "warning" if target == SPATIAL_UNIT.register else "error"
            yield _fault("reference", where, row[LINE], clash.fill(c=column, v=row[column]), told)


def _shares(file: Path, where: str) -> Iterator[Fault]:
    """On every day the shares of one kind of right on a parcel make one whole, or there is no such right."""
    columns = ["parcel_id", "kind", "share_num", "share_den", "state", "valid_from", "valid_to", "known_to", LINE]
    doubtful = _doubtful(file)
    pa.default_memory_pool().release_unused()
    parts = []
    for batch in pq.ParquetFile(file).iter_batches(65_536, columns=columns, use_threads=False):
        part = pa.Table.from_batches([batch])
        parts.append(part.filter(pc.and_(pc.is_null(part["known_to"]), pc.is_in(part["parcel_id"], value_set=doubtful))))
    if not parts:
        return
    table = pa.concat_tables(parts).drop(["known_to"])
    table = table.sort_by([("parcel_id", "ascending"), ("kind", "ascending"), (LINE, "ascending")])
    rows = (r for batch in table.to_batches(max_chunksize=16_384) for r in batch.to_pylist())
    for (parcel, kind), group in groupby(rows, lambda r: (r["parcel_id"], r["kind"])):
        yield from _share_days(parcel, kind, list(group), where)


def _doubtful(file: Path) -> pa.Array:
    """Return the parcels on which a right does not stand alone and whole: only there do shares have to be added up.

    Parcels are looked at by the last sign of their code, a part at a time, so that no table of all of them is needed.
    """
    last = pq.read_table(file, columns=["parcel_id"])["parcel_id"]
    parts = pc.unique(pc.utf8_slice_codeunits(last, -1)).to_pylist()
    del last
    found = [_doubtful_part(file, sign) for sign in parts]
    return pa.concat_arrays(found) if found else pa.array([], pa.string())


def _doubtful_part(file: Path, sign: str) -> pa.Array:
    columns = ["parcel_id", "kind", "share_num", "share_den", "known_to"]
    taken = []
    for batch in pq.ParquetFile(file).iter_batches(65_536, columns=columns, use_threads=False):
        part = pa.Table.from_batches([batch])
        mine = pc.equal(pc.utf8_slice_codeunits(part["parcel_id"], -1), sign)
        taken.append(part.filter(pc.and_(mine, pc.is_null(part["known_to"]))))
    table = pa.concat_tables(taken)
    key = pc.binary_join_element_wise(table["kind"], table["parcel_id"], " ")
    counted = pc.value_counts(key)
    several = counted.field("values").filter(pc.greater(counted.field("counts"), 1))
    wanted = pc.or_(pc.not_equal(table["share_num"], table["share_den"]), pc.is_in(key, value_set=several))
    found = pc.unique(table["parcel_id"].filter(wanted))
    pa.default_memory_pool().release_unused()
    return found


def _share_days(parcel: str, kind: str, rows: list[dict[str, Any]], where: str) -> Iterator[Fault]:
    if any(r["state"] == "disputed" for r in rows):
        return
    for day in sorted({r["valid_from"] for r in rows} | {r["valid_to"] for r in rows if r["valid_to"] is not None}):
        held = [r for r in rows if r["valid_from"] <= day and (r["valid_to"] is None or day < r["valid_to"])]
        total = sum((Fraction(r["share_num"], r["share_den"]) for r in held), Fraction(0))
        if total > 1 or (held and total != 1 and kind in _ONE_WHOLE):
            clash = Text(
                "{p} 上 {k} 的份额自 {d} 起合计 {t}，不是 1。", "the shares of {k} on {p} add up to {t} from {d}, not 1."
            ).fill(p=parcel, k=kind, d=day, t=total)
            yield _fault("shares", where, held[0][LINE], clash, "error" if total > 1 else "warning")
            return


def _member_shares(file: Path, where: str) -> Iterator[Fault]:
    """A group has shares for all its members, adding up to one, or for none."""
    table = pq.read_table(file, columns=["group_id", "share_num", "share_den", "valid_to", "known_to", LINE])
    table = table.filter(pc.and_(pc.is_null(table["known_to"]), pc.is_null(table["valid_to"])))
    shared = pc.unique(table.filter(pc.is_valid(table["share_num"]))["group_id"])
    table = table.filter(pc.is_in(table["group_id"], value_set=shared)).sort_by([("group_id", "ascending"), (LINE, "ascending")])
    rows = (r for batch in table.to_batches(max_chunksize=16_384) for r in batch.to_pylist())
    for group, members in groupby(rows, lambda r: r["group_id"]):
        found = list(members)
        parts = [Fraction(r["share_num"], r["share_den"]) for r in found if r["share_num"] is not None]
        if len(parts) != len(found) or sum(parts, Fraction(0)) != 1:
            clash = Text("组 {g} 的成员份额合计 {t}，{n} 人没有份额。", "shares in group {g} add up to {t}; {n} members have none.")
            yield _fault("shares", where, found[0][LINE], clash.fill(g=group, t=sum(parts, Fraction(0)), n=len(found) - len(parts)))


def _derived(files: dict[str, Path], where: str) -> Iterator[Fault]:
    """LA_BAUnit and LA_Level are those that follow from the registers, each once."""
    kinds = _level_pairs(files["edition"]) if "edition" in files else []
    wanted = {"LA_BAUnit": ba_units(files), "LA_Level": levels(files["edition"]) if kinds else iter(())}
    for name, objects in wanted.items():
        follows = ((r["a"], r["b"]) for one in objects for r in derived_rows(one) or ())
        said = _stream(files[name], ["a", "b"]) if name in files else iter(())
        if any(one != other for one, other in zip_longest(follows, said)):
            pairs = _unit_pairs(files).group_by(["a", "b"]).aggregate([])
            if name == "LA_Level":
                pairs = pa.table({"a": [a for a, _ in kinds], "b": [b for _, b in kinds]}, schema=pairs.schema)
            yield from _not_following(name, files.get(name), pairs, where)


def _not_following(name: str, file: Path | None, wanted: pa.Table, where: str) -> Iterator[Fault]:
    said = pq.read_table(file) if file is not None else DERIVED_SCHEMA.empty_table()
    one, other = _joined(said), _joined(wanted)
    extra = said.filter(pc.invert(pc.is_in(one, value_set=other)))
    lost = wanted.filter(pc.invert(pc.is_in(other, value_set=one)))
    for row in extra.to_pylist():
        clash = Text("{c} {a}（{b}）与登记不符。", "{c} {a} ({b}) does not follow from the registers.")
        yield _fault("derived", where, row[LINE], clash.fill(c=name, a=row["a"], b=row["b"]))
    for row in lost.to_pylist():
        clash = Text("缺少 {c} {a}（{b}）。", "{c} {a} ({b}) is missing.").fill(c=name, a=row["a"], b=row["b"])
        yield _fault("derived", where, None, clash)
    if not len(extra) and len(said) != len(wanted):
        yield _fault("derived", where, None, Text("{c} 有重复。", "some {c} stand twice.").fill(c=DERIVED_CLASSES[name]))


def _joined(table: pa.Table) -> pa.Array:
    column = pc.binary_join_element_wise(table["a"].cast(pa.string()), table["b"].cast(pa.string()), "\x1f")
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
