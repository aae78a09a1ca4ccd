"""HubSpot's own Python client, unmodified, against the sandbox."""

import warnings
from collections.abc import Iterator
from typing import Any

import pytest
from support.sandbox_company import Api

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from hubspot import HubSpot
    from hubspot.crm.associations.v4 import (
        BatchInputPublicFetchAssociationsBatchRequest,
        PublicFetchAssociationsBatchRequest,
    )
    from hubspot.crm.contacts import (
        ApiException,
        BatchInputSimplePublicObjectBatchInput,
        BatchReadInputSimplePublicObjectId,
        PublicObjectSearchRequest,
        SimplePublicObjectBatchInput,
        SimplePublicObjectId,
        SimplePublicObjectInput,
        SimplePublicObjectInputForCreate,
    )
    from hubspot.crm.properties import OptionInput, PropertyCreate, PropertyGroupCreate


@pytest.fixture
def client(portal: Api) -> Iterator[Any]:
    """The client as its users make it; both addresses are needed."""
    made = HubSpot(access_token="pat", host=portal.sandbox.url, base_url=portal.sandbox.url)
    yield made


def test_pages_and_all_pages(client: Any) -> None:
    api = client.crm.contacts.basic_api
    page = api.get_page(
        limit=2, properties=["email", "firstname"], associations=["companies"], archived=False
    )
    assert len(page.results) == 2
    assert page.paging.next.after
    assert page.results[0].associations["companies"].results[0].type == "contact_to_company"
    assert len(client.crm.contacts.get_all()) == 3
    assert len(client.crm.deals.get_all(properties=["dealname"])) == 2


def test_goals(client: Any) -> None:
    page = client.crm.objects.goals.basic_api.get_page(properties=["hs_target_amount", "hubspot_owner_id"])
    assert {r.properties["hs_target_amount"] for r in page.results} == {"5000.5", None, "100"}
    assert all(r.properties["hubspot_owner_id"] for r in page.results)


def test_history(client: Any) -> None:
    page = client.crm.deals.basic_api.get_page(limit=50, properties_with_history=["dealstage"])
    entries = page.results[0].properties_with_history["dealstage"]
    assert entries[0].timestamp > entries[-1].timestamp


def test_search(client: Any) -> None:
    group = {"filters": [{"propertyName": "email", "operator": "CONTAINS_TOKEN", "value": "acme"}]}
    request = PublicObjectSearchRequest(
        filter_groups=[group], sorts=["hs_object_id"], limit=10, properties=["email"]
    )
    found = client.crm.contacts.search_api.do_search(public_object_search_request=request)
    assert found.total == 1
    assert found.results[0].properties["email"] == "pia@acme.example"


def test_writes(client: Any, portal: Api) -> None:
    api = client.crm.contacts.basic_api
    made = api.create(
        SimplePublicObjectInputForCreate(properties={"email": "new@x.example"}, associations=[])
    )
    api.update(made.id, SimplePublicObjectInput(properties={"firstname": "New"}))
    assert api.get_by_id(made.id, properties=["firstname"]).properties["firstname"] == "New"
    api.archive(made.id)
    with pytest.raises(ApiException) as caught:
        api.get_by_id(made.id)
    assert caught.value.status == 404


def test_batches_and_partial_failure(client: Any, portal: Api) -> None:
    pia = portal.id("contacts", "p1")
    api = client.crm.contacts.batch_api
    read = api.read(
        BatchReadInputSimplePublicObjectId(
            inputs=[SimplePublicObjectId(id=pia), SimplePublicObjectId(id="12")],
            properties=["email"],
            properties_with_history=[],
        )
    )
    assert (len(read.results), read.num_errors) == (1, 1)
    body = BatchInputSimplePublicObjectBatchInput(
        inputs=[SimplePublicObjectBatchInput(id=pia, properties={"jobtitle": "CEO"})]
    )
    assert api.update(body).results[0].properties["jobtitle"] == "CEO"


def test_definitions_owners_pipelines_links(client: Any, portal: Api) -> None:
    client.crm.properties.groups_api.create(
        "deals", PropertyGroupCreate(name="own", label="Own", display_order=-1)
    )
    created = PropertyCreate(
        name="own_grade",
        label="Grade",
        type="enumeration",
        field_type="select",
        group_name="own",
        options=[OptionInput(label="A", value="a", display_order=0, hidden=False)],
    )
    assert client.crm.properties.core_api.create("deals", created).name == "own_grade"
    assert {p.name for p in client.crm.properties.core_api.get_all("deals").results} >= {
        "amount",
        "own_grade",
    }
    assert client.crm.properties.core_api.get_by_name("deals", "amount").type == "number"
    assert [o.email for o in client.crm.owners.owners_api.get_page(limit=100, archived=False).results] == [
        "ann@seller.example",
        "bo@seller.example",
    ]
    assert [s.id for s in client.crm.pipelines.pipelines_api.get_all("deals").results[0].stages] == [
        "new",
        "offer",
        "won",
        "lost",
    ]
    asked = BatchInputPublicFetchAssociationsBatchRequest(
        inputs=[PublicFetchAssociationsBatchRequest(id=portal.id("contacts", "p1"))]
    )
    linked = client.crm.associations.v4.batch_api.get_page("contacts", "companies", asked)
    assert linked.results[0].to[0].association_types[0].category == "HUBSPOT_DEFINED"


def test_tokens_and_any_path(client: Any) -> None:
    tokens = client.oauth.tokens_api.create(
        grant_type="refresh_token", client_id="id", client_secret="secret", refresh_token="refresh"
    )
    assert (tokens.refresh_token, tokens.expires_in) == ("refresh", 1800)
    details = client.api_request({"path": "/account-info/v3/details"}).json()
    assert details["timeZone"] == "UTC"


@pytest.mark.parametrize("kind", ["calls", "emails", "meetings", "notes", "communications"])
def test_activities(client: Any, kind: str) -> None:
    assert len(getattr(client.crm.objects, kind).basic_api.get_page().results) == 1
