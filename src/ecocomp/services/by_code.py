"""Tables by ecosystem code, and the codes a product concerns; for the service models."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from ecocomp.rules import Parameters
from ecocomp.services.site import Draws, Floats, NotAssessed, columns, not_assessed, table_corners
from ecocomp.terms.codes import ECOSYSTEMS
from ecocomp.terms.text import Text, same

KNOWN = frozenset(int(code) for code in ECOSYSTEMS if int(code))
"""Ecosystem codes that say what grows there; 0 and codes outside the list say nothing."""


def by_code(service: str, params: Parameters | Draws, key: str, sense: int) -> Floats:
    """Return (columns, 256): a table of the rules by ecosystem code, NaN where it has no entry.

    Raises `NotAssessed` naming every entry that is no ecosystem code.
    """
    entries = table_corners(params, key, sense)
    check_codes(service, key, entries, {code: code for code in entries})
    table = np.full((columns(params), 256), np.nan)
    for code, ends in entries.items():
        table[:, int(code)] = ends
    return table


def check_codes(service: str, key: str, entries: Iterable[str], codes: Mapping[str, str]) -> None:
    """Raise `NotAssessed` where an entry of a table (`codes`: entry → its ecosystem code) names no ecosystem."""
    wrong = sorted(e for e in entries if not (codes[e].isdigit() and int(codes[e]) in KNOWN))
    if wrong:
        why = Text("表中的 {w} 不是生态系统代码", "{w} in the table is no ecosystem code").fill(w=same(", ".join(wrong)))
        raise NotAssessed([not_assessed(service, key, why)])


def codes_listed(service: str, params: Parameters | Draws, key: str) -> list[int]:
    """Return the ecosystem codes of a list of the rules."""
    words = [str(word) for word in params.items(key)]
    check_codes(service, key, words, {word: word for word in words})
    return [int(word) for word in words]
