"""The registers an office keeps from year to year: parties, rights, restrictions, duties, documents, survey editions.

Each row is one version of one object with both clocks: it holds on the days from `valid_from` up to, not including,
`valid_to`, and the office knew it from the moment `known_from` until `known_to`. Nothing is overwritten: a correction
ends what was known and adds rows. The classes of ISO 19152 (LADM) that the registers stand for are named in `LADM`.
The gate tables of `terms.tables` (`holder`, `right`, `contract`) are cut from them by `ecocomp.tenure.gate`.
"""

from __future__ import annotations

import pyarrow as pa

from ecocomp.terms.tables import Column, TableSpec
from ecocomp.terms.tables import column as _c
from ecocomp.terms.text import Text

_S, _I, _D = pa.string(), pa.int64(), pa.date32()
MOMENT = pa.timestamp("us", tz="UTC")
P3 = "P3"
"""Unit of a column that holds sensitive personal data: stored encrypted, shown masked, never exported."""


CLOCKS: tuple[Column, ...] = (
    _c("valid_from", _D, "date", "生效日", "holds from"),
    _c("valid_to", _D, "date", "失效日（空为至今）", "holds until (empty: still)", True),
    _c("known_from", MOMENT, "UTC", "记录时刻", "recorded at"),
    _c("known_to", MOMENT, "UTC", "更正时刻（空为未更正）", "corrected at (empty: stands)", True),
)


def _register(name: str, zh: str, en: str, key: tuple[str, ...], *columns: Column) -> TableSpec:
    return TableSpec(name, Text(zh, en), (*key, "valid_from", "known_from"), (*columns, *CLOCKS), "survey")


PARTY = _register(
    "party",
    "权利主体",
    "parties",
    ("party_id",),
    _c("party_id", _S, "", "主体编码", "party code"),
    _c("kind", _S, "codes.PARTY_KINDS", "类型", "kind"),
    _c("name", _S, "", "姓名或名称", "name"),
    _c("region_code", _S, "", "所在村或地区代码", "code of its village or region"),
    _c("members", _I, "persons", "人口", "members", True),
    _c("income_fen", _I, "fen/a", "家庭年收入", "household income per year", True),
    _c("credit_code", _S, "", "统一社会信用代码", "unified social credit code", True),
    _c("id_number", _S, P3, "公民身份号码", "citizen identity number", True),
    _c("account", _S, P3, "银行账号", "bank account", True),
    _c("phone", _S, P3, "电话", "telephone", True),
)
MEMBER = _register(
    "member",
    "成员",
    "members of groups",
    ("group_id", "member_id"),
    _c("group_id", _S, "", "户或共有组编码", "code of the household or group"),
    _c("member_id", _S, "", "成员编码", "code of the member"),
    _c("role", _S, "codes.MEMBER_ROLES", "身份", "role"),
    _c("share_num", _I, "", "份额分子", "share, numerator", True),
    _c("share_den", _I, "", "份额分母", "share, denominator", True),
)
TENURE = _register(
    "tenure",
    "权利登记",
    "register of rights",
    ("right_id",),
    _c("right_id", _S, "", "权利编码", "right code"),
    _c("parcel_id", _S, "", "地块编码", "parcel code"),
    _c("unit_code", _S, "", "不动产单元代码", "real-estate unit code", True),
    _c("holder_id", _S, "", "权利主体编码", "party that holds it"),
    _c("kind", _S, "codes.RIGHT_KINDS", "权利类型", "kind of right"),
    _c("share_num", _I, "", "份额分子", "share, numerator"),
    _c("share_den", _I, "", "份额分母", "share, denominator"),
    _c("state", _S, "codes.RIGHT_STATES", "状态", "state"),
    _c("basis", _S, "", "派生自哪项权利", "right it is derived from", True),
    _c("term_to", _D, "date", "期限届满日", "end of its term", True),
    _c("document", _S, "", "凭证", "document"),
    _c("source_id", _S, "", "文件编码", "source", True),
)
DUTY = _register(
    "duty",
    "补偿合同与义务",
    "compensation contracts and duties",
    ("contract_id",),
    _c("contract_id", _S, "", "合同编码", "contract code"),
    _c("holder_id", _S, "", "权利主体编码", "party that owes it"),
    _c("parcel_id", _S, "", "地块编码", "parcel code"),
    _c("programme", _S, "", "项目", "programme"),
    _c("duty", _S, "", "管护义务", "duty"),
    _c("signed_on", _D, "date", "签订日", "signed on"),
    _c("source_id", _S, "", "文件编码", "source", True),
)
RESTRICTION = _register(
    "restriction",
    "用途管制与限制",
    "restrictions",
    ("restriction_id",),
    _c("restriction_id", _S, "", "限制编码", "restriction code"),
    _c("kind", _S, "codes.RESTRICTION_KINDS", "类型", "kind"),
    _c("name", _S, "", "名称", "name"),
    _c("category", _S, "", "类别", "category", True),
    _c("parcel_id", _S, "", "地块编码（只限一个地块时）", "parcel (if on one parcel only)", True),
    _c("edition_id", _S, "", "图层版次（有自己的范围时）", "edition of the layer that holds its ground", True),
    _c("reason", _S, "", "理由", "reason"),
    _c("authority", _S, "", "批准机关", "authority"),
    _c("document", _S, "", "文号", "document"),
    _c("adopted_on", _D, "date", "批准日", "adopted on", True),
)
MORTGAGE = _register(
    "mortgage",
    "抵押",
    "mortgages",
    ("mortgage_id",),
    _c("mortgage_id", _S, "", "抵押编码", "mortgage code"),
    _c("right_id", _S, "", "权利编码", "right it lies on"),
    _c("creditor_id", _S, "", "抵押权人", "creditor"),
    _c("amount_fen", _I, "fen", "担保金额", "amount secured"),
    _c("rank", _I, "", "顺位", "rank"),
    _c("document", _S, "", "凭证", "document"),
)
SOURCE = _register(
    "source",
    "文件",
    "sources",
    ("source_id",),
    _c("source_id", _S, "", "文件编码", "source code"),
    _c("kind", _S, "codes.SOURCE_KINDS", "类型", "kind"),
    _c("number", _S, "", "文号或证号", "number"),
    _c("title", _S, "", "标题", "title"),
    _c("issuer", _S, "", "出具单位", "issuer"),
    _c("dated", _D, "date", "落款日", "dated", True),
    _c("sha256", _S, "", "扫描件指纹", "fingerprint of the scan", True),
)
DISPUTE = _register(
    "dispute",
    "权属争议",
    "disputes",
    ("dispute_id",),
    _c("dispute_id", _S, "", "争议编号", "dispute number"),
    _c("parcel_id", _S, "", "地块编码", "parcel code"),
    _c("claimant_id", _S, "", "主张人", "claimant"),
    _c("state", _S, "codes.DISPUTE_STATES", "进展", "state"),
    _c("claim", _S, "", "主张", "what is claimed"),
    _c("document", _S, "", "凭证", "document"),
)
REGION = _register(
    "region",
    "行政区划",
    "regions",
    ("region_code",),
    _c("region_code", _S, "", "区划代码", "region code"),
    _c("name", _S, "", "名称", "name"),
    _c("level", _I, "", "级别（1 省 2 市 3 县 4 乡 5 村）", "level (1 province … 5 village)"),
    _c("parent_code", _S, "", "上级代码", "code of the region above", True),
    _c("list_edition", _S, "", "代码表版次", "edition of the code list"),
)
REGION_CHANGE = _register(
    "region_change",
    "区划变更",
    "changes of regions",
    ("from_code", "to_code"),
    _c("from_code", _S, "", "原代码", "code before"),
    _c("to_code", _S, "", "新代码", "code after"),
    _c("kind", _S, "codes.REGION_CHANGES", "类型", "kind"),
    _c("evidence", _S, "", "依据", "evidence"),
    _c("document", _S, "", "文号", "document", True),
)
EDITION = _register(
    "edition",
    "版次",
    "editions",
    ("edition_id",),
    _c("edition_id", _S, "", "版次编码", "edition code"),
    _c("kind", _S, "codes.EDITION_KINDS", "图层类型", "kind of layer"),
    _c("region_code", _S, "", "区划代码", "region code"),
    _c("title", _S, "", "名称", "title"),
    _c("authority", _S, "", "批准或提交单位", "authority"),
    _c("document", _S, "", "文号", "document"),
    _c("adopted_on", _D, "date", "批准日", "adopted on", True),
    _c("fingerprint", _S, "", "文件指纹", "SHA-256 of its file"),
    _c("path", _S, "", "在办公室文件夹中的位置", "place inside the office folder"),
    _c("rows", _I, "", "图斑数", "features"),
    _c("area_dm2", _I, "dm2", "总面积", "area in all"),
    _c("source_name", _S, "", "来源文件名", "name of the file it came from"),
    _c("source_sha256", _S, "", "来源文件指纹", "SHA-256 of that file"),
)

CADASTRE: dict[str, TableSpec] = {
    spec.name: spec
    for spec in (PARTY, MEMBER, TENURE, DUTY, RESTRICTION, MORTGAGE, SOURCE, DISPUTE, REGION, REGION_CHANGE, EDITION)
}
"""Who holds what: what deeds change and LADM files carry."""

# ---------------------------------------------------------------- programmes: contracts, inspections, notices
PROGRAMMES: dict[str, TableSpec] = {spec.name: spec for spec in ()}

# ---------------------------------------------------------------- treasury: envelopes, officers
TREASURY: dict[str, TableSpec] = {spec.name: spec for spec in ()}

# ---------------------------------------------------------------- agreements between regions
AGREEMENTS: dict[str, TableSpec] = {spec.name: spec for spec in ()}

# ---------------------------------------------------------------- credits
CREDITS: dict[str, TableSpec] = {spec.name: spec for spec in ()}

REGISTERS: dict[str, TableSpec] = {**CADASTRE, **PROGRAMMES, **TREASURY, **AGREEMENTS, **CREDITS}
"""Every register of an office."""
LADM: dict[str, str] = {
    "party": "LA_Party",
    "member": "LA_PartyMember",
    "tenure": "LA_Right",
    "duty": "LA_Responsibility",
    "restriction": "LA_Restriction",
    "mortgage": "LA_Mortgage",
    "source": "LA_AdministrativeSource",
    "edition": "LA_SpatialSource",
}


def object_key(register: str) -> tuple[str, ...]:
    """Return the columns that name the object a row is a version of, e.g. ``("right_id",)``."""
    return REGISTERS[register].key[:-2]
