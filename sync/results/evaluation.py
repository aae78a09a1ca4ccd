"""What the data allow before a training, and models looked at in other ways than by their forward test."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class PopulationReady:
    """What a population's data allow; shares are 0 to 1, `document` as the scoring tells it."""

    document: Mapping[str, Any]
    population: str
    tier: str
    borrows: str
    open_now: int
    won: int
    lost: int
    with_event: int
    without: int
    rows: int
    positives: int
    history_days: int
    activity_coverage: float
    owners_covered: str
    missing: tuple[str, ...]

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "PopulationReady":
        """From the scoring's own record, as JSON tells it."""
        mine = {k: document[k] for k in cls.__dataclass_fields__ if k != "document"}
        return cls(document=document, **{**mine, "missing": tuple(mine["missing"])})


@dataclass(frozen=True)
class Readiness:
    """What the data allow, by population."""

    populations: tuple[PopulationReady, ...]

    def to_json(self) -> dict[str, Any]:
        """Under "populations"."""
        return {"populations": [dict(p.document) for p in self.populations]}


@dataclass(frozen=True)
class GivenBand:
    """What happened to records since they showed a score: see `evaluation.as_given`; shares are 0 to 1."""

    population: str
    given: str
    score: str
    records: int
    with_event: int
    share: float
    promised: float | None
    horizon_days: int | None


@dataclass(frozen=True)
class AsGiven:
    """Scores as people saw them, and what came of them."""

    bands: tuple[GivenBand, ...]

    NOTHING = "No score has been visible for 30 days yet."

    def to_json(self) -> dict[str, Any]:
        """Under "as_given", with a note where there are none."""
        return _noted("as_given", [dict(vars(b)) for b in self.bands], self.NOTHING)


@dataclass(frozen=True)
class Comparison:
    """Each model in force beside other ones on the same test: rows as the scoring tells them, by population."""

    rows: tuple[Mapping[str, Any], ...]

    NOTHING = "No model in force has a forward test: all are rules."

    def to_json(self) -> dict[str, Any]:
        """Under "comparison", with a note where there are none."""
        return _noted("comparison", [dict(r) for r in self.rows], self.NOTHING)


def _noted(key: str, rows: list[dict[str, Any]], nothing: str) -> dict[str, Any]:
    return {key: rows} if rows else {key: rows, "note": nothing}


@dataclass(frozen=True)
class Clusters:
    """Clusters of the customers and how they were chosen; `customers` is set where they are too few."""

    method: str = ""
    verdict: str = ""
    profiles: tuple[Mapping[str, Any], ...] = ()
    candidates: tuple[Mapping[str, Any], ...] = ()
    customers: int | None = None

    def to_json(self) -> dict[str, Any]:
        """The clusters, or why there are none."""
        if self.customers is not None:
            return {"clusters": [], "note": f"{self.customers} customers are too few to cluster."}
        return {
            "method": self.method,
            "verdict": self.verdict,
            "clusters": list(self.profiles),
            "candidates": list(self.candidates),
        }


@dataclass(frozen=True)
class CalibrationBand:
    """Rows of a forward test with about the same probability: as promised and as it came."""

    population: str
    figures: Mapping[str, Any]


@dataclass(frozen=True)
class Plots:
    """Files that were drawn, and the calibration they show."""

    calibration: tuple[CalibrationBand, ...]
    files: tuple[str, ...]

    NOTHING = "No model has a forward test to draw."

    def to_json(self) -> dict[str, Any]:
        """With a note where nothing was drawn."""
        found: dict[str, Any] = {
            "calibration": [{"population": b.population, **b.figures} for b in self.calibration],
            "files": [{"file": f} for f in self.files],
        }
        return found if any(found.values()) else {**found, "note": self.NOTHING}
