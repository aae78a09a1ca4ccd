"""HubSpot's goals: what an owner is to book, one record a period ("goal target"), and what of them is a target of revenue.

Documented at developers.hubspot.com, Goals API: the records of one goal share `hs_group_correlation_uuid`, each has its start
and its last millisecond in UTC, and an owner (`hubspot_owner_id`) or a team (`hs_assignee_team_id`). Goals made before that
name the assignee's user (`hs_assignee_user_id`), which is no owner: owners have a `userId`.
"""

from collections.abc import Callable
from typing import Any

from sales_consultant.config.neutral import Source
from sales_consultant.connectors.base import Page
from sales_consultant.connectors.hubspot.api import HubSpotApi, Paths, following
from sales_consultant.connectors.hubspot.reading import rows
from sales_consultant.connectors.tables import Raw

TYPE = "goal_targets"
SCOPE = "crm.objects.goals.read"
# Rows of a list (developers.hubspot.com, CRM objects).
_LIMIT = 100
# Its name is not read: people write names of people there.
PROPERTIES = (
    "hs_target_amount",
    "hs_start_datetime",
    "hs_end_datetime",
    "hubspot_owner_id",
    "hs_assignee_user_id",
    "hs_assignee_team_id",
    "hs_goal_type",
    "hs_goal_target_currency_code",
    "hs_pipeline_ids",
    "hs_kpi_metric_type",
    "hs_kpi_object_type_id",
    "hs_kpi_unit_type",
)
# HubSpot's template of a revenue goal, and its type id of deals.
_QUOTA, _DEALS = "sales_quota", "0-3"


def read(api: HubSpotApi, paths: Paths, latest: Callable[[], int]) -> Page:
    """All goal targets that are not archived. AccessError without the scope."""
    listed: list[dict[str, Any]] = []
    after: str | None = None
    while after != "end":
        answer = api.get(paths.objects(TYPE), limit=_LIMIT, properties=",".join(PROPERTIES), after=after)
        for found in answer["results"]:
            held = found.get("properties")
            values = held if isinstance(held, dict) else {}
            listed.append(
                {
                    "id": rows.record_id(found),
                    "created": found.get("createdAt"),
                    **{name: values.get(name) for name in PROPERTIES},
                }
            )
        after = following(answer) or "end"
    kinds = {"hs_target_amount": "number", "hs_start_datetime": "datetime", "hs_end_datetime": "datetime"}
    table = rows.texts(listed, ("id", "created", *PROPERTIES), seen=latest())
    return Page("goals", table, None, "", None, kinds=kinds)


def rows_of(raw: Raw) -> list[Source]:
    """The neutral goals. One of revenue is of HubSpot's own template, or a sum of deals' amounts in a currency."""
    if not raw.has("goals"):
        return []
    owner, join = "nullif(r.hubspot_owner_id, '')", ""
    if "userId" in raw.columns.get("raw_owners", ()):
        # One user may have been several owners: the one that is listed last is who they are now.
        owner = f"coalesce({owner}, o.id)"
        join = (
            ' LEFT JOIN (SELECT "userId" AS user_id, max_by(id, TRY_CAST(id AS BIGINT)) AS id FROM raw_owners '
            "WHERE \"userId\" <> '' GROUP BY 1) o ON o.user_id = r.hs_assignee_user_id"
        )
    quota = f"coalesce(lower(r.hs_goal_type), '') = '{_QUOTA}'"
    money = (
        "lower(r.hs_kpi_unit_type) = 'currency' AND coalesce(upper(r.hs_kpi_metric_type), 'SUM') = 'SUM' "
        f"AND r.hs_kpi_object_type_id = '{_DEALS}'"
    )
    columns = {
        "id": "r.id",
        "owner_id": owner,
        "excluded": f"CASE WHEN NOT ({quota} OR coalesce({money}, false)) THEN 'not_revenue' "
        f"WHEN {owner} IS NULL AND coalesce(r.hs_assignee_user_id, '') = '' AND r.hs_assignee_team_id <> '' THEN 'team' "
        "ELSE '' END",
        "part": "coalesce(r.hs_pipeline_ids, '')",
        "amount": "to_money(r.hs_target_amount)",
        "currency": "r.hs_goal_target_currency_code",
        "start_at": "to_ms(r.hs_start_datetime)",
        "end_at": "to_ms(r.hs_end_datetime)",
        "created_at": "to_ms(r.created)",
    }
    return [Source(f"raw_goals r{join}", columns)]
