"""`ecocomp try` and `ecocomp describe`: one formula on plain numbers, and what is known of it."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ecocomp.cli.say import Voice
from ecocomp.governance.open_data import guarded_cell
from ecocomp.registry.calculate import Answer, calculate, find, say_number, weakest
from ecocomp.registry.folder import Entry
from ecocomp.registry.spec import Argument, Use
from ecocomp.terms.confidence import MARKS
from ecocomp.terms.faults import Fault, FaultsError, UsageError
from ecocomp.terms.text import Text, same
from ecocomp.terms.unseen import first_unseen

MOST_BYTES = 50_000_000
MOST_ROWS = 200_000
SHOW_ROWS = 40


def pairs(words: tuple[str, ...]) -> dict[str, str]:
    """Return name → text of words such as ``R=4000``."""
    found: dict[str, str] = {}
    wrong = []
    for word in words:
        name, equals, value = word.replace("＝", "=").partition("=")
        if not equals or not name.strip():
            wrong.append(word)
        elif name.strip() in found:
            raise UsageError(Text("{n} 写了两次。", "{n} is given twice.").fill(n=name.strip()))
        found[name.strip()] = value.strip()
    if wrong:
        raise UsageError(Text("写成 名称=数值；看不懂：{w}", "Write name=value; not understood: {w}").fill(w=" ".join(wrong)))
    return found


def try_numbers(voice: Voice, id: str, words: tuple[str, ...]) -> None:
    """Evaluate one entry on the numbers of the command line and say how it came about."""
    answer = calculate(id, pairs(words))
    voice.data(as_json(answer))
    if not voice.as_json:
        _say(voice, answer)


def try_table(voice: Voice, id: str, words: tuple[str, ...], path: Path, out: Path | None, labels: tuple[str, ...] = ()) -> None:
    """Evaluate one entry on every row of a CSV file; `words` hold for all rows. All faults of all rows at once.

    labels  columns that only name the row, such as a county
    """
    if out is not None and out.resolve() == path.resolve():
        raise UsageError(
            Text("--out 就是 --table 的文件 {p}；另写一个名字。", "--out is the file {p} of --table; name another.").fill(p=path)
        )
    fixed = pairs(words)
    entry = find(id)
    heads, rows, faults = _read_csv(path)
    _check_names(path, heads, fixed, labels)
    unknown = _unknown_names(entry, path, heads, fixed, labels)
    faults = [*unknown, *faults]
    passed = {*labels, *(f.record for f in unknown)}
    fixed = {k: v for k, v in fixed.items() if k not in passed}
    answers: list[Answer] = []
    for number, row in rows:
        try:
            given = {k: v for k, v in row.items() if v != "" and k not in passed}
            answers.append(calculate(id, {**fixed, **given}, path.name, f"row {number}"))
        except FaultsError as stop:
            faults += stop.faults
            if len(faults) > 500:
                break
    if faults:
        raise FaultsError(faults)
    voice.data([{**as_json(a), "labels": {k: row.get(k, "") for k in labels}} for (_, row), a in zip(rows, answers, strict=True)])
    if out is not None:
        _write_csv(out, rows, answers)
        voice.say(Text("已写入 {p}：{n} 行", "Wrote {p}: {n} rows").fill(p=out, n=len(answers)))
    elif not voice.as_json:
        _say_rows(voice, rows, answers)


def _check_names(path: Path, heads: list[str], fixed: Mapping[str, str], labels: tuple[str, ...]) -> None:
    clash = sorted(set(heads) & set(fixed))
    if clash:
        raise UsageError(
            Text("{n} 既在表里又在命令行上。", "{n} stands both in the table and on the command line.").fill(n=", ".join(clash))
        )
    absent = [name for name in labels if name not in heads]
    if absent:
        raise UsageError(
            Text("{p} 没有 --label 写的列 {n}；有：{h}。", "{p} has no column {n} (--label); there are: {h}.").fill(
                p=path, n=", ".join(absent), h=", ".join(heads)
            )
        )


def _unknown_names(entry: Entry, path: Path, heads: list[str], fixed: Mapping[str, str], labels: tuple[str, ...]) -> list[Fault]:
    """Return a fault for each heading, and each name of the command line, that is no argument: once, not for every row."""
    arguments = entry.spec.arguments
    known = {a.name for a in arguments} | {a.symbol for a in arguments if a.symbol}
    if not arguments or entry.evaluate is None:
        return []  # told by `calculate`
    names = ", ".join(f"{a.name}（{a.symbol}）" if a.symbol else a.name for a in arguments)
    clash = Text("不认识的名称 {n}。", "Unknown name {n}.")
    there = Text("可用：{a}。", "There are: {a}.").fill(a=names)
    label = Text(
        "可用：{a}。若这一列只是标签，加 --label {n}。", "There are: {a}. If the column only labels the rows, add --label {n}."
    )
    return [
        *(
            Fault("calculate.unknown", path.name, h, clash.fill(n=h), label.fill(a=names, n=h))
            for h in heads
            if h not in known and h not in labels
        ),
        *(Fault("calculate.unknown", "", n, clash.fill(n=n), there) for n in fixed if n not in known),
    ]


def read_text(path: Path) -> str:
    """Return the text of a file in UTF-8 or GB18030; too large or neither is a sentence."""
    if path.stat().st_size > MOST_BYTES:
        raise UsageError(Text("{p} 超过 {n} MB。", "{p} is larger than {n} MB.").fill(p=path, n=MOST_BYTES // 1_000_000))
    raw = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise UsageError(Text("{p} 既不是 UTF-8 也不是 GB18030。", "{p} is neither UTF-8 nor GB18030.").fill(p=path))


def _read_csv(path: Path) -> tuple[list[str], list[tuple[int, dict[str, str]]], list[Fault]]:
    """Return the headings, (line of the file, cells by heading), and faults of rows that are too long or hold unseen characters.

    Blank lines and columns without a heading are passed over; a row with a fault is not among the rows.
    """
    text = read_text(path)
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise UsageError(Text("{p} 不是 CSV：{e}", "{p} is no CSV file: {e}").fill(p=path, e=error)) from None
    if not lines:
        raise UsageError(Text("{p} 是空的。", "{p} is empty.").fill(p=path))
    heads = [h.strip() for h in lines[0]]
    twice = sorted({h for h in heads if h and heads.count(h) > 1})
    if twice:
        raise UsageError(Text("{p} 的表头有重复：{h}", "{p} has headings twice: {h}").fill(p=path, h=", ".join(twice)))
    if any(first_unseen(h) for h in heads):
        raise UsageError(Text("{p} 的表头含有不可见的字符。", "The heading of {p} holds unseen characters.").fill(p=path))
    filled = [(n, line) for n, line in enumerate(lines[1:], 2) if any(cell.strip() for cell in line)]
    faults = {n: f for n, line in filled if (f := _row_fault(path, n, heads, line)) is not None}
    rows = [(n, {h: cell.strip() for h, cell in zip(heads, line, strict=False) if h}) for n, line in filled if n not in faults]
    if len(filled) > MOST_ROWS:
        raise UsageError(Text("{p} 超过 {n} 行。", "{p} has more than {n} rows.").fill(p=path, n=MOST_ROWS))
    if not filled:
        raise UsageError(Text("{p} 只有表头。", "{p} has only a heading.").fill(p=path))
    return [h for h in heads if h], rows, list(faults.values())


def _row_fault(path: Path, number: int, heads: list[str], line: list[str]) -> Fault | None:
    """Return what keeps a row from being read: more cells than headings, or a character nobody sees."""
    record = f"row {number}"
    if any(cell.strip() for cell in line[len(heads) :]):
        return Fault(
            "table.ragged",
            path.name,
            record,
            Text("这一行有 {n} 格，比表头（{h} 格）长。", "The row has {n} cells and is longer than the heading ({h}).").fill(
                n=len(line), h=len(heads)
            ),
            Text("含逗号的值写在双引号里，或补上表头。", "Put a value with commas into double quotes, or add the heading."),
        )
    for name, cell in zip(heads, line, strict=False):
        code = first_unseen(cell)
        if code:
            return Fault(
                "table.unseen",
                path.name,
                record,
                Text("{h} 含有不可见的字符 {c}。", "{h} holds the unseen character {c}.").fill(h=name or "—", c=code),
                Text("删去它后重写。", "Write it again without that character."),
            )
    return None


def _write_csv(out: Path, rows: list[tuple[int, dict[str, str]]], answers: list[Answer]) -> None:
    heads = list(rows[0][1])
    names = _names(answers)
    with out.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([guarded_cell(h) for h in (*heads, *names)])
        for (_, row), a in zip(rows, answers, strict=True):
            found = (a.outputs.get(n) for n in names)
            writer.writerow([guarded_cell(c) for c in (*(row.get(h, "") for h in heads), *found)])


def _names(answers: list[Answer]) -> list[str]:
    return list(dict.fromkeys(name for a in answers for name in a.outputs))


def as_json(answer: Answer) -> dict[str, Any]:
    """Return an answer as plain data: stable keys, both languages."""
    spec = answer.entry.spec
    return {
        "id": spec.id,
        "name_zh": spec.name.zh,
        "name_en": spec.name.en,
        "version": spec.version,
        "arguments": {
            a.name: {"value": answer.values[a.name], "unit": a.unit, "symbol": a.symbol, "given": a.name in answer.given}
            for a in spec.arguments
            if a.name in answer.values
        },
        "outputs": {
            name: {"value": value, "unit": use.unit if use else "", "symbol": use.symbol if use else ""}
            for name, value in answer.outputs.items()
            for use in [_use(spec.outputs, name)]
        },
        "formula": [s.formula for s in answer.steps],
        "numbers": [s.numbers + ("" if s.result is None else f" = {say_number(s.result)}") for s in answer.steps],
        "confidence": answer.confidence,
        "references": [{"title": r.title, "confidence": r.confidence, "note": r.note} for r in spec.references],
    }


def _use(outputs: tuple[Use, ...], name: str) -> Use | None:
    return next((u for u in outputs if u.name == name), None)


def _say(voice: Voice, answer: Answer) -> None:
    spec = answer.entry.spec
    voice.say(Text("{z}（{i}）", "{e} ({i})").fill(z=spec.name.zh, e=spec.name.en, i=spec.id))
    voice.say("")
    for step in answer.steps:
        voice.say(f"  {step.formula}")
        tail = "" if step.result is None else f" = {say_number(step.result)}"
        if step.numbers != step.formula or tail:
            voice.say(f"    {step.numbers}{tail}")
    inputs = [_argument_row(a, answer, voice) for a in spec.arguments if a.name in answer.values]
    heads = [Text("量", "name"), Text("符号", "symbol"), Text("值", "value"), Text("单位", "unit"), Text("含义", "meaning")]
    voice.table(Text("输入", "given"), heads, inputs, right=(2,))
    found = [
        [name, use.symbol if use else "", say_number(value), use.unit if use else "", use.meaning.to(voice.lang) if use else ""]
        for name, value in answer.outputs.items()
        for use in [_use(spec.outputs, name)]
    ]
    voice.table(Text("结果", "result"), heads, found, right=(2,))
    _say_sources(voice, answer.entry)


def _argument_row(a: Argument, answer: Answer, voice: Voice) -> list[str]:
    value = say_number(answer.values[a.name])
    if a.name not in answer.given:
        value = Text("{v}（缺省）", "{v} (default)").fill(v=value).to(voice.lang)
    return [a.name, a.symbol, value, a.unit, a.meaning.to(voice.lang)]


def _say_sources(voice: Voice, e: Entry) -> None:
    voice.say(Text("出处", "Sources").to(voice.lang))
    for r in e.spec.references:
        note = f" — {r.note}" if r.note else ""
        voice.say(f"  [{r.confidence}] {r.title}{note}  ({MARKS[r.confidence].to(voice.lang)})")
    if e.spec.holds.zh:
        voice.say(Text("适用：{h}", "Holds: {h}").fill(h=e.spec.holds))


def _say_rows(voice: Voice, rows: list[tuple[int, dict[str, str]]], answers: list[Answer]) -> None:
    names = _names(answers)
    heads = [same(h) for h in [*rows[0][1], *names]]
    body = [
        [*(row.get(h, "") for h in rows[0][1]), *(say_number(a.outputs.get(n)) for n in names)]
        for (_, row), a in list(zip(rows, answers, strict=True))[:SHOW_ROWS]
    ]
    spec = answers[0].entry.spec
    voice.table(Text(spec.name.zh, spec.name.en), heads, body)
    for line in spec.formula.splitlines():
        voice.say(f"  {line.strip()}")
    if len(rows) > SHOW_ROWS:
        voice.say(Text("共 {n} 行；用 --out 或 --json 取得全部。", "{n} rows; --out or --json gives all.").fill(n=len(rows)))
    _say_sources(voice, answers[0].entry)


def describe(voice: Voice, id: str) -> None:
    """Say everything that is known of one entry."""
    e = find(id)
    voice.data(described(e))
    if voice.as_json:
        return
    s = e.spec
    voice.say(
        Text("{z}（{i}，{f}，版本 {v}）", "{e} ({i}, {f}, version {v})").fill(
            z=s.name.zh, e=s.name.en, i=s.id, f=e.folder, v=s.version
        )
    )
    voice.say(s.summary)
    if s.unit:
        voice.say(Text("单位：{u}", "Unit: {u}").fill(u=s.unit))
    for line in s.formula.splitlines():
        voice.say(f"  {line.strip()}")
    for label, text in ((Text("适用", "Holds"), s.holds), (Text("与其他工具的差别", "How it differs"), s.differs)):
        if text.zh:
            voice.say(Text("{l}：{t}", "{l}: {t}").fill(l=label, t=text))
    heads = [Text("量", "name"), Text("符号", "symbol"), Text("单位", "unit"), Text("含义", "meaning")]
    groups = (
        (
            Text("按单个数计算的量（ecocomp try）", "plain numbers (ecocomp try)"),
            [(_argument(a), a.symbol, a.unit, a.meaning) for a in s.arguments],
        ),
        (Text("图层与表", "layers and tables"), [(u.name + (" ?" if u.optional else ""), "", u.unit, u.meaning) for u in s.inputs]),
        (
            Text("规则中的参数", "parameters in the rules"),
            [(u.name + (" ?" if u.optional else ""), "", u.unit, u.meaning) for u in s.parameters],
        ),
        (Text("结果", "yields"), [(u.name, u.symbol, u.unit, u.meaning) for u in s.outputs]),
    )
    for title, lines in groups:
        if lines:
            voice.table(title, heads, [[n, sym, unit, m.to(voice.lang)] for n, sym, unit, m in lines])
    for x in s.examples:
        if e.evaluate is not None and s.arguments:
            words = " ".join(f"{k}={word(v)}" for k, v in x.inputs.items())
            voice.say(
                Text("算例（{s}）：ecocomp try {i} {w}", "Example ({s}): ecocomp try {i} {w}").fill(s=x.source, i=s.id, w=words)
            )
    _say_sources(voice, e)


def _argument(a: Argument) -> str:
    return a.name if a.default is None else f"{a.name}={word(a.default)}"


def word(value: object) -> str:
    """Return a value as it is typed on the command line."""
    if isinstance(value, list | tuple):
        inner = [word(v) for v in value]
        nested = any(isinstance(v, list | tuple) for v in value)
        return f'"{";".join(x.strip(chr(34)) for x in inner)}"' if nested else ",".join(inner)
    return say_number(value)


def described(e: Entry) -> dict[str, Any]:
    """Return everything that is known of one entry as plain data."""
    s = e.spec
    both = lambda t: {"zh": t.zh, "en": t.en}  # noqa: E731

    def use(u: Use) -> dict[str, Any]:
        return {"name": u.name, "symbol": u.symbol, "unit": u.unit, "meaning": both(u.meaning), "optional": u.optional}

    return {
        "id": s.id,
        "folder": e.folder,
        "version": s.version,
        "name": both(s.name),
        "summary": both(s.summary),
        "unit": s.unit,
        "formula": [line.strip() for line in s.formula.splitlines() if line.strip()],
        "holds": both(s.holds),
        "differs": both(s.differs),
        "valid_from": s.valid_from,
        "valid_to": s.valid_to,
        "arguments": [_argument_data(a) for a in s.arguments],
        "inputs": [use(u) for u in s.inputs],
        "parameters": [use(u) for u in s.parameters],
        "outputs": [use(u) for u in s.outputs],
        "examples": [
            {"inputs": dict(x.inputs), "outputs": dict(x.outputs), "source": x.source, "tolerance": x.tolerance} for x in s.examples
        ],
        "confidence": weakest(e),
        "references": [{"title": r.title, "confidence": r.confidence, "note": r.note} for r in s.references],
    }


def _argument_data(a: Argument) -> Mapping[str, Any]:
    bound = lambda x: None if x in (float("inf"), float("-inf")) else x  # noqa: E731
    return {
        "name": a.name,
        "symbol": a.symbol,
        "unit": a.unit,
        "meaning": {"zh": a.meaning.zh, "en": a.meaning.en},
        "kind": a.kind,
        "default": a.default,
        "least": bound(a.least),
        "most": bound(a.most),
        "choices": list(a.choices),
    }
