"""Several questions in one call: a composite of reads counts as one against the org's limit, and takes one round trip.

Salesforce documents 25 requests a composite, five of them queries or further pages of queries; a later one may name what an
earlier one answered, so that one call brings five pages. What a composite does not answer is asked for by itself.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

from sales_consultant.config.errors import AccessError
from sales_consultant.connectors.http import UnreadableError
from sales_consultant.connectors.salesforce.api.client import SalesforceApi, SalesforceRefusalError
from sales_consultant.connectors.salesforce.api.shapes import QUERY, shape

# REST API Developer Guide, Composite: requests of a composite, and queries among them.
MOST = 25
QUERIES = 5
# Values of an answer that is held whole in memory. A judgement: a page of 2,000 rows with 300 fields.
CELLS = 600_000
Json = dict[str, Any]


@dataclass(frozen=True)
class Question:
    """A query: `query` or `queryAll`, its text, and about how many values a page of it has."""

    verb: str
    soql: str
    cells: int = 0

    @property
    def path(self) -> str:
        """Below /services/data/vNN/, as a composite's request names it."""
        return f"{self.verb}?q={quote(self.soql, safe='')}"


@dataclass(frozen=True)
class Answer:
    """What was answered, and the CRM's clock (ms) then."""

    body: Any
    seen: int


@dataclass
class Prefetcher:
    """Asks what will be wanted together with what is wanted."""

    api: SalesforceApi
    waiting: list[Question] = field(default_factory=list)
    ready: dict[tuple[str, str], Answer] = field(default_factory=dict)
    following: dict[str, list[Json]] = field(default_factory=dict)
    """Further pages of a query that came along, by the address of the first of them."""
    refused: bool = False
    chained: bool = True

    def prefetch(self, questions: Iterable[Question]) -> None:
        """The queries that will be asked, in their order; what was read ahead before is dropped."""
        self.waiting, self.ready, self.following = list(questions), {}, {}

    def query(self, verb: str, soql: str) -> Answer:
        """The first page of a query. Raises what a call of its own raises."""
        key = (verb, soql)
        place = next((n for n, q in enumerate(self.waiting) if (q.verb, q.soql) == key), None)
        if key not in self.ready and place is not None:
            asked = self._fitting(self.waiting[place:])
            del self.waiting[place : place + len(asked)]
            self._ask(asked)
        if key in self.ready:
            answer = self.ready.pop(key)
            if isinstance(answer.body, list):
                # A question that is wrong here (an object that this org does not have) is not asked twice.
                error = answer.body[0]
                raise SalesforceRefusalError(
                    400, str(error["errorCode"]), str(error.get("message", "")), verb
                )
            return answer
        body = self.api.call(verb, params={"q": soql})
        return Answer(body, self._now())

    def _ask(self, asked: Sequence[Question]) -> None:
        """First pages of questions; what is left of the call's room goes to further pages of the first of them."""
        first = asked[0]
        room = (CELLS - sum(q.cells for q in asked)) // first.cells if first.cells and self.chained else 0
        spare = 0 if self.refused else max(0, min(QUERIES - len(asked), room))
        links = [0, *range(len(asked), len(asked) + spare)]
        paths = [*(q.path for q in asked), *(_next_of(n) for n in links[:spare])]
        if len(paths) < 2:
            return
        answers = self.together(paths)
        if self.refused and spare:
            # Perhaps it was the chain that this org will not have.
            self.refused, self.chained = False, False
            self._ask(asked)
            return
        for q, (status, body) in zip(asked, answers, strict=False):
            if status in (200, 400):
                self.ready[q.verb, q.soql] = Answer(body, self._now())
        status, page = answers[0]
        if spare and status == 200 and not page["done"]:
            found = self._whole_pages(answers[len(asked) :])
            # Page by page from here on, where this org does not take a place from an earlier answer.
            self.chained = bool(found)
            if found:
                self.following[str(page["nextRecordsUrl"])] = found

    def _whole_pages(self, answers: Sequence[tuple[int, Any]]) -> list[Json]:
        """The pages that came, up to the first that did not."""
        pages: list[Json] = []
        for status, body in answers:
            if status != 200:
                break
            pages.append(body)
            if body["done"]:
                break
        return pages

    def more(self, address: str, pages: int, cells: int) -> list[Json]:
        """So many further pages of a query, as far as one call brings them; at least one."""
        if address in self.following:
            return self.following.pop(address)
        pages = min(pages, QUERIES, max(1, CELLS // max(1, cells)))
        if pages > 1 and self.chained and not self.refused:
            pages_read = self._whole_pages(self.together([address, *(_next_of(n) for n in range(pages - 1))]))
            # Or the whole was refused because of the chain.
            self.refused = False
            self.chained = len(pages_read) > 1 or (bool(pages_read) and bool(pages_read[-1]["done"]))
            if pages_read:
                return pages_read
        return [self.api.call(address)]

    def together(self, paths: Sequence[str], *, kind: str = "query") -> list[tuple[int, Any]]:
        """Status and body of each path; status 0 where the composite itself told nothing of it."""
        unknown: list[tuple[int, Any]] = [(0, None)] * len(paths)
        if self.refused:
            return unknown
        base = f"/services/data/v{self.api.version}/"
        body = {
            "allOrNone": False,
            "compositeRequest": [
                {
                    "method": "GET",
                    "url": path if path.startswith(("/", "@")) else base + path,
                    "referenceId": f"r{n}",
                }
                for n, path in enumerate(paths)
            ],
        }
        try:
            answer = self.api.call("composite", method="POST", body=body, kind=kind)
            parts = {p["referenceId"]: p for p in answer["compositeResponse"]}
            found = [parts.get(f"r{n}") for n in range(len(paths))]
        except (SalesforceRefusalError, AccessError, KeyError, TypeError):
            self.refused = True
            return unknown
        return [_status_and_body(path, p) for path, p in zip(paths, found, strict=True)]

    def _fitting(self, questions: Sequence[Question]) -> list[Question]:
        """As many of the first ones as one call and the memory take."""
        asked: list[Question] = []
        cells = 0
        for q in questions[:QUERIES]:
            cells += q.cells
            if asked and cells > CELLS:
                break
            asked.append(q)
        return asked if not self.refused else asked[:1]

    def _now(self) -> int:
        return self.api.transport.server_ms or 0


def _status_and_body(path: str, part: Json | None) -> tuple[int, Any]:
    """Status and body of one part of a composite; status 0 for one that is not told, or is not whole."""
    if part is None:
        return 0, None
    status, body = int(part["httpStatusCode"]), part.get("body")
    if status == 200:
        try:
            form = QUERY if path.startswith("@") else shape("GET", urlsplit("/services/data/v0/" + path).path)
            form.check(body)
        except UnreadableError:
            return 0, None
    return status, body


def _next_of(place: int) -> str:
    """The address that an earlier answer names, as a later request of a composite refers to it."""
    return f"@{{r{place}.nextRecordsUrl}}"
