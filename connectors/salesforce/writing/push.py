"""Writing to Salesforce: collections of 200 below 2,000 records, one Bulk 2.0 job above, an outcome for each record."""

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from sales_consultant.config.errors import AccessError, CrmUnavailableError
from sales_consultant.config.fields.canon import Canonical
from sales_consultant.config.fields.catalogue import Field
from sales_consultant.connectors.base import Change, Outcome, OutcomeState, unique
from sales_consultant.connectors.halving import isolate
from sales_consultant.connectors.http import LostAnswerError
from sales_consultant.connectors.salesforce.api import (
    DUPLICATES,
    LOCKED_ROW,
    WRITING,
    SalesforceApi,
    SalesforceRefusalError,
)
from sales_consultant.connectors.salesforce.writing.bulk_ingest import Ingest, Remember
from sales_consultant.connectors.salesforce.writing.record_errors import outcome

# REST API Developer Guide, sObject Collections: records of a call.
COLLECTION = 200
# Salesforce advises Bulk for more records than this (Bulk API 2.0 Developer Guide).
BULK_FROM = 2000
# Rows of a job. A judgement: ten of Salesforce's own batches, far below 150 MB; after a kill so many are read back.
BULK_ROWS = 100_000
# Made, filled, set to work, once asked whether it is done, and its three lists.
JOB_CALLS = 7
# A parent that is being written is free again in seconds: only the rows that met it are sent anew, fewer at a time. The
# pauses and sizes are judgements (docs/decisions/writing-locks.md).
LOCK_ROUNDS: tuple[tuple[float, int], ...] = ((2.0, COLLECTION), (8.0, 25), (20.0, 10))
_JSON_TYPES = ("number", "percent", "money")
_COLUMN = re.compile(r"No such column '(\w+)'")


class Pusher:
    """Sends changes and tells each record's outcome."""

    def __init__(
        self,
        api: SalesforceApi,
        name: Callable[[str, str], str],
        sobject: Mapping[str, str],
        spell: Callable[[Field, Canonical], str | None],
        field: Callable[[str], Field],
        *,
        user: Callable[[], str],
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.api = api
        self.name = name
        self.sobject = sobject
        self.spell = spell
        self.field = field
        self.sleep = sleep
        self.ingest = Ingest(api, sobject, self._values, user, sleep=sleep, clock=clock)

    def push(self, changes: Sequence[Change], *, remember: Remember) -> Iterator[Outcome]:
        """One outcome a change. The caller gives one object a time, in parts of `batch_size`, sorted by parent."""
        mine = unique(changes)
        locked: list[Change] = []
        alike: list[Change] = []
        by_id = {c.record_id: c for c in mine}
        by_job = len(mine) > COLLECTION
        for result in self._bulk(mine, remember) if by_job else self._collection(mine):
            if result.code == LOCKED_ROW:
                locked.append(by_id[result.record_id])
            elif result.code == DUPLICATES and by_job:
                alike.append(by_id[result.record_id])
            else:
                yield result
        # Bulk knows no word for "an alert is no refusal"; a collection does, and a rule that blocks refuses there too.
        for start in range(0, len(alike), COLLECTION):
            yield from self._collection(alike[start : start + COLLECTION])
        yield from self._unlocked(locked)

    def _unlocked(self, locked: list[Change]) -> Iterator[Outcome]:
        """Rows whose parent was locked, again, alone and one call after the other."""
        for number, (pause, size) in enumerate(LOCK_ROUNDS):
            if not locked:
                return
            self.sleep(pause)
            last, left = number == len(LOCK_ROUNDS) - 1, []
            for start in range(0, len(locked), size):
                part = locked[start : start + size]
                by_id = {c.record_id: c for c in part}
                for result in self._collection(part):
                    if result.code == LOCKED_ROW and not last:
                        left.append(by_id[result.record_id])
                    else:
                        yield result
            locked = left

    def _bulk(self, changes: Sequence[Change], remember: Remember) -> Iterator[Outcome]:
        with_outcome: set[str] = set()
        try:
            for result in self.ingest.push(changes, remember):
                with_outcome.add(result.record_id)
                yield result
        except SalesforceRefusalError:
            # No Bulk for this user or no job left today: the slower way needs neither.
            rest = [c for c in changes if c.record_id not in with_outcome]
            for start in range(0, len(rest), COLLECTION):
                yield from self._collection(rest[start : start + COLLECTION])

    def resume(self, remembered: str, changes: Sequence[Change]) -> Iterator[Outcome]:
        """Outcomes of remembered jobs."""
        for result in self.ingest.resume(remembered, changes):
            # By a job it could not be told whether the rule only alerts: the next run asks by a collection.
            yield replace(result, state="retry") if result.code == DUPLICATES else result

    def _values(self, change: Change) -> dict[str, str | None]:
        return {self.name(change.object, k): self.spell(self.field(k), v) for k, v in change.values.items()}

    def _json(self, change: Change) -> dict[str, object]:
        values: dict[str, object] = {}
        for key, value in change.values.items():
            field = self.field(key)
            spelled = self.spell(field, value)
            as_number = field.type in _JSON_TYPES and spelled is not None
            values[self.name(change.object, key)] = float(spelled) if as_number and spelled else spelled
            if field.type == "bool":
                values[self.name(change.object, key)] = spelled == "true"
        return values

    def _send(self, changes: Sequence[Change]) -> list[Outcome]:
        records = [
            {"attributes": {"type": self.sobject[c.object]}, "id": c.record_id, **self._json(c)}
            for c in changes
        ]
        body = {"allOrNone": False, "records": records}
        try:
            answers = self.api.call("composite/sobjects", method="PATCH", body=body, headers=WRITING)
        except LostAnswerError:
            return [Outcome(c.object, c.record_id, "unknown", "no answer came") for c in changes]
        if len(answers) != len(changes):
            return [Outcome(c.object, c.record_id, "unknown", "the answer is not whole") for c in changes]
        outcomes = []
        # Results come in the order of the request, and say nothing of the id where a record failed.
        for change, answer in zip(changes, answers, strict=True):
            errors = answer.get("errors")
            if answer["success"] is True:
                outcomes.append(Outcome(change.object, change.record_id, "done"))
                continue
            if answer["success"] is not False and not errors:
                words = "the answer does not say whether it was taken"
                outcomes.append(Outcome(change.object, change.record_id, "unknown", words))
                continue
            error = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
            code = str(error.get("statusCode") or error.get("errorCode") or "ERROR")
            outcomes.append(outcome(change, code, str(error.get("message", ""))))
        return outcomes

    def _collection(self, changes: Sequence[Change]) -> Iterator[Outcome]:
        with_outcome: set[str] = set()
        try:
            for result in self._outcomes(changes):
                with_outcome.add(result.record_id)
                yield result
        except (AccessError, CrmUnavailableError) as e:
            state: OutcomeState = "unknown" if e.details.get("may_be_applied") else "retry"
            left = [c for c in changes if c.record_id not in with_outcome]
            yield from (Outcome(c.object, c.record_id, state, e.message) for c in left)
            raise

    def _outcomes(self, changes: Sequence[Change]) -> Iterator[Outcome]:
        try:
            yield from self._send(changes)
        except SalesforceRefusalError as e:
            column = _COLUMN.search(e.words)
            blamed = [c for c in changes if column and column[1] in self._values(c)]
            if blamed and len(changes) > 1:
                # A field that is not there, or hidden: so it is for every row that names it.
                yield from (outcome(c, e.error_code, e.words) for c in blamed)
                rest = [c for c in changes if c not in blamed]
                if rest:
                    yield from self._outcomes(rest)
                return
            yield from isolate(changes, e, send=self._send, dead=_dead, refusal=SalesforceRefusalError)


def _dead(change: Change, why: Exception) -> Outcome:
    assert isinstance(why, SalesforceRefusalError)
    return outcome(change, why.error_code, why.words)
