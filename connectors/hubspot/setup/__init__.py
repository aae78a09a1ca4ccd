"""What an admin does to a portal: our properties made, shown, checked and taken away."""

from sales_consultant.connectors.hubspot.setup.admin import HubSpotAdmin
from sales_consultant.connectors.hubspot.setup.provision import Provisioner

__all__ = ["HubSpotAdmin", "Provisioner"]
