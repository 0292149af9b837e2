"""`ecocomp rules`: list, show, audit and compare dated values."""

from __future__ import annotations

import difflib
from datetime import date
from pathlib import Path
from typing import Any

from ecocomp.cli.say import Voice
from ecocomp.rules import RuleBook, RuleValue, policy_folder
from ecocomp.terms import clocks
from ecocomp.terms.confidence import MARKS
from ecocomp.terms.faults import FaultsError, UsageError
from ecocomp.terms.text import Text

_FAR = date(9999, 1, 1)
DEFAULT_PLACE = "990121"
HEADS = [
    Text("键", "key"),
    Text("名称", "name"),
    Text("值", "value"),
    Text("单位", "unit"),
    Text("地方", "place"),
    Text("有效", "holds"),
    Text("标记", "mark"),
    Text("出处", "source"),
    Text("文件", "file"),
]


def _short(value: Any) -> str:
    if isinstance(value, dict):
        text = ", ".join(f"{k}: {v}" for k, v in value.items())
    elif isinstance(value, list):
        text = ", ".join(str(v) for v in value)
    else:
        text = str(value)
    return text if len(text) <= 60 else text[:57] + "…"


def _row(v: RuleValue, voice: Voice) -> list[str]:
    span = f"{v.valid_from if v.valid_from.year > 1900 else ''}–{v.valid_to or ''}"
    source = " ".join(x for x in (v.document, v.article) if x)
    return [v.key, v.name.to(voice.lang), _short(v.value), v.unit, v.place, span, v.confidence, source[:40], f"{v.file}:{v.line}"]


def _values(book: RuleBook, place: str, on: date | None, known: date) -> list[RuleValue]:
    chain = book.chain(place)
    if on is None:
        return [v for p in chain for v in book.values(place=p) if v.recorded <= known]
    found = (book.find(k, chain, on, known) for k in book.keys)
    return [v for v in found if v is not None]


def list_rules(voice: Voice, place: str, on: date | None, match: str = "", known: date | None = None) -> None:
    """Print the rules of a place, on one day or all, as known on a day; `match` keeps those whose key or name holds the text."""
    book = RuleBook.load([policy_folder()])
    found = sorted(_values(book, place, on, known or _FAR), key=lambda v: (v.key, v.place, v.valid_from))
    text = match.casefold()
    found = [v for v in found if any(text in t.casefold() for t in (v.key, v.name.zh, v.name.en))]
    voice.data([v.as_row() for v in found])
    voice.table(
        Text("{p} 的规则，{n} 条", "Rules of {p}, {n}").fill(p=" < ".join(book.chain(place)), n=len(found)),
        HEADS,
        [_row(v, voice) for v in found],
        whole=(0,),
    )


def like_keys(book: RuleBook, key: str, most: int = 8) -> list[str]:
    """Return the keys a mistyped `key` may have meant: those that hold the text, then those spelled alike."""
    inside = [k for k in book.keys if key and key.casefold() in k.casefold()]
    tails = {k.rpartition(".")[2]: k for k in reversed(book.keys)}
    alike = difflib.get_close_matches(key, book.keys, most, 0.4)
    alike += [tails[t] for t in difflib.get_close_matches(key.rpartition(".")[2], tails, most, 0.5)]
    return list(dict.fromkeys([*inside, *alike]))[:most]


def show_rule(voice: Voice, key: str, place: str | None, known: date | None = None) -> None:
    """Print every dated value of one parameter that counts at a place, or with ``all`` at every place, as known on a day."""
    book = RuleBook.load([policy_folder()])
    if key not in book.keys:
        raise UsageError(
            Text("没有参数 {k}；相近的有：{n}。", "No parameter {k}; there are: {n}.").fill(
                k=key,
                n=", ".join(like_keys(book, key)) or Text("没有；见 ecocomp rules list", "none like it; see ecocomp rules list"),
            )
        )
    chain = None if place == "all" else book.chain(place or DEFAULT_PLACE)
    found = [v for v in book.values(key) if (chain is None or v.place in chain) and v.recorded <= (known or _FAR)]
    if not found and known is not None and any(chain is None or v.place in chain for v in book.values(key)):
        first = min(v.recorded for v in book.values(key) if chain is None or v.place in chain)
        raise UsageError(
            Text("{d} 还不知道参数 {k}；最早记录于 {f}。", "{k} was not yet known on {d}; it was first recorded on {f}.").fill(
                d=known, k=key, f=first
            )
        )
    if not found:
        others = ", ".join(sorted({v.place for v in book.values(key)}))
        raise UsageError(
            Text(
                "{p} 没有参数 {k} 的值；有值的地方：{o}。加 --place all 全看。",
                "{p} has no value of {k}; there is one at {o}. See all with --place all.",
            ).fill(p=" < ".join(chain or ()), k=key, o=others)
        )
    voice.data([v.as_row() | {"low": str(v.low), "high": str(v.high), "note": v.note, "recorded": str(v.recorded)} for v in found])
    for v in found:
        voice.say(f"{v.key}  {v.name.to(voice.lang)}  [{v.place}]")
        value = v.value if isinstance(v.value, dict) else {"": v.value}
        for code, x in value.items():
            low, high = (v.low[code], v.high[code]) if isinstance(v.low, dict) else (v.low, v.high)
            around = f"  ({low} – {high})" if (low, high) != (x, x) else ""
            voice.say(f"    {code + ': ' if code else ''}{_short(x) if isinstance(x, list) else x} {v.unit}{around}")
        span = f"{v.valid_from if v.valid_from.year > 1900 else '…'} – {v.valid_to or '…'}"
        voice.say(
            Text(
                "    有效 {s}；出处 {d} {a}；标记 {m}（{w}）；{f}:{l}", "    holds {s}; source {d} {a}; mark {m} ({w}); {f}:{l}"
            ).fill(s=span, d=v.document, a=v.article, m=v.confidence, w=MARKS[v.confidence], f=v.file, l=v.line)
        )
        if v.note:
            voice.say(f"    {v.note}")


def audit_rules(voice: Voice, folders: tuple[Path, ...], today: date) -> int:
    """Print every fault and warning of the rules; return the exit status."""
    book, faults = RuleBook.read([policy_folder(), *folders])
    faults += book.audit(today)
    wrong = [f for f in faults if f.severity == "error"]
    voice.data({"ok": not wrong, "values": len(book.values()), "faults": [f.as_json() for f in faults]})
    voice.faults([] if voice.as_json else faults, show=200)
    voice.say(
        Text("{v} 个值，{e} 处错误，{w} 处注意。", "{v} values, {e} errors, {w} warnings.").fill(
            v=len(book.values()), e=len(wrong), w=len(faults) - len(wrong)
        )
    )
    return 1 if wrong else 0


def diff_rules(
    voice: Voice,
    first: str,
    second: str,
    place: str,
    on: date,
    known: date | None = None,
    folders: tuple[Path, ...] = (),
) -> None:
    """Print what differs between two days at one place, or two places on one day.

    first, second  days (2025-06-30) or places; ``place@day`` names both
    known          day whose knowledge counts, for both sides; default: all that is recorded
    folders        rule folders laid over what ships
    """
    from ecocomp.rules.difference import differences

    book = RuleBook.load([policy_folder(), *folders])
    one, two = (_side(book, s, place, on, known or _FAR) for s in (first, second))
    found = differences(one, two)
    voice.data(
        [
            {
                "key": d.key,
                "changed": list(d.changed),
                "codes": list(d.codes),
                "first": _facts(d.first),
                "second": _facts(d.second),
            }
            for d in found
        ]
    )
    rows = [row for d in found for row in _diff_rows(d, voice)]
    voice.table(
        Text("{a} 与 {b} 不同的规则：{n} 条", "Rules that differ between {a} and {b}: {n}").fill(a=first, b=second, n=len(found)),
        [HEADS[0], HEADS[1], Text(first, first), Text(second, second), Text("不同在", "differs in"), HEADS[7], HEADS[6]],
        rows,
    )


def _facts(v: RuleValue | None) -> dict[str, Any] | None:
    """Return a value as JSON says it: the row of the parameter table, with its bounds and the day it was recorded."""
    if v is None:
        return None
    return v.as_row() | {"low": _plain(v.low), "high": _plain(v.high), "recorded": str(v.recorded), "note": v.note}


def _plain(value: Any) -> Any:
    return {k: str(x) for k, x in value.items()} if isinstance(value, dict) else str(value)


_ASPECTS = {
    "absent": Text("一方没有", "absent on one side"),
    "value": Text("值", "value"),
    "low": Text("下界", "low"),
    "high": Text("上界", "high"),
    "unit": Text("单位", "unit"),
    "document": Text("文件", "document"),
    "confidence": Text("标记", "mark"),
    "name": Text("名称", "name"),
}


def _diff_rows(d: Any, voice: Voice) -> list[list[str]]:
    """Return the lines of one difference; a table has a line for each row that differs."""
    held = d.first or d.second
    changed = ", ".join(_ASPECTS[c].to(voice.lang) for c in d.changed)
    ends = (d.first, d.second)
    source = " → ".join(dict.fromkeys(" ".join(x for x in (v.document, v.article) if x) or "—" for v in ends if v is not None))
    marks = " → ".join(dict.fromkeys(v.confidence for v in ends if v is not None))
    name = held.name.to(voice.lang)
    if not d.codes:
        return [[d.key, name, *(_bounded(v, None) for v in ends), changed, source, marks]]
    return [[f"{d.key}[{c}]", name, *(_bounded(v, c) for v in ends), changed, source, marks] for c in d.codes]


def _bounded(v: RuleValue | None, code: str | None) -> str:
    """Return a value with its bounds where it has any, and its unit."""
    if v is None:
        return "—"
    value, low, high = ((x.get(code) if code is not None else x) for x in (v.value, v.low, v.high))
    if value is None:
        return "—"
    around = (
        f" ({low} – {high})"
        if v.kind in ("number", "table") and (low, high) != (value, value) and not isinstance(value, dict)
        else ""
    )
    unit = f" {v.unit}" if v.kind in ("number", "table") and v.unit not in ("", "1") else ""
    return f"{_short(value)}{around}{unit}"


def _side(book: RuleBook, text: str, place: str, on: date, known: date) -> dict[str, RuleValue]:
    from ecocomp.rules.difference import side

    where, at, day = text.partition("@")
    try:
        if at:
            return side(book, where, date.fromisoformat(day), known)
    except ValueError:
        raise UsageError(
            Text("不是日期：{d}；写成 地方@2025-06-30。", "Not a date: {d}; write place@2025-06-30.").fill(d=day)
        ) from None
    try:
        return side(book, place, date.fromisoformat(text), known)
    except ValueError:
        return side(book, text, on, known)


def price_template(voice: Voice) -> None:
    """Print a price table to be filled in."""
    from ecocomp.valuation.price_file import template

    text = template(voice.lang)
    voice.data({"template": text})
    if not voice.as_json:
        print(text, end="")


def place_beside(folder: Path) -> str | None:
    """Return the place of the case that a rule folder (or its parent) lies beside; None if there is no such case."""
    from ecocomp.pipeline.case import load_case

    full = folder.absolute()
    for beside in (full.parent, full.parent.parent):
        if (beside / "case.toml").is_file():
            case, faults = load_case(beside)
            if case is None:
                raise FaultsError(faults)
            return case.place
    return None


def _made_here(path: Path) -> bool:
    with path.open("rb") as file:
        return b"made from a price table by ecocomp" in file.readline(1000)


def price_rules_to(voice: Voice, file: Path, folder: Path, place: str | None, *, force: bool = False) -> None:
    """Write the rule file of a price table into `folder`/`place`, all of it or nothing.

    place  default that of the case the folder lies beside
    force  also replace a file that was written by hand; one that came from a price table is always replaced
    """
    from ecocomp.cli.calculate import read_text
    from ecocomp.io.files import write_bytes
    from ecocomp.valuation.price_file import FILE, price_rules
    from ecocomp.valuation.value import pricing

    place = place or place_beside(folder)
    if not place:
        raise UsageError(
            Text(
                "{f} 旁边没有 case.toml，不知道是哪里的价格；用 --place 写明地方。",
                "There is no case.toml beside {f}, so the place of the prices is not known; name it with --place.",
            ).fill(f=folder)
        )
    book = RuleBook.load([policy_folder()])
    if place not in book.places and folder.is_dir():
        book = RuleBook.read([policy_folder(), folder])[0]
    if place not in book.places:
        raise UsageError(
            Text("没有地方 {p}；有：{k}。", "There is no place {p}; there are: {k}.").fill(
                p=place, k=", ".join(sorted(book.places))
            )
        )
    params = book.resolve(place, clocks.today(), clocks.today())
    made = price_rules(read_text(file), pricing(params), file.name)
    out = folder / place / FILE
    if out.is_file() and not force and not _made_here(out):
        raise UsageError(
            Text(
                "{p} 不是由价格表生成的，未改动。要替换它，加 --force。",
                "{p} was not made from a price table and is left as it is. Replace it with --force.",
            ).fill(p=out)
        )
    out.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(made.encode("utf-8"), out)
    RuleBook.load([policy_folder(), folder])
    voice.data({"written": str(out)})
    voice.say(
        Text(
            "已写入 {p}。在 case.toml 的 [rules] folders 中写上 {f}，再运行 ecocomp check。",
            "Wrote {p}. Name {f} in [rules] folders of case.toml and run ecocomp check.",
        ).fill(p=out, f=folder.name)
    )
