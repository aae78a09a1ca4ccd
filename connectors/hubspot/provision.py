"""Our properties in HubSpot: made once, only ever added to, never taken over from somebody else."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sales_consultant.config.catalogue import GROUP, GROUP_LABEL, Field, FieldType
from sales_consultant.config.errors import AccessError
from sales_consultant.connectors.base import ProvisionStep
from sales_consultant.connectors.hubspot.client import HubSpotApi, HubSpotRefusalError
from sales_consultant.connectors.hubspot.paths import Paths

_TYPES: dict[FieldType, tuple[str, str]] = {
    "number": ("number", "number"),
    "percent": ("number", "number"),
    "money": ("number", "number"),
    "text": ("string", "text"),
    "long_text": ("string", "textarea"),
    "date": ("date", "date"),
    "datetime": ("datetime", "date"),
    "enumeration": ("enumeration", "select"),
    "bool": ("bool", "booleancheckbox"),
}
Json = dict[str, Any]


def definition(field: Field, name: str) -> Json:
    """The property as HubSpot takes it."""
    kind, field_type = _TYPES[field.type]
    writer = (
        "Filled in by people."
        if field.people_write
        else "Written by Sales Consultant; edits are overwritten."
    )
    body: Json = {
        "name": name,
        "label": f"{GROUP_LABEL}: {field.label}",
        "type": kind,
        "fieldType": field_type,
        "groupName": GROUP,
        "description": f"{field.help} {writer}",
        "formField": False,
        "hasUniqueValue": False,
    }
    if field.type == "enumeration":
        body["options"] = [
            {"label": field.option_label(o), "value": o, "displayOrder": i, "hidden": False}
            for i, o in enumerate(field.options)
        ]
    if field.type == "bool":
        body["options"] = [
            {"label": "Yes", "value": "true", "displayOrder": 0, "hidden": False},
            {"label": "No", "value": "false", "displayOrder": 1, "hidden": False},
        ]
    return body


class Provisioner:
    """Makes the group and the properties of each object."""

    def __init__(
        self, api: HubSpotApi, paths: Paths, name: Callable[[str], str], chosen: frozenset[str] = frozenset()
    ) -> None:
        self.api = api
        self.paths = paths
        self.name = name
        # Fields whose name an admin chose: an existing property of that name is meant.
        self.chosen = chosen

    def provision(self, fields: Mapping[str, Sequence[Field]], *, dry: bool) -> list[ProvisionStep]:
        """One step a group and a property; running it again changes nothing."""
        wanted: dict[str, dict[str, Field]] = {}
        for obj, chosen in fields.items():
            wanted.setdefault("contacts" if obj == "leads" else obj, {}).update({f.key: f for f in chosen})
        steps: list[ProvisionStep] = []
        for object_type, chosen_fields in wanted.items():
            steps.append(self._group(object_type, dry))
            existing = {p["name"]: p for p in self.api.get(self.paths.properties(object_type))["results"]}
            steps += [self._property(object_type, f, existing, dry) for f in chosen_fields.values()]
        return steps

    def _group(self, object_type: str, dry: bool) -> ProvisionStep:
        try:
            self.api.get(self.paths.groups(object_type, GROUP))
            return ProvisionStep("group", object_type, GROUP, "exists")
        except HubSpotRefusalError as e:
            if e.status != 404:
                raise
        if not dry:
            self._create(
                self.paths.groups(object_type),
                {"name": GROUP, "label": GROUP_LABEL, "displayOrder": -1},
                object_type,
            )
        return ProvisionStep("group", object_type, GROUP, "would create" if dry else "created")

    def _property(
        self, object_type: str, field: Field, existing: Mapping[str, Json], dry: bool
    ) -> ProvisionStep:
        name = self.name(field.key)
        body = definition(field, name)
        held = existing.get(name)
        if held is None:
            if not dry:
                self._create(self.paths.properties(object_type), body, object_type)
            return ProvisionStep("property", object_type, name, "would create" if dry else "created")
        foreign = held.get("groupName") != GROUP and field.key not in self.chosen
        if (
            foreign
            or held["type"] != body["type"]
            or (held.get("modificationMetadata") or {}).get("readOnlyValue")
        ):
            return ProvisionStep(
                "property",
                object_type,
                name,
                "refused",
                f'somebody else made a property "{name}" of type {held["type"]} (group {held.get("groupName")}); '
                f'choose another name under [write] names, as {field.key} = "other_name"',
            )
        missing = [
            o
            for o in body.get("options", ())
            if o["value"] not in {h["value"] for h in held.get("options", ())}
        ]
        if not missing:
            return ProvisionStep("property", object_type, name, "exists")
        if not dry:
            # Only added to: an option that somebody still uses is never taken away.
            options = [*held.get("options", ()), *missing]
            self.api.call("PATCH", self.paths.properties(object_type, name), body={"options": options})
        labels = ", ".join(o["value"] for o in missing)
        return ProvisionStep(
            "property", object_type, name, "would change" if dry else "changed", f"adds {labels}"
        )

    def _create(self, path: str, body: Json, object_type: str) -> None:
        try:
            self.api.call("POST", path, body=body, kind="write")
        except AccessError as e:
            raise AccessError(
                f"The token may not make properties of {object_type}.",
                action=f"Add the scope crm.schemas.{object_type}.write to the service key, then run again.",
                details=e.details,
            ) from e
        except HubSpotRefusalError as e:
            if e.status != 409:
                raise
