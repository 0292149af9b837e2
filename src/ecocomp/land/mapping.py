"""Mapping files: which field of a survey layer says what, written by the office, found out where the layer allows it.

A small TOML file beside the layer. It names the fields, the code scheme, what the layer leaves out (constants), the
classes of the layer's own, the control areas of its units, and what is let pass. A DLTB layer needs none: its fields
are recognised. `template` writes a file to fill in for every other layer.
"""

from __future__ import annotations

import csv
import difflib
import io
import re
import tomllib
from collections import abc
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from ecocomp.land import classes, dltb
from ecocomp.land.edition import FieldMap, Tolerances, Unit
from ecocomp.terms.codes import ECOSYSTEMS
from ecocomp.terms.faults import Fault, FaultsError
from ecocomp.terms.text import Text

MAX_BYTES = 1 << 20
UNITS: tuple[Unit, ...] = ("m2", "mu", "ha")
_UNIT_WORDS: dict[str, Unit] = {"亩": "mu", "MU": "mu", "公顷": "ha", "HA": "ha", "平方米": "m2", "M2": "m2"}
KEYS: dict[str, tuple[str, ...]] = {
    "": ("scheme", "layer", "encoding", "region_code", "totals_file"),
    "fields": ("parcel_id", "land_class", "village_code", "declared_area", "declared_unit"),
    "constants": ("parcel_id", "land_class", "village_code"),
    "tolerances": ("sliver_m2", "declared_area", "printed_digit"),
}
FREE = ("attributes", "classes", "totals")
"""Sections whose keys the layer decides."""
PRINTED_DIGIT = Decimal("0.01")
_MOST = 10**9


@dataclass(frozen=True, slots=True)
class Mapping:
    """What a layer says, and where.

    fields         the four fields an edition rests on; an empty name or None where a constant stands for it
    attributes     field of the standard (`dltb.DLTB`, `dltb.FOREST`) → column of the layer, for the attribute checks
    layer          name of the layer inside a GeoPackage or FileGDB; encoding of a Shapefile's texts
    scheme         code scheme (`classes.SCHEMES`); None: told from the codes themselves
    classes        ecosystem of each class of the layer's own; goes before the scheme's table
    constants      what every row has in common: `village_code`, `land_class`; `parcel_id` is the head of a number by row
    totals_dm2     control area of units (6, 9, 12 or 19 digits), in dm², for the sum of declared areas
    printed_digit  one unit of the last printed digit of areas, in the layer's unit: how exactly KCMJ and TBDLMJ must agree
    region_code    code every village code must begin with; empty: not checked
    """

    fields: FieldMap = field(default_factory=FieldMap)
    attributes: abc.Mapping[str, str] = field(default_factory=dict)
    layer: str | None = None
    encoding: str | None = None
    scheme: str | None = None
    classes: abc.Mapping[str, str] = field(default_factory=dict)
    constants: abc.Mapping[str, str] = field(default_factory=dict)
    totals_dm2: abc.Mapping[str, int] = field(default_factory=dict)
    tolerances: Tolerances = field(default_factory=Tolerances)
    printed_digit: Decimal = PRINTED_DIGIT
    region_code: str = ""

    def columns(self) -> tuple[str, ...]:
        """Return the columns of the layer that are read, each once, in a fixed order."""
        main = (self.fields.parcel_id, self.fields.land_class, self.fields.village_code, self.fields.declared_area)
        return tuple(dict.fromkeys(c for c in (*main, *self.attributes.values()) if c))

    def as_json(self) -> dict[str, Any]:
        """Return the mapping as plain values, for the record of an edition."""
        return {
            "fields": {n: getattr(self.fields, n) for n in FieldMap.__slots__ if n != "classes"},
            "attributes": dict(sorted(self.attributes.items())),
            "layer": self.layer,
            "encoding": self.encoding,
            "scheme": self.scheme,
            "classes": dict(sorted(self.classes.items())),
            "constants": dict(sorted(self.constants.items())),
            "totals_dm2": dict(sorted(self.totals_dm2.items())),
            "tolerances": {"sliver_m2": self.tolerances.sliver_m2, "declared_area": self.tolerances.declared_area},
            "printed_digit": str(self.printed_digit),
            "region_code": self.region_code,
        }


def missing_columns(mapping: Mapping, columns: abc.Sequence[str], where: str) -> list[Fault]:
    """Return a fault for each column the mapping names and the layer lacks, with the nearest it has."""
    found: list[Fault] = []
    have = ", ".join(c for c in columns if c != "geometry")
    for column in mapping.columns():
        if column in columns:
            continue
        near = _nearest(column, columns)
        clash = Text("映射文件写了字段 {c}，图层里没有；最相近的是 {n}；现有：{h}。",
                     "the mapping names the field {c}, which the layer lacks; the nearest is {n}; there are: {h}.")  # fmt: skip
        remedy = Text("请改正映射文件中的字段名。", "Correct the name of the field in the mapping file.")
        found.append(Fault("land.missing_field", where, column, clash.fill(c=column, n=near, h=have), remedy))
    return found


# ---------------------------------------------------------------- reading a mapping file
def read_mapping(path: Path | str) -> Mapping:
    """Read a mapping file; `FaultsError` with everything wrong in it, each with its line."""
    place = Path(path)
    reader = _Reader(place)
    made = _build(reader, place.parent) if reader.raw is not None else None
    if reader.faults or made is None:
        raise FaultsError(reader.faults)
    return made


class _Reader:
    """The raw TOML with the line of every key; collects faults instead of raising."""

    def __init__(self, path: Path) -> None:
        self.where, self.faults, self.lines = path.name, [], {}  # type: ignore[var-annotated]
        self.raw = self._parsed(path)
        if self.raw is not None:
            self._known()

    def _parsed(self, path: Path) -> dict[str, Any] | None:
        again = Text("请用 UTF-8 按模板书写。", "Write it in UTF-8 as the template does.")
        try:
            with path.open("rb") as file:
                data = file.read(MAX_BYTES + 1)
            if len(data) > MAX_BYTES:
                raise ValueError(f"> {MAX_BYTES:,} bytes")
            text = data.decode("utf-8-sig")
            raw = tomllib.loads(text, parse_float=Decimal)
        except OSError as exc:
            clash = Text("映射文件打不开（{e}）。", "the mapping file cannot be opened ({e}).").fill(e=exc.strerror or exc)
            self.faults.append(
                Fault("land.mapping_unreadable", self.where, "", clash, Text("请核对路径与权限。", "Check its path."))
            )
            return None
        except (ValueError, RecursionError, ArithmeticError) as exc:
            clash = Text("映射文件不是 UTF-8 的 TOML：{e}。", "the mapping file is no TOML in UTF-8: {e}.").fill(e=str(exc)[:200])
            self.faults.append(Fault("land.mapping_unreadable", self.where, "", clash, again))
            return None
        self.lines = _lines(text)
        return raw

    def fault(self, kind: str, section: str, key: str, clash: Text, remedy: Text) -> None:
        line = self.lines.get((section, key), self.lines.get((section, "")))
        at = f"line {line}: " if line else ""
        name = ".".join(p for p in (section, key) if p)
        self.faults.append(Fault(f"land.mapping_{kind}", self.where, f"{at}{name}", clash, remedy))

    def _known(self) -> None:
        assert self.raw is not None
        sections = [*(s for s in KEYS if s), *FREE]
        for name, value in self.raw.items():
            if name in sections and not isinstance(value, dict):
                self._wrong("", name, Text("一个 [段落]", "a [section]"))
            elif name not in sections and name not in KEYS[""]:
                self._unknown("", name, [*sections, *KEYS[""]])
            elif name in KEYS and isinstance(value, dict):
                for key in value:
                    if key not in KEYS[name]:
                        self._unknown(name, key, KEYS[name])

    def _unknown(self, section: str, key: str, known: abc.Iterable[str]) -> None:
        clash = Text("不认识的键 {k}；最相近的是 {n}。", "unknown key {k}; the nearest known one is {n}.")
        clash = clash.fill(k=key, n=_nearest(key, list(known)))
        self.fault("unknown_key", section, key, clash, Text("请改正键名或删去该行。", "Correct the key or delete the line."))

    def _wrong(self, section: str, key: str, wanted: Text, value: object = None) -> None:
        shown = f"{value[:80]}…" if isinstance(value, str) and len(value) > 80 else value
        clash = Text("应是{w}，写的是 {v!r}。", "it should be {w}; it is {v!r}.").fill(w=wanted, v=shown)
        self.fault("bad_value", section, key, clash, Text("请改正该值。", "Correct the value."))

    def section(self, name: str) -> dict[str, Any]:
        found = (self.raw or {}).get(name, {})
        return found if isinstance(found, dict) else {}

    def text(self, section: str, key: str) -> str | None:
        """Return a text, None if the key is absent; anything else is a fault."""
        values = self.section(section) if section else (self.raw or {})
        if key not in values:
            return None
        value = values[key]
        if isinstance(value, str) and value.isprintable() and len(value) <= 200:
            return value.strip()
        self._wrong(section, key, Text("一段文字（加引号）", "a text in quotes"), value)
        return None

    def number(self, section: str, key: str, least: Decimal) -> Decimal | None:
        """Return a finite number that is not below `least`, None if absent; anything else is a fault."""
        value = self.section(section).get(key)
        if value is None:
            return None
        sound = isinstance(value, int | Decimal) and not isinstance(value, bool) and Decimal(value).is_finite()
        if not sound or not least <= value <= _MOST:
            wanted = Text(f"{least} 到 {_MOST:,} 之间的数", f"a number from {least} to {_MOST:,}")
            self._wrong(section, key, wanted, value)
            return None
        return Decimal(value)


def _lines(text: str) -> dict[tuple[str, str], int]:
    """Return the line of every (section, key), and of every section as (section, "")."""
    found: dict[tuple[str, str], int] = {}
    section = ""
    for number, line in enumerate(text.splitlines(), 1):
        if head := re.match(r"\s*\[\s*\"?([^\]\"]+?)\"?\s*\]", line):
            section = head.group(1)
            found.setdefault((section, ""), number)
            found.setdefault(("", section), number)
        elif key := re.match(r"\s*(?:\"([^\"]*)\"|'([^']*)'|([\w.-]+))\s*=", line):
            found.setdefault((section, next(k for k in key.groups() if k is not None)), number)
    return found


def _nearest(name: str, known: abc.Sequence[str]) -> str:
    return next(iter(difflib.get_close_matches(name, list(known), 1, 0.5)), "—")


def _build(reader: _Reader, folder: Path) -> Mapping:
    own = _own_classes(reader)
    scheme = reader.text("", "scheme") or None
    if scheme is not None and scheme not in classes.SCHEMES:
        reader._wrong("", "scheme", Text("、".join(classes.SCHEMES), "one of " + ", ".join(classes.SCHEMES)), scheme)
    if scheme == classes.OWN and not own:
        clash = Text("scheme 是 own，却没有 [classes]。", "the scheme is own, but there are no [classes].")
        reader.fault("no_classes", "", "scheme", clash, Text("请写出各地类的生态系统代码。", "Give the ecosystem of each class."))
    constants = _constants(reader)
    return Mapping(
        fields=_fields(reader, constants, own),
        attributes=_attributes(reader),
        layer=reader.text("", "layer") or None,
        encoding=reader.text("", "encoding") or None,
        scheme=scheme,
        classes=own,
        constants=constants,
        totals_dm2=_totals(reader, folder),
        tolerances=_tolerances(reader),
        printed_digit=reader.number("tolerances", "printed_digit", Decimal("0.000001")) or PRINTED_DIGIT,
        region_code=_region(reader),
    )


def _own_classes(reader: _Reader) -> dict[str, str]:
    found: dict[str, str] = {}
    for code, value in reader.section("classes").items():
        if isinstance(value, str) and value in ECOSYSTEMS:
            found[code.strip()] = value
        else:
            wanted = Text("HJ 1172 的两位生态系统代码（加引号）", "an ecosystem code of HJ 1172, two digits in quotes")
            reader._wrong("classes", code, wanted, value)
    return found


def _constants(reader: _Reader) -> dict[str, str]:
    shapes = {
        "village_code": (r"\d{12}", Text("12 位数字的村代码", "a village code of 12 digits")),
        "parcel_id": (r"[A-Za-z0-9_-]{0,40}", Text("字母、数字、_ - 组成的编码前缀", "the head of a code: letters, digits, _ -")),
        "land_class": (r"\w{1,20}", Text("一个地类代码", "a land-class code")),
    }
    found: dict[str, str] = {}
    for key, (shape, wanted) in shapes.items():
        value = reader.text("constants", key)
        if value is not None and re.fullmatch(shape, value):
            found[key] = value
        elif value is not None:
            reader._wrong("constants", key, wanted, value)
    return found


def _fields(reader: _Reader, constants: abc.Mapping[str, str], own: abc.Mapping[str, str]) -> FieldMap:
    """The four fields: as written, none where a constant stands for it, else as in DLTB; an empty name says there is none."""
    usual = FieldMap()
    found: dict[str, str | None] = {}
    for key in ("parcel_id", "land_class", "village_code", "declared_area"):
        written = reader.text("fields", key)
        if written and key in constants:
            clash = Text("{k} 既有字段 {f}，又有常数 {c}。", "{k} has both a field, {f}, and a constant, {c}.")
            remedy = Text("请只留一个。", "Keep one of them.")
            reader.fault("twice", "constants", key, clash.fill(k=key, f=written, c=constants[key]), remedy)
        found[key] = (written or None) if written is not None or key in constants else getattr(usual, key)
        if found[key] is None and key not in constants and key != "declared_area":
            clash = Text("{k} 没有字段，也没有常数。", "{k} has neither a field nor a constant.").fill(k=key)
            remedy = Text("请在 [constants] 中写明。", "Give it under [constants].")
            reader.fault("nothing_for", "fields", key, clash, remedy)
    unit = reader.text("fields", "declared_unit") or usual.declared_unit
    if unit not in UNITS:
        reader._wrong("fields", "declared_unit", Text("m2、mu 或 ha", "m2, mu or ha"), unit)
        unit = usual.declared_unit
    return FieldMap(found["parcel_id"] or "", found["land_class"], found["village_code"], found["declared_area"], unit, own or None)  # type: ignore[arg-type]


def _attributes(reader: _Reader) -> dict[str, str]:
    known = {**dltb.spellings("FOREST"), **dltb.spellings("DLTB")}
    found: dict[str, str] = {}
    for key in reader.section("attributes"):
        column = reader.text("attributes", key)
        name = known.get(dltb.plain(key))
        if name is None:
            reader._unknown("attributes", key, [*dltb.DLTB, *dltb.FOREST])
        elif column:
            found[name] = column
    return found


def _tolerances(reader: _Reader) -> Tolerances:
    usual = Tolerances()
    sliver = reader.number("tolerances", "sliver_m2", Decimal(0))
    share = reader.number("tolerances", "declared_area", Decimal(0))
    return Tolerances(usual.sliver_m2 if sliver is None else float(sliver), usual.declared_area if share is None else float(share))


def _region(reader: _Reader) -> str:
    code = reader.text("", "region_code") or ""
    if code and not re.fullmatch(r"\d{2}|\d{4}|\d{6}|\d{9}|\d{12}", code):
        reader._wrong("", "region_code", Text("2、4、6、9 或 12 位数字", "2, 4, 6, 9 or 12 digits"), code)
        return ""
    return code


# ---------------------------------------------------------------- control areas
def _totals(reader: _Reader, folder: Path) -> dict[str, int]:
    """Control areas in dm², from the file itself and from the CSV it names; a unit in both must agree."""
    pairs = [(u, v, "totals", u) for u, v in reader.section("totals").items()]
    name = reader.text("", "totals_file")
    if name:
        pairs += [(u, v, "", "totals_file") for u, v in _totals_file(reader, folder / name)]
    found: dict[str, int] = {}
    for unit, value, section, key in pairs:
        area = _control_dm2(value)
        if area is None or not re.fullmatch(r"\d{6}|\d{9}|\d{12}|\d{19}", unit):
            wanted = Text(
                "单位代码（6、9、12 或 19 位）及其控制面积（m²）", "a unit code (6, 9, 12 or 19 digits) and its control area in m²"
            )
            reader._wrong(section, key, wanted, f"{unit} = {value}")
        elif found.setdefault(unit, area) != area:
            clash = Text("单位 {u} 有两个控制面积。", "the unit {u} has two control areas.").fill(u=unit)
            reader.fault("twice", section, key, clash, Text("请只留一个。", "Keep one of them."))
    return found


def _control_dm2(value: object) -> int | None:
    try:
        number = Decimal(str(value).strip()) * 100
    except ArithmeticError:
        return None
    sound = not isinstance(value, bool) and number.is_finite() and 0 < number < Decimal(10) ** 18
    return int(number.to_integral_value()) if sound else None


def _totals_file(reader: _Reader, path: Path) -> list[tuple[str, str]]:
    """Read `unit,area in m²` lines of a small CSV in UTF-8; a first line of words is a header."""
    try:
        with path.open("rb") as file:
            data = file.read(4 * MAX_BYTES + 1)
        text = data.decode("utf-8-sig")
        rows = [r for r in csv.reader(io.StringIO(text)) if any(c.strip() for c in r)]
    except (OSError, ValueError, csv.Error) as exc:
        clash = Text("控制面积文件读不出来：{e}。", "the file of control areas cannot be read: {e}.")
        remedy = Text("请用 UTF-8 的 CSV：单位代码,控制面积(m²)。", "Use a CSV in UTF-8: unit code,control area in m².")
        reader.fault("bad_totals", "", "totals_file", clash.fill(e=getattr(exc, "strerror", None) or exc), remedy)
        return []
    if rows and not rows[0][0].strip().isdigit():
        rows = rows[1:]
    return [(r[0].strip(), r[1].strip() if len(r) > 1 else "") for r in rows]


# ---------------------------------------------------------------- finding a mapping out
def detect(
    columns: abc.Sequence[str], rows: abc.Sequence[abc.Mapping[str, object]] = (), where: str = ""
) -> tuple[Mapping | None, list[Fault]]:
    """Return the mapping of a layer whose columns are those of DLTB in any spelling, and what a person must still say.

    rows  a sample of rows, to tell the code scheme; without it the scheme is told when the layer is read
    None  comes with at least one error
    """
    names = [c for c in columns if c != "geometry"]
    kind = dltb.looks_like(names)
    if kind != "DLTB":
        return None, [_not_recognised(names, kind, where)]
    seen = dltb.recognise(names)
    found = [_unsure(column, to, where) for column, to in seen.unsure.items()]
    found += [_twice(name, both, where) for name, both in seen.twice.items()]
    missing = [n for n in ("BSM", "DLBM", "ZLDWDM") if n not in seen.fields and n not in seen.twice]
    found += [_no_field(n, names, where) for n in missing]
    area = seen.fields.get("TBMJ")
    fields = FieldMap(seen.fields.get("BSM", ""), seen.fields.get("DLBM"), seen.fields.get("ZLDWDM"), area, _unit_in(area or ""))
    more = {n: c for n, c in seen.fields.items() if n not in ("BSM", "DLBM", "ZLDWDM", "TBMJ")}
    scheme, told = _told(seen.fields, rows, where)
    found += told
    if any(f.severity == "error" for f in found):
        return None, found
    return Mapping(fields=fields, attributes=more, scheme=scheme), found


def _told(
    fields: abc.Mapping[str, str], rows: abc.Sequence[abc.Mapping[str, object]], where: str
) -> tuple[str | None, list[Fault]]:
    if not rows or "DLBM" not in fields:
        return None, []
    codes = [_word(r.get(fields["DLBM"])) for r in rows]
    names = [_word(r.get(fields["DLMC"])) for r in rows] if "DLMC" in fields else None
    told = classes.tell_scheme(codes, names, where)
    # A sample may be too poor to decide; the whole layer is asked again when it is read.
    return told.scheme, [Fault(f.code, f.where, f.record, f.clash, f.remedy, "warning") for f in told.faults]


def _word(value: object) -> str:
    return "" if value is None else str(value).strip()


def _unit_in(column: str) -> Unit:
    words = re.findall(r"[(（\[【](.{1,10})[)）\]】]", column)
    return next((_UNIT_WORDS[k] for k in map(dltb.plain, words) if k in _UNIT_WORDS), "m2")


def _not_recognised(names: list[str], kind: str | None, where: str) -> Fault:
    what = (
        Text("这是林地小班图层", "this is a forest compartment layer")
        if kind
        else Text("不是已知的图层", "the layer is none that is known")
    )
    clash = Text(
        "{w}，字段含义要由映射文件说明；现有字段：{n}。", "{w}; a mapping file must say what its fields mean; there are: {n}."
    )
    remedy = Text("请生成映射文件模板，填好后再导入。", "Have a template of the mapping file written, fill it in, then import.")
    return Fault("land.needs_mapping", where, "", clash.fill(w=what, n=", ".join(names[:40])), remedy)


def _unsure(column: str, to: tuple[str, ...], where: str) -> Fault:
    said = Text("、".join(dltb.DLTB[t].says.zh for t in to), " or ".join(dltb.DLTB[t].says.en for t in to))
    clash = Text("字段名 {c} 可能被截断，可指{t}。", "the field name {c} may be cut; it could be the {t}.").fill(c=column, t=said)
    remedy = Text(
        "该字段未读入；若需要，请在映射文件中写明。", "The field is left out; if needed, say in a mapping file which it is."
    )
    return Fault("land.unsure_field", where, column, clash, remedy, "warning")


def _twice(name: str, both: tuple[str, ...], where: str) -> Fault:
    needed = name in ("BSM", "DLBM", "ZLDWDM", "TBMJ")
    clash = Text("字段 {b} 都可读作{n}。", "the fields {b} could all be the {n}.").fill(b=", ".join(both), n=dltb.DLTB[name].says)
    remedy = Text("请在映射文件中写明用哪一个。", "Say in a mapping file which one counts.")
    return Fault("land.field_twice", where, name, clash, remedy, "error" if needed else "warning")


def _no_field(name: str, names: list[str], where: str) -> Fault:
    clash = Text("像是地类图斑图层，却没有{n}（{c}）；现有字段：{h}。", "it looks like DLTB, but has no {n} ({c}); there are: {h}.")
    remedy = Text("请在映射文件中写明哪个字段是它，或给出常数。", "Say in a mapping file which field it is, or give a constant.")
    return Fault("land.missing_field", where, name, clash.fill(n=dltb.DLTB[name].says, c=name, h=", ".join(names[:40])), remedy)


# ---------------------------------------------------------------- a file to fill in
def template(columns: abc.Sequence[str], rows: abc.Sequence[abc.Mapping[str, object]] = ()) -> str:
    """Return a mapping file in TOML for a layer with these columns, filled in as far as they are recognised.

    rows  a sample, to say which code scheme is used and to list the classes of a layer's own
    """
    names = [c for c in columns if c != "geometry"]
    kind = dltb.looks_like(names) or "DLTB"
    seen = dltb.recognise(names, kind)
    main = ("BSM", "DLBM", "ZLDWDM", "TBMJ") if kind == "DLTB" else ("XIAO_BAN", "DI_LEI", "CUN", "MIAN_JI")
    named = {n.casefold(): n for n in names}
    own = ("parcel_id", "land_class", "village_code", "declared_area")
    where_is = [seen.fields.get(n) or named.get(mine, "") for n, mine in zip(main, own, strict=True)]
    area_unit = _unit_in(where_is[3]) if kind == "DLTB" else "ha"
    scheme, _ = _told(seen.fields, rows, "") if kind == "DLTB" else (None, [])
    known = scheme or (classes.OWN if kind == "FOREST" else classes.SURVEY)
    lines = [
        *_head_lines(names, known),
        *_field_lines(where_is, area_unit),
        "[attributes]    # 其他标准字段 other fields of the standard",
        *_attribute_lines(seen, main, kind),
        "",
        "[classes]    # 自有地类 → 生态系统代码（HJ 1172）classes of the layer's own → ecosystem code",
        *_class_lines(rows, where_is[1], scheme),
        "",
        *_TAIL,
    ]
    return "\n".join(lines)


def _head_lines(names: list[str], scheme: str) -> list[str]:
    return [
        "# 映射文件：图层的哪个字段说什么。改好后与图层一起导入。",
        "# Mapping file: which field of the layer says what. Fill it in and hand it in with the layer.",
        f"# 图层的字段 fields of the layer: {', '.join(_quoted(n) for n in names)}"[:2000],
        "",
        f"# 地类分类 code scheme: {', '.join(classes.SCHEMES)}",
        f'scheme = "{scheme}"',
        '# layer = ""          # 图层名（库中有多个图层时）name of the layer, where a file holds several',
        '# encoding = ""       # Shapefile 的文字编码 encoding of a Shapefile: utf-8, gb18030',
        '# region_code = ""    # 村代码应以此开头 what every village code begins with',
        '# totals_file = ""    # 控制面积 CSV：单位代码,面积(m²) control areas: unit code,area in m²',
        "",
    ]


def _field_lines(columns: list[str], unit: str) -> list[str]:
    return [
        "[fields]",
        f"parcel_id = {_quoted(columns[0])}    # 地块编码，全图层唯一 code of the parcel, unique in the layer",
        f"land_class = {_quoted(columns[1])}    # 地类编码 land-class code",
        f"village_code = {_quoted(columns[2])}    # 坐落单位代码，12 或 19 位 location unit code, 12 or 19 digits",
        f"declared_area = {_quoted(columns[3])}    # 登记面积；没有则留空 registered area; empty if there is none",
        f'declared_unit = "{unit}"    # m2, mu 亩, ha 公顷',
        "",
        "[constants]    # 图层没有的，各行相同 what the layer lacks and all rows share",
        '# parcel_id = "P-"              # 没有编码时按行号编码 codes by row number, where there are none',
        '# village_code = "000000000000"',
        "",
    ]


_TAIL = (
    "[totals]    # 单位代码 = 控制面积 m² unit code = control area in m²",
    "",
    "[tolerances]",
    "sliver_m2 = 1.0        # 允许的重叠 overlap let pass, m²",
    "declared_area = 0.05   # 登记面积与椭球面积之差（份额）share by which registered and measured area may differ",
    "printed_digit = 0.01   # 面积末位一个单位 one unit of the last printed digit of areas",
    "",
)


def _quoted(text: str) -> str:
    """Return a text in quotes as TOML wants it; what cannot be printed is escaped."""
    inner = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in inner) + '"'


def _attribute_lines(seen: dltb.Recognised, main: tuple[str, ...], kind: str) -> list[str]:
    fields = dltb.DLTB if kind == "DLTB" else dltb.FOREST
    known = [
        f"{n} = {_quoted(c)}    # {fields[n].says.zh} {fields[n].says.en}" for n, c in sorted(seen.fields.items()) if n not in main
    ]
    unsure = [
        f"# {' | '.join(to)} = {_quoted(c)}    # 名称被截断，请选定 a cut name: choose" for c, to in sorted(seen.unsure.items())
    ]
    return known + unsure


def _class_lines(rows: abc.Sequence[abc.Mapping[str, object]], column: str, scheme: str | None) -> list[str]:
    if not rows or not column or (scheme and scheme != classes.OWN):
        return []
    codes = sorted({_word(r.get(column)) for r in rows} - {""})[:200]
    return [f'# {_quoted(c)} = ""' for c in codes]
