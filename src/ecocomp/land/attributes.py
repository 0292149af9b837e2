"""What the attributes of a survey layer say, checked row by row in batches and as a whole at the end.

For the import of a survey edition. `AttributeChecks.batch` turns one batch of a layer into the columns an edition
needs and returns what is wrong with its rows; `finish` returns what only the whole layer shows: codes used twice,
units whose patches do not add up, years mixed, lists mixed up.

Severity. Error: what decides who is paid, for what, for how much - codes, classes, villages, areas, the net area
(KCMJ, TBDLMJ), sums of units, one year in a file. Warning: what quality control asks but no payment rests on -
slope grade, planting attribute, width, ownership nature, patch number, the code of the deducted class.
How exactly KCMJ = TBMJ x KCXS and TBDLMJ = TBMJ - KCMJ must hold: within one unit of the last printed digit
(`Mapping.printed_digit`, 0.01 m2 as the standard prints areas).
Reference: TD/T 1057-2020 and its database standard (fields and identities as in `ecocomp.land.dltb`).
"""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.io.files import disk_words
from ecocomp.land import cells, classes, dltb
from ecocomp.land.edition import NO_CLASS, NO_VILLAGE, Unit
from ecocomp.land.mapping import Mapping, missing_columns
from ecocomp.terms.faults import Fault, FaultsError, Severity
from ecocomp.terms.text import Text, same

if TYPE_CHECKING:
    from numpy.typing import NDArray

DM2_PER: dict[Unit, tuple[int, int]] = {"m2": (100, 1), "mu": (200_000, 3), "ha": (1_000_000, 1)}
COLUMNS = ("parcel_id", "land_class", "village_code", "ecosystem", "declared_area_dm2")
MAX_PAIRS = 20_000
"""Distinct pairs of class code and name that are remembered to tell the code scheme."""
_VILLAGE = r"^\d{12}(\d{7})?$"
_GROUP_NAME = re.compile(r"([村居]民小组|小组|[组社队])$")
_VILLAGE_NAME = re.compile(r"(村|村委会|村民委员会|居委会|社区|经济(联)?合作社)$")
_UNSEEN_REMEDY = Text("请删去这些字符。", "Delete those characters.")
Values = dict[str, pa.Array]


class AttributeChecks:
    """The attribute checks of one layer; keep one object per layer and give it the batches in order.

    mapping  what its fields say
    where    name of the file, for the faults
    rows     rows seen so far
    """

    def __init__(self, mapping: Mapping, where: str = "") -> None:
        self.mapping, self.where, self.rows = mapping, where, 0
        self.scheme = mapping.scheme
        self._ids, self._patches = _Seen(), _Seen()
        self._pairs: Counter[tuple[str, str]] = Counter()
        self._units: Counter[str] = Counter()
        self._unit_rows: Counter[str] = Counter()
        self._years: Counter[str] = Counter()
        self._owners: Counter[tuple[str, str]] = Counter()
        self._as_text: Counter[str] = Counter()
        self._long_ids = self._zeroed_ids = self._cropland = self._without_area = 0
        self._scheme_asked = False

    def batch(self, table: pa.Table, first_row: int) -> tuple[Values, list[Fault]]:
        """Check a batch; return its columns and its faults.

        first_row  rows before this batch (people read row numbers counted from 1)
        columns    `COLUMNS` (text, text, 12 digits, text, int64; null where a fault says why), then the mapped fields of
                   the standard under their standard names: texts, and float64 for numbers
        raises     `FaultsError` if the mapping names a column the layer lacks
        """
        missing = missing_columns(self.mapping, table.column_names, self.where)
        if missing:
            raise FaultsError(missing)
        rows = _Rows(self, table, first_row)
        for check in _CHECKS:
            check(rows)
        self.rows += len(table)
        return {**{n: rows.out[n] for n in COLUMNS}, **{n: v for n, v in rows.out.items() if n not in COLUMNS}}, rows.faults

    def finish(self) -> list[Fault]:
        """Return the faults only the whole layer shows; call it once, after the last batch."""
        found = [self._double_id(*d) for d in self._ids.doubles()]
        patches = self._patches.doubles()
        ids = self._ids.texts({row for _, first, later in patches for row in (first, later)})
        found += [self._double_patch(*d, ids) for d in patches]
        found += [*self._zeroed(), *self._other_scheme(), *self._mixed_years(), *self._swapped_owners()]
        found += [*self._sums(), *self._numbers_as_text(), *self._absent(), *self._no_areas()]
        self._ids.close()
        self._patches.close()
        return found

    # ------------------------------------------------------------ the whole layer
    def _double_id(self, key: str, first: int, later: int) -> Fault:
        clash = Text("第 {a} 行与第 {b} 行的地块编码相同。", "rows {a} and {b} have the same parcel code.")
        remedy = Text("请删除重复的一行，或改正编码。", "Delete one of them or correct its code.")
        return self.fault("duplicate_id", key, clash.fill(a=first + 1, b=later + 1), remedy)

    def _no_areas(self) -> list[Fault]:
        if not self._without_area:
            return []
        clash = Text("有 {n:,} 行没有登记面积（{f} 为空）。", "{n:,} rows have no registered area ({f} is empty).")
        remedy = Text(
            "补偿按椭球面积计算；需要核对登记面积时请补填。",
            "Payment follows the ellipsoidal area; fill it in to have them compared.",
        )
        said = clash.fill(n=self._without_area, f=self.mapping.fields.declared_area)
        return [self.fault("no_declared_area", "", said, remedy, "warning")]

    def _double_patch(self, key: str, first: int, later: int, ids: dict[int, str]) -> Fault:
        unit, patch = key.split("\x1f")
        clash = Text(
            "坐落单位 {u} 内，图斑编号 {p} 已用于 {o}（第 {a} 行与第 {b} 行）。",
            "in unit {u}, the patch number {p} is already that of {o} (rows {a} and {b}).",
        ).fill(u=unit, p=patch, a=first + 1, b=later + 1, o=ids.get(first) or f"row {first + 1}")
        remedy = Text("请在该单位内重新编号。", "Number the patches of that unit anew.")
        return self.fault("duplicate_patch", ids.get(later) or f"row {later + 1}", clash, remedy, "warning")

    def _zeroed(self) -> Iterable[Fault]:
        if self._long_ids >= 20 and self._zeroed_ids >= 0.99 * self._long_ids:
            clash = Text(
                "{n} 个长编码都以 000 结尾：像是经电子表格存过，15 位以后的数字已丢失。",
                "{n} long codes all end in 000: they look like codes a spreadsheet saved, with the digits after the 15th lost.",
            )
            remedy = Text("请从原数据库以文本重新导出编码。", "Export the codes again from the database, as text.")
            yield self.fault("id_digits_lost", self.mapping.fields.parcel_id, clash.fill(n=self._zeroed_ids), remedy)

    def _other_scheme(self) -> Iterable[Fault]:
        """The list the mapping names against the one the codes themselves speak for."""
        if self.mapping.scheme not in (classes.SURVEY, classes.GBT, classes.MNR) or not self._pairs:
            return
        misfits = classes.misfits(self.mapping.scheme, self._pairs)
        if 20 * misfits < self._pairs.total():
            return
        told = classes.tell_counted(self._pairs, self.where, own=self.mapping.classes)
        if told.scheme and told.scheme != self.mapping.scheme:
            clash = Text(
                "映射文件写的是{m}，但 {n} 行不合；代码合于{t}。",
                "the mapping says {m}, but {n} rows do not fit it; the codes fit the {t}.",
            )
            clash = clash.fill(m=classes.SCHEMES[self.mapping.scheme], n=misfits, t=classes.SCHEMES[told.scheme])
            remedy = Text('请核对后把 scheme 改为 "{s}"。', 'Check, and set scheme to "{s}".').fill(s=told.scheme)
            yield self.fault("other_scheme", "", clash, remedy)

    def _mixed_years(self) -> Iterable[Fault]:
        if len(self._years) > 1:
            said = ", ".join(f"{y} ({n})" for y, n in sorted(self._years.items())[:10])
            clash = Text("一个图层里有几个数据年份：{y}。", "the layer holds several data years: {y}.").fill(y=said)
            remedy = Text("一版调查成果只能是一个年份：请分开导入。", "An edition is of one year: import them separately.")
            yield self.fault("mixed_years", self.mapping.attributes["SJNF"], clash, remedy)

    def _swapped_owners(self) -> Iterable[Fault]:
        groups = {code: (self._owners[(code, "group")], self._owners[(code, "village")]) for code in ("31", "32")}
        (group_31, village_31), (group_32, village_32) = groups["31"], groups["32"]
        if min(village_31, group_32) >= 3 and village_31 > 3 * group_31 and group_32 > 3 * village_32:
            clash = Text(
                "权属性质 31（村民小组）的单位名多是村（{a} 行），32（村集体）的多是组（{b} 行）：两码像是对调了。",
                "units of nature 31 (villager group) are mostly named as villages ({a} rows), those of 32 (village collective)"
                " as groups ({b} rows): the two codes look swapped.",
            )
            remedy = Text("请与提交单位核对 QSXZ 的代码表。", "Check the code list of QSXZ with whoever handed the layer in.")
            yield self.fault(
                "owner_codes_swapped", self.mapping.attributes["QSXZ"], clash.fill(a=village_31, b=group_32), remedy, "warning"
            )

    def _sums(self) -> Iterable[Fault]:
        """Sum of declared areas of each unit against its control area; what rounding alone can explain is a warning."""
        for unit, control in sorted(self.mapping.totals_dm2.items()):
            inside = [(u, n) for u, n in self._units.items() if u.startswith(unit)]
            area = sum(n for _, n in inside)
            if abs(area - control) <= 1:
                continue
            clash = Text(
                "单位 {u} 的图斑面积之和 {a:,.2f} m²，控制面积 {c:,.2f} m²，差 {d:+,.2f} m²。",
                "the patches of unit {u} add up to {a:,.2f} m², its control area is {c:,.2f} m²: {d:+,.2f} m².",
            )
            clash = clash.fill(u=unit, a=area / 100, c=control / 100, d=(area - control) / 100)
            remedy = Text("请查漏图斑、重复图斑或控制面积。", "Look for missing or double patches, or check the control area.")
            patches = sum(self._unit_rows[u] for u, _ in inside)
            small: Severity = "warning" if abs(area - control) <= patches // 2 else "error"
            yield self.fault("unit_sum", unit, clash, remedy, small)

    def _numbers_as_text(self) -> Iterable[Fault]:
        for column, rows in sorted(self._as_text.items()):
            clash = Text("数值字段以文本存放（{n} 行）。", "a field of numbers is stored as text ({n} rows).").fill(n=rows)
            remedy = Text(
                "已按所写的十进制数读入；下次请按数值导出。", "It was read as the decimals written; export it as numbers next time."
            )
            yield self.fault("number_as_text", column, clash, remedy, "warning")

    def _absent(self) -> Iterable[Fault]:
        """Fields quality control asks for that the whole layer lacks, said once instead of once per row."""
        if not self._cropland or self.scheme != classes.SURVEY or not self.mapping.attributes:
            return
        for name in ("GDPDJB", "ZZSXDM"):
            if name not in self.mapping.attributes:
                clash = Text("有 {n} 个耕地图斑，却没有字段 {f}（{s}）。", "there are {n} cropland patches but no field {f} ({s}).")
                remedy = Text("请补上该字段，或在映射文件中写明其名称。", "Add the field, or name it in the mapping file.")
                clash = clash.fill(n=self._cropland, f=name, s=dltb.DLTB[name].says)
                yield self.fault("no_attribute", name, clash, remedy, "warning")

    def fault(self, code: str, record: str, clash: Text, remedy: Text, severity: Severity = "error") -> Fault:
        return Fault(f"land.{code}", self.where, record, clash, remedy, severity)


class _Rows:
    """One batch under check: its columns as read, the columns made so far, the faults found so far."""

    def __init__(self, checks: AttributeChecks, table: pa.Table, first_row: int) -> None:
        self.all, self.mapping, self.table, self.first_row = checks, checks.mapping, table, first_row
        self.out: Values = {}
        self.faults: list[Fault] = []
        self.size = len(table)
        self._ids: pa.Array | None = None

    def record(self, i: int) -> str:
        """Return what people call row i: its code, else its number."""
        name = self._ids[i].as_py() if self._ids is not None else None
        return name or f"row {self.first_row + i + 1}"

    def named(self, ids: pa.Array) -> None:
        self._ids = ids

    def each(
        self, mask: NDArray[np.bool_], code: str, clash: Text, remedy: Text, severity: Severity = "error", **said: Any
    ) -> None:
        """Add a fault for every row of a mask; `said` gives the values of its sentence by row."""
        for i in map(int, np.flatnonzero(mask)):
            words = clash.fill(**{k: v(i) for k, v in said.items()}) if said else clash
            self.faults.append(self.all.fault(code, self.record(i), words, remedy, severity))

    def column(self, name: str) -> pa.ChunkedArray | None:
        """Return the column of a field of the standard, None if the mapping has none."""
        column = self.mapping.attributes.get(name)
        return self.table[column] if column else None

    def codes(self, column: str, label: str | None = None) -> cells.Codes:
        """Read a column as codes; say what was mended and what is damaged."""
        read = cells.codes(self.table[column])
        clash = Text(
            "{f} 写作“{a}”，读作“{b}”（全角字符或空格）。", "{f} is written “{a}”, read as “{b}” (full-width letters or spaces)."
        )
        remedy = Text("已按半角读入；请改正原数据。", "It was read in half-width; mend the source.")
        self.each(
            read.mended,
            "mended_code",
            clash,
            remedy,
            "warning",
            f=lambda _: label or column,
            a=lambda i: read.raw[i].as_py(),
            b=lambda i: read.values[i].as_py(),
        )
        clash = Text(
            "{f} 是 {a}：长编码被当作数字存放，末尾的数字已丢失。",
            "{f} is {a}: a long code was stored as a number and its last digits are lost.",
        )
        remedy = Text("请从原数据库以文本重新导出。", "Export it again from the database, as text.")
        self.each(read.blunt, "code_precision_lost", clash, remedy, f=lambda _: label or column, a=lambda i: read.raw[i].as_py())
        return read

    def numbers(self, column: str) -> cells.Numbers:
        """Read a column as numbers; say what is none."""
        read = cells.numbers(self.table[column])
        if read.as_text and read.present.any():
            self.all._as_text[column] += int(read.present.sum())
        return read

    def not_a_number(self, read: cells.Numbers, column: str, severity: Severity) -> None:
        clash = Text("{f} 是“{v}”，不是有限的十进制数。", "{f} is “{v}”, which is no finite decimal number.")
        remedy = Text("请填写不带单位、千分位和指数的数。", "Enter a number without unit, thousands separator or exponent.")
        self.each(read.bad, "bad_number", clash, remedy, severity, f=lambda _: column, v=lambda i: read.raw[i].as_py())


# ---------------------------------------------------------------- identifiers
def _parcel_ids(rows: _Rows) -> None:
    checks, column = rows.all, rows.mapping.fields.parcel_id
    if not column:
        head = rows.mapping.constants.get("parcel_id", "")
        numbers = range(rows.first_row + 1, rows.first_row + rows.size + 1)
        rows.out["parcel_id"] = pa.array([f"{head}{n:07d}" for n in numbers], pa.string())
        rows.named(rows.out["parcel_id"])
        return
    read = cells.codes(rows.table[column])
    rows.named(read.values)
    read = rows.codes(column)
    empty = cells.flags(pc.is_null(read.values))
    rows.each(
        empty,
        "no_id",
        Text("没有地块编码（{f}）。", "it has no parcel code ({f})."),
        Text("请补上编码。", "Give it one."),
        f=lambda _: column,
    )
    unseen = cells.flags(pc.match_substring_regex(read.values, cells.UNSEEN))
    rows.each(
        unseen,
        "unseen_in_id",
        Text("地块编码含有不可见的控制字符。", "its parcel code holds unseen control characters."),
        _UNSEEN_REMEDY,
    )
    long = cells.flags(pc.match_substring_regex(read.values, r"^\d{16,}$"))
    checks._long_ids += int(long.sum())
    checks._zeroed_ids += int((long & cells.flags(pc.ends_with(read.values, "000"))).sum())
    checks._ids.add(read.values, rows.first_row)
    rows.out["parcel_id"] = read.values


# ---------------------------------------------------------------- land classes
def _land_classes(rows: _Rows) -> None:
    checks, mapping = rows.all, rows.mapping
    column = mapping.fields.land_class
    if column is None:
        values = pa.repeat(pa.scalar(mapping.constants.get("land_class", NO_CLASS)), rows.size)
        read = cells.Codes(values, values, np.zeros(rows.size, bool), np.zeros(rows.size, bool))
    else:
        read = rows.codes(column)
    names = cells.names(rows.table[mapping.attributes["DLMC"]]) if "DLMC" in mapping.attributes else None
    code, pair_index, pairs = _pairs(read.values, names)
    _tell(checks, pairs, pair_index, rows)
    scheme = checks.scheme
    found = [_class_of(scheme, c, mapping) for c, _ in pairs]
    take = pa.array(pair_index)
    rows.out["land_class"] = pa.array([f[0] for f in found], pa.string()).take(take)
    rows.out["ecosystem"] = pa.array([f[1] for f in found], pa.string()).take(take)
    if scheme is None:
        return
    unknown = np.array([f[1] is None for f in found], bool)[pair_index]
    for i in map(int, np.flatnonzero(unknown)):
        rows.faults.append(_no_class(scheme, code[i].as_py(), column or "", checks.where, rows.record(i)))
    _names_agree(rows, scheme, pairs, pair_index, found)
    cropland = cells.flags(pc.starts_with(rows.out["land_class"], "01")) if scheme != classes.HJ1172 else np.zeros(rows.size, bool)
    checks._cropland += int(cropland.sum())


def _pairs(codes: pa.Array, names: pa.Array | None) -> tuple[pa.Array, NDArray[np.int64], list[tuple[str, str]]]:
    """Return the codes, and each row's place among the distinct (code, name)."""
    blank = names if names is not None else pa.repeat(pa.scalar(""), len(codes))
    joined = pc.binary_join_element_wise(pc.fill_null(codes, ""), pc.fill_null(blank, ""), "\x1f")
    words = joined.dictionary_encode()
    pairs = [(p.split("\x1f", 1)[0], p.split("\x1f", 1)[1]) for p in words.dictionary.to_pylist()]
    return codes, np.asarray(words.indices.to_numpy(zero_copy_only=False), np.int64), pairs


def _tell(checks: AttributeChecks, pairs: list[tuple[str, str]], index: NDArray[np.int64], rows: _Rows) -> None:
    """Remember the pairs; where the mapping names no scheme, ask the first batch once."""
    counted = Counter({p: int(n) for p, n in zip(pairs, np.bincount(index, minlength=len(pairs)), strict=True) if p[0]})
    for pair, n in counted.items():
        if pair in checks._pairs or len(checks._pairs) < MAX_PAIRS:
            checks._pairs[pair] += n
    if checks.scheme is None and not checks._scheme_asked and counted:
        checks._scheme_asked = True
        told = classes.tell_counted(counted, checks.where, own=rows.mapping.classes)
        checks.scheme = told.scheme if told.scheme or any(f.code != "land.no_classes" for f in told.faults) else classes.OWN
        rows.faults += [f for f in told.faults if f.code != "land.no_classes"]


def _class_of(scheme: str | None, code: str, mapping: Mapping) -> tuple[str | None, str | None]:
    if mapping.fields.land_class is None and code == NO_CLASS:
        return NO_CLASS, NO_CLASS
    if scheme is None or not code:
        return code or None, None
    found = classes.convert(scheme, code, mapping.classes)
    return found if found else (code, None)


def _no_class(scheme: str, code: str | None, column: str, where: str, record: str) -> Fault:
    if not code:
        clash = Text("没有地类编码（{f}）。", "it has no land class ({f}).").fill(f=column)
        return Fault("land.no_class", where, record, clash, Text("请补上地类编码。", "Give it its class."))
    if code.isdigit() and "0" + code in classes.table(scheme):
        clash = Text("地类编码是 {c}，少了前面的 0（应为 {d}）。", "the land class is {c}; a leading zero is lost ({d}).")
        remedy = Text("地类编码是文本：请按文本重新导出。", "Class codes are text: export them again as text.")
        return Fault("land.zeros_lost", where, record, clash.fill(c=code, d="0" + code), remedy)
    if scheme == classes.OWN:
        clash = Text("地类“{c}”没有写在映射文件的 [classes] 中。", "the class “{c}” is not under [classes] of the mapping file.")
        remedy = Text("请为它写出生态系统代码。", "Give its ecosystem there.")
        return Fault("land.unknown_class", where, record, clash.fill(c=code), remedy)
    return classes.why_not(scheme, code, where, record)


def _names_agree(
    rows: _Rows, scheme: str, pairs: list[tuple[str, str]], index: NDArray[np.int64], found: list[tuple[str | None, str | None]]
) -> None:
    wrong = [
        bool(n) and f[1] is not None and c not in rows.mapping.classes and not classes.name_agrees(scheme, c, n)
        for (c, n), f in zip(pairs, found, strict=True)
    ]

    def named(i: int) -> Text:
        others = classes.codes_named(scheme, pairs[index[i]][1])
        return (
            Text(f"该名称是 {others[0]}", f"that name is {others[0]}") if others else Text("没有这个名称", "no class has that name")
        )

    clash = Text("地类编码 {c} 是“{o}”，地类名称却写“{n}”（{w}）。", "class {c} is “{o}”, but the name beside it is “{n}” ({w}).")
    remedy = Text("请改正编码或名称。", "Correct the code or the name.")
    rows.each(
        np.array(wrong, bool)[index],
        "class_name",
        clash,
        remedy,
        c=lambda i: pairs[index[i]][0],
        o=lambda i: classes.table(scheme)[pairs[index[i]][0]].name,
        n=lambda i: pairs[index[i]][1],
        w=named,
    )


# ---------------------------------------------------------------- villages and areas
def _villages(rows: _Rows) -> None:
    mapping = rows.mapping
    column = mapping.fields.village_code
    if column is None:
        rows.out["village_code"] = pa.repeat(pa.scalar(mapping.constants.get("village_code", NO_VILLAGE)), rows.size)
        rows.out["_unit"] = rows.out["village_code"]
        return
    read = rows.codes(column)
    sound = cells.flags(pc.match_substring_regex(read.values, _VILLAGE))
    clash = Text(
        "坐落单位代码（{f}）“{c}”有 {n} 个字符，应是 12 或 19 位数字。",
        "the location unit code ({f}) “{c}” has {n} characters; it should be 12 or 19 digits.",
    )
    remedy = Text(
        "请填写统计用区划代码（前 12 位为村）；若少了前面的 0，请按文本导出。",
        "Enter the statistical division code (its first 12 digits name the village); if zeros are lost, export it as text.",
    )
    rows.each(
        ~sound & ~read.blunt,
        "bad_village_code",
        clash,
        remedy,
        f=lambda _: column,
        c=lambda i: read.values[i].as_py() or "",
        n=lambda i: len(read.values[i].as_py() or ""),
    )
    rows.out["_unit"] = pc.if_else(pa.array(sound), read.values, pa.scalar(None, pa.string()))
    rows.out["village_code"] = pc.utf8_slice_codeunits(rows.out["_unit"], 0, 12)
    if mapping.region_code:
        far = sound & ~cells.flags(pc.starts_with(read.values, mapping.region_code))
        clash = Text("坐落单位代码 {c} 不属于 {r}。", "the location unit {c} does not belong to {r}.")
        remedy = Text("请删去外县图斑，或改正代码。", "Take patches of other counties out, or correct the code.")
        rows.each(far, "other_region", clash, remedy, c=lambda i: read.values[i].as_py(), r=lambda _: mapping.region_code)


def _areas(rows: _Rows) -> None:
    mapping, column = rows.mapping, rows.mapping.fields.declared_area
    if column is None:
        rows.out["declared_area_dm2"] = pa.nulls(rows.size, pa.int64())
    else:
        read = rows.numbers(column)
        with np.errstate(invalid="ignore"):
            bad = read.bad | (read.values < 0) | (read.values > 1e13)
        clash = Text("登记面积（{f}）“{v}”不是面积。", "the registered area ({f}) “{v}” is no area.")
        remedy = Text(
            "请填写不小于零、不带单位与千分位的数。", "Enter a number that is not below zero, without unit or separators."
        )
        rows.each(bad, "bad_declared_area", clash, remedy, f=lambda _: column, v=lambda i: read.raw[i].as_py())
        clash = Text("没有登记面积（{f}）。", "it has no registered area ({f}).")
        remedy = Text(
            "请补填；补偿按椭球面积计算，但单位面积之和会缺这一块。",
            "Fill it in; payment follows the ellipsoidal area, but the sum of its unit lacks this patch.",
        )
        if read.present.any():
            rows.each(~read.present, "no_declared_area", clash, remedy, "warning", f=lambda _: column)
        else:  # an empty column is one finding, not one for each row
            rows.all._without_area += rows.size
        area, sound = cells.exact_dm2(read, *DM2_PER[mapping.fields.declared_unit])
        rows.out["declared_area_dm2"] = pa.array(area, mask=~sound)
    _add_up(rows)


def _add_up(rows: _Rows) -> None:
    """Add the declared areas of each unit, in whole dm²."""
    unit = rows.out.pop("_unit")
    if not rows.mapping.totals_dm2:
        return
    table = (
        pa.table({"unit": unit, "area": rows.out["declared_area_dm2"]})
        .group_by("unit")
        .aggregate([("area", "sum"), ("area", "count")])
    )
    for row in table.to_pylist():
        if row["unit"] and row["area_sum"] is not None:
            rows.all._units[row["unit"]] += row["area_sum"]
            rows.all._unit_rows[row["unit"]] += row["area_count"]


# ---------------------------------------------------------------- the other fields of the standard
def _extras(rows: _Rows) -> None:
    """Keep every mapped field of the standard under its standard name."""
    for name in rows.mapping.attributes:
        kind = (dltb.DLTB.get(name) or dltb.FOREST[name]).kind
        column = rows.column(name)
        if kind == "number":
            read = rows.numbers(rows.mapping.attributes[name])
            rows.not_a_number(read, rows.mapping.attributes[name], "error" if name in ("KCXS", "KCMJ", "TBDLMJ") else "warning")
            rows.out[name] = pa.array(read.values, mask=np.isnan(read.values))
        elif kind == "text":
            words = cells.names(column)
            unseen = cells.flags(pc.match_substring_regex(words, cells.UNSEEN))
            clash = Text(
                "{f} 含有不可见的控制字符，显示的与所写的不同。",
                "{f} holds unseen control characters: it shows something else than it says.",
            )
            rows.each(unseen, "unseen_character", clash, _UNSEEN_REMEDY, "warning", f=lambda _, n=name: n)
            rows.out[name] = pc.replace_substring_regex(words, cells.UNSEEN, "") if unseen.any() else words
        else:
            rows.out[name] = rows.codes(rows.mapping.attributes[name]).values


def _present(rows: _Rows, name: str) -> NDArray[np.bool_]:
    return ~cells.flags(pc.is_null(rows.out[name]))


def _floats(rows: _Rows, name: str) -> NDArray[np.float64]:
    return np.asarray(rows.out[name].to_numpy(zero_copy_only=False), np.float64)


def _is_survey(rows: _Rows) -> bool:
    return rows.all.scheme in (classes.SURVEY, classes.GBT, classes.MNR)


def _crop_and_other(rows: _Rows) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return the rows that are cropland and those that are surely not; a row of unknown class is neither."""
    known = ~cells.flags(pc.is_null(rows.out["ecosystem"]))
    crop = cells.flags(pc.starts_with(rows.out["land_class"], "01"))
    return crop & known, ~crop & known


def _deduction(rows: _Rows) -> None:
    """KCXS and its company: only cropland has a deduction, of class 1203, and the areas follow from it."""
    if "KCXS" not in rows.out or not _is_survey(rows):
        return
    share = _floats(rows, "KCXS")
    with np.errstate(invalid="ignore"):
        some, outside = share > 0, (share < 0) | (share >= 1)
    remedy = Text("请核对扣除系数。", "Check the deduction coefficient.")
    value: dict[str, Any] = {"k": lambda i: f"{share[i]:g}", "c": lambda i: rows.out["land_class"][i].as_py()}
    clash = Text("扣除系数 {k} 不在 0 与 1 之间（地类 {c}）。", "the deduction coefficient {k} is not between 0 and 1 (class {c}).")
    rows.each(outside, "deduction_range", clash, remedy, **value)
    clash = Text("地类 {c} 不是耕地，却有扣除系数 {k}。", "class {c} is no cropland, yet has a deduction coefficient of {k}.")
    rows.each(some & ~outside & _crop_and_other(rows)[1], "deduction_off_cropland", clash, remedy, **value)
    if "KCDLBM" in rows.out:
        _deducted_class(rows, share, some)


def _deducted_class(rows: _Rows, share: NDArray[np.float64], some: NDArray[np.bool_]) -> None:
    given = _present(rows, "KCDLBM")
    other = given & ~cells.flags(pc.equal(rows.out["KCDLBM"], dltb.RIDGE))
    value: dict[str, Any] = {
        "k": lambda i: "—" if np.isnan(share[i]) else f"{share[i]:g}",
        "d": lambda i: rows.out["KCDLBM"][i].as_py() or "—",
    }
    remedy = Text("扣除系数大于零时填 1203，否则留空。", "Enter 1203 where the coefficient is above zero, else leave it empty.")
    clash = Text("扣除系数是 {k}，扣除地类编码是 {d}。", "the deduction coefficient is {k}, the deducted class is {d}.")
    rows.each((some & ~given) | (~some & given) | (some & other), "deducted_class", clash, remedy, "warning", **value)


def _net_area(rows: _Rows) -> None:
    """KCMJ = TBMJ x KCXS and TBDLMJ = TBMJ - KCMJ, within one unit of the last printed digit; in the layer's own unit."""
    column = rows.mapping.fields.declared_area
    if column is None or not _is_survey(rows):
        return
    total = cells.numbers(rows.table[column]).values
    digit = float(rows.mapping.printed_digit)
    share = np.nan_to_num(_floats(rows, "KCXS")) if "KCXS" in rows.out else None
    taken = np.nan_to_num(_floats(rows, "KCMJ")) if "KCMJ" in rows.out else None
    remedy = Text(
        "请重算扣除面积与净面积；面积若只印到 0.1，请在映射文件的 [tolerances] 写 printed_digit = 0.1。",
        "Compute the deducted and the net area anew; where areas are printed to 0.1 only, say printed_digit = 0.1 under"
        " [tolerances] of the mapping file.",
    )
    said: dict[str, Any] = {"t": lambda i: f"{total[i]:.2f}", "e": lambda _: f"{digit:g}"}
    slack = digit * (1 + 1e-9) + 1e-12 * np.nan_to_num(total)
    if taken is not None and share is not None:
        _deducted_area(rows, total, share, taken, slack, said, remedy)
    if taken is not None and "TBDLMJ" in rows.out:
        net = _floats(rows, "TBDLMJ")
        with np.errstate(invalid="ignore"):
            off = np.isfinite(total) & ~(np.abs(net - (total - taken)) <= slack)
        clash = Text(
            "图斑地类面积 {n} 与 {t} − {m} = {w} 不符（允许 {e}）。", "the net area {n} is not {t} − {m} = {w} (allowed: {e})."
        )
        rows.each(
            off,
            "net_area",
            clash,
            remedy,
            **said,
            m=lambda i: f"{taken[i]:.2f}",
            w=lambda i: f"{total[i] - taken[i]:.2f}",
            n=lambda i: "—" if np.isnan(net[i]) else f"{net[i]:.2f}",
        )


def _deducted_area(rows: _Rows, total: Any, share: Any, taken: Any, slack: Any, said: dict[str, Any], remedy: Text) -> None:
    with np.errstate(invalid="ignore"):
        off = np.isfinite(total) & (np.abs(taken - total * share) > slack)
    clash = Text(
        "扣除面积 {m} 与 {t} × {k} = {w} 不符（允许 {e}）。", "the deducted area {m} is not {t} × {k} = {w} (allowed: {e})."
    )
    rows.each(
        off,
        "deducted_area",
        clash,
        remedy,
        **said,
        m=lambda i: f"{taken[i]:.2f}",
        k=lambda i: f"{share[i]:g}",
        w=lambda i: f"{total[i] * share[i]:.2f}",
    )


def _cropland(rows: _Rows) -> None:
    """Cropland has a slope grade and a planting attribute; other land has no slope grade and no cropland type."""
    if rows.all.scheme != classes.SURVEY:
        return
    crop, other = _crop_and_other(rows)
    remedy = Text("请按外业调查补填。", "Fill it in from the field survey.")
    for name in ("GDPDJB", "ZZSXDM"):
        if name in rows.out:
            clash = Text("地类 {c} 是耕地，却没有{s}（{f}）。", "class {c} is cropland, but has no {s} ({f}).")
            rows.each(
                crop & ~_present(rows, name),
                "cropland_attribute",
                clash,
                remedy,
                "warning",
                c=lambda i: rows.out["land_class"][i].as_py(),
                s=lambda _, n=name: dltb.DLTB[n].says,
                f=lambda _, n=name: n,
            )
    for name in ("GDPDJB", "GDLX"):
        if name in rows.out:
            clash = Text("地类 {c} 不是耕地，却填了{s} {v}。", "class {c} is no cropland, but has a {s}, {v}.")
            rows.each(
                other & _present(rows, name),
                "attribute_off_cropland",
                clash,
                Text("请删去该值。", "Delete the value."),
                "warning",
                c=lambda i: rows.out["land_class"][i].as_py(),
                s=lambda _, n=name: dltb.DLTB[n].says,
                v=lambda i, n=name: rows.out[n][i].as_py(),
            )


def _widths(rows: _Rows) -> None:
    """A rural road is at most 8 m wide; only strips have a width."""
    if "XZDWKD" not in rows.out or rows.all.scheme != classes.SURVEY:
        return
    width = np.nan_to_num(_floats(rows, "XZDWKD"))
    code = rows.out["land_class"]
    linear = cells.flags(pc.is_in(code, value_set=pa.array(dltb.LINEAR)))
    said: dict[str, Any] = {"w": lambda i: f"{width[i]:g}", "c": lambda i: code[i].as_py()}
    wide = cells.flags(pc.equal(code, dltb.RURAL_ROAD)) & (width > dltb.RURAL_ROAD_WIDTH_M)
    clash = Text("农村道路（{c}）宽 {w} m，超过 8 m。", "a rural road ({c}) is {w} m wide, more than 8 m.")
    rows.each(
        wide,
        "road_width",
        clash,
        Text("请改为公路用地（1003），或核对宽度。", "Make it a road (1003) or check the width."),
        "warning",
        **said,
    )
    clash = Text("地类 {c} 不是线状地物，却填了宽度 {w} m。", "class {c} is no strip, but has a width of {w} m.")
    crop, other = _crop_and_other(rows)
    rows.each(
        (crop | other) & ~linear & (width != 0),
        "width_off_strip",
        clash,
        Text("请删去宽度。", "Delete the width."),
        "warning",
        **said,
    )
    clash = Text("线状地物（{c}）的宽度是 {w} m。", "a strip ({c}) has a width of {w} m.")
    rows.each(linear & (width < 0), "width_negative", clash, Text("请改正宽度。", "Correct the width."), "warning", **said)


_LISTS: dict[str, tuple[str, ...]] = {"CZCSXM": dltb.CZCSXM, "GDLX": dltb.GDLX, "GDPDJB": dltb.GDPDJB, "QSXZ": tuple(dltb.QSXZ)}


def _lists(rows: _Rows) -> None:
    """Codes of short lists are in their lists."""
    for name, known in _LISTS.items():
        if name not in rows.out:
            continue
        values = rows.out[name]
        bad = _present(rows, name) & ~cells.flags(pc.is_in(values, value_set=pa.array(known)))
        clash = Text("{f}（{s}）是“{v}”，代码表只有 {k}。", "{f} ({s}) is “{v}”; the list has only {k}.")
        rows.each(
            bad,
            "unknown_code",
            clash,
            Text("请改正代码。", "Correct the code."),
            "warning",
            f=lambda _, n=name: n,
            s=lambda _, n=name: dltb.DLTB[n].says,
            v=lambda i, v=values: v[i].as_py(),
            k=lambda _, k=known: ", ".join(k),
        )


def _owner_names(rows: _Rows) -> None:
    """Count, for ownership 31 and 32, whether the unit is named as a group or as a village."""
    name = next((n for n in ("QSDWMC", "ZLDWMC") if n in rows.out), None)
    if "QSXZ" not in rows.out or name is None:
        return
    joined = pc.binary_join_element_wise(pc.fill_null(rows.out["QSXZ"], ""), pc.fill_null(rows.out[name], ""), "\x1f")
    for row in pc.value_counts(joined).to_pylist():
        code, said = row["values"].split("\x1f", 1)
        if code in ("31", "32"):
            kind = "group" if _GROUP_NAME.search(said) else "village" if _VILLAGE_NAME.search(said) else ""
            rows.all._owners[(code, kind)] += row["counts"]


def _patch_numbers(rows: _Rows) -> None:
    """Remember (unit, patch number), to be unique in the whole layer."""
    column = rows.mapping.fields.village_code
    if "TBBH" not in rows.out or column is None:
        return
    clash = Text("没有图斑编号。", "it has no patch number.")
    rows.each(~_present(rows, "TBBH"), "no_patch_number", clash, Text("请补上编号。", "Give it one."), "warning")
    unit = cells.codes(rows.table[column]).values
    rows.all._patches.add(pc.binary_join_element_wise(unit, rows.out["TBBH"], "\x1f"), rows.first_row)


def _years(rows: _Rows) -> None:
    """Count the data years."""
    if "SJNF" not in rows.out:
        return
    values = rows.out["SJNF"]
    sound = cells.flags(pc.match_substring_regex(values, r"^(19|20)\d\d$"))
    clash = Text("数据年份是“{v}”。", "the data year is “{v}”.")
    rows.each(
        ~sound,
        "bad_year",
        clash,
        Text("请填写四位年份。", "Enter a year of four digits."),
        "warning",
        v=lambda i: values[i].as_py() or "",
    )
    for row in pc.value_counts(values.filter(pa.array(sound))).to_pylist():
        rows.all._years[row["values"]] += row["counts"]


_CHECKS: tuple[Callable[[_Rows], None], ...] = (
    _parcel_ids,
    _land_classes,
    _villages,
    _areas,
    _extras,
    _deduction,
    _net_area,
    _cropland,
    _widths,
    _lists,
    _owner_names,
    _patch_numbers,
    _years,
)


# ---------------------------------------------------------------- codes seen before
class _Seen:
    """Texts that must not come twice: 24 bytes each in memory, the texts themselves in a file without a name.

    Two texts with the same 128-bit hash are compared as texts before anyone is told they are the same.
    """

    def __init__(self) -> None:
        self._file: Any = None
        self._hashes: list[NDArray[np.uint64]] = []
        self._places: list[tuple[int, int, int, int]] = []  # first row, rows, offset and bytes in the file

    def add(self, texts: pa.Array, first_row: int) -> None:
        """Remember one text per row; null ones are not compared."""
        words = texts.to_pylist()
        digests = b"".join(blake2b(w.encode(), digest_size=16).digest() if w is not None else bytes(16) for w in words)
        self._hashes.append(np.frombuffer(digests, np.uint64).reshape(-1, 2))
        with disk_words(Path(tempfile.gettempdir()), texts.nbytes):
            if self._file is None:
                self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `close`
            sink = pa.BufferOutputStream()
            with pa.ipc.new_stream(sink, pa.schema([("text", pa.string())])) as stream:
                stream.write_batch(pa.record_batch([texts.cast(pa.string())], ["text"]))
            data = sink.getvalue()
            offset = self._file.seek(0, 2)
            self._file.write(data)
        self._places.append((first_row, len(words), offset, data.size))

    def doubles(self) -> list[tuple[str, int, int]]:
        """Return (text, first row that has it, this row) for every row whose text an earlier row has, in row order."""
        if not self._hashes:
            return []
        rows = np.concatenate([np.arange(f, f + n) for f, n, _, _ in self._places])
        hashes = np.concatenate(self._hashes)
        order = np.lexsort((rows, hashes[:, 1], hashes[:, 0]))
        same_as_next = (hashes[order[1:]] == hashes[order[:-1]]).all(axis=1) & hashes[order[1:]].any(axis=1)
        shared = np.zeros(len(order), bool)
        shared[1:] |= same_as_next
        shared[:-1] |= same_as_next
        first: dict[str, int] = {}
        found: list[tuple[str, int, int]] = []
        for row, text in self._read(np.sort(rows[order[shared]])):
            if text in first:
                found.append((text, first[text], row))
            else:
                first[text] = row
        return found

    def texts(self, rows: Iterable[int]) -> dict[int, str]:
        """Return the texts of some rows; rows without one are left out."""
        wanted = np.array(sorted(rows), np.int64)
        return {row: text for row, text in self._read(wanted) if text is not None}

    def _read(self, rows: NDArray[np.int64]) -> Iterable[tuple[int, str]]:
        for first, count, offset, size in self._places:
            wanted = rows[(rows >= first) & (rows < first + count)]
            if len(wanted):
                self._file.seek(offset)
                column = pa.ipc.open_stream(self._file.read(size)).read_all()["text"]
                yield from zip(wanted.tolist(), column.take(pa.array(wanted - first)).to_pylist(), strict=True)

    def close(self) -> None:
        """Let go of the file and of what is remembered."""
        if self._file is not None:
            self._file.close()
        self._file, self._hashes, self._places = None, [], []


# ---------------------------------------------------------------- the unit of declared areas
def declared_unit_guess(declared: Any, measured_m2: Any) -> tuple[Unit | None, float]:
    """Return the unit in which declared numbers agree with measured areas, and the share of rows that do (within 2 %).

    declared  numbers as written; measured_m2  ellipsoidal areas of the same rows; rows without both are left out
    None      no unit fits at least six rows in ten
    """
    said, real = np.asarray(declared, np.float64), np.asarray(measured_m2, np.float64)
    use = np.isfinite(said) & np.isfinite(real) & (said > 0) & (real > 0)
    if not use.any():
        return None, 0.0
    ratio = said[use] / real[use]
    in_m2: dict[Unit, float] = {"m2": 1.0, "mu": 10_000 / 15, "ha": 10_000.0}
    shares = {unit: float((np.abs(ratio * size - 1) <= 0.02).mean()) for unit, size in in_m2.items()}
    best = max(shares, key=lambda u: shares[u])
    return (best, shares[best]) if shares[best] >= 0.6 else (None, shares[best])


def check_declared_unit(mapping: Mapping, declared_dm2: Any, measured_dm2: Any, where: str) -> list[Fault]:
    """Return a fault if the declared areas, read in the unit of the mapping, cluster where another unit would put them."""
    above, below = DM2_PER[mapping.fields.declared_unit]
    declared = np.asarray(declared_dm2, np.float64) * below / above
    unit, share = declared_unit_guess(declared, np.asarray(measured_dm2, np.float64) / 100)
    if unit is None or unit == mapping.fields.declared_unit:
        return []
    clash = Text(
        "登记面积按 {a} 读，但 {s:.0%} 的地块只有按 {b} 才与椭球面积相符。",
        "registered areas are read in {a}, but {s:.0%} of the parcels agree with the ellipsoid only in {b}.",
    )
    words = {"m2": same("m²"), "mu": Text("亩", "mu"), "ha": Text("公顷", "ha")}
    clash = clash.fill(a=words[mapping.fields.declared_unit], s=share, b=words[unit])
    remedy = Text('请把映射文件的 declared_unit 改为 "{u}"。', 'Set declared_unit of the mapping file to "{u}".').fill(u=unit)
    column = mapping.fields.declared_area or ""
    return [Fault("land.declared_unit", where, column, clash, remedy)]
