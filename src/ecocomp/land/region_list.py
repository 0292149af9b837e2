"""A list of administrative codes as an office gets it: read, checked, every fault at once.

For the register `region`. Codes have the form of GB/T 2260 (province 2, prefecture 2, county 2 digits) and go on with 3
digits for the town and 3 for the village. Lists write provinces and prefectures short (51, 5101) or filled with zeros
(510000, 510100), and counties and towns sometimes filled to 12 digits; here they are 6, 9 or 12 digits long.

Reference: GB/T 2260 (codes of counties and above); statistical division codes for towns and villages.
"""

from __future__ import annotations

import re
import tempfile
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecocomp.terms.faults import Fault, FaultsError, Severity, errors
from ecocomp.terms.text import Text

if TYPE_CHECKING:
    import pyarrow as pa

PROVINCES = frozenset(
    [
        "11",
        "12",
        "13",
        "14",
        "15",
        "21",
        "22",
        "23",
        "31",
        "32",
        "33",
        "34",
        "35",
        "36",
        "37",
        "41",
        "42",
        "43",
        "44",
        "45",
        "46",
        "50",
        "51",
        "52",
        "53",
        "54",
        "61",
        "62",
        "63",
        "64",
        "65",
        "71",
        "81",
        "82",
    ]
)
INVENTED = "99"
"""Codes that start so belong to invented places (samples, training)."""
LEVELS: dict[int, Text] = {
    1: Text("省级", "province"),
    2: Text("市级", "prefecture"),
    3: Text("县级", "county"),
    4: Text("乡级", "town"),
    5: Text("村级", "village"),
}
_HEADERS = {
    "code": [
        "code",
        "代码",
        "编码",
        "区划代码",
        "行政区划代码",
        "行政代码",
        "统计用区划代码",
        "区域代码",
        "adcode",
        "region_code",
        "xzqdm",
        "xzqhdm",
        "gb",
    ],
    "name": ["name", "名称", "区划名称", "行政区划名称", "单位名称", "地区名称", "地名", "xzqmc", "region_name"],
    "parent": ["parent", "parent_code", "上级代码", "上级区划代码", "父级代码", "citycode", "pcode"],
}
_FORM = re.compile(r"\d{2}|\d{4}|\d{6}|\d{9}|\d{12}")


@dataclass(frozen=True, slots=True)
class Region:
    """One entry of a list. code: 6, 9 or 12 digits; level: 1 province … 5 village; parent: code above, None for a province."""

    code: str
    name: str
    level: int
    parent: str | None


@dataclass(frozen=True, slots=True)
class RegionList:
    """One edition of a code list; regions by code, in order of code."""

    edition: str
    regions: Mapping[str, Region]

    def __len__(self) -> int:
        return len(self.regions)


def full_code(text: str) -> str | None:
    """Return a code with the digits of its level, None if it is none.

    >>> full_code("51"), full_code("5101"), full_code("510182000000"), full_code("510182001000"), full_code("51018")
    ('510000', '510100', '510182', '510182001', None)
    """
    code = unicodedata.normalize("NFKC", text).strip()
    if not code.isascii() or not _FORM.fullmatch(code):
        return None
    code = code.ljust(6, "0")
    while len(code) > 6 and code.endswith("000"):
        code = code[:-3]
    return code


def level_of(code: str) -> int:
    """Return the level a code says it has: 1 province … 5 village."""
    return {9: 4, 12: 5}.get(len(code)) or (1 if code.endswith("0000") else 2 if code.endswith("00") else 3)


def parent_of(code: str) -> str | None:
    """Return the code above, as the digits have it; None for a province.

    >>> parent_of("510182001"), parent_of("510182"), parent_of("510100"), parent_of("510000")
    ('510182', '510100', '510000', None)
    """
    return {1: None, 2: code[:2] + "0000", 3: code[:4] + "00", 4: code[:6], 5: code[:9]}[level_of(code)]


def clean_name(text: str) -> str:
    """Return a name without spaces and in one form of its characters."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def region_list(
    rows: Iterable[tuple[str, str, str | None]], edition: str, level: int | None = None, where: str = ""
) -> tuple[RegionList, list[Fault]]:
    """Make a list of rows (code, name, code above or None) and check it as a whole.

    level   level of every row, where the list has one only: cities without counties (441900) stand among the counties
    returns the list of all sound rows, and the faults
    """
    where = where or edition
    found: list[Fault] = []
    regions: dict[str, Region] = {}
    for n, (text, name, above) in enumerate(rows, start=1):
        code = full_code(text)
        if code is None:
            found.append(_bad_code(where, n, text))
            continue
        found += _row_faults(where, code, clean_name(name), regions)
        if code not in regions:
            regions[code] = _region(code, clean_name(name), above, level)
    for region in regions.values():
        found += _parent_faults(where, region, regions)
    return RegionList(edition, dict(sorted(regions.items()))), found


def _region(code: str, name: str, above: str | None, level: int | None) -> Region:
    rank = level or level_of(code)
    parent = full_code(above) if above else parent_of(code)
    if parent == code:  # 4419 above 441900: one place on two levels
        parent = code[:2] + "0000"
    return Region(code, name, rank, parent)


def list_of_table(
    table: pa.Table, edition: str, columns: Mapping[str, str] | None = None, level: int | None = None, where: str = ""
) -> tuple[RegionList, list[Fault]]:
    """Make a list of a table of text columns.

    columns  {"code": …, "name": …, "parent": …}: names of columns where they are not the usual ones; parent may be absent
    raises   `FaultsError` if there is no column of codes or of names
    """
    names = _columns(table.column_names, columns or {})
    missing = [w for w in ("code", "name") if names.get(w) not in table.column_names]
    if missing:
        raise FaultsError([_no_column(where or edition, missing, table.column_names)])
    cells = [["" if v is None else str(v) for v in table[names[w]].to_pylist()] for w in ("code", "name")]
    above: list[Any] = table[names["parent"]].to_pylist() if names.get("parent") in table.column_names else [None] * len(table)
    parents = [str(a).strip() or None if a is not None else None for a in above]
    return region_list(zip(*cells, parents, strict=True), edition, level, where)


def read_list(
    path: Path | str, edition: str, columns: Mapping[str, str] | None = None, level: int | None = None
) -> tuple[RegionList, list[Fault]]:
    """Read a list from CSV, XLSX or Parquet, opened in the worker as every foreign file is.

    raises  `FaultsError` if the file cannot be read, or has no column of codes or names
    """
    from ecocomp.io.files import read_table
    from ecocomp.io.worker import TableJob, Worker

    with tempfile.TemporaryDirectory() as folder, Worker() as worker:
        answer = worker.run([TableJob("regions", path)], Path(folder) / "clean")[0]
        if not answer.ok or answer.path is None:
            raise FaultsError(answer.faults)
        made, found = list_of_table(read_table(answer.path), edition, columns, level, Path(path).name)
        return made, [*(f for f in answer.faults if f not in errors(answer.faults)), *found]


def _columns(have: list[str], named: Mapping[str, str]) -> dict[str, str]:
    words = {"".join(h.split()).lower(): h for h in reversed(have)}
    usual = {w: next((words[k] for k in known if k in words), "") for w, known in _HEADERS.items()}
    return usual | dict(named)


# ---------------------------------------------------------------- faults
def _row_faults(where: str, code: str, name: str, before: Mapping[str, Region]) -> list[Fault]:
    found: list[Fault] = []
    if code in before:
        clash = Text("代码出现两次：“{a}”与“{b}”。", "the code occurs twice: “{a}” and “{b}”.").fill(a=before[code].name, b=name)
        found.append(
            _fault("duplicate_code", where, code, clash, Text("请删除或改正其中一行。", "Delete or correct one of the rows."))
        )
    if not name:
        clash = Text("没有名称。", "it has no name.")
        found.append(_fault("no_name", where, code, clash, Text("请补上名称。", "Enter the name.")))
    if code[:2] not in PROVINCES and code[:2] != INVENTED:
        clash = Text("没有以 {p} 开头的省级代码。", "no province has the code {p}.").fill(p=code[:2])
        remedy = Text("请核对代码的前两位（GB/T 2260）。", "Check the first two digits (GB/T 2260).")
        found.append(_fault("unknown_province", where, code, clash, remedy))
    return found


def _parent_faults(where: str, region: Region, regions: Mapping[str, Region]) -> list[Fault]:
    """The code above fits the digits, and is in the list if the list goes up so far."""
    found: list[Fault] = []
    by_digits = parent_of(region.code)
    if region.parent not in (by_digits, region.code[:2] + "0000"):
        clash = Text("上级代码 {a} 与代码本身（上级应为 {b}）不符。", "the code above, {a}, does not suit its digits ({b}).")
        clash = clash.fill(a=region.parent, b=by_digits)
        found.append(_fault("wrong_parent", where, region.code, clash, Text("请核对两个代码。", "Check both codes."), "warning"))
    if region.parent and region.parent not in regions and any(r.level == region.level - 1 for r in regions.values()):
        clash = Text("表中没有它的上级 {p}。", "the list lacks {p}, which is above it.").fill(p=region.parent)
        found.append(_fault("no_parent", where, region.code, clash, Text("请补上上级，或核对代码。", "Add it, or check the code.")))
    return found


def _bad_code(where: str, row: int, text: str) -> Fault:
    clash = Text("“{t}”不是区划代码。", "“{t}” is no region code.").fill(t=text[:40])
    remedy = Text(
        "应为 6、9 或 12 位数字（省、市可写 2、4 位）；在表格软件中请按文本保存代码。",
        "Enter 6, 9 or 12 digits (2 or 4 for provinces and prefectures); keep codes as text in a spreadsheet.",
    )
    return _fault("bad_code", where, f"row {row}", clash, remedy)


def _no_column(where: str, missing: list[str], have: list[str]) -> Fault:
    words = {"code": Text("代码", "code"), "name": Text("名称", "name")}
    said = Text("、".join(words[m].zh for m in missing), ", ".join(words[m].en for m in missing))
    clash = Text("没有认出这些列：{m}；现有：{h}。", "these columns were not recognised: {m}; there are: {h}.")
    clash = clash.fill(m=said, h=", ".join(have[:20]))
    return _fault("missing_column", where, "", clash, Text("请指明各列的名称。", "Say how the columns are called."))


def _fault(code: str, where: str, record: str, clash: Text, remedy: Text, severity: Severity = "error") -> Fault:
    return Fault(f"region.{code}", where, record, clash, remedy, severity)
