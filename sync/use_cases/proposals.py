"""What `init` proposes: populations, events and exclusions from what the CRM holds, each with its counts."""

import json
from dataclasses import dataclass, field

import duckdb

from sales_consultant.config.domains import FREE_MAIL
from sales_consultant.config.populations import Population

RENEWAL_WORDS = ("renew", "existing", "verlänger", "续")
ENOUGH = 40


@dataclass(frozen=True)
class Proposal:
    """A population with what speaks for it: records open now, those with the event, those that ended without it."""

    name: str
    population: Population
    open: int
    with_event: int
    without: int
    note: str = ""


@dataclass
class Proposed:
    """All that goes into a new configuration."""

    proposals: list[Proposal] = field(default_factory=list)
    own_domains: list[str] = field(default_factory=list)
    free_mail_contacts: int = 0
    counts: dict[str, int] = field(default_factory=dict)


def propose(con: duckdb.DuckDBPyConnection) -> Proposed:
    """Look at the neutral tables and propose; an empty CRM gives an empty proposal that says so."""
    found = Proposed()
    for table in ("contacts", "companies", "deals", "activities", "line_items", "owners"):
        found.counts[table] = _one(con, f"SELECT count(*) FROM {table}")
    _deals(con, found)
    _leads(con, found)
    found.own_domains = [
        str(r[0])
        for r in con.execute(
            "SELECT DISTINCT lower(split_part(email, '@', 2)) FROM owners WHERE email LIKE '%@%' ORDER BY 1"
        ).fetchall()
        if r[0] and r[0] not in FREE_MAIL
    ]
    listed = ", ".join(f"'{d}'" for d in sorted(FREE_MAIL))
    found.free_mail_contacts = _one(con, f"SELECT count(*) FROM contacts WHERE domain IN ({listed})")
    return found


def _one(con: duckdb.DuckDBPyConnection, query: str) -> int:
    row = con.execute(query).fetchone()
    return int(row[0]) if row else 0


def _deals(con: duckdb.DuckDBPyConnection, found: Proposed) -> None:
    rows = con.execute(
        "SELECT d.pipeline, max(s.pipeline_label), d.type, count(*), count(*) FILTER (d.is_won), "
        "count(*) FILTER (d.is_closed AND NOT d.is_won), count(*) FILTER (NOT d.is_closed) "
        "FROM deals d LEFT JOIN (SELECT DISTINCT pipeline, pipeline_label FROM stages WHERE object = 'deals') s "
        "ON s.pipeline = d.pipeline WHERE NOT d.deleted AND d.pipeline IS NOT NULL GROUP BY 1, 3 ORDER BY 1, 3"
    ).fetchall()
    pipelines: dict[str, list[tuple[str, str | None, int, int, int, int]]] = {}
    for pipeline, label, kind, n, won, lost, still in rows:
        pipelines.setdefault(pipeline, []).append((label or pipeline, kind, n, won, lost, still))
    for pipeline, parts in pipelines.items():
        renewals = [p for p in parts if p[1] and any(w in p[1].lower() for w in RENEWAL_WORDS)]
        fresh = [p for p in parts if p not in renewals]
        for mine, suffix in ((fresh, ""), (renewals, "_renewals")):
            if not mine:
                continue
            where: dict[str, str | list[str]] = {"pipeline": pipeline}
            if renewals and fresh:
                where["type"] = sorted({str(p[1]) for p in mine if p[1]})
            won, lost, still = sum(p[3] for p in mine), sum(p[4] for p in mine), sum(p[5] for p in mine)
            note = (
                ""
                if min(won, lost) >= ENOUGH
                else f"fewer than {ENOUGH} won or lost: rules instead of a model"
            )
            if not still and not lost:
                note = "orders: all won at once, so there is nothing to predict for a deal; customers get a value"
                continue
            label = mine[0][0] + (" renewals" if suffix else "")
            found.proposals.append(
                Proposal(
                    _name(f"deals_{pipeline}{suffix}"),
                    Population(object="deals", event="won", where=where, label=label),
                    still,
                    won,
                    lost,
                    note,
                )
            )


def _leads(con: duckdb.DuckDBPyConnection, found: Proposed) -> None:
    leads = _one(con, "SELECT count(*) FROM contacts WHERE source_object = 'Lead' AND NOT deleted")
    if leads:
        converted = _one(con, "SELECT count(*) FROM contacts WHERE source_object = 'Lead' AND is_converted")
        population = Population(
            object="contacts",
            event="converted",
            where={"source_object": "Lead"},
            horizon_days=90,
            label="Leads",
        )
        found.proposals.append(Proposal("leads", population, leads - converted, converted, 0))
    contacts = _one(con, "SELECT count(*) FROM contacts WHERE source_object = 'Contact' AND NOT deleted")
    if not contacts or not _one(
        con, "SELECT count(*) FROM associations WHERE from_object = 'deal' AND to_object = 'contact'"
    ):
        return
    with_deal = _one(
        con,
        "SELECT count(DISTINCT a.to_id) FROM associations a JOIN contacts c ON c.id = a.to_id "
        "WHERE a.from_object = 'deal' AND a.to_object = 'contact' AND NOT c.deleted",
    )
    where: dict[str, str | list[str]] = {"source_object": "Contact"} if leads else {}
    population = Population(
        object="contacts", event="deal_opened", where=where, horizon_days=90, label="Contacts without a deal"
    )
    found.proposals.append(Proposal("contacts", population, contacts - with_deal, with_deal, 0))


def _name(text: str) -> str:
    return "".join(c if c.isalnum() else "_" for c in text.lower()).strip("_")[:40]


def toml(name: str, crm: str, connection: dict[str, str], found: Proposed) -> str:
    """A commented settings file with everything that was found."""
    lines = [
        "# Settings of Sales Consultant. Every key can be overridden by the environment: SALES_CONSULTANT_ and the",
        "# path in capitals with __ between the parts, as SALES_CONSULTANT_WRITE__SET=minimal.",
        "",
        f"[connections.{name}]",
        f"crm = {_quoted(crm)}",
        "# The token is not here: it is in the OS keyring (sales-consultant login), or where the docs say.",
        f'token = "keyring:{name}"',
        *(f"{k} = {_quoted(v)}" for k, v in connection.items() if v),
        "",
        f"# Found: {', '.join(f'{n:,} {t}' for t, n in found.counts.items())}.",
    ]
    if not found.proposals:
        lines += [
            "# There is nothing to predict yet: no population has both won and lost, or converted, records."
        ]
    for p in found.proposals:
        lines += [
            "",
            f"# {p.population.label}: {p.open:,} open now, {p.with_event:,} with the event, {p.without:,} ended without it."
            + (f" {p.note.capitalize()}." if p.note else ""),
            f"[populations.{p.name}]",
            f"object = {_quoted(p.population.object)}",
            f"event = {_quoted(p.population.event)}",
            f"label = {_quoted(p.population.label)}",
        ]
        if p.population.horizon_days:
            lines.append(f"horizon_days = {p.population.horizon_days}")
        if p.population.where:
            inner = ", ".join(f"{k} = {_quoted(v)}" for k, v in p.population.where.items())
            lines.append(f"where = {{ {inner} }}")
    lines += [
        "",
        "[exclude]",
        "# Colleagues are no customers.",
        f"own_domains = {_quoted(found.own_domains)}",
        f"# {found.free_mail_contacts:,} contacts have an address at a free mail provider; they are scored, never",
        "# matched to a company.",
        "partner_domains = []",
        "competitor_domains = []",
        "",
        "[write]",
        "# minimal: score, grade, top reason, next step. standard: also probability, trend, reasons, value, segment.",
        'set = "standard"',
        "# A pilot: only records of these owners are written. Widen it by removing the line.",
        '# where = { owner = ["anna@yourcompany.example"] }',
        "",
        "[guards]",
        "# A run that would change more than this stops before it writes.",
        "max_share = 0.5",
        "",
        "[schedule.nightly]",
        'job = "sync"',
        'cron = "0 4 * * *"',
        'time_zone = "UTC"',
        "",
        "# What changed since is read and written in between.",
        "[schedule.changes]",
        'job = "changed"',
        "every_minutes = 15",
        "",
        "[schedule.backup]",
        'job = "backup"',
        'cron = "30 1 * * *"',
        'time_zone = "UTC"',
        "",
        "[schedule.training]",
        'job = "train"',
        'cron = "0 2 * * sun"',
        'time_zone = "UTC"',
        "",
    ]
    return "\n".join(lines)


def _quoted(value: str | list[str]) -> str:
    return json.dumps(value, ensure_ascii=False)
