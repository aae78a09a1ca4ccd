"""Our fields in Salesforce: custom fields by Tooling, two permission sets, assigned and verified by describing.

A field that the API makes is invisible to everyone, admins too, until a permission set grants it (facts, section 1).
So a field and its permissions are one thing here: the writer (read and edit, for the user this connection runs as) and
the reader (read; edit only on what people fill in), which the admin assigns to the reps.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sales_consultant.config.catalogue import GROUP_LABEL, Field
from sales_consultant.config.errors import AccessError
from sales_consultant.connectors.base import ProvisionStep
from sales_consultant.connectors.salesforce.client import SalesforceApi, SalesforceRefusalError, quoted
from sales_consultant.connectors.salesforce.schema import WRITTEN

Json = dict[str, Any]
_KINDS = {
    "number": ("Number", "double"),
    "percent": ("Percent", "percent"),
    "money": ("Currency", "currency"),
    "text": ("Text", "string"),
    "long_text": ("LongTextArea", "textarea"),
    "date": ("Date", "date"),
    "datetime": ("DateTime", "datetime"),
    "enumeration": ("Picklist", "picklist"),
    "bool": ("Checkbox", "boolean"),
}


def metadata(field: Field) -> Json:
    """The field's definition as the Tooling API takes it."""
    writer = (
        "Filled in by people."
        if field.people_write
        else "Written by Sales Consultant; edits are overwritten."
    )
    kind = _KINDS[field.type][0]
    body: Json = {
        "label": f"SC {field.label}"[:40],
        "type": kind,
        "description": f"{field.help} {writer}",
        "inlineHelpText": field.help,
        "required": False,
        "trackHistory": False,
        "externalId": False,
    }
    if kind == "Number":
        body |= {"precision": field.digits + field.scale, "scale": field.scale}
    elif kind == "Percent":
        # A probability of .6124 is shown as 61.24 %: two digits of the four are before the point.
        body |= {"precision": 5, "scale": 2}
    elif kind == "Currency":
        body |= {"precision": 18, "scale": 2}
    elif kind == "Text":
        body["length"] = field.length
    elif kind == "LongTextArea":
        body |= {"length": max(256, field.length), "visibleLines": 4}
    elif kind == "Checkbox":
        body["defaultValue"] = "false"
    elif kind == "Picklist":
        values = [{"fullName": o, "label": field.option_label(o), "default": False} for o in field.options]
        body["valueSet"] = {"restricted": True, "valueSetDefinition": {"sorted": False, "value": values}}
    return body


class Provisioner:
    """Makes fields and permission sets."""

    def __init__(
        self,
        api: SalesforceApi,
        name: Callable[[str, str], str],
        prefix: str,
        user: Callable[[], str],
        chosen: frozenset[str] = frozenset(),
    ) -> None:
        self.api = api
        self.name = name
        self.prefix = prefix
        self.user = user
        # Fields whose name an admin chose: an existing field of that name is meant.
        self.chosen = chosen

    def provision(self, fields: Mapping[str, Sequence[Field]], *, dry: bool) -> list[ProvisionStep]:
        """One step a field, a permission set, a grant; running it again changes nothing."""
        steps: list[ProvisionStep] = []
        made: dict[str, list[Field]] = {}
        for obj, chosen in fields.items():
            held = self._existing(WRITTEN[obj])
            for field in chosen:
                step = self._field(obj, field, held, dry)
                steps.append(step)
                if step.state != "refused":
                    made.setdefault(obj, []).append(field)
        for role in ("writer", "reader"):
            steps += self._permissions(role, made, dry)
        return steps

    def _existing(self, sobject: str) -> dict[str, str]:
        rows = self.api.tooling(
            f"SELECT Id, DeveloperName, NamespacePrefix FROM CustomField WHERE TableEnumOrId = {quoted(sobject)}"
        )
        # A package's field of the same name is another field.
        return {str(r["DeveloperName"]).lower(): str(r["Id"]) for r in rows if not r.get("NamespacePrefix")}

    def _field(self, obj: str, field: Field, held: Mapping[str, str], dry: bool) -> ProvisionStep:
        sobject, name = WRITTEN[obj], self.name(obj, field.key)
        full = f"{sobject}.{name}"
        field_id = held.get(name.removesuffix("__c").lower())
        if field_id is not None:
            found = self.api.call(f"tooling/sobjects/CustomField/{field_id}")
            held_as = found.get("Metadata") or {}
            kind = str(held_as.get("type", ""))
            ours = metadata(field)["description"] == held_as.get("description") or field.key in self.chosen
            if not ours or kind != _KINDS[field.type][0]:
                text = f'somebody else made a field "{name}" of type {kind}; choose another name under [write] names'
                return ProvisionStep("field", obj, full, "refused", text)
            return ProvisionStep("field", obj, full, "exists")
        if dry:
            return ProvisionStep("field", obj, full, "would create")
        try:
            body = {"FullName": full, "Metadata": metadata(field)}
            self.api.call("tooling/sobjects/CustomField", method="POST", body=body)
        except SalesforceRefusalError as e:
            if e.error_code in ("INSUFFICIENT_ACCESS_OR_READONLY", "INSUFFICIENT_ACCESS"):
                raise AccessError(
                    f"The user may not make the field {full}.",
                    action="Give the run-as user Customize Application, then run again.",
                ) from e
            if e.error_code != "DUPLICATE_DEVELOPER_NAME":
                return ProvisionStep("field", obj, full, "refused", e.words)
        return ProvisionStep("field", obj, full, "created")

    def _permissions(self, role: str, made: Mapping[str, Sequence[Field]], dry: bool) -> list[ProvisionStep]:
        name = f"{self.prefix.upper()}_Sales_Consultant_{role.capitalize()}"
        rows = self.api.query(f"SELECT Id FROM PermissionSet WHERE Name = {quoted(name)}")
        if dry:
            state = "exists" if rows else "would create"
            return [ProvisionStep("permission set", "", name, state)]  # type: ignore[arg-type]
        if rows:
            set_id, steps = str(rows[0]["Id"]), [ProvisionStep("permission set", "", name, "exists")]
        else:
            body = {"Name": name, "Label": f"{GROUP_LABEL} {role}"}
            set_id = str(self.api.call("sobjects/PermissionSet", method="POST", body=body)["id"])
            steps = [ProvisionStep("permission set", "", name, "created")]
        steps += self._grants(role, set_id, name, made)
        if role == "writer":
            steps.append(self._assign(set_id, name))
        else:
            steps.append(
                ProvisionStep(
                    "assignment",
                    "",
                    name,
                    "exists",
                    "assign it to the reps: Setup > Permission Sets > Manage",
                )
            )
        return steps

    def _grants(
        self, role: str, set_id: str, name: str, made: Mapping[str, Sequence[Field]]
    ) -> list[ProvisionStep]:
        rows = self.api.query(
            f"SELECT Field, PermissionsRead, PermissionsEdit FROM FieldPermissions WHERE ParentId = {quoted(set_id)}"
        )
        held = {str(r["Field"]): bool(r["PermissionsEdit"]) for r in rows}
        steps = []
        for obj, chosen in made.items():
            granted = 0
            for field in chosen:
                full = f"{WRITTEN[obj]}.{self.name(obj, field.key)}"
                edit = role == "writer" or field.people_write
                if full in held:
                    continue
                body = {
                    "ParentId": set_id,
                    "SobjectType": WRITTEN[obj],
                    "Field": full,
                    "PermissionsRead": True,
                    "PermissionsEdit": edit,
                }
                self.api.call("sobjects/FieldPermissions", method="POST", body=body)
                granted += 1
            state = "created" if granted else "exists"
            steps.append(ProvisionStep("permissions", obj, name, state, f"{granted} fields granted"))  # type: ignore[arg-type]
        return steps

    def _assign(self, set_id: str, name: str) -> ProvisionStep:
        user = self.user()
        rows = self.api.query(
            "SELECT Id FROM PermissionSetAssignment WHERE "
            f"AssigneeId = {quoted(user)} AND PermissionSetId = {quoted(set_id)}"
        )
        if rows:
            return ProvisionStep("assignment", "", name, "exists")
        body = {"AssigneeId": user, "PermissionSetId": set_id}
        self.api.call("sobjects/PermissionSetAssignment", method="POST", body=body)
        return ProvisionStep("assignment", "", name, "created", "to the user this connection runs as")
