"""Ground that several hold: each row has its holder's own part, and sums of them count the ground once."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from ecocomp.cli.programme import programme
from ecocomp.programmes.year import own_areas
from ecocomp.terms.tables import DUE

EXAMPLE = Path(__file__).parents[2] / "examples" / "new_province"
SHARES = st.lists(st.tuples(st.integers(0, 12), st.integers(1, 12)), min_size=1, max_size=5)
PLOTS = st.lists(st.tuples(st.integers(0, 10**7), SHARES), min_size=1, max_size=6)


def row(number: int, contract: int, paid: int, share: tuple[int, int]) -> dict[str, Any]:
    """Return a due row of which only the ground matters."""
    texts = {c.name: "" for c in DUE.columns if c.name not in ("tranche", "months") and not c.name.endswith(("_dm2", "_fen"))}
    numbers = {c.name: 0 for c in DUE.columns if c.name.endswith(("_dm2", "_fen"))}
    own = {"due_id": f"{number:03d}", "contract_id": f"K{contract}", "paid_dm2": paid, "share_num": share[0], "share_den": share[1]}
    return {**texts, **numbers, "year": 2026, "for_year": 2026, "tranche": None, "months": 12, **own}


@given(PLOTS)
def test_rows_of_a_plot_add_up_to_its_ground(plots: list[tuple[int, list[tuple[int, int]]]]) -> None:
    flat = [(i, paid, share) for i, (paid, shares) in enumerate(plots) for share in shares]
    rows = [row(n, *one) for n, one in enumerate(flat)]
    found = own_areas(DUE.table(rows))
    at = 0
    for paid, shares in plots:
        parts = found[at : at + len(shares)]
        at += len(shares)
        assert sum(parts) == paid
        assert min(parts) >= 0
        whole = sum(Fraction(*s) for s in shares)
        if whole:
            assert all(abs(p - paid * Fraction(*s) / whole) <= len(shares) for p, s in zip(parts, shares, strict=True))


def test_a_row_that_is_not_paid_has_no_ground_and_the_others_keep_theirs() -> None:
    rows = [row(1, 1, 200, (1, 2)), row(2, 1, 0, (1, 2)), row(3, 2, 70, (1, 2))]
    assert own_areas(DUE.table(rows)) == [100, 0, 70]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_plot_of_two_holders_counts_once(tmp_path: Path, lang: str) -> None:
    words = ["owed", "bird_damage", "--tables", str(EXAMPLE / "registers"), "--year", "2026", "--place", "990131", "--rules",
             str(EXAMPLE / "rules"), "--out", str(tmp_path / "rows.csv"), "--lang", lang]  # fmt: skip
    answer = json.loads(CliRunner().invoke(programme, [*words, "--json"]).output)
    shared = next(s for s in answer["sums"] if s["reason"] == "partly_accepted")
    assert (shared["rows"], shared["area_dm2"], shared["net_fen"]) == (2, 100_000, 12_600)
    assert [r["own_dm2"] for r in answer["rows"] if r["contract_id"] == "K2"] == [50_000, 50_000]
    said = CliRunner().invoke(programme, words).output
    assert "1.50" in said
    assert "3.00" not in said
    assert (tmp_path / "rows.csv").read_text(encoding="utf-8-sig").splitlines()[0].endswith(",own_dm2")
