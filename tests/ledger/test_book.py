"""The ledger balances, its chain breaks at any change, and what is refused is named."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecocomp.ledger.book import ZERO_HASH, Posting, check_ledger, post, reverse, trial_balance
from ecocomp.rules.lines import read_yaml, strip
from ecocomp.terms.faults import FaultsError
from ecocomp.terms.tables import LEDGER

WORKED = strip(read_yaml(Path(__file__).parent / "cases" / "postings.yaml")[0])


def _posting(i: int, fen: int = 100) -> Posting:
    return Posting(f"p{i}", "grant", f"E{i}", ((f"asset:bank:E{i}", fen), (f"fund:E{i}", -fen)))


@pytest.mark.parametrize("case", WORKED, ids=[c["name"] for c in WORKED])
def test_worked_case(case: dict[str, Any]) -> None:
    made = [Posting(p["id"], "grant", "x", tuple((a, int(f)) for a, f in p["lines"])) for p in case["postings"]]
    if "refused" in case:
        with pytest.raises(FaultsError) as caught:
            post(made, 2022)
        assert case["refused"] in caught.value.faults[0].say("en")
        return
    table = post(made, 2022)
    assert check_ledger(table) == []
    assert trial_balance(table) == {a: int(f) for a, f in case["balances"].items()}


def test_the_first_hash_is_that_of_the_stated_bytes() -> None:
    table = post([_posting(1)], 2022)
    data = f"{ZERO_HASH}\t1\tp1\t2022\tasset:bank:E1\t100\tgrant\tE1\t\n".encode()
    assert table["prev_hash"][0].as_py() == ZERO_HASH
    assert table["hash"][0].as_py() == table["prev_hash"][1].as_py() == sha256(data).hexdigest()


def test_all_unbalanced_postings_are_named_at_once() -> None:
    bad = [Posting(f"b{i}", "grant", "", (("asset:bank:E", i), ("fund:E", 0))) for i in (1, 2, 3)]
    with pytest.raises(FaultsError) as caught:
        post([_posting(1), *bad], 2022)
    assert [f.record for f in caught.value.faults] == ["b1", "b2", "b3"]


def test_control_characters_cannot_enter_the_canonical_bytes() -> None:
    with pytest.raises(FaultsError, match="control character"):
        post([Posting("p\t1", "grant", "", (("asset:bank:E", 1), ("fund:E", -1)))], 2022)


@pytest.mark.parametrize(
    "column", ["posting_id", "account", "amount_fen", "kind", "reference", "reverses", "year", "hash", "prev_hash", "seq"]
)
def test_a_change_in_any_column_is_found(column: str) -> None:
    table = post([_posting(i) for i in range(1, 6)], 2022)
    rows = table.to_pylist()
    rows[4][column] = rows[4][column] + (1 if isinstance(rows[4][column], int) else "x")
    if column == "seq":
        rows[4][column] = 99
    found = check_ledger(pa.Table.from_pylist(rows, schema=LEDGER.schema()))
    assert any(f.code == "ledger.chain" and f.severity == "error" for f in found)


@pytest.mark.parametrize("what", ["drop", "swap", "append"])
def test_rows_cannot_be_dropped_moved_or_forged(what: str) -> None:
    rows = post([_posting(i) for i in range(1, 6)], 2022).to_pylist()
    if what == "drop":
        del rows[4:6]
    elif what == "swap":
        rows[4:6], rows[6:8] = rows[6:8], rows[4:6]
    else:
        rows += [{**r, "seq": r["seq"] + 2} for r in rows[-2:]]
    found = check_ledger(pa.Table.from_pylist(rows, schema=LEDGER.schema()))
    assert {"drop": "ledger.chain", "swap": "ledger.order", "append": "ledger.chain"}[what] in {f.code for f in found}


def test_the_next_year_hangs_on_the_last() -> None:
    first = post([_posting(1)], 2022)
    second = post([_posting(2)], 2023, opening=first)
    assert second["seq"].to_pylist() == [3, 4]
    assert check_ledger(second, opening=first) == [] == check_ledger(pa.concat_tables([first, second]))
    assert [f.code for f in check_ledger(second)] == ["ledger.opening_absent"]
    other = post([_posting(7)], 2022)
    assert "ledger.chain" in {f.code for f in check_ledger(second, opening=other)}
    with pytest.raises(FaultsError, match="used twice"):
        post([_posting(1)], 2023, opening=first)


def test_a_reversal_undoes_and_must_mirror_an_earlier_posting() -> None:
    wrong = _posting(1)
    sound = post([wrong, reverse(wrong, "p1r"), _posting(2)], 2022)
    assert check_ledger(sound) == []
    assert trial_balance(sound)["fund:E1"] == 0
    lost = Posting("r", "grant", "", (("asset:bank:E1", -1), ("fund:E1", 1)), reverses="p77")
    half = Posting("h", "grant", "", (("asset:bank:E1", -1), ("fund:E1", 1)), reverses="p1")
    twice = [reverse(wrong, "a"), reverse(wrong, "b")]
    assert [f.record for f in check_ledger(post([wrong, lost, half], 2022)) if f.code == "ledger.reversal"] == ["h", "r"]
    assert [f.record for f in check_ledger(post([wrong, *twice], 2022)) if f.code == "ledger.reversal"] == ["a", "b"]
    later = post([reverse(_posting(1), "early"), wrong], 2022)
    assert [f.record for f in check_ledger(later) if f.code == "ledger.reversal"] == ["early"]


@given(st.lists(st.lists(st.integers(-(2**62), 2**62), min_size=1, max_size=4), min_size=1, max_size=20))
def test_any_balanced_postings_give_a_sound_ledger_that_adds_up_to_zero(amounts: list[list[int]]) -> None:
    made = []
    for i, fens in enumerate(amounts):
        lines = [(f"asset:a{j}", f) for j, f in enumerate(fens)]
        rest = -sum(fens)
        lines += [
            ("fund:x", part)
            for part in ([rest] if abs(rest) < 2**62 else [rest // 4, rest // 4, rest // 4, rest - 3 * (rest // 4)])
        ]
        made.append(Posting(f"p{i}", "k", "", tuple(lines)))
    table = post(made, 2022)
    assert check_ledger(table) == []
    balances = trial_balance(table)
    assert sum(balances.values()) == 0
    assert balances["asset:a0"] == sum(f[0] for f in amounts)


def test_an_unbalanced_stored_posting_is_named_even_when_the_chain_is_sound() -> None:
    rows = post([_posting(1, 2**62), _posting(2)], 2022).to_pylist()
    rows[1]["amount_fen"] += 2**62  # sums beyond int64 must not wrap into balance
    before = ZERO_HASH
    for r in rows:
        r["prev_hash"] = before
        keys = ("prev_hash", "seq", "posting_id", "year", "account", "amount_fen", "kind", "reference", "reverses")
        before = r["hash"] = sha256(("\t".join(str(r[k]) for k in keys) + "\n").encode()).hexdigest()
    found = check_ledger(pa.Table.from_pylist(rows, schema=LEDGER.schema()))
    assert [(f.code, f.record) for f in found] == [("ledger.unbalanced", "p1")]


def test_an_empty_ledger_is_sound() -> None:
    assert check_ledger(LEDGER.empty()) == [] and trial_balance(LEDGER.empty()) == {}
    assert len(post([], 2022)) == 0
