"""The settings: one TOML file, validated, environment variables first (docs/explanation/architecture.md, section 11)."""

import logging
import os
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from sales_consultant.config.crms import CRMS
from sales_consultant.config.errors import ConfigError
from sales_consultant.config.language.nearest import did_you_mean
from sales_consultant.config.language.validation import Loc, Problem, problems, quoted
from sales_consultant.config.populations import Exclusions, FeatureSettings, Population, check_parents
from sales_consultant.config.renamed import renewed
from sales_consultant.config.schedules import Schedule, check_schedules
from sales_consultant.config.sections import (
    Company,
    Connection,
    Guards,
    NextSteps,
    Proof,
    Pulling,
    Reports,
    Retention,
    Service,
    Tasks,
    Text,
    ValueSettings,
    Write,
)

FILE_NAME = "sales-consultant.toml"
FILE_VARIABLE = "SALES_CONSULTANT_CONFIG"
_NAME = re.compile(r"[a-z][a-z0-9_-]*")


class _Renewed(PydanticBaseSettingsSource):
    """Another source with the keys that were renamed under the names of today."""

    def __init__(self, settings_cls: type[BaseSettings], source: PydanticBaseSettingsSource) -> None:
        super().__init__(settings_cls)
        self._source = source

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """As the other source has it."""
        return self._source.get_field_value(field, field_name)

    def __call__(self) -> dict[str, Any]:
        """All values."""
        return renewed(self._source(), _say_renamed)


def _say_renamed(text: str) -> None:
    # A variable of the environment is read wherever settings are made, where nobody is there to be told but the log.
    logging.getLogger("sales_consultant").warning("%s", text)


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
    write: Write = Field(default_factory=Write, description="What is written, and to whom.")
    guards: Guards = Field(
        default_factory=Guards, description="Limits at which a run stops before it writes."
    )
    next_steps: NextSteps = Field(default_factory=NextSteps, description="How next steps are given.")
    tasks: Tasks = Field(
        default_factory=Tasks, description="Next steps as tasks for the owners of the records."
    )
    value: ValueSettings = Field(default_factory=ValueSettings, description="What customers are worth.")
    schedule: dict[str, Schedule] = Field(default_factory=dict, description="When jobs run.")
    time_zone: str = Field(
        default="", description="The zone in which times are shown, such as Europe/Berlin. Empty: UTC."
    )
    service: Service = Field(default_factory=Service, description="What serve answers and alerts.")
    text: Text = Field(default_factory=Text, description="What people wrote.")
    pull: Pulling = Field(default_factory=Pulling, description="What is read, and how often.")
    retention: Retention = Field(default_factory=Retention, description="How long things are kept.")
    company: Company = Field(
        default_factory=Company, description="What holds for every period and amount of a report."
    )
    reports: Reports = Field(default_factory=Reports, description="What reports show.")
    proof: Proof = Field(default_factory=Proof, description="How the value of the scores is proven.")

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
        return _Renewed(settings_cls, env_settings), init_settings

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
        check_schedules(self.schedule, self.connections, self.reports.deliveries)
        return self

    def connection(self, name: str | None = None) -> tuple[str, Connection]:
        """The named connection, or the only one. Raises ConfigError where that is not clear."""
        if not self.connections:
            first, *others = CRMS
            raise ConfigError(
                "No connection is configured.",
                action=f"Next: sales-consultant init --crm {first} (or {', '.join(others)})",
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


# What may be shown of a connection in an error. All else may hold a secret that somebody put into the wrong place.
_SHOWN = frozenset({"crm", "auth", "redirect_port", "limit_share", "daily_share", "patience_seconds"})


def _secret(keys: Loc) -> bool:
    if keys[:1] == ("connections",):
        return len(keys) != 3 or keys[-1] not in _SHOWN
    return keys == ("service", "alerts")


def _variable(keys: Loc) -> str:
    """The environment variable that a setting came from; empty where it came from the file."""
    name = (
        "__".join((Settings.model_config["env_prefix"] + str(keys[0]), *map(str, keys[1:]))) if keys else ""
    )
    return next((v for v in os.environ if v.upper() == name.upper()), "")


def _called(keys: Loc) -> str:
    variable = _variable(keys)
    return f"{quoted(keys)} (environment variable {variable})" if variable else quoted(keys)


def _advice(problem: Problem) -> str:
    """How to write a setting, by an example."""
    *above, key = problem.keys
    if variable := _variable(problem.keys):
        return f"Give {variable} a value such as {problem.example}."
    section = f"In [{'.'.join(map(str, above))}] write" if above else "Write"
    return f"{section}, for example: {key} = {problem.example}"


def explain(error: ValidationError, source: str) -> ConfigError:
    """All that is wrong with the settings, one line each, with the nearest known name for an unknown key."""
    return _invalid(source, problems(error, Settings, name=_called, secret=_secret))


def _invalid(source: str, found: Sequence[Problem]) -> ConfigError:
    told = "\n".join(p.text for p in found)
    advice = [_advice(p) for p in found if p.example and isinstance(p.keys[-1], str)]
    action = "\n".join(dict.fromkeys(advice)) or "Change what is named, then run the command again."
    return ConfigError(f"{source} is not valid:\n{told}", action=action)


def made_connection(values: Mapping[str, str]) -> Connection:
    """A connection given on the command line, before there is a file; ConfigError where it is not valid."""
    try:
        return Connection.model_validate(dict(values))
    except ValidationError as e:
        found = problems(e, Connection, secret=lambda keys: _secret(("connections", "", *keys)))
        raise _invalid("The connection", found) from e


def _beside(path: Path, values: dict[str, Any]) -> None:
    """Let a file that the settings name be looked for beside them: a service starts in another folder."""
    steps = values.get("next_steps")
    if isinstance(steps, dict) and isinstance(steps.get("playbook"), str) and steps["playbook"]:
        steps["playbook"] = str(path.parent / steps["playbook"])
    reports = values.get("reports")
    if isinstance(reports, dict):
        if isinstance(reports.get("targets"), str) and reports["targets"]:
            reports["targets"] = str(path.parent / reports["targets"])
        if isinstance(reports.get("drivers"), list):
            reports["drivers"] = [
                str(path.parent / d) if isinstance(d, str) else d for d in reports["drivers"]
            ]
    populations = values.get("populations")
    for population in populations.values() if isinstance(populations, dict) else ():
        if isinstance(population, dict) and isinstance(population.get("scorer"), str):
            population["scorer"] = str(path.parent / population["scorer"])
    told = values.get("reports")
    if isinstance(told, dict) and isinstance(told.get("spend"), str) and told["spend"]:
        told["spend"] = str(path.parent / told["spend"])


def load(path: Path | None, tell: Callable[[str], None] = lambda _: None) -> Settings:
    """Read and validate the settings; without a file, the defaults and the environment.

    `tell` is given a line for each key that was renamed since the file was written.

    Raises ConfigError with the file, the line of a broken TOML, and the nearest known name of an unknown key.
    """
    values: dict[str, Any] = {}
    if path is not None:
        try:
            values = renewed(tomllib.loads(path.read_text(encoding="utf-8")), tell)
            _beside(path, values)
        except tomllib.TOMLDecodeError as e:
            raise ConfigError(f"{path} is not valid TOML: {e}", action="Correct that line.") from e
        except (OSError, UnicodeDecodeError) as e:
            reason = e.strerror if isinstance(e, OSError) else "it is no text in UTF-8"
            raise ConfigError(
                f"{path} cannot be read: {reason}.", action="Check the file and its permissions."
            ) from e
    try:
        return Settings(**values)
    except ValidationError as e:
        raise explain(e, str(path) if path else "The configuration") from e
    except SettingsError as e:
        raise _unread_variable(e) from e


def _unread_variable(error: SettingsError) -> ConfigError:
    """A variable for a whole section whose text is no JSON; what it holds may be a secret, and is not shown."""
    named = re.search(r'field "(\w+)"', str(error))
    name = f"{Settings.model_config['env_prefix']}{named[1].upper() if named else '...'}"
    return ConfigError(
        f"The environment variable {name}, or one whose name begins so, holds no JSON.",
        action="Write a table or a list as JSON, or give each setting a variable of its own, as "
        "SALES_CONSULTANT_GUARDS__MAX_RECORDS=1000.",
    )
