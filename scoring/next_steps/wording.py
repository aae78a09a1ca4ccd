"""The words in braces of a rule's texts, from the same row of facts that its condition was asked of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pandas as pd

from sales_consultant.config.language.translation import shown_date, shown_number, translator
from sales_consultant.scoring.next_steps.state import calendar_day, day_of
from sales_consultant.scoring.propensity import band, clean, length

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sales_consultant.config.language.translation import Language
    from sales_consultant.config.playbook import Planned, Rule

TIMES = {
    "last_inbound": "at_inbound",
    "last_outbound": "at_outbound",
    "last_meeting": "at_meeting",
    "last_response": "at_response",
    "last_touch": "at_touch",
    "last_form": "at_form",
    "last_visit": "at_visit",
    "created": "created_at",
    "close_date": "at_close",
    "last_purchase": "at_purchase",
    "first_purchase": "at_first_purchase",
    "renewal": "at_renewal",
    "intent_date": "at_intent",
}
_COUNTS = ("contacts", "close_date_moves", "unanswered_tries")
# Dates that are days of the calendar and no moments: they are the same day in every zone.
_DAYS = frozenset({"close_date", "last_purchase", "first_purchase", "renewal"})
# Messages that stand in no rule, for the extraction of the catalogue.
NEVER, UNKNOWN, NO_STAGE, NO_TIME = "never", "unknown", "no stage", "an unknown time"
THEM, THEIR_COMPANY, PRODUCT = "the contact", "the company", "the product"
ON = "on {date}"
OTHERS = (NEVER, UNKNOWN, NO_STAGE, NO_TIME, THEM, THEIR_COMPANY, PRODUCT, ON)


def gap(value: Any) -> bool:
    """None, NaN and pandas' own missing values."""
    return value is None or (not isinstance(value, (list, tuple, frozenset)) and bool(pd.isna(value)))


class Words:
    """The words of one row of facts in a language; each is made when a text asks for it.

    A moment that never was is "never", a date that nobody entered "unknown".
    """

    def __init__(self, row: Mapping[str, Any], language: Language, zone: ZoneInfo) -> None:
        self._row, self._language, self._zone = row, language, zone
        self._say = translator(language)

    def __getitem__(self, word: str) -> str:
        if word in TIMES:
            return self._time(word)
        value = self._row.get("customer_tier" if word == "tier" else word)
        if word == "tier":
            value = self._row.get("tier")
        if word in _COUNTS:
            return self._say(UNKNOWN) if gap(value) else f"{int(value or 0)}"
        if word in ("score", "tier", "churn_risk"):
            return self._say(UNKNOWN) if gap(value) else f"{float(value or 0):.0f}"
        if word == "amount":
            return self._say(UNKNOWN) if gap(value) else self._amount(float(value or 0))
        if word == "stage_age":
            days = self._row.get("days_in_stage")
            return self._say(NO_TIME if gap(days) else length(float(days or 0)))
        return self._text(word)

    def _amount(self, amount: float) -> str:
        return band(amount) if self._language == "en" else shown_number(amount, self._language)

    def _text(self, word: str) -> str:
        column, otherwise = {
            "stage": ("stage", NO_STAGE),
            "grade": ("grade", UNKNOWN),
            "contact": ("contact_name", THEM),
            "company": ("company_name", THEIR_COMPANY),
            "product": ("recommended_product", PRODUCT),
        }[word]
        value = self._row.get(column)
        return clean(value) if isinstance(value, str) and value.strip() else self._say(otherwise)

    def _time(self, word: str) -> str:
        at = self._row.get(TIMES[word])
        if gap(at):
            return self._say(
                UNKNOWN if word in ("close_date", "created", "renewal", "intent_date") else NEVER
            )
        day = (calendar_day if word in _DAYS else day_of)(float(at or 0), self._zone)
        if day is None:
            return self._say(UNKNOWN)
        shown = shown_date(day, self._language)
        return shown if word == "close_date" else self._say(ON).format(date=shown)


def texts(said: Rule | Planned, words: Words | Mapping[str, str], language: Language) -> tuple[str, str]:
    """The step and reason of a rule, or of what is planned, for one record in a language.

    The playbook's own translation comes first, then the catalogue, then what the playbook says.
    """
    say = translator(language)
    own = said.translations.get(language)
    step, reason = (own.step, own.reason) if own else (say(said.step), say(said.reason))
    return step.format_map(words), reason.format_map(words)
