"""`ecocomp rules`: list, show, audit and compare dated values."""

from __future__ import annotations

import difflib
from datetime import date
from pathlib import Path
from typing import Any

from ecocomp.cli.say import Voice
from ecocomp.rules import RuleBook, RuleValue, policy_folder
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


def _values(book: RuleBook, place: str, on: date | None) -> list[RuleValue]:
    chain = book.chain(place)
    if on is None:
        return [v for p in chain for v in book.values(place=p)]
    found = (book.find(k, chain, on, _FAR) for k in book.keys)
    return [v for v in found if v is not None]


def list_rules(voice: Voice, place: str, on: date | None, match: str = "") -> None:
    """Print the rules of a place, on one day or all; `match` keeps those whose key or name holds the text."""
    book = RuleBook.load([policy_folder()])
    found = sorted(_values(book, place, on), key=lambda v: (v.key, v.place, v.valid_from))
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


def show_rule(voice: Voice, key: str, place: str | None) -> None:
    """Print every dated value of one parameter that counts at a place, or with ``all`` at every place."""
    book = RuleBook.load([policy_folder()])
    if key not in book.keys:
        raise UsageError(
            Text("没有参数 {k}；相近的有：{n}。", "No parameter {k}; there are: {n}.").fill(
                k=key,
                n=", ".join(like_keys(book, key)) or Text("没有；见 ecocomp rules list", "none like it; see ecocomp rules list"),
            )
        )
    chain = None if place == "all" else book.chain(place or DEFAULT_PLACE)
    found = [v for v in book.values(key) if chain is None or v.place in chain]
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


def diff_rules(voice: Voice, first: str, second: str, place: str, on: date) -> None:
    """Print what differs between two days at one place, or two places on one day."""
    book = RuleBook.load([policy_folder()])
    one, two = (_side(book, s, place, on) for s in (first, second))
    keys = [
        k for k in sorted(one.keys() | two.keys()) if (one[k].value if k in one else None) != (two[k].value if k in two else None)
    ]
    voice.data(
        [{"key": k, "first": one[k].as_row() if k in one else None, "second": two[k].as_row() if k in two else None} for k in keys]
    )
    rows = [
        [
            k,
            (one.get(k) or two[k]).name.to(voice.lang),
            _short(one[k].value) if k in one else "—",
            _short(two[k].value) if k in two else "—",
            (two.get(k) or one[k]).document,
        ]
        for k in keys
    ]
    voice.table(
        Text("{a} 与 {b} 不同的规则：{n} 条", "Rules that differ between {a} and {b}: {n}").fill(a=first, b=second, n=len(keys)),
        [HEADS[0], HEADS[1], Text(first, first), Text(second, second), HEADS[7]],
        rows,
    )


def _side(book: RuleBook, text: str, place: str, on: date) -> dict[str, RuleValue]:
    try:
        day, where = date.fromisoformat(text), place
    except ValueError:
        day, where = on, text
    chain = book.chain(where)
    found = ((k, book.find(k, chain, day, _FAR)) for k in book.keys)
    return {k: v for k, v in found if v is not None}


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
    params = book.resolve(place, date.today(), date.today())
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
