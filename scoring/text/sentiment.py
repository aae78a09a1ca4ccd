"""How a text sounds, from -1 to 1, by words of feeling, negation, and what its intent says of it."""

import math
from collections.abc import Iterable, Mapping

from sales_consultant.scoring.text.lexicon import Lexicon
from sales_consultant.scoring.text.normalise import Sentence

# The sum x of the words' values becomes x / sqrt(x^2 + 15) (Hutto and Gilbert 2014, VADER, section 3.1).
ALPHA = 15.0
# A negated word counts the other way round and weaker (VADER: -0.74).
NEGATED = -0.74
_REACH_WORDS, _REACH_SIGNS = 3, 2
# What lexicons of feeling miss on sales text ("I will not be renewing our contract"): the intent speaks for itself.
OF_INTENT: Mapping[str, float] = {
    "ready_to_buy": 2.0,
    "wants_meeting": 1.0,
    "objection_price": -1.0,
    "churn_threat": -3.0,
    "complaint": -3.0,
    "unsubscribe": -2.0,
}


def sentiment(sentences: Iterable[Sentence], lexicon: Lexicon, intent: str) -> float:
    """The feeling of sentences, rounded to two decimals; 0 where nothing tells of any."""
    total = OF_INTENT.get(intent, 0.0)
    for sentence in sentences:
        total += (
            _of_words(sentence.text, lexicon) if lexicon.phrases.spaced else _of_signs(sentence.text, lexicon)
        )
    return scaled(total)


def scaled(total: float) -> float:
    """A sum of values of feeling as a number from -1 to 1, rounded to two decimals."""
    return round(total / math.sqrt(total * total + ALPHA), 2)


def _of_words(text: str, lexicon: Lexicon) -> float:
    words = text.split()
    total = 0.0
    for place, word in enumerate(words):
        value = lexicon.feeling(word)
        if value:
            before = words[max(0, place - _REACH_WORDS) : place]
            total += value * (NEGATED if any(n in before for n in lexicon.negators) else 1.0)
    return total


def _of_signs(text: str, lexicon: Lexicon) -> float:
    total = 0.0
    for word, value in lexicon.feelings.items():
        if (place := text.find(word)) >= 0:
            before = text[max(0, place - _REACH_SIGNS) : place]
            total += value * (NEGATED if any(n in before for n in lexicon.negators) else 1.0)
    return total
