"""Experiments: what one can show, how it stands, and that it started or ended."""

from dataclasses import asdict, dataclass
from typing import Any

from sales_consultant.insight.experiments import Ratio


@dataclass(frozen=True)
class Designed:
    """What an experiment can show here; shares are 0 to 1, `days` whole days (None: not within three years).

    `base` is the share of companies with the event within `horizon_days`, measured on those that were open so long ago.
    `correlation` is that of the score shown `correlation_days` ago with the event since (0 and None: not known yet).
    `wanted` are relative effects with the companies that each needs and the days until it can be seen.
    """

    populations: tuple[str, ...]
    share: float
    clustered: bool
    horizon_days: int
    units: int
    per_day: float
    owners: int
    base: float
    correlation: float
    correlation_days: int | None
    icc: float
    smallest: float | None
    smallest_fixed: float | None
    price_of_looking: float
    wanted: tuple[tuple[float, int, int | None], ...]
    excluded: tuple[str, ...]
    planned: float
    advice: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """All of it."""
        rows = [{"relative_effect": e, "companies_needed": n, "days": d} for e, n, d in self.wanted]
        return {**asdict(self), "wanted": rows}


@dataclass(frozen=True)
class Started:
    """An experiment that was announced; the next plan draws its companies."""

    id: str
    started_at: int
    design: Designed

    def to_json(self) -> dict[str, Any]:
        """Under "experiment"."""
        return {"experiment": {"id": self.id, "started_at": self.started_at, "design": self.design.to_json()}}


@dataclass(frozen=True)
class Looked:
    """How an experiment stands today; None where it cannot be told yet.

    `effect`, `low` and `high` are the difference of the share of companies with the event so far, treated less control,
    with a sequence of intervals that holds on all days at once; `p` is the p-value that may be looked at every day.
    """

    id: str
    started_at: int
    ended_at: int | None
    as_of: int
    horizon_days: int
    share: float
    clustered: bool
    n_treated: int
    n_control: int
    excluded: int
    events_treated: int
    events_control: int
    share_treated: float | None
    share_control: float | None
    effect: float | None
    low: float | None
    high: float | None
    p: float
    alarm_day: int | None
    ratio: Ratio
    control_still_shown: int
    dropped: dict[str, int]
    looks: tuple[dict[str, Any], ...]

    def to_json(self) -> dict[str, Any]:
        """Under "experiment"."""
        return {"experiment": asdict(self)}


@dataclass(frozen=True)
class Ended:
    """An experiment that was ended; its control group is shown what the others see from the next sync on."""

    id: str
    ended_at: int
    released: int

    def to_json(self) -> dict[str, Any]:
        """Under "experiment"."""
        return {"experiment": asdict(self)}
