"""What is read from HubSpot: streams, the properties selected on each object, and those read with their history."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sales_consultant.config.errors import AccessError
from sales_consultant.config.neutral import TYPED, field_column
from sales_consultant.connectors.base import FieldInfo, Stream

# Our own names for HubSpot's object types; singular names and type ids are theirs to accept.
CORE = ("contacts", "companies", "deals")
ACTIVITIES = ("calls", "emails", "meetings", "notes", "tasks", "communications")
GOODS = ("line_items", "products")
# HubSpot's own lead object, beside the contacts that we call leads.
SALES_LEADS = "sales_leads"
OBJECTS = (*CORE, *GOODS, *ACTIVITIES, SALES_LEADS)
LINKS = (
    ("contacts", "companies"),
    ("deals", "contacts"),
    ("deals", "companies"),
    ("deals", "line_items"),
    *((a, o) for a in ACTIVITIES for o in CORE),
    (SALES_LEADS, "contacts"),
)
STANDARD: dict[str, tuple[str, ...]] = {
    "contacts": (
        "email",
        "firstname",
        "lastname",
        "jobtitle",
        "hubspot_owner_id",
        "lifecyclestage",
        "hs_lead_status",
        "hs_analytics_source",
        "hs_email_optout",
        "hs_email_hard_bounce_reason_enum",
        "do_not_call",
        "lead_source",
        "hs_merged_object_ids",
    ),
    "companies": ("name", "domain", "industry", "hubspot_owner_id", "lifecyclestage", "hs_merged_object_ids"),
    "deals": (
        "dealname",
        "dealstage",
        "pipeline",
        "amount",
        "deal_currency_code",
        "closedate",
        "dealtype",
        "hubspot_owner_id",
        "hs_is_closed",
        "hs_is_closed_won",
        "hs_manual_forecast_category",
        "closed_lost_reason",
        "hs_merged_object_ids",
    ),
    "line_items": ("name", "quantity", "price", "amount", "hs_product_id"),
    "products": ("name", "price"),
    SALES_LEADS: ("hs_lead_name", "hs_pipeline", "hs_pipeline_stage", "hubspot_owner_id"),
    "calls": (
        "hs_timestamp",
        "hs_object_source",
        "hs_call_direction",
        "hs_call_status",
        "hs_call_disposition",
        "hubspot_owner_id",
    ),
    "emails": (
        "hs_timestamp",
        "hs_object_source",
        "hs_email_direction",
        "hs_email_status",
        "hubspot_owner_id",
    ),
    "meetings": (
        "hs_timestamp",
        "hs_object_source",
        "hs_meeting_start_time",
        "hs_meeting_outcome",
        "hubspot_owner_id",
    ),
    "notes": ("hs_timestamp", "hs_object_source", "hubspot_owner_id"),
    "tasks": (
        "hs_timestamp",
        "hs_object_source",
        "hs_task_status",
        "hs_task_type",
        "hubspot_owner_id",
    ),
    "communications": (
        "hs_timestamp",
        "hs_object_source",
        "hs_communication_channel_type",
        "hubspot_owner_id",
    ),
}
# What people wrote, the subject first; selected only where text is on.
TEXTS: dict[str, tuple[str, ...]] = {
    "calls": ("hs_call_title", "hs_call_body"),
    "emails": ("hs_email_subject", "hs_email_text"),
    "meetings": ("hs_meeting_title", "hs_meeting_body"),
    "notes": ("hs_note_body",),
    "tasks": ("hs_task_subject", "hs_task_body"),
    "communications": ("hs_communication_body",),
}
# What HubSpot keeps of forms and visits: analytics of the contact, whose past values are the moments themselves.
TOUCHES = {"recent_conversion_date": "form", "hs_analytics_last_visit_timestamp": "visit"}
HISTORY = {
    "contacts": ("lifecyclestage", "hs_lead_status", "jobtitle", *TOUCHES),
    "companies": ("industry",),
    "deals": ("dealstage", "amount", "closedate", "pipeline", "dealtype", "hubspot_owner_id"),
    SALES_LEADS: ("hs_pipeline_stage",),
}
# Set once, when a record is made, by HubSpot itself.
FIXED = {"contacts": ("hs_analytics_source", "lead_source"), "companies": (), "deals": ()}
# Dates and counts of a record that HubSpot computes from its activities, tasks among them (HubSpot's default properties).
FROM_TASKS = frozenset(
    (
        "notes_last_updated",
        "notes_last_contacted",
        "notes_next_activity_date",
        "num_notes",
        "num_contacted_notes",
        "hs_last_sales_activity_date",
        "hs_last_sales_activity_timestamp",
        "hs_last_sales_activity_type",
        "hs_latest_sales_activity_timestamp",
        "hs_notes_last_activity",
        "hs_notes_next_activity",
        "hs_notes_next_activity_type",
    )
)
# Custom properties that are read with their past values. A judgement: each makes every answer longer; beyond these a
# property has today's value only.
MAX_HISTORY = 40
# What HubSpot computes is a stream beside its object's.
SLOW = "_computed"
# A judgement: past values of these say something to a model; a free text or a date says it today too.
_CANDIDATES = ("number", "bool", "enumeration")


def modified_property(object_type: str) -> str:
    """The property that a delta is searched by."""
    # Contacts alone have the older name (developers.hubspot.com, Search the CRM).
    return "lastmodifieddate" if object_type == "contacts" else "hs_lastmodifieddate"


def streams(*, text: bool = False) -> tuple[Stream, ...]:
    """What is pulled, in an order in which links find their records; `text`: with what people wrote."""
    return (
        Stream("fields", "fields", "full", ("object", "column_name")),
        Stream("owners", "owners", "full", keeps=("id",)),
        Stream(
            "stages",
            "stages",
            "full",
            ("object", "pipeline", "stage"),
            keeps=("object", "pipeline", "stage"),
        ),
        *(
            Stream(
                o,
                o if o not in ACTIVITIES else "activities",
                "delta",
                first_seen=o == "line_items",
                optional=o not in CORE,
                texts=TEXTS.get(o, ()) if text else (),
            )
            for o in OBJECTS
        ),
        *(
            Stream(
                link_table(a, b),
                "associations",
                "links",
                ("from_id", "to_id"),
                first_seen=True,
                optional=a not in CORE or b not in CORE,
            )
            for a, b in LINKS
        ),
        *(Stream(o + SLOW, o, "slow", of=o) for o in CORE),
        # Who a campaign touched is not read: HubSpot tells it without a date, three calls a campaign, and what has no
        # date says nothing about the past.
        Stream("campaigns", "campaigns", "full", optional=True, keeps=("id",)),
        Stream("currencies", "currencies", "full", ("code", "start_at"), optional=True, keeps=("code",)),
        Stream("goals", "goals", "full", optional=True),
    )


def api_type(object_type: str) -> str:
    """What HubSpot calls an object type in its paths."""
    return "leads" if object_type == SALES_LEADS else object_type


def link_table(from_type: str, to_type: str) -> str:
    """The stream, and so the raw table, of the links between two types."""
    return f"link_{from_type}_{to_type}"


@dataclass(frozen=True)
class Selection:
    """The properties read on one object, which of them with history, and which HubSpot computes."""

    properties: tuple[str, ...]
    history: tuple[str, ...]
    calculated: tuple[str, ...] = ()
    kinds: Mapping[str, str] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """Changes when what is selected changes, so that the stream is read whole again."""
        return hashlib.sha256("\n".join((*self.properties, "-", *self.history)).encode()).hexdigest()[:16]


def select(
    object_type: str, defined: list[FieldInfo], own: frozenset[str], *, text: bool = False
) -> Selection:
    """Standard properties that exist, all custom ones, our own; history where a past value can matter.

    `text`: also what people wrote on an activity.

    A property that HubSpot computes is left out of the history, and so are ours: what we wrote says nothing about the
    customer.
    """
    names = {f.name for f in defined}
    texts = TEXTS.get(object_type, ()) if text else ()
    standard = [p for p in (*STANDARD[object_type], *texts) if p in names]
    custom = (
        sorted(f.name for f in defined if f.custom and f.name not in standard) if object_type in CORE else []
    )
    mine = sorted(n for n in own if n in names and n not in standard and n not in custom)
    candidates = [f.name for f in defined if f.custom and not f.calculated and f.type in _CANDIDATES]
    history = [p for p in HISTORY.get(object_type, ()) if p in names]
    if object_type in CORE:
        history += [c for c in sorted(candidates) if c not in own and c not in history][:MAX_HISTORY]
    computed = {f.name for f in defined if f.calculated}
    chosen = (*standard, *custom, *mine)
    kinds = {
        field_column(f.name): f.type
        for f in defined
        if f.type in TYPED and f.name in chosen and (f.name not in own or f.type == "bool")
    }
    return Selection(chosen, tuple(history), tuple(p for p in chosen if p in computed), kinds)


def from_tasks(describe: Callable[[str], list[FieldInfo]], task_id: str) -> frozenset[str]:
    """The properties that HubSpot computes from tasks, once tasks of ours may be among them; none before.

    They are not read. What a customer's formula makes of them is no feature: we would learn from our own work.
    """
    try:
        return FROM_TASKS if any(f.name == task_id for f in describe("tasks")) else frozenset()
    except AccessError:
        return frozenset()


def known(object_type: str, name: str, selection: Selection) -> str:
    """Whether past values of a property are known: "history", "fixed" or only "current"."""
    if name in selection.history:
        return "history"
    return "fixed" if name in FIXED.get(object_type, ()) else "current"
