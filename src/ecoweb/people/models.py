"""Tables `party`, `member` and `officer`, column for column the registers of `ecocomp.terms.registers`."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from ecoweb.records.fields import SealedField
from ecoweb.records.models import Version, constraints_of, indexes_of, text, whole


class Party(Version):
    """A person, household, collective, unit of state, company, bank or group (LA_Party)."""

    register = "party"
    party_id = text()
    kind = text()
    name = text()
    region_code = text()
    members = whole(null=True)
    income_fen = whole(null=True)
    credit_code = text(null=True)
    id_number = SealedField(null=True)
    account = SealedField(null=True)
    phone = SealedField(null=True)

    class Meta:
        db_table = "party"
        constraints: ClassVar[list[Any]] = constraints_of("party")
        indexes: ClassVar[list[models.Index]] = indexes_of("party", "name", "region_code", "credit_code")


class Member(Version):
    """A member of a household or of a group of co-owners, with its share in a group (LA_PartyMember)."""

    register = "member"
    group_id = text()
    member_id = text()
    role = text()
    share_num = whole(null=True)
    share_den = whole(null=True)

    class Meta:
        db_table = "member"
        constraints: ClassVar[list[Any]] = constraints_of("member")
        indexes: ClassVar[list[models.Index]] = indexes_of("member", "member_id")


class Officer(Version):
    """An account that acts in the office, the person behind it and the roles it has."""

    register = "officer"
    officer_id = text()
    person_id = text()
    name = text()
    roles = text()
    region_code = text()
    delegated_by = text(null=True)
    kin = text(null=True)
    document = text()

    class Meta:
        db_table = "officer"
        constraints: ClassVar[list[Any]] = constraints_of("officer")
        indexes: ClassVar[list[models.Index]] = indexes_of("officer", "person_id")
