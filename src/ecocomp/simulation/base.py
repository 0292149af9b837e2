"""The year a reform is laid over: its tables, the rules it was computed with, last year's result.

Everything comes from the bundle, so neither rasters nor any geospatial library are needed. What a reform cannot change
(parcels, zones, rights, contracts, compliance) is prepared once and used for every reform.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa

from ecocomp.governance.bundle import open_bundle, read_bundle_table, rule_roots
from ecocomp.governance.recompute import tenure_of
from ecocomp.payments.enrol import Adopted, adopted_of
from ecocomp.rules import Parameters, RuleBook, RuleValue
from ecocomp.simulation.reform import Ground
from ecocomp.tenure.rights import payable_rights
from ecocomp.terms.faults import Fault, FaultsError, raise_errors
from ecocomp.terms.text import Text

NEEDED = ("parcel", "parcel_zone", "economy", "right", "contract", "compliance", "holder", "envelope", "entitlement")


@dataclass
class Base:
    """One year as it was run.

    tables    tables of the bundle by name; `right_payable` added
    load      reads a further table when it is needed: the services are many rows, and few reforms touch their value
    adopted   the programmes of the year; None: only that of the standard
    roots     rule folders of the bundle, with the files of its programmes
    last      tables of last year's bundle: scorecard, standard, envelope_balance (absent in the first year)
    """

    tables: Mapping[str, pa.Table]
    last: Mapping[str, pa.Table]
    ground: Ground
    year: int
    programme: str
    region_code: str
    name: Text = field(default_factory=lambda: Text("", ""))
    load: Callable[[str], pa.Table | None] | None = None
    kept: dict[str, Any] = field(default_factory=dict)
    adopted: Adopted | None = None
    roots: tuple[Path, ...] = ()

    def table(self, name: str) -> pa.Table:
        """Return a table of the year; one that is missing is a fault."""
        found = self.tables.get(name)
        if found is None and self.load is not None:
            found = self.load(name)
        if found is None:
            raise FaultsError([_lacking(name)])
        return found

    def params(self, values: tuple[RuleValue, ...] = ()) -> Parameters:
        """Return the parameters of the year, with the values of a reform above them."""
        return self.ground.with_values(values) if values else self.ground.params

    @property
    def tenure(self) -> Mapping[str, str]:
        """Return the kind of owner by parcel, worked out once."""
        if "tenure" not in self.kept:
            self.kept["tenure"] = tenure_of(self.table("holder"), self.table("right_payable"))
        found: Mapping[str, str] = self.kept["tenure"]
        return found


def read_base(folder: Path) -> Base:
    """Return the year of a bundle; raises `FaultsError` where tables or last year's bundle are missing."""
    facts = open_bundle(folder)
    raise_errors(_stated(facts, folder))
    names = [*NEEDED, "objection", "settlement", "credit"]
    tables = {n: t for n in names if (t := read_bundle_table(folder, n)) is not None}
    raise_errors([_lacking(n) for n in NEEDED if n not in tables])
    tables["right_payable"] = payable_rights(tables["right"], tables["parcel"], tables["contract"])
    year = int(facts["year"])
    roots = tuple(rule_roots(folder))
    book, faults = RuleBook.read(roots)
    raise_errors(faults)
    ground = Ground(
        book,
        str(facts["case"]["place"]),
        date.fromisoformat(facts["reference_day"]),
        date.fromisoformat(facts["known_on"]),
        tuple(sorted({r["envelope_id"] for r in tables["envelope"].to_pylist() if r["year"] == year})),
    )
    name = Text(str(facts["case"]["name_zh"]), str(facts["case"]["name_en"]))

    def load(table: str) -> pa.Table | None:
        found: pa.Table | None = read_bundle_table(folder, table)
        return found

    programme, region = str(facts["case"]["programme"]), str(facts["region_code"])
    last = _last(folder, facts)
    return Base(tables, last, ground, year, programme, region, name, load, adopted=adopted_of(facts["case"]), roots=roots)


def bundle_of(place: Path, year: int | None = None) -> Path:
    """Return the bundle that a path means: itself, or of a case folder the bundle of `year` (default: the last one)."""
    if (place / "bundle.json").is_file():
        return place
    folder = place / "bundles" if (place / "bundles").is_dir() else place
    found = {int(p.name): p for p in folder.glob("[0-9][0-9][0-9][0-9]") if (p / "bundle.json").is_file()}
    if found and (year is None or year in found):
        return found[max(found) if year is None else year]
    have = ", ".join(map(str, sorted(found))) or "—"
    raise FaultsError(
        [
            Fault(
                "simulate.no_bundle",
                str(place),
                "" if year is None else str(year),
                Text("没有运行过的年度；有：{h}。", "No year that was run is here; there are: {h}.").fill(h=have),
                Text("先运行 ecocomp run，或给出成果包。", "Run ecocomp run first, or name a bundle."),
            )
        ]
    )


def _last(folder: Path, facts: Mapping[str, Any]) -> dict[str, pa.Table]:
    cited = facts.get("previous")
    if not cited:
        return {}
    place = folder.absolute().parent / str(cited["year"])
    if not (place / "bundle.json").is_file():
        said = Text(
            "上一年（{y}）的成果包不在旁边；记分卡、标准和余额从那里来。",
            "The bundle of {y} is not beside it; its scorecard, rates and balances enter this year.",
        )
        remedy = Text("把它放回旁边。", "Put it back beside this one.")
        raise FaultsError([Fault("simulate.no_last_year", folder.name, str(cited["year"]), said.fill(y=cited["year"]), remedy)])
    names = ("scorecard", "standard", "envelope_balance")
    return {n: t for n in names if (t := read_bundle_table(place, n)) is not None}


_FACTS = ("year", "reference_day", "known_on", "region_code", "case.place", "case.programme", "case.name_zh", "case.name_en")


def _stated(facts: Any, folder: Path) -> list[Fault]:
    """Return a fault for each fact of the year that ``bundle.json`` does not state in a form that can be read."""
    out = []
    for name in (*_FACTS, *(["previous.year"] if isinstance(facts, Mapping) and facts.get("previous") else [])):
        value = _held(facts, name)
        if _readable(name, value):
            continue
        said = Text("{n} 是“{v}”。", "{n} is '{v}'.").fill(n=name, v="—" if value is None else str(value)[:40])
        remedy = Text(
            "成果包较旧或来自别处；用现在的程序重新运行这一年。",
            "The bundle is of an older form or comes from elsewhere; run the year again with this program.",
        )
        out.append(Fault("bundle.facts", str(folder / "bundle.json"), name, said, remedy))
    return out


def _held(facts: Any, name: str) -> Any:
    for key in name.split("."):
        facts = facts.get(key) if isinstance(facts, Mapping) else None
    return facts


def _readable(name: str, value: Any) -> bool:
    if name.endswith("year"):
        return isinstance(value, int) and not isinstance(value, bool)
    if not isinstance(value, str) or not value:
        return False
    try:
        return name not in ("reference_day", "known_on") or bool(date.fromisoformat(value))
    except ValueError:
        return False


def _lacking(name: str) -> Fault:
    said = Text("成果包缺表 {n}。", "The bundle lacks the table {n}.").fill(n=name)
    return Fault("bundle.table", f"tables/{name}.parquet", "", said, Text("给出完整的成果包。", "Name a whole bundle."))
