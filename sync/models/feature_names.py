"""Whether the fields that the settings name for features are fields of the CRM."""

from sales_consultant.config.errors import ConfigError
from sales_consultant.config.language.nearest import did_you_mean
from sales_consultant.config.neutral import field_column
from sales_consultant.config.settings import Settings
from sales_consultant.engine import DuckEngine
from sales_consultant.engine.reads import records


def _was_there(engine: DuckEngine, column: str) -> bool:
    """Whether a custom field was ever pulled under this name."""
    name = field_column(column.removeprefix("c_")).lower()
    return column.startswith("c_") and records.was_pulled(engine, name, f"{name}__c")


def check_features(engine: DuckEngine, settings: Settings) -> None:
    """Raise ConfigError for a column that no object has: misspelt, a field that must not be learnt from would be."""
    objects = ("contacts", "companies", "deals")
    named = {f"[features] {key}": getattr(settings.features, key) for key in ("fixed", "omit", "protected")}
    for key in ("renewal_date", "term_months"):
        if field := getattr(settings.value, key):
            named[f"[value] {key}"] = [field]
    for key, names in named.items():
        for name in names:
            owner, _, rest = str(name).partition(".")
            if not rest:
                # A feature or a reason of the catalogue, not a field.
                continue
            there = [f"{owner}.{c}" for c in engine.columns(owner)] if owner in objects else objects
            column = rest.split(".")[0]
            if owner in objects and key.startswith("[features]") and _was_there(engine, column):
                # It was deleted in the CRM, or this user sees it no more: no reason to stop a night.
                continue
            if owner not in objects or f"{owner}.{column}" not in there:
                raise ConfigError(
                    f'{key} names "{name}", which the CRM does not have.',
                    action=did_you_mean(str(name) if owner in objects else owner, there),
                )
