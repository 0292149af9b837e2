"""Code lists: function zones, ecosystems, land classes, rights, sources, lights; text codes with names.

Ecosystem classes follow HJ 1172-2021 annex A (8 groups, 22 classes); the names of the second level are
remembered from that annex. Land classes are the working classes of the Third National Land Survey
(TD/T 1057-2020); their mapping to ecosystems is a design choice of this project, version `CROSSWALK`.
"""

from __future__ import annotations

from collections.abc import Iterable

from ecocomp.terms.text import Text

FUNCTION_ZONES: dict[str, Text] = {
    "water": Text("水源涵养", "water conservation"),
    "soil": Text("水土保持", "soil conservation"),
    "sand": Text("防风固沙", "windbreak and sand fixation"),
    "biodiversity": Text("生物多样性维护", "biodiversity maintenance"),
    "none": Text("未纳入功能区", "outside function zones"),
}

ECOSYSTEMS: dict[str, Text] = {
    "11": Text("阔叶林", "broadleaf forest"),
    "12": Text("针叶林", "needleleaf forest"),
    "13": Text("针阔混交林", "mixed forest"),
    "14": Text("稀疏林", "sparse forest"),
    "21": Text("阔叶灌丛", "broadleaf shrub"),
    "22": Text("针叶灌丛", "needleleaf shrub"),
    "23": Text("稀疏灌丛", "sparse shrub"),
    "31": Text("草甸", "meadow"),
    "32": Text("草原", "steppe"),
    "33": Text("草丛", "tussock grassland"),
    "34": Text("稀疏草地", "sparse grassland"),
    "41": Text("沼泽", "marsh"),
    "42": Text("湖泊", "lake"),
    "43": Text("河流", "river"),
    "51": Text("耕地", "cropland"),
    "52": Text("园地", "garden"),
    "61": Text("居住地", "settlement"),
    "62": Text("城市绿地", "urban green"),
    "63": Text("工矿交通", "industry, mining and transport"),
    "71": Text("沙漠", "desert"),
    "72": Text("沙地", "sandy land"),
    "73": Text("盐碱地", "saline land"),
    "81": Text("冰川和永久积雪", "glacier and permanent snow"),
    "82": Text("裸地", "bare land"),
    "00": Text("未识别", "not identified"),  # the source names no ecosystem; nothing may be read into it
}
ECOSYSTEM_GROUPS: dict[str, Text] = {
    "1": Text("森林", "forest"),
    "2": Text("灌丛", "shrub"),
    "3": Text("草地", "grassland"),
    "4": Text("湿地", "wetland"),
    "5": Text("农田", "farmland"),
    "6": Text("城镇", "urban"),
    "7": Text("荒漠", "desert"),
    "8": Text("其他", "other"),
    "0": Text("未识别", "not identified"),
}


def ecosystem_words(codes: Iterable[str]) -> Text:
    """Return a set of ecosystems in few words: whole groups by their name, and most of all as "all but" the rest.

    >>> ecosystem_words(["51", "52", "61"]).en
    'farmland, settlement'
    >>> ecosystem_words(c for c in ECOSYSTEMS if c[0] not in "04").zh
    '除湿地外的全部'
    """
    known = [c for c in ECOSYSTEMS if c != "00"]
    found = [c for c in known if c in set(codes := tuple(codes))]
    if len(found) == len(known):
        return Text("全部", "all")
    if 3 * len(found) >= 2 * len(known):
        rest = ecosystem_words(c for c in known if c not in found)
        return Text(f"除{rest.zh}外的全部", f"all but {rest.en}")
    names: list[Text] = []
    for group in ECOSYSTEM_GROUPS:
        members = [c for c in known if c[0] == group]
        here = [c for c in members if c in found]
        whole = here and here == members and group != "8"  # "other" says nothing without its members
        names += [ECOSYSTEM_GROUPS[group]] if whole else [ECOSYSTEMS[c] for c in here]
    return Text("、".join(n.zh for n in names), ", ".join(n.en for n in names))


CROSSWALK = "dltb-2020→hj1172-2021 v1"
LAND_CLASSES: dict[str, tuple[Text, str]] = {
    "0101": (Text("水田", "paddy field"), "51"),
    "0102": (Text("水浇地", "irrigated land"), "51"),
    "0103": (Text("旱地", "dry land"), "51"),
    "0201": (Text("果园", "orchard"), "52"),
    "0202": (Text("茶园", "tea garden"), "52"),
    "0203": (Text("橡胶园", "rubber garden"), "52"),
    "0204": (Text("其他园地", "other garden"), "52"),
    "0301": (Text("乔木林地", "arbor forest"), "13"),
    "0302": (Text("竹林地", "bamboo forest"), "11"),
    "0303": (Text("红树林地", "mangrove"), "41"),
    "0304": (Text("森林沼泽", "forest swamp"), "41"),
    "0305": (Text("灌木林地", "shrub land"), "21"),
    "0306": (Text("灌丛沼泽", "shrub swamp"), "41"),
    "0307": (Text("其他林地", "other forest"), "14"),
    "0401": (Text("天然牧草地", "natural pasture"), "32"),
    "0402": (Text("沼泽草地", "marsh grassland"), "41"),
    "0403": (Text("人工牧草地", "artificial pasture"), "31"),
    "0404": (Text("其他草地", "other grassland"), "33"),
    "05H1": (Text("商业服务业设施用地", "commercial land"), "61"),
    "0508": (Text("物流仓储用地", "storage land"), "63"),
    "0601": (Text("工业用地", "industrial land"), "63"),
    "0602": (Text("采矿用地", "mining land"), "63"),
    "0603": (Text("盐田", "salt pan"), "42"),
    "0701": (Text("城镇住宅用地", "urban housing"), "61"),
    "0702": (Text("农村宅基地", "rural homestead"), "61"),
    "08H1": (Text("机关团体新闻出版用地", "public offices"), "61"),
    "08H2": (Text("科教文卫用地", "education and health"), "61"),
    "0809": (Text("公用设施用地", "public utilities"), "63"),
    "0810": (Text("公园与绿地", "park and green"), "62"),
    "09": (Text("特殊用地", "special land"), "63"),
    "1001": (Text("铁路用地", "railway"), "63"),
    "1002": (Text("轨道交通用地", "urban rail"), "63"),
    "1003": (Text("公路用地", "road"), "63"),
    "1004": (Text("城镇村道路用地", "street"), "63"),
    "1005": (Text("交通服务场站用地", "station land"), "63"),
    "1006": (Text("农村道路", "rural road"), "63"),
    "1007": (Text("机场用地", "airport"), "63"),
    "1008": (Text("港口码头用地", "port"), "63"),
    "1009": (Text("管道运输用地", "pipeline land"), "63"),
    "1101": (Text("河流水面", "river"), "43"),
    "1102": (Text("湖泊水面", "lake"), "42"),
    "1103": (Text("水库水面", "reservoir"), "42"),
    "1104": (Text("坑塘水面", "pond"), "42"),
    "1105": (Text("沿海滩涂", "coastal mudflat"), "41"),
    "1106": (Text("内陆滩涂", "inland mudflat"), "41"),
    "1107": (Text("沟渠", "ditch"), "43"),
    "1108": (Text("沼泽地", "marsh"), "41"),
    "1109": (Text("水工建筑用地", "hydraulic works"), "63"),
    "1110": (Text("冰川及永久积雪", "glacier and permanent snow"), "81"),
    "1201": (Text("空闲地", "vacant land"), "61"),
    "1202": (Text("设施农用地", "facility agriculture"), "51"),
    "1203": (Text("田坎", "field ridge"), "51"),
    "1204": (Text("盐碱地", "saline land"), "73"),
    "1205": (Text("沙地", "sandy land"), "72"),
    "1206": (Text("裸土地", "bare soil"), "82"),
    "1207": (Text("裸岩石砾地", "bare rock"), "82"),
}

SERVICES_WORDS: dict[str, Text] = {
    "water_conservation": Text("水源涵养", "water conservation"),
    "water_yield": Text("产水", "water yield"),
    "soil_retention": Text("土壤保持", "soil retention"),
    "sediment_delivery": Text("减少入河泥沙", "sediment kept out of streams"),
    "sand_fixation": Text("防风固沙", "sand fixation"),
    "carbon_storage": Text("碳储量", "carbon storage"),
    "carbon_sequestration": Text("固碳", "carbon sequestration"),
    "net_primary_production": Text("净初级生产", "net primary production"),
    "oxygen_release": Text("释氧", "oxygen release"),
    "flood_regulation": Text("洪水调蓄", "flood regulation"),
    "storm_retention": Text("暴雨滞留", "storm runoff retention"),
    "air_purification": Text("空气净化", "air purification"),
    "water_purification": Text("水质净化", "water purification"),
    "climate_regulation": Text("气候调节", "climate regulation"),
    "habitat_quality": Text("生境质量", "habitat quality"),
    "pest_control": Text("病虫害控制", "pest control"),
}
SERVICE_CHAPTERS: tuple[tuple[Text, tuple[str, ...]], ...] = (
    (Text("水", "water"), ("water_conservation", "water_yield", "water_purification")),
    (Text("洪水", "floods"), ("flood_regulation", "storm_retention")),
    (Text("土壤与风沙", "soil and sand"), ("soil_retention", "sediment_delivery", "sand_fixation")),
    (
        Text("碳、氧与生产", "carbon, oxygen and production"),
        ("carbon_sequestration", "oxygen_release", "carbon_storage", "net_primary_production"),
    ),
    (Text("空气与气候", "air and climate"), ("air_purification", "climate_regulation")),
    (Text("生物多样性", "biodiversity"), ("habitat_quality",)),
)
PRODUCTS_WORDS: dict[str, Text] = {
    "above": Text("地上生物量碳", "carbon above ground"),
    "below": Text("地下生物量碳", "carbon below ground"),
    "soil": Text("土壤碳", "soil carbon"),
    "dead": Text("死有机质碳", "carbon in dead matter"),
    "vegetation": Text("植被", "vegetation"),
    "lake": Text("湖泊", "lakes"),
    "reservoir": Text("水库", "reservoirs"),
    "marsh": Text("沼泽", "marsh"),
    "so2": Text("二氧化硫", "sulphur dioxide"),
    "nox": Text("氮氧化物", "nitrogen oxides"),
    "dust": Text("粉尘", "dust"),
    "cod": Text("化学需氧量", "chemical oxygen demand"),
    "nh3n": Text("氨氮", "ammonia nitrogen"),
    "tn": Text("总氮", "total nitrogen"),
    "tp": Text("总磷", "total phosphorus"),
    "transpiration": Text("植被蒸腾", "transpiration"),
    "water_surface": Text("水面蒸发", "evaporation from water"),
    "forest": Text("森林", "forest"),
    "grass": Text("草地", "grassland"),
}


def service_words(service: str) -> Text | None:
    """Return the name of a service or of one of its products (``service.product``); None if neither is known here.

    >>> service_words("air_purification.so2").en
    'air purification: sulphur dioxide'
    """
    id, _, product = service.partition(".")
    name = SERVICES_WORDS.get(id)
    if name is None or not product:
        return name
    part = PRODUCTS_WORDS.get(product, Text(product, product))
    return Text(f"{name.zh}（{part.zh}）", f"{name.en}: {part.en}")


HOLDER_KINDS: dict[str, Text] = {
    "household": Text("农户", "household"),
    "collective": Text("农村集体经济组织", "rural collective"),
    "state_unit": Text("国有单位", "unit of state"),
    "company": Text("企业", "company"),
    "person": Text("自然人", "person"),
    "group": Text("共有人组", "group of co-owners"),
}
RIGHT_KINDS: dict[str, Text] = {
    "ownership": Text("所有权", "ownership"),
    "contract": Text("承包经营权", "contract right"),
    "management": Text("经营权", "management right"),
    "use": Text("使用权", "use right"),
}
PARTY_KINDS: dict[str, Text] = {
    **HOLDER_KINDS,
    "bank": Text("金融机构", "bank"),
}
MEMBER_ROLES: dict[str, Text] = {
    "head": Text("户主", "head"),
    "spouse": Text("配偶", "spouse"),
    "child": Text("子女", "child"),
    "parent": Text("父母", "parent"),
    "other": Text("其他成员", "other member"),
    "co_owner": Text("共有人", "co-owner"),
}
RESTRICTION_KINDS: dict[str, Text] = {
    "red_line": Text("生态保护红线", "ecological red line"),
    "permanent_basic_farmland": Text("永久基本农田", "permanent basic farmland"),
    "grazing_ban": Text("禁牧", "grazing ban"),
    "grass_livestock_balance": Text("草畜平衡", "grass-livestock balance"),
    "welfare_forest": Text("公益林", "public-welfare forest"),
    "forest_conversion": Text("退耕还林还草", "cropland returned to forest or grass"),
    "protected_area": Text("自然保护地", "protected area"),
    "reserve": Text("生态留白", "ecological reserve"),
    "function_zone": Text("主体功能区", "function zone"),
    "use_control": Text("用途管制", "use control"),
}
EDITION_KINDS: dict[str, Text] = {"parcel": Text("地块", "parcels"), **RESTRICTION_KINDS}
SOURCE_KINDS: dict[str, Text] = {
    "certificate": Text("权属证书", "certificate of title"),
    "contract": Text("合同", "contract"),
    "judgment": Text("判决、裁决", "judgment or award"),
    "decree": Text("政府文件", "decree"),
    "notice": Text("公告", "public notice"),
    "survey": Text("调查成果", "survey"),
    "agreement": Text("协议、调解书", "agreement"),
    "will": Text("遗嘱、继承文书", "will or deed of inheritance"),
    "other": Text("其他", "other"),
}
DISPUTE_STATES: dict[str, Text] = {
    "open": Text("已提出", "open"),
    "mediation": Text("调解", "mediation"),
    "arbitration": Text("仲裁", "arbitration"),
    "court": Text("诉讼", "court"),
    "settled": Text("已解决", "settled"),
}
REGION_CHANGES: dict[str, Text] = {
    "renamed": Text("更名", "renamed"),
    "recoded": Text("改码", "recoded"),
    "merged": Text("并入", "merged into"),
    "split": Text("析置", "split off"),
    "created": Text("新设", "created"),
    "abolished": Text("撤销", "abolished"),
    "unresolved": Text("未查明", "unresolved"),
}
RIGHT_STATES: dict[str, Text] = {
    "clear": Text("清楚", "clear"),
    "disputed": Text("有争议", "disputed"),
}
FUND_SOURCES: dict[str, Text] = {
    "central_transfer": Text("中央重点生态功能区转移支付", "central transfer for key ecological function zones"),
    "local_budget": Text("地方财政配套", "local budget match"),
    "horizontal_agreement": Text("流域横向补偿", "horizontal watershed agreement"),
    "land_revenue": Text("土地出让收入", "land-transfer revenue"),
    "carbon_credit": Text("碳汇交易收入", "carbon credit sale"),
    "green_fund": Text("绿色基金", "green fund"),
    "bond": Text("绿色债券", "green bond"),
    "donation": Text("社会捐赠", "donation"),
}
FUND_PURPOSES: dict[str, Text] = {
    "resource_protection": Text("自然资源保护", "protection of natural resources"),
    "pollution_control": Text("污染治理", "pollution control"),
    "restoration": Text("生态修复", "ecological restoration"),
    "economic_development": Text("经济发展", "economic development"),
    "livelihood": Text("改善民生", "livelihood"),
}
ENVELOPE_EVENTS: dict[str, Text] = {
    "grant": Text("下达", "grant notice"),
    "postpone": Text("缓拨", "payment postponed"),
    "release": Text("恢复拨付", "postponed payment released"),
    "reduce": Text("减拨", "payment reduced"),
    "stop": Text("停拨", "payment stopped"),
    "recover": Text("追回", "funds recovered"),
    "interest": Text("利息", "interest"),
    "return": Text("退回款（追缴、退票）", "money that came back (claw-back)"),
}
LIGHTS: dict[str, Text] = {
    "green": Text("合格", "conform"),
    "yellow": Text("待核实", "to be checked"),
    "red": Text("不合格", "deviation"),
    "grey": Text("未观测", "not observed"),
}
COMPLIANCE_REASONS: dict[str, Text] = {
    "steady": Text("与往年和同类地块相符", "in line with its past and with parcels like it"),
    "shared": Text("下降与同类地块相同（天气）", "a drop shared with parcels like it (weather)"),
    "drop": Text("明显低于往年和同类地块", "clearly below its past and below parcels like it"),
    "slight_drop": Text("略低于往年和同类地块", "somewhat below its past and below parcels like it"),
    "no_reference": Text("低于往年，但没有足够的同类地块可比", "below its past, but too few parcels like it to compare"),
    "insufficient": Text("晴空月份不足", "too few clear months"),
    "no_history": Text("没有往年观测", "no past years observed"),
    "no_layer": Text("本年没有 NDVI 图层", "no NDVI layer for this year"),
    "not_vegetated": Text("不以植被判定的地类", "land not judged by its vegetation"),
}
VERDICTS: dict[str, Text] = {
    "none": Text("未核查", "no field check"),
    "confirmed": Text("属实", "confirmed"),
    "partly": Text("部分属实", "partly confirmed"),
    "refuted": Text("不属实", "not confirmed"),
    "force_majeure": Text("不可抗力", "force majeure"),
}
ENTITLEMENT_STATES: dict[str, Text] = {
    "payable": Text("应付", "payable"),
    "escrow": Text("争议暂存", "held in escrow (disputed title)"),
    "held": Text("异议暂缓", "held (open objection)"),
    "excluded": Text("不予支付", "not payable"),
}
CONTRACT_STATES: dict[str, Text] = {
    "draft": Text("草拟", "draft"),
    "signed": Text("已签订", "signed"),
    "in_force": Text("履行中", "in force"),
    "suspended": Text("中止", "suspended"),
    "breached": Text("违约", "breached"),
    "ended": Text("期满", "ended"),
    "terminated": Text("解除", "terminated"),
    "renewed": Text("已续签", "renewed"),
}
INSPECTION_LEVELS: dict[str, Text] = {
    "self": Text("自查", "self check"),
    "county": Text("县级验收", "county acceptance"),
    "province": Text("省级复查", "check by the province"),
    "state": Text("国家核查", "verification by the state"),
}
INSPECTION_RESULTS: dict[str, Text] = {
    "accepted": Text("合格", "accepted"),
    "partial": Text("部分合格", "accepted in part"),
    "rejected": Text("不合格", "not accepted"),
}
NOTICE_STATES: dict[str, Text] = {
    "open": Text("公示中", "open"),
    "closed": Text("已结束", "closed"),
    "withdrawn": Text("已撤回", "withdrawn"),
}
AGREEMENT_STATES: dict[str, Text] = {
    "draft": Text("草拟", "draft"),
    "signed": Text("已签署", "signed"),
    "in_force": Text("生效", "in force"),
    "expired": Text("期满", "expired"),
    "renewed": Text("已续签", "renewed"),
    "terminated": Text("终止", "terminated"),
}
AGREEMENT_RESULTS: dict[str, Text] = {
    "open": Text("有条款未结算", "a clause is not settled"),
    "settled": Text("已结算", "settled"),
    "confirmed": Text("各方已确认", "confirmed by the parties"),
}
AGREEMENT_DISPUTES: dict[str, Text] = {
    "open": Text("提出", "open"),
    "negotiating": Text("协商中", "negotiating"),
    "escalated": Text("共同上级协调中", "before the common superior"),
    "decided": Text("已决定（有约束力）", "decided (binding)"),
    "agreed": Text("协商一致", "agreed by the parties"),
    "withdrawn": Text("撤回", "withdrawn"),
}
PARTS: dict[str, Text] = {
    "value": Text("生态价值", "ecological value"),
    "opportunity": Text("机会成本", "opportunity cost"),
    "protection": Text("保护成本", "protection cost"),
    "regional": Text("区域经济", "regional economy"),
}


def ecosystem_of(land_class: str) -> str | None:
    """Return the ecosystem code of a survey class, ignoring the K and A suffixes; None if the class is unknown.

    >>> ecosystem_of("0301K"), ecosystem_of("9999")
    ('13', None)
    """
    code = land_class if land_class in LAND_CLASSES else land_class.rstrip("KA")
    found = LAND_CLASSES.get(code)
    return found[1] if found else None


def region_stem(code: str) -> str:
    """Return the digits that the codes of all parts of a division begin with (GB/T 2260, GB/T 10114, 12-digit village codes).

    >>> region_stem("510000"), region_stem("510100"), region_stem("510182"), region_stem("510182001000")
    ('51', '5101', '510182', '510182001')
    """
    while len(code) > 6 and code.endswith("000"):
        code = code[:-3]
    if len(code) == 6:
        return code[:2] if code.endswith("0000") else code[:4] if code.endswith("00") else code
    return code


def region_holds(above: str, code: str) -> bool:
    """Return whether a division is another one or lies in it; the empty code holds nothing.

    >>> region_holds("510000", "510182001"), region_holds("510182", "510000"), region_holds("510182", "510182")
    (True, False, True)
    """
    return bool(above) and region_stem(code).startswith(region_stem(above))
