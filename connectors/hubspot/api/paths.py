"""Every path of HubSpot's API that we call, by version, in one table: no path literal stands anywhere else."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Paths:
    """The paths of a dated version."""

    version: str

    def objects(self, object_type: str) -> str:
        return f"/crm/objects/{self.version}/{object_type}"

    def search(self, object_type: str) -> str:
        return f"{self.objects(object_type)}/search"

    def batch(self, object_type: str, verb: str) -> str:
        return f"{self.objects(object_type)}/batch/{verb}"

    def associations(self, from_type: str, to_type: str) -> str:
        return f"/crm/associations/{self.version}/{from_type}/{to_type}/batch/read"

    def properties(self, object_type: str, name: str = "") -> str:
        return f"/crm/properties/{self.version}/{object_type}" + (f"/{name}" if name else "")

    def groups(self, object_type: str, name: str = "") -> str:
        return f"{self.properties(object_type)}/groups" + (f"/{name}" if name else "")

    def owners(self) -> str:
        return f"/crm/owners/{self.version}"

    def pipelines(self, object_type: str) -> str:
        return f"/crm/pipelines/{self.version}/{object_type}"

    def campaigns(self) -> str:
        return "/marketing/campaigns/2026-03"

    def rates(self) -> str:
        return "/settings/currencies/2026-03/exchange-rates"

    def token(self) -> str:
        return f"/oauth/{self.version}/token"

    def account(self) -> str:
        return "/account-info/v3/details"

    def usage(self) -> str:
        return "/account-info/v3/api-usage/daily/private-apps"

    def limits(self, what: str) -> str:
        return f"/crm/v3/limits/{what}"
