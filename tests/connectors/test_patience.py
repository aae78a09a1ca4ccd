"""Waiting out a trouble, in virtual time: a minute of it is survived, said while it lasts, and ends when told to stop."""

import random
import threading
import time
from typing import Any

import pytest
import requests
import responses
from hypothesis import given
from hypothesis import strategies as st

from sales_consultant.config.errors import CrmUnavailableError, StoppedError
from sales_consultant.connectors.base import Calls
from sales_consultant.connectors.budget import DailyBudget
from sales_consultant.connectors.http.patience import LONGEST_ASKED, InterruptibleWait, Patience, retry_after
from sales_consultant.connectors.http.transport import Limiter, LostAnswerError, Transport
from sales_consultant.connectors.hubspot.api.client import HubSpotApi

URL = "https://api.hubapi.com/crm/objects/2026-03/contacts"
DATE = "Sat, 01 Jun 2024 00:00:00 GMT"


class Virtual:
    """Time that passes only while somebody waits."""

    def __init__(self, seed: int = 1) -> None:
        self.now = 0.0
        self.said: list[str] = []
        self.transport = Transport(
            calls=Calls(),
            crm="HubSpot",
            sleep=self.sleep,
            ticks=lambda: self.now,
            jitter=random.Random(seed),
            tell=self.said.append,
        )
        self.limiter = Limiter(100_000, 10.0, clock=lambda: self.now, sleep=self.sleep)

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def send(self, method: str = "GET", **more: Any) -> requests.Response:
        return self.transport.send(method, URL, kind="read", limiter=self.limiter, **more)


def away(v: Virtual, seconds: float, trouble: Any, headers: dict[str, str] | None = None) -> None:
    """A server that is in trouble for so long of virtual time."""

    def answer(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        if v.now >= seconds:
            return 200, {"Date": DATE}, "{}"
        if isinstance(trouble, Exception):
            raise trouble
        return int(trouble), {"Date": DATE, **(headers or {})}, ""

    responses.add_callback(responses.GET, URL, callback=answer)
    responses.add_callback(responses.POST, URL, callback=answer)


RESET = requests.exceptions.ConnectionError("('Connection aborted.', ConnectionResetError(104))")
TIMEOUT = requests.exceptions.ReadTimeout("timed out")


@pytest.mark.parametrize("trouble", [502, 503, 504, 500, 521, RESET, TIMEOUT], ids=str)
@pytest.mark.parametrize("seed", range(5))
def test_a_read_survives_a_minute(trouble: Any, seed: int) -> None:
    v = Virtual(seed)
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mocked:
        responses_of(mocked, v, 60.0, trouble)
        assert v.send().status_code == 200
    assert 60.0 <= v.now <= 60.0 + 25.0
    assert v.said, "who waits is told"
    assert "trying again in" in v.said[-1]


def responses_of(mocked: Any, v: Virtual, seconds: float, trouble: Any) -> None:
    def answer(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        if v.now >= seconds:
            return 200, {}, "{}"
        if isinstance(trouble, Exception):
            raise trouble
        return int(trouble), {}, ""

    mocked.add_callback("GET", URL, callback=answer)


@responses.activate
def test_what_does_not_pass_ends_and_says_how_often_it_was_tried() -> None:
    v = Virtual()
    away(v, 1e9, 503)
    assert v.send().status_code == 503
    assert 60.0 <= v.now <= 130.0
    assert v.transport.calls.total < 20
    assert v.said[-1].startswith("HubSpot answers 503; trying again in ")
    assert v.said[-1].endswith(f"({v.transport.calls.total - 1}th time)")


@given(st.integers(0, 10_000))
def test_pauses_grow_and_differ(seed: int) -> None:
    waits: list[float] = []
    patience = Patience("X", waits.append, lambda _: None, lambda: 0.0, random.Random(seed))
    while not patience.over:
        patience.wait("answers 503", None)
    assert sum(waits) >= 90.0
    assert all(w <= 22.5 for w in waits)
    assert len(waits) <= 20
    assert len(set(waits)) == len(waits)


# -- Retry-After ----------------------------------------------------------------------------------------------------


@responses.activate
@pytest.mark.parametrize("asked", ["30", "Sat, 01 Jun 2024 00:00:30 GMT"])
def test_retry_after_is_followed_in_both_forms(asked: str) -> None:
    v = Virtual()
    away(v, 25.0, 503, {"Retry-After": asked})
    assert v.send().status_code == 200
    assert 30.0 <= v.now <= 34.0


@responses.activate
@pytest.mark.parametrize("asked", ["86400", "Sun, 02 Jun 2024 00:00:00 GMT", "9" * 40])
@pytest.mark.parametrize("status", [429, 477, 503])
def test_more_than_a_command_waits_ends_it_with_the_moment_to_come_again(asked: str, status: int) -> None:
    v = Virtual()
    away(v, 1e12, status, {"Retry-After": asked})
    with pytest.raises(CrmUnavailableError) as e:
        v.send()
    assert e.value.code == 4
    assert v.now == 0.0
    told = "in many days" if asked.startswith("9") else "after 2024-06-02 00:00 UTC"
    assert told in e.value.action


@given(st.text(max_size=40))
def test_no_retry_after_is_an_error_of_ours(text: str) -> None:
    found = retry_after({"Retry-After": text, "Date": DATE})
    assert found is None or found >= 0
    assert LONGEST_ASKED > 0


# -- writes ---------------------------------------------------------------------------------------------------------


@responses.activate
@pytest.mark.parametrize("status", [429, 503, 423])
def test_a_write_is_sent_again_after_a_refusal(status: int) -> None:
    v = Virtual()
    away(v, 20.0, status)
    assert v.send("POST", idempotent=False).status_code == 200


@responses.activate
@pytest.mark.parametrize("trouble", [500, 502, 504, 524, RESET, TIMEOUT], ids=str)
def test_a_write_that_may_have_been_applied_is_sent_once(trouble: Any) -> None:
    v = Virtual()
    away(v, 20.0, trouble)
    with pytest.raises(LostAnswerError):
        v.send("POST", idempotent=False)
    assert v.transport.calls.total == 1


# -- the day's calls ------------------------------------------------------------------------------------------------


@responses.activate
def test_every_try_counts_and_none_exceeds_the_day() -> None:
    v = Virtual()
    away(v, 1e9, 503)
    v.transport.server_ms = 1_717_200_000_000
    budget = DailyBudget("HubSpot", share=1.0, resets="midnight", now=v.transport.clock_ms)
    budget.observe(0, 6)
    v.transport.allow = budget.spend
    with pytest.raises(CrmUnavailableError, match="calls of the day"):
        v.send()
    assert v.transport.calls.total == 6


# -- stop -----------------------------------------------------------------------------------------------------------


def test_a_wait_ends_at_once_when_told_to_stop() -> None:
    stopping = threading.Event()
    halts = [InterruptibleWait(stopping.is_set), InterruptibleWait()]
    ends: list[float] = []

    def wait(halt: InterruptibleWait) -> None:
        with pytest.raises(StoppedError):
            halt.wait(60.0)
        ends.append(time.monotonic())

    threads = [threading.Thread(target=wait, args=(h,)) for h in halts]
    for t in threads:
        t.start()
    time.sleep(0.05)
    told = time.monotonic()
    stopping.set()
    halts[1].now()
    for t in threads:
        t.join(5)
    assert len(ends) == 2
    assert max(ends) - told < 1.0


def test_a_turn_in_a_limit_s_queue_is_come_to_its_end() -> None:
    """A batch that is being written is not left in the air for a tenth of a second."""
    halt = InterruptibleWait(lambda: True)
    halt.wait(0.05)
    with pytest.raises(StoppedError):
        halt.wait(1.0)


@responses.activate
def test_a_stop_during_a_wait_ends_the_call_with_the_code_of_an_interrupt() -> None:
    responses.get(URL, status=503, headers={"Retry-After": "200"})
    stopping = threading.Event()
    transport = Transport(calls=Calls(), crm="HubSpot", stop=stopping.is_set, tell=lambda _: stopping.set())
    began = time.monotonic()
    with pytest.raises(StoppedError) as e:
        HubSpotApi("t", transport=transport).get("/crm/objects/2026-03/contacts")
    assert e.value.code == 130
    assert time.monotonic() - began < 3.0
