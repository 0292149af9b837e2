"""`ecocomp rules test`: run worked cases, ours or anyone's, against the rules and show every figure that differs."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from ecocomp.cli.say import Voice
from ecocomp.rules import RuleBook, policy_folder
from ecocomp.terms.text import Text
from ecocomp.worked.cases import Case, Difference, Outcome, case_files, read_cases, run_cases, shipped
from ecocomp.worked.operation import operations

_MARK = {"passed": Text("相符", "agrees"), "failed": Text("不符", "differs"), "stopped": Text("不能计算", "stopped")}


def test_rules(voice: Voice, paths: tuple[Path, ...], rules: tuple[Path, ...], match: str, *, every: bool) -> int:
    """Run the worked cases below `paths` (those that ship if none is named); return the exit status."""
    files = [f for p in paths for f in case_files(p)] if paths else shipped()
    cases, faults = read_cases(files)
    word = match.casefold()
    cases = [c for c in cases if word in f"{c.id} {c.matter} {c.do}".casefold()]
    book = RuleBook.load([policy_folder(), *rules])
    outcomes = run_cases(cases, book)
    voice.data(
        {
            "cases": len(outcomes),
            "states": dict(Counter(o.state for o in outcomes)),
            "faults": [f.as_json() for f in faults],
            "outcomes": [_as_json(o) for o in outcomes],
        }
    )
    _say_matters(voice, outcomes)
    for outcome in outcomes:
        if every or outcome.state != "passed" or outcome.disagreements:
            _say_outcome(voice, outcome)
    voice.faults(faults)
    wrong = sum(o.state != "passed" for o in outcomes)
    read = {k for o in outcomes for k in o.used}  # only by operations that are asked by place and day; programmes resolve their own
    told = Text(
        "{n} 个案例，{w} 个不符；{d} 处与文件印出的数字不同{k}。",
        "{n} cases, {w} that differ; {d} figures are not what a paper prints{k}.",
    )
    voice.say(
        told.fill(
            n=len(outcomes),
            w=wrong,
            d=sum(len(o.disagreements) for o in outcomes),
            k=Text("；读到 {k} 个参数", "; {k} parameters were read").fill(k=len(read)) if read else Text("", ""),
        )
    )
    return 1 if wrong or faults else 0


def list_operations(voice: Voice) -> None:
    """Print what a case can ask for."""
    known = operations().values()
    voice.data([{"id": o.id, "name": _both(o.name), "given": _names(o.given), "found": _names(o.found)} for o in known])
    for op in known:
        voice.say(f"{op.id}  {op.name.to(voice.lang)}")
        for label, names in ((Text("给出", "given"), op.given), (Text("得到", "found"), op.found)):
            for name, meaning in names.items():
                voice.say(f"    {label.to(voice.lang)} {name}: {meaning.to(voice.lang)}")


def _both(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}


def _names(names: Any) -> dict[str, dict[str, str]]:
    return {k: _both(v) for k, v in names.items()}


def _say_matters(voice: Voice, outcomes: list[Outcome]) -> None:
    tally = Counter((o.case.matter, o.state) for o in outcomes)
    rows = [
        [m, *(str(tally[m, s]) for s in _MARK), str(sum(len(o.disagreements) for o in outcomes if o.case.matter == m))]
        for m in sorted({o.case.matter for o in outcomes})
    ]
    heads = [Text("事项", "matter"), *_MARK.values(), Text("与印出的不同", "not as printed")]
    voice.table(Text("手算案例", "Worked cases"), heads, rows, right=(1, 2, 3, 4))


def _say_outcome(voice: Voice, outcome: Outcome) -> None:
    case = outcome.case
    head = f"{_MARK[outcome.state].to(voice.lang)}  {case.id}  {case.what.to(voice.lang)}  ({case.file.name}:{case.line})"
    voice.say(head)
    for d in outcome.differences:
        voice.say(_said(Text("    {a}：手算 {e}，算得 {f}", "    {a}: by hand {e}, computed {f}"), d))
    for d in outcome.disagreements:
        voice.say(_said(Text("    {a}：文件印 {e}，按规则得 {f}", "    {a}: the paper prints {e}, the rule gives {f}"), d))
    for f in outcome.faults:
        voice.say(f"    {f.say(voice.lang)}  [{f.code}]")
    if outcome.state != "passed":
        voice.say(Text("    依据 {s}；手算 {b}", "    source {s}; by hand {b}").fill(s=case.source, b=case.by_hand))


def _said(form: Text, d: Difference) -> Text:
    return form.fill(a=d.at, e=d.expected, f=d.found)


def _as_json(outcome: Outcome) -> dict[str, Any]:
    case: Case = outcome.case
    return {
        "id": case.id,
        "matter": case.matter,
        "do": case.do,
        "state": outcome.state,
        "file": case.file.name,
        "line": case.line,
        "differences": [_difference(d) for d in outcome.differences],
        "disagreements": [_difference(d) for d in outcome.disagreements],
        "faults": [f.as_json() for f in outcome.faults],
        "used": list(outcome.used),
        "source": case.source,
        "confidence": case.confidence,
        "by_hand": case.by_hand,
    }


def _difference(d: Difference) -> dict[str, Any]:
    return {"at": d.at, "expected": d.expected, "found": d.found}
