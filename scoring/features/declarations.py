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
    """Features of one thing: the windows of one count, the encodings of one field.

    `theme` names what several groups tell of together, as all that shows their interest: one reason, for columns that say
    nearly the same take each other's points. Empty: the group is a theme of its own.
    """

    name: str
    side: Side
    words: Words
    theme: str = ""

    @property
    def reason(self) -> str:
        """The reason that the group speaks in."""
        return self.theme or self.name


@dataclass(frozen=True, slots=True)
class FieldSource:
    """Where the values of one of the customer's own fields come from, as the text of a feature's `source`.

    `known`: "fixed" (its value never changes) or "history" (its past values are kept); `entity`: whose field it is; `key`: the
    column of the members that names that record.
    """

    known: Literal["fixed", "history"]
    entity: str
    key: str

    def __str__(self) -> str:
        return f"{self.known}:{self.entity}:{self.key}"

    @classmethod
    def parse(cls, source: str) -> "FieldSource | None":
        """The source that a text names; None for dated rows and states.

        >>> FieldSource.parse("fixed:deals:record_id")
        FieldSource(known='fixed', entity='deals', key='record_id')
        >>> FieldSource.parse("activities") is None
        True
        """
        known, *rest = source.split(":")
        if len(rest) != 2 or known not in ("fixed", "history"):
            return None
        return cls("fixed" if known == "fixed" else "history", *rest)


def of_dtype(dtype: str) -> Match:
    """The `where` of a feature of the customer's own field: its type as the CRM describes it."""
    return (("type", (dtype,)),)


@dataclass(frozen=True, slots=True)
class Feature:
    """One column of the training frame.

    `source` names the dated rows it is made of, `where` the columns and values a row must have
    (None matches a gap), `window` the days back from the cut-off (None: all), or ahead of it for what is planned.
    A "trend" is three times the count of the window over the count of three windows (1: as before); a "rate" is the
    share of the rows of `over` that the rows of `where` make up, at most 1; both are gaps where there is nothing to
    divide by. `column` is the column of a state or field that is taken as of the cut-off. `says` is what the catalogue
    of features tells of it, where name and aggregate do not say it. `by_owner`: whether activities are a gap where the
    record's owner logs none (see `coverage`).
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
    by_owner: bool = True

    @property
    def field_source(self) -> FieldSource | None:
        """Where the values come from, of one of the customer's own fields."""
        return FieldSource.parse(self.source)

    @property
    def dtype(self) -> str:
        """The type of the customer's own field ("number", "datetime" ...), empty for other features."""
        if self.field_source is None:
            return ""
        return str(dict(self.where)["type"][0])

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
    return Group(data["name"], data["side"], Words(**data["words"]), data.get("theme", ""))
