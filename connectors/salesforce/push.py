"""Writing to Salesforce: collections of 200 below 2,000 records, one Bulk 2.0 job above, an outcome for each record."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from sales_consultant.config.canon import Canonical
from sales_consultant.config.catalogue import Field
from sales_consultant.config.errors import AccessError, CrmUnavailableError
from sales_consultant.connectors.base import Change, Outcome, OutcomeState, unique
from sales_consultant.connectors.http import LostAnswerError, safe_text
from sales_consultant.connectors.salesforce import csvcodec
from sales_consultant.connectors.salesforce.client import SalesforceApi, SalesforceRefusalError

COLLECTION = 200
BULK_FROM = 2000
BULK_ROWS = 100_000
BULK_WAIT_SECONDS = 3600.0
_RETRY = frozenset({"UNABLE_TO_LOCK_ROW", "SERVER_UNAVAILABLE", "QUERY_TIMEOUT", "ENTITY_IS_LOCKED"})
_LIMIT = frozenset({"REQUEST_LIMIT_EXCEEDED", "TXN_SECURITY_METERING_ERROR"})
_JSON_TYPES = ("number", "percent", "money")


def state_of(code: str) -> OutcomeState:
    """Whether a record's error may pass by itself, or somebody must act."""
    return "retry" if code in _RETRY or code in _LIMIT else "dead"


class Pusher:
    """Sends changes and tells each record's outcome."""

    def __init__(
        self,
        api: SalesforceApi,
        name: Callable[[str, str], str],
        sobject: Mapping[str, str],
        spell: Callable[[Field, Canonical], str | None],
        field: Callable[[str], Field],
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.api = api
        self.name = name
        self.sobject = sobject
        self.spell = spell
        self.field = field
        self.sleep = sleep
        self.clock = clock

    def push(self, changes: Sequence[Change], *, remember: Callable[[str], None]) -> Iterator[Outcome]:
        """One outcome a change. The caller gives one object a time, in parts of `batch_size`."""
        mine = unique(changes)
        if len(mine) > COLLECTION:
            yield from self._bulk(mine, remember)
        else:
            yield from self._collection(mine)

    def _values(self, change: Change) -> dict[str, str | None]:
        return {self.name(change.object, k): self.spell(self.field(k), v) for k, v in change.values.items()}

    def _json(self, change: Change) -> dict[str, object]:
        values: dict[str, object] = {}
        for key, value in change.values.items():
            field = self.field(key)
            spelled = self.spell(field, value)
            as_number = field.type in _JSON_TYPES and spelled is not None
            values[self.name(change.object, key)] = float(spelled) if as_number and spelled else spelled
            if field.type == "bool":
                values[self.name(change.object, key)] = spelled == "true"
        return values

    def _collection(self, changes: Sequence[Change]) -> Iterator[Outcome]:
        records = [
            {"attributes": {"type": self.sobject[c.object]}, "id": c.record_id, **self._json(c)}
            for c in changes
        ]
        body = {"allOrNone": False, "records": records}
        try:
            answers = self.api.call("composite/sobjects", method="PATCH", body=body)
        except LostAnswerError:
            yield from (Outcome(c.object, c.record_id, "unknown", "no answer came") for c in changes)
            return
        except (AccessError, CrmUnavailableError) as e:
            state: OutcomeState = "unknown" if e.details.get("may_be_applied") else "retry"
            yield from (Outcome(c.object, c.record_id, state, e.message) for c in changes)
            raise
        except SalesforceRefusalError as e:
            if len(changes) == 1:
                c = changes[0]
                yield Outcome(c.object, c.record_id, state_of(e.error_code), e.words, e.error_code)
                return
            middle = len(changes) // 2
            yield from self._collection(changes[:middle])
            yield from self._collection(changes[middle:])
            return
        # Results come in the order of the request, and say nothing of the id where a record failed.
        for change, answer in zip(changes, answers, strict=True):
            if answer["success"]:
                yield Outcome(change.object, change.record_id, "done")
                continue
            error = (answer.get("errors") or [{}])[0]
            code = str(error.get("statusCode") or error.get("errorCode") or "ERROR")
            words = safe_text(str(error.get("message", "")))
            yield Outcome(change.object, change.record_id, state_of(code), words, code)

    def _bulk(self, changes: Sequence[Change], remember: Callable[[str], None]) -> Iterator[Outcome]:
        obj = changes[0].object
        # The fields of a change differ by record, an absent column is left untouched: an empty cell means the same.
        rows = [{"Id": c.record_id, **self._values(c)} for c in changes]
        names = ["Id", *sorted({n for r in rows for n in r if n != "Id"})]
        try:
            job = self.api.call(
                "jobs/ingest",
                method="POST",
                body={
                    "object": self.sobject[obj],
                    "operation": "update",
                    "lineEnding": "CRLF",
                    "columnDelimiter": "COMMA",
                    "contentType": "CSV",
                },
            )
            remember(str(job["id"]))
            upload = csvcodec.write(names, rows)
            self.api.call(
                f"jobs/ingest/{job['id']}/batches", method="PUT", data=upload, content_type="text/csv"
            )
            self.api.call(f"jobs/ingest/{job['id']}", method="PATCH", body={"state": "UploadComplete"})
            self.wait(str(job["id"]))
            yield from self._results(str(job["id"]), changes)
        except LostAnswerError:
            yield from (Outcome(c.object, c.record_id, "unknown", "no answer came") for c in changes)

    def wait(self, job: str) -> str:
        """The job's final state; polled ever more slowly."""
        deadline = self.clock() + BULK_WAIT_SECONDS
        pause = 0.2
        while True:
            state = str(self.api.call(f"jobs/ingest/{job}")["state"])
            if state in ("JobComplete", "Failed", "Aborted"):
                return state
            if self.clock() > deadline:
                raise CrmUnavailableError(
                    f"Salesforce's job {job} does not end.", action="Run the command again later."
                )
            self.sleep(pause)
            pause = min(pause * 1.5, 30.0)

    def _results(self, job: str, changes: Sequence[Change]) -> Iterator[Outcome]:
        """Outcomes by id: rows come back in any order, and what is in no list is not known."""
        waiting = {c.record_id: c for c in changes}
        for part in ("successfulResults", "failedResults", "unprocessedrecords"):
            body = self.api.call(f"jobs/ingest/{job}/{part}", content_type="text/csv", raw=True).content
            for row in csvcodec.read(body):
                record_id = row.get("sf__Id") or row.get("Id") or ""
                change = waiting.pop(record_id, None) or waiting.pop(row.get("Id", ""), None)
                if change is None:
                    continue
                if part == "successfulResults":
                    yield Outcome(change.object, change.record_id, "done")
                elif part == "failedResults":
                    code, _, words = row.get("sf__Error", "").partition(":")
                    yield Outcome(change.object, change.record_id, state_of(code), safe_text(words), code)
                else:
                    yield Outcome(change.object, change.record_id, "retry", "Salesforce did not get to it")
        for change in waiting.values():
            yield Outcome(change.object, change.record_id, "unknown", "in none of the job's results")

    def abandon(self, job: str) -> None:
        """Abort a job that has no data yet, wait for one that works; afterwards nothing changes by itself."""
        held = self.api.call(f"jobs/ingest/{job}", accept_missing=True)
        if not held:
            return
        if held["state"] == "Open":
            self.api.call(f"jobs/ingest/{job}", method="PATCH", body={"state": "Aborted"})
        else:
            self.wait(job)
