"""The lexicons: phrases by intent and words of feeling for each language, as data files beside the code."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from sales_consultant.config.playbook import INTENTS as WANTED
from sales_consultant.scoring.text.phrases import LexiconError, Phrase, PhraseIndex, compile_phrase

RULES_VERSION = 2
"""Raised with every change of a lexicon or of how it is read: signals of another version are made again."""

NONE = "none"
INTENTS = (*WANTED, NONE)
LANGUAGES = ("en", "zh", "de", "fr", "es")
SPACED = frozenset(LANGUAGES) - {"zh"}
POINTS = {"strong": 3.0, "usual": 2.0, "weak": 1.0, "against": -4.0}


@dataclass(frozen=True)
class Lexicon:
    """What is known of one language."""

    language: str
    phrases: PhraseIndex
    negators: tuple[str, ...]
    feelings: Mapping[str, float]
    stems: Mapping[str, float]

    def feeling(self, word: str) -> float:
        """The value of a word, by itself or by its start; 0 for one without."""
        if word in self.feelings:
            return self.feelings[word]
        return next((self.stems[word[:n]] for n in range(len(word), 2, -1) if word[:n] in self.stems), 0.0)


@cache
def lexicon(language: str) -> Lexicon:
    """The lexicon of a language, read once."""
    name = f"{language}.toml"
    content = (resources.files(__package__) / "lexicons" / name).read_text(encoding="utf-8")
    feeling = (resources.files(__package__) / "lexicons" / "feelings.toml").read_text(encoding="utf-8")
    return parse(language, tomllib.loads(content), tomllib.loads(feeling).get(language, {}))


def parse(language: str, data: Mapping[str, Any], feelings: Mapping[str, Any]) -> Lexicon:
    """A lexicon of its data; LexiconError for an intent or a weight that is not known."""
    sets, spaced = data.get("sets", {}), language in SPACED
    phrases: list[Phrase] = []
    for intent, groups in data.items():
        if intent in ("sets", "negators"):
            continue
        if intent not in INTENTS or not groups.keys() <= POINTS.keys():
            raise LexiconError(
                f"The lexicon of {language} holds {intent!r}, or a weight in it, that is not known."
            )
        phrases += [
            compile_phrase(source, intent, POINTS[weight], sets, spaced=spaced)
            for weight, sources in groups.items()
            for source in sources
        ]
    values = {str(w): float(n) for n, words in feelings.items() for w in words}
    return Lexicon(
        language,
        PhraseIndex(phrases, spaced=spaced),
        tuple(data.get("negators", ())),
        {w: v for w, v in values.items() if not w.endswith("*")},
        {w.rstrip("*"): v for w, v in values.items() if w.endswith("*")},
    )
