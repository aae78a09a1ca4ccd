"""What people wrote, as signals: language, intent, sentiment and names. The text itself is kept nowhere."""

from sales_consultant.scoring.text.as_of import signals
from sales_consultant.scoring.text.cleaning import clean
from sales_consultant.scoring.text.language import UNKNOWN, language
from sales_consultant.scoring.text.lexicon import INTENTS, LANGUAGES, NONE, RULES_VERSION
from sales_consultant.scoring.text.reading import UNSUBSCRIBE, Signals, mentioned, message, read, read_many

__all__ = [
    "INTENTS",
    "LANGUAGES",
    "NONE",
    "RULES_VERSION",
    "UNKNOWN",
    "UNSUBSCRIBE",
    "Signals",
    "clean",
    "language",
    "mentioned",
    "message",
    "read",
    "read_many",
    "signals",
]
