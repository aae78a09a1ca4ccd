"""What is known of a model, by its kind. A card's own document is kept whole for `--json`; a screen takes the rest."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sales_consultant.sync.results.training import LeftOut, SuspectColumn, left_out

Document = Mapping[str, Any]


@dataclass(frozen=True)
class FeatureWeight:
    """What a feature weighs: its mean points, whatever their sign, and the least and most that an open record got from it.

    `low` and `high` are None in a card of a release that did not keep them.
    """

    name: str
    points: float
    low: float | None = None
    high: float | None = None

    @property
    def size(self) -> float:
        """What the order goes by: the width of the range, or the mean where no range was kept."""
        return self.points if self.low is None or self.high is None else self.high - self.low


@dataclass(frozen=True)
class Cleaned:
    """Values that were held or emptied before a model learnt, by why: outliers, gaps, ...; in how many columns."""

    why: str
    columns: int
    values: int


@dataclass(frozen=True)
class Loan:
    """A model borrowed from a parent population: from which, and how its level was moved, in log-odds."""

    lender: str
    offset: float
    offset_error: float
    own_records: int


@dataclass(frozen=True)
class PropensityCard:
    """The card of a population's model; `learnt_at` in milliseconds UTC, `excluded` and `false_labels` records by reason."""

    document: Document
    why: str
    event: str
    horizon_days: int
    tier: str
    loan: Loan | None
    learnt_at: tuple[int, ...]
    rows: int
    with_event: int | None
    without_event: int
    weights: tuple[FeatureWeight, ...]
    features: tuple[str, ...]
    protected: tuple[str, ...]
    excluded: Mapping[str, int]
    false_labels: Mapping[str, int]
    cleaned: tuple[Cleaned, ...]
    unlogged_rows: int
    dropped: tuple[LeftOut, ...]
    as_of_today: tuple[LeftOut, ...]
    """Fields that are used with today's value, with what speaks for it."""
    suspects: tuple[SuspectColumn, ...]
    notes: tuple[str, ...]

    @classmethod
    def of(cls, d: Document) -> "PropensityCard":
        """From a card's document; what a release did not keep is empty."""
        loan = d.get("borrowed")
        activities = d.get("activity_coverage") or {}
        weights = [
            FeatureWeight(str(e["reason"]), float(e["points"]), e.get("low"), e.get("high"))
            for e in d.get("effects") or ()
        ]
        return cls(
            document=d,
            why=str(d.get("why") or ""),
            event=str(d.get("event") or ""),
            horizon_days=int(d.get("horizon_days") or 0),
            tier=str(d.get("tier") or ""),
            loan=Loan(loan["from"], loan["offset"], loan["offset_error"], loan["own_records"])
            if loan
            else None,
            learnt_at=tuple(int(c) for c in d.get("learnt_at") or ()),
            rows=int(d.get("rows") or 0),
            with_event=d.get("records_with_event"),
            without_event=int(d.get("records_without_event") or 0),
            weights=tuple(sorted(weights, key=lambda w: -w.size)),
            features=_texts(d.get("features")),
            protected=_texts(d.get("protected")),
            excluded=_numbers(d.get("excluded")),
            false_labels=_numbers(d.get("false_labels")),
            cleaned=tuple(
                Cleaned(str(why), int(n["columns"]), int(n["values"]))
                for why, n in (d.get("cleaning") or {}).items()
                if n["values"]
            ),
            unlogged_rows=int(activities.get("rows_low") or 0) + int(activities.get("rows_sudden") or 0),
            dropped=tuple(left_out(x) for x in d.get("dropped") or d.get("leaks") or ()),
            as_of_today=tuple(left_out({**x, "kind": ""}) for x in d.get("as_of_today") or ()),
            suspects=tuple(SuspectColumn.of(x) for x in d.get("suspects") or ()),
            notes=_texts(d.get("notes")),
        )


@dataclass(frozen=True)
class ValueCard:
    """The card of the customers' value: purchases and customers it was fitted to; `valued` where these were enough.

    `renewals_known`: enough terms of contracts were renewed or not to tell the risk that one is not.
    """

    document: Document
    why: str
    currency: str
    customers: int
    purchases: int
    repeat_buyers: int
    contractual: int
    decided_terms: int
    renewals_known: bool
    excluded: Mapping[str, int]
    counted_out: Mapping[str, int]
    valued: bool
    warnings: tuple[str, ...]

    @classmethod
    def of(cls, d: Document) -> "ValueCard":
        """From a card's document."""
        renewals = d.get("renewals") or {}
        return cls(
            document=d,
            why=str(d.get("why") or ""),
            currency=str(d.get("currency") or ""),
            customers=int(d.get("customers") or 0),
            purchases=int(d.get("purchases") or 0),
            repeat_buyers=int(d.get("repeat_buyers") or 0),
            contractual=int(d.get("contractual") or 0),
            decided_terms=int(renewals.get("decided_terms") or 0),
            renewals_known="log_likelihood" in renewals,
            excluded=_numbers(d.get("excluded")),
            counted_out=_numbers(d.get("counted_out")),
            valued=bool(d.get("valued", True)),
            warnings=_texts(d.get("warnings")),
        )


@dataclass(frozen=True)
class Regression:
    """A way to estimate amounts, and by how much it was wrong on average in the test, in the org's currency."""

    kind: str
    error: float


@dataclass(frozen=True)
class AmountCard:
    """The card of deal amounts: how many deals had one, and how each regression did on the newest of them.

    `chosen` is "none" where too few deals have an amount.
    """

    document: Document
    why: str
    currency: str
    chosen: str
    deals: int
    placeholders: int
    tested_on: int
    candidates: tuple[Regression, ...]

    @classmethod
    def of(cls, d: Document) -> "AmountCard":
        """From a card's document."""
        return cls(
            document=d,
            why=str(d.get("why") or ""),
            currency=str(d.get("currency") or ""),
            chosen=str(d.get("kind") or "none"),
            deals=int(d.get("deals") or 0),
            placeholders=int(d.get("placeholders") or 0),
            tested_on=int(d.get("tested_on") or 0),
            candidates=tuple(Regression(str(c["kind"]), float(c["mae"])) for c in d.get("candidates") or ()),
        )


@dataclass(frozen=True)
class SegmentCard:
    """The card of the segments: edges of days since the last purchase, purchases, revenue; of a tier's value.

    `ranked`: the edges are fifths of the customers, else round numbers. No edges in a card of an older release.
    """

    document: Document
    why: str
    currency: str
    customers: int | None
    ranked: bool
    days: tuple[float, ...] = ()
    purchases: tuple[float, ...] = ()
    revenue: tuple[float, ...] = ()
    tiers: tuple[float, ...] = ()

    @classmethod
    def of(cls, d: Document) -> "SegmentCard":
        """From a card's document."""
        edges = d.get("edges") or {}
        return cls(
            d,
            str(d.get("why") or ""),
            str(d.get("currency") or ""),
            d.get("customers"),
            bool(d.get("ranked")),
            *(tuple(float(e) for e in edges.get(k) or ()) for k in ("days", "purchases", "money", "tiers")),
        )


@dataclass(frozen=True)
class ClusterCard:
    """The card of the clusters that are written: how they were found, and what they are called."""

    document: Document
    why: str
    method: str
    verdict: str
    customers: int | None
    names: tuple[str, ...] = field(default=())

    @classmethod
    def of(cls, d: Document) -> "ClusterCard":
        """From a card's document."""
        return cls(
            d,
            str(d.get("why") or ""),
            str(d.get("method") or ""),
            str(d.get("verdict") or ""),
            d.get("customers"),
            _texts(d.get("clusters")),
        )


@dataclass(frozen=True)
class ProductCard:
    """The card of recommended products: which way is used and why, and what the test on a split in time found.

    `recalls` has k, the recall at k of similarity and of popularity; none where there was too little to test.
    """

    document: Document
    why: str
    method: str
    customers: int
    products: int
    tested: int
    horizon_days: int
    recalls: tuple[tuple[int, float, float], ...]
    counted_out: dict[str, int]
    without_name: int

    @classmethod
    def of(cls, d: Document) -> "ProductCard":
        """From a card's document."""
        pairs = [(k, d.get(f"recall_at_{k}"), d.get(f"popularity_recall_at_{k}")) for k in (5, 10)]
        return cls(
            document=d,
            why=str(d.get("why") or d.get("said") or ""),
            method=str(d.get("method") or "none"),
            customers=int(d.get("customers") or 0),
            products=int(d.get("products") or 0),
            tested=int(d.get("customers_tested") or 0),
            horizon_days=int(d.get("horizon_days") or 0),
            recalls=tuple((k, float(a), float(b)) for k, a, b in pairs if a is not None and b is not None),
            counted_out=_numbers(d.get("counted_out")),
            without_name=int(d.get("products_without_a_name") or 0),
        )


Card = PropensityCard | ValueCard | AmountCard | SegmentCard | ClusterCard | ProductCard
_OF: dict[str, Callable[[Document], Card]] = {
    "value": ValueCard.of,
    "amount": AmountCard.of,
    "segments": SegmentCard.of,
    "clusters": ClusterCard.of,
    "products": ProductCard.of,
}


def card_of(kind: str, document: Document) -> Card:
    """A card's document as the record of its kind."""
    return _OF.get(kind, PropensityCard.of)(document)


def _texts(values: Any) -> tuple[str, ...]:
    return tuple(str(v) for v in values or ())


def _numbers(counted: Any) -> dict[str, int]:
    return {str(k): int(n) for k, n in (counted or {}).items() if n}
