"""Names that are only known when a program runs are joined to the right article."""

import pytest

from sales_consultant.config.language.articles import a


@pytest.mark.parametrize(
    "name",
    [
        "Opportunity",
        "Account",
        "OpportunityLineItem",
        "owner",
        "email",
        "SMS",
        "hour",
        "8-day trial",
        "HTML page",
        "uninstall",
    ],
)
def test_an(name: str) -> None:
    assert a(name) == f"an {name}"


@pytest.mark.parametrize(
    "name",
    [
        "Lead",
        "Contact",
        "User",
        "URL",
        "unit price",
        "European deal",
        "one-off",
        "2-day trial",
        "",
        "batch/update",
    ],
)
def test_a(name: str) -> None:
    assert a(name) == f"a {name}"
