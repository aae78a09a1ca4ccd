"""The sections of the settings file: every key with its type, default and limits."""

import re
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from sales_consultant.config.conditions import from_setting
from sales_consultant.config.crms import CRMS, Crm
from sales_consultant.config.fields.catalogue import FIELDS, GROUP, GROUP_LABEL, FieldSet
from sales_consultant.config.language.nearest import did_you_mean


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Connection(_Section):
    """A CRM and how to sign in."""

    crm: Literal["hubspot", "salesforce"] = Field(description="Which CRM this is.")
    token: str = Field(
        default="",
        description='Where the secret is, as "keyring:NAME"; never the secret. Empty: keyring:<connection>.',
    )
    url: str = Field(
        default="", description="An address other than the vendor's, such as a sandbox CRM on loopback."
    )
    domain: str = Field(default="", description='Salesforce: the My Domain, such as "acme.my".')
    client_id: str = Field(
        default="",
        description="The app's client id; Salesforce: the consumer key of the External Client App. "
        "HubSpot: only with oauth.",
    )
    auth: Literal["token", "oauth", "client_credentials", "jwt"] = Field(
        default="token",
        description="How to sign in: with a token; oauth, after a sign-in by browser; on Salesforce also "
        "client_credentials or jwt, which are better for schedules.",
    )
    # Any port above the reserved ones would do. It is fixed because the app in the CRM names the exact address
    # (docs/decisions/signin-redirect.md).
    redirect_port: int = Field(
        default=8765,
        ge=1024,
        le=65535,
        description="oauth: the app's redirect address is http://localhost:PORT/callback, with this port.",
    )
    username: str = Field(default="", description="Salesforce, jwt: the user to run as.")
    read_version: str = Field(
        default="", description="API version for reading; empty: the default of this release."
    )
    write_version: str = Field(
        default="", description="API version for writing; empty: the default of this release."
    )
    language: Literal["en", "zh"] = Field(
        default="en", description="The language of what reps read in this CRM: steps, and why."
    )
    # A judgement: all apps of an account share the limit of searches, so that a third is left to the others.
    limit_share: float = Field(
        default=0.7, gt=0, le=1, description="Share of the CRM's rate limits that this connection may use."
    )
    # A judgement: half of the day is left to the org's other programs (docs/decisions/signin-daily-budget.md).
    daily_share: float = Field(
        default=0.5,
        gt=0,
        le=1,
        description="Share of the org's calls of a day that this connection may use; then it stops until more "
        "are available.",
    )
    # docs/decisions/answers-patience.md has the reason of the 90. An hour at most: the next time of a schedule is near.
    patience_seconds: float = Field(
        default=90.0,
        ge=0,
        le=3600,
        description="How many seconds a problem of the CRM or of the network is waited out before a command "
        "ends.",
    )

    @model_validator(mode="after")
    def _signs_in(self) -> Self:
        if self.auth not in self.of.sign_ins:
            raise ValueError(f'{self.of.label} has no sign-in "{self.auth}": {self.of.sign_in_advice}')
        if self.auth != "token" and not self.client_id:
            raise ValueError(f'auth = "{self.auth}" needs client_id, the id of the app')
        if self.auth == "jwt" and not self.username:
            raise ValueError('auth = "jwt" needs username, the user to run as')
        return self

    @field_validator("token")
    @classmethod
    def _no_secret(cls, value: str) -> str:
        if value and not value.startswith("keyring:"):
            # The value may be the secret itself: it is not repeated.
            raise ValueError(
                'must name where the secret is, as "keyring:NAME", and never be the secret; '
                "store it with: sales-consultant login"
            )
        return value

    @field_validator("client_id", "domain", "username", "url")
    @classmethod
    def _looks_no_secret(cls, value: str, info: Any) -> str:
        if info.field_name != "client_id" and not value.startswith("http") and _SECRET.match(value):
            raise ValueError("looks like a secret; store it with: sales-consultant login")
        return value

    @property
    def of(self) -> Crm:
        """The CRM that this is a connection to."""
        return CRMS[self.crm]

    @property
    def reading(self) -> str:
        """The API version to read with."""
        return self.read_version or self.of.version

    @property
    def writing(self) -> str:
        """The API version to write with."""
        return self.write_version or self.of.version


class Write(_Section):
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


class Guards(_Section):
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


class Tasks(_Section):
    """Next steps as tasks of the CRM for the owners of the records."""

    create: bool = Field(
        default=False,
        description="Whether each next step with an owner and a due date is also made as a task of the CRM. Run `provision` "
        "after switching it on: the field that holds the id of such a task is made then.",
    )


class NextSteps(_Section):
    """How next steps are chosen."""

    playbook: str = Field(
        default="",
        description="The file of a playbook of your own, looked for beside the settings. Empty: the one that is delivered.",
    )
    # A judgement: about what a rep can do in a day beside their own plans.
    max_new_per_owner: int = Field(default=5, ge=0, description="Most new steps that an owner gets in a day.")
    explore: float = Field(
        default=0.0,
        ge=0,
        le=0.5,
        description="Share of new steps that are drawn among the rules that hold, to learn which of them help. 0: none.",
    )
    country: str = Field(
        default="",
        pattern=r"^([A-Z]{2}(-[A-Z0-9]{1,3})?)?$",
        description='The country whose working days count, such as "DE", or a part of it, "DE-BY". Empty: Monday to Friday.',
    )
    countries: dict[str, str] = Field(
        default_factory=dict,
        description="The countries of owners who work elsewhere, by their e-mail address or id in the CRM.",
    )


class ValueSettings(_Section):
    """What customers are worth."""

    discount_rate: float = Field(
        default=0.0, ge=0, lt=1, description="Yearly discount of the value in 12 months; 0.1 is 10 %."
    )
    renewal_date: str = Field(
        default="",
        pattern=r"^((companies|deals)\.\w+)?$",
        description='Where the end of a customer\'s running contract is kept, as "companies.c_renewal_date". '
        "Empty: fields "
        "that are named like one (renewal date, contract end, subscription expiry).",
    )
    term_months: str = Field(
        default="",
        pattern=r"^((companies|deals)\.\w+)?$",
        description='Where the length of a contract in months is kept, as "deals.c_term"; in years where its '
        "name ends so "
        '("c_term_years"). Empty: fields that are named like one (contract term, subscription length).',
    )


class Service(_Section):
    """What `serve` answers itself, and when it raises an alarm."""

    port: int | None = Field(
        default=None,
        ge=0,
        le=65535,
        examples=[9464],
        description="Port on 127.0.0.1 for /healthz, /readyz and /metrics. Empty: none.",
    )
    alerts: str = Field(
        default="",
        description='Where the address of a webhook (as Slack\'s) is kept, as "keyring:alerts"; empty: no '
        "alerts.",
    )
    # A nightly run may fail once and the next be late (docs/decisions/keeping-alerts.md).
    max_age_hours: float = Field(
        default=36,
        gt=0,
        description="A connection whose last successful run is older than this raises an alert.",
    )

    @field_validator("alerts")
    @classmethod
    def _no_secret(cls, value: str) -> str:
        if value and not value.startswith("keyring:"):
            raise ValueError(
                'must name where the address is, as "keyring:alerts": who knows it can write into your '
                "channel"
            )
        return value


class Pulling(_Section):
    """What is read, and how often."""

    # Judgements: once a week keeps the calls few, and nothing is wrong for longer than a week
    # (docs/decisions/reading-reconcile.md, docs/decisions/reading-computed-fields.md).
    reconcile_days: int = Field(
        default=7,
        ge=0,
        description="Every so many days a scheduled sync compares all ids with the CRM and repairs. 0: only "
        "when asked.",
    )
    computed_fields_days: int = Field(
        default=7,
        ge=0,
        description="Every so many days formulas, rollups and calculated properties are read again, because "
        "they "
        "change without a time stamp.",
    )


class Retention(_Section):
    """How long what can be thrown away is kept."""

    journal_days: int | None = Field(
        default=None,
        ge=1,
        examples=[365],
        description="After so many days changes of a run are removed and can no longer be rolled back. Empty: "
        "never.",
    )
    exposures_days: int | None = Field(
        default=None,
        ge=1,
        examples=[365],
        description="After so many days values that were shown and replaced are removed and no longer "
        "evaluated. Empty: never.",
    )
    proposals_days: int | None = Field(
        default=None,
        ge=1,
        examples=[730],
        description="After so many days an account proposal is removed, with the pages that were written of it. Empty: never.",
    )
    # A judgement: two weeks of the daily backups that `init` writes into the schedule.
    backups: int = Field(default=14, ge=1, description="How many backups are kept in the data directory.")


class Text(_Section):
    """Whether what people wrote is read, and for which names."""

    enabled: bool = Field(
        default=False,
        description="Read subjects, bodies and notes of activities, and keep what they say (intent, sentiment, names). "
        "The text itself is kept nowhere. Off: no such text is asked for.",
    )
    encoder: bool = Field(
        default=False,
        description="Judge intents by a sentence encoder beside the rules: more are right, at 10 to 20 new texts a second. "
        'Needs the extra: pip install "sales-consultant[text]".',
    )
    competitors: tuple[str, ...] = Field(
        default=(), description="Names of competitors to look for.", examples=[["Acme", "Globex"]]
    )
    products: tuple[str, ...] = Field(
        default=(), description="Names of your products to look for.", examples=[["Pump 300"]]
    )

    @field_validator("competitors", "products")
    @classmethod
    def _are_names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            if not name.strip():
                raise ValueError("must hold names; one of them is empty")
        return value


class Proof(_Section):
    """How to find out whether the scores help."""

    # Above a half more companies would go without scores than have them.
    control_share: float = Field(
        default=0.0,
        ge=0,
        le=0.5,
        examples=[0.1],
        description="Share of companies that are scored but not written (control group).",
    )


# HubSpot's and Salesforce's tokens, JSON web tokens, keys: nothing a reference would look like.
_SECRET = re.compile(r"^(pat-|CiR|00D\w{12,15}!|eyJ|-----BEGIN)|^[A-Za-z0-9+/_=!.-]{40,}$")
