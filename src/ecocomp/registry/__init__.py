"""The registry: one file in a plug-in folder is one entry; the folder is walked, there is no list to edit."""

from ecocomp.registry.folder import Entry, entries, entry
from ecocomp.registry.spec import Argument, Example, Formula, Reference, Spec, Use

__all__ = ["Argument", "Entry", "Example", "Formula", "Reference", "Spec", "Use", "entries", "entry"]
