"""A sandbox with as many contacts as asked, in a process of its own, and pulls of it in processes of theirs."""

import json
import multiprocessing
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import requests

CLOCK = "2024-06-01T08:00:00Z"
TOKEN = "a-benchmark-token"


def fill(crm: str, path: Path, count: int) -> None:
    """A store of `count` contacts, made within the last year."""
    from sales_consultant.sandbox.clock import parse_iso
    from sales_consultant.sandbox.salesforce.org import ids
    from sales_consultant.sandbox.serving.server import Sandbox

    sandbox = Sandbox(store=path, clock=CLOCK, crms=(crm,))
    now = parse_iso(CLOCK)
    year = 365 * 86_400_000

    def rows() -> Iterator[tuple[Any, ...]]:
        for n in range(1, count + 1):
            at = (now - year + year // count * n) // 1000 * 1000
            who = {
                "firstname": f"First {n}",
                "lastname": f"Last {n}",
                "email": f"p{n}@firm{n % 5000}.example",
            }
            if crm == "hubspot":
                held = who | {
                    "jobtitle": "CTO",
                    "lifecyclestage": "lead",
                    "hs_analytics_source": "PAID_SEARCH",
                }
                yield "hubspot", "contacts", str(n), n, json.dumps(held), at, at
            else:
                values = {
                    "FirstName": who["firstname"],
                    "LastName": who["lastname"],
                    "Name": f"First {n} Last {n}",
                    "Email": who["email"],
                    "Title": "CTO",
                    "LeadSource": "Web",
                }
                yield "salesforce", "Contact", ids.make("Contact", n), n, json.dumps(values), at, at

    sandbox.store.write_many("INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?, 0, NULL)", rows())
    sandbox.store.write("ANALYZE")
    sandbox._listener.close()
    sandbox.store.close()


def _serve(ready: "Connection[str, str]", crm: str, path: Path) -> None:
    from sales_consultant.sandbox.serving.server import Sandbox

    sandbox = Sandbox(store=path, clock=CLOCK, crms=(crm,))
    ready.send(sandbox.url)
    sandbox.serve()


@contextmanager
def serving(crm: str, path: Path) -> Iterator[str]:
    """The address of a sandbox that runs on a store."""
    context = multiprocessing.get_context("spawn")
    mine, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, crm, path), daemon=True)
    process.start()
    try:
        yield str(mine.recv())
    finally:
        process.terminate()
        process.join()


def control(url: str, action: str, **body: Any) -> Any:
    """An action of the sandbox's control endpoint."""
    answer = requests.post(f"{url}/_sandbox/{action}", json=body, timeout=600)
    answer.raise_for_status()
    return answer.json()


def calls(url: str, crm: str) -> dict[str, int]:
    """The calls the sandbox has answered, by its own kinds."""
    found: dict[str, int] = requests.get(f"{url}/_sandbox", timeout=60).json()["calls"].get(crm, {})
    return found


@dataclass(frozen=True)
class Measured:
    """What a process did: seconds, seconds of CPU, its greatest memory in MB, rows, calls; definitions are among them."""

    seconds: float
    cpu: float
    memory: float
    rows: int
    calls: int
    definitions: int = 0

    @property
    def rate(self) -> float:
        """Rows a second."""
        return self.rows / self.seconds

    @property
    def cpu_per_row(self) -> float:
        """Microseconds of CPU a row."""
        return self.cpu / max(1, self.rows) * 1e6


def in_process(program: str, *args: object, python: str = sys.executable) -> Measured:
    """Run a module of the benchmarks (or a file with another Python), which prints its measurements as JSON."""
    where = [program] if program.endswith(".py") else ["-m", program]
    done = subprocess.run(
        [python, *where, *map(str, args)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[1],
        encoding="utf-8",
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return Measured(**json.loads(done.stdout.strip().splitlines()[-1]))


def tell(started: float, rows: int, calls: int, definitions: int = 0) -> None:
    """Print this process's measurements."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    held = Measured(
        time.perf_counter() - started,
        used.ru_utime + used.ru_stime,
        used.ru_maxrss / 1024,
        rows,
        calls,
        definitions,
    )
    print(json.dumps(held.__dict__))


def pull(crm: str, url: str, folder: Path, *objects: str) -> None:
    """One pull of ours in this process."""
    from sales_consultant.sync.pull import pull as pulling
    from sales_consultant.sync.stores.warehouse import Warehouse

    started = time.perf_counter()
    warehouse = Warehouse(folder / "warehouse.duckdb", memory_limit="256MB")
    connector = connect(crm, url)
    done = pulling(connector, warehouse, until=connector.now(), objects=objects)
    rows = sum(done.rows.values())
    warehouse.close()
    tell(started, rows, connector.calls.total, connector.calls.by_kind.get("definition", 0))


def start(crm: str, url: str, folder: Path) -> None:
    """All that a pull needs before it asks the first thing."""
    import pyarrow.compute
    import pyarrow.csv

    from sales_consultant.sync.pull import pull as _pulling
    from sales_consultant.sync.stores.warehouse import Warehouse

    started = time.perf_counter()
    # Imported here for what they cost, not for what they do.
    assert _pulling and pyarrow.compute and pyarrow.csv
    Warehouse(folder / "empty.duckdb", memory_limit="256MB").close()
    connect(crm, url).close()
    tell(started, 0, 0)


def connect(crm: str, url: str) -> Any:
    """Our connector to the sandbox."""
    if crm == "hubspot":
        from sales_consultant.connectors.hubspot.api.client import HubSpotApi
        from sales_consultant.connectors.hubspot.connector import HubSpotConnector

        return HubSpotConnector(HubSpotApi(TOKEN, url=url), read="2026-03", write="2026-03")
    from sales_consultant.config.sections import Connection
    from sales_consultant.connectors.salesforce.api.client import SalesforceApi
    from sales_consultant.connectors.salesforce.connector import SalesforceConnector

    return SalesforceConnector(SalesforceApi(Connection(crm="salesforce", url=url), TOKEN))


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    if sys.argv[4:] == ["nothing"]:
        start(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
    else:
        pull(sys.argv[1], sys.argv[2], Path(sys.argv[3]), *sys.argv[4:])
