"""A rule of the playbook: when it holds, what to do then, by which channel, until when, and what it costs."""

from collections.abc import Collection, Iterable
from string import Formatter
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from sales_consultant.config.language.nearest import nearest
from sales_consultant.config.playbook.expressions import Logic, Node, parse, parts, symbols
from sales_consultant.config.playbook.names import BY_NAME, OBJECTS, StepObject

Channel = Literal["call", "email", "meeting", "none", "best"]
Trigger = Literal[
    "inbound", "outbound", "meeting", "form", "stage", "close_date", "purchase", "renewal", "intent", "record"
]
Language = Literal["en", "zh"]

WORDS = (
    "last_inbound",
    "last_outbound",
    "last_meeting",
    "last_response",
    "last_touch",
    "last_form",
    "last_visit",
    "created",
    "stage",
    "stage_age",
    "close_date",
    "close_date_moves",
    "amount",
    "score",
    "grade",
    "contacts",
    "unanswered_tries",
    "contact",
    "company",
    "product",
    "tier",
    "churn_risk",
    "last_purchase",
    "first_purchase",
    "renewal",
    "intent_date",
)
# The facts of words that are not known of every record.
_FACT_OF = {
    "stage": "stage",
    "stage_age": "days_in_stage",
    "close_date": "days_to_close_date",
    "close_date_moves": "close_date_moves",
    "amount": "amount",
    "contacts": "contacts",
}
# Words that are values which we write beside the text.
OWN_VALUES = frozenset({"score", "grade", "tier", "churn_risk", "product"})
_FIELD_OF = {"tier": "customer_tier", "product": "recommended_product"}
PLANNED_WORDS = ("kind", "date")
PREPARE = "prepare"
"""The id under which the step for a planned meeting or call is known: no rule's."""


def word_objects(word: str) -> tuple[StepObject, ...]:
    """The objects of which a word in braces is known."""
    return BY_NAME[_FACT_OF[word]].on if word in _FACT_OF else OBJECTS


def words_in(*texts: str) -> list[str]:
    """The words in braces of texts whose braces match, each once, in their order."""
    return list(dict.fromkeys(name for text in texts for _, name, _, _ in Formatter().parse(text) if name))


def unknown_of(objects: Collection[str], when: Node, texts: Iterable[str]) -> list[str]:
    """What a condition and texts ask that is known of none of a rule's objects, in words; a part of the texts once.

    A word must be known of an object of which the condition can hold.
    """
    found = [
        f"{name.name} is known of {', '.join(name.on)} only, the rule is for {', '.join(objects)}"
        for name in symbols(when).values()
        if not set(name.on) & set(objects)
    ]
    held = [o for o in objects if o in reached(objects, when)]
    for word in words_in(*texts):
        on = word_objects(word)
        if held and not set(on) & set(held):
            found.append(f"{{{word}}} is known of {', '.join(on)} only, the rule is for {', '.join(held)}")
    return found


def reached(objects: Collection[str], when: Node) -> set[str]:
    """The objects of which a condition can hold: each fact that it cannot do without is known of them."""
    needed = [n for p in parts(when) if not isinstance(p, Logic) for n in symbols(p).values()]
    return {o for o in objects if all(o in n.on for n in needed)}


def check_words(text: str, known: tuple[str, ...]) -> str:
    """The text itself; a ValueError where its braces do not match or a word in them is not known."""
    try:
        pieces = list(Formatter().parse(text))
    except ValueError as error:
        raise ValueError(f"{text!r} has braces that do not match") from error
    used = [name for _, name, _, _ in pieces if name is not None]
    if any(spec or conversion for _, _, spec, conversion in pieces):
        raise ValueError(f"{text!r} has a format behind a word; write the word alone in its braces")
    for name in used:
        if name not in known:
            near = nearest(name, known)
            hint = f"; did you mean {{{near}}}?" if near else f"; known are {', '.join(known)}"
            raise ValueError(f"{{{name}}} is not known{hint}")
    return text


class Texts(BaseModel):
    """What a rep reads, in another language."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    step: str = Field(min_length=1, max_length=120, examples=["致电客户"], description="The step.")
    reason: str = Field(
        min_length=1, max_length=200, examples=["上次来信：{last_inbound}"], description="Why."
    )

    @field_validator("step", "reason")
    @classmethod
    def _known_words(cls, text: str) -> str:
        return check_words(text, WORDS)


class Draft(BaseModel):
    """A message that the rep may send: a draft, which nothing of ours ever sends."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    subject: str = Field(min_length=1, max_length=150, examples=["Our next step"], description="Its subject.")
    body: str = Field(
        min_length=1, max_length=2000, examples=["Hello {contact}, ..."], description="Its text."
    )

    @field_validator("subject", "body")
    @classmethod
    def _known_words(cls, text: str) -> str:
        return check_words(text, WORDS)


class Rule(BaseModel):
    """One step and when it is given."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(
        pattern=r"^[a-z0-9][a-z0-9-]{0,39}$",
        description="The rule's name: lower-case letters, digits and -. The id of a step begins with it.",
    )
    objects: tuple[StepObject, ...] = Field(min_length=1, description="The objects that the rule is for.")
    when: str = Field(
        min_length=1,
        examples=["score >= 70"],
        description="The condition, an expression over the names below. The table of keys of earlier releases is "
        "taken as well; `playbook convert` writes it as an expression.",
    )
    channel: Channel = Field(
        default="none",
        description="How the rep gets in touch. A rule is passed over where the person must not be contacted this way; "
        "best: by what this person, or people like them, answered to before; none: nothing that needs the person's consent.",
    )
    trigger: Trigger = Field(
        default="record",
        description="What makes the step a new one. As long as it has not changed, the step keeps its id and due date.",
    )
    # Judgements: three days leave time beside other work; what is due later than a quarter (60 working days) is no next
    # step.
    due_working_days: int = Field(
        default=3, ge=0, le=60, strict=True, description="Working days until the step is due."
    )
    # A judgement, and no measured effect: only the order of shares counts (docs/decisions/steps-worth-orders.md).
    share: float = Field(
        default=0.03,
        ge=0,
        le=0.5,
        strict=True,
        allow_inf_nan=False,
        description="Change of the probability that orders the steps until there is evidence. It is no measured effect.",
    )
    cost: float = Field(
        default=0,
        ge=0,
        strict=True,
        allow_inf_nan=False,
        description="What the step costs, in the company's currency: the rep's time, travel, a gift.",
    )
    # A judgement: of 30 cases with 5 wins each side, half of the difference is noise, which the shrinkage takes off.
    evidence: int = Field(
        default=30,
        ge=1,
        strict=True,
        description="So many past cases are needed before they, and not the share, say what the step is worth.",
    )
    cooling_off_days: int = Field(
        default=0,
        ge=0,
        le=365,
        strict=True,
        description="Days that the rule is silent on a record after its step was withdrawn.",
    )
    pause: bool = Field(
        default=False,
        strict=True,
        description="The step is to leave the record alone: where it holds, no other rule gives a step.",
    )
    task: bool = Field(
        default=True,
        strict=True,
        description="Whether the step becomes a task in the CRM where tasks are on; false where there is nothing to do but wait.",
    )
    # Judgements: the fields take 255 letters, and the words in braces grow when they are filled in.
    step: str = Field(
        min_length=3,
        max_length=120,
        examples=["Call the customer"],
        description="What the rep reads as the next step.",
    )
    reason: str = Field(
        min_length=3,
        max_length=200,
        examples=["they wrote {last_inbound}"],
        description="Why, as the rep reads it.",
    )
    translations: dict[Language, Texts] = Field(
        default_factory=dict, description="Step and reason in other languages, for rules of your own."
    )
    draft: Draft | None = Field(default=None, description="A drafted message for the task, if tasks are on.")

    @field_validator("step", "reason")
    @classmethod
    def _known_words(cls, text: str) -> str:
        return check_words(text, WORDS)

    @field_validator("when")
    @classmethod
    def _readable(cls, when: str) -> str:
        parse(when)
        return when

    @model_validator(mode="after")
    def _known_of_objects(self) -> Self:
        # A rule that is made a key at a time, as for an example, has no objects yet.
        if not {"objects", "when"} <= self.model_fields_set:
            return self
        if wrong := unknown_of(self.objects, self.condition, self.texts):
            raise ValueError(wrong[0])
        return self

    @property
    def texts(self) -> tuple[str, ...]:
        """All texts with words in braces: step and reason in every language, and the draft."""
        own = [t for texts in self.translations.values() for t in (texts.step, texts.reason)]
        draft = (self.draft.subject, self.draft.body) if self.draft else ()
        return (self.step, self.reason, *own, *draft)

    @property
    def condition(self) -> Node:
        """The condition as a tree."""
        return parse(self.when)

    @property
    def named(self) -> frozenset[str]:
        """The fields of ours whose values the texts name."""
        used = {name for text in (self.step, self.reason) for _, name, _, _ in Formatter().parse(text)}
        return frozenset(_FIELD_OF.get(n, n) for n in OWN_VALUES.intersection(used))


class PlannedTexts(BaseModel):
    """What a rep reads of a planned meeting or call, in another language."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    step: str = Field(min_length=1, max_length=120, examples=["准备{date}的{kind}"], description="The step.")
    reason: str = Field(min_length=1, max_length=200, examples=["已安排{kind}"], description="Why.")

    @field_validator("step", "reason")
    @classmethod
    def _known_words(cls, text: str) -> str:
        return check_words(text, PLANNED_WORDS)


class Planned(BaseModel):
    """The step where a meeting or call is planned."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    step: str = Field(default="Prepare for the {kind} on {date}", description="What the rep reads.")
    reason: str = Field(default="a {kind} is planned", description="Why, as the rep reads it.")
    translations: dict[Language, PlannedTexts] = Field(
        default_factory=dict, description="Step and reason in other languages, for texts of your own."
    )

    @field_validator("step", "reason")
    @classmethod
    def _known_words(cls, text: str) -> str:
        return check_words(text, PLANNED_WORDS)


class Playbook(BaseModel):
    """Rules; of those that hold for a record the one that is worth most gives the step."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    planned: Planned = Planned()
    rules: tuple[Rule, ...]

    @model_validator(mode="after")
    def _unique_ids(self) -> Self:
        seen: set[str] = set()
        for rule in self.rules:
            if rule.id in seen or rule.id == PREPARE:
                raise ValueError(f'the id "{rule.id}" is used twice')
            seen.add(rule.id)
        return self

    def rule(self, name: str) -> Rule | None:
        """The rule of an id."""
        return next((r for r in self.rules if r.id == name), None)
