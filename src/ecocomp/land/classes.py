"""Three code schemes of land classes that look alike, told apart, and what each code means for an ecosystem.

For those who take in survey layers. The schemes are the working classes of the Third National Land Survey
(TD/T 1057-2020), the land-use classes of GB/T 21010-2017, and the land-and-sea use classes for spatial planning of
2023. `0501` is a shop in the second, a forest swamp in the third, and nothing in the first: whoever pays for a forest
swamp has to know which list a file follows.

The tables stand here and not among the dated rules, because a code list is fixed by its standard: nobody at a county
desk may change what `0301` means; classes of a layer's own are given in its mapping file.
Confidence (see `terms.confidence`): `CONFIDENCE`. Conversions are design choices of this project (D).
References: TD/T 1057-2020; GB/T 21010-2017; guideline of the Ministry of Natural Resources on land and sea use
classes, November 2023.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from ecocomp.terms.codes import ECOSYSTEMS, LAND_CLASSES
from ecocomp.terms.faults import Fault
from ecocomp.terms.text import Text

SURVEY, GBT, MNR, HJ1172, OWN = "dltb-2020", "gbt-21010-2017", "mnr-2023", "hj1172", "own"
SCHEMES: dict[str, Text] = {
    SURVEY: Text("第三次国土调查工作分类（TD/T 1057-2020）", "working classes of the Third National Land Survey (TD/T 1057-2020)"),
    GBT: Text("土地利用现状分类（GB/T 21010-2017）", "land-use classes of GB/T 21010-2017"),
    MNR: Text("国土空间用地用海分类（2023）", "land-and-sea use classes of 2023"),
    HJ1172: Text("生态系统分类（HJ 1172-2021）", "ecosystem classes of HJ 1172-2021"),
    OWN: Text("图层自有的地类", "classes of the layer's own"),
}
CONFIDENCE: dict[str, tuple[str, str]] = {
    SURVEY: ("v", "class lists of the survey; 1208 from two programs that meet it in change surveys"),
    GBT: (
        "v",
        "read in the list of a public program; the table adds up to the 73 classes the standard has. Remembered (M): the names"
        " of 0807 and 0809, which that program spells otherwise (both spellings pass). A program for land sales numbers 0802-0807"
        " otherwise and was not followed",
    ),
    MNR: ("v", "two public planning programs agree"),
    HJ1172: ("M", "names of the second level remembered from annex A"),
}  # fmt: skip

# The classes that may carry a letter: K "can be turned back to cropland" (not a property of the ecosystem),
# A a variant of its own.
K_NAMES: dict[str, Text] = {
    "0201": Text("可调整果园", "adjustable orchard"),
    "0202": Text("可调整茶园", "adjustable tea garden"),
    "0203": Text("可调整橡胶园", "adjustable rubber garden"),
    "0204": Text("可调整其他园地", "adjustable other garden"),
    "0301": Text("可调整乔木林地", "adjustable arbor forest"),
    "0302": Text("可调整竹林地", "adjustable bamboo forest"),
    "0307": Text("可调整其他林地", "adjustable other forest"),
    "0403": Text("可调整人工牧草地", "adjustable artificial pasture"),
    "1104": Text("可调整养殖坑塘", "adjustable fish pond"),
}
A_NAMES: dict[str, Text] = {
    "08H2": Text("高教用地", "higher education land"),
    "0810": Text("广场用地", "square"),
    "1104": Text("养殖坑塘", "fish pond"),
    "1107": Text("干渠", "trunk canal"),
}

_GBT_MORE = """
0501 零售商业用地|retail|05H1
0502 批发市场用地|wholesale market|05H1
0503 餐饮用地|catering|05H1
0504 旅馆用地|hotel|05H1
0505 商务金融用地|business and finance|05H1
0506 娱乐用地|entertainment|05H1
0507 其他商服用地|other commercial land|05H1
0604 仓储用地|storage|0508
0801 机关团体用地|public bodies|08H1
0802 新闻出版用地|press and publishing|08H1
0803 教育用地|education|08H2
0804 科研用地|research|08H2
0805 医疗卫生用地|health|08H2
0806 社会福利用地|social welfare|08H2
0807 文化设施用地|culture|08H2
0808 体育用地|sports|08H2
0901 军事设施用地|military|09
0902 使领馆用地|embassies|09
0903 监教场所用地|prisons|09
0904 宗教用地|religion|09
0905 殡葬用地|burial|09
0906 风景名胜设施用地|scenic facilities|09
"""
_GBT_WITHOUT = ("05H1", "0508", "08H1", "08H2", "09")
# code, names, survey class that means the same (or `=` and an ecosystem where only that is sure, `-` where nothing is)
_MNR = """
0101 水田|paddy field|0101
0102 水浇地|irrigated land|0102
0103 旱地|dry land|0103
0201 果园|orchard|0201
0202 茶园|tea garden|0202
0203 橡胶园地|rubber garden|0203
0204 油料园地|oil-crop garden|0204
0205 其他园地|other garden|0204
0301 乔木林地|arbor forest|0301
0302 竹林地|bamboo forest|0302
0303 灌木林地|shrub land|0305
0304 其他林地|other forest|0307
0401 天然牧草地|natural pasture|0401
0402 人工牧草地|artificial pasture|0403
0403 其他草地|other grassland|0404
0501 森林沼泽|forest swamp|0304
0502 灌丛沼泽|shrub swamp|0306
0503 沼泽草地|marsh grassland|0402
0504 其他沼泽地|other marsh|1108
0505 沿海滩涂|coastal mudflat|1105
0506 内陆滩涂|inland mudflat|1106
0507 红树林地|mangrove|0303
0601 农村道路|rural road|1006
060101 村道用地|village road|1006
060102 田间道|field track|1006
0602 设施农用地|facility agriculture|1202
060201 种植设施建设用地|crop facilities|1202
060202 畜禽养殖设施建设用地|livestock facilities|1202
060203 水产养殖设施建设用地|aquaculture facilities|1202
0701 城镇住宅用地|urban housing|0701
070101 一类城镇住宅用地|urban housing, class 1|0701
070102 二类城镇住宅用地|urban housing, class 2|0701
070103 三类城镇住宅用地|urban housing, class 3|0701
0702 城镇社区服务设施用地|urban community services|=61
0703 农村宅基地|rural homestead|0702
070301 一类农村宅基地|rural homestead, class 1|0702
070302 二类农村宅基地|rural homestead, class 2|0702
0704 农村社区服务设施用地|rural community services|=61
0801 机关团体用地|public bodies|08H1
0802 科研用地|research|08H2
0803 文化用地|culture|08H2
080301 图书与展览用地|libraries and exhibitions|08H2
080302 文化活动用地|cultural activities|08H2
0804 教育用地|education|08H2
080401 高等教育用地|higher education|08H2
080402 中等职业教育用地|vocational schools|08H2
080403 中小学用地|schools|08H2
080404 幼儿园用地|kindergartens|08H2
080405 其他教育用地|other education|08H2
0805 体育用地|sports|08H2
080501 体育场馆用地|stadiums|08H2
080502 体育训练用地|training grounds|08H2
0806 医疗卫生用地|health|08H2
080601 医院用地|hospitals|08H2
080602 基层医疗卫生设施用地|local health facilities|08H2
080603 公共卫生用地|public health|08H2
0807 社会福利用地|social welfare|08H2
080701 老年人社会福利用地|welfare of the old|08H2
080702 儿童社会福利用地|welfare of children|08H2
080703 残疾人社会福利用地|welfare of the disabled|08H2
080704 其他社会福利用地|other social welfare|08H2
0901 商业用地|commerce|05H1
090101 零售商业用地|retail|05H1
090102 批发市场用地|wholesale market|05H1
090103 餐饮用地|catering|05H1
090104 旅馆用地|hotel|05H1
090105 公用设施营业网点用地|service outlets of utilities|05H1
0902 商务金融用地|business and finance|05H1
0903 娱乐用地|entertainment|05H1
0904 其他商业服务业用地|other commerce and services|05H1
1001 工业用地|industry|0601
100101 一类工业用地|industry, class 1|0601
100102 二类工业用地|industry, class 2|0601
100103 三类工业用地|industry, class 3|0601
1002 采矿用地|mining|0602
1003 盐田|salt pan|0603
1101 物流仓储用地|logistics and storage|0508
110101 一类物流仓储用地|logistics and storage, class 1|0508
110102 二类物流仓储用地|logistics and storage, class 2|0508
110103 三类物流仓储用地|logistics and storage, class 3|0508
1102 储备库用地|reserve depots|0508
1201 铁路用地|railway|1001
1202 公路用地|road|1003
1203 机场用地|airport|1007
1204 港口码头用地|port|1008
1205 管道运输用地|pipeline|1009
1206 城市轨道交通用地|urban rail|1002
1207 城镇村道路用地|street|1004
1208 交通场站用地|stations|1005
120801 对外交通场站用地|stations for travel abroad|1005
120802 公共交通场站用地|public transport stations|1005
120803 社会停车场用地|public car parks|1005
1209 其他交通设施用地|other transport facilities|=63
1301 供水用地|water supply|0809
1302 排水用地|drainage|0809
1303 供电用地|power supply|0809
1304 供燃气用地|gas supply|0809
1305 供热用地|heat supply|0809
1306 通信用地|communication|0809
1307 邮政用地|post|0809
1308 广播电视设施用地|broadcasting|0809
1309 环卫用地|sanitation|0809
1310 消防用地|fire service|0809
1311 水工设施用地|hydraulic works|1109
1312 其他公用设施用地|other utilities|0809
1401 公园绿地|park|0810
1402 防护绿地|protective green|0810
1403 广场用地|square|0810A
1501 军事设施用地|military|09
1502 使领馆用地|embassies|09
1503 宗教用地|religion|09
1504 文物古迹用地|monuments|09
1505 监教场所用地|prisons|09
1506 殡葬用地|burial|09
1507 其他特殊用地|other special land|09
16 留白用地|land left open|-
1701 河流水面|river|1101
1702 湖泊水面|lake|1102
1703 水库水面|reservoir|1103
1704 坑塘水面|pond|1104
1705 沟渠|ditch|1107
1706 冰川及常年积雪|glacier and permanent snow|1110
1801 渔业基础设施用海|sea, fishery facilities|-
1802 增养殖用海|sea, aquaculture|-
1803 捕捞海域|sea, fishing grounds|-
1804 农林牧业用岛|islands for farming|-
1901 工业用海|sea, industry|-
1902 盐田用海|sea, salt pans|-
1903 固体矿产用海|sea, solid minerals|-
1904 油气用海|sea, oil and gas|-
1905 可再生能源用海|sea, renewable energy|-
1906 海底电缆管道用海|sea, cables and pipelines|-
2001 港口用海|sea, ports|-
2002 航运用海|sea, shipping|-
2003 路桥隧道用海|sea, bridges and tunnels|-
2004 机场用海|sea, airports|-
2005 其他交通运输用海|sea, other transport|-
2101 风景旅游用海|sea, tourism|-
2102 文体休闲娱乐用海|sea, leisure|-
2201 军事用海|sea, military|-
2202 科研教育用海|sea, research and teaching|-
2203 海洋保护修复及海岸防护工程用海|sea, protection works|-
2204 排污倾倒用海|sea, discharge and dumping|-
2205 水下文物保护用海|sea, underwater monuments|-
2206 其他特殊用海|sea, other special use|-
2301 空闲地|vacant land|1201
2302 后备耕地|cropland in reserve|-
2303 田坎|field ridge|1203
2304 盐碱地|saline land|1204
2305 沙地|sandy land|1205
2306 裸土地|bare soil|1206
2307 裸岩石砾地|bare rock|1207
24 其他海域|other sea|-
"""


@dataclass(frozen=True, slots=True)
class LandClass:
    """One class of a scheme: its code and names, the survey class and the ecosystem it stands for (None: none is sure)."""

    code: str
    name: Text
    survey: str | None
    ecosystem: str | None


@dataclass(frozen=True, slots=True)
class Told:
    """Which scheme codes follow: None where that cannot be said; why, for people; what is wrong."""

    scheme: str | None
    evidence: tuple[Text, ...]
    faults: tuple[Fault, ...]


@cache
def table(scheme: str) -> Mapping[str, LandClass]:
    """Return the classes of a scheme by code, with the letters K and A where the survey has them; empty for `own`."""
    if scheme == SURVEY:
        return _survey_table()
    if scheme == GBT:
        same_code = {c: k for c, k in _survey_table().items() if c not in _GBT_WITHOUT and c.isdigit() and c != "1208"}
        return same_code | _read(_GBT_MORE)
    if scheme == MNR:
        return _read(_MNR)
    if scheme == HJ1172:
        return {c: LandClass(c, name, None, c) for c, name in ECOSYSTEMS.items()}
    return {}


def class_text(code: str) -> Text:
    """Return the name of a class of the survey, with its letter (K, A); empty for another code.

    >>> class_text("0810A").zh, class_text("0810").zh, class_text("FOREST").zh
    ('广场用地', '公园与绿地', '')
    """
    if code in LAND_CLASSES:
        return LAND_CLASSES[code][0]
    return {"K": K_NAMES, "A": A_NAMES}.get(code[-1:], {}).get(code[:-1], Text("", ""))


def _survey_table() -> dict[str, LandClass]:
    made = {c: LandClass(c, name, c, eco) for c, (name, eco) in LAND_CLASSES.items()}
    for letter, names in (("K", K_NAMES), ("A", A_NAMES)):
        made |= {c + letter: LandClass(c + letter, name, c + letter, LAND_CLASSES[c][1]) for c, name in names.items()}
    # Met in change surveys since 2022; what grows on it is open, so that no ecosystem can be read from the code.
    return made | {"1208": LandClass("1208", Text("后备耕地", "cropland in reserve"), "1208", None)}


def _read(lines: str) -> dict[str, LandClass]:
    found: dict[str, LandClass] = {}
    for line in lines.strip().splitlines():
        words, english, to = line.split("|")
        code, chinese = words.split(" ", 1)
        survey = to if to[0] not in "=-" else None
        eco = to[1:] if to[0] == "=" else _ecosystem_of_survey(survey)
        found[code] = LandClass(code, Text(chinese, english), survey, eco)
    return found


def _ecosystem_of_survey(code: str | None) -> str | None:
    return None if code is None else LAND_CLASSES[code if code in LAND_CLASSES else code[:-1]][1]


def convert(scheme: str, code: str, own: Mapping[str, str] | None = None) -> tuple[str, str] | None:
    """Return (class to store, ecosystem) of a code: the survey class where one means the same, else the ecosystem's own code.

    own     ecosystem of classes of the layer's own; it goes before the tables
    None    the scheme does not know the code, or no ecosystem is sure

    >>> convert("mnr-2023", "0501"), convert("gbt-21010-2017", "0501"), convert("dltb-2020", "0501")
    (('0304', '41'), ('05H1', '61'), None)
    """
    if own and code in own:
        return code, own[code]
    found = table(scheme).get(code)
    if found is None or found.ecosystem is None:
        return None
    return found.survey or found.ecosystem, found.ecosystem


def why_not(scheme: str, code: str, where: str, record: str) -> Fault:
    """Return the fault of a code for which `convert` has no answer, saying which list does know it."""
    found = table(scheme).get(code)
    if found is not None:
        return _open_class(found, scheme, where, record)
    base, letter = (code[:-1], code[-1]) if code[-1:] in ("K", "A") else (code, "")
    if letter and base in table(scheme):
        return _bad_letter(base, letter, where, record)
    others = [s for s in (SURVEY, GBT, MNR, HJ1172) if s != scheme and code in table(s)]
    there = [
        Text(f"{SCHEMES[s].zh}为“{table(s)[code].name.zh}”", f"in the {SCHEMES[s].en} it is {table(s)[code].name.en}")
        for s in others
    ]
    also = (
        Text("；".join(t.zh for t in there), "; ".join(t.en for t in there)) if there else Text("各分类中都没有", "no list has it")
    )
    clash = Text("地类“{c}”不在{s}中（{a}）。", "the land class “{c}” is not among the {s} ({a}).")
    return _fault(
        "unknown_class", where, record, clash.fill(c=code, s=SCHEMES.get(scheme, Text(scheme, scheme)), a=also), _SAY_SCHEME
    )


_SAY_SCHEME = Text(
    "请改正代码；若图层用的是另一种分类，请在映射文件中写明 scheme，或在 [classes] 中写出该代码对应的生态系统。",
    "Correct the code; if the layer follows another list, say which as `scheme` in the mapping file, or give the code its"
    " ecosystem under [classes].",
)


def _open_class(found: LandClass, scheme: str, where: str, record: str) -> Fault:
    clash = Text("地类 {c}（{n}）没有确定的生态系统（{s}）。", "class {c} ({n}) names no certain ecosystem ({s}).")
    remedy = Text(
        "请按实地在映射文件的 [classes] 中写出其生态系统代码，或不纳入该图斑。",
        "Give its ecosystem, as found on the ground, under [classes] of the mapping file, or leave the patch out.",
    )
    return _fault("open_class", where, record, clash.fill(c=found.code, n=found.name, s=SCHEMES[scheme]), remedy)


def _bad_letter(base: str, letter: str, where: str, record: str) -> Fault:
    allowed = ", ".join(c + letter for c in (K_NAMES if letter == "K" else A_NAMES))
    clash = Text("地类 {b} 不能带后缀 {l}；可带的是 {a}。", "class {b} cannot carry the letter {l}; these can: {a}.")
    remedy = Text("请删去后缀或改正代码。", "Delete the letter or correct the code.")
    return _fault("bad_class_letter", where, record, clash.fill(b=base, l=letter, a=allowed), remedy)


def name_agrees(scheme: str, code: str, name: str) -> bool:
    """Return whether a name is the one of a code: its own, that of the class without its letter, or an older spelling."""
    found = table(scheme).get(code)
    if found is None:
        return True  # the code itself is the fault
    names = {found.name.zh}
    if code[-1:] in ("K", "A") and code[:-1] in table(scheme):
        names.add(table(scheme)[code[:-1]].name.zh)
    plain = _plain(name)
    return any(plain == _plain(n) for n in names) or _plain(_OLD_NAMES.get(plain, "")) in {_plain(n) for n in names}


_OLD_NAMES = {
    "公园绿": "公园与绿地",
    "河流": "河流水面",
    "湖泊": "湖泊水面",
    "水库": "水库水面",
    "坑塘": "坑塘水面",
    "文体设施": "文化设施用地",
    "公共设施": "公用设施用地",
}  # as `_plain` leaves them


def _plain(name: str) -> str:
    return name.strip().replace(" ", "").removesuffix("用地").removesuffix("地")


def codes_named(scheme: str, name: str) -> list[str]:
    """Return the codes of a scheme that bear this name."""
    plain = _plain(name)
    return [c for c, k in table(scheme).items() if _plain(k.name.zh) == plain]


def tell_scheme(
    codes: Iterable[str], names: Iterable[str | None] | None = None, where: str = "", *, own: Iterable[str] = ()
) -> Told:
    """Say which of the schemes codes follow, from codes that only one has and from names where codes collide.

    codes  one per row, or a sample of rows, or distinct ones
    names  the name beside each code (DLMC), if the layer has it
    own    codes that the mapping itself explains; they prove nothing
    """
    counted = (
        Counter((c, n or "") for c, n in zip(codes, names, strict=True)) if names is not None else Counter((c, "") for c in codes)
    )
    return tell_counted(counted, where, own=own)


def tell_counted(counted: Counter[tuple[str, str]], where: str = "", *, own: Iterable[str] = ()) -> Told:
    """Say the same from how often each (code, name) occurs; the name may be empty."""
    known = set(own)
    pairs = Counter({(c, n): k for (c, n), k in counted.items() if c and c not in known})
    total = sum(pairs.values())
    if not total:
        return Told(None, (), (_nothing_to_tell(where),))
    against = {s: _against(s, pairs) for s in (SURVEY, GBT, MNR, HJ1172)}
    order = sorted(against, key=lambda s: (sum(against[s].values()), list(SCHEMES).index(s)))
    best = order[0]
    if 2 * sum(against[best].values()) > total:
        return Told(None, (), (_no_scheme(pairs, where),))
    near = sum(against[best].values()) + total // 1000  # one stray code in a thousand decides nothing
    rivals = [s for s in order[1:] if sum(against[s].values()) <= near and not _same_meaning(best, s, pairs)]
    if rivals and against[best]:
        return Told(None, (), (_mixed(best, rivals[0], against[best], where),))
    if rivals:
        return Told(None, (), (_ambiguous([best, *rivals], pairs, where),))
    evidence = tuple(_evidence(best, s, against[s], total) for s in order[1:] if against[s])
    strangers = {s: n for s in order[1:] if (n := _only_in(s, best, against[best])) and 5 * n >= total}
    faults = tuple(_mixed(best, s, against[best], where) for s in strangers)
    return Told(None if faults else best, evidence or (_all_the_same(best),), faults)


def misfits(scheme: str, counted: Counter[tuple[str, str]]) -> int:
    """Return how many rows hold a code the scheme has not, or a name that is not the one of the code."""
    return _against(scheme, counted).total()


def _against(scheme: str, pairs: Counter[tuple[str, str]]) -> Counter[tuple[str, str]]:
    """The rows that speak against a scheme: codes it has not, and names that are not those of the code."""
    known = table(scheme)
    return Counter({(c, n): k for (c, n), k in pairs.items() if c not in known or (n and not name_agrees(scheme, c, n))})


def _same_meaning(a: str, b: str, pairs: Counter[tuple[str, str]]) -> bool:
    return all(convert(a, c) == convert(b, c) for c, _ in pairs)


def _only_in(scheme: str, other: str, misfits: Counter[tuple[str, str]]) -> int:
    return sum(k for (c, _), k in misfits.items() if c in table(scheme) and c not in table(other))


def _shown(pairs: Iterable[tuple[str, str]], most: int = 5) -> str:
    return ", ".join(dict.fromkeys(f"{c} {n}".strip() for c, n in sorted(pairs)[:most]))


def _evidence(best: str, other: str, misfits: Counter[tuple[str, str]], total: int) -> Text:
    return Text(
        "{k} 条中有 {n} 条不合{o}（如 {c}），故为{b}。", "{n} of {k} rows do not fit the {o} (such as {c}), so they are {b}."
    ).fill(k=total, n=sum(misfits.values()), o=SCHEMES[other], b=SCHEMES[best], c=_shown(misfits, 3))


def _all_the_same(best: str) -> Text:
    return Text("所用代码在各分类中含义相同，按{b}读。", "the codes used mean the same in every list; they are read as {b}.").fill(
        b=SCHEMES[best]
    )


def _nothing_to_tell(where: str) -> Fault:
    return _fault("no_classes", where, "", Text("没有任何地类代码。", "there is no land-class code at all."), _SAY_SCHEME)


def _no_scheme(pairs: Counter[tuple[str, str]], where: str) -> Fault:
    clash = Text("地类代码（如 {c}）不合任何一种已知分类。", "the land-class codes (such as {c}) follow none of the known lists.")
    return _fault("no_scheme", where, "", clash.fill(c=_shown(pairs)), _SAY_SCHEME)


def _ambiguous(schemes: list[str], pairs: Counter[tuple[str, str]], where: str) -> Fault:
    differ = [c for c, _ in sorted(pairs) if len({convert(s, c) for s in schemes}) > 1]
    shown = "; ".join(
        dict.fromkeys(f"{c} = " + " / ".join(table(s)[c].name.zh for s in schemes if c in table(s)) for c in differ[:3])
    )
    english = "; ".join(
        dict.fromkeys(f"{c} = " + " / ".join(table(s)[c].name.en for s in schemes if c in table(s)) for c in differ[:3])
    )
    lists = Text("、".join(SCHEMES[s].zh for s in schemes), "; ".join(SCHEMES[s].en for s in schemes))
    clash = Text("地类代码同时符合 {s}，含义却不同：{d}。", "the codes fit more than one list ({s}) with different meanings: {d}.")
    return _fault("ambiguous_scheme", where, "", clash.fill(s=lists, d=Text(shown, english)), _SAY_SCHEME)


def _mixed(best: str, other: str, misfits: Counter[tuple[str, str]], where: str) -> Fault:
    alien = [(c, n) for c, n in misfits if c in table(other) and c not in table(best)]
    clash = Text("多数地类代码属于{b}，但 {c} 只见于{o}。", "most codes are {b}, but {c} are found only in the {o}.")
    remedy = Text("请把图层统一为一种分类后再导入。", "Bring the layer to one list, then import it.")
    return _fault("mixed_schemes", where, "", clash.fill(b=SCHEMES[best], o=SCHEMES[other], c=_shown(alien)), remedy)


def _fault(code: str, where: str, record: str, clash: Text, remedy: Text) -> Fault:
    return Fault(f"land.{code}", where, record, clash, remedy)
