"""Records what the program in this checkout does, from outside: before and after code moves it must be the same.

    PYTHONPATH=tests .venv/bin/python -m behaviour.record FOLDER [--script .venv/bin/sales-consultant]
    PYTHONPATH=tests .venv/bin/python -m behaviour.compare BEFORE AFTER

Nothing of the program is imported: only the console script, HTTP to its sandbox, and the files it leaves are used.
FOLDER must not be there yet. It gets help/ (the help of every command) and for each CRM steps/ (exit code, document,
text of each command), tables/ (rows of state.db in the middle and at the end, of warehouse.duckdb), models/ and
tables.json (rows and a digest a table). What is replaced because it is random is told in normal.py.
"""

import argparse
import json
import re
import signal
import sys
import tempfile
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from behaviour import programs, steps
from behaviour.desk import Desk, environ, write
from behaviour.normal import duckdb_tables, sqlite_tables

ROOT = Path(__file__).resolve().parents[2]


def serving(desk: Desk) -> None:
    """The service: names of its events, of its metrics, its readiness; it is stopped after its first job."""
    more = "\n[schedule.often]\njob = 'changed'\nevery_minutes = 1\n[service]\nport = 0\n"
    text = re.sub(
        r"\[schedule\..*?(?=\n\[(?!schedule)|\Z)",
        "",
        (desk.folder / "sales-consultant.toml").read_text(encoding="utf-8"),
        flags=re.DOTALL,
    )
    (desk.folder / "serve.toml").write_text(text + more, encoding="utf-8")
    process = desk.start("serve", "--config", "serve.toml")
    assert process.stdout is not None
    events: list[dict[str, Any]] = []
    for line in process.stdout:
        events.append(json.loads(line))
        if events[-1]["event"] in ("end", "failed", "skipped"):
            break
    port = next((e["port"] for e in events if e["event"] == "listening"), None)
    address = f"http://127.0.0.1:{port}"
    with urllib.request.urlopen(f"{address}/metrics", timeout=20) as answer:
        metrics = answer.read().decode()
    with urllib.request.urlopen(f"{address}/readyz", timeout=20) as answer:
        ready = json.loads(answer.read())
    process.send_signal(signal.SIGTERM)
    rest, err = process.communicate(timeout=120)
    events += [json.loads(x) for x in rest.splitlines()]
    for event in events:
        event.pop("port", None)
    samples = [re.sub(r"[^ ]+$", "", x).strip() if not x.startswith("#") else x for x in metrics.splitlines()]
    desk.keep("serve-events", [desk.normal.value(e) for e in events])
    desk.keep("serve-metrics", samples)
    desk.keep("serve-ready", desk.normal.value(ready))
    desk.keep("serve-end", {"code": process.returncode, "stderr": desk.normal.text(err).splitlines()})


def whole(desk: Desk) -> None:
    """All of one CRM."""
    steps.beginning(desk)
    deals = steps.learning(desk)
    entries = steps.writing(desk)
    ids = steps.changing(desk, entries)
    steps.trouble(desk, ids)
    steps.looking(desk, deals)
    desk.tables("state_middle", sqlite_tables(desk.main / "state.db", desk.normal))
    desk.tables("warehouse", duckdb_tables(desk.main / "warehouse.duckdb", desk.normal))
    steps.undoing(desk, entries)
    serving(desk)
    desk.calls()
    desk.tables("state_end", sqlite_tables(desk.main / "state.db", desk.normal))
    desk.tables("warehouse_end", duckdb_tables(desk.main / "warehouse.duckdb", desk.normal))
    desk.run("state", "restore", "copy.db", "--yes")
    desk.run("status")
    for file in sorted((desk.main / "models").rglob("*.json")):
        value = json.loads(file.read_text(encoding="utf-8"))
        write(desk.out / "models" / file.relative_to(desk.main / "models"), desk.normal.value(value))


def helps(script: Path, scratch: Path, out: Path) -> None:
    """The help of every command, found by reading the help of those above it."""
    (scratch / "home").mkdir(parents=True)
    waiting: list[list[str]] = [[]]
    while waiting:
        words = waiting.pop()
        code, said = programs.run([str(script), *words, "--help"], env=environ(scratch / "home"))
        (out / f"{'-'.join(words) or 'all'}.txt").write_text(f"{code}\n{said}", encoding="utf-8")
        _, _, commands = said.partition("\nCommands:\n")
        waiting += [[*words, m] for m in re.findall(r"^  (\S+)", commands, re.MULTILINE)]


def played(script: Path, scratch: Path, out: Path, crm: str) -> list[tuple[float, str]]:
    """Record one CRM; what took how long."""
    desk = Desk(script, scratch, out, crm)
    try:
        whole(desk)
    finally:
        desk.close()
    return desk.took


def main() -> int:
    """Record both CRMs side by side."""
    parser = argparse.ArgumentParser(description="Record behaviour (see the docstring).")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--script", type=Path, default=ROOT / ".venv/bin/sales-consultant")
    parser.add_argument("--crm", nargs="*", default=["hubspot", "salesforce"], help="only these")
    parser.add_argument("--times", action="store_true", help="tell what took longest")
    given = parser.parse_args()
    script, folder = given.script.absolute(), given.folder.absolute()
    folder.mkdir(parents=True)
    (folder / "help").mkdir()
    with tempfile.TemporaryDirectory(prefix="behaviour-") as place, ThreadPoolExecutor(3) as pool:
        jobs = {
            crm: pool.submit(played, script, Path(place) / crm, folder / crm, crm)
            for crm in ("hubspot", "salesforce")
            if crm in given.crm
        }
        helps(script, Path(place) / "help", folder / "help")
        for crm, job in jobs.items():
            took = job.result()
            print(f"{crm}: {len(took)} commands, {sum(t for t, _ in took):.0f} s")
            if given.times:
                print("\n".join(f"  {t:6.1f} {c[:100]}" for t, c in sorted(took, reverse=True)[:25]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
