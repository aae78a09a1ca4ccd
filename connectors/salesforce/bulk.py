"""Bulk 2.0 queries: one job for many rows, its pages read in parallel parts, resumable by page."""

import time
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urlsplit

import pyarrow as pa

from sales_consultant.config.errors import CrmUnavailableError
from sales_consultant.connectors.salesforce import rows
from sales_consultant.connectors.salesforce.client import SalesforceApi, SalesforceRefusalError

WAIT_SECONDS = 3600.0
PART_TRIES = 4


class BulkQuery:
    """Reads the results of query jobs.

    A page is `parts` parts of `part_rows` rows, fetched at once and handed on together: what is committed as one page is
    also what a kill may cost.
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
        self.parts = max(1, min(parts, 5))
        self.sleep = sleep
        self.clock = clock
        # Job, locators of its parts, and whether they are the last.
        self._known: tuple[str, list[str], bool] | None = None

    def read(
        self, soql: str, *, deleted: bool, what: str, resume: str = ""
    ) -> Iterator[tuple[pa.Table, str, int | None, int]]:
        """Pages of a query's rows as text, each with the place after it ("" at the end), the number of all rows, and the
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
        while True:
            try:
                found, locator = self._page(job, locator)
            except SalesforceRefusalError as e:
                if not resume:
                    raise CrmUnavailableError(
                        f"The results of Salesforce's job for {what} are gone.", action="Run the pull again."
                    ) from e
                # A place from before a kill that Salesforce has forgotten: the job is made again, whole.
                yield from self.read(soql, deleted=deleted, what=what)
                return
            if counted is not None:
                counted += found.num_rows
                if not locator and total is not None and counted != total:
                    # Before the last page is handed on: what is not whole must not become the watermark.
                    raise _short(what, counted, total)
            yield found, f"{job} {locator}" if locator else "", total, seen
            if not locator:
                self.api.call(f"jobs/query/{job}", method="DELETE", accept_missing=True)
                return

    def _page(self, job: str, locator: str) -> tuple[pa.Table, str]:
        """The parts of a page and the locator of the next; one after another where Salesforce names no parts."""
        places = self._places(job, locator)
        if places is None:
            return self._part(job, locator)
        known = places[: self.parts]
        following = places[self.parts] if len(places) > self.parts else ""
        if len(known) <= 1:
            return self._part(job, known[0])[0] if known else pa.table({}), following
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(len(known)) as pool:
            parts = list(pool.map(lambda place: self._part(job, place)[0], known))
        return pa.concat_tables([p for p in parts if p.num_rows] or parts[:1]), following

    def _places(self, job: str, locator: str) -> list[str] | None:
        """The locators of the parts from one on, as far as they are known; None where Salesforce does not name them.

        One answer names five parts and where the next five are asked for; what a page does not use is kept for the next.
        """
        if self._known is not None and self._known[0] == job and locator in self._known[1]:
            left = self._known[1][self._known[1].index(locator) :]
            # The last one known is the way to the next answer, or there is no other.
            if len(left) > self.parts or self._known[2]:
                return left
        try:
            params = {"maxRecords": str(self.part_rows), **({"locator": locator} if locator else {})}
            listed = self.api.call(f"jobs/query/{job}/resultPages", params=params)
        except SalesforceRefusalError as e:
            if e.status not in (400, 404, 405):
                raise
            return None
        # The addresses themselves are not followed: they may name any host. Only the locators are taken.
        places = [_locator(p["resultUrl"]) for p in listed["resultPages"]]
        ended = bool(listed.get("done"))
        if not ended:
            places.append(_locator(listed["nextRecordsUrl"]))
        self._known = (job, places, ended)
        return places

    def _part(self, job: str, locator: str) -> tuple[pa.Table, str]:
        """One part and the locator after it. An answer may break off where a row ends and look whole: the header tells."""
        params = {"maxRecords": str(self.part_rows), **({"locator": locator} if locator else {})}
        found, told = None, ""
        for _ in range(PART_TRIES):
            answer = self.api.call(
                f"jobs/query/{job}/results", params=params, content_type="text/csv", raw=True
            )
            told = answer.headers.get("Sforce-NumberOfRecords", "")
            try:
                found = rows.parse(answer.content)
            except pa.ArrowInvalid:
                # No table at all: a page that says it is one.
                continue
            if not told.isdigit() or int(told) == found.num_rows:
                following = answer.headers.get("Sforce-Locator", "null")
                return found, "" if following == "null" else following
        raise _short(f"job {job}", None if found is None else found.num_rows, told)

    def _wait(self, job: str) -> tuple[int | None, int]:
        """How many rows the job has, and the moment its rows are as of."""
        deadline = self.clock() + WAIT_SECONDS
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
