"""The records of a Salesforce org: which there are, and values for new ones."""

from random import Random
from typing import Any

import requests
from histories.world import World
from support.in_process import LocalSandbox

from sales_consultant.config.sections import Connection
from sales_consultant.connectors.base import Connector
from sales_consultant.connectors.salesforce.api.client import SalesforceApi
from sales_consultant.connectors.salesforce.connector import SalesforceConnector
from sales_consultant.connectors.salesforce.reading.pull import Sizes

BASE = "/services/data/v62.0/"
MERGED = {"Account": "companies", "Contact": "contacts", "Lead": "contacts"}
WITH_FIELDS = ("Account", "Contact", "Lead", "Opportunity")
MADE = (
    *WITH_FIELDS, "Task", "Event", "OpportunityContactRole", "OpportunityLineItem", "Product2", "Campaign",
    "CampaignMember", "EmailMessage",
)  # fmt: skip
READ = (
    *MADE, "OpportunityHistory", "User", "ContactHistory", "LeadHistory", "AccountHistory", "OpportunityFieldHistory",
)  # fmt: skip
TEXTS = ("Ann", "Österberg", "NA", "null", "a\nb", "O'Brien", '"q",', "<b>", "x" * 200)
STAMPED = ("Id", "CreatedDate", "SystemModstamp", "LastModifiedDate", "IsDeleted", "IsArchived")
NUMBERS = ("double", "currency", "percent", "int")


class SalesforceRecords(World):
    """The records of a Salesforce org: which there are, and values for new ones."""

    crm = "salesforce"
    created = "CreatedDate"
    contacts = "Contact"

    def __init__(self, sandbox: LocalSandbox) -> None:
        super().__init__(sandbox)
        self.fields: dict[str, dict[str, str]] = {o: {} for o in WITH_FIELDS}
        self.ungranted: list[tuple[str, str, str]] = []
        self.merges: dict[str, str] = {}
        self.lately: dict[str, str] = {}
        self.faded: dict[str, str] = {}
        """Merges whose losers left the recycle bin before a whole pull: one that died on its way may know them."""
        self.open: dict[str, tuple[str, str] | None] = {}
        self.org = sandbox.world.memory["salesforce"]
        stages = self._call("GET", "query", q="SELECT ApiName FROM OpportunityStage ORDER BY SortOrder")
        self.stages = [s["ApiName"] for s in stages["records"]]
        self.org.set_details(
            tracked={
                "Contact": ["Title"],
                "Lead": ["Status"],
                "Opportunity": ["Amount"],
                "Account": ["Industry"],
            }
        )

    def connector(self, token: str, small: bool) -> Connector:
        sizes = Sizes(rest=7, bulk_from=25, part=4, parts=3) if small else Sizes()
        api = SalesforceApi(Connection(crm="salesforce", url="http://127.0.0.1"), "a-pullers-token")
        api.session.inner.mount("http://", self.sandbox.adapter)
        api.session.inner.mount("https://", self.sandbox.adapter)
        api.transport.sleep = lambda seconds: None
        return SalesforceConnector(api, sizes=sizes, sleep=lambda seconds: None)

    def _call(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        return self.sandbox.call(method, BASE + path, body, **query)

    def session(self, connector: Connector) -> requests.Session:
        assert isinstance(connector, SalesforceConnector)
        return connector.api.session.inner

    # -- what people do ------------------------------------------------------------------------------------------

    def live(self, *objects: str) -> list[tuple[str, str]]:
        return self._records(0, objects or MADE)

    def _records(self, archived: int, objects: tuple[str, ...]) -> list[tuple[str, str]]:
        sql = (
            "SELECT object, id FROM records WHERE vendor = 'salesforce' AND archived = ? ORDER BY object, seq"
        )
        return [(o, i) for o, i in self.sandbox.store.rows(sql, (archived,)) if o in objects]

    def _any(self, r: Random, *objects: str) -> str | None:
        found = self.live(*objects)
        return r.choice(found)[1] if found else None

    def _values(self, r: Random, object: str) -> dict[str, Any]:
        text = r.choice(TEXTS)
        day = f"2024-0{r.randrange(1, 10)}-1{r.randrange(10)}"
        made: dict[str, dict[str, Any]] = {
            "Account": {"Name": text[:80], "Industry": r.choice((None, "Retail", "Energy"))},
            "Contact": {
                "LastName": text[:80],
                "Title": r.choice(TEXTS)[:100],
                "AccountId": self._any(r, "Account"),
            },
            "Lead": {
                "LastName": text[:80],
                "Company": "Acme",
                "Status": r.choice(("Open - Not Contacted", "Working - Contacted")),
            },
            "Opportunity": {
                "Name": text[:100],
                "StageName": r.choice(self.stages),
                "CloseDate": day,
                "Amount": r.choice((None, 10, 1000.5, 0)),
                "AccountId": self._any(r, "Account"),
            },
            "Task": {
                "Subject": text[:100],
                "Status": r.choice(("Not Started", "Completed")),
                "ActivityDate": r.choice((day, "2022-01-01")),
                "WhoId": self._any(r, "Contact", "Lead"),
                "WhatId": self._any(r, "Opportunity", "Account"),
            },
            "Event": {
                "Subject": text[:100],
                "StartDateTime": f"{day}T10:00:00Z",
                "DurationInMinutes": 30,
                "WhoId": self._any(r, "Contact"),
            },
            "OpportunityContactRole": {
                "OpportunityId": self._any(r, "Opportunity"),
                "ContactId": self._any(r, "Contact"),
                "Role": "Evaluator",
                "IsPrimary": r.random() < 0.5,
            },
            "OpportunityLineItem": {
                "OpportunityId": self._any(r, "Opportunity"),
                "Product2Id": self._any(r, "Product2"),
                "Quantity": 2,
                "UnitPrice": 3.5,
                "TotalPrice": 7,
            },
            "Product2": {"Name": text[:100], "IsActive": True},
            "Campaign": {"Name": text[:70], "ActualCost": 100},
            "CampaignMember": {"CampaignId": self._any(r, "Campaign"), "ContactId": self._any(r, "Contact")},
            "EmailMessage": {"Subject": text[:100], "Incoming": True, "ActivityId": self._any(r, "Task")},
        }
        values = made[object]
        for name, kind in self.fields.get(object, {}).items():
            if kind != "Formula" and r.random() < 0.6:
                values[name] = r.randrange(100) if kind == "Number" else r.choice(TEXTS)[:100]
        return values
