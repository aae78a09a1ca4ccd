"""What people wrote, as signals: language, intent, sentiment and names. The text itself is kept nowhere."""

from sales_consultant.scoring.text.as_of import signals
from sales_consultant.scoring.text.cleaning import clean
from sales_consultant.scoring.text.intents import UNSUBSCRIBE
from sales_consultant.scoring.text.language import UNKNOWN, language
from sales_consultant.scoring.text.lexicon import INTENTS, LANGUAGES, NONE, RULES_VERSION
from sales_consultant.scoring.text.reading import (
    Classifier,
    Signals,
    encoder_installed,
    mentioned,
    message,
    open_encoder,
    read,
    read_many,
    rules_version,
)

__all__ = [
    "INTENTS",
    "LANGUAGES",
    "NONE",
    "RULES_VERSION",
    "UNKNOWN",
    "UNSUBSCRIBE",
    "Classifier",
    "Signals",
    "clean",
    "encoder_installed",
    "language",
    "mentioned",
    "message",
    "open_encoder",
    "read",
    "read_many",
    "rules_version",
    "signals",
]
