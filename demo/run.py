"""The main job, whole, on a sandbox CRM: what an admin would type, one command after the other."""

import contextlib
import fcntl
import json
import os
import shutil
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sales_consultant.config.crms import CRMS
from sales_consultant.config.settings import load
from sales_consultant.demo.result import CompanyDone, Record
from sales_consultant.demo.serving import beside, cache, company
from sales_consultant.sync.models import evaluation
from sales_consultant.sync.plan import Plan
from sales_consultant.sync.runtime import Reporter, Workspace, shares
from sales_consultant.sync.setup import provisioning as admin
from sales_consultant.sync.use_cases import SyncOptions, init, sync

# Any token is a super admin's on the sandbox; this is none of anybody's.
TOKEN = "sandbox-demo"
# How many records a demo lists: a judgement of what one screen holds.
SHOWN = 15


# What each company is made of; its own page and notice say the same at length.
DATA = {
    "saas": "synthetic data",
    "shop": "real orders: Online Retail, UCI; the names are made up",
}


def run(
    *,
    crm: str,
    data: str,
    keep: bool,
    as_json: bool,
    reporter: Reporter,
    show: Callable[[CompanyDone], None],
    text: bool = False,
) -> None:
    """Run for one company or both, show each when it is done, and stay if asked to.

    With JSON there is one document for all of it, printed when the last company is done: the first company's, with the
    others under their names. What is kept is the first company's sandbox.
    """
    companies = ["saas", "shop"] if data == "both" else [data]
    document: dict[str, Any] = {}
    with contextlib.ExitStack() as kept:
        for number, name in enumerate(companies):
            with contextlib.ExitStack() as own:
                made = _one(kept if keep and number == 0 else own, crm, name, reporter, text=text)
                if not as_json:
                    show(made)
                if number == 0:
                    document = made.to_json()
                else:
                    document[name] = made.to_json()
            if keep and number == 0 and len(companies) > 1:
                _print_address(made.url, as_json)
        if as_json:
            print(json.dumps(document, ensure_ascii=False, indent=1, default=str), flush=True)
        if keep:
            _stay(document["url"], as_json)


def _one(stack: contextlib.ExitStack, crm: str, name: str, reporter: Reporter, *, text: bool) -> CompanyDone:
    """One company's demo; its folder and sandbox are open as long as the stack is."""
    started = time.monotonic()
    folder = stack.enter_context(_folder(f"{crm}-{name}"))
    reporter.say(f"making the {name} company ({DATA[name]})")
    world = company(name, folder / "tables", shares(reporter, f"the {name} company:"))
    reporter.over()
    url = stack.enter_context(beside(world, crm))
    return _job(crm, url, folder, reporter, _Company(name, world.notice, started, text))


@contextlib.contextmanager
def _folder(name: str) -> Iterator[Path]:
    """A fresh directory of the demo's own, kept until the next run; a second demo at the same time gets another."""
    cache().mkdir(parents=True, exist_ok=True)
    with open(cache() / f"{name}.lock", "a+", encoding="utf-8") as lock:
        folder = cache() / name
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            folder = cache() / f"{name}-{os.getpid()}"
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "data").mkdir(parents=True)
        yield folder


def _print_address(url: str, as_json: bool, more: str = "") -> None:
    """The address of what is kept open, where it is no part of a document."""
    print(f"\nBrowse the CRM as a rep: {url}{more}", file=sys.stderr if as_json else sys.stdout, flush=True)


def _stay(url: str, as_json: bool) -> None:
    """Until Ctrl-C; where nobody is there to end it, not at all."""
    if not sys.stdin.isatty():
        return
    _print_address(url, as_json, "   (Ctrl-C ends)")
    # Ctrl-C is how one leaves, not a failure.
    with contextlib.suppress(KeyboardInterrupt):
        while True:
            time.sleep(3600)


@dataclass(frozen=True)
class _Company:
    """Which company it is, what its data are, when its demo began (seconds of a monotonic clock), and whether texts are read."""

    name: str
    notice: str
    started: float
    text: bool


def _job(crm: str, url: str, folder: Path, reporter: Reporter, company: _Company) -> CompanyDone:
    """init, provision, sync, and a second sync at the same as-of that has nothing to do."""
    environ = {"SALES_CONSULTANT_DEMO_TOKEN": TOKEN}
    file, data = folder / "sales-consultant.toml", folder / "data"
    proposed = init.initialise(
        crm, "demo", {"url": url}, file, data, reporter, keyring=None, environ=environ, text=company.text
    )
    settings = load(file)
    name, connection = settings.connection("demo")
    with Workspace(settings, name, connection, data, environ=environ) as ws:
        reporter.say("making the fields")
        admin.provision(ws, dry=False)
        first, plan = sync(ws, reporter, SyncOptions(yes=True))
        at_limits = proposed.seconds_at_vendor_limits + ws.connector.seconds_at_limits()
        calls = Counter(proposed.api_calls) + Counter(ws.connector.calls.by_kind)
        second, _ = sync(ws, reporter, SyncOptions(as_of=first.as_of, yes=True))
        records = best(plan)
        page = _save_page(url, crm, records, folder)
        return CompanyDone(
            company=company.name,
            data=DATA[company.name],
            notice=company.notice,
            crm=crm,
            as_of=first.context.as_of,
            pulled=proposed.found,
            populations=proposed.populations,
            scored=first.counts.get("scored", {}),
            excluded=first.counts.get("excluded", {}),
            written=first.counts.get("written", 0),
            dead=first.counts.get("dead", 0),
            changed=first.counts.get("plan", {}),
            api_calls_by_kind=calls,
            seconds_at_vendor_limits=round(at_limits, 1),
            tests=evaluation.evaluate(ws.state).tests,
            records=tuple(records[:SHOWN]),
            second_written=second.counts.get("written", 0),
            second_calls=second.counts.get("api_calls", 0),
            seconds=round(time.monotonic() - company.started, 1),
            url=url,
            page=str(page) if page else None,
            folder=str(folder),
        )


def best(plan: Plan) -> list[Record]:
    """The open records of the first write, most valuable first: deals by expected value, then others by score."""
    records: list[Record] = []
    for entry in plan.entries:
        values = {k: new for k, _, new in entry.fields}
        score = values.get("score")
        if score is None and values.get("value_12m") is None:
            continue
        same = ("grade", "probability", "segment", "lifecycle", "customer_tier", "churn_risk")
        steps = ("next_step", "next_step_due", "next_step_reason")
        offers = ("recommended_product", "recommended_product_why")
        records.append(
            Record(
                object=entry.object,
                id=entry.record_id,
                name=entry.name,
                score=int(score) if score else None,
                expected_value=values.get("expected_value") or values.get("value_12m"),
                reasons=tuple((values.get("reasons") or "").splitlines()),
                currency=plan.currency_of(entry.object, entry.record_id),
                **{k: values.get(k) for k in (*same, *steps, *offers)},
            )
        )
    # A score is what a rep works by; a shop without open deals has customers and their value instead.
    records = [r for r in records if r.score is not None] or records
    records.sort(key=lambda r: (-float(r.expected_value or 0), -(r.score or 0), r.id))
    return records


def _save_page(url: str, crm: str, records: list[Record], folder: Path) -> Path | None:
    """A copy of the best record's page, to be opened after the sandbox is gone."""
    shown = next((r for r in records if r.next_step), records[0] if records else None)
    if shown is None:
        return None
    name = CRMS[crm].object_names.get(shown.object, shown.object)
    address = f"{url}/records/{crm}/{name}/{shown.id}"
    with urllib.request.urlopen(address, timeout=30) as answer:
        body = answer.read()
    page = folder / "record.html"
    page.write_bytes(body)
    return page
