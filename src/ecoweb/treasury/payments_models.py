"""Tables of payments: what a bundle brought, payable rows with their sources, every move of a row, batches and their steps.

All of them only grow, except `pay_state`, which says where a row is now and follows its moves (`payments_guards`). Numbers
are given by the writer, who holds the one writer's lock; `change` is the number of the audited change that wrote a row.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q

from ecocomp.payments.flow import KINDS, STATES, STEPS
from ecoweb.records.models import day, text, whole


def _seq() -> Any:
    return models.BigAutoField(primary_key=True)


def _link(model: str, column: str) -> Any:
    return models.ForeignKey(model, models.PROTECT, db_column=column, related_name="+", db_index=False)


class PayIntake(models.Model):
    """A bundle that was taken in, by its root."""

    seq: Any = _seq()
    root: Any = text()
    bundle: Any = text()
    year: Any = whole()
    programme: Any = text()
    place: Any = text()
    added: Any = whole()
    cancelled: Any = whole()
    sum_fen: Any = whole()
    key: Any = text(null=True)
    change: Any = whole()

    class Meta:
        db_table = "pay_intake"
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["root", "programme"], name="pay_intake_root"),
            models.UniqueConstraint(fields=["key"], name="pay_intake_key"),
        ]


class PayFund(models.Model):
    """What an envelope brought into a year by a bundle: the last one counts."""

    seq: Any = _seq()
    intake: Any = whole()
    envelope_id: Any = text()
    year: Any = whole()
    opening_fen: Any = whole()
    granted_fen: Any = whole()
    lapsed_fen: Any = whole()
    name_zh: Any = text()
    name_en: Any = text()
    document: Any = text()
    change: Any = whole()

    class Meta:
        db_table = "pay_fund"
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["envelope_id", "year", "intake"], name="pay_fund_key"),
            models.CheckConstraint(condition=Q(granted_fen__gte=0, lapsed_fen__gte=0), name="pay_fund_range"),
        ]


class PayClaim(models.Model):
    """What is owed by key and how much of it is covered, by a bundle: the last one counts."""

    seq: Any = _seq()
    intake: Any = whole()
    holder_id: Any = text()
    parcel_id: Any = text()
    programme: Any = text()
    year: Any = whole()
    tranche: Any = text()
    entitlement_id: Any = text()
    entitled_fen: Any = whole()
    funded_fen: Any = whole()
    due_on: Any = day()
    change: Any = whole()

    class Meta:
        db_table = "pay_claim"
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["holder_id", "parcel_id", "programme", "year", "tranche", "intake"], name="pay_claim_key"
            ),
            models.CheckConstraint(condition=Q(entitled_fen__gte=F("funded_fen"), funded_fen__gte=0), name="pay_claim_covered"),
        ]


class PayRow(models.Model):
    """One payable row: what one payee is to get (or to give back) for one key; part 0 is the first, later parts correct it."""

    seq: Any = _seq()
    row_id: Any = text()
    kind: Any = text()
    holder_id: Any = text()
    payee_id: Any = text()
    parcel_id: Any = text()
    programme: Any = text()
    year: Any = whole()
    tranche: Any = text()
    part: Any = whole()
    amount_fen: Any = whole()
    region_code: Any = text()
    due_on: Any = day()
    intake: Any = whole()
    original: Any = whole(null=True)
    document: Any = text()
    change: Any = whole()

    class Meta:
        db_table = "pay_row"
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["holder_id", "parcel_id", "programme", "year", "tranche", "part"], name="pay_row_key"),
            models.UniqueConstraint(fields=["row_id"], name="pay_row_id"),
            models.UniqueConstraint(fields=["original"], condition=Q(kind="reissue"), name="pay_row_reissued_once"),
            models.CheckConstraint(condition=Q(kind__in=sorted(KINDS)), name="pay_row_kind"),
            models.CheckConstraint(
                condition=Q(kind="clawback", amount_fen__lt=0) | (~Q(kind="clawback") & Q(amount_fen__gt=0)), name="pay_row_sign"
            ),
            models.CheckConstraint(condition=Q(part=0, original=None) | Q(part__gt=0), name="pay_row_part"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["payee_id"], name="pay_row_payee"),
            models.Index(fields=["year", "programme"], name="pay_row_year"),
            models.Index(fields=["original"], name="pay_row_original", condition=Q(original__isnull=False)),
            models.Index(fields=["parcel_id"], name="pay_row_parcel"),
        ]


class PaySource(models.Model):
    """Which envelope gives how much to a row, and by which entitlement."""

    seq: Any = _seq()
    row: Any = _link("treasury.PayRow", "row")
    entitlement_id: Any = text()
    envelope_id: Any = text()
    amount_fen: Any = whole()

    class Meta:
        db_table = "pay_source"
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["row", "entitlement_id", "envelope_id"], name="pay_source_key"),
            models.CheckConstraint(condition=~Q(amount_fen=0), name="pay_source_some"),
        ]


class PayState(models.Model):
    """Where a row is now; it follows the moves, and nothing else can change it."""

    row: Any = models.OneToOneField(PayRow, models.PROTECT, primary_key=True, db_column="row", related_name="+")
    state: Any = text()
    reason: Any = text()
    n: Any = whole()
    batch: Any = whole(null=True)

    class Meta:
        db_table = "pay_state"
        constraints: ClassVar[list[Any]] = [models.CheckConstraint(condition=Q(state__in=sorted(STATES)), name="pay_state_code")]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["state", "reason"], name="pay_state_state"),
            models.Index(fields=["batch"], name="pay_state_batch", condition=Q(batch__isnull=False)),
        ]


class PayEvent(models.Model):
    """One move of a row from a state to another."""

    seq: Any = _seq()
    row: Any = _link("treasury.PayRow", "row")
    n: Any = whole()
    from_state: Any = text()
    to_state: Any = text()
    reason: Any = text()
    batch: Any = whole(null=True)
    note: Any = text()
    change: Any = whole()

    class Meta:
        db_table = "pay_event"
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["row", "n"], name="pay_event_key"),
            models.UniqueConstraint(fields=["row"], condition=Q(to_state="paid"), name="pay_event_paid_once"),
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["change"], name="pay_event_change")]


class PayNotice(models.Model):
    """A public notice of payable rows: its days and what it showed."""

    seq: Any = _seq()
    notice_id: Any = text()
    year: Any = whole()
    programme: Any = text()
    region_code: Any = text()
    opens: Any = day()
    closes: Any = day()
    through: Any = whole()
    rows: Any = whole()
    sum_fen: Any = whole()
    digest: Any = text()
    document: Any = text()
    change: Any = whole()

    class Meta:
        db_table = "pay_notice"
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["notice_id"], name="pay_notice_id"),
            models.CheckConstraint(condition=Q(closes__gte=F("opens")), name="pay_notice_days"),
        ]


class PayBatch(models.Model):
    """A batch as it was made: its content never changes."""

    seq: Any = _seq()
    batch_id: Any = text()
    region_code: Any = text()
    purpose: Any = text()
    made_on: Any = day()
    rows: Any = whole()
    lines: Any = whole()
    sum_fen: Any = whole()
    digest: Any = text()
    change: Any = whole()

    class Meta:
        db_table = "pay_batch"
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["batch_id"], name="pay_batch_id"),
            models.CheckConstraint(condition=Q(rows__gte=1, lines__gte=1, sum_fen__gte=1), name="pay_batch_some"),
        ]


class PayLine(models.Model):
    """One payee of a batch; `party_row` is the version of the party whose account is used."""

    seq: Any = _seq()
    batch: Any = _link("treasury.PayBatch", "batch")
    no: Any = whole()
    payee_id: Any = text()
    party_row: Any = whole()
    amount_fen: Any = whole()
    purpose: Any = text()

    class Meta:
        db_table = "pay_line"
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["batch", "no"], name="pay_line_key"),
            models.UniqueConstraint(fields=["batch", "payee_id"], name="pay_line_payee"),
            models.CheckConstraint(condition=Q(amount_fen__gte=1, no__gte=1), name="pay_line_some"),
        ]


class PaySlip(models.Model):
    """A row in a line of a batch."""

    seq: Any = _seq()
    batch: Any = whole()
    line: Any = whole()
    row: Any = _link("treasury.PayRow", "row")

    class Meta:
        db_table = "pay_slip"
        constraints: ClassVar[list[Any]] = [models.UniqueConstraint(fields=["batch", "row"], name="pay_slip_key")]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["batch", "line"], name="pay_slip_line")]


class PayStep(models.Model):
    """A step of a batch, the person who took it and whom they acted for."""

    seq: Any = _seq()
    batch: Any = _link("treasury.PayBatch", "batch")
    step: Any = text()
    role: Any = text()
    officer_id: Any = text()
    person_id: Any = text()
    for_person: Any = text()
    digest: Any = text()
    key: Any = text(null=True)
    note: Any = text()
    change: Any = whole()

    class Meta:
        db_table = "pay_step"
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["batch", "step"], name="pay_step_once"),
            models.UniqueConstraint(fields=["key"], name="pay_step_key"),
            models.CheckConstraint(condition=Q(step__in=sorted(STEPS)), name="pay_step_code"),
        ]


class PayFile(models.Model):
    """The bank file of a batch and its manifest."""

    seq: Any = _seq()
    batch: Any = _link("treasury.PayBatch", "batch")
    name: Any = text()
    encoding: Any = text()
    bytes: Any = whole()
    sha256: Any = text()
    lines: Any = whole()
    sum_fen: Any = whole()
    codes_sha256: Any = text()
    change: Any = whole()

    class Meta:
        db_table = "pay_file"
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["batch"], name="pay_file_batch"),
            models.UniqueConstraint(fields=["sha256"], name="pay_file_once"),
        ]


class PayCode(models.Model):
    """The code (HMAC) of a line of a bank file."""

    seq: Any = _seq()
    batch: Any = whole()
    no: Any = whole()
    code: Any = models.BinaryField()

    class Meta:
        db_table = "pay_code"
        constraints: ClassVar[list[Any]] = [models.UniqueConstraint(fields=["batch", "no"], name="pay_code_key")]


class PayReturn(models.Model):
    """A return of the bank, by its content."""

    seq: Any = _seq()
    batch: Any = _link("treasury.PayBatch", "batch")
    content: Any = text()
    name: Any = text()
    rows: Any = whole()
    posted: Any = whole()
    parked: Any = whole()
    officer_id: Any = text()
    person_id: Any = text()
    change: Any = whole()

    class Meta:
        db_table = "pay_return"
        constraints: ClassVar[list[Any]] = [models.UniqueConstraint(fields=["batch", "content"], name="pay_return_once")]


class PayResult(models.Model):
    """What the bank said of a line, as posted."""

    seq: Any = _seq()
    source: Any = text()
    batch: Any = whole()
    no: Any = whole()
    outcome: Any = text()
    amount_fen: Any = whole()
    reason: Any = text()
    reference: Any = text()
    booked_on: Any = text()
    change: Any = whole()

    class Meta:
        db_table = "pay_result"
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(condition=Q(outcome__in=["failed", "paid", "unknown"]), name="pay_result_code"),
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["batch", "no"], name="pay_result_line")]


class PayParked(models.Model):
    """A row of a return that was set aside, and why."""

    seq: Any = _seq()
    bank_return: Any = whole()
    place: Any = whole()
    batch: Any = text()
    no: Any = whole()
    amount_fen: Any = whole()
    outcome: Any = text()
    why: Any = text()
    change: Any = whole()

    class Meta:
        db_table = "pay_parked"
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["bank_return"], name="pay_parked_return")]


class PayDecision(models.Model):
    """What one person proposes and another confirms: an unknown result resolved, a claw-back netted, a hold waived."""

    seq: Any = _seq()
    kind: Any = text()
    subject: Any = text()
    outcome: Any = text()
    amount_fen: Any = whole()
    document: Any = text()
    officer_id: Any = text()
    person_id: Any = text()
    confirms: Any = whole(null=True)
    change: Any = whole()

    class Meta:
        db_table = "pay_decision"
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["confirms"], name="pay_decision_once"),
            models.CheckConstraint(condition=~Q(document=""), name="pay_decision_document"),
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["kind", "subject"], name="pay_decision_subject")]


TABLES = (
    "pay_intake", "pay_fund", "pay_claim", "pay_row", "pay_source", "pay_event", "pay_notice", "pay_batch", "pay_line", "pay_slip",
    "pay_step", "pay_file", "pay_code", "pay_return", "pay_result", "pay_parked", "pay_decision",
)  # fmt: skip
"""The tables that only grow."""
