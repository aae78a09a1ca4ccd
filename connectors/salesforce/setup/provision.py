"""Our fields in Salesforce: custom fields by Tooling, made once, only ever added to, never taken over.

A field that the API makes is invisible to everyone, admins too, until a permission set grants it: see
`permissions`. Fields of a package (a namespace in the settings) are looked up and never made.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sales_consultant.config.errors import AccessError, SalesConsultantError
from sales_consultant.config.fields.catalogue import Field
from sales_consultant.config.fields.naming import Naming
from sales_consultant.config.language.texts import cut, units
from sales_consultant.connectors.base import ProvisionStep
from sales_consultant.connectors.salesforce.api import SalesforceApi, SalesforceRefusalError, quoted
from sales_consultant.connectors.salesforce.reading import WRITTEN

Json = dict[str, Any]
_KINDS = {
    "number": "Number",
    "percent": "Percent",
    "money": "Currency",
    "text": "Text",
    "long_text": "LongTextArea",
    "date": "Date",
    "datetime": "DateTime",
    "enumeration": "Picklist",
    "bool": "Checkbox",
}
# Custom fields an object may have, by edition (as documented); asked of the org first, which knows better.
_SLOTS = {
    "Starter": 25,
    "Team": 100,
    "Professional": 100,
    "Essentials": 100,
    "Enterprise": 500,
    "Developer": 500,
    "Unlimited": 800,
    "Performance": 800,
}
# What Salesforce takes of a field's label and help text, in UTF-16 units.
_LABEL, _HELP = 40, 510
# Salesforce has two codes for a right that is missing.
_NO_RIGHT = ("INSUFFICIENT_ACCESS_OR_READONLY", "INSUFFICIENT_ACCESS")


@dataclass(frozen=True)
class HeldField:
    """A custom field that is there: its Tooling id and its metadata."""

    id: str
    metadata: Json

    @property
    def kind(self) -> str:
        """Its type in the Metadata API's words."""
        return str(self.metadata.get("type", ""))


def metadata(field: Field, naming: Naming) -> Json:
    """The field's definition as the Tooling API takes it."""
    kind = _KINDS[field.type]
    body: Json = {
        "label": cut(f"{naming.prefix.upper()} {naming.title(field)}", _LABEL),
        "type": kind,
        "description": naming.description(field),
        "inlineHelpText": cut(naming.helped(field.help), _HELP),
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
        # 18 digits are all that a number of Salesforce has.
        body |= {"precision": 18, "scale": 2}
    elif kind == "Text":
        body["length"] = field.length
    elif kind == "LongTextArea":
        # 256 is the least length that Salesforce takes; the reasons of a score are four lines.
        body |= {"length": max(256, field.length), "visibleLines": 4}
    elif kind == "Checkbox":
        body["defaultValue"] = "false"
    elif kind == "Picklist":
        values = [{"fullName": o, "label": naming.option(field, o), "default": False} for o in field.options]
        body["valueSet"] = {"restricted": True, "valueSetDefinition": {"sorted": False, "value": values}}
    return body


class Fields:
    """Makes custom fields."""

    def __init__(self, api: SalesforceApi, naming: Naming) -> None:
        self.api = api
        self.naming = naming

    def held(self, sobject: str) -> dict[str, str]:
        """Tooling ids of the custom fields of an object that are the org's own, or of our package, by bare name."""
        rows = self.api.tooling(
            f"SELECT Id, DeveloperName, NamespacePrefix FROM CustomField WHERE TableEnumOrId = {quoted(sobject)}"
        )
        # Another package's field of the same name is another field.
        mine = self.naming.namespace.lower()
        return {
            str(r["DeveloperName"]).lower(): str(r["Id"])
            for r in rows
            if str(r.get("NamespacePrefix") or "").lower() == mine
        }

    def look(self, field_id: str) -> HeldField:
        """A field with its metadata."""
        found = self.api.call(f"tooling/sobjects/CustomField/{field_id}")
        return HeldField(field_id, found.get("Metadata") or {})

    def bare(self, key: str) -> str:
        """The name that Tooling knows a field by: without namespace and suffix, lower case."""
        name = self.naming.salesforce(key).removesuffix("__c")
        return name.removeprefix(f"{self.naming.namespace}__").lower()

    def ours(self, held: HeldField, field: Field) -> bool:
        """Whether we made a field, or an admin named it, or the package that brings it."""
        chosen = field.key in self.naming.names or bool(self.naming.namespace)
        return chosen or self.naming.is_ours(held.metadata.get("description"))

    def make(
        self, fields: Mapping[str, Sequence[Field]], *, dry: bool
    ) -> tuple[list[ProvisionStep], dict[str, list[Field]]]:
        """One step a field, and the fields by object that are there or would be."""
        steps: list[ProvisionStep] = []
        made: dict[str, list[Field]] = {}
        for obj, chosen in fields.items():
            existing = self.held(WRITTEN[obj])
            new = sum(self.bare(f.key) not in existing for f in chosen)
            free = None if self.naming.namespace else self.free_slots(WRITTEN[obj], len(existing))
            if free is not None and new > free:
                words = f"{new} fields are to be made and {free} more are allowed; free some, or choose a smaller [write] set"
                steps.append(ProvisionStep("slots", obj, f"{free} free", "refused", words))
                continue
            for field in chosen:
                step = self._field(obj, field, existing, dry)
                steps.append(step)
                if step.state != "refused":
                    made.setdefault(obj, []).append(field)
        return steps, made

    def free_slots(self, sobject: str, used: int) -> int | None:
        """How many custom fields an object may still get, by the org's own word or by its edition; None if not known."""
        try:
            rows = self.api.tooling(
                "SELECT Type, Max, Remaining FROM EntityLimit WHERE "
                f"EntityDefinition.QualifiedApiName = {quoted(sobject)} AND Type = 'CustomFields'"
            )
            if rows:
                return int(rows[0]["Remaining"])
        except SalesConsultantError:
            pass
        try:
            edition = str(self.api.query("SELECT OrganizationType FROM Organization")[0]["OrganizationType"])
        except (SalesConsultantError, LookupError):
            return None
        most = _SLOTS.get(edition.split(" ")[0])
        return None if most is None else max(0, most - used)

    def _field(self, obj: str, field: Field, held: Mapping[str, str], dry: bool) -> ProvisionStep:
        name = self.naming.salesforce(field.key)
        full = f"{WRITTEN[obj]}.{name}"
        field_id = held.get(self.bare(field.key))
        if field_id is not None:
            return self._existing(obj, field, full, self.look(field_id), dry)
        if self.naming.namespace:
            words = f"the package {self.naming.namespace} does not bring it"
            return ProvisionStep("field", obj, full, "refused", words)
        if dry:
            return ProvisionStep("field", obj, full, "would create")
        try:
            body = {"FullName": full, "Metadata": metadata(field, self.naming)}
            self.api.call("tooling/sobjects/CustomField", method="POST", body=body)
        except SalesforceRefusalError as e:
            if e.error_code in _NO_RIGHT:
                raise _no_right(full) from e
            if e.error_code != "DUPLICATE_DEVELOPER_NAME":
                return ProvisionStep("field", obj, full, "refused", e.words)
        return ProvisionStep("field", obj, full, "created")

    def _existing(self, obj: str, field: Field, full: str, held: HeldField, dry: bool) -> ProvisionStep:
        wanted = metadata(field, self.naming)
        if not self.ours(held, field) or held.kind != wanted["type"]:
            text = (
                f'somebody else made a field "{full.partition(".")[2]}" of type {held.kind}; '
                f'choose another name under [write] names, as {field.key} = "other_name"'
            )
            return ProvisionStep("field", obj, full, "refused", text)
        changes: Json = {}
        words: list[str] = []
        if not self.naming.namespace and field.key not in self.naming.names:
            changes, words = self._shown(field, held)
        known_values = changes.get("valueSet") or held.metadata.get("valueSet") or {}
        definition = known_values.get("valueSetDefinition")
        if definition is not None and "valueSet" in wanted:
            known = {v["fullName"] for v in definition.get("value") or ()}
            new = [v for v in wanted["valueSet"]["valueSetDefinition"]["value"] if v["fullName"] not in known]
            if new:
                # Only added to: a value that somebody still uses is never taken away.
                values = [*(definition.get("value") or ()), *new]
                changes["valueSet"] = {
                    **known_values,
                    "valueSetDefinition": {**definition, "value": values},
                }
                words += [f"adds {v['fullName']}" for v in new]
        said = held.metadata.get("description")
        same = self.naming.without_note(said) == wanted["description"]
        if self.naming.is_ours(said) and not same and not self.naming.namespace:
            changes |= {n: wanted[n] for n in ("description", "inlineHelpText")}
            words.append("says what it means now")
        if not changes:
            return ProvisionStep("field", obj, full, "exists")
        if not dry:
            body = {"FullName": full, "Metadata": {**held.metadata, **changes}}
            self.api.call(f"tooling/sobjects/CustomField/{held.id}", method="PATCH", body=body)
        state = "would change" if dry else "changed"
        return ProvisionStep("field", obj, full, state, ", ".join(words))  # type: ignore[arg-type]  # a literal, told by the branch above

    def _shown(self, field: Field, held: HeldField) -> tuple[Json, list[str]]:
        """Labels that we gave before, in whatever language, brought up to date; formats are the field's type here."""
        changes: Json = {}
        words: list[str] = []
        prefix = self.naming.prefix.upper()
        former = [cut(f"{prefix} {title}", _LABEL) for title in self.naming.titles_before(field)]
        if held.metadata.get("label") in former and "label" not in field.settled:
            changes["label"] = cut(f"{prefix} {self.naming.title(field)}", _LABEL)
            words.append("its label")
        held_set = held.metadata.get("valueSet") or {}
        values = list((held_set.get("valueSetDefinition") or {}).get("value") or ())
        labelled = values if "options" in field.settled else [self._relabelled(field, v) for v in values]
        there = {str(v.get("fullName")) for v in values}
        missing = [o for o in field.options if o not in there] if values else []
        if labelled != values or missing:
            added = [
                {"fullName": o, "label": self.naming.option(field, o), "default": False} for o in missing
            ]
            definition = {**held_set["valueSetDefinition"], "value": [*labelled, *added]}
            changes["valueSet"] = {**held_set, "valueSetDefinition": definition}
            words += [
                f"labels {n['fullName']} {n['label']}"
                for o, n in zip(values, labelled, strict=True)
                if o != n
            ]
            words += [f"adds {o}" for o in missing]
        return changes, words

    def _relabelled(self, field: Field, value: Json) -> Json:
        name = str(value.get("fullName"))
        if value.get("label") in self.naming.options_before(field, name):
            return {**value, "label": self.naming.option(field, name)}
        return value

    def note(self, sobject: str, field: Field, text: str) -> str:
        """Put a note into a field's description and help text; what the description says then.

        What an admin wrote is left as it is, and a package's field too. Two calls to look, one to write: the Tooling API
        takes a field's metadata only whole.
        """
        field_id = None if self.naming.namespace else self.held(sobject).get(self.bare(field.key))
        if field_id is None:
            return ""
        definition = self.look(field_id).metadata
        said, helps = str(definition.get("description") or ""), str(definition.get("inlineHelpText") or "")
        wanted = self.naming.description(field, text)
        if not self.naming.is_ours(said) or said == wanted:
            return said
        changes = {"description": wanted}
        if self.naming.without_note(helps) == cut(self.naming.helped(field.help), _HELP):
            noted = self.naming.helped(field.help, text)
            changes["inlineHelpText"] = noted if units(noted) <= _HELP else helps
        body = {
            "FullName": f"{sobject}.{self.naming.salesforce(field.key)}",
            "Metadata": {**definition, **changes},
        }
        self.api.call(f"tooling/sobjects/CustomField/{field_id}", method="PATCH", body=body)
        return wanted

    def remove(self, obj: str, field: Field, held: Mapping[str, str], *, dry: bool) -> ProvisionStep | None:
        """Take a field of ours away; None where there is none."""
        full = f"{WRITTEN[obj]}.{self.naming.salesforce(field.key)}"
        field_id = held.get(self.bare(field.key))
        if field_id is None:
            return None
        if self.naming.namespace or not self.naming.is_ours(self.look(field_id).metadata.get("description")):
            return ProvisionStep("field", obj, full, "left", "somebody else made it, or changed it")
        if dry:
            return ProvisionStep("field", obj, full, "would remove")
        try:
            self.api.call(f"tooling/sobjects/CustomField/{field_id}", method="DELETE")
        except SalesforceRefusalError as e:
            if e.error_code in _NO_RIGHT:
                raise _no_right(full) from e
            return ProvisionStep("field", obj, full, "refused", e.words)
        return ProvisionStep(
            "field", obj, full, "removed", "restorable for 15 days in Setup > Deleted Fields"
        )


def _no_right(full: str) -> AccessError:
    return AccessError(
        f"The user may not make or remove the field {full}.",
        action="Give the run-as user Customize Application (Setup > Permission Sets), then run again.",
    )
