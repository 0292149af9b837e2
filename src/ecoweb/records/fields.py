"""Fields of the registers: a moment as whole microseconds, a sealed text as bytes.

A moment is stored as the integer of microseconds since 1970-01-01T00:00:00Z, so that both databases compare it exactly
and without a word about zones. A sealed text is what `records.cipher` makes of it; the model never sees the clear text.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import models

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)


def to_micros(moment: datetime) -> int:
    """Return a moment as microseconds since 1970 (UTC); a moment without a zone is refused with ValueError.

    >>> to_micros(datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC))
    1000000
    """
    if moment.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    return (moment - EPOCH) // _TICK


def from_micros(micros: int) -> datetime:
    """Return the moment (UTC) of `to_micros`."""
    return EPOCH + micros * _TICK


class MomentField(models.BigIntegerField):
    """A moment in UTC, exact to the microsecond."""

    description = "moment (UTC)"

    def from_db_value(self, value: int | None, *_: Any) -> datetime | None:
        """Return the stored integer as a moment."""
        return None if value is None else from_micros(value)

    def to_python(self, value: Any) -> datetime | None:
        """Accept a moment or its integer."""
        return from_micros(value) if isinstance(value, int) else value

    def get_prep_value(self, value: Any) -> int | None:
        """Return what is stored."""
        return to_micros(value) if isinstance(value, datetime) else value


class SealedField(models.BinaryField):
    """Sensitive personal data (class P3): only ever ciphertext."""

    description = "sealed text"

    def get_internal_type(self) -> str:
        """Return the type the databases know."""
        return "BinaryField"
