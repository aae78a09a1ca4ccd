"""The scopes that an app of HubSpot can be granted."""

SCOPES = (
    "oauth",
    *(
        f"crm.objects.{o}.{m}"
        for o in ("contacts", "companies", "deals", "line_items", "products", "leads", "goals")
        for m in ("read", "write")
    ),
    *(f"crm.schemas.{o}.{m}" for o in ("contacts", "companies", "deals", "line_items") for m in ("read", "write")),
    "crm.objects.feedback_submissions.read",
    "crm.objects.owners.read",
    "crm.objects.users.read",
    "crm.objects.users.write",
    "marketing.campaigns.read",
    "marketing.campaigns.revenue.read",
    "crm.lists.read",
    "crm.lists.write",
    "settings.currencies.read",
    "settings.currencies.write",
    "forms",
    "tickets",
)  # fmt: skip
