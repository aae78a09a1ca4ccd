"""Invented names: stable, unique where they must be, and fit for an address."""

from hypothesis import given
from hypothesis import strategies as st

from sales_consultant.demo.company import names

IDS = st.lists(st.text(min_size=1, max_size=8), unique=True, max_size=60)


@given(IDS, st.sampled_from(["manufacturing", "logistics", ""]))
def test_no_two_companies_share_a_name_or_a_domain(ids: list[str], industry: str) -> None:
    found = names.companies((id, industry) for id in ids)
    assert list(found) == ids
    assert len({company.name for company in found.values()}) == len(ids)
    assert len({company.domain for company in found.values()}) == len(ids)


@given(IDS, st.integers(0, 60))
def test_a_company_keeps_its_name_when_others_follow(ids: list[str], some: int) -> None:
    every = names.companies((id, "logistics") for id in ids)
    assert names.companies((id, "logistics") for id in ids[:some]) == {id: every[id] for id in ids[:some]}


def test_there_are_names_for_more_companies_than_words() -> None:
    found = names.companies((str(number), "logistics") for number in range(2500))
    assert len({company.domain for company in found.values()}) == 2500


@given(IDS)
def test_addresses_are_ascii_and_unlike(ids: list[str]) -> None:
    found = names.addresses((id, "here.example") for id in ids)
    assert len(set(found.values())) == len(ids)
    for address in found.values():
        handle, domain = address.split("@")
        assert domain == "here.example"
        assert handle.isascii() and handle == handle.lower() and " " not in handle
        assert all(handle.split("."))
