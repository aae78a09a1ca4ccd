"""Writing to HubSpot: the largest batches, one outcome a record, and no answer taken for another's.

HubSpot may refuse a whole batch for one record, answer 207 with errors by id or by trace id, or drop a merged-away id
without a word (facts, section 7). What was sent is compared with what came back, and only that counts.
"""

import ast
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import orjson

from sales_consultant.config.canon import Canonical
from sales_consultant.config.catalogue import by_key
from sales_consultant.config.errors import AccessError, CrmUnavailableError
from sales_consultant.connectors.base import Change, Outcome, OutcomeState, unique
from sales_consultant.connectors.http import LostAnswerError, safe_text
from sales_consultant.connectors.hubspot.client import HubSpotApi, HubSpotRefusalError
from sales_consultant.connectors.hubspot.paths import Paths

BATCH = 100
_PREFIX = "Property values were not valid: "
_DIGITS = re.compile(r"\d+")

Json = dict[str, Any]


def readable(error: Mapping[str, Any]) -> tuple[str, str]:
    """Code and words of one error, with the property that HubSpot names in its list of reasons."""
    code = str(error.get("category") or error.get("status") or "ERROR")
    message = str(error.get("message", ""))
    if message.startswith(_PREFIX):
        try:
            reasons = orjson.loads(message.removeprefix(_PREFIX))
        except orjson.JSONDecodeError:
            try:
                reasons = ast.literal_eval(message.removeprefix(_PREFIX))
            except (ValueError, SyntaxError):
                reasons = []
        if isinstance(reasons, list) and reasons and isinstance(reasons[0], dict):
            code = str(reasons[0].get("error", code))
            message = "; ".join(
                f"{r.get('name')}: {r.get('message')}" for r in reasons if isinstance(r, dict)
            )
    return code, safe_text(message)


def spelled(key: str, value: Canonical) -> str:
    """A canonical value as HubSpot takes it; empty text clears a property."""
    return "" if value is None else value


class Pusher:
    """Sends changes in batches and tells each record's outcome."""

    def __init__(self, api: HubSpotApi, paths: Paths, name: Callable[[str], str]) -> None:
        self.api = api
        self.paths = paths
        self.name = name

    def push(self, changes: Sequence[Change]) -> Iterator[Outcome]:
        """One outcome a change, batch by batch.

        Raises AccessError and CrmUnavailableError for what concerns the run; outcomes not yielded by then are unknown
        only if their batch was sent.
        """
        by_type: dict[str, list[Change]] = {}
        for change in unique(changes):
            by_type.setdefault("contacts" if change.object == "leads" else change.object, []).append(change)
        for object_type, mine in by_type.items():
            for start in range(0, len(mine), BATCH):
                yield from self._batch(object_type, mine[start : start + BATCH])

    def _input(self, change: Change) -> Json:
        values = {self.name(k): spelled(by_key(k).key, v) for k, v in change.values.items()}
        # The trace id lets an answer name the record whatever else it leaves out.
        return {"id": change.record_id, "objectWriteTraceId": change.record_id, "properties": values}

    def _batch(self, object_type: str, changes: Sequence[Change]) -> Iterator[Outcome]:
        body = {"inputs": [self._input(c) for c in changes]}
        try:
            _, answer = self.api.call(
                "POST", self.paths.batch(object_type, "update"), body=body, kind="write", idempotent=False
            )
        except LostAnswerError:
            yield from (Outcome(c.object, c.record_id, "unknown", "no answer came") for c in changes)
            return
        except (AccessError, CrmUnavailableError) as e:
            state: OutcomeState = "unknown" if e.details.get("may_be_applied") else "retry"
            yield from (Outcome(c.object, c.record_id, state, e.message) for c in changes)
            raise
        except HubSpotRefusalError as e:
            yield from self._refused(object_type, changes, e)
            return
        yield from self._answered(object_type, changes, answer)

    def _answered(self, object_type: str, changes: Sequence[Change], answer: Json) -> Iterator[Outcome]:
        done = {str(r["id"]) for r in answer.get("results", ())}
        refused: dict[str, tuple[str, str]] = {}
        for error in answer.get("errors", ()):
            for record_id in _named(error):
                refused[record_id] = readable(error)
        for change in changes:
            if change.record_id in done:
                yield Outcome(change.object, change.record_id, "done")
            elif change.record_id in refused:
                code, message = refused[change.record_id]
                yield Outcome(change.object, change.record_id, "dead", message, code)
            else:
                yield self._single(object_type, change)

    def _refused(
        self, object_type: str, changes: Sequence[Change], error: HubSpotRefusalError
    ) -> Iterator[Outcome]:
        """A whole batch was refused: leave out the records that the errors name, else halve until the bad one is found."""
        if len(changes) == 1:
            code, message = readable(error.body)
            yield Outcome(changes[0].object, changes[0].record_id, "dead", message, code)
            return
        ids = {c.record_id for c in changes}
        blamed = {i: readable(e) for e in error.body.get("errors") or () for i in _named(e) if i in ids}
        if blamed and len(blamed) < len(changes):
            for change in changes:
                if change.record_id in blamed:
                    code, message = blamed[change.record_id]
                    yield Outcome(change.object, change.record_id, "dead", message, code)
            yield from self._batch(object_type, [c for c in changes if c.record_id not in blamed])
            return
        middle = len(changes) // 2
        yield from self._batch(object_type, changes[:middle])
        yield from self._batch(object_type, changes[middle:])

    def _single(self, object_type: str, change: Change) -> Outcome:
        """One record on its own: HubSpot dropped it from a batch, which it does with ids that were merged away."""
        path = f"{self.paths.objects(object_type)}/{change.record_id}"
        try:
            _, answer = self.api.call("GET", path, query={"properties": "hs_object_id"})
        except HubSpotRefusalError as e:
            code, message = readable(e.body)
            return Outcome(
                change.object, change.record_id, "dead", message or "the record does not exist", code
            )
        other = str(answer.get("id"))
        if other != change.record_id:
            # Writing through the old id would change the record it was merged into, which has values of its own.
            return Outcome(change.object, change.record_id, "dead", f"merged into {other}", "MERGED")
        return Outcome(change.object, change.record_id, "unknown", "HubSpot left it out of its answer")


def _named(error: Mapping[str, Any]) -> list[str]:
    """The records an error is about, by id or by trace id."""
    context = error.get("context") or {}
    found: list[str] = []
    for key in ("ids", "id", "objectWriteTraceId"):
        value = context.get(key) or []
        found += [str(v) for v in (value if isinstance(value, list) else [value])]
    return found
