"""Two permission sets: the writer's (read and edit, for the user this connection runs as) and the reader's.

The reader may read all our fields and edit only what people fill in. The admin, or `provision --assign`, gives it to the
reps. What was granted is read back; the writer's rights are seen by describing as it.
"""

from collections.abc import Callable, Mapping, Sequence

from sales_consultant.config.fields.catalogue import Field
from sales_consultant.config.fields.naming import Naming
from sales_consultant.config.language.texts import cut
from sales_consultant.connectors.base import ProvisionStep
from sales_consultant.connectors.salesforce.api import SalesforceApi, SalesforceRefusalError, quoted
from sales_consultant.connectors.salesforce.reading import WRITTEN

# A permission set's label has room for 80 UTF-16 units, with the role.
_LABEL = 80 - len(" writer")
ROLES = ("writer", "reader")


class Permissions:
    """Makes, assigns and takes away the two permission sets."""

    def __init__(self, api: SalesforceApi, naming: Naming, user: Callable[[], str]) -> None:
        self.api = api
        self.naming = naming
        self.user = user

    def name(self, role: str) -> str:
        """The API name of a set."""
        return f"{self.naming.prefix.upper()}_Sales_Consultant_{role.capitalize()}"

    def id(self, role: str) -> str | None:
        """The id of a set; None where there is none."""
        rows = self.api.query(f"SELECT Id FROM PermissionSet WHERE Name = {quoted(self.name(role))}")
        return str(rows[0]["Id"]) if rows else None

    def make(self, made: Mapping[str, Sequence[Field]], *, dry: bool) -> list[ProvisionStep]:
        """Both sets with their grants, the writer's assigned to us."""
        steps: list[ProvisionStep] = []
        for role in ROLES:
            name, set_id = self.name(role), self.id(role)
            if dry:
                steps.append(
                    ProvisionStep("permission set", "", name, "exists" if set_id else "would create")
                )
                continue
            steps.append(ProvisionStep("permission set", "", name, "exists" if set_id else "created"))
            if set_id is None:
                body = {"Name": name, "Label": f"{cut(self.naming.label, _LABEL)} {role}"}
                set_id = str(self.api.call("sobjects/PermissionSet", method="POST", body=body)["id"])
            if role == "writer":
                steps += self._objects(set_id, name, made)
            steps += self._grants(role, set_id, name, made)
            if role == "writer":
                steps.append(self._assign(self.user(), set_id, name, "the user this connection runs as"))
            else:
                text = "give it to the reps: provision --assign USER, or Setup > Permission Sets > Manage Assignments"
                steps.append(ProvisionStep("assignment", "", name, "exists", text))
        return steps

    def _objects(self, set_id: str, name: str, made: Mapping[str, Sequence[Field]]) -> list[ProvisionStep]:
        """The right to edit the objects themselves, where this user has it from nowhere else."""
        steps = []
        for sobject in sorted({WRITTEN[o] for o in made}):
            try:
                if self.api.call(f"sobjects/{sobject}/describe").get("updateable", True):
                    continue
                body = {
                    "ParentId": set_id,
                    "SobjectType": sobject,
                    "PermissionsRead": True,
                    "PermissionsEdit": True,
                }
                self.api.call("sobjects/ObjectPermissions", method="POST", body=body)
                steps.append(ProvisionStep("permissions", sobject, name, "created", "read and edit records"))
            except SalesforceRefusalError as e:
                if e.error_code != "DUPLICATE_VALUE" and e.status != 404:
                    steps.append(ProvisionStep("permissions", sobject, name, "refused", e.words))
        return steps

    def _to_grant(self, role: str, made: Mapping[str, Sequence[Field]]) -> dict[str, tuple[str, bool]]:
        """Object and right to edit, by the field's full name."""
        return {
            f"{WRITTEN[obj]}.{self.naming.salesforce(f.key)}": (obj, role == "writer" or f.people_write)
            for obj, chosen in made.items()
            for f in chosen
        }

    def _granted(self, set_id: str) -> dict[str, tuple[str, bool]]:
        rows = self.api.query(
            f"SELECT Id, Field, PermissionsRead, PermissionsEdit FROM FieldPermissions WHERE ParentId = {quoted(set_id)}"
        )
        return {str(r["Field"]): (str(r["Id"]), bool(r["PermissionsEdit"])) for r in rows}

    def _grants(
        self, role: str, set_id: str, name: str, made: Mapping[str, Sequence[Field]]
    ) -> list[ProvisionStep]:
        wanted, current = self._to_grant(role, made), self._granted(set_id)
        granted = dict.fromkeys(made, 0)
        for full, (obj, edit) in wanted.items():
            if full not in current:
                body = {
                    "ParentId": set_id,
                    "SobjectType": WRITTEN[obj],
                    "Field": full,
                    "PermissionsRead": True,
                    "PermissionsEdit": edit,
                }
                self.api.call("sobjects/FieldPermissions", method="POST", body=body)
                granted[obj] += 1
            elif edit and not current[full][1]:
                path = f"sobjects/FieldPermissions/{current[full][0]}"
                self.api.call(path, method="PATCH", body={"PermissionsEdit": True})
                granted[obj] += 1
        steps = [
            ProvisionStep(
                "permissions", obj, name, "created" if n else "exists", f"{n} fields granted" if n else ""
            )
            for obj, n in granted.items()
        ]
        return steps + self._verified(role, set_id, name, made)

    def _verified(
        self, role: str, set_id: str, name: str, made: Mapping[str, Sequence[Field]]
    ) -> list[ProvisionStep]:
        """What the set really grants, read back: a grant that is missing, or a reader that may edit our scores."""
        wanted, held = self._to_grant(role, made), self._granted(set_id)
        steps = []
        for full, (obj, edit) in wanted.items():
            if full not in held:
                steps.append(ProvisionStep("verify", obj, full, "refused", f"{name} does not grant it"))
            elif held[full][1] != edit:
                words = "may not edit it" if edit else "may edit it, which only the writer should"
                steps.append(ProvisionStep("verify", obj, full, "refused", f"{name} {words}"))
        return steps

    # -- people --------------------------------------------------------------------------------------------------

    def assign(self, people: Sequence[str], *, dry: bool) -> list[ProvisionStep]:
        """The reader's set to users, named by user name or e-mail address."""
        name, set_id = self.name("reader"), self.id("reader")
        if not people:
            return []
        if set_id is None and not dry:
            return [ProvisionStep("assignment", "", p, "refused", f"there is no {name} yet") for p in people]
        listed = ", ".join(quoted(p) for p in people)
        rows = self.api.query(
            "SELECT Id, Username, Email FROM User WHERE IsActive = true AND "
            f"(Username IN ({listed}) OR Email IN ({listed}))"
        )
        steps = []
        for person in people:
            users = [
                str(r["Id"])
                for r in rows
                if person.lower() in (str(r["Username"]).lower(), str(r["Email"]).lower())
            ]
            if not users:
                steps.append(
                    ProvisionStep("assignment", "", person, "refused", "no active user of that name")
                )
            for user in users:
                if dry or set_id is None:
                    steps.append(ProvisionStep("assignment", "", person, "would create"))
                else:
                    steps.append(self._assign(user, set_id, name, person))
        return steps

    def _assign(self, user: str, set_id: str, name: str, who: str) -> ProvisionStep:
        rows = self.api.query(
            "SELECT Id FROM PermissionSetAssignment WHERE "
            f"AssigneeId = {quoted(user)} AND PermissionSetId = {quoted(set_id)}"
        )
        if rows:
            return ProvisionStep("assignment", "", name, "exists", f"to {who}")
        body = {"AssigneeId": user, "PermissionSetId": set_id}
        self.api.call("sobjects/PermissionSetAssignment", method="POST", body=body)
        return ProvisionStep("assignment", "", name, "created", f"to {who}")

    def remove(self, *, dry: bool, tasks_left: bool = False) -> list[ProvisionStep]:
        """Unassign and delete both sets; with tasks of ours left, they show the field by which those are known, and stay."""
        steps = []
        for role in ROLES:
            set_id = self.id(role)
            if set_id is None:
                continue
            if tasks_left:
                words = "it shows the field by which the tasks that are left are known as ours"
                steps.append(ProvisionStep("permission set", "", self.name(role), "left", words))
                continue
            rows = self.api.query(
                f"SELECT Id FROM PermissionSetAssignment WHERE PermissionSetId = {quoted(set_id)}"
            )
            if not dry:
                for row in rows:
                    self.api.call(f"sobjects/PermissionSetAssignment/{row['Id']}", method="DELETE")
                self.api.call(f"sobjects/PermissionSet/{set_id}", method="DELETE")
            state = "would remove" if dry else "removed"
            text = f"assigned to {len(rows)} users"
            steps.append(ProvisionStep("permission set", "", self.name(role), state, text))  # type: ignore[arg-type]  # a literal, told by the branch above
        return steps
