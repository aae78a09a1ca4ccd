"""Who the customer of a deal is: its company, and where there is none, the person who buys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from sales_consultant.engine import Engine, alive, neutral, query

if TYPE_CHECKING:
    from collections.abc import Iterable

_PERSON = "contact:"


def person(contact_id: str) -> str:
    """The key of a customer who is a person; that of a company is its id, for two objects may share an id."""
    return f"{_PERSON}{contact_id}"


def record_of(key: str) -> tuple[str, str]:
    """The object and the id of a customer's record.

    >>> record_of("17"), record_of(person("17"))
    (('companies', '17'), ('contacts', '17'))
    """
    return ("contacts", key.removeprefix(_PERSON)) if key.startswith(_PERSON) else ("companies", key)


def key_of(object_: str, record_id: str) -> str:
    """The key of a customer's record: the inverse of `record_of`."""
    return person(record_id) if object_ == "contacts" else record_id


def keys_of(frame: pd.DataFrame) -> pd.Index[Any]:
    """The keys of customers in a frame with record_id and, where some are people, object."""
    objects: Iterable[str] = frame["object"] if "object" in frame else ["companies"] * len(frame)
    return pd.Index(
        [key_of(o, str(i)) for o, i in zip(objects, frame["record_id"], strict=True)], dtype=object
    )


def customers_of(engine: Engine, deals: pd.DataFrame, *, as_of: int) -> pd.Series[str]:
    """The customer's key of each deal (columns deal_id, company_id), a gap where nobody is known.

    A deal without a company belongs to its primary contact, else to the one who was on it first by the as-of time; one who
    works for a company buys for it. The company of a person account is that person.
    """
    customer = deals["company_id"].astype(object).where(deals["company_id"].fillna("") != "")
    if deals.empty:
        return customer
    companies = set(query(engine, neutral(engine, "companies").select("id"))["id"])
    t = alive(neutral(engine, "contacts"))
    t = t.filter(t.source_object.fill_null("Contact") == "Contact")
    people = query(engine, t.select("id", "company_id"))
    # A person account's contact is the only one of an account that is no company.
    alone = people[people["company_id"].notna() & ~people["company_id"].isin(companies)]
    alone = alone.drop_duplicates("company_id", keep=False)
    accounts = dict(zip(alone["company_id"], alone["id"].map(person), strict=True))
    customer = customer.map(lambda c: accounts.get(c, c), na_action="ignore")
    if customer.notna().all():
        return customer
    links = neutral(engine, "associations")
    links = links.filter((links.from_object == "deal") & (links.to_object == "contact"))
    pairs = query(
        engine,
        links.group_by(deal_id=links.from_id, contact_id=links.to_id).aggregate(
            primary=(links.label == "primary").fill_null(False).cast("int64").max(),
            # Where nobody knows when the link was made, it is taken as old as the deal.
            since=links.known_at.fill_null(links.first_seen).fill_null(0).min(),
        ),
    )
    pairs = pairs[pairs["since"] <= as_of]
    pairs = pairs[pairs["deal_id"].isin(set(deals.loc[customer.isna(), "deal_id"]))]
    pairs = pairs[pairs["contact_id"].isin(set(people["id"]))]
    pairs = pairs.sort_values(["primary", "since", "contact_id"], ascending=[False, True, True])
    first = pairs.drop_duplicates("deal_id").set_index("deal_id")["contact_id"]
    works_for = people.set_index("id")["company_id"]
    works_for = works_for[works_for.isin(companies)]
    buyer = deals["deal_id"].map(first)
    keys = buyer.map(works_for).astype(object)
    keys = keys.where(keys.notna(), buyer.map(person, na_action="ignore"))
    return customer.where(customer.notna(), keys)
