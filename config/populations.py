"""Populations: which records are scored together, for which event, within which horizon (DESIGN section 8)."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

Event = Literal["won", "converted", "converted_with_deal", "deal_opened", "new_business_won", "next_purchase"]
PopulationObject = Literal["contacts", "companies", "deals"]
DEFAULT_HORIZON_DAYS = 90
MAX_HORIZON_DAYS = 730


class Population(BaseModel):
    """An object with a filter, and what is predicted of its members."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    object: PopulationObject = Field(description="The neutral table whose rows are scored.")
    event: Event = Field(description="What the probability is the probability of.")
    where: dict[str, str | list[str]] = Field(
        default_factory=dict,
        description="Columns of the neutral table and the value, or values, a member has. All must hold.",
    )
    horizon_days: int | None = Field(
        default=None,
        ge=1,
        le=MAX_HORIZON_DAYS,
        description=(
            "Days within which the event must happen. Empty: 90 for contacts and companies; for deals the "
            "95th percentile of the days that won deals took, at most 730."
        ),
    )
    label: str = Field(default="", description="How the population is named in fields and reports.")
    parent: None = Field(
        default=None,
        description="Must stay empty: no model is borrowed, a population that is too small is graded by plain rules.",
    )
    seller_features: bool = Field(
        default=True, description="Whether what the seller did (calls made, e-mails sent) may be a feature."
    )

    @field_validator("parent", mode="before")
    @classmethod
    def _none_is_borrowed(cls, value: Any) -> Any:
        """Files of earlier versions may name one, to no effect: better said than silently ignored."""
        if value is not None:
            raise ValueError("no model is borrowed from another population; remove the setting")
        return value


class Exclusions(BaseModel):
    """Records that are neither scored nor trained on; each is counted by its reason."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    own_domains: list[str] = Field(default_factory=list, description="E-mail domains of the company itself.")
    test_names: list[str] = Field(
        default_factory=lambda: ["test", "dummy", "asdf", "demo account"],
        description="Words that mark a record made for testing, compared with whole words of its name.",
    )
    partner_domains: list[str] = Field(default_factory=list, description="E-mail domains of partners.")
    competitor_domains: list[str] = Field(default_factory=list, description="E-mail domains of competitors.")


class FeatureSettings(BaseModel):
    """What may be learnt from."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    fixed: list[str] = Field(
        default_factory=list,
        description=(
            "Fields without history that are known never to change after a record is made, as "
            '"companies.region". Other fields without history are left out.'
        ),
    )
    omit: list[str] = Field(
        default_factory=list, description='Fields never to learn from, as "deals.region".'
    )
    protected: list[str] = Field(
        default_factory=list,
        description="Protected attributes (age, gender, nationality) that an admin puts in on purpose; logged.",
    )
    about_reps: bool = Field(
        default=False, description="Whether features about a rep's person or record are used."
    )
