"""The plain tables that flow between the stages: columns, types, units and meaning, in one place.

Everything from `parcel` down is the gate of the design: the money half reads these tables and nothing
else, so that a payment can be rerun without a geospatial library and a ministry can feed its own. The
reference page of the docs is generated from this file. Conventions: money is int64 fen, area int64 dm2,
factors int64 parts per million (ppm), dates are date32, codes are text, shares are exact fractions of
two int64, physical quantities are float64 with NaN-free null for "not observed".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from ecocomp.terms.text import Text

PPM = 1_000_000

WHOLE_ROWS = 1 << 20
"""A table of more rows keeps the pieces it was made of; rows are compared so many at a time."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: name, Arrow type, unit, whether it may be null, meaning."""

    name: str
    type: pa.DataType
    unit: str
    meaning: Text
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class TableSpec:
    """One table: name, key columns (rows are sorted by them and unique on them), columns."""

    name: str
    title: Text
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    stage: str = ""

    def schema(self) -> pa.Schema:
        """Return the Arrow schema."""
        return pa.schema([pa.field(c.name, c.type, nullable=c.nullable) for c in self.columns])

    def table(self, rows: list[dict[str, object]] | dict[str, object]) -> pa.Table:
        """Build a table from rows or columns, cast to the schema and sorted by the key; extra names are refused."""
        schema = self.schema()
        if isinstance(rows, dict):
            unknown = set(rows) - set(schema.names)
            if unknown:
                raise ValueError(f"{self.name}: unknown columns {sorted(unknown)}")
            size = len(next(iter(rows.values()))) if rows else 0  # type: ignore[arg-type]
            blank = {c.name: pa.nulls(size, c.type) for c in self.columns if c.nullable}
            made = pa.table({n: rows[n] if n in rows or n not in blank else blank[n] for n in schema.names}, schema=schema)
        else:
            made = pa.Table.from_pylist(rows, schema=schema)
        return self.checked(made)

    def checked(self, table: pa.Table) -> pa.Table:
        """Return the table sorted by the key, after checking types, nulls and that the key is unique."""
        schema = self.schema()
        if table.schema.names != schema.names:
            raise ValueError(f"{self.name}: columns are {table.schema.names}, expected {schema.names}")
        for field in schema:
            if not field.nullable and table[field.name].null_count:
                raise ValueError(f"{self.name}.{field.name}: {table[field.name].null_count} empty values")
        table = table.cast(schema)
        if not self.key or _ascends(table, self.key):
            return _joined(table)
        table = _joined(table.sort_by([(k, "ascending") for k in self.key]))
        if not _ascends(table, self.key):
            raise ValueError(f"{self.name}: the key {self.key} is not unique")
        return table

    def empty(self) -> pa.Table:
        """Return the table without rows."""
        return self.schema().empty_table()


def _joined(table: pa.Table) -> pa.Table:
    """Return a table in one piece; a long one as it is, since its pieces may share what a copy would repeat."""
    return table.combine_chunks() if len(table) <= WHOLE_ROWS else table


def _ascends(table: pa.Table, key: tuple[str, ...]) -> bool:
    """Return whether each row comes after the one before it by the key: then the rows are in order and no key occurs twice."""
    return all(_piece_ascends(table, key, a, min(a + WHOLE_ROWS, len(table) - 1)) for a in range(0, len(table) - 1, WHOLE_ROWS))


def _piece_ascends(table: pa.Table, key: tuple[str, ...], first: int, last: int) -> bool:
    """Return the same of rows first to last, in the order of `sort_by`: an empty value comes after all others."""
    import pyarrow.compute as pc

    after: Any = False
    for name in reversed(key):
        one, two = table[name].slice(first, last - first), table[name].slice(first + 1, last - first)
        less, same = pc.less(one, two), pc.equal(one, two)
        if one.null_count or two.null_count:
            less = pc.coalesce(less, pc.and_(pc.is_valid(one), pc.is_null(two)))
            same = pc.coalesce(same, pc.and_(pc.is_null(one), pc.is_null(two)))
        after = pc.or_(less, pc.and_(same, after))
    return bool(pc.all(after).as_py())


_S, _I, _F, _B, _D = pa.string(), pa.int64(), pa.float64(), pa.bool_(), pa.date32()


def column(name: str, type: pa.DataType, unit: str, zh: str, en: str, null: bool = False) -> Column:
    """Return a column; short, so that a declaration reads as a table."""
    return Column(name, type, unit, Text(zh, en), null)


_c = column


def _clocks() -> tuple[Column, ...]:
    return (
        _c("valid_from", _D, "date", "生效日", "holds from"),
        _c("valid_to", _D, "date", "失效日（空为至今）", "holds until (empty: still)", True),
        _c("known_from", _D, "date", "记录日", "recorded on"),
        _c("known_to", _D, "date", "更正日（空为未更正）", "corrected on (empty: stands)", True),
    )


# ---------------------------------------------------------------- registers a case brings
HOLDER = TableSpec(
    "holder",
    Text("权利人", "holders"),
    ("holder_id",),
    (
        _c("holder_id", _S, "", "权利人编码", "holder code"),
        _c("kind", _S, "codes.HOLDER_KINDS", "类型", "kind"),
        _c("name", _S, "", "姓名或名称（仅虚构）", "name (invented)"),
        _c("village_code", _S, "", "村代码", "village code"),
        _c("members", _I, "persons", "人口", "members"),
        _c("income_fen", _I, "fen/a", "家庭年收入", "household income per year", True),
    ),
    "survey",
)
VILLAGE = TableSpec(
    "village",
    Text("村", "villages"),
    ("village_code",),
    (
        _c("village_code", _S, "", "村代码", "village code"),
        _c("region_code", _S, "", "所属乡镇代码", "code of its town"),
        _c("name_zh", _S, "", "中文名", "name in Chinese"),
        _c("name_en", _S, "", "英文名", "name in English"),
    ),
    "survey",
)
RIGHT = TableSpec(
    "right",
    Text("权利", "rights"),
    ("right_id", "valid_from", "known_from"),
    (
        _c("right_id", _S, "", "权利编码", "right code"),
        _c("parcel_id", _S, "", "地块编码", "parcel code"),
        _c("holder_id", _S, "", "权利人编码", "holder code"),
        _c("kind", _S, "codes.RIGHT_KINDS", "权利类型", "kind of right"),
        _c("share_num", _I, "", "份额分子", "share, numerator"),
        _c("share_den", _I, "", "份额分母", "share, denominator"),
        _c("state", _S, "codes.RIGHT_STATES", "状态", "state"),
        _c("document", _S, "", "凭证", "document"),
        *_clocks(),
    ),
    "survey",
)
CONTRACT = TableSpec(
    "contract",
    Text("补偿合同", "contracts"),
    ("contract_id", "valid_from", "known_from"),
    (
        _c("contract_id", _S, "", "合同编码", "contract code"),
        _c("holder_id", _S, "", "权利人编码", "holder code"),
        _c("parcel_id", _S, "", "地块编码", "parcel code"),
        _c("programme", _S, "", "项目", "programme"),
        _c("duty", _S, "", "管护义务", "duty"),
        _c("signed_on", _D, "date", "签订日", "signed on"),
        *_clocks(),
    ),
    "enrol",
)
ECONOMY = TableSpec(
    "economy",
    Text("区域经济", "regional economy"),
    ("region_code", "year"),
    (
        _c("region_code", _S, "", "区域代码", "region code"),
        _c("year", _I, "", "年", "year"),
        _c("engel_ppm", _I, "ppm", "恩格尔系数", "Engel coefficient"),
        _c("income_fen_per_head", _I, "fen/a", "农村居民人均可支配收入", "rural disposable income per head"),
        _c("gdp_fen_per_head", _I, "fen/a", "人均地区生产总值", "GDP per head"),
    ),
    "set",
)
ENVELOPE = TableSpec(
    "envelope",
    Text("资金包", "envelopes"),
    ("envelope_id", "year"),
    (
        _c("envelope_id", _S, "", "资金包编码", "envelope code"),
        _c("year", _I, "", "年", "year"),
        _c("source", _S, "codes.FUND_SOURCES", "来源", "source of funds"),
        _c("name_zh", _S, "", "中文名", "name in Chinese"),
        _c("name_en", _S, "", "英文名", "name in English"),
        _c("granted_fen", _I, "fen", "本年下达", "granted this year"),
        _c("floor_fen", _I, "fen", "法定最低额", "statutory floor"),
        _c("priority", _I, "", "使用顺序（小者先用）", "order of use (low first)"),
        _c("earmark_zones", _S, "", "限定功能区（空格分隔，空为不限）", "zones it is tied to (space separated, empty: any)"),
        _c("earmark_ecosystems", _S, "", "限定生态系统大类（空格分隔，空为不限）", "ecosystem groups it is tied to (empty: any)"),
        _c("earmark_red_line", _B, "", "只限红线内", "red line only"),
        _c("carry_over", _B, "", "可结转", "may be carried over"),
        _c("valid_from", _D, "date", "起用日", "usable from"),
        _c("valid_to", _D, "date", "止用日", "usable until"),
        _c("document", _S, "", "文号", "document"),
        _c("earmark_programmes", _S, "", "限定项目（空格分隔，空为不限）", "programmes it is tied to (empty: any)", True),
        _c("earmark_regions", _S, "", "限定地区（代码或前缀，空为不限）", "regions it is tied to (codes or beginnings)", True),
        _c("purposes", _S, "", "用途（空格分隔，空为不限）", "purposes (space separated, empty: any)", True),
        _c("ration", _S, "", "不足时的分配办法（空为规则所定）", "how it is shared when short (empty: as the rule says)", True),
        _c("match_ppm", _I, "ppm", "须由配套资金达到的比例（空为不要求）", "share that others must add (empty: none)", True),
        _c("matches", _S, "", "为哪个资金包配套", "envelope it is a match for", True),
    ),
    "fund",
)
FIELD_CHECK = TableSpec(
    "field_check",
    Text("现场核查", "field checks"),
    ("check_id",),
    (
        _c("check_id", _S, "", "核查编码", "check code"),
        _c("parcel_id", _S, "", "地块编码", "parcel code"),
        _c("checked_on", _D, "date", "核查日", "checked on"),
        _c("verdict", _S, "codes.VERDICTS", "判定", "verdict"),
        _c("evidence", _S, "", "证据", "evidence"),
        _c("inspector", _S, "", "核查员编码", "inspector code"),
    ),
    "observe",
)
READING = TableSpec(
    "reading",
    Text("断面水质", "water-quality readings"),
    ("station_id", "month", "indicator"),
    (
        _c("station_id", _S, "", "断面编码", "section code"),
        _c("month", _S, "YYYY-MM", "月", "month"),
        _c("indicator", _S, "", "指标", "indicator"),
        _c("value", _S, "mg/L", "值（文本，保留“<”）", "value (text, keeps '<')"),
    ),
    "observe",
)
WIND = TableSpec(
    "wind",
    Text("站点日风速", "daily wind at stations"),
    ("station_id", "date"),
    (
        _c("station_id", _S, "", "站点编码", "station code"),
        _c("x", _F, "CRS", "横坐标", "x"),
        _c("y", _F, "CRS", "纵坐标", "y"),
        _c("date", _D, "date", "日期", "day"),
        _c("u10_m_s", _F, "m/s", "10米日平均风速", "daily mean wind at 10 m"),
        _c("temperature_c", _F, "°C", "日平均气温", "daily mean temperature"),
        _c("snow_depth_mm", _F, "mm", "雪深", "snow depth"),
    ),
    "observe",
)
RESERVOIR = TableSpec(
    "reservoir",
    Text("水库", "reservoirs"),
    ("reservoir_id",),
    (
        _c("reservoir_id", _S, "", "水库编码", "reservoir code"),
        _c("x", _F, "CRS", "水面上一点的横坐标", "x of a point on its water"),
        _c("y", _F, "CRS", "水面上一点的纵坐标", "y of a point on its water"),
        _c("capacity_m3", _F, "m3", "总库容", "total capacity"),
    ),
    "assess",
)
OBJECTION = TableSpec(
    "objection",
    Text("异议", "objections"),
    ("objection_id",),
    (
        _c("objection_id", _S, "", "异议编号", "objection number"),
        _c("year", _I, "", "年", "year"),
        _c("holder_id", _S, "", "权利人编码", "holder code"),
        _c("parcel_id", _S, "", "地块编码", "parcel code"),
        _c("kind", _S, "", "类别：area name amount missing excess", "kind: area name amount missing excess"),
        _c("received_on", _D, "date", "收到日", "received on"),
        _c("outcome", _S, "", "结果：open upheld rejected", "outcome: open upheld rejected"),
        _c("answered_on", _D, "date", "答复日", "answered on", True),
    ),
    "disclose",
)

# ---------------------------------------------------------------- the gate
PARCEL = TableSpec(
    "parcel",
    Text("地块", "parcels"),
    ("parcel_id",),
    (
        _c("parcel_id", _S, "", "地块编码", "parcel code"),
        _c("village_code", _S, "", "村代码", "village code"),
        _c("land_class", _S, "", "调查地类", "survey land class"),
        _c("ecosystem", _S, "codes.ECOSYSTEMS", "生态系统", "ecosystem"),
        _c("area_dm2", _I, "dm2", "椭球面积", "ellipsoidal area"),
        _c("declared_area_dm2", _I, "dm2", "登记面积", "registered area", True),
        _c("x", _F, "CRS", "代表点横坐标", "x of a point inside"),
        _c("y", _F, "CRS", "代表点纵坐标", "y of a point inside"),
    ),
    "survey",
)
PARCEL_ZONE = TableSpec(
    "parcel_zone",
    Text("地块分区", "zones of parcels"),
    ("parcel_id",),
    (
        _c("parcel_id", _S, "", "地块编码", "parcel code"),
        _c("function_zone", _S, "codes.FUNCTION_ZONES", "主导功能区", "dominant function zone"),
        _c("zone_share_ppm", _I, "ppm", "主导功能区占比", "share of the dominant zone"),
        _c("red_line_ppm", _I, "ppm", "红线内占比", "share inside the red line"),
        _c("reserve_ppm", _I, "ppm", "留白内占比", "share inside reserves"),
        _c("importance", _S, "extreme|important|general|not_assessed", "重要性等级", "importance grade"),
        _c("grade", _I, "1..3", "生态等级（1最高）", "ecological grade (1 highest)"),
    ),
    "zone",
)
RED_LINE_CHANGE = TableSpec(
    "red_line_change",
    Text("红线调整", "change of the red line"),
    ("parcel_id",),
    (
        _c("parcel_id", _S, "", "地块编码", "parcel code"),
        _c("before_ppm", _I, "ppm", "原红线内占比", "share inside the old line"),
        _c("after_ppm", _I, "ppm", "新红线内占比", "share inside the new line"),
        _c("gained_dm2", _I, "dm2", "划入面积", "area taken in"),
        _c("lost_dm2", _I, "dm2", "调出面积", "area let out"),
    ),
    "zone",
)
PARCEL_GRADING = TableSpec(
    "parcel_grading",
    Text("地块分级", "grading of parcels"),
    ("parcel_id", "kind", "map"),
    (
        _c("parcel_id", _S, "", "地块编码", "parcel code"),
        _c("kind", _S, "importance|sensitivity", "评价类别", "what is graded"),
        _c("map", _S, "", "功能或敏感性（all 为综合）", "function or sensitivity (all: joined)"),
        _c("method", _S, "", "方法（一张图只有一种）", "method (a map has one)"),
        _c("high_ppm", _I, "ppm", "极重要或极敏感占比", "share extremely important or sensitive"),
        _c("middle_ppm", _I, "ppm", "重要或敏感占比", "share important or sensitive"),
        _c("low_ppm", _I, "ppm", "一般占比", "share of general ground"),
        _c("unknown_ppm", _I, "ppm", "未评估占比", "share not assessed"),
        _c("class", _S, "", "等级", "class"),
    ),
    "zone",
)
RED_LINE_LEDGER = TableSpec(
    "red_line_ledger",
    Text("红线调整台账", "ledger of a change of the red line"),
    ("parcel_id",),
    (
        _c("parcel_id", _S, "", "地块编码", "parcel code"),
        _c("area_dm2", _I, "dm2", "地块面积", "area of the parcel"),
        _c("before_dm2", _I, "dm2", "原红线内面积", "area inside the old line"),
        _c("kept_dm2", _I, "dm2", "两版都在内", "area inside both"),
        _c("gained_dm2", _I, "dm2", "划入面积", "area taken in"),
        _c("lost_dm2", _I, "dm2", "调出面积", "area let out"),
        _c("after_dm2", _I, "dm2", "新红线内面积", "area inside the new line"),
        _c("rights", _I, "", "涉及权利数", "rights touched"),
        _c("holders", _I, "", "涉及权利人数", "holders touched"),
        _c("contracts", _I, "", "涉及合同数", "contracts touched"),
        _c("rate_fen_per_ha", _I, "fen/ha/a", "现行标准（空为没有）", "rate (empty: none)", True),
        _c("gained_fen", _I, "fen/a", "划入面积涉及金额", "money on the area taken in", True),
        _c("lost_fen", _I, "fen/a", "调出面积涉及金额", "money on the area let out", True),
        _c("entitled_fen", _I, "fen/a", "地块现有应付额", "entitled on the parcel now", True),
    ),
    "zone",
)
RED_LINE_RIGHT = TableSpec(
    "red_line_right",
    Text("红线调整涉及的权利", "rights a change of the red line touches"),
    ("right_id",),
    (
        _c("right_id", _S, "", "权利编码", "right code"),
        _c("parcel_id", _S, "", "地块编码", "parcel code"),
        _c("holder_id", _S, "", "权利人编码", "holder code"),
        _c("kind", _S, "codes.RIGHT_KINDS", "权利类型", "kind of right"),
        _c("share_num", _I, "", "份额分子", "share, numerator"),
        _c("share_den", _I, "", "份额分母", "share, denominator"),
        _c("gained_dm2", _I, "dm2", "地块划入面积", "area of the parcel taken in"),
        _c("lost_dm2", _I, "dm2", "地块调出面积", "area of the parcel let out"),
        _c("gained_fen", _I, "fen/a", "划入涉及金额（空为不支付的权利）", "money taken in (empty: not a right that is paid)", True),
        _c("lost_fen", _I, "fen/a", "调出涉及金额", "money let out", True),
    ),
    "zone",
)
RED_LINE_CONTRACT = TableSpec(
    "red_line_contract",
    Text("红线调整涉及的合同", "contracts a change of the red line touches"),
    ("contract_id",),
    (
        _c("contract_id", _S, "", "合同编码", "contract code"),
        _c("parcel_id", _S, "", "地块编码", "parcel code"),
        _c("holder_id", _S, "", "权利人编码", "holder code"),
        _c("programme", _S, "", "项目", "programme"),
        _c("duty", _S, "", "管护义务", "duty"),
        _c("gained_dm2", _I, "dm2", "地块划入面积", "area of the parcel taken in"),
        _c("lost_dm2", _I, "dm2", "地块调出面积", "area of the parcel let out"),
    ),
    "zone",
)
RED_LINE_TOTAL = TableSpec(
    "red_line_total",
    Text("红线调整合计", "totals of a change of the red line"),
    ("item",),
    (
        _c("item", _S, "", "项目", "item"),
        _c("amount", _I, "", "数值", "amount"),
        _c("unit", _S, "", "单位", "unit"),
    ),
    "zone",
)
RED_LINE_MEMBER = TableSpec(
    "red_line_member",
    Text("红线成员地块", "parcels of a proposed red line"),
    ("parcel_id",),
    (
        _c("parcel_id", _S, "", "地块编码", "parcel code"),
        _c("inside_ppm", _I, "ppm", "栅格红线内占比", "share inside the line drawn on cells"),
        _c("patch", _S, "", "所属斑块（空为不入）", "patch it belongs to (empty: not in)"),
        _c("area_dm2", _I, "dm2", "面积", "area"),
        _c("reason", _S, "", "理由码", "code of the reason"),
    ),
    "zone",
)
RESERVE_CANDIDATE = TableSpec(
    "reserve_candidate",
    Text("留白候选", "candidates for reserves"),
    ("parcel_id",),
    (
        _c("parcel_id", _S, "", "地块编码", "parcel code"),
        _c("rank", _I, "", "顺序（1 最先）", "order (1 first)"),
        _c("selected", _B, "", "入选", "selected"),
        _c("score", _F, "0..1", "得分", "score"),
        _c("area_dm2", _I, "dm2", "面积", "area"),
        _c("reason", _S, "", "理由码", "code of the reason"),
        _c("evidence", _S, "", "依据", "what the score is made of"),
    ),
    "zone",
)
RESERVE = TableSpec(
    "reserve",
    Text("生态留白登记", "register of reserves"),
    ("reserve_id", "known_from"),
    (
        _c("reserve_id", _S, "", "留白编码", "reserve code"),
        _c("kind", _S, "", "类型", "kind"),
        _c("name", _S, "", "名称", "name"),
        _c("authority", _S, "", "决定机关", "authority"),
        _c("document", _S, "", "文号", "document"),
        _c("decided_on", _D, "date", "决定日", "decided on", True),
        *_clocks(),
    ),
    "zone",
)
SERVICE = TableSpec(
    "service",
    Text("生态系统服务", "ecosystem services"),
    ("parcel_id", "year", "service"),
    (
        _c("parcel_id", _S, "", "地块编码", "parcel code"),
        _c("year", _I, "", "年", "year"),
        _c("service", _S, "services.models", "服务", "service"),
        _c("quantity", _F, "unit", "物理量（整块地）", "quantity (whole parcel)", True),
        _c("low", _F, "unit", "下界", "low", True),
        _c("high", _F, "unit", "上界", "high", True),
        _c("unit", _S, "", "单位", "unit"),
        _c("method", _S, "", "方法与版本", "method and version"),
        _c("coverage", _F, "0..1", "有值占比", "share of the parcel with a value"),
        _c(
            "applicable",
            _F,
            "0..1",
            "适用占比：方法所指的生态系统占地块（空为全部）",
            "share of the parcel the method is meant for (empty: all)",
            True,
        ),
    ),
    "assess",
)
OBSERVATION = TableSpec(
    "observation",
    Text("观测", "observations"),
    ("parcel_id", "year", "signal"),
    (
        _c("parcel_id", _S, "", "地块编码", "parcel code"),
        _c("year", _I, "", "年", "year"),
        _c("signal", _S, "monitoring.signals", "信号", "signal"),
        _c("value", _F, "unit", "值", "value", True),
        _c("unit", _S, "", "单位", "unit"),
        _c("coverage", _F, "0..1", "观测占比", "share observed"),
    ),
    "observe",
)
COMPLIANCE = TableSpec(
    "compliance",
    Text("合规", "compliance"),
    ("parcel_id", "year"),
    (
        _c("parcel_id", _S, "", "地块编码", "parcel code"),
        _c("year", _I, "", "年", "year"),
        _c("light", _S, "codes.LIGHTS", "灯号", "light"),
        _c("evidence", _S, "", "依据", "evidence"),
        _c("confidence", _F, "0..1", "可信度", "confidence", True),
        _c("verdict", _S, "codes.VERDICTS", "核查判定", "verdict of the field check"),
    ),
    "observe",
)
SERVICE_VALUE = TableSpec(
    "service_value",
    Text("服务价值", "value of services"),
    ("parcel_id", "year", "service"),
    (
        _c("parcel_id", _S, "", "地块编码", "parcel code"),
        _c("year", _I, "", "年", "year"),
        _c("service", _S, "", "服务", "service"),
        _c("value_fen", _I, "fen", "价值", "value"),
        _c("low_fen", _I, "fen", "下界", "low"),
        _c("high_fen", _I, "fen", "上界", "high"),
        _c("price_year", _I, "", "价格年", "price year"),
        _c("method", _S, "valuation.methods", "定价方法", "method"),
        _c(
            "observed_ppm",
            _I,
            "ppm",
            "适用部分的观测占比（空为全部）",
            "share of the applicable ground that was observed (empty: all)",
            True,
        ),
    ),
    "value",
)
GEP = TableSpec(
    "gep",
    Text("生态产品总值", "gross ecosystem product"),
    ("year", "part", "service"),
    (
        _c("year", _I, "", "年", "year"),
        _c("part", _S, "", "区域或生态系统（空为全域）", "region or ecosystem (empty: the whole)"),
        _c("group", _S, "", "大类", "group"),
        _c("service", _S, "services.models", "服务", "service"),
        _c("quantity", _F, "unit", "物理量", "quantity", True),
        _c("unit", _S, "", "单位", "unit"),
        _c("unit_price", _S, "CNY/unit", "单价（未定价为空）", "unit price (empty: not priced)", True),
        _c("price_year", _I, "", "价格年", "price year", True),
        _c("value_fen", _I, "fen", "价值", "value", True),
        _c("low_fen", _I, "fen", "下界", "low", True),
        _c("high_fen", _I, "fen", "上界", "high", True),
        _c("method", _S, "valuation.methods", "定价方法", "pricing method", True),
        _c("method_version", _S, "", "方法版本", "version of the method", True),
        _c("share_ppm", _I, "ppm", "占本部分合计", "share of the total of its part", True),
    ),
    "value",
)
STANDARD = TableSpec(
    "standard",
    Text("补偿标准", "standard"),
    ("parcel_id", "year"),
    (
        _c("parcel_id", _S, "", "地块编码", "parcel code"),
        _c("year", _I, "", "年", "year"),
        _c("rule", _S, "standard.rules", "规则", "rule"),
        _c("rate_fen_per_ha", _I, "fen/ha/a", "标准", "rate"),
        _c("value_fen_per_ha", _I, "fen/ha/a", "生态价值部分", "part: value"),
        _c("opportunity_fen_per_ha", _I, "fen/ha/a", "机会成本部分", "part: opportunity cost"),
        _c("protection_fen_per_ha", _I, "fen/ha/a", "保护成本部分", "part: protection cost"),
        _c("regional_fen_per_ha", _I, "fen/ha/a", "区域经济部分", "part: regional economy"),
        _c("adjust_fen_per_ha", _I, "fen/ha/a", "奖惩、上下限与年度限幅", "reward, floor, cap and yearly limit"),
        _c("low_fen_per_ha", _I, "fen/ha/a", "标准下界", "rate, low"),
        _c("high_fen_per_ha", _I, "fen/ha/a", "标准上界", "rate, high"),
    ),
    "set",
)
STANDARD_STEP = TableSpec(
    "standard_step",
    Text("定标步骤", "steps of the standard"),
    ("parcel_id", "year", "seq"),
    (
        _c("parcel_id", _S, "", "地块编码", "parcel code"),
        _c("year", _I, "", "年", "year"),
        _c("seq", _I, "", "顺序", "order"),
        _c("step", _S, "", "步骤", "step"),
        _c("amount_fen_per_ha", _I, "fen/ha/a", "本步加减", "added or taken by this step"),
        _c("after_fen_per_ha", _I, "fen/ha/a", "本步之后", "after this step"),
        _c("inputs", _S, "json", "代入的数", "numbers put in"),
        _c("parameters", _S, "", "参数键（空格分隔）", "parameter keys (space separated)"),
    ),
    "set",
)
EQUITY = TableSpec(
    "equity",
    Text("同地同价核查", "equal land, equal rate"),
    ("year", "ecosystem", "function_zone", "grade"),
    (
        _c("year", _I, "", "年", "year"),
        _c("ecosystem", _S, "codes.ECOSYSTEMS", "生态系统", "ecosystem"),
        _c("function_zone", _S, "codes.FUNCTION_ZONES", "功能区", "function zone"),
        _c("grade", _I, "1..3", "生态等级", "ecological grade"),
        _c("parcels", _I, "", "地块数", "parcels"),
        _c("villages", _I, "", "村数", "villages"),
        _c("lowest_village", _S, "", "均值最低的村", "village with the lowest mean"),
        _c("lowest_fen_per_ha", _I, "fen/ha/a", "最低村均标准", "lowest mean rate"),
        _c("highest_village", _S, "", "均值最高的村", "village with the highest mean"),
        _c("highest_fen_per_ha", _I, "fen/ha/a", "最高村均标准", "highest mean rate"),
        _c("steps", _S, "", "造成差别的步骤（空格分隔）", "steps that make the difference (space separated)"),
        _c("result", _S, "equal|explained|flagged", "结果", "result"),
    ),
    "set",
)
STANDARD_SENSITIVITY = TableSpec(
    "standard_sensitivity",
    Text("标准的敏感性", "sensitivity of the standard"),
    ("year", "ecosystem", "function_zone", "grade", "input"),
    (
        _c("year", _I, "", "年", "year"),
        _c("ecosystem", _S, "codes.ECOSYSTEMS", "生态系统", "ecosystem"),
        _c("function_zone", _S, "codes.FUNCTION_ZONES", "功能区", "function zone"),
        _c("grade", _I, "1..3", "生态等级", "ecological grade"),
        _c("input", _S, "", "变动的输入：参数键或 service_value 等", "what is moved: a key, or service_value, engel, income"),
        _c("code", _S, "", "参数表中的行（空为单个数）", "row of the parameter (empty: a single number)"),
        _c("unit", _S, "", "单位", "unit"),
        _c("value", _S, "", "现值", "value that holds"),
        _c("low", _S, "", "低端", "low end"),
        _c("high", _S, "", "高端", "high end"),
        _c("range", _S, "stated|assumed", "区间来源：已注明或假定", "range: stated by its source, or assumed"),
        _c("parcels", _I, "", "地块数", "parcels"),
        _c("rate_fen_per_ha", _I, "fen/ha/a", "面积加权平均标准", "mean rate by area"),
        _c("at_low_fen_per_ha", _I, "fen/ha/a", "低端标准（空为规则不许）", "rate at the low end (empty: forbidden)", True),
        _c("at_high_fen_per_ha", _I, "fen/ha/a", "高端标准（空为规则不许）", "rate at the high end (empty: forbidden)", True),
        _c("swing_fen_per_ha", _I, "fen/ha/a", "摆幅", "swing between the ends"),
        _c("elasticity_ppm", _I, "ppm", "弹性（空为算不出）", "elasticity (empty: none)", True),
        _c("rank", _I, "", "按摆幅的名次（1 最大）", "rank by swing (1: largest)"),
    ),
    "set",
)
STANDARD_RATE = TableSpec(
    "standard_rate",
    Text("费率表", "table of rates"),
    ("year", "ecosystem", "function_zone", "grade"),
    (
        _c("year", _I, "", "年", "year"),
        _c("ecosystem", _S, "codes.ECOSYSTEMS", "生态系统", "ecosystem"),
        _c("function_zone", _S, "codes.FUNCTION_ZONES", "功能区", "function zone"),
        _c("grade", _I, "1..3", "生态等级", "ecological grade"),
        _c("parcels", _I, "", "地块数", "parcels"),
        _c("area_dm2", _I, "dm2", "面积", "area"),
        _c("mean_fen_per_ha", _I, "fen/ha/a", "面积加权平均标准", "mean rate by area"),
        _c("lowest_fen_per_ha", _I, "fen/ha/a", "最低的地块", "lowest parcel"),
        _c("highest_fen_per_ha", _I, "fen/ha/a", "最高的地块", "highest parcel"),
        _c("low_fen_per_ha", _I, "fen/ha/a", "区间下端的平均", "mean of the low ends"),
        _c("high_fen_per_ha", _I, "fen/ha/a", "区间上端的平均", "mean of the high ends"),
    ),
    "set",
)
STANDARD_BOUND = TableSpec(
    "standard_bound",
    Text("标准受限情况", "which step moves the standard"),
    ("year", "ecosystem", "function_zone", "grade", "step"),
    (
        _c("year", _I, "", "年", "year"),
        _c("ecosystem", _S, "codes.ECOSYSTEMS", "生态系统", "ecosystem"),
        _c("function_zone", _S, "codes.FUNCTION_ZONES", "功能区", "function zone"),
        _c("grade", _I, "1..3", "生态等级", "ecological grade"),
        _c("step", _S, "", "步骤", "step"),
        _c("parcels", _I, "", "地块数", "parcels"),
        _c("raised_parcels", _I, "", "被抬高的地块数", "parcels it raises"),
        _c("lowered_parcels", _I, "", "被压低的地块数", "parcels it lowers"),
        _c("amount_fen_per_ha", _I, "fen/ha/a", "面积加权平均加减", "mean amount by area"),
    ),
    "set",
)
STANDARD_COMPARISON = TableSpec(
    "standard_comparison",
    Text("跨界同地同价核查", "equal land, equal rate across borders"),
    ("year", "level", "ecosystem", "function_zone", "grade", "red_line", "holder_kind", "lower_place", "higher_place"),
    (
        _c("year", _I, "", "年（较晚一方）", "year (of the later side)"),
        _c("level", _S, "bundle|province|city|county|town|village", "比较层级", "what is compared"),
        _c("ecosystem", _S, "codes.ECOSYSTEMS", "生态系统", "ecosystem"),
        _c("function_zone", _S, "codes.FUNCTION_ZONES", "功能区", "function zone"),
        _c("grade", _I, "1..3", "生态等级", "ecological grade"),
        _c("red_line", _S, "inside|partly|outside", "红线类别", "red-line class"),
        _c("holder_kind", _S, "codes.HOLDER_KINDS", "权利人类型（空为未知）", "kind of holder (empty: not known)"),
        _c("lower_place", _S, "", "较低一方", "side with the lower rate"),
        _c("higher_place", _S, "", "较高一方", "side with the higher rate"),
        _c("lower_parcels", _I, "", "较低一方地块数", "parcels of the lower side"),
        _c("higher_parcels", _I, "", "较高一方地块数", "parcels of the higher side"),
        _c("lower_fen_per_ha", _I, "fen/ha/a", "较低一方平均标准", "mean rate of the lower side"),
        _c("higher_fen_per_ha", _I, "fen/ha/a", "较高一方平均标准", "mean rate of the higher side"),
        _c("result", _S, "equal|explained|flagged", "结果", "result"),
        _c("reasons", _S, "json", "逐步的原因：差额、数、参数、文件", "reasons by step: amount, numbers, rules, documents"),
    ),
    "set",
)
# ---------------------------------------------------------------- money
ENTITLEMENT = TableSpec(
    "entitlement",
    Text("应付额", "entitlements"),
    ("entitlement_id",),
    (
        _c("entitlement_id", _S, "", "应付编码", "entitlement code"),
        _c("year", _I, "", "年", "year"),
        _c("programme", _S, "", "项目", "programme"),
        _c("parcel_id", _S, "", "地块编码", "parcel code"),
        _c("holder_id", _S, "", "权利人编码", "holder code"),
        _c("right_id", _S, "", "权利编码", "right code"),
        _c("contract_id", _S, "", "合同编码", "contract code"),
        _c("area_dm2", _I, "dm2", "地块面积", "area of the parcel"),
        _c("share_num", _I, "", "份额分子", "share, numerator"),
        _c("share_den", _I, "", "份额分母", "share, denominator"),
        _c("rate_fen_per_ha", _I, "fen/ha/a", "标准", "rate"),
        _c("compliance_ppm", _I, "ppm", "合规系数", "compliance factor"),
        _c("gross_fen", _I, "fen", "扣减前", "before deduction"),
        _c("deduction_fen", _I, "fen", "扣减", "deduction"),
        _c("entitled_fen", _I, "fen", "应付", "entitled"),
        _c("funded_fen", _I, "fen", "已落实资金", "funded"),
        _c("shortfall_fen", _I, "fen", "缺口", "shortfall"),
        _c("state", _S, "codes.ENTITLEMENT_STATES", "状态", "state"),
        _c("reason", _S, "", "状态原因码", "code of the reason"),
        _c("tranche", _I, "", "第几次（分次支付的），或补付的年度", "tranche, or the year a back-payment is for", True),
    ),
    "fund",
)
ALLOCATION = TableSpec(
    "allocation",
    Text("资金落实", "allocation"),
    ("entitlement_id", "envelope_id"),
    (
        _c("entitlement_id", _S, "", "应付编码", "entitlement code"),
        _c("envelope_id", _S, "", "资金包编码", "envelope code"),
        _c("amount_fen", _I, "fen", "金额", "amount"),
    ),
    "fund",
)
ENVELOPE_BALANCE = TableSpec(
    "envelope_balance",
    Text("资金包收支", "envelope balances"),
    ("envelope_id", "year"),
    (
        _c("envelope_id", _S, "", "资金包编码", "envelope code"),
        _c("year", _I, "", "年", "year"),
        _c("source", _S, "codes.FUND_SOURCES", "来源", "source of funds"),
        _c("opening_fen", _I, "fen", "上年结转", "carried in"),
        _c("granted_fen", _I, "fen", "本年下达", "granted"),
        _c("allocated_fen", _I, "fen", "已分配", "allocated"),
        _c("paid_fen", _I, "fen", "已支付", "paid"),
        _c("escrow_fen", _I, "fen", "暂存", "in escrow"),
        _c("closing_fen", _I, "fen", "年末余额（未分配）", "left at year end (not allocated)"),
        _c("lapsed_fen", _I, "fen", "收回", "lapsed and returned"),
    ),
    "pay",
)
SETTLEMENT = TableSpec(
    "settlement",
    Text("横向协议结算", "agreement settlements"),
    ("agreement_id", "year", "clause", "payer", "payee"),
    (
        _c("agreement_id", _S, "", "协议编码", "agreement code"),
        _c("year", _I, "", "年", "year"),
        _c("clause", _S, "agreements.clauses", "条款", "clause"),
        _c("payer", _S, "", "付款方", "payer"),
        _c("payee", _S, "", "收款方", "payee"),
        _c("amount_fen", _I, "fen", "金额", "amount"),
        _c("evidence", _S, "json", "依据", "evidence"),
    ),
    "fund",
)
CREDIT = TableSpec(
    "credit",
    Text("碳汇批次", "carbon lots"),
    ("lot_id",),
    (
        _c("lot_id", _S, "", "批次编码", "lot code"),
        _c("year", _I, "", "监测年", "vintage"),
        _c("origin", _S, "", "产生范围", "origin"),
        _c("issued_t", _I, "t CO2", "签发", "issued"),
        _c("held_back_t", _I, "t CO2", "预留", "held back"),
        _c("sold_t", _I, "t CO2", "售出", "sold"),
        _c("held_t", _I, "t CO2", "持有", "held"),
        _c("price_fen_per_t", _I, "fen/t", "成交价", "price"),
        _c("proceeds_fen", _I, "fen", "收入", "proceeds"),
        _c("buyer", _S, "", "买方", "buyer"),
    ),
    "fund",
)
DISCLOSURE = TableSpec(
    "disclosure",
    Text("公示", "public notice"),
    ("village_code", "recipient_code"),
    (
        _c("village_code", _S, "", "村代码", "village code"),
        _c("recipient_code", _S, "", "收件码", "recipient code"),
        _c("masked_name", _S, "", "户主（隐名）", "holder (masked)"),
        _c("parcels", _I, "", "地块数", "parcels"),
        _c("area_dm2", _I, "dm2", "面积", "area"),
        _c("gross_fen", _I, "fen", "扣减前", "before deduction"),
        _c("deduction_fen", _I, "fen", "调整", "adjustment"),
        _c("entitled_fen", _I, "fen", "应付", "entitled"),
        _c("funded_fen", _I, "fen", "落实", "funded"),
    ),
    "disclose",
)
ORDER = TableSpec(
    "order",
    Text("支付指令", "payment orders"),
    ("order_id",),
    (
        _c("order_id", _S, "", "支付编码", "order code"),
        _c("year", _I, "", "年", "year"),
        _c("holder_id", _S, "", "权利人编码", "holder code"),
        _c("state", _S, "ready|escrow|held", "状态", "state"),
        _c("amount_fen", _I, "fen", "金额", "amount"),
        _c("entitlements", _I, "", "应付条数", "entitlements in it"),
    ),
    "pay",
)
ORDER_SOURCE = TableSpec(
    "order_source",
    Text("支付来源", "sources of orders"),
    ("order_id", "envelope_id"),
    (
        _c("order_id", _S, "", "支付编码", "order code"),
        _c("envelope_id", _S, "", "资金包编码", "envelope code"),
        _c("amount_fen", _I, "fen", "金额", "amount"),
    ),
    "pay",
)
LEDGER = TableSpec(
    "ledger",
    Text("账本", "ledger"),
    ("seq",),
    (
        _c("seq", _I, "", "序号", "sequence"),
        _c("posting_id", _S, "", "记账编号", "posting code"),
        _c("year", _I, "", "年", "year"),
        _c("account", _S, "", "科目", "account"),
        _c("amount_fen", _I, "fen", "金额（借正贷负）", "amount (debit positive, credit negative)"),
        _c("kind", _S, "", "业务", "kind of posting"),
        _c("reference", _S, "", "依据编码", "what it stands for"),
        _c("reverses", _S, "", "冲销的记账编号（空为无）", "posting it reverses (empty: none)"),
        _c("prev_hash", _S, "sha256", "前一行指纹", "hash of the row before"),
        _c("hash", _S, "sha256", "本行指纹", "hash of this row"),
    ),
    "pay",
)
# ---------------------------------------------------------------- results
INDICATOR = TableSpec(
    "indicator",
    Text("评价指标", "indicators"),
    ("area_code", "year", "indicator"),
    (
        _c("area_code", _S, "", "评价单元", "area judged"),
        _c("function_zone", _S, "codes.FUNCTION_ZONES", "功能区", "function zone"),
        _c("year", _I, "", "年", "year"),
        _c("indicator", _S, "performance.indicators", "指标", "indicator"),
        _c("value", _F, "unit", "值", "value", True),
        _c("base", _F, "unit", "基准", "base", True),
        _c("score", _F, "0..100", "得分", "score", True),
        _c("score_low", _F, "0..100", "得分下界", "score, low", True),
        _c("score_high", _F, "0..100", "得分上界", "score, high", True),
        _c("weight_ppm", _I, "ppm", "权重", "weight"),
        _c("coverage", _F, "0..1", "观测占比", "share observed"),
        _c("reason", _S, "", "未评原因（空为已评）", "why not assessed (empty: assessed)"),
    ),
    "judge",
)
SCORECARD = TableSpec(
    "scorecard",
    Text("记分卡", "scorecard"),
    ("area_code", "year"),
    (
        _c("area_code", _S, "", "评价单元", "area judged"),
        _c("function_zone", _S, "codes.FUNCTION_ZONES", "功能区", "function zone"),
        _c("year", _I, "", "年", "year"),
        _c("score", _F, "0..100", "得分", "score", True),
        _c("score_low", _F, "0..100", "得分下界", "score, low", True),
        _c("score_high", _F, "0..100", "得分上界", "score, high", True),
        _c("weight_assessed_ppm", _I, "ppm", "已评权重", "weight assessed"),
        _c("grade", _S, "A|B|C|D|not_assessed", "等级", "grade"),
        _c("reward_ppm", _I, "ppm", "对明年标准的增减", "change of next year's standard"),
        _c("parameters", _S, "", "参数键", "parameter keys"),
    ),
    "judge",
)
PARCEL_TRANSITION = TableSpec(
    "parcel_transition",
    Text("地块土地转移", "land transitions of parcels"),
    ("parcel_id", "year", "from_ecosystem", "to_ecosystem"),
    (
        _c("parcel_id", _S, "", "地块编码", "parcel code"),
        _c("year", _I, "", "年", "year"),
        _c("from_ecosystem", _S, "codes.ECOSYSTEMS", "期初", "opening"),
        _c("to_ecosystem", _S, "codes.ECOSYSTEMS", "期末", "closing"),
        _c("area_dm2", _I, "dm2", "面积", "area"),
    ),
    "account",
)
LAND_TRANSITION = TableSpec(
    "land_transition",
    Text("土地转移矩阵", "land transitions"),
    ("year", "from_ecosystem", "to_ecosystem"),
    (
        _c("year", _I, "", "年", "year"),
        _c("from_ecosystem", _S, "codes.ECOSYSTEMS", "期初", "opening"),
        _c("to_ecosystem", _S, "codes.ECOSYSTEMS", "期末", "closing"),
        _c("area_dm2", _I, "dm2", "面积", "area"),
    ),
    "account",
)
LAND_ACCOUNT = TableSpec(
    "land_account",
    Text("土地账户", "land account"),
    ("year", "ecosystem"),
    (
        _c("year", _I, "", "年", "year"),
        _c("ecosystem", _S, "codes.ECOSYSTEMS", "生态系统", "ecosystem"),
        _c("opening_dm2", _I, "dm2", "期初", "opening"),
        _c("additions_dm2", _I, "dm2", "增加", "additions"),
        _c("reductions_dm2", _I, "dm2", "减少", "reductions"),
        _c("closing_dm2", _I, "dm2", "期末", "closing"),
    ),
    "account",
)
SERVICE_ACCOUNT = TableSpec(
    "service_account",
    Text("服务账户", "service account"),
    ("year", "service", "ecosystem"),
    (
        _c("year", _I, "", "年", "year"),
        _c("service", _S, "", "服务", "service"),
        _c("ecosystem", _S, "codes.ECOSYSTEMS", "供给的生态系统", "supplying ecosystem"),
        _c("quantity", _F, "unit", "物理量", "quantity", True),
        _c("unit", _S, "", "单位", "unit"),
        _c("value_fen", _I, "fen", "价值", "value", True),
        _c("price_year", _I, "", "价格年", "price year", True),
        _c("coverage", _F, "0..1", "观测占比（面积加权）", "share observed (area weighted)"),
    ),
    "account",
)
FUND_ACCOUNT = TableSpec(
    "fund_account",
    Text("资金账户", "fund account"),
    ("year", "source"),
    (
        _c("year", _I, "", "年", "year"),
        _c("source", _S, "codes.FUND_SOURCES", "来源", "source of funds"),
        _c("envelopes", _I, "", "资金包数", "envelopes"),
        _c("opening_fen", _I, "fen", "上年结转", "carried in"),
        _c("granted_fen", _I, "fen", "本年下达", "granted"),
        _c("allocated_fen", _I, "fen", "已分配", "allocated"),
        _c("paid_fen", _I, "fen", "已支付", "paid"),
        _c("escrow_fen", _I, "fen", "暂存", "in escrow"),
        _c("unpaid_fen", _I, "fen", "已分配未支付", "allocated, not yet paid"),
        _c("closing_fen", _I, "fen", "年末余额（未分配）", "left at year end (not allocated)"),
        _c("lapsed_fen", _I, "fen", "收回", "lapsed and returned"),
        _c("share_ppm", _I, "ppm", "占全部分配", "share of all that was allocated"),
    ),
    "account",
)
CHECK = TableSpec(
    "check",
    Text("核对", "checks"),
    ("check",),
    (
        _c("check", _S, "", "核对项", "check"),
        _c("result", _S, "pass|fail|not_run", "结果", "result"),
        _c("detail_zh", _S, "", "说明（中文）", "detail in Chinese"),
        _c("detail_en", _S, "", "说明（英文）", "detail in English"),
    ),
    "account",
)
PARAMETER = TableSpec(
    "parameter",
    Text("所用参数", "parameters used"),
    ("key", "valid_from"),
    (
        _c("key", _S, "", "参数键", "key"),
        _c("name_zh", _S, "", "中文名", "name in Chinese"),
        _c("name_en", _S, "", "英文名", "name in English"),
        _c("value", _S, "", "值（JSON）", "value (JSON)"),
        _c("unit", _S, "", "单位", "unit"),
        _c("place", _S, "", "适用地", "place"),
        _c("valid_from", _D, "date", "生效日", "holds from"),
        _c("valid_to", _D, "date", "失效日", "holds until", True),
        _c("document", _S, "", "出处", "document"),
        _c("confidence", _S, "confidence.MARKS", "可信标记", "confidence mark"),
        _c("last_checked", _D, "date", "最近核对日", "last checked", True),
        _c("file", _S, "", "文件", "file"),
        _c("line", _I, "", "行", "line"),
        _c("sha256", _S, "sha256", "文件指纹", "fingerprint of the file"),
    ),
    "set",
)

# ---------------------------------------------------------------- programmes that are rule files
ENROLMENT = TableSpec(
    "enrolment",
    Text("项目合同地块", "plots enrolled in programmes"),
    ("contract_id", "valid_from", "known_from"),
    (
        _c("contract_id", _S, "", "合同地块编码（同 contract）", "contract of the plot (as in contract)"),
        _c("agreement_id", _S, "", "所属合同编码", "contract it is part of"),
        _c("programme", _S, "", "项目", "programme"),
        _c("state", _S, "codes.CONTRACT_STATES", "合同状态", "state of the contract"),
        _c("variant", _S, "", "措施类型（空为唯一类型）", "what is done (empty: the only variant)", True),
        _c("area_dm2", _I, "dm2", "合同面积（空为地块面积）", "area agreed (empty: that of the parcel)", True),
        _c("class_before", _S, "", "实施前地类", "land class before", True),
        _c("slope_tenths", _I, "0.1 degree", "坡度（0.1度）", "slope in tenths of a degree", True),
        _c("base_fen", _I, "fen", "计算基数", "base sum", True),
        _c("term_from", _D, "date", "期限起（空为签订日）", "term begins (empty: the day it was signed)", True),
        _c("term_to", _D, "date", "期限止（不含）", "term ends before", True),
        _c("facts", _S, "json", "其他属性（JSON）", "further facts (JSON)", True),
        _c("holder_id", _S, "", "权利人编码（合同中止等不在 contract 中时）", "holder (where the contract is not in force)", True),
        _c("parcel_id", _S, "", "地块编码（同上）", "parcel (likewise)", True),
        *_clocks(),
    ),
    "enrol",
)
INSPECTED = TableSpec(
    "inspection",
    Text("检查验收", "inspections"),
    ("inspection_id",),
    (
        _c("inspection_id", _S, "", "验收编码", "inspection code"),
        _c("contract_id", _S, "", "合同地块编码（同 contract）", "contract of the plot (as in contract)"),
        _c("year", _I, "", "所验年度", "year it judges"),
        _c("level", _S, "codes.INSPECTION_LEVELS", "级别", "level"),
        _c("inspected_on", _D, "date", "检查日", "inspected on"),
        _c("result", _S, "codes.INSPECTION_RESULTS", "结果", "result"),
        _c("accepted_dm2", _I, "dm2", "合格面积", "area accepted"),
        _c("survival_ppm", _I, "ppm", "成活率或保存率", "rate of survival", True),
        _c("certificate", _S, "", "验收合格证号", "number of the certificate", True),
        _c("events", _S, "", "发现的行为（空格分隔）", "acts found (space separated)", True),
        _c("inspector", _S, "", "检查人编码", "inspector", True),
    ),
    "enrol",
)
OVERLAY = TableSpec(
    "overlay",
    Text("地块上的限制", "what lies on parcels"),
    ("parcel_id", "category"),
    (
        _c("parcel_id", _S, "", "地块编码", "parcel code"),
        _c("category", _S, "codes.RESTRICTION_KINDS", "类别", "category"),
        _c("area_dm2", _I, "dm2", "面积", "area"),
    ),
    "zone",
)
PAID_BEFORE = TableSpec(
    "paid_before",
    Text("以往支付", "paid before"),
    ("contract_id", "programme", "payment", "for_year"),
    (
        _c("contract_id", _S, "", "合同地块编码", "contract of the plot"),
        _c("programme", _S, "", "项目", "programme"),
        _c("payment", _S, "", "支付项", "payment"),
        _c("for_year", _I, "", "所付年度", "year it was for"),
        _c("tranche", _I, "", "第几次", "tranche", True),
    ),
    "pay",
)
DUE = TableSpec(
    "programme_due",
    Text("项目应付明细", "owed by programmes"),
    ("due_id",),
    (
        _c("due_id", _S, "", "明细编码", "code of the row"),
        _c("year", _I, "", "支付年度", "year of payment"),
        _c("programme", _S, "", "项目", "programme"),
        _c("payment", _S, "", "支付项", "payment"),
        _c("for_year", _I, "", "所付年度", "year it is for"),
        _c("tranche", _I, "", "第几次", "tranche", True),
        _c("contract_id", _S, "", "合同地块编码", "contract of the plot"),
        _c("parcel_id", _S, "", "地块编码", "parcel code"),
        _c("holder_id", _S, "", "受偿人（空为无）", "recipient (empty: none)"),
        _c("right_id", _S, "", "权利编码", "right code"),
        _c("payee", _S, "words.PAYEES", "付给谁", "paid to"),
        _c("variant", _S, "", "措施类型", "what is done there"),
        _c("share_num", _I, "", "份额分子", "share, numerator"),
        _c("share_den", _I, "", "份额分母", "share, denominator"),
        _c("contracted_dm2", _I, "dm2", "合同面积", "area agreed"),
        _c("accepted_dm2", _I, "dm2", "合格面积", "area accepted"),
        _c("before_dm2", _I, "dm2", "以前年度已付的合格面积", "area already paid for in earlier years"),
        _c("cut_dm2", _I, "dm2", "不得纳入的面积", "area that may not be in it"),
        _c("stacked_dm2", _I, "dm2", "其他项目已补偿的面积", "area other programmes pay for"),
        _c("paid_dm2", _I, "dm2", "计付面积", "area that is paid"),
        _c("rate", _S, "yuan", "标准（元）", "rate (yuan)"),
        _c("unit", _S, "words.UNITS", "标准单位", "unit of the rate"),
        _c("months", _I, "1..12", "计付月数", "months of the year"),
        _c("gross_fen", _I, "fen", "标准应付", "at the rate"),
        _c("deduction_fen", _I, "fen", "公共管护支出", "public management"),
        _c("net_fen", _I, "fen", "应付", "owed"),
        _c("state", _S, "payable|escrow|waiting|excluded|in_kind", "状态", "state"),
        _c("reason", _S, "words.REASONS", "原因", "reason"),
        _c("rule", _S, "", "依据参数（键）", "key of the rate"),
        _c("document", _S, "", "文件和条款", "document and article"),
        _c("inspection_id", _S, "", "验收编码（空为无）", "inspection (empty: none)"),
        _c("against", _S, "", "相斥的项目（空为无）", "programme it clashes with (empty: none)"),
    ),
    "enrol",
)
DUE_SOURCE = TableSpec(
    "programme_source",
    Text("项目应付的分担", "who bears what programmes owe"),
    ("due_id", "level"),
    (
        _c("due_id", _S, "", "明细编码", "code of the row"),
        _c("level", _S, "", "承担一级", "level that bears it"),
        _c("amount_fen", _I, "fen", "金额", "amount"),
    ),
    "enrol",
)
STACKED = TableSpec(
    "programme_stacking",
    Text("项目叠加", "programmes on one parcel"),
    ("parcel_id", "contract_id", "against"),
    (
        _c("parcel_id", _S, "", "地块编码", "parcel code"),
        _c("contract_id", _S, "", "让出的合同", "contract that gives way"),
        _c("programme", _S, "", "让出的项目", "programme that gives way"),
        _c("against", _S, "", "保留的合同", "contract that is kept"),
        _c("against_programme", _S, "", "保留的项目", "programme that is kept"),
        _c("verdict", _S, "excluded|conditional|allowed|unspoken", "结论", "verdict"),
        _c("on", _S, "ground|parcel", "按地面或按地块", "on the ground or the parcel"),
        _c("cut_dm2", _I, "dm2", "让出的面积", "area given up"),
        _c("rule", _S, "", "规则", "rule"),
        _c("document", _S, "", "文件和条款", "document and article"),
        _c("confidence", _S, "confidence.MARKS", "可信标记", "confidence mark"),
        _c("says_zh", _S, "", "说明（中文）", "in Chinese"),
        _c("says_en", _S, "", "说明（英文）", "in English"),
    ),
    "enrol",
)

TABLES: dict[str, TableSpec] = {t.name: t for t in list(globals().values()) if isinstance(t, TableSpec)}
