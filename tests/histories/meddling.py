"""People who go on working while a pull reads: between any two of its calls."""

import threading
from collections.abc import Callable
from random import Random
from typing import Any

import requests
from requests.adapters import HTTPAdapter

MOST = 10


class Meddling(HTTPAdapter):
    """Hands requests on; before some of them something happens at the CRM, `MOST` times in all.

    Only calls of the thread that pulls are met: what several threads ask at once comes in no order that could be repeated.
    """

    def __init__(self, inner: HTTPAdapter, happen: Callable[[Random], None], r: Random) -> None:
        super().__init__()
        self.inner = inner
        self.happen = happen
        self.chance = r.choice((0.02, 0.1, 0.4))
        self.random = r
        self.thread = threading.get_ident()
        self.times = 0

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        if threading.get_ident() == self.thread and self.times < MOST and self.random.random() < self.chance:
            self.times += 1
            self.happen(self.random)
        return self.inner.send(request, *args, **kwargs)

    def close(self) -> None:
        """The adapter inside is others' too."""
