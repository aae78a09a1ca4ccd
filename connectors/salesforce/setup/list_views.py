"""What is made on request: a list view by the UI API, a report by the Analytics API, each for an object's own records.

Both are documented and were never tried on a live org: a refusal is a line that says what to do by hand, not an error.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sales_consultant.config.errors import AccessError
from sales_consultant.config.fields.catalogue import FIELDS, Field
from sales_consultant.config.fields.naming import Naming
from sales_consultant.connectors.base import ProvisionStep
from sales_consultant.connectors.salesforce.api import SalesforceApi, SalesforceRefusalError, quoted
from sales_consultant.connectors.salesforce.reading import WRITTEN

Json = dict[str, Any]
# A judgement: 20 records are about what a rep works through in a day.
LABEL = "My 20 records to work"
ROWS = 20
_SHOWN = ("score", "grade", "top_reason", "next_step", "next_step_due")
# Columns that say which record it is: in a list view, and in the object's standard report type.
_COLUMNS: Mapping[str, tuple[tuple[str, ...], str, tuple[str, ...]]] = {
    "Contact": (("Name", "Account.Name"), "ContactList", ("FULL_NAME", "ACCOUNT.NAME")),
    "Lead": (("Name", "Company"), "LeadList", ("FULL_NAME", "COMPANY")),
    "Account": (("Name",), "AccountList", ("ACCOUNT.NAME",)),
    "Opportunity": (
        ("Name", "Account.Name", "StageName", "CloseDate"),
        "Opportunity",
        ("OPPORTUNITY_NAME", "ACCOUNT_NAME", "STAGE_NAME", "CLOSE_DATE"),
    ),
}


class Extras:
    """List views and reports."""

    def __init__(self, api: SalesforceApi, naming: Naming, seen: Callable[[str], set[str]]) -> None:
        self.api = api
        self.naming = naming
        # The fields of an object that this user sees: a column that nobody sees is refused.
        self.seen = seen

    @property
    def name(self) -> str:
        """The API name of list views and, with the object's name after it, of reports."""
        return f"{self.naming.prefix.upper()}_My_Records_To_Work"

    def make(self, fields: Mapping[str, Sequence[Field]], *, dry: bool) -> list[ProvisionStep]:
        """One list view and one report an object."""
        steps = []
        for obj, chosen in fields.items():
            sobject, keys = WRITTEN[obj], {f.key for f in chosen}
            shown = [self.naming.salesforce(k) for k in _SHOWN if k in keys]
            shown = [n for n in shown if dry or n in self.seen(obj)]
            if self.naming.salesforce("score") not in shown:
                steps.append(ProvisionStep("list view", obj, LABEL, "refused", "the score is not there yet"))
                continue
            steps += [self._list_view(obj, sobject, shown, dry), self._report(obj, sobject, shown, dry)]
        return steps

    def _made(self, step: tuple[str, str, str], dry: bool, body: Json, path: str) -> ProvisionStep:
        kind, obj, name = step
        if dry:
            return ProvisionStep(kind, obj, name, "would create")
        try:
            self.api.call(path, method="POST", body=body)
        except (SalesforceRefusalError, AccessError) as e:
            return ProvisionStep(kind, obj, name, "left", f"{e.message} Make it by hand: see the guide.")
        return ProvisionStep(kind, obj, name, "created", LABEL)

    def _list_view(self, obj: str, sobject: str, shown: Sequence[str], dry: bool) -> ProvisionStep:
        path = f"ui-api/list-info/{sobject}"
        if self.api.call(f"{path}/{self.name}", accept_missing=True):
            return ProvisionStep("list view", obj, self.name, "exists")
        filters: list[Json] = []
        if self.naming.salesforce("grade") in shown:
            grade = self.naming.salesforce("grade")
            filters.append({"fieldApiName": grade, "operator": "Equals", "operandLabels": ["A", "B"]})
        closed = {"Opportunity": "IsClosed", "Lead": "IsConverted"}.get(sobject)
        if closed:
            filters.append({"fieldApiName": closed, "operator": "Equals", "operandLabels": ["False"]})
        body: Json = {
            "listViewApiName": self.name,
            "label": LABEL,
            "displayColumns": [*_COLUMNS[sobject][0], *shown],
            "filteredByInfo": filters,
            "scope": {"apiName": "mine"},
            "visibility": "Public",
        }
        return self._made(("list view", obj, self.name), dry, body, path)

    def _report_id(self, sobject: str) -> str | None:
        try:
            name = quoted(f"{self.name}_{sobject}")
            rows = self.api.query(f"SELECT Id FROM Report WHERE DeveloperName = {name}")
        except (SalesforceRefusalError, AccessError):
            return None
        return str(rows[0]["Id"]) if rows else None

    def _report(self, obj: str, sobject: str, shown: Sequence[str], dry: bool) -> ProvisionStep:
        name = f"{self.name}_{sobject}"
        if self._report_id(sobject):
            return ProvisionStep("report", obj, name, "exists")
        _, kind, columns = _COLUMNS[sobject]
        score = f"{sobject}.{self.naming.salesforce('score')}"
        body = {
            "reportMetadata": {
                "name": LABEL,
                "developerName": name,
                "reportType": {"type": kind},
                "reportFormat": "TABULAR",
                "scope": "user",
                "detailColumns": [*columns, *(f"{sobject}.{n}" for n in shown)],
                "sortBy": [{"sortColumn": score, "sortOrder": "Desc"}],
                "topRows": {"rowLimit": ROWS, "direction": "Desc"},
            }
        }
        return self._made(("report", obj, name), dry, body, "analytics/reports")

    def remove(self, objects: Sequence[str], *, dry: bool) -> list[ProvisionStep]:
        """Delete the list views and reports that are there."""
        steps = []
        for obj in objects:
            sobject = WRITTEN[obj]
            path = f"ui-api/list-info/{sobject}/{self.name}"
            if self.api.call(path, accept_missing=True):
                steps.append(self._gone(("list view", obj, self.name), path, dry))
            report = self._report_id(sobject)
            if report:
                path = f"analytics/reports/{report}"
                steps.append(self._gone(("report", obj, f"{self.name}_{sobject}"), path, dry))
        return steps

    def _gone(self, step: tuple[str, str, str], path: str, dry: bool) -> ProvisionStep:
        kind, obj, name = step
        if dry:
            return ProvisionStep(kind, obj, name, "would remove")
        try:
            self.api.call(path, method="DELETE")
        except (SalesforceRefusalError, AccessError) as e:
            return ProvisionStep(kind, obj, name, "refused", e.message)
        return ProvisionStep(kind, obj, name, "removed")


def _named(naming: Naming) -> str:
    return " and ".join(f'"{naming.prefix.upper()} {naming.title(f)}"' for f in FIELDS if f.internal)


def guide(naming: Naming, reader: str) -> list[str]:
    """What Salesforce's API can only do by replacing an admin's whole layout, and so is left to their hands."""
    prefix = naming.prefix.upper()
    return [
        (
            f"Show the fields on the record: Setup > Object Manager > (Contact, Lead, Account, Opportunity) > Page Layouts > "
            f'(each layout): drag the fields that begin with "{prefix}" into a section "{naming.label}", but for '
            f"{_named(naming)}, which only programs read. Where the record page uses Dynamic Forms: Edit Page > add a Field "
            "Section instead."
        ),
        f'Let reps see them: Setup > Permission Sets > "{naming.label} reader" ({reader}) > Manage Assignments.',
        f'Lists: sales-consultant provision --list-view makes "{LABEL}"; open it once, sort by Score and pin it.',
    ]
