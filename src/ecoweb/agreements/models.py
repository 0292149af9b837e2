"""Tables of agreements, their years, disputes and payments, column for column the registers of `ecocomp.terms.registers`."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from ecoweb.records.models import Version, constraints_of, day, indexes_of, text, whole


class Agreement(Version):
    """An agreement with its state and the whole text of its file; signed text never changes."""

    register = "agreement"
    agreement_id = text()
    name = text()
    version = whole()
    previous = text(null=True)
    state = text()
    parties = text()
    signed_on = day(null=True)
    term_from = day()
    term_to = day()
    body = text()
    sha256 = text()
    document = text()

    class Meta:
        db_table = "agreement"
        constraints: ClassVar[list[Any]] = constraints_of("agreement")
        indexes: ClassVar[list[models.Index]] = indexes_of("agreement", "previous")


class AgreementYear(Version):
    """How a year was settled, with everything it rests on."""

    register = "agreement_year"
    agreement_id = text()
    year = text()
    state = text()
    result = text()
    facts = text()
    readings_sha256 = text()
    document = text()

    class Meta:
        db_table = "agreement_year"
        constraints: ClassVar[list[Any]] = constraints_of("agreement_year")
        indexes: ClassVar[list[models.Index]] = indexes_of("agreement_year")


class AgreementDispute(Version):
    """A dispute over a clause of a year, and what was decided."""

    register = "agreement_dispute"
    case_id = text()
    agreement_id = text()
    year = text()
    clause = text()
    state = text()
    claim = text()
    decision = text(null=True)
    decided_by = text(null=True)
    document = text()

    class Meta:
        db_table = "agreement_dispute"
        constraints: ClassVar[list[Any]] = constraints_of("agreement_dispute")
        indexes: ClassVar[list[models.Index]] = indexes_of("agreement_dispute", "agreement_id")


class AgreementPayment(Version):
    """Money that moved between parties, with its journal when this office booked it."""

    register = "agreement_payment"
    payment_id = text()
    agreement_id = text()
    year = text()
    payer = text()
    payee = text()
    amount_fen = whole()
    paid_on = day()
    journal = text(null=True)
    document = text()

    class Meta:
        db_table = "agreement_payment"
        constraints: ClassVar[list[Any]] = constraints_of("agreement_payment")
        indexes: ClassVar[list[models.Index]] = indexes_of("agreement_payment", "agreement_id")
