"""Which column of a clerk's sheet is what: the words townships write above their columns, and where the header stands.

`detect_header` tries every row of the first thirty as a header of one, two or three rows and scores it:

* 2 points for each column it recognises that a register cannot do without (`Field.key`), 1 for each other;
* ½ point where a column of area names its unit (so that the row that says 亩 is not lost);
* minus 1 for each cell that looks like data (a number, a date, an 18-digit code);
* minus ¼ for each further row of the header (a title above a header adds nothing).

The best score wins, the upper row on a tie; a row further down must be better by more than 1 point, because long sheets
repeat their header on every page. A header must name someone (holder, member or household code) and reach 3
points, else the sheet has none. A cell of a two-row header is read as its own words, as the words above it followed by
its own, and the other way round, in that order of trust: the longer reading wins where it is a known one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ecocomp.tenure import cells
from ecocomp.terms.text import Text

SEARCHED_ROWS = 30
Row = tuple[int, str, list[str]]
"""Number as the spreadsheet counts, kinds of the cells, cells."""


@dataclass(frozen=True, slots=True)
class Field:
    """One thing a column can hold: meaning, whether registers need it, and the words for it (blanks and brackets aside)."""

    meaning: Text
    aliases: tuple[str, ...]
    key: bool = False


def _f(zh: str, en: str, aliases: str, key: bool = False) -> Field:
    return Field(Text(zh, en), tuple(aliases.split()), key)


FIELDS: dict[str, Field] = {
    "village": _f("村", "village", "村 村名 村名称 行政村 行政村名称 所在村 所属村 村(居) 村委会 村/居 village"),
    "village_code": _f("村代码", "village code", "村代码 村编码 行政村代码 村级代码 坐落单位代码 权属单位代码 village_code"),
    "group": _f("组", "group of the village", "组 村民小组 组别 组名 社 组名称 小组 所在组 村/组 村组 组(社) group"),
    "household_code": _f(
        "承包方代码",
        "household code",
        "承包方代码 承包方编码 承包户代码 承包户编码 户编码 户代码 农户编码 农户代码 家庭编码 权利人编码 权利人代码"
        " household_code holder_id",
        True,
    ),
    "holder": _f(
        "权利人",
        "holder",
        "权利人 权利人姓名 权利人名称 权利人姓名/名称 权利人(户主) 承包方 承包方姓名 承包方名称 承包方代表"
        " 承包方代表姓名 承包方(代表)"
        " 承包方(代表)姓名 承包方户主 承包户 承包户主 承包人 承包人姓名 户主 户主姓名 户主名 农户 农户姓名 农户户主"
        " 农户名称 使用权人 所有权人"
        " 经营者 受让方 holder",
        True,
    ),
    "holder_kind": _f("权利人类型", "kind of holder", "权利人类型 主体类型 承包方类型 权利人种类 holder_kind"),
    "id_number": _f(
        "身份证号",
        "identity number of the holder",
        "身份证号 身份证号码 身份证 证件号码 证件号 居民身份证号 居民身份证号码 公民身份号码 公民身份证号 户主身份证号"
        " 户主身份证号码 户主身份证"
        " 户主证件号码 户主证件号 权利人身份证号 权利人身份证号码 权利人证件号码 权利人证件号 承包方身份证号"
        " 承包方身份证号码 承包方证件号码"
        " 承包方证件号 承包方代表身份证号 承包方代表身份证号码 承包方代表证件号码 承包方(代表)身份证号"
        " 身份证号/证件号码 统一社会信用代码 id_number",
        True,
    ),
    "members": _f(
        "人口",
        "persons in the household",
        "人口 人口数 人口(人) 家庭人口 家庭人口数 家庭人数 家庭成员数 家庭成员人数 家庭成员个数 成员数 人数"
        " 承包方家庭人口 户内人口 members",
    ),
    "family": _f("家庭成员", "members of the household, or how many", "家庭成员 家庭成员名单 家庭成员/人口 家庭成员情况"),
    "member": _f(
        "成员姓名", "name of the member", "成员姓名 家庭成员姓名 成员名称 共有人姓名 成员 姓名 家庭成员/姓名 member", True
    ),
    "member_id": _f(
        "成员身份证号",
        "identity number of the member",
        "成员身份证号 成员身份证号码 成员证件号码 成员证件号 家庭成员身份证号 家庭成员身份证号码 家庭成员证件号码"
        " 家庭成员身份证 共有人身份证号"
        " 共有人证件号码 member_id",
    ),
    "relation": _f(
        "与户主关系",
        "relation to the head",
        "与户主关系 与户主的关系 与承包方关系 与承包方代表关系 与代表关系 家庭关系 关系 与权利人关系 家庭成员与户主关系 relation",
    ),
    "co_owners": _f("共有人", "co-owners", "共有人 共有权人 共有人名单 其他共有人 承包地共有人 co_owners"),
    "parcel": _f(
        "地块编码",
        "parcel code",
        "地块编码 地块代码 地块编号 地块号 宗地代码 宗地编码 宗地编号 宗地号 承包地块代码 承包地块编码"
        " 地块编码/宗地代码 图斑编号 地块宗地代码"
        " parcel_id parcel",
        True,
    ),
    "unit_code": _f(
        "不动产单元号", "real-estate unit code", "不动产单元号 不动产单元代码 不动产单元编号 不动产单元 unit_code", True
    ),
    "parcel_name": _f("地块名称", "name of the parcel", "地块名称 地名 小地名 地块名 宗地名称 坐落 土地坐落 地块坐落 parcel_name"),
    "area_contract": _f(
        "合同面积", "contract area", "合同面积 承包面积 原承包面积 二轮承包面积 二轮合同面积 承包合同面积 台账面积 area_contract"
    ),
    "area": _f(
        "面积",
        "area",
        "面积 实测面积 确权面积 地块面积 宗地面积 图斑面积 登记面积 确权实测面积 测量面积 权证面积 土地面积"
        " 地块实测面积 实测面积/面积 area",
        True,
    ),
    "share": _f(
        "份额", "share", "份额 占比 份额比例 共有份额 权利份额 所占份额 持有份额 份额占比 占有份额 份额/占比 比例 所占比例 share"
    ),
    "sharing": _f("共有情况", "manner of co-ownership", "共有情况 共有方式 共有类型 共有性质 sharing"),
    "kind": _f("权利类型", "kind of right", "权利类型 权利种类 权利性质 土地权利类型 权属类型 right_kind kind"),
    "way": _f("取得方式", "how it was acquired", "取得方式 承包方式 承包经营权取得方式 权利取得方式 承包形式 way"),
    "start": _f(
        "起始日期",
        "first day of the term",
        "起始日期 起始时间 开始日期 开始时间 承包起 承包起始日期 承包起始时间 承包期限起 承包期起 合同起始日期"
        " 承包开始日期 起始 起 起始日"
        " 承包起止起 承包起止起始日期 承包期限起始日期 承包期限起始 term_from",
    ),
    "end": _f(
        "终止日期",
        "last day of the term",
        "终止日期 终止时间 结束日期 结束时间 到期日期 截止日期 承包止 承包终止日期 承包终止时间 承包期限止 承包期止"
        " 合同终止日期 承包结束日期 终止"
        " 止 终止日 承包起止止 承包起止终止日期 承包期限终止日期 承包期限终止 届满日期 term_to",
    ),
    "term": _f(
        "承包期限",
        "term",
        "承包期限 承包期 承包起止 承包起止日期 承包起止时间 起止日期 起止时间 合同期限 权利期限 使用期限 期限 term",
    ),
    "contract_no": _f(
        "合同编号", "contract number", "合同编号 合同号 合同代码 承包合同编号 承包合同号 承包合同代码 合同编码 contract_no"
    ),
    "certificate_no": _f(
        "权证号",
        "certificate number",
        "经营权证号 承包经营权证号 土地承包经营权证号 经营权证编号 经营权证 权证号 权证编号 权证编码 证书编号 证书号"
        " 不动产权证号 不动产权证书号"
        " 林权证号 草原证号 权属证号 合同编号/经营权证号 certificate_no",
    ),
    "hukou": _f("户口所在", "place of household registration", "户口所在 户口所在地 户籍所在地 户籍 户籍地 户口所在村"),
    "bank": _f("开户行", "bank", "开户行 开户银行 开户行名称 银行名称 银行 开户机构"),
    "account": _f(
        "银行账号",
        "bank account",
        "银行账号 银行帐号 账号 帐号 银行卡号 卡号 一卡通账号 一卡通卡号 惠农一卡通账号 存折账号 账户 银行账户 银行卡"
        " 开户账号 开户行账号"
        " 开户行/银行账号 account",
    ),
    "phone": _f("联系电话", "telephone", "联系电话 电话 电话号码 手机 手机号 手机号码 联系方式 联系电话/手机 phone"),
    "note": _f("备注", "remark", "备注 说明 附注 备注说明 note"),
    "seq": _f("序号", "running number", "序号 编号 序 号 no. no # 顺序号"),
    "other": _f(
        "其他",
        "other",
        "性别 年龄 出生日期 出生年月 民族 住址 地址 家庭住址 乡镇 乡 镇 乡(镇) 县 地类 地类名称 土地用途 用途 地力等级"
        " 东 南 西 北 东至 南至 西至"
        " 北至 四至 四至东 四至南 四至西 四至北 四至东至 四至南至 四至西至 四至北至 签字 签名 户主签字 是否基本农田"
        " 发包方 发包方代码 发包方编码"
        " 发包方名称 证件类型 开户名 户名 图幅号 土壤类型 是否户主 签约日期 签订日期 地块数 总面积",
    ),
}
WHO = frozenset(("holder", "member", "household_code"))
_ALIASES: dict[str, str] = {cells.word(a): f for f, spec in FIELDS.items() for a in spec.aliases}
_DATA = re.compile(r"^[+-]?\d+([.,]\d+)?$|^\d{4}[-/.年]\d{1,2}|^\d{15,}[\dxX]?$|e\+\d+$")
_TRIM = re.compile(r"^[*★※\d]+[.、)]?|[*:★※]+$")
_BRACKETS = re.compile(
    r"\((亩|公顷|平方米|m2|㎡|ha|hm2|mu|人|口|元|单位[:]?[^)]*|必填|选填|可选)\)|/(亩|公顷|平方米|m2|ha|hm2)$|亩数"
)


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things stand on one sheet.

    header   first and last row of the header, as the spreadsheet counts
    columns  field -> number of its column from 0
    units    unit of area of `area` and `area_contract`
    labels   the words above each column
    twice    fields that more than one column claims -> those columns
    score    see the module
    """

    header: tuple[int, int]
    columns: dict[str, int]
    units: dict[str, str | None]
    labels: list[str]
    twice: dict[str, list[int]] = field(default_factory=dict)
    score: float = 0.0


def letter(column: int) -> str:
    """Return the letters of a column counted from 0.

    >>> letter(0), letter(27)
    ('A', 'AB')
    """
    out = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        out = chr(65 + rest) + out
    return out


def column_number(letters: str) -> int | None:
    """Return the number from 0 of a column given by its letters, None if these are no letters of a column."""
    if not re.fullmatch(r"[A-Za-z]{1,3}", letters):
        return None
    number = 0
    for c in letters.upper():
        number = number * 26 + ord(c) - 64
    return number - 1


def field_of(label: str) -> str | None:
    """Return the field a label names, None if nobody writes it so.

    >>> field_of("实测面积（亩）"), field_of("* 承包方（代表） 姓名"), field_of("天气")
    ('area', 'holder', None)
    """
    said = cells.word(label)
    for form in (said, bare := _TRIM.sub("", _BRACKETS.sub("", said)), re.sub(r"[()/]", "", bare)):
        if form in _ALIASES:
            return _ALIASES[form]
    return None


def detect_header(
    rows: Sequence[Row], named: Mapping[str, str] | None = None, fixed: tuple[int, int] | None = None
) -> Layout | None:
    """Return the layout with the best score, None if no row can be a header.

    named  field -> label or column letter, from a mapping; they win over what is recognised
    fixed  first and last row of the header, where a mapping says so
    """
    best: Layout | None = None
    head = list(rows[:SEARCHED_ROWS]) if fixed is None else [r for r in rows if fixed[0] <= r[0] <= fixed[1]]
    spans = [(0, len(head))] if fixed else [(i, i + n) for i in range(len(head)) for n in (1, 2, 3) if i + n <= len(head)]
    for first, stop in spans:
        if not any(c.strip() for c in head[first][2]) if head[first:stop] else True:
            continue
        found = _layout(head[first:stop], named or {})
        if best is None or found.score > best.score + (1.0 if found.header[0] > best.header[1] else 0.0):
            best = found
    if best is None or (fixed is None and (best.score < 3 or not WHO & best.columns.keys())):
        return None
    return best


def _layout(rows: Sequence[Row], named: Mapping[str, str]) -> Layout:
    width = max(len(r[2]) for r in rows)
    parts = _label_parts(rows, width)
    labels = ["/".join(p) for p in parts]
    claims: dict[str, list[int]] = {}
    for c, part in enumerate(parts):
        known = _recognise(part)
        if known:
            claims.setdefault(known, []).append(c)
    _settle(claims)
    columns = {f: at[0] for f, at in claims.items()}
    twice = {f: at for f, at in claims.items() if len(at) > 1 and f not in ("seq", "other", "note")}
    for f, place in named.items():
        at = _place(place, labels)
        if at is not None:
            columns = {k: v for k, v in columns.items() if v != at} | {f: at}
            twice.pop(f, None)
    units: dict[str, str | None] = {f: cells.unit_of(labels[columns[f]]) for f in ("area", "area_contract") if f in columns}
    score = sum(2.0 if FIELDS[f].key else 1.0 for f in columns if f != "other")
    score += 0.5 * sum(u is not None for u in units.values()) - 0.25 * (len(rows) - 1)
    score -= sum(1 for r in rows for c in r[2] if c and _DATA.search(cells.word(c)))
    return Layout((rows[0][0], rows[-1][0]), columns, units, labels, twice, score)


def _label_parts(rows: Sequence[Row], width: int) -> list[list[str]]:
    """Return for each column its words from top to bottom; a label over several columns counts for each of them."""
    grid = [[cells.plain(r[2][c]) if c < len(r[2]) else "" for c in range(width)] for r in rows]
    for n, line in enumerate(grid[:-1]):
        kinds = rows[n][1]
        below = grid[n + 1]
        for c in range(1, width):
            covered = c < len(kinds) and kinds[c] == "h"
            if not line[c] and below[c] and line[c - 1] and (covered or below[c - 1]):
                line[c] = line[c - 1]
    return [list(dict.fromkeys(line[c] for line in grid if line[c])) for c in range(width)]


def _recognise(part: Sequence[str]) -> str | None:
    if not part:
        return None
    own, above = part[-1], "".join(part[:-1])
    readings = [above + own, own, own + above] if above else [own]
    found = [f for f in map(field_of, readings) if f]
    return found[0] if found else None


def _settle(claims: dict[str, list[int]]) -> None:
    """Part columns of one name: 姓名 and 身份证号 belong to the members where the household has its own column."""
    if "holder" not in claims and "member" in claims and "relation" not in claims:
        claims["holder"] = claims.pop("member")
    if "member" in claims and len(claims.get("id_number", ())) == 2 and "member_id" not in claims:
        first, second = claims["id_number"]
        if claims["member"][0] < second:
            claims["id_number"], claims["member_id"] = [first], [second]
    if "member" in claims and "member_id" not in claims and "id_number" in claims:
        at, person = claims["id_number"][0], claims["member"][0]
        holder = claims.get("holder", [-1])[0]
        if holder < person < at or holder == -1:
            claims["member_id"] = claims.pop("id_number")


def _place(named: str, labels: Sequence[str]) -> int | None:
    wanted = cells.word(named)
    for c, label in enumerate(labels):
        if wanted and wanted in (cells.word(label), cells.word(label.rsplit("/", 1)[-1])):
            return c
    return column_number(named.strip())
