"""The app of parties."""

from __future__ import annotations

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """Parties and members."""

    name = "ecoweb.people"
    label = "people"
