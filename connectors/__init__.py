"""The CRMs: one protocol (`base`), one package each; `open_connector` gives the one a connection names."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sales_consultant.config.settings import Connection, Write
    from sales_consultant.connectors.base import Connector


def open_connector(connection: "Connection", secret: str, write: "Write") -> "Connector":
    """The connector of a configured connection; makes no call yet."""
    if connection.crm == "hubspot":
        from sales_consultant.connectors.hubspot import open_hubspot

        return open_hubspot(
            secret,
            url=connection.url,
            read=connection.reading,
            write=connection.writing,
            share=connection.limit_share,
            prefix=write.prefix,
            names=write.names,
        )
    from sales_consultant.connectors.salesforce import open_salesforce

    return open_salesforce(connection, secret, prefix=write.prefix, names=write.names)
