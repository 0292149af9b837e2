"""The app of credits."""

from __future__ import annotations

from django.apps import AppConfig


class CreditsConfig(AppConfig):
    """Credits and their market."""

    name = "ecoweb.credits"
    label = "credits"
