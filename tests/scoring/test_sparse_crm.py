"""A CRM full of gaps: every step gives its answer, and the answers still add up."""

import numpy as np
import pytest
from support.worlds import NOW, World, company

from sales_consultant.config import playbook
from sales_consultant.config.populations import Exclusions, FeatureSettings, Population
from sales_consultant.scoring import scorer
from sales_consultant.scoring.customers import segments, value
from sales_consultant.scoring.next_steps import Options, facts, propose
from sales_consultant.scoring.populations.members import Membership
from sales_consultant.scoring.training import training

POPULATIONS = {
    "deals": Population(object="deals", event="won", where={"pipeline": "sales"}),
    "leads": Population(object="contacts", event="converted_with_deal", where={"source_object": "Lead"}),
    "contacts": Population(object="contacts", event="deal_opened", where={"source_object": "Contact"}),
    "prospects": Population(object="companies", event="new_business_won"),
    "customers": Population(object="companies", event="next_purchase", horizon_days=180),
}
KEYS = {
    "id",
    "deal_id",
    "from_id",
    "to_id",
    "from_object",
    "to_object",
    "object",
    "column_name",
    "record_id",
    "field",
}


def holey(share: float) -> World:
    """A company in which that share of all values is missing."""
    world, rng = company(deals=200, leads=150, seed=6), np.random.default_rng(0)
    for table, rows in world.rows.items():
        for row in rows if table != "fields" else ():
            for column in set(row) - KEYS:
                if rng.random() < share:
                    row[column] = None
    return world


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.3, 1.0])
def test_gaps_everywhere(share: float) -> None:
    engine = holey(share).connection()
    settings, none = FeatureSettings(), Exclusions()
    for name, population in POPULATIONS.items():
        found = training.train(engine, name, population, as_of=NOW, exclusions=none, features=settings)
        frame = scorer.score(engine, found.model, as_of=NOW, exclusions=none)
        assert (frame["reasons"].map(lambda lines: 50 + sum(r.points for r in lines)) == frame["score"]).all()
        if population.object == "deals":
            worth = value.deal_values(engine, frame, as_of=NOW)
            assert list(worth["record_id"]) == list(frame["record_id"])
        table = facts(engine, frame, as_of=NOW)
        made = propose(engine, table, playbook.load(), Options(as_of=NOW))
        told = [*made.steps["record_id"], *made.without["record_id"]]
        assert sorted(told) == sorted(table.loc[~table["closed"].astype(bool), "record_id"])
    assert value.fit_customers(engine, as_of=NOW, exclusions=none).predict(engine, as_of=NOW) is not None
    named = segments.fit(engine, as_of=NOW).assign(engine, as_of=NOW, previous={})
    assert set(named["segment"]) <= set(segments.SEGMENTS)


def test_an_empty_crm() -> None:
    engine = World().connection()
    for name, population in POPULATIONS.items():
        found = training.train(
            engine, name, population, as_of=NOW, exclusions=Exclusions(), features=FeatureSettings()
        )
        assert found.model.tier == "rules"
        assert scorer.score(engine, found.model, as_of=NOW, exclusions=Exclusions()).empty
        assert scorer.excluded(Membership(engine, population, Exclusions(), as_of=NOW)) == {}
    assert segments.fit(engine, as_of=NOW).assign(engine, as_of=NOW, previous={}).empty


@pytest.mark.slow
def test_texts_of_any_script_and_kind() -> None:
    world = company(deals=300, seed=2)
    for n, row in enumerate(world.rows["deals"]):
        row["name"] = ["売上 🚀", "a\nb", "<b>x</b>", "'; DROP TABLE deals; --"][n % 4]
        row["c_fit"] = ["=HYPERLINK(1)", "Größe\tL", "x" * 300, ""][n % 4]
    engine = world.connection()
    found = training.train(
        engine, "d", POPULATIONS["deals"], as_of=NOW, exclusions=Exclusions(), features=FeatureSettings()
    )
    frame = scorer.score(engine, found.model, as_of=NOW, exclusions=Exclusions())
    lines = [r.text for reasons in frame["reasons"] for r in reasons]
    assert all(text.isprintable() and len(text) <= 110 for text in lines)
