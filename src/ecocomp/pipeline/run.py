"""Run a case: its years in order, each from the last one's bundle, one run at a time, resumable."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from ecocomp.governance.bundle import checkpoint_root, open_bundle, verify
from ecocomp.io.files import canonical_json, disk_words, exclusive_lock, recover_folder, remove_folder, sha256_of
from ecocomp.pipeline.case import Case, load_case
from ecocomp.pipeline.check import case_agreements, class_faults, rule_book
from ecocomp.pipeline.ground import Ground, make_ground
from ecocomp.pipeline.inputs import Inputs, take_in
from ecocomp.pipeline.publish import publish
from ecocomp.pipeline.software import code_fingerprint
from ecocomp.pipeline.stages import open_work
from ecocomp.pipeline.year import Year, run_stages
from ecocomp.rules import RuleBook
from ecocomp.terms.faults import Fault, FaultsError, UsageError, raise_errors
from ecocomp.terms.text import Text

Progress = Callable[[int, int, Text], None]


@dataclass
class Answer:
    """What a run made: one bundle per year, which of them stood already, whose checkpoint was replaced, warnings of the inputs."""

    bundles: dict[int, Path] = field(default_factory=dict)
    warnings: list[Fault] = field(default_factory=list)
    unchanged: set[int] = field(default_factory=set)
    replaced: dict[int, str] = field(default_factory=dict)


def run_case(
    folder: Path,
    *,
    years: Iterable[int] = (),
    out: Path | None = None,
    known_on: date | None = None,
    scratch: Path | None = None,
    scheduler: str | None = None,
    progress: Progress | None = None,
) -> Answer:
    """Run the years of a case (all, or those named) and return where the bundles are.

    folder    case folder
    years     years to run; the one before each must have a bundle or be run too, unless it is the first
    out       folder of the bundles, default `<case>/bundles`
    known_on  state of knowledge, default the case's
    scratch   where caches and unfinished work live, default `<case>/.ecocomp`
    scheduler address of a dask scheduler whose workers assess the services; they must see the scratch folder under the
              same path (`ecocomp.services.cluster`). The bundles have the same bytes
    raises    `FaultsError` with every fault of the inputs; nothing is changed then
    """
    case, faults = load_case(folder)
    raise_errors(faults)
    assert case is not None
    if case.purpose == "assess":
        raise UsageError(
            Text(
                "案例的 purpose 是 assess，只评估服务：用 ecocomp assess {c}。",
                "The purpose of the case is assess, which has no money: use ecocomp assess {c}.",
            ).fill(c=folder)
        )
    if scheduler:
        from ecocomp.services.cluster import check_scheduler

        check_scheduler(scheduler)
    case = replace(case, scratch_folder=scratch)
    wanted = _wanted(case, years, known_on or case.known_on)
    with exclusive_lock(case.scratch / "lock"), disk_words(folder):
        return _run_locked(case, wanted, out or folder / "bundles", known_on or case.known_on, progress, scheduler)


def _wanted(case: Case, years: Iterable[int], known_on: date) -> list[int]:
    """Return the years to run: those named, or all whose reference day was past on the known date."""
    named = sorted(set(years))
    unknown = [y for y in named if y not in case.years]
    if unknown:
        raise UsageError(
            Text("案例没有 {y} 年；有：{k}。", "The case has no year {y}; it has: {k}.").fill(
                y=", ".join(map(str, unknown)), k=", ".join(map(str, case.years))
            )
        )
    past = [y for y in case.years if case.reference_date(y) <= known_on]
    early = [y for y in named or case.years if y not in past]
    if (named and early) or not past:
        raise UsageError(
            Text(
                "{y} 年的权利基准日晚于已知日 {k}，当时还无从知道。",
                "The reference day of {y} lies after the known date {k}; nobody could know it then.",
            ).fill(y=", ".join(map(str, early)), k=known_on)
        )
    return named or past


def _run_locked(
    case: Case, wanted: list[int], out: Path, known_on: date, progress: Progress | None, scheduler: str | None = None
) -> Answer:
    book, faults = rule_book(case)
    inputs = take_in(case, progress)
    agreements, found = case_agreements(case)
    raise_errors([*faults, *inputs.faults, *class_faults(case, inputs), *found])
    place = case.scratch / "edition" / f"{edition_key(case, inputs)}.parquet"
    place.parent.mkdir(parents=True, exist_ok=True)
    ground, warnings = make_ground(case, inputs, place, progress)
    answer = Answer(warnings=[f for f in (*faults, *found, *inputs.faults, *warnings) if f.severity == "warning"])
    try:
        for year in wanted:
            _run_year(case, year, known_on, ground, book, agreements, out, answer, progress, scheduler)
    finally:
        ground.close()
    return answer


def edition_key(case: Case, inputs: Inputs) -> str:
    """Return the name of the edition: an edition never changes, so another declaration or program gets another one."""
    parts = [inputs.clean["survey"].parent.name, dict(case.survey), code_fingerprint()]
    return hashlib.sha256(canonical_json(parts)).hexdigest()[:24]


def _run_year(
    case: Case,
    year: int,
    known_on: date,
    ground: Ground,
    book: RuleBook,
    agreements: list[Any],
    out: Path,
    answer: Answer,
    progress: Progress | None,
    scheduler: str | None = None,
) -> None:
    final = out / str(year)
    recover_folder(final)
    previous = _previous(case, year, out)
    key = run_key(case, year, known_on, ground.inputs, previous)
    answer.bundles[year] = final
    if (final / "bundle.json").is_file() and open_bundle(final).get("run_key") == key and not verify(final):
        answer.unchanged.add(year)
        return
    work = open_work(case.scratch / "work" / str(year), key, progress)
    y = Year(case, year, known_on, ground, book, work, previous, agreements, scheduler)
    run_stages(y)
    before = checkpoint_root(final) if (final / "checkpoint").is_file() else ""
    root = publish(y, final)
    if before and before != root:
        answer.replaced[year] = before
    remove_folder(work.folder)


def _previous(case: Case, year: int, out: Path) -> Path | None:
    """Return last year's bundle; None for the first year. A changed or missing one is a fault."""
    earlier = [n for n in case.years if n < year]
    if not earlier:
        return None
    place = out / str(max(earlier))
    recover_folder(place)
    if not (place / "bundle.json").is_file():
        raise FaultsError(
            [
                Fault(
                    "run.no_previous",
                    str(place),
                    "",
                    Text(
                        "{y} 年要用 {p} 年的记分卡和余额，但没有那一年的成果包。",
                        "{y} needs the scorecard and balances of {p}, but there is no bundle of that year.",
                    ).fill(y=year, p=max(earlier)),
                    Text("先运行 {p} 年。", "Run {p} first.").fill(p=max(earlier)),
                )
            ]
        )
    raise_errors(verify(place))
    return place


def run_key(case: Case, year: int, known_on: date, inputs: Inputs, previous: Path | None) -> str:
    """Return the fingerprint of everything a year's bundle depends on."""
    agreements = [sha256_of(case.folder / f) for f in case.agreements]
    rules = sorted(sha256_of(p) for f in case.rule_folders for p in f.rglob("*.yaml"))
    last = checkpoint_root(previous) if previous else ""
    parts = [
        code_fingerprint(),
        sha256_of(case.folder / "case.toml"),
        year,
        known_on.isoformat(),
        inputs.fingerprints,
        agreements,
        rules,
        last,
    ]
    return hashlib.sha256(canonical_json(parts)).hexdigest()
