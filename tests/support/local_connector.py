"""A connector to a sandbox in this process, whose answers come through an adapter of the test's; it never waits."""

from random import Random

from requests.adapters import HTTPAdapter
from support.in_process import LocalSandbox

from sales_consultant.config.sections import Connection
from sales_consultant.connectors.base import Calls, Connector, TextReader
from sales_consultant.connectors.http.transport import Transport
from sales_consultant.connectors.hubspot.api.client import HubSpotApi
from sales_consultant.connectors.hubspot.connector import HubSpotConnector
from sales_consultant.connectors.salesforce.api.client import SalesforceApi
from sales_consultant.connectors.salesforce.connector import SalesforceConnector


def opened(
    connection: Connection, sandbox: LocalSandbox, adapter: HTTPAdapter, *, texts: TextReader | None = None
) -> Connector:
    """A connector of the connection's CRM."""
    if connection.crm == "hubspot":
        session = sandbox.open_session()
        session.mount("http://", adapter)
        session.mount("https://", adapter)
        transport = Transport(calls=Calls(), session=session, sleep=lambda s: None, jitter=Random(1))
        api = HubSpotApi("a-token", url="http://127.0.0.1", transport=transport)
        return HubSpotConnector(api, read="2026-03", write="2026-03", texts=texts)
    sf = SalesforceApi(connection, "a-token")
    sf.session.inner.mount("http://", adapter)
    sf.session.inner.mount("https://", adapter)
    sf.transport.sleep = lambda seconds: None
    return SalesforceConnector(sf, sleep=lambda seconds: None, texts=texts)
