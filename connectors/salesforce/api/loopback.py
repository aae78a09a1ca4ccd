"""The way to a sandbox on loopback, for a client that only knows addresses of Salesforce."""

from typing import Any
from urllib.parse import urlsplit

import requests

from sales_consultant.connectors.http import LimitedAdapter


class Loopback(LimitedAdapter):
    """Sends what is addressed to https://HOST to a sandbox on loopback, whatever the host."""

    def __init__(self, base: str) -> None:
        super().__init__(pool_maxsize=16)
        self.base = base

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """Rewrite the address, keep path and query."""
        parts = urlsplit(str(request.url))
        request.url = self.base + parts.path + (f"?{parts.query}" if parts.query else "")
        return super().send(request, *args, **kwargs)
