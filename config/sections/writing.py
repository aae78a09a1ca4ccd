"""What is written, to whom, and where a run stops."""

from typing import Literal

from pydantic import Field, field_validator

from sales_consultant.config.conditions import from_setting
from sales_consultant.config.fields.catalogue import FIELDS, GROUP, GROUP_LABEL, FieldSet
from sales_consultant.config.language.nearest import did_you_mean
from sales_consultant.config.sections.base import Section


class Write(Section):
    """What is written, and onto which records."""

    set: FieldSet = Field(default="standard", description="Which fields: minimal, standard or all.")
    objects: list[Literal["contacts", "leads", "companies", "deals"]] = Field(
        default=["contacts", "leads", "companies", "deals"],
        description="Objects that are written.",
    )
    # Ten letters, a judgement: with the longest key a name stays below the 40 letters that Salesforce takes of one.
    prefix: str = Field(
        default="sc",
        pattern=r"^[a-z][a-z0-9]{0,9}$",
        description="First part of every field's name in the CRM.",
    )
    names: dict[str, str] = Field(
        default_factory=dict, description='Other names for fields, by key, such as {score = "our_score"}.'
    )
    labels: dict[str, str] = Field(
        default_factory=dict, description='Other labels for fields, by key, such as {score = "Fit"}.'
    )
    # A judgement: HubSpot shows it before the label of every property, where a longer one would hide what follows.
    label: str = Field(
        default=GROUP_LABEL,
        min_length=1,
        max_length=40,
        description="The name in the CRM: the label of the property group and of the permission sets.",
    )
    group: str = Field(
        default=GROUP,
        pattern=r"^[a-z][a-z0-9_]{0,49}$",
        description="HubSpot: the property group that holds our fields.",
    )
    # Fifteen letters are the most that Salesforce takes of a namespace (Second-Generation Managed Packaging guide).
    namespace: str = Field(
        default="",
        pattern=r"^([A-Za-z][A-Za-z0-9_]{0,14})?$",
        description="Salesforce: the namespace of a package that contains the fields; provision then makes "
        "none.",
    )
    master: str = Field(
        default="",
        description="Where HubSpot and Salesforce sync with each other: the only connection that is written.",
    )

    @field_validator("names", "labels")
    @classmethod
    def _fields(cls, value: dict[str, str]) -> dict[str, str]:
        known = [f.key for f in FIELDS]
        for key in value:
            if key not in known:
                raise ValueError(f'unknown field "{key}". {did_you_mean(key, known)}')
        return value

    where: dict[str, str | list[str]] = Field(
        default_factory=dict,
        description='Limits who is written (a pilot), as {owner = "anna@acme.example", amount = ">= 1000"}: a '
        "value, a "
        "list of values, or a comparison by = != < <= > >=; all must hold.",
    )
    teams: dict[str, list[str]] = Field(
        default_factory=dict,
        description="Teams for `where`, by name the addresses of their people, as {north = "
        '["anna@acme.example"]}.',
    )
    first: int | None = Field(
        default=None, ge=1, examples=[100], description="Write at most this many records (a pilot)."
    )
    on_narrowing: Literal["keep", "empty"] = Field(
        default="keep",
        description="What happens to values of records outside the pilot where nobody can be asked: keep them, "
        "or empty them.",
    )

    @field_validator("where")
    @classmethod
    def _conditions(cls, value: dict[str, str | list[str]]) -> dict[str, str | list[str]]:
        for name, given in value.items():
            from_setting(name, given)
        return value

    describe_runs: bool = Field(
        default=True,
        description="Whether the description of the score field says, once a day, when scores were last given, "
        ""
        "by which model and to how many.",
    )
    on_foreign_edit: Literal["overwrite", "keep"] = Field(
        default="overwrite", description="What to do where somebody edited a field of Sales Consultant."
    )


class Guards(Section):
    """A run that would change more than this stops before it writes, until `--yes` or a wider guard."""

    max_records: int | None = Field(
        default=None,
        ge=0,
        examples=[1000],
        description="Most records that a run may change. Empty: no limit.",
    )
    # Judgements: a usual night writes under 2 % of the records (docs/decisions/scoring-unchanged-stays.md). Half of
    # them, or half of the grades, is a new model or a mistake: somebody should look. Empty fields are seen at once, so
    # a tenth is much.
    max_share: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="Largest share of the scored records that a run may change, from 200 records on.",
    )
    max_grade_share: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="Largest share of the graded records whose grade a run may change, from 200 records on.",
    )
    max_emptied: float = Field(
        default=0.1,
        ge=0,
        le=1,
        description="Largest share of the records whose values a run may empty, from 200 records on.",
    )
    # A judgement: with five new steps a day for each owner, twenty owners; more at once is a new playbook or a mistake.
    max_new_tasks: int = Field(
        default=100, ge=0, description="Most tasks that a run may make, where [tasks] create is on."
    )
    max_api_calls: int | None = Field(
        default=None,
        ge=0,
        examples=[500],
        description="Most calls that a run may use for writing. Empty: no limit.",
    )
