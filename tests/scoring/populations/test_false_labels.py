"""Outcomes that are not to be believed are found, counted and left out; honest data lose nothing."""

import pytest
from support.worlds import DAY, NOW, World, company

from sales_consultant.config.populations import Exclusions, FeatureSettings, Population
from sales_consultant.scoring.populations.false_labels import FalseLabels, find
from sales_consultant.scoring.populations.members import Membership
from sales_consultant.scoring.populations.training_rows import cut_offs, horizon_days, labelled
from sales_consultant.scoring.training.training import train

DEALS = Population(object="deals", event="won", where={"pipeline": "sales"})


def found_in(world: World) -> FalseLabels:
    with world.connection() as engine:
        return find(engine, Membership(engine, DEALS, Exclusions(), as_of=NOW))


def closed(world: World) -> list[dict]:  # type: ignore[type-arg]  # rows of any kind
    return [d for d in world.rows["deals"] if d["is_closed"]]


def test_honest_data_lose_nothing() -> None:
    world = company(deals=800)
    assert sum(found_in(world).counts().values()) == 0


def test_deals_booked_on_the_day_they_are_won() -> None:
    world = company(deals=400)
    quick = closed(world)[:30]
    for deal in quick:
        deal["created_at"] = deal["closed_at"] - DAY
    hit = found_in(world)
    assert hit.quick == {d["id"] for d in quick}


def test_deals_that_were_never_open() -> None:
    world = company(deals=400)
    over = {str(d["id"]) for d in closed(world)[:25]}
    with world.connection() as engine:
        shut = {str(r[0]) for r in engine.con.execute("SELECT stage FROM stages WHERE closed").fetchall()}
        listed = ", ".join(f"'{s}'" for s in sorted(shut))
        engine.con.execute(
            f"DELETE FROM deal_history WHERE deal_id IN (SELECT unnest(?)) AND stage NOT IN ({listed})",
            [sorted(over)],
        )
        assert shut
        assert find(engine, Membership(engine, DEALS, Exclusions(), as_of=NOW)).never_open == over


def test_an_import_of_many_in_a_minute() -> None:
    world = company(deals=400)
    at = world.rows["deals"][0]["created_at"]
    imported = world.rows["deals"][:60]
    for i, deal in enumerate(imported):
        deal["created_at"] = at // 60_000 * 60_000 + i * 100
        if deal["closed_at"] is not None:
            deal["closed_at"] = max(deal["closed_at"], at + 10 * DAY)
    assert {str(d["id"]) for d in imported} <= found_in(world).imported


def test_a_spring_clean_is_censored_not_believed() -> None:
    world = company(deals=600)
    lost = [d for d in closed(world) if not d["is_won"]][:40]
    at = max(d["closed_at"] for d in lost)
    for deal in lost:
        deal["closed_at"] = at
        for row in world.rows["deal_history"]:
            if row["deal_id"] == deal["id"] and row["changed_at"] > deal["created_at"] + DAY:
                row["changed_at"] = min(row["changed_at"], at)
    with world.connection() as engine:
        members = Membership(engine, DEALS, Exclusions(), as_of=NOW)
        hit = find(engine, members)
        swept = {str(d["id"]) for d in lost}
        assert set(hit.mass_closed) >= swept
        horizon = horizon_days(DEALS, members)
        rows = labelled(members, cut_offs(members, horizon), horizon)
        kept = hit.clean(rows, horizon)
        mine, left = rows[rows["record_id"].isin(swept)], kept[kept["record_id"].isin(swept)]
        # What had its horizon over before the clean-up stays: it was open, and not won.
        assert (left["cut"] + horizon * DAY < at).all()
        assert len(mine) > len(left)
        assert kept.groupby("record_id")["weight"].sum().to_numpy() == pytest.approx(1.0)


def test_an_hour_on_the_list_of_one_owner_is_a_sweep_too() -> None:
    world = company(deals=600)
    lost = [d for d in closed(world) if not d["is_won"]][:34]
    at = max(d["closed_at"] for d in lost) // DAY * DAY + 1
    for n, deal in enumerate(lost):
        deal |= {"closed_at": at + n * 17_000 + n * n * 3, "owner_id": "o1"}
    assert set(found_in(world).mass_closed) == {str(d["id"]) for d in lost}


def test_open_deals_that_nobody_closed_are_counted_as_stale() -> None:
    world = company(deals=400)
    ages = [(d["closed_at"] - d["created_at"]) / DAY for d in closed(world) if d["is_won"]]
    left = [d for d in closed(world) if not d["is_won"]][:7]
    for n, deal in enumerate(left):
        # Two of them are not old enough.
        age = int(2 * max(ages)) + 3 if n < 5 else int(min(ages))
        deal |= {"created_at": NOW - age * DAY, "closed_at": None, "is_closed": False, "stage": "demo"}
    hit = found_in(world)
    assert hit.stale == {d["id"] for d in left[:5]}
    assert hit.counts()["open, and stale"] == 5


def test_a_company_that_books_all_deals_when_they_are_won_keeps_them() -> None:
    world = company(deals=300)
    for deal in closed(world):
        deal["created_at"] = deal["closed_at"] - DAY
    world.rows["deals"] = closed(world)
    hit = found_in(world)
    assert hit.quick == frozenset()
    assert any("how this company works" in n for n in hit.notes)


@pytest.mark.slow
def test_the_card_counts_them() -> None:
    world = company(deals=900, signal=1.5)
    for deal in closed(world)[:30]:
        deal["created_at"] = deal["closed_at"] - DAY
    with world.connection() as engine:
        made = train(engine, "t", DEALS, as_of=NOW, exclusions=Exclusions(), features=FeatureSettings())
    assert made.model.card["false_labels"]["opened and closed within 2 days"] == 30


def test_deals_entered_twice_count_once() -> None:
    world = company(deals=400)
    twice = world.rows["deals"][:9]
    for deal in twice:
        for row in [r for r in world.rows["deal_history"] if r["deal_id"] == deal["id"]]:
            world.add("deal_history", **{**row, "deal_id": f"{deal['id']}-again"})
        born = deal["created_at"] // DAY * DAY
        deal["created_at"] = born + 1
        world.add("deals", **{**deal, "id": f"{deal['id']}-again", "created_at": born + 2})
    assert found_in(world).twins == {f"{d['id']}-again" for d in twice}
