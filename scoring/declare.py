"""Features as data: what is counted, from where, in which window, and how it is said to a rep."""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Entity = Literal["deals", "contacts", "companies"]
Side = Literal["buyer", "seller", "neutral"]
Kind = Literal["count", "since", "duration", "amount", "category", "number", "flag", "until"]
Aggregate = Literal["count", "days_since_last", "planned", "state"]


@dataclass(frozen=True, slots=True)
class Words:
    """How the features of one group are said.

    `label` is the noun ("meeting"), `plural` its plural, `none` the sentence when there is nothing;
    `names` maps raw values to what people call them.
    """

    kind: Kind
    label: str
    plural: str = ""
    none: str = ""
    names: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Group:
    """Features that are one reason: the windows of one count, the encodings of one field."""

    name: str
    side: Side
    words: Words


@dataclass(frozen=True, slots=True)
class Feature:
    """One column of the training frame.

    `source` names the dated rows it is made of, `where` the columns and values a row must have
    (None matches a gap), `window` the days back from the cut-off (None: all). `column` is the column of a
    state or field that is taken as of the cut-off.
    """

    name: str
    source: str
    group: str
    aggregate: Aggregate = "state"
    where: tuple[tuple[str, tuple[str | bool | None, ...]], ...] = ()
    window: int | None = None
    column: str = ""

    def to_dict(self) -> dict[str, Any]:
        """A form that JSON can hold."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Feature":
        """The inverse of `to_dict`."""
        where = tuple((str(c), tuple(values)) for c, values in data["where"])
        return cls(**{**data, "where": where})


def group_from_dict(data: dict[str, Any]) -> Group:
    """A group from its JSON form."""
    return Group(name=data["name"], side=data["side"], words=Words(**data["words"]))
