"""The state: small, precious, in SQLite with every commit on disk before it counts (docs/explanation/architecture.md, section 7).

It holds what cannot be pulled again: which runs there were, what was changed in the CRM and from what, what was shown
to whom and when, who is in the control group, which models are in force.
"""

import contextlib
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine import Connection, Engine

from sales_consultant.config.errors import MachineError, OtherOrgError, UsageError
from sales_consultant.connectors.base import Identity
from sales_consultant.sync.stores.kept_tables import metadata

# 2: backups, plan_files and forgotten came; 3: proposals and whom they speak of; 4: experiments and whom they drew, which
# an older release would neither erase nor keep apart.
# An older state gets new tables when it is opened.
SCHEMA_VERSION = 4

meta = sa.Table("meta", metadata, sa.Column("key", sa.Text, primary_key=True), sa.Column("value", sa.Text))

runs = sa.Table(
    "runs",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("job", sa.Text, nullable=False),
    sa.Column("scheduled_at", sa.BigInteger),
    sa.Column("started_at", sa.BigInteger, nullable=False),
    sa.Column("ended_at", sa.BigInteger),
    sa.Column("as_of", sa.BigInteger),
    sa.Column("outcome", sa.Text),
    sa.Column("counts", sa.Text, nullable=False, server_default="{}"),
    sa.Column("error", sa.Text),
    # A scheduled moment runs once, whatever the clock, daylight saving or a restart does.
    sa.UniqueConstraint("job", "scheduled_at"),
)

changes = sa.Table(
    "changes",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("run_id", sa.Text, nullable=False),
    sa.Column("object", sa.Text, nullable=False),
    sa.Column("record_id", sa.Text, nullable=False),
    sa.Column("field", sa.Text, nullable=False),
    sa.Column("old", sa.Text),
    sa.Column("new", sa.Text),
    # A ChangeState.
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("batch_id", sa.Integer),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("code", sa.Text),
    sa.Column("message", sa.Text),
    sa.Column("settled_at", sa.BigInteger),
    sa.UniqueConstraint("run_id", "object", "record_id", "field"),
)
sa.Index("changes_by_state", changes.c.state, changes.c.run_id)
sa.Index("changes_by_record", changes.c.object, changes.c.record_id)

batches = sa.Table(
    "batches",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("run_id", sa.Text, nullable=False),
    sa.Column("object", sa.Text, nullable=False),
    sa.Column("records", sa.Integer, nullable=False),
    sa.Column("sent_at", sa.BigInteger, nullable=False),
    sa.Column("settled_at", sa.BigInteger),
    sa.Column("remote_job", sa.Text),
)

written = sa.Table(
    "written",
    metadata,
    sa.Column("object", sa.Text, primary_key=True),
    sa.Column("record_id", sa.Text, primary_key=True),
    sa.Column("field", sa.Text, primary_key=True),
    sa.Column("value", sa.Text),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("run_id", sa.Text, nullable=False),
    sqlite_with_rowid=False,
)
sa.Index("written_by_time", written.c.at)

dead_letters = sa.Table(
    "dead_letters",
    metadata,
    sa.Column("object", sa.Text, primary_key=True),
    sa.Column("record_id", sa.Text, primary_key=True),
    sa.Column("code", sa.Text),
    sa.Column("message", sa.Text),
    sa.Column("first_at", sa.BigInteger, nullable=False),
    sa.Column("last_at", sa.BigInteger, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    # Tried again from then on; NULL: not before somebody says retry.
    sa.Column("next_try_at", sa.BigInteger),
    sa.Column("run_id", sa.Text, nullable=False),
)

calls_by_hour = sa.Table(
    "calls_by_hour",
    metadata,
    sa.Column("hour", sa.BigInteger, primary_key=True),
    sa.Column("calls", sa.Integer, nullable=False),
)

# Records that somebody must let go of first, as one in an approval: tried again, no failure.
waits = sa.Table(
    "waits",
    metadata,
    sa.Column("object", sa.Text, primary_key=True),
    sa.Column("record_id", sa.Text, primary_key=True),
    sa.Column("code", sa.Text),
    sa.Column("message", sa.Text),
    sa.Column("first_at", sa.BigInteger, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("next_try_at", sa.BigInteger, nullable=False),
)

exposures = sa.Table(
    "exposures",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("object", sa.Text, nullable=False),
    sa.Column("record_id", sa.Text, nullable=False),
    sa.Column("field", sa.Text, nullable=False),
    sa.Column("value", sa.Text),
    sa.Column("visible_from", sa.BigInteger, nullable=False),
    sa.Column("visible_to", sa.BigInteger),
    sa.Column("run_id", sa.Text, nullable=False),
)
sa.Index(
    "exposures_open", exposures.c.object, exposures.c.record_id, exposures.c.field, exposures.c.visible_to
)

groups = sa.Table(
    "groups",
    metadata,
    # The company, or the record itself where it has none.
    sa.Column("unit", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("share", sa.Float, nullable=False),
    sa.Column("assigned_at", sa.BigInteger, nullable=False),
)

holds = sa.Table(
    "holds",
    metadata,
    sa.Column("field", sa.Text, primary_key=True),
    sa.Column("since", sa.BigInteger, nullable=False),
    sa.Column("run_id", sa.Text, nullable=False),
)

models = sa.Table(
    "models",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("made_at", sa.BigInteger, nullable=False),
    sa.Column("as_of", sa.BigInteger, nullable=False),
    sa.Column("verdict", sa.Text, nullable=False),
    sa.Column("report", sa.Text, nullable=False),
    sa.Column("published_at", sa.BigInteger),
    sa.Column("withdrawn_at", sa.BigInteger),
)

plans = sa.Table(
    "plans",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("made_at", sa.BigInteger, nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False),
    sa.Column("run_id", sa.Text, nullable=False),
)

leases = sa.Table(
    "leases",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("holder", sa.Text, nullable=False),
    sa.Column("fence", sa.Integer, nullable=False),
    sa.Column("taken_at", sa.BigInteger, nullable=False),
    sa.Column("released_at", sa.BigInteger),
)

feedback = sa.Table(
    "feedback",
    metadata,
    sa.Column("object", sa.Text, primary_key=True),
    sa.Column("record_id", sa.Text, primary_key=True),
    sa.Column("step_id", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
    sa.Column("seen_at", sa.BigInteger, nullable=False),
)

# Steps that were drawn at random, with the chance of each: what an effect can be told from.
choices = sa.Table(
    "choices",
    metadata,
    sa.Column("object", sa.Text, primary_key=True),
    sa.Column("record_id", sa.Text, primary_key=True),
    sa.Column("step_id", sa.Text, primary_key=True),
    sa.Column("rule", sa.Text, nullable=False),
    sa.Column("propensity", sa.Float, nullable=False),
    sa.Column("probability", sa.Float),
    sa.Column("chosen_at", sa.BigInteger, nullable=False),
)

backfills = sa.Table(
    "backfills",
    metadata,
    sa.Column("stream", sa.Text, primary_key=True),
    sa.Column("since", sa.BigInteger),
    sa.Column("until", sa.BigInteger),
    sa.Column("resume", sa.Text),
    sa.Column("rows", sa.BigInteger, nullable=False),
    sa.Column("finished", sa.Boolean, nullable=False),
)

# Ids that a merge ended: the warehouse can be rebuilt, what a CRM has forgotten of its merges cannot.
merges = sa.Table(
    "merges",
    metadata,
    sa.Column("object", sa.Text, primary_key=True),
    sa.Column("old_id", sa.Text, primary_key=True),
    sa.Column("new_id", sa.Text, nullable=False),
)


# Where copies of this state and plans were put, so that what must be erased can be found there.
backups = sa.Table(
    "backups",
    metadata,
    sa.Column("path", sa.Text, primary_key=True),
    sa.Column("made_at", sa.BigInteger, nullable=False),
)

plan_files = sa.Table(
    "plan_files",
    metadata,
    sa.Column("path", sa.Text, primary_key=True),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("made_at", sa.BigInteger, nullable=False),
)

# Salted hashes of the records that were erased here: a later pull does not bring back what the CRM only remembers.
forgotten = sa.Table(
    "forgotten",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("object", sa.Text, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
)

# Account proposals as they were made; `content` is JSON, `files` are pages that were written of it (JSON list of paths).
proposals = sa.Table(
    "proposals",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("company_id", sa.Text, nullable=False),
    sa.Column("as_of", sa.BigInteger, nullable=False),
    sa.Column("made_at", sa.BigInteger, nullable=False),
    sa.Column("review_at", sa.BigInteger, nullable=False),
    sa.Column("content", sa.Text, nullable=False),
    sa.Column("files", sa.Text, nullable=False, server_default="[]"),
)

# Every record that a proposal may speak of: erased with any of them.
proposal_records = sa.Table(
    "proposal_records",
    metadata,
    sa.Column("proposal_id", sa.Text, primary_key=True),
    sa.Column("object", sa.Text, primary_key=True),
    sa.Column("record_id", sa.Text, primary_key=True),
)
sa.Index("proposal_records_by_record", proposal_records.c.object, proposal_records.c.record_id)


def _pragmas(connection: sqlite3.Connection, _: object) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA busy_timeout=10000")
    # What is deleted, as by `forget`, is overwritten and not only unlinked.
    connection.execute("PRAGMA secure_delete=ON")


class State:
    """An open state.db. Every write is a transaction that is on disk when `begin()` ends."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        url = "sqlite://" if path is None else f"sqlite:///{path}"
        self.engine: Engine = sa.create_engine(
            url,
            poolclass=sa.pool.StaticPool if path is None else None,
            connect_args={"check_same_thread": False},
        )
        sa.event.listen(self.engine, "connect", _pragmas)
        try:
            with self.begin() as c:
                held = self._version(c)
                if held > SCHEMA_VERSION:
                    raise UsageError(
                        f"{path} was made by a newer release (format {held}, this release knows {SCHEMA_VERSION}).",
                        action="Upgrade sales-consultant, or use another --data-dir.",
                    )
                metadata.create_all(c)
                self.put_in(c, "schema_version", str(SCHEMA_VERSION))
        except sa.exc.DatabaseError as e:
            raise MachineError(
                f"The state {path} cannot be used: {e.orig}.",
                action="Restore a backup with: sales-consultant state restore FILE (listed by: state check), or check the disk.",
            ) from e

    @contextlib.contextmanager
    def begin(self) -> Iterator[Connection]:
        """A transaction; a full disk or a locked file is said plainly."""
        try:
            with self.engine.begin() as connection:
                yield connection
        except sa.exc.OperationalError as e:
            text = str(e.orig)
            if "full" in text or "I/O" in text:
                raise MachineError(
                    f"The disk under {self.path} is full; nothing was lost.",
                    action="Make room, then run again.",
                ) from e
            if "locked" in text:
                raise MachineError(
                    f"{self.path} is locked by another program.", action="Close it, then run again."
                ) from e
            raise

    def _version(self, c: Connection) -> int:
        if not sa.inspect(c).has_table("meta"):
            return 0
        row = c.execute(sa.select(meta.c.value).where(meta.c.key == "schema_version")).scalar()
        return int(row or 0)

    @staticmethod
    def put_in(c: Connection, key: str, value: str) -> None:
        """Keep a value under a name, within what is being written."""
        insert = sqlite_insert(meta).values(key=key, value=value)
        c.execute(insert.on_conflict_do_update(index_elements=["key"], set_={"value": value}))

    def get(self, key: str) -> str | None:
        """A value kept under a name."""
        with self.begin() as c:
            value = c.execute(sa.select(meta.c.value).where(meta.c.key == key)).scalar()
        return None if value is None else str(value)

    def put(self, key: str, value: str) -> None:
        """Keep a value under a name."""
        with self.begin() as c:
            self.put_in(c, key, value)

    def bind(self, identity: Identity) -> None:
        """Tie this state to an org at the first contact; raise OtherOrgError when another one answers."""
        mine = json.dumps([identity.crm, identity.id, identity.kind])
        known = self.get("identity")
        if known is None:
            self.put("identity", mine)
        elif known != mine:
            crm, org, kind = json.loads(known)
            raise OtherOrgError(
                f"This state belongs to {crm} {org} ({kind}), but the connection answers as {identity}.",
                action="Use the right --connection, or another --data-dir for this org. Nothing was read or written.",
                details={"state": json.loads(known), "connection": json.loads(mine)},
            )

    @property
    def identity(self) -> Identity | None:
        """The org this state is bound to."""
        held = self.get("identity")
        return None if held is None else Identity(*json.loads(held))

    def rows(self, query: sa.Select[Any]) -> list[dict[str, Any]]:
        """The rows of a query as dictionaries."""
        with self.begin() as c:
            return [dict(r) for r in c.execute(query).mappings()]

    def close(self) -> None:
        """Let go of the file."""
        self.engine.dispose()
