"""Values and texts as people read them. CRM text never reaches a terminal as it came."""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation

from sales_consultant.config.language import numbers

_UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
# Keeps a number and its unit on one line; `page` prints it as a space.
GLUE = "\u00a0"
# What stands where there is no value.
NOTHING = "–"


def plain(value: object) -> str:
    """A value in one safe line: no control characters, no direction overrides, no markup.

    >>> plain(chr(27) + "[31mred")
    '[31mred'
    """
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    if isinstance(value, int):
        return f"{value:,}"
    return _UNSAFE.sub("", str(value)).replace("\n", " / ").replace("\t", " ")


def count(number: int, one: str = "", many: str = "") -> str:
    """A whole number with its noun; `many` is `one` with an s where it is not given.

    >>> count(3391, "record").replace(GLUE, " "), count(1, "record").replace(GLUE, " "), count(0)
    ('3,391 records', '1 record', '0')
    """
    word = one if number == 1 else many or (f"{one}s" if one else "")
    return f"{number:,}{GLUE}{word}" if word else f"{number:,}"


def percent(share: float) -> str:
    """A share as all texts write it, kept on one line.

    >>> [percent(s).replace(GLUE, " ") for s in (0.83, 0.0123, 0.0, 1.0)]
    ['83 %', '1.2 %', '0 %', '100 %']
    """
    return numbers.percent(share).replace(" ", GLUE)


def points(number: int) -> str:
    """Points with their sign.

    >>> points(5), points(-2)
    ('+5', '-2')
    """
    return f"{number:+d}"


def money(amount: object, currency: str = "") -> str:
    """An amount without cents, with its currency; what is no number stays as it is.

    >>> money("63247.08", "USD").replace(GLUE, " "), money("n/a")
    ('63,247 USD', 'n/a')
    """
    try:
        number = Decimal(str(amount))
    except InvalidOperation:
        return plain(amount)
    if not number.is_finite():
        return plain(amount)
    return f"{number:,.0f}" + (f"{GLUE}{plain(currency)}" if currency else "")


def words(name: str) -> str:
    """A key as people say it: the name of a stream of links names what it links.

    >>> words("deals_new_business"), words("link_deals_companies"), words("link_deals_line_items")
    ('deals new business', 'links of deals and companies', 'links of deals and line items')
    """
    linked = plain(name).removeprefix("link_")
    if linked == plain(name):
        return linked.replace("_", " ")
    return f"links of {linked.replace('_', ' and ', 1).replace('_', ' ')}"


def listed(items: Iterable[str], most: int | None = None) -> str:
    """Items in one line, the first `most` of them and how many more there are.

    Callers give 6 to 12: a judgement of what two lines of a terminal hold.

    >>> listed(["a", "b", "c"], 2), listed([])
    ('a, b and 1 more', '')
    """
    found = list(items)
    if most is None or len(found) <= most:
        return ", ".join(found)
    return f"{', '.join(found[:most])} and {len(found) - most:,} more"


def counted(numbers: Mapping[str, int]) -> str:
    """Numbers with their names, those that are zero left out.

    >>> counted({"contacts": 2039, "calls": 0, "deal_history": 3, "currencies": 1}).replace(GLUE, " ")
    '2,039 contacts, 3 deal history, 1 currency'
    """
    return ", ".join(
        f"{n:,}{GLUE}{(_singular(words(k)) if n == 1 else words(k)).replace(' ', GLUE)}"
        for k, n in numbers.items()
        if n
    )


def _singular(name: str) -> str:
    """A name of several things for one of them; one that is no such name stays as it is.

    >>> [_singular(n) for n in ("companies", "next steps", "own address", "status", "links of deals and companies")]
    ['company', 'next step', 'own address', 'status', 'link of deals and companies']
    """
    if name.startswith("links of "):
        return f"link{name.removeprefix('links')}"
    if name.endswith("ies"):
        return f"{name.removesuffix('ies')}y"
    return name if name.endswith(("ss", "us")) else name.removesuffix("s")


def short(digest: str, others: Iterable[str] = (), least: int = 7) -> str:
    """The first letters of a digest that tell it from the others, at least seven, as Git shows them.

    >>> short("e0d7d4227d0a", ["e0d7d4999999"]), short("e0d7d4227d0a")
    ('e0d7d42', 'e0d7d42')
    >>> short("aaaaaaaaab", ["aaaaaaaaac"])
    'aaaaaaaaab'
    """
    rest = {o for o in others if o != digest}
    for size in range(least, len(digest)):
        if not any(o.startswith(digest[:size]) for o in rest):
            return digest[:size]
    return digest


def sentence(text: str) -> str:
    """A text as a sentence: a capital at its beginning, a full stop at its end.

    >>> sentence("it stays")
    'It stays.'
    """
    told = plain(text)
    return f"{told[:1].upper()}{told[1:]}{'' if told.endswith(('.', '!', '?')) else '.'}"
