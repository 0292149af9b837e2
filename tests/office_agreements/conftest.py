"""Offices on SQLite and PostgreSQL, as the tests of the registers make them."""

from __future__ import annotations

from ..office.conftest import office, offices, postgres, templates

__all__ = ["office", "offices", "postgres", "templates"]
