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

FOREIGN = frozenset(range(1, 256))
"""Codes a land-cover map with a code list of its own may have."""


def by_code(service: str, params: Parameters | Draws, key: str, sense: int, *, foreign: bool = False) -> Floats:
    """Return (columns, 256): a table of the rules by ecosystem code, NaN where it has no entry.

    With `foreign` a land-cover map may bring a code list of its own: any code from 1 to 255.
    Raises `NotAssessed` naming every entry that is no ecosystem code, and the file and line of the table.
    """
    entries = table_corners(params, key, sense)
    check_codes(service, key, entries, {code: code for code in entries}, params, foreign=foreign)
    table = np.full((columns(params), 256), np.nan)
    for code, ends in entries.items():
        table[:, int(code)] = ends
    return table


def check_codes(
    service: str,
    key: str,
    entries: Iterable[str],
    codes: Mapping[str, str],
    params: Parameters | Draws | None = None,
    *,
    foreign: bool = False,
) -> None:
    """Raise `NotAssessed` where an entry of a table (`codes`: entry → its ecosystem code) names no ecosystem.

    With `params` the note names the file and line of the table too.
    """
    known = FOREIGN if foreign else KNOWN
    wrong = sorted(e for e in entries if not (codes[e].isdecimal() and int(codes[e]) in known))
    if wrong:
        held = params.get(key) if params is not None else None
        at = f"{key} ({held.file}:{held.line})" if held is not None else key
        why = Text("{k} 表中的 {w} 不是生态系统代码", "{w} in the table {k} is no ecosystem code")
        why = why.fill(k=at, w=same(", ".join(wrong)))
        raise NotAssessed([not_assessed(service, key, why)])


def codes_listed(service: str, params: Parameters | Draws, key: str) -> list[int]:
    """Return the ecosystem codes of a list of the rules."""
    words = [str(word) for word in params.items(key)]
    check_codes(service, key, words, {word: word for word in words}, params)
    return [int(word) for word in words]
