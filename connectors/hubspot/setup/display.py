"""How HubSpot shows our properties: formats, symbols, order, and what stays out of people's view.

Of the settings that HubSpot has for this, the API takes `numberDisplayHint`, `showCurrencySymbol`, `currencyPropertyName`,
`hidden` and `displayOrder`, when a property is made and afterwards; `dateDisplayHint` it leaves out in silence, and a date
is shown as one without it. A hint cannot be taken back by null, and a symbol cannot be switched off once a property of the
currency was named; so a setting is changed only where HubSpot still holds what a property has that nobody formatted.
"""

from collections.abc import Mapping
from typing import Any

from sales_consultant.config.fields.catalogue import Field, place
from sales_consultant.config.fields.naming import Naming

Json = dict[str, Any]
# What a property holds whose setting nobody ever touched; "formatted" means the same as no hint.
_UNTOUCHED: Mapping[str, tuple[Any, ...]] = {
    "numberDisplayHint": (None, "", "formatted"),
    "showCurrencySymbol": (None, False),
    "currencyPropertyName": (None, ""),
    "hidden": (None, False),
    "displayOrder": (None, -1),
}
# What of the settings each key of HubSpot's belongs to, in the words of `sync.shown`.
_OF = {
    "numberDisplayHint": "format",
    "showCurrencySymbol": "format",
    "currencyPropertyName": "format",
    "hidden": "hidden",
    "displayOrder": "order",
}
FORMATS = tuple(k for k, of in _OF.items() if of == "format")
_SAID = {
    "format": "its format",
    "hidden": "out of the default view",
    "order": "its place",
    "label": "its label",
}


def settings(field: Field, object_type: str) -> Json:
    """How a property is to be shown, in HubSpot's keys."""
    wanted: Json = {"displayOrder": place(field), "hidden": field.internal}
    if field.type == "percent":
        # Held as a fraction: .921 is shown as 92.1%.
        wanted["numberDisplayHint"] = "percentage"
    if field.type == "money":
        wanted |= {"numberDisplayHint": "currency", "showCurrencySymbol": True}
        if object_type == "deals":
            # Without it HubSpot would put the company's symbol before an amount of the deal's own currency.
            wanted["currencyPropertyName"] = "deal_currency_code"
    return wanted


def tries(body: Json) -> list[tuple[bool, Json]]:
    """A body, then what is left of it for an API that does not know a format, each with whether it is the last try.

    A number without its format is no reason to fail.
    """
    bodies = [body]
    for kept in (FORMATS[1:], ()):
        less = {k: v for k, v in body.items() if k not in FORMATS or k in kept}
        if len(less) < len(bodies[-1]):
            bodies.append(less)
    return [(n == len(bodies) - 1, b) for n, b in enumerate(bodies)]


def changes(field: Field, object_type: str, held: Json, naming: Naming) -> tuple[Json, list[str]]:
    """What of the display is to be brought up to date, and in words; never what somebody set, as far as that can be told."""
    wanted = settings(field, object_type)
    changed = {
        k: v
        for k, v in wanted.items()
        if held.get(k) != v and held.get(k) in _UNTOUCHED[k] and _OF[k] not in field.settled
    }
    if "currencyPropertyName" in changed and not (
        changed.get("showCurrencySymbol") or held.get("showCurrencySymbol")
    ):
        del changed["currencyPropertyName"]
    touched = {_OF[k] for k in changed}
    former = [f"{naming.label}: {title}" for title in naming.titles_before(field)]
    if held.get("label") in former and "label" not in field.settled:
        changed["label"] = f"{naming.label}: {naming.title(field)}"
        touched.add("label")
    return changed, [_SAID[t] for t in sorted(touched)]


def relabelled(field: Field, options: list[Json], naming: Naming) -> list[Json]:
    """The options held, with today's label where one still has that of an earlier release or of another language."""
    if "options" in field.settled:
        return options
    return [
        {**o, "label": naming.option(field, str(o["value"]))}
        if o.get("label") in naming.options_before(field, str(o.get("value")))
        else o
        for o in options
    ]
