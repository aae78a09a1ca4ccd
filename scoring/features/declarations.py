"""Features as data: what is counted, from where, in which window, and how it is said to a rep."""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal, TypeAlias

Entity = Literal["deals", "contacts", "companies"]
Side = Literal["buyer", "seller", "neutral"]
Kind = Literal["count", "since", "duration", "amount", "category", "number", "flag", "until", "rate", "ratio"]
Aggregate = Literal["count", "days_since_last", "planned", "days_until_next", "trend", "rate", "state"]
Match: TypeAlias = tuple[tuple[str, tuple[str | bool | None, ...]], ...]


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
    (None matches a gap), `window` the days back from the cut-off (None: all), or ahead of it for what is planned.
    A "trend" is three times the count of the window over the count of three windows (1: as before); a "rate" is the
    share of the rows of `over` that the rows of `where` make up, at most 1; both are gaps where there is nothing to
    divide by. `column` is the column of a state or field that is taken as of the cut-off. `says` is what the catalogue
    of features tells of it, where name and aggregate do not say it.
    """

    name: str
    source: str
    group: str
    aggregate: Aggregate = "state"
    where: Match = ()
    window: int | None = None
    column: str = ""
    over: Match = ()
    says: str = ""

    def to_dict(self) -> dict[str, Any]:
        """A form that JSON can hold."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Feature":
        """The inverse of `to_dict`."""
        matches = {
            key: tuple((str(c), tuple(values)) for c, values in data.get(key, ()))
            for key in ("where", "over")
        }
        return cls(**{**data, **matches})


def group_from_dict(data: dict[str, Any]) -> Group:
    """A group from its JSON form."""
    return Group(name=data["name"], side=data["side"], words=Words(**data["words"]))
