"""A rewritten bundle that was sealed anew: every byte fits, and the money computed again does not."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from ecocomp.governance.bundle import checkpoint_root, open_bundle, read_bundle_table, seal, verify
from ecocomp.governance.recompute import recompute_money
from ecocomp.io.files import read_json, write_table

Change = Callable[[Path], None]


@pytest.fixture
def bundles(county: Any, tmp_path: Path) -> Path:
    """A copy of the three bundles side by side."""
    shutil.copytree(county.folder / "bundles", tmp_path / "bundles")
    return tmp_path / "bundles"


def reseal(folder: Path) -> None:
    """Do what a forger would: make manifest and checkpoint fit the changed files."""
    manifest = read_json(folder / "manifest.json")
    for name in ("manifest.json", "checkpoint"):
        (folder / name).unlink()
    seal(folder, origin=manifest["origin"], inputs=manifest["inputs"], previous=manifest["previous_root"])
    assert verify(folder) == []


def column(table: str, name: str, make: Callable[[pa.Table], Any]) -> Change:
    def change(folder: Path) -> None:
        found = read_bundle_table(folder, table)
        at = found.schema.names.index(name)
        write_table(found.set_column(at, found.schema.field(at), make(found)), folder / "tables" / f"{table}.parquet")

    return change


def first(table: pa.Table, name: str, where: Callable[[Any], bool], value: Callable[[Any], Any]) -> pa.Array:
    """Return a column with its first fitting value changed."""
    values = table[name].to_pylist()
    n = next(i for i, v in enumerate(values) if where(v))
    values[n] = value(values[n])
    return pa.array(values, table.schema.field(name).type)


def cheaper_rule(folder: Path) -> None:
    path = next((folder / "rules" / "990121" / "standard").glob("*.yaml"))
    path.write_text(path.read_text(encoding="utf-8").replace('"1": 930', '"1": 9300'), encoding="utf-8")


CHANGES: dict[str, Change] = {
    "values doubled": column("service_value", "value_fen", lambda t: pc.multiply(t["value_fen"], 2)),
    "one rate raised": column(
        "standard", "rate_fen_per_ha", lambda t: first(t, "rate_fen_per_ha", lambda v: v > 0, lambda v: v + 100)
    ),
    "one payment raised": column("order", "amount_fen", lambda t: first(t, "amount_fen", lambda v: v > 0, lambda v: v + 100)),
    "a verdict refuted": column(
        "compliance", "verdict", lambda t: first(t, "verdict", lambda v: v == "confirmed", lambda v: "refuted")
    ),
    "a payee nobody knows": column("order", "holder_id", lambda t: first(t, "holder_id", lambda v: True, lambda v: "H-nobody")),
    "an allocation moved": column("allocation", "amount_fen", lambda t: first(t, "amount_fen", lambda v: v > 1, lambda v: v - 1)),
    "ledger money moved": column("ledger", "account", lambda t: first(t, "account", lambda v: ":payable:" in v, lambda v: v + "X")),
    "a rule file edited": cheaper_rule,
}


def test_an_untouched_bundle_comes_out_the_same(county: Any) -> None:
    for year in (2023, 2024, 2025):
        assert [f.say("en") for f in recompute_money(county.bundle(year))] == []


@pytest.mark.parametrize("name", CHANGES)
def test_a_consistent_forgery_is_found(bundles: Path, name: str) -> None:
    folder = next(bundles / str(y) for y in (2025, 2024, 2023) if name != "a verdict refuted" or _has_confirmed(bundles / str(y)))
    CHANGES[name](folder)
    reseal(folder)
    faults = recompute_money(folder)
    assert faults and all(f.clash.zh and f.remedy.en for f in faults)


def _has_confirmed(folder: Path) -> bool:
    return "confirmed" in read_bundle_table(folder, "compliance")["verdict"].to_pylist()


def test_a_neighbour_that_was_replaced_is_named(bundles: Path) -> None:
    before = checkpoint_root(bundles / "2024")
    cheaper_rule(bundles / "2024")
    reseal(bundles / "2024")
    assert checkpoint_root(bundles / "2024") != before
    said = [f.say("en") for f in recompute_money(bundles / "2025")]
    assert any("2024" in s and before[:16] in s for s in said)


def test_without_last_year_the_money_is_not_run_and_says_so(bundles: Path) -> None:
    shutil.rmtree(bundles / "2024")
    faults = recompute_money(bundles / "2025")
    assert [f.code for f in faults] == ["bundle.not_rerun"] and faults[0].severity == "warning"


def test_the_facts_name_what_the_money_needs(county: Any) -> None:
    facts = open_bundle(county.bundle(2025))
    assert facts["case"]["programme"] == "eco-zone" and facts["region_code"] and facts["reference_day"] == "2025-06-30"
