"""The app of changes, versions and the audit log."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig


class RecordsConfig(AppConfig):
    """Writes the first entry of a new office's log and finishes a change of key that was interrupted."""

    name = "ecoweb.records"
    label = "records"

    def ready(self) -> None:
        """Listen for offices made and opened."""
        from ecoweb import office

        office.created.connect(_made, dispatch_uid="records.made")
        office.opened.connect(_opened, dispatch_uid="records.opened")


def _made(**told: Any) -> None:
    from ecoweb.records import store

    store.first_entry(told["office"])


def _opened(**told: Any) -> None:
    from ecoweb.records import cipher

    cipher.check_key(told["office"])
