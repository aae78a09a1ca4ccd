"""One sandbox for all clients, in http and https, with enough records for several pages."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.connect_proxy import ConnectProxy
from support.salesforce_org import Sf
from support.sandbox_company import FILES, Api, write_folder

from sales_consultant.sandbox.serving.server import Sandbox

CONTACTS, ROWS = 250, 2_500


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """Both vendors' sides of the small company; 250 more contacts on HubSpot, 2,500 on Salesforce."""
    data = write_folder(tmp_path_factory.mktemp("company"), FILES)
    with Sandbox(data=data, tls=tmp_path_factory.mktemp("tls")) as made:
        api = Api(made)
        for start in range(0, CONTACTS, 50):
            inputs = [{"properties": {"email": f"n{n}@x.example"}} for n in range(start, start + 50)]
            answer = api.post("/crm/objects/2026-03/contacts/batch/create", {"inputs": inputs})
            assert answer.status_code == 201, answer.text
        # What a data folder does not fill.
        for object, values in (
            ("postal_mail", {"hs_timestamp": "2024-03-01", "hs_postal_mail_body": "A brochure"}),
            ("communications", {"hs_timestamp": "2024-03-02", "hs_communication_body": "A message"}),
            ("tasks", {"hs_timestamp": "2024-03-03", "hs_task_subject": "Call back"}),
        ):
            answer = api.post(f"/crm/objects/2026-03/{object}", {"properties": values})
            assert answer.status_code == 201, answer.text
        api.control("feedback", contact=api.id("contacts", "p1"), properties={"hs_submission_name": "NPS"})
        sf = Sf(made)
        sf.ingest("Contact", "insert", "LastName\n" + "\n".join(f"N{n}" for n in range(ROWS)) + "\n")
        yield made
        api.session.close()
        sf.session.close()


@pytest.fixture
def proxy(sandbox: Sandbox) -> Iterator[ConnectProxy]:
    """Leads the vendors' names to the sandbox; a client that asks for another host makes its test fail."""
    with ConnectProxy(int(sandbox.tls_url.rpartition(":")[2])) as made:
        yield made
        assert made.refused == []


@pytest.fixture(scope="session")
def calls() -> Path:
    """The folder of the clients' scripts."""
    return Path(__file__).parent / "calls"
