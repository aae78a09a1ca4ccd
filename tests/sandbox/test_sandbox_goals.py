"""The sandbox serves HubSpot's goal targets and Salesforce's quotas as the vendors document them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.salesforce_org import Sf
from support.sandbox_company import CLOCK, Api

from sales_consultant.sandbox.serving.server import Sandbox

NAMES = "hs_target_amount,hs_start_datetime,hs_end_datetime,hs_goal_type,hs_milestone,hubspot_owner_id,hs_assignee_user_id"


@pytest.fixture
def org(folder: Path) -> Iterator[Sf]:
    with Sandbox(data=folder, clock=CLOCK, crms=("salesforce",)) as sandbox:
        made = Sf(sandbox)
        yield made
        made.session.close()


def test_goal_targets_are_listed_searched_and_described(company: Api) -> None:
    listed = company.get("/crm/objects/2026-03/goal_targets", properties=NAMES).json()["results"]
    assert len(listed) == 3
    owners = {o["id"]: o for o in company.get("/crm/v3/owners").json()["results"]}
    quota = next(r["properties"] for r in listed if r["properties"]["hs_target_amount"] == "5000.5")
    assert quota["hs_start_datetime"].startswith("2024-04-01T00:00:00")
    assert quota["hs_end_datetime"] == "2024-06-30T23:59:59.999Z"
    assert (quota["hs_goal_type"], quota["hs_milestone"]) == ("sales_quota", "quarterly")
    # The assignee is a user, whose owner has another id.
    owner = owners[quota["hubspot_owner_id"]]
    assert str(owner["userId"]) == quota["hs_assignee_user_id"] != owner["id"]
    body = {
        "filterGroups": [
            {"filters": [{"propertyName": "hs_goal_type", "operator": "EQ", "value": "sales_quota"}]}
        ]
    }
    assert company.post("/crm/v3/objects/goal_targets/search", body).json()["total"] == 2
    names = {p["name"] for p in company.get("/crm/v3/properties/goal_targets").json()["results"]}
    assert {*NAMES.split(","), "hs_group_correlation_uuid", "hs_goal_target_group_id"} <= names
    # Nothing but the default properties without their names.
    plain = company.get("/crm/v3/objects/goal_targets").json()["results"][0]["properties"]
    assert set(plain) == {"hs_createdate", "hs_lastmodifieddate", "hs_object_id"}


def test_goals_have_a_scope_of_their_own(portal: Api) -> None:
    portal.control("users", token="weak", without=["crm.objects.goals.read"])
    weak = Api(portal.sandbox, "weak")
    refused = weak.get("/crm/objects/2026-03/goal_targets")
    assert refused.status_code == 403
    assert "crm.objects.goals.read" in refused.text
    assert weak.get("/crm/v3/objects/deals").status_code == 200
    weak.session.close()


def test_quotas_have_a_type_and_a_period(org: Sf) -> None:
    quotas = org.query(
        "SELECT QuotaOwnerId, QuotaAmount, QuotaQuantity, IsAmount, IsQuantity, StartDate, PeriodId, ForecastingTypeId "
        "FROM ForecastingQuota ORDER BY StartDate, QuotaAmount NULLS LAST"
    )
    assert [(q["QuotaAmount"], q["QuotaQuantity"], q["IsAmount"]) for q in quotas] == [
        (5000.5, None, True), (None, None, True), (None, 100.0, False),
    ]  # fmt: skip
    periods = {p["Id"]: p for p in org.query("SELECT Id, Type, StartDate, EndDate FROM Period")}
    first = periods[quotas[0]["PeriodId"]]
    assert (first["Type"], first["StartDate"], first["EndDate"]) == ("Quarter", "2024-04-01", "2024-06-30")
    types = {t["Id"]: t["DeveloperName"] for t in org.query("SELECT Id, DeveloperName FROM ForecastingType")}
    assert types[quotas[0]["ForecastingTypeId"]] == "OpportunityRevenue"
    described = org.get("sobjects/ForecastingQuota/describe").json()
    assert "QuotaOwnerId" in {f["name"] for f in described["fields"]}
    # With one currency there is no field for it, without territories none for them.
    assert not {"CurrencyIsoCode", "Territory2Id"} & {f["name"] for f in described["fields"]}


def test_quotas_are_there_for_who_views_all_forecasts_while_forecasts_are_on(org: Sf) -> None:
    soql = "SELECT Id FROM ForecastingQuota"
    for token, rights, seen in (("seer", ["ViewAllForecasts"], True), ("blind", ["ViewAllData"], False)):
        org.control("users", token=token, rights=rights)
        user = Sf(org.sandbox, token)
        answer = user.get("query", q=soql)
        assert (answer.status_code == 200) is seen
        assert user.get("sobjects/ForecastingQuota/describe").status_code == (200 if seen else 404)
        user.session.close()
    org.control("options", forecasts=False)
    assert org.error(soql)["errorCode"] == "INVALID_TYPE"
    assert org.get("sobjects/ForecastingQuota/describe").status_code == 404
    assert org.query("SELECT Id FROM Period") != []


def test_who_may_only_forecast_sees_their_own_quotas(org: Sf) -> None:
    rep = org.query("SELECT Id FROM User WHERE Email = 'rep@sandbox.example'")[0]["Id"]
    org.control("users", token="rep", rep=True)
    mine = Sf(org.sandbox, "rep")
    soql = "SELECT QuotaOwnerId FROM ForecastingQuota"
    assert mine.error(soql)["errorCode"] == "INVALID_TYPE"
    assert org.patch(f"sobjects/User/{rep}", {"ForecastEnabled": True}).status_code == 204
    assert len(org.query(soql)) == 3
    assert mine.query(soql) == []
    mine.session.close()
