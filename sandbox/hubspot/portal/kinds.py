"""HubSpot's object types: their names, singular names, type ids and scopes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

VENDOR = "hubspot"


@dataclass(frozen=True)
class Kind:
    """An object type. `modified` is the property that carries the time of the last change.

    `read_only`: what HubSpot's own tools make, and its API only shows.
    """

    name: str
    singular: str
    type_id: str
    label: str
    title: tuple[str, ...]
    defaults: tuple[str, ...]
    scope: str
    modified: str = "hs_lastmodifieddate"
    created: str = "hs_createdate"
    searched: tuple[str, ...] = ()
    read_only: bool = False


def _plain(name: str, singular: str, type_id: str, title: str, scope: str = "contacts") -> Kind:
    label = singular.replace("_", " ").capitalize()
    return Kind(name, singular, type_id, label, (title,), (), scope, searched=(title,))


KINDS: Mapping[str, Kind] = {
    k.name: k
    for k in (
        Kind(
            "contacts", "contact", "0-1", "Contact", ("firstname", "lastname", "email"),
            ("email", "firstname", "lastname"), "contacts", "lastmodifieddate", "createdate",
            ("firstname", "lastname", "email", "phone", "company"),
        ),
        Kind(
            "companies", "company", "0-2", "Company", ("name", "domain"), ("domain", "name"), "companies",
            created="createdate", searched=("name", "domain", "website", "phone"),
        ),
        Kind(
            "deals", "deal", "0-3", "Deal", ("dealname",),
            ("amount", "closedate", "dealname", "dealstage", "pipeline"), "deals", created="createdate",
            searched=("dealname", "dealstage", "pipeline", "description", "dealtype"),
        ),
        Kind(
            "tickets", "ticket", "0-5", "Ticket", ("subject",), ("subject", "hs_pipeline", "hs_pipeline_stage"),
            "tickets", created="createdate", searched=("subject", "content"),
        ),
        Kind(
            "products", "product", "0-7", "Product", ("name",), ("name", "price"), "products", created="createdate",
            searched=("name", "price"),
        ),
        Kind(
            "line_items", "line_item", "0-8", "Line item", ("name",), ("amount", "hs_product_id", "quantity"),
            "line_items", created="createdate", searched=("name",),
        ),
        _plain("calls", "call", "0-48", "hs_call_title"),
        _plain("emails", "email", "0-49", "hs_email_subject"),
        _plain("meetings", "meeting", "0-47", "hs_meeting_title"),
        _plain("notes", "note", "0-46", "hs_note_body"),
        _plain("tasks", "task", "0-27", "hs_task_subject"),
        _plain("communications", "communication", "0-18", "hs_communication_body"),
        _plain("postal_mail", "postal_mail", "0-116", "hs_postal_mail_body"),
        replace(
            _plain("feedback_submissions", "feedback_submission", "0-19", "hs_submission_name", "feedback_submissions"),
            read_only=True,
        ),
        _plain("leads", "lead", "0-136", "hs_lead_name", "leads"),
        _plain("users", "user", "0-115", "hs_given_name", "users"),
        # What every portal has and connectors look at, though no table fills it.
        _plain("deal_splits", "deal_split", "0-72", "hs_deal_split_percentage", "deals"),
        _plain("quotes", "quote", "0-14", "hs_title", "deals"),
        _plain("forms", "form", "0-28", "hs_form_name", "contacts"),
        _plain("goal_targets", "goal_target", "0-74", "hs_goal_name", "goals"),
    )
}  # fmt: skip
ACTIVITIES = ("calls", "emails", "meetings", "notes", "tasks", "communications", "postal_mail")
_NAMES = {
    **{k.name: k for k in KINDS.values()},
    **{k.singular: k for k in KINDS.values()},
    **{k.type_id: k for k in KINDS.values()},
    "line_item": KINDS["line_items"],
    "line-items": KINDS["line_items"],
    "postal_mails": KINDS["postal_mail"],
    "postal-mail": KINDS["postal_mail"],
}


def kind_of(name: str) -> Kind | None:
    """The object type of a name as it may stand in a path: plural, singular or type id."""
    return _NAMES.get(name) or _NAMES.get(name.lower())
