"""A programme as its file says it: read, checked as a whole, found by place.

For whoever writes one and for `owed`. Nothing here knows a programme by name: what is not in a file does not exist.
"""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from ecocomp.programmes import words as w
from ecocomp.programmes.shape import SLOTS, Shape
from ecocomp.rules import RuleBook, policy_folder
from ecocomp.rules.lines import Line, read_yaml
from ecocomp.terms.faults import Fault, UsageError
from ecocomp.terms.text import Text

MATTER = "programmes"
_ID = re.compile(r"[a-z][a-z0-9_]{1,39}")
_DAY = re.compile(r"(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")
Amount = Decimal | str
"""A number, or the key of a parameter that holds it."""


@dataclass(frozen=True)
class Payment:
    """One payment of a programme, as its file says it."""

    id: str
    name: Text
    form: str
    unit: str
    rate: str
    by: tuple[str, ...]
    rate_on: str
    to: str
    years: Any
    starts_after: Any
    first_year: str
    start_by: str | None
    last_year: str
    not_before: int | None
    deduction: str | None
    shares: str | None
    source: str | None
    when_none: Text | None
    optional: bool
    line: int

    @property
    def by_area(self) -> bool:
        """Whether it is paid on area."""
        return self.form.endswith("_area")

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of parameters it reads."""
        more = [v for s in (self.years, self.starts_after) for v in (s.values() if isinstance(s, Mapping) else [s])]
        return tuple(dict.fromkeys(k for k in (self.rate, self.deduction, self.shares, *more) if isinstance(k, str)))


@dataclass(frozen=True)
class Programme:
    """One programme; sections that are mappings of few keys stay mappings of `shape.SLOTS`."""

    id: str
    name: Text
    place: str
    file: str
    line: int
    sha256: str
    level: str
    element: str
    document: str
    article: str
    confidence: str
    last_checked: date | None
    note: str
    stacks_as: Any
    enrol: tuple[date | None, date | None]
    variants: Mapping[str, Text]
    regions: Mapping[str, tuple[str, ...]]
    land: Mapping[str, Any]
    recipient: Mapping[str, Any]
    contract: Mapping[str, Any]
    inspection: Mapping[str, Any] | None
    payments: tuple[Payment, ...]
    local: Mapping[str, Any] | None
    county: tuple[Mapping[str, Any], ...]
    penalties: tuple[Mapping[str, Any], ...]
    excludes: tuple[Mapping[str, Any], ...]
    allows: tuple[str, ...]
    publish: tuple[str, ...]
    layer: int = 0

    @property
    def contracts_of(self) -> str:
        """The programme whose contracts count: its own, or that which it tops up or extends."""
        return str(self.contract.get("of") or self.id)

    def stacking_code(self, variant: str) -> str:
        """Return the code the stacking rules know it by; empty if its file names none."""
        found = self.stacks_as.get(variant, "") if isinstance(self.stacks_as, Mapping) else self.stacks_as
        return str(found or "")

    def items(self) -> dict[str, Text]:
        """Return every item its contracts must hold."""
        out: dict[str, Text] = {}
        for name in self.contract.get("items") or ():
            out |= w.ITEM_SETS[name]
        return out | dict(self.contract.get("items_more") or {})

    @property
    def cited(self) -> str:
        """Document and article."""
        return " ".join(x for x in (self.document, self.article) if x)

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of every parameter it reads."""
        out = [k for p in self.payments for k in p.keys]
        out += _keys_in(self.land) + _keys_in(self.inspection or {})
        for rule in (*self.county, *self.penalties):
            out += [v for k, v in rule.items() if k in ("least", "most", "fine_least", "fine_most") and isinstance(v, str)]
        return tuple(dict.fromkeys(out))


def _keys_in(section: Mapping[str, Any]) -> list[str]:
    found = [section.get("slope_least"), *(section.get("survival_least") or {}).values()]
    return [v for v in found if isinstance(v, str)]


@dataclass(frozen=True)
class Programmes:
    """The programmes of rule folders: every file by place, the nearest to a place where several have one id."""

    all: tuple[Programme, ...]
    faults: tuple[Fault, ...] = field(default=())

    def at(self, book: RuleBook, place: str) -> dict[str, Programme]:
        """Return the programmes that count at a place, by id; a nearer place's file stands over one of the same id above it."""
        chain = book.chain(place)
        out: dict[str, Programme] = {}
        for where in reversed(chain):
            for p in sorted((p for p in self.all if p.place == where), key=lambda p: p.layer):
                out[p.id] = p
        return dict(sorted(out.items()))

    def get(self, book: RuleBook, place: str, id: str) -> Programme:
        """Return one programme of a place; `UsageError` that names those there are."""
        here = self.at(book, place)
        if id not in here:
            near = ", ".join(difflib.get_close_matches(id, here, 3, 0.4)) or ", ".join(here)
            raise UsageError(
                Text("{p} 没有项目 {i}；有：{n}。", "{p} has no programme {i}; there are: {n}.").fill(p=place, i=id, n=near)
            )
        return here[id]


def load_programmes(folders: Iterable[Path] | None = None, places: Iterable[str] | None = None) -> Programmes:
    """Read every programme file of rule folders (``<place>/programmes/*.yaml``), with every fault of all of them.

    folders  the later stands over the earlier; None: the rules that ship
    places   only of these places; None: all
    """
    found: dict[tuple[str, str], Programme] = {}
    faults: list[Fault] = []
    for layer, folder in enumerate([policy_folder()] if folders is None else folders):
        inside: dict[tuple[str, str], Programme] = {}
        for path in sorted(folder.glob(f"*/{MATTER}/*.yaml")):
            place = path.parent.parent.name
            if places is not None and place not in places:
                continue
            made, wrong = read_programme(path, place=place, name=path.relative_to(folder).as_posix(), layer=layer)
            faults += wrong
            if made is None:
                continue
            if (place, made.id) in inside:
                faults.append(_twice(made, inside[place, made.id]))
            inside[place, made.id] = made
        found |= inside
    programmes = tuple(found[k] for k in sorted(found))
    return Programmes(programmes, (*faults, *_ties(programmes)))


def read_programme(path: Path, *, place: str, name: str | None = None, layer: int = 0) -> tuple[Programme | None, list[Fault]]:
    """Read the ``programme`` of one file; None where it holds none (only parameters) or cannot be used. All faults of it."""
    file = name or path.name
    document, faults = read_yaml(path)
    if document is None or not isinstance(document.value, dict):
        return None, faults or [_no_mapping(file)]
    top = document.value.get("programme")
    if top is None:
        return None, faults
    shape = Shape(file)
    raw = shape.section(top, SLOTS, "programme")
    _check(shape, raw, top)
    faults = [*faults, *shape.faults]
    if any(f.severity == "error" for f in faults):
        return None, faults
    return _made(raw, place, file, hashlib.sha256(path.read_bytes()).hexdigest(), layer), faults


def _made(raw: dict[str, Any], place: str, file: str, sha: str, layer: int) -> Programme:
    enrol = raw["enrol"] or {}
    names = {n for n in Payment.__dataclass_fields__ if n != "by"}
    payments = tuple(Payment(**{k: p[k] for k in names}, by=tuple(p["by"] or ())) for p in raw["payments"])
    recipient = {**raw["recipient"], "kinds": raw["recipient"]["kinds"] or (), "never": raw["recipient"]["never"] or ()}
    land = raw["land"] or Shape(file).section(Line({}, 1), SLOTS["land"].of, "land")
    return Programme(
        id=raw["id"],
        name=raw["name"],
        place=place,
        file=file,
        line=raw["line"],
        sha256=sha,
        level=raw["level"],
        element=raw["element"],
        document=raw["document"],
        article=raw["article"] or "",
        confidence=raw["confidence"],
        last_checked=raw["last_checked"],
        note=raw["note"] or "",
        stacks_as=raw["stacks_as"] or "",
        enrol=(enrol.get("from"), enrol.get("to")),
        variants=raw["variants"],
        regions=raw["regions"] or {},
        land=land,
        recipient=recipient,
        contract=raw["contract"] or {},
        inspection=raw["inspection"],
        payments=payments,
        local=raw["local"],
        county=tuple(raw["county"] or ()),
        penalties=tuple(raw["penalties"] or ()),
        excludes=tuple(raw["excludes"] or ()),
        allows=tuple(raw["allows"] or ()),
        publish=tuple(raw["publish"] or ()),
        layer=layer,
    )


# ---------------------------------------------------------------- what one value cannot tell
def _check(shape: Shape, raw: dict[str, Any], top: Line) -> None:
    """Find what clashes between keys of one file."""
    if raw["id"] and not _ID.fullmatch(raw["id"]):
        shape.fault(
            _line(top, "id"),
            Text("代码“{i}”应为小写字母、数字和下划线。", "The code “{i}” should be of small letters, digits and _.").fill(
                i=raw["id"]
            ),
            Text("例如 welfare_forest。", "For example welfare_forest."),
        )
    variants = set(raw["variants"] or {})
    for variant in variants:
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", variant):
            clash = Text("措施“{v}”应为小写字母、数字和下划线。", "Variant “{v}” should be of small letters, digits and _.").fill(
                v=variant
            )
            shape.fault(_line(top, "variants"), clash, Text("改写代码。", "Write another code."))
    _check_payments(shape, raw, top, variants)
    spoken = [("stacks_as", raw["stacks_as"])]
    spoken += [("inspection.survival_least", (raw["inspection"] or {}).get("survival_least"))]
    for where, found in spoken:
        if isinstance(found, Mapping):
            _known_variants(shape, _line(top, where.partition(".")[0]), where, found, variants)
    for i, rule in enumerate(raw["county"] or (), 1):
        _known_variants(shape, rule["line"], f"county[{i}]", [*(rule["of"] or ()), *(rule["among"] or ())], variants)
        if rule["least"] is None and rule["most"] is None:
            shape.fault(
                rule["line"],
                Text("county[{i}] 没有 least 或 most。", "county[{i}] has neither least nor most.").fill(i=i),
                Text("写上其一。", "Give one of them."),
            )
    for i, rule in enumerate(raw["excludes"] or (), 1):
        _known_variants(shape, rule["line"], f"excludes[{i}].own", rule["own"] or (), variants)
    enrol = raw["enrol"] or {}
    if enrol.get("from") and enrol.get("to") and enrol["to"] < enrol["from"]:
        shape.fault(
            enrol["line"], Text("enrol 的 to 早于 from。", "enrol ends before it begins."), Text("改正两个日期。", "Mend the days.")
        )
    least, most = ((raw["local"] or {}).get(k) for k in ("least", "most"))
    if least is not None and most is not None and least > most:
        shape.fault(
            raw["local"]["line"], Text("local 的 least 大于 most。", "local: least is above most."), Text("改正。", "Mend it.")
        )


def _check_payments(shape: Shape, raw: dict[str, Any], top: Line, variants: set[str]) -> None:
    seen: set[str] = set()
    if raw["payments"] == []:
        shape.fault(
            _line(top, "payments"), Text("没有一个支付项。", "There is no payment."), Text("至少写一个。", "Give at least one.")
        )
    for i, pay in enumerate(raw["payments"] or (), 1):
        where, line = f"payments[{i}]", pay["line"]
        if pay["id"] in seen:
            shape.fault(
                line,
                Text("支付项 {p} 写了两次。", "Payment {p} is there twice.").fill(p=pay["id"]),
                Text("改一个代码。", "Rename one."),
            )
        seen.add(pay["id"])
        unit, form = pay["unit"], pay["form"]
        if unit and form and form not in w.UNITS[unit][1]:
            fit = [u for u, (_, forms) in w.UNITS.items() if form in forms]
            shape.fault(
                line,
                Text("{w}：形式 {f} 不能以 {u} 计。", "{w}: form {f} cannot be in {u}.").fill(w=where, f=form, u=unit),
                Text("用 {a}。", "Use {a}.").fill(a=", ".join(fit)),
            )
        for dim in pay["by"] or ():
            if dim not in w.DIMENSIONS and not dim.startswith("facts."):
                near = next(iter(difflib.get_close_matches(dim, w.DIMENSIONS, 1)), "—")
                shape.fault(
                    line,
                    Text("{w}.by 的“{d}”不认识。", "{w}.by has “{d}”, which is not known.").fill(w=where, d=dim),
                    Text("最相近的是 {n}；可用：{a}，或 facts.名称。", "The nearest is {n}; known: {a}, or facts.NAME.").fill(
                        n=near, a=", ".join(w.DIMENSIONS)
                    ),
                    "unknown_value",
                )
            if dim == "region" and not raw["regions"]:
                shape.fault(
                    line,
                    Text("{w} 按地区组区分，却没有 regions。", "{w} goes by region, but there are no regions.").fill(w=where),
                    Text("在 programme 下写 regions。", "Write regions under programme."),
                )
        for name in ("years", "starts_after"):
            if isinstance(pay[name], Mapping):
                _known_variants(shape, line, f"{where}.{name}", pay[name], variants)
        if pay["start_by"] is not None and not _DAY.fullmatch(pay["start_by"]):
            shape.fault(
                line,
                Text("{w}.start_by 应为月-日。", "{w}.start_by should be MM-DD.").fill(w=where),
                Text('例如 "06-30"。', 'For example "06-30".'),
            )
        if pay["form"] == "tranches_area" and pay["years"] is not None:
            shape.fault(
                line,
                Text(
                    "{w}：分次支付的年份写在标准表里，不写 years。",
                    "{w}: the years of tranches stand in the table of the rate, not in years.",
                ).fill(w=where),
                Text("删去 years。", "Delete years."),
            )
        if pay["when_none"] is not None and pay["optional"]:
            shape.fault(
                line,
                Text("{w} 同时写了 when_none 与 optional。", "{w} has both when_none and optional.").fill(w=where),
                Text("只留一个：拒绝，或没有此项。", "Keep one: refuse, or no such payment."),
            )


def _known_variants(shape: Shape, line: int, where: str, used: Iterable[str], variants: set[str]) -> None:
    for variant in used:
        if variant not in variants:
            near = next(iter(difflib.get_close_matches(variant, variants, 1)), "—")
            shape.fault(
                line,
                Text("{w} 的措施“{v}”不在 variants 中。", "{w} speaks of variant “{v}”, which is not among variants.").fill(
                    w=where, v=variant
                ),
                Text("最相近的是 {n}；有：{a}。", "The nearest is {n}; there are: {a}.").fill(
                    n=near, a=", ".join(sorted(variants))
                ),
                "unknown_value",
            )


def _line(top: Line, key: str) -> int:
    return int(top.value[key].line) if isinstance(top.value, dict) and key in top.value else top.line


def _ties(programmes: tuple[Programme, ...]) -> list[Fault]:
    """Find programmes that rest on one that does not exist."""
    ids = {p.id for p in programmes}
    known = ids | {p.stacking_code(v) for p in programmes for v in p.variants} | {"eco_zone", "reserve"}
    out = []
    for p in programmes:
        named = [("contract.of", p.contract.get("of"))] if p.contract.get("of") else []
        named += [("allows", a) for a in p.allows]
        named += [("excludes", a.partition(".")[0]) for rule in p.excludes for a in rule["with"]]
        for where, id in named:
            if id not in known and id is not None:
                near = next(iter(difflib.get_close_matches(id, known, 1)), "—")
                out.append(
                    Fault(
                        "programmes.unknown_programme",
                        p.file,
                        f"line {p.line}",
                        Text("{w} 提到的项目 {i} 不存在。", "{w} names {i}, and there is no such programme.").fill(w=where, i=id),
                        Text("最相近的是 {n}。", "The nearest is {n}.").fill(n=near),
                    )
                )
    return out


def _twice(one: Programme, other: Programme) -> Fault:
    return Fault(
        "programmes.twice",
        one.file,
        f"line {one.line}",
        Text("项目 {i} 在 {f} 中已有。", "Programme {i} is in {f} already.").fill(i=one.id, f=other.file),
        Text("一个地方一个代码只写一次。", "One file for a code and place."),
    )


def _no_mapping(file: str) -> Fault:
    return Fault(
        "programmes.shape",
        file,
        "line 1",
        Text("最上层应有 programme 和 parameters。", "The top level should have programme and parameters."),
        Text("用 ecocomp programme new 取得样本。", "See a template with ecocomp programme new."),
    )
