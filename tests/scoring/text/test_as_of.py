"""From when on what somebody wrote counts for a record."""

import pytest
from support.worlds import DAY, NOW, World

from sales_consultant.config.populations import Exclusions, FeatureSettings, Population
from sales_consultant.scoring.features.build import build
from sales_consultant.scoring.populations.members import Membership
from sales_consultant.scoring.text import signals
from sales_consultant.scoring.training.training import declare

DEALS = Population(object="deals", event="won", where={"pipeline": "sales"})


def world(**link: int) -> World:
    """A deal on which a complaint came in yesterday."""
    made = World()
    made.add("deals", id="d", created_at=NOW - 40 * DAY)
    at = NOW - DAY
    made.add(
        "signals", activity_id="a", type="email", direction="inbound", occurred_at=at, known_at=at,
        intent="complaint", sentiment=-0.5, unsubscribed=False,
    )  # fmt: skip
    made.add("associations", from_object="activity", from_id="a", to_object="deal", to_id="d", **link)
    return made


@pytest.mark.parametrize(
    ("link", "counts"),
    [
        ({}, True),
        # When we saw a link first is the moment of a pull, and always after the as-of of its run.
        ({"first_seen": NOW + 4000}, True),
        ({"known_at": NOW - DAY}, True),
        ({"known_at": NOW + DAY}, False),
    ],
)
def test_a_link_counts_with_its_message_unless_it_was_made_later(link: dict[str, int], counts: bool) -> None:
    engine = world(**link).connection()
    assert list(signals(engine, NOW)["intent"]) == (["complaint"] if counts else [])
    members = Membership(engine, DEALS, Exclusions(), as_of=NOW).at(NOW)
    features = [
        f for f in declare(engine, DEALS, FeatureSettings()).features if f.name.startswith("written_doubt")
    ]
    found = build(engine, "deals", features, members)
    assert len(found.columns) and bool((found > 0).to_numpy().any()) == counts, found
