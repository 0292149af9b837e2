"""The stage runner: each stage's tables are on disk, whole, before the next one starts.

A stage is a function from what stands already to new tables and files. Its folder carries a mark that is
written last; a stage without its mark is done again. Because a kill can only leave a stage undone, the next
run continues where the last one stopped and ends with the same bytes as an undisturbed one.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from ecocomp.io.files import canonical_json, read_json, read_table, write_json, write_table
from ecocomp.terms.text import Text

Progress = Callable[[int, int, Text], None]

STAGES: tuple[tuple[str, Text], ...] = (
    ("survey", Text("确权：地块、权利、权利人", "survey: parcels, rights, holders")),
    ("zone", Text("分区：功能区、红线、留白、重要性", "zone: function zones, red line, reserves, importance")),
    ("observe", Text("观测：植被信号与合规", "observe: vegetation signals and compliance")),
    ("assess", Text("评估：生态系统服务", "assess: ecosystem services")),
    ("value", Text("估值：服务价值", "value: worth of services")),
    ("set", Text("定标：补偿标准", "set: the standard")),
    ("enrol", Text("参与：合同与应付", "enrol: contracts and entitlements")),
    ("fund", Text("筹资：资金包与分配", "fund: envelopes and allocation")),
    ("disclose", Text("公示：名单与异议", "disclose: notice and objections")),
    ("pay", Text("支付：指令与账本", "pay: orders and ledger")),
    ("judge", Text("评价：指标与记分卡", "judge: indicators and scorecard")),
    ("account", Text("核算：账户与核对", "account: accounts and checks")),
    ("publish", Text("公开：报告与封存", "publish: report and seal")),
)


@dataclass
class Work:
    """The working folder of one year: what each finished stage left, read back on demand."""

    folder: Path
    key: str
    progress: Progress | None = None
    _tables: dict[str, pa.Table] = field(default_factory=dict)

    def table(self, name: str) -> pa.Table:
        """Return a table a finished stage wrote; `KeyError` if none did."""
        if name not in self._tables:
            path = self.path(f"{name}.parquet")
            if path is None:
                raise KeyError(name)
            self._tables[name] = read_table(path)
        return self._tables[name]

    def has(self, name: str) -> bool:
        """Return whether a finished stage wrote this table."""
        return name in self._tables or self.path(f"{name}.parquet") is not None

    def path(self, name: str) -> Path | None:
        """Return a file a finished stage wrote, or None."""
        for stage, _ in STAGES:
            found = self.folder / stage / name
            if found.exists() and (self.folder / stage / "done.json").is_file():
                return found
        return None

    def notes(self, stage: str) -> dict[str, Any]:
        """Return the notes a finished stage left."""
        found: dict[str, Any] = read_json(self.folder / stage / "done.json")["notes"]
        return found

    def run(self, stage: str, make: Callable[[Path], dict[str, Any]]) -> None:
        """Run a stage unless it is done: `make` gets an empty folder and returns tables (kept) and notes (JSON values)."""
        place = self.folder / stage
        mark = place / "done.json"
        if mark.is_file() and read_json(mark)["key"] == self._key(stage):
            return
        part = self.folder / f".{stage}.part"
        for leftover in (part, place):
            shutil.rmtree(leftover, ignore_errors=True)
        part.mkdir(parents=True)
        made = make(part)
        tables = {n: t for n, t in made.items() if isinstance(t, pa.Table)}
        for name, table in tables.items():
            write_table(table, part / f"{name}.parquet")
        notes = {n: v for n, v in made.items() if not isinstance(v, pa.Table)}
        write_json({"key": self._key(stage), "notes": notes}, part / "done.json")
        part.rename(place)
        self._tables.update(tables)

    def _key(self, stage: str) -> str:
        return hashlib.sha256(canonical_json([self.key, stage])).hexdigest()


def open_work(folder: Path, key: str, progress: Progress | None = None) -> Work:
    """Open the working folder of a year; stages made from other inputs are cleared away."""
    mark = folder / "key.json"
    if not (mark.is_file() and read_json(mark) == {"key": key}):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        write_json({"key": key}, mark)
    return Work(folder, key, progress)
