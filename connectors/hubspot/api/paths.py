"""Every path of HubSpot's API that we call, by version, in one table: no path literal stands anywhere else."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Paths:
    """The paths of a dated version."""

    version: str

    def objects(self, object_type: str) -> str:
        """The records of an object type, one page a call."""
        return f"/crm/objects/{self.version}/{object_type}"

    def search(self, object_type: str) -> str:
        """An object type's search."""
        return f"{self.objects(object_type)}/search"

    def batch(self, object_type: str, verb: str) -> str:
        """A batch of records of an object type, by what is done to them."""
        return f"{self.objects(object_type)}/batch/{verb}"

    def associations(self, from_type: str, to_type: str) -> str:
        """The links of a batch of records to records of another type."""
        return f"/crm/associations/{self.version}/{from_type}/{to_type}/batch/read"

    def properties(self, object_type: str, name: str = "") -> str:
        """The properties of an object type, or one of them."""
        return f"/crm/properties/{self.version}/{object_type}" + (f"/{name}" if name else "")

    def groups(self, object_type: str, name: str = "") -> str:
        """The property groups of an object type, or one of them."""
        return f"{self.properties(object_type)}/groups" + (f"/{name}" if name else "")

    def owners(self) -> str:
        """The users who own records."""
        return f"/crm/owners/{self.version}"

    def pipelines(self, object_type: str) -> str:
        """The pipelines of an object type with their stages."""
        return f"/crm/pipelines/{self.version}/{object_type}"

    def campaigns(self) -> str:
        """Marketing campaigns; their API has one dated version only."""
        return "/marketing/campaigns/2026-03"

    def rates(self) -> str:
        """Dated exchange rates; their API has one dated version only."""
        return "/settings/currencies/2026-03/exchange-rates"

    def token(self) -> str:
        """Where a code or a refresh token is exchanged."""
        return f"/oauth/{self.version}/token"

    def account(self) -> str:
        """What the portal is: its id, kind and time zone."""
        return "/account-info/v3/details"

    def usage(self) -> str:
        """Calls of today by private apps; still version 3."""
        return "/account-info/v3/api-usage/daily/private-apps"

    def limits(self, what: str) -> str:
        """How much of a limit of the portal is used; still version 3."""
        return f"/crm/v3/limits/{what}"
