"""English articles before names that are only known when a program runs."""

import re

# Letters whose own name begins with a vowel, as in "an SMS"; an abbreviation is read letter by letter.
_SPELT = frozenset("AEFHILMNORSX")
# Written with a vowel and spoken with a consonant, and the other way round.
_LIKE_YOU = re.compile(
    r"(?:uni(?!n|m[^a])|us[aeiu]|ut[aei]|ub[ie]q|ur[aeiu]n|eu|ew|one(?![a-z])|once|ouija)", re.IGNORECASE
)
_SILENT_H = re.compile(r"(?:hour|honest|honou?r|heir)", re.IGNORECASE)
_NUMBER = re.compile(r"(?:8\d*|11|18)(?!\d)")


def a(name: str) -> str:
    """The name with "a" or "an" before it, as it is spoken.

    >>> a("Opportunity"), a("Lead"), a("User"), a("hour"), a("SMS"), a("URL"), a("8-day trial"), a("uninstall")
    ('an Opportunity', 'a Lead', 'a User', 'an hour', 'an SMS', 'a URL', 'an 8-day trial', 'an uninstall')
    """
    text = name.lstrip("\"'(")
    word = re.split(r"[^A-Za-z0-9]", text, maxsplit=1)[0]
    if word.isupper() and len(word) > 1:
        vowel = word[0] in _SPELT
    elif text[:1].isdigit():
        vowel = bool(_NUMBER.match(text))
    elif _SILENT_H.match(text):
        vowel = True
    else:
        vowel = text[:1].lower() in "aeiou" and text != "" and not _LIKE_YOU.match(text)
    return f"{'an' if vowel else 'a'} {name}"
