"""Every declared feature, of every source: what became known later may be added, changed or deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from support.worlds import DAY, NOW, World, company

from sales_consultant.config.populations import Exclusions, FeatureSettings, Population
from sales_consultant.engine import DuckEngine
from sales_consultant.scoring.features.build import build
from sales_consultant.scoring.populations.members import Membership
from sales_consultant.scoring.training.training import declare

if TYPE_CHECKING:
    from sales_consultant.scoring.features.declarations import Entity

CUT = NOW - 200 * DAY
FIRST = CUT - 300 * DAY
POPULATIONS = (
    Population(object="deals", event="won", where={"pipeline": "sales"}),
    Population(object="contacts", event="converted"),
    Population(object="companies", event="next_purchase"),
)
FEATURES = FeatureSettings()
# Dated rows by table, with the time from which the CRM knew them.
DATED = {
    "activities": "known_at",
    "deal_history": "changed_at",
    "field_history": "changed_at",
    "campaign_members": "known_at",
    "associations": "known_at",
    "line_items": "known_at",
}
# Ways in which rows that became known after the cut-off are changed: whatever they say must be of no weight.
EDITS = {
    "activities": (
        "type = 'meeting'",
        "direction = 'inbound'",
        "automated = NOT automated",
        "deleted = TRUE",
        f"occurred_at = {CUT - 3 * DAY}",
        f"occurred_at = {CUT + 9 * DAY}",
    ),
    "deal_history": ("stage = 'demo'", "stage = NULL", "amount = 3", f"close_date = {CUT + 5 * DAY}"),
    "field_history": ("value = '77'", "value = NULL"),
    "campaign_members": (f"responded_at = {CUT - 2 * DAY}", "responded_at = NULL"),
    "associations": ("label = 'primary'", f"first_seen = {CUT - DAY}"),
    "line_items": ("amount = 5", "deleted = TRUE", "product_id = 'p1'"),
    "deals": ("is_won = NOT is_won", f"closed_at = {NOW}", "amount = 1"),
}


def frames(engine: DuckEngine) -> dict[Entity, pd.DataFrame]:
    """The features of the members of CUT, of one population of each object."""
    out: dict[Entity, pd.DataFrame] = {}
    for population in POPULATIONS:
        members = Membership(engine, population, Exclusions(), as_of=NOW).at(CUT)
        features = declare(engine, population, FEATURES).features
        X = build(engine, population.object, features, members)
        out[population.object] = X.set_axis(members["record_id"]).sort_index()
    return out


@pytest.fixture(scope="module")
def world() -> World:
    """A company in which every source has rows before and after CUT."""
    made, rng = company(deals=160, leads=40, seed=5, days=420), np.random.default_rng(5)
    kinds = [("call", "inbound"), ("call", "outbound"), ("email", "inbound"), ("form", None), ("chat", None)]
    deals = list(made.rows["deals"])
    firms = {str(d["id"]): str(d["company_id"]) for d in deals}
    for link in list(made.rows["associations"]):
        if link["from_object"] == "activity" and link["to_object"] == "deal":
            made.add("associations", **{**link, "to_object": "company", "to_id": firms[link["to_id"]]})
    for contact in made.rows["contacts"]:
        contact["lead_source"] = str(rng.choice(["web", "fair"]))
    born = {str(c["id"]): int(c["created_at"]) for c in made.rows["contacts"]}
    for n, deal in enumerate(deals):
        number = str(deal["id"])[1:]
        people, firm = [f"k{number}", f"l{n % 40:05d}"], str(deal["company_id"])
        for k in range(6):
            kind, direction = kinds[int(rng.integers(len(kinds)))]
            at = max(int(rng.integers(FIRST, NOW)), int(deal["created_at"])) if k else int(deal["created_at"])
            links = [("deal", str(deal["id"])), ("contact", people[k % 2]), ("company", firm)]
            made.activity(kind, at, links, direction=direction, known_at=at + int(rng.integers(0, 9)) * DAY)
        planned = int(rng.integers(CUT, CUT + 50 * DAY))
        made.activity("meeting", planned, links, known_at=CUT + int(rng.integers(-20, 20)) * DAY)
        _more(made, deal, links, np.random.default_rng(n))
        at = int(rng.integers(FIRST, NOW))
        for person in people:
            made.add("campaign_members", id=f"m{n}{person}", contact_id=person, known_at=at)
        for k, said in enumerate((at, *(CUT - int(d) * DAY for d in rng.integers(1, 30, 2)))):
            made.add(
                "campaign_members", id=f"r{n}-{k}", contact_id=people[k % 2], known_at=said - DAY,
                responded_at=said + DAY,
            )  # fmt: skip
        for _ in range(3):
            changed = int(deal["created_at"]) + int(rng.integers(1, 90)) * DAY
            amount = float(rng.integers(1000, 90_000))
            moved = int(deal["close_date"]) + int(rng.integers(-40, 90)) * DAY
            made.add("deal_history", deal_id=deal["id"], changed_at=changed, amount=amount, close_date=moved)
        for field, thing, key in (
            ("c_page_views", "contacts", people[0]),
            ("c_usage", "companies", firm),
            ("c_visits", "deals", str(deal["id"])),
        ):
            for changed in rng.integers(FIRST, NOW, 4):
                made.add(
                    "field_history", object=thing, record_id=key, field=field, value=str(rng.integers(40)),
                    changed_at=int(changed),
                )  # fmt: skip
        made.add(
            "associations", from_object="deal", from_id=deal["id"], to_object="contact", to_id=people[1],
            known_at=max(int(deal["created_at"]), born[people[1]], at),
        )  # fmt: skip
    for thing, field, table in (("companies", "c_usage", "companies"), ("deals", "c_visits", "deals")):
        made.add(
            "fields", object=thing, column_name=field, name=field, label=field, type="number", custom=True,
            calculated=False, known="history", ours=False,
        )  # fmt: skip
        assert made.rows[table]
    return made


def _more(made: World, deal: dict[str, Any], links: list[tuple[str, str]], rng: np.random.Generator) -> None:
    """A task ahead, line items, and for every third deal a way back and over stages."""
    born = int(deal["created_at"])
    task = CUT + int(rng.integers(0, 40)) * DAY
    made.activity("task", task, links, known_at=CUT + int(rng.integers(-20, 20)) * DAY)
    for k in range(2):
        made.add(
            "line_items", id=f"i{deal['id']}-{k}", deal_id=deal["id"], product_id=f"p{rng.integers(4)}",
            amount=float(rng.integers(100, 9000)), known_at=born + k * 20 * DAY,
        )  # fmt: skip
    if rng.random() < 0.4:
        for k, stage in enumerate(("offer", "new", "demo", "new", "offer")[: int(rng.integers(1, 6))]):
            made.add("deal_history", deal_id=deal["id"], changed_at=born + (k + 1) * 2 * DAY, stage=stage)


def connection(world: World) -> DuckEngine:
    """The world, its warehouse having the two columns more that the CRM describes."""
    engine = world.connection()
    engine.con.execute("ALTER TABLE companies ADD COLUMN c_usage DOUBLE")
    engine.con.execute("ALTER TABLE deals ADD COLUMN c_visits DOUBLE")
    return engine


@pytest.fixture(scope="module")
def before(world: World) -> dict[Entity, pd.DataFrame]:
    return frames(connection(world))


def test_every_feature_says_something_in_this_world(before: dict[Entity, pd.DataFrame]) -> None:
    """The properties below would hold of columns that are always the same."""
    for entity, X in before.items():
        assert len(X) >= 15, entity
        still = [c for c in X if X[c].nunique(dropna=False) < 2]
        assert not still, (entity, still)


share = st.integers(2, 5)
# An example takes seconds, and says all it can as it is: nothing is made smaller.
QUICK = (Phase.explicit, Phase.generate)


@pytest.mark.slow
@settings(max_examples=3, deadline=None, phases=QUICK, suppress_health_check=list(HealthCheck))
@given(table=st.sampled_from(sorted(DATED)), every=share)
def test_late_rows_deleted(world: World, before: dict[Entity, pd.DataFrame], table: str, every: int) -> None:
    engine = connection(world)
    engine.con.execute(
        f"DELETE FROM {table} WHERE {DATED[table]} > {CUT} AND hash({table}::VARCHAR) % {every} = 0"
    )
    same(frames(engine), before)


@pytest.mark.slow
@settings(max_examples=4, deadline=None, phases=QUICK, suppress_health_check=list(HealthCheck))
@given(data=st.data(), every=share)
def test_late_rows_changed(
    world: World, before: dict[Entity, pd.DataFrame], data: st.DataObject, every: int
) -> None:
    engine = connection(world)
    for table in data.draw(st.lists(st.sampled_from(sorted(EDITS)), min_size=1, max_size=3, unique=True)):
        edit = data.draw(st.sampled_from(EDITS[table]))
        time = DATED.get(table, "closed_at")
        engine.con.execute(
            f"UPDATE {table} SET {edit} WHERE {time} > {CUT} AND hash({table}::VARCHAR) % {every} = 0"
        )
    same(frames(engine), before)


@pytest.mark.slow
@settings(max_examples=3, deadline=None, phases=QUICK, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_late_rows_added(world: World, before: dict[Entity, pd.DataFrame], data: st.DataObject) -> None:
    """Copies of early rows, known late: each kind of row there is, on the records that are looked at."""
    engine = connection(world)
    table = data.draw(st.sampled_from(sorted(DATED)))
    late, some = data.draw(st.integers(CUT + 1, NOW)), data.draw(share)
    time = DATED[table]
    where = f"coalesce({time}, 0) <= {CUT} AND hash({table}::VARCHAR) % {some} = 0"
    engine.con.execute(
        f"CREATE TEMP TABLE copies AS SELECT * REPLACE ({late} AS {time}) FROM {table} WHERE {where}"
    )
    if table == "activities":
        engine.con.execute("UPDATE copies SET id = 'late ' || id")
        engine.con.execute(
            "INSERT INTO associations SELECT * REPLACE ('late ' || from_id AS from_id) FROM associations "
            "WHERE 'late ' || from_id IN (SELECT id FROM copies)"
        )
    if table == "associations":
        # Only links between records carry a time; that of an activity is known when the activity is.
        engine.con.execute("DELETE FROM copies WHERE from_object = 'activity'")
        engine.con.execute("UPDATE copies SET to_id = 'k00001' WHERE to_object = 'contact'")
        engine.con.execute("DELETE FROM copies USING associations a WHERE copies.from_id = a.from_id"
                    " AND copies.to_id = a.to_id")  # fmt: skip
    engine.con.execute(f"INSERT INTO {table} SELECT * FROM copies")
    same(frames(engine), before)


def test_records_made_later(world: World, before: dict[Entity, pd.DataFrame]) -> None:
    engine = connection(world)
    for table in ("deals", "contacts", "companies"):
        engine.con.execute(f"DELETE FROM {table} WHERE created_at > {CUT}")
    engine.con.execute(
        "INSERT INTO deals (id, company_id, created_at, closed_at, is_closed, is_won, pipeline, deleted) "
        "VALUES ('new', ?, ?, ?, TRUE, TRUE, 'sales', FALSE)",
        ["c1", CUT + DAY, CUT + 2 * DAY],
    )
    same(frames(engine), before)


def same(found: dict[Entity, pd.DataFrame], before: dict[Entity, pd.DataFrame]) -> None:
    """Each frame is what it was, column for column."""
    for entity, X in before.items():
        pd.testing.assert_frame_equal(found[entity], X, obj=entity)
