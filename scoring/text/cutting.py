"""Taking out of a sentence what its words alone would be misread for."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Cut:
    """By language what is taken out, and a word that stands in every sentence of which anything is."""

    patterns: Mapping[str, Sequence[re.Pattern[str]]]
    words: Mapping[str, re.Pattern[str]]

    def __call__(self, sentence: str, language: str) -> str:
        """A sentence, as the lexicon reads it, without what is taken out; in another language it is whole.

        >>> cut = Cut({"en": [re.compile("not bad ")]}, {"en": re.compile("not ")})
        >>> cut(" not bad at all ", "en"), cut(" not bad at all ", "de")
        (' at all ', ' not bad at all ')
        """
        words = self.words.get(language)
        if words is None or not words.search(sentence):
            return sentence
        for pattern in self.patterns[language]:
            sentence = pattern.sub("", sentence)
        return sentence
