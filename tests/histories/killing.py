"""A process that dies while it pulls."""

from collections.abc import Iterator
from typing import Any

from sales_consultant.connectors.base import Connector, Known, Page


class KilledError(BaseException):
    """The process ended here."""


class Killing:
    """A connector whose process dies before its n-th page is committed."""

    def __init__(self, inner: Connector, pages: int) -> None:
        self.inner = inner
        self.pages = pages

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def pull(
        self, stream: str, *, since: int | None, until: int, resume: str | None, known: Known
    ) -> Iterator[Page]:
        for page in self.inner.pull(stream, since=since, until=until, resume=resume, known=known):
            if self.pages == 0:
                raise KilledError
            self.pages -= 1
            yield page
