"""The admin's side of the connector: making our fields, looking at what is missing, taking it all away."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from sales_consultant.config.errors import SalesConsultantError
from sales_consultant.config.fields.catalogue import Field, by_key
from sales_consultant.config.fields.naming import Naming
from sales_consultant.connectors.base import Assumption, FieldInfo, Finding, Identity, ProvisionStep, Use
from sales_consultant.connectors.salesforce.api import SalesforceApi
from sales_consultant.connectors.salesforce.reading import schema
from sales_consultant.connectors.salesforce.setup import assumptions, check, removal, visibility
from sales_consultant.connectors.salesforce.setup.list_views import Extras, guide
from sales_consultant.connectors.salesforce.setup.permissions import Permissions
from sales_consultant.connectors.salesforce.setup.provision import Fields


class SalesforceAdmin(ABC):
    """What an admin does with an org; the connector brings who it is and what it sees."""

    api: SalesforceApi
    naming: Naming
    fields: Fields
    permissions: Permissions
    lists: Extras

    @abstractmethod
    def identity(self) -> Identity:
        """Which org answers."""

    @abstractmethod
    def user(self) -> dict[str, Any]:
        """Who this connection runs as."""

    @abstractmethod
    def describe(self, object: str) -> list[FieldInfo]:
        """The fields of an object that this user sees."""

    @abstractmethod
    def forget(self) -> None:
        """What was described may have changed."""

    def provision(self, fields: Mapping[str, Sequence[Field]], *, dry: bool) -> list[ProvisionStep]:
        """Fields and permission sets, then verified by describing as the user this connection runs as."""
        steps, made = self.fields.make(fields, dry=dry)
        steps += self.permissions.make(made, dry=dry)
        self.forget()
        if not dry:
            for obj, chosen in fields.items():
                for key, why in self.unwritable(obj, chosen).items():
                    if not by_key(key).people_write:
                        steps.append(
                            ProvisionStep("verify", obj, self.naming.salesforce(key), "refused", why)
                        )
        return steps

    def note(self, object: str, field: Field, text: str) -> str:
        """A note in a field's description."""
        return self.fields.note(schema.WRITTEN[object], field, text)

    def extras(self, fields: Mapping[str, Sequence[Field]], *, dry: bool) -> list[ProvisionStep]:
        """List views and reports of one's own best records."""
        return self.lists.make(fields, dry=dry)

    def assign(self, people: Sequence[str], *, dry: bool) -> list[ProvisionStep]:
        """The reader's permission set to people."""
        return self.permissions.assign(people, dry=dry)

    def guide(self) -> list[str]:
        """Page layouts, assignments, lists."""
        return guide(self.naming, self.permissions.name("reader"))

    def uses(self, fields: Mapping[str, Sequence[Field]]) -> tuple[list[Use], str]:
        """What Salesforce's dependencies name: code, flows, layouts, formulas and the like."""
        return removal.uses(self.api, self.fields, fields)

    def remove(
        self, fields: Mapping[str, Sequence[Field]], *, dry: bool, tasks_left: bool = False
    ) -> list[ProvisionStep]:
        """Lists and reports, then the permission sets, then the fields."""
        steps = self.lists.remove(list(fields), dry=dry)
        steps += self.permissions.remove(dry=dry, tasks_left=tasks_left)
        for obj, chosen in fields.items():
            held = self.fields.held(schema.WRITTEN[obj])
            steps += [s for f in chosen if (s := self.fields.remove(obj, f, held, dry=dry))]
        self.forget()
        return steps

    def unwritable(self, object: str, fields: Sequence[Field]) -> dict[str, str]:
        """Fields that describe hides (absent, or no field-level security) or does not let this user edit."""
        by_name = {f.name.lower(): f for f in self.describe(object)}
        missing: dict[str, str] = {}
        for f in fields:
            name = self.naming.salesforce(f.key)
            info = by_name.get(name.lower())
            if info is None:
                missing[f.key] = (
                    f"{schema.WRITTEN[object]}.{name} does not exist or is hidden by field-level security; run: "
                    "sales-consultant provision"
                )
            elif not info.writable:
                missing[f.key] = f"{schema.WRITTEN[object]}.{name} may be read but not edited by this user"
        return missing

    def unmade(self, object: str, fields: Sequence[Field]) -> set[str]:
        """Fields that are not there yet, as far as this user can tell: one that is there and hidden is none of them."""
        sobject = schema.WRITTEN[object]
        seen = {f.name.lower() for f in self.describe(object)}
        absent = {f.key for f in fields if self.naming.salesforce(f.key).lower() not in seen}
        try:
            there = self.fields.held(sobject) if absent else {}
        except SalesConsultantError:
            # Who may not look at the set-up cannot tell: to make them, or to let us see them, is the same step.
            there = {}
        return {k for k in absent if self.fields.bare(k) not in there}

    def assumptions(self) -> list[Assumption]:
        """Shapes of answers, headers, precision of stamps."""
        return assumptions.ask(self.api)

    def hidden_rows(self) -> Mapping[str, str]:
        """Objects of which this user may not see every record, by what they are called here."""
        found: dict[str, str] = {}
        for name, why in visibility.hidden(self.api, str(self.user()["user_id"])).items():
            found.setdefault(schema.OBJECT[name], why)
        return found

    def check(self, fields: Mapping[str, Sequence[Field]]) -> list[Finding]:
        """User, objects, rows, fields, what runs along, limits, line by line."""
        return check.findings(self.api, self, fields, self.permissions.name("writer"))

    def other_sync(self) -> list[str]:
        """Signs of HubSpot's own integration."""
        return check.hubspot_signs(self.api, self)
