"""The app of contracts and inspections."""

from __future__ import annotations

from django.apps import AppConfig


class ProgrammesConfig(AppConfig):
    """Contracts, inspections, notices, objections."""

    name = "ecoweb.programmes"
    label = "programmes"
