"""Counts that `init` proposes by."""

from collections.abc import Collection
from typing import Any

from sales_consultant.config.neutral import literal, quote
from sales_consultant.engine.duck import DuckEngine


def rows(engine: DuckEngine, table: str) -> int:
    """Rows of a table."""
    return _one(engine, f"SELECT count(*) FROM {quote(table)}")


def live(engine: DuckEngine, table: str) -> int:
    """Rows of a table that are not deleted."""
    return _one(engine, f"SELECT count(*) FROM {quote(table)} WHERE NOT deleted")


def people(engine: DuckEngine) -> dict[str, int]:
    """Contacts that are not deleted, and leads where there are any: they share a table."""
    leads = _one(engine, "SELECT count(*) FROM contacts WHERE NOT deleted AND source_object = 'Lead'")
    contacts = {"contacts": live(engine, "contacts") - leads}
    return contacts | {"leads": leads} if leads else contacts


def owner_domains(engine: DuckEngine) -> list[str]:
    """Domains of the owners' addresses."""
    found = engine.con.execute(
        "SELECT DISTINCT lower(split_part(email, '@', 2)) FROM owners WHERE email LIKE '%@%' ORDER BY 1"
    ).fetchall()
    return [str(r[0]) for r in found if r[0]]


def contacts_at(engine: DuckEngine, domains: Collection[str]) -> int:
    """Contacts with an address at one of some domains."""
    listed = ", ".join(literal(d) for d in sorted(domains))
    return _one(engine, f"SELECT count(*) FROM contacts WHERE domain IN ({listed})")


def deals_by_pipeline(engine: DuckEngine) -> list[tuple[Any, ...]]:
    """By pipeline and type: pipeline, label, type, deals, won, lost, open."""
    return engine.con.execute(
        "SELECT d.pipeline, max(s.pipeline_label), d.type, count(*), count(*) FILTER (d.is_won), "
        "count(*) FILTER (d.is_closed AND NOT d.is_won), count(*) FILTER (NOT d.is_closed) "
        "FROM deals d LEFT JOIN (SELECT DISTINCT pipeline, pipeline_label FROM stages WHERE object = 'deals') s "
        "ON s.pipeline = d.pipeline WHERE NOT d.deleted AND d.pipeline IS NOT NULL GROUP BY 1, 3 ORDER BY 1, 3"
    ).fetchall()


def leads(engine: DuckEngine) -> int:
    """Live leads."""
    return _one(engine, "SELECT count(*) FROM contacts WHERE source_object = 'Lead' AND NOT deleted")


def contacts(engine: DuckEngine) -> int:
    """Live contacts that are no leads."""
    return _one(engine, "SELECT count(*) FROM contacts WHERE source_object = 'Contact' AND NOT deleted")


def contact_links(engine: DuckEngine) -> int:
    """Links of deals to contacts."""
    return _one(
        engine, "SELECT count(*) FROM associations WHERE from_object = 'deal' AND to_object = 'contact'"
    )


def _one(engine: DuckEngine, query: str) -> int:
    row = engine.con.execute(query).fetchone()
    return int(row[0]) if row else 0
