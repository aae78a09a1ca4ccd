"""Tasks in HubSpot: made with a property of ours that is unique, listed from their records, changed by id.

HubSpot keeps a property with `hasUniqueValue` unique on every object type, tasks included (developers.hubspot.com, Properties
and Tasks: batch upsert by `idProperty`): a second task with the same id of ours is refused with 409.
"""

import html
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sales_consultant.config.errors import AccessError, CrmUnavailableError, SalesConsultantError
from sales_consultant.config.fields.canon import Canonical
from sales_consultant.config.records import RecordRef
from sales_consultant.connectors.base import (
    BODY,
    CLOSED,
    DUE,
    OPEN,
    OWNER,
    PRIORITY,
    STATUS,
    SUBJECT,
    TASK_ID,
    TASK_ID_HELP,
    FieldInfo,
    Finding,
    ProvisionStep,
    Task,
    TaskBook,
    TaskOutcome,
    told,
)
from sales_consultant.connectors.http import LostAnswerError
from sales_consultant.connectors.hubspot.api import (
    TABLE,
    HubSpotApi,
    HubSpotRefusalError,
    Paths,
    batches,
    following,
    named,
)
from sales_consultant.connectors.hubspot.push import BATCH, readable
from sales_consultant.connectors.hubspot.setup import Provisioner

Json = dict[str, Any]
KIND = "tasks"
# HubSpot's own association types from a task (developers.hubspot.com, Associations: association type id values).
TYPES = {"contacts": 204, "companies": 192, "deals": 216}
# An hour of the day for a due date, in the portal's zone: HubSpot's tasks are due at a time. A judgement: people start work.
DUE_HOUR = 9
_PROPERTY = {
    SUBJECT: "hs_task_subject",
    BODY: "hs_task_body",
    DUE: "hs_timestamp",
    PRIORITY: "hs_task_priority",
    OWNER: "hubspot_owner_id",
    STATUS: "hs_task_status",
}
_NOT_STARTED, _COMPLETED = "NOT_STARTED", "COMPLETED"
_BREAKS, _TAGS = re.compile(r"<(br|/p|/div|/li)\b[^>]*>", re.IGNORECASE), re.compile(r"<[^>]*>")
_TAKEN = "CONFLICT"
_SCOPE = "crm.objects.contacts.write"
_WHERE = "HubSpot: Development > Keys > Service keys (or the app's Auth tab), add the scope {}."


class HubSpotTasks(TaskBook):
    """The tasks of one portal."""

    def __init__(
        self,
        api: HubSpotApi,
        paths: tuple[Paths, Paths],
        made: Provisioner,
        describe: Callable[[str], list[FieldInfo]],
        zone: Callable[[], str],
    ) -> None:
        self.api = api
        self.reading, self.writing = paths
        self.made = made
        self.describe = describe
        self.property = made.naming.hubspot(TASK_ID)
        self._zone = zone

    # -- whether ----------------------------------------------------------------------------------------------------

    def missing(self) -> str:
        """The property, or the scope: an empty batch changes nothing and tells a missing scope from a permitted call."""
        try:
            held = {f.name: f for f in self.describe(KIND)}
            if self.property not in held:
                return (
                    f"the property {self.property} does not exist on tasks; run: sales-consultant provision"
                )
            if held[self.property].group != self.made.naming.group:
                return f"the property {self.property} on tasks is somebody else's, not of our group"
            self.api.call("POST", self.writing.batch(KIND, "create"), body={"inputs": []})
        except AccessError as e:
            scopes = ", ".join(e.details.get("missing_scopes") or ())
            return f"missing scope {scopes}" if scopes else e.message
        except HubSpotRefusalError as e:
            return "" if e.status == 400 else e.message
        return ""

    def findings(self) -> list[Finding]:
        """Whether tasks can be made, with where to click."""
        try:
            why = self.missing()
        except SalesConsultantError as e:
            return [Finding("write tasks", "warning", e.message, e.action)]
        if not why:
            return [Finding("write tasks", "ok", f"permitted ({_SCOPE})")]
        if why.startswith("missing scope"):
            scope = why.removeprefix("missing scope ")
            text = f"{why}; next steps are written as fields only"
            return [Finding("write tasks", "missing", text, _WHERE.format(scope))]
        return [Finding("write tasks", "next", why, "Next: sales-consultant provision")]

    def provision(self, *, dry: bool) -> list[ProvisionStep]:
        """A property with unique values on tasks, in our group."""
        naming = self.made.naming
        body: Json = {
            "name": self.property,
            "label": f"{naming.label}: Task id",
            "type": "string",
            "fieldType": "text",
            "groupName": naming.group,
            "description": naming.described(TASK_ID_HELP),
            "formField": False,
            "hasUniqueValue": True,
        }
        return self.made.one(KIND, body, dry=dry)

    def remove(self, *, dry: bool, keep: bool) -> list[ProvisionStep]:
        """Archive the property, unless tasks are left that are known by it."""
        why = "tasks that people have touched are known by it" if keep else ""
        return self.made.remove_one(KIND, self.property, dry=dry, keep=why)

    # -- write ------------------------------------------------------------------------------------------------------

    def create(self, tasks: Sequence[Task]) -> Iterator[TaskOutcome]:
        """Batches of 100, each task with its link; one that HubSpot refuses as a double is looked up by our id."""
        for part in _parts(tasks):
            for outcome in self._write(part, "create", self._new):
                yield self._looked_up(outcome) if outcome.code == _TAKEN else outcome

    def change(self, tasks: Sequence[Task]) -> Iterator[TaskOutcome]:
        """Batches of 100 by HubSpot's ids."""
        for part in _parts(tasks):
            yield from self._write(
                part, "update", lambda t: {"id": t.crm_id, "properties": self._spelled(t.values)}
            )

    def archive(self, tasks: Sequence[Task]) -> Iterator[TaskOutcome]:
        """Archived tasks can be restored for 90 days; those that are not there are passed over."""
        for part in _parts(tasks):
            body = {"inputs": [{"id": t.crm_id} for t in part]}
            path = self.writing.batch(KIND, "archive")
            try:
                self.api.call("POST", path, body=body, kind="write", idempotent=False)
            except LostAnswerError:
                yield from (told(t, "unknown", "no answer came") for t in part)
            except HubSpotRefusalError as e:
                code, words = readable(e.body)
                yield from (told(t, "dead", words or code, code) for t in part)
            except (AccessError, CrmUnavailableError) as e:
                yield from _not_sent(part, e)
                raise
            else:
                yield from (told(t, "done") for t in part)

    def _new(self, task: Task) -> Json:
        assert task.about is not None, "a task that is made is about a record"
        link = {
            "associationCategory": "HUBSPOT_DEFINED",
            "associationTypeId": TYPES[_object_type(task.about.object)],
        }
        properties = {
            **self._spelled(task.values),
            "hs_task_type": "TODO",
            self.property: task.id,
        }
        return {
            "properties": properties,
            "associations": [{"to": {"id": task.about.record_id}, "types": [link]}],
        }

    def _write(self, tasks: Sequence[Task], verb: str, body: Callable[[Task], Json]) -> Iterator[TaskOutcome]:
        # The trace id lets an answer name the task whatever else it leaves out.
        inputs = [{**body(t), "objectWriteTraceId": t.id} for t in tasks]
        path = self.writing.batch(KIND, verb)
        try:
            answer = self.api.call("POST", path, body={"inputs": inputs}, kind="write", idempotent=False)[1]
        except LostAnswerError:
            yield from (told(t, "unknown", "no answer came") for t in tasks)
        except (AccessError, CrmUnavailableError) as e:
            yield from _not_sent(tasks, e)
            raise
        except HubSpotRefusalError as e:
            if not e.rule.content and e.status != 409:
                # About the call, not about what was sent.
                yield from (told(t, "retry", e.message) for t in tasks)
                raise
            if len(tasks) > 1:
                # One of them spoils the batch: there are few, so each is sent by itself.
                for task in tasks:
                    yield from self._write([task], verb, body)
                return
            code, words = readable(e.body)
            yield self._refused(tasks[0], code, words)
        else:
            yield from self._answered(tasks, verb, answer)

    def _answered(self, tasks: Sequence[Task], verb: str, answer: Json) -> Iterator[TaskOutcome]:
        ids = {str((r.get("properties") or {}).get(self.property)): str(r["id"]) for r in answer["results"]}
        done = {str(r["id"]) for r in answer["results"]}
        errors = [e for e in answer.get("errors") or () if isinstance(e, dict)]
        refused = {i: readable(e) for e in errors for i in named(e)}
        for task in tasks:
            if verb == "create" and task.id in ids:
                yield told(task, "done", crm_id=ids[task.id])
            elif verb != "create" and task.crm_id in done:
                yield told(task, "done")
            elif found := refused.get(task.id) or refused.get(task.crm_id):
                yield self._refused(task, *found)
            else:
                yield told(task, "unknown", "HubSpot's answer says nothing of it")

    @staticmethod
    def _refused(task: Task, code: str, words: str) -> TaskOutcome:
        if code == _TAKEN:
            return told(task, "unknown", words, code)
        if code == "OBJECT_NOT_FOUND" and task.crm_id:
            return told(task, "left", "the task is not there any more", code)
        return told(task, TABLE.record(code, words).state, words or code, code)

    def _looked_up(self, outcome: TaskOutcome) -> TaskOutcome:
        """The task that a double was refused for: it is there, so nothing is made."""
        task = Task(outcome.record_id)
        rows = batches.read(
            self.api,
            self.reading.batch(KIND, "read"),
            [{"id": task.id}],
            id_of=lambda r: str((r.get("properties") or {}).get(self.property)),
            idProperty=self.property,
            properties=[self.property],
        )
        if not rows:
            return told(task, "dead", "HubSpot says that the task is there, and does not show it", _TAKEN)
        return told(task, "done", "it was there already", crm_id=str(rows[0]["id"]))

    def _spelled(self, values: Mapping[str, Canonical]) -> Json:
        return {_PROPERTY[k]: self._spell(k, v) for k, v in values.items()}

    def _spell(self, key: str, value: Canonical) -> str:
        if value is None:
            return ""
        if key == BODY:
            # The body is HTML: a customer's text must stay text.
            return html.escape(value, quote=False).replace("\n", "<br>")
        if key == DUE:
            day = datetime.fromisoformat(value)
            return (
                datetime(day.year, day.month, day.day, DUE_HOUR, tzinfo=self._tz())
                .astimezone(UTC)
                .isoformat()
            ).replace("+00:00", "Z")
        if key == PRIORITY:
            return value.upper()
        if key == STATUS:
            return _NOT_STARTED if value == OPEN else _COMPLETED
        return value

    def _tz(self) -> ZoneInfo:
        try:
            return ZoneInfo(self._zone())
        except (ZoneInfoNotFoundError, ValueError):
            return ZoneInfo("UTC")

    # -- read -------------------------------------------------------------------------------------------------------

    def of(self, records: Sequence[RecordRef]) -> Iterator[Task]:
        """The links of the records, then the tasks by id."""
        by_type: dict[str, dict[str, RecordRef]] = {}
        for r in records:
            by_type.setdefault(_object_type(r.object), {})[r.record_id] = r
        for object_type, mine in sorted(by_type.items()):
            about = self._linked(object_type, mine)
            for task in self.read(sorted(about)):
                yield Task(task.id, task.crm_id, about[task.crm_id], task.values)

    def _linked(self, object_type: str, records: Mapping[str, RecordRef]) -> dict[str, RecordRef]:
        """Record by HubSpot's id of each task that is linked to it."""
        path = self.reading.associations(object_type, KIND)
        inputs: list[Json] = [{"id": i} for i in sorted(records)]
        found: dict[str, RecordRef] = {}
        while inputs:
            rows = batches.read(
                self.api, path, inputs[:BATCH], id_of=lambda r: str(r["from"]["id"]), kind="links"
            )
            for row in rows:
                record = records[str(row["from"]["id"])]
                found |= {str(to["toObjectId"]): record for to in row["to"] if "toObjectId" in to}
            # Paging is a record's own: only those with more links are asked again.
            inputs = [
                {"id": str(r["from"]["id"]), "after": following(r)} for r in rows if following(r)
            ] + inputs[BATCH:]
        return found

    def read(self, crm_ids: Sequence[str]) -> Iterator[Task]:
        """By HubSpot's ids, which does not depend on the search index; tasks without an id of ours are passed over."""
        for start in range(0, len(crm_ids), BATCH):
            rows = batches.read(
                self.api,
                self.reading.batch(KIND, "read"),
                [{"id": i} for i in crm_ids[start : start + BATCH]],
                id_of=lambda r: str(r["id"]),
                properties=[self.property, *_PROPERTY.values()],
            )
            for row in rows:
                held = row.get("properties") or {}
                if held.get(self.property) and not row.get("archived"):
                    values = {k: self._parse(k, held.get(n)) for k, n in _PROPERTY.items()}
                    yield Task(str(held[self.property]), str(row["id"]), None, values)

    def _parse(self, key: str, given: Any) -> Canonical:
        text = "" if given is None else str(given)
        if key == BODY:
            return html.unescape(_TAGS.sub("", _BREAKS.sub("\n", text))).strip() or None
        if key == DUE and text:
            return self._day(text)
        if key == PRIORITY:
            return text.lower() if text != "NONE" and text else None
        if key == STATUS:
            return {_NOT_STARTED: OPEN, _COMPLETED: CLOSED}.get(text, text.lower())
        return text or None

    def _day(self, text: str) -> Canonical:
        try:
            at = (
                datetime.fromtimestamp(int(text) / 1000, UTC)
                if text.isdigit()
                else datetime.fromisoformat(text)
            )
            return at.astimezone(self._tz()).date().isoformat()
        except (ValueError, OverflowError, OSError):
            # What cannot be read stands for itself, as a foreign edit.
            return text


def _object_type(object: str) -> str:
    """A lead is a contact here."""
    return "contacts" if object == "leads" else object


def _parts(tasks: Sequence[Task]) -> Iterator[Sequence[Task]]:
    for start in range(0, len(tasks), BATCH):
        yield tasks[start : start + BATCH]


def _not_sent(tasks: Sequence[Task], error: SalesConsultantError) -> Iterator[TaskOutcome]:
    state = "unknown" if error.details.get("may_be_applied") else "retry"
    yield from (told(t, state, error.message) for t in tasks)
