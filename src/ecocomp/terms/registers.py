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
AGREED = _register(
    "contract",
    "项目合同",
    "contracts of programmes",
    ("contract_id",),
    _c("contract_id", _S, "", "合同编码", "contract code"),
    _c("programme", _S, "", "项目", "programme"),
    _c("holder_id", _S, "", "签订的权利主体", "party that signs"),
    _c("region_code", _S, "", "所在村或地区代码", "code of its village or region"),
    _c("state", _S, "codes.CONTRACT_STATES", "状态", "state"),
    _c("items", _S, "json", "合同条款（JSON：条款→内容）", "what it says (JSON: item → words)"),
    _c("signed_on", _D, "date", "签订日", "signed on", True),
    _c("term_from", _D, "date", "期限起", "term begins"),
    _c("term_to", _D, "date", "期限止（不含）", "term ends before", True),
    _c("area_dm2", _I, "dm2", "合同面积", "area it speaks of"),
    _c("renews", _S, "", "续签的原合同", "contract it renews", True),
    _c("source_id", _S, "", "文件编码", "source", True),
)
PLOT = _register(
    "plot",
    "合同地块",
    "plots of contracts",
    ("plot_id",),
    _c("plot_id", _S, "", "合同地块编码（同义务编码）", "plot of a contract (the code of its duty)"),
    _c("contract_id", _S, "", "合同编码", "contract code"),
    _c("parcel_id", _S, "", "签订时的地块", "parcel when it was agreed"),
    _c("holder_id", _S, "", "签订时的义务人", "who took on the duty when it was agreed"),
    _c("variant", _S, "", "措施类型", "what is done there"),
    _c("area_dm2", _I, "dm2", "合同面积", "area agreed"),
    _c("class_before", _S, "", "实施前地类", "land class before", True),
    _c("slope_tenths", _I, "0.1 degree", "坡度（0.1度）", "slope in tenths of a degree", True),
    _c("base_fen", _I, "fen", "计算基数（按比例补助的）", "base sum (where a percentage is paid)", True),
    _c("facts", _S, "json", "其他属性（JSON）", "further facts (JSON)", True),
)
INSPECTION = _register(
    "inspection",
    "检查验收",
    "inspections",
    ("inspection_id",),
    _c("inspection_id", _S, "", "验收编码", "inspection code"),
    _c("contract_id", _S, "", "合同编码", "contract code"),
    _c("plot_id", _S, "", "合同地块编码（空为整个合同）", "plot (empty: the whole contract)", True),
    _c("year", _I, "", "所验年度", "year it judges"),
    _c("judged_by", _S, "codes.INSPECTION_LEVELS", "哪一级验收", "level that judged it"),
    _c("inspected_on", _D, "date", "检查日", "inspected on"),
    _c("inspector", _S, "", "检查人编码", "inspector"),
    _c("result", _S, "codes.INSPECTION_RESULTS", "结果", "result"),
    _c("accepted_dm2", _I, "dm2", "合格面积", "area accepted"),
    _c("survival_ppm", _I, "ppm", "成活率或保存率", "rate of survival", True),
    _c("certificate", _S, "", "验收合格证号", "number of the certificate", True),
    _c("events", _S, "", "发现的行为（空格分隔）", "acts found (space separated)", True),
    _c("evidence", _S, "", "证据", "evidence"),
    _c("source_id", _S, "", "文件编码", "source", True),
)
NOTICE = _register(
    "notice",
    "公示",
    "public notices",
    ("notice_id",),
    _c("notice_id", _S, "", "公示编码", "notice code"),
    _c("programme", _S, "", "项目", "programme"),
    _c("year", _I, "", "年", "year"),
    _c("region_code", _S, "", "公示的村或地区", "village or region it is posted in"),
    _c("state", _S, "codes.NOTICE_STATES", "状态", "state"),
    _c("opens_on", _D, "date", "首日", "first day"),
    _c("closes_on", _D, "date", "末日", "last day"),
    _c("rows", _I, "", "行数", "rows"),
    _c("published_dm2", _I, "dm2", "公示面积合计", "area in all"),
    _c("published_fen", _I, "fen", "公示金额合计", "money in all"),
    _c("digest", _S, "sha256", "公示各行指纹", "fingerprint of the rows published"),
    _c("source_id", _S, "", "文件编码", "source", True),
)
OBJECTION = _register(
    "objection",
    "异议登记",
    "register of objections",
    ("objection_id",),
    _c("objection_id", _S, "", "异议编号", "objection number"),
    _c("notice_id", _S, "", "公示编码", "notice code"),
    _c("year", _I, "", "年", "year"),
    _c("holder_id", _S, "", "权利主体编码", "party concerned"),
    _c("parcel_id", _S, "", "地块编码（空为全部）", "parcel code (empty: all)"),
    _c("kind", _S, "", "类别：area name amount missing excess", "kind: area name amount missing excess"),
    _c("received_on", _D, "date", "收到日", "received on"),
    _c("outcome", _S, "", "结果：open upheld rejected", "outcome: open upheld rejected"),
    _c("answered_on", _D, "date", "答复日", "answered on", True),
    _c("said", _S, "", "异议内容", "what is objected"),
    _c("answer", _S, "", "答复内容", "answer", True),
)
PROGRAMMES: dict[str, TableSpec] = {spec.name: spec for spec in (AGREED, PLOT, INSPECTION, NOTICE, OBJECTION)}
"""What programmes and their holders agreed, what was seen on the ground, what was published and objected."""

# ---------------------------------------------------------------- treasury: envelopes, officers
OFFICER = _register(
    "officer",
    "经办人",
    "officers",
    ("officer_id",),
    _c("officer_id", _S, "", "账户（经办人编码）", "account that acts"),
    _c("person_id", _S, "", "本人编码（同一人的几个账户相同）", "the person (the same for all accounts of one person)"),
    _c("name", _S, "", "姓名", "name"),
    _c("roles", _S, "payments.flow.ROLES", "职责（空格分隔）", "roles (space separated)"),
    _c("region_code", _S, "", "管辖区划代码", "code of the region it acts for"),
    _c("delegated_by", _S, "", "授权人账户（代行其职责时）", "account whose powers it exercises (when acting for another)", True),
    _c("kin", _S, "", "申报的亲属主体编码（空格分隔）", "codes of declared kin (space separated)", True),
    _c("document", _S, "", "任命文件", "document of the appointment"),
)
FUND_ENVELOPE = _register(
    "envelope",
    "资金包",
    "envelopes",
    ("envelope_id",),
    _c("envelope_id", _S, "", "资金包编码", "envelope code"),
    _c("source", _S, "codes.FUND_SOURCES", "来源", "source of funds"),
    _c("name_zh", _S, "", "中文名", "name in Chinese"),
    _c("name_en", _S, "", "英文名", "name in English"),
    _c("payer", _S, "", "拨款或出资单位", "who grants or gives it"),
    _c("floor_fen", _I, "fen", "法定最低额", "statutory floor"),
    _c("priority", _I, "", "使用顺序（小者先用，0 为规则所定）", "order of use (low first, 0: as the rule says)"),
    _c("earmark_zones", _S, "", "限定功能区", "zones it is tied to", True),
    _c("earmark_ecosystems", _S, "", "限定生态系统大类", "ecosystem groups it is tied to", True),
    _c("earmark_red_line", _I, "0|1", "只限红线内", "red line only"),
    _c("earmark_programmes", _S, "", "限定项目", "programmes it is tied to", True),
    _c("earmark_regions", _S, "", "限定地区代码前缀", "regions it is tied to", True),
    _c("purposes", _S, "", "用途", "purposes", True),
    _c("ration", _S, "", "不足时的分配办法", "how it is shared when short", True),
    _c("carry_over", _I, "0|1", "可结转", "may be carried over"),
    _c("usable_from", _D, "date", "起用日", "usable from"),
    _c("usable_to", _D, "date", "止用日", "usable until"),
    _c("match_ppm", _I, "ppm", "须由配套资金达到的比例", "share that others must add", True),
    _c("matches", _S, "", "为哪个资金包配套", "envelope it is a match for", True),
    _c("interest_owner", _S, "", "利息归属（空为规则所定）", "whose its interest is (empty: as the rule says)", True),
    _c("document", _S, "", "文号", "document"),
)
FUND_EVENT = _register(
    "envelope_event",
    "资金包事项",
    "events of envelopes",
    ("event_id",),
    _c("event_id", _S, "", "事项编码", "event code"),
    _c("envelope_id", _S, "", "资金包编码", "envelope code"),
    _c("kind", _S, "codes.ENVELOPE_EVENTS", "事项", "event"),
    _c("year", _I, "", "预算年度", "budget year"),
    _c("fen", _I, "fen", "金额", "amount"),
    _c("happened_on", _D, "date", "发生日", "happened on"),
    _c("act", _S, "", "针对的行为（处理类事项）", "act it answers (for penalties)", True),
    _c("owner", _S, "", "利息归属", "whose the interest is", True),
    _c("document", _S, "", "文号", "document"),
)
TREASURY: dict[str, TableSpec] = {spec.name: spec for spec in (OFFICER, FUND_ENVELOPE, FUND_EVENT)}

# ---------------------------------------------------------------- agreements between regions
AGREEMENT = _register(
    "agreement",
    "横向补偿协议",
    "horizontal agreements",
    ("agreement_id",),
    _c("agreement_id", _S, "", "协议编码", "agreement code"),
    _c("name", _S, "", "名称", "name"),
    _c("version", _I, "", "版本", "version"),
    _c("previous", _S, "", "上一版编码", "code of the version it renews", True),
    _c("state", _S, "codes.AGREEMENT_STATES", "状态", "state"),
    _c("parties", _S, "", "当事方代码（空格分隔）", "codes of the parties (space separated)"),
    _c("signed_on", _D, "date", "签署日", "signed on", True),
    _c("term_from", _D, "date", "期限起", "term from"),
    _c("term_to", _D, "date", "期限止", "term to"),
    _c("body", _S, "", "协议文件全文", "whole text of the agreement's file"),
    _c("sha256", _S, "", "全文指纹", "SHA-256 of that text"),
    _c("document", _S, "", "文号", "document"),
)
AGREEMENT_YEAR = _register(
    "agreement_year",
    "协议年度结算",
    "yearly settlements of agreements",
    ("agreement_id", "year"),
    _c("agreement_id", _S, "", "协议编码", "agreement code"),
    _c("year", _S, "", "结算年", "year settled"),
    _c("state", _S, "codes.AGREEMENT_RESULTS", "状态", "state"),
    _c("result", _S, "json", "结果、步骤和应付", "result, steps and dues"),
    _c("facts", _S, "json", "所据事实", "facts it rests on"),
    _c("readings_sha256", _S, "", "读数指纹", "SHA-256 of the readings"),
    _c("document", _S, "", "文号", "document"),
)
AGREEMENT_DISPUTE = _register(
    "agreement_dispute",
    "协议争议",
    "disputes over agreements",
    ("case_id",),
    _c("case_id", _S, "", "争议编号", "dispute number"),
    _c("agreement_id", _S, "", "协议编码", "agreement code"),
    _c("year", _S, "", "结算年", "year settled"),
    _c("clause", _S, "", "条款", "clause"),
    _c("state", _S, "codes.AGREEMENT_DISPUTES", "进展", "state"),
    _c("claim", _S, "", "主张", "what is claimed"),
    _c("decision", _S, "json", "决定或一致的金额", "sums decided or agreed", True),
    _c("decided_by", _S, "", "决定机关", "who decided", True),
    _c("document", _S, "", "凭证", "document"),
)
AGREEMENT_PAYMENT = _register(
    "agreement_payment",
    "协议收付",
    "payments under agreements",
    ("payment_id",),
    _c("payment_id", _S, "", "收付编号", "payment number"),
    _c("agreement_id", _S, "", "协议编码", "agreement code"),
    _c("year", _S, "", "结算年", "year settled"),
    _c("payer", _S, "", "付款方", "payer"),
    _c("payee", _S, "", "收款方", "payee"),
    _c("amount_fen", _I, "fen", "金额", "amount"),
    _c("paid_on", _D, "date", "付款日", "paid on"),
    _c("journal", _S, "", "账务编号", "key of its journal in the ledger", True),
    _c("document", _S, "", "文号", "document"),
)
AGREEMENTS: dict[str, TableSpec] = {spec.name: spec for spec in (AGREEMENT, AGREEMENT_YEAR, AGREEMENT_DISPUTE, AGREEMENT_PAYMENT)}
"""What regions agreed on their rivers, how each year was settled, paid and disputed."""

# ---------------------------------------------------------------- credits
CREDIT_ACCOUNT = _register(
    "credit_account",
    "生态权益账户",
    "accounts of eco-credits",
    ("account_id",),
    _c("account_id", _S, "", "账户编码", "account code"),
    _c("party_id", _S, "", "权利主体编码", "party it belongs to"),
    _c("name", _S, "", "名称", "name"),
    _c("kind", _S, "codes.PARTY_KINDS", "主体类型", "kind of party"),
    _c("role", _S, "", "身份", "role"),
    _c("region_code", _S, "", "区划代码", "region code"),
    _c("sector", _S, "", "行业", "sector", True),
    _c("envelope", _S, "", "出售收入进入的资金", "envelope that its sales pay into", True),
    _c("document", _S, "", "凭证", "document"),
)
CREDIT_TRUST = _register(
    "credit_trust",
    "可信对手方",
    "trusted counterparties",
    ("account_id", "counterparty_id"),
    _c("account_id", _S, "", "账户编码", "account code"),
    _c("counterparty_id", _S, "", "对手方账户", "account of the counterparty"),
    _c("document", _S, "", "凭证", "document"),
)
CREDIT_PROJECT = _register(
    "credit_project",
    "生态权益项目",
    "projects of eco-credits",
    ("project_id",),
    _c("project_id", _S, "", "项目编码", "project code"),
    _c("instrument", _S, "", "凭证种类", "instrument"),
    _c("benefit", _S, "", "效益", "benefit"),
    _c("title", _S, "", "名称", "title"),
    _c("account_id", _S, "", "业主账户", "account of its owner"),
    _c("region_code", _S, "", "区划代码", "region code"),
    _c("methodology", _S, "", "方法学", "methodology", True),
    _c("quality", _S, "", "质量等级", "grade of quality", True),
    _c("document", _S, "", "文号", "document"),
)
CREDIT_GROUND = _register(
    "credit_ground",
    "项目用地主张",
    "ground that projects claim",
    ("project_id", "parcel_id"),
    _c("project_id", _S, "", "项目编码", "project code"),
    _c("parcel_id", _S, "", "地块编码", "parcel code"),
    _c("share_num", _I, "", "份额分子", "share of the parcel, numerator"),
    _c("share_den", _I, "", "份额分母", "share of the parcel, denominator"),
)
CREDIT_DUTY = _register(
    "credit_duty",
    "清缴与自用义务",
    "duties to surrender and own needs",
    ("account_id", "instrument", "period"),
    _c("account_id", _S, "", "账户编码", "account code"),
    _c("instrument", _S, "", "凭证种类", "instrument"),
    _c("period", _S, "", "年度", "year"),
    _c("due", _I, "smallest units", "应缴或自用数量", "quantity due or needed"),
    _c("document", _S, "", "文号", "document"),
)
CREDITS: dict[str, TableSpec] = {
    spec.name: spec for spec in (CREDIT_ACCOUNT, CREDIT_TRUST, CREDIT_PROJECT, CREDIT_GROUND, CREDIT_DUTY)
}
"""Who may hold credits and with whom they deal, projects and the ground they claim; units themselves: `ecoweb.credits`."""

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
