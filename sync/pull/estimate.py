"""What a pull would cost before it starts: calls and minutes, stream by stream."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sales_consultant.config.errors import AccessError
from sales_consultant.connectors.base import Connector, Estimate
from sales_consultant.sync.pull.pull import OVERLAP_MS, choose
from sales_consultant.sync.stores import Warehouse


@dataclass(frozen=True)
class Estimated:
    """All streams' estimates; `minutes` is the least that the CRM's published limits allow."""

    streams: list[Estimate]
    whole: frozenset[str]
    minutes: float

    @property
    def calls(self) -> dict[str, int]:
        """Calls of all streams by kind."""
        by_kind: dict[str, int] = {}
        for e in self.streams:
            for kind, n in e.calls.items():
                by_kind[kind] = by_kind.get(kind, 0) + n
        return by_kind

    def to_json(self) -> dict[str, Any]:
        """Calls by stream; those that cost nothing are left out."""
        return {
            "calls": sum(self.calls.values()),
            "minutes": round(self.minutes, 1),
            "by_kind": self.calls,
            "streams": [
                {
                    "stream": e.stream,
                    "read": "whole" if e.stream in self.whole else "what changed",
                    "rows": e.rows,
                    "calls": sum(e.calls.values()),
                }
                for e in self.streams
                if sum(e.calls.values())
            ],
        }


def estimate(
    connector: Connector, warehouse: Warehouse, *, objects: Iterable[str] = (), full: bool = False
) -> Estimated:
    """Counts what is there, or what changed since the last pull, for one call a stream; reads no row.

    The first pull's links are guessed from the rows they start from. Streams this user may not read cost nothing.
    """
    estimates: list[Estimate] = []
    whole: set[str] = set()
    rows: dict[str, int] = {}
    for stream in choose(connector, objects):
        state = warehouse.state(stream.name)
        try:
            changed = stream.mode != "links" and connector.definition(stream.name) != state.definition
            since = None if full or changed or state.watermark is None else state.watermark
            if stream.mode == "slow":
                # Read with the rows when all are read, else at intervals of its own.
                continue
            if stream.mode == "full" or since is None:
                whole.add(stream.name)
            start = None if since is None else since - (0 if stream.mode == "links" else OVERLAP_MS)
            one = connector.estimate(stream.name, since=start, rows=rows, known=warehouse)
        except AccessError as e:
            if not stream.optional and "invisible" not in e.details:
                raise
            continue
        rows[stream.name] = one.rows
        estimates.append(one)
    made = Estimated(estimates, frozenset(whole), 0.0)
    return Estimated(estimates, frozenset(whole), connector.seconds_for(made.calls) / 60)
