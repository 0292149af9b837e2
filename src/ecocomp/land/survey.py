"""The import of a survey layer: a foreign file in, an edition and the complete list of faults out, or no edition at all.

For the office's `survey import`. The file is opened by the worker alone; its attributes, shapes and seams are checked while
it streams through; repairs are made only where asked for, each on record. Nothing is kept half: the edition lies in the
work folder whole or not at all, and a run that was killed goes on from the clean layer, if that was finished.

    result = survey_edition(Path("DLTB.gpkg"), work_dir, mapping)
    write_report(result.faults, work_dir / "faults.csv")
"""

from __future__ import annotations

import hashlib
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.io.files import canonical_json, exclusive_lock, read_json, require_space, sha256_of, write_json
from ecocomp.io.worker import Limits, VectorJob, Worker
from ecocomp.land import checks, repair
from ecocomp.land.area import areas_dm2
from ecocomp.land.edition import (
    ATTRIBUTES,
    BOUNDS,
    DECLARED,
    PLACE,
    TOPOLOGY,
    Edition,
    Gathered,
    batches,
    edition_rows,
    write_edition,
)
from ecocomp.land.finds import KINDS, Find, TopologyLimits, table_of, write_finds
from ecocomp.land.repair import Repair, RepairOptions
from ecocomp.land.report import FaultLog, counts
from ecocomp.land.seams import Seams
from ecocomp.land.shapes import look
from ecocomp.land.spool import Spool, shapes_of, spool_folder
from ecocomp.land.topology import lone, single
from ecocomp.terms.faults import Fault, FaultsError
from ecocomp.terms.text import Text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ecocomp.land.mapping import Mapping

CLEAN_VERSION = 1
UNIT_SAMPLE = 200_000
Progress = Callable[[int, int, Text], None]
READ = Text("读取文件", "Read the file")
CHECK = Text("检查地块", "Check the parcels")
SEAMS = Text("检查地块之间", "Check between the parcels")
WRITE = Text("写入版次", "Write the edition")


@dataclass(frozen=True, slots=True)
class Outline:
    """The outline of a region in a coordinate system of its own."""

    polygon: Any
    crs_wkt: str

    @classmethod
    def of_layer(cls, clean: Path) -> Outline:
        """Return the outline that the polygons of a clean layer (of the worker) make together."""
        import shapely

        shapes = shapes_of(pa.concat_tables(list(batches(clean))).select(["geometry"]))
        return cls(shapely.union_all(shapely.make_valid(shapes)), read_json(clean.with_suffix(".json"))["crs_wkt"])

    def within(self, crs: Any) -> Any:
        """Return the polygon in another coordinate system."""
        import pyproj
        import shapely

        here = pyproj.CRS.from_wkt(self.crs_wkt)
        if here.equals(crs, ignore_axis_order=True):
            return self.polygon
        turn = pyproj.Transformer.from_crs(here, crs, always_xy=True)
        return shapely.transform(self.polygon, lambda xy: np.column_stack(turn.transform(xy[:, 0], xy[:, 1])))


@dataclass(frozen=True, slots=True)
class SurveyOptions:
    """How a survey layer is taken in.

    dry_run   check only, write no edition
    topology  limits of the checks of shapes and seams
    repairs   what may be mended; nothing unless asked for
    bounds    (xmin, ymin, xmax, ymax) of the rasters, in the layer's coordinate system
    region    outline of the region, outside which no parcel may lie: a polygon in the layer's coordinate system, or an `Outline`
    limits    of the process that opens the file
    """

    dry_run: bool = False
    topology: TopologyLimits | None = None
    repairs: RepairOptions = field(default_factory=RepairOptions)
    bounds: tuple[float, float, float, float] | None = None
    region: Any = None
    limits: Limits | None = None


@dataclass(frozen=True, slots=True)
class SurveyResult:
    """What came of an import.

    edition  None if there is an error, or on a dry run
    faults   every fault, errors and warnings; `faults.rows()` gives their places too
    counts   `report.counts`: rows in, out and refused; errors and warnings by code; repairs by kind
    repairs  table of `repair.SCHEMA`
    finds    table of `finds.SCHEMA`: what topology found, with places
    facts    source, its SHA-256, coordinate system, mapping, parcels, total area (dm²), whether the clean layer was there
    """

    edition: Edition | None
    faults: FaultLog
    counts: dict[str, Any]
    repairs: pa.Table
    finds: pa.Table
    facts: dict[str, Any]

    def write_finds(self, path: Path | str) -> Path:
        """Write the places of what topology found, GeoPackage or GeoParquet by the suffix."""
        return write_finds(self.finds, path, self.facts["crs_wkt"])


def survey_edition(
    source: Path | str,
    work_dir: Path | str,
    mapping: Mapping | None = None,
    options: SurveyOptions | None = None,
    progress: Progress | None = None,
) -> SurveyResult:
    """Take a foreign survey layer in; return the edition, if there is no error, and all faults.

    source    GeoPackage, Shapefile, File Geodatabase, GeoJSON or GeoParquet
    work_dir  folder of this import alone: the clean layer is kept there, the edition becomes `edition.parquet`
    mapping   which field says what; None: a DLTB layer, found out by its columns
    raises    `DiskError` when the disk is full, `FaultsError` if another process works in the folder
    """
    work = Path(work_dir)
    options = options or SurveyOptions()
    log = FaultLog()
    with exclusive_lock(work / ".lock"):
        _tidy(work)
        clean, facts = _clean_layer(Path(source), work, mapping, options, log, progress)
        if clean is None:
            return _nothing(log, facts)
        where = str(facts.get("source", clean.name))
        mapping = mapping or _detected(clean, where, log)
        if mapping is None:
            return _nothing(log, facts)
        try:
            return _Import(clean, work / "edition.parquet", facts, mapping, options, log, progress).run()
        except FaultsError as stop:
            log.add(stop.faults, ATTRIBUTES)
            return _nothing(log, facts)


def _nothing(log: FaultLog, facts: dict[str, Any]) -> SurveyResult:
    rows = int(facts.get("features", 0))
    made = counts(rows, 0, rows, log) | {"repairs": {}}
    return SurveyResult(None, log, made, repair.table_of([]), table_of([]), facts)


# ---------------------------------------------------------------- the clean layer
def _tidy(work: Path) -> None:
    """Remove what a killed run left: half files and the folders of jobs; nobody else works here."""
    for left in (*work.glob(".*.part"), *work.glob("clean/*/.*.part")):
        left.unlink(missing_ok=True)
    for folder in (*work.glob("clean/*/.job-*"), *work.glob(".*.spool")):
        for place in (folder, folder / "in"):
            if place.is_dir():
                place.chmod(0o700)
        shutil.rmtree(folder, ignore_errors=True)


def source_digest(path: Path) -> str | None:
    """Return a SHA-256 of a file, of a Shapefile with its parts, or of a folder; None if it is none of these."""
    if path.is_dir():
        parts = sorted(p for p in path.iterdir() if p.is_file())
    elif path.is_file():
        parts = [path]
        if path.suffix.lower() == ".shp":
            parts = sorted(p for p in path.parent.iterdir() if p.stem == path.stem and p.is_file())
    else:
        return None
    try:
        return hashlib.sha256(canonical_json({p.name: sha256_of(p) for p in parts})).hexdigest()
    except OSError:
        return None


def _clean_layer(
    source: Path, work: Path, mapping: Mapping | None, options: SurveyOptions, log: FaultLog, progress: Progress | None
) -> tuple[Path | None, dict[str, Any]]:
    """Return the clean layer and its facts, made now or found whole from a run before; None if the file cannot be used."""
    layer, encoding = (mapping.layer, mapping.encoding) if mapping else (None, None)
    digest = source_digest(source)
    key = hashlib.sha256(canonical_json([CLEAN_VERSION, digest, source.name, layer, encoding])).hexdigest()
    folder = work / "clean" / key
    path = folder / "layer.parquet"
    if digest is not None and _whole(path):
        done = read_json(folder / "done.json")
        log.add([_fault_of(f) for f in done["warnings"]], PLACE)
        return path, done["facts"] | {"resumed": True}
    if progress:
        progress(0, 1, READ)
    shutil.rmtree(folder, ignore_errors=True)
    with Worker(options.limits) as worker:
        answer = worker.run([VectorJob("layer", source, layer, encoding)], folder)[0]
    log.add(answer.faults, PLACE)
    if not answer.ok or answer.path is None:
        shutil.rmtree(folder, ignore_errors=True)
        return None, {"source": source.name, "resumed": False}
    if source_digest(source) != digest:
        log.add([_changed(source.name)], PLACE)
        shutil.rmtree(folder, ignore_errors=True)
        return None, {"source": source.name, "resumed": False}
    warnings = [f.as_json() for f in answer.faults]
    write_json({"facts": answer.facts, "warnings": warnings, "sha256": sha256_of(answer.path)}, folder / "done.json")
    if progress:
        progress(1, 1, READ)
    return answer.path, answer.facts | {"resumed": False}


def _whole(path: Path) -> bool:
    """Whether a clean layer was finished, and is still what it was then."""
    try:
        return bool(read_json(path.with_name("done.json"))["sha256"] == sha256_of(path))
    except (OSError, KeyError, TypeError, FaultsError):
        return False


def _fault_of(said: dict[str, Any]) -> Fault:
    clash, remedy = Text(said["clash_zh"], said["clash_en"]), Text(said["remedy_zh"], said["remedy_en"])
    return Fault(said["code"], said["where"], said["record"], clash, remedy, said["severity"])


def _detected(clean: Path, where: str, log: FaultLog) -> Mapping | None:
    """Find the mapping out from the columns and the first rows."""
    from ecocomp.land.mapping import detect

    first = next(batches(clean, 1000))
    found, faults = detect(first.column_names, first.drop_columns(["geometry"]).to_pylist(), where)
    log.add(faults, ATTRIBUTES)
    return found


# ---------------------------------------------------------------- one import
class _Import:
    """One layer on its way to an edition."""

    def __init__(
        self,
        clean: Path,
        target: Path,
        facts: dict[str, Any],
        mapping: Mapping,
        options: SurveyOptions,
        log: FaultLog,
        progress: Progress | None,
    ) -> None:
        import pyproj

        from ecocomp.land.attributes import AttributeChecks

        self.clean, self.target, self.facts, self.mapping = clean, target, facts, mapping
        self.options, self.log, self.progress = options, log, progress
        self.where = str(facts.get("source", clean.name))
        self.crs = pyproj.CRS.from_wkt(facts["crs_wkt"])
        self.region = options.region.within(self.crs) if isinstance(options.region, Outline) else options.region
        self.limits = options.topology or TopologyLimits(sliver_m2=mapping.tolerances.sliver_m2)
        self.checks = AttributeChecks(mapping, self.where)
        self.copies = repair.Copies() if repair.COPIES in options.repairs.kinds else None
        self.gathered = Gathered()
        self.finds: list[Find] = []
        self.repairs: list[Repair] = []
        self.dropped = 0
        self.sample: list[tuple[NDArray[np.float64], NDArray[np.float64]]] = []

    def run(self) -> SurveyResult:
        """Take the layer in, check it, mend what may be mended, write the edition if nothing is wrong."""
        require_space(self.target.parent, 4 * self.clean.stat().st_size)
        folder = spool_folder(self.target)
        with Spool(folder) as spool, Spool(folder.with_name(folder.name.replace(".spool", "-mended.spool"))) as second:
            self._take_in(spool)
            rows = self._between(spool, second)
            self._units()
            edition = self._written(rows)
            rows_out = len(rows) if not self.log.by_code("error") else 0
            return self._result(edition, rows, rows_out)

    # ------------------------------------------------------------ row by row
    def _take_in(self, spool: Spool) -> None:
        total = int(self.facts.get("features", 0))
        first = 0
        for table in batches(self.clean):
            for at, part in self._once(table):
                self._take_part(part, first + at, spool)
            first += len(table)
            if self.progress:
                self.progress(min(first, total), total, CHECK)
        self.gathered.rows = first
        self.log.add(self.checks.finish(), ATTRIBUTES)
        told = {**self.log.by_code("error")}
        again = [f for f in checks.check_ids(self.gathered.names(), self.where) if f.code not in told]
        self.log.add([f for f in again if f.code == "land.duplicate_id"], ATTRIBUTES)
        spool.sort()

    def _once(self, table: pa.Table) -> Iterator[tuple[int, pa.Table]]:
        """Yield the stretches of a batch between rows that are there twice, with the place each begins."""
        if self.copies is None or self.mapping.fields.parcel_id not in table.column_names:
            yield 0, table
            return
        ids = ["" if v is None else str(v).strip() for v in table[self.mapping.fields.parcel_id].to_pylist()]
        again = self.copies.found(ids, table["geometry"].to_pylist())
        start = 0
        for i in [*np.flatnonzero(again), len(table)]:
            if i > start:
                yield start, table.slice(start, int(i) - start)
            if i < len(table):
                shape = shapes_of(table.slice(int(i), 1).select(["geometry"]))[0]
                self.repairs += repair.records(repair.COPIES, [(ids[i], ids[i], shape, None)], self.crs)
                self.dropped += 1
            start = int(i) + 1

    def _take_part(self, table: pa.Table, first: int, spool: Spool) -> None:
        import shapely

        columns, faults = self.checks.batch(table, first)
        self.log.add(faults, ATTRIBUTES)
        codes = ["" if v is None else str(v) for v in _plain(columns["parcel_id"])]
        names = [checks.name_of(codes, i, first) for i in range(len(codes))]
        shapes = shapes_of(table.select(["geometry"]))
        shapes, mended = repair.repair_shapes(names, shapes, self.crs, self.options.repairs)
        self.repairs += mended
        with np.errstate(invalid="ignore"):
            looked = look(shapes, self.crs)
            self._told(single(names, shapes, self.crs, self.limits, first, looked))
        area = areas_dm2(np.nan_to_num(looked.area_m2, posinf=0.0))
        boxes = shapely.bounds(shapes)
        columns = {**columns, "source_row": pa.array(np.arange(first + 1, first + len(table) + 1))}
        self._declared(columns, area, looked.sound, names, first)
        rows = np.flatnonzero(looked.polygon)
        spool.append(
            edition_rows(columns, shapes, area, boxes, looked.sound, rows, [names[i] for i in rows]).combine_chunks(), boxes[rows]
        )
        self.gathered.ids.append(pa.array(codes, pa.string()))
        self.gathered.boxes.append(boxes)

    def _declared(
        self, columns: dict[str, Any], area: NDArray[np.int64], sound: NDArray[np.bool_], names: list[str], first: int
    ) -> None:
        declared = columns["declared_area_dm2"]
        declared = pa.array(declared, pa.int64()) if isinstance(declared, list) else declared
        declared = declared.combine_chunks() if isinstance(declared, pa.ChunkedArray) else declared
        usable = pc.if_else(pa.array(sound), declared, pa.scalar(None, pa.int64()))
        found = checks.check_declared(names, area, usable, self.mapping.tolerances.declared_area, self.where, first)
        self.log.add(found, DECLARED)
        if sum(len(a) for a, _ in self.sample) < UNIT_SAMPLE:
            self.sample.append((np.asarray(usable.cast(pa.float64()).fill_null(np.nan)), area.astype(np.float64)))

    def _told(self, finds: list[Find]) -> None:
        """Put finds on record, as table and as sentences."""
        self.finds += finds
        self.log.add([f.fault(self.where) for f in finds], TOPOLOGY, [f.place for f in finds])

    # ------------------------------------------------------------ the layer as a whole
    def _between(self, spool: Spool, second: Spool) -> Spool:
        """Check between the parcels; mend there what may be mended; return the rows as they are then."""
        misplaced = checks.check_place(self._boxes(), self.crs, self.where)
        self.log.add(misplaced, PLACE)
        if misplaced or not len(spool):
            return spool
        if self.options.bounds is not None:
            self.log.add(checks.check_bounds(self._name, self._boxes(), self.options.bounds, self.where), BOUNDS)
        found, seams = self._seams(spool)
        if not set(repair.BETWEEN) & self.options.repairs.kinds:
            self._told(found)
            return spool
        new, done = repair.repair_seams(seams, found, self.options.repairs)
        if new:
            self.repairs += done
            self._respool(spool, second, new)
            spool = second
            found, _ = self._seams(spool)
        self._told(found)
        return spool

    def _boxes(self) -> NDArray[np.float64]:
        return self.gathered.all_boxes()

    def _name(self, row: Any) -> str:
        return self.gathered.names()[int(row)].as_py() or f"row {int(row) + 1}"

    def _seams(self, spool: Spool) -> tuple[list[Find], Seams]:
        def show(done: int, total: int) -> None:
            if self.progress:
                self.progress(done, total, SEAMS)

        seams = Seams(spool, self.crs, self.limits, show).matched()
        found = lone(spool, self.crs, self.limits, self.region)
        return found + seams.overlaps() + seams.gaps(), seams

    def _respool(self, spool: Spool, second: Spool, new: dict[int, Any]) -> None:
        """Put the rows in order again with the shapes that changed."""
        import shapely

        for tile, table in enumerate(spool.tables()):
            start = int(spool.starts[tile])
            boxes = spool.boxes[start : start + len(table)].copy()
            changed = {row - start: shape for row, shape in new.items() if start <= row < start + len(table)}
            if changed:
                at = np.array(sorted(changed))
                shapes = np.array([changed[i] for i in at], object)
                boxes[at] = shapely.bounds(shapes)
                table = _replaced(table, at, shapes, boxes[at], self.crs)
            second.append(table, boxes)
        second.sort()

    def _units(self) -> None:
        """Tell areas read in the wrong unit once, instead of at every parcel."""
        from ecocomp.land.attributes import check_declared_unit

        if not self.sample or self.mapping.fields.declared_area is None:
            return
        declared, measured = (np.concatenate([s[i] for s in self.sample]) for i in (0, 1))
        found = check_declared_unit(self.mapping, declared, measured, self.where)
        self.log.add(found, ATTRIBUTES)
        if found:
            self.log.discard(DECLARED)

    # ------------------------------------------------------------ the end
    def _written(self, rows: Spool) -> Edition | None:
        if self.log.by_code("error") or self.options.dry_run or not len(rows):
            return None
        if self.progress:
            self.progress(0, 1, WRITE)
        fields = {n: getattr(self.mapping.fields, n) for n in self.mapping.fields.__slots__ if n != "classes"}
        said = {"mapping": self.mapping.as_json(), "repairs": self._repair_counts()}
        edition = write_edition(rows, self.target, self.facts, self.crs, fields, replace=True, **said)
        if self.progress:
            self.progress(1, 1, WRITE)
        return edition

    def _repair_counts(self) -> dict[str, int]:
        return dict(sorted(Counter(r.kind for r in self.repairs).items()))

    def _result(self, edition: Edition | None, rows: Spool, rows_out: int) -> SurveyResult:
        total = self.gathered.rows
        made = counts(total, rows_out, total - rows_out, self.log) | {
            "rows_dropped": self.dropped,
            "repairs": self._repair_counts(),
        }
        kinds = Counter(f.kind for f in self.finds)
        area = sum(int(pc.sum(t["area_dm2"]).as_py() or 0) for t in rows.tables()) if len(rows) else 0
        facts = self.facts | {
            "mapping": self.mapping.as_json(),
            "dry_run": self.options.dry_run,
            "parcels": len(rows),
            "area_dm2": area,
            "finds": {k: kinds[k] for k in KINDS if kinds[k]},
        }
        return SurveyResult(edition, self.log, made, repair.table_of(self.repairs), table_of(self.finds), facts)


def _plain(column: Any) -> list[Any]:
    return column.to_pylist() if isinstance(column, pa.Array | pa.ChunkedArray) else list(column)


def _replaced(
    table: pa.Table, at: NDArray[np.int64], shapes: NDArray[np.object_], boxes: NDArray[np.float64], crs: Any
) -> pa.Table:
    """Return rows with other shapes in some places: geometry, area, point inside and box are made anew."""
    import shapely

    inside = shapely.point_on_surface(shapes)
    new: dict[str, Any] = {
        "geometry": shapely.to_wkb(shapes, byte_order=1, output_dimension=2),
        "area_dm2": areas_dm2(look(shapes, crs).area_m2),
        "x": shapely.get_x(inside),
        "y": shapely.get_y(inside),
        **{n: boxes[:, i] for i, n in enumerate(("xmin", "ymin", "xmax", "ymax"))},
    }
    for name, values in new.items():
        column = table[name].to_numpy().copy() if name != "geometry" else np.asarray(table[name].to_pylist(), object)
        column[at] = values
        place = table.column_names.index(name)
        table = table.set_column(place, table.schema.field(name), pa.array(column, table.schema.field(name).type))
    return table


def _changed(where: str) -> Fault:
    return Fault(
        "io.changed_while_read",
        where,
        "",
        Text("读取期间文件被改动。", "the file was changed while it was read."),
        Text("请等写入结束后再导入。", "Import it again when nobody writes to it."),
    )
