"""Words of programme files: what may stand there, why a row is as it is, which items a contract must hold.

Items of a contract: Decree 367 (Regulation on returning farmland to forest) art. 24 names nine; the Forest Law (2019)
art. 48 asks for an agreement and a compensation rule where welfare forest lies on land not of the state.
"""

from __future__ import annotations

from ecocomp.terms.text import Text

LEVELS: dict[str, Text] = {
    "national": Text("国家", "national"),
    "province": Text("省级", "provincial"),
    "city": Text("市级", "of a city"),
    "county": Text("县级", "of a county"),
}
ELEMENTS: dict[str, Text] = {
    "forest": Text("森林", "forest"),
    "grassland": Text("草原", "grassland"),
    "wetland": Text("湿地", "wetland"),
    "desert": Text("荒漠", "desert"),
    "ocean": Text("海洋", "ocean"),
    "water": Text("水流", "water flow"),
    "farmland": Text("耕地", "farmland"),
    "aquatic": Text("水生生物资源", "aquatic life"),
    "wildlife": Text("野生动植物", "wild animals and plants"),
    "protected_area": Text("自然保护地", "protected areas"),
    "key_zone": Text("重点生态功能区", "key ecological function zones"),
    "red_line": Text("生态保护红线", "the ecological red line"),
    "other": Text("其他", "other"),
}
"""Elements of classified compensation (Regulation on Ecological Protection Compensation, art. 9) and areas (art. 8)."""

FORMS: dict[str, Text] = {
    "yearly_area": Text("按面积每年支付", "per area, every year"),
    "tranches_area": Text("按面积分次支付", "per area, in tranches by year"),
    "once_area": Text("按面积一次支付", "per area, once"),
    "yearly_household": Text("按户每年支付", "per household, every year"),
    "yearly_person": Text("按人每年支付", "per person, every year"),
    "yearly_percent": Text("按基数的百分比每年支付", "a percentage of a base, every year"),
}
UNITS: dict[str, tuple[Text, tuple[str, ...]]] = {
    "CNY/mu": (Text("元/亩", "yuan/mu"), ("yearly_area", "tranches_area", "once_area")),
    "CNY/ha": (Text("元/公顷", "yuan/ha"), ("yearly_area", "tranches_area", "once_area")),
    "CNY/household": (Text("元/户", "yuan/household"), ("yearly_household",)),
    "CNY/person": (Text("元/人", "yuan/person"), ("yearly_person",)),
    "percent": (Text("%", "%"), ("yearly_percent",)),
}
DIMENSIONS: dict[str, Text] = {
    "variant": Text("措施类型", "what is done on the ground"),
    "owner": Text("土地权属：state 国有，collective 集体", "owner of the land: state, collective"),
    "holder": Text("受偿人类型（codes.HOLDER_KINDS）", "kind of recipient (codes.HOLDER_KINDS)"),
    "region": Text("programme.regions 中的地区组", "group of regions named in programme.regions"),
    "ecosystem": Text("生态系统大类（一位码）", "group of ecosystems (one digit)"),
    "land_class": Text("地类", "survey land class"),
    "red_line": Text("红线内外：inside、outside", "inside or outside the red line"),
    "grade": Text("生态等级 1 至 3", "ecological grade 1 to 3"),
}
"""What a rate may depend on; besides these, ``facts.NAME`` takes a fact of the plot."""

WHO: dict[str, Text] = {
    "right_holder": Text(
        "地块上可受偿权利的持有人，按份额（流转的，合同写明才付经营权人）",
        "whoever holds the right that is paid on the parcel, by share (a manager only where the contract names him)",
    ),
    "contract_holder": Text("签订合同的人", "whoever signed the contract"),
    "performer": Text("签订合同并持有该地块权利的人", "whoever signed the contract and holds a right on the parcel"),
}
PAYEES: dict[str, Text] = {
    "holder": Text("付给受偿人", "paid to the recipient"),
    "supplier": Text("用于种苗等，不发给农户", "spent on seedlings and the like, not cash to the household"),
}
EACH: dict[str, Text] = {
    "year": Text("每年验收当年", "every year is judged"),
    "due": Text("每次支付到期后验收", "each tranche once it is due"),
    "once": Text("验收一次", "once"),
}
RATE_ON: dict[str, Text] = {
    "year": Text("支付年度的标准", "the rate of the year that is paid"),
    "start": Text("期限起始日的标准", "the rate of the day the term began"),
}
FIRST_YEAR: dict[str, Text] = {
    "full": Text("首年足额", "the first year counts in full"),
    "months": Text("首年按月", "the first year by months"),
    "next": Text("次年起算", "begins with the next year"),
}
LAST_YEAR: dict[str, Text] = {
    "full": Text("末年足额", "the last year counts in full"),
    "months": Text("末年按月", "the last year by months"),
    "none": Text("末年不付", "the last year is not paid"),
}
ON: dict[str, Text] = {
    "ground": Text("同一地面", "the same square metres"),
    "parcel": Text("同一地块", "the same parcel"),
}
EVENTS: dict[str, Text] = {
    "intercropping": Text("林粮间作", "crops grown between the trees"),
    "recultivation": Text("复耕", "ploughed again"),
    "logging": Text("毁林采伐", "felling"),
    "grazing": Text("违禁放牧", "grazing against the ban"),
    "overgrazing": Text("超载放牧", "more animals than agreed"),
    "drainage": Text("排水、围垦", "drained or reclaimed"),
    "building": Text("违法建设", "built on"),
    "no_duty": Text("未履行管护", "the duty was not performed"),
}
PUBLISHED: dict[str, Text] = {
    "name": Text("户主（隐名）", "holder (masked)"),
    "area": Text("面积", "area"),
    "variant": Text("树种、草种或措施", "species or measure"),
    "survival": Text("成活率、保存率", "rate of survival"),
    "rate": Text("标准", "rate"),
    "payment": Text("补助金额", "payment"),
    "source": Text("资金来源", "source of the money"),
    "document": Text("依据文件", "document"),
}
OWNERS: dict[str, Text] = {"state": Text("国有", "of the state"), "collective": Text("集体", "collective")}
RED_LINE: dict[str, Text] = {
    "any": Text("不限", "anywhere"),
    "inside": Text("只限红线内", "inside the red line only"),
    "outside": Text("只限红线外", "outside the red line only"),
}

ITEM_SETS: dict[str, dict[str, Text]] = {
    "GFG-24": {
        "scope_and_area": Text("退耕土地还林范围、面积", "scope and area"),
        "method": Text("还林方式", "how it is done"),
        "survival": Text("造林成活率和保存率", "rates of survival and preservation"),
        "tending": Text("管护责任", "tending duty"),
        "subsidy": Text("补助的标准、期限和给付方式", "standard, term and way of the subsidy"),
        "technical_service": Text("技术指导、技术服务的方式和内容", "technical service"),
        "seedling_source": Text("种苗来源和供应方式", "source of the seedlings"),
        "breach": Text("违约责任", "breach"),
        "term": Text("合同履行期限", "term"),
    },
    "FOREST-48": {
        "agreement_id": Text("与权利人的书面协议编号", "number of the written agreement with the right holder"),
        "compensation": Text("合理补偿的规则", "the rule of compensation"),
    },
    "DUTY-3": {
        "scope_and_area": Text("范围和面积", "scope and area"),
        "duty": Text("义务", "duty"),
        "term": Text("期限", "term"),
    },
}
"""Items a contract must hold, by the name a programme file gives for a set of them; a file may add its own."""

REASONS: dict[str, Text] = {
    "": Text("足额应付", "owed in full"),
    "back_payment": Text("以前年度到期，本年一次补发", "due in an earlier year, paid once this year"),
    "reinspected": Text("复验合格的差额面积，本年补付", "area accepted at the re-inspection, paid this year"),
    "partly_accepted": Text("按合格面积支付", "paid on the area accepted"),
    "part_of_year": Text("按月折算", "part of the year"),
    "overlay_cut": Text("扣除不得纳入的地面", "ground that may not be in the programme is left out"),
    "stacked_cut": Text("扣除已由其他项目补偿的地面", "ground another programme pays for is left out"),
    "disputed": Text("权属有争议，暂存", "title is disputed: kept in escrow"),
    "not_inspected": Text("尚未验收，暂不能付", "not inspected yet: not payable yet"),
    "not_confirmed": Text("验收尚未经上级确认，暂不能付", "not confirmed by the level above yet: not payable yet"),
    "no_certificate": Text("尚未发验收合格证，暂不能付", "no certificate of acceptance yet: not payable yet"),
    "survival_unknown": Text("没有成活率，暂不能付", "no rate of survival: not payable yet"),
    "survival_low": Text("成活率未达标，补植复验后再付", "survival below the standard: payable after replanting and re-inspection"),
    "rejected": Text("验收不合格，复验后再付", "not accepted: payable after re-inspection"),
    "suspended": Text("合同中止，暂不能付", "the contract is suspended: not payable yet"),
    "breached": Text("违约，不予支付", "in breach: not payable"),
    "stopped": Text("发现应停止补助的行为", "an act was found that stops the subsidy"),
    "no_contract": Text("没有有效合同", "no valid contract"),
    "not_in_force": Text("合同未生效或已终止", "the contract is not in force"),
    "no_right": Text("没有可支付的清楚权利", "no clear right that can be paid"),
    "not_the_holder": Text("签订人不持有该地块的权利", "who signed holds no right on the parcel"),
    "village_body": Text("不得付给村集体", "a village body may not be paid"),
    "kind_of_holder": Text("受偿人类型不在范围内", "not a kind of recipient this pays"),
    "unknown_holder": Text("权利人不在登记中", "its holder is not registered"),
    "unknown_parcel": Text("地块不在生效的版次中", "its parcel is not in the edition in force"),
    "land_class": Text("地类不在范围内", "land of this class is not in the programme"),
    "class_unknown": Text("没有实施前地类", "the land class before is not recorded"),
    "ecosystem": Text("生态系统不在范围内", "this ecosystem is not in the programme"),
    "slope": Text("坡度不在范围内", "too flat for the programme"),
    "slope_unknown": Text("没有坡度", "the slope is not recorded"),
    "red_line": Text("红线内外不符", "on the wrong side of the red line"),
    "owner": Text("土地权属不在范围内", "land of this owner is not in the programme"),
    "region": Text("地区不在范围内", "this region is not in the programme"),
    "layer": Text("林地图层属性不符", "the forest layer says otherwise"),
    "variant": Text("措施类型不认识", "what is done there is not of the programme"),
    "enrolled_outside": Text("签订日不在纳入期内", "it was agreed outside the time of enrolment"),
    "no_term": Text("没有期限起始日", "no day on which the term began"),
    "no_rate": Text("没有标准", "there is no rate"),
    "no_area": Text("没有面积", "it has no area"),
    "no_base": Text("没有计算基数", "no base sum is recorded"),
    "stacked": Text("同一地面已由其他项目补偿", "another programme pays for the same ground"),
    "stacked_open": Text(
        "另一项目对同一地面的款项未定，暂不能付",
        "another programme's claim to the same ground is not decided: not payable yet",
    ),
    "paid_before": Text("已经支付过", "paid before"),
    "second_household": Text("一户只付一次", "a household is paid once"),
    "overlay": Text("全部落在不得纳入的地面", "all of it lies on ground that may not be in the programme"),
}
"""Why a row is as it is; the empty code means that nothing needs to be said."""

WAITING = frozenset(
    (
        "not_inspected",
        "not_confirmed",
        "no_certificate",
        "survival_unknown",
        "survival_low",
        "rejected",
        "suspended",
        "stacked_open",
    )
)
"""Reasons for which a row is not payable *yet*: it stays a claim and is paid when the reason is gone."""
REFUSED = frozenset(("survival_low", "rejected"))
"""Of these, the reasons of ground that was judged and not accepted: it stands against no other programme."""
ADDED = frozenset(("", "back_payment", "reinspected", "partly_accepted", "part_of_year", "overlay_cut", "stacked_cut"))
"""Reasons of rows that are paid."""
PAYING_STATES = ("in_force",)
"""States of a contract in which its programme pays."""
KEEPING_STATES = ("in_force", "suspended", "breached")
"""States in which a contract still binds its ground: its rows are told, if not paid."""
