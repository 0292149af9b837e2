"""Agreements are settled as signed: worked cases, examples of the clauses, and what is refused."""

from __future__ import annotations

import json
import re
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecocomp.agreements.agreement import net_received, read_agreement, settle, unsettled
from ecocomp.registry import entries
from ecocomp.rules import Parameters, RuleBook, policy_folder
from ecocomp.rules.lines import read_yaml, strip
from ecocomp.terms.faults import FaultsError, errors
from ecocomp.terms.tables import READING

CASES = Path(__file__).parent / "cases"


def _params() -> Parameters:
    return RuleBook.load([policy_folder()], check=False).resolve("990121", date(2022, 12, 31), date(2023, 6, 1))


PARAMS = _params()
WORKED = strip(read_yaml(CASES / "settlements.yaml")[0])


def _readings(section: str, by_year: dict[int, dict[str, Any]]) -> pa.Table:
    rows = []
    for year, found in by_year.items():
        for code, value in found.items():
            values = value if isinstance(value, list) else [str(value)] * 12
            rows += [
                {"station_id": section, "month": f"{year}-{m:02d}", "indicator": code, "value": v} for m, v in enumerate(values, 1)
            ]
    return READING.table(rows)


def _signed(clause: dict[str, Any], indicators: list[Any], parties: list[Any]) -> dict[str, Any]:
    words = {"zh": "有", "en": "yes"}
    return {
        "id": "case",
        "name": words,
        "parties": parties,
        "section": "QX",
        "indicators": indicators,
        "clauses": [clause],
        "term": {"from": date(2020, 1, 1), "to": date(2025, 12, 31)},
        "other": {"zh": "", "en": ""},
        **dict.fromkeys(("scope", "targets", "duties", "form", "breach"), words),
    }


TWO = [{"code": "U", "role": "upstream"}, {"code": "D", "role": "downstream"}]


@pytest.mark.parametrize("case", WORKED, ids=[c["name"] for c in WORKED])
def test_worked_case(case: dict[str, Any]) -> None:
    agreement, faults = read_agreement(_signed(case["clause"], case["indicators"], case.get("parties", TWO)))
    assert errors(faults) == [] and agreement is not None
    by_year = {int(y): v for y, v in case.get("earlier", {}).items()}
    by_year[2022] = case.get("means", case.get("months"))
    table = settle(agreement, _readings("QX", by_year), 2022, PARAMS)
    got = [[r["payer"], r["payee"], r["amount_fen"]] for r in table.to_pylist()]
    if "missing" in case:
        assert got == [["", "", 0]]
        evidence = json.loads(table["evidence"][0].as_py())
        assert evidence["state"] == "not_settled" and evidence["missing"] == sorted(case["missing"])
        assert [f.severity for f in unsettled(table)] == ["warning"]
    else:
        assert got == [[a, b, int(y * 100)] for a, b, y in case["expect"]]
        assert unsettled(table) == []


def _example_readings(given_: dict[str, Any]) -> pa.Table:
    if "readings" in given_:
        return pa.concat_tables([_readings(section, by_year) for section, by_year in given_["readings"].items()])
    return _readings("S", {2021: given_.get("previous", {}), 2022: given_.get("means") or given_.get("months") or {}})


@pytest.mark.parametrize("kind", sorted(entries("agreements.clauses")))
def test_examples_of_clauses(kind: str) -> None:
    entry = entries("agreements.clauses")[kind]
    for example in entry.spec.examples:
        given_ = example.inputs
        codes = [c for c in given_.get("means") or given_.get("months") or {} if c != "volume"]
        indicators = [{"code": c, "weight": Fraction(1, len(codes)), "base": Fraction(given_.get("base", 1))} for c in codes]
        names = given_.get("parties")
        parties = [{"code": c, "role": "other"} for c in names] if names else TWO
        data = _signed({"kind": kind, "section": "S", **_exact(given_["clause"])}, indicators or [{"code": "a"}], parties)
        agreement, faults = read_agreement(data)
        assert agreement is not None, [f.say("en") for f in faults]
        table = settle(agreement, _example_readings(given_), 2022, PARAMS)
        assert [[r["payer"], r["payee"], r["amount_fen"]] for r in table.to_pylist()] == example.outputs["rows"], example.source
        for row in table.to_pylist():
            assert all(step["zh"] and step["en"] for step in json.loads(row["evidence"])["steps"])


def _exact(value: Any) -> Any:
    """Numbers written as text in an example are meant as numbers."""
    if isinstance(value, dict):
        return {k: _exact(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_exact(v) for v in value]
    return Decimal(value) if isinstance(value, str) and re.fullmatch(r"-?\d+(\.\d+)?", value) else value


def test_the_sample_agreement_reads_and_settles() -> None:
    agreement, faults = read_agreement(CASES / "qingxi_lower.yaml")
    assert faults == [] and agreement is not None
    table = settle(
        agreement, _readings("QX-OUT", {2022: {"codmn": "2.0", "nh3n": "0.20", "tn": "1.0", "tp": "0.05"}}), 2022, PARAMS
    )
    assert net_received(table, "990121", 2022) == 200_000_000  # P = 0.9 * 1
    assert net_received(table, "990122", 2022) == -200_000_000
    assert len(settle(agreement, READING.empty(), 2025, PARAMS)) == 0  # after the term


def test_all_seven_items_are_missed_at_once() -> None:
    _, faults = read_agreement({"id": "x", "name": {"zh": "甲", "en": "a"}, "parties": TWO})
    assert sorted({f.record for f in faults if f.code == "agreements.agr17"}) == sorted(
        ["scope", "targets", "indicators", "duties", "form", "clauses", "term", "breach", "other"]
    )
    assert "第十七条第7项" in next(f for f in faults if f.record == "other").say("zh")


def test_faults_of_parties_terms_weights_and_clauses_come_together() -> None:
    bands = [
        {"up_to": 1, "payer": "downstream", "payee": "upstream", "amount_yuan": -5},
        {"up_to": 0, "payer": "nobody", "payee": "U", "amount_yuan": 5},
    ]
    data = _signed({"kind": "index_bands", "k0": 1, "bands": bands}, [{"code": "tp", "weight": Fraction(1, 2), "base": 1}], TWO)
    data["clauses"].append({"kind": "no_such"})
    data["term"] = {"from": date(2023, 1, 1), "to": date(2022, 1, 1)}
    data["color"] = "red"
    agreement, faults = read_agreement(data)
    said = " ".join(f.say("en") for f in faults)
    assert agreement is None
    for part in (
        "not after its start",
        "add up to 0.5, not 1",
        "It says '-5'. This should be an amount of yuan",
        "payer nobody is not exactly one",
        "Unknown key color",
        "no clause kind no_such",
        "Only the last band",
        "do not rise",
    ):
        assert part in said, part


def test_a_reading_that_is_no_number_stops_the_settlement() -> None:
    agreement, _ = read_agreement(CASES / "qingxi_lower.yaml")
    table = READING.table(
        [
            {"station_id": "QX-OUT", "month": "2022-13", "indicator": "tp", "value": "0.1"},
            {"station_id": "QX-OUT", "month": "2022-01", "indicator": "tp", "value": "about 3"},
        ]
    )
    with pytest.raises(FaultsError, match="about 3") as caught:
        settle(agreement, table, 2022, PARAMS)
    assert len(caught.value.faults) == 2


@given(
    paid=st.lists(st.integers(0, 50), min_size=3, max_size=5),
    drawn=st.lists(st.integers(0, 50), min_size=5, max_size=5),
    pool=st.integers(1, 10**9),
    cut=st.integers(0, 10),
)
def test_pool_nets_are_met_exactly_and_add_up_to_zero(paid: list[int], drawn: list[int], pool: int, cut: int) -> None:
    codes = [f"P{i}" for i in range(len(paid))]
    if not sum(paid) or not sum(drawn[: len(codes)]):
        return
    rule = {
        "section": "QX",
        "target_class": 1,
        "from": "P0",
        "cut": Fraction(cut, 10),
        "to": {"P1": 1, "P2": 2},
        "class_limits": {"a": [1]},
    }
    clause = {
        "kind": "pool_shares",
        "pool_yuan": pool,
        "contributions": dict(zip(codes, paid, strict=True)),
        "distribution": dict(zip(codes, drawn, strict=False)),
        "deductions": [rule],
    }
    agreement, faults = read_agreement(
        _signed(clause, [{"code": "a", "weight": 1}], [{"code": c, "role": "upstream"} for c in codes])
    )
    assert agreement is not None, faults
    table = settle(agreement, _readings("QX", {2022: {"a": "2"}}), 2022, PARAMS)
    rows = table.to_pylist()
    assert all(r["amount_fen"] >= 0 and r["payer"] != r["payee"] for r in rows)
    moving = [r for r in rows if r["amount_fen"]]
    assert not {r["payer"] for r in moving} & {r["payee"] for r in moving}  # nobody pays with one hand and takes with the other
    if rows:
        evidence = json.loads(rows[0]["evidence"])
        assert sum(evidence["drawn_fen"].values()) == sum(evidence["paid_in_fen"].values()) == pool * 100
        for c in codes:
            assert net_received(table, c, 2022) == evidence["drawn_fen"][c] - evidence["paid_in_fen"][c]


# ---------------------------------------------------------------- whatever stands in the file
JUNK = st.sampled_from(
    [
        None,
        "",
        "x",
        "2022-13-01",
        True,
        0,
        -1,
        Fraction(1, 3),
        Decimal("1e30"),
        Decimal("NaN"),
        [],
        ["x"],
        [None],
        {},
        {"x": 1},
        {"kind": "index_bands"},
        date(2022, 1, 1),
    ]
)


def _places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else []
    return [at, *(p for k in keys for p in _places(value[k], (*at, k)))]


def _replaced(value: Any, at: tuple[Any, ...], new: Any) -> Any:
    if not at:
        return new
    if isinstance(value, dict):
        return {k: _replaced(v, at[1:], new) if k == at[0] else v for k, v in value.items()}
    return [_replaced(v, at[1:], new) if k == at[0] else v for k, v in enumerate(value)]


SOUND = _signed(WORKED[0]["clause"], WORKED[0]["indicators"], TWO)
SOUND["clauses"] = [
    WORKED[0]["clause"],
    next(c["clause"] for c in WORKED if c["name"].startswith("YR-1")),
    {
        "kind": "pool_shares",
        "pool_yuan": 5,
        "contributions": {"U": 1},
        "distribution": {"D": 1},
        "deductions": [
            {"section": "QX", "target_class": 2, "from": "U", "cut": 1, "to": {"D": 1}, "class_limits": {"codmn": [2], "tp": [1]}}
        ],
    },
]
SOUND["clauses"][1] = {**SOUND["clauses"][1], "class_limits": {"codmn": [2], "tp": [1]}}


@given(data=st.data())
@settings(max_examples=400, deadline=None)
def test_a_file_with_anything_in_it_is_read_or_refused_in_words(data: st.DataObject) -> None:
    assert errors(read_agreement(SOUND)[1]) == []
    broken: Any = SOUND
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.sampled_from([p for p in _places(broken) if p]))
        broken = _replaced(broken, place, data.draw(JUNK))
    agreement, faults = read_agreement(broken)
    assert (agreement is None) == bool(errors(faults))
    for fault in faults:
        assert fault.say("zh") and fault.say("en")
    if agreement is not None:
        settle(agreement, _readings("QX", {2021: {"codmn": "2", "tp": "0.05"}, 2022: {"codmn": "2", "tp": "0.05"}}), 2022, PARAMS)


def test_a_file_that_is_no_agreement_is_refused(tmp_path: Path) -> None:
    for text in ("", "- 1\n", "{", "a: b: c", "just words"):
        (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
        agreement, faults = read_agreement(tmp_path / "a.yaml")
        assert agreement is None and faults
