"""What a proxy, a firewall or a bad line makes of an answer: asked again, then said as "unreachable"; never a defect."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import responses
from support.in_process import LocalSandbox
from support.sandbox_company import CLOCK, FILES, Api, write_folder

from sales_consultant.config.errors import CrmUnavailableError
from sales_consultant.config.sections import Connection
from sales_consultant.connectors.base import Calls, Change
from sales_consultant.connectors.http.deadline import LimitedAdapter
from sales_consultant.connectors.http.transport import Limiter, LostAnswerError, Transport
from sales_consultant.connectors.hubspot.api.client import HubSpotApi
from sales_consultant.connectors.hubspot.connector import HubSpotConnector
from sales_consultant.connectors.salesforce.api.client import SalesforceApi
from sales_consultant.connectors.salesforce.writing.bulk_csv import CutError, read
from sales_consultant.sandbox.serving.server import Sandbox

DAMAGES = ("gzip", "html", "empty", "cut", "truncated", "reset", "lost")
CONTACTS = "/crm/objects/2026-03/contacts"


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    with Sandbox(data=write_folder(tmp_path, FILES), clock=CLOCK) as made:
        yield made


def apis(url: str) -> dict[str, Any]:
    transport = Transport(calls=Calls(), crm="HubSpot", sleep=lambda _: None)
    salesforce = SalesforceApi(Connection(crm="salesforce", url=url), "a-token")
    salesforce.transport.sleep = lambda _: None
    return {"hubspot": HubSpotApi("a-token", url=url, transport=transport), "salesforce": salesforce}


def ask(api: Any) -> Any:
    if isinstance(api, HubSpotApi):
        return api.get(CONTACTS, limit=10)["results"]
    return api.query("SELECT Id FROM Contact")


@pytest.mark.parametrize("crm", ["hubspot", "salesforce"])
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_read_is_asked_again_and_ends_as_unreachable(sandbox: Sandbox, crm: str, damage: str) -> None:
    api, control = apis(sandbox.url)[crm], Api(sandbox)
    whole = ask(api)
    path = CONTACTS if crm == "hubspot" else "/query"
    control.control("faults", kind=damage, path=path, times=2)
    assert ask(api) == whole
    control.control("faults", kind=damage, path=path, times=1000)
    with pytest.raises(CrmUnavailableError) as e:
        ask(api)
    assert (e.value.code, bool(e.value.action)) == (4, True)
    assert "<" not in e.value.message
    control.session.close()


@pytest.mark.parametrize("crm", ["hubspot", "salesforce"])
@pytest.mark.parametrize("charset", ["utf-16", "utf-8-sig", "utf-16-le"])
def test_another_character_set_that_can_be_told_is_read(sandbox: Sandbox, crm: str, charset: str) -> None:
    api, control = apis(sandbox.url)[crm], Api(sandbox)
    whole = ask(api)
    control.control("faults", kind="charset", charset=charset, times=1)
    assert ask(api) == whole
    control.session.close()


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_write_whose_answer_is_damaged_is_not_sent_again(sandbox: Sandbox, damage: str) -> None:
    """What it did is not known: it is read back, and neither taken for done nor for refused."""
    api, control = apis(sandbox.url)["hubspot"], Api(sandbox)
    record = ask(api)[0]["id"]
    before = api.calls.by_kind.get("write", 0)
    control.control("faults", kind=damage, path="batch/update", times=1000)
    crm = HubSpotConnector(api, read="2026-03", write="2026-03")
    found = list(crm.push([Change("contacts", record, {"score": "50"})], remember=lambda _: None))
    assert [o.state for o in found] == ["unknown"]
    assert api.calls.by_kind["write"] - before == 1
    salesforce = apis(sandbox.url)["salesforce"]
    control.control("faults", kind=damage, path="composite/sobjects", times=1000)
    one = {"attributes": {"type": "Contact"}, "id": ask(salesforce)[0]["Id"], "FirstName": "Ann"}
    body = {"allOrNone": False, "records": [one]}
    with pytest.raises(LostAnswerError) as e:
        salesforce.call("composite/sobjects", method="PATCH", body=body)
    assert e.value.code == 4
    control.session.close()


# -- an answer has an end -------------------------------------------------------------------------------------------


def fast(speed: float) -> Any:
    """A clock that runs `speed` times as fast as ours."""
    begun = time.monotonic()
    return lambda: begun + (time.monotonic() - begun) * speed


def test_an_answer_of_one_byte_now_and_then_has_an_end(sandbox: Sandbox) -> None:
    """A byte every 1.5 s of the clock that is passed in: each comes in time, the whole never ends."""
    control = Api(sandbox)
    control.control("faults", kind="drip", path=CONTACTS, seconds=0.005, times=1)
    transport = Transport(calls=Calls(), sleep=lambda _: None, ticks=fast(300.0))
    api = HubSpotApi("a-token", url=sandbox.url, transport=transport)
    began = time.monotonic()
    assert api.get(CONTACTS, limit=100)["results"]
    assert time.monotonic() - began < 10
    assert transport.calls.total == 2
    control.session.close()


def trickle(head: bytes, drop: bytes, seconds: float) -> tuple[str, Any]:
    """A server of bare sockets that sends a head and then one drop after the other."""
    import socket
    import threading

    listener = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def serve() -> None:
        while not over.is_set():
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            with peer:
                try:
                    peer.recv(65536)
                    peer.sendall(head)
                    while not over.wait(seconds):
                        peer.sendall(drop)
                except OSError:
                    continue

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()

    def end() -> None:
        over.set()
        listener.close()
        thread.join()

    return f"http://127.0.0.1:{listener.getsockname()[1]}", end


@pytest.mark.parametrize(
    ("head", "drop"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", b" "),
        (b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", b"x"),
        (b"HTTP/1.1 200 OK\r\n\r\n", b" "),
    ],
    ids=["body", "header", "chunk", "without a length"],
)
def test_nothing_of_an_answer_may_trickle_for_ever(head: bytes, drop: bytes) -> None:
    url, end = trickle(head, drop, 0.005)
    try:
        session = requests.Session()
        session.mount("http://", LimitedAdapter(seconds=0.2, rate=4096.0))
        began = time.monotonic()
        with pytest.raises(requests.exceptions.RequestException):
            session.get(url, timeout=5)
        assert time.monotonic() - began < 3
    finally:
        end()


def test_a_long_answer_that_comes_at_a_fair_rate_is_read_whole() -> None:
    """A Bulk result of minutes is no trickle: its time grows with what came."""
    url, end = trickle(b"HTTP/1.1 200 OK\r\nContent-Length: 400000\r\n\r\n", b"x" * 20_000, 0.02)
    try:
        session = requests.Session()
        session.mount("http://", LimitedAdapter(seconds=0.1, rate=200_000.0))
        assert len(session.get(url, timeout=5).content) == 400_000
    finally:
        end()


# -- tables ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [b'"sf__Id","Id"\n"1","2"\n"3', b"<html>", b"\xff\xfea\x00", b'"x"\n"1"\n'])
def test_a_table_that_breaks_off_is_none(body: bytes) -> None:
    with pytest.raises(CutError):
        list(read(body))


def test_a_byte_that_is_no_text_costs_itself_in_a_table() -> None:
    assert list(read(b'"sf__Id","sf__Error"\n"1","caf\xe9"\n')) == [{"sf__Id": "1", "sf__Error": "caf�"}]


@responses.activate
def test_a_certificate_that_is_not_trusted_is_said_at_once() -> None:
    """Two others of the kind: trying again is no use, and a write was not sent."""
    responses.post("https://x.example/", body=requests.exceptions.SSLError("certificate verify failed"))
    transport = Transport(calls=Calls(), sleep=lambda _: None)
    with pytest.raises(CrmUnavailableError, match="cannot be trusted") as e:
        transport.send("POST", "https://x.example/", kind="write", limiter=Limiter(9, 1.0), idempotent=False)
    assert not isinstance(e.value, LostAnswerError)
    assert transport.calls.total == 1
    responses.post(
        "https://y.example/", body=requests.exceptions.SSLError("EOF occurred in violation of protocol")
    )
    with pytest.raises(LostAnswerError):
        transport.send("POST", "https://y.example/", kind="write", limiter=Limiter(9, 1.0), idempotent=False)


def test_a_wrong_label_of_packing_is_answered_by_asking_for_none() -> None:
    with LocalSandbox("hubspot", clock=CLOCK) as local:
        seen: list[str] = []
        session = local.open_session()
        session.hooks["response"].append(
            lambda r, **_: seen.append(r.request.headers.get("Accept-Encoding", ""))
        )
        transport = Transport(calls=Calls(), session=session, sleep=lambda _: None)
        api = HubSpotApi("a-token", url="http://127.0.0.1", transport=transport)
        local.control("faults", kind="gzip", path=CONTACTS, times=1)
        api.get(CONTACTS)
        assert seen[-1] == "identity"


def test_a_part_of_a_composite_that_is_not_whole_is_asked_for_by_itself() -> None:
    """The composite is whole JSON, and one of the answers inside it is not: it was never told."""
    from sales_consultant.connectors.salesforce.api.composite_reads import Prefetcher

    base = "https://sandbox.my.salesforce.com/services/data/v62.0"
    parts = [
        {"referenceId": "r0", "httpStatusCode": 200, "body": {"records": [{"Id": "1"}]}},
        {"referenceId": "r1", "httpStatusCode": 200, "body": "<html></html>"},
        {"referenceId": "r2", "httpStatusCode": 200, "body": {"records": [], "done": True}},
    ]
    with responses.RequestsMock() as mocked:
        mocked.post(f"{base}/composite", json={"compositeResponse": parts})
        api = SalesforceApi(Connection(crm="salesforce", domain="sandbox.my"), "a-token")
        found = Prefetcher(api).together(["query?q=x", "sobjects/Lead/describe", "query?q=y"])
    assert [status for status, _ in found] == [0, 0, 200]


def test_tls_and_a_proxy_carry_answers_that_have_an_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connections are ours behind a proxy too: what is dripped there ends as well."""
    from support.connect_proxy import ConnectProxy

    data = tmp_path / "data"
    data.mkdir()
    with Sandbox(
        data=write_folder(data, FILES), clock=CLOCK, crms=("hubspot",), tls=tmp_path / "tls"
    ) as sandbox:
        port = int(sandbox.tls_url.rsplit(":", 1)[1])
        assert sandbox.ca is not None
        with ConnectProxy(port) as proxy:
            for name, value in proxy.environment(sandbox.ca, {}).items():
                monkeypatch.setenv(name, value)
            said: list[str] = []
            transport = Transport(
                calls=Calls(),
                crm="HubSpot",
                sleep=lambda _: None,
                ticks=fast(300.0),
                tell=said.append,
                patience=5.0,
            )
            api = HubSpotApi("a-token", transport=transport)
            assert api.get(CONTACTS, limit=100)["results"]
            body = {"kind": "drip", "path": CONTACTS, "seconds": 0.005, "times": 3}
            requests.post(f"{sandbox.url}/_sandbox/faults", json=body, timeout=5, proxies={"http": ""})
            with pytest.raises(CrmUnavailableError, match="does not answer in time"):
                api.get(CONTACTS, limit=100)
            assert transport.calls.total == 4
            transport.close()
