"""Bring in the inputs of a case: foreign files through the isolated worker, clean copies into the case's cache.

The cache (`<case>/.ecocomp/inputs`) is keyed by the content of the source and our declaration of it, so that
`check` and `run` share it and a changed input is taken in again. All faults of all files are reported at once.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
from calendar import isleap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from ecocomp.io.files import canonical_json, read_json, read_table, sha256_of, write_json
from ecocomp.io.raster import CleanRaster, GridInfo, LayerEncoding, judge, open_clean
from ecocomp.io.worker import Job, RasterJob, TableJob, VectorJob, Worker
from ecocomp.pipeline.case import Case, LayerInput, outside_fault, points_outside
from ecocomp.pipeline.registers import read_register
from ecocomp.terms.faults import Fault
from ecocomp.terms.layers import BANDS, CLASS_LAYERS, LAYERS
from ecocomp.terms.tables import TABLES
from ecocomp.terms.text import Text
from ecocomp.terms.variables import variable

Progress = Callable[[int, int, Text], None]
_FORMAT = 3  # raise when clean copies made by an older version must be made again


@dataclass(frozen=True, slots=True)
class Source:
    """One input file of a case: its role, its path, and what the worker is asked to make of it."""

    role: str
    path: Path
    job: Job
    layer: LayerInput | None = None
    year: int | None = None


@dataclass
class Inputs:
    """What was taken in: clean files by role, typed registers, fingerprints of every source, faults.

    sums  SHA-256 of each source by role, taken before it was read
    """

    clean: dict[str, Path] = field(default_factory=dict)
    facts: dict[str, dict[str, Any]] = field(default_factory=dict)
    tables: dict[str, pa.Table] = field(default_factory=dict)
    fingerprints: list[dict[str, Any]] = field(default_factory=list)
    sums: dict[str, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def raster(self, variable_name: str, year: int | None) -> str | None:
        """Return the role of a layer for a year (or of the static layer), or None if there is none."""
        for role in (f"layer.{variable_name}.{year}", f"layer.{variable_name}"):
            if role in self.clean:
                return role
        return None


class LayerReader:
    """A clean raster as the engines read it: `.bands`, `.read(row0, row1)`; NaN (classes: 0) is nodata.

    It can be sent to another process, which opens the file by its path.
    """

    def __init__(self, path: Path, layer: LayerInput) -> None:
        self.path = path
        self._layer = layer
        self._raster: CleanRaster = open_clean(path, encoding_of(layer))
        self.bands = int(self._raster.facts["bands"])
        self.classes = layer.variable in CLASS_LAYERS

    def read(self, row0: int, row1: int) -> Any:
        """Return rows row0..row1 as [bands, rows, width]."""
        import numpy as np

        if self.classes:
            return self._raster.read_classes(row0, row1)[None]
        out = np.empty((self.bands, row1 - row0, self._raster.grid.width), np.float32)
        for band in range(self.bands):
            out[band] = self._raster.read_strip(row0, row1, band + 1)
        return out

    def __reduce__(self) -> tuple[type[LayerReader], tuple[Path, LayerInput]]:
        return LayerReader, (self.path.resolve(), self._layer)

    def close(self) -> None:
        """Close the file."""
        self._raster.close()


def encoding_of(layer: LayerInput) -> LayerEncoding:
    """Return our declaration of a layer in the form the reader takes."""
    return LayerEncoding(layer.unit or variable(layer.canonical).unit, layer.scale, layer.offset, layer.nodata)


def sources_of(case: Case) -> tuple[list[Source], list[Fault]]:
    """Return every file a case names, and faults for those that are not there or lie outside the case folder.

    A file outside is not opened, not looked for, and nothing beside it is listed.
    """
    out: list[Source] = []
    survey = case.folder / str(case.survey.get("file", ""))
    out.append(Source("survey", survey, VectorJob("survey", survey, layer=case.survey.get("layer"))))
    for name in ("function_zones", "red_line", "reserves", "protected", "special"):
        file = case.zones.get(name)
        if file and file != "derive":
            path = case.folder / str(file)
            out.append(Source(f"zones.{name}", path, VectorJob(f"zones.{name}", path)))
    for name, file in case.registers.items():
        path = case.folder / file
        out.append(Source(f"register.{name}", path, TableJob(f"register.{name}", path)))
    for layer in case.layers.values():
        for year in _layer_years(case, layer):
            role = f"layer.{layer.variable}" + (f".{year}" if year else "")
            path = layer.path(case.folder, year or 0)
            job = RasterJob(role, path, bands=_bands(layer, year), encoding=encoding_of(layer))
            out.append(Source(role, path, job, layer, year))
    astray = {s.role: real for s in out if (real := _outside(case, s.path)) is not None}
    faults = [outside_fault("case.toml", _key(role), real) for role, real in astray.items()]
    out = [s for s in out if s.role not in astray]
    faults += [_missing(s, case) for s in out if not s.path.is_file()]
    for file in case.agreements:
        real = points_outside(case.folder, file, case.allow_outside)
        if real is not None:
            faults.append(outside_fault("case.toml", "agreements.files", real))
        elif not (case.folder / file).is_file():
            faults.append(_no_file(file, "agreements.files"))
    return [s for s in out if s.path.is_file()], list(dict.fromkeys(faults))


def _bands(layer: LayerInput, year: int | None) -> int:
    """Return how many bands the file of a layer has to have; a layer of days has one for each day of its year."""
    if layer.bands != "day":
        return BANDS[layer.bands][0]
    return 366 if year is not None and isleap(year) else 365


def _outside(case: Case, path: Path) -> Path | None:
    """Return where a file, or one that belongs to it (a Shapefile is several), lies outside the case; None if none does."""
    real = points_outside(case.folder, path, case.allow_outside)
    if real is not None or not path.parent.is_dir():
        return real
    stem = path.name.removesuffix(path.suffix) + "."
    beside = [p for p in sorted(path.parent.iterdir()) if p.is_symlink() and p.name.startswith(stem)]
    return next((p for p in (points_outside(case.folder, b, case.allow_outside) for b in beside) if p is not None), None)


def _key(role: str) -> str:
    """Return the key of case.toml a role comes from."""
    section, _, rest = role.partition(".")
    if section == "layer":
        return f"layers.{rest.partition('.')[0]}.file"
    return {"survey": "survey.file", "register": f"registers.{rest}"}.get(section, role)


def _layer_years(case: Case, layer: LayerInput) -> list[int | None]:
    if not layer.yearly:
        return [None]
    found = [y for y in case.years_of(layer.variable) if y <= max(case.years)]
    wanted = set(found) | set(case.years)
    return [*sorted(wanted)]


def _missing(source: Source, case: Case) -> Fault:
    near = sorted(p.name for p in source.path.parent.glob(f"*{source.path.suffix}"))[:6] if source.path.parent.is_dir() else []
    return Fault(
        "input.missing",
        str(source.path.relative_to(case.folder) if source.path.is_relative_to(case.folder) else source.path),
        source.role,
        Text("文件不存在；同目录下有：{n}。", "The file does not exist; beside it there are: {n}.").fill(n=", ".join(near) or "—"),
        Text("放入文件，或更正 case.toml 中的名字。", "Put the file there, or mend its name in case.toml."),
    )


def _no_file(file: str, key: str) -> Fault:
    return Fault(
        "input.missing",
        file,
        key,
        Text("文件不存在。", "The file does not exist."),
        Text("放入文件，或更正 case.toml。", "Put it there, or mend case.toml."),
    )


def take_in(case: Case, progress: Progress | None = None) -> Inputs:
    """Take in every input of a case; read `Inputs.faults` before using anything else of it."""
    sources, faults = sources_of(case)
    inputs = Inputs(faults=list(faults))
    cache = case.scratch / "inputs"
    cache.mkdir(parents=True, exist_ok=True)
    waiting: list[tuple[Source, Path]] = []
    for n, source in enumerate(sources):
        if progress:
            progress(n + 1, len(sources), Text("核对输入文件", "Fingerprint the inputs"))
        inputs.sums[source.role] = sha256_of(source.path)
        place = cache / _cache_key(source, inputs.sums[source.role])
        if (place / "answer.json").is_file():
            _adopt(inputs, source, place)
        else:
            waiting.append((source, place))
    if waiting:
        with _turn(cache):
            ready = [(s, p) for s, p in waiting if (p / "answer.json").is_file()]  # made by another process meanwhile
            for source, place in ready:
                _adopt(inputs, source, place)
            _work(inputs, [w for w in waiting if w not in ready], cache, progress)
    inputs.fingerprints.sort(key=lambda f: str(f["role"]))
    _registers(case, inputs)
    for source in sources:
        # Land cover is judged code by code, see `check`; other codes by the range there is.
        if source.layer and source.role in inputs.facts and source.layer.variable != "land_cover":
            found = judge(inputs.facts[source.role], encoding_of(source.layer), variable(source.layer.canonical), source.path.name)
            inputs.faults += found or _year_faults(inputs.facts[source.role], source.layer, source.path.name)
    _align(inputs, sources)
    return inputs


def _align(inputs: Inputs, sources: list[Source]) -> None:
    """Bring every layer that says how onto the grid of the leading layer; the note says what had been different."""
    from ecocomp.pipeline.align import aligned, grid_of, layer_roles, method_fault, overlap_fault, told

    layers = [(s.role, s.layer) for s in sources if s.layer and s.role in inputs.clean]
    faults = {layer.variable: f for _, layer in layers if (f := method_fault(layer)) is not None}
    inputs.faults += faults.values()
    lead = next(iter(layer_roles(inputs.clean)), None)
    if lead is None:
        return
    onto = GridInfo.of(inputs.facts[lead])
    for role, layer in layers:
        if not layer.resample or layer.variable in faults or role == lead:
            continue
        differences = grid_of(onto).difference(grid_of(GridInfo.of(inputs.facts[role])))
        if differences:
            made = aligned(inputs.clean[role], inputs.facts[role], layer, encoding_of(layer), onto)
            inputs.clean[role], inputs.facts[role] = made, read_json(made.with_suffix(".json"))
            inputs.faults.append(overlap_fault(role, layer, inputs.facts[role]) or told(role, layer, differences))


def _year_faults(facts: dict[str, Any], layer: LayerInput, where: str) -> list[Fault]:
    """Judge the mean of the year that twelve monthly bands add up to; a scale of 0.1 that was forgotten shows only there."""
    whole = LAYERS[layer.variable].get("one", "")
    means = [s["mean"] for s in facts["statistics"]]
    if layer.bands != "month" or not whole.endswith("_year_mm") or None in means:
        return []
    year = sum(m * layer.scale + layer.offset for m in means)
    return variable(whole).judge(year, year, year, where, "1–12")


def _cache_key(source: Source, sha256: str) -> str:
    digest = hashlib.sha256(sha256.encode())
    for suffix in (".dbf", ".shx", ".prj", ".cpg"):
        beside = source.path.with_suffix(suffix)
        if source.path.suffix == ".shp" and beside.is_file():
            digest.update(sha256_of(beside).encode())
    spec = {k: v for k, v in source.job.spec().items() if k not in ("path", "name")}
    digest.update(canonical_json([_FORMAT, source.role, spec]))
    return digest.hexdigest()


@contextmanager
def _turn(cache: Path) -> Iterator[None]:
    """Wait until no other process (a check beside a run, say) is filling this cache; the kernel frees the lock with the process."""
    with (cache / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _work(inputs: Inputs, waiting: list[tuple[Source, Path]], cache: Path, progress: Progress | None) -> None:
    """Let the worker make clean copies; each is moved to its cache place only when whole."""
    if not waiting:
        return
    staging = cache.parent / "taking-in"
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    label = Text("隔离读取输入文件", "Read inputs in isolation")

    def show(done: int, total: int, *_: object) -> None:
        if progress:
            progress(done, total, label)

    with Worker() as worker:
        answers = worker.run([s.job for s, _ in waiting], staging, show)
    for (source, place), answer in zip(waiting, answers, strict=True):
        inputs.faults += answer.faults
        if not answer.ok or answer.path is None:
            continue
        if sha256_of(source.path) != inputs.sums[source.role]:
            inputs.faults.append(_changed(source))
            continue
        part = place.with_name(place.name + ".part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir()
        for made in sorted(answer.path.parent.glob(f"{answer.path.stem}.*")):
            made.rename(part / made.name)
        record = {
            "file": answer.path.name,
            "facts": answer.facts,
            "warnings": [f.as_json() for f in answer.faults],
            "isolation": answer.isolation,
        }
        write_json(record, part / "answer.json")
        shutil.rmtree(place, ignore_errors=True)
        part.rename(place)
        _adopt(inputs, source, place, again=False)
    shutil.rmtree(staging, ignore_errors=True)


def _changed(source: Source) -> Fault:
    return Fault(
        "input.changed",
        source.path.name,
        source.role,
        Text("文件在读取期间被改动。", "The file was changed while it was being read."),
        Text("等写入结束后再运行。", "Run again once whoever writes it is done."),
    )


def _adopt(inputs: Inputs, source: Source, place: Path, *, again: bool = True) -> None:
    record = read_json(place / "answer.json")
    inputs.clean[source.role] = place / record["file"]
    inputs.facts[source.role] = record["facts"]
    inputs.fingerprints.append(
        {"role": source.role, "file": source.path.name, "sha256": inputs.sums[source.role], "bytes": source.path.stat().st_size}
    )
    if again:
        inputs.faults += [
            Fault(
                w["code"],
                w["where"],
                w["record"],
                Text(w["clash_zh"], w["clash_en"]),
                Text(w["remedy_zh"], w["remedy_en"]),
                w["severity"],
            )
            for w in record["warnings"]
        ]


def _registers(case: Case, inputs: Inputs) -> None:
    for name, file in case.registers.items():
        clean = inputs.clean.get(f"register.{name}")
        if clean is None:
            continue
        table, faults = read_register(TABLES[name], read_table(clean), file)
        inputs.faults += faults
        if table is not None:
            inputs.tables[name] = table
