"""Making our fields in a CRM, with what goes with them, and taking all of it away."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

from sales_consultant.config.errors import AccessError
from sales_consultant.config.fields.catalogue import Field
from sales_consultant.connectors.base.records import (
    ProvisionStep,
    Use,
)


class Provisioner(ABC):
    """What an admin has made. It only ever adds, and takes away only what it made."""

    @abstractmethod
    def provision(self, fields: Mapping[str, Sequence[Field]], *, dry: bool) -> list[ProvisionStep]:
        """Make the fields with their permissions; only ever adds, refuses a field of another type."""

    @abstractmethod
    def remove(
        self, fields: Mapping[str, Sequence[Field]], *, dry: bool, tasks_left: bool = False
    ) -> list[ProvisionStep]:
        """Take away all that provisioning made; never what somebody else made. Values in the fields are lost.

        With `tasks_left` what shows the field by which our tasks are known stays: hidden, they would count as people's own.
        """

    def note(self, object: str, field: Field, text: str) -> str:
        """Put a note into the description of a field of ours, in place of the one before; what it says then.

        A description that somebody else wrote is left as it is. Raises AccessError where this user may not.
        """
        raise AccessError(
            f"{object}.{field.key}: this CRM's descriptions cannot be changed.",
            action="Nothing has to be done: the note is in status.",
        )

    def extras(self, fields: Mapping[str, Sequence[Field]], *, dry: bool) -> list[ProvisionStep]:
        """What is made on request: list views and reports of the records to work, where the CRM's API has them."""
        return [ProvisionStep("view", "", "My 20 records to work", "left", "this CRM's API makes no lists")]

    def assign(self, people: Sequence[str], *, dry: bool) -> list[ProvisionStep]:
        """Let people (user names or e-mail addresses) see our fields, where the CRM needs that to be said."""
        return [
            ProvisionStep("assignment", "", p, "left", "all who see a record see its fields") for p in people
        ]

    def guide(self) -> list[str]:
        """What no API can do, as steps for an admin's hands."""
        return []

    def uses(self, fields: Mapping[str, Sequence[Field]]) -> tuple[list[Use], str]:
        """What uses our fields as far as the CRM's API tells, and what it does not tell."""
        return [], "This CRM does not tell what uses a field. Look before you remove."
