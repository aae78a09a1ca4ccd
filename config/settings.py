"""The settings: one TOML file, validated, environment variables first (DESIGN section 11)."""

import os
import re
import tomllib
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from sales_consultant.config.catalogue import FIELDS, GROUP, GROUP_LABEL, FieldSet
from sales_consultant.config.conditions import from_setting
from sales_consultant.config.errors import ConfigError
from sales_consultant.config.nearest import did_you_mean
from sales_consultant.config.populations import Exclusions, FeatureSettings, Population, check_parents
from sales_consultant.config.schedules import Schedule, check_schedules
from sales_consultant.config.versions import HUBSPOT_DEFAULT, SALESFORCE_DEFAULT

FILE_NAME = "sales-consultant.toml"
FILE_VARIABLE = "SALES_CONSULTANT_CONFIG"
_NAME = re.compile(r"[a-z][a-z0-9_-]*")
# HubSpot's and Salesforce's tokens, JSON web tokens, keys: nothing a reference would look like.
_SECRET = re.compile(r"^(pat-|CiR|00D\w{12,15}!|eyJ|-----BEGIN)|^[A-Za-z0-9+/_=!.-]{40,}$")


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
    limit_share: float = Field(
        default=0.7, gt=0, le=1, description="Share of the CRM's rate limits that this connection may use."
    )
    daily_share: float = Field(
        default=0.5,
        gt=0,
        le=1,
        description="Share of the org's calls of a day that this connection may use; then it stops until more are available.",
    )
    patience_seconds: float = Field(
        default=90.0,
        ge=0,
        le=3600,
        description="How many seconds a problem of the CRM or of the network is waited out before a command ends.",
    )

    @model_validator(mode="after")
    def _signs_in(self) -> Self:
        if self.crm == "hubspot" and self.auth not in ("token", "oauth"):
            raise ValueError(f'HubSpot has no sign-in "{self.auth}": use token (a service key) or oauth')
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
    def reading(self) -> str:
        """The API version to read with."""
        return self.read_version or (HUBSPOT_DEFAULT if self.crm == "hubspot" else SALESFORCE_DEFAULT)

    @property
    def writing(self) -> str:
        """The API version to write with."""
        return self.write_version or (HUBSPOT_DEFAULT if self.crm == "hubspot" else SALESFORCE_DEFAULT)


class Write(_Section):
    """What is written, and onto which records."""

    set: FieldSet = Field(default="standard", description="Which fields: minimal, standard or all.")
    objects: list[Literal["contacts", "leads", "companies", "deals"]] = Field(
        default=["contacts", "leads", "companies", "deals"],
        description="Objects that are written.",
    )
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
    namespace: str = Field(
        default="",
        pattern=r"^([A-Za-z][A-Za-z0-9_]{0,14})?$",
        description="Salesforce: the namespace of a package that contains the fields; provision then makes none.",
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
        description='Limits who is written (a pilot), as {owner = "anna@acme.example", amount = ">= 1000"}: a value, a '
        "list of values, or a comparison by = != < <= > >=; all must hold.",
    )
    teams: dict[str, list[str]] = Field(
        default_factory=dict,
        description='Teams for `where`, by name the addresses of their people, as {north = ["anna@acme.example"]}.',
    )
    first: int | None = Field(default=None, ge=1, description="Write at most this many records (a pilot).")
    on_narrowing: Literal["keep", "empty"] = Field(
        default="keep",
        description="What happens to values of records outside the pilot where nobody can be asked: keep them, or empty them.",
    )

    @field_validator("where")
    @classmethod
    def _conditions(cls, value: dict[str, str | list[str]]) -> dict[str, str | list[str]]:
        for name, given in value.items():
            from_setting(name, given)
        return value

    describe_runs: bool = Field(
        default=True,
        description="Whether the description of the score field says, once a day, when scores were last given, by which model and to how many.",
    )
    on_foreign_edit: Literal["overwrite", "keep"] = Field(
        default="overwrite", description="What to do where somebody edited a field of Sales Consultant."
    )


class Guards(_Section):
    """A run that would change more than this stops before it writes, until `--yes` or a wider guard."""

    max_records: int | None = Field(
        default=None, ge=0, description="Most records that a run may change. Empty: no limit."
    )
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
    max_api_calls: int | None = Field(
        default=None, ge=0, description="Most calls that a run may use for writing. Empty: no limit."
    )


class NextSteps(_Section):
    """How next steps are chosen."""

    playbook: str = Field(
        default="", description="The file of a playbook of your own. Empty: the one that is delivered."
    )
    max_new_per_owner: int = Field(default=5, ge=0, description="Most new steps that an owner gets in a day.")


class Worth(_Section):
    """What customers are worth."""

    discount_rate: float = Field(
        default=0.0, ge=0, lt=1, description="Yearly discount of the value in 12 months; 0.1 is 10 %."
    )
    renewal_date: str = Field(
        default="",
        pattern=r"^((companies|deals)\.\w+)?$",
        description='Where the end of a customer\'s running contract is kept, as "companies.c_renewal_date". Empty: fields '
        "that are named like one (renewal date, contract end, subscription expiry).",
    )
    term_months: str = Field(
        default="",
        pattern=r"^((companies|deals)\.\w+)?$",
        description='Where the length of a contract in months is kept, as "deals.c_term"; in years where its name ends so '
        '("c_term_years"). Empty: fields that are named like one (contract term, subscription length).',
    )


class Service(_Section):
    """What `serve` answers itself, and when it raises an alarm."""

    port: int | None = Field(
        default=None,
        ge=0,
        le=65535,
        description="Port on 127.0.0.1 for /healthz, /readyz and /metrics. Empty: none.",
    )
    alerts: str = Field(
        default="",
        description='Where the address of a webhook (as Slack\'s) is kept, as "keyring:alerts"; empty: no alerts.',
    )
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
                'must name where the address is, as "keyring:alerts": who knows it can write into your channel'
            )
        return value


class Pulling(_Section):
    """What is read, and how often."""

    reconcile_days: int = Field(
        default=7,
        ge=0,
        description="Every so many days a scheduled sync compares all ids with the CRM and repairs. 0: only when asked.",
    )
    computed_days: int = Field(
        default=7,
        ge=0,
        description="Every so many days formulas, rollups and calculated properties are read again, because they change without a time stamp.",
    )


class Retention(_Section):
    """How long what can be thrown away is kept."""

    journal_days: int | None = Field(
        default=None,
        ge=1,
        description="After so many days changes of a run are removed and can no longer be rolled back. Empty: never.",
    )
    exposures_days: int | None = Field(
        default=None,
        ge=1,
        description="After so many days values that were shown and replaced are removed and no longer evaluated. Empty: never.",
    )
    backups: int = Field(default=14, ge=1, description="How many backups are kept in the data directory.")


class Proof(_Section):
    """How to find out whether the scores help."""

    control_share: float = Field(
        default=0.0,
        ge=0,
        le=0.5,
        description="Share of companies that are scored but not written (control group).",
    )


class Settings(BaseSettings):
    """All settings of an installation."""

    model_config = SettingsConfigDict(
        env_prefix="SALES_CONSULTANT_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        nested_model_default_partial_update=True,
    )

    connections: dict[str, Connection] = Field(default_factory=dict, description="The CRMs, by name.")
    populations: dict[str, Population] = Field(default_factory=dict, description="What is scored, by name.")
    exclude: Exclusions = Field(default_factory=Exclusions, description="Records that are left out.")
    features: FeatureSettings = Field(
        default_factory=FeatureSettings, description="What models may learn from."
    )
    write: Write = Field(default_factory=Write, description="What is written, and onto which records.")
    guards: Guards = Field(
        default_factory=Guards, description="Limits at which a run stops before it writes."
    )
    next_steps: NextSteps = Field(default_factory=NextSteps, description="How next steps are chosen.")
    value: Worth = Field(default_factory=Worth, description="What customers are worth.")
    schedule: dict[str, Schedule] = Field(default_factory=dict, description="When jobs run.")
    time_zone: str = Field(
        default="", description="The zone in which times are shown, such as Europe/Berlin. Empty: UTC."
    )
    service: Service = Field(default_factory=Service, description="What serve answers and alerts.")
    pull: Pulling = Field(default_factory=Pulling, description="What is read, and how often.")
    retention: Retention = Field(default_factory=Retention, description="How long things are kept.")
    proof: Proof = Field(default_factory=Proof, description="How to find out whether the scores help.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment variables before the file, and nothing else."""
        return env_settings, init_settings

    @field_validator("connections")
    @classmethod
    def _names(cls, value: dict[str, Connection]) -> dict[str, Connection]:
        for name in value:
            if not _NAME.fullmatch(name):
                raise ValueError(f'connection name "{name}" must be lower-case letters, digits, - and _')
        return value

    @field_validator("populations")
    @classmethod
    def _parents(cls, value: dict[str, Population]) -> dict[str, Population]:
        check_parents(value)
        return value

    @model_validator(mode="after")
    def _master_is_known(self) -> "Settings":
        if self.write.master and self.write.master not in self.connections:
            raise ValueError(
                f'write.master names "{self.write.master}", which is no connection. '
                f"{did_you_mean(self.write.master, self.connections)}"
            )
        return self

    @model_validator(mode="after")
    def _schedules_are_clear(self) -> "Settings":
        check_schedules(self.schedule, self.connections)
        return self

    def connection(self, name: str | None = None) -> tuple[str, Connection]:
        """The named connection, or the only one. Raises ConfigError where that is not clear."""
        if not self.connections:
            raise ConfigError(
                "No connection is configured.",
                action="Run: sales-consultant init --crm hubspot (or salesforce)",
            )
        if name is None:
            if len(self.connections) > 1:
                raise ConfigError(
                    f"There are {len(self.connections)} connections: {', '.join(self.connections)}.",
                    action="Choose one with --connection NAME.",
                )
            name = next(iter(self.connections))
        if name not in self.connections:
            raise ConfigError(
                f'No connection is called "{name}".', action=did_you_mean(name, self.connections)
            )
        return name, self.connections[name]


def find_file(given: str | None = None, environ: Mapping[str, str] = os.environ) -> Path | None:
    """The settings file: `--config`, the environment variable, ./sales-consultant.toml; None where there is none."""
    for source, value in (("--config", given), (FILE_VARIABLE, environ.get(FILE_VARIABLE))):
        if value:
            path = Path(value).expanduser()
            if not path.is_file():
                raise ConfigError(
                    f"{source} names {value}, but there is no such file.", action="Check the path."
                )
            return path
    default = Path(FILE_NAME)
    return default if default.is_file() else None


def _known(loc: tuple[int | str, ...]) -> list[str]:
    """Names that a section may hold, found by walking the models along `loc`."""
    model: Any = Settings
    for part in loc:
        if isinstance(model, type) and issubclass(model, BaseModel):
            field = model.model_fields.get(str(part))
            model = field.annotation if field else None
        elif typing.get_origin(model) is dict:
            model = typing.get_args(model)[1]
        if typing.get_origin(model) in (typing.Union, types.UnionType):
            model = next((a for a in typing.get_args(model) if isinstance(a, type)), None)
    if isinstance(model, type) and issubclass(model, BaseModel):
        return list(model.model_fields)
    return []


def explain(error: ValidationError, source: str) -> ConfigError:
    """All that is wrong with the settings, one line each, with the nearest known name for an unknown key."""
    lines = []
    for e in error.errors(include_input=False, include_url=False):
        path = ".".join(str(p) for p in e["loc"])
        if e["type"] == "extra_forbidden":
            hint = did_you_mean(str(e["loc"][-1]), _known(tuple(e["loc"][:-1])))
            lines.append(f'unknown key "{path}". {hint}')
        else:
            # What concerns several settings at once names them itself.
            lines.append((path and f'"{path}": ') + e["msg"].removeprefix("Value error, "))
    text = "\n".join(lines)
    return ConfigError(f"{source} is not valid:\n{text}", action="Correct it, then run the command again.")


def made_connection(values: Mapping[str, str]) -> Connection:
    """A connection given on the command line, before there is a file; ConfigError where it is not valid."""
    try:
        return Connection.model_validate(dict(values))
    except ValidationError as e:
        raise explain(e, "The connection") from e


def load(path: Path | None) -> Settings:
    """Read and validate the settings; without a file, the defaults and the environment.

    Raises ConfigError with the file, the line of a broken TOML, and the nearest known name of an unknown key.
    """
    values: dict[str, Any] = {}
    if path is not None:
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except tomllib.TOMLDecodeError as e:
            raise ConfigError(f"{path} is not valid TOML: {e}", action="Correct that line.") from e
        except (OSError, UnicodeDecodeError) as e:
            raise ConfigError(
                f"{path} cannot be read: {e}", action="Check the file and its permissions."
            ) from e
    try:
        return Settings(**values)
    except ValidationError as e:
        raise explain(e, str(path) if path else "The configuration") from e
