"""Writing by Bulk API 2.0: one job for many rows, which is found again and ended in whatever state a death left it.

The order is: a word that a job is about to be made, the job, its id, the rows, "upload complete", its end, its three
lists of results. The word and the id are remembered by the caller before the next step, so that at any moment either no
data were uploaded or the job's id is known.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from sales_consultant.config.clock import from_iso
from sales_consultant.config.errors import AccessError, CrmUnavailableError, SalesConsultantError
from sales_consultant.connectors.base import Change, Outcome
from sales_consultant.connectors.http import LostAnswerError, safe_text
from sales_consultant.connectors.salesforce.api import TABLE, SalesforceApi, SalesforceRefusalError
from sales_consultant.connectors.salesforce.writing import bulk_csv
from sales_consultant.connectors.salesforce.writing.record_errors import outcome

# Salesforce takes 150 MB a job, counted after base64, which adds a third (Bulk API 2.0 Developer Guide, Limits).
MAX_BYTES = 100_000_000
# A judgement: a run must not stand in the way of the next, which goes on with the same job.
WAIT_SECONDS = 3600.0
ENDED = ("JobComplete", "Failed", "Aborted")
_NEW = "new"
# Our clock is the server's, but a job may be stamped in the second before the answer that we read it from.
_SLACK_MS = 5_000
# Of a list of results, with 2, 4 and 8 seconds between: a judgement, a gateway mostly comes back in that time.
_TRIES = 4
# The last is spelt in small letters, as in the path of the guide; public clients use either.
_LISTS = ("successfulResults", "failedResults", "unprocessedrecords")

Remember = Callable[[str], None]


class Ingest:
    """Update jobs of one org."""

    def __init__(
        self,
        api: SalesforceApi,
        sobject: Mapping[str, str],
        row: Callable[[Change], Mapping[str, str | None]],
        user: Callable[[], str],
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self.api = api
        self.sobject = sobject
        self.row = row
        self.user = user
        self.sleep = sleep
        self.clock = clock
        self.max_bytes = max_bytes

    def push(self, changes: Sequence[Change], remember: Remember) -> Iterator[Outcome]:
        """One outcome a change of one object, by as few jobs as their size allows.

        Raises SalesforceRefusalError where this user may make no such job: nothing was uploaded then.
        """
        jobs: list[str] = []

        def told(job: str) -> None:
            remember(" ".join([*jobs, job]))

        for upload, part in self._uploads(changes):
            job = self._filled(upload, part, told)
            if job is None:
                yield from _each(part, "retry", "the rows could not be uploaded")
                continue
            jobs.append(job)
            yield from self._finished(job, part)

    def _uploads(self, changes: Sequence[Change]) -> Iterator[tuple[bytes, Sequence[Change]]]:
        # The fields of a change differ by record, an absent column is left untouched: an empty cell means the same.
        rows = [{"Id": c.record_id, **self.row(c)} for c in changes]
        names = ["Id", *sorted({n for r in rows for n in r if n != "Id"})]
        body = bulk_csv.write(names, rows)
        if len(body) <= self.max_bytes or len(changes) == 1:
            yield body, changes
            return
        middle = len(changes) // 2
        yield from self._uploads(changes[:middle])
        yield from self._uploads(changes[middle:])

    def _filled(self, upload: bytes, part: Sequence[Change], told: Remember) -> str | None:
        """The id of a job that holds the rows and is at work; None where it could not be had in two tries."""
        for _ in range(2):
            job = self._made(part[0].object, told)
            if job is None:
                continue
            told(job)
            try:
                path = f"jobs/ingest/{job}"
                self.api.call(f"{path}/batches", method="PUT", data=upload, content_type="text/csv")
            except (LostAnswerError, SalesforceRefusalError):
                # It may hold all rows, a part or none: nothing works on them yet, so it is given up whole.
                self._abort(job)
                continue
            except (AccessError, CrmUnavailableError):
                with suppress(SalesConsultantError, LostAnswerError):
                    self._abort(job)
                raise
            if self._started(job):
                return job
        return None

    def _made(self, obj: str, told: Remember) -> str | None:
        since = self.api.transport.server_ms or 0
        marker = f"{_NEW}:{self.sobject[obj]}:{since}"
        told(marker)
        body = {
            "object": self.sobject[obj],
            "operation": "update",
            "lineEnding": "CRLF",
            "columnDelimiter": "COMMA",
            "contentType": "CSV",
        }
        try:
            return str(self.api.call("jobs/ingest", method="POST", body=body)["id"])
        except LostAnswerError:
            self._abort_strays(marker)
            return None

    def _started(self, job: str) -> bool:
        """Whether the job works on its rows; the answer to the call that sets it to work may be lost or come twice."""
        for _ in range(2):
            with suppress(LostAnswerError, SalesforceRefusalError):
                self.api.call(f"jobs/ingest/{job}", method="PATCH", body={"state": "UploadComplete"})
                return True
            if self.api.call(f"jobs/ingest/{job}")["state"] != "Open":
                return True
        self._abort(job)
        return False

    def _abort(self, job: str) -> None:
        # A job that stays open does nothing: it is not worth the run that its end is not known.
        with suppress(SalesforceRefusalError, LostAnswerError):
            self.api.call(f"jobs/ingest/{job}", method="PATCH", body={"state": "Aborted"})

    def _abort_strays(self, marker: str) -> None:
        """Abort what a lost answer may have left: our own open update jobs of that object, made since."""
        _, sobject, since = marker.split(":")
        path, user = "jobs/ingest?jobType=V2Ingest", self.user()
        while path:
            answer = self.api.call(path)
            for job in answer["records"]:
                mine = (job["createdById"], job["object"], job["operation"], job["state"])
                if (
                    mine == (user, sobject, "update", "Open")
                    and from_iso(job["createdDate"]) >= int(since) - _SLACK_MS
                ):
                    self._abort(str(job["id"]))
            path = "" if answer.get("done", True) else str(answer.get("nextRecordsUrl") or "")

    # -- the end -------------------------------------------------------------------------------------------------

    def wait(self, job: str) -> dict[str, Any]:
        """The job at its end; polled ever more slowly. Raises CrmUnavailableError after an hour."""
        deadline = self.clock() + WAIT_SECONDS
        # Judgements: a small job ends in seconds, and for a long one a poll a minute costs few calls.
        pause = 0.5
        while True:
            held: dict[str, Any] = self.api.call(f"jobs/ingest/{job}")
            if held["state"] in ENDED:
                return held
            if self.clock() > deadline:
                raise CrmUnavailableError(
                    f"Salesforce's job {job} does not end.",
                    action="Run the command again later: it goes on with that job.",
                )
            self.sleep(pause)
            pause = min(pause * 1.5, 60.0)

    def _finished(self, job: str, part: Sequence[Change]) -> Iterator[Outcome]:
        waiting = {c.record_id: c for c in part}
        yield from self._results(self.wait(job), waiting)
        yield from _each(waiting.values(), "unknown", "in none of the job's results")

    def _results(self, job: Mapping[str, Any], waiting: dict[str, Change]) -> Iterator[Outcome]:
        """Outcomes by id, taken out of `waiting`: rows come back in any order, all three lists are read."""
        words = safe_text(str(job.get("errorMessage") or ""))
        # What is wrong with the rows themselves would be wrong again.
        code = words.split(":")[0].strip()
        rule = TABLE.record(code)
        hopeless = job["state"] == "Failed" and rule.code == code and rule.who == "us"
        for part in _LISTS:
            for row in self._list(str(job["id"]), part):
                change = waiting.pop(row.get("sf__Id") or "", None) or waiting.pop(row.get("Id") or "", None)
                if change is None:
                    continue
                if part == "successfulResults":
                    yield Outcome(change.object, change.record_id, "done")
                elif part == "failedResults":
                    code, _, text = row.get("sf__Error", "").partition(":")
                    yield outcome(change, code, text.removesuffix("--").rstrip(": "))
                elif hopeless:
                    yield Outcome(change.object, change.record_id, "dead", words, code)
                else:
                    yield Outcome(change.object, change.record_id, "retry", "Salesforce did not get to it")

    def _list(self, job: str, part: str) -> list[dict[str, str]]:
        """One of a job's lists of results; empty where it never comes whole: its rows are then read back."""
        for attempt in range(_TRIES):
            if attempt:
                self.sleep(2.0**attempt)
            answer = self.api.call(f"jobs/ingest/{job}/{part}", content_type="text/csv", raw=True)
            with suppress(bulk_csv.CutError):
                return list(bulk_csv.read(answer.content))
        return []

    def resume(self, remembered: str, changes: Sequence[Change]) -> Iterator[Outcome]:
        """Outcomes of remembered jobs in any state; afterwards none of them changes anything.

        A change without an outcome was in a job whose results are gone, or in none of its lists.
        """
        waiting = {c.record_id: c for c in changes}
        uploaded = False
        for job in remembered.split():
            if job.startswith(f"{_NEW}:"):
                self._abort_strays(job)
                continue
            job_state = self.api.call(f"jobs/ingest/{job}", accept_missing=True)
            if job_state and job_state["state"] == "Open":
                self._abort(job)
                continue
            uploaded = True
            if job_state:
                with suppress(SalesforceRefusalError):
                    yield from self._results(self.wait(job), waiting)
        if not uploaded:
            yield from _each(waiting.values(), "retry", "the job was given up before it had any rows")


def _each(changes: Any, state: Any, words: str) -> Iterator[Outcome]:
    # A copy: outcomes are taken while the caller's own collection changes.
    yield from [Outcome(c.object, c.record_id, state, words) for c in list(changes)]
