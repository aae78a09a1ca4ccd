"""Populations: which records are scored together, for which event, within which horizon (architecture, section 8)."""

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from sales_consultant.config.language.nearest import did_you_mean

Event = Literal["won", "converted", "converted_with_deal", "deal_opened", "new_business_won", "next_purchase"]
PopulationObject = Literal["contacts", "companies", "deals"]
# A judgement: a quarter, as sales plan. HubSpot's own likelihood to close looks as far.
DEFAULT_HORIZON_DAYS = 90
# A judgement: only finished horizons are learnt from, and few CRMs hold more than some years.
MAX_HORIZON_DAYS = 730


class Population(BaseModel):
    """An object with a filter, and what is predicted of its members."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    object: PopulationObject = Field(description="Which objects are scored.")
    event: Event = Field(
        description="The event whose probability is estimated; won, of contacts: a deal with them on it."
    )
    where: dict[str, str | list[str]] = Field(
        default_factory=dict,
        description="Columns of the neutral table with the value, or the values, that a member has. All must hold.",
    )
    horizon_days: int | None = Field(
        default=None,
        ge=1,
        le=MAX_HORIZON_DAYS,
        examples=[90],
        description=(
            "Days within which the event must happen. Empty: 90 for contacts and companies; for deals the "
            "95th percentile of the days that won deals took, at most 730."
        ),
    )
    label: str = Field(default="", description="How the population is named in fields and reports.")
    parent: str | None = Field(
        default=None,
        description=(
            "Another population of the same object and event, whose model is borrowed with an offset while this one has "
            "fewer than 40 won and 40 lost records of its own. Empty: it is then graded by plain rules. A record in both "
            "is scored in the one that is configured first."
        ),
    )
    scorer: str | None = Field(
        default=None,
        examples=["scores.parquet"],
        description=(
            "A file with the probabilities of a model of your own (Parquet or CSV, looked for beside the settings): columns "
            "record_id, probability (0 to 1) and as_of, the time from which each was known. It is judged by the same forward "
            "test and gate as a model that is trained here, and written under its own name, without reasons. Empty: a model "
            "is trained."
        ),
    )
    seller_features: bool = Field(
        default=True, description="Whether what the seller did (calls made, e-mails sent) may be a feature."
    )


def check_parents(populations: Mapping[str, Population]) -> None:
    """ValueError for a parent whose model could not be borrowed: unknown, of another question, or a borrower itself."""
    for name, population in populations.items():
        named = population.parent
        if named is None:
            continue
        said = f'populations.{name}.parent = "{named}"'
        if population.scorer is not None:
            raise ValueError(
                f"{said}: a population with a scorer of its own borrows no model; take one of the two out"
            )
        if named not in populations:
            raise ValueError(
                f"{said}: there is no such population. {did_you_mean(named, set(populations) - {name})}"
            )
        parent = populations[named]
        if named == name:
            raise ValueError(f"{said}: a population cannot borrow from itself; name another, or none")
        if parent.parent is not None:
            raise ValueError(
                f'{said}: "{named}" borrows from "{parent.parent}" itself, and a chain of borrowed models says little of '
                f"its end; name a population without a parent"
            )
        for key in ("object", "event"):
            mine, theirs = getattr(population, key), getattr(parent, key)
            if mine != theirs:
                raise ValueError(
                    f'{said}: its {key} is "{theirs}", and that of "{name}" is "{mine}"; a borrowed model answers its '
                    "own question only, so name a population of the same object and event"
                )
        if population.horizon_days not in (None, parent.horizon_days):
            raise ValueError(
                f'{said}: a borrowed model looks as far ahead as its own; give "{name}" no horizon_days, or the parent\'s'
            )
        if parent.seller_features and not population.seller_features:
            raise ValueError(
                f'{said}: it learns from what the seller did, which "{name}" must not (seller_features); '
                "set both alike"
            )


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
            '"companies.region". Other fields without history are used only where today\'s open records show that the '
            "outcome does not set them."
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
    suspects: Literal["use", "drop"] = Field(
        default="use",
        description=(
            "What becomes of fields that look as if they were known only when a record has ended, by their name and "
            'their values: "use" learns from their value as of the cut-off, "drop" leaves them out. `train` lists them, '
            "each with a question to whoever knows the field."
        ),
    )
