"""The names that a rule's condition may use: what each is, its type, and of which records it is known.

A name is a fact of a record as of the run. Where a fact is not known, a condition that rests on it does not hold, and its
opposite does not hold either.
"""

from dataclasses import dataclass
from typing import Literal, get_args

from sales_consultant.config.fields.catalogue import by_key

StepObject = Literal["deals", "contacts", "leads", "companies"]
Kind = Literal["number", "text", "flag", "list"]

OBJECTS: tuple[StepObject, ...] = get_args(StepObject)
_PEOPLE: tuple[StepObject, ...] = ("contacts", "leads")
_DEALS: tuple[StepObject, ...] = ("deals",)
_PERSONAL: tuple[StepObject, ...] = ("deals", "contacts", "leads")


@dataclass(frozen=True, slots=True)
class Name:
    """A fact of a record that conditions may use.

    `least` and `most` bound a number, `values` are all that a text can be (empty: anything). `time` says how the number
    changes while nothing happens: +1 a day, -1 a day, or not at all.
    """

    name: str
    kind: Kind
    meaning: str
    on: tuple[StepObject, ...] = OBJECTS
    least: float | None = None
    most: float | None = None
    values: tuple[str, ...] = ()
    time: Literal[-1, 0, 1] = 0


def _age(name: str, meaning: str, on: tuple[StepObject, ...] = OBJECTS) -> Name:
    return Name(name, "number", meaning, on, least=0, time=1)


def _count(name: str, meaning: str, on: tuple[StepObject, ...] = OBJECTS) -> Name:
    return Name(name, "number", meaning, on, least=0)


INTENTS = (
    "ready_to_buy",
    "asks_price",
    "objection_price",
    "postponed",
    "competitor",
    "churn_threat",
    "complaint",
    "wants_meeting",
    "unsubscribe",
    "out_of_office",
    "changed_job",
)
"""What a message can want; see `scoring.text`."""

NAMES: tuple[Name, ...] = (
    Name("score", "number", "The score, 1 to 99.", least=1, most=99),
    Name("grade", "text", "The grade.", values=("A", "B", "C", "D")),
    Name("probability", "number", "Chance of the event within its horizon, 0 to 1.", least=0, most=1),
    Name("has_owner", "flag", "Whether somebody owns the record."),
    _age("age_days", "Days since the record was made."),
    # Of something that never happened the days since it are endless, and the days without it are the record's age.
    _age("days_since_inbound", "Days since the last message from them; endless where there is none."),
    _age("days_since_outbound", "Days since the last call or e-mail from us; endless where there is none."),
    _age("days_since_meeting", "Days since the last meeting; endless where there is none."),
    _age(
        "days_since_response",
        "Days since the last message from them or meeting; endless where there is none.",
    ),
    _age(
        "days_since_touch",
        "Days since the last message or meeting, theirs or ours; endless where there is none.",
    ),
    _age("days_without_inbound", "Days since the last message from them, or since the record was made."),
    _age(
        "days_without_outbound", "Days since the last call or e-mail from us, or since the record was made."
    ),
    _age("days_without_meeting", "Days since the last meeting, or since the record was made."),
    _age(
        "days_without_response",
        "Days since the last message from them or meeting, or since the record was made.",
    ),
    _age("days_without_touch", "Days since the last message or meeting, or since the record was made."),
    _age("days_since_form", "Days since they last filled in a form or chatted; endless where there is none."),
    _age("days_since_visit", "Days since their last visit to the web site; endless where there is none."),
    _count("inbound", "How many messages came from them."),
    _count("outbound", "How many calls and e-mails went out to them."),
    _count("unanswered_tries", "How many of those since their last message or meeting."),
    _count("meetings", "How many meetings there were."),
    Name("unanswered", "flag", "The last message from them is younger than the last from us."),
    Name("silent_since_meeting", "flag", "Nothing went out after the last meeting."),
    Name("no_email", "flag", "They must not be written to, or have no address.", _PERSONAL),
    Name("no_call", "flag", "They must not be called.", _PERSONAL),
    Name("decision_maker", "flag", "Their title or role is one that decides.", _PEOPLE),
    Name("title", "text", "Their job title.", _PEOPLE),
    Name("lead_source", "text", "Where they came from.", _PEOPLE),
    Name("lifecycle_stage", "text", "The CRM's own lifecycle stage.", ("contacts",)),
    Name("status", "text", "The lead's status.", _PEOPLE),
    Name("stage", "text", "The label of the stage.", _DEALS),
    Name("stage_id", "text", "The CRM's id of the stage.", _DEALS),
    Name("pipeline", "text", "The label of the pipeline.", _DEALS),
    Name("deal_type", "text", "The deal's type, in lower case.", _DEALS),
    _age("days_in_stage", "Days in its stage.", _DEALS),
    Name("stage_slowness", "number", "Days in the stage over the usual days there.", _DEALS, least=0),
    Name(
        "stage_share",
        "number",
        "How far the stage is in its pipeline: 0 the first, 1 the last open one.",
        _DEALS,
        0,
        1,
    ),
    Name("has_amount", "flag", "Whether the deal has an amount.", _DEALS),
    Name("amount", "number", "The amount, in the deal's currency.", _DEALS),
    Name("amount_ratio", "number", "The amount over the usual amount of open deals.", _DEALS, least=0),
    Name("close_date_passed", "flag", "The close date has passed.", _DEALS),
    Name("has_close_date", "flag", "Whether the deal has a close date.", _DEALS),
    Name(
        "days_to_close_date",
        "number",
        "Days until the close date; below 0 once it has passed.",
        _DEALS,
        time=-1,
    ),
    _count("close_date_moves", "How often the close date was moved to a later day.", _DEALS),
    _count("contacts", "How many contacts are on the deal.", _DEALS),
    _count("decision_makers", "How many of them have a title or role that decides.", _DEALS),
    _count("open_deals", "How many open deals their company has."),
    Name("customer", "flag", "Whether their company, or they themselves, ever bought."),
    Name("segment", "text", "The segment of the customer."),
    Name(
        "lifecycle",
        "text",
        "The lifecycle of the customer.",
        values=by_key("lifecycle").options,
    ),
    Name("tier", "number", "The customer's tier, 1 to 3.", least=1, most=3),
    Name("churn_risk", "number", "The customer's churn risk, 0 to 100.", least=0, most=100),
    Name("value_12m", "number", "What they will probably buy in 12 months."),
    _count("purchases", "On how many days they bought."),
    _age("days_since_purchase", "Days since they last bought; endless where they never did."),
    _age("days_since_first_purchase", "Days since they first bought; endless where they never did."),
    Name("days_to_renewal", "number", "Days until their contract ends; below 0 once it has.", time=-1),
    Name(
        "recommended_product",
        "text",
        "The product that is recommended to the company; of a deal, the one that is recommended on the deal.",
    ),
    Name("products", "list", "The names of the products that the company has."),
    Name(
        "intent",
        "text",
        "What their last message wanted (text signals); out_of_office: an automatic reply came and nothing waits.",
        values=INTENTS,
    ),
    _age("days_since_intent", "Days since that message."),
    Name("sentiment", "number", "How the last message sounds, -1 to 1 (text signals).", least=-1, most=1),
)
BY_NAME = {n.name: n for n in NAMES}
assert len(BY_NAME) == len(NAMES)
