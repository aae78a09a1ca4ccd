"""In which language a text is written, by its script and, where Latin script is shared, by py3langid."""

from collections import Counter
from functools import cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from sales_consultant.scoring.text.lexicon import LANGUAGES

UNKNOWN = "unknown"
# So many characters tell a language as well as the whole text does.
ENOUGH = 600
# Share of the letters that must be of a script for the script to decide.
SHARE = 0.3
# A text of fewer letters is one of our languages rather than a neighbour's.
SHORT = 80
_OURS = ("de", "en", "es", "fr")
_NEAR = (*_OURS, "cs", "da", "fi", "hu", "it", "nl", "no", "pl", "pt", "ro", "sv", "tr", "vi", "id")
_RANGES = (
    ("han", 0x4E00, 0x9FFF),
    ("han", 0x3400, 0x4DBF),
    ("kana", 0x3040, 0x30FF),
    ("hangul", 0xAC00, 0xD7AF),
    ("latin", 0x0041, 0x024F),
)


def language(text: str) -> str:
    """One of the lexicons' languages, or `unknown` for any other, for another script and for a text without letters."""
    scripts = _scripts(text[:ENOUGH])
    letters = sum(scripts.values())
    if not letters:
        return UNKNOWN
    if scripts["han"] / letters >= SHARE and not scripts["kana"] and not scripts["hangul"]:
        return "zh"
    if scripts["latin"] / letters < 1 - SHARE:
        return UNKNOWN
    found = str(_identifier(_NEAR).classify(text[:ENOUGH])[0])
    if found not in LANGUAGES and letters < SHORT:
        # Of a short text the nearest is often a neighbour's language.
        found = str(_identifier(_OURS).classify(text[:ENOUGH])[0])
    return found if found in LANGUAGES else UNKNOWN


@cache
def _identifier(languages: tuple[str, ...]) -> LanguageIdentifier:
    """An identifier of our own, so that nobody else's choice of languages is changed."""
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    identifier.set_languages(languages)
    return identifier


def _scripts(text: str) -> Counter[str]:
    found: Counter[str] = Counter()
    for sign in text:
        if sign.isalpha():
            code = ord(sign)
            found[next((name for name, low, high in _RANGES if low <= code <= high), "other")] += 1
    return found
