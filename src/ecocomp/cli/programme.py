"""`ecocomp programme`: what programmes there are, what their files say, whether a file is sound, what one owes."""

from __future__ import annotations

import csv
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ecocomp.cli.options import Named, common, day_of, may_write, t, voice_of
from ecocomp.cli.say import Voice
from ecocomp.terms import clocks
from ecocomp.terms.codes import ECOSYSTEM_GROUPS, ECOSYSTEMS, HOLDER_KINDS, LAND_CLASSES, RESTRICTION_KINDS
from ecocomp.terms.faults import Fault, FaultsError, UsageError, raise_errors
from ecocomp.terms.text import Text

if TYPE_CHECKING:
    from ecocomp.programmes.programme import Programme, Programmes
    from ecocomp.programmes.year import ProgrammeYear
    from ecocomp.rules import RuleBook

_PATH = click.Path(path_type=Path)
_LATER = date(2200, 1, 1)


@click.group(help=t("补偿项目：规则文件，不写代码。", "Programmes as rule files, without code."))
@click.option("--lang", type=click.Choice(["zh", "en"]), help=t("语言", "language"))
def programme(lang: str | None) -> None:
    """The group; the language is read before parsing."""


def _place(command: Any) -> Any:
    command = click.option("--place", default="CN", show_default=True, help=t("地方", "place"))(command)
    return click.option(
        "--rules",
        "folders",
        type=_PATH,
        multiple=True,
        help=t("叠加的规则目录（可多次）", "rule folder laid over those that ship (several times)"),
    )(command)


def _load(folders: tuple[Path, ...]) -> tuple[RuleBook, Programmes]:
    from ecocomp.programmes.programme import load_programmes
    from ecocomp.rules import RuleBook, policy_folder

    for folder in folders:
        if not folder.is_dir():
            raise UsageError(Text("没有规则目录 {f}。", "There is no rule folder {f}.").fill(f=folder))
    where = [policy_folder(), *folders]
    found = load_programmes(where)
    if found.faults:
        raise FaultsError(found.faults)
    return RuleBook.load(where), found


@programme.command(
    "list", help=t("一个地方有哪些项目，当日标准是否齐备。", "The programmes of a place, and whether they have a rate on a day.")
)
@_place
@click.option("--on", metavar="DATE", help=t("哪一天，缺省为今天", "which day, default today"))
@common
def programme_list(folders: tuple[Path, ...], place: str, on: str | None, **kwargs: Any) -> None:
    """List programmes."""
    from ecocomp.programmes.words import ELEMENTS, LEVELS

    voice, day = voice_of(kwargs), day_of(on) or clocks.today()
    book, found = _load(folders)
    rows: list[dict[str, Any]] = []
    for p in found.at(book, place).values():
        lacking = [k.id for k in p.payments if book.find(k.rate, book.chain(place), day, _LATER) is None]
        rows.append(
            {
                "id": p.id,
                "name_zh": p.name.zh,
                "name_en": p.name.en,
                "place": p.place,
                "level": p.level,
                "element": p.element,
                "document": p.cited,
                "confidence": p.confidence,
                "file": p.file,
                "without_rate": lacking,
            }
        )
    voice.data({"place": place, "on": str(day), "programmes": rows})
    heads = [
        Text("代码", "code"),
        Text("名称", "name"),
        Text("级别", "level"),
        Text("要素", "element"),
        Text("依据", "document"),
        Text("标记", "mark"),
        Text("当日无标准", "no rate that day"),
    ]
    cells = [
        [
            r["id"],
            r[f"name_{voice.lang}"],
            LEVELS[r["level"]].to(voice.lang),
            ELEMENTS[r["element"]].to(voice.lang),
            r["document"][:34],
            r["confidence"],
            " ".join(r["without_rate"]),
        ]
        for r in rows
    ]
    voice.table(Text("{p} 的项目（{d}）", "Programmes of {p} ({d})").fill(p=place, d=day), heads, cells, whole=(0,))


@programme.command(
    "show",
    help=t(
        "一个项目：谁、什么地、付多少、怎样验收、与谁互斥。",
        "One programme: who, which land, how much, what is inspected, what it excludes.",
    ),
)
@click.argument("id")
@_place
@click.option("--on", metavar="DATE", help=t("哪一天，缺省为今天", "which day, default today"))
@common
def programme_show(id: str, folders: tuple[Path, ...], place: str, on: str | None, **kwargs: Any) -> None:
    """Show a programme."""
    voice, day = voice_of(kwargs), day_of(on) or clocks.today()
    book, found = _load(folders)
    p = found.get(book, place, id)
    lines = describe(p, book, place, day, found)
    voice.data(
        {
            "id": p.id,
            "file": p.file,
            "sha256": p.sha256,
            "lines": [{"zh": x.zh, "en": x.en} for x in lines],
            "rates": {k: v.as_row() for k in p.keys if (v := book.find(k, book.chain(place), day, _LATER)) is not None},
        }
    )
    for line in lines:
        voice.say(line)


def describe(p: Programme, book: RuleBook, place: str, day: date, others: Programmes | None = None) -> list[Text]:
    """Return a programme in sentences, with its rates of a day; `others` gives the names of those it excludes."""
    from ecocomp.programmes import words as w

    out = [Text(f"{p.name.zh}（{p.id}）　{p.cited}　[{p.confidence}]", f"{p.name.en} ({p.id})  {p.cited}  [{p.confidence}]")]
    out.append(
        Text("措施：{z}", "Variants: {e}").fill(
            z="，".join(f"{k} {v.zh}" for k, v in p.variants.items()), e=", ".join(f"{k} {v.en}" for k, v in p.variants.items())
        )
    )
    if any(p.enrol):
        said = [Text("—", "—") if d is None else Text(str(d), str(d)) for d in p.enrol]
        out.append(Text("签订时间：{a} 至 {b}", "Agreed from {a} to {b}").fill(a=said[0], b=said[1]))
    out += _land_lines(p)
    out.append(Text("受偿人：{w}", "Recipient: {w}").fill(w=w.WHO[p.recipient["who"]]))
    out += _names_of("受偿人种类", "Kinds of recipient", [HOLDER_KINDS[k] for k in p.recipient["kinds"]])
    out += _names_of("不得支付给", "Never paid to", [HOLDER_KINDS[k] for k in p.recipient["never"]])
    items = p.items()
    if items:
        out.append(
            Text("合同 {n} 项：{z}", "A contract has {n} items: {e}").fill(
                n=len(items), z="、".join(v.zh for v in items.values()), e=", ".join(v.en for v in items.values())
            )
        )
    if p.inspection is not None:
        from ecocomp.terms.codes import INSPECTION_LEVELS

        out.append(
            Text("验收：{l}，{e}", "Inspection: {l}, {e}").fill(
                l=INSPECTION_LEVELS[p.inspection["level"]], e=w.EACH[p.inspection["each"]]
            )
        )
        out += _names_of("须经确认", "Confirmed by", [INSPECTION_LEVELS[x] for x in p.inspection.get("confirm") or ()])
        out += _names_of("停止支付的行为", "Stops the payment", [w.EVENTS[x] for x in p.inspection.get("stops") or ()])
    for pay in p.payments:
        value = book.find(pay.rate, book.chain(place), day, _LATER)
        if value is None:
            none = pay.when_none or Text("当日没有标准", "no rate on that day")
            out.append(Text("{n}：{f}，{r}", "{n}: {f}, {r}").fill(n=pay.name, f=w.FORMS[pay.form], r=none))
        else:
            out.append(
                Text("{n}：{f}，{r} {u} [{c}] {d}", "{n}: {f}, {r} {u} [{c}] {d}").fill(
                    n=pay.name,
                    f=w.FORMS[pay.form],
                    r=_value_words(value.value, p),
                    u=w.UNITS[pay.unit][0],
                    c=value.confidence,
                    d=value.document,
                )
            )
        borne = book.find(pay.shares, book.chain(place), day, _LATER) if pay.shares else None
        if borne is not None:
            out.append(
                Text("{n}的分担：{r} [{c}] {d}", "{n} is borne by: {r} [{c}] {d}").fill(
                    n=pay.name, r=_value_words(borne.value, p), c=borne.confidence, d=borne.document
                )
            )
    named = {} if others is None else others.at(book, place)
    for rule in p.excludes:
        out.append(
            Text("互斥：{x}（{o}）{d}", "Excludes {x} ({o}) {d}").fill(
                x=_joined([_whom(code, named) for code in rule["with"]]), o=w.ON[rule["on"]], d=rule["document"]
            )
        )
    return out


def _whom(code: str, named: Mapping[str, Programme]) -> Text:
    """Return a programme, or one of its variants, by name with its code; a code of the stacking rules stays as it is."""
    id, _, variant = code.partition(".")
    p = named.get(id)
    if p is None:
        return Text(code, code)
    of = p.variants.get(variant)
    if of is None:
        return Text("{n}（{c}）", "{n} ({c})").fill(n=p.name, c=code)
    return Text("{n}：{v}（{c}）", "{n}, {v} ({c})").fill(n=p.name, v=of, c=code)


def _joined(names: Sequence[Text]) -> Text:
    return Text("、".join(n.zh for n in names), ", ".join(n.en for n in names))


def _code_and_name(code: str, name: Text | None) -> Text:
    return Text(code, code) if name is None else Text("{c} {n}", "{c} {n}").fill(c=code, n=name)


def _land_lines(p: Programme) -> list[Text]:
    land, out = p.land, []
    if land.get("classes"):
        when = Text("实施前", "before the work") if land.get("when") == "before" else Text("现在", "now")
        classes = [_code_and_name(c, LAND_CLASSES[c][0] if c in LAND_CLASSES else None) for c in land["classes"]]
        out.append(Text("地类（{w}）：{c}", "Land classes ({w}): {c}").fill(w=when, c=_joined(classes)))
    if land.get("ecosystems"):
        systems = [_code_and_name(c, ECOSYSTEMS.get(c) or ECOSYSTEM_GROUPS.get(c)) for c in land["ecosystems"]]
        out.append(Text("生态系统：{c}", "Ecosystems: {c}").fill(c=_joined(systems)))
    if land.get("exclude"):
        out += _names_of("不得纳入", "May not join", [RESTRICTION_KINDS[c] for c in land["exclude"]])
    return out


def _names_of(zh: str, en: str, names: Sequence[Text]) -> list[Text]:
    """Return one line of names under a heading; nothing where there are none."""
    return [Text(zh + "：{n}", en + ": {n}").fill(n=_joined(names))] if names else []


def _value_words(value: Any, p: Programme) -> Text:
    """Return a number, or a table with its codes in words: what is done, owner, level, year of a tranche."""
    if not isinstance(value, Mapping):
        return Text(str(value), str(value))
    said = [Text("{k}：{v}", "{k}: {v}").fill(k=_code_words(str(k), p), v=v) for k, v in value.items()]
    return Text("；".join(x.zh for x in said), "; ".join(x.en for x in said))


def _code_words(code: str, p: Programme) -> Text:
    from ecocomp.programmes.explain import LEVEL_WORDS
    from ecocomp.programmes.words import OWNERS
    from ecocomp.terms.codes import HOLDER_KINDS

    known = {**HOLDER_KINDS, **OWNERS, **LEVEL_WORDS, **p.variants}
    parts = [
        Text("第 {n} 年", "year {n}").fill(n=c) if c.isdigit() and len(c) <= 3 else known.get(c, Text(c, c))
        for c in code.split(".")
    ]
    return Text("".join(x.zh for x in parts), ", ".join(x.en for x in parts))


@programme.command(
    "check",
    help=t(
        "检查一个项目文件：写法、参数、引用，所有错误一次列出。",
        "Check a programme file: its shape, parameters and references, every fault at once.",
    ),
)
@click.argument("file", type=_PATH)
@click.option(
    "--place", default=None, help=t("地方；缺省按文件夹 <地方>/programmes/", "place; default the folder <place>/programmes/")
)
@click.option("--on", metavar="DATE", help=t("标准应在哪天齐备，缺省为今天", "day on which rates should be there, default today"))
@common
def programme_check(file: Path, place: str | None, on: str | None, **kwargs: Any) -> None:
    """Check a file."""
    voice = voice_of(kwargs)
    faults, made = check_file(file, place, day_of(on) or clocks.today())
    wrong = [f for f in faults if f.severity == "error"]
    voice.data({"ok": not wrong, "id": None if made is None else made.id, "faults": [f.as_json() for f in faults]})
    if not voice.as_json:
        voice.faults(faults, show=200)
    voice.say(Text("{e} 处错误，{w} 处注意。", "{e} errors, {w} warnings.").fill(e=len(wrong), w=len(faults) - len(wrong)))
    if made is not None and not wrong:
        voice.say(Text("{n}（{i}）可用。", "{n} ({i}) is sound.").fill(n=made.name, i=made.id))
    sys.exit(1 if wrong else 0)


def check_file(file: Path, place: str | None, day: date) -> tuple[list[Fault], Programme | None]:
    """Return every fault of a programme file as it would count at a place: shape, ties to others, parameters, marks."""
    import shutil

    from ecocomp.io.scratch import scratch_folder
    from ecocomp.programmes.programme import load_programmes
    from ecocomp.rules import RuleBook, policy_folder

    if not file.is_file():
        raise UsageError(Text("没有文件 {f}。", "There is no file {f}.").fill(f=file))
    shipped = RuleBook.read([policy_folder()])[0]
    beside = file.absolute().parent
    code = place or (beside.parent.name if beside.name == "programmes" else "")
    if code not in shipped.places:
        own = beside.parent.parent / "places.yaml"
        if beside.name == "programmes" and own.is_file():
            shipped, wrong = RuleBook.read([policy_folder(), own.parent])
            raise_errors(f for f in wrong if f.where == own.name)
        if code not in shipped.places:
            raise UsageError(
                Text(
                    "不知道是哪个地方的文件：“{c}”不是登记的地方。用 --place 写明，或在规则目录的 places.yaml 中登记。有：{p}。",
                    "It is not known whose file this is: “{c}” is no registered place. Say so with --place, or register it in "
                    "places.yaml of the rule folder. There are: {p}.",
                ).fill(c=code, p=", ".join(sorted(shipped.places)))
            )
    with scratch_folder("ecocomp-programme-") as work:
        root = work / "rules"
        (root / code / "programmes").mkdir(parents=True)
        shutil.copyfile(file, root / code / "programmes" / file.name)
        if (beside.parent.parent / "places.yaml").is_file() and beside.name == "programmes":
            shutil.copyfile(beside.parent.parent / "places.yaml", root / "places.yaml")
        name = f"{code}/programmes/{file.name}"
        book, faults = RuleBook.read([policy_folder(), root])
        found = load_programmes([policy_folder(), root])
    mine = [f for f in [*faults, *found.faults] if f.where in (name, file.name)]
    made = next((p for p in found.all if p.file == name and p.layer == 1), None)
    if made is not None:
        mine += _values(made, book, code, day)
    elif not mine and not any(v.file == name for v in book.values()):
        mine.append(
            Fault(
                "programmes.nothing",
                file.name,
                "line 1",
                Text("文件里没有 programme，也没有 parameters。", "It holds neither a programme nor parameters."),
                Text("用 ecocomp programme new 取得样本。", "See a template with ecocomp programme new."),
            )
        )
    return list(dict.fromkeys(mine)), made


def _values(made: Programme, book: RuleBook, place: str, day: date) -> list[Fault]:
    """Find parameters a programme reads that are nowhere, and unverified ones."""
    from ecocomp.terms.confidence import MARKS, is_verified

    out = []
    quiet = {p.rate for p in made.payments if p.when_none is not None or p.optional}
    for key in made.keys:
        value = book.find(key, book.chain(place), day, _LATER)
        if value is None and not book.values(key) and key not in quiet:
            near = book.nearest_key(key)
            out.append(
                Fault(
                    "programmes.no_parameter",
                    made.file,
                    f"line {made.line}",
                    Text("读取参数 {k}，而没有任何地方有它。", "It reads the parameter {k}, which is nowhere.").fill(k=key),
                    Text("在 parameters 下写上它；最相近的键是 {n}。", "Write it under parameters; the nearest key is {n}.").fill(
                        n=near or "—"
                    ),
                )
            )
        elif value is None:
            out.append(
                Fault(
                    "programmes.no_value",
                    made.file,
                    f"line {made.line}",
                    Text("{d} 没有 {k} 的值。", "{k} has no value on {d}.").fill(k=key, d=day),
                    Text("补上；或在支付项写 when_none 或 optional。", "Add it, or write when_none or optional at the payment."),
                    "warning",
                )
            )
        elif not is_verified(value.confidence):
            out.append(
                Fault(
                    "programmes.unverified",
                    value.file,
                    f"line {value.line}",
                    Text("{k} 标记为 {m}（{w}）。", "{k} is marked {m} ({w}).").fill(
                        k=key, m=value.confidence, w=MARKS[value.confidence]
                    ),
                    Text("支付前核对出处，或按名接受。", "Verify it before paying, or accept it by name."),
                    "warning",
                )
            )
    return out


@programme.command("new", help=t("写出一个项目文件的样本。", "Write a template of a programme file."))
@click.argument("id")
@click.option("--out", type=Named(path_type=Path), help=t("写到文件；缺省打印", "write to a file; default print"))
@common
def programme_new(id: str, out: Path | None, **kwargs: Any) -> None:
    """Write a template."""
    from ecocomp.programmes.template import template

    voice = voice_of(kwargs)
    text = template(id, voice.lang)
    if out is not None:
        may_write(out)
        if out.exists():
            raise UsageError(Text("{p} 已存在，未改动。", "{p} exists and is left as it is.").fill(p=out))
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(text, encoding="utf-8")
        voice.data({"written": str(out)})
        voice.say(
            Text("已写入 {p}；改好后用 ecocomp programme check 检查。", "Wrote {p}; edit it and run ecocomp programme check.").fill(
                p=out
            )
        )
        return
    voice.data({"template": text})
    if not voice.as_json:
        click.echo(text, nl=False)


@programme.command(
    "owed",
    help=t(
        "由登记表文件夹核算项目某年应付，逐户说明。",
        "Work out what programmes owe in a year from a folder of registers, and explain it.",
    ),
)
@click.argument("ids", nargs=-1, required=True)
@click.option(
    "--tables",
    "folder",
    type=_PATH,
    required=True,
    help=t(
        "登记表文件夹：contract、right、parcel，及 enrolment、inspection、holder 等",
        "folder of registers: contract, right, parcel, and enrolment, inspection, holder …",
    ),
)
@click.option("--year", type=int, required=True, help=t("年度", "year"))
@_place
@click.option(
    "--reference-day",
    default="12-31",
    show_default=True,
    help=t("权利基准日，月-日", "day of the year on which rights count, MM-DD"),
)
@click.option("--known", metavar="DATE", help=t("已知日，缺省为今天", "day whose knowledge counts, default today"))
@click.option("--holder", default=None, help=t("逐步说明这一户", "explain this holder's rows step by step"))
@click.option("--out", type=Named(path_type=Path), help=t("写明细（.csv）", "write the rows (.csv)"))
@click.option(
    "--accept",
    multiple=True,
    metavar="KEY",
    help=t("接受未核实的参数（键或“前缀.*”）", "accept an unverified parameter (key or prefix.*)"),
)
@common
def programme_owed(
    ids: tuple[str, ...],
    folder: Path,
    year: int,
    folders: tuple[Path, ...],
    place: str,
    reference_day: str,
    known: str | None,
    **kwargs: Any,
) -> None:
    """Work out what is owed."""
    from ecocomp.programmes.year import entitlements

    voice = voice_of(kwargs)
    may_write(kwargs["out"], folder, *folders)
    if not 1900 <= year <= 2200:
        raise UsageError(Text("年度 {y} 不对。", "The year {y} is wrong.").fill(y=year))
    book, found = _load(folders)
    chosen = [found.get(book, place, i) for i in dict.fromkeys(ids)]
    day = day_of(f"{year}-{reference_day}")
    assert day is not None
    params = book.resolve(place, day, day_of(known) or clocks.today())
    tables = read_tables(folder, params)
    made = entitlements(chosen, tables, params, year)
    how = Text("核对出处后改标记，或用 --accept 接受它。", "Verify it and change the mark, or accept it with --accept.")
    made.faults += [replace(f, remedy=how) for f in made.unaccepted(params, kwargs["accept"])]
    say_owed(voice, made, {p.id: p for p in chosen}, kwargs["holder"], kwargs["out"])
    if any(f.severity == "error" for f in made.faults):
        sys.exit(1)


def read_tables(folder: Path, params: Any) -> dict[str, Any]:
    """Read the registers of a folder (CSV or XLSX) that programmes need; every fault of all of them."""
    from ecocomp.io.files import read_table
    from ecocomp.io.scratch import scratch_folder
    from ecocomp.io.worker import TableJob, Worker
    from ecocomp.pipeline.registers import read_register
    from ecocomp.tenure.rights import payable_rights, rights_on
    from ecocomp.terms.tables import CONTRACT, ENROLMENT, HOLDER, INSPECTED, OVERLAY, PAID_BEFORE, PARCEL, PARCEL_ZONE, RIGHT

    specs = {s.name: s for s in (CONTRACT, RIGHT, PARCEL, ENROLMENT, INSPECTED, HOLDER, PARCEL_ZONE, OVERLAY, PAID_BEFORE)}
    if not folder.is_dir():
        raise UsageError(Text("没有文件夹 {f}。", "There is no folder {f}.").fill(f=folder))
    files = {n: p for n in specs for s in (".csv", ".xlsx") if (p := folder / f"{n}{s}").is_file()}
    missing = [n for n in ("contract", "right", "parcel") if n not in files]
    if missing:
        raise FaultsError(
            [
                Fault(
                    "programmes.no_table",
                    str(folder),
                    n,
                    Text("缺少登记表 {n}.csv。", "The register {n}.csv is missing.").fill(n=n),
                    Text("补上；列见 docs。", "Add it; its columns are in the docs."),
                )
                for n in missing
            ]
        )
    out: dict[str, Any] = {}
    faults: list[Fault] = []
    with scratch_folder("ecocomp-programme-") as work, Worker() as worker:
        answers = worker.run([TableJob(n, p) for n, p in files.items()], work)
        for (name, path), answer in zip(files.items(), answers, strict=True):
            if not answer.ok or answer.path is None:
                faults += answer.faults
                continue
            table, wrong = read_register(specs[name], read_table(answer.path), path.name)
            faults += wrong
            out[name] = table
    if any(f.severity == "error" for f in faults):
        raise FaultsError(faults)
    right = rights_on(out.pop("right"), params.valid_on, params.known_on)
    return out | {"right_payable": payable_rights(right, out["parcel"], out["contract"])}


def say_owed(voice: Voice, made: ProgrammeYear, programmes: Mapping[str, Programme], holder: str | None, out: Path | None) -> None:
    """Print what is owed: sums by state and reason, or the steps of one holder's rows; ``own_dm2`` is a holder's own share."""
    from ecocomp.programmes.explain import explain
    from ecocomp.programmes.words import REASONS
    from ecocomp.programmes.year import own_areas
    from ecocomp.terms.area import say_mu
    from ecocomp.terms.money import say_yuan

    rows = [{**row, "own_dm2": own} for row, own in zip(made.due.to_pylist(), own_areas(made.due), strict=True)]
    sources = made.source.to_pylist() if holder else []
    steps = {
        r["due_id"]: explain(r, programmes[r["programme"]], sources)
        for r in rows
        if holder is not None and r["holder_id"] == holder
    }
    if out is not None:
        _write(rows, [*made.due.schema.names, "own_dm2"], out)
    sums: dict[tuple[str, str, str, str], list[int]] = {}
    for r in rows:
        found = sums.setdefault((r["programme"], r["payment"], r["state"], r["reason"]), [0, 0, 0])
        found[0] += 1
        found[1] += r["own_dm2"]
        found[2] += r["net_fen"]
    voice.data(
        {
            "ok": not any(f.severity == "error" for f in made.faults),
            "sums": [
                {"programme": k[0], "payment": k[1], "state": k[2], "reason": k[3], "rows": v[0], "area_dm2": v[1], "net_fen": v[2]}
                for k, v in sorted(sums.items())
            ],
            "rows": rows,
            "stacking": made.stacking.to_pylist(),
            "county": [
                {"county": c.county, "rule": c.rule, "of_dm2": c.of_dm2, "among_dm2": c.among_dm2, "kept": c.kept}
                for c in made.county
            ],
            "steps": {k: [{"zh": s.zh, "en": s.en} for s in v] for k, v in steps.items()},
            "faults": [f.as_json() for f in made.faults],
        }
    )
    if voice.as_json:
        return
    voice.faults(made.faults)
    heads = [
        Text("项目", "programme"),
        Text("支付项", "payment"),
        Text("状态", "state"),
        Text("原因", "reason"),
        Text("行", "rows"),
        Text("亩", "mu"),
        Text("元", "yuan"),
    ]
    cells = [
        [
            programmes[k[0]].name.to(voice.lang),
            next((p.name.to(voice.lang) for p in programmes[k[0]].payments if p.id == k[1]), k[1]),
            _STATES[k[2]].to(voice.lang),
            REASONS[k[3]].to(voice.lang) if k[3] else "",
            f"{v[0]:,}",
            say_mu(v[1]),
            say_yuan(v[2]),
        ]
        for k, v in sorted(sums.items())
    ]
    voice.table(Text("应付", "What is owed"), heads, cells, right=(4, 5, 6))
    for s in made.stacking.to_pylist():
        voice.say(
            Text("地块 {p}：{a} 让 {m} 亩给 {b}（{r}，{d}）。", "Parcel {p}: {a} gives {m} mu to {b} ({r}, {d}).").fill(
                p=s["parcel_id"],
                a=_whom(s["programme"], programmes),
                b=_whom(s["against_programme"], programmes),
                m=say_mu(s["cut_dm2"]),
                r=s["rule"],
                d=s["document"],
            )
        )
    for id, lines in steps.items():
        voice.say(id)
        for line in lines:
            voice.say(Text(f"    {line.zh}", f"    {line.en}"))
    if holder is not None and not steps:
        voice.say(Text("{h} 没有一行。", "{h} has no row.").fill(h=holder))


_STATES = {
    "payable": Text("应付", "payable"),
    "escrow": Text("暂存", "escrow"),
    "waiting": Text("待付", "not yet payable"),
    "excluded": Text("不付", "not paid"),
    "in_kind": Text("种苗等", "in kind"),
}


def _write(rows: list[dict[str, Any]], names: list[str], out: Path) -> None:
    import io

    from ecocomp.io.files import write_bytes
    from ecocomp.terms.unseen import guarded_cell

    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(names)
    writer.writerows([[guarded_cell(r[n]) for n in names] for r in rows])
    write_bytes(b"\xef\xbb\xbf" + text.getvalue().encode("utf-8"), out)


@programme.command(
    "penalty",
    help=t("虚报冒领等行为的追回和罚款范围。", "What is returned, and the range of the fine, for a false claim and the like."),
)
@click.argument("id")
@click.option("--act", required=True, help=t("行为，如 false_claim", "act, such as false_claim"))
@click.option("--amount", required=True, help=t("冒领金额，元", "falsely claimed, yuan"))
@click.option("--paid", default=None, help=t("其中已付，元；缺省为全部", "of it paid out, yuan; default all"))
@_place
@click.option("--on", metavar="DATE", help=t("行为日，缺省为今天", "day of the act, default today"))
@common
def programme_penalty(
    id: str, act: str, amount: str, paid: str | None, folders: tuple[Path, ...], place: str, on: str | None, **kwargs: Any
) -> None:
    """Work out a penalty."""
    from ecocomp.programmes.penalty import penalty
    from ecocomp.terms.money import fen_of_option

    voice, day = voice_of(kwargs), day_of(on) or clocks.today()
    book, found = _load(folders)
    made = penalty(
        found.get(book, place, id),
        act,
        fen_of_option(amount, "--amount"),
        book.resolve(place, day, clocks.today()),
        paid_fen=None if paid is None else fen_of_option(paid, "--paid"),
    )
    voice.data(
        {
            "act": made.act,
            "returned_fen": made.returned_fen,
            "fine_least_fen": made.fine_least_fen,
            "fine_most_fen": made.fine_most_fen,
            "document": made.document,
        }
    )
    voice.say(made.says)
