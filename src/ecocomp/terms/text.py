"""Bilingual text: every sentence a person can read exists in Chinese and English, side by side."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Literal

Lang = Literal["zh", "en"]
LANGS: tuple[Lang, ...] = ("zh", "en")


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

        >>> Text("{n} 行", "{n} rows").fill(n=3).zh
        '3 行'
        """
        zh = {k: v.zh if isinstance(v, Text) else v for k, v in values.items()}
        en = {k: v.en if isinstance(v, Text) else v for k, v in values.items()}
        return Text(self.zh.format(**zh), self.en.format(**en))

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
