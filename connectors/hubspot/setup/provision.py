"""Our properties in HubSpot: made once, only ever added to, never taken over from somebody else."""

from collections.abc import Mapping, Sequence
from typing import Any

from sales_consultant.config.errors import AccessError, SalesConsultantError
from sales_consultant.config.fields.catalogue import Field, FieldType
from sales_consultant.config.fields.naming import Naming
from sales_consultant.connectors.base import ProvisionStep
from sales_consultant.connectors.hubspot.api import HubSpotApi, HubSpotRefusalError, Paths
from sales_consultant.connectors.hubspot.setup import display

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
NO_FORMAT = "HubSpot did not take its number format: set it under Settings > Properties"
TYPE_IDS = {"contacts": "0-1", "companies": "0-2", "deals": "0-3"}
Json = dict[str, Any]


def definition(field: Field, naming: Naming, object_type: str) -> Json:
    """The property of an object type as HubSpot takes it."""
    kind, field_type = _TYPES[field.type]
    body: Json = {
        "name": naming.hubspot(field.key),
        "label": f"{naming.label}: {naming.title(field)}",
        "type": kind,
        "fieldType": field_type,
        "groupName": naming.group,
        "description": naming.description(field),
        "formField": False,
        "hasUniqueValue": False,
        **display.settings(field, object_type),
    }
    if field.choices:
        body["options"] = [
            {"label": naming.option(field, o), "value": o, "displayOrder": i, "hidden": False}
            for i, o in enumerate(field.choices)
        ]
    return body


def by_type(fields: Mapping[str, Sequence[Field]]) -> dict[str, list[Field]]:
    """Fields by HubSpot's object type: a lead is a contact."""
    wanted: dict[str, dict[str, Field]] = {}
    for obj, chosen in fields.items():
        wanted.setdefault("contacts" if obj == "leads" else obj, {}).update({f.key: f for f in chosen})
    return {t: list(fs.values()) for t, fs in wanted.items()}


class Provisioner:
    """Makes the group and the properties of each object, and takes them away."""

    def __init__(self, api: HubSpotApi, paths: Paths, naming: Naming) -> None:
        self.api = api
        self.paths = paths
        self.naming = naming

    def provision(self, fields: Mapping[str, Sequence[Field]], *, dry: bool) -> list[ProvisionStep]:
        """One step a group and a property; running it again changes nothing."""
        steps: list[ProvisionStep] = []
        for object_type, chosen in by_type(fields).items():
            existing = {p["name"]: p for p in self.api.get(self.paths.properties(object_type))["results"]}
            new = sum(self.naming.hubspot(f.key) not in existing for f in chosen)
            free = self.free_slots(object_type)
            if free is not None and new > free:
                words = f"{new} properties are to be made and {free} more are allowed; free some, or choose a smaller [write] set"
                steps.append(ProvisionStep("slots", object_type, f"{free} free", "refused", words))
                continue
            steps.append(self._group(object_type, dry))
            steps += [self._property(object_type, f, existing, dry) for f in chosen]
        return steps

    def free_slots(self, object_type: str) -> int | None:
        """How many custom properties an object may still get; None where HubSpot does not tell this token."""
        try:
            listed = self.api.get(self.paths.limits("custom-properties")).get("byObjectType", ())
        except SalesConsultantError:
            return None
        for row in listed:
            if str(row.get("objectTypeId")) == TYPE_IDS.get(object_type) and "limit" in row:
                return max(0, int(row["limit"]) - int(row.get("usage") or 0))
        return None

    def _group(self, object_type: str, dry: bool) -> ProvisionStep:
        group = self.naming.group
        if self._has_group(object_type):
            return ProvisionStep("group", object_type, group, "exists")
        if not dry:
            body = {"name": group, "label": self.naming.label, "displayOrder": -1}
            self._create(self.paths.groups(object_type), body, object_type)
        return ProvisionStep("group", object_type, group, "would create" if dry else "created")

    def _has_group(self, object_type: str) -> bool:
        try:
            self.api.get(self.paths.groups(object_type, self.naming.group))
        except HubSpotRefusalError as e:
            if e.status != 404:
                raise
            return False
        return True

    def _foreign(self, field: Field, held: Json) -> bool:
        return held.get("groupName") != self.naming.group and field.key not in self.naming.names

    def _property(
        self, object_type: str, field: Field, existing: Mapping[str, Json], dry: bool
    ) -> ProvisionStep:
        name = self.naming.hubspot(field.key)
        body = definition(field, self.naming, object_type)
        current = existing.get(name)
        if current is None:
            text = "" if dry else self._make(object_type, body)
            return ProvisionStep("property", object_type, name, "would create" if dry else "created", text)
        read_only = bool((current.get("modificationMetadata") or {}).get("readOnlyValue"))
        if self._foreign(field, current) or current["type"] != body["type"] or read_only:
            return ProvisionStep(
                "property",
                object_type,
                name,
                "refused",
                f'somebody else made a property "{name}" of type {current["type"]} (group {current.get("groupName")}); '
                f'choose another name under [write] names, as {field.key} = "other_name"',
            )
        changes, words = self._changes(object_type, field, current, body)
        if not changes:
            return ProvisionStep("property", object_type, name, "exists")
        if not dry:
            words += self._change(object_type, name, changes)
        state = "would change" if dry else "changed"
        return ProvisionStep("property", object_type, name, state, ", ".join(words))  # type: ignore[arg-type]  # a literal, told by the branch above

    def _changes(self, object_type: str, field: Field, held: Json, body: Json) -> tuple[Json, list[str]]:
        """What is to be changed of a property that is there, and in words."""
        said, options = held.get("description"), list(held.get("options") or ())
        changes: Json = {}
        words: list[str] = []
        # A property that an admin named to us under [write] names is theirs: how it looks is not ours to say.
        if held.get("groupName") == self.naming.group:
            changes, words = display.changes(field, object_type, held, self.naming)
            labelled = display.relabelled(field, options, self.naming)
            words += [
                f"labels {n['value']} {n['label']}" for o, n in zip(options, labelled, strict=True) if o != n
            ]
        else:
            labelled = options
        missing = [o for o in body.get("options", ()) if o["value"] not in {h["value"] for h in options}]
        if missing or labelled != options:
            # Only added to: an option that somebody still uses is never taken away.
            changes["options"] = [*labelled, *missing]
            words += [f"adds {o['value']}" for o in missing]
        if self.naming.is_ours(said) and self.naming.without_note(said) != body["description"]:
            changes["description"] = body["description"]
            words.append("says what it means now")
        return changes, words

    def _make(self, object_type: str, body: Json) -> str:
        """Make a property; what is said of it where HubSpot would not take its format."""
        for last, less in display.tries(body):
            try:
                self._create(self.paths.properties(object_type), less, object_type)
            except HubSpotRefusalError as e:
                if last or e.status != 400:
                    raise
            else:
                return "" if less is body else NO_FORMAT
        return ""

    def _change(self, object_type: str, name: str, changes: Json) -> list[str]:
        for last, less in display.tries(changes):
            try:
                if less:
                    self.api.call("PATCH", self.paths.properties(object_type, name), body=less, kind="write")
            except HubSpotRefusalError as e:
                if last or e.status != 400:
                    raise
            else:
                return [] if less is changes else [NO_FORMAT]
        return []

    def note(self, object_type: str, field: Field, text: str) -> str:
        """Put a note into a property's description; what it says then. One that an admin wrote is left as it is."""
        path = self.paths.properties(object_type, self.naming.hubspot(field.key))
        said = str(self.api.get(path).get("description") or "")
        wanted = self.naming.description(field, text)
        if not self.naming.is_ours(said) or said == wanted:
            return said
        self.api.call("PATCH", path, body={"description": wanted}, kind="write")
        return wanted

    def one(self, object_type: str, body: Json, *, dry: bool) -> list[ProvisionStep]:
        """Make the group and one property that is no field of the catalogue, as the body says; refused where it is another's."""
        name = str(body["name"])
        steps = [self._group(object_type, dry)]
        existing = {p["name"]: p for p in self.api.get(self.paths.properties(object_type))["results"]}
        held = existing.get(name)
        if held is None:
            if not dry:
                self._create(self.paths.properties(object_type), body, object_type)
            state = "would create" if dry else "created"
            return [*steps, ProvisionStep("property", object_type, name, state)]  # type: ignore[arg-type]  # a literal, told by the line above
        if held.get("groupName") != self.naming.group or held.get("type") != body["type"]:
            words = f'somebody else made a property "{name}"; choose another prefix under [write] prefix'
            return [*steps, ProvisionStep("property", object_type, name, "refused", words)]
        return [*steps, ProvisionStep("property", object_type, name, "exists")]

    def remove_one(self, object_type: str, name: str, *, dry: bool, keep: str = "") -> list[ProvisionStep]:
        """Archive one property of ours and the group where nothing is left in it; left for a reason (`keep`)."""
        existing = {p["name"]: p for p in self.api.get(self.paths.properties(object_type))["results"]}
        steps, gone = [], set[str]()
        if name in existing:
            step = (
                ProvisionStep("property", object_type, name, "left", keep)
                if keep
                else self._remove(object_type, name, existing[name], dry)
            )
            steps.append(step)
            gone |= {name} if step.state in ("removed", "would remove") else set()
        if self._has_group(object_type):
            mine = [n for n, p in existing.items() if p.get("groupName") == self.naming.group]
            steps.append(self._remove_group(object_type, [n for n in mine if n not in gone], dry))
        return steps

    def _create(self, path: str, body: Json, object_type: str) -> None:
        try:
            self.api.call("POST", path, body=body, kind="write")
        except AccessError as e:
            raise _no_scope(object_type, e) from e
        except HubSpotRefusalError as e:
            if e.status != 409:
                raise

    # -- away ----------------------------------------------------------------------------------------------------

    def remove(self, fields: Mapping[str, Sequence[Field]], *, dry: bool) -> list[ProvisionStep]:
        """Archive our properties, then the group where nothing is left in it.

        A property whose name an admin chose is taken away only where its description says that we made it.
        """
        steps: list[ProvisionStep] = []
        for object_type, chosen in by_type(fields).items():
            existing = {p["name"]: p for p in self.api.get(self.paths.properties(object_type))["results"]}
            mine = {self.naming.hubspot(f.key): f for f in chosen}
            gone = set()
            for name in mine:
                held = existing.get(name)
                if held is None:
                    continue
                step = self._remove(object_type, name, held, dry)
                steps.append(step)
                gone |= {name} if step.state in ("removed", "would remove") else set()
            if self._has_group(object_type):
                left = [
                    n
                    for n, p in existing.items()
                    if p.get("groupName") == self.naming.group and n not in gone
                ]
                steps.append(self._remove_group(object_type, left, dry))
        return steps

    def _remove(self, object_type: str, name: str, held: Json, dry: bool) -> ProvisionStep:
        if held.get("groupName") != self.naming.group or not self.naming.is_ours(held.get("description")):
            return ProvisionStep(
                "property", object_type, name, "left", "somebody else made it, or changed it"
            )
        if dry:
            return ProvisionStep("property", object_type, name, "would remove")
        try:
            self.api.call("DELETE", self.paths.properties(object_type, name), kind="write")
        except AccessError as e:
            raise _no_scope(object_type, e) from e
        except HubSpotRefusalError as e:
            if e.status != 404:
                return ProvisionStep("property", object_type, name, "refused", e.message)
        return ProvisionStep("property", object_type, name, "removed", "HubSpot can restore it for 90 days")

    def _remove_group(self, object_type: str, left: Sequence[str], dry: bool) -> ProvisionStep:
        group = self.naming.group
        if left:
            return ProvisionStep("group", object_type, group, "left", f"still holds {', '.join(left)}")
        if not dry:
            try:
                self.api.call("DELETE", self.paths.groups(object_type, group), kind="write")
            except HubSpotRefusalError as e:
                return ProvisionStep("group", object_type, group, "refused", e.message)
        return ProvisionStep("group", object_type, group, "would remove" if dry else "removed")


def _no_scope(object_type: str, error: AccessError) -> AccessError:
    if "missing_scopes" not in error.details:
        # A firewall, or the account: no scope helps.
        return error
    return AccessError(
        f"The token may not make or remove properties of {object_type}.",
        action=f"Add the scope crm.schemas.{object_type}.write to the service key, then run again.",
        details=error.details,
    )


def guide(naming: Naming) -> list[str]:
    """What HubSpot's API cannot do."""
    return [
        (
            "Show the fields on the record: Settings > Objects > (Contacts, Companies, Deals) > Record customization > "
            f'Default view > left sidebar: add a card with the properties of the group "{naming.label}".'
        ),
        (
            f"Let reps sort by it: open the list of records > Edit columns > add {naming.label}: Score and Grade > Save view "
            '"My 20 records to work": owner is me, sorted by Score, and share it with everyone.'
        ),
        "Show it on the board: Deals > Board > Actions > Edit cards > add Grade and Next step.",
    ]


CANNOT_TELL = (
    "HubSpot's API does not tell which lists, workflows, views, reports and forms use a property. Look before you remove: "
    "Settings > Properties > (the property) > Used in."
)
