"""Bulk query results: read in parts, gone on with at any place, and by locators where no parts are named."""

import time
from collections.abc import Generator, Iterator
from typing import Any

import pytest
import requests
from histories.play import CLOCK
from histories.salesforce_world import SalesforceWorld
from requests.adapters import HTTPAdapter
from support.in_process import LocalSandbox

from sales_consultant.config.errors import CrmUnavailableError
from sales_consultant.config.sections import Connection
from sales_consultant.connectors.salesforce.api.client import SalesforceApi
from sales_consultant.connectors.salesforce.reading import rows
from sales_consultant.connectors.salesforce.reading.bulk_query import BulkQuery

SOQL = "SELECT Id, LastName FROM Contact"
COUNT = 100


@pytest.fixture
def sandbox() -> Iterator[LocalSandbox]:
    with LocalSandbox("salesforce", clock=CLOCK) as made:
        world = SalesforceWorld(made)
        world.flood(COUNT)
        yield made
        world.warehouse.close()


def reader(sandbox: LocalSandbox, parts: int = 2) -> BulkQuery:
    api = SalesforceApi(Connection(crm="salesforce", url="http://127.0.0.1"), "a-token")
    api.session.inner.mount("http://", sandbox.adapter)
    api.session.inner.mount("https://", sandbox.adapter)
    api.transport.sleep = lambda seconds: None
    return BulkQuery(api, part_rows=7, parts=parts, sleep=lambda seconds: None)


class OneMore(HTTPAdapter):
    """Parts of a job's results whose header tells of a row more than there is."""

    def __init__(self, inner: HTTPAdapter) -> None:
        super().__init__()
        self.inner = inner

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        answer = self.inner.send(request, *args, **kwargs)
        if "/results?" in str(request.url):
            answer.headers["Sforce-NumberOfRecords"] = "8"
        return answer


def test_an_answer_that_stays_short_is_asked_again_with_growing_pauses(sandbox: LocalSandbox) -> None:
    slept: list[float] = []
    bulk = reader(sandbox, 1)
    bulk.sleep = slept.append
    bulk.api.session.inner.mount("https://", OneMore(sandbox.adapter))
    with pytest.raises(CrmUnavailableError, match="not whole"):
        list(bulk.read(SOQL, deleted=True, what="Contact"))
    assert [s for s in slept if s >= 2][:3] == [2.0, 4.0, 8.0]


@pytest.mark.parametrize("parts", [1, 2, 5])
def test_all_rows_come_once_in_parts(sandbox: LocalSandbox, parts: int) -> None:
    pages = list(reader(sandbox, parts).read(SOQL, deleted=True, what="Contact"))
    ids = [i for table, _, _, _ in pages for i in table["Id"].to_pylist()]
    assert len(ids) == len(set(ids)) == COUNT
    assert {t.num_rows for t, _, _, _ in pages[:-1]} == {7}
    assert [p for _, p, _, _ in pages if not p] == [""]
    assert {total for _, _, total, _ in pages} == {COUNT}


def test_a_reader_goes_on_at_any_place_and_the_job_is_taken_away_at_the_end(sandbox: LocalSandbox) -> None:
    first = reader(sandbox).read(SOQL, deleted=True, what="Contact")
    table, place, _, seen = next(first)
    held = table["Id"].to_pylist()
    while place:
        # Another process each time.
        table, place, _, again = next(reader(sandbox).read(SOQL, deleted=True, what="Contact", resume=place))
        held += table["Id"].to_pylist()
        assert again == seen
    assert len(held) == len(set(held)) == COUNT


def test_an_org_that_names_no_parts_is_read_by_locators(sandbox: LocalSandbox) -> None:
    sandbox.world.faults.add({"status": 404, "path": "resultPages", "probability": 1.0})
    pages = list(reader(sandbox).read(SOQL, deleted=False, what="Contact"))
    assert sum(t.num_rows for t, _, _, _ in pages) == COUNT
    assert len(pages) == -(-COUNT // 7)


def test_a_job_that_is_no_longer_kept_is_made_again(sandbox: LocalSandbox) -> None:
    pages = list(
        reader(sandbox).read(SOQL, deleted=False, what="Contact", resume="750000000000000AAA bG9zdA")
    )
    assert sum(t.num_rows for t, _, _, _ in pages) == COUNT


def test_one_list_serves_five_parts(sandbox: LocalSandbox) -> None:
    list(reader(sandbox).read(SOQL, deleted=True, what="Contact"))
    parts = -(-COUNT // 7)
    assert sandbox.world.calls["salesforce", "bulk results"] == parts
    # Make it, ask for its state, take it away, and a list for every five parts.
    assert sandbox.world.calls["salesforce", "bulk query"] == 3 + -(-parts // 5)


def test_the_next_part_comes_while_one_is_put_away(sandbox: LocalSandbox) -> None:
    read = reader(sandbox, 2).read(SOQL, deleted=True, what="Contact")
    calls = sandbox.world.calls
    for taken in range(1, 4):
        next(read)
        for _ in range(200):
            if calls["salesforce", "bulk results"] > taken:
                break
            time.sleep(0.01)
        # The one that was handed on and one more, never more than that.
        assert calls["salesforce", "bulk results"] == taken + 1
    assert isinstance(read, Generator)
    read.close()


def test_an_empty_cell_is_null_and_no_word_is() -> None:
    body = (
        '\ufeff"Id","Name","N"\r\n"1","NA","7.0"\r\n"2","","0.5"\r\n"3","a\r\nb \x00""q""","1e3"\r\n'.encode()
    )
    found = rows.parse(body).to_pylist()
    assert [r["Name"] for r in found] == ["NA", None, 'a\r\nb "q"']
    assert [r["N"] for r in found] == ["7.0", "0.5", "1e3"]
    assert rows.parse(b"").num_rows == 0
    assert rows.parse(b'"Id"\n').num_rows == 0
