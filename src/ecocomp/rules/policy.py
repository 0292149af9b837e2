"""Where the dated rules that ship with ecocomp live."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path


def policy_folder() -> Path:
    """Return the folder of the installed `ecopolicy` package (data only)."""
    return Path(str(files("ecopolicy")))
