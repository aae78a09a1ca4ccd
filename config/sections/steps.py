"""Next steps, tasks, text and the value of customers."""

from pydantic import Field, field_validator

from sales_consultant.config.sections.base import Section


class Tasks(Section):
    """Next steps as tasks of the CRM for the owners of the records."""

    create: bool = Field(
        default=False,
        description="Whether each next step with an owner and a due date is also made as a task of the CRM. Run `provision` "
        "after switching it on: the field that holds the id of such a task is made then.",
    )


class NextSteps(Section):
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
        description="The countries of owners who work elsewhere, by their e-mail address or id in the CRM. They come before the "
        "country that Salesforce has of its users; `country` is that of all others.",
    )


class Text(Section):
    """Whether what people wrote is read, and for which names."""

    enabled: bool = Field(
        default=False,
        description="Read subjects, bodies and notes of activities, and keep what they say (intent, sentiment, names). "
        "The text itself is kept nowhere. Off: no such text is asked for.",
    )
    encoder: bool = Field(
        default=False,
        description="Judge intents by a sentence encoder beside the rules: more are right, at 60 to 200 new texts a second. "
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


class ValueSettings(Section):
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
