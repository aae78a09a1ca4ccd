"""What an admin's commands find and do in the CRM: a first look, a check, our fields, a sign-in."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sales_consultant.config.clock import iso
from sales_consultant.connectors.base import Finding, ProvisionStep, Use


@dataclass(frozen=True)
class EventCounted:
    """An event that could be asked of a population, and how often it happened within the horizon.

    `with_event` and `without` are records whose horizon is over, `rate` the share of their rows with it (0 to 1, each
    record weighing one; None where there are none); `chosen` where it is the one that is proposed.
    """

    event: str
    horizon_days: int
    with_event: int
    without: int
    rate: float | None
    chosen: bool


@dataclass(frozen=True)
class Proposed:
    """A population that is proposed, with its records: open now, with the event, ended without it; and why this event."""

    name: str
    label: str
    event: str
    open: int
    with_event: int
    without: int
    note: str
    events: tuple[EventCounted, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """One row of "populations"."""
        return {**vars(self), "events": [dict(vars(e)) for e in self.events]}


@dataclass(frozen=True)
class Initialised:
    """A first look at a CRM: what was found, what to score, and the settings file that was written."""

    org: str
    file: str
    found: Mapping[str, int]
    populations: tuple[Proposed, ...]
    excluded_domains: tuple[str, ...]
    free_mail_contacts: int
    api_calls: Mapping[str, int]
    seconds_at_vendor_limits: float
    not_proposed: tuple[str, ...] = ()
    fixed: Mapping[str, str] = field(default_factory=dict)
    """Fields of today's value only that are proposed to be learnt from, each with what speaks for it."""

    def to_json(self) -> dict[str, Any]:
        """All of it, with what to do next."""
        return {
            "org": self.org,
            "file": self.file,
            "found": dict(self.found),
            "populations": [p.to_json() for p in self.populations],
            "not_proposed": list(self.not_proposed),
            "nothing_to_predict": not self.populations,
            "excluded_domains": list(self.excluded_domains),
            "free_mail_contacts": self.free_mail_contacts,
            "fixed": dict(self.fixed),
            "api_calls": dict(self.api_calls),
            "seconds_at_vendor_limits": self.seconds_at_vendor_limits,
            "next": "sales-consultant check, then provision, then plan",
        }


@dataclass(frozen=True)
class Checked:
    """The findings of a check; `live_report` is the file of the report where one was asked for."""

    org: str
    findings: tuple[Finding, ...]
    live_report: str | None = None

    def of_state(self, state: str) -> tuple[Finding, ...]:
        """The findings that stand so: ok, warning, missing or next."""
        return tuple(f for f in self.findings if f.state == state)

    @property
    def code(self) -> int:
        """Exit code: 3 where something is missing."""
        return 3 if self.of_state("missing") else 0

    def to_json(self) -> dict[str, Any]:
        """Counts by state, and all findings."""
        states = Counter(f.state for f in self.findings)
        document: dict[str, Any] = {
            "org": self.org,
            "ok": states["ok"],
            "warnings": states["warning"],
            "missing": states["missing"],
            "next_steps": states["next"],
            "findings": [dict(vars(f)) for f in self.findings],
        }
        return document if self.live_report is None else {**document, "live_report": self.live_report}


@dataclass(frozen=True)
class SuspectRecord:
    """A record that stands for a finding: which, its name, and what was seen of it."""

    object: str
    record_id: str
    name: str
    seen: str


@dataclass(frozen=True)
class DataFinding:
    """Something that is wrong with records of the CRM.

    `kind` is duplicates, gaps, outliers, dates or owners; `records` of `of` are concerned, in `groups` of the same where they
    are duplicates. `effect` says what it does to scores; `suspects` are some of them, those of a group together.
    """

    kind: str
    object: str
    what: str
    records: int
    of: int
    groups: int | None
    effect: str
    suspects: tuple[SuspectRecord, ...]

    def to_json(self) -> dict[str, Any]:
        """One row of "findings"."""
        return {**vars(self), "suspects": [dict(vars(s)) for s in self.suspects]}


@dataclass(frozen=True)
class DataChecked:
    """What is wrong with the records as they were last pulled; `as_of` is that time in milliseconds UTC."""

    as_of: int
    looked_at: Mapping[str, int]
    findings: tuple[DataFinding, ...]

    def to_json(self) -> dict[str, Any]:
        """Counts and findings; nothing of it was changed."""
        return {
            "as_of": iso(self.as_of),
            "looked_at": dict(self.looked_at),
            "findings": [f.to_json() for f in self.findings],
        }


@dataclass(frozen=True)
class Provisioned:
    """Our fields were made, or would be; `by_hand` is what the CRM has no API for."""

    org: str
    steps: tuple[ProvisionStep, ...]
    by_hand: tuple[str, ...]
    dry_run: bool = False

    def number(self, *states: str) -> int:
        """Steps that ended so."""
        return sum(s.state in states for s in self.steps)

    @property
    def code(self) -> int:
        """Exit code: 2 where the CRM refused a step."""
        return 2 if self.number("refused") else 0

    def to_json(self) -> dict[str, Any]:
        """Counts by state, and all steps."""
        return {
            "org": self.org,
            "created": self.number("created", "would create"),
            "changed": self.number("changed", "would change"),
            "exists": self.number("exists"),
            "refused": self.number("refused"),
            "steps": [dict(vars(s)) for s in self.steps],
            "by_hand": [{"do": text} for text in self.by_hand],
        }


@dataclass(frozen=True)
class Removal:
    """What would be taken away, and what of the customer's uses it; `not_told` is what the CRM does not say of that."""

    org: str
    steps: tuple[ProvisionStep, ...]
    used_by: tuple[Use, ...]
    not_told: str

    def to_json(self) -> dict[str, Any]:
        """Counts, uses and all steps."""
        return {
            "org": self.org,
            "would_remove": sum(s.state == "would remove" for s in self.steps),
            "left": sum(s.state == "left" for s in self.steps),
            "used_by": [dict(vars(u)) for u in self.used_by],
            "not_told": self.not_told,
            "steps": [dict(vars(s)) for s in self.steps],
        }


@dataclass(frozen=True)
class Removed:
    """Our fields were taken away."""

    org: str
    steps: tuple[ProvisionStep, ...]
    used_by: tuple[Use, ...] | None = None

    def number(self, state: str) -> int:
        """Steps that ended so."""
        return sum(s.state == state for s in self.steps)

    @property
    def code(self) -> int:
        """Exit code: 2 where the CRM refused a step."""
        return 2 if self.number("refused") else 0

    def to_json(self) -> dict[str, Any]:
        """Counts by state, all steps, and what used them."""
        document: dict[str, Any] = {
            "org": self.org,
            "removed": self.number("removed"),
            "left": self.number("left"),
            "refused": self.number("refused"),
            "steps": [dict(vars(s)) for s in self.steps],
        }
        if self.used_by is not None:
            document["used_by"] = [dict(vars(u)) for u in self.used_by]
        return document


@dataclass(frozen=True)
class SignedIn:
    """A token was stored."""

    connection: str
    stored_in: str

    def to_json(self) -> dict[str, Any]:
        """The connection and the place; never the token."""
        return dict(vars(self))


@dataclass(frozen=True)
class SignedOut:
    """A token was removed, or there was none."""

    connection: str
    removed: bool

    def to_json(self) -> dict[str, Any]:
        """The connection, and whether there was a token."""
        return dict(vars(self))
