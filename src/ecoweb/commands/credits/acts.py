"""Commands that make, move, bind and end units."""

from __future__ import annotations

from typing import Any

import click

from ecocomp.cli.options import t
from ecocomp.terms.text import Text
from ecoweb.commands.credits.group import (
    DAY,
    DOCUMENT,
    QUANTITY,
    STEP,
    acted,
    credits,
    fen_of,
    from_account,
    period_of,
    serials_of,
    serials_option,
    some,
    steps_of,
    writes,
)

_PERIOD_FROM = click.option("--from", "since", metavar="DATE", required=True, help=t("期间起日", "first day of the period"))
_PERIOD_TO = click.option("--until", metavar="DATE", required=True, help=t("期间止日（不含）", "end of the period (not included)"))
_QUALITY = click.option("--quality", default="", help=t("质量等级", "grade of quality"))


# ---------------------------------------------------------------- made
@credits.command("issue", help=t("签发一个监测期的数量。", "Issue the units of a monitoring period."))
@click.argument("project")
@_PERIOD_FROM
@_PERIOD_TO
@QUANTITY
@click.option("--account", default="", help=t("入账账户，缺省为业主", "account that gets them, default the owner's"))
@_QUALITY
@STEP
@DAY
@writes
def credits_issue(project: str, **kwargs: Any) -> None:
    """Issue units."""
    from ecoweb.credits.operations import issue

    period, steps = period_of(kwargs), steps_of(kwargs)
    more: dict[str, Any] = {"account": kwargs["account"], "quality": kwargs["quality"]}
    acted(
        kwargs,
        Text("已签发", "issued"),
        lambda b: issue(b.office, b.rules, project, period, kwargs["quantity"], steps, **more | b.dated),
    )


@credits.command("import", help=t("从其他登记机构转入。", "Take units over from another registry."))
@click.argument("instrument")
@click.argument("account")
@QUANTITY
@click.option("--reference", default="", help=t("原登记号", "reference of the other registry"))
@_PERIOD_FROM
@_PERIOD_TO
@_QUALITY
@writes
def credits_import(instrument: str, account: str, **kwargs: Any) -> None:
    """Import units."""
    from ecoweb.credits.operations import import_units

    period = period_of(kwargs)
    what = (instrument, account, kwargs["quantity"], kwargs["reference"], period)
    acted(
        kwargs,
        Text("已转入", "imported"),
        lambda b: import_units(b.office, b.rules, *what, quality=kwargs["quality"], region=b.office.region_code, **b.keyed),
    )


# ---------------------------------------------------------------- moved
@credits.command(
    "transfer",
    help=t(
        "申请转让（带金额即协议成交）；由另一人批准。", "Ask for a transfer (with an amount: a deal); another person approves it."
    ),
)
@click.argument("instrument")
@click.argument("giver")
@click.argument("taker")
@some
@serials_option
@click.option("--amount", help=t("成交金额（元）", "amount paid (yuan)"))
@click.option("--receipt", default="", help=t("银行回单号（场外付款）", "bank receipt of a payment made outside"))
@STEP
@DAY
@writes
def credits_transfer(instrument: str, giver: str, taker: str, **kwargs: Any) -> None:
    """Ask for a transfer."""
    from ecoweb.credits.operations import request_transfer

    more: dict[str, Any] = {
        "serials": serials_of(kwargs),
        "steps": steps_of(kwargs),
        "amount_fen": fen_of(kwargs["amount"], "--amount") if kwargs["amount"] else None,
        "receipt": kwargs["receipt"],
    }
    what = (instrument, giver, taker, kwargs["quantity"])
    acted(
        kwargs,
        Text("转让申请", "transfer asked for"),
        lambda b: request_transfer(b.office, b.rules, *what, **more | b.dated),
    )


@credits.command("approve", help=t("批准转让申请（须为另一人）。", "Approve a transfer (another person than asked for it)."))
@click.argument("request")
@writes
def credits_approve(request: str, **kwargs: Any) -> None:
    """Approve a transfer."""
    from ecoweb.credits.operations import approve_transfer

    acted(kwargs, Text("已批准", "approved"), lambda b: approve_transfer(b.office, b.rules, request, **b.keyed))


@credits.command("withdraw", help=t("撤回或驳回转让申请。", "Withdraw or refuse a transfer."))
@click.argument("request")
@writes
def credits_withdraw(request: str, **kwargs: Any) -> None:
    """Withdraw a transfer."""
    from ecoweb.credits.operations import withdraw_transfer

    acted(kwargs, Text("已撤回", "withdrawn"), lambda b: withdraw_transfer(b.office, b.rules, request, **b.keyed))


# ---------------------------------------------------------------- bound
@credits.command("pledge", help=t("质押；质押期间不得转移。", "Pledge units; they cannot move."))
@click.option("--creditor", default="", help=t("质权人", "creditor"))
@DOCUMENT
@DAY
@from_account
def credits_pledge(instrument: str, account: str, **kwargs: Any) -> None:
    """Pledge units."""
    from ecoweb.credits.operations import pledge

    serials = serials_of(kwargs)
    what = (instrument, account, kwargs["quantity"], kwargs["creditor"], kwargs["document"])
    acted(kwargs, Text("已质押", "pledged"), lambda b: pledge(b.office, b.rules, *what, serials=serials, **b.dated))


@credits.command("lock", help=t("依法冻结。", "Lock units on the paper of a court or authority."))
@DOCUMENT
@from_account
def credits_lock(instrument: str, account: str, **kwargs: Any) -> None:
    """Freeze units."""
    from ecoweb.credits.operations import freeze

    serials, what = serials_of(kwargs), (instrument, account, kwargs["quantity"], kwargs["document"])
    acted(kwargs, Text("已冻结", "locked"), lambda b: freeze(b.office, b.rules, *what, serials=serials, **b.keyed))


@credits.command("release", help=t("解除质押或冻结，可部分解除。", "Release a pledge or a freeze, whole or in part."))
@click.argument("lien")
@some
@DOCUMENT
@writes
def credits_release(lien: str, **kwargs: Any) -> None:
    """Release a pledge."""
    from ecoweb.credits.operations import release

    quantity, document = kwargs["quantity"], kwargs["document"]
    acted(kwargs, Text("已解除", "released"), lambda b: release(b.office, b.rules, lien, document, quantity=quantity, **b.keyed))


# ---------------------------------------------------------------- come to rest
@credits.command("retire", help=t("注销使用（终局），写明用途和受益人。", "Retire for good, with purpose and beneficiary."))
@click.option("--purpose", required=True, help=t("用途", "purpose"))
@click.option("--beneficiary", default="", help=t("受益人", "on whose behalf"))
@click.option("--period", default="", help=t("清缴年度", "year a surrender settles"))
@click.option("--need", help=t("所占数量（须相符的指标）", "what is taken, of a quota that must match"))
@click.option("--need-quality", default="", help=t("所占质量等级", "grade of quality of what is taken"))
@STEP
@DAY
@from_account
def credits_retire(instrument: str, account: str, **kwargs: Any) -> None:
    """Retire units."""
    from ecoweb.credits.operations import retire

    more: dict[str, Any] = {k: kwargs[k] for k in ("period", "need", "need_quality")}
    more |= {"serials": serials_of(kwargs), "steps": steps_of(kwargs)}
    what = (instrument, account, kwargs["quantity"], kwargs["purpose"], kwargs["beneficiary"])
    acted(kwargs, Text("已注销使用", "retired"), lambda b: retire(b.office, b.rules, *what, **more | b.dated))


@credits.command("cancel", help=t("作废（终局）。", "Cancel for good."))
@click.option("--purpose", default="", help=t("原因；make_good 为补足逆转", "why; make_good makes a reversal good"))
@click.option("--project", default="", help=t("补足哪个项目的逆转", "project whose reversal is made good"))
@from_account
def credits_cancel(instrument: str, account: str, **kwargs: Any) -> None:
    """Cancel units."""
    from ecoweb.credits.operations import cancel

    more: dict[str, Any] = {"serials": serials_of(kwargs), "project": kwargs["project"]}
    what = (instrument, account, kwargs["quantity"], kwargs["purpose"])
    acted(kwargs, Text("已作废", "cancelled"), lambda b: cancel(b.office, b.rules, *what, **more | b.keyed))


@credits.command("export", help=t("转出到其他登记机构。", "Give units over to another registry."))
@click.option("--registry", default="", help=t("转入的登记机构", "the other registry"))
@from_account
def credits_export(instrument: str, account: str, **kwargs: Any) -> None:
    """Export units."""
    from ecoweb.credits.operations import export

    serials, what = serials_of(kwargs), (instrument, account, kwargs["quantity"], kwargs["registry"])
    acted(kwargs, Text("已转出", "exported"), lambda b: export(b.office, b.rules, *what, serials=serials, **b.keyed))


@credits.command(
    "reverse", help=t("逆转：损失由缓冲承担，不足部分列明。", "Reversal: the loss is borne by the buffer; what it lacks is stated.")
)
@click.argument("project")
@QUANTITY
@click.option("--event", default="", help=t("损失事件", "what happened"))
@DOCUMENT
@DAY
@writes
def credits_reverse(project: str, **kwargs: Any) -> None:
    """Reverse units."""
    from ecoweb.credits.operations import reverse

    what = (project, kwargs["quantity"], kwargs["event"], kwargs["document"])
    acted(kwargs, Text("逆转", "reversal"), lambda b: reverse(b.office, b.rules, *what, **b.dated))


@credits.command("unbuffer", help=t("期满后返还缓冲。", "Give the buffer back when the crediting period is over."))
@click.argument("project")
@some
@DOCUMENT
@writes
def credits_unbuffer(project: str, **kwargs: Any) -> None:
    """Give the buffer back."""
    from ecoweb.credits.operations import unbuffer

    what = (project, kwargs["quantity"], kwargs["document"])
    acted(kwargs, Text("缓冲已返还", "buffer given back"), lambda b: unbuffer(b.office, b.rules, *what, **b.keyed))
