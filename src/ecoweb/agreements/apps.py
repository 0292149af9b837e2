"""The app of agreements between regions."""

from __future__ import annotations

from django.apps import AppConfig


class AgreementsConfig(AppConfig):
    """Agreements and their settlements."""

    name = "ecoweb.agreements"
    label = "agreements"
