"""The fields of a survey layer: the patch layer DLTB and the forest compartment layer, their other names, their code lists.

For the mapping of fields and for the attribute checks. A layer is recognised by its field names, whatever their
case, width of letters, language, and although a Shapefile cuts them to ten bytes. All lists are data with a mark for
how well each is known (see `terms.confidence`): v where a public database definition or several programs agree,
M where remembered, D where it is a spelling this project accepts.
Reference: TD/T 1057-2020 and its database standard; the field comments of public forestry software.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from ecocomp.terms.text import Text

Kind = Literal["code", "text", "number", "year"]


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the standard: its name, what it says, its kind, the width it has there (0: not known), how well that is known."""

    name: str
    says: Text
    kind: Kind
    width: int = 0
    mark: str = "v"


def _f(name: str, zh: str, en: str, kind: Kind = "code", width: int = 0, mark: str = "v") -> Field:
    return Field(name, Text(zh, en), kind, width, mark)


DLTB: dict[str, Field] = {
    f.name: f
    for f in (
        _f("BSM", "标识码", "identifier", "code", 18),
        _f("YSDM", "要素代码", "feature code", "code", 10),
        _f("TBYBH", "图斑预编号", "preliminary patch number", "code", 18),
        _f("TBBH", "图斑编号", "patch number", "code", 8),
        _f("DLBM", "地类编码", "land-class code", "code", 5),
        _f("DLMC", "地类名称", "land-class name", "text", 60),
        _f("QSXZ", "权属性质", "nature of ownership", "code", 2),
        _f("QSDWDM", "权属单位代码", "owner unit code", "code", 19),
        _f("QSDWMC", "权属单位名称", "owner unit name", "text", 60),
        _f("ZLDWDM", "坐落单位代码", "location unit code", "code", 19),
        _f("ZLDWMC", "坐落单位名称", "location unit name", "text", 255),
        _f("TBMJ", "图斑面积", "patch area", "number"),
        _f("KCDLBM", "扣除地类编码", "deducted class code", "code", 5),
        _f("KCXS", "扣除地类系数", "deduction coefficient", "number"),
        _f("KCMJ", "扣除地类面积", "deducted area", "number"),
        _f("TBDLMJ", "图斑地类面积", "net class area", "number"),
        _f("GDLX", "耕地类型", "cropland type", "code", 2),
        _f("GDPDJB", "耕地坡度级别", "cropland slope grade", "code", 2),
        _f("XZDWKD", "线状地物宽度", "width of a linear feature", "number"),
        _f("TBXHDM", "图斑细化代码", "refined class code", "code", 30),
        _f("TBXHMC", "图斑细化名称", "refined class name", "text", 100),
        _f("ZZSXDM", "种植属性代码", "planting attribute code", "code", 30),
        _f("ZZSXMC", "种植属性名称", "planting attribute name", "text", 100),
        _f("GDDB", "耕地等别", "cropland grade", "code"),
        _f("FRDBS", "飞入地标识", "fly-in flag", "code", 1),
        _f("CZCSXM", "城镇村属性码", "urban and village attribute", "code", 4),
        _f("SJNF", "数据年份", "data year", "year"),
        _f("MSSM", "描述说明", "land or sea note", "text", 2, "M"),
        _f("HDMC", "海岛名称", "island name", "text", 100, "M"),
        _f("BZ", "备注", "remark", "text", 0, "M"),
    )
}
FOREST: dict[str, Field] = {
    f.name: f
    for f in (
        _f("XIAO_BAN", "小班号", "compartment number"),
        _f("XIANG", "乡镇", "town"),
        _f("CUN", "村", "village"),
        _f("TD_QS", "土地权属", "land ownership"),
        _f("LM_QS", "林木权属", "tree ownership"),
        _f("SEN_LIN_LB", "森林类别", "forest category"),
        _f("LIN_ZHONG", "林种", "forest kind"),
        _f("SHI_QUAN_D", "事权等级", "level of authority"),
        _f("GJGYL_BHDJ", "国家级公益林保护等级", "protection class of national welfare forest"),
        _f("BH_DJ", "林地保护等级", "protection class of forest land"),
        _f("QYKZ", "主体功能区", "main function zone"),
        _f("SHT_QW", "生态区位", "ecological location"),
        _f("DI_LEI", "地类", "land class"),
        _f("QI_YUAN", "起源", "origin"),
        _f("YU_BI_DU", "郁闭度", "canopy density", "number"),
        _f("YOU_SHI_SZ", "优势树种", "dominant species"),
        _f("G_CHENG_LB", "工程类别", "project class"),
        _f("MIAN_JI", "面积", "area", "number", 0, "M"),
    )
}

_TOOLS = "database definitions of public survey programs"
# other spelling -> (field of the standard, mark, where it is met); the keys as `plain` leaves them
ALIASES: dict[str, tuple[str, str, str]] = {
    "TKXS": ("KCXS", "v", _TOOLS),
    "TKMJ": ("KCMJ", "v", _TOOLS),
    "KCDLXS": ("KCXS", "M", "older databases"),
    "KCDLMJ": ("KCMJ", "M", "older databases"),
    "XXTBKD": ("XZDWKD", "v", _TOOLS),
    "GDZZSXDM": ("ZZSXDM", "v", _TOOLS),
    "GDZZSXMC": ("ZZSXMC", "v", _TOOLS),
    "PDJB": ("GDPDJB", "M", "second survey"),
    "PDJ": ("GDPDJB", "M", "second survey"),
    "GDPDJ": ("GDPDJB", "M", "second survey"),
    "TBDLMJM2": ("TBDLMJ", "D", "unit written into the name"),
    "TBMJM2": ("TBMJ", "D", "unit written into the name"),
    "YDFLDM": ("DLBM", "M", "planning layers"),
    "YDYHFLDM": ("DLBM", "M", "planning layers, land-and-sea use code"),
    "YDYHFLMC": ("DLMC", "M", "planning layers, land-and-sea use name"),
    "GHDLBM": ("DLBM", "M", "planning layers"),
    "地类代码": ("DLBM", "D", "spelling"),
    "地类编号": ("DLBM", "D", "spelling"),
    "用地用海分类代码": ("DLBM", "D", "spelling"),
    "用地用海分类名称": ("DLMC", "D", "spelling"),
    "标识号": ("BSM", "D", "spelling"),
    "图斑号": ("TBBH", "D", "spelling"),
    "坐落单位编码": ("ZLDWDM", "D", "spelling"),
    "座落单位代码": ("ZLDWDM", "M", "older spelling of the standard"),
    "座落单位名称": ("ZLDWMC", "M", "older spelling of the standard"),
    "扣除系数": ("KCXS", "D", "spelling"),
    "扣除面积": ("KCMJ", "D", "spelling"),
    "图斑净面积": ("TBDLMJ", "D", "spelling"),
    "坡度级别": ("GDPDJB", "D", "spelling"),
    "田坎系数": ("KCXS", "M", "second survey"),
    "田坎面积": ("KCMJ", "M", "second survey"),
    "耕地种植属性代码": ("ZZSXDM", "D", "long form"),
    "耕地种植属性名称": ("ZZSXMC", "D", "long form"),
    "数据年度": ("SJNF", "D", "spelling"),
}
FOREST_ALIASES: dict[str, tuple[str, str, str]] = {
    "XIAOBAN": ("XIAO_BAN", "D", "spelling"),
    "XBH": ("XIAO_BAN", "M", "spelling"),
    "小班编号": ("XIAO_BAN", "D", "spelling"),
    "TDQS": ("TD_QS", "D", "spelling"),
    "LMQS": ("LM_QS", "D", "spelling"),
    "TD_TH_QS": ("TD_QS", "M", "other releases"),
    "LM_SY_QS": ("LM_QS", "M", "other releases"),
    "SLLB": ("SEN_LIN_LB", "M", "other releases"),
    "LZ": ("LIN_ZHONG", "M", "other releases"),
    "SQDJ": ("SHI_QUAN_D", "M", "other releases"),
    "SHI_QUAN_DJ": ("SHI_QUAN_D", "M", "name before a Shapefile cut it"),
    "GJGYL_BHDJ": ("GJGYL_BHDJ", "v", "standard"),
    "DILEI": ("DI_LEI", "D", "spelling"),
    "QIYUAN": ("QI_YUAN", "D", "spelling"),
    "YBD": ("YU_BI_DU", "M", "other releases"),
    "YSSZ": ("YOU_SHI_SZ", "M", "other releases"),
    "YOU_SHI_SZ": ("YOU_SHI_SZ", "v", "standard"),
    "MJ": ("MIAN_JI", "M", "other releases"),
    "MIANJI": ("MIAN_JI", "D", "spelling"),
    "XBMJ": ("MIAN_JI", "M", "other releases"),
    "小班面积": ("MIAN_JI", "D", "spelling"),
}

QSXZ: dict[str, tuple[Text, str]] = {
    "10": (Text("国家所有权", "state ownership"), "v"),
    "20": (Text("国有土地使用权", "right to use state land"), "v"),
    "21": (Text("国有无居民海岛使用权", "right to use an uninhabited island of the state"), "M"),
    "30": (Text("集体所有权", "collective ownership"), "v"),
    "31": (Text("村民小组", "villager group"), "v"),
    "32": (Text("村集体经济组织", "village collective"), "v"),
    "33": (Text("乡集体经济组织", "township collective"), "v"),
    "34": (Text("其他农民集体经济组织", "other farmers' collective"), "v"),
    "40": (Text("集体土地使用权", "right to use collective land"), "v"),
    "41": (Text("集体无居民海岛使用权", "right to use an uninhabited island of a collective"), "M"),
}
CZCSXM: tuple[str, ...] = ("201", "201A", "202", "202A", "203", "203A", "204", "205")
GDLX: tuple[str, ...] = ("PD", "TT")
GDPDJB: tuple[str, ...] = ("1", "2", "3", "4", "5")
LINEAR = ("1001", "1002", "1003", "1004", "1006", "1009", "1101", "1107", "1107A", "1109")
"""Classes drawn as strips, which may have a width (M: the list of the standard was not read)."""
RIDGE = "1203"
RURAL_ROAD, RURAL_ROAD_WIDTH_M = "1006", 8.0

_CJK = re.compile(r"[\u3400-\u9fff]")
_UNIT_IN_NAME = re.compile(r"[(（\[【].{0,12}[)）\]】]$")


def plain(name: str) -> str:
    """Return a field name in one spelling: half-width capitals without spaces or a unit in brackets.

    >>> plain(" ｄｌｂｍ "), plain("图斑面积（平方米）")
    ('DLBM', '图斑面积')
    """
    words = unicodedata.normalize("NFKC", name).strip().upper()
    return re.sub(r"\s+", "", _UNIT_IN_NAME.sub("", words))


@cache
def spellings(layer: Literal["DLTB", "FOREST"]) -> Mapping[str, str]:
    """Return every known spelling (as `plain` leaves it) of the fields of a layer, with the field it stands for."""
    fields, aliases = (DLTB, ALIASES) if layer == "DLTB" else (FOREST, FOREST_ALIASES)
    found = {plain(f.says.zh): f.name for f in fields.values()}
    return found | {plain(a): to for a, (to, _, _) in aliases.items()} | {n: n for n in fields}


@dataclass(frozen=True, slots=True)
class Recognised:
    """What the columns of a layer are: standard field -> column, and columns that could be several or are claimed twice."""

    fields: Mapping[str, str]
    unsure: Mapping[str, tuple[str, ...]]
    twice: Mapping[str, tuple[str, ...]]


def recognise(columns: Sequence[str], layer: Literal["DLTB", "FOREST"] = "DLTB") -> Recognised:
    """Say which column is which field: by its name in any spelling, else by a name a Shapefile has cut.

    A column that bears the standard name goes before one with another spelling; two other spellings of one field, or
    a cut name that fits several fields, are left for a person to decide.
    """
    known = spellings(layer)
    claims: dict[str, list[str]] = {}
    unsure: dict[str, tuple[str, ...]] = {}
    for column in columns:
        name = plain(column)
        to = {known[name]} if name in known else _cut(name, known)
        if len(to) == 1:
            claims.setdefault(to.pop(), []).append(column)
        elif to:
            unsure[column] = tuple(sorted(to))
    fields: dict[str, str] = {}
    twice: dict[str, tuple[str, ...]] = {}
    for field, found in claims.items():
        exact = [c for c in found if plain(c) == field]
        whole = [c for c in found if plain(c) in known]
        best = exact or whole or found
        if len(best) == 1:
            fields[field] = best[0]
        else:
            twice[field] = tuple(best)
    left = {c: to for c, to in unsure.items() if not set(to) <= set(fields)}
    return Recognised(fields, left, twice)


def _cut(name: str, known: Mapping[str, str]) -> set[str]:
    """The fields a name could stand for if it was cut to ten bytes of UTF-8 or GB18030, or to ten letters.

    A Shapefile writer that meets the same cut name twice ends the second in `_1`; such an ending is looked through.
    """
    stem = re.sub(r"_\d$", "", name)
    if len(stem) < 3 or not (_CJK.search(stem) or len(name) == 10):
        return set()
    sizes = (len(name.encode()), len(name.encode("gb18030")))
    if not any(8 <= s <= 10 for s in sizes):
        return set()
    return {to for spelling, to in known.items() if spelling.startswith(stem) and len(spelling) > len(stem)}


def looks_like(columns: Iterable[str]) -> Literal["DLTB", "FOREST"] | None:
    """Return which standard layer the columns belong to, None for neither (at least three fields, more than the other has)."""
    names = list(columns)
    dltb, forest = (len(r.fields) + len(r.twice) for r in (recognise(names, "DLTB"), recognise(names, "FOREST")))
    if max(dltb, forest) < 3:
        return None
    return "DLTB" if dltb >= forest else "FOREST"
