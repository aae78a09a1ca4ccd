"""Account proposals: what is proposed for a company, and what became of it."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, TypeVar

from sales_consultant.config.clock import iso
from sales_consultant.config.language.translation import Language

T = TypeVar("T")
Quartiles = tuple[float, float, float]


@dataclass(frozen=True)
class Risk:
    """Something that may go wrong, to be said in any language: a code, whom or what it is of, a number, a day (ISO)."""

    code: str
    name: str = ""
    number: float | None = None
    day: str = ""


@dataclass(frozen=True)
class ProposedPrice:
    """How a product was priced in won deals: see `scoring.products.PriceRange`; no quartiles where there are too few."""

    list_price: float | None
    currency: str
    band: str
    segment: str
    lines: int
    discounts: Quartiles | None
    prices: Quartiles | None


@dataclass(frozen=True)
class ProposedProduct:
    """A product to offer. `bought` of `of` customers speak for it: those of the `anchor`, which the company has, within
    `within_days` of it (None: whenever), or of all customers where there is no anchor."""

    id: str
    name: str
    bought: int
    of: int
    within_days: int | None
    anchor: str | None
    price: ProposedPrice


@dataclass(frozen=True)
class ProposedStep:
    """What to do on a record until a day (ISO), and why. Without an id it is the proposal's own, else the CRM shows it."""

    object: str
    record_id: str
    record: str
    code: str
    text: str
    due: str | None
    why: str
    id: str | None = None


@dataclass(frozen=True)
class ProposedDeal:
    """An open deal as it was; `closes` is a day (ISO)."""

    id: str
    name: str
    stage: str
    amount: float | None
    currency: str
    closes: str | None
    grade: str | None


@dataclass(frozen=True)
class Situation:
    """Where a company stands: our fields on it, what it bought and who is known there.

    `revenue` has year, deals, amount and currency; `people` names with their titles and the day of their last activity.
    """

    shown: Mapping[str, str | None]
    revenue: tuple[tuple[str, int, float, str], ...]
    last_purchase: str | None
    products: tuple[str, ...]
    people: tuple[tuple[str, str, str | None], ...]
    last_activity: str | None
    deals: tuple[ProposedDeal, ...]


@dataclass(frozen=True)
class AccountProposal:
    """A proposal for a company, without words of its own: pages are made of it in any language.

    Times in milliseconds UTC. `goals` are codes with what they name. `records` are all records that it speaks of, as
    "object/id". `files` are pages that were written of it.
    """

    id: str
    company_id: str
    company: str
    owner: str | None
    as_of: int
    review_at: int
    language: Language
    currency: str
    goals: tuple[tuple[str, str], ...]
    situation: Situation
    products: tuple[ProposedProduct, ...]
    no_product: str
    steps: tuple[ProposedStep, ...]
    risks: tuple[Risk, ...]
    records: tuple[str, ...] = ()
    files: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """All of it, times as ISO 8601."""
        return {**asdict(self), "as_of": iso(self.as_of), "review_at": iso(self.review_at)}

    def with_files(self, files: Iterable[str]) -> "AccountProposal":
        """The same with the pages that were written of it."""
        return replace(self, files=tuple(files))

    def kept(self) -> dict[str, Any]:
        """The form that is kept: `of_kept` gives the proposal back."""
        return asdict(self)

    @classmethod
    def of_kept(cls, data: Mapping[str, Any]) -> "AccountProposal":
        """From the form that was kept, as JSON gives it back."""
        situation = dict(data["situation"])
        situation["deals"] = _each(ProposedDeal, situation["deals"])
        situation["revenue"] = tuple(
            (str(y), int(n), float(a), str(c)) for y, n, a, c in situation["revenue"]
        )
        situation["people"] = tuple((str(n), str(t), d) for n, t, d in situation["people"])
        situation["products"] = tuple(situation["products"])
        told = {
            **data,
            "goals": tuple((str(c), str(n)) for c, n in data["goals"]),
            "situation": Situation(**situation),
            "products": tuple(_product(p) for p in data["products"]),
            "steps": _each(ProposedStep, data["steps"]),
            "risks": _each(Risk, data["risks"]),
            "records": tuple(data["records"]),
            "files": tuple(data["files"]),
        }
        return cls(**{f.name: told[f.name] for f in fields(cls)})


def _each(kind: type[T], rows: Any) -> tuple[T, ...]:
    return tuple(kind(**r) for r in rows)


def _product(data: Mapping[str, Any]) -> ProposedProduct:
    price = dict(data["price"])
    for name in ("discounts", "prices"):
        price[name] = None if price[name] is None else tuple(price[name])
    return ProposedProduct(**{**data, "price": ProposedPrice(**price)})


@dataclass(frozen=True)
class StepOutcome:
    """What became of a step: done, accepted, later, not_useful, wrong (answered so), bought, open, overdue or gone (the CRM
    shows another one, or none)."""

    step: ProposedStep
    outcome: str


@dataclass(frozen=True)
class DealOutcome:
    """What became of a deal: won, lost, moved (another stage), same, or unknown (it is not there any more)."""

    deal: ProposedDeal
    outcome: str
    stage: str
    closed: str | None


@dataclass(frozen=True)
class ProductOutcome:
    """Whether a product was bought since, and on which day (ISO) first."""

    id: str
    name: str
    bought: str | None


@dataclass(frozen=True)
class ProposalReview:
    """What was done and what happened since a proposal; that it happened after it does not say that it came of it.

    `as_of` (ms) is the last reading of the CRM. `purchases` has currency, deals and amount since; `activities` type, direction
    and number; `changed` our fields on the company, then and now.
    """

    proposal: AccountProposal
    as_of: int
    steps: tuple[StepOutcome, ...]
    deals: tuple[DealOutcome, ...]
    products: tuple[ProductOutcome, ...]
    purchases: tuple[tuple[str, int, float], ...]
    activities: tuple[tuple[str, str, int], ...]
    changed: tuple[tuple[str, str | None, str | None], ...]

    @property
    def due(self) -> bool:
        """Whether the day of the review has come."""
        return self.as_of >= self.proposal.review_at

    def to_json(self) -> dict[str, Any]:
        """All of it, with the proposal's id and times as ISO 8601."""
        told = asdict(self)
        told["proposal"] = {
            "id": self.proposal.id,
            "company_id": self.proposal.company_id,
            "company": self.proposal.company,
            "as_of": iso(self.proposal.as_of),
            "review_at": iso(self.proposal.review_at),
        }
        return {**told, "as_of": iso(self.as_of), "due": self.due}


@dataclass(frozen=True)
class ProposalReviews:
    """Reviews, the oldest proposal first; `waiting` counts the proposals whose day has not come, `next_at` (ms) is the first
    of those days."""

    reviews: tuple[ProposalReview, ...]
    waiting: int = 0
    next_at: int | None = None

    def to_json(self) -> dict[str, Any]:
        """All of it."""
        return {
            "reviews": [r.to_json() for r in self.reviews],
            "waiting": self.waiting,
            "next_review_at": iso(self.next_at),
        }


@dataclass(frozen=True)
class ProposalRow:
    """One kept proposal."""

    id: str
    company_id: str
    company: str
    as_of: int
    review_at: int


@dataclass(frozen=True)
class ProposalList:
    """The kept proposals, the newest first."""

    rows: tuple[ProposalRow, ...] = field(default=())

    def to_json(self) -> dict[str, Any]:
        """All of it, times as ISO 8601."""
        return {
            "proposals": [
                {**vars(r), "as_of": iso(r.as_of), "review_at": iso(r.review_at)} for r in self.rows
            ]
        }
