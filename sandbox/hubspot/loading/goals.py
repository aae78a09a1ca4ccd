"""Goals of a data folder as HubSpot's goal targets: a record an owner and period."""

import uuid
from collections.abc import Mapping
from typing import Any

from sales_consultant.sandbox.clock import DAY_MS, iso
from sales_consultant.sandbox.hubspot.loading.loading import Draft, Loader, text
from sales_consultant.sandbox.hubspot.portal import KINDS, VENDOR

# The most days of a milestone.
_MILESTONES = ((8, "weekly"), (31, "monthly"), (92, "quarterly"), (366, "yearly"))
_REVENUE = {
    "hs_goal_type": "sales_quota",
    "hs_kpi_object_type_id": "0-3",
    "hs_kpi_metric_type": "SUM",
    "hs_kpi_unit_type": "currency",
    "hs_kpi_property_name": "amount_in_home_currency",
}


def load_goals(loader: Loader) -> None:
    """Goals: `kind` revenue (or nothing) sums up won deals, any other counts what people did."""
    kind = KINDS["goal_targets"]
    users = {o.id: str(o.values()["userId"]) for o in loader.portal.store.each(VENDOR, "owners")}
    drafts = []
    for row in loader.folder["goals"]:
        owner = loader.owner(row)
        name = row.get("kind") or "revenue"
        group = f"{name}:{row.get('owner_id')}"
        values: dict[str, str | None] = {
            "hs_goal_name": f"{name.capitalize()} goal",
            "hs_target_amount": text("number", row.get("amount")),
            "hs_start_datetime": text("datetime", row.get("start_at")),
            # The folder names the last day; HubSpot its last millisecond.
            "hs_end_datetime": None if row.get("end_at") is None else iso(int(row["end_at"]) + DAY_MS - 1),
            "hs_milestone": _milestone(row),
            "hs_group_correlation_uuid": str(uuid.uuid5(uuid.NAMESPACE_URL, f"goal:{group}")),
            "hubspot_owner_id": owner,
            "hs_assignee_user_id": users.get(owner or ""),
            **(
                _REVENUE
                if name == "revenue"
                else {
                    "hs_goal_type": name,
                    "hs_kpi_object_type_id": KINDS["calls"].type_id,
                    "hs_kpi_metric_type": "COUNT",
                    "hs_kpi_unit_type": "number",
                }
            ),
        }
        if name == "revenue":
            values["hs_goal_target_currency_code"] = (
                row.get("currency") or loader.portal.account["companyCurrency"]
            )
        drafts.append(Draft(kind, row["id"], loader.epoch, values))
    loader.save(kind.name, drafts)
    loader.write(kind.name, drafts)


def _milestone(row: Mapping[str, Any]) -> str | None:
    start, end = row.get("start_at"), row.get("end_at")
    if start is None or end is None:
        return None
    days = (int(end) - int(start)) // DAY_MS + 1
    return next((name for most, name in _MILESTONES if days <= most), None)
