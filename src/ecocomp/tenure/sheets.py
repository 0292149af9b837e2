"""Registers of household rights as township clerks keep them, read into the tables of `terms.registers`.

For the cadastre. Workbooks with a sheet for each village, titles above the header, headers of two rows with merged cells,
a household's name only on the first of its rows, totals and remarks among the rows, codes a spreadsheet has spoiled. Files
are opened by the isolated worker (`io.worker.SheetsJob`) and never by this process. Every row of every sheet is accounted
for: ``rows = used + totals + empty + headers + refused``.

What is read
    A row with a parcel is a right of the household it belongs to; a row with a member is a member of it; a row may be both.
    A household whose name stands only on the first row of several owns the rows below it. Columns of the household
    (code, number, account, contract, term) carry down the same way; columns of the parcel only where cells are merged.

Codes
    A household keeps the code the sheet gives it. Without one it gets ``<village code>-H<sequence>``, in the order in which
    the households of the village first appear in the files as given: the same files give the same codes, other files need
    not. No code is made from an identity number. Members get ``<household>-<two digits>``, groups of co-owners
    ``<village code>-G<sequence>``, rights ``<parcel>-<letter of kind>-<holder>``; none of them depends on the row.

Days
    A right holds from the first day of its term, else from `SheetOptions.valid_from`; a household from the first of its
    rights; memberships from `valid_from`, because a sheet shows who lives there now. `valid_to` stays empty: the end of a
    term is `term_to` and ends nothing by itself.

References: policy sheet 7.3 and 7.7 (codes and check digits); NY/T 2537-2014 for the codes of contracting households
(remembered); Civil Code, art. 297-310 (shares and joint ownership).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.io.worker import SheetsJob, Worker
from ecocomp.tenure import _identity as identity
from ecocomp.tenure import cells
from ecocomp.tenure._headers import Layout, detect_header, letter
from ecocomp.tenure._households import People
from ecocomp.tenure._make import Registers
from ecocomp.tenure._mapping import OneSheet, SheetMapping, load_mapping, template
from ecocomp.tenure._rows import (
    VILLAGE,
    Claim,
    Line,
    Sheet,
    above_header,
    clean_rows,
    counts_in,
    cut_ids,
    heading,
    hold,
    is_empty,
    is_header_again,
    is_note,
    mark,
    meaning,
    refuse,
    summand,
    unit_in,
    usual_village,
    village_in,
)
from ecocomp.tenure._totals import SUMMED, Sums, check_totals, total_word
from ecocomp.tenure._walk import Walk
from ecocomp.terms.area import say_mu
from ecocomp.terms.codes import RIGHT_KINDS
from ecocomp.terms.faults import Fault, Severity, errors
from ecocomp.terms.text import Text, same
from ecocomp.terms.unseen import first_unseen

PERSONAL = frozenset(("id_number", "member_id", "account", "phone"))


@dataclass(frozen=True, slots=True)
class SheetOptions:
    """How sheets are read.

    valid_from          day on which rights, households and memberships hold that say no other
    mapping             the office's own words (see `mapping_template`)
    parcels             parcels of the survey edition: `parcel_id`, and where known `area_dm2` and `village_code`.
                        None: parcel codes and areas are not compared
    village_code        code of the village where neither sheet nor codes say one
    villages            names of villages -> codes; those of the mapping win
    area_unit           unit of area where no header, cell or mapping says one
    area_tolerance_ppm  relative disagreement with the edition that is let pass
    area_tolerance_dm2  and the absolute one; the wider of the two counts (3 333 dm2 is 0.05 mu)
    """

    valid_from: date
    mapping: SheetMapping | None = None
    parcels: pa.Table | None = None
    village_code: str | None = None
    villages: Mapping[str, str] = field(default_factory=dict)
    area_unit: str = "mu"
    area_tolerance_ppm: int = 50_000
    area_tolerance_dm2: int = 3_333


@dataclass(frozen=True, slots=True)
class SheetCount:
    """What became of the rows of one sheet; `headers` are the rows of words: titles, headers, headings and remarks."""

    file: str
    sheet: str
    rows: int
    used: int
    totals: int
    empty: int
    headers: int
    refused: int

    @property
    def closes(self) -> bool:
        """Whether every row is accounted for."""
        return self.rows == self.used + self.totals + self.empty + self.headers + self.refused

    def as_json(self) -> dict[str, Any]:
        """Return the counts by name."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@dataclass(frozen=True, slots=True)
class Held:
    """A row that does not go into the registers, and the code of the fault that holds it back (``waits`` on another row)."""

    file: str
    sheet: str
    row: int
    code: str


@dataclass(frozen=True, slots=True)
class SheetResult:
    """What the sheets say.

    registers  party, member, tenure, source: the columns of `terms.registers` without `known_from` and `known_to`
    declared   areas the sheets state: right_id, parcel_id, declared_dm2, edition_dm2 (null where the edition has none)
    faults     all of them; errors hold their rows back, warnings do not
    counts     of every sheet of every file
    held       every row held back
    layouts    (file, sheet) -> how its columns were understood
    """

    registers: dict[str, pa.Table]
    declared: pa.Table
    faults: list[Fault]
    counts: list[SheetCount]
    held: list[Held]
    layouts: dict[tuple[str, str], Layout]

    @property
    def ok(self) -> bool:
        """Whether nothing is held back and no file was refused."""
        return not errors(self.faults)


def mapping_template() -> str:
    """Return a commented TOML file for an office that has to say what its columns are."""
    return template()


def read_sheets(
    paths: Sequence[Path | str], work_dir: Path | str, options: SheetOptions, worker: Worker | None = None
) -> SheetResult:
    """Read all sheets of all files and return registers, counts and every fault.

    paths     XLSX or CSV files; their order fixes the codes that are made (see the module)
    work_dir  folder for the clean copies the worker writes
    worker    one that is already running; else one is started for this call
    """
    reading = _Reading(options)
    jobs = [SheetsJob(f"sheets{i:03d}", path) for i, path in enumerate(paths)]
    made = worker or Worker()
    try:
        answers = made.run(jobs, work_dir)
    finally:
        if worker is None:
            made.close()
    for path, answer in zip(paths, answers, strict=True):
        reading.faults += answer.faults
        if answer.ok and answer.path is not None:
            reading.file(Path(path).name, answer.path, answer.facts)
    return reading.result()


# ---------------------------------------------------------------- rows and sheets


class _Reading:
    """One call of `read_sheets`."""

    def __init__(self, options: SheetOptions) -> None:
        self.options = options
        self.mapping = options.mapping or SheetMapping()
        self.villages = {cells.word(k): v for k, v in options.villages.items()} | dict(self.mapping.villages)
        self.faults: list[Fault] = []
        self.sheets: list[Sheet] = []
        self.people = People(self.report, identity.masked)
        self.claims: list[Claim] = []
        self.spoiled: set[str] = set()
        self.cut: dict[str, set[int]] = {}

    # ------------------------------------------------------------ faults
    def report(self, code: str, line: Line, column: str, clash: Text, remedy: Text, severity: Severity = "error") -> None:
        """Write a fault of one cell; an error holds its row back."""
        self.faults.append(Fault(f"sheets.{code}", line.sheet.where, line.cell(column), clash, remedy, severity))
        if severity == "error" and line.state in ("used", "refused"):
            line.state, line.why = "refused", line.why or f"sheets.{code}"

    def said(self, line: Line, column: str) -> str:
        """Return the value of a cell as a fault may show it: personal data masked, long text cut."""
        text = cells.plain(line.text(column))
        if column in PERSONAL:
            return identity.masked(text)
        return text if len(text) <= 60 else f"{text[:59]}…"

    def wrong(self, line: Line, column: str, wanted: Text, code: str = "value") -> None:
        clash = Text("“{v}”读不懂。", "'{v}' cannot be read.").fill(v=self.said(line, column))
        self.report(code, line, column, clash, Text("应为{w}。", "It should be {w}.").fill(w=wanted))

    # ------------------------------------------------------------ one file
    def file(self, name: str, clean: Path, facts: dict[str, Any]) -> None:
        rows = clean_rows(clean)
        waiting = next(rows, None)
        for number, about in enumerate(facts["sheets"]):
            rules = self.mapping.sheets.get(about["name"], OneSheet())
            sheet = Sheet(name, about["name"], facts["sha256_source"], rules)
            self.sheets.append(sheet)
            while waiting is not None and waiting[0] == number:
                sheet.lines.append(Line(sheet, waiting[1], waiting[2], waiting[3][: about["columns"]]))
                waiting = next(rows, None)
            self.sheet(sheet, about["visible"])

    def sheet(self, sheet: Sheet, visible: bool) -> None:
        for line in sheet.lines:
            if is_empty(line):
                line.state = "empty"
        filled = [line for line in sheet.lines if line.state != "empty"]
        if sheet.rules.skip or not filled:
            mark(filled, "header")
            return
        named = {**self.mapping.columns, **sheet.rules.columns}
        rows = [(line.number, line.kinds, line.cells) for line in (filled if sheet.rules.header_rows is None else sheet.lines)]
        sheet.layout = detect_header(rows, named, sheet.rules.header_rows)
        if sheet.layout is None:
            self.no_header(sheet, filled)
        elif not visible:
            self.hidden(sheet, filled)
        elif self.columns_told_apart(sheet, filled):
            self.register(sheet)

    def no_header(self, sheet: Sheet, filled: list[Line]) -> None:
        """A sheet of words (an explanation, a cover) is let pass; a table without a header we know is not."""
        if sum(1 for line in filled if sum(k in "nsd" for k in line.kinds) >= 3) < 2:
            mark(filled, "header")
            return
        said = "、".join(cells.plain(c) for c in filled[0].cells if c.strip())[:80]
        self.report(
            "no_header", filled[0], "",
            Text("找不到表头；首行是“{s}”。", "no header was found; the first row says '{s}'.").fill(s=said),
            Text(
                "表头要有权利人（户主）和地块、面积等列名；叫法特殊时用对照文件写明列。",
                "The header has to name the holder and parcel, area and so on; declare unusual names in a mapping.",
            ),
        )  # fmt: skip
        refuse(filled, "sheets.no_header")

    def hidden(self, sheet: Sheet, filled: list[Line]) -> None:
        self.report(
            "hidden_sheet", filled[0], "",
            Text("工作表“{s}”是隐藏的，却像一张登记表。", "sheet '{s}' is hidden, yet looks like a register.").fill(s=sheet.name),
            Text("属于登记内容就取消隐藏，否则删除它。", "Show it if it belongs to the register, else delete it."),
        )  # fmt: skip
        refuse(filled, "sheets.hidden_sheet")

    def columns_told_apart(self, sheet: Sheet, filled: list[Line]) -> bool:
        assert sheet.layout is not None
        for f, at in sheet.layout.twice.items():
            head = next(line for line in filled if line.number == sheet.layout.header[1])
            labels = "、".join(f"{letter(c)} {sheet.layout.labels[c]}" for c in at)
            self.report(
                "double_column", head, f,
                Text("几列都像“{f}”：{l}。", "several columns look like '{f}': {l}.").fill(f=meaning(f), l=labels),
                Text("改列名，或在对照文件里写明用哪一列。", "Rename them, or say in a mapping which one counts."),
            )  # fmt: skip
        if sheet.layout.twice:
            refuse(filled, "sheets.double_column")
        return not sheet.layout.twice

    # ------------------------------------------------------------ a register
    def register(self, sheet: Sheet) -> None:
        layout = sheet.layout
        assert layout is not None
        sheet.unit = sheet.rules.area_unit or self.mapping.area_unit or above_header(sheet, unit_in) or self.options.area_unit
        group = ""
        data: list[tuple[Line, str]] = []
        order: list[tuple[Line, str]] = []
        for line in sheet.lines:
            if line.state == "empty":
                continue
            if line.number <= layout.header[1] or is_header_again(line, layout):
                line.state = "header"
            elif total := (total_word(line.cells, line.kinds) if not line.says("parcel") else ""):
                line.state = "total"
                order.append((line, total))
            elif named := heading(line):
                line.state, group = "header", named
            elif is_note(line):
                line.state = "header"
            else:
                data.append((line, group))
                order.append((line, ""))
        self.cut = {f: cut_ids((line for line, _ in data), f) for f in ("id_number", "member_id")}
        self.village_of(sheet, [line for line, _ in data])
        sums = self.rows_of(dict_of=data, order=order)
        check_totals(sums, self.report)

    def village_of(self, sheet: Sheet, data: list[Line]) -> None:
        """Settle the village of a sheet: mapping, its name, household codes, parcel codes, options; say where they clash."""
        named = sheet.rules.village_code or self.villages.get(cells.word(sheet.name)) or above_header(sheet, village_in)
        by_household, by_parcel = (
            usual_village(data, "household_code"),
            usual_village(data, "parcel") or usual_village(data, "unit_code"),
        )
        sheet.village = named or by_household or by_parcel or self.options.village_code
        sheet.usual = by_parcel
        for other, column in ((by_household, "household_code"), (by_parcel, "parcel")):
            if named and other and other != named and data:
                self.report(
                    "village_mismatch", data[0], column,
                    Text(
                        "工作表“{s}”的村代码是 {a}，多数编码却以 {b} 开头。",
                        "sheet '{s}' is village {a}, but most codes begin with {b}.",
                    ).fill(s=sheet.name, a=named, b=other),
                    Text("核对工作表名与编码，看是否放错了村。", "Check the sheet's name and the codes: is it the wrong village?"),
                    "warning",
                )  # fmt: skip
                return

    def rows_of(self, dict_of: list[tuple[Line, str]], order: list[tuple[Line, str]]) -> list[Sums]:
        groups = {id(line): group for line, group in dict_of}
        out: list[Sums] = []
        walk = Walk(self)
        for line, total in order:
            sums = Sums(line, total, {f: summand(line, f) for f in SUMMED if counts_in(line, f, total)})
            out.append(sums)
            if total:
                walk.stop()
                continue
            self.unseen(line)
            walk.row(line, groups[id(line)])
            sums.household = walk.household
        return out

    def unseen(self, line: Line) -> None:
        """Say where a cell that is used holds a character nobody sees."""
        assert line.sheet.layout is not None
        if not first_unseen("".join(line.cells)):
            return
        for column in line.sheet.layout.columns:
            bad = first_unseen(line.text(column).replace("\r", "")) if line.kind(column) != "v" else ""
            if bad:
                clash = Text("单元格含有不可见字符 {c}。", "the cell holds the unseen character {c}.").fill(c=bad)
                self.report("unseen", line, column, clash, Text("重新录入该单元格。", "Type the cell anew."))

    # ------------------------------------------------------------ the end
    def result(self) -> SheetResult:
        parcels = self.check_parcels()
        _Rights(self).check()
        self.people.finish()
        registers, declared = Registers(self.people, self.claims, self.options.valid_from, parcels).make()
        counts = [_count(sheet) for sheet in self.sheets]
        held = [
            Held(s.file, s.name, line.number, line.why or "waits")
            for s in self.sheets
            for line in s.lines
            if line.state == "refused"
        ]
        layouts = {(s.file, s.name): s.layout for s in self.sheets if s.layout is not None}
        return SheetResult(registers, declared, self.faults, counts, held, layouts)

    def check_parcels(self) -> dict[str, tuple[int | None, str | None]]:
        """Compare parcels with the edition: unknown codes, areas beyond tolerance, parcels of another village."""
        known = _lookup(self.options.parcels, {c.parcel for c in self.claims})
        for claim in self.claims:
            if self.options.parcels is not None and claim.parcel not in known:
                self.unknown_parcel(claim)
                continue
            area, village = known.get(claim.parcel, (None, None))
            if area is not None and claim.area_dm2 is not None:
                self.compare_area(claim, area)
            self.compare_village(claim, village)
        return known

    def unknown_parcel(self, claim: Claim) -> None:
        column = "parcel" if claim.line.says("parcel") else "unit_code"
        self.report(
            "unknown_parcel", claim.line, column,
            Text("地块 {p} 不在所用的调查版次中。", "parcel {p} is not in the survey edition used.").fill(p=claim.parcel),
            Text("核对编码；地块已分割或合并的，写新编码。", "Check the code; if it was split or merged, write the new one."),
        )  # fmt: skip

    def compare_area(self, claim: Claim, edition_dm2: int) -> None:
        said = claim.area_dm2
        assert said is not None
        allowed = max(self.options.area_tolerance_dm2, edition_dm2 * self.options.area_tolerance_ppm // 1_000_000)
        part = edition_dm2 if claim.share is None else int(edition_dm2 * claim.share)
        if min(abs(said - edition_dm2), abs(said - part)) <= allowed:
            return
        column = "area" if claim.line.says("area") else "area_contract"
        self.report(
            "area", claim.line, column,
            Text(
                "地块 {p} 表中 {a} 亩，调查版次 {b} 亩，差 {d} 亩，超过允许的 {t} 亩。",
                "parcel {p}: {a} mu on the sheet, {b} mu in the edition, {d} mu apart; {t} mu are allowed.",
            ).fill(p=claim.parcel, a=say_mu(said), b=say_mu(edition_dm2), d=say_mu(abs(said - edition_dm2)), t=say_mu(allowed)),
            Text(
                "核对面积单位与编码；付款按调查版次的面积。",
                "Check the unit of area and the code; payment uses the area of the edition.",
            ),
            "warning",
        )  # fmt: skip

    def compare_village(self, claim: Claim, edition_village: str | None) -> None:
        """A parcel of another village than its household's is said; not where the whole sheet differs (said once, above)."""
        prefix = VILLAGE.match(claim.parcel) if len(claim.parcel) == 19 else None
        village = edition_village or (prefix.group() if prefix else None)
        own = claim.holder.village
        if village is None or village == own or (edition_village is None and village == claim.line.sheet.usual):
            return
        self.report(
            "village_mismatch", claim.line, "parcel",
            Text("地块 {p} 属于村 {a}，权利人在村 {b}。", "parcel {p} lies in village {a}, its holder in {b}.").fill(
                p=claim.parcel, a=village, b=own
            ),
            Text("核对编码；确在外村的地块请备注说明。", "Check the code; if the land does lie elsewhere, say so in the remarks."),
            "warning",
        )  # fmt: skip


# ---------------------------------------------------------------- what only the whole shows
class _Rights:
    """Rights entered twice, and shares that do not add up."""

    def __init__(self, reading: _Reading) -> None:
        self.reading = reading
        self.report = reading.report

    def check(self) -> None:
        self.twice()
        parcels: dict[tuple[str, str], list[Claim]] = {}
        for claim in self.reading.claims:
            if claim.line.why != "sheets.right_twice":
                parcels.setdefault((claim.parcel, claim.kind), []).append(claim)
        for (parcel, kind), found in parcels.items():
            if not self.waits(parcel, found):
                self.sum(parcel, kind, found)
        self.held_together(parcels)

    def waits(self, parcel: str, found: list[Claim]) -> bool:
        """A parcel of which one row could not be read cannot be added up; its other rows wait, without a fault of their own."""
        if parcel not in self.reading.spoiled:
            return False
        shares = [c.share for c in found if c.share is not None]
        if len(shares) == len(found) and sum(shares, Fraction(0)) == 1:
            return False
        hold(found, "waits on another row of its parcel")
        return True

    def held_together(self, parcels: dict[tuple[str, str], list[Claim]]) -> None:
        """Co-owners go in together: where one is held back the others wait, until nothing more has to."""
        waiting = True
        while waiting:
            waiting = False
            for found in parcels.values():
                states = {c.line.state for c in found}
                if len(found) > 1 and states == {"used", "refused"}:
                    hold(found, "waits on another row of its parcel")
                    waiting = True

    def twice(self) -> None:
        seen: dict[tuple[str, str, int], Claim] = {}
        for claim in self.reading.claims:
            key = (claim.parcel, claim.kind, id(claim.holder))
            if key not in seen or (seen[key].line.state == "refused" and seen[key].line is not claim.line):
                seen[key] = claim
                continue
            self.report(
                "right_twice", claim.line, "parcel",
                Text(
                    "“{h}”在地块 {p} 上的{k}已写在 {o}。",
                    "the {k} of '{h}' on parcel {p} already stands at {o}.",
                ).fill(h=claim.holder.said.name, p=claim.parcel, k=RIGHT_KINDS[claim.kind], o=seen[key].line.place("parcel")),
                Text("删去重复的一行，或改正编码。", "Delete the double row, or correct the code."),
            )  # fmt: skip

    def sum(self, parcel: str, kind: str, found: list[Claim]) -> None:
        shared = [c.share for c in found if c.share is not None]
        joint = len(found) - len(shared)
        total = sum(shared, Fraction(0))
        if joint and not shared:
            return
        if not joint and (total == 1 or (kind == "management" and total < 1)):
            return
        holders = ", ".join(
            f"{c.holder.said.name} {c.share if c.share is not None else '—'} ({c.line.place('share')})" for c in found[:8]
        )
        hold(found, "sheets.shares")
        self.report(
            "shares", found[0].line, "share",
            Text(
                "地块 {p} 的{k}份额合计 {t}，不是 1：{h}{j}。",
                "the shares of {k} on parcel {p} add up to {t}, not 1: {h}{j}.",
            ).fill(
                p=parcel, k=RIGHT_KINDS[kind], t=total, h=holders,
                j=Text("；另有共同共有人", "; and joint owners beside") if joint else same(""),
            ),
            Text(
                "按权证改正份额；两户写了同一地块的，查明归属。",
                "Correct the shares from the title; if two claim it, find out whose it is.",
            ),
        )  # fmt: skip


# ---------------------------------------------------------------- small things


def _lookup(parcels: pa.Table | None, wanted: set[str]) -> dict[str, tuple[int | None, str | None]]:
    """Return area (dm2) and village of those parcels of the edition that the sheets name."""
    if parcels is None or not wanted:
        return {}
    part = parcels.filter(pc.is_in(parcels["parcel_id"], value_set=pa.array(sorted(wanted), pa.string())))
    names = part.column_names
    areas = part["area_dm2"].to_pylist() if "area_dm2" in names else [None] * len(part)
    villages = part["village_code"].to_pylist() if "village_code" in names else [None] * len(part)
    return dict(zip(part["parcel_id"].to_pylist(), zip(areas, villages, strict=True), strict=True))


def _count(sheet: Sheet) -> SheetCount:
    states = Counter(line.state for line in sheet.lines)
    return SheetCount(
        sheet.file,
        sheet.name,
        len(sheet.lines),
        states["used"],
        states["total"],
        states["empty"],
        states["header"],
        states["refused"],
    )


__all__ = [
    "Held", "OneSheet", "SheetCount", "SheetMapping", "SheetOptions", "SheetResult", "detect_header", "load_mapping",
    "mapping_template", "read_sheets",
]  # fmt: skip
