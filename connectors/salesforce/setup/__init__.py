"""What an admin does to an org: fields, permissions, lists, checks, and taking all of it away."""

from sales_consultant.connectors.salesforce.setup.admin import SalesforceAdmin
from sales_consultant.connectors.salesforce.setup.list_views import Extras
from sales_consultant.connectors.salesforce.setup.permissions import Permissions
from sales_consultant.connectors.salesforce.setup.provision import Fields
from sales_consultant.connectors.salesforce.setup.task_field import TaskField

__all__ = ["Extras", "Fields", "Permissions", "SalesforceAdmin", "TaskField"]
