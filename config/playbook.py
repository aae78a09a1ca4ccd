"""The playbook: rules for the next step, read from TOML and checked before anything uses them."""

import tomllib
from pathlib import Path
from string import Formatter
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from sales_consultant.config.language.given import given, is_hidden
from sales_consultant.config.language.nearest import nearest
from sales_consultant.config.language.validation import Loc, problems, quoted

StepObject = Literal["deals", "contacts", "leads"]
Channel = Literal["call", "email", "none"]
Trigger = Literal["inbound", "outbound", "meeting", "stage", "close_date", "record"]
Grade = Literal["A", "B", "C", "D"]

WORDS = (
    "last_inbound",
    "last_outbound",
    "last_meeting",
    "stage",
    "stage_age",
    "close_date",
    "amount",
    "score",
    "grade",
    "contacts",
)
# Words that are values which we write beside the text.
OWN_VALUES = frozenset({"score", "grade"})
PLANNED_WORDS = ("kind", "date")


class PlaybookError(ValueError):
    """The playbook cannot be used; the text names the rule, the key and, for a typing slip, the nearest key.

    `action` says what to write instead.
    """

    def __init__(self, text: str, *, action: str) -> None:
        super().__init__(text)
        self.action = action


def _check_words(text: str, known: tuple[str, ...]) -> str:
    try:
        used = [name for _, name, _, _ in Formatter().parse(text) if name is not None]
    except ValueError as error:
        raise ValueError(f"{text!r} has braces that do not match") from error
    for name in used:
        if name not in known:
            near = nearest(name, known)
            hint = f"; did you mean {{{near}}}?" if near else f"; known are {', '.join(known)}"
            raise ValueError(f"{{{name}}} is not known{hint}")
    return text


class Conditions(BaseModel):
    """What must hold, all of it; what is not named does not matter.

    Where something never happened, a "min" of days since it holds once the record itself is that old; a "max"
    does not hold.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    score_min: int | None = Field(default=None, ge=1, le=99, description="The least score.")
    score_max: int | None = Field(default=None, ge=1, le=99, description="The highest score.")
    grades: tuple[Grade, ...] = Field(default=(), description="One of these grades.")
    unanswered: bool | None = Field(
        default=None, description="The last inbound is younger than the last outbound."
    )
    silent_since_meeting: bool | None = Field(
        default=None, description="Nothing went out after the last meeting."
    )
    days_since_inbound_min: int | None = Field(
        default=None, ge=0, description="At least so many days since the last message from them."
    )
    days_since_inbound_max: int | None = Field(
        default=None, ge=0, description="At most so many days since the last message from them."
    )
    days_since_outbound_min: int | None = Field(
        default=None, ge=0, description="At least so many days since the last message from us."
    )
    days_since_outbound_max: int | None = Field(
        default=None, ge=0, description="At most so many days since the last message from us."
    )
    days_since_meeting_min: int | None = Field(
        default=None, ge=0, description="At least so many days since the last meeting."
    )
    days_since_meeting_max: int | None = Field(
        default=None, ge=0, description="At most so many days since the last meeting."
    )
    stage_age_days_min: int | None = Field(
        default=None, ge=0, description="At least so many days in its stage."
    )
    stage_slowness_min: float | None = Field(
        default=None, gt=0, description="Time in the stage over the stage's median."
    )
    stages: tuple[str, ...] = Field(default=(), description="Ids or labels of stages.")
    has_amount: bool | None = Field(default=None, description="Whether the deal has an amount.")
    amount_min: float | None = Field(
        default=None, ge=0, description="The least amount, in the deal's currency."
    )
    close_date_passed: bool | None = Field(default=None, description="Whether the close date has passed.")
    close_date_within_days: int | None = Field(
        default=None, ge=0, description="The close date is at most so many days ahead."
    )
    contacts_min: int | None = Field(default=None, ge=0, description="At least so many contacts on the deal.")
    contacts_max: int | None = Field(default=None, ge=0, description="At most so many contacts on the deal.")


class Rule(BaseModel):
    """One step and when it is given."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(
        pattern=r"^[a-z0-9][a-z0-9-]{0,39}$",
        description="The rule's name: lower-case letters, digits and -. The id of a step begins with it.",
    )
    objects: tuple[StepObject, ...] = Field(min_length=1, description="The objects that the rule is for.")
    when: Conditions = Field(default=Conditions(), description="The conditions, see below.")
    channel: Channel = Field(
        default="none",
        description="How the rep gets in touch. A rule is passed over where the person must not be contacted this way; "
        "none: nothing that needs the person's consent.",
    )
    trigger: Trigger = Field(
        default="record",
        description="What makes the step a new one. As long as it has not changed, the step keeps its id and due date.",
    )
    # Judgements: three days leave time beside other work; what is due later than a quarter (60 working days) is no next
    # step.
    due_working_days: int = Field(default=3, ge=0, le=60, description="Working days until the step is due.")
    # A judgement, and no measured effect: only the order of shares counts (docs/decisions/steps-worth-orders.md).
    share: float = Field(
        default=0.03,
        ge=0,
        le=0.5,
        description="Share of the expected value that orders the steps. It is no measured effect.",
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
        examples=["last reply {last_inbound}"],
        description="Why, as the rep reads it.",
    )

    @field_validator("step", "reason")
    @classmethod
    def _known_words(cls, text: str) -> str:
        return _check_words(text, WORDS)

    @property
    def named(self) -> frozenset[str]:
        """The fields of ours whose values the texts name."""
        used = {name for text in (self.step, self.reason) for _, name, _, _ in Formatter().parse(text)}
        return frozenset(OWN_VALUES.intersection(used))


class Planned(BaseModel):
    """The step where a meeting or call is planned."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    step: str = Field(default="Prepare for the {kind} on {date}", description="What the rep reads.")
    reason: str = Field(default="a {kind} is planned", description="Why, as the rep reads it.")

    @field_validator("step", "reason")
    @classmethod
    def _known_words(cls, text: str) -> str:
        return _check_words(text, PLANNED_WORDS)


class Playbook(BaseModel):
    """Rules in the order in which they are tried."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    planned: Planned = Planned()
    rules: tuple[Rule, ...]

    @model_validator(mode="after")
    def _unique_ids(self) -> Self:
        seen: set[str] = set()
        for rule in self.rules:
            if rule.id in seen or rule.id == "prepare":
                raise ValueError(f'the id "{rule.id}" is used twice')
            seen.add(rule.id)
        return self


def _rule(keys: Loc, data: dict[str, Any]) -> str:
    """The rule in which something is, by its id, or by its number where it has none; empty outside of rules."""
    if keys[:1] != ("rules",) or len(keys) < 2 or not isinstance(keys[1], int):
        return ""
    rule = data["rules"][keys[1]]
    name = rule.get("id") if isinstance(rule, dict) else None
    shown = isinstance(name, str) and not is_hidden(name)
    return f"rule {given(name)}" if shown else f"rule {keys[1] + 1}"


def _explain(error: ValidationError, data: dict[str, Any]) -> tuple[str, str]:
    """What is wrong, a line a problem, and what to write instead."""

    def called(keys: Loc) -> str:
        rule = _rule(keys, data)
        return quoted(keys[2:]) or "it" if rule else quoted(keys)

    lines, advice = [], []
    for problem in problems(error, Playbook, name=called):
        rule = _rule(problem.keys, data)
        lines.append(f"{rule}: {problem.text}" if rule else problem.text)
        *_, key = problem.keys or ("",)
        if problem.example and isinstance(key, str):
            keys = ".".join(map(str, problem.keys[2:] if rule else problem.keys))
            advice.append(
                f"{f'In {rule} write' if rule else 'Write'}, for example: {keys} = {problem.example}"
            )
    return "\n".join(lines), "\n".join(dict.fromkeys(advice)) or _CHANGE


_CHANGE = "Change what is named in the playbook, then run the command again."


def parse(text: str, *, name: str = "playbook") -> Playbook:
    """A playbook from TOML; a PlaybookError says what to change, a line a problem."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PlaybookError(f"{name} is not valid TOML: {error}", action="Correct that line.") from error
    try:
        return Playbook.model_validate(data)
    except ValidationError as error:
        told, action = _explain(error, data)
        raise PlaybookError(f"{name} cannot be used:\n{told}", action=action) from error


def load(path: Path | None = None) -> Playbook:
    """The playbook of a file; without one, the playbook that comes with the package."""
    chosen = path or Path(__file__).with_name("playbook.toml")
    try:
        text = chosen.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text in UTF-8"
        raise PlaybookError(
            f"The playbook {chosen} cannot be read: {reason}.", action="Check [next_steps] playbook."
        ) from error
    return parse(text, name=chosen.name)
