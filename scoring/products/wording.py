"""The reason of a recommended product, in English and Chinese."""

from __future__ import annotations

from typing import Literal

# As long as a value of the CRM in any other reason.
_MOST = 40

Language = Literal["en", "zh"]

_TEXTS: dict[Language, dict[str, str]] = {
    "en": {
        "within": 'Bought by {n} of {of} customers that bought "{anchor}", within {months} months of it',
        "both": 'Bought by {n} of {of} customers that bought "{anchor}"',
        "popular": "Bought by {n} of {of} customers; not bought here yet",
    },
    "zh": {
        "within": "购买“{anchor}”的 {of} 家客户中，有 {n} 家在 {months} 个月内也购买了它",
        "both": "购买过“{anchor}”的 {of} 家客户中，有 {n} 家也购买了它",
        "popular": "{of} 家客户中有 {n} 家购买过；该公司尚未购买",
    },
}


def why(kind: str, *, n: int, of: int, anchor: str = "", months: int = 3, language: Language = "en") -> str:
    """The reason: `kind` is "within" (n of `of` customers followed it so), "both" or "popular".

    >>> why("within", n=31, of=54, anchor="Pump")
    'Bought by 31 of 54 customers that bought "Pump", within 3 months of it'
    >>> why("popular", n=120, of=400, language="zh")
    '400 家客户中有 120 家购买过；该公司尚未购买'
    """
    text = _TEXTS[language][kind]
    return text.format(n=_count(n), of=_count(of), anchor=_short(anchor), months=months)


def _count(number: int) -> str:
    return f"{number:,}"


def _short(name: str) -> str:
    """A product's name (on one line already) of at most 40 characters."""
    return name if len(name) <= _MOST else name[: _MOST - 1] + "…"
