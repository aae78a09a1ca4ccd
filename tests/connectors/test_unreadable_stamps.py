"""Rows whose stamp cannot be true: the page behind them is asked for by the last stamp that can, and none is missed."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import requests
from histories.play import CLOCK
from histories.salesforce_world import SalesforceWorld
from requests.adapters import HTTPAdapter
from support.in_process import LocalSandbox

from sales_consultant.config.sections import Connection
from sales_consultant.connectors.salesforce.api.client import SalesforceApi
from sales_consultant.connectors.salesforce.connector import SalesforceConnector
from sales_consultant.connectors.salesforce.reading.pull import Sizes

Row = dict[str, Any]
ROWS = 24


class Spoiling(HTTPAdapter):
    """Hands requests on; what `spoil` makes of each page of contacts is what comes."""

    def __init__(self, inner: HTTPAdapter, spoil: Callable[[list[Row]], None]) -> None:
        super().__init__()
        self.inner, self.spoil, self.spoilt = inner, spoil, 0

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        response = self.inner.send(request, *args, **kwargs)
        if "json" in response.headers.get("Content-Type", ""):
            body = json.loads(response.content)
            self.walk(body)
            response._content = json.dumps(body).encode()
            response.headers["Content-Length"] = str(len(response._content))
        return response

    def walk(self, body: Any) -> None:
        """Pages are found in composites too."""
        for one in body.values() if isinstance(body, dict) else body if isinstance(body, list) else ():
            if isinstance(one, list) and one and isinstance(one[0], dict) and "SystemModstamp" in one[0]:
                self.spoil(one)
                self.spoilt += 1
            else:
                self.walk(one)


def last_is(value: Any) -> Callable[[list[Row]], None]:
    """The last stamp of every page is that."""

    def spoil(rows: list[Row]) -> None:
        rows[-1]["SystemModstamp"] = value

    return spoil


def all_are_none(rows: list[Row]) -> None:
    """No row of a page has a stamp at all."""
    for row in rows:
        del row["SystemModstamp"]


def half_are_odd(rows: list[Row]) -> None:
    """The later half of a page says times that do not exist."""
    for row in rows[len(rows) // 2 :]:
        row["SystemModstamp"] = "2024-02-30T25:61:00.000+0000"


def ids_read(
    spoil: Callable[[list[Row]], None], size: int, *, whole: bool, resume: str | None = None
) -> tuple[set[str], set[str], int]:
    """The ids of contacts that a pull brings and those that there are, and how many pages were spoilt."""
    with LocalSandbox("salesforce", clock=CLOCK) as sandbox:
        world = SalesforceWorld(sandbox)
        world.flood(ROWS)
        sandbox.clock.advance(60)
        everyone = {i for _, i in world.live(world.contacts)}
        api = SalesforceApi(Connection(crm="salesforce", url="http://127.0.0.1"), "a-token")
        adapter = Spoiling(sandbox.adapter, spoil)
        api.session.inner.mount("https://", adapter)
        api.transport.sleep = lambda seconds: None
        crm = SalesforceConnector(api, sizes=Sizes(rest=size), sleep=lambda seconds: None)
        since, until = None if whole else 0, crm.now()
        found: set[str] = set()
        for page in crm.pull(world.contacts, since=since, until=until, resume=resume, known=world.warehouse):
            if page.stream == world.contacts:
                found |= {str(i) for i in page.rows["id"].to_pylist()}
        crm.close()
        world.warehouse.close()
        return found, everyone, adapter.spoilt


@pytest.mark.parametrize(
    "spoil",
    [
        last_is("NaN"),
        last_is(1700000000000),
        last_is(None),
        half_are_odd,
        all_are_none,
        last_is("2099-01-01T00:00:00.000+0000"),
        last_is("1999-01-01T00:00:00.000+0000"),
    ],
    ids=["no number", "a number", "empty", "no such time", "missing", "in the future", "before its page"],
)
@pytest.mark.parametrize("size", [7, 2000], ids=["keyset", "one composite"])
@pytest.mark.parametrize("whole", [False, True], ids=["delta", "whole"])
def test_an_unreadable_stamp_ends_no_run(spoil: Callable[[list[Row]], None], size: int, whole: bool) -> None:
    found, everyone, spoilt = ids_read(spoil, size, whole=whole)
    assert spoilt and found == everyone


@pytest.mark.parametrize("whole", [False, True], ids=["delta", "whole"])
def test_a_place_that_an_earlier_release_kept_of_such_a_stamp_is_not_used(whole: bool) -> None:
    found, everyone, _ = ids_read(lambda rows: None, 7, whole=whole, resume="NaN 003Qw00000000001AAA")
    assert found == everyone
