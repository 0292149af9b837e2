"""Tables of eco-credits: registers of accounts and projects, and the append-only book of units.

Units: an event is what was done; an issue makes serial numbers; a block says where serials lie and is ended, never
changed; trades and orders are what the market did. `credit_balance` carries the conservation identity: triggers keep it
from the blocks, and its gap must be zero whenever a transaction ends (a deferred reference to the one row of `credit_zero`).
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q

from ecocomp.credits.blocks import STATES
from ecoweb.records.fields import MomentField
from ecoweb.records.models import Change, Version, constraints_of, day, indexes_of, text, whole


class CreditAccount(Version):
    """An account: whose it is, in which role, and which envelope its sales pay into."""

    register = "credit_account"
    account_id = text()
    party_id = text()
    name = text()
    kind = text()
    role = text()
    region_code = text()
    sector = text(null=True)
    envelope = text(null=True)
    document = text()

    class Meta:
        db_table = "credit_account"
        constraints: ClassVar[list[Any]] = constraints_of("credit_account")
        indexes: ClassVar[list[models.Index]] = indexes_of("credit_account", "party_id")


class CreditTrust(Version):
    """A counterparty that an account trusts."""

    register = "credit_trust"
    account_id = text()
    counterparty_id = text()
    document = text()

    class Meta:
        db_table = "credit_trust"
        constraints: ClassVar[list[Any]] = constraints_of("credit_trust")
        indexes: ClassVar[list[models.Index]] = indexes_of("credit_trust")


class CreditProject(Version):
    """A project; it holds during its crediting period."""

    register = "credit_project"
    project_id = text()
    instrument = text()
    benefit = text()
    title = text()
    account_id = text()
    region_code = text()
    methodology = text(null=True)
    quality = text(null=True)
    document = text()

    class Meta:
        db_table = "credit_project"
        constraints: ClassVar[list[Any]] = constraints_of("credit_project")
        indexes: ClassVar[list[models.Index]] = indexes_of("credit_project", "account_id")


class CreditGround(Version):
    """A share of a parcel that a project claims for its benefit while the row holds."""

    register = "credit_ground"
    project_id = text()
    parcel_id = text()
    share_num = whole()
    share_den = whole()

    class Meta:
        db_table = "credit_ground"
        constraints: ClassVar[list[Any]] = constraints_of("credit_ground")
        indexes: ClassVar[list[models.Index]] = indexes_of("credit_ground", "parcel_id")


class CreditDuty(Version):
    """What an account must surrender in a year, or needs for itself."""

    register = "credit_duty"
    account_id = text()
    instrument = text()
    period = text()
    due = whole()
    document = text()

    class Meta:
        db_table = "credit_duty"
        constraints: ClassVar[list[Any]] = constraints_of("credit_duty")
        indexes: ClassVar[list[models.Index]] = indexes_of("credit_duty")


class Event(models.Model):
    """One operation, with the key that makes it happen once and what it was asked and found (JSON)."""

    seq: Any = models.BigAutoField(primary_key=True)
    key: Any = models.TextField(unique=True)
    digest: Any = models.TextField(help_text="SHA-256 of what was asked")
    change: Any = models.ForeignKey(Change, models.PROTECT, related_name="+")
    at: Any = MomentField()
    day: Any = day()
    act: Any = models.TextField()
    actor: Any = models.TextField()
    instrument: Any = models.TextField()
    body: Any = models.TextField()

    class Meta:
        db_table = "credit_event"
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["instrument", "act"], name="credit_event_act")]


class Issue(models.Model):
    """Serial numbers made: issued on a project's result, or imported from another registry."""

    seq: Any = models.BigAutoField(primary_key=True)
    issue_id: Any = models.TextField(unique=True)
    instrument: Any = models.TextField()
    kind: Any = models.TextField()
    project_id: Any = models.TextField()
    first: Any = whole()
    last: Any = whole()
    vintage: Any = whole()
    period_from: Any = day()
    period_to: Any = day()
    expires_on: Any = day(null=True)
    quality: Any = models.TextField()
    region_code: Any = models.TextField()
    foreign_ref: Any = models.TextField(null=True, unique=True)
    event: Any = models.ForeignKey(Event, models.PROTECT, related_name="+")

    class Meta:
        db_table = "credit_issue"
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(condition=Q(first__gte=1, last__gte=F("first")), name="credit_issue_serials"),
            models.CheckConstraint(condition=Q(period_to__gt=F("period_from")), name="credit_issue_period"),
            models.CheckConstraint(condition=Q(kind__in=["imported", "issued"]), name="credit_issue_kind"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["project_id"], name="credit_issue_project"),
            models.Index(fields=["instrument", "last"], name="credit_issue_last"),
        ]


class Block(models.Model):
    """Serials of one issue in one state (`ecocomp.credits.blocks.Block`); open while `ended_by` is empty."""

    seq: Any = models.BigAutoField(primary_key=True)
    instrument: Any = models.TextField()
    issue: Any = models.ForeignKey(Issue, models.PROTECT, related_name="+", to_field="issue_id")
    first: Any = whole()
    last: Any = whole()
    state: Any = models.TextField()
    account: Any = models.TextField()
    lien: Any = models.TextField()
    purpose: Any = models.TextField()
    beneficiary: Any = models.TextField()
    period: Any = models.TextField()
    made_by: Any = models.ForeignKey(Event, models.PROTECT, related_name="+")
    ended_by: Any = models.ForeignKey(Event, models.PROTECT, related_name="+", null=True)

    class Meta:
        db_table = "credit_block"
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(condition=Q(first__gte=1, last__gte=F("first")), name="credit_block_serials"),
            models.CheckConstraint(condition=Q(state__in=sorted(STATES)), name="credit_block_state"),
            models.CheckConstraint(
                condition=Q(ended_by=None) | ~Q(state__in=["cancelled", "exported", "retired"]), name="credit_block_terminal"
            ),
            models.CheckConstraint(
                condition=~Q(state="retired") | (~Q(purpose="") & ~Q(beneficiary="")), name="credit_block_retired"
            ),
            models.CheckConstraint(condition=~Q(state__in=["locked", "pledged"]) | ~Q(lien=""), name="credit_block_lien"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["instrument", "last"], name="credit_block_open", condition=Q(ended_by=None)),
            models.Index(fields=["account", "instrument", "state"], name="credit_block_account", condition=Q(ended_by=None)),
            models.Index(fields=["lien"], name="credit_block_lien_open", condition=Q(ended_by=None) & ~Q(lien="")),
        ]


class Order(models.Model):
    """A bid or an offer; only what is open of it ever falls."""

    seq: Any = models.BigAutoField(primary_key=True)
    order_id: Any = models.TextField(unique=True)
    market: Any = models.TextField(help_text="book, or call:<name>")
    instrument: Any = models.TextField()
    account: Any = models.TextField()
    side: Any = models.TextField()
    quantity: Any = whole()
    price: Any = whole(null=True)
    open: Any = whole()
    event: Any = models.ForeignKey(Event, models.PROTECT, related_name="+")

    class Meta:
        db_table = "credit_order"
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(condition=Q(side__in=["buy", "sell"]), name="credit_order_side"),
            models.CheckConstraint(
                condition=Q(quantity__gte=1, open__gte=0, open__lte=F("quantity")), name="credit_order_quantity"
            ),
            models.CheckConstraint(condition=Q(price__gte=1) | Q(price=None), name="credit_order_price"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["instrument", "market"], name="credit_order_open", condition=Q(open__gt=0)),
            models.Index(fields=["account"], name="credit_order_account", condition=Q(open__gt=0)),
        ]


class Trade(models.Model):
    """Units that changed hands against money."""

    seq: Any = models.BigAutoField(primary_key=True)
    event: Any = models.ForeignKey(Event, models.PROTECT, related_name="+")
    place: Any = models.TextField(help_text="deal, auction or book")
    instrument: Any = models.TextField()
    day: Any = day()
    buyer: Any = models.TextField()
    seller: Any = models.TextField()
    quantity: Any = whole()
    amount_fen: Any = whole()
    buyer_fee_fen: Any = whole()
    seller_fee_fen: Any = whole()
    serials: Any = models.TextField()
    buy_order: Any = models.TextField()
    sell_order: Any = models.TextField()
    envelope: Any = models.TextField()
    receipt: Any = models.TextField()

    class Meta:
        db_table = "credit_trade"
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=Q(quantity__gte=1, amount_fen__gte=0, buyer_fee_fen__gte=0, seller_fee_fen__gte=0),
                name="credit_trade_figures",
            ),
            models.CheckConstraint(condition=~Q(buyer=F("seller")), name="credit_trade_two_sides"),
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["instrument", "day"], name="credit_trade_day")]


class Zero(models.Model):
    """The one row that every gap must refer to when a transaction ends."""

    n: Any = models.BigIntegerField(primary_key=True)

    class Meta:
        db_table = "credit_zero"
        constraints: ClassVar[list[Any]] = [models.CheckConstraint(condition=Q(n=0), name="credit_zero_only")]


class Balance(models.Model):
    """Smallest units of an instrument: what was made, and how much lies in each state; kept by triggers."""

    instrument: Any = models.TextField(primary_key=True)
    minted: Any = models.BigIntegerField()
    held: Any = models.BigIntegerField()
    pledged: Any = models.BigIntegerField()
    locked: Any = models.BigIntegerField()
    retired: Any = models.BigIntegerField()
    cancelled: Any = models.BigIntegerField()
    exported: Any = models.BigIntegerField()
    buffer: Any = models.BigIntegerField()
    gap: Any = models.ForeignKey(Zero, models.PROTECT, related_name="+", db_column="gap", db_index=False)

    class Meta:
        db_table = "credit_balance"
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(condition=Q(**{f"{name}__gte": 0}), name=f"credit_balance_{name}")
            for name in ("minted", *sorted(STATES))
        ]
