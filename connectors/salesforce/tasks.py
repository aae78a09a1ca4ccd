"""Tasks in Salesforce: made with a unique custom field of Activity, listed by what they are about, changed by id.

Tasks and events share the custom fields of Activity, where a text field may be External ID and unique (Metadata API Developer
Guide, CustomField; seen in the metadata of several orgs): a second task with our id is refused with DUPLICATE_VALUE.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sales_consultant.config.clock import HOUR_MS
from sales_consultant.config.errors import AccessError, CrmUnavailableError, SalesConsultantError
from sales_consultant.config.fields.canon import Canonical
from sales_consultant.config.records import RecordRef
from sales_consultant.connectors.base import (
    BODY,
    DUE,
    OWNER,
    PRIORITY,
    STATUS,
    SUBJECT,
    TASK_ID,
    Finding,
    ProvisionStep,
    Task,
    TaskBook,
    TaskOutcome,
    told,
)
from sales_consultant.connectors.http import LostAnswerError, safe_text
from sales_consultant.connectors.salesforce.api import (
    TABLE,
    WRITING,
    SalesforceApi,
    SalesforceRefusalError,
    quoted,
)
from sales_consultant.connectors.salesforce.setup import TaskField
from sales_consultant.connectors.salesforce.task_words import TaskWords
from sales_consultant.connectors.salesforce.writing import COLLECTION

Json = dict[str, Any]
_FIELD = {
    SUBJECT: "Subject",
    BODY: "Description",
    DUE: "ActivityDate",
    PRIORITY: "Priority",
    OWNER: "OwnerId",
    STATUS: "Status",
}
# An account's or an opportunity's id is what a task is about, a contact's or a lead's who it is about.
_WHO = ("003", "00Q")
_USER = "005"
# Ids of a query: with 27 letters each they fit into an address.
_ASKED = 200
_GONE = ("ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY", "NOT_FOUND")
_TAKEN = "DUPLICATE_VALUE"
# Where nothing refuses a double and nobody tells which transactions are open: Salesforce ends one after ten minutes.
_LONGEST_MS = HOUR_MS // 6


class SalesforceTasks(TaskBook):
    """The tasks of one org."""

    def __init__(
        self,
        api: SalesforceApi,
        made: TaskField,
        covered: Callable[[], int | None],
        latest: Callable[[], int],
    ) -> None:
        self.api = api
        self.made = made
        self.field = made.naming.salesforce(TASK_ID)
        self._covered = covered
        self._latest = latest
        self._told: TaskWords | None = None

    @property
    def _words(self) -> TaskWords:
        """What this org calls statuses and priorities, asked for once."""
        if self._told is None:
            self._told = TaskWords.of(self.api)
        return self._told

    # -- whether ----------------------------------------------------------------------------------------------------

    def _described(self) -> tuple[Json, Json | None]:
        """Task as this user sees it, and the field of our id."""
        found = self.api.call("sobjects/Task/describe", kind="definition")
        mine = (f for f in found["fields"] if str(f.get("name")).lower() == self.field.lower())
        return found, next(mine, None)

    def missing(self) -> str:
        """The field with its rights, and the right to make tasks."""
        try:
            task, field = self._described()
        except SalesforceRefusalError as e:
            return "this user may not see tasks" if e.status == 404 else e.message
        if task.get("createable") is False or task.get("updateable") is False:
            return "this user may not make tasks: Edit Tasks is missing"
        if field is None:
            return f"Task.{self.field} does not exist or is hidden; run: sales-consultant provision"
        if field.get("updateable") is not True:
            return f"Task.{self.field} may be read but not edited by this user"
        return ""

    def findings(self) -> list[Finding]:
        """Whether tasks can be made, with where to click."""
        try:
            why = self.missing()
        except SalesConsultantError as e:
            return [Finding("write tasks", "warning", e.message, e.action)]
        if not why:
            return [Finding("write tasks", "ok", "permitted (Edit Tasks)")]
        if "provision" in why:
            return [Finding("write tasks", "next", why, "Next: sales-consultant provision")]
        where = "Setup > Permission Sets > (the run-as user's set) > System Permissions: Edit Tasks."
        return [Finding("write tasks", "missing", f"{why}; next steps are written as fields only", where)]

    def may_own(self, owner: str) -> bool:
        """A user; a lead may be a queue's, which works on no task."""
        return owner.startswith(_USER)

    def provision(self, *, dry: bool) -> list[ProvisionStep]:
        """The field on Activity, with its grants."""
        return self.made.make(dry=dry)

    def remove(self, *, dry: bool, keep: bool) -> list[ProvisionStep]:
        """The field, unless tasks are left that are known by it."""
        return self.made.remove(dry=dry, keep=keep)

    def shows_since(self, sent_at: int) -> bool:
        """At once where our id is unique; else when no transaction is open any more that began before."""
        field = self._described()[1]
        if field is not None and field.get("unique") is True:
            return True
        covered = self._covered()
        return covered > sent_at if covered is not None else self._latest() > sent_at + _LONGEST_MS

    # -- write ------------------------------------------------------------------------------------------------------

    def create(self, tasks: Sequence[Task]) -> Iterator[TaskOutcome]:
        """Collections of 200; one that is refused as a double is looked up by our id."""
        for outcome in self._write("POST", tasks, self._new):
            yield self._looked_up(outcome) if outcome.code == _TAKEN else outcome

    def change(self, tasks: Sequence[Task]) -> Iterator[TaskOutcome]:
        """Collections of 200 by Salesforce's ids."""
        yield from self._write("PATCH", tasks, lambda t: {"id": t.crm_id, **self._spelled(t.values)})

    def archive(self, tasks: Sequence[Task]) -> Iterator[TaskOutcome]:
        """Into the recycle bin."""
        for outcome in self._write("DELETE", tasks, lambda t: {"id": t.crm_id}):
            task = Task(outcome.record_id, outcome.crm_id)
            yield told(task, "done", "it was gone") if outcome.state == "left" else outcome

    def _new(self, task: Task) -> Json:
        assert task.about is not None, "a task that is made is about a record"
        record_id = task.about.record_id
        link = "WhoId" if record_id.startswith(_WHO) else "WhatId"
        return {**self._spelled(task.values), self.field: task.id, link: record_id}

    def _write(
        self, method: str, tasks: Sequence[Task], body: Callable[[Task], Json]
    ) -> Iterator[TaskOutcome]:
        for start in range(0, len(tasks), COLLECTION):
            part = tasks[start : start + COLLECTION]
            try:
                yield from self._send(method, part, body)
            except LostAnswerError:
                yield from (told(t, "unknown", "no answer came") for t in part)
            except (AccessError, CrmUnavailableError) as e:
                state = "unknown" if e.details.get("may_be_applied") else "retry"
                yield from (told(t, state, e.message) for t in part)
                raise
            except SalesforceRefusalError as e:
                if len(part) == 1 or not e.rule.content:
                    yield from (_refused(t, e.error_code, e.words) for t in part)
                    continue
                # One of them spoils the call: there are few, so each is sent by itself.
                for task in part:
                    yield from self._write(method, [task], body)

    def _send(
        self, method: str, tasks: Sequence[Task], body: Callable[[Task], Json]
    ) -> Iterator[TaskOutcome]:
        if method == "DELETE":
            params = {"ids": ",".join(t.crm_id for t in tasks), "allOrNone": "false"}
            answers = self.api.call("composite/sobjects", method=method, params=params)
        else:
            records = [{"attributes": {"type": "Task"}, **body(t)} for t in tasks]
            sent = {"allOrNone": False, "records": records}
            answers = self.api.call("composite/sobjects", method=method, body=sent, headers=WRITING)
        if not isinstance(answers, list) or len(answers) != len(tasks):
            yield from (told(t, "unknown", "the answer is not whole") for t in tasks)
            return
        # Results come in the order of the request, and say nothing of the id where a record failed.
        for task, answer in zip(tasks, answers, strict=True):
            errors = answer.get("errors")
            if answer["success"] is True:
                yield told(task, "done", crm_id=str(answer.get("id") or task.crm_id))
                continue
            if answer["success"] is not False and not errors:
                yield told(task, "unknown", "the answer does not say whether it was taken")
                continue
            error = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
            code = str(error.get("statusCode") or error.get("errorCode") or "ERROR")
            yield _refused(task, code, str(error.get("message") or ""))

    def _looked_up(self, outcome: TaskOutcome) -> TaskOutcome:
        """The task that a double was refused for: it is there, so nothing is made."""
        task = Task(outcome.record_id)
        rows = self.api.query(f"SELECT Id FROM Task WHERE {self.field} = {quoted(task.id)}")
        if not rows:
            return told(task, "dead", outcome.message, outcome.code)
        return told(task, "done", "it was there already", crm_id=str(rows[0]["Id"]))

    def _spelled(self, values: Mapping[str, Canonical]) -> Json:
        return {_FIELD[k]: self._spell(k, v) for k, v in values.items()}

    def _spell(self, key: str, value: Canonical) -> str | None:
        if key == PRIORITY:
            return self._words.priority(value)
        return self._words.status(value) if key == STATUS else value

    # -- read -------------------------------------------------------------------------------------------------------

    def of(self, records: Sequence[RecordRef]) -> Iterator[Task]:
        """By what they are about: a query reads the records themselves and no index."""
        about = {r.record_id: r for r in records}
        for link in ("WhatId", "WhoId"):
            ids = sorted(i for i in about if i.startswith(_WHO) is (link == "WhoId"))
            for row in self._rows(link, ids, f"{link}, "):
                task = self._task(row)
                yield Task(task.id, task.crm_id, about[str(row[link])], task.values)

    def read(self, crm_ids: Sequence[str]) -> Iterator[Task]:
        """By Salesforce's ids."""
        yield from (self._task(row) for row in self._rows("Id", crm_ids))

    def _rows(self, by: str, ids: Sequence[str], also: str = "") -> Iterator[Json]:
        selected = f"Id, {also}{self.field}, {', '.join(_FIELD.values())}"
        for start in range(0, len(ids), _ASKED):
            listed = ", ".join(quoted(i) for i in ids[start : start + _ASKED])
            for row in self.api.query(f"SELECT {selected} FROM Task WHERE {by} IN ({listed})"):
                if row.get(self.field):
                    yield row

    def _task(self, row: Json) -> Task:
        values = {k: self._parse(k, row.get(n)) for k, n in _FIELD.items()}
        return Task(str(row[self.field]), str(row["Id"]), None, values)

    def _parse(self, key: str, given: Any) -> Canonical:
        text = "" if given is None else str(given)
        if key == PRIORITY:
            return self._words.priority_of(text)
        return self._words.status_of(text) if key == STATUS else text or None


def _refused(task: Task, code: str, words: str) -> TaskOutcome:
    if code == _TAKEN:
        return told(task, "unknown", safe_text(words), code)
    if code in _GONE and task.crm_id:
        return told(task, "left", "the task is not there any more", code)
    rule = TABLE.record(code, words)
    return told(task, rule.state, safe_text(words) or rule.what, code)
