"""The probe in time: what counts later events, or is filled with the outcome, is found; what was known by then is kept."""

from collections import Counter
from typing import Any

import numpy as np
import pandas as pd
import pytest
from support.worlds import DAY, NOW, World, company

from sales_consultant.config.populations import Exclusions, FeatureSettings, Population
from sales_consultant.scoring.core.findings import Finding
from sales_consultant.scoring.leakage import point_in_time
from sales_consultant.scoring.leakage.future_events import find_future_leakage
from sales_consultant.scoring.populations.members import Membership
from sales_consultant.scoring.populations.training_rows import cut_offs, horizon_days, labelled
from sales_consultant.scoring.training.training import declare, train

DEALS = Population(object="deals", event="won", where={"pipeline": "sales"})
Table = dict[str, object]
# What is compiled once is there for all who train.
pytestmark = pytest.mark.xdist_group("training")


class Made:
    """Records whose score, type and luck drive how much happens to them; each has a cut-off somewhere in its life."""

    def __init__(self, seed: int, n: int = 500) -> None:
        self.n = n
        self.rng = rng = np.random.default_rng(seed)
        self.score = rng.normal(size=n)
        self.kind = rng.choice(["retail", "industry", "public", "partner"], n, p=[0.4, 0.3, 0.2, 0.1])
        born, age = rng.integers(0, 300, n), rng.integers(5, 120, n)
        self.cut: Any = (born + age) * float(DAY)
        self.end = born + age + 1 + rng.gamma(2, 60, n)
        rate = rng.uniform(0.2, 1.0) * self.score + rng.uniform(0.2, 0.8) * rng.normal(size=n)
        self.rate = np.exp(rate + 0.6 * (self.kind == "partner") - 0.5 * (self.kind == "public"))
        parts = []
        for kind, base in (("calls/in", 0.03), ("calls/out", 0.06), ("meetings", 0.015), ("visits", 0.03)):
            row = np.repeat(np.arange(n), rng.poisson(base * self.rate * (self.end - born)))
            at = (born[row] + rng.random(len(row)) * (self.end - born)[row]) * DAY
            parts.append(pd.DataFrame({"record_id": row, "at": at, "kind": kind}))
        self.won = rng.random(n) < 1 / (1 + np.exp(0.5 - 1.2 * self.score))
        opened = rng.random(n) < 1 / (1 + np.exp(0.3 - self.score))
        for hit, at, kind in (
            (opened, born + rng.random(n) * (self.end - born), "deals/opened"),
            (self.won, self.end, "deals/won"),
        ):
            parts.append(pd.DataFrame({"record_id": np.flatnonzero(hit), "at": at[hit] * DAY, "kind": kind}))
        self.events = pd.concat(parts, ignore_index=True)

    def count(self, kinds: str = "", *, later: bool | None = None) -> np.ndarray:
        """Events of the kinds that begin so; only those after the cut-off, or before it."""
        rows = self.events[self.events["kind"].str.startswith(kinds)]
        of = rows["record_id"].to_numpy()
        if later is not None:
            of = of[(rows["at"].to_numpy() > self.cut[of]) == later]
        return np.bincount(of, minlength=self.n).astype(float)

    def noisy(self, values: object) -> "pd.Series[Any]":
        """One value in ten belongs to another record."""
        column = pd.Series(values)
        hit = self.rng.random(self.n) < 0.1
        column[hit] = self.rng.permutation(column.to_numpy())[hit]
        return column

    def probe(self, columns: Table) -> list[Finding]:
        """What the probe finds; five records share a company."""
        ids = pd.Series(np.arange(self.n))
        return find_future_leakage(pd.DataFrame(columns), ids, self.cut, self.events, np.arange(self.n) // 5)


@pytest.mark.parametrize("seed", range(6))
def test_what_was_known_at_the_cut_off_is_kept(seed: int) -> None:
    made = Made(seed)
    n, rng = made.n, made.rng
    last = (
        made.events[made.events["at"] <= made.cut[made.events["record_id"]]].groupby("record_id")["at"].max()
    )
    honest = {
        "score": made.score,
        "rate": made.rate,
        "type": made.kind,
        "level": np.select([made.score > 1, made.score > 0], ["gold", "silver"], "bronze"),
        "fits": made.score + 0.5 * rng.normal(size=n) > 1,
        "size": np.round(np.exp(2 + made.score + rng.normal(size=n))),
        "calls so far": made.count("calls", later=False),
        "calls so far, in part": made.noisy(made.count("calls", later=False)),
        "all so far": np.log1p(made.count(later=False)),
        "had a deal": made.count("deals/opened", later=False) > 0,
        "quiet for": ((made.cut - last.reindex(np.arange(n)).to_numpy()) / DAY),
        "made on": pd.to_datetime(rng.integers(0, 300, n) * DAY, unit="ms"),
        "noise": rng.normal(size=n),
        "one": np.ones(n),
        "empty": np.full(n, np.nan),
    }
    assert made.probe(honest) == []


@pytest.mark.slow
def test_what_counts_later_events_is_found() -> None:
    found: Counter[str] = Counter()
    for seed in range(2):
        made = Made(seed)
        shifted = pd.Series(pd.to_datetime((made.end + 2) * DAY, unit="ms")).where(made.won)
        other = made.rng.random(made.n) < 0.1
        shifted[other] = pd.to_datetime(made.rng.integers(0, 400, int(other.sum())) * DAY, unit="ms")
        leaks = {
            "all calls": made.count("calls"),
            "all calls, in part": made.noisy(made.count("calls")),
            "calls since": made.noisy(made.count("calls", later=True)),
            "engagement": 3 * made.count("meetings")
            + made.count("calls/in")
            + made.rng.normal(size=made.n) / 3,
            "has a deal": made.noisy(made.count("deals/opened") > 0),
            "won": made.noisy(made.won),
            "stage": made.noisy(
                np.select([made.won, made.count("deals/opened") > 0], ["won", "deal"], "new")
            ),
            "handed over": shifted,
        }
        findings = made.probe(leaks)
        found.update(f.column for f in findings)
        assert {f.kind for f in findings} == {"after_cut_off"}
        told = {f.column: f.evidence for f in findings}
        assert (
            "values count events that happened after the cut-off (calls/out, calls/in)" in told["all calls"]
        )
        assert "+2 days from the first of deals/won" in told["handed over"]
        assert "deals/opened after the cut-off are known" in told["has a deal"]
        assert 'records without deals/opened until then where it is "True"' in told["has a deal"]
    assert dict(found) == dict.fromkeys(leaks, 2)


def test_few_rows_or_no_events_say_nothing() -> None:
    made = Made(0, n=60)
    assert made.probe({"all": made.count()}) == []
    made = Made(0)
    made.events = made.events.iloc[:0]
    assert made.probe({"score": made.score}) == []


def dropped(world: World, **settings: object) -> dict[str, Finding]:
    """What training drops after a look at time alone."""
    engine = world.connection()
    members = Membership(engine, DEALS, Exclusions(), as_of=NOW)
    declared = declare(engine, DEALS, FeatureSettings.model_validate(settings)).features
    horizon = horizon_days(DEALS, members)
    rows = labelled(members, cut_offs(members, horizon), horizon)
    found = [
        *point_in_time.filled_at_outcome(engine, declared, members),
        *point_in_time.counted_later(engine, declared, rows, members),
    ]
    return {f.column: f for f in found}


def counted(world: World) -> World:
    """`c_paper` is how many activities a deal has to this day."""
    counts = Counter(r["to_id"] for r in world.rows["associations"] if r["to_object"] == "deal")
    for deal in world.rows["deals"]:
        deal["c_paper"] = float(counts[deal["id"]])
    return world


@pytest.mark.parametrize("seed", range(3))
def test_a_fixed_field_that_counts_to_this_day_is_dropped(seed: int) -> None:
    found = dropped(counted(company(deals=500, signal=1.5, seed=seed)), fixed=["deals.c_paper"])
    assert list(found) == ["deals.c_paper"]
    assert found["deals.c_paper"].kind == "after_cut_off"
    assert "(activities/" in found["deals.c_paper"].evidence


@pytest.mark.slow
def test_training_learns_from_none_of_it() -> None:
    features = FeatureSettings(fixed=["deals.c_paper"])
    with counted(company(deals=200)).connection() as engine:
        model = train(engine, "test", DEALS, as_of=NOW, exclusions=Exclusions(), features=features).model
    assert "after_cut_off" in {f.kind for f in model.leaks if f.column == "deals.c_paper"}
    assert "deals.c_paper" not in {f.name for f in model.features}


@pytest.mark.parametrize(("late", "default"), [(True, None), (True, "0"), (False, None), (False, "0")])
def test_a_field_first_filled_with_the_outcome_is_dropped(late: bool, default: str | None) -> None:
    world = company(deals=300)
    next(f for f in world.rows["fields"] if f["column_name"] == "c_paper")["known"] = "history"
    rng = np.random.default_rng(0)
    for deal in world.rows["deals"]:
        row = {"object": "deals", "record_id": deal["id"], "field": "c_paper"}
        if default is not None:
            world.add("field_history", **row, value=default, changed_at=deal["created_at"])
        if deal["closed_at"] and rng.random() < 0.7:
            life = deal["closed_at"] - deal["created_at"]
            # A minute before the stage is set, as a rep does it; else any time, and changed at the end.
            at = deal["closed_at"] - 60_000 if late else deal["created_at"] + int(rng.random() * life)
            world.add("field_history", **row, value=str(rng.integers(1, 9)), changed_at=at)
            world.add("field_history", **row, value=str(rng.integers(1, 9)), changed_at=deal["closed_at"])
    found = dropped(world)
    assert list(found) == (["deals.c_paper"] if late else [])
    if late:
        assert found["deals.c_paper"].kind == "after_outcome"
        assert "first filled at the outcome or after it on" in found["deals.c_paper"].evidence


@pytest.mark.parametrize("seed", range(3))
def test_a_plan_that_was_agreed_is_no_hindsight(seed: int) -> None:
    """Visits every 14, 30 or 90 days leave less to chance than Poisson would; the plan told the earlier ones as well."""
    rng = np.random.default_rng(seed)
    n = 600
    plan = rng.choice(["gold", "silver", "bronze"], n, p=[0.2, 0.4, 0.4])
    period = pd.Series(plan).map({"gold": 14, "silver": 30, "bronze": 90}).to_numpy(dtype=float)
    born, age = rng.integers(0, 300, n).astype(float), rng.integers(2, 90, n).astype(float)
    cut = born + age
    rows = []
    for i in range(n):
        visits = np.arange(born[i] + rng.uniform(0, period[i]), cut[i] + 90, period[i])
        rows += [(i, d + rng.normal(0, 3), "activities/meeting") for d in visits]
        calls = born[i] + rng.random(rng.poisson(0.02 * (age[i] + 90))) * (age[i] + 90)
        rows += [(i, d, "activities/call inbound") for d in calls]
    events = pd.DataFrame(rows, columns=["record_id", "at", "kind"])
    events["at"] *= DAY
    total = events.groupby("record_id").size().reindex(range(n), fill_value=0).to_numpy()
    values = pd.DataFrame({"plan": plan, "a_year": np.round(365 / period), "all_visits": total})
    found = find_future_leakage(values, pd.Series(np.arange(n)), cut * DAY, events, np.arange(n) // 3)
    assert [f.column for f in found] == ["all_visits"]
