"""Settings of the office platform: which apps there are. Databases are opened by folder (`ecoweb.office`), not listed here.

One process may hold several offices, each under a database alias of its own; the alias `default` stays empty, so that no
query can reach an office that nobody named.
"""

from __future__ import annotations

import os
import secrets

SECRET_KEY = os.environ.get("ECOCOMP_SECRET_KEY") or secrets.token_urlsafe(50)
DEBUG = False
INSTALLED_APPS = [
    "ecoweb.records",
    "ecoweb.people",
    "ecoweb.cadastre",
    "ecoweb.programmes",
    "ecoweb.treasury",
    "ecoweb.agreements",
    "ecoweb.credits",
]
DATABASES: dict[str, dict[str, object]] = {}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "zh-hans"
