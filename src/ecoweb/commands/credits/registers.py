"""Commands on what units rest on: the rules of instruments, accounts, trust, duties, projects and their ground."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ecocomp.cli.options import common, day_of, t, voice_of
from ecocomp.cli.say import Voice
from ecocomp.terms.clocks import today
from ecocomp.terms.faults import UsageError, errors, raise_errors
from ecocomp.terms.money import half_even, say_yuan
from ecocomp.terms.text import Text
from ecoweb.commands.base import opened
from ecoweb.commands.credits.group import (
    DOCUMENT,
    PATH,
    QUANTITY,
    RULES,
    bench,
    credits,
    day_given,
    ended,
    fen_of,
    reads,
    rules_of,
    shipped_rules,
    writes,
)

if TYPE_CHECKING:
    from ecocomp.credits.instrument import Instrument
    from ecocomp.credits.surrender import Penalty, Standing


# ---------------------------------------------------------------- instruments
@credits.command("instruments", help=t("列出并核对凭证的规则。", "List the instruments and check their rules."))
@click.argument("id", required=False)
@click.option("--place", default="CN", show_default=True, help=t("地方代码", "code of the place"))
@click.option("--on", metavar="DATE", help=t("哪一天的规则", "rules of this day"))
@RULES
@common
def credits_instruments(id: str | None, place: str, on: str | None, folders: tuple[Path, ...], **kwargs: Any) -> None:
    """List instruments."""
    voice = voice_of(kwargs)
    book, now = shipped_rules(folders), today()
    params = book.resolve(place if place in book.places else book.nearest(place), day_of(on) or now, now)
    if id is None:
        _list_instruments(voice, params)
    else:
        _show_instrument(voice, id, params)


def _show_instrument(voice: Voice, id: str, params: Any) -> None:
    from ecocomp.credits.instrument import FIELDS, instrument

    one = instrument(id, params)
    rows = []
    for field, (_, meaning) in FIELDS.items():
        own = f"credits.{id}.{field}"
        value = params.get(own if params.has(own) else f"credits.default.{field}")
        rows.append({"field": field, "meaning_zh": meaning.zh, "meaning_en": meaning.en, **value.as_row()})
    voice.data({"id": one.id, "name_zh": one.name.zh, "name_en": one.name.en, "unit": one.unit, "fields": rows})
    voice.table(
        one.name,
        [Text("字段", "field"), Text("值", "value"), Text("出处", "source"), Text("标记", "mark")],
        [[str(r["field"]), str(r["value"]), f"{r['document']} ({r['file']}:{r['line']})", str(r["confidence"])] for r in rows],
    )


def _list_instruments(voice: Voice, params: Any) -> None:
    from ecocomp.credits.instrument import instruments

    found, faults = instruments(params)
    listed = [
        {
            "id": i.id,
            "name_zh": i.name.zh,
            "name_en": i.name.en,
            "unit": i.unit,
            "benefit": i.benefit,
            "decimals": i.decimals,
            "ground": i.ground,
            "operations": sorted(i.operations),
            "fund_source": i.fund_source,
        }
        for i in found.values()
    ]
    voice.data({"ok": not errors(faults), "instruments": listed, "faults": [f.as_json() for f in faults]})
    heads = [Text("编码", "id"), Text("名称", "name"), Text("单位", "unit"), Text("效益", "benefit"), Text("操作", "operations")]
    rows = [[i.id, i.name.to(voice.lang), i.unit, i.benefit, " ".join(sorted(i.operations))] for i in found.values()]
    voice.table(Text("生态权益凭证", "instruments"), heads, rows)
    ended(voice, faults)


# ---------------------------------------------------------------- accounts
@credits.command("account", help=t("开户或变更账户。", "Open an account, or change it."))
@click.argument("account")
@click.option("--party", required=True, help=t("权利主体编码", "code of the party"))
@click.option("--name", required=True, help=t("名称", "name"))
@click.option("--kind", default="company", show_default=True, help=t("主体类型", "kind of party"))
@click.option("--role", default="holder", show_default=True, help=t("身份", "role"))
@click.option("--region", help=t("区划代码，缺省为办公室的", "region code, default that of the office"))
@click.option("--sector", help=t("行业", "sector"))
@click.option("--envelope", help=t("出售收入进入的资金编码", "envelope that its sales pay into"))
@click.option("--from", "since", metavar="DATE", help=t("自哪天起，缺省今天", "from this day, default today"))
@DOCUMENT
@writes
def credits_account(account: str, **kwargs: Any) -> None:
    """Open an account."""
    from ecoweb.credits.operations import open_account

    voice = voice_of(kwargs)
    with opened(kwargs["folder"], kwargs["database"]) as office:
        row = {
            "account_id": account,
            "party_id": kwargs["party"],
            **{k: kwargs[k] for k in ("name", "kind", "role", "sector", "envelope", "document")},
            "region_code": kwargs["region"] or office.region_code,
            "valid_from": day_of(kwargs["since"]) or office.today(),
            "valid_to": None,
        }
        made = open_account(office, row, **bench(office, kwargs).who)
    voice.data(made)
    voice.say(Text("账户 {a}（{n}）已登记。", "Account {a} ({n}) is registered.").fill(a=account, n=kwargs["name"]))


@credits.command(
    "trust", help=t("登记可信对手方；过规定时间才可交易。", "Trust a counterparty; it may be dealt with after the waiting time.")
)
@click.argument("account")
@click.argument("counterparty")
@DOCUMENT
@writes
def credits_trust(account: str, counterparty: str, **kwargs: Any) -> None:
    """Trust a counterparty."""
    from ecoweb.credits.operations import trust

    voice = voice_of(kwargs)
    with opened(kwargs["folder"], kwargs["database"]) as office:
        made = trust(office, account, counterparty, kwargs["document"], **bench(office, kwargs).who)
    voice.data(made)
    voice.say(Text("{a} 已信任 {c}。", "{a} trusts {c}.").fill(a=account, c=counterparty))


# ---------------------------------------------------------------- duties
@credits.command("duty", help=t("登记应清缴或自用的数量。", "Register what an account must surrender, or needs for itself."))
@click.argument("account")
@click.argument("instrument")
@click.argument("year")
@QUANTITY
@DOCUMENT
@writes
def credits_duty(account: str, instrument: str, year: str, **kwargs: Any) -> None:
    """Register a duty."""
    from ecoweb.credits.operations import set_duty

    voice, quantity = voice_of(kwargs), kwargs["quantity"]
    with opened(kwargs["folder"], kwargs["database"]) as office:
        here = bench(office, kwargs)
        made = set_duty(office, here.rules, account, instrument, year, quantity, kwargs["document"], **here.who)
    voice.data(made)
    said = Text("{a} 的 {y} 年 {i} 已登记：{q}。", "{i} of {a} for {y} is registered: {q}.")
    voice.say(said.fill(a=account, y=year, i=instrument, q=quantity))


@credits.command(
    "due", help=t("清缴情况：应缴、已缴、抵销、欠缴和罚款。", "How a duty stands: due, surrendered, offsets, missing, the fine.")
)
@click.argument("account")
@click.argument("year")
@click.option("--instrument", default="allowance", show_default=True, help=t("凭证", "instrument"))
@click.option(
    "--deadline", metavar="DATE", help=t("清缴截止日（算罚款的均价月）", "deadline, for the mean price of the month before it")
)
@click.option(
    "--price", help=t("均价（元/单位），缺省取本办公室成交", "mean price (yuan per unit), default that of this office's trades")
)
@reads
def credits_due(account: str, year: str, instrument: str, **kwargs: Any) -> None:
    """Say how a duty stands."""
    from ecocomp.credits.surrender import month_before, penalty, standing
    from ecoweb.credits.faults import account_faults
    from ecoweb.credits.queries import month_price, surrendered
    from ecoweb.records.queries import rows

    voice = voice_of(kwargs)
    mean = Fraction(fen_of(kwargs["price"], "--price")) if kwargs["price"] else None
    with opened(kwargs["folder"], kwargs["database"]) as office:
        raise_errors(account_faults(office, account))
        rules, day = rules_of(office, kwargs["folders"]), office.today()
        duty = rules.instrument(instrument, day)
        found = surrendered(office, rules, account, year, duty)
        wanted = {"account_id": account, "instrument": instrument, "period": year}
        due = sum(r["due"] for r in rows(office, "credit_duty", wanted).to_pylist())
        stands = standing(due, found, duty, {n: rules.instrument(n, day) for n in {*found, instrument}})
        if mean is None and kwargs["deadline"]:
            mean = month_price(office, instrument, *month_before(day_given(kwargs["deadline"], "--deadline")), duty.decimals)
    _say_due(voice, duty, stands, penalty(stands.missing, mean, duty) if mean is not None else None)


def _say_due(voice: Voice, duty: Instrument, stands: Standing, fine: Penalty | None) -> None:
    plain = {"due": stands.due, "own": stands.own, "offsets": dict(stands.offsets), "not_counted": dict(stands.not_counted)}
    cost = None if fine is None else {k: str(v) if k == "mean_fen" else v for k, v in asdict(fine).items() if k != "missing"}
    voice.data(plain | {"missing": stands.missing, "decimals": duty.decimals, "fine": cost})
    said = Text("应缴 {d}，已缴 {o}，抵销 {x}，尚欠 {m}（{u}）。", "Due {d}, surrendered {o}, offsets {x}, missing {m} ({u}).")
    parts = {"d": stands.due, "o": stands.own, "x": sum(stands.offsets.values()), "m": stands.missing}
    voice.say(said.fill(u=duty.unit, **{k: duty.say(v) for k, v in parts.items()}))
    if not stands.missing:
        return
    if fine is None:
        voice.say(
            Text("没有均价，无法计算罚款：用 --deadline 或 --price。", "No mean price, so no fine: give --deadline or --price.")
        )
        return
    words = Text(
        "均价 {p} 元；罚款 {a} 至 {b} 元；下年核减 {c}。", "Mean price {p} yuan; fine {a} to {b} yuan; cut of next year {c}."
    )
    price = _exact_yuan(fine.mean_fen)
    voice.say(words.fill(p=price, a=say_yuan(fine.low_fen), b=say_yuan(fine.high_fen), c=duty.say(fine.cut)))


def _exact_yuan(fen: Fraction) -> str:
    """Return fen as yuan: to the fen where it is whole, else to four decimals, half-even."""
    if fen.denominator == 1:
        return say_yuan(int(fen))
    whole, part = divmod(half_even(fen.numerator * 100, fen.denominator), 10_000)
    return f"{whole:,}.{part:04d}"


# ---------------------------------------------------------------- projects
@credits.command(
    "project", help=t("登记项目及其用地主张，或结束主张。", "Register a project and the ground it claims, or end its claim.")
)
@click.argument("project")
@click.option("--instrument", help=t("凭证", "instrument"))
@click.option("--title", default="", help=t("名称", "title"))
@click.option("--account", help=t("业主账户", "account of its owner"))
@click.option("--from", "since", metavar="DATE", help=t("计入期起日", "first day of the crediting period"))
@click.option("--until", metavar="DATE", help=t("计入期止日（不含）", "end of the crediting period (not included)"))
@click.option(
    "--parcel",
    "parcels",
    multiple=True,
    metavar="CODE[=1/2]",
    help=t("地块和份额，可多次写", "parcel and share; several may be given"),
)
@click.option("--parcels", "file", type=PATH, help=t("地块清单（CSV：地块,份额）", "list of parcels (CSV: parcel,share)"))
@click.option("--region", help=t("区划代码", "region code"))
@click.option("--methodology", help=t("方法学", "methodology"))
@click.option("--quality", help=t("质量等级", "grade of quality"))
@click.option("--end-claim", metavar="DATE", help=t("自这天起结束用地主张", "end the claim on the ground from this day"))
@DOCUMENT
@writes
def credits_project(project: str, **kwargs: Any) -> None:
    """Register a project."""
    voice = voice_of(kwargs)
    parcels = [_parcel(p) for p in kwargs["parcels"]] + (_parcel_file(kwargs["file"]) if kwargs["file"] else [])
    if kwargs["end_claim"]:
        _end_claim(voice, project, [p for p, _ in parcels], kwargs)
    else:
        _register_project(voice, project, parcels, kwargs)


def _end_claim(voice: Voice, project: str, parcels: list[str], kwargs: dict[str, Any]) -> None:
    from ecoweb.credits.operations import end_claim

    with opened(kwargs["folder"], kwargs["database"]) as office:
        who = bench(office, kwargs).who
        count = end_claim(office, project, day_given(kwargs["end_claim"], "--end-claim"), parcels, **who)
    voice.data({"project": project, "ended": count})
    voice.say(Text("已结束 {n} 个地块的主张。", "The claim on {n} parcels is ended.").fill(n=count))


def _register_project(voice: Voice, project: str, parcels: list[tuple[str, Fraction]], kwargs: dict[str, Any]) -> None:
    from ecoweb.credits.operations import register_project

    for name in ("instrument", "account"):
        if not kwargs[name]:
            raise UsageError(Text("请写明 --{n}。", "Give --{n}.").fill(n=name))
    with opened(kwargs["folder"], kwargs["database"]) as office:
        here = bench(office, kwargs)
        row = {
            "project_id": project,
            "account_id": kwargs["account"],
            **{k: kwargs[k] for k in ("instrument", "methodology", "quality", "document")},
            "title": kwargs["title"] or project,
            "region_code": kwargs["region"] or office.region_code,
            "valid_from": day_given(kwargs["since"], "--from"),
            "valid_to": day_of(kwargs["until"]),
        }
        made = register_project(office, here.rules, row, parcels, **here.who)
    voice.data({k: v.isoformat() if isinstance(v, date) else v for k, v in made.items()})
    said = Text("项目 {p} 已登记，主张 {n} 个地块。", "Project {p} is registered; it claims {n} parcels.")
    voice.say(said.fill(p=project, n=len(parcels)))


def _parcel(text: str) -> tuple[str, Fraction]:
    code, _, share = text.partition("=")
    try:
        return code.strip(), Fraction(share.strip() or "1")
    except (ValueError, ZeroDivisionError):
        raise UsageError(Text("份额“{t}”应写成 编码=1/2。", "The share “{t}” must be written code=1/2.").fill(t=text)) from None


def _parcel_file(file: Path) -> list[tuple[str, Fraction]]:
    import csv

    try:
        rows = list(csv.reader(file.read_text(encoding="utf-8-sig").splitlines()))
    except (OSError, UnicodeDecodeError, csv.Error) as exc:
        raise UsageError(
            Text("读不了地块清单 {f}：{e}", "The list of parcels {f} cannot be read: {e}").fill(f=file.name, e=exc)
        ) from None
    return [
        _parcel("=".join(c.strip() for c in r[:2] if c.strip()))
        for r in rows
        if r and r[0].strip() and r[0].strip().lower() not in ("parcel", "parcel_id", "地块")
    ]
