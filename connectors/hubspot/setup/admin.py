"""The admin's side of the connector: making our properties, looking at what is missing, taking it all away."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

from sales_consultant.config.fields.catalogue import Field
from sales_consultant.config.fields.naming import Naming
from sales_consultant.connectors.base import Assumption, FieldInfo, Finding, Identity, ProvisionStep, Use
from sales_consultant.connectors.hubspot.api import HubSpotApi, Paths
from sales_consultant.connectors.hubspot.setup import assumptions, check
from sales_consultant.connectors.hubspot.setup.provision import CANNOT_TELL, Provisioner, guide


class HubSpotAdmin(ABC):
    """What an admin does with a portal; the connector brings who it is and what it sees."""

    api: HubSpotApi
    naming: Naming
    reading: Paths
    writing: Paths
    provisioner: Provisioner

    @abstractmethod
    def identity(self) -> Identity:
        """Which portal answers."""

    @abstractmethod
    def describe(self, object: str) -> list[FieldInfo]:
        """The properties of an object."""

    @abstractmethod
    def forget(self) -> None:
        """What was described may have changed."""

    def provision(self, fields: Mapping[str, Sequence[Field]], *, dry: bool) -> list[ProvisionStep]:
        """Group and properties."""
        steps = self.provisioner.provision(fields, dry=dry)
        self.forget()
        return steps

    def note(self, object: str, field: Field, text: str) -> str:
        """A note in a property's description: one call to look, one to write."""
        return self.provisioner.note("contacts" if object == "leads" else object, field, text)

    def extras(self, fields: Mapping[str, Sequence[Field]], *, dry: bool) -> list[ProvisionStep]:
        """HubSpot's views have no public API; the guide says how to make one."""
        return [
            ProvisionStep(
                "view", "", "My 20 records to work", "left", "HubSpot's API cannot make views; see the guide"
            )
        ]

    def assign(self, people: Sequence[str], *, dry: bool) -> list[ProvisionStep]:
        """Everybody who sees a record sees its properties."""
        return [
            ProvisionStep("assignment", "", p, "left", "HubSpot shows properties to all who see the record")
            for p in people
        ]

    def guide(self) -> list[str]:
        """Record layout, columns, board."""
        return guide(self.naming)

    def uses(self, fields: Mapping[str, Sequence[Field]]) -> tuple[list[Use], str]:
        """Nothing that HubSpot would tell."""
        return [], CANNOT_TELL

    def remove(
        self, fields: Mapping[str, Sequence[Field]], *, dry: bool, tasks_left: bool = False
    ) -> list[ProvisionStep]:
        """Properties and group."""
        steps = self.provisioner.remove(fields, dry=dry)
        self.forget()
        return steps

    def unwritable(self, object: str, fields: Sequence[Field]) -> dict[str, str]:
        """Fields that do not exist or that HubSpot marks read-only."""
        held = {f.name: f for f in self.describe(object)}
        missing: dict[str, str] = {}
        for f in fields:
            info = held.get(self.naming.hubspot(f.key))
            if info is None:
                missing[f.key] = (
                    f"the property {self.naming.hubspot(f.key)} does not exist on {object}; run: sales-consultant provision"
                )
            elif info.group != self.naming.group and f.key not in self.naming.names:
                missing[f.key] = (
                    f"the property {self.naming.hubspot(f.key)} on {object} is somebody else's, not of our group"
                )
            elif not info.writable:
                missing[f.key] = f"the property {self.naming.hubspot(f.key)} is read-only on {object}"
        return missing

    def unmade(self, object: str, fields: Sequence[Field]) -> set[str]:
        """Fields that are not there yet."""
        held = {f.name for f in self.describe(object)}
        return {f.key for f in fields if self.naming.hubspot(f.key) not in held}

    def other_sync(self) -> list[str]:
        """Signs of HubSpot's own Salesforce integration."""
        return check.salesforce_signs(self.api, self.reading, self)

    def assumptions(self) -> list[Assumption]:
        """Shapes of answers, headers, trace ids."""
        return assumptions.ask(self.api, self.reading, self.writing)

    def hidden_rows(self) -> Mapping[str, str]:
        """Tokens of apps and service keys see every record: their scopes know no owner."""
        return {}

    def check(self, fields: Mapping[str, Sequence[Field]]) -> list[Finding]:
        """Scopes, properties, limits, line by line."""
        return check.findings(self.api, self.reading, self, fields)
