"""HubSpot's newer SDK in strict mode: every answer is held to its types. Run in an environment of its own."""

import json
import sys
from typing import Any

from hubspot_sdk import APIStatusError, HubSpot  # type: ignore[import-not-found]  # only in the clients' environment


def main(given: dict[str, Any]) -> dict[str, Any]:
    client = HubSpot(
        access_token="a-long-fake-token",
        base_url=given["url"],
        _strict_response_validation=True,
        max_retries=0,
    )
    crm, found = client.crm, dict[str, Any]()
    found["contacts"] = len({c.id for c in crm.objects.contacts.list(limit=100, properties=["email"])})
    searched = crm.objects.contacts.search(
        filter_groups=[{"filters": [{"property_name": "email", "operator": "EQ", "value": "n7@x.example"}]}],
        properties=["email"], limit=10, after="0", sorts=["hs_object_id"], query="",
    )  # fmt: skip
    found["search"] = [searched.total, searched.results[0].properties["email"]]
    deals = list(
        crm.objects.deals.list(limit=50, properties=["dealname"], properties_with_history=["dealstage"])
    )
    found["history"] = max(len(d.properties_with_history["dealstage"]) for d in deals)
    read = crm.objects.deals.batch.get(
        inputs=[{"id": d.id} for d in deals], properties=["dealname"], properties_with_history=[]
    )
    found["batch_read"] = [read.status, len(read.results)]
    found["owners"] = sorted(o.email for o in crm.owners.list(limit=100))
    found["properties"] = len(crm.properties.list("contacts").results)
    found["property"] = crm.properties.get("amount", object_type="deals").type
    group = crm.properties.groups.create("contacts", name="sdk", label="SDK")
    made = crm.properties.create(
        "contacts", name="sdk_grade", label="Grade", type="enumeration", field_type="select", group_name=group.name,
        options=[{"label": "A", "value": "a", "hidden": False, "display_order": 0}],
    )  # fmt: skip
    found["made"] = [made.name, made.options[0].value]
    found["stages"] = [s.id for s in crm.pipelines.list("deals").results[0].stages]
    ids = [c.id for c in searched.results]
    links = crm.associations.batch.get(
        from_object_type="contacts", to_object_type="companies", inputs=[{"id": i} for i in given["linked"]]
    )
    found["links"] = len(links.results)
    written = crm.objects.contacts.batch.update(
        inputs=[
            {"id": ids[0], "properties": {"firstname": "Sdk"}, "object_write_trace_id": "1"},
            {"id": given["linked"][0], "properties": {"sdk_grade": "z"}, "object_write_trace_id": "2"},
        ]
    )
    found["partial"] = [
        written.status,
        [r.id for r in written.results] == ids,
        written.model_extra["numErrors"],
    ]
    upserted = crm.objects.contacts.batch.upsert(
        inputs=[{"id": "sdk@x.example", "id_property": "email", "properties": {"firstname": "New"}}]
    )
    found["upsert"] = upserted.results[0].new
    token = client.auth.oauth.create_token(
        grant_type="refresh_token",
        client_id="an-app",
        client_secret="a-long-secret",
        refresh_token="a-refresh-token",
    )
    found["token"] = [token.expires_in, bool(token.access_token)]
    crm.objects.contacts.delete(ids[0])
    try:
        crm.objects.contacts.get(ids[0], properties=["email"])
    except APIStatusError as e:
        found["gone"] = e.status_code
    return found


if __name__ == "__main__":
    print(json.dumps(main(json.load(sys.stdin))))
