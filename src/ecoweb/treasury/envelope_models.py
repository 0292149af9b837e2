"""Tables `envelope` and `envelope_event`, column for column the registers of `ecocomp.terms.registers`."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from ecoweb.records.models import Version, constraints_of, day, indexes_of, text, whole


class FundEnvelope(Version):
    """An envelope of money and its terms; what was granted is in its events."""

    register = "envelope"
    envelope_id = text()
    source = text()
    name_zh = text()
    name_en = text()
    payer = text()
    floor_fen = whole()
    priority = whole()
    earmark_zones = text(null=True)
    earmark_ecosystems = text(null=True)
    earmark_red_line = whole()
    earmark_programmes = text(null=True)
    earmark_regions = text(null=True)
    purposes = text(null=True)
    ration = text(null=True)
    carry_over = whole()
    usable_from = day()
    usable_to = day()
    match_ppm = whole(null=True)
    matches = text(null=True)
    interest_owner = text(null=True)
    document = text()

    class Meta:
        db_table = "envelope"
        constraints: ClassVar[list[Any]] = [
            *constraints_of("envelope"),
            models.CheckConstraint(condition=models.Q(earmark_red_line__in=[0, 1], carry_over__in=[0, 1]), name="envelope_flags"),
            models.CheckConstraint(condition=models.Q(usable_to__gte=models.F("usable_from")), name="envelope_usable"),
        ]
        indexes: ClassVar[list[models.Index]] = indexes_of("envelope", "source")


class FundEvent(Version):
    """A grant notice, a step of art. 31, interest or a return of an envelope."""

    register = "envelope_event"
    event_id = text()
    envelope_id = text()
    kind = text()
    year = whole()
    fen = whole()
    happened_on = day()
    act = text(null=True)
    owner = text(null=True)
    document = text()

    class Meta:
        db_table = "envelope_event"
        constraints: ClassVar[list[Any]] = [
            *constraints_of("envelope_event"),
            models.CheckConstraint(condition=models.Q(fen__gt=0) | models.Q(fen=0, kind="stop"), name="envelope_event_fen"),
        ]
        indexes: ClassVar[list[models.Index]] = indexes_of("envelope_event", "envelope_id")
