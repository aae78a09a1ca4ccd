"""What reps and managers read, in their language: catalogues of messages, dates and numbers.

The messages are in English in the code; a catalogue (gettext's .po, read by Babel) has them in another language. A message that a
catalogue lacks stays English: a test finds it before a reader does.
"""

from collections.abc import Callable, Mapping
from datetime import date
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal, get_args

from babel.dates import format_date
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

Language = Literal["en", "zh"]

LANGUAGES: tuple[Language, ...] = get_args(Language)
FOLDER = Path(__file__).with_name("messages")
_LOCALES: Mapping[Language, str] = {"en": "en_GB", "zh": "zh_CN"}


# Between a context and its message, as in gettext's own binary catalogues.
BETWEEN = "\x04"


def _key(text: str, context: str) -> str:
    return f"{context}{BETWEEN}{text}" if context else text


@cache
def catalogue(language: Language) -> Mapping[str, str]:
    """The messages of a language by the English ones, after their context where they have one; English has none."""
    out: dict[str, str] = {}
    # What reps read, and what reports say, in files of their own.
    for path in sorted(FOLDER.glob(f"{language}*.po")) if language != "en" else ():
        with path.open("rb") as file:
            found = read_po(file, locale=_LOCALES[language])
        out |= {
            _key(str(m.id), m.context or ""): str(m.string)
            for m in found
            if m.id and m.string and not m.fuzzy
        }
    return out


def translate(text: str, language: Language, context: str = "") -> str:
    """A message in a language; the English one where its catalogue has none.

    `context` tells apart messages that are one word in English and two in another language.
    """
    return catalogue(language).get(_key(text, context), text)


def translator(language: Language) -> Callable[[str], str]:
    """What gives messages in a language."""
    messages = catalogue(language)
    return lambda text: messages.get(text, text)


@lru_cache(maxsize=4096)
def shown_date(day: date, language: Language) -> str:
    """A date as readers write it.

    >>> shown_date(date(2026, 5, 12), "en"), shown_date(date(2026, 5, 12), "zh")
    ('12 May 2026', '2026年5月12日')
    """
    return format_date(day, "d MMM y" if language == "en" else "long", locale=_LOCALES[language])


def shown_number(value: float, language: Language) -> str:
    """A number as readers write it, without a fraction from 100 on.

    >>> shown_number(12345.6, "en"), shown_number(7.25, "en")
    ('12,346', '7.2')
    """
    return format_decimal(value, "#,##0" if abs(value) >= 100 else "#,##0.#", locale=_LOCALES[language])
