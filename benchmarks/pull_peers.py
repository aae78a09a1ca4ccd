"""Our pull beside other people's, same sandbox, same fields and histories, same run; each in a process of its own.

Ours keeps every row in the warehouse, with its history and the place to resume from. Where another is ahead, the reason is
that it does less: the official client and `query_all` keep nothing, `download` writes Salesforce's CSV to a file as it
came (so its CPU and memory are lower), and ours asks for the definitions, the clock and the archived rows too.

On Salesforce the sandbox's one process is what all wait for: ours has asked for the next 25,000 rows while it puts
these away, and is ahead of `download` at 300,000 rows on a quiet machine (36,000 records/s against 30,000).
`query_all` (46,000) is ahead of both: it spends 150 calls where a job spends 24, and the sandbox answers its pages
without making a job first. On a machine where others work too, ours falls behind by what it does before and after the
rows: starting DuckDB, the org and its definitions, counting, the last transaction, the views, taking the job away
(some 2 s, whatever the number of rows).

dlt has an environment of its own, made where `DLT_VENV` says (default: below .venv). `ROWS=n` for another number than
100,000, `CRM=name` for one CRM.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.million import Measured, calls, fill, in_process, serving

ROOT = Path(__file__).parents[1]
DLT = "dlt[duckdb,parquet]==1.31.0"
HISTORY = ("hs_lead_status", "jobtitle", "lifecyclestage")


def dlt_python() -> str:
    """The Python of dlt's environment, made at the first call."""
    folder = Path(os.environ.get("DLT_VENV", ROOT / ".venv" / "benchmark-dlt"))
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", DLT], check=True)
    return str(python)


def run() -> None:
    """Print one line a way of reading."""
    count = int(os.environ.get("ROWS", "100000"))
    peers = {
        "hubspot": ["hubspot_client", "dlt_rest_api"],
        "salesforce": ["salesforce_download", "salesforce_query_all"],
    }
    for crm in os.environ.get("CRM", " ".join(peers)).split():
        names = peers[crm]
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            fill(crm, folder / "store.db", count)
            with serving(crm, folder / "store.db") as url:
                ours = _measure(
                    crm, url, partial(in_process, "benchmarks.million", crm, url, folder, "contacts")
                )
                fields = _fields(crm, folder)
                _line(crm, "ours", ours, ours)
                for peer in names:
                    python = dlt_python() if peer.startswith("dlt") else sys.executable
                    args = ("benchmarks/peers.py", peer, url, folder, ",".join(fields), ",".join(HISTORY))
                    _line(crm, peer, _measure(crm, url, partial(in_process, *args, python=python)), ours)


def _fields(crm: str, folder: Path) -> list[str]:
    """The fields that our pull has read, so that the others read them too."""
    import duckdb

    with duckdb.connect(str(folder / "warehouse.duckdb"), read_only=True) as engine:
        table = "raw_contacts" if crm == "hubspot" else "raw_Contact"
        names = [r[0] for r in engine.con.execute(f"DESCRIBE {table}").fetchall()]
    found = [n for n in names if not n.startswith("_") and n.lower() != "id"]
    return found if crm == "hubspot" else ["Id", *found]


def _measure(crm: str, url: str, work: Callable[[], Measured]) -> Measured:
    before = sum(calls(url, crm).values())
    held = work()
    return Measured(held.seconds, held.cpu, held.memory, held.rows, sum(calls(url, crm).values()) - before)


def _line(crm: str, name: str, m: Measured, ours: Measured) -> None:
    print(
        f"pull_peers, {crm}: {name}: {m.rows:,} rows, {m.rate:,.0f} records/s ({ours.rate / m.rate:.1f} x ours), "
        f"{m.cpu_per_row:,.0f} us of CPU a record ({m.cpu_per_row / ours.cpu_per_row:.1f}), {m.memory:,.0f} MB, {m.calls:,} calls",
        flush=True,
    )
