"""The same pass on the workers of a cluster (dask.distributed), strip by strip, with the same bits.

For `assess`, given the address of a scheduler. A worker is sent a recipe: the services, where the layers lie, parameters,
grid, year, wind. It prepares the plans once and then computes the strips it is given with `compute_strip`, the function
that a run on one machine calls; the results are added up here from north to south. Only a few strips are under way at a
time, so memory stays bounded; a strip whose worker is lost is computed again elsewhere.

Workers must see the files of the case (layers, made layers, coverage matrix) under the same paths as the machine that
runs the case, and must have the same ecocomp, rules, Python, NumPy and Numba: others are refused, since their numbers
could differ. A scheduler runs whatever it is sent by anyone who reaches it: keep it inside a network that is trusted.

References
----------
1. Dask development team, Distributed: https://distributed.dask.org (resilience, submission of functions)
"""

from __future__ import annotations

import hashlib
import logging
import pickle
import platform
import re
import threading
from collections import deque
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ecocomp
from ecocomp.io.code import code_fingerprint
from ecocomp.registry import entry
from ecocomp.services.site import Site, StripReader
from ecocomp.services.strip_pass import FOLDER, Scratch, StripResult, Work, cell_area_ha, compute_strip, prepare_work
from ecocomp.terms.faults import EcocompError, FaultsError, UsageError
from ecocomp.terms.text import Text, same

if TYPE_CHECKING:
    from ecocomp.grid.coverage import Coverage
    from ecocomp.grid.strip import Strip
    from ecocomp.services.site import Floats

ANSWER_WITHIN_S = 5
"""A scheduler that does not answer for so long is not there."""

WORKERS_WITHIN_S = 20
"""A scheduler without workers for so long is given up."""

PER_THREAD = 2
"""Strips under way for each thread of the cluster: one computed, one waiting."""

RETRIES = 2

_ADDRESS = re.compile(r"((tcp|tls|ws|wss)://)?(\[[0-9A-Fa-f:.%]+\]|[^\s:/\[\]]+):\d{1,5}/?")


@dataclass(frozen=True)
class Recipe:
    """All a worker needs to compute any strip of a pass; it can be pickled.

    models  services that can be computed, in order of id
    layers  readers of the layers they read
    site    parameters, bands of all layers, grid, year, wind
    keep    services whose raster is wanted
    matrix  folder of the coverage matrix; None: the strips are sent along
    """

    models: tuple[str, ...]
    layers: Mapping[str, StripReader]
    site: Site
    keep: tuple[str, ...] = ()
    matrix: Path | None = None


@dataclass(frozen=True)
class Refusal:
    """Why a worker did not compute: what it says is said to the user, in both languages."""

    words: Text


@dataclass(frozen=True)
class _Order:
    """What is sent to each worker once: the recipe as bytes, its fingerprint, the software it must be computed with."""

    recipe: bytes
    mark: str
    software: dict[str, str]


@dataclass
class _Prepared:
    """What a thread of a worker keeps between strips."""

    recipe: Recipe
    work: Work
    area_ha: Floats
    strips: Sequence[Strip]
    scratch: Scratch = field(default_factory=Scratch)


# ---------------------------------------------------------------- here
def results(
    address: str, recipe: Recipe, coverage: Coverage, computed: Sequence[bool]
) -> Generator[tuple[Strip, StripResult | None], None, None]:
    """Yield every strip from north to south with what the cluster made of it; None where nothing is computed.

    computed  for each strip, whether there is anything to compute

    Raises `UsageError` where there is no scheduler, no worker, or a worker that would compute something else.
    """
    blob = _packed(recipe)
    mark = hashlib.sha256(b"\n".join([blob, *_stamps(recipe)])).hexdigest()
    with _client(address) as client:
        _same_everywhere(client, address, recipe.models)
        order = _Order(blob, mark, software_here(recipe.models))
        shared = client.submit(_itself, order, key=f"ecocomp-recipe-{mark}", retries=RETRIES)
        under_way: deque[tuple[Strip, Any]] = deque()
        for k, strip in enumerate(coverage.strips):
            under_way.append(
                (strip, _submit(client, shared, f"{mark}-{k}", k, None if recipe.matrix else strip) if computed[k] else None)
            )
            if len(under_way) >= _room(client):
                yield _first(client, address, under_way)
        while under_way:
            yield _first(client, address, under_way)


def check_scheduler(address: str) -> None:
    """Raise `UsageError` unless a scheduler answers at `address` and its workers have the code that runs here."""
    with _client(address) as client:
        _same_everywhere(client, address, ())


def _submit(client: Any, shared: Any, name: str, k: int, strip: Strip | None) -> Any:
    return client.submit(_one_strip, shared, k, strip, key=f"ecocomp-strip-{name}", retries=RETRIES)


def _first(client: Any, address: str, under_way: deque[tuple[Strip, Any]]) -> tuple[Strip, StripResult | None]:
    """Wait for the northernmost strip under way and let go of it."""
    strip, future = under_way.popleft()
    if future is None:
        return strip, None
    found = _wait(client, address, future)
    if isinstance(found, Refusal):
        raise UsageError(found.words)
    return strip, found


def _wait(client: Any, address: str, future: Any) -> Any:
    """Return a result; say so if the workers or the scheduler are gone for good."""
    from concurrent.futures import CancelledError

    from distributed import KilledWorker

    without = 0
    while True:
        try:
            return future.result(timeout=1)
        except KilledWorker:
            raise UsageError(
                Text(
                    "集群上计算同一条带的工作进程接连中断（常因内存不足）。请增加工作进程的内存，或减少每台机器的进程数。",
                    "Workers died one after another on the same strip (usually for want of memory). Give them more memory, or run"
                    " fewer on each machine.",
                )
            ) from None
        except (CancelledError, OSError) as error:
            if not isinstance(error, TimeoutError) or client.status != "running":
                raise UsageError(
                    Text(
                        "与调度器 {a} 的连接中断。恢复后再次运行会接着做。",
                        "The connection to the scheduler {a} was lost. Run again to go on.",
                    ).fill(a=address)
                ) from None
        without = 0 if client.scheduler_info(n_workers=-1)["workers"] else without + 1
        if without > WORKERS_WITHIN_S:
            raise UsageError(_no_workers(address))


def _room(client: Any) -> int:
    return PER_THREAD * max(1, sum(client.nthreads().values())) + 1


def _packed(recipe: Recipe) -> bytes:
    """Return the recipe as bytes; layers that cannot be sent are named."""
    bad = [name for name, reader in recipe.layers.items() if not _can_be_sent(reader)]
    if bad:
        raise UsageError(
            Text(
                "图层 {n} 不能发送到集群：读取器不能序列化。请用文件中的图层（StoredLayer）。",
                "Layers {n} cannot be sent to a cluster: their readers cannot be pickled. Use layers in files (StoredLayer).",
            ).fill(n=", ".join(bad))
        )
    layers = {name: _absolute(reader) for name, reader in recipe.layers.items()}
    matrix = recipe.matrix.resolve() if recipe.matrix else None
    return pickle.dumps(replace(recipe, layers=layers, matrix=matrix), protocol=5)


def _can_be_sent(reader: StripReader) -> bool:
    try:
        pickle.dumps(reader, protocol=5)
    except (pickle.PicklingError, TypeError, AttributeError):
        return False
    return True


def _absolute(reader: Any) -> Any:
    from ecocomp.services.derive import StoredLayer

    return replace(reader, path=Path(reader.path).resolve()) if isinstance(reader, StoredLayer) else reader


def _stamps(recipe: Recipe) -> list[bytes]:
    """Return size and time of the files of the layers, so that a worker opens a file that was replaced anew."""
    out = []
    for name, reader in sorted(recipe.layers.items()):
        path = getattr(reader, "path", None)
        if path is not None:
            with suppress(OSError):
                found = Path(path).stat()
                out.append(f"{name} {found.st_size} {found.st_mtime_ns}".encode())
    return out


# ---------------------------------------------------------------- reaching the cluster
@contextmanager
def _client(address: str) -> Iterator[Any]:
    """Yield a client of the scheduler at `address`; what its logger would print is said by us, in a sentence."""
    try:
        from distributed import Client
    except ImportError:
        raise UsageError(
            Text(
                "没有安装 dask.distributed，无法使用 --scheduler。运行 pip install 'ecocomp[cluster]'。",
                "dask.distributed is not installed, which --scheduler needs. Run pip install 'ecocomp[cluster]'.",
            )
        ) from None
    if not _ADDRESS.fullmatch(address.strip()):
        raise UsageError(_nobody(address, Text("不是地址", "not an address")))
    logger = logging.getLogger("distributed.client")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        with _connected(Client, address.strip()) as client:
            yield client
    finally:
        logger.setLevel(level)


def _connected(client: Any, address: str) -> Any:
    try:
        return client(address, timeout=ANSWER_WITHIN_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise UsageError(_nobody(address, same(_short(error)))) from None


def _nobody(address: str, why: Text) -> Text:
    return Text(
        "{a} 处没有调度器应答（{w}）。地址形如 tcp://主机:8786；用 dask scheduler 启动。",
        "No scheduler answers at {a} ({w}). An address looks like tcp://host:8786; dask scheduler starts one.",
    ).fill(a=address, w=why)


def _short(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0][:120]


def _same_everywhere(client: Any, address: str, models: Sequence[str]) -> None:
    """Raise `UsageError` unless there are workers, and all of them have what is here."""
    try:
        client.wait_for_workers(1, timeout=WORKERS_WITHIN_S)
    except TimeoutError:
        raise UsageError(_no_workers(address)) from None
    here = software_here(models)
    found = client.run(software_here, tuple(models), on_error="return")
    unlike = [_difference(str(worker), here, theirs) for worker, theirs in sorted(found.items()) if theirs != here]
    if unlike:
        raise UsageError(_unlike([Text(t.zh, t.en) for t in unlike]))


def _no_workers(address: str) -> Text:
    return Text(
        "调度器 {a} 没有工作进程。用 dask worker {a} 启动。", "The scheduler {a} has no workers. Start some with dask worker {a}."
    ).fill(a=address)


def _difference(worker: str, here: Mapping[str, str], theirs: object) -> Text:
    if not isinstance(theirs, Mapping):
        return Text("{w}：没有可用的 ecocomp（{e}）", "{w}: no usable ecocomp ({e})").fill(w=worker, e=_short_of(theirs))
    parts = [f"{name} {theirs.get(name, '—')[:12]} ≠ {here[name][:12]}" for name in here if theirs.get(name) != here[name]]
    return same(f"{worker}: {', '.join(parts)}")


def _short_of(error: object) -> str:
    return _short(error) if isinstance(error, BaseException) else str(error)[:120]


def _unlike(lines: Sequence[Text]) -> Text:
    head = Text(
        "工作进程的程序与本机不同，结果可能不同，因此拒绝：",
        "Workers have other software than this machine and could compute other numbers, so they are refused:",
    )
    tail = Text(
        "在每个工作进程的环境中安装同一版本后重启。",
        "Install the same version in the environment of every worker and restart them.",
    )
    rows = [head, *lines[:10], tail]
    return Text("\n".join(t.zh for t in rows), "\n".join(t.en for t in rows))


def software_here(models: Sequence[str] = ()) -> dict[str, str]:
    """Return what must be the same on every machine for the same bits; `models` from other packages by their files."""
    import numba
    import numpy

    inside = Path(ecocomp.__file__).parent
    files = {id: Path(entry(FOLDER, id).module.__file__ or "") for id in models}
    others = {id: hashlib.sha256(path.read_bytes()).hexdigest() for id, path in files.items() if inside not in path.parents}
    return {
        "ecocomp": ecocomp.__version__,
        "code": code_fingerprint(),
        "python": ".".join(platform.python_version_tuple()[:2]),
        "numpy": numpy.__version__,
        "numba": numba.__version__,
        **others,
    }


# ---------------------------------------------------------------- on a worker
_KEPT = threading.local()
_KEEP_RECIPES = 2


def _itself(order: _Order) -> _Order:
    """Return the order: as a task of its own it goes to each worker once, and is made again if its worker is lost."""
    return order


def _one_strip(order: _Order, k: int, strip: Strip | None) -> StripResult | Refusal:
    """Compute one strip of a recipe; what a user can cause comes back as words."""
    from ecocomp.grid import threads

    try:
        ready = _prepared(order)
        one = strip if strip is not None else ready.strips[k]
        area_ha, recipe = ready.area_ha[one.rows], ready.recipe
        with threads.limit(1):
            return compute_strip(ready.work, one, recipe.layers, area_ha, keep=recipe.keep, scratch=ready.scratch)
    except FaultsError as error:
        return Refusal(error.message)
    except EcocompError as error:
        return Refusal(error.message)
    except OSError as error:
        return Refusal(
            Text(
                "工作进程 {n} 读不到文件 {f}：{e}。案例的文件在每台机器上必须在同一路径。",
                "The worker on {n} cannot read {f}: {e}. The files of a case must lie under the same path on every machine.",
            ).fill(n=platform.node(), f=error.filename or "", e=error.strerror or error)
        )


def _prepared(order: _Order) -> _Prepared:
    """Return the plans of a recipe, prepared once for each thread: readers of files are not shared between threads."""
    kept: dict[str, _Prepared] = _KEPT.__dict__.setdefault("recipes", {})
    if order.mark not in kept:
        recipe: Recipe = pickle.loads(order.recipe)
        here = software_here(recipe.models)
        if order.software != here:
            raise UsageError(_unlike([_difference(platform.node(), order.software, here)]))
        while len(kept) >= _KEEP_RECIPES:
            _close(kept.pop(next(iter(kept))))
        kept[order.mark] = _prepare(recipe)
    return kept[order.mark]


def _prepare(recipe: Recipe) -> _Prepared:
    from ecocomp.grid.coverage import Coverage

    work, _ = prepare_work(recipe.models, recipe.site)
    strips = Coverage.load(recipe.matrix, verify=False).strips if recipe.matrix else ()
    return _Prepared(recipe, work, cell_area_ha(recipe.site.grid), strips)


def _close(old: _Prepared) -> None:
    for reader in old.recipe.layers.values():
        close = getattr(reader, "close", None)
        if close:
            close()
