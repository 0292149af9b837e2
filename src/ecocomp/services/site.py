"""What a service model is told about a case, and what it answers: the site, the plan, the strip.

For writers of models. A model's `prepare(site)` resolves its parameters and says which layers it reads and what it does
with the rows of a strip; the engine reads every layer once per strip and hands the same arrays to all plans.
Several results are carried side by side as columns. By corners there are three, low, value, high: each parameter enters
at the end of its range that lowers or raises the service, by its declared sense. Where that does not close, because a
parameter raises the result here and lowers it there, the columns are draws (`Draws`) and the range is one of quantiles. A
model does not know which: what `corners`, `table_corners` and `lookup` return has as many columns as are wanted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ecocomp.terms.codes import ECOSYSTEMS
from ecocomp.terms.faults import Fault, FaultsError
from ecocomp.terms.layers import CLASS_LAYERS
from ecocomp.terms.text import Text, same

if TYPE_CHECKING:
    import pyarrow as pa

    from ecocomp.grid.georef import Grid
    from ecocomp.rules import Parameters

Floats = NDArray[np.float64]

TILE = 512
"""Cells worked on at a time: what a model keeps per cell stays in the fastest memory of the processor."""

IN_PARCEL = 2
"""Mark of a covered cell that lies in some parcel."""

PASS = {"cache": True, "nogil": True, "error_model": "numpy"}
"""Options of the compiled pass of a model; threads are the engine's, by rows."""

METHODS_WITHOUT_FIGURES = ("GBT46869-2025", "NDRC-2022")
"""Methods that exist, but whose figures could not be read; they are declared and refused."""


class StripReader(Protocol):
    """One layer on the grid: `read(first row, row after the last)` gives (bands, rows, width)."""

    @property
    def bands(self) -> int: ...

    def read(self, row0: int, row1: int) -> NDArray[Any]: ...


@dataclass(frozen=True)
class Site:
    """What there is to work with.

    params   parameters of the place and day
    bands    bands of each layer the case brings
    grid     the frame of all layers
    year     year of assessment
    wind     daily wind at stations (`terms.tables.WIND`) or None
    """

    params: Parameters | Draws
    bands: Mapping[str, int]
    grid: Grid
    year: int
    wind: pa.Table | None = None

    def lacking(self, service: str, needed: Mapping[str, Sequence[int]]) -> list[Fault]:
        """Return a warning for each needed layer that is missing or has another number of bands than allowed."""
        out = []
        for layer, bands in needed.items():
            if layer not in self.bands:
                out.append(not_assessed(service, layer, Text("缺少图层 {l}", "the layer {l} is missing").fill(l=layer)))
            elif self.bands[layer] not in bands:
                why = Text("图层 {l} 有 {n} 个波段，需要 {b} 个", "the layer {l} has {n} bands; {b} are needed")
                wanted = Text("或".join(map(str, bands)), " or ".join(map(str, bands)))
                out.append(not_assessed(service, layer, why.fill(l=layer, n=self.bands[layer], b=wanted)))
        return out


@dataclass(frozen=True)
class StripData:
    """The arrays of one strip.

    first_row   first row of the strip on the grid
    rows, width shape of the strip
    layers      name → (bands, cells), read-only
    covered     uint8 (cells,): `IN_PARCEL` where some parcel lies, 1 where only a raster is wanted, 0 need not be computed
    """

    first_row: int
    rows: int
    width: int
    layers: Mapping[str, NDArray[Any]]
    covered: NDArray[np.uint8]

    def layer(self, name: str) -> NDArray[Any]:
        """Return a layer, or an empty one of the same kind where the plan does not read it."""
        found = self.layers.get(name)
        return found if found is not None else (NO_CODES if name in CLASS_LAYERS else NO_VALUES)


class Fill(Protocol):
    """Compute rows first..last-1 of a strip into `out` (products · columns, cells), per hectare; return the count of negatives.

    Row `p · columns + k` of `out` is product p in column k; columns are low, value, high, or draws.
    """

    def __call__(self, strip: StripData, first: int, last: int, out: NDArray[np.float32]) -> int: ...


@dataclass(frozen=True)
class Plan:
    """What a model does in this case.

    layers  layers it reads
    method  method keys, joined into the `method` column
    fill    its pass over rows of a strip
    notes   warnings to be reported
    negative_meaning  what a negative result means, when it can occur
    products  names of `Spec.outputs` the service consists of, each a service of its own in the tables (``service.product``);
              empty where it is one
    ceiling   (products, columns) most that the whole place can supply, such as what is emitted there; NaN: no limit
    """

    layers: tuple[str, ...]
    method: str
    fill: Fill
    notes: tuple[Fault, ...] = ()
    negative_meaning: Text | None = None
    products: tuple[str, ...] = ()
    ceiling: Floats | None = None


@dataclass
class NotAssessed(Exception):
    """Raised by `prepare` when a service cannot be assessed; carries a warning for each reason."""

    notes: list[Fault] = field(default_factory=list)


def not_assessed(service: str, record: str, why: Text) -> Fault:
    """Return the warning that a service was left out."""
    return Fault(
        "services.not_assessed",
        service,
        record,
        Text("未评估：{w}。", "not assessed: {w}.").fill(w=why),
        Text("在 case.toml 中给出它，或从 services 中去掉这项服务。", "Give it in case.toml, or take the service out of services."),
        "warning",
    )


def require(service: str, site: Site, needed: Mapping[str, Sequence[int]]) -> None:
    """Raise `NotAssessed` naming every layer of `needed` (name → allowed numbers of bands) that is not there."""
    lacking = site.lacking(service, needed)
    if lacking:
        raise NotAssessed(lacking)


def require_method(service: str, key: str, params: Parameters | Draws, known: Sequence[str]) -> str:
    """Return the method the rules choose, if the model has figures for it; else raise `NotAssessed`."""
    method = params.text(key)
    if method in known:
        return method
    if method in METHODS_WITHOUT_FIGURES:
        why = Text("方法 {m} 的公式和数值尚未读到原文", "the formulas and figures of method {m} have not been read in the original")
    else:
        why = Text("模型没有方法 {m}；可用：{k}", "the model has no method {m}; known: {k}")
    raise NotAssessed([not_assessed(service, key, why.fill(m=method, k=same(", ".join(known))))])


def missing_rules(service: str, error: FaultsError) -> NotAssessed:
    """Turn missing parameters into the note that the service was left out, naming each key."""
    return NotAssessed(
        [not_assessed(service, f.record, Text(f.clash.zh.rstrip("。"), f.clash.en.rstrip("."))) for f in error.faults]
    )


# ---------------------------------------------------------------- parameters at low, value, high
@dataclass(frozen=True)
class Draws:
    """Parameters of which `corners` and `table_corners` give draws instead of ends; all else is that of the parameters.

    A number is drawn from the triangle over its range with its value on top. A draw depends on the seed, the key and its
    own number alone, so neither the order of models nor the number of machines matters.
    """

    params: Parameters
    numbers: tuple[int, ...]
    seed: int

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.params, name)

    def of(self, key: str, low: float, value: float, high: float) -> Floats:
        """Return one draw for each number (draws,)."""
        word = hashlib.sha256(f"{self.seed}/{key}".encode()).digest()
        rng = np.random.Generator(np.random.Philox(key=int.from_bytes(word[:16], "little")))
        share = rng.random(max(self.numbers) + 1)[list(self.numbers)]
        if not low < high:
            return np.full(len(self.numbers), value)
        break_at = (value - low) / (high - low)
        left = low + np.sqrt(share * (high - low) * (value - low))
        right = high - np.sqrt((1.0 - share) * (high - low) * (high - value))
        return np.where(share < break_at, left, right)


class AtValue(Draws):
    """Parameters of which every column is the value itself: what a service is where its corners are not known."""

    @classmethod
    def of_all(cls, params: Parameters) -> AtValue:
        """Return the parameters with low, value and high of each number all at its value."""
        return cls(params, (0, 1, 2), 0)

    def of(self, key: str, low: float, value: float, high: float) -> Floats:
        """Return the value three times (columns,)."""
        return np.full(len(self.numbers), value)


def columns(params: Parameters | Draws) -> int:
    """Return how many results a model carries side by side."""
    return len(params.numbers) if isinstance(params, Draws) else 3


def corners(params: Parameters | Draws, key: str, sense: int) -> Floats:
    """Return a number as (low, value, high) of the *result*, or its draws (columns,).

    sense  +1 where more of it means more service, −1 where less; 0 where it depends (draws only)
    """
    return _ends(params, key, sense, *params.interval(key))


def table_corners(params: Parameters | Draws, key: str, sense: int) -> dict[str, Floats]:
    """Return each entry of a table as (low, value, high) of the result, or its draws."""
    low, value, high = params.table_interval(key)
    return {code: _ends(params, f"{key}/{code}", sense, low[code], value[code], high[code]) for code in value}


def _ends(params: Parameters | Draws, key: str, sense: int, low: float, value: float, high: float) -> Floats:
    if isinstance(params, Draws):
        return params.of(key, float(low), float(value), float(high))
    if sense == 0 and low != high:
        raise TypeError(f"{key}: which end lowers the result is not known; declare MONOTONE = False in the model")
    return np.array([low, value, high] if sense >= 0 else [high, value, low], np.float64)


def class_map(params: Parameters | Draws, key: str) -> dict[int, tuple[str, ...]]:
    """Return ecosystem code → classes of the method, from a list of lines such as ``"11 evergreen deciduous"``."""
    lines = [str(line).split() for line in params.items(key)]
    wrong = [" ".join(w) or "—" for w in lines if len(w) < 2 or w[0] not in ECOSYSTEMS]
    if wrong:
        why = Text("{w} 应写作“生态系统代码 类别 …”", "{w} should be “ecosystem code, class …”").fill(w=same(", ".join(wrong[:8])))
        raise FaultsError([rule_fault(params, key, why)])
    return {int(words[0]): tuple(words[1:]) for words in lines}


def rule_fault(params: Parameters | Draws, key: str, why: Text) -> Fault:
    """Return the error that a value of the rules cannot be used, with the file and line it stands in."""
    held = params.get(key)
    return Fault(
        "services.rule",
        held.file,
        key,
        Text("{k}（{f}:{l}）：{w}。", "{k} ({f}:{l}): {w}.").fill(k=key, f=held.file, l=held.line, w=why),
        Text("更正规则文件中的这个值。", "Mend this value in the rule file."),
    )


def lookup(by_class: Mapping[str, Floats], classes: Mapping[int, Sequence[str]], sense: int) -> Floats:
    """Return (columns, 256): the results per ecosystem code; NaN for codes without an entry.

    A code mapped to several classes gets their mean and, by corners, the widest range of all of them.
    """
    wide = len(next(iter(by_class.values()))) if by_class else 3
    table = np.full((wide, 256), np.nan)
    for code, names in classes.items():
        found = np.array([by_class[n] for n in names if n in by_class])
        if len(found):
            table[:, code] = found.mean(axis=0)
            if wide == 3 and len(found) > 1:
                ends = (found[:, 0].min(), found[:, 2].max()) if sense > 0 else (found[:, 0].max(), found[:, 2].min())
                table[0, code], table[2, code] = ends
    return table


def classes_left_out(service: str, table: Floats, what: Text) -> tuple[Fault, ...]:
    """Return one warning naming the ecosystems that have no coefficient in `table`, or nothing."""
    codes = [c for c in ECOSYSTEMS if int(c) and np.isnan(table[-1, int(c)])]
    if not codes:
        return ()
    names = Text("、".join(ECOSYSTEMS[c].zh for c in codes), ", ".join(ECOSYSTEMS[c].en for c in codes))
    return (
        Fault(
            "services.class_not_assessed",
            service,
            " ".join(codes),
            Text(
                "方法没有给出这些生态系统的{w}：{n}；其像元不适用，不计为 0，也不算缺测。",
                "the method gives no {w} for {n}; the method is not meant for these cells: they count neither as 0 nor as unseen.",
            ).fill(w=what, n=names),
            Text("如需评估，请在规则中为它们给出系数和出处。", "To assess them, add coefficients with their source to the rules."),
            "warning",
        ),
    )


def _frozen(array: NDArray[Any]) -> NDArray[Any]:
    array.flags.writeable = False
    return array


NO_VALUES: NDArray[np.float32] = _frozen(np.empty((1, 0), np.float32))
NO_CODES: NDArray[np.uint8] = _frozen(np.empty((1, 0), np.uint8))

__all__ = [
    "CLASS_LAYERS",
    "IN_PARCEL",
    "METHODS_WITHOUT_FIGURES",
    "NO_CODES",
    "NO_VALUES",
    "PASS",
    "TILE",
    "AtValue",
    "Draws",
    "Floats",
    "NotAssessed",
    "Plan",
    "Site",
    "StripData",
    "StripReader",
    "class_map",
    "classes_left_out",
    "columns",
    "corners",
    "lookup",
    "missing_rules",
    "not_assessed",
    "require",
    "require_method",
    "rule_fault",
    "table_corners",
]  # fmt: skip
