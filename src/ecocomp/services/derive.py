"""Which layers must be made before the pass, and in what order: the makers of `services/layers`.

For the pipeline. A layer that the case brings is never made again; one that no chosen service reads is not made; one that
lacks what it needs is left out, and the service says so when it is prepared.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import pkgutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from ecocomp.registry import entry
from ecocomp.services.site import StripReader

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ecocomp.grid.georef import Grid
    from ecocomp.rules import Parameters


@dataclass(frozen=True)
class Making:
    """What a maker is given: the layers there are, the grid, where to keep files, the rules, the year, tables of the case."""

    layers: Mapping[str, StripReader]
    grid: Grid
    folder: Path
    params: Parameters
    year: int
    tables: Mapping[str, Any]
    digests: dict[str, str] = field(default_factory=dict)

    def digest(self, name: str) -> str:
        """Return the SHA-256 of all values of a layer, worked out once for all makers of one derivation."""
        if name not in self.digests:
            self.digests[name] = digest_of(self.layers[name], self.grid)
        return self.digests[name]


class Maker(Protocol):
    """A module of `services/layers`. It may also name layers it `USES` where they can be made."""

    GIVES: tuple[str, ...]
    NEEDS: tuple[str, ...]

    def make(self, making: Making) -> dict[str, StripReader]: ...


@dataclass(frozen=True)
class StoredLayer:
    """Bands in a NumPy file, mapped and read by strips; it can be sent to another process as it stands.

    path   the file, (bands, rows, columns) or (rows, columns); float32 with NaN, or uint8 with 0, for nodata
    bands  number of bands
    """

    path: Path
    bands: int = 1

    def read(self, row0: int, row1: int) -> NDArray[Any]:
        """Return rows row0..row1-1 as (bands, rows, columns)."""
        whole = np.load(self.path, mmap_mode="r")
        return np.asarray(whole[row0:row1])[None] if whole.ndim == 2 else np.asarray(whole[:, row0:row1])


@cache
def makers() -> dict[str, Maker]:
    """Return the maker of each layer that can be made."""
    package = importlib.import_module("ecocomp.services.layers")
    names = sorted(m.name for m in pkgutil.iter_modules(package.__path__) if not m.name.startswith("_"))
    found: dict[str, Maker] = {}
    for name in names:
        module: Any = importlib.import_module(f"{package.__name__}.{name}")
        for layer in module.GIVES:
            if layer in found:
                raise TypeError(f"two makers give the layer {layer!r}")
            found[layer] = module
    return found


def derived_layers(
    models: Sequence[str],
    layers: Mapping[str, StripReader],
    grid: Grid,
    folder: Path | str,
    params: Parameters,
    year: int,
    tables: Mapping[str, Any] | None = None,
) -> dict[str, StripReader]:
    """Return the layers of the case and those made from them that the chosen services read.

    models  ids of `services/models`; their specs say which layers they read
    folder  where made layers are kept, under names that hold the fingerprint of what they depend on
    tables  further tables makers may read, by name, such as ``reservoir``
    """
    have = dict(layers)
    making = Making(have, grid, Path(folder), params, year, tables or {})
    rests_on: dict[str, set[str]] = {}
    for id in sorted(set(models)):
        for name in wanted_by(id, params):
            _want(name, have, making, (), rests_on)
            for key in rests_on.get(name, ()):
                params.used_by.setdefault(key, set()).add(id)
    return have


def layers_made(
    names: Sequence[str],
    layers: Mapping[str, StripReader],
    grid: Grid,
    folder: Path | str,
    params: Parameters,
    year: int,
    tables: Mapping[str, Any] | None = None,
) -> dict[str, StripReader]:
    """Return the layers of the case and those of `names` that can be made from them; for readers that are no service."""
    have = dict(layers)
    making = Making(have, grid, Path(folder), params, year, tables or {})
    for name in names:
        _want(name, have, making, (), {})
    return have


def wanted_by(id: str, params: Parameters) -> tuple[str, ...]:
    """Return the layers a service may read by these rules.

    These are the inputs of its spec, unless its module has a function ``wants(params)``, which says so for the method the
    rules choose: a layer that takes work to make is then not made for nothing.
    """
    found = entry("services.models", id)
    wants = getattr(found.module, "wants", None)
    return tuple(sorted(wants(params) if wants is not None else {use.name for use in found.spec.inputs}))


def _want(name: str, have: dict[str, StripReader], making: Making, asked: tuple[str, ...], rests_on: dict[str, set[str]]) -> bool:
    """Make a layer and what it needs, if that can be; return whether it is there.

    rests_on  layer → keys of the rules it was made by, those of the layers it needs included
    """
    if name in have:
        return True
    maker = makers().get(name)
    if maker is None or name in asked:
        return False
    if not all(_want(need, have, making, (*asked, name), rests_on) for need in maker.NEEDS):
        return False
    for use in getattr(maker, "USES", ()):
        _want(use, have, making, (*asked, name), rests_on)
    with making.params.read_for(f"layer {name}"):
        made = maker.make(replace(making, layers=dict(have)))
    have.update({k: v for k, v in made.items() if k not in have})
    keys = {key for key, readers in making.params.used_by.items() if f"layer {name}" in readers}
    for other in {name, *made}:
        rests_on[other] = keys.union(*(rests_on.get(n, set()) for n in (*maker.NEEDS, *getattr(maker, "USES", ()))))
    return name in have


def keep(folder: Path, name: str, depends_on: Sequence[object], build: Callable[[Path], None]) -> Path:
    """Return the file of a made layer, building it first if it is not there.

    depends_on  everything the numbers depend on, as words and numbers; becomes part of the name
    build       writes the whole file at the path it is given, which is then moved into place: all of it or nothing
    """
    words = json.dumps([x.hex() if isinstance(x, float) else x for x in depends_on], sort_keys=True, default=str)
    path = folder / f"{name}-{hashlib.sha256(words.encode()).hexdigest()[:24]}.npy"
    if path.exists():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(dir=folder, suffix=".part.npy")
    os.close(handle)
    try:
        build(Path(part))
        Path(part).replace(path)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise
    return path


def digest_of(reader: StripReader, grid: Grid, rows: int = 256) -> str:
    """Return the SHA-256 of all values of a layer, read by strips."""
    digest = hashlib.sha256()
    for first in range(0, grid.height, rows):
        digest.update(np.ascontiguousarray(reader.read(first, min(first + rows, grid.height))).tobytes())
    return digest.hexdigest()
