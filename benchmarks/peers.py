"""Other people's ways to read the same contacts, each in a process of its own: `python benchmarks/peers.py NAME URL FOLDER`.

It imports nothing of ours, so that it runs in an environment that has only the peer. Prints its measurements as JSON.
"""

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

TOKEN = "a-benchmark-token"


def hubspot_client(url: str, folder: Path, fields: list[str], history: list[str]) -> int:
    """The official client's own loop, as its documentation has it; it keeps nothing."""
    from hubspot import HubSpot

    api = HubSpot(access_token=TOKEN, host=url, base_url=url).crm.contacts.basic_api
    rows, after = 0, None
    while True:
        page = api.get_page(limit=50, after=after, properties=fields, properties_with_history=history)
        rows += len(page.results)
        if page.paging is None:
            return rows
        after = page.paging.next.after


def _salesforce(url: str) -> Any:
    import requests
    from requests.adapters import HTTPAdapter
    from simple_salesforce import Salesforce

    class Loopback(HTTPAdapter):
        def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
            parts = urlsplit(str(request.url))
            request.url = url + parts.path + (f"?{parts.query}" if parts.query else "")
            return super().send(request, *args, **kwargs)

    session = requests.Session()
    session.mount("https://", Loopback())
    return Salesforce(
        instance_url="https://acme.my.salesforce.com", session_id=TOKEN, version="62.0", session=session
    )


def salesforce_download(url: str, folder: Path, fields: list[str], history: list[str]) -> int:
    """simple-salesforce's Bulk 2.0 download to CSV files."""
    made = _salesforce(url).bulk2.Contact.download(
        f"SELECT {', '.join(fields)} FROM Contact", path=str(folder)
    )
    return sum(int(m["number_of_records"]) for m in made)


def salesforce_query_all(url: str, folder: Path, fields: list[str], history: list[str]) -> int:
    """simple-salesforce's query_all_iter; it keeps nothing."""
    soql = f"SELECT {', '.join(fields)} FROM Contact"
    return sum(1 for _ in _salesforce(url).query_all_iter(soql, include_deleted=True))


def dlt_rest_api(url: str, folder: Path, fields: list[str], history: list[str]) -> int:
    """dlt's rest_api source into DuckDB by parquet."""
    import dlt
    from dlt.sources.rest_api import rest_api_source

    source = rest_api_source(
        {
            "client": {
                "base_url": f"{url}/crm/v3/",
                "auth": {"type": "bearer", "token": TOKEN},
                "paginator": {"type": "json_link", "next_url_path": "paging.next.link"},
            },
            "resources": [
                {
                    "name": "contacts",
                    "primary_key": "id",
                    "write_disposition": "merge",
                    "endpoint": {
                        "path": "objects/contacts",
                        "params": {
                            "limit": 50,
                            "properties": ",".join(fields),
                            "propertiesWithHistory": ",".join(history),
                        },
                        "data_selector": "results",
                    },
                }
            ],
        }
    )
    pipeline = dlt.pipeline(
        "contacts",
        pipelines_dir=str(folder / "dlt"),
        destination=dlt.destinations.duckdb(str(folder / "dlt.duckdb")),
        dataset_name="crm",
    )
    pipeline.run(source, loader_file_format="parquet")
    with pipeline.sql_client() as client:
        return int(client.execute_sql("SELECT count(*) FROM contacts")[0][0])


def main(name: str, url: str, folder: Path, fields: str, history: str) -> None:
    """Run one and print what it took."""
    started = time.perf_counter()
    rows = globals()[name](url, folder, fields.split(","), history.split(","))
    used = resource.getrusage(resource.RUSAGE_SELF)
    below = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = used.ru_utime + used.ru_stime + below.ru_utime + below.ru_stime
    found = {
        "seconds": time.perf_counter() - started,
        "cpu": cpu,
        "memory": max(used.ru_maxrss, below.ru_maxrss) / 1024,
        "rows": rows,
        "calls": 0,
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), sys.argv[4], sys.argv[5] if len(sys.argv) > 5 else "")
