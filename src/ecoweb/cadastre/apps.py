"""The app of land, rights and editions."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig


class CadastreConfig(AppConfig):
    """Sweeps what a killed adoption of an edition left behind when an office is opened."""

    name = "ecoweb.cadastre"
    label = "cadastre"

    def ready(self) -> None:
        """Listen for offices opened."""
        from ecoweb import office

        office.opened.connect(_opened, dispatch_uid="cadastre.opened")


def _opened(**told: Any) -> None:
    from ecoweb.cadastre import operations

    operations.sweep(told["office"])
