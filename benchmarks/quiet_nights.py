"""Nights in which nothing changes in the CRM: how many records the product writes all the same.

`NIGHTS=n` for another number than 30, `CRM=name` for one CRM. The as-of time moves a day a night; the CRM stands still.
The models are those of the first sync: a schedule that trains every week replaces them in between, and what that writes
is not in this figure.
"""

import os
import tempfile
from pathlib import Path

from sales_consultant.config.settings import load
from sales_consultant.demo.run import TOKEN
from sales_consultant.demo.serving import beside, company
from sales_consultant.sync import admin, setup
from sales_consultant.sync.run import DAY_MS, Silent, sync
from sales_consultant.sync.workspace import Workspace


def nights(crm: str, url: str, folder: Path, count: int) -> tuple[int, list[set[tuple[str, str]]]]:
    """How many records are looked at, and those written in each night after the first sync."""
    environ = {"SALES_CONSULTANT_DEMO_TOKEN": TOKEN}
    file, data, quiet = folder / "sales-consultant.toml", folder / "data", Silent()
    data.mkdir()
    setup.initialise(crm, "demo", {"url": url}, file, data, quiet, keyring=None, environ=environ)
    settings = load(file)
    name, connection = settings.connection("demo")
    with Workspace(settings, name, connection, data, environ=environ) as ws:
        admin.provision(ws, dry=False)
        first, plan = sync(ws, quiet, yes=True)
        looked_at, written = plan.looked_at, []
        for night in range(1, count + 1):
            _, plan = sync(ws, quiet, as_of=first.as_of + night * DAY_MS, yes=True)
            written.append({(e.object, e.record_id) for e in plan.entries})
    return looked_at, written


def run() -> None:
    """Print the busiest night and the whole, as shares of the records that are looked at."""
    count = int(os.environ.get("NIGHTS", "30"))
    for crm in os.environ.get("CRM", "hubspot").split():
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            world = company("saas", folder / "tables")
            with beside(world, crm) as url:
                looked_at, written = nights(crm, url, folder, count)
        worst, whole = max(len(w) for w in written), len(set().union(*written))
        print(
            f"quiet_nights {crm}: {count} nights, {looked_at:,} records looked at; busiest night {worst / looked_at:.1%} of 3 %, "
            f"mean {sum(map(len, written)) / count / looked_at:.1%}, all nights {whole / looked_at:.1%} of 30 %"
        )
