"""What `init` proposes: populations, events and exclusions from what the CRM holds, each with its counts."""

import json
from dataclasses import dataclass, field

from sales_consultant.config.domains import FREE_MAIL
from sales_consultant.config.populations import Population
from sales_consultant.engine import DuckEngine
from sales_consultant.engine.reads import counts
from sales_consultant.scoring.propensity import MIN_SHRUNK

RENEWAL_WORDS = ("renew", "existing", "verlänger", "续")


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
class Proposals:
    """All that goes into a new configuration."""

    proposals: list[Proposal] = field(default_factory=list)
    own_domains: list[str] = field(default_factory=list)
    free_mail_contacts: int = 0
    counts: dict[str, int] = field(default_factory=dict)


def propose(engine: DuckEngine) -> Proposals:
    """Look at the neutral tables and propose; an empty CRM gives an empty proposal that says so."""
    proposed = Proposals()
    for table in ("contacts", "companies", "deals", "activities", "line_items", "owners"):
        proposed.counts[table] = counts.rows(engine, table)
    _deals(engine, proposed)
    _leads(engine, proposed)
    proposed.own_domains = [d for d in counts.owner_domains(engine) if d not in FREE_MAIL]
    proposed.free_mail_contacts = counts.contacts_at(engine, FREE_MAIL)
    return proposed


def _deals(engine: DuckEngine, found: Proposals) -> None:
    rows = counts.deals_by_pipeline(engine)
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
                if min(won, lost) >= MIN_SHRUNK
                else f"fewer than {MIN_SHRUNK} won or lost: rules instead of a model"
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


def _leads(engine: DuckEngine, found: Proposals) -> None:
    leads = counts.leads(engine)
    if leads:
        converted = counts.converted_leads(engine)
        population = Population(
            object="contacts",
            event="converted",
            where={"source_object": "Lead"},
            horizon_days=90,
            label="Leads",
        )
        found.proposals.append(Proposal("leads", population, leads - converted, converted, 0))
    contacts = counts.contacts(engine)
    if not contacts or not counts.contact_links(engine):
        return
    with_deal = counts.contacts_with_deal(engine)
    where: dict[str, str | list[str]] = {"source_object": "Contact"} if leads else {}
    population = Population(
        object="contacts", event="deal_opened", where=where, horizon_days=90, label="Contacts without a deal"
    )
    found.proposals.append(Proposal("contacts", population, contacts - with_deal, with_deal, 0))


def _name(text: str) -> str:
    return "".join(c if c.isalnum() else "_" for c in text.lower()).strip("_")[:40]


def toml(name: str, crm: str, connection: dict[str, str], found: Proposals) -> str:
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
        lines += _population(p)
    return "\n".join([*lines, *_rest(found)])


def _population(p: Proposal) -> list[str]:
    """The section of a proposed population, with what speaks for it."""
    lines = [
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
    return lines


def _rest(found: Proposals) -> list[str]:
    """Exclusions, what is written, guards and the schedule."""
    return [
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


def _quoted(value: str | list[str]) -> str:
    return json.dumps(value, ensure_ascii=False)
