"""Whatever stands in a file of any kind of clause: read and settled, or refused in words; what the documentation shows is true."""

from __future__ import annotations

import json
import re
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecocomp.agreements.agreement import read_agreement
from ecocomp.agreements.diff import differences
from ecocomp.agreements.outcome import counted_once, owed_on, settle_year, unsettled
from ecocomp.agreements.published import compare
from ecocomp.agreements.shipped import shipped
from ecocomp.agreements.template import template
from ecocomp.registry import entries
from ecocomp.rules import RuleBook, policy_folder
from ecocomp.rules.lines import read_yaml, strip
from ecocomp.terms.faults import FaultsError, errors
from ecocomp.terms.tables import READING

DOCS = Path(__file__).parents[2] / "docs"
PARAMS = RuleBook.load([policy_folder()], check=False).resolve("990121", date(2026, 12, 31), date(2027, 6, 1))
JUNK = st.sampled_from(
    [None, "", "x", "2026-13-01", True, 0, -1, 99999, Fraction(1, 3), Decimal("1e30"), Decimal("NaN"), "50%", "2亿元", [], ["x"], [None], {}, {"x": 1},
     {"tp": 0}, {"990121": 1}, {"kind": "load"}, "exclude", "mean", "S1", "upstream", "990122", date(2026, 1, 1)]
)  # fmt: skip
EXTRA: dict[str, Any] = {
    "caps": [{"party": "downstream", "most_paid_yuan": 5}],
    "prepay": [{"payer": "downstream", "payee": "upstream", "amount_yuan": 5, "month": 2, "day": 28}],
    "clearing": {"mode": "account", "account": {"code": "ACC", "name": {"zh": "户", "en": "account"}}},
    "pass_through": [{"party": "upstream", "shares": {"T1": 1, "T2": 2}}],
    "deadlines": [{"what": {"zh": "报", "en": "file"}, "by": "990121", "month": 3, "day": 31}],
    "unknown": [{"key": "x", "zh": "未", "en": "open"}],
    "published": [{"year": 2026, "nets": {"990121": 5}, "means": {"2026": {"S1": {"tp": 1}}}, "facts": {"determined": [{"section": "S1", "met": True}]}}],
    "years": [2026],
    "year_starts": 1,
}  # fmt: skip


def _sound(kind: str, folder: Path) -> dict[str, Any]:
    path = folder / f"{kind}.yaml"
    path.write_text(template(kind), encoding="utf-8")
    tree, _ = read_yaml(path)
    return {**strip(tree), **EXTRA}


def _places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else []
    return [at, *(p for k in keys for p in _places(value[k], (*at, k)))]


def _replaced(value: Any, at: tuple[Any, ...], new: Any) -> Any:
    if not at:
        return new
    if isinstance(value, dict):
        return {k: _replaced(v, at[1:], new) if k == at[0] else v for k, v in value.items()}
    return [_replaced(v, at[1:], new) if k == at[0] else v for k, v in enumerate(value)]


def _readings() -> Any:
    rows = [
        {"station_id": s, "month": f"{y}-{m:02d}", "indicator": c, "value": "0.1"}
        for s in ("S1", "S2")
        for y in (2025, 2026)
        for m in range(1, 13)
        for c in ("codmn", "nh3n", "tp", "tn", "volume")
    ]
    return READING.table(rows)


TABLE = _readings()


@pytest.mark.parametrize("kind", sorted(entries("agreements.clauses")))
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_anything_in_a_file_is_settled_or_refused_in_words(
    kind: str, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    broken: Any = _sound(kind, tmp_path_factory.getbasetemp())
    for _ in range(data.draw(st.integers(0, 3))):
        place = data.draw(st.sampled_from([p for p in _places(broken) if p]))
        broken = _replaced(broken, place, data.draw(JUNK))
    agreement, faults = read_agreement(broken)
    assert (agreement is None) == bool(errors(faults))
    assert all(f.say("zh") and f.say("en") for f in faults)
    if agreement is None:
        return
    try:
        outcome = settle_year(agreement, TABLE, 2026, PARAMS)
    except FaultsError:  # a parameter the rules do not have: said, not guessed
        return
    account = ((agreement.data.get("clearing") or {}).get("account") or {}).get("code")
    assert sum(n for c, n in outcome.nets.items()) == 0, account
    assert sum(counted_once(outcome).values()) == 0
    assert all(json.loads(r["evidence"]) is not None for r in outcome.table().to_pylist())
    owed_on(outcome, [], date(2027, 7, 1))
    unsettled(outcome.table())
    compare(agreement, PARAMS)
    assert differences(agreement, agreement) == []


@pytest.mark.parametrize("id", sorted(shipped()))
def test_every_shipped_agreement_settles_or_says_why_not(id: str) -> None:
    agreement, _ = read_agreement(shipped()[id])
    assert agreement is not None
    for year in agreement.years():
        outcome = settle_year(agreement, READING.empty(), year, PARAMS)
        assert all(f.say("zh") and f.say("en") for f in unsettled(outcome.table()))
        assert sum(outcome.nets.values()) == 0


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_what_the_documentation_shows_reads(lang: str, tmp_path: Path) -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", (DOCS / lang / "agreements.md").read_text(encoding="utf-8"), re.DOTALL)
    whole = tmp_path / "whole.yaml"
    whole.write_text(blocks[0], encoding="utf-8")
    assert read_agreement(whole)[1] == []
    (clauses,) = [b for b in blocks if b.startswith("- kind")]
    kinds = set(re.findall(r"^- kind: (\w+)", clauses, re.MULTILINE))
    assert kinds == set(entries("agreements.clauses"))
    head = blocks[0][: blocks[0].index("indicators:")]
    head = head.replace("sections: [{id: QT", "sections: [{id: S1}, {id: S2}, {id: S3}, {id: QSP}, {id: MT}, {id: QT")
    head = re.sub(
        r"parties:\n(.*\n)(.*\n)",
        'parties:\n  - {code: YN, role: upstream}\n  - {code: SC, role: downstream}\n  - {code: GZ, role: both}\n  - {code: "340000", role: both}\n',
        head,
    )
    rest = "base_years: [2023, 2024, 2025]\nindicators: [{code: codmn, weight: 0.5}, {code: tp, weight: 0.5}]\nclauses:\n"
    every = tmp_path / "every.yaml"
    every.write_text(head + rest + "".join(f"  {line}\n" for line in clauses.splitlines()), encoding="utf-8")
    agreement, faults = read_agreement(every)
    assert agreement is not None, [f.say("en") for f in faults]


@given(times=st.integers(2, 50), tp=st.integers(1, 400))
@settings(max_examples=60, deadline=None)
def test_sums_scale_with_the_currency(times: int, tp: int) -> None:
    """Every sum a hundred times as large settles to a hundred times as much, but for the rounding of a fen."""
    words = {"zh": "有", "en": "yes"}

    def nets(scale: int) -> int:
        clause = {
            "kind": "change_rate",
            "against": "base",
            "per_point_yuan": 7 * scale,
            "better_cap_yuan": 300 * scale,
            "worse_cap_yuan": 200 * scale,
        }
        data = {
            "id": "x", "name": words, "parties": [{"code": "U", "role": "upstream"}, {"code": "D", "role": "downstream"}], "section": "S1",
            "indicators": [{"code": "tp", "weight": 1, "base": Decimal("0.17")}], "clauses": [clause], "other": {},
            "term": {"from": date(2026, 1, 1), "to": date(2026, 12, 31)}, **dict.fromkeys(("scope", "targets", "duties", "form", "breach"), words),
        }  # fmt: skip
        agreement, faults = read_agreement(data)
        assert agreement is not None, faults
        table = READING.table(
            [{"station_id": "S1", "month": f"2026-{m:02d}", "indicator": "tp", "value": f"{tp / 1000:.3f}"} for m in range(1, 13)]
        )
        return settle_year(agreement, table, 2026, PARAMS).nets["U"]

    assert abs(nets(times) - times * nets(1)) <= (times + 1) / 2


@pytest.mark.parametrize(("mean", "code"), [(-1, {"agreements.published"}), (Decimal("0.0000001"), set()), (12345678, set())])
def test_a_published_mean_is_read_or_refused_before_anything_is_settled(mean: Any, code: set[str], tmp_path: Path) -> None:
    sound = _sound("index_bands", tmp_path)
    agreement, faults = read_agreement(_replaced(sound, ("published", 0, "means", "2026", "S1", "tp"), mean))
    assert {f.code for f in errors(faults)} == code
    if agreement is not None:
        assert compare(agreement, PARAMS)
