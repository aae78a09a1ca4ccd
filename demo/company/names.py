"""Invented names and addresses: stable for an id, some of them not ASCII, none of them real."""

import hashlib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from sales_consultant.demo.company import words

FREE_MAIL = "freemail.example"
"""Where people without an address at their company have theirs."""

_STEMS, _FIRST, _LAST = words.STEMS.split(), words.FIRST.split(), words.LAST.split()
_ASCII = str.maketrans(
    {
        "ø": "o",
        "Ø": "O",
        "ł": "l",
        "Ł": "L",
        "ß": "ss",
        "ı": "i",
        "伟": "wei",
        "芳": "fang",
        "'": None,
        " ": "-",
    }
)


@dataclass(frozen=True)
class Company:
    """A company's invented name and domain."""

    name: str
    domain: str


@dataclass(frozen=True)
class Person:
    """A person's invented name; `handle` is the part of an address before the @."""

    first: str
    last: str
    handle: str


def number(*parts: str) -> int:
    """A whole number below 2**64 that depends on nothing but the parts."""
    return int.from_bytes(hashlib.sha256("\x1f".join(parts).encode()).digest()[:8], "big")


def unit(*parts: str) -> float:
    """A number from 0 up to 1 that depends on nothing but the parts."""
    return number(*parts) / 2**64


def plain(text: str) -> str:
    """The text in lower-case ASCII, as it stands in an address.

    >>> plain("Søndergaard"), plain("Nguyễn"), plain("São Bento Cold Chain")
    ('sondergaard', 'nguyen', 'sao-bento-cold-chain')
    """
    folded = unicodedata.normalize("NFKD", text.translate(_ASCII))
    return folded.encode("ascii", "ignore").decode().lower()


def companies(ids: Iterable[tuple[str, str]]) -> dict[str, Company]:
    """A company for each (id, industry); no two have the same name.

    An id's name does not depend on the ids after it.
    """
    named: dict[str, Company] = {}
    taken: set[str] = set()
    for id, industry in ids:
        kinds = words.KINDS.get(industry, words.KINDS[""]).split()
        at, tries = number("company", id), 0
        while True:
            again = tries // (10 * len(_STEMS))
            name = f"{_STEMS[at // 10 % len(_STEMS)]} {kinds[at % 10]}".replace("_", " ")
            name += f" {again + 1}" if again else ""
            if name not in taken:
                break
            at, tries = at + 1, tries + 1
        taken.add(name)
        named[id] = Company(name, f"{plain(name)}.example")
    return named


def person(id: str) -> Person:
    """The person with this id; two ids may have the same name, as people do."""
    first = _FIRST[number("first", id) % len(_FIRST)]
    last = _LAST[number("last", id) % len(_LAST)]
    return Person(first, last, f"{plain(first)}.{plain(last)}")


def addresses(domains: Iterable[tuple[str, str]]) -> dict[str, str]:
    """An e-mail address for each (person id, domain); no two are the same."""
    by_id: dict[str, str] = {}
    taken: set[str] = set()
    for id, domain in domains:
        handle, again = person(id).handle, 1
        while (address := f"{handle}{again if again > 1 else ''}@{domain}") in taken:
            again += 1
        taken.add(address)
        by_id[id] = address
    return by_id
