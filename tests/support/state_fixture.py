"""Makes tests/fixtures/state-VERSION.db: a small state as this release leaves it, kept so that later ones can open it.

Run once before a release: `python tests/support/state_fixture.py`. A file of an earlier release is never made again.
"""

from pathlib import Path
from typing import Any

import sqlalchemy as sa

from sales_consultant.connectors.base import Identity, Outcome
from sales_consultant.sync.journal.changes import Entry
from sales_consultant.sync.journal.journal import Journal
from sales_consultant.sync.runtime.lease import hold
from sales_consultant.sync.stores import kept_tables as kept
from sales_consultant.sync.stores import state as store

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
AT = 1_730_000_000_000
RUN = "20241027-033320-aaaa"


def make(path: Path) -> None:
    """A run that wrote two records, was refused one, and left one on its way."""
    made = store.State(path)
    made.bind(Identity("hubspot", "4711", "production"))
    _row(
        made,
        store.runs,
        id=RUN,
        job="sync",
        scheduled_at=AT,
        started_at=AT,
        ended_at=AT + 5,
        outcome="done",
        counts="{}",
    )
    entries = [
        Entry("contacts", str(n), f"Contact {n}", "first score", (("score", None, f"{60 + n}"),))
        for n in range(4)
    ]
    journal = Journal(made, RUN)
    journal.plan(entries)
    with hold(made, path.with_suffix(".lock"), job="sync", now=AT) as lease:
        sent = journal.send([e.change() for e in entries[:3]], lease, now=AT + 1)
        answers = [Outcome("contacts", "0", "done"), Outcome("contacts", "1", "done")]
        answers.append(Outcome("contacts", "2", "dead", "no such option", "INVALID_OPTION"))
        journal.settle(sent, answers, now=AT + 2)
        journal.send([entries[3].change()], lease, now=AT + 3)
    _row(made, store.groups, unit="companies:1", name="shown", share=0.1, assigned_at=AT)
    _row(made, store.holds, field="grade", since=AT, run_id=RUN)
    _row(made, store.feedback, object="contacts", record_id="0", step_id="call", value="done", seen_at=AT)
    content = '{"share": 0.2, "clustered": false, "horizon_days": 90, "populations": []}'
    _row(made, kept.experiments, id="old", started_at=AT, ended_at=AT + 1, salt="s", content=content)
    unit = {"experiment_id": "old", "unit": "companies:1", "arm": "control", "assigned_at": AT}
    _row(made, kept.experiment_units, **unit)
    _row(made, kept.forecasts, as_of=AT, made_at=AT, content="{}")
    made.close()
    path.with_suffix(".lock").unlink()


def _row(made: store.State, table: sa.Table, **values: Any) -> None:
    with made.begin() as c:
        c.execute(sa.insert(table).values(**values))


if __name__ == "__main__":
    file = FIXTURES / f"state-{store.SCHEMA_VERSION}.db"
    if file.exists():
        raise SystemExit(f"{file.name} is there already")
    FIXTURES.mkdir(exist_ok=True)
    make(file)
    print(file.name)
