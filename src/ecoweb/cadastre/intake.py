"""Files of rights on their way into the registers: case registers, clerks' sheets, LADM exchange; checked, merged, written.

A file is read as a whole, every fault is told, and either all of it goes in or nothing. What the registers know already
is not written twice; what contradicts them is a fault, unless it is taken in as a correction.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.tenure.merge import Merge, differences, merge
from ecocomp.terms.faults import Fault, FaultsError, UsageError, raise_errors
from ecocomp.terms.registers import MOMENT, P3, REGISTERS, object_key
from ecocomp.terms.tables import TABLES
from ecocomp.terms.text import Text
from ecoweb.cadastre.queries import edition_file, edition_in_force
from ecoweb.office import Office
from ecoweb.records import cipher
from ecoweb.records.checks import row_faults
from ecoweb.records.models import Change
from ecoweb.records.queries import history, versions
from ecoweb.records.store import load, writing

CASE_REGISTERS = ("village", "holder", "right", "contract")
"""Registers of a case folder that an office takes over (`terms.tables`)."""
_FEW = 2_000
"""Up to so many objects are asked for by name; above, the whole register is read."""


@dataclass(frozen=True)
class Intake:
    """What files say, before it is compared with the registers.

    form        ``case`` (registers of a case folder), ``sheets`` (clerks' tables) or ``ladm``
    registers   by register, in its columns; known times are null unless the file tells them
    faults      everything wrong with the files
    counts      rows in and what became of them: rows_in = used + left_out + refused
    keep_known  whether the files carry the known times of an older register
    """

    form: str
    registers: dict[str, pa.Table]
    faults: list[Fault]
    counts: dict[str, int]
    keep_known: bool = False
    details: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Plan:
    """What taking files in would do: the fate of every row of every register, and the faults that stand against it."""

    intake: Intake
    merges: dict[str, Merge]
    faults: list[Fault]

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        """Return new, same and changed rows by register."""
        return {name: m.counts for name, m in self.merges.items() if sum(m.counts.values())}

    @property
    def ok(self) -> bool:
        """Whether nothing stands against it."""
        return not any(f.severity == "error" for f in self.faults)


# ---------------------------------------------------------------- reading files
def take_in(
    paths: Sequence[Path],
    work: Path,
    *,
    on: date,
    mapping: Path | None = None,
    parcels: pa.Table | None = None,
    villages: Mapping[str, str] | None = None,
) -> Intake:
    """Read files of rights, telling by what they hold which form they are.

    paths    one folder of case registers, one LADM file, or sheets and case registers (XLSX, CSV)
    work     folder for clean copies
    on       day on which rights hold that say no other
    mapping  mapping file for sheets
    parcels  parcels of the edition in force (parcel_id, area_dm2, village_code), to compare sheets with
    raises   UsageError when the paths are of different forms
    """
    absent = [p for p in paths if not p.exists()]
    if absent or not paths:
        raise FaultsError([_absent(p) for p in absent] or [_absent(Path())])
    form = {_form(p) for p in paths}
    if len(form) > 1:
        raise UsageError(
            Text("一次只能导入一种形式的文件：{f}。", "Import files of one form at a time: {f}.").fill(f=", ".join(sorted(form)))
        )
    kind = form.pop()
    if kind == "ladm":
        return _from_ladm(paths, work)
    if kind == "case":
        return _from_case(paths, work)
    return _from_sheets(paths, work, on, mapping, parcels, villages or {})


def _form(path: Path) -> str:
    if path.suffix.lower() == ".jsonl" and not path.is_dir():
        return "ladm"
    return "case" if path.is_dir() or path.stem in CASE_REGISTERS else "sheets"


def _absent(path: Path) -> Fault:
    return Fault(
        "io.missing_file",
        str(path),
        "",
        Text("文件不存在。", "the file does not exist."),
        Text("请检查路径。", "Check the path."),
    )


def _from_case(paths: Sequence[Path], work: Path) -> Intake:
    """Read the registers of a case folder: villages, holders, rights, contracts."""
    from ecocomp.io.worker import TableJob, Worker
    from ecocomp.pipeline.registers import read_register
    from ecocomp.tenure.gate import from_gate

    named = list(_case_files(paths))
    files = dict(named)
    if len(files) < len(named):
        twice = ", ".join(sorted(str(p) for n, p in named if sum(m == n for m, _ in named) > 1))
        said = Text("同一登记表给了两份：{t}。只留一份。", "A register is given twice: {t}. Give one of them.")
        raise UsageError(said.fill(t=twice))
    with Worker() as worker:
        answers = worker.run([TableJob(n, p) for n, p in files.items()], work)
    faults: list[Fault] = []
    typed: dict[str, pa.Table] = {}
    rows_in = 0
    for name, answer in zip(files, answers, strict=True):
        faults += answer.faults
        if not answer.ok or answer.path is None:
            continue
        from ecocomp.io.files import read_table

        text = read_table(answer.path)
        rows_in += len(text)
        table, found = read_register(TABLES[name], text, str(files[name]))
        faults += found
        if table is not None:
            typed[name] = table
    used = sum(len(t) for t in typed.values())
    registers: dict[str, pa.Table] = {}
    if not any(f.severity == "error" for f in faults):
        gate = {n: typed.get(n, TABLES[n].empty()) for n in ("holder", "right", "contract")}
        registers = dict(from_gate(gate["holder"], gate["right"], gate["contract"]))
        if "village" in typed:
            registers["region"] = _regions(typed["village"])
    return Intake("case", registers, faults, {"rows_in": rows_in, "used": used, "left_out": 0, "refused": rows_in - used}, True)


def _case_files(paths: Sequence[Path]) -> Iterable[tuple[str, Path]]:
    for path in paths:
        if not path.is_dir():
            yield path.stem, path
            continue
        found = [(n, path / f"{n}{s}") for n in CASE_REGISTERS for s in (".csv", ".xlsx") if (path / f"{n}{s}").is_file()]
        if not found:
            clash = Text("文件夹里没有 {n}。", "the folder holds none of {n}.")
            said = clash.fill(n=", ".join(f"{n}.csv" for n in CASE_REGISTERS))
            remedy = Text("给出登记表所在的文件夹，或直接给出文件。", "Name the folder of the registers, or the files themselves.")
            raise FaultsError([Fault("tenure.no_registers", str(path), "", said, remedy)])
        yield from found


def _regions(village: pa.Table) -> pa.Table:
    """Return the villages of a case as regions of level 5, from the first day registers know."""
    made = [
        {
            "region_code": r["village_code"],
            "name": r["name_zh"],
            "level": 5,
            "parent_code": r["region_code"],
            "list_edition": "case",
            "valid_from": date(1900, 1, 1),
            "valid_to": None,
            "known_from": None,
            "known_to": None,
        }
        for r in village.to_pylist()
    ]
    return pa.Table.from_pylist(made, schema=_loose("region"))


def _loose(register: str) -> pa.Schema:
    """Return the columns of a register, any of them empty."""
    return pa.schema([f.with_nullable(True) for f in REGISTERS[register].schema()])


def _from_ladm(paths: Sequence[Path], work: Path) -> Intake:
    from ecocomp.tenure.ladm import import_ladm

    if len(paths) > 1:
        raise UsageError(Text("一次导入一个 LADM 文件。", "Import one LADM file at a time."))
    read = import_ladm(paths[0], work)
    registers = {n: read.table(n) for n in REGISTERS if n in read.paths and n not in ("edition",)}
    rows_in, used = sum(read.counts.values()), sum(len(t) for t in registers.values())
    refused = 0 if read.ok else rows_in
    counts = {"rows_in": rows_in, "used": used, "left_out": rows_in - used - refused, "refused": refused}
    return Intake("ladm", registers, list(read.faults), counts, True)


def _from_sheets(
    paths: Sequence[Path], work: Path, on: date, mapping: Path | None, parcels: pa.Table | None, villages: Mapping[str, str]
) -> Intake:
    from ecocomp.tenure.sheets import SheetOptions, load_mapping, read_sheets

    own = load_mapping(mapping) if mapping else None
    read = read_sheets(paths, work, SheetOptions(valid_from=on, mapping=own, parcels=parcels, villages=dict(villages)))
    total = {k: sum(getattr(c, k) for c in read.counts) for k in ("rows", "used", "totals", "empty", "headers", "refused")}
    left_out = total["totals"] + total["empty"] + total["headers"]
    counts = {"rows_in": total["rows"], "used": total["used"], "left_out": left_out, "refused": total["refused"]}
    return Intake("sheets", dict(read.registers), list(read.faults), counts, details=[c.as_json() for c in read.counts])


# ---------------------------------------------------------------- against the registers
def plan(office: Office | None, intake: Intake, *, update: bool = False) -> Plan:
    """Compare what came in with the registers (None: there is no office yet), and check what would then stand.

    update  take what differs in as a correction; without it each difference is a fault
    """
    merges: dict[str, Merge] = {}
    faults = [*intake.faults, *_number_faults(intake), *_member_faults(office, intake)]
    for name, table in intake.registers.items():
        whole = _whole(name, table)
        current = known_now(office, name, _ids(whole, name)) if office is not None else REGISTERS[name].empty()
        if name == "party" and intake.form == "case":
            whole = _on_their_days(whole, current)
        whole = _filled(name, whole, current, personal_only=intake.form == "ladm")
        merges[name] = _with_past(office, whole, partial(_merged, office, name, current=current))
        if name == "party" and intake.form == "case":
            merges[name] = _only_as_said(merges[name])
        strangers = _other_households(merges[name]) if name == "party" and intake.form == "sheets" else []
        faults += strangers
        if not update and not strangers:
            faults += differences(merges[name])
    made = Plan(intake, merges, faults)
    return Plan(intake, merges, [*faults, *_standing_faults(office, made)]) if made.ok else made


_MADE_CODE = re.compile(r"\d{12}-H\d{4,}")


def _other_households(found: Merge, most: int = 50) -> list[Fault]:
    """Find households whose made-up code (village and sequence) already stands for another household in the register.

    A sheet that names no codes counts its households from 1; a second sheet of the same village does so again. To take that
    for a correction would give one household's land and payments to another, so no option lets it through.
    """
    was: dict[str, list[dict[str, Any]]] = {}
    for row in found.closed.to_pylist():
        was.setdefault(row["party_id"], []).append(row)
    out: dict[str, Fault] = {}
    for row in found.changed.to_pylist():
        code, number = row["party_id"], row["id_number"]
        shown = cipher.mask("id_number", number) if number else None
        own = was.get(code, [])
        if not own or not _MADE_CODE.fullmatch(code) or code in out:
            continue
        if any(o["name"] == row["name"] or (shown and o["id_number"] == shown) for o in own):
            continue
        clash = Text(
            "表中没有户编码，按序编为 {c}；登记中此编码是“{a}”，表中是“{b}”，不是同一户。",
            "the sheet has no code for “{b}” and it was numbered {c}, which is “{a}” in the register: another household.",
        )
        remedy = Text(
            "在表中加一列户编码（已登记的户用登记的编码，新户用未用过的编码），再导入。",
            "Add a column with the code of each household (that of the register, or a new one) and import again.",
        )
        out[code] = Fault("tenure.other_household", "party", code, clash.fill(c=code, a=own[0]["name"], b=row["name"]), remedy)
    faults = list(out.values())
    if len(faults) > most:
        more = Text("另有 {n} 户同样如此。", "{n} more households likewise.").fill(n=len(faults) - most)
        faults = [*faults[:most], Fault("tenure.other_household", "party", "", more, faults[0].remedy)]
    return faults


def _whole(register: str, table: pa.Table) -> pa.Table:
    """Return a table with every column of the register, known times null where the file has none."""
    schema = _loose(register)
    columns = [table[f.name].cast(f.type) if f.name in table.schema.names else pa.nulls(len(table), f.type) for f in schema]
    return pa.table(columns, schema=schema)


def _on_their_days(party: pa.Table, current: pa.Table) -> pa.Table:
    """Return the holders of a case with the days of the register's last version: a case does not say since when they are."""
    last = {r["party_id"]: r for r in current.select(["party_id", "valid_from", "valid_to"]).sort_by("valid_from").to_pylist()}
    for column in ("valid_from", "valid_to") if last else ():
        said = zip(party["party_id"].to_pylist(), party[column].to_pylist(), strict=True)
        days = pa.array([last[p][column] if p in last else d for p, d in said], pa.date32())
        place = party.schema.get_field_index(column)
        party = party.set_column(place, party.schema.field(place), days)
    return party


def _only_as_said(found: Merge) -> Merge:
    """Correct only the version of a party that a case speaks of; earlier ones stand."""
    said = set(zip(found.changed["party_id"].to_pylist(), found.changed["valid_from"].to_pylist(), strict=True))
    mask = [(r["party_id"], r["valid_from"]) in said for r in found.closed.select(["party_id", "valid_from"]).to_pylist()]
    closed = found.closed.filter(pa.array(mask, pa.bool_()))
    return Merge("party", found.new, found.same, found.changed, closed, found.sealed)


def _filled(register: str, incoming: pa.Table, current: pa.Table, *, personal_only: bool) -> pa.Table:
    """Return what came in with the cells a file does not tell taken from the register: a blank never erases.

    personal_only  of an exchange file, which tells everything but personal numbers
    """
    ends = {"valid_from", "valid_to", "known_from", "known_to"}
    columns = [
        c.name
        for c in REGISTERS[register].columns
        if c.nullable and c.name not in ends and (c.unit == P3 or not personal_only) and incoming[c.name].null_count
    ]
    key = object_key(register)
    if not columns or not len(current):
        return incoming
    latest = {tuple(r[k] for k in key): r for r in current.sort_by("valid_from").to_pylist()}
    names = list(zip(*(incoming[k].to_pylist() for k in key), strict=True))
    for column in columns:
        place = incoming.schema.get_field_index(column)
        held = [
            latest[n][column] if v is None and n in latest else v for n, v in zip(names, incoming[column].to_pylist(), strict=True)
        ]
        incoming = incoming.set_column(place, incoming.schema.field(place), pa.array(held, incoming.schema.field(place).type))
    return incoming


def _with_past(office: Office | None, table: pa.Table, merged: Callable[[pa.Table], Merge]) -> Merge:
    """Merge what a file says now; versions it says were corrected go in unless the register has them or their object's."""
    past = table.filter(pc.is_valid(table["known_to"]))
    found = merged(table.filter(pc.is_null(table["known_to"])))
    if not len(past):
        return found
    there = _names(pa.concat_tables([found.same, found.changed]), found.register)
    fresh = pc.invert(pc.is_in(_names(past, found.register), value_set=there.combine_chunks()))
    if office is not None:  # also where nothing of an object stands any more
        ids = _ids(past.filter(fresh), found.register)
        stored = versions(office, found.register, {object_key(found.register)[0]: ids}) if ids else past.slice(0, 0)
        held = pc.is_in(_names(past, found.register), value_set=_names(stored, found.register).combine_chunks())
        fresh = pc.and_(fresh, pc.invert(held))
    new, same = (pa.concat_tables([a, past.filter(m)]) for a, m in ((found.new, fresh), (found.same, pc.invert(fresh))))
    return Merge(found.register, new, same, found.changed, found.closed, found.sealed)


def _names(table: pa.Table, register: str) -> pa.ChunkedArray:
    """Return one text per row that names its object."""
    parts = [table[k] for k in object_key(register)]
    return parts[0] if len(parts) == 1 else pc.binary_join_element_wise(*parts, "\x1f")


def _ids(table: pa.Table, register: str) -> list[str]:
    return list(pc.unique(table[object_key(register)[0]]).to_pylist())


def known_now(office: Office, register: str, ids: Sequence[str], column: str | None = None) -> pa.Table:
    """Return the versions now known of some objects (all valid times), sealed values masked.

    column  which column the ids are of; the first of the register's key if None
    """
    name = column or object_key(register)[0]
    if len(ids) <= _FEW:
        found = versions(office, register, {name: list(ids)})
    else:
        whole = history(office, register)
        found = whole.filter(pc.is_in(whole[name], value_set=pa.array(ids, pa.string())))
    return found.filter(pc.is_null(found["known_to"]))


def _merged(office: Office | None, register: str, incoming: pa.Table, *, current: pa.Table) -> Merge:
    """Merge with personal numbers compared as they are shown; then make sure that equal masks are equal numbers."""
    hidden = [c.name for c in REGISTERS[register].columns if c.unit == P3]
    if not hidden or office is None or not len(current):
        return merge(register, incoming, current)
    blank = pa.nulls(len(current), pa.string())
    shown = current
    masked = incoming
    for column in hidden:
        at = incoming.schema.get_field_index(column)
        masked = masked.set_column(at, incoming.schema.field(at), pa.nulls(len(incoming), pa.string()))
        shown = shown.set_column(at, shown.schema.field(at), blank)
    found = merge(register, masked, shown)
    other = _other_numbers(office, register, incoming, hidden)
    key = object_key(register)[0]

    def fate(mask: Any) -> pa.Table:
        return incoming.filter(mask)

    new = pc.is_in(incoming[key], value_set=found.new[key].combine_chunks())
    changed = pc.or_(
        pc.is_in(incoming[key], value_set=found.changed[key].combine_chunks()),
        pc.and_not(pc.is_in(incoming[key], value_set=pa.array(sorted({k for k, _ in other}), pa.string())), new),
    )
    same = pc.invert(pc.or_(new, changed))
    kept = fate(changed)
    closed = current.filter(pc.is_in(current[key], value_set=kept[key].combine_chunks()))
    return Merge(register, fate(new), fate(same), kept, closed, frozenset(other | {("", "")}))


def _other_numbers(office: Office, register: str, incoming: pa.Table, hidden: Sequence[str]) -> set[tuple[str, str]]:
    """Return (object, column) of the personal numbers in the file that are not those the register holds."""
    key = object_key(register)[0]
    other: set[tuple[str, str]] = set()
    for column in hidden:
        said = zip(incoming[key].to_pylist(), incoming[column].to_pylist(), strict=True)
        pairs = [(k, v) for k, v in said if v and cipher.MASK not in v]
        for start in range(0, len(pairs), _FEW):
            part = pairs[start : start + _FEW]
            held = versions(office, register, {column: [v for _, v in part]})
            held = held.filter(pc.is_null(held["known_to"]))
            have = {(r[key], r[column]) for r in held.select([key, column]).to_pylist()}
            other |= {(k, column) for k, v in part if (k, cipher.mask(column, v)) not in have}
    return other


# ---------------------------------------------------------------- numbers and groups
_NUMBERS = (("party", "credit_code", "credit_code"), ("party", "id_number", "citizen_id"), ("tenure", "unit_code", "unit_code"))


def _number_faults(intake: Intake) -> list[Fault]:
    """Return the faults of numbers with check digits or parts; sheets have theirs checked cell by cell."""
    from ecocomp.tenure.codes import check_column

    if intake.form == "sheets":
        return []
    tables = [(r, c, kind, intake.registers[r]) for r, c, kind in _NUMBERS if r in intake.registers]
    return [
        f
        for register, column, kind, table in tables
        if column in table.schema.names and table[column].null_count < len(table)
        for f in check_column(kind, table[column], where=register, records=table[object_key(register)[0]])
    ]


def _member_faults(office: Office | None, intake: Intake) -> list[Fault]:
    """Return the faults of households and groups: shares that do not add up, circles, a person in two households."""
    from ecocomp.tenure.groups import check_members

    table = intake.registers.get("member")
    if table is None or not len(table):
        return []
    incoming = {n: _current(_whole(n, intake.registers[n])) for n in ("member", "party") if n in intake.registers}
    rows_ = {n: t.to_pylist() for n, t in incoming.items()}
    if office is not None:
        people = sorted({x for r in rows_["member"] for x in (r["group_id"], r["member_id"])})
        there = {(r["group_id"], r["member_id"]) for r in rows_["member"]}
        held = known_now(office, "member", people, "member_id").to_pylist()
        rows_["member"] += [r for r in held if (r["group_id"], r["member_id"]) not in there]
        named = {r["party_id"] for r in rows_.get("party", [])}
        known = known_now(office, "party", people).to_pylist()
        rows_["party"] = [*rows_.get("party", []), *(r for r in known if r["party_id"] not in named)]
    return list(check_members(rows_["member"], rows_.get("party", [])))


def _current(table: pa.Table) -> pa.Table:
    return table.filter(pc.is_null(table["known_to"]))


# ---------------------------------------------------------------- what would then stand
def _standing_faults(office: Office | None, made: Plan) -> list[Fault]:
    """Check the rights that would stand on the parcels touched: shares, holders, codes, parcels of the edition."""
    from ecocomp.tenure.gate import gate_tables
    from ecocomp.tenure.rights import check_rights

    touched = made.merges.get("tenure")
    if touched is None or not (len(touched.new) or len(touched.changed)):
        return []
    tables = {n: _after(office, made, n) for n in ("party", "member", "tenure", "duty")}
    gate = gate_tables(tables)
    ids = pc.unique(pa.chunked_array([*touched.new["parcel_id"].chunks, *touched.changed["parcel_id"].chunks]))
    beside = pc.is_in(gate["right"]["parcel_id"], value_set=ids)
    right = gate["right"] if pc.all(beside, skip_nulls=False, min_count=0).as_py() else gate["right"].filter(beside)
    parcel = _parcels_named(office, ids)
    day = pc.max(right["valid_from"]).as_py() or date(1900, 1, 1)
    known = max(day, pc.max(right["known_from"]).as_py()) if len(right) else date.max
    table = parcel if parcel is not None else pa.table({"parcel_id": ids})
    found = check_rights(right, gate["holder"], table, day, known, gate["contract"])
    return [f for f in found if f.code not in ("tenure.nobody_paid",)]


def _after(office: Office | None, made: Plan, register: str) -> pa.Table:
    """Return the versions of a register that would be known after the import, of the parcels and parties concerned."""
    schema = _loose(register)
    found = made.merges.get(register)
    parts = [] if found is None else [found.new, found.same, found.changed]
    if office is not None:
        current = _beside(office, made, register)
        if found is not None and len(found.closed):
            key = object_key(register)[0]
            current = current.filter(pc.invert(pc.is_in(current[key], value_set=found.closed[key].combine_chunks())))
        if found is not None and len(found.same):
            key = object_key(register)[0]
            current = current.filter(pc.invert(pc.is_in(current[key], value_set=found.same[key].combine_chunks())))
        parts.append(current.cast(schema))
    joined = pa.concat_tables([p.cast(schema) for p in parts]) if parts else schema.empty_table()
    return _known_at(joined)


def _known_at(table: pa.Table, at: datetime | None = None) -> pa.Table:
    """Return a table in which what no register dated is known from a moment, now if none is given."""
    now = pa.scalar(at or datetime.now(UTC), MOMENT)
    place = table.schema.get_field_index("known_from")
    return table.set_column(place, table.schema.field(place), pc.fill_null(table["known_from"], now))


def _beside(office: Office, made: Plan, register: str) -> pa.Table:
    """Return the versions now known that stand beside what comes in: on its parcels, of its parties."""
    touched = made.merges["tenure"]
    parcels = pc.unique(pa.chunked_array([*touched.new["parcel_id"].chunks, *touched.changed["parcel_id"].chunks])).to_pylist()
    if register in ("tenure", "duty"):
        return known_now(office, register, parcels, "parcel_id")
    holders = set(known_now(office, "tenure", parcels, "parcel_id")["holder_id"].to_pylist())
    holders |= {h for part in (touched.new, touched.changed, touched.same) for h in part["holder_id"].to_pylist()}
    return known_now(office, register, sorted(holders), "party_id" if register == "party" else "group_id")


def _parcels_named(office: Office | None, ids: pa.ChunkedArray | pa.Array) -> pa.Table | None:
    """Return the parcels of the editions in force that are named; None where there is no edition to compare with."""
    if office is None:
        return None
    found = parcels_of(office, columns=("parcel_id",))
    return None if found is None else found.filter(pc.is_in(found["parcel_id"], value_set=ids))


def parcels_of(
    office: Office,
    on: date | None = None,
    known: Any = None,
    columns: Sequence[str] = ("parcel_id", "area_dm2", "village_code"),
) -> pa.Table | None:
    """Return columns of the parcels of all editions in force on a day; None where there is none."""
    from ecocomp.io.files import read_table

    editions = edition_in_force(office, "parcel", on=on, known=known).to_pylist()
    if not editions:
        return None
    return pa.concat_tables([read_table(edition_file(office, e), list(columns)) for e in editions])


# ---------------------------------------------------------------- writing
def write(office: Office, made: Plan, *, actor: str, reason: str, source: str = "") -> Change | None:
    """Write what is new, and what differs as a correction; None if there is nothing to write."""
    changed = {n: m for n, m in made.merges.items() if len(m.changed)}
    new = {n: m.new for n, m in made.merges.items() if len(m.new)}
    act = f"import.{made.intake.form}"
    if not changed:
        if not new:
            return None
        keep = made.intake.keep_known
        tables = {n: _known_at(t) if keep else t.drop_columns(["known_from", "known_to"]) for n, t in new.items()}
        return load(office, tables, act=act, actor=actor, reason=reason, source=source, keep_known=keep)
    closed = {n: m.closed.to_pylist() for n, m in changed.items()}
    tables = {n: _loose_of(n, [m.new, _unknown(m.changed)]) for n, m in made.merges.items() if len(m.new) or len(m.changed)}
    if not made.intake.keep_known:
        tables = {n: _unknown(t) for n, t in tables.items()}
    raise_errors([f for n, t in tables.items() for f in row_faults(n, _known_at(t), masked=True)])
    with writing(office, act=act, actor=actor, reason=reason, source=source) as work:
        raise_errors([f for n, ended in closed.items() for f in work.close(n, ended)])
        raise_errors([f for n, t in tables.items() for f in work.add(n, _known_at(t, work.at))])
    return work.change


def _loose_of(register: str, parts: Sequence[pa.Table]) -> pa.Table:
    return pa.concat_tables([p.cast(_loose(register)) for p in parts])


def _unknown(table: pa.Table) -> pa.Table:
    """Return a table whose rows are known from the moment they are written."""
    for name in ("known_from", "known_to"):
        place = table.schema.get_field_index(name)
        table = table.set_column(place, table.schema.field(place).with_nullable(True), pa.nulls(len(table), MOMENT))
    return table


Fetch = Callable[[str, str, Iterable[str]], list[dict[str, Any]]]


def fetcher(office: Office) -> Fetch:
    """Return how deeds fetch the versions now known from this office (`ecocomp.tenure.deeds.gathered`)."""

    def fetch(register: str, column: str, values: Iterable[str]) -> list[dict[str, Any]]:
        return list(known_now(office, register, list(values), column).to_pylist())

    return fetch


__all__ = ["CASE_REGISTERS", "Intake", "Plan", "fetcher", "known_now", "parcels_of", "plan", "take_in", "write"]
