"""Every sentence of the report and the letter, Chinese and English side by side.

Short sentences: who, what, by when. The words for things are the product's sixty terms and nowhere else.
`{name}` places are filled with numbers already said in both languages.
"""

from __future__ import annotations

from ecocomp.terms.text import Text

# ---------------------------------------------------------------- frame of the page
TITLE = Text("{name}{year}年度生态补偿报告", "{name}: eco-compensation report {year}")
PRODUCT = Text("生态补偿", "Eco-compensation")
OTHER_LANGUAGE = Text("English", "中文")
PAPER = Text("PDF版", "PDF")
CONTENTS = Text("目录", "Contents")
SKIP = Text("跳到正文", "Skip to the report")
AS_OF = Text("截至{d}所知", "as known on {d}")
INVENTED = Text(
    "本报告中的地方、人和金额都是虚构的，只用于演示。",
    "Places, people and amounts in this report are invented and serve as an example only.",
)
STUDY = Text(
    "这是一份研究算例：金额按研究取值计算，没有人据此付款或收款。",
    "This is a study: amounts rest on study values, and nobody pays or is paid on them.",
)
MAP_INVENTED = Text("虚构地区示意", "Sketch of an invented place")
MAP_APPROVED = Text("审图号{n}", "Map approval number {n}")
MAP_INTERNAL = Text("未经审图，仅供内部使用", "Not reviewed for publication, internal use only")
MAP_SOURCE = Text("来源：表“{t}”，{year}年，截至{d}", "Source: bundle {year}, table {t}, as known on {d}")
CHART_SOURCE = Text("来源：表“{t}”，{year}年，截至{d}所知", "Source: table {t}, {year}, as known on {d}")
PAGE_OF = Text("第{a}页，共{b}页", "Page {a} of {b}")
FIGURE = Text("图", "Figure")
TABLE_WORD = Text("表", "Table")
TOTAL = Text("合计", "Total")
NOT_HERE = Text("未评估", "Not assessed")
NO_TABLE = Text("这份成果包没有表“{t}”（{k}）。", "This bundle has no table '{t}' ({k}).")
FOOT = Text(
    "本报告由成果包内的数据表生成，同样的数据得到同样的文件。姓名、账户等个人信息不在其中。",
    "This report is made from the tables of the bundle; the same data give the same file. "
    "It holds no names, accounts or other personal data.",
)
OVERLAYS = {
    "red_line": Text("生态保护红线", "ecological red line"),
    "reserve": Text("生态留白", "reserve"),
    "river": Text("河流", "river"),
}

# ---------------------------------------------------------------- 1 answer
S_ANSWER = Text("一句话", "The answer")
ANSWER_PAID = Text(
    "{year}年，{people}因保护{area}土地得到{amount}。", "In {year}, {people} received {amount} for protecting {area} of land."
)
ANSWER_STUDY = Text(
    "按研究取值，{year}年保护{area}土地的补偿为{amount}，涉及{people}。",
    "On study values, protecting {area} of land in {year} is worth {amount} to {people}.",
)
ANSWER_NO_MONEY = Text(
    "{year}年，评估了{area}土地的生态系统服务；没有支付数据。",
    "In {year}, the ecosystem services of {area} of land were assessed; there are no payment data.",
)
HOUSEHOLDS = Text("{n}户", "{n} households")
OTHERS = Text("{n}户和{m}个集体或单位", "{n} households and {m} collectives and units")
OTHER_ONE = Text("{n}户和{m}个集体或单位", "{n} households and {m} collective")
ONLY_OTHERS = Text("{m}个集体或单位", "{m} collectives or units")
HOW = Text("怎么算出来的", "How it was worked out")
WHY = Text("为什么", "Why")
K_PAID = Text("支付金额", "Amount paid")
K_STUDY = Text("补偿金额（研究取值）", "Compensation (study values)")
K_PEOPLE = Text("得到补偿的农户", "Households paid")
K_PEOPLE_STUDY = Text("涉及的农户", "Households concerned")
K_AREA = Text("补偿面积", "Area compensated")
K_RATE = Text("平均补偿标准", "Average standard")
K_COMPLY = Text("合格面积", "Area that conforms")
U_HOUSEHOLD = Text("户", "households")
U_RATE = Text("元/亩", "CNY per mu")
U_OBSERVED = Text("占已观测面积", "of the area observed")
N_EXACT = Text("账目精确到分：{v}", "exact to the fen: {v}")
N_ORDERS = Text("支付指令{n}笔", "{n} payment orders")
N_MEDIAN = Text("每户中位数{v}", "median per household {v}")
N_OTHERS = Text("另有集体和单位{n}个", "collectives and units besides: {n}")
N_OF_PARCELS = Text("地块{n}块，占全部{t}块的{p}", "{n} parcels, {p} of all {t}")
N_RANGE = Text("区间{v}", "range {v}")
N_LAST = Text("上年{v}", "last year {v}")
N_OBSERVED = Text("面积观测占比{p}", "share of area observed {p}")
N_RED = Text("不合格{v}", "deviation {v}")

# ---------------------------------------------------------------- 2 land and rights
S_LAND = Text("土地与权利", "Land and rights")
LAND_LEAD = Text(
    "登记在册的地块有{n}块，共{area}；{main}最多，占{p}。",
    "{n} parcels are on the register, {area} in all; {main} is the largest part, {p}.",
)
LAND_LEAD_NONE = Text(
    "登记在册的地块有{n}块，共{area}；数据来源没有给出土地覆被类别。",
    "{n} parcels are on the register, {area} in all; the source names no classes of land cover.",
)
LAND_MAP = Text("{main}覆盖{p}的土地", "{main_cap} covers {p} of the land")
LAND_MAP_PART = Text(
    "{main}覆盖{p}的土地；{q}的土地来源未给出类别",
    "{main_cap} covers {p} of the land; the source names no class for {q}",
)
LAND_MAP_NONE = Text(
    "数据来源没有给出土地覆被类别；图中只有地块的位置",
    "The source names no classes of land cover; the map shows only where the parcels lie",
)
LAND_NO_CLASS = Text("来源未给出类别", "no class in the source")
LAND_MAP_ALT = Text("地块按生态系统大类着色的地图；{parts}。", "Map of parcels coloured by ecosystem group; {parts}.")
LAND_MAP_IN = Text("土地覆被（生态系统大类），{year}年", "Land cover (ecosystem groups), {year}")
LAND_MAP_IN_NONE = Text("登记地块，{year}年（来源未给出土地覆被类别）", "Registered parcels, {year} (no land-cover classes)")
RIGHTS_TABLE = Text("权利按类型", "Rights by kind")
RIGHTS_HEAD = (
    Text("权利类型", "Kind of right"),
    Text("条数", "Rights"),
    Text("地块（块）", "Parcels"),
    Text("其中有争议（条）", "Disputed rights"),
)
GROUP_HEAD = (
    Text("生态系统", "Ecosystem"),
    Text("地块（块）", "Parcels"),
    Text("面积（公顷）", "Area (ha)"),
    Text("占比", "Share"),
)
DISPUTED = Text(
    "有争议的权利{n}条，应付的钱暂存，确权后再付。",
    "{n} rights are disputed; what is due on them is kept in escrow until the title is settled.",
)

# ---------------------------------------------------------------- 3 zones
S_ZONES = Text("分区与红线", "Zones and the red line")
ZONES_LEAD = Text(
    "{p}的面积在功能区内，{r}在生态保护红线内，{q}是生态留白。",
    "{p} of the area lies in a function zone, {r} inside the ecological red line, {q} in reserves.",
)
ZONES_MAP = Text("{zone}是最大的功能区，占{p}", "{zone_cap} is the largest zone, {p} of the area")
ZONES_MAP_ONE = Text("全部面积都在同一个功能区：{zone}", "All of the area is one function zone: {zone}")
ZONES_MAP_ALT = Text("功能区、红线和留白的地图；{parts}。", "Map of function zones, red line and reserves; {parts}.")
ZONES_MAP_IN = Text("功能区与生态保护红线，{year}年", "Function zones and the red line, {year}")
ZONES_TABLE = Text("各功能区面积", "Area by function zone")
ZONES_HEAD = (
    Text("功能区", "Function zone"),
    Text("地块（块）", "Parcels"),
    Text("面积（公顷）", "Area (ha)"),
    Text("红线内（公顷）", "In the red line (ha)"),
    Text("留白内（公顷）", "In reserves (ha)"),
)

# ---------------------------------------------------------------- 4 services
S_SERVICES = Text("土地做了什么", "What the land does")
WHOLE_AREA = Text("全部功能区", "all function zones")
SERVICES_NONE = Text("{year}年没有一项服务能够评估，原因如下。", "No service could be assessed for {year}; the reasons are below.")
SERVICES_LEAD = Text(
    "{year}年评估了{n}项服务中的{k}项：{names}。每个数都带区间和观测占比。",
    "{k} of {n} services were assessed for {year}: {names}. Every figure has its range and the share observed.",
)
SERVICES_LEAD_COUNTED = Text(
    "{year}年评估了{n}项服务中的{k}项。进入补偿标准的有{c}项：{names}；其余{rest}项核算并公布，不进入标准。每个数都带区间和观测占比。",
    "{k} of {n} services were assessed for {year}. Of these, {c} count in the standard: {names}; the other {rest} are worked out "
    "and published only. Every figure has its range and the share observed.",
)
SERVICES_LEAD_PUBLISHED = Text(
    "{year}年评估了{n}项服务中的{k}项，都只核算并公布，没有一项进入补偿标准。每个数都带区间和观测占比。",
    "{k} of {n} services were assessed for {year}; all are published and none counts in the standard. "
    "Every figure has its range and the share observed.",
)
SERVICE_MAP = Text("{service}：共{v}{unit}", "{service_cap}: {v} {unit} in all")
SERVICE_MAP_ALT = Text(
    "每公顷{service}的地图，单位{unit}；全县{v}{unit}，未评估地块以斜线表示。",
    "Map of {service} per hectare in {unit}; {v} {unit} in all, parcels not assessed are hatched.",
)
SERVICE_MAP_IN = Text("{service}，{year}年（每公顷，{unit}）", "{service_cap}, {year} ({unit} per ha)")
SERVICE_TABLE = Text("服务的物理量与价值", "Services: quantity and value")
SERVICE_HEAD = (
    Text("服务", "Service"),
    Text("物理量（区间）", "Quantity (range)"),
    Text("单位", "Unit"),
    Text("较上年", "Change"),
    Text("价值（万元）", "Value (CNY million)"),
    Text("观测占比", "Share observed"),
    Text("用途", "Use"),
)
SERVICE_NOTE = Text(
    "区间为各地块上下界之和，假定误差同向，因此偏宽。价值是按定价方法折算的参考，不是支付金额。"
    "观测占比只算该服务适用的土地。一项服务的几个产品能相加的，合计写在服务一行；不同污染物的吨数不相加。",
    "Ranges add up the bounds of all parcels as if errors went the same way, so they are wide. "
    "Values are worked out by the pricing method and are not payments. The share observed is that of the ground a service is meant "
    "for. Products that add up are summed in the row of their service; tonnes of different pollutants are not.",
)
USE_COUNTS, USE_SHOWN = Text("✓ 计入标准", "✓ standard"), Text("只公布", "published")
NOT_PRICED = Text("未计价", "not priced")
QUANTITY_ONLY = Text("只列实物量", "quantity only")
OTHER_CHAPTER = Text("其他服务", "other services")
UNITS = {
    "m3/a": Text("立方米/年", "m³/a"),
    "m3": Text("立方米", "m³"),
    "t/a": Text("吨/年", "t/a"),
    "t": Text("吨", "t"),
    "t C": Text("吨碳", "t\u00a0C"),
    "t C/a": Text("吨碳/年", "t\u00a0C/a"),
    "t CO2/a": Text("吨CO₂/年", "t\u00a0CO₂/a"),
    "t O2/a": Text("吨O₂/年", "t\u00a0O₂/a"),
    "kWh/a": Text("千瓦时/年", "kWh/a"),
    "ha": Text("公顷", "ha"),
}
METHOD_TABLE = Text("每项服务怎么算", "How each service is worked out")
METHOD_HEAD = (
    Text("服务", "Service"),
    Text("算的是什么", "What is computed"),
    Text("定价方法", "Priced by"),
    Text("方法版本与选项", "Version and options"),
)
METHOD_NOTE = Text(
    "公式、参数和算例可用ecocomp try 加服务名查看。",
    "Formula, parameters and worked examples: ecocomp try with the name of the service.",
)
NOT_MEANT_TABLE = Text("各项服务不计算的生态系统", "Ecosystems a service is not computed for")
NOT_MEANT_HEAD = (Text("服务", "Service"), Text("方法没有给出系数的生态系统", "Ecosystems the method gives no coefficient for"))
NOT_MEANT_NOTE = Text(
    "这些土地不算作该服务的适用面积，也不记为0。如需计算，在规则中给出系数和出处。",
    "Such land is not ground the service is meant for, and it is not counted as 0. "
    "To have it computed, give coefficients with their source in the rules.",
)
UNASSESSED_CLASS = Text("未评估", "not assessed")
NOT_MEANT_CLASS = Text("不适用", "not meant for it")
SIGNAL_MOVED = Text("{signal}：{zone}变化最大，{v}", "{signal_cap}: {zone} changed most, {v}")
SIGNAL_ONE = Text("{signal}：各功能区{year}年的平均", "{signal_cap}: mean by zone in {year}")
SIGNAL_SINGLE = Text("{signal}：{zone}平均{v}", "{signal_cap}: {v} on average in {zone}")
TREND_DOWN = Text("{signal}：{zone}下降最快，{v}", "{signal_cap}: {zone} falls fastest, {v}")
TREND_UP = Text("{signal}：{zone}上升最快，{v}", "{signal_cap}: {zone} rises fastest, {v}")
TREND_ONE = Text("{signal}：{zone}{v}", "{signal_cap}: {zone} {v}")
TREND_STILL = Text("{signal}：各功能区都没有变化", "{signal_cap}: no zone moves")
SIGNAL_AXIS = Text("{signal}，面积加权平均（{unit}）", "{signal_cap}, area-weighted mean ({unit})")
SIGNAL_AXIS_PLAIN = Text("{signal}，面积加权平均", "{signal_cap}, area-weighted mean")
POINTS = Text("{v}个百分点", "{v} percentage points")
SIGNAL_UNITS = {"%": Text("%", "%"), "1/a": Text("每年", "per year")}
DATA_HEAD_ZONE = Text("功能区", "Function zone")
THIS_YEAR = Text("{y}年", "{y}")
CHANGE = Text("变化", "Change")
CHANGE_POINTS = Text("变化（百分点）", "Change (points)")
SHARE_OBSERVED = Text("观测占比", "Share observed")

# ---------------------------------------------------------------- 5 gross ecosystem product
S_GEP = Text("生态产品总值", "Gross ecosystem product")
GEP_LEAD = Text(
    "{year}年可由模型核算的生态产品总值为{v}（区间{range}），按{p}年价格。它说明土地的产出，不是支付金额。",
    "The part of the gross ecosystem product that models yield was {v} in {year} (range {range}), at prices of {p}. "
    "It says what the land gives; it is not a payment.",
)
GEP_TABLE = Text("生态产品总值核算表", "Account of the gross ecosystem product")
GEP_HEAD = (
    Text("服务", "Service"),
    Text("物理量", "Quantity"),
    Text("单位", "Unit"),
    Text("单价（元/单位）", "Price (CNY/unit)"),
    Text("价格年", "Prices of"),
    Text("价值（万元）", "Value (CNY million)"),
    Text("区间（万元）", "Range (CNY million)"),
    Text("占比", "Share"),
)
GEP_NOTE = Text(
    "价值由各地块逐块折算、逐块取整后相加，与物理量乘单价可能差几元。区间为上下界之和，偏宽。未观测的土地没有推算。",
    "Values are worked out and rounded parcel by parcel, then added, so they may differ by a few yuan from quantity times price. "
    "Ranges add up all bounds and are wide. Nothing is inferred for land that was not observed.",
)
GEP_BARE = Text("只列实物量，不计价", "Quantities that are not priced")
GEP_UNGROUPED = Text("未分组", "not grouped")
GEP_METHODS = Text("定价方法：{names}。", "Priced by: {names}.")
GEP_LEFT_OUT = Text("不含在内的", "What is left out")
GEP_DEBATED = Text("同列一个合计而有争议的", "Pairs whose common total is debated")
GEP_PAIR = Text("{names}：{why}。", "{names} – {why}.")

# ---------------------------------------------------------------- 6 standard
S_STANDARD = Text("补偿标准", "The standard")
STANDARD_LEAD = Text(
    "平均每亩{v}元，每块地的标准由四部分相加，再按奖惩、上下限和年度限幅调整。",
    "The average is CNY {v} per mu. A parcel's standard adds four parts, "
    "then rewards, floors, caps and the yearly limit adjust it.",
)
RATE_MAP = Text("标准从{a}到{b}元/亩，平均{v}", "The standard runs from CNY {a} to {b} per mu, {v} on average")
RATE_MAP_ALT = Text(
    "补偿标准的地图，元/亩·年；一成地块低于{a}，一成高于{b}。",
    "Map of the standard in CNY per mu and year; a tenth of parcels is below {a}, a tenth above {b}.",
)
RATE_MAP_IN = Text("补偿标准，{year}年（元/亩）", "Compensation standard, {year} (CNY per mu)")
RATE_TABLE = Text("地块按标准分级", "Parcels by class of the standard")
RATE_HEAD = (Text("标准（元/亩）", "Standard (CNY per mu)"), Text("地块（块）", "Parcels"), Text("面积（公顷）", "Area (ha)"))
NO_STANDARD = Text("未定标准", "no standard")
PARTS_TITLE = Text("{part}是标准最大的一部分，占{p}", "{part_cap} is the largest part of the standard, {p}")
PARTS_ALT = Text(
    "各功能区平均标准的组成，元/亩：{parts}。", "What the average standard of each zone is made of, CNY per mu: {parts}."
)
PARTS_HEAD = (
    Text("功能区", "Function zone"),
    Text("生态价值", "Value"),
    Text("机会成本", "Opportunity"),
    Text("保护成本", "Protection"),
    Text("区域经济", "Regional"),
    Text("调整", "Adjustment"),
    Text("标准", "Standard"),
    Text("区间", "Range"),
)
PARTS_TABLE = Text(
    "平均标准的组成（元/亩·年，面积加权）", "What the average standard is made of (CNY per mu and year, area weighted)"
)
ADJUST = Text("奖惩与限幅", "rewards and limits")
YOY_TITLE_UP = Text("{zone}的标准变动最大：{v}元/亩", "The standard of {zone} moved most: CNY {v} per mu")
YOY_ALT = Text("各功能区上年与本年的平均标准：{parts}。", "Average standard by zone, last year and this: {parts}.")
YOY_TABLE = Text("标准的年度变化（元/亩·年）", "The standard from year to year (CNY per mu and year)")
YOY_HEAD = (
    Text("功能区", "Function zone"),
    Text("上年", "Last year"),
    Text("本年", "This year"),
    Text("变化", "Change"),
    Text("变化率", "Change, %"),
    Text("上年绩效奖惩", "Reward from last year's score"),
)
YOY_NONE = Text("没有上一年度的成果包，无法比较。", "There is no bundle of the year before to compare with.")
RATE_AXIS = Text("元/亩·年", "CNY per mu and year")

# ---------------------------------------------------------------- 7 money
S_MONEY = Text("资金", "The money")
MONEY_LEAD = Text(
    "{n}个来源共有{have}，分配{used}，余{left}。", "{n} sources held {have}; {used} was allocated and {left} is left."
)
SHORT_LEAD = Text("应付{due}，缺口{gap}（{p}）。", "Due: {due}; not covered: {gap} ({p}).")
SHORT_NONE = Text("应付的{due}全部落实，没有缺口。", "All of the {due} due is funded; nothing is short.")
SOURCES_TITLE = Text("{source}出了{p}的钱", "{p} of the money came from: {source}")
SOURCES_ALT = Text("各来源资金去向的条形图：{parts}。", "Bars of where each source's money went: {parts}.")
SOURCES_AXIS = Text("万元", "CNY million")
LEFT = Text("未分配", "not allocated")
SOURCES_TABLE = Text("资金来源与去向（元）", "Sources and uses of money (CNY)")
SOURCES_HEAD = (
    Text("来源", "Source"),
    Text("上年结转", "Carried in"),
    Text("本年下达", "Granted"),
    Text("已分配", "Allocated"),
    Text("收回", "Lapsed"),
    Text("年末余额", "Left"),
)
FLOW_TITLE = Text("钱从{source}流向{zone}最多", "The largest stream runs from {source} to {zone}")
FLOW_ALT = Text("资金从来源经功能区流向对象的流向图：{parts}。", "Flow of money from source through zone to recipient: {parts}.")
FLOW_HEADS = (Text("来源", "Source"), Text("功能区", "Zone"), Text("对象", "Recipient"))
FLOW_TABLE = Text("各功能区的资金（元）", "Money by function zone (CNY)")
HIST_TITLE = Text("一半农户得到{m}以上", "Half of the households receive more than {m}")
HIST_ALT = Text(
    "每户支付额的直方图：中位数{m}，中间八成农户在{a}至{b}之间。",
    "Histogram of payments per household: median {m}; the middle eight tenths lie between {a} and {b}.",
)
HIST_AXIS = Text("每户支付额（元）", "Payment per household (CNY)")
HIST_UNIT = Text("户数", "Households")
HIST_MEDIAN = Text("中位数{m}", "median {m}")
HIST_TABLE = Text("每户支付额（元）", "Payments per household (CNY)")
HIST_HEAD = (Text("位置", "Position"), Text("金额（元）", "Amount (CNY)"))
HIST_ROWS = {
    10: Text("一成农户低于", "a tenth is below"),
    25: Text("四分之一低于", "a quarter is below"),
    50: Text("中位数", "median"),
    75: Text("四分之一高于", "a quarter is above"),
    90: Text("一成农户高于", "a tenth is above"),
}
GINI = Text(
    "支付额的基尼系数为{g}（0为完全均等）；它只描述支付，不是收入差距。",
    "The Gini coefficient of the payments is {g} (0: all equal); it describes payments, not incomes.",
)
STATE_TABLE = Text("应付额按状态（元）", "Entitlements by state (CNY)")
STATE_HEAD = (
    Text("状态", "State"),
    Text("条数", "Rows"),
    Text("扣减前", "Before deduction"),
    Text("扣减", "Deduction"),
    Text("应付", "Entitled"),
    Text("落实", "Funded"),
    Text("缺口", "Not covered"),
)
REASON_TITLE = Text("不予支付最多的原因：{r}", "The most frequent reason for not paying: {r}")
REASON_ALT = Text("不予支付或暂缓的原因条数：{parts}。", "Number of rows not paid or held, by reason: {parts}.")
REASON_AXIS = Text("应付条数", "Entitlement rows")
REASON_TABLE = Text("不予支付与暂缓的原因", "Reasons for not paying or holding")
REASON_HEAD = (Text("原因", "Reason"), Text("条数", "Rows"), Text("面积（公顷）", "Area (ha)"))
REASON_NONE = Text("没有不予支付或暂缓的应付额。", "No entitlement was refused or held.")
BY_STANDARD = Text("生态保护补偿（按标准）", "Compensation by the standard")
PROG_TABLE = Text("各项目的应付与支付（元）", "Owed and paid by programme (CNY)")
PROG_HEAD = (
    Text("项目", "Programme"),
    Text("受偿人", "Recipients"),
    Text("面积（公顷）", "Area (ha)"),
    Text("应付", "Owed"),
    Text("本次支付", "Paid now"),
    Text("暂存、暂缓", "Kept or held"),
    Text("缺口", "Not covered"),
    Text("尚不能付", "Not payable yet"),
)
PROG_NOTE = Text(
    "应付等于本次支付、暂存暂缓与缺口之和。尚不能付的（验收或手续未齐，按标准算）不在应付之内。一人得到几个项目的，合计只算一人。",
    "Owed is what is paid now, kept or held, and not covered. What is not payable yet (acceptance or papers are missing; "
    "at the programme's rate) is not among it. The total counts a recipient of several programmes once.",
)
PROG_MONEY = Text("各项目应由谁承担、由哪些资金包出钱（元）", "Who should bear each programme, and whose money funds it (CNY)")
PROG_MONEY_HEAD = (
    Text("项目，承担的一级，资金包", "Programme, level, envelope"),
    Text("按项目文件应承担", "To be borne, by its file"),
    Text("资金包实际落实", "Funded from envelopes"),
)
PROG_MONEY_NOTE = Text(
    "按标准的补偿没有规定各级分担，只列资金包。", "For compensation by the standard no levels are laid down: envelopes only."
)
PROG_APART = Text("{p}：实际出钱的与项目规定的不一致，{c}。", "{p}: who funds it is not who should bear it: {c}.")
# ---------------------------------------------------------------- 8 notice
S_NOTICE = Text("公示", "Public notice")
NOTICE_LEAD = Text(
    "{v}个村公示了{n}行，合计{amount}；收到异议{o}件，其中成立{u}件，未决{p}件。",
    "{n} rows were posted in {v} villages, {amount} in all; {o} objections came in, {u} were upheld, {p} are open.",
)
NOTICE_PRIVATE = Text(
    "这里只有数，没有姓名。每行的内容见各村公示栏。",
    "Only counts are given here, no names. The rows themselves are posted in each village.",
)
NOTICE_TABLE = Text("各乡镇公示", "Notices by town")
NOTICE_HEAD = (
    Text("乡镇代码", "Town code"),
    Text("村", "Villages"),
    Text("公示行", "Rows"),
    Text("面积（公顷）", "Area (ha)"),
    Text("应付（元）", "Entitled (CNY)"),
    Text("落实（元）", "Funded (CNY)"),
)
OBJECTION_TABLE = Text("异议按类别与结果（件）", "Objections by kind and outcome")
OBJECTION_HEAD = (
    Text("类别", "Kind"),
    Text("成立", "Upheld"),
    Text("不成立", "Rejected"),
    Text("未决", "Open"),
    Text("合计", "Total"),
)
OBJECTION_KINDS = {
    "area": Text("面积", "area"),
    "name": Text("姓名", "name"),
    "amount": Text("金额", "amount"),
    "missing": Text("漏列", "left out"),
    "excess": Text("不应列入", "should not be listed"),
}

# ---------------------------------------------------------------- 9 results
S_RESULTS = Text("成效", "Results")
LIGHT_MAP = Text("已观测面积的{p}合格，{u}未观测", "{p} of the area observed conforms; {u} was not observed")
LIGHT_MAP_ALT = Text("合规灯地图：{parts}；未观测以斜线表示。", "Map of compliance: {parts}; what was not observed is hatched.")
LIGHT_MAP_IN = Text("合规判定，{year}年", "Compliance, {year}")
LIGHT_TABLE = Text("合规灯", "Compliance")
LIGHT_HEAD = (Text("判定", "Light"), Text("地块（块）", "Parcels"), Text("面积（公顷）", "Area (ha)"), Text("占比", "Share"))
SCORE_TITLE = Text("{zone}得分最高，{v}分", "{zone_cap} scores highest: {v}")
SCORE_ONLY = Text("{zone}得{v}分", "{zone_cap} scores {v}")
SCORE_NONE = Text("没有功能区得到评分", "No zone could be scored")
SCORE_ALT = Text("各评价单元得分与区间：{parts}。", "Scores with ranges: {parts}.")
SCORE_AXIS = Text("得分（0～100），横线为区间", "Score (0–100), the line is its range")
SCORE_TABLE = Text("记分卡", "Scorecards")
SCORE_HEAD = (
    Text("评价单元", "Area judged"),
    Text("得分", "Score"),
    Text("区间", "Range"),
    Text("等级", "Grade"),
    Text("已评权重", "Weight assessed"),
    Text("上年得分", "Last year"),
    Text("对明年标准", "Next year's standard"),
)
SCORE_HOW = Text(
    "得分决定明年标准的增减，见“对明年标准”一列。得分区间跨过等级界线时，不应据此排名。",
    "The score moves next year's standard, see the last column. Where a range crosses a grade line, do not rank by it.",
)
INDICATOR_TABLE = Text("评价指标", "Indicators")
INDICATOR_HEAD = (
    Text("单元与指标", "Area and indicator"),
    Text("值", "Value"),
    Text("基准", "Base"),
    Text("得分（区间）", "Score (range)"),
    Text("权重", "Weight"),
    Text("观测占比", "Share observed"),
)
NO_EFFECT = Text(
    "这些得分描述变化，不证明变化由补偿引起。", "These scores describe change; they do not prove that compensation caused it."
)

# ---------------------------------------------------------------- 10 accounts
S_ACCOUNTS = Text("账户与核对", "Accounts and checks")
ACCOUNT_TITLE = Text("{what}变动最大：净{v}公顷", "{what_cap} changed most: net {v} ha")
ACCOUNT_TITLE_SAME = Text("土地账户没有变动", "The land account did not change")
ACCOUNT_ALT = Text("土地账户的增加与减少，公顷：{parts}。", "Additions and reductions in the land account, ha: {parts}.")
ACCOUNT_AXIS = Text("公顷", "ha")
ADDED, REDUCED = Text("增加", "additions"), Text("减少", "reductions")
ACCOUNT_TABLE = Text("土地账户（公顷）", "Land account (ha)")
ACCOUNT_HEAD = (
    Text("生态系统", "Ecosystem"),
    Text("期初", "Opening"),
    Text("增加", "Additions"),
    Text("减少", "Reductions"),
    Text("期末", "Closing"),
)
FUND_TABLE = Text("资金收支表（元）", "Fund statement (CNY)")
FUND_HEAD = (
    Text("资金包", "Envelope"),
    Text("上年结转", "Carried in"),
    Text("本年下达", "Granted"),
    Text("已支付", "Paid"),
    Text("暂存", "Escrow"),
    Text("年末余额", "Left"),
    Text("收回", "Lapsed"),
)
CHECK_LEAD = Text("核对{n}项：通过{p}，不通过{f}，未运行{r}。", "{n} checks: {p} passed, {f} failed, {r} not run.")
CHECK_TABLE = Text("核对清单", "Checks")
CHECKS = {
    "land_account_closes": Text("土地账户期初加增减等于期末", "the land account closes"),
    "land_opening_is_last_closing": Text("土地账户期初等于上年期末", "the land account opens where last year's closed"),
    "land_area_is_parcel_area": Text("土地账户面积等于地块面积", "the land account covers the area of the parcels"),
    "parcel_split_closes": Text("拆分合并前后面积相等", "parcels split or joined keep their area"),
    "standard_steps_give_rate": Text("标准的各步相加等于标准", "the steps of each standard add up to it"),
    "values_have_one_price_year": Text("所有价值用同一价格年", "all values are at prices of one year"),
    "entitlement_sums": Text("应付额等于扣减前减去扣减", "entitlements equal gross less deduction"),
    "entitlement_shares_close": Text("每块地的份额之和为一", "shares of each parcel add up to one"),
    "allocation_is_funded": Text("分配的资金等于落实的应付额", "money allocated is what entitlements are funded with"),
    "orders_are_funded": Text("支付指令等于落实的应付额", "payment orders equal funded entitlements"),
    "order_sources_close": Text("每笔指令的来源之和等于指令", "sources of each order add up to it"),
    "envelope_allocation": Text("资金包的分配等于各笔分配之和", "each envelope's allocation is the sum of its allocations"),
    "envelope_closes": Text("资金包收支相抵", "envelopes close"),
    "envelope_never_negative": Text("资金包余额不为负", "no envelope is overdrawn"),
    "envelope_pays_what_is_ordered": Text("资金包支付等于支付指令", "envelopes pay what is ordered"),
    "ledger_balanced": Text("账本借贷相等、指纹相连", "the ledger balances and its hashes join"),
    "ledger_is_envelopes": Text("账本与资金包一致", "the ledger agrees with the envelopes"),
}
CHECK_LAST = Text("上年的{t}", "last year's {t}")
CHECK_HEAD = (Text("核对项", "Check"), Text("结果", "Result"), Text("说明", "Detail"))
RESULTS = {"pass": Text("✓ 通过", "✓ pass"), "fail": Text("■ 不通过", "■ fail"), "not_run": Text("○ 未运行", "○ not run")}

# ---------------------------------------------------------------- 11 how sure
S_SURE = Text("有多可靠", "How sure")
SURE_LEAD = Text("用了{n}个参数，其中{u}个未核实。", "{n} parameters were used; {u} of them are unverified.")
SURE_SPLIT = Text(
    "未核实的参数中，{p}个是金额的依据，{s}个只用于公布的数。",
    "Of the unverified parameters, {p} stand behind amounts and {s} behind published figures only.",
)
UNVERIFIED_PAID = Text("金额所依据的未核实参数", "Unverified parameters that amounts rest on")
UNVERIFIED_PAID_NOTE = Text(
    "用它们付款，须在案例中逐个写明认可；这里的每一个都已写明。",
    "A payment may rest on them only where the case accepts each by name; each of these is accepted there.",
)
UNVERIFIED_PAID_NONE = Text("没有一笔金额依据未核实的参数。", "No amount rests on an unverified parameter.")
UNVERIFIED_SHOWN = Text("只用于公布数的未核实参数", "Unverified parameters behind published figures only")
UNVERIFIED_SHOWN_NOTE = Text(
    "它们只影响不进入补偿标准的服务，没有人因此多得或少得。",
    "They bear only on services that do not count in the standard; nobody is paid more or less because of them.",
)
UNVERIFIED_HEAD = (Text("参数", "Parameter"), Text("标记", "Mark"), Text("出处", "Document"))
UNVERIFIED_NONE = Text("没有未核实的参数。", "No parameter is unverified.")
MARK_TABLE = Text("参数按可信标记", "Parameters by confidence mark")
MARK_HEAD = (Text("标记", "Mark"), Text("含义", "Meaning"), Text("个数", "Number"))
ABSENT_TITLE = Text("没有评估的", "What was not assessed")
ABSENT_ONE = Text("{what}：{why}", "{what}: {why}")
ABSENT_PART = Text("{what}（部分）：{why}", "{what}, in part: {why}")
ABSENT_NONE = Text("计划评估的服务都已评估。", "Every service that was planned was assessed.")
OBSERVED_TABLE = Text("观测占比（面积加权）", "Share observed (area weighted)")
OBSERVED_HEAD = (Text("数据", "Data"), Text("有值的地块（块）", "Parcels with a value"), Text("观测占比", "Share observed"))
SOURCES_LIST = Text("数据来源", "Sources of data")
MORE_ROWS = Text("另有{n}项，见表{t}。", "{n} more in table {t}.")

# ---------------------------------------------------------------- 12 check yourself
S_CHECK = Text("怎样自己核对", "How to check this")
CHECK_SELF = Text(
    "不需要联网，也不需要相信我们。取得成果包后，把BUNDLE换成它的文件夹，运行：",
    "No network is needed, nor trust in us. With the bundle at hand, put its folder for BUNDLE and run:",
)
CMD_VERIFY = Text("核对每个文件的指纹", "checks the fingerprint of every file")
CMD_RERUN = Text("重新运行，结果应当逐字节相同", "runs the year again; the result must be the same byte for byte")
CMD_EXPLAIN = Text(
    "拆开一笔应付额：标准、面积、份额、合规、来源", "takes one entitlement apart: standard, area, share, compliance, source"
)

# ---------------------------------------------------------------- letter
L_TITLE = Text("{year}年度生态补偿告知书", "Notice of eco-compensation for {year}")
L_DEAR = Text("{name}：", "Dear {name},")
L_AMOUNT = Text("{year}年度，您的生态补偿为{amount}（大写：{capital}）。", "Your eco-compensation for {year} is {amount}.")
L_AMOUNT_NONE = Text(
    "{year}年度，您没有可支付的生态补偿。原因写在下面。",
    "For {year} no eco-compensation is payable to you. The reason is given below.",
)
L_AMOUNT_WAITS = Text(
    "{year}年度，您的生态补偿有{amount}先存着，现在不付。原因写在下面。",
    "For {year}, {amount} of your eco-compensation is kept for now and not yet paid. The reason is given below.",
)
L_WHEN = Text("这笔钱将在{d}前转入您登记的账户。", "It will reach your registered account by {d}.")
L_WHEN_OPEN = Text(
    "公示期满、没有未决异议后，转入您登记的账户。",
    "It will be sent to your registered account once the notice period is over and no objection is open.",
)
L_STUDY = Text("这是研究算例中的示例信，不构成付款依据。", "This is a sample letter from a study; no payment rests on it.")
L_INVENTED = Text("示例：人名、地名和金额均为虚构。", "Example: names, places and amounts are invented.")
L_HOW = Text("怎么算出来的", "How the amount was worked out")
L_HEAD = (
    Text("项目", "Item"),
    Text("面积（亩）", "Area (mu)"),
    Text("标准（元/亩）", "Standard (CNY per mu)"),
    Text("金额（元）", "Amount (CNY)"),
)
L_PARCEL = Text("{n}号地块，{eco}，{village}", "Plot {n}, {eco}, {village}")
L_SHARE = Text("（您占{a}/{b}）", " (your share: {a}/{b})")
L_LINE_DEDUCTION = Text("扣减", "Deductions")
L_LINE_SHORT = Text("资金未足额落实", "Not covered by this year's funds")
L_LINE_ESCROW = Text("权利有争议，暂存", "Kept in escrow, title in dispute")
L_LINE_HELD = Text("异议未决，暂缓", "Held, objection open")
L_LINE_EXCLUDED = Text("不予支付", "Not payable")
L_LINE_OTHER = Text("其他", "Other")
L_LINE_TOTAL = Text("本次支付", "Paid now")
L_PARTS = Text("每亩平均{v}元，由这几部分组成：{parts}。", "The average of CNY {v} per mu is made of: {parts}.")
L_PARTS_ONE = Text("每亩{v}元，由这几部分组成：{parts}。", "CNY {v} per mu is made of: {parts}.")
L_PART_OF = Text("{part}{v}元", "{part} {v}")
L_WHY = Text("为什么有的钱没有付", "Why some of it is not paid")
L_NOT_COUNTED = Text("{n}号地块不计补偿：{reason}。", "Nothing is due for {n}: {reason}.")
L_PLOTS, L_PLOT_ONE = Text("{n}", "plots {n}"), Text("{n}", "plot {n}")
L_DEDUCTION = Text(
    "{n}号地块扣{amount}元（{p}）：年度判定为“{light}”。",
    "CNY {amount} ({p}) was taken off for plot {n}: the yearly judgement is '{light}'.",
)
L_EVIDENCE = Text("依据：{e}。", "Evidence: {e}.")
L_VERDICT = Text("现场核查：{v}。", "Field check: {v}.")
L_VERDICT_ON = Text("现场核查：{v}（{d}{what}）。", "Field check: {v} ({d}{what}).")
L_HELD = Text("有异议未决，{amount}元暂缓，答复以后再付。", "An objection is open: CNY {amount} is held until it is answered.")
L_SIGNAL = Text(
    "卫星看到的植被{why}。植被指数（越大植被越密）比这块地往年同期变化{d}，同类地块变化{r}",
    "seen by satellite, the vegetation is {why}. Its vegetation index (higher is denser) moved by {d} "
    "against earlier years, that of parcels like it by {r}",
)
L_SHORT = Text("今年的资金不够付清，有{amount}元没有付。", "This year's funds did not cover everything: CNY {amount} is missing.")
L_STATE = Text("{n}号地块的{amount}元{state}：{reason}。", "CNY {amount} for plot {n} is {state}: {reason}.")
L_ESCROW = Text(
    "{n}号地块的权属有争议，这块地的{amount}元先存着，争议解决后付给确定的权利人。",
    "The title to plot {n} is in dispute: CNY {amount} is kept and paid to whoever is found to hold the right.",
)
L_NOTHING_OFF = Text("没有扣减。", "Nothing was taken off.")
L_CHANGE = Text("比去年", "Compared with last year")
L_CHANGE_NEW = Text("去年没有您的记录，这是第一次。", "There is no record of you for last year; this is the first time.")
L_CHANGE_NONE = Text("没有上一年度的数据可比。", "There are no data of the year before to compare with.")
L_CHANGE_SAME = Text("与去年相同：{a}元。", "The same as last year: CNY {a}.")
L_CHANGE_SUM = Text("去年{a}元，今年{word}{b}元：{parts}。", "Last year CNY {a}; this year {word} by CNY {b}: {parts}.")
L_MORE, L_LESS = Text("多", "more"), Text("少", "less")
L_PART_RATE = Text("标准变化{v}元", "the standard {v}")
L_PART_AREA = Text("面积和份额变化{v}元", "area and share {v}")
L_PART_PROGRAMMES = Text("项目款项变化{v}元", "programmes {v}")
L_PART_OFF = Text("扣减变化{v}元", "deductions {v}")
L_PART_STATE = Text("没有落实和暂存的钱变化{v}元", "money not covered or kept {v}")
L_OBJECT = Text("您觉得不对", "If you think this is wrong")
L_OBJECT_UNTIL = Text("请在{d}前提出异议，", "Please object by {d}, ")
L_OBJECT_SPAN = Text("公示期是{a}到{d}。", "The notice is posted from {a} to {d}. ")
L_OBJECT_OVER = Text(
    "公示期从{a}到{d}，已经结束。现在发现不对，仍请告诉村委会或乡镇：写明哪块地、哪里不对，附上照片或凭证。",
    "The notice was posted from {a} to {d} and is over. If you find a mistake now, please still tell the village "
    "or the town: say which plot and what is wrong, and add photos or papers.",
)
L_OBJECT_POSTED = Text("请在村公示栏写明的截止日之前提出异议，", "Please object before the closing day posted in your village, ")
L_OBJECT_HOW = Text(
    "可以当面、书面或在网上提出，写明哪块地、哪里不对，附上照片或凭证。",
    "in person, in writing or online: say which plot and what is wrong, and add photos or papers.",
)
L_OBJECT_ANSWER = Text("我们在收到后{n}日内书面答复。", "You will have an answer in writing within {n} days of receipt.")
L_OBJECT_SAFE = Text(
    "提出异议不会减少您的补偿，也不影响以后各年；没有争议的部分照常支付。",
    "Objecting does not reduce your compensation, now or in later years; what is not disputed is paid as usual.",
)
L_SIGN = Text("{name}生态补偿办公室", "Eco-compensation office, {name}")

# ---------------------------------------------------------------- programmes in the letter
L_CLAIMS = Text("各项目的款项是怎么来的", "Programme by programme")
L_GROUP_STANDARD = Text("按生态保护补偿标准", "By the standard of compensation")
L_GROUP_PROGRAMMES = Text("按项目", "By programmes")
L_C_ROW = Text("{n}：{p}", "{n}: {p}")
L_C_PLOT = Text("{n}号地块", "Plot {n}")
L_C_YEAR, L_C_TRANCHE = Text("{y}年", "for {y}"), Text("{y}年（第{t}次付）", "for {y} (tranche {t})")
L_C_AREAS = Text("约定面积{a}，验收合格{b}", "{a} agreed, {b} accepted")
L_C_LESS = {
    "before_dm2": Text("以前年度已付{a}", "{a} paid in earlier years"),
    "cut_dm2": Text("不得纳入{a}", "{a} on ground that may not be in it"),
    "stacked_dm2": Text("其他项目已补偿{a}", "{a} paid by another programme"),
}
L_C_RATE = Text("标准{r}", "rate {r}")
L_C_COUNTED = Text("计付{a}", "{a} counted")
L_C_SHARE = Text("您占{a}/{b}", "your share {a}/{b}")
L_C_MONTHS = Text("计{m}个月", "{m} months")
L_C_SUM = Text("共{g}元", "CNY {g} in all")
L_C_MANAGED = Text("其中公共管护{d}元，应付{n}元", "of which CNY {d} goes to public management and CNY {n} is owed")
L_C_STATES = {
    "payable": Text("本次付{f}元", "CNY {f} is paid now"),
    "escrow": Text("{f}元先存着，现在不付", "CNY {f} is kept and not paid now"),
    "held": Text("有异议未决，{f}元暂缓", "CNY {f} is held because an objection is open"),
    "waiting": Text("现在还不能付：{r}。", "It is not paid yet: {r}."),
    "excluded": Text("不付：{r}。", "It is not paid: {r}."),
}
L_C_SHORT = Text("，今年资金不足，还有{s}元没有付", "; this year's funds leave CNY {s} of it unpaid")
L_C_FUND = Text("{n}（{s}，{d}）{y}元", "{n} ({s}, {d}) CNY {y}")
L_C_FUNDS = Text("钱来自：{f}。", "The money comes from: {f}.")
L_C_CONTRACT = Text("合同{c}", "contract {c}")
L_C_INSPECTED = Text("{l}，{d}{c}", "{l} on {d}{c}")
L_C_CERTIFIED = Text("，合格证{c}", ", certificate {c}")
L_C_PAPERS = Text("依据：{p}。", "It rests on: {p}.")
L_C_NOT = Text("{n}的{p}不付：{r}。", "{n}, {p}: not paid; {r}.")
L_C_NOT_YET = Text("{n}的{p}{g}元现在还不能付：{r}。", "{n}, {p}: CNY {g} is not paid yet; {r}.")
L_C_NOT_YET_OPEN = Text("{n}的{p}现在还不能付：{r}。", "{n}, {p}: not paid yet; {r}.")
L_C_KEPT = Text("{n}的{p}{g}元先存着：{r}。", "{n}, {p}: CNY {g} is kept; {r}.")
L_C_AREA_LEFT = Text("{n}的{p}：约定的{a}中，{w}，这部分没有付。", "{n}, {p}: of the {a} agreed, not paid: {w}.")
L_C_LEFT = {
    "": Text("{a}没有验收合格", "{a} not accepted"),
    "cut_dm2": Text("{a}在不得纳入的地面上", "{a} on ground that may not be in it"),
    "stacked_dm2": Text("{a}已由其他项目补偿", "{a} that another programme pays for"),
}
L_C_MANAGEMENT = Text("{n}的{p}有{d}元用于公共管护，不发给您。", "{n}, {p}: CNY {d} goes to public management and not to you.")
L_C_IN_KIND = Text(
    "{p}另有{g}元用于种苗等，不发现金。", "{p}: a further CNY {g} is spent on seedlings and the like and is not paid in cash."
)
L_LINE_MANAGEMENT = Text("公共管护支出", "Public management")
L_LINE_WAITING = Text("现在还不能付", "Not payable yet")
L_NOT_COUNTED_STANDARD = Text(
    "按生态保护补偿标准，{n}号地块不计补偿：{reason}。", "By the standard of compensation nothing is due for {n}: {reason}."
)
