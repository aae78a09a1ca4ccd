"""hubspot-api-client by its real host name, as its users make it: only a token is given."""

import json
import sys
import warnings
from typing import Any


def main(given: dict[str, Any]) -> dict[str, Any]:
    """The client goes through the proxy of its environment; nothing here knows of the sandbox."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from hubspot import HubSpot
        from hubspot.crm import contacts
    # Its generated half takes proxy and authority from its own settings, the other half from the environment.
    client = HubSpot(access_token="a-long-fake-token", proxy=given["proxy"], ssl_ca_cert=given["ca"])
    found: dict[str, Any] = {"all": len(client.crm.contacts.get_all(properties=["email"]))}
    page = client.crm.deals.basic_api.get_page(limit=50, properties_with_history=["dealstage"])
    found["history"] = max(len(d.properties_with_history["dealstage"]) for d in page.results)
    request = contacts.PublicObjectSearchRequest(
        filter_groups=[{"filters": [{"propertyName": "email", "operator": "EQ", "value": "n7@x.example"}]}],
        sorts=["hs_object_id"], limit=10, properties=["email"],
    )  # fmt: skip
    hits = client.crm.contacts.search_api.do_search(public_object_search_request=request)
    found["search"] = hits.total
    body = contacts.BatchInputSimplePublicObjectBatchInput(
        inputs=[
            contacts.SimplePublicObjectBatchInput(id=hits.results[0].id, properties={"firstname": "X"}, object_write_trace_id="1"),
            contacts.SimplePublicObjectBatchInput(id="12", properties={"firstname": "Y"}, object_write_trace_id="2"),
        ]
    )  # fmt: skip
    written = client.crm.contacts.batch_api.update(body)
    found["partial"] = [len(written.results), written.num_errors]
    listed = (
        "calls",
        "emails",
        "meetings",
        "notes",
        "tasks",
        "leads",
        "communications",
        "postal_mail",
        "feedback_submissions",
        "goals",
    )
    for kind in listed:
        found[kind] = len(getattr(client.crm.objects, kind).basic_api.get_page().results)
    found["line_items"] = len(client.crm.line_items.basic_api.get_page().results)
    found["products"] = len(client.crm.products.basic_api.get_page().results)
    found["owners"] = [
        len(client.crm.owners.owners_api.get_page(limit=100, archived=a).results) for a in (False, True)
    ]
    found["stages"] = len(client.crm.pipelines.pipelines_api.get_all("deals").results[0].stages)
    found["properties"] = len(client.crm.properties.core_api.get_all("deals").results)
    found["details"] = client.api_request({"path": "/account-info/v3/details"}).json()["timeZone"]
    try:
        client.crm.contacts.basic_api.get_by_id("12")
    except contacts.ApiException as e:
        found["missing"] = [e.status, json.loads(e.body)["category"]]
    return found


if __name__ == "__main__":
    print(json.dumps(main(json.load(sys.stdin))))
