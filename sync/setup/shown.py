"""Which settings of how our fields are shown were brought up to date before: from then on they are the admin's.

A CRM does not tell who changed the format of a field, its label or that it is hidden. A setting that still has the value
that fields had before we set it is brought up to date once, and that is remembered here: where an admin turns it back, the
next `provision` sees that it was settled and leaves it. A later release that means another value settles it anew.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from sales_consultant.config.fields.catalogue import Field, place
from sales_consultant.config.language.translation import Language, translate
from sales_consultant.sync.stores import State

if TYPE_CHECKING:
    from sales_consultant.connectors.base import Connector, ProvisionStep

_KEY = "shown"


def _wanted(field: Field, language: Language) -> dict[str, str]:
    """The settings of a field, by what they are about; a connector makes the vendor's own of them.

    In another language labels are other ones, so a change of the language has them looked at anew.
    """
    return {
        "label": translate(field.label, language),
        "format": field.type,
        "hidden": str(field.internal),
        "order": str(place(field)),
        "options": json.dumps([translate(field.option_label(o), language) for o in field.choices]),
    }


def _remembered(state: State) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = json.loads(state.get(_KEY) or "{}")
    return found


def settled(
    state: State, fields: Mapping[str, Sequence[Field]], language: Language = "en"
) -> dict[str, tuple[Field, ...]]:
    """The fields, each with the names of its settings that need no more looking at."""
    known = _remembered(state)
    return {
        obj: tuple(
            replace(f, settled=frozenset(n for n, v in _wanted(f, language).items() if held.get(n) == v))
            if (held := known.get(f"{obj}/{f.key}"))
            else f
            for f in chosen
        )
        for obj, chosen in fields.items()
    }


def remember(
    state: State,
    connector: "Connector",
    fields: Mapping[str, Sequence[Field]],
    steps: Sequence["ProvisionStep"],
    language: Language = "en",
) -> None:
    """After a provision: all settings of the fields that are there now are settled; a refused field is not ours."""
    refused = {s.name.rpartition(".")[2] for s in steps if s.state == "refused"}
    if any(s.kind == "slots" and s.state == "refused" for s in steps):
        return
    known = _remembered(state)
    for obj, chosen in fields.items():
        for f in chosen:
            if connector.field_name(obj, f) not in refused:
                known[f"{obj}/{f.key}"] = _wanted(f, language)
    state.put(_KEY, json.dumps(known, sort_keys=True))


def forget(state: State) -> None:
    """The fields were taken away: made again, they are shown as we mean it."""
    if state.get(_KEY):
        state.put(_KEY, "")
