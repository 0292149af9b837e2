"""Check a case: everything a run would stumble over, found before it runs and reported all at once."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.io.files import read_table
from ecocomp.pipeline.case import Case, load_case, points_outside
from ecocomp.pipeline.ground import Ground, common_grid, make_ground
from ecocomp.pipeline.inputs import Inputs, take_in
from ecocomp.registry import Use, entries
from ecocomp.rules import RuleBook, RuleValue, policy_folder
from ecocomp.rules.overrides import override_faults
from ecocomp.terms.faults import Fault, FaultsError, UsageError, capped
from ecocomp.terms.layers import CLASS_LAYERS
from ecocomp.terms.text import Text

Progress = Callable[[int, int, Text], None]


@dataclass
class Checked:
    """What a check found: every fault and warning, and a few facts about the inputs."""

    faults: list[Fault] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)


def rule_book(case: Case) -> tuple[RuleBook, list[Fault]]:
    """Return the rules of a case with its own folders laid over, every fault in them, and what they replace."""
    book, faults = RuleBook.read([policy_folder(), *case.rule_folders])
    if case.place not in book.places:
        known = ", ".join(sorted(book.places))
        faults.append(
            Fault(
                "case.place",
                "case.toml",
                "case.place",
                Text("地方 {p} 没有登记；有：{k}。", "Place {p} is not registered; there are: {k}.").fill(p=case.place, k=known),
                Text(
                    "更正 place，或在规则目录的 places.yaml 中登记。", "Mend place, or register it in places.yaml of a rule folder."
                ),
            )
        )
    return book, [*faults, *override_faults(book), *_own_gaps(case, book)]


def _own_gaps(case: Case, book: RuleBook) -> list[Fault]:
    """Return a fault for each of the case's own parameters that pauses on a day of reference.

    The value that ships would step in there unasked, so a payment could rest on a figure nobody chose.
    """
    out = []
    groups: dict[tuple[str, str, int], list[RuleValue]] = {}
    for v in book.values():
        if v.layer and v.recorded <= case.known_on:
            groups.setdefault((v.key, v.place, v.layer), []).append(v)
    for (key, place, _), found in sorted(groups.items()):
        for day in map(case.reference_date, case.years):
            before = [v for v in found if v.valid_to is not None and v.valid_to <= day]
            after = [v for v in found if v.valid_from > day]
            if before and after and not any(v.holds(day) for v in found):
                spans = "; ".join(f"{v.valid_from}–{v.valid_to or ''} ({v.file}:{v.line})" for v in found)
                out.append(
                    Fault(
                        "case.rule_gap",
                        found[0].file,
                        key,
                        Text(
                            "本案自己的 {k}（{p}）在 {d} 没有值；已有：{s}。",
                            "The case's own {k} ({p}) has no value on {d}; there are: {s}.",
                        ).fill(k=key, p=place, d=day, s=spans),
                        Text(
                            "补上覆盖这一天的值；否则会不声不响地用随附的值。",
                            "Add a value that covers this day; otherwise the value that ships would step in unasked.",
                        ),
                    )
                )
    return out


def case_agreements(case: Case) -> tuple[list[Any], list[Fault]]:
    """Read the agreement files of a case; return the usable ones and every fault."""
    from ecocomp.agreements.agreement import read_agreement

    made, faults = [], []
    for file in case.agreements:
        if points_outside(case.folder, file, case.allow_outside) or not (case.folder / file).is_file():
            continue  # told where the inputs are taken in
        agreement, found = read_agreement(case.folder / file)
        faults += found
        if agreement is not None:
            made.append(agreement)
    return made, faults


def check_case(folder: Path, progress: Progress | None = None) -> Checked:
    """Check everything about a case and change nothing but its cache."""
    case, faults = load_case(folder)
    checked = Checked(list(faults))
    if case is None:
        return checked
    book, found = rule_book(case)
    checked.faults += found
    checked.faults += case_agreements(case)[1]
    checked.faults += programme_faults(case, book)
    inputs = take_in(case, progress)
    checked.faults += inputs.faults
    checked.facts["inputs"] = len(inputs.fingerprints)
    checked.facts["purpose"] = case.purpose
    checked.faults += common_grid(inputs)[1]
    checked.faults += class_faults(case, inputs)
    ground = _ground(case, inputs, checked, progress)
    if case.purpose != "assess":
        checked.faults += _register_faults(case, inputs, ground, book)
    checked.faults += _parameter_faults(case, book)
    checked.faults = list(dict.fromkeys(checked.faults))
    return checked


def programme_faults(case: Case, book: RuleBook) -> list[Fault]:
    """Return the faults of the programme files a case adopts, and one for each programme its place does not have."""
    if not case.programmes or case.place not in book.places:
        return []
    from ecocomp.programmes.programme import load_programmes

    found = load_programmes([policy_folder(), *case.rule_folders])
    here = found.at(book, case.place)
    return [
        *found.faults,
        *(
            Fault(
                "case.programmes",
                "case.toml",
                "case.programmes",
                Text("{p} 没有项目 {i}。", "{p} has no programme {i}.").fill(p=case.place, i=id),
                Text("可用：{n}。", "There are: {n}.").fill(n=", ".join(here)),
            )
            for id in case.programmes
            if id not in here
        ),
    ]


def _ground(case: Case, inputs: Inputs, checked: Checked, progress: Progress | None) -> Ground | None:
    with tempfile.TemporaryDirectory() as place:
        try:
            ground, warnings = make_ground(case, inputs, Path(place) / "edition.parquet", progress)
            checked.faults += warnings
            checked.facts["parcels"] = len(ground.parcel)
            checked.facts["grid"] = {"crs": ground.grid.crs[:40], "width": ground.grid.width, "height": ground.grid.height}
        except FaultsError as stop:
            checked.faults += stop.faults
            return None
    return ground


def class_faults(case: Case, inputs: Inputs) -> list[Fault]:
    """Return a fault for class layers without any class, and for land-cover codes that are no ecosystem, all of a file at once."""
    import numpy as np

    from ecocomp.pipeline.align import empty_bands
    from ecocomp.terms.codes import ECOSYSTEMS

    known = {0, *(int(c) for c in ECOSYSTEMS)}
    out: list[Fault] = []
    for role in sorted(r for r in inputs.clean if r.startswith("layer.")):
        variable = role.split(".")[1]
        if variable not in CLASS_LAYERS or empty_bands(inputs.facts[role]):
            continue
        seen = _classes(inputs, role, case)
        if not seen[1:].any():
            out.append(_no_class(role))
        wrong = [int(c) for c in np.flatnonzero(seen) if c not in known]
        if wrong and variable == "land_cover":
            said = ", ".join(f"{c} ({seen[c]:,})" for c in wrong)
            out.append(
                Fault(
                    "layer.class",
                    role,
                    "",
                    Text("含有不认识的类别（像元数）：{w}。", "it holds unknown classes (cells): {w}.").fill(w=said),
                    Text("先按生态系统编码 11…82 重分类。", "Reclassify it to ecosystem codes 11…82 first."),
                )
            )
    return out


def _classes(inputs: Inputs, role: str, case: Case) -> Any:
    """Return how many cells of a class layer hold each of the codes 0…255."""
    import numpy as np

    from ecocomp.pipeline.inputs import LayerReader

    reader = LayerReader(inputs.clean[role], case.layers[role.split(".")[1]])
    height = inputs.facts[role]["height"]
    seen = np.zeros(256, np.int64)
    for row in range(0, height, 512):
        seen += np.bincount(reader.read(row, min(row + 512, height)).reshape(-1), minlength=256)
    reader.close()
    return seen


def _no_class(role: str) -> Fault:
    return Fault(
        "io.all_empty",
        role,
        "",
        Text("没有一个像元有类别。", "not one cell has a class."),
        Text("请检查填充值的声明与裁剪范围。", "Check the declared fills, and how it was clipped."),
    )


def _register_faults(case: Case, inputs: Inputs, ground: Ground | None, book: RuleBook) -> list[Fault]:
    """Return the faults between registers: rights, villages, envelopes, lots; each year's day of reference."""
    from ecocomp.credits.lots import check_lots
    from ecocomp.funds.allocate import check_envelopes, tie_faults
    from ecocomp.monitoring.checks import check_field_checks
    from ecocomp.tenure.rights import check_rights
    from ecocomp.terms.clocks import as_of

    out: list[Fault] = []
    tables = inputs.tables
    parcel = ground.parcel if ground is not None else _listed(case, inputs)
    if parcel is not None and {"right", "holder"} <= tables.keys():
        for year in case.years:
            day = case.reference_date(year)
            contract = as_of(tables["contract"], day, case.known_on) if "contract" in tables else None
            out += check_rights(tables["right"], tables["holder"], parcel, day, case.known_on, contract)
    if parcel is not None and "field_check" in tables:
        out += check_field_checks(tables["field_check"], parcel)
    if parcel is not None and "village" in tables:
        known = tables["village"]["village_code"].combine_chunks()
        missing = pc.unique(parcel["village_code"].filter(pc.invert(pc.is_in(parcel["village_code"], value_set=known))))
        out += capped(
            [
                Fault(
                    "register.village",
                    case.registers["village"],
                    v,
                    Text("地块用到的村代码 {v} 不在村表里。", "Village code {v} of some parcels is not in the village table.").fill(
                        v=v
                    ),
                    Text("在村表里补上。", "Add it to the village table."),
                )
                for v in sorted(missing.to_pylist())
            ],
            "register.village",
            case.registers["village"],
        )
    if "credit" in tables:
        out += check_lots(tables["credit"])
    if "envelope" in tables and case.place in book.places:
        for year in case.years:
            params = book.resolve(case.place, case.reference_date(year), case.known_on)
            try:
                found = check_envelopes(tables["envelope"], params, year)
            except FaultsError as stop:
                out += stop.faults
                continue
            if parcel is not None:
                running = (case.programme, *case.programmes)
                found = [*found, *tie_faults(tables["envelope"], year, running, parcel["village_code"])]
            out += [replace(f, where=case.registers["envelope"], record=f"{f.record} {year}") for f in found]
    return out


def _listed(case: Case, inputs: Inputs) -> pa.Table | None:
    """Return code and village of each parcel as the survey file lists them, to check registers by where the layer has faults."""
    if "survey" not in inputs.clean:
        return None
    table = read_table(inputs.clean["survey"])
    names = [str(case.survey["parcel_id"]), str(case.survey["village_code"])]
    if not set(names) <= set(table.column_names):
        return None
    listed = table.select(names).rename_columns(["parcel_id", "village_code"])
    listed = pa.table({n: listed[n].cast(pa.string()) for n in listed.column_names})
    return listed.filter(pc.is_valid(listed["parcel_id"]))


def missing_inputs(case: Case, uses: Iterable[Use]) -> list[str]:
    """Return the needed inputs of a model that a case neither brings nor can have made from what it brings."""
    have = {*case.layers, *case.registers}
    return [u.name for u in uses if not u.optional and not _obtainable(u.name, have, ())]


def _obtainable(name: str, have: set[str], asked: tuple[str, ...]) -> bool:
    from ecocomp.services.derive import makers

    if name in have:
        return True
    maker = makers().get(name)
    return maker is not None and name not in asked and all(_obtainable(n, have, (*asked, name)) for n in maker.NEEDS)


def service_faults(services: Iterable[str]) -> list[Fault]:
    """Return a fault for each service that is not registered."""
    known = entries("services.models")
    return [
        Fault(
            "case.service",
            "case.toml",
            "case.services",
            Text("没有服务 {s}；有：{k}。", "There is no service {s}; there are: {k}.").fill(s=service, k=", ".join(known)),
            Text("更正 services。", "Mend services."),
        )
        for service in dict.fromkeys(services)
        if service not in known
    ]


def _parameter_faults(case: Case, book: RuleBook) -> list[Fault]:
    """Return a fault for each parameter the chosen services declare that has no value on a reference day."""
    if case.place not in book.places:
        return []
    out = service_faults(case.services)
    known = entries("services.models")
    for service in case.services:
        if service not in known:
            continue
        missing = missing_inputs(case, known[service].spec.inputs)
        if missing:
            out.append(
                Fault(
                    "case.not_assessed",
                    "case.toml",
                    service,
                    Text(
                        "{s} 缺少输入 {m}，将报告为未评估。", "{s} lacks the inputs {m} and will be reported as not assessed."
                    ).fill(s=service, m=", ".join(missing)),
                    Text("补上图层或登记表，或从 services 中去掉它。", "Add the layer or register, or drop it from services."),
                    "warning",
                )
            )
            continue
        for year in case.years:
            params = book.resolve(case.place, case.reference_date(year), case.known_on)
            for use in known[service].spec.parameters:
                if use.optional or not book.values(use.name):
                    continue
                try:
                    params.get(use.name)
                except (FaultsError, UsageError) as stop:
                    out += getattr(stop, "faults", ())
    return out
