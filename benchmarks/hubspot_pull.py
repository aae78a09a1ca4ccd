"""Records a second from response bytes to committed upsert, one core, against HubSpot's own ceiling and its client.

100 contacts of 30 text properties a page. The peer is the official client's generated loop, which parses and keeps
nothing.
"""

import tempfile
import time
from pathlib import Path

from benchmarks.canned import PAGE, PROPERTIES, hubspot

PAGES = 600
PEER_PAGES = 60
CEILING = 1900  # 19 list calls a second, 100 records each


def run() -> None:
    """Print records a second of both, and the ratios."""
    from hubspot import HubSpot

    from sales_consultant.connectors.hubspot.api.client import HubSpotApi
    from sales_consultant.connectors.hubspot.connector import HubSpotConnector
    from sales_consultant.sync.pull import pull
    from sales_consultant.sync.stores.warehouse import Warehouse

    with hubspot(PAGES) as url, tempfile.TemporaryDirectory() as folder:
        connector = HubSpotConnector(HubSpotApi("x", url=url), read="2026-03", write="2026-03")
        warehouse = Warehouse(Path(folder) / "w.duckdb", threads=1)
        started = time.perf_counter()
        pull(connector, _Bare(warehouse), until=1, objects=["contacts"])  # type: ignore[arg-type]  # stands in for the warehouse
        ours = PAGES * PAGE / (time.perf_counter() - started)
        assert warehouse.count("raw_contacts") == PAGES * PAGE
        warehouse.close()
        client = HubSpot(access_token="x", host=url, base_url=url)
        api = client.crm.contacts.basic_api
        started = time.perf_counter()
        after = None
        for _ in range(PEER_PAGES):
            page = api.get_page(limit=PAGE, after=after, properties=list(PROPERTIES))
            after = page.paging.next.after
        peer = PEER_PAGES * PAGE / (time.perf_counter() - started)
    print(
        f"hubspot_pull: {ours:,.0f} records/s into the warehouse = {ours / CEILING:.1f} x HubSpot's ceiling of {CEILING:,}/s, "
        f"{ours / peer:.1f} x the official client's loop, which stores nothing ({peer:,.0f}/s)"
    )


class _Bare:
    """The warehouse without the neutral views, which need an org to ask."""

    def __init__(self, warehouse: object) -> None:
        self.warehouse = warehouse

    def __getattr__(self, name: str) -> object:
        return getattr(self.warehouse, name)

    def make_views(self, connector: object) -> None:
        """Not measured here."""
