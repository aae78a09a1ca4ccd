"""Writing a plan: batch by batch, each on disk as sent before it is sent and settled by the CRM's own answer."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from sales_consultant.config.fields.catalogue import Field, by_key
from sales_consultant.connectors.base import TASKS, Change, Connector, Outcome
from sales_consultant.sync.journal import Batch, Journal, unsettled_runs
from sales_consultant.sync.runtime import Lease
from sales_consultant.sync.stores import State
from sales_consultant.sync.tasks import TaskSender

Fields = Mapping[str, Sequence[Field]]
Progress = Callable[[int, int], None]
Clock = Callable[[], int]
# A record that HubSpot or Salesforce asks to try later gets one more try at the end of the run, then the next run.
ROUNDS = 2


def push(
    connector: Connector,
    journal: Journal,
    lease: Lease,
    fields: Fields,
    *,
    clock: Clock,
    stop: Callable[[], bool] = lambda: False,
    progress: Progress | None = None,
) -> Counter[str]:
    """Send what the journal has planned; returns records by outcome.

    Stops between batches when `stop` says so; what is left stays planned and is closed by the caller. A batch whose
    answer is lost is read back at once, and again by the next run if that fails too.
    """
    total: Counter[str] = Counter()
    for _ in range(ROUNDS):
        pending = journal.pending()
        if not pending:
            break
        sent = 0
        for part in parts(connector, pending):
            if stop():
                return total
            total += _batch(connector, journal, lease, fields, part, clock)
            sent += len(part)
            if progress:
                progress(sent, len(pending))
    return total


def parts(connector: Connector, pending: Sequence[Change]) -> list[list[Change]]:
    """The changes in the CRM's largest batches, one object each."""
    by_object: dict[str, list[Change]] = {}
    for change in pending:
        by_object.setdefault(change.object, []).append(change)
    chunks = []
    for mine in by_object.values():
        size = connector.batch_size(len(mine))
        chunks += [mine[start : start + size] for start in range(0, len(mine), size)]
    return chunks


def calls_for(connector: Connector, changes: Sequence[Change]) -> int:
    """The least calls it takes to write the changes."""
    return sum(connector.write_calls(n) for n in Counter(c.object for c in changes).values())


def _batch(
    connector: Connector, journal: Journal, lease: Lease, fields: Fields, part: list[Change], clock: Clock
) -> Counter[str]:
    batch = journal.send(part, lease, now=clock())
    outcomes: list[Outcome] = []
    jobs: list[str] = []

    def remember(job: str) -> None:
        journal.remember(batch, job)
        jobs.append(job)

    try:
        sent = (
            _tasks(connector, journal, clock).push(part)
            if batch.object == TASKS
            else connector.push(part, remember=remember)
        )
        for outcome in sent:
            outcomes.append(outcome)  # noqa: PERF402 - what came before an error must be kept
    finally:
        # Whatever was answered is settled, even when the rest of the batch ends in an error or an interrupt.
        counts = journal.settle(batch, outcomes, now=clock())
    if counts["unknown"]:
        unknown = {(o.object, o.record_id) for o in outcomes if o.state == "unknown"}
        lost = Batch(
            batch.id,
            batch.object,
            tuple(c for c in part if (c.object, c.record_id) in unknown),
            jobs[-1] if jobs else None,
        )
        counts = (
            counts - Counter(unknown=len(unknown)) + find_out(connector, journal, lost, fields, clock=clock)
        )
    return counts


def _tasks(connector: Connector, journal: Journal, clock: Clock) -> TaskSender:
    assert connector.tasks is not None, "a CRM without tasks has no changes of tasks"
    return TaskSender(connector.tasks, journal, clock=clock)


def find_out(
    connector: Connector, journal: Journal, batch: Batch, fields: Fields, *, clock: Clock
) -> Counter[str]:
    """Settle a batch of unknown outcome: by its job's own results where there was a job, else by what the CRM holds."""
    total: Counter[str] = Counter()
    if batch.object == TASKS:
        return _tasks(connector, journal, clock).find_out(batch)
    left = batch
    if batch.remote_job:
        # Also ends the job: one that still works would change records after they were read back.
        told = list(connector.resume(batch.remote_job, batch.changes))
        total += journal.settle(batch, told, now=clock())
        known = {(o.object, o.record_id) for o in told}
        rest = tuple(c for c in batch.changes if (c.object, c.record_id) not in known)
        left = Batch(batch.id, batch.object, rest)
    if left.changes:
        total += read_back(connector, journal, left, fields, clock=clock)
    return total


def read_back(
    connector: Connector, journal: Journal, batch: Batch, fields: Fields, *, clock: Clock
) -> Counter[str]:
    """Settle a batch of unknown outcome by what the CRM holds."""
    # The journal's own fields: the settings may have been narrowed since.
    chosen = [by_key(k) for k in sorted({k for c in batch.changes for k in c.values})]
    held = list(connector.read_back(batch.object, [c.record_id for c in batch.changes], chosen))
    return journal.resolve(batch, held, now=clock())


def recover(connector: Connector, state: State, fields: Fields, *, clock: Clock) -> Counter[str]:
    """Settle what earlier runs left: in flight is read back, planned is closed, for the next plan looks anew.

    Must run before anything is planned: until then a record's state at the CRM is not known.
    """
    total: Counter[str] = Counter()
    for run_id in unsettled_runs(state):
        journal = Journal(state, run_id)
        for batch in journal.in_flight():
            total += find_out(connector, journal, batch, fields, clock=clock)
        total["closed"] += journal.skip_pending("the run ended before; planned anew by the next", now=clock())
    return total
