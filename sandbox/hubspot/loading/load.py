"""Fills the portal from a data folder, in an order in which every reference finds its record."""

from sales_consultant.sandbox.data_folder import Folder
from sales_consultant.sandbox.hubspot.loading.activities import (
    load_activities,
    load_campaigns,
    load_histories,
    load_links,
)
from sales_consultant.sandbox.hubspot.loading.deals import (
    load_currencies,
    load_deals,
    load_goods,
    load_pipelines,
)
from sales_consultant.sandbox.hubspot.loading.goals import load_goals
from sales_consultant.sandbox.hubspot.loading.loading import Loader
from sales_consultant.sandbox.hubspot.loading.people import load_companies, load_owners, load_people
from sales_consultant.sandbox.hubspot.portal import KINDS, VENDOR, Portal

_TIMES = ("created_at", "occurred_at", "entered_at", "changed_at", "closed_at")


def load(folder: Folder, portal: Portal) -> None:
    """Every table of the folder as HubSpot's records, histories and links."""
    now = portal.clock.now_ms()
    times = [
        r[c] for t in folder.tables.values() for c in _TIMES if c in t.columns for r in t if r[c] is not None
    ]
    loader = Loader(portal, folder, now, min([*times, now]))
    load_owners(loader)
    portal.forget()
    load_currencies(loader)
    load_pipelines(loader)
    load_companies(loader)
    load_people(loader)
    load_deals(loader)
    load_goods(loader)
    load_activities(loader)
    load_campaigns(loader)
    load_links(loader)
    load_histories(loader)
    load_goals(loader)
    _count_links(loader)
    for name in ("companies", "contacts", "deals", "products", "line_items"):
        mine = {id(d): d for d in loader.drafts[name].values()}
        if name == "contacts":
            mine |= {id(d): d for d in loader.drafts["leads"].values()}
        loader.write(name, list(mine.values()))
    portal.store.link(VENDOR, loader.links)
    portal.forget()


def _count_links(loader: Loader) -> None:
    counted = {
        ("contacts", "deals"): "num_associated_deals",
        ("companies", "contacts"): "num_associated_contacts",
        ("companies", "deals"): "num_associated_deals",
        ("deals", "contacts"): "num_associated_contacts",
    }
    ends: dict[tuple[str, str, str], set[str]] = {}
    for link in loader.links:
        name = counted.get((link.from_object, link.to_object))
        if name:
            ends.setdefault((link.from_object, link.from_id, name), set()).add(link.to_id)
    for table in ("companies", "contacts", "leads", "deals"):
        for draft in loader.drafts[table].values():
            for (object, _), name in counted.items():
                if object == draft.kind.name and object in KINDS:
                    draft.values[name] = str(len(ends.get((object, draft.id, name), ())))
