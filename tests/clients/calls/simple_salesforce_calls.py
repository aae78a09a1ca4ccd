"""simple-salesforce by its real host names: logins, queries, collections, Bulk 2.0, Tooling."""

import json
import sys
from typing import Any

from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceMalformedRequest


def main(given: dict[str, Any]) -> dict[str, Any]:
    """The client goes through the proxy of its environment; nothing here knows of the sandbox."""
    sf: Any = Salesforce(
        consumer_key="a-consumer-key", consumer_secret="a-consumer-secret", domain="acme.my", version="62.0"
    )
    found: dict[str, Any] = {"host": sf.sf_instance}
    found["rows"] = len(list(sf.query_all_iter("SELECT Id FROM Contact")))
    found["deleted"] = len(
        list(sf.query_all_iter("SELECT Id FROM Contact WHERE IsDeleted = true", include_deleted=True))
    )
    found["keyPrefix"] = sf.restful("sobjects/Contact/describe")["keyPrefix"]
    found["objects"] = len(sf.describe()["sobjects"])
    found["limit"] = sf.limits()["DailyApiRequests"]["Max"]
    ids = [r["Id"] for r in sf.query("SELECT Id FROM Contact ORDER BY Id LIMIT 3")["records"]]
    records = [{"attributes": {"type": "Contact"}, "id": i, "Title": "Chief"} for i in ids]
    body = {"allOrNone": False, "records": records}
    found["collections"] = [r["success"] for r in sf.restful("composite/sobjects", method="PATCH", json=body)]
    pages = list(sf.bulk2.Contact.query("SELECT Id, Title FROM Contact", max_records=1000, wait=0))
    found["pages"] = [p.count("\n") for p in pages]
    (counts,) = sf.bulk2.Contact.update(
        records=[{"Id": i, "Title": "Bulk"} for i in [*ids, "003000000000009"]], wait=0
    )
    found["ingest"] = [counts["numberRecordsProcessed"], counts["numberRecordsFailed"]]
    found["failed"] = "INVALID_CROSS_REFERENCE_KEY" in sf.bulk2.Contact.get_failed_records(counts["job_id"])
    made = sf.toolingexecute(
        "sobjects/CustomField", method="POST",
        data={"FullName": "Contact.Made_By_Client__c", "Metadata": {"label": "Made", "type": "Date"}},
    )  # fmt: skip
    found["field"] = made["id"][:3]
    asked = "SELECT Id FROM CustomField WHERE DeveloperName = 'Made_By_Client'"
    found["tooling"] = sf.toolingexecute("query", params={"q": asked})["totalSize"]
    found["kinds"] = [o.xmlName for o in sf.mdapi.describe_metadata().metadataObjects]
    field = sf.mdapi.CustomField(
        fullName="Contact.By_Mdapi__c", label="By mdapi", type=sf.mdapi.FieldType("Text"), length=80
    )
    sf.mdapi.CustomField.create([field])
    found["mdapi"] = sf.toolingexecute("query", params={"q": asked.replace("Made_By_Client", "By_Mdapi")})[
        "totalSize"
    ]
    try:
        sf.query("SELECT Nothing FROM Contact")
    except SalesforceMalformedRequest as e:
        content: Any = e.content
        found["error"] = content[0]["errorCode"]
    return found


if __name__ == "__main__":
    print(json.dumps(main(json.load(sys.stdin))))
