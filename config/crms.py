"""The CRMs there are, and what differs between them for the rest of the program: one table, a row a CRM.

Nothing outside `connectors` and `config` asks which CRM it talks to: it asks for what is written here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sales_consultant.config.versions import HUBSPOT_DEFAULT, SALESFORCE_DEFAULT


@dataclass(frozen=True)
class Crm:
    """A CRM: its name in the settings, what people call it, how one signs in, and what it can do."""

    name: str
    label: str
    version: str
    """The API version that is used where the settings name none."""
    sign_ins: tuple[str, ...]
    """Values of `auth` that it takes, the default one first."""
    sign_in_advice: str
    """What to use in place of another one."""
    leads_are_contacts: bool
    """A lead is a contact with a stage of life, not a record of another object."""
    edits_can_be_barred: bool
    """A field can be shown to reps without letting them edit it."""
    syncs_with: str
    """The CRM whose vendor or its own offers a sync of the same people with it; empty for none."""
    object_names: Mapping[str, str]
    """What the vendor calls our objects, as far as it calls them otherwise."""
    text_needs: str
    """What must be granted before what people wrote can be read: fields, and scopes or rights."""


CRMS = {
    crm.name: crm
    for crm in (
        Crm(
            "hubspot",
            "HubSpot",
            HUBSPOT_DEFAULT,
            ("token", "oauth"),
            "use token (a service key) or oauth",
            leads_are_contacts=True,
            edits_can_be_barred=False,
            syncs_with="salesforce",
            object_names=MappingProxyType({}),
            text_needs="the scopes crm.objects.contacts.read and sales-email-read, and the properties of calls (hs_call_title, "
            "hs_call_body), e-mails (hs_email_subject, hs_email_text), meetings, notes, tasks and messages of the same names",
        ),
        Crm(
            "salesforce",
            "Salesforce",
            SALESFORCE_DEFAULT,
            ("token", "oauth", "client_credentials", "jwt"),
            "use token, oauth, client_credentials or jwt",
            leads_are_contacts=False,
            edits_can_be_barred=True,
            syncs_with="hubspot",
            object_names=MappingProxyType(
                {"contacts": "Contact", "leads": "Lead", "companies": "Account", "deals": "Opportunity"}
            ),
            text_needs="Read on Task and Event, and on their fields Subject and Description (Setup > Permission Sets)",
        ),
    )
}
