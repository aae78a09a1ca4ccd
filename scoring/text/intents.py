"""Which intent a text has, by the points of the phrases that it holds."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from sales_consultant.scoring.text.denied import without_denied_price
from sales_consultant.scoring.text.lexicon import INTENTS, NONE, Lexicon
from sales_consultant.scoring.text.list_wishes import meant
from sales_consultant.scoring.text.normalise import Sentence
from sales_consultant.scoring.text.phrases import Phrase

# How much an intent needs to be said; below it the text has none.
THRESHOLD = 2.0
# What further phrases of the same intent add to the strongest one.
FURTHER = 0.5
# What a phrase that speaks for no intent takes from each other one.
CALM = 0.5
UNSUBSCRIBE = "unsubscribe"
# What is cut out of a sentence before the phrases of an intent are looked for.
_CUTS: Mapping[str, Callable[[str, str], str]] = {UNSUBSCRIBE: meant, "objection_price": without_denied_price}
# A negation counts for a phrase that starts so many words (signs, in Chinese) after it.
REACH_WORDS, REACH_SIGNS = 3, 2
# Of two intents with the same points the one that costs more when it is missed.
ORDER = (
    "unsubscribe",
    "out_of_office",
    "changed_job",
    "churn_threat",
    "complaint",
    "competitor",
    "objection_price",
    "postponed",
    "wants_meeting",
    "asks_price",
    "ready_to_buy",
)


def points(sentences: Iterable[Sentence], lexicon: Lexicon) -> dict[str, float]:
    """Points by intent: the strongest phrase whole, further ones in part, less what speaks against it.

    For being taken off a list only what the writer wants of us counts (see `list_wishes`), and no price that is denied to be
    too high is an objection (see `denied`).
    """
    best: dict[str, float] = dict.fromkeys(INTENTS, 0.0)
    total, less = dict(best), dict(best)
    for sentence in sentences:
        for phrase, start, text in _found(sentence.text, lexicon):
            intent = phrase.intent
            if phrase.points < 0:
                less[intent] += phrase.points
            elif not _negated(text, start, lexicon):
                best[intent] = max(best[intent], phrase.points)
                total[intent] += phrase.points
    return {i: best[i] + FURTHER * (total[i] - best[i]) + less[i] for i in INTENTS if total[i]}


def intent_of(scores: Mapping[str, float]) -> tuple[str, float]:
    """The intent with the most points and how many; `none` where no intent has enough."""
    found = max(ORDER, key=lambda i: (scores.get(i, 0.0), -ORDER.index(i)))
    reached = scores.get(found, 0.0) - CALM * scores.get(NONE, 0.0)
    return (found, reached) if reached >= THRESHOLD else (NONE, 0.0)


def _found(text: str, lexicon: Lexicon) -> Iterator[tuple[Phrase, int, str]]:
    """Phrases, each with its place and the text that it was found in."""
    meant_by = {i: cut(text, lexicon.language) for i, cut in _CUTS.items()}
    others = {i: t for i, t in meant_by.items() if t != text}
    for phrase, start in lexicon.phrases.found(text):
        # What speaks against an intent does so in the words that are cut too.
        if phrase.intent not in others or phrase.points < 0:
            yield phrase, start, text
    for intent, own in others.items():
        for phrase, start in lexicon.phrases.found(own):
            if phrase.intent == intent and phrase.points > 0:
                yield phrase, start, own


def _negated(text: str, start: int, lexicon: Lexicon) -> bool:
    """Whether a word of negation stands shortly before a place of a sentence."""
    if lexicon.phrases.spaced:
        before = text[:start].split()[-REACH_WORDS:]
        row = f" {' '.join(before)} "
        return any(f" {n} " in row for n in lexicon.negators)
    return any(n in text[max(0, start - REACH_SIGNS) : start] for n in lexicon.negators)
