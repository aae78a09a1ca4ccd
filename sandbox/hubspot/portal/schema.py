"""HubSpot's own properties of each object type, as far as the sandbox fills or checks them.

One line a property: `name; label; type/fieldType; options; flags`. Options are `value=Label` parted by `|`; the flag `ro`
marks a value that only HubSpot writes, `uq` a unique one, `home` money in the company's currency, `own` money in the deal's,
`pct` a fraction that is shown as percent, `ms` a span of time, `raw` a number without separators.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from sales_consultant.sandbox.hubspot.portal.kinds import KINDS, Kind

Json = dict[str, Any]
_STAGES = (
    "subscriber=Subscriber|lead=Lead|marketingqualifiedlead=Marketing Qualified Lead|salesqualifiedlead=Sales "
    "Qualified Lead|opportunity=Opportunity|customer=Customer|evangelist=Evangelist|other=Other"
)
_STATUS = (
    "NEW=New|OPEN=Open|IN_PROGRESS=In Progress|OPEN_DEAL=Open Deal|UNQUALIFIED=Unqualified|ATTEMPTED_TO_CONTACT="
    "Attempted to Contact|CONNECTED=Connected|BAD_TIMING=Bad Timing"
)
_EVERY = """
hs_object_id; Record ID; number/number; ; ro raw
{created}; Create Date; datetime/date; ; ro
{modified}; Last Modified Date; datetime/date; ; ro
hubspot_owner_id; Owner; enumeration/select; OWNER
hs_merged_object_ids; Merged record IDs; enumeration/checkbox; ANY; ro
hs_object_source; Record creation source; string/text; ; ro
hs_object_source_label; Record source; string/text; ; ro
external_id; External ID; string/text
"""
_BY_KIND = {
    "contacts": f"""
email; Email; string/text; ; uq
firstname; First Name; string/text
lastname; Last Name; string/text
jobtitle; Job Title; string/text
company; Company Name; string/text
phone; Phone Number; string/phonenumber
mobilephone; Mobile Phone Number; string/phonenumber
city; City; string/text
country; Country/Region; string/text
website; Website URL; string/text
lifecyclestage; Lifecycle Stage; enumeration/radio; {_STAGES}
hs_lead_status; Lead Status; enumeration/radio; {_STATUS}
hs_analytics_source; Original Traffic Source; enumeration/select; ORGANIC_SEARCH=Organic Search|PAID_SEARCH=Paid Search|EMAIL_MARKETING=Email Marketing|SOCIAL_MEDIA=Organic Social|REFERRALS=Referrals|OTHER_CAMPAIGNS=Other Campaigns|DIRECT_TRAFFIC=Direct Traffic|OFFLINE=Offline Sources|PAID_SOCIAL=Paid Social; ro
first_conversion_date; First Conversion Date; datetime/date; ; ro
first_conversion_event_name; First Conversion; string/text; ; ro
recent_conversion_date; Recent Conversion Date; datetime/date; ; ro
recent_conversion_event_name; Recent Conversion; string/text; ; ro
num_conversion_events; Number of Form Submissions; number/number; ; ro
num_unique_conversion_events; Number of Unique Forms Submitted; number/number; ; ro
hs_analytics_first_visit_timestamp; Time First Seen; datetime/date; ; ro
hs_analytics_last_visit_timestamp; Time of Last Session; datetime/date; ; ro
hs_analytics_last_timestamp; Time Last Seen; datetime/date; ; ro
hs_analytics_num_visits; Number of Sessions; number/number; ; ro
hs_analytics_num_page_views; Number of Pageviews; number/number; ; ro
hs_email_optout; Unsubscribed from all email; bool/booleancheckbox; ; ro
hs_email_hard_bounce_reason_enum; Email hard bounce reason; enumeration/select; OTHER=Other|UNKNOWN_USER=Unknown user|CONTENT=Content|POLICY=Policy|SPAM=Spam|MAILBOX_FULL=Mailbox full; ro
hs_email_bounce; Marketing emails bounced; number/number; ; ro
hs_calculated_merged_vids; Merged vids with timestamps; enumeration/checkbox; ANY; ro
associatedcompanyid; Primary Associated Company ID; number/number; ; raw
num_associated_deals; Number of Associated Deals; number/number; ; ro
num_notes; Number of Sales Activities; number/number; ; ro
notes_last_contacted; Last Contacted; datetime/date; ; ro
notes_last_updated; Last Activity Date; datetime/date; ; ro
notes_next_activity_date; Next Activity Date; datetime/date; ; ro
hs_predictivecontactscore_v2; Likelihood to close; number/number; ; ro pct
""",
    "companies": f"""
name; Company name; string/text
domain; Company Domain Name; string/text
industry; Industry; enumeration/select; INDUSTRY
lifecyclestage; Lifecycle Stage; enumeration/radio; {_STAGES}
phone; Phone Number; string/phonenumber
website; Website URL; string/text
city; City; string/text
country; Country/Region; string/text
description; Description; string/textarea
numberofemployees; Number of Employees; number/number
annualrevenue; Annual Revenue; number/number; ; home
num_associated_contacts; Number of Associated Contacts; number/number; ; ro
num_associated_deals; Number of Associated Deals; number/number; ; ro
num_notes; Number of Sales Activities; number/number; ; ro
notes_last_contacted; Last Contacted; datetime/date; ; ro
notes_last_updated; Last Activity Date; datetime/date; ; ro
notes_next_activity_date; Next Activity Date; datetime/date; ; ro
""",
    "deals": """
dealname; Deal Name; string/text
dealstage; Deal Stage; enumeration/radio; STAGE
pipeline; Pipeline; enumeration/select; PIPELINE
amount; Amount; number/number; ; own
amount_in_home_currency; Amount in company currency; number/number; ; ro home
deal_currency_code; Currency; enumeration/select; ANY
closedate; Close Date; datetime/date
dealtype; Deal Type; enumeration/radio; newbusiness=New Business|existingbusiness=Existing Business
description; Deal Description; string/textarea
hs_next_step; Next step; string/text
hs_priority; Priority; enumeration/select; low=Low|medium=Medium|high=High
hs_manual_forecast_category; Forecast category; enumeration/select; OMIT=Not forecasted|PIPELINE=Pipeline|BEST_CASE=Best case|COMMIT=Commit|CLOSED=Closed won
hs_is_closed; Is Deal Closed?; bool/booleancheckbox; ; ro
hs_is_closed_won; Is Closed Won; bool/booleancheckbox; ; ro
hs_is_closed_lost; Is closed lost; bool/booleancheckbox; ; ro
hs_deal_stage_probability; Deal probability; number/number; ; ro pct
days_to_close; Days to close; number/number; ; ro
num_associated_contacts; Number of Associated Contacts; number/number; ; ro
num_notes; Number of Sales Activities; number/number; ; ro
notes_last_contacted; Last Contacted; datetime/date; ; ro
notes_last_updated; Last Activity Date; datetime/date; ; ro
notes_next_activity_date; Next Activity Date; datetime/date; ; ro
closed_lost_reason; Closed Lost Reason; string/textarea
closed_won_reason; Closed Won Reason; string/textarea
""",
    "tickets": """
subject; Ticket name; string/text
content; Ticket description; string/textarea
hs_pipeline; Pipeline; enumeration/select; ANY
hs_pipeline_stage; Ticket status; enumeration/select; ANY
""",
    "products": """
name; Name; string/text
description; Product description; string/textarea
price; Unit price; number/number; ; home
hs_sku; SKU; string/text
""",
    "line_items": """
name; Name; string/text
quantity; Quantity; number/number
price; Unit price; number/number
amount; Net price; number/number; ; ro
hs_product_id; Product ID; number/number; ; raw
hs_sku; SKU; string/text
""",
    "calls": """
hs_timestamp; Activity date; datetime/date
hs_call_title; Call title; string/text
hs_call_body; Call notes; string/html
hs_call_direction; Call direction; enumeration/select; INBOUND=Inbound|OUTBOUND=Outbound
hs_call_status; Call status; enumeration/select; BUSY=Busy|CALLING_CRM_USER=Calling CRM User|CANCELED=Canceled|COMPLETED=Completed|CONNECTING=Connecting|FAILED=Failed|IN_PROGRESS=In Progress|MISSED=Missed|NO_ANSWER=No Answer|QUEUED=Queued|RINGING=Ringing
hs_call_disposition; Call outcome; enumeration/select; f240bbac-87c9-4f6e-bf70-924b57d47db7=Connected|9d9162e7-6cf3-4944-bf63-4dff82258764=Busy|a4c4c377-d246-4b32-a13b-75a56a4cd0ff=Left live message|b2cf5968-551e-4856-9783-52b3da59a7d0=Left voicemail|73a0d17f-1163-4015-bdd5-ec830791da20=No answer|17b47fee-58de-441e-a44c-c6300d46f273=Wrong number
hs_call_duration; Call duration; number/number; ; ms
""",
    "emails": """
hs_timestamp; Activity date; datetime/date
hs_email_subject; Email subject; string/text
hs_email_text; Text body; string/textarea
hs_email_html; HTML body; string/html
hs_email_direction; Email direction; enumeration/select; EMAIL=Email|INCOMING_EMAIL=Incoming Email|FORWARDED_EMAIL=Forwarded Email|DRAFT_EMAIL=Draft Email
hs_email_status; Email send status; enumeration/select; BOUNCED=Bounced|FAILED=Failed|SCHEDULED=Scheduled|SENDING=Sending|SENT=Sent
""",
    "meetings": """
hs_timestamp; Activity date; datetime/date
hs_meeting_title; Meeting name; string/text
hs_meeting_body; Meeting description; string/html
hs_meeting_start_time; Meeting start time; datetime/date
hs_meeting_end_time; Meeting end time; datetime/date
hs_meeting_outcome; Meeting outcome; enumeration/select; SCHEDULED=Scheduled|COMPLETED=Completed|RESCHEDULED=Rescheduled|NO_SHOW=No show|CANCELED=Canceled
hs_activity_type; Call and meeting type; enumeration/select; ANY
""",
    "notes": """
hs_timestamp; Activity date; datetime/date
hs_note_body; Note body; string/html
""",
    "tasks": """
hs_timestamp; Due date; datetime/date
hs_task_subject; Task title; string/text
hs_task_body; Notes; string/html
hs_task_status; Task status; enumeration/select; NOT_STARTED=Not started|IN_PROGRESS=In progress|WAITING=Waiting|COMPLETED=Completed|DEFERRED=Deferred
hs_task_type; Task type; enumeration/select; TODO=To-do|CALL=Call|EMAIL=Email|LINKED_IN=LinkedIn|MEETING=Meeting
hs_task_priority; Priority; enumeration/select; NONE=None|LOW=Low|MEDIUM=Medium|HIGH=High
hs_task_completion_date; Completed at; datetime/date; ; ro
""",
    "communications": """
hs_timestamp; Activity date; datetime/date
hs_communication_channel_type; Channel type; enumeration/select; SMS=SMS|WHATS_APP=WhatsApp|LINKEDIN_MESSAGE=LinkedIn message|PHYSICAL_MAIL=Postal mail|CUSTOM_CHANNEL_CONVERSATION=Chat|FORM_SUBMISSION=Form submission|WEBSITE_VISIT=Website visit|MARKETING_EMAIL=Marketing email
hs_communication_logged_from; Logged from; enumeration/select; CRM=CRM
hs_communication_body; Body; string/html
""",
    "postal_mail": """
hs_timestamp; Activity date; datetime/date
hs_postal_mail_body; Body; string/html
hs_attachment_ids; Attached file IDs; enumeration/checkbox; ANY
""",
    "feedback_submissions": """
hs_submission_name; Submission name; string/text; ; ro
hs_submission_timestamp; Submission date; datetime/date; ; ro
hs_survey_id; Survey ID; number/number; ; ro raw
hs_survey_name; Survey name; string/text; ; ro
hs_survey_type; Survey type; enumeration/select; NPS=Customer loyalty|CES=Customer support|CSAT=Customer satisfaction|CUSTOM=Custom; ro
hs_survey_channel; Survey channel; enumeration/select; EMAIL=Email|WEB=Web page|CHAT=Chat; ro
hs_value; Rating; number/number; ; ro
hs_content; Response; string/textarea; ; ro
hs_response_group; Response group; enumeration/select; PROMOTER=Promoter|PASSIVE=Passive|DETRACTOR=Detractor|SATISFIED=Satisfied|NEUTRAL=Neutral|UNSATISFIED=Unsatisfied; ro
hs_sentiment; Sentiment; enumeration/select; POSITIVE=Positive|NEUTRAL=Neutral|NEGATIVE=Negative; ro
""",
    "leads": """
hs_lead_name; Lead name; string/text
hs_lead_type; Lead type; enumeration/select; NEW_BUSINESS=New business|RE_ATTEMPTING=Re-attempting|UPSELL=Upsell
hs_lead_label; Lead label; enumeration/select; WARM=Warm|COLD=Cold|HOT=Hot
hs_pipeline; Pipeline; enumeration/select; ANY
hs_pipeline_stage; Stage; enumeration/select; ANY
""",
    "users": """
hs_given_name; First name; string/text; ; ro
hs_family_name; Last name; string/text; ; ro
hs_email; Email; string/text; ; ro
hs_job_title; Job title; string/text
""",
    "deal_splits": """
hs_deal_split_percentage; Split percentage; number/number
hs_deal_split_amount; Split amount; number/number
""",
    "quotes": """
hs_title; Quote title; string/text
hs_quote_amount; Quote amount; number/number
hs_expiration_date; Expiration date; date/date
hs_status; Quote status; string/text
""",
    "forms": """
hs_form_name; Form name; string/text
hs_form_type; Form type; string/text
""",
    "goal_targets": """
hs_goal_name; Goal name; string/text
hs_target_amount; Target amount; number/number
hs_start_datetime; Start date; datetime/date
hs_end_datetime; End date; datetime/date
hs_goal_type; Goal type; string/text
hs_milestone; Milestone; enumeration/select; weekly=Weekly|monthly=Monthly|quarterly=Quarterly|yearly=Yearly
hs_group_correlation_uuid; Goal group; string/text
hs_goal_target_group_id; Goal target group ID; string/text
hs_assignee_user_id; Assignee user ID; number/number; ; raw
hs_assignee_team_id; Assignee team ID; number/number; ; raw
hs_created_by_user_id; Created by user ID; number/number; ; ro raw
hs_pipeline_ids; Pipelines; enumeration/checkbox; ANY
hs_goal_target_currency_code; Currency; string/text
hs_kpi_object_type_id; Object type of the measure; string/text
hs_kpi_metric_type; Kind of measure; string/text
hs_kpi_unit_type; Unit of the measure; string/text
hs_kpi_property_name; Measured property; string/text
""",
}
_SHOWN: Mapping[str, Mapping[str, Any]] = {
    "home": {"showCurrencySymbol": True},
    "own": {"showCurrencySymbol": True, "currencyPropertyName": "deal_currency_code"},
    "pct": {"numberDisplayHint": "percentage"},
    "ms": {"numberDisplayHint": "duration"},
    "raw": {"numberDisplayHint": "unformatted"},
}
# Property names whose values a search refuses as a filter.
UNFILTERABLE = frozenset({"hs_body_preview_html", "hs_email_html", "hs_body_preview"})


def group_of(kind: Kind) -> tuple[str, str]:
    """Name and label of the group that HubSpot's own properties are in."""
    name = {"line_items": "lineiteminformation", "companies": "companyinformation"}.get(
        kind.name, kind.singular.replace("_", "") + "information"
    )
    return name, f"{kind.label} information"


def definition(
    name: str,
    label: str,
    type: str,
    field_type: str,
    group: str,
    at: str,
    *,
    options: str = "",
    read_only: bool = False,
    unique: bool = False,
    own: bool = True,
    shown: Mapping[str, Any] = MappingProxyType({}),
) -> Json:
    """A property definition as HubSpot's API shows it; `own` marks one that HubSpot made."""
    listed: list[Json] = []
    if type == "bool":
        options = "true=Yes|false=No"
    for order, option in enumerate(options.split("|") if "=" in options else ()):
        value, _, text = option.partition("=")
        listed.append(
            {"label": text, "value": value, "displayOrder": order, "hidden": False, "description": ""}
        )
    return {
        "name": name,
        "label": label,
        "type": type,
        "fieldType": field_type,
        "description": "",
        "groupName": group,
        "options": listed,
        "displayOrder": -1,
        "calculated": False,
        "externalOptions": options == "OWNER",
        **({"referencedObjectType": "OWNER"} if options == "OWNER" else {}),
        "hasUniqueValue": unique,
        "hidden": False,
        "hubspotDefined": own,
        "modificationMetadata": {
            "archivable": not own,
            "readOnlyDefinition": own,
            "readOnlyOptions": own,
            "readOnlyValue": read_only,
        },
        "formField": not read_only and not own,
        "dataSensitivity": "non_sensitive",
        "archived": False,
        "createdAt": at,
        "updatedAt": at,
        **shown,
    }


def standard(at: str) -> Mapping[str, dict[str, Json]]:
    """All of HubSpot's own definitions by object type and name, made at `at` (ISO 8601)."""
    by_kind: dict[str, dict[str, Json]] = {}
    for kind in KINDS.values():
        text = _EVERY.format(created=kind.created, modified=kind.modified) + _BY_KIND[kind.name]
        if kind.created == "createdate":
            text += "hs_createdate; Object create date/time; datetime/date; ; ro\n"
        mine: dict[str, Json] = {}
        for line in filter(None, text.splitlines()):
            name, label, types, options, flags = (*(p.strip() for p in line.split("; ")), "", "")[:5]
            type, _, field_type = types.partition("/")
            mine[name] = definition(
                name,
                label,
                type,
                field_type,
                group_of(kind)[0],
                at,
                options=options.rstrip(";").strip(),
                read_only="ro" in flags.split(),
                unique="uq" in flags.split(),
                own=name != "external_id",
                shown=next((how for flag, how in _SHOWN.items() if flag in flags.split()), {}),
            )
        by_kind[kind.name] = mine
    return by_kind
