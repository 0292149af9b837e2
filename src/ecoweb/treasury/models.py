"""Models of the ledger's tables, for reading them with Django; they are made and guarded by `treasury.schema`.

What the database refuses, and why a balance can be changed only by a journal, is said there.
"""

from __future__ import annotations

from typing import Any

from django.db import models

from ecoweb.records.models import Change


def _whole(null: bool = False) -> Any:
    return models.BigIntegerField(null=null)


def _change() -> Any:
    return models.ForeignKey(Change, models.DO_NOTHING, related_name="+", db_index=False)


class Envelope(models.Model):
    """One ring-fenced sum of money, and what its accounts gave to and took from accounts of no envelope."""

    number: Any = models.BigIntegerField(primary_key=True)
    name: Any = models.TextField(unique=True)
    debits: Any = _whole()
    credits: Any = _whole()

    class Meta:
        db_table = "ledger_envelope"


class Account(models.Model):
    """One named pot of money."""

    number: Any = models.BigIntegerField(primary_key=True)
    code: Any = models.BigIntegerField(unique=True)
    name: Any = models.TextField(unique=True)
    family: Any = _whole()
    envelope: Any = models.ForeignKey(Envelope, models.DO_NOTHING, related_name="+", null=True, db_index=False)
    side: Any = _whole()
    floor_fen: Any = _whole(null=True)
    change: Any = _change()
    ready: Any = _whole()

    class Meta:
        db_table = "ledger_account"


class Balance(models.Model):
    """What an account stands at, and its limits; changed by the database itself, never by a writer."""

    account: Any = models.BigIntegerField(primary_key=True)
    debit_posted: Any = _whole()
    credit_posted: Any = _whole()
    debit_pending: Any = _whole()
    credit_pending: Any = _whole()
    side: Any = _whole()
    floor_fen: Any = _whole(null=True)
    ceiling_fen: Any = _whole(null=True)
    is_open: Any = _whole()
    last_journal: Any = _whole()

    class Meta:
        db_table = "ledger_balance"


class Rule(models.Model):
    """New limits of an account, or that it was closed or opened again."""

    seq: Any = models.BigIntegerField(primary_key=True)
    account: Any = _whole()
    floor_fen: Any = _whole(null=True)
    ceiling_fen: Any = _whole(null=True)
    is_open: Any = _whole()
    change: Any = _change()

    class Meta:
        db_table = "ledger_rule"


class Journal(models.Model):
    """One occasion on which money moved: its transfers, their fingerprint, and the fingerprint of all journals before."""

    seq: Any = models.BigIntegerField(primary_key=True)
    key: Any = models.TextField(unique=True)
    book_on: Any = models.DateField()
    memo: Any = models.TextField()
    reverses: Any = models.OneToOneField("self", models.DO_NOTHING, related_name="+", null=True)
    first_id: Any = _whole()
    lines: Any = _whole()
    amount_fen: Any = _whole()
    pending: Any = _whole()
    settling: Any = _whole()
    crossing: Any = _whole()
    content: Any = models.TextField()
    prev_hash: Any = models.TextField()
    hash: Any = models.TextField(unique=True)
    change: Any = _change()
    sealed: Any = _whole()

    class Meta:
        db_table = "ledger_journal"


class Open(models.Model):
    """The journal that is being written; empty between transactions."""

    journal: Any = models.BigIntegerField(primary_key=True)
    first_id: Any = _whole()

    class Meta:
        db_table = "ledger_open"


class Transfer(models.Model):
    """One amount from the credit account to the debit account."""

    id: Any = models.BigIntegerField(primary_key=True)
    journal_id: Any = _whole()
    debit: Any = _whole()
    credit: Any = _whole()
    amount_fen: Any = _whole()
    kind: Any = models.TextField()
    reference: Any = models.TextField()
    phase: Any = _whole()
    settles_id: Any = _whole(null=True)
    released_fen: Any = _whole(null=True)

    class Meta:
        db_table = "ledger_transfer"


class Mark(models.Model):
    """Eight bytes for each transfer of a journal, by which a changed one is found."""

    journal_id: Any = models.BigIntegerField(primary_key=True)
    marks: Any = models.BinaryField()

    class Meta:
        db_table = "ledger_mark"


class Close(models.Model):
    """The end of a period: nothing is booked on its last day or before any more."""

    journal_id: Any = models.BigIntegerField(primary_key=True)
    closed_to: Any = models.DateField(unique=True)

    class Meta:
        db_table = "ledger_close"


class Opening(models.Model):
    """What an account was carried into the next period with."""

    pk = models.CompositePrimaryKey("journal_id", "account")
    journal_id: Any = _whole()
    account: Any = _whole()
    debit_posted: Any = _whole()
    credit_posted: Any = _whole()
    debit_pending: Any = _whole()
    credit_pending: Any = _whole()

    class Meta:
        db_table = "ledger_opening"


class BankDay(models.Model):
    """What the bank's own statement said an account held at the end of a day."""

    seq: Any = models.BigIntegerField(primary_key=True)
    account: Any = _whole()
    on_day: Any = models.DateField()
    said_fen: Any = _whole()
    document: Any = models.TextField()
    change: Any = _change()

    class Meta:
        db_table = "ledger_bank"


from ecoweb.treasury.envelope_models import *  # noqa: E402, F403 - the models of envelopes belong to the same app
from ecoweb.treasury.payments_models import *  # noqa: E402, F403 - and those of payments
