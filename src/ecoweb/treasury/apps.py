"""The app of the ledger and of payments."""

from __future__ import annotations

from django.apps import AppConfig


class TreasuryConfig(AppConfig):
    """Ledger and payments."""

    name = "ecoweb.treasury"
    label = "treasury"
