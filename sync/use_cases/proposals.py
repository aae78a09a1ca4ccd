"""What `init` proposes: populations, events and exclusions from what the CRM holds, each with its counts."""

import json
from dataclasses import dataclass, field, replace
from itertools import product

from sales_consultant.config.crms import CRMS
from sales_consultant.config.domains import FREE_MAIL
from sales_consultant.config.language.numbers import percent
from sales_consultant.config.populations import DEFAULT_HORIZON_DAYS, Event, Exclusions, Population
from sales_consultant.engine import DuckEngine
from sales_consultant.engine.reads import counts
from sales_consultant.scoring.propensity import MIN_SHRUNK
from sales_consultant.scoring.training import fields_of_today
from sales_consultant.scoring.validation import event_share

# What may be asked of people, the nearest event first: what is known today tells most of what comes next, and a score of
# it can be judged the sooner. A quarter is how far sales plan, a month what is left where nearly all happens within it.
LEAD_EVENTS: tuple[Event, ...] = ("converted", "won")
CONTACT_EVENTS: tuple[Event, ...] = ("deal_opened", "won")
HORIZONS = (DEFAULT_HORIZON_DAYS, 30)
# A judgement: where more than four in five, or fewer than one in five, have the event, a list sorted by it is nearly all
# of one kind (docs/decisions/scoring-proposed-events.md).
LEAST_RARER = 0.2
_SAID: dict[Event, str] = {
    "converted": "a conversion",
    "deal_opened": "a deal opened",
    "won": "a deal won",
}
RENEWAL_WORDS = ("renew", "existing", "verlänger", "续")


@dataclass(frozen=True)
class EventCounts:
    """How often an event happened within the horizon to records whose horizon is over; `chosen` where it is proposed.

    `with_event` and `without` are records that it followed after any of their cut-offs, or after none; `rate` is the share of
    their rows with it, 0 to 1, None where there are none: each record weighs one as in training, or who stays for years
    without it would count again and again. So it is not the share of `with_event`.
    """

    event: Event
    horizon_days: int
    with_event: int
    without: int
    rate: float | None
    chosen: bool = False

    @property
    def records(self) -> int:
        """The records whose horizon is over: of these `rate` is the share."""
        return self.with_event + self.without

    @property
    def rarer(self) -> float:
        """How many records the smaller side is worth: what a model can learn from."""
        rate = self.rate or 0.0
        return min(rate, 1 - rate) * self.records

    @property
    def informative(self) -> bool:
        """Whether it happens neither to nearly all nor to hardly anybody."""
        return self.rate is not None and LEAST_RARER <= self.rate <= 1 - LEAST_RARER


@dataclass(frozen=True)
class Proposal:
    """A population with what speaks for it: records open now, those with the event, those that ended without it.

    Of people, `events` are all that were counted, and those with and without are of the one that is proposed, within its
    horizon.
    """

    name: str
    population: Population
    open: int
    with_event: int
    without: int
    note: str = ""
    events: tuple[EventCounts, ...] = ()


@dataclass
class Proposals:
    """All that goes into a new configuration."""

    proposals: list[Proposal] = field(default_factory=list)
    not_proposed: list[str] = field(default_factory=list)
    own_domains: list[str] = field(default_factory=list)
    free_mail_contacts: int = 0
    fixed: dict[str, str] = field(default_factory=dict)
    """Fields of which only today's value is known, with what speaks for learning from them."""
    counts: dict[str, int] = field(default_factory=dict)


def propose(engine: DuckEngine, *, as_of: int) -> Proposals:
    """Look at the neutral tables as of a time (ms) and propose; an empty CRM gives an empty proposal that says so."""
    proposed = Proposals()
    for table in ("contacts", "companies", "deals", "activities", "line_items", "owners"):
        proposed.counts[table] = counts.rows(engine, table)
    proposed.own_domains = [d for d in counts.owner_domains(engine) if d not in FREE_MAIL]
    _deals(engine, proposed)
    _people(engine, proposed, as_of)
    proposed.free_mail_contacts = counts.contacts_at(engine, FREE_MAIL)
    proposed.fixed = _fixed(engine, proposed, as_of)
    return proposed


def _fixed(engine: DuckEngine, found: Proposals, as_of: int) -> dict[str, str]:
    """Fields of today's value only that no proposed population shows to be set by its outcome, and one shows not to be."""
    exclusions = Exclusions(own_domains=found.own_domains)
    shown: dict[str, str] = {}
    refused: set[str] = set()
    for p in found.proposals:
        used, others = fields_of_today(engine, p.population, as_of=as_of, exclusions=exclusions)
        shown |= {f.column: f.why for f in used}
        refused |= {f.column for f in others}
    return {name: why for name, why in sorted(shown.items()) if name not in refused}


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
            label = mine[0][0] + (" renewals" if suffix else "")
            if not still and not lost:
                found.not_proposed.append(
                    f"{label}: all {won:,} deals were won, none is open or lost, so there is nothing to predict; "
                    "customers get a value"
                )
                continue
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


def _people(engine: DuckEngine, found: Proposals, as_of: int) -> None:
    leads = counts.leads(engine)
    if leads:
        _person(engine, found, as_of, "leads", "Leads", {"source_object": "Lead"}, LEAD_EVENTS)
    if counts.contacts(engine) and counts.contact_links(engine):
        where: dict[str, str | list[str]] = {"source_object": "Contact"} if leads else {}
        _person(engine, found, as_of, "contacts", "Contacts without a deal", where, CONTACT_EVENTS)


def _person(
    engine: DuckEngine,
    found: Proposals,
    as_of: int,
    name: str,
    label: str,
    where: dict[str, str | list[str]],
    events: tuple[Event, ...],
) -> None:
    """Propose the nearest event that is informative; where none is, the one with most records on its rarer side."""
    exclude = Exclusions(own_domains=found.own_domains)
    counted: list[EventCounts] = []
    best, asked = None, None
    for event, days in product(events, HORIZONS):
        population = Population(object="contacts", event=event, where=where, horizon_days=days, label=label)
        seen = event_share(engine, population, as_of=as_of, exclusions=exclude)
        if not seen.open_now:
            found.not_proposed.append(f"{label}: nobody is open now, so there is nobody to score")
            return
        now = EventCounts(event, days, seen.with_event, seen.without, seen.rate)
        counted.append(now)
        if best is None or now.informative or now.rarer > best.rarer:
            best, asked, still = now, population, seen.open_now
        if now.informative:
            break
    if best is None or asked is None:
        return
    told = tuple(replace(c, chosen=c is best) for c in counted)
    found.proposals.append(
        Proposal(name, asked, still, best.with_event, best.without, _why(best, counted), told)
    )


def _why(best: EventCounts, counted: list[EventCounts]) -> str:
    """Why this event and no other, with what was counted of each."""
    if all(c.rate is None for c in counted):
        return f"no {min(HORIZONS)} days of anybody are over yet: rules instead of a model"
    text = f"{_SAID[best.event]} within {best.horizon_days} days {_share(best, 'happens to ')}"
    if others := [c for c in counted if c is not best]:
        told = "; ".join(f"{_SAID[c.event]} within {c.horizon_days} days {_share(c, 'to ')}" for c in others)
        text += f", {told}: what happens to nearly all, or to hardly anybody, sorts nobody"
        if not best.informative:
            text += ", and none of these is better; this one has the most records on its smaller side"
    days = " or ".join(str(d) for d in dict.fromkeys(c.horizon_days for c in [best, *counted]))
    text += (
        f"; shares are of the records whose {days} days are over, and one that was open at several cut-offs counts by the "
        f"share of them that the event followed ({best.with_event:,} after at least one, {best.without:,} after none)"
    )
    if min(best.with_event, best.without) < MIN_SHRUNK:
        text += f"; fewer than {MIN_SHRUNK} on one side: rules instead of a model"
    return text


def _share(c: EventCounts, verb: str) -> str:
    """The share that decides, and the records that give it, with as many digits as the division needs.

    >>> _share(EventCounts("won", 90, 981, 82, 0.9158), "to "), _share(EventCounts("won", 90, 2, 1, 0.5), "to ")
    ('to 92 % (973 of 1,063)', 'to 50 % (1.5 of 3)')
    """
    if c.rate is None:
        return "cannot be told, for so many days of nobody are over"
    # At the edge of what is proposed whole per cent would not tell on which side it is.
    edge = round(c.rate * 100) in (round(LEAST_RARER * 100), round((1 - LEAST_RARER) * 100))
    said = percent(c.rate, 1 if edge else None)
    worth = c.rate * c.records
    for digits in range(4):
        if percent(round(worth, digits) / c.records, 1 if edge else None) == said:
            break
    return f"{verb}{said} ({worth:,.{digits}f} of {c.records:,})"


def _name(text: str) -> str:
    return "".join(c if c.isalnum() else "_" for c in text.lower()).strip("_")[:40]


def toml(name: str, crm: str, connection: dict[str, str], found: Proposals, *, text: bool = False) -> str:
    """A commented settings file with everything that was found; `text` leaves the reading of texts on."""
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
        *_text(crm, on=text),
        "",
        f"# Found: {', '.join(f'{n:,} {t}' for t, n in found.counts.items())}.",
    ]
    if not found.proposals:
        lines += [
            "# There is nothing to predict yet: no population has both won and lost, or converted, records."
        ]
    for p in found.proposals:
        lines += _population(p)
    lines += [f"# Not proposed: {text}." for text in found.not_proposed]
    # Names of the CRM stand in comments: what breaks a line there would break the file.
    return "\n".join(_one_line(line) for line in [*lines, *_rest(found)])


def _text(crm: str, *, on: bool) -> list[str]:
    """The section of text: off until an admin turns it on."""
    kept = "and becomes signals; no text is kept."
    if on:
        return [f"# What people wrote (subjects, bodies, notes) is read, {kept}", "[text]", "enabled = true"]
    return [
        f"# What people wrote (subjects, bodies, notes) is not read. With this it is, {kept}",
        f"# It needs {CRMS[crm].text_needs}.",
        "# [text]",
        "# enabled = true",
    ]


def _one_line(text: str) -> str:
    """A line without what ends it, or what TOML refuses in a comment."""
    return "".join(c if c.isprintable() else " " for c in text)


def _population(p: Proposal) -> list[str]:
    """The section of a proposed population, with what speaks for it."""
    lines = [
        "",
        f"# {p.population.label}: {p.open:,} open now, {p.with_event:,} with the event, {p.without:,} "
        + ("without it." if p.events else "ended without it."),
        *([f"# {p.note[0].upper()}{p.note[1:]}."] if p.note else []),
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


def _features(found: Proposals) -> list[str]:
    """What may be learnt from although only today's value is known, with what speaks for it."""
    if not found.fixed:
        return []
    return [
        "[features]",
        "# Of these fields only today's value is known, and there is no sign that an outcome sets them. Each training looks",
        "# anew, marks on the card what it uses of them, and says how it would score without. Take the # from the last line",
        "# for those of which you know that they never change after a record was made: they are used without a question.",
        *(f"# {name}: {why}." for name, why in found.fixed.items()),
        f"# fixed = {_quoted(list(found.fixed))}",
        "",
    ]


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
        *_features(found),
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
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
