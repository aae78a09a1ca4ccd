"""Forms and currencies of a portal, as HubSpot documents them."""

import pytest
from support.sandbox_company import Api


def test_a_form_makes_or_changes_the_contact_of_its_address(empty: Api) -> None:
    portal = empty.get("/account-info/v3/details").json()["portalId"]
    form = empty.post("/marketing/v3/forms", {"name": "Ask us"}).json()["id"]
    assert [f["id"] for f in empty.get("/marketing/v3/forms").json()["results"]] == [form]
    assert empty.get(f"/marketing/v3/forms/{form}").json()["name"] == "Ask us"
    path = f"/submissions/v3/integration/submit/{portal}/{form}"
    for name in ("Ann", "Anna"):
        fields = [{"name": "email", "value": "ann@a.example"}, {"name": "firstname", "value": name},
                  {"name": "num_notes", "value": "9"}, {"name": "nothing", "value": "x"}]  # fmt: skip
        assert empty.post(path, {"fields": fields}).status_code == 200
    names = (
        "firstname,num_conversion_events,num_unique_conversion_events,recent_conversion_event_name,num_notes"
    )
    [found] = empty.get("/crm/v3/objects/contacts", properties=names).json()["results"]
    assert found["properties"]["firstname"] == "Anna"
    assert found["properties"]["num_conversion_events"] == "2"
    assert found["properties"]["num_unique_conversion_events"] == "1"
    assert found["properties"]["recent_conversion_event_name"] == "Ask us"
    assert found["properties"]["num_notes"] is None
    sent = empty.get(f"/form-integrations/v1/submissions/forms/{form}", limit=1).json()
    assert len(sent["results"]) == 1
    assert sent["paging"]["next"]["after"] == "1"
    assert empty.post(path, {"fields": []}).status_code == 400
    assert empty.post(f"/submissions/v3/integration/submit/1/{form}", {"fields": fields}).status_code == 404
    batch = {"inputs": [{"id": found["id"], "properties": {"num_conversion_events": "7"}}]}
    refused = empty.post("/crm/v3/objects/contacts/batch/update", batch)
    assert "READ_ONLY_VALUE" in refused.text


@pytest.mark.parametrize("base", ["/settings/v3/currencies", "/settings/currencies/2026-03"])
def test_rates_are_dated_and_paged(empty: Api, base: str) -> None:
    assert empty.get(f"{base}/company-currency").json()["currencyCode"] == "USD"
    for rate, at in (
        (1.5, "2024-01-01T00:00:00Z"),
        (1.25, "2024-02-01T00:00:00Z"),
        (9.0, "2999-01-01T00:00:00Z"),
    ):
        body = {"fromCurrencyCode": "EUR", "conversionRate": rate, "effectiveAt": at}
        made = empty.post(f"{base}/exchange-rates", body).json()
        assert empty.get(f"{base}/exchange-rates/{made['id']}").json() == made
    page = empty.get(f"{base}/exchange-rates", limit=2).json()
    rest = empty.get(f"{base}/exchange-rates", limit=2, after=page["paging"]["next"]["after"]).json()
    assert [r["conversionRate"] for r in page["results"] + rest["results"]][-3:] == [1.5, 1.25, 9.0]
    assert [r["conversionRate"] for r in empty.get(f"{base}/exchange-rates/current").json()["results"]] == [
        1.25
    ]
    assert "EUR" in empty.get("/account-info/v3/details").json()["additionalCurrencies"]
    for wrong in ({"fromCurrencyCode": "EUR", "conversionRate": 0}, {"fromCurrencyCode": "euro", "conversionRate": 1},
                  {"fromCurrencyCode": "USD", "conversionRate": 1}):  # fmt: skip
        assert empty.post(f"{base}/exchange-rates", wrong).status_code == 400
