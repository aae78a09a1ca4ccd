"""Reading from Salesforce so that no row is missed: queryAll, a closed window, keyset by stamp and id, Bulk 2.0.

Deleted rows and archived activities come only with queryAll. A delta pages by (stamp, Id) with LIMIT: many rows with
one stamp can neither loop nor hide each other, and a pull goes on where it was killed without a server-side cursor
that may have lapsed. A whole pull of many rows goes by Bulk, one job, resumable by page.
"""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pyarrow as pa

from sales_consultant.config.errors import CrmUnavailableError
from sales_consultant.connectors.base import Page
from sales_consultant.connectors.salesforce import csvcodec
from sales_consultant.connectors.salesforce.client import SalesforceApi, SalesforceRefusalError, moment
from sales_consultant.connectors.salesforce.schema import Selection

REST_LIMIT = 2000
BULK_FROM = 20_000
BULK_PAGE = 50_000
BULK_WAIT_SECONDS = 3600.0
_OFFSET = re.compile(r"\+0000$")
Row = dict[str, Any]


def to_ms(texts: Sequence[str | None]) -> "pa.Array[Any]":
    """Salesforce's datetimes (+0000 by REST, Z by Bulk) as milliseconds UTC."""
    fixed = [None if not t else _OFFSET.sub("Z", t) for t in texts]
    return pa.array(fixed, pa.string()).cast(pa.timestamp("ms", tz="UTC")).cast(pa.int64())


def text(value: Any) -> str | None:
    """A JSON value as text; whole numbers without a point."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).replace("\x00", "")


def table(rows: Sequence[Row], selection: Selection, *, seen: int) -> pa.Table:
    """Rows as an Arrow page: fields as text, and when they were made, changed and deleted."""
    # One spelling of the id: DuckDB does not tell "Id" from "id".
    columns: dict[str, Any] = {"id": pa.array([text(r.get("Id")) for r in rows], pa.string())}
    for name in selection.fields[1:]:
        columns[name] = pa.array([text(r.get(name)) for r in rows], pa.string())
    stamps = [r.get(selection.cursor) for r in rows]
    made = [r.get("CreatedDate") for r in rows] if "CreatedDate" in selection.fields else stamps
    columns["_created"] = to_ms(made)
    columns["_modified"] = to_ms(stamps)
    columns["_archived"] = pa.array([text(r.get("IsDeleted")) == "true" for r in rows], pa.bool_())
    columns["_seen"] = pa.array([seen] * len(rows), pa.int64())
    return pa.table(columns)


class Puller:
    """Pages of Salesforce's objects."""

    def __init__(
        self,
        api: SalesforceApi,
        selection: Callable[[str], Selection],
        *,
        bulk_from: int = BULK_FROM,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.api = api
        self.selection = selection
        self.bulk_from = bulk_from
        self.sleep = sleep
        self.clock = clock

    def records(self, name: str, *, since: int | None, until: int, resume: str | None) -> Iterator[Page]:
        """All rows, or those stamped in [since, until]; nothing of an object that this user cannot see."""
        selection = self.selection(name)
        if not selection.fields:
            return
        if resume and resume.startswith("bulk "):
            yield from self._bulk(name, selection, resume)
        elif since is None and not resume and self.count(name, selection) >= self.bulk_from:
            yield from self._bulk(name, selection, None)
        else:
            yield from self._rest(name, selection, since, until, resume)

    def count(self, name: str, selection: Selection) -> int:
        """Rows of an object, deleted and archived ones included."""
        verb = "queryAll" if selection.deleted else "query"
        return int(self.api.call(verb, params={"q": f"SELECT COUNT() FROM {name}"})["totalSize"])

    def _rest(
        self, name: str, selection: Selection, since: int | None, until: int, resume: str | None
    ) -> Iterator[Page]:
        stamp, _, last = (resume or "").partition(" ")
        cursor = selection.cursor
        verb = "queryAll" if selection.deleted else "query"
        while True:
            where = [f"{cursor} <= {moment(until)}"]
            if last:
                where.append(f"(({cursor} = {stamp} AND Id > '{last}') OR {cursor} > {stamp})")
            elif since is not None:
                where.append(f"{cursor} >= {moment(since)}")
            soql = (
                f"SELECT {', '.join(selection.fields)} FROM {name} WHERE {' AND '.join(where)} "
                f"ORDER BY {cursor}, Id LIMIT {REST_LIMIT}"
            )
            rows = self._all(verb, soql)
            if not rows:
                return
            stamp, last = _OFFSET.sub("Z", str(rows[-1][cursor])), str(rows[-1]["Id"])
            yield Page(
                name, table(rows, selection, seen=self.api.transport.server_ms or 0), f"{stamp} {last}"
            )
            if len(rows) < REST_LIMIT:
                return

    def _all(self, verb: str, soql: str) -> list[Row]:
        """The rows of one query; Salesforce may give a page smaller than it was asked for."""
        answer = self.api.call(verb, params={"q": soql})
        rows = list(answer["records"])
        while not answer["done"]:
            answer = self.api.call(answer["nextRecordsUrl"])
            rows += answer["records"]
        return rows

    def _bulk(self, name: str, selection: Selection, resume: str | None) -> Iterator[Page]:
        _, job, locator = (resume or "bulk  ").split(" ", 2)
        if job and self.api.call(f"jobs/query/{job}", accept_missing=True) is None:
            # Salesforce keeps a job for seven days.
            job = locator = ""
        if not job:
            soql = f"SELECT {', '.join(selection.fields)} FROM {name}"
            operation = "queryAll" if selection.deleted else "query"
            job = self.api.call("jobs/query", method="POST", body={"operation": operation, "query": soql})[
                "id"
            ]
        total, seen = self._wait(job)
        # The job's own rows are as of its start; what changes later is the next delta's.
        while True:
            params = {"maxRecords": str(BULK_PAGE), **({"locator": locator} if locator else {})}
            try:
                answer = self.api.call(
                    f"jobs/query/{job}/results", params=params, content_type="text/csv", raw=True
                )
            except SalesforceRefusalError as e:
                raise CrmUnavailableError(
                    f"The results of Salesforce's job for {name} are gone.",
                    action="Run the pull again with --full.",
                ) from e
            rows = list(csvcodec.read(answer.content))
            locator = answer.headers.get("Sforce-Locator", "null")
            if rows:
                page = table(rows, selection, seen=seen)
                yield Page(name, page, f"bulk {job} {locator}" if locator != "null" else None, total=total)
            if locator == "null":
                self.api.call(f"jobs/query/{job}", method="DELETE", accept_missing=True)
                return

    def _wait(self, job: str) -> tuple[int | None, int]:
        """How many rows the job has, and the moment its rows are as of."""
        deadline = self.clock() + BULK_WAIT_SECONDS
        pause = 0.2
        while True:
            state = self.api.call(f"jobs/query/{job}")
            if state["state"] == "JobComplete":
                made = to_ms([state.get("createdDate")])[0].as_py() or self.api.transport.server_ms or 0
                return int(state.get("numberRecordsProcessed") or 0) or None, made // 1000 * 1000
            if state["state"] in ("Failed", "Aborted") or self.clock() > deadline:
                raise CrmUnavailableError(
                    f"Salesforce's query job {job} ended as {state['state']}.", action="Run the pull again."
                )
            self.sleep(pause)
            pause = min(pause * 1.5, 30.0)

    def ids(self, name: str) -> Iterator[str]:
        """All live ids of an object, for reconciling."""
        yield from (str(r["Id"]) for r in self.api.query(f"SELECT Id FROM {name} ORDER BY Id"))
