"""Tables of the office: what changed and why, the audit log, keys of sealed rows, and the base of every register.

Constraints that a table can state are stated here (code lists, fractions, intervals, one row per key and moment); what
needs other rows or the old row (nothing deleted, nothing overwritten, no two versions at once) is in `records.guards`.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q

from ecocomp.terms import codes
from ecocomp.terms.registers import P3, REGISTERS, object_key
from ecoweb.records.fields import MomentField


class Change(models.Model):
    """One act that changed something: who, when, why, on what paper, with which version of the software."""

    seq: Any = models.BigAutoField(primary_key=True)
    at: Any = MomentField()
    act: Any = models.TextField()
    actor: Any = models.TextField()
    reason: Any = models.TextField()
    source: Any = models.TextField(blank=True)
    tool: Any = models.TextField()
    digest: Any = models.TextField(help_text="SHA-256 of the payload")

    class Meta:
        db_table = "change"
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["at"], name="change_at")]


class AuditEntry(models.Model):
    """One entry of the audit log, byte for byte as it is hashed."""

    seq: Any = models.BigAutoField(primary_key=True)
    entry: Any = models.TextField()

    class Meta:
        db_table = "audit_entry"


class Payload(models.Model):
    """What the commitment of an entry stands for, with its salt; may be destroyed without breaking a proof."""

    seq: Any = models.BigAutoField(primary_key=True)
    salt: Any = models.BinaryField()
    payload: Any = models.BinaryField()

    class Meta:
        db_table = "audit_payload"


class Seal(models.Model):
    """The key of one object's sealed fields, wrapped with the key of the office; destroying it erases them."""

    register: Any = models.TextField()
    object: Any = models.TextField()
    wrapped: Any = models.BinaryField()

    class Meta:
        db_table = "seal"
        constraints: ClassVar[list[Any]] = [models.UniqueConstraint(fields=["register", "object"], name="seal_one")]


class Blind(models.Model):
    """A keyed token of a sealed value, to find the objects that have it."""

    register: Any = models.TextField()
    object: Any = models.TextField()
    column: Any = models.TextField()
    token: Any = models.BinaryField()

    class Meta:
        db_table = "seal_blind"
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["register", "object", "column", "token"], name="seal_blind_one")
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["register", "column", "token"], name="seal_blind_find")]


class OfficeMark(models.Model):
    """The one row that says whose database this is and which key opens its sealed fields."""

    office: Any = models.TextField()
    name: Any = models.TextField()
    region_code: Any = models.TextField()
    key_check: Any = models.TextField()

    class Meta:
        db_table = "office"


class Version(models.Model):
    """One version of one object, with both clocks, the change that brought it and the change that ended it."""

    register: ClassVar[str]

    valid_from: Any = models.DateField()
    valid_to: Any = models.DateField(null=True)
    known_from: Any = MomentField()
    known_to: Any = MomentField(null=True)
    change: Any = models.ForeignKey(Change, models.PROTECT, related_name="+")
    ended_by: Any = models.ForeignKey(Change, models.PROTECT, related_name="+", null=True, db_index=False)

    class Meta:
        abstract = True


def text(null: bool = False) -> Any:
    """Return a column of text."""
    return models.TextField(null=null)


def whole(null: bool = False) -> Any:
    """Return a column of whole numbers (fen, dm2, counts)."""
    return models.BigIntegerField(null=null)


def day(null: bool = False) -> Any:
    """Return a column of days."""
    return models.DateField(null=null)


# ---------------------------------------------------------------- constraints and indexes of a register
AT_LEAST = {"amount_fen": 1, "rank": 1, "rows": 0, "area_dm2": 0, "members": 0, "level": 1}
AT_MOST = {"level": 5}


def constraints_of(register: str) -> list[Any]:
    """Return the constraints that follow from the columns of a register."""
    spec, key = REGISTERS[register], object_key(register)
    names = [c.name for c in spec.columns]
    found: list[Any] = [
        models.CheckConstraint(condition=Q(valid_to__gt=F("valid_from")) | Q(valid_to=None), name=f"{register}_valid"),
        models.CheckConstraint(condition=Q(known_to__gte=F("known_from")) | Q(known_to=None), name=f"{register}_known"),
        models.CheckConstraint(
            condition=Q(known_to=None, ended_by=None) | Q(known_to__isnull=False, ended_by__isnull=False), name=f"{register}_ended"
        ),
        models.UniqueConstraint(
            fields=[*key, "valid_from", "known_from"],
            name=f"{register}_key",
            opclasses=["text_pattern_ops"] * len(key) + ["date_ops", "int8_ops"],
        ),
    ]
    for name in key:
        found.append(models.CheckConstraint(condition=~Q(**{name: ""}), name=f"{register}_{name}_given"))
    for column in spec.columns:
        if column.unit.startswith("codes."):
            allowed = sorted(getattr(codes, column.unit.removeprefix("codes.")))
            check = Q(**{f"{column.name}__in": allowed})
            found.append(models.CheckConstraint(condition=check | Q(**{column.name: None}), name=f"{register}_{column.name}_code"))
        if column.name in AT_LEAST:
            check = Q(**{f"{column.name}__gte": AT_LEAST[column.name]})
            if column.name in AT_MOST:
                check &= Q(**{f"{column.name}__lte": AT_MOST[column.name]})
            found.append(models.CheckConstraint(condition=check | Q(**{column.name: None}), name=f"{register}_{column.name}_range"))
    if "share_num" in names:
        proper = Q(share_num__gt=0, share_den__gte=F("share_num"))
        nothing = Q(share_num=None, share_den=None)
        found.append(models.CheckConstraint(condition=proper | nothing, name=f"{register}_share"))
    return found


def indexes_of(register: str, *columns: str) -> list[models.Index]:
    """Return the indexes of a register: one for each column it is asked by, without its empty values, and for ended rows."""
    nullable = {c.name: c.nullable for c in REGISTERS[register].columns}
    found = [
        models.Index(
            fields=[name],
            name=f"{register}_{name}"[:30],
            opclasses=["text_pattern_ops"],
            condition=Q(**{f"{name}__isnull": False}) if nullable[name] else None,
        )
        for name in columns
    ]
    return [*found, models.Index(fields=["ended_by"], name=f"{register}_ended_by", condition=Q(ended_by__isnull=False))]


def sealed_columns(register: str) -> tuple[str, ...]:
    """Return the columns of a register that hold sensitive personal data."""
    return tuple(c.name for c in REGISTERS[register].columns if c.unit == P3)
