"""Tables `contract`, `plot`, `inspection`, `notice`, `objection`, column for column the registers of `ecocomp.terms.registers`."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from ecoweb.records.models import Version, constraints_of, day, indexes_of, text, whole


class Contract(Version):
    """A contract of a programme with a right holder, with its state and what it says."""

    register = "contract"
    contract_id = text()
    programme = text()
    holder_id = text()
    region_code = text()
    state = text()
    items = text()
    signed_on = day(null=True)
    term_from = day()
    term_to = day(null=True)
    area_dm2 = whole()
    renews = text(null=True)
    source_id = text(null=True)

    class Meta:
        db_table = "contract"
        constraints: ClassVar[list[Any]] = constraints_of("contract")
        indexes: ClassVar[list[models.Index]] = indexes_of("contract", "programme", "holder_id", "region_code", "renews")


class Plot(Version):
    """A plot of a contract: what is done there, on which area; who owes it today is in the duty of the same code."""

    register = "plot"
    plot_id = text()
    contract_id = text()
    parcel_id = text()
    holder_id = text()
    variant = text()
    area_dm2 = whole()
    class_before = text(null=True)
    slope_tenths = whole(null=True)
    base_fen = whole(null=True)
    facts = text(null=True)

    class Meta:
        db_table = "plot"
        constraints: ClassVar[list[Any]] = constraints_of("plot")
        indexes: ClassVar[list[models.Index]] = indexes_of("plot", "contract_id", "parcel_id")


class Inspection(Version):
    """What was found on a plot, or on all plots of a contract, at one level."""

    register = "inspection"
    inspection_id = text()
    contract_id = text()
    plot_id = text(null=True)
    year = whole()
    judged_by = text()
    inspected_on = day()
    inspector = text()
    result = text()
    accepted_dm2 = whole()
    survival_ppm = whole(null=True)
    certificate = text(null=True)
    events = text(null=True)
    evidence = text()
    source_id = text(null=True)

    class Meta:
        db_table = "inspection"
        constraints: ClassVar[list[Any]] = constraints_of("inspection")
        indexes: ClassVar[list[models.Index]] = indexes_of("inspection", "contract_id", "inspector")


class Notice(Version):
    """A public notice: which rows were posted where and when, by their fingerprint."""

    register = "notice"
    notice_id = text()
    programme = text()
    year = whole()
    region_code = text()
    state = text()
    opens_on = day()
    closes_on = day()
    rows = whole()
    published_dm2 = whole()
    published_fen = whole()
    digest = text()
    source_id = text(null=True)

    class Meta:
        db_table = "notice"
        constraints: ClassVar[list[Any]] = constraints_of("notice")
        indexes: ClassVar[list[models.Index]] = indexes_of("notice", "programme", "region_code")


class Objection(Version):
    """An objection to a notice and its answer."""

    register = "objection"
    objection_id = text()
    notice_id = text()
    year = whole()
    holder_id = text()
    parcel_id = text()
    kind = text()
    received_on = day()
    outcome = text()
    answered_on = day(null=True)
    said = text()
    answer = text(null=True)

    class Meta:
        db_table = "objection"
        constraints: ClassVar[list[Any]] = constraints_of("objection")
        indexes: ClassVar[list[models.Index]] = indexes_of("objection", "notice_id", "holder_id")
