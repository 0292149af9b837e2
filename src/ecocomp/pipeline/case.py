"""The case folder: `case.toml` and the inputs it names, read without opening any of them.

Every key is known or a fault; every fault names the key, what it says and what to write instead. The
file is the contract of `ecocomp new`, `check` and `run`; the reference page is made from `SECTIONS`.
"""

from __future__ import annotations

import difflib
import pkgutil
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from ecocomp.terms.codes import ECOSYSTEMS
from ecocomp.terms.faults import Fault
from ecocomp.terms.layers import LAYERS
from ecocomp.terms.tables import TABLES
from ecocomp.terms.text import Text
from ecocomp.terms.unseen import first_unseen

REGISTERS = (
    "village",
    "holder",
    "right",
    "contract",
    "economy",
    "envelope",
    "field_check",
    "reading",
    "wind",
    "objection",
    "credit",
    "reservoir",
    "enrolment",
    "inspection",
    "overlay",
    "paid_before",
)
FIRST_YEAR, LAST_YEAR = 1900, 2200
_MAX_BYTES = 2_000_000
_PROGRAMME = re.compile(r"[A-Za-z0-9_-]{1,40}")
PURPOSES = ("payment", "study", "assess")
NEEDED_REGISTERS = ("village", "holder", "right", "contract", "envelope")

SECTIONS: dict[str, dict[str, Text]] = {
    "case": {
        "name_zh": Text("案例中文名", "name in Chinese"),
        "name_en": Text("案例英文名", "name in English"),
        "place": Text("规则适用地（见 ecocomp rules list）", "place whose rules apply (see ecocomp rules list)"),
        "years": Text("要运行的年度", "years to run"),
        "base_year": Text(
            "评价基准年（缺省为首年的前一年）", "year the results are compared with (default: the year before the first)"
        ),
        "reference_day": Text("每年的权利基准日，月-日", "day of the year on which rights count, MM-DD"),
        "known_on": Text("已知日：只用到这一天为止记录的事", "known date: nothing recorded later is used"),
        "purpose": Text(
            "payment 支付，study 研究，或 assess 只评估服务（不需要权利人等登记表）",
            "payment, study, or assess (services only: no registers of holders and rights are needed)",
        ),
        "invented": Text("是否虚构", "whether places and people are invented"),
        "programme": Text("项目编码", "programme code"),
        "stacks_as": Text(
            "本项目在叠加规则中的编码，缺省 eco_zone", "what this programme is called in the rules of stacking, default eco_zone"
        ),
        "programmes": Text(
            "同时执行的规则文件项目（见 ecocomp programme list）", "rule-file programmes run beside it (see ecocomp programme list)"
        ),
        "services": Text("要评估的服务", "services to assess"),
        "accept_unverified": Text(
            "支付可以依据的未核实参数（键，或“前缀.*”）", "unverified parameters a payment may rest on (key, or prefix.*)"
        ),
        "map_approval": Text("审图号", "map approval number"),
        "allow_outside": Text("案例文件夹之外、允许读取的目录", "folders outside the case folder from which files may be read"),
    },
    "survey": {
        "file": Text("地块矢量文件", "vector file of parcels"),
        "layer": Text("图层名（缺省为唯一图层）", "layer (default: the only one)"),
        "parcel_id": Text("地块编码字段", "field of the parcel code"),
        "land_class": Text("地类字段", "field of the land class"),
        "village_code": Text("村代码字段", "field of the village code"),
        "declared_area": Text("登记面积字段", "field of the registered area"),
        "declared_unit": Text("登记面积的单位：m2（缺省）、mu、ha 或 dm2", "its unit: m2 (default), mu, ha or dm2"),
        "declared_area_m2": Text(
            "登记面积字段，平方米（同 declared_area）", "field of the registered area in m2 (as declared_area)"
        ),
        "classes": Text("本案地类到生态系统编码的对照", "this case's land classes to ecosystem codes"),
        "overlap_tolerance_m2": Text("可忽略的重叠，平方米", "overlap that is ignored, in m2"),
    },
    "registers": {name: TABLES[name].title for name in REGISTERS},
    "zones": {
        "function_zones": Text("功能区矢量文件", "vector file of function zones"),
        "zone_field": Text("功能区类型字段", "field of the zone type"),
        "whole": Text("整个案例属于同一类功能区时写类型", "type, when the whole case is one function zone"),
        "red_line": Text(
            "红线矢量文件，或 derive（由重要性划定）", "vector file of the red line, or derive (drawn from importance)"
        ),
        "reserves": Text("留白矢量文件", "vector file of reserves"),
        "importance_service": Text("重要性按哪项服务分级", "service whose cells are graded for importance"),
        "importance_services": Text(
            "重要性按哪些服务分级，每项功能一项（对照见规则 zoning.importance_services）",
            "services whose cells are graded for importance, one for each function (see the rule zoning.importance_services)",
        ),
        "sensitivities": Text(
            "要评估的敏感性：soil_erosion、desertification、rocky_desertification、salinisation",
            "sensitivities to assess: soil_erosion, desertification, rocky_desertification, salinisation",
        ),
        "protected": Text(
            "依法必须划入的保护地矢量文件（划定红线时用）", "vector file of ground the law puts into a line that is drawn"
        ),
        "special": Text(
            "物种栖息地、水源地等矢量文件：含有它的斑块再小也保留",
            "vector file of habitats and water sources: a patch that holds one is kept however small",
        ),
        "derive_functions": Text(
            "true：功能区由主导重要性得出，不读 function_zones", "true: function zones follow the dominant importance, not a file"
        ),
    },
    "agreements": {"files": Text("横向协议文件", "agreement files")},
    "rules": {"folders": Text("本案自己的规则目录（叠加在 ecopolicy 之上）", "this case's rule folders (laid over ecopolicy)")},
}
LAYER_KEYS: dict[str, Text] = {
    "file": Text("文件，{year} 代表年", "file; {year} stands for the year"),
    "unit": Text("单位", "unit"),
    "scale": Text("比例", "scale"),
    "offset": Text("偏移", "offset"),
    "nodata": Text("无数据值", "nodata values"),
    "bands": Text("one 单波段，month 十二个月，或 day 逐日", "one, month (twelve) or day (each day of the year)"),
    "resample": Text(
        "不在案例网格上时如何重采样：nearest、bilinear、cubic、average 或 mode；不写则报错",
        "how to resample a layer on another grid: nearest, bilinear, cubic, average or mode; without it that is a fault",
    ),
}


@dataclass(frozen=True, slots=True)
class LayerInput:
    """One declared raster variable: our own statement of unit, scale and fills stands over the file's."""

    variable: str
    file: str
    unit: str
    scale: float
    offset: float
    nodata: tuple[float, ...]
    bands: str
    resample: str = ""

    @property
    def canonical(self) -> str:
        """Return the canonical variable the values are judged as."""
        return LAYERS[self.variable][self.bands]

    @property
    def yearly(self) -> bool:
        """Return whether there is one file per year."""
        return "{year}" in self.file

    def path(self, folder: Path, year: int) -> Path:
        """Return the file of a year (of any year when the layer is static)."""
        return folder / self.file.replace("{year}", str(year))


@dataclass(frozen=True)
class Case:
    """A case as declared; nothing is opened yet."""

    folder: Path
    name: Text
    place: str
    years: tuple[int, ...]
    base_year: int
    reference_day: str
    known_on: date
    purpose: str
    invented: bool
    programme: str
    stacks_as: str
    programmes: tuple[str, ...]
    services: tuple[str, ...]
    accept_unverified: tuple[str, ...]
    map_approval: str
    survey: Mapping[str, Any]
    registers: Mapping[str, str]
    zones: Mapping[str, Any]
    layers: Mapping[str, LayerInput]
    agreements: tuple[str, ...]
    rule_folders: tuple[Path, ...] = field(default_factory=tuple)
    scratch_folder: Path | None = None
    allow_outside: tuple[Path, ...] = ()

    @property
    def scratch(self) -> Path:
        """Return where caches and unfinished work live; a rerun puts them elsewhere so as to share nothing."""
        return self.scratch_folder or self.folder / ".ecocomp"

    def reference_date(self, year: int) -> date:
        """Return the day of `year` on which rights and rules count."""
        month, day = self.reference_day.split("-")
        return date(year, int(month), int(day))

    def years_of(self, variable: str) -> list[int]:
        """Return the years for which a yearly layer has a file, ascending; [] if there is none or it is static."""
        layer = self.layers.get(variable)
        if layer is None or not layer.yearly:
            return []
        head, _, tail = Path(layer.file).name.partition("{year}")
        folder = (self.folder / layer.file).parent
        found = []
        for p in folder.glob(f"{head}*{tail}") if folder.is_dir() else ():
            middle = p.name[len(head) : len(p.name) - len(tail)]
            if middle.isdigit() and len(middle) == 4:
                found.append(int(middle))
        return sorted(found)


def points_outside(folder: Path, file: str | Path, allowed: Iterable[Path] = ()) -> Path | None:
    """Return where a file that a case names really lies if that is outside the case folder; None if it is inside.

    Links are followed. A file in one of the `allowed` folders counts as inside. A name that cannot be followed
    (a link to itself, a name no system takes) counts as outside.
    """
    named = folder / file
    try:
        real = named.resolve()
        inside = any(real.is_relative_to(place.resolve()) for place in (folder, *allowed))
    except (OSError, RuntimeError, ValueError):
        return named
    return None if inside else real


def outside_fault(where: str, key: str, real: Path) -> Fault:
    """Return the fault of a file that lies outside the case folder; nothing of the file itself is told."""
    return Fault(
        "case.outside",
        where,
        key,
        Text("{k} 指向案例文件夹之外：{p}。", "{k} points outside the case folder: {p}.").fill(k=key, p=real),
        Text(
            "把文件放进案例文件夹；确要读取时，在 [case] allow_outside 中写明所在目录。",
            "Put the file into the case folder; if it must be read there, name its folder in [case] allow_outside.",
        ),
    )


def load_case(folder: Path) -> tuple[Case | None, list[Fault]]:
    """Read `case.toml`; return the case (None if it cannot be used at all) and all faults of the file itself."""
    path = folder / "case.toml"
    if not path.is_file():
        return None, [
            _fault(
                "case.none",
                "",
                Text("{f} 里没有 case.toml。", "There is no case.toml in {f}.").fill(f=folder),
                Text("用 ecocomp new 新建案例，或给出案例文件夹。", "Make a case with ecocomp new, or name a case folder."),
            )
        ]
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise ValueError
        text = path.read_text(encoding="utf-8")
        raw = tomllib.loads(text)
    except UnicodeDecodeError:
        return None, [
            _fault(
                "case.encoding",
                "",
                Text("case.toml 不是 UTF-8。", "case.toml is not UTF-8."),
                Text("用 UTF-8 另存。", "Save it as UTF-8."),
            )
        ]
    except tomllib.TOMLDecodeError as error:
        return None, [
            _fault(
                "case.syntax",
                "",
                Text(f"case.toml 写法有误：{error}。", f"case.toml cannot be read: {error}."),
                Text("更正所指的行。", "Mend the line it names."),
            )
        ]
    except (ValueError, RecursionError):  # a number of thousands of digits, brackets in thousands
        clash = Text(
            "case.toml 过大，或有过长的数、过深的嵌套。", "case.toml is too large, or holds a number too long or nests too deep."
        )
        return None, [_fault("case.syntax", "", clash, Text("按 ecocomp new 的样式书写。", "Write it as ecocomp new does."))]
    reader = _Reader(raw, text)
    case = _build(folder, reader)
    return (None if any(f.code == "case.unusable" for f in reader.faults) else case), reader.faults


class _Reader:
    """Typed access to the raw TOML that collects faults instead of raising."""

    def __init__(self, raw: dict[str, Any], text: str) -> None:
        self.raw, self.text, self.faults = raw, text, []  # type: ignore[var-annotated]
        known = {*SECTIONS, "layers"}
        for name, section in raw.items():
            if name not in known:
                self.unknown(name, known)
            elif name in SECTIONS and isinstance(section, dict):
                for key in section:
                    if key not in SECTIONS[name]:
                        self.unknown(f"{name}.{key}", [f"{name}.{k}" for k in SECTIONS[name]])
            elif not isinstance(section, dict):
                self.fault(
                    "case.unusable",
                    name,
                    Text("应是一个 [段落]。", "It should be a [section]."),
                    Text("写成 [{n}]。", "Write [{n}].").fill(n=name),
                )
        self.raw = {name: section for name, section in raw.items() if isinstance(section, dict)}
        for key, value in _texts_in(self.raw):
            code = first_unseen(value)
            if code:
                self.fault(
                    "case.unseen",
                    key,
                    Text("{k} 含有不可见的字符 {c}。", "{k} holds the unseen character {c}.").fill(k=key, c=code),
                    Text("删去它后重写。", "Write it again without that character."),
                )

    def fault(self, code: str, key: str, clash: Text, remedy: Text) -> None:
        self.faults.append(_fault(code, self._line(key), clash, remedy))

    def _line(self, key: str) -> str:
        last = key.rpartition(".")[2]
        for number, line in enumerate(self.text.splitlines(), 1):
            if line.strip().startswith((f"{last} ", f"{last}=", f"[{key}", f'"{last}"')):
                return f"line {number} {key}"
        return key

    def unknown(self, key: str, known: Any) -> None:
        near = next(iter(difflib.get_close_matches(key, list(known), 1)), "")
        self.fault(
            "case.unknown_key",
            key,
            Text("不认识的键 {k}。", "Unknown key {k}.").fill(k=key),
            Text("最相近的是 {n}。", "The nearest known key is {n}.").fill(n=near or "—"),
        )

    def get(self, section: str, key: str, kind: type | tuple[type, ...], default: Any = None, *, needed: bool = False) -> Any:
        value = self.raw.get(section, {}).get(key) if isinstance(self.raw.get(section, {}), dict) else None
        if value is None:
            if needed:
                self.fault(
                    "case.unusable",
                    f"{section}.{key}",
                    Text("缺少 {s}.{k}（{m}）。", "{s}.{k} is missing ({m}).").fill(s=section, k=key, m=SECTIONS[section][key]),
                    Text("补上它。", "Add it."),
                )
            return default
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is int):
            self.fault(
                "case.unusable" if needed else "case.type",
                f"{section}.{key}",
                Text("{s}.{k} 的值 {v} 类型不对。", "{s}.{k} is {v}, which has the wrong type.").fill(
                    s=section, k=key, v=_said(value)
                ),
                Text("应为：{m}。", "It should be: {m}.").fill(m=SECTIONS[section][key]),
            )
            return default
        return value

    def number(self, section: Mapping[str, Any], name: str, key: str, default: float) -> float:
        """Return a number of a section, or the default with a fault if it is something else."""
        value = section.get(key, default)
        if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300:
            return float(value)
        self.fault(
            "case.type",
            f"{name}.{key}",
            Text("{n}.{k} 的值 {v} 不是数。", "{n}.{k} is {v}, which is no number.").fill(n=name, k=key, v=_said(value)),
            Text("写一个数，如 0.1，不加引号。", "Write a number such as 0.1, without quotes."),
        )
        return default

    def texts(self, section: str, key: str) -> list[str]:
        """Return a list of texts; members that are something else are faults."""
        found = self.get(section, key, list, [])
        for value in found:
            if not isinstance(value, str):
                self.fault(
                    "case.type",
                    f"{section}.{key}",
                    Text("{s}.{k} 里的 {v} 不是文字。", "{v} in {s}.{k} is no text.").fill(s=section, k=key, v=_said(value)),
                    Text("写在引号里。", "Write it in quotes."),
                )
        return [v for v in found if isinstance(v, str)]

    def year(self, key: str, value: Any) -> int | None:
        """Return a year, or None with a fault when the value is none that a case can have."""
        if isinstance(value, int) and not isinstance(value, bool) and FIRST_YEAR <= value <= LAST_YEAR:
            return value
        self.fault(
            "case.year",
            f"case.{key}",
            Text("{k} 里的 {v} 不是年份。", "{v} in {k} is no year.").fill(k=key, v=_said(value)),
            Text("写 {a} 到 {b} 之间的整数。", "Write a whole number from {a} to {b}.").fill(a=FIRST_YEAR, b=LAST_YEAR),
        )
        return None


def _texts_in(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Yield every text of the file, keys of tables included, with the key it stands under."""
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, dict):
        for name, item in value.items():
            under = f"{key}.{name}" if key else name
            yield key, name
            yield from _texts_in(item, under)
    elif isinstance(value, list):
        for item in value:
            yield from _texts_in(item, key)


def _said(value: Any) -> str:
    """Return a value as a fault shows it: short, whatever it is."""
    text = value if isinstance(value, str) else f"{value!r}"
    return text if len(text) <= 40 else f"{text[:39]}…"


def _years(r: _Reader) -> tuple[int, ...]:
    """Return the years to run, ascending, each once; what is no year or stands twice is a fault."""
    found = [r.year("years", y) for y in r.get("case", "years", list, [], needed=True) or []]
    years = [y for y in found if y is not None]
    for twice in sorted({y for y in years if years.count(y) > 1}) if len(years) <= LAST_YEAR else ():
        r.fault(
            "case.year",
            "case.years",
            Text("{y} 在 years 里写了 {n} 次。", "{y} stands {n} times in years.").fill(y=twice, n=years.count(twice)),
            Text("每个年份只写一次。", "Write each year once."),
        )
    return tuple(sorted(set(years)))


def _build(folder: Path, r: _Reader) -> Case:
    years = _years(r)
    if not years:
        r.fault(
            "case.unusable",
            "case.years",
            Text("years 里没有年份。", "years holds no year."),
            Text("例如 years = [2023, 2024]。", "For example years = [2023, 2024]."),
        )
    day = r.get("case", "reference_day", str, "06-30")
    try:
        if not re.fullmatch(r"[0-9]{2}-[0-9]{2}", day):
            raise ValueError
        date.fromisoformat(f"2023-{day}")
    except ValueError:
        r.fault(
            "case.unusable",
            "case.reference_day",
            Text("reference_day 是 {d}。", "reference_day is {d}.").fill(d=_said(day)),
            Text("写成月-日，如 06-30。", "Write MM-DD, e.g. 06-30."),
        )
    known = r.get("case", "known_on", (str, date), None, needed=True)
    purpose = r.get("case", "purpose", str, "payment")
    if purpose not in PURPOSES:
        r.fault(
            "case.type",
            "case.purpose",
            Text("purpose 是 {p}。", "purpose is {p}.").fill(p=purpose),
            Text("写 payment、study 或 assess。", "Write payment, study or assess."),
        )
    for key in ("file", "parcel_id", "land_class", "village_code"):
        r.get("survey", key, str, needed=purpose != "assess" or key in ("file", "parcel_id"))
    for key in ("layer", "declared_area_m2", "declared_area"):
        r.get("survey", key, str)
    unit = r.get("survey", "declared_unit", str, "m2")
    if unit not in ("m2", "mu", "ha", "dm2"):
        r.fault(
            "case.type",
            "survey.declared_unit",
            Text("declared_unit 是 {u}。", "declared_unit is {u}.").fill(u=_said(unit)),
            Text("写 m2、mu、ha 或 dm2。", "Write m2, mu, ha or dm2."),
        )
    _zones(r)
    registers = r.raw.get("registers", {})
    for name in REGISTERS:
        r.get("registers", name, str, needed=name in NEEDED_REGISTERS and purpose != "assess")
    survey = dict(r.raw.get("survey", {}))
    survey["overlap_tolerance_m2"] = r.number(survey, "survey", "overlap_tolerance_m2", 1.0)
    survey["classes"] = r.get("survey", "classes", dict, {})
    for source, target in survey["classes"].items():
        if not isinstance(target, str) or target not in ECOSYSTEMS:
            r.fault(
                "case.class",
                "survey.classes",
                Text("地类 {a} 对照到 {b}，没有这个生态系统编码。", "Class {a} maps to {b}, which is no ecosystem code.").fill(
                    a=source, b=_said(target)
                ),
                Text("用 11…82 中的编码。", "Use a code of 11…82."),
            )
    programme = r.get("case", "programme", str, "eco-zone")
    if not _PROGRAMME.fullmatch(programme):
        r.fault(
            "case.programme",
            "case.programme",
            Text("programme 是 {p}。", "programme is {p}.").fill(p=_said(programme)),
            Text("用 1 到 40 个字母、数字、- 或 _。", "Use 1 to 40 letters, digits, - or _ (A-Z, a-z, 0-9)."),
        )
    base = r.raw.get("case", {}).get("base_year")
    base_year = (years[0] - 1 if years else 0) if base is None else r.year("base_year", base) or 0
    allowed = _allowed(folder, r)
    return Case(
        folder=folder,
        name=Text(r.get("case", "name_zh", str, folder.name), r.get("case", "name_en", str, folder.name)),
        place=r.get("case", "place", str, "", needed=True),
        years=years,
        base_year=base_year,
        reference_day=day,
        known_on=_day(known, r),
        purpose=purpose,
        invented=r.get("case", "invented", bool, False),
        programme=programme,
        stacks_as=r.get("case", "stacks_as", str, "eco_zone"),
        programmes=tuple(r.texts("case", "programmes")),
        services=tuple(r.texts("case", "services")),
        accept_unverified=tuple(r.texts("case", "accept_unverified")),
        map_approval=r.get("case", "map_approval", str, ""),
        survey=survey,
        registers={k: v for k, v in registers.items() if k in REGISTERS and isinstance(v, str)},
        zones=dict(r.raw.get("zones", {})),
        layers=_layers(r),
        agreements=tuple(r.texts("agreements", "files")),
        rule_folders=_rule_folders(folder, allowed, r),
        allow_outside=allowed,
    )


def _zones(r: _Reader) -> None:
    """Note every fault of the section on zones: wrong types, services and sensitivities that do not exist, contradictions."""
    for key in ("function_zones", "zone_field", "whole", "red_line", "reserves", "importance_service", "protected", "special"):
        r.get("zones", key, str)
    services, models = r.texts("zones", "importance_services"), r.texts("zones", "sensitivities")
    single = r.raw.get("zones", {}).get("importance_service")
    _listed(r, "importance_service", [single] if isinstance(single, str) and single else [], _service_ids())
    _listed(r, "importance_services", services, _service_ids())
    if models:
        from ecocomp.zoning.sensitivity import MODELS

        _listed(r, "sensitivities", models, MODELS)
    given = [k for k in ("function_zones", "whole") if r.raw.get("zones", {}).get(k)]
    if r.get("zones", "derive_functions", bool, False) and given:
        r.fault(
            "case.zones",
            "zones.derive_functions",
            Text("derive_functions 与 {k} 同时写了。", "derive_functions and {k} are both given.").fill(k=", ".join(given)),
            Text("功能区只有一个来源：删去其一。", "Function zones have one source: take one of them out."),
        )


def _service_ids() -> list[str]:
    """Return the ids of all services, none of them imported."""
    from ecocomp.services import models

    return sorted(m.name for m in pkgutil.iter_modules(models.__path__) if not m.name.startswith("_"))


def _listed(r: _Reader, key: str, values: list[str], known: Iterable[str]) -> None:
    """Note a fault for each value that is not known, and for each that stands twice."""
    names = list(known)
    for value in dict.fromkeys(values):
        if value not in names:
            near = next(iter(difflib.get_close_matches(value, names, 1)), "")
            r.fault(
                "case.zones",
                f"zones.{key}",
                Text("zones.{k} 里没有 {v} 这一项。", "zones.{k} names {v}, which there is not.").fill(k=key, v=_said(value)),
                Text("最相近的是 {n}；可用：{a}。", "The nearest is {n}; known: {a}.").fill(n=near or "—", a=", ".join(names)),
            )
        elif values.count(value) > 1:
            r.fault(
                "case.zones",
                f"zones.{key}",
                Text("{v} 在 zones.{k} 里写了 {n} 次。", "{v} stands {n} times in zones.{k}.").fill(
                    v=value, k=key, n=values.count(value)
                ),
                Text("每项只写一次。", "Write each once."),
            )


def _allowed(folder: Path, r: _Reader) -> tuple[Path, ...]:
    """Return the folders outside the case from which files may be read; the root of the disk is none."""
    out = []
    for name in r.texts("case", "allow_outside"):
        place = folder / name
        if first_unseen(name) or not place.is_dir() or place.resolve() == Path(place.resolve().anchor):
            r.fault(
                "case.allow_outside",
                "case.allow_outside",
                Text("{p} 不是可以放开的目录。", "{p} is no folder that can be allowed.").fill(p=_said(name)),
                Text("写明一个存在的目录，不能是根目录。", "Name a folder that exists and is not the root of the disk."),
            )
            continue
        out.append(place)
    return tuple(out)


def _rule_folders(folder: Path, allowed: tuple[Path, ...], r: _Reader) -> tuple[Path, ...]:
    """Return the case's own rule folders; those that are not there, or reach outside by a link, are faults."""
    out = []
    for name in r.texts("rules", "folders"):
        place = folder / name
        real = points_outside(folder, place, allowed)
        if real is None and place.is_dir():
            files = (place / "places.yaml", *sorted(place.glob("*/*/*.yaml")))
            real = next((p for p in (points_outside(folder, f, allowed) for f in files) if p is not None), None)
        if real is not None:
            r.faults.append(outside_fault("case.toml", "rules.folders", real))
        elif not place.is_dir():
            r.fault(
                "case.rules",
                "rules.folders",
                Text("规则目录 {p} 不存在。", "Rule folder {p} does not exist.").fill(p=place),
                Text("更正路径。", "Mend the path."),
            )
        else:
            out.append(place)
    return tuple(out)


def _day(value: Any, r: _Reader) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        if value is not None:
            r.fault(
                "case.unusable",
                "case.known_on",
                Text("known_on 不是日期：{v}。", "known_on is not a date: {v}.").fill(v=_said(str(value))),
                Text("写成 2026-06-30。", "Write 2026-06-30."),
            )
        return date(1900, 1, 1)


def _layers(r: _Reader) -> dict[str, LayerInput]:
    out: dict[str, LayerInput] = {}
    for name, section in (r.raw.get("layers") or {}).items():
        if name not in LAYERS:
            r.unknown(f"layers.{name}", [f"layers.{k}" for k in LAYERS])
            continue
        if not isinstance(section, dict) or not isinstance(section.get("file"), str):
            r.fault(
                "case.layer",
                f"layers.{name}.file",
                Text("图层 {n} 缺少 file。", "Layer {n} lacks 'file'.").fill(n=name),
                Text("写上文件名。", "Name its file."),
            )
            continue
        for key in section:
            if key not in LAYER_KEYS:
                r.unknown(f"layers.{name}.{key}", [f"layers.{name}.{k}" for k in LAYER_KEYS])
        bands = str(section.get("bands", "one"))
        if bands not in LAYERS[name]:
            r.fault(
                "case.layer",
                f"layers.{name}.bands",
                Text("图层 {n} 的 bands 是 {b}。", "Layer {n} says bands = {b}.").fill(n=name, b=bands),
                Text("可用：{a}。", "Known: {a}.").fill(a=", ".join(LAYERS[name])),
            )
            continue
        nodata = section.get("nodata", [])
        fills = nodata if isinstance(nodata, list) else [nodata]
        out[name] = LayerInput(
            name,
            section["file"],
            str(section.get("unit", "")),
            _scale(r, section, name),
            r.number(section, f"layers.{name}", "offset", 0.0),
            tuple(r.number({"nodata": x}, f"layers.{name}", "nodata", 0.0) for x in fills),
            bands,
            str(section.get("resample", "")),
        )
    return out


def _scale(r: _Reader, section: Mapping[str, Any], name: str) -> float:
    """Return the scale of a layer; 0 is a fault, since every cell would have one and the same value."""
    scale = r.number(section, f"layers.{name}", "scale", 1.0)
    if scale == 0:
        r.fault(
            "case.layer",
            f"layers.{name}.scale",
            Text(
                "图层 {n} 的 scale 是 0：所有像元会变成同一个值。", "Layer {n} says scale = 0: all cells would get one value."
            ).fill(n=name),
            Text(
                "写文件说明里的比例；没有就删去这一行。", "Write the scale the file's notes name; if there is none, drop the line."
            ),
        )
        return 1.0
    return scale


def _fault(code: str, record: str, clash: Text, remedy: Text) -> Fault:
    return Fault(code, "case.toml", record, clash, remedy)
