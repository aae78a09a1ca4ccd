"""How long a text is for a CRM, and cutting it there without cutting a sign in two.

Salesforce counts UTF-16 units: what lies beyond the 65,536 oldest signs, as most emoji and some Chinese and Japanese
names, counts as two (its help says so of formulas and of Apex). HubSpot documents "characters" and not what those are; counted as
Salesforce does, a text is never longer than HubSpot may count it, except in bytes.
"""

import unicodedata

# By the names of Unicode: the zero width joiner, and how far back the beginning of a sign is looked for. The longest
# emoji have about ten code points, so that 64 is ample.
_JOINER, _LAST = 0x200D, 64
# Regional indicators (two make a flag), emoji modifiers (colours of skin), tags (flags of regions), Hangul vowels and
# final consonants.
_INDICATORS = range(0x1F1E6, 0x1F200)
_SKIN = range(0x1F3FB, 0x1F400)
_TAGS = range(0xE0020, 0xE0080)
_VOWELS = range(0x1160, 0x1200)


def units(text: str) -> int:
    """The length of a text in UTF-16 units.

    >>> units("Zoë"), units("𠮟る"), units("👍🏽")
    (3, 3, 4)
    """
    return len(text) + sum(c > "\uffff" for c in text)


def cut(text: str, limit: int) -> str:
    """The beginning of a text, at most `limit` UTF-16 units long; no sign is cut in two.

    A sign is what a reader sees as one: a letter with its accents, a flag of two letters, a family joined of four people.
    One that is longer than any real one is cut all the same.

    >>> cut("abc👍", 4), cut("abc👍", 5), cut("🇩🇪🇫🇷", 6)
    ('abc', 'abc👍', '🇩🇪')
    """
    if len(text) <= limit // 2 or units(text) <= limit:
        return text
    end = used = 0
    for c in text:
        used += 2 if c > "\uffff" else 1
        if used > limit:
            break
        end += 1
    back = end
    while back > max(0, end - _LAST) and not _between_signs(text, back):
        back -= 1
    return text[: back if _between_signs(text, back) else end]


def _between_signs(text: str, at: int) -> bool:
    """Whether a sign ends before `at` and another begins there (the common cases of Unicode's annex 29)."""
    if at in (0, len(text)):
        return True
    last, following = ord(text[at - 1]), ord(text[at])
    if last == _JOINER or following == _JOINER or following in _SKIN or following in _TAGS:
        return False
    if following in _VOWELS or unicodedata.category(text[at]) in ("Mn", "Mc", "Me"):
        return False
    if last in _INDICATORS and following in _INDICATORS:
        begin = at
        while begin and ord(text[begin - 1]) in _INDICATORS:
            begin -= 1
        # Flags are pairs, counted from the first letter of a row of them.
        return (at - begin) % 2 == 0
    return True
