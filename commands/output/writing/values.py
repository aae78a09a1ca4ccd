"""Our fields' values as the CRM's users read them."""

from datetime import datetime

from sales_consultant.commands.output.writing.page import Piece, bold, dim
from sales_consultant.commands.output.writing.text import GLUE, NOTHING, money, percent, plain
from sales_consultant.config.fields.catalogue import FIELDS
from sales_consultant.config.language import dates

_FIELDS = {f.key: f for f in FIELDS}
# Told as "because", or of use to programs only.
_TOLD_ELSEWHERE = {"reasons", "top_reason", "next_step_reason", "next_step_worth", "scored_at"}


def is_shown(key: str) -> bool:
    """Whether a change of a field has a place of its own on a screen."""
    field = _FIELDS.get(key)
    return key not in _TOLD_ELSEWHERE and not (field is not None and field.internal)


def value(key: str, text: str | None, currency: str = "") -> str:
    """A canonical value in words; a dash where there is none.

    >>> [value(*v).replace(GLUE, " ") for v in (("probability", "0.8258"), ("expected_value", "63247.08"), ("grade", None))]
    ['83 %', '63,247', '–']
    """
    if text is None or text == "":
        return NOTHING
    field = _FIELDS.get(key)
    if field is None:
        return plain(text)
    if field.type == "percent":
        try:
            return percent(float(text))
        except ValueError:
            return plain(text)
    if field.type == "money":
        return money(text, currency)
    if field.type == "date":
        return day(text)
    if key == "churn_risk":
        return f"{plain(text)}{GLUE}%"
    if field.type == "enumeration" and text in field.options:
        return plain(field.option_label(text))
    return plain(text)


def day(text: str) -> str:
    """A day as 2026-11-21, as people write it.

    >>> day("2026-11-21"), day("soon")
    ('21 Nov 2026', 'soon')
    """
    try:
        return dates.day(datetime.fromisoformat(text))
    except ValueError:
        return plain(text)


def label(key: str) -> str:
    """A field's name in a sentence.

    >>> label("expected_value"), label("churn_risk")
    ('expected value', 'churn risk')
    """
    field = _FIELDS.get(key)
    name = field.label if field is not None else key.replace("_", " ")
    return plain(name[:1].lower() + name[1:]).removesuffix(" (%)")


def change(key: str, old: str | None, new: str | None, currency: str = "") -> list[Piece]:
    """`score – → 57`, with what it becomes where the eye falls."""
    return [f"{label(key)} ", dim(value(key, old, currency)), dim(" → "), bold(value(key, new, currency))]


def reason(line: str) -> str:
    """A reason as it is written to the CRM, within a sentence, with its points in brackets.

    >>> reason("3 meetings: +10"), reason("as typed by hand"), reason("Page views: 20 to 50: +2"), reason("CRM: yes: +1")
    ('3 meetings (+10)', 'as typed by hand', 'Page views: 20 to 50 (+2)', 'CRM: yes (+1)')
    """
    text, _, points = line.rpartition(": ")
    return f"{plain(text)} ({plain(points)})" if text else plain(line)
