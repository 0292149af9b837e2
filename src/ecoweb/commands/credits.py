"""`ecocomp credits`: eco-credits of an office — projects, issue, transfer, pledge, retirement, the market, proceeds, checks.

`auction FILE` and `book FILE` also work on a plain file of orders without an office; `instruments` on the rules alone.
Quantities are written in units of the instrument; JSON gives whole smallest units (10^-decimals) and fen.
"""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ecocomp.cli.options import Named, common, day_of, t, voice_of
from ecocomp.cli.say import Voice
from ecocomp.terms.faults import Fault, UsageError, errors, raise_errors
from ecocomp.terms.money import say_yuan
from ecocomp.terms.text import Text
from ecoweb.commands.base import act_options, actor_of, office_options, opened, target

if TYPE_CHECKING:
    from ecocomp.credits.auction import Clearing
    from ecocomp.credits.instrument import Instrument
    from ecocomp.credits.issuing import Event
    from ecoweb.credits.desk import Done, Rules
    from ecoweb.office import Office

_PATH = click.Path(path_type=Path)
_RULES = click.option("--rules", "folders", multiple=True, type=_PATH, help=t("另加的规则目录", "a further folder of rules"))
_KEY = click.option("--key", default="", help=t("幂等键：同一键只办一次", "idempotency key: done once under one key"))
_STEP = click.option(
    "--step",
    "steps",
    multiple=True,
    metavar="STEP=DATE[..DATE],DOC[,BY]",
    help=t("已完成的程序，可多次写", "evidence of a step; may be given several times"),
)
_SERIALS = click.option("--serials", multiple=True, metavar="1-20", help=t("指定编号", "take these serials"))
_DAY = click.option("--on", metavar="DATE", help=t("办理日，缺省为今天", "the day of the act, default today"))
_DOCUMENT = click.option("--document", default="", help=t("文号", "document"))


def _quantity(required: bool = True) -> Any:
    return click.option("--quantity", required=required, help=t("数量（凭证单位）", "quantity in units of the instrument"))


@click.group(
    help=t("生态权益：项目、签发、转让、质押、注销和交易。", "Eco-credits: projects, issue, transfer, pledge, retirement, market.")
)
@click.option("--lang", type=click.Choice(["zh", "en"]), help=t("语言", "language"))
def credits(lang: str | None) -> None:
    """The group; the language is read before parsing."""


def _writes(command: Any) -> Any:
    """Add what every act takes."""
    for option in (common, act_options, _KEY, _RULES, office_options):
        command = option(command)
    return command


def _reads(command: Any) -> Any:
    """Add what every question takes."""
    for option in (common, _RULES, office_options):
        command = option(command)
    return command


class _Act:
    """An open office with its rules, and who acts."""

    def __init__(self, office: Office, rules: Rules, kwargs: dict[str, Any]) -> None:
        self.office, self.rules = office, rules
        self.who: dict[str, Any] = {"actor": actor_of(kwargs["actor"]), "reason": kwargs["reason"] or "credits"}
        self.key = kwargs["key"]


def _rules_of(office: Office, folders: tuple[Path, ...]) -> Rules:
    from ecoweb.credits.desk import Rules

    return Rules(office, _folders(folders))


def _folders(folders: tuple[Path, ...]) -> list[Path]:
    missing = [str(f) for f in folders if not f.is_dir()]
    if missing:
        raise UsageError(Text("没有规则目录：{m}。", "There is no folder of rules: {m}.").fill(m=", ".join(missing)))
    return list(folders)


def _events(texts: tuple[str, ...]) -> list[Event]:
    from ecocomp.credits.issuing import parse_event

    return [parse_event(s) for s in texts]


def _day(text: str | None, name: str) -> date:
    day = day_of(text)
    if day is None:
        raise UsageError(Text("请写明 {n}。", "Give {n}.").fill(n=name))
    return day


def _serials(texts: tuple[str, ...]) -> list[tuple[int, int]]:
    from ecoweb.credits.market import parse_serials

    return parse_serials(texts)


def _some(quantity: str | None, serials: tuple[str, ...]) -> None:
    if quantity is None and not serials:
        raise UsageError(Text("请用 --quantity 写数量，或用 --serials 写编号。", "Give --quantity, or --serials."))


def _yuan(text: str, name: str) -> int:
    from ecocomp.credits.orders import parse_price

    sign = -1 if text.strip().startswith("-") else 1
    try:
        return sign * parse_price(text.strip().removeprefix("-"))
    except UsageError as exc:
        raise UsageError(Text("{n}：{m}", "{n}: {m}").fill(n=name, m=exc.message)) from None


_LABELS: dict[str, Text] = {
    "issue": Text("签发", "issue"),
    "instrument": Text("凭证", "instrument"),
    "account": Text("账户", "account"),
    "vintage": Text("年份", "vintage"),
    "serials": Text("编号", "serials"),
    "quantity": Text("数量", "quantity"),
    "held": Text("入账", "credited"),
    "buffer": Text("缓冲", "buffer"),
    "expires_on": Text("失效日", "expires on"),
    "request": Text("申请号", "request"),
    "from": Text("转出", "from"),
    "to": Text("转入", "to"),
    "amount_fen": Text("金额（元）", "amount (yuan)"),
    "receipt": Text("回单", "receipt"),
    "maker": Text("经办", "asked by"),
    "done": Text("已交割", "delivered"),
    "trades": Text("成交笔数", "trades"),
    "fees_fen": Text("手续费（元）", "fees (yuan)"),
    "pledge": Text("质押号", "pledge"),
    "lock": Text("冻结号", "freeze"),
    "creditor": Text("质权人", "creditor"),
    "lien": Text("质押或冻结号", "pledge or freeze"),
    "still": Text("尚余", "still bound"),
    "retirement": Text("注销号", "retirement"),
    "purpose": Text("用途", "purpose"),
    "beneficiary": Text("受益人", "beneficiary"),
    "period": Text("年度", "year"),
    "still_due": Text("尚应缴", "still due"),
    "cancellation": Text("作废号", "cancellation"),
    "export": Text("转出号", "export"),
    "registry": Text("登记机构", "registry"),
    "reversal": Text("逆转号", "reversal"),
    "project": Text("项目", "project"),
    "loss": Text("损失", "loss"),
    "from_buffer": Text("缓冲承担", "from the buffer"),
    "shortfall": Text("缓冲不足", "not covered"),
    "buffer_left": Text("缓冲余额", "buffer left"),
    "event": Text("事件", "event"),
    "order": Text("订单", "order"),
    "side": Text("方向", "side"),
    "price": Text("价格（元）", "price (yuan)"),
    "market": Text("市场", "market"),
    "open": Text("未成交", "open"),
    "ended": Text("取消", "ended"),
    "cancelled": Text("撤销", "cancelled"),
    "withdrawn": Text("已撤回", "withdrawn"),
    "call": Text("竞价场次", "call"),
}
_UNITS = (
    "quantity",
    "held",
    "buffer",
    "still",
    "still_due",
    "loss",
    "from_buffer",
    "shortfall",
    "buffer_left",
    "open",
    "ended",
    "cancelled",
)


def _say_done(voice: Voice, done: Done, title: Text, inst: Instrument | None) -> None:
    voice.data(
        {"event": done.event, "change": done.change, "again": done.again, "decimals": inst.decimals if inst else None, **done.found}
    )
    rows = []
    for name, value in done.found.items():
        if name not in _LABELS or value in (None, "") or isinstance(value, dict | list):
            continue
        if name in _UNITS and inst is not None and isinstance(value, int):
            said = f"{inst.say(value)} {inst.unit}"
        elif name.endswith("_fen") or name == "price":
            said = say_yuan(int(value))
        elif isinstance(value, bool):
            said = (Text("是", "yes") if value else Text("否", "no")).to(voice.lang)
        else:
            said = str(value)
        rows.append([_LABELS[name].to(voice.lang), said])
    voice.table(title, [Text("项目", "what"), Text("内容", "value")], rows)
    if done.found.get("why"):
        voice.say(Text(done.found["why"]["zh"], done.found["why"]["en"]))
    if done.again:
        voice.say(Text("这个键已经办过，没有重复办理。", "It was done before under this key; nothing was done again."))


# ---------------------------------------------------------------- instruments
@credits.command("instruments", help=t("列出并核对凭证的规则。", "List the instruments and check their rules."))
@click.argument("id", required=False)
@click.option("--place", default="CN", show_default=True, help=t("地方代码", "code of the place"))
@click.option("--on", metavar="DATE", help=t("哪一天的规则", "rules of this day"))
@_RULES
@common
def credits_instruments(id: str | None, place: str, on: str | None, folders: tuple[Path, ...], **kwargs: Any) -> None:
    """List instruments."""
    from ecocomp.credits.instrument import FIELDS, instrument, instruments
    from ecocomp.rules import RuleBook, policy_folder

    voice = voice_of(kwargs)
    book = RuleBook.load([policy_folder(), *_folders(folders)])
    today = date.today()
    params = book.resolve(place if place in book.places else book.nearest(place), day_of(on) or today, today)
    if id is not None:
        one = instrument(id, params)
        rows = []
        for field in FIELDS:
            key = f"credits.{id}.{field}" if params.has(f"credits.{id}.{field}") else f"credits.default.{field}"
            value = params.get(key)
            rows.append({"field": field, "meaning_zh": FIELDS[field][1].zh, "meaning_en": FIELDS[field][1].en, **value.as_row()})
        voice.data({"id": one.id, "name_zh": one.name.zh, "name_en": one.name.en, "unit": one.unit, "fields": rows})
        voice.table(
            one.name,
            [Text("字段", "field"), Text("值", "value"), Text("出处", "source"), Text("标记", "mark")],
            [[str(r["field"]), str(r["value"]), f"{r['document']} ({r['file']}:{r['line']})", str(r["confidence"])] for r in rows],
        )
        return
    found, faults = instruments(params)
    voice.data(
        {
            "ok": not errors(faults),
            "instruments": [
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
            ],
            "faults": [f.as_json() for f in faults],
        },
    )
    heads = [Text("编码", "id"), Text("名称", "name"), Text("单位", "unit"), Text("效益", "benefit"), Text("操作", "operations")]
    voice.table(
        Text("生态权益凭证", "instruments"),
        heads,
        [[i.id, i.name.to(voice.lang), i.unit, i.benefit, " ".join(sorted(i.operations))] for i in found.values()],
    )
    _end(voice, faults)


def _end(voice: Voice, faults: list[Fault]) -> None:
    """Show faults and end with 1 if one of them is an error."""
    import sys

    voice.faults([] if voice.as_json else faults)
    if errors(faults):
        sys.exit(1)


# ---------------------------------------------------------------- accounts and projects
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
@_DOCUMENT
@_writes
def credits_account(account: str, folder: Path | None, database: str | None, **kwargs: Any) -> None:
    """Open an account."""
    from ecoweb.credits.operations import open_account

    voice = voice_of(kwargs)
    with opened(folder, database) as office:
        row = {
            "account_id": account,
            "party_id": kwargs["party"],
            "name": kwargs["name"],
            "kind": kwargs["kind"],
            "role": kwargs["role"],
            "region_code": kwargs["region"] or office.region_code,
            "sector": kwargs["sector"],
            "envelope": kwargs["envelope"],
            "document": kwargs["document"],
            "valid_from": day_of(kwargs["since"]) or office.today(),
            "valid_to": None,
        }
        act = _Act(office, _rules_of(office, kwargs["folders"]), kwargs)
        made = open_account(office, row, **act.who)
    voice.data(made)
    voice.say(Text("账户 {a}（{n}）已登记。", "Account {a} ({n}) is registered.").fill(a=account, n=kwargs["name"]))


@credits.command(
    "trust", help=t("登记可信对手方；过规定时间才可交易。", "Trust a counterparty; it may be dealt with after the waiting time.")
)
@click.argument("account")
@click.argument("counterparty")
@_DOCUMENT
@_writes
def credits_trust(account: str, counterparty: str, folder: Path | None, database: str | None, **kwargs: Any) -> None:
    """Trust a counterparty."""
    from ecoweb.credits.operations import trust

    voice = voice_of(kwargs)
    with opened(folder, database) as office:
        act = _Act(office, _rules_of(office, kwargs["folders"]), kwargs)
        made = trust(office, account, counterparty, kwargs["document"], **act.who)
    voice.data(made)
    voice.say(Text("{a} 已信任 {c}。", "{a} trusts {c}.").fill(a=account, c=counterparty))


@credits.command("duty", help=t("登记应清缴或自用的数量。", "Register what an account must surrender, or needs for itself."))
@click.argument("account")
@click.argument("instrument")
@click.argument("year")
@_quantity()
@_DOCUMENT
@_writes
def credits_duty(account: str, instrument: str, year: str, folder: Path | None, database: str | None, **kwargs: Any) -> None:
    """Register a duty."""
    from ecoweb.credits.operations import set_duty

    voice = voice_of(kwargs)
    with opened(folder, database) as office:
        act = _Act(office, _rules_of(office, kwargs["folders"]), kwargs)
        made = set_duty(office, act.rules, account, instrument, year, kwargs["quantity"], kwargs["document"], **act.who)
    voice.data(made)
    voice.say(
        Text("{a} 的 {y} 年 {i} 已登记：{q}。", "{i} of {a} for {y} is registered: {q}.").fill(
            a=account, y=year, i=instrument, q=kwargs["quantity"]
        )
    )


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
@_reads
def credits_due(account: str, year: str, instrument: str, folder: Path | None, database: str | None, **kwargs: Any) -> None:
    """Say how a duty stands."""
    from ecocomp.credits.surrender import month_before, penalty, standing
    from ecoweb.credits.queries import month_price, surrendered
    from ecoweb.records.queries import rows

    voice = voice_of(kwargs)
    with opened(folder, database) as office:
        rules = _rules_of(office, kwargs["folders"])
        today = office.today()
        duty = rules.instrument(instrument, today)
        found = surrendered(office, rules, account, year, duty)
        due = sum(
            r["due"]
            for r in rows(office, "credit_duty", {"account_id": account, "instrument": instrument, "period": year}).to_pylist()
        )
        stands = standing(due, found, duty, {n: rules.instrument(n, today) for n in {*found, instrument}})
        mean = Fraction(_yuan(kwargs["price"], "--price")) if kwargs["price"] else None
        if mean is None and kwargs["deadline"]:
            mean = month_price(office, instrument, *month_before(_day(kwargs["deadline"], "--deadline")), duty.decimals)
    fine = penalty(stands.missing, mean, duty) if mean is not None else None
    data = {
        "due": stands.due,
        "own": stands.own,
        "offsets": dict(stands.offsets),
        "not_counted": dict(stands.not_counted),
        "missing": stands.missing,
    }
    voice.data(
        data
        | {
            "decimals": duty.decimals,
            "fine": None
            if fine is None
            else {"mean_fen": str(fine.mean_fen), "low_fen": fine.low_fen, "high_fen": fine.high_fen, "cut": fine.cut},
        }
    )
    said = Text("应缴 {d}，已缴 {o}，抵销 {x}，尚欠 {m}（{u}）。", "Due {d}, surrendered {o}, offsets {x}, missing {m} ({u}).")
    voice.say(
        said.fill(
            d=duty.say(due),
            o=duty.say(stands.own),
            x=duty.say(sum(stands.offsets.values())),
            m=duty.say(stands.missing),
            u=duty.unit,
        )
    )
    if fine is not None and stands.missing:
        words = Text(
            "均价 {p} 元；罚款 {a} 至 {b} 元；下年核减 {c}。", "Mean price {p} yuan; fine {a} to {b} yuan; cut of next year {c}."
        )
        price = say_yuan(int(fine.mean_fen)) if fine.mean_fen.denominator == 1 else f"{float(fine.mean_fen) / 100:.4f}"
        voice.say(words.fill(p=price, a=say_yuan(fine.low_fen), b=say_yuan(fine.high_fen), c=duty.say(fine.cut)))
    elif stands.missing:
        voice.say(
            Text("没有均价，无法计算罚款：用 --deadline 或 --price。", "No mean price, so no fine: give --deadline or --price.")
        )


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
@click.option("--parcels", "file", type=_PATH, help=t("地块清单（CSV：地块,份额）", "list of parcels (CSV: parcel,share)"))
@click.option("--region", help=t("区划代码", "region code"))
@click.option("--methodology", help=t("方法学", "methodology"))
@click.option("--quality", help=t("质量等级", "grade of quality"))
@click.option("--end-claim", metavar="DATE", help=t("自这天起结束用地主张", "end the claim on the ground from this day"))
@_DOCUMENT
@_writes
def credits_project(project: str, folder: Path | None, database: str | None, **kwargs: Any) -> None:
    """Register a project."""
    from ecoweb.credits.operations import end_claim, register_project

    voice = voice_of(kwargs)
    parcels = [_parcel(p) for p in kwargs["parcels"]] + (_parcel_file(kwargs["file"]) if kwargs["file"] else [])
    with opened(folder, database) as office:
        act = _Act(office, _rules_of(office, kwargs["folders"]), kwargs)
        if kwargs["end_claim"]:
            ended = end_claim(office, project, _day(kwargs["end_claim"], "--end-claim"), [p for p, _ in parcels], **act.who)
            voice.data({"project": project, "ended": ended})
            voice.say(Text("已结束 {n} 个地块的主张。", "The claim on {n} parcels is ended.").fill(n=ended))
            return
        for name in ("instrument", "account"):
            if not kwargs[name]:
                raise UsageError(Text("请写明 --{n}。", "Give --{n}.").fill(n=name))
        row = {
            "project_id": project,
            "instrument": kwargs["instrument"],
            "title": kwargs["title"] or project,
            "account_id": kwargs["account"],
            "region_code": kwargs["region"] or office.region_code,
            "methodology": kwargs["methodology"],
            "quality": kwargs["quality"],
            "document": kwargs["document"],
            "valid_from": _day(kwargs["since"], "--from"),
            "valid_to": day_of(kwargs["until"]),
        }
        made = register_project(office, act.rules, row, parcels, **act.who)
    voice.data({k: v.isoformat() if isinstance(v, date) else v for k, v in made.items()})
    voice.say(
        Text("项目 {p} 已登记，主张 {n} 个地块。", "Project {p} is registered; it claims {n} parcels.").fill(
            p=project, n=len(parcels)
        )
    )


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


# ---------------------------------------------------------------- issue
@credits.command("issue", help=t("签发一个监测期的数量。", "Issue the units of a monitoring period."))
@click.argument("project")
@click.option("--from", "since", metavar="DATE", required=True, help=t("期间起日", "first day of the period"))
@click.option("--until", metavar="DATE", required=True, help=t("期间止日（不含）", "end of the period (not included)"))
@_quantity()
@click.option("--account", default="", help=t("入账账户，缺省为业主", "account that gets them, default the owner's"))
@click.option("--quality", default="", help=t("质量等级", "grade of quality"))
@_STEP
@_DAY
@_writes
def credits_issue(project: str, folder: Path | None, database: str | None, **kwargs: Any) -> None:
    """Issue units."""
    from ecoweb.credits.operations import issue

    voice = voice_of(kwargs)
    period = (_day(kwargs["since"], "--from"), _day(kwargs["until"], "--until"))
    with opened(folder, database) as office:
        act = _Act(office, _rules_of(office, kwargs["folders"]), kwargs)
        more: dict[str, Any] = {
            "account": kwargs["account"],
            "quality": kwargs["quality"],
            "day": day_of(kwargs["on"]),
            "key": act.key,
        }
        done = issue(office, act.rules, project, period, kwargs["quantity"], _events(kwargs["steps"]), **more, **act.who)
        inst = act.rules.instrument(done.found["instrument"], office.today())
    _say_done(voice, done, Text("已签发", "issued"), inst)


@credits.command("import", help=t("从其他登记机构转入。", "Take units over from another registry."))
@click.argument("instrument")
@click.argument("account")
@_quantity()
@click.option("--reference", default="", help=t("原登记号", "reference of the other registry"))
@click.option("--from", "since", metavar="DATE", required=True, help=t("期间起日", "first day of the period"))
@click.option("--until", metavar="DATE", required=True, help=t("期间止日（不含）", "end of the period (not included)"))
@click.option("--quality", default="", help=t("质量等级", "grade of quality"))
@_writes
def credits_import(instrument: str, account: str, folder: Path | None, database: str | None, **kwargs: Any) -> None:
    """Import units."""
    from ecoweb.credits.operations import import_units

    voice = voice_of(kwargs)
    period = (_day(kwargs["since"], "--from"), _day(kwargs["until"], "--until"))
    with opened(folder, database) as office:
        act = _Act(office, _rules_of(office, kwargs["folders"]), kwargs)
        more: dict[str, Any] = {"quality": kwargs["quality"], "key": act.key, "region": office.region_code}
        done = import_units(
            office, act.rules, instrument, account, kwargs["quantity"], kwargs["reference"], period, **more, **act.who
        )
        inst = act.rules.instrument(instrument, office.today())
    _say_done(voice, done, Text("已转入", "imported"), inst)


# ---------------------------------------------------------------- transfer
@credits.command(
    "transfer",
    help=t(
        "申请转让（带金额即协议成交）；由另一人批准。", "Ask for a transfer (with an amount: a deal); another person approves it."
    ),
)
@click.argument("instrument")
@click.argument("giver")
@click.argument("taker")
@_quantity(required=False)
@_SERIALS
@click.option("--amount", help=t("成交金额（元）", "amount paid (yuan)"))
@click.option("--receipt", default="", help=t("银行回单号（场外付款）", "bank receipt of a payment made outside"))
@_STEP
@_DAY
@_writes
def credits_transfer(instrument: str, giver: str, taker: str, folder: Path | None, database: str | None, **kwargs: Any) -> None:
    """Ask for a transfer."""
    from ecoweb.credits.operations import request_transfer

    voice = voice_of(kwargs)
    _some(kwargs["quantity"], kwargs["serials"])
    amount = _yuan(kwargs["amount"], "--amount") if kwargs["amount"] else None
    with opened(folder, database) as office:
        act = _Act(office, _rules_of(office, kwargs["folders"]), kwargs)
        done = request_transfer(
            office,
            act.rules,
            instrument,
            giver,
            taker,
            kwargs["quantity"],
            serials=_serials(kwargs["serials"]),
            steps=_events(kwargs["steps"]),
            amount_fen=amount,
            receipt=kwargs["receipt"],
            day=day_of(kwargs["on"]),
            key=act.key,
            **act.who,
        )
        inst = act.rules.instrument(instrument, office.today())
    _say_done(voice, done, Text("转让申请", "transfer asked for"), inst)


def _on_request(name: str, zh: str, en: str, title: Text) -> None:
    @credits.command(name, help=t(zh, en))
    @click.argument("request")
    @_writes
    def command(request: str, folder: Path | None, database: str | None, **kwargs: Any) -> None:
        from ecoweb.credits import operations

        voice = voice_of(kwargs)
        do = operations.approve_transfer if name == "approve" else operations.withdraw_transfer
        with opened(folder, database) as office:
            act = _Act(office, _rules_of(office, kwargs["folders"]), kwargs)
            done = do(office, act.rules, request, key=act.key, **act.who)
            inst = act.rules.instrument(done.found["instrument"], office.today())
        _say_done(voice, done, title, inst)


_on_request(
    "approve", "批准转让申请（须为另一人）。", "Approve a transfer (another person than asked for it).", Text("已批准", "approved")
)
_on_request("withdraw", "撤回或驳回转让申请。", "Withdraw or refuse a transfer.", Text("已撤回", "withdrawn"))


# ---------------------------------------------------------------- pledge, lock, release
@credits.command("pledge", help=t("质押；质押期间不得转移。", "Pledge units; they cannot move."))
@click.argument("instrument")
@click.argument("account")
@_quantity(required=False)
@_SERIALS
@click.option("--creditor", default="", help=t("质权人", "creditor"))
@_DOCUMENT
@_DAY
@_writes
def credits_pledge(instrument: str, account: str, folder: Path | None, database: str | None, **kwargs: Any) -> None:
    """Pledge units."""
    from ecoweb.credits.operations import pledge

    voice = voice_of(kwargs)
    _some(kwargs["quantity"], kwargs["serials"])
    with opened(folder, database) as office:
        act = _Act(office, _rules_of(office, kwargs["folders"]), kwargs)
        more: dict[str, Any] = {"serials": _serials(kwargs["serials"]), "day": day_of(kwargs["on"]), "key": act.key}
        done = pledge(
            office, act.rules, instrument, account, kwargs["quantity"], kwargs["creditor"], kwargs["document"], **more, **act.who
        )
        inst = act.rules.instrument(instrument, office.today())
    _say_done(voice, done, Text("已质押", "pledged"), inst)


@credits.command("lock", help=t("依法冻结。", "Lock units on the paper of a court or authority."))
@click.argument("instrument")
@click.argument("account")
@_quantity(required=False)
@_SERIALS
@_DOCUMENT
@_writes
def credits_lock(instrument: str, account: str, folder: Path | None, database: str | None, **kwargs: Any) -> None:
    """Freeze units."""
    from ecoweb.credits.operations import freeze

    voice = voice_of(kwargs)
    _some(kwargs["quantity"], kwargs["serials"])
    with opened(folder, database) as office:
        act = _Act(office, _rules_of(office, kwargs["folders"]), kwargs)
        done = freeze(
            office,
            act.rules,
            instrument,
            account,
            kwargs["quantity"],
            kwargs["document"],
            serials=_serials(kwargs["serials"]),
            key=act.key,
            **act.who,
        )
        inst = act.rules.instrument(instrument, office.today())
    _say_done(voice, done, Text("已冻结", "locked"), inst)


@credits.command("release", help=t("解除质押或冻结，可部分解除。", "Release a pledge or a freeze, whole or in part."))
@click.argument("lien")
@_quantity(required=False)
@_DOCUMENT
@_writes
def credits_release(lien: str, folder: Path | None, database: str | None, **kwargs: Any) -> None:
    """Release a pledge."""
    from ecoweb.credits.operations import release

    voice = voice_of(kwargs)
    with opened(folder, database) as office:
        act = _Act(office, _rules_of(office, kwargs["folders"]), kwargs)
        done = release(office, act.rules, lien, kwargs["document"], quantity=kwargs["quantity"], key=act.key, **act.who)
    _say_done(voice, done, Text("已解除", "released"), None)


# ---------------------------------------------------------------- retire, cancel, export, reverse
@credits.command("retire", help=t("注销使用（终局），写明用途和受益人。", "Retire for good, with purpose and beneficiary."))
@click.argument("instrument")
@click.argument("account")
@_quantity(required=False)
@_SERIALS
@click.option("--purpose", required=True, help=t("用途", "purpose"))
@click.option("--beneficiary", default="", help=t("受益人", "on whose behalf"))
@click.option("--period", default="", help=t("清缴年度", "year a surrender settles"))
@click.option("--need", help=t("所占数量（须相符的指标）", "what is taken, of a quota that must match"))
@click.option("--need-quality", default="", help=t("所占质量等级", "grade of quality of what is taken"))
@_STEP
@_DAY
@_writes
def credits_retire(instrument: str, account: str, folder: Path | None, database: str | None, **kwargs: Any) -> None:
    """Retire units."""
    from ecoweb.credits.operations import retire

    voice = voice_of(kwargs)
    _some(kwargs["quantity"], kwargs["serials"])
    with opened(folder, database) as office:
        act = _Act(office, _rules_of(office, kwargs["folders"]), kwargs)
        done = retire(
            office,
            act.rules,
            instrument,
            account,
            kwargs["quantity"],
            kwargs["purpose"],
            kwargs["beneficiary"],
            serials=_serials(kwargs["serials"]),
            steps=_events(kwargs["steps"]),
            period=kwargs["period"],
            need=kwargs["need"],
            need_quality=kwargs["need_quality"],
            day=day_of(kwargs["on"]),
            key=act.key,
            **act.who,
        )
        inst = act.rules.instrument(instrument, office.today())
    _say_done(voice, done, Text("已注销使用", "retired"), inst)


@credits.command("cancel", help=t("作废（终局）。", "Cancel for good."))
@click.argument("instrument")
@click.argument("account")
@_quantity(required=False)
@_SERIALS
@click.option("--purpose", default="", help=t("原因；make_good 为补足逆转", "why; make_good makes a reversal good"))
@click.option("--project", default="", help=t("补足哪个项目的逆转", "project whose reversal is made good"))
@_writes
def credits_cancel(instrument: str, account: str, folder: Path | None, database: str | None, **kwargs: Any) -> None:
    """Cancel units."""
    from ecoweb.credits.operations import cancel

    voice = voice_of(kwargs)
    _some(kwargs["quantity"], kwargs["serials"])
    with opened(folder, database) as office:
        act = _Act(office, _rules_of(office, kwargs["folders"]), kwargs)
        more: dict[str, Any] = {"serials": _serials(kwargs["serials"]), "project": kwargs["project"], "key": act.key}
        done = cancel(office, act.rules, instrument, account, kwargs["quantity"], kwargs["purpose"], **more, **act.who)
        inst = act.rules.instrument(instrument, office.today())
    _say_done(voice, done, Text("已作废", "cancelled"), inst)


@credits.command("export", help=t("转出到其他登记机构。", "Give units over to another registry."))
@click.argument("instrument")
@click.argument("account")
@_quantity(required=False)
@_SERIALS
@click.option("--registry", default="", help=t("转入的登记机构", "the other registry"))
@_writes
def credits_export(instrument: str, account: str, folder: Path | None, database: str | None, **kwargs: Any) -> None:
    """Export units."""
    from ecoweb.credits.operations import export

    voice = voice_of(kwargs)
    _some(kwargs["quantity"], kwargs["serials"])
    with opened(folder, database) as office:
        act = _Act(office, _rules_of(office, kwargs["folders"]), kwargs)
        done = export(
            office,
            act.rules,
            instrument,
            account,
            kwargs["quantity"],
            kwargs["registry"],
            serials=_serials(kwargs["serials"]),
            key=act.key,
            **act.who,
        )
        inst = act.rules.instrument(instrument, office.today())
    _say_done(voice, done, Text("已转出", "exported"), inst)


@credits.command(
    "reverse", help=t("逆转：损失由缓冲承担，不足部分列明。", "Reversal: the loss is borne by the buffer; what it lacks is stated.")
)
@click.argument("project")
@_quantity()
@click.option("--event", default="", help=t("损失事件", "what happened"))
@_DOCUMENT
@_DAY
@_writes
def credits_reverse(project: str, folder: Path | None, database: str | None, **kwargs: Any) -> None:
    """Reverse units."""
    from ecoweb.credits.operations import reverse

    voice = voice_of(kwargs)
    with opened(folder, database) as office:
        act = _Act(office, _rules_of(office, kwargs["folders"]), kwargs)
        done = reverse(
            office,
            act.rules,
            project,
            kwargs["quantity"],
            kwargs["event"],
            kwargs["document"],
            day=day_of(kwargs["on"]),
            key=act.key,
            **act.who,
        )
    _say_done(voice, done, Text("逆转", "reversal"), None)


@credits.command("unbuffer", help=t("期满后返还缓冲。", "Give the buffer back when the crediting period is over."))
@click.argument("project")
@_quantity(required=False)
@_DOCUMENT
@_writes
def credits_unbuffer(project: str, folder: Path | None, database: str | None, **kwargs: Any) -> None:
    """Give the buffer back."""
    from ecoweb.credits.operations import unbuffer

    voice = voice_of(kwargs)
    with opened(folder, database) as office:
        act = _Act(office, _rules_of(office, kwargs["folders"]), kwargs)
        done = unbuffer(office, act.rules, project, kwargs["quantity"], kwargs["document"], key=act.key, **act.who)
    _say_done(voice, done, Text("缓冲已返还", "buffer given back"), None)


# ---------------------------------------------------------------- market
@credits.command(
    "deposit", help=t("登记交易保证金的存入（负数为取出）。", "Register a deposit with the market (negative: a withdrawal).")
)
@click.argument("account")
@click.option("--amount", required=True, help=t("金额（元）", "amount (yuan)"))
@_DOCUMENT
@_writes
def credits_deposit(account: str, folder: Path | None, database: str | None, **kwargs: Any) -> None:
    """Register a deposit."""
    from ecoweb.credits.market import move_money

    voice = voice_of(kwargs)
    with opened(folder, database) as office:
        act = _Act(office, _rules_of(office, kwargs["folders"]), kwargs)
        done = move_money(
            office, act.rules, account, _yuan(kwargs["amount"], "--amount"), kwargs["document"], key=act.key, **act.who
        )
    _say_done(voice, done, Text("保证金", "deposit"), None)


@credits.command(
    "order",
    help=t("下单或撤单：连续竞价，或 --call 集合竞价。", "Place or cancel an order: in the book, or in a sealed call (--call)."),
)
@click.argument("instrument", required=False)
@click.argument("account", required=False)
@click.argument("side", required=False)
@_quantity(required=False)
@click.option("--price", help=t("价格（元/单位）；不写为市价", "price (yuan per unit); none: at the market"))
@click.option("--call", default="", help=t("集合竞价场次", "sealed call it goes into"))
@click.option("--cancel", "ended", help=t("撤销这个订单", "cancel this order"))
@_STEP
@_writes
def credits_order(
    instrument: str | None, account: str | None, side: str | None, folder: Path | None, database: str | None, **kwargs: Any
) -> None:
    """Place an order."""
    from ecoweb.credits.market import cancel_order, place_order

    voice = voice_of(kwargs)
    with opened(folder, database) as office:
        act = _Act(office, _rules_of(office, kwargs["folders"]), kwargs)
        if kwargs["ended"]:
            done = cancel_order(office, act.rules, kwargs["ended"], key=act.key, **act.who)
            inst = None
        else:
            if not (instrument and account and side and kwargs["quantity"]):
                raise UsageError(
                    Text(
                        "写成：order 凭证 账户 buy|sell --quantity N [--price P]。",
                        "Write: order INSTRUMENT ACCOUNT buy|sell --quantity N [--price P].",
                    )
                )
            price = _yuan(kwargs["price"], "--price") if kwargs["price"] else None
            side = {"买": "buy", "卖": "sell"}.get(side, side)
            done = place_order(
                office,
                act.rules,
                instrument,
                account,
                side,
                kwargs["quantity"],
                price,
                call=kwargs["call"],
                steps=_events(kwargs["steps"]),
                key=act.key,
                **act.who,
            )
            inst = act.rules.instrument(instrument, office.today())
    _say_done(voice, done, Text("订单", "order"), inst)


@credits.command(
    "auction",
    help=t(
        "集合竞价：统一价格、最大成交量；也可只用订单文件。",
        "Call auction: one price, most volume; also on a plain file of orders.",
    ),
)
@click.argument("file", type=_PATH, required=False)
@click.option("--instrument", default="", help=t("凭证", "instrument"))
@click.option("--call", default="", help=t("场次（在办公室中）", "name of the call (in an office)"))
@click.option("--reference", help=t("参考价（元/单位）", "reference price (yuan per unit)"))
@click.option("--decimals", type=click.IntRange(0, 6), help=t("数量的小数位（只用文件时）", "decimals of quantities (file alone)"))
@click.option("--lot", help=t("交易单位数量（只用文件时）", "lot (file alone)"))
@click.option("--tick", help=t("价位（元，只用文件时）", "price step in yuan (file alone)"))
@click.option("--allocation", type=click.Choice(["time", "pro_rata"]), help=t("边际价位的分配", "sharing at the margin"))
@click.option("--out", type=Named(path_type=Path, dir_okay=False), help=t("成交写入 CSV", "write the fills to a CSV"))
@_writes
def credits_auction(file: Path | None, folder: Path | None, database: str | None, **kwargs: Any) -> None:
    """Clear a call auction."""
    voice = voice_of(kwargs)
    target(kwargs["out"], folder, file)
    reference = _yuan(kwargs["reference"], "--reference") if kwargs["reference"] else None
    if folder is None and file is not None:
        _auction_file(voice, file, reference, kwargs)
        return
    if folder is None:
        raise UsageError(Text("写订单文件，或用 --office 和 --call。", "Give a file of orders, or --office and --call."))
    from ecoweb.credits.market import run_call

    if not kwargs["instrument"] or not (kwargs["call"] or file):
        raise UsageError(
            Text(
                "按办公室的账户撮合，写明 --instrument 和 --call（或订单文件）；只算文件，不写 --office，不设 ECOCOMP_OFFICE。",
                "To clear orders of an office's accounts give --instrument and --call (or a file of orders); to clear a plain "
                "file only, leave out --office and unset ECOCOMP_OFFICE.",
            )
        )
    with opened(folder, database) as office:
        act = _Act(office, _rules_of(office, kwargs["folders"]), kwargs)
        inst = act.rules.instrument(kwargs["instrument"], office.today())
        orders = []
        if file is not None:
            orders = _orders_of(file, inst.decimals)
        call = kwargs["call"] or (file.stem if file is not None else "")
        done, result = run_call(office, act.rules, inst.id, call, orders=orders, reference=reference, key=act.key, **act.who)
    voice.data({"event": done.event, "change": done.change, "again": done.again, "decimals": inst.decimals, **done.found})
    if result is not None:
        _say_clearing(voice, result, inst.decimals, inst.unit, kwargs["out"])


def _orders_of(file: Path, decimals: int) -> list[Any]:
    from ecocomp.credits.orders import read_orders

    messages, faults = read_orders(file, decimals=decimals)
    faults += [
        Fault(
            "credits.order_line",
            file.name,
            m.id,
            Text("集合竞价没有撤单。", "a call takes no cancelling."),
            Text("从文件中删去订单。", "Leave the order out."),
        )
        for m in messages
        if m.order is None
    ]
    raise_errors(faults)
    return [m.order for m in messages if m.order is not None]


def _auction_file(voice: Voice, file: Path, reference: int | None, kwargs: dict[str, Any]) -> None:
    from ecocomp.credits.auction import clear, order_faults

    tick, lot, allocation, decimals, unit = 1, 1, "time", kwargs["decimals"] or 0, ""
    if kwargs["instrument"]:
        from ecocomp.credits.instrument import instrument
        from ecocomp.rules import RuleBook, policy_folder

        today = date.today()
        inst = instrument(
            kwargs["instrument"], RuleBook.load([policy_folder(), *_folders(kwargs["folders"])]).resolve("CN", today, today)
        )
        tick, lot, allocation, decimals, unit = inst.tick_fen, inst.lot, inst.allocation, inst.decimals, inst.unit
    if kwargs["lot"]:
        from ecocomp.credits.instrument import parse_quantity

        lot = parse_quantity(kwargs["lot"], decimals)
    tick = _yuan(kwargs["tick"], "--tick") if kwargs["tick"] else max(tick, 10**decimals)
    orders = _orders_of(file, decimals)
    raise_errors(order_faults(orders, tick=tick, lot=lot))
    result = clear(orders, reference=reference, tick=tick, lot=lot, allocation=kwargs["allocation"] or allocation)
    from ecocomp.credits.auction import clearing_data

    voice.data({"decimals": decimals, **clearing_data(result)})
    _say_clearing(voice, result, decimals, unit, kwargs["out"])


def _say_clearing(voice: Voice, result: Clearing, decimals: int, unit: str, out: Path | None) -> None:
    from ecocomp.credits.instrument import say_quantity

    for step in result.steps:
        voice.say(step)
    if result.price is not None:
        amount = result.price * result.volume // 10**decimals
        said = Text("成交价 {p} 元，成交量 {v}，金额 {a} 元。", "Price {p} yuan, volume {v}, amount {a} yuan.")
        volume = f"{say_quantity(result.volume, decimals)} {unit}".rstrip()
        voice.say(said.fill(p=say_yuan(result.price), v=volume, a=say_yuan(amount)))
    rows = [[m.buy.id, m.sell.id, say_quantity(m.quantity, decimals)] for m in result.matches[:40]]
    if rows:
        voice.table(Text("成交", "fills"), [Text("买单", "bid"), Text("卖单", "offer"), Text("数量", "quantity")], rows, right=(2,))
    if len(result.matches) > 40:
        voice.say(
            Text("另有 {n} 笔，用 --json 或 --out 取得全部。", "{n} more; --json or --out gives all.").fill(
                n=len(result.matches) - 40
            )
        )
    if out is not None:
        from ecocomp.io.files import write_bytes

        lines = ["order,quantity,price_yuan"]
        price = "" if result.price is None else f"{result.price // 100}.{result.price % 100:02d}"
        lines += [f"{_cell(o)},{say_quantity(q, decimals).replace(',', '')},{price}" for o, q in sorted(result.fills.items())]
        write_bytes(("\r\n".join(lines) + "\r\n").encode("utf-8-sig"), out)
        voice.say(Text("已写入 {p}。", "Wrote {p}.").fill(p=out))


def _cell(text: str) -> str:
    """Return a text as a CSV cell that no spreadsheet runs."""
    safe = f"'{text}" if text[:1] in "=+-@\t\r" else text
    return '"' + safe.replace('"', '""') + '"'


@credits.command(
    "book", help=t("连续竞价的行情；写文件则重放一份订单历史。", "The continuous book; with a file, replay a history of orders.")
)
@click.argument("what")
@click.option("--decimals", type=click.IntRange(0, 6), default=0, help=t("数量的小数位（文件）", "decimals of quantities (file)"))
@click.option(
    "--protection", default="0.10", show_default=True, help=t("市价单保护比例（文件）", "protection of market orders (file)")
)
@_reads
def credits_book(what: str, folder: Path | None, database: str | None, **kwargs: Any) -> None:
    """Show the book."""
    voice = voice_of(kwargs)
    if folder is None:
        _replay_file(voice, Path(what), kwargs)
        return
    from ecoweb.credits.queries import calls, depth

    with opened(folder, database) as office:
        rules = _rules_of(office, kwargs["folders"])
        inst = rules.instrument(what, office.today())
        levels, waiting = depth(office, what), calls(office, what)
    voice.data({"instrument": what, "decimals": inst.decimals, **levels, "calls": waiting})
    _say_depth(
        voice,
        [(x["price_fen"], x["quantity"], x["orders"]) for x in levels["buy"]],
        [(x["price_fen"], x["quantity"], x["orders"]) for x in levels["sell"]],
        inst.decimals,
    )
    for c in waiting:
        voice.say(Text("集合竞价 {c}：{n} 份密封订单。", "Call {c}: {n} sealed orders.").fill(c=c["call"], n=c["orders"]))


def _say_depth(voice: Voice, buys: list[tuple[int, int, int]], sells: list[tuple[int, int, int]], decimals: int) -> None:
    from ecocomp.credits.auction import SIDES
    from ecocomp.credits.instrument import say_quantity

    rows = [[SIDES["sell"].to(voice.lang), say_yuan(p), say_quantity(q, decimals), str(n)] for p, q, n in reversed(sells[:20])]
    rows += [[SIDES["buy"].to(voice.lang), say_yuan(p), say_quantity(q, decimals), str(n)] for p, q, n in buys[:20]]
    heads = [Text("方向", "side"), Text("价格（元）", "price (yuan)"), Text("数量", "quantity"), Text("订单", "orders")]
    voice.table(Text("行情", "book"), heads, rows, right=(1, 2, 3))


def _replay_file(voice: Voice, file: Path, kwargs: dict[str, Any]) -> None:
    from ecocomp.credits.auction import order_faults
    from ecocomp.credits.book import replay
    from ecocomp.credits.instrument import say_quantity
    from ecocomp.credits.orders import read_orders

    decimals = kwargs["decimals"]
    messages, faults = read_orders(file, decimals=decimals)
    faults += [f for m in messages if m.order is not None for f in order_faults([m.order], tick=10**decimals)]
    try:
        protection = Fraction(kwargs["protection"])
        if not 0 <= protection <= 1:
            raise ValueError
    except (ValueError, ZeroDivisionError):
        raise UsageError(Text("--protection 应在 0 与 1 之间。", "--protection must lie between 0 and 1.")) from None
    raise_errors(faults)
    book, fills, found = replay(messages, protection=protection, tick=10**decimals)
    raise_errors(found)
    data = {"buy": book.depth("buy"), "sell": book.depth("sell")}
    voice.data(
        {
            "decimals": decimals,
            **{s: [{"price_fen": p, "quantity": q, "orders": n} for p, q, n in levels] for s, levels in data.items()},
            "fills": [{"buy": f.buy, "sell": f.sell, "price_fen": f.price, "quantity": f.quantity} for f in fills],
            "faults": [f.as_json() for f in found],
        }
    )
    rows = [[f.buy, f.sell, say_yuan(f.price), say_quantity(f.quantity, decimals)] for f in fills[:40]]
    heads = [Text("买单", "bid"), Text("卖单", "offer"), Text("价格（元）", "price (yuan)"), Text("数量", "quantity")]
    voice.table(Text("成交 {n} 笔", "{n} trades").fill(n=len(fills)), heads, rows, right=(2, 3))
    _say_depth(voice, data["buy"], data["sell"], decimals)
    voice.faults([] if voice.as_json else found)


# ---------------------------------------------------------------- reading
@credits.command("list", help=t("谁持有什么；--requests 待批申请。", "Who holds what; --requests: transfers that wait."))
@click.option("--instrument", default="", help=t("凭证", "instrument"))
@click.option("--account", default="", help=t("账户", "account"))
@click.option("--requests", "waiting", is_flag=True, help=t("待批的转让申请", "transfers that wait for approval"))
@_reads
def credits_list(instrument: str, account: str, folder: Path | None, database: str | None, **kwargs: Any) -> None:
    """List holdings."""
    from ecocomp.credits.blocks import STATES
    from ecoweb.credits import queries

    voice = voice_of(kwargs)
    with opened(folder, database) as office:
        rules = _rules_of(office, kwargs["folders"])
        say = _sayer(rules, office)
        if kwargs["waiting"]:
            found = queries.requests(office)
            voice.data({"requests": found})
            heads = [
                Text("申请", "request"),
                Text("凭证", "instrument"),
                Text("转出", "from"),
                Text("转入", "to"),
                Text("数量", "quantity"),
                Text("经办", "asked by"),
            ]
            voice.table(
                Text("待批的转让", "transfers that wait"),
                heads,
                [
                    [r["request"], r["instrument"], r["from"], r["to"], say(r["instrument"], r["quantity"]), r["maker"]]
                    for r in found
                ],
                right=(4,),
            )
            return
        held, bound, sums = queries.holdings(office, instrument, account), queries.liens(office, account), queries.balances(office)
        voice.data({"holdings": held, "liens": bound, "balances": sums})
        heads = [
            Text("凭证", "instrument"),
            Text("账户", "account"),
            Text("状态", "state"),
            Text("年份", "vintage"),
            Text("数量", "quantity"),
        ]
        rows = [
            [
                h["instrument"],
                h["account"],
                STATES[h["state"]].to(voice.lang),
                str(h["vintage"]),
                say(h["instrument"], h["quantity"]),
            ]
            for h in held
        ]
        voice.table(Text("持有情况", "holdings"), heads, rows, right=(4,))
        if bound:
            heads = [
                Text("编号", "lien"),
                Text("凭证", "instrument"),
                Text("账户", "account"),
                Text("状态", "state"),
                Text("质权人", "creditor"),
                Text("数量", "quantity"),
            ]
            rows = [
                [
                    b["lien"],
                    b["instrument"],
                    b["account"],
                    STATES[b["state"]].to(voice.lang),
                    b["creditor"],
                    say(b["instrument"], b["quantity"]),
                ]
                for b in bound
            ]
            voice.table(Text("质押与冻结", "pledged and locked"), heads, rows, right=(5,))
        for s in sums:
            parts = " + ".join(f"{STATES[n].to(voice.lang)} {say(s['instrument'], s[n])}" for n in STATES if s[n])
            said = Text("{i}：签发与转入 {m} = {p}", "{i}: issued and imported {m} = {p}")
            voice.say(said.fill(i=s["instrument"], m=say(s["instrument"], s["minted"]), p=parts))


def _sayer(rules: Rules, office: Office) -> Any:
    def say(instrument: str, units: int) -> str:
        try:
            inst = rules.instrument(instrument, office.today())
        except UsageError:
            return f"{units:,}"
        return f"{inst.say(units)} {inst.unit}"

    return say


@credits.command(
    "show", help=t("一个编号在哪里、从哪里来、经过什么。", "Where a serial is, where it comes from, and what it went through.")
)
@click.argument("serial", metavar="INSTRUMENT:NUMBER")
@_reads
def credits_show(serial: str, folder: Path | None, database: str | None, **kwargs: Any) -> None:
    """Show a serial."""
    from ecocomp.credits.blocks import STATES
    from ecocomp.terms.faults import FaultsError
    from ecoweb.credits.queries import history, issue_of

    voice = voice_of(kwargs)
    instrument, _, number = serial.partition(":")
    if not (number.isascii() and number.isdigit() and len(number) < 18):
        raise UsageError(
            Text("编号写成 凭证:数字，例如 carbon_ticket:17。", "Write the serial as INSTRUMENT:NUMBER, e.g. carbon_ticket:17.")
        )
    with opened(folder, database) as office:
        found = history(office, instrument, int(number))
        if not found:
            clash = Text("没有这个编号。", "there is no such serial.")
            raise FaultsError(
                [Fault("credits.no_serial", "credit_block", serial, clash, Text("用 credits list 查看。", "See credits list."))]
            )
        origin = issue_of(office, found[-1]["issue"])
    voice.data({"serial": serial, "issue": origin, "history": found})
    said = Text("{s}：{i}，项目 {p}，期间 {a} 至 {b}，年份 {v}。", "{s}: {i}, project {p}, period {a} to {b}, vintage {v}.")
    voice.say(
        said.fill(
            s=serial,
            i=origin["issue_id"],
            p=origin["project_id"] or origin["foreign_ref"],
            a=origin["period_from"],
            b=origin["period_to"],
            v=origin["vintage"],
        )
    )
    for step, on, until, document, by in origin["steps"]:
        voice.say(f"  {step}: {on}{'–' + until if until else ''} {document} {by}")
    heads = [
        Text("事件", "event"),
        Text("日期", "day"),
        Text("操作", "act"),
        Text("经办", "by"),
        Text("状态", "state"),
        Text("账户", "account"),
        Text("用途", "purpose"),
        Text("受益人", "for"),
    ]
    rows = [
        [
            str(h["event"]),
            h["day"],
            h["act"],
            h["actor"],
            STATES[h["state"]].to(voice.lang),
            h["account"],
            h["purpose"],
            h["beneficiary"],
        ]
        for h in found
    ]
    voice.table(Text("经过", "history"), heads, rows)


@credits.command("statement", help=t("一个账户的往来。", "What happened to an account."))
@click.argument("account")
@click.option("--since", metavar="DATE", help=t("自哪天", "from this day"))
@click.option("--until", metavar="DATE", help=t("到哪天", "until this day"))
@_reads
def credits_statement(account: str, folder: Path | None, database: str | None, **kwargs: Any) -> None:
    """Show an account's statement."""
    from ecocomp.credits.blocks import STATES
    from ecocomp.credits.instrument import OPERATIONS
    from ecocomp.terms.faults import FaultsError
    from ecoweb.credits import queries

    acts = {**OPERATIONS, "approve": Text("批准转让", "approval of a transfer"), "withdraw": Text("撤回", "withdrawal")}
    voice = voice_of(kwargs)
    with opened(folder, database) as office:
        say = _sayer(_rules_of(office, kwargs["folders"]), office)
        row = queries.account_row(office, account)
        if not row:
            clash = Text("没有这个账户。", "there is no such account.")
            raise FaultsError(
                [Fault("credits.no_account", "credit_account", account, clash, Text("核对编码。", "Check the code."))]
            )
        found = queries.statement(office, account, day_of(kwargs["since"]), day_of(kwargs["until"]))
        voice.data({"account": account, "name": row["name"], "lines": found})
        heads = [
            Text("事件", "event"),
            Text("日期", "day"),
            Text("操作", "act"),
            Text("凭证", "instrument"),
            Text("状态", "state"),
            Text("增减", "change"),
            Text("余额", "balance"),
        ]
        rows = [
            [
                str(s["event"]),
                s["day"],
                acts.get(s["act"], Text(s["act"], s["act"])).to(voice.lang),
                s["instrument"],
                STATES[s["state"]].to(voice.lang),
                say(s["instrument"], s["change"]),
                say(s["instrument"], s["balance"]),
            ]
            for s in found
        ]
        voice.table(Text("{a}（{n}）", "{a} ({n})").fill(a=account, n=row["name"]), heads, rows, right=(5, 6))


@credits.command(
    "check", help=t("核对：守恒、编号、主张、订单、日志。", "Check conservation, serials, claims, orders and the log.")
)
@_reads
def credits_check(folder: Path | None, database: str | None, **kwargs: Any) -> None:
    """Check the whole."""
    from ecoweb.credits.queries import balances, check_credits

    voice = voice_of(kwargs)
    with opened(folder, database) as office:
        faults = check_credits(office, _rules_of(office, kwargs["folders"]))
        sums = balances(office)
    voice.data({"ok": not errors(faults), "balances": sums, "faults": [f.as_json() for f in faults]})
    if not errors(faults):
        voice.say(
            Text("{n} 种凭证，全部守恒，与日志一致。", "{n} instruments; all conserved, all as the log says.").fill(n=len(sums))
        )
    _end(voice, faults)


@credits.command(
    "proceeds",
    help=t("一年的出售收入，写成运行一年所用的 credit 表。", "A year's proceeds, as the table `credit` that a year's run takes."),
)
@click.argument("year", type=click.IntRange(1990, 2200))
@click.option("--out", type=Named(path_type=Path, dir_okay=False), help=t("写入 CSV", "write a CSV"))
@_reads
def credits_proceeds(year: int, folder: Path | None, database: str | None, **kwargs: Any) -> None:
    """Show proceeds."""
    from ecoweb.credits.queries import proceeds

    voice = voice_of(kwargs)
    target(kwargs["out"], folder)
    with opened(folder, database) as office:
        table, summary = proceeds(office, _rules_of(office, kwargs["folders"]), year)
    rows = table.to_pylist()
    voice.data({"year": year, "summary": summary, "credit": rows})
    heads = [
        Text("资金", "envelope"),
        Text("凭证", "instrument"),
        Text("来源", "source"),
        Text("笔数", "trades"),
        Text("净收入（元）", "net (yuan)"),
    ]
    voice.table(
        Text("{y} 年出售收入", "proceeds of {y}").fill(y=year),
        heads,
        [[s["envelope"], s["instrument"], s["fund_source"], str(s["trades"]), say_yuan(s["net_fen"])] for s in summary],
        right=(3, 4),
    )
    if kwargs["out"] is not None:
        from ecocomp.io.files import write_bytes

        lines = [",".join(table.schema.names)]
        lines += [",".join(_cell(v) if isinstance(v, str) else str(v) for v in r.values()) for r in rows]
        write_bytes(("\r\n".join(lines) + "\r\n").encode("utf-8"), kwargs["out"])
        voice.say(Text("已写入 {p}（{n} 行）。", "Wrote {p} ({n} rows).").fill(p=kwargs["out"], n=len(rows)))
