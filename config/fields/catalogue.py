"""The fields that Sales Consultant writes: names, types, sets, and what each means to a rep (architecture, section 10).

The catalogue is the only list of fields that may ever be written. Connectors turn a `Field` into the vendor's
own definition; plan, push, read-back and rollback address fields by `key`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

FieldType = Literal[
    "number", "percent", "money", "text", "long_text", "date", "datetime", "enumeration", "bool"
]
FieldSet = Literal["minimal", "standard", "all"]
WrittenObject = Literal["contacts", "leads", "companies", "deals"]

SETS: tuple[FieldSet, ...] = ("minimal", "standard", "all")
OBJECTS: tuple[WrittenObject, ...] = ("contacts", "leads", "companies", "deals")
GROUP = "sales_consultant"
GROUP_LABEL = "Sales Consultant"
SEGMENTS = (
    "prospects",
    "champions",
    "loyal",
    "active",
    "new",
    "promising",
    "needs_attention",
    "previously_loyal",
    "at_risk",
    "almost_lost",
    "dormant",
)
# Of an open record nothing is certain, whatever a model's figures round to.
PROBABLE = ("0.0001", "0.9999")
_EVERY: tuple[WrittenObject, ...] = ("contacts", "leads", "companies", "deals")
# People are customers where there is no company.
_CUSTOMERS: tuple[WrittenObject, ...] = ("companies", "contacts")
# A deal is offered what its company is, less what is in the deal (docs/decisions/scoring-recommended-products.md).
_OFFERED: tuple[WrittenObject, ...] = ("companies", "deals")
# Customers get steps too: an order, a review or a renewal belongs to the company (docs/decisions/steps-for-customers.md).
_STEPS: tuple[WrittenObject, ...] = ("deals", "contacts", "leads", "companies")

YES_NO = {"true": "Yes", "false": "No"}
"""The options of a flag by their values, as people read them."""


@dataclass(frozen=True)
class Field:
    """One field of ours.

    `digits` is the number of digits before the point, `scale` after it. `rides` marks a field that never causes a
    write of its own and goes along with one. `people_write` marks a field that reps or admins fill in and that no
    plan or rollback ever touches. `length` is counted in UTF-16 units; 255 is the most that a Text field of
    Salesforce takes. With two after the point, 16 digits are the 18 of its Currency field. `within` are the least and
    the most that we ever write. `internal` marks what only programs read: it is kept out of the view that people get
    without asking. `labels` are the readable names of the options where the values do not make them; `labels_before`
    the labels of the field in earlier releases. `settled` names the settings of how it is shown that were brought up
    to date before, and are the admin's since (see `sync.shown`). `retired` marks a field of earlier releases: it is not made
    any more, and emptied where it is still there.
    """

    key: str
    label: str
    type: FieldType
    on: tuple[WrittenObject, ...]
    set: FieldSet
    help: str
    options: tuple[str, ...] = ()
    length: int = 255
    digits: int = 16
    scale: int = 0
    rides: bool = False
    people_write: bool = False
    internal: bool = False
    labels: tuple[str, ...] = ()
    labels_before: tuple[str, ...] = ()
    settled: frozenset[str] = frozenset()
    retired: bool = False
    within: tuple[str, str] | None = None

    @property
    def choices(self) -> tuple[str, ...]:
        """The values that a CRM offers to choose from: the options, or true and false."""
        return tuple(YES_NO) if self.type == "bool" else self.options

    def option_label(self, option: str) -> str:
        """The readable name of an enumeration value.

        >>> by_key("segment").option_label("needs_attention"), by_key("customer_tier").option_label("1")
        ('Needs attention', 'Tier 1')
        """
        if self.labels and option in self.options:
            return self.labels[self.options.index(option)]
        return self.option_label_before(option)

    def option_label_before(self, option: str) -> str:
        """The name that an earlier release gave to a value: one that still has it was not renamed by anybody."""
        if self.type == "bool":
            return YES_NO.get(option, option)
        return option if self.key == "grade" else option.replace("_", " ").capitalize()


FIELDS: tuple[Field, ...] = (
    Field(
        "score",
        "Score",
        "number",
        _EVERY,
        "minimal",
        "50 is average, 10 points more double the odds.",
        digits=2,
    ),
    Field(
        "grade",
        "Grade",
        "enumeration",
        _EVERY,
        "minimal",
        "A is the best tenth of the open records, B the next fifth, C to 60 %, D the rest.",
        ("A", "B", "C", "D"),
    ),
    Field(
        "top_reason",
        "Top reason",
        "text",
        _EVERY,
        "minimal",
        "What moved the score most.",
        length=120,
        rides=True,
    ),
    Field("next_step", "Next step", "text", _STEPS, "minimal", "What to do next on this record."),
    Field("next_step_due", "Next step due", "date", _STEPS, "minimal", "When to have done it.", rides=True),
    Field(
        "probability",
        "Probability",
        "percent",
        _EVERY,
        "standard",
        "How likely the event is within its horizon.",
        digits=1,
        scale=4,
        rides=True,
        within=PROBABLE,
    ),
    Field(
        "trend",
        "Trend",
        "enumeration",
        _EVERY,
        "standard",
        "Against 14 days ago under the same model, from 8 points on.",
        ("rising", "steady", "falling", "new"),
        rides=True,
    ),
    Field(
        "reasons",
        "Reasons",
        "long_text",
        _EVERY,
        "standard",
        "Points that sum, from 50, to the score.",
        length=1000,
        rides=True,
    ),
    Field(
        "expected_value",
        "Expected value",
        "money",
        ("deals",),
        "standard",
        "Probability times amount, in the deal's currency.",
        scale=2,
    ),
    Field(
        "value_12m",
        "Value in 12 months",
        "money",
        _CUSTOMERS,
        "standard",
        "Revenue to expect from this customer in the next 12 months.",
        scale=2,
    ),
    Field(
        "churn_risk",
        # A number of percents and no fraction: the vendors' percent formats would show 45 as 4,500 %.
        "Churn risk (%)",
        "number",
        _CUSTOMERS,
        "standard",
        "0 to 100: how likely the customer has stopped buying.",
        digits=3,
        labels_before=("Churn risk",),
    ),
    Field(
        "segment",
        "Segment",
        "enumeration",
        ("contacts", "companies"),
        "standard",
        "By recency, frequency and monetary value of purchases.",
        SEGMENTS,
    ),
    Field(
        "lifecycle",
        "Lifecycle",
        "enumeration",
        _CUSTOMERS,
        "standard",
        "Where the customer stands: a company, or a person without one.",
        ("prospect", "new", "active", "at_risk", "lost"),
    ),
    Field(
        "customer_tier",
        "Customer tier",
        "enumeration",
        _CUSTOMERS,
        "standard",
        "1 to 3 by expected value, with frozen edges.",
        ("1", "2", "3"),
        labels=("Tier 1", "Tier 2", "Tier 3"),
    ),
    Field(
        "recommended_product",
        "Recommended product",
        "text",
        _OFFERED,
        "standard",
        "What customers like this one bought, and this one has not; on a deal, what is not in it either.",
    ),
    Field(
        "recommended_product_why",
        "Recommended product: why",
        "text",
        _OFFERED,
        "standard",
        "How many customers bought it, and with what.",
        rides=True,
    ),
    Field("next_step_reason", "Next step: why", "text", _STEPS, "standard", "Why this step.", rides=True),
    Field(
        "next_step_priority",
        "Next step: priority",
        "enumeration",
        _STEPS,
        "standard",
        "How the step ranks among the owner's; no promise of effect.",
        ("high", "medium", "low"),
        rides=True,
    ),
    Field(
        "next_step_channel",
        "Next step: channel",
        "enumeration",
        _STEPS,
        "standard",
        "How to get in touch.",
        ("call", "email", "meeting", "none"),
        labels=("Call", "E-mail", "Meeting", "None needed"),
        rides=True,
    ),
    Field(
        "next_step_worth",
        "Next step: worth",
        "money",
        ("deals", "contacts", "leads"),
        "standard",
        "Emptied: a step's rank is told by its priority.",
        scale=2,
        rides=True,
        retired=True,
    ),
    Field(
        "next_step_id",
        "Next step: id",
        "text",
        _STEPS,
        "minimal",
        "Names the step; feedback belongs to it.",
        length=80,
        internal=True,
    ),
    Field(
        "next_step_feedback",
        "Next step: feedback",
        "enumeration",
        _STEPS,
        "standard",
        "The rep's answer to the step.",
        ("accepted", "done", "later", "not_useful", "wrong"),
        people_write=True,
    ),
    Field(
        "do_not_score",
        "Do not score",
        "bool",
        ("contacts", "leads", "companies"),
        "minimal",
        "Set this to leave the record unscored and its fields empty.",
        people_write=True,
    ),
    Field(
        "cluster",
        "Cluster",
        "text",
        ("companies",),
        "all",
        "Customers alike in how much, how often and how lately they buy. Empty where no such groups can be told.",
        length=120,
    ),
    Field("scored_at", "Scored at", "datetime", _EVERY, "all", "Time of the last change.", rides=True),
    Field(
        "model",
        "Model",
        "text",
        _EVERY,
        "all",
        "The model that gave the score.",
        length=80,
        rides=True,
        internal=True,
    ),
)
_BY_KEY = {f.key: f for f in FIELDS}
_PLACES = {f.key: n for n, f in enumerate(FIELDS, start=1)}


def by_key(key: str) -> Field:
    """The field of that key; KeyError when the catalogue has none, for nothing else may be written."""
    return _BY_KEY[key]


def place(field: Field) -> int:
    """Where a field stands among ours, from 1: in the order in which people read them."""
    return _PLACES[field.key]


def fields(chosen: FieldSet, objects: Iterable[str]) -> dict[str, tuple[Field, ...]]:
    """The fields of a set, by object.

    A set holds the smaller ones: "standard" is "minimal" and more.
    """
    wanted = SETS[: SETS.index(chosen) + 1]
    return {o: tuple(f for f in FIELDS if o in f.on and f.set in wanted and not f.retired) for o in objects}


def with_retired(held: Mapping[str, Sequence[Field]]) -> dict[str, tuple[Field, ...]]:
    """Fields by object, and those of earlier releases that may still be there."""
    return {o: (*fs, *(f for f in FIELDS if f.retired and o in f.on)) for o, fs in held.items()}
