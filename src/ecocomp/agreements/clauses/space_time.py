"""Space and time, the form of the unified main-stem mechanism: each party between its entry and exit, and against itself.

The centre computes what each party pays into, or receives from, one account. A party without data has no value: it is
neither nil nor met, and the others are settled without it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from ecocomp.agreements.readings import Flaw, Readings, Row, missing_keys, name_of, not_settled, say, short, to_whole_fen
from ecocomp.agreements.uses import DATA, READING, SETTLEMENT
from ecocomp.registry import Example, Reference, Spec
from ecocomp.rules import Parameters
from ecocomp.terms.money import say_yuan
from ecocomp.terms.text import Text

_WEIGHTS = [{"code": "codmn", "weight": "0.3"}, {"code": "nh3n", "weight": "0.3"}, {"code": "tp", "weight": "0.4"}]
_TERMS = {
    "account": "ACC",
    "indicators": _WEIGHTS,
    "per_space_point_yuan": 100,
    "per_time_point_yuan": 10,
    "reaches": [{"party": "A", "entry": "S", "exit": "E", "sections": ["E"]}],
}

SPEC = Spec(
    id="space_time",
    name=Text("空间与时间双维度统一核算", "space and time"),
    summary=Text(
        "每一方按入境—出境断面的水质变化（空间）和自有断面比往年的变化（时间）各计百分点，乘各自单价，正数从专户收、负数缴入专户。",
        "Each party earns points for the change between its entry and exit sections (space) and for its own sections against "
        "earlier years (time), each at its price; positive sums come out of one account, negative ones go into it.",
    ),
    unit="fen",
    inputs=(READING,),
    outputs=(SETTLEMENT,),
    parameters=DATA,
    formula="net_i = per_space * 100 * (1 - SUM w C_exit/C_entry) + per_time * 100 * (1 - SUM w C_now/C_earlier)",
    holds=Text(
        "没有入境断面的源头方只计时间维度；往年是上一年，或 base_years 的均值；专户的余缺如实列出，不强行配平。",
        "A party at the source without an entry counts time alone; earlier is the year before, or the mean of base_years; what "
        "the account lacks or keeps is told, not balanced away.",
    ),
    references=(
        Reference(
            "Caizihuan (2025) 50: two dimensions, weights 30/30/40, settlement through one account", "V", "part of the text read"
        ),
        Reference("Points of the weighted ratio", "D", "the amount formula (yuan per unit of change) was not in the part read"),
    ),
    examples=(
        Example(
            {
                "parties": ["A", "B"],
                "readings": {
                    "S": {2022: {"codmn": "2", "nh3n": "1", "tp": "0.1"}},
                    "E": {2022: {"codmn": "1.8", "nh3n": "0.9", "tp": "0.09"}, 2021: {"codmn": "2", "nh3n": "1", "tp": "0.1"}},
                },
                "clause": _TERMS,
            },
            {"rows": [["ACC", "A", 110000]]},
            "10 points better in both: 10 x 100 + 10 x 10 yuan",
        ),
    ),
)

#: Keys of this clause beside those every clause has (see `agreements.shape`).
SHAPE = {
    "account": "word",
    "per_space_point_yuan": "yuan",
    "per_time_point_yuan": "yuan",
    "reaches": [{"party": "word", "entry": "word", "exit": "word", "sections": ["word"]}],
    "party_cap_yuan": "yuan",
}
NEEDS = ("account", "indicators", "reaches", "per_space_point_yuan", "per_time_point_yuan")


def settle(clause: Mapping[str, Any], readings: Readings, year: int, parties: Sequence[Any], params: Parameters) -> list[Row]:
    """Return one row for each reach's party, to or from the account; a party without data has a row without a value."""
    account, rows = str(clause["account"]), []
    for reach in clause["reaches"]:
        party = str(reach["party"])
        space, one = _space(clause, reach, readings, year)
        time, two = _time(clause, reach, readings, year)
        missing = [*one.get("missing", ()), *two.get("missing", ())]
        if missing or (space is None and time is None):
            gone = not_settled(missing or [f"{party} {year}"], party=party)
            rows.append(Row(party, "", 0, gone.evidence, gone.steps))
            continue
        total = (space or Fraction(0)) * Fraction(clause["per_space_point_yuan"]) + (time or Fraction(0)) * Fraction(
            clause["per_time_point_yuan"]
        )
        if clause.get("party_cap_yuan") is not None:
            total = max(-Fraction(clause["party_cap_yuan"]), min(Fraction(clause["party_cap_yuan"]), total))
        fen = to_whole_fen(total)
        evidence = {
            "state": "settled",
            "party": party,
            "space_points": None if space is None else say(space),
            "time_points": None if time is None else say(time),
        }
        steps = (*one["steps"], *two["steps"], _sum_step(clause, party, space, time, fen, parties))
        rows.append(Row(account, party, fen, evidence, steps) if fen >= 0 else Row(party, account, -fen, evidence, steps))
    return rows


def _space(
    clause: Mapping[str, Any], reach: Mapping[str, Any], readings: Readings, year: int
) -> tuple[Fraction | None, dict[str, Any]]:
    if not reach.get("entry") or not reach.get("exit"):
        return None, {
            "steps": (
                Text("没有入境（或出境）断面，不计空间维度。", "No entry (or exit) section: the space dimension does not count."),
            )
        }
    ratio, missing = Fraction(0), []
    for i in clause["indicators"]:
        one, two = (readings.annual_mean(str(reach[k]), i["code"], year, clause) for k in ("entry", "exit"))
        missing += [m for x in (one, two) if x.value is None for m in x.missing]
        if one.value and two.value is not None:
            ratio += Fraction(i["weight"]) * two.value / one.value
        elif one.value == 0:
            missing.append(f"{reach['entry']} {i['code']} = 0")
    if missing:
        return None, {"missing": missing, "steps": ()}
    points = 100 * (1 - ratio)
    step = Text(
        "空间：出境 {b} 比入境 {a}，加权比 {r}，{p} 个百分点。",
        "Space: exit {b} against entry {a}, weighted ratio {r}: {p} points.",
    ).fill(a=reach["entry"], b=reach["exit"], r=short(ratio), p=short(points))
    return points, {"steps": (step,)}


def _time(
    clause: Mapping[str, Any], reach: Mapping[str, Any], readings: Readings, year: int
) -> tuple[Fraction | None, dict[str, Any]]:
    sections = [str(s) for s in reach.get("sections") or ([reach["exit"]] if reach.get("exit") else [])]
    if not sections:
        return None, {"steps": ()}
    before = [int(y) for y in clause.get("base_years") or [year - 1]]
    ratio, missing = Fraction(0), []
    for i in clause["indicators"]:
        now, gone = _mean(readings, sections, i["code"], [year], clause)
        then, lost = _mean(readings, sections, i["code"], before, clause)
        missing += [*gone, *lost]
        if now is not None and then:
            ratio += Fraction(i["weight"]) * now / then
        elif then == 0:
            missing.append(f"{sections} {i['code']} = 0")
    if missing:
        return None, {"missing": missing, "steps": ()}
    points = 100 * (1 - ratio)
    step = Text(
        "时间：断面 {s} 比 {y}，加权比 {r}，{p} 个百分点。", "Time: sections {s} against {y}, weighted ratio {r}: {p} points."
    ).fill(s=", ".join(sections), y=", ".join(map(str, before)), r=short(ratio), p=short(points))
    return points, {"steps": (step,)}


def _mean(
    readings: Readings, sections: Sequence[str], code: str, years: Sequence[int], clause: Mapping[str, Any]
) -> tuple[Fraction | None, list[str]]:
    found = [readings.annual_mean(s, code, y, clause) for s in sections for y in years]
    missing = [m for x in found if x.value is None for m in x.missing]
    values = [x.value for x in found if x.value is not None]
    return (None if missing or not values else sum(values, Fraction(0)) / len(values)), missing


def _sum_step(
    clause: Mapping[str, Any], party: str, space: Fraction | None, time: Fraction | None, fen: int, parties: Sequence[Any]
) -> Text:
    word = Text("从专户收", "from the account") if fen >= 0 else Text("缴入专户", "into the account")
    return Text(
        "{n}：{s} × {a} + {t} × {b} = {x} 元，{w}。", "{n}: {s} × {a} + {t} × {b} = {x} yuan, {w}."
    ).fill(
        n=name_of(party, parties), s=short(space or 0), a=short(clause["per_space_point_yuan"]), t=short(time or 0),
        b=short(clause["per_time_point_yuan"]), x=say_yuan(abs(fen)), w=word,
    )  # fmt: skip


def check(clause: Mapping[str, Any], parties: Sequence[Any]) -> list[Flaw]:
    """Return what is wrong with the clause as signed."""
    out = missing_keys(clause, NEEDS)
    codes = {p.code for p in parties}
    seen: set[str] = set()
    for n, reach in enumerate(clause.get("reaches") or []):
        party = reach.get("party")
        if str(party) not in codes:
            out.append(
                Flaw(
                    Text("reaches 中的 {p} 不是当事方。", "{p} in reaches is not a party.").fill(p=party),
                    Text("当事方：{all}。", "The parties are {all}.").fill(all=", ".join(sorted(codes))),
                    ("reaches", n),
                )
            )
        if str(party) in seen:
            out.append(
                Flaw(
                    Text("{p} 写了两次。", "{p} is there twice.").fill(p=party),
                    Text("一方一段。", "One reach for each party."),
                    ("reaches", n),
                )
            )
        seen.add(str(party))
        if not reach.get("exit") and not reach.get("sections"):
            out.append(
                Flaw(
                    Text("{p} 没有断面。", "{p} has no section.").fill(p=party),
                    Text("写 exit（和 entry），或自有断面 sections。", "Write exit (and entry), or its own sections."),
                    ("reaches", n),
                )
            )
    return out
