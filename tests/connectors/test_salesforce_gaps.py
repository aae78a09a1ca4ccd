"""What would look like fewer rows: short answers, objects and rows that cannot be seen any more, edits while we read."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import responses
from support.salesforce_org import Sf, company

from sales_consultant.config.errors import AccessError, ConfigError, CrmUnavailableError
from sales_consultant.config.sections import Connection
from sales_consultant.connectors.salesforce.api.client import SalesforceApi, SalesforceRefusalError
from sales_consultant.connectors.salesforce.connector import SalesforceConnector
from sales_consultant.connectors.salesforce.reading.pull import Sizes
from sales_consultant.sync.pull import pull
from sales_consultant.sync.pull.reconcile import reconcile
from sales_consultant.sync.stores.warehouse import Warehouse


@pytest.fixture
def org(tmp_path: Path) -> Iterator[Sf]:
    with company(tmp_path) as sf:
        yield sf


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    made = Warehouse(tmp_path / "w.duckdb")
    yield made
    made.close()


def connector(org: Sf, token: str = "an-admins-token", *, bulk_from: int = 20_000) -> SalesforceConnector:
    api = SalesforceApi(Connection(crm="salesforce", url=org.sandbox.url), token)
    api.transport.sleep = lambda _: None
    return SalesforceConnector(api, sizes=Sizes(bulk_from=bulk_from, part=150), sleep=lambda _: None)


def many(org: Sf, count: int) -> None:
    for start in range(0, count, 200):
        rows = [
            {"attributes": {"type": "Contact"}, "LastName": f"N{n}"}
            for n in range(start, min(start + 200, count))
        ]
        assert org.post("composite/sobjects", {"allOrNone": False, "records": rows}).ok


HIDDEN: dict[str, Any] = {"profile": "Minimum Access - API Only Integrations", "rights": ["ViewSetup"]}


def live(warehouse: Warehouse, table: str) -> int:
    return warehouse.number(f"SELECT count(*) FROM raw_{table} WHERE NOT coalesce(_archived, false)")


class Shortened(requests.adapters.HTTPAdapter):
    """Cuts answers of Bulk results at the end of a row, for so many times; status and headers stay as they were."""

    def __init__(self, base: str, times: int, keep: int) -> None:
        super().__init__()
        self.base, self.times, self.keep = base, times, keep

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        path = str(request.url).split("/", 3)[3]
        request.url = f"{self.base}/{path}"
        answer = super().send(request, *args, **kwargs)
        if "/results" in path and answer.status_code == 200 and self.times:
            self.times -= 1
            lines = answer.content.splitlines(keepends=True)
            answer._content = b"".join(lines[: self.keep])
        return answer


@pytest.mark.parametrize("keep", [0, 1, 40])
def test_a_short_answer_of_a_job_is_asked_again(org: Sf, warehouse: Warehouse, keep: int) -> None:
    many(org, 400)
    c = connector(org, bulk_from=100)
    c.api.session.inner.mount("https://", Shortened(org.sandbox.url, 1, keep))
    pull(c, warehouse, until=c.now(), objects=["Contact"])
    assert live(warehouse, "Contact") >= 400


def test_answers_that_stay_short_end_the_pull_and_count_for_nothing(org: Sf, warehouse: Warehouse) -> None:
    many(org, 400)
    c = connector(org, bulk_from=100)
    c.api.session.inner.mount("https://", Shortened(org.sandbox.url, 10_000, 30))
    with pytest.raises(CrmUnavailableError, match="not whole"):
        pull(c, warehouse, until=c.now(), objects=["Contact"])
    assert warehouse.state("Contact").watermark is None
    whole = connector(org, bulk_from=100)
    pull(whole, warehouse, until=whole.now(), objects=["Contact"])
    assert live(warehouse, "Contact") >= 400


def test_an_object_that_cannot_be_seen_any_more_is_not_emptied(org: Sf, warehouse: Warehouse) -> None:
    names = ("Account", "Contact", "Lead", "Opportunity", "Campaign", "Product2")
    org.control("users", crm="salesforce", token="t", objects={n: ["Read"] for n in names}, **HIDDEN)
    c = connector(org, "t")
    pull(c, warehouse, until=c.now())
    before = live(warehouse, "Lead")
    assert before > 0
    org.control("clock", advance=3600)
    left = {n: ["Read"] for n in names if n != "Lead"}
    org.control("users", crm="salesforce", token="t", objects=left, **HIDDEN)
    again = connector(org, "t")
    with pytest.raises(AccessError, match="Lead cannot be seen"):
        pull(again, warehouse, until=again.now())
    with pytest.raises(AccessError, match="Lead cannot be seen"):
        reconcile(again, warehouse, until=again.now(), objects=["leads"])
    assert live(warehouse, "Lead") == before


def test_an_object_that_was_never_there_is_left_out_and_named(org: Sf, warehouse: Warehouse) -> None:
    names = ("Account", "Contact", "Opportunity", "Campaign", "Product2")
    org.control("users", crm="salesforce", token="t", objects={n: ["Read"] for n in names}, **HIDDEN)
    c = connector(org, "t")
    for _ in range(2):
        done = pull(c, warehouse, until=c.now())
        assert "Lead" in done.not_permitted
        assert done.rows["Contact"] >= 0


def test_rows_that_sharing_hides_are_kept_and_counted(org: Sf, warehouse: Warehouse) -> None:
    many(org, 30)
    everything = connector(org)
    pull(everything, warehouse, until=everything.now())
    before = live(warehouse, "Contact")
    org.control("sharing", crm="salesforce", Contact="Private", Account="Private")
    org.control(
        "users", crm="salesforce", token="t", objects={"Contact": ["Read"], "Account": ["Read"]}, **HIDDEN
    )
    org.control("clock", advance=3600)
    narrow = connector(org, "t")
    assert "contacts" in narrow.hidden_rows()
    done = pull(narrow, warehouse, until=narrow.now(), objects=["Contact"], full=True)
    assert done.vanished == 0
    assert "not shown any more" in done.unseen["Contact"]
    compared = reconcile(narrow, warehouse, until=narrow.now(), objects=["Contact"])
    assert compared[0].vanished == 0
    assert compared[0].unseen > 0
    assert "kept" in str(compared[0])
    assert live(warehouse, "Contact") == before


def test_a_row_edited_while_all_are_read_again_is_not_taken_for_gone(org: Sf, warehouse: Warehouse) -> None:
    many(org, 5)
    c = connector(org)
    pull(c, warehouse, until=c.now(), objects=["Contact"])
    before = live(warehouse, "Contact")
    until = c.now()
    org.control("clock", advance=60)
    contact = org.values("SELECT Id FROM Contact WHERE LastName = 'N3'")[0]
    assert org.patch(f"sobjects/Contact/{contact}", {"Title": "edited"}).ok
    done = pull(c, warehouse, until=until, objects=["Contact"], full=True)
    assert done.vanished == 0
    assert live(warehouse, "Contact") == before


def test_many_wide_rows_are_read_again_by_id(org: Sf, warehouse: Warehouse) -> None:
    many(org, 120)
    for n in range(6):
        org.own_field(f"Contact.{'A_rather_long_name_of_a_field_no_' + str(n):.35}__c")
    c = connector(org)
    pull(c, warehouse, until=c.now(), objects=["Contact"])
    ids = [r[0] for r in warehouse.con.execute("SELECT id FROM raw_Contact ORDER BY id").fetchall()]
    assert sum(p.rows.num_rows for p in c.reread("Contact", ids)) == len(ids)


@pytest.mark.parametrize("width", [1, 300, 450, 800])
def test_no_address_grows_too_long_however_wide_the_object_is(width: int) -> None:
    """Names of 40 letters, 600 ids: every address stays below what servers take, and every id is asked for once."""
    import re
    from urllib.parse import quote_plus

    from sales_consultant.connectors.salesforce.reading.pull import Puller
    from sales_consultant.connectors.salesforce.reading.schema import Selection

    asked: list[str] = []
    lengths: list[int] = []

    class Recorder:
        """Takes queries and jobs, and answers with nothing."""

        class transport:
            server_ms = 0

        def call(self, path: str, **options: Any) -> Any:
            if path == "queryAll":
                soql = options["params"]["q"]
                lengths.append(len(quote_plus(soql)))
                asked.extend(re.findall(r"'(003\w+)'", soql))
                return {"records": [], "done": True, "totalSize": 0}
            assert path == "jobs/query"
            assert len(options["body"]["query"]) < 100_000
            asked.extend(re.findall(r"'(003\w+)'", options["body"]["query"]))
            raise Stop

    class Stop(Exception):
        """The job was asked for."""

    names = (
        "Id",
        "SystemModstamp",
        *(f"A_field_with_a_name_of_forty_letters_{n:03}__c" for n in range(width)),
    )
    selection = Selection(names, "SystemModstamp", True)
    ids = [f"003{n:015}" for n in range(600)]
    puller = Puller(Recorder(), lambda _: selection)  # type: ignore[arg-type]  # a stand-in with what is used of it
    try:
        list(puller.reread("Contact", ids))
    except Stop:
        assert width >= 300
        assert len(asked) >= 600
    else:
        assert asked == ids
    assert all(n < 15_000 for n in lengths)


BASE = "https://sandbox.my.salesforce.com/services/data/v62.0"


def api() -> SalesforceApi:
    made = SalesforceApi(Connection(crm="salesforce", domain="sandbox.my"), "a-token")
    made.transport.sleep = lambda _: None
    return made


@responses.activate
@pytest.mark.parametrize("auth", ["token", "client_credentials"])
def test_credentials_go_to_no_org_that_nobody_named(auth: str) -> None:
    connection = Connection.model_validate({"crm": "salesforce", "auth": auth, "client_id": "an-app"})
    with pytest.raises(ConfigError, match="Which org of Salesforce this is was not said") as e:
        SalesforceApi(connection, "a-secret").call("limits")
    assert "--domain" in e.value.action and not responses.calls


@responses.activate
def test_an_address_of_salesforce_names_the_org_as_a_domain_does() -> None:
    base = "https://acme.my.salesforce.com/services/data/v62.0"
    responses.get(f"{base}/limits", json={"a": 1})
    connection = Connection(crm="salesforce", url="https://acme.my.salesforce.com/")
    assert SalesforceApi(connection, "a-token").call("limits") == {"a": 1}
    assert SalesforceApi(connection, "a-token").login_url == "https://acme.my.salesforce.com"


@responses.activate
@pytest.mark.parametrize("page", [b"<html><body>Maintenance</body></html>", b"", b'{"records": [', b"null"])
def test_a_page_in_place_of_an_answer_is_asked_again_and_then_said(page: bytes) -> None:
    responses.get(f"{BASE}/limits", body=page, status=200)
    responses.get(f"{BASE}/limits", json={"a": 1})
    assert api().call("limits") == {"a": 1}
    responses.reset()
    responses.get(f"{BASE}/limits", body=page, status=200)
    with pytest.raises(CrmUnavailableError, match="cannot be read"):
        api().call("limits")


@responses.activate
@pytest.mark.parametrize("status", [406, 420, 429, 503])
def test_refusals_that_pass_are_waited_for(status: int) -> None:
    responses.get(f"{BASE}/limits", body=b"", status=status)
    responses.get(f"{BASE}/limits", json={"a": 1})
    assert api().call("limits") == {"a": 1}


@responses.activate
def test_a_query_that_takes_too_long_is_asked_in_smaller_parts() -> None:
    from sales_consultant.connectors.salesforce.reading.pull import Puller
    from sales_consultant.connectors.salesforce.reading.schema import Selection

    asked: list[int] = []

    def answer(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        import json
        from urllib.parse import parse_qs, urlsplit

        soql = parse_qs(urlsplit(str(request.url)).query)["q"][0]
        if "COUNT()" in soql:
            return 200, {}, json.dumps({"totalSize": 3, "records": [], "done": True})
        # The first question has no limit: Salesforce chooses the page.
        limit = int(soql.rpartition(" ")[2]) if " LIMIT " in soql else 2000
        asked.append(limit)
        if limit > 500:
            return 400, {}, json.dumps([{"errorCode": "QUERY_TIMEOUT", "message": "too long"}])
        row = {"Id": "003000000000001AAA", "SystemModstamp": "2024-01-01T00:00:00.000+0000"}
        return 200, {}, json.dumps({"totalSize": 1, "records": [row], "done": True})

    responses.add_callback(responses.GET, f"{BASE}/query", answer)
    selection = Selection(("Id", "SystemModstamp"), "SystemModstamp", False)
    pages = list(
        Puller(api(), lambda _: selection).records("User", since=1, until=2_000_000_000_000, resume=None)
    )
    assert asked == [2000, 1000, 500]
    assert sum(p.rows.num_rows for p in pages) == 1


def test_a_place_in_a_job_that_is_forgotten_is_read_anew(org: Sf, warehouse: Warehouse) -> None:
    many(org, 400)
    c = connector(org, bulk_from=100)
    pages = c.pull("Contact", since=None, until=c.now(), resume=None, known=warehouse)
    place = next(p.resume for p in pages if p.resume)
    stale = place.rpartition(" ")[0] + " not-a-locator"
    again = connector(org, bulk_from=100)
    found = list(again.pull("Contact", since=None, until=again.now(), resume=stale, known=warehouse))
    assert sum(p.rows.num_rows for p in found) >= 400


def test_a_delta_of_very_many_rows_goes_on_as_a_job(org: Sf, warehouse: Warehouse) -> None:
    many(org, 300)
    api_ = SalesforceApi(Connection(crm="salesforce", url=org.sandbox.url), "an-admins-token")
    c = SalesforceConnector(api_, sizes=Sizes(rest=20, bulk_from=150, part=100), sleep=lambda _: None)
    pages = list(c.pull("Contact", since=1, until=c.now() + 60_000, resume=None, known=warehouse))
    ids = [i for p in pages for i in p.rows["id"].to_pylist()]
    assert len(set(ids)) >= 300
    assert any((p.resume or "").startswith("bulk ") or p.total for p in pages)
    with pytest.raises(SalesforceRefusalError):
        api_.call("query", params={"q": "SELECT Nothing FROM Contact"})


def test_a_killed_reading_of_all_still_marks_what_is_gone(org: Sf, warehouse: Warehouse) -> None:
    many(org, 60)
    c = connector(org)
    pull(c, warehouse, until=c.now(), objects=["Contact"])
    before = live(warehouse, "Contact")
    org.control("clock", advance=3600)
    gone = org.values("SELECT Id FROM Contact WHERE LastName = 'N7'")[0]
    assert org.send("DELETE", f"sobjects/Contact/{gone}").ok
    org.control("purge", crm="salesforce")
    small = SalesforceConnector(c.api, sizes=Sizes(rest=20), sleep=lambda _: None)

    class Killed(Exception):
        """The process ends here."""

    def die(stream: str, rows: int, total: int | None) -> None:
        if rows > 30:
            raise Killed

    with pytest.raises(Killed):
        pull(small, warehouse, until=small.now(), objects=["Contact"], full=True, progress=die)
    assert warehouse.state("Contact").going
    done = pull(small, warehouse, until=small.now(), objects=["Contact"])
    assert done.vanished == 1
    assert live(warehouse, "Contact") == before - 1


@responses.activate
def test_a_refused_question_for_currencies_does_not_empty_them() -> None:
    from sales_consultant.connectors.salesforce.api.composite_reads import Prefetcher
    from sales_consultant.connectors.salesforce.reading.small_tables import currencies

    responses.get(f"{BASE}/query", json=[{"errorCode": "MALFORMED_QUERY", "message": "no"}], status=400)
    with pytest.raises(AccessError, match="Currencies cannot be read"):
        currencies(Prefetcher(api()), 0)
    responses.reset()
    responses.get(
        f"{BASE}/query", json=[{"errorCode": "INVALID_TYPE", "message": "not supported"}], status=400
    )
    assert currencies(Prefetcher(api()), 0).rows.num_rows == 0
