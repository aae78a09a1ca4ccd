"""Tasks in the sandbox: what HubSpot counts of them, and the key that it keeps unique."""

from pathlib import Path

from support.sandbox_company import CLOCK, FILES, Api, write_folder

from sales_consultant.sandbox.serving.server import Sandbox

PROPERTY = {
    "name": "task_key",
    "label": "Key",
    "type": "string",
    "fieldType": "text",
    "groupName": "taskinformation",
    "hasUniqueValue": True,
}


def test_a_task_is_counted_on_its_record_and_its_key_is_unique(tmp_path: Path) -> None:
    with Sandbox(data=write_folder(tmp_path, FILES), clock=CLOCK, crms=("hubspot",)) as sandbox:
        crm = Api(sandbox)
        groups = crm.get("/crm/v3/properties/tasks/groups").json()["results"]
        made = crm.post("/crm/v3/properties/tasks", PROPERTY | {"groupName": groups[0]["name"]})
        assert made.status_code == 201, made.text
        query = "?limit=1&properties=num_notes,notes_next_activity_date"
        deal = crm.get(f"/crm/v3/objects/deals{query}").json()["results"][0]
        link = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 216}
        body = {
            "properties": {
                "hs_task_subject": "Call",
                "hs_timestamp": "2024-06-20T09:00:00Z",
                "task_key": "k1",
            },
            "associations": [{"to": {"id": deal["id"]}, "types": [link]}],
        }
        assert crm.post("/crm/v3/objects/tasks", body).status_code == 201
        again = crm.post("/crm/v3/objects/tasks", body)
        assert (again.status_code, again.json()["category"]) == (409, "CONFLICT")
        after = crm.get(f"/crm/v3/objects/deals{query}").json()["results"][0]
    before = int(deal["properties"]["num_notes"] or 0)
    assert int(after["properties"]["num_notes"]) == before + 1
    assert after["properties"]["notes_next_activity_date"]
    assert after["updatedAt"] > deal["updatedAt"]
