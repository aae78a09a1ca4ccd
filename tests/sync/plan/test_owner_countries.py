"""Whose working days count: the setting of an owner, else what the CRM says of them, else the connection's country."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.salesforce_org import Sf, company
from support.sandbox_company import FILES
from support.worlds import World

from sales_consultant.config.sections import Connection
from sales_consultant.connectors.salesforce.api.client import SalesforceApi
from sales_consultant.connectors.salesforce.connector import SalesforceConnector
from sales_consultant.scoring.next_steps import country_code
from sales_consultant.sync.plan.steps import countries_of
from sales_consultant.sync.pull import pull
from sales_consultant.sync.stores.warehouse import Warehouse

NAMES = "id,email,first_name,last_name,country"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("DE", "DE"), ("de", "DE"), ("Deutschland", "DE"), (" united   STATES ", "US"), ("USA", "US"), ("中国", "CN"),
        ("Scotland", "GB-SCT"), ("", ""), ("Elbonia", ""), ("EU", ""), ("ZZ", ""), ("001", ""), ("\x00", ""),
    ],
)  # fmt: skip
def test_the_code_of_what_a_crm_says(text: str, code: str) -> None:
    assert country_code(text) == code


@pytest.mark.parametrize(
    ("given", "country", "found"),
    [
        ({}, "", {"1": "CN", "2": "DE"}),
        ({"LI@x.example": "US"}, "", {"1": "US", "2": "DE"}),
        ({"2": "FR", "3": "AT"}, "US", {"1": "CN", "2": "FR", "3": "AT"}),
        # The connection's is a part of the same country: it says more.
        ({}, "DE-BY", {"1": "CN"}),
    ],
)
def test_a_setting_comes_before_the_crm_and_the_crm_before_the_connection(
    given: dict[str, str], country: str, found: dict[str, str]
) -> None:
    world = World()
    world.add("owners", id="1", email="li@x.example", country="China")
    world.add("owners", id="2", email="eva@x.example", country="DE")
    world.add("owners", id="3", email="who@x.example", country="Elbonia")
    world.add("owners", id="4", email=None)
    with world.connection() as engine:
        assert countries_of(engine, given, country) == found


def rows(codes: bool) -> str:
    """Two owners, with codes beside the names where the org has picklists of countries."""
    extra = (",country_code", ",DE", ",CN") if codes else ("", "", "")
    return (
        f"{NAMES}{extra[0]}\no1,eva@x.example,Eva,Österberg,Germany{extra[1]}\n"
        f"o2,li@x.example,Wei,Li,Shangrila{extra[2]}\n"
    )


@pytest.fixture
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    made = Warehouse(tmp_path_factory.mktemp("warehouse") / "w.duckdb")
    yield made
    made.close()


def pulled(org: Sf, warehouse: Warehouse, token: str = "an-admins-token") -> dict[str, str | None]:
    """What the warehouse holds of the countries of the folder's owners, by last name."""
    api = SalesforceApi(Connection(crm="salesforce", url=org.sandbox.url), token)
    connector = SalesforceConnector(api)
    pull(connector, warehouse, until=connector.now(), objects=["User"])
    sql = "SELECT last_name, country FROM owners WHERE last_name IN ('Österberg', 'Li')"
    return dict(warehouse.con.execute(sql).fetchall())


@pytest.mark.parametrize(
    ("codes", "found"),
    [(False, {"Österberg": "Germany", "Li": "Shangrila"}), (True, {"Österberg": "DE", "Li": "CN"})],
)
def test_salesforce_tells_the_code_where_it_has_picklists_and_else_the_name(
    tmp_path: Path, warehouse: Warehouse, codes: bool, found: dict[str, str]
) -> None:
    with company(tmp_path, FILES | {"owners": rows(codes)}) as org:
        assert ("CountryCode" in org.fields("User")) == codes
        assert pulled(org, warehouse) == found


def test_a_country_that_may_not_be_read_costs_that_value_only(tmp_path: Path, warehouse: Warehouse) -> None:
    with company(tmp_path, FILES | {"owners": rows(True)}) as org:
        weak = ["User.Country", "User.CountryCode"]
        org.user("blind", profile="System Administrator", hidden=weak)
        assert pulled(org, warehouse, "blind") == {"Österberg": None, "Li": None}
