"""The journal as a table for somebody who checks it: every change with its run, its batch and what the CRM said."""

import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa

from sales_consultant.config.errors import MachineError
from sales_consultant.sync.results import JournalExported
from sales_consultant.sync.stores.state import State, batches, changes, runs

# A judgement: larger costs memory, smaller makes row groups of Parquet that compress badly.
CHUNK = 50_000


def export(state: State, file: Path) -> JournalExported:
    """Write all changes to a Parquet file, times in milliseconds UTC; an earlier file is replaced whole or not at all.

    Raises MachineError where it cannot be written.
    """
    texts = (
        "run_id",
        "job",
        "object",
        "record_id",
        "field",
        "old",
        "new",
        "state",
        "code",
        "message",
        "remote_job",
    )
    numbers = ("id", "attempts", "run_started_at", "sent_at", "settled_at")
    kinds: dict[str, pa.DataType] = dict.fromkeys(texts, pa.string()) | dict.fromkeys(numbers, pa.int64())
    schema = pa.schema(kinds)
    query = (
        sa.select(
            changes,
            runs.c.job,
            runs.c.started_at.label("run_started_at"),
            batches.c.sent_at,
            batches.c.remote_job,
        )
        .join(runs, runs.c.id == changes.c.run_id, isouter=True)
        .join(batches, batches.c.id == changes.c.batch_id, isouter=True)
        .order_by(changes.c.id)
    )
    part, count = file.with_name(f"{file.name}.part"), 0
    try:
        part.touch(mode=0o600)
        with pq.ParquetWriter(part, schema) as writer, state.begin() as c:
            for chunk in c.execution_options(yield_per=CHUNK).execute(query).mappings().partitions():
                writer.write_table(pa.table({n: [r[n] for r in chunk] for n in schema.names}, schema=schema))
                count += len(chunk)
        os.replace(part, file)
    except OSError as e:
        part.unlink(missing_ok=True)
        raise MachineError(f"{file} cannot be written: {e.strerror}.", action="Give another file.") from e
    return JournalExported(str(file), count)
