"""Bulk 2.0 queries: one job for many rows, its parts read side by side, resumable by part."""

import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

import pyarrow as pa

from sales_consultant.config.errors import CrmUnavailableError, StoppedError
from sales_consultant.connectors.salesforce.api import SalesforceApi, SalesforceRefusalError
from sales_consultant.connectors.salesforce.reading import rows

# Judgements. A job that takes longer than an hour waits in the org's queue, and a run must not stand in the way of the
# next. The tries have 2, 4 and 8 seconds between them, in which a gateway mostly comes back.
WAIT_SECONDS = 3600.0
PART_TRIES = 4


class BulkQuery:
    """Reads the results of query jobs.

    Of `parts` parts of `part_rows` rows one is handed on, and the others are fetched meanwhile: so many are in memory, and
    so many may a kill cost. The defaults are judgements: larger costs memory, smaller costs calls.
    """

    def __init__(
        self,
        api: SalesforceApi,
        *,
        part_rows: int = 25_000,
        parts: int = 2,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.api = api
        self.part_rows = part_rows
        # One list of addresses names five parts (Bulk API 2.0 Developer Guide, resultPages).
        self.parts = max(1, min(parts, 5))
        self.sleep = sleep
        self.clock = clock

    def read(
        self, soql: str, *, deleted: bool, what: str, resume: str = ""
    ) -> Iterator[tuple[pa.Table, str, int | None, int]]:
        """Parts of a query's rows as text, each with the place after it ("" at the end), the number of all rows, and the
        moment (ms) that they are as of.

        `resume` is such a place: `JOB LOCATOR`. A job that Salesforce no longer keeps is made again.
        """
        job, _, locator = resume.partition(" ")
        if job and self.api.call(f"jobs/query/{job}", accept_missing=True) is None:
            # Salesforce keeps a job for seven days.
            job = locator = ""
        if not job:
            body = {"operation": "queryAll" if deleted else "query", "query": soql}
            job = str(self.api.call("jobs/query", method="POST", body=body)["id"])
        total, seen = self._wait(job)
        counted: int | None = 0 if not locator else None
        try:
            for part, following in self._parts(job, locator):
                if counted is not None:
                    counted += part.num_rows
                    if not following and total is not None and counted != total:
                        # Before the last part is handed on: what is not whole must not become the watermark.
                        raise _short(what, counted, total)
                yield part, f"{job} {following}" if following else "", total, seen
        except SalesforceRefusalError as e:
            if not resume:
                raise CrmUnavailableError(
                    f"The results of Salesforce's job for {what} are gone.", action="Run the pull again."
                ) from e
            # A place from before a kill that Salesforce has forgotten: the job is made again, whole.
            yield from self.read(soql, deleted=deleted, what=what)
            return
        self.api.call(f"jobs/query/{job}", method="DELETE", accept_missing=True)

    def _parts(self, job: str, locator: str) -> Iterator[tuple[pa.Table, str]]:
        """The parts from a locator on, each with the locator of the next ("" at the end)."""
        places = self._places(job, locator)
        try:
            first = next(places, None)
        except SalesforceRefusalError as e:
            if e.status not in (400, 404, 405):
                raise
            # Salesforce names no parts: one after another.
            while True:
                part, locator = self._part(job, locator)
                yield part, locator
                if not locator:
                    return
        if first is None:
            yield pa.table({}), ""
            return
        with ThreadPoolExecutor(self.parts) as pool, self._interruptible():
            fetched: deque[Future[tuple[pa.Table, str]]] = deque()
            following: str | None = first

            def fetch() -> None:
                nonlocal following
                if following is not None:
                    fetched.append(pool.submit(self._part, job, following))
                    waiting.append(following)
                    following = next(places, None)

            waiting: deque[str] = deque()
            while following is not None and len(fetched) < self.parts:
                fetch()
            while fetched or following is not None:
                if not fetched:
                    fetch()
                part = fetched.popleft().result()[0]
                waiting.popleft()
                place = waiting[0] if waiting else following or ""
                # One part is handed on while the others come: together no more than `parts`.
                while following is not None and len(fetched) < self.parts - 1:
                    fetch()
                yield part, place

    @contextmanager
    def _interruptible(self) -> Iterator[None]:
        """Whoever is told to stop here ends the waits of the other threads too: they are joined before anything ends."""
        try:
            yield
        except (KeyboardInterrupt, StoppedError):
            self.api.transport.halt.now()
            raise

    def _places(self, job: str, locator: str) -> Iterator[str]:
        """The locators of all parts from one on; one answer names five and where the next five are asked for."""
        while True:
            params = {"maxRecords": str(self.part_rows), **({"locator": locator} if locator else {})}
            listed = self.api.call(f"jobs/query/{job}/resultPages", params=params)
            # The addresses themselves are not followed: they may name any host. Only the locators are taken.
            yield from [_locator(p["resultUrl"]) for p in listed["resultPages"]]
            if listed.get("done"):
                return
            locator = _locator(listed["nextRecordsUrl"])

    def _part(self, job: str, locator: str) -> tuple[pa.Table, str]:
        """One part and the locator after it. An answer may break off where a row ends and look whole: the header tells."""
        params = {"maxRecords": str(self.part_rows), **({"locator": locator} if locator else {})}
        table, stated = None, ""
        for attempt in range(PART_TRIES):
            if attempt:
                # What cut the answer off needs a moment to pass.
                self.sleep(2.0**attempt)
            answer = self.api.call(
                f"jobs/query/{job}/results", params=params, content_type="text/csv", raw=True
            )
            stated = answer.headers.get("Sforce-NumberOfRecords", "")
            try:
                table = rows.parse(answer.content)
            except pa.ArrowInvalid:
                # No table at all: a page that says it is one.
                continue
            if not stated.isdigit() or int(stated) == table.num_rows:
                following = answer.headers.get("Sforce-Locator", "null")
                return table, "" if following == "null" else following
        raise _short(f"job {job}", None if table is None else table.num_rows, stated)

    def _wait(self, job: str) -> tuple[int | None, int]:
        """How many rows the job has, and the moment its rows are as of."""
        deadline = self.clock() + WAIT_SECONDS
        # Judgements: a small job ends in a second, and for a long one a poll every half minute costs few calls.
        pause = 0.2
        while True:
            state = self.api.call(f"jobs/query/{job}")
            if state["state"] == "JobComplete":
                made = rows.to_ms([state.get("createdDate")])[0].as_py() or self.api.transport.server_ms or 0
                return int(state.get("numberRecordsProcessed") or 0) or None, made // 1000 * 1000
            if state["state"] in ("Failed", "Aborted") or self.clock() > deadline:
                raise CrmUnavailableError(
                    f"Salesforce's query job {job} ended as {state['state']}.", action="Run the pull again."
                )
            self.sleep(pause)
            pause = min(pause * 1.5, 30.0)


def _short(what: str, got: int | None, said: object) -> CrmUnavailableError:
    return CrmUnavailableError(
        f"Salesforce's answer for {what} is not whole: {'no' if got is None else got} of {said or 'its'} rows came.",
        action="Run the pull again; nothing of it counts as read.",
    )


def _locator(address: str) -> str:
    return parse_qs(urlsplit(address).query).get("locator", [""])[0]
