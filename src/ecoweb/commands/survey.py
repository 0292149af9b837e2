"""`ecocomp survey`: survey layers into the office, editions listed, shown, compared and looked at."""

from __future__ import annotations

import os
import stat
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click

from ecocomp.cli.options import Named, common, day_of, t, voice_of
from ecocomp.cli.say import Voice, progress
from ecocomp.io.files import disk_words, remove_folder
from ecocomp.terms.area import DM2_PER_HA
from ecocomp.terms.faults import Fault, FaultsError, UsageError
from ecocomp.terms.text import Text
from ecoweb.commands.base import act_options, actor_of, asked, day_options, office_options, opened, target
from ecoweb.commands.say import plain, rows_of, say_rows

if TYPE_CHECKING:
    from ecocomp.land.edition import Edition
    from ecocomp.land.mapping import Mapping
    from ecocomp.land.survey import Outline, SurveyResult
    from ecoweb.office import Office

REPORTS = "reports"
_PATH = click.Path(path_type=Path)


@click.group(
    help=t("调查：地块图层入库、版次、比较、拓扑。", "Survey: layers of parcels into the office, editions, comparison, topology.")
)
@click.option("--lang", type=click.Choice(["zh", "en"]), help=t("语言", "language"))
def survey(lang: str | None) -> None:
    """The group; the language is read before parsing."""


# ---------------------------------------------------------------- import
@survey.command(
    "import",
    help=t(
        "检查一个地块图层，一次报告所有问题；没有错误才作为新版次入库（--dry-run 只检查）。",
        "Check a layer of parcels and tell every fault at once; without errors it becomes a new edition (--dry-run only checks).",
    ),
)
@click.argument("file", type=_PATH, required=False)
@office_options
@click.option("--mapping", type=_PATH, help=t("字段映射文件（ecocomp survey mapping 可生成）", "mapping file (see survey mapping)"))
@click.option("--layer", help=t("图层名", "name of the layer"))
@click.option("--encoding", help=t("Shapefile 的文字编码", "encoding of a Shapefile's texts"))
@click.option("--dry-run", is_flag=True, help=t("只检查，不入库", "check only, change nothing"))
@click.option(
    "--repair",
    multiple=True,
    metavar="KIND",
    help=t("按要求修复并留下记录，可多次（见 --repair help）", "repair on request and on record, repeatable (see --repair help)"),
)
@click.option(
    "--from", "valid_from", metavar="DATE", help=t("自哪天起生效，缺省为调查年度末", "holds from; default: end of its year")
)
@click.option(
    "--outline", type=_PATH, help=t("辖区界线图层：界外的图斑是错误", "outline of the region: parcels outside are errors")
)
@click.option("--region", help=t("区划代码，缺省取自村代码", "region code, default from the village codes"))
@click.option("--title", default="", help=t("版次名称", "title of the edition"))
@click.option("--authority", default="", help=t("提交或批准单位", "who hands it in or adopted it"))
@click.option("--document", default="", help=t("文号", "document number"))
@click.option(
    "--report", type=Named(path_type=Path), help=t("完整问题清单：.csv .xlsx 或 .json", "every fault: .csv, .xlsx or .json")
)
@act_options
@common
def survey_import(file: Path | None, folder: Path | None, database: str | None, **kwargs: Any) -> None:
    """Import a survey layer."""
    voice = voice_of(kwargs)
    if "help" in kwargs["repair"]:
        _say_repairs(voice)
        return
    if file is None:
        raise UsageError(Text("请写明要导入的文件。", "Say which file to import."))
    target(kwargs["report"], folder, file, kwargs["mapping"])
    if folder is None and not kwargs["dry_run"]:
        raise UsageError(
            Text("请用 --office 写明办公室，或加 --dry-run 只检查。", "Say which office with --office, or add --dry-run.")
        )
    with _work_folder(folder, file, kwargs["dry_run"]) as work:
        result = _checked(voice, file, work, kwargs)
        report = _reported(result, kwargs["report"], folder, file)
        if kwargs["dry_run"] or result.edition is None:
            _say_import(voice, result, report, None, dry_run=kwargs["dry_run"])
            sys.exit(1 if result.counts["errors_total"] else 0)
        adopted = _adopted(voice, result, folder, database, file, kwargs)
        remove_folder(work / "clean")  # its rows are in the edition; a file that is not taken in may go on from it
        _say_import(voice, result, report, adopted)


def _say_repairs(voice: Voice) -> None:
    from ecocomp.land.repair import REPAIRS

    voice.data({"repairs": {k: {"zh": w.zh, "en": w.en} for k, w in REPAIRS.items()}})
    rows = [[k, w.to(voice.lang)] for k, w in REPAIRS.items()]
    voice.table(
        Text("可用的修复（每处都留记录）", "Repairs (each on record)"), [Text("种类", "kind"), Text("做什么", "what it does")], rows
    )


@contextmanager
def _work_folder(folder: Path | None, file: Path, dry_run: bool) -> Iterator[Path]:
    """Give the folder an import works in: the office's staging, so that a killed import goes on, or one that is removed."""
    from ecocomp.land.survey import source_digest

    if folder is None or (dry_run and not _is_office(folder)):
        with TemporaryDirectory(prefix="ecocomp-survey-") as made:
            yield Path(made)
        return
    digest = source_digest(file)
    if digest is None:
        raise FaultsError([_no_file(file)])
    work = folder / "staging" / f"survey-{digest[:16]}"
    _own_folder(work.parent)
    _own_folder(work)
    yield work


def _is_office(folder: Path) -> bool:
    """Return whether a folder holds an office; nothing of ours is written into any other."""
    from ecoweb.office import CONFIG

    return (folder / CONFIG).is_file()


def _own_folder(place: Path) -> None:
    """Make a folder that only this user writes to; refuse one that is a link, or another user's.

    What lies in it is taken for the clean copy of a file that was handed in; nobody else may put anything there.
    """
    with disk_words(place):
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        info = place.lstat()
        if not stat.S_ISDIR(info.st_mode) or info.st_uid != os.geteuid():
            raise FaultsError([_not_own(place)])
        if info.st_mode & 0o022:  # others could write there: what is in it is not trusted
            for left in place.iterdir() if place.name.startswith("survey-") else ():
                remove_folder(left) if left.is_dir() and not left.is_symlink() else left.unlink()
            place.chmod(0o700)


def _not_own(place: Path) -> Fault:
    return Fault(
        "office.staging",
        str(place),
        "",
        Text(
            "这不是本用户自己的文件夹（是链接，或属于他人）。", "this is no folder of this user's own (a link, or another user's)."
        ),
        Text("查明由谁放置，移走后重新导入。", "Find out who put it there, move it away and import again."),
    )


def _no_file(file: Path) -> Fault:
    return Fault(
        "io.missing_file",
        str(file),
        "",
        Text("文件不存在或不能读取。", "the file does not exist or cannot be read."),
        Text("请检查路径与权限。", "Check the path and its permissions."),
    )


def _checked(voice: Voice, file: Path, work: Path, kwargs: dict[str, Any]) -> SurveyResult:
    from ecocomp.land.repair import RepairOptions
    from ecocomp.land.survey import SurveyOptions, survey_edition

    mapping = _mapping(file, work, kwargs)
    region = outline_of(kwargs["outline"], work) if kwargs["outline"] else None
    options = SurveyOptions(dry_run=kwargs["dry_run"], repairs=RepairOptions(kinds=frozenset(kwargs["repair"])), region=region)
    with progress(voice) as show:
        return survey_edition(file, work, mapping, options, progress=show)


def _mapping(file: Path, work: Path, kwargs: dict[str, Any]) -> Mapping | None:
    """Return the mapping of the file named, with layer and encoding as asked; None where the layer speaks for itself."""
    from ecocomp.land.mapping import detect, read_mapping

    layer, encoding = kwargs["layer"], kwargs["encoding"]
    if kwargs["mapping"]:
        found = read_mapping(kwargs["mapping"])
    elif layer or encoding:
        columns, sample = peek(file, work, layer, encoding)
        made, faults = detect(columns, sample, file.name)
        if made is None:
            raise FaultsError(faults)
        found = made
    else:
        return None
    return replace(found, layer=layer or found.layer, encoding=encoding or found.encoding)


def outline_of(file: Path, work: Path) -> Outline:
    """Return the outline of a region from a foreign layer; `FaultsError` if it cannot be used."""
    from ecocomp.io.worker import VectorJob, Worker
    from ecocomp.land.survey import Outline

    with Worker() as worker:
        answer = worker.run([VectorJob("outline", file)], work / "outline")[0]
    if not answer.ok or answer.path is None:
        raise FaultsError(answer.faults)
    return Outline.of_layer(answer.path)


def peek(file: Path, work: Path, layer: str | None, encoding: str | None) -> tuple[list[str], list[dict[str, Any]]]:
    """Return the columns of a foreign layer and its first rows; `FaultsError` if it cannot be used."""
    import pyarrow.parquet as pq

    from ecocomp.io.worker import VectorJob, Worker

    with Worker() as worker:
        answer = worker.run([VectorJob("peek", file, layer, encoding)], work)[0]
    if not answer.ok or answer.path is None:
        raise FaultsError(answer.faults)
    made = pq.ParquetFile(answer.path)
    columns = [n for n in made.schema_arrow.names if n != "geometry"]
    first = next(made.iter_batches(1000, columns=columns), None)
    answer.path.unlink()
    return columns, [] if first is None else first.to_pylist()


def _reported(result: SurveyResult, asked_for: Path | None, folder: Path | None, file: Path) -> Path | None:
    """Write every fault where it was asked for, or else, if there is an office and any fault, into its reports."""
    from ecocomp.land.report import write_report

    if asked_for is not None and asked_for.suffix.lower() not in (".csv", ".xlsx", ".json"):
        raise UsageError(Text("问题清单的后缀应是 .csv、.xlsx 或 .json。", "A report ends in .csv, .xlsx or .json."))
    where = asked_for
    if where is None and folder is not None and _is_office(folder) and (len(result.faults) or len(result.repairs)):
        where = folder / REPORTS / f"{file.stem}-{str(result.facts.get('sha256_source', ''))[:8] or 'refused'}.csv"
    if where is None:
        return None
    where.parent.mkdir(parents=True, exist_ok=True)
    if len(result.repairs):
        from ecocomp.governance.open_data import write_guarded

        write_guarded(result.repairs, where.with_suffix(".repairs.csv"))
    return write_report(result.faults, where)


def _adopted(
    voice: Voice, result: SurveyResult, folder: Path | None, database: str | None, file: Path, kwargs: dict[str, Any]
) -> dict[str, Any]:
    """Register the edition; return what the answer tells about it."""
    from ecoweb.cadastre.succession import succeed

    edition = result.edition
    assert edition is not None
    region = kwargs["region"] or _region_of(edition)
    with opened(folder, database, make=lambda: ((folder or Path()).resolve().name, region)) as office:
        day, why = _first_day(kwargs["valid_from"], edition, office)
        row = {
            "kind": "parcel",
            "region_code": region,
            "title": kwargs["title"] or file.stem,
            "authority": kwargs["authority"],
            "document": kwargs["document"],
            "adopted_on": None,
            "fingerprint": edition.fingerprint,
            "rows": edition.parcels,
            "area_dm2": int(result.facts["area_dm2"]),
            "source_name": file.name,
            "source_sha256": str(result.facts.get("sha256_source", "")),
            "valid_from": day,
            "valid_to": None,
        }
        reason = kwargs["reason"] or f"survey import {file.name}"
        made = succeed(office, edition.path, row, actor=actor_of(kwargs["actor"]), reason=reason, source=kwargs["document"])
        orphans = _orphans(office, made.row) if made.change is not None else []
    return {
        "edition": {k: plain(v) for k, v in made.row.items()},
        "already_there": made.change is None,
        "replaced": list(made.replaced),
        "valid_from_by": why,
        "rights_without_parcel": orphans,
    }


def _region_of(edition: Edition) -> str:
    """Return the county that most parcels lie in, by their village codes."""
    from ecocomp.io.files import read_table

    codes = Counter(c[:6] for c in read_table(edition.path, ["village_code"])["village_code"].to_pylist())
    return codes.most_common(1)[0][0]


def _first_day(said: str | None, edition: Edition, office: Office) -> tuple[date, str]:
    """Return the first day of an edition: as said, else the end of the survey's year, else today."""
    import pyarrow.parquet as pq

    if said:
        return day_of(said) or office.today(), "said"
    if "SJNF" in pq.read_schema(edition.path).names:
        years = [int(y) for y in pq.read_table(edition.path, columns=["SJNF"])["SJNF"].unique().to_pylist() if y]
        if years:
            return date(max(years), 12, 31), "survey_year"
    return office.today(), "today"


def _orphans(office: Office, row: Any) -> list[str]:
    """Return the parcels that carry rights now known to hold on the first day of an edition but are not in it."""
    import pyarrow.compute as pc

    from ecoweb.cadastre.intake import parcels_of
    from ecoweb.records.queries import register_state

    held = pc.unique(register_state(office, "tenure", on=row["valid_from"])["parcel_id"])
    there = parcels_of(office, on=row["valid_from"], columns=("parcel_id",))
    if there is None or not len(held):
        return []
    return sorted(held.filter(pc.invert(pc.is_in(held, value_set=there["parcel_id"].combine_chunks()))).to_pylist())


_DAY_WORDS = {
    "said": Text("按 --from", "as said with --from"),
    "survey_year": Text("调查年度末", "the end of the survey's year"),
    "today": Text("今天；可用 --from 写明", "today; say another with --from"),
}


def _say_import(
    voice: Voice, result: SurveyResult, report: Path | None, adopted: dict[str, Any] | None, *, dry_run: bool = False
) -> None:
    counts = result.counts
    ok = not counts["errors_total"]
    voice.data(
        {
            "ok": ok,
            "dry_run": dry_run,
            "counts": counts,
            **(adopted or {"edition": None}),
            "report": None if report is None else str(report),
            "repairs": len(result.repairs),
            "facts": {k: plain(v) for k, v in result.facts.items() if k != "crs_wkt"},
            "faults": [f.as_json() for f in result.faults] if voice.as_json else [],
        }
    )
    if voice.as_json:
        return
    voice.faults(result.faults.shown(str(result.facts.get("source", ""))))
    voice.say(_counted(result))
    if report is not None:
        voice.say(Text("完整清单：{p}", "All of them: {p}").fill(p=report))
    if adopted is None:
        said = Text("只作检查，未入库。", "Checked only; nothing was changed.") if dry_run else _NOT_IN
        voice.say(said)
        return
    _say_adopted(voice, adopted)


_NOT_IN = Text(
    "有错误，未入库；原有版次不受影响。改正后重新导入，或用 --repair 修复可修的。",
    "There are errors, so nothing went in; what was there is untouched. Mend them and import again (--repair mends some).",
)


def _counted(result: SurveyResult) -> Text:
    c = result.counts
    if not c["errors_total"]:
        said = Text(
            "{i:,} 行读入，{o:,} 行可用，{r:,} 行舍去；注意 {w:,}，修复 {m:,}。",
            "{i:,} rows in, {o:,} fit, {r:,} left out; {w:,} warnings, {m:,} repairs.",
        )
    elif not c["records_in_error"]:
        said = Text(
            "{i:,} 行读入；整个图层有 {e:,} 处错误，注意 {w:,}，未入库。",
            "{i:,} rows in; {e:,} errors of the layer as a whole, {w:,} warnings. None of it goes in.",
        )
    else:
        said = Text(
            "{i:,} 行读入，其中 {n:,} 个记录有错误；错误 {e:,}，注意 {w:,}，修复 {m:,}。有错误时整个图层不入库。",
            "{i:,} rows in, {n:,} records with errors: {e:,} errors, {w:,} warnings, {m:,} repairs. None of it goes in.",
        )
    return said.fill(
        i=c["rows_in"],
        o=c["rows_out"],
        r=c["rows_refused"],
        n=c["records_in_error"],
        e=c["errors_total"],
        w=c["warnings_total"],
        m=len(result.repairs),
    )


def _say_adopted(voice: Voice, adopted: dict[str, Any]) -> None:
    e = adopted["edition"]
    if adopted["already_there"]:
        voice.say(
            Text("同一文件已作为 {e} 入库，未作改动。", "This very file is in already as {e}; nothing changed.").fill(
                e=e["edition_id"]
            )
        )
        return
    said = Text(
        "已入库：{e}，{n:,} 个地块，{a:,.4f} 公顷，自 {d} 起生效（{w}）。",
        "In force: {e}, {n:,} parcels, {a:,.4f} ha, from {d} ({w}).",
    )
    voice.say(
        said.fill(
            e=e["edition_id"],
            n=e["rows"],
            a=e["area_dm2"] / DM2_PER_HA,
            d=e["valid_from"],
            w=_DAY_WORDS[adopted["valid_from_by"]],
        )
    )
    for old in adopted["replaced"]:
        voice.say(
            Text(
                "取代 {o}。比较：ecocomp survey diff {o} {n} --office …",
                "It takes the place of {o}. Compare: ecocomp survey diff {o} {n} --office …",
            ).fill(o=old, n=e["edition_id"])
        )
    lost = adopted["rights_without_parcel"]
    if lost:
        said = Text(
            "{n:,} 个有权利的地块不在新版次中（如 {p}），这些权利暂不能支付；用 ecocomp tenure carry 按图斑变化转记。",
            "{n:,} parcels with rights are not in it (such as {p}); these rights cannot be paid until they are carried over:"
            " ecocomp tenure carry.",
        )
        voice.warn(said.fill(n=len(lost), p=", ".join(lost[:3])))


@survey.command("mapping", help=t("为一个图层写出可填写的字段映射文件。", "Write a mapping file for a layer, to be filled in."))
@click.argument("file", type=_PATH)
@click.option("--layer", help=t("图层名", "name of the layer"))
@click.option("--encoding", help=t("Shapefile 的文字编码", "encoding of a Shapefile's texts"))
@click.option("--out", type=Named(path_type=Path), help=t("写到哪里，缺省为屏幕", "where to write, default the screen"))
@common
def survey_mapping(file: Path, layer: str | None, encoding: str | None, out: Path | None, **kwargs: Any) -> None:
    """Write a mapping file."""
    from ecocomp.io.files import write_bytes
    from ecocomp.land.mapping import template

    voice = voice_of(kwargs)
    with TemporaryDirectory(prefix="ecocomp-survey-") as work:
        columns, rows = peek(file, Path(work), layer, encoding)
    text = template(columns, rows)
    voice.data({"columns": columns, "mapping": text, "file": None if out is None else str(out)})
    if out is None:
        voice.say(text)
        return
    if out.exists():
        raise UsageError(Text("{p} 已存在，不覆盖。", "{p} is there already and is not overwritten.").fill(p=out))
    write_bytes(text.encode(), out)
    voice.say(Text("已写入 {p}：改好后用 --mapping 导入。", "Wrote {p}: fill it in and import with --mapping.").fill(p=out))


# ---------------------------------------------------------------- list and show
@survey.command("list", help=t("列出某日生效、按某日所知的版次。", "List the editions in force on a day, as known on a day."))
@office_options
@day_options
@click.option("--kind", default=None, help=t("只列这种图层", "only this kind of layer"))
@click.option("--all", "every", is_flag=True, help=t("列出全部版次，不限哪天", "every edition, whatever the day"))
@common
def survey_list(
    folder: Path | None, database: str | None, on: str | None, known: str | None, kind: str | None, every: bool, **kwargs: Any
) -> None:
    """List editions."""
    from ecocomp.terms.registers import EDITION
    from ecoweb.records.queries import rows, versions

    voice, days = voice_of(kwargs), asked(on, known)
    where = {"kind": kind} if kind else {}
    with opened(folder, database) as office:
        found = (
            versions(office, "edition", where, known=days.known)
            if every
            else rows(office, "edition", where, on=days.on, known=days.known)
        )
        today = office.today()
    found = found.sort_by(
        [("kind", "ascending"), ("region_code", "ascending"), ("valid_from", "ascending"), ("known_from", "ascending")]
    )
    voice.data({"editions": rows_of(found, EDITION)})
    if not len(found):
        voice.say(Text("没有版次（{d}）。", "No editions ({d}).").fill(d=days.said(today)))
    columns = [
        "edition_id",
        "kind",
        "rows",
        "area_dm2",
        "valid_from",
        "valid_to",
        *(["known_from", "known_to"] if every else []),
        "source_name",
    ]
    say_rows(voice, Text("版次（面积为公顷）", "Editions (area in ha)"), found, columns, EDITION)


@survey.command("show", help=t("显示一个版次：来源、面积、地类。", "Show an edition: where it came from, areas, land classes."))
@click.argument("edition")
@office_options
@common
def survey_show(edition: str, folder: Path | None, database: str | None, **kwargs: Any) -> None:
    """Show an edition."""
    import pyarrow.compute as pc

    from ecocomp.io.files import read_table
    from ecocomp.land.classes import class_text

    voice = voice_of(kwargs)
    with opened(folder, database) as office:
        row, path = edition_of(office, edition)
    if row["kind"] != "parcel":
        voice.data({"edition": {k: plain(v) for k, v in row.items()}})
        _say_facts(voice, row)
        return
    table = read_table(path, ["land_class", "area_dm2"])
    found = (
        table.group_by("land_class").aggregate([([], "count_all"), ("area_dm2", "sum")]).sort_by([("area_dm2_sum", "descending")])
    )
    classes = [{"land_class": r["land_class"], "parcels": r["count_all"], "area_dm2": r["area_dm2_sum"]} for r in found.to_pylist()]
    voice.data({"edition": {k: plain(v) for k, v in row.items()}, "land_classes": classes})
    _say_facts(voice, row)
    whole = int(pc.sum(table["area_dm2"]).as_py() or 0)
    heads = [
        Text("地类", "class"),
        Text("名称", "name"),
        Text("地块", "parcels"),
        Text("面积（公顷）", "area (ha)"),
        Text("占比", "share"),
    ]
    said = [
        [
            c["land_class"],
            class_text(c["land_class"]).to(voice.lang),
            f"{c['parcels']:,}",
            f"{c['area_dm2'] / DM2_PER_HA:,.4f}",
            f"{c['area_dm2'] / whole:.1%}" if whole else "—",
        ]
        for c in classes
    ]
    voice.table(Text("按地类", "By land class"), heads, said, right=(2, 3, 4))


def _say_facts(voice: Voice, row: dict[str, Any]) -> None:
    from ecocomp.terms.registers import EDITION

    words = {c.name: c.meaning for c in EDITION.columns}
    for name in (
        "edition_id",
        "title",
        "region_code",
        "authority",
        "document",
        "valid_from",
        "valid_to",
        "rows",
        "area_dm2",
        "source_name",
        "source_sha256",
        "fingerprint",
    ):
        value = row[name]
        if value in (None, ""):
            continue
        if name == "area_dm2":
            value = f"{value / DM2_PER_HA:,.4f} ha"
        voice.say(Text("{w}：{v}", "{w}: {v}").fill(w=words[name], v=value))


def edition_of(office: Office, name: str) -> tuple[dict[str, Any], Path]:
    """Return the row and the file of an edition by its code or the beginning of it; `FaultsError` if none or several fit."""
    import pyarrow.compute as pc

    from ecoweb.cadastre.queries import edition_file
    from ecoweb.records.queries import versions

    found = versions(office, "edition", prefix={"edition_id": name})
    current = found.filter(pc.is_null(found["known_to"])).to_pylist()
    exact = [r for r in current if r["edition_id"] == name] or current
    if len({r["edition_id"] for r in exact}) != 1:
        some = ", ".join(sorted(r["edition_id"] for r in exact)[:10])
        clash = Text("没有版次 {n}。", "there is no edition {n}.") if not exact else Text("{n} 可指：{s}。", "{n} could be: {s}.")
        remedy = Text("用 ecocomp survey list --all 查看版次。", "See the editions with ecocomp survey list --all.")
        raise FaultsError([Fault("cadastre.no_edition", "edition", name, clash.fill(n=name, s=some), remedy)])
    return exact[0], edition_file(office, exact[0])


# ---------------------------------------------------------------- compare, topology
@survey.command(
    "diff",
    help=t(
        "比较两个版次：分割、合并、移动、改地类的地块，面积账闭合到 0.01 平方米。",
        "Compare two editions: parcels split, merged, moved, re-classed, with an area ledger that closes to 0.01 m2.",
    ),
)
@click.argument("old")
@click.argument("new")
@office_options
@click.option("--out", type=Named(path_type=Path), help=t("把各表写到这个文件夹", "write the tables to this folder"))
@common
def survey_diff(old: str, new: str, folder: Path | None, database: str | None, out: Path | None, **kwargs: Any) -> None:
    """Compare two editions."""
    from ecocomp.land.compare import compare, write_comparison
    from ecocomp.land.edition import read_edition

    voice = voice_of(kwargs)
    target(out, folder)
    one, two = (read_edition(p) for p in edition_paths([old, new], folder, database))
    with progress(voice) as show:
        made = compare(one, two, progress=lambda done, total, _: show(done, total, Text("比较地块", "Compare the parcels")))
    if out is not None:
        write_comparison(made, out)
    touched = made.parcels.filter(_changed(made.parcels))
    voice.data(
        {
            "summary": made.summary,
            "ledger": made.ledger.to_pylist(),
            "parcels": touched.to_pylist() if voice.as_json else [],
            "faults": [f.as_json() for f in made.faults],
            "files": None if out is None else str(out),
        }
    )
    if voice.as_json:
        return
    _say_diff(voice, made)
    voice.faults(made.faults, show=10)
    if out is not None:
        voice.say(Text("已写入 {p}。", "Wrote {p}.").fill(p=out))


def _changed(parcels: Any) -> Any:
    import pyarrow.compute as pc

    return pc.not_equal(parcels["relation"], "same")


def edition_paths(names: list[str], folder: Path | None, database: str | None) -> list[Path]:
    """Return the files of editions named by code, or by path where a file of that name is there."""
    if all(Path(n).is_file() for n in names):
        return [Path(n) for n in names]
    with opened(folder, database) as office:
        return [Path(n) if Path(n).is_file() else edition_of(office, n)[1] for n in names]


def _say_diff(voice: Voice, made: Any) -> None:
    from ecocomp.land.compare import RELATIONS

    old, new = made.summary["old"]["relations"], made.summary["new"]["relations"]
    heads = [Text("关系", "relation"), Text("旧版地块", "old parcels"), Text("新版地块", "new parcels")]
    rows = [
        [w.to(voice.lang), f"{old.get(k, 0):,}", f"{new.get(k, 0):,}"] for k, w in RELATIONS.items() if old.get(k) or new.get(k)
    ]
    voice.table(Text("地块的变化", "What became of the parcels"), heads, rows, right=(1, 2))
    total = made.summary["total"]
    words = {c.name: c.meaning for c in _ledger_columns()}
    said = [[words[k].to(voice.lang) if k in words else k, f"{v / DM2_PER_HA:,.6f}"] for k, v in total.items()]
    voice.table(Text("面积账（公顷）", "Area ledger (ha)"), [Text("项目", "item"), Text("面积", "area")], said, right=(1,))


def _ledger_columns() -> Any:
    from ecocomp.land.compare import LEDGER

    return LEDGER.columns


@survey.command(
    "topology",
    help=t(
        "检查一个版次或图层的图形：重叠、缝隙、细条、自相交、重复、越界，给出位置和面积。",
        "Look at the shapes of an edition or layer: overlaps, gaps, slivers, crossings, duplicates; each with its place and area.",
    ),
)
@click.argument("source")
@office_options
@click.option("--layer", help=t("图层名", "name of the layer"))
@click.option("--outline", type=_PATH, help=t("辖区界线图层", "outline of the region"))
@click.option("--id-field", default=None, help=t("地块编码字段（外来文件）", "field of the parcel code (foreign file)"))
@click.option(
    "--out", type=Named(path_type=Path), help=t("把位置写成图层：.gpkg 或 .parquet", "write the places: .gpkg or .parquet")
)
@common
def survey_topology(
    source: str,
    folder: Path | None,
    database: str | None,
    layer: str | None,
    id_field: str | None,
    outline: Path | None,
    out: Path | None,
    **kwargs: Any,
) -> None:
    """Look at shapes."""
    voice = voice_of(kwargs)
    if out is not None and out.suffix.lower() not in (".gpkg", ".parquet"):
        raise UsageError(Text("位置图层的后缀应是 .gpkg 或 .parquet。", "The layer of places ends in .gpkg or .parquet."))
    target(out, folder, Path(source))
    with progress(voice) as show, TemporaryDirectory(prefix="ecocomp-survey-") as work:
        found = _topology(source, Path(work), folder, database, (layer, id_field, outline), show)
        written = found.write_finds(out) if out is not None else None
    errors = [f for f in found.faults if f.severity == "error"]
    voice.data(
        {"facts": found.facts, "finds": found.finds.to_pylist() if voice.as_json else [], "file": str(written) if written else None}
    )
    if voice.as_json:
        sys.exit(1 if errors else 0)
    voice.faults(found.faults)
    kinds = found.facts.get("finds", {})
    rows = [[_FINDS[k].to(voice.lang) if k in _FINDS else k, f"{n:,}"] for k, n in kinds.items()]
    if rows:
        voice.table(Text("发现", "Found"), [Text("种类", "kind"), Text("处", "places")], rows, right=(1,))
    voice.say(
        Text("检查了 {n:,} 个地块，发现 {k:,} 处。", "Looked at {n:,} parcels: {k:,} places.").fill(
            n=found.facts["parcels"], k=len(found.finds)
        )
    )
    if written:
        voice.say(Text("位置已写入 {p}。", "Wrote the places to {p}.").fill(p=written))
    sys.exit(1 if errors else 0)


_FINDS = {
    "empty_shape": Text("没有图形", "no shape"),
    "not_a_polygon": Text("不是面", "not a polygon"),
    "crossed_shape": Text("自相交", "boundary crosses itself"),
    "no_area": Text("面积为零", "no area"),
    "same_vertex": Text("重复节点", "vertex there twice"),
    "spike": Text("尖刺", "spike"),
    "thin": Text("狭长碎面", "sliver"),
    "multi_part": Text("多部分", "several parts"),
    "hole": Text("有洞", "hole"),
    "overlap": Text("重叠", "overlap"),
    "duplicate_shape": Text("图形重复", "same shape twice"),
    "gap": Text("空隙", "gap"),
    "outside_region": Text("在辖区外", "outside the region"),
    "partly_outside_region": Text("部分在辖区外", "partly outside the region"),
    "swapped": Text("坐标颠倒", "swapped coordinates"),
    "far_off": Text("坐标远离使用范围", "far from where the coordinates are used"),
}


def _topology(
    source: str,
    work: Path,
    folder: Path | None,
    database: str | None,
    asked_for: tuple[str | None, str | None, Path | None],
    show: Any,
) -> Any:
    """Look at an edition by code or file, or at a foreign layer; asked_for: its layer, its field of codes, an outline."""
    from ecocomp.io.files import read_json
    from ecocomp.land.edition import read_edition
    from ecocomp.land.topology import topology

    layer, id_field, outline = asked_for
    region = outline_of(outline, work) if outline is not None else None

    def told(done: int, total: int) -> None:
        show(done, total, Text("检查图形", "Look at the shapes"))

    def within(crs_wkt: str) -> Any:
        import pyproj

        return None if region is None else region.within(pyproj.CRS.from_wkt(crs_wkt))

    path = Path(source)
    if path.exists():
        try:
            edition = read_edition(path)
        except FaultsError:
            clean, field = _foreign(path, work, layer, id_field)
            crs_wkt = read_json(clean.with_suffix(".json"))["crs_wkt"]
            return topology(clean, id_field=field, region=within(crs_wkt), progress=told)
    else:
        edition = read_edition(edition_paths([source], folder, database)[0])
    return topology(edition.path, region=within(edition.crs_wkt), progress=told)


def _foreign(path: Path, work: Path, layer: str | None, id_field: str | None) -> tuple[Path, str]:
    """Return a foreign layer made clean, and the field of its parcel codes."""
    import pyarrow.parquet as pq

    from ecocomp.io.worker import VectorJob, Worker
    from ecocomp.land.mapping import detect

    with Worker() as worker:
        answer = worker.run([VectorJob("layer", path, layer)], work)[0]
    if not answer.ok or answer.path is None:
        raise FaultsError(answer.faults)
    if id_field is not None:
        return answer.path, id_field
    names = [n for n in pq.read_schema(answer.path).names if n != "geometry"]
    mapping, faults = detect(names, (), path.name)
    if mapping is None:
        raise FaultsError([*faults, _no_id_field(path, names)])
    return answer.path, mapping.fields.parcel_id


def _no_id_field(path: Path, names: list[str]) -> Fault:
    clash = Text("不知道哪个字段是地块编码；现有字段：{n}。", "it is not known which field is the parcel code; there are: {n}.")
    return Fault(
        "land.missing_field",
        path.name,
        "",
        clash.fill(n=", ".join(names[:40])),
        Text("用 --id-field 写明。", "Say so with --id-field."),
    )
