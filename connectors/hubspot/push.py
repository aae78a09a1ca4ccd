"""Writing to HubSpot: the largest batches, one outcome a record, and no answer taken for another's.

HubSpot may refuse a whole batch for one record, answer 207 with errors by id or by trace id, or drop a merged-away id
without a word (measured). What was sent is compared with what came back, and only that counts.
"""

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import orjson

from sales_consultant.config.errors import AccessError, CrmUnavailableError
from sales_consultant.config.fields.canon import Canonical
from sales_consultant.config.fields.catalogue import by_key
from sales_consultant.connectors.base import Change, Outcome, OutcomeState, unique
from sales_consultant.connectors.halving import isolate
from sales_consultant.connectors.http import LostAnswerError, safe_text
from sales_consultant.connectors.hubspot.api import TABLE, HubSpotApi, HubSpotRefusalError, Paths, named

# As HubSpot documents it: inputs of a batch (developers.hubspot.com, CRM objects).
BATCH = 100
# Of a message whose rest is a list of reasons. HubSpot's own words, told by users and documented nowhere.
_PREFIX = "Property values were not valid: "

Json = dict[str, Any]


def reasons(error: Mapping[str, Any]) -> list[Json]:
    """The list of reasons in a message about property values; empty where the message is of another kind."""
    message = str(error.get("message", ""))
    if not message.startswith(_PREFIX):
        return []
    text = message.removeprefix(_PREFIX)
    try:
        listed = orjson.loads(text)
    except orjson.JSONDecodeError:
        # The form of the list is nowhere promised: one with single quotes is read as well.
        try:
            listed = ast.literal_eval(text)
        except (ValueError, SyntaxError):
            return []
    return [r for r in listed if isinstance(r, dict)] if isinstance(listed, list) else []


def readable(error: Mapping[str, Any]) -> tuple[str, str]:
    """Code and words of one error, with the property that HubSpot names in its list of reasons."""
    code = str(error.get("category") or error.get("status") or "ERROR")
    message = str(error.get("message", ""))
    found = reasons(error)
    if found:
        code = str(found[0].get("error", code))
        message = "; ".join(f"{r.get('name')}: {r.get('message')}" for r in found)
    return code, safe_text(message)


def _errors(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = body.get("errors")
    return [e for e in found if isinstance(e, dict)] if isinstance(found, list) else []


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
        by_type: dict[tuple[str, int], list[Change]] = {}
        seen: dict[tuple[str, str], int] = {}
        for change in unique(changes):
            object_type = "contacts" if change.object == "leads" else change.object
            # A lead and its contact are one record here: two changes of it must not meet in one batch.
            times = seen[object_type, change.record_id] = seen.get((object_type, change.record_id), 0) + 1
            by_type.setdefault((object_type, times), []).append(change)
        for (object_type, _), mine in by_type.items():
            for start in range(0, len(mine), BATCH):
                yield from self._batch(object_type, mine[start : start + BATCH])

    def _input(self, change: Change) -> Json:
        values = {self.name(k): spelled(by_key(k).key, v) for k, v in change.values.items()}
        # The trace id lets an answer name the record whatever else it leaves out.
        return {"id": change.record_id, "objectWriteTraceId": change.record_id, "properties": values}

    def _batch(self, object_type: str, changes: Sequence[Change]) -> Iterator[Outcome]:
        try:
            yield from self._send(object_type, changes)
        except LostAnswerError:
            yield from (Outcome(c.object, c.record_id, "unknown", "no answer came") for c in changes)
        except (AccessError, CrmUnavailableError) as e:
            state: OutcomeState = "unknown" if e.details.get("may_be_applied") else "retry"
            yield from (Outcome(c.object, c.record_id, state, e.message) for c in changes)
            raise
        except HubSpotRefusalError as e:
            if not e.rule.content:
                # About the call, not about what was sent: it would come for every part of it.
                yield from (Outcome(c.object, c.record_id, "retry", e.message) for c in changes)
                raise
            yield from self._refused(object_type, changes, e)

    def _send(self, object_type: str, changes: Sequence[Change]) -> list[Outcome]:
        body = {"inputs": [self._input(c) for c in changes]}
        _, answer = self.api.call(
            "POST", self.paths.batch(object_type, "update"), body=body, kind="write", idempotent=False
        )
        return self._answered(object_type, changes, answer)

    def _answered(self, object_type: str, changes: Sequence[Change], answer: Json) -> list[Outcome]:
        done = {str(r["id"]) for r in answer["results"]}
        refused: dict[str, tuple[str, str]] = {}
        nameless: list[Mapping[str, Any]] = []
        for error in _errors(answer):
            ids = named(error)
            refused |= dict.fromkeys(ids, readable(error))
            if not ids:
                nameless.append(error)
        outcomes, left = [], []
        for change in changes:
            if change.record_id in done:
                outcomes.append(Outcome(change.object, change.record_id, "done"))
            elif change.record_id in refused:
                outcomes.append(_inside(change, *refused[change.record_id]))
            else:
                left.append(change)
        if left:
            try:
                outcomes += self._left_out(object_type, left, nameless)
            except (AccessError, CrmUnavailableError) as e:
                # The batch was answered: what it did to these is not known, and must not be taken for not sent.
                outcomes += [Outcome(c.object, c.record_id, "unknown", e.message) for c in left]
        return outcomes

    def _refused(
        self, object_type: str, changes: Sequence[Change], error: HubSpotRefusalError
    ) -> Iterator[Outcome]:
        """A whole batch was refused: leave out the records that it names, else halve until the bad ones are found."""
        code, message = readable(error.body)
        ids = {c.record_id for c in changes}
        blamed = {i: readable(e) for e in _errors(error.body) for i in named(e) if i in ids}
        # Reasons that hold for every record with that property: no call can tell more.
        hopeless = {
            str(r.get("name"))
            for r in reasons(error.body)
            if TABLE.record(str(r.get("error")), str(r.get("message"))).every
        }
        if hopeless:
            blamed |= {
                c.record_id: (code, message)
                for c in changes
                if any(self.name(k) in hopeless for k in c.values)
            }
        if len(changes) == 1:
            yield _dead(changes[0], code, message)
        elif blamed:
            yield from (_dead(c, *blamed[c.record_id]) for c in changes if c.record_id in blamed)
            rest = [c for c in changes if c.record_id not in blamed]
            if rest:
                yield from self._batch(object_type, rest)
        else:
            yield from self._isolated(object_type, changes, error)

    def _isolated(
        self, object_type: str, changes: Sequence[Change], error: HubSpotRefusalError
    ) -> Iterator[Outcome]:
        with_outcome: set[str] = set()

        def send(part: Sequence[Change]) -> list[Outcome]:
            try:
                return self._send(object_type, part)
            except LostAnswerError:
                return [Outcome(c.object, c.record_id, "unknown", "no answer came") for c in part]

        def dead(change: Change, why: Exception) -> Outcome:
            body = why.body if isinstance(why, HubSpotRefusalError) else {}
            return _dead(change, *readable(body))

        try:
            for outcome in isolate(changes, error, send=send, dead=dead, refusal=HubSpotRefusalError):
                with_outcome.add(outcome.record_id)
                yield outcome
        except (AccessError, CrmUnavailableError) as e:
            # Which part was on its way is not told here: what has no outcome yet is read back.
            state: OutcomeState = "unknown" if e.details.get("may_be_applied") else "retry"
            yield from (
                Outcome(c.object, c.record_id, state, e.message)
                for c in changes
                if c.record_id not in with_outcome
            )
            raise

    def _left_out(
        self, object_type: str, changes: Sequence[Change], nameless: Sequence[Mapping[str, Any]]
    ) -> list[Outcome]:
        """Records that an answer says nothing of: gone, merged away, or refused without a name."""
        body = {"inputs": [{"id": c.record_id} for c in changes], "properties": ["hs_merged_object_ids"]}
        rows = self.api.post(self.paths.batch(object_type, "read"), body)["results"]
        alive = {str(r["id"]) for r in rows if not r.get("archived")}
        heirs = {
            old: str(r["id"])
            for r in rows
            for old in str((r.get("properties") or {}).get("hs_merged_object_ids") or "").split(";")
            if old
        }
        outcomes = []
        for change in changes:
            if change.record_id in alive:
                if nameless and len(changes) == 1:
                    outcomes.append(_inside(change, *readable(nameless[0])))
                else:
                    outcomes.append(self._single(object_type, change))
            elif change.record_id in heirs:
                # Writing through the old id would change the record it was merged into, which has values of its own.
                words = f"merged into {heirs[change.record_id]}, which is scored on its own"
                outcomes.append(_dead(change, "MERGED", words))
            else:
                outcomes.append(self._gone(object_type, change))
        return outcomes

    def _gone(self, object_type: str, change: Change) -> Outcome:
        """Why a record is not there: only reading it alone is promised to give the record that it was merged into."""
        path = f"{self.paths.objects(object_type)}/{change.record_id}"
        try:
            _, answer = self.api.call("GET", path, query={"properties": "hs_object_id"})
        except HubSpotRefusalError as e:
            code, message = readable(e.body)
            return _dead(change, code, message or "the record does not exist any more")
        other = str(answer.get("id"))
        if other == change.record_id:
            return Outcome(change.object, change.record_id, "unknown", "HubSpot left it out of its answer")
        return _dead(change, "MERGED", f"merged into {other}, which is scored on its own")

    def _single(self, object_type: str, change: Change) -> Outcome:
        """One live record on its own, which HubSpot answers for by name."""
        path = f"{self.paths.objects(object_type)}/{change.record_id}"
        values = self._input(change)["properties"]
        try:
            _, answer = self.api.call(
                "PATCH", path, body={"properties": values}, kind="write", idempotent=False
            )
        except LostAnswerError:
            return Outcome(change.object, change.record_id, "unknown", "no answer came")
        except HubSpotRefusalError as e:
            return _dead(change, *readable(e.body))
        if str(answer.get("id")) == change.record_id:
            return Outcome(change.object, change.record_id, "done")
        return Outcome(change.object, change.record_id, "unknown", "HubSpot answered for another record")


def _dead(change: Change, code: str, message: str) -> Outcome:
    """A refusal in HubSpot's words."""
    return Outcome(change.object, change.record_id, "dead", message or code, code)


def _inside(change: Change, code: str, message: str) -> Outcome:
    """A record's error inside an answer that was given: one that passes by itself is tried again."""
    state = TABLE.record(code, message).state
    return Outcome(change.object, change.record_id, state, message or code, code)
