"""Bilingual text: every sentence a person can read exists in Chinese and English, side by side."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Literal

Lang = Literal["zh", "en"]
LANGS: tuple[Lang, ...] = ("zh", "en")


_NOUNS = (
    "accounts agreements amounts bands batches bids bidders bytes candidates cases cells characters classes clusters columns"
    " conflicts contracts counties curves days decimals deeds differences digits duties editions entitlements entries envelopes"
    " errors events faults features fields figures files groups headings holders hours households inputs inspections instruments"
    " items journals kinds levels lines lots maps members minutes months notices objections officers orders pairs parameters"
    " parcels parties parts patches payments people persons places plots polygons prices programmes projects proposals records"
    " regions repairs reserves rights rows rules services sheets stations steps tables transfers tranches units values vertices"
    " villages warnings years zones"
)
_ODD = {"vertices": "vertex", "people": "person", "classes": "class", "batches": "batch", "patches": "patch"}
_ONE = {n: _ODD.get(n) or (n[:-3] + "y" if n.endswith("ies") else n[:-1]) for n in _NOUNS.split()}
_VERB = {"are": "is", "were": "was", "have": "has", "do": "does", "carry": "carries"} | {
    v: f"{v}s" for v in ["add", "agree", "ask", "belong", "come", "differ", "hold", "lack", "lie", "need", "share", "stand"]
}
_NO_ADJECTIVE = r"(?!(?:of|and|or|the|in|to|with|for|from|by|at|on|out|than|but|not|are|be|been|were|have|\w+s) )"
_COUNTED = re.compile(
    r"\{(\w+)(?::[^{}]*)?\} (?:" + _NO_ADJECTIVE + r"[a-z]+ ){0,2}?(" + "|".join(sorted(_ONE, key=len, reverse=True)) + r")\b"
    r"(?: (" + "|".join(_VERB) + r")\b)?"
)


def _is_one(value: object) -> bool:
    return (type(value) is int and value == 1) or (isinstance(value, str) and value == "1")


def _agree(sentence: str, values: dict[str, object]) -> str:
    """Return an English pattern in which what is counted by a value of one is in the singular: ``1 row``, ``1 file is``."""

    def one(found: re.Match[str]) -> str:
        if not _is_one(values.get(found[1])):
            return found[0]
        start = found.start(2) - found.start()
        said = found[0][:start] + _ONE[found[2]]
        return f"{said} {_VERB[found[3]]}" if found[3] else said

    return _COUNTED.sub(one, sentence)


@dataclass(frozen=True, slots=True)
class Text:
    """One meaning in both languages.

    >>> Text("地块", "parcel").to("en")
    'parcel'
    """

    zh: str
    en: str

    def to(self, lang: Lang) -> str:
        """Return the sentence in `lang`."""
        return self.zh if lang == "zh" else self.en

    def fill(self, **values: object) -> Text:
        """Put values into the `{name}` places of both sentences; a value that is a `Text` follows its side.

        English counts agree: a pattern is written in the plural (``{n} rows``, ``{n:,} more rows are``) and says ``1 row``.

        >>> Text("{n} 行", "{n} rows").fill(n=3).zh, Text("{n} 行", "{n} rows").fill(n=1).en
        ('3 行', '1 row')
        """
        zh = {k: v.zh if isinstance(v, Text) else v for k, v in values.items()}
        en = {k: v.en if isinstance(v, Text) else v for k, v in values.items()}
        pattern = _agree(self.en, values) if any(_is_one(v) for v in values.values()) else self.en
        return Text(self.zh.format(**zh), pattern.format(**en))

    def __str__(self) -> str:
        return f"{self.zh} / {self.en}"


def same(text: str) -> Text:
    """Return a `Text` that reads the same in both languages (a code, a file name, a number)."""
    return Text(text, text)


def user_lang(environ: dict[str, str] | None = None) -> Lang:
    """Return the user's language: `ECOCOMP_LANG`, else the locale, else Chinese.

    Chinese comes first where the machine says nothing (no locale, or the bare C locale).
    """
    env = os.environ if environ is None else environ
    for name in ("ECOCOMP_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = env.get(name, "").lower()
        if value.startswith("zh"):
            return "zh"
        if value.startswith("en"):
            return "en"
    return "zh"
