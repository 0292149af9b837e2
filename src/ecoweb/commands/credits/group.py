"""What the commands of `ecocomp credits` share: the group, their options, an act from opening the office to what came of it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ecocomp.cli.options import common, day_of, t, voice_of
from ecocomp.cli.say import Voice
from ecocomp.terms.faults import Fault, FaultsError, UsageError, errors
from ecocomp.terms.money import MOST_WRITTEN_FEN, fen_of_option, say_yuan
from ecocomp.terms.text import Text
from ecoweb.commands.base import act_options, actor_of, office_options, opened

if TYPE_CHECKING:
    from ecocomp.credits.instrument import Instrument
    from ecocomp.credits.issuing import Event
    from ecocomp.rules import RuleBook
    from ecoweb.credits.desk import Done, Rules
    from ecoweb.office import Office

PATH = click.Path(path_type=Path)
RULES = click.option("--rules", "folders", multiple=True, type=PATH, help=t("另加的规则目录", "a further folder of rules"))
STEP = click.option(
    "--step",
    "steps",
    multiple=True,
    metavar="STEP=DATE[..DATE],DOC[,BY]",
    help=t("已完成的程序，可多次写", "evidence of a step; may be given several times"),
)
DAY = click.option("--on", metavar="DATE", help=t("办理日，缺省为今天", "the day of the act, default today"))
DOCUMENT = click.option("--document", default="", help=t("文号", "document"))
QUANTITY = click.option("--quantity", required=True, help=t("数量（凭证单位）", "quantity in units of the instrument"))
_KEY = click.option("--key", default="", help=t("幂等键：同一键只办一次", "idempotency key: done once under one key"))
_SOME = click.option("--quantity", help=t("数量（凭证单位）", "quantity in units of the instrument"))
_SERIALS = click.option("--serials", multiple=True, metavar="1-20", help=t("指定编号", "take these serials"))


@click.group(
    help=t("生态权益：项目、签发、转让、质押、注销和交易。", "Eco-credits: projects, issue, transfer, pledge, retirement, market.")
)
@click.option("--lang", type=click.Choice(["zh", "en"]), help=t("语言", "language"))
def credits(lang: str | None) -> None:
    """The group; the language is read before parsing."""


def writes(command: Any) -> Any:
    """Add what every act takes."""
    for option in (common, act_options, _KEY, RULES, office_options):
        command = option(command)
    return command


def reads(command: Any) -> Any:
    """Add what every question takes."""
    for option in (common, RULES, office_options):
        command = option(command)
    return command


def from_account(command: Any) -> Any:
    """Add what every act takes that moves units out of an account: instrument, account, how many or which."""
    for option in (writes, _SERIALS, _SOME, click.argument("account"), click.argument("instrument")):
        command = option(command)
    return command


def some(command: Any) -> Any:
    """Add a quantity that may be left out."""
    return _SOME(command)


def serials_option(command: Any) -> Any:
    """Add named serials."""
    return _SERIALS(command)


# ---------------------------------------------------------------- an act
@dataclass(frozen=True)
class Bench:
    """An open office with its rules, and who acts.

    who    actor and reason; keyed: these and the idempotency key; dated: these and the day it counts for
    """

    office: Office
    rules: Rules
    who: dict[str, Any]
    key: str
    day: date | None

    @property
    def keyed(self) -> dict[str, Any]:
        """What an act takes that is done today."""
        return {**self.who, "key": self.key}

    @property
    def dated(self) -> dict[str, Any]:
        """What an act takes that may count for an earlier day."""
        return {**self.keyed, "day": self.day}


def bench(office: Office, kwargs: dict[str, Any]) -> Bench:
    """Return an office at work, by the options of a command."""
    who = {"actor": actor_of(kwargs["actor"]), "reason": kwargs["reason"] or "credits"}
    return Bench(office, rules_of(office, kwargs["folders"]), who, kwargs["key"], day_of(kwargs.get("on")))


def acted(kwargs: dict[str, Any], title: Text, do: Callable[[Bench], Done]) -> None:
    """Open the office, do an act on units, and say what came of it."""
    voice = voice_of(kwargs)
    with opened(kwargs["folder"], kwargs["database"]) as office:
        here = bench(office, kwargs)
        done = do(here)
        inst = instrument_or_none(here.rules, office, done.instrument)
    say_done(voice, done, title, inst)


def instrument_or_none(rules: Rules, office: Office, id: str) -> Instrument | None:
    """Return an instrument as it holds today; None if it holds no more or has faults: what was done is still said."""
    try:
        return rules.instrument(id, office.today()) if id else None
    except (UsageError, FaultsError):
        return None


# ---------------------------------------------------------------- options read
def rules_of(office: Office, folders: tuple[Path, ...]) -> Rules:
    """Return the instruments of an office, with further folders of rules."""
    from ecoweb.credits.desk import Rules

    return Rules(office, _folders(folders))


def shipped_rules(folders: tuple[Path, ...]) -> RuleBook:
    """Return the rules that ship, with further folders, for what is asked without an office."""
    from ecocomp.rules import RuleBook, policy_folder

    return RuleBook.load([policy_folder(), *_folders(folders)])


def _folders(folders: tuple[Path, ...]) -> list[Path]:
    missing = [str(f) for f in folders if not f.is_dir()]
    if missing:
        raise UsageError(Text("没有规则目录：{m}。", "There is no folder of rules: {m}.").fill(m=", ".join(missing)))
    return list(folders)


def steps_of(kwargs: dict[str, Any]) -> list[Event]:
    """Return the evidence of `--step`."""
    from ecocomp.credits.issuing import parse_event

    return [parse_event(s) for s in kwargs["steps"]]


def day_given(text: str | None, name: str) -> date:
    """Return a day that must be given."""
    day = day_of(text)
    if day is None:
        raise UsageError(Text("请写明 {n}。", "Give {n}.").fill(n=name))
    return day


def period_of(kwargs: dict[str, Any]) -> tuple[date, date]:
    """Return the period of `--from` and `--until`."""
    return day_given(kwargs["since"], "--from"), day_given(kwargs["until"], "--until")


def serials_of(kwargs: dict[str, Any]) -> list[tuple[int, int]]:
    """Return the ranges of `--serials`; a quantity or serials must be given."""
    from ecoweb.credits.units import parse_serials

    if kwargs["quantity"] is None and not kwargs["serials"]:
        raise UsageError(Text("请用 --quantity 写数量，或用 --serials 写编号。", "Give --quantity, or --serials."))
    return parse_serials(kwargs["serials"])


def fen_of(text: str, name: str, *, signed: bool = False) -> int:
    """Return an amount written in yuan, in fen: zero or more, or (`signed`) less."""
    return fen_of_option(text, name, least=-MOST_WRITTEN_FEN if signed else 0)


# ---------------------------------------------------------------- said
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


def say_done(voice: Voice, done: Done, title: Text, inst: Instrument | None) -> None:
    """Say what came of an act; quantities in units of its instrument."""
    decimals = inst.decimals if inst else None
    voice.data({"event": done.event, "change": done.change, "again": done.again, "decimals": decimals, **done.found})
    rows = [
        [_LABELS[name].to(voice.lang), _said(voice, name, value, inst)]
        for name, value in done.found.items()
        if name in _LABELS and value not in (None, "") and not isinstance(value, dict | list)
    ]
    voice.table(title, [Text("项目", "what"), Text("内容", "value")], rows)
    if done.found.get("why"):
        voice.say(Text(done.found["why"]["zh"], done.found["why"]["en"]))
    if done.again:
        voice.say(Text("这个键已经办过，没有重复办理。", "It was done before under this key; nothing was done again."))


def _said(voice: Voice, name: str, value: Any, inst: Instrument | None) -> str:
    if name in _UNITS and inst is not None and isinstance(value, int):
        return f"{inst.say(value)} {inst.unit}"
    if name.endswith("_fen") or name == "price":
        return say_yuan(int(value))
    if isinstance(value, bool):
        return (Text("是", "yes") if value else Text("否", "no")).to(voice.lang)
    return str(value)


def sayer(rules: Rules, office: Office) -> Callable[[str, int], str]:
    """Return how smallest units of an instrument are said; bare where it has no rules any more."""

    def say(instrument: str, units: int) -> str:
        inst = instrument_or_none(rules, office, instrument)
        return f"{units:,}" if inst is None else f"{inst.say(units)} {inst.unit}"

    return say


def csv_cell(text: str) -> str:
    """Return a text as a CSV cell that no spreadsheet runs."""
    safe = f"'{text}" if text[:1] in "=+-@\t\r" else text
    return '"' + safe.replace('"', '""') + '"'


def write_lines(lines: Sequence[str], path: Path, *, mark: bool) -> None:
    """Write the lines of a CSV, whole or not at all; with a byte-order mark where a spreadsheet is to open it."""
    from ecocomp.io.files import write_bytes

    write_bytes(("\r\n".join(lines) + "\r\n").encode("utf-8-sig" if mark else "utf-8"), path)


def ended(voice: Voice, faults: list[Fault]) -> None:
    """Show faults and end with 1 if one of them is an error."""
    voice.faults([] if voice.as_json else faults)
    if errors(faults):
        sys.exit(1)
