"""Discounts of won deals: quartiles by size and segment, with their count, and "too few" where they are."""

import pytest
from support.worlds import DAY, NOW, World

from sales_consultant.scoring.products import PriceTable, price_guidance, price_table


def lines(
    *discounts: float,
    world: World | None = None,
    company: str = "c0",
    deal_amount: float = 1000,
    **more: object,
) -> World:
    """A won deal for each discount: two pumps of list price 100."""
    world = world or World()
    if not world.rows.get("products"):
        world.add("products", id="pump", name="Pump", price=100)
    for discount in discounts:
        key = f"d{len(world.rows.get('deals', []))}"
        world.add("deals", id=key, name=key, company_id=company, closed_at=NOW - DAY, is_closed=True, is_won=True,
                  amount=deal_amount, currency=more.get("currency", "EUR"))  # fmt: skip
        line = {
            "id": key,
            "deal_id": key,
            "product_id": "pump",
            "quantity": 2,
            "amount": 200 * (1 - discount),
        }
        world.add("line_items", **line | {k: v for k, v in more.items() if k != "currency"})
    return world


def table(world: World) -> PriceTable:
    """The price table as of NOW."""
    with world.connection() as engine:
        return price_table(engine, as_of=NOW)


def test_quartiles_of_the_discount_with_their_count() -> None:
    found = price_guidance(table(lines(0, 0.1, 0.1, 0.2, 0.2, 0.3, 0.3, 0.4, 0.5)), "pump")
    assert found.lines == 9 and found.list_price == 100 and found.currency == "EUR"
    assert found.discounts == (0.1, 0.2, 0.3) and found.prices == (70, 80, 90)


def test_seven_are_too_few() -> None:
    found = price_guidance(table(lines(*[0.1] * 7)), "pump")
    assert found.too_few and found.prices is None and found.lines == 7
    assert found.why == "too few: 7 won deals with a price, and 8 are needed"


def test_size_and_segment_are_used_where_there_are_enough() -> None:
    world = lines(*[0.05] * 10, company="s", deal_amount=100)
    lines(*[0.15] * 10, world=world, company="m", deal_amount=1000)
    lines(*[0.25] * 10, world=world, company="l", deal_amount=9000)
    held = table(world)
    segments = {"s": "loyal", "m": "loyal", "l": "new"}
    assert [held.band(a) for a in (100, 1000, 9000, None, float("nan"))] == [
        "small",
        "medium",
        "large",
        None,
        None,
    ]
    both = price_guidance(held, "pump", band="large", segment="new", segments=segments)
    assert (both.band, both.segment, both.lines, both.discounts) == ("large", "new", 10, (0.25, 0.25, 0.25))
    # Nobody new bought in small deals: those of the size are told, and it is said of whom.
    size = price_guidance(held, "pump", band="small", segment="new", segments=segments)
    assert (size.band, size.segment, size.lines) == ("small", "", 10)
    alone = price_guidance(held, "pump", segment="loyal", segments=segments)
    assert (alone.band, alone.segment, alone.lines) == ("", "loyal", 20)
    assert price_guidance(held, "pump", segment="dormant", segments=segments).lines == 30


@pytest.mark.parametrize(
    "odd",
    [
        {"quantity": -2, "amount": -200}, {"quantity": 0}, {"quantity": None}, {"amount": None}, {"currency": "USD"},
        {"product_id": "unknown"}, {"deleted": True},
    ],
)  # fmt: skip
def test_an_odd_line_costs_itself(odd: dict[str, object]) -> None:
    world = lines(*[0.1] * 8)
    lines(0.9, world=world, **odd)  # type: ignore[arg-type]  # odd values are the test
    assert price_guidance(table(world), "pump").lines == 8


@pytest.mark.parametrize("price", [None, 0, -5])
def test_a_product_without_a_price_is_said(price: float | None) -> None:
    world = World()
    world.add("products", id="pump", name="Pump", price=price)
    found = price_guidance(table(lines(*[0.1] * 9, world=world)), "pump")
    assert found.too_few and found.why == "the product has no list price" and found.list_price is None
    assert price_guidance(table(World()), "unknown").why == "the product has no list price"


def test_a_price_above_the_list_is_a_negative_discount() -> None:
    assert price_guidance(table(lines(*[-0.2] * 8)), "pump").discounts == (-0.2, -0.2, -0.2)
