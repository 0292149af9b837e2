"""Tables of the cadastre, column for column the registers of `ecocomp.terms.registers` (classes of ISO 19152 in brackets)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from ecoweb.records.models import Version, constraints_of, day, indexes_of, text, whole


class Tenure(Version):
    """A right of a party to a parcel, as a share (LA_Right)."""

    register = "tenure"
    right_id = text()
    parcel_id = text()
    unit_code = text(null=True)
    holder_id = text()
    kind = text()
    share_num = whole()
    share_den = whole()
    state = text()
    basis = text(null=True)
    term_to = day(null=True)
    document = text()
    source_id = text(null=True)

    class Meta:
        db_table = "tenure"
        constraints: ClassVar[list[Any]] = constraints_of("tenure")
        indexes: ClassVar[list[models.Index]] = indexes_of("tenure", "parcel_id", "holder_id", "unit_code", "basis", "source_id")


class Duty(Version):
    """A compensation contract with the duty it brings (LA_Responsibility)."""

    register = "duty"
    contract_id = text()
    holder_id = text()
    parcel_id = text()
    programme = text()
    duty = text()
    signed_on = day()
    source_id = text(null=True)

    class Meta:
        db_table = "duty"
        constraints: ClassVar[list[Any]] = constraints_of("duty")
        indexes: ClassVar[list[models.Index]] = indexes_of("duty", "holder_id", "parcel_id", "source_id")


class Restriction(Version):
    """What may not be done, on one parcel or on the ground of an edition (LA_Restriction)."""

    register = "restriction"
    restriction_id = text()
    kind = text()
    name = text()
    category = text(null=True)
    parcel_id = text(null=True)
    edition_id = text(null=True)
    reason = text()
    authority = text()
    document = text()
    adopted_on = day(null=True)

    class Meta:
        db_table = "restriction"
        constraints: ClassVar[list[Any]] = constraints_of("restriction")
        indexes: ClassVar[list[models.Index]] = indexes_of("restriction", "parcel_id", "edition_id")


class Mortgage(Version):
    """A mortgage on a right (LA_Mortgage)."""

    register = "mortgage"
    mortgage_id = text()
    right_id = text()
    creditor_id = text()
    amount_fen = whole()
    rank = whole()
    document = text()

    class Meta:
        db_table = "mortgage"
        constraints: ClassVar[list[Any]] = constraints_of("mortgage")
        indexes: ClassVar[list[models.Index]] = indexes_of("mortgage", "right_id", "creditor_id")


class Source(Version):
    """A document (LA_AdministrativeSource)."""

    register = "source"
    source_id = text()
    kind = text()
    number = text()
    title = text()
    issuer = text()
    dated = day(null=True)
    sha256 = text(null=True)

    class Meta:
        db_table = "source"
        constraints: ClassVar[list[Any]] = constraints_of("source")
        indexes: ClassVar[list[models.Index]] = indexes_of("source", "number")


class Dispute(Version):
    """A claim against what is registered; until it is settled payment is held in escrow."""

    register = "dispute"
    dispute_id = text()
    parcel_id = text()
    claimant_id = text()
    state = text()
    claim = text()
    document = text()

    class Meta:
        db_table = "dispute"
        constraints: ClassVar[list[Any]] = constraints_of("dispute")
        indexes: ClassVar[list[models.Index]] = indexes_of("dispute", "parcel_id", "claimant_id")


class Region(Version):
    """An administrative region in an edition of the code list."""

    register = "region"
    region_code = text()
    name = text()
    level = whole()
    parent_code = text(null=True)
    list_edition = text()

    class Meta:
        db_table = "region"
        constraints: ClassVar[list[Any]] = constraints_of("region")
        indexes: ClassVar[list[models.Index]] = indexes_of("region", "parent_code")


class RegionChange(Version):
    """What became of a region's code."""

    register = "region_change"
    from_code = text()
    to_code = text()
    kind = text()
    evidence = text()
    document = text(null=True)

    class Meta:
        db_table = "region_change"
        constraints: ClassVar[list[Any]] = constraints_of("region_change")
        indexes: ClassVar[list[models.Index]] = indexes_of("region_change", "to_code")


class Edition(Version):
    """An immutable file of a layer: parcels, a red line, protected areas (LA_SpatialSource)."""

    register = "edition"
    edition_id = text()
    kind = text()
    region_code = text()
    title = text()
    authority = text()
    document = text()
    adopted_on = day(null=True)
    fingerprint = text()
    path = text()
    rows = whole()
    area_dm2 = whole()
    source_name = text()
    source_sha256 = text()

    class Meta:
        db_table = "edition"
        constraints: ClassVar[list[Any]] = constraints_of("edition")
        indexes: ClassVar[list[models.Index]] = indexes_of("edition", "kind", "fingerprint")
