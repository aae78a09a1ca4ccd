"""How a report speaks: its language, its currency, and how numbers, money and dates are written in it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo

from babel.numbers import format_compact_currency, format_currency, format_decimal, format_percent

from sales_consultant.config.language.translation import Language, shown_date, translate
from sales_consultant.insight.reports.document import Cell, Kind

CONTEXT = "report"
NOTHING = "–"
_LOCALES = {"en": "en_GB", "zh": "zh_CN"}
# From here on (hundredths) cents say nothing in a report that people read; files have them.
_WHOLE_CENTS = 100_000
# A share as close to 1 as this would be rounded to it: what is missed by little would read as reached.
_NEAR = 0.00501


@dataclass(frozen=True)
class Words:
    """The reader's language, the currency of all amounts, and the zone in which days begin."""

    language: Language
    currency: str
    zone: tzinfo

    def __call__(self, text: str, **values: object) -> str:
        """A message of the catalogue in the reader's language, with values put in."""
        said = translate(text, self.language, CONTEXT)
        return said.format(**values) if values else said

    def day(self, at: int) -> date:
        """The day of a moment (ms UTC)."""
        return datetime.fromtimestamp(at / 1000, UTC).astimezone(self.zone).date()

    def money(self, cents: float, *, short: bool = False) -> str:
        """An amount of the report's currency; `short` where it must fit an axis."""
        locale, units = _LOCALES[self.language], cents / 100
        if not self.currency:
            return self.number(units)
        # Below a thousand nothing is shortened, and all digits would be shown.
        if short and abs(units) >= 1000:
            return str(format_compact_currency(units, self.currency, locale=locale, fraction_digits=1))
        whole = abs(cents) >= _WHOLE_CENTS or not cents or (short and units == round(units))
        found = format_currency(
            round(units) if whole else units, self.currency, locale=locale, currency_digits=False,
            format=f"¤#,##0{'' if whole else '.00'}",
        )  # fmt: skip
        return str(found)

    def number(self, value: float) -> str:
        """A number, without a fraction from 100 on."""
        pattern = "#,##0" if abs(value) >= 100 else "#,##0.#" if abs(value) >= 1 else "#,##0.##"
        return str(format_decimal(value, pattern, locale=_LOCALES[self.language]))

    def share(self, value: float) -> str:
        """A share of 0 to 1 as per cent; only what is whole is written as 100 %.

        >>> from datetime import UTC
        >>> [Words("en", "EUR", UTC).share(s) for s in (0.994, 0.995, 0.99999, 1.0, 1.002, 1.2, 0.0123)]
        ['99%', '99.5%', '99.9%', '100%', '100.2%', '120%', '1.2%']
        """
        near = abs(value - 1) < _NEAR and not math.isclose(value, 1, abs_tol=1e-9)
        if near:
            # One decimal may still round to 100.
            value = min(value, 0.999) if value < 1 else max(value, 1.001)
        pattern = "#,##0%" if (abs(value) >= 0.0995 and not near) or value == 0 else "#,##0.0%"
        return str(format_percent(value, pattern, locale=_LOCALES[self.language]))

    def shown(self, value: float, kind: Kind, *, short: bool = False) -> str:
        """A number of a kind."""
        if kind == "money":
            return self.money(value, short=short)
        if kind == "share":
            return self.share(value)
        if kind == "points":
            return self("{points} pp", points=self.number(value * 100))
        if kind == "days" and not short:
            return self("{days} d", days=self.number(value))
        return self.number(value)

    def cell(self, value: Cell, kind: Kind) -> str:
        """A cell of a table as text; what is not known is a dash."""
        if value is None or (isinstance(value, float) and math.isnan(value)):
            return NOTHING
        if isinstance(value, date):
            return shown_date(value, self.language)
        if isinstance(value, str):
            return value
        return self.shown(value, kind)
