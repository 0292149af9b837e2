"""Characters nobody sees: control characters and marks that turn the direction of writing.

For registers, case files, exports and the command line. Such a character can hide part of a name, show a
sum in another order, or steer a terminal, so inputs that hold one are refused and nothing is printed with one.
Tab and line feed are kept. Ranges: Unicode C0, DEL and C1; U+200E, U+200F, U+202A–U+202E, U+2066–U+2069.
"""

from __future__ import annotations

import re
from typing import Any

#: A class of a regular expression as both Python's `re` and RE2 (Arrow) read it.
UNSEEN_CLASS = r"[\x00-\x08\x0b-\x1f\x7f-\x9f" + "\u200e\u200f\u202a-\u202e\u2066-\u2069]"
_UNSEEN = re.compile(UNSEEN_CLASS)
#: What a spreadsheet takes for the beginning of a formula, in full width too (OWASP, CSV Injection).
ACTIVE_CLASS = "[=+\\-@\t\r\\x00\uff1d\uff0b\uff0d\uff20]"
_STARTS = re.compile(ACTIVE_CLASS)
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")


def first_unseen(text: str) -> str:
    """Return the first such character as its code point, e.g. ``U+202E``; empty when there is none."""
    found = _UNSEEN.search(text)
    return "" if found is None else f"U+{ord(found.group()):04X}"


def without_unseen(text: str) -> str:
    """Return the text without such characters.

    >>> without_unseen("a\\u202eb")
    'ab'
    """
    return _UNSEEN.sub("", text)


def escape_unseen(text: str) -> str:
    """Return JSON text in which each such character is written as its escape; the value it stands for is the same."""
    return _UNSEEN.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def guarded_cell(value: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula; what is no text, or a plain number, is returned as it is.

    >>> guarded_cell("=1+1"), guarded_cell("-*"), guarded_cell("-12.50"), guarded_cell(-3)
    ("'=1+1", "'-*", '-12.50', -3)
    """
    if not isinstance(value, str) or _NUMBER.fullmatch(value):
        return value
    clean = without_unseen(value).replace("\t", "")
    return "'" + clean if _STARTS.match(value) or _STARTS.match(clean) else clean
