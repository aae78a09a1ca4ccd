"""Conditions as a table of keys, as playbooks of release 0.3 and before have them, and the expression that says the same."""

from collections.abc import Iterator
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from sales_consultant.config.playbook.expressions import Constant, Value, written

Grade = Literal["A", "B", "C", "D"]


class Conditions(BaseModel):
    """What must hold, all of it; what is not named does not matter.

    Where something never happened, a "min" of days since it holds once the record itself is that old; a "max"
    does not hold.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    score_min: int | None = Field(default=None, ge=1, le=99, description="The least score.")
    score_max: int | None = Field(default=None, ge=1, le=99, description="The highest score.")
    grades: tuple[Grade, ...] = Field(default=(), strict=False, description="One of these grades.")
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
    stages: tuple[str, ...] = Field(default=(), strict=False, description="Ids or labels of stages.")
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

    @property
    def expression(self) -> str:
        """The same as an expression; `true` where nothing is asked for."""
        return " and ".join(self._parts()) or "true"

    def _parts(self) -> Iterator[str]:
        given = self.model_dump(exclude_unset=True, exclude_none=True)
        for key, value in given.items():
            if key == "grades" and value:
                yield f"grade in {_list(value)}"
            elif key == "stages" and value:
                yield f"(stage in {_list(value)} or stage_id in {_list(value)})"
            elif isinstance(value, bool):
                yield key if value else f"not {key}"
            elif key in _RENAMED:
                name, operator = _RENAMED[key]
                yield f"{name} {operator} {_number(value)}"
            elif key == "close_date_within_days":
                yield f"days_to_close_date >= 0 and days_to_close_date <= {_number(value)}"


def _number(value: float) -> str:
    return written(Constant(float(value)))


def _list(values: tuple[str, ...]) -> str:
    held: tuple[Value, ...] = tuple(values)
    return written(Constant(held))


_RENAMED = {
    "score_min": ("score", ">="),
    "score_max": ("score", "<="),
    "days_since_inbound_min": ("days_without_inbound", ">="),
    "days_since_inbound_max": ("days_since_inbound", "<="),
    "days_since_outbound_min": ("days_without_outbound", ">="),
    "days_since_outbound_max": ("days_since_outbound", "<="),
    "days_since_meeting_min": ("days_without_meeting", ">="),
    "days_since_meeting_max": ("days_since_meeting", "<="),
    "stage_age_days_min": ("days_in_stage", ">="),
    "stage_slowness_min": ("stage_slowness", ">="),
    "amount_min": ("amount", ">="),
    "contacts_min": ("contacts", ">="),
    "contacts_max": ("contacts", "<="),
}
