"""A company that sells pumps and what goes with them, in neutral tables."""

from support.worlds import DAY, NOW, World


def sold(
    world: World, company: str | None, product: str | None, day: int, *, known: int | None = 0, **more: object
) -> None:
    """A won deal with one line, so many days before NOW; the line is `known` so many days after, None: nobody knows when."""
    key = f"d{len(world.rows.get('deals', []))}"
    at = NOW - day * DAY
    deal = {k: more.pop(k) for k in ("is_won", "is_closed", "name") if k in more}
    world.add(
        "deals",
        **{"id": key, "name": key, "company_id": company, "closed_at": at, "created_at": at, "amount": 10}
        | {"is_closed": True, "is_won": True}
        | deal,
    )
    line = {"id": f"l{key}", "deal_id": key, "product_id": product, "quantity": 1, "amount": 10}
    world.add("line_items", **line | {"known_at": None if known is None else at + known * DAY} | more)


def shop(*, paired: bool = True, customers: int = 240) -> World:
    """Customers who buy a pump of ten and, a month later, its own hose (`paired`) or all the same oil."""
    world = World()
    for i in range(10):
        world.add("products", id=f"pump{i}", name=f"Pump {i}", price=100)
        world.add("products", id=f"hose{i}", name=f"Hose {i}", price=20)
    world.add("products", id="oil", name="Oil", price=5)
    for i in range(customers):
        world.add("companies", id=f"c{i}", name=f"Firma {i}", created_at=NOW - 900 * DAY)
        start = 700 if i < customers // 2 else 150
        sold(world, f"c{i}", f"pump{i % 10}", start + 60)
        sold(world, f"c{i}", f"hose{i % 10}" if paired else "oil", start)
    for i in range(10):
        world.add("companies", id=f"new{i}", name=f"New {i}", created_at=NOW - 90 * DAY)
        sold(world, f"new{i}", f"pump{i}", 30)
    return world
