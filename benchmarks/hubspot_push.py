"""Calls it takes to write changed records, against the least that HubSpot's batches of 100 allow."""

import math

CHANGED = 2_550


def run() -> None:
    """Print calls and ratio, with 1 record in 500 refused by the CRM."""
    import requests

    from sales_consultant.config.fields.catalogue import fields
    from sales_consultant.connectors.base import Change
    from sales_consultant.connectors.hubspot.api.client import HubSpotApi
    from sales_consultant.connectors.hubspot.connector import HubSpotConnector
    from sales_consultant.sandbox.serving.server import Sandbox

    with Sandbox(crms=("hubspot",)) as sandbox:
        ids: list[str] = []
        for start in range(0, CHANGED, 100):
            inputs = [
                {"properties": {"email": f"n{n}@x.example"}} for n in range(start, min(start + 100, CHANGED))
            ]
            answer = requests.post(
                f"{sandbox.url}/crm/v3/objects/contacts/batch/create",
                json={"inputs": inputs},
                headers={"Authorization": "Bearer x"},
                timeout=30,
            )
            ids += [r["id"] for r in answer.json()["results"]]
        connector = HubSpotConnector(HubSpotApi("x", url=sandbox.url), read="2026-03", write="2026-03")
        connector.provision(fields("minimal", ["contacts"]), dry=False)
        for bad in (0, 5):
            before = connector.calls.by_kind.get("write", 0)
            changes = [
                Change(
                    "contacts",
                    i,
                    {"grade": "none" if bad and n % (CHANGED // bad) == 0 else "A", "score": "60"},
                )
                for n, i in enumerate(ids)
            ]
            outcomes = list(connector.push(changes, remember=lambda job: None))
            calls = connector.calls.by_kind["write"] - before
            least = math.ceil(CHANGED / 100)
            dead = sum(o.state == "dead" for o in outcomes)
            print(
                f"hubspot_push: {calls} calls for {CHANGED:,} changed records, {dead} of them refused = "
                f"{calls / least:.2f} x the least of {least}"
            )
