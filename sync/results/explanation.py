"""Why a record has its score, and a company on one page."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sales_consultant.config.clock import iso
from sales_consultant.sync.results.proposals import Risk


@dataclass(frozen=True)
class ReasonLine:
    """What was seen, its whole points, and the feature it comes from. 50 and all points sum to the score."""

    text: str
    points: int
    feature: str


@dataclass(frozen=True)
class FeatureValue:
    """A feature of a record: the reason it speaks in, with what is said of it now, and its value, None for a gap."""

    reason: str
    side: str
    said: str
    feature: str
    value: Any


@dataclass(frozen=True)
class RecordRow:
    """A record as the CRM holds it: the neutral row without empty cells, times as ISO 8601, and what is told of it first."""

    row: Mapping[str, Any]
    name: str
    amount: str | None
    currency: str
    about: tuple[str, ...]
    """Title, industry, e-mail address and domain, as far as they are there."""
    stage: str
    close_date: str

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "RecordRow":
        """From the neutral row."""
        person = " ".join(str(row[k]) for k in ("first_name", "last_name") if row.get(k))
        return cls(
            row=row,
            name=str(row.get("name") or person),
            amount=None if row.get("amount") is None else str(row["amount"]),
            currency=str(row.get("currency") or ""),
            about=tuple(str(row[k]) for k in ("title", "industry", "email", "domain") if row.get(k)),
            stage=str(row.get("stage") or ""),
            close_date=str(row.get("close_date") or ""),
        )


@dataclass(frozen=True)
class Scored:
    """A score as it is now: 1 to 99, its grade, a probability (0 to 1, None for rules) and why.

    `lines` are the reasons as they are written to the CRM. `risks` is None for what has none to be told, as contacts.
    """

    population: str
    score: int
    grade: str | None
    probability: float | None
    reasons: tuple[ReasonLine, ...]
    lines: tuple[str, ...]
    features: tuple[FeatureValue, ...]
    model: str | None = None
    risks: tuple[str, ...] | None = None
    why_no_value: str | None = None

    def to_json(self) -> dict[str, Any]:
        """What a scored record has beyond others."""
        document: dict[str, Any] = {
            "population": self.population,
            "score": self.score,
            "grade": self.grade,
            "probability": self.probability,
            "reasons": [dict(vars(r)) for r in self.reasons],
            "lines": list(self.lines),
            "features": [dict(vars(f)) for f in self.features],
        }
        if self.model is not None:
            document["model"] = self.model
        if self.risks is not None:
            document["risks"] = list(self.risks)
        if self.why_no_value is not None:
            document["why_no_value"] = self.why_no_value
        return document


@dataclass(frozen=True)
class Purchases:
    """Won deals of one year in one currency."""

    year: str
    deals: int
    amount: float
    currency: str


@dataclass(frozen=True)
class Purchase:
    """A won deal; `day` as 2026-11-21, `amount` with its currency."""

    day: str | None
    name: str | None
    amount: str | None
    type: str | None


@dataclass(frozen=True)
class Product:
    """A product, in how many won deals and how many of it."""

    product: str | None
    deals: int
    quantity: Any


@dataclass(frozen=True)
class Person:
    """Somebody at a company; `last_activity` as 2026-11-21, score and grade as the CRM shows them."""

    id: str
    name: str
    title: str | None
    open_deals: int
    won_deals: int
    score: str | None
    grade: str | None
    last_activity: str | None
    note: str


@dataclass(frozen=True)
class OpenDeal:
    """An open deal; `closes` as 2026-11-21, `amount` with its currency."""

    id: str
    name: str | None
    stage: str | None
    amount: str | None
    closes: str | None
    open_days: int
    score: str | None
    grade: str | None


@dataclass(frozen=True)
class ActivityCount:
    """Activities of a type in the last 90 days, and what is planned; `last` as 2026-11-21."""

    type: str
    direction: str
    last_90_days: int
    planned: int
    last: str | None


@dataclass(frozen=True)
class CompanyProfile:
    """A company: who looks after it, what it bought, who is there, what is open and what may go wrong."""

    owner: str | None
    purchases: tuple[Purchases, ...]
    last_purchases: tuple[Purchase, ...]
    habit: str
    products: tuple[Product, ...]
    people: tuple[Person, ...]
    open_deals: tuple[OpenDeal, ...]
    activity: tuple[ActivityCount, ...]
    risks: tuple[str, ...]
    found: tuple[Risk, ...] = ()
    """The risks as facts, which can be said in another language."""
    written: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """All of it, rows as mappings."""
        return {
            "owner": self.owner,
            "purchases": [dict(vars(p)) for p in self.purchases],
            "last_purchases": [dict(vars(p)) for p in self.last_purchases],
            "habit": self.habit,
            "products": [dict(vars(p)) for p in self.products],
            "people": [dict(vars(p)) for p in self.people],
            "open_deals": [dict(vars(d)) for d in self.open_deals],
            "activity": [dict(vars(a)) for a in self.activity],
            "risks": list(self.risks),
            "written": list(self.written),
        }


@dataclass(frozen=True)
class Shown:
    """What a field showed from when until when (milliseconds UTC, None: still); `record` where there are several."""

    field: str
    value: str | None
    visible_from: int | None
    visible_to: int | None
    record: str | None = None

    def to_json(self) -> dict[str, Any]:
        """One row of "history"."""
        return {
            **({} if self.record is None else {"record": self.record}),
            "field": self.field,
            "value": self.value,
            "from": iso(self.visible_from),
            "to": iso(self.visible_to),
        }


@dataclass(frozen=True)
class Explanation:
    """Why a record has its score; `as_of` in milliseconds UTC, `holds` what the CRM holds of our fields.

    `currency` is the one that money in our fields is in: the deal's, else the org's.
    """

    object: str
    id: str
    as_of: int
    holds: Mapping[str, str | None]
    scored: Scored | None
    record: RecordRow
    company: CompanyProfile | None
    why_no_score: str | None
    history: tuple[Shown, ...] = field(default=())
    currency: str = ""

    def to_json(self) -> dict[str, Any]:
        """One flat document; a company's risks take the place of a deal's."""
        document: dict[str, Any] = {
            "object": self.object,
            "id": self.id,
            "as_of": iso(self.as_of),
            "holds": dict(self.holds),
            "currency": self.currency,
            "population": None,
            "reasons": [],
        }
        if self.scored is not None:
            document |= self.scored.to_json()
        document["record"] = dict(self.record.row)
        if self.company is not None:
            document |= self.company.to_json()
        if self.why_no_score is not None:
            document["why_no_score"] = self.why_no_score
        document["history"] = [h.to_json() for h in self.history]
        return document
