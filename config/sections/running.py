"""The service, what is read and kept, and the proof."""

from pydantic import Field, field_validator

from sales_consultant.config.sections.base import Section


class Service(Section):
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


class Pulling(Section):
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


class Retention(Section):
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
    experiments_days: int | None = Field(
        default=None,
        ge=1,
        examples=[730],
        description="After so many days an experiment that ended forgets whom it drew; what it found stays. Empty: never.",
    )
    # A judgement: two weeks of the daily backups that `init` writes into the schedule.
    backups: int = Field(default=14, ge=1, description="How many backups are kept in the data directory.")


class Proof(Section):
    """How to find out whether the scores help."""

    # Above a half more companies would go without scores than have them.
    control_share: float = Field(
        default=0.0,
        ge=0,
        le=0.5,
        examples=[0.1],
        description="Share of companies that are scored but not written (control group).",
    )
    exclude_companies: list[str] = Field(
        default_factory=list,
        examples=[["Acme AG", "4711"]],
        description="Names or ids of companies that no experiment draws, as those that your own automation depends on.",
    )
    margin: float | None = Field(
        default=None,
        gt=0,
        le=1,
        examples=[0.4],
        description="Contribution margin, as a share of revenue: with it and the cost the return is told. Empty: it is not.",
    )
    cost_per_month: float | None = Field(
        default=None,
        gt=0,
        examples=[500],
        description="What the scores cost a month, in the reporting currency. Empty: no return is told.",
    )


class Company(Section):
    """What holds for every period and amount of a report."""

    fiscal_year_start: int = Field(
        default=1,
        ge=1,
        le=12,
        description="Month in which the fiscal year starts, 1 to 12; it is called after the year in which it ends.",
    )
    reporting_currency: str = Field(
        default="",
        pattern=r"^([A-Z]{3})?$",
        examples=["EUR"],
        description="Currency of all amounts of a report, as EUR, at the CRM's rates. Empty: the CRM's own.",
    )
