"""What the web pages show of a record, whichever vendor's side holds it."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Value:
    """A field of a record: its name in the API, its label, and its value as people read it ("" where empty).

    `hidden`: the CRM leaves it out of what people see unless they look for it.
    """

    name: str
    label: str
    text: str
    hidden: bool = False


@dataclass(frozen=True)
class Event:
    """One activity: when (ISO 8601), what kind, who, its title and its text."""

    at: str
    kind: str
    title: str
    body: str = ""
    planned: bool = False


@dataclass(frozen=True)
class Related:
    """A record that hangs on this one."""

    object: str
    id: str
    title: str
    note: str = ""


@dataclass(frozen=True)
class Card:
    """A record as a rep sees it; `ours` are the fields that Sales Consultant writes."""

    vendor: str
    object: str
    id: str
    kind: str
    title: str
    subtitle: str
    key: tuple[Value, ...]
    fields: tuple[Value, ...]
    ours: tuple[Value, ...]
    events: tuple[Event, ...] = ()
    related: tuple[Related, ...] = ()


@dataclass(frozen=True)
class CardLine:
    """One line of the list page."""

    vendor: str
    object: str
    id: str
    kind: str
    title: str
    note: str = ""
    ours: dict[str, str] = field(default_factory=dict)


def role(name: str) -> str:
    """What one of our fields is for, whatever its CRM calls it: `sc_score` and `SC_Score__c` are both "score"."""
    return name.lower().removesuffix("__c").removeprefix("sc_")
