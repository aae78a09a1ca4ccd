"""The records of a HubSpot portal: which there are, and values for new ones."""

from random import Random
from typing import Any

import requests
from histories.world import World
from support.in_process import LocalSandbox

from sales_consultant.connectors.base import Calls, Connector
from sales_consultant.connectors.http.transport import Transport
from sales_consultant.connectors.hubspot.api.client import HubSpotApi
from sales_consultant.connectors.hubspot.connector import HubSpotConnector
from sales_consultant.connectors.hubspot.reading.pull import Sizes

CORE = ("contacts", "companies", "deals")
ACTIVITIES = ("calls", "emails", "meetings", "notes", "tasks", "communications")
OBJECTS = (*CORE, "line_items", "products", *ACTIVITIES, "leads")
SINGULAR = {"contacts": "contact", "companies": "company", "deals": "deal"}
LINKED = (
    ("contacts", "companies"),
    ("deals", "contacts"),
    ("deals", "companies"),
    ("deals", "line_items"),
    *((a, c) for a in ACTIVITIES for c in CORE),
    ("leads", "contacts"),
)
PRIMARY = {("contacts", "companies"): 1, ("deals", "companies"): 5}
STAGES = ("new", "offer", "won", "lost")
TEXTS = ("Ann", "Österberg", "", "NA", "a\nb", "O'Brien", "<b>", "1e3", "x" * 300)


class HubSpotRecords(World):
    """The records of a HubSpot portal: which there are, and values for new ones."""

    crm = "hubspot"
    created = "createdAt"

    def __init__(self, sandbox: LocalSandbox) -> None:
        super().__init__(sandbox)
        self.fields: dict[str, dict[str, str]] = {o: {} for o in OBJECTS}
        self.denied: set[str] = set()
        stages = [
            {
                "label": s,
                "stageId": s,
                "displayOrder": n,
                "metadata": {
                    "probability": {"won": "1.0", "lost": "0.0"}.get(s, "0.5"),
                    "isClosed": str(s in ("won", "lost")).lower(),
                },
            }
            for n, s in enumerate(STAGES)
        ]
        body = {"label": "Sales", "pipelineId": "sales", "displayOrder": 0, "stages": stages}
        self.pipeline = str(sandbox.call("POST", "/crm/v3/pipelines/deals", body)["id"])
        made = sandbox.call("GET", f"/crm/v3/pipelines/deals/{self.pipeline}")["stages"]
        self.stages = [str(s["id"]) for s in made]

    def connector(self, token: str, small: bool) -> Connector:
        transport = Transport(
            calls=Calls(), session=self.sandbox.open_session(), sleep=lambda s: None, jitter=Random(1)
        )
        sizes = Sizes(list=7, history=3, search=5, links=4, page=9) if small else Sizes()
        api = HubSpotApi("a-pullers-token", url="http://127.0.0.1", transport=transport)
        return HubSpotConnector(api, read="2026-03", write="2026-03", sizes=sizes)

    def session(self, connector: Connector) -> requests.Session:
        assert isinstance(connector, HubSpotConnector)
        return connector.api.transport.session

    # -- what people do ------------------------------------------------------------------------------------------

    def live(self, *objects: str) -> list[tuple[str, str]]:
        return self._records(0, objects or OBJECTS)

    def _records(self, archived: int, objects: tuple[str, ...]) -> list[tuple[str, str]]:
        sql = "SELECT object, id FROM records WHERE vendor = 'hubspot' AND archived = ? ORDER BY object, seq"
        return [(o, i) for o, i in self.sandbox.store.rows(sql, (archived,)) if o in objects]

    def _values(self, r: Random, object: str) -> dict[str, Any]:
        text = r.choice(TEXTS)
        at = str(self.sandbox.clock.now_ms() - r.randrange(10**9))
        values: dict[str, Any] = {
            "contacts": {
                "firstname": text,
                "lifecyclestage": r.choice(("lead", "customer", "opportunity")),
                "jobtitle": r.choice(TEXTS),
            },
            "companies": {"name": text, "domain": r.choice(("acme.example", "")), "industry": ""},
            "deals": {
                "dealname": text,
                "pipeline": self.pipeline,
                "dealstage": r.choice(self.stages),
                "amount": r.choice(("", "10", "1000.50", "0")),
            },
            "line_items": {"name": text, "quantity": "2", "price": r.choice(("3", "0.1"))},
            "products": {"name": text, "price": "5"},
            "leads": {"hs_lead_name": text, "hs_pipeline_stage": r.choice(("attempting", "connected"))},
            "calls": {"hs_timestamp": at, "hs_call_title": text, "hs_call_direction": "INBOUND"},
            "emails": {"hs_timestamp": at, "hs_email_subject": text},
            "meetings": {"hs_timestamp": at, "hs_meeting_title": text},
            "notes": {"hs_timestamp": at, "hs_note_body": text},
            "tasks": {"hs_timestamp": at, "hs_task_subject": text},
            "communications": {"hs_timestamp": at, "hs_communication_body": text},
        }[object]
        for name, kind in self.fields[object].items():
            if r.random() < 0.6:
                values[name] = str(r.randrange(100)) if kind == "number" else r.choice(TEXTS)
        names = list(values)
        return {n: values[n] for n in names if object == "deals" or r.random() < 0.8 or n == names[0]}
