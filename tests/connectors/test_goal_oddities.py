"""What of HubSpot's goals and Salesforce's quotas is a target of an owner's revenue, and whose."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from support.sandbox_company import CLOCK, FILES, Api, write_folder

from sales_consultant.config.errors import AccessError
from sales_consultant.config.sections import Connection, Write
from sales_consultant.connectors import open_connector
from sales_consultant.connectors.base import FieldInfo
from sales_consultant.connectors.salesforce.api import Prefetcher, SalesforceApi, SalesforceRefusalError
from sales_consultant.connectors.salesforce.reading import Described, quotas
from sales_consultant.sandbox.serving.server import Sandbox
from sales_consultant.sync.pull import pull
from sales_consultant.sync.stores.warehouse import Warehouse

QUOTA = {"hs_target_amount": "10", "hs_start_datetime": "2024-07-01T00:00:00Z", "hs_goal_type": "sales_quota"}
WON = {
    "hs_kpi_unit_type": "currency",
    "hs_kpi_metric_type": "SUM",
    "hs_kpi_object_type_id": "0-3",
    "hs_goal_type": "x",
}


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[Api]:
    files = {k: v for k, v in FILES.items() if k != "goals"}
    with Sandbox(data=write_folder(tmp_path, files), clock=CLOCK, crms=("hubspot",)) as sandbox:
        api = Api(sandbox)
        yield api
        api.session.close()


def test_hubspot_s_goals_by_what_they_say(portal: Api) -> None:
    owner = portal.get("/crm/v3/owners").json()["results"][0]
    user = str(owner["userId"])
    made = {
        "by user": QUOTA | {"hs_assignee_user_id": user},
        "by owner": QUOTA | {"hubspot_owner_id": owner["id"], "hs_assignee_team_id": "7"},
        "nobody": QUOTA,
        "team": QUOTA | {"hs_assignee_team_id": "7"},
        "unknown user": QUOTA | {"hs_assignee_user_id": "1", "hs_assignee_team_id": "7"},
        "pipeline": QUOTA | {"hubspot_owner_id": owner["id"], "hs_pipeline_ids": "sales"},
        "sum of deals": QUOTA | WON | {"hubspot_owner_id": owner["id"]},
        "mean of deals": QUOTA | WON | {"hubspot_owner_id": owner["id"], "hs_kpi_metric_type": "AVG"},
        "untyped": QUOTA | {"hs_goal_type": "", "hubspot_owner_id": owner["id"]},
        "no amount": QUOTA | {"hs_target_amount": "", "hubspot_owner_id": owner["id"]},
    }
    ids = {}
    for name, values in made.items():
        answer = portal.post("/crm/v3/objects/goal_targets", {"properties": values})
        assert answer.status_code == 201, answer.text
        ids[answer.json()["id"]] = name
    crm = open_connector(Connection(crm="hubspot", url=portal.sandbox.url), "t", Write())
    warehouse = Warehouse(None)
    pull(crm, warehouse, until=crm.now())
    rows = warehouse.con.execute("SELECT id, owner_id, excluded, part, amount FROM goals").fetchall()
    found = {
        ids[i]: (who == owner["id"], why, part, amount and int(amount)) for i, who, why, part, amount in rows
    }
    assert found == {
        "by user": (True, "", "", 10),
        "by owner": (True, "", "", 10),
        "nobody": (False, "", "", 10),
        "team": (False, "team", "", 10),
        "unknown user": (False, "", "", 10),
        "pipeline": (True, "", "sales", 10),
        "sum of deals": (True, "", "", 10),
        "mean of deals": (True, "not_revenue", "", 10),
        "untyped": (True, "not_revenue", "", 10),
        "no amount": (True, "", "", None),
    }
    crm.close()
    warehouse.close()


FIELDS = (
    "Id",
    "QuotaOwnerId",
    "QuotaAmount",
    "StartDate",
    "PeriodId",
    "ForecastingTypeId",
    "IsAmount",
    "Territory2Id",
)


class Answers:
    """An org's answers, by the object that a query is about."""

    def __init__(self, **rows: list[dict[str, Any]]) -> None:
        self.rows = rows
        self.transport = SimpleNamespace(server_ms=1)

    def call(self, verb: str, *, params: dict[str, str]) -> dict[str, Any]:
        name = params["q"].partition(" FROM ")[2].split()[0]
        if name not in self.rows:
            raise SalesforceRefusalError(400, "INVALID_TYPE", "not supported", verb)
        return {"records": self.rows[name], "done": True}


def read(fields: tuple[str, ...] = FIELDS, **rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    described = SimpleNamespace(
        fields=lambda name: [FieldInfo(f, f, "string", False, False, False) for f in fields]
    )
    ahead = Prefetcher(cast(SalesforceApi, Answers(**rows)))
    found: list[dict[str, Any]] = quotas.read(ahead, cast(Described, described), 1).rows.to_pylist()
    return found


def quota(n: int, kind: str, **more: Any) -> dict[str, Any]:
    base = {
        "Id": f"q{n}",
        "QuotaOwnerId": "u",
        "QuotaAmount": n,
        "StartDate": "2024-07-01",
        "PeriodId": "p",
        "IsAmount": True,
    }
    return base | {"ForecastingTypeId": kind} | more


PERIODS = [{"Id": "p", "StartDate": "2024-07-01", "EndDate": "2024-09-30"}]


def test_of_salesforce_s_forecast_types_one_counts() -> None:
    given = [
        quota(1, "std"),
        *(quota(n, "overlay") for n in (2, 3)),
        quota(4, "std", Territory2Id="t"),
        quota(5, "count", IsAmount=False),
        quota(6, "std", PeriodId=None),
    ]
    names = [
        {"Id": "std", "DeveloperName": "OpportunityRevenue"},
        {"Id": "overlay", "DeveloperName": "Overlay"},
    ]
    found = read(ForecastingQuota=given, Period=PERIODS, ForecastingType=names)
    assert [r["excluded"] or "" for r in found] == [
        "",
        "other_type",
        "other_type",
        "territory",
        "not_revenue",
        "",
    ]
    assert [(r["start_at"], r["end_at"]) for r in (found[0], found[5])] == [
        ("2024-07-01", "2024-09-30"),
        ("2024-07-01", None),
    ]
    # Where their names may not be read, the type with most quotas.
    unnamed = read(ForecastingQuota=[quota(1, "a"), quota(2, "b"), quota(3, "b")], Period=PERIODS)
    assert [r["excluded"] or "" for r in unnamed] == ["other_type", "", ""]
    assert read(ForecastingQuota=[]) == []


def test_an_org_without_quotas_says_what_to_do() -> None:
    with pytest.raises(AccessError, match="forecasts or quotas are off") as caught:
        read((), ForecastingQuota=[])
    assert "View All Forecasts" in caught.value.action
    with pytest.raises(AccessError, match="INVALID_TYPE"):
        read()
