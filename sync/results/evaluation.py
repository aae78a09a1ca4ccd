"""What the data allow before a training, and models looked at in other ways than by their forward test."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class PopulationReady:
    """What a population's data allow; shares are 0 to 1. The fields are those of `readiness.TrainingReadiness`."""

    population: str
    open_now: int
    with_event: int
    without: int
    rows: int
    cut_offs: int
    horizon_days: int
    history_days: int
    test_with_event: int
    test_without: int
    stage_history: float | None
    activity_coverage: float
    owners_covered: str
    excluded: Mapping[str, int]
    false_labels: Mapping[str, int]
    tier: str
    missing: tuple[str, ...]
    won: int
    lost: int
    positives: int
    borrows: str

    def to_json(self) -> dict[str, Any]:
        """One row of "populations"."""
        found = {**vars(self), "missing": list(self.missing)}
        return {**found, "excluded": dict(self.excluded), "false_labels": dict(self.false_labels)}


@dataclass(frozen=True)
class Readiness:
    """What the data allow, by population."""

    populations: tuple[PopulationReady, ...]

    def to_json(self) -> dict[str, Any]:
        """Under "populations"."""
        return {"populations": [p.to_json() for p in self.populations]}


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
class ComparedModel:
    """A model on the rows of a population's forward test, and the seconds that it took to fit."""

    population: str
    model: str
    in_force: bool
    auc: float
    log_loss: float
    brier: float
    ece: float
    lift_at_10: float
    rows: int
    seconds: float


@dataclass(frozen=True)
class Comparison:
    """Each model in force beside other ones on the same test, by population."""

    rows: tuple[ComparedModel, ...]

    NOTHING = "No model in force has a forward test: all are rules."

    def to_json(self) -> dict[str, Any]:
        """Under "comparison", with a note where there are none."""
        return _noted("comparison", [dict(vars(r)) for r in self.rows], self.NOTHING)


def _noted(key: str, rows: list[dict[str, Any]], nothing: str) -> dict[str, Any]:
    return {key: rows} if rows else {key: rows, "note": nothing}


@dataclass(frozen=True)
class ClusterProfile:
    """A cluster of customers: what sets it apart in words, and its medians; days since the last and the first purchase."""

    cluster: int
    customers: int
    who: str
    purchases: float
    total: float
    monetary: float
    since_days: float
    T_days: float


@dataclass(frozen=True)
class ClusterCandidate:
    """A way to cluster that was tried: clusters, silhouette, how far draws agree (0 to 1), the share without a cluster."""

    method: str
    k: int
    silhouette: float
    stability: float
    noise: float


@dataclass(frozen=True)
class Clusters:
    """Clusters of the customers and how they were chosen; `customers` is set where they are too few."""

    method: str = ""
    verdict: str = ""
    profiles: tuple[ClusterProfile, ...] = ()
    candidates: tuple[ClusterCandidate, ...] = ()
    customers: int | None = None
    currency: str = ""

    @property
    def chosen(self) -> ClusterCandidate | None:
        """The candidate that the clusters are of."""
        mine = (c for c in self.candidates if (c.method, c.k) == (self.method, len(self.profiles)))
        return next(mine, None)

    def to_json(self) -> dict[str, Any]:
        """The clusters, or why there are none."""
        if self.customers is not None:
            return {"clusters": [], "note": f"{self.customers} customers are too few to cluster."}
        return {
            "method": self.method,
            "verdict": self.verdict,
            "clusters": [dict(vars(p)) for p in self.profiles],
            "candidates": [dict(vars(c)) for c in self.candidates],
        }


@dataclass(frozen=True)
class CalibrationBand:
    """Rows of a forward test with about the same probability: as promised and as it came."""

    population: str
    records: str
    promised: str
    happened: str
    drawn: str
    """A bar for what happened, with a mark where the promise stood."""

    def to_json(self) -> dict[str, Any]:
        """One row of "calibration"."""
        return {
            "population": self.population,
            "records": self.records,
            "promised": self.promised,
            "happened": self.happened,
            "# happened, | promised": self.drawn,
        }


@dataclass(frozen=True)
class Plots:
    """Files that were drawn, and the calibration they show."""

    calibration: tuple[CalibrationBand, ...]
    files: tuple[str, ...]

    NOTHING = "No model has a forward test to draw."

    def to_json(self) -> dict[str, Any]:
        """With a note where nothing was drawn."""
        found: dict[str, Any] = {
            "calibration": [b.to_json() for b in self.calibration],
            "files": [{"file": f} for f in self.files],
        }
        return found if any(found.values()) else {**found, "note": self.NOTHING}
