"""A CRM, whole."""

from sales_consultant.connectors.base.diagnostics import Diagnostics
from sales_consultant.connectors.base.provisioner import Provisioner
from sales_consultant.connectors.base.reader import Reader
from sales_consultant.connectors.base.tasks import TaskBook
from sales_consultant.connectors.base.writer import Writer


class Connector(Reader, Writer, Provisioner, Diagnostics):
    """All that is asked of one CRM; `crm` is its name in the settings."""

    crm: str
    tasks: TaskBook | None = None
    """Its tasks; None where there are none to write."""
