"""How far each stream was read: kept in the warehouse, so that rows and the place to go on from are committed together."""

from dataclasses import dataclass

from sales_consultant.engine.database import Database

_STREAMS = (
    "CREATE TABLE IF NOT EXISTS _streams (stream VARCHAR PRIMARY KEY, definition VARCHAR, watermark BIGINT, "
    "pull_since BIGINT, pull_until BIGINT, resume VARCHAR, going BOOLEAN, rows_read BIGINT, finished BIGINT)"
)
_STARTED = "ALTER TABLE _streams ADD COLUMN IF NOT EXISTS pull_started BIGINT"


@dataclass(frozen=True)
class StreamState:
    """How far a stream was read: `watermark` is the lower bound of the next delta, None before the first whole pull."""

    stream: str
    definition: str | None = None
    watermark: int | None = None
    pull_since: int | None = None
    pull_until: int | None = None
    resume: str | None = None
    going: bool = False
    rows_read: int = 0
    pull_started: int | None = None


class StreamStates:
    """The states of all streams of a warehouse."""

    def __init__(self, database: Database) -> None:
        self._db = database
        for statement in (_STREAMS, _STARTED):
            database.con.execute(statement)

    @property
    def none(self) -> bool:
        """Whether no stream was ever read."""
        return self._db.number("SELECT count(*) FROM _streams") == 0

    def state(self, stream: str) -> StreamState:
        """How far the stream was read."""
        rows = self._db.con.execute(
            "SELECT stream, definition, watermark, pull_since, pull_until, resume, going, rows_read, pull_started "
            "FROM _streams WHERE stream = ?",
            [stream],
        ).fetchall()
        return StreamState(*rows[0]) if rows else StreamState(stream)

    def begin(
        self, stream: str, *, definition: str, since: int | None, until: int, started: int | None = None
    ) -> None:
        """A pull of the stream starts: its window is fixed, so that a resumed pull reads the same one."""
        changed = self._db.number(
            "UPDATE _streams SET definition = ?, pull_since = ?, pull_until = ?, pull_started = ?, resume = NULL, "
            "going = true, rows_read = 0 WHERE stream = ?",
            [definition, since, until, started, stream],
        )
        if not changed:
            self._db.con.execute(
                "INSERT INTO _streams (stream, definition, pull_since, pull_until, pull_started, going, rows_read) "
                "VALUES (?, ?, ?, ?, ?, true, 0)",
                [stream, definition, since, until, started],
            )

    def advance(self, stream: str, resume: str | None, rows: int) -> None:
        """More rows of the stream are committed; `resume` None leaves the place as it is."""
        self._db.con.execute(
            "UPDATE _streams SET resume = coalesce(?, resume), rows_read = rows_read + ? WHERE stream = ?",
            [resume, rows, stream],
        )

    def finish(self, stream: str, watermark: int) -> None:
        """The pull ended: the next one starts at `watermark`."""
        self._db.con.execute(
            "UPDATE _streams SET watermark = ?, going = false, resume = NULL, finished = pull_until WHERE stream = ?",
            [watermark, stream],
        )

    def reset(self, stream: str) -> None:
        """The next pull reads the stream whole."""
        self._db.con.execute("DELETE FROM _streams WHERE stream = ?", [stream])
