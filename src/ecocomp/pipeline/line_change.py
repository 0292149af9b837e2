"""What a new red line would touch in a case: parcels, rights, holders, contracts and money, as a ledger that closes.

The line that holds is that of the year's bundle where the year has been run, and then rights, rates and entitlements are
those of the sealed tables. Without a bundle it is the line of the case; then nothing is said about money. The new line is a
file of others and is read in isolation like every input.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from ecocomp.governance.bundle import open_bundle, read_bundle_table, verify
from ecocomp.io.files import read_table, sha256_of, write_json
from ecocomp.pipeline.case import Case
from ecocomp.pipeline.ground import Ground, read_zones
from ecocomp.pipeline.year import assess_layers
from ecocomp.pipeline.zone_draw import loaded, opened, plain_year, year_of
from ecocomp.pipeline.zones import is_geographic, zone_year
from ecocomp.terms.faults import Fault, FaultsError, UsageError, raise_errors
from ecocomp.terms.tables import TABLES
from ecocomp.terms.text import Text

if TYPE_CHECKING:
    from ecocomp.zoning.impact import Impact
    from ecocomp.zoning.polygons import Zones

Progress = Callable[[int, int, Text], None]
TABLES_OF = {"ledger": "red_line_ledger", "right": "red_line_right", "contract": "red_line_contract", "total": "red_line_total"}


@dataclass(frozen=True, eq=False)
class Changed:
    """What a change of the line touches.

    source   where the old line comes from: ``bundle``, ``case`` (its file), ``derived`` (drawn by its rules) or ``none``
    impact   ledger, rights, contracts, totals
    money    whether rates were known; without them nothing is said about money
    outside_dm2  ground of the new line that lies in no parcel
    """

    year: int
    source: str
    impact: Impact
    money: bool
    outside_dm2: int
    notes: list[Fault]
    files: list[Path] = field(default_factory=list)

    def totals(self) -> dict[str, int]:
        """Return the totals by item."""
        rows = self.impact.total.to_pylist()
        return {r["item"]: r["amount"] for r in rows}


@dataclass(frozen=True, eq=False)
class _Now:
    """What holds before the change."""

    source: str
    line: Zones
    parcel: pa.Table
    shapes: Any
    crs_wkt: str
    right: pa.Table
    contract: pa.Table
    standard: pa.Table | None = None
    entitlement: pa.Table | None = None


def line_impact(
    folder: Path,
    line: Path,
    *,
    year: int | None = None,
    out: Path | None = None,
    scratch: Path | None = None,
    progress: Progress | None = None,
) -> Changed:
    """Compare a new line with the one that holds, and write ledger, rights, contracts and totals to `out`.

    line     vector file of the new line
    year     default the last one with a bundle, else the last of the case
    out      default ``<case>/zones/<year>/impact``
    raises   `FaultsError` with every fault of the line and of the inputs
    """
    from ecocomp.tenure.rights import payable_rights
    from ecocomp.zoning.impact import red_line_impact
    from ecocomp.zoning.polygons import check_zones

    case = loaded(folder, scratch)
    if not line.is_file():
        raise UsageError(Text("没有文件 {p}。", "There is no file {p}.").fill(p=line))
    wanted = year_of(case, year if year is not None else _last_run(case, folder))
    now, notes = _now(case, folder, wanted, progress)
    new, said = foreign_line(case, line, now.crs_wkt)
    raise_errors(check_zones(new, line.name))
    found = red_line_impact(
        now.line.geometry,
        new.geometry,
        now.parcel,
        now.shapes,
        right=now.right,
        contract=now.contract,
        right_payable=payable_rights(now.right, now.parcel, now.contract) if now.standard is not None else None,
        standard=now.standard,
        entitlement=now.entitlement,
        geographic=is_geographic(now.crs_wkt),
    )
    made = Changed(wanted, now.source, found, now.standard is not None, _outside(new, found, now.crs_wkt), [*notes, *said])
    place = out or folder / "zones" / str(wanted) / "impact"
    made.files.extend(_write(made, line, place))
    return made


def _last_run(case: Case, folder: Path) -> int | None:
    run = [y for y in case.years if (folder / "bundles" / str(y) / "bundle.json").is_file()]
    return run[-1] if run else None


def foreign_line(case: Case, path: Path, crs_wkt: str) -> tuple[Zones, list[Fault]]:
    """Return the polygons of a file of others, read in isolation and brought to `crs_wkt`, and the warnings about it."""
    from ecocomp.io.worker import VectorJob, Worker

    case.scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=case.scratch, prefix="line-") as place, Worker() as worker:
        (answer,) = worker.run([VectorJob("line", path)], Path(place))
        raise_errors(answer.faults)
        if not answer.ok or answer.path is None:
            clash = Text("读不出来。", "It could not be read.")
            raise FaultsError(
                [Fault("input.unreadable", path.name, "", clash, Text("给出一个面图层。", "Give a layer of polygons."))]
            )
        return read_zones(answer.path, crs_wkt, "", "line"), answer.faults


def _now(case: Case, folder: Path, year: int, progress: Progress | None) -> tuple[_Now, list[Fault]]:
    bundle = folder / "bundles" / str(year)
    if (bundle / "bundle.json").is_file():
        return _of_bundle(bundle), []
    with opened(case, folder, progress) as (ground, book, warnings):
        y = plain_year(case, year, ground, book, progress)
        found = _of_case(y, ground)
    return found, [*warnings, _no_money(year), *([_no_line()] if found.source == "none" else [])]


@dataclass(frozen=True)
class LineVersion:
    """The red line a sealed year rests on.

    fingerprint  of its ground (`zoning.editions.fingerprint`): the same ground has the same one
    changed      whether it differs from that of the year before; None for the first
    """

    year: int
    reference_day: str
    known_on: str
    patches: int
    area_dm2: int
    fingerprint: str
    changed: bool | None


def line_versions(folder: Path) -> list[LineVersion]:
    """Return the red line of every year of a case that has been run, oldest first."""
    from ecocomp.land.area import areas_dm2, polygon_areas_m2
    from ecocomp.land.edition import read_edition
    from ecocomp.zoning.editions import fingerprint

    out: list[LineVersion] = []
    for year in loaded(folder).years:
        bundle = folder / "bundles" / str(year)
        if not (bundle / "bundle.json").is_file():
            continue
        facts, line = open_bundle(bundle), bundle_line(bundle)
        area = areas_dm2(polygon_areas_m2(line.geometry, read_edition(bundle / "edition.parquet").crs_wkt)) if len(line) else [0]
        print_ = fingerprint(line)
        changed = None if not out else out[-1].fingerprint != print_
        out.append(
            LineVersion(year, str(facts["reference_day"]), str(facts["known_on"]), len(line), int(sum(area)), print_, changed)
        )
    return out


def bundle_line(bundle: Path) -> Zones:
    """Return the red line a bundle holds, in the reference system of its survey."""
    import numpy as np
    import shapely

    from ecocomp.zoning.polygons import Zones

    drawn = read_table(bundle / "red_line.parquet")
    shapes = np.asarray(shapely.from_wkb(drawn["geometry"].to_pylist()), object)
    return Zones(drawn["zone_id"].to_pylist(), ["red_line"] * len(drawn), shapes)


def _of_bundle(bundle: Path) -> _Now:
    """Return what a sealed bundle says; a bundle with a changed byte is a fault."""
    import numpy as np

    from ecocomp.land.edition import read_edition

    raise_errors(verify(bundle))
    edition = read_edition(bundle / "edition.parquet")
    codes = np.asarray(edition.table()["parcel_id"].to_pylist(), object)
    tables = {n: read_bundle_table(bundle, n) for n in ("right", "contract", "standard", "entitlement")}
    return _Now(
        "bundle",
        bundle_line(bundle),
        edition.gate(),
        edition.polygons()[np.argsort(codes, kind="stable")],
        edition.crs_wkt,
        **{n: TABLES[n].empty() if t is None and n in ("right", "contract") else t for n, t in tables.items()},
    )


def _of_case(y: Any, ground: Ground) -> _Now:
    """Return what the inputs of a case say on the reference day of the year."""
    from ecocomp.tenure.rights import rights_on

    day = y.case.reference_date(y.year)
    source = {"": "none", "derive": "derived"}.get(str(y.case.zones.get("red_line", "")), "case")
    if source == "derived":
        line = zone_year(y, y.params(), y.case.scratch / "maps", partial(assess_layers, y))[0].red_line
    else:
        line = ground.zone_layer("red_line")
    right = rights_on(y.register("right"), day, y.known_on)
    return _Now(source, line, ground.parcel, ground.shapes, ground.edition.crs_wkt, right, y.current("contract"))


def _no_money(year: int) -> Fault:
    clash = Text(
        "{y} 年没有成果包，不知道标准和应付额；只说地块、权利和合同。",
        "{y} has no bundle, so rates and entitlements are not known; only parcels, rights and contracts are told.",
    )
    remedy = Text("先运行 ecocomp run。", "Run ecocomp run first.")
    return Fault("zones.no_money", "bundles", str(year), clash.fill(y=year), remedy, "warning")


def _no_line() -> Fault:
    clash = Text(
        "案例没有红线：新红线内的地都算划入。", "The case has no red line: all ground inside the new one counts as taken in."
    )
    remedy = Text("在 case.toml 写上 zones.red_line。", "Give zones.red_line in case.toml.")
    return Fault("zones.no_line", "case.toml", "zones.red_line", clash, remedy, "warning")


def _outside(new: Zones, impact: Impact, crs_wkt: str) -> int:
    """Return the ground of the new line that lies in no parcel [dm2], 0 where rounding says less."""
    import shapely

    from ecocomp.land.area import areas_dm2, polygon_areas_m2

    whole = shapely.get_parts(shapely.union_all(new.geometry))
    whole = whole[shapely.get_type_id(whole) == 3]
    area = int(areas_dm2(polygon_areas_m2(whole, crs_wkt)).sum()) if len(whole) else 0
    inside = sum(impact.ledger["after_dm2"].to_pylist())
    return max(0, area - inside)


def closes(impact: Impact) -> bool:
    """Return whether before + gained − lost = after holds for every parcel and for the totals, to the dm2."""
    rows = impact.ledger.to_pylist()
    sums = {r["item"]: r["amount"] for r in impact.total.to_pylist()}
    columns = ("before_dm2", "gained_dm2", "lost_dm2", "after_dm2")
    every = [{c: r[c] for c in columns} for r in rows] + [{c: sums[c] for c in columns}]
    whole = all(sums[c] == sum(r[c] for r in rows) for c in columns)
    return whole and all(r["before_dm2"] + r["gained_dm2"] - r["lost_dm2"] == r["after_dm2"] for r in every)


def _write(made: Changed, line: Path, out: Path) -> list[Path]:
    from ecocomp.pipeline.zone_files import write_both

    files = [p for attribute, name in TABLES_OF.items() for p in write_both(getattr(made.impact, attribute), out / name)]
    write_json(
        {
            "year": made.year,
            "old_line": made.source,
            "new_line": {"file": line.name, "sha256": sha256_of(line)},
            "money_known": made.money,
            "closes": closes(made.impact),
            "outside_parcels_dm2": made.outside_dm2,
            "totals": made.totals(),
            "notes": [f.as_json() for f in made.notes],
        },
        out / "facts.json",
    )
    return [*files, out / "facts.json"]
