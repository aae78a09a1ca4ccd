"""The field on Activity that holds our id of a task: made by Tooling, granted by our permission sets."""

from typing import Any

from sales_consultant.config.fields.naming import Naming
from sales_consultant.connectors.base import TASK_ID, TASK_ID_HELP, TASK_ID_LENGTH, ProvisionStep
from sales_consultant.connectors.salesforce.api import SalesforceApi, SalesforceRefusalError
from sales_consultant.connectors.salesforce.setup.permissions import ROLES, Permissions
from sales_consultant.connectors.salesforce.setup.provision import Fields

# Tasks and events have their custom fields in common; rights to them are granted on Task.
ACTIVITY, TASK = "Activity", "Task"


class TaskField:
    """Makes and takes away the field."""

    def __init__(self, api: SalesforceApi, naming: Naming, fields: Fields, permissions: Permissions) -> None:
        self.api = api
        self.naming = naming
        self.fields = fields
        self.permissions = permissions

    @property
    def name(self) -> str:
        """As SC_Task_Id__c."""
        return self.naming.salesforce(TASK_ID)

    def make(self, *, dry: bool) -> list[ProvisionStep]:
        """The field, then the grants of both permission sets."""
        full = f"{ACTIVITY}.{self.name}"
        held = self.fields.held(ACTIVITY).get(self.fields.bare(TASK_ID))
        if held is not None:
            found = self.fields.look(held)
            if not self.naming.namespace and not self.naming.is_ours(found.metadata.get("description")):
                words = (
                    f'somebody else made a field "{self.name}"; choose another prefix under [write] prefix'
                )
                return [ProvisionStep("field", TASK, full, "refused", words)]
            return [ProvisionStep("field", TASK, full, "exists"), *self._grant(dry=dry)]
        if self.naming.namespace:
            words = f"the package {self.naming.namespace} does not bring it"
            return [ProvisionStep("field", TASK, full, "refused", words)]
        if dry:
            return [ProvisionStep("field", TASK, full, "would create")]
        try:
            body = {"FullName": full, "Metadata": self._metadata()}
            self.api.call("tooling/sobjects/CustomField", method="POST", body=body)
        except SalesforceRefusalError as e:
            if e.error_code != "DUPLICATE_DEVELOPER_NAME":
                return [ProvisionStep("field", TASK, full, "refused", e.words)]
        return [ProvisionStep("field", TASK, full, "created"), *self._grant(dry=dry)]

    def _metadata(self) -> dict[str, Any]:
        return {
            "label": f"{self.naming.prefix.upper()} Task id",
            "type": "Text",
            "length": TASK_ID_LENGTH,
            "description": self.naming.described(TASK_ID_HELP),
            "inlineHelpText": self.naming.helped(TASK_ID_HELP),
            "required": False,
            "externalId": True,
            "unique": True,
            "caseSensitive": True,
        }

    def _grant(self, *, dry: bool) -> list[ProvisionStep]:
        """Read and edit for the writer, read for the reader: a field that the API makes is hidden from everyone."""
        steps = []
        for role in ROLES:
            name, set_id = self.permissions.name(role), self.permissions.id(role)
            if set_id is None or dry:
                continue
            body = {
                "ParentId": set_id,
                "SobjectType": TASK,
                "Field": f"{TASK}.{self.name}",
                "PermissionsRead": True,
                "PermissionsEdit": role == "writer",
            }
            try:
                self.api.call("sobjects/FieldPermissions", method="POST", body=body)
                steps.append(ProvisionStep("permissions", TASK, name, "created", "1 field granted"))
            except SalesforceRefusalError as e:
                state = "exists" if e.error_code == "DUPLICATE_VALUE" else "refused"
                words = "" if state == "exists" else e.words
                steps.append(ProvisionStep("permissions", TASK, name, state, words))  # type: ignore[arg-type]  # literals
        return steps

    def remove(self, *, dry: bool, keep: bool) -> list[ProvisionStep]:
        """The field goes with its values and grants; not while tasks are known by it."""
        full = f"{ACTIVITY}.{self.name}"
        field_id = self.fields.held(ACTIVITY).get(self.fields.bare(TASK_ID))
        if field_id is None:
            return []
        if keep:
            words = "tasks that people have touched are known by it"
            return [ProvisionStep("field", TASK, full, "left", words)]
        if self.naming.namespace or not self.naming.is_ours(
            self.fields.look(field_id).metadata.get("description")
        ):
            return [ProvisionStep("field", TASK, full, "left", "somebody else made it, or changed it")]
        if dry:
            return [ProvisionStep("field", TASK, full, "would remove")]
        try:
            self.api.call(f"tooling/sobjects/CustomField/{field_id}", method="DELETE")
        except SalesforceRefusalError as e:
            return [ProvisionStep("field", TASK, full, "refused", e.words)]
        words = "restorable for 15 days in Setup > Deleted Fields"
        return [ProvisionStep("field", TASK, full, "removed", words)]
