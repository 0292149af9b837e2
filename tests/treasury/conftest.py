"""Offices on SQLite and on PostgreSQL, as in `tests/office`."""

from ..office.conftest import office, offices, postgres, templates

__all__ = ["office", "offices", "postgres", "templates"]
